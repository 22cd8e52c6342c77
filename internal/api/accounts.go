package api

import (
	"net/http"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
)

func (a *API) accountRoutes() {
	const group = "Accounts"
	operation(a, Operation{Method: http.MethodGet, Path: accountPath},
		about{id: "get-account", tag: group, summary: "One account"}, a.getAccount)
	operation(a, Operation{Method: http.MethodPatch, Path: accountPath, Permission: "account:manage_alias"},
		about{id: "set-alias", tag: group, summary: "Give the account an easy name", status: http.StatusNoContent}, a.setAlias)
	operation(a, Operation{Method: http.MethodGet, Path: accountPath + "/settings", Permission: "account:view"},
		about{id: "list-settings", tag: group, summary: "The account's settings as they are in force"}, a.listSettings)
	operation(a, Operation{Method: http.MethodPost, Path: accountPath + "/accounts", Permission: "accounts:create"},
		about{id: "create-account", tag: group, summary: "Create an account and invite its first administrator", status: http.StatusCreated}, a.createAccount)
	operation(a, Operation{Method: http.MethodGet, Path: "/api/v1/permissions"},
		about{id: "list-permissions", tag: "Roles", summary: "The catalogue of permissions"}, a.listPermissions)
}

// Account is an account.
type Account struct {
	ID          string `json:"id" example:"acc_355c06m61fbe6bnepsk8mvrwym"`
	EntityID    string `json:"entity_id" doc:"The entity that it is."`
	CustomerID  string `json:"customer_id" example:"SHOP-42"`
	Name        string `json:"name"`
	Alias       string `json:"alias,omitempty"`
	Kind        string `json:"kind" enum:"platform,facilitator,partner,merchant"`
	Environment string `json:"environment" enum:"test,live"`
	Profile     string `json:"profile"`
	Open        bool   `json:"open" doc:"Its first administrator has been active."`
	Active      bool   `json:"active"`
	CreatedAt   moment `json:"created_at"`
}

func accountOf(a org.Account) Account {
	return Account{a.ID, a.EntityID, a.CustomerID, a.Name, a.Alias, a.Kind.String(), a.Environment, a.Profile, a.Open, a.Active, moment(a.CreatedAt)}
}

type accountOut struct {
	ETag string `header:"ETag"`
	Body Account
}

type setAliasIn struct {
	InAccount
	Matching
	Body struct {
		Alias string `json:"alias" maxLength:"100" doc:"Shown in place of the name; may be empty." example:"The corner"`
	} `nameHint:"Alias"`
}

func (a *API) setAlias(c *call, in *setAliasIn) (*changed, error) {
	return a.edits(c, in.CustomerID, func(accountID string, version int64) (int64, error) {
		return a.Org.SetAlias(c.ctx, c.v.Who, accountID, version, in.Body.Alias)
	})
}

// Setting is one setting as it is in force.
type Setting struct {
	Key   string `json:"key" example:"invitation_lifetime"`
	Type  string `json:"type" enum:"choice,list,switch,number,duration,role"`
	Value string `json:"value" doc:"A list with commas, a duration such as 72h, a role's key." example:"72h"`
	Name  string `json:"name"`
	Help  string `json:"help"`
}

func (a *API) listSettings(c *call, in *InAccount) (*listed[Setting], error) {
	account, err := a.enter(c, in.CustomerID, "account:view")
	if err != nil {
		return nil, err
	}
	var s profile.Settings
	err = a.view(c, func(tx *db.Tx) (err error) {
		s, err = org.Settings(tx, a.Profiles, account.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &listed[Setting]{}
	for _, d := range profile.Definitions() {
		out.Body.Items = append(out.Body.Items, Setting{d.Key, string(d.Type), s.Value(d.Key), lang.T(c.v.Lang, "setting."+d.Key), lang.T(c.v.Lang, "setting."+d.Key+".help")})
	}
	return out, nil
}

func (a *API) getAccount(c *call, in *InAccount) (*accountOut, error) {
	account, err := a.enter(c, in.CustomerID, "")
	if err != nil {
		return nil, err
	}
	return &accountOut{tag(account.Version), accountOf(account.Account)}, nil
}

type createAccountIn struct {
	InAccount
	Body struct {
		Name        string `json:"name" maxLength:"100" example:"Corner Shop"`
		CustomerID  string `json:"customer_id" maxLength:"32" example:"SHOP-43"`
		Kind        string `json:"kind" enum:"facilitator,partner,merchant" example:"merchant"`
		Parent      string `json:"parent,omitempty" doc:"Id or customer ID of the entity above; without it the account of the address." example:"SHOP-42"`
		Alias       string `json:"alias,omitempty" maxLength:"100" example:"The corner"`
		Environment string `json:"environment" enum:"test,live" example:"live"`
		Profile     string `json:"profile,omitempty" doc:"Without it, standard." example:"standard"`
		FirstName   string `json:"first_name,omitempty" maxLength:"100" doc:"Of the first administrator. Mandatory as the profile says, and so are last name and phone." example:"Ada"`
		LastName    string `json:"last_name,omitempty" maxLength:"100" example:"Lovelace"`
		Email       string `json:"email" maxLength:"254" example:"ada@example.com"`
		Phone       string `json:"phone,omitempty" maxLength:"32" example:"+41 44 555 01 02"`
		Language    string `json:"language,omitempty" enum:"en,fr" example:"en"`
	} `nameHint:"NewAccount"`
}

// CreatedAccount tells what was made.
type CreatedAccount struct {
	ID            string `json:"id" example:"acc_355c06m61fbe6bnepsk8mvrwym"`
	CustomerID    string `json:"customer_id" example:"SHOP-43"`
	Administrator string `json:"administrator" doc:"The first administrator's user id."`
}

type createdAccountOut struct {
	Location string `header:"Location"`
	Body     CreatedAccount
}

func (a *API) createAccount(c *call, in *createAccountIn) (*createdAccountOut, error) {
	operator, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	kind, _ := access.ParseKind(b.Kind)
	made, userID, err := a.People.Board(c.ctx, c.v.Who, operator.ID, people.Boarding{
		Account: org.New{Kind: kind, ParentID: b.Parent, Name: b.Name, CustomerID: b.CustomerID, Alias: b.Alias, Environment: b.Environment, Profile: b.Profile},
		First:   people.Invitee{FirstName: b.FirstName, LastName: b.LastName, Email: b.Email, Phone: b.Phone, Language: b.Language},
	})
	if err != nil {
		return nil, err
	}
	return &createdAccountOut{"/api/v1/accounts/" + made.CustomerID, CreatedAccount{made.ID, made.CustomerID, userID}}, nil
}

// PermissionInfo is an entry of the catalogue.
type PermissionInfo struct {
	Permission     string `json:"permission" example:"transactions:export"`
	Name           string `json:"name"`
	Section        string `json:"section"`
	NeedsTwoFactor bool   `json:"needs_two_factor"`
	Dangerous      bool   `json:"dangerous" doc:"Whoever gives it acknowledges so."`
	StepUp         bool   `json:"step_up" doc:"The sign-in must be fresh."`
	Located        bool   `json:"located" doc:"Its resources have a location."`
	OwnAccount     bool   `json:"own_account" doc:"In a live account, for that account's own people."`
	DirectPayment  bool   `json:"direct_payment" doc:"Never through a higher level."`
	MinLevel       string `json:"min_level,omitempty" doc:"The lowest level whose people may hold it."`
	Grantable      bool   `json:"grantable" doc:"May be in a custom role."`
	Registered     bool   `json:"registered" doc:"Of a registered resource type, which is its section."`
}

// listPermissions gives the catalogue to everybody, and what is registered beside it
// to those who see roles, policies or resource types where they are signed in.
func (a *API) listPermissions(c *call, _ *struct{}) (*listed[PermissionInfo], error) {
	out := &listed[PermissionInfo]{}
	list, err := a.registeredFor(c)
	if err != nil {
		return nil, err
	}
	for _, p := range append(access.Permissions(), list...) {
		i := p.Info()
		out.Body.Items = append(out.Body.Items, PermissionInfo{p.String(), lang.Permission(c.v.Lang, p.String()), i.Section, i.NeedsTwoFactor, i.Dangerous, i.StepUp, i.Located,
			i.OwnAccount, i.DirectPayment, i.MinLevel.String(), !i.Ungrantable, i.Registered})
	}
	return out, nil
}
