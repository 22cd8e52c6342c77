// Package org holds the business tree: entities, the accounts among them, their
// locations and terminals, and what each account has set.
//
// An entity is a node: platform, facilitator, partner, merchant or legal entity.
// An account is an entity of the first four kinds that has users, roles, policies
// and settings of its own. A materialised path makes "this entity and all below"
// a range, in memory and in SQL alike (path.go).
//
// An account is created shut, with its first administrator invited; it opens
// when that person is active, and from then on never has fewer than one active
// administrator: accounts.admins, counted by package roles, under a CHECK.
//
// What operators and an account's own people change of the tree are the use cases
// of Org: accounts.go and entities.go; those below an account that is not active
// hold nothing through it, and get back exactly the same when it is activated.
// Lists and the tree as a page are read by accounts_sql.go and tree_sql.go.
//
// Guard is how the rooms below ask for a decision: it turns a deny into the
// refusal that a person or program is given.
//
// The one rule: what lies outside somebody's reach is answered exactly as what
// does not exist.
package org

import (
	"fmt"
	"regexp"
	"strings"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/profile"
)

// Account is an account with the entity that it is.
type Account struct {
	ID          string
	EntityID    string
	ParentID    string // the entity above; "" at the root
	CustomerID  string
	Name        string
	Alias       string
	Kind        access.Kind
	Path        string
	Profile     string
	Environment string // Test or Live
	Open        bool   // its first administrator has been active
	Active      bool   // itself; an account above may not be
	Off         Off
	Users       int64 // whatever their status
	Version     int64
	CreatedAt   int64  // µs
	CreatedBy   string // user id; "" where nobody knows
}

// Off says since when, by whom and why something is not active. Zero for what is.
type Off struct {
	At         int64  // µs; 0 where nobody knows
	By, Reason string // a user id; what they gave
}

// The environments of an account: in a live one operators view people and
// nothing more (features.md, I7).
const (
	Test = "test"
	Live = "live"
)

// Entity is a node of the tree.
type Entity struct {
	ID, ParentID, AccountID string
	CustomerID, Name, Path  string
	Kind                    access.Kind
	Active                  bool
	Off                     Off
	Version                 int64 // of what it says itself; an account has a version of its own
	CreatedAt               int64 // µs
	CreatedBy               string
}

// IsAccount tells whether the entity has users of its own.
func (e Entity) IsAccount() bool { return e.Kind != access.LegalEntity }

// Location is a place of business.
type Location struct{ ID, AccountID, EntityID, Name, WebSite string }

// New is what an entity or account is created from.
type New struct {
	Kind        access.Kind
	ParentID    string // entity id
	Name        string
	CustomerID  string
	Alias       string // account
	Environment string // account
	Profile     string // account; "" is standard
}

const (
	nameMax       = 100 // code points
	customerIDMax = 32
)

var customerID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]{1,31}$`)

// Check cleans n and notes what is wrong with it.
func (n *New) Check(f *fault.Fields, profiles profile.Profiles) {
	var problem string
	if n.Name, problem = lang.Line(n.Name, nameMax); problem != "" {
		f.Add("name", problem, "max", nameMax)
	}
	n.CustomerID = strings.ToUpper(strings.TrimSpace(n.CustomerID))
	switch {
	case n.CustomerID == "":
		f.Add("customer_id", "required")
	case !customerID.MatchString(n.CustomerID):
		f.Add("customer_id", "customer_id", "max", customerIDMax)
	}
	n.Alias = checkAlias(f, n.Alias)
	if n.Kind == access.LegalEntity {
		return
	}
	if n.Kind < access.Facilitator || n.Kind > access.Merchant {
		f.Add("kind", "account_kind")
	}
	if n.Environment != Test && n.Environment != Live {
		f.Add("environment", "environment")
	}
	if n.Profile == "" {
		n.Profile = "standard"
	}
	if _, ok := profiles.Get(n.Profile); !ok {
		f.Add("profile", "unknown_profile")
	}
}

// checkAlias cleans an alias, which may be empty.
func checkAlias(f *fault.Fields, alias string) string {
	alias, problem := lang.Line(alias, nameMax)
	if problem != "" && problem != "required" {
		f.Add("alias", problem, "max", nameMax)
	}
	return alias
}

// searchKey is what a search looks through: the name first and without accents,
// so that it is an order of names too, then the other names, and the name as it
// is written for those who type accents.
func searchKey(name, customerID, alias string) string {
	written := lang.Fold(name + " " + customerID + " " + alias)
	if bare := lang.Bare(written); bare != written {
		return bare + " " + written
	}
	return written
}

// above says under which kinds a kind may stand.
var above = map[access.Kind][]access.Kind{
	access.Facilitator: {access.Platform},
	access.Partner:     {access.Platform, access.Facilitator, access.Partner},
	access.Merchant:    {access.Platform, access.Facilitator, access.Partner},
	access.LegalEntity: {access.Merchant, access.Partner, access.Facilitator, access.LegalEntity},
}

// CreateAccount adds an account below its parent, shut, and records it. The
// caller has checked n and the right to do so, installs the roles, and invites
// the first administrator in the same update.
func CreateAccount(tx *db.Tx, n New, profiles profile.Profiles) (Account, error) {
	p, ok := profiles.Get(n.Profile)
	if !ok {
		return Account{}, fault.In("profile", "unknown_profile")
	}
	id, err := tx.ID("acc")
	if err != nil {
		return Account{}, err
	}
	e, err := addEntity(tx, n, id)
	if err != nil {
		return Account{}, err
	}
	a := Account{ID: id, EntityID: e.ID, ParentID: e.ParentID, CustomerID: e.CustomerID, Name: e.Name, Alias: n.Alias, Kind: e.Kind,
		Path: e.Path, Profile: p.Name, Environment: n.Environment, Active: true, Version: 1, CreatedAt: tx.Now, CreatedBy: e.CreatedBy}
	_, err = tx.Exec(`INSERT INTO accounts (id, entity_id, alias, profile, profile_version, environment, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`, a.ID, a.EntityID, a.Alias, p.Name, p.Version, a.Environment, tx.Now)
	if err != nil {
		return Account{}, fmt.Errorf("create account: %w", err)
	}
	tx.ChangedEntity(e.ID)
	tx.ChangedAccount(a.ID)
	return a, audit.Record(tx, audit.Entry{Action: audit.AccountCreated, AccountID: a.ID, EntityID: a.EntityID, Kind: "account", ID: a.ID, Changes: []audit.Change{
		{Field: "customer_id", After: a.CustomerID}, {Field: "name", After: a.Name}, {Field: "kind", After: a.Kind.String()},
		{Field: "environment", After: a.Environment}, {Field: "profile", After: a.Profile}, {Field: "alias", After: a.Alias},
	}})
}

// CreateEntity adds a legal entity to its account's tree and records it.
func CreateEntity(tx *db.Tx, n New) (Entity, error) {
	e, err := addEntity(tx, n, "")
	if err != nil {
		return Entity{}, err
	}
	tx.ChangedEntity(e.ID)
	return e, audit.Record(tx, audit.Entry{Action: audit.EntityCreated, AccountID: e.AccountID, EntityID: e.ID, Kind: "entity", ID: e.ID, Changes: []audit.Change{
		{Field: "customer_id", After: e.CustomerID}, {Field: "name", After: e.Name}, {Field: "kind", After: e.Kind.String()},
	}})
}

// addEntity puts a node below its parent. accountID is the account it is, or ""
// for one that belongs to its parent's account.
func addEntity(tx *db.Tx, n New, accountID string) (Entity, error) {
	id, err := tx.ID("ent")
	if err != nil {
		return Entity{}, err
	}
	e := Entity{ID: id, ParentID: n.ParentID, AccountID: accountID, CustomerID: n.CustomerID, Name: n.Name, Kind: n.Kind, Active: true,
		Version: 1, CreatedAt: tx.Now, CreatedBy: tx.Who.ID}
	if n.Kind == access.Platform {
		e.Path = part(0)
	} else if err := e.under(tx, n.ParentID); err != nil {
		return Entity{}, err
	}
	_, err = tx.Exec(`INSERT INTO entities (id, account_id, parent_id, kind, customer_id, name, search_key, path, created_at, created_by)
		VALUES ($1, $2, NULLIF($3, ''), $4, $5, $6, $7, $8, $9, $10)`,
		e.ID, e.AccountID, e.ParentID, e.Kind.String(), e.CustomerID, e.Name, searchKey(e.Name, e.CustomerID, n.Alias), e.Path, tx.Now, e.CreatedBy)
	switch {
	case db.Violates(err, "entities.customer_id"):
		return Entity{}, fault.In("customer_id", "customer_id_taken", "customer_id", e.CustomerID)
	case err != nil:
		return Entity{}, fmt.Errorf("add entity: %w", err)
	}
	return e, nil
}

func (e *Entity) under(tx *db.Tx, parentID string) error {
	parent, ok, err := EntityByID(tx, parentID)
	if err != nil {
		return err
	}
	if !ok {
		return fault.In("parent", "unknown_entity")
	}
	allowed := false
	for _, k := range above[e.Kind] {
		allowed = allowed || k == parent.Kind
	}
	if !allowed {
		return fault.In("parent", "kind_below", "kind", e.Kind.String(), "parent", parent.Kind.String())
	}
	off, err := OffAtOrAbove(tx, parent.Path)
	if err != nil {
		return err
	}
	if off {
		return fault.In("parent", "parent_inactive")
	}
	if e.AccountID == "" {
		e.AccountID = parent.AccountID
	}
	var child int64
	found, err := db.One(tx, []any{&child}, `UPDATE entities SET next_child = next_child + 1 WHERE id = $1 RETURNING next_child`, parentID)
	if err != nil || !found {
		return fmt.Errorf("number the child: %w", err)
	}
	e.Path = parent.Path + part(child)
	return nil
}

// CreateLocation adds a location below an entity and records it.
func CreateLocation(tx *db.Tx, entityID, name, webSite string) (Location, error) {
	e, ok, err := EntityByID(tx, entityID)
	if err != nil {
		return Location{}, err
	}
	if !ok {
		return Location{}, fault.In("entity", "unknown_entity")
	}
	id, err := tx.ID("loc")
	if err != nil {
		return Location{}, err
	}
	l := Location{ID: id, AccountID: e.AccountID, EntityID: e.ID, Name: name, WebSite: webSite}
	_, err = tx.Exec(`INSERT INTO locations (account_id, id, entity_id, name, web_site, created_at) VALUES ($1, $2, $3, $4, $5, $6)`,
		l.AccountID, l.ID, l.EntityID, l.Name, l.WebSite, tx.Now)
	if err != nil {
		return Location{}, fmt.Errorf("create location: %w", err)
	}
	tx.ChangedLocation(l.ID)
	return l, audit.Record(tx, audit.Entry{Action: audit.LocationCreated, AccountID: l.AccountID, EntityID: l.EntityID, Kind: "location", ID: l.ID,
		Changes: []audit.Change{{Field: "name", After: l.Name}, {Field: "web_site", After: l.WebSite}}})
}
