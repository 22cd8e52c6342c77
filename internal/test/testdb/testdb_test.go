package testdb_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/db"
	"countersign/internal/test/testdb"
)

func TestEach(t *testing.T) {
	var ran []bool
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		ran = append(ran, d.IsSQLite())
		if err := d.Ready(t.Context()); err != nil {
			t.Error(err)
		}
	})
	if len(ran) == 0 || !ran[0] {
		t.Errorf("ran on SQLite first: %v", ran)
	}
	if len(ran) == 2 && ran[1] {
		t.Error("ran on SQLite twice")
	}
}

func TestOpen(t *testing.T) {
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			clock := testdb.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
			address := testdb.Address(t, dialect)
			d := testdb.Open(t, dialect, testdb.Options{Address: address, Clock: clock, Unmigrated: true})
			if err := d.Ready(t.Context()); err == nil {
				t.Error("a schema was made")
			}
			before := d.Now()
			clock.Advance(90 * time.Second)
			if diff := cmp.Diff(int64(90_000_000), d.Now()-before); diff != "" {
				t.Error(diff)
			}
			testdb.Open(t, dialect, testdb.Options{Address: address})
			if err := d.Ready(t.Context()); err != nil {
				t.Errorf("the second opening is not of the same database: %v", err)
			}
		})
	}
}
