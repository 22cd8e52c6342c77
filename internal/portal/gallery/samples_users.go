package gallery

import (
	"time"

	"countersign/internal/people"
	"countersign/internal/portal"
)

func (m maker) head() portal.UserHead {
	return portal.UserHead{
		ID: "usr_2", Name: m.n.Boris, Identifier: "boris.lindqvist@northwind.example", Status: portal.Active, Since: at(1, 8, 0), By: m.n.Ada,
		MayChangeAccess: true, MayEditDetails: true, MayChangeEmail: true, MayAct: []portal.Act{portal.Deactivate, portal.Delete, portal.SetUpSecondFactor, portal.ResetSecondFactor, portal.SendResetLink, portal.RequirePassword, portal.SignOutEverywhere}, MaySeeActivity: true,
	}
}

func (m maker) pending() *portal.PendingEmail {
	return &portal.PendingEmail{Email: "b.lindqvist-nordenskjold@northwind-holding.example", Until: at(7, 9, 30), By: m.n.Ada}
}

func (m maker) mails() []portal.MailRow {
	return []portal.MailRow{
		{Kind: "email_confirm", State: "queued", Cause: "unreachable", Code: "4.4.1", At: at(4, 13, 0), Next: at(4, 13, 30), Tries: 3},
		{Kind: "password_changed", State: "sent", At: at(3, 16, 0), Done: at(3, 16, 1)},
		{Kind: "factor_changed", State: "failed", Cause: "no_server", At: at(2, 16, 0), Done: at(3, 16, 1)},
		{Kind: "invitation", State: "bounced", Cause: "mailbox", Code: "5.1.1", At: at(1, 7, 0), Done: at(1, 7, 4)},
		{Kind: "invitation", State: "refused", Cause: "policy", Code: "5.7.1", At: at(1, 6, 0), Done: at(1, 6, 0)},
	}
}

func (m maker) grants() []portal.Grant {
	return []portal.Grant{
		{Role: "Access administrator", RoleID: "rol_1", AllEntities: true, Dangerous: true},
		{Role: m.n.Text, RoleID: "rol_2", Entities: []string{m.n.Account, "Northwind Rentals"}},
		{Role: "Auditor", RoleID: "rol_3", Entities: []string{"Northwind Rentals"}, Until: at(31, 22, 0)},
		{Role: "ROLE_USER_EDIT_PSP_ACCOUNT", RoleID: "rol_4", AllEntities: true, Deprecated: true},
	}
}

func (m maker) user() []Sample {
	page, head := m.inside(portal.SectionUsers), m.head()
	here, elsewhere := m.sections()
	mails := m.mails()
	overview := portal.UserOverview{Page: page, User: head, Email: head.Identifier, Phone: "+46 8 555 01 02", Language: "fr", Created: at(1, 7, 0), CreatedBy: m.n.Ada, LastSignIn: at(3, 16, 20),
		MayValues: true, Values: []portal.PropertyValue{{TypeProperty: portal.TypeProperty{Name: "department", Title: "Department"}, Words: m.n.Text}, {TypeProperty: portal.TypeProperty{Name: "manager", Title: m.n.Reason}, Words: m.n.Ada, Href: m.to().User("usr_1")}, {TypeProperty: portal.TypeProperty{Name: "floor", Title: "Floor"}}},
		Factor: portal.FactorOn, FactorRequired: true, FactorActions: "either", Networks: []string{"203.0.113.0/24", "2001:db8:85a3::/48"}, LastMail: &mails[1], Grants: m.grants(), Activity: m.entries()[:3]}
	overview.User.NewEmail, overview.User.MayAct = m.pending(), append(overview.User.MayAct, portal.DropEmailChange)
	invited := overview
	invited.User.Status, invited.User.Why, invited.User.NewEmail, invited.User.InvitationLost = portal.Invited, "", nil, &mails[3]
	invited.User.MayAct = []portal.Act{portal.ResendInvitation, portal.DeactivateInvitation, portal.Deactivate, portal.Delete}
	invited.LastSignIn, invited.InvitationExpires, invited.Factor, invited.Activity, invited.LastMail = time.Time{}, at(7, 9, 30), portal.FactorPending, nil, &mails[3]
	off := overview
	off.User.Status, off.User.Why, off.User.MayAct, off.User.MayChangeAccess, off.User.DeletionOff = portal.Deactivated, m.n.Reason, []portal.Act{portal.Activate}, false, true
	off.User.NewEmail, off.User.MayChangeEmail, off.FactorRequired, off.Phone, off.Networks, off.LastMail = nil, false, false, "", nil, nil
	self := overview
	self.User = portal.UserHead{ID: "usr_me", Name: m.n.Me, Identifier: "camille.laurent@northwind.example", Status: portal.Active, Since: at(1, 8, 0), Self: true, FirstAdministrator: true}
	self.Grants = nil
	some := append(here, elsewhere...)
	later := some[3].Lines[0].Sources
	later[1].From = at(20, 0, 0)
	security := portal.UserSecurity{Page: page, User: head, Factor: portal.FactorOn, FactorSince: at(1, 8, 4), FactorRequired: true, FactorActions: "both", PasswordSince: at(1, 8, 0), LastSignIn: at(3, 16, 20), LastAddress: "2001:db8::7",
		OpenSessions: 4, MaySeeSessions: true, Sessions: m.sessions(false), MoreSessions: 1, Revision: "r-12", FailedAttempts: 6, AttemptsAllowed: 6, Locked: true, LockedUntil: at(4, 14, 30), AskedSince: at(3, 9, 0), Networks: []string{"203.0.113.7"}, Mails: mails}
	security.User.Status, security.User.Since, security.User.By, security.User.Until = portal.LockedAttempts, time.Time{}, "", at(4, 14, 30)
	security.User.MayAct = append([]portal.Act{portal.UnlockSignIn}, security.User.MayAct...)
	shut := security
	shut.User.Status, shut.User.Since, shut.User.Until, shut.User.MayAct = portal.LockedInactivity, at(2, 3, 0), time.Time{}, []portal.Act{portal.SendResetLink, portal.Deactivate}
	shut.Locked, shut.AskedSince, shut.InactiveSince, shut.Sessions, shut.OpenSessions, shut.MoreSessions, shut.FailedAttempts = false, time.Time{}, at(2, 3, 0), nil, 0, 0, 0
	little := security
	little.MaySeeSessions, little.User.MayAct = false, nil
	return []Sample{
		{"user", overview}, {"user-invited", invited}, {"user-deactivated", off}, {"user-self", self},
		{"user-access", portal.UserAccess{Page: page, User: head, Grants: m.grants(), Sections: some, Networks: []string{"203.0.113.0/24", "2001:db8:85a3::/48"}}},
		{"user-access-invited", portal.UserAccess{Page: page, User: invited.User, Grants: m.grants(), Sections: here, NotYet: "invited"}},
		{"user-access-none", portal.UserAccess{Page: page, User: head}},
		{"user-security", security}, {"user-security-inactive", shut}, {"user-security-little", little},
		{"user-security-shared", portal.UserSecurity{Page: page, User: head, Factor: portal.FactorPending, LastSignIn: at(3, 16, 20), Shared: true, MailsOurs: true}},
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
		{ID: "r8", Name: "ROLE_TRANSACTION_DETAIL_VIEWER", Description: "Opens a transaction with its history.", Permissions: 2, Warning: m.n.Text},
		{ID: "r9", Name: "ROLE_USER_EDIT_PSP_ACCOUNT", Description: "Out of use. It allows nothing any more.", Selected: true, Deprecated: true},
		{ID: "r7", Name: "Read only", Description: "Looks, without touching.", Permissions: 10},
	}
	entities := []portal.EntityChoice{
		{ID: "e1", Name: m.n.Account, CustomerID: m.n.CustomerID, Kind: "merchant", Selected: true},
		{ID: "e2", Name: "Northwind Web", CustomerID: "NW-1042-1", Kind: "legal_entity", Depth: 1},
		{ID: "e3", Name: "Northwind Stores", CustomerID: "NW-1042-2", Kind: "legal_entity", Depth: 1},
		{ID: "e4", Name: "Northwind Stores Alps", CustomerID: "NW-1042-2-1", Kind: "legal_entity", Depth: 2},
	}
	return portal.AccessPicker{Roles: roles, RoleMandatory: true, Entities: entities, MayAllEntities: true, Scope: "entities_required"}
}

func (m maker) forms() []Sample {
	page := m.inside(portal.SectionUsers)
	actions := []string{"any", "totp", "webauthn", "either", "both"}
	must := people.Mandatory{FirstName: true, Role: true, Entities: true}
	fresh := portal.InviteView{Page: page, AccessPicker: m.picker(), Must: must, Language: "en", LifetimeHours: 72,
		Factor: portal.FactorFields{ForAll: true, Actions: actions}, Networks: portal.NetworksField{Offered: true}}
	bad := fresh
	bad.Form = wrong("first_name", "email", "phone", "roles", "acknowledge", "entities", "two_factor_required", "two_factor_actions", "allowed_ips")
	bad.Must = people.Mandatory{FirstName: true, LastName: true, Phone: true, Role: true, Entities: true, TwoFactor: true, Actions: true}
	bad.FirstName, bad.Email, bad.Language = m.n.Chloe, `chloe@"<northwind`, "fr"
	bad.Factor, bad.Networks.Text = portal.FactorFields{MustSay: true, MustAct: true, Actions: actions}, "203.0.113.7\nnowhere"
	many := fresh
	many.Many, many.Find, many.More, many.Scope, many.Found = true, "north", true, "all_allowed", many.Entities[1:]
	moves := m.moves()
	moves.Loses, many.Moves = nil, &moves
	many.Entities, many.Networks.Offered = many.Entities[:1], false
	many.Factor = portal.FactorFields{Actions: []string{"any"}, Required: "no"}
	one := portal.EditAccessView{Page: page, AccessPicker: m.picker(), User: m.head(), Revision: "12", Seen: "e30",
		Changed: []portal.Difference{{Label: "portal.field.roles", Before: "Support", Now: m.n.Text}, {Label: "portal.field.entities", Before: "", Now: m.n.Account}}}
	one.OneRole = true
	none := portal.EditAccessView{Page: page, AccessPicker: m.picker(), User: m.head(), Revision: "12"}
	none.Many, none.Entities, none.Scope = true, nil, "entities_required"
	details := portal.EditDetailsView{Page: page, User: m.head(), Must: must, FirstName: m.n.Boris, Phone: "+46 8 555 01 02", Language: "fr", MayFactor: true, Revision: "12", Seen: "e30",
		Factor: portal.FactorFields{Required: "yes", Action: "either", Actions: actions}, Networks: portal.NetworksField{Offered: true, Text: "203.0.113.0/24\n2001:db8:85a3::/48"}}
	shared := details
	shared.Shared, shared.MayFactor, shared.Networks.Offered = true, false, false
	shared.Changed = []portal.Difference{{Label: "portal.field.allowed_ips", Before: "203.0.113.7", Now: ""}}
	email := portal.ChangeEmailView{Page: page, User: m.head(), Current: m.head().Identifier, Hours: 72, Revision: "12"}
	email.User.NewEmail = m.pending()
	waiting := portal.ChangeEmailView{Page: page, User: m.head(), Current: m.head().Identifier, Email: "boris@@northwind", Waiting: true, Revision: "12", Form: wrong("email")}
	return []Sample{{"invite", fresh}, {"invite-wrong", bad}, {"invite-many", many}, {"edit-access", one}, {"edit-access-search", none},
		{"edit-details", details}, {"edit-details-shared", shared}, {"change-email", email}, {"change-email-waiting", waiting}}
}

func (m maker) confirms() []Sample {
	page := m.inside(portal.SectionUsers)
	var all []Sample
	for _, act := range []portal.Act{portal.Deactivate, portal.Activate, portal.ResendInvitation, portal.DeactivateInvitation, portal.SetUpSecondFactor, portal.ResetSecondFactor, portal.Delete, portal.DropEmailChange,
		portal.SendResetLink, portal.RequirePassword, portal.UnlockSignIn, portal.SignOutEverywhere} {
		v := portal.ConfirmView{Page: page, Act: act, Subject: m.n.Boris, Identifier: "boris.lindqvist@northwind.example", Action: m.to().UserAct("usr_2", act), Back: m.to().User("usr_2"), Revision: "r-12"}
		switch act {
		case portal.Deactivate:
			v.AskReason, v.Sessions = true, 2
		case portal.ResendInvitation:
			v.ExpiryHours = 72
		case portal.SetUpSecondFactor, portal.SendResetLink:
			v.AskReason = true
		case portal.RequirePassword, portal.SignOutEverywhere:
			v.AskReason, v.Sessions = true, 2
		case portal.UnlockSignIn:
			v.AskReason, v.Attempts = true, 6
		case portal.Delete:
			v.Sessions, v.TypeName, v.Typed, v.Form = 2, true, "Boris", wrong("name")
		case portal.ResetSecondFactor:
			v.AskReason, v.NeedReason, v.Form = true, true, wrong("reason")
		}
		all = append(all, Sample{"confirm-" + string(act), v})
	}
	return append(all, Sample{"confirm-revocation", portal.ConfirmView{
		Page: m.inside(portal.SectionServiceTokens), Act: portal.RevokeToken, Subject: m.n.Text, Action: m.to().RevokeServiceToken("tok_1"), Back: m.to().ServiceTokens(), TypeName: true,
	}})
}
