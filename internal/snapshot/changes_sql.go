package snapshot

import (
	"database/sql"
	"fmt"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/profile"
	"countersign/internal/resource"
)

func revisionOf(tx *db.Tx) (int64, error) {
	var revision int64
	_, err := db.One(tx, []any{&revision}, `SELECT revision FROM ledger WHERE id = 1`)
	return revision, err
}

// changes is what must be read again: by kind, the ids, each once.
type changes map[string][]string

// changesSince reads what changed after a revision, up to the newest. complete is
// false when a revision between them has no rows, because they were swept.
func changesSince(tx *db.Tx, revision, newest int64) (c changes, complete bool, err error) {
	const most = 20_000 // beyond it, loading everything is cheaper
	type row struct {
		at       int64
		kind, id string
	}
	rows, err := db.All(tx, func(r *sql.Rows) (x row, err error) {
		return x, r.Scan(&x.at, &x.kind, &x.id)
	}, `SELECT revision, kind, id FROM access_changes WHERE revision > $1 ORDER BY revision LIMIT $2`, revision, most+1)
	if err != nil || len(rows) == 0 || len(rows) > most {
		return nil, false, err
	}
	c = changes{}
	seen := map[[2]string]bool{}
	last := revision
	for _, x := range rows {
		if x.at > last+1 {
			return nil, false, nil
		}
		last = x.at
		if !seen[[2]string{x.kind, x.id}] {
			seen[[2]string{x.kind, x.id}] = true
			c[x.kind] = append(c[x.kind], x.id)
		}
	}
	return c, last == newest, nil
}

// stepKinds are the kinds of changes that reload reads.
var stepKinds = map[string]bool{"user": true, "role": true, "roles": true, "account": true, "entity": true, "location": true, "tokens": true, "types": true, "resource": true}

// stepwise tells whether all that changed can be read for itself.
func (c changes) stepwise() bool {
	for kind := range c {
		if !stepKinds[kind] {
			return false
		}
	}
	return true
}

// reload reads what changed. whole is false when something of the tree is gone,
// which a snapshot cannot follow.
func reload(tx *db.Tx, profiles profile.Profiles, now *access.Snapshot, c changes) (out access.Changes, whole bool, err error) {
	if out.Accounts, err = loadAccounts(tx, among(c["account"])); err != nil {
		return out, false, err
	}
	if out.Entities, err = loadEntities(tx, among(c["entity"])); err != nil {
		return out, false, err
	}
	if out.Locations, err = loadLocations(tx, among(c["location"])); err != nil {
		return out, false, err
	}
	if len(out.Accounts) < len(c["account"]) || len(out.Entities) < len(c["entity"]) || len(out.Locations) < len(c["location"]) {
		return out, false, nil
	}
	if err = reloadRegistered(tx, &out, c); err != nil {
		return out, false, err
	}
	if out.Roles, out.GoneRoles, err = reloadRoles(tx, profiles, now, c); err != nil {
		return out, false, err
	}
	found := map[string]bool{}
	err = loadUsers(tx, among(c["user"]), func(u *access.User) {
		found[u.ID] = true
		out.Users = append(out.Users, kept(u))
	})
	for _, id := range c["user"] {
		if !found[id] {
			out.GoneUsers = append(out.GoneUsers, id)
		}
	}
	return out, true, err
}

// reloadRegistered reads what changed of registered types and what is stored of them.
func reloadRegistered(tx *db.Tx, out *access.Changes, c changes) (err error) {
	if c["types"] != nil {
		out.Registered = true
		if out.Types, out.UserProperties, err = resource.Registered(tx); err != nil {
			return err
		}
		access.Meet(out.Types, out.UserProperties) // roles name their actions
	}
	var keys []access.ResourceKey
	for _, id := range c["resource"] {
		part := strings.SplitN(id, " ", 3)
		if len(part) != 3 {
			return fmt.Errorf("changed resource %q has no key", id)
		}
		keys = append(keys, access.ResourceKey{AccountID: part[0], Type: part[1], ID: part[2]})
	}
	out.Resources, out.GoneResources, err = resource.Some(tx, keys)
	return err
}

// reloadRoles reads the roles that changed, and says which are gone.
func reloadRoles(tx *db.Tx, profiles profile.Profiles, now *access.Snapshot, c changes) (list []access.Role, gone []string, err error) {
	ids := c["role"]
	for _, account := range c["roles"] {
		has, err := db.Column(tx, `SELECT id FROM roles WHERE account_id = $1`, account)
		if err != nil {
			return nil, nil, err
		}
		ids = append(append(ids, has...), now.RolesOf(account)...)
	}
	if list, err = loadRoles(tx, profiles, among(ids)); err != nil {
		return nil, nil, err
	}
	found := map[string]bool{}
	for _, r := range list {
		found[r.ID] = true
	}
	for _, id := range ids {
		if !found[id] {
			found[id] = true
			gone = append(gone, id)
		}
	}
	return list, gone, nil
}

// only narrows a query to some ids; nil to none of them: it reads all.
type only struct{ ids *string }

// all narrows nothing.
var all = only{}

// among narrows to these ids, also when there are none.
func among(ids []string) only {
	list := db.List(ids)
	return only{&list}
}

func (o only) none() bool { return o.ids != nil && *o.ids == "[]" }

// where is the condition on a column, and its arguments.
func (o only) where(tx *db.Tx, column string) (string, []any) {
	if o.ids == nil {
		return "", nil
	}
	return " WHERE " + column + " IN (SELECT each.value FROM " + db.Each(tx, "$1") + ")", []any{*o.ids}
}
