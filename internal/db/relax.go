package db

import (
	"context"
	"fmt"
	"os"
)

// Relax makes commits of this DB wait no longer for the disk, until Settle: when
// the machine stops, what was written meanwhile may be lost, and a file of SQLite
// may be broken. It is for a database that is being filled and is thrown away when
// that fails.
func (d *DB) Relax(ctx context.Context) error {
	d.relaxed.Store(true)
	if d.dialect == postgres {
		return nil
	}
	return d.synchronous(ctx, "OFF")
}

// Settle ends Relax, and puts what was written since on the disk.
func (d *DB) Settle(ctx context.Context) error {
	d.relaxed.Store(false)
	if d.dialect == postgres {
		return d.settlePostgres(ctx)
	}
	if err := d.synchronous(ctx, "FULL"); err != nil {
		return err
	}
	f, err := os.OpenFile(d.file, os.O_RDWR, 0)
	if err != nil {
		return fmt.Errorf("settle the database: %w", err)
	}
	defer f.Close()
	if err := f.Sync(); err != nil { // what earlier checkpoints wrote without waiting
		return fmt.Errorf("settle the database: %w", err)
	}
	return nil
}

// settlePostgres commits a transaction that has a number, waiting for the disk:
// what was committed before it is then there too.
func (d *DB) settlePostgres(ctx context.Context) error {
	l, err := d.writing.take(ctx)
	if err != nil {
		return err
	}
	_, err = l.conn.ExecContext(ctx, `SELECT pg_current_xact_id()`)
	d.writing.give(l, err != nil)
	if err != nil {
		return fmt.Errorf("settle the database: %w", err)
	}
	return nil
}

func (d *DB) synchronous(ctx context.Context, mode string) error {
	l, err := d.writing.take(ctx)
	if err != nil {
		return err
	}
	_, err = l.conn.ExecContext(ctx, `PRAGMA synchronous = `+mode)
	if err == nil && mode == "FULL" {
		_, err = l.conn.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	}
	d.writing.give(l, err != nil)
	if err != nil {
		return fmt.Errorf("settle the database: %w", err)
	}
	return nil
}

// notWaiting is the statement with which a transaction on PostgreSQL does not
// wait for the disk.
const notWaiting = `SET LOCAL synchronous_commit TO off`
