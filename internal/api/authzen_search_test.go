package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/test/testdb"
)

// searched is what a search answers, with its form checked.
func searched(t *testing.T, a answer) answers {
	t.Helper()
	var got answers
	a.is(http.StatusOK).into(&got)
	if ct := a.header.Get("Content-Type"); ct != "application/json" || got.Page.NextToken == nil || got.Results == nil || !strings.HasPrefix(a.body, `{"page":`) {
		t.Fatalf("%s %s", ct, a.body)
	}
	return got
}

// ids are of the results, which are all of a type.
func (a answers) ids(kind string) (list []string) {
	for _, r := range a.Results {
		if r["type"] != kind {
			return []string{fmt.Sprint("not a ", kind, ": ", r)}
		}
		list = append(list, r["id"].(string))
	}
	return list
}

func whoMay(resource, action, entity string) part {
	p := question("", resource, action, entity)
	p["subject"] = part{"type": "user"}
	return p
}

func whatFor(user, resource, action string, properties part) part {
	of := part{"type": resource}
	if properties != nil {
		of["properties"] = properties
	}
	return part{"subject": part{"type": "user", "id": user}, "action": part{"name": action}, "resource": of}
}

func TestSubjectSearch(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		service, _ := h.service("M1")
		// everybody who may, of this account and of those above it, and nobody else.
		people := func(labels ...string) (list []string) {
			for _, l := range labels {
				list = append(list, h.User(l))
			}
			slices.Sort(list)
			return list
		}
		mine := people("m1.owner", "m1.administrator", "m1.limited", "m1.auditor", "m1.operations", "m1.reader", "m1.reader_a", "m1.both")
		t.Run("K1 who may do this here", func(t *testing.T) {
			got := searched(t, service.post(searches[0], whoMay("transactions", "view", "M1-A")))
			list := got.ids("user")
			for _, id := range mine {
				if !slices.Contains(list, id) {
					t.Errorf("%s is missing", id)
				}
			}
			for _, id := range people("m1.reader_b", "m1.deactivated", "m1.invited", "m1.uninvited") {
				if slices.Contains(list, id) {
					t.Errorf("%s may not", id)
				}
			}
			if *got.Page.NextToken != "" || *got.Page.Count != len(list) || got.Page.Total == nil || *got.Page.Total != len(list) || got.Context.Revision != h.Live.Load().Revision() {
				t.Errorf("%+v", got)
			}
		})
		t.Run("A14 nobody of another account, and nothing about its entities", func(t *testing.T) {
			list := searched(t, service.post(searches[0], whoMay("transactions", "view", "M1"))).ids("user")
			if slices.Contains(list, h.User("m2.reader")) || slices.Contains(list, h.User("m2.owner")) {
				t.Error(list)
			}
			a, b := service.post(searches[0], whoMay("transactions", "view", "M2")), service.post(searches[0], whoMay("transactions", "view", "NO-SUCH"))
			if a.body != b.body || len(searched(t, a).Results) != 0 {
				t.Errorf("%s\n%s", a.body, b.body)
			}
			for _, path := range searches[1:] {
				a, b := service.post(path, question(h.User("m2.reader"), "transactions", "view", "M2")), service.post(path, question("usr_none", "transactions", "view", "M2"))
				if a.body != b.body || len(searched(t, a).Results) != 0 {
					t.Errorf("%s\n%s", a.body, b.body)
				}
			}
		})
		t.Run("A14 one person in two accounts is found for what they hold in this one", func(t *testing.T) {
			if got := searched(t, service.post(searches[0], whoMay("transactions", "export", "M1"))).ids("user"); slices.Contains(got, h.User("m1.both")) {
				t.Error("what they hold in M2 counts in M1")
			}
		})
		t.Run("K1 an id is not read, whatever it is", func(t *testing.T) {
			ask := whoMay("transactions", "view", "M1")
			want := service.post(searches[0], ask).body
			for _, id := range []any{h.User("m1.reader"), "", 7, nil, part{"a": 1}} {
				ask["subject"] = part{"type": "user", "id": id}
				if got := service.post(searches[0], ask); got.body != want {
					t.Errorf("%v: %s", id, got.body)
				}
			}
		})
		t.Run("K1 of what is not known there is nobody", func(t *testing.T) {
			ask := whoMay("transactions", "view", "M1")
			for _, odd := range []part{with(ask, "subject", part{"type": "robot"}), with(ask, "subject", part{"type": "User"}), whoMay("spaceships", "view", "M1"), whoMay("transactions", "eat", "M1"), whoMay("transactions", "view", "")} {
				if got := searched(t, service.post(searches[0], odd)); len(got.Results) != 0 || *got.Page.NextToken != "" {
					t.Errorf("%v: %+v", odd, got)
				}
			}
		})
		t.Run("a session is one person's", func(t *testing.T) {
			ref := h.as("m1.owner").get("/api/v1/session").object()["session"].(string)
			ask := whoMay("users", "create", "M1")
			if got := searched(t, service.post(searches[0], ask)); len(got.Results) != 0 {
				t.Errorf("without a session: %v", got.Results)
			}
			ask["context"] = part{"session": ref}
			if got := searched(t, service.post(searches[0], ask)).ids("user"); !slices.Equal(got, people("m1.owner")) {
				t.Errorf("with the owner's: %v", got)
			}
			for limit, more := range map[int]bool{0: true, 1: false} {
				ask["page"] = part{"limit": limit}
				if got := searched(t, service.post(searches[0], ask)); len(got.Results) != limit || (*got.Page.NextToken != "") != more {
					t.Errorf("%d at most: %+v", limit, got)
				}
			}
		})
		t.Run("E11 what a caller says of people is not believed", func(t *testing.T) {
			ask := whoMay("transactions", "export", "M1")
			want := service.post(searches[0], ask).body
			ask["subject"] = part{"type": "user", "properties": part{"role": "owner", "is_owner": true}}
			if got := service.post(searches[0], ask).body; got != want {
				t.Errorf("%s\n%s", got, want)
			}
		})
	})
}

func TestResourceSearch(t *testing.T) {
	h := one(t)
	service, _ := h.service("M1")
	in := func(ids ...string) (list []string) {
		for _, id := range ids {
			list = append(list, h.Entity(id).ID)
		}
		slices.Sort(list)
		return list
	}
	find := func(t *testing.T, ask part) []string {
		t.Helper()
		list := searched(t, service.post(searches[1], ask)).ids(ask["resource"].(part)["type"].(string))
		slices.Sort(list)
		return list
	}
	for _, c := range []struct {
		name string
		ask  part
		want []string
	}{
		{"K1 all of the account", whatFor(h.User("m1.reader"), "transactions", "view", nil), in("M1", "M1-A", "M1-A-1", "M1-B")},
		{"K1 a part of it", whatFor(h.User("m1.reader_a"), "transactions", "view", part{}), in("M1-A", "M1-A-1")},
		{"by one entity", whatFor(h.User("m1.reader"), "transactions", "view", part{"entity": h.Entity("M1-B").ID}), in("M1-B")},
		{"by one that they may not", whatFor(h.User("m1.reader_a"), "transactions", "view", part{"entity": "M1-B"}), nil},
		{"K1 somebody of above, in this account alone", whatFor(h.User("platform.owner"), "transactions", "view", nil), in("M1", "M1-A", "M1-A-1", "M1-B")},
		{"K1 nothing", whatFor(h.User("m1.reader"), "transactions", "export", nil), nil},
		{"K1 nobody", whatFor("usr_none", "transactions", "view", nil), nil},
		{"A14 somebody of another account", whatFor(h.User("m2.reader"), "transactions", "view", nil), nil},
		{"deactivated", whatFor(h.User("m1.deactivated"), "transactions", "view", nil), nil},
		{"another type of subject", with(whatFor("x", "transactions", "view", nil), "subject", part{"type": "robot", "id": h.User("m1.reader")}), nil},
		{"an unknown type", whatFor(h.User("m1.reader"), "spaceships", "view", nil), nil},
		{"an unknown action", whatFor(h.User("m1.reader"), "transactions", "eat", nil), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, find(t, c.ask)); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("K1 what is found says true as it stands", func(t *testing.T) {
		ask := whatFor(h.User("m1.reader_a"), "transactions", "view", part{"amount": 0, "currency": "CHF", "state": "open", "owner": "usr_x", "entity": ""})
		for _, r := range searched(t, service.post(searches[1], ask)).Results {
			want := part{"entity": r["id"], "amount": 0.0, "currency": "CHF", "state": "open", "owner": "usr_x"}
			if diff := cmp.Diff(want, r["properties"]); diff != "" {
				t.Error(diff)
			}
			allowed(t, service.post(evaluation, with(ask, "resource", r)), true)
		}
	})
	t.Run("K1 an id is not read, whatever it is", func(t *testing.T) {
		ask := whatFor(h.User("m1.reader"), "transactions", "view", part{})
		want := service.post(searches[1], ask).body
		for _, id := range []any{"M1", "", 7, nil} {
			ask["resource"] = part{"type": "transactions", "id": id}
			if got := service.post(searches[1], ask); got.body != want {
				t.Errorf("%v: %s", id, got.body)
			}
		}
	})
}

// TestLocationsInSearch: whoever sees certain locations only finds their entities with these.
func TestLocationsInSearch(t *testing.T) {
	h := one(t)
	service, token := h.service("M1")
	w := placedWorld(token.AccountID)
	s, err := access.Build(w)
	h.must(err)
	h.Live.Store(s)
	places := func(user string, properties part, resource, action string) (list []string) {
		ask := whatFor(user, resource, action, properties)
		for p := (part{"limit": 1}); ; {
			got := searched(t, service.post(searches[1], with(ask, "page", p)))
			for _, r := range got.Results {
				at := r["properties"].(part)
				list = append(list, fmt.Sprint(r["id"], " ", at["entity"], " ", at["location"]))
				allowed(t, service.post(evaluation, with(ask, "resource", r)), true)
			}
			if p = (part{"token": *got.Page.NextToken}); p["token"] == "" {
				return list
			}
		}
	}
	for _, c := range []struct {
		name, resource, action string
		properties             part
		want                   []string
	}{
		{"each with the locations at which they may", "transactions", "view", nil, []string{"e/l_east e l_east", "e_east/l_east e_east l_east", "e/l_west e l_west", "e_west/l_west e_west l_west"}},
		{"by one location", "transactions", "view", part{"location": "l_west"}, []string{"e/l_west e l_west", "e_west/l_west e_west l_west"}},
		{"by one that is not theirs", "transactions", "view", part{"location": "l_other"}, nil},
		{"by one entity", "transactions", "view", part{"entity": "e_east"}, []string{"e_east/l_east e_east l_east"}},
		{"what has no location has none", "keys", "view", nil, []string{"e e <nil>", "e_east e_east <nil>", "e_west e_west <nil>"}},
	} {
		t.Run("K1 "+c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, places("usr_placed", c.properties, c.resource, c.action)); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("K1 an entity that stands for all locations does not come with one again", func(t *testing.T) {
		want := []string{"e_east e_east <nil>", "e/l_east e l_east", "e/l_west e l_west", "e_west/l_west e_west l_west"}
		if diff := cmp.Diff(want, places("usr_placed_and_above", nil, "transactions", "view")); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("K1 E09 a location that is theirs no more hides none that comes after it", func(t *testing.T) {
		ask := whatFor("usr_placed", "transactions", "view", nil)
		first := searched(t, service.post(searches[1], with(ask, "page", part{"limit": 2})))
		w.Users[0].Memberships[0].Locations = []string{"l_west"}
		s, err := access.Build(w)
		h.must(err)
		h.Live.Store(s)
		got := searched(t, service.post(searches[1], with(ask, "page", part{"token": *first.Page.NextToken}))).ids("transactions")
		if diff := cmp.Diff([]string{"e/l_west", "e_west/l_west"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// placedWorld has somebody who sees two of three locations, and who may look at
// transactions and keys; and somebody who may do the same, and at one entity
// everywhere, by the account above.
func placedWorld(account string) access.World {
	p := access.Policy{ID: "pol", Permissions: []access.Grant{{Permission: access.MustParse("transactions:view")}, {Permission: access.MustParse("keys:view")}}}
	placed := access.Membership{ID: "mem", AccountID: account, Active: true, Locations: []string{"l_east", "l_west"}, Assignments: []access.Assignment{{ID: "asg", RoleID: "rol", AllEntities: true}}}
	above := access.Membership{ID: "mem_top", AccountID: "acc_top", Active: true, AllLocations: true, Assignments: []access.Assignment{{ID: "asg_top", RoleID: "rol_top", Entities: []string{"e_east"}}}}
	also := placed
	also.ID, also.Assignments = "mem_both", []access.Assignment{{ID: "asg_both", RoleID: "rol", AllEntities: true}}
	return access.World{Revision: 3,
		Entities: []access.Entity{{ID: "top", Path: "000001", Kind: access.Platform, Active: true}, {ID: "e", ParentID: "top", Path: "000001000001", Kind: access.Merchant, Active: true},
			{ID: "e_east", ParentID: "e", Path: "000001000001000001", Kind: access.LegalEntity, Active: true}, {ID: "e_west", ParentID: "e", Path: "000001000001000002", Kind: access.LegalEntity, Active: true}},
		Accounts:  []access.Account{{ID: "acc_top", EntityID: "top", Live: true}, {ID: account, EntityID: "e", Live: true}},
		Locations: []access.Location{{ID: "l_east", EntityID: "e_east"}, {ID: "l_west", EntityID: "e_west"}, {ID: "l_other", EntityID: "e_west"}},
		Roles:     []access.Role{{ID: "rol", AccountID: account, Policies: []access.Policy{p}}, {ID: "rol_top", AccountID: "acc_top", Policies: []access.Policy{p}}},
		Users: []access.User{{ID: "usr_placed", Active: true, Memberships: []access.Membership{placed}},
			{ID: "usr_placed_and_above", Active: true, Memberships: []access.Membership{also, above}}},
	}
}

func TestActionSearch(t *testing.T) {
	h := one(t)
	service, _ := h.service("M1")
	names := func(user, resource, entity string, context part) (list []string) {
		ask := question(user, resource, "ignored", entity)
		delete(ask, "action")
		ask["context"] = context
		for _, r := range searched(t, service.post(searches[2], ask)).Results {
			list = append(list, r["name"].(string))
		}
		return list
	}
	ref := h.as("m1.owner").get("/api/v1/session").object()["session"].(string)
	for _, c := range []struct {
		name, user, resource, entity string
		context                      part
		want                         []string
	}{
		{"K1 of the asked type alone", h.User("m1.auditor"), "roles", "M1", part{}, []string{"view"}},
		{"K1 without a second factor", h.User("m1.owner"), "users", "M1", part{}, []string{"view"}},
		{"K1 with the person's session", h.User("m1.owner"), "roles", "M1", part{"session": ref}, []string{"manage", "view"}},
		{"not with another's", h.User("m1.administrator"), "roles", "M1", part{"session": ref}, []string{"view"}},
		{"beside their entity", h.User("m1.reader_a"), "transactions", "M1-B", part{}, nil},
		{"an unknown type", h.User("m1.reader"), "spaceships", "M1", part{}, nil},
		{"nobody", "usr_none", "transactions", "M1", part{}, nil},
		{"no entity", h.User("m1.reader"), "transactions", "", part{}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, names(c.user, c.resource, c.entity, c.context)); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("an action that is sent is not read", func(t *testing.T) {
		ask := question(h.User("m1.auditor"), "roles", "view", "M1")
		want := service.post(searches[2], ask).body
		for _, action := range []any{7, part{}, part{"name": 1}} {
			if got := service.post(searches[2], with(ask, "action", action)); got.body != want {
				t.Errorf("%v: %s", action, got.body)
			}
		}
	})
}

// TestPages holds whose a page token is, and of what.
func TestPages(t *testing.T) {
	h := one(t)
	service, _ := h.service("M1")
	again, _ := h.service("M1")
	other, _ := h.service("M2")
	ask := whoMay("transactions", "view", "M1")
	ask["context"] = part{"ip": "192.0.2.7"}
	all := searched(t, service.post(searches[0], ask)).ids("user")
	first := searched(t, service.post(searches[0], with(ask, "page", part{"limit": 2, "properties": part{"a": 1}})))
	token := *first.Page.NextToken
	page := func(more part) part {
		p := part{"token": token, "properties": part{"a": 1}}
		for name, v := range more {
			p[name] = v
		}
		return with(ask, "page", p)
	}
	if len(all) < 5 || token == "" || first.Page.Total != nil || !slices.Equal(first.ids("user"), all[:2]) {
		t.Fatalf("%v %+v", all, first)
	}
	next := func(t *testing.T, a answer) {
		t.Helper()
		if got := searched(t, a); !slices.Equal(got.ids("user"), all[2:4]) || got.Page.Total != nil {
			t.Errorf("%s", a.body)
		}
	}
	t.Run("K1 the next page, with the limit and without", func(t *testing.T) {
		next(t, service.post(searches[0], page(nil)))
		next(t, service.post(searches[0], page(part{"limit": 2})))
		next(t, service.post(searches[0], page(nil))) // and again: it is spent by nothing
	})
	t.Run("the same, written in another way", func(t *testing.T) {
		text := fmt.Sprintf(`{ "page" : {"properties":{ "a":1}, "token":%q},"resource":{"properties":{"entity":"M1"},"id":"1","type":"transactions"},
			"context":{"ip":"192.0.2\u002e7"}, "unknown": [1], "action":{"name":"view"},"subject":{"type":"user"}}`, token)
		next(t, service.do(http.MethodPost, searches[0], text))
	})
	refused := func(t *testing.T, a answer) {
		t.Helper()
		if plain(t, a, http.StatusBadRequest); !strings.Contains(a.body, "page.token") {
			t.Errorf("%s", a.body)
		}
	}
	t.Run("A08 not with another service token, of this account or another", func(t *testing.T) {
		refused(t, again.post(searches[0], page(nil)))
		refused(t, other.post(searches[0], page(nil)))
	})
	t.Run("A08 not for another search", func(t *testing.T) {
		for name, p := range map[string]part{
			"action": with(page(nil), "action", part{"name": "search"}), "entity": with(page(nil), "resource", part{"type": "transactions", "id": "1", "properties": part{"entity": "M1-A"}}),
			"resource id": with(page(nil), "resource", part{"type": "transactions", "id": "2", "properties": part{"entity": "M1"}}), "address": with(page(nil), "context", part{"ip": "192.0.2.8"}),
			"no context": with(page(nil), "context", part{}), "subject": with(page(nil), "subject", part{"type": "user", "properties": part{"x": 1}}),
			"limit": page(part{"limit": 3}), "properties": page(part{"properties": part{"a": 2}}),
		} {
			t.Run(name, func(t *testing.T) { refused(t, service.post(searches[0], p)) })
		}
		refused(t, service.post(searches[1], with(page(nil), "subject", part{"type": "user", "id": h.User("m1.reader")})))
	})
	t.Run("A08 not changed, cut or made up", func(t *testing.T) {
		for _, bad := range []string{token[1:], token[:len(token)-1], token + "A", strings.ToUpper(token), "x", "2 usr_", strings.Repeat("A", 100_000), token + "\x00", all[1]} {
			refused(t, service.post(searches[0], page(part{"token": bad})))
		}
	})
	t.Run("it says nothing", func(t *testing.T) {
		if strings.Contains(token, "usr") || strings.Contains(token, all[1]) || strings.Contains(token, service.bearer) || url.QueryEscape(token) != token {
			t.Error(token)
		}
	})
	t.Run("limits", func(t *testing.T) {
		for _, bad := range []any{-1, 1.5, "1", nil, true, []int{1}, json.RawMessage("1e3"), json.RawMessage("1.0"), json.RawMessage("-0"), json.RawMessage("-1e18")} {
			plain(t, service.post(searches[0], with(ask, "page", part{"limit": bad})), http.StatusBadRequest)
		}
		for _, high := range []any{1000, 1001, 1 << 40, json.RawMessage("100000000000000000000000000000000")} {
			if got := searched(t, service.post(searches[0], with(ask, "page", part{"limit": high}))); !slices.Equal(got.ids("user"), all) {
				t.Errorf("%v: %+v", high, got)
			}
		}
		for _, path := range searches {
			p := with(question(h.User("m1.reader"), "transactions", "view", "M1"), "page", part{"limit": 0})
			got := searched(t, service.post(path, p))
			if len(got.Results) != 0 || *got.Page.Count != 0 || *got.Page.NextToken == "" || got.Page.Total != nil {
				t.Errorf("%s: none, and more follows: %+v", path, got)
			}
		}
		for _, bad := range []any{nil, 1, "x", []any{}, part{"token": 1}, part{"token": nil}, part{"properties": 1}} {
			plain(t, service.post(searches[0], with(ask, "page", bad)), http.StatusBadRequest)
		}
		if got := searched(t, service.post(searches[0], with(ask, "page", part{"token": ""}))); !slices.Equal(got.ids("user"), all) {
			t.Errorf("an empty token: %+v", got)
		}
	})
}

// TestManyResults: a page has a hundred results unless it is said, and a thousand at most.
func TestManyResults(t *testing.T) {
	h := one(t)
	service, token := h.service("M1")
	w := placedWorld(token.AccountID)
	for i := range 1200 {
		u := w.Users[1]
		u.ID = fmt.Sprintf("usr_%04d", i)
		w.Users = append(w.Users, u)
	}
	s, err := access.Build(w)
	h.must(err)
	h.Live.Store(s)
	ask := whoMay("transactions", "view", "e_east")
	for _, c := range []struct {
		name string
		page part
		want int
	}{{"K1 without a limit", part{}, 100}, {"K1 with one", part{"limit": 150}, 150}, {"K1 with one that is high", part{"limit": 5000}, 1000}, {"K1 with one that fits nowhere", part{"limit": json.RawMessage("99999999999999999999")}, 1000}} {
		t.Run(c.name, func(t *testing.T) {
			first := searched(t, service.post(searches[0], with(ask, "page", c.page)))
			next := searched(t, service.post(searches[0], with(ask, "page", part{"token": *first.Page.NextToken})))
			list := append(first.ids("user"), next.ids("user")...)
			if len(first.Results) != c.want || len(list) != min(2*c.want, 1201) || !slices.IsSorted(list) || len(slices.Compact(list)) != len(list) || first.Page.Total != nil {
				t.Errorf("%d, then %d", len(first.Results), len(next.Results))
			}
		})
	}
}

// TestE09AccessChangesBetweenPages: each page is by the access data of its own moment.
func TestE09AccessChangesBetweenPages(t *testing.T) {
	h := one(t)
	service, _ := h.service("M1")
	owner := h.as("m1.owner")
	labels := map[string]string{}
	for _, l := range []string{"auditor", "operations", "reader", "reader_a", "limited"} {
		labels[h.User("m1."+l)] = "m1." + l
	}
	ask := whoMay("transactions", "view", "M1-A")
	var shown []string
	var gone string
	p := part{"limit": 1}
	revision := int64(0)
	for {
		got := searched(t, service.post(searches[0], with(ask, "page", p)))
		for _, id := range got.ids("user") {
			if shown = append(shown, id); id == gone {
				t.Errorf("%s was deactivated before this page", labels[id])
			}
			allowed(t, service.post(evaluation, question(id, "transactions", "view", "M1-A")), true)
		}
		if got.Context.Revision < revision {
			t.Error("an older answer after a newer one")
		}
		revision = got.Context.Revision
		if *got.Page.NextToken == "" {
			break
		}
		p = part{"token": *got.Page.NextToken}
		for id, label := range labels {
			if gone != "" || slices.Contains(shown, id) || len(shown) == 0 {
				continue
			}
			at := h.at(label)
			owner.with("If-Match", etag(owner.get(at))).post(at+"/deactivation", nil).is(http.StatusNoContent)
			gone = id
			if last := shown[0]; labels[last] != "" { // who was shown already is denied when asked about
				at := h.at(labels[last])
				owner.with("If-Match", etag(owner.get(at))).post(at+"/deactivation", nil).is(http.StatusNoContent)
				allowed(t, service.post(evaluation, question(last, "transactions", "view", "M1-A")), false, "inactive_membership")
			}
		}
	}
	if gone == "" || slices.Contains(shown, gone) || !slices.IsSorted(shown) {
		t.Errorf("%v was not found, %v were", gone, shown)
	}
	t.Run("E09 nor does a search of resources or actions show what is no more", func(t *testing.T) {
		reader := labels[gone]
		if got := searched(t, service.post(searches[1], whatFor(gone, "transactions", "view", nil))); len(got.Results) != 0 {
			t.Errorf("%s: %v", reader, got.Results)
		}
		if got := searched(t, service.post(searches[2], question(gone, "transactions", "view", "M1-A"))); len(got.Results) != 0 {
			t.Errorf("%s: %v", reader, got.Results)
		}
	})
}

// TestTimeOfDecisions: the time is the server's, to the microsecond, whatever a caller says (E12, E13, E14).
func TestTimeOfDecisions(t *testing.T) {
	begin := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	clock := testdb.NewClock(begin.Add(-time.Hour))
	h := build(t, testdb.Open(t, testdb.SQLite, testdb.Options{Clock: clock}))
	service, token := h.service("M1")
	w := placedWorld(token.AccountID)
	end := begin.Add(24 * time.Hour)
	w.Users[0].Memberships[0].AllLocations = true
	w.Users[0].Memberships[0].Assignments[0].From, w.Users[0].Memberships[0].Assignments[0].Until = begin.UnixMicro(), end.UnixMicro()
	s, err := access.Build(w)
	h.must(err)
	h.Live.Store(s)
	for _, c := range []struct {
		name   string
		at     time.Time
		want   bool
		reason string
	}{
		{"E14 a microsecond before it begins", begin.Add(-time.Microsecond), false, "not_yet"},
		{"E14 at its beginning", begin, true, ""},
		{"E14 a microsecond before it ends", end.Add(-time.Microsecond), true, ""},
		{"E14 at its end", end, false, "expired"},
		{"E13 after the clock stepped back", end.Add(-time.Second), true, ""},
		{"E13 in 2038", time.Date(2038, 1, 19, 3, 14, 8, 0, time.UTC), false, "expired"},
		{"E13 in 9999", time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), false, "expired"},
	} {
		t.Run(c.name, func(t *testing.T) {
			clock.Advance(c.at.Sub(clock.Now()))
			for _, said := range []any{nil, begin.Format(time.RFC3339), end.Add(time.Hour).Format(time.RFC3339), "2026-03-01T12:00-07:00", 1772366400, "now", part{}} {
				ask := question("usr_placed", "transactions", "view", "e")
				ask["context"] = part{"time": said, "now": said}
				d := service.post(evaluation, ask)
				if c.want {
					allowed(t, d, true)
				} else {
					allowed(t, d, false, c.reason)
				}
				for _, path := range searches {
					if got := searched(t, service.post(path, ask)); (len(got.Results) > 0) != c.want {
						t.Errorf("E12 %s at %v, said to be %v: %v", path, c.at, said, got.Results)
					}
				}
			}
		})
	}
}

// TestBadSearches: what cannot be read is a bad request, and what is not known finds nothing.
func TestBadSearches(t *testing.T) {
	h := one(t)
	service, _ := h.service("M1")
	good := question(h.User("m1.owner"), "transactions", "view", "M1")
	for i, needs := range [][]string{{"subject", "subject.type", "action", "action.name", "resource", "resource.type", "resource.id"},
		{"subject", "subject.type", "subject.id", "action", "action.name", "resource", "resource.type"}, {"subject", "subject.type", "subject.id", "resource", "resource.type", "resource.id"}} {
		for _, name := range needs {
			t.Run(searches[i]+" without "+name, func(t *testing.T) {
				ask := good
				if outer, inner, in := strings.Cut(name, "."); in {
					ask = with(ask, outer, without(ask[outer].(part), inner))
				} else {
					ask = without(ask, name)
				}
				a := service.post(searches[i], ask)
				if plain(t, a, http.StatusBadRequest); !strings.Contains(a.body, name+" ") {
					t.Errorf("%s", a.body)
				}
			})
		}
	}
	sound := text(t, good)
	for _, path := range searches {
		for _, bad := range []string{"", "[]", "null", "{", sound + "x", sound[:len(sound)-1], strings.Replace(sound, "{", `{"page":{},"page":{},`, 1), strings.Replace(sound, "{", `{"page":{"limit":1,"limit":2},`, 1),
			strings.Replace(sound, "M1", "\xff", 1), strings.Replace(sound, "M1", `\ud800`, 1), strings.Replace(sound, "{", `{"page":{"properties":{"a":1,"a":1}},`, 1), strings.Replace(sound, `"resource":{`, `"resource":{"properties":[],`, 1),
			strings.Replace(sound, "{", `{"context":{"ip":"x"},`, 1), strings.Replace(sound, "{", `{"x":`+strings.Repeat("[", 20_000)+strings.Repeat("]", 20_000)+`,`, 1)} {
			plain(t, service.do(http.MethodPost, path, bad), http.StatusBadRequest)
		}
		plain(t, service.do(http.MethodPost, path, `{"x":"`+strings.Repeat("a", 300<<10)+`"}`), http.StatusRequestEntityTooLarge)
		plain(t, service.with("Content-Type", "text/plain").do(http.MethodPost, path, sound), http.StatusBadRequest)
		t.Run(path+" K1 what is not known is not read", func(t *testing.T) {
			odd := strings.Replace(sound, "{", `{"foo":"bar","futureField":{"nested":true},"evaluations":7,"options":[],`, 1)
			if a, b := service.do(http.MethodPost, path, sound), service.do(http.MethodPost, path, odd); a.body != b.body || len(searched(t, a).Results) == 0 {
				t.Errorf("%s\n%s", a.body, b.body)
			}
		})
	}
	t.Run("without a snapshot nobody is not the answer", func(t *testing.T) {
		live := h.Live.Load()
		h.Live.Store(nil)
		defer h.Live.Store(live)
		for _, path := range searches {
			if a := service.post(path, good); a.header.Get("Retry-After") == "" {
				plain(t, a, http.StatusServiceUnavailable)
				t.Error("no Retry-After")
			}
		}
	})
}

// TestKindsOfTokens: a token that works, and is for something else, is not one that is unknown.
// There is no other kind yet, so the database has to look away.
func TestKindsOfTokens(t *testing.T) {
	h := one(t)
	service, token := h.service("M1")
	ask := question(h.User("m1.reader"), "transactions", "view", "M1")
	h.Do(func(tx *db.Tx) error {
		for _, text := range []string{`PRAGMA ignore_check_constraints = ON`, `UPDATE service_tokens SET kind = 'other' WHERE id = '` + token.ID + `'`, `PRAGMA ignore_check_constraints = OFF`} {
			if _, err := tx.Exec(text); err != nil {
				return err
			}
		}
		return nil
	})
	h.service("M1") // has the tokens read again
	for _, path := range decisionAddresses {
		a := service.post(path, ask)
		if plain(t, a, http.StatusForbidden); a.header.Get("WWW-Authenticate") != `Bearer realm="countersign", error="insufficient_scope"` {
			t.Errorf("%s", a.header.Get("WWW-Authenticate"))
		}
	}
	revoked, token := h.service("M1")
	searched(t, revoked.post(searches[0], ask))
	h.must(h.Org.RevokeToken(t.Context(), h.Who("m1.owner"), h.Account("M1").ID, token.ID))
	for _, c := range []caller{revoked, h.nobody(), h.as("m1.owner"), revoked.without().with("Authorization", "Basic "+revoked.bearer)} {
		for _, path := range decisionAddresses {
			a := c.post(path, ask)
			if plain(t, a, http.StatusUnauthorized); !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer realm=") {
				t.Errorf("%s", a.header.Get("WWW-Authenticate"))
			}
			plain(t, c.post(path+"?access_token="+revoked.bearer, ask), http.StatusUnauthorized)
		}
	}
}
