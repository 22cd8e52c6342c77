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

// Onboard adds a legal entity below another entity, named by id or customer ID,
// for whoever holds entities:onboard over that one. n.Kind is not read.
func (o *Org) Onboard(ctx context.Context, who db.Who, within string, n New) (made Entity, err error) {
	e := audit.Entry{Action: audit.EntityCreated, AccountID: within, Kind: "account", ID: within}
	err = o.refusing(ctx, who, e, func(tx *db.Tx) error {
		if err := o.guard.May(tx, who, within, access.MustParse("entities:onboard")); err != nil {
			return err
		}
		var f fault.Fields
		n.Kind = access.LegalEntity
		n.Check(&f, o.profiles)
		parent, err := o.parent(tx, who, within, n.ParentID)
		if fault.CodeOf(err) == "not_found" {
			f.Add("parent", "unknown_entity")
			return f.Err()
		}
		if err == nil {
			err = f.Err()
		}
		if err != nil {
			return err
		}
		n.ParentID = parent.ID
		made, err = CreateEntity(tx, n)
		return err
	})
	return made, err
}

// parent finds what something is to stand below.
func (o *Org) parent(tx *db.Tx, who db.Who, within, id string) (Entity, error) {
	a, found, err := AccountByID(tx, within)
	if err != nil || !found {
		return Entity{}, err
	}
	list, err := EntitiesIn(tx, a, []string{id})
	if err != nil {
		return Entity{}, err
	}
	if len(list) != 1 {
		return Entity{}, fault.None("entity")
	}
	return list[0], o.reaches(tx, who, within, list[0].ID, true, "entity", "entities:view", "entities:onboard")
}

// RenameEntity changes a legal entity's name, for whoever holds entities:edit
// over it. An account's name is EditAccount's. It returns the version that there
// is now.
func (o *Org) RenameEntity(ctx context.Context, who db.Who, within, entityID string, version int64, name string) (now int64, err error) {
	e := audit.Entry{Action: audit.EntityChanged, AccountID: within, Kind: "entity", ID: entityID}
	err = o.refusing(ctx, who, e, func(tx *db.Tx) error {
		x, err := o.editsEntity(tx, who, within, entityID, version)
		if err != nil {
			return err
		}
		name, problem := lang.Line(name, nameMax)
		if problem != "" {
			return fault.In("name", problem, "max", nameMax)
		}
		if now = x.Version; name == x.Name {
			return nil
		}
		now++
		if _, err := tx.Exec(`UPDATE entities SET name = $1, search_key = $2, version = version + 1 WHERE id = $3`, name, searchKey(name, x.CustomerID, ""), x.ID); err != nil {
			return fmt.Errorf("rename entity: %w", err)
		}
		return audit.Record(tx, audit.Entry{Action: audit.EntityChanged, AccountID: x.AccountID, EntityID: x.ID, Kind: "entity", ID: x.ID,
			Changes: []audit.Change{{Field: "name", Before: x.Name, After: name}}})
	})
	return now, err
}

// DeactivateEntity marks a legal entity as one that does no business any more:
// nothing can be added below it, and services are told so. What people may do to
// its records stays, because they still have to be looked after. reason may be empty.
func (o *Org) DeactivateEntity(ctx context.Context, who db.Who, within, entityID string, version int64, reason string) error {
	return o.switchEntity(ctx, who, within, entityID, version, reason, false)
}

// ActivateEntity ends what DeactivateEntity did.
func (o *Org) ActivateEntity(ctx context.Context, who db.Who, within, entityID string, version int64, reason string) error {
	return o.switchEntity(ctx, who, within, entityID, version, reason, true)
}

func (o *Org) switchEntity(ctx context.Context, who db.Who, within, entityID string, version int64, reason string, on bool) error {
	e := audit.Entry{Action: audit.EntityDeactivated, AccountID: within, Kind: "entity", ID: entityID}
	if on {
		e.Action = audit.EntityReactivated
	}
	return o.refusing(ctx, who, e, func(tx *db.Tx) error {
		x, err := o.editsEntity(tx, who, within, entityID, version)
		if err == nil {
			reason, err = switched(tx, x.ID, x.Active, on, reason)
		}
		if err != nil {
			return err
		}
		e.AccountID, e.EntityID, e.Reason = x.AccountID, x.ID, reason
		return audit.Record(tx, e)
	})
}

// editsEntity loads the legal entity that somebody wants to change.
func (o *Org) editsEntity(tx *db.Tx, who db.Who, within, entityID string, version int64) (Entity, error) {
	x, found, err := EntityByID(tx, entityID)
	if err == nil {
		err = o.reaches(tx, who, within, x.ID, found, "entity", "entities:view", "entities:edit")
	}
	switch {
	case err != nil:
		return x, err
	case x.IsAccount():
		return x, fault.New(fault.Conflict, "entity_is_account")
	}
	return x, Fresh(x.Version, version)
}
