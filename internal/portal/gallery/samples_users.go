package gallery

import (
	"time"

	"countersign/internal/portal"
)

func (m maker) head() portal.UserHead {
	return portal.UserHead{
		ID: "usr_2", Name: m.n.Boris, Identifier: "boris.lindqvist@northwind.example", Status: portal.Active, Since: at(1, 8, 0), By: m.n.Ada,
		MayChangeAccess: true, MayAct: []portal.Act{portal.Deactivate, portal.ResetSecondFactor}, MaySeeActivity: true,
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
	for _, act := range []portal.Act{portal.Deactivate, portal.Activate, portal.ResendInvitation, portal.DeactivateInvitation, portal.ResetSecondFactor} {
		v := portal.ConfirmView{Page: page, Act: act, Subject: m.n.Boris, Identifier: "boris.lindqvist@northwind.example", Action: m.to().UserAct("usr_2", act), Back: m.to().User("usr_2"), Revision: "r-12"}
		switch act {
		case portal.Deactivate:
			v.AskReason, v.Sessions = true, 2
		case portal.ResendInvitation:
			v.ExpiryHours = 72
		case portal.ResetSecondFactor:
			v.AskReason, v.NeedReason, v.Form = true, true, wrong("reason")
		}
		all = append(all, Sample{"confirm-" + string(act), v})
	}
	return append(all, Sample{"confirm-revocation", portal.ConfirmView{
		Page: m.inside(portal.SectionServiceTokens), Act: portal.RevokeToken, Subject: m.n.Text, Action: m.to().RevokeServiceToken("tok_1"), Back: m.to().ServiceTokens(), TypeName: true,
	}})
}
