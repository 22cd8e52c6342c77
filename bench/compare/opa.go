package compare

import (
	"context"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"countersign/internal/access"
)

// opaPolicy looks everything up by its key, and reads the store three times:
// what is read there within a loop costs as much again each time. No loop is longer than four.
const opaPolicy = `package desk

default allow := false

allow if {
	held := data.users[input.user]
	holders := data.holders[input.action]
	some entity in data.lines[input.entity]
	some role in held[entity]
	holders[role]
}
`

// newOPA follows OPA's page on performance: objects instead of arrays, a
// prepared query, a store that holds what evaluation reads without converting
// it, and an input that comes as such a value.
func newOPA(w access.World) ([]Asked, error) {
	store := inmem.NewFromObjectWithOpts(opaData(Plain(w)), inmem.OptReturnASTValuesOnRead(true), inmem.OptRoundTripOnWrite(false))
	ctx := context.Background()
	query, err := rego.New(rego.Query("data.desk.allow"), rego.Module("desk.rego", opaPolicy), rego.Store(store)).PrepareForEval(ctx)
	if err != nil {
		return nil, err
	}
	user, action, entity := ast.StringTerm("user"), ast.StringTerm("action"), ast.StringTerm("entity")
	return []Asked{func(q *Question) bool {
		input := ast.NewObject([2]*ast.Term{user, ast.StringTerm(q.User)}, [2]*ast.Term{action, ast.StringTerm(q.Action)}, [2]*ast.Term{entity, ast.StringTerm(q.Entity)})
		answer, err := query.Eval(ctx, rego.EvalParsedInput(input))
		return err == nil && answer.Allowed()
	}}, nil
}

func opaData(p PlainWorld) map[string]any {
	holders := map[string]any{} // of an action: the roles
	for _, r := range p.Roles {
		for _, a := range r.Actions {
			if holders[a] == nil {
				holders[a] = map[string]any{}
			}
			holders[a].(map[string]any)[r.Key] = true
		}
	}
	lines := make(map[string]any, len(p.Entities))
	for _, e := range p.Entities {
		line := make([]any, len(e.Line))
		for i, id := range e.Line {
			line[i] = id
		}
		lines[e.ID] = line
	}
	users := make(map[string]any, len(p.Users))
	for _, u := range p.Users {
		over := make(map[string]any, len(u.Grants))
		for _, g := range u.Grants {
			id := p.Entities[g.Entity].ID
			held, _ := over[id].([]any)
			over[id] = append(held, p.Roles[g.Role].Key)
		}
		users[u.ID] = over
	}
	return map[string]any{"holders": holders, "lines": lines, "users": users}
}
