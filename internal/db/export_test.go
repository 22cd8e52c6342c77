package db

import (
	"context"
	"slices"
)

// Bare runs statements with nothing around them, as a program without this
// package would: prepared, on an open connection, and, when there is more than
// one, in a transaction.
func (d *DB) Bare(ctx context.Context, all ...Statement) error {
	l, err := d.writing.take(ctx)
	if err != nil {
		return err
	}
	defer d.writing.give(l, false)
	if len(all) > 1 {
		all = slices.Concat([]Statement{{Text: beginStep[d.dialect]}}, all, []Statement{{Text: `COMMIT`}})
	}
	for _, s := range all {
		if _, err := l.exec(ctx, s.Text, s.Args...); err != nil {
			return err
		}
	}
	return nil
}

// Statement is one for Bare.
type Statement struct {
	Text string
	Args []any
}

// MigrateTo applies other steps than this release's.
func (d *DB) MigrateTo(ctx context.Context, steps []Migration) error { return d.migrate(ctx, steps) }

// Script runs a text of many statements in one transaction.
func (d *DB) Script(ctx context.Context, text string) error {
	l, err := d.writing.take(ctx)
	if err != nil {
		return err
	}
	defer d.writing.give(l, true)
	_, err = l.conn.ExecContext(ctx, `BEGIN; `+text+` COMMIT`)
	return err
}
