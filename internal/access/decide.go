package access

// Decide answers whether the user may do this to this one resource. It
// allocates nothing.
//
// The seven rules, and where each stands: 1 memberFails, 2 the walk below,
// 3 to 6 pathFails, 7 Condition.fails. A deny names every reason
// found on the paths whose role has the permission: those that reach the
// resource, or, when none does, that they do not; and NoGrant when no role has it.
func Decide(s *Snapshot, q Question) Decision {
	if s == nil {
		return Decision{Reasons: NoSnapshot}
	}
	a := asking{q: &q}
	why := a.ask(s)
	why |= a.resource()
	return a.decision(a.decide(why))
}

// asking is a question with its names looked up.
type asking struct {
	*Snapshot
	q        *Question
	who      person
	flags    flag
	minLevel Kind
	within   span  // the whole tree when the question is unbounded
	bounded  bool  // by an account
	target   span  // what is asked about: one entity, or with some, any in it
	place    int32 // the location, -1 when none is given
	some     bool
	typ      *Type     // the permission's, when it is a registered one
	record   *Resource // of that type, when it is stored
	through  int32     // the account of the membership at hand
	people   int32     // with May and ceilings: the account whose people OwnAccount permissions are about; -1 is the entity's owner
}

// ask looks up what every kind of question has.
func (a *asking) ask(s *Snapshot) Reasons {
	q := a.q
	a.Snapshot, a.who, a.place, a.people, a.through = s, s.users.find(s.hash(q.User), q.User), -1, -1, -1
	var why Reasons
	switch {
	case a.who == nil:
		why |= UnknownUser
	case !a.who.active():
		why |= InactiveUser
	}
	if s.permissions.known.Has(q.Permission) {
		p := &s.permissions.of[q.Permission]
		a.flags, a.minLevel, a.typ = p.flags, p.level, p.typ
	} else {
		why |= UnknownPermission
	}
	if q.Now <= 0 {
		why |= NoTime
	}
	a.within = span{0, int32(len(s.entities))}
	if q.Within != "" {
		a.bounded = true
		a.within = span{-1, -1} // of an unknown account: nothing
		if n := s.account(q.Within); n >= 0 {
			a.within = s.accounts[n].span
		} else {
			why |= UnknownEntity
		}
	}
	return why
}

// resource looks up the one resource that Decide and Explain are about.
func (a *asking) resource() Reasons {
	if a.typ != nil {
		return a.registered()
	}
	return a.at(a.q.Entity, a.q.Location)
}

// registered is resource for a registered type. What is stored stands where the
// store says, whatever the question says.
func (a *asking) registered() Reasons {
	if a.record = a.stored.resources.get(ResourceKey{a.q.Within, a.typ.Name, a.q.Resource}); a.record != nil {
		return a.at(a.record.EntityID, a.record.LocationID)
	}
	switch a.typ.From {
	case FromCaller:
		return a.at(a.q.Entity, a.q.Location)
	case FromAccount:
		if n := a.account(a.q.Within); n >= 0 {
			return a.at(a.entityNames.at(a.accounts[n].lo), a.q.Location)
		}
		return NoEntity
	}
	return UnknownResource
}

// at is the entity that is asked about, and the location.
func (a *asking) at(entity, location string) Reasons {
	if entity == "" {
		return NoEntity
	}
	e := a.entity(entity)
	if e < 0 || !a.within.holds(span{e, e + 1}) {
		return UnknownEntity
	}
	a.target = span{e, e + 1}
	if location == "" {
		return 0
	}
	a.place = a.location(location)
	if a.place < 0 {
		return UnknownLocation
	}
	if where := a.subtree(a.places[a.place]); !a.within.holds(where) || !where.inLine(a.subtree(e)) {
		return UnknownLocation
	}
	return 0
}

const fatal = NoSnapshot | UnknownUser | UnknownPermission | UnknownResource | NoEntity | UnknownEntity | UnknownLocation | NoTime

// decide walks every path from the person to the permission and stops at the first that holds.
//
// It reads the record by hand (record.go): the cursors that others use cost
// more than all the rest. A scope that reaches the one entity asked about lies in
// an account that has to do with the asking one, for both hold the entity. So
// concerns is asked of what does not reach it only, and where there is no one entity.
func (a *asking) decide(why Reasons) verdict {
	if why&fatal != 0 {
		if a.who != nil && !a.concerned() {
			why = why&^InactiveUser | UnknownUser
		}
		return verdict{reasons: why}
	}
	var concerned, granted, reached bool
	found := why
	m := headSize + int(a.who[1])
	for left := le.Uint16(a.who[2:]); left > 0; left-- {
		account := int32(le.Uint32(a.who[m:]))
		begin, end := a.who.grantsOf(m)
		if !a.some || !a.bounded || a.concerns(account) {
			at, given := a.first(begin, end)
			for ; at < end; at = a.after(at, end) {
				reached = true
				v := a.path(why, m, begin, at)
				if v.reasons == 0 {
					return v
				}
				found |= v.reasons
			}
			if !reached && (!a.bounded || a.concerns(account)) {
				concerned, granted = true, granted || given
			}
		}
		m = end
	}
	switch {
	case reached:
	case granted:
		found |= OutOfScope
	case a.bounded && !concerned:
		found = UnknownUser
	default:
		found |= NoGrant
	}
	return verdict{reasons: found}
}

// first is where the first of some grants stands that has the permission and
// reaches the resource, or end; given tells whether any has the permission, over
// whatever. It looks at all of them without a branch that depends on what they
// say: a processor guesses such branches wrong, and each wrong guess costs as
// much as reading four grants.
func (a *asking) first(begin, end int) (first int, given bool) {
	p, roles, bodies := a.who[:end], a.roles.list, a.bodies
	word, bit := a.q.Permission/64%setWords, a.q.Permission%64
	from, to := uint32(a.target.lo), uint32(a.target.hi)
	var any, hit, place uint64
	for at := begin; at < end; at += grantSize {
		b := p[at : at+grantSize]
		w, lo, hi := le.Uint32(b), le.Uint32(b[4:]), le.Uint32(b[8:])
		has := bodies[roles[w&grantRole].body].all[word] >> bit & less(lo, hi)
		any |= has
		reaches := has & less(lo, to) & less(from, hi)
		place |= uint64(at) & -(reaches &^ hit)
		hit |= reaches
		if w&grantTimed != 0 {
			at += timesSize
		}
	}
	if hit == 0 {
		return end, any != 0
	}
	return int(place), true
}

// less is 1 when x < y, and 0 else.
func less(x, y uint32) uint64 { return (uint64(x) - uint64(y)) >> 63 }

// after is where the next one stands that has the permission and reaches the resource.
func (a *asking) after(at, end int) int {
	if le.Uint32(a.who[at:])&grantTimed != 0 {
		at += timesSize
	}
	next, _ := a.first(at+grantSize, end)
	return next
}

// path is what comes of one grant that reaches the resource: of the membership
// at m, whose grants begin at first.
func (a *asking) path(why Reasons, m, first, at int) verdict {
	const plain = memberActive | memberAllLocations
	v := verdict{account: int32(le.Uint32(a.who[m:]))}
	w := le.Uint32(a.who[at:])
	v.role = int32(w & grantRole)
	if a.who[m+4] == plain && w < grantGoes && a.flags&(direct|own|needs2FA|stepUp) == 0 && a.minLevel == 0 { // nothing to ask of most
		if v.reasons = why; a.accounts[v.account].dead {
			v.reasons |= InactiveAccount
		}
	} else {
		m := a.who.member(m)
		g := m.grant(first, at)
		v.reasons = why | a.memberFails(&m) | a.timeFails(&g) | a.pathFails(&m, g.meet(a.target))
	}
	var lacks Reasons
	a.through = v.account
	v.policy, lacks = a.policyOf(v.role)
	v.reasons |= lacks
	return v
}

// verdict is a Decision in numbers. Without reasons it allows.
type verdict struct {
	reasons       Reasons
	account, role int32
	policy        string
}

func (a *asking) decision(v verdict) Decision {
	if v.reasons != 0 {
		return Decision{Revision: a.revision, Reasons: v.reasons}
	}
	return Decision{Allowed: true, Revision: a.revision, Account: a.accountNames.at(v.account), Role: a.roleNames.at(v.role), Policy: v.policy}
}

// concerns tells whether the membership has to do with the asking account: it
// is in that account, above it or below it. Others are none of its business,
// and a user who has no other is unknown to it. With May and when something is
// given, those below do not count: what people hold in a merchant's account
// opens no page of its partner's.
func (a *asking) concerns(account int32) bool {
	if a.people >= 0 {
		return a.accounts[account].holds(a.within)
	}
	return a.accounts[account].inLine(a.within)
}

func (a *asking) concerned() bool {
	if !a.bounded {
		return true
	}
	for m := a.who.members(); m.next(); {
		if a.concerns(m.account) {
			return true
		}
	}
	return false
}

// memberFails is rule 1 and rule 6: what stops everything held through a membership.
func (a *asking) memberFails(m *member) Reasons {
	var r Reasons
	if m.flags&memberActive == 0 {
		r |= InactiveMembership
	}
	if m.flags&memberCut != 0 {
		r |= Cut
	}
	if a.accounts[m.account].dead {
		r |= InactiveAccount
	}
	if m.limited() {
		r |= a.addressFails(m)
	}
	return r
}

func (a *asking) addressFails(m *member) Reasons {
	if !a.q.IP.IsValid() {
		return IPUnknown
	}
	if m.from(a.q.IP.Unmap()) {
		return 0
	}
	return IPDenied
}

// timeFails is the time of rule 2.
func (a *asking) timeFails(g *grant) Reasons {
	var r Reasons
	if !g.timed {
		return 0
	}
	if a.q.Now < g.from {
		r |= NotYet
	}
	if g.until != 0 && a.q.Now >= g.until {
		r |= Expired
	}
	return r
}

// pathFails is rules 3, 4 and 5 for the entities at, which a scope of the membership holds.
func (a *asking) pathFails(m *member, at span) Reasons {
	var r Reasons
	if a.flags&located != 0 && !m.allLocations() {
		r |= a.locationFails(m, at)
	}
	if a.minLevel != 0 && a.accounts[m.account].kind > a.minLevel {
		r |= MinLevel
	}
	if a.flags&(direct|own) != 0 {
		r |= a.ownerFails(m, at)
	}
	if a.flags&needs2FA != 0 && !a.q.SecondFactor {
		r |= NeedsTwoFactor
	}
	if a.flags&stepUp != 0 && !a.q.Fresh {
		r |= NotFresh
	}
	return r
}

// ownerFails is the part of rule 4 that asks whose the entities are.
//
// The top of a span inside the membership's account is the account's own
// whenever anything in the span is: below another account's entity all is that one's.
func (a *asking) ownerFails(m *member, at span) Reasons {
	var r Reasons
	owns := a.entities[at.lo].owner == m.account
	if a.flags&direct != 0 && !owns {
		r |= DirectPayment
	}
	if a.flags&own != 0 && !a.ownReached(m, at, owns) {
		r |= OwnAccount
	}
	return r
}

// ownReached tells whether a membership manages people and access there (I7):
// its own account's always, another's only when that one is not live.
func (a *asking) ownReached(m *member, at span, owns bool) bool {
	if a.people >= 0 {
		return m.account == a.people || !a.accounts[a.people].live
	}
	return owns || a.notLive[at.hi] != a.notLive[at.lo]
}

// locationFails is rule 3 for a restricted membership.
func (a *asking) locationFails(m *member, at span) Reasons {
	if a.some {
		for i := 0; ; i++ {
			l := m.place(i)
			if l < 0 {
				return LocationForeign
			}
			if a.placed(l, at) {
				return 0
			}
		}
	}
	if a.place < 0 {
		return LocationMissing
	}
	for i := 0; ; i++ {
		switch m.place(i) {
		case a.place:
			return 0
		case -1:
			return LocationForeign
		}
	}
}

// placed tells whether a location belongs to some entity in the span, as far as the asking account sees.
func (a *asking) placed(l int32, at span) bool {
	e := a.places[l]
	return e >= 0 && a.within.holds(a.subtree(e)) && a.subtree(e).inLine(at)
}

// policyOf is the first policy of a role that gives the permission, or what its conditions lack (rule 7).
func (a *asking) policyOf(role int32) (string, Reasons) {
	b, f := a.body(role), a.form(role)
	if len(f.policies) == 1 && b.free.Has(a.q.Permission) {
		return f.policies[0], 0
	}
	var lacks Reasons
	for i := range b.policies {
		l, has := a.rulesFail(&b.policies[i])
		if has && l == 0 {
			return f.policies[i], 0
		}
		lacks |= l
	}
	return "", lacks
}

// rulesFail is what keeps one policy from giving the permission, and whether it has it at all.
func (a *asking) rulesFail(r *rules) (lacks Reasons, has bool) {
	p := a.q.Permission
	if r.free.Has(p) {
		return 0, true
	}
	for i := range r.conds {
		c := &r.conds[i]
		if c.Permission != p {
			continue
		}
		l := a.fails(&c.Condition, a.some)
		if l == 0 {
			return 0, true
		}
		lacks, has = lacks|l, true
	}
	return lacks, has
}
