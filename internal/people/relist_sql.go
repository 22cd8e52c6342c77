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
