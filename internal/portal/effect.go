package portal

import (
	"net/http"
	"strconv"
	"strings"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/web"
)

// affectedShown is how many of those who are affected a page names.
const affectedShown = 20

// editing is an edit of a role or a policy, from its form over the page of who is
// affected to its saving.
type editing struct {
	portal  *Portal
	w       http.ResponseWriter
	r       *http.Request
	v       *web.Visit
	i       inside
	m       made
	preview func() (roles.Effect, error)
	save    func() error
	form    func(stale bool) (MakerView, error)
	page    EffectView // what does not come from the preview
	saved   string     // what the next page says
}

func (e *editing) run() error {
	var err error
	switch {
	case e.m.reshaped:
		return e.again(nil)
	case e.m.step == stepSave:
		if err = e.save(); err == nil {
			e.portal.flash(e.w, e.v, Done, e.saved, "name", strings.TrimSpace(e.m.name))
			return to(e.w, e.r, e.page.Back)
		}
		if !unacknowledged(err) {
			return e.again(err)
		}
	}
	effect, problem := e.preview()
	if problem != nil {
		return e.again(problem)
	}
	e.page.Typed = e.m.typed()
	if problem = e.portal.fillEffect(e.r, e.v, e.i, effect, &e.page); problem != nil {
		return problem
	}
	for n := range e.page.Shifts {
		for _, permit := range e.m.permits.permits() {
			if permit.Permission == e.page.Shifts[n].Permission {
				e.page.Shifts[n].Limit = limitOf(e.i.snapshot, permit)
			}
		}
	}
	e.page.After, e.page.Dangerous = e.m.after, dangers(effect.Dangerous, e.m.acknowledged)
	return e.portal.asked(e.w, err, e.m, e.page)
}

// again shows the form once more.
func (e *editing) again(err error) error {
	view, problem := e.form(fault.CodeOf(err) == "stale")
	if problem != nil {
		return problem
	}
	return e.portal.remake(e.w, err, view)
}

// fillEffect puts names to what a preview tells.
func (p *Portal) fillEffect(r *http.Request, v *web.Visit, i inside, e roles.Effect, page *EffectView) error {
	page.Holders, page.Gain, page.Lose, page.Fall, page.More, page.Next, page.OwnRole = e.Holders, e.Gain, e.Lose, e.Fall, e.More, e.Next, e.OwnRole
	page.Blocked, page.Flagged = toxicNotes(e.Blocked, v.Lang), toxicNotes(e.Flagged, v.Lang)
	for _, s := range e.Shifts {
		page.Shifts = append(page.Shifts, ShiftRow{s.Permission.String(), s.Gain, s.Lose, s.Permission.Info().Dangerous, Limit{}})
	}
	return p.reading(r, func(tx *db.Tx) error {
		list, err := roles.List(tx, i.account.ID, p.profile(i))
		if err != nil {
			return err
		}
		titles := titlesOf(list, v.Lang)
		page.Fallback = titles[e.FallbackRole]
		if page.Effect == OfPolicy {
			page.Roles = i.roleLinks(e.Roles, titles)
		}
		var ids []string
		for _, one := range e.People {
			ids = append(ids, one.UserID)
		}
		names, err := people.NamesBeside(tx, i.account.Path, ids)
		for _, one := range e.People {
			row := AffectedRow{PersonLink: i.personLink(one.UserID, names), Gains: permissionNames(one.Gains), Loses: permissionNames(one.Loses), Falls: one.Falls}
			page.People = append(page.People, row)
		}
		return err
	})
}

// personLink is somebody of the account, with their page for whoever may open it.
func (i inside) personLink(id string, names map[string]string) PersonLink {
	link := PersonLink{Name: names[id]}
	if link.Name == "" {
		link.Name = id
	}
	if i.may("users:view") {
		link.Href = i.page.To().User(id)
	}
	return link
}

// titlesOf are the names of roles, by id.
func titlesOf(list []roles.Role, tag lang.Tag) map[string]string {
	out := map[string]string{}
	for _, r := range list {
		out[r.ID] = r.Title(tag)
	}
	return out
}

// roleLinks are roles with their pages.
func (i inside) roleLinks(ids []string, titles map[string]string) (out []PersonLink) {
	for _, id := range ids {
		if titles[id] == "" {
			continue
		}
		link := PersonLink{Name: titles[id]}
		if i.may("roles:view") {
			link.Href = i.page.To().Role(id)
		}
		out = append(out, link)
	}
	return out
}

// permissionNames of a set, pages that come along left out.
func permissionNames(set access.Set) (out []string) {
	for p := range withoutPages(set).All() {
		out = append(out, p.String())
	}
	return out
}

func toxicNotes(list []profile.Combination, tag lang.Tag) (out []ToxicNote) {
	for i := range list {
		out = append(out, ToxicNote{list[i].Name(string(tag)), list[i].Reason(string(tag))})
	}
	return out
}

func version(n int64) string { return strconv.FormatInt(n, 10) }

func (p *Portal) settingsOf(tx *db.Tx, i inside) (profile.Settings, error) {
	return org.Settings(tx, p.Profiles, i.account.ID)
}

// dropRole says who is affected when a role goes.
func (p *Portal) dropRole(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	q, err := web.Query(r, "after")
	if err != nil {
		return err
	}
	i, role, err := p.editable(w, r, v)
	if err != nil {
		return err
	}
	view, err := p.dropping(r, v, i, role, q.Get("after"))
	if err != nil {
		return err
	}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		view.Kept, view.Name, view.Revision = true, typed.Get("name"), typed.Get("revision")
	}
	return p.show(w, view)
}

func (p *Portal) dropping(r *http.Request, v *web.Visit, i inside, role roles.Full, after string) (EffectView, error) {
	at := i.page.To()
	view := EffectView{Page: i.page, Effect: OfRemoval, Subject: role.Name, Action: at.DeleteRole(role.ID), Back: at.Role(role.ID), Revision: version(role.Version), After: after}
	e, err := p.Roles.PreviewRemoval(r.Context(), v.Who, i.account.ID, role.ID, after, affectedShown)
	if err == nil {
		err = p.fillEffect(r, v, i, e, &view)
	}
	return view, err
}

// doDropRole deletes a role (R6).
func (p *Portal) doDropRole(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, role, err := p.editable(w, r, v)
	if err != nil {
		return err
	}
	f, err := web.Form(r, "name", "revision")
	if err != nil {
		return err
	}
	fell := 0
	if err = typedName(f.Get("name"), role.Name); err == nil {
		fell, err = p.Roles.Remove(r.Context(), v.Who, i.account.ID, role.ID, revision(f.Get("revision")))
	}
	if err == nil {
		p.flash(w, v, Done, "role_deleted", "name", role.Name, "count", fell)
		return to(w, r, i.page.To().Roles())
	}
	view, problem := p.dropping(r, v, i, role, "")
	if problem != nil {
		return problem
	}
	view.Name = f.Get("name")
	return p.again(w, err, func(form Form) View { view.Form = form; return view })
}

// refusedPage records that something was asked for which may not be shown.
func (p *Portal) refusedPage(r *http.Request, v *web.Visit, i inside, err error) error {
	e := audit.Entry{Action: audit.PageRefused, AccountID: i.account.ID, Kind: "page", ID: cut(r.URL.EscapedPath())}
	return p.Audit.Refuse(r.Context(), v.Who, e, err)
}
