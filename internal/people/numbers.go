package people

import (
	"encoding/binary"
	"math/bits"
)

// numbers is a set of users of an account, by their numbers. The zero value is
// empty; nil stands for all of them.
type numbers struct{ words []uint64 }

func (s *numbers) has(n int64) bool {
	return n>>6 < int64(len(s.words)) && s.words[n>>6]&(1<<(n&63)) != 0
}

func (s *numbers) add(n int64) {
	for n>>6 >= int64(len(s.words)) {
		s.words = append(s.words, 0)
	}
	s.words[n>>6] |= 1 << (n & 63)
}

// and gives those that are in both.
func (s *numbers) and(other *numbers) *numbers {
	out := &numbers{make([]uint64, min(len(s.words), len(other.words)))}
	for i := range out.words {
		out.words[i] = s.words[i] & other.words[i]
	}
	return out
}

// or gives those that are in one of them.
func (s *numbers) or(other *numbers) *numbers {
	long, short := s.words, other.words
	if len(long) < len(short) {
		long, short = short, long
	}
	out := &numbers{append([]uint64(nil), long...)}
	for i := range short {
		out.words[i] |= short[i]
	}
	return out
}

// without gives those that are not in other.
func (s *numbers) without(other *numbers) *numbers {
	out := &numbers{append([]uint64(nil), s.words...)}
	for i := range min(len(out.words), len(other.words)) {
		out.words[i] &^= other.words[i]
	}
	return out
}

func (s *numbers) count() (n int64) {
	for _, w := range s.words {
		n += int64(bits.OnesCount64(w))
	}
	return n
}

// first lists up to limit of them, the lowest first.
func (s *numbers) first(limit int) []int64 {
	out := make([]int64, 0, min(limit, 256))
	for i, w := range s.words {
		for ; w != 0 && len(out) < limit; w &= w - 1 {
			out = append(out, int64(i)<<6+int64(bits.TrailingZeros64(w)))
		}
		if len(out) == limit {
			break
		}
	}
	return out
}

// within calls f for those from <= n < until, the lowest first.
func (s *numbers) within(from, until int64, f func(n int64)) {
	for i := from >> 6; i<<6 < until && i < int64(len(s.words)); i++ {
		for w := s.words[i]; w != 0; w &= w - 1 {
			if n := i<<6 + int64(bits.TrailingZeros64(w)); n >= from && n < until {
				f(n)
			}
		}
	}
}

// from lists those from n on.
func (s *numbers) from(n int64) (out []int64) {
	for i := n >> 6; i < int64(len(s.words)); i++ {
		for w := s.words[i]; w != 0; w &= w - 1 {
			if at := i<<6 + int64(bits.TrailingZeros64(w)); at >= n {
				out = append(out, at)
			}
		}
	}
	return out
}

func setOf(list []int64) *numbers {
	s := &numbers{}
	for _, n := range list {
		s.add(n)
	}
	return s
}

// blockSize is how many users stand in one row of found_by.
const blockSize = 4096

// block is the users of one row, by their number within it.
type block [blockSize / 64]uint64

func (b *block) set(n int64) { b[n>>6&(blockSize/64-1)] |= 1 << (n & 63) }

func (b *block) or(other *block) {
	for i, w := range other {
		b[i] |= w
	}
}

func (b *block) without(other *block) {
	for i, w := range other {
		b[i] &^= w
	}
}

// pack writes a block as two bytes for each user while that is shorter, else as
// a bitmap; nil is nobody.
func (b *block) pack() []byte {
	n := 0
	for _, w := range b {
		n += bits.OnesCount64(w)
	}
	if n == 0 {
		return nil
	}
	if 2*n >= blockSize/8 {
		out := make([]byte, 0, blockSize/8)
		for _, w := range b {
			out = binary.BigEndian.AppendUint64(out, w)
		}
		return out
	}
	out := make([]byte, 0, 2*n)
	for i, w := range b {
		for ; w != 0; w &= w - 1 {
			out = binary.BigEndian.AppendUint16(out, uint16(i<<6+bits.TrailingZeros64(w)))
		}
	}
	return out
}

// unpack reads what pack wrote. Bytes that it did not write give some users or
// others: whoever is shown is looked at again.
func unpack(packed []byte) (b block) {
	b.add(packed)
	return b
}

func (b *block) add(packed []byte) {
	if len(packed) == blockSize/8 {
		for i := range b {
			b[i] |= binary.BigEndian.Uint64(packed[8*i:])
		}
		return
	}
	for ; len(packed) >= 2; packed = packed[2:] {
		b.set(int64(binary.BigEndian.Uint16(packed)) % blockSize)
	}
}

// put adds a packed block to the set.
func (s *numbers) put(at int64, packed []byte) {
	from := int(at) * len(block{})
	if room := from + len(block{}) - len(s.words); room > 0 {
		s.words = append(s.words, make([]uint64, room)...)
	}
	(*block)(s.words[from:]).add(packed)
}
