package api

import (
	"net/http"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/find"
)

func (a *API) searchRoutes() {
	operation(a, Operation{Method: http.MethodGet, Path: accountPath + "/search"},
		about{id: "search", tag: "Search", summary: "Users, accounts, entities and roles by what people know of them",
			text: "By any part of a name, address, alias or customer ID, or by a whole id. What the caller may not view is not found. A whole e-mail address or user id finds users of accounts below too."}, a.find)
}

// Hit is one thing that was found.
type Hit struct {
	Type       string `json:"type" enum:"user,account,entity,role,policy"`
	ID         string `json:"id"`
	Name       string `json:"name"`
	Detail     string `json:"detail,omitempty" doc:"Of a user the address or username, of an account or entity the customer ID."`
	Kind       string `json:"kind,omitempty" doc:"Of an account or entity."`
	CustomerID string `json:"account" doc:"Customer ID of the account in whose addresses it stands."`
	Exact      bool   `json:"exact" doc:"It is what was asked for: its whole id, customer ID or address."`
}

type findIn struct {
	InAccount
	Text  string    `query:"q" required:"true" maxLength:"200" example:"shop"`
	Limit pageLimit `query:"limit" doc:"Most hits of each type."`
}

func (a *API) find(c *call, in *findIn) (*listed[Hit], error) {
	account, err := a.enter(c, in.CustomerID, "")
	if err != nil {
		return nil, err
	}
	if in.Text == "" {
		return nil, fault.In("q", "required")
	}
	limit, err := in.Limit.number()
	if err != nil {
		return nil, err
	}
	var found find.Result
	err = a.view(c, func(tx *db.Tx) (err error) {
		found, err = find.Finder{People: a.People, Profiles: a.Profiles}.Find(tx, find.Asking{Account: account.Account, Snapshot: account.snapshot, Question: account.q, Lang: c.v.Lang}, in.Text, limit)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &listed[Hit]{}
	for _, h := range found.Hits {
		out.Body.Items = append(out.Body.Items, Hit{string(h.Kind), h.ID, h.Name, h.Detail, h.Level, h.CustomerID, h.Exact})
	}
	return out, nil
}
