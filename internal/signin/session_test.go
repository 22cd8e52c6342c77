//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/seal"
	"countersign/internal/signin"
)

func TestSessions(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()
		dead := func(t *testing.T, cookie seal.Secret) {
			t.Helper()
			_, err := w.door.Session(ctx, cookie)
			refused(t, err, "session_ended")
		}
		alive := func(t *testing.T, cookie seal.Secret) signin.Session {
			t.Helper()
			s, err := w.door.Session(ctx, cookie)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}

		t.Run("A5 fifteen idle minutes end a session, use renews them", func(t *testing.T) {
			cookie := w.signedIn(w.activated(shop, "idle@shop.example"))
			alive(t, cookie)
			w.clock.Advance(20 * time.Second) // not written down, and counts all the same
			alive(t, cookie)
			w.clock.Advance(15*time.Minute - time.Microsecond)
			if s := alive(t, cookie); s.IdleAt != w.clock.Now().Add(15*time.Minute).UnixMicro() {
				t.Errorf("idle at %d", s.IdleAt)
			}
			w.clock.Advance(15 * time.Minute)
			dead(t, cookie)
			w.clock.Advance(-time.Minute)
			alive(t, cookie)
		})

		t.Run("A5 a request that a page makes by itself renews nothing", func(t *testing.T) {
			cookie := w.signedIn(w.activated(shop, "peek@shop.example"))
			alive(t, cookie)
			for range 3 {
				w.clock.Advance(5*time.Minute - time.Microsecond)
				if _, err := w.door.Peek(ctx, cookie); err != nil {
					t.Fatal(err)
				}
			}
			w.clock.Advance(time.Second)
			dead(t, cookie)
		})

		t.Run("A5 another node and the next start know of its use", func(t *testing.T) {
			cookie := w.signedIn(w.activated(shop, "nodes@shop.example"))
			for range 4 {
				w.clock.Advance(10 * time.Minute)
				alive(t, cookie)
			}
			if _, err := w.openDoor().Session(ctx, cookie); err != nil {
				t.Error(err)
			}
		})

		t.Run("A5 twelve hours end a session in any case", func(t *testing.T) {
			s := w.activated(shop, "absolute@shop.example")
			cookie := w.signedIn(s)
			end := time.UnixMicro(alive(t, cookie).ExpiresAt)
			for w.clock.Now().Add(10 * time.Minute).Before(end) {
				w.clock.Advance(10 * time.Minute)
				alive(t, cookie)
			}
			w.clock.Set(end.Add(-time.Microsecond))
			alive(t, cookie)
			w.clock.Set(end)
			dead(t, cookie)
		})

		t.Run("A5 a new id at every sign-in, nothing but a session opens", func(t *testing.T) {
			s := w.activated(shop, "ids@shop.example")
			first, second := w.signedIn(s), w.signedIn(s)
			if first == second || len(first.Reveal()) != 43 {
				t.Error("ids repeat or are short")
			}
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			for name, value := range map[string]string{"challenge": step.Challenge.Reveal(), "link": s.link.Reveal(), "nothing": "", "reference": alive(t, first).Ref,
				"one letter off": flip(first.Reveal()), "long": strings.Repeat("A", 100_000), "not text": "\xff\x00"} {
				t.Run(name, func(t *testing.T) { dead(t, seal.Secret(value)) })
			}
			if n := w.number(`SELECT COUNT(*) FROM sessions WHERE hash = $1 OR ref = $2`, []byte(first.Reveal()), first.Reveal()); n != 0 {
				t.Error("the cookie's value is kept")
			}
		})

		t.Run("A5 sign out, one, others, all", func(t *testing.T) {
			s := w.activated(shop, "out@shop.example")
			a, b, c := w.signedIn(s), w.signedIn(s), w.signedIn(s)
			who := w.who(a)
			list, err := w.door.Sessions(ctx, who)
			if err != nil || len(list) != 4 || list[0].UserAgent != browser.UserAgent || list[0].IP != "192.0.2.7" {
				t.Fatalf("%d, %v", len(list), err)
			}
			w.must(nil, w.door.SignOut(ctx, browser, b))
			w.must(nil, w.door.SignOut(ctx, browser, b)) // again is no mistake
			dead(t, b)
			refused(t, w.door.EndSession(ctx, w.who(w.signedIn(w.activated(shop, "stranger@shop.example"))), who.Ref), "not_found")
			alive(t, a)
			w.must(nil, w.door.EndOthers(ctx, who))
			alive(t, a)
			dead(t, c)
			w.change(func(tx *db.Tx) error { return people.EndSessions(tx, s.id) })
			dead(t, a)
			actions := w.actions(s.id)
			if !contains(actions, "session.ended") || !contains(actions, "sessions.ended") {
				t.Errorf("%q", actions)
			}
		})

		t.Run("A5 a raised epoch kills sessions, half-finished sign-ins and confirmations", func(t *testing.T) {
			s := w.activated(shop, "epoch@shop.example")
			cookie := w.signedIn(s)
			who := w.who(cookie)
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			w.exec(`UPDATE users SET epoch = epoch + 1 WHERE id = $1`, s.id) // as a restored backup does
			dead(t, cookie)
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			refused(t, err, "challenge_ended")
			refused(t, w.door.Confirm(ctx, who, s.password, signin.Proof{Code: w.code(s)}), "session_ended")
			refused(t, w.door.ChangePassword(ctx, who, "orange teapots drift home"), "session_ended")
			_, _, err = w.door.NewApp(ctx, who, "")
			refused(t, err, "session_ended")
			w.signedIn(s)
		})

		t.Run("U9 the next request after a deactivation is refused, whatever the session", func(t *testing.T) {
			s := w.activated(shop, "u9@shop.example")
			cookies := []seal.Secret{w.signedIn(s), w.signedIn(s)}
			other := w.account("two_factor", "optional")
			w.exec(`UPDATE memberships SET activated_at = 1 WHERE id = (SELECT id FROM memberships WHERE account_id = $1 AND user_id = $2)`, other.ID, s.id)
			w.exec(`UPDATE memberships SET deactivated_at = 1 WHERE user_id = $1`, s.id)
			for _, c := range cookies {
				dead(t, c)
			}
		})

		t.Run("A6 fresh for five minutes, and again after password and code", func(t *testing.T) {
			s := w.activated(shop, "fresh@shop.example")
			cookie := w.signedIn(s) // a minute ago
			w.clock.Advance(4 * time.Minute)
			if !alive(t, cookie).Fresh {
				t.Error("not fresh at five minutes")
			}
			w.clock.Advance(time.Microsecond)
			if alive(t, cookie).Fresh {
				t.Error("fresh after five minutes")
			}
			who := w.who(cookie)
			refused(t, w.door.Confirm(ctx, who, "wrong", signin.Proof{Code: w.code(s)}), "password: wrong_password")
			refused(t, w.door.Confirm(ctx, who, s.password, signin.Proof{Code: w.wrongCodeFor(s)}), "code: wrong_code")
			refused(t, w.door.Confirm(ctx, who, s.password, signin.Proof{}), "code: required")
			if alive(t, cookie).Fresh || w.number(`SELECT failed FROM signin_attempts WHERE user_id = $1`, s.id) != 2 {
				t.Error("wrong ones made it fresh, or were not counted")
			}
			w.must(nil, w.door.Confirm(ctx, who, s.password, signin.Proof{Code: w.code(s)}))
			if !alive(t, cookie).Fresh {
				t.Error("not fresh after confirming")
			}
			refused(t, w.door.Confirm(ctx, who, s.password, signin.Proof{Code: w.code(s)}), "code: wrong_code") // used
		})

		t.Run("K1 a service finds the session by its reference, while it lives", func(t *testing.T) {
			cookie := w.signedIn(w.activated(shop, "ref@shop.example"))
			ref := alive(t, cookie).Ref
			look := func() (s signin.Session, ok bool) {
				w.view(func(tx *db.Tx) (err error) {
					s, ok, err = w.door.ByRef(tx, ref)
					return err
				})
				return s, ok
			}
			if s, ok := look(); !ok || !s.SecondFactor || !s.Fresh {
				t.Errorf("%+v, %t", s, ok)
			}
			w.clock.Advance(14 * time.Minute)
			if _, ok := look(); !ok {
				t.Error("gone too early")
			}
			w.clock.Advance(time.Minute) // looking was no use of it
			if _, ok := look(); ok {
				t.Error("an idle session has a second factor")
			}
		})
	})
}

func flip(s string) string {
	if s[0] == 'A' {
		return "B" + s[1:]
	}
	return "A" + s[1:]
}

func TestSweep(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.activated(w.account(), "sweep@shop.example")
		_, err := w.door.Start(t.Context(), browser, s.email, s.password)
		w.must(nil, err)
		_, err = w.door.Start(t.Context(), browser, "nobody@shop.example", "x")
		refused(t, err, "wrong_credentials")
		w.signedIn(s)
		_, err = w.door.Start(t.Context(), browser, s.email, "wrong")
		refused(t, err, "wrong_credentials")
		w.must(nil, w.door.Sweep(t.Context()))
		if w.number(`SELECT COUNT(*) FROM challenges`) != 1 || w.number(`SELECT COUNT(*) FROM sessions`) != 2 || w.number(`SELECT COUNT(*) FROM signin_attempts`) != 2 {
			t.Error("swept what is alive")
		}
		w.clock.Advance(48 * time.Hour)
		w.must(nil, w.door.Sweep(t.Context()))
		for table, want := range map[string]int64{"challenges": 0, "sessions": 0, "session_seen": 0, "signin_attempts": 1} {
			if n := w.number(`SELECT COUNT(*) FROM ` + table); n != want {
				t.Errorf("%s: %d", table, n)
			}
		}
	})
}
