package signin

import (
	"context"
	"strings"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/seal"
)

const identifierMax = 320 // octets

// Start takes the name and password. What comes next is in the Step. It refuses
// with wrong_credentials (401) whatever is wrong, with activation_unfinished
// (401) when the password is right and the second factor was never set up, and
// with busy (503) when too many sign in at once.
func (d *Door) Start(ctx context.Context, who db.Who, identifier, password string) (Step, error) {
	who = unsigned(who)
	identifier = strings.TrimSpace(identifier)
	var wrong fault.Fields
	if identifier == "" {
		wrong.Add("identifier", "required")
	}
	if len(identifier) > identifierMax {
		wrong.Add("identifier", "too_long", "max", identifierMax)
	}
	passwordField(&wrong, password)
	if err := wrong.Err(); err != nil {
		return Step{}, err
	}
	if err := d.passwords.full(); err != nil {
		return Step{}, err
	}
	var c candidate
	err := d.db.View(ctx, func(tx *db.Tx) (err error) {
		c, err = d.candidateNamed(tx, identifier)
		return err
	})
	if err != nil {
		return Step{}, err
	}
	return d.enter(ctx, who, c, password)
}

// passwordField notes what keeps a password from being looked at.
func passwordField(wrong *fault.Fields, password string) {
	if password == "" {
		wrong.Add("password", "required")
	}
	if tooLong("password", password) != nil {
		wrong.Add("password", "password_too_long", "max", passwordMax)
	}
}

// enter is Start for a known candidate. Whoever has a factor shows it next;
// whoever has none goes on.
func (d *Door) enter(ctx context.Context, who db.Who, c candidate, password string) (Step, error) {
	step := Step{Next: NextCode, AccountID: c.account(), UserID: c.ID, Kinds: c.kinds()}
	has := len(c.factors) > 0
	p, err := d.provePassword(ctx, who, c, password, wrongCredentials(), func(tx *db.Tx, p proof) (err error) {
		if !c.active() || !has {
			return nil
		}
		step.Challenge, err = addChallenge(tx, who, challenge{UserID: c.ID, AccountID: c.account(), Epoch: c.Epoch,
			Carried: carried{Opens: NextCode, Given: []string{kindPassword}, Rehash: p.rehash}})
		return err
	})
	switch {
	case err != nil:
		return Step{}, err
	case !c.active():
		d.failed(ctx, who, c.account(), c.ID, causeUnfinished)
		return Step{}, fault.New(fault.Unauthenticated, causeUnfinished)
	case has:
		return step, nil
	}
	err = d.db.Update(ctx, c.who(who), func(tx *db.Tx) error {
		now, err := d.still(tx, c)
		if err == nil && len(now.factors) > 0 {
			err = challengeEnded()
		}
		if err != nil {
			return err
		}
		step, err = d.onward(tx, arrival{now, c.account(), carried{Given: []string{kindPassword}, Rehash: p.rehash}})
		return err
	})
	if err != nil {
		return Step{}, err
	}
	return step, nil
}

// Question is what is asked of somebody whose password, or link, was right.
type Question struct {
	Kinds      []string // what they can show, what they used last first
	Key        KeyOptions
	Identifier string
}

// Ask says what can be shown in the step code, and gives the options for a key,
// each time with a challenge of its own. It spends nothing.
func (d *Door) Ask(ctx context.Context, who db.Who, token seal.Secret) (Question, error) {
	ch, c, err := d.challenged(ctx, who, token, NextCode)
	if err != nil {
		return Question{}, err
	}
	return d.question(c, forStep(ch))
}

func (d *Door) question(c candidate, purpose string) (q Question, err error) {
	q = Question{Kinds: c.kinds(), Identifier: c.identifier()}
	if d.keys != nil && hasKind(c.factors, KindKey) {
		q.Key, err = d.assertionOptions(c, purpose)
	}
	return q, err
}

// Prove takes a second factor and goes on. It refuses with wrong_code, wrong_key or
// wrong_recovery_code (401), also during a lock, with ceremony_ended (401) when a
// key is to be asked once more, with challenge_ended (401) when it is too late, and
// in the fields code, recovery_code and credential what cannot be one.
func (d *Door) Prove(ctx context.Context, who db.Who, token seal.Secret, p Proof) (step Step, err error) {
	who = unsigned(who)
	if err := p.clean(); err != nil {
		return Step{}, err
	}
	ch, c, err := d.challenged(ctx, who, token, NextCode)
	if err != nil {
		return Step{}, err
	}
	err = d.prove(ctx, who, c, p, forStep(ch), onTheWayIn(), func(tx *db.Tx, kind string) error {
		a, err := d.arriving(tx, token, NextCode)
		if err != nil {
			return err
		}
		a.Given = append(a.Given, kind)
		step, err = d.onward(tx, a)
		return err
	})
	if err != nil {
		return Step{}, err
	}
	return step, nil
}

// Password takes the password of somebody whose passkey was right, and goes on.
// It refuses with wrong_password in the field password, also during a lock, and
// with challenge_ended (401) when it is too late.
func (d *Door) Password(ctx context.Context, who db.Who, token seal.Secret, password string) (step Step, err error) {
	who = unsigned(who)
	var wrong fault.Fields
	passwordField(&wrong, password)
	if err := wrong.Err(); err != nil {
		return Step{}, err
	}
	_, c, err := d.challenged(ctx, who, token, NextPassword)
	if err != nil {
		return Step{}, err
	}
	p, err := d.provePassword(ctx, who, c, password, wrongPassword("password"), nil)
	if err != nil {
		return Step{}, err
	}
	err = d.db.Update(ctx, c.who(who), func(tx *db.Tx) error {
		a, err := d.arriving(tx, token, NextPassword)
		if err != nil {
			return err
		}
		a.Given, a.Rehash = append(a.Given, kindPassword), p.rehash
		step, err = d.onward(tx, a)
		return err
	})
	if err != nil {
		return Step{}, err
	}
	return step, nil
}
