package access

import (
	"bytes"
	"encoding/binary"
	"slices"
	"sort"
	"sync"
	"sync/atomic"
)

// holders says who has which role over which entity, for Subjects. It is made of
// the people of one snapshot when it is first asked for, and goes on to serve
// the snapshots after it, which remember whom they changed since.
type holders struct {
	once  sync.Once
	made  atomic.Bool
	users *users
	tree  *tree

	order []standing // everybody by id: their place is their rank
	begin []uint32   // by entity: where its runs begin, and one more
	runs  []run
	ranks []uint32 // of those who have a run's role over a run's entity

	here  []uint32 // by location: where those begin who are restricted to it among others, and one more
	local []uint32 // their ranks, ascending at each location
}

// standing is where a record stands.
type standing struct{ shard, at uint32 }

// run is a role over one entity: ranks[begin:mid] have it at all locations, and
// ranks[mid:end] at certain ones; both ascend.
type run struct {
	role            int32
	begin, mid, end uint32
}

func (h *holders) everywhere(r run) []uint32 { return h.ranks[r.begin:r.mid] }
func (h *holders) certain(r run) []uint32    { return h.ranks[r.mid:r.end] }

// restrictedTo are all who are restricted to a location, among others, whatever they may do
// there. To one that has come since nobody is but those who changed since.
func (h *holders) restrictedTo(place int32) []uint32 {
	if int(place) >= len(h.here)-1 {
		return nil
	}
	return h.local[h.here[place]:h.here[place+1]]
}

// sinceMost is how many changed users a search looks at one by one before
// everybody is written down anew.
const sinceMost = 4096

// follow gives the holders for the next snapshot, and whom it changed since they were made.
func (s *Snapshot) follow(next *Snapshot, edits []edit) {
	if !s.holders.made.Load() || len(s.since)+len(edits) > sinceMost {
		next.holders, next.since = &holders{users: next.users, tree: next.tree}, nil
		return
	}
	next.holders, next.since = s.holders, s.since
	if len(edits) == 0 {
		return
	}
	list := slices.Clone(s.since)
	for _, e := range edits {
		list = append(list, e.id)
	}
	slices.Sort(list)
	next.since = slices.Compact(list)
}

func (h *holders) get() *holders {
	h.once.Do(func() {
		h.sort()
		h.write()
		h.made.Store(true)
	})
	return h
}

func (h *holders) at(rank uint32) person {
	w := h.order[rank]
	return person(h.users.shards[w.shard].data[w.at:])
}

// among are the ranks of those of a list who are named.
func (h *holders) among(list []uint32, named []string) (out []uint32) {
	for _, id := range named {
		rank, found := sort.Find(len(h.order), func(i int) int { return bytes.Compare([]byte(id), h.at(uint32(i)).id()) })
		if !found {
			continue
		}
		if _, has := slices.BinarySearch(list, uint32(rank)); has {
			out = append(out, uint32(rank))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// sort puts everybody in the order of their ids: by the eight bytes in which
// ids begin to differ, and by all of them only where these are alike.
func (h *holders) sort() {
	type entry struct {
		key uint64
		standing
	}
	list := make([]entry, 0, h.users.count)
	var one []byte
	common := -1
	for i := range h.users.shards {
		for p := range h.users.shards[i].people() {
			if common < 0 {
				one, common = p.id(), len(p.id())
			}
			common = alikeTo(one[:common], p.id())
		}
	}
	for i := range h.users.shards {
		at := 0
		for p := range h.users.shards[i].people() {
			var key [8]byte
			copy(key[:], p.id()[common:])
			list = append(list, entry{binary.BigEndian.Uint64(key[:]), standing{uint32(i), uint32(at)}})
			at += len(p)
		}
	}
	id := func(w standing) []byte { return person(h.users.shards[w.shard].data[w.at:]).id() }
	slices.SortFunc(list, func(x, y entry) int {
		switch {
		case x.key < y.key:
			return -1
		case x.key > y.key:
			return 1
		}
		return bytes.Compare(id(x.standing), id(y.standing))
	})
	h.order = make([]standing, len(list))
	for i, e := range list {
		h.order[i] = e.standing
	}
}

// alikeTo is how many bytes two ids have in common at their beginning.
func alikeTo(x, y []byte) int {
	n := min(len(x), len(y))
	for i := range n {
		if x[i] != y[i] {
			return i
		}
	}
	return n
}

// write makes the runs, first all pairs of role and rank by entity, then each entity's in
// order, and writes down who is restricted to which locations.
func (h *holders) write() {
	first := make([]uint32, len(h.tree.entities)+1)
	h.here = make([]uint32, len(h.tree.places)+1)
	places := newDistinct(h.tree)
	for i := range h.users.shards {
		for p := range h.users.shards[i].people() {
			for m := p.members(); m.next(); {
				for g := m.grants(); g.next(); {
					if !g.empty() {
						first[g.lo+1]++
					}
				}
			}
			for l := range places.of(p) {
				h.here[l+1]++
			}
		}
	}
	for _, counts := range [][]uint32{first, h.here} {
		for i := 1; i < len(counts); i++ {
			counts[i] += counts[i-1]
		}
	}
	pairs, next := make([]uint64, first[len(first)-1]), slices.Clone(first)
	h.local = make([]uint32, h.here[len(h.here)-1])
	nextHere := slices.Clone(h.here)
	for rank := range uint32(len(h.order)) {
		p := h.at(rank)
		for m := p.members(); m.next(); {
			pair := uint64(rank)
			if !m.allLocations() {
				pair |= certainly
			}
			for g := m.grants(); g.next(); {
				if !g.empty() {
					pairs[next[g.lo]] = uint64(g.role)<<32 | pair
					next[g.lo]++
				}
			}
		}
		for l := range places.of(p) {
			h.local[nextHere[l]] = rank
			nextHere[l]++
		}
	}
	h.begin, h.ranks = make([]uint32, len(first)), make([]uint32, 0, len(pairs))
	for e := range h.tree.entities {
		h.begin[e] = uint32(len(h.runs))
		h.add(pairs[first[e]:first[e+1]])
	}
	h.begin[len(first)-1] = uint32(len(h.runs))
	h.runs = slices.Clip(h.runs)
}

// distinct names each location of a person once, for two memberships may hold one.
type distinct struct {
	latest []uint32 // by location: whose it was last
	person uint32
}

func newDistinct(t *tree) *distinct { return &distinct{latest: make([]uint32, len(t.places))} }

func (d *distinct) of(p person) func(yield func(int32) bool) {
	d.person++
	return func(yield func(int32) bool) {
		for m := p.members(); m.next(); {
			for i := 0; ; i++ {
				l := m.place(i)
				if l < 0 {
					break
				}
				if d.latest[l] != d.person {
					d.latest[l] = d.person
					if !yield(l) {
						return
					}
				}
			}
		}
	}
}

// certainly stands in a pair of role and rank, between them, when it is for certain
// locations: a role is one account's, in which a person has one membership.
const certainly = 1 << 31

// add writes the runs of one entity.
func (h *holders) add(pairs []uint64) {
	slices.Sort(pairs)
	for i, p := range pairs {
		role, n := int32(p>>32), uint32(len(h.ranks))
		if i == 0 || role != int32(pairs[i-1]>>32) {
			h.runs = append(h.runs, run{role: role, begin: n, mid: n, end: n})
		} else if p == pairs[i-1] {
			continue
		}
		h.ranks = append(h.ranks, uint32(p&^certainly))
		r := &h.runs[len(h.runs)-1]
		if r.end = n + 1; p&certainly == 0 {
			r.mid = r.end
		}
	}
}
