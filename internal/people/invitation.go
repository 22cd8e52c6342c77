package people

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/seal"
)

// LinkPurpose is what the tokens of invitation links are hashed for.
const LinkPurpose = "invitation"

// FinishWithin is how long a person has after choosing a password to set up the
// second factor; then a new link is needed (model.md, "Links").
const FinishWithin = 30 * time.Minute

// Invitation is one link that was sent.
type Invitation struct {
	AccountID, ID, MembershipID, UserID string
	ExpiresAt                           int64 // µs, like all that follow; 0 is not
	UsedAt, ReplacedAt, DeactivatedAt   int64
	MemberDeactivatedAt                 int64
}

// Problem is why the link cannot be used: "" when it can, else "link_used",
// "link_replaced", "link_deactivated" or "link_expired".
func (i Invitation) Problem(now int64) string {
	switch {
	case i.UsedAt != 0:
		return "link_used"
	case i.ReplacedAt != 0:
		return "link_replaced"
	case i.DeactivatedAt != 0 || i.MemberDeactivatedAt != 0:
		return "link_deactivated"
	case now >= i.ExpiresAt:
		return "link_expired"
	}
	return ""
}

// InvitationByHash finds the invitation of a link by the hash of its token.
func InvitationByHash(tx *db.Tx, hash seal.Hash) (Invitation, bool, error) {
	list, err := db.All(tx, func(r *sql.Rows) (i Invitation, err error) {
		return i, r.Scan(&i.AccountID, &i.ID, &i.MembershipID, &i.UserID, &i.ExpiresAt, &i.UsedAt, &i.ReplacedAt, &i.DeactivatedAt, &i.MemberDeactivatedAt)
	}, `SELECT i.account_id, i.id, i.membership_id, m.user_id, i.expires_at, COALESCE(i.used_at, 0), COALESCE(i.replaced_at, 0), COALESCE(i.deactivated_at, 0),
			COALESCE(m.deactivated_at, 0)
		FROM invitations i JOIN memberships m ON m.account_id = i.account_id AND m.id = i.membership_id WHERE i.token_hash = $1`, []byte(hash))
	if err != nil || len(list) == 0 {
		return Invitation{}, false, err
	}
	return list[0], true, nil
}

// Spend uses the link up: one of any number of callers succeeds, the others get
// the Gone error that a used link gets.
func Spend(tx *db.Tx, i Invitation) error {
	if problem := i.Problem(tx.Now); problem != "" {
		return fault.New(fault.Gone, problem)
	}
	var n int64
	err := Relist(tx, i.UserID, func() (err error) {
		n, err = tx.Exec(`UPDATE invitations SET used_at = $1
			WHERE account_id = $2 AND id = $3 AND used_at IS NULL AND replaced_at IS NULL AND deactivated_at IS NULL AND expires_at > $1`, tx.Now, i.AccountID, i.ID)
		return err
	})
	if err != nil {
		return fmt.Errorf("spend link: %w", err)
	}
	if n == 0 {
		return fault.New(fault.Gone, "link_used")
	}
	return nil
}

// Activate makes a member active: their password is set, and the second factor
// where one is required. It opens the account when they are its administrator.
// A member who is active already, or deactivated meanwhile, stays as they are.
func Activate(tx *db.Tx, accountID, membershipID string) error {
	var m Member
	found, err := db.One(tx, m.dest(), `SELECT `+memberColumns+` WHERE m.account_id = $1 AND m.id = $2`, accountID, membershipID)
	if err != nil || !found || m.ActivatedAt != 0 || m.DeactivatedAt != 0 {
		return err
	}
	err = Relist(tx, m.UserID, func() error {
		_, err := tx.Exec(`UPDATE memberships SET activated_at = $1, version = version + 1 WHERE account_id = $2 AND id = $3`, tx.Now, accountID, membershipID)
		return err
	})
	if err != nil {
		return fmt.Errorf("activate: %w", err)
	}
	if err := roles.Count(tx, accountID); err != nil {
		return err
	}
	opened, err := tx.Exec(`UPDATE accounts SET is_open = TRUE WHERE id = $1 AND NOT is_open AND admins > 0`, accountID)
	if err != nil {
		return fmt.Errorf("open account: %w", err)
	}
	if opened > 0 {
		if err := audit.Record(tx, audit.Entry{Action: audit.AccountOpened, AccountID: accountID, Kind: "account", ID: accountID}); err != nil {
			return err
		}
	}
	tx.ChangedUser(m.UserID)
	return audit.Record(tx, audit.Entry{Action: audit.UserActivated, AccountID: accountID, Kind: "user", ID: m.UserID})
}

// handOver makes a fresh link for a member; an earlier one is dead from this moment.
func (p *People) handOver(tx *db.Tx, a org.Account, m Member, lifetime time.Duration) (seal.Secret, error) {
	id, err := tx.ID("inv")
	if err != nil {
		return "", err
	}
	token, hash, err := tx.Token(LinkPurpose)
	if err != nil {
		return "", err
	}
	return token, Relist(tx, m.UserID, func() error {
		_, err := tx.Exec(`UPDATE invitations SET replaced_at = $1 WHERE account_id = $2 AND membership_id = $3 AND replaced_at IS NULL`, tx.Now, a.ID, m.ID)
		if err != nil {
			return fmt.Errorf("replace link: %w", err)
		}
		_, err = tx.Exec(`INSERT INTO invitations (account_id, id, membership_id, token_hash, created_at, created_by, expires_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7)`, a.ID, id, m.ID, []byte(hash), tx.Now, tx.Who.ID, tx.Now+lifetime.Microseconds())
		if err != nil {
			return fmt.Errorf("keep link: %w", err)
		}
		return nil
	})
}

// invite makes a fresh link for a member and queues the mail that carries it.
func (p *People) invite(tx *db.Tx, a org.Account, m Member, to Person, lifetime time.Duration) error {
	token, err := p.handOver(tx, a, m, lifetime)
	if err != nil {
		return err
	}
	by, _, err := PersonByID(tx, tx.Who.ID)
	if err != nil {
		return err
	}
	kind := "invitation"
	if to.HasPassword {
		kind = "invitation_linked"
	}
	return tx.Queue(db.Message{Kind: kind, AccountID: a.ID, UserID: to.ID, To: to.Email, Name: to.written(), Lang: to.Lang, Data: map[string]string{
		"token": token.Reveal(), "account": a.Name, "customer_id": a.CustomerID, "inviter": by.Name(),
		"expires": time.UnixMicro(tx.Now + lifetime.Microseconds()).UTC().Format(time.RFC3339),
	}})
}

// Resend sends an invited person a fresh link; the earlier one is dead from that
// moment. Whoever may create users may resend, not only the inviter. It revives
// a deactivated invitation. Operators resend to the first administrator of an
// account that was never opened, who else could never come in (Appoints).
func (p *People) Resend(ctx context.Context, who db.Who, accountID, userID string, version int64) error {
	e := audit.Entry{Action: audit.InvitationResent, AccountID: accountID, Kind: "user", ID: userID}
	return p.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, settings, m, err := p.resends(tx, who, accountID, userID, version)
		if err != nil {
			return err
		}
		if m.DeactivatedAt != 0 {
			return fault.New(fault.Conflict, "deactivated_user")
		}
		if m.ActivatedAt != 0 {
			return fault.New(fault.Conflict, "already_active")
		}
		to, _, err := PersonByID(tx, userID)
		if err != nil {
			return err
		}
		if err := endSetUp(tx, m); err != nil {
			return err
		}
		if err := p.invite(tx, a, m, to, settings.InvitationLifetime); err != nil {
			return err
		}
		return audit.Record(tx, e)
	})
}

func (p *People) resends(tx *db.Tx, who db.Who, accountID, userID string, version int64) (a org.Account, settings profile.Settings, m Member, err error) {
	if a, settings, err = p.account(tx, who, accountID, "users:create"); err != nil {
		return p.appoints(tx, who, accountID, userID, version, err)
	}
	m, err = p.acts(tx, who, a, "users:create", userID, version)
	return a, settings, m, err
}

// appoints is the way of an operator to the first administrator of an account
// that was never opened, from which its being live keeps them; everybody else
// gets the refusal that they met.
func (p *People) appoints(tx *db.Tx, who db.Who, accountID, userID string, version int64, refused error) (a org.Account, settings profile.Settings, m Member, err error) {
	if fault.CodeOf(refused) != "live_account" {
		return a, settings, m, refused
	}
	s, err := p.guard.Snapshot(tx)
	if err != nil {
		return a, settings, m, err
	}
	if a, _, err = org.AccountByID(tx, accountID); err != nil {
		return a, settings, m, err
	}
	if m, err = member(tx, accountID, userID); err != nil {
		return a, settings, m, err
	}
	if !Appoints(s, org.Question(tx, who, accountID), a, m) {
		return a, settings, m, refused
	}
	if settings, err = org.Settings(tx, p.profiles, accountID); err != nil {
		return a, settings, m, err
	}
	return a, settings, m, touch(tx, m, version)
}

// Appoints tells whether who asks is an operator who could have created the
// account, and the member its first administrator who has not come in yet: to
// them alone an operator sends a link again, while the account is not open.
func Appoints(s *access.Snapshot, q access.Question, a org.Account, m Member) bool {
	if a.Open || !m.FirstAdministrator || m.ActivatedAt != 0 || m.UserID == q.User {
		return false
	}
	return Oversees(s, q, a)
}

// endSetUp ends what was half finished through an earlier link: a password
// chosen by it is no way in any more. What the person has under way in another
// account is not this account's business.
func endSetUp(tx *db.Tx, m Member) error {
	_, err := tx.Exec(`DELETE FROM challenges WHERE user_id = $1 AND account_id = $2 AND step = 'activate'`, m.UserID, m.AccountID)
	if err != nil {
		return fmt.Errorf("end set-up: %w", err)
	}
	return nil
}

// DeactivateInvitation kills an open invitation: its link is dead, the user
// shows so, and resending revives it.
func (p *People) DeactivateInvitation(ctx context.Context, who db.Who, accountID, userID string, version int64) error {
	e := audit.Entry{Action: audit.InvitationDeactivated, AccountID: accountID, Kind: "user", ID: userID}
	return p.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, _, err := p.account(tx, who, accountID, "users:create")
		if err != nil {
			return err
		}
		m, err := p.acts(tx, who, a, "users:create", userID, version)
		if err != nil {
			return err
		}
		var n int64
		err = Relist(tx, userID, func() (err error) {
			n, err = tx.Exec(`UPDATE invitations SET deactivated_at = $1 WHERE account_id = $2 AND membership_id = $3
				AND replaced_at IS NULL AND deactivated_at IS NULL`, tx.Now, accountID, m.ID)
			return err
		})
		if err != nil {
			return fmt.Errorf("deactivate invitation: %w", err)
		}
		if n == 0 || m.ActivatedAt != 0 {
			return fault.New(fault.Conflict, "no_open_invitation")
		}
		if err := endSetUp(tx, m); err != nil {
			return err
		}
		return audit.Record(tx, e)
	})
}

// acts loads the member that who wants to act on and refuses what nobody may do
// to them: an unknown one, oneself, one whose roles who could not give, one who
// reaches further than the permission is held, one that somebody changed meanwhile.
func (p *People) acts(tx *db.Tx, who db.Who, a org.Account, permission, userID string, version int64) (Member, error) {
	m, err := member(tx, a.ID, userID)
	if err != nil {
		return m, err
	}
	if err := p.mayManage(tx, who, a, permission, m); err != nil {
		return m, err
	}
	return m, touch(tx, m, version)
}
