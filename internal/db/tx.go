package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"countersign/internal/lang"
	"countersign/internal/seal"
)

// Who acts, and from where. The zero value is nobody.
type Who struct {
	Kind      string // User, Service, Operator (the command line), System
	ID        string // usr_…, tok_…; a name of the job for System
	AccountID string // the account in which they act
	Ref       string // the session's reference, never its secret

	SecondFactor bool // the session passed a second factor
	Fresh        bool // and did so in the last five minutes

	IP        netip.Addr
	UserAgent string
	RequestID string
	Lang      lang.Tag
}

// The kinds of Who.
const (
	User     = "user"
	Service  = "service"
	Operator = "operator"
	System   = "system"
	Nobody   = "nobody"
)

// Bookkeeping names the tables that Keep may write: nothing that a decision or
// an auditor reads.
var Bookkeeping = []string{"signin_attempts", "challenges", "session_seen", "token_seen", "leases", "outbox", "access_changes"}

type mode uint8

const (
	view mode = iota
	update
	keep
)

// Tx is a transaction, one of the three doors. It is good for the length of the
// function it is given to and for one goroutine.
type Tx struct {
	Who Who   // nobody in View and Keep
	Now int64 // µs UTC, one time for the whole transaction

	ctx      context.Context
	tx       *sql.Tx
	db       *DB
	mode     mode
	seq      int64
	revision int64
	recorded bool
	changed  []change
}

type change struct{ kind, id string }

// View reads in one consistent snapshot. f must not keep the Tx.
func (d *DB) View(ctx context.Context, f func(*Tx) error) error {
	level := sql.LevelDefault
	if d.dialect == postgres {
		level = sql.LevelRepeatableRead
	}
	return d.run(ctx, view, Who{}, &sql.TxOptions{ReadOnly: d.dialect == postgres, Isolation: level}, f)
}

// Update changes something: see the package comment. f may run more than once
// (a deadlock on PostgreSQL is retried), so it must assign its results and not
// add to them. The error of f comes back as it is and nothing is committed.
func (d *DB) Update(ctx context.Context, who Who, f func(*Tx) error) error {
	return d.run(ctx, update, who, nil, f)
}

// Keep changes bookkeeping: only the tables of Bookkeeping, checked.
func (d *DB) Keep(ctx context.Context, f func(*Tx) error) error {
	return d.run(ctx, keep, Who{}, nil, f)
}

func (d *DB) run(ctx context.Context, m mode, who Who, o *sql.TxOptions, f func(*Tx) error) error {
	const tries = 4
	for try := 1; ; try++ {
		revision, err := d.once(ctx, m, who, o, f)
		if err == nil {
			if revision > 0 {
				d.revised(context.WithoutCancel(ctx), revision)
			}
			return nil
		}
		if try == tries || !passing(err) || ctx.Err() != nil {
			return err
		}
	}
}

func (d *DB) once(ctx context.Context, m mode, who Who, o *sql.TxOptions, f func(*Tx) error) (revised int64, err error) {
	pool := d.write
	if m == view {
		pool = d.read
	}
	raw, err := pool.BeginTx(ctx, o)
	if err != nil {
		return 0, fmt.Errorf("begin: %w", err)
	}
	defer raw.Rollback() // after a commit this does nothing; it also ends a panicking transaction
	tx := &Tx{Who: who, ctx: ctx, tx: raw, db: d, mode: m, Now: d.Now()}
	if m == update {
		err := raw.QueryRowContext(ctx, `UPDATE ledger SET seq = seq WHERE id = 1 RETURNING seq, revision`).Scan(&tx.seq, &tx.revision)
		if err != nil {
			return 0, fmt.Errorf("take the ledger: %w", err)
		}
		tx.Now = d.Now() // after the wait, so that time and order agree
	}
	if err := f(tx); err != nil {
		return 0, err
	}
	if m == update {
		if err := tx.close(); err != nil {
			return 0, err
		}
	}
	if err := raw.Commit(); err != nil {
		return 0, fmt.Errorf("commit: %w", err)
	}
	if len(tx.changed) > 0 {
		return tx.revision, nil
	}
	return 0, nil
}

// close writes the counters and what a node must reload.
func (tx *Tx) close() error {
	if !tx.recorded {
		return ErrNotRecorded
	}
	if len(tx.changed) > 0 {
		tx.revision++
		for _, c := range tx.changed {
			_, err := tx.tx.ExecContext(tx.ctx, `INSERT INTO access_changes (revision, kind, id) VALUES ($1, $2, $3)`, tx.revision, c.kind, c.id)
			if err != nil {
				return fmt.Errorf("note change: %w", err)
			}
		}
	}
	_, err := tx.tx.ExecContext(tx.ctx, `UPDATE ledger SET seq = $1, revision = $2 WHERE id = 1`, tx.seq, tx.revision)
	if err != nil {
		return fmt.Errorf("write the ledger: %w", err)
	}
	return nil
}

// Revision is the revision that this update started from.
func (tx *Tx) Revision() int64 { return tx.revision }

// Context is the transaction's context.
func (tx *Tx) Context() context.Context { return tx.ctx }

// Box seals what the database must hold and be able to read again.
func (tx *Tx) Box() *seal.Box { return tx.db.box }

// Seq numbers the next audit entry and marks the update as recorded. Only
// package audit calls it.
func (tx *Tx) Seq() int64 {
	tx.recorded = true
	tx.seq++
	return tx.seq
}

// ChangedUser says that decisions about this user may differ from now on.
func (tx *Tx) ChangedUser(userID string) { tx.changedWhat("user", userID) }

// ChangedTokens says that the service tokens differ from now on.
func (tx *Tx) ChangedTokens() { tx.changedWhat("tokens", "") }

// ChangedAccess says that roles, accounts or the tree differ from now on.
func (tx *Tx) ChangedAccess() { tx.changedWhat("all", "") }

func (tx *Tx) changedWhat(kind, id string) {
	c := change{kind, id}
	if !slices.Contains(tx.changed, c) {
		tx.changed = append(tx.changed, c)
	}
}

// ID makes a fresh id with a type prefix, such as "usr".
func (tx *Tx) ID(prefix string) (string, error) { return seal.ID(tx.db.random, prefix) }

// Token makes a fresh secret of 256 bits and its hash for a purpose.
func (tx *Tx) Token(purpose string) (seal.Secret, seal.Hash, error) {
	return seal.NewToken(tx.db.random, purpose)
}

// Seal encrypts for a purpose with the current key.
func (tx *Tx) Seal(purpose string, plain []byte) ([]byte, error) {
	return tx.db.box.Seal(tx.db.random, purpose, plain)
}

// Exec runs a statement that changes something and returns how many rows it
// touched. It refuses in View, and in Keep for any table but bookkeeping.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	if err := tx.allowed(query); err != nil {
		return 0, err
	}
	r, err := tx.tx.ExecContext(tx.ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// Query reads rows, or changes some and reads them back with RETURNING. The
// caller closes the rows; All and One are usually easier.
func (tx *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	if !reads(query) {
		if err := tx.allowed(query); err != nil {
			return nil, err
		}
	}
	return tx.tx.QueryContext(tx.ctx, query, args...)
}

var (
	writes  = regexp.MustCompile(`(?is)^\s*(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+([a-z_]+)`)
	reading = regexp.MustCompile(`(?is)^\s*(?:SELECT|WITH)\b`)
)

func reads(query string) bool { return reading.MatchString(query) }

func (tx *Tx) allowed(query string) error {
	switch tx.mode {
	case update:
		return nil
	case keep:
		m := writes.FindStringSubmatch(query)
		if m != nil && slices.Contains(Bookkeeping, strings.ToLower(m[1])) {
			return nil
		}
		return fmt.Errorf("db: Keep may not run %.60q: only bookkeeping tables", query)
	}
	return fmt.Errorf("db: View may not run %.60q", query)
}

// All reads every row through scan.
func All[T any](tx *Tx, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// One reads at most one row into dest and tells whether there was one.
func One(tx *Tx, dest []any, query string, args ...any) (bool, error) {
	rows, err := tx.Query(query, args...)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return false, rows.Err()
	}
	if err := rows.Scan(dest...); err != nil {
		return false, err
	}
	return true, rows.Close()
}

// Column reads a column of strings.
func Column(tx *Tx, query string, args ...any) ([]string, error) {
	return All(tx, func(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) }, query, args...)
}

// Violates tells whether err breaks a constraint: a CHECK by its name, or a
// UNIQUE by "table.column" of its last column.
func Violates(err error, constraint string) bool {
	if err == nil {
		return false
	}
	table, column, unique := strings.Cut(constraint, ".")
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		if unique {
			return e.Code == "23505" && e.TableName == table && strings.Contains(e.ConstraintName, column)
		}
		return e.ConstraintName == constraint
	}
	text := err.Error()
	if unique {
		return strings.Contains(text, "UNIQUE constraint failed") && strings.Contains(text, constraint)
	}
	return strings.Contains(text, "CHECK constraint failed: "+constraint)
}

// passing tells whether trying again may help: a deadlock or a serialization
// failure on PostgreSQL, a busy SQLite file (another process writes).
func passing(err error) bool {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code == "40001" || e.Code == "40P01"
	}
	return strings.Contains(err.Error(), "SQLITE_BUSY")
}

// Random is the source of ids, nonces and tokens.
func (tx *Tx) Random() io.Reader { return tx.db.random }
