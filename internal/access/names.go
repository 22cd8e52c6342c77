package access

import "hash/maphash"

// names keeps many ids in one text, each under its number, so that a million of
// them are one thing for the garbage collector and an answer can name one
// without allocating.
type names struct {
	text  string
	ends  []uint32 // where each one ends; nil when all are width bytes long
	width int
	count int
}

func makeNames(list []string) names {
	n := names{count: len(list)}
	total, even := 0, true
	for _, id := range list {
		total += len(id)
		even = even && len(id) == len(list[0])
	}
	text := make([]byte, 0, total)
	if even && total > 0 {
		n.width = len(list[0])
	} else {
		n.ends = make([]uint32, 0, len(list))
	}
	for _, id := range list {
		text = append(text, id...)
		if n.ends != nil {
			n.ends = append(n.ends, uint32(len(text)))
		}
	}
	n.text = string(text)
	return n
}

func (n *names) at(i int32) string {
	if n.ends == nil {
		return n.text[int(i)*n.width : int(i)*n.width+n.width]
	}
	lo := uint32(0)
	if i > 0 {
		lo = n.ends[i-1]
	}
	return n.text[lo:n.ends[i]]
}

// list gives them back one by one.
func (n *names) list() []string {
	out := make([]string, n.count)
	for i := range out {
		out[i] = n.at(int32(i))
	}
	return out
}

// index finds the number of an id: open addressing with linear probing, at most
// three quarters full, keyed by a seeded hash so that nobody can choose
// colliding ids. What a slot's hash leaves open, the name itself decides.
type index []slot

type slot struct {
	hash uint32
	at   uint32 // one more than what is found; 0 is a free slot
}

func makeIndex(n int) index {
	size := 4
	for 3*size < 4*n+4 {
		size *= 2
	}
	return make(index, size)
}

// indexOf indexes names; the empty one is not in it. twice is a name that was there already, or "".
func indexOf(seed maphash.Seed, n *names) (x index, twice string) {
	x = makeIndex(n.count)
	for i := range int32(n.count) {
		id := n.at(i)
		if id == "" {
			continue
		}
		h := maphash.String(seed, id)
		if x.find(n, h, id) >= 0 {
			twice = id
			continue
		}
		x.put(uint32(h), uint32(i))
	}
	return x, twice
}

// find gives -1 for an id that is not there.
func (x index) find(n *names, hash uint64, id string) int32 {
	mask := uint32(len(x) - 1)
	for i := uint32(hash) & mask; ; i = (i + 1) & mask {
		s := x[i]
		if s.at == 0 {
			return -1
		}
		if s.hash == uint32(hash) && n.at(int32(s.at-1)) == id {
			return int32(s.at - 1)
		}
	}
}

// put adds what is not there yet; there must be room.
func (x index) put(hash, at uint32) {
	mask := uint32(len(x) - 1)
	i := hash & mask
	for x[i].at != 0 {
		i = (i + 1) & mask
	}
	x[i] = slot{hash, at + 1}
}
