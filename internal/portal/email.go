package portal

import (
	"net/http"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/people"
	"countersign/internal/seal"
	"countersign/internal/web"
)

// emailLink takes the token of a link that confirms an address out of the
// address at once, as link does. Nothing is spent.
func (p *Portal) emailLink(w http.ResponseWriter, r *http.Request, _ *web.Visit) error {
	return takeToken(w, r, web.EmailCookie, EmailLinkPath)
}

// confirmEmail asks whether the address is to be confirmed.
func (p *Portal) confirmEmail(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	l, err := p.People.LookAtEmailLink(r.Context(), emailToken(r))
	if err != nil {
		return err
	}
	view := EmailLinkView{Page: p.linkFrame(w, r, v, l), State: EmailAsk, Address: l.Address, AccountName: l.Account, Old: l.Old, Both: l.Both, At: moment(l.At)}
	if l.Problem != "" {
		view.State = emailState(l.Problem)
		return p.showAs(w, http.StatusGone, view)
	}
	return p.show(w, view)
}

func emailToken(r *http.Request) seal.Secret { return seal.Secret(web.Cookie(r, web.EmailCookie)) }

// linkFrame is the frame of a link's page: in the language of the person whom it
// is for, who need not be whoever is signed in here.
func (p *Portal) linkFrame(w http.ResponseWriter, r *http.Request, v *web.Visit, l people.EmailLink) Page {
	page := p.frame(w, r, v)
	page.Me, page.Account = nil, nil
	if l.Lang != "" && web.Cookie(r, web.LangCookie) == "" {
		page.Lang = l.Lang
	}
	return page
}

func emailState(problem string) EmailLinkState {
	states := map[string]EmailLinkState{"link_used": EmailUsed, "link_dropped": EmailDropped, "link_expired": EmailExpired, "link_taken": EmailTaken}
	if s, ok := states[problem]; ok {
		return s
	}
	return EmailUnknown
}

// doConfirmEmail spends the link.
func (p *Portal) doConfirmEmail(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	if _, err := web.Form(r); err != nil {
		return err
	}
	l, err := p.People.LookAtEmailLink(r.Context(), emailToken(r))
	if err != nil {
		return err
	}
	view := EmailLinkView{Page: p.linkFrame(w, r, v, l), Old: l.Old, Both: l.Both, At: moment(l.At)}
	out, err := p.People.ConfirmEmail(r.Context(), v.Who, emailToken(r))
	if refused := fault.From(err); err != nil && refused.Kind == fault.Gone {
		view.State = emailState(refused.Code)
		return p.showAs(w, http.StatusGone, view)
	}
	if err != nil {
		return err
	}
	web.DropCookie(w, web.EmailCookie)
	view.Address, view.State = out.Address, EmailHalf
	if out.Done {
		view.State = EmailDone
	}
	return p.show(w, view)
}

// ownEmail tells whether the viewer changes their address themselves, and what
// change of it waits.
func (p *Portal) ownEmail(tx *db.Tx, userID string) (may bool, pending *PendingEmail, err error) {
	if may, err = p.People.MayChangeOwn(tx, userID); err != nil {
		return false, nil, err
	}
	c, err := people.OpenEmailChange(tx, "", userID)
	if err != nil || c.ID == "" {
		return may, nil, err
	}
	by, err := people.Names(tx, []string{c.CreatedBy})
	return may, &PendingEmail{Email: c.Email, Until: moment(c.ExpiresAt), By: by[c.CreatedBy]}, err
}

// myEmail is the form with which somebody changes their own address.
func (p *Portal) myEmail(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	view, err := p.myEmailForm(w, r, v)
	if err != nil {
		return err
	}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	view.Email, view.Kept = typed.Get("email"), typed != nil
	return p.show(w, view)
}

func (p *Portal) myEmailForm(w http.ResponseWriter, r *http.Request, v *web.Visit) (MyEmailView, error) {
	page, err := p.myPage(w, r, v)
	may := false
	if err == nil {
		err = p.reading(r, func(tx *db.Tx) (err error) { may, err = p.People.MayChangeOwn(tx, v.Who.ID); return err })
	}
	switch {
	case err != nil:
	case !may:
		err = fault.New(fault.Conflict, "email_by_administrator")
	case !v.Who.Fresh: // A6
		err = fault.New(fault.Forbidden, "needs_fresh")
	}
	return MyEmailView{Page: page, Current: v.Session.Email, Hours: int(people.ConfirmWithin.Hours())}, err
}

func (p *Portal) doMyEmail(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "email")
	if err != nil {
		return err
	}
	view, err := p.myEmailForm(w, r, v)
	if err != nil {
		return err
	}
	if err := p.People.ChangeOwnEmail(r.Context(), v.Who, f.Get("email")); err != nil {
		view.Email = f.Get("email")
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	p.flash(w, v, Done, "own_email_asked", "email", f.Get("email"))
	return to(w, r, MePath)
}

func (p *Portal) doDropMyEmail(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	if _, err := web.Form(r); err != nil {
		return err
	}
	if err := p.People.DropOwnEmailChange(r.Context(), v.Who); err != nil {
		return err
	}
	p.flash(w, v, Done, "own_email_dropped")
	return to(w, r, MePath)
}
