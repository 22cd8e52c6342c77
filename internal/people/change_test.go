package people_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/seal"
)

func TestDeactivate(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ctx, who, a := t.Context(), h.Who("m1.access"), h.Account("M1").ID
		deactivate := func(label, reason string) error {
			return h.People.Deactivate(ctx, who, a, h.User(label), h.Version(label), reason)
		}
		t.Run("U9 open sessions end and every decision is deny at once", func(t *testing.T) {
			h.session("m1.reader")
			if !h.Decide("m1.reader", "payments:view", "M1-A").Allowed {
				t.Fatal("a reader may not read")
			}
			before := h.Live.Load().Revision()
			if err := deactivate("m1.reader", "  left\u00a0the company "); err != nil {
				t.Fatal(err)
			}
			d := h.Decide("m1.reader", "payments:view", "M1-A")
			if d.Allowed || d.Reasons != access.InactiveMembership || d.Revision != before+1 {
				t.Errorf("%v at %d after %d", d.Codes(), d.Revision, before)
			}
			if s, c := h.open("m1.reader"); s+c != 0 {
				t.Errorf("%d sessions and %d half-finished sign-ins are left", s, c)
			}
			r := h.Row("m1.reader")
			got := []any{r.Status, r.Since, r.DeactivatedBy, r.DeactivationReason, r.Epoch}
			if diff := cmp.Diff([]any{people.Deactivated, h.clock.Now().UnixMicro(), who.ID, "left\u00a0the company", int64(2)}, got); diff != "" {
				t.Error(diff)
			}
			last := h.Last()
			if diff := cmp.Diff([]string{audit.UserDeactivated, audit.Done, who.ID, h.User("m1.reader"), "left\u00a0the company"}, []string{last.Action, last.Outcome, last.ActorID, last.ID, last.Reason}); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("U9 twice is refused", func(t *testing.T) {
			h.refused(t, "already_deactivated", audit.UserDeactivated, who, func() error { return deactivate("m1.reader", "") })
		})
		t.Run("U9 activated again, with what they had", func(t *testing.T) {
			if err := h.People.Reactivate(ctx, who, a, h.User("m1.reader"), h.Version("m1.reader")); err != nil {
				t.Fatal(err)
			}
			if r := h.Row("m1.reader"); r.Status != people.Active || r.DeactivationReason != "" {
				t.Errorf("%+v", r)
			}
			if last := h.Last(); last.Action != audit.UserReactivated || last.ID != h.User("m1.reader") {
				t.Errorf("%+v", last)
			}
			if !h.Decide("m1.reader", "payments:view", "M1-A").Allowed {
				t.Error("still denied")
			}
			h.refused(t, "not_deactivated", audit.UserReactivated, who, func() error {
				return h.People.Reactivate(ctx, who, a, h.User("m1.reader"), h.Version("m1.reader"))
			})
		})
		t.Run("U9 somebody of two accounts keeps the other", func(t *testing.T) {
			h.session("m2.both")
			if err := deactivate("m1.both", ""); err != nil {
				t.Fatal(err)
			}
			if h.Decide("m1.both", "payments:view", "M1-A").Allowed {
				t.Error("still in the first")
			}
			if !h.Decide("m2.both", "payments:view", "M2-A").Allowed {
				t.Error("not in the second any more")
			}
			if s, c := h.open("m2.both"); s != 1 || c != 1 {
				t.Errorf("%d sessions and %d half-finished sign-ins in the second account", s, c)
			}
			two := h.Who("m2.access")
			if err := h.People.Deactivate(ctx, two, two.AccountID, h.User("m2.both"), h.Version("m2.both"), ""); err != nil {
				t.Fatal(err)
			}
			if s, c := h.open("m2.both"); s+c != 0 {
				t.Errorf("%d sessions and %d half-finished sign-ins, in no account at all", s, c)
			}
		})
		t.Run("somebody else was quicker", func(t *testing.T) {
			for _, x := range h.acts(h.Role("M1", "read_only")) {
				h.refused(t, "stale", x.action, who, func() error {
					return x.do(ctx, who, a, h.User("m1.reader_b"), h.Version("m1.reader_b")-1)
				})
			}
		})
		t.Run("a reason that is none", func(t *testing.T) {
			h.refused(t, "invalid reason:too_long", audit.UserDeactivated, who, func() error { return deactivate("m1.reader_b", strings.Repeat("x", 501)) })
			h.refused(t, "invalid reason:not_text", audit.UserDeactivated, who, func() error { return deactivate("m1.reader_b", "a\x00\xff") })
		})
	})
}

func TestChangeAccess(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ctx, who, a := t.Context(), h.Who("m1.administrator"), h.Account("M1").ID
		change := func(label string, in people.Access) error {
			return h.People.ChangeAccess(ctx, who, a, h.User(label), h.Version(label), in)
		}
		t.Run("what was before and after stands in the entry, and decides at once", func(t *testing.T) {
			in := h.access("M1", "support", "M1-B", h.Entity("M1-A-1").ID, "M1-B")
			in.Roles = append(in.Roles, h.Role("M1", "finance"), in.Roles[0])
			if err := change("m1.reader", in); err != nil {
				t.Fatal(err)
			}
			over := []string{h.Entity("M1-A-1").ID, h.Entity("M1-B").ID}
			slices.Sort(over)
			after := []string{h.Role("M1", "finance") + " over " + strings.Join(over, " "), h.Role("M1", "support") + " over " + strings.Join(over, " ")}
			slices.Sort(after)
			last := h.Last()
			want := []audit.Change{{Field: "roles", Before: h.Role("M1", "read_only") + " over all entities", After: strings.Join(after, "; ")}}
			if diff := cmp.Diff(want, last.Changes); diff != "" || last.Action != audit.UserAccessChanged || last.ID != h.User("m1.reader") || last.ActorID != who.ID {
				t.Errorf("%+v: %s", last, diff)
			}
			for entity, want := range map[string]bool{"M1-B": true, "M1-A-1": true, "M1-A": false, "M1": false} {
				if got := h.Decide("m1.reader", "payment_links:create", entity); got.Allowed != want {
					t.Errorf("%s: %v", entity, got.Codes())
				}
			}
			if h.Decide("m1.reader", "analytics:view", "M1-B").Allowed {
				t.Error("kept what was taken")
			}
		})
		t.Run("refused", func(t *testing.T) {
			for want, in := range map[string]people.Access{
				"invalid roles:choose_role":                           {AllEntities: true},
				"invalid roles:unknown_role":                          {AllEntities: true, Roles: []string{h.Role("M2", "support")}},
				"invalid entities:unknown_entity":                     {Entities: []string{"M2-A"}, Roles: []string{h.Role("M1", "support")}},
				"role_not_yours_to_give roles:role_not_yours_to_give": h.access("M1", "owner"),
				"invalid acknowledged:acknowledge":                    {AllEntities: true, Roles: []string{h.Role("M1", "access_administrator")}},
			} {
				h.refused(t, want, audit.UserAccessChanged, who, func() error { return change("m1.reader", in) })
			}
		})
	})
}

// demote gives M1's first administrator the administrator's role in place of
// the owner's, as in a profile without an owner.
func (h house) demote() {
	a, id := h.Account("M1").ID, h.User("m1.owner")
	role := h.Role("M1", "administrator")
	h.Do(func(tx *db.Tx) error {
		m, _, err := people.MemberOf(tx, a, id)
		if err != nil {
			return err
		}
		tx.ChangedUser(id)
		err = people.Relist(tx, id, func() error { return roles.Replace(tx, a, m.ID, []roles.Assignment{{RoleID: role, AllEntities: true}}) })
		if err != nil {
			return err
		}
		return roles.Count(tx, a)
	})
}

func TestFirstAdministrator(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.demote()
		ctx, who, a := t.Context(), h.Who("m1.administrator"), h.Account("M1").ID
		less := h.access("M1", "support")
		deactivate := func() error {
			return h.People.Deactivate(ctx, who, a, h.User("m1.owner"), h.Version("m1.owner"), "")
		}
		change := func() error {
			return h.People.ChangeAccess(ctx, who, a, h.User("m1.owner"), h.Version("m1.owner"), less)
		}
		t.Run("U14 keeps the role", func(t *testing.T) {
			h.refused(t, "first_administrator", audit.UserDeactivated, who, deactivate)
			h.refused(t, "first_administrator", audit.UserAccessChanged, who, change)
		})
		t.Run("U14 unless the account says otherwise", func(t *testing.T) {
			h.Set("M1", "first_administrator_protected", "false")
			if err := change(); err != nil {
				t.Error(err)
			}
			if err := deactivate(); err != nil {
				t.Error(err)
			}
		})
	})
}

// TestLastAdministrator lets people who may do everything, but whose own role
// ends by itself and so does not count, take the administrators away in parallel.
func TestLastAdministrator(t *testing.T) {
	for _, protected := range []string{"false", "true"} {
		t.Run("protected "+protected, func(t *testing.T) {
			each(t, func(t *testing.T, h house) {
				h.demote()
				h.Set("M1", "first_administrator_protected", protected)
				targets := append(h.administrators(t, 4, 0), "m1.owner", "m1.administrator")
				takers := append(h.administrators(t, 4, h.clock.Now().Add(time.Hour).UnixMicro()), targets...)
				answers := h.race(t, takers, targets)
				if left := h.countAdministrators(t); left < 1 {
					t.Fatalf("U14: %d active administrators are left", left)
				}
				// Whoever is left is taken one by one: the last stays.
				for _, label := range targets {
					if h.Row(label).Status == people.Active {
						answers[h.take(t.Context(), takers[0], label, false)]++
					}
				}
				if left := h.countAdministrators(t); left != 1 {
					t.Errorf("U14: %d active administrators are left at the end", left)
				}
				want := map[string]string{"false": "last_administrator", "true": "first_administrator"}[protected]
				if answers[want] == 0 || answers["done"] == 0 {
					t.Errorf("U14: nobody was told %s, or nothing was done: %v", want, answers)
				}
				for code := range answers {
					if !slices.Contains([]string{"done", "last_administrator", "first_administrator", "stale", "already_deactivated", "own_access", "not_found", "missing_permission", "person_above_you"}, code) {
						t.Errorf("U14: somebody was told %q", code)
					}
				}
			})
		})
	}
}

// administrators adds people with the administrator's role, until a time or for good.
func (h house) administrators(t *testing.T, n int, until int64) (labels []string) {
	a := h.Account("M1").ID
	for i := range n {
		in := h.invitee("administrator")
		in.Email = fmt.Sprintf("administrator.%d.%d@example.com", i, until)
		id, err := h.People.Invite(t.Context(), h.Who("m1.owner"), a, in)
		if err != nil {
			t.Fatal(err)
		}
		label := fmt.Sprintf("m1.administrator.%d.%d", i, until)
		h.Add(label, id)
		if err := h.Follow(seal.Secret(h.Messages()[0].Data["token"]), h.Who(label)); err != nil {
			t.Fatal(err)
		}
		labels = append(labels, label)
		if until == 0 {
			continue
		}
		member := h.Row(label).Member.ID
		h.Do(func(tx *db.Tx) error {
			tx.ChangedUser(id)
			if _, err := tx.Exec(`UPDATE assignments SET valid_until = $1 WHERE account_id = $2 AND membership_id = $3`, until, a, member); err != nil {
				return err
			}
			return roles.Count(tx, a)
		})
	}
	return labels
}

// race has a hundred at once take administrators away.
func (h house) race(t *testing.T, takers, targets []string) map[string]int {
	ctx := context.WithoutCancel(t.Context())
	var mu sync.Mutex
	answers := map[string]int{}
	var group sync.WaitGroup
	random := rand.New(rand.NewPCG(1, 2))
	for range 100 {
		taker, target, change := takers[random.IntN(len(takers))], targets[random.IntN(len(targets))], random.IntN(2) == 0
		group.Go(func() {
			code := h.take(ctx, taker, target, change)
			mu.Lock()
			defer mu.Unlock()
			answers[code]++
		})
	}
	group.Wait()
	return answers
}

func (h house) take(ctx context.Context, taker, target string, change bool) string {
	who := h.Who(taker)
	if change {
		return told(h.People.ChangeAccess(ctx, who, who.AccountID, h.User(target), h.Version(target), h.access("M1", "support")))
	}
	return told(h.People.Deactivate(ctx, who, who.AccountID, h.User(target), h.Version(target), ""))
}

// countAdministrators counts by the snapshot who could run the account, and
// checks that the account's own count says the same of those who do so for good.
func (h house) countAdministrators(t *testing.T) (n int64) {
	a := h.Account("M1").ID
	h.View(func(tx *db.Tx) error {
		var kept int64
		_, err := db.One(tx, []any{&kept, &n}, `SELECT a.admins, (SELECT COUNT(*) FROM memberships m JOIN assignments s ON s.account_id = m.account_id AND s.membership_id = m.id
			JOIN roles r ON r.account_id = s.account_id AND r.id = s.role_id
			WHERE m.account_id = a.id AND m.deactivated_at IS NULL AND m.activated_at IS NOT NULL AND r.administrator AND s.all_entities AND s.valid_until IS NULL)
			FROM accounts a WHERE a.id = $1`, a)
		if kept != n {
			t.Errorf("the account counts %d, there are %d", kept, n)
		}
		return err
	})
	return n
}

// TestAdministrators: whoever is told whom to ask is sent to people who can help.
func TestAdministrators(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		a := h.Account("M1").ID
		named := func(limit int) (names []string) {
			h.View(func(tx *db.Tx) (err error) {
				names, err = people.Administrators(tx, a, limit)
				return err
			})
			return names
		}
		owner, other := h.Row("m1.owner").Name(), h.Row("m1.administrator").Name()
		if got := named(5); len(got) != 2 || !slices.Contains(got, owner) || !slices.Contains(got, other) {
			t.Errorf("%q", got)
		}
		if got := named(1); len(got) != 1 {
			t.Errorf("%q", got)
		}
		h.Do(func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE assignments SET valid_until = $1 WHERE account_id = $2 AND membership_id = $3`, tx.Now-1, a, h.Row("m1.administrator").Member.ID)
			return err
		})
		if got := named(5); !slices.Equal(got, []string{owner}) {
			t.Errorf("whose role has ended is named: %q", got)
		}
	})
}
