package people

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
)

// How a list of any length is answered in a few milliseconds: found_by says whom
// a query can mean (find.go), as a set of numbers, and with that how many. Few of
// them are read and sorted here. Of many, the index of the order is walked and
// whoever is not among them is passed over, without looking at their rows; where
// too many would have to be passed over, user_codes says which of them come next
// (code.go). The rows of the page are then held against the query itself
// (conditions): found_by proposes, the rows decide.

// bounds are where one way of answering gives place to another.
type bounds struct {
	gather int64 // candidates that are read and sorted
	walk   int   // places of an index that are passed over
	sample int   // candidates that are looked at to say how many there are at least
}

func usualBounds() bounds { return bounds{gather: 1000, walk: 8000, sample: 300} }

// looking is a query under way in one transaction.
type looking struct {
	people  *People
	tx      *db.Tx
	account org.Account
	bounds  bounds
	q       Query
	words   []string // of the search
	reach   []string // the entities that give the one asked for: itself and those above
	days    int      // the password's life; 0: it has no end
	back    bool     // towards the first page

	members, findable int64
	oldSince          int64               // µs: whoever has their password since then or earlier stands under old
	terms             map[string]*numbers // read so far, as are these
	locked            *numbers
	waiting           []codedUser
	few               []withStatus // who matches but for the status, when they are few; see byStatus
	rest              []withStatus // who matches of those that are not in found_by; see others
	restRead          bool
	any, all          *candidates // of the query whatever the status, and as a whole
}

func (p *People) look(tx *db.Tx, a org.Account, q Query) (*looking, error) {
	if err := q.clean(); err != nil {
		return nil, err
	}
	settings, err := org.Settings(tx, p.profiles, a.ID)
	if err != nil {
		return nil, err
	}
	l := &looking{people: p, tx: tx, account: a, bounds: p.bounds, q: q, words: strings.Fields(q.Search), days: settings.PasswordDays, terms: map[string]*numbers{}}
	if _, err := db.One(tx, []any{&l.members, &l.findable, &l.oldSince}, `SELECT users, findable, old_since FROM accounts WHERE id = $1`, a.ID); err != nil {
		return nil, err
	}
	if q.EntityID == "" {
		return l, nil
	}
	found, err := org.EntitiesIn(tx, a, []string{q.EntityID})
	if err != nil {
		return nil, err
	}
	if len(found) != 1 {
		return nil, fault.In("entity", "unknown_entity")
	}
	l.reach, err = org.Above(tx, a, found[0])
	return l, err
}

// ordered reads up to want rows in the list's order, after a position.
func (l *looking) ordered(from *position, want int) ([]Row, error) {
	if name, _ := l.order(); name != "status" {
		c, err := l.whole()
		if err != nil {
			return nil, err
		}
		return l.take(c, from, want, l.q.Status)
	}
	var out []Row
	for _, s := range l.statuses() {
		if from != nil && s != from.status {
			continue // before the page
		}
		c, err := l.find(s)
		if err != nil {
			return nil, err
		}
		rows, err := l.take(c, from, want-len(out), s)
		if err != nil {
			return nil, err
		}
		if out = append(out, rows...); len(out) == want {
			break
		}
		from = nil
	}
	return out, nil
}

// order is what the list is ordered by, and whether it is read from the end.
func (l *looking) order() (name string, down bool) {
	name, down = strings.CutPrefix(l.q.Sort, "-")
	return name, down != l.back
}

// statuses are those that the query allows, in the order of the list.
func (l *looking) statuses() []Status {
	var out []Status
	for _, s := range Statuses() {
		if l.q.Status.takes(s) {
			out = append(out, s)
		}
	}
	slices.Sort(out)
	if _, down := l.order(); down {
		slices.Reverse(out)
	}
	return out
}

// take reads up to want of the candidates in the list's order, after a position:
// those that the query, with this status, means.
func (l *looking) take(c *candidates, from *position, want int, s Status) (out []Row, err error) {
	next := l.walk(c, from)
	if c.numbers != nil && c.count() <= l.bounds.gather {
		if next, err = l.sorted(c, from); err != nil {
			return nil, err
		}
	}
	var places []position
	for len(out) < want {
		if len(places) == 0 {
			if places, err = next(want - len(out)); err != nil || len(places) == 0 {
				return out, err
			}
		}
		some := places[:min(want-len(out), len(places))]
		places = places[len(some):]
		rows, err := l.read(some, s)
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	return out, nil
}

// supply gives the next places of a list, about as many as are wanted; none at its end.
type supply func(want int) ([]position, error)

// sorted gathers all candidates and supplies those after a position.
func (l *looking) sorted(c *candidates, from *position) (supply, error) {
	if err := l.gather(c); err != nil {
		return nil, err
	}
	places := l.after(slices.Clone(c.places), from)
	return func(want int) ([]position, error) {
		some := places[:min(want, len(places))]
		places = places[len(some):]
		return some, nil
	}, nil
}

// after sorts places in the list's order and gives those after a position.
func (l *looking) after(places []position, from *position) []position {
	name, down := l.order()
	before := func(a, b position) int {
		n := cmp.Or(compareKeys(name, a.key, b.key), cmp.Compare(a.number, b.number))
		if down {
			return -n
		}
		return n
	}
	slices.SortFunc(places, before)
	if from == nil {
		return places
	}
	at, found := slices.BinarySearchFunc(places, *from, before)
	if found {
		at++
	}
	return places[at:]
}

// compareKeys compares what an order is by: texts by their bytes, as both
// databases do, and times as the numbers that they are.
func compareKeys(name, a, b string) int {
	if name == "last_sign_in" {
		if n := cmp.Compare(len(a), len(b)); n != 0 {
			return n // whole numbers without a sign
		}
	}
	return strings.Compare(a, b)
}

// walk goes along the order's index and supplies those that are candidates. When
// it has passed over too many it goes on by their codes.
func (l *looking) walk(c *candidates, from *position) supply {
	ended, left, yield := false, l.bounds.walk, 1.0
	var otherwise supply
	return func(want int) (out []position, err error) {
		for len(out) < want && !ended && otherwise == nil {
			chunk := l.chunk(c, want-len(out), yield)
			if left -= chunk; c.numbers != nil && (left < 0 || chunk > l.bounds.walk/4 && l.clustered()) {
				if otherwise, err = l.coded(c, from); err != nil {
					return nil, err
				}
				break
			}
			places, err := l.places(from, chunk)
			if err != nil {
				return nil, err
			}
			ended = len(places) < chunk
			if len(places) > 0 {
				from = &places[len(places)-1]
			}
			proposed := slices.DeleteFunc(slices.Clone(places), func(p position) bool { return c.numbers != nil && !c.has(p.number) })
			held, err := l.hold(c, proposed)
			if err != nil {
				return nil, err
			}
			out, yield = append(out, held...), max(1.0/64, float64(len(held))/float64(max(len(proposed), 1)))
		}
		if len(out) >= want || otherwise == nil {
			return out, nil
		}
		more, err := otherwise(want - len(out))
		return append(out, more...), err
	}
}

// clustered tells whether those whom a search finds stand together in the list's
// order, so that they must not be looked for along all of it.
func (l *looking) clustered() bool {
	name, _ := l.order()
	return len(l.words) > 0 && name != "last_sign_in"
}

// chunk is how many places of the index will hold so many candidates of whom this
// part matches, and some more.
func (l *looking) chunk(c *candidates, want int, yield float64) int {
	if c.numbers == nil {
		return want
	}
	density := float64(c.count()) / float64(l.members+1) * yield
	return int(min(float64(l.bounds.walk+1), 1.25*float64(want)/density+64))
}

// exactly tells whether the terms of a search say all of it: no word of it is
// longer than a term.
func (l *looking) exactly() bool {
	return !slices.ContainsFunc(l.words, func(w string) bool { return utf8.RuneCountInString(w) > longest })
}

// count tells how many match, or how many there are at least.
func (l *looking) count() (Count, error) {
	c, err := l.whole()
	switch {
	case err != nil:
		return Count{}, err
	case c.numbers == nil:
		return Count{N: l.members}, nil
	case c.exact:
		return Count{N: c.numbers.count()}, nil
	case c.numbers.count() <= l.bounds.gather:
		err := l.gather(c)
		return Count{N: int64(len(c.places))}, err
	}
	n, err := l.matching(c, c.first(l.bounds.sample))
	return Count{N: n, More: true}, err
}
