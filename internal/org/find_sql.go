package org

import (
	"fmt"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
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
