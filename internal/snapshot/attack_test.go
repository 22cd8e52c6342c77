package snapshot_test

import (
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/snapshot"
)

func TestAttack(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		t.Run("E09 a node that cannot load what changed denies after its time, though the database answers", func(t *testing.T) {
			n := p.node(t, snapshot.Options{Interval: time.Millisecond})
			n.run(t)
			member := p.Row("m1.reader").Member
			p.Do(func(tx *db.Tx) error {
				_, err := tx.Exec(`INSERT INTO membership_ips (account_id, membership_id, network) VALUES ($1, $2, 'no network')`, member.AccountID, member.ID)
				tx.ChangedUser(member.UserID)
				return err
			})
			await(t, n.Stale)
			p.clock.Advance(30*time.Second + time.Microsecond)
			await(t, func() bool { return n.Load() == nil })
			if p.may(n.Load(), "m1.administrator", "users:create", "M1-A") {
				t.Error("allowed by what may have been revoked since")
			}
			p.Do(func(tx *db.Tx) error {
				_, err := tx.Exec(`DELETE FROM membership_ips WHERE network = 'no network'`)
				tx.ChangedUser(member.UserID)
				return err
			})
			await(t, func() bool { return !n.Stale() && p.may(n.Load(), "m1.administrator", "users:create", "M1-A") })
		})
	})
}
