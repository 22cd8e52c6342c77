package signin

import (
	"context"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/seal"
)

// Setup shows the authenticator app's key: the same as often as it is asked
// for, for the challenge's thirty minutes. It spends nothing.
func (d *Door) Setup(ctx context.Context, who db.Who, token seal.Secret) (SetupView, error) {
	ch, c, err := d.challenged(ctx, who, token, isSetup)
	if err != nil {
		return SetupView{}, err
	}
	return setupView(d.issuer, c.identifier(), ch.Carried.Seed)
}

func isSetup(ch challenge) bool { return ch.Carried.Seed != nil }

// identifier is the name under which the person signs in.
func (c candidate) identifier() string {
	if c.Email != "" {
		return c.Email
	}
	return c.Username
}

// FinishSetup takes the first code of the app that was shown: the app is the
// person's second factor, the membership that waited for it becomes active, and
// they are signed in. A wrong code (wrong_code, 401) may be tried again: it is
// no guess, whoever sets up sees the key.
func (d *Door) FinishSetup(ctx context.Context, who db.Who, token seal.Secret, code string) (Step, error) {
	who = unsigned(who)
	code, err := cleanCode(code)
	if err != nil {
		return Step{}, err
	}
	ch, c, err := d.challenged(ctx, who, token, func(ch challenge) bool { return isSetup(ch) && !ch.Carried.Replaces })
	if err != nil {
		return Step{}, err
	}
	step := Step{Next: NextDone, UserID: c.ID}
	err = d.db.Update(ctx, as(who, c.ID, ch.AccountID), func(tx *db.Tx) error {
		factors, err := FactorsOf(tx, c.ID)
		if err != nil {
			return err
		}
		if len(factors) > 0 { // another tab was quicker
			return challengeEnded()
		}
		if err := d.newFactor(tx, ch, code); err != nil {
			return err
		}
		if step.AccountID, step.Session, err = d.finish(tx, token, c); err != nil {
			return err
		}
		return dropChallenges(tx, c.ID)
	})
	if err != nil {
		return Step{}, err
	}
	return step, nil
}

// newFactor keeps the app whose key the challenge carries, if the code is its.
func (d *Door) newFactor(tx *db.Tx, ch challenge, code string) error {
	step, right, err := matchCode(ch.Carried.Seed, code, tx.Now)
	if err != nil {
		return err
	}
	if !right {
		return wrongCode()
	}
	id, err := addFactor(tx, ch.UserID, ch.Carried.Seed, step)
	if err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Action: audit.FactorAdded, AccountID: ch.AccountID, Kind: "user", ID: ch.UserID,
		Changes: []audit.Change{{Field: "factor", After: id}, {Field: "kind", After: "totp"}}})
}
