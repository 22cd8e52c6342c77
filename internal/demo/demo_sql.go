package demo

import (
	"fmt"

	"countersign/internal/db"
	"countersign/internal/org"
)

// Marked tells whether the database is a demo's, which it stays for ever.
func Marked(tx *db.Tx) (bool, error) {
	var value string
	return db.One(tx, []any{&value}, `SELECT value FROM instance WHERE name = 'demo'`)
}

func keepMark(tx *db.Tx) error {
	if _, err := tx.Exec(`INSERT INTO instance (name, value) VALUES ('demo', 'true')`); err != nil {
		return fmt.Errorf("mark as demo: %w", err)
	}
	return nil
}

// shareHash replaces the quick hashes of the filling; a million people will
// share one hash, so thirty do.
func shareHash(tx *db.Tx, hash string) error {
	for _, q := range []string{
		`UPDATE users SET password_hash = $1 WHERE password_hash IS NOT NULL`,
		`UPDATE password_history SET hash = $1`,
	} {
		if _, err := tx.Exec(q, hash); err != nil {
			return fmt.Errorf("share the password's hash: %w", err)
		}
	}
	return nil
}

// addTerminal puts a terminal into a location that the same update creates.
func addTerminal(tx *db.Tx, l org.Location, kind, name string) error {
	id, err := tx.ID("ter")
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO terminals (account_id, id, location_id, kind, name, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		l.AccountID, id, l.ID, kind, name, tx.Now)
	if err != nil {
		return fmt.Errorf("add terminal: %w", err)
	}
	return nil
}
