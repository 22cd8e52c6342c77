package main

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"countersign/internal/test/server"
)

// TestListPages leads Maud through the list of her users, without script: its columns, the file of it, and what is done
// to many at once.
func TestListPages(t *testing.T) {
	o := &office{field: &field{house: newHouse(t), ids: map[string]string{}}}
	o.found()
	o.board("MINE", "Harbour Goods", "Maud")
	o.board("THEIRS", "Other Shop", "Thea")
	o.maud = o.people["mine.owner"].browser
	o.maud.Get("/me")
	o.join("mine.nora", "MINE", "support", "Nora")
	o.join("mine.omar", "MINE", "auditor", "Omar")
	o.invite("mine.pia", "MINE", "read_only", "=Pia")
	o.join("theirs.quin", "THEIRS", "support", "Quin")
	t.Run("columns", o.columns)
	t.Run("file", o.file)
	t.Run("many", o.toMany)
	t.Run("pages", o.turns)
}

const listPath = "/a/MINE/users"

// heads are the heads of the list's columns.
func heads(a server.Answer) (out []string) {
	_, table, _ := strings.Cut(a.Text, "<thead")
	table, _, _ = strings.Cut(table, "</thead>")
	for _, th := range regexp.MustCompile(`(?s)<th [^>]*columnheader[^>]*>(.*?)</th>`).FindAllStringSubmatch(table, -1) {
		if text := strings.TrimSpace(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(th[1], "")); text != "" && text != "Select" {
			out = append(out, text)
		}
	}
	return out
}

func (o *office) columns(t *testing.T) {
	usual := heads(o.maud.Get(listPath))
	if len(usual) != 6 || slices.Contains(usual, "Phone") {
		t.Fatalf("the usual heads: %q", usual)
	}
	choose := func(values url.Values) server.Answer {
		return o.maud.PostBody(listPath+"/columns", "application/x-www-form-urlencoded", values.Encode())
	}
	t.Run("U1 the columns that somebody chose stay, and the filter does", func(t *testing.T) {
		a := choose(url.Values{"columns": {"phone", "email", "nonsense"}, "back": {listPath + "?q=a&sort=email"}})
		if a.StatusCode != http.StatusSeeOther || a.Location() != listPath+"?q=a&sort=email" {
			t.Fatalf("%d to %q", a.StatusCode, a.Location())
		}
		for _, page := range []string{a.Location(), listPath} {
			if got := heads(o.maud.Get(page)); len(got) != 3 || got[1] != "E-mail" || got[2] != "Phone" {
				t.Errorf("%s: %q", page, got)
			}
		}
	})
	t.Run("U1 an address that is shared has its own, and theirs are not touched", func(t *testing.T) {
		if got := heads(o.maud.Get(listPath + "?columns=status.created")); len(got) != 3 || got[1] != "Status" || got[2] != "Invited on" {
			t.Errorf("%q", got)
		}
		if got := heads(o.maud.Get(listPath)); len(got) != 3 || got[2] != "Phone" {
			t.Errorf("%q", got)
		}
	})
	t.Run("U1 they are one's own", func(t *testing.T) {
		if got := heads(o.people["mine.omar"].browser.Get(listPath)); !slices.Equal(got, usual) {
			t.Errorf("Omar sees %q", got)
		}
	})
	t.Run("E09 it leads nowhere else", func(t *testing.T) {
		for _, back := range []string{"https://evil.example/a/MINE/users", "//evil.example" + listPath, "/a/THEIRS/users", "/me", `\\evil.example`, "javascript:alert(1)"} {
			if a := choose(url.Values{"columns": {"phone"}, "back": {back}}); a.Location() != listPath {
				t.Errorf("%s leads to %q", back, a.Location())
			}
		}
	})
	t.Run("U1 and the usual ones come back", func(t *testing.T) {
		choose(url.Values{"usual": {"1"}, "columns": {"phone"}, "back": {listPath}})
		if got := heads(o.maud.Get(listPath)); !slices.Equal(got, usual) {
			t.Errorf("%q", got)
		}
	})
	t.Run("U1 whoever has not signed in shows so, and sorting is an address", func(t *testing.T) {
		a := o.maud.Get(listPath + "?q=Pia&sort=last_sign_in&order=desc")
		says(t, a, http.StatusOK, "=Pia", "PENDING")
		if !strings.Contains(a.Text, `aria-sort="descending"`) {
			t.Error("the head does not say how it is sorted")
		}
	})
}

// table reads a file for spreadsheets.
func table(t *testing.T, a server.Answer) [][]string {
	t.Helper()
	text, marked := strings.CutPrefix(a.Text, "\uFEFF")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if a.StatusCode != http.StatusOK || err != nil || !marked {
		t.Fatalf("%d, %v, marked %v: %.300s", a.StatusCode, err, marked, a.Text)
	}
	return rows
}

func (o *office) file(t *testing.T) {
	t.Run("U1 the file holds what the filter shows, in the columns that are shown", func(t *testing.T) {
		page := o.maud.Get(listPath + "?status=active&columns=status.email")
		link := regexp.MustCompile(`href="([^"]*/users/export[^"]*)"`).FindStringSubmatch(page.Text)
		if link == nil {
			t.Fatal("no link to the file")
		}
		rows := table(t, o.maud.Get(strings.ReplaceAll(link[1], "&amp;", "&")))
		if want := []string{"Name", "E-mail or username", "E-mail", "Status"}; !slices.Equal(rows[0], want) {
			t.Errorf("heads %q", rows[0])
		}
		if len(rows) != 4 {
			t.Errorf("%q", rows)
		}
		for _, row := range rows[1:] {
			if row[3] != "Active" || row[1] != row[2] {
				t.Errorf("%q", row)
			}
		}
	})
	t.Run("U1 a name that would be a formula is text", func(t *testing.T) {
		rows := table(t, o.maud.Get(listPath+"/export?q=Pia"))
		if len(rows) != 2 || !strings.HasPrefix(rows[1][0], "'=Pia") {
			t.Errorf("%q", rows)
		}
	})
	t.Run("U1 a filter that cannot be read is refused, and one of several entities is chosen on the page", func(t *testing.T) {
		for _, odd := range []string{"?status=actve", "?columns=nothing", "?sort=shoe_size"} {
			if a := o.maud.Get(listPath + "/export" + odd); a.StatusCode != http.StatusUnprocessableEntity || a.Header.Get("Content-Disposition") != "" {
				t.Errorf("%s: %d", odd, a.StatusCode)
			}
		}
		says(t, o.maud.Get(listPath+"/export?status=actve"), http.StatusUnprocessableEntity, "Status", "This value is not valid.")
		if a := o.maud.Get(listPath + "/export?entity=nowhere"); a.StatusCode != http.StatusSeeOther || a.Header.Get("Location") != listPath+"?entity=nowhere" {
			t.Errorf("%d to %s", a.StatusCode, a.Header.Get("Location"))
		}
	})
	t.Run("U1 L1 nobody matches, and what is taken is recorded", func(t *testing.T) {
		if rows := table(t, o.maud.Get(listPath+"/export?q=nobody-at-all")); len(rows) != 1 {
			t.Errorf("%q", rows)
		}
		says(t, o.maud.Get("/a/MINE/activity"), http.StatusOK, "Exported the list of users")
	})
}

// tick sends ticked users of the list with an act.
func (o *office) tick(act string, labels ...string) server.Answer {
	form := url.Values{"act": {act}, "back": {listPath + "?q=x"}}
	for _, l := range labels {
		form.Add("users", o.people[l].userID)
	}
	return o.maud.PostBody(listPath+"/bulk", "application/x-www-form-urlencoded", form.Encode())
}

func (o *office) toMany(t *testing.T) {
	t.Run("U21 nobody is ticked", func(t *testing.T) {
		a := o.leads(t, o.tick("deactivation"), listPath+"?q=x")
		says(t, a, http.StatusOK, "Select the users first")
	})
	t.Run("B02 U21 a page says whom it will be done to, and whom not and why, and nothing is done yet", func(t *testing.T) {
		before := o.counts()
		a := o.tick("deactivation", "mine.owner", "mine.nora", "mine.omar", "theirs.quin")
		says(t, a, http.StatusOK, "Nora", "Omar", "not in this account any more", "your own access")
		saysNot(t, a, "Quin")
		o.unchanged(t, before)
		form := fields(a.Text)
		if len(form["users"]) != 2 {
			t.Fatalf("the form holds %q", form["users"])
		}
		stale := form["users"][0]
		id, _, _ := strings.Cut(stale, ".")
		form["users"][0] = id + ".99"
		form.Set("reason", strings.Repeat("a", 600))
		says(t, o.send(listPath+"/bulk/deactivation", form), http.StatusUnprocessableEntity, "Reason")
		o.unchanged(t, before)
		form.Set("reason", "left")
		done := o.send(listPath+"/bulk/deactivation", form)
		says(t, done, http.StatusOK, "1 user", "Nora", "Omar", "Somebody changed")
		again := o.send(listPath+"/bulk/deactivation", form) // the same once more: a reload
		says(t, again, http.StatusOK, "0 users")
	})
	t.Run("U21 who was shut out comes back, and an invitation goes again", func(t *testing.T) {
		a := o.tick("activation", "mine.nora", "mine.omar")
		form := fields(a.Text)
		if len(form["users"]) != 1 {
			t.Fatalf("%q: %s", form["users"], brief(read(a)))
		}
		says(t, o.send(listPath+"/bulk/activation", form), http.StatusOK, "1 user")
		a = o.tick("invitation", "mine.pia", "mine.nora")
		form = fields(a.Text)
		says(t, o.send(listPath+"/bulk/invitation", form), http.StatusOK, "1 invitation sent again")
	})
	t.Run("U1 the numbers on the first page are those of the list", func(t *testing.T) {
		o.invite("mine.vera", "MINE", "read_only", "Vera")
		page := "/a/MINE/users/" + o.people["mine.vera"].userID + "/invitation-deactivation"
		if a := o.send(page, fields(o.maud.Get(page).Text)); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("answered %d", a.StatusCode)
		}
		sum := 0
		for _, n := range regexp.MustCompile(`cs-number-n">(\d+)<`).FindAllStringSubmatch(o.maud.Get("/a/MINE/").Text, -1) {
			one, _ := strconv.Atoi(n[1])
			sum += one
		}
		if list := fmt.Sprintf(`id="count">%d<`, sum); !strings.Contains(o.maud.Get(listPath).Text, list) {
			t.Errorf("the first page counts %d, the list does not", sum)
		}
	})
	t.Run("A01 U21 all of another account: there is nobody", func(t *testing.T) {
		before := o.counts()
		if a := o.tick("deactivation", "theirs.quin"); a.StatusCode != http.StatusNotFound {
			t.Errorf("answered %d", a.StatusCode)
		}
		form := url.Values{"users": {o.people["theirs.quin"].userID + ".2"}, "back": {listPath}}
		if a := o.maud.PostBody(listPath+"/bulk/deactivation", "application/x-www-form-urlencoded", form.Encode()); a.StatusCode != http.StatusNotFound {
			t.Errorf("answered %d", a.StatusCode)
		}
		o.unchanged(t, before)
	})
}

// turns leafs through a list of more than a page.
func (o *office) turns(t *testing.T) {
	for n := range 50 {
		o.invite(fmt.Sprintf("mine.u%02d", n), "MINE", "read_only", fmt.Sprintf("Uma %02d", n))
	}
	const asked = "?q=test&sort=email"
	turn := func(a server.Answer, rel string) string {
		link := regexp.MustCompile(`rel="` + rel + `" href="([^"]*)"`).FindStringSubmatch(a.Text)
		if link == nil {
			t.Fatalf("no %s page: %.300s", rel, a.Plain())
		}
		return strings.ReplaceAll(link[1], "&amp;", "&")
	}
	first := o.maud.Get(listPath + asked)
	second := turn(first, "next")
	t.Run("U1 one leafs there and back", func(t *testing.T) {
		there := o.maud.Get(second)
		says(t, there, http.StatusOK, "Uma 49")
		saysNot(t, there, "Uma 00")
		says(t, o.maud.Get(turn(there, "prev")), http.StatusOK, "Uma 00")
	})
	t.Run("U1 other columns stay on the page", func(t *testing.T) {
		says(t, o.maud.Get(second+"&columns=email"), http.StatusOK, "Uma 49")
	})
	t.Run("A08 a cursor is its list's and its viewer's", func(t *testing.T) {
		cursor := second[strings.Index(second, "cursor="):]
		cursor, _, _ = strings.Cut(cursor, "&")
		for _, other := range []string{"?q=test&", "?q=tes&sort=email&", "?sort=email&status=invited&q=test&"} {
			if a := o.maud.Get(listPath + other + cursor); a.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %d", other, a.StatusCode)
			}
		}
		o.join("mine.rita", "MINE", "auditor", "Rita")
		rita := o.people["mine.rita"].browser
		says(t, rita.Get(listPath+asked), http.StatusOK, "Uma 00")
		if a := rita.Get(second); a.StatusCode != http.StatusBadRequest {
			t.Errorf("another viewer is answered %d", a.StatusCode)
		}
	})
}
