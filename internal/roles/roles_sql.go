package roles

import (
	"database/sql"
	"fmt"
	"slices"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/profile"
)

// List reads the account's roles: predefined ones in the profile's order, then
// custom ones by name; no personal copies. p is the account's profile.
func List(tx *db.Tx, accountID string, p *profile.Profile) ([]Role, error) {
	list, err := db.All(tx, scanRole, `SELECT `+roleColumns+` WHERE r.account_id = $1 AND r.membership_id IS NULL ORDER BY r.name_key`, accountID)
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	custom, err := customRights(tx, accountID, `r.membership_id IS NULL`)
	if err != nil {
		return nil, err
	}
	order := map[string]int{"": len(p.Roles)}
	for i, pr := range p.Roles {
		order[pr.Key] = i
	}
	for i := range list {
		list[i].fill(p, custom)
	}
	slices.SortStableFunc(list, func(a, b Role) int { return order[a.Key] - order[b.Key] })
	return list, nil
}

const (
	roleFields = `r.account_id, r.id, COALESCE(r.predefined, ''), r.name, r.description, r.administrator, r.legacy, r.template, r.copy_of, r.version, r.holders,
		(SELECT e.kind FROM accounts a JOIN entities e ON e.id = a.entity_id WHERE a.id = r.account_id)`
	roleColumns = roleFields + ` FROM roles r`
)

func (r *Role) dest() []any {
	return []any{&r.AccountID, &r.ID, &r.Key, &r.Name, &r.Description, &r.Administrator, &r.Legacy, &r.Template, &r.CopyOf, &r.Version, &r.Holders, &r.of}
}

func scanRole(r *sql.Rows) (x Role, err error) { return x, r.Scan(x.dest()...) }

// fill adds what the profile, or for a custom role its policies, says.
func (r *Role) fill(p *profile.Profile, custom map[string]rights) {
	if r.Key == "" {
		r.given = custom[r.ID]
		for permission, conditions := range r.given {
			r.Permissions = r.Permissions.With(permission)
			if !enough(conditions, []access.Condition{{}}) {
				r.Restricted = r.Restricted.With(permission)
			}
		}
		return
	}
	for _, pr := range p.Roles {
		if pr.Key != r.Key {
			continue
		}
		r.Permissions, r.MayGrant, r.Deprecated = pr.Permissions, pr.MayGrant, pr.Deprecated
		r.Needs, r.Level, r.Template = pr.Needs, pr.Level, pr.Template
		r.words = map[lang.Tag]words{}
		for _, tag := range lang.All() {
			r.words[tag] = words{pr.Name(string(tag)), pr.Description(string(tag)), pr.Warning(string(tag))}
		}
	}
}

// customRights reads what custom roles of an account hold, by role, as written
// and not closed; which says of r, the roles, whose.
func customRights(tx *db.Tx, accountID, which string, args ...any) (map[string]rights, error) {
	out := map[string]rights{}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var role, permission, condition string
		if err = r.Scan(&role, &permission, &condition); err != nil {
			return
		}
		permit, ok := readPermit(permission, condition)
		if !ok {
			return
		}
		for _, g := range grants([]Permit{permit}) {
			if out[role] == nil {
				out[role] = rights{}
			}
			out[role][g.Permission] = append(out[role][g.Permission], g.Condition)
		}
		return
	}, `SELECT rp.role_id, pp.permission, pp.condition FROM roles r JOIN role_policies rp ON rp.account_id = r.account_id AND rp.role_id = r.id
		JOIN policy_permissions pp ON pp.account_id = rp.account_id AND pp.policy_id = rp.policy_id WHERE r.account_id = $1 AND `+which+`
		UNION ALL SELECT x.role_id, x.permission, x.condition FROM roles r JOIN role_permissions x ON x.account_id = r.account_id AND x.role_id = r.id
		WHERE r.account_id = $1 AND r.legacy AND `+which, append([]any{accountID}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read what roles hold: %w", err)
	}
	return out, nil
}

// Of reads what users of the account are assigned, by membership id.
func Of(tx *db.Tx, accountID string, membershipIDs ...string) (map[string][]Assignment, error) {
	out := map[string][]Assignment{}
	at := map[string]*Assignment{}
	for _, id := range membershipIDs {
		out[id] = nil
	}
	from := ` FROM ` + db.Each(tx, "$2") + ` CROSS JOIN assignments x`
	const where = ` WHERE x.account_id = $1 AND x.membership_id = each.value`
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var member string
		var a Assignment
		if err = r.Scan(&member, &a.ID, &a.RoleID, &a.AllEntities, &a.From, &a.Until); err == nil {
			out[member] = append(out[member], a)
		}
		return
	}, `SELECT x.membership_id, x.id, x.role_id, x.all_entities, COALESCE(x.valid_from, 0), COALESCE(x.valid_until, 0)`+from+where+` ORDER BY x.created_at, x.id`,
		accountID, db.List(membershipIDs))
	if err != nil {
		return nil, fmt.Errorf("read assignments: %w", err)
	}
	for _, list := range out {
		for i := range list {
			at[list[i].ID] = &list[i]
		}
	}
	_, err = db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var id, entity string
		if err = r.Scan(&id, &entity); err == nil {
			at[id].Entities = append(at[id].Entities, entity)
		}
		return
	}, `SELECT y.assignment_id, y.entity_id`+from+` CROSS JOIN assignment_entities y`+where+` AND y.account_id = x.account_id AND y.assignment_id = x.id ORDER BY y.entity_id`,
		accountID, db.List(membershipIDs))
	if err != nil {
		return nil, fmt.Errorf("read assigned entities: %w", err)
	}
	return out, nil
}

// IDByKey finds the row of a predefined role; false when the account has none: its
// profile got the role later.
func IDByKey(tx *db.Tx, accountID, key string) (id string, found bool, err error) {
	found, err = db.One(tx, []any{&id}, `SELECT id FROM roles WHERE account_id = $1 AND predefined = $2`, accountID, key)
	return id, found, err
}

// PolicyNames reads, for the custom roles of an account, by which policies each
// permission comes; a role's own policy has no name that a person would know and
// is left out.
func PolicyNames(tx *db.Tx, accountID string) (map[string]map[access.Permission][]string, error) {
	out := map[string]map[access.Permission][]string{}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var role, policy, name string
		if err = r.Scan(&role, &policy, &name); err != nil {
			return
		}
		if p, ok := access.Parse(name); ok {
			if out[role] == nil {
				out[role] = map[access.Permission][]string{}
			}
			out[role][p] = append(out[role][p], policy)
		}
		return
	}, `SELECT rp.role_id, p.name, pp.permission FROM role_policies rp
		JOIN policies p ON p.account_id = rp.account_id AND p.id = rp.policy_id AND p.role_id IS NULL
		JOIN policy_permissions pp ON pp.account_id = p.account_id AND pp.policy_id = p.id
		WHERE rp.account_id = $1 ORDER BY p.name_key`, accountID)
	if err != nil {
		return nil, fmt.Errorf("read policies: %w", err)
	}
	return out, nil
}
