package demo_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/demo"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/signin"
	"countersign/internal/snapshot"
	"countersign/internal/test/testdb"
)

// house is a filled database with the rooms over it.
type house struct {
	demo.Deps
	world demo.World
	log   *bytes.Buffer
	door  *signin.Door
}

// build puts the rooms over an empty database whose present is at.
func build(t *testing.T, dialect testdb.Dialect, at time.Time) *house {
	t.Helper()
	h := &house{log: &bytes.Buffer{}}
	h.Clock = demo.NewClock(testdb.NewClock(at).Now)
	profiles, err := profile.Load()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	d, err := db.Open(t.Context(), db.Options{URL: testdb.Address(t, dialect), Now: h.Clock.Now, Random: rand.Reader, Box: testdb.Box(t), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.DB, h.Profiles, h.Live, h.Audit = d, profiles, &access.Live{}, audit.New(d, log)
	keeper := snapshot.New(d, profiles, h.Live, snapshot.Options{Log: log})
	if err := keeper.Refresh(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	h.People, h.Org = people.New(d, h.Live, profiles, h.Audit), org.NewOrg(d, h.Live, profiles, h.Audit)
	h.Passwords = signin.NewPasswords(signin.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, 1, 4, rand.Reader)
	h.door = signin.New(d, h.Audit, h.Passwords, func(tx *db.Tx, accountID string) (profile.Settings, error) {
		return org.Settings(tx, profiles, accountID)
	}, "test")
	return h
}

// present is a moment just after midnight: the story's hours must not run into the future.
var present = time.Date(2026, 3, 4, 0, 0, 7, 0, time.UTC)

func filled(t *testing.T, dialect testdb.Dialect, at time.Time, seed uint64) *house {
	t.Helper()
	h := build(t, dialect, at)
	var err error
	if h.world, err = demo.Fill(t.Context(), h.Deps, demo.Options{Seed: seed}); err != nil {
		t.Fatal(err)
	}
	if h.log.Len() > 0 {
		t.Errorf("something was logged: %s", h.log)
	}
	return h
}

func (h *house) view(t *testing.T, f func(tx *db.Tx) error) {
	t.Helper()
	if err := h.DB.View(context.WithoutCancel(t.Context()), f); err != nil {
		t.Fatal(err)
	}
}

func (h *house) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	h.view(t, func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&n}, query, args...)
		return err
	})
	return n
}

func TestFill(t *testing.T) {
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			h := filled(t, dialect, present, 1)
			t.Run("thirty people in six accounts", h.counts)
			t.Run("every status that has data", h.statuses)
			t.Run("one mail is still to be sent", h.mails)
			t.Run("every login comes in with password and code", h.logins)
			t.Run("nobody has more than they were given", h.rights)
			t.Run("the administrators are counted right", h.administrators)
			t.Run("the log tells every change", h.entries)
			t.Run("a second filling is refused", h.again)
		})
	}
}

func (h *house) counts(t *testing.T) {
	for query, want := range map[string]int{
		`SELECT COUNT(*) FROM users`:                                       30,
		`SELECT COUNT(*) FROM memberships`:                                 31,
		`SELECT COUNT(*) FROM entities WHERE kind = 'platform'`:            1,
		`SELECT COUNT(*) FROM entities WHERE kind = 'facilitator'`:         1,
		`SELECT COUNT(*) FROM entities WHERE kind = 'partner'`:             1,
		`SELECT COUNT(*) FROM entities WHERE kind = 'merchant'`:            3,
		`SELECT COUNT(*) FROM entities WHERE kind = 'legal_entity'`:        6,
		`SELECT COUNT(*) FROM locations`:                                   10,
		`SELECT COUNT(*) FROM terminals`:                                   13,
		`SELECT COUNT(*) FROM accounts WHERE NOT is_open`:                  0,
		`SELECT COUNT(*) FROM service_tokens`:                              3,
		`SELECT COUNT(*) FROM service_tokens WHERE revoked_at IS NOT NULL`: 1,
		`SELECT COUNT(DISTINCT password_hash) FROM users`:                  1,
		`SELECT COUNT(*) FROM users WHERE email NOT LIKE '%.example'`:      0,
		`SELECT COUNT(*) FROM memberships m JOIN accounts a ON a.id = m.account_id
			WHERE m.activated_at IS NOT NULL AND m.user_id NOT IN (SELECT user_id FROM factors)`: 1,
	} {
		if got := h.count(t, query); got != want {
			t.Errorf("%s: %d, want %d", query, got, want)
		}
	}
	if h.world.Accounts != 6 || h.world.Persons != 30 {
		t.Errorf("it says %d accounts and %d people", h.world.Accounts, h.world.Persons)
	}
	h.view(t, func(tx *db.Tx) error {
		marked, err := demo.Marked(tx)
		if !marked {
			t.Error("the database is not marked as a demo")
		}
		return err
	})
}

func (h *house) accounts(t *testing.T) (list []org.Account) {
	t.Helper()
	h.view(t, func(tx *db.Tx) error {
		ids, err := db.Column(tx, `SELECT a.id FROM accounts a JOIN entities e ON e.id = a.entity_id ORDER BY e.customer_id`)
		for _, id := range ids {
			a, _, err := org.AccountByID(tx, id)
			if err != nil {
				return err
			}
			list = append(list, a)
		}
		return err
	})
	return list
}

func (h *house) statuses(t *testing.T) {
	got := map[people.Status]int64{}
	for _, a := range h.accounts(t) {
		h.view(t, func(tx *db.Tx) error {
			counts, err := h.People.Counts(tx, a)
			for s, n := range counts {
				got[s] += n
			}
			return err
		})
	}
	want := map[people.Status]int64{people.Active: 24, people.Invited: 2, people.ExpiredInvitation: 1, people.DeactivatedInvitation: 1,
		people.Deactivated: 2, people.LockedAttempts: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func (h *house) mails(t *testing.T) {
	if n := h.count(t, `SELECT COUNT(*) FROM outbox WHERE state = 'sent' AND sealed IS NULL`); n < 29 {
		t.Errorf("%d mails were sent", n)
	}
	if n := h.count(t, `SELECT COUNT(*) FROM outbox WHERE state <> 'sent'`); n != 1 {
		t.Errorf("%d mails wait", n)
	}
	due, err := h.DB.Lease(t.Context(), 10, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if len(due) != 1 || due[0].Kind != "invitation" || due[0].Data["customer_id"] != "400310" {
		t.Errorf("what waits is not the newest invitation: %d, %+v", len(due), due)
	}
}

func (h *house) logins(t *testing.T) {
	var keys []string
	for _, l := range h.world.Logins {
		keys = append(keys, l.Key)
		code, err := demo.Code(l.Secret, h.Clock.Now())
		if err != nil {
			t.Fatal(err)
		}
		step, err := h.door.Start(t.Context(), db.Who{}, l.Identifier, l.Password)
		if err != nil || step.Next != signin.NextCode {
			t.Errorf("%s: next is %q, %v", l.Key, step.Next, err)
			continue
		}
		if step, err = h.door.Code(t.Context(), db.Who{}, step.Challenge, code); err != nil {
			t.Errorf("%s: %v", l.Key, err)
			continue
		}
		s, err := h.door.Session(t.Context(), step.Session)
		if err != nil || s.AccountID != l.AccountID || s.UserID != l.UserID || !s.SecondFactor || s.Name() != l.Name {
			t.Errorf("%s: came in as %s of %s, %v", l.Key, s.Name(), s.AccountID, err)
		}
		if l.FirstPage != "/a/"+l.CustomerID+"/" || !strings.Contains(l.URI, l.Secret) {
			t.Errorf("%s: %+v", l.Key, l)
		}
		h.holds(t, l)
	}
	want := []string{"platform.owner", "partner.administrator", "northwind.owner", "northwind.access", "northwind.support", "northwind.auditor"}
	if diff := cmp.Diff(want, keys); diff != "" {
		t.Error(diff)
	}
}

// holds checks that a login's role is the one that is printed, and no other.
func (h *house) holds(t *testing.T, l demo.Login) {
	t.Helper()
	h.view(t, func(tx *db.Tx) error {
		a, _, err := org.AccountByID(tx, l.AccountID)
		if err != nil {
			return err
		}
		row, err := h.People.Get(tx, a, l.UserID)
		if err != nil {
			return err
		}
		pr, _ := h.Profiles.Get(profile.Standard)
		list, err := roles.List(tx, a.ID, pr)
		i := slices.IndexFunc(list, func(r roles.Role) bool { return r.Key == l.RoleKey })
		if i < 0 || !slices.Equal(row.Roles, []string{list[i].ID}) || list[i].Title("en") != l.Role || row.Status != people.Active {
			t.Errorf("%s: is %s with %v, not %s", l.Key, row.Status, row.Roles, l.Role)
		}
		return err
	})
}

// rights compares what the snapshot grants with the rows themselves.
func (h *house) rights(t *testing.T) {
	s := h.Live.Load()
	pr, _ := h.Profiles.Get(profile.Standard)
	holders := 0
	for _, a := range h.accounts(t) {
		h.view(t, func(tx *db.Tx) error {
			list, err := roles.List(tx, a.ID, pr)
			if err != nil {
				return err
			}
			page, err := h.People.List(tx, a, people.Query{Limit: 200})
			for _, row := range page.Rows {
				held := access.Held(s, access.Question{User: row.ID(), Within: a.ID, Now: tx.Now, SecondFactor: true, Fresh: true})
				var given access.Set
				for _, r := range list {
					if slices.Contains(row.Roles, r.ID) {
						given = given.Union(access.Closed(r.Permissions))
					}
				}
				out := row.Status != people.Active && row.Status != people.LockedAttempts
				if extra := held.Minus(given); !extra.Empty() || out && !held.Empty() {
					t.Errorf("%s in %s, who is %s, has more than %v: %v", row.Name(), a.Name, row.Status, row.Roles, extra)
				}
				if !out && held.Empty() {
					t.Errorf("%s in %s, who is %s, has nothing", row.Name(), a.Name, row.Status)
				}
				if !held.Empty() {
					holders++
				}
			}
			return err
		})
	}
	if holders != 25 {
		t.Errorf("%d people have rights, want 25", holders)
	}
	for key, over := range map[string][]string{
		"northwind.support": {"400312"}, "northwind.auditor": {"400310", "400311", "400312", "400313"}, "northwind.access": nil,
		"partner.administrator": {"300200", "400310", "400311", "400312", "400313", "400320", "400321", "400322", "400330", "400331"},
	} {
		if diff := cmp.Diff(over, h.seesPayments(t, key)); diff != "" {
			t.Errorf("%s sees payments of other entities: %s", key, diff)
		}
	}
}

// seesPayments lists the entities whose payments a login sees, by the decision itself.
func (h *house) seesPayments(t *testing.T, key string) (over []string) {
	t.Helper()
	l, ok := h.world.Login(key)
	if !ok {
		t.Fatalf("there is no login %s", key)
	}
	h.view(t, func(tx *db.Tx) error {
		ids, err := db.Column(tx, `SELECT customer_id FROM entities ORDER BY customer_id`)
		for _, id := range ids {
			q := access.Question{User: l.UserID, Entity: id, Permission: access.MustParse("payments:view"), Now: tx.Now, SecondFactor: true}
			if access.Decide(h.Live.Load(), q).Allowed {
				over = append(over, id)
			}
		}
		return err
	})
	return over
}

func (h *house) administrators(t *testing.T) {
	h.view(t, func(tx *db.Tx) error {
		type counted struct {
			name         string
			admins, real int
		}
		rows, err := db.All(tx, func(r *sql.Rows) (c counted, err error) { return c, r.Scan(&c.name, &c.admins, &c.real) },
			`SELECT e.name, a.admins, (SELECT COUNT(DISTINCT m.id) FROM memberships m JOIN assignments s ON s.account_id = m.account_id AND s.membership_id = m.id
				JOIN roles r ON r.account_id = s.account_id AND r.id = s.role_id
				WHERE m.account_id = a.id AND r.predefined IN ('owner', 'administrator') AND m.activated_at IS NOT NULL AND m.deactivated_at IS NULL)
			FROM accounts a JOIN entities e ON e.id = a.entity_id`)
		for _, c := range rows {
			if c.admins != c.real || c.admins == 0 {
				t.Errorf("%s counts %d administrators and has %d", c.name, c.admins, c.real)
			}
		}
		if len(rows) != 6 {
			t.Errorf("%d accounts", len(rows))
		}
		return err
	})
}

// entries checks that what there is was recorded, in order, and not in the future.
func (h *house) entries(t *testing.T) {
	missing := map[string]string{
		"account":              `SELECT id FROM accounts WHERE id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'account.created')`,
		"opened account":       `SELECT id FROM accounts WHERE id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'account.opened')`,
		"legal entity":         `SELECT id FROM entities WHERE kind = 'legal_entity' AND id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'entity.created')`,
		"location":             `SELECT id FROM locations WHERE id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'location.created')`,
		"invitation":           `SELECT user_id FROM memberships m WHERE NOT EXISTS (SELECT 1 FROM audit_entries e WHERE e.action = 'user.invited' AND e.target_id = m.user_id AND e.account_id = m.account_id)`,
		"activation":           `SELECT user_id FROM memberships m WHERE activated_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audit_entries e WHERE e.action = 'user.activated' AND e.target_id = m.user_id AND e.account_id = m.account_id)`,
		"deactivation":         `SELECT user_id FROM memberships m WHERE deactivated_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audit_entries e WHERE e.action = 'user.deactivated' AND e.target_id = m.user_id AND e.reason = m.deactivation_reason)`,
		"password":             `SELECT id FROM users WHERE password_hash IS NOT NULL AND id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'password.set')`,
		"factor":               `SELECT user_id FROM factors WHERE user_id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'factor.added')`,
		"sign-in":              `SELECT id FROM users WHERE last_sign_in_at IS NOT NULL AND id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'session.started')`,
		"token":                `SELECT id FROM service_tokens WHERE id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'service_token.created')`,
		"revoked token":        `SELECT id FROM service_tokens WHERE revoked_at IS NOT NULL AND id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'service_token.revoked')`,
		"lock":                 `SELECT user_id FROM signin_attempts WHERE locked_until IS NOT NULL AND user_id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'signin.locked')`,
		"someone without mail": `SELECT user_id FROM memberships m WHERE user_id NOT IN (SELECT user_id FROM outbox) AND created_by <> 'init'`,
	}
	h.view(t, func(tx *db.Tx) error {
		for what, query := range missing {
			ids, err := db.Column(tx, query)
			if err != nil || len(ids) > 0 {
				t.Errorf("%s without an entry: %v %v", what, ids, err)
			}
		}
		actions, err := db.Column(tx, `SELECT DISTINCT action || ' ' || outcome FROM audit_entries ORDER BY 1`)
		for _, want := range []string{"invitation.deactivated done", "invitation.resent done", "factor.reset done", "user.access_changed done", "user.access_changed refused",
			"user.deactivated refused", "user.invited refused", "signin.failed refused", "session.ended done", "password.confirmed done"} {
			if !slices.Contains(actions, want) {
				t.Errorf("nothing in the log is %s", want)
			}
		}
		return err
	})
	if n := h.count(t, `SELECT MAX(seq) - COUNT(*) FROM audit_entries`); n != 0 {
		t.Errorf("%d numbers are missing from the log", n)
	}
	if n := h.count(t, `SELECT COUNT(*) FROM audit_entries a JOIN audit_entries b ON b.seq = a.seq + 1 WHERE b.at < a.at`); n != 0 {
		t.Errorf("the time went back %d times", n)
	}
	if n := h.count(t, `SELECT COUNT(*) FROM audit_entries WHERE at > $1`, present.UnixMicro()); n != 0 {
		t.Errorf("%d entries are of the future", n)
	}
}

func (h *house) again(t *testing.T) {
	_, err := demo.Fill(t.Context(), h.Deps, demo.Options{Seed: 2})
	if f := fault.From(err); f == nil || f.Kind != fault.Conflict || f.Code != "not_empty" {
		t.Errorf("got %v", err)
	}
	if got := h.count(t, `SELECT COUNT(*) FROM users`); got != 30 {
		t.Errorf("%d people", got)
	}
	if got := h.count(t, `SELECT COUNT(*) FROM audit_entries WHERE outcome = 'refused' AND action = 'platform.demo_filled' AND at >= $1`, present.UnixMicro()); got != 1 {
		t.Errorf("the refusal was recorded %d times at the present time", got)
	}
	if !h.Clock.Now().Equal(present) {
		t.Errorf("the clock shows %v", h.Clock.Now())
	}
}

func TestFillRefusesAPlatform(t *testing.T) {
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			h := build(t, dialect, present)
			_, err := h.People.Initialise(t.Context(), people.Founding{Name: "Real", CustomerID: "REAL", Environment: org.Live, FirstName: "Ada", Email: "ada@example.com"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := demo.Fill(t.Context(), h.Deps, demo.Options{}); fault.CodeOf(err) != "not_empty" {
				t.Errorf("got %v", err)
			}
			h.view(t, func(tx *db.Tx) error {
				marked, err := demo.Marked(tx)
				if marked {
					t.Error("a real platform is marked as a demo")
				}
				return err
			})
		})
	}
}

// told is all that must not depend on chance: people with their access, and the log.
func (h *house) told(t *testing.T) (out []string) {
	t.Helper()
	for _, a := range h.accounts(t) {
		h.view(t, func(tx *db.Tx) error {
			page, err := h.People.List(tx, a, people.Query{Limit: 200})
			var of []string
			for _, r := range page.Rows {
				of = append(of, fmt.Sprint(a.Name, " ", r.Name(), " ", r.Email, " ", r.Lang, " ", r.Status, " ", r.Since, " ", r.LastSignInAt, " ", len(r.Roles), r.Entities))
			}
			slices.Sort(of)
			out = append(out, of...)
			return err
		})
	}
	h.view(t, func(tx *db.Tx) error {
		log, err := db.Column(tx, `SELECT e.seq || ' ' || e.at || ' ' || e.action || ' ' || e.outcome || ' ' || e.ip || ' ' || COALESCE(u.email, e.actor_id)
			FROM audit_entries e LEFT JOIN users u ON u.id = e.actor_id ORDER BY e.seq`)
		out = append(out, log...)
		return err
	})
	return out
}

func TestSameSeedSameWorld(t *testing.T) {
	one, two, other := filled(t, testdb.SQLite, present, 7).told(t), filled(t, testdb.Postgres, present, 7).told(t), filled(t, testdb.SQLite, present, 8).told(t)
	if diff := cmp.Diff(one, two); diff != "" {
		t.Error(diff)
	}
	if slices.Equal(one, other) {
		t.Error("another seed made the same world")
	}
}

func TestAnyHourAndSeed(t *testing.T) {
	for i, at := range []time.Time{present, time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), time.Date(2028, 2, 29, 9, 30, 0, 0, time.UTC), time.Date(2026, 3, 29, 18, 1, 0, 0, time.FixedZone("", 7200))} {
		t.Run(at.Format(time.DateTime), func(t *testing.T) {
			h := filled(t, testdb.SQLite, at, uint64(i)*1000+3)
			h.statuses(t)
			h.logins(t)
			if n := h.count(t, `SELECT COUNT(*) FROM audit_entries WHERE at > $1`, at.UnixMicro()); n != 0 {
				t.Errorf("%d entries are of the future", n)
			}
		})
	}
}

func TestCode(t *testing.T) {
	at := time.Unix(59, 0)
	code, err := demo.Code("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", at) // RFC 6238, appendix B, the last six digits
	if err != nil || code != "287082" {
		t.Errorf("got %q, %v", code, err)
	}
	for _, bad := range []string{"", "nokey", "GEZDGNBVGY3TQOJ!"} {
		if code, err := demo.Code(bad, at); fault.From(err).Kind != fault.Invalid || code != "" {
			t.Errorf("%q: got %q, %v", bad, code, err)
		}
	}
}

func TestText(t *testing.T) {
	w := demo.World{Accounts: 6, Persons: 30, Logins: []demo.Login{
		{Name: "Ada Okafor", Identifier: "ada.okafor@northwind.example", Secret: "GEZDGNBV", Role: "Owner", Account: "Northwind Outfitters"},
		{Name: "Tomás Rezende", Identifier: "tomas.rezende@oxbowlane.example", Secret: "GY3TQOJQ", Role: "Administrator", Account: "Oxbow Lane Commerce"},
	}}
	text := w.Text("bin/countersign", "http://localhost:8080")
	for _, want := range []string{"This is a demo", "30 people work in 6 accounts", demo.Password, "http://localhost:8080", "bin/countersign code KEY",
		"Ada Okafor, owner at Northwind Outfitters", "ada.okafor@northwind.example", "GEZDGNBV", "tomas.rezende@oxbowlane.example", "GY3TQOJQ"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not told", want)
		}
	}
	for line := range strings.Lines(text) {
		if n := len([]rune(line)); n > 100 {
			t.Errorf("a line of %d characters: %s", n, line)
		}
	}
}
