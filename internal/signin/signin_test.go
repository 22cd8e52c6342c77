//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"context"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/seal"
	"countersign/internal/signin"
)

func TestActivation(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()

		t.Run("I1 opening the link spends nothing, saving the password needs the second factor first", func(t *testing.T) {
			s := w.invited(shop, "i1@shop.example")
			for range 3 {
				v, err := w.door.Link(ctx, s.link)
				if err != nil || v.Problem != "" || v.Name != "Maxime Delacroix" || v.Identifier != s.email || v.CustomerID != shop.CustomerID || v.HasPassword || v.MinLength != 12 {
					t.Fatalf("%+v, %v", v, err)
				}
			}
			step, err := w.door.Activate(ctx, browser, s.link, s.password)
			w.must(nil, err)
			if step.Next != signin.NextSetup || step.Session != "" {
				t.Fatalf("%+v", step)
			}
			if m := w.member(shop.ID, s.id); m.ActivatedAt != 0 {
				t.Error("active before the second factor")
			}
			first, err := w.door.Setup(ctx, browser, step.Challenge)
			w.must(nil, err)
			again, err := w.door.Setup(ctx, browser, step.Challenge)
			w.must(nil, err)
			if first.App.Key != again.App.Key || len(first.App.QRPNG) == 0 {
				t.Error("another key when the page is loaded again")
			}
			s.key = first.App.Key.Reveal()
			_, err = w.door.FinishApp(ctx, browser, step.Challenge, w.wrongCodeFor(s), "")
			refused(t, err, "wrong_code")
			step, err = w.door.FinishApp(ctx, browser, step.Challenge, w.code(s), "")
			w.must(nil, err)
			if step.Next != signin.NextCodes || step.Session != "" {
				t.Fatalf("%+v", step)
			}
			if m := w.member(shop.ID, s.id); !m.Active() {
				t.Error("not active after the second factor")
			}
			step = w.kept(s, step)
			session, err := w.door.Session(ctx, step.Session)
			w.must(nil, err)
			if !session.SecondFactor || !session.Fresh || session.AccountID != shop.ID || session.Name() != "Maxime Delacroix" {
				t.Errorf("%+v", session)
			}
			want := []string{"password.set", "factor.added", "recovery_codes.made", "user.activated", "session.started"}
			if diff := cmp.Diff(want, w.actions(s.id)); diff != "" {
				t.Error(diff)
			}
		})

		t.Run("I1 without a required factor the password is enough", func(t *testing.T) {
			open := w.account("two_factor", "optional")
			s := w.invited(open, "open@shop.example")
			if v, _ := w.door.Link(ctx, s.link); v.MinLength != 15 {
				t.Errorf("a password alone may have %d characters", v.MinLength)
			}
			session, err := w.door.Session(ctx, w.finish(s))
			w.must(nil, err)
			if session.SecondFactor || !session.Fresh {
				t.Errorf("%+v", session)
			}
			if s, err := w.door.Session(ctx, w.signedIn(s)); err != nil || s.SecondFactor {
				t.Errorf("F6: %+v, %v", s, err)
			}
		})

		t.Run("I2 links that open nothing say why, and nothing about the person", func(t *testing.T) {
			unused := func(name string) *someone { return w.invited(shop, name+"@shop.example") }
			for problem, s := range map[string]*someone{
				"link_unknown": {link: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"},
				"link_used":    func() *someone { s := unused("used"); w.finish(s); return s }(),
				"link_replaced": func() *someone {
					s := unused("replaced")
					old := s.link
					w.resend(shop, s)
					s.link = old
					return s
				}(),
				"link_deactivated": func() *someone {
					s := unused("deactivated")
					w.exec(`UPDATE invitations SET deactivated_at = 1 WHERE token_hash = $1`, []byte(seal.HashToken(people.LinkPurpose, s.link.Reveal())))
					return s
				}(),
			} {
				v, err := w.door.Link(ctx, s.link)
				if err != nil || v.Problem != problem || v.Name != "" || v.Identifier != "" || v.Account != "" {
					t.Errorf("%s: %+v, %v", problem, v, err)
				}
				_, err = w.door.Activate(ctx, browser, s.link, goodPassword)
				refused(t, err, problem)
			}
			late := unused("late")
			w.clock.Advance(72*time.Hour - time.Microsecond)
			if v, _ := w.door.Link(ctx, late.link); v.Problem != "" {
				t.Error("dead before its time:", v.Problem)
			}
			w.clock.Advance(time.Microsecond)
			if v, _ := w.door.Link(ctx, late.link); v.Problem != "link_expired" {
				t.Errorf("%+v", v)
			}
			_, err := w.door.Activate(ctx, browser, late.link, goodPassword)
			refused(t, err, "link_expired")
		})

		t.Run("I1 thirty minutes to finish, then a new link", func(t *testing.T) {
			s := w.invited(shop, "slow@shop.example")
			step, err := w.door.Activate(ctx, browser, s.link, s.password)
			w.must(nil, err)
			view, err := w.door.Setup(ctx, browser, step.Challenge)
			w.must(nil, err)
			s.key = view.App.Key.Reveal()
			w.clock.Advance(30 * time.Minute)
			_, err = w.door.FinishApp(ctx, browser, step.Challenge, w.code(s), "")
			refused(t, err, "challenge_ended")
			_, err = w.door.Start(ctx, browser, s.email, s.password)
			refused(t, err, "activation_unfinished")
			_, err = w.door.Start(ctx, browser, s.email, "not the password")
			refused(t, err, "wrong_credentials")
			_, err = w.door.Activate(ctx, browser, s.link, s.password)
			refused(t, err, "link_used")
			w.resend(shop, s)
			if v, _ := w.door.Link(ctx, s.link); v.HasPassword {
				t.Error("asked to confirm a password that never let them in")
			}
			w.finish(s) // with the same password: it was never an earlier one
		})

		t.Run("I3 a half-finished activation dies with its link", func(t *testing.T) {
			s := w.invited(shop, "half@shop.example")
			step, err := w.door.Activate(ctx, browser, s.link, s.password)
			w.must(nil, err)
			view, err := w.door.Setup(ctx, browser, step.Challenge)
			w.must(nil, err)
			s.key = view.App.Key.Reveal()
			w.resend(shop, s)
			_, err = w.door.FinishApp(ctx, browser, step.Challenge, w.code(s), "")
			refused(t, err, "link_replaced")
			if w.number(`SELECT COUNT(*) FROM factors WHERE user_id = $1`, s.id) != 0 {
				t.Error("half of it happened")
			}
		})

		t.Run("A3 a password that will not do is refused by field, and the link still works", func(t *testing.T) {
			s := w.invited(shop, "weak@shop.example")
			for password, code := range map[string]string{"": "required", "short": "password_short", "delacroix and friends": "password_own_word", strings.Repeat("x", 4001): "password_too_long"} {
				_, err := w.door.Activate(ctx, browser, s.link, password)
				refused(t, err, "password: "+code)
			}
			w.finish(s)
		})

		t.Run("M1 whoever has a password confirms it", func(t *testing.T) {
			s := w.activated(shop, "both@shop.example")
			other := w.account()
			link := w.join(other, s.id, true)
			v, err := w.door.Link(ctx, link)
			if err != nil || !v.HasPassword {
				t.Fatalf("%+v, %v", v, err)
			}
			_, err = w.door.Activate(ctx, browser, link, "another long password")
			refused(t, err, "password: wrong_password")
			if w.number(`SELECT failed FROM signin_attempts WHERE user_id = $1`, s.id) != 1 {
				t.Error("the wrong password was not counted")
			}
			step, err := w.door.Activate(ctx, browser, link, s.password)
			if err != nil || step.Next != signin.NextCode || step.Session != "" {
				t.Fatalf("%+v, %v", step, err)
			}
			if m := w.member(other.ID, s.id); m.Active() {
				t.Error("active before the code")
			}
			step, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			w.must(nil, err)
			if m := w.member(other.ID, s.id); !m.Active() || step.AccountID != other.ID {
				t.Error("not active after the code")
			}
			if w.number(`SELECT COUNT(*) FROM password_history WHERE user_id = $1`, s.id) != 1 {
				t.Error("a password was set")
			}
		})

		t.Run("first run: the platform's administrator, whose account opens", func(t *testing.T) {
			if w.number(`SELECT COUNT(*) FROM accounts WHERE id = $1 AND is_open`, w.platform.ID) != 0 {
				t.Fatal("open before its administrator is active")
			}
			ada := &someone{email: "ada@northwind.example", password: goodPassword, id: w.text(`SELECT id FROM users WHERE email_key = 'ada@northwind.example'`)}
			ada.link = w.platformLink(ada.id)
			w.finish(ada)
			if w.number(`SELECT COUNT(*) FROM accounts WHERE id = $1 AND is_open AND admins = 1`, w.platform.ID) != 1 {
				t.Error("not open")
			}
		})
	})
}

func (w *world) member(accountID, userID string) (m people.Member) {
	w.t.Helper()
	w.view(func(tx *db.Tx) (err error) {
		m, _, err = people.MemberOf(tx, accountID, userID)
		return err
	})
	return m
}

func (w *world) platformLink(userID string) seal.Secret {
	w.t.Helper()
	s := &someone{id: userID}
	w.resend(w.platform, s)
	return s.link
}

func TestSignIn(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()

		t.Run("F3 every sign-in asks for the code", func(t *testing.T) {
			s := w.activated(shop, "f3@shop.example")
			for range 2 {
				step, err := w.door.Start(ctx, browser, " F3@Shop.Example ", s.password)
				if err != nil || step.Next != signin.NextCode || step.Session != "" || step.Challenge == "" {
					t.Fatalf("%+v, %v", step, err)
				}
				step, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: " " + w.code(s)[:3] + " " + w.code(s)[3:]})
				w.must(nil, err)
				if session, err := w.door.Session(ctx, step.Session); err != nil || !session.SecondFactor {
					t.Fatalf("%+v, %v", session, err)
				}
				w.clock.Advance(time.Minute)
			}
		})

		t.Run("F2 a factor that was reset is set up at the next sign-in", func(t *testing.T) {
			s := w.activated(shop, "f2@shop.example")
			cookie := w.signedIn(s)
			half, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			w.change(func(tx *db.Tx) error { // as people.ResetFactor does (U13)
				for _, table := range []string{"factors", "recovery_codes"} {
					if _, err := tx.Exec(`DELETE FROM `+table+` WHERE user_id = $1`, s.id); err != nil {
						return err
					}
				}
				return people.EndSessions(tx, s.id)
			})
			_, err = w.door.Session(ctx, cookie)
			refused(t, err, "session_ended")
			_, err = w.door.Prove(ctx, browser, half.Challenge, signin.Proof{Code: w.code(s)})
			refused(t, err, "challenge_ended")
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			if err != nil || step.Next != signin.NextSetup || step.Session != "" {
				t.Fatalf("%+v, %v", step, err)
			}
			old := s.key
			view, err := w.door.Setup(ctx, browser, step.Challenge)
			w.must(nil, err)
			if s.key = view.App.Key.Reveal(); s.key == old {
				t.Error("the lost key is shown again")
			}
			other, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: w.code(s)})
			refused(t, err, "challenge_ended")
			step, err = w.door.FinishApp(ctx, browser, step.Challenge, w.code(s), "")
			w.must(nil, err)
			step = w.kept(s, step)
			if _, err := w.door.Session(ctx, step.Session); err != nil {
				t.Error(err)
			}
			_, err = w.door.Setup(ctx, browser, other.Challenge)
			refused(t, err, "challenge_ended")
		})

		t.Run("missing and too long fields are named", func(t *testing.T) {
			_, err := w.door.Start(ctx, browser, "  ", "")
			refused(t, err, "identifier: required")
			refused(t, err, "password: required")
			_, err = w.door.Start(ctx, browser, strings.Repeat("a", 321), strings.Repeat("é", 1001))
			refused(t, err, "identifier: too_long")
			refused(t, err, "password: password_too_long")
			s := w.activated(shop, "fields@shop.example")
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			w.must(nil, err)
			for _, code := range []string{"", "12345", "abcdef"} {
				_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Code: code})
				if err == nil || !strings.Contains(err.Error(), "code: ") {
					t.Errorf("%q: %v", code, err)
				}
			}
			if n := w.number(`SELECT COALESCE(MAX(failed), 0) FROM signin_attempts WHERE user_id = $1`, s.id); n != 0 {
				t.Errorf("what is no code was counted %d times", n)
			}
		})

		t.Run("a password is stored under today's cost when it is next right", func(t *testing.T) {
			s := w.activated(shop, "rehash@shop.example")
			before := w.passwords
			defer func() { w.passwords, w.door = before, nil; w.door = w.openDoor() }()
			w.passwords = signin.NewPasswords(signin.Cost{MemoryKiB: 32, Passes: 1, Lanes: 1}, 1, 10, rand.Reader)
			w.door = w.openDoor()
			old := w.text(`SELECT password_hash FROM users WHERE id = $1`, s.id)
			w.signedIn(s)
			now := w.text(`SELECT password_hash FROM users WHERE id = $1`, s.id)
			if now == old || !strings.Contains(now, "m=32,") || w.text(`SELECT hash FROM password_history WHERE user_id = $1`, s.id) != now {
				t.Errorf("%s became %s", old, now)
			}
			w.signedIn(s)
			if w.text(`SELECT password_hash FROM users WHERE id = $1`, s.id) != now {
				t.Error("hashed anew once more")
			}
		})

		t.Run("U8 whoever is locked by inactivity or deactivated is a stranger", func(t *testing.T) {
			for _, c := range []struct{ name, query, cause string }{
				{"inactive", `UPDATE users SET inactive_locked_at = 1 WHERE id = $1`, "inactivity_locked"},
				{"deactivated", `UPDATE memberships SET deactivated_at = 1 WHERE user_id = $1`, "user_deactivated"},
			} {
				s := w.activated(shop, c.name+"@shop.example")
				cookie := w.signedIn(s)
				half, err := w.door.Start(ctx, browser, s.email, s.password)
				w.must(nil, err)
				w.exec(c.query, s.id)
				_, err = w.door.Session(ctx, cookie)
				refused(t, err, "session_ended")
				_, err = w.door.Prove(ctx, browser, half.Challenge, signin.Proof{Code: w.code(s)})
				refused(t, err, "challenge_ended")
				_, err = w.door.Start(ctx, browser, s.email, s.password)
				refused(t, err, "wrong_credentials")
				if list := w.actions(s.id); !contains(list, "signin.failed refused "+c.cause) {
					t.Errorf("%s: %q", c.name, list)
				}
			}
		})

		t.Run("the log holds no typed name", func(t *testing.T) {
			const typed = "MySecretPasswordTypedAsName"
			_, err := w.door.Start(ctx, browser, typed, "x")
			refused(t, err, "wrong_credentials")
			w.log.Close(context.Background())
			if n := w.number(`SELECT COUNT(*) FROM audit_entries WHERE action = $1 AND reason = 'unknown_name' AND target_id LIKE 'name:%'`, audit.SignInFailed); n == 0 {
				t.Error("the attempt is not in the log")
			}
			if n := w.number(`SELECT COUNT(*) FROM audit_entries WHERE LOWER(target_id || reason || changes) LIKE '%mysecret%'`); n != 0 {
				t.Error("the name is in the log")
			}
			if n := w.number(`SELECT COUNT(*) FROM signin_attempts WHERE LOWER(user_id) LIKE '%mysecret%'`); n != 0 {
				t.Error("the name is kept")
			}
		})
	})
}
