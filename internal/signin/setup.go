package signin

import (
	"context"
	"slices"
	"strconv"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/people"
	"countersign/internal/seal"
)

// SetupView is what a person needs to set up a second factor on the way in.
type SetupView struct {
	Kinds []string // of which they set up one now
	Left  int      // set-ups that are left, this one counted: 2 where both kinds are asked for
	Again bool     // an administrator asked for it, and what they have is replaced
	App   AppView  // when Kinds has KindApp
	Key   KeyOptions
}

// Setup shows what can be set up: the same app's key as often as it is asked for,
// for the challenge's thirty minutes, and each time another challenge for a
// browser. It spends nothing.
func (d *Door) Setup(ctx context.Context, who db.Who, token seal.Secret) (v SetupView, err error) {
	ch, c, err := d.challenged(ctx, who, token, NextSetup)
	if err != nil {
		return v, err
	}
	wants := d.demands(c, ch.Carried.Member)
	v.Kinds, v.Left = wants.toSetUp(c.current())
	v.Again = c.again != 0
	if slices.Contains(v.Kinds, KindApp) {
		if v.App, err = appView(d.site.Name, c.identifier(), ch.Carried.Seed); err != nil {
			return v, err
		}
	}
	if slices.Contains(v.Kinds, KindKey) {
		v.Key, err = d.creationOptions(c, forStep(ch), wants.passkey)
	}
	return v, err
}

// identifier is the name under which the person signs in.
func (c candidate) identifier() string {
	if c.Email != "" {
		return c.Email
	}
	return c.Username
}

// FinishApp takes the first code of the app that was shown, and goes on: the app
// is the person's. A wrong code (wrong_code, 401) may be tried again: it is no
// guess, whoever sets up sees the key.
func (d *Door) FinishApp(ctx context.Context, who db.Who, token seal.Secret, code, name string) (Step, error) {
	code, err := cleanCode(code)
	if err == nil {
		name, err = cleanName(name)
	}
	if err != nil {
		return Step{}, err
	}
	ch, c, err := d.settingUp(ctx, who, token, KindApp)
	if err != nil {
		return Step{}, err
	}
	fresh, err := d.provedApp(ch.Carried.Seed, code, name)
	if err != nil {
		return Step{}, err
	}
	return d.finish(ctx, who, token, c, ch, fresh, nil)
}

// settingUp reads whose set-up a challenge opens. It refuses with challenge_ended a
// kind that is not what is to be set up next: another window was quicker.
func (d *Door) settingUp(ctx context.Context, who db.Who, token seal.Secret, kind string) (ch challenge, c candidate, err error) {
	ch, c, err = d.challenged(ctx, who, token, NextSetup)
	if err == nil {
		if kinds, _ := d.demands(c, ch.Carried.Member).toSetUp(c.current()); !slices.Contains(kinds, kind) {
			err = challengeEnded()
		}
	}
	return ch, c, err
}

// provedApp is the app of a seed, if the code is its.
func (d *Door) provedApp(seed []byte, code, name string) (freshFactor, error) {
	step, right, err := matchCode(seed, code, d.db.Now())
	if err == nil && !right {
		err = wrongCode()
	}
	if err != nil {
		return freshFactor{}, err
	}
	sealed, err := d.db.Box().Seal(d.db.Random(), factorPurpose, seed)
	return freshFactor{kind: KindApp, name: name, sealed: sealed, last: step}, err
}

// FinishKey takes what the browser answered to the options for a new key, and
// goes on. It refuses in the field credential what is no answer, a key that was
// not made as asked, and one that somebody has already, whoever it is.
func (d *Door) FinishKey(ctx context.Context, who db.Who, token seal.Secret, credential, name string) (Step, error) {
	name, err := cleanName(name)
	if err != nil {
		return Step{}, err
	}
	ch, c, err := d.settingUp(ctx, who, token, KindKey)
	if err != nil {
		return Step{}, err
	}
	made, err := d.readMade(c, forStep(ch), credential, d.demands(c, ch.Carried.Member).passkey)
	if err != nil {
		return Step{}, d.refusedFactor(ctx, as(who, c.ID, ch.AccountID), err)
	}
	made.name = name
	step, err := d.finish(ctx, who, token, c, ch, made.freshFactor, made.spend)
	return step, d.refusedFactor(ctx, as(who, c.ID, ch.AccountID), err)
}

// refusedFactor records that a factor was not set up; what was only typed wrong
// is no event.
func (d *Door) refusedFactor(ctx context.Context, who db.Who, err error) error {
	if err == nil {
		return nil
	}
	e := audit.Entry{Action: audit.FactorAdded, AccountID: who.AccountID, Kind: "user", ID: who.ID}
	for _, f := range fault.From(err).Fields {
		if f.Code == "key_in_use" || f.Code == "key_refused" {
			_ = d.log.Refuse(ctx, who, e, fault.New(fault.Invalid, f.Code))
		}
	}
	return err
}

// finish keeps a factor that was set up on the way in, and goes on. also is done
// in the same update. Recovery codes are made with what completes the set-up.
func (d *Door) finish(ctx context.Context, who db.Who, token seal.Secret, c candidate, ch challenge, fresh freshFactor, also func(*db.Tx) error) (step Step, err error) {
	codes, hashes, err := d.recoveryWith(ctx, c, ch.Carried.Member, fresh.kind)
	if err != nil {
		return Step{}, err
	}
	err = d.db.Update(context.WithoutCancel(ctx), as(who, c.ID, ch.AccountID), func(tx *db.Tx) error {
		a, err := d.arriving(tx, token, NextSetup)
		if err != nil {
			return err
		}
		if also != nil {
			if err := also(tx); err != nil {
				return err
			}
		}
		if err := d.keepFirst(tx, &a, fresh); err != nil {
			return err
		}
		if len(hashes) > 0 {
			if err := keepMade(tx, a.candidate, hashes); err != nil {
				return err
			}
			a.Codes = codes
		}
		step, err = d.onward(tx, a)
		return err
	})
	if err != nil {
		return Step{}, err
	}
	return step, nil
}

// recoveryWith makes recovery codes when a set-up of this kind completes what is
// asked, for somebody who has none or sets up anew.
func (d *Door) recoveryWith(ctx context.Context, c candidate, entering, kind string) (codes, hashes []string, err error) {
	if c.recovery > 0 && c.again == 0 || !d.demands(c, entering).met(append(c.current(), Factor{Kind: kind})) {
		return nil, nil, nil
	}
	return d.newRecovery(ctx)
}

// keepFirst keeps the factor and ends every other session of the person; whoever
// was in already is told.
func (d *Door) keepFirst(tx *db.Tx, a *arrival, fresh freshFactor) error {
	entering := a.Member != "" && !a.active()
	if err := keepFactor(tx, a.candidate, fresh); err != nil {
		return err
	}
	if err := people.EndSessions(tx, a.ID); err != nil {
		return err
	}
	if !entering && a.again == 0 {
		if err := tell(tx, a.candidate, "factor_changed", "change", "added", "factor", fresh.kind, "factor_name", fresh.name); err != nil {
			return err
		}
	}
	now, found, err := d.candidateByID(tx, a.ID)
	if err != nil || !found {
		return challengeEnded().Because(err)
	}
	a.candidate, a.Given = now, append(a.Given, fresh.kind)
	a.Seed, err = newSeed(tx.Random()) // the old one is in use now
	return err
}

// keepFactor keeps a factor and records it.
func keepFactor(tx *db.Tx, c candidate, fresh freshFactor) error {
	id, err := addFactor(tx, c.ID, fresh)
	if err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Action: audit.FactorAdded, AccountID: tx.Who.AccountID, Kind: "user", ID: c.ID,
		Changes: []audit.Change{{Field: "factor", After: id}, {Field: "factor_kind", After: fresh.kind}}})
}

// keepMade keeps a set of recovery codes and records it.
func keepMade(tx *db.Tx, c candidate, hashes []string) error {
	if err := keepRecovery(tx, c.ID, hashes); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Action: audit.RecoveryCodesMade, AccountID: tx.Who.AccountID, Kind: "user", ID: c.ID,
		Changes: []audit.Change{{Field: "recovery_codes", Before: strconv.Itoa(c.recovery), After: strconv.Itoa(len(hashes))}}})
}

// replaceOld removes the factors that somebody had when they were asked to set
// up anew, now that the new ones are there.
func (d *Door) replaceOld(tx *db.Tx, a *arrival) error {
	if a.again == 0 {
		return nil
	}
	old := slices.DeleteFunc(slices.Clone(a.factors), func(f Factor) bool { return f.CreatedAt > a.again })
	for _, f := range old {
		if err := recordRemoved(tx, a.candidate, f); err != nil {
			return err
		}
	}
	if err := removeFactors(tx, old); err != nil {
		return err
	}
	if _, err := tx.Exec(`UPDATE users SET set_up_again_since = NULL WHERE id = $1`, a.ID); err != nil {
		return err
	}
	a.factors, a.again = a.current(), 0
	if err := people.EndSessions(tx, a.ID); err != nil {
		return err
	}
	a.Epoch++
	return tell(tx, a.candidate, "factor_changed", "change", "renewed")
}

func recordRemoved(tx *db.Tx, c candidate, f Factor) error {
	return audit.Record(tx, audit.Entry{Action: audit.FactorRemoved, AccountID: tx.Who.AccountID, Kind: "user", ID: c.ID,
		Changes: []audit.Change{{Field: "factor", Before: f.ID}, {Field: "factor_kind", Before: f.Kind}}})
}

// RecoveryCodes shows the codes that were made with the set-up, as often as they
// are asked for until Kept says that the person has them. It spends nothing.
func (d *Door) RecoveryCodes(ctx context.Context, who db.Who, token seal.Secret) ([]seal.Secret, error) {
	ch, _, err := d.challenged(ctx, who, token, NextCodes)
	if err != nil {
		return nil, err
	}
	return shownCodes(ch.Carried.Codes), nil
}

// Kept goes on after the recovery codes: they are shown nowhere any more.
func (d *Door) Kept(ctx context.Context, who db.Who, token seal.Secret) (step Step, err error) {
	ch, c, err := d.challenged(ctx, who, token, NextCodes)
	if err != nil {
		return Step{}, err
	}
	err = d.db.Update(ctx, as(who, c.ID, ch.AccountID), func(tx *db.Tx) error {
		a, err := d.arriving(tx, token, NextCodes)
		if err != nil {
			return err
		}
		a.Codes = nil
		step, err = d.onward(tx, a)
		return err
	})
	if err != nil {
		return Step{}, err
	}
	return step, nil
}
