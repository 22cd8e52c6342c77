package signin

import (
	"context"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/seal"
)

// LinkView is what the page behind a link shows. When there is a Problem only
// that, the language and At are told.
type LinkView struct {
	Problem string // "", link_unknown, link_used, link_replaced, link_deactivated, link_expired
	At      int64  // µs: when it was used, or expired; 0 where that is not known
	Lang    lang.Tag

	FirstName, Name string
	Identifier      string // under which they will sign in
	Account         string
	CustomerID      string
	ExpiresAt       int64 // µs
	HasPassword     bool  // they confirm the password they have; otherwise they choose one
	MinLength       int   // of a password they choose
}

// link is an invitation with the person and the member it is for.
type link struct {
	people.Invitation
	c        candidate
	account  org.Account
	confirms bool // the person has a password that is theirs
}

// Link looks at a link and spends nothing (I1).
func (d *Door) Link(ctx context.Context, token seal.Secret) (LinkView, error) {
	var v LinkView
	err := d.db.View(ctx, func(tx *db.Tx) error {
		l, err := d.link(tx, token)
		if code := fault.CodeOf(err); code == "link_unknown" {
			v = LinkView{Problem: code}
			return nil
		}
		if err != nil {
			return err
		}
		if problem := l.Problem(tx.Now); problem != "" {
			v = LinkView{Problem: problem, At: l.UsedAt, Lang: l.c.Lang}
			if problem == "link_expired" {
				v.At = l.ExpiresAt
			}
			return nil
		}
		v = LinkView{Lang: l.c.Lang, FirstName: l.c.FirstName, Name: l.c.Name(), Identifier: l.c.identifier(),
			Account: l.account.Name, CustomerID: l.account.CustomerID, ExpiresAt: l.ExpiresAt,
			HasPassword: l.confirms, MinLength: l.rules().Length}
		return nil
	})
	return v, err
}

func linkUnknown() error { return fault.New(fault.Gone, "link_unknown") }

// link reads whatever link there is, open or not.
func (d *Door) link(tx *db.Tx, token seal.Secret) (l link, err error) {
	i, found, err := people.InvitationByHash(tx, seal.HashToken(people.LinkPurpose, token.Reveal()))
	if err != nil {
		return l, err
	}
	if !found {
		return l, linkUnknown()
	}
	l.Invitation = i
	if l.c, found, err = d.candidateByID(tx, i.UserID); err != nil || !found {
		return l, err
	}
	if l.account, found, err = org.AccountByID(tx, i.AccountID); err != nil || !found {
		return l, err
	}
	begun, err := started(tx, i.UserID)
	l.confirms = begun && l.c.hash != ""
	return l, err
}

func (l link) rules() Rules { return l.c.rules(l.MembershipID) }

// Activate spends a link. A new person's password is set by it; whoever has one
// from another account confirms it, and a wrong one counts as a wrong sign-in.
// What comes next is in the Step: when a second factor is required the member
// becomes active with it, within thirty minutes, else now.
//
// It refuses with link_unknown, link_used, link_replaced, link_deactivated or
// link_expired (410), with the fields of a password that will not do (422), and
// with wrong_password in the field password.
func (d *Door) Activate(ctx context.Context, who db.Who, token seal.Secret, password string) (Step, error) {
	who = unsigned(who)
	var l link
	var hashes []string
	err := d.db.View(ctx, func(tx *db.Tx) (err error) {
		if l, err = d.link(tx, token); err != nil {
			return err
		}
		if problem := l.Problem(tx.Now); problem != "" {
			return fault.New(fault.Gone, problem)
		}
		if begun, err := started(tx, l.UserID); err != nil || !begun {
			return err // a password that never let anybody in is no earlier one
		}
		hashes, err = earlier(tx, l.c, l.rules().History)
		return err
	})
	if err != nil {
		return Step{}, d.refusedLink(ctx, who, l, err)
	}
	var set string
	if l.confirms {
		if password == "" {
			return Step{}, fault.In("password", "required")
		}
		_, err = d.provePassword(ctx, who, l.c, password, wrongPassword("password"), nil)
	} else {
		set, err = d.choose(ctx, "password", l.c, l.rules(), password, hashes)
	}
	if err != nil {
		return Step{}, err
	}
	step := Step{UserID: l.UserID, AccountID: l.AccountID}
	err = d.db.Update(ctx, as(who, l.UserID, l.AccountID), func(tx *db.Tx) error {
		return d.spend(tx, l, token, set, &step)
	})
	if err != nil {
		return Step{}, d.refusedLink(ctx, who, l, err)
	}
	return step, nil
}

// choose checks a new password against the rules and the earlier ones, and hashes it.
func (d *Door) choose(ctx context.Context, field string, c candidate, r Rules, password string, earlier []string) (string, error) {
	var wrong fault.Fields
	r.Check(&wrong, field, password, c.own()...)
	if err := wrong.Err(); err != nil {
		return "", err
	}
	if err := d.reused(ctx, field, password, earlier); err != nil {
		return "", err
	}
	return d.passwords.Hash(ctx, password)
}

// spend uses the link up and does what its password opens. set is the hash of a
// password that was chosen, "" when one was confirmed.
func (d *Door) spend(tx *db.Tx, l link, token seal.Secret, set string, step *Step) error {
	if err := people.Spend(tx, l.Invitation); err != nil {
		return err
	}
	action := audit.PasswordConfirmed
	if set != "" {
		action = audit.PasswordSet
		if err := storePassword(tx, l.UserID, set); err != nil {
			return err
		}
	}
	if err := audit.Record(tx, audit.Entry{Action: action, AccountID: l.AccountID, Kind: "user", ID: l.UserID}); err != nil {
		return err
	}
	c, found, err := d.candidateByID(tx, l.UserID)
	if err != nil {
		return err
	}
	if !found || set == "" && (c.Epoch != l.c.Epoch || !c.awake()) {
		return linkUnknown()
	}
	a := arrival{c, l.AccountID, carried{Given: []string{kindPassword}, Member: l.MembershipID, Link: seal.HashToken(people.LinkPurpose, token.Reveal())}}
	if len(c.factors) > 0 {
		*step, err = d.next(tx, a, *step, NextCode)
		step.Kinds = c.kinds()
		return err
	}
	if a.Seed, err = newSeed(tx.Random()); err != nil {
		return err
	}
	*step, err = d.onward(tx, a)
	return err
}

// refusedLink records that a link opened nothing.
func (d *Door) refusedLink(ctx context.Context, who db.Who, l link, err error) error {
	e := audit.Entry{Action: audit.SignInFailed, AccountID: l.AccountID, Kind: "invitation", ID: l.ID}
	return d.log.Refuse(ctx, who, e, err)
}
