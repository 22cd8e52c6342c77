package signin

import (
	"database/sql"
	"fmt"

	"countersign/internal/db"
)

// Factor is a second factor as its owner sees it.
type Factor struct {
	ID         string
	Kind       string // totp
	Name       string
	CreatedAt  int64 // µs
	LastUsedAt int64 // µs; 0: never

	sealed []byte
}

// FactorsOf lists a person's second factors, the oldest first.
func FactorsOf(tx *db.Tx, userID string) ([]Factor, error) {
	found, err := db.All(tx, func(r *sql.Rows) (f Factor, err error) {
		return f, r.Scan(&f.ID, &f.Kind, &f.Name, &f.CreatedAt, &f.LastUsedAt, &f.sealed)
	}, `SELECT id, kind, name, created_at, COALESCE(last_used_at, 0), sealed FROM factors
		WHERE user_id = $1 AND kind = 'totp' ORDER BY created_at, id`, userID)
	if err != nil {
		return nil, fmt.Errorf("read factors: %w", err)
	}
	return found, nil
}

// addFactor keeps an authenticator app. step is that of the code which proved
// it: that code is used.
func addFactor(tx *db.Tx, userID string, seed []byte, step int64) (id string, err error) {
	if id, err = tx.ID("fac"); err != nil {
		return "", err
	}
	sealed, err := tx.Seal(factorPurpose, seed)
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO factors (id, user_id, kind, name, sealed, last_step, created_at, last_used_at)
		VALUES ($1, $2, 'totp', '', $3, $4, $5, $5)`, id, userID, sealed, step, tx.Now)
	if err != nil {
		return "", fmt.Errorf("keep factor: %w", err)
	}
	return id, nil
}

func removeFactors(tx *db.Tx, userID string) error {
	if _, err := tx.Exec(`DELETE FROM factors WHERE user_id = $1`, userID); err != nil {
		return fmt.Errorf("remove factors: %w", err)
	}
	return nil
}
