package people

import (
	"database/sql"
	"fmt"

	"countersign/internal/db"
)

// Relist runs a change to a person, to their place in accounts or to what they
// may do there, and keeps what the accounts' lists are ordered and found by as it
// is afterwards. Every use case that changes one of these goes through it: names,
// addresses, the password's age, the lock by inactivity, invitations, activation,
// deactivation, roles and entities, and whether there is a membership at all.
func Relist(tx *db.Tx, userID string, change func() error) error {
	before, err := listed(tx, userID)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	after, err := db.All(tx, func(r *sql.Rows) (x inList, err error) { return x, r.Scan(&x.accountID, &x.memberID, &x.number) }, relistSQL, userID)
	if err != nil {
		return fmt.Errorf("keep lists: %w", err)
	}
	for _, x := range before {
		if err := x.changed(tx); err != nil {
			return err
		}
	}
	for _, x := range after {
		if x.number >= 0 {
			continue
		}
		if err := x.begin(tx); err != nil {
			return err
		}
	}
	return nil
}

const relistSQL = `UPDATE memberships SET
		sort_key = CASE WHEN memberships.activated_at IS NULL THEN memberships.sort_key ELSE u.sort_key END,
		search_key = CASE WHEN memberships.activated_at IS NULL THEN memberships.search_key ELSE u.search_key END,
		email_key = CASE WHEN memberships.activated_at IS NULL AND memberships.email <> '' THEN memberships.email_key ELSE COALESCE(u.email_key, '') END,
		last_sign_in_at = CASE WHEN memberships.activated_at IS NULL THEN 0 ELSE COALESCE(u.last_sign_in_at, 0) END,
		password_set_at = CASE WHEN memberships.activated_at IS NULL THEN NULL ELSE u.password_set_at END
	FROM users u WHERE u.id = memberships.user_id AND memberships.user_id = $1
	RETURNING memberships.account_id, memberships.id, COALESCE(memberships.number, -1)`

// inList is a person's place in the list of an account; number -1 is none yet.
type inList struct {
	accountID, memberID string
	number              int64
	findable            bool            // it stands in found_by
	terms               map[string]bool // by which, then
}

// listed reads the places of a person, with the terms of those that stand in found_by.
func listed(tx *db.Tx, userID string) ([]inList, error) {
	list, err := db.All(tx, func(r *sql.Rows) (x inList, err error) {
		return x, r.Scan(&x.accountID, &x.memberID, &x.number, &x.findable)
	},
		`SELECT m.account_id, m.id, COALESCE(m.number, -1), COALESCE(m.number < a.findable, FALSE) FROM memberships m JOIN accounts a ON a.id = m.account_id WHERE m.user_id = $1`, userID)
	if err != nil {
		return nil, fmt.Errorf("read the lists of somebody: %w", err)
	}
	for i, x := range list {
		if !x.findable {
			continue
		}
		if list[i].terms, err = x.found(tx); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// found reads what the place is found by as the rows are; nothing when it is gone.
func (x inList) found(tx *db.Tx) (map[string]bool, error) {
	terms := map[string]bool{}
	return terms, termsOf(tx, x.accountID, x.number, x.number+1, func(_ int64, term []byte) { terms[string(term)] = true })
}

// changed brings the terms of a place up to date.
func (x inList) changed(tx *db.Tx) error {
	if !x.findable {
		return nil
	}
	now, err := x.found(tx)
	if err != nil {
		return err
	}
	if err := encode(tx, x.accountID, x.number, x.number+1); err != nil {
		return err
	}
	return mark(tx, x.accountID, x.beyond(now, x.terms), x.beyond(x.terms, now))
}

// beyond is the place under the terms in a that are not in b.
func (x inList) beyond(a, b map[string]bool) map[int64]map[string]*block {
	only := &block{}
	only.set(x.number)
	out := map[string]*block{}
	for term := range a {
		if !b[term] {
			out[term] = only
		}
	}
	if len(out) == 0 {
		return nil
	}
	return map[int64]map[string]*block{x.number / blockSize: out}
}

// begin gives a new user of an account their number.
func (x inList) begin(tx *db.Tx) error {
	_, err := db.One(tx, []any{&x.number}, `UPDATE accounts SET next_member = next_member + 1 WHERE id = $1 RETURNING next_member - 1`, x.accountID)
	if err != nil {
		return fmt.Errorf("number a user: %w", err)
	}
	if _, err := tx.Exec(`UPDATE memberships SET number = $1 WHERE account_id = $2 AND id = $3`, x.number, x.accountID, x.memberID); err != nil {
		return fmt.Errorf("number a user: %w", err)
	}
	return Index(tx, x.accountID, true)
}

// SignedIn notes in the lists of a person's accounts that they signed in now. days
// is for how many a password lasts in an account; 0 when it has no end.
func SignedIn(tx *db.Tx, userID string, days func(accountID string) int) error {
	list, err := db.All(tx, func(r *sql.Rows) (x inList, err error) { return x, r.Scan(&x.accountID, &x.number, &x.findable) },
		`UPDATE memberships SET last_sign_in_at = $1 WHERE user_id = $2 AND activated_at IS NOT NULL
		RETURNING account_id, COALESCE(number, -1), COALESCE(number < (SELECT a.findable FROM accounts a WHERE a.id = memberships.account_id), FALSE)`, tx.Now, userID)
	if err != nil {
		return fmt.Errorf("note sign-in in lists: %w", err)
	}
	for _, x := range list {
		if err := Age(tx, x.accountID, days(x.accountID), agedAtOnce); err != nil {
			return err
		}
		if !x.findable {
			continue
		}
		if err := writeCodes(tx, x.accountID, signInCode, map[int64]uint32{x.number: timeCode(tx.Now)}); err != nil {
			return err
		}
	}
	return nil
}

// RelistAccess is Relist for a change to what many people of one account may do
// there, and to nothing else of them.
func RelistAccess(tx *db.Tx, accountID string, memberIDs []string, change func() error) error {
	before, err := accessTerms(tx, accountID, memberIDs)
	if err != nil {
		return err
	}
	if err := change(); err != nil {
		return err
	}
	after, err := accessTerms(tx, accountID, memberIDs)
	if err != nil {
		return err
	}
	return mark(tx, accountID, onlyIn(after, before), onlyIn(before, after))
}

// accessTerms reads what people of an account are found by for what they may do, by
// block and term: those who stand in found_by.
func accessTerms(tx *db.Tx, accountID string, memberIDs []string) (map[int64]map[string]*block, error) {
	out := map[int64]map[string]*block{}
	add := func(n int64, term string) {
		at := out[n/blockSize]
		if at == nil {
			at = map[string]*block{}
			out[n/blockSize] = at
		}
		if at[term] == nil {
			at[term] = &block{}
		}
		at[term].set(n)
	}
	from := ` FROM ` + db.Each(tx, "$2") + ` CROSS JOIN memberships m CROSS JOIN accounts a CROSS JOIN assignments x`
	const where = ` WHERE m.account_id = $1 AND m.id = each.value AND a.id = m.account_id AND m.number < a.findable AND x.account_id = m.account_id AND x.membership_id = m.id`
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var n int64
		var role string
		var all bool
		if err = r.Scan(&n, &role, &all); err == nil {
			add(n, roleTerm+role)
			if all {
				add(n, everywhere)
			}
		}
		return
	}, `SELECT m.number, x.role_id, x.all_entities`+from+where, accountID, db.List(memberIDs))
	if err == nil {
		_, err = db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
			var n int64
			var entity string
			if err = r.Scan(&n, &entity); err == nil {
				add(n, entityTerm+entity)
			}
			return
		}, `SELECT m.number, y.entity_id`+from+` CROSS JOIN assignment_entities y`+where+` AND y.account_id = x.account_id AND y.assignment_id = x.id`, accountID, db.List(memberIDs))
	}
	if err != nil {
		return nil, fmt.Errorf("read what people are found by: %w", err)
	}
	return out, nil
}

// onlyIn is whoever stands under a term in a and not in b.
func onlyIn(a, b map[int64]map[string]*block) map[int64]map[string]*block {
	out := map[int64]map[string]*block{}
	for at, terms := range a {
		for term, x := range terms {
			rest := *x
			if y := b[at][term]; y != nil {
				rest.without(y)
			}
			if rest == (block{}) {
				continue
			}
			if out[at] == nil {
				out[at] = map[string]*block{}
			}
			out[at][term] = &rest
		}
	}
	return out
}
