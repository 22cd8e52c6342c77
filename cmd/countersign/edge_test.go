package main

import (
	"cmp"
	"compress/gzip"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/test/server"
	"countersign/internal/web"
)

// newYard is a house with one merchant, its owner and somebody of its support.
func newYard(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.found()
	h.board("MINE", "Harbour Goods", "Maud")
	h.join("mine.support", "MINE", "support", "Camille")
	return h
}

// counts are how many rows each table has, without the log and what only counts attempts.
func (h *house) counts() map[string]int64 {
	h.t.Helper()
	out := map[string]int64{}
	h.view(func(tx *db.Tx) error {
		names, err := db.Column(tx, `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'`)
		if err != nil {
			return err
		}
		for _, name := range names {
			if name == "audit_entries" || name == "ledger" || strings.Contains(name, "attempt") || name == "challenges" {
				continue
			}
			var n int64
			if _, err := db.One(tx, []any{&n}, `SELECT COUNT(*) FROM `+name); err != nil {
				return err
			}
			out[name] = n
		}
		return nil
	})
	if out["users"] == 0 {
		h.t.Fatal("nothing was counted")
	}
	return out
}

func (h *house) unchanged(t *testing.T, before map[string]int64, but ...string) {
	t.Helper()
	for table, n := range h.counts() {
		if n != before[table] && !slices.Contains(but, table) {
			t.Errorf("%s had %d rows and has %d", table, before[table], n)
		}
	}
}

// TestCrossOrigin posts every form and every operation of the API from another site.
func TestCrossOrigin(t *testing.T) {
	h := newYard(t)
	c := h.people["mine.owner"].browser
	f := &field{house: h, ids: map[string]string{}, asset: "/assets/x"}
	before := h.counts()
	var tried int
	for _, route := range f.routes() {
		method, pattern, _ := strings.Cut(route, " ")
		if method == http.MethodGet {
			continue
		}
		path := regexp.MustCompile(`\{[^}]*\}`).ReplaceAllString(strings.NewReplacer("{customer}", "MINE", "{customerID}", "MINE").Replace(pattern), "x")
		for name, mark := range map[string]func(http.Header){
			"Sec-Fetch-Site":     func(h http.Header) { h.Set("Sec-Fetch-Site", "cross-site") },
			"a sibling's":        func(h http.Header) { h.Set("Sec-Fetch-Site", "same-site") },
			"a foreign Origin":   func(h http.Header) { h.Del("Sec-Fetch-Site"); h.Set("Origin", "https://evil.example") },
			"the Origin of null": func(h http.Header) { h.Del("Sec-Fetch-Site"); h.Set("Origin", "null") },
		} {
			r := c.Request(method, path, strings.NewReader("language=fr&back=%2F"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			mark(r.Header)
			if a := c.Do(r); a.StatusCode != http.StatusForbidden || len(a.Response.Cookies()) > 0 {
				t.Errorf("%s with %s is answered %d with cookies %v", route, name, a.StatusCode, a.Response.Cookies())
			}
			tried++
		}
	}
	if tried < 100 {
		t.Errorf("only %d requests were tried", tried)
	}
	h.unchanged(t, before)
	if a := c.Get("/a/MINE/"); a.StatusCode != http.StatusOK {
		t.Errorf("afterwards the session answers %d", a.StatusCode)
	}
	r := c.Request(http.MethodPost, "/theme", strings.NewReader("theme=dark&back=%2F")) // and what is allowed is
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Del("Sec-Fetch-Site")
	r.Header.Set("Origin", h.url)
	if a := c.Do(r); a.StatusCode != http.StatusSeeOther {
		t.Errorf("with our own Origin: %d", a.StatusCode)
	}
}

// TestRedirects holds that nobody is led to another site.
func TestRedirects(t *testing.T) {
	h := newYard(t)
	p := h.people["mine.support"]
	for _, address := range []string{"//evil.example", "https://evil.example/", `/\evil.example`, `\\evil.example`, "/\t/evil.example", "/\n/evil.example", "javascript:alert(1)", "/%2f/evil.example/..//",
		"http:evil.example", "///evil.example", "/./\\evil.example", " //evil.example", "//evil.example@localhost/", strings.Repeat("/a", 400)} {
		t.Run(strings.ToValidUTF8(address[:min(20, len(address))], "?"), func(t *testing.T) {
			c := h.client()
			for _, a := range []server.Answer{c.Post("/language", "language", "fr", "back", address), c.Post("/theme", "theme", "dark", "back", address)} {
				inside(t, a, address)
			}
			h.clock.Advance(60e9)
			a := c.Post("/signin", "identifier", p.email, "password", housePassword, "next", address)
			inside(t, a, address)
			inside(t, c.Post("/signin/code", "code", c.Code(p.key), "next", address), address)
		})
	}
}

// inside fails the test when an answer leads anywhere but to a path of this site.
func inside(t *testing.T, a server.Answer, address string) {
	t.Helper()
	to := a.Location()
	if a.StatusCode != http.StatusSeeOther {
		if a.StatusCode != http.StatusBadRequest {
			t.Errorf("%q is answered %d", address, a.StatusCode)
		}
		return
	}
	if !strings.HasPrefix(to, "/") || strings.HasPrefix(to, "//") || strings.ContainsAny(to[:min(3, len(to))], "\\\t\n\r") {
		t.Errorf("%q leads to %q", address, to)
	}
	if path, query, _ := strings.Cut(to, "?"); strings.Contains(path, "evil") && !strings.HasPrefix(path, "/%2f/evil") || strings.Contains(query, "evil") && !strings.Contains(query, "%252f") {
		t.Errorf("%q leads to %q", address, to)
	}
}

// TestRoundabout holds that a path that goes up or round leads nowhere: an id made of
// dots and slashes sends no request, body and all, to another address (attacks.md, B14).
func TestRoundabout(t *testing.T) {
	h := newYard(t)
	c := h.people["mine.owner"].browser
	for _, path := range []string{"/a/MINE/users/../roles", "/a/MINE/./users", "/a//MINE/users", "//a/MINE/users", "/api/v1/accounts/MINE/resources/orders/../../users", "/access/v1/../v1/evaluation", "/..", "/a/MINE/users//"} {
		for _, method := range []string{"GET", "PUT", "POST"} {
			r := c.Request(method, "/", strings.NewReader("{}"))
			r.URL.Opaque = "//" + r.URL.Host + path // exactly so on the wire
			if a := c.Do(r); a.StatusCode != http.StatusNotFound || a.Location() != "" {
				t.Errorf("%s %s is answered %d and leads to %q", method, path, a.StatusCode, a.Location())
			}
		}
	}
	for _, path := range []string{"/a/MINE/users/%2e%2e/roles", "/api/v1/accounts/MINE/resources/orders/..%2f..%2fusers", "/api/v1/accounts/MINE/resources/orders/%2f%2e%2e%2f"} { // names, as they stand
		r := c.Request("GET", "/", nil)
		r.URL.Opaque = "//" + r.URL.Host + path
		if a := c.Do(r); a.StatusCode/100 != 4 || a.Location() != "" {
			t.Errorf("%s is answered %d and leads to %q", path, a.StatusCode, a.Location())
		}
	}
	if a := c.Get("/"); a.StatusCode/100 == 4 {
		t.Errorf("/ is answered %d", a.StatusCode)
	}
}

// TestTricks asks for a forbidden page in odd ways: none opens it (attacks.md, B14).
func TestTricks(t *testing.T) {
	h := newYard(t)
	c := h.people["mine.support"].browser
	if a := h.people["mine.owner"].browser.Get("/a/MINE/users"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "mine.owner@example.com") {
		t.Fatalf("the page that must not open does not for whoever may: %d", a.StatusCode)
	}
	for _, x := range []struct{ method, path, header string }{
		{"GET", "/a/MINE/users", ""},
		{"HEAD", "/a/MINE/users", ""},
		{"GET", "/a/MINE/users/", ""},
		{"GET", "//a/MINE/users", ""},
		{"GET", "/a//MINE/users", ""},
		{"GET", "/a/MINE/./users", ""},
		{"GET", "/a/MINE/x/../users", ""},
		{"GET", "/a/MINE/%75sers", ""},
		{"GET", "/a/MINE/%2575sers", ""},
		{"GET", "/a/MINE%2Fusers", ""},
		{"GET", "/a/mine/users", ""},
		{"GET", "/A/MINE/USERS", ""},
		{"GET", "/a/MINE/users;jsessionid=1", ""},
		{"GET", "/a/MINE/users%00", ""},
		{"GET", "/a/MINE/users?_method=POST", ""},
		{"POST", "/a/MINE/users?_method=GET", ""},
		{"PUT", "/a/MINE/users", ""},
		{"PATCH", "/a/MINE/users", ""},
		{"DELETE", "/a/MINE/users", ""},
		{"OPTIONS", "/a/MINE/users", ""},
		{"TRACE", "/a/MINE/users", ""},
		{"BREW", "/a/MINE/users", ""},
		{"POST", "/a/MINE/users", "X-Http-Method-Override: GET"},
		{"GET", "/a/MINE/", "X-Original-Url: /a/MINE/users"},
		{"GET", "/help", "X-Rewrite-Url: /a/MINE/users"},
		{"GET", "/api/v1/accounts/MINE/users", "X-Http-Method-Override: POST"},
		{"HEAD", "/api/v1/accounts/MINE/users", ""},
	} {
		t.Run(x.method+strings.ReplaceAll(x.path, "/", " ")+x.header, func(t *testing.T) {
			r := c.Request(x.method, "/", nil)
			r.URL.Opaque = "//" + r.URL.Host + x.path // exactly so on the wire
			if name, value, ok := strings.Cut(x.header, ": "); ok {
				r.Header.Set(name, value)
			}
			a := c.Do(r)
			for range 3 {
				if to := a.Location(); a.StatusCode/100 == 3 && strings.HasPrefix(to, "/") {
					a = c.Get(to)
				}
			}
			if strings.Contains(a.Text, "mine.owner@example.com") {
				t.Errorf("it opens: %d %.300s", a.StatusCode, a.Plain())
			}
			if a.StatusCode/100 == 5 && a.StatusCode != http.StatusNotImplemented {
				t.Errorf("answered %d", a.StatusCode)
			}
			if a.StatusCode == http.StatusOK && x.header == "" {
				t.Errorf("answered %d: %.300s", a.StatusCode, a.Plain())
			}
		})
	}
}

// TestHeaders holds what every answer carries, whatever it is.
func TestHeaders(t *testing.T) {
	h := newYard(t)
	owner, support, nobody := h.people["mine.owner"].browser, h.people["mine.support"].browser, h.client()
	_, token := h.token("MINE", org.Decisions, "gateway")
	asset := regexp.MustCompile(`/assets/[^"]+`).FindString(nobody.Get("/signin").Text)
	for name, x := range map[string]struct {
		answer server.Answer
		status int
	}{
		"a page":              {owner.Get("/a/MINE/users"), 200},
		"the sign-in page":    {nobody.Get("/signin"), 200},
		"a redirect":          {nobody.Get("/a/MINE/users"), 303},
		"a forbidden page":    {support.Get("/a/MINE/users"), 403},
		"nothing here":        {nobody.Get("/nothing"), 404},
		"a dead link":         {nobody.Get("/activate"), 410},
		"an asset":            {nobody.Get(asset), 200},
		"no such asset":       {nobody.Get("/assets/none"), 404},
		"a wrong method":      {nobody.JSON("PATCH", "/signin", nil), 404},
		"a wrong form":        {owner.Post("/a/MINE/users"), 422},
		"cross origin":        {nobody.JSON("POST", "/signin", nil, "Sec-Fetch-Site", "cross-site"), 403},
		"the API":             {owner.JSON("GET", "/api/v1/session", nil), 200},
		"a problem":           {nobody.JSON("GET", "/api/v1/session", nil), 401},
		"no such operation":   {nobody.JSON("GET", "/api/v1/none", nil), 404},
		"a method of the API": {nobody.JSON("PATCH", "/api/v1/session", nil), 405},
		"the document":        {nobody.JSON("GET", "/api/openapi.json", nil), 200},
		"a decision":          {nobody.JSON("POST", "/access/v1/evaluation", map[string]any{"subject": map[string]any{"type": "user", "id": "x"}, "action": map[string]any{"name": "view"}, "resource": map[string]any{"type": "transactions", "id": "1"}}, "Authorization", "Bearer "+token), 200},
		"no decision":         {nobody.JSON("POST", "/access/v1/evaluation", nil), 401},
	} {
		t.Run(name, func(t *testing.T) {
			if x.answer.StatusCode != x.status {
				t.Errorf("answered %d, wanted %d", x.answer.StatusCode, x.status)
			}
			got := x.answer.Header
			want := map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "X-Request-Id": "req_"}
			if !strings.HasSuffix(name, "decision") { // which no browser shows
				maps.Copy(want, map[string]string{"X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin",
					"Cross-Origin-Resource-Policy": "same-origin", "Permissions-Policy": "camera=()"})
			}
			for header, want := range want {
				if !strings.Contains(got.Get(header), want) {
					t.Errorf("%s is %q", header, got.Get(header))
				}
			}
			if policy := got.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") {
				t.Errorf("the policy is %q", policy)
			}
			if cache := got.Get("Cache-Control"); cache != "no-store" && name != "an asset" && name != "the document" {
				t.Errorf("Cache-Control is %q", cache)
			}
			if got.Get("Server") != "" || got.Get("Strict-Transport-Security") != "" { // over plain HTTP nobody may set the second
				t.Errorf("Server %q, Strict-Transport-Security %q", got.Get("Server"), got.Get("Strict-Transport-Security"))
			}
			if id := got.Get("X-Request-Id"); x.status >= 400 && name != "no decision" && !strings.Contains(x.answer.Text, id) {
				t.Errorf("the answer does not name its request %s: %.300s", id, x.answer.Plain())
			}
		})
	}
}

// TestCookies holds how cookies are set, on the way in and out.
func TestCookies(t *testing.T) {
	h := newYard(t)
	h.clock.Advance(60e9)
	p, c := h.people["mine.support"], h.client()
	answers := []server.Answer{
		c.Get("/activate/no-such-link"),
		c.Post("/language", "language", "fr", "back", "/"), c.Post("/theme", "theme", "dark", "back", "/"),
		c.Post("/signin", "identifier", p.email, "password", housePassword, "next", ""), c.Post("/signin/code", "code", c.Code(p.key), "next", ""), c.Post("/signout"),
	}
	strict := map[string]bool{"__Host-challenge": true, "__Host-flash": true}
	seen := map[string]bool{}
	for _, a := range answers {
		for _, cookie := range a.Response.Cookies() {
			seen[cookie.Name] = true
			if !strings.HasPrefix(cookie.Name, "__Host-") || cookie.Path != "/" || !cookie.Secure || !cookie.HttpOnly || cookie.Domain != "" {
				t.Errorf("the cookie is set as %s", cookie.Raw)
			}
			if gone := cookie.MaxAge < 0; !gone && (!cookie.Expires.IsZero() || cookie.MaxAge != 0) {
				t.Errorf("the cookie ends by the browser's clock: %s", cookie.Raw)
			} else if want := http.SameSiteLaxMode; !gone && !strict[cookie.Name] && cookie.SameSite != want || !gone && strict[cookie.Name] && cookie.SameSite != http.SameSiteStrictMode {
				t.Errorf("SameSite of %s", cookie.Raw)
			}
		}
	}
	for _, name := range []string{"__Host-session", "__Host-challenge", "__Host-link", "__Host-language", "__Host-theme"} {
		if !seen[name] {
			t.Errorf("the cookie %s was never set", name)
		}
	}
	if c.Cookie("__Host-session") != "" {
		t.Error("the session's cookie is still there after signing out")
	}
}

// TestErrorPages: what went wrong inside is said with the request's number alone, and told in the log.
func TestErrorPages(t *testing.T) {
	h := newYard(t)
	owner := h.people["mine.owner"].browser
	raw, err := sql.Open("sqlite", h.file)
	h.must(err)
	_, err = raw.ExecContext(t.Context(), `ALTER TABLE service_tokens RENAME TO planted_table`)
	h.must(errors.Join(err, raw.Close()))
	for _, a := range []server.Answer{owner.Get("/a/MINE/service-tokens"), owner.JSON("GET", "/api/v1/accounts/MINE/service-tokens", nil)} {
		id := a.Header.Get("X-Request-Id")
		if a.StatusCode != http.StatusInternalServerError || !strings.Contains(a.Text, id) {
			t.Errorf("answered %d without its number: %s", a.StatusCode, a.Plain())
		}
		for _, inside := range []string{"service_tokens", "no such table", "goroutine", ".go:"} {
			if strings.Contains(strings.ReplaceAll(a.Plain(), "/service-tokens", ""), inside) {
				t.Errorf("the answer tells %q: %s", inside, a.Plain())
			}
		}
		if !regexp.MustCompile(`(?m)^.*"level":"ERROR".*` + id + `.*no such table.*$`).MatchString(h.log.all()) {
			t.Errorf("the log does not tell of %s", id)
		}
	}
}

// TestRequestLog: one line a request, without paths and queries.
func TestRequestLog(t *testing.T) {
	h := newYard(t)
	c := h.people["mine.owner"].browser
	lines := func() int { return strings.Count(h.log.all(), `"msg":"request"`) }
	before := lines()
	requests := []func() server.Answer{
		func() server.Answer { return c.Get("/activate/PATHSECRETPATHSECRET?x=QUERYSECRET") },
		func() server.Answer { return c.Get("/nothing/PATHSECRET?token=QUERYSECRET") },
		func() server.Answer { return c.Get("/a/MINE/users?q=QUERYSECRET") },
		func() server.Answer { return c.Get("/signin?next=%2FQUERYSECRET") },
		func() server.Answer {
			return c.Post("/signin", "identifier", "FORMSECRET@example.com", "password", "FORMSECRET", "next", "")
		},
		func() server.Answer {
			return c.JSON("POST", "/api/v1/session", map[string]any{"identifier": "FORMSECRET", "password": "FORMSECRET"})
		},
		func() server.Answer { return c.JSON("GET", "/api/v1/none/PATHSECRET?a=QUERYSECRET", nil) },
		func() server.Answer {
			return c.JSON("GET", "/api/v1/session", nil, "Authorization", "Bearer FORMSECRET")
		},
	}
	for i, request := range requests {
		a := request()
		if got := lines(); got != before+i+1 {
			t.Errorf("request %d wrote %d lines", i, got-before-i)
		}
		if !strings.Contains(h.log.all(), `"request_id":"`+a.Header.Get("X-Request-Id")+`"`) {
			t.Errorf("request %d is not in the log by its number", i)
		}
	}
	for _, secret := range []string{"PATHSECRET", "QUERYSECRET", "FORMSECRET"} {
		if strings.Contains(h.log.all(), secret) {
			t.Errorf("the log holds %s", secret)
		}
	}
}

// TestCompression holds that a page is compressed for those who asked for it themselves, and for nobody else: else the
// length of an answer that another site has asked for tells what stands in it.
func TestCompression(t *testing.T) {
	h := newYard(t)
	c := h.people["mine.owner"].browser
	for _, x := range []struct {
		site, encodings string
		compressed      bool
	}{
		{"same-origin", "gzip, deflate, br", true},
		{"none", "gzip", true},
		{"same-origin", "", false},
		{"same-origin", "gzip;q=0", false},
		{"cross-site", "gzip", false},
		{"same-site", "gzip", false},
		{"", "gzip", false},
	} {
		r := c.Request(http.MethodGet, "/a/MINE/users?q=Maud", nil)
		r.Header.Set("Accept-Encoding", x.encodings)
		r.Header.Set("Sec-Fetch-Site", x.site)
		if x.site == "" {
			r.Header.Del("Sec-Fetch-Site")
		}
		a := c.Do(r)
		var body io.Reader = strings.NewReader(a.Text)
		if compressed := a.Header.Get("Content-Encoding") == "gzip"; compressed != x.compressed || a.StatusCode != http.StatusOK {
			t.Errorf("%+v: answers %d, compressed: %t", x, a.StatusCode, compressed)
			continue
		} else if compressed {
			small, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = small
		}
		page, err := io.ReadAll(body)
		if err != nil || !strings.Contains(string(page), "</html>") || !strings.Contains(string(page), "Maud") {
			t.Errorf("%+v: the page is not whole: %v", x, err)
		}
	}
	r := c.Request(http.MethodGet, "/nothing/here", nil)
	r.Header.Set("Accept-Encoding", "gzip")
	if a := c.Do(r); a.StatusCode != http.StatusNotFound || a.Header.Get("Content-Encoding") != "gzip" || a.Header.Get("Vary") == "" {
		t.Errorf("an error's page: %d %v", a.StatusCode, a.Header)
	}
}

// TestPanic holds that a defect is a page with words, whatever was under way.
func TestPanic(t *testing.T) {
	h := newYard(t)
	edge, err := web.New(h.rooms.db, h.rooms.door, h.rooms.live, h.rooms.audit, web.Options{PublicURL: h.url, Log: slog.New(slog.NewJSONHandler(h.log, nil))})
	h.must(err)
	broken := httptest.NewServer(edge.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		panic("a secret of the defect")
	}), h.served.answer))
	defer broken.Close()
	for _, site := range []string{"same-origin", "cross-site"} {
		r := h.client().Request(http.MethodGet, "/", nil)
		r.URL.Host = strings.TrimPrefix(broken.URL, "http://")
		r.Header.Set("Sec-Fetch-Site", site)
		a := h.client().Do(r)
		if a.StatusCode != http.StatusInternalServerError || !strings.Contains(a.Text, "</html>") || strings.Contains(a.Text, "a secret") || strings.Contains(a.Text, "goroutine") {
			t.Errorf("%s is answered %d: %.400s", site, a.StatusCode, a.Text)
		}
	}
	if !strings.Contains(h.log.all(), "a secret of the defect") {
		t.Error("the log does not say what happened")
	}
}

// TestGone holds that somebody who does not wait for the end of an answer is no error of ours, in the server's log.
func TestGone(t *testing.T) {
	h := newYard(t)
	edge, err := web.New(h.rooms.db, h.rooms.door, h.rooms.live, h.rooms.audit, web.Options{PublicURL: h.url, Log: slog.New(slog.NewJSONHandler(h.log, nil))})
	h.must(err)
	for cause, level := range map[error]string{nil: "ERROR", context.Canceled: "INFO"} {
		ctx, leave := context.WithCancel(t.Context())
		handler := edge.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if cause != nil {
				leave()
			}
			edge.Fail(w, r, fmt.Errorf("read: %w", cmp.Or(cause, errors.New("the disk is full"))))
		}), h.served.answer)
		from := len(h.log.all())
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, h.url+"/help", nil))
		leave()
		if line := h.log.all()[from:]; !strings.Contains(line, `"level":"`+level+`"`) {
			t.Errorf("%v is told as %s", cause, line)
		}
	}
}

// TestCutOff holds that a file that fails is never taken for a whole one, and that one that fails before its first line is a page with words.
func TestCutOff(t *testing.T) {
	h := newYard(t)
	edge, err := web.New(h.rooms.db, h.rooms.door, h.rooms.live, h.rooms.audit, web.Options{PublicURL: h.url, Log: slog.New(slog.NewJSONHandler(h.log, nil))})
	h.must(err)
	failing := httptest.NewServer(edge.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		edge.Fail(w, r, web.SendCSV(w, "few.csv", func(c *web.CSV) error {
			if r.URL.Path == "/begun" {
				h.must(c.Row("a name"))
				h.must(c.Flush())
			}
			return errors.New("the disk is full")
		}))
	}), h.served.answer))
	defer failing.Close()
	get := func(path, site string) (*http.Response, string, error) {
		r, err := http.NewRequest(http.MethodGet, failing.URL+path, nil)
		h.must(err)
		r.Host = "desk.example.com" // not a bare address, from which people are led away
		r.Header.Set("Accept-Encoding", "gzip")
		r.Header.Set("Sec-Fetch-Site", site)
		a, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			return nil, "", err
		}
		defer a.Body.Close()
		body := io.Reader(a.Body)
		if a.Header.Get("Content-Encoding") == "gzip" {
			if body, err = gzip.NewReader(body); err != nil {
				return a, "", err
			}
		}
		text, err := io.ReadAll(body)
		return a, string(text), err
	}
	for _, site := range []string{"same-origin", "cross-site"} { // compressed and not
		if a, text, err := get("/begun", site); err == nil {
			t.Errorf("%s: a part is answered as a whole: %d %q", site, a.StatusCode, text)
		}
		a, text, err := get("/not-begun", site)
		h.must(err)
		if a.StatusCode != http.StatusInternalServerError || !strings.HasSuffix(strings.TrimSpace(text), "</html>") || a.Header.Get("Content-Disposition") != "" {
			t.Errorf("%s: %d %v %.200q", site, a.StatusCode, a.Header, text)
		}
	}
}
