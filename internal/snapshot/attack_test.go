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
		t.Run("what changed long ago is swept, and a node that is further behind loads everything", func(t *testing.T) {
			behind, sweeper := p.node(t, snapshot.Options{}), p.node(t, snapshot.Options{Changes: 5})
			for range 7 {
				p.Do(func(tx *db.Tx) error {
					tx.ChangedUser(p.User("m1.reader"))
					return nil
				})
			}
			if err := sweeper.Keeper.Refresh(t.Context(), 0); err != nil {
				t.Fatal(err)
			}
			if err := sweeper.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			var rows int
			p.View(func(tx *db.Tx) error {
				_, err := db.One(tx, []any{&rows}, `SELECT COUNT(*) FROM access_changes`)
				return err
			})
			if rows != 5 {
				t.Errorf("%d rows are left", rows)
			}
			if err := behind.Keeper.Refresh(t.Context(), 0); err != nil || behind.Load().Revision() != p.Live.Load().Revision() {
				t.Errorf("a node that was behind stays so: %v", err)
			}
		})
	})
}
