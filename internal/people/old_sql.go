package people

import (
	"fmt"

	"countersign/internal/db"
)

// Whose password is over follows from the clock, which tells nobody. So found_by
// says whose password was set at accounts.old_since or earlier; lists look up, by
// the index of memberships, those between that time and the one that they mean,
// and every sign-in brings old_since a little nearer to now.

// agedAtOnce is how many people a sign-in moves at most. Of a million whose
// passwords last for 90 days as many sign in every day as 11,000 grow old.
const agedAtOnce = 64

// withOldPassword are those whose password is over, wherever they stand.
func (l *looking) withOldPassword() (*numbers, error) {
	set, err := l.term(old)
	if err != nil {
		return nil, err
	}
	since := l.tx.Now - passwordLife(l.days)
	between, err := passwordsBetween(l.tx, l.account.ID, min(since, l.oldSince), max(since, l.oldSince), l.findable)
	switch {
	case err != nil:
		return nil, err
	case since < l.oldSince:
		return set.without(setOf(between)), nil
	}
	return set.or(setOf(between)), nil
}

// passwordsBetween are the numbers below findable of those whose password was set
// after one time and not after another, both in µs.
func passwordsBetween(tx *db.Tx, accountID string, after, until, findable int64) ([]int64, error) {
	list, err := db.All(tx, scanNumber, `SELECT m.number FROM memberships m
		WHERE m.account_id = $1 AND m.password_set_at > $2 AND m.password_set_at <= $3 AND m.number < $4`, accountID, after, until, findable)
	if err != nil {
		return nil, fmt.Errorf("read ages of passwords: %w", err)
	}
	return list, nil
}

// Age brings an account's old_since to where a password's life of so many days puts
// it now, or on the way there as far as some people are concerned; most is how many,
// 0 all. Days may have become more: then it goes back.
func Age(tx *db.Tx, accountID string, days, most int) error {
	var from, findable int64
	found, err := db.One(tx, []any{&from, &findable}, `SELECT old_since, findable FROM accounts WHERE id = $1`, accountID)
	if err != nil || !found || days == 0 {
		return err
	}
	to := tx.Now - passwordLife(days)
	if most > 0 {
		if to, err = within(tx, accountID, from, to, most); err != nil {
			return err
		}
	}
	moved, err := passwordsBetween(tx, accountID, min(from, to), max(from, to), findable)
	if err != nil {
		return err
	}
	gained, lost := inBlocks(old, moved), map[int64]map[string]*block(nil)
	if to < from {
		gained, lost = nil, gained
	}
	if err := mark(tx, accountID, gained, lost); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE accounts SET old_since = $1 WHERE id = $2`, to, accountID); err != nil {
		return fmt.Errorf("note ages of passwords: %w", err)
	}
	return nil
}

// within is the time on the way from one to another that so many people lie
// before, and those who have their password since the same moment as the last of them.
func within(tx *db.Tx, accountID string, from, to int64, most int) (int64, error) {
	direction, step := "", int64(0)
	if to < from {
		direction, step = " DESC", -1
	}
	var at int64
	found, err := db.One(tx, []any{&at}, `SELECT m.password_set_at FROM memberships m WHERE m.account_id = $1 AND m.password_set_at > $2 AND m.password_set_at <= $3
		ORDER BY m.password_set_at`+direction+` LIMIT 1 OFFSET $4`, accountID, min(from, to), max(from, to), most-1)
	if err != nil {
		return 0, fmt.Errorf("read ages of passwords: %w", err)
	}
	if !found {
		return to, nil
	}
	return at + step, nil
}

// inBlocks are users as mark takes them, under one term.
func inBlocks(term string, list []int64) map[int64]map[string]*block {
	out := map[int64]map[string]*block{}
	for _, n := range list {
		at := out[n/blockSize]
		if at == nil {
			at = map[string]*block{term: {}}
			out[n/blockSize] = at
		}
		at[term].set(n)
	}
	return out
}
