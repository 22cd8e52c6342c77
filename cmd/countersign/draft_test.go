package main

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/internal/test/browser"
	"countersign/internal/test/server"
)

// TestDraft is somebody whose session runs out in the middle of a form.
func TestDraft(t *testing.T) {
	h := newHouse(t)
	h.found()
	h.board("MINE", "Mine", "Maud")
	p := h.people["mine.owner"]
	const form, tokens = "/a/MINE/service-tokens/new", "/a/MINE/service-tokens"
	c := p.browser
	away := func() server.Answer {
		h.clock.Advance(16 * time.Minute)
		return c.Post(tokens, "name", "till bridge № 7", "expires", "90")
	}
	in := func(c *server.Client, p person) {
		h.clock.Advance(time.Minute)
		c.SignIn(p.email, housePassword, p.key)
	}
	made := func() int { return strings.Count(c.Get(tokens).Plain(), "till bridge") }

	t.Run("A5 what was typed is in the form again, and was not sent", func(t *testing.T) {
		a := away()
		if a.StatusCode != http.StatusSeeOther || a.Location() != "/signin?ended=1&kept=1&next=%2Fa%2FMINE%2Fservice-tokens%2Fnew" {
			t.Fatalf("answers %d and leads to %q", a.StatusCode, a.Location())
		}
		if page := c.Get(a.Location()).Plain(); !strings.Contains(page, "What you typed is kept") {
			t.Errorf("the sign-in page says %s", page)
		}
		in(c, p)
		if n := made(); n != 0 {
			t.Fatalf("%d tokens were made", n)
		}
		for range 2 { // also when the page is loaded again
			page := c.Get(form)
			if !strings.Contains(page.Text, `value="till bridge № 7"`) || !strings.Contains(page.Text, `value="90" selected`) || !strings.Contains(page.Plain(), "nothing was sent yet") {
				t.Fatalf("the form is %s", page.Text)
			}
		}
		if a := c.Post(tokens, "name", "till bridge № 7", "expires", "90"); a.StatusCode != http.StatusOK {
			t.Fatalf("sent, it answers %d", a.StatusCode)
		}
		if page := c.Get(form); strings.Contains(page.Text, "till bridge") || c.Cookie("__Host-draft") != "" {
			t.Error("it is still kept")
		}
	})
	t.Run("A5 whoever signs in instead sees nothing of it", func(t *testing.T) {
		h.join("mine.colleague", "MINE", "administrator", "Cara")
		in(c, p)
		away()
		in(c, h.people["mine.colleague"])
		if page := c.Get(form); strings.Contains(page.Text, "till bridge") || page.StatusCode != http.StatusOK {
			t.Errorf("answers %d: %s", page.StatusCode, page.Plain())
		}
		in(c, p)
	})
	t.Run("A5 no password is kept", func(t *testing.T) {
		h.clock.Advance(16 * time.Minute)
		a := c.Post("/me/password", "password", "another one for me", "username", "")
		if a.StatusCode != http.StatusUnauthorized || c.Cookie("__Host-draft") != "" && strings.Contains(a.Plain(), "kept") {
			t.Errorf("answers %d: %s", a.StatusCode, a.Plain())
		}
		in(c, p)
	})
	t.Run("what a page saves of itself when its time is over", func(t *testing.T) {
		in(c, p)
		h.clock.Advance(16 * time.Minute)
		for page, want := range map[string]int{form: 204, "https://elsewhere.example/": 410, "//elsewhere.example": 410, "": 410} {
			a := c.Post("/session/draft?page="+page, "name", "half a na", "password", "not this")
			if a.StatusCode != want {
				t.Errorf("%q answers %d, want %d", page, a.StatusCode, want)
			}
		}
		if a := h.client().Post("/session/draft?page="+form, "name", "x"); a.StatusCode != 410 {
			t.Errorf("a stranger's answers %d", a.StatusCode)
		}
		in(c, p)
		if page := c.Get(form); !strings.Contains(page.Text, `value="half a na"`) || strings.Contains(page.Text, "not this") {
			t.Errorf("the form is %s", page.Plain())
		}
	})
	t.Run("T-8.2.8 asking how long there still is keeps nobody signed in, answering the warning does", func(t *testing.T) {
		in(c, p)
		h.clock.Advance(10 * time.Minute)
		if a := c.Get("/session/time"); a.StatusCode != 200 || !strings.HasPrefix(a.Text, `{"idle":300,"ends":4`) {
			t.Fatalf("answers %d: %s", a.StatusCode, a.Text)
		}
		h.clock.Advance(4 * time.Minute)
		if a := c.Post("/session/stay"); a.StatusCode != http.StatusNoContent {
			t.Fatalf("staying answers %d", a.StatusCode)
		}
		h.clock.Advance(10 * time.Minute)
		if a := c.Get("/session/time"); a.Text != "" && !strings.HasPrefix(a.Text, `{"idle":300,`) {
			t.Errorf("after staying: %s", a.Text)
		}
		h.clock.Advance(5*time.Minute + time.Second)
		if a := c.Get("/session/time"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("after fifteen idle minutes it answers %d", a.StatusCode)
		}
		if a := c.Post("/session/stay"); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("a dead session stays: %d", a.StatusCode)
		}
	})
}

// TestIdleWarning is the warning in a real browser: it comes in time, one press answers it, and what was typed survives
// an hour at lunch.
func TestIdleWarning(t *testing.T) {
	s := server.Start(t, server.Options{})
	c := s.Client()
	key := c.Activate(s.Link, "a quiet harbour at noon")
	b := browser.New(t)
	// The page's clock is moved as the server's is.
	b.OnEveryPage(`const real = Date.now; window.skipped = 0; Date.now = () => real() + window.skipped;`)
	in := func() {
		s.Advance(time.Minute)
		b.Fill("E-mail or username", server.Administrator)
		b.Fill("Password", "a quiet harbour at noon")
		b.Click("Continue")
		b.Fill("Six-digit code", server.Code(t, key, s.Now()))
		b.Click("Sign in")
	}
	pass := func(by time.Duration) {
		s.Advance(by)
		browser.Eval[float64](b, `window.skipped += `+strconv.FormatInt(by.Milliseconds(), 10))
	}
	b.Goto(s.URL + "/signin")
	in()
	b.Goto(s.URL + "/a/PLATFORM/service-tokens/new")
	b.Fill("Name", "Lunch token")
	pass(13*time.Minute + 10*time.Second)
	b.Sees("Are you still there?")
	b.Axe()
	b.Click("Stay signed in")
	b.SeesNot("Are you still there?")
	if got := b.Value("Name"); got != "Lunch token" {
		t.Errorf("the form holds %q", got)
	}
	pass(time.Hour)
	b.Sees("What you typed is kept")
	in()
	b.Sees("nothing was sent yet")
	if got := b.Value("Name"); got != "Lunch token" {
		t.Errorf("the form holds %q", got)
	}
	b.Click("Create token")
	b.Sees("Lunch token")
}

// TestMaintenance shows planned work: pages and the JSON API wait, decisions do not.
func TestMaintenance(t *testing.T) {
	file := filepath.Join(t.TempDir(), "maintenance")
	s := server.Start(t, server.Options{Flags: []string{"--maintenance-file", file}})
	c := s.Client()
	c.Activate(s.Link, "a quiet harbour at noon")
	begin := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	begin("")
	for path, want := range map[string]int{"/": 503, "/signin": 503, "/a/PLATFORM/": 503, "/api/v1/session": 503, "/access/v1/evaluation": 405, "/.well-known/authzen-configuration": 200, "/nowhere": 503} {
		a := c.Get(path)
		if a.StatusCode != want || want == 503 && a.Header.Get("Retry-After") != "60" {
			t.Errorf("%s answers %d, Retry-After %q", path, a.StatusCode, a.Header.Get("Retry-After"))
		}
	}
	if a := c.Post("/signout"); a.StatusCode != 503 {
		t.Errorf("a form answers %d", a.StatusCode)
	}
	begin(s.Now().Add(2 * time.Hour).UTC().Format(time.RFC3339))
	a := c.Get("/a/PLATFORM/")
	if !strings.Contains(a.Plain(), "Planned work is under way until") || !strings.Contains(a.Plain(), "UTC") {
		t.Errorf("says %s", a.Plain())
	}
	b := browser.New(t)
	b.Expect("status of 503")
	b.Goto(s.URL + "/signin")
	b.Sees("Planned work is under way until")
	b.Axe()
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if a := c.Get("/a/PLATFORM/"); a.StatusCode != http.StatusOK {
		t.Errorf("afterwards it answers %d", a.StatusCode)
	}
}
