package api

import (
	"net/http"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/web"
)

const oneAccount = accountPath + "/accounts/{id}"

// operatorRoutes are what operators do to the accounts below.
func (a *API) operatorRoutes() {
	const group = "Accounts"
	operation(a, Operation{Method: http.MethodGet, Path: accountPath + "/accounts", Permission: "accounts:view"},
		about{id: "list-accounts", tag: group, summary: "The account and those below it, for operators"}, a.listAccounts)
	operation(a, Operation{Method: http.MethodGet, Path: accountPath + "/exports/accounts", Permission: "accounts:view"},
		about{id: "export-accounts", tag: group, summary: "All that a list finds, as a table", text: "The export is recorded, with its filter, before it begins. One that breaks off is not complete.", kinds: []string{"text/csv"}}, a.exportAccounts)
	operation(a, Operation{Method: http.MethodGet, Path: oneAccount, Permission: "accounts:view"},
		about{id: "get-managed-account", tag: group, summary: "One of them"}, a.getManaged)
	operation(a, Operation{Method: http.MethodPatch, Path: oneAccount, Permission: "accounts:edit"},
		about{id: "edit-account", tag: group, summary: "Change an account's name and alias", text: "What is left out stays. Customer ID, kind, environment and profile do not change.", status: http.StatusNoContent}, a.editAccount)
	operation(a, Operation{Method: http.MethodPost, Path: oneAccount + "/deactivation", Permission: "accounts:edit"},
		about{id: "deactivate-account", tag: group, summary: "Deactivate an account", text: "Everybody in it and in the accounts below loses at once what they hold through them. The platform stays, and so does the account of the address.", status: http.StatusNoContent}, a.deactivateAccount)
	operation(a, Operation{Method: http.MethodDelete, Path: oneAccount + "/deactivation", Permission: "accounts:edit"},
		about{id: "activate-account", tag: group, summary: "Activate a deactivated account again", text: "Everybody gets back exactly what they had.", status: http.StatusNoContent}, a.activateAccount)
}

// ManagedAccount is an account as operators see it.
type ManagedAccount struct {
	ID            string `json:"id" example:"acc_355c06m61fbe6bnepsk8mvrwym"`
	EntityID      string `json:"entity_id" doc:"The entity that it is."`
	ParentID      string `json:"parent_id,omitempty" doc:"The entity above, where the caller may see it."`
	CustomerID    string `json:"customer_id" example:"SHOP-42"`
	Name          string `json:"name"`
	Alias         string `json:"alias,omitempty"`
	Kind          string `json:"kind" enum:"platform,facilitator,partner,merchant"`
	Environment   string `json:"environment" enum:"test,live"`
	Profile       string `json:"profile"`
	Open          bool   `json:"open" doc:"Its first administrator has been active."`
	Active        bool   `json:"active"`
	InactiveAbove bool   `json:"inactive_above" doc:"An account above it is not active, so nobody holds anything here either."`
	DeactivatedAt moment `json:"deactivated_at,omitzero"`
	DeactivatedBy string `json:"deactivated_by,omitempty" doc:"User id."`
	Reason        string `json:"deactivation_reason,omitempty"`
	Users         int64  `json:"users" doc:"Whatever their status."`
	CreatedAt     moment `json:"created_at"`
	CreatedBy     string `json:"created_by,omitempty" doc:"User id."`
	Version       int64  `json:"version" doc:"Its ETag without the quotes."`
}

func managedOf(a org.Listed) ManagedAccount {
	out := ManagedAccount{ID: a.ID, EntityID: a.EntityID, CustomerID: a.CustomerID, Name: a.Name, Alias: a.Alias, Kind: a.Kind.String(), Environment: a.Environment,
		Profile: a.Profile, Open: a.Open, Active: a.Active, InactiveAbove: a.OffAbove, DeactivatedAt: moment(a.Off.At), DeactivatedBy: a.Off.By, Reason: a.Off.Reason,
		Users: a.Users, CreatedAt: moment(a.CreatedAt), CreatedBy: a.CreatedBy, Version: a.Version}
	if a.Parent != "" {
		out.ParentID = a.ParentID
	}
	return out
}

// AccountFilters narrow and sort a list of accounts.
type AccountFilters struct {
	Search      string `query:"search" maxLength:"200" doc:"Words, each of them any part of name, alias or customer ID."`
	Kind        string `query:"kind" enum:"platform,facilitator,partner,merchant"`
	Environment string `query:"environment" enum:"test,live"`
	Opened      string `query:"opened" enum:"open,waiting" doc:"Whether its first administrator has been active, or is waited for."`
	State       string `query:"state" enum:"active,inactive" doc:"Inactive too when an account above is."`
	Parent      string `query:"parent" maxLength:"100" doc:"Id or customer ID of the entity directly above."`
	Sort        string `query:"sort" enum:"customer_id,-customer_id,name,-name,created,-created,users,-users"`
}

// query checks the filters and makes them one about what the caller may see.
func (f AccountFilters) query(a *API, tx *db.Tx, in inside) (org.AccountQuery, error) {
	q := org.AccountQuery{Reach: access.Scope(in.snapshot, in.q), Search: f.Search, Kind: f.Kind, Environment: f.Environment, Opened: f.Opened, State: f.State, Sort: f.Sort}
	var wrong fault.Fields
	for _, x := range []struct {
		name, word string
		words      []string
	}{
		{"kind", f.Kind, []string{"platform", "facilitator", "partner", "merchant"}}, {"environment", f.Environment, []string{org.Test, org.Live}},
		{"opened", f.Opened, []string{org.IsOpen, org.Waiting}}, {"state", f.State, []string{org.IsActive, org.IsInactive}},
	} {
		if oneOf(x.name, x.word, x.words...) != nil {
			wrong.Add(x.name, "one_of_those")
		}
	}
	if f.Parent != "" {
		parent, found, err := org.NodeWithin(tx, q.Reach, f.Parent)
		if err != nil {
			return q, err
		}
		if !found {
			wrong.Add("parent", "unknown_entity")
		}
		q.Parent = parent.ID
	}
	return q, wrong.Err()
}

type listAccountsIn struct {
	InAccount
	Paging
	AccountFilters
}

func (a *API) listAccounts(c *call, in *listAccountsIn) (*listed[ManagedAccount], error) {
	account, err := a.enter(c, in.CustomerID, "accounts:view")
	if err != nil {
		return nil, err
	}
	after, limit, err := in.open(a, c)
	if err != nil {
		return nil, err
	}
	var page org.AccountPage
	err = a.view(c, func(tx *db.Tx) error {
		q, err := in.query(a, tx, account)
		if err != nil {
			return err
		}
		q.After, q.Limit = after, limit
		page, err = org.Accounts(tx, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &listed[ManagedAccount]{}
	for _, row := range page.Rows {
		out.Body.Items = append(out.Body.Items, managedOf(row))
	}
	out.Body.Total = &page.Total
	out.Body.NextCursor, err = a.cursor(c, page.Next)
	return out, err
}

type exportAccountsIn struct {
	InAccount
	AccountFilters
}

func (a *API) exportAccounts(c *call, in *exportAccountsIn) (*struct{}, error) {
	account, err := a.enter(c, in.CustomerID, "accounts:view")
	if err != nil {
		return nil, err
	}
	var q org.AccountQuery
	err = a.view(c, func(tx *db.Tx) error {
		if q, err = in.query(a, tx, account); err == nil {
			_, err = org.Accounts(tx, q) // what cannot be searched for is told before anything is sent
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return c.sends(a.Edge.ExportAccounts(c.w, c.r, c.v, web.AccountExport{Account: account.Account, Query: q, Lang: c.v.Lang}))
}

// OneAccount names one of the accounts below.
type OneAccount struct {
	InAccount
	ID string `path:"id" doc:"The account's id." example:"acc_355c06m61fbe6bnepsk8mvrwym"`
}

type managedOut struct {
	ETag string `header:"ETag"`
	Body ManagedAccount
}

func (a *API) getManaged(c *call, in *OneAccount) (*managedOut, error) {
	account, err := a.enter(c, in.CustomerID, "accounts:view")
	if err != nil {
		return nil, err
	}
	var one org.Listed
	found := false
	err = a.view(c, func(tx *db.Tx) (err error) {
		one, found, err = org.ListedByID(tx, access.Scope(account.snapshot, account.q), in.ID)
		return err
	})
	if err == nil && !found {
		err = a.none(c, account.ID, "account", in.ID, "account")
	}
	if err != nil {
		return nil, err
	}
	return &managedOut{tag(one.Version), managedOf(one)}, nil
}

type editAccountIn struct {
	OneAccount
	Matching
	Body struct {
		Name  *string `json:"name,omitempty" nullable:"false" maxLength:"100" example:"Corner Shop"`
		Alias *string `json:"alias,omitempty" nullable:"false" maxLength:"100" doc:"May be empty." example:"The corner"`
	} `nameHint:"AccountChange"`
}

func (a *API) editAccount(c *call, in *editAccountIn) (*changed, error) {
	return a.edits(c, in.CustomerID, func(accountID string, version int64) (int64, error) {
		return a.Org.EditAccount(c.ctx, c.v.Who, accountID, in.ID, version, org.AccountEdit{Name: in.Body.Name, Alias: in.Body.Alias})
	})
}

// edits finds account and version, does the one thing, and answers the version that there is then.
func (a *API) edits(c *call, customerID string, do func(accountID string, version int64) (int64, error)) (*changed, error) {
	version, err := c.version()
	if err != nil {
		return nil, err
	}
	account, err := a.account(c, customerID)
	if err == nil {
		version, err = do(account.ID, version)
	}
	if err != nil {
		return nil, err
	}
	return &changed{tag(version)}, nil
}

type deactivateAccountIn struct {
	OneAccount
	Matching
	Body struct {
		Reason string `json:"reason" maxLength:"500" doc:"For the log." example:"contract ended"`
	} `nameHint:"GivenReason"`
}

func (a *API) deactivateAccount(c *call, in *deactivateAccountIn) (*changed, error) {
	return a.changeIn(c, in.CustomerID, func(accountID string, version int64) error {
		return a.Org.DeactivateAccount(c.ctx, c.v.Who, accountID, in.ID, version, in.Body.Reason)
	})
}

type activateAccountIn struct {
	OneAccount
	Matching
	Reason string `query:"reason" maxLength:"500" doc:"For the log."`
}

func (a *API) activateAccount(c *call, in *activateAccountIn) (*changed, error) {
	return a.changeIn(c, in.CustomerID, func(accountID string, version int64) error {
		return a.Org.ActivateAccount(c.ctx, c.v.Who, accountID, in.ID, version, in.Reason)
	})
}

// changeIn finds account and version and does the one thing, which raises the version by one.
func (a *API) changeIn(c *call, customerID string, do func(accountID string, version int64) error) (*changed, error) {
	return a.change(c, OneUser{InAccount: InAccount{customerID}}, do)
}
