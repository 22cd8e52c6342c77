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

// TestStoredCondition: a restriction is read back as it was written, and nothing else is read.
func TestStoredCondition(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := someCondition(t)
		if p.restriction() != "" {
			return
		}
		back, ok := readPermit(p.Permission, p.stored())
		if !ok || !slices.Equal(back.States, p.States) || back.OwnOnly != p.OwnOnly || back.MaxAmount != p.MaxAmount || back.Currency != p.Currency {
			t.Fatalf("%+v came back as %+v", p, back)
		}
	})
	for _, text := range []string{"{}", "null", "[]", "own", `{"own_only":1}`, `{"own_only":true,"x":1}`, `{"max_amount":1}`, `{"max_amount":-1,"currency":"EUR"}`, `{"currency":"EURO"}`,
		`{"states":["A B"]}`, `{"own_only":true} {}`, `{"own_only":true`, `{"states":[]}`} {
		if c, ok := ReadCondition(text); ok {
			t.Errorf("%s is read as %+v", text, c)
		}
	}
}

func FuzzReadCondition(f *testing.F) {
	f.Add(`{"own_only":true,"max_amount":5,"currency":"EUR","states":["failed"]}`)
	f.Add(`{"max_amount":9223372036854775808}`)
	f.Fuzz(func(t *testing.T, text string) {
		c, ok := ReadCondition(text)
		if !ok || text == "" {
			return
		}
		if !c.OwnOnly && c.MaxAmount == 0 && c.Currency == "" && c.States == nil {
			t.Errorf("%q is read as no restriction", text)
		}
		if c.MaxAmount < 0 || c.MaxAmount > 0 && c.Currency == "" {
			t.Errorf("%q is read as %+v, which no record meets", text, c)
		}
	})
}
