package access

// Explanation is a Decision with every path that was walked, allowed or not.
// Its Decision is always the one that Decide gives.
type Explanation struct {
	Decision    Decision
	Memberships []MembershipStep // those that concern the asking account
}

// MembershipStep is one of the user's memberships.
type MembershipStep struct {
	ID, Account string
	Reasons     Reasons // why nothing comes through it
	Assignments []AssignmentStep
}

// AssignmentStep is one role given through a membership.
type AssignmentStep struct {
	ID, Role string
	Has      bool    // the role has the permission
	InScope  bool    // the assignment reaches the resource
	Reasons  Reasons // why nothing comes through it, the membership's reasons apart
	Policies []PolicyStep
}

// PolicyStep is one policy of the role that has the permission.
type PolicyStep struct {
	ID      string
	Reasons Reasons // the conditions that do not hold; none: the policy gives it
	Allowed bool    // this whole path allows
}

// Explain walks every path and says what each came to.
func Explain(s *Snapshot, q Question) Explanation {
	if s == nil {
		return Explanation{Decision: Decision{Reasons: NoSnapshot}}
	}
	a := asking{q: &q}
	why := a.ask(s)
	why |= a.resource()
	out := Explanation{Decision: a.decide(why)}
	if why&fatal != 0 {
		return out
	}
	for i := range a.who.members {
		m := &a.who.members[i]
		if a.bounded && !a.concerns(m) {
			continue
		}
		step := MembershipStep{ID: m.id, Account: a.accounts[m.account].id, Reasons: a.memberFails(m)}
		for j := range m.grants {
			step.Assignments = append(step.Assignments, a.explain(m, &m.grants[j], why|step.Reasons))
		}
		out.Memberships = append(out.Memberships, step)
	}
	return out
}

func (a *asking) explain(m *member, g *grant, above Reasons) AssignmentStep {
	step := AssignmentStep{ID: g.id, Role: g.role.id, Has: g.role.all.Has(a.q.Permission), Reasons: a.timeFails(g)}
	for k := 0; k <= len(g.more); k++ {
		if at := g.scope(k).meet(a.target); !at.empty() {
			step.InScope = true
			if step.Has {
				step.Reasons |= a.pathFails(m, at)
			}
		}
	}
	switch {
	case !step.Has:
		step.Reasons |= NoGrant
	case !step.InScope:
		step.Reasons |= OutOfScope
	}
	for i := range g.role.body.policies {
		r, has := a.rulesFail(&g.role.body.policies[i])
		if has {
			step.Policies = append(step.Policies, PolicyStep{ID: g.role.policies[i], Reasons: r, Allowed: above|step.Reasons|r == 0})
		}
	}
	return step
}
