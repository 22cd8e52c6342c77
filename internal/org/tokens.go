package org

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/profile"
	"countersign/internal/seal"
)

// TokenPurpose is what service tokens are hashed for.
const TokenPurpose = "service token"

// The kinds of tokens, each for the account and all below. Neither can do what the
// other does: a service that asks must not be able to say what it is answered by.
const (
	Decisions = "decisions" // asks the decision API, and can do nothing else
	Resources = "resources" // stores, reads and removes resources of registered types, and can do nothing else
)

// TokenKinds lists the kinds in the order in which they are offered.
func TokenKinds() []string { return []string{Decisions, Resources} }

// Token is a service token as lists show it; the token itself is kept as a hash.
type Token struct {
	AccountID, ID, Kind, Name string
	CreatedAt                 int64 // µs; 0 below is not
	CreatedBy                 string
	ExpiresAt, RevokedAt      int64
	RevokedBy                 string
	SeenAt                    int64
}

// Works tells whether the token is accepted at a time (µs).
func (t Token) Works(now int64) bool {
	return t.RevokedAt == 0 && (t.ExpiresAt == 0 || now < t.ExpiresAt)
}

// Org are the use cases of this room. Make them with NewOrg.
type Org struct {
	db       *db.DB
	guard    Guard
	profiles profile.Profiles
	audit    *audit.Log
}

// NewOrg makes the use cases over a database; live answers what they ask.
func NewOrg(d *db.DB, live *access.Live, profiles profile.Profiles, log *audit.Log) *Org {
	return &Org{db: d, guard: Guard{Live: live}, profiles: profiles, audit: log}
}

const (
	tokensMost  = 100 // working tokens of one account
	tokenMaxAge = 5 * 365 * 24 * time.Hour
)

// CreateToken makes a service token of a kind and returns it, once. expires is at most
// five years ahead; the zero time is never. Names are unique in the account,
// those of revoked tokens too, so that the log stays clear.
func (o *Org) CreateToken(ctx context.Context, who db.Who, accountID, kind, name string, expires time.Time) (t Token, secret seal.Secret, err error) {
	e := audit.Entry{Action: audit.TokenCreated, AccountID: accountID, Kind: "account", ID: accountID}
	err = o.refusing(ctx, who, e, func(tx *db.Tx) error {
		if err := o.overAll(tx, who, accountID, "service_tokens:create"); err != nil {
			return err
		}
		if t, err = checkToken(tx, accountID, kind, name, expires); err != nil {
			return err
		}
		secret, err = addToken(tx, &t)
		return err
	})
	if err != nil {
		return Token{}, "", err
	}
	return t, secret, nil
}

// overAll refuses unless who holds the permission over the whole account: a
// token speaks for all of it, so whoever holds a part neither makes nor ends one.
func (o *Org) overAll(tx *db.Tx, who db.Who, accountID, permission string) error {
	p := access.MustParse(permission)
	if err := o.guard.May(tx, who, accountID, p); err != nil {
		return err
	}
	s, err := o.guard.Snapshot(tx)
	if err != nil {
		return err
	}
	q := Question(tx, who, accountID)
	q.Permission = p
	if !access.Covers(s, q, true, nil) {
		return fault.New(fault.Forbidden, "entities_not_held")
	}
	return nil
}

func checkToken(tx *db.Tx, accountID, kind, name string, expires time.Time) (Token, error) {
	var f fault.Fields
	name, problem := lang.Line(name, nameMax)
	if problem != "" {
		f.Add("name", problem, "max", nameMax)
	}
	if !slices.Contains(TokenKinds(), kind) {
		f.Add("kind", "token_kind")
	}
	t := Token{AccountID: accountID, Kind: kind, Name: name, CreatedAt: tx.Now, CreatedBy: tx.Who.ID}
	if !expires.IsZero() {
		t.ExpiresAt = expires.UnixMicro()
		if t.ExpiresAt <= tx.Now || t.ExpiresAt > tx.Now+tokenMaxAge.Microseconds() {
			f.Add("expires_at", "token_expiry")
		}
	}
	var working int
	_, err := db.One(tx, []any{&working}, `SELECT COUNT(*) FROM service_tokens WHERE account_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)`, accountID, tx.Now)
	if err == nil && working >= tokensMost {
		return t, fault.New(fault.Conflict, "too_many_tokens", "max", tokensMost)
	}
	if err == nil {
		err = f.Err()
	}
	return t, err
}

func addToken(tx *db.Tx, t *Token) (seal.Secret, error) {
	id, err := tx.ID("tok")
	if err != nil {
		return "", err
	}
	t.ID = id
	secret, hash, err := tx.Token(TokenPurpose)
	if err != nil {
		return "", err
	}
	var expires any
	if t.ExpiresAt != 0 {
		expires = t.ExpiresAt
	}
	_, err = tx.Exec(`INSERT INTO service_tokens (account_id, id, kind, name, name_key, hash, created_at, created_by, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, t.AccountID, t.ID, t.Kind, t.Name, lang.Skeleton(t.Name), []byte(hash), t.CreatedAt, t.CreatedBy, expires)
	if db.Violates(err, "service_tokens.name_key") {
		return "", fault.In("name", "name_taken")
	}
	if err != nil {
		return "", fmt.Errorf("keep service token: %w", err)
	}
	tx.ChangedTokens()
	return secret, audit.Record(tx, audit.Entry{Action: audit.TokenCreated, AccountID: t.AccountID, Kind: "service_token", ID: t.ID,
		Changes: []audit.Change{{Field: "name", After: t.Name}, {Field: "kind", After: t.Kind}}})
}

// RevokeToken ends a service token: its very next use is refused.
func (o *Org) RevokeToken(ctx context.Context, who db.Who, accountID, tokenID string) error {
	e := audit.Entry{Action: audit.TokenRevoked, AccountID: accountID, Kind: "service_token", ID: tokenID}
	return o.refusing(ctx, who, e, func(tx *db.Tx) error {
		if err := o.overAll(tx, who, accountID, "service_tokens:revoke"); err != nil {
			return err
		}
		t, found, err := TokenByID(tx, accountID, tokenID)
		switch {
		case err != nil:
			return err
		case !found:
			return fault.None("service_token")
		case t.RevokedAt != 0:
			return fault.New(fault.Conflict, "already_revoked")
		}
		if _, err := tx.Exec(`UPDATE service_tokens SET revoked_at = $1, revoked_by = $2 WHERE account_id = $3 AND id = $4`, tx.Now, who.ID, accountID, tokenID); err != nil {
			return fmt.Errorf("revoke service token: %w", err)
		}
		tx.ChangedTokens()
		return audit.Record(tx, e)
	})
}

const tokenColumns = `t.account_id, t.id, t.kind, t.name, t.created_at, t.created_by, COALESCE(t.expires_at, 0), COALESCE(t.revoked_at, 0), COALESCE(t.revoked_by, ''),
	COALESCE(s.seen_at, 0) FROM service_tokens t LEFT JOIN token_seen s ON s.token_id = t.id`

func scanToken(r *sql.Rows) (t Token, err error) {
	return t, r.Scan(&t.AccountID, &t.ID, &t.Kind, &t.Name, &t.CreatedAt, &t.CreatedBy, &t.ExpiresAt, &t.RevokedAt, &t.RevokedBy, &t.SeenAt)
}

// Tokens lists an account's service tokens, the newest first, at most 1,000.
func Tokens(tx *db.Tx, accountID string) ([]Token, error) {
	return db.All(tx, scanToken, `SELECT `+tokenColumns+` WHERE t.account_id = $1 ORDER BY t.created_at DESC, t.id LIMIT 1000`, accountID)
}

// TokenByID reads one of an account's service tokens.
func TokenByID(tx *db.Tx, accountID, tokenID string) (Token, bool, error) {
	if !lang.Storable(accountID + tokenID) {
		return Token{}, false, nil
	}
	return first(db.All(tx, scanToken, `SELECT `+tokenColumns+` WHERE t.account_id = $1 AND t.id = $2`, accountID, tokenID))
}
