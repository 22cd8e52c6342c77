package org

import (
	"database/sql"
	"fmt"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
)

// EntitiesWithin reads up to limit entities of those that a reach selects, in
// the order of the tree, after a path; "" begins. None reached finds nothing.
func EntitiesWithin(tx *db.Tx, reach []access.Reach, after string, limit int) ([]Entity, error) {
	where, args := Within(reach)
	if where == "" {
		return nil, nil
	}
	return db.All(tx, scanEntity, `SELECT `+entityColumns+` WHERE `+where+fmt.Sprintf(` AND e.path > $%d ORDER BY e.path LIMIT $%d`, len(args)+1, len(args)+2),
		append(args, after, limit)...)
}

// LocationsWithin reads up to limit locations of those that a reach selects, by
// id, after one; "" begins.
func LocationsWithin(tx *db.Tx, reach []access.Reach, after string, limit int) ([]Location, error) {
	where, args := Within(reach)
	if where == "" {
		return nil, nil
	}
	return db.All(tx, func(r *sql.Rows) (l Location, err error) {
		return l, r.Scan(&l.ID, &l.AccountID, &l.EntityID, &l.Name, &l.WebSite)
	}, `SELECT l.id, l.account_id, l.entity_id, l.name, l.web_site FROM locations l JOIN entities e ON e.id = l.entity_id
		WHERE `+where+fmt.Sprintf(` AND l.id > $%d ORDER BY l.id LIMIT $%d`, len(args)+1, len(args)+2), append(args, after, limit)...)
}

// Within is the WHERE of a reach over entities e and, where it names locations, locations l.
func Within(reach []access.Reach) (string, []any) {
	var args []any
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	in := func(column string, ids []string) string {
		var marks []string
		for _, id := range ids {
			marks = append(marks, arg(id))
		}
		return column + " IN (" + strings.Join(marks, ", ") + ")"
	}
	var parts []string
	for _, r := range reach {
		var paths []string
		for _, p := range r.Paths {
			from, until := Below(p)
			paths = append(paths, "(e.path >= "+arg(from)+" AND e.path < "+arg(until)+")")
		}
		part := "(" + strings.Join(paths, " OR ") + ")"
		if r.Accounts != nil {
			part += " AND " + in("e.account_id", r.Accounts)
		}
		if !r.AllLocations {
			part += " AND " + in("l.id", r.Locations)
		}
		parts = append(parts, "("+part+")")
	}
	if len(parts) == 0 {
		return "", nil
	}
	return "(" + strings.Join(parts, " OR ") + ")", args
}

// TokenSeen notes that a service token was used; it is bookkeeping (db.Keep).
func TokenSeen(tx *db.Tx, tokenID string) error {
	_, err := tx.Exec(`INSERT INTO token_seen (token_id, seen_at) VALUES ($1, $2)
		ON CONFLICT (token_id) DO UPDATE SET seen_at = excluded.seen_at WHERE token_seen.seen_at < excluded.seen_at`, tokenID, tx.Now)
	if err != nil {
		return fmt.Errorf("note token's use: %w", err)
	}
	return nil
}
