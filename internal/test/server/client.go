package server

import (
	"bytes"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
)

// Client is somebody's browser without a screen, or a program: it keeps cookies, follows nothing, and says like a
// browser that it comes from the same site. It belongs to one goroutine.
type Client struct {
	URL    string
	Header http.Header // sent with every request, before what the request says itself

	t       testing.TB
	http    *http.Client
	cookies map[string]string
	now     func() time.Time
	secret  func(what, value string)
}

// Client is a fresh one, without cookies.
func (s *Server) Client() *Client { return NewClient(s.t, s.URL, s.Now, s.Secret) }

// NewClient makes one for any server, such as one inside the test's own process. secret is told every cookie and key.
func NewClient(t testing.TB, address string, now func() time.Time, secret func(what, value string)) *Client {
	return &Client{URL: address, Header: http.Header{}, t: t, now: now, secret: secret, cookies: map[string]string{},
		http: &http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Answer is what came back.
type Answer struct {
	*http.Response
	Text string
}

// Location is where a redirect leads.
func (a Answer) Location() string { return a.Header.Get("Location") }

// Plain is the text of a page without tags and doubled white space.
func (a Answer) Plain() string {
	text := regexp.MustCompile(`(?s)<(script|style)[^>]*>.*?</(script|style)>|<[^>]*>`).ReplaceAllString(a.Text, " ")
	return strings.Join(strings.Fields(html.UnescapeString(text)), " ")
}

// Decode reads a JSON answer into what.
func (a Answer) Decode(t testing.TB, what any) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.Text), what); err != nil {
		t.Fatalf("%s %s answers %d and no JSON: %v\n%.500s", a.Request.Method, a.Request.URL.Path, a.StatusCode, err, a.Text)
	}
}

// Cookie is what a cookie holds; "" when there is none.
func (c *Client) Cookie(name string) string { return c.cookies[name] }

// SetCookie puts a cookie there; "" takes it away.
func (c *Client) SetCookie(name, value string) {
	if value == "" {
		delete(c.cookies, name)
		return
	}
	c.cookies[name] = value
}

// Request begins a request of one's own, with the cookies. path begins with a slash.
func (c *Client) Request(method, path string, body io.Reader) *http.Request {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.URL+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	for name, values := range c.Header {
		r.Header[name] = values
	}
	for name, value := range c.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	return r
}

// Do sends it, and keeps the cookies that come back.
func (c *Client) Do(r *http.Request) Answer {
	c.t.Helper()
	answer, err := c.Try(r)
	if err != nil {
		c.t.Fatalf("%s %s: %v", r.Method, r.URL.Path, err)
	}
	return answer
}

// Try is Do for servers that may be gone.
func (c *Client) Try(r *http.Request) (Answer, error) {
	response, err := c.http.Do(r)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return Answer{}, err
	}
	for _, cookie := range response.Cookies() {
		if cookie.MaxAge < 0 {
			delete(c.cookies, cookie.Name)
			continue
		}
		c.cookies[cookie.Name] = cookie.Value
		if cookie.Name == "__Host-session" || cookie.Name == "__Host-challenge" || cookie.Name == "__Host-link" || cookie.Name == "__Host-email" {
			c.secret("the cookie "+cookie.Name, cookie.Value)
		}
	}
	return Answer{response, string(text)}, nil
}

// Get asks for a page.
func (c *Client) Get(path string) Answer {
	c.t.Helper()
	return c.Do(c.Request(http.MethodGet, path, nil))
}

// Post sends a form: pairs of name and value.
func (c *Client) Post(path string, pairs ...string) Answer {
	c.t.Helper()
	form := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		form.Add(pairs[i], pairs[i+1])
	}
	return c.PostBody(path, "application/x-www-form-urlencoded", form.Encode())
}

// PostBody sends any body.
func (c *Client) PostBody(path, kind, body string) Answer {
	c.t.Helper()
	r := c.Request(http.MethodPost, path, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return c.Do(r)
}

// JSON sends a value to the API; nil sends no body. headers are pairs.
func (c *Client) JSON(method, path string, value any, headers ...string) Answer {
	c.t.Helper()
	var body io.Reader
	if value != nil {
		text, err := json.Marshal(value)
		if err != nil {
			c.t.Fatal(err)
		}
		body = bytes.NewReader(text)
	}
	r := c.Request(method, path, body)
	if value != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return c.Do(r)
}

func tokenOf(link string) string { return link[strings.LastIndex(link, "/")+1:] }

// Password gives the link's person a password, and leads to what comes next.
func (c *Client) Password(link, password string) Answer {
	c.t.Helper()
	c.secret("a link", tokenOf(link))
	c.secret("a password", password)
	if a := c.Get("/activate/" + tokenOf(link)); a.Location() != "/activate" {
		c.t.Fatalf("the link answers %d and leads to %q", a.StatusCode, a.Location())
	}
	return c.Post("/activate", "password", password)
}

var keyOnPage = regexp.MustCompile(`data-value="([A-Z2-7]{16,})"`)

// Setup reads the key of the page that sets up an authenticator app, sends its
// first code, and goes on past the recovery codes.
func (c *Client) Setup() (key string) {
	c.t.Helper()
	page := c.Get("/signin/setup")
	found := keyOnPage.FindStringSubmatch(page.Text)
	if found == nil {
		c.t.Fatalf("no key on the page (%d): %.600s", page.StatusCode, page.Plain())
	}
	c.secret("the key of an authenticator app", found[1])
	a := c.Post("/signin/setup", "code", c.Code(found[1]), "next", "")
	if a.StatusCode != http.StatusSeeOther {
		c.t.Fatalf("the first code answers %d: %.600s", a.StatusCode, a.Plain())
	}
	if a.Location() == "/signin/codes" {
		c.Kept()
	}
	return found[1]
}

var codeOnPage = regexp.MustCompile(`<li class="cs-mono">([0-9a-z-]+)</li>`)

// Kept reads the recovery codes of the page that shows them, and says that they are kept.
func (c *Client) Kept() (codes []string) {
	c.t.Helper()
	page := c.Get("/signin/codes")
	if codes = c.Codes(page); len(codes) == 0 {
		c.t.Fatalf("no recovery codes on the page (%d): %.600s", page.StatusCode, page.Plain())
	}
	if a := c.Post("/signin/codes", "next", ""); a.StatusCode != http.StatusSeeOther {
		c.t.Fatalf("the recovery codes answer %d: %.600s", a.StatusCode, a.Plain())
	}
	return codes
}

// Codes are the recovery codes on a page.
func (c *Client) Codes(page Answer) (codes []string) {
	for _, found := range codeOnPage.FindAllStringSubmatch(page.Text, -1) {
		c.secret("a recovery code", found[1])
		codes = append(codes, found[1])
	}
	return codes
}

// Activate follows a link to its end: password, authenticator app, signed in.
func (c *Client) Activate(link, password string) (key string) {
	c.t.Helper()
	if a := c.Password(link, password); a.Location() != "/signin/setup" {
		c.t.Fatalf("the password answers %d and leads to %q: %.600s", a.StatusCode, a.Location(), a.Plain())
	}
	return c.Setup()
}

// SignIn goes in with password and code. A code works once: move the clock when the last was a moment ago.
func (c *Client) SignIn(identifier, password, key string) Answer {
	c.t.Helper()
	if a := c.Post("/signin", "identifier", identifier, "password", password, "next", ""); a.Location() != "/signin/code" {
		c.t.Fatalf("the password answers %d and leads to %q: %.600s", a.StatusCode, a.Location(), a.Plain())
	}
	a := c.Post("/signin/code", "code", c.Code(key), "next", "")
	if a.StatusCode != http.StatusSeeOther {
		c.t.Fatalf("the code answers %d: %.600s", a.StatusCode, a.Plain())
	}
	return a
}

// Code is what an authenticator app with the key shows now.
func (c *Client) Code(key string) string {
	c.t.Helper()
	return Code(c.t, key, c.now())
}

// Code is what an authenticator app with the key shows at a time.
func Code(t testing.TB, key string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(key, at)
	if err != nil {
		t.Fatalf("%q is no key: %v", key, err)
	}
	return code
}
