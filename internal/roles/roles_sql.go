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
// custom ones by name. p is the account's profile.
func List(tx *db.Tx, accountID string, p *profile.Profile) ([]Role, error) {
	list, err := db.All(tx, scanRole, `SELECT r.account_id, r.id, COALESCE(r.predefined, ''), r.name, r.description, r.administrator, r.version, r.holders
		FROM roles r WHERE r.account_id = $1 AND r.membership_id IS NULL ORDER BY r.name_key`, accountID)
	if err != nil {
		return nil, fmt.Errorf("list roles: %w", err)
	}
	custom, err := customPermissions(tx, accountID)
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

func scanRole(r *sql.Rows) (x Role, err error) {
	return x, r.Scan(&x.AccountID, &x.ID, &x.Key, &x.Name, &x.Description, &x.Administrator, &x.Version, &x.Holders)
}

// fill adds what the profile, or for a custom role its policies, says.
func (r *Role) fill(p *profile.Profile, custom map[string]access.Set) {
	if r.Key == "" {
		r.Permissions = custom[r.ID]
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

func customPermissions(tx *db.Tx, accountID string) (map[string]access.Set, error) {
	out := map[string]access.Set{}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var role, name string
		if err = r.Scan(&role, &name); err == nil {
			if p, ok := access.Parse(name); ok {
				out[role] = out[role].With(p)
			}
		}
		return struct{}{}, err
	}, `SELECT rp.role_id, pp.permission FROM role_policies rp
		JOIN policy_permissions pp ON pp.account_id = rp.account_id AND pp.policy_id = rp.policy_id WHERE rp.account_id = $1`, accountID)
	return out, err
}

// Of reads what users of the account are assigned, by membership id.
func Of(tx *db.Tx, accountID string, membershipIDs ...string) (map[string][]Assignment, error) {
	out := map[string][]Assignment{}
	for _, id := range membershipIDs {
		list, err := db.All(tx, scanAssignment, `SELECT id, role_id, all_entities, COALESCE(valid_from, 0), COALESCE(valid_until, 0)
			FROM assignments WHERE account_id = $1 AND membership_id = $2 ORDER BY created_at, id`, accountID, id)
		if err != nil {
			return nil, fmt.Errorf("read assignments: %w", err)
		}
		for i := range list {
			list[i].Entities, err = db.Column(tx, `SELECT entity_id FROM assignment_entities WHERE account_id = $1 AND assignment_id = $2 ORDER BY entity_id`, accountID, list[i].ID)
			if err != nil {
				return nil, fmt.Errorf("read assigned entities: %w", err)
			}
		}
		out[id] = list
	}
	return out, nil
}

func scanAssignment(r *sql.Rows) (a Assignment, err error) {
	return a, r.Scan(&a.ID, &a.RoleID, &a.AllEntities, &a.From, &a.Until)
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
