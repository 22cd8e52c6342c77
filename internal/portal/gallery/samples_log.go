package gallery

import "countersign/internal/portal"

func (m maker) activity() []Sample {
	page := m.inside(portal.SectionActivity)
	kinds := []portal.KindGroup{
		{Label: "Users and access", Options: []portal.Option{{Value: "group:people", Label: "All: users and access"}, {Value: "user.invited", Label: "User invited"}, {Value: "access.changed", Label: "Access changed"}}},
		{Label: "Signing in", Options: []portal.Option{{Value: "group:signin", Label: "All: signing in"}, {Value: "signin.failed", Label: "Failed sign-in"}}},
	}
	quick := []portal.QuickTime{{Label: "today", Href: m.to().Activity(portal.ActivityFilter{From: "2026-03-04"})}, {Label: "week", Href: m.to().Activity(portal.ActivityFilter{From: "2026-02-26"}), On: true},
		{Label: "month", Href: m.to().Activity(portal.ActivityFilter{From: "2026-02-03"})}}
	plain := portal.ActivityView{Page: page, Kinds: kinds, Quick: quick, MayExport: true}
	filter := portal.ActivityFilter{Person: "usr_01hzx3v9k2m4n6p8q0r2s4t6v8", About: m.n.Account, Kind: "group:people", Outcome: "done", From: "2026-02-26", Until: "2026-03-04", Address: "203.0.113.9", Request: "req_7f3a91c05be24d10", Cursor: "c"}
	with := func(change func(*portal.ActivityView)) portal.ActivityView {
		v := plain
		change(&v)
		return v
	}
	ask := portal.ActivityFilter{Person: m.n.Text}
	return append(m.entry(page), []Sample{
		{"activity", with(func(v *portal.ActivityView) { v.Rows, v.Pager.Next = m.entries(), "c2" })},
		{"activity-filtered", with(func(v *portal.ActivityView) {
			v.Filter, v.Person, v.Rows, v.Pager.Previous = filter, m.n.Boris, m.entries()[:1], "c0"
		})},
		{"activity-meant", with(func(v *portal.ActivityView) {
			v.Filter, v.Meant = ask, &portal.Meant{Field: "person", Typed: m.n.Text, More: true, Choices: []portal.MeantChoice{
				{Name: m.n.Ada, Detail: "ada.okafor@northwind.example", Href: m.to().Activity(portal.ActivityFilter{Person: "usr_1"})},
				{Name: m.n.Boris, Detail: "boris.lindqvist@northwind.example", Href: m.to().Activity(portal.ActivityFilter{Person: "usr_2"})}}}
		})},
		{"activity-nobody", with(func(v *portal.ActivityView) { v.Filter, v.Meant = ask, &portal.Meant{Field: "person", Typed: m.n.Text} })},
		{"activity-wrong", with(func(v *portal.ActivityView) {
			v.Filter, v.Wrong = portal.ActivityFilter{Address: m.n.Text}, wrong("address")
		})},
		{"activity-reached", with(func(v *portal.ActivityView) {
			v.Filter, v.Rows, v.Pager.Next, v.Reached = filter, m.entries()[:2], "c2", at(1, 4, 30)
		})},
		{"activity-reached-none", with(func(v *portal.ActivityView) {
			v.Below, v.Filter, v.Pager.Next, v.Reached = true, filter, "c2", at(1, 4, 30)
		})},
		{"activity-no-match", with(func(v *portal.ActivityView) { v.Filter = filter })},
		{"activity-none", portal.ActivityView{Page: page}},
	}...)
}

func (m maker) entry(page portal.Page) []Sample {
	rows, to := m.entries(), m.to()
	full := portal.EntryView{Page: page, Entry: rows[0], Kind: "user", In: m.n.Account, Over: "Northwind Stores",
		Browser: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", Request: "req_7f3a91c05be24d10",
		SameActor: to.Activity(portal.ActivityFilter{Person: "usr_1"}), SameTarget: to.Activity(portal.ActivityFilter{About: "usr_2"}),
		SameAddress: to.Activity(portal.ActivityFilter{Address: "203.0.113.9"}), SameRequest: to.Activity(portal.ActivityFilter{Request: "req_7f3a91c05be24d10"})}
	tried := full
	tried.Entry, tried.Kind, tried.Over, tried.SameTarget, tried.Entry.Erased = rows[2], "user", "", "", true
	return []Sample{{"activity-entry", full}, {"activity-entry-refused", tried},
		{"activity-entry-little", portal.EntryView{Page: page, Entry: rows[4], Kind: "user"}}}
}
