package find

import (
	"database/sql"
	"fmt"
	"strings"

	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
)

// userByKey finds the person whose whole address or id was typed, in every
// account in which they may be seen. Where they have not come in, the address is
// the one that was typed there: by another that they have now nobody learns whose
// it is.
func (s *searching) userByKey() error {
	key, isAddress := people.EmailKey(s.text)
	whose := "u.email_key = $1 AND (m.activated_at IS NOT NULL OR m.email = '' OR m.email_key = $1)"
	if !isAddress {
		if key, whose = s.text, "u.id = $1"; !strings.HasPrefix(key, "usr_") {
			return nil
		}
	}
	within, args := db.Within(s.reach("users:view"), []any{key})
	if within == "" {
		return nil
	}
	type in struct{ userID, accountID string }
	list, err := db.All(s.tx, func(r *sql.Rows) (x in, err error) { return x, r.Scan(&x.userID, &x.accountID) },
		`SELECT u.id, m.account_id FROM users u JOIN memberships m ON m.user_id = u.id JOIN accounts a ON a.id = m.account_id JOIN entities e ON e.id = a.entity_id
		WHERE `+whose+` AND `+within+` ORDER BY e.path LIMIT 20`, args...)
	if err != nil {
		return fmt.Errorf("find a person: %w", err)
	}
	for _, x := range list {
		a, found, err := org.AccountByID(s.tx, x.accountID)
		if err != nil || !found {
			return err
		}
		row, err := s.People.Get(s.tx, a, x.userID)
		if err != nil {
			return err
		}
		s.add(s.user(row, a.CustomerID))
	}
	return nil
}
