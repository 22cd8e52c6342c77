package access_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"countersign/internal/access"
)

// registeredWorld is the small world with the registered types, and ann, who has
// one role in A-shop with these grants, and is of the red team there.
func registeredWorld(gs ...access.Grant) access.World {
	w := smallWorld()
	w.Types, w.UserProperties = types(), userProperties()
	w.Roles = append(w.Roles, role("own", "A-shop", gs), role("own-lab", "A-lab", gs))
	ann := person("ann", "A-shop", "own")
	ann.Memberships[0].Values = []access.Value{{Name: "team", Text: "red"}, {Name: "shift", Text: "red"}}
	w.Users = append(w.Users, ann)
	w.Resources = []access.Resource{
		{AccountID: "A-shop", Type: "docs", ID: "1", EntityID: "shop_uk", Values: []access.Value{{Name: "owner", Text: "ann"}, {Name: "team", Text: "red"}, {Name: "pages", Text: "3"}}},
		{AccountID: "A-shop", Type: "docs", ID: "2", EntityID: "shop_fr", Values: []access.Value{{Name: "owner", Text: "bob"}, {Name: "team", Text: "blue"}}},
		{AccountID: "A-lab", Type: "docs", ID: "lab", EntityID: "lab"},
		{AccountID: "A-shop", Type: "boxes", ID: "b", EntityID: "shop_uk", LocationID: "l_uk"},
	}
	return w
}

func when(permission string, clauses ...access.Clause) access.Grant {
	return access.Grant{Permission: access.MustParse(permission), Condition: access.Condition{Clauses: clauses}}
}

func resource(name string, op access.Op, values ...string) access.Clause {
	return access.Clause{Part: access.OfResource, Name: name, Op: op, Values: values, Other: "team", Most: 5}
}

func TestRegisteredTypes(t *testing.T) {
	user := func(name string, op access.Op, values ...string) access.Clause {
		c := resource(name, op, values...)
		c.Part = access.OfUser
		return c
	}
	soft := access.Clause{Part: access.OfAction, Name: "soft", Op: access.OneOf, Values: []string{"true"}}
	claim := func(part access.Part, name string, kind access.ValueKind, text string) access.Claim {
		return access.Claim{Part: part, Name: name, Kind: kind, Text: text}
	}
	for name, tt := range map[string]struct {
		grant  access.Grant
		asks   string // another permission than that of the grant
		id     string // of the resource
		claims []access.Claim
		entity string
		place  string
		plain  bool // without a second factor
		want   string
	}{
		"K2 a stored resource":                                    {grant: when("docs:read"), id: "1"},
		"K2 one that is not stored":                               {grant: when("docs:read"), id: "3", entity: "shop", want: "unknown_resource"},
		"K2 no resource":                                          {grant: when("docs:read"), entity: "shop", want: "unknown_resource"},
		"K2 another account's":                                    {grant: when("docs:read"), id: "lab", entity: "shop", want: "unknown_resource"},
		"K2 an action that no role gives":                         {grant: when("docs:read"), asks: "docs:drop", id: "1", want: "no_grant"},
		"K2 an action with a second factor":                       {grant: when("docs:read"), id: "1", plain: true},
		"K2 own record":                                           {grant: when("docs:read", resource("owner", access.Own)), id: "1"},
		"K2 somebody else's record":                               {grant: when("docs:read", resource("owner", access.Own)), id: "2", want: "condition_own"},
		"K2 attack: to claim that it is one's own":                {grant: when("docs:read", resource("owner", access.Own)), id: "2", claims: []access.Claim{claim(access.OfResource, "owner", access.Text, "ann")}, want: "condition_own"},
		"K2 one of":                                               {grant: when("docs:read", resource("team", access.OneOf, "red", "green")), id: "1"},
		"K2 none of":                                              {grant: when("docs:read", resource("team", access.OneOf, "red", "green")), id: "2", want: "condition_property"},
		"K2 the same as the user's":                               {grant: when("docs:read", resource("team", access.SameAs)), id: "1"},
		"K2 another than the user's":                              {grant: when("docs:read", resource("team", access.SameAs)), id: "2", want: "condition_property"},
		"E11 attack: to claim another team for the user":          {grant: when("docs:read", resource("team", access.SameAs)), id: "2", claims: []access.Claim{claim(access.OfUser, "team", access.Text, "blue")}, want: "condition_property"},
		"K2 at most, as stored":                                   {grant: when("docs:read", resource("pages", access.AtMost)), id: "1"},
		"K2 at most, as the caller says":                          {grant: when("docs:read", resource("pages", access.AtMost)), id: "2", claims: []access.Claim{claim(access.OfResource, "pages", access.Number, "5")}},
		"K2 more, as the caller says, though less is stored":      {grant: when("docs:read", resource("pages", access.AtMost)), id: "1", claims: []access.Claim{claim(access.OfResource, "pages", access.Number, "6")}, want: "condition_amount"},
		"K2 nothing is said of it":                                {grant: when("docs:read", resource("pages", access.AtMost)), id: "2", want: "condition_amount"},
		"K2 less than nothing":                                    {grant: when("docs:read", resource("pages", access.AtMost)), id: "1", claims: []access.Claim{claim(access.OfResource, "pages", access.Number, "-1")}, want: "condition_amount"},
		"K2 a number as a text":                                   {grant: when("docs:read", resource("pages", access.AtMost)), id: "1", claims: []access.Claim{claim(access.OfResource, "pages", access.Text, "3")}, want: "condition_amount"},
		"K2 a number that is none":                                {grant: when("docs:read", resource("pages", access.AtMost)), id: "1", claims: []access.Claim{claim(access.OfResource, "pages", access.Number, "1e3")}, want: "condition_amount"},
		"K2 an action's property":                                 {grant: when("docs:read", soft), id: "1", claims: []access.Claim{claim(access.OfAction, "soft", access.YesNo, "true")}},
		"K2 an action's property in another way":                  {grant: when("docs:read", soft), id: "1", claims: []access.Claim{claim(access.OfAction, "soft", access.YesNo, "false")}, want: "condition_property"},
		"K2 an action's property of the wrong kind":               {grant: when("docs:read", soft), id: "1", claims: []access.Claim{claim(access.OfAction, "soft", access.Text, "true")}, want: "condition_property"},
		"K2 attack: a property of another part":                   {grant: when("docs:read", soft), id: "1", claims: []access.Claim{claim(access.OfResource, "soft", access.YesNo, "true")}, want: "condition_property"},
		"K2 the user's stored property":                           {grant: when("docs:read", user("team", access.OneOf, "red")), id: "1"},
		"K2 what callers vouch for, as it is stored":              {grant: when("docs:read", user("shift", access.OneOf, "red")), id: "1"},
		"E11 what callers vouch for of a user":                    {grant: when("docs:read", user("shift", access.OneOf, "blue")), id: "1", claims: []access.Claim{claim(access.OfUser, "shift", access.Text, "blue")}},
		"K2 a property that nobody registered":                    {grant: when("docs:read", resource("colour", access.OneOf, "red")), id: "1", claims: []access.Claim{claim(access.OfResource, "colour", access.Text, "red")}, want: "condition_property"},
		"K2 both of two clauses":                                  {grant: when("docs:read", resource("team", access.OneOf, "red"), resource("owner", access.Own)), id: "2", want: "condition_own condition_property"},
		"K2 a comparison that this release does not know":         {grant: when("docs:read", resource("team", 99)), id: "1", want: "condition_property"},
		"K2 the caller names the entity":                          {grant: when("boxes:read"), id: "new", entity: "shop_uk"},
		"K2 the caller names none":                                {grant: when("boxes:read"), id: "new", want: "no_entity"},
		"K2 attack: to move a stored resource":                    {grant: when("boxes:read"), id: "b", entity: "lab"},
		"K2 the asking account's own":                             {grant: when("notes:read"), id: "new", entity: "lab"},
		"K2 a condition on a stored property of what is unstored": {grant: when("notes:read", resource("owner", access.Own)), id: "new", claims: []access.Claim{claim(access.OfResource, "owner", access.Text, "ann")}, want: "condition_own"},
	} {
		t.Run(name, func(t *testing.T) {
			s := built(t, registeredWorld(tt.grant))
			q := ask(cmp.Or(tt.asks, tt.grant.Permission.String()), tt.entity)
			q.Resource, q.Claims, q.Location, q.SecondFactor = tt.id, tt.claims, tt.place, !tt.plain
			want := strings.Fields(tt.want)
			if got := access.Decide(s, q); got.Allowed != (tt.want == "") || !slices.Equal(got.Codes(), want) {
				t.Errorf("Decide says %v %v, want %v", got.Allowed, got.Codes(), want)
			}
			if x := access.Explain(s, q); x.Decision.Allowed != (tt.want == "") {
				t.Errorf("Explain says %+v", x)
			}
			if got := access.Subjects(s, q, "", 100).IDs; slices.Contains(got, "ann") != (tt.want == "") {
				t.Errorf("Subjects finds %v", got)
			}
		})
	}
}

func TestRegisteredFlags(t *testing.T) {
	s := built(t, registeredWorld(when("docs:drop"), when("boxes:read")))
	t.Run("K2 an action that needs a second factor", func(t *testing.T) {
		q := ask("docs:drop", "")
		q.Resource, q.SecondFactor = "1", false
		if d := access.Decide(s, q); !slices.Equal(d.Codes(), []string{"needs_2fa"}) {
			t.Error(d.Codes())
		}
		if access.Held(s, q).Has(q.Permission) {
			t.Error("it is held without")
		}
	})
	t.Run("K2 a type whose resources have a location", func(t *testing.T) {
		w := registeredWorld(when("boxes:read"))
		m := &w.Users[len(w.Users)-1].Memberships[0]
		m.AllLocations, m.Locations = false, []string{"l_fr"}
		s := built(t, w)
		q := ask("boxes:read", "")
		q.Resource, q.Location = "b", "l_fr" // stored, elsewhere
		if d := access.Decide(s, q); !slices.Equal(d.Codes(), []string{"location_foreign"}) {
			t.Error(d.Codes())
		}
	})
}

// TestRegisteredInTwoAccounts: what is stored of a user counts in its own account only.
func TestRegisteredInTwoAccounts(t *testing.T) {
	w := registeredWorld(when("docs:read", resource("team", access.SameAs)))
	lab := person("ann", "A-lab", "own-lab").Memberships[0]
	lab.Values = []access.Value{{Name: "team", Text: "blue"}}
	ann := &w.Users[len(w.Users)-1]
	ann.Memberships = append(ann.Memberships, lab)
	w.Resources = append(w.Resources, access.Resource{AccountID: "A-part", Type: "docs", ID: "shop-blue", EntityID: "shop", Values: []access.Value{{Name: "team", Text: "blue"}}},
		access.Resource{AccountID: "A-part", Type: "docs", ID: "lab-blue", EntityID: "lab", Values: []access.Value{{Name: "team", Text: "blue"}}},
		access.Resource{AccountID: "A-part", Type: "docs", ID: "shop-none", EntityID: "shop", Values: []access.Value{{Name: "team", Text: ""}}})
	s := built(t, w)
	t.Run("K2 what is stored of a user counts in that account", func(t *testing.T) {
		for id, want := range map[string]bool{"lab-blue": true, "shop-blue": false, "shop-none": false} {
			q := ask("docs:read", "")
			q.Within, q.Resource = "A-part", id
			x := access.Explain(s, q)
			if d := access.Decide(s, q); d.Allowed != want || x.Decision.Allowed != want {
				t.Errorf("%s: %v %v", id, d.Allowed, d.Codes())
			}
			for _, m := range x.Memberships {
				for _, a := range m.Assignments {
					for _, p := range a.Policies {
						if p.Allowed != want && a.InScope {
							t.Errorf("%s: Explain says %+v of %s", id, p, m.Account)
						}
					}
				}
			}
		}
	})
	t.Run("K2 two empty values are not the same", func(t *testing.T) {
		changed := *ann
		changed.Memberships = slices.Clone(ann.Memberships)
		changed.Memberships[0].Values = []access.Value{{Name: "team", Text: ""}}
		s, err := s.WithUsers(4, []access.User{changed}, nil)
		q := ask("docs:read", "")
		q.Within, q.Resource = "A-part", "shop-none"
		if d := access.Decide(s, q); err != nil || d.Allowed {
			t.Error(err, d)
		}
	})
	t.Run("K2 a value that is taken away counts no more", func(t *testing.T) {
		changed := *ann
		changed.Memberships = slices.Clone(ann.Memberships)
		changed.Memberships[1].Values = nil
		changed.Memberships[0].Values = nil
		s, err := s.WithUsers(4, []access.User{changed}, nil)
		q := ask("docs:read", "")
		q.Within, q.Resource = "A-part", "lab-blue"
		if d := access.Decide(s, q); err != nil || d.Allowed {
			t.Error(err, d)
		}
	})
}

// TestRegisteredAreGiven: by whoever manages roles, and by nobody else who does not hold them.
func TestRegisteredAreGiven(t *testing.T) {
	w := registeredWorld(when("docs:read"))
	w.Users = append(w.Users, person("boss", "A-shop", "R-shop"), person("clerk", "A-shop", "R-clerk"), person("peer", "A-shop", "own2"))
	w.Roles = append(w.Roles, role("R-clerk", "A-shop", grants("users:assign_roles", "home:view")), role("own2", "A-shop", append(grants("users:assign_roles"), when("docs:read"))))
	s := built(t, w)
	for name, want := range map[string]string{"boss": "", "clerk": access.RefusedCeiling, "peer": ""} {
		t.Run("K2 U23 given by "+name, func(t *testing.T) {
			q := ask("docs:read", "")
			q.User = name
			if got := access.CanGrant(s, q, "own", true, nil); got != want {
				t.Errorf("%q, want %q", got, want)
			}
			if got := access.Covers(s, q, true, nil); got != (want == "") {
				t.Errorf("Covers says %v", got)
			}
		})
	}
	t.Run("K2 whoever manages roles does not hold it by that", func(t *testing.T) {
		q := ask("docs:read", "")
		q.User, q.Resource = "boss", "1"
		if d := access.Decide(s, q); d.Allowed || access.Held(s, q).Has(q.Permission) {
			t.Error(d)
		}
	})
}

func TestRegisteredPermissions(t *testing.T) {
	w := registeredWorld(when("docs:read"))
	w.Types = append(types()[:1:1], access.Type{Name: "payments", From: access.FromAccount, Actions: []access.Action{{Name: "refund"}, {Name: "steal"}}})
	s := built(t, w)
	t.Run("K2 attack: a type with the name of a built-in one is none", func(t *testing.T) {
		if _, ok := s.Type("payments"); ok || access.MustParse("payments:refund").Info().Registered || !access.BuiltIn("payments") || !access.BuiltIn("page") || access.BuiltIn("docs") {
			t.Error("payments is registered")
		}
		if p, ok := access.Parse("payments:steal"); ok && s.Known().Has(p) {
			t.Error("there is an action of it")
		}
	})
	t.Run("K2 what is not registered is unknown", func(t *testing.T) {
		if p := access.MustParse("boxes:read"); s.Known().Has(p) || s.Registered().Has(p) {
			t.Error("boxes:read is known")
		}
		if !s.Known().Has(access.MustParse("docs:read")) || !s.Known().Has(access.MustParse("payments:refund")) {
			t.Error("what is there is not known")
		}
	})
	t.Run("K2 what the values of a property are", func(t *testing.T) {
		built(t, registeredWorld())
		for _, c := range []struct {
			typ  string
			part access.Part
			name string
			want access.ValueKind
		}{{"docs", access.OfResource, "owner", access.UserID}, {"docs", access.OfAction, "soft", access.YesNo}, {"docs", access.OfUser, "team", access.Text}, {"docs", access.OfResource, "soft", 0}, {"none", access.OfResource, "owner", 0}} {
			if got := access.KindOf(c.typ, c.part, c.name); got != c.want {
				t.Errorf("%s %s.%s is %v, want %v", c.typ, c.part, c.name, got, c.want)
			}
		}
	})
	t.Run("K2 a retired type can be had back", func(t *testing.T) {
		list := types()
		list[0].Retired = true
		away, err := s.With(access.Changes{Revision: 4, Registered: true, Types: list, UserProperties: userProperties()})
		if err != nil {
			t.Fatal(err)
		}
		back, err := away.With(access.Changes{Revision: 5, Registered: true, Types: types(), UserProperties: userProperties()})
		if err != nil {
			t.Fatal(err)
		}
		q := ask("docs:read", "")
		q.Resource = "1"
		if d := access.Decide(away, q); d.Allowed || !slices.Contains(d.Codes(), "unknown_permission") {
			t.Error(d.Codes())
		}
		if access.Held(away, q).Has(q.Permission) {
			t.Error("it is held")
		}
		if d := access.Decide(back, q); !d.Allowed {
			t.Error(d.Codes())
		}
	})
	t.Run("K2 attack: more permissions than there is room for", func(t *testing.T) {
		var actions []access.Action
		for i := range 600 {
			actions = append(actions, access.Action{Name: "a" + string(rune('a'+i/26%26)) + string(rune('a'+i%26)) + string(rune('a'+i/676))})
		}
		w := smallWorld()
		w.Types = []access.Type{{Name: "many", From: access.FromAccount, Actions: actions}}
		s := built(t, w)
		if n := s.Registered().Len(); n == 0 || n > 512 {
			t.Error(n)
		}
		for p := range s.Known().All() {
			if q, ok := access.Parse(p.String()); !ok || q != p {
				t.Fatalf("%d is %q, which is %d", p, p, q)
			}
		}
	})
}

// TestSubjectTypes: services may name the members of their account by a stored property.
func TestSubjectTypes(t *testing.T) {
	w := registeredWorld(when("docs:read"))
	for i := range w.UserProperties {
		if w.UserProperties[i].Name == "shift" {
			w.UserProperties[i].SubjectType = "badge"
		}
	}
	badge := func(id, account, text string) access.User {
		u := person(id, account, "own")
		u.Memberships[0].Values = []access.Value{{Name: "shift", Text: text}}
		return u
	}
	w.Users = append(w.Users, badge("bob", "A-shop", "7"), badge("twin1", "A-shop", "8"), badge("twin2", "A-shop", "8"), badge("far", "A-lab", "7"), badge("none", "A-shop", ""))
	s := built(t, w)
	check := func(t *testing.T, s *access.Snapshot, account, kind, id, want string) {
		t.Helper()
		got, found := s.Subject(account, kind, id)
		if got != want || found != (want != "") {
			t.Errorf("%s %s of %s is %q, want %q", kind, id, account, got, want)
		}
		if back, found := s.SubjectID(account, kind, want); want != "" && (back != id || !found) {
			t.Errorf("%s goes by %q", want, back)
		}
	}
	t.Run("K2 a member by what is stored of them", func(t *testing.T) {
		check(t, s, "A-shop", "badge", "7", "bob")
		check(t, s, "A-lab", "badge", "7", "far")
		check(t, s, "A-shop", "badge", "red", "ann")
	})
	t.Run("K2 attack: two who go by one id, nobody's id, another account's, another type", func(t *testing.T) {
		check(t, s, "A-shop", "badge", "8", "")
		check(t, s, "A-shop", "badge", "", "")
		check(t, s, "A-part", "badge", "7", "")
		check(t, s, "A-shop", "team", "red", "")
		check(t, s, "A-shop", "", "red", "")
		if _, found := s.SubjectID("A-shop", "badge", "twin1"); found {
			t.Error("one of two who go by one id is named by it")
		}
	})
	t.Run("K2 who changes or goes is found no more by what was", func(t *testing.T) {
		next, err := s.WithUsers(4, []access.User{badge("bob", "A-shop", "9"), person("ann", "A-shop", "own")}, []string{"twin1"})
		if err != nil {
			t.Fatal(err)
		}
		check(t, next, "A-shop", "badge", "7", "")
		check(t, next, "A-shop", "badge", "9", "bob")
		check(t, next, "A-shop", "badge", "red", "")
		check(t, next, "A-shop", "badge", "8", "twin2")
		check(t, s, "A-shop", "badge", "7", "bob")
	})
}

// TestStoredInOrder: what a search lists follows what is stored, change by change.
func TestStoredInOrder(t *testing.T) {
	t.Run("K2 a search follows what comes, changes and goes", rapid.MakeCheck(func(t *rapid.T) {
		w := registeredWorld(when("docs:read"))
		w.Resources = nil
		s, err := access.Build(w)
		if err != nil {
			t.Fatal(err)
		}
		there := map[string]bool{}
		for range 6 {
			c := access.Changes{Revision: s.Revision() + 1}
			for range upTo(t, "gone", 3) {
				id := fmt.Sprint(upTo(t, "id", 9))
				c.GoneResources = append(c.GoneResources, access.ResourceKey{AccountID: "A-shop", Type: "docs", ID: id})
				delete(there, id)
			}
			for range upTo(t, "came", 3) {
				id := fmt.Sprint(upTo(t, "id", 9))
				c.Resources = append(c.Resources, access.Resource{AccountID: "A-shop", Type: "docs", ID: id, EntityID: "shop"})
				there[id] = true
			}
			if s, err = s.With(c); err != nil {
				t.Fatal(err)
			}
			want := slices.Sorted(maps.Keys(there))
			if got := access.Resources(s, ask("docs:read", ""), "", 100).IDs; !slices.Equal(got, want) {
				t.Fatalf("%v are found, %v are there", got, want)
			}
		}
	}))
}
