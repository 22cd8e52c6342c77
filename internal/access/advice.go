package access

import (
	"cmp"
	"slices"
	"strconv"
)

// What has to happen for a deny to become an allow. The words are lang's "advice.DEED".
const (
	UnlockUser         = "unlock_user"         // end their lock
	ActivateMembership = "activate_membership" // let them into the account, or in again
	ActivateAccount    = "activate_account"    // the account, or one above it
	ActivateParent     = "activate_parent"     // the person whom they report to
	GiveRole           = "give_role"           // Role in Account over Entity, without an end
	Wait               = "wait"                // until At
	NameLocation       = "name_location"       // ask about what is at Location
	AddLocation        = "add_location"        // let them see Location, too
	AllowedAddress     = "allowed_address"     // work from an address that is allowed in Account
	SecondFactor       = "second_factor"       // sign in with one
	FreshSignIn        = "fresh_sign_in"       // confirm once more who they are
	OwnRecord          = "own_record"          // one that is theirs
	AmountMost         = "amount_most"         // one of at most Amount
	InCurrency         = "in_currency"         // one in Currency
	InState            = "in_state"            // one in any of States
	MeetClause         = "meet_clause"         // one, or done so, or by somebody of whom it is so, that Clause holds, for which Value is enough
)

// Step is one thing that has to happen.
type Step struct {
	Do                              string
	Ends                            Reasons // that it ends on its path
	Account, Role, Entity, Location string  // ids
	At                              int64   // µs
	Amount                          int64   // minor units
	Currency                        string
	States                          []string
	Clause                          *Clause
	Value                           string  // that the clause's property can have, so that the clause and all others on it hold
	Vouched                         Voucher // who says what the property has
}

func (s *Step) equal(o *Step) bool {
	return s.Do == o.Do && s.Account == o.Account && s.Role == o.Role && s.Entity == o.Entity && s.Location == o.Location && s.At == o.At &&
		s.Amount == o.Amount && s.Currency == o.Currency && slices.Equal(s.States, o.States) &&
		s.Value == o.Value && (s.Clause == o.Clause || s.Clause != nil && o.Clause != nil && s.Clause.equal(o.Clause))
}

// Way is a path on which a deny becomes an allow: once all its steps are done,
// Decide allows, as long as nothing else changes.
type Way struct {
	Account, Role string // through which
	Steps         []Step
}

// within tells whether all steps of a way are among those of another.
func (w *Way) within(o *Way) bool {
	return !slices.ContainsFunc(w.Steps, func(s Step) bool {
		return !slices.ContainsFunc(o.Steps, func(x Step) bool { return s.equal(&x) })
	})
}

const (
	waysMost  = 6 // that Advise gives
	rolesMost = 3 // of them, with a role that the user has not
)

// Advise lists what would make Decide allow, shortest ways first: through what the
// user has, and through roles that may be given to them. sees and gives limit it:
// to accounts that the asker sees, and to roles that they may give over an entity.
// What only a change of a role, of a policy or of the tree could bring is not
// advised, and neither is anything when the question is not whole. It gives
// nothing for an allow.
func Advise(s *Snapshot, q Question, sees func(accountID string) bool, gives func(accountID, roleID, entityID string) bool) []Way {
	if s == nil {
		return nil
	}
	a := asking{q: &q}
	why := a.ask(s)
	why |= a.resource()
	if why&fatal != 0 || a.decide(why).reasons == 0 {
		return nil
	}
	var out []Way
	for m := a.who.members(); m.next(); {
		if account := a.accountNames.at(m.account); sees(account) && (!a.bounded || a.concerns(m.account)) {
			ad := advising{a, account, gives}
			out = append(out, ad.held(&m, why)...)
			out = append(out, ad.given(&m, why)...)
		}
	}
	return a.best(out)
}

// advising finds the ways through one membership.
type advising struct {
	asking
	in    string // its account
	gives func(accountID, roleID, entityID string) bool
}

// held are the ways through roles that the user has there.
func (a *advising) held(m *member, why Reasons) (out []Way) {
	reaches := map[int32]bool{}
	for g := m.grants(); g.next(); {
		reaches[g.role] = reaches[g.role] || !g.meet(a.target).empty()
	}
	for g := m.grants(); g.next(); {
		if g.goes || a.roles.list[g.role].account < 0 {
			continue
		}
		late := a.timeFails(&g)
		if !reaches[g.role] {
			late |= OutOfScope
		}
		if late == NotYet && (g.until == 0 || g.from < g.until) {
			out = append(out, a.through(m, g.role, why, Step{Do: Wait, Ends: NotYet, At: g.from})...)
		}
		if late == 0 {
			out = append(out, a.through(m, g.role, why)...)
		} else if entity := a.entityNames.at(a.target.lo); a.gives(a.in, a.roleNames.at(g.role), entity) {
			out = append(out, a.through(m, g.role, why, Step{Do: GiveRole, Ends: late, Account: a.in, Role: a.roleNames.at(g.role), Entity: entity})...)
		}
	}
	return out
}

// given are the ways through roles of the account that the user has not.
func (a *advising) given(m *member, why Reasons) (out []Way) {
	entity := a.entityNames.at(a.target.lo)
	if !a.accounts[m.account].holds(a.target) {
		return nil
	}
	for role := range int32(len(a.roles.list)) {
		if a.roles.list[role].account != m.account || !a.body(role).all.Has(a.q.Permission) || a.form(role).deprecated || a.has(m, role) {
			continue
		}
		id := a.roleNames.at(role)
		if ways := a.through(m, role, why, Step{Do: GiveRole, Ends: NoGrant, Account: a.in, Role: id, Entity: entity}); len(ways) > 0 && a.gives(a.in, id, entity) {
			out = append(out, ways...)
		}
	}
	return out
}

func (a *advising) has(m *member, role int32) bool {
	for g := m.grants(); g.next(); {
		if g.role == role {
			return true
		}
	}
	return false
}

// through are the ways through one role, one for each grant of the permission in
// it, after some steps that let it reach the resource.
func (a *advising) through(m *member, role int32, why Reasons, first ...Step) (out []Way) {
	if !a.body(role).all.Has(a.q.Permission) || len(first) > 0 && first[0].Do == GiveRole && !a.accounts[m.account].holds(a.target) {
		return nil
	}
	steps, ok := a.end(m, why|a.memberFails(m)|a.pathFails(m, a.target), nil)
	if !ok {
		return nil
	}
	steps = append(slices.Clone(first), steps...)
	a.asking.through = m.account
	for i := range a.body(role).policies {
		for _, g := range a.explainGrants(&a.body(role).policies[i]) {
			rest := g.Condition
			rest.Clauses = nil
			more, ok := a.end(m, a.fails(&rest, a.some), &rest)
			meets, can := a.meets(g.Clauses)
			if ok && can {
				out = append(out, Way{a.in, a.roleNames.at(role), slices.Concat(steps, more, meets)})
			}
		}
	}
	return out
}

// end gives the steps that end each of some reasons; false when one of them has none.
func (a *advising) end(m *member, why Reasons, c *Condition) (out []Step, ok bool) {
	for left := why; left != 0; left &= left - 1 {
		one := left &^ (left - 1)
		s, ok := a.step(m, one, c)
		if !ok {
			return nil, false
		}
		s.Ends = one
		out = append(out, s)
	}
	return out, true
}

// step is what ends one reason. A reason that is not known here has none: advice
// that might be wrong is not given.
func (a *advising) step(m *member, why Reasons, c *Condition) (s Step, ok bool) {
	switch why {
	case InactiveUser:
		return Step{Do: UnlockUser}, true
	case InactiveMembership:
		return Step{Do: ActivateMembership, Account: a.in}, true
	case InactiveAccount:
		return Step{Do: ActivateAccount, Account: a.in}, true
	case Cut:
		return Step{Do: ActivateParent, Account: a.in}, true
	case IPDenied, IPUnknown:
		return Step{Do: AllowedAddress, Account: a.in}, true
	case LocationMissing:
		l := a.fitting(m)
		return Step{Do: NameLocation, Location: l}, l != "" && a.record == nil
	case LocationForeign:
		return Step{Do: AddLocation, Account: a.in, Location: a.placeNames.at(a.place)}, true
	case NeedsTwoFactor:
		return Step{Do: SecondFactor}, true
	case NotFresh:
		return Step{Do: FreshSignIn}, true
	}
	if c == nil {
		return s, false
	}
	switch why {
	case ConditionOwn:
		return Step{Do: OwnRecord}, true
	case ConditionAmount:
		return Step{Do: AmountMost, Amount: c.MaxAmount, Currency: c.Currency}, c.MaxAmount > 0
	case ConditionCurrency:
		return Step{Do: InCurrency, Currency: c.Currency}, c.Currency != ""
	case ConditionState:
		return Step{Do: InState, States: slices.Clone(c.States)}, len(c.States) > 0
	}
	return s, false
}

// meets gives a step for each property of which a clause of a condition fails;
// false when they cannot all be met at once, or nobody knows how.
func (a *advising) meets(list []ClauseStep) (out []Step, ok bool) {
	for i := range list {
		c := &list[i]
		if c.Reasons == 0 || slices.ContainsFunc(out, func(s Step) bool { return s.Clause.Part == c.Part && s.Clause.Name == c.Name }) {
			continue
		}
		p := a.permissions.property(a.typ, c.Part, c.Name)
		if p == nil || p.Vouched == ByStore && c.Part == OfResource && a.record == nil { // what is not stored has no such value
			return nil, false
		}
		clause, v, found := a.meeting(list, c)
		if !found || c.Part == OfUser && slices.ContainsFunc(list, func(o ClauseStep) bool { return o.Op == SameAs && o.Clause.Other == c.Name }) {
			return nil, false
		}
		step := Step{Do: MeetClause, Ends: c.Reasons, Clause: &clause, Value: v, Vouched: p.Vouched}
		if c.Part == OfUser && p.Vouched == ByStore { // for each account by itself
			step.Account = a.in
		}
		out = append(out, step)
	}
	return out, true
}

// meeting is a value with which all clauses on the property of one hold, and a
// clause that says what it may be.
func (a *advising) meeting(list []ClauseStep, of *ClauseStep) (c Clause, value string, found bool) {
	var on []ClauseStep
	for _, c := range list {
		if c.Part == of.Part && c.Name == of.Name {
			on = append(on, c)
		}
	}
	for _, c := range on {
		for _, v := range c.could(a.q.User) {
			switch {
			case slices.ContainsFunc(on, func(c ClauseStep) bool { return !c.holds(v, a.q.User, c.Other) }):
			case !slices.ContainsFunc(on, func(o ClauseStep) bool { return !c.Clause.Within(o.Clause) }):
				return c.Clause, v, true
			default:
				return Clause{Part: of.Part, Name: of.Name, Op: OneOf, Values: []string{v}}, v, true
			}
		}
	}
	return Clause{}, "", false
}

// could are values that meet the clause, the simplest ones.
func (c *ClauseStep) could(user string) []string {
	switch c.Op {
	case OneOf:
		return c.Values
	case AtMost:
		return []string{strconv.FormatInt(c.Most, 10)}
	case Own:
		return []string{user}
	case SameAs:
		return []string{c.Other}
	}
	return nil
}

// fitting is a location of the membership's own that a record of the entity can have; "" for none.
func (a *asking) fitting(m *member) string {
	for i := 0; m.place(i) >= 0; i++ {
		l := m.place(i)
		if at := a.places[l]; at >= 0 && a.within.holds(a.subtree(at)) && a.subtree(at).inLine(a.subtree(a.target.lo)) {
			return a.placeNames.at(l)
		}
	}
	return ""
}

// best are the shortest ways: none that does all of another and more, few with
// roles that the user has not, and of those the ones that give the least.
func (a *asking) best(all []Way) (out []Way) {
	for i := range all {
		if !beaten(all, i) {
			out = append(out, all[i])
		}
	}
	holds := func(w *Way) int { return a.body(a.role(w.Role)).all.Len() }
	slices.SortStableFunc(out, func(x, y Way) int {
		return cmp.Or(cmp.Compare(len(x.Steps), len(y.Steps)), cmp.Compare(x.gives(), y.gives()), cmp.Compare(holds(&x), holds(&y)), cmp.Compare(x.Role, y.Role))
	})
	given := map[string]bool{}
	out = slices.DeleteFunc(out, func(w Way) bool {
		if w.gives() == 0 {
			return false
		}
		given[w.Account+" "+w.Role] = true
		return len(given) > rolesMost
	})
	return out[:min(len(out), waysMost)]
}

// beaten tells whether another way does with less, or an earlier one with the same.
func beaten(all []Way, i int) bool {
	for j := range all {
		if j != i && all[j].within(&all[i]) && (j < i || !all[i].within(&all[j])) {
			return true
		}
	}
	return false
}

// gives is 1 for a way that begins with giving a role, and 0 else.
func (w *Way) gives() int {
	if len(w.Steps) > 0 && w.Steps[0].Do == GiveRole {
		return 1
	}
	return 0
}
