package resource

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
)

// Putting is a resource as it is to be stored.
type Putting struct {
	ID       string
	Entity   string // id or customer ID; may be left out where the type's is the account's own
	Location string // id; "" is none
	Values   map[string]Given
}

// Given is a value as it comes in. Kind says as what it came (Text, Number or
// YesNo); 0 is what a person typed, who types everything.
type Given struct {
	Kind access.ValueKind
	Text string
}

// Anew is in the place of a version where there must be none yet.
const Anew = 0

// PutMost is how many resources are stored at once.
const PutMost = 1000

// Put stores one resource of a type in an account: a new one (version Anew), or
// another one in the place of that which was seen. It is done by whoever holds
// StorePermission over its entity, and over that which it has so far, and by the
// account's service tokens of kind resources. It returns the version that there is now.
func (r *Resources) Put(ctx context.Context, who db.Who, accountID, typ string, version int64, in Putting) (now int64, err error) {
	e := audit.Entry{Action: audit.ResourceChanged, AccountID: accountID, Kind: "resource", ID: typ + "/" + in.ID}
	if version == Anew {
		e.Action = audit.ResourceStored
	}
	err = r.refusing(ctx, who, &e, func(tx *db.Tx) error {
		k, err := r.keeping(tx, who, accountID, typ)
		if err != nil {
			return err
		}
		if err := k.usable(); err != nil {
			return err
		}
		before, found, err := k.one(in.ID)
		switch {
		case err != nil:
			return err
		case !found && version != Anew, found && version != Anew && !k.sees(before):
			return fault.None("resource")
		case found && !k.sees(before):
			return fault.In("id", "id_taken")
		case found && version == Anew:
			e := fault.New(fault.NoPrecondition, "resource_there")
			e.Fields = []fault.Field{{Name: "id", Code: "id_taken"}}
			return e
		case found:
			if err := org.Fresh(before.Version, version); err != nil {
				return err
			}
		}
		var f fault.Fields
		list, err := k.check(&f, []Putting{in}, func(int) string { return "" })
		if err == nil {
			err = f.Err()
		}
		if err != nil {
			return err
		}
		next := list[0]
		if now = before.Version; found && same(before, next) {
			return nil
		}
		now++
		next.Version = now
		return k.save([]pair{{before, next}})
	})
	return now, err
}

// PutMany stores up to PutMost resources of a type, new ones and others in the place
// of those that there are, all of them or none. What is wrong with any is told with
// its place ("resources[3].entity"). It returns how many are new and how many are different.
func (r *Resources) PutMany(ctx context.Context, who db.Who, accountID, typ string, in []Putting) (added, changed int, err error) {
	e := audit.Entry{Action: audit.ResourceStored, AccountID: accountID, Kind: "resource_type", ID: typ}
	err = r.refusing(ctx, who, &e, func(tx *db.Tx) error {
		k, err := r.keeping(tx, who, accountID, typ)
		if err == nil {
			err = k.usable()
		}
		if err != nil {
			return err
		}
		switch {
		case len(in) == 0:
			return fault.In("resources", "required")
		case len(in) > PutMost:
			return fault.In("resources", "too_many", "max", PutMost)
		}
		var f fault.Fields
		list, err := k.check(&f, in, atIndex)
		if err == nil {
			err = f.Err()
		}
		if err != nil {
			return err
		}
		pairs, err := k.beside(&f, list)
		if err == nil {
			err = f.Err()
		}
		if err != nil {
			return err
		}
		for _, p := range pairs {
			if p.before.Version == 0 {
				added++
			} else {
				changed++
			}
		}
		return k.save(pairs)
	})
	if err != nil {
		return 0, 0, err
	}
	return added, changed, nil
}

// Remove takes a stored resource away, also one of a retired type.
func (r *Resources) Remove(ctx context.Context, who db.Who, accountID, typ, id string, version int64) error {
	e := audit.Entry{Action: audit.ResourceRemoved, AccountID: accountID, Kind: "resource", ID: typ + "/" + id}
	return r.refusing(ctx, who, &e, func(tx *db.Tx) error {
		k, err := r.keeping(tx, who, accountID, typ)
		if err != nil {
			return err
		}
		before, found, err := k.one(id)
		if err == nil && (!found || !k.sees(before)) {
			err = fault.None("resource")
		}
		if err == nil {
			err = org.Fresh(before.Version, version)
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM resources WHERE account_id = $1 AND type = $2 AND id = $3`, accountID, typ, id); err != nil {
			return fmt.Errorf("remove resource: %w", err)
		}
		tx.ChangedResource(accountID, typ, id)
		e.EntityID, e.Changes = before.EntityID, append(storedChanges(before, Stored{}), wholeID(e.ID, id, "")...)
		return audit.Record(tx, e)
	})
}

// keeping is somebody who stores resources of a type in an account.
type keeping struct {
	tx    *db.Tx
	typ   Type
	sight Sight
}

// keeping refuses whoever may store nothing in the account, and types that there are none of.
func (r *Resources) keeping(tx *db.Tx, who db.Who, accountID, typ string) (k keeping, err error) {
	k.tx = tx
	if k.sight, err = r.SeeAs(tx, who, accountID, StorePermission); err != nil {
		return k, err
	}
	var found bool
	if k.typ, found, err = TypeByName(tx, typ); err == nil && !found {
		err = fault.None("resource_type")
	}
	return k, err
}

// usable refuses a retired type: nothing more is stored of one.
func (k *keeping) usable() error {
	if k.typ.Retired {
		return fault.New(fault.Conflict, "type_retired")
	}
	return nil
}

// pair is a resource before and after; a new one has no version before.
type pair struct{ before, after Stored }

// save writes what is different and records each.
func (k *keeping) save(pairs []pair) error {
	var rows [][]any
	for _, p := range pairs {
		row, err := storedRow(k.tx, p.after)
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	if err := putRows(k.tx, rows); err != nil {
		return err
	}
	for _, p := range pairs {
		a := p.after
		k.tx.ChangedResource(a.AccountID, a.Type, a.ID)
		e := audit.Entry{Action: audit.ResourceChanged, AccountID: a.AccountID, EntityID: a.EntityID, Kind: "resource", ID: a.Type + "/" + a.ID, Changes: storedChanges(p.before, a)}
		if p.before.Version == 0 {
			e.Action = audit.ResourceStored
		}
		e.Changes = append(e.Changes, wholeID(e.ID, "", a.ID)...)
		if err := audit.Record(k.tx, e); err != nil {
			return err
		}
	}
	return nil
}

// wholeID is the id among the changes, where an entry's target cannot hold all of it.
func wholeID(target, before, after string) []audit.Change {
	const targetMax = 100 // code points
	if utf8.RuneCountInString(target) <= targetMax {
		return nil
	}
	return []audit.Change{{Field: "id", Before: before, After: after}}
}

// storedChanges are what is recorded of a stored resource.
func storedChanges(before, after Stored) []audit.Change {
	out := []audit.Change{{Field: "entity", Before: before.EntityID, After: after.EntityID}, {Field: "location", Before: before.LocationID, After: after.LocationID}}
	was, is := map[string]string{}, map[string]string{}
	for _, v := range before.Values {
		was[v.Name] = v.Text
	}
	for _, v := range after.Values {
		is[v.Name] = v.Text
	}
	return append(out, Difference(was, is))
}

// Difference is what is recorded of values: those that are no longer there, and those that are new.
func Difference(was, is map[string]string) audit.Change {
	text := func(list, other map[string]string) string {
		var out []string
		for _, name := range slices.Sorted(maps.Keys(list)) {
			if v, has := other[name]; !has || v != list[name] {
				value := list[name]
				if strings.ContainsAny(value, `;"`) { // so that none looks like two
					value = strconv.Quote(value)
				}
				out = append(out, name+" = "+value)
			}
		}
		return strings.Join(out, "; ")
	}
	return audit.Change{Field: "properties", Before: text(was, is), After: text(is, was)}
}

// same tells whether two say the same, whatever their versions.
func same(a, b Stored) bool {
	return a.EntityID == b.EntityID && a.LocationID == b.LocationID && slices.Equal(a.Values, b.Values)
}
