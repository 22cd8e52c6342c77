// Package signin lets people in: passwords, second factors of several kinds,
// half-finished sign-ins, sessions, locks, the activation of an invited person, and
// what is done for whoever has forgotten their password or was away too long.
//
//	Passwords  argon2id, a bounded number at once (passwords.go)
//	Rules      what a new password must be (rules.go, common.go)
//	Door       everything below; make one with New
//	Help       what administrators do for a person's sign-in (help.go)
//	Places     where network addresses are, from a file of the operator's (place.go)
//
// The way in. What is in brackets is a challenge: the next step and nothing else.
//
//	Start(name, password) ─┬─ has a factor ──────────── [code] ── Prove ─────┐
//	                       └─ has none ──────────────────────────────────────┤
//	Activate(link, password) ─ the same, and a member becomes active later ──┤
//	Passkey(assertion) ─┬─ has an administrator's role ─ [password] Password ┤
//	                    └─ two factors in one ───────────────────────────────┤
//	   ┌─────────────────────────────────────────────────────────────────────┘
//	onward ─┬─ something is to be set up ── [setup] ── FinishApp, FinishKey ──┬─ onward
//	        │                                  recovery codes: [codes] ─ Kept ┤
//	        ├─ the password is too old, or another is asked for: [change] Renew ┘
//	        └─ session
//
// The factors (demands.go says which an account asks for): an authenticator app
// (totp.go), a WebAuthn credential on a key or device (keys.go, ceremony.go), and
// recovery codes for whoever has lost those (recovery.go). A person may have
// several, and shows one of them, whichever they pick (prove.go). They look after
// them under Your account (mine.go), each time after fresh authentication.
//
// A challenge is not a session: it opens the next step and nothing else, once,
// for ten minutes (code, password) or thirty (setup, codes, change, activate), and dies
// with the epoch of its person. A session begins with the last factor, has an id
// of its own each time, and dies of age, of idleness, with its person's epoch, or
// when its person is active in no account any more. Whatever else is to be asked
// before a session begins goes into onward, where every way in ends.
//
// Whoever has forgotten their password asks for a link (forgotten.go): the answer is
// the same for everybody, and what comes of it is an errand, done afterwards
// (errands.go). The link sets another password (reset.go) and lets nobody in.
// Whoever does not sign in for long is locked, once a day (idle.go).
//
// Guesses are counted for each person over every factor (attempts_sql.go): an
// attempt is reserved before it is looked at, so that fifty at once get no more
// looks than the limit, and given back when it was right. The count goes to
// nothing only when the last factor was right too. Names that nobody has are
// counted in the same way; a passkey counts once it names a person.
//
// The one rule: whoever is not in learns nothing. An unknown name, a wrong
// password, a lock, a deactivated or unfinished person: the same answer after
// the same work. The audit log knows which it was.
package signin

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/go-webauthn/webauthn/webauthn"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/profile"
	"countersign/internal/seal"
)

// The steps on the way in.
const (
	NextCode     = "code"     // show a second factor: Ask, Prove
	NextPassword = "password" // a passkey was right, and the password is asked as well: Password
	NextSetup    = "setup"    // set up a second factor: Setup, FinishApp, FinishKey
	NextCodes    = "codes"    // see the recovery codes: RecoveryCodes, Kept
	NextChange   = "change"   // choose another password: AskRenewal, Renew
	NextDone     = "done"     // signed in
)

// Step is what comes next.
type Step struct {
	Next      string
	Challenge seal.Secret // for all but done
	Kinds     []string    // for code: what the person can show, what they used last first
	Session   seal.Secret // when done: the cookie's value
	AccountID string      // in which the session begins
	UserID    string
}

// Site is what this installation is to the devices of people.
type Site struct {
	Name   string // what authenticator apps and browsers show
	Origin string // scheme, host and port of the public URL
}

// SettingsOf reads the settings of an account.
type SettingsOf func(tx *db.Tx, accountID string) (profile.Settings, error)

// Door signs people in and keeps them in.
type Door struct {
	db        *db.DB
	log       *audit.Log
	passwords *Passwords
	settings  SettingsOf
	site      Site
	keys      *webauthn.WebAuthn // nil where browsers refuse WebAuthn
	seen      seen
	left      chan struct{} // an errand was left
	platform  atomic.Value  // the platform's account id, a string, once it was asked for
}

// New makes the door of a site.
func New(d *db.DB, log *audit.Log, passwords *Passwords, settings SettingsOf, site Site) *Door {
	return &Door{db: d, log: log, passwords: passwords, settings: settings, site: site, keys: relyingParty(site), left: make(chan struct{}, 1)}
}

// as is who acts once it is known who they are.
func as(who db.Who, userID, accountID string) db.Who {
	who.Kind, who.ID, who.AccountID = db.User, userID, accountID
	return who
}

// unsigned is who acts before it is known.
func unsigned(who db.Who) db.Who {
	who.Kind, who.ID, who.AccountID, who.Ref = db.Nobody, "", "", ""
	return who
}

// The refusals that are shown. Each says the same for every cause.
func wrongCredentials() *fault.Error { return fault.New(fault.Unauthenticated, "wrong_credentials") }
func wrongCode() *fault.Error        { return fault.New(fault.Unauthenticated, "wrong_code") }
func wrongRecovery() *fault.Error    { return fault.New(fault.Unauthenticated, "wrong_recovery_code") }
func wrongKey() *fault.Error         { return fault.New(fault.Unauthenticated, "wrong_key") }
func passkeyRefused() *fault.Error   { return fault.New(fault.Unauthenticated, "passkey_refused") }
func wrongPassword(field string) *fault.Error {
	return fault.From(fault.In(field, "wrong_password"))
}

// challengeEnded sends back to the start: the challenge is used, too old, of
// another epoch, or never was.
func challengeEnded() *fault.Error { return fault.New(fault.Unauthenticated, "challenge_ended") }

// The causes, for the audit log alone.
const (
	causeUnknown     = "unknown_name"
	causePassword    = "wrong_password"
	causeCode        = "wrong_code"
	causeLocked      = "attempts_locked"
	causeInactive    = "inactivity_locked"
	causeDeactivated = "user_deactivated"
	causeNoPassword  = "no_password"
	causeUnfinished  = "activation_unfinished"
	causeChallenge   = "challenge_ended"
	causeRecovery    = "wrong_recovery_code"
	causeKey         = "wrong_key"
	causeCounter     = "key_counter_back"
	causeCeremony    = "ceremony_ended"
	causeUnknownKey  = "unknown_key"
	causeNoPasskey   = "passkey_not_allowed"
	causeMailbox     = "mailbox_alone"  // a link would let in whoever reads their mail
	causeManyMails   = "too_many_mails" // within the hour
	causeLate        = "too_late"       // the request waited for too long
)

// failed records a refused attempt with its cause. targetID is a person, or the
// keyed hash of a name that nobody has.
func (d *Door) failed(ctx context.Context, who db.Who, accountID, targetID, cause string) {
	e := audit.Entry{Action: audit.SignInFailed, AccountID: accountID, Kind: "user", ID: targetID}
	_ = d.log.Refuse(ctx, who, e, fault.New(fault.Unauthenticated, cause))
}

// errWrong ends a transaction in which what was shown turned out to be used already.
var errWrong = errors.New("signin: what was shown is used")

func micros(d time.Duration) int64 { return d.Microseconds() }
