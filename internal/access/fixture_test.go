package access_test

import (
	"net/netip"
	"testing"

	"countersign/internal/access"
)

// The small world that the tables ask about:
//
//	plat (platform, live)
//	└ fac (facilitator, live)
//	  └ part (partner, live)
//	    ├ shop (merchant, live) with shop_uk, shop_fr (legal entities); locations l_uk, l_fr at those, l_shop at shop
//	    └ lab (merchant, test)
func smallWorld() access.World {
	e := func(id, parent, path string, k access.Kind) access.Entity {
		return access.Entity{ID: id, ParentID: parent, CustomerID: "C-" + id, Path: path, Kind: k, Active: true}
	}
	const a, b = "000001", "000002"
	return access.World{
		Revision: 3,
		Entities: []access.Entity{
			e("plat", "", a, access.Platform), e("fac", "plat", a+a, access.Facilitator), e("part", "fac", a+a+a, access.Partner),
			e("shop", "part", a+a+a+a, access.Merchant), e("shop_uk", "shop", a+a+a+a+a, access.LegalEntity), e("shop_fr", "shop", a+a+a+a+b, access.LegalEntity),
			e("lab", "part", a+a+a+b, access.Merchant),
		},
		Accounts: []access.Account{
			{ID: "A-plat", EntityID: "plat", Live: true}, {ID: "A-fac", EntityID: "fac", Live: true}, {ID: "A-part", EntityID: "part", Live: true},
			{ID: "A-shop", EntityID: "shop", Live: true}, {ID: "A-lab", EntityID: "lab"},
		},
		Locations: []access.Location{{ID: "l_uk", EntityID: "shop_uk"}, {ID: "l_fr", EntityID: "shop_fr"}, {ID: "l_shop", EntityID: "shop"}, {ID: "l_lab", EntityID: "lab"}},
		Roles: []access.Role{
			role("R-plat", "A-plat", everything()), role("R-part", "A-part", everything()), role("R-shop", "A-shop", everything()), role("R-lab", "A-lab", everything()),
			role("clerk", "A-shop", grants("transactions:view", "payments:refund", "payments:create")),
			role("seer", "A-shop", grants("home:view")),
		},
	}
}

func role(id, account string, gs []access.Grant) access.Role {
	return access.Role{ID: id, AccountID: account, Policies: []access.Policy{{ID: "P-" + id, Permissions: gs}}}
}

func everything() (out []access.Grant) {
	for _, p := range access.Permissions() {
		out = append(out, access.Grant{Permission: p})
	}
	return out
}

func grants(names ...string) (out []access.Grant) {
	for _, n := range names {
		out = append(out, access.Grant{Permission: access.MustParse(n)})
	}
	return out
}

// person has one membership with one role over the whole account.
func person(id, account, role string) access.User {
	return access.User{ID: id, Active: true, Memberships: []access.Membership{{
		ID: "M-" + id, AccountID: account, Active: true, AllLocations: true,
		Assignments: []access.Assignment{{ID: "S-" + id, RoleID: role, AllEntities: true}},
	}}}
}

func built(t testing.TB, w access.World) *access.Snapshot {
	t.Helper()
	s, err := access.Build(w)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask is a question by ann, with everything in order.
func ask(permission, entity string) access.Question {
	p, _ := access.Parse(permission)
	return access.Question{
		User: "ann", Permission: p, Within: "A-shop", Entity: entity, Now: 1_000, IP: netip.MustParseAddr("192.0.2.7"), SecondFactor: true, Fresh: true,
	}
}
