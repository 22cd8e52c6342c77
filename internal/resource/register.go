package resource

import (
	"context"
	"fmt"
	"slices"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/roles"
)

// Register adds a resource type, for whoever holds resource_types:manage over the
// whole platform. Its actions can be given at once; nobody holds them yet.
func (r *Resources) Register(ctx context.Context, who db.Who, in Draft) error {
	e := audit.Entry{Action: audit.TypeRegistered, AccountID: who.AccountID, Kind: "resource_type", ID: in.Name}
	return r.refusing(ctx, who, &e, func(tx *db.Tx) error {
		if _, err := r.platform(tx, who, &e); err != nil {
			return err
		}
		list, err := Types(tx)
		if err != nil {
			return err
		}
		var f fault.Fields
		in.check(&f)
		if slices.ContainsFunc(list, func(t Type) bool { return t.Name == in.Name }) {
			f.Add("name", "name_taken")
		}
		room(&f, list, in)
		if err := f.Err(); err != nil {
			return err
		}
		if err := insertType(tx, in); err != nil {
			return err
		}
		tx.ChangedTypes()
		e.ID = in.Name
		e.Changes = differences(Draft{}, in)
		return audit.Record(tx, e)
	})
}

// room notes when there would be more actions than decisions have place for.
func room(f *fault.Fields, list []Type, in Draft) {
	n := len(in.Actions)
	for _, t := range list {
		if t.Name != in.Name {
			n += len(t.Actions)
		}
	}
	if n > access.RegisteredMost {
		f.Add("actions", "too_many_registered", "max", access.RegisteredMost)
	}
}

// differences are what is recorded of a type.
func differences(before, after Draft) []audit.Change {
	located := func(d Draft) string {
		if d.Name == "" {
			return ""
		}
		return fmt.Sprint(d.Located)
	}
	return []audit.Change{
		{Field: "title", Before: before.Title, After: after.Title},
		{Field: "entity_from", Before: before.From.String(), After: after.From.String()},
		{Field: "located", Before: located(before), After: located(after)},
		{Field: "actions", Before: actionsText(before.Actions), After: actionsText(after.Actions)},
		{Field: "properties", Before: propertiesText(before.Properties), After: propertiesText(after.Properties)},
	}
}

// Change changes a type: its words, what its actions ask for, and which actions and
// properties there are. What stands in a role or a policy is not taken away, and
// neither is a property of which an account has stored a value. It returns the
// version that there is now.
func (r *Resources) Change(ctx context.Context, who db.Who, name string, version int64, in Edit) (now int64, err error) {
	err = r.on(ctx, who, audit.TypeChanged, name, version, func(tx *db.Tx, t Type, e *audit.Entry) error {
		before, after := t.Draft(), t.Draft()
		if in.Title != nil {
			after.Title = *in.Title
		}
		if in.Actions != nil {
			after.Actions = slices.Clone(*in.Actions)
		}
		if in.Properties != nil {
			after.Properties = slices.Clone(*in.Properties)
		}
		if err := r.checkChange(tx, before, &after); err != nil {
			return err
		}
		e.Changes = differences(before, after)
		if !slices.ContainsFunc(e.Changes, func(c audit.Change) bool { return c.Before != c.After }) {
			now = t.Version
			return nil
		}
		now = t.Version + 1
		if err := updateType(tx, after); err != nil {
			return err
		}
		tx.ChangedTypes()
		return audit.Record(tx, *e)
	})
	return now, err
}

func (r *Resources) checkChange(tx *db.Tx, before Draft, after *Draft) error {
	list, err := Types(tx)
	if err != nil {
		return err
	}
	var f fault.Fields
	after.check(&f)
	after.kept(&f, before)
	room(&f, list, *after)
	actions, properties := after.gone(before)
	if len(actions)+len(properties) > 0 {
		named, err := roles.NamedOf(tx, before.Name)
		if err != nil {
			return err
		}
		for _, a := range actions {
			if n := named.Actions[a]; n > 0 {
				f.Add("actions", "action_named", "name", a, "count", n)
			}
		}
		for _, p := range properties {
			if n := named.Properties[p.Part.String()+"."+p.Name]; n > 0 {
				f.Add("properties", "property_named", "name", p.Name, "count", n)
				continue
			}
			has, err := hasValues(tx, before.Name, p)
			if err != nil {
				return err
			}
			if has {
				f.Add("properties", "property_stored", "name", p.Name)
			}
		}
	}
	return f.Err()
}

// Retire ends a type: nobody may do anything to what is of it any more, whatever
// their roles say, and nothing more is stored of it.
func (r *Resources) Retire(ctx context.Context, who db.Who, name string, version int64) (now int64, err error) {
	return r.turn(ctx, who, audit.TypeRetired, name, version, false)
}

// Reinstate ends what Retire did: roles give again what they name.
func (r *Resources) Reinstate(ctx context.Context, who db.Who, name string, version int64) (now int64, err error) {
	return r.turn(ctx, who, audit.TypeReinstated, name, version, true)
}

func (r *Resources) turn(ctx context.Context, who db.Who, action, name string, version int64, in bool) (now int64, err error) {
	err = r.on(ctx, who, action, name, version, func(tx *db.Tx, t Type, e *audit.Entry) error {
		switch {
		case in && !t.Retired:
			return fault.New(fault.Conflict, "not_retired")
		case !in && t.Retired:
			return fault.New(fault.Conflict, "already_retired")
		}
		now = t.Version + 1
		if err := retire(tx, "resource_types", name, in); err != nil {
			return err
		}
		tx.ChangedTypes()
		return audit.Record(tx, *e)
	})
	return now, err
}

// on has something done to one type, by whoever may.
func (r *Resources) on(ctx context.Context, who db.Who, action, name string, version int64, f func(*db.Tx, Type, *audit.Entry) error) error {
	e := audit.Entry{Action: action, AccountID: who.AccountID, Kind: "resource_type", ID: name}
	return r.refusing(ctx, who, &e, func(tx *db.Tx) error {
		if _, err := r.platform(tx, who, &e); err != nil {
			return err
		}
		t, found, err := TypeByName(tx, name)
		if err == nil && !found {
			err = fault.None("resource_type")
		}
		if err == nil {
			err = org.Fresh(t.Version, version)
		}
		if err != nil {
			return err
		}
		return f(tx, t, &e)
	})
}
