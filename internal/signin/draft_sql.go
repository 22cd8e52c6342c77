package signin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"countersign/internal/db"
	"countersign/internal/seal"
)

const (
	draftPurpose = "draft"
	draftTime    = time.Hour
	draftMost    = 5        // of one person; the oldest goes
	draftBytes   = 64 << 10 // of what was typed, as JSON
)

// draft is what somebody had typed when their session was over.
type draft struct {
	Page   string              `json:"page"` // the address of the form's page
	Values map[string][]string `json:"values"`
}

// KeepDraft keeps what was typed into the form of a page by somebody whose
// session has run out since, for an hour, sealed and for that person alone. It
// returns the draft's secret, "" when nothing was kept: the cookie was never a
// session's, that session was ended by somebody (and not by time), or it is too
// much. Passwords and codes must not be among the values.
func (d *Door) KeepDraft(ctx context.Context, cookie seal.Secret, page string, values map[string][]string) (token seal.Secret, err error) {
	plain, err := json.Marshal(draft{page, values})
	if err != nil || len(plain) > draftBytes {
		return "", err
	}
	err = d.db.Keep(ctx, func(tx *db.Tx) error {
		token = ""
		var userID string
		found, err := db.One(tx, []any{&userID}, `SELECT user_id FROM sessions WHERE hash = $1`, []byte(seal.HashToken(sessionPurpose, cookie.Reveal())))
		if err != nil || !found {
			return err
		}
		sealed, err := tx.Seal(draftPurpose+" "+userID, plain)
		if err != nil {
			return err
		}
		secret, hash, err := tx.Token(draftPurpose)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO drafts (hash, user_id, sealed, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)`,
			[]byte(hash), userID, sealed, tx.Now, tx.Now+micros(draftTime))
		if err != nil {
			return fmt.Errorf("keep draft: %w", err)
		}
		_, err = tx.Exec(`DELETE FROM drafts WHERE user_id = $1 AND hash NOT IN (SELECT hash FROM drafts WHERE user_id = $1 ORDER BY created_at DESC, hash LIMIT $2)`, userID, draftMost)
		token = secret
		return err
	})
	return token, err
}

// Draft gives the person who acts what they had typed into the form of a page;
// nil when there is nothing, or it was of somebody else or another page.
func (d *Door) Draft(ctx context.Context, who db.Who, token seal.Secret, page string) (values map[string][]string, err error) {
	if token == "" || who.Kind != db.User {
		return nil, nil
	}
	err = d.db.View(ctx, func(tx *db.Tx) error {
		var sealed []byte
		found, err := db.One(tx, []any{&sealed}, `SELECT sealed FROM drafts WHERE hash = $1 AND user_id = $2 AND expires_at > $3`,
			[]byte(seal.HashToken(draftPurpose, token.Reveal())), who.ID, tx.Now)
		if err != nil || !found {
			return err
		}
		plain, err := tx.Box().Open(draftPurpose+" "+who.ID, sealed)
		if err != nil {
			return fmt.Errorf("draft: %w", err)
		}
		var kept draft
		if err := json.Unmarshal(plain, &kept); err != nil {
			return fmt.Errorf("draft: %w", err)
		}
		if kept.Page == page {
			values = kept.Values
		}
		return nil
	})
	return values, err
}

// DropDraft forgets a draft: its form was sent.
func (d *Door) DropDraft(ctx context.Context, who db.Who, token seal.Secret) error {
	return d.db.Keep(ctx, func(tx *db.Tx) error {
		_, err := tx.Exec(`DELETE FROM drafts WHERE hash = $1 AND user_id = $2`, []byte(seal.HashToken(draftPurpose, token.Reveal())), who.ID)
		return err
	})
}
