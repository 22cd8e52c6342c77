package db

import (
	"fmt"
	"slices"
	"strings"

	"countersign/internal/access"
)

// Within is the condition that an entity, as "e" in the query, lies in a reach
// (access.Scope); "" when nothing does. Its arguments are added to args.
func Within(reach []access.Reach, args []any) (string, []any) {
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	var any []string
	for _, r := range reach {
		var ranges, owners []string
		for _, p := range r.Paths {
			if !Whole(r) {
				ranges = append(ranges, "(e.path >= "+arg(p)+" AND e.path < "+arg(p+"~")+")")
			}
		}
		if Whole(r) {
			ranges = append(ranges, "TRUE")
		}
		if len(ranges) == 0 {
			continue
		}
		one := "(" + strings.Join(ranges, " OR ") + ")"
		if r.Accounts != nil {
			owners = append(owners, "''")
			for _, id := range r.Accounts {
				owners = append(owners, arg(id))
			}
			one = "(" + one + " AND e.account_id IN (" + strings.Join(owners, ", ") + "))"
		}
		any = append(any, one)
	}
	if len(any) == 0 {
		return "", args
	}
	return "(" + strings.Join(any, " OR ") + ")", args
}

// Whole tells whether a reach holds the root of the tree, below which everything lies.
func Whole(r access.Reach) bool {
	return slices.ContainsFunc(r.Paths, func(path string) bool { return len(path) == access.PathPart })
}
