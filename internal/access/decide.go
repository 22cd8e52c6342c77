package access

// Decide answers whether the user may do this to this one resource. It
// allocates nothing.
//
// The seven rules, and where each stands: 1 (*member).fails, 2 the walk below,
// 3 to 6 (*asking).pathFails, 7 (*Condition).fails. A deny names every reason
// found on the paths whose role has the permission: those that reach the
// resource, or, when none does, that they do not; and NoGrant when no role has it.
func Decide(s *Snapshot, q Question) Decision {
	if s == nil {
		return Decision{Reasons: NoSnapshot}
	}
	a := asking{q: &q}
	why := a.ask(s)
	why |= a.resource()
	return a.decide(why)
}

// asking is a question with its names looked up.
type asking struct {
	*frame
	q        *Question
	revision int64
	who      *person
	flags    flag
	minLevel Kind
	within   span  // the whole tree when the question is unbounded
	bounded  bool  // by an account
	target   span  // what is asked about: one entity, or with some, any in it
	place    int32 // the location's entity, -1 when none is given
	some     bool
	people   int32 // with May and ceilings: the account whose people OwnAccount permissions are about; -1 is the entity's owner
}

// ask looks up what every kind of question has.
func (a *asking) ask(s *Snapshot) Reasons {
	q := a.q
	a.frame, a.revision, a.who, a.place, a.people = s.frame, s.revision, s.users.find(q.User), -1, -1
	var why Reasons
	switch {
	case a.who == nil:
		why |= UnknownUser
	case !a.who.active:
		why |= InactiveUser
	}
	if q.Permission.known() {
		a.flags, a.minLevel = catalogue.flags[q.Permission], catalogue.levels[q.Permission]
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
		if n := s.accountID.find(q.Within); n >= 0 {
			a.within = s.accounts[n].span
		} else {
			why |= UnknownEntity
		}
	}
	return why
}

// resource looks up the one resource that Decide and Explain are about.
func (a *asking) resource() Reasons {
	if a.q.Entity == "" {
		return NoEntity
	}
	e := a.entityIDs.find(a.q.Entity)
	if e < 0 || !a.within.holds(span{e, e + 1}) {
		return UnknownEntity
	}
	a.target = span{e, e + 1}
	if a.q.Location == "" {
		return 0
	}
	a.place = a.locations.find(a.q.Location)
	if a.place < 0 || !a.within.holds(a.subtree(a.place)) || !a.subtree(a.place).inLine(a.subtree(e)) {
		return UnknownLocation
	}
	return 0
}

const fatal = NoSnapshot | UnknownUser | UnknownPermission | NoEntity | UnknownEntity | UnknownLocation | NoTime

// decide walks every path from the person to the permission and stops at the first that holds.
func (a *asking) decide(why Reasons) Decision {
	d := Decision{Revision: a.revision}
	if why&fatal != 0 {
		d.Reasons = why
		if a.who != nil && !a.concerned() {
			d.Reasons = why&^InactiveUser | UnknownUser
		}
		return d
	}
	var granted, reached bool
	var found Reasons
	p := a.q.Permission
	for i := range a.who.members {
		m := &a.who.members[i]
		if a.bounded && !a.concerns(m) {
			continue
		}
		for j := range m.grants {
			g := &m.grants[j]
			if !g.role.all.Has(p) {
				continue
			}
			granted = true
			for k := 0; k <= len(g.more); k++ {
				at := g.scope(k).meet(a.target)
				if at.empty() {
					continue
				}
				reached = true
				r := why | a.memberFails(m) | a.timeFails(g) | a.pathFails(m, at)
				policy, c := a.policyOf(g.role)
				if r |= c; r != 0 {
					found |= r
					continue
				}
				d.Allowed, d.Membership, d.Assignment, d.Role, d.Policy = true, m.id, g.id, g.role.id, policy
				return d
			}
		}
	}
	d.Reasons = a.summary(why|found, granted, reached)
	return d
}

// summary is the reasons of a deny, from what the walk met.
func (a *asking) summary(found Reasons, granted, reached bool) Reasons {
	switch {
	case granted && reached:
		return found
	case !a.concerned():
		return UnknownUser
	case granted:
		return found | OutOfScope
	default:
		return found | NoGrant
	}
}

// concerns tells whether the membership has to do with the asking account: it
// is in that account, above it or below it. Others are none of its business,
// and a user who has no other is unknown to it. With May and when something is
// given, those below do not count: what people hold in a merchant's account
// opens no page of its partner's.
func (a *asking) concerns(m *member) bool {
	if a.people >= 0 {
		return a.accounts[m.account].holds(a.within)
	}
	return a.accounts[m.account].inLine(a.within)
}

func (a *asking) concerned() bool {
	if !a.bounded {
		return true
	}
	for i := range a.who.members {
		if a.concerns(&a.who.members[i]) {
			return true
		}
	}
	return false
}

// memberFails is rule 1 and rule 6: what stops everything held through a membership.
func (a *asking) memberFails(m *member) Reasons {
	var r Reasons
	if !m.active {
		r |= InactiveMembership
	}
	if m.cut {
		r |= Cut
	}
	if a.accounts[m.account].dead {
		r |= InactiveAccount
	}
	if len(m.allow) > 0 {
		r |= a.addressFails(m)
	}
	return r
}

func (a *asking) addressFails(m *member) Reasons {
	if !a.q.IP.IsValid() {
		return IPUnknown
	}
	ip := a.q.IP.Unmap()
	for _, from := range m.allow {
		if from.Contains(ip) {
			return 0
		}
	}
	return IPDenied
}

// timeFails is the time of rule 2.
func (a *asking) timeFails(g *grant) Reasons {
	var r Reasons
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
	if a.flags&located != 0 && !m.allLocations {
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
		for _, l := range m.locations {
			if where := a.subtree(l.entity); a.within.holds(where) && where.inLine(at) {
				return 0
			}
		}
		return LocationForeign
	}
	if a.place < 0 {
		return LocationMissing
	}
	for i := range m.locations {
		if m.locations[i].id == a.q.Location {
			return 0
		}
	}
	return LocationForeign
}

// policyOf is the first policy of a role that gives the permission, or what its conditions lack (rule 7).
func (a *asking) policyOf(r *role) (string, Reasons) {
	if len(r.policies) == 1 && r.free.Has(a.q.Permission) {
		return r.first, 0
	}
	var lacks Reasons
	for i := range r.body.policies {
		l, has := a.rulesFail(&r.body.policies[i])
		if has && l == 0 {
			return r.policies[i], 0
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
		l := c.Condition.fails(a.q, a.some)
		if l == 0 {
			return 0, true
		}
		lacks, has = lacks|l, true
	}
	return lacks, has
}
