package gallery

import "countersign/internal/portal"

func (m maker) roles() []Sample {
	rows := []portal.RoleRow{
		{ID: "rol_1", Name: "Administrator", Description: "Everything but transferring the ownership.", Users: 4, Permissions: 96, Dangerous: true, NeedsTwo: true, Predefined: true},
		{ID: "rol_2", Name: "Support", Description: "Answers payers and merchants.", Users: 812, Permissions: 13, Predefined: true},
		{ID: "rol_3", Name: m.n.Ada, Description: m.n.Text, Users: 1, Permissions: 7},
		{ID: "rol_4", Name: "ROLE_STORE", Description: "Out of use. It allows nothing any more.", Users: 2, Predefined: true, Deprecated: true},
	}
	warned := rows[2]
	warned.Name, warned.Warning = "ROLE_TRANSACTION_DETAIL_VIEWER", m.n.Text
	here, elsewhere := m.sections()
	var sections []portal.RoleSection
	for _, s := range append(here, elsewhere...) {
		r := portal.RoleSection{Section: s.Section, Elsewhere: s.Elsewhere}
		for _, l := range s.Lines {
			r.Lines = append(r.Lines, portal.RoleLine{Permission: l.Permission, Dangerous: l.Dangerous, NeedsTwo: l.NeedsTwo, Policy: m.n.Text})
		}
		sections = append(sections, r)
	}
	page := m.inside(portal.SectionRoles)
	return []Sample{
		{"roles", portal.RolesView{Page: page, Popular: rows[:3], All: rows}},
		{"roles-none", portal.RolesView{Page: page}},
		{"role", portal.RoleView{Page: page, Role: rows[0], Sections: sections, MayGrant: []string{"Auditor", "Operations", m.n.Ada}, MayViewUsers: true, Administrator: true}},
		{"role-empty", portal.RoleView{Page: page, Role: rows[3]}},
		{"role-all", portal.RoleView{Page: page, Role: warned, MayGrantAll: true, Sections: sections[:1], Needs: []string{"ROLE_USER_PSP_ACCOUNT", m.n.Ada}}},
	}
}

func (m maker) entries() []portal.ActivityRow {
	to := m.to()
	return []portal.ActivityRow{
		{Number: 90412, At: at(4, 14, 5), Actor: m.n.Ada, ActorHref: to.User("usr_1"), Text: "Changed access", On: m.n.Boris, OnHref: to.User("usr_2"), From: "203.0.113.9", Outcome: portal.Succeeded,
			Href: to.ActivityEntry("90412"), Changes: []portal.Change{{Label: "Roles", List: true, Added: []string{"Operations (" + m.n.Account + ")"}, Removed: []string{"Support (all entities)", m.n.Text}}, {Label: "Entities", Before: "", After: m.n.Account}}},
		{Number: 90411, At: at(4, 13, 58), Actor: m.n.Me, ActorHref: to.User("usr_me"), Text: "Deactivated user", On: m.n.Dana, OnHref: to.User("usr_4"), From: "2001:db8:85a3::8a2e:370:7334", Outcome: portal.Succeeded, Reason: m.n.Reason, Where: m.n.Account, Href: to.ActivityEntry("90411"),
			Changes: []portal.Change{{Label: "Status", Before: "Active", After: "Deactivated"}}},
		{Number: 90410, At: at(4, 13, 40), Actor: m.n.Boris, ActorHref: to.User("usr_2"), Text: "Tried to invite a user", From: "198.151.100.223", Outcome: portal.WasRefused, Reason: "You may not do this: users:create is missing.", Times: 3, Href: to.ActivityEntry("90410")},
		{Number: 90409, At: at(4, 9, 2), Actor: m.n.Chloe, Text: "Sign-in", From: "198.51.100.77", Outcome: portal.FailedSignIn},
		{Number: 90408, At: at(3, 23, 59), Actor: "system", Text: "Invitation expired", On: m.n.Dana, Outcome: portal.Succeeded, Erased: true, Changes: []portal.Change{{Label: "Link", Before: "valid", After: ""}}},
	}
}

func (m maker) tokens() []Sample {
	page := m.inside(portal.SectionServiceTokens)
	fresh := portal.NewTokenView{Page: page, Days: 90, Choices: []int{30, 90, 365, 0}}
	bad := fresh
	bad.Form, bad.Name = wrong("name", "expires"), m.n.Text
	kept := fresh
	kept.Kept, kept.Name = true, m.n.Text
	return []Sample{
		{"tokens", portal.TokensView{Page: page, MayMake: true, MayRevoke: true, Rows: []portal.TokenRow{
			{ID: "tok_1", Name: "Payout engine, production", Created: at(1, 8, 0), CreatedBy: m.n.Ada, Expires: at(30, 8, 0), LastUsed: at(4, 14, 4)},
			{ID: "tok_2", Name: m.n.Text, Created: at(1, 8, 0), CreatedBy: m.n.Me, Expires: at(2, 8, 0), Expired: true},
			{ID: "tok_3", Name: "Old gateway", Created: at(1, 8, 0), CreatedBy: m.n.Ada, Revoked: at(3, 9, 0), RevokedBy: m.n.Me, LastUsed: at(2, 14, 4)},
		}}},
		{"tokens-none", portal.TokensView{Page: page, MayMake: true, MayRevoke: true}},
		{"token-new", fresh}, {"token-new-wrong", bad}, {"token-new-kept", kept},
		{"token-made", portal.TokenMadeView{Page: page, Name: m.n.Text, Token: "cst_2m9QJx7Rk4vTqLw8ZpYd3NcHs6BfGa1UeXoViKrMtDj", Expires: at(30, 8, 0)}},
	}
}
