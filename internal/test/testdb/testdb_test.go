package testdb_test

import (
	"database/sql"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"

	"countersign/internal/test/testdb"
)

func TestEach(t *testing.T) {
	seen := map[string]int{}
	testdb.Each(t, func(t *testing.T, address string) {
		driver := "sqlite"
		if strings.HasPrefix(address, "postgres://") {
			driver = "pgx"
		}
		pool, err := sql.Open(driver, address)
		if err != nil {
			t.Fatal(err)
		}
		defer pool.Close()
		if _, err := pool.ExecContext(t.Context(), `CREATE TABLE empty_until_now (id TEXT PRIMARY KEY)`); err != nil {
			t.Error(err)
		}
		seen[driver]++
	})
	if seen["sqlite"] != 1 {
		t.Errorf("ran on %v", seen)
	}
}
