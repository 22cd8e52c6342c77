package signin

import (
	"context"

	"countersign/internal/db"
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

// proveCode does what do does if code is one of the candidate's, used for the
// first time: do runs in the update that burns it, checks that all else is as it
// was, and forgets the attempts. The attempt is reserved before it is looked at,
// and given back when the code was right and do refused.
func (d *Door) proveCode(ctx context.Context, who db.Who, c candidate, code string, refusal error, do func(*db.Tx) error) error {
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
	ctx = context.WithoutCancel(ctx)
	used, err := findCode(d.db.Box(), c.factors, code, now)
	if err != nil {
		return err
	}
	if used.id == "" {
		return d.refused(ctx, who, c, causeCode, refusal)
	}
	actor := who
	if actor.Kind != db.User {
		actor = c.who(who)
	}
	err = d.db.Update(ctx, actor, func(tx *db.Tx) error {
		if err := used.burn(tx); err != nil {
			return err
		}
		return do(tx)
	})
	switch {
	case err == errWrong:
		return d.refused(ctx, who, c, causeCode, refusal)
	case err != nil:
		_ = d.giveBack(ctx, c.key, c.limits)
	}
	return err
}
