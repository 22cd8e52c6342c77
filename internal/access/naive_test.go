package access_test

import (
	"slices"
	"strconv"
	"strings"

	"countersign/internal/access"
)

// naive answers from the plain world, straight from the seven rules, with
// nothing compiled and nothing shared with the code under test but the catalogue's flags.
type naive struct {
	access.World
	people string // the account whose people OwnAccount permissions are about; "" is the entity's owner
}

func (n naive) entity(id string) *access.Entity {
	for i, e := range n.Entities {
		if id != "" && (e.ID == id || e.CustomerID == id) {
			return &n.Entities[i]
		}
	}
	return nil
}

func (n naive) account(id string) *access.Account {
	for i, a := range n.Accounts {
		if a.ID == id {
			return &n.Accounts[i]
		}
	}
	return nil
}

func (n naive) top(account string) *access.Entity {
	if a := n.account(account); a != nil {
		return n.entity(a.EntityID)
	}
	return nil
}

func (n naive) location(id string) *access.Location {
	for i, l := range n.Locations {
		if l.ID == id {
			return &n.Locations[i]
		}
	}
	return nil
}

// owner walks up to the first entity that an account is of.
func (n naive) owner(e *access.Entity) *access.Account {
	for ; e != nil; e = n.entity(e.ParentID) {
		for i, a := range n.Accounts {
			if a.EntityID == e.ID {
				return &n.Accounts[i]
			}
		}
	}
	return nil
}

func (n naive) closed(e *access.Entity) bool {
	for ; e != nil; e = n.entity(e.ParentID) {
		if !e.Active {
			return true
		}
	}
	return false
}

func in(e, above *access.Entity) bool { return strings.HasPrefix(e.Path, above.Path) }

func line(a, b *access.Entity) bool { return in(a, b) || in(b, a) }

// gives lists the conditions under which a policy gives p, what it brings along included.
func gives(policy access.Policy, p access.Permission) []access.Condition {
	var out []access.Condition
	for _, g := range policy.Permissions {
		switch {
		case g.Permission.String() == "":
		case g.Permission == p, g.Permission.String() == "transactions:search_full" && p.String() == "transactions:search":
			out = append(out, g.Condition)
		case p.String() == "page:"+g.Permission.Info().Section, p.String() == "page:matrix" && g.Permission.String() == "roles:view":
			out = append(out, access.Condition{})
		}
	}
	return out
}

// kind is what is registered of a permission's type; nil for the catalogue's, and
// false for a permission that there is none of.
func (n naive) kind(p access.Permission) (t *access.Type, a *access.Action, ok bool) {
	if slices.Contains(access.Permissions(), p) {
		return nil, nil, true
	}
	resource, action, _ := strings.Cut(p.String(), ":")
	for i := range n.Types {
		for j := range n.Types[i].Actions {
			if n.Types[i].Name == resource && n.Types[i].Actions[j].Name == action && !n.Types[i].Retired {
				return &n.Types[i], &n.Types[i].Actions[j], true
			}
		}
	}
	return nil, nil, false
}

// info is what flags decide, from the world and not from what the process has met.
func (n naive) info(p access.Permission) access.Info {
	t, a, ok := n.kind(p)
	switch {
	case !ok:
		return access.Info{}
	case t == nil:
		return p.Info()
	}
	return access.Info{NeedsTwoFactor: a.NeedsTwoFactor, Located: t.Located}
}

func (n naive) record(q access.Question, t *access.Type) *access.Resource {
	for i, r := range n.Resources {
		if r.AccountID == q.Within && r.Type == t.Name && r.ID == q.Resource {
			return &n.Resources[i]
		}
	}
	return nil
}

// stands is whose resource is asked about, and where it is.
func (n naive) stands(q access.Question) (entity, location string, why access.Reasons) {
	t, _, _ := n.kind(q.Permission)
	if t == nil {
		return q.Entity, q.Location, 0
	}
	if r := n.record(q, t); r != nil {
		return r.EntityID, r.LocationID, 0
	}
	switch t.From {
	case access.FromCaller:
		return q.Entity, q.Location, 0
	case access.FromAccount:
		if top := n.top(q.Within); top != nil {
			return top.ID, q.Location, 0
		}
		return "", "", 0
	}
	return "", "", access.UnknownResource
}

// value is a property's, as whoever vouches for it says.
func (n naive) value(q access.Question, m access.Membership, part access.Part, name string) (string, bool) {
	t, _, _ := n.kind(q.Permission)
	list := n.UserProperties
	if part != access.OfUser {
		list = nil
		if t != nil {
			list = t.Properties
		}
	}
	for _, p := range list {
		if p.Part != part || p.Name != name {
			continue
		}
		for _, c := range q.Claims {
			if p.Vouched == access.ByCaller && c.Part == part && c.Name == name {
				return c.Text, c.Kind == p.Kind || c.Kind == access.Text && p.Kind == access.UserID
			}
		}
		values := m.Values
		if part != access.OfUser {
			values = nil
			if r := n.record(q, t); r != nil && part == access.OfResource {
				values = r.Values
			}
		}
		for _, v := range values {
			if v.Name == name {
				return v.Text, true
			}
		}
	}
	return "", false
}

func (n naive) clause(c access.Clause, q access.Question, m access.Membership) access.Reasons {
	v, known := n.value(q, m, c.Part, c.Name)
	switch c.Op {
	case access.OneOf:
		if !known || !slices.Contains(c.Values, v) {
			return access.ConditionProperty
		}
	case access.AtMost:
		if x, err := strconv.ParseInt(v, 10, 64); !known || err != nil || x < 0 || x > c.Most {
			return access.ConditionAmount
		}
	case access.Own:
		if !known || v == "" || v != q.User {
			return access.ConditionOwn
		}
	case access.SameAs:
		if other, has := n.value(q, m, access.OfUser, c.Other); !known || !has || v == "" || v != other {
			return access.ConditionProperty
		}
	}
	return 0
}

func (n naive) meets(c access.Condition, q access.Question, m access.Membership) access.Reasons {
	r := meets(c, q)
	for _, x := range c.Clauses {
		r |= n.clause(x, q, m)
	}
	return r
}

func meets(c access.Condition, q access.Question) (r access.Reasons) {
	if c.OwnOnly && (q.Owner == "" || q.Owner != q.User) {
		r |= access.ConditionOwn
	}
	if c.MaxAmount != 0 && (!q.HasAmount || q.Amount < 0 || q.Amount > c.MaxAmount) {
		r |= access.ConditionAmount
	}
	if (c.Currency != "" || c.MaxAmount != 0) && (q.Currency == "" || q.Currency != c.Currency) {
		r |= access.ConditionCurrency
	}
	if c.States != nil && (q.State == "" || !slices.Contains(c.States, q.State)) {
		r |= access.ConditionState
	}
	return r
}

func (n naive) decide(q access.Question) access.Decision {
	d := access.Decision{Revision: n.Revision}
	var why access.Reasons
	var who *access.User
	for i, u := range n.Users {
		if u.ID == q.User {
			who = &n.Users[i]
		}
	}
	within := n.top(q.Within)
	concerns := func(m access.Membership) bool {
		top := n.top(m.AccountID)
		if n.people != "" { // May: only what is held in the account itself or above it
			return top != nil && within != nil && in(within, top)
		}
		return top != nil && (q.Within == "" || within != nil && line(top, within))
	}
	if who == nil || q.Within != "" && !slices.ContainsFunc(who.Memberships, concerns) {
		why |= access.UnknownUser
	} else if !who.Active {
		why |= access.InactiveUser
	}
	if _, _, ok := n.kind(q.Permission); !ok {
		why |= access.UnknownPermission
	}
	if q.Now <= 0 {
		why |= access.NoTime
	}
	var unknown access.Reasons
	q.Entity, q.Location, unknown = n.stands(q)
	e := n.entity(q.Entity)
	switch {
	case q.Within != "" && within == nil:
		why |= access.UnknownEntity
	case unknown != 0:
	case q.Entity == "":
	case e == nil || within != nil && !in(e, within):
		why |= access.UnknownEntity
	case q.Location != "":
		l := n.location(q.Location)
		if l == nil || n.entity(l.EntityID) == nil || !line(n.entity(l.EntityID), e) || within != nil && !in(n.entity(l.EntityID), within) {
			why |= access.UnknownLocation
		}
	}
	if why |= unknown; q.Entity == "" && unknown == 0 {
		why |= access.NoEntity
	}
	if why&^access.InactiveUser != 0 {
		d.Reasons = why
		return d
	}
	n.walk(&d, q, e, who, why, concerns)
	return d
}

func (n naive) walk(d *access.Decision, q access.Question, e *access.Entity, who *access.User, why access.Reasons, concerns func(access.Membership) bool) {
	granted, reached := false, false
	found := why
	for _, m := range who.Memberships {
		if !concerns(m) {
			continue
		}
		for _, a := range m.Assignments {
			for _, r := range n.Roles {
				if r.ID != a.RoleID || r.AccountID != m.AccountID || !n.reaches(m, a) {
					continue
				}
				policy, lacks, has := n.gift(r, q, m)
				if !has {
					continue
				}
				granted = true
				if !n.scoped(m, a, e) {
					continue
				}
				reached = true
				reasons := why | n.path(q, e, m, a) | lacks
				if reasons == 0 && !d.Allowed {
					d.Allowed, d.Account, d.Role, d.Policy = true, m.AccountID, r.ID, policy
				}
				found |= reasons
			}
		}
	}
	switch {
	case d.Allowed:
	case !granted:
		d.Reasons = found | access.NoGrant
	case !reached:
		d.Reasons = why | access.OutOfScope
	default:
		d.Reasons = found
	}
}

// gift is the first policy of a role that gives the permission, else what its conditions lack.
func (n naive) gift(r access.Role, q access.Question, m access.Membership) (policy string, lacks access.Reasons, has bool) {
	for _, p := range r.Policies {
		for _, c := range gives(p, q.Permission) {
			has = true
			if n.meets(c, q, m) == 0 {
				return p.ID, 0, true
			}
			lacks |= n.meets(c, q, m)
		}
	}
	return "", lacks, has
}

// reaches: the assignment is over something of its own account.
func (n naive) reaches(m access.Membership, a access.Assignment) bool {
	return slices.ContainsFunc(n.Entities, func(e access.Entity) bool { return n.scoped(m, a, &e) })
}

// scoped is rule 2: the entity lies in the assignment's scope.
func (n naive) scoped(m access.Membership, a access.Assignment, e *access.Entity) bool {
	top := n.top(m.AccountID)
	if a.AllEntities {
		return in(e, top)
	}
	return slices.ContainsFunc(a.Entities, func(id string) bool {
		s := n.entity(id)
		return s != nil && in(s, top) && in(e, s)
	})
}

// path is rules 1 to 6 of one assignment, conditions apart.
func (n naive) path(q access.Question, e *access.Entity, m access.Membership, a access.Assignment) (r access.Reasons) {
	add := func(broken bool, reason access.Reasons) {
		if broken {
			r |= reason
		}
	}
	info, top, owner := n.info(q.Permission), n.top(m.AccountID), n.owner(e)
	add(!m.Active, access.InactiveMembership)
	add(m.Cut, access.Cut)
	add(n.closed(top), access.InactiveAccount)
	add(q.Now < a.From, access.NotYet)
	add(a.Until != 0 && q.Now >= a.Until, access.Expired)
	if info.Located && !m.AllLocations {
		add(q.Location == "", access.LocationMissing)
		add(q.Location != "" && !slices.Contains(m.Locations, q.Location), access.LocationForeign)
	}
	add(info.MinLevel != 0 && top.Kind > info.MinLevel, access.MinLevel)
	add(info.DirectPayment && owner.ID != m.AccountID, access.DirectPayment)
	managed := owner
	if n.people != "" {
		managed = n.account(n.people)
	}
	add(info.OwnAccount && managed.Live && managed.ID != m.AccountID, access.OwnAccount)
	add(info.NeedsTwoFactor && !q.SecondFactor, access.NeedsTwoFactor)
	add(info.StepUp && !q.Fresh, access.NotFresh)
	if len(m.Allow) > 0 {
		add(!q.IP.IsValid(), access.IPUnknown)
		ok := false
		for _, p := range m.Allow {
			ok = ok || p.Contains(q.IP.Unmap())
		}
		add(q.IP.IsValid() && !ok, access.IPDenied)
	}
	return r
}

// resources are all that there may be: every entity at every location in line
// with it, by every owner, amount, currency and state that a condition can tell apart.
func (n naive) resources(q access.Question) []access.Question {
	var out []access.Question
	within := n.top(q.Within)
	for _, e := range n.Entities {
		if q.Within != "" && (within == nil || !in(&e, within)) {
			continue
		}
		places := []string{""}
		if n.info(q.Permission).Located {
			for _, l := range n.Locations {
				if p := n.entity(l.EntityID); p != nil && line(p, &e) && (within == nil || in(p, within)) {
					places = append(places, l.ID)
				}
			}
		}
		for _, place := range places {
			for _, v := range variants {
				r := q
				r.Entity, r.Location, r.Owner, r.State, r.Currency, r.Amount, r.HasAmount = e.ID, place, v.Owner, v.State, v.Currency, v.Amount, v.HasAmount
				if r.Owner == "self" {
					r.Owner = q.User
				}
				out = append(out, r)
			}
		}
	}
	return out
}

var variants = []access.Question{
	{},
	{Owner: "self", State: "new", Currency: "EUR", Amount: 1, HasAmount: true},
	{Owner: "self", State: "paid", Currency: "EUR", Amount: 100, HasAmount: true},
	{Owner: "self", State: "paid", Currency: "USD", Amount: 1, HasAmount: true},
	{Owner: "self", State: "new", Currency: "USD", Amount: 1, HasAmount: true},
	{Owner: "usr_other", State: "new", Currency: "EUR", Amount: 101, HasAmount: true},
	{Owner: "usr_other", State: "paid", Currency: "EUR", Amount: 1, HasAmount: true},
	{Owner: "self", State: "new", Currency: "EUR"},
}

// selects tells whether the reaches, read as a WHERE, select a resource.
func (n naive) selects(reaches []access.Reach, q access.Question) bool {
	e := n.entity(q.Entity)
	return slices.ContainsFunc(reaches, func(r access.Reach) bool {
		return slices.ContainsFunc(r.Paths, func(p string) bool { return strings.HasPrefix(e.Path, p) }) &&
			(r.Accounts == nil || slices.Contains(r.Accounts, n.owner(e).ID)) &&
			(r.AllLocations || slices.Contains(r.Locations, q.Location)) && meets(r.Condition, q) == 0
	})
}
