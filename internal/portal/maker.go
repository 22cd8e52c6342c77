package portal

import (
	"net/http"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/roles"
	"countersign/internal/web"
)

// maker is the page of an editor, as far as it is the same for roles and policies.
func (p *Portal) maker(i inside, v *web.Visit, making string, m made) MakerView {
	withheld := func(one access.Permission) bool {
		q := i.q
		q.Permission = one
		return !access.Covers(i.snapshot, q, true, nil)
	}
	return MakerView{Page: i.page, Making: making, Name: m.name, Description: m.description, Template: m.template, Migrate: m.migrate,
		Permits: m.permits.picker(i.snapshot, p.offered(i), withheld), Revision: m.revision, Seen: m.seen}
}

// offered are the permissions that custom roles of the account may hold.
func (p *Portal) offered(i inside) []access.Permission {
	return roles.Offered(i.snapshot, i.account.Kind, p.profile(i))
}

// pick fills in the two columns of policies.
func pick(list []roles.Policy, chosen []string) (out PolicyPick) {
	for _, p := range list {
		c := PolicyChoice{ID: p.ID, Name: p.Name, Description: p.Description, Permissions: len(p.Permits), Words: strings.ToLower(p.Name + " " + p.Description)}
		for one := range p.Permissions().All() {
			c.Dangerous = c.Dangerous || one.Info().Dangerous
		}
		if slices.Contains(chosen, p.ID) {
			out.Chosen = append(out.Chosen, c)
		} else {
			out.Available = append(out.Available, c)
		}
	}
	return out
}

// roleMaker is the page of a role's editor. role is the one that is edited or
// cloned; of a new one it has no id.
func (p *Portal) roleMaker(r *http.Request, v *web.Visit, i inside, making string, role roles.Full, m made) (MakerView, error) {
	view, at := p.maker(i, v, making, m), i.page.To()
	view.Subject = role.Title(v.Lang)
	err := p.reading(r, func(tx *db.Tx) error {
		list, err := roles.Policies(tx, i.account.ID)
		view.Policies = pick(list, m.policies)
		if err != nil || making != EditingRole {
			return err
		}
		s, err := p.settingsOf(tx, i)
		view.MustMigrate = s.LegacyRoles == "migrate_first"
		return err
	})
	switch making {
	case MakingRole:
		view.Action, view.Back = at.Roles(), at.Roles()
	case CloningRole:
		view.Action, view.Back = at.CloneRole(role.ID), at.Role(role.ID)
		view.LeftOut = roles.CloneOf(i.snapshot, role, i.account.Kind, p.profile(i)).LeftOut
	case EditingRole:
		view.Action, view.Back, view.Legacy = at.EditRole(role.ID), at.Role(role.ID), role.Legacy
		view.Nothing = nothing(i.snapshot, role.Permits)
	}
	return view, err
}

// showMaker shows an editor; typed is what stood in it when the session ran out.
func (p *Portal) showMaker(w http.ResponseWriter, r *http.Request, v *web.Visit, i inside, m made, view func(made) (MakerView, error)) error {
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		m = readMade(typed, p.offered(i))
	}
	page, err := view(m)
	if err != nil {
		return err
	}
	page.Kept = typed != nil
	return p.show(w, page)
}

// newRole is the form of a new role.
func (p *Portal) newRole(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enterWhole(w, r, v, SectionRoles, manageRoles)
	if err != nil {
		return err
	}
	return p.showMaker(w, r, v, i, made{}, func(m made) (MakerView, error) {
		return p.roleMaker(r, v, i, MakingRole, roles.Full{}, m)
	})
}

func (p *Portal) doNewRole(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enterWhole(w, r, v, SectionRoles, manageRoles)
	if err != nil {
		return err
	}
	return p.create(w, r, v, i, MakingRole, roles.Full{})
}

// cloneable is the role of the address, for a form that begins with it.
func (p *Portal) cloneable(w http.ResponseWriter, r *http.Request, v *web.Visit) (inside, roles.Full, error) {
	i, err := p.enterWhole(w, r, v, SectionRoles, manageRoles)
	if err != nil {
		return i, roles.Full{}, err
	}
	role, err := p.oneRole(r, v, i)
	switch {
	case err != nil:
	case role.MembershipID != "":
		err = p.none(r, v, i.account.ID, "role", role.ID, "role")
	case role.Deprecated:
		err = fault.New(fault.Conflict, "deprecated_role", "role", role.Title(v.Lang))
	}
	return i, role, err
}

func (p *Portal) cloneRole(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, role, err := p.cloneable(w, r, v)
	if err != nil {
		return err
	}
	c := roles.CloneOf(i.snapshot, role, i.account.Kind, p.profile(i))
	m := made{name: lang.T(v.Lang, "portal.maker.clone_of", "role", role.Title(v.Lang)), description: role.About(v.Lang), permits: formOf(i.snapshot, c.Permits, v.Lang), policies: c.Policies, template: c.Template}
	return p.showMaker(w, r, v, i, m, func(m made) (MakerView, error) {
		return p.roleMaker(r, v, i, CloningRole, role, m)
	})
}

func (p *Portal) doCloneRole(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, role, err := p.cloneable(w, r, v)
	if err != nil {
		return err
	}
	return p.create(w, r, v, i, CloningRole, role)
}

// create makes a role of what was sent; what is dangerous of it is acknowledged on
// a page of its own.
func (p *Portal) create(w http.ResponseWriter, r *http.Request, v *web.Visit, i inside, making string, from roles.Full) error {
	f, err := web.Form(r, makerFields(p.offered(i))...)
	if err != nil {
		return err
	}
	m := readMade(f, p.offered(i))
	var id string
	if !m.reshaped {
		id, err = p.Roles.Create(r.Context(), v.Who, i.account.ID, m.draft(from.ID))
	}
	if id != "" && err == nil {
		p.flash(w, v, Done, "role_made", "name", strings.TrimSpace(m.name))
		return to(w, r, i.page.To().Role(id))
	}
	view, problem := p.roleMaker(r, v, i, making, from, m)
	if problem != nil {
		return problem
	}
	if !unacknowledged(err) {
		return p.remake(w, err, view)
	}
	page := EffectView{Page: i.page, Effect: OfNewRole, Subject: m.name, Action: view.Action, Back: view.Back, Typed: m.typed()}
	problem = p.reading(r, func(tx *db.Tx) error {
		list, err := roles.Policies(tx, i.account.ID)
		list = slices.DeleteFunc(list, func(one roles.Policy) bool { return !slices.Contains(m.policies, one.ID) })
		page.Dangerous = dangers(m.draft("").Dangerous(list), m.acknowledged)
		return err
	})
	if problem != nil {
		return problem
	}
	return p.asked(w, err, m, page)
}

// asked shows a page on which something is acknowledged: the first time as a
// question, and when it was sent without an answer as what is missing.
func (p *Portal) asked(w http.ResponseWriter, err error, m made, page EffectView) error {
	if m.step != stepSave {
		return p.show(w, page)
	}
	return p.again(w, dangerous(err), func(form Form) View { page.Form = form; return page })
}

// dangerous calls the field of an acknowledgement as these pages do: each
// permission is ticked for itself.
func dangerous(err error) error {
	f := *fault.From(err)
	f.Fields = slices.Clone(f.Fields)
	for i := range f.Fields {
		if f.Fields[i].Name == "acknowledged" {
			f.Fields[i].Name = "dangerous"
		}
	}
	return &f
}

// remake shows an editor once more.
func (p *Portal) remake(w http.ResponseWriter, err error, view MakerView) error {
	if err == nil {
		return p.show(w, view)
	}
	f := *fault.From(err) // what is dangerous is asked on the page behind this one
	f.Fields = slices.DeleteFunc(slices.Clone(f.Fields), func(x fault.Field) bool { return x.Name == "acknowledged" })
	view.place(&f)
	return p.again(w, &f, func(form Form) View { view.Form = form; return view })
}

// unacknowledged tells whether nothing but an acknowledgement is missing.
func unacknowledged(err error) bool {
	f := fault.From(err)
	return f != nil && f.Kind == fault.Invalid && len(f.Fields) > 0 && !slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Code != "acknowledge_permissions" })
}

// dangers are permissions to acknowledge, with what was ticked.
func dangers(names, said []string) (out []DangerChoice) {
	for _, name := range names {
		out = append(out, DangerChoice{name, slices.Contains(said, name)})
	}
	return out
}

// editable is the role of the address, which is changed.
func (p *Portal) editable(w http.ResponseWriter, r *http.Request, v *web.Visit) (inside, roles.Full, error) {
	i, err := p.enterWhole(w, r, v, SectionRoles, manageRoles)
	if err != nil {
		return i, roles.Full{}, err
	}
	role, err := p.oneRole(r, v, i)
	switch {
	case err != nil:
	case role.MembershipID != "":
		err = p.none(r, v, i.account.ID, "role", role.ID, "role")
	case !role.Custom():
		err = fault.New(fault.Conflict, "predefined_role", "role", role.Title(v.Lang))
	}
	return i, role, err
}

func (p *Portal) editRole(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, role, err := p.editable(w, r, v)
	if err != nil {
		return err
	}
	m := madeOf(i.snapshot, role, v.Lang)
	m.seen = remember(seenOf(role))
	return p.showMaker(w, r, v, i, m, func(m made) (MakerView, error) {
		return p.roleMaker(r, v, i, EditingRole, role, m)
	})
}

// doEditRole shows who is affected, and saves when that page says so (R6).
func (p *Portal) doEditRole(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, role, err := p.editable(w, r, v)
	if err != nil {
		return err
	}
	f, err := web.Form(r, makerFields(p.offered(i))...)
	if err != nil {
		return err
	}
	m := readMade(f, p.offered(i))
	e := editing{portal: p, w: w, r: r, v: v, i: i, m: m,
		preview: func() (roles.Effect, error) {
			return p.Roles.PreviewEdit(r.Context(), v.Who, i.account.ID, role.ID, m.edit(role.Legacy), m.after, affectedShown)
		},
		save: func() error {
			_, err := p.Roles.Edit(r.Context(), v.Who, i.account.ID, role.ID, revision(m.revision), m.edit(role.Legacy))
			return err
		},
		form: func(stale bool) (MakerView, error) {
			form := m
			if stale {
				form.revision, form.seen = version(role.Version), remember(seenOf(role))
			}
			view, err := p.roleMaker(r, v, i, EditingRole, role, form)
			if stale {
				view.Changed = seenOf(role).changed(i.snapshot, m.seen, v.Lang)
			}
			return view, err
		},
		page:  EffectView{Page: i.page, Effect: OfRole, Subject: role.Name, Action: i.page.To().EditRole(role.ID), Back: i.page.To().Role(role.ID)},
		saved: "role_saved",
	}
	return e.run()
}
