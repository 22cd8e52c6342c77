// Package db is the one way to the database, SQLite or PostgreSQL under one text of SQL.
//
// It has three doors:
//
//   - View reads, in one consistent snapshot.
//   - Update changes anything that matters. It carries who acts, fixes the time
//     once, orders all writers the same way on both databases (the row of
//     "ledger" is taken first), and refuses to commit when nothing was recorded
//     in the audit log (Tx.Seq marks the transaction). The change, its entry and
//     the messages it causes are one transaction, or none of it happened.
//   - Keep is for bookkeeping alone: the tables of Bookkeeping, no entry, no revision.
//
// Migrations are numbered and checksummed texts under migrations/, each applied
// in one transaction; the outbox (outbox.go) holds what is to be sent.
//
// The one rule: no hashing and no network inside a transaction. On SQLite one
// connection writes, so whoever holds it makes everybody wait.
package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the PostgreSQL driver

	"countersign/internal/seal"
)

// Options say which database to open and with what. All but Log must be given.
type Options struct {
	URL    string           // a file's path, or postgres://…
	Now    func() time.Time // the time of every transaction
	Random io.Reader        // ids, nonces, tokens
	Box    *seal.Box        // seals the outbox and personal details
	Log    *slog.Logger     // nil: nothing is logged
}

// DB is an open database. Make one with Open.
type DB struct {
	dialect dialect
	file    string // SQLite's file
	reading *lines
	writing *lines
	now     func() time.Time
	random  io.Reader
	box     *seal.Box
	log     *slog.Logger
	relaxed atomic.Bool // Relax

	mu        sync.RWMutex
	onRevised []func(context.Context, int64)
	onQueued  []func()
}

type dialect uint8

const (
	sqlite dialect = iota
	postgres
)

func (d dialect) String() string {
	if d == postgres {
		return "postgres"
	}
	return "sqlite"
}

// ErrNotRecorded is returned by Update when the function changed something and
// recorded nothing. It is a defect of the use case; nothing was committed.
var ErrNotRecorded = errors.New("db: an update that recorded nothing was refused")

// ErrNewerSchema is returned by Migrate for a database of a newer release.
var ErrNewerSchema = errors.New("the database belongs to a newer release of countersign: start that release, or restore the copy made before the upgrade")

// Open opens the database and checks that it answers. It changes nothing but,
// on SQLite, makes the file when there is none; call Migrate next.
func Open(ctx context.Context, o Options) (*DB, error) {
	d := &DB{now: o.Now, random: o.Random, box: o.Box, log: o.Log}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	var err error
	if strings.HasPrefix(o.URL, "postgres://") || strings.HasPrefix(o.URL, "postgresql://") {
		err = d.openPostgres(ctx, o.URL)
	} else {
		err = d.openSQLite(ctx, o.URL)
	}
	if err != nil {
		d.Close()
		return nil, err
	}
	return d, nil
}

func (d *DB) openSQLite(ctx context.Context, file string) error {
	d.dialect, d.file = sqlite, file
	if f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600); err != nil {
		return fmt.Errorf("open database file: %w", err)
	} else {
		f.Close()
	}
	base := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: file}).EscapedPath()}).String() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_pragma=trusted_schema(0)"
	// Whoever writes touches many indexes at places far apart: 64 MiB of them stay in memory.
	writing, err := sql.Open("sqlite", base+"&_pragma=cache_size(-65536)")
	if err != nil {
		return err
	}
	d.writing = keptLines(writing, 1) // traps: 16 writers on 16 connections wait for seconds, on one for milliseconds
	reading, err := sql.Open("sqlite", base+"&_pragma=query_only(1)&_pragma=cache_size(-16384)")
	if err != nil {
		return err
	}
	d.reading = keptLines(reading, 8)
	l, err := d.writing.take(ctx)
	if err != nil {
		return fmt.Errorf("open database file: %w", err)
	}
	d.writing.give(l, false)
	return nil
}

// postgresConnections is how many connections reading and writing may have, each.
const postgresConnections = 16

func (d *DB) openPostgres(ctx context.Context, address string) error {
	d.dialect = postgres
	pool, err := sql.Open("pgx", address)
	if err != nil {
		return hideURL(err)
	}
	d.reading = &lines{pool: pool}
	// Writers have a pool of their own: those who wait for the ledger must never
	// keep the one who holds it from reading (a use case that refreshes its snapshot).
	writing, err := sql.Open("pgx", address)
	if err != nil {
		return hideURL(err)
	}
	d.writing = &lines{pool: writing}
	for _, p := range []*sql.DB{pool, writing} {
		p.SetMaxOpenConns(postgresConnections)
		p.SetMaxIdleConns(postgresConnections)
		p.SetConnMaxIdleTime(5 * time.Minute)
	}
	var collate, encoding string
	var bytewise bool
	err = pool.QueryRowContext(ctx, `SELECT datcollate, pg_encoding_to_char(encoding), 'Z' < 'a' AND 'z' < 'é'
		FROM pg_database WHERE datname = current_database()`).Scan(&collate, &encoding, &bytewise)
	if err != nil {
		return fmt.Errorf("open PostgreSQL: %w", hideURL(err))
	}
	if (collate != "C" && collate != "POSIX") || !bytewise { // an ICU database may say C and sort otherwise
		return fmt.Errorf("the PostgreSQL database sorts by %q: %s", collate, makeDatabase)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the PostgreSQL database writes text as %s: %s", encoding, makeDatabase)
	}
	return nil
}

const makeDatabase = `make one with LC_COLLATE 'C' (CREATE DATABASE countersign TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C')`

// hideURL keeps a password that stands in the address out of the error.
func hideURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("%s: %w", e.Op, e.Err)
	}
	return err
}

// Close closes all connections; a transaction under way ends first, on its own.
func (d *DB) Close() error {
	var errs []error
	for _, pool := range []*lines{d.reading, d.writing} {
		if pool != nil {
			errs = append(errs, pool.close())
		}
	}
	return errors.Join(errs...)
}

// Ping tells whether the database answers.
func (d *DB) Ping(ctx context.Context) error {
	return d.View(ctx, func(tx *Tx) error {
		var one int
		_, err := One(tx, []any{&one}, `SELECT 1`)
		return err
	})
}

// IsSQLite tells whether this is the embedded database.
func (d *DB) IsSQLite() bool { return d.dialect == sqlite }

// Now is the time in microseconds since 1970, UTC.
func (d *DB) Now() int64 { return d.now().UnixMicro() }

// Random is the source of ids and tokens.
func (d *DB) Random() io.Reader { return d.random }

// Box seals what the database must hold and be able to read again.
func (d *DB) Box() *seal.Box { return d.box }

// OnRevised calls f after each commit that raised the revision, before Update
// returns, so that this node's own answers are never older than its writes.
func (d *DB) OnRevised(f func(ctx context.Context, revision int64)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onRevised = append(d.onRevised, f)
}

func (d *DB) revised(ctx context.Context, revision int64) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, f := range d.onRevised {
		f(ctx, revision)
	}
}

// OnQueued calls f after each commit that queued messages, before Update returns.
// f must not wait.
func (d *DB) OnQueued(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onQueued = append(d.onQueued, f)
}

func (d *DB) queued() {
	d.mu.RLock()
	defer d.mu.RUnlock()
	for _, f := range d.onQueued {
		f()
	}
}

// Revision is the number of the last change that a decision reads.
func (d *DB) Revision(ctx context.Context) (int64, error) {
	var revision int64
	err := d.View(ctx, func(tx *Tx) error {
		_, err := One(tx, []any{&revision}, `SELECT revision FROM ledger WHERE id = 1`)
		return err
	})
	return revision, err
}
