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
	Version       int64    `json:"version"`
}

func roleIn(tag lang.Tag) func(roles.Role) Role {
	return func(r roles.Role) Role {
		out := Role{ID: r.ID, Key: r.Key, Name: r.Title(tag), Description: r.About(tag), Administrator: r.Administrator, Deprecated: r.Deprecated,
			Permissions: names(access.Closed(r.Permissions)), MayGrant: r.MayGrant, Holders: r.Holders, Version: r.Version,
			Warning: r.Warning(tag), Needs: r.Needs, Level: r.Level.String(), Template: r.Template}
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

func (a *API) listRoles(c *call, in *listIn) (*listed[Role], error) {
	_, list, err := a.readRoles(c, in.CustomerID)
	if err != nil {
		return nil, err
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

type roleInput struct {
	InAccount
	ID string `path:"id" doc:"The role's id." example:"rol_355c06m61fbe6bnepsk8mvrwym"`
}

type roleOut struct {
	ETag string `header:"ETag"`
	Body Role
}

func (a *API) getRole(c *call, in *roleInput) (*roleOut, error) {
	account, list, err := a.readRoles(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(list, func(r roles.Role) bool { return r.ID == in.ID })
	if i < 0 {
		return nil, a.none(c, account.ID, "role", in.ID, "role")
	}
	return &roleOut{tag(list[i].Version), roleIn(c.v.Lang)(list[i])}, nil
}
