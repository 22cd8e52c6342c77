//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"encoding/base32"
	"strings"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/seal"
	"countersign/internal/signin"
)

func TestChangePassword(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()

		t.Run("A3 8.3.3 the others end, this one goes on, and the person is told", func(t *testing.T) {
			s := w.activated(shop, "change@shop.example")
			other, cookie := w.signedIn(s), w.signedIn(s)
			half, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			who := w.who(cookie)
			w.mails(s)
			refused(t, w.door.ChangePassword(ctx, who, "short"), "password: password_short")
			w.must(nil, w.door.ChangePassword(ctx, who, "orange teapots drift home"))
			if _, err := w.door.Session(ctx, cookie); err != nil {
				t.Error("signed out of the session in which the password was changed:", err)
			}
			_, err = w.door.Session(ctx, other)
			refused(t, err, "session_ended")
			_, err = w.door.Prove(ctx, browser, half.Challenge, signin.Proof{Code: w.code(s)})
			refused(t, err, "challenge_ended")
			_, err = w.door.Start(ctx, browser, s.email, s.password)
			refused(t, err, "wrong_credentials")
			s.password = "orange teapots drift home"
			w.signedIn(s)
			if !contains(w.actions(s.id), "password.changed") {
				t.Error("not in the log")
			}
			if got := w.mails(s); len(got) != 1 || got[0] != "password_changed" {
				t.Errorf("mailed %q", got)
			}
		})

		t.Run("A3 T-8.3.7 none of the last four, whatever the keyboard", func(t *testing.T) {
			s := w.activated(shop, "history@shop.example")
			s.password = goodPassword
			cookie := w.signedIn(s)
			change := func(next string) error {
				t.Helper()
				w.must(nil, w.door.Confirm(ctx, w.who(cookie), s.password, signin.Proof{Code: w.code(s)}))
				err := w.door.ChangePassword(ctx, w.who(cookie), next)
				w.clock.Advance(time.Minute)
				if err == nil {
					s.password = next
				}
				return err
			}
			refused(t, change(goodPassword), "password: password_used_before")
			for _, next := range []string{"orange teapots drift home", "cinq caf\u00e9s au marché", "slow trains cross rivers"} {
				w.must(nil, change(next))
			}
			refused(t, change("cinq cafe\u0301s au marché"), "password: password_used_before")
			refused(t, change(goodPassword), "password: password_used_before")
			w.must(nil, change("lamps above wet streets"))
			w.must(nil, change(goodPassword)) // the fifth last
		})

		t.Run("A6 T-8.3.3 password and second factor no more than five minutes ago, or nothing is changed", func(t *testing.T) {
			s := w.activated(shop, "stale@shop.example")
			cookie := w.signedIn(s)
			w.clock.Advance(6 * time.Minute)
			who := w.who(cookie)
			refused(t, w.door.ChangePassword(ctx, who, "orange teapots drift home"), "needs_fresh")
			if list := w.actions(s.id); list[len(list)-1] != "password.changed refused needs_fresh" {
				t.Errorf("%q", list)
			}
			w.must(nil, w.door.Confirm(ctx, who, s.password, signin.Proof{Code: w.code(s)}))
			w.must(nil, w.door.ChangePassword(ctx, who, "orange teapots drift home"))
		})
	})
}

func TestChallenges(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()

		t.Run("F3 ten minutes, and once", func(t *testing.T) {
			s := w.activated(shop, "f3@shop.example")
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			w.clock.Advance(10 * time.Minute)
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			refused(t, err, "challenge_ended")
			w.clock.Advance(-time.Microsecond)
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			w.must(nil, err)
			w.clock.Advance(30 * time.Second)
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			refused(t, err, "challenge_ended")
		})

		t.Run("F3 of another person, of another step, of nobody", func(t *testing.T) {
			s, other := w.activated(shop, "mine@shop.example"), w.activated(shop, "theirs@shop.example")
			step, err := w.door.Start(ctx, browser, other.email, other.password)
			w.must(nil, err)
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)}) // my code under their challenge
			refused(t, err, "wrong_code")
			_, err = w.door.Setup(ctx, browser, step.Challenge)
			refused(t, err, "challenge_ended")
			_, err = w.door.FinishApp(ctx, browser, step.Challenge, w.code(other), "")
			refused(t, err, "challenge_ended")
			cookie := w.signedIn(s)
			for _, token := range []seal.Secret{"", "x", cookie, s.link} {
				_, err = w.door.Prove(ctx, browser, token, signin.Proof{Code: w.code(s)})
				refused(t, err, "challenge_ended")
			}
		})

		t.Run("F2 a set-up is finished once, also from two tabs at once", func(t *testing.T) {
			s := w.invited(shop, "tabs@shop.example")
			step, err := w.door.Activate(ctx, browser, s.link, s.password)
			w.must(nil, err)
			view, err := w.door.Setup(ctx, browser, step.Challenge)
			w.must(nil, err)
			s.key = view.App.Key.Reveal()
			code, in := w.code(s), 0
			for _, err := range together(10, func(int) error {
				_, err := w.door.FinishApp(ctx, browser, step.Challenge, code, "")
				return err
			}) {
				if err == nil {
					in++
				} else {
					refused(t, err, "challenge_ended")
				}
			}
			if in != 1 || w.number(`SELECT COUNT(*) FROM factors WHERE user_id = $1`, s.id) != 1 {
				t.Errorf("%d finished", in)
			}
		})

		t.Run("I1 a link is spent once, ten times at once", func(t *testing.T) {
			s := w.invited(shop, "ten@shop.example")
			steps := make([]signin.Step, 10)
			spent := 0
			for _, err := range together(10, func(i int) (err error) {
				steps[i], err = w.door.Activate(ctx, browser, s.link, s.password)
				return err
			}) {
				if err == nil {
					spent++
				} else {
					refused(t, err, "link_used")
				}
			}
			if spent != 1 || w.number(`SELECT COUNT(*) FROM challenges WHERE user_id = $1`, s.id) != 1 || w.number(`SELECT COUNT(*) FROM password_history WHERE user_id = $1`, s.id) != 1 {
				t.Errorf("%d spent it", spent)
			}
		})

		t.Run("nothing secret is readable in the database", func(t *testing.T) {
			s := w.activated(shop, "rest@shop.example")
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			seed, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(s.key)
			w.must(nil, err)
			w.view(func(tx *db.Tx) error {
				for _, q := range []string{`SELECT sealed FROM factors`, `SELECT sealed FROM challenges`, `SELECT hash FROM challenges`, `SELECT hash FROM sessions`, `SELECT hash FROM recovery_codes`, `SELECT password_hash FROM users WHERE password_hash IS NOT NULL`} {
					rows, err := db.Column(tx, q)
					if err != nil {
						return err
					}
					for _, row := range rows {
						for _, secret := range []string{s.key, string(seed), step.Challenge.Reveal(), s.password} {
							if strings.Contains(row, secret) {
								t.Errorf("%s gives a secret away", q)
							}
						}
					}
				}
				return nil
			})
		})
	})
}
