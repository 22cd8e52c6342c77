package people

import (
	"context"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/roles"
)

// AccessEffect is what a change of somebody's access does, before it is made (R13).
type AccessEffect struct {
	roles.Exchange
	Version          int64                 // of the user as they were seen; 0 for somebody new
	Serious          []string              // ids of roles that are given only with Access.Acknowledged
	Blocked, Flagged []profile.Combination // toxic combinations that come with it: for the first the change will be refused
}

// PreviewAccess tells what ChangeAccess would do; nothing is changed. It is refused
// as that is, save that toxic combinations and dangerous roles are told instead.
func (p *People) PreviewAccess(ctx context.Context, who db.Who, accountID, userID string, in Access) (AccessEffect, error) {
	e := audit.Entry{Action: audit.UserAccessChanged, AccountID: accountID, Kind: "user", ID: userID}
	return p.whatIf(ctx, who, e, "users:assign_roles", in, func(tx *db.Tx, a org.Account, settings profile.Settings) (Member, error) {
		m, err := member(tx, a.ID, userID)
		if err == nil {
			err = p.mayManage(tx, who, a, "users:assign_roles", m)
		}
		if err == nil {
			err = m.protected(settings)
		}
		return m, err
	})
}

// PreviewInvitation tells what somebody who is invited with this access could do.
func (p *People) PreviewInvitation(ctx context.Context, who db.Who, accountID string, in Access) (AccessEffect, error) {
	e := audit.Entry{Action: audit.UserInvited, AccountID: accountID, Kind: "account", ID: accountID}
	return p.whatIf(ctx, who, e, "users:create", in, func(*db.Tx, org.Account, profile.Settings) (Member, error) { return Member{}, nil })
}

// whatIf checks what was chosen for somebody by the rules of those who give it.
func (p *People) whatIf(ctx context.Context, who db.Who, e audit.Entry, permission string, in Access, whom func(*db.Tx, org.Account, profile.Settings) (Member, error)) (out AccessEffect, err error) {
	in.Acknowledged = true
	err = p.db.View(ctx, func(tx *db.Tx) error {
		a, settings, err := p.account(tx, who, e.AccountID, permission)
		if err != nil {
			return err
		}
		m, err := whom(tx, a, settings)
		if err != nil {
			return err
		}
		held, err := roles.Of(tx, a.ID, m.ID)
		if err != nil {
			return err
		}
		var f fault.Fields
		chosen, err := p.checkAccess(tx, who, a, settings, in, m, held[m.ID], &f)
		if err == nil {
			err = f.Err()
		}
		if err == nil {
			err = p.mayGive(tx, who, a, permission, chosen.list)
		}
		if err != nil {
			return err
		}
		out = AccessEffect{Version: m.Version, Serious: chosen.serious, Blocked: chosen.blocked, Flagged: chosen.flagged}
		s, err := p.guard.Snapshot(tx)
		if err != nil {
			return err
		}
		pr, _ := p.profiles.Get(a.Profile)
		out.Exchange, err = roles.Exchanged(tx, s, a, pr, m.ID, held[m.ID], chosen.all())
		return err
	})
	if err != nil {
		return AccessEffect{}, p.audit.Refuse(ctx, who, e, err)
	}
	return out, nil
}
