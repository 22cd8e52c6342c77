package api

import (
	"net/http"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/resource"
)

const (
	typesPath = "/api/v1/resource-types"
	typePath  = typesPath + "/{name}"

	viewTypes   = "resource_types:view"
	manageTypes = "resource_types:manage"
)

func (a *API) typeRoutes() {
	const group, none = "Resource types", http.StatusNoContent
	operation(a, Operation{Method: http.MethodGet, Path: typesPath, Permission: viewTypes},
		about{id: "list-resource-types", tag: group, summary: "The registered resource types of the platform's own services, by name", text: "Retired ones too."}, a.listTypes)
	operation(a, Operation{Method: http.MethodPost, Path: typesPath, Permission: manageTypes},
		about{id: "register-resource-type", tag: group, summary: "Register a resource type", status: http.StatusCreated,
			text: "Its actions are permissions (NAME:ACTION) that custom roles may hold. Name, entity_from and located never change, nor what a property's values are and who vouches for it."}, a.registerType)
	operation(a, Operation{Method: http.MethodGet, Path: typePath, Permission: viewTypes},
		about{id: "get-resource-type", tag: group, summary: "One resource type"}, a.getType)
	operation(a, Operation{Method: http.MethodPatch, Path: typePath, Permission: manageTypes},
		about{id: "change-resource-type", tag: group, summary: "Change a resource type", status: none,
			text: "What is not sent stays as it is; lists are the whole of them. An action or property that a role or policy names is not taken away, nor one of which a value is stored."}, a.changeType)
	operation(a, Operation{Method: http.MethodPost, Path: typePath + "/retirement", Permission: manageTypes},
		about{id: "retire-resource-type", tag: group, summary: "Retire a resource type", text: "Nobody may do anything to what is of it any more, whatever their roles say.", status: none}, a.retireType)
	operation(a, Operation{Method: http.MethodDelete, Path: typePath + "/retirement", Permission: manageTypes},
		about{id: "reinstate-resource-type", tag: group, summary: "End the retirement of a resource type", status: none}, a.reinstateType)
	operation(a, Operation{Method: http.MethodGet, Path: accountPath + "/resource-types"},
		about{id: "list-usable-resource-types", tag: group, summary: "The resource types that the account's roles can name and that can be stored in it, by name"}, a.listUsableTypes)
}

// ResourceType is a registered type.
type ResourceType struct {
	Name       string         `json:"name" example:"terminal_orders"`
	Title      string         `json:"title" example:"Terminal orders"`
	EntityFrom string         `json:"entity_from" enum:"store,caller,account" doc:"Who tells whose a resource is: store: only what is stored is known; caller: the question names the entity; account: it is the asking account's own. What is stored is never overruled."`
	Located    bool           `json:"located" doc:"Its resources have a location, so location-restricted users must have it."`
	Actions    []TypeAction   `json:"actions" nullable:"false"`
	Properties []TypeProperty `json:"properties" nullable:"false"`
	Retired    bool           `json:"retired"`
	CreatedAt  moment         `json:"created_at"`
	RetiredAt  moment         `json:"retired_at,omitzero"`
	Version    int64          `json:"version" doc:"Its ETag without the quotes."`
}

// TypeAction is what can be done to a resource of a type.
type TypeAction struct {
	Name           string `json:"name" maxLength:"40" example:"cancel"`
	Title          string `json:"title" maxLength:"60" example:"Cancel"`
	NeedsTwoFactor bool   `json:"needs_two_factor,omitzero" doc:"Denied while the session has no second factor."`
	Dangerous      bool   `json:"dangerous,omitzero" doc:"Whoever gives it acknowledges so."`
}

// TypeProperty is what a restriction can read.
type TypeProperty struct {
	Of      string `json:"of" enum:"resource,action" example:"resource"`
	Name    string `json:"name" maxLength:"40" example:"status"`
	Title   string `json:"title" maxLength:"60" example:"Status"`
	Kind    string `json:"kind" enum:"text,number,boolean,user" doc:"user: the id of one." example:"text"`
	Vouched string `json:"vouched" enum:"store,caller" doc:"store: what is stored counts, and no caller can say it; caller: what the question says counts, else what is stored. An action's is the caller's." example:"store"`
}

func typeOf(t resource.Type) ResourceType {
	d := t.Draft()
	out := ResourceType{Name: t.Name, Title: t.Title, EntityFrom: t.From.String(), Located: t.Located, Retired: t.Retired,
		CreatedAt: moment(t.CreatedAt), RetiredAt: moment(t.RetiredAt), Version: t.Version}
	for _, x := range d.Actions {
		out.Actions = append(out.Actions, TypeAction(x))
	}
	for _, x := range d.Properties {
		out.Properties = append(out.Properties, TypeProperty{x.Part.String(), x.Name, x.Title, x.Kind.String(), x.Vouched.String()})
	}
	return out
}

func actionsIn(list []TypeAction) []resource.Action {
	out := []resource.Action{}
	for _, x := range list {
		out = append(out, resource.Action(x))
	}
	return out
}

func propertiesIn(list []TypeProperty) []resource.Property {
	out := []resource.Property{}
	for _, x := range list {
		out = append(out, resource.Property{Part: access.ParsePart(x.Of), Name: x.Name, Title: x.Title, Kind: access.ParseValueKind(x.Kind), Vouched: access.ParseVoucher(x.Vouched)})
	}
	return out
}

// platform finds the account that registers types, for whoever may do in it what an
// operation is for.
func (a *API) platform(c *call, permission string) (inside, error) {
	var found org.Account
	ok := false
	err := a.view(c, func(tx *db.Tx) (err error) {
		found, ok, err = org.Platform(tx)
		return err
	})
	if err != nil {
		return inside{}, err
	}
	if !ok || org.Outside(a.Edge.Live.Load(), org.Asks(c.v.Who, a.Edge.DB.Now(), found.ID)) {
		return inside{}, a.none(c, c.v.Who.AccountID, "page", c.r.URL.EscapedPath(), "account")
	}
	return a.inside(c, found, permission)
}

func (a *API) types(c *call) (list []resource.Type, err error) {
	err = a.view(c, func(tx *db.Tx) (err error) {
		list, err = resource.Types(tx)
		return err
	})
	return list, err
}

func (a *API) listTypes(c *call, in *Paging) (*listed[ResourceType], error) {
	if _, err := a.platform(c, viewTypes); err != nil {
		return nil, err
	}
	list, err := a.types(c)
	if err != nil {
		return nil, err
	}
	return a.typePage(c, *in, list)
}

func (a *API) listUsableTypes(c *call, in *listIn) (*listed[ResourceType], error) {
	account, err := a.enter(c, in.CustomerID, "")
	if err != nil {
		return nil, err
	}
	list, err := a.types(c)
	if err != nil {
		return nil, err
	}
	var usable []resource.Type
	for _, t := range list {
		if _, known := account.snapshot.Type(t.Name); known {
			usable = append(usable, t)
		}
	}
	return a.typePage(c, in.Paging, usable)
}

func (a *API) typePage(c *call, in Paging, list []resource.Type) (*listed[ResourceType], error) {
	after, limit, err := in.open(a, c)
	if err != nil {
		return nil, err
	}
	name := func(t resource.Type) string { return t.Name }
	return page(a, c, from(list, after, name), limit, typeOf, name)
}

// OneType is a resource type that an address names.
type OneType struct {
	Name string `path:"name" doc:"The type's name." example:"terminal_orders"`
}

type typeOut struct {
	ETag string `header:"ETag"`
	Body ResourceType
}

func (a *API) getType(c *call, in *OneType) (*typeOut, error) {
	platform, err := a.platform(c, viewTypes)
	if err != nil {
		return nil, err
	}
	var t resource.Type
	var found bool
	err = a.view(c, func(tx *db.Tx) (err error) {
		t, found, err = resource.TypeByName(tx, in.Name)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, a.none(c, platform.ID, "resource_type", in.Name, "resource_type")
	}
	return &typeOut{tag(t.Version), typeOf(t)}, nil
}

type registerTypeIn struct {
	Body struct {
		Name       string         `json:"name" maxLength:"40" example:"terminal_orders"`
		Title      string         `json:"title" maxLength:"60" example:"Terminal orders"`
		EntityFrom string         `json:"entity_from" enum:"store,caller,account" example:"store"`
		Located    bool           `json:"located,omitzero"`
		Actions    []TypeAction   `json:"actions" nullable:"false" example:"[{\"name\":\"view\",\"title\":\"See\"}]"`
		Properties []TypeProperty `json:"properties,omitempty" nullable:"false" example:"[]"`
	} `nameHint:"NewResourceType"`
}

// RegisteredName tells the name of what was registered.
type RegisteredName struct {
	Name string `json:"name" example:"terminal_orders"`
}

type namedOut struct {
	Location string `header:"Location"`
	Body     RegisteredName
}

func (a *API) registerType(c *call, in *registerTypeIn) (*namedOut, error) {
	b := in.Body
	err := a.Resources.Register(c.ctx, c.v.Who, resource.Draft{Name: b.Name, Title: b.Title, From: access.ParseEntityFrom(b.EntityFrom), Located: b.Located,
		Actions: actionsIn(b.Actions), Properties: propertiesIn(b.Properties)})
	if err != nil {
		return nil, err
	}
	return &namedOut{typesPath + "/" + b.Name, RegisteredName{b.Name}}, nil
}

type changeTypeIn struct {
	OneType
	Matching
	Body struct {
		Title      *string         `json:"title,omitempty" nullable:"false" maxLength:"60" example:"Terminal orders"`
		Actions    *[]TypeAction   `json:"actions,omitempty" nullable:"false" doc:"The whole of them." example:"[{\"name\":\"view\",\"title\":\"See\"}]"`
		Properties *[]TypeProperty `json:"properties,omitempty" nullable:"false" doc:"The whole of them." example:"[]"`
	} `nameHint:"ResourceTypeChange"`
}

func (a *API) changeType(c *call, in *changeTypeIn) (*changed, error) {
	edit := resource.Edit{Title: in.Body.Title}
	if in.Body.Actions != nil {
		list := actionsIn(*in.Body.Actions)
		edit.Actions = &list
	}
	if in.Body.Properties != nil {
		list := propertiesIn(*in.Body.Properties)
		edit.Properties = &list
	}
	return versioned(c, func(version int64) (int64, error) {
		return a.Resources.Change(c.ctx, c.v.Who, in.Name, version, edit)
	})
}

// versioned does one thing to what was seen, which tells the version that there is now.
func versioned(c *call, do func(version int64) (int64, error)) (*changed, error) {
	version, err := c.version()
	if err == nil {
		version, err = do(version)
	}
	if err != nil {
		return nil, err
	}
	return &changed{tag(version)}, nil
}

type turnTypeIn struct {
	OneType
	Matching
}

func (a *API) retireType(c *call, in *turnTypeIn) (*changed, error) {
	return versioned(c, func(version int64) (int64, error) { return a.Resources.Retire(c.ctx, c.v.Who, in.Name, version) })
}

func (a *API) reinstateType(c *call, in *turnTypeIn) (*changed, error) {
	return versioned(c, func(version int64) (int64, error) {
		return a.Resources.Reinstate(c.ctx, c.v.Who, in.Name, version)
	})
}

// registeredFor are the permissions of registered types that the caller may know of.
func (a *API) registeredFor(c *call) (list []access.Permission, err error) {
	s, q := a.Edge.Live.Load(), org.Asks(c.v.Who, a.Edge.DB.Now(), c.v.Who.AccountID)
	q.SecondFactor, q.Fresh = true, true
	held := access.Held(s, q)
	if held.And(access.SetOf(access.MustParse("roles:view"), access.MustParse("policies:view"), access.MustParse(viewTypes))).Empty() {
		return nil, nil
	}
	types, err := a.types(c)
	if err != nil {
		return nil, err
	}
	for _, t := range types {
		for _, x := range t.Actions {
			if p, ok := access.Lookup(t.Name, x.Name); ok && s.Registered().Has(p) {
				list = append(list, p)
			}
		}
	}
	return list, nil
}
