package access

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"net/netip"
	"slices"
)

// person is a compiled user: everything a decision reads of them, without a look-up.
type person struct {
	id      string
	active  bool
	members []member
}

type member struct {
	id           string
	account      int32
	active, cut  bool
	allLocations bool
	locations    []place
	allow        []netip.Prefix
	grants       []grant
}

type place struct {
	id     string
	entity int32
}

type grant struct {
	id          string
	role        *role
	from, until int64
	first       span   // most have one scope: it stands here, the others in more
	more        []span // in path order, none inside another
}

// scope is the i-th scope; i runs to len(more) inclusive.
func (g *grant) scope(i int) span {
	if i == 0 {
		return g.first
	}
	return g.more[i-1]
}

// meet is the part of target that a scope of the grant holds. With a target of
// one entity, or one that lies in one scope, it is all there is; else it is the first.
func (g *grant) meet(target span) span {
	if m := g.first.meet(target); !m.empty() || g.more == nil {
		return m
	}
	for _, s := range g.more {
		if m := s.meet(target); !m.empty() {
			return m
		}
	}
	return span{}
}

// person compiles a user. What points nowhere is left out: it grants nothing.
func (f *frame) person(u *User) *person {
	p := &person{id: u.ID, active: u.Active, members: make([]member, 0, len(u.Memberships))}
	for i := range u.Memberships {
		m := &u.Memberships[i]
		a := f.accountID.find(m.AccountID)
		if a < 0 {
			continue
		}
		out := member{id: m.ID, account: a, active: m.Active, cut: m.Cut, allLocations: m.AllLocations}
		if len(m.Allow) > 0 {
			out.allow = slices.Clone(m.Allow)
		}
		if !m.AllLocations {
			for _, l := range m.Locations {
				if e := f.locations.find(l); e >= 0 {
					out.locations = append(out.locations, place{l, e})
				}
			}
		}
		out.grants = f.grants(a, m.Assignments)
		p.members = append(p.members, out)
	}
	return p
}

func (f *frame) grants(account int32, list []Assignment) []grant {
	out := make([]grant, 0, len(list))
	whole := f.subtree(f.accounts[account].entity)
	for i := range list {
		a := &list[i]
		r := f.roles[a.RoleID]
		if r == nil || r.account != account {
			continue
		}
		spans := []span{whole}
		if !a.AllEntities {
			spans = f.spans(whole, a.Entities)
		}
		if len(spans) == 0 {
			continue
		}
		g := grant{id: a.ID, role: r, from: a.From, until: a.Until, first: spans[0]}
		if len(spans) > 1 {
			g.more = slices.Clip(spans[1:])
		}
		out = append(out, g)
	}
	return out
}

// spans are the subtrees of these entities that lie in whole, none inside another.
func (f *frame) spans(whole span, entities []string) []span {
	var list []span
	for _, id := range entities {
		if e := f.entityIDs.find(id); e >= 0 && whole.holds(f.subtree(e)) {
			list = append(list, f.subtree(e))
		}
	}
	slices.SortFunc(list, func(a, b span) int { return cmp.Compare(a.lo, b.lo) })
	out := list[:0]
	for _, s := range list {
		if len(out) == 0 || !out[len(out)-1].holds(s) {
			out = append(out, s)
		}
	}
	return out
}

// users finds people by id. The table is cut into about as many shards as a
// shard has people, so that a change copies one shard and the list of shards,
// each the square root of the whole.
type users struct {
	seed   maphash.Seed
	shards []*shard
	shift  uint8
	count  int
}

type shard struct {
	slots []userSlot // at most half full, or empty
	count int
}

type userSlot struct {
	hash uint32
	who  *person
}

func packUsers(seed maphash.Seed, people []*person) (*users, error) {
	bits := uint8(4)
	for 1<<(2*bits) < len(people) {
		bits++
	}
	u := &users{seed: seed, shards: make([]*shard, 1<<bits), shift: 64 - bits, count: len(people)}
	parts := make([][]*person, len(u.shards))
	for _, p := range people {
		if p.id == "" {
			return nil, errors.New("access: a user has no id")
		}
		i := maphash.String(seed, p.id) >> u.shift
		parts[i] = append(parts[i], p)
	}
	for i, part := range parts {
		s, err := u.pack(part)
		if err != nil {
			return nil, err
		}
		u.shards[i] = s
	}
	return u, nil
}

func (u *users) pack(people []*person) (*shard, error) {
	size := 2
	for size < 2*len(people) {
		size *= 2
	}
	s := &shard{slots: make([]userSlot, size), count: len(people)}
	for _, p := range people {
		h := maphash.String(u.seed, p.id)
		i := int(h) & (size - 1)
		for s.slots[i].who != nil {
			if s.slots[i].who.id == p.id {
				return nil, fmt.Errorf("access: user id %q twice", p.id)
			}
			i = (i + 1) & (size - 1)
		}
		s.slots[i] = userSlot{uint32(h >> 16), p}
	}
	return s, nil
}

func (u *users) find(id string) *person {
	h := maphash.String(u.seed, id)
	slots := u.shards[h>>u.shift].slots
	mask := len(slots) - 1
	for i := int(h) & mask; ; i = (i + 1) & mask {
		s := &slots[i]
		if s.who == nil || s.hash == uint32(h>>16) && s.who.id == id {
			return s.who
		}
	}
}

// with is the table with these people put in (nil: taken out).
func (u *users) with(edits map[string]*person) *users {
	parts := map[uint64][]*person{}
	for id, p := range edits {
		i := maphash.String(u.seed, id) >> u.shift
		if parts[i] == nil {
			parts[i] = u.shards[i].without(edits)
		}
		if p != nil {
			parts[i] = append(parts[i], p)
		}
	}
	next := &users{seed: u.seed, shards: slices.Clone(u.shards), shift: u.shift, count: u.count}
	for i, part := range parts {
		next.shards[i], _ = next.pack(part) // no id is twice: without took the old ones out, edits is keyed by id
		next.count += next.shards[i].count - u.shards[i].count
	}
	if next.count > 4*len(next.shards)*len(next.shards) { // outgrown: spread over more shards
		all := make([]*person, 0, next.count)
		for _, s := range next.shards {
			all = append(all, s.without(nil)...)
		}
		next, _ = packUsers(u.seed, all)
	}
	return next
}

// without lists the shard's people save those being edited; never nil.
func (s *shard) without(edits map[string]*person) []*person {
	out := make([]*person, 0, s.count+1)
	for _, slot := range s.slots {
		if slot.who == nil {
			continue
		}
		if _, edited := edits[slot.who.id]; !edited {
			out = append(out, slot.who)
		}
	}
	return out
}
