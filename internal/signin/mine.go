package signin

import (
	"context"
	"slices"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/seal"
)

// What a person does with their own second factors, under Your account: each
// after fresh authentication, or refused with needs_fresh (403). What changes a
// factor ends all their other sessions, and they are told by mail.

const factorsMost = 10 // of one person

// NewApp begins to add an authenticator app, or shows it again: token is that of
// an earlier call in this session, while it is good, or "". It returns the token
// to finish with.
func (d *Door) NewApp(ctx context.Context, who db.Who, token seal.Secret) (v AppView, _ seal.Secret, err error) {
	var c candidate
	var ch challenge
	err = d.db.View(ctx, func(tx *db.Tx) error {
		if c, err = d.mayAdd(tx, who, KindApp); err != nil {
			return err
		}
		ch, err = readChallenge(tx, token.Reveal())
		if isChallengeEnded(err) || err == nil && !ch.adds(who, c) {
			ch, err = challenge{}, nil
		}
		return err
	})
	if err != nil {
		return v, "", err
	}
	if ch.UserID == "" {
		if ch.Carried.Seed, err = newSeed(d.db.Random()); err != nil {
			return v, "", err
		}
		ch = challenge{UserID: c.ID, AccountID: who.AccountID, Epoch: c.Epoch, Carried: carried{Opens: NextSetup, Seed: ch.Carried.Seed, Session: who.Ref}}
		err = d.db.Keep(ctx, func(tx *db.Tx) (err error) {
			token, err = addChallenge(tx, who, ch)
			return err
		})
		if err != nil {
			return v, "", err
		}
	}
	v, err = appView(d.site.Name, c.identifier(), ch.Carried.Seed)
	return v, token, err
}

// adds tells whether a challenge is that of an app being added in this session.
func (ch challenge) adds(who db.Who, c candidate) bool {
	return ch.UserID == c.ID && ch.Epoch == c.Epoch && ch.Carried.Opens == NextSetup && ch.Carried.Session == who.Ref
}

// AddApp takes the first code of the app that NewApp showed. It refuses with
// wrong_code (401), which may be tried again, and with challenge_ended (401).
func (d *Door) AddApp(ctx context.Context, who db.Who, token seal.Secret, code, name string) error {
	code, err := cleanCode(code)
	if err == nil {
		name, err = cleanName(name)
	}
	if err != nil {
		return err
	}
	var ch challenge
	err = d.db.View(ctx, func(tx *db.Tx) error {
		c, err := d.mayAdd(tx, who, KindApp)
		if err != nil {
			return err
		}
		if ch, err = readChallenge(tx, token.Reveal()); err == nil && !ch.adds(who, c) {
			err = challengeEnded()
		}
		return err
	})
	if err != nil {
		return err
	}
	fresh, err := d.provedApp(ch.Carried.Seed, code, name)
	if err != nil {
		return err
	}
	return d.add(ctx, who, fresh, func(tx *db.Tx) error {
		_, err := takeChallenge(tx, token.Reveal())
		return err
	})
}

// NewKey gives the options with which a browser makes a new key for the person.
func (d *Door) NewKey(ctx context.Context, who db.Who) (o KeyOptions, err error) {
	var c candidate
	err = d.db.View(ctx, func(tx *db.Tx) error {
		c, err = d.mayAdd(tx, who, KindKey)
		return err
	})
	if err != nil {
		return nil, err
	}
	return d.creationOptions(c, forAdding(who), d.demands(c, "").passkey)
}

func forAdding(who db.Who) string { return "adding in " + who.Ref }

// AddKey takes what the browser made. It refuses as FinishKey does.
func (d *Door) AddKey(ctx context.Context, who db.Who, credential, name string) error {
	name, err := cleanName(name)
	if err != nil {
		return err
	}
	var c candidate
	err = d.db.View(ctx, func(tx *db.Tx) error {
		c, err = d.mayAdd(tx, who, KindKey)
		return err
	})
	if err != nil {
		return err
	}
	made, err := d.readMade(c, forAdding(who), credential, d.demands(c, "").passkey)
	if err != nil {
		return d.refusedFactor(ctx, who, err)
	}
	made.name = name
	return d.refusedFactor(ctx, who, d.add(ctx, who, made.freshFactor, made.spend))
}

// mayAdd reads who acts and refuses a kind that their accounts do not allow, and
// one factor too many.
func (d *Door) mayAdd(tx *db.Tx, who db.Who, kind string) (candidate, error) {
	c, err := d.confirmedMe(tx, who)
	switch {
	case err != nil:
	case !slices.Contains(d.demands(c, "").may(), kind):
		err = fault.New(fault.Conflict, "factor_not_allowed")
	case len(c.factors) >= factorsMost:
		err = fault.New(fault.Conflict, "too_many_factors", "max", factorsMost)
	}
	return c, err
}

// add keeps a factor of the person who acts; also is done in the same update.
func (d *Door) add(ctx context.Context, who db.Who, fresh freshFactor, also func(*db.Tx) error) error {
	return d.db.Update(ctx, who, func(tx *db.Tx) error {
		c, err := d.mayAdd(tx, who, fresh.kind)
		if err != nil {
			return err
		}
		if err := also(tx); err != nil {
			return err
		}
		if err := keepFactor(tx, c, fresh); err != nil {
			return err
		}
		return changedFactor(tx, who, c, true, "change", "added", "factor", fresh.kind, "factor_name", fresh.name)
	})
}

// changedFactor ends the person's other sessions and tells them; has says whether
// they have a factor now, without which this session has none either.
func changedFactor(tx *db.Tx, who db.Who, c candidate, has bool, data ...string) error {
	if err := endOthers(tx, who); err != nil {
		return err
	}
	if err := secondFactor(tx, who, has); err != nil {
		return err
	}
	return tell(tx, c, "factor_changed", data...)
}

// Mine is what a person sees of their own second factors.
type Mine struct {
	Factors       []OwnFactor // the oldest first
	May           []string    // the kinds that they may add
	RecoveryCodes int         // that are left
	RecoverySince int64       // µs: when they were made; 0: never
	SetUpAgain    bool        // an administrator asks for a new set-up at the next sign-in
}

// OwnFactor is one of them. Needed: it stays until there is another.
type OwnFactor struct {
	Factor
	Needed  bool
	Passkey bool // it can stand for the password, where that is allowed
}

// Factors reads the second factors of the person who acts.
func (d *Door) Factors(tx *db.Tx, who db.Who) (m Mine, err error) {
	c, err := d.me(tx, who)
	if err != nil {
		return m, err
	}
	wants := d.demands(c, "")
	m = Mine{RecoveryCodes: c.recovery, SetUpAgain: c.again != 0}
	if len(c.factors) < factorsMost {
		m.May = wants.may()
	}
	o, err := d.keyOwner(c)
	if err != nil {
		return m, err
	}
	n := 0
	for _, f := range c.factors {
		own := OwnFactor{Factor: f, Needed: wants.lacks(c.factors, without(c.factors, f.ID))}
		if f.Kind == KindKey {
			own.Passkey = wants.passkey && findable(o.credentials[n])
			n++
		}
		m.Factors = append(m.Factors, own)
	}
	_, err = db.One(tx, []any{&m.RecoverySince}, `SELECT COALESCE(MAX(created_at), 0) FROM recovery_codes WHERE user_id = $1`, c.ID)
	return m, err
}

func without(list []Factor, id string) []Factor {
	return slices.DeleteFunc(slices.Clone(list), func(f Factor) bool { return f.ID == id })
}

// own finds a factor of the person who acts, in the version that they saw.
func (d *Door) own(tx *db.Tx, who db.Who, id string, version int64) (candidate, Factor, error) {
	c, err := d.confirmedMe(tx, who)
	if err != nil {
		return c, Factor{}, err
	}
	i := slices.IndexFunc(c.factors, func(f Factor) bool { return f.ID == id })
	if i < 0 {
		return c, Factor{}, fault.None("factor")
	}
	if c.factors[i].Version != version {
		return c, Factor{}, fault.New(fault.Stale, "stale")
	}
	return c, c.factors[i], nil
}

// RenameFactor calls one of one's own factors something else; name may be empty.
func (d *Door) RenameFactor(ctx context.Context, who db.Who, id string, version int64, name string) error {
	name, err := cleanName(name)
	if err != nil {
		return err
	}
	return d.refusing(ctx, who, audit.FactorRenamed, id, func(tx *db.Tx) error {
		c, f, err := d.own(tx, who, id, version)
		if err != nil {
			return err
		}
		if err := renameFactor(tx, id, name); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Action: audit.FactorRenamed, AccountID: who.AccountID, Kind: "user", ID: c.ID, PersonID: c.ID,
			Changes: []audit.Change{{Field: "factor_name", Before: f.Name, After: name, Personal: true}}})
	})
}

// RemoveFactor removes one of one's own factors. The last is refused (last_factor,
// 409) while an account asks for one, and so is one of a kind that is asked for.
// Without any factor there are no recovery codes either.
func (d *Door) RemoveFactor(ctx context.Context, who db.Who, id string, version int64) error {
	return d.refusing(ctx, who, audit.FactorRemoved, id, func(tx *db.Tx) error {
		c, f, err := d.own(tx, who, id, version)
		if err != nil {
			return err
		}
		left := without(c.factors, id)
		if d.demands(c, "").lacks(c.factors, left) {
			return fault.New(fault.Conflict, "last_factor")
		}
		if err := recordRemoved(tx, c, f); err != nil {
			return err
		}
		if err := removeFactors(tx, []Factor{f}); err != nil {
			return err
		}
		if len(left) == 0 && c.recovery > 0 {
			if err := dropRecovery(tx, c.ID); err != nil {
				return err
			}
			if err := audit.Record(tx, audit.Entry{Action: audit.RecoveryCodesRemoved, AccountID: who.AccountID, Kind: "user", ID: c.ID}); err != nil {
				return err
			}
		}
		return changedFactor(tx, who, c, len(left) > 0, "change", "removed", "factor", f.Kind, "factor_name", f.Name)
	})
}

// MakeRecoveryCodes makes a set of recovery codes and shows it, this once; the old
// set is dead. It is refused (no_factor, 409) for whoever has nothing to recover.
func (d *Door) MakeRecoveryCodes(ctx context.Context, who db.Who) ([]seal.Secret, error) {
	may := func(tx *db.Tx) (candidate, error) {
		c, err := d.confirmedMe(tx, who)
		if err == nil && len(c.factors) == 0 {
			err = fault.New(fault.Conflict, "no_factor")
		}
		return c, err
	}
	var codes, hashes []string
	err := d.db.View(ctx, func(tx *db.Tx) error {
		_, err := may(tx)
		return err
	})
	if err == nil {
		codes, hashes, err = d.newRecovery(ctx)
	}
	if err == nil {
		err = d.db.Update(ctx, who, func(tx *db.Tx) error {
			c, err := may(tx)
			if err != nil {
				return err
			}
			if err := keepMade(tx, c, hashes); err != nil {
				return err
			}
			return changedFactor(tx, who, c, true, "change", "codes")
		})
	}
	if err != nil {
		e := audit.Entry{Action: audit.RecoveryCodesMade, AccountID: who.AccountID, Kind: "user", ID: who.ID}
		return nil, d.log.Refuse(ctx, who, e, err)
	}
	return shownCodes(codes), nil
}

// refusing runs an update of one's own and records it when it was refused.
func (d *Door) refusing(ctx context.Context, who db.Who, action, factorID string, f func(*db.Tx) error) error {
	err := d.db.Update(ctx, who, f)
	if err == nil {
		return nil
	}
	return d.log.Refuse(ctx, who, audit.Entry{Action: action, AccountID: who.AccountID, Kind: "factor", ID: factorID}, err)
}
