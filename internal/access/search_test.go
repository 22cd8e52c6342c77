package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"countersign/internal/access"
)

// TestSearchIsDecide: for everybody, every permission and every entity of the
// small world, searches find what Decide allows.
func TestSearchIsDecide(t *testing.T) {
	for name, live := range map[string]bool{"with a test account": false, "all live": true} {
		t.Run(name, func(t *testing.T) {
			w := staffed()
			for i := range w.Accounts {
				w.Accounts[i].Live = w.Accounts[i].Live || live
			}
			searchIsDecide(t, w)
		})
	}
}

func searchIsDecide(t *testing.T, w access.World) {
	own := access.Entity{ID: "part_own", ParentID: "part", Path: w.Entities[slices.IndexFunc(w.Entities, func(e access.Entity) bool { return e.ID == "part" })].Path + "999999", Kind: access.LegalEntity, Active: true}
	w.Entities = append(w.Entities, own) // the partner's own, behind the accounts below it
	s := built(t, w)
	var users, entities []string
	for _, u := range w.Users {
		users = append(users, u.ID)
	}
	slices.Sort(users)
	slices.SortFunc(w.Entities, func(a, b access.Entity) int { return strings.Compare(a.Path, b.Path) })
	for _, e := range w.Entities {
		entities = append(entities, e.ID)
	}
	found := 0
	for _, a := range append(w.Accounts, access.Account{}) {
		for _, q := range []access.Question{{Within: a.ID, Now: 1}, {Within: a.ID, Now: 1, SecondFactor: true, Fresh: true}} {
			for _, q.Permission = range access.Permissions() {
				allowed := map[[2]string]bool{}
				for _, q.User = range users {
					for _, q.Entity = range entities {
						allowed[[2]string{q.User, q.Entity}] = access.Decide(s, q).Allowed
					}
				}
				for _, q.User = range users {
					want := slices.DeleteFunc(slices.Clone(entities), func(e string) bool { return !allowed[[2]string{q.User, e}] })
					if got := access.Entities(s, q, "", 100); !slices.Equal(got.IDs, want) || got.Next != "" {
						t.Fatalf("Entities: %v, want %v: %+v", got, want, q)
					}
					found += len(want)
				}
				for _, q.Entity = range entities {
					want := slices.DeleteFunc(slices.Clone(users), func(u string) bool { return !allowed[[2]string{u, q.Entity}] })
					if got := access.Subjects(s, q, "", 100); !slices.Equal(got.IDs, want) || got.Next != "" {
						t.Fatalf("Subjects: %v, want %v: %+v", got, want, q)
					}
				}
			}
		}
	}
	if found == 0 {
		t.Error("nobody may do anything: the world shows nothing")
	}
}

func TestSearchOfNothing(t *testing.T) {
	q := ask("home:view", "shop")
	s := built(t, smallWorld())
	for name, p := range map[string]access.Page{
		"no snapshot": access.Subjects(nil, q, "", 10), "nobody": access.Subjects(s, q, "", 10), "no limit": access.Subjects(s, q, "", 0),
		"no snapshot for entities": access.Entities(nil, q, "", 10), "an unknown user": access.Entities(s, q, "", 10),
	} {
		if len(p.IDs) != 0 || p.Next != "" {
			t.Errorf("%s: %v", name, p)
		}
	}
	if !access.Actions(nil, q).Empty() {
		t.Error("without a snapshot something is allowed")
	}
}

// TestSearchFollowsChanges: whoever comes, goes or changes after the first search is found as they are.
func TestSearchFollowsChanges(t *testing.T) {
	w := smallWorld()
	for _, id := range []string{"b", "d", "f"} {
		w.Users = append(w.Users, person(id, "A-shop", "clerk"))
	}
	s := built(t, w)
	q := ask("transactions:view", "shop_uk")
	for _, c := range []struct {
		changed []access.User
		gone    []string
		want    []string
	}{
		{nil, nil, []string{"b", "d", "f"}},
		{[]access.User{person("a", "A-shop", "clerk"), person("e", "A-shop", "clerk"), person("g", "A-shop", "clerk")}, nil, []string{"a", "b", "d", "e", "f", "g"}},
		{[]access.User{person("d", "A-shop", "seer")}, []string{"b", "g"}, []string{"a", "e", "f"}},
		{[]access.User{person("b", "A-shop", "clerk")}, []string{"f"}, []string{"a", "b", "e"}},
	} {
		var err error
		if s, err = s.WithUsers(s.Revision()+1, c.changed, c.gone); err != nil {
			t.Fatal(err)
		}
		for limit := 1; limit < 8; limit++ {
			if got := subjects(s, q, limit); !slices.Equal(got, c.want) {
				t.Errorf("by %d: %v, want %v", limit, got, c.want)
			}
		}
	}
}

// TestSearchAtLocation: who is restricted to locations is found at these and nowhere else, once, however many there are elsewhere.
func TestSearchAtLocation(t *testing.T) {
	at := func(u access.User, locations ...string) access.User {
		for i := range u.Memberships {
			u.Memberships[i].AllLocations, u.Memberships[i].Locations = false, locations
		}
		return u
	}
	w := smallWorld()
	w.Roles = append(w.Roles, role("guide", "A-part", grants("transactions:view")))
	for i := range 20 {
		w.Users = append(w.Users, at(person(fmt.Sprintf("fr_%02d", i), "A-shop", "clerk"), "l_fr"))
	}
	twice := at(person("twice", "A-shop", "clerk"), "l_uk")
	twice.Memberships = append(twice.Memberships, at(person("twice", "A-part", "guide"), "l_uk").Memberships...)
	w.Users = append(w.Users, at(person("uk", "A-shop", "clerk"), "l_uk"), at(person("both", "A-shop", "clerk"), "l_fr", "l_uk"), at(person("blind", "A-shop", "seer"), "l_uk"),
		at(person("nowhere", "A-shop", "clerk")), person("all", "A-shop", "clerk"), twice)
	s := built(t, w)
	check := func(name string, q access.Question, want ...string) {
		t.Helper()
		for limit := 1; limit < 4; limit++ {
			if got := subjects(s, q, limit); !slices.Equal(got, want) {
				t.Errorf("%s, by %d: %v, want %v", name, limit, got, want)
			}
		}
	}
	q := ask("transactions:view", "shop_uk")
	check("no location", q, "all")
	q.Location = "l_uk"
	check("the shop's own question", q, "all", "both", "twice", "uk")
	q.Within = "A-part"
	check("the partner's question", q, "all", "both", "twice", "uk")
	q.Location = "l_lab"
	check("a location of another entity", q)
	home := ask("home:view", "shop_uk")
	check("a permission that asks for no location", home, "blind")

	change := func(c access.Changes) {
		t.Helper()
		c.Revision = s.Revision() + 1
		var err error
		if s, err = s.With(c); err != nil {
			t.Fatal(err)
		}
	}
	q = ask("transactions:view", "shop_uk")
	q.Location = "l_new"
	change(access.Changes{Locations: []access.Location{{ID: "l_new", EntityID: "shop_uk"}}})
	check("a location that has just come", q, "all")
	change(access.Changes{Users: []access.User{at(person("uk", "A-shop", "clerk"), "l_new")}})
	check("whoever has come to it", q, "all", "uk")
	q.Location = "l_uk"
	check("where they were", q, "all", "both", "twice")
}

// subjects are all that a search finds, page by page.
func subjects(s *access.Snapshot, q access.Question, limit int) (list []string) {
	for after := ""; ; {
		p := access.Subjects(s, q, after, limit)
		list = append(list, p.IDs...)
		if after = p.Next; after == "" {
			return list
		}
	}
}
