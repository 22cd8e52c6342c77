package audit

import (
	"fmt"
	"strings"

	"countersign/internal/db"
)

// About reads the newest entries of some actions about a person, in whatever
// account they stand: what anybody may see of themselves.
func About(tx *db.Tx, userID string, limit int, actions ...string) ([]Found, error) {
	args := []any{userID, limit}
	var marks []string
	for _, action := range actions {
		args = append(args, action)
		marks = append(marks, fmt.Sprintf("$%d", len(args)))
	}
	found, err := db.All(tx, scanFound, `SELECT a.seq, a.at, a.actor_kind, a.actor_id, a.actor_account, a.account_id, a.entity_id,
			a.action, a.outcome, a.reason, a.target_kind, a.target_id, a.ip, a.user_agent, a.request_id, a.repeats, a.changes, a.person_id, a.personal
		FROM audit_entries a WHERE a.target_id = $1 AND a.target_kind = 'user' AND a.action IN (`+strings.Join(marks, ", ")+`) ORDER BY a.seq DESC LIMIT $2`, args...)
	if err != nil {
		return nil, fmt.Errorf("read entries about a person: %w", err)
	}
	out := make([]Found, len(found))
	for i, f := range found {
		out[i] = f.Found
	}
	return out, nil
}
