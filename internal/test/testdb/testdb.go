// Package testdb gives tests an open, migrated database of each kind that the product runs on.
//
//	testdb.Each(t, func(t *testing.T, d *db.DB) { … })           // subtests "sqlite" and "postgres"
//	d := testdb.Open(t, testdb.SQLite, testdb.Options{Clock: c}) // one of them, with a clock to set
//
// Every database is fresh, has a key ring of its own and real randomness, and goes with its test. EachAddress gives
// only the address, to tests that open the database themselves, twice, or from another process.
//
// Its one rule: what is promised of one database is shown on both.
package testdb

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/seal"
	"countersign/internal/test/postgres"
)

// Dialect is a kind of database; its value names the subtest.
type Dialect string

// The databases the product runs on.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// Dialects lists them.
func Dialects() []Dialect { return []Dialect{SQLite, Postgres} }

// Options change what Open does; the zero value is a fresh, migrated database on the real time.
type Options struct {
	Address    string       // an existing database; "" is a fresh one
	Clock      *Clock       // nil: the real time
	Box        *seal.Box    // nil: a fresh key ring
	Log        *slog.Logger // nil: nothing is logged
	Unmigrated bool         // without a schema
}

// Each runs the test on a fresh database of each kind.
func Each(t *testing.T, test func(t *testing.T, d *db.DB)) {
	t.Helper()
	for _, dialect := range Dialects() {
		t.Run(string(dialect), func(t *testing.T) { test(t, Open(t, dialect, Options{})) })
	}
}

// EachAddress runs the test with what --database takes: a file that does not exist yet, or postgres://… of an empty
// database.
func EachAddress(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	for _, dialect := range Dialects() {
		t.Run(string(dialect), func(t *testing.T) { test(t, Address(t, dialect)) })
	}
}

// Bench runs the benchmark on a fresh database of each kind.
func Bench(b *testing.B, bench func(b *testing.B, d *db.DB)) {
	b.Helper()
	for _, dialect := range Dialects() {
		b.Run(string(dialect), func(b *testing.B) { bench(b, Open(b, dialect, Options{})) })
	}
}

// Address is a database that is empty and goes with the test. Without a PostgreSQL the test ends: skipped, or failed
// where CI=true.
func Address(t testing.TB, dialect Dialect) string {
	t.Helper()
	if dialect == Postgres {
		return postgres.New(t)
	}
	return filepath.Join(t.TempDir(), "countersign.db")
}

// Open opens a database and brings it to this release's schema. It is closed when the test ends.
func Open(t testing.TB, dialect Dialect, o Options) *db.DB {
	t.Helper()
	if o.Address == "" {
		o.Address = fresh(t, dialect, o.Unmigrated)
	}
	if o.Box == nil {
		o.Box = Box(t)
	}
	now := time.Now
	if o.Clock != nil {
		now = o.Clock.Now
	}
	d, err := db.Open(t.Context(), db.Options{URL: o.Address, Now: now, Random: rand.Reader, Box: o.Box, Log: o.Log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close the database: %v", err)
		}
	})
	if !o.Unmigrated {
		if err := d.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	return d
}

// fresh gives a new database. On PostgreSQL a schema takes long to make and is copied; Migrate then finds it done.
func fresh(t testing.TB, dialect Dialect, unmigrated bool) string {
	t.Helper()
	if dialect == Postgres && !unmigrated {
		postgres.Start(t) // ends the test when there is no PostgreSQL
		switch address, err := migrated(); {
		case err != nil:
			t.Fatal(err)
		case address != "":
			return postgres.Copy(t, address)
		}
	}
	return Address(t, dialect)
}

// migrated is a database with this release's schema, made once a process, to which nobody is connected.
var migrated = sync.OnceValues(func() (string, error) {
	address, err := postgres.Lasting()
	if address == "" || err != nil {
		return "", err
	}
	d, err := db.Open(context.Background(), db.Options{URL: address, Now: time.Now, Random: rand.Reader})
	if err != nil {
		return "", err
	}
	return address, errors.Join(d.Migrate(context.Background()), d.Close())
})

// Box makes a fresh key ring.
func Box(t testing.TB) *seal.Box {
	t.Helper()
	line, err := seal.NewKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	box, err := seal.Parse(line)
	if err != nil {
		t.Fatal(err)
	}
	return box
}

// Clock is a time that stands still until it is moved. Make one with NewClock.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock makes a clock that shows the given time.
func NewClock(at time.Time) *Clock { return &Clock{now: at} }

// Now is the time shown.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set shows another time, also an earlier one.
func (c *Clock) Set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = at
}

// Advance moves the time on.
func (c *Clock) Advance(by time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(by)
}
