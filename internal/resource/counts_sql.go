package resource

import (
	"database/sql"
	"fmt"

	"countersign/internal/db"
	"countersign/internal/org"
)

// Count is how much an account has stored of a type.
type Count struct {
	AccountID, CustomerID, Name string
	Stored                      int64
}

// Counts tells which accounts have stored most of a type, as far as is seen, and how
// much: up to limit of them. What is left out of a sight by its location is counted
// nowhere, so whoever is limited to locations is told of none.
func Counts(tx *db.Tx, sight Sight, typ string, limit int) ([]Count, error) {
	where, args := org.Within(sight.reach)
	if where == "" || sight.limited {
		return nil, nil
	}
	n := len(args)
	list, err := db.All(tx, func(r *sql.Rows) (c Count, err error) {
		return c, r.Scan(&c.AccountID, &c.CustomerID, &c.Name, &c.Stored)
	}, `SELECT r.account_id, o.customer_id, o.name, COUNT(*) FROM resources r JOIN entities e ON e.id = r.entity_id
		JOIN accounts a ON a.id = r.account_id JOIN entities o ON o.id = a.entity_id
		WHERE `+where+fmt.Sprintf(` AND r.type = $%d GROUP BY r.account_id, o.customer_id, o.name ORDER BY 4 DESC, o.customer_id LIMIT $%d`, n+1, n+2), append(args, typ, limit)...)
	if err != nil {
		return nil, fmt.Errorf("count resources: %w", err)
	}
	return list, nil
}
