package main

import (
	"errors"
	"iter"
	"slices"
	"strings"

	"countersign/bench/compare"
)

// written is how many tuples are written at a time.
const written = 1_000

// ends are what ends a service, what began last first.
type ends []func() error

func (e *ends) end() (err error) {
	for _, f := range slices.Backward(*e) {
		err = errors.Join(err, f())
	}
	*e = nil
	return err
}

// relation is an action by a name that both allow for a relation: transactions:view is transactions_view.
func relation(action string) string { return strings.ReplaceAll(action, ":", "_") }

// action is one that some roles hold.
type action struct {
	relation string
	roles    []string
}

// actions are all that any role holds, by name.
func actions(p compare.PlainWorld) (out []action) {
	at := map[string]int{}
	for _, r := range p.Roles {
		for _, name := range r.Actions {
			name = relation(name)
			if _, known := at[name]; !known {
				at[name] = len(out)
				out = append(out, action{relation: name})
			}
			out[at[name]].roles = append(out[at[name]].roles, r.Key)
		}
	}
	slices.SortFunc(out, func(a, b action) int { return strings.Compare(a.relation, b.relation) })
	return out
}

// parents gives each entity that stands below another, and that one.
func parents(p compare.PlainWorld) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, e := range p.Entities {
			if len(e.Line) > 1 && !yield(e.ID, e.Line[1]) {
				return
			}
		}
	}
}

// grant is a role that somebody has over an entity and all below it.
type grant struct{ user, role, entity string }

// given gives each grant once, whoever has it twice: both refuse to be told again.
func given(p compare.PlainWorld) iter.Seq[grant] {
	return func(yield func(grant) bool) {
		for _, u := range p.Users {
			for i, g := range u.Grants {
				if slices.Contains(u.Grants[:i], g) {
					continue
				}
				if !yield(grant{u.ID, p.Roles[g.Role].Key, p.Entities[g.Entity].ID}) {
					return
				}
			}
		}
	}
}
