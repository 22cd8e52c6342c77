package people

import (
	"database/sql"
	"fmt"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/lang"
)

// DeletedNames reads, for the pages of one account, what people were called when
// they were deleted from it, from one above it or from one below: as that account
// knew them, and until they are erased. The log keeps it, under the person's key.
func DeletedNames(tx *db.Tx, path string, ids []string) (map[string]string, error) {
	args := []any{path}
	var marks []string
	for _, id := range ids {
		if strings.HasPrefix(id, "usr_") && lang.Storable(id) {
			args = append(args, id)
			marks = append(marks, fmt.Sprintf("$%d", len(args)))
		}
	}
	out := map[string]string{}
	if len(marks) == 0 {
		return out, nil
	}
	found, err := db.All(tx, func(r *sql.Rows) (x [2]string, err error) { return x, r.Scan(&x[0], &x[1]) },
		`SELECT d.user_id, d.account_id FROM deleted_users d JOIN accounts a ON a.id = d.account_id JOIN entities e ON e.id = a.entity_id
			WHERE d.user_id IN (`+strings.Join(marks, ", ")+`) AND `+besidePath("CAST($1 AS TEXT)")+` ORDER BY d.deleted_at`, args...)
	if err != nil {
		return nil, fmt.Errorf("read deleted users: %w", err)
	}
	for _, x := range found {
		details, err := audit.Details(tx, x[1], x[0], audit.UserDeleted, audit.EmailCorrected)
		if err != nil {
			return nil, err
		}
		var p Person
		for _, c := range details {
			switch c.Field {
			case "first_name":
				p.FirstName = c.Before
			case "last_name":
				p.LastName = c.Before
			case "email":
				p.Email = c.Before
			}
		}
		if name := p.Name(); name != "" {
			out[x[0]] = name
		}
	}
	return out, nil
}

// besidePath is the condition that an account (whose entity is e) is at, above or
// below a path.
func besidePath(at string) string {
	return `(substr(` + at + `, 1, length(e.path)) = e.path OR substr(e.path, 1, length(` + at + `)) = ` + at + `)`
}
