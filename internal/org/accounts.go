package org

import (
	"context"
	"fmt"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
)

// AccountEdit is what is to be different; nil leaves a field as it is. The
// customer ID stands in addresses and the environment decides what operators may
// do (features.md, I7): neither changes.
type AccountEdit struct{ Name, Alias *string }

// EditAccount changes an account's names, for whoever holds accounts:edit over it
// in the account that they work in. It returns the version that there is now.
func (o *Org) EditAccount(ctx context.Context, who db.Who, within, accountID string, version int64, in AccountEdit) (now int64, err error) {
	e := audit.Entry{Action: audit.AccountChanged, AccountID: within, Kind: "account", ID: accountID}
	err = o.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, err := o.edits(tx, who, within, accountID, version)
		if err != nil {
			return err
		}
		now, err = rename(tx, a, in)
		return err
	})
	return now, err
}

// SetAlias gives the account an easy name, for its own administrators (M4). It
// returns the version that there is now.
func (o *Org) SetAlias(ctx context.Context, who db.Who, accountID string, version int64, alias string) (now int64, err error) {
	e := audit.Entry{Action: audit.AccountChanged, AccountID: accountID, Kind: "account", ID: accountID}
	err = o.refusing(ctx, who, e, func(tx *db.Tx) error {
		if err := o.guard.May(tx, who, accountID, access.MustParse("account:manage_alias")); err != nil {
			return err
		}
		a, found, err := AccountByID(tx, accountID)
		if err == nil && !found {
			err = fault.None("account")
		}
		if err == nil {
			err = o.guard.On(tx, who, accountID, a.EntityID, access.MustParse("account:manage_alias"))
		}
		if err == nil {
			err = Fresh(a.Version, version)
		}
		if err != nil {
			return err
		}
		now, err = rename(tx, a, AccountEdit{Alias: &alias})
		return err
	})
	return now, err
}

// rename saves what differs and records it in the account's own log.
func rename(tx *db.Tx, a Account, in AccountEdit) (version int64, err error) {
	next := a
	var f fault.Fields
	if in.Name != nil {
		var problem string
		if next.Name, problem = lang.Line(*in.Name, nameMax); problem != "" {
			f.Add("name", problem, "max", nameMax)
		}
	}
	if in.Alias != nil {
		next.Alias = checkAlias(&f, *in.Alias)
	}
	if err := f.Err(); err != nil || next == a {
		return a.Version, err
	}
	if _, err := tx.Exec(`UPDATE accounts SET alias = $1, version = version + 1 WHERE id = $2`, next.Alias, a.ID); err != nil {
		return 0, fmt.Errorf("change account: %w", err)
	}
	if _, err := tx.Exec(`UPDATE entities SET name = $1, search_key = $2, version = version + 1 WHERE id = $3`,
		next.Name, searchKey(next.Name, a.CustomerID, next.Alias), a.EntityID); err != nil {
		return 0, fmt.Errorf("rename account: %w", err)
	}
	return a.Version + 1, audit.Record(tx, audit.Entry{Action: audit.AccountChanged, AccountID: a.ID, EntityID: a.EntityID, Kind: "account", ID: a.ID, Changes: []audit.Change{
		{Field: "name", Before: a.Name, After: next.Name}, {Field: "alias", Before: a.Alias, After: next.Alias}}})
}

// DeactivateAccount cuts everybody in an account, and in the accounts below it,
// off from what they hold through it, at once and on every node (access's rule
// InactiveAccount). Nothing of theirs is changed, so that activating it gives
// back exactly the same. It is done from an account above, and with a reason; the
// platform stays.
func (o *Org) DeactivateAccount(ctx context.Context, who db.Who, within, accountID string, version int64, reason string) error {
	return o.switchAccount(ctx, who, within, accountID, version, reason, false)
}

// ActivateAccount ends what DeactivateAccount did. reason may be empty.
func (o *Org) ActivateAccount(ctx context.Context, who db.Who, within, accountID string, version int64, reason string) error {
	return o.switchAccount(ctx, who, within, accountID, version, reason, true)
}

func (o *Org) switchAccount(ctx context.Context, who db.Who, within, accountID string, version int64, reason string, on bool) error {
	e := audit.Entry{Action: audit.AccountDeactivated, AccountID: within, Kind: "account", ID: accountID}
	if on {
		e.Action = audit.AccountReactivated
	}
	return o.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, err := o.edits(tx, who, within, accountID, version)
		if err == nil {
			err = mayStop(a, within)
		}
		if err == nil {
			reason, err = switched(tx, a.EntityID, a.Active, on, reason)
		}
		if err == nil && reason == "" && !on {
			err = fault.In("reason", "required")
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE accounts SET version = version + 1 WHERE id = $1`, a.ID); err != nil {
			return fmt.Errorf("switch account: %w", err)
		}
		e.AccountID, e.EntityID, e.Reason = a.ID, a.EntityID, reason
		return audit.Record(tx, e)
	})
}

// mayStop refuses what would leave nobody who could undo it.
func mayStop(a Account, within string) error {
	switch {
	case a.Kind == access.Platform:
		return fault.New(fault.Conflict, "platform_stays")
	case a.ID == within:
		return fault.New(fault.Conflict, "account_from_inside")
	}
	return nil
}

// switched makes an entity active or not and returns the reason as it is kept.
func switched(tx *db.Tx, entityID string, active, on bool, reason string) (string, error) {
	reason, problem := lang.Line(reason, reasonMax)
	switch {
	case problem != "" && problem != "required":
		return "", fault.In("reason", problem, "max", reasonMax)
	case active && on:
		return "", fault.New(fault.Conflict, "active_already")
	case !active && !on:
		return "", fault.New(fault.Conflict, "inactive_already")
	}
	var err error
	if on {
		_, err = tx.Exec(`UPDATE entities SET active = TRUE, deactivated_at = NULL, deactivated_by = '', deactivation_reason = '', version = version + 1 WHERE id = $1`, entityID)
	} else {
		_, err = tx.Exec(`UPDATE entities SET active = FALSE, deactivated_at = $1, deactivated_by = $2, deactivation_reason = $3, version = version + 1 WHERE id = $4`,
			tx.Now, tx.Who.ID, reason, entityID)
	}
	if err != nil {
		return "", fmt.Errorf("switch entity: %w", err)
	}
	tx.ChangedEntity(entityID)
	return reason, nil
}

const reasonMax = 500 // code points

// edits loads the account that an operator wants to change.
func (o *Org) edits(tx *db.Tx, who db.Who, within, accountID string, version int64) (Account, error) {
	a, found, err := AccountByID(tx, accountID)
	if err == nil {
		err = o.reaches(tx, who, within, a.EntityID, found, "account", "accounts:view", "accounts:edit")
	}
	if err == nil {
		err = Fresh(a.Version, version)
	}
	return a, err
}

// reaches refuses whoever may not do something over an entity: with the missing
// permission when they hold it nowhere in the account within, or see the entity
// and may not; and else as if there were none, whether there is one or not.
func (o *Org) reaches(tx *db.Tx, who db.Who, within, entityID string, found bool, what, see, do string) error {
	if err := o.guard.May(tx, who, within, access.MustParse(do)); err != nil {
		return err
	}
	s, err := o.guard.Snapshot(tx)
	if err != nil {
		return err
	}
	q := Question(tx, who, within)
	q.Permission, q.Entity = access.MustParse(see), entityID
	if !found || !access.Decide(s, q).Allowed {
		return fault.None(what)
	}
	return o.guard.On(tx, who, within, entityID, access.MustParse(do))
}

// Fresh refuses when somebody changed what was seen: now is the version that there is.
func Fresh(now, seen int64) error {
	if now != seen {
		return fault.New(fault.Stale, "stale")
	}
	return nil
}

// refusing runs an update and records it when it was refused. e says what was tried.
func (o *Org) refusing(ctx context.Context, who db.Who, e audit.Entry, f func(*db.Tx) error) error {
	if err := o.db.Update(ctx, who, f); err != nil {
		return o.audit.Refuse(ctx, who, e, err)
	}
	return nil
}
