package main

import (
	"github.com/casbin/casbin/v2"
	"github.com/casbin/casbin/v2/model"

	"countersign/internal/access"
)

// casbinModel is RBAC with domains: an entity is a domain, g gives a user a
// role in it, and g2 a role its actions. There is one p rule for each role, not
// for each role and action, because casbin goes through all of them, and the
// cheaper half of the matcher stands first. A role is held over all below an
// entity, so the question names the entity's whole line; copying what is held
// into each entity below, or a matching function for domains, would cost more.
const casbinModel = `
[request_definition]
r = sub, own, up, top, act
[policy_definition]
p = sub
[role_definition]
g = _, _, _
g2 = _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g2(p.sub, r.act) && (g(r.sub, p.sub, r.own) || g(r.sub, p.sub, r.up) || g(r.sub, p.sub, r.top))
`

// newCasbin follows casbin's page on performance: few rules, permissions given
// to roles, links added in bulk. An enforcer that caches answers is not used: nobody else's are cached.
func newCasbin(w access.World) ([]asked, error) {
	m, err := model.NewModelFromString(casbinModel)
	if err != nil {
		return nil, err
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, err
	}
	p := plain(w)
	var rules, actions, links [][]string
	for _, r := range p.roles {
		rules = append(rules, []string{r.key})
		for _, a := range r.actions {
			actions = append(actions, []string{r.key, a})
		}
	}
	for _, u := range p.users {
		for _, g := range u.grants {
			links = append(links, []string{u.id, p.roles[g.role].key, p.entities[g.entity].id})
		}
	}
	if _, err := e.AddPolicies(rules); err != nil {
		return nil, err
	}
	if _, err := e.AddNamedGroupingPolicies("g2", actions); err != nil {
		return nil, err
	}
	if _, err := e.AddGroupingPoliciesEx(links); err != nil { // Ex: who has a role twice is no error
		return nil, err
	}
	lines := lines(p)
	return []asked{func(q *question) bool {
		l := lines[q.entity]
		if l == nil {
			return false
		}
		ok, err := e.Enforce(q.user, l[0], l[1], l[2], q.action)
		return ok && err == nil
	}}, nil
}

// lines are each entity and what stands above it, nearest first; the topmost is repeated to three.
func lines(p plainWorld) map[string]*[3]string {
	out := make(map[string]*[3]string, len(p.entities))
	for _, e := range p.entities {
		l := new([3]string)
		for i := range l {
			l[i] = e.line[min(i, len(e.line)-1)]
		}
		out[e.id] = l
	}
	return out
}
