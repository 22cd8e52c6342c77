//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/db"
	"countersign/internal/signin"
	"countersign/internal/test/authenticator"
)

// mine reads what a person sees of their second factors.
func (w *world) mine(who db.Who) (m signin.Mine) {
	w.t.Helper()
	w.view(func(tx *db.Tx) (err error) {
		m, err = w.door.Factors(tx, who)
		return err
	})
	return m
}

func TestMine(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		shop := w.account()

		t.Run("Y1 what there is of it, and since when", func(t *testing.T) {
			s := w.activated(shop, "y1@shop.example")
			who := w.who(w.signedIn(s))
			m := w.mine(who)
			if len(m.Factors) != 1 || !m.Factors[0].Needed || m.Factors[0].Passkey || m.RecoveryCodes != 10 || m.RecoverySince == 0 || m.SetUpAgain || !slices.Equal(m.May, []string{"totp", "webauthn"}) {
				t.Fatalf("%+v", m)
			}
			w.clock.Advance(time.Second)
			w.addKey(s, who, " Blue key\u00a0")
			m = w.mine(who)
			if len(m.Factors) != 2 || m.Factors[0].Needed || m.Factors[1].Needed || !m.Factors[1].Passkey || m.Factors[1].Name != "Blue key" || m.Factors[1].LastUsedAt != w.clock.Now().UnixMicro() {
				t.Fatalf("%+v", m)
			}
			w.demand(shop, s, "totp")
			if m = w.mine(who); !m.Factors[0].Needed || m.Factors[1].Needed {
				t.Errorf("the app is demanded: %+v", m)
			}
			w.again(s)
			if m = w.mine(who); !m.SetUpAgain {
				t.Errorf("%+v", m)
			}
		})

		t.Run("F7 A6 T-8.3.3 every change asks for fresh authentication, with the second factor", func(t *testing.T) {
			s := w.activated(shop, "fresh@shop.example")
			cookie := w.signedIn(s)
			who := w.who(cookie)
			view, token, err := w.door.NewApp(ctx, who, "")
			w.must(nil, err)
			options, err := w.door.NewKey(ctx, who)
			w.must(nil, err)
			f := w.mine(who).Factors[0]
			w.clock.Advance(5 * time.Minute)
			second := &someone{key: view.Key.Reveal()}
			for what, act := range map[string]func() error{
				"an app shown":   func() error { _, _, err := w.door.NewApp(ctx, who, ""); return err },
				"an app added":   func() error { return w.door.AddApp(ctx, who, token, w.code(second), "") },
				"a key asked":    func() error { _, err := w.door.NewKey(ctx, who); return err },
				"a key added":    func() error { return w.door.AddKey(ctx, who, authenticator.New(site.Origin).Make(t, options), "") },
				"one renamed":    func() error { return w.door.RenameFactor(ctx, who, f.ID, f.Version, "Phone") },
				"one removed":    func() error { return w.door.RemoveFactor(ctx, who, f.ID, f.Version) },
				"recovery codes": func() error { _, err := w.door.MakeRecoveryCodes(ctx, who); return err },
			} {
				t.Log(what)
				refused(t, act(), "needs_fresh")
			}
			list := w.actions(f.ID)
			if !contains(list, "factor.removed refused needs_fresh") || !contains(list, "factor.renamed refused needs_fresh") || !contains(w.actions(s.id), "recovery_codes.made refused needs_fresh") {
				t.Errorf("%q", list)
			}
			w.must(nil, w.door.Confirm(ctx, who, s.password, signin.Proof{Code: w.code(s)}))
			w.must(nil, w.door.AddKey(ctx, who, authenticator.New(site.Origin).Make(t, options), ""))
		})

		t.Run("A6 a session that began without a second factor changes none", func(t *testing.T) {
			loose := w.account("two_factor", "optional")
			s := w.invited(loose, "nofactor@shop.example")
			first := w.finish(s)
			old := w.who(first)
			w.addKey(s, w.who(w.signedIn(s)), "") // from nothing to something, after the password
			_, err := w.door.Session(ctx, first)
			refused(t, err, "session_ended")
			if mails := w.mails(s); len(mails) != 1 {
				t.Errorf("%q", mails)
			}
			_, _, err = w.door.NewApp(ctx, old, "")
			refused(t, err, "session_ended")
			refused(t, w.door.Confirm(ctx, old, s.password, signin.Proof{}), "session_ended")
		})

		t.Run("A6 confirmed with a key, and with a recovery code", func(t *testing.T) {
			s := w.withKey(shop, "a6@shop.example")
			step, q := w.half(s)
			step, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{Credential: s.device.Sign(t, q.Key)})
			w.must(nil, err)
			who := w.who(step.Session)
			fresh := func() bool {
				session, err := w.door.Session(ctx, step.Session)
				w.must(nil, err)
				return session.Fresh
			}
			for what, proof := range map[string]func(q signin.Question) signin.Proof{
				"a key":           func(q signin.Question) signin.Proof { return signin.Proof{Credential: s.device.Sign(t, q.Key)} },
				"a recovery code": func(signin.Question) signin.Proof { return signin.Proof{RecoveryCode: s.codes[0]} },
			} {
				w.clock.Advance(6 * time.Minute)
				if fresh() {
					t.Fatal("fresh before", what)
				}
				q, err := w.door.AskAgain(ctx, who)
				if err != nil || !slices.Contains(q.Kinds, "webauthn") || !slices.Contains(q.Kinds, "recovery_code") {
					t.Fatalf("%+v, %v", q, err)
				}
				refused(t, w.door.Confirm(ctx, who, "not the password", proof(q)), "password: wrong_password")
				w.must(nil, w.door.Confirm(ctx, who, s.password, proof(q)))
				if !fresh() {
					t.Error("not fresh after", what)
				}
			}
			refused(t, w.door.Confirm(ctx, who, s.password, signin.Proof{RecoveryCode: s.codes[0]}), "recovery_code: wrong_recovery_code")
			refused(t, w.door.Confirm(ctx, who, s.password, signin.Proof{}), "code: required")
			refused(t, w.door.Confirm(ctx, who, s.password, signin.Proof{Code: "123456"}), "code: wrong_code")
			if got := w.text(`SELECT changes FROM audit_entries WHERE action = 'session.confirmed' AND target_id = $1 ORDER BY seq DESC LIMIT 1`, s.id); !strings.Contains(got, "recovery_code") && !strings.Contains(got, "webauthn") {
				t.Errorf("the log does not say how: %s", got)
			}
		})

		t.Run("F7 what changes ends the other sessions, and is told and recorded", func(t *testing.T) {
			s := w.activated(shop, "told@shop.example")
			cookie := w.signedIn(s)
			who := w.who(cookie)
			changed := func(mail string, act func() error) {
				t.Helper()
				other, half := w.signedIn(s), signin.Step{}
				half, _ = w.half(s)
				w.must(nil, act())
				if _, err := w.door.Session(ctx, cookie); err != nil {
					t.Fatal("the session in which it was done ended:", err)
				}
				who = w.who(cookie)
				_, err := w.door.Session(ctx, other)
				refused(t, err, "session_ended")
				refused(t, w.door.Opens(ctx, browser, half.Challenge, signin.NextCode), "challenge_ended")
				if diff := cmp.Diff([]string{mail}, w.mails(s)); diff != "" {
					t.Error(diff)
				}
			}
			changed("factor_changed change=added factor=webauthn factor_name=Blue key", func() error { w.addKey(s, who, "Blue key"); return nil })
			changed("factor_changed change=added factor=totp factor_name=", func() error {
				view, token, err := w.door.NewApp(ctx, who, "")
				w.must(nil, err)
				return w.door.AddApp(ctx, who, token, w.code(&someone{key: view.Key.Reveal()}), "")
			})
			key := w.text(`SELECT id FROM factors WHERE user_id = $1 AND kind = 'webauthn'`, s.id)
			changed("factor_changed change=removed factor=webauthn factor_name=Blue key", func() error { return w.door.RemoveFactor(ctx, who, key, 1) })
			w.clock.Advance(time.Minute)
			w.must(nil, w.door.Confirm(ctx, who, s.password, signin.Proof{Code: w.code(s)}))
			w.clock.Advance(time.Minute)
			old := s.codes
			changed("factor_changed change=codes", func() error {
				codes, err := w.door.MakeRecoveryCodes(ctx, who)
				s.codes = nil
				for _, c := range codes {
					s.codes = append(s.codes, c.Reveal())
				}
				return err
			})
			step, _ := w.half(s)
			_, err := w.door.Prove(ctx, browser, step.Challenge, signin.Proof{RecoveryCode: old[0]})
			refused(t, err, "wrong_recovery_code")
			_, err = w.door.Prove(ctx, browser, step.Challenge, signin.Proof{RecoveryCode: s.codes[0]})
			w.must(nil, err)
			list := w.actions(s.id)
			for _, want := range []string{"factor.added", "factor.removed", "recovery_codes.made"} {
				if !contains(list, want) {
					t.Errorf("%s is not in %q", want, list)
				}
			}
		})

		t.Run("F7 a name is no event for the sessions, and stands in the version that was seen", func(t *testing.T) {
			s := w.activated(shop, "name@shop.example")
			other, cookie := w.signedIn(s), w.signedIn(s)
			who := w.who(cookie)
			f := w.mine(who).Factors[0]
			w.must(nil, w.door.RenameFactor(ctx, who, f.ID, f.Version, "  Work phone "))
			refused(t, w.door.RenameFactor(ctx, who, f.ID, f.Version, "Other"), "stale")
			refused(t, w.door.RemoveFactor(ctx, who, f.ID, f.Version), "stale")
			refused(t, w.door.RenameFactor(ctx, who, f.ID, f.Version+1, strings.Repeat("x", 61)), "name: too_long")
			refused(t, w.door.RenameFactor(ctx, who, f.ID, f.Version+1, "a\u202eb"), "name: not_text")
			refused(t, w.door.RenameFactor(ctx, who, "fac_nobody", 1, "x"), "not_found")
			if _, err := w.door.Session(ctx, other); err != nil || len(w.mails(s)) != 0 {
				t.Error("a name ended a session, or was told:", err)
			}
			if got := w.mine(who).Factors[0]; got.Name != "Work phone" || got.Version != f.Version+1 {
				t.Errorf("%+v", got)
			}
			w.must(nil, w.door.RenameFactor(ctx, who, f.ID, f.Version+1, ""))
		})

		t.Run("A01 nobody else's factor, and nobody in no session", func(t *testing.T) {
			s, other := w.activated(shop, "mine@shop.example"), w.activated(shop, "theirs@shop.example")
			theirs := w.mine(w.who(w.signedIn(other))).Factors[0]
			who := w.who(w.signedIn(s))
			refused(t, w.door.RemoveFactor(ctx, who, theirs.ID, theirs.Version), "not_found")
			refused(t, w.door.RenameFactor(ctx, who, theirs.ID, theirs.Version, "Mine now"), "not_found")
			view, token, err := w.door.NewApp(ctx, who, "")
			w.must(nil, err)
			otherWho := w.who(w.signedIn(other))
			refused(t, w.door.AddApp(ctx, otherWho, token, w.code(&someone{key: view.Key.Reveal()}), ""), "challenge_ended")
			again, fresh, err := w.door.NewApp(ctx, otherWho, token)
			if err != nil || fresh == token || again.Key == view.Key {
				t.Errorf("somebody else's set-up is shown: %v", err)
			}
			if same, _, err := w.door.NewApp(ctx, who, token); err != nil || same.Key != view.Key {
				t.Errorf("another key when the page is loaded again: %v", err)
			}
			tablet := w.who(w.signedIn(s)) // another session of the same person
			refused(t, w.door.AddApp(ctx, tablet, token, w.code(&someone{key: view.Key.Reveal()}), ""), "challenge_ended")
			options, err := w.door.NewKey(ctx, who)
			w.must(nil, err)
			refused(t, w.door.AddKey(ctx, tablet, authenticator.New(site.Origin).Make(t, options), ""), "ceremony_ended")
			refused(t, w.door.AddKey(ctx, otherWho, authenticator.New(site.Origin).Make(t, options), ""), "ceremony_ended")
			forged := who
			forged.ID = other.id
			refused(t, w.door.RemoveFactor(ctx, forged, theirs.ID, theirs.Version), "session_ended")
			_, err = w.door.MakeRecoveryCodes(ctx, db.Who{Kind: db.Service, ID: "tok_x", AccountID: shop.ID})
			refused(t, err, "session_ended")
			// A challenge of the way in adds nothing in a session, nor the other way round.
			step, _ := w.half(s)
			refused(t, w.door.AddApp(ctx, who, step.Challenge, "123456", ""), "challenge_ended")
			w.again(s) // now an app is to be set up on the way in, too
			_, err = w.door.FinishApp(ctx, browser, token, w.code(&someone{key: view.Key.Reveal()}), "")
			refused(t, err, "challenge_ended")
		})

		t.Run("F7 an app is added once, ten times at once", func(t *testing.T) {
			s := w.activated(shop, "ten@shop.example")
			who := w.who(w.signedIn(s))
			view, token, err := w.door.NewApp(ctx, who, "")
			w.must(nil, err)
			code, added := w.code(&someone{key: view.Key.Reveal()}), 0
			refused(t, w.door.AddApp(ctx, who, token, w.wrongCodeFor(&someone{key: view.Key.Reveal()}), ""), "wrong_code")
			for _, err := range together(10, func(int) error { return w.door.AddApp(ctx, who, token, code, "") }) {
				if err == nil {
					added++
				} else {
					refused(t, err, "challenge_ended")
				}
			}
			if added != 1 || len(w.kinds(s)) != 2 {
				t.Errorf("%d added, %q", added, w.kinds(s))
			}
		})

		t.Run("F7 ten are enough, and only what the account allows", func(t *testing.T) {
			s := w.activated(w.account("two_factor_methods", "totp"), "apps@shop.example")
			who := w.who(w.signedIn(s))
			_, err := w.door.NewKey(ctx, who)
			refused(t, err, "factor_not_allowed")
			if m := w.mine(who); !slices.Equal(m.May, []string{"totp"}) {
				t.Errorf("%+v", m)
			}
			s = w.activated(shop, "many@shop.example")
			who = w.who(w.signedIn(s))
			for range 8 {
				w.addKey(s, who, "")
			}
			answers := make([]string, 4)
			for i := range answers {
				options, err := w.door.NewKey(ctx, who)
				w.must(nil, err)
				answers[i] = authenticator.New(site.Origin).Make(t, options)
			}
			added := 0
			for _, err := range together(4, func(i int) error { return w.door.AddKey(ctx, who, answers[i], "") }) {
				if err == nil {
					added++
				} else {
					refused(t, err, "too_many_factors")
				}
			}
			if m := w.mine(who); added != 1 || len(m.Factors) != 10 || m.May != nil {
				t.Errorf("%d added, %d there", added, len(m.Factors))
			}
		})

		t.Run("F1 the last one stays while one is required, two at once too", func(t *testing.T) {
			s := w.activated(shop, "last@shop.example")
			who := w.who(w.signedIn(s))
			w.addKey(s, who, "")
			list := w.mine(who).Factors
			removed := 0
			for _, err := range together(2, func(i int) error { return w.door.RemoveFactor(ctx, who, list[i].ID, list[i].Version) }) {
				if err == nil {
					removed++
				} else {
					refused(t, err, "last_factor")
				}
			}
			if removed != 1 || len(w.kinds(s)) != 1 {
				t.Errorf("%d removed, %q", removed, w.kinds(s))
			}
		})

		t.Run("F7 without any factor there is nothing to recover", func(t *testing.T) {
			loose := w.account("two_factor", "optional")
			s := w.invited(loose, "loose@shop.example")
			cookie := w.finish(s)
			who := w.who(cookie)
			_, err := w.door.MakeRecoveryCodes(ctx, who)
			refused(t, err, "no_factor")
			w.addKey(s, who, "")
			codes, err := w.door.MakeRecoveryCodes(ctx, who)
			if err != nil || len(codes) != 10 {
				t.Fatalf("%d codes, %v", len(codes), err)
			}
			if session, err := w.door.Session(ctx, cookie); err != nil || !session.SecondFactor {
				t.Errorf("%+v, %v", session, err)
			}
			f := w.mine(who).Factors[0]
			w.must(nil, w.door.RemoveFactor(ctx, who, f.ID, f.Version))
			if n := w.number(`SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1`, s.id); n != 0 {
				t.Errorf("%d recovery codes are left", n)
			}
			if session, err := w.door.Session(ctx, cookie); err != nil || session.SecondFactor {
				t.Errorf("the session says it has a second factor: %+v, %v", session, err)
			}
			if !contains(w.actions(s.id), "recovery_codes.removed") {
				t.Error("not in the log")
			}
		})

		t.Run("A3 A6 whoever has keys alone confirms before changing the password", func(t *testing.T) {
			s := w.withKey(shop, "a3@shop.example")
			step, err := w.passkey(s.device)
			w.must(nil, err)
			who := w.who(step.Session)
			w.clock.Advance(6 * time.Minute)
			refused(t, w.door.ChangePassword(ctx, who, "orange teapots drift home"), "needs_fresh")
			q, err := w.door.AskAgain(ctx, who)
			w.must(nil, err)
			w.must(nil, w.door.Confirm(ctx, who, s.password, signin.Proof{Credential: s.device.Sign(t, q.Key)}))
			w.must(nil, w.door.ChangePassword(ctx, who, "orange teapots drift home"))
		})

		t.Run("nothing secret of a key is readable in the database", func(t *testing.T) {
			s := w.withKey(shop, "rest@shop.example")
			id := s.device.Credentials[0].ID
			for _, q := range []string{`SELECT sealed FROM factors`, `SELECT credential_hash FROM factors WHERE credential_hash IS NOT NULL`} {
				for _, row := range w.texts(q) {
					if strings.Contains(row, string(id)) {
						t.Errorf("%s shows a credential", q)
					}
				}
			}
			for _, row := range w.texts(`SELECT hash FROM recovery_codes WHERE user_id = $1`, s.id) {
				if !strings.HasPrefix(row, "$argon2id$") {
					t.Errorf("%.20s", row)
				}
			}
		})
	})
}
