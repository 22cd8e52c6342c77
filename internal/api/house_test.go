package api_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"countersign/internal/api"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
	"countersign/internal/web"
)

const password = "a long enough passphrase 7"

// house is the world with the API served over loopback and a real door.
type house struct {
	*world.World
	t        testing.TB
	api      *api.API
	door     *signin.Door
	mux      *http.ServeMux
	server   *httptest.Server
	origin   string // the public URL's
	hash     string
	sessions map[string]string // cookie values, by label
}

func build(t testing.TB, d *db.DB) *house {
	t.Helper()
	h := &house{World: world.New(t, d), t: t, mux: http.NewServeMux(), sessions: map[string]string{}}
	passwords := signin.NewPasswords(signin.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, 2, 100, rand.Reader)
	settings := func(tx *db.Tx, accountID string) (profile.Settings, error) {
		return org.Settings(tx, h.Profiles, accountID)
	}
	h.server = httptest.NewUnstartedServer(nil)
	_, port, err := net.SplitHostPort(h.server.Listener.Addr().String())
	h.must(err)
	h.origin = "http://localhost:" + port
	h.door = signin.New(d, h.Log, passwords, settings, signin.Site{Name: "Countersign", Origin: h.origin})
	edge, err := web.New(d, h.door, h.Live, h.Log, web.Options{PublicURL: h.origin})
	h.must(err)
	h.api = api.New(api.Parts{Edge: edge, People: h.People, Org: h.Org, Roles: h.Roles, Resources: h.Resources, Profiles: h.Profiles, Keeper: h.Keeper, Help: signin.NewHelp(h.door, h.People)})
	h.api.Register(h.mux)
	h.server.Config.Handler = edge.Handler(h.mux, api.Answer)
	h.server.Start()
	h.server.URL = h.origin
	h.hash, err = passwords.Hash(t.Context(), password)
	h.must(err)
	t.Cleanup(func() {
		h.server.Close()
		h.api.Close()
	})
	return h
}

// each runs a test on a house over each database.
func each(t *testing.T, test func(*testing.T, *house)) {
	testdb.Each(t, func(t *testing.T, d *db.DB) { test(t, build(t, d)) })
}

// one is a house over SQLite, for what does not depend on the database.
func one(t testing.TB) *house { return build(t, testdb.Open(t, testdb.SQLite, testdb.Options{})) }

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// withPassword gives somebody of the world the password.
func (h *house) withPassword(label string) {
	h.Do(func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE users SET password_hash = $1 WHERE id = $2`, h.hash, h.User(label))
		return err
	})
}

// caller sends requests as somebody.
type caller struct {
	h       *house
	cookie  string
	bearer  string
	headers http.Header
}

func (h *house) nobody() caller { return caller{h: h, headers: http.Header{}} }

// as is somebody signed in through the door, with an authenticator app.
func (h *house) as(label string) caller {
	h.t.Helper()
	if h.sessions[label] == "" {
		h.withPassword(label)
		who := db.Who{IP: h.Who(label).IP}
		ctx := h.t.Context()
		step, err := h.door.Start(ctx, who, h.Row(label).Email, password)
		h.must(err)
		if step.Next != signin.NextSetup {
			h.t.Fatalf("%s: after the password comes %s", label, step.Next)
		}
		view, err := h.door.Setup(ctx, who, step.Challenge)
		h.must(err)
		step, err = h.door.FinishApp(ctx, who, step.Challenge, codeOf(h.t, view.App.Key.Reveal()), "")
		h.must(err)
		step, err = h.door.Kept(ctx, who, step.Challenge)
		h.must(err)
		h.sessions[label] = step.Session.Reveal()
	}
	c := h.nobody()
	c.cookie = h.sessions[label]
	return c
}

// factor is the id of somebody's first second factor.
func (h *house) factor(label string) (id string) {
	h.View(func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&id}, `SELECT id FROM factors WHERE user_id = $1 ORDER BY created_at, id LIMIT 1`, h.User(label))
		return err
	})
	return id
}

func codeOf(t testing.TB, key string) string {
	code, err := totp.GenerateCode(key, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}

// service is a program with a fresh service token of an account.
func (h *house) service(customerID string) (caller, org.Token) {
	h.t.Helper()
	token, secret, err := h.Org.CreateToken(h.t.Context(), h.Who(strings.ToLower(customerID)+".owner"), h.Account(customerID).ID, org.Decisions, "token "+rand.Text(), time.Time{})
	h.must(err)
	return h.bearer(secret), token
}

func (h *house) bearer(secret seal.Secret) caller {
	c := h.nobody()
	c.bearer = secret.Reveal()
	return c
}

func (c caller) with(name, value string) caller {
	c.headers = c.headers.Clone()
	c.headers.Add(name, value)
	return c
}

// answer is what came back.
type answer struct {
	t      testing.TB
	what   string
	status int
	header http.Header
	body   string
}

// do sends a request. A body that is a string goes as it is, anything else as JSON.
func (c caller) do(method, path string, body any) answer {
	c.h.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		text, err := json.Marshal(b)
		c.h.must(err)
		reader = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(c.h.t.Context(), method, c.h.server.URL+path, reader)
	c.h.must(err)
	for name, values := range c.headers {
		r.Header[name] = values
	}
	if reader != nil && r.Header.Get("Content-Type") == "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if c.cookie != "" {
		r.Header.Set("Cookie", web.SessionCookie+"="+c.cookie)
	}
	if c.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.bearer)
	}
	client := *c.h.server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	res, err := client.Do(r)
	c.h.must(err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	c.h.must(err)
	return answer{c.h.t, method + " " + path, res.StatusCode, res.Header, string(text)}
}

func (c caller) get(path string) answer { c.h.t.Helper(); return c.do(http.MethodGet, path, nil) }

func (c caller) post(path string, body any) answer {
	c.h.t.Helper()
	return c.do(http.MethodPost, path, body)
}

// is ends the test unless the answer has the status.
func (a answer) is(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: %d, want %d\n%.600s", a.what, a.status, status, a.body)
	}
	return a
}

// into reads the answer's JSON.
func (a answer) into(v any) answer {
	a.t.Helper()
	if err := json.Unmarshal([]byte(a.body), v); err != nil {
		a.t.Fatalf("%s: %v\n%.300s", a.what, err, a.body)
	}
	return a
}

// object is the answer's JSON.
func (a answer) object() map[string]any {
	a.t.Helper()
	var m map[string]any
	a.into(&m)
	return m
}

// problem is the answer as a problem, whose form is checked.
func (a answer) problem() api.Problem {
	a.t.Helper()
	var p api.Problem
	a.into(&p)
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" || p.Status != a.status || p.Title == "" || p.Detail == "" ||
		!strings.HasPrefix(p.Type, "urn:countersign:problem:") || p.RequestID != a.header.Get("X-Request-ID") || strings.Contains(a.body, "[problem.") {
		a.t.Errorf("%s: no good problem: %s %s", a.what, ct, a.body)
	}
	return p
}

// refused ends the test unless the answer is that problem.
func (a answer) refused(status int, code string) api.Problem {
	a.t.Helper()
	a.is(status)
	p := a.problem()
	if p.Type != "urn:countersign:problem:"+code {
		a.t.Fatalf("%s: %s, want %s", a.what, p.Type, code)
	}
	return p
}

// field is the code that a problem names for a field.
func field(p api.Problem, name string) string {
	for _, f := range p.Errors {
		if f.Name == name {
			return f.Code
		}
	}
	return ""
}

func etag(a answer) string { return a.header.Get("ETag") }
