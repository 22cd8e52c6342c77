package portal

import (
	"net/http"
	"strconv"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/web"
)

func (p *Portal) newAccount(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionAccounts, "accounts:create")
	if err != nil {
		return err
	}
	values, err := web.Query(r, "parent")
	if err != nil {
		return err
	}
	view, parent := NewAccountView{Page: i.page, Kind: "merchant", Environment: Live, Profile: profile.Standard, Language: string(v.Lang)}, values.Get("parent")
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		view, parent = readAccount(i, typed), typed.Get("parent")
		view.Kept = true
	}
	if err := p.accountForm(r, i, parent, &view); err != nil {
		return err
	}
	return p.show(w, view)
}

// accountForm offers what an account may be and where it may stand.
func (p *Portal) accountForm(r *http.Request, i inside, parent string, view *NewAccountView) error {
	view.Kinds, view.Profiles = []string{"merchant", "partner", "facilitator"}, p.Profiles.Names()
	if pr, ok := p.Profiles.Get(view.Profile); ok {
		view.Must = people.MandatoryOf(pr.Settings)
	}
	return p.reading(r, func(tx *db.Tx) (err error) {
		view.ParentPicker, err = p.parents(tx, i, "accounts:create", access.Platform, access.Partner, parent, view.Find)
		return err
	})
}

// readAccount is the form as it was typed.
func readAccount(i inside, f form) NewAccountView {
	return NewAccountView{Page: i.page, Name: f.Get("name"), CustomerID: f.Get("customer_id"), Alias: f.Get("alias"), Kind: f.Get("kind"), Environment: Environment(f.Get("environment")),
		Profile: f.Get("profile"), FirstName: f.Get("first_name"), LastName: f.Get("last_name"), Email: f.Get("email"), Phone: f.Get("phone"), Language: f.Get("language"),
		ParentPicker: ParentPicker{Find: f.Get("find_parent")}}
}

func (p *Portal) doNewAccount(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionAccounts, "accounts:create")
	if err != nil {
		return err
	}
	f, err := web.Form(r, "name", "customer_id", "alias", "kind", "parent", "find_parent", "environment", "profile", "first_name", "last_name", "email", "phone", "language")
	if err != nil {
		return err
	}
	view := readAccount(i, f)
	var a org.Account
	if view.Find == "" {
		kind, _ := access.ParseKind(view.Kind)
		a, _, err = p.People.Board(r.Context(), v.Who, i.account.ID, people.Boarding{
			Account: org.New{Kind: kind, ParentID: f.Get("parent"), Name: view.Name, CustomerID: view.CustomerID, Alias: view.Alias, Environment: string(view.Environment), Profile: view.Profile},
			First:   people.Invitee{FirstName: view.FirstName, LastName: view.LastName, Email: view.Email, Phone: view.Phone, Language: view.Language},
		})
	}
	if err == nil && view.Find == "" {
		p.flash(w, v, Done, "account_created", "name", a.Name, "email", view.Email)
		return to(w, r, i.page.To().OneAccount(a.ID))
	}
	if problem := p.accountForm(r, i, f.Get("parent"), &view); problem != nil {
		return problem
	}
	if err == nil {
		return p.show(w, view)
	}
	return p.again(w, err, func(form Form) View { view.Form = form; return view })
}

func (p *Portal) editAccount(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, a, err := p.enterAccount(w, r, v, "accounts:edit")
	if err != nil {
		return err
	}
	view := EditAccountView{Page: i.page, One: accountRow(a), Name: a.Name, Alias: a.Alias, Revision: strconv.FormatInt(a.Version, 10)}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		view.Kept, view.Name, view.Alias, view.Revision = true, typed.Get("name"), typed.Get("alias"), typed.Get("revision")
	}
	return p.show(w, view)
}

func (p *Portal) doEditAccount(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "name", "alias", "revision")
	if err != nil {
		return err
	}
	i, a, err := p.enterAccount(w, r, v, "accounts:edit")
	if err != nil {
		return err
	}
	name, alias := f.Get("name"), f.Get("alias")
	if _, err := p.Org.EditAccount(r.Context(), v.Who, i.account.ID, a.ID, revision(f.Get("revision")), org.AccountEdit{Name: &name, Alias: &alias}); err != nil {
		return p.again(w, err, func(form Form) View {
			return EditAccountView{Page: i.page, Form: form, One: accountRow(a), Name: name, Alias: alias, Revision: f.Get("revision")}
		})
	}
	p.flash(w, v, Done, "account_saved", "name", name)
	return to(w, r, i.page.To().OneAccount(a.ID))
}

// confirmAccount is the page before an account is deactivated or activated.
func (p *Portal) confirmAccount(act Act) web.Handle {
	return func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		i, a, err := p.enterAccount(w, r, v, "accounts:edit")
		if err != nil {
			return err
		}
		view, err := p.accountConfirm(r, v, i, a, act)
		if err == nil {
			err = p.typedConfirm(r, v, &view)
		}
		if err != nil {
			return err
		}
		return p.show(w, view)
	}
}

// accountConfirm says what will happen, and refuses what cannot.
func (p *Portal) accountConfirm(r *http.Request, v *web.Visit, i inside, a org.Listed, act Act) (ConfirmView, error) {
	at := i.page.To()
	view := ConfirmView{Page: i.page, Act: act, Subject: a.Name, Identifier: a.CustomerID, Action: at.AccountAct(a.ID, act), Back: at.OneAccount(a.ID), AskReason: true,
		NeedReason: act == DeactivateAccount, TypeName: act == DeactivateAccount, Revision: strconv.FormatInt(a.Version, 10)}
	if err := switchable(a.Kind, a.ID == i.account.ID, a.Active, act == ActivateAccount); err != nil {
		return view, p.refusing(r, v, i, "account", a.ID, err)
	}
	return view, p.reading(r, func(tx *db.Tx) error {
		accounts, users, err := org.Together(tx, a.Account)
		view.CutAccounts, view.CutUsers = int(accounts), int(users)
		return err
	})
}

// switchable is why an account cannot be made active, or not so, from here.
func switchable(kind access.Kind, own, active, on bool) error {
	switch {
	case kind == access.Platform:
		return fault.New(fault.Conflict, "platform_stays")
	case own:
		return fault.New(fault.Conflict, "account_from_inside")
	case active && on:
		return fault.New(fault.Conflict, "active_already")
	case !active && !on:
		return fault.New(fault.Conflict, "inactive_already")
	}
	return nil
}

// actOnAccount does what was confirmed.
func (p *Portal) actOnAccount(act Act) web.Handle {
	return func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		f, err := web.Form(r, "reason", "name", "revision")
		if err != nil {
			return err
		}
		i, a, err := p.enterAccount(w, r, v, "accounts:edit")
		if err != nil {
			return err
		}
		view, err := p.accountConfirm(r, v, i, a, act)
		if err != nil {
			return err
		}
		view.Reason, view.Typed, view.Revision = f.Get("reason"), f.Get("name"), f.Get("revision")
		do, flash := p.Org.DeactivateAccount, "account_deactivated"
		if act == ActivateAccount {
			do, flash = p.Org.ActivateAccount, "account_activated"
		}
		if view.TypeName {
			err = typedName(view.Typed, a.Name)
		}
		if err == nil {
			err = do(r.Context(), v.Who, i.account.ID, a.ID, revision(view.Revision), view.Reason)
		}
		if err != nil {
			return p.again(w, err, func(form Form) View { view.Form = form; return view })
		}
		p.flash(w, v, Done, flash, "name", a.Name)
		return to(w, r, i.page.To().OneAccount(a.ID))
	}
}

// typedMost bounds what is typed to confirm, in code points: first and last name.
const typedMost = 300

// typedName refuses what is not a name as a page shows it, where spaces that
// follow each other are one; it need not be composed as ours are.
func typedName(text, name string) error {
	clean, _ := lang.Line(text, typedMost)
	if strings.Join(strings.Fields(clean), " ") != strings.Join(strings.Fields(name), " ") {
		return fault.In("name", "type_name", "name", name)
	}
	return nil
}
