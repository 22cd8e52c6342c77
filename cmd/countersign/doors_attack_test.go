package main

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"countersign/internal/test/server"
)

const (
	olgasSecond = "four slow trams in the rain"
	dayLong     = 16 * time.Minute // longer than a session may be idle, and than a code lives
)

// TestAttackDoors tries, over HTTP on the running program, to come in by what is not a key.
func TestAttackDoors(t *testing.T) {
	s := server.Start(t, server.Options{})
	olga := s.Client()
	key := olga.Activate(s.Link, olgasSecond)
	home := olga.Get("/").Location()

	t.Run("open redirects: back and next lead nowhere else", func(t *testing.T) {
		base, err := url.Parse(s.URL)
		if err != nil {
			t.Fatal(err)
		}
		for _, address := range []string{"//evil.example", "///evil.example", `/\evil.example`, `\/evil.example`, "/\t/evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b", "/\x0b/evil.example", "/\x00/evil.example",
			"/\x7f//evil.example", "/\u0085//evil.example", "/.//evil.example", "/..//evil.example", "/./\\evil.example", "/a/../..//evil.example", "/%2f/evil.example", "/%5cevil.example", "/%09/evil.example", "/%zz//evil.example",
			"/\uff0f\uff0fevil.example", "/\u2215evil.example", " //evil.example", "https://evil.example", "http:evil.example", "javascript:alert(1)", "data:text/html,x", "/#//evil.example", "/?//evil.example"} {
			answer := olga.Post("/theme", "theme", "auto", "back", address)
			at := answer.Location()
			if answer.StatusCode == http.StatusBadRequest && at == "" {
				continue // no text at all
			}
			to, err := base.Parse(at)
			if err != nil || to.Host != base.Host || to.Scheme != base.Scheme || !strings.HasPrefix(at, "/") || strings.HasPrefix(at, "//") || strings.ContainsFunc(at, unicode.IsControl) {
				t.Errorf("%q leads to %q (%v)", address, at, err)
			}
			c := s.Client()
			if page := c.Post("/signin", "identifier", "", "password", "", "next", address); strings.Contains(page.Text, `value="//`) || strings.Contains(page.Text, `value="http`) || strings.Contains(page.Text, `value="javascript`) {
				t.Errorf("the form keeps %q", address)
			}
		}
	})

	t.Run("what cannot be a link's token becomes no cookie", func(t *testing.T) {
		for _, token := range []string{"x", strings.Repeat("x", 8000), "%0d%0aSet-Cookie:%20a=b", "%00", "%22;%20Domain=evil.example", "a;b", "%ff", strings.Repeat("%C3%A9", 43), strings.Repeat("=", 43)} {
			c := s.Client()
			c.SetCookie("__Host-link", strings.Repeat("A", 43))
			if a := c.Get("/activate/" + token); a.Location() != "/activate" || c.Cookie("__Host-link") != "" {
				t.Errorf("%.30s answers %d, leads to %q and leaves the cookie %.30q", token, a.StatusCode, a.Location(), a.Header.Get("Set-Cookie"))
			}
			if a := c.Get("/activate"); a.StatusCode != http.StatusGone {
				t.Errorf("%.30s: then the page answers %d", token, a.StatusCode)
			}
		}
		if strings.Contains(s.Log(), "invalid byte") {
			t.Error("the log holds lines that are not its own")
		}
	})

	t.Run("one key does not open another's lock", func(t *testing.T) {
		s.Advance(time.Minute)
		half := s.Client()
		half.Post("/signin", "identifier", server.Administrator, "password", olgasSecond, "next", "")
		challenge, session := half.Cookie("__Host-challenge"), olga.Cookie("__Host-session")
		if challenge == "" || session == "" {
			t.Fatal("nothing to try with")
		}
		try := func(cookie, value, method, path string, pairs ...string) int {
			c := s.Client()
			c.SetCookie(cookie, value)
			if method == http.MethodPost {
				return c.Post(path, pairs...).StatusCode
			}
			return c.Get(path).StatusCode
		}
		for what, status := range map[string][2]int{
			"challenge as session, page":   {try("__Host-session", challenge, "GET", home), 303},
			"challenge as session, API":    {try("__Host-session", challenge, "GET", "/api/v1/session"), 401},
			"session as challenge":         {try("__Host-challenge", session, "POST", "/signin/code", "code", half.Code(key), "next", ""), 401},
			"session as challenge, set-up": {try("__Host-challenge", session, "GET", "/signin/setup"), 401},
			"code's challenge as set-up's": {try("__Host-challenge", challenge, "GET", "/signin/setup"), 401},
			"session as link":              {try("__Host-link", session, "GET", "/activate"), 410},
			"used link":                    {try("__Host-link", s.Link[strings.LastIndex(s.Link, "/")+1:], "GET", "/activate"), 410},
			"session without its prefix":   {try("session", session, "GET", home), 303},
			"session, longer":              {try("__Host-session", session+"A", "GET", home), 303},
		} {
			if status[0] != status[1] {
				t.Errorf("%s: %d, want %d", what, status[0], status[1])
			}
		}
		tossed := s.Client().Request(http.MethodGet, home, nil)
		tossed.Header.Set("Cookie", "__Host-session="+session+"; __Host-session="+challenge)
		if a := s.Client().Do(tossed); a.StatusCode != http.StatusSeeOther {
			t.Errorf("two cookies of one name: %d", a.StatusCode)
		}
		c := s.Client()
		c.Header.Set("Authorization", "Bearer "+session)
		if a := c.Get("/api/v1/session"); a.StatusCode != http.StatusUnauthorized {
			t.Errorf("session as bearer: %d", a.StatusCode)
		}
	})

	t.Run("fixation: a sign-in takes no id that was there, and ends the session it replaces", func(t *testing.T) {
		for name, in := range map[string]func(c *server.Client){
			"portal": func(c *server.Client) { c.SignIn(server.Administrator, olgasSecond, key) },
			"API": func(c *server.Client) {
				var step struct{ Challenge string }
				c.JSON("POST", "/api/v1/session", map[string]string{"identifier": server.Administrator, "password": olgasSecond}).Decode(t, &step)
				c.JSON("POST", "/api/v1/session/code", map[string]string{"challenge": step.Challenge, "code": c.Code(key)})
			},
		} {
			s.Advance(time.Minute)
			c := s.Client()
			planted := strings.Repeat("A", 43)
			c.SetCookie("__Host-session", planted)
			in(c)
			first := c.Cookie("__Host-session")
			s.Advance(time.Minute)
			in(c)
			second := c.Cookie("__Host-session")
			if first == planted || second == first || c.Get(home).StatusCode != http.StatusOK {
				t.Fatalf("%s: not signed in anew", name)
			}
			for what, value := range map[string]string{"planted": planted, "replaced": first} {
				old := s.Client()
				old.SetCookie("__Host-session", value)
				if a := old.Get(home); a.StatusCode == http.StatusOK {
					t.Errorf("%s: the %s session still opens", name, what)
				}
			}
		}
	})

	t.Run("what a browser fetches by itself, or another site causes, keeps nobody in", func(t *testing.T) {
		s.Advance(time.Minute)
		c := s.Client()
		c.SignIn(server.Administrator, olgasSecond, key)
		s.Advance(10 * time.Minute)
		c.Get("/assets/countersign.css")
		c.JSON("POST", "/access/v1/evaluation", map[string]string{})
		other := c.Request(http.MethodPost, "/theme", strings.NewReader("theme=auto&back="))
		other.Header.Set("Sec-Fetch-Site", "cross-site")
		c.Do(other)
		s.Advance(5 * time.Minute)
		if a := c.Get(home); a.StatusCode == http.StatusOK {
			t.Error("still in after fifteen minutes without use")
		}
	})

	t.Run("a made-up method of any length makes a short line", func(t *testing.T) {
		before := len(s.Log())
		c := s.Client()
		c.Do(c.Request(strings.Repeat("A", 50_000), "/signin", nil))
		if n := len(s.Log()) - before; n > 2000 {
			t.Errorf("the log grew by %d bytes", n)
		}
	})
}

// TestAttackTwoNodes: what counts once counts once on all nodes together.
func TestAttackTwoNodes(t *testing.T) {
	s := server.Start(t, server.Options{Postgres: true})
	nodes := []*server.Server{s, s.Beside()}
	key := s.Client().Activate(s.Link, olgasSecond)
	s.Advance(dayLong)
	t.Run("a code at both at once, six times", func(t *testing.T) {
		var half []*server.Client
		for i := range 6 {
			c := nodes[i%2].Client()
			if a := c.Post("/signin", "identifier", server.Administrator, "password", olgasSecond, "next", ""); a.Location() != "/signin/code" {
				t.Fatalf("the password answers %d", a.StatusCode)
			}
			half = append(half, c)
		}
		code := half[0].Code(key)
		in := together(half[:5], func(c *server.Client) bool {
			return c.Post("/signin/code", "code", code, "next", "").StatusCode == http.StatusSeeOther
		})
		if in != 1 {
			t.Errorf("%d came in with one code", in)
		}
	})
	s.Advance(31 * time.Minute)
	t.Run("guesses at both together are as many as at one", func(t *testing.T) {
		var guessers []*server.Client
		for i := range 12 {
			guessers = append(guessers, nodes[i%2].Client())
		}
		together(guessers, func(c *server.Client) bool {
			return c.Post("/signin", "identifier", server.Administrator, "password", "a wrong guess of mine", "next", "").StatusCode == http.StatusSeeOther
		})
		for i, n := range nodes {
			if a := n.Client().Post("/signin", "identifier", server.Administrator, "password", olgasSecond, "next", ""); a.StatusCode != http.StatusUnauthorized {
				t.Errorf("node %d answers %d to the right password during the lock", i, a.StatusCode)
			}
		}
	})
}

func together(clients []*server.Client, do func(*server.Client) bool) (n int) {
	var group sync.WaitGroup
	var mu sync.Mutex
	for _, c := range clients {
		group.Go(func() {
			if do(c) {
				mu.Lock()
				n++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return n
}
