//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/signin"
	"countersign/internal/test/authenticator"
)

// administrator gives a member a role that counts as an administrator's.
func (w *world) administrator(a org.Account, s *someone) {
	w.t.Helper()
	w.exec(`INSERT INTO roles (account_id, id, name, name_key, administrator, created_at) VALUES ($1, $2, $2, $2, TRUE, 1)`, a.ID, "rol_"+s.email)
	w.exec(`INSERT INTO assignments (account_id, id, membership_id, role_id, all_entities, created_at, created_by)
		SELECT account_id, $1, id, $2, TRUE, 1, $3 FROM memberships WHERE account_id = $4 AND user_id = $5`, "asg_"+s.email, "rol_"+s.email, s.email, a.ID, s.id)
}

func TestPasskey(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()

		t.Run("F7 T-8.4.2 a passkey is both factors in one", func(t *testing.T) {
			s := w.withKey(shop, "f7@shop.example")
			step, err := w.passkey(s.device)
			if err != nil || step.Next != signin.NextDone || step.UserID != s.id || step.AccountID != shop.ID {
				t.Fatalf("%+v, %v", step, err)
			}
			session, err := w.door.Session(ctx, step.Session)
			if err != nil || !session.SecondFactor || !session.Fresh {
				t.Errorf("%+v, %v", session, err)
			}
			if got := w.text(`SELECT changes FROM audit_entries WHERE target_id = $1 AND action = 'session.started' ORDER BY seq DESC LIMIT 1`, s.id); !strings.Contains(got, `"passkey"`) {
				t.Errorf("the log does not say how: %s", got)
			}
		})

		t.Run("F7 whom it is for the page does not say", func(t *testing.T) {
			options, err := w.door.PasskeyOptions()
			w.must(nil, err)
			var asked map[string]any
			w.must(nil, json.Unmarshal(options, &asked))
			if asked["userVerification"] != "required" || asked["rpId"] != "desk.example.com" || asked["allowCredentials"] != nil {
				t.Errorf("%s", options)
			}
			if n := w.number(`SELECT COUNT(*) FROM challenges`); n != 0 {
				t.Errorf("looking at the page wrote %d rows", n)
			}
		})

		t.Run("T-8.4.1b whoever holds an administrator's role is asked for the password too", func(t *testing.T) {
			s := w.withKey(shop, "admin@shop.example")
			w.administrator(shop, s)
			step, err := w.passkey(s.device)
			if err != nil || step.Next != signin.NextPassword || step.Session != "" || step.Challenge == "" {
				t.Fatalf("%+v, %v", step, err)
			}
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{RecoveryCode: s.codes[0]})
			refused(t, err, "challenge_ended")
			_, err = w.door.Password(ctx, browser, step.Challenge, "not the password")
			refused(t, err, "password: wrong_password")
			_, err = w.door.Password(ctx, browser, step.Challenge, "")
			refused(t, err, "password: required")
			if n := w.number(`SELECT failed FROM signin_attempts WHERE user_id = $1`, s.id); n != 1 {
				t.Errorf("%d attempts", n)
			}
			in, err := w.door.Password(ctx, browser, step.Challenge, s.password)
			if err != nil || in.Next != signin.NextDone {
				t.Fatalf("%+v, %v", in, err)
			}
			if session, err := w.door.Session(ctx, in.Session); err != nil || !session.SecondFactor {
				t.Errorf("%+v, %v", session, err)
			}
			_, err = w.door.Password(ctx, browser, step.Challenge, s.password)
			refused(t, err, "challenge_ended")
			// A role that has ended asks for nothing.
			w.exec(`UPDATE assignments SET valid_until = $1 WHERE created_by = $2`, w.clock.Now().UnixMicro(), s.email)
			if step, err = w.passkey(s.device); err != nil || step.Next != signin.NextDone {
				t.Errorf("%+v, %v", step, err)
			}
		})

		t.Run("T-8.4.1b the password is counted, and ten minutes are enough for it", func(t *testing.T) {
			s := w.withKey(shop, "admin2@shop.example")
			w.administrator(shop, s)
			step, err := w.passkey(s.device)
			w.must(nil, err)
			for range 6 {
				_, err = w.door.Password(ctx, browser, step.Challenge, "not the password")
				refused(t, err, "password: wrong_password")
			}
			_, err = w.door.Password(ctx, browser, step.Challenge, s.password)
			refused(t, err, "password: wrong_password")
			_, err = w.passkey(s.device)
			refused(t, err, "passkey_refused")
			w.clock.Advance(30 * time.Minute)
			_, err = w.door.Password(ctx, browser, step.Challenge, s.password)
			refused(t, err, "challenge_ended")
		})

		t.Run("F7 only where every account allows it", func(t *testing.T) {
			s := w.withKey(shop, "strict@shop.example")
			strict := w.account("two_factor_methods", "totp,webauthn")
			link := w.join(strict, s.id, true)
			if _, err := w.passkey(s.device); err != nil {
				t.Fatal("an account that is not entered yet counts:", err)
			}
			step, err := w.door.Activate(ctx, browser, link, s.password)
			w.must(nil, err)
			q, err := w.door.Ask(ctx, browser, step.Challenge)
			w.must(nil, err)
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: s.device.Sign(t, q.Key)})
			w.must(nil, err)
			_, err = w.passkey(s.device)
			refused(t, err, "passkey_refused")
			if list := w.actions(s.id); !contains(list, "signin.failed refused passkey_not_allowed") {
				t.Errorf("%q", list)
			}
			if n := w.number(`SELECT failed FROM signin_attempts WHERE user_id = $1`, s.id); n != 0 {
				t.Errorf("it was right, and cost %d attempts", n)
			}
		})

		t.Run("F1 what is demanded beside it is set up", func(t *testing.T) {
			s := w.withKey(shop, "more@shop.example")
			w.demand(shop, s, "both")
			step, err := w.passkey(s.device)
			if err != nil || step.Next != signin.NextSetup || step.Session != "" {
				t.Fatalf("%+v, %v", step, err)
			}
			if w.setUp(s, step).Session == "" {
				t.Error("no session")
			}
		})

		t.Run("whoever may not come in by it learns nothing", func(t *testing.T) {
			key := func(name string) *someone { return w.withKey(shop, name+"@shop.example") }
			unfinished := key("unfinished")
			w.exec(`UPDATE memberships SET deactivated_at = 1 WHERE user_id = $1`, unfinished.id)
			w.join(w.account(), unfinished.id, true)
			stranger, deactivated, inactive, locked := key("stranger"), key("deactivated"), key("inactive"), key("locked")
			w.exec(`DELETE FROM factors WHERE user_id = $1`, stranger.id)
			w.exec(`UPDATE memberships SET deactivated_at = 1 WHERE user_id = $1`, deactivated.id)
			w.exec(`UPDATE users SET inactive_locked_at = 1 WHERE id = $1`, inactive.id)
			for range 6 {
				_, err := w.door.Start(ctx, browser, locked.email, "not the password")
				refused(t, err, "wrong_credentials")
			}
			for cause, s := range map[string]*someone{"user_deactivated": deactivated, "inactivity_locked": inactive, "attempts_locked": locked, "activation_unfinished": unfinished, "unknown_key": stranger} {
				_, err := w.passkey(s.device)
				refused(t, err, "passkey_refused")
				if cause != "unknown_key" && !contains(w.actions(s.id), "signin.failed refused "+cause) {
					t.Errorf("%s is not in the log: %q", cause, w.actions(s.id))
				}
			}
			if n := w.number(`SELECT COUNT(*) FROM audit_entries WHERE action = 'signin.failed' AND reason = 'unknown_key' AND target_id LIKE 'key:%'`); n != 1 {
				t.Errorf("%d entries of an unknown key", n)
			}
		})

		t.Run("a passkey must have verified its person", func(t *testing.T) {
			s := w.withKey(shop, "uv@shop.example")
			_, err := w.passkey(s.device, func(a *authenticator.Answer) { a.Flags &^= authenticator.Verified })
			refused(t, err, "passkey_refused")
			if n := w.number(`SELECT failed FROM signin_attempts WHERE user_id = $1`, s.id); n != 1 {
				t.Errorf("%d attempts", n)
			}
		})

		t.Run("and names them itself, and rightly", func(t *testing.T) {
			s, other := w.withKey(shop, "handle@shop.example"), w.withKey(shop, "handle2@shop.example")
			for _, handle := range [][]byte{nil, []byte(other.id), []byte("usr_nobody")} {
				_, err := w.passkey(s.device, func(a *authenticator.Answer) { a.UserHandle = handle })
				refused(t, err, "passkey_refused")
			}
		})

		for what, change := range wrongAnswers {
			t.Run("a passkey "+what, func(t *testing.T) {
				s := w.withKey(shop, strings.ReplaceAll(strings.ToLower(what), " ", "-")+"@shop.example")
				_, err := w.passkey(s.device, change)
				refused(t, err, "passkey_refused")
			})
		}

		t.Run("T-8.5.1 an answer replayed, also twenty at once", func(t *testing.T) {
			s := w.withKey(shop, "replay@shop.example")
			options, err := w.door.PasskeyOptions()
			w.must(nil, err)
			answer, in := s.device.Sign(t, options, uncounted), 0
			for _, err := range together(20, func(int) error {
				_, err := w.door.Passkey(ctx, browser, answer)
				return err
			}) {
				if err == nil {
					in++
				} else {
					refused(t, err, "passkey_refused")
				}
			}
			if in != 1 {
				t.Errorf("%d came in", in)
			}
			w.clock.Advance(10 * time.Minute)
			_, err = w.door.Passkey(ctx, browser, answer)
			refused(t, err, "ceremony_ended")
		})

		t.Run("what is no answer at all costs nobody anything", func(t *testing.T) {
			s := w.withKey(shop, "junk@shop.example")
			for _, answer := range []string{"", "{}", "\x00", strings.Repeat("[", 60_000), strings.Repeat("x", 65<<10)} {
				_, err := w.door.Passkey(ctx, browser, answer)
				refused(t, err, "credential: credential_format")
			}
			_, q := w.half(s)
			_, err := w.door.Passkey(ctx, browser, s.device.Sign(t, q.Key)) // of the step after the password
			refused(t, err, "ceremony_ended")
		})

		t.Run("where browsers refuse WebAuthn there are none", func(t *testing.T) {
			s := w.withKey(shop, "plain@shop.example")
			plain := w.openDoorAt(signin.Site{Name: "Countersign", Origin: "http://desk.example.com"})
			if options, err := plain.PasskeyOptions(); options != nil || err != nil {
				t.Errorf("%s, %v", options, err)
			}
			options, err := w.door.PasskeyOptions()
			w.must(nil, err)
			_, err = plain.Passkey(ctx, browser, s.device.Sign(t, options))
			refused(t, err, "credential: credential_format")
			step, err := plain.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			q, err := plain.Ask(ctx, browser, step.Challenge)
			if err != nil || q.Key != nil || fault.CodeOf(err) != "" || strings.Join(q.Kinds, " ") != "webauthn recovery_code" {
				t.Errorf("%+v, %v", q, err)
			}
			_, err = plain.Prove(ctx, browser, step.Challenge, signin.Proof{RecoveryCode: s.codes[0]})
			w.must(nil, err)
		})
	})
}
