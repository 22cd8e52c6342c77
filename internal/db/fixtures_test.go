//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package db_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/db"
	"countersign/internal/test/testdb"
)

// TestFixtures migrates a database of every released schema. testdata/schema-NNNN.sql
// holds rows in what that step added as plain statements that both databases take,
// in an order that the foreign keys accept; it is written by hand together with its
// step, and never changed once that is released. Into each schema the fixtures up
// to its own are loaded, and it is brought to the newest.
func TestFixtures(t *testing.T) {
	steps, err := db.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	var text []byte
	for n := range steps {
		file := filepath.Join("testdata", fmt.Sprintf("schema-%04d.sql", n+1))
		more, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("schema %04d has no fixture: %v", n+1, err)
			continue
		}
		text = append(text, more...)
		script := string(text)
		for _, dialect := range testdb.Dialects() {
			t.Run(filepath.Base(file)+"/"+string(dialect), func(t *testing.T) {
				d := testdb.Open(t, dialect, testdb.Options{Unmigrated: true})
				if err := d.MigrateTo(t.Context(), steps[:n+1]); err != nil {
					t.Fatal(err)
				}
				if err := d.Script(t.Context(), script); err != nil {
					t.Fatal(err)
				}
				if err := errors.Join(d.Migrate(t.Context()), d.Ready(t.Context())); err != nil {
					t.Fatal(err)
				}
				wantFixture(t, d)
			})
		}
	}
}

// wantFixture checks that what the fixtures hold is there and that the database is in use again.
func wantFixture(t *testing.T, d *db.DB) {
	t.Helper()
	var name, hash string
	read(t, d, []any{&name, &hash}, `SELECT first_name, password_hash FROM users WHERE id = 'usr_1'`)
	if diff := cmp.Diff("Zoë", name); diff != "" {
		t.Error(diff)
	}
	if n := number(t, d, `SELECT count(*) FROM memberships m JOIN assignments a ON a.account_id = m.account_id AND a.membership_id = m.id JOIN roles r ON r.account_id = a.account_id AND r.id = a.role_id`); n != 1 {
		t.Errorf("%d assignments", n)
	}
	if n := number(t, d, `SELECT count(*) FROM accounts a WHERE a.users <> (SELECT count(*) FROM memberships m WHERE m.account_id = a.id)`); n != 0 {
		t.Error("an account's users are not counted")
	}
	if n := number(t, d, `SELECT (SELECT count(*) FROM service_tokens WHERE id = 'tok_1' AND kind = 'decisions' AND revoked_by = 'usr_1') - (SELECT count(*) FROM roles WHERE id = 'rol_3')`); n != 0 {
		t.Error("a service token did not come along") // of the same fixture as the role
	}
	before := number(t, d, `SELECT seq FROM ledger`)
	if err := d.Update(t.Context(), somebody, func(tx *db.Tx) error { return writeWhole(tx, "new", true) }); err != nil {
		t.Error(err)
	}
	if last := number(t, d, `SELECT max(seq) FROM audit_entries`); last != before+1 {
		t.Errorf("the next entry has number %d, want %d", last, before+1)
	}
}
