package access

import (
	"errors"
	"fmt"
	"hash/maphash"
)

// Snapshot is the world compiled for asking. It never changes. A nil one denies everything.
//
// Everything in it stands under numbers in a few large blocks of memory: the
// tree, the roles and the people (record.go). Snapshots share what did not
// change between them.
type Snapshot struct {
	revision int64
	*tree
	*roles
	users *users

	permissions *permissions
	stored      *stored

	holders *holders // of these users, or of earlier ones
	since   []string // who changed since, by id
}

// Revision is that of the world it was built from; 0 for nil.
func (s *Snapshot) Revision() int64 {
	if s == nil {
		return 0
	}
	return s.revision
}

// role is the number of a role by its id; -1 when there is none.
func (s *Snapshot) role(id string) int32 {
	n := s.roleIndex.find(&s.roleNames, s.hash(id), id)
	if n >= 0 && s.list[n].account < 0 {
		return -1
	}
	return n
}

// Build compiles a world. It fails, naming everything that is wrong, when two
// things share an id or the entities are no tree; what merely points nowhere grants nothing.
func Build(w World) (*Snapshot, error) {
	b, err := Begin(w, len(w.Users))
	if err != nil {
		return nil, err
	}
	for i := range w.Users {
		b.Add(&w.Users[i])
	}
	return b.Done()
}

// Building is a snapshot that people are still added to, one at a time, so that
// a million of them need not stand in memory twice.
type Building struct {
	s       *Snapshot
	values  map[string][]memberValues
	scratch []byte
	errs    []error
}

// Begin compiles all of a world but its users, and makes room for about so many of them.
func Begin(w World, users int) (*Building, error) {
	t, err := plant(maphash.MakeSeed(), w.Entities, w.Accounts, w.Locations)
	if err != nil {
		return nil, err
	}
	p := makePermissions(w.Types, w.UserProperties)
	r, err := compileRoles(t, w.Roles)
	if err != nil {
		return nil, err
	}
	s := &Snapshot{revision: w.Revision, tree: t, roles: r, users: newUsers(users), permissions: p, stored: makeStored(w.Resources)}
	return &Building{s: s, values: map[string][]memberValues{}}, nil
}

// Add compiles a user, who may be reused afterwards. What is wrong with them is Done's error.
func (b *Building) Add(u *User) {
	var err error
	if b.scratch, err = b.s.record(b.scratch[:0], u); err == nil && !b.s.users.add(b.s.hash(u.ID), b.scratch) {
		err = fmt.Errorf("access: user id %q twice", u.ID)
	}
	if values := u.valuesIn(); values != nil {
		b.values[u.ID] = values
	}
	if err != nil && len(b.errs) < 20 {
		b.errs = append(b.errs, err)
	}
}

// Done is the finished snapshot. Nothing can be added afterwards.
func (b *Building) Done() (*Snapshot, error) {
	s := b.s
	b.s = nil
	if err := errors.Join(b.errs...); err != nil {
		return nil, err
	}
	s.users = s.users.settle(s.tree)
	if len(b.values) > 0 {
		s.stored.setMembers(b.values, nil)
	}
	s.holders = &holders{users: s.users, tree: s.tree}
	return s, nil
}

// Changes are what differs between two revisions: whatever is listed is put in
// place of what the snapshot has under the same id, or added. Accounts,
// entities and locations do not go; a world without some of them is built anew.
//
// A user must be listed when anything of theirs has changed, and when something
// that they were assigned, and that was not there, has come.
type Changes struct {
	Revision             int64 // may not go back
	Accounts             []Account
	Entities             []Entity
	Locations            []Location
	Roles                []Role
	Users                []User
	GoneRoles, GoneUsers []string

	Registered     bool // Types and UserProperties are all there are from now on
	Types          []Type
	UserProperties []Property
	Resources      []Resource
	GoneResources  []ResourceKey
}

// With is the snapshot after changes. Users cost their own work only, roles that
// of the list of roles; a change of the tree lays it out anew and, where entities
// get other numbers by it, goes once through what everybody holds.
func (s *Snapshot) With(c Changes) (*Snapshot, error) {
	if s == nil {
		return nil, errors.New("access: no snapshot to change")
	}
	if c.Revision < s.revision {
		return nil, fmt.Errorf("access: revision %d is older than %d", c.Revision, s.revision)
	}
	next := &Snapshot{revision: c.Revision, tree: s.tree, roles: s.roles, users: s.users, permissions: s.permissions, stored: s.stored.changed(&c)}
	if c.Registered {
		next.permissions = makePermissions(c.Types, c.UserProperties)
	}
	moved := false
	var err error
	if len(c.Entities)+len(c.Accounts)+len(c.Locations) > 0 {
		if next.tree, err = s.grown(&c); err != nil {
			return nil, err
		}
		if to := next.moves(s.tree); to != nil {
			next.users, moved = s.users.moved(next.tree, to), true
		}
	}
	if len(c.Roles)+len(c.GoneRoles) > 0 {
		if next.roles, err = s.roles.changed(next.tree, c.Roles, c.GoneRoles); err != nil {
			return nil, err
		}
	}
	edits, err := next.edits(c.Users, c.GoneUsers)
	if err != nil {
		return nil, err
	}
	if len(edits) > 0 {
		next.users = next.users.with(next.tree, edits)
	}
	if moved {
		next.holders = &holders{users: next.users, tree: next.tree}
	} else {
		s.follow(next, edits)
	}
	return next, nil
}

func (s *Snapshot) edits(users []User, gone []string) ([]edit, error) {
	out := make([]edit, 0, len(users)+len(gone))
	for _, id := range gone {
		out = append(out, edit{id, nil})
	}
	seen := make(map[string]bool, len(users))
	for i := range users {
		u := &users[i]
		if seen[u.ID] {
			return nil, fmt.Errorf("access: user id %q twice", u.ID)
		}
		seen[u.ID] = true
		p, err := s.record(nil, u)
		if err != nil {
			return nil, err
		}
		out = append(out, edit{u.ID, p})
	}
	return out, nil
}

// WithUsers is With for users alone.
func (s *Snapshot) WithUsers(revision int64, changed []User, removed []string) (*Snapshot, error) {
	return s.With(Changes{Revision: revision, Users: changed, GoneUsers: removed})
}

// RolesOf lists the ids of an account's roles, in no order.
func (s *Snapshot) RolesOf(accountID string) []string {
	a := s.account(accountID)
	var out []string
	for i := range s.list {
		if a >= 0 && s.list[i].account == a {
			out = append(out, s.roleNames.at(int32(i)))
		}
	}
	return out
}
