package gallery

import (
	"countersign/internal/fault"
	"countersign/internal/portal"
)

func (m maker) explaining() []Sample {
	page := m.inside(portal.SectionUsers)
	ask := portal.ExplainView{Page: page, UserID: "usr_2", Name: m.n.Boris, Back: m.to().UserTab("usr_2", "access"), Filter: portal.ExplainFilter{Permission: "payments:refund", Entity: "NW-1042-1", Amount: "six", Owner: "self"}}
	for _, name := range []string{"transactions:search", "transactions:view", "payments:capture", "payments:refund", "disputes:accept", "users:create", "page:users", "keys:manage"} {
		section := "transactions"
		switch name {
		case "payments:capture", "payments:refund":
			section = "payments"
		case "disputes:accept":
			section = "disputes"
		case "users:create", "page:users":
			section = "users"
		case "keys:manage":
			section = "keys"
		}
		ask.Permissions = append(ask.Permissions, portal.PermissionChoice{Permission: name, Section: section, Page: name == "page:users"})
	}
	ask.Entities = []portal.Option{{Value: m.n.CustomerID, Label: m.n.Account}, {Value: "NW-1042-1", Label: "Northwind Web"}}
	ask.Locations = []portal.Option{{Value: "l1", Label: "Northwind Alps", Selected: true}, {Value: "l2", Label: m.n.Text}}
	ask.Types = true
	ask.Said = []portal.SaidField{{Field: "said.resource.pieces", Type: "parcels", Part: "resource", Name: "pieces", Kind: "number", Value: m.n.Text}, {Field: "said.action.express", Type: "parcels", Part: "action", Name: "express", Kind: "boolean", Value: "true"},
		{Field: "said.user.shift", Part: "user", Name: "shift", Kind: "text"}}
	ask.Form, ask.Unclear = wrong("permission", "entity", "location", "amount", "currency", "state", "ip"), true
	ask.Form.Refusal.Fields = append(ask.Form.Refusal.Fields, fault.Field{Name: "said.resource.pieces", Code: "value_number", Args: map[string]any{"type": "parcels", "of": "resource", "name": "pieces"}})
	no, yes := ask, ask
	no.Form, no.Unclear, yes.Form, yes.Unclear = portal.Form{}, false, portal.Form{}, false
	no.Answer, yes.Said = m.denied(), nil
	yes.Self, yes.UserID, yes.Filter = true, "usr_me", portal.ExplainFilter{Permission: "payments:refund", Entity: "NW-1042-1"}
	yes.Answer = m.allowed()
	changes := portal.AccessEffectView{Page: page, User: m.head(), Moves: m.moves(), Typed: []portal.Typed{{Name: "roles", Value: "r1"}, {Name: "revision", Value: "12"}}}
	return []Sample{{"explain", ask}, {"explain-no", no}, {"explain-yes", yes}, {"access-effect", changes}}
}

func (m maker) denied() *portal.ExplainAnswer {
	holds := func(text string) portal.CheckRow { return portal.CheckRow{State: "holds", Text: text} }
	fails := func(text string) portal.CheckRow { return portal.CheckRow{State: "fails", Text: text} }
	limit := []portal.CheckRow{
		{State: "fails", Text: "The amount is not within the limit", Bound: "at most 50.00 EUR", Asked: "60.00 EUR"},
		{State: "holds", Text: "The currency is the right one", Bound: "only EUR", Asked: "EUR"},
	}
	cashier := portal.RolePath{Role: portal.PersonLink{Name: m.n.Text, Href: m.to().Role("rol_2")}, Has: true, Until: at(31, 22, 0), Over: []portal.OverRow{{Name: m.n.Account, Reaches: true}, {Name: "Northwind Rentals"}},
		Checks:   []portal.CheckRow{holds("The role has this permission"), holds("It was given over this entity or one above it"), holds("It holds now"), fails("Signed in without a second factor")},
		Policies: []portal.PolicyPath{{Policy: portal.PersonLink{Name: "Refunds", Href: m.to().Policy("pol_1")}, Restrictions: [][]portal.CheckRow{limit, {{State: "fails", Text: "The record is not their own", Bound: "their own records", Asked: "not given"}}}}}}
	auditor := portal.RolePath{Role: portal.PersonLink{Name: "Auditor", Href: m.to().Role("rol_3")}, Over: []portal.OverRow{{Name: "Northwind Web", Reaches: true, Same: true}},
		Checks: []portal.CheckRow{fails("The role does not have this permission"), {State: "not_reached", Text: "Entity: not looked at"}}}
	return &portal.ExplainAnswer{Sentence: m.n.Boris + " may not refund payments for Northwind Web.", Permission: "payments:refund", Entity: portal.PersonLink{Name: "Northwind Web", Href: m.to().Entity("e2")},
		Asked:  []string{"60.00 EUR", "without a second factor", "from 203.0.113.7"},
		Why:    []string{"The amount is over the limit, or not given.", "This permission needs a sign-in with a second factor."},
		Checks: []portal.CheckRow{holds("The person is not locked")},
		Places: []portal.PlacePath{{Account: m.n.Alias, Checks: []portal.CheckRow{holds("The access to the account is active"), holds("The account is active")}, Roles: []portal.RolePath{cashier, auditor}}},
		Ways: []portal.ExplainWay{
			{Steps: []portal.ExplainStep{{Text: "Sign in with a second factor"}, {Text: "Choose an amount of at most 50.00 EUR"}}},
			{Steps: []portal.ExplainStep{{Text: "Give " + m.n.Boris + " the role Finance over Northwind Web", Href: m.to().EditUser("usr_2")}}},
		}, Ask: []string{m.n.Ada, m.n.Chloe}}
}

func (m maker) allowed() *portal.ExplainAnswer {
	holds := func(text string) portal.CheckRow { return portal.CheckRow{State: "holds", Text: text} }
	return &portal.ExplainAnswer{Allowed: true, Elsewhere: true, Sentence: "You may refund payments for Northwind Web. It comes from the role " + m.n.Text + ", given over " + m.n.Account + ".", Permission: "payments:refund",
		Entity: portal.PersonLink{Name: "Northwind Web"}, Checks: []portal.CheckRow{holds("The person is not locked")},
		Places: []portal.PlacePath{{Account: m.n.Alias, Checks: []portal.CheckRow{holds("The access to the account is active")}, Roles: []portal.RolePath{{Role: portal.PersonLink{Name: m.n.Text}, Has: true, Allows: true, From: at(1, 8, 0),
			Over: []portal.OverRow{{Name: "Northwind Web", Reaches: true, Same: true}}, Checks: []portal.CheckRow{holds("The role has this permission"), holds("It was given over this entity or one above it")},
			Policies: []portal.PolicyPath{{Allows: true, Free: true}}}}}}}
}

func (m maker) moves() portal.Moves {
	return portal.Moves{
		Gains: []portal.MovedSection{
			{Section: "payments", Count: 3, Groups: []portal.MovedGroup{
				{Permissions: []portal.MovedLine{{Permission: "payments:view"}, {Permission: "payments:refund"}}, AllEntities: true, Save: []string{"Northwind Web"}},
				{Permissions: []portal.MovedLine{{Permission: "payments:capture"}}, Entities: []string{m.n.Account, "Northwind Rentals"}, Some: true}}},
			{Section: "keys", Count: 1, Groups: []portal.MovedGroup{{Permissions: []portal.MovedLine{{Permission: "keys:manage", Dangerous: true}}, AllEntities: true, Entities: []string{"Northwind Alps"}, Save: []string{"Northwind Stores"}}}},
		},
		Loses:   []portal.MovedSection{{Section: "users", Count: 1, Groups: []portal.MovedGroup{{Permissions: []portal.MovedLine{{Permission: "users:view"}}, Entities: []string{"Northwind Web"}}}}},
		Flagged: []portal.ToxicNote{{Name: "Keys and payouts", Reason: m.n.Reason}},
	}
}
