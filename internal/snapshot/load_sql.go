package snapshot

import (
	"database/sql"
	"fmt"
	"net/netip"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/profile"
	"countersign/internal/roles"
)

func revisionOf(tx *db.Tx) (int64, error) {
	var revision int64
	_, err := db.One(tx, []any{&revision}, `SELECT revision FROM ledger WHERE id = 1`)
	return revision, err
}

type changes struct {
	users       []string
	tokens, all bool
}

// changesSince reads what changed after a revision, up to the newest. complete is
// false when a revision between them has no rows, because they were swept.
func changesSince(tx *db.Tx, revision, newest int64) (c changes, complete bool, err error) {
	const most = 2000 // beyond it, loading everything is cheaper
	rows, err := db.All(tx, func(r *sql.Rows) (x [3]any, err error) {
		var at int64
		var kind, id string
		err = r.Scan(&at, &kind, &id)
		return [3]any{at, kind, id}, err
	}, `SELECT revision, kind, id FROM access_changes WHERE revision > $1 ORDER BY revision LIMIT $2`, revision, most+1)
	if err != nil || len(rows) == 0 || len(rows) > most {
		return c, false, err
	}
	seen := map[string]bool{}
	last := revision
	for _, row := range rows {
		at := row[0].(int64)
		if at > last+1 {
			return c, false, nil
		}
		last = at
		switch id := row[2].(string); row[1] {
		case "user":
			if !seen[id] {
				seen[id] = true
				c.users = append(c.users, id)
			}
		case "tokens":
			c.tokens = true
		default:
			c.all = true
		}
	}
	return c, last == newest, nil
}

// load reads the whole world.
func load(tx *db.Tx, profiles profile.Profiles) (access.World, error) {
	var w access.World
	var err error
	if w.Accounts, err = db.All(tx, func(r *sql.Rows) (a access.Account, err error) {
		return a, r.Scan(&a.ID, &a.EntityID, &a.Live)
	}, `SELECT id, entity_id, environment = 'live' FROM accounts`); err != nil {
		return w, err
	}
	if w.Entities, err = db.All(tx, func(r *sql.Rows) (e access.Entity, err error) {
		var kind string
		err = r.Scan(&e.ID, &e.ParentID, &e.AccountID, &e.CustomerID, &e.Path, &kind, &e.Active)
		e.Kind, _ = access.ParseKind(kind)
		return e, err
	}, `SELECT id, COALESCE(parent_id, ''), account_id, customer_id, path, kind, active FROM entities`); err != nil {
		return w, err
	}
	if w.Locations, err = db.All(tx, func(r *sql.Rows) (l access.Location, err error) {
		return l, r.Scan(&l.ID, &l.EntityID)
	}, `SELECT id, entity_id FROM locations`); err != nil {
		return w, err
	}
	if w.Roles, err = loadRoles(tx, profiles); err != nil {
		return w, err
	}
	w.Users, err = loadUsers(tx, "")
	return w, err
}

func loadRoles(tx *db.Tx, profiles profile.Profiles) ([]access.Role, error) {
	policies, err := loadPolicies(tx)
	if err != nil {
		return nil, err
	}
	shared := map[[2]string][]access.Policy{} // one policy for all accounts of a profile: the sets are counted once
	return db.All(tx, func(r *sql.Rows) (x access.Role, err error) {
		var profileName string
		if err = r.Scan(&x.AccountID, &x.ID, &x.Key, &x.Name, &profileName); err != nil {
			return x, err
		}
		x.Policies = policies[x.ID]
		p, ok := profiles.Get(profileName)
		if x.Key == "" || !ok {
			return x, nil
		}
		for _, pr := range p.Roles {
			if pr.Key != x.Key {
				continue
			}
			k := [2]string{profileName, x.Key}
			if shared[k] == nil {
				shared[k] = []access.Policy{predefined(profileName, pr)}
			}
			x.Deprecated, x.MayGrant, x.Policies = pr.Deprecated, pr.MayGrant, shared[k]
		}
		return x, nil
	}, `SELECT r.account_id, r.id, COALESCE(r.predefined, ''), r.name, a.profile FROM roles r JOIN accounts a ON a.id = r.account_id`)
}

func predefined(profileName string, r profile.Role) access.Policy {
	p := access.Policy{ID: profileName + "/" + r.Key, Name: r.Key}
	for permission := range r.Permissions.All() {
		p.Permissions = append(p.Permissions, access.Grant{Permission: permission})
	}
	return p
}

// loadPolicies reads custom roles' policies, by role; what a legacy role holds by
// itself comes as a policy without id. A permission that this release does not
// know, or that no custom role may hold, grants nothing, and neither does one
// whose restriction cannot be read: it is not given without.
func loadPolicies(tx *db.Tx) (map[string][]access.Policy, error) {
	out := map[string][]access.Policy{}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var role, policy, name, permission, condition string
		if err = r.Scan(&role, &policy, &name, &permission, &condition); err != nil {
			return
		}
		p, ok := access.Parse(permission)
		restricted, readable := roles.ReadCondition(condition)
		if !ok || !readable || p.Info().Ungrantable {
			return
		}
		list := out[role]
		if n := len(list); n == 0 || list[n-1].ID != policy {
			list = append(list, access.Policy{ID: policy, Name: name})
		}
		last := &list[len(list)-1]
		last.Permissions = append(last.Permissions, access.Grant{Permission: p, Condition: restricted})
		out[role] = list
		return
	}, `SELECT rp.role_id, p.id, p.name, pp.permission, pp.condition FROM role_policies rp
		JOIN policies p ON p.account_id = rp.account_id AND p.id = rp.policy_id
		JOIN policy_permissions pp ON pp.account_id = p.account_id AND pp.policy_id = p.id
		UNION ALL SELECT x.role_id, '', '', x.permission, x.condition FROM role_permissions x
		JOIN roles r ON r.account_id = x.account_id AND r.id = x.role_id AND r.legacy
		ORDER BY 1, 2, 4`)
	return out, err
}

func loadUser(tx *db.Tx, id string) (access.User, bool, error) {
	list, err := loadUsers(tx, id)
	if err != nil || len(list) == 0 {
		return access.User{}, false, err
	}
	return list[0], true, nil
}

// loadUsers reads one user, or all of them. A membership counts as active from
// its activation to its deactivation.
func loadUsers(tx *db.Tx, id string) ([]access.User, error) {
	parts, err := loadParts(tx, id)
	if err != nil {
		return nil, err
	}
	where, args := filter("m.user_id", id)
	var users []access.User
	_, err = db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var user string
		var m access.Membership
		var active bool
		if err = r.Scan(&user, &active, &m.AccountID, &m.ID, &m.Active, &m.AllLocations); err != nil {
			return
		}
		m.Locations, m.Allow, m.Assignments = parts.locations[m.ID], parts.allow[m.ID], parts.assignments[m.ID]
		if n := len(users); n == 0 || users[n-1].ID != user {
			users = append(users, access.User{ID: user, Active: active})
		}
		last := &users[len(users)-1]
		last.Memberships = append(last.Memberships, m)
		return
	}, `SELECT m.user_id, u.inactive_locked_at IS NULL, m.account_id, m.id, m.activated_at IS NOT NULL AND m.deactivated_at IS NULL, m.all_locations
		FROM memberships m JOIN users u ON u.id = m.user_id`+where+` ORDER BY m.user_id, m.created_at, m.id`, args...)
	return users, err
}

func filter(column, id string) (string, []any) {
	if id == "" {
		return "", nil
	}
	return " WHERE " + column + " = $1", []any{id}
}

// parts are what hangs on memberships, by membership id.
type parts struct {
	locations   map[string][]string
	allow       map[string][]netip.Prefix
	assignments map[string][]access.Assignment
}

func loadParts(tx *db.Tx, userID string) (p parts, err error) {
	p = parts{map[string][]string{}, map[string][]netip.Prefix{}, map[string][]access.Assignment{}}
	join := ""
	where, args := filter("m.user_id", userID)
	if userID != "" {
		join = " JOIN memberships m ON m.account_id = x.account_id AND m.id = x.membership_id"
	}
	pair := func(r *sql.Rows) (x [2]string, err error) { return x, r.Scan(&x[0], &x[1]) }
	rows, err := db.All(tx, pair, `SELECT x.membership_id, x.location_id FROM membership_locations x`+join+where, args...)
	if err != nil {
		return p, err
	}
	for _, x := range rows {
		p.locations[x[0]] = append(p.locations[x[0]], x[1])
	}
	if rows, err = db.All(tx, pair, `SELECT x.membership_id, x.network FROM membership_ips x`+join+where, args...); err != nil {
		return p, err
	}
	for _, x := range rows {
		network, err := netip.ParsePrefix(x[1])
		if err != nil {
			return p, fmt.Errorf("allowed address of %s: %w", x[0], err)
		}
		p.allow[x[0]] = append(p.allow[x[0]], network)
	}
	entities := map[string][]string{}
	from := `assignment_entities y`
	if userID != "" {
		from += ` JOIN assignments x ON x.account_id = y.account_id AND x.id = y.assignment_id`
	}
	if rows, err = db.All(tx, pair, `SELECT y.assignment_id, y.entity_id FROM `+from+join+where, args...); err != nil {
		return p, err
	}
	for _, x := range rows {
		entities[x[0]] = append(entities[x[0]], x[1])
	}
	_, err = db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var member string
		var a access.Assignment
		if err = r.Scan(&member, &a.ID, &a.RoleID, &a.AllEntities, &a.From, &a.Until); err == nil {
			a.Entities = entities[a.ID]
			p.assignments[member] = append(p.assignments[member], a)
		}
		return
	}, `SELECT x.membership_id, x.id, x.role_id, x.all_entities, COALESCE(x.valid_from, 0), COALESCE(x.valid_until, 0) FROM assignments x`+join+where+` ORDER BY x.membership_id, x.created_at, x.id`, args...)
	return p, err
}
