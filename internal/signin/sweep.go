package signin

import (
	"context"
	"fmt"
	"time"

	"countersign/internal/audit"
	"countersign/internal/db"
)

const keepDead = 24 * time.Hour

// Sweep clears away what is over: challenges of both sorts, drafts, counts of names
// that nobody has and of network addresses, sessions that ended more than a day ago.
// It is called now and then, on any number of nodes; nothing depends on it.
func (d *Door) Sweep(ctx context.Context) error {
	d.seen.forget(d.db.Now() - micros(keepDead))
	dead := false
	err := d.db.Keep(ctx, func(tx *db.Tx) error {
		long := tx.Now - micros(keepDead)
		for query, before := range map[string]int64{
			`DELETE FROM challenges WHERE expires_at <= $1`:                                                    tx.Now,
			`DELETE FROM drafts WHERE expires_at <= $1`:                                                        tx.Now,
			`DELETE FROM spent_ceremonies WHERE expires_at <= $1`:                                              tx.Now,
			`DELETE FROM signin_attempts WHERE user_id >= 'name:' AND user_id < 'name:~' AND updated_at <= $1`: long,
			`DELETE FROM askers WHERE since <= $1`:                                                             tx.Now - micros(time.Hour),
			`DELETE FROM session_seen WHERE seen_at <= $1 AND hash NOT IN (SELECT hash FROM sessions)`:         long,
		} {
			if _, err := tx.Exec(query, before); err != nil {
				return fmt.Errorf("sweep: %w", err)
			}
		}
		var one int
		var err error
		dead, err = db.One(tx, []any{&one}, `SELECT 1 FROM sessions WHERE expires_at <= $1 LIMIT 1`, long)
		return err
	})
	if err != nil || !dead {
		return err
	}
	return d.db.Update(ctx, db.Who{Kind: db.System, ID: "sweep"}, func(tx *db.Tx) error {
		n, err := tx.Exec(`DELETE FROM sessions WHERE expires_at <= $1`, tx.Now-micros(keepDead))
		if err != nil {
			return fmt.Errorf("sweep: %w", err)
		}
		return audit.Record(tx, audit.Entry{Action: audit.SessionsEnded, Kind: "session", Reason: "expired",
			Changes: []audit.Change{{Field: "sessions", Before: fmt.Sprint(n), After: "0"}}})
	})
}
