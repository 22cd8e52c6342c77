package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/test/server"
)

// TestStop shows that the program stops gracefully, survives kill -9, and runs as two nodes.
func TestStop(t *testing.T) {
	t.Run("K6 a request under way finishes after SIGTERM", func(t *testing.T) {
		t.Parallel()
		s := newStory(t, server.Options{})
		body, write := io.Pipe()
		r := s.maud.Request(http.MethodPost, "/a/HARBOUR/users", body)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		reading := make(chan struct{})
		r.Header.Set("Expect", "100-continue")
		r = r.WithContext(httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got100Continue: func() { close(reading) }}))
		answered := make(chan server.Answer, 1)
		failed := make(chan error, 1)
		go func() {
			if a, err := s.maud.Try(r); err != nil {
				failed <- err
			} else {
				answered <- a
			}
		}()
		select { // it reads the body, so it is under way
		case <-reading:
		case a := <-answered:
			t.Fatalf("answered %d without reading the body", a.StatusCode)
		}
		fmt.Fprint(write, "first_name=Late&email=late%40harbour.example&all_entities=yes&")
		s.Terminate()
		eventually(t, "it stops listening", func() bool {
			_, err := s.Client().Try(s.Client().Request(http.MethodGet, "/signin", nil))
			return err != nil
		})
		fmt.Fprint(write, "language=en&roles="+s.role)
		write.Close()
		select {
		case a := <-answered:
			if a.StatusCode != http.StatusSeeOther {
				t.Errorf("answered %d: %s", a.StatusCode, a.Plain())
			}
		case err := <-failed:
			t.Fatalf("the request under way was cut off: %v", err)
		}
		s.Wait()
		if !strings.Contains(s.Log(), `"stopping"`) {
			t.Error("the log does not tell that it stopped")
		}
		s.Stop()
		s.Serve()
		s.Mail("late@harbour.example", 1) // what it did is there, and so is its mail
	})
	t.Run("K6 kill -9 during writes loses nothing that was acknowledged", func(t *testing.T) {
		t.Parallel()
		s := newStory(t, server.Options{})
		var lock sync.Mutex
		var made []string
		var writers sync.WaitGroup
		for w := range 3 {
			c := s.Client()
			c.SetCookie("__Host-session", s.maud.Cookie("__Host-session"))
			writers.Go(func() {
				for n := 0; ; n++ {
					name := fmt.Sprintf("token %d of %d", n, w)
					r := c.Request(http.MethodPost, "/a/HARBOUR/service-tokens", strings.NewReader("name="+strings.ReplaceAll(name, " ", "+")+"&expires=30"))
					r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
					a, err := c.Try(r)
					if err != nil || a.StatusCode != http.StatusOK {
						return
					}
					lock.Lock()
					made = append(made, name)
					lock.Unlock()
				}
			})
		}
		eventually(t, "some tokens are made", func() bool { lock.Lock(); defer lock.Unlock(); return len(made) >= 15 })
		s.Kill()
		writers.Wait()
		s.Serve()
		page := s.maud.Get("/a/HARBOUR/service-tokens")
		if page.StatusCode != http.StatusOK {
			t.Fatalf("after the restart the session answers %d", page.StatusCode)
		}
		for _, name := range made {
			if !strings.Contains(page.Plain(), name+" ") {
				t.Errorf("%s was acknowledged and is gone", name)
			}
		}
		if id := s.invite(t, "after@harbour.example"); id == "" {
			t.Error("nobody can be invited afterwards")
		}
	})
	t.Run("K6 U9 what one node does is seen on the other", func(t *testing.T) {
		t.Parallel()
		a := newStory(t, server.Options{Postgres: true})
		b := a.Beside()
		id := a.invite(t, "two@harbour.example")
		colleague := a.Client()
		colleague.Activate(a.Mail("two@harbour.example", 1).Link(t), password)
		made := a.maud.JSON(http.MethodPost, "/api/v1/accounts/HARBOUR/service-tokens", map[string]any{"name": "gateway"})
		var token struct {
			Token string `json:"token"`
		}
		made.Decode(t, &token)
		a.Secret("a service token", token.Token)
		onB := b.Client()
		ask := func() (int, bool) {
			r := onB.JSON(http.MethodPost, "/access/v1/evaluation", map[string]any{"subject": map[string]any{"type": "user", "id": id}, "action": map[string]any{"name": "view"},
				"resource": map[string]any{"type": "transactions", "id": "1", "properties": map[string]any{"entity": "HARBOUR"}}}, "Authorization", "Bearer "+token.Token)
			var d decision
			if r.StatusCode == http.StatusOK {
				r.Decode(t, &d)
			}
			return r.StatusCode, d.Decision
		}
		took := eventually(t, "the other node allows", func() bool { _, allowed := ask(); return allowed })
		t.Logf("node B allowed %v after node A had answered", took.Round(time.Millisecond))
		elsewhere := b.Client()
		elsewhere.SetCookie("__Host-session", colleague.Cookie("__Host-session"))
		if got := elsewhere.Get("/a/HARBOUR/"); got.StatusCode != http.StatusOK {
			t.Errorf("a session of node A answers %d on node B", got.StatusCode)
		}
		a.act(t, id, "deactivation", "reason", "left")
		if got := elsewhere.Get("/a/HARBOUR/"); !strings.HasPrefix(got.Location(), "/signin?") {
			t.Errorf("the very next request on node B answers %d", got.StatusCode)
		}
		took = eventually(t, "the other node denies", func() bool { status, allowed := ask(); return status == http.StatusOK && !allowed })
		t.Logf("node B denied %v after node A had answered", took.Round(time.Millisecond))
	})
}
