package org

import (
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
)

// Node is an entity as the tree shows it.
type Node struct {
	Entity
	Users int64 // of an account, whatever their status
	Below bool  // something stands below it
}

// NodePage is one page of a branch.
type NodePage struct {
	Nodes    []Node
	Next     string // "" on the last page
	Previous string // "" on the first
}

const nodeFields = entityFields + `, COALESCE((SELECT a.users FROM accounts a WHERE a.entity_id = e.id), 0),
	EXISTS (SELECT 1 FROM entities c WHERE c.parent_id = e.id)`

type keyedNode struct {
	Node
	at string
}

func (k keyedNode) place() string { return k.at }

func scanNode(r *sql.Rows) (k keyedNode, err error) {
	return k, k.scan(r, &k.Users, &k.Node.Below, &k.at)
}

// Children lists what stands directly below an entity, by name, as far as it is
// within reach. after is Next or Previous of another page; limit is 1 to 200, 0 is 50.
func Children(tx *db.Tx, reach []access.Reach, parentID, after string, limit int) (NodePage, error) {
	l := &listing{}
	if !lang.Storable(parentID) || !l.within(reach) {
		return NodePage{}, nil
	}
	l.add("e.parent_id = " + l.arg(parentID))
	return l.nodes(tx, paging{column: "e.search_key", tie: "e.id", after: after, limit: limit})
}

// Tops lists where a reach begins: the entities that nothing else of it is above.
func Tops(tx *db.Tx, reach []access.Reach, after string, limit int) (NodePage, error) {
	l := &listing{}
	var paths []string
	for _, r := range reach {
		paths = append(paths, r.Paths...)
	}
	if len(paths) == 0 {
		return NodePage{}, nil
	}
	l.among("e.path", paths)
	return l.nodes(tx, paging{column: "e.search_key", tie: "e.id", after: after, limit: limit})
}

// SearchTree lists entities of every kind within reach by any part of name,
// alias or customer ID, in the order of the tree.
func SearchTree(tx *db.Tx, reach []access.Reach, search, after string, limit int) (NodePage, error) {
	if utf8.RuneCountInString(search) > searchMax || !lang.Storable(search) {
		return NodePage{}, fault.In("search", "too_long", "max", searchMax)
	}
	l := &listing{}
	if !l.within(reach) {
		return NodePage{}, nil
	}
	l.search(search)
	return l.nodes(tx, paging{column: "e.path", tie: "e.id", after: after, limit: limit})
}

// SearchAbove lists the first few entities of some levels that a search finds, in
// the order of the tree, the active ones alone or all; more tells whether there
// are others.
func SearchAbove(tx *db.Tx, reach []access.Reach, search string, highest, lowest access.Kind, active bool, limit int) (list []Node, more bool, err error) {
	if utf8.RuneCountInString(search) > searchMax || !lang.Storable(search) {
		return nil, false, fault.In("search", "too_long", "max", searchMax)
	}
	l := &listing{}
	if !l.within(reach) {
		return nil, false, nil
	}
	var kinds []string
	for k := highest; k <= lowest; k++ {
		kinds = append(kinds, k.String())
	}
	l.among("e.kind", kinds)
	if active {
		l.add("e.active")
	}
	l.search(search)
	page, err := l.nodes(tx, paging{column: "e.path", tie: "e.id", limit: limit})
	return page.Nodes, page.Next != "", err
}

func (l *listing) nodes(tx *db.Tx, p paging) (NodePage, error) {
	p, err := l.page(p)
	if err != nil {
		return NodePage{}, err
	}
	rows, err := db.All(tx, scanNode, `SELECT `+nodeFields+`, `+p.key+` FROM entities e WHERE `+l.where()+p.tail, l.args...)
	if err != nil {
		return NodePage{}, fmt.Errorf("list entities: %w", err)
	}
	var out NodePage
	rows, out.Next, out.Previous = turn(p, rows)
	for _, r := range rows {
		out.Nodes = append(out.Nodes, r.Node)
	}
	return out, nil
}

// NodeWithin reads one entity, by id or customer ID, if it is within reach.
func NodeWithin(tx *db.Tx, reach []access.Reach, id string) (Node, bool, error) {
	l := &listing{}
	if id == "" || !lang.Storable(id) || !l.within(reach) {
		return Node{}, false, nil
	}
	mark := l.arg(id)
	l.add("(e.id = " + mark + " OR e.customer_id = " + mark + ")")
	k, found, err := first(db.All(tx, scanNode, `SELECT `+nodeFields+`, '' FROM entities e WHERE `+l.where(), l.args...))
	return k.Node, found, err
}

// NodeTyped is NodeWithin for what a person typed: the customer ID in whatever case.
func NodeTyped(tx *db.Tx, reach []access.Reach, typed string) (Node, bool, error) {
	n, found, err := NodeWithin(tx, reach, typed)
	if upper := strings.ToUpper(typed); err == nil && !found && upper != typed {
		return NodeWithin(tx, reach, upper)
	}
	return n, found, err
}

// Line lists the entities above some others and these themselves, from their
// paths, in the order of the tree, as far as they are within reach.
func Line(tx *db.Tx, reach []access.Reach, paths ...string) ([]Node, error) {
	l := &listing{}
	if !l.within(reach) {
		return nil, nil
	}
	var all []string
	for _, path := range paths {
		all = append(all, PathsTo(path)...)
	}
	slices.Sort(all)
	if all = slices.Compact(all); len(all) == 0 {
		return nil, nil
	}
	l.among("e.path", all)
	rows, err := db.All(tx, scanNode, `SELECT `+nodeFields+`, '' FROM entities e WHERE `+l.where()+` ORDER BY e.path`, l.args...)
	if err != nil {
		return nil, fmt.Errorf("read entities above: %w", err)
	}
	var out []Node
	for _, r := range rows {
		out = append(out, r.Node)
	}
	return out, nil
}

// Above lists the ids of an entity and of those above it, up to the account's own.
func Above(tx *db.Tx, a Account, e Entity) ([]string, error) {
	l := &listing{}
	l.among("e.path", PathsTo(e.Path)[len(PathsTo(a.Path))-1:])
	return db.Column(tx, `SELECT e.id FROM entities e WHERE `+l.where()+` ORDER BY e.path`, l.args...)
}

// OffAtOrAbove tells whether an entity, or one above it, is not active.
func OffAtOrAbove(tx *db.Tx, path string) (bool, error) {
	l := &listing{}
	l.among("e.path", PathsTo(path))
	var one int
	return db.One(tx, []any{&one}, `SELECT 1 FROM entities e WHERE NOT e.active AND `+l.where()+` LIMIT 1`, l.args...)
}
