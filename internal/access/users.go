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

// member and grant begin with what every decision reads; the ids come last.
type member struct {
	account      int32
	active, cut  bool
	allLocations bool
	grants       []grant
	allow        []netip.Prefix
	locations    []place
	id           string
}

type place struct {
	id     string
	entity int32
}

type grant struct {
	role        *role
	from, until int64
	first       span   // most have one scope: it stands here, the others in more
	more        []span // in path order, none inside another
	id          string
}

// scope is the i-th scope; i runs to len(more) inclusive.
func (g *grant) scope(i int) span {
	if i == 0 {
		return g.first
	}
	return g.more[i-1]
}

// person compiles a user. What points nowhere is left out: it grants nothing.
func (f *frame) person(u *User) *person {
	p, room := newPerson(u)
	p.id, p.active = u.ID, u.Active
	for i := range u.Memberships {
		m := &u.Memberships[i]
		a := f.accountID.find(m.AccountID)
		if a < 0 {
			continue
		}
		out := member{id: m.ID, account: a, active: m.Active, cut: m.Cut, allLocations: m.AllLocations, allow: slices.Clone(m.Allow)}
		if !m.AllLocations {
			for _, l := range m.Locations {
				if e := f.locations.find(l); e >= 0 {
					out.locations = append(out.locations, place{l, e})
				}
			}
		}
		if room == nil {
			room = make([]grant, 0, len(m.Assignments))
		}
		out.grants, room = f.grants(room, a, m.Assignments), nil
		p.members = append(p.members, out)
	}
	return p
}

// newPerson makes the room for a person, and for the grants of the first
// membership. Most people have one of each: all that a decision reads of them
// is then one block of memory.
func newPerson(u *User) (*person, []grant) {
	if len(u.Memberships) == 1 && len(u.Memberships[0].Assignments) == 1 {
		block := &struct {
			person
			m [1]member
			g [1]grant
		}{}
		block.members = block.m[:0]
		return &block.person, block.g[:0]
	}
	return &person{members: make([]member, 0, len(u.Memberships))}, nil
}

func (f *frame) grants(out []grant, account int32, list []Assignment) []grant {
	whole := f.accounts[account].span
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
	shards []shard
	shift  uint8
	count  int
}

type shard struct {
	slots []userSlot // at most half full, found by linear probing from hash
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
	u := &users{seed: seed, shards: make([]shard, 1<<bits), shift: 64 - bits}
	for i := range u.shards {
		u.shards[i].slots = make([]userSlot, 2)
	}
	for _, p := range people {
		if p.id == "" {
			return nil, errors.New("access: a user has no id")
		}
		h := maphash.String(seed, p.id)
		if !u.shards[h>>u.shift].put(uint32(h), p) {
			return nil, fmt.Errorf("access: user id %q twice", p.id)
		}
	}
	u.count = len(people)
	return u, nil
}

func (u *users) find(id string) *person {
	h := maphash.String(u.seed, id)
	s := &u.shards[h>>u.shift]
	return s.slots[s.slot(uint32(h), id)].who
}

// with is the table with these people put in (nil: taken out). The shards that it touches are copied first.
func (u *users) with(edits map[string]*person) *users {
	next := &users{seed: u.seed, shards: slices.Clone(u.shards), shift: u.shift, count: u.count}
	for id, p := range edits {
		h := maphash.String(u.seed, id)
		i := h >> u.shift
		s := &next.shards[i]
		if &s.slots[0] == &u.shards[i].slots[0] {
			s.slots = slices.Clone(s.slots)
		}
		before := s.count
		s.drop(uint32(h), id)
		if p != nil {
			s.put(uint32(h), p)
		}
		next.count += s.count - before
	}
	if next.count > 4*len(next.shards)*len(next.shards) { // outgrown: spread over more shards
		all := make([]*person, 0, next.count)
		for _, s := range next.shards {
			for _, slot := range s.slots {
				if slot.who != nil {
					all = append(all, slot.who)
				}
			}
		}
		if spread, err := packUsers(u.seed, all); err == nil {
			return spread
		}
	}
	return next
}

// slot is where the person is, or the free slot where they would be put.
func (s *shard) slot(hash uint32, id string) int {
	mask := len(s.slots) - 1
	i := int(hash) & mask
	for ; s.slots[i].who != nil; i = (i + 1) & mask {
		if s.slots[i].hash == hash && s.slots[i].who.id == id {
			return i
		}
	}
	return i
}

// put adds a person; false when they are there already.
func (s *shard) put(hash uint32, p *person) bool {
	if 2*(s.count+1) > len(s.slots) {
		old := s.slots
		s.slots = make([]userSlot, 2*len(old))
		for _, slot := range old {
			if slot.who != nil {
				s.slots[s.free(slot.hash)] = slot
			}
		}
	}
	i := s.slot(hash, p.id)
	if s.slots[i].who != nil {
		return false
	}
	s.slots[i] = userSlot{hash, p}
	s.count++
	return true
}

func (s *shard) free(hash uint32) int {
	i := int(hash) & (len(s.slots) - 1)
	for s.slots[i].who != nil {
		i = (i + 1) & (len(s.slots) - 1)
	}
	return i
}

// drop takes a person out and moves up those whom the gap would hide.
func (s *shard) drop(hash uint32, id string) {
	mask := len(s.slots) - 1
	gap := s.slot(hash, id)
	if s.slots[gap].who == nil {
		return
	}
	s.count--
	for i := (gap + 1) & mask; s.slots[i].who != nil; i = (i + 1) & mask {
		home := int(s.slots[i].hash) & mask
		if (i-home)&mask >= (i-gap)&mask {
			s.slots[gap] = s.slots[i]
			gap = i
		}
	}
	s.slots[gap] = userSlot{}
}
