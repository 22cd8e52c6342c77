package db_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/test/testdb"
)

// BenchmarkAuditedWrite sets an update with one business row and its audit entry
// beside a bare durable insert, turn by turn, so that both meet the same machine.
// The ratio is how many audited writes go into the time of 100 bare inserts.
func BenchmarkAuditedWrite(b *testing.B) {
	testdb.Bench(b, func(b *testing.B, d *db.DB) {
		ctx := b.Context()
		if err := d.Bare(ctx, `CREATE TABLE bare (id BIGINT PRIMARY KEY, value TEXT NOT NULL)`); err != nil {
			b.Fatal(err)
		}
		var n int64
		var bare, audited time.Duration
		for b.Loop() {
			n++
			start := time.Now()
			if err := d.Bare(ctx, `INSERT INTO bare (id, value) VALUES ($1, $2)`, n, "value"); err != nil {
				b.Fatal(err)
			}
			middle := time.Now()
			if err := d.Update(ctx, somebody, func(tx *db.Tx) error { return writeWhole(tx, fmt.Sprint(n), false) }); err != nil {
				b.Fatal(err)
			}
			bare += middle.Sub(start)
			audited += time.Since(middle)
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(bare.Microseconds())/float64(n), "µs/bare")
		b.ReportMetric(float64(audited.Microseconds())/float64(n), "µs/audited")
		b.ReportMetric(100*float64(bare)/float64(audited), "%bare")
	})
}

// BenchmarkAuditedWriters is the rate of sixteen writers at once, audited and bare.
func BenchmarkAuditedWriters(b *testing.B) {
	testdb.Bench(b, func(b *testing.B, d *db.DB) {
		ctx := b.Context()
		if err := d.Bare(ctx, `CREATE TABLE bare (id BIGINT PRIMARY KEY, value TEXT NOT NULL)`); err != nil {
			b.Fatal(err)
		}
		var n atomic.Int64
		for name, write := range map[string]func(id int64) error{
			"bare": func(id int64) error {
				err := d.Bare(ctx, `INSERT INTO bare (id, value) VALUES ($1, $2)`, id, "value")
				return err
			},
			"audited": func(id int64) error {
				return d.Update(ctx, somebody, func(tx *db.Tx) error { return writeWhole(tx, fmt.Sprint(id), false) })
			},
		} {
			b.Run(name, func(b *testing.B) {
				b.SetParallelism(8) // for each of the processors
				b.RunParallel(func(loop *testing.PB) {
					for loop.Next() {
						if err := write(n.Add(1)); err != nil {
							b.Error(err)
						}
					}
				})
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
			})
		}
	})
}

// BenchmarkView is one read in a snapshot.
func BenchmarkView(b *testing.B) {
	testdb.Bench(b, func(b *testing.B, d *db.DB) {
		for b.Loop() {
			err := d.View(b.Context(), func(tx *db.Tx) error {
				var seq int64
				_, err := db.One(tx, []any{&seq}, `SELECT seq FROM ledger WHERE id = 1`)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkKeep is one write of bookkeeping.
func BenchmarkKeep(b *testing.B) {
	testdb.Bench(b, func(b *testing.B, d *db.DB) {
		for b.Loop() {
			err := d.Keep(b.Context(), func(tx *db.Tx) error {
				_, err := tx.Exec(`INSERT INTO leases (name, holder, until) VALUES ('job', 'me', $1) ON CONFLICT (name) DO UPDATE SET until = $1`, tx.Now)
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
}
