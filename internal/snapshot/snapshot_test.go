package snapshot_test

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/seal"
	"countersign/internal/snapshot"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// place is a world whose database other nodes can open too.
type place struct {
	*world.World
	dialect testdb.Dialect
	address string
	box     *seal.Box
	clock   *testdb.Clock
}

func each(t *testing.T, test func(t *testing.T, p place)) {
	t.Helper()
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			p := place{dialect: dialect, address: testdb.Address(t, dialect), box: testdb.Box(t), clock: testdb.NewClock(start)}
			p.World = world.New(t, testdb.Open(t, dialect, p.options()))
			test(t, p)
		})
	}
}

func (p place) options() testdb.Options {
	return testdb.Options{Address: p.address, Box: p.box, Clock: p.clock}
}

// node is another process on the same database.
type node struct {
	*snapshot.Keeper
	*access.Live
	db *db.DB
}

func (p place) node(t *testing.T, o snapshot.Options) node {
	t.Helper()
	n := node{db: testdb.Open(t, p.dialect, p.options()), Live: &access.Live{}}
	n.Keeper = snapshot.New(n.db, p.Profiles, n.Live, o)
	if err := n.Keeper.Refresh(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	return n
}

// run lets the node look until the test ends.
func (n node) run(t *testing.T) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() { defer close(done); n.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
}

// await waits for a condition; the test's own time limit ends it.
func await(t *testing.T, holds func() bool) {
	t.Helper()
	for !holds() {
		if t.Context().Err() != nil {
			t.Fatal("waited in vain")
		}
		runtime.Gosched()
	}
}

func (p place) may(s *access.Snapshot, label, permission, entity string) bool {
	who := p.Who(label)
	q := org.Asks(who, p.DB.Now(), who.AccountID)
	q.Permission, q.Entity = access.MustParse(permission), entity
	return access.Decide(s, q).Allowed
}

func (p place) deactivate(t *testing.T, label string) {
	t.Helper()
	account, _, _ := strings.Cut(label, ".")
	who := p.Who(account + ".owner")
	if err := p.People.Deactivate(t.Context(), who, who.AccountID, p.User(label), p.Version(label), ""); err != nil {
		t.Fatal(err)
	}
}

func (p place) reactivate(t *testing.T, label string) {
	t.Helper()
	account, _, _ := strings.Cut(label, ".")
	who := p.Who(account + ".owner")
	if err := p.People.Reactivate(t.Context(), who, who.AccountID, p.User(label), p.Version(label)); err != nil {
		t.Fatal(err)
	}
}

func TestAnotherNode(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		other := p.node(t, snapshot.Options{Interval: 5 * time.Millisecond})
		other.run(t)
		t.Run("U9 hears of a deactivation and of what follows", func(t *testing.T) {
			if !p.may(other.Load(), "m1.reader", "payments:view", "M1-A") {
				t.Fatal("denied before")
			}
			p.deactivate(t, "m1.reader")
			await(t, func() bool { return !p.may(other.Load(), "m1.reader", "payments:view", "M1-A") })
			p.reactivate(t, "m1.reader")
			await(t, func() bool { return p.may(other.Load(), "m1.reader", "payments:view", "M1-A") })
		})
		t.Run("hears of service tokens", func(t *testing.T) {
			who := p.Who("m1.owner")
			token, secret, err := p.Org.CreateToken(t.Context(), who, who.AccountID, org.Decisions, "x", time.Time{})
			if err != nil {
				t.Fatal(err)
			}
			known := func() bool { _, ok := other.Token(secret.Reveal(), p.DB.Now()); return ok }
			await(t, known)
			if err := p.Org.RevokeToken(t.Context(), who, who.AccountID, token.ID); err != nil {
				t.Fatal(err)
			}
			await(t, func() bool { return !known() })
		})
		t.Run("hears of a new account", func(t *testing.T) {
			_, _, err := p.People.Board(t.Context(), p.Who("platform.owner"), p.Account("PLATFORM").ID, people.Boarding{
				Account: org.New{Kind: access.Merchant, ParentID: "PARTNER", Name: "New", CustomerID: "NEW-1", Environment: org.Test},
				First:   people.Invitee{FirstName: "First", Email: "first@example.com"}})
			if err != nil {
				t.Fatal(err)
			}
			await(t, func() bool { return p.may(other.Load(), "platform.owner", "payments:view", "NEW-1") })
		})
		t.Run("brings itself up to a revision that is asked for", func(t *testing.T) {
			asked := p.node(t, snapshot.Options{}) // does not look by itself
			p.deactivate(t, "m1.auditor")
			revision, err := p.DB.Revision(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s, err := asked.At(t.Context(), revision)
			if err != nil || p.may(s, "m1.auditor", "payments:view", "M1-A") {
				t.Errorf("%v", err)
			}
			if s, err := asked.At(t.Context(), revision+1); err == nil {
				t.Errorf("revision %d passes for %d", s.Revision(), revision+1)
			}
		})
		t.Run("two nodes that change the same person in turn never decide by what was", func(t *testing.T) {
			two := people.New(other.db, other.Live, p.Profiles, p.Log)
			who := p.Who("m1.owner")
			for i := range 20 {
				do := []*people.People{p.People, two}[i%2]
				in := people.Access{Roles: []string{p.Role("M1", "support")}, AllEntities: true}
				if err := do.ChangeAccess(t.Context(), p.Who("m1.administrator"), who.AccountID, p.User("m1.operations"), p.Version("m1.operations"), in); err != nil {
					t.Fatal(err)
				}
				do = []*people.People{two, p.People}[i%2]
				if err := do.Deactivate(t.Context(), who, who.AccountID, p.User("m1.administrator"), p.Version("m1.administrator"), ""); err != nil {
					t.Fatal(err)
				}
				do = []*people.People{p.People, two}[i%2]
				err := do.ChangeAccess(t.Context(), p.Who("m1.administrator"), who.AccountID, p.User("m1.operations"), p.Version("m1.operations"), in)
				if err == nil {
					t.Fatal("U9: the deactivated administrator changed somebody through the other node")
				}
				if err := do.Reactivate(t.Context(), who, who.AccountID, p.User("m1.administrator"), p.Version("m1.administrator")); err != nil {
					t.Fatal(err)
				}
			}
		})
	})
}

func TestDatabaseAway(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		secret := p.token(t)
		for _, c := range []struct{ grace, until time.Duration }{{0, 30 * time.Second}, {time.Minute, time.Minute}, {-1, -1}} {
			t.Run(fmt.Sprintf("answers for its time, marked stale, then denies: %s", c.grace), func(t *testing.T) {
				n := p.node(t, snapshot.Options{Interval: time.Millisecond, Grace: c.grace})
				n.run(t)
				if n.Stale() || !p.may(n.Load(), "m1.reader", "payments:view", "M1-A") {
					t.Fatal("stale or denied before")
				}
				if err := n.db.Close(); err != nil {
					t.Fatal(err)
				}
				await(t, n.Stale)
				if c.until > 0 {
					p.clock.Advance(c.until)
					looked := n.looks(t)
					await(t, looked)
					if _, ok := n.Token(secret, p.DB.Now()); !ok || !p.may(n.Load(), "m1.reader", "payments:view", "M1-A") {
						t.Error("denied within its time")
					}
					p.clock.Advance(time.Microsecond)
				}
				await(t, func() bool { return n.Load() == nil })
				if _, ok := n.Token(secret, p.DB.Now()); ok || p.may(n.Load(), "m1.reader", "payments:view", "M1-A") {
					t.Error("allowed without a database, after its time")
				}
				if _, err := n.At(t.Context(), 1); err == nil {
					t.Error("a use case gets a snapshot")
				}
				if !n.Stale() {
					t.Error("not stale")
				}
			})
		}
	})
}

func (p place) token(t *testing.T) string {
	who := p.Who("m1.owner")
	_, secret, err := p.Org.CreateToken(t.Context(), who, who.AccountID, org.Decisions, "x", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	return secret.Reveal()
}

// looks tells when the node has surely looked again: it runs every millisecond of real time.
func (n node) looks(t *testing.T) func() bool {
	timer := time.NewTimer(20 * time.Millisecond)
	t.Cleanup(func() { timer.Stop() })
	fired := false
	return func() bool {
		select {
		case <-timer.C:
			fired = true
		default:
		}
		return fired
	}
}

func TestDatabaseBack(t *testing.T) {
	t.Run("postgres", func(t *testing.T) {
		p := place{dialect: testdb.Postgres, address: testdb.Address(t, testdb.Postgres), box: testdb.Box(t), clock: testdb.NewClock(start)}
		p.World = world.New(t, testdb.Open(t, p.dialect, p.options()))
		n := p.node(t, snapshot.Options{Interval: time.Millisecond, Grace: -1})
		n.run(t)
		// A database that refuses everybody for a while.
		at, err := url.Parse(p.address)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(at.Path, "/")
		at.Path = "/postgres"
		server := at.String()
		raw(t, testdb.Postgres, server, `ALTER DATABASE `+name+` ALLOW_CONNECTIONS false`)
		raw(t, testdb.Postgres, server, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '`+name+`'`)
		await(t, func() bool { return n.Load() == nil && n.Stale() })
		raw(t, testdb.Postgres, server, `ALTER DATABASE `+name+` ALLOW_CONNECTIONS true`)
		await(t, func() bool { return !n.Stale() && p.may(n.Load(), "m1.reader", "payments:view", "M1-A") })
	})
}

// raw changes the database behind everybody's back.
func raw(t *testing.T, dialect testdb.Dialect, address string, statements ...string) {
	t.Helper()
	driver := map[testdb.Dialect]string{testdb.SQLite: "sqlite", testdb.Postgres: "pgx"}[dialect]
	pool, err := sql.Open(driver, address)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for _, s := range statements {
		if _, err := pool.ExecContext(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func TestGaps(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		labels := []string{"m1.reader", "m1.reader_a", "m1.reader_b"}
		for swept := range 4 {
			t.Run(fmt.Sprintf("what was swept is loaded with everything else: %d of three", swept), func(t *testing.T) {
				n := p.node(t, snapshot.Options{})
				from := n.Load().Revision()
				for _, label := range labels {
					p.deactivate(t, label)
				}
				if err := p.DB.Keep(t.Context(), func(tx *db.Tx) error {
					var err error
					if swept > 0 {
						_, err = tx.Exec(`DELETE FROM access_changes WHERE revision = $1`, from+int64(swept))
					}
					return err
				}); err != nil {
					t.Fatal(err)
				}
				if err := n.Keeper.Refresh(t.Context(), 0); err != nil {
					t.Fatal(err)
				}
				for _, label := range labels {
					if p.may(n.Load(), label, "payments:view", "M1-A-1") || p.may(n.Load(), label, "payments:view", "M1-B") {
						t.Errorf("%s may still", label)
					}
					p.reactivate(t, label)
				}
				if n.Load().Revision() != from+3 {
					t.Errorf("at %d", n.Load().Revision())
				}
			})
		}
		t.Run("two thousand and one at once", func(t *testing.T) {
			p.Beside()
			n := p.node(t, snapshot.Options{})
			a, role := p.Account("M1").ID, p.Role("M1", "read_only")
			p.Do(func(tx *db.Tx) error {
				for i := range 2001 {
					u, m := fmt.Sprintf("usr_many%04d", i), fmt.Sprintf("mem_many%04d", i)
					for _, s := range []struct {
						text string
						args []any
					}{
						{`INSERT INTO users (id, first_name, sort_key, search_key, email, email_key, created_at) VALUES ($1, 'a', 'a', 'a', $1, $1, 1)`, []any{u}},
						{`INSERT INTO memberships (account_id, id, user_id, activated_at, all_locations, created_at, created_by) VALUES ($1, $2, $3, 1, TRUE, 1, 'test')`, []any{a, m, u}},
						{`INSERT INTO assignments (account_id, id, membership_id, role_id, all_entities, created_at, created_by) VALUES ($1, $2, $2, $3, TRUE, 1, 'test')`, []any{a, m, role}},
					} {
						if _, err := tx.Exec(s.text, s.args...); err != nil {
							return err
						}
					}
					tx.ChangedUser(u)
				}
				return nil
			})
			if err := n.Keeper.Refresh(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
			for i := range 2001 {
				for name, s := range map[string]*access.Snapshot{"this": p.Live.Load(), "the other": n.Load()} {
					q := access.Question{User: fmt.Sprintf("usr_many%04d", i), Now: p.DB.Now(), Entity: "M1-B", Permission: access.MustParse("payments:view")}
					if d := access.Decide(s, q); !d.Allowed {
						t.Fatalf("%s node denies user %d: %v", name, i, d.Codes())
					}
				}
			}
		})
		t.Run("a revision that went back is another history", func(t *testing.T) {
			n := p.node(t, snapshot.Options{Interval: time.Millisecond})
			p.deactivate(t, "m1.reader")
			if err := n.Keeper.Refresh(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
			raw(t, p.dialect, p.address, `UPDATE ledger SET revision = revision - 1`, `UPDATE memberships SET deactivated_at = NULL WHERE id = '`+p.Row("m1.reader").Member.ID+`'`)
			n.run(t)
			await(t, func() bool { return p.may(n.Load(), "m1.reader", "payments:view", "M1-B") })
		})
	})
}

// TestReadersWhileSwapping is for the race detector, and for the promise that a
// snapshot is swapped whole.
func TestReadersWhileSwapping(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		ctx, cancel := context.WithCancel(t.Context())
		who := p.Who("m1.reader")
		q := org.Asks(who, p.DB.Now(), who.AccountID)
		q.Permission, q.Entity = access.MustParse("payments:view"), "M1-A"
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				var last int64
				for ctx.Err() == nil {
					s := p.Live.Load()
					if d := access.Decide(s, q); d.Revision < last || d.Allowed == (d.Reasons != 0) {
						t.Errorf("revision %d after %d: %v", d.Revision, last, d)
						return
					}
					last = s.Revision()
					p.Keeper.Token("nobody's", q.Now)
					p.Keeper.Stale()
				}
			})
		}
		for range 15 {
			p.deactivate(t, "m1.reader")
			p.reactivate(t, "m1.reader")
		}
		cancel()
		group.Wait()
	})
}
