package snapshot_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/snapshot"
)

// TestToggle changes a policy to and fro while many ask.
func TestToggle(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		t.Run("E10 every answer equals the old or the new version, and says which", func(t *testing.T) {
			p.Beside()
			account, member := p.Account("M1").ID, p.Row("m1.reader").Member
			versions := [2]string{"payments:view", "disputes:view"}
			p.customRole("rol_toggled", "pol_toggled", versions[0])
			p.Do(func(tx *db.Tx) error {
				tx.ChangedUser(member.UserID)
				_, err := tx.Exec(`UPDATE assignments SET role_id = 'rol_toggled' WHERE account_id = $1 AND membership_id = $2`, account, member.ID)
				return err
			})
			other := p.node(t, snapshot.Options{Interval: time.Millisecond})
			other.run(t)
			from := p.Live.Load().Revision()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			var readers sync.WaitGroup
			var asked atomic.Int64
			for i := range 4 {
				live := []*access.Live{p.Live, other.Live}[i%2]
				readers.Go(func() {
					for ctx.Err() == nil {
						if wrong := p.mixed(live.Load(), from, versions); wrong != "" {
							t.Error(wrong)
							return
						}
						asked.Add(2)
					}
				})
			}
			for i := 1; i <= 40 || asked.Load() < 10_000; i++ {
				p.Do(func(tx *db.Tx) error {
					tx.ChangedRole("rol_toggled")
					_, err := tx.Exec(`UPDATE policy_permissions SET permission = $1 WHERE account_id = $2 AND policy_id = 'pol_toggled'`, versions[i%2], account)
					return err
				})
				if d := p.ask(p.Live.Load(), "m1.reader", versions[i%2]); !d.Allowed || d.Revision != from+int64(i) {
					t.Fatalf("E09 on the node that changed it, at once: %+v", d)
				}
				await(t, func() bool { return other.Load().Revision() == from+int64(i) })
			}
			cancel()
			readers.Wait()
		})
	})
}

// mixed tells what is wrong with answers about a policy whose versions take turns with the revisions.
func (p place) mixed(s *access.Snapshot, from int64, versions [2]string) string {
	at := (s.Revision() - from) % 2
	for i, permission := range versions {
		d := p.ask(s, "m1.reader", permission)
		if d.Allowed != (int64(i) == at) || d.Revision != s.Revision() {
			return fmt.Sprintf("at revision %d of %d: %s %+v", s.Revision(), from, permission, d)
		}
	}
	return ""
}

func (p place) ask(s *access.Snapshot, label, permission string) access.Decision {
	who := p.Who(label)
	q := org.Asks(who, p.DB.Now(), who.AccountID)
	q.Permission, q.Entity = access.MustParse(permission), "M1"
	return access.Decide(s, q)
}

// customRole makes a role of M1 with a policy of its own.
func (p place) customRole(role, policy, permission string) {
	account := p.Account("M1").ID
	p.Do(func(tx *db.Tx) error {
		for _, s := range []struct {
			text string
			args []any
		}{
			{`INSERT INTO roles (account_id, id, name, name_key, created_at) VALUES ($1, $2, $2, $2, 1)`, []any{account, role}},
			{`INSERT INTO policies (account_id, id, name, name_key, created_at) VALUES ($1, $2, $2, $2, 1)`, []any{account, policy}},
			{`INSERT INTO role_policies (account_id, role_id, policy_id) VALUES ($1, $2, $3)`, []any{account, role, policy}},
			{`INSERT INTO policy_permissions (account_id, policy_id, permission) VALUES ($1, $2, $3)`, []any{account, policy, permission}},
		} {
			if _, err := tx.Exec(s.text, s.args...); err != nil {
				return err
			}
		}
		tx.ChangedRoles(account)
		return nil
	})
}
