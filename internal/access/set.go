package access

import (
	"iter"
	"math/bits"
)

const setWords = 8 // 512 permissions

// Set is a set of permissions, a plain value. The zero value is empty.
type Set [setWords]uint64

// SetOf is the set of these permissions.
func SetOf(ps ...Permission) Set {
	var s Set
	for _, p := range ps {
		s = s.With(p)
	}
	return s
}

// Has tells whether p is in the set. A permission that does not exist never is.
func (s Set) Has(p Permission) bool {
	return p < setWords*64 && s[p/64]&(1<<(p%64)) != 0
}

// With is the set and p. A permission that does not exist adds nothing.
func (s Set) With(p Permission) Set {
	if p.known() {
		s[p/64] |= 1 << (p % 64)
	}
	return s
}

// Union is what is in either.
func (s Set) Union(t Set) Set {
	for i := range s {
		s[i] |= t[i]
	}
	return s
}

// Minus is what is in s and not in t.
func (s Set) Minus(t Set) Set {
	for i := range s {
		s[i] &^= t[i]
	}
	return s
}

// And is what is in both.
func (s Set) And(t Set) Set {
	for i := range s {
		s[i] &= t[i]
	}
	return s
}

// Empty tells whether nothing is in the set.
func (s Set) Empty() bool { return s == Set{} }

// Len counts the set.
func (s Set) Len() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// All yields the permissions of the set in the catalogue's order.
func (s Set) All() iter.Seq[Permission] {
	return func(yield func(Permission) bool) {
		for i, w := range s {
			for ; w != 0; w &= w - 1 {
				if !yield(Permission(i*64 + bits.TrailingZeros64(w))) {
					return
				}
			}
		}
	}
}
