package portal

import (
	"net/http"
	"net/url"
	"slices"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/web"
)

// details is what a form about a user's details holds.
type details struct {
	FirstName, LastName, Phone, Language string
	TwoFactor                            people.TwoFactor
	AllowedIPs                           string // one a line
	said                                 bool   // the first four were in the form
}

// detailsOf is what a user has.
func (p *Portal) detailsOf(r *http.Request, u user) (details, error) {
	required := u.row.TwoFactorRequired
	d := details{FirstName: u.row.FirstName, LastName: u.row.LastName, Phone: u.row.Phone, Language: string(u.row.Lang),
		TwoFactor: people.TwoFactor{Required: &required, Actions: u.row.TwoFactorActions}}
	err := p.reading(r, func(tx *db.Tx) error {
		list, err := people.Networks(tx, u.row.AccountID, u.row.Member.ID)
		d.AllowedIPs = networkLines(list)
		return err
	})
	return d, err
}

func readDetails(f url.Values) details {
	return details{FirstName: f.Get("first_name"), LastName: f.Get("last_name"), Phone: f.Get("phone"), Language: f.Get("language"), TwoFactor: readFactor(f),
		AllowedIPs: f.Get("allowed_ips"), said: slices.ContainsFunc(personFields, f.Has)}
}

// shared tells whether a user's names, phone and language are theirs alone to
// change: they came in, and work in other accounts too.
func (u user) shared() bool { return u.row.ActivatedAt != 0 && u.row.AccountsOfPerson > 1 }

// edits are what of a form is to be saved: what it did not ask stays as it is.
// Names that it did ask are not dropped unseen when they are no longer for an
// administrator to change: that is refused.
func (d details) edits(i inside, u user) people.Edits {
	var in people.Edits
	if d.said || !u.shared() {
		in.FirstName, in.LastName, in.Phone, in.Language = &d.FirstName, &d.LastName, &d.Phone, &d.Language
	}
	if i.may("users:manage_2fa") {
		if in.TwoFactor = d.TwoFactor; u.settings.TwoFactor == "required" {
			in.TwoFactor.Required = nil
		}
	}
	if slices.Contains(u.settings.IPRules, "user_allow") {
		list := typedLines(d.AllowedIPs)
		in.AllowedIPs = &list
	}
	return in
}

func (d details) view(i inside, u user) EditDetailsView {
	return EditDetailsView{Page: i.page, User: u.head, Must: people.MandatoryOf(u.settings), Shared: u.shared(), FirstName: d.FirstName, LastName: d.LastName,
		Phone: d.Phone, Language: d.Language, MayFactor: i.may("users:manage_2fa"), Factor: factorFieldsOf(u.settings, d.TwoFactor), Networks: networksFieldOf(u.settings, d.AllowedIPs)}
}

// editDetails is the form that changes what the account keeps of a user (U7).
func (p *Portal) editDetails(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:edit")
	if err != nil {
		return err
	}
	if err := u.mayEdit(u.head.MayEditDetails); err != nil {
		return p.refused(r, v, i, u, err)
	}
	now, err := p.detailsOf(r, u)
	if err != nil {
		return err
	}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		view := readDetails(typed).view(i, u)
		view.Kept, view.Revision, view.Seen = true, typed.Get("revision"), typed.Get("seen")
		return p.show(w, view)
	}
	view := now.view(i, u)
	view.Revision, view.Seen = u.revision(), remember(now)
	return p.show(w, view)
}

func (p *Portal) doEditDetails(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:edit")
	if err != nil {
		return err
	}
	f, err := web.Form(r, slices.Concat([]string{"revision", "seen"}, personFields, factorFields)...)
	if err != nil {
		return err
	}
	typed := readDetails(f)
	err = p.People.Edit(r.Context(), v.Who, i.account.ID, u.row.ID(), revision(f.Get("revision")), typed.edits(i, u))
	if err == nil {
		return p.detailsSaved(w, r, v, i, u)
	}
	view := typed.view(i, u)
	view.Revision, view.Seen = f.Get("revision"), f.Get("seen") // what was seen stays what was seen
	if fault.CodeOf(err) == "stale" {
		now, problem := p.detailsOf(r, u)
		if problem != nil {
			return problem
		}
		var was details
		if recall(view.Seen, &was) {
			view.Changed = was.changed(now, u.choices.lang)
		}
		view.Revision, view.Seen = u.revision(), remember(now)
	}
	return p.again(w, err, func(form Form) View { view.Form = form; return view })
}

// detailsSaved says so, by the name that they have now.
func (p *Portal) detailsSaved(w http.ResponseWriter, r *http.Request, v *web.Visit, i inside, u user) error {
	err := p.reading(r, func(tx *db.Tx) error {
		now, err := p.People.Get(tx, i.account, u.row.ID())
		p.flash(w, v, Done, "details_changed", "name", now.Name())
		return err
	})
	if err != nil {
		return err
	}
	return to(w, r, i.page.To().User(u.row.ID()))
}

// changed tells what is different now.
func (d details) changed(now details, tag lang.Tag) []Difference {
	factor := func(t people.TwoFactor) string {
		if t.Required == nil || !*t.Required {
			return lang.T(tag, "portal.no")
		}
		return lang.T(tag, "portal.yes") + " · " + lang.Known(tag, "portal.action."+t.Actions, t.Actions)
	}
	language := func(code string) string { return lang.Known(tag, "value.language."+code, code) }
	return differences([]Difference{
		{"portal.field.first_name", d.FirstName, now.FirstName},
		{"portal.field.last_name", d.LastName, now.LastName},
		{"portal.field.phone", d.Phone, now.Phone},
		{"portal.field.language", language(d.Language), language(now.Language)},
		{"portal.field.two_factor_required", factor(d.TwoFactor), factor(now.TwoFactor)},
		{"portal.field.allowed_ips", join(typedLines(d.AllowedIPs)), join(typedLines(now.AllowedIPs))},
	})
}

// changeEmail is the form that gives a user another address (U7).
func (p *Portal) changeEmail(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterReaddressed(w, r, v)
	if err != nil {
		return err
	}
	if err := u.mayReaddress(); err != nil {
		return p.refused(r, v, i, u, err)
	}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	view := u.emailForm(i)
	if typed != nil {
		view.Kept, view.Email, view.Revision = true, typed.Get("email"), typed.Get("revision")
	}
	return p.show(w, view)
}

// enterReaddressed opens the user whose address is to change. An operator who
// corrects that of the first administrator of an account that was never opened
// need only see them.
func (p *Portal) enterReaddressed(w http.ResponseWriter, r *http.Request, v *web.Visit) (inside, user, error) {
	permission, err := p.appointing(r, v, "users:edit")
	if err != nil {
		return inside{}, user{}, err
	}
	return p.enterUser(w, r, v, permission)
}

// mayReaddress refuses the form to whoever could not send it.
func (u user) mayReaddress() error {
	switch {
	case u.head.MayChangeEmail:
		return nil
	case u.row.DeactivatedAt != 0:
		return fault.New(fault.Conflict, "deactivated_user")
	case u.shared() && !u.head.Self:
		return fault.New(fault.Conflict, "details_of_several_accounts")
	}
	return u.mayEdit(false)
}

func (u user) emailForm(i inside) ChangeEmailView {
	return ChangeEmailView{Page: i.page, User: u.head, Current: u.row.Email, Waiting: u.row.ActivatedAt == 0, Hours: int(people.ConfirmWithin.Hours()), Revision: u.revision()}
}

func (p *Portal) doChangeEmail(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterReaddressed(w, r, v)
	if err != nil {
		return err
	}
	f, err := web.Form(r, "email", "revision")
	if err != nil {
		return err
	}
	out, err := p.People.ChangeEmail(r.Context(), v.Who, i.account.ID, u.row.ID(), revision(f.Get("revision")), f.Get("email"))
	if err != nil {
		view := u.emailForm(i)
		if view.Email = f.Get("email"); fault.CodeOf(err) != "stale" {
			view.Revision = f.Get("revision")
		}
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	code := "email_asked"
	if out.Until == 0 {
		code = "email_corrected"
	}
	p.flash(w, v, Done, code, "email", f.Get("email"))
	return to(w, r, i.page.To().User(out.UserID))
}
