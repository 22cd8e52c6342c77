package main

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
)

// TestAttackPages looks, as an administrator, for what the pages tell beyond one's own account.
func TestAttackPages(t *testing.T) {
	h := newHouse(t)
	h.found()
	h.board("MINE", "Mine", "Mina")
	h.board("THEIRS", "Theirs", "Thea")
	h.join("theirs.shared", "THEIRS", "support", "Sharon")
	a := h.account("MINE")
	id, err := h.rooms.people.Invite(t.Context(), h.who("mine.owner", "MINE"), a.ID, people.Invitee{FirstName: "Typed", Email: "theirs.shared@example.com",
		Access: people.Access{Roles: []string{h.role("MINE", "support")}, AllEntities: true}})
	h.must(err)
	mine := h.people["mine.owner"].browser
	page := func(tab string) string { return mine.Get("/a/MINE/users/" + id + tab).Text }
	t.Run("A07 an invited person's pages tell nothing of where they are already", func(t *testing.T) {
		for _, tab := range []string{"", "/security", "/access", "/activity", "/invitation"} {
			if text := page(tab); strings.Contains(text, "Sharon") || !strings.Contains(text, "Typed") {
				t.Errorf("%q tells the person's own name", tab)
			}
		}
		if text := page("/security"); strings.Contains(text, "Chosen on") || strings.Contains(text, "127.0.0.1") {
			t.Error("the password or the address is told")
		}
	})
	link := h.url + "/activate/" + h.link(id)
	t.Run("A07 nor, once they came, of their sessions, password, addresses and attempts", func(t *testing.T) {
		h.clock.Advance(time.Minute) // for another code
		browser := h.client()
		browser.Password(link, housePassword)
		if got := browser.Post("/signin/code", "code", browser.Code(h.people["theirs.shared"].key)); got.StatusCode != http.StatusSeeOther {
			t.Fatalf("the code is answered %d", got.StatusCode)
		}
		text := page("/security")
		if !strings.Contains(text, "Sharon") || !strings.Contains(text, "other accounts too") {
			t.Fatal("they did not come in")
		}
		for _, told := range []string{"127.0.0.1", "Open sessions", "Wrong attempts", "Chosen on"} {
			if strings.Contains(text, told) {
				t.Errorf("tells %q", told)
			}
		}
	})
	t.Run("B01 the form of one's own access is refused, and recorded", func(t *testing.T) {
		own := h.people["mine.owner"].userID
		if got := mine.Get("/a/MINE/users/" + own + "/edit"); got.StatusCode != http.StatusForbidden {
			t.Errorf("answered %d", got.StatusCode)
		}
		h.view(func(tx *db.Tx) error {
			q := org.Asks(h.who("mine.owner", "MINE"), tx.Now, a.ID)
			q.Permission = access.MustParse("audit:view")
			list, err := audit.Search(tx, audit.Query{Reach: access.Scope(h.rooms.live.Load(), q), Action: audit.PageRefused, Target: own, Limit: 5})
			if len(list) != 1 || list[0].Reason != "own_access" {
				t.Errorf("recorded: %+v", list)
			}
			return err
		})
	})
	t.Run("I3 an operator sends the link of an account that never opened again, from the page", func(t *testing.T) {
		_, late, err := h.rooms.people.Board(t.Context(), h.who("platform.owner", "PLATFORM"), h.account("PLATFORM").ID, people.Boarding{
			Account: org.New{Kind: access.Merchant, Name: "Late", CustomerID: "LATE", Environment: org.Live},
			First:   people.Invitee{FirstName: "Lena", Email: "late.owner@example.com"}})
		h.must(err)
		before := h.link(late)
		operator, at := h.people["platform.owner"].browser, "/a/LATE/users/"+late+"/invitation"
		if got := operator.Get(at); got.StatusCode != http.StatusOK {
			t.Fatalf("the page that confirms is answered %d", got.StatusCode)
		}
		if got := operator.Post(at, "revision", "1"); got.StatusCode != http.StatusSeeOther {
			t.Fatalf("answered %d: %.300s", got.StatusCode, got.Text)
		}
		if h.link(late) == before {
			t.Error("no fresh link was sent")
		}
		if got := mine.Get(at); got.StatusCode != http.StatusNotFound {
			t.Errorf("a stranger is answered %d", got.StatusCode)
		}
	})
}
