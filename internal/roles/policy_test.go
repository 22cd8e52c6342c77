package roles_test

import (
	"fmt"
	"strings"
	"testing"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/roles"
)

func TestPolicies(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who := h.Who("m1.administrator")
		shared := h.policy(t, "Reads payments", "payments:view")
		one := h.create(t, roles.Draft{Name: "One", Policies: []string{shared}})
		two := h.create(t, roles.Draft{Name: "Two", Policies: []string{shared}, Permits: permits("disputes:view")})
		if err := h.give(t, "m1.reader_a", []string{"M1-A"}, one); err != nil {
			t.Fatal(told(err))
		}
		if err := h.give(t, "m1.reader_b", nil, two); err != nil {
			t.Fatal(told(err))
		}
		t.Run("R3 a change of a policy reaches every user who has it, at once", func(t *testing.T) {
			before, _ := h.full(t, two)
			now, err := h.Roles.EditPolicy(t.Context(), who, who.AccountID, shared, 1, roles.PolicyEdit{Permits: &[]roles.Permit{{Permission: "payments:void"}}})
			if err != nil || now != 2 {
				t.Fatal(told(err), now)
			}
			for _, whom := range []string{"m1.reader_a", "m1.reader_b"} {
				if h.may(whom, "payments:view", "M1-A") || !h.may(whom, "payments:void", "M1-A") {
					t.Errorf("%s still has what it was", whom)
				}
			}
			if after, _ := h.full(t, two); after.Version != before.Version+1 {
				t.Error("who edits a role of it is not told that it changed")
			}
			last := h.Last()
			if last.Action != audit.PolicyChanged || last.ID != shared || last.Kind != "policy" || !strings.Contains(fmt.Sprint(last.Changes), "payments:view payments:void") {
				t.Errorf("%+v", last)
			}
		})
		t.Run("R3 the decision names the policy", func(t *testing.T) {
			if d := h.Decide("m1.reader_a", "payments:void", "M1-A"); d.Policy != shared || d.Role != one {
				t.Errorf("%+v", d)
			}
		})
		t.Run("R3 a policy that roles have is not deleted, and they are named", func(t *testing.T) {
			act := func() error { return h.Roles.DeletePolicy(t.Context(), who, who.AccountID, shared, 2) }
			h.refused(t, "policy_in_use", audit.PolicyDeleted, who, act)
			if got := sentences(lang.English, act()); !strings.Contains(got, "One, Two") || !strings.Contains(got, "2 roles") {
				t.Error(got)
			}
		})
		t.Run("E15 a policy that somebody else changed meanwhile", func(t *testing.T) {
			h.refused(t, "stale", audit.PolicyChanged, who, func() error {
				_, err := h.Roles.EditPolicy(t.Context(), who, who.AccountID, shared, 1, roles.PolicyEdit{Name: text("Late")})
				return err
			})
			h.refused(t, "stale", audit.PolicyDeleted, who, func() error { return h.Roles.DeletePolicy(t.Context(), who, who.AccountID, shared, 1) })
		})
		t.Run("B04 a policy is edited with the right over all roles that have it", func(t *testing.T) {
			id := h.create(t, roles.Draft{Name: "Has more", Policies: []string{shared}, Permits: permits("payments:view")})
			h.Do(func(tx *db.Tx) error { // an administrator whose own reach is narrower than the role: by a row that no door writes
				tx.ChangedAccess()
				_, err := tx.Exec(`UPDATE memberships SET all_locations = FALSE WHERE user_id = $1`, who.ID)
				return err
			})
			h.refused(t, "permission_not_yours_to_give permissions:permission_not_yours_to_give", audit.PolicyChanged, who, func() error {
				_, err := h.Roles.EditPolicy(t.Context(), who, who.AccountID, shared, 2, roles.PolicyEdit{Name: text("Mine")})
				return err
			})
			h.refused(t, "permission_not_yours_to_give permissions:permission_not_yours_to_give", audit.RoleDeleted, who, func() error {
				_, err := h.Roles.Remove(t.Context(), who, who.AccountID, id, 1)
				return err
			})
			h.refused(t, "permission_not_yours_to_give permissions:permission_not_yours_to_give", audit.RoleCreated, who, func() error {
				_, err := h.Roles.Create(t.Context(), who, who.AccountID, draft("Beyond me", "payments:view"))
				return err
			})
			h.Do(func(tx *db.Tx) error {
				tx.ChangedAccess()
				_, err := tx.Exec(`UPDATE memberships SET all_locations = TRUE WHERE user_id = $1`, who.ID)
				return err
			})
		})
		t.Run("R12 an edit that would give somebody a toxic combination through two roles is refused, and says how many", func(t *testing.T) {
			approver := h.create(t, draft("Approver", "approvals:approve_single"))
			if err := h.give(t, "m1.operations", nil, approver, one); err != nil {
				t.Fatal(told(err))
			}
			edit := func() error {
				_, err := h.Roles.EditPolicy(t.Context(), who, who.AccountID, shared, 2, roles.PolicyEdit{Permits: &[]roles.Permit{{Permission: "payments:void"}, {Permission: "payouts:create"}}})
				return err
			}
			h.refused(t, "invalid permissions:toxic_people", audit.PolicyChanged, who, edit)
			if got := sentences(lang.English, edit()); !strings.Contains(got, "1 user") {
				t.Error(got)
			}
			h.Set("M1", "toxic_combinations", "flagged")
			if err := edit(); err != nil {
				t.Fatal(told(err))
			}
			if last := h.Last(); !strings.Contains(fmt.Sprint(last.Changes), "payouts_and_approval") {
				t.Errorf("R12 what is let through is not recorded: %+v", last)
			}
			h.Set("M1", "toxic_combinations", "blocked")
		})
		t.Run("R3 B22 an account has at most 100 policies, and a role too", func(t *testing.T) {
			var all []string
			for i := range 99 {
				all = append(all, h.policy(t, fmt.Sprintf("Policy %d", i), "payments:view"))
			}
			h.refused(t, "too_many_policies", audit.PolicyCreated, who, func() error {
				_, err := h.Roles.CreatePolicy(t.Context(), who, who.AccountID, roles.PolicyDraft{Name: "One more", Permits: permits("payments:view")})
				if got := sentences(lang.English, err); !strings.Contains(got, "100") {
					t.Error(got)
				}
				return err
			})
			h.create(t, roles.Draft{Name: "Ninety-nine and its own", Policies: all, Permits: permits("disputes:view")})
			full := append(all, shared)
			h.create(t, roles.Draft{Name: "A hundred", Policies: full, Acknowledged: []string{}})
			h.refused(t, "invalid policies:too_many_policies", audit.RoleCreated, who, func() error {
				_, err := h.Roles.Create(t.Context(), who, who.AccountID, roles.Draft{Name: "A hundred and its own", Policies: full, Permits: permits("disputes:view")})
				if got := sentences(lang.English, err); !strings.Contains(got, "100") {
					t.Error(got)
				}
				return err
			})
		})
		t.Run("R3 a policy that no role has any more is deleted", func(t *testing.T) {
			h.View(func(tx *db.Tx) error {
				list, err := roles.Policies(tx, who.AccountID)
				if len(list) != 100 {
					t.Errorf("%d policies", len(list))
				}
				return err
			})
			id := func() (id string) {
				h.View(func(tx *db.Tx) error {
					list, err := roles.Policies(tx, who.AccountID)
					id = list[0].ID
					return err
				})
				return id
			}()
			var using []string
			h.View(func(tx *db.Tx) error {
				p, _, err := roles.PolicyByID(tx, who.AccountID, id)
				using = p.Roles
				return err
			})
			for _, role := range using {
				r, _ := h.full(t, role)
				var rest []string
				for _, p := range r.Policies {
					if p.ID != id {
						rest = append(rest, p.ID)
					}
				}
				if err := h.edit(t, "m1.administrator", role, roles.Edit{Policies: &rest}); err != nil {
					t.Fatal(told(err))
				}
			}
			if err := h.Roles.DeletePolicy(t.Context(), who, who.AccountID, id, 1); err != nil {
				t.Fatal(told(err))
			}
			if last := h.Last(); last.Action != audit.PolicyDeleted || last.ID != id {
				t.Errorf("%+v", last)
			}
		})
	})
}

// legacy puts a role from before policies into M1, as an import would find it.
func (h house) legacy(t *testing.T, id, name string, rows ...[2]string) {
	t.Helper()
	a := h.Account("M1").ID
	h.Do(func(tx *db.Tx) error {
		tx.ChangedAccess()
		if _, err := tx.Exec(`INSERT INTO roles (account_id, id, name, name_key, legacy, created_at) VALUES ($1, $2, $3, $4, TRUE, $5)`, a, id, name, lang.Skeleton(name), tx.Now); err != nil {
			return err
		}
		for _, row := range rows {
			if _, err := tx.Exec(`INSERT INTO role_permissions (account_id, role_id, permission, condition) VALUES ($1, $2, $3, $4)`, a, id, row[0], row[1]); err != nil {
				return err
			}
		}
		return nil
	})
}

func TestLegacy(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who := h.Who("m1.administrator")
		h.legacy(t, "rol_legacy0000000000000000", "Back office", [2]string{"payments:view", ""}, [2]string{"payments:refund", `{"max_amount":5000,"currency":"EUR"}`})
		const id = "rol_legacy0000000000000000"
		if err := h.give(t, "m1.reader_a", nil, id); err != nil {
			t.Fatal(told(err))
		}
		refund := access.Question{Permission: access.MustParse("payments:refund"), Entity: "M1-A", HasAmount: true, Amount: 5000, Currency: "EUR"}
		t.Run("R4 it gives what it holds by itself", func(t *testing.T) {
			if !h.may("m1.reader_a", "payments:view", "M1-A") || !h.ask("m1.reader_a", refund) || h.may("m1.reader_a", "payments:refund", "M1-A") {
				t.Error("it gives something else")
			}
			if r, _ := h.full(t, id); !r.Legacy || len(r.Permits) != 2 || len(r.Policies) != 0 {
				t.Errorf("%+v", r)
			}
		})
		t.Run("R4 it can be edited until it is migrated, and takes no policies", func(t *testing.T) {
			shared := h.policy(t, "Shared", "disputes:view")
			h.refused(t, "invalid policies:legacy_policies", audit.RoleChanged, who, func() error { return h.edit(t, "m1.administrator", id, roles.Edit{Policies: &[]string{shared}}) })
			r, _ := h.full(t, id)
			more := append(r.Permits, roles.Permit{Permission: "payments:void"})
			if err := h.edit(t, "m1.administrator", id, roles.Edit{Permits: &more}); err != nil {
				t.Fatal(told(err))
			}
			if r, _ := h.full(t, id); !r.Legacy || !h.may("m1.reader_a", "payments:void", "M1-A") {
				t.Errorf("%+v", r)
			}
			t.Run("R4 a setting demands migration first", func(t *testing.T) {
				h.Set("M1", "legacy_roles", "migrate_first")
				h.refused(t, "migrate_first", audit.RoleChanged, who, func() error { return h.edit(t, "m1.administrator", id, roles.Edit{Name: text("New")}) })
			})
			t.Run("R4 migration makes its policy by itself, and policies can be picked with it", func(t *testing.T) {
				if err := h.edit(t, "m1.administrator", id, roles.Edit{Migrate: true, Policies: &[]string{shared}}); err != nil {
					t.Fatal(told(err))
				}
				r, _ := h.full(t, id)
				if r.Legacy || len(r.Permits) != 3 || len(r.Policies) != 1 || len(h.Raw("role_permissions")) != 0 {
					t.Errorf("%+v", r)
				}
				for _, permission := range []string{"payments:view", "payments:void", "disputes:view"} {
					if !h.may("m1.reader_a", permission, "M1-A") {
						t.Errorf("they lost %s", permission)
					}
				}
				if !h.ask("m1.reader_a", refund) || h.may("m1.reader_a", "payments:refund", "M1-A") {
					t.Error("the restriction did not come along")
				}
				if last := h.Last(); last.Action != audit.RoleMigrated || !strings.Contains(fmt.Sprint(last.Changes), shared) {
					t.Errorf("%+v", last)
				}
				h.refused(t, "not_legacy", audit.RoleMigrated, who, func() error { return h.edit(t, "m1.administrator", id, roles.Edit{Migrate: true}) })
				if err := h.edit(t, "m1.administrator", id, roles.Edit{Permits: &[]roles.Permit{{Permission: "payments:view"}}}); err != nil || h.may("m1.reader_a", "payments:void", "M1-A") {
					t.Error("afterwards the policy is what is edited", told(err))
				}
			})
		})
		t.Run("B03 what no custom role may hold is given by no legacy one, and does not come through migration", func(t *testing.T) {
			const bad = "rol_legacybad0000000000000"
			h.legacy(t, bad, "Old administrators", [2]string{"roles:manage", ""}, [2]string{"payments:view", ""}, [2]string{"payments:void", `{"max":1}`}, [2]string{"made:up", ""})
			if err := h.give(t, "m1.reader_b", nil, bad); err != nil {
				t.Fatal(told(err))
			}
			for permission, want := range map[string]bool{"roles:manage": false, "payments:void": false, "payments:view": true} {
				if h.may("m1.reader_b", permission, "M1") != want {
					t.Errorf("%s: %v", permission, !want)
				}
			}
			h.refused(t, "invalid permissions:unknown_permission permissions:restriction_amount permissions:permission_ungrantable", audit.RoleMigrated, who, func() error {
				return h.edit(t, "m1.administrator", bad, roles.Edit{Migrate: true})
			})
			if err := h.edit(t, "m1.administrator", bad, roles.Edit{Migrate: true, Permits: &[]roles.Permit{{Permission: "payments:view"}}}); err != nil {
				t.Error(told(err))
			}
		})
	})
}
