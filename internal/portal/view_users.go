package portal

import (
	"net/url"
	"time"
)

// Moment is a time as people read it; zero means never.
type Moment = time.Time

// Status is what a user is right now, derived in the order of the specification.
type Status string

// The statuses; their words are "portal.status.STATUS".
const (
	Active                Status = "active"
	Invited               Status = "invited"
	InvitationExpired     Status = "invitation_expired"
	InvitationDeactivated Status = "invitation_deactivated"
	Deactivated           Status = "deactivated"
	LockedAttempts        Status = "locked_attempts"
	LockedInactivity      Status = "locked_inactivity"
	LockedMerge           Status = "locked_merge"
	PasswordExpired       Status = "password_expired"
)

// statusFilters are what the list can be narrowed to.
func statusFilters() []string {
	return []string{"active", "invited", "invitation_expired", "invitation_deactivated", "locked", "password_expired", "deactivated"}
}

// Factor is the state of somebody's two-factor authentication.
type Factor string

// The states; their words are "portal.factor.STATE".
const (
	FactorOn      Factor = "on"      // set up
	FactorPending Factor = "pending" // required, and not set up yet
	FactorOff     Factor = "off"     // neither required nor set up
)

// UserRow is one line of the list.
type UserRow struct {
	ID          string
	Name        string
	Identifier  string
	Roles       []string
	Entities    []string
	AllEntities bool
	Status      Status
	Factor      Factor
	LastSignIn  Moment
	MailLost    bool // their invitation never arrived
	Self        bool
}

// UsersFilter is what the list is narrowed to and how it is sorted; it lives in the address.
type UsersFilter struct {
	Query      string
	Status     string // one of statusFilters, or ""
	Role       string // id
	Entity     string // id
	Sort       string // "name" (the default), "status", "last_sign_in"
	Descending bool
	Cursor     string
}

// ReadUsersFilter takes the filter from an address; what it does not know it leaves out.
func ReadUsersFilter(q url.Values) UsersFilter {
	f := UsersFilter{Query: q.Get("q"), Role: q.Get("role"), Entity: q.Get("entity"), Cursor: q.Get("cursor")}
	f.Status = oneOf(q.Get("status"), statusFilters()...)
	f.Sort = oneOf(q.Get("sort"), "name", "status", "last_sign_in")
	f.Descending = q.Get("order") == "desc"
	return f
}

func oneOf(v string, allowed ...string) string {
	for _, a := range allowed {
		if a == v {
			return v
		}
	}
	return ""
}

// Values is the filter as an address carries it; empty parts are left out.
func (f UsersFilter) Values() url.Values {
	v := pairs("q", f.Query, "status", f.Status, "role", f.Role, "entity", f.Entity, "sort", f.Sort, "cursor", f.Cursor)
	if f.Descending {
		v.Set("order", "desc")
	}
	return v
}

func pairs(kv ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i+1] != "" {
			v.Set(kv[i], kv[i+1])
		}
	}
	return v
}

// UsersView is the account's list of users. The search and filter form is sent
// by GET with q, status, role and entity.
type UsersView struct {
	Page
	Filter    UsersFilter
	Total     int // that match
	Rows      []UserRow
	Pager     Pager
	Roles     []Option // to filter by; Selected is set by the filter, not needed here
	Entities  []Option
	MayInvite bool
}

func (UsersView) name() string { return "users" }

// Filtered tells whether the list is narrowed.
func (v UsersView) Filtered() bool {
	return v.Filter.Query != "" || v.Filter.Status != "" || v.Filter.Role != "" || v.Filter.Entity != ""
}

// Statuses are the options of the status filter; their words are "portal.filter.status.VALUE".
func (v UsersView) Statuses() []string { return statusFilters() }

// Chip is one filter that is on, and the address without it.
type Chip struct {
	Key   string // "portal.chip.KEY"
	Value string
	Word  string // a message key for Value, instead of it
	Href  string
}

// Chips are the filters that are on.
func (v UsersView) Chips() []Chip {
	var out []Chip
	add := func(key, value, word string, without func(*UsersFilter)) {
		f := v.Filter
		f.Cursor = ""
		without(&f)
		out = append(out, Chip{Key: key, Value: value, Word: word, Href: v.To().Users(f)})
	}
	if f := v.Filter; f.Query != "" {
		add("query", f.Query, "", func(f *UsersFilter) { f.Query = "" })
	}
	if f := v.Filter; f.Status != "" {
		add("status", f.Status, "portal.filter.status."+f.Status, func(f *UsersFilter) { f.Status = "" })
	}
	if f := v.Filter; f.Role != "" {
		add("role", labelOf(v.Roles, f.Role), "", func(f *UsersFilter) { f.Role = "" })
	}
	if f := v.Filter; f.Entity != "" {
		add("entity", labelOf(v.Entities, f.Entity), "", func(f *UsersFilter) { f.Entity = "" })
	}
	return out
}

func labelOf(options []Option, value string) string {
	for _, o := range options {
		if o.Value == value {
			return o.Label
		}
	}
	return value
}

// Clear is the list without any filter, sorted as it is.
func (v UsersView) Clear() string {
	return v.To().Users(UsersFilter{Sort: v.Filter.Sort, Descending: v.Filter.Descending})
}

// Head is a column's head that sorts.
type Head struct {
	Label string // message key
	Href  string
	Order string // "ascending", "descending" or "none": what aria-sort says
}

// SortBy is the head of a column.
func (v UsersView) SortBy(column string) Head {
	f := v.Filter
	f.Cursor = ""
	current := f.Sort
	if current == "" {
		current = "name"
	}
	order := "none"
	if current == column {
		order = "ascending"
		if f.Descending {
			order = "descending"
		}
	}
	f.Descending = order == "ascending"
	if f.Sort = column; column == "name" {
		f.Sort = ""
	}
	return Head{Label: "portal.users.column." + column, Href: v.To().Users(f), Order: order}
}

// PreviousPage is the address of the page before, or "".
func (v UsersView) PreviousPage() string { return v.turn(v.Pager.Previous) }

// NextPage is the address of the page after, or "".
func (v UsersView) NextPage() string { return v.turn(v.Pager.Next) }

func (v UsersView) turn(cursor string) string {
	if cursor == "" {
		return ""
	}
	f := v.Filter
	f.Cursor = cursor
	return v.To().Users(f)
}

// EmptyWhy says why an unfiltered list is empty: nobody invited yet and the
// viewer may, or may not, do so.
func (v UsersView) EmptyWhy() string {
	if v.MayInvite {
		return "invite"
	}
	return "ask"
}

// InviteHref is the form to invite somebody, "" when the viewer may not.
func (v UsersView) InviteHref() string {
	if !v.MayInvite {
		return ""
	}
	return v.To().NewUser()
}
