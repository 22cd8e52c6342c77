package gallery

import (
	"countersign/internal/access"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/portal"
	"countersign/internal/resource"
)

// registered is what a platform has registered, and its words.
func (m maker) registered() *access.Snapshot {
	t := resource.Type{Title: "Terminal orders", Titles: map[string]string{"approve": "Approve", "view": "See", "resource.status": m.n.Text, "resource.requester": "Requester", "resource.pieces": "Pieces"},
		Type: access.Type{Name: "terminal_orders", From: access.FromStore, Located: true, Actions: []access.Action{{Name: "view"}, {Name: "approve", Dangerous: true, NeedsTwoFactor: true}},
			Properties: []access.Property{{Part: access.OfResource, Name: "requester", Kind: access.UserID, Vouched: access.ByStore}, {Part: access.OfResource, Name: "status", Kind: access.Text, Vouched: access.ByStore},
				{Part: access.OfResource, Name: "pieces", Kind: access.Number, Vouched: access.ByCaller}, {Part: access.OfResource, Name: "team", Kind: access.Text, Vouched: access.ByStore}}}}
	users := []resource.UserProperty{{Title: "Department", Property: access.Property{Part: access.OfUser, Name: "department", Kind: access.Text, Vouched: access.ByStore}}}
	lang.Learn(resource.Words([]resource.Type{t}, users))
	s, err := access.Build(access.World{Types: []access.Type{t.Type}, UserProperties: []access.Property{users[0].Property}})
	if err != nil {
		return nil // then the samples have nothing registered
	}
	return s
}

// orders are the registered permissions.
func orders() (out []access.Permission) {
	for _, action := range []string{"view", "approve"} {
		if p, ok := access.Lookup("terminal_orders", action); ok {
			out = append(out, p)
		}
	}
	return out
}

// clauses are restrictions of what is registered.
func clauses() []access.Clause {
	return []access.Clause{{Part: access.OfResource, Name: "requester", Op: access.Own}, {Part: access.OfResource, Name: "status", Op: access.OneOf, Values: []string{"waiting", "active"}},
		{Part: access.OfResource, Name: "pieces", Op: access.AtMost, Most: 500}, {Part: access.OfResource, Name: "team", Op: access.SameAs, Other: "department"}}
}

func (m maker) types() []Sample {
	page, to := m.inside(portal.SectionTypes), m.to()
	row := portal.TypeRow{Name: "terminal_orders", Title: "Terminal orders", From: "store", Located: true, Actions: 2, Properties: 4, Created: at(1, 8, 0)}
	retired := portal.TypeRow{Name: "statements", Title: m.n.Text, From: "account", Actions: 1, Created: at(1, 8, 0), Retired: at(3, 9, 30)}
	property := func(name, title, kind, vouched string, named int) portal.TypeProperty {
		return portal.TypeProperty{Part: "resource", Name: name, Title: title, Kind: kind, Vouched: vouched, Named: named}
	}
	requester, status, pieces := property("requester", "Requester", "user", "store", 3), property("status", m.n.Text, "text", "store", 1), property("pieces", "Pieces", "number", "caller", 0)
	one := portal.TypeView{Page: page, Type: row, MayManage: true, MoreStored: true, Properties: []portal.TypeProperty{requester, status, pieces},
		Actions: []portal.TypeAction{{Name: "view", Title: "See", Named: 12}, {Name: "approve", Title: m.n.Text, NeedsTwo: true, Dangerous: true}},
		Stored:  []portal.StoredBy{{PersonLink: portal.PersonLink{Name: m.n.Account, Detail: m.n.CustomerID, Href: to.Records("terminal_orders", portal.RecordsFilter{})}, Count: 12400}, {PersonLink: portal.PersonLink{Name: m.n.Ada, Detail: "NW-2210"}, Count: 1}}}
	form := portal.TypeFormView{Page: page, Editing: true, Name: "terminal_orders", Title: m.n.Text, From: "store", Located: true, Revision: "3", Seen: "seen",
		Actions:    []portal.ActionFields{{Name: "view", Title: "See", Kept: true, Drop: true}, {Name: "Approve!", Title: m.n.Ada, Dangerous: true}, {}},
		Properties: []portal.PropertyFields{{Part: "resource", Name: "requester", Title: "Requester", Kind: "user", Vouched: "store", Kept: true}, {Part: "action", Name: "", Title: m.n.Text, Kind: "number", Vouched: "store"}, {}}}
	var f fault.Fields
	f.Add("title", "required")
	f.Add("actions", "action_named", "name", "view", "count", 2)
	f.Add("actions[1].name", "part_name")
	f.Add("properties[1].name", "part_name")
	f.Add("properties[1].vouched", "vouched_action")
	form.Refusal = fault.From(f.Err())
	users := portal.UserPropertiesView{Page: page, MayManage: true, New: property("", m.n.Text, "number", "caller", 0), Form: wrong("name"),
		Rows: []portal.UserPropertyRow{{TypeProperty: property("department", "Department", "text", "store", 0)}, {TypeProperty: property("limit", m.n.Text, "number", "caller", 0), Retired: at(3, 9, 30)}}}
	return append([]Sample{{"types", portal.TypesView{Page: page, Rows: []portal.TypeRow{row, retired}, Total: 2, MayManage: true}}, {"type", one}, {"type-edit-wrong", form}, {"user-properties", users}}, m.records(row, requester, status, pieces)...)
}

func (m maker) records(row portal.TypeRow, requester, status, pieces portal.TypeProperty) []Sample {
	page, to := m.inside(portal.SectionRecords), m.to()
	values := []portal.PropertyValue{{TypeProperty: requester, Value: "usr_1", Words: m.n.Ada, Href: to.User("usr_1")}, {TypeProperty: status, Value: "waiting", Words: "waiting"}, {TypeProperty: pieces, Value: "12", Words: "12"}}
	record := portal.RecordRow{ID: m.n.Reason, Entity: m.n.Account, Location: "Harbour", Values: values, Changed: at(3, 9, 30)}
	rows := []portal.RecordRow{record, {ID: "2026/0042", Entity: "Northwind Rentals", Changed: at(2, 8, 0)}}
	form := portal.RecordFormView{Page: page, Type: row, ID: m.n.Reason, Entity: m.n.CustomerID, Entities: []portal.Option{{Value: m.n.CustomerID, Label: m.n.Account}}, Location: "loc_1", Locations: []portal.Option{{Value: "loc_1", Label: "Harbour"}},
		Values: append([]portal.PropertyValue{{TypeProperty: portal.TypeProperty{Part: "resource", Name: "urgent", Title: m.n.Text, Kind: "boolean", Vouched: "store"}, Value: "true"}}, values...), Form: wrong("id", "entity", "location", "properties.pieces", "properties.urgent")}
	user := portal.UserValuesView{Page: m.inside(portal.SectionUsers), User: m.head(), Values: values, Revision: "4", Seen: "seen"}
	return []Sample{
		{"records", portal.RecordsView{Page: page, Type: row, Filter: portal.RecordsFilter{Entity: m.n.CustomerID}, Rows: rows, Pager: portal.Pager{Next: "next"}, MayStore: true}},
		{"record", portal.RecordView{Page: page, Type: row, Record: record, Entity: portal.PersonLink{Name: m.n.Account, Href: to.Entity("ent_1")}, MayStore: true}},
		{"record-new-wrong", form}, {"user-values", user},
	}
}
