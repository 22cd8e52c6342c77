package portal

import (
	"cmp"
	"net/url"

	"countersign/internal/find"
)

// Outcome says how an attempt ended.
type Outcome string

// The outcomes; their words are "portal.outcome.OUTCOME".
const (
	Succeeded    Outcome = "done"
	WasRefused   Outcome = "refused"
	FailedSignIn Outcome = "failed"
)

// Change is one thing that was different afterwards: a value before and after, or
// a list with what was added and removed.
type Change struct {
	Label   string
	Before  string // "" for nothing
	After   string
	List    bool
	Added   []string
	Removed []string
}

// ActivityRow is one entry of the audit log with the names joined.
type ActivityRow struct {
	Number    int64 // its place in the log
	At        Moment
	Actor     string
	ActorHref string // their page; "" when the viewer may not open it
	Text      string // what was done, in the viewer's language
	On        string // to whom or what; may be empty
	OnHref    string // its page, made by Addresses; may be empty
	Where     string // the account, when it is another than the one the viewer is in
	From      string // network address
	Outcome   Outcome
	Reason    string // given with it, or why it was refused
	Changes   []Change
	Erased    bool   // it held personal details, which were erased
	Times     int    // repeats that were merged; 0 and 1 are the same
	Href      string // its own page; "" when the viewer may not open it
}

// ActivityFilter is what the log is narrowed to; it lives in the address.
type ActivityFilter struct {
	Person  string // an id, or what was typed to find one
	About   string // the same, of whom or what it was done to
	Kind    string // an action, or "group:" and a group of them
	Outcome string
	From    string // 2026-03-04, in the viewer's zone
	Until   string
	Address string
	Request string
	Cursor  string
}

// ReadActivityFilter takes the filter from an address.
func ReadActivityFilter(q url.Values) ActivityFilter {
	return ActivityFilter{
		Person: q.Get("person"), About: q.Get("about"), Kind: q.Get("kind"), From: q.Get("from"), Until: q.Get("until"), Address: q.Get("address"),
		Request: q.Get("request"), Cursor: q.Get("cursor"), Outcome: oneOf(q.Get("outcome"), string(Succeeded), string(WasRefused), string(FailedSignIn)),
	}
}

// Values is the filter as an address carries it.
func (f ActivityFilter) Values() url.Values {
	return pairs("person", f.Person, "about", f.About, "kind", f.Kind, "outcome", f.Outcome, "from", f.From, "until", f.Until, "address", f.Address,
		"request", f.Request, "cursor", f.Cursor)
}

// first is the filter on the first page.
func (f ActivityFilter) first() ActivityFilter { f.Cursor = ""; return f }

// KindGroup is a group of things that can have happened.
type KindGroup struct {
	Label   string
	Options []Option // the first is all of them
}

// Meant are those that somebody may have meant by what they typed; the filter
// holds none of them until one is chosen.
type Meant struct {
	Field   string // "person" or "about"
	Typed   string
	Choices []MeantChoice
	More    bool // there are more than are shown
}

// MeantChoice is one of them.
type MeantChoice struct {
	Name, Detail, Href string
}

// QuickTime is a time that is chosen with one press; its words are
// "portal.activity.quick.LABEL".
type QuickTime struct {
	Label string
	Href  string
	On    bool
}

// ActivityView is the audit log of the account. The filter form is sent by GET
// with person, about, kind, outcome, from, until, address and request.
type ActivityView struct {
	Page
	Filter    ActivityFilter
	Person    string // the name that Filter.Person stands for
	About     string // and of Filter.About
	Kinds     []KindGroup
	Quick     []QuickTime
	Meant     *Meant // nil when nothing is to be chosen
	Wrong     Form   // fields of the filter that cannot be read
	Rows      []ActivityRow
	Pager     Pager
	Reached   Moment // the search looked as far as this; zero when it looked at all there is
	MayExport bool
	Below     bool // accounts below this one are in it too
}

func (ActivityView) name() string { return "activity" }

// Outcomes are the options of the outcome filter.
func (ActivityView) Outcomes() []Outcome { return []Outcome{Succeeded, WasRefused, FailedSignIn} }

// Filtered tells whether the log is narrowed.
func (v ActivityView) Filtered() bool {
	return v.Filter.first() != ActivityFilter{}
}

// More tells whether one of the filters is on that stand apart.
func (v ActivityView) More() bool {
	return v.Filter.About != "" || v.Filter.Address != "" || v.Filter.Request != ""
}

// Chips are the filters that are on.
func (v ActivityView) Chips() []Chip {
	f, c := v.Filter, chips[ActivityFilter]{filter: v.Filter.first(), at: v.To().Activity}
	c.add("person", cmp.Or(v.Person, f.Person), "", func(f *ActivityFilter) { f.Person = "" })
	c.add("about", cmp.Or(v.About, f.About), "", func(f *ActivityFilter) { f.About = "" })
	for _, g := range v.Kinds {
		for _, o := range g.Options {
			if o.Value == f.Kind {
				c.add("kind", o.Label, "", func(f *ActivityFilter) { f.Kind = "" })
			}
		}
	}
	c.add("outcome", f.Outcome, "portal.filter.outcome."+f.Outcome, func(f *ActivityFilter) { f.Outcome = "" })
	c.add("from", f.From, "", func(f *ActivityFilter) { f.From = "" })
	c.add("until", f.Until, "", func(f *ActivityFilter) { f.Until = "" })
	c.add("address", f.Address, "", func(f *ActivityFilter) { f.Address = "" })
	c.add("request", f.Request, "", func(f *ActivityFilter) { f.Request = "" })
	return c.list
}

// Chosen is whom or what a filter is about, once that is known by its id.
type Chosen struct {
	Field string
	Value string
	Name  string
	Href  string // without it
}

// ByPerson is the person who was chosen; nil when the filter is text, or nothing.
func (v ActivityView) ByPerson() *Chosen {
	f := v.Filter.first()
	f.Person = ""
	return chosenIn("person", v.Filter.Person, v.Person, v.To().Activity(f))
}

// AboutWhat is what was chosen that it was done to; nil when the filter is text, or nothing.
func (v ActivityView) AboutWhat() *Chosen {
	f := v.Filter.first()
	f.About = ""
	return chosenIn("about", v.Filter.About, v.About, v.To().Activity(f))
}

func chosenIn(field, value, name, href string) *Chosen {
	if name == "" || !find.IsID(value) {
		return nil
	}
	return &Chosen{field, value, name, href}
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

// ExportHref is what the filter finds, as a file.
func (v ActivityView) ExportHref(format string) string {
	return v.To().ActivityExport(v.Filter, format)
}

// EntryView is one entry of the log, with everything that is known of it.
type EntryView struct {
	Page
	Entry   ActivityRow
	Kind    string // of what it was done to: "user"; its words are "target.KIND"; "" when there are none
	In      string // the account
	Over    string // the entity; "" when it is the account's own
	Browser string
	Request string

	// Addresses of the log narrowed to what is like it; "" for none.
	SameActor, SameTarget, SameAddress, SameRequest string
}

func (EntryView) name() string { return "activity_entry" }

// ListHref is the log.
func (v EntryView) ListHref() string { return v.To().Activity(ActivityFilter{}) }

// Exact is when it happened to the millisecond, in UTC.
func (v EntryView) Exact() string { return v.Entry.At.UTC().Format("2006-01-02 15:04:05.000 UTC") }
