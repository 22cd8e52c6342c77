package main

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/roles"
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
	odder                      // the same, and it may come several times
)

func (f *field) forms() []form {
	mine, platform := f.clients["owner"], f.clients["operator"]
	target := "/a/MINE/users/" + f.people["mine.target"].userID
	invited := "/a/MINE/users/" + f.people["mine.invited"].userID
	merchant, entity := "/a/PLATFORM/accounts/"+f.account("MINE").ID, "/a/MINE/entities/"+f.ids["MINE-1"]
	moves := "/a/MINE/users/" + f.people["mine.moves"].userID
	shut := "/a/MINE/users/" + f.locked("mine.locked")
	access := []entry{{"roles", f.role("MINE", "support"), several}, {"entities", f.ids["MINE-1"], several}, {"all_entities", "yes", mark}, {"acknowledge", "yes", mark}, {"find_entities", "", mark}, {"find", "", mark}}
	names := []entry{{"first_name", "Ada", text}, {"last_name", "Byron", optional}, {"language", "en", defaulted}}
	email, phone := entry{"email", "ada@example.com", text}, entry{"phone", "+44 20 7946 0000", optional}
	person := append(slices.Clone(names), email)
	// What is said of a second factor is kept or is the stricter: the account requires one of everybody.
	factor := []entry{{"two_factor_required", "yes", mark}, {"two_factor_actions", "any", defaulted}, {"allowed_ips", "192.0.2.7", optional}}
	revision, seen := entry{"revision", "99", mark}, entry{"seen", "", mark}
	first, ofRoles := entry{"revision", "1", mark}, func(e entry) bool { return e.name == "policies" || e.name == "template" }
	maker := func(name string) []entry {
		return []entry{{"name", name, text}, {"description", "What happens at night", optional}, {"permissions", "payments:capture", several}, {"policies", f.ids["policy"], several}, {"template", "yes", mark},
			{"own", "payments:capture", odder}, {"dangerous", "investigate:force_any", odder}, {"add", "", odder}, {"drop", "", odder}, {"step", "save", mark}, {"move", "", mark}, {"all", "", mark}, {"none", "", mark}, {"limits", "", mark}, {"after", "", mark}, {"migrate", "", mark}}
	}
	current := entry{"revision", strconv.FormatInt(f.version("mine.target"), 10), mark}
	return []form{
		{"invite", "/a/MINE/users", mine, slices.Concat(person, []entry{phone, {"foresee", "", mark}}, factor, access)},
		{"edit access", target + "/edit", mine, append(slices.Clone(access), revision, seen, entry{"step", "save", mark})},
		{"edit details", target + "/details", mine, slices.Concat(names, []entry{phone}, factor, []entry{current, seen})},
		{"change e-mail", target + "/email", mine, []entry{email, current}},
		{"e-mail withdrawal", moves + "/email-withdrawal", mine, []entry{revision}},
		{"deletion", target + "/deletion", mine, []entry{{"name", ours + "target Test", text}, current}},
		{"deactivation", target + "/deactivation", mine, []entry{{"reason", "left", optional}, revision}},
		{"activation", target + "/activation", mine, []entry{revision}},
		{"invitation", invited + "/invitation", mine, []entry{revision}},
		{"invitation deactivation", invited + "/invitation-deactivation", mine, []entry{revision}},
		{"second factor", target + "/second-factor-reset", mine, []entry{{"reason", "lost", optional}, revision}},
		{"second factor again", target + "/second-factor-renewal", mine, []entry{{"reason", "policy", optional}, revision}},
		{"reset link", target + "/password-reset", mine, []entry{{"reason", "forgot it", optional}, revision}},
		{"new password", target + "/password-renewal", mine, []entry{{"reason", "seen on a screen", optional}, revision}},
		{"unlocking", shut + "/unlocking", mine, []entry{{"reason", "was them", optional}, revision}},
		{"sign out everywhere", target + "/sign-out", mine, []entry{{"reason", "lost laptop", optional}, revision}},
		{"session", target + "/sessions/ses_00000000000000000000000000/sign-out", mine, []entry{revision}},
		{"account", "/a/PLATFORM/accounts", platform, slices.Concat([]entry{{"name", "New Shop", text}, {"customer_id", "NEW-1", text}, {"alias", "Shop", optional}, {"kind", "merchant", choice},
			{"parent", f.account("PLATFORM").EntityID, defaulted}, {"environment", "live", choice}, {"profile", "standard", defaulted}, {"phone", "+41 44 555 01 02", optional}, {"find_parent", "", mark}}, person)},
		{"account's names", merchant + "/edit", platform, []entry{{"name", "New Name", text}, {"alias", "Shop", optional}, revision}},
		{"account's deactivation", merchant + "/deactivation", platform, []entry{{"reason", "ended", text}, {"name", ours + " Trading", text}, revision}},
		{"alias", "/a/MINE/settings", mine, []entry{{"alias", "Shop", optional}, revision}},
		{"entity", "/a/PLATFORM/entities", platform, []entry{{"name", "New Quay", text}, {"customer_id", "NEW-2", text}, {"parent", f.account("MINE").EntityID, text}, {"find_parent", "", mark}}},
		{"entity's name", entity + "/edit", mine, []entry{{"name", "New Name", text}, revision}},
		{"entity's deactivation", entity + "/deactivation", mine, []entry{{"reason", "closed", optional}, revision}},
		{"entity's activation", "/a/MINE/entities/" + f.closed("MINE-0") + "/activation", mine, []entry{{"reason", "open", optional}, revision}},
		{"role", "/a/MINE/roles", mine, maker("Evening desk")},
		{"role's edit", "/a/MINE/roles/" + f.ids["role"] + "/edit", mine, append(maker("Evening desk"), first, seen)},
		{"role's clone", "/a/MINE/roles/" + f.role("MINE", "support") + "/clone", mine, maker("Evening desk")},
		{"role's deletion", "/a/MINE/roles/" + f.ids["role"] + "/deletion", mine, []entry{{"name", ours + " role", text}, first}},
		{"policy", "/a/MINE/policies", mine, slices.DeleteFunc(maker("Evening captures"), ofRoles)},
		{"policy's edit", "/a/MINE/policies/" + f.ids["policy"] + "/edit", mine, append(slices.DeleteFunc(maker("Evening captures"), ofRoles), first, seen)},
		{"policy's deletion", "/a/MINE/policies/" + f.ids["policy"] + "/deletion", mine, []entry{{"name", ours + " policy", text}, first}},
		{"adjustment", f.copied("mine.copied"), mine, []entry{{"permissions", "payments:view", several}, {"dangerous", "investigate:force_any", odder}, {"revision", strconv.FormatInt(f.version("mine.copied"), 10), mark}}},
		{"columns", "/a/MINE/users/columns", mine, []entry{{"columns", "email", odder}, {"usual", "", mark}, {"back", "/a/MINE/users?q=x", mark}}},
		{"ticked users", "/a/MINE/users/bulk", mine, []entry{{"users", f.people["mine.target"].userID, odder}, {"act", "deactivation", choice}, {"back", "/a/MINE/users", mark}}},
		{"many deactivations", "/a/MINE/users/bulk/deactivation", mine, []entry{{"users", f.people["mine.target"].userID + "." + current.value, odder}, {"reason", "left", optional}, {"back", "/a/MINE/users", mark}}},
		{"many activations", "/a/MINE/users/bulk/activation", mine, []entry{{"users", f.people["mine.target"].userID + ".99", odder}, {"back", "/a/MINE/users", mark}}},
		{"many invitations", "/a/MINE/users/bulk/invitation", mine, []entry{{"users", f.people["mine.invited"].userID + ".99", odder}, {"back", "/a/MINE/users", mark}}},
		{"role with a condition", "/a/MINE/roles", mine, []entry{{"name", "Order desk", text}, {"permissions", "orders:view", several}, {"property.0.orders:view", "resource.status", choice}, {"compare.0.orders:view", "one_of", choice}, {"value.0.orders:view", "open, \"a, b\"", text}}},
		{"resource type", "/a/PLATFORM/resource-types", platform, []entry{{"name", "parcels", text}, {"title", "Parcels", text}, {"entity_from", "store", choice}, {"located", "yes", mark}, {"rows", "", mark}, {"actions[0].name", "open", text}, {"actions[0].title", "Open", text}, {"actions[0].needs_2fa", "yes", mark}, {"actions[0].dangerous", "yes", mark},
			{"properties[2].of", "resource", choice}, {"properties[2].name", "weight", text}, {"properties[2].title", "Weight", text}, {"properties[2].kind", "number", choice}, {"properties[2].vouched", "caller", choice}}},
		{"resource type's edit", "/a/PLATFORM/resource-types/orders/edit", platform, []entry{{"title", "Orders", text}, {"actions[0].name", "view", text}, {"actions[0].title", "See", text}, {"actions[0].drop", "", mark}, {"properties[0].drop", "", mark}, first, seen}},
		{"resource type's retirement", "/a/PLATFORM/resource-types/orders/retirement", platform, []entry{revision}},
		{"property of users", "/a/PLATFORM/user-properties", platform, []entry{{"name", "floor", text}, {"title", "Floor", text}, {"kind", "number", choice}, {"vouched", "store", choice}}},
		{"property's name", "/a/PLATFORM/user-properties/department/edit", platform, []entry{{"title", "Section", text}, first}},
		{"property's retirement", "/a/PLATFORM/user-properties/department/retirement", platform, []entry{revision}},
		{"record", "/a/MINE/records/orders", mine, []entry{{"id", "2026/1", text}, {"entity", "MINE", text}, {"location", "", mark}, {"properties.status", "open", optional}}},
		{"record's edit", "/a/MINE/records/orders/record/mine-1/edit", mine, []entry{{"entity", "MINE", text}, {"properties.status", "open", optional}, first}},
		{"record's removal", "/a/MINE/records/orders/record/mine-1/removal", mine, []entry{revision}},
		{"user's properties", target + "/properties", mine, []entry{{"properties.department", "Sales", optional}, current, seen}},
		{"token", "/a/MINE/service-tokens", mine, []entry{{"kind", "decisions", defaulted}, {"name", "gateway", text}, {"expires", "30", choice}}},
		{"revocation", "/a/MINE/service-tokens/" + f.ids["token"] + "/revocation", mine, []entry{{"name", ours + " gateway", text}}},
		{"details", "/me", f.clients["support"], append(slices.Clone(names), phone, entry{"time_zone", "UTC", choice}, revision)},
		{"own e-mail", "/me/email", mine, []entry{email}},
		{"own e-mail withdrawal", "/me/email/withdrawal", mine, nil},
		{"e-mail link", "/email", f.readdressed(), nil},
		// No code is asked for: they signed in just now.
		{"password", "/me/password", f.clients["support"], []entry{{"password", "", secret}, {"username", "ada@example.com", mark}}},
		{"own session", "/me/sessions/ses_00000000000000000000000000/sign-out", f.clients["support"], nil},
		{"forgotten", "/forgotten", f.client(), []entry{email}},
		{"reset", "/reset", f.resetting("mine.resets"), []entry{{"password", "", secret}, {"username", "ada@example.com", mark}}},
		{"renewal", "/signin/change", f.renewing("mine.renews"), []entry{{"password", "", secret}, {"username", "ada@example.com", mark}, {"next", "/me", mark}}},
		{"confirm", "/me/confirm", f.clients["finance"], []entry{{"password", "some password", secret}, {"code", "000000", secret}, {"with", "totp", mark}, {"next", "/me", mark}}},
		{"confirm by recovery code", "/me/confirm?", f.clients["finance"], []entry{{"recovery_code", "", secret}, {"password", "some password", secret}, {"with", "recovery_code", mark}}},
		{"sign-in", "/signin", f.client(), []entry{{"identifier", "nobody@example.com", secret}, {"password", "", secret}, {"next", "", mark}}},
		{"passkey", "/signin/passkey", f.client(), []entry{{"credential", "", secret}, {"next", "", mark}}},
		{"code", "/signin/code", f.clients["half"], []entry{{"code", "", secret}, {"next", "", mark}}},
		{"key", "/signin/code?", f.clients["half"], []entry{{"credential", "{}", secret}, {"with", "webauthn", mark}}},
		{"activate", "/activate", f.following("mine.follows"), []entry{{"password", "", secret}, {"username", "ada@example.com", mark}}},
		{"set-up", "/signin/setup", f.settingUp("mine.sets_up"), []entry{{"code", "", secret}, {"next", "", mark}}},
		{"set-up by key", "/signin/setup/key", f.settingUp("mine.sets_up_key"), []entry{{"credential", "{}", secret}, {"next", "", mark}}},
		{"recovery codes", "/signin/codes", f.client(), []entry{{"next", "", mark}}},
		{"new app", "/me/factors/app", f.adding("mine.adds"), []entry{{"code", "000000", secret}, {"name", "Work phone", optional}}},
		{"new key", "/me/factors/key", f.people["mine.adds"].browser, []entry{{"credential", "{}", secret}, {"name", "Blue key", optional}}},
		{"rename", "/me/factors/" + f.factor("mine.adds"), f.people["mine.adds"].browser, []entry{{"name", "Blue key", optional}, revision}},
		{"removal", "/me/factors/" + f.factor("mine.adds") + "/removal", f.people["mine.adds"].browser, []entry{revision}},
		{"sign-out", "/signout", f.people["mine.owner"].browser, nil},
		{"language", "/language", f.client(), []entry{{"language", "en", choice}, {"back", "/", mark}}},
		{"theme", "/theme", f.client(), []entry{{"theme", "dark", choice}, {"back", "/", mark}}},
	}
}

// copied is the form that adjusts the copy of a template of somebody new.
func (f *field) copied(label string) string {
	f.t.Helper()
	who := f.who("mine.owner", "MINE")
	id, err := f.rooms.roles.Create(f.t.Context(), who, who.AccountID, roles.Draft{Name: ours + " template", Permits: []roles.Permit{{Permission: "payments:view"}, {Permission: "disputes:view"}}, Template: true})
	f.must(err)
	f.join(label, "MINE", "read_only", "Copied")
	user := f.people[label].userID
	f.must(f.rooms.people.ChangeAccess(f.t.Context(), who, who.AccountID, user, f.version(label), people.Access{Roles: []string{id}, AllEntities: true}))
	var own string
	f.view(func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&own}, `SELECT id FROM roles WHERE copy_of = $1`, id)
		return err
	})
	return "/a/MINE/users/" + user + "/roles/" + own
}

// closed is a new legal entity that is deactivated.
func (f *field) closed(customerID string) string {
	f.t.Helper()
	f.entity("MINE", customerID, "Closed Quay")
	e := f.node(customerID)
	f.must(f.rooms.org.DeactivateEntity(f.t.Context(), f.who("mine.owner", "MINE"), f.account("MINE").ID, e.ID, e.Version, "closed"))
	return e.ID
}

// following is a browser that has opened an invitation's link.
func (f *field) following(label string) *server.Client {
	f.t.Helper()
	f.invite(label, "MINE", "read_only", "Follows")
	c := f.client()
	c.Get("/activate/" + f.link(f.people[label].userID))
	return c
}

// readdressed is a browser that has opened the link that confirms the new address of "mine.moves".
func (f *field) readdressed() *server.Client {
	f.t.Helper()
	c := f.client()
	c.Get("/email/" + f.link(f.people["mine.moves"].userID))
	return c
}

// version is that of somebody's membership of MINE.
func (f *field) version(label string) (version int64) {
	account := f.account("MINE")
	f.view(func(tx *db.Tx) error {
		m, _, err := people.MemberOf(tx, account.ID, f.people[label].userID)
		version = m.Version
		return err
	})
	return version
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

// adding is a browser in which somebody is about to add an authenticator app.
func (f *field) adding(label string) *server.Client {
	f.t.Helper()
	f.join(label, "MINE", "read_only", "Adds")
	c := f.people[label].browser
	if a := c.Get("/me/factors/app"); a.StatusCode != http.StatusOK || c.Cookie("__Host-challenge") == "" {
		f.t.Fatalf("the page is answered %d: %.300s", a.StatusCode, a.Plain())
	}
	return c
}

// resetting is a browser that has opened a link that sets another password.
func (f *field) resetting(label string) *server.Client {
	f.t.Helper()
	f.join(label, "MINE", "read_only", "Resets")
	f.must(f.rooms.help.SendReset(f.t.Context(), f.who("mine.owner", "MINE"), f.account("MINE").ID, f.people[label].userID, f.version(label), ""))
	c := f.client()
	c.Get("/reset/" + f.link(f.people[label].userID))
	return c
}

// renewing is a browser in which somebody is to choose another password before they are in.
func (f *field) renewing(label string) *server.Client {
	f.t.Helper()
	f.join(label, "MINE", "read_only", "Renews")
	f.must(f.rooms.help.RequirePassword(f.t.Context(), f.who("mine.owner", "MINE"), f.account("MINE").ID, f.people[label].userID, f.version(label), ""))
	f.clock.Advance(time.Minute)
	p, c := f.people[label], f.client()
	c.Post("/signin", "identifier", p.email, "password", housePassword, "next", "")
	if a := c.Post("/signin/code", "code", c.Code(p.key), "next", ""); !strings.HasPrefix(a.Location(), "/signin/change") {
		f.t.Fatalf("the code leads to %q: %.300s", a.Location(), a.Plain())
	}
	return c
}

// locked is the id of somebody whose sign-in is locked after wrong attempts.
func (f *field) locked(label string) string {
	f.t.Helper()
	f.join(label, "MINE", "read_only", "Locked")
	for range 6 {
		f.client().Post("/signin", "identifier", f.people[label].email, "password", "not the password", "next", "")
	}
	return f.people[label].userID
}

// factor is the id of somebody's first second factor.
func (f *field) factor(label string) (id string) {
	f.t.Helper()
	f.view(func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&id}, `SELECT id FROM factors WHERE user_id = $1 ORDER BY created_at, id LIMIT 1`, f.people[label].userID)
		return err
	})
	return id
}

// odd is a bad value and the kinds of field that refuse it.
type odd struct {
	what   string
	values []string
	kinds  []fieldKind
}

func oddities(f *field) []odd {
	all := []fieldKind{text, optional, choice, defaulted, several, secret, mark, odder}
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
	f.join("mine.moves", "MINE", "read_only", "Moves")
	_, err := f.rooms.people.ChangeEmail(t.Context(), f.who("mine.owner", "MINE"), f.account("MINE").ID, f.people["mine.moves"].userID, f.version("mine.moves"), "moved@example.com")
	f.must(err)
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
