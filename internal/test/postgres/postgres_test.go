package postgres_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"countersign/internal/test/postgres"
)

func TestNew(t *testing.T) {
	first, second := connect(t, postgres.New(t)), connect(t, postgres.New(t))

	t.Run("each test has a database of its own", func(t *testing.T) {
		if _, err := first.Exec(t.Context(), `CREATE TABLE only_here (id TEXT)`); err != nil {
			t.Fatal(err)
		}
		if _, err := second.Exec(t.Context(), `SELECT id FROM only_here`); err == nil {
			t.Error("the second database has the first one's table")
		}
	})

	for setting, want := range map[string]string{"fsync": "on", "server_encoding": "UTF8", "listen_addresses": "127.0.0.1"} {
		t.Run(setting, func(t *testing.T) {
			var got string
			if err := first.QueryRow(t.Context(), `SELECT current_setting($1)`, setting).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}

	t.Run("capital letters sort before small ones, as in SQLite", func(t *testing.T) {
		var got bool
		if err := first.QueryRow(t.Context(), `SELECT 'Z' < 'a' AND 'z' < 'é'`).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if !got {
			t.Error("the database does not sort in the C locale")
		}
	})
}

func TestNewDropsItsDatabase(t *testing.T) {
	var address string
	t.Run("a test", func(t *testing.T) { address = postgres.New(t) })
	if address == "" {
		t.Skip("no PostgreSQL")
	}
	if connection, err := pgx.Connect(t.Context(), address); err == nil {
		connection.Close(t.Context())
		t.Error("the database outlived its test")
	}
}

func TestCut(t *testing.T) {
	address := postgres.New(t)
	connection := connect(t, address)
	postgres.Cut(t, address)
	if _, err := connection.Exec(t.Context(), `SELECT 1`); err == nil {
		t.Error("the connection survived")
	}
}

func connect(t *testing.T, address string) *pgx.Conn {
	t.Helper()
	connection, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return connection
}
