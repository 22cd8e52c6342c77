package compare

import (
	"fmt"
	"math/rand/v2"
	"net/netip"

	"countersign/internal/access"
	"countersign/internal/profile"
)

const (
	smallest     = 100 // users of the smallest world
	now          = 1_000_000
	perUser      = 4  // assignments
	specialEvery = 16 // of so many users one is special: see (*maker).special
)

// A world has n users and n/10 entities: a platform, partners, and up to a
// hundred merchants below each. The platform, the partners and every fourth
// merchant have an account, with the predefined roles of the profile "standard"
// and one role with conditions. Everybody has four assignments, each a role over
// an entity and all below it; every tenth person is in two accounts, with two in each.
//
// The same n gives the same world, always.
func makeWorld(n int) (access.World, error) {
	profiles, err := profile.Load()
	if err != nil {
		return access.World{}, err
	}
	standard, ok := profiles.Get(profile.Standard)
	if !ok {
		return access.World{}, fmt.Errorf("no profile %q", profile.Standard)
	}
	m := &maker{rng: rand.New(rand.NewPCG(1, uint64(n))), users: make([]access.User, 0, n), at: map[string]int{}}
	m.tree(n / 10)
	m.roles(standard)
	for i := range n {
		m.user(i%specialEvery == specialEvery-1)
	}
	m.w.Users = m.users
	return m.w, nil
}

type maker struct {
	rng   *rand.Rand
	w     access.World
	users []access.User
	homes []home         // by account
	at    map[string]int // the number of an account's home
	large []int          // the numbers of the partners' accounts
	small []int          // and of merchants'
}

// home is an account and what can be given in it.
type home struct {
	account     string
	entities    []string // the account's own first, then all below it
	roles       []string // in the order of the profile: the two that hold nearly everything come first
	conditional string
	locations   []string
}

// id is a prefix and 26 random digits.
func (m *maker) id(kind string) string {
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	out := append(make([]byte, 0, 30), kind...)
	out = append(out, '_')
	for range 2 {
		for r, i := m.rng.Uint64(), 0; i < 13; r, i = r>>5, i+1 {
			out = append(out, digits[r&31])
		}
	}
	return string(out)
}

func (m *maker) tree(n int) {
	branch := min(100, max(10, n/10)) // a partner's merchants
	add := func(parent *access.Entity, number int, kind access.Kind) access.Entity {
		closed := kind == access.Merchant && number == 5 // one of each partner's, which has an account
		e := access.Entity{ID: m.id("ent"), Kind: kind, Active: !closed, Path: fmt.Sprintf("%0*d", access.PathPart, number)}
		if parent != nil {
			e.ParentID, e.Path = parent.ID, parent.Path+e.Path
		}
		m.w.Entities = append(m.w.Entities, e)
		return e
	}
	platform := add(nil, 1, access.Platform)
	m.home(platform)
	for partners := 1; len(m.w.Entities) < n; partners++ {
		partner := add(&platform, partners, access.Partner)
		m.large = append(m.large, m.home(partner))
		of := len(m.homes) - 1
		for i := range branch {
			merchant := add(&partner, i+1, access.Merchant)
			place := access.Location{ID: m.id("loc"), EntityID: merchant.ID}
			m.w.Locations = append(m.w.Locations, place)
			m.homes[of].entities = append(m.homes[of].entities, merchant.ID)
			m.homes[of].locations = append(m.homes[of].locations, place.ID)
			if i%4 == 0 {
				own := m.home(merchant)
				m.homes[own].locations = []string{place.ID}
				m.small = append(m.small, own)
			}
		}
		m.homes[0].entities = append(m.homes[0].entities, partner.ID)
	}
}

func (m *maker) home(e access.Entity) int {
	a := access.Account{ID: m.id("acc"), EntityID: e.ID, Live: m.rng.IntN(10) != 0}
	m.w.Accounts = append(m.w.Accounts, a)
	m.at[a.ID] = len(m.homes)
	m.homes = append(m.homes, home{account: a.ID, entities: []string{e.ID}})
	return len(m.homes) - 1
}

// roles gives each account those of the profile, and one of its own.
func (m *maker) roles(p *profile.Profile) {
	conditions := []access.Condition{{OwnOnly: true}, {MaxAmount: 100_00, Currency: "EUR"}, {States: []string{"new", "held"}}}
	var shared [][]access.Policy
	for _, r := range p.Roles {
		policy := access.Policy{ID: p.Name + "/" + r.Key}
		for permission := range r.Permissions.All() {
			policy.Permissions = append(policy.Permissions, access.Grant{Permission: permission})
		}
		shared = append(shared, []access.Policy{policy})
	}
	for i := range m.homes {
		h := &m.homes[i]
		for j, r := range p.Roles {
			role := access.Role{ID: m.id("rol"), AccountID: h.account, Key: r.Key, Policies: shared[j], MayGrant: r.MayGrant}
			m.w.Roles, h.roles = append(m.w.Roles, role), append(h.roles, role.ID)
		}
		own := access.Role{ID: m.id("rol"), AccountID: h.account, Policies: []access.Policy{{ID: m.id("pol")}}}
		for j, name := range []string{"payments:refund", "payments:capture", "payouts:create", "transactions:view"} {
			own.Policies[0].Permissions = append(own.Policies[0].Permissions, access.Grant{Permission: access.MustParse(name), Condition: conditions[(i+j)%len(conditions)]})
		}
		m.w.Roles, h.conditional = append(m.w.Roles, own), own.ID
	}
}

func (m *maker) user(special bool) {
	u := access.User{ID: m.id("usr"), Active: true}
	switch m.rng.IntN(10) {
	case 0: // in two accounts
		u.Memberships = []access.Membership{m.member(m.small, perUser/2), m.member(m.large, perUser/2)}
	case 1, 2:
		u.Memberships = []access.Membership{m.member(m.small, perUser)}
	default:
		if m.rng.IntN(500) == 0 {
			u.Memberships = []access.Membership{m.member([]int{0}, perUser)}
		} else {
			u.Memberships = []access.Membership{m.member(m.large, perUser)}
		}
	}
	if special {
		m.special(&u)
	}
	m.users = append(m.users, u)
}

func (m *maker) member(of []int, assignments int) access.Membership {
	h := &m.homes[of[m.rng.IntN(len(of))]]
	out := access.Membership{ID: m.id("mem"), AccountID: h.account, Active: true, AllLocations: true}
	for range assignments {
		role := h.roles[2+m.rng.IntN(len(h.roles)-2)]
		if m.rng.IntN(20) == 0 {
			role = h.roles[m.rng.IntN(2)]
		}
		entity := h.entities[m.rng.IntN(len(h.entities))]
		if m.rng.IntN(8) == 0 {
			entity = h.entities[0]
		}
		out.Assignments = append(out.Assignments, access.Assignment{ID: m.id("asg"), RoleID: role, Entities: []string{entity}})
	}
	return out
}

var office = netip.MustParsePrefix("10.0.0.0/8")

// special makes somebody about whom more than roles and scopes decides.
func (m *maker) special(u *access.User) {
	ms := &u.Memberships[m.rng.IntN(len(u.Memberships))]
	a := &ms.Assignments[m.rng.IntN(len(ms.Assignments))]
	switch m.rng.IntN(8) {
	case 0:
		u.Active = false
	case 1:
		ms.Active = false
	case 2:
		ms.Cut = true
	case 3:
		ms.Allow = []netip.Prefix{office, netip.MustParsePrefix("2001:db8::/32")}
	case 4:
		a.From = []int64{now - 1, now, now + 1}[m.rng.IntN(3)]
	case 5:
		a.Until = []int64{now - 1, now, now + 1}[m.rng.IntN(3)]
	case 6:
		a.RoleID = m.homes[m.at[ms.AccountID]].conditional
	default:
		ms.AllLocations = false
		if places := m.homes[m.at[ms.AccountID]].locations; len(places) > 0 {
			ms.Locations = []string{places[m.rng.IntN(len(places))], places[m.rng.IntN(len(places))]}
		}
	}
}

// PlainWorld is a world as peers are told of it: who has which role over which
// entity, who stands above whom, what a role holds. That is rule 2; what the
// other rules read is left out, and so nobody is asked about it.
type PlainWorld struct {
	Entities []PlainEntity // each before those below it
	Users    []PlainUser
	Roles    []PlainRole // by key; those with conditions are left out
}

// PlainEntity is an entity and where it stands.
type PlainEntity struct {
	ID   string
	Line []string // itself and all above it, nearest first
	lo   int32    // it and all below it are lo to hi, in the order of the list
	hi   int32
}

// PlainUser is a user and what they were given.
type PlainUser struct {
	ID     string
	Grants []PlainGrant
}

// PlainGrant is a role over an entity and all below it.
type PlainGrant struct {
	Role   int // number in Roles
	Entity int // number in Entities
}

// PlainRole is a predefined role, the same in each account.
type PlainRole struct {
	Key     string
	holds   access.Set // closed
	Actions []string   // the names of what it holds
}

// Plain is what peers are told of a world.
func Plain(w access.World) PlainWorld {
	var out PlainWorld
	at := make(map[string]int, len(w.Entities))
	for i, e := range w.Entities { // makeWorld lists them in path order
		p := PlainEntity{ID: e.ID, Line: []string{e.ID}, lo: int32(i), hi: int32(i + 1)}
		if e.ParentID != "" {
			p.Line = append(p.Line, out.Entities[at[e.ParentID]].Line...)
		}
		for _, above := range p.Line[1:] {
			out.Entities[at[above]].hi = int32(i + 1)
		}
		at[e.ID] = i
		out.Entities = append(out.Entities, p)
	}
	number, keys := map[string]int{}, map[string]int{}
	for _, r := range w.Roles {
		if r.Key == "" {
			continue
		}
		if _, ok := keys[r.Key]; !ok {
			keys[r.Key] = len(out.Roles)
			out.Roles = append(out.Roles, makePlainRole(r))
		}
		number[r.ID] = keys[r.Key]
	}
	out.Users = make([]PlainUser, 0, len(w.Users))
	for _, u := range w.Users {
		p := PlainUser{ID: u.ID, Grants: make([]PlainGrant, 0, perUser)}
		for _, m := range u.Memberships {
			for _, a := range m.Assignments {
				if role, ok := number[a.RoleID]; ok {
					p.Grants = append(p.Grants, PlainGrant{role, at[a.Entities[0]]})
				}
			}
		}
		out.Users = append(out.Users, p)
	}
	return out
}

func makePlainRole(r access.Role) PlainRole {
	out := PlainRole{Key: r.Key}
	for _, p := range r.Policies {
		for _, g := range p.Permissions {
			out.holds = out.holds.With(g.Permission)
		}
	}
	out.holds = access.Closed(out.holds)
	for p := range out.holds.All() {
		out.Actions = append(out.Actions, p.String())
	}
	return out
}
