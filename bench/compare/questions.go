package compare

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"

	"countersign/internal/access"
)

// Question is one thing to ask, and the right answer. Its ids are strings of
// its own, as those of a request are, not the ones that anybody's tables hold.
type Question struct {
	User, Entity, Action string // Action is "transactions:view"
	permission           access.Permission
	allowed              bool
	facts                *facts // nil is allFine
}

// facts are what rules 3 to 7 read of a question.
type facts struct {
	secondFactor, fresh    bool
	ip                     netip.Addr
	now                    int64
	location               string
	owner, state, currency string
	amount                 int64
	hasAmount              bool
}

var allFine = facts{secondFactor: true, fresh: true, ip: office.Addr().Next(), now: now}

// access is the question as package access wants it.
func (q *Question) access(within string, p access.Permission) access.Question {
	f := q.facts
	if f == nil {
		f = &allFine
	}
	return access.Question{
		User: q.User, Permission: p, Within: within, Entity: q.Entity, Location: f.location, Now: f.now,
		IP: f.ip, SecondFactor: f.secondFactor, Fresh: f.fresh,
		Owner: f.owner, State: f.state, Currency: f.currency, Amount: f.amount, HasAmount: f.hasAmount,
	}
}

// asker draws questions about one world. Half of those it gives are allowed.
type asker struct {
	rng      *rand.Rand
	w        access.World
	plain    PlainWorld
	right    *rules
	at       map[string]int // entities
	roles    map[string]*access.Role
	simple   []access.Permission // whose answer rule 2 alone gives to somebody about whom nothing is special
	every    []access.Permission
	steps    []access.Permission // those that want a fresh sign-in, which few people hold
	ordinary []int               // the users about whom nothing is special
}

func newAsker(w access.World) *asker {
	a := &asker{rng: rand.New(rand.NewPCG(2, uint64(len(w.Users)))), w: w, plain: Plain(w), right: newRules(w), at: map[string]int{}, roles: map[string]*access.Role{}}
	for i, e := range w.Entities {
		a.at[e.ID] = i
	}
	for i := range w.Roles {
		a.roles[w.Roles[i].ID] = &w.Roles[i]
	}
	a.every = access.Permissions()
	for _, p := range a.every {
		if i := p.Info(); !i.OwnAccount && !i.DirectPayment && !i.StepUp && i.MinLevel == 0 {
			a.simple = append(a.simple, p)
		}
		if p.Info().StepUp {
			a.steps = append(a.steps, p)
		}
	}
	for i := range w.Users {
		if a.right.ordinary(&w.Users[i]) {
			a.ordinary = append(a.ordinary, i)
		}
	}
	return a
}

// plainly draws questions that rule 2 answers, about people with whom all else is in order: what everybody can be asked.
func (a *asker) plainly(n int) []Question {
	return a.half(n, func() Question {
		u := &a.w.Users[a.ordinary[a.rng.IntN(len(a.ordinary))]]
		return a.about(u, a.simple)
	})
}

// fully draws questions about anybody and everything, with facts that rules 3 to 7 read.
func (a *asker) fully(n int) []Question {
	return a.half(n, func() Question {
		i := a.rng.IntN(len(a.w.Users))
		if a.rng.IntN(2) == 0 {
			i = i/specialEvery*specialEvery + specialEvery - 1
		}
		u := &a.w.Users[min(i, len(a.w.Users)-1)]
		of := a.every
		if a.rng.IntN(8) == 0 {
			of = a.steps
		}
		q := a.about(u, of)
		q.facts = a.facts(u, q.Entity)
		return q
	})
}

// half draws until half of the n questions are allowed and half denied, mixed.
func (a *asker) half(n int, draw func() Question) []Question {
	out := make([]Question, 0, n)
	left := map[bool]int{true: n / 2, false: n - n/2}
	for len(out) < n {
		q := draw()
		q.allowed = a.right.decide(q.access("", q.permission))
		if left[q.allowed] == 0 {
			continue
		}
		left[q.allowed]--
		out = append(out, q)
	}
	a.rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	written(out)
	return out
}

// written gives the questions strings and facts of their own, one behind the
// other in the order of asking: those of a request have just been read and lie at hand.
func written(list []Question) {
	of := make([]facts, len(list))
	for i := range list {
		if q := &list[i]; q.facts != nil {
			of[i], q.facts = *q.facts, &of[i]
		}
	}
	var all strings.Builder
	for _, q := range list {
		all.WriteString(q.User + q.Entity + q.permission.String())
	}
	text := all.String()
	next := func(n int) (s string) {
		s, text = text[:n], text[n:]
		return s
	}
	for i := range list {
		q := &list[i]
		q.User, q.Entity, q.Action = next(len(q.User)), next(len(q.Entity)), next(len(q.permission.String()))
	}
}

// about draws a question about one person: of what they hold where they hold
// it, in most cases, else of one of both, else of anything anywhere.
func (a *asker) about(u *access.User, of []access.Permission) Question {
	m := u.Memberships[a.rng.IntN(len(u.Memberships))]
	g := m.Assignments[a.rng.IntN(len(m.Assignments))]
	scope := a.plain.Entities[a.at[g.Entities[0]]]
	held := a.roles[g.RoleID].Policies[0].Permissions
	q := Question{User: u.ID, permission: of[a.rng.IntN(len(of))], Entity: a.w.Entities[a.rng.IntN(len(a.w.Entities))].ID}
	kind := a.rng.IntN(8)
	if kind < 6 { // something that they hold
		if p := held[a.rng.IntN(len(held))].Permission; slices.Contains(of, p) {
			q.permission = p
		}
	}
	switch {
	case kind < 4, kind == 6: // where they hold something
		q.Entity = a.w.Entities[int(scope.lo)+a.rng.IntN(int(scope.hi-scope.lo))].ID
	case kind == 4: // near it
		near := a.plain.Entities[a.at[scope.Line[min(1, len(scope.Line)-1)]]]
		q.Entity = a.w.Entities[int(near.lo)+a.rng.IntN(int(near.hi-near.lo))].ID
	}
	return q
}

func (a *asker) facts(u *access.User, entity string) *facts {
	some := func(percent int) bool { return a.rng.IntN(100) < percent }
	f := &facts{
		secondFactor: some(90), fresh: some(70), now: now, hasAmount: some(90), amount: a.rng.Int64N(200_00),
		ip:       []netip.Addr{{}, allFine.ip, netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("::ffff:10.1.2.3")}[a.rng.IntN(4)],
		owner:    []string{"", u.ID, "usr_else"}[a.rng.IntN(3)],
		currency: []string{"EUR", "EUR", "USD", ""}[a.rng.IntN(4)],
		state:    []string{"new", "held", "paid", ""}[a.rng.IntN(4)],
	}
	places := u.Memberships[0].Locations
	switch {
	case len(places) > 0 && some(60):
		f.location = places[a.rng.IntN(len(places))]
	case some(40):
		if at := a.right.placesOf[entity]; at != "" {
			f.location = at
		}
	case some(5):
		f.location = "loc_none"
	}
	return f
}
