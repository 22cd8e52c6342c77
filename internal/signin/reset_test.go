package signin_test

import (
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/seal"
	"countersign/internal/signin"
)

const nextPassword = "orange teapots drift home"

// forgets asks for a link as somebody does who has forgotten their password, and has done what comes of it.
func (w *world) forgets(email string) {
	w.t.Helper()
	w.must(nil, w.door.AskReset(w.t.Context(), browser, signin.Forgotten{Email: email}))
	w.must(w.door.Errands(w.t.Context()))
}

// resetLink is the link in the last mail that somebody got, which must be one; the mails before it are looked at too.
func (w *world) resetLink(s *someone) seal.Secret {
	w.t.Helper()
	for _, m := range w.mails(s) {
		if _, token, ok := strings.Cut(m, " token="); ok {
			return seal.Secret(token)
		}
	}
	w.t.Fatalf("no link was mailed to %s", s.email)
	return ""
}

// lastAction is what the log says last about a person, or about a name that nobody has.
func (w *world) lastAction(id string) string {
	list := w.actions(id)
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

func TestForgotten(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()

		t.Run("I6 a link comes by mail, sets another password once, and lets nobody in by itself", func(t *testing.T) {
			s := w.activated(shop, "forgot@shop.example")
			cookie := w.signedIn(s)
			half, _ := w.half(s)
			w.mails(s)
			w.must(nil, w.door.AskReset(ctx, browser, signin.Forgotten{Email: " FORGOT@shop.example "}))
			if got := w.mails(s); len(got) != 0 {
				t.Fatalf("mailed while they waited for the answer: %q", got)
			}
			w.must(w.door.Errands(ctx))
			link := w.resetLink(s)
			for range 2 { // looking spends nothing
				v, err := w.door.LookAtReset(ctx, link)
				w.must(nil, err)
				if v.Problem != "" || v.Identifier != s.email || v.MinLength != 12 || v.StaysShut || v.ExpiresAt != w.clock.Now().Add(time.Hour).UnixMicro() {
					t.Fatalf("%+v", v)
				}
			}
			_, err := w.door.Reset(ctx, browser, link, "short")
			refused(t, err, "password: password_short")
			_, err = w.door.Reset(ctx, browser, link, s.password)
			refused(t, err, "password: password_used_before")
			_, err = w.door.Reset(ctx, browser, link, "delacroix delacroix 7")
			refused(t, err, "password: password_own_word")
			if _, err := w.door.Session(ctx, cookie); err != nil {
				t.Error("a session ended before the link was used:", err)
			}
			shut, err := w.door.Reset(ctx, browser, link, nextPassword)
			if err != nil || shut {
				t.Fatal(shut, err)
			}
			_, err = w.door.Session(ctx, cookie)
			refused(t, err, "session_ended")
			_, err = w.door.Prove(ctx, browser, half.Challenge, signin.Proof{Code: w.code(s)})
			refused(t, err, "challenge_ended")
			if got := w.mails(s); len(got) != 1 || got[0] != "password_changed" {
				t.Errorf("mailed %q", got)
			}
			_, err = w.door.Reset(ctx, browser, link, "yet another long password")
			refused(t, err, "link_used")
			v, err := w.door.LookAtReset(ctx, link)
			w.must(nil, err)
			if v.Problem != "link_used" || v.At != w.clock.Now().UnixMicro() || v.Identifier != "" {
				t.Errorf("a used link tells %+v", v)
			}
			if _, err = w.door.Start(ctx, browser, s.email, s.password); err == nil {
				t.Error("the old password still works")
			}
			s.password = nextPassword
			step, err := w.door.Start(ctx, browser, s.email, s.password)
			if w.must(nil, err); step.Next != signin.NextCode {
				t.Fatalf("the second factor is not asked: %+v", step)
			}
			if list := w.actions(s.id); !contains(list, "password.reset_asked") || !contains(list, "password.reset") || !contains(list, "password.reset refused link_used") {
				t.Errorf("the log: %q", list)
			}
		})

		t.Run("I6 nobody else gets a mail, and the log says why", func(t *testing.T) {
			invited := w.invited(shop, "never@shop.example")
			gone := w.activated(shop, "gone@shop.example")
			w.exec(`UPDATE memberships SET deactivated_at = 1, deactivated_by = 'x' WHERE user_id = $1`, gone.id)
			half := w.activated(shop, "half@shop.example")
			w.exec(`DELETE FROM factors WHERE user_id = $1`, half.id)
			for _, x := range []struct {
				s     *someone
				cause string
			}{{invited, "activation_unfinished"}, {gone, "user_deactivated"}, {half, "mailbox_alone"}} {
				w.mails(x.s)
				w.forgets(x.s.email)
				if got := w.mails(x.s); len(got) != 0 {
					t.Errorf("%s is mailed %q", x.s.email, got)
				}
				if got := w.lastAction(x.s.id); got != "password.reset_asked refused "+x.cause {
					t.Errorf("%s: the log says %q", x.s.email, got)
				}
			}
			before := w.number(`SELECT COUNT(*) FROM outbox`)
			w.forgets("stranger@shop.example")
			if n := w.number(`SELECT COUNT(*) FROM outbox`); n != before {
				t.Error("a stranger is mailed")
			}
			names := w.texts(`SELECT target_id FROM audit_entries WHERE action = 'password.reset_asked' AND reason = 'unknown_name'`)
			if len(names) != 1 || !strings.HasPrefix(names[0], "name:") || strings.Contains(names[0], "stranger") {
				t.Errorf("logged about %q", names)
			}
		})

		t.Run("I6 what was typed is sealed until it is looked at, and is gone afterwards", func(t *testing.T) {
			w.must(nil, w.door.AskReset(ctx, browser, signin.Forgotten{Email: "secretive@shop.example"}))
			if n := w.number(`SELECT COUNT(*) FROM signin_errands`); n != 1 {
				t.Fatalf("%d errands", n)
			}
			if n := w.number(`SELECT COUNT(*) FROM signin_errands WHERE CAST(sealed AS TEXT) LIKE '%secretive%'`); n != 0 {
				t.Error("the address is readable")
			}
			w.must(w.door.Errands(ctx))
			if n := w.number(`SELECT COUNT(*) FROM signin_errands`); n != 0 {
				t.Errorf("%d errands are left", n)
			}
		})

		t.Run("I6 what is no address is told beside the field, before anything is done", func(t *testing.T) {
			for typed, code := range map[string]string{"": "required", "  ": "required", "maxime": "email", "a@b@c": "email", "x@shop.example\nBcc: y@evil.example": "email", strings.Repeat("x", 300) + "@shop.example": "email"} {
				refused(t, w.door.AskReset(ctx, browser, signin.Forgotten{Email: typed}), "email: "+code)
			}
			if n := w.number(`SELECT COUNT(*) FROM signin_errands`); n != 0 {
				t.Errorf("%d errands", n)
			}
		})

		t.Run("attack: a mailbox is not flooded, from one address or from many", func(t *testing.T) {
			s := w.activated(shop, "flooded@shop.example")
			w.mails(s)
			for i := range 10 {
				who := browser
				who.IP = netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})
				w.must(nil, w.door.AskReset(ctx, who, signin.Forgotten{Email: s.email}))
			}
			w.must(w.door.Errands(ctx))
			if got := w.mails(s); len(got) != 3 {
				t.Errorf("%d mails within the hour", len(got))
			}
			if got := w.lastAction(s.id); got != "password.reset_asked refused too_many_mails" {
				t.Errorf("the log says %q", got)
			}
			w.clock.Advance(time.Hour + time.Second)
			w.forgets(s.email)
			w.resetLink(s)
		})

		t.Run("attack: one network address asks twenty times an hour, and is not told", func(t *testing.T) {
			count := func(who func(i int) db.Who) int64 {
				w.must(w.door.Errands(ctx))
				for i := range 50 {
					w.must(nil, w.door.AskReset(ctx, who(i), signin.Forgotten{Email: fmt.Sprintf("x%d@shop.example", i)}))
				}
				return w.number(`SELECT COUNT(*) FROM signin_errands`)
			}
			from := func(text func(i int) string) func(int) db.Who {
				return func(i int) db.Who {
					who := browser
					who.IP = netip.MustParseAddr(text(i))
					return who
				}
			}
			if n := count(from(func(int) string { return "203.0.113.50" })); n != 20 {
				t.Errorf("%d are taken from one address", n)
			}
			if n := count(from(func(i int) string { return fmt.Sprintf("2001:db8:7:7::%x", i+1) })); n != 20 {
				t.Errorf("%d are taken from one network of IPv6", n)
			}
			if n := count(from(func(i int) string { return fmt.Sprintf("2001:db8:8:%x::1", i+1) })); n != 50 {
				t.Errorf("%d are taken from many networks", n)
			}
			w.clock.Advance(time.Hour + time.Second)
			if n := count(from(func(int) string { return "203.0.113.50" })); n != 20 {
				t.Errorf("%d are taken an hour later", n)
			}
			w.must(w.door.Errands(ctx))
			w.clock.Advance(2 * time.Hour)
			w.must(nil, w.door.Sweep(ctx))
			if n := w.number(`SELECT COUNT(*) FROM askers`); n != 0 {
				t.Errorf("%d network addresses are kept", n)
			}
		})

		t.Run("a request that waited for too long comes to nothing", func(t *testing.T) {
			s := w.activated(shop, "late@shop.example")
			w.mails(s)
			w.must(nil, w.door.AskReset(ctx, browser, signin.Forgotten{Email: s.email}))
			w.clock.Advance(time.Hour)
			w.must(w.door.Errands(ctx))
			if got := w.mails(s); len(got) != 0 {
				t.Errorf("mailed %q", got)
			}
		})

		t.Run("two nodes send one mail", func(t *testing.T) {
			s := w.activated(shop, "nodes@shop.example")
			w.mails(s)
			w.must(nil, w.door.AskReset(ctx, browser, signin.Forgotten{Email: s.email}))
			var all sync.WaitGroup
			for _, door := range []*signin.Door{w.door, w.openDoor(), w.openDoor(), w.openDoor()} {
				all.Go(func() {
					if _, err := door.Errands(ctx); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if got := w.mails(s); len(got) != 1 {
				t.Errorf("mailed %q", got)
			}
		})
	})
}

func TestResetLink(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()
		begin := func(email string) (*someone, seal.Secret) {
			s := w.activated(shop, email)
			w.mails(s)
			w.forgets(s.email)
			return s, w.resetLink(s)
		}
		dead := func(t *testing.T, s *someone, link seal.Secret, problem string) {
			t.Helper()
			v, err := w.door.LookAtReset(ctx, link)
			if w.must(nil, err); v.Problem != problem || v.Identifier != "" {
				t.Errorf("the page: %+v, want %s", v, problem)
			}
			_, err = w.door.Reset(ctx, browser, link, nextPassword)
			refused(t, err, problem)
			if f := fault.From(err); f.Kind != fault.Gone {
				t.Errorf("answered %v", f.Kind)
			}
			if got := w.lastAction(s.id); got != "password.reset refused "+problem {
				t.Errorf("the log says %q", got)
			}
			if _, err := w.door.Start(ctx, browser, s.email, nextPassword); err == nil {
				t.Error("the password was changed")
			}
		}

		t.Run("attack: after a newer one", func(t *testing.T) {
			s, link := begin("newer@shop.example")
			w.forgets(s.email)
			newer := w.resetLink(s)
			dead(t, s, link, "link_replaced")
			w.must(w.door.Reset(ctx, browser, newer, nextPassword))
		})
		t.Run("attack: after an hour", func(t *testing.T) {
			s, link := begin("hour@shop.example")
			w.clock.Advance(time.Hour)
			dead(t, s, link, "link_expired")
		})
		t.Run("attack: after the password was changed", func(t *testing.T) {
			s, link := begin("changed@shop.example")
			w.must(nil, w.door.ChangePassword(ctx, w.who(w.signedIn(s)), "chestnut lanterns float by"))
			dead(t, s, link, "link_ended")
		})
		t.Run("attack: of somebody who was deactivated", func(t *testing.T) {
			s, link := begin("out@shop.example")
			w.exec(`UPDATE memberships SET deactivated_at = 1, deactivated_by = 'x' WHERE user_id = $1`, s.id)
			dead(t, s, link, "link_ended")
		})
		t.Run("attack: of somebody whose second factor was taken away since, so that the mailbox would be enough", func(t *testing.T) {
			s, link := begin("bare@shop.example")
			w.exec(`DELETE FROM factors WHERE user_id = $1`, s.id) // as a reset by an administrator does
			dead(t, s, link, "link_ended")
			w.exec(`UPDATE reset_links SET by_administrator = TRUE, created_by = 'usr_admin' WHERE user_id = $1`, s.id)
			if v, err := w.door.LookAtReset(ctx, link); err != nil || v.Problem != "" {
				t.Errorf("an administrator's link is dead too: %+v, %v", v, err)
			}
			w.must(w.door.Reset(ctx, browser, link, nextPassword))
		})
		t.Run("attack: one that was made up", func(t *testing.T) {
			for _, token := range []seal.Secret{"", "x", seal.Secret(strings.Repeat("A", 43)), seal.Secret(strings.Repeat("é", 5000))} {
				v, err := w.door.LookAtReset(ctx, token)
				if w.must(nil, err); v.Problem != "link_unknown" {
					t.Errorf("%+v", v)
				}
				_, err = w.door.Reset(ctx, browser, token, nextPassword)
				refused(t, err, "link_unknown")
			}
		})
		t.Run("attack: an invitation's token, or a session's, is no reset link", func(t *testing.T) {
			s := w.invited(shop, "mixed@shop.example")
			_, err := w.door.Reset(ctx, browser, s.link, nextPassword)
			refused(t, err, "link_unknown")
		})
		t.Run("attack: two at once", func(t *testing.T) {
			s, link := begin("race@shop.example")
			var all sync.WaitGroup
			var done, refusals sync.Map
			for i := range 8 {
				all.Go(func() {
					_, err := w.openDoor().Reset(ctx, browser, link, fmt.Sprintf("teapot %d drifts home again", i))
					if err == nil {
						done.Store(i, true)
					} else {
						refusals.Store(fault.CodeOf(err), true)
					}
				})
			}
			all.Wait()
			n := 0
			done.Range(func(any, any) bool { n++; return true })
			if n != 1 {
				t.Errorf("%d passwords were set with one link", n)
			}
			refusals.Range(func(code, _ any) bool {
				if code != "link_used" {
					t.Errorf("refused with %v", code)
				}
				return true
			})
			if got := w.mails(s); len(got) != 1 {
				t.Errorf("mailed %q", got)
			}
		})
		t.Run("A1 U11 it ends a lock after wrong attempts", func(t *testing.T) {
			s, link := begin("locked@shop.example")
			for range 6 {
				w.door.Start(ctx, browser, s.email, "wrong")
			}
			if _, err := w.door.Start(ctx, browser, s.email, s.password); err == nil {
				t.Fatal("not locked")
			}
			w.must(w.door.Reset(ctx, browser, link, nextPassword))
			s.password = nextPassword
			w.signedIn(s)
		})
		t.Run("A2 U11 it does not end a lock for inactivity, unless an administrator sent it", func(t *testing.T) {
			s, link := begin("away@shop.example")
			w.exec(`UPDATE users SET inactive_locked_at = 1 WHERE id = $1`, s.id)
			if v, err := w.door.LookAtReset(ctx, link); err != nil || !v.StaysShut {
				t.Errorf("the page does not say that it stays shut: %+v, %v", v, err)
			}
			shut, err := w.door.Reset(ctx, browser, link, nextPassword)
			if err != nil || !shut {
				t.Errorf("%v, %v", shut, err)
			}
			if _, err := w.door.Start(ctx, browser, s.email, nextPassword); err == nil {
				t.Error("came in")
			}
			if w.number(`SELECT COUNT(*) FROM users WHERE id = $1 AND inactive_locked_at IS NULL`, s.id) != 0 {
				t.Error("the lock is gone")
			}
		})
	})
}
