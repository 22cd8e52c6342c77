//go:build !race

// One goroutine, many rows: the race detector sees nothing here and takes eleven times as long.

package people_test

import (
	"fmt"
	"slices"
	"testing"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/roles"
)

// TestWhoGivesWhat asks for every giver, role and scope, against what
// profiles.md and model.md say in words. The access administrator's own role is
// not on their list, and that they hold all of it does not put it there.
func TestWhoGivesWhat(t *testing.T) {
	above := map[string][]string{ // what they may not give
		"owner": nil, "administrator": {"owner"}, "limited": {"owner"}, "access": {"owner", "administrator", "access_administrator"},
	}
	each(t, func(t *testing.T, h house) {
		pr, _ := h.Profiles.Get("standard")
		n := 0
		for giver, not := range above {
			for _, role := range pr.Roles {
				scopes := []string{""}
				if slices.Contains([]string{"owner", "administrator", "access_administrator", "read_only"}, role.Key) {
					scopes = []string{"", "M1", "M1-A", "M1-A-1", "M1-B"}
				}
				for _, scope := range scopes {
					want := "done"
					for _, key := range not {
						if key == role.Key {
							want = "role_not_yours_to_give roles:role_not_yours_to_give"
						}
					}
					if giver == "limited" && scope != "M1-A" && scope != "M1-A-1" {
						want = "entities_not_held entities:entities_not_held"
					}
					t.Run(fmt.Sprintf("U23 %s gives %s over %q", giver, role.Key, scope), func(t *testing.T) {
						n++
						in := h.invitee(role.Key)
						in.Email = fmt.Sprintf("given.%d@example.com", n)
						if scope != "" {
							in.Access = h.access("M1", role.Key, scope)
						}
						who := h.Who("m1." + giver)
						invite := func() error {
							_, err := h.People.Invite(t.Context(), who, who.AccountID, in)
							return err
						}
						if want != "done" {
							h.refused(t, want, audit.UserInvited, who, invite)
						} else if err := invite(); err != nil {
							t.Error(err)
						}
					})
				}
			}
		}
	})
}

// TestWhoActsOnWhom tries every use case on somebody whom one may not touch:
// each refuses with the same code, whatever the state of that person.
func TestWhoActsOnWhom(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		for _, c := range []struct{ who, whom, want string }{
			{"m1.owner", "m1.owner", "own_access"},
			{"m1.administrator", "m1.administrator", "own_access"},
			{"m1.access", "m1.access", "own_access"},
			{"m1.limited", "m1.limited", "own_access"},
			{"m1.administrator", "m1.owner", "person_above_you"},
			{"m1.access", "m1.owner", "person_above_you"},
			{"m1.access", "m1.administrator", "person_above_you"},
			{"m1.access", "m1.limited", "person_above_you"},
			{"m1.limited", "m1.administrator", "person_above_you"},
			{"m1.limited", "m1.reader", "person_above_you"},
			{"m1.limited", "m1.reader_b", "person_above_you"},
			{"m1.limited", "m1.invited", "person_above_you"},
			{"m1.reader", "m1.reader_a", "missing_permission"},
			{"m1.auditor", "m1.reader_a", "missing_permission"},
			{"m1.operations", "m1.invited", "missing_permission"},
			{"m1.administrator", "m2.reader", "not_found"},
			{"m2.administrator", "m1.reader", "not_found"},
			{"m1.invited", "m1.reader", "not_found"},
			{"m1.deactivated", "m1.reader", "not_found"},
			{"partner.administrator", "m1.reader", "live_account"},
			{"platform.owner", "m1.reader", "live_account"},
			{"platform.owner", "m1.owner", "live_account"},
			{"platform.reader", "m1.reader", "missing_permission"},
			{"platform.reader", "m3.reader", "missing_permission"},
			{"platform.owner", "m3.owner", "person_above_you"}, // the owner of an account is above its operators too
			{"m3.administrator", "platform.reader", "not_found"},
		} {
			account := "M1"
			switch {
			case c.whom[:2] == "m3":
				account = "M3"
			case c.who == "m3.administrator":
				account = "PLATFORM"
			}
			for _, x := range h.acts(h.Role(account, "read_only")) {
				t.Run(fmt.Sprintf("U23 %s %s %s", c.who, x.name, c.whom), func(t *testing.T) {
					who := h.Who(c.who)
					h.refused(t, c.want, x.action, who, func() error {
						return x.do(t.Context(), who, h.Account(account).ID, h.User(c.whom), h.Version(c.whom))
					})
				})
			}
		}
		t.Run("U23 nothing without a second factor", func(t *testing.T) {
			for _, label := range []string{"m1.owner", "m1.administrator", "m1.access", "m1.limited"} {
				for _, x := range h.acts(h.Role("M1", "read_only")) {
					who := h.Who(label)
					who.SecondFactor = false
					h.refused(t, "needs_two_factor", x.action, who, func() error {
						return x.do(t.Context(), who, who.AccountID, h.User("m1.reader_a"), h.Version("m1.reader_a"))
					})
				}
			}
		})
	})
}

// TestReach shows that acting on somebody takes the permission over all that
// they reach, not merely roles as large as theirs.
func TestReach(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		a, who := h.Account("M1").ID, h.Who("m1.operations")
		m := h.Row("m1.operations").Member.ID
		h.Do(func(tx *db.Tx) error { // may read all of the account, and runs the people of M1-A
			tx.ChangedUser(who.ID)
			return people.Relist(tx, who.ID, func() error {
				return roles.Replace(tx, a, m, []roles.Assignment{
					{RoleID: h.Role("M1", "read_only"), AllEntities: true},
					{RoleID: h.Role("M1", "access_administrator"), Entities: []string{h.Entity("M1-A").ID}},
				})
			})
		})
		h.refused(t, "person_above_you", audit.UserDeactivated, who, func() error {
			return h.People.Deactivate(t.Context(), who, a, h.User("m1.reader_b"), h.Version("m1.reader_b"), "")
		})
		if err := h.People.Deactivate(t.Context(), who, a, h.User("m1.reader_a"), h.Version("m1.reader_a"), ""); err != nil {
			t.Error(err)
		}
	})
}

// TestOperators is I7 as far as it goes without verified contacts.
func TestOperators(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ctx := t.Context()
		for _, label := range []string{"platform.owner", "platform.administrator", "partner.administrator"} {
			who, a := h.Who(label), h.Account("M3").ID
			t.Run("I7 in a test account "+label+" helps", func(t *testing.T) {
				in := h.invitee("read_only")
				in.Email, in.Access = label+".guest@example.com", h.access("M3", "read_only")
				if _, err := h.People.Invite(ctx, who, a, in); err != nil {
					t.Errorf("invite: %v", err)
				}
				if err := h.People.ChangeAccess(ctx, who, a, h.User("m3.reader"), h.Version("m3.reader"), h.access("M3", "support", "M3-A")); err != nil {
					t.Errorf("change access: %v", err)
				}
				if err := h.People.Deactivate(ctx, who, a, h.User("m3.reader"), h.Version("m3.reader"), ""); err != nil {
					t.Errorf("deactivate: %v", err)
				}
				if err := h.People.Reactivate(ctx, who, a, h.User("m3.reader"), h.Version("m3.reader")); err != nil {
					t.Errorf("reactivate: %v", err)
				}
				if err := h.People.Resend(ctx, who, a, h.User("m3.invited"), h.Version("m3.invited")); err != nil {
					t.Errorf("resend: %v", err)
				}
				h.factor("m3.reader")
				if err := h.People.ResetFactor(ctx, who, a, h.User("m3.reader"), h.Version("m3.reader"), "asked by telephone"); err != nil {
					t.Errorf("reset: %v", err)
				}
			})
			t.Run("I7 in a test account "+label+" gives nothing that they may not do there", func(t *testing.T) {
				for _, role := range []string{"owner", "administrator", "operations"} { // each takes payments, which no higher level does
					in := h.invitee("read_only")
					in.Access = h.access("M3", role)
					h.refused(t, "role_not_yours_to_give roles:role_not_yours_to_give", audit.UserInvited, who, func() error {
						_, err := h.People.Invite(ctx, who, a, in)
						return err
					})
				}
			})
			t.Run("I7 in a live account "+label+" does nothing", func(t *testing.T) {
				in := h.invitee("read_only")
				h.refused(t, "live_account", audit.UserInvited, who, func() error {
					_, err := h.People.Invite(ctx, who, h.Account("M1").ID, in)
					return err
				})
			})
		}
	})
}

func TestAddressNotAllowed(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who := h.Who("m1.administrator")
		m := h.Row("m1.administrator").Member.ID
		h.Do(func(tx *db.Tx) error {
			tx.ChangedUser(who.ID)
			_, err := tx.Exec(`INSERT INTO membership_ips (account_id, membership_id, network) VALUES ($1, $2, '198.51.100.0/24')`, who.AccountID, m)
			return err
		})
		if d := h.Decide("m1.administrator", "users:create", "M1"); d.Allowed || d.Reasons&access.IPDenied == 0 {
			t.Fatal(d.Codes())
		}
		h.refused(t, "address_not_allowed", audit.UserInvited, who, func() error {
			_, err := h.People.Invite(t.Context(), who, who.AccountID, h.invitee("read_only"))
			return err
		})
		h.refused(t, "address_not_allowed", audit.UserDeactivated, who, func() error {
			return h.People.Deactivate(t.Context(), who, who.AccountID, h.User("m1.reader"), h.Version("m1.reader"), "")
		})
	})
}
