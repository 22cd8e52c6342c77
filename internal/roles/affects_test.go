package roles

import (
	"testing"

	"countersign/internal/access"
)

// TestAffects: what else somebody has counts where it reaches, when it holds, and as far as it goes.
func TestAffects(t *testing.T) {
	void := access.MustParse("payments:void")
	free, own := rightsOf([]access.Grant{{Permission: void}}), rightsOf([]access.Grant{{Permission: void, Condition: access.Condition{OwnOnly: true}}})
	known := func(id string) rights { return map[string]rights{"voids": free, "own": own, "deprecated": {}}[id] }
	over := func(role string, paths ...string) scoped { return scoped{Assignment{RoleID: role}, paths} }
	until := func(x scoped, from, until int64) scoped {
		x.From, x.Until = from, until
		return x
	}
	const now = 100
	fallback := rightsOf([]access.Grant{{Permission: access.MustParse("home:view")}})
	taken := change{before: map[string]rights{"edited": free}, after: map[string]rights{"edited": {}}}
	given := change{before: map[string]rights{"edited": {}}, after: map[string]rights{"edited": free}}
	gone := change{before: map[string]rights{"edited": free}, after: map[string]rights{}, removed: "edited", fallback: "read", fallbackGives: fallback, nothing: []string{"deprecated"}}
	for _, c := range []struct {
		name         string
		change       change
		held         []scoped
		gains, loses bool // payments:void
		falls        bool
	}{
		{"taken, and nothing else", taken, []scoped{over("edited", "AA")}, false, true, false},
		{"taken, and had over the same", taken, []scoped{over("edited", "AA"), over("voids", "AA")}, false, false, false},
		{"taken, and had over all above", taken, []scoped{over("edited", "AABB"), over("voids", "AA")}, false, false, false},
		{"taken, and had over a part below", taken, []scoped{over("edited", "AA"), over("voids", "AABB")}, false, true, false},
		{"taken, and had beside it", taken, []scoped{over("edited", "AABB"), over("voids", "AACC")}, false, true, false},
		{"taken over two, and had over one", taken, []scoped{over("edited", "AABB", "AACC"), over("voids", "AABB")}, false, true, false},
		{"taken over two, and had over both", taken, []scoped{over("edited", "AABB", "AACC"), over("voids", "AACC", "AABB")}, false, false, false},
		{"taken, and had of own records", taken, []scoped{over("edited", "AA"), over("own", "AA")}, false, true, false},
		{"taken, and had of what is over", taken, []scoped{over("edited", "AA"), until(over("voids", "AA"), 0, now)}, false, true, false},
		{"taken from what is over", taken, []scoped{until(over("edited", "AA"), 0, now)}, false, false, false},
		{"taken from what is to come", taken, []scoped{until(over("edited", "AA"), now+1, 0)}, false, true, false},
		{"given, and nothing else", given, []scoped{over("edited", "AA")}, true, false, false},
		{"given, and had", given, []scoped{over("edited", "AABB"), over("voids", "AA")}, false, false, false},
		{"given, and had over a part", given, []scoped{over("edited", "AA"), over("voids", "AABB")}, true, false, false},
		{"given, and had of own records", given, []scoped{over("edited", "AA"), over("own", "AA")}, true, false, false},
		{"the role gone, and nothing else", gone, []scoped{over("edited", "AA")}, false, true, true},
		{"the role gone, and had another", gone, []scoped{over("edited", "AA"), over("voids", "AA")}, false, false, false},
		{"the role gone, and had what gives nothing", gone, []scoped{over("edited", "AA"), over("deprecated", "AA")}, false, true, true},
		{"the role gone, and another to come", gone, []scoped{over("edited", "AA"), until(over("voids", "AA"), now+1, 0)}, false, false, true},
		{"without any role that changes", taken, []scoped{over("voids", "AA")}, false, false, false},
	} {
		t.Run("R6 "+c.name, func(t *testing.T) {
			got := c.change.affects(c.held, known, now)
			if got.Gains.Has(void) != c.gains || got.Loses.Has(void) != c.loses || got.Falls != c.falls {
				t.Errorf("gains %q, loses %q, falls back %v", names(got.Gains), names(got.Loses), got.Falls)
			}
			if home := access.MustParse("home:view"); got.Gains.Has(home) != c.falls {
				t.Errorf("what the fallback gives: %q", names(got.Gains))
			}
		})
	}
}
