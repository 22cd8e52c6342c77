package access

import "hash/maphash"

// ids finds a number by its id: open addressing with linear probing, at most
// half full, keyed by a seeded hash so that nobody can choose colliding ids.
type ids struct {
	seed  maphash.Seed
	slots []idSlot
	mask  uint64
}

type idSlot struct {
	id   string
	hash uint32
	at   int32 // -1 is a free slot
}

func newIDs(seed maphash.Seed, n int) *ids {
	size := 8
	for size < 2*n {
		size *= 2
	}
	t := &ids{seed: seed, slots: make([]idSlot, size), mask: uint64(size - 1)}
	for i := range t.slots {
		t.slots[i].at = -1
	}
	return t
}

// add reports false when the id is there already.
func (t *ids) add(id string, at int32) bool {
	h := maphash.String(t.seed, id)
	for i := h & t.mask; ; i = (i + 1) & t.mask {
		s := &t.slots[i]
		if s.at < 0 {
			*s = idSlot{id, uint32(h >> 32), at}
			return true
		}
		if s.id == id {
			return false
		}
	}
}

// find gives -1 for an id that is not there.
func (t *ids) find(id string) int32 {
	h := maphash.String(t.seed, id)
	for i := h & t.mask; ; i = (i + 1) & t.mask {
		s := &t.slots[i]
		if s.at < 0 || s.hash == uint32(h>>32) && s.id == id {
			return s.at
		}
	}
}
