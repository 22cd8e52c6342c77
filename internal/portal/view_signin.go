package portal

import "time"

// SignInView asks for identifier and password. Fields: identifier, password, next.
// With Passkey it offers that too; fields: credential, next.
type SignInView struct {
	Page
	Form
	Identifier string // as typed; the password is never shown again
	Next       string // the address to open afterwards; "" for the usual one
	Ended      bool   // a session has run out: said so, calmly
	Kept       bool   // and what was typed is kept
	Passkey    string // options for a passkey, as JSON; "" where there are none
}

func (SignInView) name() string { return "signin" }

// Ways are the second factors that somebody can show, one of them chosen, and the
// way to each other: a page for each, without script.
type Ways struct {
	Kind  string   // chosen: totp, webauthn, recovery_code
	Kinds []string // all that there are
	Key   string   // options for a key, as JSON
	At    string   // the page's address, to which ?with= is added
	Next  string
}

// Others are the ways that are not chosen.
func (w Ways) Others() (list []Way) {
	for _, kind := range w.Kinds {
		if kind != w.Kind {
			list = append(list, Way{kind, with(w.At, pairs("with", kind, "next", w.Next))})
		}
	}
	return list
}

// Fresh is where the page is loaded again, with another challenge for the key.
func (w Ways) Fresh() string { return with(w.At, pairs("with", w.Kind, "next", w.Next)) }

// Way is one way to show who one is.
type Way struct{ Kind, Href string }

// CodeView asks for a second factor. Fields: with, next, and code, recovery_code
// or credential.
type CodeView struct {
	Page
	Form
	Ways
	Identifier string // may be empty
}

func (CodeView) name() string { return "code" }

// PasswordView asks for the password after a passkey. Fields: password, next.
type PasswordView struct {
	Page
	Form
	Next string
}

func (PasswordView) name() string { return "password" }

// AppSteps walk through setting up an authenticator app.
type AppSteps struct {
	QR  []byte // PNG of the otpauth address
	Key string // base32; shown in groups of four
}

// SetupView sets a second factor up on the way in. Two forms, or one of them: the
// app's to SetupPath (code, next), the key's to SetupKeyPath (credential, next).
type SetupView struct {
	Page
	Form
	AppSteps
	HasApp, HasKey bool
	KeyOptions     string // for a browser that makes a key, as JSON
	Left           int    // set-ups that are left, this one counted
	Again          bool   // what they have is replaced
	Next           string
}

func (SetupView) name() string { return "setup" }

// Fresh is where the page is loaded again, with another challenge for the key.
func (v SetupView) Fresh() string { return with(SetupPath, pairs("next", v.Next)) }

// CodesView shows recovery codes, this once. On the way in (Action) a form says
// that they are kept. Fields: next.
type CodesView struct {
	Page
	Codes  []string
	Action string // "" under Your account
	Next   string
}

func (CodesView) name() string { return "codes" }

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
