package api

import (
	"net/http"

	"countersign/internal/seal"
	"countersign/internal/web"
)

func (a *API) emailRoutes() {
	const group = "Confirming an address"
	operation(a, Operation{Method: http.MethodPost, Path: "/api/v1/email-change/lookup", Needs: web.Anybody},
		about{id: "look-at-email-link", tag: group, summary: "See what a link that confirms an address is for", text: "Spends nothing. The token goes in the body: no secret stands in an address."}, a.lookAtEmailLink)
	operation(a, Operation{Method: http.MethodPost, Path: "/api/v1/email-change", Needs: web.Anybody},
		about{id: "confirm-email", tag: group, summary: "Confirm an address, which spends the link", text: "When the address changes, every session of its person ends."}, a.confirmEmail)
}

// EmailLink is what a link that confirms an address is for. With a problem only
// that is told.
type EmailLink struct {
	Problem     string `json:"problem,omitempty" enum:"link_unknown,link_used,link_dropped,link_expired"`
	At          moment `json:"at,omitzero" doc:"When it was used or expired, where that is known."`
	Language    string `json:"language,omitempty" enum:"en,fr"`
	Email       string `json:"email,omitempty" doc:"The new address."`
	AccountName string `json:"account_name,omitempty"`
	Old         bool   `json:"old,omitzero" doc:"The link went to the old address."`
	Both        bool   `json:"both,omitzero" doc:"The old and the new address must confirm it."`
	ExpiresAt   moment `json:"expires_at,omitzero"`
}

type emailLinkOut struct{ Body EmailLink }

func (a *API) lookAtEmailLink(c *call, in *linkIn) (*emailLinkOut, error) {
	l, err := a.People.LookAtEmailLink(c.ctx, seal.Secret(in.Body.Token))
	if err != nil {
		return nil, err
	}
	return &emailLinkOut{EmailLink{l.Problem, moment(l.At), string(l.Lang), l.Address, l.Account, l.Old, l.Both, moment(l.ExpiresAt)}}, nil
}

// EmailConfirmed is what came of a confirmation.
type EmailConfirmed struct {
	Email string `json:"email" doc:"The new address."`
	Done  bool   `json:"done" doc:"The address has changed; else the other one must confirm it too."`
}

type emailConfirmedOut struct{ Body EmailConfirmed }

func (a *API) confirmEmail(c *call, in *linkIn) (*emailConfirmedOut, error) {
	out, err := a.People.ConfirmEmail(c.ctx, c.v.Who, seal.Secret(in.Body.Token))
	if err != nil {
		return nil, err
	}
	return &emailConfirmedOut{EmailConfirmed{out.Address, out.Done}}, nil
}
