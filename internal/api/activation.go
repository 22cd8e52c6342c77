package api

import (
	"net/http"

	"countersign/internal/seal"
	"countersign/internal/web"
)

func (a *API) activationRoutes() {
	const group = "Activation"
	operation(a, Operation{Method: http.MethodPost, Path: "/api/v1/activation/lookup", Needs: web.Anybody},
		about{id: "look-at-link", tag: group, summary: "See what an invitation's link is for", text: "Spends nothing. The token goes in the body: no secret stands in an address."}, a.lookAtLink)
	operation(a, Operation{Method: http.MethodPost, Path: "/api/v1/activation", Needs: web.Anybody},
		about{id: "activate", tag: group, summary: "Choose or confirm the password, which spends the link"}, a.activate)
}

// Link is what an invitation's link is for. With a problem only that is told.
type Link struct {
	Problem     string `json:"problem,omitempty" enum:"link_unknown,link_used,link_replaced,link_deactivated,link_expired"`
	At          moment `json:"at,omitzero" doc:"When it was used or expired, where that is known."`
	Language    string `json:"language,omitempty" enum:"en,fr"`
	FirstName   string `json:"first_name,omitempty"`
	Identifier  string `json:"identifier,omitempty" doc:"Under which the person will sign in."`
	CustomerID  string `json:"customer_id,omitempty"`
	AccountName string `json:"account_name,omitempty"`
	ExpiresAt   moment `json:"expires_at,omitzero"`
	HasPassword bool   `json:"has_password,omitzero" doc:"The person confirms the password they have."`
	MinLength   int    `json:"min_length,omitzero" doc:"Of a password they choose."`
}

type linkIn struct {
	Body struct {
		Token string `json:"token" maxLength:"100" doc:"The last part of the link."`
	} `nameHint:"LinkToken"`
}

type linkOut struct{ Body Link }

func (a *API) lookAtLink(c *call, in *linkIn) (*linkOut, error) {
	l, err := a.Edge.Door.Link(c.ctx, seal.Secret(in.Body.Token))
	if err != nil {
		return nil, err
	}
	return &linkOut{Link{Problem: l.Problem, At: moment(l.At), Language: string(l.Lang), FirstName: l.FirstName, Identifier: l.Identifier,
		CustomerID: l.CustomerID, AccountName: l.Account, ExpiresAt: moment(l.ExpiresAt), HasPassword: l.HasPassword, MinLength: l.MinLength}}, nil
}

type activateIn struct {
	Body struct {
		Token    string `json:"token" maxLength:"100" doc:"The last part of the link."`
		Password string `json:"password" maxLength:"1000" text:"any"`
	} `nameHint:"Activation"`
}

func (a *API) activate(c *call, in *activateIn) (*stepOut, error) {
	step, err := a.Edge.Door.Activate(c.ctx, c.v.Who, seal.Secret(in.Body.Token), in.Body.Password)
	return a.onward(c, step, err)
}
