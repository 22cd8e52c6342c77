//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/org"
	"countersign/internal/signin"
	"countersign/internal/test/authenticator"
)

// demand says what an account asks of a member's second factor.
func (w *world) demand(a org.Account, s *someone, actions string) {
	w.t.Helper()
	w.exec(`UPDATE memberships SET two_factor_required = TRUE, two_factor_actions = $1 WHERE account_id = $2 AND user_id = $3`, actions, a.ID, s.id)
}

// again has a person set up their second factor anew, as an administrator does.
func (w *world) again(s *someone) {
	w.t.Helper()
	w.exec(`UPDATE users SET set_up_again_since = $1 WHERE id = $2`, w.clock.Now().UnixMicro(), s.id)
	w.clock.Advance(time.Second)
}

// kinds lists the kinds of factor that a person has, in the order of their names.
func (w *world) kinds(s *someone) []string {
	w.t.Helper()
	return w.texts(`SELECT kind FROM factors WHERE user_id = $1 ORDER BY kind`, s.id)
}

func TestSetUp(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()
		activated := func(s *someone) signin.Step {
			step, err := w.door.Activate(ctx, browser, s.link, s.password)
			w.must(nil, err)
			return step
		}

		t.Run("F2 an app or a key, as the account allows, and the key is enough", func(t *testing.T) {
			s := w.invited(shop, "f2@shop.example")
			step := activated(s)
			view, err := w.door.Setup(ctx, browser, step.Challenge)
			if err != nil || !slices.Equal(view.Kinds, []string{"totp", "webauthn"}) || view.Left != 1 || view.Again || view.App.Key == "" {
				t.Fatalf("%+v, %v", view, err)
			}
			var asked struct {
				Challenge              string
				RP                     struct{ ID, Name string }
				User                   struct{ Name, DisplayName string }
				Attestation            string
				AuthenticatorSelection struct{ ResidentKey, UserVerification string }
				PubKeyCredParams       []struct{ Alg int }
			}
			w.must(nil, json.Unmarshal(view.Key, &asked))
			if asked.RP.ID != "desk.example.com" || asked.RP.Name != "Countersign" || asked.User.Name != s.email || asked.User.DisplayName != "Maxime Delacroix" ||
				asked.Attestation != "none" || asked.AuthenticatorSelection.ResidentKey != "preferred" || asked.AuthenticatorSelection.UserVerification != "preferred" || len(asked.PubKeyCredParams) == 0 {
				t.Errorf("%s", view.Key)
			}
			step = w.setUpKey(s, step)
			if step.Next != signin.NextCodes || step.Session != "" || !w.member(shop.ID, s.id).Active() {
				t.Fatalf("%+v", step)
			}
			step = w.kept(s, step)
			session, err := w.door.Session(ctx, step.Session)
			if err != nil || !session.SecondFactor || !session.Fresh || len(s.codes) != 10 {
				t.Fatalf("%+v, %v", session, err)
			}
			want := []string{"password.set", "factor.added", "recovery_codes.made", "user.activated", "session.started"}
			if diff := cmp.Diff(want, w.actions(s.id)); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"webauthn"}, w.kinds(s)); diff != "" {
				t.Error(diff)
			}
			if mails := w.mails(s); len(mails) != 0 {
				t.Errorf("whoever comes in for the first time is told of what they do: %q", mails)
			}
		})

		t.Run("F1 keys alone: no app is offered, none is taken", func(t *testing.T) {
			strict := w.account("two_factor_methods", "webauthn")
			s := w.invited(strict, "keys@shop.example")
			step := activated(s)
			view, err := w.door.Setup(ctx, browser, step.Challenge)
			if err != nil || !slices.Equal(view.Kinds, []string{"webauthn"}) || view.App.Key != "" {
				t.Fatalf("%+v, %v", view, err)
			}
			var asked struct {
				AuthenticatorSelection struct{ ResidentKey, UserVerification string }
			}
			w.must(nil, json.Unmarshal(view.Key, &asked))
			if asked.AuthenticatorSelection.ResidentKey != "discouraged" || asked.AuthenticatorSelection.UserVerification != "discouraged" {
				t.Errorf("a key that is no passkey is asked for more: %s", view.Key)
			}
			_, err = w.door.FinishApp(ctx, browser, step.Challenge, "123456", "")
			refused(t, err, "challenge_ended")
			w.setUpKey(s, step)
		})

		t.Run("F1 both: one after the other, before the membership is active", func(t *testing.T) {
			s := w.invited(shop, "both@shop.example")
			w.demand(shop, s, "both")
			step := activated(s)
			view, err := w.door.Setup(ctx, browser, step.Challenge)
			if err != nil || !slices.Equal(view.Kinds, []string{"totp"}) || view.Left != 2 {
				t.Fatalf("%+v, %v", view, err)
			}
			s.key = view.App.Key.Reveal()
			next, err := w.door.FinishApp(ctx, browser, step.Challenge, w.code(s), "")
			if err != nil || next.Next != signin.NextSetup || next.Challenge == step.Challenge || next.Session != "" || w.member(shop.ID, s.id).Active() {
				t.Fatalf("%+v, %v", next, err)
			}
			_, err = w.door.FinishApp(ctx, browser, step.Challenge, w.code(s), "")
			refused(t, err, "challenge_ended")
			view, err = w.door.Setup(ctx, browser, next.Challenge)
			if err != nil || !slices.Equal(view.Kinds, []string{"webauthn"}) || view.Left != 1 || view.App.Key != "" {
				t.Fatalf("%+v, %v", view, err)
			}
			next = w.setUpKey(s, next)
			if next.Next != signin.NextCodes || !w.member(shop.ID, s.id).Active() {
				t.Fatalf("%+v", next)
			}
			w.kept(s, next)
			if n := w.number(`SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1`, s.id); n != 10 {
				t.Errorf("%d recovery codes", n)
			}
			want := []string{"password.set", "factor.added", "factor.added", "recovery_codes.made", "user.activated", "session.started"}
			if diff := cmp.Diff(want, w.actions(s.id)); diff != "" {
				t.Error(diff)
			}
		})

		t.Run("F1 what an account comes to demand is set up at the next sign-in, and told", func(t *testing.T) {
			s := w.activated(shop, "later@shop.example")
			other := w.signedIn(s)
			w.demand(shop, s, "webauthn")
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			step, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			if err != nil || step.Next != signin.NextSetup || step.Session != "" {
				t.Fatalf("%+v, %v", step, err)
			}
			step = w.setUpKey(s, step)
			if step.Next != signin.NextDone {
				t.Errorf("%+v: recovery codes are there already", step)
			}
			_, err = w.door.Session(ctx, other)
			refused(t, err, "session_ended")
			if diff := cmp.Diff([]string{"factor_changed change=added factor=webauthn factor_name="}, w.mails(s)); diff != "" {
				t.Error(diff)
			}
			if list := w.actions(s.id); !contains(list, "signin.proved") {
				t.Errorf("%q", list)
			}
		})

		t.Run("F1 what was set up in another window meanwhile is not set up again", func(t *testing.T) {
			s := w.activated(shop, "windows@shop.example")
			w.demand(shop, s, "both")
			var steps []signin.Step
			for range 2 {
				step, err := w.door.Start(ctx, browser, s.email, s.password)
				w.must(nil, err)
				step, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
				w.must(nil, err)
				steps = append(steps, step)
				w.clock.Advance(time.Minute)
			}
			view, err := w.door.Setup(ctx, browser, steps[1].Challenge)
			w.must(nil, err)
			w.setUpKey(s, steps[0])
			_, err = w.door.FinishKey(ctx, browser, steps[1].Challenge, authenticator.New(site.Origin).Make(t, view.Key), "")
			refused(t, err, "challenge_ended")
		})

		t.Run("F2 whoever has none at all sets one up after the password", func(t *testing.T) {
			loose := w.account("two_factor", "optional")
			s := w.invited(loose, "none@shop.example")
			w.finish(s)
			w.demand(loose, s, "any")
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			if err != nil || step.Next != signin.NextSetup || step.Session != "" {
				t.Fatalf("%+v, %v", step, err)
			}
			session, err := w.door.Session(ctx, w.setUp(s, step).Session)
			if err != nil || !session.SecondFactor {
				t.Errorf("%+v, %v", session, err)
			}
			if mails := w.mails(s); len(mails) != 1 || !strings.HasPrefix(mails[0], "factor_changed change=added factor=totp") {
				t.Errorf("%q", mails)
			}
		})

		t.Run("F1 the account being entered counts too", func(t *testing.T) {
			s := w.activated(shop, "enters@shop.example")
			strict := w.account()
			link := w.join(strict, s.id, true)
			w.demand(strict, s, "webauthn")
			w.signedIn(s) // it asks nothing before it is entered
			step, err := w.door.Activate(ctx, browser, link, s.password)
			w.must(nil, err)
			step, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			if err != nil || step.Next != signin.NextSetup || w.member(strict.ID, s.id).Active() {
				t.Fatalf("%+v, %v", step, err)
			}
			step = w.setUpKey(s, step)
			if step.Next != signin.NextDone || step.AccountID != strict.ID || !w.member(strict.ID, s.id).Active() {
				t.Errorf("%+v", step)
			}
		})
	})
}

func TestSeveralFactors(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()

		t.Run("F3 a key signs in after the password, each time with a challenge of its own", func(t *testing.T) {
			s := w.withKey(shop, "f3@shop.example")
			step, q := w.half(s)
			if step.Next != signin.NextCode || !slices.Equal(step.Kinds, []string{"webauthn", "recovery_code"}) || !slices.Equal(q.Kinds, step.Kinds) || q.Identifier != s.email {
				t.Fatalf("%+v %+v", step, q)
			}
			again, err := w.door.Ask(ctx, browser, step.Challenge)
			if err != nil || string(again.Key) == string(q.Key) {
				t.Errorf("the same challenge twice: %v", err)
			}
			var asked struct{ RPID, UserVerification string }
			w.must(nil, json.Unmarshal(q.Key, &asked))
			if asked.RPID != "desk.example.com" || asked.UserVerification != "discouraged" {
				t.Errorf("%s", q.Key)
			}
			// The first page is still open, and its challenge still good.
			step, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: s.device.Sign(t, q.Key)})
			w.must(nil, err)
			session, err := w.door.Session(ctx, step.Session)
			if err != nil || !session.SecondFactor || !session.Fresh {
				t.Errorf("%+v, %v", session, err)
			}
			if got := w.number(`SELECT COUNT(*) FROM factors WHERE user_id = $1 AND last_used_at = $2`, s.id, w.clock.Now().UnixMicro()); got != 1 {
				t.Error("its use was not noted")
			}
		})

		t.Run("F3 a key that only knows it was touched is enough after the password", func(t *testing.T) {
			s := w.withKey(shop, "touch@shop.example")
			s.device.Flags = authenticator.Present
			step, q := w.half(s)
			_, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: s.device.Sign(t, q.Key)})
			w.must(nil, err)
		})

		t.Run("F3 a key that does not count", func(t *testing.T) {
			s := w.withKey(shop, "uncounted@shop.example")
			for range 2 {
				step, q := w.half(s)
				_, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: s.device.Sign(t, q.Key, uncounted)})
				w.must(nil, err)
			}
		})

		t.Run("F7 several of each kind, and the one used last comes first", func(t *testing.T) {
			s := w.activated(shop, "f7@shop.example")
			who := w.who(w.signedIn(s))
			w.addKey(s, who, "Blue key")
			w.addKey(s, who, "")
			w.clock.Advance(time.Second)
			view, token, err := w.door.NewApp(ctx, who, "")
			w.must(nil, err)
			second := &someone{key: view.Key.Reveal()}
			w.must(nil, w.door.AddApp(ctx, who, token, w.code(second), "Old tablet"))
			if diff := cmp.Diff([]string{"totp", "totp", "webauthn", "webauthn"}, w.kinds(s)); diff != "" {
				t.Fatal(diff)
			}
			w.clock.Advance(time.Minute)
			first := func(want string) signin.Step {
				t.Helper()
				step, q := w.half(s)
				if q.Kinds[0] != want || len(q.Kinds) != 3 || q.Kinds[2] != "recovery_code" {
					t.Errorf("%q, want %s first", q.Kinds, want)
				}
				return step
			}
			for _, app := range []*someone{s, second} { // each app, each key
				step := first("totp")
				_, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(app)})
				w.must(nil, err)
				w.clock.Advance(time.Minute)
			}
			for i, kind := range []string{"totp", "webauthn"} {
				step := first(kind)
				one := &authenticator.Key{Origin: site.Origin, Flags: authenticator.Present, Credentials: s.device.Credentials[i : i+1]}
				q, err := w.door.Ask(ctx, browser, step.Challenge)
				w.must(nil, err)
				_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: one.Sign(t, q.Key)})
				w.must(nil, err)
				w.clock.Advance(time.Minute)
			}
		})

		t.Run("one proof at a time, and one that can be one", func(t *testing.T) {
			s := w.withKey(shop, "one@shop.example")
			step, q := w.half(s)
			answer := s.device.Sign(t, q.Key)
			for want, p := range map[string]signin.Proof{
				"code: required":                     {},
				"code: code_format":                  {Code: "12345"},
				"code: one_proof":                    {Code: "123456", Credential: answer},
				"recovery_code: recovery_format":     {RecoveryCode: "123456"},
				"credential: credential_format":      {Credential: "{}"},
				"credential: credential_format ":     {Credential: "null"},
				"credential: credential_format  ":    {Credential: strings.Repeat("[", 60_000)},
				"credential: credential_format   ":   {Credential: strings.Repeat("x", 65<<10)},
				"credential: credential_format    ":  {Credential: strings.Replace(answer, `"id":"`, `"id":"x`, 1)},
				"credential: credential_format     ": {Credential: answer + answer},
			} {
				_, err := w.door.Prove(ctx, browser, step.Challenge, p)
				refused(t, err, strings.TrimRight(want, " "))
			}
			if n := w.number(`SELECT COALESCE(MAX(failed), 0) FROM signin_attempts WHERE user_id = $1`, s.id); n != 0 {
				t.Errorf("what cannot be a proof cost %d attempts", n)
			}
			_, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: answer})
			w.must(nil, err)
		})
	})
}

func TestSetUpAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()

		t.Run("U13 the present factor first, then a new one, and the old ones go", func(t *testing.T) {
			s := w.activated(shop, "u13@shop.example")
			other := w.signedIn(s)
			w.addKey(s, w.who(other), "Blue key")
			old, oldCodes, oldKey := s.key, s.codes, w.text(`SELECT id FROM factors WHERE user_id = $1 AND kind = 'totp'`, s.id)
			w.mails(s)
			w.again(s)
			if _, err := w.door.Session(ctx, other); err != nil {
				t.Error("whoever is signed in is put out at once:", err)
			}
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			if err != nil || step.Next != signin.NextCode {
				t.Fatalf("%+v, %v", step, err)
			}
			_, err = w.door.Setup(ctx, browser, step.Challenge)
			refused(t, err, "challenge_ended")
			step, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			if err != nil || step.Next != signin.NextSetup || step.Session != "" {
				t.Fatalf("%+v, %v", step, err)
			}
			view, err := w.door.Setup(ctx, browser, step.Challenge)
			if err != nil || !view.Again || view.App.Key.Reveal() == old {
				t.Fatalf("%+v, %v", view, err)
			}
			if !slices.Equal(w.kinds(s), []string{"totp", "webauthn"}) {
				t.Error("the old ones went before the new one was there")
			}
			step = w.setUp(s, step)
			session, err := w.door.Session(ctx, step.Session)
			if err != nil || !session.SecondFactor {
				t.Fatalf("%+v, %v", session, err)
			}
			_, err = w.door.Session(ctx, other)
			refused(t, err, "session_ended")
			if list := w.kinds(s); !slices.Equal(list, []string{"totp"}) || w.text(`SELECT id FROM factors WHERE user_id = $1`, s.id) == oldKey || s.key == old {
				t.Errorf("%q", list)
			}
			if slices.Equal(s.codes, oldCodes) || len(s.codes) != 10 {
				t.Error("the recovery codes are those of before")
			}
			if diff := cmp.Diff([]string{"factor_changed change=renewed"}, w.mails(s)); diff != "" {
				t.Error(diff)
			}
			w.clock.Advance(time.Minute)
			if w.signedIn(s) == "" {
				t.Error("asked to set up once more")
			}
			want := []string{"signin.proved", "factor.added", "recovery_codes.made", "factor.removed", "factor.removed", "session.started", "session.started"}
			if list := w.actions(s.id); !slices.Equal(list[len(list)-len(want):], want) {
				t.Errorf("%q", list)
			}
		})

		t.Run("U13 on the device that they have", func(t *testing.T) {
			s := w.withKey(shop, "same@shop.example")
			w.again(s)
			step, q := w.half(s)
			step, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: s.device.Sign(t, q.Key)})
			w.must(nil, err)
			view, err := w.door.Setup(ctx, browser, step.Challenge)
			w.must(nil, err)
			if strings.Contains(string(view.Key), "excludeCredentials") {
				t.Errorf("the device that they have is refused: %s", view.Key)
			}
			step, err = w.door.FinishKey(ctx, browser, step.Challenge, s.device.Make(t, view.Key), "")
			w.must(nil, err)
			w.kept(s, step)
			if list := w.kinds(s); !slices.Equal(list, []string{"webauthn"}) {
				t.Errorf("%q", list)
			}
		})

		t.Run("U13 both kinds anew where both are demanded", func(t *testing.T) {
			s := w.activated(shop, "twice@shop.example")
			w.addKey(s, w.who(w.signedIn(s)), "")
			w.demand(shop, s, "both")
			w.again(s)
			step, q := w.half(s)
			step, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: s.device.Sign(t, q.Key)})
			w.must(nil, err)
			view, err := w.door.Setup(ctx, browser, step.Challenge)
			w.must(nil, err)
			s.key = view.App.Key.Reveal()
			step, err = w.door.FinishApp(ctx, browser, step.Challenge, w.code(s), "")
			if err != nil || step.Next != signin.NextSetup || len(w.kinds(s)) != 3 {
				t.Fatalf("%+v, %v", step, err)
			}
			step = w.kept(s, w.setUpKey(s, step))
			if step.Session == "" || !slices.Equal(w.kinds(s), []string{"totp", "webauthn"}) {
				t.Errorf("%+v, %q", step, w.kinds(s))
			}
		})

		t.Run("U13 also where none is required", func(t *testing.T) {
			s := w.invited(w.account("two_factor", "optional"), "free@shop.example")
			w.addKey(s, w.who(w.finish(s)), "")
			w.again(s)
			step, q := w.half(s)
			step, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: s.device.Sign(t, q.Key)})
			if err != nil || step.Next != signin.NextSetup {
				t.Fatalf("%+v, %v", step, err)
			}
		})

		t.Run("U13 what was added since, in a session that goes on, is new enough", func(t *testing.T) {
			s := w.activated(shop, "since@shop.example")
			cookie := w.signedIn(s)
			w.again(s)
			w.addKey(s, w.who(cookie), "")
			w.clock.Advance(time.Minute)
			w.mails(s)
			step, q := w.half(s)
			step, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: s.device.Sign(t, q.Key)})
			if err != nil || step.Next != signin.NextDone || !slices.Equal(w.kinds(s), []string{"webauthn"}) {
				t.Fatalf("%+v, %v, %q", step, err, w.kinds(s))
			}
			_, err = w.door.Session(ctx, cookie)
			refused(t, err, "session_ended")
			if _, err := w.door.Session(ctx, step.Session); err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff([]string{"factor_changed change=renewed"}, w.mails(s)); diff != "" {
				t.Error(diff)
			}
		})

		t.Run("U13 a recovery code proves the present factor too", func(t *testing.T) {
			s := w.activated(shop, "lost@shop.example")
			w.again(s)
			step, _ := w.half(s)
			step, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{RecoveryCode: s.codes[0]})
			if err != nil || step.Next != signin.NextSetup {
				t.Fatalf("%+v, %v", step, err)
			}
			if w.setUp(s, step).Session == "" {
				t.Error("no session")
			}
		})
	})
}
