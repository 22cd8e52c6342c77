package signin

import (
	"context"
	"time"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/seal"
)

// Why another password is asked for before a session begins.
const (
	WhyAsked   = "asked"   // an administrator asks for it (U11)
	WhyExpired = "expired" // it is too old (A3)
)

// aloneDays is how long a password lives that is somebody's only factor, where an
// account holds itself to PCI DSS (8.3.9).
const aloneDays = 90

// overdue is why another password is to be chosen; "" when none is.
func (c candidate) overdue(now int64) string {
	if c.password.asked != 0 {
		return WhyAsked
	}
	if days := c.passwordDays(); days > 0 && now >= c.password.since+micros(time.Duration(days)*24*time.Hour) {
		return WhyExpired
	}
	return ""
}

// passwordDays is how long the password lives, the shortest of the accounts that
// have a say; 0: without end.
func (c candidate) passwordDays() (days int) {
	shorten := func(to int) {
		if to > 0 && (days == 0 || to < days) {
			days = to
		}
	}
	alone := c.alone("")
	for _, p := range c.places("") {
		shorten(p.PasswordDays)
		if alone && p.ComplianceFloor == "pci" {
			shorten(aloneDays)
		}
	}
	return days
}

// Renewal is what is asked of somebody who is to choose another password.
type Renewal struct {
	Why        string // WhyAsked, WhyExpired
	Identifier string
	MinLength  int
}

// AskRenewal says what the step change asks for. It spends nothing.
func (d *Door) AskRenewal(ctx context.Context, who db.Who, token seal.Secret) (Renewal, error) {
	_, c, err := d.challenged(ctx, who, token, NextChange)
	if err != nil {
		return Renewal{}, err
	}
	return Renewal{c.overdue(d.db.Now()), c.identifier(), c.rules("").Length}, nil
}

// Renew takes another password before the session begins, and goes on. All other
// sessions end. It refuses with the fields of a password that will not do (422),
// the one of today and earlier ones among them, and with challenge_ended (401).
func (d *Door) Renew(ctx context.Context, who db.Who, token seal.Secret, password string) (step Step, err error) {
	who = unsigned(who)
	ch, c, err := d.challenged(ctx, who, token, NextChange)
	if err != nil {
		return Step{}, err
	}
	hash, err := d.another(ctx, c, password)
	if err != nil {
		return Step{}, err
	}
	err = d.db.Update(context.WithoutCancel(ctx), as(who, c.ID, ch.AccountID), func(tx *db.Tx) error {
		a, err := d.arriving(tx, token, NextChange)
		if err != nil {
			return err
		}
		if err := d.renewed(tx, &a, hash); err != nil {
			return err
		}
		step, err = d.onward(tx, a)
		return err
	})
	if err != nil {
		return Step{}, err
	}
	return step, nil
}

// another checks another password of somebody who has one, and hashes it.
func (d *Door) another(ctx context.Context, c candidate, password string) (string, error) {
	var hashes []string
	err := d.db.View(ctx, func(tx *db.Tx) (err error) {
		hashes, err = earlier(tx, c, c.rules("").History)
		return err
	})
	if err != nil {
		return "", err
	}
	return d.choose(ctx, "password", c, c.rules(""), password, hashes)
}

func (d *Door) renewed(tx *db.Tx, a *arrival, hash string) error {
	if err := newPassword(tx, a.candidate, hash); err != nil {
		return err
	}
	if err := people.EndSessions(tx, a.ID); err != nil {
		return err
	}
	now, found, err := d.candidateByID(tx, a.ID)
	if err != nil || !found {
		return challengeEnded().Because(err)
	}
	a.candidate, a.Rehash = now, ""
	return audit.Record(tx, audit.Entry{Action: audit.PasswordChanged, AccountID: a.accountID, Kind: "user", ID: a.ID})
}
