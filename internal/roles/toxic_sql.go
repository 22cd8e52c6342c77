package roles

import (
	"database/sql"
	"fmt"
	"slices"

	"countersign/internal/access"
	"countersign/internal/db"
)

// predefinedRows reads the ids of predefined roles by their keys.
func predefinedRows(tx *db.Tx, accountID string) (map[string]string, error) {
	out := map[string]string{}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var key, id string
		err = r.Scan(&key, &id)
		out[key] = id
		return
	}, `SELECT predefined, id FROM roles WHERE account_id = $1 AND predefined IS NOT NULL`, accountID)
	if err != nil {
		return nil, fmt.Errorf("read predefined roles: %w", err)
	}
	return out, nil
}

// customHolding reads which custom roles and personal copies hold something of a
// set, and what, whatever the restriction.
func customHolding(tx *db.Tx, accountID string, set access.Set) (map[string]access.Set, error) {
	out := map[string]access.Set{}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var id, name string
		if err = r.Scan(&id, &name); err == nil {
			p, _ := access.Parse(name)
			out[id] = out[id].With(p)
		}
		return
	}, `SELECT rp.role_id, x.permission FROM `+db.Each(tx, "$2")+` CROSS JOIN policy_permissions x JOIN role_policies rp ON rp.account_id = x.account_id AND rp.policy_id = x.policy_id
		WHERE x.account_id = $1 AND x.permission = each.value
		UNION SELECT x.role_id, x.permission FROM `+db.Each(tx, "$2")+` CROSS JOIN role_permissions x WHERE x.account_id = $1 AND x.permission = each.value`,
		accountID, db.List(names(set)))
	if err != nil {
		return nil, fmt.Errorf("read which roles hold something: %w", err)
	}
	return out, nil
}

// living says of assignments x that they are not over at the time $1.
func living(x string) string { return `(` + x + `.valid_until IS NULL OR ` + x + `.valid_until > $1)` }

// having says of assignments a that their person has one of the roles of an argument.
func having(tx *db.Tx, argument string) string {
	return `EXISTS (SELECT 1 FROM assignments b WHERE b.account_id = $2 AND b.membership_id = a.membership_id AND ` + living("b") + `
		AND b.role_id IN (SELECT each.value FROM ` + db.Each(tx, argument) + `))`
}

// fromHolders goes from the roles of $3 to their holders.
func fromHolders(tx *db.Tx) string {
	return ` FROM ` + db.Each(tx, "$3") + ` CROSS JOIN assignments a WHERE a.account_id = $2 AND a.role_id = each.value AND ` + living("a")
}

// countNewly counts up to toxicCount holders of the roles that have something of
// both sides after, and had not before.
func countNewly(tx *db.Tx, accountID string, roleIDs []string, before, after sides) (n int64, err error) {
	_, err = db.One(tx, []any{&n}, `SELECT COUNT(*) FROM (SELECT DISTINCT a.membership_id`+fromHolders(tx)+` AND `+having(tx, "$4")+` AND `+having(tx, "$5")+`
		AND NOT (`+having(tx, "$6")+` AND `+having(tx, "$7")+`) LIMIT $8) AS x`,
		tx.Now, accountID, db.List(roleIDs), db.List(after.left), db.List(after.right), db.List(before.left), db.List(before.right), toxicCount)
	if err != nil {
		return 0, fmt.Errorf("count who would have too much: %w", err)
	}
	return n, nil
}

// smaller gives the side with fewer holders, and the other.
func (s sides) smaller(tx *db.Tx, accountID string) (few, many []string, err error) {
	count := func(ids []string) (n int64, err error) {
		_, err = db.One(tx, []any{&n}, `SELECT COALESCE(SUM(r.holders), 0) FROM `+db.Each(tx, "$2")+` CROSS JOIN roles r WHERE r.account_id = $1 AND r.id = each.value`, accountID, db.List(ids))
		return n, err
	}
	left, err := count(s.left)
	if err != nil {
		return nil, nil, err
	}
	right, err := count(s.right)
	if left > right {
		return s.right, s.left, err
	}
	return s.left, s.right, err
}

// countToxic counts up to limit who have something of both sides.
func countToxic(tx *db.Tx, accountID string, s sides, limit int) (n int64, err error) {
	few, many, err := s.smaller(tx, accountID)
	if err == nil {
		_, err = db.One(tx, []any{&n}, `SELECT COUNT(*) FROM (SELECT DISTINCT a.membership_id`+fromHolders(tx)+` AND `+having(tx, "$4")+` LIMIT $5) AS x`,
			tx.Now, accountID, db.List(few), db.List(many), limit)
	}
	if err != nil {
		return 0, fmt.Errorf("count who has too much: %w", err)
	}
	return n, nil
}

// listToxic lists them by membership id.
func listToxic(tx *db.Tx, accountID string, s sides, after string, limit int) ([]Holder, error) {
	few, many, err := s.smaller(tx, accountID)
	if err != nil {
		return nil, err
	}
	list, err := merged(few, limit, func(roleID string) ([]holder, error) {
		return db.All(tx, scanHolder, `SELECT x.membership_id, m.user_id FROM (SELECT a.membership_id FROM assignments a WHERE a.account_id = $2 AND a.role_id = $3 AND a.membership_id > $5
			AND `+living("a")+` AND `+having(tx, "$4")+` ORDER BY a.membership_id LIMIT $6) AS x
			JOIN memberships m ON m.account_id = $2 AND m.id = x.membership_id ORDER BY x.membership_id`, tx.Now, accountID, roleID, db.List(many), after, limit)
	})
	var out []Holder
	for _, h := range list {
		out = append(out, Holder{MembershipID: h.membershipID, UserID: h.userID})
	}
	return out, err
}

// addSides reads through which roles people have a combination.
func addSides(tx *db.Tx, accountID string, list []Holder, s sides) error {
	at := map[string]*Holder{}
	var ids []string
	for i := range list {
		at[list[i].MembershipID] = &list[i]
		ids = append(ids, list[i].MembershipID)
	}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var member, role string
		if err = r.Scan(&member, &role); err != nil {
			return
		}
		if slices.Contains(s.left, role) {
			at[member].Left = append(at[member].Left, role)
		}
		if slices.Contains(s.right, role) {
			at[member].Right = append(at[member].Right, role)
		}
		return
	}, `SELECT a.membership_id, a.role_id FROM `+db.Each(tx, "$3")+` CROSS JOIN assignments a WHERE a.account_id = $2 AND a.membership_id = each.value AND `+living("a")+` ORDER BY a.role_id`,
		tx.Now, accountID, db.List(ids))
	if err != nil {
		return fmt.Errorf("read roles of those who have too much: %w", err)
	}
	return nil
}
