package db

import "context"

// Bare runs one statement with nothing around it, as a program without this
// package would: prepared, on an open connection, committed by itself.
func (d *DB) Bare(ctx context.Context, query string, args ...any) error {
	l, err := d.writing.take(ctx)
	if err != nil {
		return err
	}
	defer d.writing.give(l, false)
	_, err = l.exec(ctx, query, args...)
	return err
}

// MigrateTo applies other steps than this release's.
func (d *DB) MigrateTo(ctx context.Context, steps []Migration) error { return d.migrate(ctx, steps) }
