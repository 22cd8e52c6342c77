package portal

// MeView is Your account. Two forms: details to MePath (first_name, last_name,
// phone, language, time_zone, revision), which alone may have a refusal, and theme to
// ThemePath (theme); and a button for each session that can be ended.
type MeView struct {
	Page
	Details      Form
	Revision     string // of the details
	FirstName    string
	LastName     string
	Email        string
	OwnEmail     bool          // they change their address themselves, not an administrator
	NewEmail     *PendingEmail // that waits to be confirmed; nil for none
	Phone        string
	Language     string // its code
	TimeZone     string
	TimeZones    []string
	PasswordAt   Moment // last changed
	Ways         MyWays
	Sessions     []SessionRow
	MoreSessions int // that are not shown
	History      []SignInRow
	Places       []MyPlace // where the viewer has access
}

func (MeView) name() string { return "me" }

// historyFirst is how much of the history stands open on the page.
const historyFirst = 5

// Latest is the part of the history that is shown at once.
func (v MeView) Latest() []SignInRow { return v.History[:min(len(v.History), historyFirst)] }

// Earlier is the part of the history that is unfolded.
func (v MeView) Earlier() []SignInRow { return v.History[min(len(v.History), historyFirst):] }

// Others tells whether there is another session than this one.
func (v MeView) Others() bool { return len(v.Sessions)+v.MoreSessions > 1 }

// MyWays are the viewer's second factors, with what they may do with them.
type MyWays struct {
	List           []MyFactorRow
	MayApp, MayKey bool // another can be added
	Codes          int  // recovery codes that are left
	CodesSince     Moment
	Again          bool // to be set up anew at the next sign-in
}

// FewCodes tells whether it is time for another set of recovery codes.
func (w MyWays) FewCodes() bool { return w.Codes <= 3 }

// MyFactorRow is one second factor.
type MyFactorRow struct {
	ID       string
	Kind     string // totp, webauthn
	Name     string // as the viewer calls it; may be empty
	Passkey  bool   // it signs in without the password
	Needed   bool   // it stays until there is another
	Since    Moment
	LastUsed Moment
}

// Href is its page.
func (r MyFactorRow) Href() string { return MyFactor(r.ID) }

// RemoveHref confirms that it goes.
func (r MyFactorRow) RemoveHref() string { return RemoveMyFactor(r.ID) }

// ConfirmMeView asks who it is once more, before something that needs it. Fields:
// password, with, next, and code, recovery_code or credential.
type ConfirmMeView struct {
	Page
	Form
	Ways
}

func (ConfirmMeView) name() string { return "confirm_me" }

// NewAppView adds an authenticator app. Fields: code, name.
type NewAppView struct {
	Page
	Form
	AppSteps
	Called string // as typed
}

func (NewAppView) name() string { return "me_app" }

// NewKeyView adds a security key or this device. Fields: credential, name.
type NewKeyView struct {
	Page
	Form
	KeyOptions string
	Called     string // as typed
}

func (NewKeyView) name() string { return "me_key" }

// Fresh is where the page is loaded again, with another challenge for the key.
func (NewKeyView) Fresh() string { return MyNewKeyPath }

// MyFactorView renames a second factor. Fields: name, revision.
type MyFactorView struct {
	Page
	Form
	Row      MyFactorRow
	Called   string // as typed
	Revision string
}

func (MyFactorView) name() string { return "me_factor" }

// RemoveFactorView confirms that a second factor goes. Fields: revision.
type RemoveFactorView struct {
	Page
	Form
	Row      MyFactorRow
	Last     bool // none is left then, and no recovery codes either
	Revision string
}

func (RemoveFactorView) name() string { return "me_factor_removal" }

// NewCodesView confirms that recovery codes are made anew.
type NewCodesView struct {
	Page
	Left int // of the set that dies
}

func (NewCodesView) name() string { return "me_codes" }

// MyEmailView gives the person who looks another address. Fields: email.
type MyEmailView struct {
	Page
	Form
	Current string
	Email   string // as typed
	Hours   int    // in which both addresses must confirm it
}

func (MyEmailView) name() string { return "my_email" }

// MyPlace is one account the viewer has access to.
type MyPlace struct {
	Account AccountRef
	Roles   []string
	WhyHref string // why one may do something there, or may not
}
