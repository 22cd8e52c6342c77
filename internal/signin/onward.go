package signin

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/people"
	"countersign/internal/seal"
)

// challenged reads a challenge that opens a step and whose it is. It spends nothing.
// Whoever else is signed in on this device has nothing to do with it.
func (d *Door) challenged(ctx context.Context, who db.Who, token seal.Secret, opens string) (ch challenge, c candidate, err error) {
	err = d.db.View(ctx, func(tx *db.Tx) error {
		var found bool
		if ch, err = readChallenge(tx, token.Reveal()); err != nil {
			return err
		}
		c, found, err = d.candidateByID(tx, ch.UserID)
		if err == nil && (!found || c.Epoch != ch.Epoch || ch.Carried.Opens != opens || ch.Carried.Session != "") {
			err = challengeEnded()
		}
		return err
	})
	if isChallengeEnded(err) {
		d.failed(ctx, unsigned(who), ch.AccountID, ch.UserID, causeChallenge)
	}
	return ch, c, err
}

// Opens refuses with challenge_ended (401) unless the challenge opens the step. It
// spends nothing.
func (d *Door) Opens(ctx context.Context, who db.Who, token seal.Secret, step string) error {
	_, _, err := d.challenged(ctx, who, token, step)
	return err
}

// What a ceremony's challenge is for: the place in which it was given out.
const forPasskey = "passkey"

func forStep(ch challenge) string { return fmt.Sprintf("step %x", []byte(ch.hash)) }

// arrival is somebody on the way in who has shown all that was asked so far.
type arrival struct {
	candidate
	accountID string // in which the session begins
	carried
}

// arriving uses a challenge up and reads who goes on with it, as they are now.
func (d *Door) arriving(tx *db.Tx, token seal.Secret, opens string) (a arrival, err error) {
	ch, err := takeChallenge(tx, token.Reveal())
	if err != nil {
		return a, err
	}
	c, found, err := d.candidateByID(tx, ch.UserID)
	if err == nil && (!found || c.Epoch != ch.Epoch || ch.Carried.Opens != opens || ch.Carried.Session != "") {
		err = challengeEnded()
	}
	a = arrival{c, c.account(), ch.Carried}
	if a.Member != "" {
		a.accountID = ch.AccountID
	}
	return a, err
}

// still reads a candidate again and refuses when they are not who they were.
func (d *Door) still(tx *db.Tx, before candidate) (candidate, error) {
	c, found, err := d.candidateByID(tx, before.ID)
	if err == nil && (!found || c.Epoch != before.Epoch) {
		err = challengeEnded()
	}
	return c, err
}

// onward is where every way in ends, when all that was asked for was right: in
// what must be set up first, in another password where the present one will not do
// any more, or else in the session. It runs in the update that
// used up what was shown.
func (d *Door) onward(tx *db.Tx, a arrival) (Step, error) {
	step := Step{AccountID: a.accountID, UserID: a.ID}
	if err := unlock(tx, a.ID); err != nil {
		return step, err
	}
	if kinds, _ := d.demands(a.candidate, a.Member).toSetUp(a.current()); len(kinds) > 0 {
		return d.asksSetUp(tx, a, step)
	}
	if err := d.replaceOld(tx, &a); err != nil {
		return step, err
	}
	if err := d.activate(tx, &a); err != nil {
		return step, err
	}
	if len(a.Codes) > 0 {
		return d.next(tx, a, step, NextCodes)
	}
	if a.overdue(tx.Now) != "" {
		if err := recordProved(tx, a, NextChange); err != nil {
			return step, err
		}
		return d.next(tx, a, step, NextChange)
	}
	var err error
	step.Next = NextDone
	step.Session, err = d.begin(tx, a)
	return step, err
}

// asksSetUp makes the challenge under which somebody sets up what is missing.
func (d *Door) asksSetUp(tx *db.Tx, a arrival, step Step) (Step, error) {
	if a.Seed == nil {
		var err error
		if a.Seed, err = newSeed(tx.Random()); err != nil {
			return step, err
		}
		if err := recordProved(tx, a, NextSetup); err != nil {
			return step, err
		}
	}
	return d.next(tx, a, step, NextSetup)
}

// recordProved tells that all was right and something is asked all the same.
func recordProved(tx *db.Tx, a arrival, next string) error {
	return audit.Record(tx, audit.Entry{Action: audit.SignInProved, AccountID: a.accountID, Kind: "user", ID: a.ID,
		Changes: []audit.Change{{Field: "factors", After: strings.Join(a.Given, ", ")}, {Field: "next_step", After: next}}})
}

// next makes the challenge of another step.
func (d *Door) next(tx *db.Tx, a arrival, step Step, opens string) (_ Step, err error) {
	a.Opens, step.Next = opens, opens
	step.Challenge, err = addChallenge(tx, tx.Who, challenge{UserID: a.ID, AccountID: a.accountID, Epoch: a.Epoch, Carried: a.carried})
	return step, err
}

// activate makes the membership active for which a challenge was made, unless
// its link was replaced or the person deactivated meanwhile.
func (d *Door) activate(tx *db.Tx, a *arrival) error {
	if a.Member == "" {
		return nil
	}
	i, found, err := people.InvitationByHash(tx, a.Link)
	switch {
	case err != nil:
		return err
	case !found || i.MembershipID != a.Member:
		return fault.New(fault.Gone, "link_unknown")
	case i.ReplacedAt != 0:
		return fault.New(fault.Gone, "link_replaced")
	case i.DeactivatedAt != 0 || i.MemberDeactivatedAt != 0:
		return fault.New(fault.Gone, "link_deactivated")
	}
	if err := people.Activate(tx, i.AccountID, i.MembershipID); err != nil {
		return err
	}
	for n, p := range a.members {
		if p.ID == a.Member {
			a.members[n].ActivatedAt = tx.Now
		}
	}
	a.Member, a.Link = "", nil
	return nil
}

// givenOf reads what an entry keeps of the factors that were shown.
func givenOf(text string) []string { return strings.Split(text, ", ") }

// begin makes the session in which a sign-in ends, if the candidate still is who
// they were: a new id, the password stored under today's cost if need be.
func (d *Door) begin(tx *db.Tx, a arrival) (seal.Secret, error) {
	if err := a.note(tx); err != nil {
		return "", err
	}
	if a.Rehash != "" && a.hash != "" {
		if err := replaceHash(tx, a.ID, a.hash, a.Rehash); err != nil {
			return "", err
		}
	}
	second := slices.ContainsFunc(a.Given, func(kind string) bool { return kind != kindPassword })
	token, ref, err := addSession(tx, a.candidate, a.accountID, second)
	if err != nil {
		return "", err
	}
	return token, audit.Record(tx, audit.Entry{Action: audit.SignedIn, AccountID: a.accountID, Kind: "user", ID: a.ID,
		Changes: []audit.Change{{Field: "session", After: ref}, {Field: "factors", After: strings.Join(a.Given, ", ")}}})
}
