package access

import "slices"

// Explanation is a Decision with every path that was walked, allowed or not.
// Its Decision is always the one that Decide gives.
type Explanation struct {
	Decision    Decision
	Memberships []MembershipStep // those that concern the asking account
}

// MembershipStep is one of the user's memberships.
type MembershipStep struct {
	Account      string
	AllLocations bool    // it is not restricted to some
	Reasons      Reasons // why nothing comes through it
	Assignments  []AssignmentStep
}

// AssignmentStep is one role given through a membership; a role is given through one only once.
type AssignmentStep struct {
	Role        string
	From, Until int64 // when it holds: µs, 0 is open
	Over        []ScopeStep
	Has         bool    // the role has the permission
	InScope     bool    // the assignment reaches the resource
	Reasons     Reasons // why nothing comes through it, the membership's reasons apart
	Policies    []PolicyStep
}

// ScopeStep is one entity that a role is given over, with all below it.
type ScopeStep struct {
	Entity  string // id; "" for one that lies outside the account, which reaches nothing
	Reaches bool   // it is the resource's entity, or stands above it
}

// PolicyStep is one policy of the role that has the permission.
type PolicyStep struct {
	ID      string
	Reasons Reasons     // the conditions that do not hold; none: the policy gives it
	Allowed bool        // this whole path allows
	Grants  []GrantStep // each by itself gives it; one alone and without a condition where that is so
}

// GrantStep is a permission in a policy with its condition.
type GrantStep struct {
	Condition Condition
	Reasons   Reasons // what of it does not hold
	Clauses   []ClauseStep
}

// ClauseStep is a clause of a condition, with what it was compared with.
type ClauseStep struct {
	Clause
	Reasons      Reasons // none: it holds
	Value, Other string  // the property's value, and with SameAs the user's; "" is also what is not known
	Known        bool    // the property has a value
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
		step := MembershipStep{Account: a.accountNames.at(m.account), AllLocations: m.allLocations(), Reasons: a.memberFails(&m)}
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
			if g.timed {
				steps[len(steps)-1].From, steps[len(steps)-1].Until = g.from, g.until
			}
		}
		step, over := &steps[len(steps)-1], ScopeStep{}
		if !g.empty() {
			over.Entity = a.entityNames.at(g.lo)
		}
		if at := g.meet(a.target); !at.empty() {
			step.InScope, over.Reaches = true, true
			if step.Has {
				step.Reasons |= a.pathFails(m, at)
			}
		}
		step.Over = append(step.Over, over)
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
		rules := &a.body(role).policies[i]
		r, has := a.rulesFail(rules)
		if has {
			step.Policies = append(step.Policies, PolicyStep{ID: policy, Reasons: r, Allowed: above|step.Reasons|r == 0, Grants: a.explainGrants(rules)})
		}
	}
}

// explainGrants are the grants of the permission in a policy.
func (a *asking) explainGrants(r *rules) []GrantStep {
	if r.free.Has(a.q.Permission) {
		return []GrantStep{{}}
	}
	var out []GrantStep
	for i := range r.conds {
		if c := &r.conds[i]; c.Permission == a.q.Permission {
			out = append(out, GrantStep{c.Condition, a.fails(&c.Condition, a.some), a.explainClauses(&c.Condition)})
		}
	}
	return out
}

func (a *asking) explainClauses(c *Condition) (out []ClauseStep) {
	for i := range c.Clauses {
		step := ClauseStep{Clause: c.Clauses[i], Reasons: a.clauseFails(&c.Clauses[i], a.some)}
		step.Value, step.Known = a.value(step.Part, step.Name)
		if step.Op == SameAs {
			step.Other, _ = a.value(OfUser, c.Clauses[i].Other)
		}
		out = append(out, step)
	}
	return out
}

// Explains is what an explanation says to somebody who sees some accounts only:
// what stands in others is left out, and a deny has the reasons of what is left,
// so that it tells nothing of them. elsewhere: it allows by what is left out alone.
func (x Explanation) Explains(sees func(accountID string) bool) (out Explanation, elsewhere bool) {
	out.Decision = x.Decision
	reached, granted, allowed := false, false, false
	found := x.Decision.Reasons & (fatal | InactiveUser)
	for _, m := range x.Memberships {
		if !sees(m.Account) {
			continue
		}
		out.Memberships = append(out.Memberships, m)
		for _, s := range m.Assignments {
			granted = granted || s.Has && slices.ContainsFunc(s.Over, func(o ScopeStep) bool { return o.Entity != "" })
			if !s.Has || !s.InScope {
				continue
			}
			reached = true
			found |= m.Reasons | s.Reasons | s.lacks()
			allowed = allowed || slices.ContainsFunc(s.Policies, func(p PolicyStep) bool { return p.Allowed })
		}
	}
	switch {
	case x.Decision.Allowed:
		return out, !allowed
	case x.Decision.Reasons&fatal != 0:
		return out, false
	case !reached && granted:
		found |= OutOfScope
	case !reached:
		found |= NoGrant
	}
	out.Decision.Reasons = found
	return out, false
}

// lacks is what the conditions of all policies lack; nothing when one of them gives it.
func (s *AssignmentStep) lacks() (r Reasons) {
	for _, p := range s.Policies {
		if p.Reasons == 0 {
			return 0
		}
		r |= p.Reasons
	}
	return r
}
