package roles

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"countersign/internal/access"
	"countersign/internal/org"
)

// TestExchange holds what somebody gains and loses against each entity and each record there can be.
func TestExchange(t *testing.T) {
	tree := []string{"A", "AA", "AAA", "AAB", "AB", "ABA"}
	void, capture := access.MustParse("payments:void"), access.MustParse("payments:capture")
	conditions := []access.Condition{{}, {}, {}, {OwnOnly: true}, {MaxAmount: 100, Currency: "EUR"}, {MaxAmount: 200, Currency: "EUR"}, {States: []string{"new"}}}
	type record struct {
		own    bool
		amount int64
		state  string
	}
	var records []record
	for _, own := range []bool{true, false} {
		for _, amount := range []int64{50, 150, 250} {
			for _, state := range []string{"new", "paid"} {
				records = append(records, record{own, amount, state})
			}
		}
	}
	has := func(l pieces, p access.Permission, path string, r record) bool {
		return slices.ContainsFunc(l, func(x piece) bool {
			return strings.HasPrefix(path, x.path) && slices.ContainsFunc(x.rights[p], func(c access.Condition) bool {
				return (!c.OwnOnly || r.own) && (c.MaxAmount == 0 || r.amount <= c.MaxAmount) && (c.States == nil || slices.Contains(c.States, r.state))
			})
		})
	}
	draw := func(t *rapid.T, label string) (out pieces) {
		for range rapid.IntRange(0, 3).Draw(t, label) {
			path := rapid.SampledFrom(tree).Draw(t, "path")
			x := piece{path, path, rights{}}
			for _, p := range []access.Permission{void, capture} {
				if rapid.Bool().Draw(t, "has") {
					x.rights[p] = []access.Condition{rapid.SampledFrom(conditions).Draw(t, "condition")}
				}
			}
			out = append(out, x)
		}
		return out
	}
	told := func(list []Moved, p access.Permission, path string) (is, some bool) {
		nearest := -1
		for _, m := range list {
			over := m.Entities
			if m.AllEntities {
				over = append(slices.Clone(over), "A")
			}
			for _, id := range m.Save {
				if m.Permission == p && strings.HasPrefix(path, id) && len(id) > nearest {
					nearest, is = len(id), false
				}
			}
			for _, id := range over {
				if m.Permission == p && strings.HasPrefix(path, id) && len(id) >= nearest {
					nearest, is, some = len(id), true, m.Some
				}
			}
		}
		return is, some
	}
	a := org.Account{EntityID: "A", Path: "A", Kind: access.Merchant}
	t.Run("R13 whatever is gained or lost anywhere is told, and nothing else", rapid.MakeCheck(func(t *rapid.T) {
		before, after := draw(t, "before"), draw(t, "after")
		gains, loses := before.moved(after, a, access.Everything()), after.moved(before, a, access.Everything())
		for _, p := range []access.Permission{void, capture} {
			for _, path := range tree {
				var gained, lost, all int
				for _, r := range records {
					had, holds := has(before, p, path, r), has(after, p, path, r)
					if !had && holds {
						gained++
					}
					if had && !holds {
						lost++
					}
					all++
				}
				for what, x := range map[string]struct {
					n    int
					list []Moved
				}{"gained": {gained, gains}, "lost": {lost, loses}} {
					is, some := told(x.list, p, path)
					if x.n > 0 && !is {
						t.Fatalf("%s over %s is %s for %d records and not told: %+v\nbefore %+v\nafter %+v", p, path, what, x.n, x.list, before, after)
					}
					if x.n > 0 && x.n < all && !some {
						t.Fatalf("%s over %s is %s for %d records of %d, and told for all", p, path, what, x.n, all)
					}
					if is && !some && x.n != all {
						t.Fatalf("%s over %s is told to be %s for all, and is for %d of %d\nbefore %+v\nafter %+v", p, path, what, x.n, all, before, after)
					}
				}
			}
		}
	}))
	t.Run("R10 what nobody of the level can use is not gained", func(t *testing.T) {
		after := pieces{{"A", "A", rights{access.MustParse("accounts:create"): {{}}, void: {{}}}}}
		if got := (pieces{}).moved(after, a, access.Everything()); len(got) != 1 || got[0].Permission != void || !got[0].AllEntities {
			t.Errorf("%+v", got)
		}
	})
}
