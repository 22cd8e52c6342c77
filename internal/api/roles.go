package api

import (
	"net/http"
	"slices"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/roles"
)

func (a *API) roleRoutes() {
	const group = "Roles"
	operation(a, Operation{Method: http.MethodGet, Path: accountPath + "/roles", Permission: "roles:view"},
		about{id: "list-roles", tag: group, summary: "The account's roles"}, a.listRoles)
	operation(a, Operation{Method: http.MethodGet, Path: accountPath + "/roles/{id}", Permission: "roles:view"},
		about{id: "get-role", tag: group, summary: "One role"}, a.getRole)
}

// Role is a role of an account.
type Role struct {
	ID            string   `json:"id" example:"rol_355c06m61fbe6bnepsk8mvrwym"`
	Key           string   `json:"key,omitempty" doc:"Of a predefined role in the profile; a custom one has none."`
	Name          string   `json:"name"`
	Description   string   `json:"description"`
	Administrator bool     `json:"administrator"`
	Deprecated    bool     `json:"deprecated" doc:"Not given any more."`
	Permissions   []string `json:"permissions" nullable:"false" doc:"With what they bring along."`
	Dangerous     []string `json:"dangerous" nullable:"false" doc:"Those that whoever gives the role acknowledges."`
	MayGrant      []string `json:"may_grant" nullable:"false" doc:"Keys of the predefined roles that its holders may give."`
	Holders       int64    `json:"holders" doc:"How many users have it, whatever their status."`
	Warning       string   `json:"warning,omitempty" doc:"What whoever gives the role acknowledges beside these."`
	Needs         []string `json:"needs" nullable:"false" doc:"Keys of the predefined roles without which it is not given."`
	Level         string   `json:"level,omitempty" enum:"facilitator,partner,merchant" doc:"The lowest level of account in which it is given; without it, any."`
	Template      bool     `json:"template" doc:"Whoever is given it gets a copy of their own."`
	Legacy        bool     `json:"legacy" doc:"From before policies: holds its permissions by itself until it is migrated."`
	CopyOf        string   `json:"copy_of,omitempty" doc:"Of somebody's copy of a template: that role's id."`
	Restricted    []string `json:"restricted" nullable:"false" doc:"Those of its permissions that it gives for some records only."`
	Version       int64    `json:"version" doc:"Its ETag without the quotes."`
}

// RoleMade is a role with what it is made of.
type RoleMade struct {
	Role
	Own      []Permit `json:"own_permissions" nullable:"false" doc:"Of a custom role: those of its own policy; of one from before policies those that it holds itself."`
	Policies []string `json:"policies" nullable:"false" doc:"Ids of the shared policies that it has."`
}

// Permit is a permission in a role or a policy, perhaps for some records only.
type Permit struct {
	Permission string   `json:"permission" maxLength:"100" example:"payments:refund"`
	OwnOnly    bool     `json:"own_only,omitzero" doc:"Records of the person's own."`
	MaxAmount  int64    `json:"max_amount,omitzero" doc:"At most so much, in minor units of the currency; without it, any." example:"5000"`
	Currency   string   `json:"currency,omitempty" maxLength:"3" doc:"ISO 4217; without it, any." example:"EUR"`
	States     []string `json:"states,omitempty" nullable:"false" doc:"Of the record; none is any." example:"[\"successful\"]"`
	Clauses    []Clause `json:"clauses,omitempty" nullable:"false" doc:"Of a registered resource type's permission, in place of the others: each must hold."`
}

// Clause asks for one property of a registered resource type, of its action or of the user.
type Clause struct {
	Of       string   `json:"of" enum:"resource,action,user" example:"resource"`
	Property string   `json:"property" maxLength:"40" example:"status"`
	Op       string   `json:"op" enum:"one_of,at_most,own,same_as" doc:"own: the value is the user's id; same_as: it is that of the user's property other." example:"one_of"`
	Values   []string `json:"values,omitempty" nullable:"false" doc:"For one_of: texts, digits of numbers, or true or false." example:"[\"open\"]"`
	Most     *int64   `json:"most,omitempty" nullable:"false" doc:"For at_most, inclusive." example:"500"`
	Other    string   `json:"other,omitempty" maxLength:"40" doc:"For same_as: a property of the user." example:"department"`
}

func clausesOut(list []access.Clause) (out []Clause) {
	for _, c := range list {
		x := Clause{Of: c.Part.String(), Property: c.Name, Op: c.Op.String(), Values: c.Values, Other: c.Other}
		if c.Op == access.AtMost {
			x.Most = &c.Most
		}
		out = append(out, x)
	}
	return out
}

func clausesIn(list []Clause) (out []access.Clause) {
	for _, c := range list {
		x := access.Clause{Part: access.ParsePart(c.Of), Name: c.Property, Op: access.ParseOp(c.Op), Values: c.Values, Other: c.Other}
		if c.Most != nil {
			x.Most = *c.Most
		}
		out = append(out, x)
	}
	return out
}

func permitsOut(list []roles.Permit) []Permit {
	out := []Permit{}
	for _, p := range list {
		out = append(out, Permit{p.Permission, p.OwnOnly, p.MaxAmount, p.Currency, p.States, clausesOut(p.Clauses)})
	}
	return out
}

func permitsIn(list []Permit) []roles.Permit {
	out := []roles.Permit{}
	for _, p := range list {
		out = append(out, roles.Permit{Permission: p.Permission, OwnOnly: p.OwnOnly, MaxAmount: p.MaxAmount, Currency: p.Currency, States: p.States, Clauses: clausesIn(p.Clauses)})
	}
	return out
}

func roleIn(tag lang.Tag) func(roles.Role) Role {
	return func(r roles.Role) Role {
		out := Role{ID: r.ID, Key: r.Key, Name: r.Title(tag), Description: r.About(tag), Administrator: r.Administrator, Deprecated: r.Deprecated,
			Permissions: names(access.Closed(r.Permissions)), MayGrant: r.MayGrant, Holders: r.Holders, Version: r.Version,
			Warning: r.Warning(tag), Needs: r.Needs, Level: r.Level.String(), Template: r.Template,
			Legacy: r.Legacy, CopyOf: r.CopyOf, Restricted: names(r.Restricted)}
		for _, p := range r.Dangerous() {
			out.Dangerous = append(out.Dangerous, p.String())
		}
		return out
	}
}

func (a *API) readRoles(c *call, customerID string) (account inside, list []roles.Role, err error) {
	if account, err = a.enter(c, customerID, "roles:view"); err != nil {
		return account, nil, err
	}
	err = a.view(c, func(tx *db.Tx) (err error) {
		list, err = a.roles(tx, account.Account)
		return err
	})
	return account, list, err
}

type listIn struct {
	InAccount
	Paging
}

type listRolesIn struct {
	InAccount
	Paging
	Sort string `query:"sort" enum:"popular" doc:"popular: those that most users have first; without it, predefined ones first, then by name."`
}

func (a *API) listRoles(c *call, in *listRolesIn) (*listed[Role], error) {
	if err := oneOf("sort", in.Sort, "popular"); err != nil {
		return nil, err
	}
	_, list, err := a.readRoles(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	if in.Sort == "popular" {
		list = roles.Popular(list)
	}
	after, limit, err := in.open(a, c)
	if err != nil {
		return nil, err
	}
	list = from(list, after, func(r roles.Role) string { return r.ID })
	return page(a, c, list, limit, roleIn(c.v.Lang), func(r roles.Role) string { return r.ID })
}

// from is the rest of a short list after the item with that key.
func from[S any](list []S, after string, key func(S) string) []S {
	if after == "" {
		return list
	}
	i := slices.IndexFunc(list, func(x S) bool { return key(x) == after })
	return list[i+1:]
}

// OneRole is a role that an address names.
type OneRole struct {
	InAccount
	ID string `path:"id" doc:"The role's id." example:"rol_355c06m61fbe6bnepsk8mvrwym"`
}

type roleOut struct {
	ETag string `header:"ETag"`
	Body RoleMade
}

func (a *API) getRole(c *call, in *OneRole) (*roleOut, error) {
	account, err := a.enter(c, in.CustomerID, "roles:view")
	if err != nil {
		return nil, err
	}
	var r roles.Full
	var found bool
	err = a.view(c, func(tx *db.Tx) (err error) {
		p, _ := a.Profiles.Get(account.Profile)
		r, found, err = roles.RoleByID(tx, account.ID, in.ID, p)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, a.none(c, account.ID, "role", in.ID, "role")
	}
	out := &roleOut{tag(r.Version), RoleMade{Role: roleIn(c.v.Lang)(r.Role), Own: permitsOut(r.Permits)}}
	for _, p := range r.Policies {
		out.Body.Policies = append(out.Body.Policies, p.ID)
	}
	return out, nil
}
