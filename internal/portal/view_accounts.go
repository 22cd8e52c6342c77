package portal

import "net/url"

// AccountRow is one account as operators see it.
type AccountRow struct {
	ID          string
	CustomerID  string
	Name        string
	Alias       string
	Kind        string // "merchant"
	Parent      string // name
	Environment Environment
	Open        bool // its first administrator is active
	Users       int
	Created     Moment
}

// AccountsFilter is what the list of accounts is narrowed to.
type AccountsFilter struct {
	Query  string
	Cursor string
}

// ReadAccountsFilter takes the filter from an address.
func ReadAccountsFilter(q url.Values) AccountsFilter {
	return AccountsFilter{Query: q.Get("q"), Cursor: q.Get("cursor")}
}

// Values is the filter as an address carries it.
func (f AccountsFilter) Values() url.Values { return pairs("q", f.Query, "cursor", f.Cursor) }

// AccountsView is the operators' list of accounts. The search is sent by GET with q.
type AccountsView struct {
	Page
	Filter    AccountsFilter
	Total     int
	Rows      []AccountRow
	Pager     Pager
	MayCreate bool
}

func (AccountsView) name() string { return "accounts" }

// PreviousPage is the address of the page before, or "".
func (v AccountsView) PreviousPage() string { return v.turn(v.Pager.Previous) }

// NextPage is the address of the page after, or "".
func (v AccountsView) NextPage() string { return v.turn(v.Pager.Next) }

func (v AccountsView) turn(cursor string) string {
	if cursor == "" {
		return ""
	}
	return v.To().Accounts(AccountsFilter{Query: v.Filter.Query, Cursor: cursor})
}

// AccountAdmin is an administrator of an account, as operators see them.
type AccountAdmin struct {
	Name       string
	Identifier string
	Status     Status
	First      bool
}

// AccountView is one account's page.
type AccountView struct {
	Page
	One            AccountRow
	Profile        string
	CreatedBy      string
	Administrators []AccountAdmin
	Below          []AccountRow // accounts and entities directly below
	OpenHref       string       // the account's own home, when the viewer has access there; else ""
}

func (AccountView) name() string { return "account" }

// NewAccountView opens an account. Fields: name, customer_id, kind, parent,
// environment, first_name, last_name, email, language.
type NewAccountView struct {
	Page
	Form
	Name        string
	CustomerID  string
	Kind        string
	Parent      string
	Environment Environment
	Kinds       []string
	Parents     []Option
	FirstName   string
	LastName    string
	Email       string
	Language    string
}

func (NewAccountView) name() string { return "account_new" }

// TokenRow is one service token. The token itself is never known again.
type TokenRow struct {
	ID        string
	Name      string
	Created   Moment
	CreatedBy string
	Expires   Moment // zero: never
	LastUsed  Moment
	Revoked   Moment
	RevokedBy string
	Expired   bool
}

// TokensView lists the account's service tokens.
type TokensView struct {
	Page
	Rows      []TokenRow
	MayMake   bool
	MayRevoke bool
}

func (TokensView) name() string { return "tokens" }

// NewTokenView makes a service token. Fields: name, expires (days; 0 is never).
type NewTokenView struct {
	Page
	Form
	Name    string
	Days    int
	Choices []int // of days
}

func (NewTokenView) name() string { return "token_new" }

// TokenMadeView shows a new token, once.
type TokenMadeView struct {
	Page
	Name    string
	Token   string
	Expires Moment
}

func (TokenMadeView) name() string { return "token_made" }

// Clear is the whole list.
func (v AccountsView) Clear() string { return v.To().Accounts(AccountsFilter{}) }

// CreateHref is the form to open an account, "" when the viewer may not.
func (v AccountsView) CreateHref() string {
	if !v.MayCreate {
		return ""
	}
	return v.To().NewAccount()
}

// Chips are the filters that are on.
func (v AccountsView) Chips() []Chip {
	if v.Filter.Query == "" {
		return nil
	}
	return []Chip{{Key: "query", Value: v.Filter.Query, Href: v.Clear()}}
}

// ListHref is the list of accounts.
func (v AccountView) ListHref() string { return v.To().Accounts(AccountsFilter{}) }

// ListHref is the list of accounts.
func (v NewAccountView) ListHref() string { return v.To().Accounts(AccountsFilter{}) }

// MakeHref is the form for a new token, "" when the viewer may not.
func (v TokensView) MakeHref() string {
	if !v.MayMake {
		return ""
	}
	return v.To().NewServiceToken()
}
