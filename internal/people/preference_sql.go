package people

import (
	"context"
	"fmt"
	"unicode/utf8"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
)

// preferenceMax bounds what is kept of a preference, in octets.
const preferenceMax = 500

// Preference is how somebody wants something shown; "" when they said nothing.
func Preference(tx *db.Tx, userID, name string) (value string, err error) {
	_, err = db.One(tx, []any{&value}, `SELECT value FROM preferences WHERE user_id = $1 AND name = $2`, userID, name)
	return value, err
}

// Prefer keeps how the person who acts wants something shown; "" is as it comes.
// It is bookkeeping: nobody else sees it, and nothing is decided by it.
func (p *People) Prefer(ctx context.Context, who db.Who, name, value string) error {
	switch {
	case who.Kind != db.User:
		return fault.New(fault.Unauthenticated, "sign_in_first")
	case len(value) > preferenceMax || !lang.Storable(value) || utf8.RuneCountInString(name) > 50:
		return fault.In(name, "too_long", "max", preferenceMax)
	}
	return p.db.Keep(ctx, func(tx *db.Tx) (err error) {
		if value == "" {
			_, err = tx.Exec(`DELETE FROM preferences WHERE user_id = $1 AND name = $2`, who.ID, name)
		} else {
			_, err = tx.Exec(`INSERT INTO preferences (user_id, name, value) VALUES ($1, $2, $3) ON CONFLICT (user_id, name) DO UPDATE SET value = excluded.value`, who.ID, name, value)
		}
		if err != nil {
			return fmt.Errorf("keep preference: %w", err)
		}
		return nil
	})
}
