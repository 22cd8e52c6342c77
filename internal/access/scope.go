package access

import (
	"cmp"
	"slices"
)

// Reach is a part of what Scope selects: the resources that meet all of it.
// For a permission whose Info says Located, Locations matter; for others
// AllLocations is true.
type Reach struct {
	Paths        []string // entities: these paths and all that begin with one of them; never empty
	Accounts     []string // when not nil: only entities that belong to one of these accounts
	AllLocations bool
	Locations    []string  // when not AllLocations: only resources at one of these; never empty then
	Condition    Condition // and only those that meet this
}

// Scope says what to put into the SQL WHERE so that a list selects exactly what
// Decide allows, resource by resource: whatever meets one of the reaches.
// None selects nothing, and of a registered type it selects nothing either: what is
// stored of one is listed by Resources. It reads no entity, location, owner, amount or state from the question.
func Scope(s *Snapshot, q Question) []Reach {
	if s == nil {
		return nil
	}
	a := asking{q: &q}
	why := a.ask(s)
	if why != 0 || a.typ != nil {
		return nil
	}
	a.some, a.target = true, a.within
	var out []Reach
	for m := a.who.members(); m.next(); {
		if a.bounded && !a.concerns(m.account) || a.memberFails(&m) != 0 {
			continue
		}
		for g := m.grants(); g.next(); {
			if a.body(g.role).all.Has(q.Permission) && a.timeFails(&g) == 0 {
				out = a.reach(out, &m, &g)
			}
		}
	}
	return tidy(out)
}

// reach adds what one grant selects.
func (a *asking) reach(out []Reach, m *member, g *grant) []Reach {
	at := g.meet(a.target)
	if at.empty() || a.pathFails(m, at) != 0 {
		return out
	}
	r := Reach{Paths: []string{a.paths.at(at.lo)}, Accounts: a.owners(m, at), AllLocations: true}
	if a.flags&located != 0 && !m.allLocations() {
		r.AllLocations = false
		for i := 0; m.place(i) >= 0; i++ {
			if l := m.place(i); a.placed(l, at) {
				r.Locations = append(r.Locations, a.placeNames.at(l))
			}
		}
		slices.Sort(r.Locations)
	}
	for _, c := range a.conditions(g.role) {
		r.Paths, r.Condition = slices.Clone(r.Paths), c
		out = append(out, r)
	}
	return out
}

// owners restricts what is not held over the accounts below one's own.
func (a *asking) owners(m *member, at span) []string {
	if a.flags&(direct|own) == 0 {
		return nil
	}
	var list []string
	if a.entities[at.lo].owner == m.account {
		list = append(list, a.accountNames.at(m.account))
	}
	if a.flags&direct != 0 {
		return list
	}
	for i := range a.accounts {
		acc := &a.accounts[i]
		if !acc.live && int32(i) != m.account && acc.ownsIn(a.tree, at) {
			list = append(list, a.accountNames.at(int32(i)))
		}
	}
	slices.Sort(list)
	return list
}

// ownsIn tells whether some entity in the span, a subtree, is the account's.
func (acc *account) ownsIn(t *tree, at span) bool {
	return at.holds(span{acc.lo, acc.lo + 1}) || t.accounts[t.entities[at.lo].owner].lo == acc.lo
}

// conditions under which the role gives the permission; one that is none makes the others idle.
func (a *asking) conditions(role int32) []Condition {
	b := a.body(role)
	if b.free.Has(a.q.Permission) {
		return []Condition{{}}
	}
	var out []Condition
	for i := range b.policies {
		for j := range b.policies[i].conds {
			c := &b.policies[i].conds[j]
			if c.Permission == a.q.Permission && a.fails(&c.Condition, true) == 0 {
				out = append(out, c.Condition)
			}
		}
	}
	return out
}

// tidy joins reaches that differ in their paths only, and drops paths below another of the same reach.
func tidy(list []Reach) []Reach {
	var out []Reach
	for _, r := range list {
		i := slices.IndexFunc(out, func(o Reach) bool { return o.alike(&r) })
		if i < 0 {
			out = append(out, r)
			continue
		}
		out[i].Paths = append(out[i].Paths, r.Paths...)
	}
	for i := range out {
		out[i].Paths = tops(out[i].Paths)
	}
	slices.SortStableFunc(out, func(x, y Reach) int { return cmp.Compare(x.Paths[0], y.Paths[0]) })
	return out
}

func (r *Reach) alike(o *Reach) bool {
	return r.AllLocations == o.AllLocations && slices.Equal(r.Locations, o.Locations) &&
		(r.Accounts == nil) == (o.Accounts == nil) && slices.Equal(r.Accounts, o.Accounts) && r.Condition.equal(&o.Condition)
}

func (c *Condition) equal(o *Condition) bool {
	return c.OwnOnly == o.OwnOnly && c.MaxAmount == o.MaxAmount && c.Currency == o.Currency &&
		(c.States == nil) == (o.States == nil) && slices.Equal(c.States, o.States) &&
		slices.EqualFunc(c.Clauses, o.Clauses, func(x, y Clause) bool { return x.equal(&y) })
}

func tops(paths []string) []string {
	slices.Sort(paths)
	out := paths[:0]
	for _, p := range paths {
		if len(out) == 0 || p != out[len(out)-1] && !below(p, out[len(out)-1]) {
			out = append(out, p)
		}
	}
	return out
}
