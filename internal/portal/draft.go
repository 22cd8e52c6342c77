package portal

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"countersign/internal/seal"
	"countersign/internal/web"
)

// What somebody typed is not lost when their session ran out in mid-form: it is
// kept sealed, without passwords and codes, and stands in the form again once
// they have signed in. It is never sent by itself: they look, and send it.

// itself is the page of a form that is sent to its own address.
func itself(r *http.Request) string { return r.URL.Path }

// under is the page of a form that is sent to the list it adds to: users/new for users.
func under(name string) func(*http.Request) string {
	return func(r *http.Request) string { return r.URL.Path + "/" + name }
}

// secretFields are never kept, whatever form they stand in.
var secretFields = append([]string{"password"}, proofFields...)

// keep keeps what was sent to a form's route by somebody whose session has run
// out, and gives the page to come back to; "" when there is nothing to keep.
func (p *Portal) keep(w http.ResponseWriter, r *http.Request) (page string) {
	form := p.forms[r.Pattern]
	if form == nil || r.ParseForm() != nil {
		return ""
	}
	page = next(form(r))
	if page == "" || !p.keepDraft(w, r, page, r.PostForm) {
		return ""
	}
	return page
}

func (p *Portal) keepDraft(w http.ResponseWriter, r *http.Request, page string, typed url.Values) bool {
	for _, name := range secretFields {
		typed.Del(name)
	}
	token, err := p.Door.KeepDraft(r.Context(), seal.Secret(web.Cookie(r, web.SessionCookie)), page, typed)
	if err != nil || token == "" {
		return false // then it is as without drafts: they are told that their session has ended
	}
	web.SetCookie(w, web.DraftCookie, token.Reveal(), true)
	return true
}

// typed is what the viewer had typed into the form of this page before their
// session ran out; nil when there is nothing.
func (p *Portal) typed(r *http.Request, v *web.Visit) (url.Values, error) {
	values, err := p.Door.Draft(r.Context(), v.Who, seal.Secret(web.Cookie(r, web.DraftCookie)), r.URL.Path)
	return values, err
}

// sending forgets the draft of a form that is sent now.
func (p *Portal) sending(form func(*http.Request) string, handle web.Handle) web.Handle {
	return func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		token := seal.Secret(web.Cookie(r, web.DraftCookie))
		if token == "" {
			return handle(w, r, v)
		}
		kept, err := p.Door.Draft(r.Context(), v.Who, token, form(r))
		if err != nil {
			return err
		}
		if kept != nil {
			if err := p.Door.DropDraft(r.Context(), v.Who, token); err != nil {
				return err
			}
			web.DropCookie(w, web.DraftCookie)
		}
		return handle(w, r, v)
	}
}

// sessionRoutes are what pages ask by themselves while they are open.
func (p *Portal) sessionRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + web.SessionTimePath, Handle: p.sessionTime},
		{Pattern: "POST " + StayPath, Handle: p.stay},
		{Pattern: "POST " + DraftPath, Needs: web.Anybody, Handle: p.draft},
	}
}

// sessionTime tells how many seconds the session still has, and is no use of it.
func (p *Portal) sessionTime(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	idle, ends := sessionLeft(v, p.DB.Now())
	w.Header().Set("Content-Type", "application/json")
	_, err := w.Write([]byte(`{"idle":` + strconv.Itoa(idle) + `,"ends":` + strconv.Itoa(ends) + `}`))
	_ = err // the page went away
	return nil
}

// stay is somebody who answers the warning: asking is a use of the session.
func (p *Portal) stay(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	if _, err := web.Form(r); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// draft takes what stands in a form whose session runs out while its page is
// open. It keeps it and does nothing else.
func (p *Portal) draft(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	q, err := web.Query(r, "page")
	if err != nil {
		return err
	}
	page, _, _ := strings.Cut(next(q.Get("page")), "?")
	if err := r.ParseForm(); err != nil {
		return err
	}
	if page == "" || !p.keepDraft(w, r, page, r.PostForm) {
		w.WriteHeader(http.StatusGone)
		return nil
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}
