package main

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/lang"
	"countersign/internal/test/server"
)

// form is one form of the portal, filled in well enough to be sent.
type form struct {
	name, path string
	client     *server.Client
	fields     []entry
}

// entry is a field of a form, with a value that is accepted.
type entry struct {
	name, value string
	kind        fieldKind
}

type fieldKind int

const (
	text      fieldKind = iota // a line that is stored or looked up; must be there
	optional                   // a line that may be empty
	choice                     // one of some words or ids
	defaulted                  // the same, and without one there is a sensible one: one's own account, English
	several                    // ids, which may come several times; none means another field speaks
	secret                     // a password or code: what is wrong is said, never what was typed
	mark                       // a box to tick, a version, or where to go on: what is odd counts as none
)

func (f *field) forms() []form {
	mine, platform := f.clients["owner"], f.clients["operator"]
	target := "/a/MINE/users/" + f.people["mine.target"].userID
	invited := "/a/MINE/users/" + f.people["mine.invited"].userID
	merchant, entity := "/a/PLATFORM/accounts/"+f.account("MINE").ID, "/a/MINE/entities/"+f.ids["MINE-1"]
	access := []entry{{"roles", f.role("MINE", "support"), several}, {"entities", f.ids["MINE-1"], several}, {"all_entities", "yes", mark}, {"acknowledge", "yes", mark}}
	person := []entry{{"first_name", "Ada", text}, {"last_name", "Byron", optional}, {"email", "ada@example.com", text}, {"language", "en", defaulted}}
	revision := entry{"revision", "99", mark}
	return []form{
		{"invite", "/a/MINE/users", mine, slices.Concat(person, access)},
		{"edit access", target + "/edit", mine, append(slices.Clone(access), revision)},
		{"deactivation", target + "/deactivation", mine, []entry{{"reason", "left", optional}, revision}},
		{"activation", target + "/activation", mine, []entry{revision}},
		{"invitation", invited + "/invitation", mine, []entry{revision}},
		{"invitation deactivation", invited + "/invitation-deactivation", mine, []entry{revision}},
		{"second factor", target + "/second-factor-reset", mine, []entry{{"reason", "lost", optional}, revision}},
		{"account", "/a/PLATFORM/accounts", platform, slices.Concat([]entry{{"name", "New Shop", text}, {"customer_id", "NEW-1", text}, {"alias", "Shop", optional}, {"kind", "merchant", choice},
			{"parent", f.account("PLATFORM").EntityID, defaulted}, {"environment", "live", choice}, {"profile", "standard", defaulted}, {"phone", "+41 44 555 01 02", optional}, {"find_parent", "", mark}}, person)},
		{"account's names", merchant + "/edit", platform, []entry{{"name", "New Name", text}, {"alias", "Shop", optional}, revision}},
		{"account's deactivation", merchant + "/deactivation", platform, []entry{{"reason", "ended", text}, {"name", ours + " Trading", text}, revision}},
		{"alias", "/a/MINE/settings", mine, []entry{{"alias", "Shop", optional}, revision}},
		{"entity", "/a/PLATFORM/entities", platform, []entry{{"name", "New Quay", text}, {"customer_id", "NEW-2", text}, {"parent", f.account("MINE").EntityID, text}, {"find_parent", "", mark}}},
		{"entity's name", entity + "/edit", mine, []entry{{"name", "New Name", text}, revision}},
		{"entity's deactivation", entity + "/deactivation", mine, []entry{{"reason", "closed", optional}, revision}},
		{"entity's activation", entity + "/activation", mine, []entry{{"reason", "open", optional}, revision}},
		{"token", "/a/MINE/service-tokens", mine, []entry{{"name", "gateway", text}, {"expires", "30", choice}}},
		{"revocation", "/a/MINE/service-tokens/" + f.ids["token"] + "/revocation", mine, []entry{{"name", ours + " gateway", text}}},
		{"details", "/me", f.clients["support"], []entry{{"first_name", "Ada", text}, {"last_name", "Byron", optional}, {"language", "en", defaulted}, {"time_zone", "UTC", choice}, revision}},
		// No code is asked for: they signed in just now.
		{"password", "/me/password", f.clients["support"], []entry{{"current", "", secret}, {"password", "", secret}, {"code", "", mark}}},
		{"authenticator", "/me/authenticator", f.clients["finance"], []entry{{"password", "some password", secret}, {"code", "000000", secret}}},
		{"sign-in", "/signin", f.client(), []entry{{"identifier", "nobody@example.com", secret}, {"password", "", secret}, {"next", "", mark}}},
		{"code", "/signin/code", f.clients["half"], []entry{{"code", "", secret}, {"next", "", mark}}},
		{"activate", "/activate", f.following("mine.follows"), []entry{{"password", "", secret}, {"username", "ada@example.com", mark}}},
		{"set-up", "/signin/setup", f.settingUp("mine.sets_up"), []entry{{"code", "", secret}, {"next", "", mark}}},
		{"new authenticator", "/me/authenticator/new", f.replacing("mine.replaces"), []entry{{"code", "", secret}, {"next", "", mark}}},
		{"sign-out", "/signout", f.people["mine.owner"].browser, nil},
		{"language", "/language", f.client(), []entry{{"language", "en", choice}, {"back", "/", mark}}},
		{"theme", "/theme", f.client(), []entry{{"theme", "dark", choice}, {"back", "/", mark}}},
	}
}

// following is a browser that has opened an invitation's link.
func (f *field) following(label string) *server.Client {
	f.t.Helper()
	f.invite(label, "MINE", "read_only", "Follows")
	c := f.client()
	c.Get("/activate/" + f.link(f.people[label].userID))
	return c
}

// settingUp is a browser in which a password was chosen, and no authenticator app is set up yet.
func (f *field) settingUp(label string) *server.Client {
	f.t.Helper()
	f.invite(label, "MINE", "read_only", "Sets up")
	c := f.client()
	if a := c.Password(f.url+"/activate/"+f.link(f.people[label].userID), housePassword); a.Location() != "/signin/setup" {
		f.t.Fatalf("the password leads to %q", a.Location())
	}
	return c
}

// replacing is a browser in which somebody is about to replace their authenticator app.
func (f *field) replacing(label string) *server.Client {
	f.t.Helper()
	f.join(label, "MINE", "read_only", "Replaces")
	f.clock.Advance(time.Minute)
	c := f.people[label].browser
	if a := c.Post("/me/authenticator", "password", housePassword, "code", c.Code(f.people[label].key)); a.StatusCode != http.StatusOK {
		f.t.Fatalf("the proof is answered %d: %.300s", a.StatusCode, a.Plain())
	}
	return c
}

// odd is a bad value and the kinds of field that refuse it.
type odd struct {
	what   string
	values []string
	kinds  []fieldKind
}

func oddities(f *field) []odd {
	all := []fieldKind{text, optional, choice, defaulted, several, secret, mark}
	lines := []fieldKind{text, optional, choice, defaulted, several}
	return []odd{
		{"missing", nil, []fieldKind{text, choice, secret}},
		{"empty", []string{""}, []fieldKind{text, choice, secret}},
		{"blank", []string{" \u00a0\u2003 "}, []fieldKind{text, choice}},
		{"too long", []string{strings.Repeat("a", 20_000)}, []fieldKind{text, optional, choice, defaulted, several, secret}},
		{"ten thousand emoji", []string{strings.Repeat("😀", 10_000)}, []fieldKind{text, optional, choice, defaulted, several, secret}},
		{"twice", []string{"a", "b"}, []fieldKind{text, optional, choice, defaulted, secret, mark}},
		{"NUL", []string{"a\x00b"}, all},
		{"no UTF-8", []string{"a\xff\xfeb"}, all},
		{"a lone surrogate", []string{"a\xed\xa0\x80b"}, all},
		{"an override of direction", []string{"a\u202egnp.exe"}, lines},
		{"a line break", []string{"a\r\nBcc: everybody@example.com"}, lines},
		{"an unknown id", []string{"usr_00000000000000000000000000"}, []fieldKind{choice, defaulted, several}},
		{"an id of another account", []string{f.role("THEIRS", "support")}, []fieldKind{choice, defaulted, several}},
		{"an entity of another account", []string{f.ids["THEIRS-1"]}, []fieldKind{choice, defaulted, several}},
	}
}

// TestBadInput sends every form of the portal with one field wrong at a time: the answer says which, in words, and
// nothing is done.
func TestBadInput(t *testing.T) {
	f := newField(t)
	f.invite("mine.invited", "MINE", "read_only", "Waiting")
	for _, x := range f.forms() {
		t.Run(x.name, func(t *testing.T) {
			before := f.counts()
			for _, e := range x.fields {
				for _, o := range oddities(f) {
					if slices.Contains(o.kinds, e.kind) {
						f.refused(t, x, e, o)
					}
				}
			}
			whole := url.Values{}
			for _, e := range x.fields {
				whole.Add(e.name, e.value)
			}
			for what, a := range map[string]server.Answer{
				"an unknown field":      x.client.PostBody(x.path, "application/x-www-form-urlencoded", whole.Encode()+"&is_owner=true"),
				"a broken escape":       x.client.PostBody(x.path, "application/x-www-form-urlencoded", "first_name=%zz"),
				"ten megabytes":         x.client.PostBody(x.path, "application/x-www-form-urlencoded", whole.Encode()+"&first_name="+strings.Repeat("a", 10<<20)),
				"JSON":                  x.client.PostBody(x.path, "application/json", `{"first_name":"Ada"}`),
				"no type":               x.client.PostBody(x.path, "", whole.Encode()),
				"a file":                x.client.PostBody(x.path, "multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na\r\n--x--\r\n"),
				"fields in the address": x.client.PostBody(x.path+"?"+whole.Encode()+"&roles=a", "application/x-www-form-urlencoded", "never=1"),
			} {
				if a.StatusCode < 400 || a.StatusCode >= 500 || !strings.Contains(a.Text, "</html>") {
					t.Errorf("%s is answered %d: %.200s", what, a.StatusCode, a.Plain())
				}
				if what == "an unknown field" && !strings.Contains(a.Plain(), "is_owner") {
					t.Errorf("%s is not named: %.300s", what, a.Plain())
				}
				if what == "ten megabytes" && a.StatusCode != http.StatusRequestEntityTooLarge {
					t.Errorf("%s is answered %d", what, a.StatusCode)
				}
			}
			f.unchanged(t, before)
		})
	}
}

// refused sends a form with one odd field. Codes stand nowhere: a page has words.
func (f *field) refused(t *testing.T, x form, e entry, o odd) {
	t.Helper()
	values := url.Values{}
	for _, other := range x.fields {
		switch {
		case other.name == e.name:
		case other.name == "all_entities" && e.name == "entities": // else the entities would not be looked at
		case other.name == "entities" && e.name != "entities":
		default:
			values.Add(other.name, other.value)
		}
	}
	values[e.name] = o.values
	kept := x.client.Cookie("__Host-challenge")
	a := x.client.PostBody(x.path, "application/x-www-form-urlencoded", values.Encode())
	if kept != "" {
		x.client.SetCookie("__Host-challenge", kept)
	}
	say := func(format string, arguments ...any) {
		t.Helper()
		t.Errorf("%s with %s: "+format, append([]any{e.name, o.what}, arguments...)...)
	}
	if a.StatusCode < 400 || a.StatusCode >= 500 {
		say("answered %d: %.300s", a.StatusCode, a.Plain())
		return
	}
	if a.StatusCode == http.StatusPreconditionFailed && e.kind != mark {
		return // the version is looked at first: somebody else changed it
	}
	_, main, _ := strings.Cut(a.Text, "<main")                                                                     // not what the menu says
	named := strings.Contains(main, `href="#f-`+e.name+`"`) || strings.Contains(main, `id="f-`+e.name+`-problem"`) // beside the field
	if !strings.Contains(main, `method="post" class="cs-form`) {                                                   // on a page of its own
		named = strings.Contains(main, e.name) || strings.Contains(main, lang.T(lang.English, "portal.field."+e.name)+":")
	}
	if !named && x.name != "sign-in" && x.name != "code" {
		say("is not named (%d): %.600s", a.StatusCode, a.Plain())
	}
	if strings.Contains(a.Text, "[error.") || strings.Contains(a.Text, "[field.") || strings.Contains(a.Text, "[portal.") {
		say("is answered with a code for words: %.600s", a.Plain())
	}
}
