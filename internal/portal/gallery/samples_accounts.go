package gallery

import (
	"countersign/internal/people"
	"countersign/internal/portal"
)

func (m maker) accountRows() []portal.AccountRow {
	return []portal.AccountRow{
		{ID: "acc_1", CustomerID: m.n.CustomerID, Name: m.n.Account, Alias: m.n.Alias, Kind: "merchant", Parent: "Alpine Payments", Environment: portal.Live, Open: true, State: portal.StateActive, Users: 1220, Created: at(1, 7, 0)},
		{ID: "acc_2", CustomerID: "ALP-7", Name: "Alpine Payments", Kind: "partner", Parent: "Meridian", Environment: portal.Live, Open: true, State: portal.StateActive, Users: 18, Created: at(1, 6, 0)},
		{ID: "acc_3", CustomerID: "NW-2210", Name: "Northwind Rentals", Kind: "merchant", Parent: "Alpine Payments", Environment: portal.Test, State: portal.StateActive, Users: 1, Created: at(4, 12, 0)},
		{ID: "acc_4", CustomerID: "OLD-1", Name: m.n.Text, Kind: "facilitator", Parent: "Meridian", Environment: portal.Live, Open: true, State: portal.StateInactive, Users: 41, Created: at(1, 5, 30)},
		{ID: "acc_5", CustomerID: "OLD-1-4", Name: "Lakeside Books", Kind: "merchant", Environment: portal.Live, Open: true, State: portal.StateAbove, Users: 3, Created: at(2, 5, 30)},
		{ID: "acc_6", CustomerID: "MER", Name: "Meridian", Kind: "platform", Environment: portal.Live, Open: true, State: portal.StateActive, Users: 6, Created: at(1, 5, 0)},
	}
}

func (m maker) accounts() []Sample {
	page, rows := m.inside(portal.SectionAccounts), m.accountRows()
	filter := portal.AccountsFilter{Query: m.n.Text, Kind: "merchant", Environment: "live", Opened: "open", State: "active", Parent: "ALP-7", Sort: "users", Descending: true, Cursor: "c1"}
	return append(m.accountForms(page), append(m.oneAccount(page), []Sample{
		{"accounts", portal.AccountsView{Page: page, Rows: rows, Total: 4127, MayCreate: true, Pager: portal.Pager{Next: "c2"}}},
		{"accounts-filtered", portal.AccountsView{Page: page, Filter: filter, Parent: "Alpine Payments", Rows: rows[:1], Total: 1, Pager: portal.Pager{Previous: "c0"}}},
		{"accounts-meant", portal.AccountsView{Page: page, Filter: portal.AccountsFilter{Parent: m.n.Text}, Meant: []portal.Option{{Value: "ALP-7", Label: "Alpine Payments (ALP-7)"}, {Value: m.n.CustomerID, Label: m.n.Account}}}},
		{"accounts-nobody-meant", portal.AccountsView{Page: page, Filter: portal.AccountsFilter{Parent: m.n.Text}, Meant: []portal.Option{}}},
		{"accounts-no-match", portal.AccountsView{Page: page, Filter: portal.AccountsFilter{Query: m.n.Text}}},
		{"accounts-past", portal.AccountsView{Page: page, Filter: portal.AccountsFilter{Cursor: "c9"}, Total: 50}},
		{"accounts-none", portal.AccountsView{Page: page, MayCreate: true}},
	}...)...)
}

func (m maker) steps() []portal.Step {
	return []portal.Step{{Name: "Meridian", Href: m.to().OneAccount("acc_6")}, {Name: "Alpine Payments", Href: m.to().OneAccount("acc_2")}, {Name: m.n.Account}}
}

func (m maker) nodes() []portal.NodeRow {
	to := m.to()
	return []portal.NodeRow{
		{ID: "ent_2", CustomerID: "NW-2210", Name: "Northwind Rentals", Kind: "merchant", State: portal.StateActive, Users: 12, Below: true, Href: to.OneAccount("acc_3")},
		{ID: "ent_3", CustomerID: "NW-1042-2", Name: m.n.Text, Kind: "legal_entity", State: portal.StateInactive, Users: -1, Href: to.Entity("ent_3")},
		{ID: "ent_4", CustomerID: "NW-1042-3", Name: m.n.Chloe, Kind: "legal_entity", State: portal.StateAbove, Users: -1},
	}
}

func (m maker) oneAccount(page portal.Page) []Sample {
	rows, to := m.accountRows(), m.to()
	full := portal.AccountView{Page: page, One: rows[0], Line: m.steps(), Profile: "standard", CreatedBy: m.n.Me, EntitiesBelow: 14, AccountsBelow: 3, MaySeeUsers: true, MayEdit: true,
		MayAct: []portal.Act{portal.DeactivateAccount}, OpenHref: to.Home(), UsersHref: to.Users(portal.UsersFilter{}), OnboardHref: to.NewEntity(m.n.CustomerID),
		Below: m.nodes(), Pager: portal.Pager{Next: "c2"}, Activity: m.entries()[:3], ActivityHref: to.Activity(portal.ActivityFilter{}),
		Administrators: []portal.AccountAdmin{{Name: m.n.Ada, Identifier: "ada.okafor@northwind.example", Status: portal.Active, First: true, Href: to.User("usr_1")},
			{Name: m.n.Me, Identifier: "camille.laurent@northwind.example", Status: portal.Invited}}}
	fresh := portal.AccountView{Page: m.flashed(portal.SectionAccounts, portal.Done, "account_created", "name", "Northwind Rentals", "email", "dana@northwind.example"), One: rows[2], Line: m.steps(), Profile: "standard",
		MaySeeUsers: true, MayEdit: true, MayAct: []portal.Act{portal.DeactivateAccount}, ActivityHref: to.Activity(portal.ActivityFilter{})}
	off := full
	off.One, off.Off, off.MayAct, off.OpenHref, off.OnboardHref = rows[3], portal.Off{At: at(3, 9, 15), By: m.n.Ada, Why: m.n.Reason}, []portal.Act{portal.ActivateAccount}, "", ""
	above := portal.AccountView{Page: page, One: rows[4], Profile: "standard", Below: m.nodes()[1:2]}
	confirm := portal.ConfirmView{Page: page, Act: portal.DeactivateAccount, Subject: m.n.Account, Identifier: m.n.CustomerID, Action: to.AccountAct("acc_1", portal.DeactivateAccount), Back: to.OneAccount("acc_1"),
		AskReason: true, NeedReason: true, TypeName: true, CutAccounts: 4, CutUsers: 1261, Revision: "12"}
	bad := confirm
	bad.Form, bad.CutAccounts, bad.CutUsers = wrong("reason", "name"), 1, 1
	again := portal.ConfirmView{Page: page, Act: portal.ActivateAccount, Subject: m.n.Account, Identifier: m.n.CustomerID, Action: to.AccountAct("acc_1", portal.ActivateAccount), Back: to.OneAccount("acc_1"), AskReason: true, CutAccounts: 1, CutUsers: 41, Revision: "13"}
	return []Sample{{"account", full}, {"account-fresh", fresh}, {"account-deactivated", off}, {"account-little", above},
		{"confirm-account-deactivation", confirm}, {"confirm-account-deactivation-wrong", bad}, {"confirm-account-activation", again}}
}

func (m maker) accountForms(page portal.Page) []Sample {
	parents := portal.ParentPicker{Parents: []portal.ParentChoice{
		{ID: "ent_9", Name: "Alpine Payments", CustomerID: "ALP-7", Kind: "partner", Above: "Meridian", Selected: true}, {ID: "ent_1", Name: m.n.Account, CustomerID: m.n.CustomerID, Kind: "facilitator", Above: m.n.Text}}}
	fresh := portal.NewAccountView{Page: page, ParentPicker: parents, Environment: portal.Live, Kind: "merchant", Kinds: []string{"merchant", "partner", "facilitator"}, Profiles: []string{"standard", "checkout", "paymentiq", "payrix", "powerboard", "saferpay"}, Profile: "standard",
		Must: people.Mandatory{FirstName: true}, Language: "en"}
	bad := fresh
	bad.Form = wrong("name", "customer_id", "alias", "kind", "parent", "environment", "profile", "email", "phone")
	bad.Name, bad.Profile, bad.Must, bad.ParentPicker = m.n.Account, "payrix", people.Mandatory{FirstName: true, LastName: true, Phone: true}, portal.ParentPicker{}
	found, missed := fresh, fresh
	found.Find, found.More, found.Profiles = m.n.Text, true, fresh.Profiles[:1]
	missed.Find, missed.Missed = m.n.Text, true
	edit := portal.EditAccountView{Page: page, One: m.accountRows()[0], Name: m.n.Account, Alias: m.n.Alias, Revision: "12"}
	badEdit := edit
	badEdit.Form, badEdit.Name = wrong("name", "alias"), ""
	kept := fresh
	kept.Kept, kept.Name, kept.CustomerID = true, m.n.Account, m.n.CustomerID
	return []Sample{{"account-new", fresh}, {"account-new-kept", kept}, {"account-new-wrong", bad}, {"account-new-found", found}, {"account-new-missed", missed}, {"account-edit", edit}, {"account-edit-wrong", badEdit}}
}

func (m maker) settings() []Sample {
	rules := []portal.SettingRow{
		{Key: "password_min_length", Name: "Password length", Value: "12", Help: "How many characters a new password has at least."},
		{Key: "second_factor", Name: "Two-factor", Value: "Required for all", Help: m.n.Text},
		{Key: "allowed_methods", Name: "Ways to sign in", Value: "Password, " + m.n.Reason, Help: "What people may sign in with."},
	}
	plain := portal.SettingsView{Page: m.inside(portal.SectionSettings), One: m.accountRows()[0], Profile: "standard", Settings: rules}
	may := plain
	may.MayAlias, may.Alias, may.Revision, may.EntityHref = true, m.n.Alias, "12", m.to().Tree(portal.TreeFilter{})
	bad := may
	bad.Form, bad.OperatorMay, bad.One = wrong("alias"), true, m.accountRows()[2]
	return []Sample{{"settings", may}, {"settings-wrong", bad}, {"settings-read", plain}}
}
