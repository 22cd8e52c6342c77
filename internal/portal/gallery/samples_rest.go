package gallery

import "countersign/internal/portal"

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
	fresh := portal.NewTokenView{Page: page, Kind: "decisions", Kinds: []string{"decisions", "resources"}, Days: 90, Choices: []int{30, 90, 365, 0}}
	bad := fresh
	bad.Form, bad.Name = wrong("kind", "name", "expires"), m.n.Text
	kept := fresh
	kept.Kept, kept.Name, kept.Kind = true, m.n.Text, "resources"
	return []Sample{
		{"tokens", portal.TokensView{Page: page, MayMake: true, MayRevoke: true, Rows: []portal.TokenRow{
			{ID: "tok_1", Name: "Payout engine, production", Kind: "decisions", Created: at(1, 8, 0), CreatedBy: m.n.Ada, Expires: at(30, 8, 0), LastUsed: at(4, 14, 4)},
			{ID: "tok_2", Name: m.n.Text, Kind: "resources", Created: at(1, 8, 0), CreatedBy: m.n.Me, Expires: at(2, 8, 0), Expired: true},
			{ID: "tok_3", Name: "Old gateway", Kind: "decisions", Created: at(1, 8, 0), CreatedBy: m.n.Ada, Revoked: at(3, 9, 0), RevokedBy: m.n.Me, LastUsed: at(2, 14, 4)},
		}}},
		{"tokens-none", portal.TokensView{Page: page, MayMake: true, MayRevoke: true}},
		{"token-new", fresh}, {"token-new-wrong", bad}, {"token-new-kept", kept},
		{"token-made", portal.TokenMadeView{Page: page, Name: m.n.Text, Kind: "resources", Token: "cst_2m9QJx7Rk4vTqLw8ZpYd3NcHs6BfGa1UeXoViKrMtDj", Expires: at(30, 8, 0)}},
	}
}
