package resource

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
)

// storedAction and storedProperty are how a type's lists stand in the database.
type storedAction struct {
	Name           string `json:"name"`
	Title          string `json:"title"`
	NeedsTwoFactor bool   `json:"needs_2fa,omitempty"`
	Dangerous      bool   `json:"dangerous,omitempty"`
}

type storedProperty struct {
	Part    string `json:"of"`
	Name    string `json:"name"`
	Title   string `json:"title"`
	Kind    string `json:"kind"`
	Vouched string `json:"vouched"`
}

const typeColumns = `SELECT name, title, entity_from, located, actions, properties, created_at, COALESCE(retired_at, 0), version FROM resource_types`

// Types lists the registered types by name, retired ones too.
func Types(tx *db.Tx) ([]Type, error) { return db.All(tx, scanType, typeColumns+` ORDER BY name`) }

// TypeByName reads a type, also a retired one; false when there is none.
func TypeByName(tx *db.Tx, name string) (t Type, found bool, err error) {
	if !lang.Storable(name) {
		return t, false, nil
	}
	return first(db.All(tx, scanType, typeColumns+` WHERE name = $1`, name))
}

// first gives the first of rows, and whether there was one.
func first[T any](rows []T, err error) (v T, found bool, _ error) {
	if err != nil || len(rows) == 0 {
		return v, false, err
	}
	return rows[0], true, nil
}

func scanType(r *sql.Rows) (t Type, err error) {
	var from, actions, properties string
	if err = r.Scan(&t.Name, &t.Title, &from, &t.Located, &actions, &properties, &t.CreatedAt, &t.RetiredAt, &t.Version); err != nil {
		return t, err
	}
	t.From, t.Retired = access.ParseEntityFrom(from), t.RetiredAt != 0
	return t, t.read(actions, properties)
}

// read takes over what stands in JSON.
func (t *Type) read(actions, properties string) error {
	var a []storedAction
	if err := json.Unmarshal([]byte(actions), &a); err != nil {
		return fmt.Errorf("actions of resource type %s: %w", t.Name, err)
	}
	var p []storedProperty
	if err := json.Unmarshal([]byte(properties), &p); err != nil {
		return fmt.Errorf("properties of resource type %s: %w", t.Name, err)
	}
	t.Titles = map[string]string{}
	for _, x := range a {
		t.Actions = append(t.Actions, access.Action{Name: x.Name, NeedsTwoFactor: x.NeedsTwoFactor, Dangerous: x.Dangerous})
		t.Titles[x.Name] = x.Title
	}
	for _, x := range p {
		t.Properties = append(t.Properties, access.Property{Part: access.ParsePart(x.Part), Name: x.Name, Kind: access.ParseValueKind(x.Kind), Vouched: access.ParseVoucher(x.Vouched)})
		t.Titles[x.Part+"."+x.Name] = x.Title
	}
	return nil
}

const userPropertyColumns = `SELECT name, title, kind, vouched, COALESCE(subject_type, ''), created_at, COALESCE(retired_at, 0), version FROM user_properties`

// UserProperties lists the registered properties of users by name, retired ones too.
func UserProperties(tx *db.Tx) ([]UserProperty, error) {
	return db.All(tx, scanUserProperty, userPropertyColumns+` ORDER BY name`)
}

// UserPropertyByName reads one of them; false when there is none.
func UserPropertyByName(tx *db.Tx, name string) (p UserProperty, found bool, err error) {
	if !lang.Storable(name) {
		return p, false, nil
	}
	return first(db.All(tx, scanUserProperty, userPropertyColumns+` WHERE name = $1`, name))
}

func scanUserProperty(r *sql.Rows) (p UserProperty, err error) {
	var kind, vouched string
	err = r.Scan(&p.Name, &p.Title, &kind, &vouched, &p.SubjectType, &p.CreatedAt, &p.RetiredAt, &p.Version)
	p.Part, p.Kind, p.Vouched = access.OfUser, access.ParseValueKind(kind), access.ParseVoucher(vouched)
	return p, err
}

// Registered is what decisions read of types and of the properties of users. Their
// titles become words of lang (Words).
func Registered(tx *db.Tx) (types []access.Type, users []access.Property, err error) {
	list, err := Types(tx)
	if err != nil {
		return nil, nil, err
	}
	for _, t := range list {
		types = append(types, t.Type)
	}
	properties, err := UserProperties(tx)
	if err != nil {
		return nil, nil, err
	}
	lang.Learn(Words(list, properties))
	for _, p := range properties {
		if p.RetiredAt == 0 {
			users = append(users, p.Property)
		}
	}
	return types, users, err
}

const storedColumns = `SELECT account_id, type, id, entity_id, COALESCE(location_id, ''), properties FROM resources`

// All reads everything stored, for decisions.
func All(tx *db.Tx) ([]access.Resource, error) {
	return db.All(tx, scanStored, storedColumns)
}

// Some reads these, for decisions, and says which are not there any more.
func Some(tx *db.Tx, keys []access.ResourceKey) (list []access.Resource, gone []access.ResourceKey, err error) {
	for _, k := range keys {
		found, err := db.All(tx, scanStored, storedColumns+` WHERE account_id = $1 AND type = $2 AND id = $3`, k.AccountID, k.Type, k.ID)
		if err != nil {
			return nil, nil, err
		}
		if len(found) == 0 {
			gone = append(gone, k)
		}
		list = append(list, found...)
	}
	return list, gone, nil
}

func scanStored(r *sql.Rows) (x access.Resource, err error) {
	var properties string
	if err = r.Scan(&x.AccountID, &x.Type, &x.ID, &x.EntityID, &x.LocationID, &properties); err != nil {
		return x, err
	}
	x.Values, err = readValues(properties)
	if err != nil {
		err = fmt.Errorf("properties of %s %s: %w", x.Type, x.ID, err)
	}
	return x, err
}

// readValues reads what stands in JSON, by name.
func readValues(properties string) (out []access.Value, err error) {
	values := map[string]string{}
	if err = json.Unmarshal([]byte(properties), &values); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		out = append(out, access.Value{Name: name, Text: values[name]})
	}
	return out, nil
}
