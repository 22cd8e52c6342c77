package access_test

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/access"
)

// TestTime holds what the time of a question means for assignments that begin
// and end, over one entity and over several.
func TestTime(t *testing.T) {
	at := func(text string) int64 {
		when, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			t.Fatal(err)
		}
		return when.UnixMicro()
	}
	for _, c := range []struct{ name, from, until, now, want string }{
		{"E14 at the exact microsecond of its beginning it holds", "2026-03-01T00:00:00Z", "", "2026-03-01T00:00:00Z", ""},
		{"E14 a microsecond before it does not", "2026-03-01T00:00:00Z", "", "2026-02-28T23:59:59.999999Z", "not_yet"},
		{"E14 at the exact microsecond of its end it has ended", "", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "expired"},
		{"E14 a microsecond before it holds", "", "2026-03-01T00:00:00Z", "2026-02-28T23:59:59.999999Z", ""},
		{"E14 what ends before it begins never holds: between", "2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-01T12:00:00Z", "not_yet expired"},
		{"E14 what ends before it begins never holds: before", "2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z", "2026-02-01T00:00:00Z", "not_yet"},
		{"E14 what ends before it begins never holds: after", "2026-03-02T00:00:00Z", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", "expired"},
		{"E14 nor what ends as it begins", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z", "expired"},
		{"E13 a clock that is ten minutes behind gives nothing that has not begun by it", "2026-03-01T00:00:00Z", "", "2026-02-28T23:50:00Z", "not_yet"},
		{"E13 and one that is ahead nothing that has ended by it", "", "2026-03-01T00:00:00Z", "2026-03-01T00:10:00Z", "expired"},
		{"E13 a zone's hour that comes twice is two hours", "2026-10-25T02:30:00+01:00", "", "2026-10-25T02:30:00+02:00", "not_yet"},
		{"E13 after 2038", "2026-03-01T00:00:00Z", "2038-01-19T03:14:09Z", "2038-01-19T03:14:08.5Z", ""},
		{"E13 and ended then", "2026-03-01T00:00:00Z", "2038-01-19T03:14:09Z", "2038-01-19T03:14:09Z", "expired"},
		{"E13 to the end of the year 9999", "", "9999-12-31T23:59:59Z", "9999-12-31T23:59:58Z", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, over := range [][]string{{"shop_uk"}, {"shop_fr", "shop_uk"}} {
				w := smallWorld()
				u := person("ann", "A-shop", "clerk")
				a := &u.Memberships[0].Assignments[0]
				a.AllEntities, a.Entities = false, over
				if c.from != "" {
					a.From = at(c.from)
				}
				if c.until != "" {
					a.Until = at(c.until)
				}
				w.Users = []access.User{u}
				s := built(t, w)
				q := ask("transactions:view", "shop_uk")
				q.Now = at(c.now)
				if got := strings.Join(access.Decide(s, q).Codes(), " "); got != c.want {
					t.Errorf("over %v: %q, want %q", over, got, c.want)
				}
			}
		})
	}
	t.Run("E13 a clock that steps back finds the same as before", func(t *testing.T) {
		w := smallWorld()
		u := person("ann", "A-shop", "clerk")
		u.Memberships[0].Assignments[0].Until = at("2026-03-01T00:00:00Z")
		w.Users = []access.User{u}
		s := built(t, w)
		q := ask("transactions:view", "shop")
		for _, step := range []struct {
			now     string
			allowed bool
		}{{"2026-02-28T23:59:00Z", true}, {"2026-03-01T00:01:00Z", false}, {"2026-02-28T23:59:00Z", true}} {
			if q.Now = at(step.now); access.Decide(s, q).Allowed != step.allowed {
				t.Errorf("at %s: %v", step.now, !step.allowed)
			}
		}
	})
}
