package portal

import "time"

// SignInView asks for identifier and password. Fields: identifier, password, next.
type SignInView struct {
	Page
	Form
	Identifier string // as typed; the password is never shown again
	Next       string // the address to open afterwards; "" for the usual one
	Ended      bool   // a session has run out: said so, calmly
}

func (SignInView) name() string { return "signin" }

// CodeView asks for the six digits of the authenticator app. Fields: code, next.
type CodeView struct {
	Page
	Form
	Identifier string // may be empty
	Next       string
}

func (CodeView) name() string { return "code" }

// SetupView walks through setting up an authenticator app. Fields: code, next.
// It also replaces the app from Your account (Replacing), inside the frame.
type SetupView struct {
	Page
	Form
	QR        []byte // PNG of the otpauth address
	Key       string // base32; shown in groups of four
	Next      string
	Replacing bool
	Action    string // where the form is sent
}

func (SetupView) name() string { return "setup" }

// ActivateView asks an invited person for a password: a new one, or the one they
// have (HasPassword), to confirm that it is them. Fields: password.
type ActivateView struct {
	Page
	Form
	Name        string
	Identifier  string // shown, and given to password managers as the user name
	AccountName string // of the account that invites
	MinLength   int
	HasPassword bool
}

func (ActivateView) name() string { return "activate" }

// LinkState says why a link opens nothing.
type LinkState string

// The states of a link that opens nothing.
const (
	LinkExpired     LinkState = "expired"
	LinkUsed        LinkState = "used"
	LinkReplaced    LinkState = "replaced"
	LinkDeactivated LinkState = "deactivated"
	LinkUnknown     LinkState = "unknown"
)

// LinkView tells what is wrong with a link and what to do now.
type LinkView struct {
	Page
	State LinkState
	At    time.Time // when it expired or was used; zero when not known
}

func (LinkView) name() string { return "link" }

// EmailLinkView is the page behind a link that confirms an address: it asks, and
// then tells what came of it. It is for whoever reads mail there, signed in or not.
type EmailLinkView struct {
	Page
	State       EmailLinkState
	Address     string // the new one; "" where the link says no more
	AccountName string
	Old         bool      // the link went to the old address
	Both        bool      // both addresses must confirm
	At          time.Time // when it was used or expired; zero when not known
}

func (EmailLinkView) name() string { return "email_link" }

// EmailLinkState is what the page behind such a link says: "portal.emaillink.STATE".
type EmailLinkState string

// The states.
const (
	EmailAsk     EmailLinkState = "ask"
	EmailDone    EmailLinkState = "done"    // the address has changed
	EmailHalf    EmailLinkState = "half"    // the other address must confirm it too
	EmailUsed    EmailLinkState = "used"    // the link
	EmailDropped EmailLinkState = "dropped" // the change was given up, or replaced by a newer one
	EmailExpired EmailLinkState = "expired"
	EmailTaken   EmailLinkState = "taken" // somebody else has the address by now
	EmailUnknown EmailLinkState = "unknown"
)

// SignedOutView says goodbye, with the way back in.
type SignedOutView struct{ Page }

func (SignedOutView) name() string { return "signedout" }

// HelpView is the guidance on passwords, codes and whom to ask (PCI DSS 8.3.8).
type HelpView struct {
	Page
	MinLength int
}

func (HelpView) name() string { return "help" }
