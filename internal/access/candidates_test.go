package access

import (
	"fmt"
	"testing"
)

// TestCandidates: a search looks at those who can be found, however many have the role for something else.
func TestCandidates(t *testing.T) {
	const each = 200
	view, refund, home := MustParse("transactions:view"), MustParse("payments:refund"), MustParse("home:view")
	w := World{
		Entities: []Entity{{ID: "shop", CustomerID: "SHOP", Path: "000001", Kind: Merchant, Active: true}},
		Accounts: []Account{{ID: "acc", EntityID: "shop", Live: true}},
		Roles: []Role{
			{ID: "till", AccountID: "acc", Policies: []Policy{{ID: "p", Permissions: []Grant{{Permission: view}, {Permission: home}}}}},
			{ID: "own", AccountID: "acc", Policies: []Policy{{ID: "q", Permissions: []Grant{{Permission: refund, Condition: Condition{OwnOnly: true}}}}}},
			{ID: "rare", AccountID: "acc", Policies: []Policy{{ID: "r", Permissions: []Grant{{Permission: MustParse("transactions:export")}}}}},
		},
	}
	add := func(id, role string, locations ...string) {
		w.Users = append(w.Users, User{ID: id, Active: true, Memberships: []Membership{{ID: "m" + id, AccountID: "acc", Active: true, AllLocations: len(locations) == 0, Locations: locations,
			Assignments: []Assignment{{ID: "s" + id, RoleID: role, AllEntities: true}}}}})
	}
	for i := range each {
		location := fmt.Sprintf("loc_%d", i)
		w.Locations = append(w.Locations, Location{ID: location, EntityID: "shop"})
		add(fmt.Sprintf("at_%03d", i), "till", location)
		add(fmt.Sprintf("own_%03d", i), "own")
	}
	for i := range 10 {
		add(fmt.Sprintf("rare_%d", i), "rare", "loc_7")
	}
	s, err := Build(w)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		q    Question
		want int
	}{
		{"one location: those who are restricted to it", Question{Permission: view, Location: "loc_5"}, 1},
		{"one at which others work too", Question{Permission: view, Location: "loc_7"}, 11},
		{"one at which there are more people than have the role anywhere", Question{Permission: MustParse("transactions:export"), Location: "loc_7"}, 10},
		{"no location, where one is asked for", Question{Permission: view}, 0},
		{"no location, where none is asked for", Question{Permission: home}, each},
		{"one's own record", Question{Permission: refund, Owner: "own_042", SecondFactor: true, Fresh: true}, 1},
		{"nobody's record", Question{Permission: refund, SecondFactor: true, Fresh: true}, 0},
		{"a second factor is needed", Question{Permission: refund, Owner: "own_042", Fresh: true}, 0},
	} {
		t.Run("K1 "+c.name, func(t *testing.T) {
			c.q.Within, c.q.Entity, c.q.Now = "acc", "shop", 1
			a := asking{q: &c.q}
			a.ask(s)
			if why := a.resource(); why != 0 {
				t.Fatal(why)
			}
			got := 0
			for range s.candidates(&a, "") {
				got++
			}
			if got != c.want {
				t.Errorf("looks at %d, want %d", got, c.want)
			}
		})
	}
}
