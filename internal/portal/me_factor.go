package portal

import (
	"net/http"
	"slices"
	"strconv"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/web"
)

// What people do with their own second factors. What needs fresh authentication
// leads to ConfirmPath by itself (Portal.Answer) and from there back.

func (p *Portal) myFactorRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + ConfirmPath, Handle: p.confirmMe},
		{Pattern: "POST " + ConfirmPath, Handle: p.doConfirmMe},
		{Pattern: "GET " + MyNewAppPath, Handle: p.newApp},
		{Pattern: "POST " + MyNewAppPath, Handle: p.doNewApp},
		{Pattern: "GET " + MyNewKeyPath, Handle: p.newKey},
		{Pattern: "POST " + MyNewKeyPath, Handle: p.doNewKey},
		{Pattern: "GET " + MyFactorsPath + "/{factor}", Handle: p.myFactor},
		{Pattern: "POST " + MyFactorsPath + "/{factor}", Handle: p.doRenameFactor, Form: itself},
		{Pattern: "GET " + MyFactorsPath + "/{factor}/removal", Handle: p.removal},
		{Pattern: "POST " + MyFactorsPath + "/{factor}/removal", Handle: p.doRemoveFactor},
		{Pattern: "GET " + MyCodesPath, Handle: p.newCodes},
		{Pattern: "POST " + MyCodesPath, Handle: p.doNewCodes},
	}
}

func myWays(m signin.Mine) MyWays {
	ways := MyWays{Codes: m.RecoveryCodes, CodesSince: moment(m.RecoverySince), Again: m.SetUpAgain,
		MayApp: slices.Contains(m.May, signin.KindApp), MayKey: slices.Contains(m.May, signin.KindKey)}
	for _, f := range m.Factors {
		ways.List = append(ways.List, MyFactorRow{f.ID, f.Kind, f.Name, f.Passkey, f.Needed, moment(f.CreatedAt), moment(f.LastUsedAt)})
	}
	return ways
}

// confirmMe asks who it is once more (A6).
func (p *Portal) confirmMe(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	q, err := web.Query(r, "next", "with")
	if err != nil {
		return err
	}
	return p.showConfirmMe(w, r, v, Form{}, http.StatusOK, q.Get("with"), next(q.Get("next")))
}

func (p *Portal) showConfirmMe(w http.ResponseWriter, r *http.Request, v *web.Visit, form Form, status int, way, onward string) error {
	q, err := p.Door.AskAgain(r.Context(), v.Who)
	if err != nil {
		return err
	}
	page, err := p.myPage(w, r, v)
	if err != nil {
		return err
	}
	return p.showAs(w, status, ConfirmMeView{Page: page, Form: form,
		Ways: Ways{Kind: chosen(way, q.Kinds), Kinds: q.Kinds, Key: string(q.Key), At: ConfirmPath, Next: onward}})
}

// myPage is a page of Your account, framed in the account that the session is in.
func (p *Portal) myPage(w http.ResponseWriter, r *http.Request, v *web.Visit) (Page, error) {
	page := p.frame(w, r, v)
	err := p.reading(r, func(tx *db.Tx) (err error) { page.Account, page.Menu, err = p.myFrame(tx, v); return err })
	return page, err
}

func (p *Portal) doConfirmMe(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, append(proofFields, "password", "username", "next")...)
	if err != nil {
		return err
	}
	onward := next(f.Get("next"))
	if onward == "" {
		onward = MePath
	}
	if err := p.Door.Confirm(r.Context(), v.Who, f.Get("password"), proofOf(f.Get)); err != nil {
		refused := fault.From(err)
		if refused.Kind != fault.Invalid && refused.Code != "ceremony_ended" && refused.Code != "busy" {
			return err
		}
		return p.showConfirmMe(w, r, v, Form{Refusal: refused}, refused.Kind.Status(), f.Get("with"), onward)
	}
	return to(w, r, onward)
}

// newApp shows the key of an app to add, the same as often as it is loaded.
func (p *Portal) newApp(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	return p.showNewApp(w, r, v, Form{}, http.StatusOK, "")
}

func (p *Portal) showNewApp(w http.ResponseWriter, r *http.Request, v *web.Visit, form Form, status int, called string) error {
	app, token, err := p.Door.NewApp(r.Context(), v.Who, challengeOf(r))
	if err != nil {
		return err
	}
	web.SetCookie(w, web.ChallengeCookie, token.Reveal(), true)
	page, err := p.myPage(w, r, v)
	if err != nil {
		return err
	}
	return p.showAs(w, status, NewAppView{Page: page, Form: form, AppSteps: AppSteps{app.QRPNG, app.Key.Reveal()}, Called: called})
}

func (p *Portal) doNewApp(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "code", "name")
	if err != nil {
		return err
	}
	err = p.Door.AddApp(r.Context(), v.Who, challengeOf(r), f.Get("code"), f.Get("name"))
	return p.factorDone(w, r, v, err, "factor_added", func(form Form, status int) error {
		return p.showNewApp(w, r, v, form, status, f.Get("name"))
	})
}

// factorDone goes back to Your account when something was done, and shows the
// page once more when what was sent was wrong.
func (p *Portal) factorDone(w http.ResponseWriter, r *http.Request, v *web.Visit, err error, said string, again func(Form, int) error) error {
	switch refused := fault.From(err); {
	case err == nil:
		web.DropCookie(w, web.ChallengeCookie)
		p.flash(w, v, Done, said)
		return to(w, r, MePath)
	case refused.Kind == fault.Invalid || refused.Kind == fault.Conflict || refused.Code == "wrong_code" || refused.Code == "ceremony_ended" || refused.Code == "challenge_ended":
		return again(Form{Refusal: refused}, refused.Kind.Status())
	}
	return err
}

func (p *Portal) newKey(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	return p.showNewKey(w, r, v, Form{}, http.StatusOK, "")
}

func (p *Portal) showNewKey(w http.ResponseWriter, r *http.Request, v *web.Visit, form Form, status int, called string) error {
	options, err := p.Door.NewKey(r.Context(), v.Who)
	if err != nil {
		return err
	}
	page, err := p.myPage(w, r, v)
	if err != nil {
		return err
	}
	return p.showAs(w, status, NewKeyView{Page: page, Form: form, KeyOptions: string(options), Called: called})
}

func (p *Portal) doNewKey(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "credential", "name")
	if err != nil {
		return err
	}
	err = p.Door.AddKey(r.Context(), v.Who, f.Get("credential"), f.Get("name"))
	return p.factorDone(w, r, v, err, "factor_added", func(form Form, status int) error {
		return p.showNewKey(w, r, v, form, status, f.Get("name"))
	})
}

// mine are the viewer's second factors.
func (p *Portal) mine(r *http.Request, v *web.Visit) (mine signin.Mine, err error) {
	err = p.reading(r, func(tx *db.Tx) (err error) {
		mine, err = p.Door.Factors(tx, v.Who)
		return err
	})
	return mine, err
}

// oneOfMine is a second factor of the viewer, for its pages: for whoever has
// confirmed who they are.
func (p *Portal) oneOfMine(w http.ResponseWriter, r *http.Request, v *web.Visit) (page Page, row MyFactorRow, revision string, last bool, err error) {
	if !v.Who.Fresh {
		return page, row, "", false, fault.New(fault.Forbidden, "needs_fresh")
	}
	mine, err := p.mine(r, v)
	if err != nil {
		return page, row, "", false, err
	}
	i := slices.IndexFunc(mine.Factors, func(f signin.OwnFactor) bool { return f.ID == r.PathValue("factor") })
	if i < 0 {
		return page, row, "", false, fault.None("factor")
	}
	page, err = p.myPage(w, r, v)
	return page, myWays(mine).List[i], strconv.FormatInt(mine.Factors[i].Version, 10), len(mine.Factors) == 1, err
}

func (p *Portal) myFactor(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	page, row, revision, _, err := p.oneOfMine(w, r, v)
	if err != nil {
		return err
	}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	view := MyFactorView{Page: page, Row: row, Called: row.Name, Revision: revision}
	if typed != nil {
		view.Kept, view.Called, view.Revision = true, typed.Get("name"), typed.Get("revision")
	}
	return p.show(w, view)
}

func (p *Portal) doRenameFactor(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "name", "revision")
	if err != nil {
		return err
	}
	page, row, _, _, err := p.oneOfMine(w, r, v)
	if err != nil {
		return err
	}
	err = p.Door.RenameFactor(r.Context(), v.Who, row.ID, revision(f.Get("revision")), f.Get("name"))
	return p.factorDone(w, r, v, err, "factor_renamed", func(form Form, status int) error {
		return p.showAs(w, status, MyFactorView{Page: page, Form: form, Row: row, Called: f.Get("name"), Revision: f.Get("revision")})
	})
}

func (p *Portal) removal(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	page, row, revision, last, err := p.oneOfMine(w, r, v)
	if err != nil {
		return err
	}
	if row.Needed {
		return fault.New(fault.Conflict, "last_factor")
	}
	return p.show(w, RemoveFactorView{Page: page, Row: row, Last: last, Revision: revision})
}

func (p *Portal) doRemoveFactor(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "revision")
	if err != nil {
		return err
	}
	page, row, _, last, err := p.oneOfMine(w, r, v)
	if err != nil {
		return err
	}
	err = p.Door.RemoveFactor(r.Context(), v.Who, row.ID, revision(f.Get("revision")))
	return p.factorDone(w, r, v, err, "factor_removed", func(form Form, status int) error {
		return p.showAs(w, status, RemoveFactorView{Page: page, Form: form, Row: row, Last: last, Revision: f.Get("revision")})
	})
}

func (p *Portal) newCodes(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	if !v.Who.Fresh {
		return fault.New(fault.Forbidden, "needs_fresh")
	}
	mine, err := p.mine(r, v)
	if err != nil {
		return err
	}
	if len(mine.Factors) == 0 {
		return fault.New(fault.Conflict, "no_factor")
	}
	page, err := p.myPage(w, r, v)
	if err != nil {
		return err
	}
	return p.show(w, NewCodesView{Page: page, Left: mine.RecoveryCodes})
}

// doNewCodes makes the codes and shows them, in this answer alone.
func (p *Portal) doNewCodes(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	if _, err := web.Form(r); err != nil {
		return err
	}
	codes, err := p.Door.MakeRecoveryCodes(r.Context(), v.Who)
	if err != nil {
		return err
	}
	page, err := p.myPage(w, r, v)
	if err != nil {
		return err
	}
	return p.show(w, CodesView{Page: page, Codes: reveal(codes)})
}

func reveal(codes []seal.Secret) (list []string) {
	for _, c := range codes {
		list = append(list, c.Reveal())
	}
	return list
}
