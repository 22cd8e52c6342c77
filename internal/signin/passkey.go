package signin

import (
	"context"
	"encoding/hex"

	"countersign/internal/db"
	"countersign/internal/fault"
)

// PasskeyOptions asks a browser for a passkey, whoever's it is; nil where there
// are none. It writes nothing, so that it can stand on a page that everybody sees.
func (d *Door) PasskeyOptions() (KeyOptions, error) {
	if d.keys == nil {
		return nil, nil
	}
	return d.passkeyOptions()
}

// Passkey takes what the browser answered to PasskeyOptions, and goes on. A
// passkey that verified its person is two factors in one (PCI DSS 8.4.2), where
// every account of the person allows it; whoever holds an administrator's role
// anywhere is asked for the password as well (8.4.1, FAQ 1596).
//
// It refuses with passkey_refused (401) whatever is wrong once it names somebody,
// and whoever it names; with ceremony_ended (401) when it is to be asked once
// more; and in the field credential what is no answer at all.
func (d *Door) Passkey(ctx context.Context, who db.Who, credential string) (step Step, err error) {
	who = unsigned(who)
	s, err := d.readSigned(forPasskey, credential)
	if err != nil {
		if fault.CodeOf(err) == causeCeremony {
			d.failed(ctx, who, "", "", causeCeremony)
		}
		return Step{}, err
	}
	c, found, err := d.candidateWithKey(ctx, credentialHash(s.RawID))
	if err != nil {
		return Step{}, err
	}
	if !found {
		d.failed(ctx, who, "", "key:"+hex.EncodeToString(d.db.Box().Mac("credential", s.RawID)[:16]), causeUnknownKey)
		return Step{}, passkeyRefused()
	}
	allowed := true
	err = d.attempt(ctx, who, c, passkeyRefused(), func(int64) (shown, error) {
		if cause := c.shut(); cause != "" {
			return shown{cause: cause}, nil
		}
		used, cause, err := d.verify(c, s, true)
		allowed = d.demands(c, "").passkey
		return shown{cause, KindPasskey, used.burn}, err
	}, func(tx *db.Tx, kind string) error {
		if !allowed {
			return passkeyRefused()
		}
		step, err = d.enterByKey(tx, c, kind)
		return err
	})
	if err == nil {
		return step, nil
	}
	if !allowed {
		d.failed(ctx, who, c.account(), c.ID, causeNoPasskey)
	}
	return Step{}, err
}

// candidateWithKey reads whose a credential is.
func (d *Door) candidateWithKey(ctx context.Context, credential []byte) (c candidate, found bool, err error) {
	err = d.db.View(ctx, func(tx *db.Tx) error {
		userID, known, err := credentialOwner(tx, credential)
		if err != nil || !known {
			return err
		}
		c, found, err = d.candidateByID(tx, userID)
		return err
	})
	return c, found, err
}

// shut is why this candidate is let in by nothing; "" when they may be.
func (c candidate) shut() string {
	switch {
	case len(c.members) == 0:
		return causeDeactivated
	case !c.awake():
		return causeInactive
	case !c.active():
		return causeUnfinished
	}
	return ""
}

// enterByKey goes on from a passkey: to the password for administrators, else as
// any way in.
func (d *Door) enterByKey(tx *db.Tx, c candidate, kind string) (Step, error) {
	now, err := d.still(tx, c)
	if err != nil {
		return Step{}, err
	}
	a := arrival{now, now.account(), carried{Given: []string{kind}}}
	admin, err := administers(tx, c.ID)
	if err != nil {
		return Step{}, err
	}
	if !admin {
		return d.onward(tx, a)
	}
	if err := giveBack(tx, c.key, c.limits); err != nil { // right, but not the last factor
		return Step{}, err
	}
	if err := recordProved(tx, a, NextPassword); err != nil {
		return Step{}, err
	}
	return d.next(tx, a, Step{AccountID: a.accountID, UserID: a.ID}, NextPassword)
}
