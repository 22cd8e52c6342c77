package resource

import (
	"database/sql"
	"fmt"
	"slices"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
)

// Query is which of what an account has stored are listed.
type Query struct {
	Type   string
	Entity string // id or customer ID: of this entity and all below it; "" is any
}

const fullColumns = `r.account_id, r.type, r.id, r.entity_id, COALESCE(r.location_id, ''), r.properties, r.changed_at, r.version, e.path, e.account_id
	FROM resources r JOIN entities e ON e.id = r.entity_id`

func scanFull(r *sql.Rows) (s Stored, err error) {
	var properties string
	if err = r.Scan(&s.AccountID, &s.Type, &s.ID, &s.EntityID, &s.LocationID, &properties, &s.ChangedAt, &s.Version, &s.path, &s.owner); err != nil {
		return s, err
	}
	if s.Values, err = readValues(properties); err != nil {
		err = fmt.Errorf("properties of %s %s: %w", s.Type, s.ID, err)
	}
	return s, err
}

// List lists up to limit of what an account has stored of a type, as far as is
// seen, by id, after one; "" begins.
func List(tx *db.Tx, sight Sight, q Query, after string, limit int) ([]Stored, error) {
	t, found, err := TypeByName(tx, q.Type)
	if err == nil && !found {
		err = fault.None("resource_type")
	}
	if err != nil {
		return nil, err
	}
	where, args := org.Within(sight.reach)
	if where == "" || !lang.Storable(after) {
		return nil, nil
	}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	where += ` AND r.account_id = ` + arg(sight.Account.ID) + ` AND r.type = ` + arg(t.Name) + ` AND r.id > ` + arg(after)
	if q.Entity != "" {
		list, err := org.EntitiesIn(tx, sight.Account, []string{q.Entity})
		if err != nil {
			return nil, err
		}
		if len(list) != 1 || !sight.touches(list[0]) {
			return nil, fault.In("entity", "unknown_entity")
		}
		from, until := org.Below(list[0].Path)
		where += ` AND e.path >= ` + arg(from) + ` AND e.path < ` + arg(until)
	}
	if sight.limited {
		at := `r.location_id IN (SELECT each.value FROM ` + db.Each(tx, arg(db.List(sight.places))) + `)`
		if !t.Located {
			at = `(r.location_id IS NULL OR ` + at + `)`
		}
		where += ` AND ` + at
	}
	return db.All(tx, scanFull, `SELECT `+fullColumns+` WHERE `+where+` ORDER BY r.id LIMIT `+arg(limit), args...)
}

// One reads one stored resource, as far as is seen.
func One(tx *db.Tx, sight Sight, typ, id string) (Stored, bool, error) {
	k := keeping{tx: tx, sight: sight}
	var found bool
	var err error
	if k.typ, found, err = TypeByName(tx, typ); err != nil || !found {
		return Stored{}, false, err
	}
	s, found, err := k.one(id)
	return s, found && k.sees(s), err
}

// one reads what is stored under an id, whoever sees it.
func (k *keeping) one(id string) (Stored, bool, error) {
	if !lang.Storable(id) {
		return Stored{}, false, nil
	}
	return first(db.All(k.tx, scanFull, `SELECT `+fullColumns+` WHERE r.account_id = $1 AND r.type = $2 AND r.id = $3`, k.sight.Account.ID, k.typ.Name, id))
}

// sees tells whether a stored resource is seen.
func (k *keeping) sees(s Stored) bool {
	if !k.sight.reaches(s.path, s.owner) {
		return false
	}
	if !k.sight.limited || s.LocationID == "" && !k.typ.Located {
		return true
	}
	return slices.Contains(k.sight.places, s.LocationID)
}

// holds tells whether something may be of an entity.
func (s Sight) holds(e org.Entity) bool { return s.reaches(e.Path, e.AccountID) }

func (s Sight) reaches(path, owner string) bool {
	return slices.ContainsFunc(s.reach, func(r access.Reach) bool {
		return (r.Accounts == nil || slices.Contains(r.Accounts, owner)) &&
			slices.ContainsFunc(r.Paths, func(p string) bool { return org.AtOrBelow(p, path) })
	})
}

// touches tells whether anything at an entity or below it may be seen.
func (s Sight) touches(e org.Entity) bool {
	return slices.ContainsFunc(s.reach, func(r access.Reach) bool {
		return slices.ContainsFunc(r.Paths, func(p string) bool { return inLine(p, e.Path) })
	})
}

// storedByID reads those of some ids that there are.
func storedByID(tx *db.Tx, accountID, typ string, ids []string) (map[string]Stored, error) {
	list, err := db.All(tx, scanFull, `SELECT `+fullColumns+` WHERE r.account_id = $1 AND r.type = $2 AND r.id IN (SELECT each.value FROM `+db.Each(tx, "$3")+`)`,
		accountID, typ, db.List(ids))
	out := map[string]Stored{}
	for _, s := range list {
		out[s.ID] = s
	}
	return out, err
}

// entitiesNamed reads those entities of an account and all below it that are named by id or customer ID.
func entitiesNamed(tx *db.Tx, a org.Account, names []string) (out []org.Entity, err error) {
	for some := range slices.Chunk(names, 400) { // each is named twice in the statement
		list, err := org.EntitiesIn(tx, a, some)
		if err != nil {
			return nil, err
		}
		out = append(out, list...)
	}
	return out, nil
}

// placesNamed reads those locations of an account and all below it that are named.
func placesNamed(tx *db.Tx, a org.Account, ids []string) (map[string]place, error) {
	from, until := org.Below(a.Path)
	list, err := db.All(tx, func(r *sql.Rows) (p place, err error) { return p, r.Scan(&p.id, &p.path) },
		`SELECT l.id, e.path FROM locations l JOIN entities e ON e.id = l.entity_id
			WHERE e.path >= $1 AND e.path < $2 AND l.id IN (SELECT each.value FROM `+db.Each(tx, "$3")+`)`, from, until, db.List(storable(ids)))
	out := map[string]place{}
	for _, p := range list {
		out[p.id] = p
	}
	return out, err
}

func storable(list []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !lang.Storable(s) })
}

// placesOf are the locations that somebody is limited to in an account or in one
// above it. Where they are limited in one and not in another they are limited.
func placesOf(tx *db.Tx, userID string, a org.Account) (limited bool, places []string, err error) {
	type row struct{ member, location string }
	rows, err := db.All(tx, func(r *sql.Rows) (x row, err error) { return x, r.Scan(&x.member, &x.location) },
		`SELECT m.id, COALESCE(l.location_id, '') FROM memberships m JOIN accounts a ON a.id = m.account_id JOIN entities e ON e.id = a.entity_id
			LEFT JOIN membership_locations l ON l.account_id = m.account_id AND l.membership_id = m.id
			WHERE m.user_id = $1 AND NOT m.all_locations AND e.path IN (SELECT each.value FROM `+db.Each(tx, "$2")+`)`, userID, db.List(org.PathsTo(a.Path)))
	for _, x := range rows {
		limited = true
		if x.location != "" {
			places = append(places, x.location)
		}
	}
	slices.Sort(places)
	return limited, places, err
}
