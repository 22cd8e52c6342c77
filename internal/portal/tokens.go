package portal

import (
	"cmp"
	"net/http"
	"strconv"
	"time"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/web"
)

func (p *Portal) tokenRoutes() []web.Route {
	const tokens = "/a/{customer}/service-tokens"
	return []web.Route{
		{Pattern: "GET " + tokens, Handle: p.tokens},
		{Pattern: "GET " + tokens + "/new", Handle: p.newToken},
		{Pattern: "POST " + tokens, Handle: p.doNewToken, Form: under("new")},
		{Pattern: "GET " + tokens + "/{token}/revocation", Handle: p.revocation},
		{Pattern: "POST " + tokens + "/{token}/revocation", Handle: p.doRevocation, Form: itself},
	}
}

func (p *Portal) tokens(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionServiceTokens, "service_tokens:view")
	if err != nil {
		return err
	}
	view := TokensView{Page: i.page, MayMake: i.may("service_tokens:create"), MayRevoke: i.may("service_tokens:revoke")}
	err = p.reading(r, func(tx *db.Tx) error {
		list, err := org.Tokens(tx, i.account.ID)
		if err != nil {
			return err
		}
		var ids []string
		for _, t := range list {
			ids = append(ids, t.CreatedBy, t.RevokedBy)
		}
		names, err := people.Names(tx, ids)
		for _, t := range list {
			view.Rows = append(view.Rows, TokenRow{ID: t.ID, Name: t.Name, Kind: t.Kind, Created: moment(t.CreatedAt), CreatedBy: names[t.CreatedBy], Expires: moment(t.ExpiresAt),
				LastUsed: moment(t.SeenAt), Revoked: moment(t.RevokedAt), RevokedBy: names[t.RevokedBy], Expired: t.RevokedAt == 0 && !t.Works(tx.Now)})
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// tokenDays are the lives that the form offers, in days; 0 is without end.
var tokenDays = []int{30, 90, 365, 0}

func (p *Portal) newToken(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionServiceTokens, "service_tokens:create")
	if err != nil {
		return err
	}
	view := NewTokenView{Page: i.page, Kind: org.Decisions, Kinds: org.TokenKinds(), Days: 365, Choices: tokenDays}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		view.Kept, view.Name, view.Kind = true, typed.Get("name"), cmp.Or(typed.Get("kind"), view.Kind)
		if days, err := strconv.Atoi(typed.Get("expires")); err == nil {
			view.Days = days
		}
	}
	return p.show(w, view)
}

func (p *Portal) doNewToken(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionServiceTokens, "service_tokens:create")
	if err != nil {
		return err
	}
	f, err := web.Form(r, "kind", "name", "expires")
	if err != nil {
		return err
	}
	days, bad := strconv.Atoi(f.Get("expires"))
	if bad != nil || days < 0 || days > 3650 {
		days, err = 365, fault.In("expires", "token_expiry")
	}
	var expires time.Time
	if days > 0 {
		expires = time.UnixMicro(p.DB.Now()).AddDate(0, 0, days)
	}
	var made org.Token
	kind := cmp.Or(f.Get("kind"), org.Decisions)
	if err == nil {
		token, secret, problem := p.Org.CreateToken(r.Context(), v.Who, i.account.ID, kind, f.Get("name"), expires)
		if made, err = token, problem; err == nil {
			return p.show(w, TokenMadeView{Page: i.page, Name: made.Name, Kind: made.Kind, Token: secret.Reveal(), Expires: moment(made.ExpiresAt)})
		}
	}
	return p.again(w, err, func(form Form) View {
		return NewTokenView{Page: i.page, Form: form, Kind: kind, Kinds: org.TokenKinds(), Name: f.Get("name"), Days: days, Choices: tokenDays}
	})
}

func (p *Portal) revocationView(r *http.Request, v *web.Visit, i inside) (ConfirmView, error) {
	var t org.Token
	err := p.reading(r, func(tx *db.Tx) error {
		var found bool
		var err error
		if t, found, err = org.TokenByID(tx, i.account.ID, r.PathValue("token")); err == nil && !found {
			err = fault.None("service_token")
		}
		if err == nil && t.RevokedAt != 0 {
			err = fault.New(fault.Conflict, "already_revoked")
		}
		return err
	})
	if fault.CodeOf(err) == "not_found" {
		err = p.none(r, v, i.account.ID, "service_token", r.PathValue("token"), "service_token")
	}
	at := i.page.To()
	return ConfirmView{Page: i.page, Act: RevokeToken, Subject: t.Name, Action: at.RevokeServiceToken(t.ID), Back: at.ServiceTokens(), TypeName: true}, err
}

func (p *Portal) revocation(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionServiceTokens, "service_tokens:revoke")
	if err != nil {
		return err
	}
	view, err := p.revocationView(r, v, i)
	if err != nil {
		return err
	}
	if err := p.typedConfirm(r, v, &view); err != nil {
		return err
	}
	return p.show(w, view)
}

// typedConfirm puts back what was typed on a page that confirms. The version
// stays the one that was seen then.
func (p *Portal) typedConfirm(r *http.Request, v *web.Visit, view *ConfirmView) error {
	typed, err := p.typed(r, v)
	if err != nil || typed == nil {
		return err
	}
	view.Kept, view.Reason, view.Typed = true, typed.Get("reason"), typed.Get("name")
	if seen := typed.Get("revision"); seen != "" {
		view.Revision = seen
	}
	return nil
}

func (p *Portal) doRevocation(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionServiceTokens, "service_tokens:revoke")
	if err != nil {
		return err
	}
	f, err := web.Form(r, "name")
	if err != nil {
		return err
	}
	view, err := p.revocationView(r, v, i)
	if err != nil {
		return err
	}
	view.Typed = f.Get("name")
	if err := typedName(view.Typed, view.Subject); err != nil {
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	if err := p.Org.RevokeToken(r.Context(), v.Who, i.account.ID, r.PathValue("token")); err != nil {
		return err
	}
	p.flash(w, v, Done, "token_revoked", "name", view.Subject)
	return to(w, r, i.page.To().ServiceTokens())
}
