package portal

// MeView is Your account. Three forms: details to MePath (first_name, last_name,
// phone, language, time_zone), password to MyPasswordPath (current, password), theme to
// ThemePath (theme). Only the form that was sent has a refusal.
type MeView struct {
	Page
	Details     Form
	Password    Form
	Revision    string // of the details
	FirstName   string
	LastName    string
	Email       string
	OwnEmail    bool          // they change their address themselves, not an administrator
	NewEmail    *PendingEmail // that waits to be confirmed; nil for none
	Phone       string
	TimeZone    string
	TimeZones   []string
	MinLength   int
	PasswordAt  Moment // last changed
	AskCode     bool   // the password form asks for a code too
	Factor      Factor
	FactorSince Moment
	Places      []MyPlace // where the viewer has access
}

func (MeView) name() string { return "me" }

// ProveView asks who it is once more before the authenticator app is set up or
// replaced. Fields: password, code.
type ProveView struct {
	Page
	Form
	AskCode bool
}

func (ProveView) name() string { return "prove" }

// MyEmailView gives the person who looks another address. Fields: email, and
// password and code while the session is not fresh.
type MyEmailView struct {
	Page
	Form
	Current string
	Email   string // as typed
	Prove   bool   // ask who it is
	AskCode bool
	Hours   int // in which both addresses must confirm it
}

func (MyEmailView) name() string { return "my_email" }

// MyPlace is one account the viewer has access to.
type MyPlace struct {
	Account AccountRef
	Roles   []string
}
