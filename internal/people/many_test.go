//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package people_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/people"
)

// TestExport: what is taken out is what the list shows, and the log tells of it.
func TestExport(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who, a := h.Who("m1.administrator"), h.Account("M1")
		taken := func(q people.Query) (ids []string, err error) {
			all, err := h.People.Export(t.Context(), who, a, q)
			if err != nil {
				return nil, err
			}
			return ids, all.Each(t.Context(), func(rows []people.Row) error {
				for _, r := range rows {
					ids = append(ids, r.ID())
				}
				return nil
			})
		}
		for _, q := range []people.Query{{}, {Sort: "-email"}, {Sort: "status"}, {Status: people.Active}, {Search: "reader", EntityID: "M1-A"}, {Search: "nobody at all"}} {
			t.Run(fmt.Sprintf("U1 all that %+v means, in its order", q), func(t *testing.T) {
				got, err := taken(q)
				if err != nil {
					t.Fatal(err)
				}
				var want []string
				h.View(func(tx *db.Tx) error {
					q.Limit = 200
					page, err := h.People.List(tx, a, q)
					for _, r := range page.Rows {
						want = append(want, r.ID())
					}
					return err
				})
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
		t.Run("U1 L1 the log tells how it was narrowed, and not what was searched for", func(t *testing.T) {
			if _, err := taken(people.Query{Search: "Lovelace", Status: people.Active, EntityID: "M1-A"}); err != nil {
				t.Fatal(err)
			}
			e := h.Last()
			if e.Action != audit.UsersExported || e.ActorID != who.ID || e.AccountID != a.ID {
				t.Errorf("%+v", e)
			}
			got := map[string]string{}
			for _, c := range e.Changes {
				got[c.Field] = c.After
			}
			if diff := cmp.Diff(map[string]string{"filter_search": "true", "filter_status": "active", "filter_entity": "M1-A"}, got); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("U1 what cannot be asked for is refused before anything is recorded", func(t *testing.T) {
			before := h.Last().Seq
			if _, err := taken(people.Query{Sort: "password"}); told(err) != "invalid sort:sort" || h.Last().Seq != before {
				t.Error(err)
			}
		})
		t.Run("U1 whoever reads it may stop", func(t *testing.T) {
			all, err := h.People.Export(t.Context(), who, a, people.Query{})
			if err != nil {
				t.Fatal(err)
			}
			stop := errors.New("enough")
			if err := all.Each(t.Context(), func([]people.Row) error { return stop }); !errors.Is(err, stop) {
				t.Error(err)
			}
		})
		t.Run("U1 U9 whoever may not see them any more gets no more of them", func(t *testing.T) {
			who := h.Who("m1.auditor")
			all, err := h.People.Export(t.Context(), who, a, people.Query{})
			if err != nil {
				t.Fatal(err)
			}
			if err := h.People.Deactivate(t.Context(), h.Who("m1.owner"), a.ID, who.ID, h.Version("m1.auditor"), ""); err != nil {
				t.Fatal(err)
			}
			err = all.Each(t.Context(), func([]people.Row) error { t.Error("some"); return nil })
			before := h.Last().Seq
			if _, again := h.People.Export(t.Context(), who, a, people.Query{}); told(err) != "not_found" || told(again) != "not_found" || h.Last().Seq != before {
				t.Error(err, again)
			}
		})
	})
}

// TestMany: what is done to many is done to each, or not, by the use case of one.
func TestMany(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ctx, a := t.Context(), h.Account("M1")
		chosen := func(labels ...string) (out []people.Chosen) {
			for _, l := range labels {
				out = append(out, people.Chosen{UserID: h.User(l), Version: h.Version(l)})
			}
			return out
		}
		deactivate := func(who db.Who, reason string, list []people.Chosen) (out []string, err error) {
			errs, err := people.Many(ctx, list, func(c people.Chosen) error {
				return h.People.Deactivate(ctx, who, a.ID, c.UserID, c.Version, reason)
			})
			for _, err := range errs {
				out = append(out, told(err))
			}
			return out, err
		}
		t.Run("U21 whoever may not is refused once, and nothing is done", func(t *testing.T) {
			before := h.State()
			_, err := deactivate(h.Who("m1.reader"), "", chosen("m1.auditor", "m1.operations"))
			if told(err) != "missing_permission" || cmp.Diff(before, h.State()) != "" {
				t.Error(err)
			}
		})
		t.Run("U21 a reason that cannot be one is refused once", func(t *testing.T) {
			before := h.State()
			_, err := deactivate(h.Who("m1.administrator"), "a\x00b", chosen("m1.auditor", "m1.operations"))
			if told(err) != "invalid reason:not_text" || cmp.Diff(before, h.State()) != "" {
				t.Error(err)
			}
		})
		t.Run("B02 U14 U21 each by its own rules: oneself, the first, another account's, a stale one, and whoever may be", func(t *testing.T) {
			list := slices.Concat(chosen("m1.administrator", "m1.owner"), []people.Chosen{{UserID: h.User("m2.reader"), Version: h.Version("m2.reader")}}, chosen("m1.auditor", "m1.operations"))
			list[3].Version++
			got, err := deactivate(h.Who("m1.administrator"), "left", list)
			want := []string{"own_access", "person_above_you", "not_found", "stale", "done"}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v: %s", err, diff)
			}
			if !h.Row("m2.reader").Active() || !h.Row("m1.auditor").Active() || h.Row("m1.operations").DeactivationReason != "left" {
				t.Error("something else was done")
			}
		})
		t.Run("U21 at most 200", func(t *testing.T) {
			_, err := deactivate(h.Who("m1.administrator"), "", make([]people.Chosen, people.ManyMost+1))
			if told(err) != "invalid users:too_many" {
				t.Error(err)
			}
		})
	})
}

// TestManyEnds: what is no matter of one user ends it for those who come after.
func TestManyEnds(t *testing.T) {
	five := make([]people.Chosen, 5)
	run := func(ctx context.Context, errs ...error) (out []string, n int, err error) {
		got, err := people.Many(ctx, five, func(people.Chosen) error {
			n++
			if n <= len(errs) {
				return errs[n-1]
			}
			return nil
		})
		for _, e := range got {
			out = append(out, fault.CodeOf(e))
		}
		return out, n, err
	}
	t.Run("U21 a session that ends half way", func(t *testing.T) {
		out, n, err := run(t.Context(), nil, fault.New(fault.Conflict, "already_active"), fault.New(fault.Unauthenticated, "session_ended"))
		if diff := cmp.Diff([]string{"", "already_active", "session_ended", "session_ended", "session_ended"}, out); diff != "" || n != 3 || err != nil {
			t.Error(n, err, diff)
		}
	})
	t.Run("U21 one that had ended before", func(t *testing.T) {
		if _, n, err := run(t.Context(), fault.New(fault.Unauthenticated, "session_ended")); fault.CodeOf(err) != "session_ended" || n != 1 {
			t.Error(n, err)
		}
	})
	t.Run("U21 nobody waits any more", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, n, err := run(ctx); err == nil || n != 0 {
			t.Error(n, err)
		}
	})
}
