package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/internal/test/server"
)

// TestServer shows the harness itself: it starts, is told apart from a dead server, moves time and keeps cookies.
func TestServer(t *testing.T) {
	s := server.Start(t, server.Options{})
	c := s.Client()
	key := c.Activate(s.Link, "a quiet harbour at noon")
	home := c.Get("/a/PLATFORM/")
	if home.StatusCode != http.StatusOK || !strings.Contains(home.Plain(), "Olga") {
		t.Fatalf("home answers %d: %s", home.StatusCode, home.Plain())
	}
	s.Advance(time.Minute)
	other := s.Client()
	other.SignIn(server.Administrator, "a quiet harbour at noon", key)
	if s.Offset() != time.Minute {
		t.Errorf("the clock was moved by %v", s.Offset())
	}
	s.Kill()
	if _, err := c.Try(c.Request(http.MethodGet, "/", nil)); err == nil {
		t.Error("a killed server answers")
	}
	s.Serve()
	if a := c.Get("/a/PLATFORM/"); a.StatusCode != http.StatusOK {
		t.Errorf("after kill -9 the session answers %d", a.StatusCode)
	}
}

// TestLeaks shows that the search finds what it looks for.
func TestLeaks(t *testing.T) {
	secrets := map[string]string{"correct-horse-battery": "a password"}
	if got := server.Leaks(secrets, map[string]string{"the log": "sign-in with correct-horse-battery", "the file": "nothing"}); len(got) != 1 || !strings.Contains(got[0], "a password stands in the log") {
		t.Errorf("found %q", got)
	}
	if got := server.Leaks(secrets, map[string]string{"the log": "correct-horse"}); len(got) != 0 {
		t.Errorf("found %q", got)
	}
}
