// Package testdb gives tests an empty database of each kind that the product runs on.
//
// Its one rule: what is promised of one database is shown on both.
package testdb

import (
	"path/filepath"
	"testing"

	"countersign/internal/test/postgres"
)

// Each runs the test once on SQLite and once on PostgreSQL, as subtests "sqlite" and "postgres". The address is what
// --database takes: a file that does not exist yet, or postgres://… of an empty database.
func Each(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, SQLite(t)) })
	t.Run("postgres", func(t *testing.T) { test(t, postgres.New(t)) })
}

// SQLite is the name of a database file that does not exist yet, in a folder that goes with the test.
func SQLite(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "countersign.db")
}
