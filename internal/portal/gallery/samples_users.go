package gallery

import (
	"time"

	"countersign/internal/portal"
)

func (m maker) rows() []portal.UserRow {
	return []portal.UserRow{
		{ID: "usr_1", Name: m.n.Ada, Identifier: "ada.okafor@northwind.example", Roles: []string{"Owner"}, AllEntities: true, Status: portal.Active, Factor: portal.FactorOn, LastSignIn: at(4, 7, 58)},
		{ID: "usr_2", Name: m.n.Boris, Identifier: "boris.lindqvist@northwind.example", Roles: []string{"Operations", "Support"}, Entities: []string{m.n.Account, "Northwind Rentals"}, Status: portal.LockedAttempts, Factor: portal.FactorOn, LastSignIn: at(3, 16, 20)},
		{ID: "usr_me", Name: m.n.Me, Identifier: "camille.laurent@northwind.example", Roles: []string{"Administrator"}, AllEntities: true, Status: portal.Active, Factor: portal.FactorOn, LastSignIn: at(4, 8, 1), Self: true},
		{ID: "usr_3", Name: m.n.Chloe, Identifier: "chloe.marchand@northwind.example", Roles: []string{"Finance"}, Entities: []string{m.n.Account}, Status: portal.Invited, Factor: portal.FactorPending},
		{ID: "usr_4", Name: m.n.Dana, Identifier: "dana.whitfield@northwind.example", Roles: []string{"Read only"}, Entities: []string{"Northwind Rentals"}, Status: portal.InvitationExpired, Factor: portal.FactorPending},
		{ID: "usr_5", Name: "Emre Yıldız", Identifier: "emre.yildiz@northwind.example", Roles: []string{"Support"}, Entities: []string{m.n.Account}, Status: portal.InvitationDeactivated, Factor: portal.FactorOff},
		{ID: "usr_6", Name: "Freya Nørgaard", Identifier: "freya@northwind.example", Status: portal.Deactivated, Factor: portal.FactorOn, LastSignIn: at(1, 11, 45)},
		{ID: "usr_7", Name: "Goro Tanaka", Identifier: "goro.tanaka@northwind.example", Roles: []string{"Risk"}, AllEntities: true, Status: portal.PasswordExpired, Factor: portal.FactorOn, LastSignIn: at(2, 9, 10)},
		{ID: "usr_8", Name: "Hana Petrović", Identifier: "hana.petrovic@northwind.example", Roles: []string{"First approver"}, AllEntities: true, Status: portal.LockedInactivity, Factor: portal.FactorOn, LastSignIn: time.Date(2025, 11, 30, 10, 0, 0, 0, time.UTC)},
	}
}

func (m maker) users() []Sample {
	roles := []portal.Option{{Value: "rol_1", Label: "Administrator"}, {Value: "rol_2", Label: m.n.Text}}
	entities := []portal.Option{{Value: "ent_1", Label: m.n.Account}, {Value: "ent_2", Label: "Northwind Rentals"}}
	full := portal.UsersView{
		Page: m.flashed(portal.SectionUsers, portal.Done, "invited", "email", "chloe.marchand@northwind.example"),
		Rows: m.rows(), Total: 1220, Roles: roles, Entities: entities, MayInvite: true, Pager: portal.Pager{Next: "c2"},
	}
	full.Account.Environment = portal.Test
	filtered := portal.UsersView{
		Page: m.inside(portal.SectionUsers), Roles: roles, Entities: entities, MayInvite: true, Total: 1, Rows: m.rows()[1:2],
		Filter: portal.UsersFilter{Query: m.n.Boris, Status: "locked", Role: "rol_2", Entity: "ent_1", Sort: "last_sign_in", Descending: true, Cursor: "c1"},
		Pager:  portal.Pager{Previous: "c0", Next: "c2"},
	}
	nothing := filtered
	nothing.Rows, nothing.Total, nothing.Pager = nil, 0, portal.Pager{}
	empty := portal.UsersView{Page: m.inside(portal.SectionUsers), MayInvite: true}
	ask := portal.UsersView{Page: m.inside(portal.SectionUsers)}
	return []Sample{{"users", full}, {"users-filtered", filtered}, {"users-no-match", nothing}, {"users-empty", empty}, {"users-ask", ask}}
}

func (m maker) head() portal.UserHead {
	return portal.UserHead{
		ID: "usr_2", Name: m.n.Boris, Identifier: "boris.lindqvist@northwind.example", Status: portal.Active, Since: at(1, 8, 0), By: m.n.Ada,
		MayChangeAccess: true, MayAct: []portal.Act{portal.Deactivate, portal.SetUpSecondFactor, portal.ResetSecondFactor}, MaySeeActivity: true,
	}
}

func (m maker) grants() []portal.Grant {
	return []portal.Grant{
		{Role: "Access administrator", RoleID: "rol_1", AllEntities: true, Dangerous: true},
		{Role: m.n.Text, RoleID: "rol_2", Entities: []string{m.n.Account, "Northwind Rentals"}},
		{Role: "Auditor", RoleID: "rol_3", Entities: []string{"Northwind Rentals"}, Until: at(31, 22, 0)},
	}
}

func (m maker) user() []Sample {
	page, head := m.inside(portal.SectionUsers), m.head()
	here, elsewhere := m.sections()
	overview := portal.UserOverview{Page: page, User: head, Email: head.Identifier, Language: "fr", Created: at(1, 7, 0), CreatedBy: m.n.Ada, LastSignIn: at(3, 16, 20), Factor: portal.FactorOn, Grants: m.grants(), Activity: m.entries()[:3]}
	invited := overview
	invited.User.Status, invited.User.Why = portal.Invited, ""
	invited.User.MayAct = []portal.Act{portal.ResendInvitation, portal.DeactivateInvitation, portal.Deactivate}
	invited.LastSignIn, invited.InvitationExpires, invited.Factor, invited.Activity = time.Time{}, at(7, 9, 30), portal.FactorPending, nil
	off := overview
	off.User.Status, off.User.Why, off.User.MayAct, off.User.MayChangeAccess = portal.Deactivated, m.n.Reason, []portal.Act{portal.Activate}, false
	self := overview
	self.User.Self, self.User.FirstAdministrator, self.User.MayAct, self.User.MayChangeAccess, self.User.MaySeeActivity = true, true, nil, false, false
	self.Grants = nil
	return []Sample{
		{"user", overview}, {"user-invited", invited}, {"user-deactivated", off}, {"user-self", self},
		{"user-access", portal.UserAccess{Page: page, User: head, Grants: m.grants(), Sections: append(here, elsewhere...)}},
		{"user-access-none", portal.UserAccess{Page: page, User: head}},
		{"user-security", portal.UserSecurity{Page: page, User: head, Factor: portal.FactorOn, FactorSince: at(1, 8, 4), FactorRequired: true, PasswordSince: at(1, 8, 0), LastSignIn: at(3, 16, 20), LastAddress: "2001:db8::7", OpenSessions: 2, FailedAttempts: 1, AttemptsAllowed: 6}},
		{"user-activity", portal.UserActivity{Page: page, User: head, Rows: m.entries(), Pager: portal.Pager{Next: "c2"}}},
		{"user-activity-none", portal.UserActivity{Page: page, User: head}},
	}
}

func (m maker) picker() portal.AccessPicker {
	sections := []portal.RoleSection{{Section: "users", Lines: []portal.RoleLine{{Permission: "users:view"}, {Permission: "users:create"}}}, {Section: "audit", Lines: []portal.RoleLine{{Permission: "audit:view"}}}}
	roles := []portal.RoleChoice{
		{ID: "r1", Name: "Administrator", Description: "Everything but transferring the ownership.", Permissions: 96, Dangerous: []string{"investigate:force_any", "payment_accounts:edit"}, Selected: true, Sections: sections},
		{ID: "r2", Name: "Auditor", Description: "Sees everything, changes nothing.", Permissions: 38, Sections: sections},
		{ID: "r3", Name: "Operations", Description: m.n.Text, Permissions: 17, Sections: sections},
		{ID: "r4", Name: "Support", Description: "Answers payers and merchants.", Permissions: 13, Selected: true, Sections: sections},
		{ID: "r5", Name: "Finance", Description: "Balances, settlements, refunds.", Permissions: 16},
		{ID: "r6", Name: "Owner", Description: "Everything.", Permissions: 98, Refused: m.n.Reason},
		{ID: "r7", Name: "Read only", Description: "Looks, without touching.", Permissions: 10},
	}
	entities := []portal.EntityChoice{
		{ID: "e1", Name: m.n.Account, CustomerID: m.n.CustomerID, Kind: "merchant", Selected: true},
		{ID: "e2", Name: "Northwind Web", CustomerID: "NW-1042-1", Kind: "legal_entity", Depth: 1},
		{ID: "e3", Name: "Northwind Stores", CustomerID: "NW-1042-2", Kind: "legal_entity", Depth: 1},
		{ID: "e4", Name: "Northwind Stores Alps", CustomerID: "NW-1042-2-1", Kind: "legal_entity", Depth: 2},
	}
	return portal.AccessPicker{Roles: roles, Entities: entities, MayAllEntities: true}
}

func (m maker) forms() []Sample {
	page := m.inside(portal.SectionUsers)
	fresh := portal.InviteView{Page: page, AccessPicker: m.picker(), Language: "en", LifetimeHours: 72}
	bad := fresh
	bad.Form = wrong("first_name", "email", "roles", "acknowledge", "entities")
	bad.FirstName, bad.Email, bad.Language = m.n.Chloe, `chloe@"<northwind`, "fr"
	one := portal.EditAccessView{Page: page, AccessPicker: m.picker(), User: m.head(), Revision: "r-12"}
	one.OneRole = true
	return []Sample{{"invite", fresh}, {"invite-wrong", bad}, {"edit-access", one}}
}

func (m maker) confirms() []Sample {
	page := m.inside(portal.SectionUsers)
	var all []Sample
	for _, act := range []portal.Act{portal.Deactivate, portal.Activate, portal.ResendInvitation, portal.DeactivateInvitation, portal.SetUpSecondFactor, portal.ResetSecondFactor} {
		v := portal.ConfirmView{Page: page, Act: act, Subject: m.n.Boris, Identifier: "boris.lindqvist@northwind.example", Action: m.to().UserAct("usr_2", act), Back: m.to().User("usr_2"), Revision: "r-12"}
		switch act {
		case portal.Deactivate:
			v.AskReason, v.Sessions = true, 2
		case portal.ResendInvitation:
			v.ExpiryHours = 72
		case portal.SetUpSecondFactor:
			v.AskReason = true
		case portal.ResetSecondFactor:
			v.AskReason, v.NeedReason, v.Form = true, true, wrong("reason")
		}
		all = append(all, Sample{"confirm-" + string(act), v})
	}
	return append(all, Sample{"confirm-revocation", portal.ConfirmView{
		Page: m.inside(portal.SectionServiceTokens), Act: portal.RevokeToken, Subject: m.n.Text, Action: m.to().RevokeServiceToken("tok_1"), Back: m.to().ServiceTokens(), TypeName: true,
	}})
}
