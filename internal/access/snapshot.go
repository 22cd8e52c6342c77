package access

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"slices"
)

// Snapshot is the world compiled for asking. It never changes. A nil one denies everything.
type Snapshot struct {
	revision int64
	*frame
	users *users
}

// Revision is that of the world it was built from; 0 for nil.
func (s *Snapshot) Revision() int64 {
	if s == nil {
		return 0
	}
	return s.revision
}

// frame is what all users' compiled grants point into; snapshots that differ
// in users only share it.
type frame struct {
	seed      maphash.Seed
	entities  []entity // in path order, so that a subtree is a span
	entityIDs *ids     // by id and by customer ID
	accounts  []account
	accountID *ids
	locations *ids // to the number of its entity
	roles     map[string]*role
	notLive   []int32 // notLive[i]: how many of entities[:i] are not owned by a live account
}

type entity struct {
	path  string
	owner int32 // the account it belongs to; -1 is none
	end   int32 // its subtree is entities[i:end]
}

type account struct {
	id     string
	entity int32
	span   // its entity and all below
	kind   Kind
	live   bool
	dead   bool // its entity or one above is not active
}

// span is entities[lo:hi].
type span struct{ lo, hi int32 }

func (a span) meet(b span) span   { return span{max(a.lo, b.lo), min(a.hi, b.hi)} }
func (a span) empty() bool        { return a.lo >= a.hi }
func (a span) holds(b span) bool  { return a.lo <= b.lo && b.hi <= a.hi }
func (a span) inLine(b span) bool { return a.holds(b) || b.holds(a) }

func (f *frame) subtree(e int32) span { return span{e, f.entities[e].end} }

// Build compiles a world. It fails, naming everything that is wrong, when two
// things share an id or the entities are no tree; what merely points nowhere grants nothing.
func Build(w World) (*Snapshot, error) {
	b := builder{frame: &frame{seed: maphash.MakeSeed()}}
	b.tree(w.Entities, w.Accounts)
	if err := errors.Join(b.errs...); err != nil {
		return nil, err
	}
	b.places(w.Locations)
	b.compileRoles(w.Roles)
	s := &Snapshot{revision: w.Revision, frame: b.frame}
	people := make([]*person, 0, len(w.Users))
	for i := range w.Users {
		people = append(people, b.person(&w.Users[i]))
	}
	var err error
	if s.users, err = packUsers(b.seed, people); err != nil {
		b.errs = append(b.errs, err)
	}
	if err := errors.Join(b.errs...); err != nil {
		return nil, err
	}
	return s, nil
}

// WithUsers is the snapshot with these users put in place of what it has of
// them, and the removed ones gone. It costs the work of these users only.
// The revision may not go back.
func (s *Snapshot) WithUsers(revision int64, changed []User, removed []string) (*Snapshot, error) {
	if s == nil {
		return nil, errors.New("access: no snapshot to change")
	}
	if revision < s.revision {
		return nil, fmt.Errorf("access: revision %d is older than %d", revision, s.revision)
	}
	edits := make(map[string]*person, len(changed)+len(removed))
	for _, id := range removed {
		edits[id] = nil
	}
	for i := range changed {
		if changed[i].ID == "" || edits[changed[i].ID] != nil {
			return nil, fmt.Errorf("access: user id %q empty or twice", changed[i].ID)
		}
		edits[changed[i].ID] = s.person(&changed[i])
	}
	return &Snapshot{revision: revision, frame: s.frame, users: s.users.with(edits)}, nil
}

type builder struct {
	*frame
	errs []error
}

func (b *builder) wrong(format string, args ...any) {
	b.errs = append(b.errs, fmt.Errorf("access: "+format, args...))
}

// tree puts the entities in path order and finds each one's end and owner.
func (b *builder) tree(list []Entity, accounts []Account) {
	list = slices.Clone(list)
	slices.SortFunc(list, func(x, y Entity) int { return cmp.Compare(x.Path, y.Path) })
	b.entities = make([]entity, len(list))
	b.entityIDs = newIDs(b.seed, 2*len(list))
	for i := range list {
		e := &list[i]
		b.entities[i] = entity{path: e.Path, owner: -1, end: int32(i + 1)}
		if e.ID == "" || !b.entityIDs.add(e.ID, int32(i)) {
			b.wrong("entity id %q empty or twice", e.ID)
		}
		if e.CustomerID != "" && e.CustomerID != e.ID && !b.entityIDs.add(e.CustomerID, int32(i)) {
			b.wrong("customer ID %q twice", e.CustomerID)
		}
		if e.Kind.String() == "" {
			b.wrong("entity %s has no kind", e.ID)
		}
	}
	at := b.accountEntities(accounts, list)
	if len(b.errs) == 0 {
		b.lines(list, at)
		for i := range b.accounts {
			b.accounts[i].span = b.subtree(b.accounts[i].entity)
		}
	}
}

// accountEntities gives for each entity number the account that it is the entity of.
func (b *builder) accountEntities(accounts []Account, list []Entity) map[int32]int32 {
	at := make(map[int32]int32, len(accounts))
	b.accounts = make([]account, 0, len(accounts))
	b.accountID = newIDs(b.seed, len(accounts))
	for _, a := range accounts {
		e := b.entityIDs.find(a.EntityID)
		n := int32(len(b.accounts))
		if a.ID == "" || !b.accountID.add(a.ID, n) {
			b.wrong("account id %q empty or twice", a.ID)
		}
		if e < 0 || list[e].ID != a.EntityID {
			b.wrong("account %s has no entity", a.ID)
			continue
		}
		if _, taken := at[e]; taken {
			b.wrong("entity %s is of two accounts", a.EntityID)
		}
		at[e] = n
		b.accounts = append(b.accounts, account{id: a.ID, entity: e, kind: list[e].Kind, live: a.Live})
	}
	return at
}

// lines walks down the tree in path order with the line of ancestors in hand.
func (b *builder) lines(list []Entity, at map[int32]int32) {
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
			b.entities[i].owner = b.entities[up].owner
		}
		if a, ok := at[n]; ok {
			b.entities[i].owner = a
			b.accounts[a].dead = dead[i]
		}
		owner := b.entities[i].owner
		if e.AccountID != "" && (owner < 0 || b.accounts[owner].id != e.AccountID) {
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
func (b *builder) placed(list []Entity, line []int32, e *Entity) bool {
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

func (b *builder) places(list []Location) {
	b.locations = newIDs(b.seed, len(list))
	for _, l := range list {
		e := b.entityIDs.find(l.EntityID)
		if e < 0 {
			continue // a place of nothing is unknown
		}
		if l.ID == "" || !b.locations.add(l.ID, e) {
			b.wrong("location id %q empty or twice", l.ID)
		}
	}
}
