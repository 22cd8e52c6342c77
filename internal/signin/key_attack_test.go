//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"countersign/internal/fault"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/test/authenticator"
)

// uncounted is what the keys of phones and computers say: they do not count.
func uncounted(a *authenticator.Answer) { a.Count = 0 }

// What the answers to a ceremony may not be. Each is signed by the right key; one
// thing in it is wrong.
var wrongAnswers = map[string]func(*authenticator.Answer){
	"of another origin":             func(a *authenticator.Answer) { a.Origin = "https://desk.example.com.evil.example" },
	"of another port":               func(a *authenticator.Answer) { a.Origin = "https://desk.example.com:8443" },
	"of plain HTTP":                 func(a *authenticator.Answer) { a.Origin = "http://desk.example.com" },
	"of another relying party":      func(a *authenticator.Answer) { a.RPID = "example.com" },
	"of the other sort of ceremony": func(a *authenticator.Answer) { a.Type += "x" },
	"with nobody there":             func(a *authenticator.Answer) { a.Flags &^= authenticator.Present },
	"backed up without being able":  func(a *authenticator.Answer) { a.Flags |= authenticator.BackedUp },
}

func TestKeyAttacks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()
		prove := func(token seal.Secret, answer string) error {
			_, err := w.door.Prove(ctx, browser, token, signin.Proof{Credential: answer})
			return err
		}

		t.Run("T-8.5.1 an answer replayed: under the same challenge, under another, to Your account", func(t *testing.T) {
			s := w.withKey(shop, "replay@shop.example")
			other, _ := w.half(s)
			step, q := w.half(s)
			answer := s.device.Sign(t, q.Key, uncounted)
			refused(t, prove(other.Challenge, answer), "ceremony_ended") // it was asked for elsewhere
			session, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: answer})
			w.must(nil, err)
			refused(t, prove(step.Challenge, answer), "challenge_ended")
			refused(t, prove(other.Challenge, answer), "ceremony_ended")
			refused(t, w.door.Confirm(ctx, w.who(session.Session), s.password, signin.Proof{Credential: answer}), "ceremony_ended")
			_, err = w.door.Passkey(ctx, browser, answer)
			refused(t, err, "ceremony_ended")
			if n := w.number(`SELECT COALESCE(MAX(failed), 0) FROM signin_attempts WHERE user_id = $1`, s.id); n != 0 {
				t.Errorf("%d attempts for answers that nobody looked at", n)
			}
			if list := w.actions(s.id); !contains(list, "signin.failed refused ceremony_ended") {
				t.Errorf("%q", list)
			}
		})

		t.Run("T-8.5.1 twenty at once with one answer: one comes in", func(t *testing.T) {
			s := w.withKey(shop, "twenty@shop.example")
			step, q := w.half(s)
			answer, in := s.device.Sign(t, q.Key, uncounted), 0
			for _, err := range together(20, func(int) error { return prove(step.Challenge, answer) }) {
				if err == nil {
					in++
				} else if code := fault.CodeOf(err); code != "challenge_ended" && code != "wrong_key" {
					t.Error(err)
				}
			}
			if in != 1 || w.number(`SELECT COUNT(*) FROM sessions WHERE user_id = $1 AND created_at = $2`, s.id, w.clock.Now().UnixMicro()) != 1 {
				t.Errorf("%d came in", in)
			}
		})

		t.Run("T-8.5.1 one answer confirms once, and in the session that asked", func(t *testing.T) {
			s := w.withKey(shop, "confirm@shop.example")
			var whos []seal.Secret
			for range 2 {
				step, q := w.half(s)
				step, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: s.device.Sign(t, q.Key, uncounted)})
				w.must(nil, err)
				whos = append(whos, step.Session)
			}
			w.clock.Advance(6 * time.Minute)
			mine, theirs := w.who(whos[0]), w.who(whos[1])
			q, err := w.door.AskAgain(ctx, mine)
			w.must(nil, err)
			answer := s.device.Sign(t, q.Key, uncounted)
			refused(t, w.door.Confirm(ctx, theirs, s.password, signin.Proof{Credential: answer}), "ceremony_ended")
			w.must(nil, w.door.Confirm(ctx, mine, s.password, signin.Proof{Credential: answer}))
			refused(t, w.door.Confirm(ctx, mine, s.password, signin.Proof{Credential: answer}), "credential: wrong_key")
		})

		for what, change := range wrongAnswers {
			t.Run("an answer "+what, func(t *testing.T) {
				s := w.withKey(shop, strings.ReplaceAll(strings.ToLower(what), " ", "-")+"@shop.example")
				step, q := w.half(s)
				refused(t, prove(step.Challenge, s.device.Sign(t, q.Key, change)), "wrong_key")
				if n := w.number(`SELECT failed FROM signin_attempts WHERE user_id = $1`, s.id); n != 1 {
					t.Errorf("it cost %d attempts", n)
				}
				q, err := w.door.Ask(ctx, browser, step.Challenge)
				w.must(nil, err)
				w.must(nil, prove(step.Challenge, s.device.Sign(t, q.Key)))
			})
		}

		t.Run("an answer whose signature is of something else", func(t *testing.T) {
			s := w.withKey(shop, "bent@shop.example")
			step, q := w.half(s)
			answer := s.device.Sign(t, q.Key)
			other := s.device.Sign(t, q.Key)
			signature := func(a string) string { return between(a, `"signature":"`, `"`) }
			refused(t, prove(step.Challenge, strings.Replace(answer, signature(answer), signature(other), 1)), "wrong_key")
			w.must(nil, prove(step.Challenge, answer)) // the challenge was not spent
		})

		t.Run("a challenge of ours for something else, of nobody's, or too late", func(t *testing.T) {
			s := w.withKey(shop, "challenge@shop.example")
			step, q := w.half(s)
			passkey, err := w.door.PasskeyOptions()
			w.must(nil, err)
			_, others := w.half(w.withKey(shop, "challenger@shop.example"))
			for what, challenge := range map[string]string{
				"of the sign-in page":   between(string(passkey), `"challenge":"`, `"`),
				"of somebody else":      between(string(others.Key), `"challenge":"`, `"`),
				"with one letter wrong": flip(between(string(q.Key), `"challenge":"`, `"`)),
				"that nobody gave out":  strings.Repeat("A", 54),
				"too short":             "AAAA",
				"that is none":          "not base64!",
				"empty":                 "",
			} {
				answer := s.device.Sign(t, q.Key, func(a *authenticator.Answer) { a.Challenge = challenge })
				if code := fault.CodeOf(prove(step.Challenge, answer)); code != "ceremony_ended" {
					t.Errorf("one %s: %s", what, code)
				}
			}
			q, err = w.door.Ask(ctx, browser, step.Challenge)
			w.must(nil, err)
			answer := s.device.Sign(t, q.Key)
			w.clock.Advance(10 * time.Minute)
			refused(t, prove(step.Challenge, answer), "challenge_ended")
		})

		t.Run("somebody else's key under my challenge, and mine under theirs", func(t *testing.T) {
			s, other := w.withKey(shop, "mine@shop.example"), w.withKey(shop, "theirs@shop.example")
			step, q := w.half(s)
			_, theirs := w.half(other)
			// The options name my keys alone; a key that answers all the same is told to.
			theirKey := other.device.Sign(t, theirs.Key, func(a *authenticator.Answer) { a.Challenge = between(string(q.Key), `"challenge":"`, `"`) })
			refused(t, prove(step.Challenge, theirKey), "wrong_key")
			// My credential's id, their signature.
			stolen := other.device.Sign(t, theirs.Key, func(a *authenticator.Answer) {
				a.Challenge, a.UserHandle = between(string(q.Key), `"challenge":"`, `"`), s.device.Credentials[0].UserHandle
			})
			bent := strings.ReplaceAll(stolen, between(stolen, `"id":"`, `"`), between(s.device.Sign(t, q.Key), `"id":"`, `"`))
			refused(t, prove(step.Challenge, bent), "wrong_key")
		})

		t.Run("a counter that goes back is refused and recorded", func(t *testing.T) {
			s := w.withKey(shop, "clone@shop.example")
			sign := func(count uint32) error {
				step, q := w.half(s)
				return prove(step.Challenge, s.device.Sign(t, q.Key, func(a *authenticator.Answer) { a.Count = count }))
			}
			w.must(nil, sign(7))
			for _, count := range []uint32{6, 7, 0} {
				refused(t, sign(count), "wrong_key")
			}
			if list := w.actions(s.id); !contains(list, "signin.failed refused key_counter_back") {
				t.Errorf("%q", list)
			}
			w.must(nil, sign(8))
		})

		t.Run("T-8.3.4 wrong answers, codes and recovery codes are counted together, with passwords", func(t *testing.T) {
			s := w.activated(shop, "counted@shop.example")
			w.addKey(s, w.who(w.signedIn(s)), "")
			w.clock.Advance(time.Minute)
			_, err := w.door.Start(ctx, browser, s.email, "not the password")
			refused(t, err, "wrong_credentials")
			step, q := w.half(s)
			evil := func(a *authenticator.Answer) { a.Origin = "https://evil.example" }
			for range 2 {
				refused(t, prove(step.Challenge, s.device.Sign(t, q.Key, evil)), "wrong_key")
				_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{RecoveryCode: "0000-0000-0000"})
				refused(t, err, "wrong_recovery_code")
			}
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.wrongCodeFor(s)})
			refused(t, err, "wrong_code") // the sixth
			checked := w.passwords.Load().Checked
			for want, p := range map[string]signin.Proof{
				"wrong_key": {Credential: s.device.Sign(t, q.Key)}, "wrong_code": {Code: w.code(s)}, "wrong_recovery_code": {RecoveryCode: s.codes[0]},
			} {
				_, err = w.door.Prove(ctx, browser, step.Challenge, p)
				refused(t, err, want)
			}
			_, err = w.passkey(s.device)
			refused(t, err, "passkey_refused")
			if w.passwords.Load().Checked != checked {
				t.Error("a recovery code was looked at during the lock")
			}
			w.clock.Advance(30 * time.Minute)
			w.signedIn(s)
		})
	})
}

// between is what stands in text after one mark and before another.
func between(text, after, before string) string {
	_, rest, _ := strings.Cut(text, after)
	out, _, _ := strings.Cut(rest, before)
	return out
}

func TestKeyRegistration(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()
		newcomer := func(email string) (*someone, signin.Step, signin.SetupView) {
			t.Helper()
			s := w.invited(shop, email)
			step, err := w.door.Activate(ctx, browser, s.link, s.password)
			w.must(nil, err)
			view, err := w.door.Setup(ctx, browser, step.Challenge)
			w.must(nil, err)
			return s, step, view
		}

		t.Run("T-8.3.11 a credential that somebody has is no second person's", func(t *testing.T) {
			s := w.withKey(shop, "owner@shop.example")
			thief, step, view := newcomer("thief@shop.example")
			stolen := func(a *authenticator.Answer) { a.Credential = s.device.Credentials[0] }
			_, err := w.door.FinishKey(ctx, browser, step.Challenge, authenticator.New(site.Origin).Make(t, view.Key, stolen), "")
			refused(t, err, "credential: key_in_use")
			if list := w.actions(thief.id); !contains(list, "factor.added refused key_in_use") || w.member(shop.ID, thief.id).Active() {
				t.Errorf("%q", list)
			}
			cookie := w.signedIn(w.activated(shop, "thief2@shop.example"))
			options, err := w.door.NewKey(ctx, w.who(cookie))
			w.must(nil, err)
			err = w.door.AddKey(ctx, w.who(cookie), authenticator.New(site.Origin).Make(t, options, stolen), "")
			refused(t, err, "credential: key_in_use")
		})

		t.Run("T-8.3.11 nor twice the same person's", func(t *testing.T) {
			s := w.withKey(shop, "twice@shop.example")
			step, q := w.half(s)
			step, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: s.device.Sign(t, q.Key)})
			w.must(nil, err)
			who := w.who(step.Session)
			options, err := w.door.NewKey(ctx, who)
			w.must(nil, err)
			var asked struct{ ExcludeCredentials []struct{ ID string } }
			if w.must(nil, json.Unmarshal(options, &asked)); len(asked.ExcludeCredentials) != 1 {
				t.Errorf("a browser is not told which keys there are: %s", options)
			}
			again := s.device.Make(t, options, func(a *authenticator.Answer) { a.Credential = s.device.Credentials[0] })
			refused(t, w.door.AddKey(ctx, who, again, ""), "credential: key_in_use")
		})

		for what, change := range wrongAnswers {
			t.Run("a new key "+what, func(t *testing.T) {
				s, step, view := newcomer(strings.ReplaceAll(strings.ToLower(what), " ", "-") + "@shop.example")
				_, err := w.door.FinishKey(ctx, browser, step.Challenge, authenticator.New(site.Origin).Make(t, view.Key, change), "")
				refused(t, err, "credential: key_refused")
				if list := w.actions(s.id); !contains(list, "factor.added refused key_refused") || len(w.kinds(s)) != 0 {
					t.Errorf("%q", list)
				}
				w.setUpKey(s, step)
			})
		}

		t.Run("a new key under a challenge of another place, and what is no answer", func(t *testing.T) {
			_, step, view := newcomer("place@shop.example")
			_, _, others := newcomer("elsewhere@shop.example")
			_, err := w.door.FinishKey(ctx, browser, step.Challenge, authenticator.New(site.Origin).Make(t, others.Key), "")
			refused(t, err, "ceremony_ended")
			s := w.withKey(shop, "signs@shop.example")
			_, q := w.half(s)
			for _, answer := range []string{"", "{}", "null", "[]", s.device.Sign(t, q.Key), strings.Repeat("x", 70_000)} {
				_, err = w.door.FinishKey(ctx, browser, step.Challenge, answer, "")
				refused(t, err, "credential: credential_format")
			}
			_, err = w.door.FinishKey(ctx, browser, step.Challenge, authenticator.New(site.Origin).Make(t, view.Key), strings.Repeat("n", 61))
			refused(t, err, "name: too_long")
		})

		t.Run("two at once with one new key: one is kept", func(t *testing.T) {
			s, step, view := newcomer("atonce@shop.example")
			answer, kept := authenticator.New(site.Origin).Make(t, view.Key), 0
			for _, err := range together(10, func(int) error {
				_, err := w.door.FinishKey(ctx, browser, step.Challenge, answer, "")
				return err
			}) {
				if err == nil {
					kept++
				} else {
					refused(t, err, "challenge_ended")
				}
			}
			if kept != 1 || len(w.kinds(s)) != 1 || w.number(`SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1`, s.id) != 10 {
				t.Errorf("%d kept, %q", kept, w.kinds(s))
			}
		})

		t.Run("what was spent is forgotten when it is too late anyway", func(t *testing.T) {
			if w.number(`SELECT COUNT(*) FROM spent_ceremonies`) == 0 {
				t.Fatal("nothing was spent")
			}
			w.must(nil, w.door.Sweep(ctx))
			left := w.number(`SELECT COUNT(*) FROM spent_ceremonies WHERE expires_at > $1`, w.clock.Now().UnixMicro())
			if w.number(`SELECT COUNT(*) FROM spent_ceremonies`) != left || left == 0 {
				t.Errorf("%d are left", left)
			}
			w.clock.Advance(10 * time.Minute)
			w.must(nil, w.door.Sweep(ctx))
			if n := w.number(`SELECT COUNT(*) FROM spent_ceremonies`); n != 0 {
				t.Errorf("%d are left", n)
			}
		})
	})
}
