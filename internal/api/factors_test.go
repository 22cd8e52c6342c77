package api_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/api"
	"countersign/internal/test/authenticator"
	"countersign/internal/test/testdb"
)

// keyed is somebody of the world with a security key of software.
type keyed struct {
	*house
	t      *testing.T
	clock  *testdb.Clock
	label  string
	device *authenticator.Key
	codes  []string
}

type body = map[string]any

// raw is JSON that goes into a body as it is.
func raw(text string) json.RawMessage { return json.RawMessage(text) }

// onDevices runs a test on a house with a clock to set, over each database.
func onDevices(t *testing.T, test func(*testing.T, *house, *testdb.Clock)) {
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			clock := testdb.NewClock(time.Now())
			test(t, build(t, testdb.Open(t, dialect, testdb.Options{Clock: clock})), clock)
		})
	}
}

// withKey brings somebody who has no second factor yet in with a new key.
func withKey(t *testing.T, h *house, clock *testdb.Clock, label string) (keyed, caller) {
	t.Helper()
	k := keyed{house: h, t: t, clock: clock, label: label, device: authenticator.New(h.origin)}
	h.withPassword(label)
	step := k.password()
	if step.Next != "setup" {
		t.Fatalf("%+v", step)
	}
	var setup api.Setup
	h.nobody().post("/api/v1/session/setup", body{"challenge": step.Challenge}).is(http.StatusOK).into(&setup)
	made := k.device.Make(t, options(t, setup.Options))
	h.nobody().post("/api/v1/session/setup/key", body{"challenge": step.Challenge, "credential": raw(made), "name": "Blue key"}).is(http.StatusOK).into(&step)
	if step.Next != "codes" {
		t.Fatalf("%+v", step)
	}
	var codes api.RecoveryCodes
	h.nobody().post("/api/v1/session/codes", body{"challenge": step.Challenge}).is(http.StatusOK).into(&codes)
	k.codes = codes.Codes
	in := signedIn(t, h, h.nobody().post("/api/v1/session/codes/kept", body{"challenge": step.Challenge}).is(http.StatusOK), label)
	return k, in
}

// options are those of an answer as a browser reads them.
func options(t *testing.T, o any) []byte {
	t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// password gives name and password.
func (k keyed) password() (step api.Step) {
	k.t.Helper()
	k.nobody().post("/api/v1/session", body{"identifier": k.Row(k.label).Email, "password": password}).is(http.StatusOK).into(&step)
	return step
}

// asked gives the options of a path, with a challenge if there is one.
func (k keyed) asked(by caller, path string, in any) []byte {
	k.t.Helper()
	var o struct{ Options json.RawMessage }
	by.post(path, in).is(http.StatusOK).into(&o)
	return o.Options
}

func TestKeysAndCodes(t *testing.T) {
	onDevices(t, func(t *testing.T, h *house, clock *testdb.Clock) {
		other, owner := h.as("m1.auditor"), h.as("m1.owner")
		k, in := withKey(t, h, clock, "m1.reader")
		nobody := h.nobody()
		prove := func(challenge, credential string) answer {
			return nobody.post("/api/v1/session/code", body{"challenge": challenge, "credential": raw(credential)})
		}

		t.Run("F3 a key signs in, and its answer works once, here", func(t *testing.T) {
			step := k.password()
			if step.Next != "code" || strings.Join(step.Methods, " ") != "webauthn recovery_code" {
				t.Fatalf("%+v", step)
			}
			var asked api.Asked
			nobody.post("/api/v1/session/code/options", body{"challenge": step.Challenge}).is(http.StatusOK).into(&asked)
			if !slices.Equal(asked.Methods, step.Methods) {
				t.Errorf("%+v", asked)
			}
			evil := k.device.Sign(t, asked.Options, func(a *authenticator.Answer) { a.Origin = "https://evil.example" })
			prove(step.Challenge, evil).refused(http.StatusUnauthorized, "wrong_key")
			second := k.password()
			answer := k.device.Sign(t, asked.Options)
			prove(second.Challenge, answer).refused(http.StatusUnauthorized, "ceremony_ended")
			signedIn(t, h, prove(step.Challenge, answer).is(http.StatusOK), k.label)
			prove(step.Challenge, answer).refused(http.StatusUnauthorized, "challenge_ended")
			prove(second.Challenge, answer).refused(http.StatusUnauthorized, "ceremony_ended")
		})

		t.Run("F7 a recovery code signs in, once", func(t *testing.T) {
			code := func() answer {
				return nobody.post("/api/v1/session/code", body{"challenge": k.password().Challenge, "recovery_code": k.codes[0]})
			}
			signedIn(t, h, code().is(http.StatusOK), k.label)
			code().refused(http.StatusUnauthorized, "wrong_recovery_code")
		})

		t.Run("F7 a passkey signs in without a password", func(t *testing.T) {
			asked := k.asked(nobody, "/api/v1/session/passkey/options", nil)
			answer := body{"credential": raw(k.device.Sign(t, asked))}
			signedIn(t, h, nobody.post("/api/v1/session/passkey", answer).is(http.StatusOK), k.label)
			nobody.post("/api/v1/session/passkey", answer).refused(http.StatusUnauthorized, "passkey_refused")
			weak := k.device.Sign(t, k.asked(nobody, "/api/v1/session/passkey/options", nil), func(a *authenticator.Answer) { a.Flags &^= authenticator.Verified })
			nobody.post("/api/v1/session/passkey", body{"credential": raw(weak)}).refused(http.StatusUnauthorized, "passkey_refused")
			stranger := authenticator.New(h.origin)
			stranger.Credentials = []*authenticator.Credential{authenticator.Forge(t, "localhost", h.User(k.label))}
			unknown := stranger.Sign(t, k.asked(nobody, "/api/v1/session/passkey/options", nil))
			nobody.post("/api/v1/session/passkey", body{"credential": raw(unknown)}).refused(http.StatusUnauthorized, "passkey_refused")
			for _, bad := range []string{"{}", `{"id":"x"}`, `{"response":{}}`} {
				p := nobody.post("/api/v1/session/passkey", body{"credential": raw(bad)}).refused(http.StatusUnprocessableEntity, "invalid")
				if field(p, "credential") != "credential_format" {
					t.Errorf("%s: %v", bad, p.Errors)
				}
			}
		})

		t.Run("T-8.4.1b an administrator's passkey asks for the password as well", func(t *testing.T) {
			admin, _ := withKey(t, h, clock, "m1.administrator")
			var step api.Step
			answer := admin.device.Sign(t, admin.asked(nobody, "/api/v1/session/passkey/options", nil))
			a := nobody.post("/api/v1/session/passkey", body{"credential": raw(answer)}).is(http.StatusOK).into(&step)
			if step.Next != "password" || a.header.Get("Set-Cookie") != "" {
				t.Fatalf("%+v", step)
			}
			p := nobody.post("/api/v1/session/password", body{"challenge": step.Challenge, "password": "not it"}).refused(http.StatusUnprocessableEntity, "invalid")
			if field(p, "password") != "wrong_password" {
				t.Errorf("%v", p.Errors)
			}
			signedIn(t, h, nobody.post("/api/v1/session/password", body{"challenge": step.Challenge, "password": password}).is(http.StatusOK), admin.label)
		})

		t.Run("A01 somebody else's factor answers as one that is not", func(t *testing.T) {
			mine := "/api/v1/me/factors/" + h.factor("m1.reader")
			for _, path := range []string{mine, "/api/v1/me/factors/fac_00000000000000000000000000", "/api/v1/me/factors/%00%ff"} {
				other.get(path).is(http.StatusNotFound)
				other.with("If-Match", `"1"`).do(http.MethodPatch, path, body{"name": "Mine"}).is(http.StatusNotFound)
				other.with("If-Match", `"1"`).do(http.MethodDelete, path, nil).is(http.StatusNotFound)
			}
			if id := h.factor("m1.reader"); mine != "/api/v1/me/factors/"+id {
				t.Error("it is gone")
			}
			service, _ := h.service("M1")
			service.get("/api/v1/me/factors").is(http.StatusUnauthorized)
		})

		t.Run("T-8.3.11 a key of somebody's is nobody else's", func(t *testing.T) {
			stolen := authenticator.New(h.origin).Make(t, k.asked(other, "/api/v1/me/keys/options", nil), func(a *authenticator.Answer) { a.Credential = k.device.Credentials[0] })
			p := other.post("/api/v1/me/keys", body{"credential": raw(stolen)}).refused(http.StatusUnprocessableEntity, "invalid")
			if field(p, "credential") != "key_in_use" {
				t.Errorf("%v", p.Errors)
			}
		})

		t.Run("A6 a key confirms who acts", func(t *testing.T) {
			clock.Advance(6 * time.Minute)
			in.post("/api/v1/me/recovery-codes", nil).refused(http.StatusForbidden, "needs_fresh")
			var asked api.Asked
			in.post("/api/v1/me/confirmation/options", nil).is(http.StatusOK).into(&asked)
			answer := k.device.Sign(t, asked.Options)
			p := in.post("/api/v1/me/confirmation", body{"password": "not it", "credential": raw(answer)}).refused(http.StatusUnprocessableEntity, "invalid")
			if field(p, "password") != "wrong_password" {
				t.Errorf("%v", p.Errors)
			}
			in.post("/api/v1/me/confirmation", body{"password": password, "credential": raw(answer)}).is(http.StatusNoContent)
			if in.get("/api/v1/session").object()["fresh"] != true {
				t.Error("not fresh")
			}
		})

		t.Run("F7 Y1 one's own factors: listed, added, renamed, removed, each in the version that was seen", func(t *testing.T) {
			var app api.NewApp
			in.post("/api/v1/me/apps", nil).is(http.StatusOK).into(&app)
			in.post("/api/v1/me/apps/code", body{"challenge": app.Challenge, "code": codeAt(t, app.Key, clock.Now()), "name": "Phone"}).is(http.StatusNoContent)
			in.post("/api/v1/me/apps/code", body{"challenge": app.Challenge, "code": codeAt(t, app.Key, clock.Now())}).refused(http.StatusUnauthorized, "challenge_ended")
			clock.Advance(time.Second)
			made := k.device.Make(t, k.asked(in, "/api/v1/me/keys/options", nil))
			in.post("/api/v1/me/keys", body{"credential": raw(made), "name": "Spare key"}).is(http.StatusNoContent)
			in.post("/api/v1/me/keys", body{"credential": raw(made)}).refused(http.StatusUnauthorized, "ceremony_ended")
			var mine api.OwnFactors
			in.get("/api/v1/me/factors").is(http.StatusOK).into(&mine)
			if len(mine.Items) != 3 || mine.Items[0].Name != "Blue key" || mine.Items[1].Name != "Phone" || mine.Items[2].Name != "Spare key" || mine.Items[0].Needed || !mine.Items[2].Passkey || mine.RecoveryCodes != 9 || len(mine.May) != 2 {
				t.Fatalf("%+v", mine)
			}
			at := "/api/v1/me/factors/" + mine.Items[2].ID
			seen := etag(in.get(at).is(http.StatusOK))
			in.do(http.MethodPatch, at, body{"name": "Drawer"}).refused(http.StatusPreconditionRequired, "precondition")
			now := etag(in.with("If-Match", seen).do(http.MethodPatch, at, body{"name": "Drawer"}).is(http.StatusNoContent))
			in.with("If-Match", seen).do(http.MethodPatch, at, body{"name": "Late"}).refused(http.StatusPreconditionFailed, "stale")
			in.with("If-Match", seen).do(http.MethodDelete, at, nil).refused(http.StatusPreconditionFailed, "stale")
			if got := in.get(at); got.object()["name"] != "Drawer" || etag(got) != now {
				t.Errorf("%s", got.body)
			}
			for _, f := range []string{at, "/api/v1/me/factors/" + mine.Items[1].ID} {
				in.with("If-Match", etag(in.get(f))).do(http.MethodDelete, f, nil).is(http.StatusNoContent)
				in.get(f).refused(http.StatusNotFound, "not_found")
			}
			last := "/api/v1/me/factors/" + mine.Items[0].ID
			in.with("If-Match", etag(in.get(last))).do(http.MethodDelete, last, nil).refused(http.StatusConflict, "last_factor")
			var codes api.RecoveryCodes
			in.post("/api/v1/me/recovery-codes", nil).is(http.StatusOK).into(&codes)
			if len(codes.Codes) != 10 || slices.Contains(codes.Codes, k.codes[1]) {
				t.Errorf("%d codes", len(codes.Codes))
			}
			nobody.post("/api/v1/session/code", body{"challenge": k.password().Challenge, "recovery_code": k.codes[1]}).refused(http.StatusUnauthorized, "wrong_recovery_code")
		})

		t.Run("U13 an administrator asks for a new set-up, with the version that they saw", func(t *testing.T) {
			at := h.at("m1.reader") + "/second-factor/renewal"
			seen := etag(owner.get(h.at("m1.reader")))
			owner.post(at, body{"reason": "policy"}).refused(http.StatusPreconditionRequired, "precondition")
			owner.with("If-Match", seen).post(at, body{"reason": "policy"}).is(http.StatusNoContent)
			owner.with("If-Match", seen).post(at, body{}).refused(http.StatusPreconditionFailed, "stale")
			in.get("/api/v1/session").is(http.StatusOK)
			if in.get("/api/v1/me/factors").object()["set_up_again"] != true {
				t.Error("Your account does not say so")
			}
			clock.Advance(time.Second)
			step := k.password()
			var asked api.Asked
			nobody.post("/api/v1/session/code/options", body{"challenge": step.Challenge}).is(http.StatusOK).into(&asked)
			prove(step.Challenge, k.device.Sign(t, asked.Options)).is(http.StatusOK).into(&step)
			var setup api.Setup
			nobody.post("/api/v1/session/setup", body{"challenge": step.Challenge}).is(http.StatusOK).into(&setup)
			if step.Next != "setup" || !setup.Again {
				t.Fatalf("%+v %+v", step, setup)
			}
			made := k.device.Make(t, setup.Options)
			nobody.post("/api/v1/session/setup/key", body{"challenge": step.Challenge, "credential": raw(made)}).is(http.StatusOK).into(&step)
			signedIn(t, h, nobody.post("/api/v1/session/codes/kept", body{"challenge": step.Challenge}).is(http.StatusOK), k.label)
			in.get("/api/v1/session").refused(http.StatusUnauthorized, "session_ended")
			owner.with("If-Match", etag(owner.get(h.at("m1.owner")))).post(h.at("m1.owner")+"/second-factor/renewal", body{}).refused(http.StatusForbidden, "own_access")
		})
	})
}
