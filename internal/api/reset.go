package api

import (
	"net/http"

	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/web"
)

func (a *API) resetRoutes() {
	const group = "Forgotten password"
	const path = "/api/v1/password-reset"
	operation(a, Operation{Method: http.MethodPost, Path: path + "/request", Needs: web.Anybody},
		about{id: "ask-for-reset", tag: group, summary: "Ask for a link that sets another password",
			text: "The answer is the same for every address. Whoever has signed in with it before gets a mail; not more than three an hour.", status: http.StatusNoContent}, a.askReset)
	operation(a, Operation{Method: http.MethodPost, Path: path + "/lookup", Needs: web.Anybody},
		about{id: "look-at-reset", tag: group, summary: "See what a link that sets another password is for", text: "Spends nothing. The token goes in the body: no secret stands in an address."}, a.lookAtReset)
	operation(a, Operation{Method: http.MethodPost, Path: path, Needs: web.Anybody},
		about{id: "reset-password", tag: group, summary: "Set another password, which spends the link",
			text: "Every session of the person ends, and nobody is signed in: they sign in now, with their second factor."}, a.resetPassword)
}

type askResetIn struct {
	Body struct {
		Email string `json:"email" maxLength:"254" example:"ada@example.com"`
	} `nameHint:"ResetRequest"`
}

func (a *API) askReset(c *call, in *askResetIn) (*struct{}, error) {
	return nothing(a.Edge.Door.AskReset(c.ctx, c.v.Who, signin.Forgotten{Email: in.Body.Email}))
}

// ResetLink is what a link that sets another password is for. With a problem only
// that is told.
type ResetLink struct {
	Problem    string `json:"problem,omitempty" enum:"link_unknown,link_used,link_replaced,link_ended,link_expired"`
	At         moment `json:"at,omitzero" doc:"When it was used or expired, where that is known."`
	Language   string `json:"language,omitempty" enum:"en,fr"`
	FirstName  string `json:"first_name,omitempty"`
	Identifier string `json:"identifier,omitempty" doc:"Under which the person signs in."`
	ExpiresAt  moment `json:"expires_at,omitzero"`
	MinLength  int    `json:"min_length,omitzero" doc:"Of the password."`
	StaysShut  bool   `json:"stays_locked,omitzero" doc:"They did not sign in for so long that another password is not enough: an administrator must send the link."`
}

type resetLinkOut struct{ Body ResetLink }

func (a *API) lookAtReset(c *call, in *linkIn) (*resetLinkOut, error) {
	l, err := a.Edge.Door.LookAtReset(c.ctx, seal.Secret(in.Body.Token))
	if err != nil {
		return nil, err
	}
	return &resetLinkOut{ResetLink{l.Problem, moment(l.At), string(l.Lang), l.FirstName, l.Identifier, moment(l.ExpiresAt), l.MinLength, l.StaysShut}}, nil
}

// ResetDone is what came of it.
type ResetDone struct {
	StaysShut bool `json:"stays_locked" doc:"The password is another one, and an administrator must send a link all the same."`
}

type resetDoneOut struct{ Body ResetDone }

func (a *API) resetPassword(c *call, in *activateIn) (*resetDoneOut, error) {
	shut, err := a.Edge.Door.Reset(c.ctx, c.v.Who, seal.Secret(in.Body.Token), in.Body.Password)
	if err != nil {
		return nil, err
	}
	return &resetDoneOut{ResetDone{shut}}, nil
}
