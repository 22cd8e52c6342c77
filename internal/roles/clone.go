package roles

import (
	"context"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/profile"
)

// Cloned is a role as a draft: what another holds and custom roles may hold.
type Cloned struct {
	Draft
	LeftOut []string // names of its permissions that no custom role of the account may hold
}

// CloneOf makes a draft of any role of an account, predefined ones too: what a
// form begins with. It gives nothing to anybody.
func CloneOf(s *access.Snapshot, role Full, level access.Kind, p *profile.Profile) Cloned {
	out := Cloned{Draft: Draft{Description: role.Description, Template: role.Template && role.Custom(), Policies: strings.Fields(idsOf(role.Policies))}}
	permits := role.Permits
	if !role.Custom() {
		for _, name := range names(role.Permissions) {
			permits = append(permits, Permit{Permission: name})
		}
	}
	l := limits{level: level, ungrantable: p.Ungrantable, snapshot: s}
	for _, permit := range permits {
		known, ok := access.Parse(permit.Permission)
		switch {
		case !ok || l.holds(known) != "" || permit.restriction() != "":
			out.LeftOut = append(out.LeftOut, permit.Permission)
		case known.Info().Resource == "page" && !role.Custom() && broughtAlong(known, role.Permissions): // of itself
		default:
			out.Permits = append(out.Permits, permit)
		}
	}
	return out
}

// broughtAlong tells whether a page comes with another permission of a set.
func broughtAlong(page access.Permission, set access.Set) bool {
	return access.Closed(set.Minus(access.SetOf(page))).Has(page)
}

// Clone makes a custom role that holds what another does, save what no custom role
// may hold and what is in without. It returns the new role's id and all that was left out.
func (r *Roles) Clone(ctx context.Context, who db.Who, accountID, roleID, name string, without, acknowledged []string) (id string, leftOut []string, err error) {
	e := audit.Entry{Action: audit.RoleCreated, AccountID: accountID, Kind: "role", ID: roleID}
	err = r.refusing(ctx, who, e, func(tx *db.Tx) error {
		m, err := r.manage(tx, who, accountID, manageRoles)
		if err != nil {
			return err
		}
		role, err := m.cloneable(roleID)
		if err != nil {
			return err
		}
		draft := CloneOf(m.snapshot, role, m.account.Kind, m.profile)
		draft.Name, draft.Description, draft.Acknowledged = name, role.About(who.Lang), acknowledged
		if draft.Permits, leftOut, err = leave(draft, without); err != nil {
			return err
		}
		id, err = m.create(draft.Draft, role.ID)
		return err
	})
	if err != nil {
		return "", nil, err
	}
	return id, leftOut, nil
}

// cloneable finds a role of the account that can be cloned.
func (m *managing) cloneable(roleID string) (Full, error) {
	role, found, err := RoleByID(m.tx, m.account.ID, roleID, m.profile)
	switch {
	case err != nil:
		return role, err
	case !found || role.MembershipID != "":
		return role, fault.None("role")
	case role.Deprecated:
		return role, fault.In("role", "deprecated_role", "role", role.Title(m.who.Lang))
	}
	return role, nil
}

// leave takes permissions out of a draft.
func leave(draft Cloned, without []string) (kept []Permit, out []string, err error) {
	out = draft.LeftOut
	for _, name := range without {
		if !slices.ContainsFunc(draft.Permits, func(p Permit) bool { return p.Permission == name }) {
			return nil, nil, fault.In("without", "unknown_permission", "permission", shown(name))
		}
		out = append(out, name)
	}
	return slices.DeleteFunc(draft.Permits, func(p Permit) bool { return slices.Contains(without, p.Permission) }), out, nil
}
