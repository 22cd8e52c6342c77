package roles_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/roles"
)

func TestCreate(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who := h.Who("m1.administrator")
		t.Run("R2 R19 a role of chosen permissions is there at once, and gives what it says", func(t *testing.T) {
			id := h.create(t, roles.Draft{Name: " Night shift ", Description: "Looks after refunds.", Permits: permits("transactions:search_full", "payments:refund")})
			r, found := h.full(t, id)
			if !found || r.Name != "Night shift" || r.Description != "Looks after refunds." || !r.Custom() || r.Administrator {
				t.Errorf("%+v", r)
			}
			if h.may("m1.reader_a", "payments:refund", "M1-A") {
				t.Error("allowed before it was given")
			}
			if err := h.give(t, "m1.reader_a", []string{"M1-A"}, id); err != nil {
				t.Fatal(told(err))
			}
			for permission, want := range map[string]bool{"payments:refund": true, "transactions:search": true, "page:payments": true, "payments:capture": false} {
				if got := h.may("m1.reader_a", permission, "M1-A-1"); got != want {
					t.Errorf("%s: %v", permission, got)
				}
			}
			if h.may("m1.reader_a", "payments:refund", "M1-B") {
				t.Error("allowed beyond their entities")
			}
			h.View(func(tx *db.Tx) error {
				p, _ := h.Profiles.Get("standard")
				list, err := roles.List(tx, who.AccountID, p)
				if i := slices.IndexFunc(list, func(r roles.Role) bool { return r.ID == id }); i < 0 || list[i].Holders != 1 || roles.Popular(list)[0].Holders < list[i].Holders {
					t.Error("R19 it is not in the list")
				}
				return err
			})
		})
		t.Run("R3 restrictions hold: own records, amount with currency, state", func(t *testing.T) {
			id := h.create(t, roles.Draft{Name: "Restricted", Permits: []roles.Permit{
				{Permission: "payments:refund", MaxAmount: 50_00, Currency: "EUR", States: []string{"successful"}},
				{Permission: "payments:void", OwnOnly: true},
			}})
			if err := h.give(t, "m1.reader_b", nil, id); err != nil {
				t.Fatal(told(err))
			}
			self := h.User("m1.reader_b")
			for name, c := range map[string]struct {
				q    access.Question
				want bool
			}{
				"at most":          {access.Question{Permission: access.MustParse("payments:refund"), HasAmount: true, Amount: 50_00, Currency: "EUR", State: "successful"}, true},
				"more":             {access.Question{Permission: access.MustParse("payments:refund"), HasAmount: true, Amount: 50_01, Currency: "EUR", State: "successful"}, false},
				"another currency": {access.Question{Permission: access.MustParse("payments:refund"), HasAmount: true, Amount: 1, Currency: "JPY", State: "successful"}, false},
				"another state":    {access.Question{Permission: access.MustParse("payments:refund"), HasAmount: true, Amount: 1, Currency: "EUR", State: "failed"}, false},
				"no amount":        {access.Question{Permission: access.MustParse("payments:refund"), Currency: "EUR", State: "successful"}, false},
				"own":              {access.Question{Permission: access.MustParse("payments:void"), Owner: self}, true},
				"somebody else's":  {access.Question{Permission: access.MustParse("payments:void"), Owner: h.User("m1.owner")}, false},
				"nobody's":         {access.Question{Permission: access.MustParse("payments:void")}, false},
				"its page":         {access.Question{Permission: access.MustParse("page:payments")}, true},
			} {
				c.q.Entity = "M1-B"
				if got := h.ask("m1.reader_b", c.q); got != c.want {
					t.Errorf("%s: %v", name, got)
				}
			}
			r, _ := h.full(t, id)
			if !r.Restricted.Has(access.MustParse("payments:refund")) || r.Permits[0].String() != "payments:refund (max 5000 EUR, successful)" {
				t.Errorf("%v %v", r.Restricted, r.Permits)
			}
		})
		t.Run("L1 it is recorded with what it holds", func(t *testing.T) {
			id := h.create(t, draft("Recorded", "payments:void", "disputes:view"))
			last := h.Last()
			if last.Action != audit.RoleCreated || last.ID != id || last.Kind != "role" || !strings.Contains(fmt.Sprint(last.Changes), "disputes:view; payments:void") {
				t.Errorf("%+v", last)
			}
		})
		t.Run("R9 whoever names the dangerous permission may give it", func(t *testing.T) {
			id := h.create(t, roles.Draft{Name: "Accounts clerk", Permits: permits("payment_accounts:edit"), Acknowledged: []string{"payment_accounts:edit"}})
			access := people.Access{Roles: []string{id}, AllEntities: true}
			h.refused(t, "invalid acknowledged:acknowledge", audit.UserAccessChanged, who, func() error {
				return h.People.ChangeAccess(t.Context(), who, who.AccountID, h.User("m1.reader_a"), h.Version("m1.reader_a"), access)
			})
			h.refused(t, "invalid acknowledged:unknown_permission", audit.RoleCreated, who, func() error {
				_, err := h.Roles.Create(t.Context(), who, who.AccountID, roles.Draft{Name: "All", Permits: permits("payment_accounts:edit"), Acknowledged: []string{"all"}})
				return err
			})
			_, err := h.Roles.Create(t.Context(), who, who.AccountID, draft("Both", "payment_accounts:edit", "keys:manage"))
			if got := sentences(lang.English, err); !strings.Contains(got, "payment_accounts:edit") || !strings.Contains(got, "keys:manage") {
				t.Error(got)
			}
		})
	})
}

// TestDrafts tries what is wrong with a role or a policy, one by one.
func TestDrafts(t *testing.T) {
	one(t, func(t *testing.T, h house) {
		who := h.Who("m1.administrator")
		h.create(t, draft("Night shift", "home:view"))
		for name, c := range map[string]struct{ typed, want string }{
			"empty":                              {"  ", "name:required"},
			"too long":                           {strings.Repeat("x", 101), "name:too_long"},
			"control characters":                 {"A\x00b", "name:not_text"},
			"turned around":                      {"A\u202eb", "name:not_text"},
			"marks that do not show":             {"\u200b\u200d", "name:required"},
			"taken":                              {"Night shift", "name:name_taken"},
			"taken in other letters":             {"NIGHT  ＳＨＩＦＴ", "name:name_taken"},
			"taken by look-alikes":               {"Nіght shіft", "name:name_taken"},
			"taken with an accent":               {"Night shíft", "name:name_taken"},
			"a predefined one with a space":      {"Administrator ", "name:name_reserved"},
			"a predefined one in Cyrillic":       {"Аdministrator", "name:name_reserved"},
			"a predefined one with a small L":    {"Admlnistrator", "name:name_reserved"},
			"a predefined one in French":         {"administrateur", "name:name_reserved"},
			"a predefined one with joined marks": {"Own\u200der", "name:name_reserved"},
		} {
			t.Run("R2 B08 a name that is "+name, func(t *testing.T) {
				h.refused(t, "invalid "+c.want, audit.RoleCreated, who, func() error {
					_, err := h.Roles.Create(t.Context(), who, who.AccountID, draft(c.typed, "home:view"))
					return err
				})
			})
		}
		var many []roles.Permit
		for i := range 10_000 {
			many = append(many, roles.Permit{Permission: fmt.Sprintf("made:up%d", i)})
		}
		for name, c := range map[string]struct {
			permits []roles.Permit
			want    string
		}{
			"none":                                   {nil, "permissions:choose_permission"},
			"B03 role management by name":            {permits("home:view", "roles:manage"), "permissions:permission_ungrantable"},
			"B03 policy management":                  {permits("policies:manage"), "permissions:permission_ungrantable"},
			"B03 ownership":                          {permits("account:transfer_ownership"), "permissions:permission_ungrantable"},
			"B03 a wildcard":                         {permits("roles:*", "*", "*:*"), "permissions:unknown_permission permissions:unknown_permission permissions:unknown_permission"},
			"B03 a name with spaces around":          {permits(" roles:manage "), "permissions:permission_ungrantable"},
			"B03 a name in other letters":            {permits("Roles:Manage"), "permissions:unknown_permission"},
			"above the account's level":              {permits("entities:onboard"), "permissions:permission_above_level"},
			"a platform's page":                      {permits("page:accounts"), "permissions:permission_above_level"},
			"unknown":                                {permits("payments:steal"), "permissions:unknown_permission"},
			"the same twice":                         {permits("payments:view", "payments:view"), "permissions:permission_twice"},
			"an amount without a currency":           {[]roles.Permit{{Permission: "payments:refund", MaxAmount: 1}}, "permissions:restriction_currency_missing"},
			"an amount below zero":                   {[]roles.Permit{{Permission: "payments:refund", MaxAmount: -1, Currency: "EUR"}}, "permissions:restriction_amount"},
			"a currency that is none":                {[]roles.Permit{{Permission: "payments:refund", Currency: "EURO"}}, "permissions:restriction_currency"},
			"a state that is no word":                {[]roles.Permit{{Permission: "payments:refund", States: []string{"' OR 1=1"}}}, "permissions:restriction_states"},
			"a restriction where there are no sums":  {[]roles.Permit{{Permission: "users:view", OwnOnly: true}}, "permissions:restriction_not_here"},
			"B22 ten thousand":                       {many, "permissions:too_many"},
			"toxic by itself":                        {permits("payouts:create", "approvals:approve_single"), "permissions:toxic_role"},
			"B20 the first and the second approval":  {permits("approvals:approve_first", "approvals:approve_second"), "permissions:toxic_role"},
			"R9 dangerous and nobody said they know": {permits("payment_accounts:edit"), "acknowledged:acknowledge_permissions"},
		} {
			t.Run("R2 permissions: "+name, func(t *testing.T) {
				h.refused(t, "invalid "+c.want, audit.RoleCreated, who, func() error {
					_, err := h.Roles.Create(t.Context(), who, who.AccountID, roles.Draft{Name: "Refused", Permits: c.permits})
					return err
				})
				h.refused(t, "invalid "+c.want, audit.PolicyCreated, who, func() error {
					_, err := h.Roles.CreatePolicy(t.Context(), who, who.AccountID, roles.PolicyDraft{Name: "Refused", Permits: c.permits})
					return err
				})
			})
		}
	})
}

// TestWhoManages: only owner and administrators, over the whole account, signed in with both factors.
func TestWhoManages(t *testing.T) {
	one(t, func(t *testing.T, h house) {
		id, policy := h.create(t, draft("Theirs", "payments:view")), h.policy(t, "Shared", "payments:view")
		a := h.Account("M1").ID
		acts := []struct {
			name, action string
			do           func(who db.Who, roleID, policyID string) error
		}{
			{"create", audit.RoleCreated, func(who db.Who, _, _ string) error {
				_, err := h.Roles.Create(t.Context(), who, a, draft("Mine", "payments:view"))
				return err
			}},
			{"edit", audit.RoleChanged, func(who db.Who, id, _ string) error {
				_, err := h.Roles.Edit(t.Context(), who, a, id, 1, roles.Edit{Name: text("Mine")})
				return err
			}},
			{"preview", audit.RoleChanged, func(who db.Who, id, _ string) error {
				_, err := h.Roles.PreviewEdit(t.Context(), who, a, id, roles.Edit{Name: text("Mine")}, "", 10)
				return err
			}},
			{"clone", audit.RoleCreated, func(who db.Who, id, _ string) error {
				_, _, err := h.Roles.Clone(t.Context(), who, a, id, "Mine", nil, nil)
				return err
			}},
			{"remove", audit.RoleDeleted, func(who db.Who, id, _ string) error {
				_, err := h.Roles.Remove(t.Context(), who, a, id, 1)
				return err
			}},
			{"preview the removal", audit.RoleDeleted, func(who db.Who, id, _ string) error {
				_, err := h.Roles.PreviewRemoval(t.Context(), who, a, id, "", 10)
				return err
			}},
			{"create a policy", audit.PolicyCreated, func(who db.Who, _, _ string) error {
				_, err := h.Roles.CreatePolicy(t.Context(), who, a, roles.PolicyDraft{Name: "Mine", Permits: permits("payments:view")})
				return err
			}},
			{"edit a policy", audit.PolicyChanged, func(who db.Who, _, id string) error {
				_, err := h.Roles.EditPolicy(t.Context(), who, a, id, 1, roles.PolicyEdit{Name: text("Mine")})
				return err
			}},
			{"preview a policy", audit.PolicyChanged, func(who db.Who, _, id string) error {
				_, err := h.Roles.PreviewPolicy(t.Context(), who, a, id, roles.PolicyEdit{Name: text("Mine")}, "", 10)
				return err
			}},
			{"delete a policy", audit.PolicyDeleted, func(who db.Who, _, id string) error {
				return h.Roles.DeletePolicy(t.Context(), who, a, id, 1)
			}},
		}
		for who, want := range map[string]string{
			"m1.access": "missing_permission", "m1.auditor": "missing_permission", "m1.reader": "missing_permission", "m1.limited": "roles_not_whole",
			"m2.owner": "not_found", "m2.administrator": "not_found", "m1.invited": "not_found", "m1.deactivated": "not_found",
			"partner.owner": "live_account", "platform.owner": "live_account",
		} {
			for _, act := range acts {
				t.Run("R8 U23 "+who+" may not "+act.name, func(t *testing.T) {
					h.refused(t, want, act.action, h.Who(who), func() error { return act.do(h.Who(who), id, policy) })
				})
			}
		}
		for _, act := range acts {
			t.Run("R8 nor may an administrator without a second factor "+act.name, func(t *testing.T) {
				who := h.Who("m1.administrator")
				who.SecondFactor = false
				h.refused(t, "needs_two_factor", act.action, who, func() error { return act.do(who, id, policy) })
			})
		}
		for name, ids := range map[string][2]string{"another account's": {h.Role("M2", "read_only"), "pol_ofm2"}, "made up": {"rol_nosuch", "pol_nosuch"},
			"hostile": {"'; DROP TABLE roles; --", "\x00"}, "a role for a policy": {policy, id}} {
			for _, act := range acts {
				if !strings.HasPrefix(act.name, "create") {
					t.Run("A01 B05 "+act.name+" by an id that is "+name, func(t *testing.T) {
						h.refused(t, "not_found", act.action, h.Who("m1.owner"), func() error { return act.do(h.Who("m1.owner"), ids[0], ids[1]) })
					})
				}
			}
		}
		t.Run("B05 another account's policy is attached to nothing", func(t *testing.T) {
			who := h.Who("m2.owner")
			theirs, err := h.Roles.CreatePolicy(t.Context(), who, who.AccountID, roles.PolicyDraft{Name: "Theirs", Permits: permits("payments:view")})
			if err != nil {
				t.Fatal(err)
			}
			for _, x := range []string{theirs, "pol_nosuch"} {
				h.refused(t, "invalid policies:unknown_policy", audit.RoleChanged, h.Who("m1.owner"), func() error {
					return h.edit(t, "m1.owner", id, roles.Edit{Policies: &[]string{x}})
				})
			}
		})
		for _, key := range []string{"owner", "administrator", "read_only"} {
			role := h.Role("M1", key)
			for _, act := range acts {
				if act.name == "edit" || act.name == "remove" || strings.HasPrefix(act.name, "preview") && !strings.HasSuffix(act.name, "policy") {
					t.Run("R5 B08 nobody can "+act.name+" the predefined role "+key, func(t *testing.T) {
						h.refused(t, "predefined_role", act.action, h.Who("m1.owner"), func() error { return act.do(h.Who("m1.owner"), role, "") })
					})
				}
			}
		}
		t.Run("R8 in a test account operators may", func(t *testing.T) {
			if _, err := h.Roles.Create(t.Context(), h.Who("platform.owner"), h.Account("M3").ID, draft("Helped", "payments:view")); err != nil {
				t.Error(told(err))
			}
		})
	})
}

func TestEdit(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		id := h.create(t, draft("Edited", "payments:view", "payments:void"))
		for _, whom := range []string{"m1.reader_a", "m1.reader_b"} {
			if err := h.give(t, whom, nil, id); err != nil {
				t.Fatal(told(err))
			}
		}
		t.Run("R6 B18 an edit changes it for everyone who has it, at once", func(t *testing.T) {
			if err := h.edit(t, "m1.administrator", id, roles.Edit{Permits: &[]roles.Permit{{Permission: "payments:view"}, {Permission: "payments:capture"}}}); err != nil {
				t.Fatal(told(err))
			}
			for _, whom := range []string{"m1.reader_a", "m1.reader_b"} {
				if h.may(whom, "payments:void", "M1") || !h.may(whom, "payments:capture", "M1") {
					t.Errorf("%s still has what it was", whom)
				}
			}
			last := h.Last()
			if diff := cmp.Diff([]audit.Change{{Field: "permissions", Before: "payments:void", After: "payments:capture"}}, last.Changes); diff != "" || last.Action != audit.RoleChanged || last.ID != id {
				t.Errorf("%s %+v", diff, last)
			}
		})
		t.Run("what is not said stays as it is", func(t *testing.T) {
			before, _ := h.full(t, id)
			if err := h.edit(t, "m1.administrator", id, roles.Edit{Description: text("New.")}); err != nil {
				t.Fatal(told(err))
			}
			revision := func() int64 { return h.Live.Load().Revision() }
			if at := revision(); h.edit(t, "m1.administrator", id, roles.Edit{Description: text("New.")}) != nil || revision() != at {
				t.Error("every node loads its roles again for a description")
			}
			after, _ := h.full(t, id)
			if after.Description != "New." || after.Name != before.Name || !cmp.Equal(after.Permits, before.Permits) || after.Version != before.Version+2 {
				t.Errorf("%+v", after)
			}
		})
		t.Run("its own name may stay, and be written otherwise", func(t *testing.T) {
			if err := h.edit(t, "m1.administrator", id, roles.Edit{Name: text("EDITED")}); err != nil {
				t.Error(told(err))
			}
		})
		t.Run("B04 nobody widens a role that they have themselves", func(t *testing.T) {
			if err := h.give(t, "m1.administrator", nil, h.Role("M1", "administrator"), id); err != nil {
				t.Fatal(told(err))
			}
			who := h.Who("m1.administrator")
			h.refused(t, "own_role", audit.RoleChanged, who, func() error {
				return h.edit(t, "m1.administrator", id, roles.Edit{Permits: &[]roles.Permit{{Permission: "payments:view"}, {Permission: "payments:capture"}, {Permission: "payments:void"}}})
			})
			shared := h.policy(t, "Own", "disputes:view")
			h.refused(t, "own_role", audit.RoleChanged, who, func() error { return h.edit(t, "m1.administrator", id, roles.Edit{Policies: &[]string{shared}}) })
			if err := h.edit(t, "m1.owner", id, roles.Edit{Policies: &[]string{shared}}); err != nil {
				t.Fatal(told(err))
			}
			h.refused(t, "own_role", audit.PolicyChanged, who, func() error {
				_, err := h.Roles.EditPolicy(t.Context(), who, who.AccountID, shared, 1, roles.PolicyEdit{Permits: &[]roles.Permit{{Permission: "disputes:view"}, {Permission: "disputes:accept"}}})
				return err
			})
			if err := h.edit(t, "m1.administrator", id, roles.Edit{Policies: &[]string{}, Permits: &[]roles.Permit{{Permission: "payments:view"}}}); err != nil {
				t.Errorf("B04 less is no gain: %s", told(err))
			}
		})
		t.Run("R9 an edit that adds something dangerous says so", func(t *testing.T) {
			wider := roles.Edit{Permits: &[]roles.Permit{{Permission: "payments:view"}, {Permission: "keys:manage"}}}
			h.refused(t, "invalid acknowledged:acknowledge_permissions", audit.RoleChanged, h.Who("m1.owner"), func() error { return h.edit(t, "m1.owner", id, wider) })
			wider.Acknowledged = []string{"keys:manage"}
			if err := h.edit(t, "m1.owner", id, wider); err != nil {
				t.Fatal(told(err))
			}
			if err := h.edit(t, "m1.owner", id, roles.Edit{Description: text("Once is enough.")}); err != nil {
				t.Error(told(err))
			}
		})
		t.Run("E15 two administrators edit the same role: one wins, all others are told", func(t *testing.T) {
			r, _ := h.full(t, id)
			var mu sync.Mutex
			answers := map[string]int{}
			var group sync.WaitGroup
			for i := range 12 {
				who := h.Who([]string{"m1.owner", "m1.administrator"}[i%2])
				group.Go(func() {
					_, err := h.Roles.Edit(t.Context(), who, who.AccountID, id, r.Version, roles.Edit{Description: text(fmt.Sprint("By ", i))})
					mu.Lock()
					defer mu.Unlock()
					answers[told(err)]++
				})
			}
			group.Wait()
			if answers["done"] != 1 || answers["stale"] != 11 {
				t.Errorf("%v", answers)
			}
		})
		t.Run("R2 B08 of two who take one name at once, one is told", func(t *testing.T) {
			var mu sync.Mutex
			answers := map[string]int{}
			var group sync.WaitGroup
			for i := range 8 {
				who := h.Who("m1.owner")
				group.Go(func() {
					_, err := h.Roles.Create(t.Context(), who, who.AccountID, draft([]string{"Raced", "RACED "}[i%2], "home:view"))
					mu.Lock()
					defer mu.Unlock()
					answers[told(err)]++
				})
			}
			group.Wait()
			if answers["done"] != 1 || answers["invalid name:name_taken"] != 7 {
				t.Errorf("%v", answers)
			}
		})
	})
}

func TestClone(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who := h.Who("m1.owner")
		a := h.Account("M1")
		p, _ := h.Profiles.Get("standard")
		t.Run("R5 B03 predefined roles can be cloned, without what custom roles may not hold, and that is said", func(t *testing.T) {
			admin, _ := h.full(t, h.Role("M1", "administrator"))
			c := roles.CloneOf(h.Live.Load(), admin, a.Kind, p)
			want := []string{"accounts:create", "accounts:edit", "accounts:view", "entities:onboard", "locations:create", "page:accounts", "page:resource_types", "policies:manage", "resource_types:manage", "resource_types:view", "roles:manage"}
			got := slices.Sorted(slices.Values(c.LeftOut))
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			h.View(func(tx *db.Tx) error { // whoever gives it is not warned of what nobody there can hold
				operators, err := roles.List(tx, h.Account("PLATFORM").ID, p)
				types := access.MustParse("resource_types:manage")
				if slices.Contains(admin.Dangerous(), types) || len(admin.Dangerous()) == 0 || !slices.Contains(operators[0].Dangerous(), types) {
					t.Error("dangerous are", admin.Dangerous(), "and of the platform", operators[0].Dangerous())
				}
				return err
			})
			var dangers []string
			for _, x := range admin.Dangerous() {
				dangers = append(dangers, x.String())
			}
			h.Set("M1", "toxic_combinations", "off")
			id, out, err := h.Roles.Clone(t.Context(), who, a.ID, admin.ID, "Almost everything", nil, dangers)
			if err != nil {
				t.Fatal(told(err))
			}
			clone, _ := h.full(t, id)
			if len(out) != len(want) || clone.Administrator || clone.Permissions.Has(access.MustParse("roles:manage")) || !clone.Permissions.Has(access.MustParse("users:create")) {
				t.Errorf("%q %+v", out, clone.Role)
			}
			if last := h.Last(); !strings.Contains(fmt.Sprint(last.Changes), admin.ID) {
				t.Errorf("%+v", last)
			}
		})
		t.Run("R12 what nobody should hold together is not cloned, and what is left out makes it go", func(t *testing.T) {
			id := h.create(t, draft("Toxic", "payouts:create", "approvals:approve_single"))
			h.Set("M1", "toxic_combinations", "blocked")
			h.refused(t, "invalid permissions:toxic_role", audit.RoleCreated, who, func() error {
				_, _, err := h.Roles.Clone(t.Context(), who, a.ID, id, "Toxic too", nil, nil)
				return err
			})
			h.refused(t, "invalid without:unknown_permission", audit.RoleCreated, who, func() error {
				_, _, err := h.Roles.Clone(t.Context(), who, a.ID, id, "Toxic too", []string{"payouts:view"}, nil)
				return err
			})
			if _, out, err := h.Roles.Clone(t.Context(), who, a.ID, id, "Not toxic", []string{"payouts:create"}, nil); err != nil || !slices.Equal(out, []string{"payouts:create"}) {
				t.Error(told(err), out)
			}
		})
		t.Run("R5 a clone keeps restrictions and policies", func(t *testing.T) {
			shared := h.policy(t, "Shared", "disputes:view")
			id := h.create(t, roles.Draft{Name: "Source", Permits: []roles.Permit{{Permission: "payments:refund", MaxAmount: 100, Currency: "EUR"}}, Policies: []string{shared}})
			clone, _, err := h.Roles.Clone(t.Context(), who, a.ID, id, "Copy", nil, nil)
			if err != nil {
				t.Fatal(told(err))
			}
			x, _ := h.full(t, id)
			y, _ := h.full(t, clone)
			if !cmp.Equal(x.Permits, y.Permits) || len(y.Policies) != 1 || y.Policies[0].ID != shared {
				t.Errorf("%+v", y)
			}
		})
	})
}
