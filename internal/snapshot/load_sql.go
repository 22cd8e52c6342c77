package snapshot

import (
	"database/sql"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/profile"
	"countersign/internal/resource"
	"countersign/internal/roles"
)

// loadWorld reads everything but the users.
func loadWorld(tx *db.Tx, profiles profile.Profiles) (w access.World, err error) {
	if w.Accounts, err = loadAccounts(tx, all); err != nil {
		return w, err
	}
	if w.Entities, err = loadEntities(tx, all); err != nil {
		return w, err
	}
	if w.Locations, err = loadLocations(tx, all); err != nil {
		return w, err
	}
	if w.Types, w.UserProperties, err = resource.Registered(tx); err != nil {
		return w, err
	}
	access.Meet(w.Types, w.UserProperties) // roles name their actions
	if w.Resources, err = resource.All(tx); err != nil {
		return w, err
	}
	w.Roles, err = loadRoles(tx, profiles, all)
	return w, err
}

func loadAccounts(tx *db.Tx, o only) ([]access.Account, error) {
	if o.none() {
		return nil, nil
	}
	where, args := o.where(tx, "id")
	return db.All(tx, func(r *sql.Rows) (a access.Account, err error) {
		return a, r.Scan(&a.ID, &a.EntityID, &a.Live)
	}, `SELECT id, entity_id, environment = 'live' FROM accounts`+where, args...)
}

func loadEntities(tx *db.Tx, o only) ([]access.Entity, error) {
	if o.none() {
		return nil, nil
	}
	where, args := o.where(tx, "id")
	return db.All(tx, func(r *sql.Rows) (e access.Entity, err error) {
		var kind string
		err = r.Scan(&e.ID, &e.ParentID, &e.AccountID, &e.CustomerID, &e.Path, &kind, &e.Active)
		e.Kind, _ = access.ParseKind(kind)
		return e, err
	}, `SELECT id, COALESCE(parent_id, ''), account_id, customer_id, path, kind, active FROM entities`+where, args...)
}

func loadLocations(tx *db.Tx, o only) ([]access.Location, error) {
	if o.none() {
		return nil, nil
	}
	where, args := o.where(tx, "id")
	return db.All(tx, func(r *sql.Rows) (l access.Location, err error) {
		return l, r.Scan(&l.ID, &l.EntityID)
	}, `SELECT id, entity_id FROM locations`+where, args...)
}

// predefinedRole is a profile's role as every account of that profile has it.
type predefinedRole struct{ profile, key string }

func loadRoles(tx *db.Tx, profiles profile.Profiles, o only) ([]access.Role, error) {
	if o.none() {
		return nil, nil
	}
	policies, err := loadPolicies(tx, o)
	if err != nil {
		return nil, err
	}
	shared := map[predefinedRole]access.Role{} // the sets are counted once
	where, args := o.where(tx, "r.id")
	return db.All(tx, func(r *sql.Rows) (x access.Role, err error) {
		var of predefinedRole
		if err = r.Scan(&x.AccountID, &x.ID, &x.Key, &of.profile); err != nil {
			return x, err
		}
		x.Policies = policies[x.ID]
		if of.key = x.Key; of.key == "" {
			return x, nil
		}
		as, known := shared[of]
		if !known {
			as = predefined(profiles, of)
			shared[of] = as
		}
		if as.Policies != nil {
			x.Deprecated, x.MayGrant, x.Policies = as.Deprecated, as.MayGrant, as.Policies
		}
		return x, nil
	}, `SELECT r.account_id, r.id, COALESCE(r.predefined, ''), a.profile FROM roles r JOIN accounts a ON a.id = r.account_id`+where, args...)
}

// predefined is what a profile says of a role; without policies when it does not know it.
func predefined(profiles profile.Profiles, of predefinedRole) (x access.Role) {
	p, _ := profiles.Get(of.profile)
	if p == nil {
		return x
	}
	for _, r := range p.Roles {
		if r.Key != of.key {
			continue
		}
		policy := access.Policy{ID: of.profile + "/" + r.Key}
		for permission := range r.Permissions.All() {
			policy.Permissions = append(policy.Permissions, access.Grant{Permission: permission})
		}
		x.Deprecated, x.MayGrant, x.Policies = r.Deprecated, r.MayGrant, []access.Policy{policy}
	}
	return x
}

// loadPolicies reads custom roles' policies, by role; what a legacy role holds by
// itself comes as a policy without id. A permission that this release does not
// know, or that no custom role may hold, grants nothing, and neither does one
// whose restriction cannot be read: it is not given without.
func loadPolicies(tx *db.Tx, o only) (map[string][]access.Policy, error) {
	out := map[string][]access.Policy{}
	where, args := o.where(tx, "rp.role_id")
	held, _ := o.where(tx, "x.role_id")
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var role, policy, permission, condition string
		if err = r.Scan(&role, &policy, &permission, &condition); err != nil {
			return
		}
		p, ok := access.Parse(permission)
		restricted, readable := roles.ReadCondition(condition)
		if !ok || !readable || p.Info().Ungrantable {
			return
		}
		list := out[role]
		if n := len(list); n == 0 || list[n-1].ID != policy {
			list = append(list, access.Policy{ID: policy})
		}
		last := &list[len(list)-1]
		last.Permissions = append(last.Permissions, access.Grant{Permission: p, Condition: restricted})
		out[role] = list
		return
	}, `SELECT rp.role_id, rp.policy_id, pp.permission, pp.condition FROM role_policies rp
		JOIN policy_permissions pp ON pp.account_id = rp.account_id AND pp.policy_id = rp.policy_id`+where+`
		UNION ALL SELECT x.role_id, '', x.permission, x.condition FROM role_permissions x
		JOIN roles r ON r.account_id = x.account_id AND r.id = x.role_id AND r.legacy`+held+`
		ORDER BY 1, 2, 3`, args...)
	return out, err
}
