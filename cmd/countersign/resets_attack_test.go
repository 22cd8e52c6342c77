package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/internal/test/server"
)

// TestAttackResets tries, over HTTP on the running program, to have links lead elsewhere, and to use them where and
// when they are not to be used.
func TestAttackResets(t *testing.T) {
	s := server.Start(t, server.Options{Postgres: true})
	nodes := []*server.Server{s, s.Beside()}
	key := s.Client().Activate(s.Link, olgasSecond)
	resets := func() (links []string) {
		for _, m := range s.Mails(server.Administrator) {
			if m.Subject == "Choose another password" {
				link := m.Link(t)
				s.Secret("a reset link", link[strings.LastIndex(link, "/")+1:])
				links = append(links, link)
			}
		}
		return links
	}

	t.Run("A2 init --again makes a link while every administrator of the platform is locked, and only then", func(t *testing.T) {
		if out, err := s.Run("init", "--public-url", s.URL, "--again"); err == nil {
			t.Fatalf("it made a link: %s", out)
		}
		s.LockInactive()
		out, err := s.Run("init", "--public-url", s.URL, "--again")
		if err != nil || !strings.Contains(out, s.URL+"/reset/") {
			t.Fatalf("%v: %s", err, out)
		}
		link := out[strings.Index(out, s.URL):]
		link, _, _ = strings.Cut(link, "\n")
		c := s.Client()
		c.Get(strings.TrimPrefix(strings.TrimSpace(link), s.URL))
		if a := c.Post("/reset", "password", "nine loud geese at noon", "username", ""); a.Location() != "/reset/done" {
			t.Fatalf("answers %d: %.300s", a.StatusCode, a.Plain())
		}
		s.Advance(time.Minute)
		if a := c.SignIn(server.Administrator, "nine loud geese at noon", key); a.StatusCode != http.StatusSeeOther {
			t.Errorf("signing in answers %d", a.StatusCode)
		}
	})

	t.Run("I6 attack: poisoned Host, X-Forwarded-Host and Forwarded headers reach no mail and no redirect", func(t *testing.T) {
		for _, poison := range []func(r *http.Request){
			func(r *http.Request) { r.Host = "evil.example" },
			func(r *http.Request) { r.Header.Set("X-Forwarded-Host", "evil.example") },
			func(r *http.Request) {
				r.Header.Set("Forwarded", "for=1.2.3.4;host=evil.example;proto=https")
				r.Header.Set("X-Forwarded-Proto", "gopher")
			},
			func(r *http.Request) {
				r.Header.Set("X-Original-URL", "https://evil.example/forgotten")
				r.Header.Set("X-Host", "evil.example")
				r.Header.Set("X-Forwarded-Server", "evil.example")
			},
		} {
			s.Advance(time.Hour + time.Second)
			before := len(resets())
			r := s.Client().Request(http.MethodPost, "/forgotten", strings.NewReader("email="+server.Administrator))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			poison(r)
			a := s.Client().Do(r)
			if strings.Contains(a.Text+a.Location(), "evil.example") {
				t.Errorf("%d leads to %q", a.StatusCode, a.Location())
			}
			if a.StatusCode != http.StatusSeeOther {
				continue // a Host that is not ours is not answered at all
			}
			eventually(t, "the mail", func() bool { return len(resets()) > before })
			for _, m := range s.Mails(server.Administrator) {
				if strings.Contains(m.Text+m.HTML, "evil.example") {
					t.Errorf("the mail leads elsewhere: %s", m.Text)
				}
			}
			if link := resets()[before]; !strings.HasPrefix(link, nodes[0].URL+"/reset/") && !strings.HasPrefix(link, nodes[1].URL+"/reset/") { // whichever node had time
				t.Errorf("the link is %s", link)
			}
		}
	})

	t.Run("I6 attack: one link at both nodes at once sets one password, and the code is asked afterwards", func(t *testing.T) {
		s.Advance(time.Hour + time.Second)
		before := len(resets())
		nodes[1].Client().Post("/forgotten", "email", server.Administrator)
		eventually(t, "the mail", func() bool { return len(resets()) > before })
		link := resets()[before]
		path := link[strings.Index(link, "/reset/"):]
		var clients []*server.Client
		for i := range 6 {
			c := nodes[i%2].Client()
			c.Get(path)
			clients = append(clients, c)
		}
		if n := together(clients, func(c *server.Client) bool {
			return c.Post("/reset", "password", nextPassword, "username", "").Location() == "/reset/done"
		}); n != 1 {
			t.Errorf("%d passwords were set", n)
		}
		if len(resets()) != before+1 {
			t.Errorf("%d mails for one request", len(resets())-before)
		}
		c := nodes[1].Client()
		if a := c.Post("/signin", "identifier", server.Administrator, "password", nextPassword, "next", ""); a.Location() != "/signin/code" {
			t.Errorf("the new password leads to %q", a.Location())
		}
		if a := c.Post("/signin/code", "code", c.Code(key), "next", ""); a.StatusCode != http.StatusSeeOther || c.Cookie("__Host-session") == "" {
			t.Errorf("the code answers %d", a.StatusCode)
		}
	})
}
