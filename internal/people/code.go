package people

import (
	"cmp"
	"math"
	"slices"
	"strconv"
)

// codeWalk supplies candidates code by code: it counts how many have which, and
// reads the keys of no more than come next.
type codeWalk struct {
	l      *looking
	c      *candidates
	name   string
	down   bool
	from   *position
	all    []codedUser // the candidates, in no order
	counts []int32     // of them, by their code
	code   int         // the next one to look at
	todo   []codedUser // of the codes looked at, in the list's order
}

// coded supplies the candidates after a position by their codes.
func (l *looking) coded(c *candidates, from *position) (supply, error) {
	name, down := l.order()
	if name == "status" {
		name = nameCode
	}
	w := &codeWalk{l: l, c: c, name: name, down: down, from: from, counts: make([]int32, lastCode+1)}
	var err error
	if w.all, err = codesOf(l.tx, l.account.ID, name, c.numbers, l.findable); err != nil {
		return nil, err
	}
	places, err := l.keysOf(c, c.from(l.findable))
	if err != nil {
		return nil, err
	}
	for _, p := range places {
		w.all = append(w.all, codedUser{w.codeOf(p.key), p.number})
	}
	for _, x := range w.all {
		w.counts[x.code]++
	}
	if down {
		w.code = lastCode
	}
	if from != nil {
		w.code = int(w.codeOf(from.key))
	}
	return w.supply, nil
}

// codeOf is the code of a key.
func (w *codeWalk) codeOf(key string) uint32 {
	if w.name != signInCode {
		return textCode(key)
	}
	at, err := strconv.ParseInt(key, 10, 64)
	if err != nil {
		return 0
	}
	return timeCode(at)
}

func (w *codeWalk) supply(want int) (out []position, err error) {
	for len(out) < want {
		if len(w.todo) == 0 && !w.more(max(want-len(out), 300)) {
			return out, nil
		}
		n := w.next(want - len(out))
		var places []position
		if n <= w.few() {
			if places, err = w.gather(n); err == nil {
				w.todo = w.todo[n:]
			}
		} else {
			places, err = w.within(n, want-len(out))
		}
		if err != nil {
			return nil, err
		}
		out = append(out, places...)
	}
	return out, nil
}

// more looks at the next codes that so many candidates have; false at the end.
func (w *codeWalk) more(want int) bool {
	begin, sum := w.code, 0
	for ; w.code >= 0 && w.code <= lastCode && sum < want; w.code += w.step() {
		sum += int(w.counts[w.code])
	}
	if sum == 0 {
		return false
	}
	least, most := uint32(min(begin, w.code-w.step())), uint32(max(begin, w.code-w.step()))
	w.todo = w.todo[:0:0]
	for _, x := range w.all {
		if x.code >= least && x.code <= most {
			w.todo = append(w.todo, x)
		}
	}
	slices.SortFunc(w.todo, func(a, b codedUser) int {
		return w.step() * cmp.Or(cmp.Compare(a.code, b.code), cmp.Compare(a.number, b.number))
	})
	return true
}

func (w *codeWalk) step() int {
	if w.down {
		return -1
	}
	return 1
}

// next is how many of those to do have the next few codes: so many that there are
// enough of them, or the whole of one code that many have.
func (w *codeWalk) next(want int) int {
	n := 0
	for n < len(w.todo) && n < want {
		end := n
		for end < len(w.todo) && w.todo[end].code == w.todo[n].code {
			end++
		}
		if n > 0 && end > w.few() {
			break // a code of its own
		}
		n = end
	}
	return n
}

// few is how many keys are read at once: of more that have one code, some will be
// met soon along the index.
func (w *codeWalk) few() int { return int(min(w.l.bounds.gather, 300)) }

// gather reads the keys of the next n, and gives those after the position.
func (w *codeWalk) gather(n int) ([]position, error) {
	list := make([]int64, n)
	for i, x := range w.todo[:n] {
		list[i] = x.number
	}
	slices.Sort(list)
	places, err := w.l.keysOf(w.c, list)
	if err != nil {
		return nil, err
	}
	return w.l.after(places, w.from), nil
}

// within walks along the index through the one code that the next n have, until
// there are enough or they are done.
func (w *codeWalk) within(n, want int) (out []position, err error) {
	code := w.todo[0].code
	from := w.from
	if from == nil || w.codeOf(from.key) != code {
		from = w.edge(code)
	}
	for ended := false; !ended && len(out) < want; {
		places, err := w.l.places(from, max(4*want, 256))
		if err != nil {
			return nil, err
		}
		ended = len(places) == 0
		var proposed []position
		for _, p := range places {
			at := w.codeOf(p.key)
			if ended = w.step()*cmp.Compare(at, code) > 0; ended {
				break
			}
			from = &p
			if at == code && w.c.has(p.number) {
				proposed = append(proposed, p)
			}
		}
		if w.from = from; ended {
			w.todo = w.todo[n:]
		}
		held, err := w.l.hold(w.c, proposed)
		if err != nil {
			return nil, err
		}
		out = append(out, held...)
	}
	return out, nil
}

// edge is a position before all that have a code, in the list's order.
func (w *codeWalk) edge(code uint32) *position {
	p := &position{number: -1}
	if w.down {
		p.number = math.MaxInt64
	}
	if w.name == signInCode {
		p.key = strconv.FormatInt(timeEdge(code, w.down), 10)
		return p
	}
	p.key = textEdge(code, w.down)
	return p
}
