package main

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"countersign/internal/test/server"
)

// TestForeign asks, as everybody of one account, for what belongs to another: it is answered exactly as what does not
// exist (attacks.md, A01 and A02).
func TestForeign(t *testing.T) {
	f := newField(t)
	table, _ := readTable(t)
	theirs := map[string]string{"{user}": f.people["theirs.target"].userID, "{id}": f.people["theirs.target"].userID, "{role}": f.role("THEIRS", "support"),
		"{policy}": f.ids["theirs policy"], "{account}": f.account("THEIRS").ID, "{entity}": f.ids["THEIRS-1"], "{entry}": f.ids["THEIRS entry"], "{seq}": f.ids["THEIRS entry"], "{token}": f.ids["theirs token"], "{factor}": f.factor("theirs.target")}
	for _, l := range table {
		mine := strings.Contains(l.pattern, "/me/factors/{")
		if !mine && !strings.Contains(l.pattern, "{customer") || l.pattern == "/a/{customer}" { // that one only adds a slash
			continue
		}
		over := map[string]string{}
		for place, id := range theirs {
			over[place] = id
		}
		none := map[string]string{"{user}": "usr_none", "{id}": "usr_none", "{role}": "rol_none", "{policy}": "pol_none", "{account}": "acc_none", "{entity}": "ent_none", "{entry}": "999999", "{seq}": "999999", "{token}": "tok_none", "{factor}": "fac_none"}
		switch {
		case mine:
			over["{id}"], none["{id}"] = over["{factor}"], "fac_none"
		case strings.Contains(l.pattern, "/roles/"):
			over["{id}"], none["{id}"] = over["{role}"], "rol_none"
		case strings.Contains(l.pattern, "/policies/"):
			over["{id}"], none["{id}"] = over["{policy}"], "pol_none"
		case strings.Contains(l.pattern, "/service-tokens/"):
			over["{id}"], none["{id}"] = over["{token}"], "tok_none"
		case strings.Contains(l.pattern, "/accounts/{id}"):
			over["{id}"], none["{id}"] = over["{account}"], "acc_none"
		case strings.Contains(l.pattern, "/entities/"):
			over["{id}"], none["{id}"] = over["{entity}"], "ent_none"
		case strings.Contains(l.pattern, "/resources/"):
			over["{id}"], none["{id}"] = "theirs-1", "nothing"
		}
		t.Run(strings.ReplaceAll(l.route(), "/", "."), func(t *testing.T) {
			for _, actor := range f.roles {
				f.sameAsNone(t, l, actor, with(over, "{customer}", "THEIRS", "{customerID}", "THEIRS"), with(none, "{customer}", "NOWHERE", "{customerID}", "NOWHERE"), http.StatusNotFound)
				if f.address(l.pattern, over) != f.address(l.pattern, nil) { // an id of theirs under our own account
					f.sameAsNone(t, l, actor, over, none, 0)
				}
			}
		})
	}
}

func with(m map[string]string, pairs ...string) map[string]string {
	out := map[string]string{}
	for k, v := range m {
		out[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		out[pairs[i]] = pairs[i+1]
	}
	return out
}

var changing = regexp.MustCompile(`req_[0-9a-z]+`)

// sameAsNone compares the answer about theirs with that about nothing: the same status, and the same words.
func (f *field) sameAsNone(t *testing.T, l line, actor string, over, none map[string]string, status int) {
	t.Helper()
	got, want := f.send(t, l, actor, over), f.send(t, l, actor, none)
	if got.StatusCode != want.StatusCode || status != 0 && got.StatusCode != status || got.StatusCode < 400 {
		t.Errorf("%s is answered %d about theirs and %d about nothing", actor, got.StatusCode, want.StatusCode)
	}
	if a, b := blank(got, f, l, over), blank(want, f, l, none); a != b {
		t.Errorf("%s reads another answer about theirs than about nothing: %s", actor, firstDifference(a, b))
	}
	if strings.Contains(got.Text, theirs) {
		t.Errorf("%s reads %s", actor, theirs)
	}
}

// blank is an answer without what the request itself said, and without the request's number.
func blank(a server.Answer, f *field, l line, over map[string]string) string {
	text := strings.ReplaceAll(changing.ReplaceAllString(a.Text, "req"), f.address(l.pattern, over), "ADDRESS")
	return strings.Join(strings.Fields(text), " ")
}

func firstDifference(a, b string) string {
	at := 0
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	from := max(0, at-60)
	return a[from:min(len(a), at+120)] + "\n… and …\n" + b[from:min(len(b), at+120)]
}
