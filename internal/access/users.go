package access

import (
	"hash/maphash"
	"slices"
)

// users finds people by id. They stand in about as many shards as a shard has
// people: a change copies one shard and the list of shards, each the square
// root of the whole.
type users struct {
	shards []shard
	shift  uint8
	count  int
}

// shard has its people's records one after the other, and where each begins.
type shard struct {
	where index // by the hash of the id
	data  []byte
	count int
}

// newUsers makes room for about so many.
func newUsers(n int) *users {
	bits := uint8(4)
	for 1<<(2*bits) < n {
		bits++
	}
	u := &users{shards: make([]shard, 1<<bits), shift: 64 - bits}
	for i := range u.shards {
		u.shards[i].where = makeIndex(2)
	}
	return u
}

func (s *Snapshot) hash(id string) uint64 { return s.tree.hash(id) }

func (t *tree) hash(id string) uint64 { return maphash.String(t.seed, id) }

// find gives nil when there is nobody of that id.
func (u *users) find(hash uint64, id string) person {
	s := &u.shards[hash>>u.shift]
	mask := uint32(len(s.where) - 1)
	for i := uint32(hash) & mask; ; i = (i + 1) & mask {
		x := s.where[i]
		if x.at == 0 {
			return nil
		}
		if x.hash != uint32(hash) {
			continue
		}
		if p := person(s.data[x.at-1:]); int(p[1]) == len(id) && string(p[headSize:headSize+len(id)]) == id {
			return p
		}
	}
}

// add appends a record; false when there is one of that id.
func (u *users) add(hash uint64, p person) bool {
	if u.find(hash, string(p.id())) != nil {
		return false
	}
	s := &u.shards[hash>>u.shift]
	s.room()
	s.where.put(uint32(hash), uint32(len(s.data)))
	s.data = append(s.data, p...)
	s.count++
	u.count++
	return true
}

// room makes the index larger before it is too full for one more.
func (s *shard) room() {
	if 4*(s.count+1) <= 3*len(s.where) {
		return
	}
	larger := make(index, 2*len(s.where))
	for _, x := range s.where {
		if x.at != 0 {
			larger.put(x.hash, x.at-1)
		}
	}
	s.where = larger
}

// settle gives back what was set aside for growing, and spreads people over
// more shards when there are far more than was thought.
func (u *users) settle(t *tree) *users {
	if u.count > 4*len(u.shards)*len(u.shards) {
		u = u.spread(t)
	}
	for i := range u.shards {
		u.shards[i].data = clipped(u.shards[i].data)
	}
	return u
}

func clipped(data []byte) []byte {
	if cap(data)-len(data) < 64 {
		return data
	}
	return append(make([]byte, 0, len(data)), data...)
}

func (u *users) spread(t *tree) *users {
	next := newUsers(u.count)
	for i := range u.shards {
		for p := range u.shards[i].people() {
			next.add(maphash.Bytes(t.seed, p.id()), p)
		}
	}
	return next
}

// people yields the records in the order in which they stand, each whole.
func (s *shard) people() func(yield func(person) bool) {
	return func(yield func(person) bool) {
		for data := s.data; len(data) > 0; {
			p := person(data).whole()
			if !yield(p) {
				return
			}
			data = data[len(p):]
		}
	}
}

// whole is the record without what stands behind it.
func (p person) whole() person {
	m := p.members()
	for m.next() {
	}
	return p[:m.end]
}

// edit is what becomes of somebody; a nil record: they are gone.
type edit struct {
	id string
	to person
}

// with is the table with these edits. The shards that they touch are copied first.
func (u *users) with(t *tree, edits []edit) *users {
	next := &users{shards: slices.Clone(u.shards), shift: u.shift, count: u.count}
	copied := make(map[uint64]bool, len(edits))
	for _, e := range edits {
		h := t.hash(e.id)
		i := h >> u.shift
		s := &next.shards[i]
		if !copied[i] {
			copied[i] = true
			s.where = slices.Clone(s.where)
			s.data = append(make([]byte, 0, len(s.data)+len(e.to)), s.data...)
		}
		before := s.count
		s.drop(uint32(h), e.id)
		if e.to != nil {
			s.room()
			s.where.put(uint32(h), uint32(len(s.data)))
			s.data = append(s.data, e.to...)
			s.count++
		}
		next.count += s.count - before
	}
	if next.count > 4*len(next.shards)*len(next.shards) {
		return next.settle(t)
	}
	for i := range copied {
		next.shards[i].data = clipped(next.shards[i].data)
	}
	return next
}

// drop takes a record out, closes the gap that it leaves, and moves up those
// whom its free slot would hide.
func (s *shard) drop(hash uint32, id string) {
	mask := uint32(len(s.where) - 1)
	gap := hash & mask
	for ; ; gap = (gap + 1) & mask {
		x := s.where[gap]
		if x.at == 0 {
			return
		}
		if x.hash == hash && string(person(s.data[x.at-1:]).id()) == id {
			break
		}
	}
	at := s.where[gap].at
	size := uint32(len(person(s.data[at-1:]).whole()))
	s.data = append(s.data[:at-1], s.data[at-1+size:]...)
	s.count--
	for i := (gap + 1) & mask; s.where[i].at != 0; i = (i + 1) & mask {
		if home := s.where[i].hash & mask; (i-home)&mask >= (i-gap)&mask {
			s.where[gap] = s.where[i]
			gap = i
		}
	}
	s.where[gap] = slot{}
	for i := range s.where {
		if s.where[i].at > at {
			s.where[i].at -= size
		}
	}
}

// moved is everybody with their scopes in the numbers of a tree that has
// changed. Shards in which nothing differs are shared.
func (u *users) moved(t *tree, to []int32) *users {
	next := &users{shards: slices.Clone(u.shards), shift: u.shift, count: u.count}
	for i := range next.shards {
		next.shards[i].move(t, to)
	}
	return next
}

func (s *shard) move(t *tree, to []int32) {
	data, copied := s.data, false
	for at := 0; at < len(data); {
		m := person(data[at:]).members()
		for m.next() {
			for g := at + m.begin; g < at+m.end; g += grantSize {
				was := span{int32(le.Uint32(data[g+4:])), int32(le.Uint32(data[g+8:]))}
				is := t.scope(m.account, to[was.lo])
				if is != was && !copied {
					copied, data = true, slices.Clone(data)
				}
				if is != was {
					le.PutUint32(data[g+4:], uint32(is.lo))
					le.PutUint32(data[g+8:], uint32(is.hi))
				}
				if le.Uint32(data[g:])&grantTimed != 0 {
					g += timesSize
				}
			}
		}
		at += m.end
	}
	s.data = data
}
