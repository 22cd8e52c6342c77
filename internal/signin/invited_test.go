//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"testing"
	"time"

	"countersign/internal/org"
)

// TestAttackInvited has a stranger's account, as strict as one can be, invite people
// of others: what it asks for counts from when they come in to it, and not before.
func TestAttackInvited(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account("two_factor", "by_user")
		strict := w.account("lock_attempts", "2", "lock_minutes", "0", "password_length", "60", "password_classes", "4", "session_absolute", "1h", "two_factor", "by_user")
		guess := func(t *testing.T, s *someone, times int) {
			t.Helper()
			for range times {
				_, err := w.door.Start(ctx, browser, s.email, "not the password")
				refused(t, err, "wrong_credentials")
			}
		}
		locked := func(s *someone) bool {
			return w.number(`SELECT COUNT(*) FROM signin_attempts WHERE user_id = $1 AND locked_until > $2`, s.id, w.clock.Now().UnixMicro()) == 1
		}
		// lasts tells how long a session is that begins now.
		lasts := func(t *testing.T, s *someone) time.Duration {
			t.Helper()
			session, err := w.door.Session(ctx, w.signedIn(s))
			w.must(nil, err)
			return time.Duration(session.ExpiresAt-session.CreatedAt) * time.Microsecond
		}
		// asked is the length that a reset link asks for.
		asked := func(t *testing.T, s *someone) int {
			t.Helper()
			w.forgets(s.email)
			v, err := w.door.LookAtReset(ctx, w.resetLink(s))
			w.must(nil, err)
			return v.MinLength
		}

		t.Run("A1 it locks nobody sooner or for longer", func(t *testing.T) {
			s := w.activated(shop, "lock@shop.example")
			w.join(strict, s.id, false)
			guess(t, s, 5)
			w.signedIn(s)
			guess(t, s, 6)
			if !locked(s) {
				t.Fatal("their own account does not lock")
			}
			w.clock.Advance(30 * time.Minute)
			w.signedIn(s)
			w.must(w.door.Activate(ctx, browser, w.join(w.account("lock_attempts", "3", "two_factor", "by_user"), s.id, false), s.password))
			guess(t, s, 3)
			if !locked(s) {
				t.Error("the account that they came in to does not count")
			}
		})

		t.Run("A3 it asks for no other password, neither in a reset nor in another's link", func(t *testing.T) {
			s := w.activated(shop, "length@shop.example")
			link := w.join(strict, s.id, false)
			if n := asked(t, s); n != 15 {
				t.Errorf("a reset asks for %d", n)
			}
			w.must(w.door.Activate(ctx, browser, link, s.password))
			if n := asked(t, s); n != 60 {
				t.Errorf("once they are in, a reset asks for %d", n)
			}

			waits := w.invited(shop, "waits@shop.example")
			theirs := w.join(strict, waits.id, false)
			for of, want := range map[*someone]int{waits: 15, {link: theirs}: 60} {
				v, err := w.door.Link(ctx, of.link)
				w.must(nil, err)
				if v.MinLength != want {
					t.Errorf("the link asks for %d, not %d", v.MinLength, want)
				}
			}
			w.finish(waits)
		})

		t.Run("A5 it ends no session sooner", func(t *testing.T) {
			s := w.activated(shop, "session@shop.example")
			link := w.join(strict, s.id, false)
			if d := lasts(t, s); d != 12*time.Hour {
				t.Errorf("a session lasts %v", d)
			}
			step, err := w.door.Activate(ctx, browser, link, s.password)
			w.must(nil, err)
			session, err := w.door.Session(ctx, step.Session)
			w.must(nil, err)
			if d := time.Duration(session.ExpiresAt-session.CreatedAt) * time.Microsecond; d != time.Hour {
				t.Errorf("the session in which they come in lasts %v", d)
			}
		})

		t.Run("A1 whoever is in nowhere yet follows all that wait for them", func(t *testing.T) {
			for email, accounts := range map[string][]org.Account{"strict-first@shop.example": {strict, shop}, "shop-first@shop.example": {shop, strict}} {
				s := w.invited(accounts[0], email)
				w.join(accounts[1], s.id, false)
				guess(t, s, 1)
				if locked(s) {
					t.Error("locked too soon")
				}
				guess(t, s, 1)
				if !locked(s) {
					t.Error("not locked")
				}
			}
		})
	})
}
