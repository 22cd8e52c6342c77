package compare

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
func cedarEntities(p PlainWorld, more int) types.EntityMap {
	out := make(types.EntityMap, len(p.Entities)+more+256)
	for _, e := range p.Entities {
		one := types.Entity{UID: cedarEntity(e.ID)}
		if len(e.Line) > 1 {
			one.Parents = types.NewEntityUIDSet(cedarEntity(e.Line[1]))
		}
		out[one.UID] = one
	}
	groups := map[string][]types.EntityUID{}
	for _, r := range p.Roles {
		out[cedarAction(r.Key)] = types.Entity{UID: cedarAction(r.Key)}
		for _, a := range r.Actions {
			groups[a] = append(groups[a], cedarAction(r.Key))
		}
	}
	for a, in := range groups {
		out[cedarAction(a)] = types.Entity{UID: cedarAction(a), Parents: types.NewEntityUIDSet(in...)}
	}
	return out
}

func cedarAsked(q *Question) cedar.Request {
	return cedar.Request{Principal: cedarUser(q.User), Action: cedarAction(q.Action), Resource: cedarEntity(q.Entity)}
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
func newCedarPicked(w access.World) ([]Asked, error) {
	p := Plain(w)
	entities := cedarEntities(p, 0)
	policies := make(map[string]picked, len(p.Users))
	for _, u := range p.Users {
		list := make(picked, 0, len(u.Grants))
		for i, g := range u.Grants {
			policy := ast.Permit().PrincipalEq(cedarUser(u.ID)).ActionIn(cedarAction(p.Roles[g.Role].Key)).ResourceIn(cedarEntity(p.Entities[g.Entity].ID))
			list = append(list, cedarPolicy{cedar.PolicyID(fmt.Sprintf("%s.%d", u.ID, i)), cedar.NewPolicyFromAST(policy)})
		}
		policies[u.ID] = list
	}
	return []Asked{func(q *Question) bool {
		d, _ := cedar.Authorize(policies[q.User], entities, cedarAsked(q))
		return d == cedar.Allow
	}}, nil
}

// newCedarSet has one policy for each role, and with each user, as attributes,
// the entities over which they hold it.
func newCedarSet(w access.World) ([]Asked, error) {
	p := Plain(w)
	var text strings.Builder
	for _, r := range p.Roles {
		fmt.Fprintf(&text, "permit (principal is User, action in Action::%q, resource is Entity) when { principal has %s && resource in principal.%s };\n", r.Key, r.Key, r.Key)
	}
	set, err := cedar.NewPolicySetFromBytes("roles.cedar", []byte(text.String()))
	if err != nil {
		return nil, err
	}
	entities := cedarEntities(p, len(p.Users))
	for _, u := range p.Users {
		over := map[types.String][]types.Value{}
		for _, g := range u.Grants {
			key := types.String(p.Roles[g.Role].Key)
			over[key] = append(over[key], cedarEntity(p.Entities[g.Entity].ID))
		}
		attributes := make(types.RecordMap, len(over))
		for key, where := range over {
			attributes[key] = types.NewSet(where...)
		}
		one := types.Entity{UID: cedarUser(u.ID), Attributes: types.NewRecord(attributes)}
		entities[one.UID] = one
	}
	return []Asked{func(q *Question) bool {
		d, _ := cedar.Authorize(set, entities, cedarAsked(q))
		return d == cedar.Allow
	}}, nil
}
