package main

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
func newOPA(w access.World) ([]asked, error) {
	store := inmem.NewFromObjectWithOpts(opaData(plain(w)), inmem.OptReturnASTValuesOnRead(true), inmem.OptRoundTripOnWrite(false))
	ctx := context.Background()
	query, err := rego.New(rego.Query("data.desk.allow"), rego.Module("desk.rego", opaPolicy), rego.Store(store)).PrepareForEval(ctx)
	if err != nil {
		return nil, err
	}
	user, action, entity := ast.StringTerm("user"), ast.StringTerm("action"), ast.StringTerm("entity")
	return []asked{func(q *question) bool {
		input := ast.NewObject([2]*ast.Term{user, ast.StringTerm(q.user)}, [2]*ast.Term{action, ast.StringTerm(q.action)}, [2]*ast.Term{entity, ast.StringTerm(q.entity)})
		answer, err := query.Eval(ctx, rego.EvalParsedInput(input))
		return err == nil && answer.Allowed()
	}}, nil
}

func opaData(p plainWorld) map[string]any {
	holders := map[string]any{} // of an action: the roles
	for _, r := range p.roles {
		for _, a := range r.actions {
			if holders[a] == nil {
				holders[a] = map[string]any{}
			}
			holders[a].(map[string]any)[r.key] = true
		}
	}
	lines := make(map[string]any, len(p.entities))
	for _, e := range p.entities {
		line := make([]any, len(e.line))
		for i, id := range e.line {
			line[i] = id
		}
		lines[e.id] = line
	}
	users := make(map[string]any, len(p.users))
	for _, u := range p.users {
		over := make(map[string]any, len(u.grants))
		for _, g := range u.grants {
			id := p.entities[g.entity].id
			held, _ := over[id].([]any)
			over[id] = append(held, p.roles[g.role].key)
		}
		users[u.id] = over
	}
	return map[string]any{"holders": holders, "lines": lines, "users": users}
}
