package db_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"countersign/internal/db"
	"countersign/internal/test/postgres"
	"countersign/internal/test/testdb"
)

func TestConnectionLostDuringUpdate(t *testing.T) {
	for name, f := range map[string]func(address string, tx *db.Tx) error{
		"before a statement": func(address string, tx *db.Tx) error {
			if err := writeWhole(tx, "a", true); err != nil {
				return err
			}
			postgres.Cut(t, address)
			_, err := tx.Exec(insertThing, "b")
			return err
		},
		"before the commit": func(address string, tx *db.Tx) error {
			err := writeWhole(tx, "a", true)
			postgres.Cut(t, address)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			address := postgres.New(t)
			d := testdb.Open(t, testdb.Postgres, testdb.Options{Address: address})
			if err := d.Update(t.Context(), somebody, func(tx *db.Tx) error { return f(address, tx) }); err == nil {
				t.Error("no error")
			}
			wantUntouched(t, d)
		})
	}
}

// fillPools leaves many connections waiting in both pools.
func fillPools(t *testing.T, d *db.DB) {
	t.Helper()
	const many = 12
	for _, door := range []func(context.Context, func(*db.Tx) error) error{d.View, d.Keep} {
		var all, there sync.WaitGroup
		there.Add(many)
		for range many {
			all.Go(func() {
				arrived := sync.OnceFunc(there.Done)
				defer arrived() // also when it fails
				err := door(t.Context(), func(*db.Tx) error {
					arrived()
					there.Wait()
					return nil
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
}

func TestConnectionsLostInThePool(t *testing.T) {
	address := postgres.New(t)
	d := testdb.Open(t, testdb.Postgres, testdb.Options{Address: address})
	for name, next := range map[string]func(ctx context.Context) error{
		"Update": func(ctx context.Context) error {
			return d.Update(ctx, somebody, func(tx *db.Tx) error { return note(tx, "a") })
		},
		"View": func(ctx context.Context) error { return d.View(ctx, func(*db.Tx) error { return nil }) },
		"Keep": func(ctx context.Context) error { return d.Keep(ctx, func(*db.Tx) error { return nil }) },
		"Ping": d.Ping,
	} {
		fillPools(t, d)
		fillPools(t, d) // the driver asks a connection that rested for a second whether it lives; these were used just now
		postgres.Cut(t, address)
		for i := range 3 {
			if err := next(t.Context()); err != nil {
				t.Errorf("%s, call %d after the connections were lost: %v", name, i+1, err)
			}
		}
	}
}

func TestServerStopsAndStarts(t *testing.T) {
	server := postgres.Own(t)
	d := testdb.Open(t, testdb.Postgres, testdb.Options{Address: server.Address})
	fillPools(t, d)
	err := d.Update(t.Context(), somebody, func(tx *db.Tx) error {
		if err := writeWhole(tx, "a", true); err != nil {
			return err
		}
		server.Stop(t)
		return nil
	})
	if err == nil {
		t.Error("committed on a server that had stopped")
	}
	for name, call := range map[string]func() error{
		"Update": func() error {
			return d.Update(t.Context(), somebody, func(tx *db.Tx) error { return note(tx, "a") })
		},
		"View": func() error { return d.View(t.Context(), func(*db.Tx) error { return nil }) },
		"Ping": func() error { return d.Ping(t.Context()) },
	} {
		if err := call(); err == nil {
			t.Errorf("%s answered without a server", name)
		}
	}
	server.Start(t)
	wantUntouched(t, d)
}

// TestDeadlockIsTriedAgain has an update and a bookkeeper lock the same two rows
// crosswise; PostgreSQL ends one of them, and that one is run again. On SQLite
// there is one writer and so no deadlock.
func TestDeadlockIsTriedAgain(t *testing.T) {
	d := testdb.Open(t, testdb.Postgres, testdb.Options{})
	grow := func(tx *db.Tx, name string) error {
		_, err := tx.Exec(`INSERT INTO leases (name, holder, until) VALUES ($1, '', 1) ON CONFLICT (name) DO UPDATE SET until = leases.until + 1`, name)
		return err
	}
	if err := d.Keep(t.Context(), func(tx *db.Tx) error { return errors.Join(grow(tx, "a"), grow(tx, "b")) }); err != nil {
		t.Fatal(err)
	}
	var both, all sync.WaitGroup
	both.Add(2)
	var runs atomic.Int64
	crosswise := func(first, second string) func(tx *db.Tx) error {
		var once sync.Once
		return func(tx *db.Tx) error {
			runs.Add(1)
			if err := grow(tx, first); err != nil {
				return err
			}
			once.Do(func() { both.Done(); both.Wait() })
			if err := grow(tx, second); err != nil {
				return fmt.Errorf("grow the second: %w", err)
			}
			if first == "a" {
				return nil
			}
			return note(tx, "x")
		}
	}
	all.Go(func() {
		if err := d.Keep(t.Context(), crosswise("a", "b")); err != nil {
			t.Error(err)
		}
	})
	all.Go(func() {
		if err := d.Update(t.Context(), somebody, crosswise("b", "a")); err != nil {
			t.Error(err)
		}
	})
	all.Wait()
	if n := number(t, d, `SELECT min(until) FROM leases`); n != 3 || runs.Load() < 3 {
		t.Errorf("grown to %d in %d runs, want 3 in at least 3", n, runs.Load())
	}
}
