// Package signin lets people in: passwords, authenticator apps, half-finished
// sign-ins, sessions, locks, and the activation of an invited person.
//
//	Passwords  argon2id, a bounded number at once (passwords.go)
//	Rules      what a new password must be (rules.go, common.go)
//	Door       everything below; make one with New
//
// The way in:
//
//	Start(name, password) ─┬─ has an app ──────── challenge "code" ─── Code ────────┐
//	                       ├─ must set one up ─── challenge "setup" ── FinishSetup ─┼─ session
//	                       └─ password is enough ───────────────────────────────────┤
//	Activate(link, password) ─┬─ must set one up, or has one ─ challenge "activate" ┤
//	                          └─ password is enough ────────────────────────────────┘
//
// A challenge is not a session: it opens the next step and nothing else, once,
// for ten minutes (code) or thirty (setup, activate), and dies with the epoch of
// its person. A session begins with the last factor, has an id of its own each
// time, and dies of age, of idleness, with its person's epoch, or when its
// person is active in no account any more.
//
// Guesses are counted for each person over every factor (attempts_sql.go): an
// attempt is reserved before it is looked at, so that fifty at once get no more
// looks than the limit, and given back when it was right. The count goes to
// nothing only when the last factor was right too. Names that nobody has are
// counted in the same way.
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

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/profile"
	"countersign/internal/seal"
)

// The steps after a password.
const (
	NextCode  = "code"  // ask for the code of the authenticator app
	NextSetup = "setup" // set up an authenticator app
	NextDone  = "done"  // signed in
)

// Step is what comes after a password was right.
type Step struct {
	Next      string
	Challenge seal.Secret // for code and setup
	Session   seal.Secret // when done: the cookie's value
	AccountID string      // in which the session begins
	UserID    string
}

// SettingsOf reads the settings of an account.
type SettingsOf func(tx *db.Tx, accountID string) (profile.Settings, error)

// Door signs people in and keeps them in.
type Door struct {
	db        *db.DB
	log       *audit.Log
	passwords *Passwords
	settings  SettingsOf
	issuer    string // what authenticator apps show
	seen      seen
	platform  atomic.Value // the platform's account id, a string, once it was asked for
}

// New makes the door. issuer is the name that authenticator apps show.
func New(d *db.DB, log *audit.Log, passwords *Passwords, settings SettingsOf, issuer string) *Door {
	return &Door{db: d, log: log, passwords: passwords, settings: settings, issuer: issuer}
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
)

// failed records a refused attempt with its cause. targetID is a person, or the
// keyed hash of a name that nobody has.
func (d *Door) failed(ctx context.Context, who db.Who, accountID, targetID, cause string) {
	e := audit.Entry{Action: audit.SignInFailed, AccountID: accountID, Kind: "user", ID: targetID}
	_ = d.log.Refuse(ctx, who, e, fault.New(fault.Unauthenticated, cause))
}

// errWrong ends a transaction in which a code was wrong or used.
var errWrong = errors.New("signin: the code is wrong")

func micros(d time.Duration) int64 { return d.Microseconds() }
