package access

import (
	"encoding/binary"
	"slices"
)

// role is a compiled role. What it holds is shared with every role that holds the same.
type role struct {
	all, free  Set // held somehow; held without a condition
	id, first  string
	policies   []string // ids, one for each of body.policies; the first stands in first too
	body       *body
	key        string
	account    int32
	deprecated bool
	mayGrant   []string
}

// body is what a role holds, closed.
type body struct {
	all, free Set
	policies  []rules
}

type rules struct {
	free  Set
	conds []Grant
}

func (b *builder) compileRoles(list []Role) {
	b.roles = make(map[string]*role, len(list))
	shared := map[string]*body{}
	for i := range list {
		r := &list[i]
		if r.ID == "" || b.roles[r.ID] != nil {
			b.wrong("role id %q empty or twice", r.ID)
			continue
		}
		out := &role{id: r.ID, key: r.Key, account: b.accountID.find(r.AccountID), deprecated: r.Deprecated, mayGrant: slices.Clone(r.MayGrant)}
		made := makeBody(r.Policies)
		for _, p := range r.Policies {
			out.policies = append(out.policies, p.ID)
		}
		key := made.key()
		if key == "" {
			out.body = made
		} else if out.body = shared[key]; out.body == nil {
			out.body, shared[key] = made, made
		}
		out.all, out.free = out.body.all, out.body.free
		if len(out.policies) > 0 {
			out.first = out.policies[0]
		}
		b.roles[r.ID] = out
	}
}

func makeBody(policies []Policy) *body {
	out := &body{policies: make([]rules, len(policies))}
	for i, p := range policies {
		r := &out.policies[i]
		for _, g := range p.Permissions {
			if !g.Permission.known() {
				continue
			}
			out.all = out.all.With(g.Permission)
			brings := catalogue.brings[g.Permission]
			if g.Condition.none() {
				r.free = r.free.With(g.Permission).Union(brings)
				continue
			}
			g.Condition.States = slices.Clone(g.Condition.States)
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
	return !c.OwnOnly && c.MaxAmount == 0 && c.Currency == "" && c.States == nil
}

// fails says what of the condition the question does not meet. In the sense of
// "some" resource, only a condition that nothing can meet fails.
func (c *Condition) fails(q *Question, some bool) Reasons {
	var r Reasons
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
