package api

import (
	"net/http"

	"countersign/internal/roles"
)

const (
	rolesPath = accountPath + "/roles"
	rolePath  = rolesPath + "/{id}"
)

func (a *API) roleChangeRoutes() {
	const group, none = "Roles", http.StatusNoContent
	const manage = "roles:manage"
	operation(a, Operation{Method: http.MethodPost, Path: rolesPath, Permission: manage},
		about{id: "create-role", tag: group, summary: "Make a custom role", text: "Of permissions, which make its own policy, of shared policies, or of both.", status: http.StatusCreated}, a.createRole)
	operation(a, Operation{Method: http.MethodPatch, Path: rolePath, Permission: manage},
		about{id: "edit-role", tag: group, summary: "Change a custom role for everyone who has it", status: none,
			text: "What is not sent stays as it is. Predefined roles do not change."}, a.editRole)
	operation(a, Operation{Method: http.MethodPost, Path: rolePath + "/preview", Permission: manage},
		about{id: "preview-role", tag: group, summary: "Who would gain and who would lose what by a change of a role", text: "Takes what edit-role takes, and changes nothing."}, a.previewRole)
	operation(a, Operation{Method: http.MethodDelete, Path: rolePath, Permission: manage},
		about{id: "delete-role", tag: group, summary: "Delete a custom role",
			text: "Users who would be left with none get the account's fallback role over the same entities."}, a.deleteRole)
	operation(a, Operation{Method: http.MethodGet, Path: rolePath + "/removal", Permission: manage},
		about{id: "preview-removal", tag: group, summary: "Who would lose what, and who would fall back, if a role were deleted"}, a.previewRemoval)
	operation(a, Operation{Method: http.MethodPost, Path: rolePath + "/clone", Permission: manage},
		about{id: "clone-role", tag: group, summary: "Make a custom role that holds what another does",
			text: "Predefined roles too: what no custom role may hold is left out, and the answer says what.", status: http.StatusCreated}, a.cloneRole)
	operation(a, Operation{Method: http.MethodPut, Path: userPath + "/access/{role}", Permission: "users:assign_roles"},
		about{id: "adjust-role", tag: "Users", summary: "Adjust a user's copy of a template",
			text: "The role is one that they have: a copy, or a predefined template, of which their copy is made now. The answer names the copy."}, a.adjustRole)
}

type createRoleIn struct {
	InAccount
	Body struct {
		Name         string   `json:"name" maxLength:"100" example:"Night shift"`
		Description  string   `json:"description,omitempty" maxLength:"500" example:"Looks after refunds at night."`
		Permissions  []Permit `json:"permissions,omitempty" nullable:"false" doc:"They make the role's own policy." example:"[{\"permission\":\"transactions:search\"}]"`
		Policies     []string `json:"policies,omitempty" nullable:"false" doc:"Ids of shared policies." example:"[]"`
		Template     bool     `json:"template,omitzero" doc:"Whoever is given it gets a copy of their own."`
		Acknowledged []string `json:"acknowledged,omitempty" nullable:"false" doc:"The dangerous permissions among them, which whoever makes the role knows to be." example:"[]"`
	} `nameHint:"RoleDraft"`
}

func (a *API) createRole(c *call, in *createRoleIn) (*createdOut, error) {
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	id, err := a.Roles.Create(c.ctx, c.v.Who, account.ID, roles.Draft{Name: b.Name, Description: b.Description, Permits: permitsIn(b.Permissions), Policies: b.Policies,
		Template: b.Template, Acknowledged: b.Acknowledged})
	if err != nil {
		return nil, err
	}
	return &createdOut{"/api/v1/accounts/" + account.CustomerID + "/roles/" + id, Created{id}}, nil
}

// RoleChange is what is to be different of a role.
type RoleChange struct {
	Name         *string   `json:"name,omitempty" nullable:"false" maxLength:"100" example:"Night shift"`
	Description  *string   `json:"description,omitempty" nullable:"false" maxLength:"500" example:"Looks after refunds at night."`
	Permissions  *[]Permit `json:"permissions,omitempty" nullable:"false" doc:"The whole of its own." example:"[{\"permission\":\"transactions:search\"}]"`
	Policies     *[]string `json:"policies,omitempty" nullable:"false" doc:"The whole of them, by id." example:"[]"`
	Template     *bool     `json:"template,omitempty" nullable:"false" example:"false"`
	Migrate      bool      `json:"migrate,omitzero" doc:"Of a role from before policies: what it holds becomes its own policy." example:"false"`
	Acknowledged []string  `json:"acknowledged,omitempty" nullable:"false" doc:"The dangerous permissions that are added, which whoever changes the role knows to be." example:"[]"`
}

func (b RoleChange) edit() roles.Edit {
	e := roles.Edit{Name: b.Name, Description: b.Description, Policies: b.Policies, Template: b.Template, Migrate: b.Migrate, Acknowledged: b.Acknowledged}
	if b.Permissions != nil {
		list := permitsIn(*b.Permissions)
		e.Permits = &list
	}
	return e
}

type editRoleIn struct {
	OneRole
	Matching
	Body RoleChange
}

func (a *API) editRole(c *call, in *editRoleIn) (*changed, error) {
	return a.write(c, in.CustomerID, func(accountID string, version int64) (int64, error) {
		return a.Roles.Edit(c.ctx, c.v.Who, accountID, in.ID, version, in.Body.edit())
	})
}

// write finds account and version and does the one thing, which tells the version that there is now.
func (a *API) write(c *call, customerID string, do func(accountID string, version int64) (int64, error)) (*changed, error) {
	version, err := c.version()
	if err != nil {
		return nil, err
	}
	account, err := a.account(c, customerID)
	if err != nil {
		return nil, err
	}
	now, err := do(account.ID, version)
	return &changed{tag(now)}, err
}

type previewRoleIn struct {
	OneRole
	Paging
	Body RoleChange
}

func (a *API) previewRole(c *call, in *previewRoleIn) (*effectOut, error) {
	return a.preview(c, in.InAccount, in.Paging, func(accountID, after string, limit int) (roles.Effect, error) {
		return a.Roles.PreviewEdit(c.ctx, c.v.Who, accountID, in.ID, in.Body.edit(), after, limit)
	})
}

type removalIn struct {
	OneRole
	Paging
}

func (a *API) previewRemoval(c *call, in *removalIn) (*effectOut, error) {
	return a.preview(c, in.InAccount, in.Paging, func(accountID, after string, limit int) (roles.Effect, error) {
		return a.Roles.PreviewRemoval(c.ctx, c.v.Who, accountID, in.ID, after, limit)
	})
}

type deleteRoleIn struct {
	OneRole
	Matching
}

// Removed tells what came of a deletion.
type Removed struct {
	FellBack int64 `json:"fell_back" doc:"How many users have the fallback role now."`
}

type removedOut struct{ Body Removed }

func (a *API) deleteRole(c *call, in *deleteRoleIn) (*removedOut, error) {
	out := &removedOut{}
	_, err := a.write(c, in.CustomerID, func(accountID string, version int64) (int64, error) {
		n, err := a.Roles.Remove(c.ctx, c.v.Who, accountID, in.ID, version)
		out.Body.FellBack = int64(n)
		return version, err
	})
	return out, err
}

type cloneRoleIn struct {
	OneRole
	Body struct {
		Name         string   `json:"name" maxLength:"100" example:"Auditor of disputes"`
		Without      []string `json:"without,omitempty" nullable:"false" doc:"Permissions to leave out." example:"[]"`
		Acknowledged []string `json:"acknowledged,omitempty" nullable:"false" doc:"The dangerous permissions among the rest." example:"[]"`
	} `nameHint:"RoleClone"`
}

// Cloned is a fresh clone.
type Cloned struct {
	ID      string   `json:"id" example:"rol_355c06m61fbe6bnepsk8mvrwym"`
	LeftOut []string `json:"left_out" nullable:"false" doc:"What the other role holds and the clone does not."`
}

type clonedOut struct {
	Location string `header:"Location"`
	Body     Cloned
}

func (a *API) cloneRole(c *call, in *cloneRoleIn) (*clonedOut, error) {
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	id, out, err := a.Roles.Clone(c.ctx, c.v.Who, account.ID, in.ID, in.Body.Name, in.Body.Without, in.Body.Acknowledged)
	if err != nil {
		return nil, err
	}
	return &clonedOut{"/api/v1/accounts/" + account.CustomerID + "/roles/" + id, Cloned{id, out}}, nil
}

type adjustRoleIn struct {
	OneUser
	Matching
	Role string `path:"role" doc:"The role's id." example:"rol_355c06m61fbe6bnepsk8mvrwym"`
	Body struct {
		Permissions  []Permit `json:"permissions" nullable:"false" doc:"The whole of what the copy gives." example:"[{\"permission\":\"transactions:search\"}]"`
		Acknowledged []string `json:"acknowledged,omitempty" nullable:"false" doc:"The dangerous permissions that are added." example:"[]"`
	} `nameHint:"RoleAdjustment"`
}

type adjustedOut struct {
	ETag string `header:"ETag"`
	Body Created
}

func (a *API) adjustRole(c *call, in *adjustRoleIn) (*adjustedOut, error) {
	out := &adjustedOut{}
	now, err := a.change(c, in.OneUser, func(accountID string, version int64) (err error) {
		out.Body.ID, err = a.People.AdjustRole(c.ctx, c.v.Who, accountID, in.ID, in.Role, version,
			roles.Adjusting{Permits: permitsIn(in.Body.Permissions), Acknowledged: in.Body.Acknowledged})
		return err
	})
	if err != nil {
		return nil, err
	}
	out.ETag = now.ETag
	return out, nil
}
