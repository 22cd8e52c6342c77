package access

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
)

// tree is the entities, the accounts and the locations. Accounts and locations
// keep their numbers when it changes; entities stand in path order and do not.
type tree struct {
	entities []entity
	notLive  []int32 // notLive[i]: how many of entities[:i] are not owned by a live account
	accounts []account
	places   []int32 // by location: its entity; -1 is a place of nothing

	seed                              maphash.Seed
	entityNames, customerNames, paths names // by entity
	accountNames, placeNames          names
	entityIndex, customerIndex        index
	accountIndex, placeIndex          index
	kinds                             []Kind // by entity
	active                            []bool // by entity, itself alone
}

type entity struct {
	owner int32 // the account it belongs to; -1 is none
	end   int32 // its subtree is entities[i:end]
	up    int32 // its parent; -1 is none
}

// account holds what decisions read of one. Its entity is the first of the span.
type account struct {
	span // its entity and all below
	kind Kind
	live bool
	dead bool // its entity or one above is not active
}

// span is entities[lo:hi].
type span struct{ lo, hi int32 }

func (a span) meet(b span) span   { return span{max(a.lo, b.lo), min(a.hi, b.hi)} }
func (a span) empty() bool        { return a.lo >= a.hi }
func (a span) holds(b span) bool  { return a.lo <= b.lo && b.hi <= a.hi }
func (a span) inLine(b span) bool { return a.holds(b) || b.holds(a) }

func (t *tree) subtree(e int32) span { return span{e, t.entities[e].end} }

// scope is what an assignment of the account over an entity reaches: the
// entity and all below, or nothing when it lies outside the account.
func (t *tree) scope(account, e int32) span {
	if s := t.subtree(e); t.accounts[account].holds(s) {
		return s
	}
	return span{e, e}
}

// entity finds one by id or by customer ID; -1 when there is none.
func (t *tree) entity(id string) int32 {
	h := maphash.String(t.seed, id)
	if e := t.entityIndex.find(&t.entityNames, h, id); e >= 0 {
		return e
	}
	return t.customerIndex.find(&t.customerNames, h, id)
}

// account finds the platform's own without a search: most services of a platform
// ask with its token.
func (t *tree) account(id string) int32 {
	if len(t.entities) > 0 {
		if top := t.entities[0].owner; top >= 0 && t.accountNames.at(top) == id {
			return top
		}
	}
	return t.accountIndex.find(&t.accountNames, maphash.String(t.seed, id), id)
}

// location finds a place by id; -1 when there is none, or when it is one of nothing.
func (t *tree) location(id string) int32 {
	l := t.placeIndex.find(&t.placeNames, maphash.String(t.seed, id), id)
	if l >= 0 && t.places[l] < 0 {
		return -1
	}
	return l
}

type planting struct {
	*tree
	errs []error
}

func (b *planting) wrong(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf("access: "+format, args...))
}

// plant makes a tree, and fails naming everything that is wrong.
func plant(seed maphash.Seed, entities []Entity, accounts []Account, locations []Location) (*tree, error) {
	b := planting{tree: &tree{seed: seed}}
	list := slices.Clone(entities)
	slices.SortFunc(list, func(x, y Entity) int { return cmp.Compare(x.Path, y.Path) })
	b.name(list)
	at := b.accountEntities(accounts, list)
	if len(b.errs) == 0 {
		b.lines(list, at)
		for i := range b.accounts {
			b.accounts[i].span = b.subtree(b.accounts[i].lo)
		}
	}
	b.put(locations)
	if err := errors.Join(b.errs...); err != nil {
		return nil, err
	}
	return b.tree, nil
}

// name gives the entities their numbers and makes them known by their ids.
func (b *planting) name(list []Entity) {
	ids, customers, paths := make([]string, len(list)), make([]string, len(list)), make([]string, len(list))
	b.entities, b.kinds, b.active = make([]entity, len(list)), make([]Kind, len(list)), make([]bool, len(list))
	for i := range list {
		e := &list[i]
		ids[i], paths[i] = e.ID, e.Path
		if e.CustomerID != e.ID {
			customers[i] = e.CustomerID
		}
		b.entities[i] = entity{owner: -1, end: int32(i + 1), up: -1}
		b.kinds[i], b.active[i] = e.Kind, e.Active
		if e.ID == "" {
			b.wrong("an entity id is empty")
		}
		if e.Kind.String() == "" {
			b.wrong("entity %s has no kind", e.ID)
		}
	}
	b.entityNames, b.customerNames, b.paths = makeNames(ids), makeNames(customers), makeNames(paths)
	var twice string
	if b.entityIndex, twice = indexOf(b.seed, &b.entityNames); twice != "" {
		b.wrong("entity id %q twice", twice)
	}
	if b.customerIndex, twice = indexOf(b.seed, &b.customerNames); twice != "" {
		b.wrong("customer ID %q twice", twice)
	}
	for _, c := range customers {
		if c != "" && b.entityIndex.find(&b.entityNames, maphash.String(b.seed, c), c) >= 0 {
			b.wrong("customer ID %q is another's id", c)
		}
	}
}

// accountEntities gives for each entity number the account that it is the entity of, or -1.
func (b *planting) accountEntities(accounts []Account, list []Entity) []int32 {
	at := make([]int32, len(list))
	for i := range at {
		at[i] = -1
	}
	ids := make([]string, len(accounts))
	b.accounts = make([]account, len(accounts))
	for i, a := range accounts {
		ids[i] = a.ID
		if a.ID == "" {
			b.wrong("an account id is empty")
		}
		e := b.entityIndex.find(&b.entityNames, maphash.String(b.seed, a.EntityID), a.EntityID)
		switch {
		case e < 0:
			b.wrong("account %s has no entity", a.ID)
			continue
		case at[e] >= 0:
			b.wrong("entity %s is of two accounts", a.EntityID)
		}
		at[e] = int32(i)
		b.accounts[i] = account{span: span{e, e + 1}, kind: list[e].Kind, live: a.Live}
	}
	b.accountNames = makeNames(ids)
	var twice string
	if b.accountIndex, twice = indexOf(b.seed, &b.accountNames); twice != "" {
		b.wrong("account id %q twice", twice)
	}
	return at
}

// lines walks down the tree in path order with the line of ancestors in hand.
func (b *planting) lines(list []Entity, at []int32) {
	var line []int32
	dead := make([]bool, len(list))
	b.notLive = make([]int32, len(list)+1)
	for i := range list {
		e, n := &list[i], int32(i)
		for len(line) > 0 && !below(e.Path, list[line[len(line)-1]].Path) {
			line = line[:len(line)-1]
		}
		if !b.placed(list, line, e) {
			continue
		}
		dead[i] = !e.Active
		if len(line) > 0 {
			up := line[len(line)-1]
			dead[i] = dead[i] || dead[up]
			b.entities[i].owner, b.entities[i].up = b.entities[up].owner, up
		}
		if a := at[n]; a >= 0 {
			b.entities[i].owner = a
			b.accounts[a].dead = dead[i]
		}
		owner := b.entities[i].owner
		if e.AccountID != "" && (owner < 0 || b.accountNames.at(owner) != e.AccountID) {
			b.wrong("entity %s says account %s, which is not the nearest one at or above it", e.ID, e.AccountID)
		}
		for _, up := range line {
			b.entities[up].end = n + 1
		}
		line = append(line, n)
		b.notLive[i+1] = b.notLive[i]
		if owner >= 0 && !b.accounts[owner].live {
			b.notLive[i+1]++
		}
	}
}

func below(path, above string) bool { return len(path) > len(above) && path[:len(above)] == above }

// placed checks that an entity stands where its path says: right below its parent, alone.
func (b *planting) placed(list []Entity, line []int32, e *Entity) bool {
	if len(e.Path) == 0 || len(e.Path)%PathPart != 0 {
		b.wrong("entity %s has the path %q, which is not parts of %d", e.ID, e.Path, PathPart)
		return false
	}
	if len(line) == 0 {
		if e.ParentID != "" || len(e.Path) != PathPart {
			b.wrong("entity %s is not below its parent %q", e.ID, e.ParentID)
			return false
		}
		return true
	}
	up := &list[line[len(line)-1]]
	if e.ParentID != up.ID || len(e.Path) != len(up.Path)+PathPart {
		b.wrong("entity %s is not right below its parent %q", e.ID, e.ParentID)
		return false
	}
	return true
}

func (b *planting) put(list []Location) {
	ids := make([]string, len(list))
	b.places = make([]int32, len(list))
	for i, l := range list {
		ids[i] = l.ID
		b.places[i] = b.entityIndex.find(&b.entityNames, maphash.String(b.seed, l.EntityID), l.EntityID)
		if l.ID == "" {
			b.wrong("a location id is empty")
		}
	}
	b.placeNames = makeNames(ids)
	var twice string
	if b.placeIndex, twice = indexOf(b.seed, &b.placeNames); twice != "" {
		b.wrong("location id %q twice", twice)
	}
}

// grown is the tree with these put in place of what it has of them, or added.
func (t *tree) grown(c *Changes) (*tree, error) {
	entities := make([]Entity, len(t.entities))
	for i := range entities {
		n := int32(i)
		e := &entities[i]
		*e = Entity{ID: t.entityNames.at(n), CustomerID: t.customerNames.at(n), Path: t.paths.at(n), Kind: t.kinds[i], Active: t.active[i]}
		if up := t.entities[i].up; up >= 0 {
			e.ParentID = t.entityNames.at(up)
		}
	}
	accounts := make([]Account, len(t.accounts))
	for i, a := range t.accounts {
		accounts[i] = Account{ID: t.accountNames.at(int32(i)), EntityID: t.entityNames.at(a.lo), Live: a.live}
	}
	locations := make([]Location, len(t.places))
	for i, e := range t.places {
		locations[i].ID = t.placeNames.at(int32(i))
		if e >= 0 {
			locations[i].EntityID = t.entityNames.at(e)
		}
	}
	for _, e := range c.Entities {
		entities = replace(entities, t.entityIndex.find(&t.entityNames, maphash.String(t.seed, e.ID), e.ID), e)
	}
	for _, a := range c.Accounts {
		accounts = replace(accounts, t.account(a.ID), a)
	}
	for _, l := range c.Locations {
		locations = replace(locations, t.placeIndex.find(&t.placeNames, maphash.String(t.seed, l.ID), l.ID), l)
	}
	return plant(t.seed, entities, accounts, locations)
}

func replace[T any](list []T, at int32, x T) []T {
	if at < 0 {
		return append(list, x)
	}
	list[at] = x
	return list
}

// moves gives the new number of each entity of an older tree; nil when all
// subtrees are the same spans as they were.
func (t *tree) moves(old *tree) []int32 {
	same := len(t.entities) == len(old.entities)
	to := make([]int32, len(old.entities))
	for i := range to {
		id := old.entityNames.at(int32(i))
		to[i] = t.entityIndex.find(&t.entityNames, maphash.String(t.seed, id), id)
		same = same && to[i] == int32(i) && t.entities[i].end == old.entities[i].end
	}
	if same {
		return nil
	}
	return to
}
