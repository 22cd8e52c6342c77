package portal

import (
	"cmp"
	"net/http"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/roles"
	"countersign/internal/web"
)

// grants are the user's roles over their scopes.
func (u user) grants() []Grant {
	var out []Grant
	for _, a := range u.given {
		r, ok := u.choices.role(a.RoleID)
		if !ok {
			continue
		}
		g := Grant{Role: r.Title(u.choices.lang), RoleID: r.ID, Entities: u.choices.entityNames(a.Entities), AllEntities: a.AllEntities,
			Until: moment(a.Until), Dangerous: len(r.Dangerous()) > 0, Deprecated: r.Deprecated, Copy: r.CopyOf != ""}
		if u.adjustable(r) {
			g.AdjustHref = InAccount(u.customerID).AdjustRole(u.row.ID(), r.ID)
		}
		out = append(out, g)
	}
	return out
}

// userAccess explains what the user may do here, section by section (U17): as
// from an address that they may act from, and, of somebody who may not act at the
// moment, what their roles will give.
func (p *Portal) userAccess(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:view")
	if err != nil {
		return err
	}
	q := i.q
	q.User, q.SecondFactor, q.Fresh = u.row.ID(), true, true
	view := UserAccess{Page: i.page, User: u.head, Grants: u.grants(), NotYet: u.notYet()}
	err = p.reading(r, func(tx *db.Tx) error {
		words, list, err := u.networks(tx)
		if view.Networks = words; len(list) > 0 {
			q.IP = list[0].Addr()
		}
		if err == nil {
			u.policies, err = roles.PolicyNames(tx, i.account.ID)
		}
		return err
	})
	if err != nil {
		return err
	}
	sources := u.sources(i.snapshot, q.Now)
	held := access.Held(i.snapshot, q)
	q.SecondFactor = u.row.Factors > 0
	now := access.Held(i.snapshot, q)
	if view.NotYet != "" {
		for permission := range sources {
			held = held.With(permission)
		}
		held = held.And(i.snapshot.Known()) // nobody has what is retired
		now = held
	}
	view.Sections = accessSections(i, sources, held, now)
	for _, section := range view.Sections {
		for n := range section.Lines {
			if line := &section.Lines[n]; len(line.Sources) > 0 {
				line.WhyHref = i.page.To().Explain(u.row.ID(), ExplainFilter{Permission: line.Permission, Entity: cmp.Or(line.Sources[0].Where, i.account.CustomerID)})
			}
		}
	}
	return p.show(w, view)
}

// notYet is why nothing of what the user has holds at the moment; "" when it does.
func (u user) notYet() string {
	switch {
	case u.row.DeactivatedAt != 0:
		return "deactivated"
	case u.row.ActivatedAt == 0:
		return "invited"
	case u.row.InactiveLockedAt != 0:
		return "locked"
	}
	return ""
}

// sources says for each permission which of the user's roles and policies give
// it, at a time or later.
func (u user) sources(snapshot *access.Snapshot, now int64) map[access.Permission][]AccessSource {
	out := map[access.Permission][]AccessSource{}
	for _, a := range u.given {
		r, ok := u.choices.role(a.RoleID)
		if !ok || a.Until != 0 && a.Until <= now {
			continue
		}
		s := AccessSource{Role: r.Title(u.choices.lang), Entities: u.choices.entityNames(a.Entities), AllEntities: a.AllEntities, Until: moment(a.Until)}
		if a.From > now {
			s.From = moment(a.From)
		}
		if len(a.Entities) > 0 {
			s.Where = a.Entities[0]
		}
		for p := range access.Closed(r.Permissions).All() {
			through := s
			through.Policy = strings.Join(u.policies[r.ID][p], ", ")
			through.Limits = r.Restrictions(snapshot, u.choices.lang, p)
			out[p] = append(out[p], through)
		}
	}
	return out
}

// accessSections groups what is held by section; now is what is held without
// what is lost for want of a second factor.
func accessSections(i inside, sources map[access.Permission][]AccessSource, held, now access.Set) []AccessSection {
	var out []AccessSection
	for _, of := range bySection(held) {
		section := AccessSection{Section: of.section, Href: sectionHref(i, of.section), Elsewhere: of.elsewhere}
		for _, p := range of.permissions {
			info := p.Info()
			section.Lines = append(section.Lines, AccessLine{Permission: p.String(), Sources: sources[p], Dangerous: info.Dangerous, NeedsTwo: info.NeedsTwoFactor, Lost: !now.Has(p)})
		}
		out = append(out, section)
	}
	return out
}

// sectionHref is where the menu leads for a section, when there is a place for it
// and the viewer may open it.
func sectionHref(i inside, section string) string {
	for _, p := range places() {
		if string(p.section) == section && (p.permission == "" || i.may(p.permission)) {
			return p.href(i.page.To())
		}
	}
	return ""
}
