package compare

import (
	"slices"
	"strings"

	"countersign/internal/access"
)

// rules answers from the plain world, straight from the seven rules of a
// decision, with nothing compiled. All it shares with what it judges is the
// catalogue: what is said of a permission, and what a permission brings along.
type rules struct {
	users     map[string]*access.User
	accounts  map[string]*access.Account
	entities  map[string]*access.Entity
	owners    map[string]*access.Account // by the entity that the account is of
	roles     map[string]*access.Role
	locations map[string]string // the entity of a location
	placesOf  map[string]string // a location of an entity
}

func newRules(w access.World) *rules {
	r := &rules{
		users: map[string]*access.User{}, accounts: map[string]*access.Account{}, entities: map[string]*access.Entity{}, owners: map[string]*access.Account{},
		roles: map[string]*access.Role{}, locations: map[string]string{}, placesOf: map[string]string{},
	}
	for i := range w.Users {
		r.users[w.Users[i].ID] = &w.Users[i]
	}
	for i := range w.Accounts {
		r.accounts[w.Accounts[i].ID], r.owners[w.Accounts[i].EntityID] = &w.Accounts[i], &w.Accounts[i]
	}
	for i := range w.Entities {
		r.entities[w.Entities[i].ID] = &w.Entities[i]
	}
	for i := range w.Roles {
		r.roles[w.Roles[i].ID] = &w.Roles[i]
	}
	for _, l := range w.Locations {
		r.locations[l.ID], r.placesOf[l.EntityID] = l.EntityID, l.ID
	}
	return r
}

// decide is whether any assignment of the user allows it. Unknown is deny.
func (r *rules) decide(q access.Question) bool {
	u, e := r.users[q.User], r.entities[q.Entity]
	if u == nil || e == nil || q.Permission.String() == "" || q.Now <= 0 || !r.placed(q, e) {
		return false
	}
	for i := range u.Memberships {
		m := &u.Memberships[i]
		if !r.active(u, m) || !r.addressed(m, q) {
			continue
		}
		for j := range m.Assignments {
			if a := &m.Assignments[j]; r.scoped(m, a, e, q.Now) && r.located(m, q) && r.levelled(m, e, q) && proven(q) && r.given(m, a, q) {
				return true
			}
		}
	}
	return false
}

// placed: a location that is named is one of the entity's line.
func (r *rules) placed(q access.Question, e *access.Entity) bool {
	if q.Location == "" {
		return true
	}
	at := r.entities[r.locations[q.Location]]
	return at != nil && (in(at, e) || in(e, at))
}

func in(e, above *access.Entity) bool { return strings.HasPrefix(e.Path, above.Path) }

// active is rule 1.
func (r *rules) active(u *access.User, m *access.Membership) bool {
	if !u.Active || !m.Active || m.Cut {
		return false
	}
	for e := r.top(m); e != nil; e = r.entities[e.ParentID] {
		if !e.Active {
			return false
		}
	}
	return true
}

func (r *rules) top(m *access.Membership) *access.Entity {
	return r.entities[r.accounts[m.AccountID].EntityID]
}

// scoped is rule 2: an assignment, in its time, over a scope that holds the entity.
func (r *rules) scoped(m *access.Membership, a *access.Assignment, e *access.Entity, now int64) bool {
	if now < a.From || a.Until != 0 && now >= a.Until {
		return false
	}
	return slices.ContainsFunc(a.Entities, func(id string) bool {
		scope := r.entities[id]
		return scope != nil && in(scope, r.top(m)) && in(e, scope)
	})
}

// located is rule 3.
func (r *rules) located(m *access.Membership, q access.Question) bool {
	return !q.Permission.Info().Located || m.AllLocations || slices.Contains(m.Locations, q.Location)
}

// levelled is rule 4, and that a live account's people are managed by its own.
func (r *rules) levelled(m *access.Membership, e *access.Entity, q access.Question) bool {
	info, owner := q.Permission.Info(), r.owner(e)
	return (info.MinLevel == 0 || r.top(m).Kind <= info.MinLevel) &&
		(!info.DirectPayment || owner.ID == m.AccountID) &&
		(!info.OwnAccount || owner.ID == m.AccountID || !owner.Live)
}

// owner is the nearest account at or above an entity.
func (r *rules) owner(e *access.Entity) *access.Account {
	for r.owners[e.ID] == nil {
		e = r.entities[e.ParentID]
	}
	return r.owners[e.ID]
}

// proven is rule 5.
func proven(q access.Question) bool {
	info := q.Permission.Info()
	return (q.SecondFactor || !info.NeedsTwoFactor) && (q.Fresh || !info.StepUp)
}

// addressed is rule 6.
func (r *rules) addressed(m *access.Membership, q access.Question) bool {
	if len(m.Allow) == 0 {
		return true
	}
	for _, from := range m.Allow {
		if from.Contains(q.IP.Unmap()) {
			return true
		}
	}
	return false
}

// given is whether the role has the permission, and rule 7.
func (r *rules) given(m *access.Membership, a *access.Assignment, q access.Question) bool {
	role := r.roles[a.RoleID]
	if role == nil || role.AccountID != m.AccountID {
		return false
	}
	for _, policy := range role.Policies {
		for _, g := range policy.Permissions {
			brought := g.Permission != q.Permission && access.Closed(access.SetOf(g.Permission)).Has(q.Permission)
			switch {
			case g.Permission == q.Permission && meets(g.Condition, q):
				return true
			case brought && (q.Permission.Info().Resource == "page" || meets(g.Condition, q)):
				return true
			}
		}
	}
	return false
}

func meets(c access.Condition, q access.Question) bool {
	return (!c.OwnOnly || q.Owner != "" && q.Owner == q.User) &&
		(c.MaxAmount == 0 || q.HasAmount && q.Amount >= 0 && q.Amount <= c.MaxAmount) &&
		(c.Currency == "" || q.Currency == c.Currency) &&
		(c.States == nil || q.State != "" && slices.Contains(c.States, q.State))
}

// ordinary tells whether roles and scopes alone decide about a person, whose
// session is in order: nothing of theirs is inactive, restricted, timed or conditional.
func (r *rules) ordinary(u *access.User) bool {
	for i := range u.Memberships {
		m := &u.Memberships[i]
		if !r.active(u, m) || len(m.Allow) > 0 || !m.AllLocations {
			return false
		}
		for _, a := range m.Assignments {
			if a.From != 0 || a.Until != 0 || r.roles[a.RoleID].Key == "" {
				return false
			}
		}
	}
	return true
}
