package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"countersign/internal/access"
)

// small is a random world for searches: an account's tree and its people, of
// whom two have a session each.
type small struct {
	access.World
	sessions []string
}

// upTo draws 0 to n evenly: rapid's own ranges lean to small numbers.
func upTo(t *rapid.T, n int) int {
	bits := 0
	for range 10 {
		bits = bits*2 + map[bool]int{true: 1}[rapid.Bool().Draw(t, "bit")]
	}
	return bits % (n + 1)
}

func oneOf[T any](t *rapid.T, list ...T) T { return list[upTo(t, len(list)-1)] }

func chance(t *rapid.T, percent int) bool { return upTo(t, 99) < percent }

// lawful are the types that are asked about: located and not, with a second
// factor and without, for one's own account, by level, fresh.
var lawful = []string{"transactions:view", "transactions:export", "payments:create", "payments:view", "payments:refund", "keys:view", "keys:manage", "users:create", "users:view", "accounts:view", "account:transfer_ownership", "account:view", "page:payments"}

// drawSmall draws a world around the account of a service token, with something above it and beside it.
func drawSmall(t *rapid.T, account string, people []string) small {
	w := small{World: access.World{Revision: 11}}
	add := func(id, parent, path string, kind access.Kind, account string) {
		w.Entities = append(w.Entities, access.Entity{ID: id, ParentID: parent, Path: path, CustomerID: "C-" + id, Kind: kind, Active: !chance(t, 4)})
		if account != "" {
			w.Accounts = append(w.Accounts, access.Account{ID: account, EntityID: id, Live: chance(t, 50)})
		}
	}
	add("ent_top", "", "000001", access.Platform, "acc_top")
	add("ent_beside", "ent_top", "000001000001", access.Merchant, "acc_beside")
	add("ent_0", "ent_top", "000001000002", access.Partner, account)
	children := map[string]int{}
	for i := range 1 + upTo(t, 6) {
		up := w.Entities[2+upTo(t, len(w.Entities)-3)]
		children[up.ID]++
		kind, below := access.LegalEntity, ""
		if up.Kind == access.Partner {
			kind = access.Merchant
			if chance(t, 50) {
				below = fmt.Sprint("acc_", i+1)
			}
		}
		add(fmt.Sprint("ent_", i+1), up.ID, fmt.Sprintf("%s%06d", up.Path, children[up.ID]), kind, below)
	}
	for i := range upTo(t, 4) {
		w.Locations = append(w.Locations, access.Location{ID: fmt.Sprint("loc_", i), EntityID: w.Entities[upTo(t, len(w.Entities)-1)].ID})
	}
	for i, a := range w.Accounts {
		for j := range 2 {
			w.Roles = append(w.Roles, drawSmallRole(t, fmt.Sprint("rol_", i, "_", j), a.ID))
		}
	}
	for i := range 5 {
		people = append(people, fmt.Sprint("usr_", i))
	}
	for _, id := range people {
		w.Users = append(w.Users, drawSmallUser(t, w, id))
	}
	slices.SortFunc(w.Users, func(a, b access.User) int { return strings.Compare(a.ID, b.ID) })
	return w
}

func drawSmallRole(t *rapid.T, id, account string) access.Role {
	p := access.Policy{ID: "pol_" + id}
	for range 6 + upTo(t, 6) {
		g := access.Grant{Permission: access.MustParse(oneOf(t, lawful...))}
		if chance(t, 30) {
			g.Condition = oneOf(t, access.Condition{OwnOnly: true}, access.Condition{MaxAmount: 100, Currency: "EUR"}, access.Condition{States: []string{"open"}}, access.Condition{Currency: "EUR", OwnOnly: true})
		}
		p.Permissions = append(p.Permissions, g)
	}
	return access.Role{ID: id, AccountID: account, Policies: []access.Policy{p}}
}

func drawSmallUser(t *rapid.T, w small, id string) access.User {
	u := access.User{ID: id, Active: !chance(t, 4)}
	accounts := rapid.Permutation(w.Accounts).Draw(t, "accounts")
	for _, a := range accounts[:1+upTo(t, min(1, len(accounts)-1))] {
		m := access.Membership{ID: "mem_" + id + a.ID, AccountID: a.ID, Active: !chance(t, 4), AllLocations: chance(t, 60)}
		if chance(t, 15) {
			m.Allow = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
		}
		for _, l := range w.Locations {
			if chance(t, 50) {
				m.Locations = append(m.Locations, l.ID)
			}
		}
		for _, r := range w.Roles {
			if r.AccountID != a.ID || chance(t, 15) {
				continue
			}
			given := access.Assignment{ID: "asg_" + id + r.ID, RoleID: r.ID, AllEntities: chance(t, 50), Until: oneOf[int64](t, 0, 0, 0, 0, 1, 1<<60)}
			for range 2 {
				given.Entities = append(given.Entities, w.Entities[upTo(t, len(w.Entities)-1)].ID)
			}
			m.Assignments = append(m.Assignments, given)
		}
		u.Memberships = append(u.Memberships, m)
	}
	return u
}

// law asks everything twice: by a search, and one by one.
type law struct {
	*rapid.T
	small
	h      *house
	bearer string

	found, missing, pages, located int
}

func (l *law) post(path string, body any, into any) {
	text, err := json.Marshal(body)
	if err != nil {
		l.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, path, bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+l.bearer)
	w := httptest.NewRecorder()
	l.h.server.Config.Handler.ServeHTTP(w, r)
	if err := json.Unmarshal(w.Body.Bytes(), into); w.Code != http.StatusOK || err != nil {
		l.Fatalf("%s %s: %d %s %v", path, text, w.Code, w.Body, err)
	}
}

// answers is a page of any search.
type answers struct {
	Page struct {
		NextToken    *string `json:"next_token"`
		Count, Total *int
	}
	Context struct {
		Revision int64
		Stale    bool
	}
	Results []part
}

// walk reads all pages, of one size, and holds what is said of each.
func (l *law) walk(path string, body part) (all []part) {
	limit := 1 + upTo(l.T, 3)
	body = maps.Clone(body)
	body["page"] = part{"limit": limit}
	var total *int
	for {
		var a answers
		l.post(path, body, &a)
		switch {
		case a.Results == nil || a.Page.NextToken == nil || a.Page.Count == nil || *a.Page.Count != len(a.Results) || a.Context.Revision != 11:
			l.Fatalf("%s is answered %+v", path, a)
		case len(a.Results) > limit || *a.Page.NextToken != "" && len(a.Results) < limit:
			l.Fatalf("%d results of at most %d, and %q", len(a.Results), limit, *a.Page.NextToken)
		case a.Results != nil && len(all) > 0 && len(a.Results) == 0:
			l.Fatalf("a token led to nothing")
		}
		all, total = append(all, a.Results...), a.Page.Total
		if *a.Page.NextToken == "" {
			break
		}
		l.pages++
		body["page"] = oneOf(l.T, part{"token": *a.Page.NextToken}, part{"token": *a.Page.NextToken, "limit": limit})
	}
	if total != nil && *total != len(all) || total == nil && len(all) <= limit {
		l.Fatalf("a total of %v of %d", total, len(all))
	}
	l.found += len(all)
	return all
}

// true tells of which of these evaluation says true.
func (l *law) true(list []part) []bool {
	out := make([]bool, 0, len(list))
	for some := range slices.Chunk(list, 1000) {
		var a struct{ Evaluations []struct{ Decision bool } }
		l.post(evaluations, part{"evaluations": some}, &a)
		for _, d := range a.Evaluations {
			out = append(out, d.Decision)
			if !d.Decision {
				l.missing++
			}
		}
	}
	if len(out) != len(list) {
		l.Fatalf("%d answers to %d", len(out), len(list))
	}
	return out
}

func with(p part, name string, v any) part {
	out := maps.Clone(p)
	out[name] = v
	return out
}

// same ends the test unless the search found what evaluation says true of, in its order, once.
func (l *law) same(what string, got, want []string) {
	if !slices.Equal(got, want) {
		l.Fatalf("%s: found %v, evaluation says true of %v", what, got, want)
	}
}

func (l *law) entityNames() (list []string) {
	for _, e := range l.Entities {
		list = append(list, e.ID, e.CustomerID)
	}
	list = append(list[4:], list[4:]...) // mostly of the account
	return append(list, "ent_top", "C-ent_beside", "ent_none", "")
}

func (l *law) check() {
	permission := oneOf(l.T, lawful...)
	resource, action, _ := strings.Cut(permission, ":")
	properties := part{}
	user := l.Users[upTo(l.T, len(l.Users)-1)].ID
	for _, p := range []struct {
		name   string
		values []any
	}{{"location", []any{nil, nil, nil, "loc_0", "loc_1", "loc_none"}}, {"owner", []any{nil, user, "usr_1"}}, {"state", []any{nil, "open", "open", "shut"}}, {"currency", []any{nil, "EUR", "EUR", "CHF"}}, {"amount", []any{nil, 100, 101}}} {
		if v := oneOf(l.T, p.values...); v != nil {
			properties[p.name] = v
		}
	}
	context := part{}
	if s := oneOf(l.T, append(append(l.sessions, l.sessions...), "", "ses_none")...); s != "" {
		context["session"] = s
	}
	if ip := oneOf(l.T, "", "192.0.2.7", "192.0.2.7", "198.51.100.1"); ip != "" {
		context["ip"] = ip
	}
	ask := part{"subject": part{"type": "user", "id": user}, "action": part{"name": action}, "context": context,
		"resource": part{"type": resource, "id": "1", "properties": with(properties, "entity", oneOf(l.T, l.entityNames()...))}}
	l.checkSubjects(ask)
	l.checkActions(ask, resource)
	if chance(l.T, 80) {
		ask["resource"] = part{"type": resource, "properties": properties}
	}
	l.checkResources(ask)
}

func (l *law) checkSubjects(ask part) {
	var each []part
	for _, u := range l.Users {
		each = append(each, with(ask, "subject", part{"type": "user", "id": u.ID}))
	}
	var got, want []string
	for i, yes := range l.true(each) {
		if yes {
			want = append(want, l.Users[i].ID)
		}
	}
	for _, r := range l.walk(searches[0], with(ask, "subject", part{"type": "user", "id": "ignored"})) {
		if r["type"] != "user" || len(r) != 2 {
			l.Fatalf("%v", r)
		}
		got = append(got, r["id"].(string))
	}
	l.same(fmt.Sprint("who may ", ask), got, want)
}

func (l *law) checkActions(ask part, resource string) {
	var names []string
	var each []part
	for _, p := range access.Permissions() {
		if p.Info().Resource == resource {
			names = append(names, p.Info().Action)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		each = append(each, with(ask, "action", part{"name": n}))
	}
	var got, want []string
	for i, yes := range l.true(each) {
		if yes {
			want = append(want, names[i])
		}
	}
	search := maps.Clone(ask)
	delete(search, "action")
	for _, r := range l.walk(searches[2], search) {
		if len(r) != 1 {
			l.Fatalf("%v", r)
		}
		got = append(got, r["name"].(string))
	}
	l.same(fmt.Sprint("what may be done ", ask), got, want)
}

// checkResources: all that is found is true as it stands, and whatever is true, at
// an entity and a location or none, is found or is at an entity that was found for all locations.
func (l *law) checkResources(ask part) {
	kind := ask["resource"].(part)["type"]
	properties := ask["resource"].(part)["properties"].(part)
	results := l.walk(searches[1], ask)
	found := map[[2]any]bool{}
	var each []part
	for _, r := range results {
		at := r["properties"].(part)
		key := [2]any{at["entity"], at["location"]}
		if r["type"] != kind || r["id"] == "" || found[key] {
			l.Fatalf("%v twice, or with another type: %v", r, results)
		}
		if found[key] = true; at["location"] != properties["location"] {
			l.located++
			if found[[2]any{at["entity"], nil}] {
				l.Fatalf("%v was found for all locations before: %v", r, results)
			}
		}
		each = append(each, with(ask, "resource", r))
	}
	for i, yes := range l.true(each) {
		if !yes {
			l.Fatalf("found %v, of which evaluation says false: %v", results[i], ask)
		}
	}
	entities, places := []string{}, []any{nil}
	for _, e := range l.Entities {
		entities = append(entities, e.ID)
	}
	for _, p := range l.Locations {
		places = append(places, p.ID)
	}
	if e, given := properties["entity"].(string); given && e != "" {
		entities = []string{e}
	}
	if p, given := properties["location"]; given {
		places = []any{p}
	}
	each = nil
	var keys [][2]any
	for _, e := range entities {
		for _, p := range places {
			at := with(properties, "entity", e)
			if p != nil {
				at["location"] = p
			}
			keys, each = append(keys, [2]any{e, p}), append(each, with(ask, "resource", part{"type": kind, "id": "1", "properties": at}))
		}
	}
	for i, yes := range l.true(each) {
		if key := keys[i]; yes && !found[key] && !found[[2]any{key[0], nil}] {
			l.Fatalf("%v is true and was not found in %v: %v", key, results, ask)
		}
	}
}

// TestSearchesFindWhatEvaluationAllows holds the law of the standard over random
// worlds, through the whole of HTTP but the network, in pages of any size.
func TestSearchesFindWhatEvaluationAllows(t *testing.T) {
	h := one(t)
	service, token := h.service("M1")
	people := []string{h.User("m1.owner"), h.User("m1.reader")}
	sessions := []string{h.as("m1.owner").get("/api/v1/session").object()["session"].(string), h.as("m1.reader").get("/api/v1/session").object()["session"].(string)}
	var found, missing, pages, located int
	t.Run("K1 all that is found is true, and nothing that is true is missing", func(t *testing.T) {
		rapid.Check(t, func(t *rapid.T) {
			w := drawSmall(t, token.AccountID, people)
			w.sessions = sessions
			s, err := access.Build(w.World)
			if err != nil {
				t.Fatal(err)
			}
			h.Live.Store(s)
			l := &law{T: t, small: w, h: h, bearer: service.bearer}
			for range 12 {
				l.check()
			}
			found, missing, pages, located = found+l.found, missing+l.missing, pages+l.pages, located+l.located
		})
	})
	t.Logf("%d found, %d false, %d further pages, %d at a location", found, missing, pages, located)
	if found < 500 || missing < 1000 || pages < 100 || located < 5 {
		t.Error("the worlds show nothing")
	}
}
