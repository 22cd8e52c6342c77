package portal

import (
	"encoding/csv"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/access"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/roles"
)

// The beginnings of the fields of a condition on a registered type; then come its
// place, counted from 0, a point and the permission.
const (
	propertyField = "property."
	compareField  = "compare."
	valueField    = "value."
)

// clauseOpen is how many rows for conditions a form shows at least.
const clauseOpen = 3

// sameAs begins a comparison with a property of the person; its name follows.
const sameAs = "same_as."

func clauseName(field string, n int, permission string) string {
	return field + strconv.Itoa(n) + "." + permission
}

// clauseFields are those of a registered permission.
func clauseFields(permission string) (out []string) {
	for n := range roles.ClausesMost {
		out = append(out, clauseName(propertyField, n, permission), clauseName(compareField, n, permission), clauseName(valueField, n, permission))
	}
	return out
}

// readClauses are the rows of a permission, as far as the last in which something stands.
func readClauses(f url.Values, permission string) []ClauseFields {
	rows := make([]ClauseFields, roles.ClausesMost)
	last := 0
	for n := range rows {
		rows[n] = ClauseFields{Property: f.Get(clauseName(propertyField, n, permission)), Compare: f.Get(clauseName(compareField, n, permission)), Value: f.Get(clauseName(valueField, n, permission))}
		if rows[n].Any() {
			last = n + 1
		}
	}
	return rows[:last:last]
}

func typedClauses(permission string, rows []ClauseFields) (out []Typed) {
	for n, row := range rows {
		for _, t := range []Typed{{clauseName(propertyField, n, permission), row.Property}, {clauseName(compareField, n, permission), row.Compare}, {clauseName(valueField, n, permission), row.Value}} {
			if t.Value != "" {
				out = append(out, t)
			}
		}
	}
	return out
}

// open has as many rows as a form shows: one more than is filled in, where there can be more.
func (l LimitFields) open(registered bool) LimitFields {
	if registered {
		rows := make([]ClauseFields, min(max(len(l.Clauses)+1, clauseOpen), roles.ClausesMost))
		copy(rows, l.Clauses)
		l.Clauses = rows
	}
	return l
}

// clause is a row as use cases take it; what cannot be read becomes what they refuse.
func (c ClauseFields) clause(typeName string) access.Clause {
	part, name, _ := strings.Cut(c.Property, ".")
	out := access.Clause{Part: access.ParsePart(part), Name: name}
	if other, ok := strings.CutPrefix(c.Compare, sameAs); ok {
		out.Op, out.Other = access.SameAs, other
		return out
	}
	switch out.Op = access.ParseOp(c.Compare); out.Op {
	case access.OneOf:
		kind := access.KindOf(typeName, out.Part, out.Name)
		for _, v := range splitValues(c.Value) {
			out.Values = append(out.Values, readValue(kind, v))
		}
	case access.AtMost:
		out.Most = -1
		if n, err := strconv.ParseInt(digits(c.Value), 10, 64); err == nil {
			out.Most = n
		}
	case access.SameAs: // without the other
		out.Op = 0
	}
	return out
}

// clauseRows are clauses as somebody would fill them in.
func clauseRows(tag lang.Tag, p roles.Permit) (out []ClauseFields) {
	typeName, _, _ := strings.Cut(p.Permission, ":")
	for _, c := range p.Clauses {
		row := ClauseFields{Property: c.Part.String() + "." + c.Name, Compare: c.Op.String()}
		switch c.Op {
		case access.OneOf:
			kind := access.KindOf(typeName, c.Part, c.Name)
			var values []string
			for _, v := range c.Values {
				values = append(values, typedValue(tag, kind, v))
			}
			row.Value = joinValues(values)
		case access.AtMost:
			row.Value = strconv.FormatInt(c.Most, 10)
		case access.SameAs:
			row.Compare = sameAs + c.Other
		}
		out = append(out, row)
	}
	return out
}

// digits is a number without what people put between its digits.
func digits(text string) string {
	return strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "'", "", "’", "").Replace(text)
}

// readValue is a value as it is stored, from what somebody typed.
func readValue(k access.ValueKind, text string) string {
	text = strings.TrimSpace(text)
	switch k {
	case access.YesNo:
		for _, tag := range lang.All() {
			switch lang.Fold(text) {
			case lang.Fold(lang.T(tag, "limit.yes")):
				return "true"
			case lang.Fold(lang.T(tag, "limit.no")):
				return "false"
			}
		}
	case access.Number:
		return digits(text)
	}
	return text
}

// typedValue is a stored value as somebody would type it.
func typedValue(tag lang.Tag, k access.ValueKind, text string) string {
	if k == access.YesNo {
		return roles.ValueWords(tag, k, text)
	}
	return text
}

// splitValues reads values with commas between them; one that has a comma itself
// stands in double quotes.
func splitValues(text string) []string {
	if strings.ContainsAny(text, "\r\n") {
		return []string{text} // which is none
	}
	r := csv.NewReader(strings.NewReader(text))
	r.LazyQuotes, r.TrimLeadingSpace = true, true
	list, err := r.Read()
	if err != nil {
		return nil
	}
	return slices.DeleteFunc(list, func(v string) bool { return strings.TrimSpace(v) == "" })
}

func joinValues(list []string) string {
	out := make([]string, len(list))
	for n, v := range list {
		if out[n] = v; strings.ContainsAny(v, `,"`) {
			out[n] = `"` + strings.ReplaceAll(v, `"`, `""`) + `"`
		}
	}
	return strings.Join(out, ", ")
}

// propertiesOf are what conditions on a registered type can read.
func propertiesOf(s *access.Snapshot, typeName string) (out PropertyPick) {
	t, found := s.Type(typeName)
	if !found {
		return out
	}
	for _, p := range t.Properties {
		out.Own = append(out.Own, PropertyChoice{Type: t.Name, Part: p.Part.String(), Name: p.Name, Kind: p.Kind.String()})
	}
	for _, p := range s.UserProperties() {
		out.Users = append(out.Users, PropertyChoice{Part: p.Part.String(), Name: p.Name, Kind: p.Kind.String()})
	}
	return out
}

// place puts what is wrong with conditions beside their rows, and leads there from
// the summary.
func (v *MakerView) place(f *fault.Error) {
	for n := range f.Fields {
		field := &f.Fields[n]
		clause, ok := field.Args["clause"].(int)
		permission, _ := field.Args["permission"].(string)
		if !ok {
			continue
		}
		if choice := v.Permits.choice(permission); choice != nil {
			for at := range choice.Limit.Clauses {
				row := &choice.Limit.Clauses[at]
				if !row.Any() {
					continue
				}
				if clause--; clause == 0 {
					var which string
					which, row.Problem = row.wrong(field.Code)
					field.Name = clauseName(which, at, permission)
				}
			}
		}
	}
}

// wrong is what a row is told to be wrong with ("portal.clause.problem.PROBLEM"), and
// in which of its fields.
func (c ClauseFields) wrong(code string) (field, problem string) {
	problem = strings.TrimPrefix(code, "restriction_")
	switch {
	case strings.TrimSpace(c.Property) == "":
		return propertyField, "no_property"
	case access.ParseOp(c.Compare) == 0 && !strings.HasPrefix(c.Compare, sameAs):
		return compareField, "no_comparison"
	case problem == "number", problem == "user", problem == "same":
		return compareField, problem
	case problem == "values", problem == "most":
		return valueField, problem
	}
	return propertyField, problem
}
