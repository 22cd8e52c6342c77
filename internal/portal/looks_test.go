package portal_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/lang"
	"countersign/internal/portal"
)

func TestAssets(t *testing.T) {
	css := strings.Repeat("a { color: red }\n", 100)
	assets, err := portal.NewAssets(fstest.MapFS{
		"own.css": {Data: []byte(css)}, "vendor/lib.min.js": {Data: []byte("1")}, "vendor/LICENSE": {Data: []byte("x")}, ".hidden": {Data: []byte("x")},
	})
	if err != nil {
		t.Fatal(err)
	}
	own := assets.Path("own.css")
	if !strings.HasPrefix(own, "/assets/own.") || !strings.HasSuffix(own, ".css") || own == "/assets/own.css" {
		t.Fatalf("the address is %q", own)
	}
	for _, c := range []struct {
		name, method, path, accept string
		status                     int
		encoding                   string
	}{
		{"plain", "GET", own, "", 200, ""},
		{"compressed", "GET", own, "br, gzip;q=0.8", 200, "gzip"},
		{"gzip refused", "GET", own, "gzip;q=0, *", 200, ""},
		{"too small to compress", "GET", assets.Path("lib.min.js"), "gzip", 200, ""},
		{"head", "HEAD", own, "gzip", 200, "gzip"},
		{"without its hash", "GET", "/assets/own.css", "", 404, ""},
		{"upwards", "GET", "/assets/../own.css", "", 404, ""},
		{"unknown kind", "GET", "/assets/LICENSE", "", 404, ""},
		{"post", "POST", own, "", 405, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := httptest.NewRequestWithContext(t.Context(), c.method, "/", nil)
			r.URL.Path = c.path
			r.Header.Set("Accept-Encoding", c.accept)
			w := httptest.NewRecorder()
			assets.ServeHTTP(w, r)
			if w.Code != c.status || w.Header().Get("Content-Encoding") != c.encoding || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Fatalf("%d %v", w.Code, w.Header())
			}
			if immutable := strings.Contains(w.Header().Get("Cache-Control"), "immutable"); immutable != (c.status == http.StatusOK) {
				t.Errorf("Cache-Control: %s", w.Header().Get("Cache-Control"))
			}
			if c.name == "compressed" {
				z, err := gzip.NewReader(w.Body)
				if err != nil {
					t.Fatal(err)
				}
				if text, err := io.ReadAll(z); err != nil || string(text) != css {
					t.Errorf("%v, %d bytes", err, len(text))
				}
			}
		})
	}
	if diff := cmp.Diff([]string{"tabler.min.css", "simplewebauthn.min.js", "htmx.min.js"}, assets.Missing()); diff != "" {
		t.Error(diff)
	}
}

func TestAddresses(t *testing.T) {
	a := portal.InAccount("NW/10 ü")
	for want, got := range map[string]string{
		"/a/NW%2F10%20%C3%BC/":                            a.Home(),
		"/a/NW%2F10%20%C3%BC/users?q=a%26b&status=locked": a.Users(portal.UsersFilter{Query: "a&b", Status: "locked"}),
		"/a/NW%2F10%20%C3%BC/users/..%2F1/activation":     a.UserAct("../1", portal.Activate),
		"/a/NW%2F10%20%C3%BC/users/1":                     a.UserTab("1", "overview"),
		"/":                                               portal.Addresses{}.Home(),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func TestUsersFilter(t *testing.T) {
	page := portal.Page{Account: &portal.AccountRef{CustomerID: "A"}}
	v := portal.UsersView{Page: page, Filter: portal.UsersFilter{Query: "x", Status: "active", Cursor: "c"}, Pager: portal.Pager{Next: "n"}}
	t.Run("U1 read from the address what was written to it", func(t *testing.T) {
		f := portal.UsersFilter{Query: "x y", Status: "locked", Role: "r", Entity: "e", Sort: "status", Descending: true, Cursor: "c"}
		if diff := cmp.Diff(f, portal.ReadUsersFilter(f.Values())); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(portal.UsersFilter{}, portal.ReadUsersFilter(map[string][]string{"status": {"nonsense"}, "sort": {"password"}})); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("U1 heads turn the order and forget the page", func(t *testing.T) {
		if diff := cmp.Diff(portal.Head{Label: "portal.users.column.name", Href: "/a/A/users?order=desc&q=x&status=active", Order: "ascending"}, v.SortBy("name")); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(portal.Head{Label: "portal.users.column.status", Href: "/a/A/users?q=x&sort=status&status=active", Order: "none"}, v.SortBy("status")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("U1 each chip takes one filter away", func(t *testing.T) {
		chips := v.Chips()
		if len(chips) != 2 || chips[0].Href != "/a/A/users?status=active" || chips[1].Href != "/a/A/users?q=x" || v.Clear() != "/a/A/users" {
			t.Errorf("%+v %s", chips, v.Clear())
		}
	})
	if got := v.NextPage(); got != "/a/A/users?cursor=n&q=x&status=active" || v.PreviousPage() != "" {
		t.Errorf("%s, %s", got, v.PreviousPage())
	}
}

func TestMenu(t *testing.T) {
	menu := portal.BuildMenu(portal.InAccount("A"), portal.SectionRoles, func(p string) bool { return p == "roles:view" })
	want := []portal.MenuGroup{
		{Items: []portal.MenuItem{{Label: "home", Href: "/a/A/", Icon: "home"}}},
		{Label: "people", Items: []portal.MenuItem{{Label: "roles", Href: "/a/A/roles", Icon: "roles", Active: true}}},
	}
	if diff := cmp.Diff(want, menu); diff != "" {
		t.Error(diff)
	}
}

// TestMenuOfOperators holds that the tree stands once: beside the accounts for
// whoever looks after them, and among what is the account's own for others.
func TestMenuOfOperators(t *testing.T) {
	for may, want := range map[string]string{
		"entities:view":               "home account/entities",
		"entities:view accounts:view": "home platform/accounts platform/entities",
		"account:view accounts:view":  "home account/settings account/records platform/accounts",
	} {
		var got []string
		for _, g := range portal.BuildMenu(portal.InAccount("A"), portal.SectionEntities, func(p string) bool { return strings.Contains(" "+may+" ", " "+p+" ") }) {
			for _, item := range g.Items {
				got = append(got, strings.TrimPrefix(g.Label+"/"+item.Label, "/"))
				if item.Active != (item.Label == "entities") {
					t.Errorf("%s is marked: %v", item.Label, item.Active)
				}
			}
		}
		if diff := cmp.Diff(want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", may, diff)
		}
	}
}

func TestMenuWithoutUse(t *testing.T) {
	t.Run("K2 what there is no use for has no place", func(t *testing.T) {
		for _, g := range portal.BuildMenu(portal.InAccount("A"), portal.SectionHome, func(string) bool { return true }, portal.SectionTypes, portal.SectionRecords) {
			for _, item := range g.Items {
				if item.Label == string(portal.SectionTypes) || item.Label == string(portal.SectionRecords) {
					t.Errorf("%s is there", item.Label)
				}
			}
		}
	})
}

type counted struct{ writes int }

func (c *counted) Write(p []byte) (int, error) { c.writes++; return len(p), nil }

func TestRender(t *testing.T) {
	assets, err := portal.LoadAssets()
	if err != nil {
		t.Fatal(err)
	}
	r, err := portal.NewRenderer(assets)
	if err != nil {
		t.Fatal(err)
	}
	t.Run("K7 never half a page", func(t *testing.T) {
		var w counted
		page := portal.Page{Me: &portal.Viewer{}, Menu: []portal.MenuGroup{{Items: []portal.MenuItem{{Icon: "no such icon"}}}}}
		if err := r.Render(&w, portal.HelpView{Page: page}); err == nil || w.writes != 0 {
			t.Errorf("%v after %d writes", err, w.writes)
		}
	})
	t.Run("K7 times in the viewer's zone, with the exact UTC", func(t *testing.T) {
		zone := time.FixedZone("", 3600)
		var b bytes.Buffer
		at := time.Date(2026, 3, 4, 23, 30, 5, 6000, time.UTC)
		if err := r.Render(&b, portal.LinkView{Page: portal.Page{Lang: lang.French, Zone: zone}, State: portal.LinkExpired, At: at}); err != nil {
			t.Fatal(err)
		}
		want := `<time datetime="2026-03-04T23:30:05.000006Z" title="2026-03-04 23:30:05 UTC">5 mars 2026 à 00:30</time>`
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %s in %s", want, b.String())
		}
	})
	t.Run("K7 pages that many open for the first time are whole", func(t *testing.T) {
		fresh, err := portal.NewRenderer(assets)
		if err != nil {
			t.Fatal(err)
		}
		views := []portal.View{portal.LinkView{Page: portal.Page{Lang: lang.French}, State: portal.LinkExpired, At: time.Unix(1, 0)}, portal.LinkView{State: portal.LinkUsed}, portal.HelpView{}}
		want := make([]string, len(views))
		for i, v := range views {
			var b bytes.Buffer
			if err := r.Render(&b, v); err != nil {
				t.Fatal(err)
			}
			want[i] = b.String()
		}
		var all sync.WaitGroup
		for n := range 8 * len(views) {
			all.Go(func() {
				i := n % len(views)
				var b bytes.Buffer
				if err := fresh.Render(&b, views[i]); err != nil || b.String() != want[i] {
					t.Errorf("view %d: %v, %d bytes, want %d", i, err, b.Len(), len(want[i]))
				}
			})
		}
		all.Wait()
	})
	t.Run("K7 an unknown language is English", func(t *testing.T) {
		var b bytes.Buffer
		if err := r.Render(&b, portal.SignedOutView{Page: portal.Page{Lang: "xx"}}); err != nil || !strings.Contains(b.String(), "You are signed out") {
			t.Error(err)
		}
	})
}
