package main

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/test/server"
)

const nextPassword = "chestnut lanterns float by"

// TestSigningInAgain leads people of one merchant through forgotten and changed passwords, locks and sessions, on the
// pages and without script.
func TestSigningInAgain(t *testing.T) {
	o := &office{field: &field{house: newHouse(t), ids: map[string]string{}}}
	o.found()
	o.board("MINE", "Harbour Goods", "Maud")
	o.maud = o.people["mine.owner"].browser
	o.maud.Get("/me") // where the welcome is taken off
	t.Run("forgotten", o.forgotten)
	t.Run("nobody learns", o.nobodyLearns)
	t.Run("dead links", o.deadLinks)
	t.Run("acts", o.helpOnPages)
	t.Run("another", o.anotherPassword)
	t.Run("my account", o.myAccount)
	t.Run("last administrator", o.lastAdministrator)
}

// errands does what waits.
func (o *office) errands() {
	o.t.Helper()
	_, err := o.rooms.door.Errands(o.t.Context())
	o.must(err)
}

// mailed are the kinds of the messages to somebody that nobody has looked at.
func (o *office) mailed(label string) (kinds []string) {
	o.t.Helper()
	list, err := o.rooms.db.Lease(o.t.Context(), 1000, time.Second)
	o.must(err)
	for _, m := range list {
		if m.Data["token"] != "" {
			o.links[m.UserID] = m.Data["token"]
		}
		if m.UserID == o.people[label].userID {
			kinds = append(kinds, m.Kind)
		}
		o.must(o.rooms.db.Sent(o.t.Context(), m.ID))
	}
	return kinds
}

// signIn is a browser in which somebody has signed in.
func (o *office) signIn(label, password string) (*server.Client, server.Answer) {
	o.t.Helper()
	o.clock.Advance(time.Minute)
	c := o.client()
	return c, c.SignIn(o.people[label].email, password, o.people[label].key)
}

func (o *office) forgotten(t *testing.T) {
	o.join("mine.forgets", "MINE", "read_only", "Camille")
	p := o.people["mine.forgets"]
	t.Run("I6 from the sign-in page to the sign-in page, by way of the mail", func(t *testing.T) {
		c := o.client()
		if page := c.Get("/signin"); !strings.Contains(page.Text, `href="/forgotten"`) {
			t.Error("the sign-in page does not lead there")
		}
		says(t, c.Get("/forgotten"), http.StatusOK, "Forgotten your password?")
		says(t, c.Post("/forgotten", "email", "camille"), http.StatusUnprocessableEntity, "e-mail")
		a := c.Post("/forgotten", "email", p.email)
		if a.StatusCode != http.StatusSeeOther || a.Location() != "/forgotten?sent=1" {
			t.Fatalf("%d %q", a.StatusCode, a.Location())
		}
		sent := c.Get(a.Location())
		says(t, sent, http.StatusOK, "Look at your mail", "If somebody signs in with this address")
		saysNot(t, sent, p.email)
		o.mailed("mine.forgets")
		o.errands()
		if got := o.mailed("mine.forgets"); !slices.Equal(got, []string{"password_reset"}) {
			t.Fatalf("mailed %q", got)
		}
		opened := c.Get("/reset/" + o.links[p.userID])
		if opened.Location() != "/reset" || strings.Contains(opened.Location()+opened.Text, o.links[p.userID]) {
			t.Errorf("the token stays in the address: %q", opened.Location())
		}
		page := c.Get("/reset")
		says(t, page, http.StatusOK, "Choose another password")
		if !strings.Contains(page.Text, `value="`+p.email+`"`) {
			t.Error("the page does not say for whom")
		}
		if page.Header.Get("Referrer-Policy") != "same-origin" && page.Header.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("Referrer-Policy %q", page.Header.Get("Referrer-Policy"))
		}
		again := c.Post("/reset", "password", "short", "username", p.email)
		says(t, again, http.StatusUnprocessableEntity, "At least 12 characters")
		if strings.Contains(again.Text, `value="short"`) {
			t.Error("a password stands in a page")
		}
		says(t, c.Get("/reset"), http.StatusOK, "Choose another password") // a mistake spends nothing
		a = c.Post("/reset", "password", nextPassword, "username", p.email)
		if a.Location() != "/reset/done" || c.Cookie("__Host-session") != "" || c.Cookie("__Host-reset") != "" {
			t.Fatalf("%d to %q with cookies %v", a.StatusCode, a.Location(), a.Response.Cookies())
		}
		says(t, c.Get("/reset/done"), http.StatusOK, "Your password is changed", "Now sign in")
		if a := p.browser.Get("/me"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("a session goes on: %d", a.StatusCode)
		}
		if got := o.mailed("mine.forgets"); !slices.Equal(got, []string{"password_changed"}) {
			t.Errorf("mailed %q", got)
		}
		if _, a := o.signIn("mine.forgets", nextPassword); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the new password answers %d", a.StatusCode)
		}
	})

	t.Run("attack: a link is opened in the browser of somebody else who is signed in", func(t *testing.T) {
		o.join("mine.bystander", "MINE", "read_only", "Bystander")
		other := o.people["mine.bystander"].browser
		other.Post("/forgotten", "email", p.email)
		o.errands()
		o.mailed("mine.forgets")
		other.Get("/reset/" + o.links[p.userID])
		page := other.Get("/reset")
		says(t, page, http.StatusOK, "Choose another password")
		saysNot(t, page, "Bystander", "Your account", "Welcome")
		old := other.Cookie("__Host-session")
		a := other.Post("/reset", "password", "a kettle under the stairs", "username", p.email)
		if a.Location() != "/reset/done" || other.Cookie("__Host-session") != "" {
			t.Errorf("%d to %q", a.StatusCode, a.Location())
		}
		c := o.client()
		c.SetCookie("__Host-session", old)
		if a := c.Get("/me"); a.StatusCode != http.StatusSeeOther {
			t.Error("the session of the other goes on behind the link's page")
		}
		bystander, a := o.signIn("mine.bystander", housePassword)
		if a.StatusCode != http.StatusSeeOther || bystander.Get("/me").StatusCode != http.StatusOK {
			t.Error("the other's password was changed")
		}
	})
}

// nobodyLearns holds that the answer does not tell whom an address belongs to.
func (o *office) nobodyLearns(t *testing.T) {
	for label, role := range map[string]string{"mine.known": "read_only", "mine.shut": "read_only", "mine.away": "read_only", "mine.gone": "read_only"} {
		o.join(label, "MINE", role, "Somebody")
	}
	o.invite("mine.waits", "MINE", "read_only", "Waits")
	o.field.locked("mine.tries")
	o.do(func(tx *db.Tx) error {
		if _, err := tx.Exec(`UPDATE users SET inactive_locked_at = 1 WHERE id = $1`, o.people["mine.away"].userID); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE memberships SET deactivated_at = 1, deactivated_by = 'x' WHERE user_id = $1`, o.people["mine.gone"].userID)
		return err
	})
	states := map[string]string{"known": o.people["mine.known"].email, "nobody": "nobody.at.all@example.com", "locked": o.people["mine.tries"].email, "inactive": o.people["mine.away"].email,
		"deactivated": o.people["mine.gone"].email, "invited": o.people["mine.waits"].email}
	t.Run("I6 attack: enumeration by text, code, headers, mail and work", func(t *testing.T) {
		const tries = 15
		var first string
		times := map[string][]time.Duration{}
		names := []string{"known", "nobody", "locked", "inactive", "deactivated", "invited"}
		for range tries {
			for _, name := range names {
				o.clock.Advance(4 * time.Minute)
				before := o.counts()
				c := o.client()
				begun := time.Now()
				a := c.Post("/forgotten", "email", states[name])
				times[name] = append(times[name], time.Since(begun))
				after := o.counts()
				if after["signin_errands"] != before["signin_errands"]+1 || after["outbox"] != before["outbox"] || after["reset_links"] != before["reset_links"] {
					t.Fatalf("%s: the work differs: %d errands, then %d", name, before["signin_errands"], after["signin_errands"])
				}
				page := c.Get(a.Location())
				text := answered(a) + answered(page)
				if first == "" {
					first = text
				}
				if text != first {
					t.Fatalf("%s is answered otherwise: %s", name, firstDifference(text, first))
				}
				o.errands()
			}
		}
		for _, name := range names {
			slices.Sort(times[name])
			t.Logf("%s: median %v", name, times[name][tries/2])
		}
		ranked(t, times)
	})
	t.Run("attack: enumeration on sign-in, of the same people", func(t *testing.T) {
		var first string
		for range 3 {
			for name, email := range states {
				o.clock.Advance(time.Hour)
				text := answered(o.client().Post("/signin", "identifier", email, "password", "some wrong password", "next", ""))
				text = strings.ReplaceAll(text, email, "ADDRESS")
				if first == "" {
					first = text
				}
				if text != first {
					t.Errorf("%s is answered otherwise: %s", name, firstDifference(text, first))
				}
			}
		}
		o.errands()
	})
}

// answered is all of an answer that could tell something: status, headers, cookies, text.
func answered(a server.Answer) string {
	var lines []string
	for name, values := range a.Header {
		if name != "Date" && name != "X-Request-Id" && name != "Server-Timing" {
			lines = append(lines, name+": "+strings.Join(values, ", "))
		}
	}
	slices.Sort(lines)
	text := regexp.MustCompile(`req_[0-9a-z]+`).ReplaceAllString(a.Text+strings.Join(lines, "\n"), "REQUEST")
	text = regexp.MustCompile(`nonce-[\w+/=-]+|nonce="[^"]*"`).ReplaceAllString(text, "NONCE")
	text = regexp.MustCompile(`challenge&#34;:&#34;[\w-]+`).ReplaceAllString(text, "CHALLENGE")
	return a.Status + "\n" + text
}

// ranked compares distributions of times by their ranks (Mann and Whitney): a time drawn from one is shorter than one
// drawn from all others about half the time. It sets no limit in seconds.
func ranked(t *testing.T, times map[string][]time.Duration) {
	t.Helper()
	for name, mine := range times {
		shorter, pairs := 0.0, 0.0
		for other, theirs := range times {
			if other == name {
				continue
			}
			for _, a := range mine {
				for _, b := range theirs {
					pairs++
					switch {
					case a < b:
						shorter++
					case a == b:
						shorter += 0.5
					}
				}
			}
		}
		if share := shorter / pairs; share < 0.08 || share > 0.92 {
			t.Errorf("%s is told apart by its time: shorter in %.0f of 100 pairs", name, share*100)
		}
	}
}

func (o *office) deadLinks(t *testing.T) {
	o.join("mine.links", "MINE", "read_only", "Links")
	p := o.people["mine.links"]
	ask := func() string {
		o.clock.Advance(time.Hour)
		o.client().Post("/forgotten", "email", p.email)
		o.errands()
		o.mailed("mine.links")
		return o.links[p.userID]
	}
	open := func(token string) server.Answer {
		c := o.client()
		c.Get("/reset/" + token)
		page := c.Get("/reset")
		if a := c.Post("/reset", "password", nextPassword, "username", p.email); a.StatusCode != page.StatusCode || a.StatusCode != http.StatusGone {
			t.Errorf("the page answers %d, the form %d", page.StatusCode, a.StatusCode)
		}
		return page
	}
	replaced := ask()
	expired := ask()
	t.Run("I6 replaced", func(t *testing.T) { says(t, open(replaced), http.StatusGone, "A newer link was sent to you") })
	o.clock.Advance(time.Hour)
	t.Run("I6 expired", func(t *testing.T) {
		says(t, open(expired), http.StatusGone, "This link has expired", "Ask for a new link")
	})
	t.Run("I6 unknown", func(t *testing.T) {
		says(t, open(strings.Repeat("A", 43)), http.StatusGone, "This link does not work")
		for _, token := range []string{"x", "%00", "a;b", strings.Repeat("x", 8000)} {
			c := o.client()
			if a := c.Get("/reset/" + token); a.Location() != "/reset" || c.Cookie("__Host-reset") != "" {
				t.Errorf("%.20s leads to %q and leaves %q", token, a.Location(), c.Cookie("__Host-reset"))
			}
		}
	})
	ended := ask()
	o.do(func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE memberships SET deactivated_at = 1, deactivated_by = 'x' WHERE user_id = $1`, p.userID)
		return err
	})
	t.Run("attack: of somebody who was deactivated", func(t *testing.T) { says(t, open(ended), http.StatusGone, "This link is over") })
}
