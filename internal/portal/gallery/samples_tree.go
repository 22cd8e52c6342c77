package gallery

import "countersign/internal/portal"

func (m maker) tree() []Sample {
	page, to := m.inside(portal.SectionEntities), m.to()
	leaf := func(n portal.NodeRow) portal.Branch { return portal.Branch{NodeRow: n} }
	nodes := m.nodes()
	rentals := leaf(nodes[0])
	rentals.OpenHref = to.Tree(portal.TreeFilter{At: "NW-2210"})
	merchant := portal.Branch{NodeRow: portal.NodeRow{ID: "ent_1", CustomerID: m.n.CustomerID, Name: m.n.Account, Kind: "merchant", State: portal.StateActive, Users: 1220, Below: true, Href: to.OneAccount("acc_1")},
		Open: true, Current: true, OpenHref: to.Tree(portal.TreeFilter{At: "ALP-7"}), AddHref: to.NewEntity(m.n.CustomerID), Branches: []portal.Branch{rentals, leaf(nodes[1]), leaf(nodes[2])},
		Previous: to.Tree(portal.TreeFilter{At: m.n.CustomerID, Cursor: "c0"}), Next: to.Tree(portal.TreeFilter{At: m.n.CustomerID, Cursor: "c2"})}
	partner := portal.Branch{NodeRow: portal.NodeRow{ID: "ent_9", CustomerID: "ALP-7", Name: "Alpine Payments", Kind: "partner", State: portal.StateActive, Users: 18, Below: true},
		Open: true, OpenHref: to.Tree(portal.TreeFilter{}), Branches: []portal.Branch{merchant}}
	empty := merchant
	empty.Branches, empty.Previous, empty.Next = nil, "", ""
	hit := leaf(nodes[1])
	hit.Match = true
	found := partner
	found.OpenHref = to.Tree(portal.TreeFilter{At: "ALP-7"})
	found.Branches = []portal.Branch{{NodeRow: merchant.NodeRow, Open: true, OpenHref: to.Tree(portal.TreeFilter{At: m.n.CustomerID}), Branches: []portal.Branch{hit}}}
	closed := leaf(merchant.NodeRow)
	closed.OpenHref = to.Tree(portal.TreeFilter{At: m.n.CustomerID})
	return append([]Sample{
		{"tree", portal.TreeView{Page: page, Tops: []portal.Branch{partner}, Whole: true, MayAdd: true, AddHref: to.NewEntity("")}},
		{"tree-empty-branch", portal.TreeView{Page: page, Filter: portal.TreeFilter{At: m.n.CustomerID}, Tops: []portal.Branch{empty}}},
		{"tree-several", portal.TreeView{Page: page, Tops: []portal.Branch{closed, leaf(nodes[1]), leaf(nodes[2])}, Pager: portal.Pager{Next: "c2"}, Whole: true}},
		{"tree-found", portal.TreeView{Page: page, Filter: portal.TreeFilter{Query: m.n.Text}, Tops: []portal.Branch{found}, Pager: portal.Pager{Next: "c2"}, Whole: true}},
		{"tree-no-match", portal.TreeView{Page: page, Filter: portal.TreeFilter{Query: m.n.Text}}},
		{"tree-none", portal.TreeView{Page: page, Whole: true}},
	}, m.entity(page)...)
}

func (m maker) entity(page portal.Page) []Sample {
	to, nodes := m.to(), m.nodes()
	line := append(m.steps(), portal.Step{Name: m.n.Text})
	line[2].Href = to.OneAccount("acc_1")
	own := portal.EntityView{Page: m.flashed(portal.SectionEntities, portal.Done, "entity_saved", "name", m.n.Text), One: nodes[2], Line: line, TreeHref: to.Tree(portal.TreeFilter{At: "NW-1042-2"}), Created: at(2, 10, 0), CreatedBy: m.n.Ada,
		EntitiesBelow: 2, Rows: nodes[1:], Pager: portal.Pager{Previous: "c0", Next: "c2"}, MayEdit: true, MayAct: []portal.Act{portal.DeactivateEntity}, OnboardHref: to.NewEntity("NW-1042-2")}
	off := portal.EntityView{Page: page, One: nodes[1], Line: line, TreeHref: own.TreeHref, Created: at(2, 10, 0), MayEdit: true, MayAct: []portal.Act{portal.ActivateEntity}, Off: portal.Off{At: at(3, 9, 15), By: m.n.Ada, Why: m.n.Reason}}
	account := portal.EntityView{Page: page, One: nodes[0], Line: line, TreeHref: own.TreeHref, Created: at(2, 10, 0), AccountHref: to.OneAccount("acc_3"), Rows: nodes[1:2], EntitiesBelow: 1}
	picker := portal.ParentPicker{Parents: []portal.ParentChoice{{ID: "ent_1", Name: m.n.Account, CustomerID: m.n.CustomerID, Kind: "merchant", Selected: true}}}
	fresh := portal.NewEntityView{Page: page, ParentPicker: picker}
	bad := portal.NewEntityView{Page: page, Form: wrong("name", "customer_id", "parent"), Name: m.n.Text, CustomerID: m.n.CustomerID}
	edit := portal.EditEntityView{Page: page, One: nodes[1], Name: nodes[1].Name, Revision: "3"}
	badEdit := edit
	badEdit.Form = wrong("name")
	confirm := portal.ConfirmView{Page: page, Act: portal.DeactivateEntity, Subject: m.n.Text, Identifier: "NW-1042-2", Action: to.EntityAct("ent_3", portal.DeactivateEntity), Back: to.Entity("ent_3"), AskReason: true, Revision: "3"}
	again := confirm
	again.Act, again.Action = portal.ActivateEntity, to.EntityAct("ent_3", portal.ActivateEntity)
	return []Sample{{"entity", own}, {"entity-deactivated", off}, {"entity-account", account}, {"entity-new", fresh}, {"entity-new-wrong", bad}, {"entity-edit", edit}, {"entity-edit-wrong", badEdit},
		{"confirm-entity-deactivation", confirm}, {"confirm-entity-activation", again}}
}

func (m maker) search() []Sample {
	page, to := m.inside(portal.SectionNone), m.to()
	rows := m.rows()
	full := portal.SearchView{Page: page, Query: m.n.Text, Groups: []portal.SearchGroup{
		{Label: "user", Icon: "user", MoreHref: to.Users(portal.UsersFilter{Query: m.n.Text}), Hits: []portal.SearchHit{
			{Name: rows[0].Name, Detail: rows[0].Identifier, Href: to.User("usr_1")}, {Name: rows[1].Name, Detail: rows[1].Identifier, Where: "NW-2210", Href: to.User("usr_2")}}},
		{Label: "account", Icon: "building", Hits: []portal.SearchHit{{Name: m.n.Account, Detail: m.n.CustomerID, Kind: "merchant", Href: to.OneAccount("acc_1")}}},
		{Label: "entity", Icon: "tree", Hits: []portal.SearchHit{{Name: m.n.Text, Detail: "NW-1042-2", Kind: "legal_entity", Href: to.Entity("ent_3")}, {Name: "Northwind Web", Detail: "NW-1042-3", Kind: "legal_entity"}}},
		{Label: "role", Icon: "roles", Hits: []portal.SearchHit{{Name: "Support", Href: to.Role("rol_2")}}},
		{Label: "page", Icon: "page", Hits: []portal.SearchHit{{Name: "Settings", Detail: "Customer ID, alias, passwords, two-factor and other rules of the account.", Href: to.Settings()}}},
		{Label: "setting", Icon: "settings", Hits: []portal.SearchHit{{Name: "Password length", Detail: m.n.Reason, Href: to.Settings() + "#password_min_length"}}},
	}}
	return []Sample{{"search", full}, {"search-empty", portal.SearchView{Page: page, Query: m.n.Text}}, {"search-nothing", portal.SearchView{Page: page}},
		{"search-too-long", portal.SearchView{Page: page, Query: m.n.Text, Form: wrong("q")}}}
}
