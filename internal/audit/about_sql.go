package audit

import (
	"fmt"

	"countersign/internal/db"
)

// About reads the newest entries of some actions about a person, in whatever
// account they stand: what anybody may see of themselves. Personal details stay sealed.
func About(tx *db.Tx, userID string, limit int, actions ...string) ([]Found, error) {
	q := statement{[]any{userID, limit}}
	found, err := db.All(tx, scanFound, `SELECT `+foundFields+` FROM audit_entries a
		WHERE a.target_id = $1 AND a.target_kind = 'user' AND `+anyOf("action", actions)(&q)+` ORDER BY a.seq DESC LIMIT $2`, q.args...)
	if err != nil {
		return nil, fmt.Errorf("read entries about a person: %w", err)
	}
	out := make([]Found, len(found))
	for i, f := range found {
		out[i] = f.Found
	}
	return out, nil
}
