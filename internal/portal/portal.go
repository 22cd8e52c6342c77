package portal

import (
	"bytes"
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/resource"
	"countersign/internal/roles"
	"countersign/internal/signin"
	"countersign/internal/web"
)

// Portal serves the pages. A handler parses its request, calls one use case, and
// renders a view; it decides nothing itself.
type Portal struct {
	Edge      *web.Edge
	DB        *db.DB
	Live      *access.Live
	Profiles  profile.Profiles
	Audit     *audit.Log
	Org       *org.Org
	Roles     *roles.Roles
	Resources *resource.Resources
	People    *people.People
	Door      *signin.Door
	Help      *signin.Help
	Places    *signin.Places // nil: network addresses are not placed

	Assets   *Assets
	Renderer *Renderer

	forms map[string]func(*http.Request) string // by pattern, the page of the form that is sent there; from Routes
}

// Routes are the portal's addresses.
func (p *Portal) Routes() []web.Route {
	var all []web.Route
	for _, group := range [][]web.Route{p.doorRoutes(), p.resetRoutes(), p.sessionRoutes(), p.homeRoutes(), p.userListRoutes(), p.userRoutes(), p.roleRoutes(), p.policyRoutes(), p.matrixRoutes(), p.toxicRoutes(), p.adjustRoutes(), p.activityRoutes(),
		p.treeRoutes(), p.entityRoutes(), p.settingsRoutes(), p.accountRoutes(), p.tokenRoutes(), p.typeRoutes(), p.userPropertyRoutes(), p.recordRoutes(), p.searchRoutes(), p.meRoutes()} {
		all = append(all, group...)
	}
	p.forms = map[string]func(*http.Request) string{}
	for i := range all {
		if form := all[i].Form; form != nil {
			p.forms[all[i].Pattern], all[i].Handle = form, p.sending(form, all[i].Handle)
		}
	}
	return append(all, web.Route{Pattern: "/", Needs: web.Anybody, Handle: func(_ http.ResponseWriter, r *http.Request, _ *web.Visit) error {
		return fault.None("page")
	}})
}

// show renders a page, whole or not at all.
func (p *Portal) show(w http.ResponseWriter, v View) error { return p.showAs(w, http.StatusOK, v) }

func (p *Portal) showAs(w http.ResponseWriter, status int, v View) error {
	var b bytes.Buffer
	if err := p.Renderer.Render(&b, v); err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", string(v.frame().Lang))
	w.WriteHeader(status)
	_, err := b.WriteTo(w)
	if err != nil {
		return nil // the browser went away; there is nobody to tell
	}
	return nil
}

// again shows a form once more with what was refused and what was typed. What is
// no matter of the form is an error of its own.
func (p *Portal) again(w http.ResponseWriter, err error, v func(Form) View) error {
	f := fault.From(err)
	switch f.Kind {
	case fault.Invalid, fault.Conflict, fault.Forbidden, fault.Unauthenticated, fault.Stale, fault.Busy, fault.TooMany:
	default:
		return err
	}
	if f.Kind == fault.Forbidden && len(f.Fields) == 0 || f.Code == "session_ended" || f.Code == "sign_in_first" || f.Code == "database_away" {
		return err
	}
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", "2")
	}
	return p.showAs(w, f.Kind.Status(), v(Form{Refusal: named(f)}))
}

// fieldNames are the inputs that are called otherwise than the use case calls them.
var fieldNames = map[string]string{"acknowledged": "acknowledge", "expires_at": "expires"}

func named(f *fault.Error) *fault.Error {
	out := *f
	out.Fields = nil
	for _, field := range f.Fields {
		if n := fieldNames[field.Name]; n != "" {
			field.Name = n
		}
		out.Fields = append(out.Fields, field)
	}
	return &out
}

// frame is the part of every page that does not depend on an account.
func (p *Portal) frame(w http.ResponseWriter, r *http.Request, v *web.Visit) Page {
	page := Page{Lang: v.Lang, Zone: time.UTC, Theme: theme(web.Cookie(r, web.ThemeCookie)), Here: here(r), RequestID: v.Who.RequestID}
	if v.Session == nil {
		return page
	}
	s := v.Session
	page.Me = &Viewer{ID: s.UserID, Name: cmp.Or(s.Name(), s.Email, s.Username), Identifier: identifier(s.Email, s.Username)}
	page.Theme = theme(s.Theme)
	if zone, err := time.LoadLocation(s.TimeZone); err == nil {
		page.Zone = zone
	}
	page.Flash = p.takeFlash(w, r, v)
	page.IdleIn, page.EndsIn = sessionLeft(v, p.DB.Now())
	return page
}

// sessionLeft is how many seconds the session lives on if nothing more comes,
// and in any case.
func sessionLeft(v *web.Visit, now int64) (idle, ends int) {
	left := func(at int64) int { return max(int((at-now)/1e6), 0) }
	return left(v.Session.IdleAt), left(v.Session.ExpiresAt)
}

func identifier(email, username string) string {
	if email != "" {
		return email
	}
	return username
}

func theme(word string) Theme { return Theme(oneOf(word, string(Light), string(Dark))) }

// here is where language and theme come back to: this page when it can be asked
// for again.
func here(r *http.Request) string {
	if r.Method != http.MethodGet {
		return r.URL.Path
	}
	for _, link := range []string{ActivatePath, EmailLinkPath, ResetPath} {
		if strings.HasPrefix(r.URL.Path, link+"/") {
			return r.URL.Path
		}
	}
	return r.URL.RequestURI()
}

// inside is a page in an account, for somebody who may open it.
type inside struct {
	account  org.Account
	snapshot *access.Snapshot
	q        access.Question // of the viewer in this account
	held     access.Set
	page     Page
}

// may tells whether the viewer holds a permission somewhere in the account.
func (i inside) may(permission string) bool { return i.held.Has(access.MustParse(permission)) }

// asks is the viewer's question about a permission.
func (i inside) asks(permission string) access.Question {
	q := i.q
	q.Permission = access.MustParse(permission)
	return q
}

// none refuses what is not there for the viewer, and records that it was asked for.
func (p *Portal) none(r *http.Request, v *web.Visit, accountID, kind, id, what string) error {
	e := audit.Entry{Action: audit.PageRefused, AccountID: accountID, Kind: kind, ID: id}
	return p.Audit.Refuse(r.Context(), v.Who, e, fault.None(what))
}

// enter opens the account of the address for a section. permission "" asks only
// that the viewer has anything there at all. A refusal is recorded; an account
// that the viewer has nothing in is one that is not there, and both are recorded
// alike, in the log of the viewer's own account.
func (p *Portal) enter(w http.ResponseWriter, r *http.Request, v *web.Visit, section Section, permission string) (inside, error) {
	i, found := inside{snapshot: p.Live.Load()}, false
	err := p.DB.View(r.Context(), func(tx *db.Tx) error {
		var err error
		i.account, found, err = org.AccountByCustomerID(tx, r.PathValue("customer"))
		i.q = org.Question(tx, v.Who, i.account.ID)
		return err
	})
	if err != nil {
		return i, err
	}
	if !found || org.Outside(i.snapshot, i.q) {
		return i, p.none(r, v, v.Who.AccountID, "page", cut(r.URL.EscapedPath()), "account")
	}
	v.Account = i.account.CustomerID
	i.held = access.Held(i.snapshot, i.q)
	if permission == "" {
		permission = "home:view"
		if !i.everHeld().Empty() {
			i.page = p.framed(w, r, v, section, i)
			return i, nil
		}
	}
	q := i.asks(permission)
	if d := access.May(i.snapshot, q); !d.Allowed {
		e := audit.Entry{Action: audit.PageRefused, AccountID: i.account.ID, Kind: "page", ID: cut(r.URL.EscapedPath())}
		return i, p.Audit.Refuse(r.Context(), v.Who, e, org.Refusal(i.snapshot, q, d))
	}
	i.page = p.framed(w, r, v, section, i)
	return i, nil
}

// cut keeps an address that somebody made up short.
func cut(path string) string { return path[:min(len(path), 200)] }

// everHeld is what the viewer would hold here with a second factor.
func (i inside) everHeld() access.Set {
	q := i.q
	q.SecondFactor, q.Fresh = true, true
	return access.Held(i.snapshot, q)
}

func (p *Portal) framed(w http.ResponseWriter, r *http.Request, v *web.Visit, section Section, i inside) Page {
	page := p.frame(w, r, v)
	ref := accountRef(i.account)
	ref.Current = true
	page.Account = &ref
	page.Menu = BuildMenu(page.To(), section, i.may, i.unused()...)
	return page
}

// unused are the places that there is no use for in the account: resource types are
// the platform's to register, and nothing is stored of types that there are none of.
func (i inside) unused() (out []Section) {
	if i.account.Kind != access.Platform {
		out = append(out, SectionTypes)
	}
	if len(i.snapshot.Types()) == 0 {
		out = append(out, SectionRecords)
	}
	return out
}

func accountRef(a org.Account) AccountRef {
	return AccountRef{CustomerID: a.CustomerID, Name: a.Name, Alias: a.Alias, Environment: Environment(a.Environment)}
}

// reading runs f in one consistent view of the database.
func (p *Portal) reading(r *http.Request, f func(*db.Tx) error) error {
	return p.DB.View(r.Context(), f)
}

// moment is a stored time as views carry it.
func moment(micros int64) Moment {
	if micros == 0 {
		return Moment{}
	}
	return time.UnixMicro(micros).UTC()
}

// Answer shows a refusal as a page. It is the web.Answer of the portal.
func (p *Portal) Answer(w http.ResponseWriter, r *http.Request, v *web.Visit, f *fault.Error) {
	if f.Kind == fault.Unauthenticated && (f.Code == "sign_in_first" || f.Code == "session_ended") && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
		http.Redirect(w, r, with(SignInPath, pairs("next", next(here(r)), "ended", map[bool]string{true: "1"}[f.Code == "session_ended"])), http.StatusSeeOther)
		return
	}
	if f.Code == "session_ended" && r.Method == http.MethodPost {
		if page := p.keep(w, r); page != "" {
			http.Redirect(w, r, with(SignInPath, pairs("next", page, "ended", "1", "kept", "1")), http.StatusSeeOther)
			return
		}
	}
	if f.Code == "needs_fresh" && v.Session != nil {
		http.Redirect(w, r, with(ConfirmPath, pairs("next", cmp.Or(p.keep(w, r), next(here(r))))), http.StatusSeeOther)
		return
	}
	view := ErrorView{Page: p.frame(w, r, v), Fault: f, Back: FrontDoorPath}
	if i, ok := p.around(w, r, v); ok {
		view.Page, view.Back = i.page, i.page.To().Home()
		if f.Permission != "" {
			view.Why = i.page.To().Explain(v.Who.ID, ExplainFilter{Permission: f.Permission, Entity: i.account.CustomerID, Factor: map[bool]string{true: "yes", false: "no"}[v.Who.SecondFactor]})
		}
		if f.Code == "missing_permission" {
			view.Granted = p.granters(r.Context(), i.account)
		}
	}
	if err := p.showAs(w, f.Kind.Status(), view); err != nil {
		http.Error(w, lang.Sentence(v.Lang, f), f.Kind.Status())
	}
}

// around is the account that a refusal happened in, for the frame of its page:
// only for somebody who holds anything there.
func (p *Portal) around(w http.ResponseWriter, r *http.Request, v *web.Visit) (i inside, ok bool) {
	if v.Session == nil || v.Account == "" {
		return i, false
	}
	i.snapshot = p.Live.Load()
	err := p.reading(r, func(tx *db.Tx) error {
		var found bool
		var err error
		i.account, found, err = org.AccountByCustomerID(tx, v.Account)
		i.q = org.Question(tx, v.Who, i.account.ID)
		ok = found && !i.everHeld().Empty()
		return err
	})
	if err != nil || !ok {
		return i, false
	}
	i.held = access.Held(i.snapshot, i.q)
	i.page = p.framed(w, r, v, SectionNone, i)
	return i, true
}

// granters names people who can give a permission in an account: its active
// administrators. The page is complete without them.
func (p *Portal) granters(ctx context.Context, a org.Account) []string {
	var names []string
	_ = p.DB.View(ctx, func(tx *db.Tx) (err error) {
		names, err = people.Administrators(tx, a.ID, 5)
		return err
	})
	return names
}

// next is an address of this portal to open after signing in; anything else is
// none, so that nobody is led elsewhere.
func next(address string) string {
	if len(address) > 500 || !strings.HasPrefix(address, "/") || strings.HasPrefix(address, "//") || strings.Contains(address, `\`) {
		return ""
	}
	if _, err := url.ParseRequestURI(address); err != nil { // controls, and what no server would read
		return ""
	}
	for _, door := range []string{SignInPath, SignOutPath, ActivatePath, EmailLinkPath, ForgottenPath, ResetPath} {
		if address == door || strings.HasPrefix(address, door+"/") || strings.HasPrefix(address, door+"?") {
			return ""
		}
	}
	return address
}

func to(w http.ResponseWriter, r *http.Request, address string) error {
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}
