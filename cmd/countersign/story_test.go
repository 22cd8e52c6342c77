package main

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/internal/test/server"
)

// TestStories are what happens to people over days, on the running program with its clock moved, on both databases.
func TestStories(t *testing.T) {
	for name, o := range map[string]server.Options{"SQLite": {}, "PostgreSQL": {Postgres: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			newStory(t, o).all(t)
		})
	}
}

// story is a running program with one merchant, whose owner is Maud.
type story struct {
	*server.Server
	maud *server.Client
	key  string
	role string // Support's id
}

const password = "plenty of small green apples"

func newStory(t *testing.T, o server.Options) *story {
	t.Helper()
	s := &story{Server: server.Start(t, o)}
	olga := s.Client()
	olga.Activate(s.Link, password)
	if a := olga.Post("/a/PLATFORM/accounts", "name", "Harbour Goods", "customer_id", "HARBOUR", "kind", "merchant", "environment", "live", "first_name", "Maud", "last_name", "Hart", "email", maud, "language", "en"); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("the account answers %d: %s", a.StatusCode, a.Plain())
	}
	s.maud = s.Client()
	s.key = s.maud.Activate(s.Mail(maud, 1).Link(t), password)
	var list struct {
		Items []struct{ ID, Key string } `json:"items"`
	}
	s.maud.JSON(http.MethodGet, "/api/v1/accounts/HARBOUR/roles", nil).Decode(t, &list)
	for _, r := range list.Items {
		if r.Key == "support" {
			s.role = r.ID
		}
	}
	if s.role == "" {
		t.Fatal("there is no role support")
	}
	return s
}

// again brings Maud back in after the clock was moved.
func (s *story) again(t *testing.T) {
	t.Helper()
	s.maud = s.Client()
	s.maud.SignIn(maud, password, s.key)
}

// invite invites somebody through the portal's form and gives their user id.
func (s *story) invite(t *testing.T, email string) string {
	t.Helper()
	a := s.maud.Post("/a/HARBOUR/users", "first_name", "Guest", "email", email, "language", "en", "roles", s.role, "all_entities", "yes")
	if a.StatusCode != http.StatusSeeOther {
		t.Fatalf("the invitation answers %d: %s", a.StatusCode, a.Plain())
	}
	return a.Location()[strings.LastIndex(a.Location(), "/")+1:]
}

var revisionOnPage = regexp.MustCompile(`name="revision" value="(\d+)"`)

// act confirms an act on a user, as its page asks.
func (s *story) act(t *testing.T, userID, act string, pairs ...string) {
	t.Helper()
	path := "/a/HARBOUR/users/" + userID + "/" + act
	page := s.maud.Get(path)
	found := revisionOnPage.FindStringSubmatch(page.Text)
	if page.StatusCode != http.StatusOK || found == nil {
		t.Fatalf("%s answers %d: %s", path, page.StatusCode, page.Plain())
	}
	if a := s.maud.Post(path, append(pairs, "revision", found[1])...); a.StatusCode != http.StatusSeeOther {
		t.Fatalf("%s answers %d: %s", path, a.StatusCode, a.Plain())
	}
}

func (s *story) status(t *testing.T, userID string) string {
	t.Helper()
	var u struct {
		Status string `json:"status"`
	}
	s.maud.JSON(http.MethodGet, "/api/v1/accounts/HARBOUR/users/"+userID, nil).Decode(t, &u)
	return u.Status
}

// opens tells how a link's page answers.
func (s *story) opens(link string) int {
	c := s.Client()
	c.Get(strings.TrimPrefix(link, s.URL))
	return c.Get("/activate").StatusCode
}

func (s *story) all(t *testing.T) {
	t.Run("I1 opening a link spends nothing, saving the password does", func(t *testing.T) {
		id := s.invite(t, "i1@harbour.example")
		link := s.Mail("i1@harbour.example", 1).Link(t)
		for range 3 {
			if got := s.opens(link); got != http.StatusOK {
				t.Errorf("opened, the link answers %d", got)
			}
		}
		if got := s.status(t, id); got != "invited" {
			t.Errorf("after opening the status is %s", got)
		}
		s.Client().Activate(link, password)
		if got := s.status(t, id); got != "active" {
			t.Errorf("after the password and the app the status is %s", got)
		}
		if got := s.opens(link); got != http.StatusGone {
			t.Errorf("spent, the link answers %d", got)
		}
	})
	t.Run("F2 between password and authenticator app there is no session", func(t *testing.T) {
		s.invite(t, "f2@harbour.example")
		c := s.Client()
		if a := c.Password(s.Mail("f2@harbour.example", 1).Link(t), password); a.Location() != "/signin/setup" {
			t.Fatalf("the password leads to %q", a.Location())
		}
		if a := c.JSON(http.MethodGet, "/api/v1/session", nil); a.StatusCode != http.StatusUnauthorized || c.Cookie("__Host-session") != "" {
			t.Errorf("half signed in, the session answers %d", a.StatusCode)
		}
		c.Setup()
		if a := c.Get("/a/HARBOUR/"); a.StatusCode != http.StatusOK {
			t.Errorf("signed in, the first page answers %d", a.StatusCode)
		}
	})
	t.Run("I3 a link that was sent again kills the earlier one", func(t *testing.T) {
		id := s.invite(t, "i3@harbour.example")
		first := s.Mail("i3@harbour.example", 1).Link(t)
		s.act(t, id, "invitation")
		if got := s.opens(first); got != http.StatusGone {
			t.Errorf("the earlier link answers %d", got)
		}
		if got := s.opens(s.Mail("i3@harbour.example", 2).Link(t)); got != http.StatusOK {
			t.Errorf("the new link answers %d", got)
		}
	})
	t.Run("I4 a deactivated invitation is dead and says so, sending it again revives it", func(t *testing.T) {
		id := s.invite(t, "i4@harbour.example")
		link := s.Mail("i4@harbour.example", 1).Link(t)
		s.act(t, id, "invitation-deactivation")
		if got := s.opens(link); got != http.StatusGone || s.status(t, id) != "invitation_deactivated" {
			t.Errorf("the link answers %d, the status is %s", got, s.status(t, id))
		}
		s.act(t, id, "invitation")
		s.Client().Activate(s.Mail("i4@harbour.example", 2).Link(t), password)
		if got := s.status(t, id); got != "active" {
			t.Errorf("revived, the status is %s", got)
		}
	})
	t.Run("U9 deactivation ends sessions at once, activation gives the same access back", func(t *testing.T) {
		id := s.invite(t, "u9@harbour.example")
		c := s.Client()
		key := c.Activate(s.Mail("u9@harbour.example", 1).Link(t), password)
		s.act(t, id, "deactivation", "reason", "on leave")
		if a := c.Get("/a/HARBOUR/"); !strings.HasPrefix(a.Location(), "/signin?") {
			t.Errorf("the next request answers %d to %q", a.StatusCode, a.Location())
		}
		if a := s.Client().Post("/signin", "identifier", "u9@harbour.example", "password", password, "next", ""); a.StatusCode == http.StatusSeeOther {
			t.Errorf("deactivated, the password leads to %q", a.Location())
		}
		s.act(t, id, "activation")
		s.Advance(time.Minute)
		back := s.Client()
		back.SignIn("u9@harbour.example", password, key)
		if a := back.Get("/a/HARBOUR/"); a.StatusCode != http.StatusOK {
			t.Errorf("activated again, the first page answers %d", a.StatusCode)
		}
	})
	t.Run("U13 a reset second factor is set up again", func(t *testing.T) {
		id := s.invite(t, "u13@harbour.example")
		c := s.Client()
		c.Activate(s.Mail("u13@harbour.example", 1).Link(t), password)
		s.act(t, id, "second-factor-reset", "reason", "phone lost")
		if a := c.Get("/a/HARBOUR/"); !strings.HasPrefix(a.Location(), "/signin?") {
			t.Errorf("the next request answers %d to %q", a.StatusCode, a.Location())
		}
		if got := s.Mail("u13@harbour.example", 2); !strings.Contains(got.Subject, "second factor was reset") {
			t.Errorf("the mail says %q", got.Subject)
		}
		s.Advance(time.Minute)
		fresh := s.Client()
		if a := fresh.Post("/signin", "identifier", "u13@harbour.example", "password", password, "next", ""); a.Location() != "/signin/setup" {
			t.Fatalf("the password leads to %q: %s", a.Location(), a.Plain())
		}
		fresh.Setup()
	})
	t.Run("U7 a new address is confirmed where it is read, the old one is told and no longer signs in", func(t *testing.T) { s.moves(t) })
	t.Run("U10 a deleted user is gone at once, and their address is free", func(t *testing.T) {
		id := s.invite(t, "u10@harbour.example")
		c := s.Client()
		c.Activate(s.Mail("u10@harbour.example", 1).Link(t), password)
		s.act(t, id, "deletion", "name", "Guest")
		if a := c.Get("/a/HARBOUR/"); !strings.HasPrefix(a.Location(), "/signin?") {
			t.Errorf("the next request answers %d to %q", a.StatusCode, a.Location())
		}
		if a := s.maud.Get("/a/HARBOUR/users/" + id); a.StatusCode != http.StatusNotFound {
			t.Errorf("their page answers %d", a.StatusCode)
		}
		if again := s.invite(t, "u10@harbour.example"); again == id {
			t.Error("the id comes again")
		}
	})
	t.Run("A1 wrong passwords lock for 30 minutes, also with the right one", func(t *testing.T) { s.locked(t) })
	t.Run("B14 a poisoned Host never reaches a mail", func(t *testing.T) { s.poisoned(t) })
	t.Run("I2 a link expires after 72 hours and the status says so", func(t *testing.T) {
		id := s.invite(t, "i2@harbour.example")
		link := s.Mail("i2@harbour.example", 1).Link(t)
		s.Advance(72*time.Hour - time.Minute)
		if got := s.opens(link); got != http.StatusOK {
			t.Errorf("a minute before, the link answers %d", got)
		}
		s.Advance(time.Minute + time.Second)
		if got := s.opens(link); got != http.StatusGone {
			t.Errorf("after 72 hours the link answers %d", got)
		}
		s.again(t)
		if got := s.status(t, id); got != "invitation_expired" {
			t.Errorf("the status is %s", got)
		}
		if page := s.maud.Get("/a/HARBOUR/users"); !strings.Contains(page.Plain(), "EXPIRED") {
			t.Error("the list of users does not say EXPIRED")
		}
	})
}

// moves gives somebody another address.
func (s *story) moves(t *testing.T) {
	const old, now = "u7@harbour.example", "u7.new@harbour.example"
	id := s.invite(t, old)
	key := s.Client().Activate(s.Mail(old, 1).Link(t), password)
	s.act(t, id, "email", "email", now)
	link := s.Mail(now, 1).Link(t)
	s.Secret("a link", link[strings.LastIndex(link, "/")+1:])
	if notice := s.Mail(old, 2); !strings.Contains(notice.Text, "Maud Hart") || !strings.Contains(notice.Text, now) || strings.Contains(notice.Raw, "/email/") {
		t.Errorf("the old address is told:\n%s", notice.Text)
	}
	c := s.Client()
	c.Get(strings.TrimPrefix(link, s.URL))
	if a := c.Post("/email"); a.StatusCode != http.StatusOK || !strings.Contains(a.Plain(), "The address is changed") {
		t.Fatalf("confirming answers %d: %s", a.StatusCode, a.Plain())
	}
	if told := s.Mail(old, 3); told.Subject != "Your sign-in address was changed" {
		t.Errorf("then it is told %q", told.Subject)
	}
	s.Advance(time.Minute)
	if a := s.Client().Post("/signin", "identifier", old, "password", password, "next", ""); a.StatusCode == http.StatusSeeOther {
		t.Errorf("the old address leads on to %q", a.Location())
	}
	s.Client().SignIn(now, password, key)
}

// locked tries wrong passwords until the lock, and waits it out.
func (s *story) locked(t *testing.T) {
	id := s.invite(t, "a1@harbour.example")
	key := s.Client().Activate(s.Mail("a1@harbour.example", 1).Link(t), password)
	s.Advance(time.Minute)
	c := s.Client()
	tries := 0
	for ; tries < 11 && s.status(t, id) != "locked_attempts"; tries++ {
		if a := c.Post("/signin", "identifier", "a1@harbour.example", "password", "guess number "+strconv.Itoa(tries), "next", ""); a.StatusCode < 400 {
			t.Fatalf("a guess is answered %d", a.StatusCode)
		}
		s.Advance(2 * time.Second)
	}
	if tries > 10 || tries < 3 {
		t.Fatalf("locked after %d wrong passwords", tries)
	}
	s.Advance(time.Minute)
	if a := c.Post("/signin", "identifier", "a1@harbour.example", "password", password, "next", ""); a.StatusCode == http.StatusSeeOther {
		t.Error("locked, the right password leads on")
	}
	s.Advance(30 * time.Minute)
	s.Client().SignIn("a1@harbour.example", password, key)
	s.again(t)
	if got := s.status(t, id); got != "active" {
		t.Errorf("after half an hour the status is %s", got)
	}
}

// poisoned invites with addresses of another site in the headers.
func (s *story) poisoned(t *testing.T) {
	body := strings.NewReader("first_name=Host&email=host%40harbour.example&language=en&all_entities=yes&roles=" + s.role)
	r := s.maud.Request(http.MethodPost, "/a/HARBOUR/users", body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Host = "evil.example"
	for _, name := range []string{"X-Forwarded-Host", "X-Forwarded-Proto", "Forwarded", "X-Original-Host", "X-Forwarded-Server"} {
		r.Header.Set(name, "host=evil.example")
	}
	a := s.maud.Do(r)
	if a.StatusCode == http.StatusSeeOther {
		letter := s.Mail("host@harbour.example", 1)
		if link := letter.Link(t); !strings.HasPrefix(link, s.URL+"/activate/") || strings.Contains(letter.Raw, "evil.example") {
			t.Errorf("the mail leads to %s", link)
		}
	} else if a.StatusCode < 400 {
		t.Errorf("answered %d", a.StatusCode)
	}
	if strings.Contains(a.Location()+a.Text, "evil.example") {
		t.Errorf("the answer leads to %q", a.Location())
	}
	actions := []string{}
	for _, e := range s.Entries() {
		actions = append(actions, e.Action)
	}
	if !slices.Contains(actions, "user.invited") {
		t.Errorf("the log tells %q", actions)
	}
}
