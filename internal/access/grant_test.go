package access_test

import (
	"testing"

	"countersign/internal/access"
)

// staffed is smallWorld with the roles that giving is about, and people in them.
func staffed() access.World {
	w := smallWorld()
	staff := role("staff", "A-shop", grants("users:view", "users:create", "users:assign_roles"))
	staff.Key, staff.MayGrant = "staff", []string{"clerk", "old"}
	clerk := &w.Roles[4]
	clerk.Key = "clerk"
	old := role("old", "A-shop", grants("home:view"))
	old.Key, old.Deprecated = "old", true
	own := role("own", "A-shop", grants("users:assign_roles", "transactions:view"))
	custom := role("custom", "A-shop", grants("transactions:view"))
	refunds := role("refunds", "A-shop", grants("payments:refund"))
	chief := role("chief", "A-shop", grants("entities:onboard", "transactions:view"))
	copied := role("copied", "A-shop", grants("users:assign_roles")) // a custom role has no say in MayGrant
	copied.MayGrant = []string{"clerk"}
	capped := role("capped", "A-shop", grants("payments:refund"))
	capped.Policies[0].Permissions[0].Condition = access.Condition{MaxAmount: 100, Currency: "EUR"}
	w.Roles = append(w.Roles, staff, old, own, custom, refunds, chief, copied, capped)
	w.Users = []access.User{
		person("boss", "A-shop", "R-shop"), person("staffer", "A-shop", "staff"), person("owner", "A-shop", "own"), person("copier", "A-shop", "copied"),
		person("capped", "A-shop", "capped"), person("operator", "A-plat", "R-plat"), person("partner", "A-part", "R-part"),
		person("c1", "A-shop", "clerk"), person("c2", "A-shop", "custom"), person("c3", "A-shop", "seer"), person("none", "A-shop", "gone"), person("o1", "A-shop", "old"),
	}
	return w
}

func giver(user string) access.Question {
	q := ask("", "")
	q.User = user
	return q
}

func TestCanGrant(t *testing.T) {
	s := built(t, staffed())
	type change = func(*access.Question)
	no2fa := func(q *access.Question) { q.SecondFactor = false }
	within := func(a string) change { return func(q *access.Question) { q.Within = a } }
	for _, c := range []struct {
		name, user, role string
		entities         []string // nil is all
		change           change
		want             string
	}{
		{"U23 who holds everything gives a custom role", "boss", "custom", nil, nil, ""},
		{"U23 and a predefined one", "boss", "clerk", nil, nil, ""},
		{"U23 what nobody here can hold does not count", "boss", "chief", nil, nil, ""},
		{"U23 what is lost without a second factor is not held", "boss", "refunds", nil, no2fa, "ceiling"},
		{"U23 the rest still is", "boss", "custom", nil, no2fa, ""},
		{"U23 may_grant names it", "staffer", "clerk", nil, nil, ""},
		{"U23 may_grant over one entity", "staffer", "clerk", []string{"shop_uk"}, nil, ""},
		{"U23 may_grant needs the second factor", "staffer", "clerk", nil, no2fa, "ceiling"},
		{"U23 may_grant does not name it", "staffer", "custom", nil, nil, "ceiling"},
		{"U23 B07 nor the role itself, which they hold whole", "staffer", "staff", nil, nil, "ceiling"},
		{"U23 may_grant of a custom role counts for nothing", "copier", "clerk", nil, nil, "ceiling"},
		{"U23 what one holds", "owner", "custom", nil, nil, ""},
		{"U23 what one does not hold", "owner", "refunds", nil, nil, "ceiling"},
		{"U23 a restricted permission is not held", "capped", "refunds", nil, nil, "ceiling"},
		{"U23 an operator gives nothing about people in a live account", "operator", "staff", nil, nil, "ceiling"},
		{"U23 an operator in a test account", "operator", "R-lab", []string{"lab"}, within("A-lab"), "ceiling"}, // payments:create is not theirs
		{"R1 never a deprecated role, named or not", "staffer", "old", nil, nil, "deprecated_role"},
		{"R1 nor by who holds everything", "boss", "old", nil, nil, "deprecated_role"},
		{"role of another account", "boss", "R-part", nil, nil, "unknown_role"},
		{"role that is not there", "boss", "none", nil, nil, "unknown_role"},
		{"U16 over an entity outside the account", "boss", "custom", []string{"lab"}, nil, "unknown_entity"},
		{"over nothing", "boss", "custom", []string{}, nil, "no_entity"},
		{"by nobody", "nobody", "custom", nil, nil, "ceiling"},
		{"in an unknown account", "boss", "custom", nil, within("A-none"), "unknown_entity"},
		{"in no account", "boss", "custom", nil, within(""), "unknown_entity"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := giver(c.user)
			if c.change != nil {
				c.change(&q)
			}
			if got := access.CanGrant(s, q, c.role, c.entities == nil, c.entities); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestCanGrantOverOwnEntities: U16, with a giver who holds everything over one entity only.
func TestCanGrantOverOwnEntities(t *testing.T) {
	for _, holds := range []string{"R-shop", "staff"} {
		w := staffed()
		u := person("local", "A-shop", holds)
		u.Memberships[0].Assignments[0].AllEntities, u.Memberships[0].Assignments[0].Entities = false, []string{"shop_uk"}
		w.Users = append(w.Users, u)
		s := built(t, w)
		for name, c := range map[string]struct {
			entities []string
			want     string
		}{
			"U16 own":             {[]string{"shop_uk"}, ""},
			"U16 another":         {[]string{"shop_fr"}, "ceiling"},
			"U16 own and another": {[]string{"shop_uk", "shop_fr"}, "ceiling"},
			"U16 the one above":   {[]string{"shop"}, "ceiling"},
			"U16 all":             {nil, "ceiling"},
		} {
			t.Run(holds+"/"+name, func(t *testing.T) {
				if got := access.CanGrant(s, giver("local"), "clerk", c.entities == nil, c.entities); got != c.want {
					t.Errorf("%q, want %q", got, c.want)
				}
			})
		}
	}
}

func TestCanManage(t *testing.T) {
	s := built(t, staffed())
	for _, c := range []struct{ name, giver, person, want string }{
		{"U23 holds all of theirs", "boss", "c1", ""},
		{"U23 may give theirs", "staffer", "c1", ""},
		{"U23 could not give theirs", "staffer", "c2", "ceiling"},
		{"U23 nor those of a higher one", "staffer", "boss", "ceiling"},
		{"U23 a person without roles", "staffer", "none", ""},
		{"U23 whose role is out of use, by what it holds", "boss", "o1", ""},
		{"nobody acts on themselves", "boss", "boss", "own_access"},
		{"person who is not there", "boss", "nobody", "unknown_membership"},
		{"person of another account", "boss", "operator", "unknown_membership"},
		{"by nobody", "nobody", "c1", "ceiling"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := access.CanManage(s, giver(c.giver), c.person); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// TestCanManageByTime: what a person will hold counts, what they no longer hold does not.
func TestCanManageByTime(t *testing.T) {
	for name, c := range map[string]struct {
		from, until int64
		want        string
	}{"now": {0, 0, "ceiling"}, "later": {2_000, 0, "ceiling"}, "ended": {0, 1_000, ""}} {
		t.Run("U22 "+name, func(t *testing.T) {
			w := staffed()
			u := person("temp", "A-shop", "R-shop")
			u.Memberships[0].Assignments[0].From, u.Memberships[0].Assignments[0].Until = c.from, c.until
			w.Users = append(w.Users, u)
			if got := access.CanManage(built(t, w), giver("staffer"), "temp"); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestCovers(t *testing.T) {
	w := staffed()
	at := person("uk", "A-shop", "R-shop")
	at.Memberships[0].AllLocations, at.Memberships[0].Locations = false, []string{"l_uk"}
	w.Users = append(w.Users, at)
	s := built(t, w)
	for _, c := range []struct {
		name, user, permission, within string
		entities                       []string
		want                           bool
	}{
		{"all of it", "boss", "payments:create", "A-shop", nil, true},
		{"not held", "staffer", "payments:create", "A-shop", nil, false},
		{"I7 not by an operator", "operator", "users:create", "A-shop", nil, false},
		{"I7 save in a test account", "operator", "users:create", "A-lab", nil, true},
		{"U16 own people over an entity of an account below", "partner", "users:create", "A-part", []string{"shop"}, true},
		{"R10 no payments for it", "partner", "payments:create", "A-part", []string{"shop"}, false},
		{"R10 its own", "partner", "payments:create", "A-part", []string{"part"}, true},
		{"R10 the level is not met", "boss", "entities:onboard", "A-shop", nil, false},
		{"R11 not with a location restriction", "uk", "transactions:view", "A-shop", nil, false},
		{"R11 save what has no location", "uk", "users:create", "A-shop", nil, true},
		{"restricted is not held", "capped", "payments:refund", "A-shop", nil, false},
		{"unknown permission", "boss", "x:y", "A-shop", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := ask(c.permission, "")
			q.User, q.Within = c.user, c.within
			if got := access.Covers(s, q, c.entities == nil, c.entities); got != c.want {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
}
