package people

import (
	"context"
	"fmt"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/roles"
)

// Delete takes a member out of an account for good (U10): what they could do
// there, their links and half-finished sign-ins, and, when they are active nowhere
// else, their sessions. Their other accounts are not touched. What is left in this
// one is a tombstone and the log. Whoever was their child becomes that of the
// account's first user.
//
// Somebody who is in no account any more has left: their address is free at once
// and what they signed in with is gone; their name stays for the log until they
// are erased (Sweep).
func (p *People) Delete(ctx context.Context, who db.Who, accountID, userID string, version int64) error {
	e := audit.Entry{Action: audit.UserDeleted, AccountID: accountID, Kind: "user", ID: userID, PersonID: userID}
	return p.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, settings, err := p.account(tx, who, accountID, "users:delete")
		if err != nil {
			return err
		}
		m, err := p.changes(tx, who, a, settings, "users:delete", userID, version)
		if err != nil {
			return err
		}
		if !settings.Deletion {
			return fault.New(fault.Conflict, "deletion_off")
		}
		if e.Changes, err = p.remove(tx, a, m); err != nil {
			return err
		}
		if err := roles.Count(tx, accountID); err != nil {
			return err
		}
		if err := p.leave(tx, userID); err != nil {
			return err
		}
		tx.ChangedUser(userID)
		return audit.Record(tx, e)
	})
}

// remove takes a membership out with all that hangs on it and leaves its
// tombstone. It returns what the log keeps of it.
func (p *People) remove(tx *db.Tx, a org.Account, m Member) (kept []audit.Change, err error) {
	err = Relist(tx, m.UserID, func() (err error) {
		kept, err = takeOut(tx, a, m)
		return err
	})
	return kept, err
}

func takeOut(tx *db.Tx, a org.Account, m Member) ([]audit.Change, error) {
	seen, err := seenOf(tx, m)
	if err != nil {
		return nil, err
	}
	given, err := roles.Of(tx, a.ID, m.ID)
	if err != nil {
		return nil, err
	}
	values, err := Properties(tx, a.ID, m.ID)
	if err != nil {
		return nil, err
	}
	if err := roles.Replace(tx, a.ID, m.ID, nil); err != nil {
		return nil, err
	}
	if err := dropEmailChange(tx, m); err != nil {
		return nil, err
	}
	for _, kind := range []string{"invitation", "invitation_linked"} { // not sent yet: its link is dead
		if err := tx.Unqueue(a.ID, m.UserID, kind); err != nil {
			return nil, err
		}
	}
	for _, q := range []struct {
		text string
		args []any
	}{
		{`DELETE FROM membership_ips WHERE account_id = $1 AND membership_id = $2`, []any{a.ID, m.ID}},
		{`DELETE FROM membership_properties WHERE account_id = $1 AND membership_id = $2`, []any{a.ID, m.ID}},
		{`DELETE FROM membership_locations WHERE account_id = $1 AND membership_id = $2`, []any{a.ID, m.ID}},
		{`DELETE FROM invitations WHERE account_id = $1 AND membership_id = $2`, []any{a.ID, m.ID}},
		{`DELETE FROM challenges WHERE user_id = $1 AND account_id = $2`, []any{m.UserID, a.ID}},
		{`UPDATE memberships SET version = version + 1, parent_id = (SELECT f.id FROM memberships f
			WHERE f.account_id = $1 AND f.first_administrator AND f.id <> $2 AND f.id <> memberships.id)
			WHERE account_id = $1 AND parent_id = $2`, []any{a.ID, m.ID}},
		{`INSERT INTO deleted_users (account_id, user_id, membership_id, deleted_at, deleted_by) VALUES ($1, $2, $3, $4, $5)`, []any{a.ID, m.UserID, m.ID, tx.Now, tx.Who.ID}},
		{`DELETE FROM memberships WHERE account_id = $1 AND id = $2`, []any{a.ID, m.ID}},
	} {
		if _, err := tx.Exec(q.text, q.args...); err != nil {
			return nil, fmt.Errorf("delete user: %w", err)
		}
	}
	return []audit.Change{
		{Field: "first_name", Before: seen.FirstName, Personal: true}, {Field: "last_name", Before: seen.LastName, Personal: true},
		{Field: "email", Before: seen.Email, Personal: true}, {Field: "roles", Before: roles.Text(given[m.ID])},
		propertyChange(values, nil),
	}, nil
}

// leave ends what a person has open when a membership of theirs is gone: when
// they are active elsewhere, what they began in the account goes on in another of
// theirs; when they are nowhere any more, all of it ends, and they have left.
func (p *People) leave(tx *db.Tx, userID string) error {
	list, err := Memberships(tx, userID)
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.Active() {
			return moveOn(tx, userID, m.AccountID)
		}
	}
	if err := EndSessions(tx, userID); err != nil {
		return err
	}
	if err := dropEmailChange(tx, Member{UserID: userID}); err != nil {
		return err
	}
	if len(list) > 0 {
		return EndResets(tx, userID)
	}
	return p.left(tx, userID)
}

// moveOn lets what a person began in an account of which they are no more go on
// in one of which they are: their sessions, and their own change of address, of
// which the account that they left is not to read in its log.
func moveOn(tx *db.Tx, userID, accountID string) error {
	const gone = `user_id = $2 AND account_id NOT IN (SELECT m.account_id FROM memberships m WHERE m.user_id = $2)`
	for _, q := range []string{
		`UPDATE sessions SET account_id = $1 WHERE ` + gone,
		`UPDATE email_changes SET account_id = $1 WHERE done_at IS NULL AND dropped_at IS NULL AND ` + gone,
	} {
		if _, err := tx.Exec(q, accountID, userID); err != nil {
			return fmt.Errorf("move what goes on: %w", err)
		}
	}
	return nil
}

// secretsOf are the tables that hold what a person signs in with, or has half
// finished; none is of use to somebody who has left, and none may stand in the
// way of them coming back as somebody new with the same security key.
var secretsOf = []string{"factors", "recovery_codes", "reset_links", "challenges", "signin_attempts", "drafts", "preferences"}

// left makes a person one who was: the address is free (their id in capitals, as
// nothing that is typed is looked up, stands where a username would), and they are
// to be erased after the longest time that an account of theirs keeps them.
func (p *People) left(tx *db.Tx, userID string) error {
	keep, err := p.retention(tx, userID)
	if err != nil {
		return err
	}
	for _, table := range secretsOf {
		if _, err := tx.Exec(`DELETE FROM `+table+` WHERE user_id = $1`, userID); err != nil {
			return fmt.Errorf("leave: %w", err)
		}
	}
	_, err = tx.Exec(`UPDATE users SET email = NULL, email_key = NULL, username = NULL, username_key = $1, search_key = '', password_hash = NULL, password_set_at = NULL,
		left_at = $2, erase_at = $3, version = version + 1 WHERE id = $4`, strings.ToUpper(userID), tx.Now, tx.Now+keep.Microseconds(), userID)
	if err != nil {
		return fmt.Errorf("leave: %w", err)
	}
	return nil
}

// retention is how long somebody's name is kept: as long as any account that they
// were deleted from wants it.
func (p *People) retention(tx *db.Tx, userID string) (time.Duration, error) {
	accounts, err := db.Column(tx, `SELECT DISTINCT account_id FROM deleted_users WHERE user_id = $1 ORDER BY account_id`, userID)
	if err != nil {
		return 0, err
	}
	days := 0
	for _, id := range accounts {
		var s profile.Settings
		if s, err = org.Settings(tx, p.profiles, id); err != nil {
			return 0, err
		}
		days = max(days, s.RetentionDays)
	}
	return time.Duration(days) * 24 * time.Hour, nil
}
