package db

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Migration is one numbered step of the schema.
type Migration struct {
	Number   int
	Name     string
	SQL      string            // for both databases: migrations/NNNN_NAME.sql
	Only     map[string]string // by database, what is run there after it: NNNN_NAME.sqlite.sql, NNNN_NAME.postgres.sql
	Checksum string            // SHA-256 of all its texts, in hexadecimal
}

// Migrations lists the steps of this release, in order, without gaps from 1.
func Migrations() ([]Migration, error) {
	entries, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, err
	}
	var all []Migration
	for _, e := range entries {
		parts := strings.Split(e.Name(), ".")
		if len(parts) == 3 {
			continue // read with its step
		}
		digits, name, ok := strings.Cut(parts[0], "_")
		number, err := strconv.Atoi(digits)
		if !ok || err != nil || number != len(all)+1 {
			return nil, fmt.Errorf("migrations/%s: want number %04d", e.Name(), len(all)+1)
		}
		m, err := readMigration(number, name, parts[0])
		if err != nil {
			return nil, err
		}
		all = append(all, m)
	}
	return all, nil
}

func readMigration(number int, name, stem string) (Migration, error) {
	text, err := migrationFiles.ReadFile(path.Join("migrations", stem+".sql"))
	if err != nil {
		return Migration{}, err
	}
	m := Migration{Number: number, Name: name, SQL: string(text)}
	sum := sha256.New()
	sum.Write(text)
	for _, database := range []dialect{postgres, sqlite} {
		text, err := migrationFiles.ReadFile(path.Join("migrations", stem+"."+database.String()+".sql"))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return Migration{}, err
		}
		if m.Only == nil {
			m.Only = map[string]string{}
		}
		m.Only[database.String()] = string(text)
		fmt.Fprintf(sum, "\n-- %s\n%s", database, text)
	}
	m.Checksum = hex.EncodeToString(sum.Sum(nil))
	return m, nil
}

// Migrate brings the schema to this release. Each step is one transaction, and
// nodes that start at once take turns. It refuses a database of a newer release
// (ErrNewerSchema) and one whose applied steps differ from ours. Before it
// changes a SQLite file that has a schema already, it copies it beside itself as
// FILE.before-NNNN.
func (d *DB) Migrate(ctx context.Context) error {
	steps, err := Migrations()
	if err != nil {
		return err
	}
	return d.migrate(ctx, steps)
}

const migrationLock = 0x636f756e74657273 // "counters"

func (d *DB) migrate(ctx context.Context, steps []Migration) error {
	l, err := d.writing.take(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer d.writing.give(l, true) // thrown away: the lock goes with it, and what it has prepared
	conn := l.conn
	if d.dialect == postgres {
		if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock($1)`, int64(migrationLock)); err != nil {
			return fmt.Errorf("migrate: %w", err)
		}
	}
	_, err = conn.ExecContext(ctx, `CREATE TABLE IF NOT EXISTS schema_migrations (
		number BIGINT PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)`)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	before, err := appliedSteps(ctx, conn)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	copied := len(before) == 0 // a fresh file has nothing to keep
	for _, step := range steps {
		done, err := d.step(ctx, conn, steps, step, &copied)
		if err != nil {
			return fmt.Errorf("migration %04d %s: %w", step.Number, step.Name, err)
		}
		if done {
			d.log.Info("schema migrated", "number", step.Number, "name", step.Name)
		}
	}
	return nil
}

// step applies one migration, unless it or a twin on another node did already.
func (d *DB) step(ctx context.Context, conn *sql.Conn, all []Migration, m Migration, copied *bool) (bool, error) {
	applied, err := appliedSteps(ctx, conn)
	if err != nil {
		return false, err
	}
	if err := sameHistory(all, applied); err != nil || len(applied) >= m.Number {
		return false, err
	}
	if d.dialect == sqlite && len(applied) > 0 && !*copied {
		if err := d.copyBefore(ctx, conn, m.Number); err != nil {
			return false, err
		}
		*copied = true
	}
	if _, err := conn.ExecContext(ctx, beginStep[d.dialect]); err != nil {
		return false, err
	}
	done, err := d.apply(ctx, conn, all, m)
	if err == nil {
		_, err = conn.ExecContext(ctx, `COMMIT`)
	}
	if err != nil {
		conn.ExecContext(context.WithoutCancel(ctx), `ROLLBACK`)
		return false, err
	}
	return done, nil
}

var beginStep = map[dialect]string{sqlite: `BEGIN IMMEDIATE`, postgres: `BEGIN`}

// apply runs the step's text inside the transaction and notes it. On SQLite
// another process may have done both between the look and the lock.
func (d *DB) apply(ctx context.Context, conn *sql.Conn, all []Migration, m Migration) (bool, error) {
	applied, err := appliedSteps(ctx, conn)
	if err != nil {
		return false, err
	}
	if err := sameHistory(all, applied); err != nil || len(applied) >= m.Number {
		return false, err
	}
	for _, text := range []string{m.SQL, m.Only[d.dialect.String()]} {
		if text == "" {
			continue
		}
		if _, err := conn.ExecContext(ctx, text); err != nil {
			return false, err
		}
	}
	_, err = conn.ExecContext(ctx, `INSERT INTO schema_migrations (number, name, checksum, applied_at) VALUES ($1, $2, $3, $4)`,
		m.Number, m.Name, m.Checksum, d.Now())
	return true, err
}

func appliedSteps(ctx context.Context, conn *sql.Conn) ([]Migration, error) {
	rows, err := conn.QueryContext(ctx, `SELECT number, name, checksum FROM schema_migrations ORDER BY number`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []Migration
	for rows.Next() {
		var m Migration
		if err := rows.Scan(&m.Number, &m.Name, &m.Checksum); err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, rows.Err()
}

func sameHistory(ours, applied []Migration) error {
	if len(applied) > len(ours) {
		return ErrNewerSchema
	}
	for i, a := range applied {
		if a.Number != ours[i].Number || a.Checksum != ours[i].Checksum {
			return fmt.Errorf("step %04d %s was applied from another text than this release has (checksum %.12s, ours %.12s): this is not a database of this release's line",
				a.Number, a.Name, a.Checksum, ours[i].Checksum)
		}
	}
	return nil
}

// copyBefore keeps the file as it was, so that the older release can go on with
// it. The copy gets its name when it is whole and on the disk; one that is there
// already, from an earlier try or a twin of this process, is left alone.
func (d *DB) copyBefore(ctx context.Context, conn *sql.Conn, number int) error {
	target := fmt.Sprintf("%s.before-%04d", d.file, number)
	if _, err := os.Stat(target); err == nil {
		target += "." + strconv.FormatInt(d.now().UnixMicro(), 10)
	}
	folder, err := os.MkdirTemp(filepath.Dir(d.file), ".copy-")
	if err != nil {
		return fmt.Errorf("copy the file before the upgrade: %w", err)
	}
	defer os.RemoveAll(folder)
	part := filepath.Join(folder, "part")
	if _, err := conn.ExecContext(ctx, `VACUUM INTO $1`, part); err != nil {
		return fmt.Errorf("copy the file before the upgrade: %w", err)
	}
	if err := settle(part, target); err != nil {
		return fmt.Errorf("copy the file before the upgrade: %w", err)
	}
	d.log.Info("database copied before the upgrade", "copy", target, "at", d.now().UTC().Format(time.RFC3339))
	return nil
}

// settle gives a finished file its name, never over another's.
func settle(part, target string) error {
	f, err := os.OpenFile(part, os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Chmod(0o600), f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(part, target); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	folder, err := os.Open(filepath.Dir(target))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Ready tells whether the schema is this release's.
func (d *DB) Ready(ctx context.Context) error {
	steps, err := Migrations()
	if err != nil {
		return err
	}
	var applied []Migration
	err = d.View(ctx, func(tx *Tx) (err error) {
		applied, err = appliedSteps(ctx, tx.line.conn)
		return err
	})
	if err != nil {
		return err
	}
	if len(applied) < len(steps) {
		return fmt.Errorf("the schema is at step %d of %d", len(applied), len(steps))
	}
	return sameHistory(slices.Clone(steps), applied)
}
