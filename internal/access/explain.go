package access

// Explanation is a Decision with every path that was walked, allowed or not.
// Its Decision is always the one that Decide gives.
type Explanation struct {
	Decision    Decision
	Memberships []MembershipStep // those that concern the asking account
}

// MembershipStep is one of the user's memberships.
type MembershipStep struct {
	Account     string
	Reasons     Reasons // why nothing comes through it
	Assignments []AssignmentStep
}

// AssignmentStep is one role given through a membership; a role is given through one only once.
type AssignmentStep struct {
	Role     string
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
	out := Explanation{Decision: a.decision(a.decide(why))}
	if why&fatal != 0 {
		return out
	}
	for m := a.who.members(); m.next(); {
		if a.bounded && !a.concerns(m.account) {
			continue
		}
		step := MembershipStep{Account: a.accountNames.at(m.account), Reasons: a.memberFails(&m)}
		a.explain(&step, &m, why|step.Reasons)
		out.Memberships = append(out.Memberships, step)
	}
	return out
}

// explain adds the assignments of a membership. One over several entities is several grants.
func (a *asking) explain(out *MembershipStep, m *member, above Reasons) {
	var steps []AssignmentStep
	var of []int32
	for g := m.grants(); g.next(); {
		if a.roles.list[g.role].account < 0 {
			continue
		}
		if !g.goes {
			steps = append(steps, AssignmentStep{Role: a.roleNames.at(g.role), Has: a.body(g.role).all.Has(a.q.Permission), Reasons: a.timeFails(&g)})
			of = append(of, g.role)
		}
		step := &steps[len(steps)-1]
		if at := g.meet(a.target); !at.empty() {
			step.InScope = true
			if step.Has {
				step.Reasons |= a.pathFails(m, at)
			}
		}
	}
	for i := range steps {
		a.through = m.account
		a.explainPolicies(&steps[i], of[i], above)
	}
	out.Assignments = steps
}

func (a *asking) explainPolicies(step *AssignmentStep, role int32, above Reasons) {
	switch {
	case !step.Has:
		step.Reasons |= NoGrant
	case !step.InScope:
		step.Reasons |= OutOfScope
	}
	for i, policy := range a.form(role).policies {
		r, has := a.rulesFail(&a.body(role).policies[i])
		if has {
			step.Policies = append(step.Policies, PolicyStep{ID: policy, Reasons: r, Allowed: above|step.Reasons|r == 0})
		}
	}
}
