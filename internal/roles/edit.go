package roles

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
)

// Draft is a role as it is to be.
type Draft struct {
	Name, Description string
	Permits           []Permit // they make the role's own policy
	Policies          []string // ids of shared policies
	Template          bool
	Acknowledged      []string // the dangerous permissions that are known to be given
	From              string   // the role as whose clone the draft began, for the log; "" for none
}

// Edit is what is to be different of a role; nil leaves a part as it is.
type Edit struct {
	Name, Description *string
	Permits           *[]Permit
	Policies          *[]string
	Template          *bool
	Migrate           bool // a legacy role's permissions become its own policy
	Acknowledged      []string
}

// Create makes a custom role and returns its id.
func (r *Roles) Create(ctx context.Context, who db.Who, accountID string, in Draft) (id string, err error) {
	e := audit.Entry{Action: audit.RoleCreated, AccountID: accountID, Kind: "account", ID: accountID}
	err = r.refusing(ctx, who, e, func(tx *db.Tx) error {
		m, err := r.manage(tx, who, accountID, manageRoles)
		if err != nil {
			return err
		}
		if in.From != "" {
			if _, err := m.cloneable(in.From); err != nil {
				return err
			}
		}
		id, err = m.create(in, in.From)
		return err
	})
	return id, err
}

// create checks a draft, saves it and records it; from is the role that it is a clone of.
func (m *managing) create(in Draft, from string) (string, error) {
	if err := m.room(); err != nil {
		return "", err
	}
	id, err := m.tx.ID("rol")
	if err != nil {
		return "", err
	}
	role := Full{Role: Role{AccountID: m.account.ID, ID: id, Version: 1}}
	edit := Edit{Name: &in.Name, Description: &in.Description, Permits: &in.Permits, Policies: &in.Policies, Template: &in.Template, Acknowledged: in.Acknowledged}
	next, key, flagged, err := m.edited(role, edit)
	if err != nil {
		return "", err
	}
	if err := m.insert(next, key); err != nil {
		return "", err
	}
	if err := m.saveParts(role, &next); err != nil {
		return "", err
	}
	changed(m.tx, id)
	return id, audit.Record(m.tx, audit.Entry{Action: audit.RoleCreated, AccountID: m.account.ID, Kind: "role", ID: id,
		Changes: append(differences(role, next), audit.Change{Field: "cloned_from", After: from}, audit.Change{Field: "toxic_combinations", After: flagged})})
}

// room refuses another custom role beyond what an account has at most.
func (m *managing) room() error {
	var n int64
	_, err := db.One(m.tx, []any{&n}, `SELECT COUNT(*) FROM roles WHERE account_id = $1 AND predefined IS NULL AND membership_id IS NULL`, m.account.ID)
	if err == nil && n >= rolesMost {
		err = fault.New(fault.Conflict, "too_many_roles", "max", rolesMost)
	}
	return err
}

// Edit changes a custom role for everyone who has it (R6), and returns the version
// that there is now.
func (r *Roles) Edit(ctx context.Context, who db.Who, accountID, roleID string, version int64, in Edit) (now int64, err error) {
	e := audit.Entry{Action: audit.RoleChanged, AccountID: accountID, Kind: "role", ID: roleID}
	if in.Migrate {
		e.Action = audit.RoleMigrated
	}
	err = r.refusing(ctx, who, e, func(tx *db.Tx) error {
		m, err := r.manage(tx, who, accountID, manageRoles)
		if err != nil {
			return err
		}
		role, err := m.role(roleID, version)
		if err != nil {
			return err
		}
		next, key, flagged, err := m.edited(role, in)
		if err != nil {
			return err
		}
		if err := m.update(next, key); err != nil {
			return err
		}
		if err := m.saveParts(role, &next); err != nil {
			return err
		}
		if decides(role, next) {
			changed(tx, roleID)
		}
		now = role.Version + 1
		e.Changes = append(differences(role, next), audit.Change{Field: "toxic_combinations", After: flagged})
		return audit.Record(tx, e)
	})
	return now, err
}

// decides tells whether decisions read anything of what an edit changes: a new name
// makes no node load its roles again.
func decides(before, after Full) bool {
	return before.Legacy != after.Legacy || idsOf(before.Policies) != idsOf(after.Policies) || !slices.Equal(textOf(before.Permits), textOf(after.Permits))
}

// edited is a role as an edit leaves it, checked in every way; flagged names the
// toxic combinations that are let through.
func (m *managing) edited(role Full, in Edit) (next Full, key, flagged string, err error) {
	if err = Acknowledge(in.Acknowledged); err != nil {
		return next, "", "", err
	}
	var f fault.Fields
	if next, key, err = m.apply(&f, role, in); err != nil {
		return next, "", "", err
	}
	c := changeOf(role, next)
	if flagged, err = m.judged(&f, c, in.Acknowledged); err == nil {
		err = m.allow(c)
	}
	return next, key, flagged, err
}

// judged is what may be said against a change, whoever makes it: what was noted
// before, dangers that nobody said they know, and toxic combinations. flagged names
// those of the last that are let through.
func (m *managing) judged(f *fault.Fields, c change, said []string) (flagged string, err error) {
	c.acknowledged(f, said, m.who.Lang)
	if flagged, err = m.toxic(f, c); err == nil {
		err = f.Err()
	}
	return flagged, err
}

// changeOf is what an edit of one role changes.
func changeOf(role, next Full) change {
	c := change{before: map[string]rights{}, after: map[string]rights{next.ID: next.rights()}}
	if before := role.rights(); len(before) > 0 {
		c.before[role.ID] = before
	}
	return c
}

// apply puts an edit into a role and notes what is wrong with it. What stays as it
// is, is held to the same rules: an edit is also the chance to mend.
func (m *managing) apply(f *fault.Fields, role Full, in Edit) (next Full, key string, err error) {
	next = role
	if role.Legacy && !in.Migrate && m.settings.LegacyRoles == "migrate_first" {
		return next, "", fault.New(fault.Conflict, "migrate_first")
	}
	if in.Migrate && !role.Legacy {
		return next, "", fault.New(fault.Conflict, "not_legacy")
	}
	next.Legacy = role.Legacy && !in.Migrate
	name := role.Name
	if in.Name != nil {
		name = *in.Name
	}
	if next.Name, key, err = m.name(f, "roles", name, role.ID); err != nil {
		return next, "", err
	}
	if in.Description != nil {
		next.Description = about(f, *in.Description)
	}
	if in.Permits != nil {
		next.Permits = *in.Permits
	}
	next.Permits = m.limits().checkPermits(f, next.Permits)
	if in.Policies != nil {
		if next.Legacy && len(*in.Policies) > 0 {
			f.Add("policies", "legacy_policies")
		}
		if next.Policies, err = m.policies(f, *in.Policies, len(next.Permits) > 0); err != nil {
			return next, "", err
		}
	} else if len(next.Permits) > 0 && len(next.Policies) >= policiesMost {
		f.Add("policies", "too_many_policies", "max", policiesMost)
	}
	if in.Template != nil {
		next.Template = *in.Template
	}
	next.refresh()
	m.whole(f, next)
	return next, key, nil
}

// whole notes what is wrong with a role as a whole.
func (m *managing) whole(f *fault.Fields, r Full) {
	if !f.Any() && r.Permissions.Empty() {
		f.Add("permissions", "choose_permission")
	}
	for _, p := range r.Policies {
		for _, g := range grants(p.Permits) {
			if code := m.limits().holds(g.Permission); code != "" {
				f.Add("policies", code, "permission", g.Permission.String())
			}
		}
	}
	if !r.Template {
		return
	}
	said := map[string]string{}
	for _, list := range append([][]Permit{r.Permits}, permitsOf(r.Policies)...) {
		for _, p := range list {
			if text, twice := said[p.Permission]; twice && text != p.String() { // a copy has one policy, and that each permission once
				f.Add("permissions", "template_restrictions", "permission", p.Permission)
				return
			}
			said[p.Permission] = p.String()
		}
	}
}

// differences tell the log what a role was and is: ids and names of permissions.
func differences(before, after Full) []audit.Change {
	out := []audit.Change{{Field: "name", Before: before.Name, After: after.Name}, {Field: "description", Before: before.Description, After: after.Description},
		{Field: "template", Before: flag(before.Template), After: flag(after.Template)}, {Field: "legacy", Before: flag(before.Legacy), After: flag(after.Legacy)}}
	out = append(out, permitDifferences(before.Permits, after.Permits)...)
	return append(out, audit.Change{Field: "policies", Before: idsOf(before.Policies), After: idsOf(after.Policies)})
}

func flag(is bool) string {
	if !is {
		return ""
	}
	return strconv.FormatBool(is)
}

func idsOf(list []Policy) string {
	var ids []string
	for _, p := range list {
		ids = append(ids, p.ID)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// permitDifferences tell what is no longer there and what is new: all of it would
// be too long to read.
func permitDifferences(before, after []Permit) []audit.Change {
	was, is := textOf(before), textOf(after)
	gone := slices.DeleteFunc(slices.Clone(was), func(s string) bool { return slices.Contains(is, s) })
	more := slices.DeleteFunc(slices.Clone(is), func(s string) bool { return slices.Contains(was, s) })
	return []audit.Change{{Field: "permissions", Before: strings.Join(gone, "; "), After: strings.Join(more, "; ")}}
}
