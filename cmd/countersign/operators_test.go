package main

import (
	"encoding/csv"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/test/server"
)

// branches is a platform with two partners that know nothing of each other: SUN with the merchants SUN-1 and SUN-2, and
// MOON with MOON-1. Everything of MOON has Selene in its name.
type branches struct {
	*house
	sun *server.Client // SUN's owner
}

func newBranches(t *testing.T) *branches {
	b := &branches{house: newHouse(t)}
	b.found()
	for _, x := range []struct {
		customerID, parent, name, first string
		kind                            access.Kind
	}{{"SUN", "PLATFORM", "Sun Payments", "Sunniva", access.Partner}, {"MOON", "PLATFORM", "Selene Payments", "Selene", access.Partner},
		{"SUN-1", "SUN", "Sundial Books", "Ada", access.Merchant}, {"SUN-2", "SUN", "Sunrise Bikes", "Ada", access.Merchant}, {"MOON-1", "MOON", "Selene Shop", "Selene", access.Merchant}} {
		label := strings.ToLower(x.customerID) + ".owner"
		_, userID, err := b.rooms.people.Board(t.Context(), b.who("platform.owner", "PLATFORM"), b.account("PLATFORM").ID, people.Boarding{
			Account: org.New{Kind: x.kind, ParentID: x.parent, Name: x.name, CustomerID: x.customerID, Environment: org.Live},
			First:   people.Invitee{FirstName: x.first, LastName: "Of " + x.customerID, Email: label + "@example.com", Language: "en"}})
		b.must(err)
		b.people[label] = person{userID: userID, email: label + "@example.com"}
		b.activate(label, b.link(userID))
	}
	b.entity("SUN-1", "SUN-1-A", "Sundial Annex")
	b.entity("MOON-1", "MOON-1-A", "Selene Annex")
	b.sun = b.people["sun.owner"].browser
	b.sun.Get("/me")
	return b
}

// sees asks for a page, which must hold some texts and nothing of MOON.
func (b *branches) sees(path string, texts ...string) server.Answer {
	b.t.Helper()
	a := b.sun.Get(path)
	if a.StatusCode != http.StatusOK || strings.Contains(a.Text, "Selene") {
		b.t.Errorf("%s is answered %d: %.600s", path, a.StatusCode, a.Plain())
	}
	for _, text := range texts {
		if !strings.Contains(a.Plain(), text) {
			b.t.Errorf("%s does not say %q: %.900s", path, text, a.Plain())
		}
	}
	return a
}

// alike compares what is answered about theirs and about nothing, but for what was asked.
func (b *branches) alike(theirs, none string, asked ...string) {
	b.t.Helper()
	x, y := b.sun.Get(theirs), b.sun.Get(none)
	clean := func(a server.Answer, path, word string) string {
		text := changing.ReplaceAllString(a.Text, "req")
		for _, said := range []string{path, strings.ReplaceAll(path, "&", "&amp;"), word, url.QueryEscape(word)} {
			if said != "" {
				text = strings.ReplaceAll(text, said, "ASKED")
			}
		}
		return text
	}
	words := append(asked, "", "")
	if p, q := clean(x, theirs, words[0]), clean(y, none, words[1]); x.StatusCode != y.StatusCode || p != q {
		b.t.Errorf("%s (%d) and %s (%d): %s", theirs, x.StatusCode, none, y.StatusCode, firstDifference(p, q))
	}
	if strings.Contains(x.Text, "Selene") {
		b.t.Errorf("%s tells a name", theirs)
	}
}

func TestOperatorPages(t *testing.T) {
	b := newBranches(t)
	moon, moon1, sun1 := b.account("MOON"), b.account("MOON-1"), b.account("SUN-1")
	t.Run("A07 A09 the list holds one's own branch", func(t *testing.T) {
		b.sees("/a/SUN/accounts", "Sun Payments", "Sundial Books", "Sunrise Bikes", "Accounts 3")
		b.sees("/a/SUN/accounts?q=sundial&kind=merchant&state=active", "Sundial Books", "Accounts 1")
		b.sees("/a/SUN/accounts?parent=sun+pay", "Belongs to Sun Payments", "Sunrise Bikes")
		if a := b.people["platform.owner"].browser.Get("/a/PLATFORM/accounts?parent=payments"); !strings.Contains(a.Plain(), "Several accounts match “payments”") || strings.Contains(a.Text, "<tbody") {
			t.Errorf("of several one is chosen: %.600s", a.Plain())
		}
		b.sees("/a/SUN/accounts?sort=users&order=desc", "Sundial Books")
		b.sees("/a/SUN/accounts?q=%25", "No account matches")
		b.alike("/a/SUN/accounts?q=MOON-1", "/a/SUN/accounts?q=NONE-1", "MOON-1", "NONE-1")
		b.alike("/a/SUN/accounts?parent=MOON", "/a/SUN/accounts?parent=NONE", "MOON", "NONE")
		b.alike("/a/SUN/accounts?parent="+moon.EntityID, "/a/SUN/accounts?parent=ent_none", moon.EntityID, "ent_none")
	})
	t.Run("A01 A09 no page of another branch", func(t *testing.T) {
		for _, id := range []string{moon.ID, moon1.ID, b.account("PLATFORM").ID} {
			for _, page := range []string{"", "/edit", "/deactivation", "/activation"} {
				b.alike("/a/SUN/accounts/"+id+page, "/a/SUN/accounts/acc_none"+page, id, "acc_none")
			}
		}
		for _, id := range []string{b.node("MOON-1-A").ID, moon1.EntityID} {
			for _, page := range []string{"", "/edit", "/deactivation"} {
				b.alike("/a/SUN/entities/"+id+page, "/a/SUN/entities/ent_none"+page, id, "ent_none")
			}
		}
		b.alike("/a/SUN/entities?at=MOON-1", "/a/SUN/entities?at=NONE-1", "MOON-1", "NONE-1")
		b.alike("/a/SUN/entities/new?parent=MOON-1", "/a/SUN/entities/new?parent=NONE-1", "MOON-1", "NONE-1")
	})
	t.Run("A08 a cursor is its page's and its viewer's", func(t *testing.T) {
		for _, path := range []string{"/a/SUN/accounts", "/a/SUN/users", "/a/SUN/entities", "/a/SUN/activity", "/a/SUN/accounts/" + sun1.ID, "/a/SUN/entities/" + b.node("SUN-1-A").ID} {
			for _, bad := range []string{"x", "MOON-1", strings.Repeat("A", 3000), "%00"} {
				if a := b.sun.Get(path + "?cursor=" + bad); a.StatusCode != http.StatusBadRequest {
					t.Errorf("%s with %.10s: %d", path, bad, a.StatusCode)
				}
			}
			if a := b.sun.Get(path + "?limit=-1"); a.StatusCode != http.StatusBadRequest {
				t.Errorf("%s with a limit: %d", path, a.StatusCode)
			}
		}
	})
	t.Run("an account's page, and its names", func(t *testing.T) {
		at := "/a/SUN/accounts/" + sun1.ID
		page := b.sees(at, "Sun Payments", "Sundial Books", "SUN-1", "Ada Of SUN-1", "Below it 1 entity", "Sundial Annex", "Change names")
		if strings.Contains(page.Text, b.account("PLATFORM").ID) || !strings.Contains(page.Text, `href="/a/SUN/accounts/`+b.account("SUN").ID+`"><bdi>Sun Payments`) {
			t.Error("the way down begins above what one sees")
		}
		revision := hidden(b.sees(at+"/edit", "What stays"), "revision")
		if a := b.sun.Post(at+"/edit", "name", "Sundial & Sons", "alias", "Dial", "revision", revision); a.Location() != at {
			t.Fatalf("answered %d: %.400s", a.StatusCode, a.Plain())
		}
		b.sees(at, "The names of Sundial & Sons are saved", "Dial")
		if a := b.sun.Post(at+"/edit", "name", "Late", "alias", "", "revision", revision); a.StatusCode != http.StatusPreconditionFailed || !strings.Contains(a.Text, "Late") {
			t.Errorf("somebody late is answered %d", a.StatusCode)
		}
		if a := b.sun.Get("/a/SUN/accounts/new"); a.StatusCode != http.StatusForbidden || !strings.Contains(a.Text, "accounts:create") {
			t.Errorf("a partner creates accounts: %d", a.StatusCode)
		}
	})
	t.Run("a role that its profile got later makes nobody an administrator", func(t *testing.T) {
		b.invite("sun-1.reader", "SUN-1", "read_only", "Rita")
		b.must(b.rooms.db.Update(t.Context(), db.Who{Kind: db.System, ID: "test"}, func(tx *db.Tx) error {
			if _, err := tx.Exec(`DELETE FROM roles WHERE account_id = $1 AND predefined = 'administrator'`, sun1.ID); err != nil {
				return err
			}
			return audit.Record(tx, audit.Entry{Action: audit.DemoFilled, AccountID: sun1.ID, Kind: "account", ID: sun1.ID})
		}))
		if page := b.sees("/a/SUN/accounts/"+sun1.ID, "Ada Of SUN-1"); regexp.MustCompile(`cs-strong"[^>]*>(<bdi>)?Rita`).MatchString(page.Text) {
			t.Error("whoever only reads is called an administrator")
		}
	})
	t.Run("A11 deactivated with its name typed: its people are out at once, and come back", func(t *testing.T) {
		ada := b.people["sun-2.owner"].browser
		at := "/a/SUN/accounts/" + b.account("SUN-2").ID
		ask := b.sees(at+"/deactivation", "Deactivate the account Sunrise Bikes?", "1 user loses what they hold")
		revision := hidden(ask, "revision")
		for _, wrong := range [][]string{{"name", "sunrise bikes", "reason", "x"}, {"name", "Sunrise Bikes", "reason", ""}, {"name", "", "reason", "x"}} {
			if a := b.sun.Post(at+"/deactivation", append(wrong, "revision", revision)...); a.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%q is answered %d", wrong, a.StatusCode)
			}
		}
		if a := ada.Get("/a/SUN-2/users"); a.StatusCode != http.StatusOK {
			t.Fatalf("before, she is answered %d", a.StatusCode)
		}
		if a := b.sun.Post(at+"/deactivation", "name", "Sunrise  Bikes ", "reason", "Contract ended", "revision", revision); a.Location() != at {
			t.Fatalf("answered %d: %.400s", a.StatusCode, a.Plain())
		}
		b.sees(at, "Sunrise Bikes is deactivated", "Contract ended", "by Sunniva Of SUN", "Activate account")
		if a := ada.Get("/a/SUN-2/users"); a.StatusCode != http.StatusNotFound {
			t.Errorf("she is answered %d", a.StatusCode)
		}
		b.sees("/a/SUN/accounts?state=inactive", "Sunrise Bikes", "Accounts 1")
		b.sees("/a/SUN/entities", "Deactivated")
		revision = hidden(b.sees(at+"/activation", "gets back exactly"), "revision")
		if a := b.sun.Post(at+"/activation", "reason", "", "revision", revision); a.Location() != at {
			t.Fatalf("answered %d", a.StatusCode)
		}
		if a := ada.Get("/a/SUN-2/users"); a.StatusCode != http.StatusOK {
			t.Errorf("afterwards she is answered %d", a.StatusCode)
		}
		if a := b.sun.Get("/a/SUN/accounts/" + b.account("SUN").ID + "/deactivation"); a.StatusCode != http.StatusConflict {
			t.Errorf("one's own account: %d", a.StatusCode)
		}
	})
	t.Run("A09 an operator who only looks sees no way to change, and has none", func(t *testing.T) {
		b.join("sun.auditor", "SUN", "auditor", "Audrey")
		c, at := b.people["sun.auditor"].browser, "/a/SUN/accounts/"+sun1.ID
		if a := c.Get(at); a.StatusCode != http.StatusOK || strings.Contains(a.Text, at+"/edit") || strings.Contains(a.Text, at+"/deactivation") {
			t.Errorf("answered %d", a.StatusCode)
		}
		for _, page := range []string{"/edit", "/deactivation", "/activation"} {
			for _, a := range []server.Answer{c.Get(at + page), c.Post(at+page, "name", "x", "reason", "x", "revision", "1")} {
				if a.StatusCode != http.StatusForbidden && a.StatusCode != http.StatusBadRequest || a.StatusCode == http.StatusForbidden && !strings.Contains(a.Text, "accounts:edit") {
					t.Errorf("%s is answered %d", page, a.StatusCode)
				}
			}
		}
		if a := c.Get("/a/SUN/entities/new"); a.StatusCode != http.StatusForbidden {
			t.Errorf("adding an entity: %d", a.StatusCode)
		}
	})
}

// hidden is the value of a hidden field.
func hidden(a server.Answer, name string) string {
	if m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(a.Text); m != nil {
		return m[1]
	}
	return ""
}

// TestLimitedList is about an administrator of one merchant's part in the list of the users of the account above it.
func TestLimitedList(t *testing.T) {
	b := newBranches(t)
	a := b.account("SUN")
	id, err := b.rooms.people.Invite(t.Context(), b.who("sun.owner", "SUN"), a.ID, people.Invitee{FirstName: "Lim", LastName: "Ited", Email: "sun.limited@example.com", Language: "en",
		Access: people.Access{Roles: []string{b.role("SUN", "administrator")}, Entities: []string{b.node("SUN-1").ID}, Acknowledged: true}})
	b.must(err)
	b.people["sun.limited"] = person{userID: id, email: "sun.limited@example.com"}
	b.activate("sun.limited", b.link(id))
	c := b.people["sun.limited"].browser
	t.Run("A07 A09 the filter offers the entities that one may see", func(t *testing.T) {
		if a := c.Get("/a/SUN/users"); a.StatusCode != http.StatusOK || !strings.Contains(a.Text, "Sundial Annex") || strings.Contains(a.Text, "Sunrise") {
			t.Errorf("answered %d", a.StatusCode)
		}
	})
	t.Run("U1 and finds them by a part of a name, and by customer ID", func(t *testing.T) {
		for _, asked := range []string{"annex", "sun-1-a"} {
			if a := c.Get("/a/SUN/users?entity=" + asked); !strings.Contains(a.Plain(), "Ited") || !strings.Contains(a.Plain(), "Sundial Annex") {
				t.Errorf("%s: %.900s", asked, a.Plain())
			}
		}
	})
	t.Run("A07 A09 one that is not within reach is none, by any name and at every door", func(t *testing.T) {
		for _, asked := range [][2]string{{"Sunrise", "Sunless"}, {"SUN-2", "SUN-9"}, {b.node("SUN-2").ID, "ent_00000000000000000000000000"}} {
			for _, path := range []string{"/a/SUN/users?entity=", "/a/SUN/users/export?entity=", "/api/v1/accounts/SUN/users?entity=", "/api/v1/accounts/SUN/users/export?entity="} {
				x, y := c.Get(path+asked[0]), c.Get(path+asked[1])
				text := func(a server.Answer, word string) string {
					return strings.ReplaceAll(changing.ReplaceAllString(a.Text, "req"), word, "ASKED")
				}
				if p, q := text(x, asked[0]), text(y, asked[1]); x.StatusCode != y.StatusCode || p != q {
					t.Errorf("%s%s (%d, %d): %s", path, asked[0], x.StatusCode, y.StatusCode, firstDifference(p, q))
				}
			}
		}
	})
}

func TestTreePages(t *testing.T) {
	b := newBranches(t)
	t.Run("D15 the tree opens by links, and a search shows what is above", func(t *testing.T) {
		b.sees("/a/SUN/entities", "Sun Payments", "Sundial Books", "Sunrise Bikes")
		b.sees("/a/SUN/entities?at=SUN-1", "Sun Payments", "Sundial Annex", "SUN-1-A", "Legal entity")
		found := b.sees("/a/SUN/entities?q=annex", "Sun Payments", "Sundial Books", "Sundial Annex", "Show from the top")
		if strings.Contains(found.Plain(), "Sunrise") {
			t.Error("what does not match is shown")
		}
		b.alike("/a/SUN/entities?q=MOON-1", "/a/SUN/entities?q=NONE-1", "MOON-1", "NONE-1")
		b.sees("/a/SUN/entities?q="+strings.Repeat("x", 300), "No entity matches")
	})
	t.Run("D15 a hundred children are not one page", func(t *testing.T) {
		for i := range 60 {
			b.entity("SUN-2", "BRANCH-"+strconv.Itoa(100+i), "Branch "+strconv.Itoa(100+i))
		}
		first := b.sees("/a/SUN/entities?at=SUN-2", "Branch 100", "Branch 149")
		if strings.Contains(first.Text, "Branch 150") {
			t.Error("all are on one page")
		}
		next := regexp.MustCompile(`href="(/a/SUN/entities\?at=SUN-2&amp;cursor=[^"]*)"`).FindStringSubmatch(first.Text)
		if next == nil {
			t.Fatal("there is no next page")
		}
		b.sees(strings.ReplaceAll(next[1], "&amp;", "&"), "Branch 150", "Branch 159", "Previous")
		if a := b.sun.Get(strings.Replace(strings.ReplaceAll(next[1], "&amp;", "&"), "at=SUN-2", "at=SUN-1", 1)); a.StatusCode != http.StatusBadRequest {
			t.Errorf("A08 another branch's cursor: %d", a.StatusCode)
		}
	})
	t.Run("D15 an entity's page, its name, and its end", func(t *testing.T) {
		at := "/a/SUN/entities/" + b.node("SUN-1-A").ID
		b.sees(at, "Sun Payments", "Sundial Books", "Sundial Annex", "Added", "Olga Platform")
		revision := hidden(b.sees(at+"/edit", "Rename"), "revision")
		if a := b.sun.Post(at+"/edit", "name", "Sundial Quay", "revision", revision); a.Location() != at {
			t.Fatalf("answered %d: %.300s", a.StatusCode, a.Plain())
		}
		revision = hidden(b.sees(at+"/deactivation", "Deactivate the entity Sundial Quay?"), "revision")
		if a := b.sun.Post(at+"/deactivation", "reason", "moved", "revision", revision); a.Location() != at {
			t.Fatalf("answered %d", a.StatusCode)
		}
		b.sees(at, "Sundial Quay is deactivated", "moved", "Activate entity")
	})
	t.Run("the entity above is found without script", func(t *testing.T) {
		a := b.sun.Post("/a/SUN/entities", "name", "New Quay", "customer_id", "QUAY-1", "parent", "", "find_parent", "sunrise")
		if a.StatusCode != http.StatusOK || !strings.Contains(a.Plain(), "Found for “sunrise”") || !strings.Contains(a.Text, `value="New Quay"`) || b.node("QUAY-1").ID != "" {
			t.Fatalf("answered %d: %.600s", a.StatusCode, a.Plain())
		}
		for _, word := range []string{"selene", "MOON-1"} {
			if a := b.sun.Post("/a/SUN/entities", "name", "x", "customer_id", "QUAY-2", "parent", "", "find_parent", word); a.StatusCode != http.StatusOK || !strings.Contains(a.Plain(), "Nothing that is active") || strings.Contains(a.Text, "Selene ") {
				t.Errorf("A07 %s: %d %.600s", word, a.StatusCode, a.Plain())
			}
		}
		id := regexp.MustCompile(`name="parent" value="([^"]*)" id="parent-\d+"><label`).FindStringSubmatch(a.Text)
		if id == nil || id[1] != b.account("SUN-2").EntityID {
			t.Fatalf("offered: %v", id)
		}
		if a := b.sun.Post("/a/SUN/entities", "name", "New Quay", "customer_id", "QUAY-1", "parent", id[1], "find_parent", ""); a.StatusCode != http.StatusSeeOther || b.node("QUAY-1").ParentID != id[1] {
			t.Errorf("answered %d: %.300s", a.StatusCode, a.Plain())
		}
		if a := b.sun.Post("/a/SUN/entities", "name", "x", "customer_id", "QUAY-2", "parent", b.account("MOON-1").EntityID, "find_parent", ""); a.StatusCode != http.StatusUnprocessableEntity || strings.Contains(a.Text, "Selene") {
			t.Errorf("A03 another's entity above: %d", a.StatusCode)
		}
	})
}

func TestSearchPages(t *testing.T) {
	b := newBranches(t)
	leads := func(q, to string) {
		t.Helper()
		if a := b.sun.Get("/a/SUN/search?q=" + url.QueryEscape(q)); a.Location() != to {
			t.Errorf("%q leads to %q (%d)", q, a.Location(), a.StatusCode)
		}
	}
	ada := b.people["sun-1.owner"].userID
	t.Run("what is meant beyond doubt opens at once", func(t *testing.T) {
		leads("sun-1", "/a/SUN/accounts/"+b.account("SUN-1").ID)
		leads(b.account("SUN-1").ID, "/a/SUN/accounts/"+b.account("SUN-1").ID)
		leads("SUN-1-A", "/a/SUN/entities/"+b.node("SUN-1-A").ID)
		leads("Sun-1.Owner@Example.com", "/a/SUN-1/users/"+ada)
		leads(ada, "/a/SUN-1/users/"+ada)
		leads(b.role("SUN", "auditor"), "/a/SUN/roles/"+b.role("SUN", "auditor"))
	})
	t.Run("all else is shown in groups, pages and settings by their words among it", func(t *testing.T) {
		b.sees("/a/SUN/search?q=su", "Users", "Sunniva Of SUN", "Accounts", "Sundial Books", "Entities", "Sundial Annex")
		b.sees("/a/SUN/search?q=audit", "Roles", "Auditor", "Pages", "Activity")
		b.sees("/a/SUN/search?q=password+length", "Settings", "assword")
		b.sees("/a/SUN/search?q=", "Type a name")
		b.sees("/a/SUN/search?q=%E2%80%AE", "Nothing found")
	})
	t.Run("A07 nothing of another branch, by any word", func(t *testing.T) {
		for _, x := range [][2]string{{"MOON-1", "NONE-1"}, {"moon.owner@example.com", "none.owner@example.com"}, {b.people["moon.owner"].userID, "usr_00000000000000000000000000"},
			{b.account("MOON").ID, "acc_00000000000000000000000000"}, {b.node("MOON-1-A").ID, "ent_00000000000000000000000000"}, {"Selene Annex", "Sel3ne Annex"}, {b.role("MOON", "auditor"), "rol_00000000000000000000000000"}} {
			x, y := b.sun.Get("/a/SUN/search?q="+url.QueryEscape(x[0])), b.sun.Get("/a/SUN/search?q="+url.QueryEscape(x[1]))
			for _, a := range []server.Answer{x, y} {
				if a.StatusCode != http.StatusOK || !strings.Contains(a.Plain(), "Nothing found") {
					t.Errorf("%s: %d %.300s", a.Request.URL, a.StatusCode, a.Plain())
				}
			}
		}
	})
	t.Run("A15 a million letters", func(t *testing.T) {
		if a := b.sun.Get("/a/SUN/search?q=" + strings.Repeat("x", 5000)); a.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("five thousand: %d", a.StatusCode)
		}
		if a := b.sun.Get("/a/SUN/search?q=" + strings.Repeat("x", 1_000_000)); a.StatusCode < 400 || a.StatusCode >= 500 {
			t.Errorf("a million: %d", a.StatusCode)
		}
		for _, path := range []string{"/a/SUN/accounts?q=", "/a/SUN/accounts?parent=", "/a/SUN/entities?q=", "/a/SUN/activity?person=", "/a/SUN/activity?about=", "/a/SUN/activity?request="} {
			if a := b.sun.Get(path + strings.Repeat("x", 5000)); a.StatusCode >= 500 {
				t.Errorf("%s: %d", path, a.StatusCode)
			}
		}
	})
}

func TestActivityPages(t *testing.T) {
	b := newBranches(t)
	ada := b.people["sun-1.owner"].userID
	owner := b.people["sun-1.owner"].browser
	t.Run("L1 of several people one is chosen, never the first", func(t *testing.T) {
		b.join("sun.ines", "SUN", "read_only", "Ines")
		b.join("sun.inez", "SUN", "read_only", "Inez")
		a := b.sees("/a/SUN/activity?person=ine", "Several people match “ine”", "Ines Test", "Inez Test")
		if strings.Contains(a.Text, "<tbody") {
			t.Error("entries are shown before it is known whose")
		}
		b.sees("/a/SUN/activity?person=ines", "Ines Test", "Invited a user")
		b.sees("/a/SUN/activity?person=nobody+like+it", "Nobody here is called")
		b.sees("/a/SUN/activity?person="+b.people["sun.inez"].userID, "Inez Test – remove this filter", "Signed in")
	})
	t.Run("L1 by kind, outcome, time, address, request and target", func(t *testing.T) {
		b.sees("/a/SUN/activity?kind=group:accounts", "Created an account", "All: Accounts and entities")
		b.sees("/a/SUN/activity?outcome=refused&kind=user.invited", "Nothing matches")
		b.sees("/a/SUN/activity?address=127.0.0.1&from=2026-01-01", "Signed in")
		b.sees("/a/SUN/activity?address=elsewhere", "Enter one network address")
		b.sees("/a/SUN/activity?request=req_test&kind=user.invited", "Invited a user")
		b.sees("/a/SUN/activity?about=SUN-1-A", "Created an entity")
		b.sees("/a/SUN/activity?until=2001-01-01", "Nothing matches")
		today := b.sees("/a/SUN/activity", "Today", "7 days", "30 days")
		link := regexp.MustCompile(`href="(/a/SUN/activity\?from=[^"]*)"[^>]*>Today`).FindStringSubmatch(today.Text)
		if link == nil || !strings.Contains(b.sees(link[1]).Text, `aria-current="true">Today`) {
			t.Errorf("today is %v", link)
		}
	})
	t.Run("A07 people and things of another branch are nobody's and nothing's", func(t *testing.T) {
		b.alike("/a/SUN/activity?person="+b.people["moon.owner"].userID, "/a/SUN/activity?person=usr_00000000000000000000000000", b.people["moon.owner"].userID, "usr_00000000000000000000000000")
		b.alike("/a/SUN/activity?person=moon.owner@example.com", "/a/SUN/activity?person=none.owner@example.com", "moon.owner@example.com", "none.owner@example.com")
		b.alike("/a/SUN/activity?about=MOON-1", "/a/SUN/activity?about=NONE-1", "MOON-1", "NONE-1")
		b.alike("/a/SUN/activity?about="+b.node("MOON-1-A").ID, "/a/SUN/activity?about=ent_00000000000000000000000000", b.node("MOON-1-A").ID, "ent_00000000000000000000000000")
	})
	entry := func(customerID, action string) string {
		var list []audit.Found
		b.view(func(tx *db.Tx) (err error) {
			list, err = audit.Search(tx, audit.Query{Reach: []access.Reach{{Paths: []string{b.account(customerID).Path}, AllLocations: true}}, Action: action, Limit: 1})
			return err
		})
		return strconv.FormatInt(list[0].Seq, 10)
	}
	t.Run("L1 an entry's own page", func(t *testing.T) {
		b.sees("/a/SUN/activity/"+entry("SUN-1", audit.EntityCreated), "Created an entity", "Olga Platform", "Sundial Annex", "Customer ID", "SUN-1-A", "127.0.0.1", "req_test", "UTC")
		b.alike("/a/SUN/activity/"+entry("MOON-1", audit.EntityCreated), "/a/SUN/activity/999999", entry("MOON-1", audit.EntityCreated), "999999")
		for _, odd := range []string{"0", "-1", "x", "1e3", "99999999999999999999", "%00"} {
			if a := b.sun.Get("/a/SUN/activity/" + odd); a.StatusCode != http.StatusNotFound && a.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %d", odd, a.StatusCode)
			}
		}
	})
	t.Run("L1 U19 what somebody did is the same on their page and in the log", func(t *testing.T) {
		rows := regexp.MustCompile(`href="/a/SUN-1/activity/(\d+)"`)
		var log, theirs []string
		owner.Get("/a/SUN-1/activity") // looking is in it too
		for _, m := range rows.FindAllStringSubmatch(owner.Get("/a/SUN-1/activity?person="+ada).Text, -1) {
			log = append(log, m[1])
		}
		for _, m := range rows.FindAllStringSubmatch(owner.Get("/a/SUN-1/users/"+ada+"/activity").Text, -1) {
			theirs = append(theirs, m[1])
		}
		if len(log) < 3 || !slices.Equal(log, theirs) {
			t.Errorf("%v and %v", log, theirs)
		}
	})
	t.Run("L1 U19 looking at it there is recorded as at every door", func(t *testing.T) {
		for _, path := range []string{"/a/SUN-1/users/" + ada + "/activity", "/api/v1/accounts/SUN-1/users/" + ada + "/activity"} {
			before := entry("SUN-1", audit.AuditSearched)
			b.clock.Advance(2 * time.Minute) // what is the same within one is counted
			if a := owner.Get(path); a.StatusCode != http.StatusOK || entry("SUN-1", audit.AuditSearched) == before {
				t.Errorf("%s: %d", path, a.StatusCode)
			}
		}
	})
	t.Run("L1 the export holds what the filter finds, in words, safe for spreadsheets, and is recorded", func(t *testing.T) {
		_, err := b.rooms.org.EditAccount(t.Context(), b.who("sun.owner", "SUN"), b.account("SUN").ID, b.account("SUN-2").ID, b.account("SUN-2").Version, org.AccountEdit{Alias: new("@SUM(1+1)|cmd")})
		b.must(err)
		a := b.sun.Get("/a/SUN/activity/export?format=csv&kind=account.changed")
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.Text, "\ufeff"))).ReadAll()
		if err != nil || len(rows) != 2 || !strings.HasPrefix(a.Header.Get("Content-Disposition"), `attachment; filename="activity-SUN-`) {
			t.Fatalf("%v %v %s", err, rows, a.Header.Get("Content-Disposition"))
		}
		if line := strings.Join(rows[1], " · "); !strings.Contains(line, "Changed an account") || !strings.Contains(line, "Sunniva Of SUN") || !strings.Contains(line, "@SUM(1+1)|cmd") {
			t.Error(line)
		}
		for _, cell := range rows[1] {
			if strings.ContainsAny(cell[:min(1, len(cell))], "=+-@\t\r") {
				t.Errorf("a spreadsheet would reckon %q", cell)
			}
		}
		b.sees("/a/SUN/activity?kind=audit.exported", "Exported the activity", "account.changed")
		if a := b.sun.Get("/a/SUN/activity/export?format=csv&person=" + b.people["moon.owner"].userID); strings.Contains(a.Text, "Selene") || strings.Count(a.Text, "\n") > 1 {
			t.Errorf("A07 %.300s", a.Text)
		}
		if a := b.sun.Get("/a/SUN/activity/export?format=jsonl&person=ine"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("of several people one must be chosen first: %d", a.StatusCode)
		}
		for _, odd := range []string{"activity/export?format=csv&outcome=refusd", "activity/export?format=csv&from=4.3.2026", "activity/export?format=csv&until=2026-02-30", "activity/export?format=jsonl&kind=account",
			"accounts/export?kind=merchnt", "accounts/export?state=off", "accounts/export?opened=no", "accounts/export?environment=prod"} {
			if a := b.sun.Get("/a/SUN/" + odd); a.StatusCode != http.StatusUnprocessableEntity || a.Header.Get("Content-Disposition") != "" {
				t.Errorf("A file of everything for %s: %d", odd, a.StatusCode)
			}
		}
		if a := b.people["sun.ines"].browser.Get("/a/SUN/activity/export?format=csv"); a.StatusCode != http.StatusForbidden {
			t.Errorf("a reader is answered %d", a.StatusCode)
		}
		table := b.sun.Get("/a/SUN/accounts/export?kind=merchant")
		if rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(table.Text, "\ufeff"))).ReadAll(); err != nil || len(rows) != 3 || strings.Contains(table.Text, "Selene") || rows[2][2] != "'@SUM(1+1)|cmd" {
			t.Errorf("%v %v", err, rows)
		}
	})
}
