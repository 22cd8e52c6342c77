package roles

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/profile"
)

// Effect is who gains and who loses what by a change of a role, a policy or by the
// removal of a role, before it is made (R6).
type Effect struct {
	Holders    int64   // people who have a role that changes, whatever their status
	Gain, Lose int64   // people who gain, and who lose, anything
	Fall       int64   // people who are left with the fallback role
	More       bool    // only the first effectMost of the holders were looked at for these three and Shifts
	Shifts     []Shift // by permission, in the catalogue's order
	People     []Affected
	Next       string // where the next page of People begins; "" for none

	Roles        []string              // ids of the roles that change
	Dangerous    []string              // permissions that must be acknowledged
	Blocked      []profile.Combination // toxic combinations for which the change will be refused
	Flagged      []profile.Combination // toxic combinations that it gives, and that are reported
	OwnRole      bool                  // it is one's own role that would give more: refused
	FallbackRole string                // id, of a removal
}

// Shift is how many gain a permission and how many lose it.
type Shift struct {
	Permission access.Permission
	Gain, Lose int64
}

// Affected is one person whose access changes.
type Affected struct {
	MembershipID, UserID string
	Gains, Loses         access.Set // somewhere, or for some records
	Falls                bool       // left with the fallback role
}

const (
	effectMost  = 10_000 // holders who are looked at one by one
	effectChunk = 500
)

// scoped is an assignment with where its scopes begin in the tree.
type scoped struct {
	Assignment
	paths []string
}

// covers tells whether all that b is over lies in what a is over.
func (a scoped) covers(b scoped) bool {
	return !slices.ContainsFunc(b.paths, func(path string) bool {
		return !slices.ContainsFunc(a.paths, func(above string) bool { return strings.HasPrefix(path, above) })
	})
}

// affects is what a change does to somebody who has these roles: pure. known gives
// what roles give as they are. Roles that are over do not count, those that are to
// come do.
func (c change) affects(held []scoped, known func(roleID string) rights, now int64) (out Affected) {
	held = slices.DeleteFunc(slices.Clone(held), func(x scoped) bool { return x.Until != 0 && x.Until <= now })
	before := func(x scoped) rights {
		if r, ok := c.before[x.RoleID]; ok {
			return r
		}
		return known(x.RoleID)
	}
	out.Falls = c.removed != "" && !slices.ContainsFunc(held, func(x scoped) bool {
		return x.RoleID != c.removed && x.From <= now && !slices.Contains(c.nothing, x.RoleID)
	})
	after := func(x scoped) rights {
		r, ok := c.after[x.RoleID]
		switch {
		case ok:
			return r
		case x.RoleID == c.removed && out.Falls:
			return c.fallbackGives
		case x.RoleID == c.removed:
			return nil
		}
		return before(x)
	}
	for _, x := range held {
		if _, changes := c.before[x.RoleID]; !changes && c.after[x.RoleID] == nil {
			continue
		}
		had, has := rights{}, rights{}
		for _, y := range held {
			if y.covers(x) {
				had.with(before(y))
				has.with(after(y))
			}
		}
		out.Gains = out.Gains.Union(after(x).beyond(had))
		out.Loses = out.Loses.Union(before(x).beyond(has))
	}
	return out
}

// effect looks at those who have roles that change: counts from the beginning, and
// a page of people after a position.
func (m *managing) effect(c change, after string, limit int) (Effect, error) {
	e := Effect{Roles: slices.DeleteFunc(c.roles(), func(id string) bool { return id == c.unused }), FallbackRole: c.fallback, Dangerous: names(dangerous(c.gained()))}
	known, err := allRights(m.tx, m.account.ID, m.profile)
	if err != nil {
		return e, err
	}
	if e.Holders, err = countHolders(m.tx, m.account.ID, c.roles()); err != nil {
		return e, err
	}
	gain, lose := map[access.Permission]int64{}, map[access.Permission]int64{}
	looked, last := 0, ""
	e.More, err = m.walk(c, known, "", func(a Affected) bool {
		e.count(a, gain, lose)
		if after == "" {
			e.page(a, limit)
		}
		looked, last = looked+1, a.MembershipID
		return looked < effectMost
	})
	if err != nil {
		return e, err
	}
	more := e.More
	if after != "" {
		looked = 0
		more, err = m.walk(c, known, after, func(a Affected) bool {
			looked, last = looked+1, a.MembershipID
			return e.page(a, limit) && looked < effectMost
		})
		if err != nil {
			return e, err
		}
	}
	if more && e.Next == "" { // nobody else among so many: the next page begins behind them
		e.Next = last
	}
	for p := range m.snapshot.Known().All() {
		if gain[p]+lose[p] > 0 {
			e.Shifts = append(e.Shifts, Shift{p, gain[p], lose[p]})
		}
	}
	return e, m.weigh(c, &e)
}

// count adds somebody to the counts.
func (e *Effect) count(a Affected, gain, lose map[access.Permission]int64) {
	if !a.Gains.Empty() {
		e.Gain++
	}
	if !a.Loses.Empty() {
		e.Lose++
	}
	if a.Falls {
		e.Fall++
	}
	for p := range a.Gains.All() {
		gain[p]++
	}
	for p := range a.Loses.All() {
		lose[p]++
	}
}

// page adds somebody to the page, while there is room: whoever is next shows that there is another.
func (e *Effect) page(a Affected, limit int) (more bool) {
	switch {
	case a.Gains.Empty() && a.Loses.Empty() && !a.Falls || e.Next != "":
	case len(e.People) == limit:
		e.Next = e.People[limit-1].MembershipID
	default:
		e.People = append(e.People, a)
	}
	return e.Next == ""
}

// walk calls see for everybody who has a role that changes, by membership id after
// a position, while it wants more; more tells whether it stopped before the end.
func (m *managing) walk(c change, known map[string]rights, after string, see func(Affected) bool) (more bool, err error) {
	alike := map[string]Affected{} // most people have the same as many others
	for {
		list, err := holdersAfter(m.tx, m.account.ID, c.roles(), after, effectChunk)
		if err != nil || len(list) == 0 {
			return false, err
		}
		held, err := scopedOf(m.tx, m.account, list)
		if err != nil {
			return false, err
		}
		copies, err := copiesHeld(m.tx, m.account.ID, list)
		if err != nil {
			return false, err
		}
		of := func(id string) rights {
			if r, ok := known[id]; ok {
				return r
			}
			return copies[id]
		}
		for i, h := range list {
			key := keyOf(held[h.membershipID])
			a, ok := alike[key]
			if !ok {
				a = c.affects(held[h.membershipID], of, m.tx.Now)
				alike[key] = a
			}
			a.MembershipID, a.UserID = h.membershipID, h.userID
			if !see(a) {
				return i < len(list)-1 || len(list) == effectChunk, nil
			}
		}
		if after = list[len(list)-1].membershipID; len(list) < effectChunk {
			return false, nil
		}
	}
}

// keyOf is the same for those whom a change affects alike.
func keyOf(held []scoped) string {
	var b strings.Builder
	for _, x := range held {
		fmt.Fprintf(&b, "%s %d %d %q;", x.RoleID, x.From, x.Until, x.paths)
	}
	return b.String()
}

// weigh adds for what the change would be refused, or reported.
func (m *managing) weigh(c change, e *Effect) error {
	for _, id := range c.roles() {
		if c.after[id].beyond(c.before[id]).Empty() {
			continue
		}
		own, err := m.has(id)
		if err != nil {
			return err
		}
		e.OwnRole = e.OwnRole || own
	}
	var f fault.Fields
	for i := range m.combinations {
		t := m.combinations[i]
		one := *m
		one.combinations = []profile.Combination{t}
		before := f.Err()
		flagged, err := one.toxic(&f, c)
		if err != nil {
			return err
		}
		switch {
		case flagged != "":
			e.Flagged = append(e.Flagged, t)
		case len(fieldsOf(f.Err())) > len(fieldsOf(before)):
			e.Blocked = append(e.Blocked, t)
		}
	}
	return nil
}

func fieldsOf(err error) []fault.Field {
	if err == nil {
		return nil
	}
	return fault.From(err).Fields
}

// PreviewEdit is Affected for an edit of a role; nothing is changed. People are a
// page of up to limit after a position ("" for the beginning).
func (r *Roles) PreviewEdit(ctx context.Context, who db.Who, accountID, roleID string, in Edit, after string, limit int) (Effect, error) {
	e := audit.Entry{Action: audit.RoleChanged, AccountID: accountID, Kind: "role", ID: roleID}
	return r.preview(ctx, who, e, manageRoles, after, limit, func(m *managing) (change, error) {
		role, err := m.role(roleID, asIs)
		if err == nil {
			err = Acknowledge(in.Acknowledged)
		}
		if err != nil {
			return change{}, err
		}
		var f fault.Fields
		next, _, err := m.apply(&f, role, in)
		if err == nil {
			err = f.Err()
		}
		return changeOf(role, next), err
	})
}

// PreviewRemoval is the same for the removal of a role.
func (r *Roles) PreviewRemoval(ctx context.Context, who db.Who, accountID, roleID, after string, limit int) (Effect, error) {
	e := audit.Entry{Action: audit.RoleDeleted, AccountID: accountID, Kind: "role", ID: roleID}
	return r.preview(ctx, who, e, manageRoles, after, limit, func(m *managing) (change, error) {
		role, err := m.role(roleID, asIs)
		if err != nil {
			return change{}, err
		}
		return m.removal(role)
	})
}

// PreviewPolicy is the same for an edit of a policy, with all roles that have it.
func (r *Roles) PreviewPolicy(ctx context.Context, who db.Who, accountID, policyID string, in PolicyEdit, after string, limit int) (Effect, error) {
	e := audit.Entry{Action: audit.PolicyChanged, AccountID: accountID, Kind: "policy", ID: policyID}
	return r.preview(ctx, who, e, managePolicies, after, limit, func(m *managing) (change, error) {
		p, err := m.policy(policyID, asIs)
		if err == nil {
			err = Acknowledge(in.Acknowledged)
		}
		if err != nil {
			return change{}, err
		}
		var f fault.Fields
		next, _, err := m.applyPolicy(&f, p, in)
		if err != nil {
			return change{}, err
		}
		c, err := m.changeOfPolicy(&f, p, next)
		if err == nil {
			err = f.Err()
		}
		return c, err
	})
}

// preview reads what a change would do; whoever may not make it is refused, and that is recorded.
func (r *Roles) preview(ctx context.Context, who db.Who, e audit.Entry, permission, after string, limit int, of func(*managing) (change, error)) (out Effect, err error) {
	err = r.db.View(ctx, func(tx *db.Tx) error {
		m, err := r.manage(tx, who, e.AccountID, permission)
		if err != nil {
			return err
		}
		c, err := of(&m)
		if err == nil {
			err = m.ceiling(c.held())
		}
		if err == nil {
			out, err = m.effect(c, after, limit)
		}
		return err
	})
	if err != nil {
		return Effect{}, r.audit.Refuse(ctx, who, e, err)
	}
	return out, nil
}
