package portal

import (
	"cmp"
	"net/url"
	"slices"

	"countersign/internal/people"
)

// State says whether an entity is active; its words are "portal.state.STATE".
type State string

// The states.
const (
	StateActive   State = "active"
	StateInactive State = "inactive"
	StateAbove    State = "inactive_above" // active itself, and below one that is not
)

// AccountRow is one account as operators see it.
type AccountRow struct {
	ID          string
	CustomerID  string
	Name        string
	Alias       string
	Kind        string // "merchant"
	Parent      string // name; "" when that is out of reach
	Environment Environment
	Open        bool // its first administrator has been active
	State       State
	Users       int
	Created     Moment
}

// AccountsFilter is what the list of accounts is narrowed to and how it is
// sorted; it lives in the address.
type AccountsFilter struct {
	Query       string
	Kind        string
	Environment string
	Opened      string // "open", "waiting"
	State       string // "active", "inactive"
	Parent      string // a customer ID, or what was typed to find one
	Sort        string // "customer_id" (the default), "name", "created", "users"
	Descending  bool
	Cursor      string
}

// accountKinds are what an account may be, and the list be narrowed to.
var accountKinds = []string{"facilitator", "partner", "merchant"}

// ReadAccountsFilter takes the filter from an address; what it does not know it leaves out.
func ReadAccountsFilter(q url.Values) AccountsFilter {
	return AccountsFilter{
		Query: q.Get("q"), Parent: q.Get("parent"), Cursor: q.Get("cursor"),
		Kind: oneOf(q.Get("kind"), append([]string{"platform"}, accountKinds...)...), Environment: oneOf(q.Get("environment"), string(Live), string(Test)),
		Opened: oneOf(q.Get("opened"), "open", "waiting"), State: oneOf(q.Get("state"), "active", "inactive"),
		Sort: oneOf(q.Get("sort"), "customer_id", "name", "created", "users"), Descending: q.Get("order") == "desc",
	}
}

// Values is the filter as an address carries it.
func (f AccountsFilter) Values() url.Values {
	v := pairs("q", f.Query, "kind", f.Kind, "environment", f.Environment, "opened", f.Opened, "state", f.State, "parent", f.Parent, "sort", f.Sort, "cursor", f.Cursor)
	if f.Descending {
		v.Set("order", "desc")
	}
	return v
}

// first is the filter on the first page.
func (f AccountsFilter) first() AccountsFilter { f.Cursor = ""; return f }

// AccountsView is the operators' list of accounts. The filter form is sent by GET
// with q, kind, environment, opened, state and parent.
type AccountsView struct {
	Page
	Filter    AccountsFilter
	Total     int // that match
	Rows      []AccountRow
	Pager     Pager
	Parent    string   // the name of the filter's parent, where it is known
	Meant     []Option // those that Filter.Parent may mean: one must be chosen; values are customer IDs
	MayCreate bool
}

func (AccountsView) name() string { return "accounts" }

// Kinds are the options of the kind filter.
func (AccountsView) Kinds() []string { return accountKinds }

// Filtered tells whether the list is narrowed.
func (v AccountsView) Filtered() bool {
	f := v.Filter.first()
	f.Sort, f.Descending = "", false
	return f != AccountsFilter{}
}

// Chips are the filters that are on.
func (v AccountsView) Chips() []Chip {
	f, c := v.Filter, chips[AccountsFilter]{filter: v.Filter.first(), at: v.To().Accounts}
	c.add("query", f.Query, "", func(f *AccountsFilter) { f.Query = "" })
	c.add("level", f.Kind, "portal.kind."+f.Kind, func(f *AccountsFilter) { f.Kind = "" })
	c.add("environment", f.Environment, "portal.environment."+f.Environment, func(f *AccountsFilter) { f.Environment = "" })
	c.add("opened", f.Opened, "portal.opened."+f.Opened, func(f *AccountsFilter) { f.Opened = "" })
	c.add("state", f.State, "portal.state."+f.State, func(f *AccountsFilter) { f.State = "" })
	c.add("parent", cmp.Or(v.Parent, f.Parent), "", func(f *AccountsFilter) { f.Parent = "" })
	return c.list
}

// Past tells whether this page is behind the last one.
func (v AccountsView) Past() bool { return v.Filter.Cursor != "" && len(v.Rows) == 0 && v.Total > 0 }

// FirstPage is the list from its beginning.
func (v AccountsView) FirstPage() string { return v.To().Accounts(v.Filter.first()) }

// Asks tells whether the filter's parent must be chosen, or is nobody.
func (v AccountsView) Asks() bool { return v.Meant != nil }

// Meaning is the list for one of those that were meant.
func (v AccountsView) Meaning(customerID string) string {
	f := v.Filter.first()
	f.Parent = customerID
	return v.To().Accounts(f)
}

// Clear is the list without any filter, sorted as it is.
func (v AccountsView) Clear() string {
	return v.To().Accounts(AccountsFilter{Sort: v.Filter.Sort, Descending: v.Filter.Descending})
}

// SortBy is the head of a column.
func (v AccountsView) SortBy(column string) Head {
	f := v.Filter.first()
	return order{f.Sort, f.Descending}.head(column, "customer_id", "portal.accountlist.column.", func(o order) string {
		f.Sort, f.Descending = o.by, o.descending
		return v.To().Accounts(f)
	})
}

// PreviousPage is the address of the page before, or "".
func (v AccountsView) PreviousPage() string { return v.turn(v.Pager.Previous) }

// NextPage is the address of the page after, or "".
func (v AccountsView) NextPage() string { return v.turn(v.Pager.Next) }

func (v AccountsView) turn(cursor string) string {
	if cursor == "" {
		return ""
	}
	f := v.Filter
	f.Cursor = cursor
	return v.To().Accounts(f)
}

// ExportHref is the list as a file.
func (v AccountsView) ExportHref() string { return v.To().AccountsExport(v.Filter) }

// CreateHref is the form to open an account, "" when the viewer may not.
func (v AccountsView) CreateHref() string {
	if !v.MayCreate {
		return ""
	}
	return v.To().NewAccount()
}

// AccountAdmin is an administrator of an account, as operators see them.
type AccountAdmin struct {
	Name       string
	Identifier string
	Status     Status
	First      bool
	Href       string // their page in their account; "" when the viewer has none there
}

// Step is one entity of the line from the top of what the viewer sees down to
// where something stands.
type Step struct {
	Name string
	Href string // "" for the last one, and where the viewer may not open it
}

// Off is since when, by whom and why something is not active.
type Off struct {
	At  Moment
	By  string
	Why string
}

// AccountView is one account's page.
type AccountView struct {
	Page
	One            AccountRow
	Off            Off
	Line           []Step
	Profile        string
	CreatedBy      string
	EntitiesBelow  int
	AccountsBelow  int
	MaySeeUsers    bool
	Administrators []AccountAdmin
	Below          []NodeRow
	Pager          Pager
	Activity       []ActivityRow // the last few; empty when not permitted
	ActivityHref   string        // of all of it; "" when not permitted
	MayAct         []Act
	MayEdit        bool
	OpenHref       string // the account's own home, when the viewer has access there; else ""
	UsersHref      string // its users, likewise
	OnboardHref    string // to add an entity below, likewise
}

func (AccountView) name() string { return "account" }

// May tells whether the viewer may do it now.
func (v AccountView) May(act string) bool { return slices.Contains(v.MayAct, Act(act)) }

// ListHref is the list of accounts.
func (v AccountView) ListHref() string { return v.To().Accounts(AccountsFilter{}) }

// PreviousPage is the address of the page before of what is below, or "".
func (v AccountView) PreviousPage() string { return v.turn(v.Pager.Previous) }

// NextPage is the address of the page after, or "".
func (v AccountView) NextPage() string { return v.turn(v.Pager.Next) }

func (v AccountView) turn(cursor string) string {
	if cursor == "" {
		return ""
	}
	return v.To().OneAccountBelow(v.One.ID, cursor)
}

// ParentChoice is an entity that something new could stand below.
type ParentChoice struct {
	ID         string
	Name       string
	CustomerID string
	Kind       string
	Above      string // the name of what it stands below itself; may be empty
	Selected   bool
}

// ParentPicker chooses the entity above. Fields: parent (one of the choices) and
// find_parent: with anything in it the form is not carried out but shown again,
// with what that finds.
type ParentPicker struct {
	Parents []ParentChoice
	Find    string
	More    bool // there are more than are shown
	Missed  bool // Find found nothing
}

// NewAccountView opens an account. Fields: name, customer_id, alias, kind,
// environment, profile, first_name, last_name, email, phone, language and those
// of ParentPicker.
type NewAccountView struct {
	Page
	Form
	ParentPicker
	Name        string
	CustomerID  string
	Alias       string
	Kind        string
	Environment Environment
	Profile     string
	Profiles    []string         // to choose from; one alone is not asked for
	Must        people.Mandatory // of the first administrator, as the chosen profile says
	Kinds       []string
	FirstName   string
	LastName    string
	Email       string
	Phone       string
	Language    string
}

func (NewAccountView) name() string { return "account_new" }

// ListHref is the list of accounts.
func (v NewAccountView) ListHref() string { return v.To().Accounts(AccountsFilter{}) }

// EditAccountView changes an account's names. Fields: name, alias, revision.
type EditAccountView struct {
	Page
	Form
	One      AccountRow
	Name     string
	Alias    string
	Revision string
}

func (EditAccountView) name() string { return "account_edit" }

// SettingRow is one setting as it is in force, in words.
type SettingRow struct {
	Key   string // also its place on the page
	Name  string
	Value string
	Help  string
}

// SettingsView is the account's own settings. The form for the alias is sent with
// alias and revision.
type SettingsView struct {
	Page
	Form
	One         AccountRow
	Profile     string
	Alias       string // as typed
	MayAlias    bool
	Revision    string
	Settings    []SettingRow
	EntityHref  string // the account in its tree; "" when the viewer may not
	OperatorMay bool   // help here: the account is one for tests
}

func (SettingsView) name() string { return "settings" }
