package resource

import (
	"encoding/json"
	"fmt"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
)

// lists are a type's actions and properties as they stand in the database.
func (d Draft) lists() (actions, properties string, err error) {
	a, p := []storedAction{}, []storedProperty{}
	for _, x := range d.Actions {
		a = append(a, storedAction(x))
	}
	for _, x := range d.Properties {
		p = append(p, storedProperty{x.Part.String(), x.Name, x.Title, x.Kind.String(), x.Vouched.String()})
	}
	one, err := json.Marshal(a)
	if err != nil {
		return "", "", err
	}
	two, err := json.Marshal(p)
	return string(one), string(two), err
}

func insertType(tx *db.Tx, d Draft) error {
	actions, properties, err := d.lists()
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO resource_types (name, title, entity_from, located, actions, properties, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		d.Name, d.Title, d.From.String(), d.Located, actions, properties, tx.Now)
	return named(err, "register resource type", "resource_types.name")
}

// named tells of a name that somebody else took meanwhile.
func named(err error, what, constraint string) error {
	if db.Violates(err, constraint) {
		return fault.In("name", "name_taken")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func updateType(tx *db.Tx, d Draft) error {
	actions, properties, err := d.lists()
	if err != nil {
		return err
	}
	_, err = tx.Exec(`UPDATE resource_types SET title = $1, actions = $2, properties = $3, version = version + 1 WHERE name = $4`, d.Title, actions, properties, d.Name)
	if err != nil {
		return fmt.Errorf("change resource type: %w", err)
	}
	return nil
}

// retire ends a row of a table by its name, or with in begins it again.
func retire(tx *db.Tx, table, name string, in bool) error {
	var at any
	if !in {
		at = tx.Now
	}
	if _, err := tx.Exec(`UPDATE `+table+` SET retired_at = $1, version = version + 1 WHERE name = $2`, at, name); err != nil {
		return fmt.Errorf("retire in %s: %w", table, err)
	}
	return nil
}

func insertUserProperty(tx *db.Tx, p Property) error {
	_, err := tx.Exec(`INSERT INTO user_properties (name, title, kind, vouched, created_at) VALUES ($1, $2, $3, $4, $5)`,
		p.Name, p.Title, p.Kind.String(), p.Vouched.String(), tx.Now)
	return named(err, "register user property", "user_properties.name")
}

func renameUserProperty(tx *db.Tx, name, title string) error {
	if _, err := tx.Exec(`UPDATE user_properties SET title = $1, version = version + 1 WHERE name = $2`, title, name); err != nil {
		return fmt.Errorf("change user property: %w", err)
	}
	return nil
}

// hasValues tells whether any account has stored a value of a type's property.
func hasValues(tx *db.Tx, typ string, p Property) (bool, error) {
	if p.Part != access.OfResource {
		return false, nil
	}
	var one int
	return db.One(tx, []any{&one}, `SELECT 1 FROM resources WHERE type = $1 AND properties LIKE $2 ESCAPE '\' LIMIT 1`, typ, `%"`+db.Literal(p.Name)+`":%`)
}

// storedRow is a resource as it is written: the arguments of putRows.
func storedRow(tx *db.Tx, s Stored) ([]any, error) {
	values := map[string]string{}
	for _, v := range s.Values {
		values[v.Name] = v.Text
	}
	text, err := json.Marshal(values)
	return []any{s.AccountID, s.Type, s.ID, s.EntityID, s.LocationID, string(text), tx.Now, s.Version}, err
}

// putRows writes resources, new ones and others in the place of those that there are.
func putRows(tx *db.Tx, rows [][]any) error {
	err := tx.ExecEach(`INSERT INTO resources (account_id, type, id, entity_id, location_id, properties, changed_at, version)
		VALUES ($1, $2, $3, $4, NULLIF($5, ''), $6, $7, $8)
		ON CONFLICT (account_id, type, id) DO UPDATE SET entity_id = excluded.entity_id, location_id = excluded.location_id,
			properties = excluded.properties, changed_at = excluded.changed_at, version = excluded.version`, rows)
	if err != nil {
		return fmt.Errorf("store resources: %w", err)
	}
	return nil
}
