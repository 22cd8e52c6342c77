package people

import "countersign/internal/access"

// What became of a rule on a path.
const (
	Holds      = "holds"
	Fails      = "fails"
	NotReached = "not_reached" // a rule before it stopped the path
)

// Check is one rule of a path. The words of the rule are lang's "rule.RULE".
type Check struct {
	Rule    string
	State   string
	Reasons access.Reasons // why it fails
}

func checked(rule string, fails access.Reasons) Check {
	if fails != 0 {
		return Check{rule, Fails, fails}
	}
	return Check{Rule: rule, State: Holds}
}

// UserChecks are the rules about the person.
func (x Explained) UserChecks() []Check {
	return []Check{checked("user_active", x.Decision.Reasons&access.InactiveUser)}
}

// MembershipChecks are the rules about a membership, those that are no matter left out.
func (x Explained) MembershipChecks(m access.MembershipStep) []Check {
	out := []Check{checked("membership_active", m.Reasons&access.InactiveMembership), checked("account_active", m.Reasons&access.InactiveAccount)}
	if m.Reasons&access.Cut != 0 {
		out = append(out, checked("parent_active", access.Cut))
	}
	from := m.Reasons & (access.IPDenied | access.IPUnknown)
	if from != 0 || m.Account == x.Account.ID && len(x.Networks) > 0 {
		out = append(out, checked("address", from))
	}
	return out
}

// AssignmentChecks are the rules about a role that was given: those after the one
// that stops everything are not reached, and those that the permission does not
// know, or that restrict nothing here, are left out.
func (x Explained) AssignmentChecks(m access.MembershipStep, s access.AssignmentStep) []Check {
	info := x.Question.Permission.Info()
	out := []Check{checked("permission", s.Reasons&access.NoGrant)}
	rules := []struct {
		rule    string
		asked   bool
		reasons access.Reasons
	}{
		{"scope", true, access.OutOfScope}, {"time", s.From != 0 || s.Until != 0, access.NotYet | access.Expired}, {"location", info.Located && !m.AllLocations, access.LocationMissing | access.LocationForeign},
		{"level", info.MinLevel != 0, access.MinLevel}, {"direct_payment", info.DirectPayment, access.DirectPayment}, {"own_account", info.OwnAccount, access.OwnAccount},
		{"second_factor", info.NeedsTwoFactor, access.NeedsTwoFactor}, {"fresh", info.StepUp, access.NotFresh},
	}
	for _, r := range rules {
		switch {
		case !r.asked:
		case !s.Has, !s.InScope && r.rule != "scope" && r.rule != "time":
			out = append(out, Check{Rule: r.rule, State: NotReached})
		default:
			out = append(out, checked(r.rule, s.Reasons&r.reasons))
		}
	}
	return out
}

// ConditionCheck is one part of a restriction.
type ConditionCheck struct {
	Check
	Only access.Condition // that part of it alone

	Clause *access.ClauseStep // of a registered type: with what it was compared
}

// ConditionChecks are the parts of a restriction; none for none. This is the one
// place that takes conditions apart to be told.
func ConditionChecks(g access.GrantStep) (out []ConditionCheck) {
	c := g.Condition
	add := func(rule string, fails access.Reasons, only access.Condition) {
		out = append(out, ConditionCheck{Check: checked(rule, g.Reasons&fails), Only: only})
	}
	if c.OwnOnly {
		add("own_record", access.ConditionOwn, access.Condition{OwnOnly: true})
	}
	if c.MaxAmount != 0 {
		add("amount", access.ConditionAmount, access.Condition{MaxAmount: c.MaxAmount, Currency: c.Currency})
	}
	if c.Currency != "" || c.MaxAmount != 0 {
		add("currency", access.ConditionCurrency, access.Condition{Currency: c.Currency})
	}
	if c.States != nil {
		add("state", access.ConditionState, access.Condition{States: c.States})
	}
	for i := range g.Clauses {
		step := &g.Clauses[i]
		out = append(out, ConditionCheck{Check: checked("property", step.Reasons), Only: access.Condition{Clauses: []access.Clause{step.Clause}}, Clause: step})
	}
	return out
}
