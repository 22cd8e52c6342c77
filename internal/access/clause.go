package access

import (
	"slices"
	"strconv"
)

// Clause is what a Condition asks of one property of a registered type, of its
// action or of the user. What is not known, or not of the registered kind, does not hold.
type Clause struct {
	Part   Part
	Name   string
	Op     Op
	Values []string // OneOf: as in Claim.Text
	Most   int64    // AtMost, inclusive
	Other  string   // SameAs: the name of a property of the user
}

// Op is how a clause compares.
type Op uint8

// The comparisons.
const (
	OneOf  Op = iota + 1 // the value is one of Values
	AtMost               // the value, a number that is not negative, is at most Most
	Own                  // the value is the user's id
	SameAs               // the value is that of another property, of the user
)

var ops = []string{"", "one_of", "at_most", "own", "same_as"}

// String is the word in storage and API.
func (o Op) String() string { return word(ops, o) }

// ParseOp reads the word; 0 when there is no such one.
func ParseOp(text string) Op { return parseWord[Op](ops, text) }

// Claim is a property's value as a question says it. Text is the text itself, a
// number's digits ("-12"), or "true" or "false"; Kind says which.
type Claim struct {
	Part Part
	Name string
	Kind ValueKind // Text, Number or YesNo; 0 is something else, which is no value
	Text string
}

// Value is a property's value as it is stored, written as in Claim.Text.
type Value struct{ Name, Text string }

// fits tells whether a claim is of a property's kind.
func (c *Claim) fits(k ValueKind) bool { return c.Kind == k || c.Kind == Text && k == UserID }

// value is what a property has, and whether that is known.
func (a *asking) value(part Part, name string) (string, bool) {
	p := a.permissions.property(a.typ, part, name)
	if p == nil {
		return "", false
	}
	if p.Vouched == ByCaller {
		for i := range a.q.Claims {
			if c := &a.q.Claims[i]; c.Part == part && c.Name == name {
				return c.Text, c.fits(p.Kind)
			}
		}
	}
	var list []Value
	switch {
	case part == OfUser:
		list = a.valuesOf(a.who, a.through)
	case part == OfResource && a.record != nil:
		list = a.record.Values
	}
	for i := range list {
		if list[i].Name == name {
			return list[i].Text, true
		}
	}
	return "", false
}

// clauseFails says what of a clause does not hold. In the sense of "some"
// resource, only one that nothing can meet fails.
func (a *asking) clauseFails(c *Clause, some bool) Reasons {
	if some {
		if c.Op == OneOf && len(c.Values) == 0 || c.Op == AtMost && c.Most < 0 || c.Op < OneOf || c.Op > SameAs {
			return c.reason()
		}
		return 0
	}
	if v, known := a.value(c.Part, c.Name); known {
		other := ""
		if c.Op == SameAs {
			other, _ = a.value(OfUser, c.Other)
		}
		if c.holds(v, a.q.User, other) {
			return 0
		}
	}
	return c.reason()
}

// holds compares a value that is known; other is that of the user's property, ""
// when it is not known.
func (c *Clause) holds(v, user, other string) bool {
	switch c.Op {
	case OneOf:
		return slices.Contains(c.Values, v)
	case AtMost:
		n, err := strconv.ParseInt(v, 10, 64)
		return err == nil && n >= 0 && n <= c.Most
	case Own:
		return v != "" && v == user
	case SameAs:
		return v != "" && v == other
	}
	return false
}

func (c *Clause) reason() Reasons {
	switch c.Op {
	case AtMost:
		return ConditionAmount
	case Own:
		return ConditionOwn
	}
	return ConditionProperty
}

func (c *Clause) equal(o *Clause) bool {
	return c.Part == o.Part && c.Name == o.Name && c.Op == o.Op && c.Most == o.Most && c.Other == o.Other && slices.Equal(c.Values, o.Values)
}

// Within tells whether whatever meets the clause meets the wider one.
func (c Clause) Within(wide Clause) bool {
	if c.Part != wide.Part || c.Name != wide.Name || c.Op != wide.Op {
		return false
	}
	switch c.Op {
	case OneOf:
		return !slices.ContainsFunc(c.Values, func(v string) bool { return !slices.Contains(wide.Values, v) })
	case AtMost:
		return c.Most <= wide.Most
	case SameAs:
		return c.Other == wide.Other
	}
	return true
}
