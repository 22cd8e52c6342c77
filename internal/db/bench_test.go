package db_test

import (
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/test/testdb"
)

const (
	bareTable  = `CREATE TABLE bare (id BIGINT PRIMARY KEY, value TEXT NOT NULL)`
	bareInsert = `INSERT INTO bare (id, value) VALUES ($1, 'written')`
)

// BenchmarkAuditedWrite sets an update with one business row and its audit entry
// beside a bare durable insert, and beside the same two rows in a transaction
// written by hand, turn by turn, so that all meet the same machine. %bare and
// %hand say how many updates go into the time of a hundred of the others.
//
// Measured on two shared cores, where fsync of one page takes 80 µs and of nine
// 125 µs (a disk that really waits takes a millisecond and hides the rest), in µs:
//
//	            bare   by hand   audited   %bare   %hand
//	SQLite       113       202       216      52      93
//	PostgreSQL   197       478       512      38      93
//
// So the aim of 80 % of a bare insert is not reached there. What an update costs
// more is the entry itself: its row and five indexes are six more pages to write,
// and on PostgreSQL two more round trips of some 60 µs; a transaction written by
// hand pays the same. What could be spared is: statements stay prepared on SQLite
// (parsing them was a fifth of an update), and on PostgreSQL BEGIN goes with the
// ledger's lock, and entry, message, counters and COMMIT go together (it was six
// round trips, now three).
//
// Several waiting updates could share one commit by savepoints. That is left: one
// that breaks a deferred constraint, is interrupted or hangs would take its
// neighbours with it, and a thousand changes of access a second are enough.
func BenchmarkAuditedWrite(b *testing.B) {
	testdb.Bench(b, func(b *testing.B, d *db.DB) {
		ctx := b.Context()
		if err := d.Bare(ctx, db.Statement{Text: bareTable}); err != nil {
			b.Fatal(err)
		}
		var n int64
		ways := []func() error{
			func() error { return d.Bare(ctx, db.Statement{Text: bareInsert, Args: []any{n}}) },
			func() error {
				return d.Bare(ctx, db.Statement{Text: insertThing, Args: []any{fmt.Sprint("hand ", n)}},
					db.Statement{Text: insertEntry, Args: entry(-n, d.Now(), somebody, fmt.Sprint(n))})
			},
			func() error {
				return d.Update(ctx, somebody, func(tx *db.Tx) error { return writeWhole(tx, fmt.Sprint(n), false) })
			},
		}
		took := make([]time.Duration, len(ways))
		for b.Loop() {
			n++
			for i, way := range ways {
				start := time.Now()
				if err := way(); err != nil {
					b.Fatal(err)
				}
				took[i] += time.Since(start)
			}
		}
		b.ReportMetric(0, "ns/op")
		for i, name := range []string{"µs/bare", "µs/hand", "µs/audited"} {
			b.ReportMetric(float64(took[i].Microseconds())/float64(n), name)
		}
		b.ReportMetric(100*float64(took[0])/float64(took[2]), "%bare")
		b.ReportMetric(100*float64(took[1])/float64(took[2]), "%hand")
	})
}

// BenchmarkAuditedWriters is the rate of sixteen writers at once, audited and
// bare: 3,800 and 7,400 a second on SQLite, 1,100 and 14,000 on PostgreSQL, which
// lets bare writers share the wait for the disk; updates stand in line, because
// the ledger's lock is held until the commit is durable, and that orders the log.
func BenchmarkAuditedWriters(b *testing.B) {
	testdb.Bench(b, func(b *testing.B, d *db.DB) {
		ctx := b.Context()
		if err := d.Bare(ctx, db.Statement{Text: bareTable}); err != nil {
			b.Fatal(err)
		}
		var n atomic.Int64
		for name, write := range map[string]func(id int64) error{
			"bare": func(id int64) error { return d.Bare(ctx, db.Statement{Text: bareInsert, Args: []any{id}}) },
			"audited": func(id int64) error {
				return d.Update(ctx, somebody, func(tx *db.Tx) error { return writeWhole(tx, fmt.Sprint(id), false) })
			},
		} {
			b.Run(name, func(b *testing.B) {
				b.SetParallelism(16 / runtime.GOMAXPROCS(0))
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
