package signin_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/fault"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/test/testdb"
)

func TestLock(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()
		guess := func(t *testing.T, name string) {
			t.Helper()
			_, err := w.door.Start(ctx, browser, name, "not the password")
			refused(t, err, "wrong_credentials")
		}

		t.Run("A1 six wrong passwords lock for thirty minutes, then it opens by itself", func(t *testing.T) {
			s := w.activated(shop, "a1@shop.example")
			for range 5 {
				guess(t, s.email)
			}
			w.signedIn(s) // five are forgiven by the last factor
			for range 6 {
				guess(t, s.email)
			}
			checked := w.passwords.Load().Checked
			_, err := w.door.Start(ctx, browser, s.email, s.password)
			refused(t, err, "wrong_credentials")
			if w.passwords.Load().Checked != checked {
				t.Error("the right password was looked at during the lock")
			}
			w.clock.Advance(30*time.Minute - time.Microsecond)
			_, err = w.door.Start(ctx, browser, s.email, s.password)
			refused(t, err, "wrong_credentials")
			w.clock.Advance(time.Microsecond)
			w.signedIn(s)
			list := w.actions(s.id)
			if !contains(list, "signin.locked") || !contains(list, "signin.failed refused attempts_locked") || !contains(list, "signin.failed refused wrong_password") {
				t.Errorf("%q", list)
			}
		})

		t.Run("A1 wrong codes count with wrong passwords", func(t *testing.T) {
			s := w.activated(shop, "codes@shop.example")
			guess(t, s.email)
			guess(t, s.email)
			step, err := w.door.Start(ctx, browser, s.email, s.password) // right, but not the last factor: forgives nothing
			w.must(nil, err)
			for range 4 {
				_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.wrongCodeFor(s)})
				refused(t, err, "wrong_code")
			}
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			refused(t, err, "wrong_code")
			_, err = w.door.Start(ctx, browser, s.email, s.password)
			refused(t, err, "wrong_credentials")
			w.clock.Advance(30 * time.Minute)
			w.signedIn(s)
		})

		t.Run("A1 many right passwords without a code do not lock", func(t *testing.T) {
			s := w.activated(shop, "many@shop.example")
			for range 10 {
				if _, err := w.door.Start(ctx, browser, s.email, s.password); err != nil {
					t.Fatal(err)
				}
			}
		})

		t.Run("A1 the strictest account counts", func(t *testing.T) {
			strict := w.account("lock_attempts", "2", "lock_minutes", "60")
			s := w.activated(shop, "strict@shop.example")
			w.enters(s, w.join(strict, s.id, true))
			guess(t, s.email)
			guess(t, s.email)
			w.clock.Advance(59 * time.Minute)
			_, err := w.door.Start(ctx, browser, s.email, s.password)
			refused(t, err, "wrong_credentials")
			w.clock.Advance(time.Minute)
			w.signedIn(s)
		})

		t.Run("A1 without an end where the account says so", func(t *testing.T) {
			shut := w.account("lock_minutes", "0")
			s := w.activated(shut, "shut@shop.example")
			for range 6 {
				guess(t, s.email)
			}
			w.clock.Advance(10 * 365 * 24 * time.Hour)
			_, err := w.door.Start(ctx, browser, s.email, s.password)
			refused(t, err, "wrong_credentials")
		})

		t.Run("A1 fifty guesses at once get no more looks than the limit", func(t *testing.T) {
			s := w.activated(shop, "storm@shop.example")
			before := w.passwords.Load().Checked
			errs := together(50, func(int) error {
				_, err := w.door.Start(ctx, browser, s.email, "not the password")
				return err
			})
			for _, err := range errs {
				refused(t, err, "wrong_credentials")
			}
			if looks := w.passwords.Load().Checked - before; looks > 6 || looks == 0 {
				t.Errorf("%d looks", looks)
			}
			_, err := w.door.Start(ctx, browser, s.email, s.password)
			refused(t, err, "wrong_credentials")
			w.clock.Advance(30 * time.Minute)
			w.signedIn(s)
		})

		t.Run("A1 fifty code guesses at once too", func(t *testing.T) {
			s := w.activated(shop, "codestorm@shop.example")
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			wrong := w.wrongCodeFor(s)
			for _, err := range together(50, func(int) error {
				_, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: wrong})
				return err
			}) {
				refused(t, err, "wrong_code")
			}
			if failed := w.number(`SELECT failed FROM signin_attempts WHERE user_id = $1`, s.id); failed != 6 {
				t.Errorf("%d counted", failed)
			}
		})

		t.Run("A1 an unknown name is answered like a known one, locked or not", func(t *testing.T) {
			s := w.activated(shop, "known@shop.example")
			for i := range 8 {
				_, known := w.door.Start(ctx, browser, s.email, "not the password")
				_, unknown := w.door.Start(ctx, browser, "nobody@shop.example", "not the password")
				invited := w.invited(shop, "invited"+string(rune('a'+i))+"@shop.example")
				_, waiting := w.door.Start(ctx, browser, invited.email, "not the password")
				for _, err := range []error{unknown, waiting} {
					if diff := cmp.Diff(shown(known), shown(err)); diff != "" {
						t.Errorf("attempt %d: %s", i+1, diff)
					}
				}
			}
			load := w.passwords.Load()
			if load.Wasted == 0 {
				t.Error("nothing was done for the unknown name")
			}
			if n := w.number(`SELECT COUNT(*) FROM signin_attempts WHERE user_id LIKE 'name:%' AND locked_until IS NOT NULL`); n != 1 {
				t.Errorf("%d unknown names locked", n)
			}
		})
	})
}

// shown is all of an error that leaves the house.
func shown(err error) string {
	f := fault.From(err)
	return fmt.Sprint(f.Kind, f.Code, f.Permission, f.Args, f.Fields, f.RetryAfter)
}

// together runs f n times at once.
func together(n int, f func(int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = f(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

func TestLockSurvives(t *testing.T) {
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			address, box := testdb.Address(t, dialect), testdb.Box(t)
			clock := testdb.NewClock(time.Date(2026, 3, 4, 9, 0, 0, 0, time.UTC))
			w := newWorld(t, testdb.Open(t, dialect, testdb.Options{Address: address, Clock: clock, Box: box}), clock, cheap)
			s := w.activated(w.account(), "a1@shop.example")
			guess := func(n int) {
				for range n {
					_, err := w.door.Start(t.Context(), browser, s.email, "not the password")
					refused(t, err, "wrong_credentials")
				}
			}
			guess(4)
			again := testdb.Open(t, dialect, testdb.Options{Address: address, Clock: clock, Box: box})
			w.db = again
			w.door = w.openDoor()
			guess(2)
			_, err := w.door.Start(t.Context(), browser, s.email, s.password)
			refused(t, err, "wrong_credentials")
		})
	}
}

func TestBusy(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		s := w.activated(w.account(), "busy@shop.example")
		cookie := w.signedIn(s)
		step, _ := w.half(s)
		// One hash that takes long, and no queue.
		full := signin.NewPasswords(signin.Cost{MemoryKiB: 128 * 1024, Passes: 6, Lanes: 1}, 1, 0, rand.Reader)
		w.passwords = full
		w.door = w.openDoor()
		var wg sync.WaitGroup
		wg.Go(func() { _ = full.Waste(context.Background(), goodPassword) })
		for full.Load().Hashing == 0 {
			runtime.Gosched()
		}
		_, err := w.door.Start(t.Context(), browser, s.email, s.password)
		if f := fault.From(err); f == nil || f.Kind != fault.Busy || f.RetryAfter != 2*time.Second {
			t.Errorf("got %v", err)
		}
		_, err = w.door.Prove(t.Context(), browser, step.Challenge, signin.Proof{RecoveryCode: s.codes[0]})
		refused(t, err, "busy")
		if _, err := w.door.Session(t.Context(), cookie); err != nil {
			t.Error("whoever is in waited for it:", err)
		}
		if full.Load().Hashing == 0 {
			t.Error("the hash was over before the sign-in came: this shows nothing")
		}
		wg.Wait()
		if n := w.number(`SELECT COALESCE(MAX(failed), 0) FROM signin_attempts WHERE user_id = $1`, s.id); n != 0 {
			t.Errorf("turned away, and counted %d times", n)
		}
	})
}

func TestCodesOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()
		sessions := func(id string) int64 { return w.number(`SELECT COUNT(*) FROM sessions WHERE user_id = $1`, id) }

		t.Run("F3 a code works once, twenty times at once with one challenge", func(t *testing.T) {
			s := w.activated(shop, "one@shop.example")
			before := sessions(s.id)
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			code := w.code(s)
			in := 0
			for _, err := range together(20, func(int) error {
				_, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: code})
				return err
			}) {
				if err == nil {
					in++
				}
			}
			if in != 1 || sessions(s.id) != before+1 {
				t.Errorf("%d got in, %d sessions", in, sessions(s.id)-before)
			}
		})

		t.Run("F3 and with twenty challenges, on two nodes", func(t *testing.T) {
			s := w.activated(shop, "twenty@shop.example")
			before := sessions(s.id)
			doors := []*signin.Door{w.door, w.openDoor()}
			var challenges []seal.Secret
			for range 20 {
				step, err := w.door.Start(ctx, browser, s.email, s.password)
				w.must(nil, err)
				challenges = append(challenges, step.Challenge)
			}
			code := w.code(s)
			in := 0
			for _, err := range together(20, func(i int) error {
				_, err := doors[i%2].Prove(ctx, browser, challenges[i], signin.Proof{Code: code})
				return err
			}) {
				if err == nil {
					in++
				} else {
					refused(t, err, "wrong_code")
				}
			}
			if in != 1 || sessions(s.id) != before+1 {
				t.Errorf("%d got in, %d sessions", in, sessions(s.id)-before)
			}
		})

		t.Run("F3 in the step after as little as in its own, and none before it", func(t *testing.T) {
			s := w.activated(shop, "later@shop.example")
			code := w.code(s)
			w.clock.Advance(-30 * time.Second)
			early := w.code(s)
			w.clock.Advance(30 * time.Second)
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: code})
			w.must(nil, err)
			if step, err = w.door.Start(ctx, browser, s.email, s.password); err != nil {
				t.Fatal(err)
			}
			for _, used := range []string{code, early} {
				_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: used})
				refused(t, err, "wrong_code")
			}
			w.clock.Advance(30 * time.Second)
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: code})
			refused(t, err, "wrong_code")
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			w.must(nil, err)
		})

		t.Run("F2 the code that set the app up does not sign in", func(t *testing.T) {
			s := w.activated(shop, "setup@shop.example")
			w.clock.Advance(-time.Minute) // back to the moment of the set-up
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			refused(t, err, "wrong_code")
		})
	})
}
