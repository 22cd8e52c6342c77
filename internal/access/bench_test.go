package access_test

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/access"
)

// bigWorld has n users and n/10 entities: one platform, partners of ten
// merchants each, every merchant with nine legal entities below it and the
// thirteen roles of a profile. Everybody has four of their account's roles over
// one of its entities; one of the four has transactions:view, any of them.
func bigWorld(n int) access.World {
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	var w access.World
	path := func(parts ...int) (out string) {
		for _, p := range parts {
			out += fmt.Sprintf("%06d", p)
		}
		return out
	}
	id := func(kind string) string { return fmt.Sprintf("%s_%026x", kind, rng.Uint64()) }
	customer := func() string { return fmt.Sprintf("%d", 1_000_000+len(w.Entities)) }
	add := func(e access.Entity, own bool) access.Entity {
		e.ID, e.CustomerID, e.Active = id("ent"), customer(), true
		w.Entities = append(w.Entities, e)
		if own {
			w.Accounts = append(w.Accounts, access.Account{ID: id("acc"), EntityID: e.ID, Live: true})
			for k := range 13 {
				w.Roles = append(w.Roles, access.Role{ID: id("rol"), AccountID: w.Accounts[len(w.Accounts)-1].ID, Key: fmt.Sprint(k), Policies: bigPolicies[k]})
			}
		}
		return e
	}
	top := add(access.Entity{Path: path(1), Kind: access.Platform}, true)
	var partner, merchant access.Entity
	var merchants []int // where each begins, by account
	for i := 0; len(w.Entities) < n/10; i++ {
		switch {
		case i%101 == 0:
			partner = add(access.Entity{ParentID: top.ID, Path: path(1, i), Kind: access.Partner}, true)
		case i%101%10 == 1:
			merchants = append(merchants, len(w.Entities))
			merchant = add(access.Entity{ParentID: partner.ID, Path: partner.Path + path(i), Kind: access.Merchant}, true)
		default:
			add(access.Entity{ParentID: merchant.ID, Path: merchant.Path + path(i), Kind: access.LegalEntity}, false)
		}
	}
	accountOf := map[string]int{}
	for i, a := range w.Accounts {
		accountOf[a.EntityID] = i
	}
	for range n {
		i := merchants[rng.IntN(len(merchants))]
		a := accountOf[w.Entities[i].ID]
		over := i + rng.IntN(min(10, len(w.Entities)-i))
		if w.Entities[over].ParentID != w.Entities[i].ID {
			over = i
		}
		m := access.Membership{ID: id("mem"), AccountID: w.Accounts[a].ID, Active: true, AllLocations: true}
		entities := []string{w.Entities[over].ID}
		for j, k := range append(rng.Perm(10)[:3], 10+rng.IntN(3)) {
			m.Assignments = append(m.Assignments, access.Assignment{ID: m.ID, RoleID: w.Roles[13*a+k].ID, Entities: entities})
			at := rng.IntN(j + 1)
			m.Assignments[j], m.Assignments[at] = m.Assignments[at], m.Assignments[j]
		}
		w.Users = append(w.Users, access.User{ID: id("usr"), Active: true, Memberships: []access.Membership{m}})
	}
	return w
}

// bigPolicies are those of a profile's thirteen roles; the last three have transactions:view.
var bigPolicies = func() (out [][]access.Policy) {
	var others []string
	for _, p := range access.Permissions() {
		if name := p.String(); name != "transactions:view" && p.Info().Section != "transactions" {
			others = append(others, name)
		}
	}
	for k := range 13 {
		p := access.Policy{ID: fmt.Sprintf("standard/%d", k), Permissions: grants(others[3*k : 3*k+30]...)}
		if k >= 10 {
			p.Permissions = append(p.Permissions, grants("transactions:view", "transactions:history")...)
		}
		out = append(out, []access.Policy{p})
	}
	return out
}()

// floor is the least that any check of this shape costs: find the user and the
// entity in open-addressing tables, test the interval, test the bit.
type floor struct {
	seed            maphash.Seed
	users, entities []floorSlot
}

type floorSlot struct {
	id     string
	lo, hi int32
	bits   *access.Set
}

func (f *floor) put(table []floorSlot, s floorSlot) {
	i := maphash.String(f.seed, s.id) & uint64(len(table)-1)
	for table[i].id != "" {
		i = (i + 1) & uint64(len(table)-1)
	}
	table[i] = s
}

func (f *floor) find(table []floorSlot, id string) *floorSlot {
	i := maphash.String(f.seed, id) & uint64(len(table)-1)
	for table[i].id != id {
		if table[i].id == "" {
			return nil
		}
		i = (i + 1) & uint64(len(table)-1)
	}
	return &table[i]
}

func (f *floor) check(user, entity string, p access.Permission) bool {
	u, e := f.find(f.users, user), f.find(f.entities, entity)
	return u != nil && e != nil && u.lo <= e.lo && e.lo < u.hi && u.bits[p/64]&(1<<(p%64)) != 0
}

func newFloor(w access.World) *floor {
	size := func(n int) (s int) {
		for s = 1; s < 2*n; s *= 2 {
		}
		return s
	}
	f := &floor{seed: maphash.MakeSeed(), users: make([]floorSlot, size(len(w.Users))), entities: make([]floorSlot, size(len(w.Entities)))}
	at := map[string]int32{} // bigWorld's entities come in path order
	for i, e := range w.Entities {
		at[e.ID] = int32(i)
		f.put(f.entities, floorSlot{id: e.ID, lo: int32(i)})
	}
	bits := access.Closed(access.SetOf(access.MustParse("transactions:view"), access.MustParse("disputes:view")))
	end := func(i int32) int32 {
		j := i + 1
		for int(j) < len(w.Entities) && len(w.Entities[j].Path) > len(w.Entities[i].Path) {
			j++
		}
		return j
	}
	for _, u := range w.Users {
		lo := at[u.Memberships[0].Assignments[0].Entities[0]]
		f.put(f.users, floorSlot{id: u.ID, lo: lo, hi: end(lo), bits: &bits})
	}
	return f
}

// BenchmarkDecide asks about random users: half of the questions are about
// their own entity and allowed, half about another and denied. The floor is
// asked the same, in turns with Decide; the medians of all turns are compared.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		w := bigWorld(n)
		s := built(b, w)
		f := newFloor(w)
		rng := rand.New(rand.NewPCG(2, 2))
		type pair struct{ user, entity string }
		pairs := make([]pair, 1<<14)
		view := access.MustParse("transactions:view")
		for i := range pairs {
			u := &w.Users[rng.IntN(len(w.Users))]
			entity := u.Memberships[0].Assignments[0].Entities[0]
			if i%2 == 0 {
				entity = w.Entities[rng.IntN(len(w.Entities))].ID
			}
			pairs[i] = pair{strings.Clone(u.ID), strings.Clone(entity)} // as a decoder makes them
			q := access.Question{User: pairs[i].user, Permission: view, Entity: pairs[i].entity, Within: w.Accounts[0].ID, Now: 1}
			if got, want := f.check(q.User, q.Entity, view), access.Decide(s, q).Allowed; got != want {
				b.Fatalf("the floor says %v, Decide says %v: %+v", got, want, q)
			}
		}
		within := w.Accounts[0].ID
		b.Run(fmt.Sprintf("users=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			var least, ours, times []float64 // ns a question, of each round over all pairs; and one by the other
			yes := 0
			for b.Loop() {
				begun := time.Now()
				for i := range pairs {
					if f.check(pairs[i].user, pairs[i].entity, view) {
						yes++
					}
				}
				between := time.Now()
				for i := range pairs {
					if access.Decide(s, access.Question{User: pairs[i].user, Permission: view, Entity: pairs[i].entity, Within: within, Now: 1}).Allowed {
						yes--
					}
				}
				least = append(least, float64(between.Sub(begun))/float64(len(pairs)))
				ours = append(ours, float64(time.Since(between))/float64(len(pairs)))
				times = append(times, ours[len(ours)-1]/least[len(least)-1])
			}
			if yes != 0 {
				b.Errorf("the floor says yes %d times more often", yes)
			}
			slices.Sort(least)
			slices.Sort(ours)
			slices.Sort(times)
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(least[len(least)/2], "floor-ns")
			b.ReportMetric(ours[len(ours)/2], "decide-ns")
			b.ReportMetric(times[len(times)/2], "times-floor")
		})
	}
}

// BenchmarkChange changes one thing of many: a user, a role, an account that is
// deactivated, and a new entity in the middle of the tree, which gives half of the others new numbers.
func BenchmarkChange(b *testing.B) {
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		w := bigWorld(n)
		s := built(b, w)
		next := 0
		for _, c := range []struct {
			name   string
			change func(*access.Changes)
		}{
			{"user", func(c *access.Changes) { next++; c.Users = w.Users[next%n : next%n+1] }},
			{"role", func(c *access.Changes) { next++; c.Roles = w.Roles[next%len(w.Roles) : next%len(w.Roles)+1] }},
			{"off", func(c *access.Changes) {
				e := w.Entities[len(w.Entities)/2]
				e.Active = false
				c.Entities = []access.Entity{e}
			}},
			{"entity", func(c *access.Changes) {
				up := w.Entities[len(w.Entities)/2]
				c.Entities = []access.Entity{{ID: "ent_new", ParentID: up.ID, Path: up.Path + "999999", Kind: access.LegalEntity, Active: true}}
			}},
		} {
			b.Run(fmt.Sprintf("users=%d/%s", n, c.name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					changes := access.Changes{Revision: s.Revision() + 1}
					c.change(&changes)
					if _, err := s.With(changes); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

// BenchmarkMemory says what a snapshot weighs, everything in it, by user: as it
// is built, and with what searches add.
func BenchmarkMemory(b *testing.B) {
	heap := func() float64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	for _, n := range []int{1_000, 100_000, 1_000_000} {
		w := bigWorld(n)
		b.Run(fmt.Sprintf("users=%d", n), func(b *testing.B) {
			before := heap()
			var s *access.Snapshot
			for b.Loop() {
				s = built(b, w)
			}
			b.ReportMetric((heap()-before)/float64(n), "bytes/user")
			access.Subjects(s, access.Question{Permission: access.MustParse("transactions:view"), Entity: w.Entities[0].ID, Now: 1}, "", 1)
			b.ReportMetric((heap()-before)/float64(n), "bytes/user-searched")
			runtime.KeepAlive(s)
		})
		runtime.KeepAlive(w)
	}
}

// BenchmarkSubjects asks for pages of fifty of who may do something: at entities
// where some tens may, and for the first and the next pages where everybody may.
func BenchmarkSubjects(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		w := bigWorld(n)
		crowd := w.Entities[0]
		for i := range w.Users {
			if i%2 == 0 { // half of all work for the platform
				m := &w.Users[i].Memberships[0]
				m.AccountID, m.Assignments = w.Accounts[0].ID, []access.Assignment{{RoleID: w.Roles[10+i%3].ID, AllEntities: true}}
			}
		}
		s := built(b, w)
		rng := rand.New(rand.NewPCG(3, 3))
		q := access.Question{Permission: access.MustParse("transactions:view"), Now: 1, Within: w.Accounts[0].ID, Entity: crowd.ID}
		begun := time.Now()
		access.Subjects(s, q, "", 50)
		first := time.Since(begun)
		b.Run(fmt.Sprintf("users=%d/everybody", n), func(b *testing.B) {
			after := ""
			for b.Loop() {
				after = access.Subjects(s, q, after, 50).Next
			}
			b.ReportMetric(first.Seconds(), "s-the-first")
		})
		w.Roles[10].Policies, w.Roles[11].Policies, w.Roles[12].Policies = bigPolicies[0], bigPolicies[1], bigPolicies[2]
		few, err := s.With(access.Changes{Revision: 1, Roles: w.Roles[10:13]})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("users=%d/some", n), func(b *testing.B) {
			found := 0
			for b.Loop() {
				q.Entity = w.Entities[rng.IntN(len(w.Entities))].ID
				found += len(access.Subjects(few, q, "", 50).IDs)
			}
			b.ReportMetric(float64(found)/float64(b.N), "found")
		})
		merchant := slices.IndexFunc(w.Entities, func(e access.Entity) bool { return e.Kind == access.Merchant })
		account := slices.IndexFunc(w.Accounts, func(a access.Account) bool { return a.EntityID == w.Entities[merchant].ID })
		tills := access.World{Entities: w.Entities, Accounts: w.Accounts, Roles: w.Roles}
		tills.Roles[13*account].Policies = []access.Policy{{ID: "pol_till", Permissions: grants("transactions:view")}}
		for i := range n { // everybody works for one merchant, ten at each till
			till := fmt.Sprintf("loc_%d", i/10)
			if i%10 == 0 {
				tills.Locations = append(tills.Locations, access.Location{ID: till, EntityID: w.Entities[merchant].ID})
			}
			tills.Users = append(tills.Users, access.User{ID: w.Users[i].ID, Active: true, Memberships: []access.Membership{{ID: "mem", AccountID: w.Accounts[account].ID, Active: true,
				Locations: []string{till}, Assignments: []access.Assignment{{RoleID: w.Roles[13*account].ID, AllEntities: true}}}}})
		}
		local := built(b, tills)
		b.Run(fmt.Sprintf("users=%d/till", n), func(b *testing.B) {
			q := access.Question{Permission: access.MustParse("transactions:view"), Now: 1, Within: w.Accounts[account].ID, Entity: w.Entities[merchant].ID}
			access.Subjects(local, q, "", 1)
			for b.Loop() {
				q.Location = tills.Locations[rng.IntN(len(tills.Locations))].ID
				if got := access.Subjects(local, q, "", 50).IDs; len(got) != 10 {
					b.Fatalf("found %v", got)
				}
			}
		})
		for i := range 3 { // half of all give refunds, each for what is their own
			w.Roles[10+i].Policies = []access.Policy{{ID: "pol_own", Permissions: []access.Grant{{Permission: access.MustParse("payments:refund"), Condition: access.Condition{OwnOnly: true}}}}}
		}
		own, err := s.With(access.Changes{Revision: 1, Roles: w.Roles[10:13]})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("users=%d/own", n), func(b *testing.B) {
			q := access.Question{Permission: access.MustParse("payments:refund"), Now: 1, Within: w.Accounts[0].ID, Entity: crowd.ID, SecondFactor: true, Fresh: true, Owner: w.Users[n/2].ID}
			for b.Loop() {
				if got := access.Subjects(own, q, "", 50).IDs; len(got) != 1 || got[0] != q.Owner {
					b.Fatalf("found %v", got)
				}
			}
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	for _, n := range []int{100_000, 1_000_000} {
		w := bigWorld(n)
		b.Run(fmt.Sprintf("users=%d", n), func(b *testing.B) {
			for b.Loop() {
				built(b, w)
			}
		})
	}
}
