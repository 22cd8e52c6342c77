package org

import (
	"fmt"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
)

// Above lists the ids of an entity and of those above it, up to the account's own.
func Above(tx *db.Tx, a Account, e Entity) ([]string, error) {
	var marks []string
	var args []any
	for n := len(a.Path); n <= len(e.Path); n += access.PathPart {
		args = append(args, e.Path[:n])
		marks = append(marks, fmt.Sprintf("$%d", len(args)))
	}
	return db.Column(tx, `SELECT e.id FROM entities e WHERE e.path IN (`+strings.Join(marks, ", ")+`) ORDER BY e.path`, args...)
}

// EntitiesNamed reads up to limit entities of an account's subtree in whose name or
// customer ID all words of a text occur, in the order of the tree; of "" all do.
func EntitiesNamed(tx *db.Tx, a Account, text string, limit int) ([]Entity, error) {
	words := strings.Fields(lang.Fold(text))
	if !lang.Storable(text) || len(text) > 4*searchMax {
		return nil, nil
	}
	from, until := Below(a.Path)
	args := []any{from, until, limit}
	where := `e.path >= $1 AND e.path < $2`
	for _, word := range words {
		args = append(args, likeText(word))
		where += fmt.Sprintf(` AND e.search_key LIKE '%%' || $%d || '%%' ESCAPE '\'`, len(args))
	}
	return db.All(tx, scanEntity, `SELECT `+entityColumns+` WHERE `+where+` ORDER BY e.path LIMIT $3`, args...)
}
