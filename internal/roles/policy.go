package roles

import (
	"database/sql"
	"fmt"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
)

// Policy is a named set of permissions that roles of the account share.
type Policy struct {
	AccountID, ID, Name, Description string
	Version                          int64
	Permits                          []Permit
	Roles                            []string // ids of the roles that have it, by their names
	roleID                           string   // whose own it is; "" for a shared one
}

// Permissions are what it gives, as written.
func (p Policy) Permissions() access.Set {
	var set access.Set
	for _, g := range grants(p.Permits) {
		set = set.With(g.Permission)
	}
	return set
}

const policyColumns = `p.account_id, p.id, p.name, p.description, p.version, COALESCE(p.role_id, '') FROM policies p`

func (p *Policy) dest() []any {
	return []any{&p.AccountID, &p.ID, &p.Name, &p.Description, &p.Version, &p.roleID}
}

func scanPolicy(r *sql.Rows) (p Policy, err error) { return p, r.Scan(p.dest()...) }

// Policies lists the shared policies of an account by name.
func Policies(tx *db.Tx, accountID string) ([]Policy, error) {
	list, err := db.All(tx, scanPolicy, `SELECT `+policyColumns+` WHERE p.account_id = $1 AND p.role_id IS NULL ORDER BY p.name_key`, accountID)
	if err != nil {
		return nil, fmt.Errorf("list policies: %w", err)
	}
	if err := addPermits(tx, accountID, list); err != nil {
		return nil, err
	}
	return list, addRoles(tx, accountID, list)
}

// PolicyByID reads a shared policy of an account; false when it has none of that id.
func PolicyByID(tx *db.Tx, accountID, policyID string) (p Policy, found bool, err error) {
	if !lang.Storable(policyID) {
		return p, false, nil
	}
	found, err = db.One(tx, p.dest(), `SELECT `+policyColumns+` WHERE p.account_id = $1 AND p.id = $2 AND p.role_id IS NULL`, accountID, policyID)
	if err != nil || !found {
		return p, false, err
	}
	list := []Policy{p}
	if err = addPermits(tx, accountID, list); err == nil {
		err = addRoles(tx, accountID, list)
	}
	return list[0], true, err
}

// addPermits reads what some policies hold.
func addPermits(tx *db.Tx, accountID string, list []Policy) error {
	at := map[string]*Policy{}
	var ids []string
	for i := range list {
		at[list[i].ID] = &list[i]
		ids = append(ids, list[i].ID)
	}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var id, permission, condition string
		if err = r.Scan(&id, &permission, &condition); err == nil {
			permit, ok := readPermit(permission, condition)
			if !ok {
				permit = Permit{Permission: permission, MaxAmount: -1}
			}
			at[id].Permits = append(at[id].Permits, permit)
		}
		return
	}, `SELECT x.policy_id, x.permission, x.condition FROM `+db.Each(tx, "$2")+` CROSS JOIN policy_permissions x
		WHERE x.account_id = $1 AND x.policy_id = each.value ORDER BY x.policy_id, x.permission`, accountID, db.List(ids))
	if err != nil {
		return fmt.Errorf("read what policies hold: %w", err)
	}
	return nil
}

// addRoles reads which roles have some policies.
func addRoles(tx *db.Tx, accountID string, list []Policy) error {
	for i := range list {
		ids, err := db.Column(tx, `SELECT r.id FROM role_policies rp JOIN roles r ON r.account_id = rp.account_id AND r.id = rp.role_id
			WHERE rp.account_id = $1 AND rp.policy_id = $2 ORDER BY r.name_key`, accountID, list[i].ID)
		if err != nil {
			return fmt.Errorf("read roles of a policy: %w", err)
		}
		list[i].Roles = ids
	}
	return nil
}
