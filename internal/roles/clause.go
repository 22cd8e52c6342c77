package roles

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/access"
	"countersign/internal/lang"
)

// What the restriction of a registered type's permission holds at most.
const (
	ClausesMost = 5
	valuesMost  = 20  // in one clause
	valueMax    = 200 // code points
)

// storedClause is how a clause stands in the database.
type storedClause struct {
	Of       string   `json:"of"`
	Property string   `json:"property"`
	Op       string   `json:"op"`
	Values   []string `json:"values,omitempty"`
	Most     int64    `json:"most,omitempty"`
	Other    string   `json:"other,omitempty"`
}

func storedClauses(list []access.Clause) (out []storedClause) {
	for _, c := range list {
		out = append(out, storedClause{c.Part.String(), c.Name, c.Op.String(), c.Values, c.Most, c.Other})
	}
	return out
}

func readClauses(list []storedClause) (out []access.Clause) {
	for _, s := range list {
		out = append(out, access.Clause{Part: access.ParsePart(s.Of), Name: s.Property, Op: access.ParseOp(s.Op), Values: s.Values, Most: s.Most, Other: s.Other})
	}
	return out
}

// marks are what stands between the parts of an audit entry's text; in a value they
// are written so that no value reads as something else.
var marks = strings.NewReplacer("%", "%25", "|", "%7C", ",", "%2C", ";", "%3B", "(", "%28", ")", "%29")

// clauseText is a clause in an audit entry. readClause reads it.
func clauseText(c access.Clause) string {
	what := c.Part.String() + "." + c.Name + " " + c.Op.String()
	switch c.Op {
	case access.OneOf:
		var values []string
		for _, v := range c.Values {
			values = append(values, marks.Replace(v))
		}
		return what + " " + strings.Join(values, "|")
	case access.AtMost:
		return fmt.Sprintf("%s %d", what, c.Most)
	case access.SameAs:
		return what + " user." + c.Other
	}
	return what
}

// cleanClauses brings clauses into the one form in which they are stored.
func cleanClauses(list []access.Clause) (out []access.Clause) {
	for _, c := range list {
		plain := access.Clause{Part: c.Part, Name: strings.TrimSpace(c.Name), Op: c.Op}
		switch c.Op {
		case access.OneOf:
			for _, v := range c.Values {
				if v = strings.TrimSpace(v); v != "" && !slices.Contains(plain.Values, v) {
					plain.Values = append(plain.Values, v)
				}
			}
			slices.Sort(plain.Values)
		case access.AtMost:
			plain.Most = c.Most
		case access.SameAs:
			plain.Other = strings.TrimSpace(c.Other)
		}
		out = append(out, plain)
	}
	return out
}

// clausesWrong says what is wrong with clauses by themselves: a code, or "".
func clausesWrong(list []access.Clause) string {
	if len(list) > ClausesMost {
		return "restriction_clauses"
	}
	for _, c := range list {
		if code := clauseWrong(c); code != "" {
			return code
		}
	}
	return ""
}

func clauseWrong(c access.Clause) string {
	switch {
	case c.Part.String() == "" || c.Name == "" || c.Op.String() == "":
		return "restriction_property"
	case c.Op == access.OneOf && (len(c.Values) == 0 || len(c.Values) > valuesMost):
		return "restriction_values"
	case c.Op == access.AtMost && c.Most < 0:
		return "restriction_most"
	case c.Op == access.SameAs && c.Other == "":
		return "restriction_property"
	}
	return ""
}

// Readable tells whether decisions can follow a permit: whether its permission
// exists, and its restriction is one on what is registered. What cannot be read
// gives nothing.
func Readable(s *access.Snapshot, p Permit) bool {
	known, ok := access.Parse(p.Permission)
	if !ok || !s.Known().Has(known) || p.restriction() != "" {
		return false
	}
	return !known.Info().Registered || !slices.ContainsFunc(p.Clauses, func(c access.Clause) bool { return clauseUnfit(s, known.Info().Resource, c) != "" })
}

// clauseUnfit says what is wrong with a clause on a registered type: a code, or "".
func clauseUnfit(s *access.Snapshot, typeName string, c access.Clause) string {
	t, found := s.Type(typeName)
	if !found {
		return "unknown_permission"
	}
	p, found := find(t, s.UserProperties(), c.Part, c.Name)
	if !found {
		return "restriction_property"
	}
	if code := comparisonUnfit(s, p, c); code != "" {
		return code
	}
	return clauseWrong(c)
}

// comparisonUnfit says why a property cannot be compared so: a code, or "".
func comparisonUnfit(s *access.Snapshot, p access.Property, c access.Clause) string {
	switch c.Op {
	case access.OneOf:
		if slices.ContainsFunc(c.Values, func(v string) bool { return !ValueFits(p.Kind, v) }) {
			return "restriction_values"
		}
	case access.AtMost:
		if p.Kind != access.Number {
			return "restriction_number"
		}
	case access.Own:
		if p.Kind != access.UserID {
			return "restriction_user"
		}
	case access.SameAs:
		other, found := find(access.Type{}, s.UserProperties(), access.OfUser, c.Other)
		if !found || other.Kind != p.Kind {
			return "restriction_same"
		}
	}
	return ""
}

// find finds what is registered of a type or of users.
func find(t access.Type, users []access.Property, part access.Part, name string) (access.Property, bool) {
	list := t.Properties
	if part == access.OfUser {
		list = users
	}
	i := slices.IndexFunc(list, func(p access.Property) bool { return p.Part == part && p.Name == name })
	if i < 0 {
		return access.Property{}, false
	}
	return list[i], true
}

// ValueFits tells whether a text is a value of a kind, in the one form in which
// values are compared.
func ValueFits(k access.ValueKind, text string) bool {
	switch k {
	case access.Number:
		n, err := strconv.ParseInt(text, 10, 64)
		return err == nil && strconv.FormatInt(n, 10) == text
	case access.YesNo:
		return text == "true" || text == "false"
	}
	clean, problem := lang.Line(text, valueMax)
	return problem == "" && clean == text
}

// clausesWithin tells whether whatever meets the narrow clauses meets the wide ones.
func clausesWithin(narrow, wide []access.Clause) bool {
	return !slices.ContainsFunc(wide, func(w access.Clause) bool {
		return !slices.ContainsFunc(narrow, func(n access.Clause) bool { return n.Within(w) })
	})
}
