package main

import (
	"fmt"
	"hash/maphash"

	"countersign/internal/access"
)

// reach is a role over a subtree; a user has up to four. An unused one is over nothing.
type reach struct {
	lo, hi int32
	holds  *access.Set
}

type reaches [perUser]reach

func (r *reaches) allow(entity int32, p access.Permission) bool {
	for i := range r {
		if r[i].lo <= entity && entity < r[i].hi && r[i].holds[p/64]&(1<<(p%64)) != 0 {
			return true
		}
	}
	return false
}

// table finds values by id: open addressing with linear probing, at most half full.
type table[V any] struct {
	seed  maphash.Seed
	slots []slot[V]
}

type slot[V any] struct {
	id    string
	value V
}

func newTable[V any](n int) *table[V] {
	size := 8
	for size < 2*n {
		size *= 2
	}
	return &table[V]{seed: maphash.MakeSeed(), slots: make([]slot[V], size)}
}

func (t *table[V]) put(id string, v V) {
	mask := uint64(len(t.slots) - 1)
	i := maphash.String(t.seed, id) & mask
	for t.slots[i].id != "" {
		i = (i + 1) & mask
	}
	t.slots[i] = slot[V]{id, v}
}

func (t *table[V]) find(id string) *V {
	mask := uint64(len(t.slots) - 1)
	for i := maphash.String(t.seed, id) & mask; t.slots[i].id != ""; i = (i + 1) & mask {
		if t.slots[i].id == id {
			return &t.slots[i].value
		}
	}
	return nil
}

// newFloor is the least that any check of this shape costs: find the user and
// the entity, test up to four intervals, test a bit. It allocates nothing.
func newFloor(w access.World) (asked, error) {
	entities, users := newTable[int32](len(w.Entities)), newTable[reaches](len(w.Users))
	if err := eachReach(w, entities.put, users.put); err != nil {
		return nil, err
	}
	return func(q *question) bool {
		u, e := users.find(q.user), entities.find(q.entity)
		return u != nil && e != nil && u.allow(*e, q.permission)
	}, nil
}

func newMapFloor(w access.World) (asked, error) {
	entities, users := make(map[string]int32, len(w.Entities)), make(map[string]reaches, len(w.Users))
	err := eachReach(w, func(id string, at int32) { entities[id] = at }, func(id string, r reaches) { users[id] = r })
	if err != nil {
		return nil, err
	}
	return func(q *question) bool {
		u, known := users[q.user]
		e, there := entities[q.entity]
		return known && there && u.allow(e, q.permission)
	}, nil
}

func eachReach(w access.World, entity func(string, int32), user func(string, reaches)) error {
	p := plain(w)
	sets := make([]access.Set, len(p.roles))
	for i, r := range p.roles {
		sets[i] = r.holds
	}
	for _, e := range p.entities {
		entity(e.id, e.lo)
	}
	for _, u := range p.users {
		if len(u.grants) > perUser {
			return fmt.Errorf("the floor has room for %d assignments, %s has %d", perUser, u.id, len(u.grants))
		}
		var r reaches
		for i, g := range u.grants {
			e := p.entities[g.entity]
			r[i] = reach{e.lo, e.hi, &sets[g.role]}
		}
		user(u.id, r)
	}
	return nil
}
