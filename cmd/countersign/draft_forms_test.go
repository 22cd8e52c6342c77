package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/people"
)

// notKept are forms in which nobody types more than a password, a code or the name of what they hold in their hand, or
// ticks whom they mean, or of which nothing is left to do after a quarter of an hour.
var notKept = []string{"ticked users", "password", "confirm", "confirm by recovery code", "new app", "new key", "sign-out", "forgotten", "own session", "reset", "renewal",
	"sign out everywhere"}

// TestDraftOfEveryForm sends every form of the portal after the session has run out: it stands filled in once its person
// is back, and was not sent.
func TestDraftOfEveryForm(t *testing.T) {
	f := newField(t)
	f.invite("mine.invited", "MINE", "read_only", "Waiting")
	f.join("mine.moves", "MINE", "read_only", "Moves")
	forms := f.forms()
	f.must(f.rooms.db.Keep(t.Context(), func(tx *db.Tx) error { // the clock moves on for longer than a lock holds
		_, err := tx.Exec(`UPDATE signin_attempts SET locked_until = $1 WHERE locked_until IS NOT NULL`, people.Forever)
		return err
	}))
	for _, x := range forms {
		who := ""
		for label, p := range f.people {
			if p.browser == x.client {
				who = label
			}
		}
		typed := slices.ContainsFunc(x.fields, func(e entry) bool { return slices.Contains([]fieldKind{text, optional, choice, several}, e.kind) })
		if who == "" || !typed || slices.Contains(notKept, x.name) {
			continue
		}
		t.Run("A5 "+x.name, func(t *testing.T) {
			p, sent := f.people[who], url.Values{}
			for _, e := range x.fields {
				sent.Add(e.name, e.value)
			}
			sent.Del("all_entities")                                    // one or the other is sent
			sent.Del("profile")                                         // there is one alone
			for _, name := range []string{"dangerous", "add", "drop"} { // of the page behind the form, and ticks on the way into a list
				sent.Del(name)
			}
			f.clock.Advance(16 * time.Minute)
			before := f.counts()
			a := x.client.PostBody(x.path, "application/x-www-form-urlencoded", sent.Encode())
			onward, err := url.Parse(a.Location())
			if err != nil || onward.Path != "/signin" || onward.Query().Get("kept") != "1" {
				t.Fatalf("answers %d and leads to %q", a.StatusCode, a.Location())
			}
			x.client.SignIn(p.email, housePassword, p.key)
			page := x.client.Get(onward.Query().Get("next"))
			if page.Location() != "" && strings.HasPrefix(page.Location(), "/me/confirm") {
				t.Fatalf("a fresh session is asked again: %s", page.Location())
			}
			if page.StatusCode != http.StatusOK || !strings.Contains(page.Plain(), "nothing was sent yet") {
				t.Fatalf("the form answers %d: %.500s", page.StatusCode, page.Plain())
			}
			_, form, _ := strings.Cut(page.Text, ` action="`+x.path+`" method="post"`)
			shown := inputs(form)
			for _, e := range x.fields {
				if e.kind != secret && (e.kind != mark || e.name == "revision") && sent.Has(e.name) && !slices.Contains(shown[e.name], e.value) {
					t.Errorf("%s holds %q, not %q", e.name, shown[e.name], e.value)
				}
			}
			f.unchanged(t, before, "sessions", "session_seen", "drafts")
		})
	}
}
