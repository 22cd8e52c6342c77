package people

import (
	"fmt"

	"countersign/internal/db"
)

// Lock is what keeps a person from signing in; zero values do not.
type Lock struct {
	Until         int64 // µs: after wrong attempts
	InactiveSince int64 // µs: because they have not signed in for long
}

// Forever is for how long, in µs, a sign-in is locked where no time opens it but an
// administrator or another password.
const Forever = int64(1) << 60

// Endless tells whether a lock until then has no end.
func Endless(until int64) bool { return until >= Forever }

// LockOf reads it.
func LockOf(tx *db.Tx, userID string) (l Lock, err error) {
	_, err = db.One(tx, []any{&l.Until, &l.InactiveSince}, `SELECT COALESCE(CASE WHEN s.locked_until > $2 THEN s.locked_until END, 0), COALESCE(u.inactive_locked_at, 0)
		FROM users u LEFT JOIN signin_attempts s ON s.user_id = u.id WHERE u.id = $1`, userID, tx.Now)
	if err != nil {
		return l, fmt.Errorf("read lock: %w", err)
	}
	return l, nil
}
