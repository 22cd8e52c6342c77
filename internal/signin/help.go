package signin

import (
	"context"
	"fmt"
	"strconv"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/seal"
)

// Help is what administrators do for the sign-in of others, with the guards of
// package people: for people whose roles they could give, who have come in, and,
// but for the link, who are of this account alone. Each act is recorded with its
// reason, which may be empty, and told to the person. Make it with NewHelp.
type Help struct {
	door   *Door
	people *people.People
}

// NewHelp makes it.
func NewHelp(d *Door, p *people.People) *Help { return &Help{d, p} }

// helping runs one act: it finds the member that who helps, and records what was
// done, or that it was refused.
func (h *Help) helping(ctx context.Context, who db.Who, e audit.Entry, permission string, version int64, reason string, do func(*db.Tx, org.Account, people.Member, *audit.Entry) error) error {
	err := h.door.db.Update(ctx, who, func(tx *db.Tx) error {
		a, m, err := h.people.Helps(tx, who, e.AccountID, permission, e.ID, version)
		if err != nil && e.Action == audit.ResetSent {
			a, m, err = h.people.Rescues(tx, who, e.AccountID, e.ID, version, err, h.door.lost)
		}
		if err != nil {
			return err
		}
		done := e
		if done.Reason, err = people.Reason(reason); err != nil {
			return err
		}
		if err := do(tx, a, m, &done); err != nil {
			return err
		}
		return audit.Record(tx, done)
	})
	if err != nil {
		return h.door.log.Refuse(ctx, who, e, err)
	}
	return nil
}

// SendReset mails a person a link with which they choose another password (U11).
// It changes no status, and works for whoever is locked: the link opens that, also
// a lock for inactivity. It is the person's own, so it may be sent to people of
// several accounts too. Operators send it to the last administrator of an account
// who is locked for inactivity: nobody else is there who could.
func (h *Help) SendReset(ctx context.Context, who db.Who, accountID, userID string, version int64, reason string) error {
	e := audit.Entry{Action: audit.ResetSent, AccountID: accountID, Kind: "user", ID: userID}
	return h.helping(ctx, who, e, "users:reset_password", version, reason, func(tx *db.Tx, a org.Account, _ people.Member, _ *audit.Entry) error {
		to, _, err := people.PersonByID(tx, userID)
		if err != nil {
			return err
		}
		if to.Email == "" {
			return fault.New(fault.Conflict, "no_address")
		}
		token, l, err := addLink(tx, resetLink{UserID: userID, AccountID: a.ID, ByAdministrator: true, CreatedBy: who.ID})
		if err != nil {
			return err
		}
		return h.people.Tell(tx, "password_reset_by_admin", a, userID, "token", token.Reveal(), "expires", rfc3339(l.ExpiresAt))
	})
}

// MayRescue tells whether who asks may send a link to the last administrator of an
// account whose being live keeps them out otherwise (people.Rescues).
func (h *Help) MayRescue(tx *db.Tx, s *access.Snapshot, q access.Question, a org.Account, m people.Member) (bool, error) {
	if m.UserID == q.User || !people.Oversees(s, q, a) {
		return false, nil
	}
	return h.door.lost(tx, m)
}

// RequirePassword has a person choose another password at their next sign-in
// (U11); their sessions end.
func (h *Help) RequirePassword(ctx context.Context, who db.Who, accountID, userID string, version int64, reason string) error {
	e := audit.Entry{Action: audit.RenewalAsked, AccountID: accountID, Kind: "user", ID: userID}
	return h.helping(ctx, who, e, "users:reset_password", version, reason, func(tx *db.Tx, a org.Account, m people.Member, _ *audit.Entry) error {
		if err := people.Alone(tx, m, "sign_in_of_several_accounts"); err != nil {
			return err
		}
		n, err := tx.Exec(`UPDATE users SET change_password_since = $1 WHERE id = $2 AND change_password_since IS NULL`, tx.Now, userID)
		if err != nil {
			return fmt.Errorf("ask for another password: %w", err)
		}
		if n == 0 {
			return fault.New(fault.Conflict, "password_asked_already")
		}
		if err := people.EndSessions(tx, userID); err != nil {
			return err
		}
		return h.people.Tell(tx, "password_required", a, userID)
	})
}

// Unlock ends a lock after wrong attempts before its time (U12), and tells how many
// there were. A lock for inactivity is another thing: a link opens it.
func (h *Help) Unlock(ctx context.Context, who db.Who, accountID, userID string, version int64, reason string) (attempts int, err error) {
	e := audit.Entry{Action: audit.SignInUnlocked, AccountID: accountID, Kind: "user", ID: userID}
	err = h.helping(ctx, who, e, "users:unlock", version, reason, func(tx *db.Tx, a org.Account, m people.Member, done *audit.Entry) error {
		if err := people.Alone(tx, m, "sign_in_of_several_accounts"); err != nil {
			return err
		}
		locked, err := db.One(tx, []any{&attempts}, `SELECT failed FROM signin_attempts WHERE user_id = $1 AND locked_until > $2`, userID, tx.Now)
		if err != nil {
			return err
		}
		if !locked {
			return fault.New(fault.Conflict, "not_locked")
		}
		if err := unlock(tx, userID); err != nil {
			return err
		}
		done.Changes = []audit.Change{{Field: "attempts", Before: strconv.Itoa(attempts), After: "0"}}
		return h.people.Tell(tx, "unlocked", a, userID)
	})
	return attempts, err
}

// EndSessions signs a person out everywhere (A5), and tells how many sessions that
// were. What they have half finished ends too.
func (h *Help) EndSessions(ctx context.Context, who db.Who, accountID, userID string, version int64, reason string) (sessions int, err error) {
	e := audit.Entry{Action: audit.SessionsEnded, AccountID: accountID, Kind: "user", ID: userID}
	err = h.helping(ctx, who, e, "users:end_sessions", version, reason, func(tx *db.Tx, a org.Account, m people.Member, done *audit.Entry) error {
		list, err := h.sessions(tx, m)
		if err != nil {
			return err
		}
		if sessions = len(list); sessions == 0 {
			return fault.New(fault.Conflict, "no_open_sessions")
		}
		if err := people.EndSessions(tx, userID); err != nil {
			return err
		}
		done.Changes = []audit.Change{{Field: "sessions", Before: strconv.Itoa(sessions), After: "0"}}
		return h.people.Tell(tx, "sessions_ended", a, userID)
	})
	return sessions, err
}

// EndSession signs a person out of one session, by its reference.
func (h *Help) EndSession(ctx context.Context, who db.Who, accountID, userID string, version int64, ref string) error {
	e := audit.Entry{Action: audit.SessionsEnded, AccountID: accountID, Kind: "user", ID: userID}
	return h.helping(ctx, who, e, "users:end_sessions", version, "", func(tx *db.Tx, a org.Account, m people.Member, done *audit.Entry) error {
		list, err := h.sessions(tx, m)
		if err != nil {
			return err
		}
		for _, s := range list {
			if s.Ref != ref {
				continue
			}
			if _, err := tx.Exec(`DELETE FROM sessions WHERE ref = $1 AND user_id = $2`, ref, userID); err != nil {
				return fmt.Errorf("end session: %w", err)
			}
			done.Changes = []audit.Change{{Field: "session", Before: ref}}
			return h.people.Tell(tx, "session_ended", a, userID, "device", s.Device().String(), "ip", s.IP)
		}
		return fault.None("session")
	})
}

// sessions are the open sessions of a member of this account alone.
func (h *Help) sessions(tx *db.Tx, m people.Member) ([]Session, error) {
	if err := people.Alone(tx, m, "sign_in_of_several_accounts"); err != nil {
		return nil, err
	}
	return h.door.OpenSessions(tx, m.UserID)
}

// Rescue makes the link that opens the platform itself again, for the command
// line: its administrators are all locked for inactivity, and the link is for the
// first of them. It is handed over instead of mailed, as that of init is. Otherwise
// it refuses with administrator_active.
func (h *Help) Rescue(ctx context.Context) (token seal.Secret, err error) {
	err = h.door.db.Update(ctx, db.Who{Kind: db.Operator, ID: "init"}, func(tx *db.Tx) error {
		a, found, err := org.Platform(tx)
		if err != nil || !found {
			return fault.New(fault.Conflict, "not_initialised").Because(err)
		}
		userID, err := lostAdministrator(tx, a.ID)
		if err != nil {
			return err
		}
		if userID == "" {
			return fault.New(fault.Conflict, "administrator_active")
		}
		if token, _, err = addLink(tx, resetLink{UserID: userID, AccountID: a.ID, ByAdministrator: true, CreatedBy: "init"}); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Action: audit.ResetSent, AccountID: a.ID, Kind: "user", ID: userID})
	})
	return token, err
}
