//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin

import (
	"fmt"
	"testing"

	"countersign/internal/people"
	"countersign/internal/profile"
)

// at is an account that asks for a second factor, with these methods; actions is
// what it asks of its member.
func at(actions string, methods ...string) place {
	return place{people.Member{TwoFactorRequired: true, TwoFactorActions: actions}, profile.Settings{TwoFactor: "by_user", TwoFactorMethods: methods}}
}

// open is an account that asks for none.
func open(methods ...string) place {
	return place{people.Member{TwoFactorActions: "both"}, profile.Settings{TwoFactor: "by_user", TwoFactorMethods: methods}}
}

func places(list ...place) []place { return list }

func TestDemands(t *testing.T) {
	const app, key, pass = KindApp, KindKey, KindPasskey
	list := func(kinds ...string) []string { return kinds }
	for _, c := range []struct {
		name   string
		places []place
		noKeys bool     // this installation cannot do WebAuthn
		have   []string // kinds
		next   []string // what is set up next
		left   int
		may    []string
		pass   bool
	}{
		{"F1 any, nothing there: one of what is allowed", places(at("any", app, key, pass)), false, nil, list(app, key), 1, list(app, key), true},
		{"F1 any, an app is there", places(at("any", app, key)), false, list(app), nil, 0, list(app, key), false},
		{"F1 any, a key is there", places(at("any", app, key)), false, list(key), nil, 0, list(app, key), false},
		{"F1 either is any, both named", places(at("either", app, key)), false, nil, list(app, key), 1, list(app, key), false},
		{"F1 totp: a key is not enough", places(at(app, app, key)), false, list(key), list(app), 1, list(app, key), false},
		{"F1 webauthn: an app is not enough", places(at(key, app, key)), false, list(app), list(key), 1, list(app, key), false},
		{"F1 both: one after the other", places(at("both", app, key)), false, nil, list(app), 2, list(app, key), false},
		{"F1 both: the app is there", places(at("both", app, key)), false, list(app), list(key), 1, list(app, key), false},
		{"F1 both: the key is there", places(at("both", app, key)), false, list(key, key), list(app), 1, list(app, key), false},
		{"F1 both are there", places(at("both", app, key)), false, list(app, key), nil, 0, list(app, key), false},
		{"F1 not required: what is asked for asks nothing", places(open(app, key)), false, nil, nil, 0, list(app, key), false},
		{"F1 apps alone", places(at("any", app)), false, nil, list(app), 1, list(app), false},
		{"F1 keys alone", places(at("any", key)), false, nil, list(key), 1, list(key), false},
		{"F1 passkeys alone are keys", places(at("any", pass)), false, nil, list(key), 1, list(key), true},
		{"F1 what has gone out of use still counts", places(at("any", key)), false, list(app), nil, 0, list(key), false},
		{"F1 a demand that the account does not allow is none", places(at(key, app)), false, nil, list(app), 1, list(app), false},
		{"F1 methods that there are not yet: an app", places(at("any", "sms")), false, nil, list(app), 1, list(app), false},

		{"where WebAuthn does not work nobody is asked for a key", places(at("both", app, key, pass)), true, nil, list(app), 1, list(app), false},
		{"where WebAuthn does not work, keys alone", places(at(key, key)), true, nil, list(app), 1, list(app), false},
		{"where WebAuthn does not work a passkey is none", places(at("any", app, pass)), true, list(app), nil, 0, list(app), false},

		{"two accounts: the stricter", places(open(app, key), at("any", app, key)), false, nil, list(app, key), 1, list(app, key), false},
		{"two accounts: what both allow", places(at("any", app, key, pass), at("any", key)), false, nil, list(key), 1, list(key), false},
		{"two accounts: nothing that both allow, so what one does", places(at("any", app), at("any", key)), false, nil, list(app, key), 1, list(app, key), false},
		{"two accounts: one asks for an app, one for a key", places(at(app, app, key), at(key, app, key)), false, nil, list(app), 2, list(app, key), false},
		{"two accounts: what one demands can be set up, whatever the other allows", places(at(app, app), at("any", key)), false, list(key), list(app), 1, list(app, key), false},
		{"two accounts: what one that asks for nothing demands is nothing", places(open(app, key), at(app, app, key)), false, list(app), nil, 0, list(app, key), false},
		{"two accounts: a passkey signs in where both allow it", places(at("any", app, pass), open(key, pass)), false, list(key), nil, 0, list(key), true},
		{"two accounts: not where one does not", places(at("any", app, key, pass), open(app, key)), false, list(key), nil, 0, list(app, key), false},
		{"active nowhere", nil, false, nil, nil, 0, list(app, key), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var have []Factor
			for _, kind := range c.have {
				have = append(have, Factor{Kind: kind})
			}
			d := demandsOf(c.places, !c.noKeys)
			next, left := d.toSetUp(have)
			got := fmt.Sprint(next, left, d.may(), d.passkey)
			if want := fmt.Sprint(c.next, c.left, c.may, c.pass); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

func TestLacks(t *testing.T) {
	f := func(id, kind string) Factor { return Factor{ID: id, Kind: kind} }
	for _, c := range []struct {
		name  string
		place place
		have  []Factor
		gone  string
		want  bool
	}{
		{"the last", at("any", "totp"), []Factor{f("1", KindApp)}, "1", true},
		{"one of two", at("any", "totp"), []Factor{f("1", KindApp), f("2", KindApp)}, "1", false},
		{"the last, where none is asked for", open("totp"), []Factor{f("1", KindApp)}, "1", false},
		{"the app that is asked for", at("totp", "totp", "webauthn"), []Factor{f("1", KindApp), f("2", KindKey)}, "1", true},
		{"the key that is not", at("totp", "totp", "webauthn"), []Factor{f("1", KindApp), f("2", KindKey)}, "2", false},
		{"one of both", at("both", "totp", "webauthn"), []Factor{f("1", KindApp), f("2", KindKey)}, "2", true},
		{"a second key beside both", at("both", "totp", "webauthn"), []Factor{f("1", KindApp), f("2", KindKey), f("3", KindKey)}, "2", false},
		{"the last of a kind out of use, beside a missing one", at("webauthn", "webauthn"), []Factor{f("1", KindApp), f("2", KindApp)}, "1", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := demandsOf([]place{c.place}, true).lacks(c.have, without(c.have, c.gone)); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestRelyingParty(t *testing.T) {
	for origin, want := range map[string]string{
		"https://desk.example.com":      "desk.example.com https://desk.example.com",
		"https://desk.example.com:8443": "desk.example.com https://desk.example.com:8443",
		"https://desk.example.com:443":  "desk.example.com https://desk.example.com",
		"http://localhost:8080":         "localhost http://localhost:8080",
		"http://localhost:80":           "localhost http://localhost",
		"https://localhost":             "localhost https://localhost",
		"http://desk.localhost:8080":    "desk.localhost http://desk.localhost:8080",
		"http://desk.example.com":       "", // no secure context
		"http://localhost.example.com":  "",
		"http://127.0.0.1:8080":         "", // an address is no domain
		"https://192.0.2.7":             "",
		"https://[2001:db8::1]":         "",
		"://":                           "",
		"":                              "",
	} {
		got := ""
		if keys := relyingParty(Site{Name: "Countersign", Origin: origin}); keys != nil {
			got = fmt.Sprint(keys.Config.RPID, " ", keys.Config.RPOrigins[0])
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", origin, got, want)
		}
	}
}
