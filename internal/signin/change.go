package signin

import (
	"context"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
)

// change is what must be known before a password is changed.
type change struct {
	c        candidate
	rules    Rules
	earlier  []string // hashes
	asksCode bool
}

func (d *Door) readChange(ctx context.Context, who db.Who) (ch change, err error) {
	err = d.db.View(ctx, func(tx *db.Tx) error {
		if ch.c, err = d.me(tx, who); err != nil {
			return err
		}
		s, _, err := d.ByRef(tx, who.Ref)
		if err != nil {
			return err
		}
		has := len(ch.c.factors) > 0
		ch.asksCode = has && !(s.Fresh && s.SecondFactor)
		if ch.asksCode && !hasKind(ch.c.factors, KindApp) {
			return needsFresh() // a key is asked on a page of its own
		}
		ch.rules = RulesOf(ch.c.settings, !has && !ch.c.mustHaveFactor())
		ch.earlier, err = earlier(tx, ch.c, ch.rules.History)
		return err
	})
	return ch, err
}

// ChangePassword sets another password for the person who acts. The current one
// is asked for always; the code too unless the session is fresh (PCI DSS 8.3.3:
// whoever changes a factor has proved who they are). All other sessions end.
// It refuses in the fields current, code and password, and with needs_fresh (403)
// for whoever has no app to show a code of.
func (d *Door) ChangePassword(ctx context.Context, who db.Who, current, code, next string) error {
	ch, err := d.readChange(ctx, who)
	if err != nil {
		return err
	}
	var wrong fault.Fields
	if current == "" {
		wrong.Add("current", "required")
	}
	if tooLong("current", current) != nil {
		wrong.Add("current", "password_too_long", "max", passwordMax)
	}
	if ch.asksCode {
		if code, err = cleanCode(code); err != nil {
			wrong.Add("code", fault.From(err).Fields[0].Code)
		}
	}
	ch.rules.Check(&wrong, "password", next, ch.c.own()...)
	if err := wrong.Err(); err != nil {
		return err
	}
	if _, err := d.provePassword(ctx, who, ch.c, current, wrongPassword("current"), nil); err != nil {
		return err
	}
	hash, err := d.choose(ctx, "password", ch.c, ch.rules, next, ch.earlier)
	if err != nil {
		return err
	}
	store := func(tx *db.Tx, _ string) error { return d.storeChange(tx, who, ch.c, hash) }
	if ch.asksCode {
		return d.proveCode(ctx, who, ch.c, code, fault.In("code", "wrong_code"), store)
	}
	return d.db.Update(ctx, who, func(tx *db.Tx) error { return store(tx, "") })
}

// storeChange stores the new password and keeps the session it was changed in.
func (d *Door) storeChange(tx *db.Tx, who db.Who, c candidate, hash string) error {
	if err := d.same(tx, who, c); err != nil {
		return err
	}
	if err := storePassword(tx, c.ID, hash); err != nil {
		return err
	}
	if err := Unlock(tx, c.ID); err != nil {
		return err
	}
	if err := keepOwn(tx, who, c.Epoch+1); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Action: audit.PasswordChanged, AccountID: who.AccountID, Kind: "user", ID: c.ID})
}
