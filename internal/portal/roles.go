package portal

import (
	"net/http"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/web"
)

const (
	manageRoles    = "roles:manage"
	managePolicies = "policies:manage"
)

func (p *Portal) roleRoutes() []web.Route {
	const at = "/a/{customer}/roles"
	return []web.Route{
		{Pattern: "GET " + at, Handle: p.roles},
		{Pattern: "GET " + at + "/new", Handle: p.newRole},
		{Pattern: "POST " + at, Handle: p.doNewRole, Form: under("new")},
		{Pattern: "GET " + at + "/{role}", Handle: p.role},
		{Pattern: "GET " + at + "/{role}/edit", Handle: p.editRole},
		{Pattern: "POST " + at + "/{role}/edit", Handle: p.doEditRole, Form: itself},
		{Pattern: "GET " + at + "/{role}/clone", Handle: p.cloneRole},
		{Pattern: "POST " + at + "/{role}/clone", Handle: p.doCloneRole, Form: itself},
		{Pattern: "GET " + at + "/{role}/deletion", Handle: p.dropRole},
		{Pattern: "POST " + at + "/{role}/deletion", Handle: p.doDropRole, Form: itself},
	}
}

// whole tells whether the viewer holds a permission over all of the account, as
// changing roles and policies takes.
func (i inside) whole(permission string) bool {
	return access.Covers(i.snapshot, i.asks(permission), true, nil)
}

// enterWhole opens the account for whoever holds a permission over all of it.
func (p *Portal) enterWhole(w http.ResponseWriter, r *http.Request, v *web.Visit, section Section, permission string) (inside, error) {
	i, err := p.enter(w, r, v, section, permission)
	if err == nil && !i.whole(permission) {
		err = p.refusedPage(r, v, i, fault.New(fault.Forbidden, "roles_not_whole"))
	}
	return i, err
}

// profile is the account's.
func (p *Portal) profile(i inside) *profile.Profile {
	pr, _ := p.Profiles.Get(i.account.Profile)
	return pr
}

// popularMost is how many roles are shown as those that most have.
const popularMost = 8

// roles lists them: those in use most first, then all (R19).
func (p *Portal) roles(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionRoles, "roles:view")
	if err != nil {
		return err
	}
	q, err := web.Query(r, "q", "all")
	if err != nil {
		return err
	}
	view := RolesView{Page: i.page, Query: strings.TrimSpace(q.Get("q")), MayMake: i.whole(manageRoles), Toxic: true}
	var list []roles.Role
	err = p.reading(r, func(tx *db.Tx) (err error) {
		list, err = roles.List(tx, i.account.ID, p.profile(i))
		return err
	})
	if err != nil {
		return err
	}
	view.Total = len(list)
	for _, role := range roles.Popular(list) {
		if role.Holders > 0 && !role.Deprecated && len(view.Popular) < popularMost {
			view.Popular = append(view.Popular, roleRow(role, v.Lang))
		}
	}
	if q.Get("all") == "yes" || view.Query != "" {
		view.Popular = nil
	}
	for _, role := range activeFirst(list) {
		if len(view.Popular) == 0 && (view.Query == "" || lang.Matches(role.Title(v.Lang)+" "+role.About(v.Lang), view.Query)) {
			view.All = append(view.All, roleRow(role, v.Lang))
		}
	}
	return p.show(w, view)
}

// activeFirst puts those that are given to nobody any more last.
func activeFirst(list []roles.Role) []roles.Role {
	out := slices.Clone(list)
	slices.SortStableFunc(out, func(a, b roles.Role) int {
		return map[bool]int{true: 1}[a.Deprecated] - map[bool]int{true: 1}[b.Deprecated]
	})
	return out
}

func roleRow(r roles.Role, tag lang.Tag) RoleRow {
	row := RoleRow{ID: r.ID, Name: r.Title(tag), Description: r.About(tag), Users: int(r.Holders), Permissions: r.Permissions.Len(),
		Dangerous: len(r.Dangerous()) > 0, Predefined: r.Key != "", Deprecated: r.Deprecated, Warning: r.Warning(tag),
		Legacy: r.Legacy, Template: r.Template, Copy: r.CopyOf != ""}
	for p := range r.Permissions.All() {
		row.NeedsTwo = row.NeedsTwo || p.Info().NeedsTwoFactor
	}
	return row
}

// oneRole reads the role of the address.
func (p *Portal) oneRole(r *http.Request, v *web.Visit, i inside) (role roles.Full, err error) {
	var found bool
	err = p.reading(r, func(tx *db.Tx) (err error) {
		role, found, err = roles.RoleByID(tx, i.account.ID, r.PathValue("role"), p.profile(i))
		return err
	})
	if err == nil && !found {
		err = p.none(r, v, i.account.ID, "role", r.PathValue("role"), "role")
	}
	return role, err
}

// holdersShown is how many of those who have a role its page names.
const holdersShown = 8

// role is one role's page.
func (p *Portal) role(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionRoles, "roles:view")
	if err != nil {
		return err
	}
	role, err := p.oneRole(r, v, i)
	if err != nil {
		return err
	}
	mine := role.MembershipID == "" && i.whole(manageRoles)
	view := RoleView{Page: i.page, Role: roleRow(role.Role, v.Lang), Sections: i.roleSections(role), MayViewUsers: i.may("users:view"), Administrator: role.Administrator,
		MayEdit: mine && role.Custom(), MayDelete: mine && role.Custom(), MayClone: mine && !role.Deprecated}
	for _, policy := range role.Policies {
		view.Policies = append(view.Policies, Option{Value: i.policyHref(policy.ID), Label: policy.Name})
	}
	err = p.reading(r, func(tx *db.Tx) error {
		list, err := roles.List(tx, i.account.ID, p.profile(i))
		if err != nil {
			return err
		}
		view.relations(role.Role, list, v.Lang)
		return p.roleHolders(tx, i, role, &view)
	})
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// relations names the roles that its holders may give, and those that it needs.
func (view *RoleView) relations(role roles.Role, list []roles.Role, tag lang.Tag) {
	given := 0 // of the predefined ones
	for _, other := range list {
		if other.ID == role.CopyOf {
			view.Template = &PersonLink{Name: other.Title(tag), Href: view.To().Role(other.ID)}
			view.Role.Name = other.Title(tag)
		}
		if other.Key == "" {
			continue
		}
		if !other.Deprecated {
			given++
		}
		if slices.Contains(role.MayGrant, other.Key) {
			view.MayGrant = append(view.MayGrant, other.Title(tag))
		}
		if slices.Contains(role.Needs, other.Key) {
			view.Needs = append(view.Needs, other.Title(tag))
		}
	}
	view.MayGrantAll = given > 0 && len(view.MayGrant) == given
}

// roleHolders names the first of those who have a role.
func (p *Portal) roleHolders(tx *db.Tx, i inside, role roles.Full, view *RoleView) error {
	if !view.MayViewUsers {
		return nil
	}
	page, err := p.People.List(tx, i.account, people.Query{RoleID: role.ID, Sort: "name", Limit: holdersShown})
	if unreadable(err) {
		return nil
	}
	for _, row := range page.Rows {
		link := PersonLink{Name: row.Name(), Detail: identifier(row.Email, row.Username), Href: i.page.To().User(row.ID())}
		view.Holders = append(view.Holders, link)
		if role.MembershipID != "" {
			view.Owner = &link
		}
	}
	return err
}

// policyHref is the page of a policy, for whoever may open it.
func (i inside) policyHref(id string) string {
	if !i.may("policies:view") {
		return ""
	}
	return i.page.To().Policy(id)
}

// roleSections says what a role gives and where from, section by section.
func (i inside) roleSections(role roles.Full) []RoleSection {
	sources := map[string][]RoleSource{}
	for _, permit := range role.Permits {
		sources[permit.Permission] = append(sources[permit.Permission], RoleSource{Own: len(role.Policies) > 0, Limit: limitOf(i.snapshot, permit)})
	}
	for _, policy := range role.Policies {
		for _, permit := range policy.Permits {
			sources[permit.Permission] = append(sources[permit.Permission], RoleSource{Policy: policy.Name, Href: i.policyHref(policy.ID), Limit: limitOf(i.snapshot, permit)})
		}
	}
	return sectionsOf(i.snapshot, role.Permissions, sources)
}

// roleSections groups what a role may do.
func roleSections(s *access.Snapshot, r roles.Role) []RoleSection {
	return sectionsOf(s, r.Permissions, nil)
}

// sectionsOf tells the permissions of each section.
func sectionsOf(snapshot *access.Snapshot, set access.Set, sources map[string][]RoleSource) []RoleSection {
	var out []RoleSection
	for _, of := range bySection(set) {
		first := of.permissions[0]
		section := RoleSection{Section: of.section, Elsewhere: of.elsewhere, Retired: first.Info().Registered && !snapshot.Known().Has(first)}
		for _, p := range of.permissions {
			info := p.Info()
			section.Lines = append(section.Lines, RoleLine{Permission: p.String(), Dangerous: info.Dangerous, NeedsTwo: info.NeedsTwoFactor, Sources: sources[p.String()]})
		}
		out = append(out, section)
	}
	return out
}

// sectioned are permissions of one section.
type sectioned struct {
	section     string
	permissions []access.Permission
	elsewhere   bool // connected services use all of these; the portal has a page for none
}

// bySection groups permissions by section, pages that come along left out.
func bySection(set access.Set) (out []sectioned) {
	for p := range withoutPages(set).All() {
		info := p.Info()
		n := slices.IndexFunc(out, func(s sectioned) bool { return s.section == info.Section })
		if n < 0 {
			out, n = append(out, sectioned{section: info.Section, elsewhere: true}), len(out)
		}
		out[n].permissions = append(out[n].permissions, p)
		out[n].elsewhere = out[n].elsewhere && !info.Built
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
