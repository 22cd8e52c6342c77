package snapshot

import (
	"database/sql"
	"fmt"

	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/seal"
)

// Token is a service token that may be used.
type Token struct {
	ID, AccountID, Kind string
	ExpiresAt           int64 // µs; 0 is never
}

// Token finds a service token by the text that a program sent. It is looked up
// by its hash, so neither time nor memory tells how near a guess was.
func (k *Keeper) Token(text string, now int64) (Token, bool) {
	if k.live.Load() == nil {
		return Token{}, false
	}
	t, ok := (*k.tokens.Load())[string(seal.HashToken(org.TokenPurpose, text))]
	if !ok || t.ExpiresAt != 0 && now >= t.ExpiresAt {
		return Token{}, false
	}
	return t, true
}

func (k *Keeper) loadTokens(tx *db.Tx) error {
	tokens := map[string]Token{}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var hash []byte
		var t Token
		if err = r.Scan(&hash, &t.ID, &t.AccountID, &t.Kind, &t.ExpiresAt); err == nil {
			tokens[string(hash)] = t
		}
		return
	}, `SELECT hash, id, account_id, kind, COALESCE(expires_at, 0) FROM service_tokens WHERE revoked_at IS NULL`)
	if err != nil {
		return fmt.Errorf("load service tokens: %w", err)
	}
	k.tokens.Store(&tokens)
	return nil
}
