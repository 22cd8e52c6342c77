package portal

import (
	"net/http"
	"slices"

	"countersign/internal/access"
	"countersign/internal/fault"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) adjustRoutes() []web.Route {
	const at = "/a/{customer}/users/{user}/roles/{role}"
	return []web.Route{
		{Pattern: "GET " + at, Handle: p.adjust},
		{Pattern: "POST " + at, Handle: p.doAdjust, Form: itself},
	}
}

// deeds are the four things that a template is adjusted by (R18).
func deeds() []string { return []string{roles.Viewing, roles.Editing, roles.Creating, roles.Deleting} }

// adjusting is a user and a role of theirs that can be adjusted for them.
type adjusting struct {
	inside
	user user
	role roles.Full
	over roles.Assignment
}

func (p *Portal) enterAdjust(w http.ResponseWriter, r *http.Request, v *web.Visit) (a adjusting, err error) {
	if a.inside, a.user, err = p.enterUser(w, r, v, "users:assign_roles"); err != nil {
		return a, err
	}
	if err = a.user.mayEdit(a.user.head.MayChangeAccess); err != nil {
		return a, p.refused(r, v, a.inside, a.user, err)
	}
	n := slices.IndexFunc(a.user.given, func(x roles.Assignment) bool { return x.RoleID == r.PathValue("role") })
	if n < 0 {
		return a, p.none(r, v, a.account.ID, "role", r.PathValue("role"), "role")
	}
	a.over = a.user.given[n]
	if a.role, err = p.oneRole(r, v, a.inside); err == nil && !roles.Adjustable(a.role.Role) {
		err = fault.New(fault.Conflict, "role_not_template")
	}
	return a, err
}

// held are the permissions of what the user has by the role, each with its restriction.
func (a adjusting) held() []roles.Permit {
	if a.role.Key == "" {
		return a.role.Permits
	}
	var out []roles.Permit
	for p := range withoutPages(a.role.Permissions).All() {
		out = append(out, roles.Permit{Permission: p.String()})
	}
	return out
}

// wanted are the permissions that were chosen: those that they have keep their restriction.
func (a adjusting) wanted(chosen []string) []roles.Permit {
	held := a.held()
	var out []roles.Permit
	for _, name := range chosen {
		n := slices.IndexFunc(held, func(p roles.Permit) bool { return p.Permission == name })
		if n >= 0 {
			out = append(out, held[n])
		} else {
			out = append(out, roles.Permit{Permission: name})
		}
	}
	return out
}

// adjustView is the table of resources and deeds: what they have, and what the
// viewer could give over the same entities.
func (p *Portal) adjustView(v *web.Visit, a adjusting, chosen []string) AdjustView {
	role, _ := a.user.choices.role(a.role.ID)
	view := AdjustView{Page: a.page, User: a.user.head, Role: role.Title(v.Lang), RoleID: a.role.ID, First: a.role.Key != "", Revision: a.user.revision(),
		Scope: Grant{AllEntities: a.over.AllEntities, Entities: a.user.choices.entityNames(a.over.Entities)}}
	held := a.held()
	for _, one := range p.offered(a.inside) {
		info, name := one.Info(), one.String()
		n := slices.IndexFunc(held, func(p roles.Permit) bool { return p.Permission == name })
		q := a.q
		q.Permission = one
		covered := access.Covers(a.snapshot, q, a.over.AllEntities, a.over.Entities)
		if n < 0 && (!covered || info.Resource == "page") {
			continue
		}
		at := slices.IndexFunc(view.Rows, func(row AdjustRow) bool { return row.Section == info.Section })
		if at < 0 {
			at, view.Rows = len(view.Rows), append(view.Rows, AdjustRow{Section: info.Section, Columns: columns()})
		}
		choice := PermitChoice{Permission: name, Chosen: slices.Contains(chosen, name), Dangerous: info.Dangerous, Page: info.Resource == "page", Withheld: !covered}
		if n >= 0 {
			choice.Limited, choice.Told = held[n].Restricted(), limitOf(a.snapshot, held[n])
		}
		column := &view.Rows[at].Columns[slices.Index(deeds(), roles.Deed(one))]
		column.Choices = append(column.Choices, choice)
	}
	return view
}

func columns() (out []AdjustColumn) {
	for _, d := range deeds() {
		out = append(out, AdjustColumn{Deed: d})
	}
	return out
}

// adjust is the form that adjusts a user's copy of a template (R18).
func (p *Portal) adjust(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	a, err := p.enterAdjust(w, r, v)
	if err != nil {
		return err
	}
	var chosen []string
	for _, permit := range a.held() {
		chosen = append(chosen, permit.Permission)
	}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		chosen = typed["permissions"]
	}
	view := p.adjustView(v, a, chosen)
	if typed != nil {
		view.Kept, view.Revision = true, typed.Get("revision")
	}
	return p.show(w, view)
}

func (p *Portal) doAdjust(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	a, err := p.enterAdjust(w, r, v)
	if err != nil {
		return err
	}
	f, err := web.Form(r, "permissions[]", "dangerous[]", "revision")
	if err != nil {
		return err
	}
	wanted := a.wanted(f["permissions"])
	_, err = p.People.AdjustRole(r.Context(), v.Who, a.account.ID, a.user.row.ID(), a.role.ID, revision(f.Get("revision")), roles.Adjusting{Permits: wanted, Acknowledged: f["dangerous"]})
	if err != nil {
		view := p.adjustView(v, a, f["permissions"])
		if fault.CodeOf(err) != "stale" {
			view.Revision = f.Get("revision")
		}
		view.Dangers = dangers(roles.Draft{Permits: a.gained(wanted)}.Dangerous(nil), f["dangerous"])
		return p.again(w, dangerous(err), func(form Form) View { view.Form = form; return view })
	}
	p.flash(w, v, Done, "role_adjusted", "name", a.user.row.Name())
	return to(w, r, a.page.To().UserTab(a.user.row.ID(), "access"))
}

// gained are those that they do not have yet.
func (a adjusting) gained(wanted []roles.Permit) []roles.Permit {
	held := a.held()
	return slices.DeleteFunc(slices.Clone(wanted), func(p roles.Permit) bool {
		return slices.ContainsFunc(held, func(h roles.Permit) bool { return h.Permission == p.Permission })
	})
}

// adjustable tells whether what somebody has of a role can be adjusted for them.
func (u user) adjustable(r roles.Role) bool { return u.head.MayChangeAccess && roles.Adjustable(r) }
