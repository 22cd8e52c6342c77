package signin

import (
	"context"
	"fmt"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/people"
)

// earlier are the hashes that a new password may not match: the present one
// counts among the last History.
func earlier(tx *db.Tx, c candidate, history int) ([]string, error) {
	hashes, err := db.Column(tx, `SELECT hash FROM password_history WHERE user_id = $1 ORDER BY set_at DESC LIMIT $2`, c.ID, history)
	if err != nil {
		return nil, fmt.Errorf("read password history: %w", err)
	}
	for _, h := range hashes {
		if h == c.hash {
			return hashes, nil
		}
	}
	if c.hash == "" {
		return hashes, nil
	}
	if len(hashes) == history && history > 0 {
		hashes = hashes[:history-1]
	}
	return append([]string{c.hash}, hashes...), nil
}

// reused refuses, under field, a password that matches one of the hashes. Each
// costs an evaluation.
func (d *Door) reused(ctx context.Context, field, password string, hashes []string) error {
	for _, h := range hashes {
		match, _, err := d.passwords.Verify(ctx, h, password)
		if err != nil {
			return err
		}
		if match {
			return fault.In(field, "password_used_before", "count", len(hashes))
		}
	}
	return nil
}

// newPassword is storePassword for somebody who had one: they are told, and their
// wrong attempts are over.
func newPassword(tx *db.Tx, c candidate, hash string) error {
	if err := storePassword(tx, c.ID, hash); err != nil {
		return err
	}
	if err := unlock(tx, c.ID); err != nil {
		return err
	}
	return tell(tx, c, "password_changed")
}

const historyMost = 24 // what any profile may ask for

// storePassword makes hash the person's password and keeps it in the history.
// Every session, half-finished sign-in and link to choose another from before is
// dead, and nobody asks for another any more.
func storePassword(tx *db.Tx, userID, hash string) error {
	err := people.Relist(tx, userID, func() error {
		_, err := tx.Exec(`UPDATE users SET password_hash = $1, password_set_at = $2, change_password_since = NULL, epoch = epoch + 1, version = version + 1 WHERE id = $3`, hash, tx.Now, userID)
		return err
	})
	if err != nil {
		return fmt.Errorf("store password: %w", err)
	}
	if err := dropChallenges(tx, userID); err != nil {
		return err
	}
	if err := people.EndResets(tx, userID); err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO password_history (user_id, set_at, hash) VALUES ($1, $2, $3)
		ON CONFLICT (user_id, set_at) DO UPDATE SET hash = excluded.hash`, userID, tx.Now, hash)
	if err != nil {
		return fmt.Errorf("keep password history: %w", err)
	}
	_, err = tx.Exec(`DELETE FROM password_history WHERE user_id = $1 AND set_at NOT IN
		(SELECT set_at FROM password_history WHERE user_id = $1 ORDER BY set_at DESC LIMIT $2)`, userID, historyMost)
	if err != nil {
		return fmt.Errorf("shorten password history: %w", err)
	}
	return nil
}

// replaceHash stores the same password under another cost.
func replaceHash(tx *db.Tx, userID, old, hash string) error {
	for _, q := range []string{
		`UPDATE users SET password_hash = $1 WHERE id = $2 AND password_hash = $3`,
		`UPDATE password_history SET hash = $1 WHERE user_id = $2 AND hash = $3`,
	} {
		if _, err := tx.Exec(q, hash, userID, old); err != nil {
			return fmt.Errorf("store password under a new cost: %w", err)
		}
	}
	return nil
}
