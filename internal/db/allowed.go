package db

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Bookkeeping names the tables that Keep may write: nothing that a decision or
// an auditor reads.
var Bookkeeping = []string{"signin_attempts", "challenges", "session_seen", "token_seen", "leases", "outbox", "access_changes",
	"preferences", "signin_errands", "askers", "drafts", "spent_ceremonies"}

var (
	reading = regexp.MustCompile(`(?i)^\s*(?:SELECT|WITH)\b`)
	literal = regexp.MustCompile(`'(?:[^']|'')*'`)
	word    = regexp.MustCompile(`[\pL_][\pL\pN_$.]*`)
	// hiding is what could hide a second statement or the name of another table,
	// and what bookkeeping has no need of: semicolons, comments, quoted names,
	// PostgreSQL's dollar quotes and escapes.
	hiding = regexp.MustCompile("(?i);|--|/\\*|[\"`\\[\\]\\\\]|\\$\\$|\\$[a-z_]|\\bU&|\\bE'")
)

// reads tells whether a query is one that should change nothing.
func reads(query string) bool { return reading.MatchString(query) }

// allowed tells what stands in the way of a query in this transaction. In View
// the database itself refuses to write as well.
func (tx *Tx) allowed(query string, changes bool) error {
	switch {
	case tx.mode == update:
		return nil
	case tx.mode == view && changes:
		return fmt.Errorf("db: View may not run %.60q", query)
	case tx.mode == view && !seen.says(query, single):
		return fmt.Errorf("db: View may not run %.60q: one statement at a time", query)
	case tx.mode == keep && !kept.says(query, keeps):
		return fmt.Errorf("db: Keep may not run %.60q: one plain statement that writes to a bookkeeping table", query)
	}
	return nil
}

// verdicts remembers what was found of a query's text. The program has some
// hundreds of them; what it makes up on the way does not fill the memory.
type verdicts struct {
	mu    sync.RWMutex
	known map[string]bool
}

const verdictsMost = 2000

var seen, kept verdicts

func (v *verdicts) says(query string, find func(string) bool) bool {
	v.mu.RLock()
	is, known := v.known[query]
	v.mu.RUnlock()
	if known {
		return is
	}
	is = find(query)
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known == nil || len(v.known) >= verdictsMost {
		v.known = map[string]bool{}
	}
	v.known[query] = is
	return is
}

// single tells whether a query is one statement.
func single(query string) bool {
	return !strings.Contains(literal.ReplaceAllString(query, "''"), ";")
}

// keeps tells whether a query is one statement that reads, or writes to a
// bookkeeping table and to no other. What it does not understand it refuses.
func keeps(query string) bool {
	query = literal.ReplaceAllString(query, "''")
	if hiding.MatchString(query) {
		return false
	}
	words := word.FindAllString(strings.ToUpper(query), -1)
	at := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	table := ""
	switch {
	case at(0) == "SELECT" || at(0) == "WITH":
		return !slices.ContainsFunc(words, changesRows)
	case at(0) == "INSERT" && at(1) == "INTO", at(0) == "DELETE" && at(1) == "FROM":
		table, words = at(2), words[2:]
	case at(0) == "UPDATE":
		table, words = at(1), words[1:]
	}
	if !slices.Contains(Bookkeeping, strings.ToLower(table)) {
		return false
	}
	for i, w := range words {
		upsert := w == "UPDATE" && i > 0 && words[i-1] == "DO"
		if changesRows(w) && !upsert {
			return false
		}
	}
	return true
}

// changesRows tells whether a word of SQL changes rows or tables where it stands as a word of its own.
func changesRows(w string) bool {
	switch w {
	case "INSERT", "UPDATE", "DELETE", "MERGE", "REPLACE", "INTO", "TRUNCATE", "COPY", "CALL",
		"CREATE", "DROP", "ALTER", "GRANT", "REVOKE", "LOCK", "ATTACH", "PRAGMA", "VACUUM":
		return true
	}
	return false
}
