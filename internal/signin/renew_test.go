//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/signin"
)

func TestRenew(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()
		// asked goes up to the step in which another password is asked for.
		asked := func(t *testing.T, s *someone, why string) signin.Step {
			t.Helper()
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			if step.Next != signin.NextCode {
				t.Fatalf("the second factor is not asked first: %+v", step)
			}
			step, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			w.must(nil, err)
			w.clock.Advance(time.Minute)
			if step.Next != signin.NextChange || step.Session != "" {
				t.Fatalf("%+v", step)
			}
			r, err := w.door.AskRenewal(ctx, browser, step.Challenge)
			w.must(nil, err)
			if r.Why != why || r.Identifier != s.email || r.MinLength != 12 {
				t.Errorf("%+v", r)
			}
			return step
		}

		t.Run("U11 another password is chosen between the last factor and the session", func(t *testing.T) {
			s := w.activated(shop, "asked@shop.example")
			w.exec(`UPDATE users SET change_password_since = $1 WHERE id = $2`, w.clock.Now().UnixMicro(), s.id)
			w.mails(s)
			step := asked(t, s, signin.WhyAsked)
			for password, code := range map[string]string{"": "required", "short": "password_short", s.password: "password_used_before", "maxime maxime maxime": "password_own_word"} {
				_, err := w.door.Renew(ctx, browser, step.Challenge, password)
				refused(t, err, "password: "+code)
			}
			done, err := w.door.Renew(ctx, browser, step.Challenge, nextPassword)
			w.must(nil, err)
			if done.Next != signin.NextDone {
				t.Fatalf("%+v", done)
			}
			if _, err := w.door.Session(ctx, done.Session); err != nil {
				t.Error(err)
			}
			if who := w.who(done.Session); !who.SecondFactor || !who.Fresh {
				t.Errorf("the factors that were shown are forgotten: %+v", who)
			}
			if got := w.mails(s); len(got) != 1 || got[0] != "password_changed" {
				t.Errorf("mailed %q", got)
			}
			_, err = w.door.Renew(ctx, browser, step.Challenge, "yet another long password")
			refused(t, err, "challenge_ended")
			s.password = nextPassword
			w.signedIn(s) // and is not asked again
			if list := w.actions(s.id); !contains(list, "signin.proved") || !contains(list, "password.changed") {
				t.Errorf("%q", list)
			}
		})

		t.Run("A3 a password older than password_days leads to the same step", func(t *testing.T) {
			old := w.account("password_days", "30")
			s := w.activated(old, "expired@shop.example")
			w.clock.Advance(30*24*time.Hour - 2*time.Minute)
			cookie := w.signedIn(s)
			w.clock.Advance(10 * time.Minute)
			if _, err := w.door.Session(ctx, cookie); err != nil {
				t.Error("a session that becomes overdue does not go on:", err)
			}
			step := asked(t, s, signin.WhyExpired)
			_, err := w.door.Renew(ctx, browser, step.Challenge, nextPassword)
			w.must(nil, err)
			s.password = nextPassword
			w.signedIn(s)
		})

		t.Run("A3 the strictest of several accounts counts", func(t *testing.T) {
			s := w.activated(w.account("password_days", "300"), "several@shop.example")
			w.enters(s, w.join(w.account("password_days", "10"), s.id, true))
			w.clock.Advance(10 * 24 * time.Hour)
			asked(t, s, signin.WhyExpired)
		})

		t.Run("attack: the step opens nothing else, and nothing else opens it", func(t *testing.T) {
			s := w.activated(shop, "steps@shop.example")
			half, _ := w.half(s)
			_, err := w.door.Renew(ctx, browser, half.Challenge, nextPassword)
			refused(t, err, "challenge_ended") // without the second factor
			if n := w.number(`SELECT COUNT(*) FROM password_history WHERE user_id = $1`, s.id); n != 1 {
				t.Error("the password was changed")
			}
			w.exec(`UPDATE users SET change_password_since = 1 WHERE id = $1`, s.id)
			step := asked(t, s, signin.WhyAsked)
			if _, err := w.door.Session(ctx, step.Challenge); err == nil {
				t.Error("the challenge opens the portal")
			}
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			refused(t, err, "challenge_ended")
			_, err = w.door.Kept(ctx, browser, step.Challenge)
			refused(t, err, "challenge_ended")
			again := asked(t, s, signin.WhyAsked)
			w.clock.Advance(31 * time.Minute)
			_, err = w.door.Renew(ctx, browser, again.Challenge, nextPassword)
			refused(t, err, "challenge_ended")
		})

		t.Run("attack: a step that is over is nobody's doing, whoever else is signed in on the device", func(t *testing.T) {
			other := w.activated(shop, "device@shop.example")
			for _, ask := range []func(db.Who) error{
				func(who db.Who) error { _, err := w.door.Ask(ctx, who, "none"); return err },
				func(who db.Who) error { _, err := w.door.Setup(ctx, who, "none"); return err },
				func(who db.Who) error { _, err := w.door.RecoveryCodes(ctx, who, "none"); return err },
				func(who db.Who) error { _, err := w.door.AskRenewal(ctx, who, "none"); return err },
			} {
				refused(t, ask(w.who(w.signedIn(other))), "challenge_ended")
			}
			w.log.Close(ctx)
			if n := w.number(`SELECT COUNT(*) FROM audit_entries WHERE actor_id = $1 AND reason = 'challenge_ended'`, other.id); n != 0 {
				t.Errorf("%d entries say that it was them", n)
			}
		})

		t.Run("attack: the step dies with deactivation and with another password", func(t *testing.T) {
			for name, kill := range map[string]func(*someone){
				"deactivated": func(s *someone) {
					w.exec(`UPDATE memberships SET deactivated_at = 1, deactivated_by = 'x' WHERE user_id = $1`, s.id)
				},
				"locked": func(s *someone) { w.exec(`UPDATE users SET inactive_locked_at = 1 WHERE id = $1`, s.id) },
				"reset": func(s *someone) {
					w.forgets(s.email)
					w.must(w.door.Reset(ctx, browser, w.resetLink(s), "chestnut lanterns float by"))
				},
			} {
				s := w.activated(shop, name+"-step@shop.example")
				w.mails(s)
				w.exec(`UPDATE users SET change_password_since = 1 WHERE id = $1`, s.id)
				step := asked(t, s, signin.WhyAsked)
				kill(s)
				got, err := w.door.Renew(ctx, browser, step.Challenge, nextPassword)
				if err == nil || got.Session != "" {
					t.Errorf("%s: came in all the same", name)
				}
			}
		})
	})
}

func TestLockIsTold(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		lock := func(email string, tries int) {
			for range tries {
				w.door.Start(ctx, browser, email, "not the password")
			}
			w.must(w.door.Errands(ctx))
		}

		t.Run("A1 the person is told once, with until when", func(t *testing.T) {
			s := w.activated(w.account(), "told@shop.example")
			w.mails(s)
			lock(s.email, 5)
			if got := w.mails(s); len(got) != 0 {
				t.Errorf("told before it was locked: %q", got)
			}
			lock(s.email, 20)
			until := w.clock.Now().Add(30 * time.Minute).UTC().Format(time.RFC3339)
			if got := w.mails(s); len(got) != 1 || got[0] != "signin_locked until="+until {
				t.Errorf("mailed %q", got)
			}
			if who := w.texts(`SELECT actor_kind || ' ' || actor_id FROM audit_entries WHERE action = 'signin.lock_told' AND target_id = '` + s.id + `'`); len(who) != 1 || who[0] != "system errands" {
				t.Errorf("L1 the log says that %q told them", who)
			}
			w.clock.Advance(31 * time.Minute)
			lock(s.email, 6)
			if got := w.mails(s); len(got) != 1 {
				t.Errorf("the next lock: %q", got)
			}
			if n := len(w.texts(`SELECT id FROM signin_errands`)); n != 0 {
				t.Errorf("%d errands are left", n)
			}
		})

		t.Run("A1 of a lock without an end they are told so", func(t *testing.T) {
			s := w.activated(w.account("lock_minutes", "0"), "shut@shop.example")
			w.mails(s)
			lock(s.email, 6)
			if got := w.mails(s); len(got) != 1 || got[0] != "signin_shut" {
				t.Errorf("mailed %q", got)
			}
		})

		t.Run("attack: a lock of a name that nobody has mails nobody, and does the same", func(t *testing.T) {
			gone := w.activated(w.account(), "leaver@shop.example")
			w.exec(`UPDATE memberships SET deactivated_at = 1, deactivated_by = 'x' WHERE user_id = $1`, gone.id)
			w.mails(gone)
			for _, email := range []string{"nobody-locked@shop.example", gone.email} {
				for range 6 {
					w.door.Start(ctx, browser, email, "not the password")
				}
				if n := w.number(`SELECT COUNT(*) FROM signin_errands`); n != 1 {
					t.Errorf("%s: %d errands", email, n)
				}
				before := w.number(`SELECT COUNT(*) FROM outbox`)
				w.must(w.door.Errands(ctx))
				if w.number(`SELECT COUNT(*) FROM outbox`) != before {
					t.Errorf("%s is mailed", email)
				}
			}
		})
	})
}

func TestInactive(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		const day = 24 * time.Hour
		shop := w.account()
		run := func() {
			t.Helper()
			w.clock.Advance(day)
			w.must(nil, w.door.LockInactive(ctx))
		}
		locked := func(s *someone) bool {
			return w.number(`SELECT COUNT(*) FROM users WHERE id = $1 AND inactive_locked_at IS NOT NULL`, s.id) == 1
		}

		t.Run("A2 T-8.2.6 ninety days without sign-in lock, after a warning a week before", func(t *testing.T) {
			s, other := w.activated(shop, "away@shop.example"), w.activated(shop, "here@shop.example")
			w.signedIn(s)
			w.mails(s)
			w.clock.Advance(82 * day)
			w.signedIn(other)
			w.must(nil, w.door.LockInactive(ctx))
			if got := w.mails(s); len(got) != 0 || locked(s) {
				t.Fatalf("too early: %q", got)
			}
			run()
			if got := w.mails(s); len(got) != 1 || !strings.HasPrefix(got[0], "inactivity_warning account=") || !strings.Contains(got[0], "until=") {
				t.Fatalf("the warning: %q", got)
			}
			for range 6 {
				run()
			}
			if locked(s) || len(w.mails(s)) != 0 {
				t.Fatal("locked too early, or warned again")
			}
			run()
			if !locked(s) || locked(other) {
				t.Fatal("not locked, or somebody else is")
			}
			_, err := w.door.Start(ctx, browser, s.email, s.password)
			refused(t, err, "wrong_credentials")
			_, err = w.door.Start(ctx, browser, s.email, "not the password")
			refused(t, err, "wrong_credentials")
			list := w.actions(s.id)
			if !contains(list, "user.inactivity_warned") || !contains(list, "user.locked_inactive") || list[len(list)-1] != "signin.failed refused inactivity_locked" {
				t.Errorf("%q", list)
			}
		})

		t.Run("A2 whoever signs in after the warning stays, and so does whoever was let in again", func(t *testing.T) {
			s := w.activated(shop, "back@shop.example")
			woken := w.activated(shop, "woken@shop.example")
			w.clock.Advance(84 * day)
			w.must(nil, w.door.LockInactive(ctx))
			w.signedIn(s)
			for range 8 {
				run()
			}
			if locked(s) || !locked(woken) {
				t.Fatal("the sign-in did not count, or the other is not locked")
			}
			w.exec(`UPDATE users SET inactive_locked_at = NULL, awake_since = $1 WHERE id = $2`, w.clock.Now().UnixMicro(), woken.id)
			run()
			if locked(woken) {
				t.Error("locked again the next day")
			}
			w.signedIn(woken)
		})

		t.Run("A2 A5 a lock shuts sessions that are open, and half-finished sign-ins", func(t *testing.T) {
			s := w.activated(shop, "open@shop.example")
			cookie := w.signedIn(s)
			half, _ := w.half(s)
			w.exec(`UPDATE users SET inactive_locked_at = 1 WHERE id = $1`, s.id)
			_, err := w.door.Session(ctx, cookie)
			refused(t, err, "session_ended")
			if step, err := w.door.Prove(ctx, browser, half.Challenge, signin.Proof{Code: w.code(s)}); err == nil || step.Session != "" {
				t.Error("came in")
			}
		})

		t.Run("A2 the shortest of the accounts counts, from when the last of them began", func(t *testing.T) {
			s := w.activated(shop, "short@shop.example")
			w.enters(s, w.join(w.account("inactivity_days", "5"), s.id, true))
			for range 4 {
				run()
			}
			if locked(s) {
				t.Fatal("too early")
			}
			run()
			if !locked(s) {
				t.Error("not locked")
			}
		})

		t.Run("A2 whoever was away too long does not come in before the job has run either", func(t *testing.T) {
			s := w.activated(shop, "between@shop.example")
			w.clock.Advance(91 * day)
			_, err := w.door.Start(ctx, browser, s.email, s.password)
			refused(t, err, "wrong_credentials")
			if got := w.lastAction(s.id); got != "signin.failed refused inactivity_locked" {
				t.Errorf("the log says %q", got)
			}
		})

		t.Run("A2 one node a day does it", func(t *testing.T) {
			w.clock.Advance(day)
			s := w.activated(shop, "lease@shop.example")
			w.must(nil, w.door.LockInactive(ctx))
			w.exec(`UPDATE users SET last_sign_in_at = 1 WHERE id = $1`, s.id)
			w.exec(`UPDATE memberships SET activated_at = 1 WHERE user_id = $1`, s.id)
			w.must(nil, w.openDoor().LockInactive(ctx))
			if locked(s) {
				t.Error("it ran twice in a day")
			}
			run()
			if !locked(s) {
				t.Error("it did not run the next day")
			}
		})
	})
}
