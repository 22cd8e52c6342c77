package roles

import (
	"database/sql"
	"fmt"

	"countersign/internal/db"
)

// holder is one assignment of a role, with what else its person has.
type holder struct {
	accountID, assignmentID, membershipID, userID string
	others                                        bool // another role, now or later
}

// holdersOf reads everybody who has a role, by membership id.
func holdersOf(tx *db.Tx, accountID, roleID string) ([]holder, error) {
	list, err := db.All(tx, func(r *sql.Rows) (h holder, err error) {
		h.accountID = accountID
		return h, r.Scan(&h.assignmentID, &h.membershipID, &h.userID, &h.others)
	}, `SELECT a.id, a.membership_id, m.user_id, EXISTS (SELECT 1 FROM assignments b WHERE b.account_id = $2 AND b.membership_id = a.membership_id AND b.id <> a.id AND `+living("b")+`)
		FROM assignments a JOIN memberships m ON m.account_id = a.account_id AND m.id = a.membership_id
		WHERE a.account_id = $2 AND a.role_id = $3 ORDER BY a.membership_id LIMIT $4`, tx.Now, accountID, roleID, moveMost+1)
	if err != nil {
		return nil, fmt.Errorf("read who has a role: %w", err)
	}
	return list, nil
}

// unassign takes the assignment away.
func unassign(tx *db.Tx, h holder) error {
	for _, q := range []string{
		`DELETE FROM assignment_entities WHERE account_id = $1 AND assignment_id = $2`,
		`DELETE FROM assignments WHERE account_id = $1 AND id = $2`,
	} {
		if _, err := tx.Exec(q, h.accountID, h.assignmentID); err != nil {
			return fmt.Errorf("take a role: %w", err)
		}
	}
	return h.touch(tx)
}

// swap makes the assignment one of another role, over the same entities and for
// the same time. One of that role that is over gives place to it.
func (h holder) swap(tx *db.Tx, roleID string) error {
	over, err := db.Column(tx, `SELECT id FROM assignments WHERE account_id = $1 AND membership_id = $2 AND role_id = $3`, h.accountID, h.membershipID, roleID)
	if err != nil {
		return fmt.Errorf("exchange a role: %w", err)
	}
	for _, id := range over {
		gone := h
		gone.assignmentID = id
		if err := unassign(tx, gone); err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE roles SET holders = holders - 1 WHERE account_id = $1 AND id = $2`, h.accountID, roleID); err != nil {
			return fmt.Errorf("exchange a role: %w", err)
		}
	}
	if _, err := tx.Exec(`UPDATE assignments SET role_id = $1, created_at = $2, created_by = $3 WHERE account_id = $4 AND id = $5`,
		roleID, tx.Now, tx.Who.ID, h.accountID, h.assignmentID); err != nil {
		return fmt.Errorf("exchange a role: %w", err)
	}
	return h.touch(tx)
}

// touch raises the version of the user: who edits them has seen something else.
func (h holder) touch(tx *db.Tx) error {
	if _, err := tx.Exec(`UPDATE memberships SET version = version + 1 WHERE account_id = $1 AND id = $2`, h.accountID, h.membershipID); err != nil {
		return fmt.Errorf("note a change of access: %w", err)
	}
	return nil
}

// drop deletes a role that nobody has any more.
func (m *managing) drop(role Full, fallback string, fell int) error {
	if _, err := m.tx.Exec(`UPDATE roles SET holders = holders + $1 WHERE account_id = $2 AND id = $3`, fell, m.account.ID, fallback); err != nil {
		return fmt.Errorf("count holders: %w", err)
	}
	return dropRole(m.tx, role.AccountID, role.ID)
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
