package main

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/test/server"
)

func (o *office) helpOnPages(t *testing.T) {
	o.again()
	confirm := func(t *testing.T, label, act string, pairs ...string) server.Answer {
		t.Helper()
		page := o.maud.Get(o.at(label, "/", act))
		if page.StatusCode != http.StatusOK {
			t.Fatalf("%s answers %d: %.400s", act, page.StatusCode, page.Plain())
		}
		return o.leads(t, o.send(o.at(label, "/", act), fields(page.Text), pairs...), o.at(label))
	}
	offered := func(label string) (acts []string) {
		page := o.maud.Get(o.at(label))
		for _, found := range regexp.MustCompile(`href="`+o.at(label)+`/([a-z-]+)"`).FindAllStringSubmatch(page.Text, -1) {
			acts = append(acts, found[1])
		}
		return acts
	}
	t.Run("U12 U8 a locked colleague is unlocked; the page says until when, and how many attempts there were", func(t *testing.T) {
		o.field.locked("mine.stuck")
		o.mailed("mine.stuck")
		page := o.maud.Get(o.at("mine.stuck"))
		says(t, page, http.StatusOK, "Locked: wrong passwords", "until")
		if !slices.Contains(offered("mine.stuck"), "unlocking") {
			t.Error("not offered")
		}
		says(t, o.maud.Get(o.at("mine.stuck", "/security")), http.StatusOK, "6 of 6 before a lock")
		says(t, o.maud.Get(o.at("mine.stuck", "/unlocking")), http.StatusOK, "6 wrong attempts were made")
		says(t, confirm(t, "mine.stuck", "unlocking", "reason", "it was them"), http.StatusOK, "can sign in again", "Active")
		if got := o.mailed("mine.stuck"); !slices.Equal(got, []string{"unlocked"}) {
			t.Errorf("mailed %q", got)
		}
		if slices.Contains(offered("mine.stuck"), "unlocking") {
			t.Error("still offered")
		}
		says(t, o.maud.Get(o.at("mine.stuck", "/unlocking")), http.StatusConflict, "not locked")
		if _, a := o.signIn("mine.stuck", housePassword); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the right password answers %d", a.StatusCode)
		}
	})
	t.Run("A5 sessions on the security tab, one ended, all ended", func(t *testing.T) {
		o.join("mine.everywhere", "MINE", "read_only", "Everywhere")
		p := o.people["mine.everywhere"]
		o.clock.Advance(time.Minute)
		firefox := o.client()
		firefox.Header.Set("User-Agent", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0")
		firefox.SignIn(p.email, housePassword, p.key)
		o.clock.Advance(time.Minute)
		odd := o.client()
		odd.Header.Set("User-Agent", `<script>alert(1)</script> "'`+strings.Repeat("x", 5000))
		odd.SignIn(p.email, housePassword, p.key)
		page := o.maud.Get(o.at("mine.everywhere", "/security"))
		says(t, page, http.StatusOK, "Firefox · Windows", "This network", "Unknown device")
		if strings.Contains(page.Text, "alert(1)") || strings.Contains(page.Text, "xxxx") {
			t.Error("a browser's words stand in the page")
		}
		end := regexp.MustCompile(`(?s)Firefox.*?action="([^"]*/sign-out)" method="post">(.*?)</form>`).FindStringSubmatch(page.Text)
		if end == nil {
			t.Fatal("no button")
		}
		says(t, o.leads(t, o.send(end[1], inputs(end[2])), o.at("mine.everywhere", "/security")), http.StatusOK, "That session of Everywhere Test has ended")
		if a := firefox.Get("/me"); a.StatusCode != http.StatusSeeOther {
			t.Error("that session goes on")
		}
		if a := p.browser.Get("/me"); a.StatusCode != http.StatusOK {
			t.Error("another session ended")
		}
		says(t, o.maud.Get(o.at("mine.everywhere", "/sign-out")), http.StatusOK, "2 open sessions end at once")
		says(t, confirm(t, "mine.everywhere", "sign-out"), http.StatusOK, "signed out everywhere")
		if a := p.browser.Get("/me"); a.StatusCode != http.StatusSeeOther {
			t.Error("a session goes on")
		}
		if slices.Contains(offered("mine.everywhere"), "sign-out") {
			t.Error("offered to somebody who is signed in nowhere")
		}
		if got := o.mailed("mine.everywhere"); !slices.Contains(got, "session_ended") || !slices.Contains(got, "sessions_ended") {
			t.Errorf("mailed %q", got)
		}
	})
	t.Run("U11 a reset link is offered to whoever came in, and opens a lock for inactivity", func(t *testing.T) {
		o.invite("mine.not_yet", "MINE", "read_only", "Notyet")
		if got := offered("mine.not_yet"); slices.Contains(got, "password-reset") || slices.Contains(got, "password-renewal") || slices.Contains(got, "sign-out") {
			t.Errorf("offered to somebody invited: %q", got)
		}
		says(t, o.maud.Get(o.at("mine.not_yet", "/password-reset")), http.StatusConflict, "has not come in yet")
		says(t, confirm(t, "mine.away", "password-reset", "reason", "back from leave"), http.StatusOK, "A link to choose another password went to mine.away@example.com", "Locked: not used")
		o.mailed("mine.away")
		c := o.client()
		c.Get("/reset/" + o.links[o.people["mine.away"].userID])
		c.Post("/reset", "password", nextPassword, "username", "")
		says(t, c.Get("/reset/done"), http.StatusOK, "Your password is changed")
		if _, a := o.signIn("mine.away", nextPassword); a.StatusCode != http.StatusSeeOther {
			t.Errorf("answers %d", a.StatusCode)
		}
	})
	t.Run("A2 the page of a link that a person asked for says when it will not be enough", func(t *testing.T) {
		o.join("mine.sleeps", "MINE", "read_only", "Sleeps")
		o.do(func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE users SET inactive_locked_at = 1 WHERE id = $1`, o.people["mine.sleeps"].userID)
			return err
		})
		c := o.client()
		c.Post("/forgotten", "email", o.people["mine.sleeps"].email)
		o.errands()
		o.mailed("mine.sleeps")
		c.Get("/reset/" + o.links[o.people["mine.sleeps"].userID])
		says(t, c.Get("/reset"), http.StatusOK, "only a link from an administrator")
		a := c.Post("/reset", "password", nextPassword, "username", "")
		says(t, c.Get(a.Location()), http.StatusOK, "Your sign-in stays locked")
	})
}

// again brings Maud back in after the clock was moved.
func (o *office) again() {
	o.t.Helper()
	o.clock.Advance(time.Minute)
	p := o.people["mine.owner"]
	o.maud.SignIn(p.email, housePassword, p.key)
}

func (o *office) anotherPassword(t *testing.T) {
	t.Run("U11 A3 asked for, chosen between the code and the page that was wanted", func(t *testing.T) {
		o.join("mine.another", "MINE", "read_only", "Another")
		p := o.people["mine.another"]
		page := o.maud.Get(o.at("mine.another", "/password-renewal"))
		o.leads(t, o.send(o.at("mine.another", "/password-renewal"), fields(page.Text), "reason", "seen on a screen"), o.at("mine.another"))
		says(t, o.maud.Get(o.at("mine.another", "/password-renewal")), http.StatusConflict, "asked for another password already")
		says(t, o.maud.Get(o.at("mine.another", "/security")), http.StatusOK, "A new one has been required since")
		if a := p.browser.Get("/me"); a.StatusCode != http.StatusSeeOther {
			t.Error("their session goes on")
		}
		o.clock.Advance(time.Minute)
		c := o.client()
		c.Post("/signin", "identifier", p.email, "password", housePassword, "next", "/a/MINE/users")
		a := c.Post("/signin/code", "code", c.Code(p.key), "next", "/a/MINE/users")
		if !strings.HasPrefix(a.Location(), "/signin/change?") || c.Cookie("__Host-session") != "" {
			t.Fatalf("the code leads to %q", a.Location())
		}
		says(t, c.Get(a.Location()), http.StatusOK, "Choose another password", "An administrator of your account asks for it")
		for _, path := range []string{"/", "/me", "/a/MINE/users"} {
			if a := c.Get(path); a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Location(), "/signin") {
				t.Errorf("%s answers %d before the password is changed", path, a.StatusCode)
			}
		}
		says(t, c.Post("/signin/change", "password", housePassword, "username", p.email, "next", "/a/MINE/users"), http.StatusUnprocessableEntity, "used this password before")
		a = c.Post("/signin/change", "password", nextPassword, "username", p.email, "next", "/a/MINE/users")
		if a.Location() != "/a/MINE/users" || c.Cookie("__Host-session") == "" {
			t.Fatalf("leads to %q: %.300s", a.Location(), a.Plain())
		}
		says(t, c.Get("/me"), http.StatusOK, "Another Test")
	})
}

func (o *office) myAccount(t *testing.T) {
	o.join("mine.me", "MINE", "read_only", "Myself")
	p := o.people["mine.me"]
	p.browser.Get("/me")
	here, _ := o.signIn("mine.me", housePassword)
	t.Run("Y1 Y2 A5 one page: details, signing in, sessions, history, access, looks", func(t *testing.T) {
		o.client().Post("/signin", "identifier", p.email, "password", "not the password", "next", "")
		page := here.Get("/me")
		says(t, page, http.StatusOK, "Your details", "Signing in", "Sessions", "This one", "Sign out everywhere else", "History", "wrong password", "authenticator app", "Your access", "Harbour Goods", "Appearance")
		for _, id := range []string{"details", "signing-in", "sessions", "history", "access", "looks"} {
			if !strings.Contains(page.Text, `id="`+id+`"`) || !strings.Contains(page.Text, `href="#`+id+`"`) {
				t.Errorf("no way to %s", id)
			}
		}
	})
	t.Run("A5 sign out one, and everywhere else", func(t *testing.T) {
		third, _ := o.signIn("mine.me", housePassword)
		page := here.Get("/me")
		ends := regexp.MustCompile(`action="(/me/sessions/[^"]+/sign-out)"`).FindAllStringSubmatch(page.Text, -1)
		if len(ends) != 2 {
			t.Fatalf("%d other sessions can be ended", len(ends))
		}
		if a := here.Post(ends[0][1]); a.Location() != "/me#sessions" {
			t.Errorf("leads to %q", a.Location())
		}
		if a, b := third.Get("/me").StatusCode, p.browser.Get("/me").StatusCode; a+b != http.StatusOK+http.StatusSeeOther {
			t.Errorf("the others answer %d and %d", a, b)
		}
		says(t, here.Get("/me"), http.StatusOK, "That session has ended")
		here.Post("/me/sessions/sign-out")
		if third.Get("/me").StatusCode != http.StatusSeeOther || p.browser.Get("/me").StatusCode != http.StatusSeeOther {
			t.Error("another session goes on")
		}
		page = here.Get("/me")
		says(t, page, http.StatusOK, "You are signed out everywhere else")
		saysNot(t, page, "Sign out everywhere else")
	})
	t.Run("Y1 A6 the password is changed after signing in again, and what ends then", func(t *testing.T) {
		o.clock.Advance(6 * time.Minute)
		o.mailed("mine.me")
		a := here.Get("/me/password")
		if a.Location() != "/me/confirm?next=%2Fme%2Fpassword" {
			t.Fatalf("leads to %q", a.Location())
		}
		if a := here.Post("/me/password", "password", nextPassword, "username", p.email); !strings.HasPrefix(a.Location(), "/me/confirm") {
			t.Errorf("changed without: %d %q", a.StatusCode, a.Location())
		}
		if a := here.Post("/me/confirm", "password", housePassword, "code", here.Code(p.key), "next", "/me/password"); a.Location() != "/me/password" {
			t.Fatalf("leads to %q: %.300s", a.Location(), a.Plain())
		}
		says(t, here.Get("/me/password"), http.StatusOK, "Change password", "You stay signed in here")
		says(t, here.Post("/me/password", "password", "short", "username", p.email), http.StatusUnprocessableEntity, "At least 12 characters")
		if a := here.Post("/me/password", "password", nextPassword, "username", p.email); a.Location() != "/me" {
			t.Errorf("leads to %q: %.300s", a.Location(), a.Plain())
		}
		says(t, here.Get("/me"), http.StatusOK, "Your password is changed")
		if got := o.mailed("mine.me"); !slices.Equal(got, []string{"password_changed"}) {
			t.Errorf("mailed %q", got)
		}
	})
	t.Run("Y1 nothing that was typed is lost when the session runs out, the language neither", func(t *testing.T) {
		revision := inputs(cutAt(here.Get("/me").Text, `action="/me"`)).Get("revision")
		o.clock.Advance(16 * time.Minute)
		a := here.Post("/me", "first_name", "Moi", "last_name", "Même", "phone", "+33 1 55 50 10 20", "language", "fr", "time_zone", "Europe/Paris", "revision", revision)
		if !strings.Contains(a.Location(), "kept=1") {
			t.Fatalf("leads to %q", a.Location())
		}
		here.SignIn(p.email, nextPassword, p.key)
		shown := inputs(cutAt(here.Get("/me").Text, `action="/me"`))
		for name, want := range map[string]string{"first_name": "Moi", "last_name": "Même", "phone": "+33 1 55 50 10 20", "language": "fr", "time_zone": "Europe/Paris", "revision": revision} {
			if shown.Get(name) != want {
				t.Errorf("%s holds %q", name, shown.Get(name))
			}
		}
	})
}

func cutAt(text, mark string) string {
	_, after, _ := strings.Cut(text, mark)
	return after
}

func (o *office) lastAdministrator(t *testing.T) {
	t.Run("A2 an operator lets the last administrator of a live account in again, on the pages", func(t *testing.T) {
		operator := o.people["platform.owner"]
		o.clock.Advance(time.Minute)
		operator.browser.SignIn(operator.email, housePassword, operator.key)
		at := o.at("mine.owner")
		if page := operator.browser.Get(at); strings.Contains(page.Text, at+"/password-reset") {
			t.Error("offered while they are there")
		}
		if a := operator.browser.Get(at + "/password-reset"); a.StatusCode != http.StatusForbidden {
			t.Errorf("answers %d", a.StatusCode)
		}
		o.do(func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE users SET inactive_locked_at = 1 WHERE id = $1`, o.people["mine.owner"].userID)
			return err
		})
		o.must(o.rooms.keeper.Refresh(t.Context(), 0))
		if page := operator.browser.Get(at); !strings.Contains(page.Text, at+"/password-reset") {
			t.Error("not offered")
		}
		page := operator.browser.Get(at + "/password-reset")
		says(t, page, http.StatusOK, "Send Maud Owner a reset link?")
		form := fields(page.Text)
		a := operator.browser.PostBody(at+"/password-reset", "application/x-www-form-urlencoded", url.Values{"revision": form["revision"], "reason": {"all were away"}}.Encode())
		if a.StatusCode != http.StatusSeeOther {
			t.Fatalf("answers %d: %.400s", a.StatusCode, a.Plain())
		}
		o.mailed("mine.owner")
		c := o.client()
		c.Get("/reset/" + o.links[o.people["mine.owner"].userID])
		if a := c.Post("/reset", "password", nextPassword, "username", ""); a.Location() != "/reset/done" {
			t.Errorf("leads to %q", a.Location())
		}
		if _, a := o.signIn("mine.owner", nextPassword); a.StatusCode != http.StatusSeeOther {
			t.Errorf("answers %d", a.StatusCode)
		}
	})
}
