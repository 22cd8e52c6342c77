package demo

import (
	"fmt"
	"time"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/resource"
	"countersign/internal/roles"
)

// The platform has a service of its own besides: merchants order terminals there.

const orders = "terminal_orders"

// orderTerminals is how the service came, and who works with it at Northwind.
func (f *filling) orderTerminals() {
	f.on(f.day(60, 11), func() error { return f.visit("platform.owner", 15*time.Minute, f.registerOrders) })
	f.on(f.day(58, 10), func() error { return f.visit("northwind.owner", 20*time.Minute, f.staffOrders) })
	f.on(f.day(6, 15), func() error { return f.visit("northwind.owner", 10*time.Minute, f.storeOrders) })
}

func (f *filling) registerOrders(who db.Who) error {
	of := func(name, title string, kind access.ValueKind) resource.Property {
		return resource.Property{Part: access.OfResource, Name: name, Title: title, Kind: kind, Vouched: access.ByStore}
	}
	err := f.resources.Register(f.ctx, who, resource.Draft{Name: orders, Title: "Terminal orders", From: access.FromStore,
		Actions: []resource.Action{{Name: "view", Title: "See terminal orders"}, {Name: "place", Title: "Place terminal orders"},
			{Name: "approve", Title: "Approve terminal orders", NeedsTwoFactor: true, Dangerous: true}},
		Properties: []resource.Property{of("requester", "Requester", access.UserID), of("status", "Status", access.Text), of("pieces", "Pieces", access.Number), of("team", "Team", access.Text)}})
	if err != nil {
		return err
	}
	return f.resources.RegisterUserProperty(f.ctx, who, resource.Property{Name: "department", Title: "Department", Kind: access.Text, Vouched: access.ByStore})
}

// staffOrders makes the role, says who is in which department, and gives the role to the one who is to have it.
func (f *filling) staffOrders(who db.Who) error {
	on := func(name string, op access.Op) access.Clause {
		return access.Clause{Part: access.OfResource, Name: name, Op: op}
	}
	team, own, small, waiting := on("team", access.SameAs), on("requester", access.Own), on("pieces", access.AtMost), on("status", access.OneOf)
	team.Other, small.Most, waiting.Values = "department", 20, []string{"waiting"}
	id, err := f.roles.Create(f.ctx, who, who.AccountID, roles.Draft{Name: "Terminal desk", Description: "Orders terminals for the shops, and approves the small orders of its own team.",
		Acknowledged: []string{orders + ":approve"}, Permits: []roles.Permit{
			{Permission: orders + ":view", Clauses: []access.Clause{team}}, {Permission: orders + ":place", Clauses: []access.Clause{own}},
			{Permission: orders + ":approve", Clauses: []access.Clause{team, small, waiting}}}})
	if err != nil {
		return err
	}
	for _, in := range []struct{ key, department string }{{"northwind.finance", "Shops"}, {"northwind.support", "Shops"}, {"northwind.disputes", "Payments"}} {
		p := f.players[in.key]
		version, err := f.version(p)
		if err == nil {
			err = f.People.SetProperties(f.ctx, who, who.AccountID, p.userID, version, map[string]resource.Given{"department": {Text: in.department}})
		}
		if err != nil {
			return fmt.Errorf("%s in %s: %w", in.key, in.department, err)
		}
	}
	c := f.companies["400310"]
	if _, err := f.roleID(c, "finance"); err != nil {
		return err
	}
	c.roleIDs["terminal_desk"] = id
	return f.give(who, "northwind.finance", nil, "finance", "terminal_desk")
}

func (f *filling) storeOrders(who db.Who) error {
	if _, _, err := f.Org.CreateToken(f.ctx, who, who.AccountID, org.Resources, "Order service", f.now.AddDate(1, 0, 0)); err != nil {
		return err
	}
	finance, support := f.players["northwind.finance"].userID, f.players["northwind.support"].userID
	order := func(id, entity, requester, status, pieces, team string) resource.Putting {
		return resource.Putting{ID: id, Entity: entity, Values: map[string]resource.Given{"requester": {Text: requester}, "status": {Text: status}, "pieces": {Text: pieces}, "team": {Text: team}}}
	}
	_, _, err := f.resources.PutMany(f.ctx, who, who.AccountID, orders, []resource.Putting{
		order("TO-1041", "400311", finance, "delivered", "4", "Shops"), order("TO-1057", "400312", support, "waiting", "2", "Shops"),
		order("TO-1058", "400311", finance, "waiting", "60", "Shops"), order("TO-1060", "400313", support, "waiting", "1", "Payments")})
	return err
}
