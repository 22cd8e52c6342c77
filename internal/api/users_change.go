package api

import (
	"cmp"
	"net/http"

	"countersign/internal/people"
)

func (a *API) changeRoutes() {
	const group = "Users"
	const none = http.StatusNoContent
	operation(a, Operation{Method: http.MethodPatch, Path: userPath, Permission: "users:edit"},
		about{id: "edit-user", tag: group, summary: "Change what the account keeps of a user", status: none,
			text: "What is not sent stays as it is. Names, phone and language are those of people of this account alone, or who have not come in. The two-factor fields need users:manage_2fa too."}, a.editUser)
	operation(a, Operation{Method: http.MethodDelete, Path: userPath, Permission: "users:delete"},
		about{id: "delete-user", tag: group, summary: "Delete a user from this account, for good", text: "Their other accounts are not touched. An account may have switched this off.", status: none}, a.deleteUser)
	operation(a, Operation{Method: http.MethodPut, Path: userPath + "/email", Permission: "users:edit"},
		about{id: "change-email", tag: group, summary: "Give a user another address",
			text: "Somebody who has come in keeps their address until the new one is confirmed there. An invitation that went to a wrong address goes to the right one, as another user's: the answer has their id."}, a.changeEmail)
	operation(a, Operation{Method: http.MethodDelete, Path: userPath + "/email", Permission: "users:edit"},
		about{id: "drop-email-change", tag: group, summary: "Give up a change of address that is not confirmed yet", status: none}, a.dropEmailChange)
	operation(a, Operation{Method: http.MethodPut, Path: userPath + "/access", Permission: "users:assign_roles"},
		about{id: "set-access", tag: group, summary: "Replace what a user may do", status: none}, a.setAccess)
	operation(a, Operation{Method: http.MethodPost, Path: userPath + "/deactivation", Permission: "users:deactivate"},
		about{id: "deactivate-user", tag: group, summary: "Deactivate a user", text: "Their sessions end at once, and every decision about them in this account is deny.", status: none}, a.deactivate)
	operation(a, Operation{Method: http.MethodDelete, Path: userPath + "/deactivation", Permission: "users:deactivate"},
		about{id: "activate-user", tag: group, summary: "Activate a deactivated user again", status: none}, a.reactivate)
	operation(a, Operation{Method: http.MethodPost, Path: userPath + "/invitation", Permission: "users:create"},
		about{id: "resend-invitation", tag: group, summary: "Send a fresh link", text: "The earlier link is dead from that moment.", status: none}, a.resend)
	operation(a, Operation{Method: http.MethodDelete, Path: userPath + "/invitation", Permission: "users:create"},
		about{id: "deactivate-invitation", tag: group, summary: "Deactivate an invitation", status: none}, a.deactivateInvitation)
	operation(a, Operation{Method: http.MethodDelete, Path: userPath + "/second-factor", Permission: "users:manage_2fa"},
		about{id: "reset-second-factor", tag: group, summary: "Remove a user's second factors", text: "Their recovery codes too. Their sessions end; the next sign-in sets one up.", status: none}, a.resetFactor)
	operation(a, Operation{Method: http.MethodPost, Path: userPath + "/second-factor/renewal", Permission: "users:manage_2fa"},
		about{id: "renew-second-factor", tag: group, summary: "Ask a user to set up their second factor again", text: "At the next sign-in they show the present one and set up another; then the old one goes.", status: none}, a.renewFactor)
}

// Created tells the id of what was made.
type Created struct {
	ID string `json:"id" example:"usr_355c06m61fbe6bnepsk8mvrwym"`
}

type createdOut struct {
	Location string `header:"Location"`
	Body     Created
}

type inviteIn struct {
	InAccount
	Body struct {
		FirstName         string   `json:"first_name,omitempty" maxLength:"100" doc:"Mandatory as the account's settings say, and so are the others that may be left out." example:"Ada"`
		LastName          string   `json:"last_name,omitempty" maxLength:"100" example:"Lovelace"`
		Email             string   `json:"email" maxLength:"254" example:"ada@example.com"`
		Phone             string   `json:"phone,omitempty" maxLength:"32" example:"+41 44 555 01 02"`
		Language          string   `json:"language,omitempty" enum:"en,fr" example:"en"`
		TwoFactorRequired *bool    `json:"two_factor_required,omitempty" nullable:"false" doc:"Where the account leaves it open." example:"true"`
		TwoFactorActions  string   `json:"two_factor_actions,omitempty" enum:"any,totp,webauthn,either,both" doc:"What must be set up, where a second factor is required." example:"any"`
		AllowedIPs        []string `json:"allowed_ips,omitempty" nullable:"false" doc:"Addresses and ranges from which they may act; none is from anywhere." example:"[\"203.0.113.0/24\"]"`
		Roles             []string `json:"roles,omitempty" nullable:"false" doc:"Role ids." example:"[\"rol_355c06m61fbe6bnepsk8mvrwym\"]"`
		AllEntities       bool     `json:"all_entities,omitzero" doc:"All entities of the account."`
		Entities          []string `json:"entities,omitempty" nullable:"false" doc:"Ids or customer IDs, when not all." example:"[\"SHOP-42\"]"`
		Acknowledged      bool     `json:"acknowledged,omitzero" doc:"The dangers of dangerous roles were read."`
	} `nameHint:"Invitee"`
}

func (a *API) inviteUser(c *call, in *inviteIn) (*createdOut, error) {
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	b := in.Body
	id, err := a.People.Invite(c.ctx, c.v.Who, account.ID, people.Invitee{FirstName: b.FirstName, LastName: b.LastName, Email: b.Email, Phone: b.Phone, Language: b.Language,
		TwoFactor: people.TwoFactor{Required: b.TwoFactorRequired, Actions: b.TwoFactorActions}, AllowedIPs: b.AllowedIPs,
		Access: people.Access{Roles: b.Roles, AllEntities: b.AllEntities, Entities: b.Entities, Acknowledged: b.Acknowledged}})
	if err != nil {
		return nil, err
	}
	return &createdOut{"/api/v1/accounts/" + account.CustomerID + "/users/" + id, Created{id}}, nil
}

// changed is the answer of a change to a user: the version that it has now.
type changed struct {
	ETag string `header:"ETag"`
}

// change finds account and version and does the one thing; each raises the version by one.
func (a *API) change(c *call, in OneUser, do func(accountID string, version int64) error) (*changed, error) {
	version, err := c.version()
	if err != nil {
		return nil, err
	}
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	return &changed{tag(version + 1)}, do(account.ID, version)
}

type editUserIn struct {
	OneUser
	Matching
	Body struct {
		FirstName         *string   `json:"first_name,omitempty" nullable:"false" maxLength:"100" example:"Ada"`
		LastName          *string   `json:"last_name,omitempty" nullable:"false" maxLength:"100" example:"Lovelace"`
		Phone             *string   `json:"phone,omitempty" nullable:"false" maxLength:"32" example:"+41 44 555 01 02"`
		Language          *string   `json:"language,omitempty" nullable:"false" enum:"en,fr" example:"en"`
		TwoFactorRequired *bool     `json:"two_factor_required,omitempty" nullable:"false" example:"true"`
		TwoFactorActions  *string   `json:"two_factor_actions,omitempty" nullable:"false" enum:"any,totp,webauthn,either,both" example:"any"`
		AllowedIPs        *[]string `json:"allowed_ips,omitempty" nullable:"false" doc:"The whole list; an empty one is from anywhere." example:"[\"203.0.113.0/24\"]"`
	} `nameHint:"UserChange"`
}

func (a *API) editUser(c *call, in *editUserIn) (*changed, error) {
	b := in.Body
	edits := people.Edits{FirstName: b.FirstName, LastName: b.LastName, Phone: b.Phone, Language: b.Language, AllowedIPs: b.AllowedIPs}
	edits.TwoFactor.Required = b.TwoFactorRequired
	if b.TwoFactorActions != nil {
		edits.TwoFactor.Actions = cmp.Or(*b.TwoFactorActions, "none") // an empty text is none of them
	}
	return a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.People.Edit(c.ctx, c.v.Who, accountID, in.ID, version, edits)
	})
}

func (a *API) deleteUser(c *call, in *changeIn) (*struct{}, error) {
	_, err := a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.People.Delete(c.ctx, c.v.Who, accountID, in.ID, version)
	})
	return nothing(err)
}

type changeEmailIn struct {
	OneUser
	Matching
	Body struct {
		Email string `json:"email" maxLength:"254" example:"ada@example.com"`
	} `nameHint:"EmailChange"`
}

// Readdressed is what came of a change of address.
type Readdressed struct {
	ID        string `json:"id" doc:"Of the user; another one's when an invitation went astray." example:"usr_355c06m61fbe6bnepsk8mvrwym"`
	ExpiresAt moment `json:"expires_at,omitzero" doc:"Until when the new address can be confirmed; left out when there is nothing to confirm."`
}

type readdressedOut struct {
	ETag     string `header:"ETag"`
	Location string `header:"Location"`
	Body     Readdressed
}

func (a *API) changeEmail(c *call, in *changeEmailIn) (*readdressedOut, error) {
	out := &readdressedOut{}
	now, err := a.change(c, in.OneUser, func(accountID string, version int64) error {
		r, err := a.People.ChangeEmail(c.ctx, c.v.Who, accountID, in.ID, version, in.Body.Email)
		out.Body = Readdressed{r.UserID, moment(r.Until)}
		return err
	})
	if err != nil {
		return nil, err
	}
	if out.ETag = now.ETag; out.Body.ID != in.ID {
		out.ETag = tag(1)
	}
	out.Location = "/api/v1/accounts/" + c.v.Account + "/users/" + out.Body.ID
	return out, nil
}

func (a *API) dropEmailChange(c *call, in *changeIn) (*changed, error) {
	return a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.People.DropEmailChange(c.ctx, c.v.Who, accountID, in.ID, version)
	})
}

// AccessChange is what somebody is to be able to do.
type AccessChange struct {
	Roles        []string `json:"roles" nullable:"false" doc:"Role ids." example:"[\"rol_355c06m61fbe6bnepsk8mvrwym\"]"`
	AllEntities  bool     `json:"all_entities,omitzero"`
	Entities     []string `json:"entities,omitempty" nullable:"false" doc:"Ids or customer IDs, when not all." example:"[\"SHOP-42\"]"`
	Acknowledged bool     `json:"acknowledged,omitzero" doc:"The dangers of dangerous roles were read."`
}

func (b AccessChange) access() people.Access {
	return people.Access{Roles: b.Roles, AllEntities: b.AllEntities, Entities: b.Entities, Acknowledged: b.Acknowledged}
}

type setAccessIn struct {
	OneUser
	Matching
	Body AccessChange
}

func (a *API) setAccess(c *call, in *setAccessIn) (*changed, error) {
	return a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.People.ChangeAccess(c.ctx, c.v.Who, accountID, in.ID, version, in.Body.access())
	})
}

// reasonIn is a change to a user that may have a reason.
type reasonIn struct {
	OneUser
	Matching
	Body struct {
		Reason string `json:"reason,omitempty" maxLength:"500" doc:"For the log." example:"left the company"`
	} `nameHint:"Reason"`
}

func (a *API) deactivate(c *call, in *reasonIn) (*changed, error) {
	return a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.People.Deactivate(c.ctx, c.v.Who, accountID, in.ID, version, in.Body.Reason)
	})
}

// changeIn is a change to a user that says all in its address.
type changeIn struct {
	OneUser
	Matching
}

func (a *API) reactivate(c *call, in *changeIn) (*changed, error) {
	return a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.People.Reactivate(c.ctx, c.v.Who, accountID, in.ID, version)
	})
}

func (a *API) resend(c *call, in *changeIn) (*changed, error) {
	return a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.People.Resend(c.ctx, c.v.Who, accountID, in.ID, version)
	})
}

func (a *API) deactivateInvitation(c *call, in *changeIn) (*changed, error) {
	return a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.People.DeactivateInvitation(c.ctx, c.v.Who, accountID, in.ID, version)
	})
}

type resetIn struct {
	OneUser
	Matching
	Reason string `query:"reason" maxLength:"500" doc:"For the log."`
}

func (a *API) resetFactor(c *call, in *resetIn) (*changed, error) {
	return a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.People.ResetFactor(c.ctx, c.v.Who, accountID, in.ID, version, in.Reason)
	})
}

func (a *API) renewFactor(c *call, in *reasonIn) (*changed, error) {
	return a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.People.SetUpAgain(c.ctx, c.v.Who, accountID, in.ID, version, in.Body.Reason)
	})
}
