package roles_test

import (
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/demo"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/signin"
	"countersign/internal/snapshot"
	"countersign/internal/test/testdb"
)

// crowd is one account of many people, over SQLite: as many as
// COUNTERSIGN_BENCH_USERS says, or 20,000.
type crowd struct {
	d        *db.DB
	roles    *roles.Roles
	profiles profile.Profiles
	profile  *profile.Profile
	account  org.Account
	who      db.Who
}

func newCrowd(b *testing.B) *crowd {
	b.Helper()
	users := 20_000
	if n, err := strconv.Atoi(os.Getenv("COUNTERSIGN_BENCH_USERS")); err == nil {
		users = n
	}
	address := filepath.Join(b.TempDir(), "crowd.db")
	clock := demo.NewClock(time.Now)
	d, err := db.Open(b.Context(), db.Options{URL: address, Now: clock.Now, Random: rand.Reader, Box: testdb.Box(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	if err := d.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	c := &crowd{d: d}
	if c.profiles, err = profile.Load(); err != nil {
		b.Fatal(err)
	}
	c.profile, _ = c.profiles.Get(profile.Standard)
	live, log := &access.Live{}, audit.New(d, slog.New(slog.DiscardHandler))
	keeper := snapshot.New(d, c.profiles, live, snapshot.Options{})
	if err := keeper.Refresh(b.Context(), 0); err != nil {
		b.Fatal(err)
	}
	c.roles = roles.New(d, live, c.profiles, log, people.RelistAccess)
	_, err = demo.Fill(b.Context(), demo.Deps{DB: d, Clock: clock, Live: live, Profiles: c.profiles, Audit: log, People: people.New(d, live, c.profiles, log), Org: org.NewOrg(d, live, c.profiles, log),
		Passwords: signin.NewPasswords(signin.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, 1, 4, rand.Reader)}, demo.Options{Seed: 1, Users: users, Accounts: 1})
	if err != nil {
		b.Fatal(err)
	}
	c.begin(b)
	return c
}

// begin finds the account with most people, and an administrator of it.
func (c *crowd) begin(b *testing.B) {
	err := c.d.View(b.Context(), func(tx *db.Tx) error {
		var id string
		_, err := db.One(tx, []any{&id}, `SELECT id FROM accounts ORDER BY users DESC LIMIT 1`)
		if err != nil {
			return err
		}
		c.account, _, err = org.AccountByID(tx, id)
		if err != nil {
			return err
		}
		list, err := roles.Administrators(tx, id)
		c.who = db.Who{Kind: db.User, ID: list[0], AccountID: id, SecondFactor: true, Fresh: true, IP: netip.MustParseAddr("192.0.2.7")}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("%d users in %s", c.account.Users, c.account.CustomerID)
}

// holding makes a custom role that the first n people of the account have beside
// nothing else, or with half of them, besides another.
func (c *crowd) holding(b *testing.B, name string, n int) string {
	b.Helper()
	id, err := c.roles.Create(b.Context(), c.who, c.account.ID, draft(name, "payments:void", "payments:view"))
	if err != nil {
		b.Fatal(told(err))
	}
	err = c.d.Update(b.Context(), db.Who{Kind: db.System, ID: "bench"}, func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO assignments (account_id, id, membership_id, role_id, all_entities, created_at, created_by)
			SELECT account_id, 'asg_' || substr(id, 5) || $1, id, $2, TRUE, 1, '' FROM memberships WHERE account_id = $3 AND user_id <> $4 ORDER BY id LIMIT $5`, name, id, c.account.ID, c.who.ID, n)
		if err == nil {
			_, err = tx.Exec(`UPDATE roles SET holders = $1 WHERE id = $2`, n, id)
		}
		if err != nil {
			return err
		}
		tx.ChangedAccess()
		return audit.Record(tx, audit.Entry{Action: audit.DemoFilled, Kind: "test"})
	})
	if err != nil {
		b.Fatal(err)
	}
	return id
}

// BenchmarkRoles measures what looks at everybody who has a role.
func BenchmarkRoles(b *testing.B) {
	c := newCrowd(b)
	n := int(c.account.Users) - 1
	id := c.holding(b, "Everybody", n)
	b.Run("preview", func(b *testing.B) {
		for b.Loop() {
			e, err := c.roles.PreviewEdit(b.Context(), c.who, c.account.ID, id, roles.Edit{Permits: &[]roles.Permit{{Permission: "payments:capture"}}}, "", 50)
			if err != nil || e.Holders != int64(n) {
				b.Fatal(told(err), e.Holders)
			}
		}
	})
	b.Run("report", func(b *testing.B) {
		for b.Loop() {
			err := c.d.View(b.Context(), func(tx *db.Tx) error {
				_, err := roles.ToxicNow(tx, c.account.ID, c.profiles, c.profile, c.profile.Settings)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	i := 0
	b.Run("edit", func(b *testing.B) {
		for b.Loop() {
			i++
			if _, err := c.roles.Edit(b.Context(), c.who, c.account.ID, id, int64(i), roles.Edit{Description: text(fmt.Sprint(i))}); err != nil {
				b.Fatal(told(err))
			}
		}
	})
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("remove from %d", n), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				i++
				id := c.holding(b, fmt.Sprint("Gone ", i), n)
				b.StartTimer()
				if _, err := c.roles.Remove(b.Context(), c.who, c.account.ID, id, 1); err != nil {
					b.Fatal(told(err))
				}
			}
		})
	}
}
