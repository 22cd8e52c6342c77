package access_test

import (
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"testing"

	"countersign/internal/access"
)

// bigWorld has n users and n/10 entities: one platform, partners of a hundred
// merchants each, everybody with one role over one entity of their merchant.
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
	plat := access.Entity{ID: id("ent"), Path: path(1), Kind: access.Platform, Active: true}
	w.Entities = append(w.Entities, plat)
	w.Accounts = append(w.Accounts, access.Account{ID: id("acc"), EntityID: plat.ID, Live: true})
	var partner access.Entity
	for i := 1; i < n/10; i++ {
		e := access.Entity{ID: id("ent"), Active: true}
		if (i-1)%101 == 0 {
			e.ParentID, e.Path, e.Kind = plat.ID, path(1, i), access.Partner
			partner = e
		} else {
			e.ParentID, e.Path, e.Kind = partner.ID, partner.Path+path(i), access.Merchant
		}
		a := access.Account{ID: id("acc"), EntityID: e.ID, Live: true}
		w.Entities, w.Accounts = append(w.Entities, e), append(w.Accounts, a)
		r := access.Role{ID: id("rol"), AccountID: a.ID, Policies: []access.Policy{{ID: id("pol"), Permissions: grants("transactions:view", "transactions:history", "payments:view", "disputes:view")}}}
		w.Roles = append(w.Roles, r)
	}
	for range n {
		i := rng.IntN(len(w.Roles))
		a := w.Accounts[i+1]
		w.Users = append(w.Users, access.User{ID: id("usr"), Active: true, Memberships: []access.Membership{{
			ID: id("mem"), AccountID: a.ID, Active: true, AllLocations: true,
			Assignments: []access.Assignment{{ID: id("asg"), RoleID: w.Roles[i].ID, Entities: []string{a.EntityID}}},
		}}})
	}
	return w
}

// floor is the least that any check of this shape costs: find the user and the
// entity in open-addressing tables, test the interval, test the bit.
type floor struct {
	seed            maphash.Seed
	users, entities []floorSlot
}

type floorSlot struct {
	id     string
	lo, hi int32
	bits   *[4]uint64
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
	bits := [4]uint64(access.Closed(access.SetOf(access.MustParse("transactions:view"), access.MustParse("disputes:view"))))
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
// their own entity and allowed, half about another and denied. "floor" is the same questions at the floor.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		w := bigWorld(n)
		s := built(b, w)
		f := newFloor(w)
		rng := rand.New(rand.NewPCG(2, 2))
		type pair struct{ user, entity string }
		pairs := make([]pair, 1<<14)
		view := access.MustParse("transactions:view")
		for i := range pairs {
			u := &w.Users[rng.IntN(len(w.Users))]
			pairs[i] = pair{u.ID, u.Memberships[0].Assignments[0].Entities[0]}
			if i%2 == 0 {
				pairs[i].entity = w.Entities[rng.IntN(len(w.Entities))].ID
			}
			q := access.Question{User: pairs[i].user, Permission: view, Entity: pairs[i].entity, Within: w.Accounts[0].ID, Now: 1}
			if got, want := f.check(q.User, q.Entity, view), access.Decide(s, q).Allowed; got != want {
				b.Fatalf("the floor says %v, Decide says %v: %+v", got, want, q)
			}
		}
		b.Run(fmt.Sprintf("users=%d/floor", n), func(b *testing.B) {
			b.ReportAllocs()
			i, yes := 0, 0
			for b.Loop() {
				q := &pairs[i&(len(pairs)-1)]
				if f.check(q.user, q.entity, view) {
					yes++
				}
				i++
			}
			_ = yes
		})
		b.Run(fmt.Sprintf("users=%d/decide", n), func(b *testing.B) {
			b.ReportAllocs()
			i, yes := 0, 0
			within := w.Accounts[0].ID
			for b.Loop() {
				q := &pairs[i&(len(pairs)-1)]
				if access.Decide(s, access.Question{User: q.user, Permission: view, Entity: q.entity, Within: within, Now: 1}).Allowed {
					yes++
				}
				i++
			}
			_ = yes
		})
	}
}

// BenchmarkWithUsers changes one user of many.
func BenchmarkWithUsers(b *testing.B) {
	for _, n := range []int{1_000, 100_000} {
		w := bigWorld(n)
		s := built(b, w)
		b.Run(fmt.Sprintf("users=%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				next, err := s.WithUsers(s.Revision()+1, w.Users[i%n:i%n+1], nil)
				if err != nil {
					b.Fatal(err)
				}
				s = next
			}
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	w := bigWorld(100_000)
	for b.Loop() {
		built(b, w)
	}
}
