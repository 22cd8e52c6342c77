package roles

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/currency"

	"countersign/internal/access"
	"countersign/internal/lang"
)

// Words are the restriction of a permit as a person reads it, wherever it is
// told; "" for none.
func (p Permit) Words(tag lang.Tag) string {
	var parts []string
	if p.OwnOnly {
		parts = append(parts, lang.T(tag, "limit.own"))
	}
	switch {
	case p.MaxAmount > 0:
		parts = append(parts, lang.T(tag, "limit.most", "amount", AmountText(tag, p.MaxAmount, p.Currency), "currency", p.Currency))
	case p.Currency != "":
		parts = append(parts, lang.T(tag, "limit.currency", "currency", p.Currency))
	}
	if len(p.States) > 0 {
		parts = append(parts, lang.T(tag, "limit.states", "states", strings.Join(p.States, ", ")))
	}
	typeName, _, _ := strings.Cut(p.Permission, ":")
	for _, c := range p.Clauses {
		parts = append(parts, clauseWords(tag, typeName, c))
	}
	return strings.Join(parts, " · ")
}

// clauseWords is one condition on a registered type.
func clauseWords(tag lang.Tag, typeName string, c access.Clause) string {
	property := PropertyTitle(tag, typeName, c.Part, c.Name)
	if c.Part == access.OfUser {
		property = lang.T(tag, "limit.of_user", "property", property)
	}
	switch c.Op {
	case access.OneOf:
		values := make([]string, len(c.Values))
		for n, v := range c.Values {
			values[n] = ValueWords(tag, access.KindOf(typeName, c.Part, c.Name), v)
		}
		if len(values) == 1 {
			return lang.T(tag, "limit.clause.equal", "property", property, "value", values[0])
		}
		return lang.T(tag, "limit.clause.one_of", "property", property, "values", strings.Join(values, ", "))
	case access.AtMost:
		return lang.T(tag, "limit.clause.at_most", "property", property, "most", c.Most)
	case access.Own:
		return lang.T(tag, "limit.clause.own", "property", property)
	case access.SameAs:
		return lang.T(tag, "limit.clause.same_as", "property", property, "other", PropertyTitle(tag, "", access.OfUser, c.Other))
	}
	return lang.T(tag, "limit.broken")
}

// PropertyTitle is the title of a registered property, or its name where nothing
// is registered of it; the type of one of users is not read.
func PropertyTitle(tag lang.Tag, typeName string, part access.Part, name string) string {
	return isolated(lang.Known(tag, PropertyKey(typeName, part, name), name))
}

// PropertyKey is the key of a registered property's title in lang; the type of one
// of users is not read.
func PropertyKey(typeName string, part access.Part, name string) string {
	if part == access.OfUser {
		return "property.user." + name
	}
	return "property." + typeName + "." + part.String() + "." + name
}

// ValueWords is a value of a registered property as a person reads it.
func ValueWords(tag lang.Tag, k access.ValueKind, text string) string {
	if k == access.YesNo {
		switch text {
		case "true":
			return lang.T(tag, "limit.yes")
		case "false":
			return lang.T(tag, "limit.no")
		}
	}
	return isolated(text)
}

// isolated keeps what is written in another direction from turning the sentence
// around it (Unicode isolates).
func isolated(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r > 0x2ff }) < 0 {
		return text
	}
	return "\u2068" + text + "\u2069"
}

// ReadText reads what String wrote into an audit entry; false for anything else.
func ReadText(text string) (p Permit, ok bool) {
	name, rest, limited := strings.Cut(text, " (")
	p.Permission = name
	if !limited {
		return p, true
	}
	rest, ok = strings.CutSuffix(rest, ")")
	if !ok {
		return p, false
	}
	for _, part := range strings.Split(rest, ", ") {
		words := strings.SplitN(part, " ", 3)
		switch {
		case part == "own":
			p.OwnOnly = true
		case len(words) == 3 && words[0] == "max":
			n, err := strconv.ParseInt(words[1], 10, 64)
			if p.MaxAmount, p.Currency = n, words[2]; err != nil || n <= 0 {
				return p, false
			}
		case len(words) == 1 && isCurrency(part):
			p.Currency = part
		case len(words) == 1 && strings.Trim(part, "|") == part && !strings.ContainsFunc(part, func(r rune) bool { return r >= 'A' && r <= 'Z' }):
			p.States = strings.Split(part, "|")
		default:
			c, read := readClause(words)
			if !read {
				return p, false
			}
			p.Clauses = append(p.Clauses, c)
		}
	}
	return p, true
}

// readClause reads what clauseText wrote.
func readClause(words []string) (c access.Clause, ok bool) {
	if len(words) < 2 {
		return c, false
	}
	part, name, _ := strings.Cut(words[0], ".")
	c = access.Clause{Part: access.ParsePart(part), Name: name, Op: access.ParseOp(words[1])}
	rest := ""
	if len(words) == 3 {
		rest = words[2]
	}
	switch c.Op {
	case access.OneOf:
		for _, v := range strings.Split(rest, "|") {
			value, err := url.PathUnescape(v)
			if err != nil {
				return c, false
			}
			c.Values = append(c.Values, value)
		}
	case access.AtMost:
		n, err := strconv.ParseInt(rest, 10, 64)
		if c.Most = n; err != nil {
			return c, false
		}
	case access.SameAs:
		c.Other = strings.TrimPrefix(rest, "user.")
	}
	return c, clauseWrong(c) == ""
}

// MinorDigits is how many digits of a currency stand behind the point (ISO 4217).
func MinorDigits(code string) int {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale
}

// AmountText is an amount as somebody would type it; "" for none.
func AmountText(tag lang.Tag, minor int64, code string) string {
	if minor <= 0 {
		return ""
	}
	digits := MinorDigits(code)
	text := strconv.FormatInt(minor, 10)
	if digits == 0 {
		return text
	}
	for len(text) <= digits {
		text = "0" + text
	}
	whole, part := text[:len(text)-digits], text[len(text)-digits:]
	if strings.Trim(part, "0") == "" {
		return whole
	}
	if tag == lang.French {
		return whole + "," + part
	}
	return whole + "." + part
}

// Restrictions are how the role gives a permission that it gives for some records
// only, in words: any of them is enough.
func (r Role) Restrictions(s *access.Snapshot, tag lang.Tag, p access.Permission) (out []string) {
	if !r.Restricted.Has(p) {
		return nil
	}
	for _, c := range r.given[p] {
		permit := Permit{p.String(), c.OwnOnly, c.MaxAmount, c.Currency, c.States, c.Clauses}
		text := permit.Words(tag)
		if !Readable(s, permit) {
			text = lang.T(tag, "limit.broken")
		}
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}
