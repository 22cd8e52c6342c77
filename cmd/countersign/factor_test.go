package main

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/test/browser"
	"countersign/internal/test/server"
)

// TestSecondFactors are the ways of people with keys, passkeys and lost phones in a real browser, whose keys are
// Chromium's own.
func TestSecondFactors(t *testing.T) {
	t.Parallel()
	s := newStory(t, server.Options{})
	t.Run("F2 F3 a security key is set up and used", s.securityKey)
	t.Run("F7 Y1 this device is added, and signs in as a passkey", s.passkey)
	t.Run("F7 T-8.4.1b an administrator's passkey asks for the password too", s.administratorsPasskey)
	t.Run("F7 a lost phone: in by a recovery code, another app, the old one removed", s.lostPhone)
	t.Run("F3 without script a key's page says so, and the other ways work", s.withoutScript)
}

// password goes through the first page of signing in.
func (s *story) password(b *browser.Browser, email string) {
	b.Goto(s.URL + "/signin")
	b.Fill("E-mail or username", email)
	b.Fill("Password", password)
	b.Click("Continue")
}

func signOut(b *browser.Browser) {
	browser.Eval[int](b, `document.getElementById("me").showPopover(), 1`)
	b.Click("Sign out")
	b.Sees("Sign in")
}

// shown are the recovery codes on the page.
func (s *story) shown(b *browser.Browser) []string {
	codes := browser.Eval[[]string](b, `[...document.querySelectorAll("#codes li")].map(e => e.innerText.trim())`)
	for _, code := range codes {
		s.Secret("a recovery code", code)
	}
	return codes
}

func (s *story) securityKey(t *testing.T) {
	s.invite(t, "key@harbour.example")
	b := browser.New(t)
	key := b.SecurityKey()
	b.Goto(s.Mail("key@harbour.example", 1).Link(t))
	b.Fill("New password", password)
	b.Click("Save password")
	b.Sees("With a security key or this device")
	b.Axe()
	b.Click("Set up a key")
	b.Sees("Keep your recovery codes")
	if codes := s.shown(b); len(codes) != 10 || key.Holds() != 1 {
		t.Errorf("%d codes, %d credentials", len(codes), key.Holds())
	}
	b.Click("I have kept them")
	b.Sees("Welcome. You are set up.")
	signOut(b)

	s.password(b, "key@harbour.example")
	b.Sees("Use your security key")
	b.SeesNot("authenticator app and enter") // there is none
	b.Axe()
	b.Click("Use security key")
	b.Sees("Home")
	signOut(b)

	key.Remove()
	b.SecurityKey() // another one: it has nothing for this page
	s.password(b, "key@harbour.example")
	b.Click("Use security key")
	b.Sees("Nothing was used")
	b.Sees("Enter a recovery code")
	b.Axe()
}

func (s *story) passkey(t *testing.T) {
	s.invite(t, "passkey@harbour.example")
	key := s.Client().Activate(s.Mail("passkey@harbour.example", 1).Link(t), password)
	s.Advance(time.Minute)
	b := browser.New(t)
	device := b.Device()
	s.password(b, "passkey@harbour.example")
	b.Fill("Six-digit code", server.Code(t, key, s.Now()))
	b.Click("Sign in")
	s.Advance(6 * time.Minute)
	b.Goto(s.URL + "/me")
	b.Click("Add a key")
	b.Sees("Confirm that it is you")
	b.Axe()
	b.Fill("Password", password)
	b.Fill("Six-digit code", server.Code(t, key, s.Now()))
	b.Click("Confirm")
	b.Sees("Add a key") // back where it was asked for
	b.Axe()
	b.Fill("Name", "My laptop")
	b.Click("Add key")
	b.Sees("Added. You can sign in with it from now on.")
	b.Sees("My laptop")
	b.Sees("Passkey")
	b.Axe()
	signOut(b)

	b.Goto(s.URL + "/signin")
	b.Axe()
	device.Recognises(false)
	b.Click("Sign in with a passkey")
	b.Sees("Nothing was used")
	device.Recognises(true)
	b.Click("Sign in with a passkey")
	b.Sees("Home")
	b.Goto(s.URL + "/me")
	b.Sees("My laptop")
	if page := strings.Join(strings.Fields(b.Text()), " "); !strings.Contains(page, "10 left") {
		t.Errorf("the page does not count the recovery codes: %s", page)
	}
}

func (s *story) administratorsPasskey(t *testing.T) {
	b := browser.New(t)
	b.Device()
	s.Advance(time.Minute)
	s.password(b, maud)
	b.Fill("Six-digit code", server.Code(t, s.key, s.Now()))
	b.Click("Sign in")
	b.Goto(s.URL + "/me/factors/key")
	b.Click("Add key")
	b.Sees("Added.")
	signOut(b)
	b.Goto(s.URL + "/signin")
	b.Click("Sign in with a passkey")
	b.Sees("Your passkey was right.")
	b.Axe()
	b.Fill("Password", password)
	b.Click("Sign in")
	b.Sees("Home")
	s.Advance(time.Minute)
	s.again(t) // her other session ended when the key was added
}

func (s *story) lostPhone(t *testing.T) {
	s.invite(t, "lost@harbour.example")
	b := browser.New(t)
	b.Goto(s.Mail("lost@harbour.example", 1).Link(t))
	b.Fill("New password", password)
	b.Click("Save password")
	b.Fill("Six-digit code", server.Code(t, keyOf(b), s.Now()))
	b.Click("Turn on")
	codes := s.shown(b)
	b.Click("I have kept them")
	signOut(b)

	s.password(b, "lost@harbour.example")
	b.Click("Enter a recovery code")
	b.Axe()
	b.Fill("Recovery code", strings.ToUpper(strings.ReplaceAll(codes[6], "-", " ")))
	b.Click("Sign in")
	b.Sees("Home")
	if mail := s.Mail("lost@harbour.example", 2); mail.Subject != "A recovery code was used" || !strings.Contains(mail.Text, "9") {
		t.Errorf("the mail says %q:\n%s", mail.Subject, mail.Text)
	}
	b.Goto(s.URL + "/me")
	b.Sees("To remove it, add another first.")
	b.Click("Add an app")
	b.Axe()
	key := keyOf(b)
	b.Fill("Six-digit code", server.Code(t, key, s.Now()))
	b.Fill("Name", "New phone")
	b.Click("Add app")
	b.Sees("New phone")
	b.Click("Remove – Authenticator app")
	b.Sees("Remove this second factor?")
	b.Axe()
	b.Click("Remove")
	b.Sees("Removed. It does not sign you in any more.")
	b.Click("Make new codes")
	b.Axe()
	b.Click("Make new codes")
	if fresh := s.shown(b); len(fresh) != 10 || fresh[0] == codes[0] {
		t.Errorf("%d codes", len(fresh))
	}
	b.Axe()
	b.Click("I have kept them")
	signOut(b)
	s.Advance(time.Minute)
	s.password(b, "lost@harbour.example")
	b.Fill("Six-digit code", server.Code(t, key, s.Now()))
	b.Click("Sign in")
	b.Sees("Home")
}

// keyOf reads the key of an authenticator app on the page.
func keyOf(b *browser.Browser) string { return strings.Join(strings.Fields(b.TextOf("#key")), "") }

func (s *story) withoutScript(t *testing.T) {
	c := s.Client()
	if a := c.Post("/signin", "identifier", "key@harbour.example", "password", password, "next", ""); a.Location() != "/signin/code" {
		t.Fatalf("the password leads to %q", a.Location())
	}
	page := c.Get("/signin/code")
	if !strings.Contains(page.Plain(), "Security keys need JavaScript") || !strings.Contains(page.Text, "/signin/code?with=recovery_code") {
		t.Errorf("the page of a key says %s", page.Plain())
	}
	a := c.Post("/signin/code", "with", "webauthn", "credential", "", "next", "")
	if a.StatusCode != 422 || !strings.Contains(a.Plain(), "use another way") {
		t.Errorf("sent without a key, the page answers %d: %s", a.StatusCode, a.Plain())
	}
	if signIn := s.Client().Get("/signin"); !strings.Contains(signIn.Text, `action="/signin/passkey"`) || !strings.Contains(signIn.Text, "hidden") {
		t.Errorf("the sign-in page offers no passkey: %s", signIn.Plain())
	}
}
