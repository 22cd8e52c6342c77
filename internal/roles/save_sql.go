package roles

import (
	"fmt"
	"slices"

	"countersign/internal/db"
	"countersign/internal/fault"
)

// insert adds the row of a role.
func (m *managing) insert(r Full, key string) error {
	_, err := m.tx.Exec(`INSERT INTO roles (account_id, id, name, name_key, description, template, legacy, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		r.AccountID, r.ID, r.Name, key, r.Description, r.Template, r.Legacy, m.tx.Now)
	return named(err, "create role", "roles.name_key")
}

// update writes the row of a role, a version on.
func (m *managing) update(r Full, key string) error {
	_, err := m.tx.Exec(`UPDATE roles SET name = $1, name_key = $2, description = $3, template = $4, legacy = $5, version = version + 1 WHERE account_id = $6 AND id = $7`,
		r.Name, key, r.Description, r.Template, r.Legacy, r.AccountID, r.ID)
	return named(err, "change role", "roles.name_key")
}

// named tells of a name that somebody else took meanwhile.
func named(err error, what, constraint string) error {
	if db.Violates(err, constraint) {
		return fault.In("name", "name_taken")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// ownKey is the name_key of a role's own policy: nobody can type it.
func ownKey(roleID string) string { return "\x01" + roleID }

// saveParts writes what a role is made of: of a legacy one its permissions, of
// others their own policy, and which shared policies they have.
func (m *managing) saveParts(before Full, after *Full) error {
	if after.Legacy {
		return savePermits(m.tx, "role_permissions", "role_id", after.AccountID, after.ID, before.Permits, after.Permits)
	}
	had := before.Permits
	if before.Legacy {
		if err := savePermits(m.tx, "role_permissions", "role_id", after.AccountID, after.ID, before.Permits, nil); err != nil {
			return err
		}
		had = nil
	}
	if err := m.saveOwn(had, after); err != nil {
		return err
	}
	return m.attach(before.Policies, after.Policies, after.ID)
}

// saveOwn writes the role's own policy: there is one while it holds something.
func (m *managing) saveOwn(had []Permit, r *Full) error {
	fresh := r.ownPolicy == "" && len(r.Permits) > 0
	if fresh {
		id, err := m.tx.ID("pol")
		if err != nil {
			return err
		}
		r.ownPolicy = id
		if _, err := m.tx.Exec(`INSERT INTO policies (account_id, id, name, name_key, role_id, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			r.AccountID, id, r.Name, ownKey(r.ID), r.ID, m.tx.Now); err != nil {
			return fmt.Errorf("make a role's own policy: %w", err)
		}
		if _, err := m.tx.Exec(`INSERT INTO role_policies (account_id, role_id, policy_id) VALUES ($1, $2, $3)`, r.AccountID, r.ID, id); err != nil {
			return fmt.Errorf("make a role's own policy: %w", err)
		}
	}
	if r.ownPolicy == "" {
		return nil
	}
	if err := savePermits(m.tx, "policy_permissions", "policy_id", r.AccountID, r.ownPolicy, had, r.Permits); err != nil {
		return err
	}
	if len(r.Permits) == 0 {
		return dropPolicy(m.tx, r.AccountID, r.ownPolicy)
	}
	if !fresh {
		if _, err := m.tx.Exec(`UPDATE policies SET name = $1, version = version + 1 WHERE account_id = $2 AND id = $3`, r.Name, r.AccountID, r.ownPolicy); err != nil {
			return fmt.Errorf("change a role's own policy: %w", err)
		}
	}
	return nil
}

// dropPolicy deletes a policy with what it holds, from the roles that have it too.
func dropPolicy(tx *db.Tx, accountID, policyID string) error {
	for _, q := range []string{
		`DELETE FROM role_policies WHERE account_id = $1 AND policy_id = $2`,
		`DELETE FROM policy_permissions WHERE account_id = $1 AND policy_id = $2`,
		`DELETE FROM policies WHERE account_id = $1 AND id = $2`,
	} {
		if _, err := tx.Exec(q, accountID, policyID); err != nil {
			return fmt.Errorf("delete policy: %w", err)
		}
	}
	return nil
}

// attach makes the shared policies that a role has those that it is to have.
func (m *managing) attach(before, after []Policy, roleID string) error {
	is := func(list []Policy, id string) bool {
		return slices.ContainsFunc(list, func(p Policy) bool { return p.ID == id })
	}
	for _, p := range before {
		if is(after, p.ID) {
			continue
		}
		if _, err := m.tx.Exec(`DELETE FROM role_policies WHERE account_id = $1 AND role_id = $2 AND policy_id = $3`, m.account.ID, roleID, p.ID); err != nil {
			return fmt.Errorf("take a policy off a role: %w", err)
		}
	}
	for _, p := range after {
		if is(before, p.ID) {
			continue
		}
		if _, err := m.tx.Exec(`INSERT INTO role_policies (account_id, role_id, policy_id) VALUES ($1, $2, $3)`, m.account.ID, roleID, p.ID); err != nil {
			return fmt.Errorf("give a policy to a role: %w", err)
		}
	}
	return nil
}

// savePermits writes what differs of the permissions of a policy, or of a legacy
// role, in their table; owner is the column that says whose they are.
func savePermits(tx *db.Tx, table, owner, accountID, id string, before, after []Permit) error {
	same := func(list []Permit, p Permit) bool {
		return slices.ContainsFunc(list, func(q Permit) bool { return q.Permission == p.Permission && q.stored() == p.stored() })
	}
	var gone, more [][]any
	for _, p := range before {
		if !same(after, p) {
			gone = append(gone, []any{accountID, id, p.Permission})
		}
	}
	for _, p := range after {
		if !same(before, p) {
			more = append(more, []any{accountID, id, p.Permission, p.stored()})
		}
	}
	if err := tx.ExecEach(`DELETE FROM `+table+` WHERE account_id = $1 AND `+owner+` = $2 AND permission = $3`, gone); err != nil {
		return fmt.Errorf("take permissions away: %w", err)
	}
	if err := tx.ExecEach(`INSERT INTO `+table+` (account_id, `+owner+`, permission, condition) VALUES ($1, $2, $3, $4)`, more); err != nil {
		return fmt.Errorf("add permissions: %w", err)
	}
	return nil
}
