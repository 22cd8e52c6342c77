package portal

import "net/url"

// Outcome says how an attempt ended.
type Outcome string

// The outcomes; their words are "portal.outcome.OUTCOME".
const (
	Succeeded    Outcome = "done"
	WasRefused   Outcome = "refused"
	FailedSignIn Outcome = "failed"
)

// Change is one thing that was different afterwards.
type Change struct {
	Label  string
	Before string // "" for nothing
	After  string
}

// ActivityRow is one entry of the audit log with the names joined.
type ActivityRow struct {
	ID      string
	Number  int64 // its place in the log
	At      Moment
	Actor   string
	ActorID string // a user of this account, or ""
	Text    string // what was done, in the viewer's language
	On      string // to whom or what; may be empty
	OnHref  string // its page, made by Addresses; may be empty
	From    string // network address
	Outcome Outcome
	Reason  string // given with it, or why it was refused
	Changes []Change
	Erased  bool // it held personal details, which were erased
	Times   int  // repeats that were merged; 0 and 1 are the same
}

// ActivityFilter is what the log is narrowed to; it lives in the address.
type ActivityFilter struct {
	Person  string
	Kind    string
	Outcome string
	From    string // 2026-03-04, in the viewer's zone
	Until   string
	Cursor  string
}

// ReadActivityFilter takes the filter from an address.
func ReadActivityFilter(q url.Values) ActivityFilter {
	return ActivityFilter{
		Person: q.Get("person"), Kind: q.Get("kind"), From: q.Get("from"), Until: q.Get("until"), Cursor: q.Get("cursor"),
		Outcome: oneOf(q.Get("outcome"), string(Succeeded), string(WasRefused), string(FailedSignIn)),
	}
}

// Values is the filter as an address carries it.
func (f ActivityFilter) Values() url.Values {
	return pairs("person", f.Person, "kind", f.Kind, "outcome", f.Outcome, "from", f.From, "until", f.Until, "cursor", f.Cursor)
}

// ActivityView is the audit log of the account. The filter form is sent by GET
// with person, kind, outcome, from and until.
type ActivityView struct {
	Page
	Filter ActivityFilter
	Kinds  []Option
	Rows   []ActivityRow
	Pager  Pager
}

func (ActivityView) name() string { return "activity" }

// Outcomes are the options of the outcome filter.
func (ActivityView) Outcomes() []Outcome { return []Outcome{Succeeded, WasRefused, FailedSignIn} }

// Filtered tells whether the log is narrowed.
func (v ActivityView) Filtered() bool {
	f := v.Filter
	f.Cursor = ""
	return f != ActivityFilter{}
}

// Chips are the filters that are on.
func (v ActivityView) Chips() []Chip {
	var out []Chip
	add := func(key, value, word string, without func(*ActivityFilter)) {
		if value == "" {
			return
		}
		f := v.Filter
		f.Cursor = ""
		without(&f)
		out = append(out, Chip{Key: key, Value: value, Word: word, Href: v.To().Activity(f)})
	}
	f := v.Filter
	add("person", f.Person, "", func(f *ActivityFilter) { f.Person = "" })
	add("kind", labelOf(v.Kinds, f.Kind), "", func(f *ActivityFilter) { f.Kind = "" })
	add("outcome", f.Outcome, "portal.outcome."+f.Outcome, func(f *ActivityFilter) { f.Outcome = "" })
	add("from", f.From, "", func(f *ActivityFilter) { f.From = "" })
	add("until", f.Until, "", func(f *ActivityFilter) { f.Until = "" })
	return out
}

// Clear is the whole log.
func (v ActivityView) Clear() string { return v.To().Activity(ActivityFilter{}) }

// PreviousPage is the address of the page before, or "".
func (v ActivityView) PreviousPage() string { return v.turn(v.Pager.Previous) }

// NextPage is the address of the page after, or "".
func (v ActivityView) NextPage() string { return v.turn(v.Pager.Next) }

func (v ActivityView) turn(cursor string) string {
	if cursor == "" {
		return ""
	}
	f := v.Filter
	f.Cursor = cursor
	return v.To().Activity(f)
}
