package roles

import (
	"slices"

	"countersign/internal/access"
)

// rights are what a role gives, closed (access.Closed): of each permission the
// conditions, any of which is enough. One that is none gives it without.
type rights map[access.Permission][]access.Condition

// rightsOf closes grants as decisions do: a page comes along without a
// restriction, another permission with the same one.
func rightsOf(list []access.Grant) rights {
	out := rights{}
	for _, g := range list {
		for p := range access.Closed(access.SetOf(g.Permission)).All() {
			c := g.Condition
			if p.Info().Resource == "page" {
				c = access.Condition{}
			}
			out[p] = append(out[p], c)
		}
	}
	return out
}

// rightsIn are those of a set, without conditions.
func rightsIn(set access.Set) rights {
	out := rights{}
	for p := range access.Closed(set).All() {
		out[p] = []access.Condition{{}}
	}
	return out
}

// all is every permission that is given somehow.
func (r rights) all() access.Set {
	var set access.Set
	for p := range r {
		set = set.With(p)
	}
	return set
}

// beyond is what r gives in some case in which the other does not.
func (r rights) beyond(other rights) access.Set {
	var set access.Set
	for p, conditions := range r {
		if !enough(other[p], conditions) {
			set = set.With(p)
		}
	}
	return set
}

// with adds what another gives.
func (r rights) with(other rights) {
	for p, conditions := range other {
		r[p] = append(slices.Clip(r[p]), conditions...)
	}
}

// enough tells whether in every case in which one of want holds, one of have does.
func enough(have, want []access.Condition) bool {
	for _, w := range want {
		if !slices.ContainsFunc(have, func(h access.Condition) bool { return within(w, h) }) {
			return false
		}
	}
	return true
}

// within tells whether whatever meets the narrow condition meets the wide one.
func within(narrow, wide access.Condition) bool {
	switch {
	case wide.OwnOnly && !narrow.OwnOnly:
		return false
	case wide.Currency != "" && narrow.Currency != wide.Currency:
		return false
	case wide.MaxAmount != 0 && (narrow.MaxAmount == 0 || narrow.MaxAmount > wide.MaxAmount):
		return false
	case !clausesWithin(narrow.Clauses, wide.Clauses):
		return false
	case wide.States == nil:
		return true
	}
	return narrow.States != nil && !slices.ContainsFunc(narrow.States, func(s string) bool { return !slices.Contains(wide.States, s) })
}

// dangerous are those of a set that whoever gives them acknowledges (R9).
func dangerous(set access.Set) access.Set {
	var out access.Set
	for p := range set.All() {
		if p.Info().Dangerous {
			out = out.With(p)
		}
	}
	return out
}

// names of a set, in the catalogue's order.
func names(set access.Set) []string {
	var out []string
	for p := range set.All() {
		out = append(out, p.String())
	}
	return out
}
