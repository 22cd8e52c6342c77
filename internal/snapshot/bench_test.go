package snapshot_test

import (
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/demo"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/signin"
	"countersign/internal/snapshot"
	"countersign/internal/test/testdb"
)

// keptIn is a folder in which the SQLite file of a million people is kept from
// one run to the next; without it it is made, which takes minutes.
const keptIn = "COUNTERSIGN_BENCH_DATA"

// million opens a database with a million people in one account, and a node on it that has loaded nothing yet.
func million(b *testing.B) (*db.DB, *snapshot.Keeper, *access.Live) {
	b.Helper()
	address, made := testdb.Address(b, testdb.SQLite), false
	if folder := os.Getenv(keptIn); folder != "" {
		address = filepath.Join(folder, "million-1.db")
		_, err := os.Stat(address)
		made = err == nil
	}
	clock := demo.NewClock(time.Now)
	d, err := db.Open(b.Context(), db.Options{URL: address, Now: clock.Now, Random: rand.Reader, Box: testdb.Box(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	profiles, err := profile.Load()
	if err != nil {
		b.Fatal(err)
	}
	if !made {
		makeMillion(b, d, clock, profiles)
	}
	live := &access.Live{}
	return d, snapshot.New(d, profiles, live, snapshot.Options{}), live
}

func makeMillion(b *testing.B, d *db.DB, clock *demo.Clock, profiles profile.Profiles) {
	if err := d.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	live, log := &access.Live{}, audit.New(d, slog.New(slog.DiscardHandler))
	if err := snapshot.New(d, profiles, live, snapshot.Options{}).Refresh(b.Context(), 0); err != nil {
		b.Fatal(err)
	}
	_, err := demo.Fill(b.Context(), demo.Deps{DB: d, Clock: clock, Live: live, Profiles: profiles, Audit: log, People: people.New(d, live, profiles, log), Org: org.NewOrg(d, live, profiles, log),
		Passwords: signin.NewPasswords(signin.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, 1, 4, rand.Reader)}, demo.Options{Seed: 1, Users: 1_000_000, Accounts: 1})
	if err != nil {
		b.Fatal(err)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkLoad loads a million people, and says what they weigh.
func BenchmarkLoad(b *testing.B) {
	_, keeper, live := million(b)
	before := heap()
	for b.Loop() {
		live.Store(nil)
		if err := keeper.Refresh(b.Context(), 0); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(heap()-before)/1_000_000, "bytes/user")
	runtime.KeepAlive(live)
}

// BenchmarkFollow has another node's changes come in at a million people: from
// the look at the database to the snapshot that answers.
func BenchmarkFollow(b *testing.B) {
	d, keeper, live := million(b)
	if err := keeper.Refresh(b.Context(), 0); err != nil {
		b.Fatal(err)
	}
	var user, role, account, entity string
	if err := d.View(b.Context(), func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&user, &account}, `SELECT user_id, account_id FROM memberships WHERE activated_at IS NOT NULL ORDER BY user_id LIMIT 1`)
		if err == nil {
			_, err = db.One(tx, []any{&role}, `SELECT id FROM roles WHERE account_id = $1 ORDER BY holders DESC LIMIT 1`, account)
		}
		if err == nil {
			_, err = db.One(tx, []any{&entity}, `SELECT entity_id FROM accounts WHERE id = $1`, account)
		}
		return err
	}); err != nil {
		b.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		change func(tx *db.Tx)
	}{
		{"user", func(tx *db.Tx) { tx.ChangedUser(user) }},
		{"role", func(tx *db.Tx) { tx.ChangedRole(role) }},
		{"roles", func(tx *db.Tx) { tx.ChangedRoles(account) }},
		{"account", func(tx *db.Tx) { tx.ChangedAccount(account) }},
		{"entity", func(tx *db.Tx) { tx.ChangedEntity(entity) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				now := live.Load()
				if err := d.Update(b.Context(), db.Who{Kind: db.System, ID: "bench"}, func(tx *db.Tx) error {
					c.change(tx)
					return audit.Record(tx, audit.Entry{Action: audit.AccountChanged, AccountID: account, Kind: "account", ID: account})
				}); err != nil {
					b.Fatal(err)
				}
				if live.Load() == now {
					b.Fatal("not followed")
				}
				live.Store(now) // as another node that has not heard yet
				b.StartTimer()
				if err := keeper.Refresh(b.Context(), 0); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
