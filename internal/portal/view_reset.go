package portal

import "time"

// ForgottenView asks whoever has forgotten their password for their address, and
// says afterwards what happens now. Fields: email.
type ForgottenView struct {
	Page
	Form
	Email string // as typed
	Sent  bool
}

func (ForgottenView) name() string { return "forgotten" }

// ResetView sets another password, behind a link. Fields: password.
type ResetView struct {
	Page
	Form
	Identifier string // shown, and given to password managers as the user name
	MinLength  int
	StaysShut  bool // a lock for inactivity holds all the same: an administrator must send the link
}

func (ResetView) name() string { return "reset" }

// ResetDoneView says that the password is another one, and leads on.
type ResetDoneView struct {
	Page
	Locked bool // a lock for inactivity holds
}

func (ResetDoneView) name() string { return "reset_done" }

// LinkEnded is the state of a link that died with what it was for.
const LinkEnded LinkState = "ended"

// ResetLinkView tells what is wrong with a link that would set another password,
// and what to do now.
type ResetLinkView struct {
	Page
	State LinkState // LinkExpired, LinkUsed, LinkReplaced, LinkEnded, LinkUnknown
	At    time.Time // when it expired or was used; zero when not known
}

func (ResetLinkView) name() string { return "reset_link" }

// RenewView asks for another password before the session begins. Fields: password,
// next.
type RenewView struct {
	Page
	Form
	Why        string // asked, expired
	Identifier string
	MinLength  int
	Next       string
}

func (RenewView) name() string { return "renew" }
