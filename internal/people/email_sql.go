package people

import (
	"database/sql"
	"fmt"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/seal"
)

// What the tokens of links that confirm an address are hashed for.
const (
	newAddressPurpose = "new address"
	oldAddressPurpose = "old address"
)

// EmailChange is an address that is to replace a person's.
type EmailChange struct {
	ID, UserID, AccountID string
	Email                 string // "" when it is over
	Both                  bool   // the old address must confirm it too
	CreatedAt, ExpiresAt  int64  // µs, like all that follow; 0 is not yet
	CreatedBy             string
	NewConfirmedAt        int64
	OldConfirmedAt        int64
	DoneAt, DroppedAt     int64

	key string // of the new address
}

// complete tells whether nothing else must be confirmed.
func (c EmailChange) complete() bool {
	return c.NewConfirmedAt != 0 && (!c.Both || c.OldConfirmedAt != 0)
}

const emailChangeColumns = `id, user_id, account_id, email, email_key, old_hash IS NOT NULL, created_at, created_by, expires_at,
	COALESCE(new_confirmed_at, 0), COALESCE(old_confirmed_at, 0), COALESCE(done_at, 0), COALESCE(dropped_at, 0)`

func scanEmailChange(r *sql.Rows) (c EmailChange, err error) {
	return c, r.Scan(&c.ID, &c.UserID, &c.AccountID, &c.Email, &c.key, &c.Both, &c.CreatedAt, &c.CreatedBy, &c.ExpiresAt,
		&c.NewConfirmedAt, &c.OldConfirmedAt, &c.DoneAt, &c.DroppedAt)
}

// begunBy is what an account may see and end of a person's changes of address:
// those that its administrators began, never the person's own. Without an account it is
// the person who looks.
const begunBy = `($3 = '' OR account_id = $3 AND old_hash IS NULL)`

// OpenEmailChange reads the change of a person's address that waits to be
// confirmed, as an account may see it; accountID "" is the person's own look.
// Without an ID there is none.
func OpenEmailChange(tx *db.Tx, accountID, userID string) (c EmailChange, err error) {
	list, err := db.All(tx, scanEmailChange, `SELECT `+emailChangeColumns+` FROM email_changes WHERE user_id = $1 AND done_at IS NULL AND dropped_at IS NULL AND expires_at > $2 AND `+begunBy, userID, tx.Now, accountID)
	if err != nil {
		return c, fmt.Errorf("read change of address: %w", err)
	}
	if len(list) > 0 {
		c = list[0]
	}
	return c, nil
}

// add keeps the change and returns the tokens of its links; the old address gets
// one only where it must confirm.
func (c EmailChange) add(tx *db.Tx, key string) (toNew, toOld seal.Secret, err error) {
	id, err := tx.ID("eml")
	if err != nil {
		return "", "", err
	}
	toNew, newHash, err := tx.Token(newAddressPurpose)
	if err != nil {
		return "", "", err
	}
	var oldHash seal.Hash
	if c.Both {
		if toOld, oldHash, err = tx.Token(oldAddressPurpose); err != nil {
			return "", "", err
		}
	}
	_, err = tx.Exec(`INSERT INTO email_changes (id, user_id, account_id, email, email_key, new_hash, old_hash, created_at, created_by, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, id, c.UserID, c.AccountID, c.Email, key, newHash, oldHash, c.CreatedAt, tx.Who.ID, c.ExpiresAt)
	if err != nil {
		return "", "", fmt.Errorf("keep change of address: %w", err)
	}
	return toNew, toOld, nil
}

// dropEmailChange ends the change that waits, if there is one: that which the
// member's account began, or any when no account is given.
func dropEmailChange(tx *db.Tx, m Member) error {
	_, err := tx.Exec(`UPDATE email_changes SET dropped_at = $1, email = '', email_key = '' WHERE user_id = $2 AND done_at IS NULL AND dropped_at IS NULL AND `+begunBy, tx.Now, m.UserID, m.AccountID)
	if err != nil {
		return fmt.Errorf("drop change of address: %w", err)
	}
	return nil
}

// expire ends a change that nobody confirmed in time, and records it.
func expire(tx *db.Tx, id string) error {
	list, err := db.All(tx, scanEmailChange, `SELECT `+emailChangeColumns+` FROM email_changes
		WHERE id = $1 AND done_at IS NULL AND dropped_at IS NULL AND expires_at <= $2`, id, tx.Now)
	if err != nil || len(list) == 0 { // another node was quicker
		return err
	}
	if _, err := tx.Exec(`UPDATE email_changes SET dropped_at = expires_at, email = '', email_key = '' WHERE id = $1`, id); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Action: audit.EmailChangeDropped, AccountID: list[0].AccountID, Kind: "user", ID: list[0].UserID})
}

// emailLink is one of a change's links with what its page and its use need.
type emailLink struct {
	EmailChange
	Problem string // why it cannot be used; "" when it can
	old     bool
	person  Person
	account string
}

func (p *People) emailLink(tx *db.Tx, token seal.Secret) (l emailLink, err error) {
	l.Problem = "link_unknown"
	for _, purpose := range []string{newAddressPurpose, oldAddressPurpose} {
		column := map[string]string{newAddressPurpose: "new_hash", oldAddressPurpose: "old_hash"}[purpose]
		list, err := db.All(tx, scanEmailChange, `SELECT `+emailChangeColumns+` FROM email_changes WHERE `+column+` = $1`, []byte(seal.HashToken(purpose, token.Reveal())))
		if err != nil {
			return l, fmt.Errorf("read link: %w", err)
		}
		if len(list) > 0 {
			l.EmailChange, l.old, l.Problem = list[0], purpose == oldAddressPurpose, ""
		}
	}
	if l.Problem != "" {
		return l, nil
	}
	if l.person, _, err = PersonByID(tx, l.UserID); err != nil {
		return l, err
	}
	_, err = db.One(tx, []any{&l.account}, `SELECT e.name FROM accounts a JOIN entities e ON e.id = a.entity_id WHERE a.id = $1`, l.AccountID)
	if err == nil {
		l.Problem, err = l.problem(tx)
	}
	return l, err
}

// problem is why the link cannot be used any more. What an administrator began is
// over when the person works in another account since, or not in this one any more.
func (l emailLink) problem(tx *db.Tx) (string, error) {
	mine := l.NewConfirmedAt
	if l.old {
		mine = l.OldConfirmedAt
	}
	switch {
	case mine != 0, l.DoneAt != 0:
		return "link_used", nil
	case tx.Now >= l.ExpiresAt:
		return "link_expired", nil
	case l.DroppedAt != 0:
		return "link_dropped", nil
	}
	if !l.old { // whoever reads mail there may know that it is somebody's
		if known, taken, err := PersonByIdentifier(tx, l.key); err != nil || taken && known.ID != l.UserID {
			return "link_taken", err
		}
	}
	if l.Both {
		return "", nil
	}
	m, found, err := MemberOf(tx, l.AccountID, l.UserID)
	if err != nil {
		return "", err
	}
	if !found || !m.Active() || Alone(tx, m, "") != nil {
		return "link_dropped", nil
	}
	return "", nil
}

// view is what the page behind the link shows.
func (l emailLink) view() EmailLink {
	if l.Problem != "" {
		v := EmailLink{Problem: l.Problem, Lang: l.person.Lang}
		switch {
		case l.Problem == "link_expired":
			v.At = l.ExpiresAt
		case l.Problem == "link_used" && l.old:
			v.At = l.OldConfirmedAt
		case l.Problem == "link_used":
			v.At = l.NewConfirmedAt
		}
		return v
	}
	tag, _ := lang.Parse(string(l.person.Lang))
	return EmailLink{Lang: tag, Address: l.Email, Account: l.account, Old: l.old, Both: l.Both, ExpiresAt: l.ExpiresAt}
}

// confirm notes that the link was used: one of any number of callers succeeds.
func (l *emailLink) confirm(tx *db.Tx) error {
	column, at := "new_confirmed_at", &l.NewConfirmedAt
	if l.old {
		column, at = "old_confirmed_at", &l.OldConfirmedAt
	}
	n, err := tx.Exec(`UPDATE email_changes SET `+column+` = $1 WHERE id = $2 AND `+column+` IS NULL AND done_at IS NULL AND dropped_at IS NULL AND expires_at > $1`, tx.Now, l.ID)
	if err != nil {
		return fmt.Errorf("confirm address: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Gone, "link_used")
	}
	*at = tx.Now
	return nil
}

// finish ends the change, and every other link that went to the old address.
func (l emailLink) finish(tx *db.Tx) error {
	_, err := tx.Exec(`UPDATE email_changes SET done_at = $1, email = '', email_key = '' WHERE user_id = $2 AND done_at IS NULL AND dropped_at IS NULL`, tx.Now, l.UserID)
	if err != nil {
		return fmt.Errorf("change address: %w", err)
	}
	return EndResets(tx, l.UserID)
}
