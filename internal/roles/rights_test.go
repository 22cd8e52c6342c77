package roles

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"countersign/internal/access"
)

// someCondition draws restrictions, written as permits so that they are such as can be stored.
func someCondition(t *rapid.T) Permit {
	p := Permit{Permission: "payments:refund", OwnOnly: rapid.Bool().Draw(t, "own")}
	if rapid.Bool().Draw(t, "currency?") {
		p.Currency = rapid.SampledFrom([]string{"EUR", "JPY"}).Draw(t, "currency")
		p.MaxAmount = rapid.Int64Range(0, 3).Draw(t, "most")
	}
	p.States = rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"failed", "successful"}), 0, 2, rapid.ID[string]).Draw(t, "states")
	return p
}

// meets is what a restriction says, in words of its own.
func meets(c access.Condition, own bool, amount int64, currency, state string) bool {
	return (!c.OwnOnly || own) && (c.Currency == "" || c.Currency == currency) && (c.MaxAmount == 0 || amount <= c.MaxAmount) && (c.States == nil || slices.Contains(c.States, state))
}

// TestWithin: what is said to lie within a restriction does, for every record there is.
func TestWithin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var have, want []access.Condition
		for range rapid.IntRange(0, 3).Draw(t, "n") {
			have = append(have, someCondition(t).condition())
		}
		for range rapid.IntRange(1, 2).Draw(t, "m") {
			want = append(want, someCondition(t).condition())
		}
		allowed := enough(have, want)
		for _, own := range []bool{true, false} {
			for amount := range int64(5) {
				for _, currency := range []string{"EUR", "JPY", "USD"} {
					for _, state := range []string{"failed", "successful", "on_hold"} {
						any := func(list []access.Condition) bool {
							return slices.ContainsFunc(list, func(c access.Condition) bool { return meets(c, own, amount, currency, state) })
						}
						if allowed && any(want) && !any(have) {
							t.Fatalf("%+v is said to be enough for %+v", have, want)
						}
					}
				}
			}
		}
		for _, w := range want {
			if !within(w, w) || !within(w, access.Condition{}) {
				t.Fatalf("%+v is not within itself, or within none", w)
			}
		}
	})
}

// someClauses are clauses as a form or a request may have them: any text in them.
func someClauses(t *rapid.T) (out []access.Clause) {
	part := rapid.SampledFrom([]access.Part{access.OfResource, access.OfAction, access.OfUser})
	name := rapid.StringMatching(`[a-z][a-z0-9_]{0,9}`)
	for range rapid.IntRange(0, ClausesMost).Draw(t, "clauses") {
		out = append(out, access.Clause{Part: part.Draw(t, "part"), Name: name.Draw(t, "name"), Op: rapid.SampledFrom([]access.Op{access.OneOf, access.AtMost, access.Own, access.SameAs}).Draw(t, "op"),
			Values: rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"a, own", "own)", "x|y", "100%", "%2C", "max 5 EUR", "a (b", "EUR"})), 1, 3).Draw(t, "values"),
			Most:   rapid.Int64Range(0, 9).Draw(t, "most"), Other: name.Draw(t, "other")})
	}
	return cleanClauses(out)
}

// TestStoredCondition: a restriction is read back as it was written, in the database
// and in the log, and nothing else is read.
func TestStoredCondition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := someCondition(t)
		p.Clauses = someClauses(t)
		if p.restriction() != "" {
			return
		}
		if back, ok := readPermit(p.Permission, p.stored()); !ok || !same(back, p) {
			t.Fatalf("%+v came back as %+v", p, back)
		}
		if back, ok := ReadText(p.String()); !ok || !same(back, p) {
			t.Fatalf("%+v came back from %q as %+v", p, p, back)
		}
	})
	for _, text := range []string{"{}", "null", "[]", "own", `{"own_only":1}`, `{"own_only":true,"x":1}`, `{"max_amount":1}`, `{"max_amount":-1,"currency":"EUR"}`, `{"currency":"EURO"}`,
		`{"states":["A B"]}`, `{"own_only":true} {}`, `{"own_only":true`, `{"states":[]}`} {
		if c, ok := ReadCondition(text); ok {
			t.Errorf("%s is read as %+v", text, c)
		}
	}
}

// same tells whether two permits are one.
func same(a, b Permit) bool {
	return a.Permission == b.Permission && a.OwnOnly == b.OwnOnly && a.MaxAmount == b.MaxAmount && a.Currency == b.Currency && slices.Equal(a.States, b.States) &&
		slices.EqualFunc(a.Clauses, b.Clauses, func(x, y access.Clause) bool {
			return x.Part == y.Part && x.Name == y.Name && x.Op == y.Op && x.Most == y.Most && x.Other == y.Other && slices.Equal(x.Values, y.Values)
		})
}

// FuzzReadCondition: whatever stands in a row, what is read restricts, can be met, and
// is what would be written.
func FuzzReadCondition(f *testing.F) {
	f.Add(`{"own_only":true,"max_amount":5,"currency":"EUR","states":["failed"]}`)
	f.Add(`{"max_amount":9223372036854775808}`)
	f.Add(`{"clauses":[{"of":"resource","property":"team","op":"one_of","values":["red"]},{"of":"user","property":"limit","op":"at_most","most":5}]}`)
	f.Add(`{"clauses":[{"of":"resource","property":"owner","op":"own"},{"of":"action","property":"x","op":"same_as","other":"y"}]}`)
	f.Add(`{"clauses":[{"of":"","property":"","op":""}]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := readPermit("payments:refund", text)
		if !ok || text == "" {
			return
		}
		if !p.Restricted() {
			t.Errorf("%q is read as no restriction", text)
		}
		if p.MaxAmount < 0 || p.MaxAmount > 0 && p.Currency == "" {
			t.Errorf("%q is read as %+v, which no record meets", text, p)
		}
		if back, ok := readPermit(p.Permission, p.stored()); !ok || !same(back, p) {
			t.Errorf("%q is read as %+v, and what is written of it as %+v", text, p, back)
		}
	})
}

// FuzzReadText: whatever stands in the log, it is read without harm, and what is read
// as good reads the same when it is written again.
func FuzzReadText(f *testing.F) {
	f.Add("payments:refund (own, max 5 EUR, failed|successful)")
	f.Add("docs:read (resource.team one_of red|a%2Cb, user.level at_most 5, resource.team same_as user.team)")
	f.Add("x (")
	f.Add("a:b (resource. one_of %zz)")
	f.Fuzz(func(t *testing.T, text string) {
		p, ok := ReadText(text)
		if !ok || p.restriction() != "" {
			return
		}
		if back, ok := ReadText(p.String()); !ok || !same(back, p) {
			t.Errorf("%q is read as %+v, and again as %+v", text, p, back)
		}
	})
}
