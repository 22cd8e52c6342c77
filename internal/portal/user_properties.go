package portal

import (
	"net/http"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/resource"
	"countersign/internal/web"
)

func (p *Portal) userPropertyRoutes() []web.Route {
	const at = "/a/{customer}/user-properties"
	const one = at + "/{property}"
	return []web.Route{
		{Pattern: "GET " + at, Handle: p.userProperties},
		{Pattern: "POST " + at, Handle: p.doNewUserProperty, Form: itself},
		{Pattern: "GET " + one + "/edit", Handle: p.editUserProperty},
		{Pattern: "POST " + one + "/edit", Handle: p.doEditUserProperty, Form: itself},
		{Pattern: "GET " + one + "/retirement", Handle: p.confirmProperty(RetireProperty)},
		{Pattern: "POST " + one + "/retirement", Handle: p.turnProperty(RetireProperty), Form: itself},
		{Pattern: "GET " + one + "/reinstatement", Handle: p.confirmProperty(ReinstateProperty)},
		{Pattern: "POST " + one + "/reinstatement", Handle: p.turnProperty(ReinstateProperty), Form: itself},
	}
}

// listProperties is the page with the registered properties of users.
func (p *Portal) listProperties(r *http.Request, i inside) (UserPropertiesView, []resource.UserProperty, error) {
	view := UserPropertiesView{Page: i.page, MayManage: i.whole(manageTypes)}
	var list []resource.UserProperty
	err := p.reading(r, func(tx *db.Tx) (err error) {
		list, err = resource.UserProperties(tx)
		return err
	})
	for _, x := range list {
		view.Rows = append(view.Rows, UserPropertyRow{typeProperty(x.Property, x.Title), moment(x.RetiredAt), x.SubjectType})
	}
	return view, list, err
}

// userProperties lists them, with the form for a new one (K2).
func (p *Portal) userProperties(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enterTypes(w, r, v, viewTypes)
	if err != nil {
		return err
	}
	view, _, err := p.listProperties(r, i)
	if err != nil {
		return err
	}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		view.Kept, view.New = true, TypeProperty{Name: typed.Get("name"), Title: typed.Get("title"), Kind: typed.Get("kind"), Vouched: typed.Get("vouched")}
	}
	return p.show(w, view)
}

func (p *Portal) doNewUserProperty(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enterTypes(w, r, v, manageTypes)
	if err != nil {
		return err
	}
	f, err := web.Form(r, "name", "title", "kind", "vouched", "subject_type")
	if err != nil {
		return err
	}
	in := resource.Property{Name: strings.TrimSpace(f.Get("name")), Title: f.Get("title"), Kind: access.ParseValueKind(f.Get("kind")), Vouched: access.ParseVoucher(f.Get("vouched")), SubjectType: strings.TrimSpace(f.Get("subject_type"))}
	if err := p.Resources.RegisterUserProperty(r.Context(), v.Who, in); err != nil {
		view, _, problem := p.listProperties(r, i)
		if problem != nil {
			return problem
		}
		view.New = TypeProperty{Name: f.Get("name"), Title: f.Get("title"), Kind: f.Get("kind"), Vouched: f.Get("vouched")}
		view.Subject = f.Get("subject_type")
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	p.flash(w, v, Done, "property_registered", "name", strings.TrimSpace(in.Title))
	return to(w, r, i.page.To().UserProperties())
}

// enterProperty opens the property of the address, which is to be changed.
func (p *Portal) enterProperty(w http.ResponseWriter, r *http.Request, v *web.Visit) (i inside, view UserPropertiesView, one resource.UserProperty, err error) {
	if i, err = p.enterTypes(w, r, v, manageTypes); err != nil {
		return i, view, one, err
	}
	view, list, err := p.listProperties(r, i)
	if err != nil {
		return i, view, one, err
	}
	n := slices.IndexFunc(list, func(x resource.UserProperty) bool { return x.Name == r.PathValue("property") })
	if n < 0 {
		return i, view, one, p.none(r, v, i.account.ID, "user_property", cut(r.PathValue("property")), "user_property")
	}
	one = list[n]
	view.Editing, view.New, view.Revision = one.Name, typeProperty(one.Property, one.Title), version(one.Version)
	return i, view, one, nil
}

// editUserProperty is the form that changes what one is called.
func (p *Portal) editUserProperty(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	_, view, _, err := p.enterProperty(w, r, v)
	if err != nil {
		return err
	}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		view.Kept, view.New.Title, view.Revision = true, typed.Get("title"), typed.Get("revision")
	}
	return p.show(w, view)
}

func (p *Portal) doEditUserProperty(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, view, one, err := p.enterProperty(w, r, v)
	if err != nil {
		return err
	}
	f, err := web.Form(r, "title", "revision")
	if err != nil {
		return err
	}
	if _, err := p.Resources.ChangeUserProperty(r.Context(), v.Who, one.Name, revision(f.Get("revision")), f.Get("title")); err != nil {
		if view.New.Title = f.Get("title"); fault.CodeOf(err) != "stale" {
			view.Revision = f.Get("revision")
		}
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	p.flash(w, v, Done, "property_saved", "name", strings.TrimSpace(f.Get("title")))
	return to(w, r, i.page.To().UserProperties())
}

func (p *Portal) propertyConfirm(w http.ResponseWriter, r *http.Request, v *web.Visit, act Act) (inside, resource.UserProperty, ConfirmView, error) {
	i, _, one, err := p.enterProperty(w, r, v)
	if err != nil {
		return i, one, ConfirmView{}, err
	}
	at := i.page.To()
	switch {
	case act == RetireProperty && one.RetiredAt != 0:
		err = p.refusing(r, v, i, "user_property", one.Name, fault.New(fault.Conflict, "already_retired"))
	case act == ReinstateProperty && one.RetiredAt == 0:
		err = p.refusing(r, v, i, "user_property", one.Name, fault.New(fault.Conflict, "not_retired"))
	}
	return i, one, ConfirmView{Page: i.page, Act: act, Subject: one.Title, Identifier: one.Name, Action: at.UserPropertyAct(one.Name, act), Back: at.UserProperties(), Revision: version(one.Version)}, err
}

// confirmProperty is the page before one is retired or reinstated.
func (p *Portal) confirmProperty(act Act) web.Handle {
	return func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		_, _, view, err := p.propertyConfirm(w, r, v, act)
		if err != nil {
			return err
		}
		if err := p.typedConfirm(r, v, &view); err != nil {
			return err
		}
		return p.show(w, view)
	}
}

// turnProperty does what was confirmed.
func (p *Portal) turnProperty(act Act) web.Handle {
	return func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		f, err := web.Form(r, "revision")
		if err != nil {
			return err
		}
		i, one, view, err := p.propertyConfirm(w, r, v, act)
		if err != nil {
			return err
		}
		do, flash := p.Resources.RetireUserProperty, "property_retired"
		if act == ReinstateProperty {
			do, flash = p.Resources.ReinstateUserProperty, "property_reinstated"
		}
		if _, err := do(r.Context(), v.Who, one.Name, revision(f.Get("revision"))); err != nil {
			return p.again(w, err, func(form Form) View { view.Form = form; return view })
		}
		p.flash(w, v, Done, flash, "name", one.Title)
		return to(w, r, i.page.To().UserProperties())
	}
}
