package signin

import (
	"context"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/seal"
)

// ResetView is what the page behind a link that lets somebody choose another
// password shows. With a Problem only that, the language and At are told.
type ResetView struct {
	Problem string // "", link_unknown, link_used, link_replaced, link_ended, link_expired
	At      int64  // µs: when it was used, or expired; 0 where that is not known
	Lang    lang.Tag

	FirstName  string
	Identifier string // under which they sign in
	ExpiresAt  int64  // µs
	MinLength  int
	StaysShut  bool // the password will not be enough: an administrator must send the link
}

// reset is a link with the person whom it is for.
type reset struct {
	resetLink
	c candidate
}

func (d *Door) reset(tx *db.Tx, token seal.Secret) (r reset, problem string, err error) {
	if r.resetLink, err = linkByToken(tx, token); err != nil {
		return r, "", err
	}
	found := false
	if r.ID != "" {
		if r.c, found, err = d.candidateByID(tx, r.UserID); err != nil {
			return r, "", err
		}
	}
	if problem = r.problem(tx.Now); problem == "" && (!found || !r.c.active() || !r.ByAdministrator && r.c.mailAlone()) {
		problem = "link_ended"
	}
	return r, problem, nil
}

// mailAlone tells whether whoever reads the person's mail could come in with a link
// that nobody vouches for: the sign-in after it would set up the second factor that
// is asked for. It holds when a link is asked for and when it is used, as the factor
// that there was may have been taken away meanwhile.
func (c candidate) mailAlone() bool { return len(c.factors) == 0 && c.mustHaveFactor("") }

// rules are those of the person's next password.
func (c candidate) rules(entering string) Rules {
	var all []profile.Settings
	for _, p := range c.places(entering) {
		all = append(all, p.Settings)
	}
	return RulesOf(all, c.alone(entering))
}

// staysShut tells whether somebody who uses the link is locked for inactivity all
// the same.
func (r reset) staysShut() bool { return !r.ByAdministrator && !r.c.awake() }

// LookAtReset looks at a link and spends nothing.
func (d *Door) LookAtReset(ctx context.Context, token seal.Secret) (v ResetView, err error) {
	err = d.db.View(ctx, func(tx *db.Tx) error {
		r, problem, err := d.reset(tx, token)
		if err != nil {
			return err
		}
		if problem != "" {
			v = ResetView{Problem: problem, Lang: r.c.Lang, At: r.UsedAt}
			if problem == "link_expired" {
				v.At = r.ExpiresAt
			}
			return nil
		}
		v = ResetView{Lang: r.c.Lang, FirstName: r.c.FirstName, Identifier: r.c.identifier(), ExpiresAt: r.ExpiresAt,
			MinLength: r.c.rules("").Length, StaysShut: r.staysShut()}
		return nil
	})
	return v, err
}

// Reset spends a link: its person has another password. Every session of theirs,
// half-finished sign-in and other such link is dead, and so is a change of address
// that they began; an attempts lock is over, and one for inactivity when an
// administrator sent the link. Nobody is signed in by it: they sign in now, with
// their second factor. staysShut tells that the lock for inactivity holds.
//
// It refuses with link_unknown, link_used, link_replaced, link_ended or
// link_expired (410), and with the fields of a password that will not do (422).
func (d *Door) Reset(ctx context.Context, who db.Who, token seal.Secret, password string) (staysShut bool, err error) {
	who = unsigned(who)
	var r reset
	var hashes []string
	err = d.db.View(ctx, func(tx *db.Tx) (err error) {
		if r, err = d.openReset(tx, token); err == nil {
			hashes, err = earlier(tx, r.c, r.c.rules("").History)
		}
		return err
	})
	if err != nil {
		return false, d.refusedReset(ctx, who, r, err)
	}
	hash, err := d.choose(ctx, "password", r.c, r.c.rules(""), password, hashes)
	if err != nil {
		return false, err
	}
	err = d.db.Update(context.WithoutCancel(ctx), as(who, r.UserID, r.c.account()), func(tx *db.Tx) error {
		if r, err = d.openReset(tx, token); err != nil {
			return err
		}
		staysShut = r.staysShut()
		return d.spendReset(tx, r, hash)
	})
	if err != nil {
		return false, d.refusedReset(ctx, who, r, err)
	}
	return staysShut, nil
}

// openReset reads a link that can be used, or refuses.
func (d *Door) openReset(tx *db.Tx, token seal.Secret) (reset, error) {
	r, problem, err := d.reset(tx, token)
	if err == nil && problem != "" {
		err = fault.New(fault.Gone, problem)
	}
	return r, err
}

func (d *Door) spendReset(tx *db.Tx, r reset, hash string) error {
	if err := r.spend(tx); err != nil {
		return err
	}
	if err := newPassword(tx, r.c, hash); err != nil {
		return err
	}
	if err := people.EndSessions(tx, r.c.ID); err != nil {
		return err
	}
	if err := people.DropOwnChange(tx, tx.Who.AccountID, r.c.ID); err != nil {
		return err
	}
	if r.ByAdministrator {
		if err := wake(tx, r.c); err != nil {
			return err
		}
	}
	return audit.Record(tx, audit.Entry{Action: audit.PasswordReset, AccountID: tx.Who.AccountID, Kind: "user", ID: r.c.ID,
		Changes: []audit.Change{{Field: "link_from", After: r.CreatedBy}}})
}

// refusedReset records that a link opened nothing.
func (d *Door) refusedReset(ctx context.Context, who db.Who, r reset, err error) error {
	e := audit.Entry{Action: audit.PasswordReset, AccountID: r.c.account(), Kind: "user", ID: r.UserID}
	return d.log.Refuse(ctx, who, e, err)
}
