package portal

// TokenRow is one service token. The token itself is never known again.
type TokenRow struct {
	ID        string
	Name      string
	Kind      string // decisions, resources
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

// NewTokenView makes a service token. Fields: kind, name, expires (days; 0 is never).
type NewTokenView struct {
	Page
	Form
	Kind    string
	Kinds   []string
	Name    string
	Days    int
	Choices []int // of days
}

func (NewTokenView) name() string { return "token_new" }

// TokenMadeView shows a new token, once.
type TokenMadeView struct {
	Page
	Name    string
	Kind    string
	Token   string
	Expires Moment
}

func (TokenMadeView) name() string { return "token_made" }

// MakeHref is the form for a new token, "" when the viewer may not.
func (v TokensView) MakeHref() string {
	if !v.MayMake {
		return ""
	}
	return v.To().NewServiceToken()
}
