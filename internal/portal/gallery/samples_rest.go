package gallery

import "countersign/internal/portal"

func (m maker) roles() []Sample {
	rows := []portal.RoleRow{
		{ID: "rol_1", Name: "Administrator", Description: "Everything but transferring the ownership.", Users: 4, Permissions: 96, Dangerous: true, NeedsTwo: true, Predefined: true},
		{ID: "rol_2", Name: "Support", Description: "Answers payers and merchants.", Users: 812, Permissions: 13, Predefined: true},
		{ID: "rol_3", Name: m.n.Ada, Description: m.n.Text, Users: 1, Permissions: 7},
		{ID: "rol_4", Name: "ROLE_STORE", Description: "Kept for old users.", Predefined: true, Deprecated: true},
	}
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
		{"role-all", portal.RoleView{Page: page, Role: rows[2], MayGrantAll: true, Sections: sections[:1]}},
	}
}

func (m maker) entries() []portal.ActivityRow {
	to := m.to()
	return []portal.ActivityRow{
		{ID: "aud_9", Number: 90412, At: at(4, 14, 5), Actor: m.n.Ada, ActorID: "usr_1", Text: "Changed access", On: m.n.Boris, OnHref: to.User("usr_2"), From: "203.0.113.9", Outcome: portal.Succeeded,
			Changes: []portal.Change{{Label: "Roles", Before: "Support", After: "Operations, Support"}, {Label: "Entities", Before: "", After: m.n.Account}}},
		{ID: "aud_8", Number: 90411, At: at(4, 13, 58), Actor: m.n.Me, ActorID: "usr_me", Text: "Deactivated user", On: m.n.Dana, OnHref: to.User("usr_4"), From: "2001:db8:85a3::8a2e:370:7334", Outcome: portal.Succeeded, Reason: m.n.Reason,
			Changes: []portal.Change{{Label: "Status", Before: "Active", After: "Deactivated"}}},
		{ID: "aud_7", Number: 90410, At: at(4, 13, 40), Actor: m.n.Boris, ActorID: "usr_2", Text: "Tried to invite a user", From: "198.51.100.23", Outcome: portal.WasRefused, Reason: "users:create", Times: 3},
		{ID: "aud_6", Number: 90409, At: at(4, 9, 2), Actor: m.n.Chloe, Text: "Sign-in", From: "198.51.100.77", Outcome: portal.FailedSignIn},
		{ID: "aud_5", Number: 90408, At: at(3, 23, 59), Actor: "system", Text: "Invitation expired", On: m.n.Dana, Outcome: portal.Succeeded, Erased: true, Changes: []portal.Change{{Label: "Link", Before: "valid", After: ""}}},
	}
}

func (m maker) activity() []Sample {
	kinds := []portal.Option{{Value: "user.invited", Label: "User invited"}, {Value: "access.changed", Label: "Access changed"}}
	page := m.inside(portal.SectionActivity)
	filter := portal.ActivityFilter{Person: m.n.Ada, Kind: "access.changed", Outcome: "done", From: "2026-03-01", Until: "2026-03-04", Cursor: "c"}
	return []Sample{
		{"activity", portal.ActivityView{Page: page, Kinds: kinds, Rows: m.entries(), Pager: portal.Pager{Next: "c2"}}},
		{"activity-filtered", portal.ActivityView{Page: page, Kinds: kinds, Filter: filter, Rows: m.entries()[:1], Pager: portal.Pager{Previous: "c0"}}},
		{"activity-no-match", portal.ActivityView{Page: page, Kinds: kinds, Filter: filter}},
		{"activity-none", portal.ActivityView{Page: page}},
	}
}

func (m maker) accounts() []Sample {
	rows := []portal.AccountRow{
		{ID: "acc_1", CustomerID: m.n.CustomerID, Name: m.n.Account, Alias: m.n.Alias, Kind: "merchant", Parent: "Alpine Payments", Environment: portal.Live, Open: true, Users: 1220, Created: at(1, 7, 0)},
		{ID: "acc_2", CustomerID: "ALP-7", Name: "Alpine Payments", Kind: "partner", Parent: "Meridian", Environment: portal.Live, Open: true, Users: 18, Created: at(1, 6, 0)},
		{ID: "acc_3", CustomerID: "NW-2210", Name: "Northwind Rentals", Kind: "merchant", Parent: "Alpine Payments", Environment: portal.Test, Users: 1, Created: at(4, 12, 0)},
		{ID: "acc_4", CustomerID: "MER", Name: "Meridian", Kind: "platform", Environment: portal.Live, Open: true, Users: 6, Created: at(1, 5, 0)},
	}
	page := m.inside(portal.SectionAccounts)
	fresh := portal.NewAccountView{Page: page, Environment: portal.Live, Kind: "merchant", Kinds: []string{"facilitator", "partner", "merchant"}, Parents: []portal.Option{{Value: "acc_2", Label: "Alpine Payments"}, {Value: "acc_4", Label: m.n.Account}}, Language: "en"}
	bad := fresh
	bad.Form = wrong("name", "customer_id", "kind", "parent", "email")
	bad.Name = m.n.Account
	return []Sample{
		{"accounts", portal.AccountsView{Page: page, Rows: rows, Total: 4127, MayCreate: true, Pager: portal.Pager{Next: "c2"}}},
		{"accounts-no-match", portal.AccountsView{Page: page, Filter: portal.AccountsFilter{Query: m.n.Text}}},
		{"accounts-none", portal.AccountsView{Page: page, MayCreate: true}},
		{"account", portal.AccountView{Page: page, One: rows[0], Profile: "standard", CreatedBy: m.n.Me, OpenHref: m.to().Home(), Below: rows[2:3], Administrators: []portal.AccountAdmin{
			{Name: m.n.Ada, Identifier: "ada.okafor@northwind.example", Status: portal.Active, First: true}, {Name: m.n.Me, Identifier: "camille.laurent@northwind.example", Status: portal.Invited}}}},
		{"account-new", fresh}, {"account-new-wrong", bad},
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
