package main

import (
	"context"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/notify"
	"countersign/internal/people"
	"countersign/internal/test/server"
)

// opens opens the newest link of a mail to somebody, as whoever reads it.
func (o *office) opens(label string) (c *server.Client, page server.Answer) {
	o.t.Helper()
	c = o.client()
	if a := c.Get("/email/" + o.link(o.people[label].userID)); a.StatusCode != http.StatusSeeOther || a.Location() != "/email" {
		o.t.Fatalf("the link answers %d to %q", a.StatusCode, a.Location())
	}
	return c, c.Get("/email")
}

func (o *office) emails(t *testing.T) {
	o.join("mine.eve", "MINE", "read_only", "Eve")
	path, page := o.at("mine.eve", "/email"), o.at("mine.eve")
	begin := func(address string) server.Answer {
		return o.leads(t, o.send(path, fields(o.maud.Get(path).Text), "email", address), page)
	}
	t.Run("U7 the page shows the change that waits, and drops it", func(t *testing.T) {
		says(t, begin("eve.new@example.com"), http.StatusOK, "A link to confirm it went to eve.new@example.com", "Waiting to be confirmed", "by Maud Owner", "eve@example.com")
		c, link := o.opens("mine.eve")
		says(t, link, http.StatusOK, "Confirm this address?", "eve.new@example.com", "Harbour Goods")
		drop := o.at("mine.eve", "/email-withdrawal")
		says(t, o.leads(t, o.send(drop, fields(o.maud.Get(drop).Text)), page), http.StatusOK, "is dropped")
		saysNot(t, o.maud.Get(page), "eve.new@example.com")
		says(t, c.Get("/email"), http.StatusGone, "given up")
		says(t, c.Post("/email"), http.StatusGone, "given up")
	})
	t.Run("U7 a newer change kills the link of the one before", func(t *testing.T) {
		begin("eve.first@example.com")
		old, _ := o.opens("mine.eve")
		begin("eve.second@example.com")
		says(t, old.Post("/email"), http.StatusGone, "given up")
	})
	t.Run("U7 opening spends nothing, confirming changes the address and ends the sessions", func(t *testing.T) {
		c, link := o.opens("mine.eve")
		for range 3 {
			says(t, link, http.StatusOK, "eve.second@example.com")
			link = c.Get("/email")
		}
		says(t, o.maud.Get(page), http.StatusOK, "mine.eve@example.com", "Waiting to be confirmed")
		token := c.Cookie("__Host-email")
		says(t, c.Post("/email"), http.StatusOK, "The address is changed", "eve.second@example.com")
		if a := o.people["mine.eve"].browser.Get("/a/MINE/"); !strings.HasPrefix(a.Location(), "/signin") {
			t.Errorf("their session goes on: %d to %q", a.StatusCode, a.Location())
		}
		c.SetCookie("__Host-email", token)
		says(t, c.Get("/email"), http.StatusGone, "already used")
		says(t, c.Post("/email"), http.StatusGone, "already used")
		o.clock.Advance(time.Minute)
		in := o.client()
		in.SignIn("eve.second@example.com", housePassword, o.people["mine.eve"].key)
		says(t, in.Get("/a/MINE/"), http.StatusOK)
	})
	t.Run("U7 a taken address is refused without a word of whose it is", func(t *testing.T) {
		form := fields(o.maud.Get(path).Text)
		a := o.send(path, form, "email", "mine.owner@example.com")
		keeps(t, a, form)
		if a.StatusCode != http.StatusConflict && a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("answered %d: %.300s", a.StatusCode, a.Plain())
		}
	})
	t.Run("A07 U7 one of another account's is asked like any, and its link says that it is in use", func(t *testing.T) {
		says(t, begin("theirs.owner@example.com"), http.StatusOK, "A link to confirm it went to theirs.owner@example.com", "Waiting to be confirmed")
		c, link := o.opens("mine.eve")
		for _, a := range []server.Answer{link, c.Post("/email")} {
			says(t, a, http.StatusGone, "in use")
			saysNot(t, a, "Thea", "Other Shop")
		}
	})
	t.Run("U7 what somebody else took meanwhile is not confirmed", func(t *testing.T) {
		begin("wanted@example.com")
		c, _ := o.opens("mine.eve")
		o.invite("mine.wanted", "MINE", "read_only", "Wanted")
		wanted := o.at("mine.wanted", "/email")
		o.leads(t, o.send(wanted, fields(o.maud.Get(wanted).Text), "email", "Wanted@example.com"), "/a/MINE/users/")
		says(t, c.Post("/email"), http.StatusGone, "in use")
		says(t, o.maud.Get(page), http.StatusOK, "eve.second@example.com")
	})
	t.Run("U7 an invitation that went astray is sent to the right address: the first link is dead", func(t *testing.T) {
		astray := o.at("mine.ada", "/email")
		c := o.client()
		c.Get("/activate/" + o.link(o.people["mine.ada"].userID))
		says(t, c.Get("/activate"), http.StatusOK)
		a := o.leads(t, o.send(astray, fields(o.maud.Get(astray).Text), "email", "ada.b@example.com"), "/a/MINE/users/usr_")
		says(t, a, http.StatusOK, "The invitation went to ada.b@example.com", "Augusta Byron", "Invited")
		says(t, c.Get("/activate"), http.StatusGone)
		says(t, o.maud.Get(o.at("mine.ada")), http.StatusNotFound)
		o.people["mine.ada"] = person{userID: o.userOf("ada.b@example.com"), email: "ada.b@example.com"}
		o.activate("mine.ada", o.link(o.people["mine.ada"].userID))
	})
	t.Run("U7 links are no pages for nothing", func(t *testing.T) {
		c := o.client()
		says(t, c.Get("/email"), http.StatusGone, "does not work")
		c.Get("/email/" + strings.Repeat("a", 43))
		says(t, c.Post("/email"), http.StatusGone, "does not work")
	})
}

// ownEmail is for whom no administrator changes it: here the first administrator.
func (o *office) ownEmail(t *testing.T) {
	o.clock.Advance(time.Minute)
	again := o.client()
	again.SignIn("mine.owner@example.com", housePassword, o.people["mine.owner"].key)
	t.Run("U7 A6 the two links of one's own change, in either order", func(t *testing.T) {
		a := again.Post("/me/email", "email", "maud@example.com")
		if a.Location() != "/me" {
			t.Fatalf("answered %d: %.400s", a.StatusCode, a.Plain())
		}
		says(t, again.Get("/me"), http.StatusOK, "Links went to maud@example.com", "maud@example.com", "mine.owner@example.com")
		tokens := o.tokens(o.people["mine.owner"].userID)
		if len(tokens) != 2 {
			t.Fatalf("%d links were sent", len(tokens))
		}
		for i, want := range []string{"One of two", "The address is changed"} {
			c := o.client()
			c.Get("/email/" + tokens[i])
			says(t, c.Post("/email"), http.StatusOK, want)
		}
		if a := again.Get("/me"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("the session goes on: %d", a.StatusCode)
		}
	})
	t.Run("U7 A6 later on, one proves first who one is; and gives it up", func(t *testing.T) {
		o.clock.Advance(time.Minute)
		again = o.client()
		again.SignIn("maud@example.com", housePassword, o.people["mine.owner"].key)
		o.clock.Advance(14 * time.Minute)
		const confirm = "/me/confirm?next=%2Fme%2Femail"
		if a := again.Get("/me/email"); a.Location() != confirm {
			t.Errorf("a session that is not fresh sees the form: %d %.400s", a.StatusCode, a.Plain())
		}
		if a := again.Post("/me/email", "email", "m@example.com"); a.Location() != confirm {
			t.Errorf("a session that is not fresh changes the address: %d %.400s", a.StatusCode, a.Plain())
		}
		a := again.Post("/me/confirm", "password", housePassword, "code", again.Code(o.people["mine.owner"].key), "next", "/me/email")
		if a.Location() != "/me/email" {
			t.Fatalf("answered %d: %.400s", a.StatusCode, a.Plain())
		}
		if typed := fields(again.Get("/me/email").Text).Get("email"); typed != "m@example.com" {
			t.Errorf("what was typed before is lost: %q", typed)
		}
		if a := again.Post("/me/email", "email", "m@example.com"); a.Location() != "/me" {
			t.Fatalf("answered %d: %.400s", a.StatusCode, a.Plain())
		}
		tokens := o.tokens(o.people["mine.owner"].userID)
		again.Post("/me/email/withdrawal")
		says(t, again.Get("/me"), http.StatusOK, "is dropped")
		for _, token := range tokens {
			c := o.client()
			c.Get("/email/" + token)
			says(t, c.Post("/email"), http.StatusGone, "given up")
		}
	})
	o.maud = again
}

// tokens are the links of the mails to somebody that were not looked at yet.
func (o *office) tokens(userID string) (out []string) {
	o.t.Helper()
	list, err := o.rooms.db.Lease(o.t.Context(), 1000, time.Second)
	o.must(err)
	for _, m := range list {
		if m.UserID == userID && m.Data["token"] != "" {
			out = append(out, m.Data["token"])
		}
		o.must(o.rooms.db.Sent(o.t.Context(), m.ID))
	}
	return out
}

// bounces has the mail server bring back the mail to somebody, into the folder that serve watches.
func (o *office) bounces(t *testing.T, userID string) {
	t.Helper()
	var c serveCommand
	c.BouncesDir = t.TempDir()
	jobs, err := c.jobs(o.rooms, nil, mail.Address{Address: "no-reply@desk.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	var id, state string
	look := func() bool {
		o.view(func(tx *db.Tx) error {
			_, err := db.One(tx, []any{&id, &state}, `SELECT id, state FROM outbox WHERE user_id = $1`, userID)
			return err
		})
		return state == "bounced"
	}
	if look() {
		t.Fatal("it came back already")
	}
	notice := "From: MAILER-DAEMON@mx.example.com\r\nIn-Reply-To: <" + id + "@desk.example.com>\r\nContent-Type: message/delivery-status\r\n\r\n" +
		"Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; a@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\n"
	if err := os.WriteFile(filepath.Join(c.BouncesDir, "new", "1.mx"), []byte(notice), 0o600); err != nil {
		t.Fatal(err)
	}
	work, end := context.WithCancel(t.Context())
	var watching sync.WaitGroup
	watching.Go(func() { jobs[len(jobs)-1](work) })
	eventually(t, "the mail came back", look)
	end()
	watching.Wait()
}

func (o *office) mails(t *testing.T) {
	o.invite("mine.lost", "MINE", "read_only", "Lost")
	id := o.people["mine.lost"].userID
	security := o.at("mine.lost", "/security")
	t.Run("a mail that waits, and one that was sent", func(t *testing.T) {
		says(t, o.maud.Get(security), http.StatusOK, "Invitation", "Waiting to be sent")
		o.link(id)
		says(t, o.maud.Get(security), http.StatusOK, "Sent")
		saysNot(t, o.maud.Get(o.at("mine.lost")), "did not arrive")
	})
	t.Run("an invitation that came back is told on the page and in the list, with a way to correct the address", func(t *testing.T) {
		o.bounces(t, id)
		a := o.maud.Get(o.at("mine.lost"))
		says(t, a, http.StatusOK, "The invitation did not arrive. There is no such mailbox.", "5.1.1", "Correct the address", "Came back")
		if !strings.Contains(a.Text, `href="`+o.at("mine.lost", "/email")+`"`) {
			t.Error("no link leads to the address")
		}
		says(t, o.maud.Get("/a/MINE/users?q=mine.lost"), http.StatusOK, "The invitation did not arrive")
		says(t, o.maud.Get(security), http.StatusOK, "Came back", "There is no such mailbox")
	})
	t.Run("I3 sent once more, it is under way again", func(t *testing.T) {
		o.clock.Advance(time.Second)
		path := o.at("mine.lost", "/invitation")
		a := o.leads(t, o.send(path, fields(o.maud.Get(path).Text)), o.at("mine.lost"))
		saysNot(t, a, "did not arrive")
		saysNot(t, o.maud.Get("/a/MINE/users?q=mine.lost"), "did not arrive")
	})
	t.Run("every kind, state and cause has words", func(t *testing.T) {
		keys := []string{"state.queued", "state.sent", "state.refused", "state.bounced", "state.failed"}
		for _, kind := range notify.Kinds() {
			if kind != "invitation_linked" { // shown as an invitation
				keys = append(keys, "kind."+kind)
			}
		}
		for _, reason := range []string{"5.1.1", "5.1.2", "4.2.2", "5.2.1", "5.7.1", "4.4.1", "550", "5.0.0", notify.CodeExpired, notify.CodeAddress, notify.CodeLetter, notify.CodeNoServer, notify.CodeDropped, notify.CodeUnreadable} {
			keys = append(keys, "cause."+people.Mail{State: "failed", Reason: reason}.Cause())
		}
		for _, key := range keys {
			if !lang.Has("portal.mail." + key) {
				t.Errorf("%s has no words", key)
			}
		}
	})
}
