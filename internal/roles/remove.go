package roles

import (
	"context"
	"slices"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
)

// Remove deletes a custom role. Whoever would be left with none gets the account's
// fallback role over the same entities and for the same time (R6, B12); nobody is
// left with none, and nobody becomes an administrator. It returns how many got it.
func (r *Roles) Remove(ctx context.Context, who db.Who, accountID, roleID string, version int64) (fell int, err error) {
	e := audit.Entry{Action: audit.RoleDeleted, AccountID: accountID, Kind: "role", ID: roleID}
	err = r.refusing(ctx, who, e, func(tx *db.Tx) error {
		fell = 0
		m, err := r.manage(tx, who, accountID, manageRoles)
		if err != nil {
			return err
		}
		role, err := m.role(roleID, version)
		if err != nil {
			return err
		}
		c, err := m.removal(role)
		if err != nil {
			return err
		}
		list, err := holdersOf(tx, accountID, roleID, c.nothing)
		if err != nil {
			return err
		}
		if len(list) > moveMost {
			return fault.New(fault.Conflict, "too_many_holders", "max", moveMost)
		}
		for some := range slices.Chunk(list, moveChunk) {
			n, err := r.takeFrom(tx, accountID, some, c.fallback)
			if err != nil {
				return err
			}
			fell += n
		}
		if err := dropRole(tx, accountID, roleID); err != nil {
			return err
		}
		changed(tx, roleID)
		moved(tx, list)
		e.Changes = differences(role, Full{Role: Role{AccountID: accountID, ID: roleID}})
		return audit.Record(tx, e)
	})
	return fell, err
}

// usersMost is from how many on loading everybody costs a node no more than each.
const usersMost = 500

// moved says that decisions about those who had a role differ from now on.
func moved(tx *db.Tx, list []holder) {
	if len(list) > usersMost {
		tx.ChangedAccess()
		return
	}
	for _, h := range list {
		tx.ChangedUser(h.userID)
	}
}

// moveMost bounds whose access one deletion changes: it holds up all others who write.
const (
	moveMost  = 20_000
	moveChunk = 1000
)

// removal is what deleting a role changes; it refuses whoever may not.
func (m *managing) removal(role Full) (change, error) {
	c := change{before: map[string]rights{role.ID: role.rights()}, after: map[string]rights{}, removed: role.ID}
	if err := m.allow(c); err != nil {
		return c, err
	}
	pr, ok := m.profile.Role(m.settings.FallbackRole)
	if !ok || pr.Deprecated || pr.Administrator || !pr.At(m.account.Kind) {
		return c, fault.New(fault.Conflict, "fallback_role_unusable")
	}
	id, found, err := IDByKey(m.tx, m.account.ID, pr.Key)
	if err == nil && !found {
		err = fault.New(fault.Conflict, "fallback_role_unusable")
	}
	if err != nil {
		return c, err
	}
	c.fallback, c.fallbackGives = id, rightsIn(pr.Permissions)
	if c.nothing, err = m.deprecated(); err != nil {
		return c, err
	}
	if access.CanGrant(m.snapshot, m.question, id, true, nil) != "" {
		return c, fault.New(fault.Forbidden, "role_not_yours_to_give")
	}
	return c, nil
}

// deprecated are the ids of the account's roles that give nothing.
func (m *managing) deprecated() (ids []string, err error) {
	rows, err := predefinedRows(m.tx, m.account.ID)
	for _, pr := range m.profile.Roles {
		if pr.Deprecated && rows[pr.Key] != "" {
			ids = append(ids, rows[pr.Key])
		}
	}
	return ids, err
}

// takeFrom takes a role from some of its holders, in exchange for the fallback where
// it was the only one, and records that of each. It tells how many fell back.
func (r *Roles) takeFrom(tx *db.Tx, accountID string, list []holder, fallback string) (fell int, err error) {
	var ids []string
	for _, h := range list {
		ids = append(ids, h.membershipID)
	}
	before, err := Of(tx, accountID, ids...)
	if err != nil {
		return 0, err
	}
	err = r.relist(tx, accountID, ids, func() error {
		fell, err = take(tx, accountID, list, fallback)
		return err
	})
	if err != nil {
		return 0, err
	}
	after, err := Of(tx, accountID, ids...)
	if err != nil {
		return 0, err
	}
	for _, h := range list {
		err := audit.Record(tx, audit.Entry{Action: audit.UserAccessChanged, AccountID: accountID, Kind: "user", ID: h.userID,
			Changes: []audit.Change{{Field: "roles", Before: Text(before[h.membershipID]), After: Text(after[h.membershipID])}}})
		if err != nil {
			return 0, err
		}
	}
	return fell, nil
}
