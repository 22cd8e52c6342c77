package portal

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
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
	Email       string
	Phone       string
	Language    string // its code
	Roles       []string
	Entities    []string
	AllEntities bool
	Status      Status
	Factor      Factor
	LastSignIn  Moment
	Created     Moment
	MailLost    bool // their invitation never arrived
	Self        bool
}

// Column is a column of the list; its word is "portal.users.column.COLUMN".
type Column string

// The columns. The name is always there, and first.
const (
	NameColumn       Column = "name"
	EmailColumn      Column = "email"
	PhoneColumn      Column = "phone"
	LanguageColumn   Column = "language"
	RolesColumn      Column = "roles"
	EntitiesColumn   Column = "entities"
	StatusColumn     Column = "status"
	FactorColumn     Column = "factor"
	LastSignInColumn Column = "last_sign_in"
	CreatedColumn    Column = "created"
)

// userColumns are all that can be chosen, in the order in which they stand.
func userColumns() []Column {
	return []Column{NameColumn, EmailColumn, PhoneColumn, LanguageColumn, RolesColumn, EntitiesColumn, StatusColumn, FactorColumn, LastSignInColumn, CreatedColumn}
}

// usualColumns are shown to whoever has not chosen (features.md, U1).
func usualColumns() []Column {
	return []Column{NameColumn, RolesColumn, EntitiesColumn, StatusColumn, FactorColumn, LastSignInColumn}
}

// sorts tells whether the list can be in the order of the column.
func (c Column) sorts() bool {
	switch c {
	case NameColumn, EmailColumn, StatusColumn, LastSignInColumn:
		return true
	}
	return false
}

// columnsSeparator stands between columns in an address, where it need not be escaped.
const columnsSeparator = "."

// ReadColumns takes columns from an address or from what somebody prefers: those
// that there are, in their order; nil when it names none.
func ReadColumns(text string) []Column {
	var out []Column
	asked := strings.Split(text, columnsSeparator)
	for _, c := range userColumns() {
		if slices.Contains(asked, string(c)) || c == NameColumn && text != "" {
			out = append(out, c)
		}
	}
	if len(out) < 2 {
		return nil
	}
	return out
}

// columnsText is what ReadColumns reads.
func columnsText(columns []Column) string {
	var names []string
	for _, c := range columns {
		names = append(names, string(c))
	}
	return strings.Join(names, columnsSeparator)
}

// UsersFilter is what the list is narrowed to, how it is sorted and which columns
// it has; it lives in the address.
type UsersFilter struct {
	Query      string
	Status     string // one of statusFilters, or ""
	Role       string // id
	Entity     string // as it was typed: customer ID, id, or a part of the name
	Sort       string // a column that sorts; "" is the name
	Descending bool
	Columns    string // as ReadColumns reads them; "" is what the viewer prefers
	Cursor     string
}

// ReadUsersFilter takes the filter from an address; what it does not know it leaves out.
func ReadUsersFilter(q url.Values) UsersFilter {
	f := UsersFilter{Query: q.Get("q"), Role: q.Get("role"), Entity: strings.TrimSpace(q.Get("entity")), Cursor: q.Get("cursor")}
	f.Status = oneOf(q.Get("status"), statusFilters()...)
	f.Sort = oneOf(q.Get("sort"), "name", "email", "status", "last_sign_in")
	f.Descending = q.Get("order") == "desc"
	f.Columns = columnsText(ReadColumns(q.Get("columns")))
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
	v := pairs("q", f.Query, "status", f.Status, "role", f.Role, "entity", f.Entity, "sort", f.Sort, "columns", f.Columns, "cursor", f.Cursor)
	if f.Descending {
		v.Set("order", "desc")
	}
	return v
}

// first is the filter on the first page.
func (f UsersFilter) first() UsersFilter { f.Cursor = ""; return f }

func pairs(kv ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(kv); i += 2 {
		if kv[i+1] != "" {
			v.Set(kv[i], kv[i+1])
		}
	}
	return v
}

// UsersView is the account's list of users. The search and filter form is sent by
// GET with q, status, role and entity; the table's by POST with the ticked users
// and an act.
type UsersView struct {
	Page
	Filter    UsersFilter
	Columns   []Column // shown; none is the usual ones
	Total     Count    // that match
	Rows      []UserRow
	Pager     Pager
	Roles     []Option // to filter by; Selected is set by the filter, not needed here
	Entities  []Option // suggestions: customer IDs, labelled with the name
	Entity    string   // the name of the entity that is filtered by; "" when it is none
	Unclear   bool     // several entities are called as was typed: Entities are these
	MayInvite bool
	MayAct    []Act // to many at once
}

func (UsersView) name() string { return "users" }

// Filtered tells whether the list is narrowed.
func (v UsersView) Filtered() bool {
	return v.Filter.Query != "" || v.Filter.Status != "" || v.Filter.Role != "" || v.Filter.Entity != ""
}

// Past tells whether this page is behind the last one: whoever stood here is gone.
func (v UsersView) Past() bool { return v.Filter.Cursor != "" && len(v.Rows) == 0 && v.Total.N > 0 }

// FirstPage is the list from its beginning.
func (v UsersView) FirstPage() string { return v.To().Users(v.Filter.first()) }

// Statuses are the options of the status filter; their words are "portal.filter.status.VALUE".
func (v UsersView) Statuses() []string { return statusFilters() }

// Shown are the columns that are shown.
func (v UsersView) Shown() []Column {
	if len(v.Columns) == 0 {
		return usualColumns()
	}
	return v.Columns
}

// Wide tells whether there are more columns than fit: the table is then moved
// under its heads and names.
func (v UsersView) Wide() bool { return len(v.Shown()) > len(usualColumns()) }

// ColumnChoice is a column that can be shown.
type ColumnChoice struct {
	Column Column
	Shown  bool
}

// Choices are the columns that can be chosen: all but the name.
func (v UsersView) Choices() []ColumnChoice {
	var out []ColumnChoice
	for _, c := range userColumns()[1:] {
		out = append(out, ColumnChoice{c, slices.Contains(v.Shown(), c)})
	}
	return out
}

// Heads are the heads of the columns.
func (v UsersView) Heads() []Head {
	var out []Head
	for _, c := range v.Shown() {
		if c.sorts() {
			out = append(out, v.SortBy(string(c)))
		} else {
			out = append(out, Head{Label: "portal.users.column." + string(c)})
		}
	}
	return out
}

// ListHref is the list as it is, for forms that come back to it.
func (v UsersView) ListHref() string { return v.To().Users(v.Filter) }

// ExportHref is the file of all that match.
func (v UsersView) ExportHref() string {
	f := v.Filter.first()
	f.Columns = columnsText(v.Shown())
	return v.To().ExportUsers(f)
}

// Choose is the list narrowed to one of the entities that were meant.
func (v UsersView) Choose(customerID string) string {
	f := v.Filter.first()
	f.Entity = customerID
	return v.To().Users(f)
}

// Chip is one filter that is on, and the address without it.
type Chip struct {
	Key   string // "portal.chip.KEY"
	Value string
	Word  string // a message key for Value, instead of it
	Href  string
}

// Chips are the filters that are on.
func (v UsersView) Chips() []Chip {
	f, c := v.Filter, chips[UsersFilter]{filter: v.Filter.first(), at: v.To().Users}
	c.add("query", f.Query, "", func(f *UsersFilter) { f.Query = "" })
	c.add("status", f.Status, "portal.filter.status."+f.Status, func(f *UsersFilter) { f.Status = "" })
	c.add("role", labelOf(v.Roles, f.Role), "", func(f *UsersFilter) { f.Role = "" })
	c.add("entity", cmp.Or(v.Entity, f.Entity), "", func(f *UsersFilter) { f.Entity = "" })
	return c.list
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
	return v.To().Users(UsersFilter{Sort: v.Filter.Sort, Descending: v.Filter.Descending, Columns: v.Filter.Columns})
}

// Head is a column's head; one with an address sorts.
type Head struct {
	Label string // message key
	Href  string
	Order string // "ascending", "descending" or "none": what aria-sort says
}

// SortBy is the head of a column.
func (v UsersView) SortBy(column string) Head {
	f := v.Filter.first()
	return order{f.Sort, f.Descending}.head(column, "name", "portal.users.column.", func(o order) string {
		f.Sort, f.Descending = o.by, o.descending
		return v.To().Users(f)
	})
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
