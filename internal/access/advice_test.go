package access_test

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"countersign/internal/access"
)

func seesAll(string) bool { return true }

func givesAll(string, string, string) bool { return true }

// TestAdvice does what is advised, step by step, to random worlds.
func TestAdvice(t *testing.T) {
	advised, denied := 0, 0
	t.Run("R13 whoever does what is advised is allowed, and whatever helps alone is advised", rapid.MakeCheck(func(t *rapid.T) {
		w := drawWorld(t)
		s, err := access.Build(w)
		if err != nil {
			t.Fatal(err)
		}
		for range 12 {
			q := drawResource(t, w, drawQuestion(t, w))
			d := access.Decide(s, q)
			ways := access.Advise(s, q, seesAll, givesAll)
			if d.Allowed {
				if len(ways) > 0 {
					t.Fatalf("it is allowed, and advised is %+v", ways)
				}
				continue
			}
			denied++
			advised += len(ways)
			for _, way := range ways {
				checkWay(t, w, q, way)
			}
			checkNothingMissing(t, w, q, ways)
		}
	}))
	if advised == 0 {
		t.Errorf("nothing is advised for %d that are denied: the worlds show nothing", denied)
	}
	t.Logf("%d denied, %d ways", denied, advised)
}

// checkWay does all of a way, and each of its steps alone.
func checkWay(t *rapid.T, w access.World, q access.Question, way access.Way) {
	after, asks := w, q
	for _, step := range way.Steps {
		after, asks = do(t, after, asks, step)
		alone, asked := do(t, w, q, step)
		if why := onPath(t, alone, asked, way); why&step.Ends != 0 && step.Ends&(access.ConditionOwn|access.ConditionAmount|access.ConditionCurrency|access.ConditionState|access.ConditionProperty) == 0 {
			t.Fatalf("%+v leaves %v of %v\n%+v", step, why.Codes(), way, q)
		}
	}
	if d := decided(t, after, asks); !d.Allowed {
		t.Fatalf("all of %+v is done, and it is denied: %v\n%+v", way, d.Codes(), q)
	}
}

func decided(t *rapid.T, w access.World, q access.Question) access.Decision {
	s, err := access.Build(w)
	if err != nil {
		t.Fatal(err)
	}
	return access.Decide(s, q)
}

// onPath is what stops everything that comes through a way's role, conditions apart.
func onPath(t *rapid.T, w access.World, q access.Question, way access.Way) access.Reasons {
	s, err := access.Build(w)
	if err != nil {
		t.Fatal(err)
	}
	x := access.Explain(s, q)
	why := access.NoGrant
	for _, m := range x.Memberships {
		for _, a := range m.Assignments {
			if m.Account == way.Account && a.Role == way.Role {
				why = x.Decision.Reasons&access.InactiveUser | m.Reasons | a.Reasons
			}
		}
	}
	return why
}

// do is a step done, by the plain world.
func do(t *rapid.T, w access.World, q access.Question, step access.Step) (access.World, access.Question) {
	w.Entities, w.Users = slices.Clone(w.Entities), slices.Clone(w.Users)
	u := slices.IndexFunc(w.Users, func(u access.User) bool { return u.ID == q.User })
	user := &w.Users[u]
	user.Memberships = slices.Clone(user.Memberships)
	m := &access.Membership{}
	for i := range user.Memberships {
		if user.Memberships[i].AccountID == step.Account {
			m = &user.Memberships[i]
		}
	}
	switch step.Do {
	case access.UnlockUser:
		user.Active = true
	case access.ActivateMembership:
		m.Active = true
	case access.ActivateParent:
		m.Cut = false
	case access.ActivateAccount:
		n := naive{World: w}
		for e := n.top(step.Account); e != nil; e = n.entity(e.ParentID) {
			e.Active = true
		}
	case access.GiveRole:
		give(m, step)
	case access.AddLocation:
		m.Locations = append(slices.Clone(m.Locations), step.Location)
	case access.NameLocation:
		q.Location = step.Location
	case access.AllowedAddress:
		q.IP = m.Allow[0].Addr()
	case access.Wait:
		q.Now = step.At
	case access.SecondFactor:
		q.SecondFactor = true
	case access.FreshSignIn:
		q.Fresh = true
	case access.OwnRecord:
		q.Owner = q.User
	case access.AmountMost:
		q.Amount, q.HasAmount = step.Amount, true
	case access.InCurrency:
		q.Currency = step.Currency
	case access.InState:
		q.State = step.States[len(step.States)-1]
	case access.MeetClause:
		return meet(t, w, q, m, step)
	default:
		t.Fatalf("advised is %q, which nobody can do", step.Do)
	}
	return w, q
}

// clauseSteps give one property of a registered type another value.
func clauseSteps(w access.World, q access.Question) (out []access.Step) {
	n := naive{World: w}
	typ, _, _ := n.kind(q.Permission)
	if typ == nil {
		return nil
	}
	for _, p := range append(slices.Clone(typ.Properties), w.UserProperties...) {
		if p.Vouched == access.ByStore && (p.Part == access.OfUser || n.record(q, typ) == nil) {
			continue
		}
		for _, v := range []string{"red", "blue", "green", "3", "5", "true", q.User} {
			out = append(out, access.Step{Do: access.MeetClause, Clause: &access.Clause{Part: p.Part, Name: p.Name}, Value: v, Vouched: p.Vouched})
		}
	}
	return out
}

// meet gives the property of a clause the value that is advised: where it is stored,
// or as the service would say it.
func meet(t *rapid.T, w access.World, q access.Question, m *access.Membership, step access.Step) (access.World, access.Question) {
	c := step.Clause
	set := func(list []access.Value) []access.Value {
		list = slices.DeleteFunc(slices.Clone(list), func(v access.Value) bool { return v.Name == c.Name })
		return append(list, access.Value{Name: c.Name, Text: step.Value})
	}
	typ, _, _ := strings.Cut(q.Permission.String(), ":")
	switch {
	case step.Vouched == access.ByCaller:
		q.Claims = slices.DeleteFunc(slices.Clone(q.Claims), func(x access.Claim) bool { return x.Part == c.Part && x.Name == c.Name })
		q.Claims = append(q.Claims, access.Claim{Part: c.Part, Name: c.Name, Kind: access.KindOf(typ, c.Part, c.Name), Text: step.Value})
	case c.Part == access.OfUser:
		m.Values = set(m.Values)
	default:
		w.Resources = slices.Clone(w.Resources)
		at := slices.IndexFunc(w.Resources, func(r access.Resource) bool { return r.AccountID == q.Within && r.Type == typ && r.ID == q.Resource })
		if at < 0 {
			t.Fatalf("advised is %+v of what is not stored", step)
		}
		w.Resources[at].Values = set(w.Resources[at].Values)
	}
	return w, q
}

// give is a role given over an entity, without an end.
func give(m *access.Membership, step access.Step) {
	m.Assignments = slices.Clone(m.Assignments)
	for i := range m.Assignments {
		if a := &m.Assignments[i]; a.RoleID == step.Role {
			a.Entities, a.From, a.Until = append(slices.Clone(a.Entities), step.Entity), 0, 0
			return
		}
	}
	m.Assignments = append(m.Assignments, access.Assignment{ID: "asg_new", RoleID: step.Role, Entities: []string{step.Entity}})
}

// checkNothingMissing tries whatever one thing could help, and fails when it does and nothing so short is advised.
func checkNothingMissing(t *rapid.T, w access.World, q access.Question, ways []access.Way) {
	n := naive{World: w}
	where, _, _ := n.stands(q)
	e := n.entity(where)
	if q.Now <= 0 || e == nil {
		return
	}
	u := slices.IndexFunc(w.Users, func(u access.User) bool { return u.ID == q.User })
	if u < 0 {
		return
	}
	steps := []access.Step{{Do: access.UnlockUser}, {Do: access.SecondFactor}, {Do: access.FreshSignIn}, {Do: access.OwnRecord}, {Do: access.AmountMost, Amount: 1}, {Do: access.InCurrency, Currency: "EUR"},
		{Do: access.InState, States: []string{"new"}}, {Do: access.InState, States: []string{"paid"}}, {Do: access.Wait, At: 150}}
	for _, m := range w.Users[u].Memberships {
		if slices.ContainsFunc(w.Accounts, func(a access.Account) bool { return a.ID == m.AccountID }) {
			steps = append(steps, access.Step{Do: access.ActivateMembership, Account: m.AccountID}, access.Step{Do: access.ActivateParent, Account: m.AccountID}, access.Step{Do: access.ActivateAccount, Account: m.AccountID})
		}
		for _, r := range w.Roles {
			if r.AccountID == m.AccountID {
				steps = append(steps, access.Step{Do: access.GiveRole, Account: m.AccountID, Role: r.ID, Entity: e.ID})
			}
		}
		if q.Location != "" {
			steps = append(steps, access.Step{Do: access.AddLocation, Account: m.AccountID, Location: q.Location})
		}
		if len(m.Allow) > 0 {
			steps = append(steps, access.Step{Do: access.AllowedAddress, Account: m.AccountID})
		}
	}
	steps = append(steps, clauseSteps(w, q)...)
	short := slices.ContainsFunc(ways, func(way access.Way) bool { return len(way.Steps) == 1 })
	for _, step := range steps {
		if after, asks := do(t, w, q, step); !short && decided(t, after, asks).Allowed {
			t.Fatalf("%+v would do, and advised is %+v\n%+v", step, ways, q)
		}
	}
}

func TestAdviceOnClauses(t *testing.T) {
	user := func(name string, op access.Op, values ...string) access.Clause {
		c := resource(name, op, values...)
		c.Part = access.OfUser
		return c
	}
	for name, tt := range map[string]struct {
		clauses []access.Clause
		id      string
		want    string // PART.NAME OP=VALUE said by, of the only way
	}{
		"R13 K2 whose it is":                                     {[]access.Clause{resource("owner", access.Own)}, "2", "resource.owner own=ann store"},
		"R13 K2 the same as the user's":                          {[]access.Clause{resource("team", access.SameAs)}, "2", "resource.team same_as=red store"},
		"R13 K2 one of":                                          {[]access.Clause{resource("team", access.OneOf, "green", "red")}, "2", "resource.team one_of=green store"},
		"R13 K2 at most, as the service says":                    {[]access.Clause{resource("pages", access.AtMost)}, "2", "resource.pages at_most=5 caller"},
		"R13 K2 a property of the user's":                        {[]access.Clause{user("team", access.OneOf, "blue")}, "1", "user.team one_of=blue store"},
		"R13 K2 two on one property, met together":               {[]access.Clause{resource("team", access.OneOf, "green", "red"), resource("team", access.SameAs)}, "2", "resource.team one_of=red store"},
		"R13 K2 two on two properties":                           {[]access.Clause{resource("team", access.SameAs), resource("owner", access.Own)}, "2", "resource.team same_as=red store resource.owner own=ann store"},
		"R13 K2 two that no value meets":                         {[]access.Clause{resource("team", access.OneOf, "green"), resource("team", access.SameAs)}, "2", ""},
		"R13 K2 a change of the user's that would break another": {[]access.Clause{user("team", access.OneOf, "green"), resource("team", access.SameAs)}, "1", ""},
		"R13 K2 a property that nobody registered":               {[]access.Clause{resource("colour", access.OneOf, "red")}, "1", ""},
		"R13 K2 at most less than nothing":                       {[]access.Clause{{Part: access.OfResource, Name: "pages", Op: access.AtMost, Most: -1}}, "1", ""},
	} {
		t.Run(name, func(t *testing.T) {
			q := ask("docs:read", "")
			q.Resource = tt.id
			var got []string
			for _, way := range access.Advise(built(t, registeredWorld(when("docs:read", tt.clauses...))), q, seesAll, func(string, string, string) bool { return false }) {
				for _, s := range way.Steps {
					if inAccount := s.Account != ""; inAccount != (s.Clause.Part == access.OfUser) { // a record is the same through every account
						t.Errorf("%+v", s)
					}
					got = append(got, s.Clause.Part.String()+"."+s.Clause.Name, s.Clause.Op.String()+"="+s.Value, s.Vouched.String())
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("advised is %q, wanted %q", strings.Join(got, " "), tt.want)
			}
		})
	}
}

func TestExplanationOfSome(t *testing.T) {
	t.Run("R13 a deny has the same reasons to whoever sees all", rapid.MakeCheck(func(t *rapid.T) {
		w := drawWorld(t)
		s, err := access.Build(w)
		if err != nil {
			t.Fatal(err)
		}
		for range 12 {
			q := drawResource(t, w, drawQuestion(t, w))
			x := access.Explain(s, q)
			if all, elsewhere := x.Explains(seesAll); all.Decision != x.Decision || elsewhere {
				t.Fatalf("%v, elsewhere %v; Decide says %v", all.Decision.Codes(), elsewhere, x.Decision.Codes())
			}
			none, elsewhere := x.Explains(func(string) bool { return false })
			if len(none.Memberships) > 0 || elsewhere != x.Decision.Allowed {
				t.Fatalf("%+v, elsewhere %v", none, elsewhere)
			}
		}
	}))
	t.Run("R13 A07 what stands in an account that is not seen tells nothing", func(t *testing.T) {
		w := smallWorld()
		ann := person("ann", "A-shop", "seer")
		above := person("ann", "A-part", "R-part").Memberships[0]
		above.Assignments[0].Until = 500
		ann.Memberships = append(ann.Memberships, above)
		w.Users = append(w.Users, ann)
		q := ask("transactions:view", "shop")
		x := access.Explain(built(t, w), q)
		if x.Decision.Reasons != access.Expired {
			t.Fatalf("to whoever sees all: %v", x.Decision.Codes())
		}
		mine := func(account string) bool { return account == "A-shop" }
		seen, elsewhere := x.Explains(mine)
		if seen.Decision.Reasons != access.NoGrant || len(seen.Memberships) != 1 || elsewhere {
			t.Errorf("%v %+v %v", seen.Decision.Codes(), seen.Memberships, elsewhere)
		}
		for _, way := range access.Advise(built(t, w), q, mine, givesAll) {
			if way.Account != "A-shop" {
				t.Errorf("advised is %+v", way)
			}
		}
	})
}
