package signin

import (
	"database/sql"
	"fmt"

	"countersign/internal/db"
	"countersign/internal/seal"
)

// readSessions reads sessions, the newest first, that are of their person's epoch,
// of people who are still active somewhere. How old they are the caller checks.
func readSessions(tx *db.Tx, where string, arg any) ([]Session, error) {
	list, err := db.All(tx, func(r *sql.Rows) (s Session, err error) {
		var hash []byte
		err = r.Scan(&hash, &s.Ref, &s.UserID, &s.AccountID, &s.CreatedAt, &s.ExpiresAt, &s.secondFactor, &s.fresh, &s.IP, &s.UserAgent,
			&s.SeenAt, &s.FirstName, &s.LastName, &s.Email, &s.Username, &s.Lang, &s.TimeZone, &s.Theme)
		s.hash = string(hash)
		return s, err
	}, `SELECT s.hash, s.ref, s.user_id, s.account_id, s.created_at, s.expires_at, COALESCE(s.second_factor_at, 0), s.fresh_at, s.ip, s.user_agent,
			COALESCE(n.seen_at, s.created_at), u.first_name, u.last_name, COALESCE(u.email, ''), COALESCE(u.username, ''), u.language, u.time_zone, u.theme
		FROM sessions s JOIN users u ON u.id = s.user_id AND u.epoch = s.user_epoch LEFT JOIN session_seen n ON n.hash = s.hash
		WHERE s.expires_at > $1 AND `+where+` AND u.inactive_locked_at IS NULL AND EXISTS
			(SELECT 1 FROM memberships m WHERE m.user_id = u.id AND m.activated_at IS NOT NULL AND m.deactivated_at IS NULL)
		ORDER BY s.created_at DESC, s.ref`, tx.Now, arg)
	if err != nil {
		return nil, fmt.Errorf("read sessions: %w", err)
	}
	return list, nil
}

// addSession makes a session under an id that nobody had before.
func addSession(tx *db.Tx, c candidate, accountID string, secondFactor bool) (seal.Secret, string, error) {
	absolute := int64(0)
	for _, p := range c.places("") {
		if a := micros(p.SessionAbsolute); absolute == 0 || a < absolute {
			absolute = a
		}
	}
	token, hash, err := tx.Token(sessionPurpose)
	if err != nil {
		return "", "", err
	}
	ref, err := tx.ID("ses")
	if err != nil {
		return "", "", err
	}
	var second any
	if secondFactor {
		second = tx.Now
	}
	agent := cutAgent(tx.Who.UserAgent)
	_, err = tx.Exec(`INSERT INTO sessions (hash, ref, user_id, account_id, user_epoch, created_at, expires_at, second_factor_at, fresh_at, ip, user_agent)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6, $9, $10)`,
		[]byte(hash), ref, c.ID, accountID, c.Epoch, tx.Now, tx.Now+absolute, second, address(tx.Who), agent)
	if err != nil {
		return "", "", fmt.Errorf("begin session: %w", err)
	}
	return token, ref, nil
}

// agentMost bounds what a browser says it is, in code points.
const agentMost = 300

func cutAgent(agent string) string {
	if runes := []rune(agent); len(runes) > agentMost {
		return string(runes[:agentMost])
	}
	return agent
}

func markSeen(tx *db.Tx, hash string) error {
	_, err := tx.Exec(`INSERT INTO session_seen (hash, seen_at) VALUES ($1, $2)
		ON CONFLICT (hash) DO UPDATE SET seen_at = excluded.seen_at WHERE session_seen.seen_at < excluded.seen_at`, []byte(hash), tx.Now)
	if err != nil {
		return fmt.Errorf("note session's use: %w", err)
	}
	return nil
}

// endOthers raises the person's epoch and takes the session that who acts in
// along: every other one is dead, and everything half-finished.
func endOthers(tx *db.Tx, who db.Who) error {
	var epoch int64
	found, err := db.One(tx, []any{&epoch}, `UPDATE users SET epoch = epoch + 1 WHERE id = $1 RETURNING epoch`, who.ID)
	if err != nil {
		return fmt.Errorf("raise epoch: %w", err)
	}
	if !found {
		return sessionEnded()
	}
	return keepOwn(tx, who, epoch)
}

func keepOwn(tx *db.Tx, who db.Who, epoch int64) error {
	if _, err := tx.Exec(`UPDATE sessions SET user_epoch = $1 WHERE user_id = $2 AND ref = $3`, epoch, who.ID, who.Ref); err != nil {
		return fmt.Errorf("keep own session: %w", err)
	}
	if _, err := tx.Exec(`DELETE FROM sessions WHERE user_id = $1 AND user_epoch <> $2`, who.ID, epoch); err != nil {
		return fmt.Errorf("end other sessions: %w", err)
	}
	return dropChallenges(tx, who.ID)
}

// refresh notes that all factors were given again in this session.
func refresh(tx *db.Tx, who db.Who, secondFactor bool) error {
	second := int64(0)
	if secondFactor {
		second = tx.Now
	}
	n, err := tx.Exec(`UPDATE sessions SET fresh_at = $1, second_factor_at = COALESCE(NULLIF(CAST($2 AS BIGINT), 0), second_factor_at) WHERE user_id = $3 AND ref = $4`,
		tx.Now, second, who.ID, who.Ref)
	if err != nil {
		return fmt.Errorf("refresh session: %w", err)
	}
	if n == 0 {
		return sessionEnded()
	}
	return nil
}

// secondFactor notes whether the session has a second factor: a person who has
// just set one up shows it, one who has removed the last has none.
func secondFactor(tx *db.Tx, who db.Who, has bool) error {
	at := int64(0)
	if has {
		at = tx.Now
	}
	_, err := tx.Exec(`UPDATE sessions SET second_factor_at = NULLIF(CAST($1 AS BIGINT), 0) WHERE user_id = $2 AND ref = $3`, at, who.ID, who.Ref)
	if err != nil {
		return fmt.Errorf("note second factor: %w", err)
	}
	return nil
}
