//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package db_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/db"
	"countersign/internal/test/testdb"
)

// TestBlocks holds that numbers and bytes come back as they are on both databases, and that a query for anything else is refused.
func TestBlocks(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		const some = `SELECT CAST(1 AS BIGINT), CAST('a' AS BYTEA) UNION ALL SELECT -9223372036854775808, CAST('' AS BYTEA) UNION ALL SELECT 9223372036854775807, NULL`
		query := some
		if d.IsSQLite() {
			query = strings.ReplaceAll(some, "BYTEA", "BLOB")
		}
		view := func(f func(tx *db.Tx) error) error { return d.View(t.Context(), f) }
		t.Run("as they are", func(t *testing.T) {
			got := map[int64]string{}
			err := view(func(tx *db.Tx) error {
				return db.Blocks(tx, func(n int64, b []byte) { got[n] = string(bytes.Clone(b)) }, query)
			})
			if diff := cmp.Diff(map[int64]string{1: "a", -1 << 63: "", 1<<63 - 1: ""}, got); diff != "" || err != nil {
				t.Errorf("%v\n%s", err, diff)
			}
		})
		t.Run("no statement runs within it, and others after it", func(t *testing.T) {
			err := view(func(tx *db.Tx) error {
				var inner error
				var n int
				err := db.Blocks(tx, func(int64, []byte) { _, inner = db.One(tx, []any{&n}, `SELECT 1`) }, query)
				if inner == nil || err != nil {
					return fmt.Errorf("%v, %v", inner, err)
				}
				_, err = db.One(tx, []any{&n}, `SELECT 2`)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
		for name, query := range map[string]string{"one column": `SELECT 1`, "an error": `SELECT nothing FROM nowhere`, "a write": `DELETE FROM found_by`} {
			t.Run(name+" is refused", func(t *testing.T) {
				if err := view(func(tx *db.Tx) error { return db.Blocks(tx, func(int64, []byte) {}, query) }); err == nil {
					t.Error("no error")
				}
			})
		}
	})
}
