package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"slices"

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

// Tx is a transaction, one of the three doors. It is good for the length of the
// function it is given to and for one goroutine.
type Tx struct {
	Who Who   // nobody in View and Keep
	Now int64 // µs UTC, one time for the whole transaction

	ctx  context.Context
	db   *DB
	mode mode
	line *line

	seq, counted int64 // the last entry's number: so far, and as the ledger's row has it
	revision     int64
	changed      []change
	last         []statement // what is written with the commit
	open         []*sql.Rows // given out by Query

	begun, ended, committed bool
	recorded, wrote         bool
	queued                  bool  // a message
	reading                 bool  // rows are being read by All or One
	broken                  error // the first statement that failed
}

type change struct{ kind, id string }

type statement struct {
	text string
	args []any
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

// ChangedRole says that a role, its policies or what these hold differ from now
// on, or that it is gone. A policy that several roles have changes each of them,
// also one that it was just taken from.
func (tx *Tx) ChangedRole(roleID string) { tx.changedWhat("role", roleID) }

// ChangedRoles says that roles or policies of an account differ from now on,
// whichever. Where an account may have very many, ChangedRole is cheaper.
func (tx *Tx) ChangedRoles(accountID string) { tx.changedWhat("roles", accountID) }

// ChangedAccount says that an account is new or differs from now on. What its
// entity differs in is ChangedEntity, and its roles are ChangedRoles.
func (tx *Tx) ChangedAccount(accountID string) { tx.changedWhat("account", accountID) }

// ChangedEntity says that an entity is new or differs from now on. One that
// moves changes everything below it too: name each.
func (tx *Tx) ChangedEntity(entityID string) { tx.changedWhat("entity", entityID) }

// ChangedLocation says that a location is new or differs from now on.
func (tx *Tx) ChangedLocation(locationID string) { tx.changedWhat("location", locationID) }

// ChangedTypes says that the registered resource types, or the registered
// properties of users, differ from now on.
func (tx *Tx) ChangedTypes() { tx.changedWhat("types", "") }

// ChangedResource says that a stored resource is new, differs or is gone.
func (tx *Tx) ChangedResource(accountID, typ, id string) {
	tx.changedWhat("resource", accountID+" "+typ+" "+id)
}

// ChangedAccess says that everything that decisions read may differ from now on,
// and has every node load it all again, which takes seconds where there are very
// many people. It is for what none of the others names.
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
//
// A statement that failed ends the transaction, on SQLite as on PostgreSQL:
// whatever f makes of the error, later statements fail and nothing is committed.
func (tx *Tx) Exec(query string, args ...any) (int64, error) {
	if err := tx.allowed(query, true); err != nil {
		return 0, err
	}
	ctx, err := tx.ready()
	if err != nil {
		return 0, err
	}
	tx.wrote = true
	r, err := tx.line.exec(ctx, query, plain(args)...)
	if err != nil {
		return 0, tx.fail(err)
	}
	return r.RowsAffected()
}

// ExecLast has a statement run together with the commit, after everything else
// and in the order given; on PostgreSQL that saves a round trip. It is for rows
// that this transaction does not read again (entries, messages). Update returns
// its error.
func (tx *Tx) ExecLast(query string, args ...any) error {
	if tx.mode != update {
		return fmt.Errorf("db: only an update has last statements")
	}
	if tx.ended {
		return errEnded
	}
	tx.wrote = true
	tx.last = append(tx.last, statement{query, plain(args)})
	return nil
}

// Query reads rows, or changes some and reads them back with RETURNING. The
// caller closes the rows before the next statement; All and One are usually
// easier, and faster on SQLite.
func (tx *Tx) Query(query string, args ...any) (*sql.Rows, error) {
	ctx, err := tx.queries(query)
	if err != nil {
		return nil, err
	}
	rows, err := tx.line.conn.QueryContext(ctx, query, plain(args)...)
	if err != nil {
		return nil, tx.fail(err)
	}
	tx.open = append(tx.open, rows)
	return rows, nil
}

// queries checks a query before it runs.
func (tx *Tx) queries(query string) (context.Context, error) {
	changes := !reads(query)
	if err := tx.allowed(query, changes); err != nil {
		return nil, err
	}
	tx.wrote = tx.wrote || changes
	return tx.ready()
}

var (
	errEnded   = errors.New("db: the transaction has ended")
	errReading = errors.New("db: no statement may run while the rows of another are read: read them all first")
)

// ready gives the context for the next statement, unless none may run. A write
// on SQLite is too short to be interrupted: the context is asked before each.
func (tx *Tx) ready() (context.Context, error) {
	switch {
	case tx.ended:
		return nil, errEnded
	case tx.broken != nil:
		return nil, fmt.Errorf("db: an earlier statement of this transaction failed: %w", tx.broken)
	case tx.reading:
		return nil, errReading
	case tx.db.dialect == sqlite && tx.mode != view:
		return context.WithoutCancel(tx.ctx), tx.ctx.Err()
	}
	return tx.ctx, tx.ctx.Err()
}

// fail remembers the first failure. A cancelled context is the better reason
// than the connection that was closed because of it.
func (tx *Tx) fail(err error) error {
	if cause := tx.ctx.Err(); cause != nil {
		err = cause
	}
	if tx.broken == nil {
		tx.broken = err
	}
	return err
}

func (tx *Tx) closeRows() {
	for _, rows := range tx.open {
		rows.Close()
	}
	tx.open = nil
}

// plain makes nil bytes NULL on both databases: the SQLite driver would write
// an empty value.
func plain(args []any) []any {
	for i, a := range args {
		switch b := a.(type) {
		case []byte:
			if b == nil {
				args[i] = nil
			}
		case seal.Hash:
			args[i] = nil
			if b != nil {
				args[i] = []byte(b)
			}
		}
	}
	return args
}

// All reads every row through scan, which must not run statements itself.
func All[T any](tx *Tx, scan func(*sql.Rows) (T, error), query string, args ...any) ([]T, error) {
	var out []T
	err := tx.each(query, args, func(rows *sql.Rows) (bool, error) {
		v, err := scan(rows)
		if err == nil {
			out = append(out, v)
		}
		return true, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// One reads at most one row into dest and tells whether there was one.
func One(tx *Tx, dest []any, query string, args ...any) (found bool, err error) {
	err = tx.each(query, args, func(rows *sql.Rows) (bool, error) {
		found = true
		return false, rows.Scan(dest...)
	})
	return found && err == nil, err
}

// each gives the rows of a query to scan, until that wants no more.
func (tx *Tx) each(query string, args []any, scan func(*sql.Rows) (more bool, err error)) error {
	ctx, err := tx.queries(query)
	if err != nil {
		return err
	}
	rows, err := tx.line.query(ctx, query, plain(args)...)
	if err != nil {
		return tx.fail(err)
	}
	tx.reading = true
	defer func() {
		tx.reading = false
		rows.Close()
	}()
	for more := true; more && rows.Next(); {
		if more, err = scan(rows); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return tx.fail(err)
	}
	if err := rows.Close(); err != nil {
		return tx.fail(err)
	}
	return nil
}

// Column reads a column of strings.
func Column(tx *Tx, query string, args ...any) ([]string, error) {
	return All(tx, func(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) }, query, args...)
}

// Random is the source of ids, nonces and tokens.
func (tx *Tx) Random() io.Reader { return tx.db.random }
