package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/roles"
	"countersign/internal/web"
)

// made is what stands in the editor of a role or a policy.
type made struct {
	name, description string
	permits           permitForm
	policies          []string
	template, migrate bool
	acknowledged      []string
	revision, seen    string
	step, after       string
	reshaped          bool // by a button that changes what stands in the form, and sends nothing
}

// The steps that the page of who is affected can take.
const (
	stepSave = "save"
	stepBack = "back"
)

// makerFields are what an editor sends.
func makerFields(offered []access.Permission) []string {
	return append(permitFields(offered), "name", "description", "policies[]", "add[]", "drop[]", "move", "template", "migrate", "dangerous[]", "revision", "seen", "step", "after")
}

// readMade reads an editor. What is ticked in either column of policies is meant,
// whether or not it was moved over before the form was sent.
func readMade(f url.Values, offered []access.Permission) made {
	m := made{name: f.Get("name"), description: f.Get("description"), permits: readPermits(f, offered), template: f.Get("template") == "yes", migrate: f.Get("migrate") == "yes",
		acknowledged: f["dangerous"], revision: f.Get("revision"), seen: f.Get("seen"), step: f.Get("step"), after: f.Get("after")}
	m.policies = slices.Clone(f["policies"])
	if f.Get("move") != "drop" {
		m.policies = append(m.policies, f["add"]...)
	}
	if f.Get("move") != "add" {
		m.policies = slices.DeleteFunc(m.policies, func(id string) bool { return slices.Contains(f["drop"], id) })
	}
	m.reshaped = f.Get("move") != "" || f.Get("all") != "" || f.Get("none") != "" || f.Get("limits") != "" || m.step == stepBack
	return m
}

// typed are all its fields, for the page between the form and its saving.
func (m made) typed() []Typed {
	out := []Typed{{"name", m.name}, {"description", m.description}, {"revision", m.revision}, {"seen", m.seen}}
	for name, on := range map[string]bool{"template": m.template, "migrate": m.migrate} {
		if on {
			out = append(out, Typed{name, "yes"})
		}
	}
	for _, id := range m.policies {
		out = append(out, Typed{"policies", id})
	}
	out = slices.DeleteFunc(out, func(t Typed) bool { return t.Value == "" && t.Name != "name" && t.Name != "description" })
	slices.SortStableFunc(out, func(a, b Typed) int { return strings.Compare(a.Name, b.Name) })
	return append(out, m.permits.typed()...)
}

func (m made) draft(from string) roles.Draft {
	return roles.Draft{Name: m.name, Description: m.description, Permits: m.permits.permits(), Policies: m.policies, Template: m.template, Acknowledged: m.acknowledged, From: from}
}

func (m made) edit(legacy bool) roles.Edit {
	permits := m.permits.permits()
	e := roles.Edit{Name: &m.name, Description: &m.description, Permits: &permits, Policies: &m.policies, Template: &m.template, Migrate: m.migrate, Acknowledged: m.acknowledged}
	if legacy && !m.migrate && len(m.policies) == 0 {
		e.Policies = nil
	}
	return e
}

func (m made) policyEdit() roles.PolicyEdit {
	permits := m.permits.permits()
	return roles.PolicyEdit{Name: &m.name, Description: &m.description, Permits: &permits, Acknowledged: m.acknowledged}
}

// madeOf is the editor of a role as it is.
func madeOf(r roles.Full, tag lang.Tag) made {
	m := made{name: r.Name, description: r.Description, permits: formOf(r.Permits, tag), template: r.Template, revision: version(r.Version)}
	for _, p := range r.Policies {
		m.policies = append(m.policies, p.ID)
	}
	return m
}

// seenRole is what a form of a role was made from.
type seenRole struct {
	Name, About string
	Permits     []roles.Permit
	Policies    []string // names
}

func seenOf(r roles.Full) seenRole {
	s := seenRole{Name: r.Name, About: r.Description, Permits: r.Permits}
	for _, p := range r.Policies {
		s.Policies = append(s.Policies, p.Name)
	}
	return s
}

// changed tells what is different of what a form was made from.
func (s seenRole) changed(seen string, tag lang.Tag) []Difference {
	var was seenRole
	if !recall(seen, &was) {
		return nil
	}
	return differences([]Difference{
		{"portal.field.name", was.Name, s.Name}, {"portal.field.description", was.About, s.About},
		{"portal.field.permissions", permitWords(tag, was.Permits), permitWords(tag, s.Permits)},
		{"portal.field.policies", join(was.Policies), join(s.Policies)},
	})
}

// permitWords are permissions as a person reads them in a line.
func permitWords(tag lang.Tag, list []roles.Permit) string {
	w := words{tag: tag}
	var out []string
	for _, p := range list {
		text := w.permission(p.Permission)
		if l := limitOf(p); l.Any() {
			text += " (" + w.limit(l) + ")"
		}
		out = append(out, text)
	}
	return join(out)
}

// maker is the page of an editor, as far as it is the same for roles and policies.
func (p *Portal) maker(i inside, v *web.Visit, making string, m made) MakerView {
	withheld := func(one access.Permission) bool {
		q := i.q
		q.Permission = one
		return !access.Covers(i.snapshot, q, true, nil)
	}
	return MakerView{Page: i.page, Making: making, Name: m.name, Description: m.description, Template: m.template, Migrate: m.migrate,
		Permits: m.permits.picker(p.offered(i), withheld), Revision: m.revision, Seen: m.seen}
}

// offered are the permissions that custom roles of the account may hold.
func (p *Portal) offered(i inside) []access.Permission {
	return roles.Offered(i.account.Kind, p.profile(i))
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
		view.LeftOut = roles.CloneOf(role, i.account.Kind, p.profile(i)).LeftOut
	case EditingRole:
		view.Action, view.Back, view.Legacy = at.EditRole(role.ID), at.Role(role.ID), role.Legacy
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
	c := roles.CloneOf(role, i.account.Kind, p.profile(i))
	m := made{name: lang.T(v.Lang, "portal.maker.clone_of", "role", role.Title(v.Lang)), description: role.About(v.Lang), permits: formOf(c.Permits, v.Lang), policies: c.Policies, template: c.Template}
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
	m := madeOf(role, v.Lang)
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
				view.Changed = seenOf(role).changed(m.seen, v.Lang)
			}
			return view, err
		},
		page:  EffectView{Page: i.page, Effect: OfRole, Subject: role.Name, Action: i.page.To().EditRole(role.ID), Back: i.page.To().Role(role.ID)},
		saved: "role_saved",
	}
	return e.run()
}
