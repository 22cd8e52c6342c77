package api

import (
	"net/http"
	"net/url"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/resource"
	"countersign/internal/snapshot"
	"countersign/internal/web"
)

const (
	storedPath    = accountPath + "/resources/{type}"
	storedOnePath = storedPath + "/{id}"
)

func (a *API) resourceRoutes() {
	const group = "Stored resources"
	const who = " By a person who is signed in, or by a service token of kind resources of the account or of one above it."
	operation(a, Operation{Method: http.MethodGet, Path: storedPath, Needs: web.Either, Permission: resource.ViewPermission},
		about{id: "list-resources", tag: group, summary: "What the account has stored of a resource type, by id", text: "As far as the caller may see." + who}, a.listResources)
	operation(a, Operation{Method: http.MethodPost, Path: storedPath, Needs: web.Either, Permission: resource.StorePermission},
		about{id: "store-resources", tag: group, summary: "Store up to 1,000 resources of a type, all or none",
			text: "New ones, and others in the place of those that there are, whatever was stored. What says the same as before is left as it is. What is wrong with any is told with its place, as resources[3].entity." + who}, a.storeResources)
	operation(a, Operation{Method: http.MethodGet, Path: storedOnePath, Needs: web.Either, Permission: resource.ViewPermission},
		about{id: "get-resource", tag: group, summary: "One stored resource", text: "An id with slashes or spaces is percent-encoded." + who}, a.getResource)
	operation(a, Operation{Method: http.MethodPut, Path: storedOnePath, Needs: web.Either, Permission: resource.StorePermission},
		about{id: "store-resource", tag: group, summary: "Store one resource", status: http.StatusNoContent,
			text: "Without If-Match a new one, which answers 201; with it another in the place of the one that was read." + who}, a.storeResource)
	operation(a, Operation{Method: http.MethodDelete, Path: storedOnePath, Needs: web.Either, Permission: resource.StorePermission},
		about{id: "remove-resource", tag: group, summary: "Remove a stored resource", status: http.StatusNoContent, text: "Also one of a retired type." + who}, a.removeResource)
}

// either lets in whoever shows a service token for resources and, without one,
// whoever is signed in.
func (a *API) either(r *http.Request, v *web.Visit) error {
	if len(r.Header["Authorization"]) == 0 {
		return v.SignedIn()
	}
	var t snapshot.Token
	return a.bearer(r, v, org.Resources, &t)
}

// StoredResource is what an account has stored of a resource.
type StoredResource struct {
	ID         string         `json:"id" example:"ORDER-17"`
	Entity     string         `json:"entity" doc:"Entity id." example:"ent_355c06m61fbe6bnepsk8mvrwym"`
	Location   string         `json:"location,omitempty" doc:"Location id."`
	Properties map[string]any `json:"properties" nullable:"false" doc:"Values by the property's name."`
	ChangedAt  moment         `json:"changed_at"`
	Version    int64          `json:"version" doc:"Its ETag without the quotes."`
}

func resourceOf(t resource.Type) func(resource.Stored) StoredResource {
	return func(s resource.Stored) StoredResource {
		out := StoredResource{ID: s.ID, Entity: s.EntityID, Location: s.LocationID, Properties: map[string]any{}, ChangedAt: moment(s.ChangedAt), Version: s.Version}
		for _, v := range s.Values {
			out.Properties[v.Name] = valueOut(t.KindOf(v.Name), v.Text)
		}
		return out
	}
}

// InType is a type in an account that an address names.
type InType struct {
	InAccount
	Type string `path:"type" doc:"The resource type's name." example:"terminal_orders"`
}

// OneResource is a stored resource that an address names.
type OneResource struct {
	InType
	ID string `path:"id" doc:"The resource's id, as the service knows it." example:"ORDER-17"`
}

// sight finds account and type, and what of it the caller sees. A refusal is
// recorded; id is of what is asked for, "" for all of the type.
func (a *API) sight(c *call, in InType, id string, read func(*db.Tx, resource.Sight, resource.Type) error) error {
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return err
	}
	err = a.view(c, func(tx *db.Tx) error {
		sight, err := a.Resources.SeeAs(tx, c.v.Who, account.ID, resource.ViewPermission)
		if err != nil {
			return err
		}
		t, found, err := resource.TypeByName(tx, in.Type)
		if err == nil && !found {
			err = fault.None("resource_type")
		}
		if err != nil {
			return err
		}
		return read(tx, sight, t)
	})
	if err != nil && fault.From(err).Kind != fault.Invalid {
		e := audit.Entry{Action: audit.PageRefused, AccountID: account.ID, Kind: "resource_type", ID: in.Type}
		if id != "" {
			e.Kind, e.ID = "resource", in.Type+"/"+id
		}
		err = a.Edge.Audit.Refuse(c.ctx, c.v.Who, e, err)
	}
	return err
}

type listResourcesIn struct {
	InType
	Paging
	Entity string `query:"entity" doc:"Id or customer ID: of this entity and all below it."`
}

func (a *API) listResources(c *call, in *listResourcesIn) (*listed[StoredResource], error) {
	after, limit, err := in.open(a, c)
	if err != nil {
		return nil, err
	}
	var list []resource.Stored
	var of resource.Type
	err = a.sight(c, in.InType, "", func(tx *db.Tx, sight resource.Sight, t resource.Type) (err error) {
		of = t
		list, err = resource.List(tx, sight, resource.Query{Type: t.Name, Entity: in.Entity}, after, limit+1)
		return err
	})
	if err != nil {
		return nil, err
	}
	return page(a, c, list, limit, resourceOf(of), func(s resource.Stored) string { return s.ID })
}

type resourceOut struct {
	ETag string `header:"ETag"`
	Body StoredResource
}

func (a *API) getResource(c *call, in *OneResource) (out *resourceOut, err error) {
	err = a.sight(c, in.InType, in.ID, func(tx *db.Tx, sight resource.Sight, t resource.Type) error {
		s, found, err := resource.One(tx, sight, t.Name, in.ID)
		if err == nil && !found {
			err = fault.None("resource")
		}
		out = &resourceOut{tag(s.Version), resourceOf(t)(s)}
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// ResourceDraft is a resource as it is to be stored.
type ResourceDraft struct {
	ID         string `json:"id" doc:"At most 200 bytes." example:"ORDER-17"`
	Entity     string `json:"entity,omitempty" doc:"Id or customer ID, of the account or below. It may be left out where the type's is the account's own." example:"SHOP-42"`
	Location   string `json:"location,omitempty" doc:"Location id, at the entity or in its line." example:"loc_355c06m61fbe6bnepsk8mvrwym"`
	Properties values `json:"properties,omitempty" nullable:"false" doc:"Values by the property's name: the whole of them; null is none."`
}

type storeResourcesIn struct {
	InType
	Body struct {
		Resources []ResourceDraft `json:"resources" nullable:"false" example:"[{\"id\":\"ORDER-17\",\"entity\":\"SHOP-42\"}]"`
	} `nameHint:"StoredResources"`
}

// StoredCount tells how many resources were new and how many are different.
type StoredCount struct {
	Added   int `json:"added"`
	Changed int `json:"changed"`
}

type storedOut struct{ Body StoredCount }

func (a *API) storeResources(c *call, in *storeResourcesIn) (*storedOut, error) {
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	var list []resource.Putting
	for _, x := range in.Body.Resources {
		list = append(list, resource.Putting{ID: x.ID, Entity: x.Entity, Location: x.Location, Values: x.Properties})
	}
	added, changed, err := a.Resources.PutMany(c.ctx, c.v.Who, account.ID, in.Type, list)
	if err != nil {
		return nil, err
	}
	return &storedOut{StoredCount{added, changed}}, nil
}

type storeResourceIn struct {
	OneResource
	IfMatch string `header:"If-Match" doc:"The ETag under which it was read; none for a new one." example:"\"3\""`
	Body    struct {
		Entity     string `json:"entity,omitempty" doc:"Id or customer ID, of the account or below. It may be left out where the type's is the account's own." example:"SHOP-42"`
		Location   string `json:"location,omitempty" doc:"Location id, at the entity or in its line." example:"loc_355c06m61fbe6bnepsk8mvrwym"`
		Properties values `json:"properties,omitempty" nullable:"false" doc:"Values by the property's name: the whole of them; null is none."`
	} `nameHint:"StoredValues"`
}

type storeOut struct {
	Status   int
	ETag     string `header:"ETag"`
	Location string `header:"Location"`
}

func (a *API) storeResource(c *call, in *storeResourceIn) (*storeOut, error) {
	version, err := int64(resource.Anew), error(nil)
	if len(c.r.Header.Values("If-Match")) > 0 {
		version, err = c.version()
	}
	if err != nil {
		return nil, err
	}
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	now, err := a.Resources.Put(c.ctx, c.v.Who, account.ID, in.Type, version, resource.Putting{ID: in.ID, Entity: b.Entity, Location: b.Location, Values: b.Properties})
	if err != nil {
		return nil, err
	}
	out := &storeOut{Status: http.StatusNoContent, ETag: tag(now)}
	if version == resource.Anew {
		out.Status = http.StatusCreated
		out.Location = "/api/v1/accounts/" + account.CustomerID + "/resources/" + in.Type + "/" + url.PathEscape(in.ID)
	}
	return out, nil
}

type removeResourceIn struct {
	OneResource
	Matching
}

func (a *API) removeResource(c *call, in *removeResourceIn) (*struct{}, error) {
	version, err := c.version()
	if err != nil {
		return nil, err
	}
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	return nothing(a.Resources.Remove(c.ctx, c.v.Who, account.ID, in.Type, in.ID, version))
}
