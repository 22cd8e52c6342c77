//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package db_test

import (
	"testing"

	"countersign/internal/db"
	"countersign/internal/test/testdb"
)

// TestRelax looks at what the database itself says of how it waits for the disk.
func TestRelax(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		query, waits, hurries := `SELECT current_setting('synchronous_commit')`, "on", "off"
		if d.IsSQLite() {
			query, waits, hurries = `SELECT synchronous FROM pragma_synchronous`, "2", "0"
		}
		mode := func() (mode string) {
			t.Helper()
			err := d.Update(t.Context(), somebody, func(tx *db.Tx) error {
				_, err := db.One(tx, []any{&mode}, query)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return mode
		}
		if got := mode(); got != waits {
			t.Fatalf("it begins with %s", got)
		}
		if err := d.Relax(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := mode(); got != hurries {
			t.Errorf("relaxed it is %s", got)
		}
		if err := d.Update(t.Context(), somebody, func(tx *db.Tx) error { return writeWhole(tx, "a", true) }); err != nil {
			t.Error(err)
		}
		err := d.Keep(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO leases (name, holder, until) VALUES ('a', 'b', 1)`)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if err := d.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := mode(); got != waits {
			t.Errorf("settled it is %s", got)
		}
		if n := number(t, d, `SELECT count(*) FROM instance`); n != 1 {
			t.Errorf("%d rows were kept", n)
		}
	})
}
