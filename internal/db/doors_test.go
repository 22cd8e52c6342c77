package db_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/db"
	"countersign/internal/test/testdb"
)

func TestUpdateRollsBack(t *testing.T) {
	errMine := errors.New("mine")
	for name, c := range map[string]struct {
		f    func(tx *db.Tx) error
		want error
	}{
		"when nothing was recorded": {func(tx *db.Tx) error {
			_, err := tx.Exec(insertThing, "a")
			return err
		}, db.ErrNotRecorded},
		"when a row was written by a query and nothing recorded": {func(tx *db.Tx) error {
			_, err := db.Column(tx, insertThing+` RETURNING name`, "a")
			return err
		}, db.ErrNotRecorded},
		"when only a last statement was given": {func(tx *db.Tx) error { return tx.ExecLast(insertThing, "a") }, db.ErrNotRecorded},
		"with the function's own error": {func(tx *db.Tx) error {
			if err := writeWhole(tx, "a", true); err != nil {
				return err
			}
			return errMine
		}, errMine},
	} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, d *db.DB) {
				if err := d.Update(t.Context(), somebody, c.f); err != c.want {
					t.Errorf("%v, want %v itself", err, c.want)
				}
				wantUntouched(t, d)
			})
		})
	}
}

// wantUntouched checks that nothing of an update is left, and that the next one works.
func wantUntouched(t *testing.T, d *db.DB) {
	t.Helper()
	for _, table := range []string{"instance", "audit_entries", "outbox", "access_changes"} {
		if n := number(t, d, `SELECT count(*) FROM `+table); n != 0 {
			t.Errorf("%d rows are left in %s", n, table)
		}
	}
	if seq := number(t, d, `SELECT seq FROM ledger`); seq != 0 {
		t.Errorf("the ledger stands at %d", seq)
	}
	if err := d.Update(context.WithoutCancel(t.Context()), somebody, func(tx *db.Tx) error { return writeWhole(tx, "next", true) }); err != nil {
		t.Errorf("the next update: %v", err)
	}
	if seq := number(t, d, `SELECT max(seq) FROM audit_entries`); seq != 1 {
		t.Errorf("the next update's entry has number %d", seq)
	}
}

func TestUpdateThatChangesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Update(t.Context(), somebody, func(tx *db.Tx) error {
			_, err := db.Column(tx, `SELECT name FROM instance`)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		wantUntouched(t, d)
	})
}

func TestUpdatePanics(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		func() {
			defer func() {
				if recover() != "mine" {
					t.Error("the panic did not come through")
				}
			}()
			d.Update(t.Context(), somebody, func(tx *db.Tx) error {
				if err := writeWhole(tx, "a", true); err != nil {
					return err
				}
				rows, err := tx.Query(`SELECT name FROM instance`)
				if err != nil {
					return err
				}
				rows.Next() // and left open
				panic("mine")
			})
		}()
		wantUntouched(t, d)
	})
}

func TestUpdateAfterAFailedStatement(t *testing.T) {
	twice := func(tx *db.Tx) (int64, error) {
		if _, err := tx.Exec(insertThing, "a"); err != nil {
			return 0, err
		}
		return tx.Exec(insertThing, "a")
	}
	for name, f := range map[string]func(tx *db.Tx) error{
		"swallowed": func(tx *db.Tx) error {
			twice(tx)
			note(tx, "a")
			return nil
		},
		"and another statement": func(tx *db.Tx) error {
			if _, err := twice(tx); !db.Violates(err, "instance.name") {
				t.Errorf("twice the same name: %v", err)
			}
			if _, err := tx.Exec(insertThing, "b"); err == nil {
				t.Error("a statement ran after one that failed")
			}
			return note(tx, "a")
		},
		"at the commit": func(tx *db.Tx) error {
			if _, err := tx.Exec(insertThing, "a"); err != nil {
				return err
			}
			return errors.Join(tx.ExecLast(insertThing, "a"), note(tx, "a"))
		},
		"of a query": func(tx *db.Tx) error {
			twice := func() error { _, err := db.Column(tx, insertThing+` RETURNING name`, "a"); return err }
			if err := twice(); err != nil {
				return err
			}
			twice()
			return note(tx, "a")
		},
		"by a deferred constraint": func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO accounts (id, entity_id, profile, profile_version, environment, created_at)
				VALUES ('acc_1', 'ent_nowhere', 'standard', 1, 'test', 0)`)
			return errors.Join(err, note(tx, "a"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, d *db.DB) {
				if err := d.Update(t.Context(), somebody, f); err == nil {
					t.Error("committed")
				}
				wantUntouched(t, d)
			})
		})
	}
}

// TestRowsThatFailed: PostgreSQL can fail at a later row, and somebody can forget
// to ask rows.Err. SQLite divides by zero without an error.
func TestRowsThatFailed(t *testing.T) {
	d := testdb.Open(t, testdb.Postgres, testdb.Options{})
	forget := func(tx *db.Tx) {
		if drain(tx, `SELECT 1 / (2 - n) FROM (VALUES (1), (2)) AS numbers (n)`) == nil {
			t.Error("the rows did not fail")
		}
	}
	err := d.Keep(t.Context(), func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO leases (name, holder, until) VALUES ('a', 'b', 1)`)
		forget(tx)
		return err
	})
	if err == nil {
		t.Error("Keep says it is done, and PostgreSQL has rolled it back")
	}
	err = d.Update(t.Context(), somebody, func(tx *db.Tx) error {
		err := writeWhole(tx, "a", true)
		forget(tx)
		return err
	})
	if err == nil {
		t.Error("Update says it is done, and PostgreSQL has rolled it back")
	}
	wantUntouched(t, d)
}

func TestStatementInsideTheRowsOfAnother(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		err := d.View(t.Context(), func(tx *db.Tx) error {
			_, err := db.All(tx, func(r *sql.Rows) ([]string, error) { return db.Column(tx, `SELECT name FROM instance`) }, `SELECT id FROM ledger`)
			return err
		})
		if err == nil {
			t.Error("ran: on PostgreSQL the connection is busy, so it must not on SQLite either")
		}
	})
}

func TestTxAfterItsEnd(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		var kept *db.Tx
		if err := d.View(t.Context(), func(tx *db.Tx) error { kept = tx; return nil }); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Column(kept, `SELECT name FROM instance`); err == nil {
			t.Error("a transaction that has ended still reads")
		}
	})
}

func TestUpdateCancelled(t *testing.T) {
	for name, during := range map[string]func(cancel func(), tx *db.Tx) error{
		"before a statement": func(cancel func(), tx *db.Tx) error {
			if err := writeWhole(tx, "a", true); err != nil {
				return err
			}
			cancel()
			_, err := tx.Exec(insertThing, "b")
			return err
		},
		"before the commit": func(cancel func(), tx *db.Tx) error {
			defer cancel()
			return writeWhole(tx, "a", true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			testdb.Each(t, func(t *testing.T, d *db.DB) {
				ctx, cancel := context.WithCancel(t.Context())
				err := d.Update(ctx, somebody, func(tx *db.Tx) error { return during(cancel, tx) })
				if !errors.Is(err, context.Canceled) {
					t.Errorf("%v, want that it was cancelled", err)
				}
				wantUntouched(t, d)
			})
		})
	}
	t.Run("while it waits for its turn", func(t *testing.T) {
		testdb.Each(t, func(t *testing.T, d *db.DB) {
			err := d.Update(t.Context(), somebody, func(*db.Tx) error {
				ctx, cancel := context.WithCancel(t.Context())
				waits := make(chan error)
				go func() {
					waits <- d.Update(ctx, somebody, func(tx *db.Tx) error { return writeWhole(tx, "second", false) })
				}()
				cancel()
				if err := <-waits; !errors.Is(err, context.Canceled) {
					t.Errorf("%v, want that it was cancelled", err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			wantUntouched(t, d)
		})
	})
}

func TestSequence(t *testing.T) {
	const writers, each = 16, 25
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		var all sync.WaitGroup
		for w := range writers {
			all.Go(func() {
				for i := range each {
					err := d.Update(t.Context(), somebody, func(tx *db.Tx) error {
						// What is numbered before must be seen by whoever is numbered after.
						var before, last int64
						if _, err := db.One(tx, []any{&before, &last}, `SELECT count(*), COALESCE(max(seq), 0) FROM audit_entries`); err != nil {
							return err
						}
						if i%5 == 4 { // an update may have several entries
							if err := note(tx, "more"); err != nil {
								return err
							}
						}
						if before != last {
							t.Errorf("%d entries, the last is number %d", before, last)
						}
						if i%7 == 6 {
							return errors.New("rolled back, its numbers are used again")
						}
						return note(tx, fmt.Sprint(w))
					})
					if err != nil && i%7 != 6 {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		entries, last, ledger := number(t, d, `SELECT count(*) FROM audit_entries`), number(t, d, `SELECT max(seq) FROM audit_entries`), number(t, d, `SELECT seq FROM ledger`)
		if entries == 0 || entries != last || ledger != last {
			t.Errorf("%d entries, the last is number %d, the ledger stands at %d", entries, last, ledger)
		}
		later := number(t, d, `SELECT count(*) FROM audit_entries a JOIN audit_entries b ON b.seq = a.seq + 1 WHERE b.at < a.at`)
		if later != 0 {
			t.Errorf("%d entries are older than the one before them", later)
		}
	})
}

func TestLostUpdatesAreImpossible(t *testing.T) {
	const goroutines, each = 100, 3
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Update(t.Context(), somebody, func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO instance (name, value) VALUES ('counter', '0')`)
			return errors.Join(err, note(tx, "counter"))
		})
		if err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for range goroutines {
			all.Go(func() {
				for range each {
					if err := d.Update(t.Context(), somebody, increment); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
		if n := number(t, d, `SELECT CAST(value AS BIGINT) FROM instance WHERE name = 'counter'`); n != goroutines*each {
			t.Errorf("the counter stands at %d, want %d", n, goroutines*each)
		}
	})
}

// increment reads, computes in Go and writes: the way that loses updates when two do it at once.
func increment(tx *db.Tx) error {
	var value string
	if _, err := db.One(tx, []any{&value}, `SELECT value FROM instance WHERE name = 'counter'`); err != nil {
		return err
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE instance SET value = $1 WHERE name = 'counter'`, strconv.Itoa(n+1)); err != nil {
		return err
	}
	return note(tx, "counter")
}

func TestRevision(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		var heard []int64
		d.OnRevised(func(ctx context.Context, revision int64) {
			now, err := d.Revision(ctx) // committed already, and asking does not hang
			if err != nil || now != revision {
				t.Errorf("revision %d, %v; told of %d", now, err, revision)
			}
			heard = append(heard, revision)
		})
		for _, c := range []struct {
			name    string
			change  func(tx *db.Tx)
			heard   []int64
			changes []string
		}{
			{"nothing that a decision reads", func(tx *db.Tx) {}, nil, nil},
			{"a user, twice", func(tx *db.Tx) { tx.ChangedUser("usr_1"); tx.ChangedUser("usr_1") }, []int64{2}, []string{"2 user usr_1"}},
			{"two users", func(tx *db.Tx) { tx.ChangedUser("usr_1"); tx.ChangedUser("usr_2") }, []int64{3}, []string{"3 user usr_1", "3 user usr_2"}},
			{"tokens and everything", func(tx *db.Tx) { tx.ChangedTokens(); tx.ChangedAccess() }, []int64{4}, []string{"4 all ", "4 tokens "}},
			{"parts of the tree and roles", func(tx *db.Tx) {
				tx.ChangedEntity("ent_1")
				tx.ChangedAccount("acc_1")
				tx.ChangedLocation("loc_1")
				tx.ChangedRole("rol_1")
				tx.ChangedRoles("acc_1")
			}, []int64{5}, []string{"5 account acc_1", "5 entity ent_1", "5 location loc_1", "5 role rol_1", "5 roles acc_1"}},
		} {
			heard = nil
			before, err := d.Revision(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			err = d.Update(t.Context(), somebody, func(tx *db.Tx) error {
				if tx.Revision() != before {
					t.Errorf("%s: starts from %d, want %d", c.name, tx.Revision(), before)
				}
				c.change(tx)
				return note(tx, "a")
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.heard, heard); diff != "" {
				t.Errorf("%s: before Update returned, -want +got:\n%s", c.name, diff)
			}
			var rows []string
			err = d.View(t.Context(), func(tx *db.Tx) (err error) {
				rows, err = db.All(tx, func(r *sql.Rows) (string, error) {
					var revision int64
					var kind, id string
					err := r.Scan(&revision, &kind, &id)
					return fmt.Sprint(revision, " ", kind, " ", id), err
				}, `SELECT revision, kind, id FROM access_changes WHERE revision > $1 ORDER BY kind, id`, before)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.changes, rows); diff != "" {
				t.Errorf("%s: access_changes, -want +got:\n%s", c.name, diff)
			}
		}

		heard = nil
		d.Update(t.Context(), somebody, func(tx *db.Tx) error {
			tx.ChangedAccess()
			return errors.Join(note(tx, "a"), errors.New("rolled back"))
		})
		if after, _ := d.Revision(t.Context()); after != 5 || len(heard) != 0 {
			t.Errorf("after a rollback: revision %d, told of %v", after, heard)
		}
	})
}

func TestViewIsOneSnapshot(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		stop, ended := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(ended)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := d.Update(context.WithoutCancel(t.Context()), somebody, func(tx *db.Tx) error { return writeWhole(tx, fmt.Sprint(i), false) }); err != nil {
					t.Error(err)
					return
				}
			}
		}()
		moved := false
		for round, last := 0, int64(-1); round < 100 || !moved; round++ {
			err := d.View(t.Context(), func(tx *db.Tx) error {
				var counts []int64
				for _, query := range []string{`SELECT seq FROM ledger`, `SELECT count(*) FROM instance`, `SELECT count(*) FROM audit_entries`, `SELECT seq FROM ledger`} {
					var n int64
					if _, err := db.One(tx, []any{&n}, query); err != nil {
						return err
					}
					counts = append(counts, n)
				}
				if len(slices.Compact(slices.Clone(counts))) != 1 {
					t.Errorf("ledger, things, entries, ledger: %v", counts)
				}
				moved = moved || (last >= 0 && counts[0] > last)
				last = counts[0]
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		close(stop)
		<-ended
	})
}

func TestViewCannotWrite(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		for _, query := range []string{
			`INSERT INTO leases (name, holder, until) VALUES ('a', 'b', 1)`,
			`INSERT INTO leases (name, holder, until) VALUES ('a', 'b', 1) RETURNING name`,
			`WITH x AS (SELECT 'a' AS name) INSERT INTO instance (name, value) SELECT name, name FROM x`,
			`WITH x AS (INSERT INTO instance (name, value) VALUES ('a', 'b') RETURNING name) SELECT name FROM x`,
			`SELECT name FROM instance; INSERT INTO instance (name, value) VALUES ('a', 'b')`,
			`DELETE FROM ledger`,
			`CREATE TABLE mine (id TEXT)`,
			`PRAGMA query_only = 0`,
		} {
			for name, do := range map[string]func(tx *db.Tx) error{
				"Exec":     func(tx *db.Tx) error { _, err := tx.Exec(query); return err },
				"All":      func(tx *db.Tx) error { _, err := db.Column(tx, query); return err },
				"Query":    func(tx *db.Tx) error { return drain(tx, query) },
				"ExecLast": func(tx *db.Tx) error { return tx.ExecLast(query) },
			} {
				if err := d.View(t.Context(), do); err == nil {
					t.Errorf("%s wrote: %s", name, query)
				}
			}
		}
		wantUntouched(t, d)
	})
}

// drain reads all rows of a query.
func drain(tx *db.Tx, query string) error {
	rows, err := tx.Query(query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
	}
	return rows.Err()
}
