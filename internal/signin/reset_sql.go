package signin

import (
	"database/sql"
	"fmt"
	"time"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/seal"
)

// resetTime is how long a link that lets a person choose another password works.
const resetTime = time.Hour

const resetPurpose = "reset"

// resetLink lets a person choose another password.
type resetLink struct {
	ID, UserID, AccountID string
	ByAdministrator       bool   // it opens an inactivity lock
	CreatedBy             string // the person themselves, an administrator, or the command line
	CreatedAt, ExpiresAt  int64  // µs, like all that follow; 0 is not
	UsedAt, ReplacedAt    int64
	EndedAt               int64
}

// problem is why the link cannot be used: "" when it can.
func (l resetLink) problem(now int64) string {
	switch {
	case l.ID == "":
		return "link_unknown"
	case l.UsedAt != 0:
		return "link_used"
	case l.ReplacedAt != 0:
		return "link_replaced"
	case l.EndedAt != 0:
		return "link_ended"
	case now >= l.ExpiresAt:
		return "link_expired"
	}
	return ""
}

// addLink keeps a fresh link; an earlier one is dead from this moment.
func addLink(tx *db.Tx, l resetLink) (seal.Secret, resetLink, error) {
	if _, err := tx.Exec(`UPDATE reset_links SET replaced_at = $1 WHERE user_id = $2 AND used_at IS NULL AND replaced_at IS NULL AND ended_at IS NULL`, tx.Now, l.UserID); err != nil {
		return "", l, fmt.Errorf("replace reset link: %w", err)
	}
	var err error
	if l.ID, err = tx.ID("rst"); err != nil {
		return "", l, err
	}
	token, hash, err := tx.Token(resetPurpose)
	if err != nil {
		return "", l, err
	}
	l.CreatedAt, l.ExpiresAt = tx.Now, tx.Now+micros(resetTime)
	_, err = tx.Exec(`INSERT INTO reset_links (id, user_id, account_id, token_hash, by_administrator, created_at, created_by, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, l.ID, l.UserID, l.AccountID, []byte(hash), l.ByAdministrator, l.CreatedAt, l.CreatedBy, l.ExpiresAt)
	if err != nil {
		return "", l, fmt.Errorf("keep reset link: %w", err)
	}
	return token, l, nil
}

// linkByToken reads whatever link there is, alive or not; without an ID there is none.
func linkByToken(tx *db.Tx, token seal.Secret) (l resetLink, err error) {
	list, err := db.All(tx, func(r *sql.Rows) (l resetLink, err error) {
		return l, r.Scan(&l.ID, &l.UserID, &l.AccountID, &l.ByAdministrator, &l.CreatedBy, &l.CreatedAt, &l.ExpiresAt, &l.UsedAt, &l.ReplacedAt, &l.EndedAt)
	}, `SELECT id, user_id, account_id, by_administrator, created_by, created_at, expires_at, COALESCE(used_at, 0), COALESCE(replaced_at, 0), COALESCE(ended_at, 0)
		FROM reset_links WHERE token_hash = $1`, []byte(seal.HashToken(resetPurpose, token.Reveal())))
	if err != nil {
		return l, fmt.Errorf("read reset link: %w", err)
	}
	if len(list) > 0 {
		l = list[0]
	}
	return l, nil
}

// spend uses the link up: one of any number of callers succeeds, the others get the
// refusal that a used link gets.
func (l resetLink) spend(tx *db.Tx) error {
	n, err := tx.Exec(`UPDATE reset_links SET used_at = $1 WHERE id = $2 AND used_at IS NULL AND replaced_at IS NULL AND ended_at IS NULL AND expires_at > $1`, tx.Now, l.ID)
	if err != nil {
		return fmt.Errorf("spend reset link: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Gone, "link_used")
	}
	return nil
}

// linksSince counts the links that a person asked for themselves.
func linksSince(tx *db.Tx, userID string, since int64) (n int64, err error) {
	_, err = db.One(tx, []any{&n}, `SELECT COUNT(*) FROM reset_links WHERE user_id = $1 AND created_by = $1 AND created_at > $2`, userID, since)
	return n, err
}

// vouchedFor tells whether an administrator sent the person a link within the
// hour that was not used and not ended; another may have replaced it.
func vouchedFor(tx *db.Tx, userID string) (bool, error) {
	var one int
	return db.One(tx, []any{&one}, `SELECT 1 FROM reset_links WHERE user_id = $1 AND by_administrator AND created_by <> $1 AND expires_at > $2 AND ended_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM reset_links u WHERE u.user_id = $1 AND u.used_at IS NOT NULL AND u.created_at >= reset_links.created_at) LIMIT 1`, userID, tx.Now)
}

// countAsk counts a forgotten password of a network address, and tells whether it
// was one of the twenty that it may ask for in an hour.
func countAsk(tx *db.Tx, network string) (bool, error) {
	n, err := tx.Exec(`INSERT INTO askers (network, asked, since) VALUES ($1, 1, $2)
		ON CONFLICT (network) DO UPDATE SET asked = CASE WHEN askers.since <= CAST($3 AS BIGINT) THEN 1 ELSE askers.asked + 1 END,
			since = CASE WHEN askers.since <= CAST($3 AS BIGINT) THEN CAST($2 AS BIGINT) ELSE askers.since END
		WHERE askers.since <= CAST($3 AS BIGINT) OR askers.asked < $4`, network, tx.Now, tx.Now-micros(time.Hour), asksPerHour)
	if err != nil {
		return false, fmt.Errorf("count forgotten passwords: %w", err)
	}
	return n == 1, nil
}
