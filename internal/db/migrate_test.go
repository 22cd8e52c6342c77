package db_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/test/postgres"
	"countersign/internal/test/testdb"
)

// plus is this release's steps and another.
func plus(t *testing.T, text string) []db.Migration {
	t.Helper()
	steps, err := db.Migrations()
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(text))
	return append(steps, db.Migration{Number: len(steps) + 1, Name: "another", SQL: text, Checksum: hex.EncodeToString(sum[:])})
}

// before is the copy that the step after this release's makes of a file.
func before(t *testing.T, file string) string {
	t.Helper()
	return fmt.Sprintf("%s.before-%04d", file, len(plus(t, "")))
}

const addTable = `CREATE TABLE another (id TEXT PRIMARY KEY); INSERT INTO another (id) VALUES ('one')`

func TestMigrateTwice(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		if err := errors.Join(d.Migrate(t.Context()), d.Ready(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

func TestMigrateAtOnce(t *testing.T) {
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			o := testdb.Options{Address: testdb.Address(t, dialect), Unmigrated: true}
			var all sync.WaitGroup
			for range 4 {
				d := testdb.Open(t, dialect, o)
				all.Go(func() {
					if err := d.MigrateTo(t.Context(), plus(t, addTable)); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			d := testdb.Open(t, dialect, o)
			if n := number(t, d, `SELECT count(*) FROM schema_migrations`); n != int64(len(plus(t, addTable))) {
				t.Errorf("%d steps are noted", n)
			}
			if n := number(t, d, `SELECT count(*) FROM another`); n != 1 {
				t.Errorf("the step ran %d times", n)
			}
		})
	}
}

func TestMigrateRefuses(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		steps := plus(t, addTable)
		if err := d.MigrateTo(t.Context(), steps); err != nil {
			t.Fatal(err)
		}
		t.Run("a database of a newer release", func(t *testing.T) {
			if err := d.Migrate(t.Context()); !errors.Is(err, db.ErrNewerSchema) {
				t.Errorf("Migrate: %v", err)
			}
			if err := d.Ready(t.Context()); !errors.Is(err, db.ErrNewerSchema) {
				t.Errorf("Ready: %v", err)
			}
		})
		t.Run("a step whose text has changed", func(t *testing.T) {
			for _, at := range []int{0, len(steps) - 1} {
				changed := slices.Clone(steps)
				changed[at].Checksum = strings.Repeat("0", 64)
				if err := d.MigrateTo(t.Context(), changed); err == nil || !strings.Contains(err.Error(), "another text") {
					t.Errorf("step %d: %v", at+1, err)
				}
			}
		})
	})
}

func TestMigrateFailingStepLeavesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		if err := d.MigrateTo(t.Context(), plus(t, addTable+`; INSERT INTO nowhere (id) VALUES ('x')`)); err == nil {
			t.Fatal("a broken step was applied")
		}
		err := d.View(t.Context(), func(tx *db.Tx) error {
			_, err := db.Column(tx, `SELECT id FROM another`)
			return err
		})
		if err == nil {
			t.Error("half a step is left")
		}
		if err := d.Ready(t.Context()); err != nil {
			t.Errorf("the database no longer has this release's schema: %v", err)
		}
		if err := d.MigrateTo(t.Context(), plus(t, addTable)); err != nil {
			t.Errorf("the mended step: %v", err)
		}
	})
}

func TestMigrateCopiesTheFileBefore(t *testing.T) {
	file := testdb.Address(t, testdb.SQLite)
	d := testdb.Open(t, testdb.SQLite, testdb.Options{Address: file})
	if err := d.Update(t.Context(), somebody, func(tx *db.Tx) error { return writeWhole(tx, "kept", false) }); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(file + ".before-*"); len(left) != 0 {
		t.Errorf("the first schema made copies: %v", left)
	}
	if err := d.MigrateTo(t.Context(), plus(t, addTable+`; DELETE FROM instance`)); err != nil {
		t.Fatal(err)
	}
	copied := before(t, file)
	info, err := os.Stat(copied)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("the copy can be read by others: %v", info.Mode())
	}
	old := testdb.Open(t, testdb.SQLite, testdb.Options{Address: copied}) // this release goes on with it
	if n := number(t, old, `SELECT count(*) FROM instance WHERE name = 'kept'`); n != 1 {
		t.Error("the copy does not hold what the file held")
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(file), ".copy-*")); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	if err := d.MigrateTo(t.Context(), plus(t, addTable+`; DELETE FROM instance`)); err != nil {
		t.Fatal(err)
	}
	if copies, _ := filepath.Glob(file + ".before-*"); len(copies) > 3 { // the copy, and the -wal and -shm of its opening
		t.Errorf("a start without a step copied again: %v", copies)
	}
}

func TestMigrateKeepsAnEarlierCopy(t *testing.T) {
	file := testdb.Address(t, testdb.SQLite)
	d := testdb.Open(t, testdb.SQLite, testdb.Options{Address: file})
	copied := before(t, file)
	if err := os.WriteFile(copied, []byte("earlier"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := d.MigrateTo(t.Context(), plus(t, addTable)); err != nil {
		t.Fatal(err)
	}
	if text, _ := os.ReadFile(copied); string(text) != "earlier" {
		t.Error("the earlier copy was overwritten")
	}
	if copies, _ := filepath.Glob(copied + ".*"); len(copies) != 1 {
		t.Errorf("copies: %v", copies)
	}
}

func TestPostgresMustSortByBytes(t *testing.T) {
	server := postgres.Start(t)
	for name, c := range map[string]struct{ options, want string }{
		"another collation": {`LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' ENCODING 'UTF8'`, `sorts by "C.UTF-8"`},
		"ICU":               {`LOCALE_PROVIDER icu ICU_LOCALE 'en' LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'`, `sorts by`},
		"another encoding":  {`LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'SQL_ASCII'`, `SQL_ASCII`},
	} {
		t.Run(name, func(t *testing.T) {
			database := "test_" + strings.ToLower(rand.Text())
			postgres.Exec(t, server, `CREATE DATABASE `+database+` TEMPLATE template0 `+c.options)
			t.Cleanup(func() { postgres.Exec(t, server, `DROP DATABASE `+database+` WITH (FORCE)`) })
			address, err := url.Parse(server)
			if err != nil {
				t.Fatal(err)
			}
			address.Path = "/" + database
			d, err := open(t.Context(), t, address.String())
			if err == nil {
				d.Close()
				t.Fatal("opened")
			}
			for _, want := range []string{c.want, "CREATE DATABASE countersign TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%v: want %s", err, want)
				}
			}
		})
	}
}

func TestOpenFails(t *testing.T) {
	for name, address := range map[string]string{
		"a folder that is not there": filepath.Join(t.TempDir(), "nowhere", "countersign.db"),
		"a folder":                   t.TempDir(),
		"a file that is no database": notADatabase(t),
		"nobody listens":             "postgres://someone:hunter2@127.0.0.1:1/countersign?sslmode=disable",
		"a broken address":           "postgres://someone:hunter2@127.0.0.1:port/countersign",
	} {
		t.Run(name, func(t *testing.T) {
			d, err := open(t.Context(), t, address)
			if err == nil {
				d.Close()
				t.Fatal("opened")
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the password: %v", err)
			}
		})
	}
}

func notADatabase(t *testing.T) string {
	file := filepath.Join(t.TempDir(), "letter.txt")
	if err := os.WriteFile(file, []byte(strings.Repeat("Dear Sir or Madam, ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func open(ctx context.Context, t *testing.T, address string) (*db.DB, error) {
	return db.Open(ctx, db.Options{URL: address, Now: time.Now, Random: rand.Reader, Box: testdb.Box(t)})
}

func TestOpenOddFileNames(t *testing.T) {
	for _, name := range []string{"with blanks and ünïcödé.db", "100%.db", "a?b#c&d=e.db", "file:x.db", "-"} {
		file := filepath.Join(t.TempDir(), name)
		d := testdb.Open(t, testdb.SQLite, testdb.Options{Address: file})
		if err := d.Update(t.Context(), somebody, func(tx *db.Tx) error { return writeWhole(tx, "a", false) }); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if info, err := os.Stat(file); err != nil || info.Size() == 0 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	t.Chdir(t.TempDir())
	testdb.Open(t, testdb.SQLite, testdb.Options{Address: "relative.db"})
	if _, err := os.Stat("relative.db"); err != nil {
		t.Error(err)
	}
}
