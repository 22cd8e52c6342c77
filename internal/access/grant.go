package access

import "slices"

// What CanGrant and CanManage answer when not "": codes of lang's "reason.CODE".
const (
	RefusedUnknownRole    = "unknown_role"       // no such role in this account
	RefusedDeprecatedRole = "deprecated_role"    // may not be given any more
	RefusedNoEntity       = "no_entity"          // over nothing
	RefusedUnknownEntity  = "unknown_entity"     // not of this account
	RefusedCeiling        = "ceiling"            // the giver does not hold all of it there (U23)
	RefusedOwnAccess      = "own_access"         // never to oneself
	RefusedUnknownMember  = "unknown_membership" // no such person in this account
)

// Covers tells whether the user holds a permission, without conditions, over
// all of these entities of the account giver.Within (over the whole account
// with allEntities), all below them included, and at every location. A
// permission on people and access is about the people of giver.Within, as in May.
func Covers(s *Snapshot, giver Question, allEntities bool, entities []string) bool {
	c, code := s.ceiling(&giver, allEntities, entities)
	if code != "" {
		return false // also for an unknown permission: nobody holds it
	}
	for _, over := range c.over {
		if held := c.held(over, c.every); !held.Has(giver.Permission) {
			return false
		}
	}
	return true
}

func (c *ceiling) every(*member, *grant) bool { return true }

// CanGrant tells whether the giver (User, Within, Now, IP, SecondFactor, Fresh)
// may give a role of the account Within over these entities: "" for yes, else a
// Refused code. They may when
//
//   - a predefined role that they hold in that account names it in MayGrant, and
//     gives them users:assign_roles over all of these entities; or
//   - they hold every permission of the role over each of these entities, as
//     they are now signed in and without conditions, save what nobody in that
//     account can hold there (U23). A predefined role of that account that lets
//     them assign roles does not count here when the role is predefined too: what
//     its list leaves out (Access administrator, another of its own kind) is not
//     given because its holder happens to hold as much.
//
// What they hold through accounts below it does not count.
//
// A deprecated role is never given.
func CanGrant(s *Snapshot, giver Question, roleID string, allEntities bool, entities []string) string {
	c, code := s.ceiling(&giver, allEntities, entities)
	if code != "" {
		return code
	}
	r := s.role(roleID)
	switch {
	case r < 0 || s.roles.list[r].account != c.account:
		return RefusedUnknownRole
	case s.form(r).deprecated:
		return RefusedDeprecatedRole
	case !c.names(r) && !c.covers(r):
		return RefusedCeiling
	}
	return ""
}

// CanManage tells whether the giver may act on a person's membership of the
// account giver.Within: only when they could give every role it holds, now or
// later, over its scopes; deprecated roles count by what they hold. Never on
// oneself. A membership without roles can be managed.
func CanManage(s *Snapshot, giver Question, userID string) string {
	c, code := s.ceiling(&giver, true, nil)
	if code != "" {
		return code
	}
	who := s.users.find(s.hash(userID), userID)
	if who == nil {
		return RefusedUnknownMember
	}
	if userID == giver.User {
		return RefusedOwnAccess
	}
	m, found := who.in(c.account)
	if !found {
		return RefusedUnknownMember
	}
	c.over = c.over[:0]
	role := int32(-1) // whose scopes c.over are
	given := func() bool { return role < 0 || c.names(role) || c.covers(role) }
	for g := m.grants(); g.next(); {
		if !g.goes {
			if !given() {
				return RefusedCeiling
			}
			c.over, role = c.over[:0], -1
		}
		if g.empty() || g.timed && g.until != 0 && g.until <= giver.Now {
			continue
		}
		c.over, role = append(c.over, g.span), g.role
	}
	if !given() {
		return RefusedCeiling
	}
	return ""
}

// ceiling is a giver and the scopes over which something is to be given in an account.
type ceiling struct {
	asking
	account int32
	over    []span
}

func (s *Snapshot) ceiling(giver *Question, allEntities bool, entities []string) (ceiling, string) {
	if s == nil {
		return ceiling{}, RefusedCeiling
	}
	c := ceiling{asking: asking{q: giver}, account: s.account(giver.Within)}
	why := c.ask(s)
	if c.account < 0 {
		return c, RefusedUnknownEntity
	}
	if why&^UnknownPermission != 0 {
		return c, RefusedCeiling
	}
	c.people = c.account
	if allEntities {
		c.over = []span{c.within}
		return c, ""
	}
	for _, id := range entities {
		e := s.entity(id)
		if e < 0 || !c.within.holds(s.subtree(e)) {
			return c, RefusedUnknownEntity
		}
		c.over = append(c.over, s.subtree(e))
	}
	if len(c.over) == 0 {
		return c, RefusedNoEntity
	}
	return c, ""
}

// names is the first way: by MayGrant of a predefined role of that account.
func (c *ceiling) names(role int32) bool {
	key := c.form(role).key
	if key == "" {
		return false
	}
	assign := MustParse("users:assign_roles")
	for _, over := range c.over {
		by := func(m *member, g *grant) bool {
			f := c.form(g.role)
			return m.account == c.account && f.key != "" && slices.Contains(f.mayGrant, key)
		}
		if held := c.held(over, by); !held.Has(assign) {
			return false
		}
	}
	return true
}

// covers is the second way: by holding all of it.
func (c *ceiling) covers(role int32) bool {
	counts := c.every
	if c.form(role).key != "" {
		assign := MustParse("users:assign_roles")
		counts = func(m *member, g *grant) bool {
			return m.account != c.account || c.form(g.role).key == "" || !c.body(g.role).all.Has(assign)
		}
	}
	for _, over := range c.over {
		held := c.held(over, counts)
		if !c.body(role).all.And(c.useful(over)).Minus(held).Empty() {
			return false
		}
	}
	return true
}

// useful is what people of the account can hold over the subtree at all.
func (c *ceiling) useful(over span) Set {
	set := c.permissions.level(c.accounts[c.account].kind)
	if c.entities[over.lo].owner != c.account {
		set = set.Minus(c.permissions.flagged(direct))
	}
	return set
}

// held is what the giver holds over the whole of a subtree, through the grants that count.
//
// No predefined role holds what a platform registers. So whoever manages roles
// there gives it without holding it: they could make a role of it in any case.
func (c *ceiling) held(over span, counts func(*member, *grant) bool) Set {
	var held Set
	for m := c.who.members(); m.next(); {
		if !c.concerns(m.account) || c.memberFails(&m) != 0 {
			continue
		}
		for g := m.grants(); g.next(); {
			if !g.empty() && g.holds(over) && c.timeFails(&g) == 0 && counts(&m, &g) {
				held = held.Union(c.body(g.role).free.And(c.throughout(&m, over)))
			}
		}
	}
	if held.Has(manageRoles) {
		held = held.Union(c.permissions.registered)
	}
	return held
}

var manageRoles = MustParse("roles:manage")

// throughout is what rules 3, 4 and 5 let through on every entity and at every location of a subtree.
func (c *ceiling) throughout(m *member, over span) Set {
	set := c.permissions.level(c.accounts[m.account].kind)
	if !c.q.SecondFactor {
		set = set.Minus(c.permissions.flagged(needs2FA))
	}
	if !c.q.Fresh {
		set = set.Minus(c.permissions.flagged(stepUp))
	}
	if !m.allLocations() {
		set = set.Minus(c.permissions.flagged(located))
	}
	if c.entities[over.lo].owner != m.account {
		set = set.Minus(c.permissions.flagged(direct))
	}
	if m.account != c.account && c.accounts[c.account].live {
		set = set.Minus(c.permissions.flagged(own)) // people of a live account are managed by its own (I7)
	}
	return set
}
