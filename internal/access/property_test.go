package access_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"countersign/internal/access"
)

// asked are permissions with every flag and without.
var asked = func() (out []access.Permission) {
	for _, name := range []string{
		"transactions:view", "transactions:search", "transactions:search_full", "payments:create", "payments:refund", "users:create", "users:view",
		"entities:onboard", "accounts:create", "account:transfer_ownership", "roles:view", "page:transactions", "page:matrix", "keys:view", "users:assign_roles",
	} {
		out = append(out, access.MustParse(name))
	}
	if _, err := access.Build(access.World{Types: types(), Entities: smallWorld().Entities}); err != nil { // so that they have numbers
		panic(err)
	}
	for _, name := range registered {
		out = append(out, access.MustParse(name))
	}
	return append(out, 0, 9999)
}()

// types are of every way in which a resource's entity is known.
func types() []access.Type {
	doc := []access.Property{
		{Part: access.OfResource, Name: "owner", Kind: access.UserID, Vouched: access.ByStore}, {Part: access.OfResource, Name: "team", Kind: access.Text, Vouched: access.ByStore},
		{Part: access.OfResource, Name: "pages", Kind: access.Number, Vouched: access.ByCaller}, {Part: access.OfAction, Name: "soft", Kind: access.YesNo, Vouched: access.ByCaller},
	}
	actions := []access.Action{{Name: "read"}, {Name: "drop", NeedsTwoFactor: true, Dangerous: true}}
	return []access.Type{
		{Name: "docs", From: access.FromStore, Actions: actions, Properties: doc},
		{Name: "boxes", From: access.FromCaller, Located: true, Actions: actions, Properties: doc},
		{Name: "notes", From: access.FromAccount, Actions: actions, Properties: doc},
	}
}

var registered = []string{"docs:read", "docs:drop", "boxes:read", "boxes:drop", "notes:read", "notes:drop"}

func userProperties() []access.Property {
	return []access.Property{{Part: access.OfUser, Name: "team", Kind: access.Text, Vouched: access.ByStore}, {Part: access.OfUser, Name: "shift", Kind: access.Text, Vouched: access.ByCaller}}
}

func drawTypes(t *rapid.T) (list []access.Type) {
	for _, x := range types() {
		x.Retired = chance(t, "retired", 5)
		list = append(list, x)
	}
	return list
}

func drawValues(t *rapid.T, names ...string) (out []access.Value) {
	for _, name := range names {
		if chance(t, "valued", 70) {
			out = append(out, access.Value{Name: name, Text: drawText(t, name)})
		}
	}
	return out
}

func drawText(t *rapid.T, name string) string {
	switch name {
	case "owner":
		return pick(t, "owner", "usr_0", "usr_1", "usr_other")
	case "pages":
		return pick(t, "pages", "3", "9", "-1", "99999999999999999999")
	case "soft":
		return pick(t, "soft", "true", "false")
	}
	return pick(t, "text", "red", "blue", "green", "")
}

func drawStored(t *rapid.T, w access.World) access.Resource {
	r := access.Resource{AccountID: drawAccount(t, w), Type: pick(t, "type", "docs", "boxes", "notes"), ID: pick(t, "id", "1", "2", "3"), EntityID: drawEntity(t, w)}
	if chance(t, "placed", 40) {
		r.LocationID = fmt.Sprintf("loc_%d", upTo(t, "place", max(0, len(w.Locations)-1)))
	}
	r.Values = drawValues(t, "owner", "team", "pages")
	return r
}

// stock puts a resource among the stored ones, in the place of what has its key.
func stock(list []access.Resource, r access.Resource) []access.Resource {
	list = slices.DeleteFunc(slices.Clone(list), func(o access.Resource) bool { return o.AccountID == r.AccountID && o.Type == r.Type && o.ID == r.ID })
	return append(list, r)
}

func drawClauses(t *rapid.T) (out []access.Clause) {
	for range 1 + upTo(t, "clauses", 1) {
		out = append(out, pick(t, "clause",
			access.Clause{Part: access.OfResource, Name: "owner", Op: access.Own},
			access.Clause{Part: access.OfResource, Name: "team", Op: access.SameAs, Other: "team"},
			access.Clause{Part: access.OfResource, Name: "team", Op: access.OneOf, Values: []string{"red"}},
			access.Clause{Part: access.OfResource, Name: "team", Op: access.OneOf},
			access.Clause{Part: access.OfResource, Name: "pages", Op: access.AtMost, Most: 5},
			access.Clause{Part: access.OfAction, Name: "soft", Op: access.OneOf, Values: []string{"true"}},
			access.Clause{Part: access.OfUser, Name: "team", Op: access.OneOf, Values: []string{"red", "blue"}},
			access.Clause{Part: access.OfUser, Name: "shift", Op: access.OneOf, Values: []string{"red"}},
			access.Clause{Part: access.OfUser, Name: "shift", Op: access.SameAs, Other: "team"},
			access.Clause{Part: access.OfResource, Name: "none", Op: access.Own}))
	}
	return out
}

func drawClaims(t *rapid.T) (out []access.Claim) {
	for range upTo(t, "claims", 4) {
		c := access.Claim{Part: pick(t, "part", access.OfResource, access.OfAction, access.OfUser), Name: pick(t, "name", "owner", "team", "pages", "soft", "shift"),
			Kind: pick(t, "kind", access.Text, access.Text, access.Number, access.YesNo, 0)}
		c.Text = drawText(t, c.Name)
		out = append(out, c)
	}
	return out
}

// upTo draws 0 to n evenly (rapid's own ranges lean to small numbers, and worlds of zeros deny everything).
func upTo(t *rapid.T, label string, n int) int {
	bits := 0
	for range 10 {
		bits = bits*2 + map[bool]int{true: 1}[rapid.Bool().Draw(t, label)]
	}
	return bits % (n + 1)
}

func pick[T any](t *rapid.T, label string, from ...T) T { return from[upTo(t, label, len(from)-1)] }

func chance(t *rapid.T, label string, percent int) bool { return upTo(t, label, 99) >= 100-percent }

// drawWorld draws a small world in which ids that do not exist are used now and then.
func drawWorld(t *rapid.T) access.World {
	w := access.World{Revision: 7}
	children := map[string]int{}
	for i := range 1 + upTo(t, "entities", 8) {
		e := access.Entity{ID: fmt.Sprintf("ent_%d", i), CustomerID: fmt.Sprintf("C%d", i), Kind: access.Platform, Active: !chance(t, "closed", 5)}
		if i > 0 {
			up := w.Entities[upTo(t, "parent", i-1)]
			e.ParentID, e.Path = up.ID, up.Path
			e.Kind = min(up.Kind+1+access.Kind(upTo(t, "kind", 1)), access.LegalEntity)
		}
		children[e.ParentID]++
		e.Path += fmt.Sprintf("%06d", children[e.ParentID])
		w.Entities = append(w.Entities, e)
		if i == 0 || chance(t, "account", 35) {
			w.Accounts = append(w.Accounts, access.Account{ID: fmt.Sprintf("acc_%d", i), EntityID: e.ID, Live: chance(t, "live", 60)})
		}
	}
	for i := range upTo(t, "locations", 4) {
		w.Locations = append(w.Locations, access.Location{ID: fmt.Sprintf("loc_%d", i), EntityID: drawEntity(t, w)})
	}
	w.Types, w.UserProperties = drawTypes(t), userProperties()
	for range upTo(t, "resources", 4) {
		w.Resources = stock(w.Resources, drawStored(t, w))
	}
	for i := range 2 + upTo(t, "roles", 4) {
		w.Roles = append(w.Roles, drawRole(t, w, i))
	}
	for i := range 1 + upTo(t, "users", 2) {
		w.Users = append(w.Users, drawUser(t, w, fmt.Sprintf("usr_%d", i)))
	}
	w.Entities = rapid.Permutation(w.Entities).Draw(t, "order")
	return w
}

func drawEntity(t *rapid.T, w access.World) string {
	if chance(t, "no entity", 3) {
		return "ent_none"
	}
	return w.Entities[upTo(t, "entity", len(w.Entities)-1)].ID
}

func drawAccount(t *rapid.T, w access.World) string {
	if chance(t, "no account", 3) {
		return "acc_none"
	}
	return w.Accounts[upTo(t, "account", len(w.Accounts)-1)].ID
}

func drawRole(t *rapid.T, w access.World, i int) access.Role {
	r := access.Role{ID: fmt.Sprintf("rol_%d", i), AccountID: drawAccount(t, w), Key: pick(t, "key", "", "boss", "clerk")}
	for j := range 1 + upTo(t, "policies", 1) {
		p := access.Policy{ID: fmt.Sprintf("pol_%d_%d", i, j)}
		for range 1 + upTo(t, "grants", 4) {
			g := access.Grant{Permission: pick(t, "permission", asked...)}
			if g.Permission.Info().Registered && chance(t, "clauses", 60) {
				g.Condition.Clauses = drawClauses(t)
			} else if chance(t, "conditional", 30) {
				g.Condition = access.Condition{
					OwnOnly: chance(t, "own", 30), MaxAmount: pick[int64](t, "max", 0, 0, 100, -1), Currency: pick(t, "currency", "", "EUR", "EUR"),
					States: pick(t, "states", nil, nil, []string{"new"}, []string{"new", "paid"}, []string{}),
				}
			}
			p.Permissions = append(p.Permissions, g)
		}
		r.Policies = append(r.Policies, p)
	}
	return r
}

// drawRoleOf mostly takes a role of the account.
func drawRoleOf(t *rapid.T, w access.World, account string) string {
	ids := []string{"rol_none"}
	for _, r := range w.Roles {
		if r.AccountID == account {
			ids = append(ids, r.ID, r.ID, r.ID)
		}
	}
	if chance(t, "foreign", 5) {
		return w.Roles[upTo(t, "role", len(w.Roles)-1)].ID
	}
	return pick(t, "role", ids...)
}

func drawUser(t *rapid.T, w access.World, id string) access.User {
	u := access.User{ID: id, Active: !chance(t, "locked", 5)}
	for i := range 1 + upTo(t, "memberships", 1) {
		account := drawAccount(t, w)
		if i > 0 && account == u.Memberships[0].AccountID {
			continue // once in an account
		}
		m := access.Membership{
			ID: fmt.Sprintf("mem_%s_%d", id, i), AccountID: account, Active: !chance(t, "off", 5), Cut: chance(t, "cut", 5),
			AllLocations: !chance(t, "restricted", 40),
		}
		if chance(t, "allowlist", 20) {
			m.Allow = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}
		}
		m.Values = drawValues(t, "team", "shift")
		for range upTo(t, "places", 2) {
			m.Locations = append(m.Locations, fmt.Sprintf("loc_%d", upTo(t, "place", max(0, len(w.Locations)-1))))
		}
		for j := range 1 + upTo(t, "assignments", 2) {
			role := drawRoleOf(t, w, m.AccountID)
			if slices.ContainsFunc(m.Assignments, func(a access.Assignment) bool { return a.RoleID == role }) {
				continue // a role once through a membership
			}
			a := access.Assignment{
				ID: fmt.Sprintf("asg_%s_%d_%d", id, i, j), RoleID: role,
				AllEntities: chance(t, "all", 30), From: pick[int64](t, "from", 0, 0, 0, 0, 0, 50, 100, 150), Until: pick[int64](t, "until", 0, 0, 0, 0, 0, 100, 200, 200),
			}
			for range 1 + upTo(t, "scopes", 2) {
				a.Entities = append(a.Entities, drawEntity(t, w))
			}
			m.Assignments = append(m.Assignments, a)
		}
		u.Memberships = append(u.Memberships, m)
	}
	return u
}

func drawWho(t *rapid.T, w access.World) string {
	ids := []string{"", "usr_none"}
	for _, u := range w.Users {
		ids = append(ids, u.ID, u.ID, u.ID, u.ID)
	}
	return pick(t, "who", ids...)
}

// drawWhat mostly asks for what some role holds.
func drawWhat(t *rapid.T, w access.World) access.Permission {
	p := w.Roles[upTo(t, "role", len(w.Roles)-1)].Policies[0].Permissions
	if chance(t, "any", 20) {
		return pick(t, "what", asked...)
	}
	return p[upTo(t, "what", len(p)-1)].Permission
}

func drawQuestion(t *rapid.T, w access.World) access.Question {
	q := access.Question{
		User: drawWho(t, w), Permission: drawWhat(t, w),
		Now: pick[int64](t, "now", 100, 100, 100, 100, 100, 100, 99, 99, 99, 0), SecondFactor: chance(t, "2fa", 70), Fresh: chance(t, "fresh", 70),
		IP: pick(t, "ip", netip.Addr{}, netip.MustParseAddr("10.1.2.3"), netip.MustParseAddr("::ffff:10.1.2.3"), netip.MustParseAddr("192.0.2.1")),
	}
	if chance(t, "bounded", 60) {
		q.Within = drawAccount(t, w)
	}
	return q
}

func drawResource(t *rapid.T, w access.World, q access.Question) access.Question {
	v := pick(t, "record", variants...)
	q.Owner, q.State, q.Currency, q.Amount, q.HasAmount = v.Owner, v.State, v.Currency, v.Amount, v.HasAmount
	if q.Owner == "self" {
		q.Owner = q.User
	}
	switch upTo(t, "named by", 19) {
	case 0:
	case 1:
		q.Entity = "C0"
	default:
		q.Entity = drawEntity(t, w)
	}
	q.Resource, q.Claims = pick(t, "resource", "1", "1", "2", "3", "9", ""), drawClaims(t)
	if chance(t, "placed", 40) {
		q.Location = fmt.Sprintf("loc_%d", upTo(t, "place", max(0, len(w.Locations)-1)))
	}
	return q
}

// TestAgreesWithRules compares every answer with the naive evaluator's, on random worlds and after random edits.
func TestAgreesWithRules(t *testing.T) {
	allowed, denied := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		yes, no := agrees(t)
		allowed, denied = allowed+yes, denied+no
	})
	if allowed == 0 || denied == 0 {
		t.Errorf("%d allowed, %d denied: the worlds show nothing", allowed, denied)
	}
	t.Logf("%d allowed, %d denied", allowed, denied)
}

// FuzzAgreesWithRules has the fuzzer look for the worlds and edits.
func FuzzAgreesWithRules(f *testing.F) {
	f.Fuzz(rapid.MakeFuzz(func(t *rapid.T) { agrees(t) }))
}

func agrees(t *rapid.T) (allowed, denied int) {
	w := drawWorld(t)
	s, err := access.Build(w)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		n := naive{World: w}
		for range 12 {
			q := drawResource(t, w, drawQuestion(t, w))
			if checkDecide(t, n, s, q) {
				allowed++
			} else {
				denied++
			}
		}
		for range 3 {
			checkMany(t, n, s, drawQuestion(t, w))
			checkSearch(t, n, s, drawResource(t, w, drawQuestion(t, w)))
		}
		w, s = edit(t, w, s)
	}
	return allowed, denied
}

func checkDecide(t *rapid.T, n naive, s *access.Snapshot, q access.Question) bool {
	want, got := n.decide(q), access.Decide(s, q)
	if d := cmp.Diff(want, got); d != "" {
		t.Fatalf("%s %s: the rules say %v, Decide says %v\n%s", q.User, q.Permission, want.Codes(), got.Codes(), d)
	}
	x := access.Explain(s, q)
	allows := false
	for _, m := range x.Memberships {
		for _, a := range m.Assignments {
			for _, p := range a.Policies {
				allows = allows || p.Allowed
			}
		}
	}
	if x.Decision != want || allows != want.Allowed {
		t.Fatalf("Explain says %v by %+v, Decide %v", allows, x, want)
	}
	return want.Allowed
}

// checkMany compares Scope, May and Held with what the rules say of each resource there can be.
func checkMany(t *rapid.T, n naive, s *access.Snapshot, q access.Question) {
	if q.Permission.Info().Registered {
		checkRegistered(t, n, s, q)
		return
	}
	reaches := access.Scope(s, q)
	for _, r := range n.resources(q) {
		want := n.decide(r).Allowed
		if got := n.selects(reaches, r); got != want {
			t.Fatalf("Scope %+v selects %v, Decide says %v: %+v", reaches, got, want, r)
		}
	}
	if q.Within == "" {
		if d := access.May(s, q); d.Allowed {
			t.Fatal("May allows without an account")
		}
		return
	}
	n.people = q.Within
	any := slices.ContainsFunc(n.resources(q), func(r access.Question) bool { return n.decide(r).Allowed })
	if got := access.May(s, q); got.Allowed != any {
		t.Fatalf("May says %v %v, the resources say %v", got.Allowed, got.Codes(), any)
	}
	held := access.Held(s, q)
	for _, p := range asked {
		q.Permission = p
		if may := access.May(s, q).Allowed; held.Has(p) != may {
			t.Fatalf("Held says %v of %s, May says %v", held.Has(p), p, may)
		}
	}
}

// checkRegistered compares Resources with what the rules say of everything stored,
// and has May allow where any of it is allowed.
func checkRegistered(t *rapid.T, n naive, s *access.Snapshot, q access.Question) {
	q.Claims = drawClaims(t)
	typ, _, _ := strings.Cut(q.Permission.String(), ":")
	var want []string
	for _, r := range n.Resources {
		if x := q; r.AccountID == q.Within && r.Type == typ {
			if x.Resource = r.ID; n.decide(x).Allowed {
				want = append(want, r.ID)
			}
		}
	}
	slices.Sort(want)
	var got []string
	limit := 1 + upTo(t, "limit", 2)
	for after := ""; ; {
		p := access.Resources(s, q, after, limit)
		got = append(got, p.IDs...)
		if after = p.Next; after == "" {
			break
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("Resources found %v, the rules say %v: %+v", got, want, q)
	}
	if reaches := access.Scope(s, q); reaches != nil {
		t.Fatalf("Scope says %+v of a registered type", reaches)
	}
	if may := access.May(s, q); q.Within != "" {
		n.people = q.Within
		for _, id := range want {
			if q.Resource = id; n.decide(q).Allowed && !may.Allowed {
				t.Fatalf("May says %v, and %s is allowed", may.Codes(), id)
			}
		}
	}
}

// checkSearch compares searches with what the rules say of everybody and everything, in pages of any size.
func checkSearch(t *rapid.T, n naive, s *access.Snapshot, q access.Question) {
	limit := 1 + upTo(t, "limit", 3)
	var want []string
	r := q
	for _, u := range n.Users {
		if r.User = u.ID; n.decide(r).Allowed {
			want = append(want, u.ID)
		}
	}
	slices.Sort(want)
	pages := func(what string, search func(*access.Snapshot, access.Question, string, int) access.Page, want []string) {
		var got []string
		for after := ""; ; {
			p := search(s, q, after, limit)
			got = append(got, p.IDs...)
			if after = p.Next; after == "" {
				break
			}
			if len(p.IDs) != limit {
				t.Fatalf("%s: a page of %d in the middle", what, len(p.IDs))
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%s found %v, the rules say %v: %+v", what, got, want, q)
		}
	}
	pages("Subjects", access.Subjects, want)
	want = nil
	entities := slices.SortedFunc(slices.Values(n.Entities), func(a, b access.Entity) int { return strings.Compare(a.Path, b.Path) })
	r = q
	for _, e := range entities {
		if kind, _, _ := n.kind(q.Permission); kind != nil && (kind.From != access.FromCaller || n.record(q, kind) != nil) {
			break
		}
		if r.Entity = e.ID; n.decide(r).Allowed {
			want = append(want, e.ID)
		}
	}
	pages("Entities", access.Entities, want)
	actions := access.Actions(s, q)
	r = q
	for _, p := range append(access.Permissions(), asked...) {
		if r.Permission = p; actions.Has(p) != n.decide(r).Allowed {
			t.Fatalf("Actions says %v of %s: %+v", actions.Has(p), p, q)
		}
	}
}

// edit changes, adds and removes people, now and then roles, and the tree.
func edit(t *rapid.T, w access.World, s *access.Snapshot) (access.World, *access.Snapshot) {
	next := w
	next.Revision++
	c := access.Changes{Revision: next.Revision}
	if chance(t, "tree", 50) {
		editTree(t, &next, &c)
	}
	if chance(t, "roles", 50) {
		editRoles(t, &next, &c)
	}
	if chance(t, "types", 20) {
		next.Types = drawTypes(t)
		c.Registered, c.Types, c.UserProperties = true, next.Types, next.UserProperties
	}
	for range upTo(t, "stored", 2) {
		r := drawStored(t, next)
		next.Resources = stock(next.Resources, r)
		c.Resources = stock(c.Resources, r)
	}
	if len(next.Resources) > 0 && chance(t, "gone", 30) {
		gone := next.Resources[0]
		if key := (access.ResourceKey{AccountID: gone.AccountID, Type: gone.Type, ID: gone.ID}); !slices.ContainsFunc(c.Resources, func(r access.Resource) bool {
			return (access.ResourceKey{AccountID: r.AccountID, Type: r.Type, ID: r.ID}) == key
		}) {
			next.Resources, c.GoneResources = slices.Delete(slices.Clone(next.Resources), 0, 1), append(c.GoneResources, key)
		}
	}
	people := next.Users
	next.Users = nil
	for _, u := range people {
		switch 1 + upTo(t, "edit", 4) {
		case 1:
			c.GoneUsers = append(c.GoneUsers, u.ID)
			continue
		case 2:
			u = drawUser(t, next, u.ID)
			c.Users = append(c.Users, u)
		}
		next.Users = append(next.Users, u)
	}
	if chance(t, "newcomer", 50) {
		u := drawUser(t, next, fmt.Sprintf("usr_n%d", next.Revision))
		c.Users, next.Users = append(c.Users, u), append(next.Users, u)
	}
	out, err := s.With(c)
	if err != nil {
		t.Fatal(err)
	}
	checkRebuilt(t, next, out)
	return next, out
}

// checkRebuilt compares a snapshot that was kept step by step with one that is built afresh.
func checkRebuilt(t *rapid.T, w access.World, s *access.Snapshot) {
	fresh, err := access.Build(w)
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		q := drawResource(t, w, drawQuestion(t, w))
		for name, two := range map[string][2]any{
			"Explain": {access.Explain(fresh, q), access.Explain(s, q)}, "May": {access.May(fresh, q), access.May(s, q)},
			"Scope": {access.Scope(fresh, q), access.Scope(s, q)}, "Held": {access.Held(fresh, q), access.Held(s, q)},
		} {
			if d := cmp.Diff(two[0], two[1]); d != "" {
				t.Fatalf("%s: built afresh and step by step differ: %+v\n%s", name, q, d)
			}
		}
	}
}

func editRoles(t *rapid.T, w *access.World, c *access.Changes) {
	w.Roles = slices.Clone(w.Roles)
	at := upTo(t, "role", len(w.Roles)-1)
	switch old := w.Roles[at]; upTo(t, "edit role", 3) {
	case 0:
		r := drawRole(t, *w, 100+int(w.Revision))
		w.Roles, c.Roles = append(w.Roles, r), append(c.Roles, r)
	case 1:
		if len(w.Roles) > 1 {
			w.Roles, c.GoneRoles = slices.Delete(w.Roles, at, at+1), append(c.GoneRoles, old.ID)
		}
	default:
		r := drawRole(t, *w, at)
		r.ID, r.AccountID = old.ID, old.AccountID
		w.Roles[at], c.Roles = r, append(c.Roles, r)
	}
}

func editTree(t *rapid.T, w *access.World, c *access.Changes) {
	w.Entities, w.Accounts, w.Locations = slices.Clone(w.Entities), slices.Clone(w.Accounts), slices.Clone(w.Locations)
	at := upTo(t, "entity", len(w.Entities)-1)
	e := &w.Entities[at]
	switch upTo(t, "edit tree", 5) {
	case 0:
		e.Active = !e.Active
		c.Entities = append(c.Entities, *e)
	case 1:
		e.CustomerID = fmt.Sprintf("N%d", w.Revision)
		c.Entities = append(c.Entities, *e)
	case 2:
		a := &w.Accounts[upTo(t, "account", len(w.Accounts)-1)]
		a.Live = !a.Live
		c.Accounts = append(c.Accounts, *a)
	case 3:
		below := access.Entity{ID: fmt.Sprintf("ent_n%d", w.Revision), ParentID: e.ID, Path: freePath(w, e.Path), Kind: min(e.Kind+1, access.LegalEntity), Active: true}
		w.Entities, c.Entities = append(w.Entities, below), append(c.Entities, below)
		if chance(t, "account", 50) {
			a := access.Account{ID: fmt.Sprintf("acc_n%d", w.Revision), EntityID: below.ID, Live: chance(t, "live", 50)}
			w.Accounts, c.Accounts = append(w.Accounts, a), append(c.Accounts, a)
		}
	case 4:
		l := access.Location{ID: fmt.Sprintf("loc_n%d", w.Revision), EntityID: e.ID}
		w.Locations, c.Locations = append(w.Locations, l), append(c.Locations, l)
	default:
		to := w.Entities[upTo(t, "under", len(w.Entities)-1)]
		if e.ParentID == "" || strings.HasPrefix(to.Path, e.Path) {
			return
		}
		from, path := e.Path, freePath(w, to.Path)
		e.ParentID = to.ID
		for i := range w.Entities { // with all below it
			if x := &w.Entities[i]; strings.HasPrefix(x.Path, from) {
				x.Path = path + x.Path[len(from):]
				c.Entities = append(c.Entities, *x)
			}
		}
	}
}

// freePath is a path right below another that nothing has.
func freePath(w *access.World, under string) string {
	return under + fmt.Sprintf("%06d", 1000+w.Revision)
}
