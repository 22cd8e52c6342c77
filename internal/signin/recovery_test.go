//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin

import (
	"crypto/rand"
	"math"
	"slices"
	"strings"
	"testing"

	"countersign/internal/fault"
)

func TestRecoveryCodes(t *testing.T) {
	seen := map[string]bool{}
	for range 500 {
		code, err := newRecoveryCode(rand.Reader)
		if err != nil || len(code) != recoveryLetters || strings.Trim(code, recoveryAlphabet) != "" || seen[code] {
			t.Fatalf("%q, %v", code, err)
		}
		seen[code] = true
	}
	if bits := recoveryLetters * math.Log2(float64(len(recoveryAlphabet))); bits < 60 {
		t.Errorf("%.0f bits", bits)
	}
	if got := grouped("k7m29qxd4hpz"); got != "k7m2-9qxd-4hpz" {
		t.Error(got)
	}
}

func TestCleanRecovery(t *testing.T) {
	for typed, want := range map[string]string{
		"k7m2-9qxd-4hpz":                "k7m29qxd4hpz",
		" K7M2 9QXD 4HPZ\n":             "k7m29qxd4hpz",
		"k7m2\u20139qxd\u20114hpz":      "k7m29qxd4hpz", // the dashes of word processors
		"k7m29qxd4hpz":                  "k7m29qxd4hpz",
		"O0oI-1lLi-0000":                "000111110000", // what is taken for a figure is one
		"\uff4b7m29qxd4hp\uff5a":        "k7m29qxd4hpz", // full width
		"":                              "required",
		" - ":                           "required",
		"k7m2-9qxd-4hp":                 "recovery_format",
		"k7m2-9qxd-4hpzz":               "recovery_format",
		"k7m2-9qxd-4hpu":                "recovery_format", // no u
		"k7m2-9qxd-4hp\u00e9":           "recovery_format",
		"k7m2-9qxd-4hp\u0437":           "recovery_format", // a Cyrillic letter
		"\xff7m29qxd4hpz":               "recovery_format",
		"k7m29qxd4hpz\x00":              "recovery_format",
		"123456":                        "recovery_format",
		strings.Repeat("k7m2-", 100):    "recovery_format",
		strings.Repeat("-", 199) + "k7": "recovery_format",
	} {
		got, err := cleanRecovery(typed)
		if err != nil {
			got = fault.From(err).Fields[0].Code
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

// A set is hashed under one salt of its own, and a code is looked for by one
// evaluation, right or wrong.
func TestFindIn(t *testing.T) {
	p := NewPasswords(Cost{MemoryKiB: 16, Passes: 1, Lanes: 1}, 4, 1000, rand.Reader)
	texts := []string{"k7m29qxd4hpz", "000111110000", "zzzzzzzzzzzz"}
	set, err := p.hashSet(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	another, err := p.hashSet(t.Context(), texts)
	if err != nil || slices.Equal(set, another) {
		t.Fatalf("two sets under one salt: %v", err)
	}
	salt := func(phc string) string { _, s, _, _ := parsePHC(phc); return string(s) }
	if salt(set[0]) == "" || salt(set[0]) != salt(set[2]) {
		t.Error("the codes of a set have not one salt")
	}
	for _, c := range []struct {
		set  []string
		text string
		want int
	}{{set, texts[0], 0}, {set, texts[2], 2}, {set[1:], texts[2], 1}, {set, "k7m29qxd4hpy", -1}, {set[1:], texts[0], -1}, {nil, texts[0], -1},
		{[]string{set[0], another[1]}, texts[1], -1}} {
		turn, err := p.queue()
		if err != nil {
			t.Fatal(err)
		}
		before := p.Load().Checked
		got, err := turn.findIn(t.Context(), c.set, c.text)
		turn.leave()
		if err != nil || got != c.want {
			t.Errorf("%s: got %d, want %d, %v", c.text, got, c.want, err)
		}
		if n := p.Load().Checked - before; len(c.set) > 0 && n != 1 {
			t.Errorf("%s: %d evaluations", c.text, n)
		}
	}
	turn, _ := p.queue()
	defer turn.leave()
	if _, err := turn.findIn(t.Context(), []string{"no PHC string"}, texts[0]); err == nil {
		t.Error("a broken row is looked at")
	}
}
