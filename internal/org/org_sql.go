package org

import (
	"database/sql"
	"fmt"
	"strings"
	"unicode/utf8"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/profile"
)

const accountFields = `a.id, a.entity_id, COALESCE(e.parent_id, ''), e.customer_id, e.name, a.alias, e.kind, e.path, a.profile, a.environment,
	a.is_open, e.active, COALESCE(e.deactivated_at, 0), e.deactivated_by, e.deactivation_reason, a.users, a.version, a.created_at, e.created_by`

const accountColumns = accountFields + ` FROM accounts a JOIN entities e ON e.id = a.entity_id`

func scanAccount(r *sql.Rows) (a Account, err error) {
	var kind string
	err = r.Scan(a.dest(&kind)...)
	a.Kind, _ = access.ParseKind(kind)
	return a, err
}

func (a *Account) dest(kind *string) []any {
	return []any{&a.ID, &a.EntityID, &a.ParentID, &a.CustomerID, &a.Name, &a.Alias, kind, &a.Path, &a.Profile, &a.Environment,
		&a.Open, &a.Active, &a.Off.At, &a.Off.By, &a.Off.Reason, &a.Users, &a.Version, &a.CreatedAt, &a.CreatedBy}
}

// first gives the first of rows, and whether there was one.
func first[T any](rows []T, err error) (v T, ok bool, _ error) {
	if err != nil || len(rows) == 0 {
		return v, false, err
	}
	return rows[0], true, nil
}

// AccountByID reads an account.
func AccountByID(tx *db.Tx, id string) (Account, bool, error) {
	if !lang.Storable(id) {
		return Account{}, false, nil
	}
	return first(db.All(tx, scanAccount, `SELECT `+accountColumns+` WHERE a.id = $1`, id))
}

// AccountByCustomerID reads the account with that customer ID, as it stands in addresses.
func AccountByCustomerID(tx *db.Tx, customerID string) (Account, bool, error) {
	if !lang.Storable(customerID) {
		return Account{}, false, nil
	}
	return first(db.All(tx, scanAccount, `SELECT `+accountColumns+` WHERE e.customer_id = $1`, customerID))
}

// Platform reads the account at the root; false when the database is not set up.
func Platform(tx *db.Tx) (Account, bool, error) {
	return first(db.All(tx, scanAccount, `SELECT `+accountColumns+` WHERE e.parent_id IS NULL`))
}

const entityFields = `e.id, COALESCE(e.parent_id, ''), e.account_id, e.customer_id, e.name, e.path, e.kind, e.active,
	COALESCE(e.deactivated_at, 0), e.deactivated_by, e.deactivation_reason, e.version, e.created_at, e.created_by`

const entityColumns = entityFields + ` FROM entities e`

func scanEntity(r *sql.Rows) (e Entity, err error) { return e, e.scan(r) }

// scan reads an entity, and what follows it in the row.
func (e *Entity) scan(r *sql.Rows, more ...any) error {
	var kind string
	err := r.Scan(append([]any{&e.ID, &e.ParentID, &e.AccountID, &e.CustomerID, &e.Name, &e.Path, &kind, &e.Active,
		&e.Off.At, &e.Off.By, &e.Off.Reason, &e.Version, &e.CreatedAt, &e.CreatedBy}, more...)...)
	e.Kind, _ = access.ParseKind(kind)
	return err
}

// EntityByID reads an entity.
func EntityByID(tx *db.Tx, id string) (Entity, bool, error) {
	if !lang.Storable(id) {
		return Entity{}, false, nil
	}
	return first(db.All(tx, scanEntity, `SELECT `+entityColumns+` WHERE e.id = $1`, id))
}

// Entities reads up to limit entities of an account and all below it, in the order of the tree.
func Entities(tx *db.Tx, a Account, limit int) ([]Entity, error) {
	from, until := Below(a.Path)
	return db.All(tx, scanEntity, `SELECT `+entityColumns+` WHERE e.path >= $1 AND e.path < $2 ORDER BY e.path LIMIT $3`, from, until, limit)
}

// EntitiesIn reads those of the given entities, ids or customer IDs, that lie in
// an account's subtree. What is missing from the answer does not exist for it.
func EntitiesIn(tx *db.Tx, a Account, ids []string) ([]Entity, error) {
	from, until := Below(a.Path)
	args := []any{from, until}
	var marks []string
	for _, id := range ids {
		if lang.Storable(id) {
			args = append(args, id)
			marks = append(marks, fmt.Sprintf("$%d", len(args)))
		}
	}
	if len(marks) == 0 {
		return nil, nil
	}
	in := strings.Join(marks, ", ")
	return db.All(tx, scanEntity, `SELECT `+entityColumns+` WHERE e.path >= $1 AND e.path < $2 AND (e.id IN (`+in+`) OR e.customer_id IN (`+in+`)) ORDER BY e.path`, args...)
}

// Locations reads the locations of an account.
func Locations(tx *db.Tx, accountID string) ([]Location, error) {
	return db.All(tx, func(r *sql.Rows) (l Location, err error) {
		return l, r.Scan(&l.ID, &l.AccountID, &l.EntityID, &l.Name, &l.WebSite)
	}, `SELECT id, account_id, entity_id, name, web_site FROM locations WHERE account_id = $1 ORDER BY name, id`, accountID)
}

// LocationByID reads a location; false when there is none of that id.
func LocationByID(tx *db.Tx, id string) (l Location, found bool, err error) {
	if !lang.Storable(id) {
		return l, false, nil
	}
	found, err = db.One(tx, []any{&l.ID, &l.AccountID, &l.EntityID, &l.Name, &l.WebSite}, `SELECT id, account_id, entity_id, name, web_site FROM locations WHERE id = $1`, id)
	return l, found, err
}

// Settings are an account's settings: its profile's, with what the account
// changed, as they apply at its level. The environment is the account's own, which
// never changes.
func Settings(tx *db.Tx, profiles profile.Profiles, accountID string) (profile.Settings, error) {
	var name, environment, level string
	overrides := map[string]string{}
	// One query: it is asked on every request, and a round trip is most of its cost.
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var k, v string
		if err = r.Scan(&name, &environment, &level, &k, &v); err == nil && k != "" {
			overrides[k] = v
		}
		return
	}, `SELECT a.profile, a.environment, e.kind, COALESCE(s.name, ''), COALESCE(s.value, '')
		FROM accounts a JOIN entities e ON e.id = a.entity_id LEFT JOIN account_settings s ON s.account_id = a.id WHERE a.id = $1`, accountID)
	if err != nil {
		return profile.Settings{}, fmt.Errorf("read account's settings: %w", err)
	}
	p, ok := profiles.Get(name)
	if !ok {
		return profile.Settings{}, fmt.Errorf("account %s has the unknown profile %q", accountID, name)
	}
	settings, err := p.Settings.With(overrides)
	if err != nil {
		return settings, err
	}
	settings.Environment = environment
	kind, _ := access.ParseKind(level)
	return settings.At(kind), nil
}

// FindEntities reads up to limit entities of an account and all below it whose
// name or customer ID holds the words that are searched for, in the order of the tree.
func FindEntities(tx *db.Tx, a Account, search string, limit int) ([]Entity, error) {
	if !lang.Storable(search) || utf8.RuneCountInString(search) > searchMax {
		return nil, nil
	}
	l := &listing{}
	from, until := Below(a.Path)
	l.add("e.path >= " + l.arg(from) + " AND e.path < " + l.arg(until))
	l.search(search)
	return db.All(tx, scanEntity, `SELECT `+entityColumns+` WHERE `+l.where()+` ORDER BY e.path LIMIT `+l.arg(limit), l.args...)
}
