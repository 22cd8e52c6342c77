//go:build !race

// One goroutine, many rows: the race detector sees nothing here and takes eleven times as long.

package snapshot_test

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/snapshot"
)

// differ asks two snapshots everything that people of these accounts may be
// asked about, and tells the first thing on which they differ.
func (p place) differ(t testing.TB, one, other *access.Snapshot) string {
	t.Helper()
	var users, entities []string
	p.View(func(tx *db.Tx) (err error) {
		if users, err = db.Column(tx, `SELECT id FROM users ORDER BY id`); err == nil {
			entities, err = db.Column(tx, `SELECT id FROM entities ORDER BY path`)
		}
		return err
	})
	if one.Revision() != other.Revision() {
		return fmt.Sprintf("revisions %d and %d", one.Revision(), other.Revision())
	}
	var asked []access.Permission
	for _, name := range []string{"users:create", "payments:view", "payments:create", "accounts:create", "payment_links:create", "audit:view"} {
		asked = append(asked, access.MustParse(name))
	}
	now := p.DB.Now()
	for _, within := range []string{"", p.Account("PLATFORM").ID, p.Account("M1").ID, p.Account("M3").ID} {
		for _, user := range users {
			for _, two := range []bool{true, false} {
				q := access.Question{User: user, Within: within, Now: now, SecondFactor: two, Fresh: two}
				if access.Held(one, q) != access.Held(other, q) {
					return fmt.Sprintf("what is held: %+v", q)
				}
				for _, q.Entity = range entities {
					for _, q.Permission = range asked {
						if x, y := access.Decide(one, q), access.Decide(other, q); x != y {
							return fmt.Sprintf("%+v: %+v and %+v", q, x, y)
						}
					}
				}
			}
		}
	}
	return ""
}

// TestStepsMakeTheWhole: after any use cases, in any order, the snapshot that
// was kept step by step answers as one that is built afresh.
func TestStepsMakeTheWhole(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		n := 0
		labels := []string{"m1.reader", "m1.reader_a", "m1.limited", "m1.access", "m1.administrator", "m3.reader", "m3.operations", "m1.both", "m2.both", "m1.invited"}
		everyRole := []string{"owner", "administrator", "access_administrator", "auditor", "support", "read_only"}
		p.customRole("rol_step", "pol_step", "payments:view")
		late := p.node(t, snapshot.Options{}) // hears of all of a sequence at once
		operator, top := p.Who("platform.owner"), p.Account("PLATFORM").ID
		rapid.Check(t, func(rt *rapid.T) {
			for range rapid.IntRange(1, 6).Draw(rt, "steps") {
				label := rapid.SampledFrom(labels).Draw(rt, "whom")
				account, _, _ := strings.Cut(label, ".")
				who := p.Who(account + "." + rapid.SampledFrom([]string{"owner", "administrator", "limited"}).Draw(rt, "who"))
				upper := strings.ToUpper(account)
				in := people.Access{Roles: []string{p.Role(upper, rapid.SampledFrom(everyRole).Draw(rt, "role"))}, AllEntities: true, Acknowledged: true}
				if scope := rapid.SampledFrom([]string{"", "-A", "-A-1", "-B"}).Draw(rt, "scope"); scope != "" {
					in.AllEntities, in.Entities = false, []string{upper + scope}
				}
				if account == "m1" && rapid.Bool().Draw(rt, "custom") {
					in.Roles = []string{"rol_step"}
				}
				act := rapid.IntRange(0, 9).Draw(rt, "act")
				if act > 3 && act < 7 && n > 40 {
					act = 3 // enough people
				}
				// Many are refused: then nothing may have changed either.
				switch act {
				case 0:
					_ = p.People.Deactivate(t.Context(), who, who.AccountID, p.User(label), p.Version(label), "")
				case 1:
					_ = p.People.Reactivate(t.Context(), who, who.AccountID, p.User(label), p.Version(label))
				case 2, 3:
					_ = p.People.ChangeAccess(t.Context(), who, who.AccountID, p.User(label), p.Version(label), in)
				case 4:
					n++
					_, _ = p.People.Invite(t.Context(), who, who.AccountID, people.Invitee{FirstName: "New", Email: fmt.Sprintf("new%d@example.com", n), Access: in})
				case 5:
					n++
					_, _, _ = p.People.Board(t.Context(), p.Who("platform.owner"), p.Account("PLATFORM").ID, people.Boarding{
						Account: org.New{Kind: access.Merchant, ParentID: "PARTNER", Name: "New", CustomerID: fmt.Sprintf("NEW-%d", n), Environment: org.Test},
						First:   people.Invitee{FirstName: "First", Email: fmt.Sprintf("first%d@example.com", n)}})
				case 6:
					n++
					_, _ = p.Org.Onboard(t.Context(), operator, top, org.New{Kind: access.LegalEntity, ParentID: upper, Name: "New", CustomerID: fmt.Sprintf("NEW-%d", n)})
				case 7:
					a := p.Account(upper)
					_ = p.Org.DeactivateAccount(t.Context(), operator, top, a.ID, a.Version, "Closed")
				case 8:
					a := p.Account(upper)
					_ = p.Org.ActivateAccount(t.Context(), operator, top, a.ID, a.Version, "")
				case 9:
					permission := rapid.SampledFrom([]string{"payments:view", "audit:view", "payment_links:create"}).Draw(rt, "permission")
					p.Do(func(tx *db.Tx) error {
						tx.ChangedRole("rol_step")
						_, err := tx.Exec(`UPDATE policy_permissions SET permission = $1 WHERE policy_id = 'pol_step'`, permission)
						return err
					})
				}
			}
			fresh := p.node(t, snapshot.Options{})
			if err := late.Keeper.Refresh(t.Context(), 0); err != nil {
				rt.Fatal(err)
			}
			for name, s := range map[string]*access.Snapshot{"step by step": p.Live.Load(), "some steps at once": late.Load()} {
				if diff := p.differ(t, fresh.Load(), s); diff != "" {
					rt.Fatalf("%s: %s", name, diff)
				}
			}
			if err := fresh.db.Close(); err != nil {
				rt.Fatal(err)
			}
		})
	})
}
