package compare

import (
	"fmt"
	"hash/maphash"

	"countersign/internal/access"
)

// reaches are up to four roles, each over a subtree; an unused one is over nothing.
// With the id and its hash they fill the 64 bytes that a processor fetches at once.
type reaches struct {
	span [perUser][2]int32
	role [perUser]uint16
}

func (r *reaches) allow(roles []access.Set, entity int32, p access.Permission) bool {
	for i := range r.span {
		if r.span[i][0] <= entity && entity < r.span[i][1] && roles[r.role[i]][p/64]&(1<<(p%64)) != 0 {
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
	hash  uint32 // its upper half; ids are compared only when it is the same
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
	hash, mask := maphash.String(t.seed, id), uint64(len(t.slots)-1)
	i := hash & mask
	for t.slots[i].id != "" {
		i = (i + 1) & mask
	}
	t.slots[i] = slot[V]{id, uint32(hash >> 32), v}
}

func (t *table[V]) find(id string) *V {
	hash, mask := maphash.String(t.seed, id), uint64(len(t.slots)-1)
	for i := hash & mask; ; i = (i + 1) & mask {
		s := &t.slots[i]
		if s.hash == uint32(hash>>32) && s.id == id {
			return &s.value
		}
		if s.id == "" {
			return nil
		}
	}
}

// newFloor is the least that any check of this shape costs: find the user and
// the entity, test up to four intervals, test a bit. It allocates nothing.
func newFloor(w access.World) ([]Asked, error) {
	entities, users := newTable[int32](len(w.Entities)), newTable[reaches](len(w.Users))
	roles, err := eachReach(w, entities.put, users.put)
	if err != nil {
		return nil, err
	}
	return []Asked{func(q *Question) bool {
		u, e := users.find(q.User), entities.find(q.Entity)
		return u != nil && e != nil && u.allow(roles, *e, q.permission)
	}}, nil
}

func newMapFloor(w access.World) ([]Asked, error) {
	entities, users := make(map[string]int32, len(w.Entities)), make(map[string]reaches, len(w.Users))
	roles, err := eachReach(w, func(id string, at int32) { entities[id] = at }, func(id string, r reaches) { users[id] = r })
	if err != nil {
		return nil, err
	}
	return []Asked{func(q *Question) bool {
		u, known := users[q.User]
		e, there := entities[q.Entity]
		return known && there && u.allow(roles, e, q.permission)
	}}, nil
}

// eachReach tells of every entity and user, and gives what the roles hold.
func eachReach(w access.World, entity func(string, int32), user func(string, reaches)) ([]access.Set, error) {
	p := Plain(w)
	roles := make([]access.Set, len(p.Roles))
	for i, r := range p.Roles {
		roles[i] = r.holds
	}
	for _, e := range p.Entities {
		entity(e.ID, e.lo)
	}
	for _, u := range p.Users {
		if len(u.Grants) > perUser {
			return nil, fmt.Errorf("the floor has room for %d assignments, %s has %d", perUser, u.ID, len(u.Grants))
		}
		var r reaches
		for i, g := range u.Grants {
			r.span[i], r.role[i] = [2]int32{p.Entities[g.Entity].lo, p.Entities[g.Entity].hi}, uint16(g.Role)
		}
		user(u.ID, r)
	}
	return roles, nil
}
