package portal

import (
	"net/http"

	"countersign/internal/fault"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/web"
)

// Forgotten passwords, the links that set another one, and the step of a sign-in in
// which another one is chosen.

func (p *Portal) resetRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + ForgottenPath, Needs: web.Anybody, Handle: p.forgotten},
		{Pattern: "POST " + ForgottenPath, Needs: web.Anybody, Handle: p.doForgotten},
		{Pattern: "GET " + ResetPath + "/{token}", Needs: web.Anybody, Handle: p.resetLink},
		{Pattern: "GET " + ResetPath, Needs: web.Anybody, Handle: p.reset},
		{Pattern: "POST " + ResetPath, Needs: web.Anybody, Handle: p.doReset},
		{Pattern: "GET " + ResetDonePath, Needs: web.Anybody, Handle: p.resetDone},
		{Pattern: "GET " + RenewPath, Needs: web.Anybody, Handle: p.renew},
		{Pattern: "POST " + RenewPath, Needs: web.Anybody, Handle: p.doRenew},
	}
}

// outside is a page for whoever is at the door, also when somebody is signed in
// in this browser.
func (p *Portal) outside(w http.ResponseWriter, r *http.Request, v *web.Visit) Page {
	page := p.frame(w, r, v)
	page.Me, page.Account, page.Flash = nil, nil, nil
	return page
}

// forgotten asks for the address (I6), and says afterwards what happens now:
// the same to everybody.
func (p *Portal) forgotten(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	q, err := web.Query(r, "sent")
	if err != nil {
		return err
	}
	return p.show(w, ForgottenView{Page: p.outside(w, r, v), Sent: q.Get("sent") == "1"})
}

func (p *Portal) doForgotten(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "email")
	if err != nil {
		return err
	}
	if err := p.Door.AskReset(r.Context(), v.Who, signin.Forgotten{Email: f.Get("email")}); err != nil {
		return p.again(w, err, func(form Form) View {
			return ForgottenView{Page: p.outside(w, r, v), Form: form, Email: f.Get("email")}
		})
	}
	return to(w, r, with(ForgottenPath, pairs("sent", "1")))
}

// resetLink takes the token out of the address at once, as link does. Nothing is
// spent.
func (p *Portal) resetLink(w http.ResponseWriter, r *http.Request, _ *web.Visit) error {
	return takeToken(w, r, web.ResetCookie, ResetPath)
}

func resetToken(r *http.Request) seal.Secret { return seal.Secret(web.Cookie(r, web.ResetCookie)) }

func (p *Portal) reset(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	return p.showReset(w, r, v, Form{}, http.StatusOK)
}

func (p *Portal) showReset(w http.ResponseWriter, r *http.Request, v *web.Visit, form Form, status int) error {
	l, err := p.Door.LookAtReset(r.Context(), resetToken(r))
	if err != nil {
		return err
	}
	page := p.outside(w, r, v)
	if l.Lang != "" && web.Cookie(r, web.LangCookie) == "" {
		page.Lang = l.Lang
		web.SetCookie(w, web.LangCookie, string(l.Lang), false) // for the pages that follow, up to the session
	}
	if l.Problem != "" {
		return p.showAs(w, http.StatusGone, ResetLinkView{Page: page, State: resetState(l.Problem), At: moment(l.At)})
	}
	return p.showAs(w, status, ResetView{Page: page, Form: form, Identifier: l.Identifier, MinLength: l.MinLength, StaysShut: l.StaysShut})
}

func resetState(problem string) LinkState {
	if problem == "link_ended" {
		return LinkEnded
	}
	return linkState(problem)
}

// doReset spends the link. Whoever is signed in in this browser, and may be
// somebody else, is so no more: the person signs in now.
func (p *Portal) doReset(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "password", "username")
	if err != nil {
		return err
	}
	shut, err := p.Door.Reset(r.Context(), v.Who, resetToken(r), f.Get("password"))
	switch refused := fault.From(err); {
	case err == nil:
	case refused.Kind == fault.Gone:
		return p.showReset(w, r, v, Form{}, http.StatusGone)
	case refused.Kind == fault.Invalid || refused.Code == "busy":
		return p.showReset(w, r, v, Form{Refusal: refused}, refused.Kind.Status())
	default:
		return err
	}
	if err := p.Door.SignOut(r.Context(), v.Who, seal.Secret(web.Cookie(r, web.SessionCookie))); err != nil {
		return err
	}
	for _, c := range []string{web.ResetCookie, web.SessionCookie, web.ChallengeCookie} {
		web.DropCookie(w, c)
	}
	return to(w, r, with(ResetDonePath, pairs("locked", map[bool]string{true: "1"}[shut])))
}

func (p *Portal) resetDone(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	q, err := web.Query(r, "locked")
	if err != nil {
		return err
	}
	return p.show(w, ResetDoneView{Page: p.outside(w, r, v), Locked: q.Get("locked") == "1"})
}

// renew asks for another password before the session begins (U11, A3).
func (p *Portal) renew(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	q, err := web.Query(r, "next")
	if err != nil {
		return err
	}
	onward := next(q.Get("next"))
	if challengeOf(r) == "" {
		return to(w, r, with(SignInPath, pairs("next", onward)))
	}
	return p.showRenew(w, r, v, Form{}, http.StatusOK, onward)
}

func (p *Portal) showRenew(w http.ResponseWriter, r *http.Request, v *web.Visit, form Form, status int, onward string) error {
	asked, err := p.Door.AskRenewal(r.Context(), v.Who, challengeOf(r))
	if fault.CodeOf(err) == "challenge_ended" {
		return p.startOver(w, r, v, err, onward)
	}
	if err != nil {
		return err
	}
	return p.showAs(w, status, RenewView{Page: p.outside(w, r, v), Form: form, Why: asked.Why, Identifier: asked.Identifier, MinLength: asked.MinLength, Next: onward})
}

func (p *Portal) doRenew(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "password", "username", "next")
	if err != nil {
		return err
	}
	onward := next(f.Get("next"))
	step, err := p.Door.Renew(r.Context(), v.Who, challengeOf(r), f.Get("password"))
	if err != nil {
		return p.onStep(w, r, v, err, onward, func(form Form, status int) error { return p.showRenew(w, r, v, form, status, onward) })
	}
	v.Who.ID = step.UserID
	p.flash(w, v, Done, "password_changed")
	return p.onward(w, r, v, step, onward)
}
