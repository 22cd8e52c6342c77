package access

// May answers whether there is any resource in the account q.Within, or in an
// account below it, to which the user may do this by what they hold in that
// account or in one above it: for menus and pages. It reads no entity,
// location, owner, amount or state from the question.
//
// A permission on people and access (Info.OwnAccount) is asked of the people of
// q.Within itself, not of those of accounts below it.
func May(s *Snapshot, q Question) Decision {
	if s == nil {
		return Decision{Reasons: NoSnapshot}
	}
	a := asking{q: &q}
	why := a.ask(s)
	why |= a.anywhere()
	return a.decision(a.decide(why))
}

// anywhere makes the question one about the whole of its account.
func (a *asking) anywhere() Reasons {
	if !a.bounded {
		return NoEntity
	}
	a.some, a.target, a.people = true, a.within, a.account(a.q.Within)
	return 0
}

// Held is every permission for which May would allow, in one walk; it ignores q.Permission.
func Held(s *Snapshot, q Question) Set {
	var held Set
	if s == nil {
		return held
	}
	q.Permission = 1
	a := asking{q: &q}
	why := a.ask(s)
	if why |= a.anywhere(); why != 0 {
		return held
	}
	for m := a.who.members(); m.next(); {
		if !a.concerns(m.account) || a.memberFails(&m) != 0 {
			continue
		}
		for g := m.grants(); g.next(); {
			if at := g.meet(a.target); !at.empty() && a.timeFails(&g) == 0 {
				held = held.Union(a.possible(g.role).And(a.reachable(&m, at)))
			}
		}
	}
	return held
}

// possible is what a role holds, without what only conditions that nothing can meet would give.
func (a *asking) possible(role int32) Set {
	b := a.body(role)
	set := b.free
	for i := range b.policies {
		for j := range b.policies[i].conds {
			c := &b.policies[i].conds[j]
			if a.fails(&c.Condition, true) == 0 {
				set = set.With(c.Permission)
			}
		}
	}
	return set
}

// reachable is pathFails for all permissions at once: those that it lets through.
func (a *asking) reachable(m *member, at span) Set {
	c := a.permissions
	set := c.level(a.accounts[m.account].kind)
	if !a.q.SecondFactor {
		set = set.Minus(c.flagged(needs2FA))
	}
	if !a.q.Fresh {
		set = set.Minus(c.flagged(stepUp))
	}
	if !m.allLocations() && a.locationFails(m, at) != 0 {
		set = set.Minus(c.flagged(located))
	}
	owns := a.entities[at.lo].owner == m.account
	if !owns {
		set = set.Minus(c.flagged(direct))
	}
	if !a.ownReached(m, at, owns) {
		set = set.Minus(c.flagged(own))
	}
	return set
}
