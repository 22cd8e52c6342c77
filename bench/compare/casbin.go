package compare

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
func newCasbin(w access.World) ([]Asked, error) {
	m, err := model.NewModelFromString(casbinModel)
	if err != nil {
		return nil, err
	}
	e, err := casbin.NewEnforcer(m)
	if err != nil {
		return nil, err
	}
	p := Plain(w)
	var rules, actions, links [][]string
	for _, r := range p.Roles {
		rules = append(rules, []string{r.Key})
		for _, a := range r.Actions {
			actions = append(actions, []string{r.Key, a})
		}
	}
	for _, u := range p.Users {
		for _, g := range u.Grants {
			links = append(links, []string{u.ID, p.Roles[g.Role].Key, p.Entities[g.Entity].ID})
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
	return []Asked{func(q *Question) bool {
		l := lines[q.Entity]
		if l == nil {
			return false
		}
		ok, err := e.Enforce(q.User, l[0], l[1], l[2], q.Action)
		return ok && err == nil
	}}, nil
}

// lines are each entity and what stands above it, nearest first; the topmost is repeated to three.
func lines(p PlainWorld) map[string]*[3]string {
	out := make(map[string]*[3]string, len(p.Entities))
	for _, e := range p.Entities {
		l := new([3]string)
		for i := range l {
			l[i] = e.Line[min(i, len(e.Line)-1)]
		}
		out[e.ID] = l
	}
	return out
}
