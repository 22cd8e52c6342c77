package people

import (
	"context"
	"fmt"

	"countersign/internal/audit"
	"countersign/internal/db"
)

// eraseMost is how many people one sweep erases.
const eraseMost = 100

// Sweep erases those who left long enough ago, and ends changes of address that
// nobody confirmed in time. It is called now and then, on any number of nodes.
func (p *People) Sweep(ctx context.Context) error {
	var due, expired []string
	err := p.db.View(ctx, func(tx *db.Tx) (err error) {
		if due, err = db.Column(tx, `SELECT id FROM users WHERE erase_at <= $1 ORDER BY erase_at, id LIMIT $2`, tx.Now, eraseMost); err != nil {
			return err
		}
		expired, err = db.Column(tx, `SELECT id FROM email_changes WHERE done_at IS NULL AND dropped_at IS NULL AND expires_at <= $1 ORDER BY id LIMIT $2`, tx.Now, eraseMost)
		return err
	})
	if err != nil {
		return fmt.Errorf("sweep people: %w", err)
	}
	who := db.Who{Kind: db.System, ID: "sweep"}
	for _, id := range due {
		if err := p.db.Update(ctx, who, func(tx *db.Tx) error { return erase(tx, id) }); err != nil {
			return fmt.Errorf("erase %s: %w", id, err)
		}
	}
	for _, id := range expired {
		if err := p.db.Update(ctx, who, func(tx *db.Tx) error { return expire(tx, id) }); err != nil {
			return fmt.Errorf("end change of address %s: %w", id, err)
		}
	}
	return nil
}

// erase takes away all that is left of a person: their name, phone, password
// history, and the key of their details in the log, which cannot be read from
// then on and still stands. Each account that they were of is told in its log.
func erase(tx *db.Tx, userID string) error {
	var one int
	if due, err := db.One(tx, []any{&one}, `SELECT 1 FROM users WHERE id = $1 AND erase_at <= $2`, userID, tx.Now); err != nil || !due { // another node was quicker
		return err
	}
	_, err := tx.Exec(`UPDATE users SET first_name = '', last_name = '', sort_key = '', search_key = '', phone = '', language = 'en', time_zone = 'UTC', theme = 'auto',
		inactive_locked_at = NULL, last_sign_in_at = NULL, erase_at = NULL WHERE id = $1`, userID)
	if err != nil {
		return err
	}
	for _, table := range append([]string{"password_history", "email_changes", "sessions", "person_keys"}, secretsOf...) {
		if _, err := tx.Exec(`DELETE FROM `+table+` WHERE user_id = $1`, userID); err != nil {
			return err
		}
	}
	accounts, err := db.Column(tx, `SELECT DISTINCT account_id FROM deleted_users WHERE user_id = $1 ORDER BY account_id`, userID)
	if err != nil {
		return err
	}
	for _, account := range accounts {
		if err := audit.Record(tx, audit.Entry{Action: audit.UserErased, AccountID: account, Kind: "user", ID: userID}); err != nil {
			return err
		}
	}
	return nil
}
