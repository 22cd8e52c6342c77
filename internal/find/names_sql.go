package find

import (
	"database/sql"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/profile"
)

// Named is what an id stands for.
type Named struct {
	Name       string
	Gone       bool   // somebody who was deleted: they have no page, and their name says so
	CustomerID string // of an entity or account: its own; of a role or token: its account's
}

// ids are those that entries may hold, in their fields and in their changes.
var ids = regexp.MustCompile(`\b(?:usr|acc|ent|rol|pol|tok|loc)_[0-9a-z]{20,40}\b`)

// IDs are the ids that stand in a text.
func IDs(text string) []string { return ids.FindAllString(text, -1) }

// IsID tells whether a text is such an id and nothing else.
func IsID(text string) bool { return ids.FindString(text) == text && text != "" }

// Replace puts names in the place of the ids that stand in a text; what has no
// name stays as it is.
func Replace(text string, names map[string]Named) string {
	return ids.ReplaceAllStringFunc(text, func(id string) string {
		if n := names[id].Name; n != "" {
			return n
		}
		return id
	})
}

// Names tells what the ids in entries stand for: whatever lies in the part of
// the tree that begins at path, and people who are there or in an account above
// (people.NamesBeside). Somebody or something of elsewhere that was asked for in
// vain stays an id.
func Names(tx *db.Tx, profiles profile.Profiles, tag lang.Tag, path string, list []audit.Found) (map[string]Named, error) {
	seen := map[string][]string{}
	known := map[string]bool{}
	note := func(text string) {
		for _, id := range IDs(text) {
			if !known[id] {
				known[id] = true
				seen[id[:3]] = append(seen[id[:3]], id)
			}
		}
	}
	for _, f := range list {
		for _, text := range []string{f.ActorID, f.ID, f.AccountID, f.EntityID, f.ActorAccount} {
			note(text)
		}
		for _, c := range f.Changes {
			note(c.Before)
			note(c.After)
		}
	}
	out := map[string]Named{}
	users, err := people.NamesBeside(tx, path, seen["usr"])
	if err != nil {
		return nil, err
	}
	for id, name := range users {
		out[id] = Named{Name: name}
	}
	gone, err := people.DeletedNames(tx, path, slices.DeleteFunc(seen["usr"], func(id string) bool { return users[id] != "" }))
	if err != nil {
		return nil, err
	}
	for id, name := range gone {
		out[id] = Named{Name: lang.T(tag, "action.deleted_person", "name", name), Gone: true}
	}
	for prefix, q := range namesOf {
		if err := read(tx, q, path, seen[prefix], func(r *sql.Rows) error {
			var id, name, customerID, key, profileName string
			if err := r.Scan(&id, &name, &customerID, &key, &profileName); err != nil {
				return err
			}
			if p, ok := profiles.Get(profileName); ok && key != "" {
				if role, ok := p.Role(key); ok {
					name = role.Name(string(tag))
				}
			}
			out[id] = Named{Name: name, CustomerID: customerID}
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// namesOf are the queries for names, by the prefix of the ids: id, name,
// customer ID, and for a role that its profile names, its key and the profile.
var namesOf = map[string]string{
	"acc": `SELECT a.id, e.name, e.customer_id, '', '' FROM accounts a JOIN entities e ON e.id = a.entity_id WHERE a.id`,
	"ent": `SELECT e.id, e.name, e.customer_id, '', '' FROM entities e WHERE e.id`,
	"rol": `SELECT r.id, r.name, e.customer_id, COALESCE(r.predefined, ''), a.profile FROM roles r JOIN accounts a ON a.id = r.account_id JOIN entities e ON e.id = a.entity_id WHERE r.id`,
	"pol": `SELECT p.id, p.name, e.customer_id, '', '' FROM policies p JOIN accounts a ON a.id = p.account_id JOIN entities e ON e.id = a.entity_id WHERE p.id`,
	"tok": `SELECT t.id, t.name, e.customer_id, '', '' FROM service_tokens t JOIN accounts a ON a.id = t.account_id JOIN entities e ON e.id = a.entity_id WHERE t.id`,
	"loc": `SELECT l.id, l.name, e.customer_id, '', '' FROM locations l JOIN entities e ON e.id = l.entity_id WHERE l.id`,
}

// idsAtOnce bounds how many ids stand in one query.
const idsAtOnce = 500

func read(tx *db.Tx, query, path string, list []string, scan func(*sql.Rows) error) error {
	for len(list) > 0 {
		n := min(len(list), idsAtOnce)
		within, args := db.Within([]access.Reach{{Paths: []string{path}, AllLocations: true}}, nil)
		var marks []string
		for _, id := range list[:n] {
			args = append(args, id)
			marks = append(marks, fmt.Sprintf("$%d", len(args)))
		}
		list = list[n:]
		_, err := db.All(tx, func(r *sql.Rows) (struct{}, error) { return struct{}{}, scan(r) }, query+` IN (`+strings.Join(marks, ", ")+`) AND `+within, args...)
		if err != nil {
			return fmt.Errorf("read names: %w", err)
		}
	}
	return nil
}
