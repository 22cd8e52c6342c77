package roles_test

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/roles"
)

func TestRemove(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who := h.Who("m1.administrator")
		fallback := h.Role("M1", "read_only")
		of := func(whom string) []roles.Assignment {
			m := h.Row(whom).Member
			var out map[string][]roles.Assignment
			h.View(func(tx *db.Tx) (err error) {
				out, err = roles.Of(tx, m.AccountID, m.ID)
				return err
			})
			return out[m.ID]
		}
		remove := func(id string) (int, error) {
			r, _ := h.full(t, id)
			return h.Roles.Remove(t.Context(), who, who.AccountID, id, r.Version)
		}
		t.Run("R6 B12 whoever is left with none gets the fallback role over the same entities; others keep theirs", func(t *testing.T) {
			id := h.create(t, draft("Short-lived", "payments:void"))
			until := h.clock.Now().Add(time.Hour).UnixMicro()
			for whom, err := range map[string]error{
				"m1.reader_a":    h.give(t, "m1.reader_a", []string{"M1-A"}, id),
				"m1.operations":  h.give(t, "m1.operations", nil, h.Role("M1", "operations"), id),
				"m1.deactivated": h.give(t, "m1.deactivated", []string{"M1-B"}, id),
			} {
				if err != nil {
					t.Fatal(whom, told(err))
				}
			}
			h.Do(func(tx *db.Tx) error { // for a time, and with a fallback role that is over
				m, _, err := people.MemberOf(tx, who.AccountID, h.User("m1.reader_b"))
				if err != nil {
					return err
				}
				tx.ChangedAccess()
				return people.Relist(tx, h.User("m1.reader_b"), func() error {
					return roles.Replace(tx, who.AccountID, m.ID, []roles.Assignment{{RoleID: id, Entities: []string{h.Entity("M1-B").ID}, Until: until}, {RoleID: fallback, AllEntities: true, Until: tx.Now}})
				})
			})
			version := h.Version("m1.reader_a")
			fell, err := remove(id)
			if err != nil || fell != 3 {
				t.Fatal(told(err), fell)
			}
			for whom, want := range map[string]string{
				"m1.reader_a": fallback + " over " + h.Entity("M1-A").ID, "m1.operations": h.Role("M1", "operations") + " over all entities",
				"m1.deactivated": fallback + " over " + h.Entity("M1-B").ID,
			} {
				if got := roles.Text(of(whom)); got != want {
					t.Errorf("%s has %s, want %s", whom, got, want)
				}
			}
			if got := of("m1.reader_b"); len(got) != 1 || got[0].RoleID != fallback || got[0].Until != until || got[0].AllEntities {
				t.Errorf("for a time: %+v", got)
			}
			if _, found := h.full(t, id); found || h.may("m1.reader_a", "payments:void", "M1-A") || !h.may("m1.reader_a", "payments:view", "M1-A") || h.may("m1.reader_a", "payments:view", "M1-B") {
				t.Error("B12 decisions differ")
			}
			if h.Version("m1.reader_a") != version+1 {
				t.Error("who edits them is not told that their access changed")
			}
			var told, deleted bool
			for _, e := range h.Entries() {
				told = told || e.Action == audit.UserAccessChanged && e.ID == h.User("m1.reader_a") && e.ActorID == who.ID && strings.Contains(e.Changes[0].Before, id)
				deleted = deleted || e.Action == audit.RoleDeleted && e.ID == id
			}
			if !told || !deleted {
				t.Errorf("L1 recorded: %v %v", told, deleted)
			}
		})
		t.Run("B12 a role that begins later is none today", func(t *testing.T) {
			id := h.create(t, draft("Until then", "payments:void"))
			h.Do(func(tx *db.Tx) error {
				m, _, err := people.MemberOf(tx, who.AccountID, h.User("m1.invited"))
				if err != nil {
					return err
				}
				tx.ChangedAccess()
				return people.Relist(tx, h.User("m1.invited"), func() error {
					return roles.Replace(tx, who.AccountID, m.ID, []roles.Assignment{{RoleID: id, AllEntities: true}, {RoleID: h.Role("M1", "support"), AllEntities: true, From: tx.Now + 1e12}})
				})
			})
			e, err := h.Roles.PreviewRemoval(t.Context(), who, who.AccountID, id, "", 10)
			if err != nil || e.Fall != 1 {
				t.Errorf("%s, %d fall back", told(err), e.Fall)
			}
			if fell, err := remove(id); err != nil || fell != 1 || len(of("m1.invited")) != 2 {
				t.Error(told(err), fell)
			}
		})
		t.Run("R2 its name is free again", func(t *testing.T) { h.create(t, draft("Short-lived", "payments:void")) })
		t.Run("B12 the fallback is never an administrator's role, nor one that is not given", func(t *testing.T) {
			id := h.create(t, draft("Stays", "payments:void"))
			for _, key := range []string{"administrator", "owner", "nosuch"} {
				h.Set("M1", "fallback_role", key)
				h.refused(t, "fallback_role_unusable", audit.RoleDeleted, who, func() error {
					_, err := remove(id)
					return err
				})
			}
			h.Set("M1", "fallback_role", "support")
			if err := h.give(t, "m1.auditor", nil, id); err != nil {
				t.Fatal(told(err))
			}
			if fell, err := remove(id); err != nil || fell != 1 || of("m1.auditor")[0].RoleID != h.Role("M1", "support") {
				t.Error(told(err), fell)
			}
		})
		t.Run("E15 a role that somebody else changed meanwhile is not deleted", func(t *testing.T) {
			id := h.create(t, draft("Changed", "payments:void"))
			if err := h.edit(t, "m1.owner", id, roles.Edit{Description: text("Changed.")}); err != nil {
				t.Fatal(told(err))
			}
			h.refused(t, "stale", audit.RoleDeleted, who, func() error {
				_, err := h.Roles.Remove(t.Context(), who, who.AccountID, id, 1)
				return err
			})
		})
	})
}

func TestTemplate(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		id := h.create(t, roles.Draft{Name: "Desk", Template: true, Permits: permits("payments:view", "payments:void")})
		if err := h.give(t, "m1.reader_a", []string{"M1-A"}, id); err != nil {
			t.Fatal(told(err))
		}
		if err := h.give(t, "m1.reader_b", []string{"M1-B"}, id); err != nil {
			t.Fatal(told(err))
		}
		copyOf := func(whom string) (out roles.Role) {
			a := h.Account("M1")
			p, _ := h.Profiles.Get("standard")
			h.View(func(tx *db.Tx) error {
				list, err := roles.Copies(tx, a.ID, p, h.Row(whom).Member.ID)
				if len(list) == 1 {
					out = list[0]
				}
				return err
			})
			return out
		}
		adjust := func(by, whom, roleID string, in ...string) (string, error) {
			who := h.Who(by)
			return h.People.AdjustRole(t.Context(), who, h.Account("M1").ID, h.User(whom), roleID, h.Version(whom), roles.Adjusting{Permits: permits(in...)})
		}
		mine := copyOf("m1.reader_a")
		t.Run("R18 giving a template makes a personal copy", func(t *testing.T) {
			if mine.ID == "" || mine.CopyOf != id || mine.Name != "Desk" || copyOf("m1.reader_b").ID == mine.ID || !h.may("m1.reader_a", "payments:void", "M1-A") {
				t.Errorf("%+v", mine)
			}
			h.View(func(tx *db.Tx) error {
				p, _ := h.Profiles.Get("standard")
				list, err := roles.List(tx, h.Account("M1").ID, p)
				for _, r := range list {
					if r.CopyOf != "" {
						t.Error("a copy stands among the account's roles")
					}
				}
				return err
			})
		})
		t.Run("R18 it is adjusted for that person alone", func(t *testing.T) {
			if _, err := adjust("m1.access", "m1.reader_a", mine.ID, "payments:view"); err == nil {
				t.Fatal("an access administrator holds no payments")
			}
			if _, err := adjust("m1.administrator", "m1.reader_a", mine.ID, "payments:view", "disputes:view"); err != nil {
				t.Fatal(told(err))
			}
			if h.may("m1.reader_a", "payments:void", "M1-A") || !h.may("m1.reader_a", "disputes:view", "M1-A") || h.may("m1.reader_a", "disputes:view", "M1-B") || !h.may("m1.reader_b", "payments:void", "M1-B") {
				t.Error("it is not as adjusted")
			}
			if last := h.Last(); last.Action != audit.RoleAdjusted || last.ID != h.User("m1.reader_a") || last.Changes[0].Before != "payments:void" || last.Changes[0].After != "disputes:view" {
				t.Errorf("%+v", last)
			}
		})
		t.Run("R18 later changes of the template do not reach it", func(t *testing.T) {
			if err := h.edit(t, "m1.administrator", id, roles.Edit{Permits: &[]roles.Permit{{Permission: "payments:capture"}}}); err != nil {
				t.Fatal(told(err))
			}
			if h.may("m1.reader_b", "payments:capture", "M1-B") || !h.may("m1.reader_b", "payments:void", "M1-B") {
				t.Error("it reached them")
			}
		})
		who := h.Who("m1.administrator")
		for name, c := range map[string]struct {
			by, whom, role, want string
			permits              []string
		}{
			"B01 of oneself":                              {"m1.administrator", "m1.administrator", mine.ID, "own_access", []string{"payments:view"}},
			"of somebody above":                           {"m1.access", "m1.administrator", mine.ID, "person_above_you", []string{"payments:view"}},
			"U23 above the giver's rights":                {"m1.access", "m1.invited", "", "permission_not_yours_to_give permissions:permission_not_yours_to_give", []string{"payments:view", "kyc:edit_id"}},
			"to what no custom role may hold (B03)":       {"m1.administrator", "m1.reader_a", mine.ID, "invalid permissions:permission_ungrantable", []string{"roles:manage"}},
			"to something dangerous, unsaid (R9)":         {"m1.administrator", "m1.reader_a", mine.ID, "invalid acknowledged:acknowledge_permissions", []string{"keys:manage"}},
			"to nothing":                                  {"m1.administrator", "m1.reader_a", mine.ID, "invalid permissions:choose_permission", nil},
			"to a toxic combination (R12)":                {"m1.administrator", "m1.reader_a", mine.ID, "invalid permissions:toxic_combination", []string{"payouts:create", "approvals:approve_single"}},
			"of a role that is no template":               {"m1.administrator", "m1.reader", h.Role("M1", "read_only"), "role_not_template", []string{"payments:view"}},
			"by somebody else's copy":                     {"m1.administrator", "m1.reader_b", mine.ID, "not_found", []string{"payments:view"}},
			"A01 of somebody of another account":          {"m1.administrator", "m2.reader", mine.ID, "not_found", []string{"payments:view"}},
			"by somebody of another account":              {"m2.administrator", "m1.reader_a", mine.ID, "not_found", []string{"payments:view"}},
			"by somebody who may not give roles":          {"m1.auditor", "m1.reader_a", mine.ID, "missing_permission", []string{"payments:view"}},
			"by somebody who administers something other": {"m1.limited", "m1.reader_b", copyOf("m1.reader_b").ID, "person_above_you", []string{"payments:view"}},
		} {
			t.Run("R18 no adjusting "+name, func(t *testing.T) {
				role := c.role
				if role == "" { // a copy that holds nothing which the giver does not
					seen := h.create(t, roles.Draft{Name: "Sees users", Template: true, Permits: permits("users:view")})
					if err := h.give(t, c.whom, nil, seen); err != nil {
						t.Fatal(told(err))
					}
					role = copyOf(c.whom).ID
				}
				h.refused(t, c.want, audit.RoleAdjusted, h.Who(c.by), func() error {
					_, err := adjust(c.by, c.whom, role, c.permits...)
					return err
				})
			})
		}
		t.Run("R18 nobody edits, clones or removes a copy as if it were a role of the account", func(t *testing.T) {
			h.refused(t, "not_found", audit.RoleChanged, who, func() error { return h.edit(t, "m1.administrator", mine.ID, roles.Edit{Name: text("Mine")}) })
			h.refused(t, "not_found", audit.RoleDeleted, who, func() error {
				_, err := h.Roles.Remove(t.Context(), who, who.AccountID, mine.ID, 2)
				return err
			})
			h.refused(t, "invalid roles:unknown_role", audit.UserAccessChanged, h.Who("m1.owner"), func() error { return h.give(t, "m1.reader", nil, mine.ID) })
		})
		t.Run("R18 it stays while they have it, over other entities too, and goes with it", func(t *testing.T) {
			if err := h.give(t, "m1.reader_a", []string{"M1-B"}, mine.ID); err != nil {
				t.Fatal(told(err))
			}
			if copyOf("m1.reader_a").ID != mine.ID || !h.may("m1.reader_a", "disputes:view", "M1-B") {
				t.Error("their copy was not kept")
			}
			if err := h.give(t, "m1.reader_a", nil, h.Role("M1", "read_only")); err != nil {
				t.Fatal(told(err))
			}
			if _, found := h.full(t, mine.ID); found {
				t.Error("the copy is left")
			}
		})
		t.Run("R18 an invitation that goes to another address takes the copy along, and it goes with who had it", func(t *testing.T) {
			if err := h.give(t, "m1.invited", nil, id); err != nil {
				t.Fatal(told(err))
			}
			old := copyOf("m1.invited")
			if _, err := adjust("m1.administrator", "m1.invited", old.ID, "kyc:search"); err != nil {
				t.Fatal(told(err))
			}
			owner := h.Who("m1.owner")
			out, err := h.People.ChangeEmail(t.Context(), owner, owner.AccountID, h.User("m1.invited"), h.Version("m1.invited"), "right@example.com")
			if err != nil {
				t.Fatal(told(err))
			}
			h.Add("m1.invited", out.UserID)
			fresh := copyOf("m1.invited")
			if fresh.ID == old.ID || fresh.CopyOf != id || !fresh.Permissions.Has(access.MustParse("kyc:search")) {
				t.Errorf("%+v", fresh)
			}
			if err := h.People.Delete(t.Context(), owner, owner.AccountID, out.UserID, h.Version("m1.invited")); err != nil {
				t.Fatal(told(err))
			}
			for _, gone := range []string{old.ID, fresh.ID} {
				if _, found := h.full(t, gone); found {
					t.Error("a copy is left behind")
				}
			}
		})
		t.Run("R18 removing the template leaves the copies", func(t *testing.T) {
			r, _ := h.full(t, id)
			if fell, err := h.Roles.Remove(t.Context(), who, who.AccountID, id, r.Version); err != nil || fell != 0 || !h.may("m1.reader_b", "payments:void", "M1-B") {
				t.Error(told(err), fell)
			}
		})
		t.Run("R18 what a template holds under two restrictions cannot be copied", func(t *testing.T) {
			shared := h.policy(t, "Views", "payments:refund")
			in := roles.Draft{Name: "Two ways", Template: true, Policies: []string{shared}, Permits: []roles.Permit{{Permission: "payments:refund", OwnOnly: true}}}
			h.refused(t, "invalid permissions:template_restrictions", audit.RoleCreated, who, func() error {
				_, err := h.Roles.Create(t.Context(), who, who.AccountID, in)
				return err
			})
		})
		t.Run("R18 each permission is one of the four deeds", func(t *testing.T) {
			for permission, want := range map[string]string{"payments:view": roles.Viewing, "transactions:search_full": roles.Viewing, "payments:create": roles.Creating, "payments:capture": roles.Editing,
				"iin:delete": roles.Deleting, "users:assign_roles": roles.Editing, "page:payments": roles.Viewing, "config:add": roles.Creating} {
				if got := roles.Deed(access.MustParse(permission)); got != want {
					t.Errorf("%s is %s", permission, got)
				}
			}
		})
	})
}
