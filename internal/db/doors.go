package db

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

type mode uint8

const (
	view mode = iota
	update
	keep
)

// View reads in one consistent snapshot. f must not keep the Tx.
func (d *DB) View(ctx context.Context, f func(*Tx) error) error {
	return d.run(ctx, view, Who{}, f)
}

// Update changes something: see the package comment. f may run more than once
// (a deadlock on PostgreSQL is retried), so it must assign its results and not
// add to them. The error of f comes back as it is and nothing is committed. An
// f that ran no writing statement and recorded nothing commits nothing, and that
// is no error. When the connection is lost during the commit itself, the error
// leaves open whether it was done: all of it or nothing.
func (d *DB) Update(ctx context.Context, who Who, f func(*Tx) error) error {
	return d.run(ctx, update, who, f)
}

// Keep changes bookkeeping: only the tables of Bookkeeping, checked.
func (d *DB) Keep(ctx context.Context, f func(*Tx) error) error {
	return d.run(ctx, keep, Who{}, f)
}

func (d *DB) run(ctx context.Context, m mode, who Who, f func(*Tx) error) error {
	const tries = 4
	for try := 1; ; try++ {
		tx := &Tx{Who: who, ctx: ctx, db: d, mode: m}
		err := tx.run(f)
		if err == nil {
			if tx.committed && len(tx.changed) > 0 {
				d.revised(context.WithoutCancel(ctx), tx.revision)
			}
			if tx.committed && tx.queued {
				d.queued()
			}
			return nil
		}
		if try == tries || ctx.Err() != nil {
			return err
		}
		switch {
		case passing(err):
		case !tx.begun && try == 1 && d.dialect == postgres:
			// Nothing was done yet: the connection had died in the pool, and its neighbours with it.
			d.reading.refresh(postgresConnections)
			d.writing.refresh(postgresConnections)
		default:
			return err
		}
	}
}

func (tx *Tx) run(f func(*Tx) error) error {
	d := tx.db
	from := d.writing
	if tx.mode == view {
		from = d.reading
	}
	var err error
	if tx.line, err = from.take(tx.ctx); err != nil {
		return fmt.Errorf("begin: %w", hideURL(err))
	}
	defer func() { from.give(tx.line, tx.end()) }() // also when f panics
	if err := tx.begin(); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	tx.begun = true
	tx.Now = d.Now() // after the wait, so that time and order agree
	if err := f(tx); err != nil {
		return err
	}
	return tx.commit()
}

const (
	takeLedger  = `UPDATE ledger SET seq = seq + 1 WHERE id = 1 RETURNING seq - 1, revision`
	readLedger  = `SELECT seq, revision FROM ledger WHERE id = 1`
	writeLedger = `UPDATE ledger SET seq = $1, revision = $2 WHERE id = 1`
	noteChange  = `INSERT INTO access_changes (revision, kind, id) VALUES ($1, $2, $3)`
)

// begin opens the transaction; an update takes the ledger and so its place in
// the order. On SQLite the write lock is that place. On PostgreSQL the ledger's
// row is, taken in the same round trip; it is counted up at once, because nearly
// every update adds exactly one entry and then has no more to write there.
func (tx *Tx) begin() error {
	switch {
	case tx.db.dialect == sqlite && tx.mode == view:
		_, err := tx.line.exec(tx.ctx, `BEGIN`)
		return err
	case tx.db.dialect == sqlite:
		if _, err := tx.line.exec(tx.ctx, `BEGIN IMMEDIATE`); err != nil || tx.mode == keep {
			return err
		}
		_, err := One(tx, []any{&tx.seq, &tx.revision}, readLedger)
		return err
	case tx.mode == view:
		_, err := tx.line.exec(tx.ctx, `BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY`)
		return err
	case tx.mode == keep && !tx.db.relaxed.Load():
		_, err := tx.line.exec(tx.ctx, `BEGIN`)
		return err
	}
	var b pgx.Batch
	b.Queue(`BEGIN`)
	if tx.db.relaxed.Load() {
		b.Queue(notWaiting)
	}
	if tx.mode == keep {
		return tx.send(tx.ctx, &b)
	}
	b.Queue(takeLedger).QueryRow(func(row pgx.Row) error { return row.Scan(&tx.seq, &tx.revision) })
	err := tx.send(tx.ctx, &b)
	tx.counted = tx.seq + 1
	return err
}

// commit writes what waits for the end, the counters and what a node must
// reload, and commits. From here on a cancelled context no longer stops it, so
// that the answer is the truth; a dead network does, after a while.
func (tx *Tx) commit() error {
	if tx.broken != nil {
		return fmt.Errorf("db: a statement of this transaction failed: %w", tx.broken)
	}
	if err := tx.ctx.Err(); err != nil {
		return err
	}
	tx.closeRows()
	if tx.mode == update {
		if !tx.recorded && !tx.wrote {
			return nil
		}
		if !tx.recorded {
			return ErrNotRecorded
		}
		tx.lastly()
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tx.ctx), time.Minute)
	defer cancel()
	if tx.db.dialect == sqlite {
		return tx.commitSQLite(context.WithoutCancel(ctx))
	}
	return tx.commitPostgres(ctx)
}

// lastly adds the counters and the changes to what is written with the commit.
func (tx *Tx) lastly() {
	if len(tx.changed) > 0 {
		tx.revision++
	}
	for _, c := range tx.changed {
		tx.last = append(tx.last, statement{noteChange, []any{tx.revision, c.kind, c.id}})
	}
	if tx.seq != tx.counted || len(tx.changed) > 0 {
		tx.last = append(tx.last, statement{writeLedger, []any{tx.seq, tx.revision}})
	}
}

func (tx *Tx) commitSQLite(ctx context.Context) error {
	for _, s := range tx.last {
		if _, err := tx.line.exec(ctx, s.text, s.args...); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
	}
	if _, err := tx.line.exec(ctx, `COMMIT`); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	tx.committed = true
	return nil
}

func (tx *Tx) commitPostgres(ctx context.Context) error {
	var b pgx.Batch
	for _, s := range tx.last {
		b.Queue(s.text, s.args...)
	}
	var tag pgconn.CommandTag
	b.Queue(`COMMIT`).Exec(func(t pgconn.CommandTag) error { tag = t; return nil })
	if err := tx.send(ctx, &b); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if tag.String() != "COMMIT" { // PostgreSQL answers so when the transaction had failed before
		return fmt.Errorf("commit: the database answered %s", tag)
	}
	tx.committed = true
	return nil
}

// send runs the statements in one round trip.
func (tx *Tx) send(ctx context.Context, b *pgx.Batch) error {
	return tx.line.conn.Raw(func(driver any) error {
		return driver.(*stdlib.Conn).Conn().SendBatch(ctx, b).Close()
	})
}

// end rolls back what was not committed and tells whether the line is of no more use.
func (tx *Tx) end() (broken bool) {
	tx.ended = true
	tx.closeRows()
	if tx.committed {
		return false
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(tx.ctx), 10*time.Second)
	defer cancel()
	_, err := tx.line.exec(ctx, `ROLLBACK`)
	return err != nil
}
