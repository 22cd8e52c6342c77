package signin_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/test/authenticator"
	"countersign/internal/test/testdb"
)

// cheap is what tests pay for a password.
var cheap = signin.Cost{MemoryKiB: 16, Passes: 1, Lanes: 1}

// site is where the world is.
var site = signin.Site{Name: "Countersign", Origin: "https://desk.example.com"}

const goodPassword = "violet kayak under seven bridges"

// world is a platform with a door, on a clock that stands still.
type world struct {
	t         testing.TB
	db        *db.DB
	clock     *testdb.Clock
	log       *audit.Log
	passwords *signin.Passwords
	profiles  profile.Profiles
	door      *signin.Door
	platform  org.Account
	accounts  int
	post      []db.Message // that was sent and not looked at
}

// each runs a test on a fresh world on each kind of database.
func each(t *testing.T, test func(t *testing.T, w *world)) {
	t.Helper()
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			clock := testdb.NewClock(time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC))
			test(t, newWorld(t, testdb.Open(t, dialect, testdb.Options{Clock: clock}), clock, cheap))
		})
	}
}

func newWorld(t testing.TB, d *db.DB, clock *testdb.Clock, cost signin.Cost) *world {
	t.Helper()
	w := &world{t: t, db: d, clock: clock, log: audit.New(d, slog.New(slog.DiscardHandler))}
	var err error
	if w.profiles, err = profile.Load(); err != nil {
		t.Fatal(err)
	}
	w.passwords = signin.NewPasswords(cost, 4, 1000, rand.Reader)
	w.door = w.openDoor()
	w.must(people.New(d, &access.Live{}, w.profiles, w.log).Initialise(t.Context(), people.Founding{
		Name: "Northwind Pay", CustomerID: "NORTHWIND", Environment: org.Live,
		FirstName: "Ada", LastName: "Okafor", Email: "ada@northwind.example", Language: "en",
	}))
	w.view(func(tx *db.Tx) (err error) {
		w.platform, _, err = org.Platform(tx)
		return err
	})
	return w
}

// openDoor makes another door on the same database, as another node has.
func (w *world) openDoor() *signin.Door { return w.openDoorAt(site) }

func (w *world) openDoorAt(site signin.Site) *signin.Door {
	settings := func(tx *db.Tx, accountID string) (profile.Settings, error) {
		return org.Settings(tx, w.profiles, accountID)
	}
	return signin.New(w.db, w.log, w.passwords, settings, site)
}

// must takes a result and an error that is not expected.
func (w *world) must(_ any, err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) view(f func(*db.Tx) error) {
	w.t.Helper()
	w.must(nil, w.db.View(w.t.Context(), f))
}

// change does something to the database that another room would do.
func (w *world) change(f func(*db.Tx) error) {
	w.t.Helper()
	w.must(nil, w.db.Update(context.Background(), db.Who{Kind: db.System, ID: "test"}, func(tx *db.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Action: audit.DemoFilled, Kind: "account", ID: w.platform.ID})
	}))
}

func (w *world) exec(query string, args ...any) {
	w.t.Helper()
	w.change(func(tx *db.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
}

// one reads one value; where there is no row, to stays as it is.
func (w *world) one(to any, query string, args ...any) {
	w.t.Helper()
	w.view(func(tx *db.Tx) error {
		_, err := db.One(tx, []any{to}, query, args...)
		return err
	})
}

func (w *world) number(query string, args ...any) (n int64) {
	w.t.Helper()
	w.one(&n, query, args...)
	return n
}

func (w *world) text(query string, args ...any) (s string) {
	w.t.Helper()
	w.one(&s, query, args...)
	return s
}

// account adds a merchant account, with settings in pairs of name and value.
func (w *world) account(settings ...string) (a org.Account) {
	w.t.Helper()
	w.accounts++
	id := "SHOP" + string(rune('A'+w.accounts))
	w.change(func(tx *db.Tx) (err error) {
		a, err = org.CreateAccount(tx, org.New{Kind: access.Merchant, ParentID: w.platform.EntityID, Name: "Shop " + id, CustomerID: id,
			Environment: org.Live, Profile: profile.Standard}, w.profiles)
		for i := 0; err == nil && i < len(settings); i += 2 {
			_, err = tx.Exec(`INSERT INTO account_settings (account_id, name, value) VALUES ($1, $2, $3)`, a.ID, settings[i], settings[i+1])
		}
		return err
	})
	return a
}

// someone is a person of the world, with what they know and have.
type someone struct {
	id, email, password string
	link                seal.Secret
	key                 string   // of their authenticator app
	codes               []string // their recovery codes
	device              *authenticator.Key
}

// invited adds a person who has been sent a link.
func (w *world) invited(a org.Account, email string) *someone {
	w.t.Helper()
	s := &someone{email: email, password: goodPassword}
	w.change(func(tx *db.Tx) (err error) {
		if s.id, err = tx.ID("usr"); err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO users (id, first_name, last_name, sort_key, search_key, email, email_key, created_at)
			VALUES ($1, 'Maxime', 'Delacroix', 'x', 'x', $2, $2, $3)`, s.id, email, tx.Now)
		return err
	})
	s.link = w.join(a, s.id, a.ID != "" && w.settings(a).TwoFactor == "required")
	return s
}

func (w *world) settings(a org.Account) (s profile.Settings) {
	w.view(func(tx *db.Tx) (err error) {
		s, err = org.Settings(tx, w.profiles, a.ID)
		return err
	})
	return s
}

// join makes a person a member of an account and returns the link they are sent.
func (w *world) join(a org.Account, userID string, factor bool) (token seal.Secret) {
	w.t.Helper()
	w.change(func(tx *db.Tx) (err error) {
		member, err := tx.ID("mem")
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO memberships (account_id, id, user_id, two_factor_required, all_locations, created_at, created_by)
			VALUES ($1, $2, $3, $4, TRUE, $5, 'test')`, a.ID, member, userID, factor, tx.Now)
		if err != nil {
			return err
		}
		token, err = addLink(tx, a.ID, member)
		return err
	})
	return token
}

// resend makes a fresh link for a member; the earlier one is dead.
func (w *world) resend(a org.Account, s *someone) {
	w.t.Helper()
	w.change(func(tx *db.Tx) (err error) {
		m, _, err := people.MemberOf(tx, a.ID, s.id)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE invitations SET replaced_at = $1 WHERE membership_id = $2 AND replaced_at IS NULL`, tx.Now, m.ID)
		if err != nil {
			return err
		}
		s.link, err = addLink(tx, a.ID, m.ID)
		return err
	})
}

func addLink(tx *db.Tx, accountID, memberID string) (seal.Secret, error) {
	id, err := tx.ID("inv")
	if err != nil {
		return "", err
	}
	token, hash, err := tx.Token(people.LinkPurpose)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO invitations (account_id, id, membership_id, token_hash, created_at, created_by, expires_at)
		VALUES ($1, $2, $3, $4, $5, 'test', $6)`, accountID, id, memberID, []byte(hash), tx.Now, tx.Now+(72*time.Hour).Microseconds())
	return token, err
}

var browser = db.Who{IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "Test browser", RequestID: "req-1", Lang: "en"}

// code is what the person's app shows now.
func (w *world) code(s *someone) string {
	w.t.Helper()
	code, err := totp.GenerateCode(s.key, w.clock.Now())
	w.must(nil, err)
	return code
}

// wrongCodeFor is a code that the app shows neither now nor a step away.
func (w *world) wrongCodeFor(s *someone) string {
	var near []string
	for _, d := range []time.Duration{-30 * time.Second, 0, 30 * time.Second} {
		code, err := totp.GenerateCode(s.key, w.clock.Now().Add(d))
		w.must(nil, err)
		near = append(near, code)
	}
	for _, code := range []string{"000000", "111111", "222222", "333333"} {
		if !strings.Contains(strings.Join(near, " "), code) {
			return code
		}
	}
	panic("four codes and three are right")
}

// activated is a person who has finished everything; the clock has moved past
// the code they used.
func (w *world) activated(a org.Account, email string) *someone {
	w.t.Helper()
	s := w.invited(a, email)
	w.finish(s)
	return s
}

// finish goes from the link to the session.
func (w *world) finish(s *someone) seal.Secret {
	w.t.Helper()
	step, err := w.door.Activate(w.t.Context(), browser, s.link, s.password)
	w.must(nil, err)
	if step.Next == signin.NextSetup {
		step = w.setUp(s, step)
		w.clock.Advance(time.Minute)
	}
	if step.Session == "" {
		w.t.Fatalf("no session: %+v", step)
	}
	return step.Session
}

// enters has somebody with an authenticator app come in to another account, by its
// link; the clock moves past the code.
func (w *world) enters(s *someone, link seal.Secret) (cookie seal.Secret) {
	w.t.Helper()
	step, err := w.door.Activate(w.t.Context(), browser, link, s.password)
	w.must(nil, err)
	step, err = w.door.Prove(w.t.Context(), browser, step.Challenge, signin.Proof{Code: w.code(s)})
	w.must(nil, err)
	w.clock.Advance(time.Minute)
	return step.Session
}

// setUp sets an authenticator app up in the step before, and goes on past the
// recovery codes.
func (w *world) setUp(s *someone, step signin.Step) signin.Step {
	w.t.Helper()
	view, err := w.door.Setup(w.t.Context(), browser, step.Challenge)
	w.must(nil, err)
	s.key = view.App.Key.Reveal()
	step, err = w.door.FinishApp(w.t.Context(), browser, step.Challenge, w.code(s), "")
	w.must(nil, err)
	return w.kept(s, step)
}

// kept goes on past the recovery codes, when they are shown.
func (w *world) kept(s *someone, step signin.Step) signin.Step {
	w.t.Helper()
	if step.Next != signin.NextCodes {
		return step
	}
	codes, err := w.door.RecoveryCodes(w.t.Context(), browser, step.Challenge)
	w.must(nil, err)
	s.codes = nil
	for _, c := range codes {
		s.codes = append(s.codes, c.Reveal())
	}
	step, err = w.door.Kept(w.t.Context(), browser, step.Challenge)
	w.must(nil, err)
	return step
}

// signedIn signs a person in and gives their cookie; the clock moves past the code.
func (w *world) signedIn(s *someone) seal.Secret {
	w.t.Helper()
	step, err := w.door.Start(w.t.Context(), browser, s.email, s.password)
	w.must(nil, err)
	if step.Next == signin.NextCode {
		step, err = w.door.Prove(w.t.Context(), browser, step.Challenge, signin.Proof{Code: w.code(s)})
		w.must(nil, err)
		w.clock.Advance(time.Minute)
	}
	return step.Session
}

// half is a person whose password was right; what they can show is asked.
func (w *world) half(s *someone) (signin.Step, signin.Question) {
	w.t.Helper()
	step, err := w.door.Start(w.t.Context(), browser, s.email, s.password)
	w.must(nil, err)
	q, err := w.door.Ask(w.t.Context(), browser, step.Challenge)
	w.must(nil, err)
	return step, q
}

// withKey is a person who has finished everything with a security key.
func (w *world) withKey(a org.Account, email string) *someone {
	w.t.Helper()
	s := w.invited(a, email)
	step, err := w.door.Activate(w.t.Context(), browser, s.link, s.password)
	w.must(nil, err)
	w.kept(s, w.setUpKey(s, step))
	w.clock.Advance(time.Minute)
	return s
}

// setUpKey sets a new security key up in the step before.
func (w *world) setUpKey(s *someone, step signin.Step) signin.Step {
	w.t.Helper()
	view, err := w.door.Setup(w.t.Context(), browser, step.Challenge)
	w.must(nil, err)
	s.device = authenticator.New(site.Origin)
	step, err = w.door.FinishKey(w.t.Context(), browser, step.Challenge, s.device.Make(w.t, view.Key), "")
	w.must(nil, err)
	return step
}

// addKey adds a security key in a session that is fresh.
func (w *world) addKey(s *someone, who db.Who, name string) {
	w.t.Helper()
	options, err := w.door.NewKey(w.t.Context(), who)
	w.must(nil, err)
	if s.device == nil {
		s.device = authenticator.New(site.Origin)
	}
	w.must(nil, w.door.AddKey(w.t.Context(), who, s.device.Make(w.t, options), name))
}

// passkey signs in with a device, changed as given.
func (w *world) passkey(device *authenticator.Key, change ...func(*authenticator.Answer)) (signin.Step, error) {
	w.t.Helper()
	options, err := w.door.PasskeyOptions()
	w.must(nil, err)
	return w.door.Passkey(w.t.Context(), browser, device.Sign(w.t, options, change...))
}

// mails lists what was sent to a person since it was asked last: the kinds, each
// with what it tells, sorted.
func (w *world) mails(s *someone) (list []string) {
	w.t.Helper()
	all, err := w.db.Lease(w.t.Context(), 1000, 24*365*time.Hour)
	w.must(nil, err)
	for _, m := range all {
		w.post = append(w.post, m.Message)
	}
	w.post = slices.DeleteFunc(w.post, func(m db.Message) bool {
		if m.UserID != s.id {
			return false
		}
		text := m.Kind
		for _, name := range slices.Sorted(maps.Keys(m.Data)) {
			if name != "ip" {
				text += " " + name + "=" + m.Data[name]
			}
		}
		list = append(list, text)
		return true
	})
	slices.Sort(list)
	return list
}

// who is the person acting in a session.
func (w *world) who(cookie seal.Secret) db.Who {
	w.t.Helper()
	s, err := w.door.Session(w.t.Context(), cookie)
	w.must(nil, err)
	return s.Who(browser)
}

// refused wants an error with that code, a field's code when field is named.
func refused(t testing.TB, err error, code string) {
	t.Helper()
	f := fault.From(err)
	if f == nil {
		t.Fatalf("no error, want %s", code)
	}
	if field, want, ok := strings.Cut(code, ": "); ok {
		for _, one := range f.Fields {
			if one.Name == field && one.Code == want {
				return
			}
		}
	} else if f.Code == code {
		return
	}
	t.Fatalf("got %v, want %s", err, code)
}

// texts reads one column.
func (w *world) texts(query string, args ...any) (list []string) {
	w.t.Helper()
	w.view(func(tx *db.Tx) (err error) {
		list, err = db.Column(tx, query, args...)
		return err
	})
	return list
}

// actions lists what the log holds about a person, the oldest first, with causes.
func (w *world) actions(id string) (list []string) {
	w.t.Helper()
	w.log.Close(context.Background())
	w.view(func(tx *db.Tx) (err error) {
		list, err = db.Column(tx, `SELECT action || CASE WHEN outcome = 'refused' THEN ' refused ' || reason ELSE '' END FROM audit_entries WHERE target_id = $1 ORDER BY seq`, id)
		return err
	})
	return list
}

func contains(list []string, want string) bool {
	return strings.Contains("\n"+strings.Join(list, "\n")+"\n", "\n"+want+"\n")
}
