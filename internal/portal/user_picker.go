package portal

import (
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/web"
)

const (
	pickerMost = 200 // entities that a picker shows; an account with more searches them
	foundMost  = 50  // that a search shows
)

// picker offers the roles and entities that the viewer may give; to somebody who is
// there already (the zero Row for somebody new) also what they have of roles that
// are given to nobody any more, and their copies of templates.
func (p *Portal) picker(tx *db.Tx, i inside, v *web.Visit, s profile.Settings, of people.Row, chosen people.Access, find string) (AccessPicker, error) {
	must := people.MandatoryOf(s)
	out := AccessPicker{OneRole: s.RolesPerUser == "one", RoleMandatory: must.Role, AllEntities: chosen.AllEntities, Acknowledged: chosen.Acknowledged, Scope: s.AssignmentScope}
	if out.Scope == "all_allowed" && must.Entities {
		out.Scope = "entities_required"
	}
	q := i.asks("users:assign_roles")
	out.MayAllEntities = access.Covers(i.snapshot, q, true, nil)
	over, err := p.pickEntities(tx, i, q, &out, chosen, find)
	if err != nil {
		return out, err
	}
	c, err := p.choices(tx, i.account, v.Lang, of.Member.ID)
	if err != nil {
		return out, err
	}
	for _, r := range c.safestFirst(chosen.Roles) {
		if r.Deprecated && !slices.Contains(of.Roles, r.ID) || !r.Deprecated && !givable(i, q, r.ID, out.MayAllEntities, over) {
			continue
		}
		choice := RoleChoice{ID: r.ID, Name: r.Title(c.lang), Description: r.About(c.lang), Permissions: r.Permissions.Len(),
			Selected: slices.Contains(chosen.Roles, r.ID), Sections: roleSections(i.snapshot, r),
			Warning: r.Warning(c.lang), Deprecated: r.Deprecated, Template: r.Template, Copy: r.CopyOf != ""}
		for _, d := range r.Dangerous() {
			choice.Dangerous = append(choice.Dangerous, d.String())
		}
		out.Roles = append(out.Roles, choice)
	}
	return out, nil
}

// pickEntities fills in the entities: all of them, or where there are many those
// that are chosen and those that were found. It returns some over which the
// viewer may give anything.
func (p *Portal) pickEntities(tx *db.Tx, i inside, q access.Question, out *AccessPicker, chosen people.Access, find string) (over []string, err error) {
	list, err := org.Entities(tx, i.account, pickerMost+1)
	if err != nil {
		return nil, err
	}
	out.Many = len(list) > pickerMost
	if !out.Many {
		out.Entities, over = offered(i, q, list, chosen.Entities)
		return over, nil
	}
	if list, err = org.EntitiesIn(tx, i.account, chosen.Entities); err != nil {
		return nil, err
	}
	out.Entities, over = offered(i, q, list, chosen.Entities)
	if out.Find = strings.TrimSpace(find); out.Find != "" {
		if list, err = org.FindEntities(tx, i.account, out.Find, foundMost+len(out.Entities)+1); err != nil {
			return nil, err
		}
		list = slices.DeleteFunc(list, func(e org.Entity) bool { return slices.Contains(over, e.ID) })
		out.More = len(list) > foundMost
		found, more := offered(i, q, list[:min(len(list), foundMost)], nil)
		out.Found, over = found, append(over, more...)
	}
	tops, err := org.EntitiesWithin(tx, access.Scope(i.snapshot, q), "", 1)
	for _, e := range tops {
		over = append(over, e.ID)
	}
	return over, err
}

// offered are the entities that the viewer may give something over.
func offered(i inside, q access.Question, list []org.Entity, chosen []string) (out []EntityChoice, ids []string) {
	for _, e := range list {
		if !access.Covers(i.snapshot, q, false, []string{e.ID}) {
			continue
		}
		ids = append(ids, e.ID)
		out = append(out, EntityChoice{ID: e.ID, Name: e.Name, CustomerID: e.CustomerID, Kind: e.Kind.String(),
			Depth: (len(e.Path) - len(i.account.Path)) / access.PathPart, Selected: slices.Contains(chosen, e.ID) || slices.Contains(chosen, e.CustomerID)})
	}
	return out, ids
}

// safestFirst orders roles for a picker: those that are chosen, then those
// without dangers, then the others.
func (c choices) safestFirst(chosen []string) []roles.Role {
	rank := func(r roles.Role) int {
		switch {
		case slices.Contains(chosen, r.ID):
			return 0
		case !r.Acknowledged():
			return 1
		}
		return 2
	}
	out := slices.Clone(c.roles)
	slices.SortStableFunc(out, func(a, b roles.Role) int { return rank(a) - rank(b) })
	return out
}

// givable tells whether a role could be given over anything at all.
func givable(i inside, q access.Question, roleID string, all bool, over []string) bool {
	if all && access.CanGrant(i.snapshot, q, roleID, true, nil) == "" {
		return true
	}
	return slices.ContainsFunc(over, func(e string) bool { return access.CanGrant(i.snapshot, q, roleID, false, []string{e}) == "" })
}
