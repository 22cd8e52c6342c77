package signin

import (
	"context"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
)

// me reads who acts, in a session that is still theirs.
func (d *Door) me(tx *db.Tx, who db.Who) (candidate, error) {
	c, _, err := d.inSession(tx, who)
	return c, err
}

func (d *Door) inSession(tx *db.Tx, who db.Who) (candidate, Session, error) {
	if who.Kind != db.User || who.Ref == "" {
		return candidate{}, Session{}, sessionEnded()
	}
	s, alive, err := d.ByRef(tx, who.Ref)
	if err != nil {
		return candidate{}, s, err
	}
	if !alive || s.UserID != who.ID {
		return candidate{}, s, sessionEnded()
	}
	c, _, err := d.candidateByID(tx, who.ID)
	return c, s, err
}

// same refuses when the person's epoch is not that of before any more.
func (d *Door) same(tx *db.Tx, who db.Who, before candidate) error {
	c, err := d.me(tx, who)
	if err == nil && (c.Epoch != before.Epoch || !c.awake()) {
		err = sessionEnded()
	}
	return err
}

// AskAgain says what can be shown beside the password to confirm who acts in a
// session, and gives the options for a key. Without kinds the password is enough.
func (d *Door) AskAgain(ctx context.Context, who db.Who) (Question, error) {
	var c candidate
	err := d.db.View(ctx, func(tx *db.Tx) (err error) {
		c, err = d.me(tx, who)
		return err
	})
	if err != nil {
		return Question{}, err
	}
	return d.question(c, forConfirming(who))
}

func forConfirming(who db.Who) string { return "confirming in " + who.Ref }

// Confirm is a fresh authentication in a session (A6): password, and for whoever
// has a second factor one of theirs. For five minutes the session is fresh. It
// refuses in the fields password (wrong_password), code (wrong_code),
// recovery_code (wrong_recovery_code) and credential (wrong_key); all count as
// wrong sign-ins.
func (d *Door) Confirm(ctx context.Context, who db.Who, password string, p Proof) error {
	var c candidate
	err := d.db.View(ctx, func(tx *db.Tx) (err error) {
		c, err = d.me(tx, who)
		return err
	})
	if err != nil {
		return err
	}
	has := len(c.factors) > 0
	var wrong fault.Fields
	passwordField(&wrong, password)
	if has {
		if err := p.clean(); err != nil {
			for _, f := range fault.From(err).Fields {
				wrong.Add(f.Name, f.Code)
			}
		}
	}
	if err := wrong.Err(); err != nil {
		return err
	}
	if _, err = d.provePassword(ctx, who, c, password, wrongPassword("password"), nil); err != nil {
		return err
	}
	finally := func(tx *db.Tx, kind string) error { return d.confirmed(tx, who, c, kind) }
	if has {
		return d.prove(ctx, who, c, p, forConfirming(who), inField(), finally)
	}
	return d.db.Update(ctx, who, func(tx *db.Tx) error { return finally(tx, "") })
}

// confirmed makes the session fresh and forgets the attempts: all factors were right.
func (d *Door) confirmed(tx *db.Tx, who db.Who, c candidate, kind string) error {
	if err := d.same(tx, who, c); err != nil {
		return err
	}
	if err := unlock(tx, c.ID); err != nil {
		return err
	}
	if err := refresh(tx, who, kind != ""); err != nil {
		return err
	}
	given := kindPassword
	if kind != "" {
		given += ", " + kind
	}
	return audit.Record(tx, audit.Entry{Action: audit.SessionConfirmed, AccountID: who.AccountID, Kind: "user", ID: who.ID,
		Changes: []audit.Change{{Field: "session", After: who.Ref}, {Field: "factors", After: given}}})
}

// confirmedMe is me for what is done after fresh authentication alone (PCI DSS
// 8.3.3): it refuses with needs_fresh (403) when all factors were not given in the
// last five minutes.
func (d *Door) confirmedMe(tx *db.Tx, who db.Who) (candidate, error) {
	c, s, err := d.inSession(tx, who)
	if err == nil && (!s.Fresh || len(c.factors) > 0 && !s.SecondFactor) {
		err = needsFresh()
	}
	return c, err
}

func needsFresh() error { return fault.New(fault.Forbidden, "needs_fresh") }
