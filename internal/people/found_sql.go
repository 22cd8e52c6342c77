package people

import (
	"cmp"
	"database/sql"
	"fmt"
	"iter"
	"slices"

	"countersign/internal/db"
)

// indexStep is how many users wait, with numbers from accounts.findable on, until
// they are added to found_by together. So many rows can be looked through.
const indexStep = 512

// term reads whom a term stands for.
func term(tx *db.Tx, accountID, name string) (*numbers, error) {
	out := &numbers{}
	err := db.Blocks(tx, out.put, `SELECT block, bits FROM found_by WHERE account_id = $1 AND term = $2`, accountID, name)
	if err != nil {
		return nil, fmt.Errorf("read whom a term stands for: %w", err)
	}
	return out, nil
}

// The joins of these are written in the order in which they are made, which
// CROSS JOIN tells SQLite: it cannot know that one account may be most of the table.
const (
	termedSQL = ` FROM memberships m CROSS JOIN users u LEFT JOIN invitations i ON i.account_id = m.account_id AND i.membership_id = m.id AND i.replaced_at IS NULL
		WHERE m.account_id = $1 AND m.number >= $2 AND m.number < $3 AND u.id = m.user_id`
	givenSQL = ` FROM memberships m CROSS JOIN assignments x WHERE m.account_id = $1 AND m.number >= $2 AND m.number < $3
		AND x.account_id = m.account_id AND x.membership_id = m.id`
	overSQL = ` FROM memberships m CROSS JOIN assignments x CROSS JOIN assignment_entities y WHERE m.account_id = $1 AND m.number >= $2 AND m.number < $3
		AND x.account_id = m.account_id AND x.membership_id = m.id AND y.account_id = x.account_id AND y.assignment_id = x.id`
)

// termsOf tells what an account's users are found by whose numbers are from <= n
// < until. add must not keep the bytes of a term; it may get one twice.
func termsOf(tx *db.Tx, accountID string, from, until int64, add func(number int64, term []byte)) error {
	var term []byte
	of := func(n int64, kind, name string) {
		term = append(append(term[:0], kind...), name...)
		add(n, term)
	}
	read := func(r *sql.Rows) (_ struct{}, err error) {
		var x termed
		if err = r.Scan(&x.number, &x.text, &x.activated, &x.deactivated, &x.locked, &x.old); err == nil {
			letterTerms(x.text, func(letters string) { of(x.number, lettersTerm, letters) })
			x.states(func(state string) { of(x.number, state, "") })
		}
		return
	}
	_, err := db.All(tx, read, `SELECT m.number, m.search_key, m.activated_at IS NOT NULL, m.deactivated_at IS NOT NULL, u.inactive_locked_at IS NOT NULL,
		COALESCE(m.password_set_at <= (SELECT a.old_since FROM accounts a WHERE a.id = m.account_id), FALSE)`+
		termedSQL, accountID, from, until)
	if err == nil {
		_, err = db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
			var n int64
			var role string
			var all bool
			if err = r.Scan(&n, &role, &all); err == nil {
				of(n, roleTerm, role)
				if all {
					of(n, everywhere, "")
				}
			}
			return
		}, `SELECT m.number, x.role_id, x.all_entities`+givenSQL, accountID, from, until)
	}
	if err == nil {
		_, err = db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
			var n int64
			var entity string
			if err = r.Scan(&n, &entity); err == nil {
				of(n, entityTerm, entity)
			}
			return
		}, `SELECT m.number, y.entity_id`+overSQL, accountID, from, until)
	}
	if err != nil {
		return fmt.Errorf("read what users are found by: %w", err)
	}
	return nil
}

// termed is what somebody's letters and states are made of.
type termed struct {
	number                 int64
	text                   string
	activated, deactivated bool
	locked                 bool // by inactivity
	old                    bool // their password
}

func (x termed) states(add func(string)) {
	switch {
	case x.deactivated:
		add(shut)
	case x.activated:
		add(came)
	}
	if x.locked {
		add(idle)
	}
	if x.old {
		add(old)
	}
}

// Index adds to found_by and user_codes those of an account's users who do not
// stand there yet: all of them, or, with whole, only when there are enough of them
// to be worth it.
func Index(tx *db.Tx, accountID string, whole bool) error {
	var next, findable int64
	found, err := db.One(tx, []any{&next, &findable}, `SELECT next_member, findable FROM accounts WHERE id = $1`, accountID)
	if err != nil || !found {
		return err
	}
	until := next
	if whole {
		until -= (next - findable) % indexStep
	}
	for from := findable; from < until; {
		to := min(until, (from/blockSize+16)*blockSize) // some blocks at once: a term's rows are written together
		if err := index(tx, accountID, from, to); err != nil {
			return err
		}
		from = to
	}
	if until == findable {
		return nil
	}
	if _, err := tx.Exec(`UPDATE accounts SET findable = $1 WHERE id = $2`, until, accountID); err != nil {
		return fmt.Errorf("note who can be found: %w", err)
	}
	return nil
}

// index adds users to found_by whose numbers are from <= n < until.
func index(tx *db.Tx, accountID string, from, until int64) error {
	blocks := map[int64]map[string]*block{} // by block and term
	err := termsOf(tx, accountID, from, until, func(n int64, term []byte) {
		at := blocks[n/blockSize]
		if at == nil {
			at = map[string]*block{}
			blocks[n/blockSize] = at
		}
		b := at[string(term)]
		if b == nil {
			b = &block{}
			at[string(term)] = b
		}
		b.set(n)
	})
	if err != nil {
		return err
	}
	if err := encode(tx, accountID, from, until); err != nil {
		return err
	}
	return mark(tx, accountID, blocks, nil)
}

// mark adds users to terms, and takes them away from others.
func mark(tx *db.Tx, accountID string, gained, lost map[int64]map[string]*block) error {
	var write, empty [][]any
	for at := range both(gained, lost) {
		stored, err := readBlocks(tx, accountID, at, slices.Sorted(both(gained[at], lost[at])))
		if err != nil {
			return err
		}
		for term := range both(gained[at], lost[at]) {
			b := stored[term]
			if off := lost[at][term]; off != nil {
				b.without(off)
			}
			if on := gained[at][term]; on != nil {
				b.or(on)
			}
			if packed := b.pack(); packed != nil {
				write = append(write, []any{accountID, term, at, packed})
			} else {
				empty = append(empty, []any{accountID, term, at})
			}
		}
	}
	slices.SortFunc(write, func(a, b []any) int {
		return cmp.Or(cmp.Compare(a[1].(string), b[1].(string)), cmp.Compare(a[2].(int64), b[2].(int64)))
	})
	if err := tx.ExecEach(`INSERT INTO found_by (account_id, term, block, bits) VALUES ($1, $2, $3, $4)
		ON CONFLICT (account_id, term, block) DO UPDATE SET bits = excluded.bits`, write); err != nil {
		return fmt.Errorf("note whom a term stands for: %w", err)
	}
	if err := tx.ExecEach(`DELETE FROM found_by WHERE account_id = $1 AND term = $2 AND block = $3`, empty); err != nil {
		return fmt.Errorf("forget a term: %w", err)
	}
	return nil
}

// both goes through the keys of two maps, each once.
func both[K comparable, V any](a, b map[K]V) iter.Seq[K] {
	return func(yield func(K) bool) {
		for k := range a {
			if !yield(k) {
				return
			}
		}
		for k := range b {
			if _, twice := a[k]; !twice && !yield(k) {
				return
			}
		}
	}
}

// readBlocks reads what stands in a block for some terms.
func readBlocks(tx *db.Tx, accountID string, at int64, terms []string) (map[string]block, error) {
	out := map[string]block{}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var name string
		var packed []byte
		if err = r.Scan(&name, &packed); err == nil {
			out[name] = unpack(packed)
		}
		return
	}, `SELECT f.term, f.bits FROM `+db.Each(tx, "$3")+` CROSS JOIN found_by f WHERE f.account_id = $1 AND f.block = $2 AND f.term = each.value`, accountID, at, db.List(terms))
	if err != nil {
		return nil, fmt.Errorf("read whom terms stand for: %w", err)
	}
	return out, nil
}
