//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/signin"
)

var recoveryCode = regexp.MustCompile(`^[0-9a-hj-km-np-tv-z]{4}-[0-9a-hj-km-np-tv-z]{4}-[0-9a-hj-km-np-tv-z]{4}$`)

func TestRecovery(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()
		use := func(s *someone, code string) (signin.Step, error) {
			t.Helper()
			step, _ := w.half(s)
			return w.door.Prove(ctx, browser, step.Challenge, signin.Proof{RecoveryCode: code})
		}

		t.Run("F7 shown after the set-up until they are kept, and never again", func(t *testing.T) {
			s := w.invited(shop, "f7@shop.example")
			step, err := w.door.Activate(ctx, browser, s.link, s.password)
			w.must(nil, err)
			view, err := w.door.Setup(ctx, browser, step.Challenge)
			w.must(nil, err)
			s.key = view.App.Key.Reveal()
			step, err = w.door.FinishApp(ctx, browser, step.Challenge, w.code(s), "")
			w.must(nil, err)
			first, err := w.door.RecoveryCodes(ctx, browser, step.Challenge)
			w.must(nil, err)
			again, err := w.door.RecoveryCodes(ctx, browser, step.Challenge)
			w.must(nil, err)
			if len(first) != 10 || !slices.Equal(first, again) {
				t.Fatalf("%d codes", len(first))
			}
			for i, code := range first {
				if !recoveryCode.MatchString(code.Reveal()) || slices.Contains(first[:i], code) {
					t.Errorf("%q", code.Reveal())
				}
			}
			for _, other := range []string{signin.NextCode, signin.NextSetup, signin.NextPassword} {
				refused(t, w.door.Opens(ctx, browser, step.Challenge, other), "challenge_ended")
			}
			done, err := w.door.Kept(ctx, browser, step.Challenge)
			if err != nil || done.Session == "" {
				t.Fatalf("%+v, %v", done, err)
			}
			_, err = w.door.RecoveryCodes(ctx, browser, step.Challenge)
			refused(t, err, "challenge_ended")
			_, err = w.door.Kept(ctx, browser, step.Challenge)
			refused(t, err, "challenge_ended")
		})

		t.Run("F7 whoever leaves the page of codes is in the next time, with them", func(t *testing.T) {
			s := w.invited(shop, "leaves@shop.example")
			step, err := w.door.Activate(ctx, browser, s.link, s.password)
			w.must(nil, err)
			view, err := w.door.Setup(ctx, browser, step.Challenge)
			w.must(nil, err)
			s.key = view.App.Key.Reveal()
			step, err = w.door.FinishApp(ctx, browser, step.Challenge, w.code(s), "")
			w.must(nil, err)
			codes, err := w.door.RecoveryCodes(ctx, browser, step.Challenge)
			w.must(nil, err)
			w.clock.Advance(31 * time.Minute)
			_, err = w.door.Kept(ctx, browser, step.Challenge)
			refused(t, err, "challenge_ended")
			in, err := use(s, codes[3].Reveal())
			if err != nil || in.Next != signin.NextDone {
				t.Errorf("%+v, %v", in, err)
			}
		})

		t.Run("F7 each works once, is told and recorded", func(t *testing.T) {
			s := w.activated(shop, "once@shop.example")
			typed := strings.ToUpper(strings.ReplaceAll(s.codes[4], "-", " "))
			step, err := use(s, " "+typed+" ")
			if err != nil || step.Next != signin.NextDone {
				t.Fatalf("%+v, %v", step, err)
			}
			session, err := w.door.Session(ctx, step.Session)
			if err != nil || !session.SecondFactor || !session.Fresh {
				t.Errorf("%+v, %v", session, err)
			}
			_, err = use(s, s.codes[4])
			refused(t, err, "wrong_recovery_code")
			if n := w.number(`SELECT failed FROM signin_attempts WHERE user_id = $1`, s.id); n != 1 {
				t.Errorf("%d attempts", n)
			}
			for i, code := range s.codes {
				if i != 4 {
					if _, err := use(s, code); err != nil {
						t.Fatalf("the code %d: %v", i, err)
					}
				}
			}
			step, q := w.half(s)
			if !slices.Equal(q.Kinds, []string{"totp"}) {
				t.Errorf("recovery codes are offered to whoever has none: %q", q.Kinds)
			}
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{RecoveryCode: s.codes[0]})
			refused(t, err, "wrong_recovery_code")
			var want []string
			for left := range 10 {
				want = append(want, fmt.Sprint("recovery_code_used left=", left))
			}
			if diff := cmp.Diff(want, w.mails(s)); diff != "" {
				t.Error(diff)
			}
			list := w.actions(s.id)
			if used := slices.DeleteFunc(slices.Clone(list), func(a string) bool { return a != "recovery_code.used" }); len(used) != 10 || !contains(list, "signin.failed refused wrong_recovery_code") {
				t.Errorf("%q", list)
			}
			if leak := strings.Join(w.texts(`SELECT changes FROM audit_entries WHERE target_id = $1`, s.id), "\n"); strings.Contains(leak, s.codes[4]) || strings.Contains(leak, strings.ReplaceAll(s.codes[4], "-", "")) {
				t.Error("the log has a code")
			}
		})

		t.Run("F7 twenty at once with one code, under as many challenges: one comes in", func(t *testing.T) {
			roomy := w.account("lock_attempts", "10")
			s := w.activated(roomy, "storm@shop.example")
			steps := make([]signin.Step, 20)
			for i := range steps {
				steps[i], _ = w.half(s)
			}
			in := 0
			for _, err := range together(20, func(i int) error {
				_, err := w.door.Prove(ctx, browser, steps[i].Challenge, signin.Proof{RecoveryCode: s.codes[0]})
				return err
			}) {
				if err == nil {
					in++
				} else {
					refused(t, err, "wrong_recovery_code")
				}
			}
			if in != 1 || w.number(`SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1 AND used_at IS NULL`, s.id) != 9 || len(w.mails(s)) != 1 {
				t.Errorf("%d came in", in)
			}
		})

		t.Run("F7 somebody else's code is none, and one evaluation says so", func(t *testing.T) {
			s, other := w.activated(shop, "mine@shop.example"), w.activated(shop, "theirs@shop.example")
			step, _ := w.half(s)
			before := w.passwords.Load().Checked
			_, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{RecoveryCode: other.codes[0]})
			refused(t, err, "wrong_recovery_code")
			if n := w.passwords.Load().Checked - before; n != 1 {
				t.Errorf("%d evaluations", n)
			}
			_, err = use(other, other.codes[0])
			w.must(nil, err)
		})

		t.Run("F7 a code is no password", func(t *testing.T) {
			s := w.activated(shop, "alone@shop.example")
			_, err := w.door.Start(ctx, browser, s.email, s.codes[0])
			refused(t, err, "wrong_credentials")
		})

		t.Run("F7 a lost phone: in by a code, another app, and the old one goes", func(t *testing.T) {
			s := w.activated(shop, "phone@shop.example")
			lost := w.text(`SELECT id FROM factors WHERE user_id = $1`, s.id)
			step, err := use(s, s.codes[9])
			w.must(nil, err)
			who := w.who(step.Session)
			refused(t, w.door.RemoveFactor(ctx, who, lost, 1), "last_factor")
			view, token, err := w.door.NewApp(ctx, who, "")
			w.must(nil, err)
			s.key = view.Key.Reveal()
			w.must(nil, w.door.AddApp(ctx, who, token, w.code(s), "New phone"))
			w.must(nil, w.door.RemoveFactor(ctx, who, lost, 1))
			w.clock.Advance(time.Minute)
			w.signedIn(s)
			if !slices.Equal(w.kinds(s), []string{"totp"}) || w.number(`SELECT COUNT(*) FROM factors WHERE id = $1`, lost) != 0 {
				t.Errorf("%q", w.kinds(s))
			}
		})
	})
}
