package portal

// MeView is Your account. Three forms: details to MePath (first_name, last_name,
// language, time_zone), password to MyPasswordPath (current, password), theme to
// ThemePath (theme). Only the form that was sent has a refusal.
type MeView struct {
	Page
	Details     Form
	Password    Form
	FirstName   string
	LastName    string
	Email       string
	TimeZone    string
	TimeZones   []string
	MinLength   int
	PasswordAt  Moment // last changed
	Factor      Factor
	FactorSince Moment
	Places      []MyPlace // where the viewer has access
}

func (MeView) name() string { return "me" }

// MyPlace is one account the viewer has access to.
type MyPlace struct {
	Account AccountRef
	Roles   []string
}
