package people

import (
	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
)

// What package signin needs of the guards here, to help people who cannot sign in.

// Helps loads the member whom who helps to sign in, with the account in which they
// do, and refuses what nobody may do to them, as every act on a user is refused
// here. Whoever has not come in, or is shut out, cannot be helped in this way.
func (p *People) Helps(tx *db.Tx, who db.Who, accountID, permission, userID string, version int64) (org.Account, Member, error) {
	a, _, err := p.account(tx, who, accountID, permission)
	if err != nil {
		return a, Member{}, err
	}
	m, err := p.acts(tx, who, a, permission, userID, version)
	if err == nil {
		err = m.inside()
	}
	return a, m, err
}

// inside refuses for whoever has not come in yet, and whoever was shut out.
func (m Member) inside() error {
	switch {
	case m.ActivatedAt == 0:
		return fault.New(fault.Conflict, "not_active_yet")
	case m.DeactivatedAt != 0:
		return fault.New(fault.Conflict, "deactivated_user")
	}
	return nil
}

// Rescues is Helps for an operator, where being live keeps them out: of an account
// whose administrators are all locked for inactivity they may open the sign-in of
// one, because nobody else is there who could (lost tells whether that is so).
// Everybody else gets the refusal that they met.
func (p *People) Rescues(tx *db.Tx, who db.Who, accountID, userID string, version int64, refused error, lost func(*db.Tx, Member) (bool, error)) (org.Account, Member, error) {
	if fault.CodeOf(refused) != "live_account" {
		return org.Account{}, Member{}, refused
	}
	a, _, err := org.AccountByID(tx, accountID)
	if err != nil {
		return a, Member{}, err
	}
	m, err := member(tx, accountID, userID)
	if err != nil {
		return a, m, err
	}
	s, err := p.guard.Snapshot(tx)
	if err != nil {
		return a, m, err
	}
	is, err := lost(tx, m)
	if err != nil {
		return a, m, err
	}
	if !is || !Oversees(s, org.Question(tx, who, accountID), a) || m.UserID == who.ID {
		return a, m, refused
	}
	return a, m, touch(tx, m, version)
}

// Oversees tells whether who asks is an operator who could have created the account.
func Oversees(s *access.Snapshot, q access.Question, a org.Account) bool {
	q.Permission, q.Entity = access.MustParse("accounts:create"), a.EntityID
	return access.Decide(s, q).Allowed
}

// DropOwnChange gives up a change of address that a person began themselves: who
// chooses another password may not have been the one who did.
func DropOwnChange(tx *db.Tx, accountID, userID string) error {
	n, err := tx.Exec(`UPDATE email_changes SET dropped_at = $1, email = '', email_key = '' WHERE user_id = $2 AND old_hash IS NOT NULL AND done_at IS NULL AND dropped_at IS NULL`, tx.Now, userID)
	if err != nil || n == 0 {
		return err
	}
	return audit.Record(tx, audit.Entry{Action: audit.EmailChangeDropped, AccountID: accountID, Kind: "user", ID: userID})
}
