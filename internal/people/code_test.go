package people_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"countersign/internal/people"
)

// TestCodes holds that codes are in the order of what they stand for, and that the edges of a code enclose all that have it and nobody else.
func TestCodes(t *testing.T) {
	t.Run("of texts", rapid.MakeCheck(func(t *rapid.T) {
		some := rapid.StringOf(rapid.OneOf(rapid.RuneFrom([]rune("ab z-09éßñࠀ퟿￿佐藤健𐀀\U0010FFFE")), rapid.Rune())).Filter(func(s string) bool { return utf8.ValidString(s) && !strings.Contains(s, "\x00") })
		a, b := some.Draw(t, "a"), some.Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		x, y := people.TextCode(a), people.TextCode(b)
		if x > y {
			t.Errorf("%q has %04x, %q has %04x", a, x, b, y)
		}
		if edge := people.TextEdge(x, false); edge > a || x != y && edge > b {
			t.Errorf("%q begins after %q", edge, a)
		}
		if edge := people.TextEdge(y, true); edge < b {
			t.Errorf("%q ends before %q", edge, b)
		}
		if x != y && (people.TextEdge(x, true) > b || people.TextEdge(y, false) <= a) {
			t.Errorf("%q and %q are not apart: %q, %q", a, b, people.TextEdge(x, true), people.TextEdge(y, false))
		}
	}))
	t.Run("of times", rapid.MakeCheck(func(t *rapid.T) {
		some := rapid.OneOf(rapid.Int64Range(0, 1<<62), rapid.Int64Range(1577836800e6-1e12, 1577836800e6+1e12), rapid.SampledFrom([]int64{0, 1, 1577836800e6, 1577836800e6 + 4*3600e6 - 1, 1577836800e6 + 4*3600e6}))
		a, b := some.Draw(t, "a"), some.Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		x, y := people.TimeCode(a), people.TimeCode(b)
		if x > y || (x == 0) != (a == 0) {
			t.Errorf("%d has %d, %d has %d", a, x, b, y)
		}
		if people.TimeEdge(x, false) > a || people.TimeEdge(y, true) < b {
			t.Errorf("%d to %d is not enclosed", a, b)
		}
		if x != y && (people.TimeEdge(x, true) >= b || people.TimeEdge(y, false) <= a) {
			t.Errorf("%d and %d are not apart", a, b)
		}
	}))
}
