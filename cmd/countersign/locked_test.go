package main

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/test/browser"
	"countersign/internal/test/server"
)

// TestLockedColleague follows two people in a real browser: one locks herself out and is unlocked by Maud, and then
// forgets her password altogether.
func TestLockedColleague(t *testing.T) {
	t.Parallel()
	s := newStory(t, server.Options{})
	const email = "locked@harbour.example"
	id := s.invite(t, email)
	key := s.Client().Activate(s.Mail(email, 1).Link(t), password)
	s.Advance(time.Minute)
	b := browser.New(t)
	b.Expect("status of 401")
	b.Expect("status of 422")
	in := func(secret string) {
		b.Goto(s.URL + "/signin")
		b.Fill("E-mail or username", email)
		b.Fill("Password", secret)
		b.Click("Continue")
	}
	t.Run("A1 U12 six wrong passwords, a mail, and Maud", func(t *testing.T) {
		for range 6 {
			in("not what I chose")
			b.Sees("That did not work")
		}
		in(password)
		b.Sees("That did not work")
		if mail := s.Mail(email, 2); mail.Subject != "Your sign-in is locked for a while" || !strings.Contains(mail.Text, "/forgotten") {
			t.Errorf("%s\n%s", mail.Subject, mail.Text)
		}
		s.again(t)
		m := browser.New(t)
		m.Goto(s.URL + "/signin")
		m.Fill("E-mail or username", maud)
		m.Fill("Password", password)
		m.Click("Continue")
		s.Advance(time.Minute)
		m.Fill("Six-digit code", server.Code(t, s.key, s.Now()))
		m.Click("Sign in")
		m.Sees("Home")
		m.Goto(s.URL + "/a/HARBOUR/users/" + id)
		m.Sees("Locked: wrong passwords")
		m.Click("Unlock")
		m.Sees("6 wrong attempts were made.")
		m.Axe()
		m.Fill("Reason", "It was her")
		m.Click("Unlock")
		m.Sees("can sign in again")
		m.SeesNot("Locked: wrong passwords")
		in(password)
		s.Advance(time.Minute)
		b.Fill("Six-digit code", server.Code(t, key, s.Now()))
		b.Click("Sign in")
		b.Sees("Home")
	})
	t.Run("I6 Y2 forgotten, reset by mail, signed in with the code, and seen in the history", func(t *testing.T) {
		signOut(b)
		b.Goto(s.URL + "/signin")
		b.Click("Forgotten your password?")
		b.Fill("E-mail", email)
		b.Click("Send link")
		b.Sees("Look at your mail")
		link := s.Mail(email, 4).Link(t)
		s.Secret("a reset link", link[strings.LastIndex(link, "/")+1:])
		b.Goto(link)
		b.Sees("Choose another password")
		if strings.Contains(b.URL(), link[len(link)-20:]) {
			t.Errorf("the token stays in the address: %s", b.URL())
		}
		b.Fill("New password", "short")
		b.Click("Save password")
		b.Sees("At least 12 characters")
		b.Fill("New password", nextPassword)
		b.Click("Save password")
		b.Sees("Your password is changed")
		b.Axe()
		b.Click("Go to sign-in")
		in(nextPassword)
		s.Advance(time.Minute)
		b.Fill("Six-digit code", server.Code(t, key, s.Now()))
		b.Click("Sign in")
		b.Sees("Home")
		b.Goto(s.URL + "/me")
		b.Sees("This one")
		b.Sees("too many wrong attempts: locked")
		b.Axe()
	})
}
