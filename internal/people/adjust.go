package people

import (
	"context"
	"slices"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/roles"
)

// AdjustRole changes what a member may do by their copy of a template (R18), which
// is made from a predefined template when it is first adjusted. Nothing is given
// beyond what the giver holds over the same entities. It returns the copy's id.
func (p *People) AdjustRole(ctx context.Context, who db.Who, accountID, userID, roleID string, version int64, in roles.Adjusting) (copyID string, err error) {
	e := audit.Entry{Action: audit.RoleAdjusted, AccountID: accountID, Kind: "user", ID: userID}
	err = p.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, settings, err := p.account(tx, who, accountID, "users:assign_roles")
		if err == nil {
			err = roles.Acknowledge(in.Acknowledged)
		}
		if err != nil {
			return err
		}
		m, err := p.changes(tx, who, a, settings, "users:assign_roles", userID, version)
		if err != nil {
			return err
		}
		pr, _ := p.profiles.Get(a.Profile)
		r, given, err := adjustable(tx, a, pr, m, roleID)
		if err != nil {
			return err
		}
		s, err := p.guard.Snapshot(tx)
		if err != nil {
			return err
		}
		var f fault.Fields
		permits, gives := roles.Adjusted(tx, s, who.Lang, r, a.Kind, pr, in, &f)
		flagged, err := p.adjustsToxic(tx, a, pr, settings, m, r, gives, &f, who)
		if err == nil {
			err = f.Err()
		}
		if err == nil {
			err = p.holdsOver(tx, who, a, gives, given)
		}
		if err != nil {
			return err
		}
		err = Relist(tx, userID, func() (err error) {
			copyID, e.Changes, err = roles.Adjust(tx, m.ID, r, permits)
			return err
		})
		if err != nil {
			return err
		}
		tx.ChangedUser(userID)
		e.Changes = append(e.Changes, audit.Change{Field: "role", After: copyID}, audit.Change{Field: "toxic_combinations", After: flagged})
		return audit.Record(tx, e)
	})
	return copyID, err
}

// adjustable finds what a member has of a role that can be adjusted for them.
func adjustable(tx *db.Tx, a org.Account, pr *profile.Profile, m Member, roleID string) (r roles.Full, given roles.Assignment, err error) {
	held, err := roles.Of(tx, a.ID, m.ID)
	if err != nil {
		return r, given, err
	}
	i := slices.IndexFunc(held[m.ID], func(x roles.Assignment) bool { return x.RoleID == roleID })
	if i < 0 {
		return r, given, fault.None("role")
	}
	r, _, err = roles.RoleByID(tx, a.ID, roleID, pr)
	if err == nil && !roles.Adjustable(r.Role) {
		err = fault.New(fault.Conflict, "role_not_template")
	}
	return r, held[m.ID][i], err
}

// holdsOver refuses to give what the giver does not hold over the entities of an assignment.
func (p *People) holdsOver(tx *db.Tx, who db.Who, a org.Account, gives access.Set, over roles.Assignment) error {
	s, err := p.guard.Snapshot(tx)
	if err != nil {
		return err
	}
	q := org.Question(tx, who, a.ID)
	for q.Permission = range gives.All() {
		if !access.Covers(s, q, over.AllEntities, over.Entities) {
			e := ceiling("permissions", "permission_not_yours_to_give").With("permission", q.Permission.String())
			e.Fields[0].Args = e.Args
			return e
		}
	}
	return nil
}

// adjustsToxic notes what an adjustment would combine that nobody should hold.
func (p *People) adjustsToxic(tx *db.Tx, a org.Account, pr *profile.Profile, s profile.Settings, m Member, r roles.Full, gives access.Set, f *fault.Fields, who db.Who) (string, error) {
	known, err := p.known(tx, a, pr, m)
	if err != nil {
		return "", err
	}
	held, err := roles.Of(tx, a.ID, m.ID)
	if err != nil {
		return "", err
	}
	before := rolesOf(tx, known, held[m.ID])
	after := slices.Clone(before)
	for i := range after {
		if after[i].ID == r.ID {
			after[i].Permissions = gives
		}
	}
	return p.toxic(s, before, after, "permissions", f, who), nil
}
