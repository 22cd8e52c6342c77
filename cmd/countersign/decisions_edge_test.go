package main

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"countersign/internal/web"
)

// decisionsAsked is a request for a decision without a token, named by its caller.
func decisionsAsked(id string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/access/v1/evaluation", strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	r.Header["X-Request-Id"] = []string{id}
	return r
}

// TestCallersNames holds that a caller finds its request in our log, and writes nothing of its own there.
func TestCallersNames(t *testing.T) {
	h := newYard(t)
	for _, c := range []struct{ name, id, logged string }{
		{"a plain one stands there as it is", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"},
		{"one of ours is no name of ours", "req_0123456789abcdefghjkmnpqrs", "req_0123456789abcdefghjkmnpqrs"},
		{"one that could be read as more, by its hash", `x","status":200,"who":"usr_1`, "sha256:a55baba223afee5d"},
		{"another alphabet too", "запрос", "sha256:7960f03228139232"},
		{"one that breaks the line is not taken", "a\r\nSet-Cookie: b", ""},
		{"nor one with a control character", "a\x1b[2J", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			from := len(h.log.all())
			w := httptest.NewRecorder()
			h.served.ServeHTTP(w, decisionsAsked(c.id))
			var line struct {
				Msg       string
				RequestID string `json:"request_id"`
				CallerID  string `json:"caller_id"`
			}
			for text := range strings.Lines(h.log.all()[from:]) {
				if err := json.Unmarshal([]byte(text), &line); err != nil {
					t.Fatal(err)
				}
				if line.Msg == "request" {
					break
				}
			}
			if !strings.HasPrefix(line.RequestID, "req_") || line.RequestID == c.id || line.CallerID != c.logged {
				t.Errorf("the log says %+v", line)
			}
			if strings.Contains(h.log.all()[from:], "usr_1") || strings.Contains(h.log.all()[from:], "Set-Cookie") {
				t.Errorf("%s", h.log.all()[from:])
			}
			want := c.id
			if c.logged == "" {
				want = line.RequestID
			}
			if got := w.Header().Get("X-Request-ID"); got != want {
				t.Errorf("answered as %q", got)
			}
		})
	}
}

// TestDefectOfDecisions holds that a defect of ours is a plain text to a service, under the name that it gave.
func TestDefectOfDecisions(t *testing.T) {
	h := newYard(t)
	edge, err := web.New(h.rooms.db, h.rooms.door, h.rooms.live, h.rooms.audit, web.Options{PublicURL: h.url, Log: slog.New(slog.NewJSONHandler(h.log, nil))})
	h.must(err)
	w := httptest.NewRecorder()
	edge.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a secret of the defect") }), h.served.answer).ServeHTTP(w, decisionsAsked("mine"))
	if w.Code != http.StatusInternalServerError || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain") || w.Header().Get("X-Request-ID") != "mine" ||
		strings.Contains(w.Body.String(), "secret") || strings.Contains(w.Body.String(), "goroutine") || w.Body.Len() < 20 {
		t.Errorf("%d %v %s", w.Code, w.Header(), w.Body)
	}
}
