package portal

import (
	"net/http"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/web"
)

func (p *Portal) doorRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /{$}", Needs: web.Anybody, Handle: p.frontDoor},
		{Pattern: "GET " + AssetsPath, Needs: web.Anybody, Handle: p.asset},
		{Pattern: "GET " + HelpPath, Needs: web.Anybody, Handle: p.help},
		{Pattern: "GET " + SignInPath, Needs: web.Anybody, Handle: p.signIn},
		{Pattern: "POST " + SignInPath, Needs: web.Anybody, Handle: p.doSignIn},
		{Pattern: "POST " + PasskeyPath, Needs: web.Anybody, Handle: p.doPasskey},
		{Pattern: "GET " + AfterPasskeyPath, Needs: web.Anybody, Handle: p.afterPasskey},
		{Pattern: "POST " + AfterPasskeyPath, Needs: web.Anybody, Handle: p.doAfterPasskey},
		{Pattern: "GET " + CodePath, Needs: web.Anybody, Handle: p.code},
		{Pattern: "POST " + CodePath, Needs: web.Anybody, Handle: p.doCode},
		{Pattern: "GET " + SetupPath, Needs: web.Anybody, Handle: p.setup},
		{Pattern: "POST " + SetupPath, Needs: web.Anybody, Handle: p.doSetup},
		{Pattern: "POST " + SetupKeyPath, Needs: web.Anybody, Handle: p.doSetupKey},
		{Pattern: "GET " + CodesPath, Needs: web.Anybody, Handle: p.codes},
		{Pattern: "POST " + CodesPath, Needs: web.Anybody, Handle: p.doCodes},
		{Pattern: "POST " + SignOutPath, Needs: web.Anybody, Handle: p.signOut},
		{Pattern: "GET " + ActivatePath + "/{token}", Needs: web.Anybody, Handle: p.link},
		{Pattern: "GET " + ActivatePath, Needs: web.Anybody, Handle: p.activate},
		{Pattern: "POST " + ActivatePath, Needs: web.Anybody, Handle: p.doActivate},
		{Pattern: "GET " + EmailLinkPath + "/{token}", Needs: web.Anybody, Handle: p.emailLink},
		{Pattern: "GET " + EmailLinkPath, Needs: web.Anybody, Handle: p.confirmEmail},
		{Pattern: "POST " + EmailLinkPath, Needs: web.Anybody, Handle: p.doConfirmEmail},
		{Pattern: "POST " + LanguagePath, Needs: web.Anybody, Handle: p.language},
		{Pattern: "POST " + ThemePath, Needs: web.Anybody, Handle: p.theme},
	}
}

func (p *Portal) asset(w http.ResponseWriter, r *http.Request, _ *web.Visit) error {
	if !p.Assets.Has(r.URL.Path) {
		return fault.None("page")
	}
	p.Assets.ServeHTTP(w, r)
	return nil
}

func (p *Portal) help(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	s, _ := p.Profiles.Get("standard")
	return p.show(w, HelpView{Page: p.frame(w, r, v), MinLength: s.Settings.PasswordLength})
}

// frontDoor leads to the home page of the account the session is in, or to sign-in.
func (p *Portal) frontDoor(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	if v.Session == nil {
		return to(w, r, SignInPath)
	}
	return p.toHome(w, r, v.Session.AccountID)
}

func (p *Portal) toHome(w http.ResponseWriter, r *http.Request, accountID string) error {
	var a org.Account
	err := p.reading(r, func(tx *db.Tx) (err error) {
		a, _, err = org.AccountByID(tx, accountID)
		return err
	})
	if err != nil {
		return err
	}
	return to(w, r, InAccount(a.CustomerID).Home())
}

func (p *Portal) signIn(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	q, err := web.Query(r, "next", "ended", "kept")
	if err != nil {
		return err
	}
	if v.Session != nil {
		return to(w, r, FrontDoorPath)
	}
	view, err := p.signInView(w, r, v, next(q.Get("next")))
	view.Ended, view.Kept = q.Get("ended") == "1", q.Get("kept") == "1"
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// signInView is the sign-in page, with a passkey on offer where there are any.
func (p *Portal) signInView(w http.ResponseWriter, r *http.Request, v *web.Visit, onward string) (SignInView, error) {
	options, err := p.Door.PasskeyOptions()
	return SignInView{Page: p.frame(w, r, v), Next: onward, Passkey: string(options)}, err
}

// signInAgain shows the sign-in page with what was refused.
func (p *Portal) signInAgain(w http.ResponseWriter, r *http.Request, v *web.Visit, err error, identifier, onward string) error {
	view, problem := p.signInView(w, r, v, onward)
	if problem != nil {
		return problem
	}
	return p.again(w, err, func(form Form) View {
		view.Form, view.Identifier = form, identifier
		return view
	})
}

func (p *Portal) doSignIn(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "identifier", "password", "next")
	if err != nil {
		return err
	}
	onward := next(f.Get("next"))
	step, err := p.Door.Start(r.Context(), v.Who, f.Get("identifier"), f.Get("password"))
	if err != nil {
		return p.signInAgain(w, r, v, err, f.Get("identifier"), onward)
	}
	return p.onward(w, r, v, step, onward)
}

// stepPaths are where the steps on the way in have their pages.
var stepPaths = map[string]string{signin.NextCode: CodePath, signin.NextPassword: AfterPasskeyPath, signin.NextSetup: SetupPath, signin.NextCodes: CodesPath, signin.NextChange: RenewPath}

// onward goes where a step leads: to its page, or in.
func (p *Portal) onward(w http.ResponseWriter, r *http.Request, v *web.Visit, step signin.Step, after string) error {
	if path, ok := stepPaths[step.Next]; ok {
		web.SetCookie(w, web.ChallengeCookie, step.Challenge.Reveal(), true)
		return to(w, r, with(path, pairs("next", after)))
	}
	web.DropCookie(w, web.ChallengeCookie)
	if err := p.Edge.StartSession(w, r, v, step.Session); err != nil {
		return err
	}
	if after != "" {
		return to(w, r, after)
	}
	return p.toHome(w, r, step.AccountID)
}

func challengeOf(r *http.Request) seal.Secret { return seal.Secret(web.Cookie(r, web.ChallengeCookie)) }

func (p *Portal) signOut(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	if _, err := web.Form(r); err != nil {
		return err
	}
	if err := p.Door.SignOut(r.Context(), v.Who, seal.Secret(web.Cookie(r, web.SessionCookie))); err != nil {
		return err
	}
	for _, c := range []string{web.SessionCookie, web.ChallengeCookie, web.LinkCookie, web.EmailCookie, web.ResetCookie, web.FlashCookie, web.DraftCookie} {
		web.DropCookie(w, c)
	}
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	v.Session = nil
	return p.show(w, SignedOutView{Page: p.frame(w, r, v)})
}

// link takes the token out of the address at once: it goes on in a cookie.
// Nothing is spent, so that a mail scanner that follows links does no harm. What
// cannot be a token is no cookie's value.
func (p *Portal) link(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	return takeToken(w, r, web.LinkCookie, ActivatePath)
}

func takeToken(w http.ResponseWriter, r *http.Request, cookie, onward string) error {
	if token := r.PathValue("token"); seal.LooksLikeToken(token) {
		web.SetCookie(w, cookie, token, false)
	} else {
		web.DropCookie(w, cookie)
	}
	return to(w, r, onward)
}

func (p *Portal) activate(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	return p.showActivate(w, r, v, Form{}, http.StatusOK)
}

func (p *Portal) showActivate(w http.ResponseWriter, r *http.Request, v *web.Visit, form Form, status int) error {
	l, err := p.Door.Link(r.Context(), seal.Secret(web.Cookie(r, web.LinkCookie)))
	if err != nil {
		return err
	}
	page := p.frame(w, r, v)
	page.Me, page.Account = nil, nil // the link's person, not whoever is signed in here
	if l.Lang != "" && web.Cookie(r, web.LangCookie) == "" {
		page.Lang = l.Lang
		web.SetCookie(w, web.LangCookie, string(l.Lang), false) // for the pages that follow, up to the session
	}
	if l.Problem != "" {
		return p.showAs(w, http.StatusGone, LinkView{Page: page, State: linkState(l.Problem), At: moment(l.At)})
	}
	return p.showAs(w, status, ActivateView{Page: page, Form: form, Name: l.FirstName, Identifier: l.Identifier, AccountName: l.Account,
		MinLength: l.MinLength, HasPassword: l.HasPassword})
}

func linkState(problem string) LinkState {
	states := map[string]LinkState{"link_used": LinkUsed, "link_replaced": LinkReplaced, "link_deactivated": LinkDeactivated, "link_expired": LinkExpired}
	if s, ok := states[problem]; ok {
		return s
	}
	return LinkUnknown
}

func (p *Portal) doActivate(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "password", "username")
	if err != nil {
		return err
	}
	step, err := p.Door.Activate(r.Context(), v.Who, seal.Secret(web.Cookie(r, web.LinkCookie)), f.Get("password"))
	switch refused := fault.From(err); {
	case err == nil:
		web.DropCookie(w, web.LinkCookie)
		return p.onward(w, r, v, step, "")
	case refused.Kind == fault.Gone:
		return p.showActivate(w, r, v, Form{}, http.StatusGone)
	case refused.Kind == fault.Invalid || refused.Kind == fault.Unauthenticated || refused.Kind == fault.Busy && refused.Code == "busy":
		return p.showActivate(w, r, v, Form{Refusal: refused}, refused.Kind.Status())
	}
	return err
}

func (p *Portal) language(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "language", "back")
	if err != nil {
		return err
	}
	tag, ok := lang.Parse(f.Get("language"))
	if !ok {
		return fault.In("language", "language")
	}
	web.SetCookie(w, web.LangCookie, string(tag), false)
	if v.Session != nil {
		if err := p.People.SetLanguage(r.Context(), v.Who, tag); err != nil {
			return err
		}
	}
	return back(w, r, f.Get("back"))
}

func (p *Portal) theme(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "theme", "back")
	if err != nil {
		return err
	}
	chosen := oneOf(f.Get("theme"), "auto", "light", "dark")
	if chosen == "" {
		return fault.In("theme", "theme")
	}
	web.SetCookie(w, web.ThemeCookie, chosen, false)
	if v.Session != nil {
		if err := p.People.SetTheme(r.Context(), v.Who, chosen); err != nil {
			return err
		}
	}
	return back(w, r, f.Get("back"))
}

// back returns to the page that a form stood on.
func back(w http.ResponseWriter, r *http.Request, address string) error {
	for _, door := range []string{SignInPath, ActivatePath, CodePath, SetupPath, CodesPath, AfterPasskeyPath, EmailLinkPath, RenewPath, ForgottenPath, ResetPath, ResetDonePath} {
		if address == door {
			return to(w, r, address)
		}
	}
	if address = next(address); address == "" {
		address = FrontDoorPath
	}
	return to(w, r, address)
}
