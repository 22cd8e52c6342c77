package signin

import (
	"database/sql"
	"fmt"

	"countersign/internal/db"
)

// recoveryLeft are the codes of a person that were not used yet.
func recoveryLeft(tx *db.Tx, userID string) ([]recoveryCode, error) {
	list, err := db.All(tx, func(r *sql.Rows) (c recoveryCode, err error) { return c, r.Scan(&c.userID, &c.number, &c.hash) },
		`SELECT user_id, number, hash FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL ORDER BY number`, userID)
	if err != nil {
		return nil, fmt.Errorf("read recovery codes: %w", err)
	}
	return list, nil
}

// keepRecovery makes these a person's recovery codes; the old set is dead.
func keepRecovery(tx *db.Tx, userID string, hashes []string) error {
	if err := dropRecovery(tx, userID); err != nil {
		return err
	}
	for i, hash := range hashes {
		_, err := tx.Exec(`INSERT INTO recovery_codes (user_id, number, hash, created_at) VALUES ($1, $2, $3, $4)`, userID, i+1, hash, tx.Now)
		if err != nil {
			return fmt.Errorf("keep recovery codes: %w", err)
		}
	}
	return nil
}

func dropRecovery(tx *db.Tx, userID string) error {
	if _, err := tx.Exec(`DELETE FROM recovery_codes WHERE user_id = $1`, userID); err != nil {
		return fmt.Errorf("drop recovery codes: %w", err)
	}
	return nil
}
