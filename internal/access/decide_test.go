package access_test

import (
	"net/netip"
	"strings"
	"testing"

	"countersign/internal/access"
)

// TestDecide shows every rule with a question that it lets through and one that it stops.
func TestDecide(t *testing.T) {
	type world = access.World
	type member = access.Membership
	limited := func(c access.Condition) func(*world, *member) {
		return func(w *world, _ *member) { w.Roles[4].Policies[0].Permissions[1].Condition = c }
	}
	from := func(list ...string) func(*world, *member) {
		return func(_ *world, m *member) {
			for _, p := range list {
				m.Allow = append(m.Allow, netip.MustParsePrefix(p))
			}
		}
	}
	at := func(places ...string) func(*world, *member) {
		return func(_ *world, m *member) { m.AllLocations, m.Locations = false, places }
	}
	operator := func(_ *world, m *member) { m.AccountID, m.Assignments[0].RoleID = "A-plat", "R-plat" }
	partner := func(_ *world, m *member) { m.AccountID, m.Assignments[0].RoleID = "A-part", "R-part" }
	lab := func(_ *world, m *member) { m.AccountID, m.Assignments[0].RoleID = "A-lab", "R-lab" }
	only := func(entities ...string) func(*world, *member) {
		return func(_ *world, m *member) { m.Assignments[0].AllEntities, m.Assignments[0].Entities = false, entities }
	}
	span := func(from, until int64) func(*world, *member) {
		return func(_ *world, m *member) { m.Assignments[0].From, m.Assignments[0].Until = from, until }
	}
	type change func(*access.Question)
	within := func(a string) change { return func(q *access.Question) { q.Within = a } }
	place := func(l string) change { return func(q *access.Question) { q.Location = l } }
	ip := func(a string) change { return func(q *access.Question) { q.IP, _ = netip.ParseAddr(a) } }
	record := func(owner, state, currency string, amount int64) change {
		return func(q *access.Question) {
			q.Owner, q.State, q.Currency, q.Amount, q.HasAmount = owner, state, currency, amount, amount != 0
		}
	}
	for _, c := range []struct {
		name       string
		set        func(*world, *member)
		permission string
		entity     string
		change     change
		want       string // reasons; "" is allow
	}{
		{"plain allow", nil, "transactions:view", "shop", nil, ""},
		{"by customer ID", nil, "transactions:view", "C-shop_uk", nil, ""},
		{"everything below", nil, "transactions:view", "shop_fr", nil, ""},
		{"page comes along", nil, "page:transactions", "shop", nil, ""},
		{"page of another section does not", nil, "page:disputes", "shop", nil, "no_grant"},

		{"unknown user", nil, "transactions:view", "shop", func(q *access.Question) { q.User = "nobody" }, "unknown_user"},
		{"no user", nil, "transactions:view", "shop", func(q *access.Question) { q.User = "" }, "unknown_user"},
		{"unknown permission", nil, "transactions:steal", "shop", nil, "unknown_permission"},
		{"no entity", nil, "transactions:view", "", nil, "no_entity"},
		{"unknown entity", nil, "transactions:view", "shop_de", nil, "unknown_entity"},
		{"entity outside the asking account is as unknown", nil, "transactions:view", "part", nil, "unknown_entity"},
		{"user of another account is as unknown", lab, "transactions:view", "shop", nil, "unknown_user"},
		{"unknown asking account", nil, "transactions:view", "shop", within("A-none"), "unknown_user unknown_entity"},
		{"unknown location", nil, "transactions:view", "shop", place("l_de"), "unknown_location"},
		{"location of another entity", nil, "transactions:view", "shop_uk", place("l_fr"), "unknown_location"},
		{"no time", nil, "transactions:view", "shop", func(q *access.Question) { q.Now = 0 }, "no_time"},

		{"1: membership not active", func(_ *world, m *member) { m.Active = false }, "transactions:view", "shop", nil, "inactive_membership"},
		{"1: cut off by a parent", func(_ *world, m *member) { m.Cut = true }, "transactions:view", "shop", nil, "cut"},
		{"1: account not active", func(w *world, _ *member) { w.Entities[3].Active = false }, "transactions:view", "shop", nil, "inactive_account"},
		{"1: account above not active", func(w *world, _ *member) { w.Entities[1].Active = false }, "transactions:view", "shop", nil, "inactive_account"},
		{"1: an operator reaches a closed account", func(w *world, m *member) { w.Entities[3].Active = false; operator(w, m) }, "accounts:edit", "shop", nil, ""},

		{"2: no role has it", nil, "disputes:view", "shop", nil, "no_grant"},
		{"2: over another entity", only("shop_fr"), "transactions:view", "shop_uk", nil, "out_of_scope"},
		{"2: not over what is above", only("shop_fr"), "transactions:view", "shop", nil, "out_of_scope"},
		{"2: over one of several", only("shop_fr", "shop_uk"), "transactions:view", "shop_uk", nil, ""},
		{"2: over nothing", only(), "transactions:view", "shop", nil, "no_grant"},
		{"2: an entity outside the account gives nothing", only("part", "lab"), "transactions:view", "lab", within("A-part"), "no_grant"},
		{"2: role of another account", func(w *world, _ *member) { w.Roles[4].AccountID = "A-lab" }, "transactions:view", "shop", nil, "no_grant"},
		{"2: role that is not there", func(_ *world, m *member) { m.Assignments[0].RoleID = "none" }, "transactions:view", "shop", nil, "no_grant"},
		{"U22: not yet", span(1_001, 0), "transactions:view", "shop", nil, "not_yet"},
		{"U22: from this moment", span(1_000, 0), "transactions:view", "shop", nil, ""},
		{"U22: to the last moment", span(0, 1_001), "transactions:view", "shop", nil, ""},
		{"U22: ended", span(0, 1_000), "transactions:view", "shop", nil, "expired"},

		{"3: own location", at("l_uk"), "transactions:view", "shop_uk", place("l_uk"), ""},
		{"3: another location", at("l_fr"), "transactions:view", "shop", place("l_uk"), "location_foreign"},
		{"3: location not told", at("l_uk"), "transactions:view", "shop_uk", nil, "location_missing"},
		{"3: none chosen is none", at(), "transactions:view", "shop_uk", place("l_uk"), "location_foreign"},
		{"3: not for what has no location", func(w *world, m *member) { at("l_uk")(w, m); m.Assignments[0].RoleID = "seer" }, "home:view", "shop", nil, ""},

		{"R10: a merchant does not onboard", func(_ *world, m *member) { m.Assignments[0].RoleID = "R-shop" }, "entities:onboard", "shop", nil, "min_level"},
		{"R10: a partner does", partner, "entities:onboard", "shop", nil, ""},
		{"R10: a partner creates no account", partner, "accounts:create", "shop", nil, "min_level"},
		{"R10: the platform does", operator, "accounts:create", "shop", nil, ""},
		{"R10: a merchant takes its payments", nil, "payments:create", "shop_uk", nil, ""},
		{"R10: a partner does not take a merchant's payments", partner, "payments:create", "shop", nil, "direct_payment"},
		{"R10: a partner has the merchant's other capabilities", partner, "payments:refund", "shop", nil, ""},
		{"R10: a partner takes its own", partner, "payments:create", "part", within("A-part"), ""},

		{"I7: an operator views people of a live account", operator, "users:view", "shop", nil, ""},
		{"I7: and does no more", operator, "users:reset_password", "shop", nil, "own_account"},
		{"I7: nor makes tokens", operator, "service_tokens:create", "shop", nil, "own_account"},
		{"I7: helps freely in a test account", operator, "users:reset_password", "lab", within("A-lab"), ""},
		{"I7: a live account's own people may", func(_ *world, m *member) { m.Assignments[0].RoleID = "R-shop" }, "users:reset_password", "shop", nil, ""},

		{"5: no second factor", nil, "payments:refund", "shop", func(q *access.Question) { q.SecondFactor = false }, "needs_2fa"},
		{"5: not asked for others", nil, "transactions:view", "shop", func(q *access.Question) { q.SecondFactor = false }, ""},
		{"5: step-up not fresh", func(_ *world, m *member) { m.Assignments[0].RoleID = "R-shop" }, "account:transfer_ownership", "shop", func(q *access.Question) { q.Fresh = false }, "not_fresh"},
		{"5: step-up fresh", func(_ *world, m *member) { m.Assignments[0].RoleID = "R-shop" }, "account:transfer_ownership", "shop", nil, ""},

		{"6: from an allowed address", from("192.0.2.0/24"), "transactions:view", "shop", nil, ""},
		{"6: from its IPv4-mapped form", from("192.0.2.0/24"), "transactions:view", "shop", ip("::ffff:192.0.2.9"), ""},
		{"6: from an IPv6 range", from("192.0.2.0/24", "2001:db8::/32"), "transactions:view", "shop", ip("2001:db8::1"), ""},
		{"6: from elsewhere", from("192.0.2.0/24"), "transactions:view", "shop", ip("198.51.100.1"), "ip_denied"},
		{"6: from who knows where", from("192.0.2.0/24"), "transactions:view", "shop", ip(""), "ip_unknown"},
		{"6: no list is anywhere", nil, "transactions:view", "shop", ip(""), ""},

		{"7: own record", limited(access.Condition{OwnOnly: true}), "payments:refund", "shop", record("ann", "", "", 0), ""},
		{"7: somebody else's", limited(access.Condition{OwnOnly: true}), "payments:refund", "shop", record("bob", "", "", 0), "condition_own"},
		{"7: nobody's", limited(access.Condition{OwnOnly: true}), "payments:refund", "shop", nil, "condition_own"},
		{"7: up to the amount", limited(access.Condition{MaxAmount: 500, Currency: "EUR"}), "payments:refund", "shop", record("", "", "EUR", 500), ""},
		{"7: over the amount", limited(access.Condition{MaxAmount: 500, Currency: "EUR"}), "payments:refund", "shop", record("", "", "EUR", 501), "condition_amount"},
		{"7: amount below zero", limited(access.Condition{MaxAmount: 500, Currency: "EUR"}), "payments:refund", "shop", record("", "", "EUR", -1), "condition_amount"},
		{"7: amount not told", limited(access.Condition{MaxAmount: 500, Currency: "EUR"}), "payments:refund", "shop", record("", "", "EUR", 0), "condition_amount"},
		{"7: another currency", limited(access.Condition{MaxAmount: 500, Currency: "EUR"}), "payments:refund", "shop", record("", "", "JPY", 5), "condition_currency"},
		{"7: a limit without currency is broken", limited(access.Condition{MaxAmount: 500}), "payments:refund", "shop", record("", "", "", 5), "condition_currency"},
		{"7: in the state", limited(access.Condition{States: []string{"paid"}}), "payments:refund", "shop", record("", "paid", "", 0), ""},
		{"7: in another state", limited(access.Condition{States: []string{"paid"}}), "payments:refund", "shop", record("", "new", "", 0), "condition_state"},
		{"7: in an unknown state", limited(access.Condition{States: []string{"paid"}}), "payments:refund", "shop", nil, "condition_state"},

		{"every reason is told", func(w *world, m *member) {
			m.Active, m.Cut = false, true
			from("10.0.0.0/8")(w, m)
			at("l_fr")(w, m)
			span(0, 500)(w, m)
		}, "payments:refund", "shop", func(q *access.Question) { q.SecondFactor = false }, "inactive_membership cut expired location_missing needs_2fa ip_denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := smallWorld()
			u := person("ann", "A-shop", "clerk")
			if c.set != nil {
				c.set(&w, &u.Memberships[0])
			}
			w.Users = []access.User{u}
			q := ask(c.permission, c.entity)
			if c.change != nil {
				c.change(&q)
			}
			d := access.Decide(built(t, w), q)
			if got := strings.Join(d.Codes(), " "); got != c.want || d.Allowed != (c.want == "") {
				t.Errorf("allowed %v, reasons %q; want %q", d.Allowed, got, c.want)
			}
			if d.Revision != 3 {
				t.Errorf("revision %d", d.Revision)
			}
			if d.Allowed != (d.Account != "" && d.Role != "" && d.Policy != "") {
				t.Errorf("the grant of %v is %+v", d.Allowed, d)
			}
		})
	}
}

func TestInactiveUser(t *testing.T) {
	w := smallWorld()
	w.Users = []access.User{person("ann", "A-shop", "clerk")}
	w.Users[0].Active = false
	if got := strings.Join(access.Decide(built(t, w), ask("transactions:view", "shop")).Codes(), " "); got != "inactive_user" {
		t.Errorf("reasons %q", got)
	}
}

// TestNothing: without a snapshot every answer is no.
func TestNothing(t *testing.T) {
	q := ask("home:view", "shop")
	for name, d := range map[string]access.Decision{"Decide": access.Decide(nil, q), "May": access.May(nil, q), "Explain": access.Explain(nil, q).Decision} {
		if d.Allowed || strings.Join(d.Codes(), " ") != "no_snapshot" {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if access.Scope(nil, q) != nil || !access.Held(nil, q).Empty() || access.Covers(nil, q, true, nil) ||
		access.CanGrant(nil, q, "clerk", true, nil) == "" || access.CanManage(nil, q, "bob") == "" {
		t.Error("a nil snapshot lets something through")
	}
	empty := built(t, access.World{})
	if access.Decide(empty, q).Allowed || access.Scope(empty, q) != nil || !access.Held(empty, q).Empty() || access.CanGrant(empty, q, "clerk", true, nil) == "" {
		t.Error("an empty world lets something through")
	}
}

func TestDecideAllocatesNothing(t *testing.T) {
	w := smallWorld()
	w.Users = []access.User{person("ann", "A-shop", "clerk")}
	s := built(t, w)
	allow, deny := ask("payments:refund", "shop_uk"), ask("disputes:view", "shop_uk")
	allow.Location = "l_uk"
	for name, q := range map[string]access.Question{"allow": allow, "deny": deny} {
		if n := testing.AllocsPerRun(1000, func() { access.Decide(s, q) }); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
		if n := testing.AllocsPerRun(1000, func() { access.May(s, q); access.Held(s, q) }); n != 0 {
			t.Errorf("%s, May and Held: %v allocations", name, n)
		}
	}
}
