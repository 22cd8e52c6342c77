package api

import (
	"net/http"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
)

const (
	entitiesPath = accountPath + "/entities"
	entityPath   = entitiesPath + "/{id}"
)

func (a *API) treeRoutes() {
	const group = "Entities"
	operation(a, Operation{Method: http.MethodGet, Path: entitiesPath, Permission: "entities:view"},
		about{id: "list-entities", tag: group, summary: "The account's entities and those below, in the order of the tree", text: "Those that the caller may view."}, a.listEntities)
	operation(a, Operation{Method: http.MethodPost, Path: entitiesPath, Permission: "entities:onboard"},
		about{id: "onboard-entity", tag: group, summary: "Add a legal entity", status: http.StatusCreated}, a.onboard)
	operation(a, Operation{Method: http.MethodGet, Path: entityPath, Permission: "entities:view_details"},
		about{id: "get-entity", tag: group, summary: "One entity"}, a.getEntity)
	operation(a, Operation{Method: http.MethodGet, Path: entityPath + "/children", Permission: "entities:view"},
		about{id: "list-children", tag: group, summary: "What stands directly below an entity, by name", text: "Those that the caller may view."}, a.listChildren)
	operation(a, Operation{Method: http.MethodPatch, Path: entityPath, Permission: "entities:edit"},
		about{id: "rename-entity", tag: group, summary: "Change a legal entity's name", text: "An account's name is changed as the account's.", status: http.StatusNoContent}, a.renameEntity)
	operation(a, Operation{Method: http.MethodPost, Path: entityPath + "/deactivation", Permission: "entities:edit"},
		about{id: "deactivate-entity", tag: group, summary: "Deactivate a legal entity", text: "Nothing can be added below it any more. What people may do to its records stays.", status: http.StatusNoContent}, a.deactivateEntity)
	operation(a, Operation{Method: http.MethodDelete, Path: entityPath + "/deactivation", Permission: "entities:edit"},
		about{id: "activate-entity", tag: group, summary: "Activate a deactivated legal entity again", status: http.StatusNoContent}, a.activateEntity)
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

// shown is an entity as an account shows it: what is above its own is another account's.
func (in inside) shown(e org.Entity) Entity {
	if e.ID == in.EntityID {
		e.ParentID = ""
	}
	return entityOf(e)
}

type listEntitiesIn struct {
	InAccount
	Paging
	Search string `query:"search" maxLength:"200" doc:"Words, each of them any part of name, alias or customer ID."`
}

func (a *API) listEntities(c *call, in *listEntitiesIn) (*listed[Entity], error) {
	account, err := a.enter(c, in.CustomerID, "entities:view")
	if err != nil {
		return nil, err
	}
	return a.nodes(c, account, in.Paging, func(tx *db.Tx, reach []access.Reach, after string, limit int) (org.NodePage, error) {
		return org.SearchTree(tx, reach, in.Search, after, limit)
	})
}

// nodes answers a page of the tree, as far as the caller's permission reaches.
func (a *API) nodes(c *call, account inside, p Paging, read func(tx *db.Tx, reach []access.Reach, after string, limit int) (org.NodePage, error)) (*listed[Entity], error) {
	after, limit, err := p.open(a, c)
	if err != nil {
		return nil, err
	}
	var page org.NodePage
	err = a.view(c, func(tx *db.Tx) (err error) {
		page, err = read(tx, access.Scope(account.snapshot, account.q), after, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &listed[Entity]{}
	for _, n := range page.Nodes {
		out.Body.Items = append(out.Body.Items, account.shown(n.Entity))
	}
	out.Body.NextCursor, err = a.cursor(c, page.Next)
	return out, err
}

// OneEntity names one of the entities.
type OneEntity struct {
	InAccount
	ID string `path:"id" doc:"The entity's id." example:"ent_355c06m61fbe6bnepsk8mvrwym"`
}

type listChildrenIn struct {
	OneEntity
	Paging
}

func (a *API) listChildren(c *call, in *listChildrenIn) (*listed[Entity], error) {
	account, err := a.enter(c, in.CustomerID, "entities:view")
	if err != nil {
		return nil, err
	}
	if _, err := a.node(c, account, in.ID); err != nil {
		return nil, err
	}
	return a.nodes(c, account, in.Paging, func(tx *db.Tx, reach []access.Reach, after string, limit int) (org.NodePage, error) {
		return org.Children(tx, reach, in.ID, after, limit)
	})
}

// node reads one entity as far as the caller's permission reaches.
func (a *API) node(c *call, account inside, id string) (org.Node, error) {
	var n org.Node
	found := false
	err := a.view(c, func(tx *db.Tx) (err error) {
		n, found, err = org.NodeWithin(tx, access.Scope(account.snapshot, account.q), id)
		return err
	})
	if err == nil && (!found || n.ID != id) {
		err = a.none(c, account.ID, "entity", id, "entity")
	}
	return n, err
}

// EntityDetails is all that is known of an entity.
type EntityDetails struct {
	ID            string `json:"id" example:"ent_355c06m61fbe6bnepsk8mvrwym"`
	ParentID      string `json:"parent_id,omitempty"`
	CustomerID    string `json:"customer_id" example:"SHOP-42"`
	Name          string `json:"name"`
	Kind          string `json:"kind" enum:"platform,facilitator,partner,merchant,legal_entity"`
	Active        bool   `json:"active"`
	DeactivatedAt moment `json:"deactivated_at,omitzero"`
	DeactivatedBy string `json:"deactivated_by,omitempty" doc:"User id."`
	Reason        string `json:"deactivation_reason,omitempty"`
	HasChildren   bool   `json:"has_children"`
	CreatedAt     moment `json:"created_at"`
	CreatedBy     string `json:"created_by,omitempty" doc:"User id."`
	Version       int64  `json:"version" doc:"Its ETag without the quotes."`
}

type entityOut struct {
	ETag string `header:"ETag"`
	Body EntityDetails
}

func (a *API) getEntity(c *call, in *OneEntity) (*entityOut, error) {
	account, err := a.enter(c, in.CustomerID, "entities:view_details")
	if err != nil {
		return nil, err
	}
	n, err := a.node(c, account, in.ID)
	if err != nil {
		return nil, err
	}
	e := account.shown(n.Entity)
	return &entityOut{tag(n.Version), EntityDetails{ID: e.ID, ParentID: e.ParentID, CustomerID: e.CustomerID, Name: e.Name, Kind: e.Kind, Active: e.Active,
		DeactivatedAt: moment(n.Off.At), DeactivatedBy: n.Off.By, Reason: n.Off.Reason, HasChildren: n.Below, CreatedAt: moment(n.CreatedAt), CreatedBy: n.CreatedBy, Version: n.Version}}, nil
}

type onboardIn struct {
	InAccount
	Body struct {
		Name       string `json:"name" maxLength:"100" example:"Corner Shop GmbH"`
		CustomerID string `json:"customer_id" maxLength:"32" example:"SHOP-43-DE"`
		Parent     string `json:"parent" maxLength:"100" doc:"Id or customer ID of the entity above." example:"SHOP-43"`
	} `nameHint:"NewEntity"`
}

func (a *API) onboard(c *call, in *onboardIn) (*createdOut, error) {
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	e, err := a.Org.Onboard(c.ctx, c.v.Who, account.ID, org.New{Name: in.Body.Name, CustomerID: in.Body.CustomerID, ParentID: in.Body.Parent})
	if err != nil {
		return nil, err
	}
	return &createdOut{"/api/v1/accounts/" + account.CustomerID + "/entities/" + e.ID, Created{e.ID}}, nil
}

type renameEntityIn struct {
	OneEntity
	Matching
	Body struct {
		Name string `json:"name" maxLength:"100" example:"Corner Shop GmbH"`
	} `nameHint:"EntityChange"`
}

func (a *API) renameEntity(c *call, in *renameEntityIn) (*changed, error) {
	return a.edits(c, in.CustomerID, func(accountID string, version int64) (int64, error) {
		return a.Org.RenameEntity(c.ctx, c.v.Who, accountID, in.ID, version, in.Body.Name)
	})
}

type deactivateEntityIn struct {
	OneEntity
	Matching
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"For the log." example:"closed"`
	} `nameHint:"EntityReason"`
}

func (a *API) deactivateEntity(c *call, in *deactivateEntityIn) (*changed, error) {
	return a.changeIn(c, in.CustomerID, func(accountID string, version int64) error {
		return a.Org.DeactivateEntity(c.ctx, c.v.Who, accountID, in.ID, version, in.Body.Reason)
	})
}

type activateEntityIn struct {
	OneEntity
	Matching
	Reason string `query:"reason" maxLength:"500" doc:"For the log."`
}

func (a *API) activateEntity(c *call, in *activateEntityIn) (*changed, error) {
	return a.changeIn(c, in.CustomerID, func(accountID string, version int64) error {
		return a.Org.ActivateEntity(c.ctx, c.v.Who, accountID, in.ID, version, in.Reason)
	})
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
