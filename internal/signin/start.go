package signin

import (
	"context"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/people"
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
	if password == "" {
		wrong.Add("password", "required")
	}
	if tooLong("password", password) != nil {
		wrong.Add("password", "password_too_long", "max", passwordMax)
	}
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

// enter is Start for a known candidate.
func (d *Door) enter(ctx context.Context, who db.Who, c candidate, password string) (Step, error) {
	step := Step{Next: NextDone, AccountID: c.account(), UserID: c.ID}
	p, err := d.provePassword(ctx, who, c, password, wrongCredentials(), func(tx *db.Tx, p proof) (err error) {
		next := challenge{UserID: c.ID, AccountID: c.account(), Epoch: c.Epoch, Carried: carried{Rehash: p.rehash}}
		switch {
		case !c.active():
			return nil
		case len(c.factors) > 0:
			step.Next, next.Step = NextCode, stepCode
		case c.mustHaveFactor():
			step.Next, next.Step = NextSetup, stepSetup
			if next.Carried.Seed, err = newSeed(tx.Random()); err != nil {
				return err
			}
		default:
			return nil
		}
		step.Challenge, err = addChallenge(tx, who, next)
		return err
	})
	switch {
	case err != nil:
		return Step{}, err
	case !c.active():
		d.failed(ctx, who, c.account(), c.ID, causeUnfinished)
		return Step{}, fault.New(fault.Unauthenticated, causeUnfinished)
	case step.Next != NextDone:
		return step, nil
	}
	err = d.db.Update(ctx, c.who(who), func(tx *db.Tx) error {
		factors, err := FactorsOf(tx, c.ID)
		if err != nil {
			return err
		}
		if len(factors) > 0 {
			return challengeEnded()
		}
		step.Session, err = d.begin(tx, c, c.account(), false, p.rehash)
		return err
	})
	if err != nil {
		return Step{}, err
	}
	return step, nil
}

// begin makes the session in which a sign-in ends, if the candidate still is who
// they were: a new id, the attempts forgotten, the password stored under today's
// cost if need be.
func (d *Door) begin(tx *db.Tx, c candidate, accountID string, secondFactor bool, rehash string) (seal.Secret, error) {
	if err := c.note(tx); err != nil {
		return "", err
	}
	if err := Unlock(tx, c.ID); err != nil {
		return "", err
	}
	if rehash != "" && c.hash != "" {
		if err := replaceHash(tx, c.ID, c.hash, rehash); err != nil {
			return "", err
		}
	}
	token, ref, err := addSession(tx, c, accountID, secondFactor)
	if err != nil {
		return "", err
	}
	factor := "password"
	if secondFactor {
		factor = "password, totp"
	}
	return token, audit.Record(tx, audit.Entry{Action: audit.SignedIn, AccountID: accountID, Kind: "user", ID: c.ID,
		Changes: []audit.Change{{Field: "session", After: ref}, {Field: "factors", After: factor}}})
}

// Code takes the code of the authenticator app and ends the sign-in. It refuses
// with wrong_code (401), also during a lock, and with challenge_ended (401) when
// it is too late.
func (d *Door) Code(ctx context.Context, who db.Who, token seal.Secret, code string) (Step, error) {
	who = unsigned(who)
	code, err := cleanCode(code)
	if err != nil {
		return Step{}, err
	}
	_, c, err := d.challenged(ctx, who, token, func(ch challenge) bool { return ch.Carried.Seed == nil })
	if err != nil {
		return Step{}, err
	}
	step := Step{Next: NextDone, UserID: c.ID}
	err = d.proveCode(ctx, who, c, code, wrongCode(), func(tx *db.Tx) error {
		step.AccountID, step.Session, err = d.finish(tx, token, c)
		return err
	})
	if err != nil {
		return Step{}, err
	}
	return step, nil
}

// challenged reads a challenge of the right sort and whose it is.
func (d *Door) challenged(ctx context.Context, who db.Who, token seal.Secret, fits func(challenge) bool) (ch challenge, c candidate, err error) {
	err = d.db.View(ctx, func(tx *db.Tx) error {
		var found bool
		if ch, err = readChallenge(tx, token.Reveal()); err != nil {
			return err
		}
		c, found, err = d.candidateByID(tx, ch.UserID)
		if err == nil && (!found || c.Epoch != ch.Epoch || !fits(ch)) {
			err = challengeEnded()
		}
		return err
	})
	if isChallengeEnded(err) {
		d.failed(ctx, who, ch.AccountID, ch.UserID, causeChallenge)
	}
	return ch, c, err
}

// finish uses the challenge up, makes the waiting membership active, and begins
// the session. All factors are proved by now, in this same update.
func (d *Door) finish(tx *db.Tx, token seal.Secret, c candidate) (accountID string, session seal.Secret, err error) {
	ch, err := takeChallenge(tx, token.Reveal())
	if err != nil {
		return "", "", err
	}
	if ch.UserID != c.ID || ch.Epoch != c.Epoch {
		return "", "", challengeEnded()
	}
	accountID = c.account()
	if ch.Step == stepActivate {
		accountID = ch.AccountID
		if err := d.activate(tx, ch); err != nil {
			return "", "", err
		}
	}
	session, err = d.begin(tx, c, accountID, true, ch.Carried.Rehash)
	return accountID, session, err
}

// activate makes the membership active for which the challenge was made, unless
// its link was replaced or the person deactivated meanwhile.
func (d *Door) activate(tx *db.Tx, ch challenge) error {
	i, found, err := people.InvitationByHash(tx, ch.Carried.Link)
	switch {
	case err != nil:
		return err
	case !found || i.MembershipID != ch.Carried.Member:
		return fault.New(fault.Gone, "link_unknown")
	case i.ReplacedAt != 0:
		return fault.New(fault.Gone, "link_replaced")
	case i.DeactivatedAt != 0 || i.MemberDeactivatedAt != 0:
		return fault.New(fault.Gone, "link_deactivated")
	}
	return people.Activate(tx, i.AccountID, i.MembershipID)
}
