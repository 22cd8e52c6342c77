package signin

import (
	"context"
	"strconv"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
)

// proof is a password that was right.
type proof struct {
	rehash string // the same under today's cost, when it was stored under another
}

// provePassword finds out whether password is the candidate's. A place in the
// queue comes first, so that a storm that is turned away writes nothing; then
// the attempt is reserved. A right one is given back together with what then
// keeps (both in one transaction of bookkeeping); then may be nil. A wrong one
// is recorded, and so is every other reason to answer refusal: what the caller
// is told is always refusal, after the same work.
func (d *Door) provePassword(ctx context.Context, who db.Who, c candidate, password string, refusal error, then func(*db.Tx, proof) error) (proof, error) {
	cause, right, rehash, err := d.look(ctx, c, password)
	if err != nil {
		return proof{}, err
	}
	ctx = context.WithoutCancel(ctx) // hanging up now hides nothing
	if !right {
		if cause == "" {
			cause = causePassword
		}
		return proof{}, d.refused(ctx, who, c, cause, refusal)
	}
	var p proof
	if rehash {
		if p.rehash, err = d.passwords.Hash(ctx, password); err != nil {
			p.rehash = "" // another time
		}
	}
	return p, d.db.Keep(ctx, func(tx *db.Tx) error {
		if err := giveBack(tx, c.key, c.limits); err != nil || then == nil {
			return err
		}
		return then(tx, p)
	})
}

// look compares the password of a candidate who is not blocked, and wastes the
// same work on everybody else; cause says why.
func (d *Door) look(ctx context.Context, c candidate, password string) (cause string, right, rehash bool, err error) {
	turn, err := d.passwords.queue()
	if err != nil {
		return "", false, false, err
	}
	defer turn.leave()
	var free bool
	err = d.db.Keep(ctx, func(tx *db.Tx) (err error) {
		free, err = reserve(tx, c.key, c.limits)
		return err
	})
	if err != nil {
		return "", false, false, err
	}
	if cause = c.blocked(); !free {
		cause = causeLocked
	}
	if cause == "" {
		right, rehash, err = turn.verify(ctx, c.hash, password)
	} else {
		err = turn.waste(ctx, password)
	}
	if err != nil && free { // gone while waiting: nothing was looked at
		_ = d.giveBack(ctx, c.key, c.limits)
	}
	return cause, right, rehash, err
}

// refused records why and returns refusal.
func (d *Door) refused(ctx context.Context, who db.Who, c candidate, cause string, refusal error) error {
	d.failed(ctx, who, c.account(), c.target(), cause)
	if cause != causeLocked {
		if err := d.noteLock(ctx, who, c); err != nil {
			return err
		}
	}
	return refusal
}

// Proof is a second factor as it is shown: one of the three.
type Proof struct {
	Code         string // of the authenticator app
	RecoveryCode string
	Credential   string // what the browser answered, as JSON, to options of Ask or AskAgain
}

// shown is what a look at a proof found: why it is wrong, or how it is used up,
// in the update that it opens.
type shown struct {
	cause string
	kind  string
	burn  func(*db.Tx) error
}

// prove does what do does if the proof is one of the candidate's, used for the
// first time: do runs in the update that uses it up and is told what was shown.
// purpose is what an assertion's challenge must have been made for. Each kind is
// refused in its own words: wrong says which.
func (d *Door) prove(ctx context.Context, who db.Who, c candidate, p Proof, purpose string, wrong wrongs, do func(*db.Tx, string) error) error {
	switch {
	case p.Credential != "":
		return d.proveKey(ctx, who, c, p.Credential, purpose, wrong.key, do)
	case p.RecoveryCode != "":
		return d.proveRecovery(ctx, who, c, p.RecoveryCode, wrong.recovery, do)
	}
	return d.proveCode(ctx, who, c, p.Code, wrong.code, do)
}

// wrongs are the refusals of a wrong proof, by kind.
type wrongs struct{ code, recovery, key error }

// onTheWayIn refuses a proof as a whole; inField beside the field it stands in.
func onTheWayIn() wrongs { return wrongs{wrongCode(), wrongRecovery(), wrongKey()} }

func inField() wrongs {
	return wrongs{fault.In("code", "wrong_code"), fault.In("recovery_code", "wrong_recovery_code"), fault.In("credential", "wrong_key")}
}

// clean checks that a proof can be one at all, and is only one, before anything
// else is looked at.
func (p Proof) clean() (err error) {
	switch {
	case p.Credential != "" && p.RecoveryCode+p.Code != "" || p.RecoveryCode != "" && p.Code != "":
		err = fault.In("code", "one_proof")
	case p.Credential != "":
		if len(p.Credential) > credentialMost {
			err = credentialFormat()
		}
	case p.RecoveryCode != "":
		_, err = cleanRecovery(p.RecoveryCode)
	default:
		_, err = cleanCode(p.Code)
	}
	return err
}

func (d *Door) proveCode(ctx context.Context, who db.Who, c candidate, code string, refusal error, do func(*db.Tx, string) error) error {
	code, err := cleanCode(code)
	if err != nil {
		return err
	}
	return d.attempt(ctx, who, c, refusal, func(now int64) (shown, error) {
		used, err := findCode(d.db.Box(), c.factors, code, now)
		if err != nil || used.factor.ID == "" {
			return shown{cause: causeCode}, err
		}
		return shown{kind: KindApp, burn: used.burn}, nil
	}, do)
}

func (d *Door) proveKey(ctx context.Context, who db.Who, c candidate, answer, purpose string, refusal error, do func(*db.Tx, string) error) error {
	s, err := d.readSigned(purpose, answer)
	if err != nil {
		if fault.CodeOf(err) == causeCeremony {
			d.failed(ctx, who, c.account(), c.target(), causeCeremony)
		}
		return err
	}
	return d.attempt(ctx, who, c, refusal, func(int64) (shown, error) {
		used, cause, err := d.verify(c, s, false)
		return shown{cause, KindKey, used.burn}, err
	}, do)
}

// proveRecovery takes its place in the queue first, as provePassword does.
func (d *Door) proveRecovery(ctx context.Context, who db.Who, c candidate, code string, refusal error, do func(*db.Tx, string) error) error {
	code, err := cleanRecovery(code)
	if err != nil {
		return err
	}
	turn, err := d.passwords.queue()
	if err != nil {
		return err
	}
	defer turn.leave()
	return d.attempt(ctx, who, c, refusal, func(int64) (shown, error) {
		var left []recoveryCode
		err := d.db.View(ctx, func(tx *db.Tx) (err error) {
			left, err = recoveryLeft(tx, c.ID)
			return err
		})
		if err != nil {
			return shown{}, err
		}
		hashes := make([]string, len(left))
		for i, one := range left {
			hashes[i] = one.hash
		}
		n, err := turn.findIn(ctx, hashes, code)
		if err != nil || n < 0 {
			return shown{cause: causeRecovery}, err
		}
		return shown{kind: KindRecovery, burn: func(tx *db.Tx) error { return d.burnRecovery(tx, c, left[n]) }}, nil
	}, do)
}

// burnRecovery uses a recovery code up, and tells its person.
func (d *Door) burnRecovery(tx *db.Tx, c candidate, r recoveryCode) error {
	if err := r.burn(tx); err != nil {
		return err
	}
	list, err := recoveryLeft(tx, c.ID)
	if err != nil {
		return err
	}
	left := len(list)
	if err := tell(tx, c, "recovery_code_used", "left", strconv.Itoa(left)); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Action: audit.RecoveryCodeUsed, AccountID: tx.Who.AccountID, Kind: "user", ID: c.ID,
		Changes: []audit.Change{{Field: "recovery_codes", Before: strconv.Itoa(left + 1), After: strconv.Itoa(left)}}})
}

// attempt reserves one of the attempts that are left, looks at what is shown,
// and does what do does in the update that uses it up. do checks that all else is
// as it was; onward forgets the attempts. The attempt is given back when what was
// shown was right and do refused, and when nothing was looked at.
func (d *Door) attempt(ctx context.Context, who db.Who, c candidate, refusal error, look func(now int64) (shown, error), do func(*db.Tx, string) error) error {
	var free bool
	var now int64
	err := d.db.Keep(ctx, func(tx *db.Tx) (err error) {
		now = tx.Now
		free, err = reserve(tx, c.key, c.limits)
		return err
	})
	if err != nil {
		return err
	}
	if !free {
		return d.refused(ctx, who, c, causeLocked, refusal)
	}
	found, err := look(now)
	if err != nil {
		_ = d.giveBack(ctx, c.key, c.limits)
		return err
	}
	ctx = context.WithoutCancel(ctx)
	if found.cause != "" {
		return d.refused(ctx, who, c, found.cause, refusal)
	}
	err = d.db.Update(ctx, c.acting(who), func(tx *db.Tx) error {
		if err := found.burn(tx); err != nil {
			return err
		}
		return do(tx, found.kind)
	})
	switch {
	case err == errWrong:
		return d.refused(ctx, who, c, causes[found.kind], refusal)
	case err != nil:
		_ = d.giveBack(ctx, c.key, c.limits)
	}
	return err
}

// causes are those of a factor that was used already.
var causes = map[string]string{KindApp: causeCode, KindRecovery: causeRecovery, KindKey: causeKey, KindPasskey: causeKey}
