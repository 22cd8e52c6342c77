package portal_test

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/portal"
)

var at = portal.Page{Account: &portal.AccountRef{CustomerID: "A"}}

// chips are the addresses that take a filter away, by its key.
func chips(list []portal.Chip) map[string]string {
	out := map[string]string{}
	for _, c := range list {
		out[c.Key] = c.Href
	}
	return out
}

func TestAccountsFilter(t *testing.T) {
	full := portal.AccountsFilter{Query: "x y", Kind: "partner", Environment: "live", Opened: "waiting", State: "inactive", Parent: "P-1", Sort: "users", Descending: true, Cursor: "c"}
	t.Run("it is read from the address as it was written there", func(t *testing.T) {
		if diff := cmp.Diff(full, portal.ReadAccountsFilter(full.Values())); diff != "" {
			t.Error(diff)
		}
		nonsense := url.Values{"kind": {"x"}, "environment": {"x"}, "opened": {"x"}, "state": {"x"}, "sort": {"password"}, "order": {"x"}}
		if diff := cmp.Diff(portal.AccountsFilter{}, portal.ReadAccountsFilter(nonsense)); diff != "" {
			t.Error(diff)
		}
	})
	v := portal.AccountsView{Page: at, Filter: full, Parent: "Alpine", Pager: portal.Pager{Next: "n"}}
	t.Run("heads turn the order and forget the page", func(t *testing.T) {
		few := portal.AccountsView{Page: at, Filter: portal.AccountsFilter{Query: "x", Cursor: "c"}}
		for column, want := range map[string]portal.Head{
			"customer_id": {Label: "portal.accountlist.column.customer_id", Href: "/a/A/accounts?order=desc&q=x", Order: "ascending"},
			"users":       {Label: "portal.accountlist.column.users", Href: "/a/A/accounts?q=x&sort=users", Order: "none"},
		} {
			if diff := cmp.Diff(want, few.SortBy(column)); diff != "" {
				t.Error(diff)
			}
		}
		if got := v.SortBy("users"); got.Order != "descending" || got.Href != "/a/A/accounts?environment=live&kind=partner&opened=waiting&parent=P-1&q=x+y&sort=users&state=inactive" {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a page that the list has become too short for is not one of no matches", func(t *testing.T) {
		for _, c := range []struct {
			v    portal.AccountsView
			want bool
		}{{portal.AccountsView{Filter: full, Total: 3}, true}, {portal.AccountsView{Filter: full}, false}, {portal.AccountsView{Filter: portal.AccountsFilter{Query: "x"}, Total: 3}, false},
			{portal.AccountsView{Filter: full, Total: 3, Rows: make([]portal.AccountRow, 1)}, false}} {
			if got := c.v.Past(); got != c.want {
				t.Errorf("%+v: %v", c.v.Filter, got)
			}
		}
		if v.FirstPage() != "/a/A/accounts?environment=live&kind=partner&opened=waiting&order=desc&parent=P-1&q=x+y&sort=users&state=inactive" {
			t.Error(v.FirstPage())
		}
	})
	t.Run("a chip takes its filter away and keeps the rest", func(t *testing.T) {
		got := chips(v.Chips())
		if len(got) != 6 || got["parent"] != "/a/A/accounts?environment=live&kind=partner&opened=waiting&order=desc&q=x+y&sort=users&state=inactive" {
			t.Errorf("%v", got)
		}
		if v.Clear() != "/a/A/accounts?order=desc&sort=users" || v.NextPage() == v.Clear() || v.PreviousPage() != "" {
			t.Error(v.Clear(), v.NextPage(), v.PreviousPage())
		}
		if !v.Filtered() || (portal.AccountsView{Filter: portal.AccountsFilter{Sort: "name", Cursor: "c"}}).Filtered() {
			t.Error("what narrows is not told from what orders")
		}
	})
}

func TestActivityFilter(t *testing.T) {
	full := portal.ActivityFilter{Person: "ada", About: "quay", Kind: "group:people", Outcome: "refused", From: "2026-03-01", Until: "2026-03-04", Address: "203.0.113.9", Request: "req_1", Cursor: "c"}
	t.Run("L1 it is read from the address as it was written there", func(t *testing.T) {
		if diff := cmp.Diff(full, portal.ReadActivityFilter(full.Values())); diff != "" {
			t.Error(diff)
		}
		if f := portal.ReadActivityFilter(url.Values{"outcome": {"x"}}); f != (portal.ActivityFilter{}) {
			t.Errorf("%+v", f)
		}
	})
	v := portal.ActivityView{Page: at, Filter: full, Kinds: []portal.KindGroup{{Label: "People", Options: []portal.Option{{Value: "group:people", Label: "All: people"}}}}}
	t.Run("L1 a chip takes its filter away and keeps the rest", func(t *testing.T) {
		got := chips(v.Chips())
		if len(got) != 8 || got["kind"] != "/a/A/activity?about=quay&address=203.0.113.9&from=2026-03-01&outcome=refused&person=ada&request=req_1&until=2026-03-04" {
			t.Errorf("%v", got)
		}
		if want := "/a/A/activity/export?about=quay&address=203.0.113.9&format=csv&from=2026-03-01&kind=group%3Apeople&outcome=refused&person=ada&request=req_1&until=2026-03-04"; v.ExportHref("csv") != want {
			t.Error(v.ExportHref("csv"))
		}
	})
	t.Run("L1 somebody who was chosen stands as a name, and text as text", func(t *testing.T) {
		const id = "usr_355c06m61fbe6bnepsk8mvrwym"
		for _, c := range []struct {
			person, name string
			want         *portal.Chosen
		}{{"ada", "Ada", nil}, {id, "", nil}, {id, "Ada", &portal.Chosen{Field: "person", Value: id, Name: "Ada", Href: "/a/A/activity?outcome=done"}}} {
			v := portal.ActivityView{Page: at, Person: c.name, Filter: portal.ActivityFilter{Person: c.person, Outcome: "done", Cursor: "c"}}
			if diff := cmp.Diff(c.want, v.ByPerson()); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func TestTreeFilter(t *testing.T) {
	f := portal.TreeFilter{Query: "x", At: "M-1", Cursor: "c"}
	if diff := cmp.Diff(f, portal.ReadTreeFilter(f.Values())); diff != "" {
		t.Error(diff)
	}
	v := portal.TreeView{Page: at, Filter: f, Pager: portal.Pager{Next: "n"}}
	if v.NextPage() != "/a/A/entities?cursor=n&q=x" || v.PreviousPage() != "" || v.Clear() != "/a/A/entities" {
		t.Error(v.NextPage(), v.PreviousPage(), v.Clear())
	}
}
