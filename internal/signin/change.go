package signin

import (
	"context"

	"countersign/internal/audit"
	"countersign/internal/db"
)

// NextPassword gives the rules of another password for the person who acts, or
// refuses with needs_fresh (403), as ChangePassword will.
func (d *Door) NextPassword(ctx context.Context, who db.Who) (r Rules, err error) {
	err = d.db.View(ctx, func(tx *db.Tx) error {
		c, err := d.confirmedMe(tx, who)
		r = c.rules("")
		return err
	})
	return r, err
}

// ChangePassword sets another password for the person who acts, after fresh
// authentication (PCI DSS 8.3.3: whoever changes a factor has proved who they are),
// or it refuses with needs_fresh (403). All their other sessions end, and they are
// told. It refuses in the field password what will not do.
func (d *Door) ChangePassword(ctx context.Context, who db.Who, next string) error {
	var c candidate
	err := d.db.View(ctx, func(tx *db.Tx) (err error) {
		c, err = d.confirmedMe(tx, who)
		return err
	})
	if err != nil {
		e := audit.Entry{Action: audit.PasswordChanged, AccountID: who.AccountID, Kind: "user", ID: who.ID}
		return d.log.Refuse(ctx, who, e, err)
	}
	hash, err := d.another(ctx, c, next)
	if err != nil {
		return err
	}
	return d.db.Update(ctx, who, func(tx *db.Tx) error {
		c, err := d.confirmedMe(tx, who)
		if err != nil {
			return err
		}
		if err := newPassword(tx, c, hash); err != nil {
			return err
		}
		if err := keepOwn(tx, who, c.Epoch+1); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Action: audit.PasswordChanged, AccountID: who.AccountID, Kind: "user", ID: c.ID})
	})
}
