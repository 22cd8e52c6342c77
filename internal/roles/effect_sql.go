package roles

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/profile"
)

// closed is what rows of permissions give, closed.
func (r rights) closed() rights {
	var list []access.Grant
	for p, conditions := range r {
		for _, c := range conditions {
			list = append(list, access.Grant{Permission: p, Condition: c})
		}
	}
	return rightsOf(list)
}

// allRights is what every role of an account gives, personal copies apart.
func allRights(tx *db.Tx, accountID string, p *profile.Profile) (map[string]rights, error) {
	out, err := customRights(tx, accountID, `r.membership_id IS NULL`)
	if err != nil {
		return nil, err
	}
	for id, r := range out {
		out[id] = r.closed()
	}
	rows, err := predefinedRows(tx, accountID)
	for _, pr := range p.Roles {
		if id := rows[pr.Key]; id != "" {
			out[id] = rightsIn(pr.Permissions)
		}
	}
	return out, err
}

// copiesHeld is what the personal copies of some people give.
func copiesHeld(tx *db.Tx, accountID string, list []holder) (map[string]rights, error) {
	var ids []string
	for _, h := range list {
		ids = append(ids, h.membershipID)
	}
	out, err := customRights(tx, accountID, `r.membership_id IN (SELECT each.value FROM `+db.Each(tx, "$2")+`)`, db.List(ids))
	for id, r := range out {
		out[id] = r.closed()
	}
	return out, err
}

// countHolders counts who has any of the roles.
func countHolders(tx *db.Tx, accountID string, roleIDs []string) (n int64, err error) {
	q := `SELECT COUNT(DISTINCT a.membership_id) FROM ` + db.Each(tx, "$2") + ` CROSS JOIN assignments a WHERE a.account_id = $1 AND a.role_id = each.value`
	if len(roleIDs) == 1 { // the row counts them
		q = `SELECT COALESCE(SUM(r.holders), 0) FROM ` + db.Each(tx, "$2") + ` CROSS JOIN roles r WHERE r.account_id = $1 AND r.id = each.value`
	}
	if _, err = db.One(tx, []any{&n}, q, accountID, db.List(roleIDs)); err != nil {
		return 0, fmt.Errorf("count who has roles: %w", err)
	}
	return n, nil
}

// holdersAfter reads up to limit who have any of the roles, by membership id after a position.
func holdersAfter(tx *db.Tx, accountID string, roleIDs []string, after string, limit int) ([]holder, error) {
	return merged(roleIDs, limit, func(roleID string) ([]holder, error) {
		return db.All(tx, scanHolder, `SELECT a.membership_id, m.user_id FROM (SELECT membership_id FROM assignments
			WHERE account_id = $1 AND role_id = $2 AND membership_id > $3 ORDER BY membership_id LIMIT $4) AS a
			JOIN memberships m ON m.account_id = $1 AND m.id = a.membership_id ORDER BY a.membership_id`, accountID, roleID, after, limit)
	})
}

func scanHolder(r *sql.Rows) (h holder, err error) { return h, r.Scan(&h.membershipID, &h.userID) }

// merged are the first of the holders of several roles, each once. Each role is
// read in the order of its index: all of them at once would be sorted first, and
// one role may be everybody's.
func merged(roleIDs []string, limit int, read func(roleID string) ([]holder, error)) ([]holder, error) {
	var all []holder
	for _, id := range roleIDs {
		list, err := read(id)
		if err != nil {
			return nil, fmt.Errorf("read who has roles: %w", err)
		}
		all = append(all, list...)
	}
	slices.SortFunc(all, func(a, b holder) int { return strings.Compare(a.membershipID, b.membershipID) })
	all = slices.CompactFunc(all, func(a, b holder) bool { return a.membershipID == b.membershipID })
	return all[:min(limit, len(all))], nil
}

// scopedOf reads what people have, with the paths of the entities.
func scopedOf(tx *db.Tx, a org.Account, list []holder) (map[string][]scoped, error) {
	var ids []string
	for _, h := range list {
		ids = append(ids, h.membershipID)
	}
	out := map[string][]scoped{}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var member, path string
		var x scoped
		if err = r.Scan(&member, &x.ID, &x.RoleID, &x.AllEntities, &x.From, &x.Until, &path); err != nil {
			return
		}
		if x.AllEntities {
			path = a.Path
		}
		held := out[member]
		if n := len(held); n == 0 || held[n-1].ID != x.ID {
			held = append(held, x)
		}
		if last := &held[len(held)-1]; path != "" {
			last.paths = append(last.paths, path)
		}
		out[member] = held
		return
	}, `SELECT x.membership_id, x.id, x.role_id, x.all_entities, COALESCE(x.valid_from, 0), COALESCE(x.valid_until, 0), COALESCE(e.path, '') FROM `+db.Each(tx, "$2")+` CROSS JOIN assignments x
		LEFT JOIN assignment_entities y ON y.account_id = x.account_id AND y.assignment_id = x.id LEFT JOIN entities e ON e.id = y.entity_id
		WHERE x.account_id = $1 AND x.membership_id = each.value ORDER BY x.membership_id, x.id`, a.ID, db.List(ids))
	if err != nil {
		return nil, fmt.Errorf("read access of people: %w", err)
	}
	return out, nil
}
