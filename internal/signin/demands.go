package signin

import (
	"slices"

	"countersign/internal/people"
	"countersign/internal/profile"
)

// The kinds of second factor, and of what else stands for one.
const (
	KindApp      = "totp"          // an authenticator app
	KindKey      = "webauthn"      // a WebAuthn credential: a USB key, a phone, the device itself
	KindRecovery = "recovery_code" // counts as possession, once
	KindPasskey  = "passkey"       // a key that verified its person: stands for the password too
	kindPassword = "password"
)

// demands are what the accounts of a person ask of their second factor, the
// strictest of all: of those in which they are active, and of the one that they
// are about to enter.
type demands struct {
	some, app, key bool // at least one of any kind; an authenticator app; a key
	mayApp, mayKey bool // what can be set up
	passkey        bool // a passkey is enough to sign in
}

// place is an account that counts: a member with the settings there.
type place struct {
	people.Member
	profile.Settings
}

func (p place) allows(methods ...string) bool {
	return slices.ContainsFunc(methods, func(m string) bool { return slices.Contains(p.TwoFactorMethods, m) })
}

func (p place) allowsKey() bool { return p.allows(KindKey, KindPasskey) }

// demandsOf makes the demands of places. keysWork says that this installation
// can be used with WebAuthn; where it cannot, nobody is asked for a key.
//
// Where accounts disagree on what can be set up, it is what all of them allow,
// or else what any allows. What an account demands can always be set up; what it
// demands and does not allow itself is no demand.
func demandsOf(places []place, keysWork bool) demands {
	var d demands
	allApp, allKey, anyApp, anyKey := true, true, false, false
	d.passkey = keysWork && len(places) > 0
	for _, p := range places {
		app, key := p.allows(KindApp), p.allowsKey() && keysWork
		allApp, allKey, anyApp, anyKey = allApp && app, allKey && key, anyApp || app, anyKey || key
		d.passkey = d.passkey && p.allows(KindPasskey)
		if !factorRequired(p.Member, p.Settings) {
			continue
		}
		d.some = true
		d.app = d.app || app && (p.TwoFactorActions == KindApp || p.TwoFactorActions == "both")
		d.key = d.key || key && (p.TwoFactorActions == KindKey || p.TwoFactorActions == "both")
	}
	d.mayApp, d.mayKey = allApp, allKey && keysWork
	if !d.mayApp && !d.mayKey {
		d.mayApp, d.mayKey = anyApp, anyKey
	}
	d.mayApp, d.mayKey = d.mayApp || d.app, d.mayKey || d.key
	if !d.mayApp && !d.mayKey { // only methods that there are not: an app works everywhere
		d.mayApp = true
	}
	return d
}

// may lists what can be set up.
func (d demands) may() (kinds []string) {
	if d.mayApp {
		kinds = append(kinds, KindApp)
	}
	if d.mayKey {
		kinds = append(kinds, KindKey)
	}
	return kinds
}

// toSetUp is what is still to be set up beside what somebody has: the kinds of
// which one is set up next, and how many set-ups are left with it. None: nothing.
func (d demands) toSetUp(have []Factor) (kinds []string, left int) {
	if d.app && !hasKind(have, KindApp) {
		kinds = append(kinds, KindApp)
	}
	if d.key && !hasKind(have, KindKey) {
		kinds = append(kinds, KindKey)
	}
	switch {
	case len(kinds) > 0:
		return kinds[:1], len(kinds)
	case d.some && len(have) == 0:
		return d.may(), 1
	}
	return nil, 0
}

// met tells whether nothing is to be set up beside these.
func (d demands) met(have []Factor) bool {
	kinds, _ := d.toSetUp(have)
	return len(kinds) == 0
}

// lacks tells whether less of what is asked for is left after a removal.
func (d demands) lacks(before, left []Factor) bool {
	_, was := d.toSetUp(before)
	_, is := d.toSetUp(left)
	return is > was || d.some && len(left) == 0
}

func hasKind(list []Factor, kind string) bool {
	return slices.ContainsFunc(list, func(f Factor) bool { return f.Kind == kind })
}

func factorRequired(m people.Member, s profile.Settings) bool {
	return s.TwoFactor == "required" || m.TwoFactorRequired
}

// places are the accounts that have a say in how the person signs in: those in
// which they are active, and the one that they are about to enter. An account that
// they were only invited to has none, whoever it is: else a stranger could lock
// them out, or make their passwords longer. Somebody who has come in nowhere yet
// follows all that wait for them.
func (c candidate) places(entering string) []place {
	var list []place
	for _, p := range c.members {
		if p.Active() || p.ID == entering {
			list = append(list, p)
		}
	}
	if len(list) == 0 {
		return c.members
	}
	return list
}

// demands are those on a person; entering is the membership that becomes active,
// "" for none. Whoever is to set up anew needs a factor in any case.
func (d *Door) demands(c candidate, entering string) demands {
	wants := demandsOf(c.places(entering), d.keys != nil)
	wants.some = wants.some || c.again != 0
	return wants
}

// current are the factors that count: for whoever is to set up anew, those that
// were set up since.
func (c candidate) current() []Factor {
	return slices.DeleteFunc(slices.Clone(c.factors), func(f Factor) bool { return f.CreatedAt <= c.again })
}

// alone tells whether a password is the person's only factor and stays so: no
// account that has a say asks for another.
func (c candidate) alone(entering string) bool {
	return len(c.factors) == 0 && !c.mustHaveFactor(entering)
}

// mustHaveFactor tells whether an account that has a say asks for a second factor.
func (c candidate) mustHaveFactor(entering string) bool {
	return slices.ContainsFunc(c.places(entering), func(p place) bool { return factorRequired(p.Member, p.Settings) })
}
