package api

import (
	"net/http"
	"time"

	"countersign/internal/db"
	"countersign/internal/org"
)

const tokensPath = accountPath + "/service-tokens"

func (a *API) tokenRoutes() {
	const group = "Service tokens"
	operation(a, Operation{Method: http.MethodGet, Path: tokensPath, Permission: "service_tokens:view"},
		about{id: "list-service-tokens", tag: group, summary: "The account's service tokens, the newest first"}, a.listTokens)
	operation(a, Operation{Method: http.MethodPost, Path: tokensPath, Permission: "service_tokens:create"},
		about{id: "create-service-token", tag: group, summary: "Make a service token", text: "The token itself is in this answer and never again.", status: http.StatusCreated}, a.createToken)
	operation(a, Operation{Method: http.MethodDelete, Path: tokensPath + "/{id}", Permission: "service_tokens:revoke"},
		about{id: "revoke-service-token", tag: group, summary: "Revoke a service token", text: "Its very next use is refused.", status: http.StatusNoContent}, a.revokeToken)
}

// ServiceToken is a token with which a service asks for decisions.
type ServiceToken struct {
	ID         string `json:"id" example:"tok_355c06m61fbe6bnepsk8mvrwym"`
	Name       string `json:"name"`
	Kind       string `json:"kind" enum:"decisions,resources" doc:"decisions: asks the decision API; resources: stores, reads and removes resources of registered types."`
	Token      string `json:"token,omitempty" doc:"Shown once, when it is made."`
	CreatedAt  moment `json:"created_at"`
	CreatedBy  string `json:"created_by"`
	ExpiresAt  moment `json:"expires_at,omitzero"`
	LastUsedAt moment `json:"last_used_at,omitzero" doc:"To the minute."`
	RevokedAt  moment `json:"revoked_at,omitzero"`
	RevokedBy  string `json:"revoked_by,omitempty"`
}

func tokenOf(t org.Token) ServiceToken {
	return ServiceToken{ID: t.ID, Name: t.Name, Kind: t.Kind, CreatedAt: moment(t.CreatedAt), CreatedBy: t.CreatedBy,
		ExpiresAt: moment(t.ExpiresAt), LastUsedAt: moment(t.SeenAt), RevokedAt: moment(t.RevokedAt), RevokedBy: t.RevokedBy}
}

func (a *API) listTokens(c *call, in *listIn) (*listed[ServiceToken], error) {
	account, err := a.enter(c, in.CustomerID, "service_tokens:view")
	if err != nil {
		return nil, err
	}
	after, limit, err := in.open(a, c)
	if err != nil {
		return nil, err
	}
	var list []org.Token
	err = a.view(c, func(tx *db.Tx) (err error) {
		list, err = org.Tokens(tx, account.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	id := func(t org.Token) string { return t.ID }
	return page(a, c, from(list, after, id), limit, tokenOf, id)
}

type createTokenIn struct {
	InAccount
	Body struct {
		Kind      string `json:"kind,omitempty" enum:"decisions,resources" doc:"Without it, decisions." example:"decisions"`
		Name      string `json:"name" maxLength:"100" example:"payment gateway"`
		ExpiresAt moment `json:"expires_at,omitzero" doc:"At most five years ahead; without it the token does not expire." example:"2027-01-01T00:00:00Z"`
	} `nameHint:"NewServiceToken"`
}

type tokenOut struct {
	Location string `header:"Location"`
	Body     ServiceToken
}

func (a *API) createToken(c *call, in *createTokenIn) (*tokenOut, error) {
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	if in.Body.Kind == "" {
		in.Body.Kind = org.Decisions
	}
	var expires time.Time
	if in.Body.ExpiresAt != 0 {
		expires = time.UnixMicro(int64(in.Body.ExpiresAt))
	}
	t, secret, err := a.Org.CreateToken(c.ctx, c.v.Who, account.ID, in.Body.Kind, in.Body.Name, expires)
	if err != nil {
		return nil, err
	}
	out := &tokenOut{"/api/v1/accounts/" + account.CustomerID + "/service-tokens/" + t.ID, tokenOf(t)}
	out.Body.Token = secret.Reveal()
	return out, nil
}

type tokenIn struct {
	InAccount
	ID string `path:"id" doc:"The token's id, never the token." example:"tok_355c06m61fbe6bnepsk8mvrwym"`
}

func (a *API) revokeToken(c *call, in *tokenIn) (*struct{}, error) {
	account, err := a.account(c, in.CustomerID)
	if err != nil {
		return nil, err
	}
	return nothing(a.Org.RevokeToken(c.ctx, c.v.Who, account.ID, in.ID))
}
