package main

import (
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/test/server"
)

// TestPeoplePages leads users of one merchant through their life on the pages, without script: as Maud, who runs it.
func TestPeoplePages(t *testing.T) {
	o := &office{field: &field{house: newHouse(t), ids: map[string]string{}}}
	o.found()
	o.board("MINE", "Harbour Goods", "Maud")
	o.board("THEIRS", "Other Shop", "Thea")
	o.entities()
	o.maud = o.people["mine.owner"].browser
	o.maud.Get("/me") // where the welcome is taken off
	t.Run("create", o.creates)
	t.Run("details", o.details)
	t.Run("stale", o.stale)
	t.Run("e-mail", o.emails)
	t.Run("own e-mail", o.ownEmail)
	t.Run("mails", o.mails)
	t.Run("delete", o.deletes)
	t.Run("access", o.explains)
	t.Run("many entities", o.many)
}

// office is a house with one merchant's owner at work.
type office struct {
	*field
	maud *server.Client
}

// do changes what no page changes yet.
func (o *office) do(f func(*db.Tx) error) {
	o.t.Helper()
	o.must(o.rooms.db.Update(o.t.Context(), db.Who{Kind: db.System, ID: "test"}, func(tx *db.Tx) error {
		if err := f(tx); err != nil {
			return err
		}
		tx.ChangedAccess()
		return audit.Record(tx, audit.Entry{Action: audit.DemoFilled, Kind: "test"})
	}))
}

func (o *office) set(name, value string) {
	o.t.Helper()
	a := o.account("MINE")
	o.do(func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO account_settings (account_id, name, value) VALUES ($1, $2, $3) ON CONFLICT (account_id, name) DO UPDATE SET value = $3`, a.ID, name, value)
		return err
	})
}

func (o *office) at(label string, more ...string) string {
	return "/a/MINE/users/" + o.people[label].userID + strings.Join(more, "")
}

// fields are what a form holds as it is shown: hidden and typed values, what is ticked and what is chosen.
func fields(text string) url.Values {
	_, form, _ := strings.Cut(text, `method="post" class="cs-form`)
	return inputs(form)
}

// inputs is what the first form of a text holds, or the one that it begins in.
func inputs(text string) url.Values {
	form, _, _ := strings.Cut(text, "</form>")
	out := url.Values{}
	for _, tag := range regexp.MustCompile(`<input [^>]*>`).FindAllString(form, -1) {
		part := func(name string) string {
			found := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag)
			if found == nil {
				return ""
			}
			return html.UnescapeString(found[1])
		}
		kind := part("type")
		if part("name") == "" || (kind == "checkbox" || kind == "radio") && !strings.Contains(tag, " checked") {
			continue
		}
		out.Add(part("name"), part("value"))
	}
	for _, area := range regexp.MustCompile(`(?s)<textarea[^>]* name="([^"]*)"[^>]*>(.*?)</textarea>`).FindAllStringSubmatch(form, -1) {
		out.Add(area[1], strings.TrimPrefix(html.UnescapeString(area[2]), "\n"))
	}
	for _, list := range regexp.MustCompile(`(?s)<select[^>]* name="([^"]*)"[^>]*>(.*?)</select>`).FindAllStringSubmatch(form, -1) {
		if chosen := regexp.MustCompile(`value="([^"]*)"[^>]* selected`).FindStringSubmatch(list[2]); chosen != nil {
			out.Add(list[1], chosen[1])
		}
	}
	return out
}

// send posts a form as it is shown, with some fields changed.
func (o *office) send(path string, form url.Values, pairs ...string) server.Answer {
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return o.maud.PostBody(path, "application/x-www-form-urlencoded", form.Encode())
}

// leads fails unless the answer leads to a page, and gives it.
func (o *office) leads(t *testing.T, a server.Answer, to string) server.Answer {
	t.Helper()
	if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Location(), to) {
		t.Fatalf("answered %d to %q: %.500s", a.StatusCode, a.Location(), a.Plain())
	}
	return o.maud.Get(a.Location())
}

// says fails unless an answer has a status, and all of these words.
func says(t *testing.T, a server.Answer, status int, words ...string) {
	t.Helper()
	if a.StatusCode != status {
		t.Errorf("answered %d, wanted %d: %.500s", a.StatusCode, status, a.Plain())
	}
	for _, w := range words {
		if !strings.Contains(read(a), w) {
			t.Errorf("does not say %q: %s", w, brief(read(a)))
		}
	}
}

// read is the page's text; addresses are broken before their host.
func read(a server.Answer) string { return strings.ReplaceAll(a.Plain(), " @", "@") }

// brief is a page's text without its frame's middle.
func brief(text string) string {
	return text[:min(len(text), 500)] + " … " + text[max(0, len(text)-1200):]
}

func saysNot(t *testing.T, a server.Answer, words ...string) {
	t.Helper()
	for _, w := range words {
		if strings.Contains(read(a), w) {
			_, after, _ := strings.Cut(read(a), w)
			t.Errorf("says %q: … %.200s", w, after)
		}
	}
}

func keeps(t *testing.T, a server.Answer, form url.Values) {
	t.Helper()
	shown := fields(a.Text)
	for name, want := range form {
		if got := shown[name]; strings.Join(got, " ") != strings.ReplaceAll(strings.Join(want, " "), "\r\n", "\n") && name != "revision" && name != "seen" && name != "find" {
			t.Errorf("%s holds %q, and %q was sent", name, got, want)
		}
	}
}

func (o *office) creates(t *testing.T) {
	const list, page = "/a/MINE/users", "/a/MINE/users/new"
	t.Run("U2 the account's usual role is chosen already", func(t *testing.T) {
		if got := fields(o.maud.Get(page).Text)["roles"]; len(got) != 1 || got[0] != o.role("MINE", "read_only") {
			t.Errorf("chosen: %q", got)
		}
	})
	full := url.Values{"first_name": {"Ada"}, "last_name": {"Byron"}, "email": {"ada@example.com"}, "phone": {"+44 20 7946 0000"}, "language": {"fr"}, "roles": {o.role("MINE", "support")},
		"entities": {o.ids["MINE-1"]}, "allowed_ips": {"203.0.113.7/24\r\n2001:DB8::1"}, "two_factor_actions": {"totp"}}
	t.Run("U2 F1 where it is said of each, 2-Factor must be said, and what was typed stays", func(t *testing.T) {
		o.set("two_factor", "by_user")
		a := o.send(list, full)
		says(t, a, http.StatusUnprocessableEntity, "2-Factor")
		keeps(t, a, full)
		if !strings.Contains(a.Text, `href="#f-two_factor_required"`) {
			t.Error("the field is not named")
		}
	})
	t.Run("U2 A4 what is wrong with an address is said by its line, and what was typed stays", func(t *testing.T) {
		full.Set("two_factor_required", "no")
		full.Set("allowed_ips", "203.0.113.7\r\n\r\n0.0.0.0/0")
		a := o.send(list, full)
		says(t, a, http.StatusUnprocessableEntity, "Line 3")
		keeps(t, a, full)
		full.Set("allowed_ips", "203.0.113.7/24\r\n2001:DB8::1")
	})
	t.Run("U2 F1 saving confirms and opens the new user's page", func(t *testing.T) {
		a := o.leads(t, o.send(list, full), list+"/usr_")
		says(t, a, http.StatusOK, "Invitation sent to ada@example.com", "Ada Byron", "+44 20 7946 0000", "203.0.113.0/24, 2001:db8::1", "Français", "Not required", "Invited")
		o.people["mine.ada"] = person{userID: o.userOf("ada@example.com"), email: "ada@example.com"}
	})
	t.Run("U2 twice the same address is refused beside it", func(t *testing.T) {
		a := o.send(list, full)
		says(t, a, http.StatusUnprocessableEntity, "A user with this address is in this account already")
		keeps(t, a, full)
	})
}

func (o *office) details(t *testing.T) {
	path := o.at("mine.ada", "/details")
	t.Run("U7 what was typed of an invited person can be corrected", func(t *testing.T) {
		form := fields(o.maud.Get(path).Text)
		if form.Get("first_name") != "Ada" || form.Get("phone") != "+44 20 7946 0000" || form.Get("two_factor_required") != "no" || form.Get("allowed_ips") != "203.0.113.0/24\n2001:db8::1" {
			t.Errorf("the form holds %v", form)
		}
		a := o.leads(t, o.send(path, form, "first_name", "Augusta", "phone", "", "two_factor_required", "yes", "two_factor_actions", "webauthn", "allowed_ips", ""), o.at("mine.ada"))
		says(t, a, http.StatusOK, "Details of Augusta Byron saved", "Required · Security key")
		saysNot(t, a, "+44", "203.0.113")
		a = o.leads(t, o.send(path, fields(o.maud.Get(path).Text), "two_factor_actions", "totp"), o.at("mine.ada"))
		says(t, a, http.StatusOK, "Required · Authenticator app")
	})
	t.Run("U7 what is refused keeps what was typed", func(t *testing.T) {
		form := fields(o.maud.Get(path).Text)
		form.Set("first_name", "")
		form.Set("phone", "0700 900 000")
		a := o.send(path, form)
		says(t, a, http.StatusUnprocessableEntity, "First name")
		keeps(t, a, form)
	})
	o.set("two_factor", "required")
	t.Run("A06 U7 of a person of several accounts nothing personal is asked, and none of it changes", func(t *testing.T) {
		o.join("theirs.shared", "THEIRS", "support", "Sharon")
		id, err := o.rooms.people.Invite(t.Context(), o.who("mine.owner", "MINE"), o.account("MINE").ID, people.Invitee{FirstName: "Typed", Email: "theirs.shared@example.com",
			Access: people.Access{Roles: []string{o.role("MINE", "support")}, AllEntities: true}})
		o.must(err)
		o.people["mine.shared"] = person{userID: id}
		o.clock.Advance(time.Minute)
		c := o.client()
		c.Password(o.url+"/activate/"+o.link(id), housePassword)
		c.Post("/signin/code", "code", c.Code(o.people["theirs.shared"].key))
		page := o.maud.Get(o.at("mine.shared", "/details"))
		says(t, page, http.StatusOK, "Sharon")
		form := fields(page.Text)
		if form.Has("first_name") || form.Has("phone") {
			t.Errorf("the form asks %v", form)
		}
		says(t, o.leads(t, o.send(o.at("mine.shared", "/details"), form, "allowed_ips", "192.0.2.1"), o.at("mine.shared")), http.StatusOK, "Sharon", "192.0.2.1")
		form = fields(o.maud.Get(o.at("mine.shared", "/details")).Text)
		says(t, o.send(o.at("mine.shared", "/details"), form, "first_name", "Hacked", "allowed_ips", ""), http.StatusConflict, "Sharon")
		says(t, o.maud.Get(o.at("mine.shared")), http.StatusOK, "Sharon", "192.0.2.1")
		says(t, o.maud.Get(o.at("mine.shared", "/email")), http.StatusConflict)
	})
}

func (o *office) stale(t *testing.T) {
	o.join("mine.boris", "MINE", "read_only", "Boris")
	path := o.at("mine.boris", "/details")
	t.Run("U7 a form that is older than a change keeps what was typed and shows what changed", func(t *testing.T) {
		mine, other := fields(o.maud.Get(path).Text), fields(o.maud.Get(path).Text)
		o.leads(t, o.send(path, other, "last_name", "Lindqvist", "phone", "112"), o.at("mine.boris"))
		mine.Set("first_name", "Boris the")
		a := o.send(path, mine)
		says(t, a, http.StatusPreconditionFailed, "Somebody else changed this while you were editing", "Before: Test → After: Lindqvist", "Phone nothing → After: 112")
		keeps(t, a, mine)
		says(t, o.leads(t, o.send(path, fields(a.Text)), o.at("mine.boris")), http.StatusOK, "Boris the Test") // seen, and sent once more
	})
	t.Run("U7 and so does that of access", func(t *testing.T) {
		path := o.at("mine.boris", "/edit")
		mine, other := fields(o.maud.Get(path).Text), fields(o.maud.Get(path).Text)
		o.leads(t, o.send(path, other, "roles", o.role("MINE", "support"), "step", "save"), o.at("mine.boris"))
		mine.Set("roles", o.role("MINE", "finance"))
		mine.Del("all_entities")
		mine.Set("entities", o.ids["MINE-1"])
		mine.Set("acknowledge", "yes")
		a := o.send(path, widened(mine, "step", "save"))
		says(t, a, http.StatusPreconditionFailed, "Somebody else changed this", "Before: Read only → After: Support")
		keeps(t, a, mine)
		says(t, o.send(path, mine), http.StatusPreconditionFailed, "Somebody else changed this") // also before it is saved
		says(t, o.leads(t, o.send(path, fields(a.Text), "step", "save"), o.at("mine.boris")), http.StatusOK, "Finance")
	})
	t.Run("U7 a made-up memory of what was seen fools nobody else", func(t *testing.T) {
		for _, seen := range []string{"", "x", "e30", strings.Repeat("A", 100_000)} {
			says(t, o.send(path, fields(o.maud.Get(path).Text), "revision", "1", "seen", seen), http.StatusPreconditionFailed)
		}
	})
}
