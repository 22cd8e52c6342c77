package audit

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
)

// Query says which entries to find. Empty fields do not narrow.
type Query struct {
	Reach     []access.Reach // from access.Scope: which part of the tree; none finds nothing
	ActorID   string
	Target    string   // the target's id
	Person    string   // the actor's or the target's id
	Action    string   // "user.invited", or "user." for all that begin so
	Actions   []string // any of these: what Group puts together
	Outcome   string   // Done or Refused
	IP        string   // as netip.Addr writes it
	RequestID string
	From      time.Time
	Until     time.Time // not itself included
	Seq       int64     // this one alone
	Before    int64     // seq: older ones than that; 0 starts at the newest
	After     int64     // seq: newer ones than that, those nearest to it; Before is not read then
	Limit     int       // 1 to 1,000
}

// Page is one page of a search, the newest first.
type Page struct {
	Entries []Found
	Older   int64     // Before of the page that follows; 0 when there is nothing older
	Newer   int64     // After of the page before; 0 when this is the first
	Reached time.Time // zero, or how far this page looked: there may be more beyond
}

// Search finds entries, the newest first, however long it takes. The next page
// starts Before the last seq.
func Search(tx *db.Tx, q Query) ([]Found, error) {
	p, err := look(tx, q, 1<<62)
	return p.Entries, err
}

// Turn is Search with the places of the pages beside it.
func Turn(tx *db.Tx, q Query) (Page, error) { return look(tx, q, 1<<62) }

// Look is Turn for somebody who waits: it looks at some ten thousand entries
// at most, beside what an index leads to. Where few of many match, it may come
// back with less than a page, or with nothing, and say how far it looked.
func Look(tx *db.Tx, q Query) (Page, error) { return look(tx, q, effort) }

const (
	effort    = 10_000 // entries that Look looks at
	firstStep = 512    // of those, in its first step; each that follows looks at eight times as many
)

func look(tx *db.Tx, q Query, most int) (Page, error) {
	q.Limit = min(max(q.Limit, 1), 1000)
	s, err := q.begin(tx)
	if err != nil || s == nil {
		return Page{}, err
	}
	var list []stored
	want := q.Limit + 1 // one more tells whether there is another page
	for size := firstStep; len(list) < want && !s.ended && most > 0; size = min(size*8, effort) {
		more, err := s.step(tx, size, want-len(list))
		if err != nil {
			return Page{}, fmt.Errorf("search the audit log: %w", err)
		}
		list = append(list, more...)
		most -= size
	}
	full := len(list) == want
	list = list[:min(len(list), q.Limit)]
	if s.up {
		slices.Reverse(list)
	}
	var p Page
	if p.Entries, err = opened(tx, list); err != nil {
		return Page{}, err
	}
	if !full && !s.ended {
		p.Reached, err = timeOf(tx, s.at)
	}
	p.Older, p.Newer = s.neighbours(p.Entries, full)
	return p, err
}

// neighbours are where the pages beside this one begin.
func (s *search) neighbours(list []Found, full bool) (older, newer int64) {
	oldest, newest := s.from, s.from-1 // of an empty page: nothing stands between
	if s.up {
		oldest, newest = s.from+1, s.from
	}
	if n := len(list); n > 0 {
		oldest, newest = list[n-1].Seq, list[0].Seq
	}
	ahead := int64(0)
	switch {
	case full && s.up:
		ahead = newest
	case full:
		ahead = oldest
	case !s.ended:
		ahead = s.at
	}
	if s.up {
		return oldest, ahead
	}
	if s.first {
		newest = 0
	}
	return ahead, newest
}

// statement is a query that is being written.
type statement struct{ args []any }

func (s *statement) arg(v any) string {
	s.args = append(s.args, v)
	return fmt.Sprintf("$%d", len(s.args))
}

// condition writes itself into a query.
type condition func(*statement) string

// filter is one condition of a search, and the ways by which an index leads to
// the entries that meet it; without ways it can only be checked.
type filter struct {
	check condition
	ways  []way
	loose bool // the ways lead to others too
}

// way is the entries that have a value in a column, by an index of that column
// and seq. The one without a column goes through all.
type way struct {
	column, value string
	but           condition // and not those; nil for none
}

// is checks a column. The column stands in an expression, so that no index is
// used for it: the way alone says by which the entries are found, and neither
// database has to guess.
func is(column, value string) condition {
	return func(s *statement) string { return "a." + column + " || '' = " + s.arg(value) }
}

func anyOf(column string, values []string) condition {
	return func(s *statement) string {
		marks := make([]string, len(values))
		for i, v := range values {
			marks[i] = s.arg(v)
		}
		return "a." + column + " || '' IN (" + strings.Join(marks, ", ") + ")"
	}
}

func each(column string, values []string) (ways []way) {
	for _, v := range values {
		ways = append(ways, way{column: column, value: v})
	}
	return ways
}

// particular are the conditions that few entries meet.
func (q Query) particular() []filter {
	var list []filter
	for _, f := range []struct{ column, value string }{{"request_id", q.RequestID}, {"target_id", q.Target}, {"actor_id", q.ActorID}, {"ip", q.IP}} {
		if f.value != "" {
			list = append(list, filter{check: is(f.column, f.value), ways: each(f.column, []string{f.value})})
		}
	}
	if q.Person != "" {
		acted := is("actor_id", q.Person)
		list = append(list, filter{
			check: func(s *statement) string { return "(" + acted(s) + " OR " + is("target_id", q.Person)(s) + ")" },
			ways: []way{{column: "actor_id", value: q.Person},
				{column: "target_id", value: q.Person, but: acted}},
		})
	}
	if q.Outcome != "" {
		f := filter{check: is("outcome", q.Outcome)}
		if q.Outcome == Refused {
			f.ways = each("outcome", []string{Refused})
		}
		list = append(list, f)
	}
	return list
}

// common are the conditions that many entries meet.
func (q Query) common() []filter {
	var list []filter
	switch {
	case strings.HasSuffix(q.Action, "."):
		list = append(list, filter{ways: each("action", withPrefix(q.Action)), check: func(s *statement) string {
			return "a.action || '' >= " + s.arg(q.Action) + " AND a.action || '' < " + s.arg(q.Action+"~")
		}})
	case q.Action != "":
		list = append(list, filter{check: is("action", q.Action), ways: each("action", []string{q.Action})})
	}
	if q.Actions != nil {
		list = append(list, filter{check: anyOf("action", q.Actions), ways: each("action", q.Actions)})
	}
	if !q.From.IsZero() {
		list = append(list, filter{check: func(s *statement) string { return "a.at + 0 >= " + s.arg(q.From.UnixMicro()) }})
	}
	if !q.Until.IsZero() {
		list = append(list, filter{check: func(s *statement) string { return "a.at + 0 < " + s.arg(q.Until.UnixMicro()) }})
	}
	return list
}

func withPrefix(prefix string) (list []string) {
	for _, a := range Actions {
		if strings.HasPrefix(a, prefix) {
			list = append(list, a)
		}
	}
	return list
}

// storable tells whether the query holds only what a database can look up.
func (q Query) storable() bool {
	return lang.Storable(q.ActorID + q.Target + q.Person + q.Action + q.Outcome + q.IP + q.RequestID + strings.Join(q.Actions, ""))
}
