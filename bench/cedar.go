package main

import (
	"fmt"
	"iter"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/ast"
	"github.com/cedar-policy/cedar-go/types"

	"countersign/internal/access"
)

func cedarUser(id string) types.EntityUID { return types.EntityUID{Type: "User", ID: types.String(id)} }
func cedarEntity(id string) types.EntityUID {
	return types.EntityUID{Type: "Entity", ID: types.String(id)}
}
func cedarAction(id string) types.EntityUID {
	return types.EntityUID{Type: "Action", ID: types.String(id)}
}

// cedarEntities are the tree, and the actions in groups: one group for each role, as Cedar's documentation advises.
func cedarEntities(p plainWorld, more int) types.EntityMap {
	out := make(types.EntityMap, len(p.entities)+more+256)
	for _, e := range p.entities {
		one := types.Entity{UID: cedarEntity(e.id)}
		if len(e.line) > 1 {
			one.Parents = types.NewEntityUIDSet(cedarEntity(e.line[1]))
		}
		out[one.UID] = one
	}
	groups := map[string][]types.EntityUID{}
	for _, r := range p.roles {
		out[cedarAction(r.key)] = types.Entity{UID: cedarAction(r.key)}
		for _, a := range r.actions {
			groups[a] = append(groups[a], cedarAction(r.key))
		}
	}
	for a, in := range groups {
		out[cedarAction(a)] = types.Entity{UID: cedarAction(a), Parents: types.NewEntityUIDSet(in...)}
	}
	return out
}

func cedarAsked(q *question) cedar.Request {
	return cedar.Request{Principal: cedarUser(q.user), Action: cedarAction(q.action), Resource: cedarEntity(q.entity)}
}

// picked are the policies of one user, which the application hands to Cedar instead of everybody's.
type picked []cedarPolicy

type cedarPolicy struct {
	id     cedar.PolicyID
	policy *cedar.Policy
}

func (p picked) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for i := range p {
			if !yield(p[i].id, p[i].policy) {
				return
			}
		}
	}
}

// newCedarPicked has one policy for each assignment, its scope filled in whole.
func newCedarPicked(w access.World) ([]asked, error) {
	p := plain(w)
	entities := cedarEntities(p, 0)
	policies := make(map[string]picked, len(p.users))
	for _, u := range p.users {
		list := make(picked, 0, len(u.grants))
		for i, g := range u.grants {
			policy := ast.Permit().PrincipalEq(cedarUser(u.id)).ActionIn(cedarAction(p.roles[g.role].key)).ResourceIn(cedarEntity(p.entities[g.entity].id))
			list = append(list, cedarPolicy{cedar.PolicyID(fmt.Sprintf("%s.%d", u.id, i)), cedar.NewPolicyFromAST(policy)})
		}
		policies[u.id] = list
	}
	return []asked{func(q *question) bool {
		d, _ := cedar.Authorize(policies[q.user], entities, cedarAsked(q))
		return d == cedar.Allow
	}}, nil
}

// newCedarSet has one policy for each role, and with each user, as attributes,
// the entities over which they hold it.
func newCedarSet(w access.World) ([]asked, error) {
	p := plain(w)
	var text strings.Builder
	for _, r := range p.roles {
		fmt.Fprintf(&text, "permit (principal is User, action in Action::%q, resource is Entity) when { principal has %s && resource in principal.%s };\n", r.key, r.key, r.key)
	}
	set, err := cedar.NewPolicySetFromBytes("roles.cedar", []byte(text.String()))
	if err != nil {
		return nil, err
	}
	entities := cedarEntities(p, len(p.users))
	for _, u := range p.users {
		over := map[types.String][]types.Value{}
		for _, g := range u.grants {
			key := types.String(p.roles[g.role].key)
			over[key] = append(over[key], cedarEntity(p.entities[g.entity].id))
		}
		attributes := make(types.RecordMap, len(over))
		for key, where := range over {
			attributes[key] = types.NewSet(where...)
		}
		one := types.Entity{UID: cedarUser(u.id), Attributes: types.NewRecord(attributes)}
		entities[one.UID] = one
	}
	return []asked{func(q *question) bool {
		d, _ := cedar.Authorize(set, entities, cedarAsked(q))
		return d == cedar.Allow
	}}, nil
}
