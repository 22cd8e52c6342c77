package access

import (
	"slices"
	"sort"
)

// Page is a part of what a search found.
type Page struct {
	IDs  []string
	Next string // give it as after for the next page; "" when nothing follows
}

// Subjects lists the users who may do q.Permission to the one resource of q:
// exactly those for whom Decide allows, by id, at most limit of them (1 or more)
// and those after a position (Page.Next, or "" for the first). q.User is not
// read; what q says of a person (IP, SecondFactor, Fresh) holds for each of them.
//
// It looks at those who have a role over the entity or one above it that could give
// it on this resource, and at nobody else: where a role gives it for a person's own
// records alone, at the one whose record it is, and where it gives it at certain
// locations, at those who have this one. The first search after a start,
// after a change of the tree, or after some thousand changed users sorts everybody,
// about a second for a million.
func Subjects(s *Snapshot, q Question, after string, limit int) Page {
	if s == nil || limit < 1 {
		return Page{}
	}
	a := asking{q: &q}
	q.User = ""
	why := a.ask(s) &^ (UnknownUser | InactiveUser)
	if why |= a.resource(); why&fatal != 0 {
		return Page{}
	}
	var out Page
	for who := range s.candidates(&a, after) {
		q.User, a.who = string(who.id()), who
		because := why
		if !who.active() {
			because |= InactiveUser
		}
		if a.decide(because).reasons != 0 {
			continue
		}
		if len(out.IDs) == limit {
			out.Next = out.IDs[limit-1]
			break
		}
		out.IDs = append(out.IDs, q.User)
	}
	return out
}

// candidates yields, by id, everybody to whom a role over something that holds the
// entity could give it (takers), and whoever changed since that was written down.
func (s *Snapshot) candidates(a *asking, after string) func(yield func(person) bool) {
	return func(yield func(person) bool) {
		h := s.holders.get()
		from := uint32(sort.Search(len(h.order), func(i int) bool { return string(h.at(uint32(i)).id()) > after }))
		lists := a.lists(h, from)
		since := s.since[sort.Search(len(s.since), func(i int) bool { return s.since[i] > after }):]
		for {
			rank, some := least(lists)
			var id string
			if some {
				id = string(h.at(rank).id())
			}
			for ; len(since) > 0 && (!some || since[0] < id); since = since[1:] {
				if who := s.users.find(s.hash(since[0]), since[0]); who != nil && !yield(who) {
					return
				}
			}
			if !some {
				return
			}
			who := h.at(rank)
			if len(since) > 0 && since[0] == id {
				who, since = s.users.find(s.hash(id), id), since[1:]
			}
			if who != nil && !yield(who) {
				return
			}
		}
	}
}

// lists are those to whom a role can give it, as ranks that ascend, from one on. Who is
// restricted to certain locations comes, where it matters, only by the one that is asked
// about: one role may be given to everybody at ten thousand tills, to each for their own.
func (a *asking) lists(h *holders, from uint32) (out [][]uint32) {
	add := func(list []uint32) {
		if at, _ := slices.BinarySearch(list, from); at < len(list) { // each list is looked at for each of them
			out = append(out, list[at:])
		}
	}
	var certain [][]uint32
	many := 0
	for e := a.target.lo; e >= 0; e = a.entities[e].up {
		for _, r := range h.runs[h.begin[e]:h.begin[e+1]] {
			everywhere, some := h.everywhere(r), h.certain(r)
			if everybody, named := a.takers(r.role); !everybody {
				everywhere, some = h.among(everywhere, named), h.among(some, named)
			}
			add(everywhere)
			certain = append(certain, some)
			many += len(some)
		}
	}
	if a.flags&located != 0 {
		if a.place < 0 {
			return out
		}
		if here := h.restrictedTo(a.place); len(here) < many {
			add(here)
			return out
		}
	}
	for _, list := range certain {
		add(list)
	}
	return out
}

// takers are those to whom a role can give the permission on the resource, as far
// as that can be said without looking at who has it: everybody, or only those named.
func (a *asking) takers(role int32) (everybody bool, named []string) {
	b, account := a.body(role), a.roles.list[role].account
	if account < 0 || !b.all.Has(a.q.Permission) {
		return false, nil
	}
	m := member{account: account, flags: memberAllLocations}
	if a.accounts[account].dead || a.pathFails(&m, a.target) != 0 {
		return false, nil
	}
	if b.free.Has(a.q.Permission) {
		return true, nil
	}
	for i := range b.policies {
		for j := range b.policies[i].conds {
			c := &b.policies[i].conds[j]
			if c.Permission != a.q.Permission {
				continue
			}
			switch id, can := a.whom(&c.Condition); {
			case can && id == "":
				return true, nil
			case can:
				named = append(named, id)
			}
		}
	}
	return false, named
}

// whom is the one person whom a condition lets do it to this resource, "" when it
// does not ask who it is; it is false when nobody can meet it.
func (a *asking) whom(c *Condition) (id string, can bool) {
	rest := Condition{MaxAmount: c.MaxAmount, Currency: c.Currency, States: c.States}
	if a.fails(&rest, false) != 0 {
		return "", false
	}
	names := func(who string) bool {
		same := who != "" && (id == "" || id == who)
		id = who
		return same
	}
	if c.OwnOnly && !names(a.q.Owner) {
		return "", false
	}
	for i := range c.Clauses {
		switch x := &c.Clauses[i]; {
		case x.Part == OfUser || x.Op == SameAs: // for each to be looked at
		case x.Op == Own:
			if v, known := a.value(x.Part, x.Name); !known || !names(v) {
				return "", false
			}
		case a.clauseFails(x, false) != 0:
			return "", false
		}
	}
	return id, true
}

// least takes the smallest number off lists that are sorted.
func least(lists [][]uint32) (rank uint32, some bool) {
	for _, l := range lists {
		if len(l) > 0 && (!some || l[0] < rank) {
			rank, some = l[0], true
		}
	}
	for i, l := range lists {
		if len(l) > 0 && l[0] == rank {
			lists[i] = l[1:]
		}
	}
	return rank, some
}

// Entities lists the entities to which the user may do q.Permission, by id in
// the order of the tree: exactly those for which Decide allows with what else q
// says of the resource. Pages are as in Subjects; after is no id.
//
// Scope says the same as conditions for a list that is read from the database.
func Entities(s *Snapshot, q Question, after string, limit int) Page {
	if s == nil || limit < 1 {
		return Page{}
	}
	a := asking{q: &q}
	why := a.ask(s)
	if why != 0 {
		return Page{}
	}
	if a.typ != nil && (a.typ.From != FromCaller || a.stored.resources.get(ResourceKey{q.Within, a.typ.Name, q.Resource}) != nil) {
		return Page{} // the question has no say in whose it is
	}
	if q.Location != "" {
		if a.place = a.location(q.Location); a.place < 0 || !a.within.holds(a.subtree(a.places[a.place])) {
			return Page{}
		}
	}
	var out Page
	first := int32(sort.Search(len(s.entities), func(i int) bool { return s.paths.at(int32(i)) > after }))
	for e := range a.over(first) {
		if a.target = (span{e, e + 1}); a.decide(0).reasons != 0 {
			continue
		}
		if len(out.IDs) == limit {
			out.Next = s.paths.at(s.entity(out.IDs[limit-1]))
			break
		}
		out.IDs = append(out.IDs, s.entityNames.at(e))
	}
	return out
}

// Actions is every permission that the user has on the one resource of q; q.Permission is not read.
func Actions(s *Snapshot, q Question) Set {
	var out Set
	for q.Permission = range s.Known().All() {
		if Decide(s, q).Allowed {
			out = out.With(q.Permission)
		}
	}
	return out
}

// over yields the entities from a number on that some grant with the permission
// may reach. It leaps over what whose it is, or where it lies, rules out.
func (a *asking) over(first int32) func(yield func(int32) bool) {
	type reach struct {
		account int32
		span
	}
	var reaches []reach
	for m := a.who.members(); m.next(); {
		for g := m.grants(); g.next(); {
			if at := g.meet(a.within); !at.empty() && a.body(g.role).all.Has(a.q.Permission) {
				reaches = append(reaches, reach{m.account, at})
			}
		}
	}
	return func(yield func(int32) bool) {
		for e := first; ; e++ {
			next := int32(-1)
			for _, r := range reaches {
				if at := a.from(max(e, r.lo), r.hi, r.account); at < r.hi && (next < 0 || at < next) {
					next = at
				}
			}
			if next < 0 || !yield(next) {
				return
			}
			e = next
		}
	}
}

// from is the first entity from e on, before end, to which an account's people
// may come by ownership and in whose line the location of the question lies.
func (a *asking) from(e, end, account int32) int32 {
	for e < end {
		owner := a.entities[e].owner
		switch {
		case a.place >= 0 && !a.subtree(a.places[a.place]).inLine(a.subtree(e)):
			e = a.entities[e].end
		case owner == account || a.flags&(direct|own) == 0:
			return e
		case a.flags&direct != 0: // nothing below another account's entity is one's own
			e = a.accounts[owner].hi
		case !a.accounts[owner].live:
			return e
		default: // on to the next that is not of a live account, or out of this one
			after := sort.Search(int(end-e-1), func(i int) bool { return a.notLive[int(e)+2+i] > a.notLive[e+1] })
			e = min(a.accounts[owner].hi, e+1+int32(after))
		}
	}
	return end
}
