package api_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/api"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/seal"
	"countersign/internal/test/testdb"
)

// told lists the kinds of the messages that wait, with whom they are for, and keeps their links.
func (h *house) told() (kinds []string, links map[string]seal.Secret) {
	h.t.Helper()
	links = map[string]seal.Secret{}
	for _, m := range h.Messages() {
		if m.Kind == "factor_changed" { // by signing in for the first time
			continue
		}
		kinds = append(kinds, m.Kind+" "+m.UserID)
		if token := m.Data["token"]; token != "" {
			links[m.UserID] = seal.Secret(token)
		}
	}
	return kinds, links
}

// tells fails unless exactly that one message waits.
func (h *house) tells(t *testing.T, kind, label string) (link seal.Secret) {
	t.Helper()
	kinds, links := h.told()
	if !slices.Equal(kinds, []string{kind + " " + h.User(label)}) {
		t.Errorf("mailed %q, want %s to %s", kinds, kind, label)
	}
	return links[h.User(label)]
}

// act sends a change to a user with the version that it has now.
func (c caller) act(method, label, path string, body any) answer {
	c.h.t.Helper()
	account, _, _ := strings.Cut(label, ".")
	account = strings.ToUpper(account)
	version := fmt.Sprintf("%q", fmt.Sprint(c.h.Version(label)))
	return c.with("If-Match", version).do(method, "/api/v1/accounts/"+account+"/users/"+c.h.User(label)+path, body)
}

// last is what the log says last about a user, with the reason.
func (h *house) last(label string) (text string) {
	h.Log.Flush(h.t.Context())
	h.View(func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&text}, `SELECT action || ' ' || outcome || ' ' || reason FROM audit_entries WHERE target_id = $1 ORDER BY seq DESC LIMIT 1`, h.User(label))
		return err
	})
	return text
}

func (h *house) status(label string) string { return string(h.Row(label).Status) }

func (h *house) exec(query string, args ...any) {
	h.Do(func(tx *db.Tx) error {
		_, err := tx.Exec(query, args...)
		return err
	})
}

// away locks somebody as the daily job does.
func (h *house) away(label string) {
	h.Do(func(tx *db.Tx) error {
		return people.Relist(tx, h.User(label), func() error {
			_, err := tx.Exec(`UPDATE users SET inactive_locked_at = 1 WHERE id = $1`, h.User(label))
			return err
		})
	})
}

const other = "orange teapots drift home"

func TestHelp(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		owner, administrator := h.as("m1.owner"), h.as("m1.administrator")
		h.told()

		t.Run("U11 a reset link changes no status, and opens the person's own page", func(t *testing.T) {
			reader := h.as("m1.reader")
			sent := administrator.act(http.MethodPost, "m1.reader", "/password/reset", body{"reason": "asked on the phone"}).is(http.StatusNoContent)
			if now := etag(owner.get(h.at("m1.reader"))); now != etag(sent) {
				t.Errorf("ETag %s, then %s", etag(sent), now)
			}
			link := h.tells(t, "password_reset_by_admin", "m1.reader")
			if got := h.last("m1.reader"); got != "password.reset_sent done asked on the phone" {
				t.Errorf("the log says %q", got)
			}
			if h.status("m1.reader") != "active" {
				t.Errorf("is %s", h.status("m1.reader"))
			}
			reader.get("/api/v1/session").is(http.StatusOK)
			var l api.ResetLink
			h.nobody().post("/api/v1/password-reset/lookup", body{"token": link.Reveal()}).is(http.StatusOK).into(&l)
			if l.Problem != "" || l.Identifier != h.Row("m1.reader").Email || l.MinLength != 12 || l.FirstName != "Reader" {
				t.Errorf("%+v", l)
			}
			p := h.nobody().post("/api/v1/password-reset", body{"token": link.Reveal(), "password": "short"}).refused(http.StatusUnprocessableEntity, "invalid")
			if field(p, "password") != "password_short" {
				t.Errorf("%+v", p)
			}
			a := h.nobody().post("/api/v1/password-reset", body{"token": link.Reveal(), "password": other}).is(http.StatusOK)
			if len(a.header["Set-Cookie"]) != 0 || strings.Contains(a.body, "challenge") {
				t.Errorf("a link lets somebody in: %v %s", a.header, a.body)
			}
			reader.get("/api/v1/session").is(http.StatusUnauthorized)
			h.tells(t, "password_changed", "m1.reader")
			h.nobody().post("/api/v1/password-reset", body{"token": link.Reveal(), "password": other}).refused(http.StatusGone, "link_used")
			var step api.Step
			h.nobody().post("/api/v1/session", body{"identifier": l.Identifier, "password": other}).is(http.StatusOK).into(&step)
			if step.Next != "code" {
				t.Errorf("the second factor is not asked: %+v", step)
			}
		})

		t.Run("U11 A2 the link of an administrator opens a lock for inactivity, also when a newer one was asked for", func(t *testing.T) {
			for _, own := range []bool{false, true} {
				h.withPassword("m1.auditor")
				h.away("m1.auditor")
				if h.status("m1.auditor") != "locked_inactivity" {
					t.Fatal(h.status("m1.auditor"))
				}
				owner.act(http.MethodPost, "m1.auditor", "/password/reset", nil).is(http.StatusNoContent)
				if h.status("m1.auditor") != "locked_inactivity" {
					t.Fatal("sending it changed the status")
				}
				link := h.tells(t, "password_reset_by_admin", "m1.auditor")
				if own {
					h.exec(`UPDATE memberships SET two_factor_required = FALSE WHERE user_id = $1`, h.User("m1.auditor"))
					h.nobody().post("/api/v1/password-reset/request", body{"email": h.Row("m1.auditor").Email}).is(http.StatusNoContent)
					if _, err := h.door.Errands(t.Context()); err != nil {
						t.Fatal(err)
					}
					link = h.tells(t, "password_reset", "m1.auditor")
				}
				var done api.ResetDone
				h.nobody().post("/api/v1/password-reset", body{"token": link.Reveal(), "password": fmt.Sprintf("%s %v", other, own)}).is(http.StatusOK).into(&done)
				if done.StaysShut || h.status("m1.auditor") != "active" {
					t.Errorf("stays shut: %+v, %s", done, h.status("m1.auditor"))
				}
				h.told()
			}
		})

		t.Run("U11 a new password is required at the next sign-in; the sessions end now", func(t *testing.T) {
			operations := h.as("m1.operations")
			h.told()
			administrator.act(http.MethodPost, "m1.operations", "/password/renewal", body{"reason": "seen on a screen"}).is(http.StatusNoContent)
			operations.get("/api/v1/session").refused(http.StatusUnauthorized, "session_ended")
			h.tells(t, "password_required", "m1.operations")
			if got := h.last("m1.operations"); got != "password.renewal_asked done seen on a screen" {
				t.Errorf("the log says %q", got)
			}
			administrator.act(http.MethodPost, "m1.operations", "/password/renewal", nil).refused(http.StatusConflict, "password_asked_already")
			h.exec(`DELETE FROM factors WHERE user_id = $1`, h.User("m1.operations"))
			h.exec(`UPDATE memberships SET two_factor_required = FALSE WHERE user_id = $1`, h.User("m1.operations"))
			h.exec(`INSERT INTO account_settings (account_id, name, value) VALUES ($1, 'two_factor', 'optional')`, h.Account("M1").ID)
			defer h.exec(`DELETE FROM account_settings WHERE name = 'two_factor'`)
			var step api.Step
			h.nobody().post("/api/v1/session", body{"identifier": h.Row("m1.operations").Email, "password": password}).is(http.StatusOK).into(&step)
			if step.Next != "change" {
				t.Fatalf("%+v", step)
			}
			var r api.Renewal
			h.nobody().post("/api/v1/session/change/lookup", body{"challenge": step.Challenge}).is(http.StatusOK).into(&r)
			if r.Why != "asked" || r.MinLength < 12 {
				t.Errorf("%+v", r)
			}
			p := h.nobody().post("/api/v1/session/change", body{"challenge": step.Challenge, "password": password}).refused(http.StatusUnprocessableEntity, "invalid")
			if field(p, "password") != "password_used_before" {
				t.Errorf("%+v", p)
			}
			a := h.nobody().post("/api/v1/session/change", body{"challenge": step.Challenge, "password": other}).is(http.StatusOK).into(&step)
			if step.Next != "done" || len(a.header["Set-Cookie"]) == 0 {
				t.Errorf("%+v, %v", step, a.header)
			}
			h.told()
		})

		t.Run("U12 a lock after wrong attempts ends before its time, and says how many there were", func(t *testing.T) {
			h.withPassword("m1.reader_a")
			for range 8 {
				h.nobody().post("/api/v1/session", body{"identifier": h.Row("m1.reader_a").Email, "password": "not the password"}).is(http.StatusUnauthorized)
			}
			if h.status("m1.reader_a") != "locked_attempts" {
				t.Fatal(h.status("m1.reader_a"))
			}
			a := administrator.act(http.MethodDelete, "m1.reader_a", "/lock?reason=forgot+it", nil).is(http.StatusOK)
			if a.object()["attempts"] != 6.0 || h.status("m1.reader_a") != "active" {
				t.Errorf("%s, %s", a.body, h.status("m1.reader_a"))
			}
			h.tells(t, "unlocked", "m1.reader_a")
			if got := h.last("m1.reader_a"); got != "signin.unlocked done forgot it" {
				t.Errorf("the log says %q", got)
			}
			h.nobody().post("/api/v1/session", body{"identifier": h.Row("m1.reader_a").Email, "password": password}).is(http.StatusOK)
			administrator.act(http.MethodDelete, "m1.reader_a", "/lock", nil).refused(http.StatusConflict, "not_locked")
		})

		t.Run("A5 a user's sessions: seen, one ended, all ended", func(t *testing.T) {
			_ = h.as("m1.access")
			h.exec(`INSERT INTO sessions (hash, ref, user_id, account_id, user_epoch, created_at, expires_at, second_factor_at, fresh_at, ip, user_agent)
				SELECT $1, 'ses_second', user_id, account_id, user_epoch, created_at, expires_at, second_factor_at, fresh_at, '198.51.100.7',
					'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0' FROM sessions WHERE user_id = $2`, []byte("another hash"), h.User("m1.access"))
			at := h.at("m1.access") + "/sessions"
			var list struct{ Items []api.OpenSession }
			owner.get(at).is(http.StatusOK).into(&list)
			i := slices.IndexFunc(list.Items, func(s api.OpenSession) bool { return s.Ref == "ses_second" })
			if len(list.Items) != 2 || i < 0 || list.Items[i].Browser != "Firefox" || list.Items[i].System != "Windows" || list.Items[i].IP != "198.51.100.7" {
				t.Fatalf("%+v", list.Items)
			}
			h.told()
			owner.act(http.MethodDelete, "m1.access", "/sessions/ses_second", nil).is(http.StatusNoContent)
			h.tells(t, "session_ended", "m1.access")
			owner.act(http.MethodDelete, "m1.access", "/sessions/ses_second", nil).refused(http.StatusNotFound, "not_found")
			h.as("m1.access").get("/api/v1/session").is(http.StatusOK)
			a := owner.act(http.MethodDelete, "m1.access", "/sessions?reason=lost+laptop", nil).is(http.StatusOK)
			if a.object()["sessions"] != 1.0 || h.last("m1.access") != "sessions.ended done lost laptop" {
				t.Errorf("%s, %q", a.body, h.last("m1.access"))
			}
			h.tells(t, "sessions_ended", "m1.access")
			h.as("m1.access").get("/api/v1/session").is(http.StatusUnauthorized)
			owner.act(http.MethodDelete, "m1.access", "/sessions", nil).refused(http.StatusConflict, "no_open_sessions")
		})

		t.Run("attack: a session of somebody else by its reference", func(t *testing.T) {
			h.exec(`INSERT INTO sessions (hash, ref, user_id, account_id, user_epoch, created_at, expires_at, second_factor_at, fresh_at, ip, user_agent)
				SELECT $1, 'ses_owner', user_id, account_id, user_epoch, created_at, expires_at, second_factor_at, fresh_at, ip, user_agent FROM sessions WHERE user_id = $2`, []byte("third hash"), h.User("m1.owner"))
			administrator.act(http.MethodDelete, "m1.reader_b", "/sessions/ses_owner", nil).refused(http.StatusNotFound, "not_found")
			administrator.do(http.MethodDelete, "/api/v1/me/sessions/ses_owner", nil).refused(http.StatusNotFound, "not_found")
			owner.do(http.MethodDelete, "/api/v1/me/sessions/ses_owner", nil).is(http.StatusNoContent)
		})
	})
}

func TestAttackHelp(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acts := []struct{ name, method, path string }{
			{"reset link", http.MethodPost, "/password/reset"}, {"new password", http.MethodPost, "/password/renewal"}, {"unlock", http.MethodDelete, "/lock"},
			{"sign out", http.MethodDelete, "/sessions"}, {"sign out of one", http.MethodDelete, "/sessions/ses_x"},
		}
		owner := h.as("m1.owner")
		h.withPassword("m1.reader")
		h.exec(`INSERT INTO signin_attempts (user_id, failed, locked_until, updated_at) VALUES ($1, 6, $2, 1)`, h.User("m1.reader"), time.Now().Add(time.Hour).UnixMicro())
		h.told()
		all := func(t *testing.T, c caller, label string, status int, code string) {
			t.Helper()
			for _, a := range acts {
				t.Run(a.name, func(t *testing.T) { c.act(a.method, label, a.path, nil).refused(status, code) })
			}
			if kinds, _ := h.told(); len(kinds) != 0 {
				t.Errorf("mailed %q", kinds)
			}
		}
		t.Run("U12 a lower role", func(t *testing.T) {
			all(t, h.as("m1.auditor"), "m1.reader", http.StatusForbidden, "missing_permission")
		})
		t.Run("somebody above", func(t *testing.T) {
			all(t, h.as("m1.limited"), "m1.owner", http.StatusForbidden, "person_above_you")
		})
		t.Run("oneself", func(t *testing.T) {
			all(t, h.as("m1.administrator"), "m1.administrator", http.StatusForbidden, "own_access")
		})
		t.Run("A01 of another account", func(t *testing.T) {
			for _, a := range acts {
				for _, id := range []string{h.User("m2.reader"), "usr_000000000000000000000000"} {
					owner.with("If-Match", `"1"`).do(a.method, "/api/v1/accounts/M1/users/"+id+a.path, nil).refused(http.StatusNotFound, "not_found")
					owner.with("If-Match", `"1"`).do(a.method, "/api/v1/accounts/M2/users/"+id+a.path, nil).refused(http.StatusNotFound, "not_found")
				}
			}
		})
		t.Run("of a live account, by an operator", func(t *testing.T) {
			all(t, h.as("platform.owner"), "m1.reader", http.StatusForbidden, "live_account")
		})
		t.Run("of somebody invited, and of somebody deactivated", func(t *testing.T) {
			all(t, owner, "m1.invited", http.StatusConflict, "not_active_yet")
			all(t, owner, "m1.deactivated", http.StatusConflict, "deactivated_user")
		})
		t.Run("without a version, and with a stale one", func(t *testing.T) {
			for _, a := range acts {
				owner.do(a.method, h.at("m1.reader")+a.path, nil).refused(http.StatusPreconditionRequired, "precondition")
				owner.with("If-Match", `"99"`).do(a.method, h.at("m1.reader")+a.path, nil).refused(http.StatusPreconditionFailed, "stale")
			}
		})
		t.Run("A05 of several accounts: one account's administrator sends the link, which is the person's own, and nothing else", func(t *testing.T) {
			h.withPassword("m1.both")
			for _, a := range acts[1:] {
				owner.act(a.method, "m1.both", a.path, nil).refused(http.StatusConflict, "sign_in_of_several_accounts")
			}
			owner.get(h.at("m1.both")+"/sessions").refused(http.StatusConflict, "sign_in_of_several_accounts")
			h.told()
			owner.act(http.MethodPost, "m1.both", "/password/reset", nil).is(http.StatusNoContent)
			link := h.tells(t, "password_reset_by_admin", "m1.both")
			if strings.Contains(owner.get(h.at("m1.both")+"/activity").is(http.StatusOK).body, link.Reveal()) {
				t.Error("the link stands in the log")
			}
			h.nobody().post("/api/v1/password-reset", body{"token": link.Reveal(), "password": other}).is(http.StatusOK)
			h.told()
		})
		t.Run("U12 what a lower role could not do is done by one that may", func(t *testing.T) {
			h.as("m1.access").act(http.MethodDelete, "m1.reader", "/lock", nil).is(http.StatusOK)
		})
		t.Run("T-8.2.5 a thousand live sessions end with a deactivation", func(t *testing.T) {
			reader := h.as("m1.reader")
			h.Do(func(tx *db.Tx) error {
				for i := range 1000 {
					_, err := tx.Exec(`INSERT INTO sessions (hash, ref, user_id, account_id, user_epoch, created_at, expires_at, second_factor_at, fresh_at, ip, user_agent)
						SELECT $1, $2, user_id, account_id, user_epoch, created_at, expires_at, second_factor_at, fresh_at, ip, user_agent FROM sessions WHERE user_id = $3 AND ref NOT LIKE 'ses_many%'`,
						[]byte(seal.HashToken("session", fmt.Sprintf("many-%d", i))), fmt.Sprintf("ses_many%d", i), h.User("m1.reader"))
					if err != nil {
						return err
					}
				}
				return nil
			})
			many := h.nobody()
			open := func() (n int) {
				for i := range 1000 {
					if i%100 != 99 && n != 0 {
						continue
					}
					many.cookie = fmt.Sprintf("many-%d", i)
					if many.get("/api/v1/session").status == http.StatusOK {
						n++
					}
				}
				return n
			}
			if open() == 0 {
				t.Fatal("they are not alive")
			}
			owner.act(http.MethodPost, "m1.reader", "/deactivation", nil).is(http.StatusNoContent)
			reader.get("/api/v1/session").is(http.StatusUnauthorized)
			if n := open(); n != 0 {
				t.Errorf("%d go on", n)
			}
			var n int64
			h.View(func(tx *db.Tx) error {
				_, err := db.One(tx, []any{&n}, `SELECT COUNT(*) FROM sessions WHERE user_id = $1`, h.User("m1.reader"))
				return err
			})
			if n != 0 {
				t.Errorf("%d are left in the database", n)
			}
		})
	})
}

// TestRescue lets an account's last administrator in again, who was away for too long.
func TestRescue(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		operator := h.as("platform.owner")
		h.withPassword("m1.owner")
		shut := func(labels ...string) {
			for _, label := range labels {
				h.away(label)
			}
		}
		h.told()
		t.Run("A2 while another administrator is there, they do it", func(t *testing.T) {
			shut("m1.owner")
			operator.act(http.MethodPost, "m1.owner", "/password/reset", nil).refused(http.StatusForbidden, "live_account")
		})
		t.Run("A2 when all are locked, an operator sends the link, and to nobody else", func(t *testing.T) {
			shut("m1.administrator")
			operator.act(http.MethodPost, "m1.reader", "/password/reset", nil).refused(http.StatusForbidden, "live_account")
			operator.act(http.MethodDelete, "m1.owner", "/sessions", nil).refused(http.StatusForbidden, "live_account")
			h.as("m2.owner").with("If-Match", `"1"`).do(http.MethodPost, h.at("m1.owner")+"/password/reset", nil).refused(http.StatusNotFound, "not_found")
			h.as("platform.reader").act(http.MethodPost, "m1.owner", "/password/reset", nil).is(http.StatusForbidden)
			h.told()
			operator.act(http.MethodPost, "m1.owner", "/password/reset", body{"reason": "all were away"}).is(http.StatusNoContent)
			link := h.tells(t, "password_reset_by_admin", "m1.owner")
			h.nobody().post("/api/v1/password-reset", body{"token": link.Reveal(), "password": other}).is(http.StatusOK)
			if h.status("m1.owner") != "active" {
				t.Errorf("is %s", h.status("m1.owner"))
			}
			operator.act(http.MethodPost, "m1.administrator", "/password/reset", nil).refused(http.StatusForbidden, "live_account")
		})
		t.Run("A2 the platform's own come in again by the command line, while none of them is active", func(t *testing.T) {
			if _, err := h.api.Help.Rescue(t.Context()); err == nil {
				t.Fatal("a link is made while an administrator is there")
			}
			shut("platform.owner", "platform.administrator")
			link, err := h.api.Help.Rescue(t.Context())
			h.must(err)
			h.nobody().post("/api/v1/password-reset", body{"token": link.Reveal(), "password": other}).is(http.StatusOK)
			if h.status("platform.owner") != "active" {
				t.Errorf("is %s", h.status("platform.owner"))
			}
		})
	})
}

// TestInactivity holds what a lock for inactivity does to decisions, and that an account's last administrator has a
// week more.
func TestInactivity(t *testing.T) {
	onDevices(t, func(t *testing.T, h *house, clock *testdb.Clock) {
		const day = 24 * time.Hour
		service, _ := h.service("M1")
		ask := question(h.User("m1.reader"), "transactions", "view", "M1")
		allowed(t, service.post("/access/v1/evaluation", ask), true)
		h.told()
		clock.Advance(91 * day)
		h.must(h.door.LockInactive(t.Context()))

		t.Run("A2 decisions deny at once", func(t *testing.T) {
			allowed(t, service.post("/access/v1/evaluation", ask), false, "inactive_user")
			if h.status("m1.reader") != "locked_inactivity" {
				t.Errorf("is %s", h.status("m1.reader"))
			}
		})
		awake := func() (list []string) {
			for _, label := range []string{"m1.owner", "m1.administrator"} {
				if h.status(label) == "active" {
					list = append(list, label)
				}
			}
			return list
		}
		t.Run("A2 the last administrator is warned first, and told what follows", func(t *testing.T) {
			last := awake()
			if len(last) != 1 {
				t.Fatalf("%q are not locked", last)
			}
			if kinds, _ := h.told(); !slices.Contains(kinds, "inactivity_warning_last "+h.User(last[0])) {
				t.Errorf("mailed %q", kinds)
			}
			for range 6 {
				clock.Advance(day)
				h.must(h.door.LockInactive(t.Context()))
			}
			if got := awake(); !slices.Equal(got, last) {
				t.Fatalf("%q are not locked before the week is over", got)
			}
			clock.Advance(day)
			h.must(h.door.LockInactive(t.Context()))
			if got := awake(); len(got) != 0 {
				t.Errorf("%q are not locked", got)
			}
			if got := h.last(last[0]); got != "user.locked_inactive done last_administrator" {
				t.Errorf("the log says %q", got)
			}
			if kinds, _ := h.told(); len(kinds) != 0 {
				t.Errorf("warned again: %q", kinds)
			}
		})
	})
}
