package roles_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/profile"
	"countersign/internal/roles"
)

func TestEffect(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who := h.Who("m1.administrator")
		shared := h.policy(t, "Shared", "payments:view", "disputes:view")
		id := h.create(t, roles.Draft{Name: "Watched", Permits: permits("payments:void"), Policies: []string{shared}})
		other := h.create(t, draft("Voids", "payments:void"))
		for whom, err := range map[string]error{
			"m1.reader_a":   h.give(t, "m1.reader_a", []string{"M1-A"}, id),
			"m1.reader_b":   h.give(t, "m1.reader_b", []string{"M1-B"}, id, other),
			"m1.operations": h.give(t, "m1.operations", nil, id, h.Role("M1", "operations")), // who may void already
		} {
			if err != nil {
				t.Fatal(whom, told(err))
			}
		}
		names := map[string]string{h.User("m1.reader_a"): "reader_a", h.User("m1.reader_b"): "reader_b", h.User("m1.operations"): "operations"}
		show := func(e roles.Effect) (out []string) {
			out = append(out, fmt.Sprintf("%d holders: %d gain, %d lose, %d fall back", e.Holders, e.Gain, e.Lose, e.Fall))
			for _, s := range e.Shifts {
				out = append(out, fmt.Sprintf("%s +%d -%d", s.Permission, s.Gain, s.Lose))
			}
			var people []string
			for _, p := range e.People {
				line := names[p.UserID]
				for x := range p.Gains.All() {
					line += " +" + x.String()
				}
				for x := range p.Loses.All() {
					line += " -" + x.String()
				}
				if p.Falls {
					line += " falls back"
				}
				people = append(people, line)
			}
			slices.Sort(people)
			return append(out, people...)
		}
		preview := func(in roles.Edit) roles.Effect {
			t.Helper()
			before := h.State()
			e, err := h.Roles.PreviewEdit(t.Context(), who, who.AccountID, id, in, "", 50)
			if err != nil {
				t.Fatal(told(err))
			}
			if diff := cmp.Diff(before, h.State()); diff != "" {
				t.Errorf("looking changed something:\n%s", diff)
			}
			return e
		}
		t.Run("R6 R13 an edit: who gains and loses what, beside all else that they have", func(t *testing.T) {
			got := show(preview(roles.Edit{Permits: &[]roles.Permit{{Permission: "payments:capture"}}}))
			want := []string{"3 holders: 2 gain, 1 lose, 0 fall back", "payments:capture +2 -0", "payments:void +0 -1",
				"reader_a +payments:capture -payments:void", "reader_b +payments:capture"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("R6 a restriction that is put on is a loss", func(t *testing.T) {
			got := show(preview(roles.Edit{Permits: &[]roles.Permit{{Permission: "payments:void", OwnOnly: true}}}))
			if diff := cmp.Diff([]string{"3 holders: 0 gain, 1 lose, 0 fall back", "payments:void +0 -1", "reader_a -payments:void"}, got); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("R6 a new name changes nobody's access", func(t *testing.T) {
			if diff := cmp.Diff([]string{"3 holders: 0 gain, 0 lose, 0 fall back"}, show(preview(roles.Edit{Name: text("Renamed")}))); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("R6 what must be acknowledged, and what would be refused, is said before", func(t *testing.T) {
			e := preview(roles.Edit{Permits: &[]roles.Permit{{Permission: "payment_accounts:edit"}, {Permission: "payouts:create"}}})
			if !slices.Equal(e.Dangerous, []string{"payment_accounts:edit"}) || len(e.Blocked) == 0 || e.OwnRole {
				t.Errorf("%+v", e)
			}
		})
		t.Run("R6 a policy: everybody through every role that has it", func(t *testing.T) {
			e, err := h.Roles.PreviewPolicy(t.Context(), who, who.AccountID, shared, roles.PolicyEdit{Permits: &[]roles.Permit{{Permission: "disputes:view"}, {Permission: "disputes:accept"}}}, "", 50)
			if err != nil {
				t.Fatal(told(err))
			}
			want := []string{"3 holders: 3 gain, 2 lose, 0 fall back", "payments:view +0 -2", "disputes:accept +3 -0",
				"operations +disputes:accept", "reader_a +disputes:accept -payments:view", "reader_b +disputes:accept -payments:view"}
			if diff := cmp.Diff(want, show(e)); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("R6 B12 a removal: who falls back, and what that is", func(t *testing.T) {
			e, err := h.Roles.PreviewRemoval(t.Context(), who, who.AccountID, id, "", 50)
			if err != nil {
				t.Fatal(told(err))
			}
			got := show(e)
			if e.FallbackRole != h.Role("M1", "read_only") || e.Fall != 1 || got[0] != "3 holders: 1 gain, 3 lose, 1 fall back" {
				t.Errorf("%q", got)
			}
			if a := got[slices.IndexFunc(got, func(s string) bool { return strings.HasPrefix(s, "reader_a") })]; !strings.Contains(a, "+balances:view") || !strings.Contains(a, "-payments:void") || strings.Contains(a, "-payments:view") || !strings.HasSuffix(a, "falls back") {
				t.Error(a)
			}
		})
		t.Run("R6 people come in pages, each once", func(t *testing.T) {
			var seen []string
			for after := ""; ; {
				e, err := h.Roles.PreviewEdit(t.Context(), who, who.AccountID, id, roles.Edit{Permits: &[]roles.Permit{{Permission: "payments:capture"}}}, after, 1)
				if err != nil || e.Gain != 2 {
					t.Fatal(told(err), e.Gain)
				}
				for _, p := range e.People {
					seen = append(seen, names[p.UserID])
				}
				if after = e.Next; after == "" {
					break
				}
			}
			slices.Sort(seen)
			if !slices.Equal(seen, []string{"reader_a", "reader_b"}) {
				t.Errorf("%q", seen)
			}
		})
		t.Run("R6 what was seen before is what happens", func(t *testing.T) {
			in := roles.Edit{Permits: &[]roles.Permit{{Permission: "payments:capture"}}}
			e := preview(in)
			if err := h.edit(t, "m1.administrator", id, in); err != nil {
				t.Fatal(told(err))
			}
			for whom, entity := range map[string]string{"m1.reader_a": "M1-A", "m1.reader_b": "M1-B", "m1.operations": "M1"} {
				i := slices.IndexFunc(e.People, func(p roles.Affected) bool { return p.UserID == h.User(whom) })
				for permission, was := range map[string]bool{"payments:void": true, "payments:capture": whom == "m1.operations"} {
					want, p := was, access.MustParse(permission)
					if i >= 0 {
						want = (was || e.People[i].Gains.Has(p)) && !e.People[i].Loses.Has(p)
					}
					if h.may(whom, permission, entity) != want {
						t.Errorf("%s %s: %v", whom, permission, !want)
					}
				}
			}
		})
		t.Run("B04 a preview of one's own role says that it will be refused", func(t *testing.T) {
			if err := h.give(t, "m1.administrator", nil, h.Role("M1", "administrator"), id); err != nil {
				t.Fatal(told(err))
			}
			if e := preview(roles.Edit{Permits: &[]roles.Permit{{Permission: "payments:capture"}, {Permission: "kyc:search"}}}); !e.OwnRole {
				t.Error("it does not")
			}
		})
	})
}

func TestToxicDoors(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who := h.Who("m1.owner")
		pays, approves := h.create(t, draft("Pays", "payouts:create")), h.create(t, draft("Approves", "approvals:approve_single"))
		first, second := h.Role("M1", "first_approver"), h.Role("M1", "second_approver")
		report := func() map[string]int64 {
			out := map[string]int64{}
			h.View(func(tx *db.Tx) error {
				p, _ := h.Profiles.Get("standard")
				s := p.Settings
				list, err := roles.ToxicNow(tx, who.AccountID, h.Profiles, p, s)
				for _, x := range list {
					if x.Count > 0 {
						out[x.Key] = x.Count
					}
				}
				return err
			})
			return out
		}
		t.Run("R12 nobody has any today, and administrators do not count", func(t *testing.T) {
			if got := report(); len(got) != 0 {
				t.Errorf("%v", got)
			}
		})
		t.Run("B20 R12 roles that are toxic together are given to nobody", func(t *testing.T) {
			h.refused(t, "invalid roles:toxic_combination", audit.UserAccessChanged, who, func() error { return h.give(t, "m1.reader_a", nil, first, second) })
			h.refused(t, "invalid roles:toxic_combination", audit.UserAccessChanged, who, func() error { return h.give(t, "m1.reader_a", []string{"M1-A"}, pays, approves) })
		})
		t.Run("R12 neither by editing a role that they have", func(t *testing.T) {
			if err := h.give(t, "m1.reader_a", nil, pays, h.Role("M1", "read_only")); err != nil {
				t.Fatal(told(err))
			}
			free := h.create(t, draft("Free", "home:view"))
			if err := h.give(t, "m1.reader_b", nil, pays, free); err != nil {
				t.Fatal(told(err))
			}
			h.refused(t, "invalid permissions:toxic_people", audit.RoleChanged, who, func() error {
				return h.edit(t, "m1.owner", free, roles.Edit{Permits: &[]roles.Permit{{Permission: "home:view"}, {Permission: "approvals:approve_first"}}})
			})
		})
		t.Run("R12 B20 same person twice, as one platform has it, is a setting", func(t *testing.T) {
			h.Set("M1", "same_person_twice", "true")
			if err := h.give(t, "m1.operations", nil, first, second); err != nil {
				t.Fatal(told(err))
			}
			h.Set("M1", "same_person_twice", "false")
		})
		t.Run("R12 the report finds who has one today, and through which roles", func(t *testing.T) {
			if diff := cmp.Diff(map[string]int64{"both_approvals": 1}, report()); diff != "" {
				t.Error(diff)
			}
			h.View(func(tx *db.Tx) error {
				p, _ := h.Profiles.Get("standard")
				list, err := roles.ToxicHolders(tx, who.AccountID, h.Profiles, p, "both_approvals", "", 10)
				if err != nil {
					return err
				}
				want := []roles.Holder{{MembershipID: h.Row("m1.operations").Member.ID, UserID: h.User("m1.operations"), Left: []string{first}, Right: []string{second}}}
				if diff := cmp.Diff(want, list); diff != "" {
					t.Error(diff)
				}
				if rest, err := roles.ToxicHolders(tx, who.AccountID, h.Profiles, p, "both_approvals", list[0].MembershipID, 10); err != nil || len(rest) != 0 {
					t.Errorf("%v %v", rest, err)
				}
				if _, err := roles.ToxicHolders(tx, who.AccountID, h.Profiles, p, "nosuch", "", 10); fault.CodeOf(err) != "not_found" {
					t.Error(err)
				}
				return nil
			})
		})
		t.Run("R12 whoever has one already can be given something else", func(t *testing.T) {
			if err := h.give(t, "m1.operations", []string{"M1-A"}, first, second); err != nil {
				t.Error(told(err))
			}
		})
		t.Run("R12 flagged is given and recorded", func(t *testing.T) {
			h.Set("M1", "toxic_flagged", "payouts_and_approval")
			if err := h.give(t, "m1.reader_a", nil, pays, approves); err != nil {
				t.Fatal(told(err))
			}
			last := h.Last()
			i := slices.IndexFunc(last.Changes, func(c audit.Change) bool { return c.Field == "toxic_combinations" })
			if i < 0 || last.Changes[i].After != "payouts_and_approval" {
				t.Errorf("%+v", last)
			}
			if report()["payouts_and_approval"] != 1 {
				t.Error("not in the report")
			}
		})
		t.Run("R12 an edit that adds no combination to anybody goes, also where somebody has it already", func(t *testing.T) {
			h.Set("M1", "toxic_flagged", "")
			if err := h.edit(t, "m1.owner", approves, roles.Edit{Permits: &[]roles.Permit{{Permission: "approvals:approve_single"}, {Permission: "approvals:approve_first"}}}); err != nil {
				t.Error(told(err))
			}
		})
	})
}

// TestToxicNames: what the log says of a combination can be read.
func TestToxicNames(t *testing.T) {
	ps, err := profile.Load()
	if err != nil {
		t.Fatal(err)
	}
	if got := roles.Keys(ps.Combinations()[:2]); got != "force_and_redirect both_approvals" {
		t.Error(got)
	}
}
