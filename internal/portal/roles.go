package portal

import (
	"net/http"
	"slices"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) roleRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /a/{customer}/roles", Handle: p.roles},
		{Pattern: "GET /a/{customer}/roles/{role}", Handle: p.role},
	}
}

func (p *Portal) enterRoles(w http.ResponseWriter, r *http.Request, v *web.Visit) (i inside, list []roles.Role, err error) {
	if i, err = p.enter(w, r, v, SectionRoles, "roles:view"); err != nil {
		return i, nil, err
	}
	err = p.reading(r, func(tx *db.Tx) error {
		pr, _ := p.Profiles.Get(i.account.Profile)
		list, err = roles.List(tx, i.account.ID, pr)
		return err
	})
	return i, list, err
}

// roles lists them: those in use most first, then all (R19).
func (p *Portal) roles(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, list, err := p.enterRoles(w, r, v)
	if err != nil {
		return err
	}
	view := RolesView{Page: i.page}
	for _, role := range list {
		view.All = append(view.All, roleRow(role, v.Lang))
	}
	popular := slices.Clone(view.All)
	slices.SortStableFunc(popular, func(a, b RoleRow) int { return b.Users - a.Users })
	for _, row := range popular {
		if row.Users > 0 && len(view.Popular) < 4 {
			view.Popular = append(view.Popular, row)
		}
	}
	return p.show(w, view)
}

func roleRow(r roles.Role, tag lang.Tag) RoleRow {
	row := RoleRow{ID: r.ID, Name: r.Title(tag), Description: r.About(tag), Users: int(r.Holders), Permissions: r.Permissions.Len(),
		Dangerous: len(r.Dangerous()) > 0, Predefined: r.Key != "", Deprecated: r.Deprecated, Warning: r.Warning(tag)}
	for p := range r.Permissions.All() {
		row.NeedsTwo = row.NeedsTwo || p.Info().NeedsTwoFactor
	}
	return row
}

// role is one role's page.
func (p *Portal) role(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, list, err := p.enterRoles(w, r, v)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(list, func(x roles.Role) bool { return x.ID == r.PathValue("role") })
	if n < 0 {
		return p.none(r, v, i.account.ID, "role", r.PathValue("role"), "role")
	}
	role := list[n]
	view := RoleView{Page: i.page, Role: roleRow(role, v.Lang), Sections: roleSections(role), MayViewUsers: i.may("users:view"), Administrator: role.Administrator}
	given := 0 // of the predefined ones
	for _, other := range list {
		if other.Key == "" {
			continue
		}
		if !other.Deprecated {
			given++
		}
		if slices.Contains(role.MayGrant, other.Key) {
			view.MayGrant = append(view.MayGrant, other.Title(v.Lang))
		}
		if slices.Contains(role.Needs, other.Key) {
			view.Needs = append(view.Needs, other.Title(v.Lang))
		}
	}
	view.MayGrantAll = len(view.MayGrant) == given
	return p.show(w, view)
}

// roleSections groups what a role may do. Pages that come along with a
// permission of their section are not told apart.
func roleSections(r roles.Role) []RoleSection {
	var out []RoleSection
	for p := range withoutPages(r.Permissions).All() {
		info := p.Info()
		n := slices.IndexFunc(out, func(s RoleSection) bool { return s.Section == info.Resource })
		if n < 0 {
			out, n = append(out, RoleSection{Section: info.Resource, Elsewhere: !info.Built}), len(out)
		}
		out[n].Lines = append(out[n].Lines, roleLine(p, info))
	}
	return out
}

// withoutPages leaves out the pages that come along with another permission of
// their section.
func withoutPages(s access.Set) access.Set {
	sections := map[string]bool{}
	for p := range s.All() {
		if p.Info().Resource != "page" {
			sections[p.Info().Section] = true
		}
	}
	for p := range s.All() {
		if info := p.Info(); info.Resource == "page" && sections[info.Section] {
			s = s.Minus(access.SetOf(p))
		}
	}
	return s
}

func roleLine(p access.Permission, info access.Info) RoleLine {
	return RoleLine{Permission: p.String(), Dangerous: info.Dangerous, NeedsTwo: info.NeedsTwoFactor}
}
