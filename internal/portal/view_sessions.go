package portal

// Whence is from where somebody came, as far as that is known: what their browser
// says it is, and where the network address is.
type Whence struct {
	Browser string // "" when it is none that is known
	System  string // likewise
	Mobile  bool
	Place   string // "Lyon, France"; "" when it is not known
	Near    bool   // of this network
	IP      string
}

// SessionRow is one place where somebody is signed in.
type SessionRow struct {
	Whence
	Begun, Used Moment
	Current     bool   // the one in which the viewer looks
	EndHref     string // signs out of it, when posted to
}

// SignInRow is one time that somebody came in, or tried to.
type SignInRow struct {
	Whence
	At      Moment
	How     []string // what was shown, in words
	Refused bool
	Cause   string // why, in words
	Times   int    // repeats that were merged; 0 and 1 are the same
}

// MyPasswordView changes the viewer's password. Fields: password.
type MyPasswordView struct {
	Page
	Form
	MinLength int
}

func (MyPasswordView) name() string { return "me_password" }
