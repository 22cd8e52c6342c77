package access

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"unsafe"
)

// roles are the compiled roles. A role keeps its number when roles change, so
// that what people hold need not be touched. What several roles hold alike
// stands once.
type roles struct {
	list   []role
	bodies []body // 0 holds nothing
	forms  []form // 0 is nothing

	roleNames names
	roleIndex index
}

type role struct {
	body, form uint32
	account    int32 // -1: it is gone, and gives nothing
}

// body is what a role holds, closed.
type body struct {
	all, free Set // held somehow; held without a condition
	policies  []rules
}

type rules struct {
	free  Set
	conds []Grant
}

// form is what else there is to say of a role.
type form struct {
	key        string
	deprecated bool
	policies   []string // ids, one for each of its body's policies
	mayGrant   []string
}

func (r *roles) body(n int32) *body { return &r.bodies[r.list[n].body] }
func (r *roles) form(n int32) *form { return &r.forms[r.list[n].form] }

// compiling makes roles.
type compiling struct {
	*roles
	known  map[alike]role    // for roles whose policies are one list in memory
	bodyOf map[string]uint32 // by content
	formOf map[string]uint32
}

// alike is what roles have in common that come from one predefined role.
type alike struct {
	policies *Policy
	n        int
	mayGrant *string
	m        int
	key      string
	old      bool
}

func compile() compiling {
	return compiling{&roles{bodies: make([]body, 1), forms: make([]form, 1)}, map[alike]role{}, map[string]uint32{}, map[string]uint32{}}
}

// role compiles one; its account is still to be set.
func (c *compiling) role(r *Role) role {
	same := alike{unsafe.SliceData(r.Policies), len(r.Policies), unsafe.SliceData(r.MayGrant), len(r.MayGrant), r.Key, r.Deprecated}
	if out, ok := c.known[same]; ok && len(r.Policies) > 0 {
		return out
	}
	f := form{key: r.Key, deprecated: r.Deprecated, mayGrant: slices.Clone(r.MayGrant)}
	for _, p := range r.Policies {
		f.policies = append(f.policies, p.ID)
	}
	out := role{body: c.addBody(makeBody(r.Policies)), form: c.addForm(f)}
	c.known[same] = out
	return out
}

// addBody shares what holds the same, save what has conditions.
func (c *compiling) addBody(b body) uint32 {
	key := b.key()
	n, ok := c.bodyOf[key]
	if key == "" || !ok {
		n = uint32(len(c.bodies))
		c.bodies = append(c.bodies, b)
		c.bodyOf[key] = n
	}
	return n
}

func (c *compiling) addForm(f form) uint32 {
	key := fmt.Sprintf("%q", []any{f.key, f.deprecated, f.policies, f.mayGrant})
	n, ok := c.formOf[key]
	if !ok {
		n = uint32(len(c.forms))
		c.forms = append(c.forms, f)
		c.formOf[key] = n
	}
	return n
}

// compileRoles compiles a list; the accounts have their numbers already.
func compileRoles(t *tree, list []Role) (*roles, error) {
	c := compile()
	c.list = make([]role, len(list))
	ids := make([]string, len(list))
	for i := range list {
		if list[i].ID == "" {
			return nil, errors.New("access: a role has no id")
		}
		ids[i] = list[i].ID
		c.list[i] = c.role(&list[i])
		c.list[i].account = t.account(list[i].AccountID)
	}
	return c.named(t, ids)
}

func (c *compiling) named(t *tree, ids []string) (*roles, error) {
	c.roleNames = makeNames(ids)
	var twice string
	if c.roleIndex, twice = indexOf(t.seed, &c.roleNames); twice != "" {
		return nil, fmt.Errorf("access: role id %q twice", twice)
	}
	return c.roles, nil
}

// changed are the roles with these put in place of what there was of them, and some gone.
func (r *roles) changed(t *tree, list []Role, gone []string) (*roles, error) {
	c := compile()
	c.list = slices.Clone(r.list)
	var added []string
	changed := make([]bool, len(c.list), len(c.list)+len(list))
	for i := range list {
		x := &list[i]
		n := r.roleIndex.find(&r.roleNames, t.hash(x.ID), x.ID)
		if n < 0 {
			n, added = int32(len(c.list)), append(added, x.ID)
			c.list, changed = append(c.list, role{}), append(changed, false)
		}
		if x.ID == "" || changed[n] {
			return nil, fmt.Errorf("access: role id %q empty or twice", x.ID)
		}
		c.list[n], changed[n] = c.role(x), true
		c.list[n].account = t.account(x.AccountID)
	}
	for _, id := range gone {
		if n := r.roleIndex.find(&r.roleNames, t.hash(id), id); n >= 0 {
			c.list[n], changed[n] = role{account: -1}, true
		}
	}
	c.adopt(r, changed)
	if len(added) > 0 {
		return c.named(t, append(r.roleNames.list(), added...))
	}
	c.roleNames, c.roleIndex = r.roleNames, r.roleIndex
	return c.roles, nil
}

// adopt takes over what the roles that did not change hold.
func (c *compiling) adopt(from *roles, changed []bool) {
	bodies, forms := make([]uint32, len(from.bodies)), make([]uint32, len(from.forms))
	for i := range from.list {
		if changed[i] || from.list[i].account < 0 {
			continue
		}
		x := &c.list[i]
		if x.body != 0 && bodies[x.body] == 0 {
			bodies[x.body] = c.addBody(from.bodies[x.body])
		}
		if x.form != 0 && forms[x.form] == 0 {
			forms[x.form] = c.addForm(from.forms[x.form])
		}
		x.body, x.form = bodies[x.body], forms[x.form]
	}
}

func makeBody(policies []Policy) body {
	out := body{policies: make([]rules, len(policies))}
	for i, p := range policies {
		r := &out.policies[i]
		for _, g := range p.Permissions {
			if !g.Permission.known() {
				continue
			}
			out.all = out.all.With(g.Permission)
			brings := brings(g.Permission)
			if g.Condition.none() {
				r.free = r.free.With(g.Permission).Union(brings)
				continue
			}
			g.Condition.States, g.Condition.Clauses = slices.Clone(g.Condition.States), slices.Clone(g.Condition.Clauses)
			r.conds = append(r.conds, g)
			for p := range brings.All() { // a page is not restricted by what its records are restricted by
				if p.Info().Resource == "page" {
					r.free = r.free.With(p)
				} else {
					r.conds = append(r.conds, Grant{p, g.Condition})
				}
			}
		}
		// What is brought along brings its own along: transactions:search its page, already there.
		out.free = out.free.Union(r.free)
		for _, g := range r.conds {
			out.all = out.all.With(g.Permission)
		}
	}
	out.all = out.all.Union(out.free)
	return out
}

// key is equal for bodies that hold the same; "" for those with conditions, which are not shared.
func (b *body) key() string {
	var out []byte
	for i := range b.policies {
		if len(b.policies[i].conds) > 0 {
			return ""
		}
		for _, w := range b.policies[i].free {
			out = binary.LittleEndian.AppendUint64(out, w)
		}
	}
	return string(append(out, '.'))
}

func (c *Condition) none() bool {
	return !c.OwnOnly && c.MaxAmount == 0 && c.Currency == "" && c.States == nil && len(c.Clauses) == 0
}

// fails says what of a condition the question does not meet. In the sense of
// "some" resource, only a condition that nothing can meet fails.
func (a *asking) fails(c *Condition, some bool) Reasons {
	q := a.q
	var r Reasons
	for i := range c.Clauses {
		r |= a.clauseFails(&c.Clauses[i], some)
	}
	if c.OwnOnly && !some && (q.Owner == "" || q.Owner != q.User) {
		r |= ConditionOwn
	}
	switch {
	case c.MaxAmount < 0:
		r |= ConditionAmount
	case c.MaxAmount > 0 && !some && (!q.HasAmount || q.Amount < 0 || q.Amount > c.MaxAmount):
		r |= ConditionAmount
	}
	if c.MaxAmount != 0 && c.Currency == "" || c.Currency != "" && !some && q.Currency != c.Currency {
		r |= ConditionCurrency
	}
	if c.States != nil && (!some && (q.State == "" || !slices.Contains(c.States, q.State)) || len(c.States) == 0) {
		r |= ConditionState
	}
	return r
}
