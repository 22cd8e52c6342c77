package signin

import (
	"context"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/seal"
)

// me reads who acts, in a session that is still theirs.
func (d *Door) me(tx *db.Tx, who db.Who) (candidate, error) {
	if who.Kind != db.User || who.Ref == "" {
		return candidate{}, sessionEnded()
	}
	s, alive, err := d.ByRef(tx, who.Ref)
	if err != nil {
		return candidate{}, err
	}
	if !alive || s.UserID != who.ID {
		return candidate{}, sessionEnded()
	}
	c, _, err := d.candidateByID(tx, who.ID)
	return c, err
}

// same refuses when the person's epoch is not that of before any more.
func (d *Door) same(tx *db.Tx, who db.Who, before candidate) error {
	c, err := d.me(tx, who)
	if err == nil && (c.Epoch != before.Epoch || !c.awake()) {
		err = sessionEnded()
	}
	return err
}

// Confirm is a fresh authentication in a session (A6): password, and code for
// whoever has an authenticator app. For five minutes the session is fresh. It
// refuses in the fields password (wrong_password) and code (wrong_code); both
// count as wrong sign-ins.
func (d *Door) Confirm(ctx context.Context, who db.Who, password, code string) error {
	return d.confirmed(ctx, who, "password", password, code, func(tx *db.Tx, c candidate) error {
		if err := renew(tx, who, c); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Action: audit.SessionConfirmed, AccountID: who.AccountID, Kind: "user", ID: who.ID,
			Changes: []audit.Change{{Field: "session", After: who.Ref}}})
	})
}

// renew makes the session fresh and forgets the attempts: all factors were right.
func renew(tx *db.Tx, who db.Who, c candidate) error {
	if err := Unlock(tx, c.ID); err != nil {
		return err
	}
	return refresh(tx, who, len(c.factors) > 0)
}

// confirmed does what do does once the password and, for whoever has an app,
// the code were right.
func (d *Door) confirmed(ctx context.Context, who db.Who, field, password, code string, do func(*db.Tx, candidate) error) error {
	var c candidate
	err := d.db.View(ctx, func(tx *db.Tx) (err error) {
		c, err = d.me(tx, who)
		return err
	})
	if err != nil {
		return err
	}
	if password == "" {
		return fault.In(field, "required")
	}
	if len(c.factors) > 0 {
		if code, err = cleanCode(code); err != nil {
			return err
		}
	}
	if _, err = d.provePassword(ctx, who, c, password, wrongPassword(field), nil); err != nil {
		return err
	}
	finally := func(tx *db.Tx) error {
		if err := d.same(tx, who, c); err != nil {
			return err
		}
		return do(tx, c)
	}
	if len(c.factors) > 0 {
		return d.proveCode(ctx, who, c, code, fault.In("code", "wrong_code"), finally)
	}
	return d.db.Update(ctx, who, finally)
}

// StartReplace begins setting up another authenticator app, or a first one, from
// Your account: password, and the code of the present app where there is one.
// Setup shows the new key; FinishReplace takes its first code.
func (d *Door) StartReplace(ctx context.Context, who db.Who, password, code string) (Step, error) {
	step := Step{Next: NextSetup, UserID: who.ID, AccountID: who.AccountID}
	err := d.confirmed(ctx, who, "password", password, code, func(tx *db.Tx, c candidate) error {
		seed, err := newSeed(tx.Random())
		if err != nil {
			return err
		}
		if err := renew(tx, who, c); err != nil {
			return err
		}
		step.Challenge, err = addChallenge(tx, who, challenge{UserID: c.ID, AccountID: who.AccountID, Step: stepSetup, Epoch: c.Epoch,
			Carried: carried{Seed: seed, Replaces: true}})
		if err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Action: audit.SessionConfirmed, AccountID: who.AccountID, Kind: "user", ID: who.ID,
			Changes: []audit.Change{{Field: "session", After: who.Ref}}})
	})
	if err != nil {
		return Step{}, err
	}
	return step, nil
}

// FinishReplace takes the first code of the new app. From now on it is the only
// one; all other sessions end, and this one has its second factor.
func (d *Door) FinishReplace(ctx context.Context, who db.Who, token seal.Secret, code string) error {
	code, err := cleanCode(code)
	if err != nil {
		return err
	}
	_, c, err := d.challenged(ctx, who, token, func(ch challenge) bool {
		return isSetup(ch) && ch.Carried.Replaces && ch.UserID == who.ID
	})
	if err != nil {
		return err
	}
	return d.db.Update(ctx, who, func(tx *db.Tx) error {
		if err := d.same(tx, who, c); err != nil {
			return err
		}
		ch, err := takeChallenge(tx, token.Reveal())
		if err != nil {
			return err
		}
		for _, f := range c.factors {
			e := audit.Entry{Action: audit.FactorRemoved, AccountID: who.AccountID, Kind: "user", ID: who.ID,
				Changes: []audit.Change{{Field: "factor", Before: f.ID}, {Field: "kind", Before: f.Kind}}}
			if err := audit.Record(tx, e); err != nil {
				return err
			}
		}
		if err := removeFactors(tx, who.ID); err != nil {
			return err
		}
		if err := d.newFactor(tx, ch, code); err != nil {
			return err
		}
		if err := endOthers(tx, who); err != nil {
			return err
		}
		return refresh(tx, who, true)
	})
}
