package api

import (
	"net/http"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
)

func (a *API) treeRoutes() {
	const group = "Entities"
	operation(a, Operation{Method: http.MethodGet, Path: accountPath + "/entities", Permission: "entities:view"},
		about{id: "list-entities", tag: group, summary: "The account's entities and those below, in the order of the tree", text: "Those that the caller may view."}, a.listEntities)
	operation(a, Operation{Method: http.MethodGet, Path: accountPath + "/locations", Permission: "locations:view"},
		about{id: "list-locations", tag: group, summary: "The locations of the account and those below", text: "Those that the caller may view."}, a.listLocations)
}

// Entity is a node of the tree.
type Entity struct {
	ID         string `json:"id" example:"ent_355c06m61fbe6bnepsk8mvrwym"`
	ParentID   string `json:"parent_id,omitempty"`
	CustomerID string `json:"customer_id" example:"SHOP-42"`
	Name       string `json:"name"`
	Kind       string `json:"kind" enum:"platform,facilitator,partner,merchant,legal_entity"`
	Active     bool   `json:"active"`
}

func entityOf(e org.Entity) Entity {
	return Entity{e.ID, e.ParentID, e.CustomerID, e.Name, e.Kind.String(), e.Active}
}

func (a *API) listEntities(c *call, in *listIn) (*listed[Entity], error) {
	account, err := a.enter(c, in.CustomerID, "entities:view")
	if err != nil {
		return nil, err
	}
	after, limit, err := in.open(a, c)
	if err != nil {
		return nil, err
	}
	var list []org.Entity
	err = a.view(c, func(tx *db.Tx) (err error) {
		list, err = org.EntitiesWithin(tx, access.Scope(account.snapshot, account.q), after, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	show := func(e org.Entity) Entity {
		if e.ID == account.EntityID {
			e.ParentID = "" // what is above is another account's
		}
		return entityOf(e)
	}
	return page(a, c, list, limit, show, func(e org.Entity) string { return e.Path })
}

// Location is a place of business.
type Location struct {
	ID       string `json:"id" example:"loc_355c06m61fbe6bnepsk8mvrwym"`
	EntityID string `json:"entity_id"`
	Name     string `json:"name"`
	WebSite  string `json:"web_site,omitempty"`
}

func locationOf(l org.Location) Location { return Location{l.ID, l.EntityID, l.Name, l.WebSite} }

func (a *API) listLocations(c *call, in *listIn) (*listed[Location], error) {
	account, err := a.enter(c, in.CustomerID, "locations:view")
	if err != nil {
		return nil, err
	}
	after, limit, err := in.open(a, c)
	if err != nil {
		return nil, err
	}
	var list []org.Location
	err = a.view(c, func(tx *db.Tx) (err error) {
		list, err = org.LocationsWithin(tx, access.Scope(account.snapshot, account.q), after, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page(a, c, list, limit, locationOf, func(l org.Location) string { return l.ID })
}
