package gallery

import (
	"fmt"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/fault"
	"countersign/internal/portal"
	"countersign/internal/roles"
)

func (m maker) roleRows() []portal.RoleRow {
	return []portal.RoleRow{
		{ID: "rol_1", Name: "Administrator", Description: "Everything but transferring the ownership.", Users: 4, Permissions: 96, Dangerous: true, NeedsTwo: true, Predefined: true},
		{ID: "rol_2", Name: "Support", Description: "Answers payers and merchants.", Users: 812, Permissions: 13, Predefined: true},
		{ID: "rol_3", Name: m.n.Ada, Description: m.n.Text, Users: 1, Permissions: 7, Template: true},
		{ID: "rol_5", Name: "Night shift", Description: m.n.Text, Users: 3, Permissions: 5, Legacy: true},
		{ID: "rol_4", Name: "ROLE_STORE", Description: "Out of use. It allows nothing any more.", Users: 2, Predefined: true, Deprecated: true},
	}
}

func (m maker) roleSections() (sections []portal.RoleSection) {
	here, elsewhere := m.sections()
	m.registered()
	limits := []portal.Limit{{}, {Permission: "terminal_orders:approve", Clauses: clauses()}, {Own: true}, {Most: 5000, Currency: "EUR", States: []string{"waiting", "successful"}}, {Currency: "CHF"}, {Broken: true}}
	for _, s := range append(here, elsewhere...) {
		r := portal.RoleSection{Section: s.Section, Elsewhere: s.Elsewhere}
		for n, l := range s.Lines {
			r.Lines = append(r.Lines, portal.RoleLine{Permission: l.Permission, Dangerous: l.Dangerous, NeedsTwo: l.NeedsTwo,
				Sources: []portal.RoleSource{{Own: true, Limit: limits[n%len(limits)]}, {Policy: m.n.Text, Href: m.to().Policy("pol_1")}}})
		}
		sections = append(sections, r)
	}
	return sections
}

func (m maker) people() []portal.PersonLink {
	return []portal.PersonLink{{Name: m.n.Ada, Detail: "ada.okafor@northwind.example", Href: m.to().User("usr_1")}, {Name: m.n.Boris, Detail: "boris.lindqvist@northwind.example", Href: m.to().User("usr_2")},
		{Name: m.n.Chloe, Detail: "chloe.marchand@northwind.example", Href: m.to().User("usr_3")}}
}

func (m maker) roles() []Sample {
	rows, page, sections, people := m.roleRows(), m.inside(portal.SectionRoles), m.roleSections(), m.people()
	plain := portal.RoleSection{Section: sections[0].Section, Lines: []portal.RoleLine{{Permission: "users:view"}, {Permission: "users:manage_2fa", Dangerous: true, NeedsTwo: true}}}
	warned := rows[1]
	warned.Name, warned.Warning = "ROLE_TRANSACTION_DETAIL_VIEWER", m.n.Text
	many := slices.Clone(rows)
	for n := range 40 {
		many = append(many, portal.RoleRow{ID: fmt.Sprintf("rol_1%d", n), Name: fmt.Sprintf("%s %d", m.n.Boris, n), Description: m.n.Text, Users: n, Permissions: n * 3, Dangerous: n%5 == 0})
	}
	copied := rows[2]
	copied.Copy, copied.Template = true, false
	custom := portal.RoleView{Page: page, Role: rows[2], Sections: sections, Policies: []portal.Option{{Value: m.to().Policy("pol_1"), Label: m.n.Text}, {Label: "Refunds"}}, MayViewUsers: true, Holders: people, MayEdit: true, MayClone: true, MayDelete: true}
	custom.Role.Users = 812
	saved := custom
	saved.Page = m.flashed(portal.SectionRoles, portal.Done, "role_saved", "name", rows[2].Name)
	saved.Holders, saved.Role = nil, rows[3]
	saved.Role.Users = 0
	custom.Sections = append(custom.Sections, portal.RoleSection{Section: "terminal_orders", Retired: true, Lines: []portal.RoleLine{{Permission: "terminal_orders:view", Sources: []portal.RoleSource{{Limit: portal.Limit{Retired: true}}}}}})
	return []Sample{
		{"roles", portal.RolesView{Page: page, Popular: rows[:4], Total: 57, MayMake: true, Toxic: true}},
		{"roles-all", portal.RolesView{Page: page, All: rows, Total: 5, Toxic: true}},
		{"roles-many", portal.RolesView{Page: page, All: many, Total: len(many), MayMake: true, Toxic: true}},
		{"roles-found", portal.RolesView{Page: page, All: rows[2:3], Query: m.n.Ada, Total: 57, MayMake: true}},
		{"roles-no-match", portal.RolesView{Page: page, Query: m.n.Text, Total: 57}},
		{"roles-none", portal.RolesView{Page: page}},
		{"role", portal.RoleView{Page: page, Role: rows[0], Sections: []portal.RoleSection{plain}, MayGrant: []string{"Auditor", "Operations", m.n.Ada}, MayViewUsers: true, Administrator: true, MayClone: true, Holders: people}},
		{"role-custom", custom}, {"role-legacy", saved},
		{"role-copy", portal.RoleView{Page: page, Role: copied, Sections: sections[:1], MayViewUsers: true, Owner: &people[0], Template: &portal.PersonLink{Name: m.n.Text, Href: m.to().Role("rol_3")}}},
		{"role-empty", portal.RoleView{Page: page, Role: rows[4]}},
		{"role-all", portal.RoleView{Page: page, Role: warned, MayGrantAll: true, Sections: sections[:1], Needs: []string{"ROLE_USER_PSP_ACCOUNT", m.n.Ada}}},
	}
}

// permits is the picker of a merchant's roles with something chosen.
func (m maker) permits(chosen ...string) portal.PermitPicker {
	offered := slices.DeleteFunc(access.Permissions(), func(p access.Permission) bool {
		info := p.Info()
		return info.Ungrantable || info.MinLevel != 0
	})
	limits := map[string]portal.LimitFields{"payments:refund": {Own: true, Most: "50.00", Currency: "EUR", States: "successful, settled"}}
	limits["terminal_orders:approve"] = portal.LimitFields{Clauses: []portal.ClauseFields{
		{Property: "resource.requester", Compare: "own"}, {Property: "resource.status", Compare: "at_most", Value: m.n.Text, Problem: "number"}, {Property: "resource.team", Compare: "same_as.department"}}}
	s := m.registered()
	return portal.PickPermits(s, append(offered, orders()...), chosen, limits, func(p access.Permission) bool { return p.Info().Resource == "risk" })
}

func (m maker) pick() portal.PolicyPick {
	return portal.PolicyPick{
		Available: []portal.PolicyChoice{{ID: "pol_1", Name: m.n.Text, Description: m.n.Reason, Words: "a", Permissions: 4, Dangerous: true}, {ID: "pol_2", Name: "Refunds", Description: "Finds payments and refunds them.", Words: "refunds", Permissions: 3}},
		Chosen:    []portal.PolicyChoice{{ID: "pol_3", Name: m.n.Ada, Words: "b", Permissions: 1}},
	}
}

func (m maker) makers() []Sample {
	page, to := m.inside(portal.SectionRoles), m.to()
	fresh := portal.MakerView{Page: page, Making: portal.MakingRole, Action: to.Roles(), Back: to.Roles(), Permits: m.permits()}
	edit := portal.MakerView{Page: page, Making: portal.EditingRole, Subject: m.n.Ada, Action: to.EditRole("rol_3"), Back: to.Role("rol_3"), Name: m.n.Ada, Description: m.n.Text, Template: true,
		Permits: m.permits("payments:view", "payments:refund", "investigate:force_any", "page:disputes", "terminal_orders:approve"), Policies: m.pick(), Revision: "3", Seen: "seen"}
	bad := edit
	var f fault.Fields
	f.Add("name", "name_taken")
	f.Add("description", "too_long", "max", 500)
	f.Add("permissions", "permission_above_level", "permission", "accounts:view")
	f.Add("policies", "too_many_policies", "max", 100)
	bad.Refusal = fault.From(f.Err())
	stale := edit
	stale.Refusal = fault.New(fault.Stale, "stale")
	stale.Changed = []portal.Difference{{Label: "portal.field.name", Before: "Night shift", Now: m.n.Ada}, {Label: "portal.field.policies", Before: "", Now: m.n.Text}}
	kept := fresh
	kept.Kept, kept.Name, kept.Policies = true, m.n.Text, m.pick()
	edit.Nothing = []portal.RoleSource{{Limit: portal.Limit{Permission: "terminal_orders:view", Retired: true}}, {Limit: portal.Limit{Permission: "payments:capture", Broken: true}}}
	legacy := edit
	legacy.Legacy, legacy.MustMigrate, legacy.Template = true, true, false
	legacy.Policies = portal.PolicyPick{}
	clone := edit
	clone.Making, clone.Action, clone.Revision, clone.LeftOut = portal.CloningRole, to.CloneRole("rol_3"), "", []string{"roles:manage", "account:transfer_ownership"}
	policy := m.inside(portal.SectionPolicies)
	newPolicy := portal.MakerView{Page: policy, Making: portal.MakingPolicy, Action: to.Policies(), Back: to.Policies(), Permits: m.permits()}
	newPolicy.Form = wrong("name", "permissions")
	editPolicy := portal.MakerView{Page: policy, Making: portal.EditPolicy, Subject: m.n.Text, Action: to.EditPolicy("pol_1"), Back: to.Policy("pol_1"), Name: m.n.Text, Permits: m.permits("payments:refund"), Revision: "2"}
	return []Sample{{"role-new", fresh}, {"role-edit", edit}, {"role-edit-wrong", bad}, {"role-edit-stale", stale}, {"role-new-kept", kept}, {"role-edit-legacy", legacy}, {"role-clone", clone},
		{"policy-new", newPolicy}, {"policy-edit", editPolicy}}
}

func (m maker) effects() []Sample {
	to, people := m.to(), m.people()
	typed := []portal.Typed{{Name: "name", Value: m.n.Ada}, {Name: "permissions", Value: "payments:view"}}
	v := portal.EffectView{Page: m.inside(portal.SectionRoles), Effect: portal.OfRole, Subject: m.n.Ada, Action: to.EditRole("rol_3"), Back: to.Role("rol_3"), Typed: typed,
		Holders: 812, Gain: 790, Lose: 1, Next: "mem_3",
		Shifts:    []portal.ShiftRow{{Permission: "payments:refund", Gain: 790}, {Permission: "terminal_orders:approve", Gain: 790, Dangerous: true, Limit: portal.Limit{Permission: "terminal_orders:approve", Clauses: clauses()}}, {Permission: "investigate:force_any", Gain: 1, Dangerous: true}, {Permission: "transactions:export", Lose: 1}},
		People:    []portal.AffectedRow{{PersonLink: people[0], Gains: []string{"payments:refund", "investigate:force_any"}}, {PersonLink: people[1], Gains: []string{"payments:refund"}, Loses: []string{"transactions:export"}}, {PersonLink: portal.PersonLink{Name: m.n.Dana}, Loses: []string{"transactions:export"}}},
		Dangerous: []portal.DangerChoice{{Permission: "investigate:force_any"}, {Permission: "payment_accounts:edit", Acknowledged: true}}}
	toxic := []portal.ToxicNote{{Name: "Force transactions and change payout accounts", Reason: "Could declare money received that never came, and have it paid out to an account of their choice."}}
	flagged := v
	flagged.Flagged, flagged.Form = toxic, wrong("dangerous")
	blocked := v
	blocked.Blocked, blocked.OwnRole, blocked.More = toxic, true, true
	same := v
	same.Gain, same.Lose, same.Shifts, same.People, same.Dangerous, same.Next = 0, 0, nil, nil, nil, ""
	nobody := same
	nobody.Holders = 0
	last := same
	last.After = "mem_9"
	policy := v
	policy.Page, policy.Effect, policy.Action, policy.Back = m.inside(portal.SectionPolicies), portal.OfPolicy, to.EditPolicy("pol_1"), to.Policy("pol_1")
	policy.Roles = []portal.PersonLink{{Name: m.n.Ada, Href: to.Role("rol_3")}, {Name: "Night shift", Href: to.Role("rol_5")}}
	removal := v
	removal.Effect, removal.Action, removal.Typed, removal.Dangerous, removal.Gain, removal.Lose, removal.Fall, removal.Revision = portal.OfRemoval, to.DeleteRole("rol_3"), nil, nil, 0, 812, 640, "4"
	removal.Fallback = "Read only"
	removal.Shifts = []portal.ShiftRow{{Permission: "payments:refund", Lose: 812}}
	removal.People = []portal.AffectedRow{{PersonLink: people[0], Loses: []string{"payments:refund"}, Falls: true}, {PersonLink: people[1], Loses: []string{"payments:refund"}}}
	untyped := removal
	untyped.Form, untyped.Name = portal.Form{Refusal: fault.In("name", "type_name", "name", m.n.Ada)}, m.n.Boris
	fresh := portal.EffectView{Page: v.Page, Effect: portal.OfNewRole, Subject: m.n.Text, Action: to.Roles(), Back: to.Roles(), Typed: typed, Dangerous: v.Dangerous}
	return []Sample{{"effect", v}, {"effect-flagged", flagged}, {"effect-blocked", blocked}, {"effect-none", same}, {"effect-nobody", nobody}, {"effect-last", last}, {"effect-policy", policy},
		{"effect-removal", removal}, {"effect-removal-wrong", untyped}, {"effect-new", fresh}}
}

func (m maker) policies() []Sample {
	page, to := m.inside(portal.SectionPolicies), m.to()
	rows := []portal.PolicyRow{{ID: "pol_1", Name: m.n.Text, Description: m.n.Reason, Permissions: 12, Roles: 3, Dangerous: true}, {ID: "pol_2", Name: "Refunds", Description: "Finds payments and refunds them.", Permissions: 3}, {ID: "pol_3", Name: m.n.Ada, Permissions: 1, Roles: 1}}
	roles := []portal.PersonLink{{Name: m.n.Ada, Href: to.Role("rol_3")}, {Name: "Night shift"}}
	drop := portal.PolicyDropView{Page: page, Policy: rows[1], Revision: "2"}
	bad := drop
	bad.Form, bad.Typed = portal.Form{Refusal: fault.In("name", "type_name", "name", "Refunds")}, m.n.Text
	return []Sample{
		{"policies", portal.PoliciesView{Page: page, Rows: rows, Total: 3, MayMake: true}},
		{"policies-found", portal.PoliciesView{Page: page, Rows: rows[:1], Query: m.n.Text, Total: 3}},
		{"policies-no-match", portal.PoliciesView{Page: page, Query: m.n.Text, Total: 3, MayMake: true}},
		{"policies-none", portal.PoliciesView{Page: page, MayMake: true}},
		{"policies-none-to-see", portal.PoliciesView{Page: page}},
		{"policy", portal.PolicyView{Page: page, Policy: rows[0], Sections: m.roleSections(), Roles: roles, MayEdit: true}},
		{"policy-unused", portal.PolicyView{Page: m.flashed(portal.SectionPolicies, portal.Done, "policy_made", "name", rows[1].Name), Policy: rows[1]}},
		{"policy-drop", drop}, {"policy-drop-wrong", bad},
		{"policy-drop-used", portal.PolicyDropView{Page: page, Policy: rows[0], Roles: roles}},
	}
}

func (m maker) matrix() []Sample {
	page := m.inside(portal.SectionMatrix)
	table := func(names ...string) portal.MatrixView {
		v := portal.MatrixView{Page: page, First: 1, Total: len(names), MayRoles: true, Filter: portal.MatrixFilter{Page: 1}}
		for n, name := range names {
			v.Roles = append(v.Roles, portal.MatrixRole{ID: fmt.Sprintf("rol_%d", n), Name: name})
			v.Options = append(v.Options, portal.Option{Value: fmt.Sprintf("rol_%d", n), Label: name})
		}
		for n, p := range access.Permissions() {
			info := p.Info()
			at := slices.IndexFunc(v.Sections, func(s portal.MatrixSection) bool { return s.Section == info.Section })
			if at < 0 {
				at, v.Sections = len(v.Sections), append(v.Sections, portal.MatrixSection{Section: info.Section, Elsewhere: !info.Built})
			}
			row := portal.MatrixRow{Permission: p.String(), Dangerous: info.Dangerous, Limits: []string{"", "", "", m.n.Text}}
			for c := range names {
				row.Cells = append(row.Cells, []roles.Given{roles.GivenForAll, roles.NotGiven, roles.GivenForAll, roles.GivenForSome, roles.NotGiven}[(n*7+c*3)%5].Mark())
			}
			v.Sections[at].Rows = append(v.Sections[at].Rows, row)
		}
		return v
	}
	full := table("Owner", "Administrator", "Access administrator", "Auditor", "Operations", "Support", "Finance", "Disputes", "Risk", "First approver", "Second approver", "Developer", "Read only", m.n.Ada, m.n.Boris)
	full.Total = 57
	two := table("Support", m.n.Ada)
	two.Filter.Roles, two.Filter.Differ, two.Filter.Query, two.Sections = []string{"rol_0", "rol_1"}, true, m.n.Text, two.Sections[:3]
	none := two
	none.Sections = nil
	return []Sample{{"matrix", full}, {"matrix-two", two}, {"matrix-no-match", none}, {"matrix-none", portal.MatrixView{Page: page, First: 1}}}
}

func (m maker) toxic() []Sample {
	page := m.inside(portal.SectionRoles)
	rows := []portal.ToxicRow{
		{Key: "force_and_redirect", Name: "Force transactions and change payout accounts", Reason: "Could declare money received that never came, and have it paid out to an account of their choice.", Left: []string{"investigate:force_inconsistent", "investigate:force_any"}, Right: []string{"payment_accounts:edit"}, Mode: "flagged", Count: portal.Count{N: 12}},
		{Key: "both_approvals", Name: "Give the first and the second approval", Reason: "The second pair of eyes would be the first one’s.", Left: []string{"approvals:approve_first"}, Right: []string{"approvals:approve_second"}, Mode: "blocked"},
		{Key: "masked_and_export", Name: "See masked fields and export", Reason: strings.Repeat("Could carry payer data out. ", 4), Left: []string{"sensitive:view"}, Right: []string{"transactions:export"}, Mode: "off"},
	}
	held := portal.ToxicView{Page: page, Rows: rows, MaySee: true, Setting: m.to().Settings() + "#toxic_combinations"}
	people := portal.ToxicPeopleView{Page: page, Toxic: rows[0], Pager: portal.Pager{Next: "next"}, Cursor: "cursor"}
	for _, p := range m.people() {
		people.People = append(people.People, portal.ToxicPerson{PersonLink: p, Left: []portal.PersonLink{{Name: m.n.Text, Href: m.to().Role("rol_3")}}, Right: []portal.PersonLink{{Name: "Night shift", Href: m.to().Role("rol_5")}, {Name: m.n.Ada}}})
	}
	return []Sample{{"toxic", held}, {"toxic-none", portal.ToxicView{Page: page, Rows: rows[1:]}}, {"toxic-people", people}, {"toxic-people-none", portal.ToxicPeopleView{Page: page, Toxic: rows[1]}}}
}

func (m maker) adjusts() []Sample {
	column := func(deed string, names ...string) portal.AdjustColumn {
		c := portal.AdjustColumn{Deed: deed}
		for n, name := range names {
			p, _ := access.Parse(name)
			c.Choices = append(c.Choices, portal.PermitChoice{Permission: name, Chosen: n%2 == 0, Dangerous: p.Info().Dangerous, Limited: name == "payments:refund", Withheld: name == "payments:void", Page: p.Info().Resource == "page"})
		}
		return c
	}
	v := portal.AdjustView{Page: m.inside(portal.SectionUsers), User: portal.UserHead{ID: "usr_1", Name: m.n.Ada}, Role: m.n.Text, RoleID: "rol_9", Scope: portal.Grant{Entities: []string{m.n.Account, "Northwind Rentals"}}, First: true, Revision: "7",
		Rows: []portal.AdjustRow{
			{Section: "payments", Columns: []portal.AdjustColumn{column("view", "payments:view", "page:payments"), column("edit", "payments:refund", "payments:capture"), column("create", "payments:create"), column("delete", "payments:void")}},
			{Section: "keys", Columns: []portal.AdjustColumn{column("view", "keys:view"), column("edit", "keys:manage"), column("create", "keys:create"), column("delete")}},
		}}
	bad := v
	bad.First, bad.Form, bad.Dangers = false, wrong("permissions", "dangerous"), []portal.DangerChoice{{Permission: "keys:manage"}}
	return []Sample{{"adjust", v}, {"adjust-wrong", bad}}
}
