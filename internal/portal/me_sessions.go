package portal

import (
	"net/http"

	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/signin"
	"countersign/internal/web"
)

// Where somebody is signed in, and how they came in: under Your account, and for
// administrators.

func (p *Portal) mySessionRoutes() []web.Route {
	return []web.Route{
		{Pattern: "POST " + MySessionsPath + "/{session}/sign-out", Handle: p.doEndMySession},
		{Pattern: "POST " + EndMyOthersPath, Handle: p.doEndMyOthers},
	}
}

// sessionsShown is how many sessions a page shows.
const sessionsShown = 50

// sessionRows are the newest of somebody's sessions, and how many there are
// besides; current is the reference of the viewer's own.
func (p *Portal) sessionRows(tag lang.Tag, list []signin.Session, current string, end func(ref string) string) (rows []SessionRow, more int) {
	for _, s := range list {
		if len(rows) == sessionsShown && s.Ref != current {
			more++
			continue
		}
		row := SessionRow{Whence: p.whence(tag, s.Device(), s.IP), Begun: moment(s.CreatedAt), Used: moment(s.SeenAt), Current: s.Ref == current, EndHref: end(s.Ref)}
		if row.Current {
			row.EndHref = SignOutPath
		}
		rows = append(rows, row)
	}
	return rows, more
}

// whence is a device and where it is.
func (p *Portal) whence(tag lang.Tag, d signin.Device, ip string) Whence {
	place := p.Places.Of(ip, tag)
	return Whence{Browser: d.Browser, System: d.System, Mobile: d.Mobile, Place: place.Name, Near: place.Near, IP: ip}
}

// myHistory are the last times that the viewer came in, or somebody tried to.
func (p *Portal) myHistory(tx *db.Tx, v *web.Visit) (rows []SignInRow, err error) {
	list, err := signin.History(tx, v.Who.ID)
	for _, s := range list {
		row := SignInRow{Whence: p.whence(v.Lang, s.Device, s.IP), At: moment(s.At), Refused: s.Refused, Times: s.Times}
		for _, how := range s.How {
			if key := "portal.how." + how; lang.Has(key) {
				row.How = append(row.How, lang.T(v.Lang, key))
			}
		}
		if s.Refused {
			row.Cause = lang.Known(v.Lang, "portal.refused."+s.Cause, lang.T(v.Lang, "portal.refused.other"))
		}
		rows = append(rows, row)
	}
	return rows, err
}

func (p *Portal) doEndMySession(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	if _, err := web.Form(r); err != nil {
		return err
	}
	if err := p.Door.EndSession(r.Context(), v.Who, r.PathValue("session")); err != nil {
		return err
	}
	if r.PathValue("session") == v.Who.Ref {
		web.DropCookie(w, web.SessionCookie)
		return to(w, r, SignInPath)
	}
	p.flash(w, v, Done, "session_ended")
	return to(w, r, MePath+"#sessions")
}

func (p *Portal) doEndMyOthers(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	if _, err := web.Form(r); err != nil {
		return err
	}
	if err := p.Door.EndOthers(r.Context(), v.Who); err != nil {
		return err
	}
	p.flash(w, v, Done, "sessions_ended")
	return to(w, r, MePath+"#sessions")
}

// myPassword is the form that changes the viewer's password, for whoever has
// confirmed who they are.
func (p *Portal) myPassword(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	view, err := p.myPasswordView(w, r, v)
	if err != nil {
		return err
	}
	return p.show(w, view)
}

func (p *Portal) myPasswordView(w http.ResponseWriter, r *http.Request, v *web.Visit) (view MyPasswordView, err error) {
	rules, err := p.Door.NextPassword(r.Context(), v.Who)
	if err != nil {
		return view, err
	}
	view.MinLength = rules.Length
	view.Page, err = p.myPage(w, r, v)
	return view, err
}

func (p *Portal) doPassword(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "password", "username")
	if err != nil {
		return err
	}
	if err := p.Door.ChangePassword(r.Context(), v.Who, f.Get("password")); err != nil {
		view, problem := p.myPasswordView(w, r, v)
		if problem != nil {
			return problem
		}
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	p.flash(w, v, Done, "password_changed")
	return to(w, r, MePath)
}
