package people

import (
	"context"
	"fmt"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/roles"
)

// Deactivate shuts a member out: their open sessions, links and half-finished
// sign-ins end at once, and every decision about them in this account is deny
// (PCI DSS 8.2.5). reason may be empty.
func (p *People) Deactivate(ctx context.Context, who db.Who, accountID, userID string, version int64, reason string) error {
	e := audit.Entry{Action: audit.UserDeactivated, AccountID: accountID, Kind: "user", ID: userID}
	return p.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, settings, err := p.account(tx, who, accountID, "users:deactivate")
		if err != nil {
			return err
		}
		if reason, err = Reason(reason); err != nil {
			return err
		}
		m, err := p.changes(tx, who, a, settings, "users:deactivate", userID, version)
		if err != nil {
			return err
		}
		if m.DeactivatedAt != 0 {
			return fault.New(fault.Conflict, "already_deactivated")
		}
		err = Relist(tx, userID, func() error {
			_, err := tx.Exec(`UPDATE memberships SET deactivated_at = $1, deactivated_by = $2, deactivation_reason = $3, epoch = epoch + 1 WHERE account_id = $4 AND id = $5`,
				tx.Now, who.ID, reason, accountID, m.ID)
			if err != nil {
				return fmt.Errorf("deactivate: %w", err)
			}
			return shutLink(tx, m)
		})
		if err != nil {
			return err
		}
		if err := roles.Count(tx, accountID); err != nil {
			return err
		}
		if err := dropEmailChange(tx, m); err != nil {
			return err
		}
		if err := endIfNowhere(tx, userID); err != nil {
			return err
		}
		tx.ChangedUser(userID)
		e.Reason = reason
		return audit.Record(tx, e)
	})
}

// shutLink ends the invitation of somebody who never came in: activating them
// again does not revive their old link, sending a new one does.
func shutLink(tx *db.Tx, m Member) error {
	if m.ActivatedAt != 0 {
		return nil
	}
	_, err := tx.Exec(`UPDATE invitations SET deactivated_at = $1 WHERE account_id = $2 AND membership_id = $3
		AND replaced_at IS NULL AND deactivated_at IS NULL`, tx.Now, m.AccountID, m.ID)
	if err != nil {
		return fmt.Errorf("end invitation: %w", err)
	}
	return endSetUp(tx, m)
}

// Reactivate opens a deactivated member again, with what they were assigned.
func (p *People) Reactivate(ctx context.Context, who db.Who, accountID, userID string, version int64) error {
	e := audit.Entry{Action: audit.UserReactivated, AccountID: accountID, Kind: "user", ID: userID}
	return p.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, settings, err := p.account(tx, who, accountID, "users:deactivate")
		if err != nil {
			return err
		}
		m, err := p.changes(tx, who, a, settings, "users:deactivate", userID, version)
		if err != nil {
			return err
		}
		if m.DeactivatedAt == 0 {
			return fault.New(fault.Conflict, "not_deactivated")
		}
		err = Relist(tx, userID, func() error {
			_, err := tx.Exec(`UPDATE memberships SET deactivated_at = NULL, deactivated_by = NULL, deactivation_reason = '' WHERE account_id = $1 AND id = $2`, accountID, m.ID)
			return err
		})
		if err != nil {
			return fmt.Errorf("reactivate: %w", err)
		}
		if _, err := tx.Exec(`UPDATE users SET awake_since = $1 WHERE id = $2`, tx.Now, userID); err != nil { // what they missed meanwhile is no inactivity
			return fmt.Errorf("reactivate: %w", err)
		}
		if err := roles.Count(tx, accountID); err != nil {
			return err
		}
		tx.ChangedUser(userID)
		return audit.Record(tx, e)
	})
}

// ChangeAccess replaces what a member may do.
func (p *People) ChangeAccess(ctx context.Context, who db.Who, accountID, userID string, version int64, in Access) error {
	e := audit.Entry{Action: audit.UserAccessChanged, AccountID: accountID, Kind: "user", ID: userID}
	return p.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, settings, err := p.account(tx, who, accountID, "users:assign_roles")
		if err != nil {
			return err
		}
		m, err := p.changes(tx, who, a, settings, "users:assign_roles", userID, version)
		if err != nil {
			return err
		}
		before, err := roles.Of(tx, a.ID, m.ID)
		if err != nil {
			return err
		}
		var f fault.Fields
		chosen, err := p.checkAccess(tx, who, a, settings, in, m, before[m.ID], &f)
		flagged := chosen.toxic(&f, who)
		if err == nil {
			err = f.Err()
		}
		if err == nil {
			err = p.mayGive(tx, who, a, "users:assign_roles", chosen.list)
		}
		if err != nil {
			return err
		}
		if err := Relist(tx, userID, func() error { return roles.Replace(tx, a.ID, m.ID, chosen.all()) }); err != nil {
			return err
		}
		if err := roles.Count(tx, a.ID); err != nil {
			return err
		}
		after, err := roles.Of(tx, a.ID, m.ID) // copies stand in the place of templates
		if err != nil {
			return err
		}
		tx.ChangedUser(userID)
		e.Changes = []audit.Change{{Field: "roles", Before: roles.Text(before[m.ID]), After: roles.Text(after[m.ID])}, {Field: "toxic_combinations", After: flagged}}
		return audit.Record(tx, e)
	})
}

// changes is acts, and protects the first administrator from other administrators (U14).
func (p *People) changes(tx *db.Tx, who db.Who, a org.Account, settings profile.Settings, permission, userID string, version int64) (Member, error) {
	m, err := p.acts(tx, who, a, permission, userID, version)
	if err == nil {
		err = m.protected(settings)
	}
	return m, err
}

func (m Member) protected(settings profile.Settings) error {
	if m.FirstAdministrator && settings.FirstAdministratorProtected {
		return fault.New(fault.Forbidden, "first_administrator")
	}
	return nil
}

// Alone refuses, with a code, for a person who is in other accounts too
// (model.md, "Person and membership"). An invitation that they never accepted
// does not count, or any account could stop another from helping its people by
// inviting them.
func Alone(tx *db.Tx, m Member, code string) error {
	list, err := Memberships(tx, m.UserID)
	for _, other := range list {
		if other.ID != m.ID && other.ActivatedAt != 0 {
			return fault.New(fault.Conflict, code)
		}
	}
	return err
}

// EndSessions makes every session and half-finished sign-in of a person dead.
func EndSessions(tx *db.Tx, userID string) error {
	for _, q := range []string{
		`UPDATE users SET epoch = epoch + 1 WHERE id = $1`,
		`DELETE FROM sessions WHERE user_id = $1`,
		`DELETE FROM challenges WHERE user_id = $1`,
	} {
		if _, err := tx.Exec(q, userID); err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
	}
	return nil
}

// EndResets makes every link dead that lets a person choose another password.
func EndResets(tx *db.Tx, userID string) error {
	_, err := tx.Exec(`UPDATE reset_links SET ended_at = $1 WHERE user_id = $2 AND used_at IS NULL AND ended_at IS NULL`, tx.Now, userID)
	if err != nil {
		return fmt.Errorf("end reset links: %w", err)
	}
	return nil
}

// endIfNowhere ends the sessions of a person who is active in no account any
// more, and links with which they would choose another password. One who still is
// somewhere stays signed in there; here every request asks for a decision, which
// is deny.
func endIfNowhere(tx *db.Tx, userID string) error {
	list, err := Memberships(tx, userID)
	if err != nil {
		return err
	}
	for _, m := range list {
		if m.Active() {
			return nil
		}
	}
	if err := EndResets(tx, userID); err != nil {
		return err
	}
	return EndSessions(tx, userID)
}

// Tell queues a message about their own account to a person: who acts and where are
// in it. data comes in pairs.
func (p *People) Tell(tx *db.Tx, kind string, a org.Account, userID string, data ...string) error {
	to, found, err := PersonByID(tx, userID)
	if err != nil || !found || to.Email == "" {
		return err
	}
	by, _, err := PersonByID(tx, tx.Who.ID)
	if err != nil {
		return err
	}
	m := db.Message{Kind: kind, AccountID: a.ID, UserID: to.ID, To: to.Email, Name: to.written(), Lang: to.Lang,
		Data: map[string]string{"account": a.Name, "customer_id": a.CustomerID, "by": by.Name()}}
	for i := 0; i+1 < len(data); i += 2 {
		m.Data[data[i]] = data[i+1]
	}
	return tx.Queue(m)
}

func Reason(reason string) (string, error) {
	reason, problem := lang.Line(reason, reasonMax)
	if problem != "" && problem != "required" {
		return "", fault.In("reason", problem, "max", reasonMax)
	}
	return reason, nil
}
