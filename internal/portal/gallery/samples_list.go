package gallery

import (
	"time"

	"countersign/internal/portal"
)

func (m maker) rows() []portal.UserRow {
	return []portal.UserRow{
		{ID: "usr_1", Name: m.n.Ada, Identifier: "ada.okafor@northwind.example", Email: "ada.okafor@northwind.example", Phone: "+44 1632 960123", Language: "en", Created: at(1, 7, 0), Roles: []string{"Owner"}, AllEntities: true, Status: portal.Active, Factor: portal.FactorOn, LastSignIn: at(4, 7, 58)},
		{ID: "usr_2", Name: m.n.Boris, Identifier: "boris.lindqvist@northwind.example", Roles: []string{"Operations", "Support"}, Entities: []string{m.n.Account, "Northwind Rentals"}, Status: portal.LockedAttempts, Factor: portal.FactorOn, LastSignIn: at(3, 16, 20)},
		{ID: "usr_me", Name: m.n.Me, Identifier: "camille.laurent@northwind.example", Roles: []string{"Administrator"}, AllEntities: true, Status: portal.Active, Factor: portal.FactorOn, LastSignIn: at(4, 8, 1), Self: true},
		{ID: "usr_3", Name: m.n.Chloe, Identifier: "chloe.marchand@northwind.example", Roles: []string{"Finance"}, Entities: []string{m.n.Account}, Status: portal.Invited, Factor: portal.FactorPending},
		{ID: "usr_4", Name: m.n.Dana, Identifier: "dana.whitfield@northwind.example", Roles: []string{"Read only"}, Entities: []string{"Northwind Rentals"}, Status: portal.InvitationExpired, Factor: portal.FactorPending, MailLost: true},
		{ID: "usr_5", Name: "Emre Yıldız", Identifier: "emre.yildiz@northwind.example", Roles: []string{"Support"}, Entities: []string{m.n.Account}, Status: portal.InvitationDeactivated, Factor: portal.FactorOff},
		{ID: "usr_6", Name: "Freya Nørgaard", Identifier: "freya@northwind.example", Status: portal.Deactivated, Factor: portal.FactorOn, LastSignIn: at(1, 11, 45)},
		{ID: "usr_7", Name: "Goro Tanaka", Identifier: "goro.tanaka@northwind.example", Roles: []string{"Risk"}, AllEntities: true, Status: portal.PasswordExpired, Factor: portal.FactorOn, LastSignIn: at(2, 9, 10)},
		{ID: "usr_8", Name: "Hana Petrović", Identifier: "hana.petrovic@northwind.example", Roles: []string{"First approver"}, AllEntities: true, Status: portal.LockedInactivity, Factor: portal.FactorOn, LastSignIn: time.Date(2025, 11, 30, 10, 0, 0, 0, time.UTC)},
	}
}

func (m maker) users() []Sample {
	page := m.inside(portal.SectionUsers)
	roles := []portal.Option{{Value: "rol_1", Label: "Administrator"}, {Value: "rol_2", Label: m.n.Text}}
	entities := []portal.Option{{Value: "NW-1042", Label: m.n.Account}, {Value: "NW-2210", Label: "Northwind Rentals"}}
	acts := []portal.Act{portal.ResendInvitation, portal.Deactivate, portal.Activate}
	full := portal.UsersView{
		Page: m.flashed(portal.SectionUsers, portal.Done, "invited", "email", "chloe.marchand@northwind.example"),
		Rows: m.rows(), Total: portal.Count{N: 1220}, Roles: roles, Entities: entities, MayInvite: true, MayAct: acts, Pager: portal.Pager{Next: "c2"},
	}
	full.Account.Environment = portal.Test
	filtered := portal.UsersView{
		Page: page, Roles: roles, Entities: entities, Entity: m.n.Account, MayInvite: true, MayAct: acts, Total: portal.Count{N: 1}, Rows: m.rows()[1:2],
		Filter: portal.UsersFilter{Query: m.n.Boris, Status: "locked", Role: "rol_2", Entity: "NW-1042", Sort: "last_sign_in", Descending: true, Cursor: "c1"},
		Pager:  portal.Pager{Previous: "c0", Next: "c2"},
	}
	wide := portal.UsersView{Page: page, Roles: roles, Rows: m.rows(), Total: portal.Count{N: 9412, More: true}, MayAct: acts, Pager: portal.Pager{Next: "c2"},
		Filter: portal.UsersFilter{Query: "mar"}, Columns: portal.ReadColumns("email.phone.language.roles.entities.status.factor.last_sign_in.created")}
	nothing := filtered
	nothing.Rows, nothing.Total, nothing.Pager, nothing.Filter.Cursor = nil, portal.Count{}, portal.Pager{}, ""
	past := nothing
	past.Total, past.Filter.Cursor = portal.Count{N: 40}, "c9"
	unclear := portal.UsersView{Page: page, Roles: roles, Entities: entities, Unclear: true, Filter: portal.UsersFilter{Entity: "north"}}
	return []Sample{
		{"users", full}, {"users-filtered", filtered}, {"users-wide", wide}, {"users-no-match", nothing}, {"users-past", past}, {"users-unclear", unclear},
		{"users-empty", portal.UsersView{Page: page, MayInvite: true}}, {"users-ask", portal.UsersView{Page: page}},
		{"users-reader", portal.UsersView{Page: page, Rows: m.rows()[:3], Total: portal.Count{N: 3}, Roles: roles}},
	}
}

func (m maker) bulk() []Sample {
	page, back := m.inside(portal.SectionUsers), m.to().Users(portal.UsersFilter{})
	rows := []portal.BulkRow{
		{ID: "usr_1", Name: m.n.Ada, Identifier: "ada.okafor@northwind.example", Status: portal.Active, Refused: "The first administrator of the account stays."},
		{ID: "usr_2", Name: m.n.Boris, Identifier: "boris.lindqvist@northwind.example", Status: portal.LockedAttempts, Value: "usr_2.3"},
		{ID: "usr_3", Name: m.n.Chloe, Identifier: "chloe.marchand@northwind.example", Status: portal.Invited, Value: "usr_3.1"},
	}
	ask := portal.BulkView{Page: page, Act: portal.Deactivate, Rows: rows, Missing: 1, Back: back}
	bad := ask
	bad.Form, bad.Reason = wrong("reason"), m.n.Reason
	resend := portal.BulkView{Page: page, Act: portal.ResendInvitation, Rows: rows[2:], Hours: 72, Back: back}
	return []Sample{
		{"bulk", ask}, {"bulk-wrong", bad}, {"bulk-resend", resend}, {"bulk-none", portal.BulkView{Page: page, Act: portal.Activate, Rows: rows[:1], Back: back}},
		{"bulk-done", portal.BulkDoneView{Page: page, Act: portal.Deactivate, Rows: rows, Back: back}},
		{"bulk-done-all", portal.BulkDoneView{Page: page, Act: portal.ResendInvitation, Rows: rows[1:], Back: back}},
	}
}
