package api

import (
	"net/http"

	"countersign/internal/db"
	"countersign/internal/roles"
)

const (
	policiesPath = accountPath + "/policies"
	policyPath   = policiesPath + "/{id}"
)

func (a *API) policyRoutes() {
	const group, none = "Policies", http.StatusNoContent
	const manage = "policies:manage"
	operation(a, Operation{Method: http.MethodGet, Path: policiesPath, Permission: "policies:view"},
		about{id: "list-policies", tag: group, summary: "The account's shared permission policies"}, a.listPolicies)
	operation(a, Operation{Method: http.MethodPost, Path: policiesPath, Permission: manage},
		about{id: "create-policy", tag: group, summary: "Make a permission policy", text: "It gives nothing until a role has it.", status: http.StatusCreated}, a.createPolicy)
	operation(a, Operation{Method: http.MethodGet, Path: policyPath, Permission: "policies:view"},
		about{id: "get-policy", tag: group, summary: "One permission policy"}, a.getPolicy)
	operation(a, Operation{Method: http.MethodPatch, Path: policyPath, Permission: manage},
		about{id: "edit-policy", tag: group, summary: "Change a permission policy for every role that has it", text: "What is not sent stays as it is.", status: none}, a.editPolicy)
	operation(a, Operation{Method: http.MethodPost, Path: policyPath + "/preview", Permission: manage},
		about{id: "preview-policy", tag: group, summary: "Who would gain and who would lose what by a change of a policy", text: "Takes what edit-policy takes, and changes nothing."}, a.previewPolicy)
	operation(a, Operation{Method: http.MethodDelete, Path: policyPath, Permission: manage},
		about{id: "delete-policy", tag: group, summary: "Delete a permission policy", text: "Refused while a role has it.", status: none}, a.deletePolicy)
}

// Policy is a named set of permissions that roles share.
type Policy struct {
	ID          string   `json:"id" example:"pol_355c06m61fbe6bnepsk8mvrwym"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Permissions []Permit `json:"permissions" nullable:"false"`
	Roles       []string `json:"roles" nullable:"false" doc:"Ids of the roles that have it."`
	Version     int64    `json:"version" doc:"Its ETag without the quotes."`
}

func policyOf(p roles.Policy) Policy {
	return Policy{p.ID, p.Name, p.Description, permitsOut(p.Permits), p.Roles, p.Version}
}

func (a *API) listPolicies(c *call, in *listIn) (*listed[Policy], error) {
	account, err := a.enter(c, in.CustomerID, "policies:view")
	if err != nil {
		return nil, err
	}
	after, limit, err := in.open(a, c)
	if err != nil {
		return nil, err
	}
	var list []roles.Policy
	err = a.view(c, func(tx *db.Tx) (err error) {
		list, err = roles.Policies(tx, account.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	id := func(p roles.Policy) string { return p.ID }
	return page(a, c, from(list, after, id), limit, policyOf, id)
}

// OnePolicy is a policy that an address names.
type OnePolicy struct {
	InAccount
	ID string `path:"id" doc:"The policy's id." example:"pol_355c06m61fbe6bnepsk8mvrwym"`
}

type policyOut struct {
	ETag string `header:"ETag"`
	Body Policy
}

func (a *API) getPolicy(c *call, in *OnePolicy) (*policyOut, error) {
	account, err := a.enter(c, in.CustomerID, "policies:view")
	if err != nil {
		return nil, err
	}
	var p roles.Policy
	var found bool
	err = a.view(c, func(tx *db.Tx) (err error) {
		p, found, err = roles.PolicyByID(tx, account.ID, in.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, a.none(c, account.ID, "policy", in.ID, "policy")
	}
	return &policyOut{tag(p.Version), policyOf(p)}, nil
}

type createPolicyIn struct {
	InAccount
	Body struct {
		Name         string   `json:"name" maxLength:"100" example:"Refunds"`
		Description  string   `json:"description,omitempty" maxLength:"500" example:"Finds payments and refunds them."`
		Permissions  []Permit `json:"permissions" nullable:"false" example:"[{\"permission\":\"transactions:search\"}]"`
		Acknowledged []string `json:"acknowledged,omitempty" nullable:"false" doc:"The dangerous permissions among them." example:"[]"`
	} `nameHint:"PolicyDraft"`
}

func (a *API) createPolicy(c *call, in *createPolicyIn) (*createdOut, error) {
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	id, err := a.Roles.CreatePolicy(c.ctx, c.v.Who, account.ID, roles.PolicyDraft{Name: b.Name, Description: b.Description, Permits: permitsIn(b.Permissions), Acknowledged: b.Acknowledged})
	if err != nil {
		return nil, err
	}
	return &createdOut{"/api/v1/accounts/" + account.CustomerID + "/policies/" + id, Created{id}}, nil
}

// PolicyChange is what is to be different of a policy.
type PolicyChange struct {
	Name         *string   `json:"name,omitempty" nullable:"false" maxLength:"100" example:"Refunds"`
	Description  *string   `json:"description,omitempty" nullable:"false" maxLength:"500" example:"Finds payments and refunds them."`
	Permissions  *[]Permit `json:"permissions,omitempty" nullable:"false" doc:"The whole of them." example:"[{\"permission\":\"transactions:search\"}]"`
	Acknowledged []string  `json:"acknowledged,omitempty" nullable:"false" doc:"The dangerous permissions that are added." example:"[]"`
}

func (b PolicyChange) edit() roles.PolicyEdit {
	e := roles.PolicyEdit{Name: b.Name, Description: b.Description, Acknowledged: b.Acknowledged}
	if b.Permissions != nil {
		list := permitsIn(*b.Permissions)
		e.Permits = &list
	}
	return e
}

type editPolicyIn struct {
	OnePolicy
	Matching
	Body PolicyChange
}

func (a *API) editPolicy(c *call, in *editPolicyIn) (*changed, error) {
	return a.write(c, in.CustomerID, func(accountID string, version int64) (int64, error) {
		return a.Roles.EditPolicy(c.ctx, c.v.Who, accountID, in.ID, version, in.Body.edit())
	})
}

type previewPolicyIn struct {
	OnePolicy
	Paging
	Body PolicyChange
}

func (a *API) previewPolicy(c *call, in *previewPolicyIn) (*effectOut, error) {
	return a.preview(c, in.InAccount, in.Paging, func(accountID, after string, limit int) (roles.Effect, error) {
		return a.Roles.PreviewPolicy(c.ctx, c.v.Who, accountID, in.ID, in.Body.edit(), after, limit)
	})
}

type deletePolicyIn struct {
	OnePolicy
	Matching
}

func (a *API) deletePolicy(c *call, in *deletePolicyIn) (*struct{}, error) {
	_, err := a.write(c, in.CustomerID, func(accountID string, version int64) (int64, error) {
		return version, a.Roles.DeletePolicy(c.ctx, c.v.Who, accountID, in.ID, version)
	})
	return nothing(err)
}
