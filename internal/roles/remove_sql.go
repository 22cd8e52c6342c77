package roles

import (
	"database/sql"
	"fmt"

	"countersign/internal/db"
)

// holder is one assignment of a role, with what else its person has.
type holder struct {
	assignmentID, membershipID, userID string
	others                             bool // another role that gives something now
}

// holdersOf reads everybody who has a role, by membership id. Roles that give
// nothing (nothing) are none to whoever has them.
func holdersOf(tx *db.Tx, accountID, roleID string, nothing []string) ([]holder, error) {
	list, err := db.All(tx, func(r *sql.Rows) (h holder, err error) {
		return h, r.Scan(&h.assignmentID, &h.membershipID, &h.userID, &h.others)
	}, `SELECT a.id, a.membership_id, m.user_id, EXISTS (SELECT 1 FROM assignments b WHERE b.account_id = $2 AND b.membership_id = a.membership_id AND b.id <> a.id AND `+living("b")+`
			AND (b.valid_from IS NULL OR b.valid_from <= $1) AND b.role_id NOT IN (SELECT each.value FROM `+db.Each(tx, "$5")+`))
		FROM assignments a JOIN memberships m ON m.account_id = a.account_id AND m.id = a.membership_id
		WHERE a.account_id = $2 AND a.role_id = $3 ORDER BY a.membership_id LIMIT $4`, tx.Now, accountID, roleID, moveMost+1, db.List(nothing))
	if err != nil {
		return nil, fmt.Errorf("read who has a role: %w", err)
	}
	return list, nil
}

// take makes the assignments of those who have nothing else ones of another role,
// over the same entities and for the same time, and takes them from the others. One
// of that role that is over gives place to it. Every version of a user grows: who
// edits them has seen something else. It tells how many have the other role now.
func take(tx *db.Tx, accountID string, list []holder, roleID string) (fell int, err error) {
	var alone []string
	var gone, swapped, touched [][]any
	for _, h := range list {
		touched = append(touched, []any{accountID, h.membershipID})
		if h.others {
			gone = append(gone, []any{accountID, h.assignmentID})
			continue
		}
		alone = append(alone, h.membershipID)
		swapped = append(swapped, []any{accountID, h.assignmentID, roleID, tx.Now, tx.Who.ID})
	}
	over, err := db.Column(tx, `SELECT x.id FROM `+db.Each(tx, "$2")+` CROSS JOIN assignments x WHERE x.account_id = $1 AND x.membership_id = each.value AND x.role_id = $3`,
		accountID, db.List(alone), roleID)
	if err != nil {
		return 0, fmt.Errorf("exchange a role: %w", err)
	}
	for _, id := range over {
		gone = append(gone, []any{accountID, id})
	}
	for _, x := range []struct {
		text string
		args [][]any
	}{
		{`DELETE FROM assignment_entities WHERE account_id = $1 AND assignment_id = $2`, gone},
		{`DELETE FROM assignments WHERE account_id = $1 AND id = $2`, gone},
		{`UPDATE assignments SET role_id = $3, created_at = $4, created_by = $5 WHERE account_id = $1 AND id = $2`, swapped},
		{`UPDATE memberships SET version = version + 1 WHERE account_id = $1 AND id = $2`, touched},
		{`UPDATE roles SET holders = holders + $3 WHERE account_id = $1 AND id = $2`, [][]any{{accountID, roleID, len(swapped) - len(over)}}},
	} {
		if err := tx.ExecEach(x.text, x.args); err != nil {
			return 0, fmt.Errorf("exchange a role: %w", err)
		}
	}
	return len(swapped), nil
}

// dropRole deletes a role that nobody has, with what it is made of.
func dropRole(tx *db.Tx, accountID, roleID string) error {
	for _, q := range []string{
		`DELETE FROM role_policies WHERE account_id = $1 AND role_id = $2`,
		`DELETE FROM role_permissions WHERE account_id = $1 AND role_id = $2`,
		`DELETE FROM policy_permissions WHERE account_id = $1 AND policy_id IN (SELECT id FROM policies WHERE account_id = $1 AND role_id = $2)`,
		`DELETE FROM policies WHERE account_id = $1 AND role_id = $2`,
		`DELETE FROM roles WHERE account_id = $1 AND id = $2`,
	} {
		if _, err := tx.Exec(q, accountID, roleID); err != nil {
			return fmt.Errorf("delete role: %w", err)
		}
	}
	return nil
}
