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
// account in which they may be seen.
func (s *searching) userByKey() error {
	key, isAddress := people.EmailKey(s.text)
	column := "u.email_key"
	if !isAddress {
		if key, column = s.text, "u.id"; !strings.HasPrefix(key, "usr_") {
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
		WHERE `+column+` = $1 AND `+within+` ORDER BY e.path LIMIT 20`, args...)
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
