// Package world gives tests a small platform that was built through the use
// cases themselves, with people in every state and every kind of reach.
//
//	w := world.New(t, d)                     // on a fresh, migrated database
//	w.Who("m1.administrator")                // acts as them, signed in with a second factor
//	w.Account("M1"), w.Entity("M1-A")        // by customer ID
//	w.User("m2.reader"), w.Row("m2.reader")  // by account and what they are there
//
// The tree and its people:
//
//	PLATFORM              owner, administrator, reader
//	└ FAC                 owner
//	  └ PARTNER           owner, administrator
//	    ├ M1 (live)       everybody: see Roles, and both, invited, uninvited, deactivated
//	    │ ├ M1-A          location "M1-A shop"
//	    │ │ └ M1-A-1
//	    │ └ M1-B          location "M1-B shop"
//	    ├ M2 (live)       the same; m1.both and m2.both are one person
//	    └ M3 (test)       the same
//
// Its one rule: nothing here goes round a use case that exists.
package world

import (
	"context"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"testing"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/resource"
	"countersign/internal/roles"
	"countersign/internal/seal"
	"countersign/internal/snapshot"
)

// World is the platform with all that is needed to act in it.
type World struct {
	DB        *db.DB
	Profiles  profile.Profiles
	Live      *access.Live
	Keeper    *snapshot.Keeper
	Log       *audit.Log
	People    *people.People
	Org       *org.Org
	Roles     *roles.Roles
	Resources *resource.Resources

	t      testing.TB
	beside bool                   // Beside
	users  map[string]string      // by label
	links  map[string]seal.Secret // of those who were invited
	mu     sync.Mutex
	ids    map[string]string // what never changes: of accounts by customer ID, of roles by that and their key
}

// given says what somebody is: a role over all of the account, or over one entity.
type given struct{ role, entity string }

// Roles are the people of each merchant beside its owner, by the second half of
// their label: the role's key, and the entity's customer ID without the
// account's, where they have only that.
var roleOf = map[string]given{
	"administrator": {"administrator", ""},
	"access":        {"access_administrator", ""},
	"limited":       {"administrator", "-A"}, // an administrator of one legal entity
	"auditor":       {"auditor", ""},
	"operations":    {"operations", ""},
	"reader":        {"read_only", ""},
	"reader_a":      {"read_only", "-A"},
	"reader_b":      {"read_only", "-B"},
	"invited":       {"read_only", ""},
	"uninvited":     {"read_only", ""}, // whose invitation was deactivated
	"deactivated":   {"read_only", ""},
}

var order = []string{"administrator", "access", "limited", "auditor", "operations", "reader", "reader_a", "reader_b", "invited", "uninvited", "deactivated"}

// New builds the world on a fresh database. Messages that its making caused are delivered.
func New(t testing.TB, d *db.DB) *World {
	t.Helper()
	w := Empty(t, d)
	w.platform()
	for _, m := range []string{"M1", "M2", "M3"} {
		w.merchant(m)
	}
	w.invite("m1.both", "M1", "both@example.com", given{"read_only", ""})
	w.activate("m1.both")
	w.invite("m2.both", "M2", "both@example.com", given{"operations", ""})
	w.activate("m2.both")
	w.Messages()
	w.keepLists()
	return w
}

// Empty has all that acts, over a database without a platform.
func Empty(t testing.TB, d *db.DB) *World {
	t.Helper()
	profiles, err := profile.Load()
	if err != nil {
		t.Fatal(err)
	}
	w := &World{DB: d, Profiles: profiles, Live: &access.Live{}, t: t, users: map[string]string{}, links: map[string]seal.Secret{}, ids: map[string]string{}}
	w.Keeper = snapshot.New(d, profiles, w.Live, snapshot.Options{})
	w.Log = audit.New(d, slog.New(slog.DiscardHandler))
	w.People = people.New(d, w.Live, profiles, w.Log)
	w.Org = org.NewOrg(d, w.Live, profiles, w.Log)
	w.Roles = roles.New(d, w.Live, profiles, w.Log, people.RelistAccess)
	w.Resources = resource.New(d, w.Live, profiles, w.Log)
	w.must(w.Keeper.Refresh(w.ctx(), 0))
	return w
}

// ctx outlives the test, for what runs in its cleanup.
func (w *World) ctx() context.Context { return context.WithoutCancel(w.t.Context()) }

func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *World) platform() {
	token, err := w.People.Initialise(w.ctx(), people.Founding{Name: "Platform", CustomerID: "PLATFORM", Environment: org.Live,
		FirstName: "Olga", LastName: "Platform", Email: "platform.owner@example.com", Language: "en"})
	w.must(err)
	w.View(func(tx *db.Tx) error {
		p, _, err := people.PersonByIdentifier(tx, "platform.owner@example.com")
		w.users["platform.owner"] = p.ID
		return err
	})
	w.links["platform.owner"] = token
	w.activate("platform.owner")
	for _, what := range []string{"administrator", "reader"} {
		w.invite("platform."+what, "PLATFORM", "", roleOf[what])
		w.activate("platform." + what)
	}
	w.board("FAC", "PLATFORM", access.Facilitator, org.Live)
	w.board("PARTNER", "FAC", access.Partner, org.Live)
	w.invite("partner.administrator", "PARTNER", "", roleOf["administrator"])
	w.activate("partner.administrator")
}

// board creates an account below another and activates its owner.
func (w *World) board(customerID, parent string, kind access.Kind, environment string) {
	label := strings.ToLower(customerID) + ".owner"
	_, userID, err := w.People.Board(w.ctx(), w.Who("platform.owner"), w.Account("PLATFORM").ID, people.Boarding{
		Account: org.New{Kind: kind, ParentID: parent, Name: "Account " + customerID, CustomerID: customerID, Environment: environment},
		First:   people.Invitee{FirstName: "Olga", LastName: customerID, Email: label + "@example.com", Language: "en"},
	})
	w.must(err)
	w.users[label] = userID
	w.collect()
	w.activate(label)
}

func (w *World) merchant(id string) {
	environment := org.Live
	if id == "M3" {
		environment = org.Test
	}
	w.board(id, "PARTNER", access.Merchant, environment)
	for _, e := range [][2]string{{id + "-A", id}, {id + "-A-1", id + "-A"}, {id + "-B", id}} {
		_, err := w.Org.Onboard(w.ctx(), w.Who("partner.owner"), w.Account("PARTNER").ID, org.New{ParentID: e[1], Name: "Entity " + e[0], CustomerID: e[0]})
		w.must(err)
	}
	w.Do(func(tx *db.Tx) error {
		for _, at := range []string{id + "-A", id + "-B"} {
			e, _, err := entity(tx, at)
			if err == nil {
				_, err = org.CreateLocation(tx, e.ID, at+" shop", "https://"+strings.ToLower(at)+".example.com")
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	prefix := strings.ToLower(id) + "."
	for _, what := range order {
		g := roleOf[what]
		if g.entity != "" {
			g.entity = id + g.entity
		}
		w.invite(prefix+what, id, "", g)
		if what == "invited" {
			continue
		}
		if what == "uninvited" {
			w.must(w.People.DeactivateInvitation(w.ctx(), w.Who(prefix+"owner"), w.Account(id).ID, w.User(prefix+what), w.Version(prefix+what)))
			continue
		}
		w.activate(prefix + what)
		if what == "deactivated" {
			w.must(w.People.Deactivate(w.ctx(), w.Who(prefix+"owner"), w.Account(id).ID, w.User(prefix+what), w.Version(prefix+what), "left"))
		}
	}
}

// invite has the account's owner invite somebody; without an address it is made of the label.
func (w *World) invite(label, account, email string, g given) {
	if email == "" {
		email = label + "@example.com"
	}
	_, what, _ := strings.Cut(label, ".")
	in := people.Invitee{FirstName: strings.ToUpper(what[:1]) + what[1:], LastName: account, Email: email, Language: "en",
		Access: people.Access{Roles: []string{w.Role(account, g.role)}, AllEntities: g.entity == "", Acknowledged: true}}
	if g.entity != "" {
		in.Entities = []string{g.entity}
	}
	id, err := w.People.Invite(w.ctx(), w.Who(strings.ToLower(account)+".owner"), w.Account(account).ID, in)
	w.must(err)
	w.users[label] = id
	w.collect()
}

// collect keeps the links of the invitations that wait in the outbox.
func (w *World) collect() {
	for _, m := range w.Messages() {
		for label, id := range w.users {
			if id == m.UserID && strings.HasPrefix(label, strings.ToLower(m.Data["customer_id"])+".") && m.Data["token"] != "" {
				w.links[label] = seal.Secret(m.Data["token"])
			}
		}
	}
}

// activate follows somebody's link, as sign-in does.
func (w *World) activate(label string) {
	w.must(w.Follow(w.links[label], w.Who(label)))
}

// Follow spends a link as its person and makes them active.
func (w *World) Follow(link seal.Secret, who db.Who) error {
	return w.DB.Update(w.ctx(), who, func(tx *db.Tx) error {
		i, found, err := people.InvitationByHash(tx, seal.HashToken(people.LinkPurpose, link.Reveal()))
		if err != nil || !found {
			w.t.Fatalf("no such link: %v", err)
		}
		if err := people.Spend(tx, i); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE users SET password_hash = 'none', password_set_at = $1 WHERE id = $2`, tx.Now, i.UserID); err != nil {
			return err
		}
		return people.Activate(tx, i.AccountID, i.MembershipID)
	})
}

// Who is somebody signed in with a second factor, just now.
func (w *World) Who(label string) db.Who {
	w.t.Helper()
	who := db.Who{Kind: db.User, ID: w.User(label), SecondFactor: true, Fresh: true,
		IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "world", RequestID: "req_" + label, Lang: lang.English}
	account, _, _ := strings.Cut(label, ".")
	who.AccountID = w.id(strings.ToUpper(account), func() string { return w.Account(strings.ToUpper(account)).ID })
	return who
}

// id is looked up once.
func (w *World) id(name string, find func() string) string {
	w.mu.Lock()
	known := w.ids[name]
	w.mu.Unlock()
	if known != "" {
		return known
	}
	known = find()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ids[name] = known
	return known
}

// User is somebody's id.
func (w *World) User(label string) string {
	w.t.Helper()
	id := w.users[label]
	if id == "" {
		w.t.Fatalf("nobody is %q", label)
	}
	return id
}

// Add gives a user that a test made a label.
func (w *World) Add(label, userID string) { w.users[label] = userID }

// Link is the last invitation's token of somebody in the world.
func (w *World) Link(label string) seal.Secret { return w.links[label] }

// Account is an account by its customer ID, as it is now.
func (w *World) Account(customerID string) (a org.Account) {
	w.t.Helper()
	w.View(func(tx *db.Tx) (err error) {
		var found bool
		if a, found, err = org.AccountByCustomerID(tx, customerID); err == nil && !found {
			w.t.Fatalf("no account %s", customerID)
		}
		return err
	})
	return a
}

func entity(tx *db.Tx, customerID string) (org.Entity, bool, error) {
	p, _, err := org.Platform(tx)
	if err != nil {
		return org.Entity{}, false, err
	}
	list, err := org.EntitiesIn(tx, p, []string{customerID})
	if err != nil || len(list) == 0 {
		return org.Entity{}, false, err
	}
	return list[0], true, nil
}

// Entity is an entity by its customer ID.
func (w *World) Entity(customerID string) (e org.Entity) {
	w.t.Helper()
	w.View(func(tx *db.Tx) (err error) {
		var found bool
		if e, found, err = entity(tx, customerID); err == nil && !found {
			w.t.Fatalf("no entity %s", customerID)
		}
		return err
	})
	return e
}

// Role is the id of an account's predefined role.
func (w *World) Role(customerID, key string) string {
	w.t.Helper()
	return w.id(customerID+" "+key, func() string { return w.role(customerID, key) })
}

func (w *World) role(customerID, key string) (id string) {
	w.t.Helper()
	a := w.Account(customerID)
	w.View(func(tx *db.Tx) error {
		p, _ := w.Profiles.Get(a.Profile)
		list, err := roles.List(tx, a.ID, p)
		for _, r := range list {
			if r.Key == key {
				id = r.ID
			}
		}
		return err
	})
	if id == "" {
		w.t.Fatalf("no role %s in %s", key, customerID)
	}
	return id
}

// Row is somebody as lists show them.
func (w *World) Row(label string) (r people.Row) {
	w.t.Helper()
	account, _, _ := strings.Cut(label, ".")
	a := w.Account(strings.ToUpper(account))
	w.View(func(tx *db.Tx) (err error) {
		r, err = w.People.Get(tx, a, w.User(label))
		return err
	})
	return r
}

// Version is the version of somebody's membership, as a page would have seen it.
func (w *World) Version(label string) int64 { return w.Row(label).Version }

// Decide asks whether somebody may do something to an entity, from inside their account.
func (w *World) Decide(label, permission, customerID string) access.Decision {
	w.t.Helper()
	who := w.Who(label)
	q := org.Asks(who, w.DB.Now(), who.AccountID)
	q.Permission, q.Entity = access.MustParse(permission), customerID
	return access.Decide(w.Live.Load(), q)
}

// Messages takes what waits in the outbox, and delivers it.
func (w *World) Messages() []db.Queued {
	w.t.Helper()
	list, err := w.DB.Lease(w.ctx(), 10_000, 1)
	w.must(err)
	for _, m := range list {
		w.must(w.DB.Sent(w.ctx(), m.ID))
	}
	return list
}

// View reads, and ends the test when that fails.
func (w *World) View(f func(*db.Tx) error) {
	w.t.Helper()
	w.must(w.DB.View(w.ctx(), f))
}

// Do changes something that has no use case yet.
func (w *World) Do(f func(*db.Tx) error) {
	w.t.Helper()
	w.must(w.DB.Update(w.ctx(), db.Who{Kind: db.System, ID: "test"}, func(tx *db.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Action: audit.DemoFilled, Kind: "test"})
	}))
}

// Set changes an account's setting.
func (w *World) Set(customerID, name, value string) {
	w.t.Helper()
	a := w.Account(customerID)
	w.Do(func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO account_settings (account_id, name, value) VALUES ($1, $2, $3)
			ON CONFLICT (account_id, name) DO UPDATE SET value = $3`, a.ID, name, value)
		return err
	})
}
