package org_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/seal"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

func text(s string) *string { return &s }

// recorded compares the last entry of the log.
func recorded(t *testing.T, w *world.World, want audit.Entry, who db.Who) {
	t.Helper()
	last := w.Last()
	got := audit.Entry{Action: last.Action, AccountID: last.AccountID, EntityID: last.EntityID, Kind: last.Kind, ID: last.ID, Reason: last.Reason, PersonID: last.PersonID, Changes: last.Changes}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || last.ActorID != who.ID || last.Outcome != audit.Done {
		t.Errorf("recorded by %s: %s", last.ActorID, diff)
	}
}

func TestChangeAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, clock *testdb.Clock) {
		partner, within := w.Who("partner.administrator"), w.Account("PARTNER").ID
		t.Run("names are changed and recorded in the account's own log", func(t *testing.T) {
			m1 := w.Account("M1")
			now, err := w.Org.EditAccount(t.Context(), partner, within, m1.ID, m1.Version, org.AccountEdit{Name: text(" Café Uno "), Alias: text("Uno")})
			if err != nil || now != m1.Version+1 {
				t.Fatal(now, err)
			}
			recorded(t, w, audit.Entry{Action: audit.AccountChanged, AccountID: m1.ID, EntityID: m1.EntityID, Kind: "account", ID: m1.ID,
				Changes: []audit.Change{{Field: "name", Before: "Account M1", After: "Café Uno"}, {Field: "alias", After: "Uno"}}}, partner)
			m1.Name, m1.Alias, m1.Version = "Café Uno", "Uno", now
			if diff := cmp.Diff(m1, w.Account("M1")); diff != "" {
				t.Error(diff)
			}
			for _, search := range []string{"cafe", "CAFÉ", "uno m1"} {
				w.View(func(tx *db.Tx) error {
					page, err := org.Accounts(tx, org.AccountQuery{Reach: []access.Reach{{Paths: []string{m1.Path}}}, Search: search})
					if len(page.Rows) != 1 {
						t.Errorf("%q is not found", search)
					}
					return err
				})
			}
		})
		t.Run("M4 the account's own administrator gives it an alias", func(t *testing.T) {
			m1, who := w.Account("M1"), w.Who("m1.administrator")
			now, err := w.Org.SetAlias(t.Context(), who, m1.ID, m1.Version, " My shop ")
			if err != nil || now != m1.Version+1 {
				t.Fatal(now, err)
			}
			recorded(t, w, audit.Entry{Action: audit.AccountChanged, AccountID: m1.ID, EntityID: m1.EntityID, Kind: "account", ID: m1.ID,
				Changes: []audit.Change{{Field: "alias", Before: "Uno", After: "My shop"}}}, who)
			if now, err := w.Org.SetAlias(t.Context(), who, m1.ID, now, ""); err != nil || w.Account("M1").Alias != "" || w.Account("M1").Version != now {
				t.Error("it cannot be taken away", err)
			}
		})
		t.Run("what is no change is none", func(t *testing.T) {
			m1, before, entries := w.Account("M1"), w.State(), len(w.Entries())
			now, err := w.Org.EditAccount(t.Context(), partner, within, m1.ID, m1.Version, org.AccountEdit{Name: text(m1.Name)})
			if diff := cmp.Diff(before, w.State()); err != nil || now != m1.Version || diff != "" || len(w.Entries()) != entries {
				t.Error(now, err, diff)
			}
		})
		t.Run("of two at once one is told that it came late", func(t *testing.T) {
			m2 := w.Account("M2")
			together(t, 8, map[string]int{"done": 1, "stale": 7}, func(i int) error {
				_, err := w.Org.EditAccount(t.Context(), partner, within, m2.ID, m2.Version, org.AccountEdit{Name: text(fmt.Sprint("Name ", i))})
				return err
			})
		})
		t.Run("A01 what is out of reach is answered as what there is not", func(t *testing.T) { foreignIsUnknown(t, w) })
		refused(t, w, clock, refusedEdits(t, w))
	})
}

var together = world.Together

type attempt struct {
	name string
	who  db.Who
	want string
	do   func(who db.Who) error
}

// refused makes attempts that must change nothing and be recorded.
func refused(t *testing.T, w *world.World, clock *testdb.Clock, tries []attempt) {
	t.Helper()
	for _, c := range tries {
		t.Run(c.name, func(t *testing.T) {
			clock.Advance(2 * time.Minute)
			before := w.State()
			if got := told(c.do(c.who)); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
			if diff := cmp.Diff(before, w.State()); diff != "" {
				t.Error(diff)
			}
			if last := w.Last(); last.Outcome != audit.Refused || !last.At.Equal(clock.Now()) || last.ActorID != c.who.ID {
				t.Errorf("the last entry: %+v", last)
			}
		})
	}
}

// without is somebody without their second factor.
func without(who db.Who) db.Who {
	who.SecondFactor = false
	return who
}

func refusedEdits(t *testing.T, w *world.World) []attempt {
	partner, platform := w.Who("partner.administrator"), w.Who("platform.administrator")
	edit := func(within, account string, late int64, in org.AccountEdit) func(db.Who) error {
		return func(who db.Who) error {
			_, err := w.Org.EditAccount(t.Context(), who, w.Account(within).ID, w.Account(account).ID, w.Account(account).Version-late, in)
			return err
		}
	}
	alias := func(account, text string, late int64) func(db.Who) error {
		return func(who db.Who) error {
			_, err := w.Org.SetAlias(t.Context(), who, w.Account(account).ID, w.Account(account).Version-late, text)
			return err
		}
	}
	x := org.AccountEdit{Name: text("x")}
	return []attempt{
		{"A01 a merchant's administrator edits its account as operators do", w.Who("m1.administrator"), "level_too_low", edit("M1", "M1", 0, x)},
		{"A01 another merchant's", w.Who("m1.administrator"), "level_too_low", edit("M1", "M2", 0, x)},
		{"A09 the account above", partner, "not_found", edit("PARTNER", "FAC", 0, x)},
		{"A09 the platform", partner, "not_found", edit("PARTNER", "PLATFORM", 0, x)},
		{"A02 from inside an account that is not theirs", partner, "not_found", edit("FAC", "M1", 0, x)},
		{"an account that there is not", platform, "not_found", func(who db.Who) error {
			_, err := w.Org.EditAccount(t.Context(), who, w.Account("PLATFORM").ID, "acc_\x00", 1, x)
			return err
		}},
		{"an operator who only reads", w.Who("platform.reader"), "missing_permission", edit("PLATFORM", "M1", 0, x)},
		{"without a second factor", without(platform), "needs_two_factor", edit("PLATFORM", "M1", 0, x)},
		{"somebody else was quicker", platform, "stale", edit("PLATFORM", "M1", 1, x)},
		{"no name", platform, "invalid name:required", edit("PLATFORM", "M1", 0, org.AccountEdit{Name: text("  ")})},
		{"A15 a name of a million letters", platform, "invalid name:too_long", edit("PLATFORM", "M1", 0, org.AccountEdit{Name: text(strings.Repeat("x", 1_000_000))})},
		{"no text as name and alias", platform, "invalid name:not_text alias:not_text", edit("PLATFORM", "M1", 0, org.AccountEdit{Name: text("a\x00"), Alias: text("\xff")})},
		{"M4 the alias, by a reader", w.Who("m1.reader"), "missing_permission", alias("M1", "x", 0)},
		{"M4 the alias, by an administrator of a part", w.Who("m1.limited"), "missing_permission", alias("M1", "x", 0)},
		{"M4 the alias, by another account's administrator", w.Who("m2.administrator"), "not_found", alias("M1", "x", 0)},
		{"I7 the alias of a live account, by an operator", w.Who("platform.owner"), "live_account", alias("M1", "x", 0)},
		{"M4 the alias, without a second factor", without(w.Who("m1.administrator")), "needs_two_factor", alias("M1", "x", 0)},
		{"M4 the alias, too late", w.Who("m1.administrator"), "stale", alias("M1", "x", 1)},
		{"M4 an alias too long", w.Who("m1.administrator"), "invalid alias:too_long", alias("M1", strings.Repeat("x", 101), 0)},
	}
}

func TestSwitchAccount(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, clock *testdb.Clock) {
		fac, within := w.Who("fac.owner"), w.Account("FAC").ID
		decisions := func() map[string]string {
			out := map[string]string{}
			for _, c := range [][3]string{{"m1.administrator", "users:view", "M1"}, {"m1.reader_a", "entities:view", "M1-A"}, {"m2.both", "transactions:view", "M2"}, {"m3.owner", "users:create", "M3"},
				{"partner.administrator", "accounts:view", "M1"}, {"fac.owner", "accounts:view", "M1"}, {"platform.owner", "accounts:edit", "PARTNER"}} {
				d := w.Decide(c[0], c[1], c[2])
				d.Revision = 0
				out[strings.Join(c[:], " ")] = fmt.Sprintf("%+v", d)
			}
			return out
		}
		allowed := func(label, permission, at string) bool { return w.Decide(label, permission, at).Allowed }
		before, rows := decisions(), w.State()
		t.Run("A11 everybody in it and below it is cut off, and gets back exactly the same", func(t *testing.T) {
			p := w.Account("PARTNER")
			if err := w.Org.DeactivateAccount(t.Context(), fac, within, p.ID, p.Version, " Contract ended "); err != nil {
				t.Fatal(err)
			}
			recorded(t, w, audit.Entry{Action: audit.AccountDeactivated, AccountID: p.ID, EntityID: p.EntityID, Kind: "account", ID: p.ID, Reason: "Contract ended"}, fac)
			for _, c := range [][3]string{{"partner.administrator", "accounts:view", "PARTNER"}, {"m1.administrator", "users:view", "M1"}, {"m3.owner", "home:view", "M3"}, {"m1.reader_a", "entities:view", "M1-A"}} {
				if allowed(c[0], c[1], c[2]) {
					t.Errorf("%v is still allowed", c)
				}
			}
			for _, c := range [][3]string{{"fac.owner", "accounts:edit", "PARTNER"}, {"fac.owner", "accounts:view", "M1"}, {"platform.owner", "accounts:edit", "M1"}} {
				if !allowed(c[0], c[1], c[2]) {
					t.Errorf("%v is cut off too", c)
				}
			}
			off := w.Account("PARTNER")
			if want := (org.Off{At: clock.Now().UnixMicro(), By: fac.ID, Reason: "Contract ended"}); off.Active || off.Off != want || off.Version != p.Version+1 {
				t.Errorf("%+v", off)
			}
			if err := w.Org.ActivateAccount(t.Context(), fac, within, p.ID, off.Version, ""); err != nil {
				t.Fatal(err)
			}
			recorded(t, w, audit.Entry{Action: audit.AccountReactivated, AccountID: p.ID, EntityID: p.EntityID, Kind: "account", ID: p.ID}, fac)
			if diff := cmp.Diff(before, decisions()); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(rows["memberships"], w.State()["memberships"]); diff != "" {
				t.Error(diff)
			}
			if on := w.Account("PARTNER"); !on.Active || on.Off != (org.Off{}) {
				t.Errorf("%+v", on)
			}
		})
		t.Run("A11 of two that are off, one above the other, both must be on", func(t *testing.T) {
			turn := func(do func(w *world.World, a org.Account) error, customerID string) {
				t.Helper()
				if err := do(w, w.Account(customerID)); err != nil {
					t.Fatal(err)
				}
			}
			off := func(w *world.World, a org.Account) error {
				return w.Org.DeactivateAccount(t.Context(), fac, within, a.ID, a.Version, "x")
			}
			on := func(w *world.World, a org.Account) error {
				return w.Org.ActivateAccount(t.Context(), fac, within, a.ID, a.Version, "")
			}
			turn(off, "M1")
			turn(off, "PARTNER")
			turn(on, "PARTNER")
			if allowed("m1.administrator", "users:view", "M1") || !allowed("m2.administrator", "users:view", "M2") {
				t.Error("the account above switched the one below on, or not its sibling")
			}
			turn(on, "M1")
			if diff := cmp.Diff(before, decisions()); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("of two at once one does it", func(t *testing.T) {
			m3 := w.Account("M3")
			together(t, 4, map[string]int{"done": 1, "stale": 3}, func(int) error { return w.Org.DeactivateAccount(t.Context(), fac, within, m3.ID, m3.Version, "x") })
		})
		refused(t, w, clock, refusedSwitches(t, w))
	})
}

func refusedSwitches(t *testing.T, w *world.World) []attempt {
	fac, partner, platform := w.Who("fac.owner"), w.Who("partner.administrator"), w.Who("platform.owner")
	off := func(within, account, reason string) func(db.Who) error {
		return func(who db.Who) error {
			return w.Org.DeactivateAccount(t.Context(), who, w.Account(within).ID, w.Account(account).ID, w.Account(account).Version, reason)
		}
	}
	on := func(within, account string, late int64) func(db.Who) error {
		return func(who db.Who) error {
			return w.Org.ActivateAccount(t.Context(), who, w.Account(within).ID, w.Account(account).ID, w.Account(account).Version-late, "")
		}
	}
	return []attempt{
		{"the platform itself", platform, "platform_stays", off("PLATFORM", "PLATFORM", "x")},
		{"the account in which one is", partner, "account_from_inside", off("PARTNER", "PARTNER", "x")},
		{"A09 the account above", partner, "not_found", off("PARTNER", "FAC", "x")},
		{"A01 by a merchant", w.Who("m1.administrator"), "level_too_low", off("M1", "M2", "x")},
		{"by whoever only reads", w.Who("platform.reader"), "missing_permission", off("PLATFORM", "M1", "x")},
		{"without a second factor", without(fac), "needs_two_factor", off("FAC", "M1", "x")},
		{"without a reason", fac, "invalid reason:required", off("FAC", "M1", " ")},
		{"with a reason too long", fac, "invalid reason:too_long", off("FAC", "M1", strings.Repeat("x", 501))},
		{"with a reason that is no text", fac, "invalid reason:not_text", off("FAC", "M1", "\x00")},
		{"one that is active activated", fac, "active_already", on("FAC", "M1", 0)},
		{"one that is not deactivated again", fac, "inactive_already", off("FAC", "M3", "x")},
		{"activated too late", fac, "stale", on("FAC", "M3", 1)},
		{"something new below what is not active", w.Who("partner.owner"), "invalid parent:parent_inactive", func(who db.Who) error {
			_, err := w.Org.Onboard(t.Context(), who, w.Account("PARTNER").ID, org.New{Name: "x", CustomerID: "M3-X", ParentID: "M3-A"})
			return err
		}},
	}
}

func TestEntities(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, clock *testdb.Clock) {
		partner, within := w.Who("partner.administrator"), w.Account("PARTNER").ID
		t.Run("D15 an entity is added below a merchant or another", func(t *testing.T) {
			e, err := w.Org.Onboard(t.Context(), partner, within, org.New{Name: " Quay ", CustomerID: " m1-a-2 ", ParentID: "M1-A"})
			if err != nil {
				t.Fatal(err)
			}
			recorded(t, w, audit.Entry{Action: audit.EntityCreated, AccountID: w.Account("M1").ID, EntityID: e.ID, Kind: "entity", ID: e.ID,
				Changes: []audit.Change{{Field: "customer_id", After: "M1-A-2"}, {Field: "name", After: "Quay"}, {Field: "kind", After: "legal_entity"}}}, partner)
			got := w.Entity("M1-A-2")
			if diff := cmp.Diff(e, got); diff != "" || got.CreatedBy != partner.ID || got.ParentID != w.Entity("M1-A").ID || got.AccountID != w.Account("M1").ID || !strings.HasPrefix(got.Path, w.Entity("M1-A").Path) {
				t.Error(diff, got)
			}
			if !w.Decide("m1.reader_a", "entities:view", "M1-A-2").Allowed || w.Decide("m1.reader_b", "entities:view", "M1-A-2").Allowed {
				t.Error("who may see it is not who may see what is above it")
			}
		})
		t.Run("D15 it is renamed", func(t *testing.T) {
			e := w.Entity("M1-A-2")
			now, err := w.Org.RenameEntity(t.Context(), w.Who("m1.limited"), w.Account("M1").ID, e.ID, e.Version, "Café Quay")
			if err != nil || now != e.Version+1 || w.Entity("M1-A-2").Name != "Café Quay" || w.Entity("M1-A-2").Version != now {
				t.Fatal(now, err)
			}
			recorded(t, w, audit.Entry{Action: audit.EntityChanged, AccountID: e.AccountID, EntityID: e.ID, Kind: "entity", ID: e.ID,
				Changes: []audit.Change{{Field: "name", Before: "Quay", After: "Café Quay"}}}, w.Who("m1.limited"))
			if again, err := w.Org.RenameEntity(t.Context(), w.Who("m1.limited"), w.Account("M1").ID, e.ID, now, " Café Quay"); err != nil || again != now {
				t.Error("the same name is a change", err)
			}
		})
		t.Run("D15 it is deactivated: nothing is added below, and people keep what they may", func(t *testing.T) {
			e, who := w.Entity("M1-A"), w.Who("m1.administrator")
			if err := w.Org.DeactivateEntity(t.Context(), who, w.Account("M1").ID, e.ID, e.Version, ""); err != nil {
				t.Fatal(err)
			}
			recorded(t, w, audit.Entry{Action: audit.EntityDeactivated, AccountID: e.AccountID, EntityID: e.ID, Kind: "entity", ID: e.ID}, who)
			_, err := w.Org.Onboard(t.Context(), partner, within, org.New{Name: "x", CustomerID: "M1-A-1-1", ParentID: "M1-A-1"})
			if told(err) != "invalid parent:parent_inactive" {
				t.Error(err)
			}
			if !w.Decide("m1.reader_a", "entities:view", "M1-A-1").Allowed {
				t.Error("its people lost what they may")
			}
			if off := w.Entity("M1-A"); off.Active || off.Off.By != who.ID {
				t.Errorf("%+v", off)
			}
			if err := w.Org.ActivateEntity(t.Context(), who, w.Account("M1").ID, e.ID, e.Version+1, "open again"); err != nil {
				t.Fatal(err)
			}
			if on := w.Entity("M1-A"); !on.Active || on.Off != (org.Off{}) || w.Last().Reason != "open again" {
				t.Errorf("%+v", on)
			}
		})
		t.Run("of two at once one is told that it came late", func(t *testing.T) {
			e := w.Entity("M1-B")
			together(t, 8, map[string]int{"done": 1, "stale": 7}, func(i int) error {
				_, err := w.Org.RenameEntity(t.Context(), partner, within, e.ID, e.Version, fmt.Sprint("Name ", i))
				return err
			})
		})
		t.Run("of two with one customer ID one is told that it is taken", func(t *testing.T) {
			together(t, 4, map[string]int{"done": 1, "invalid customer_id:customer_id_taken": 3}, func(int) error {
				_, err := w.Org.Onboard(t.Context(), partner, within, org.New{Name: "x", CustomerID: "TWICE", ParentID: "M2"})
				return err
			})
		})
		refused(t, w, clock, refusedEntities(t, w))
	})
}

// partly is an administrator of the partner for one of its merchants alone.
func partly(t *testing.T, w *world.World, customerID string) db.Who {
	t.Helper()
	id, err := w.People.Invite(t.Context(), w.Who("partner.owner"), w.Account("PARTNER").ID, people.Invitee{FirstName: "Pia", LastName: "Part", Email: "pia@example.com", Language: "en",
		Access: people.Access{Roles: []string{w.Role("PARTNER", "administrator")}, Entities: []string{customerID}, Acknowledged: true}})
	if err != nil {
		t.Fatal(err)
	}
	w.Add("partner.part", id)
	if err := w.Follow(seal.Secret(w.Messages()[0].Data["token"]), w.Who("partner.part")); err != nil {
		t.Fatal(err)
	}
	return w.Who("partner.part")
}

func refusedEntities(t *testing.T, w *world.World) []attempt {
	partner, m1, part := w.Who("partner.administrator"), w.Who("m1.administrator"), partly(t, w, "M1")
	add := func(within string, n org.New) func(db.Who) error {
		return func(who db.Who) error {
			_, err := w.Org.Onboard(t.Context(), who, w.Account(within).ID, n)
			return err
		}
	}
	rename := func(within, entity, name string, late int64) func(db.Who) error {
		return func(who db.Who) error {
			e := w.Entity(entity)
			_, err := w.Org.RenameEntity(t.Context(), who, w.Account(within).ID, e.ID, e.Version-late, name)
			return err
		}
	}
	off := func(within, entity, reason string) func(db.Who) error {
		return func(who db.Who) error {
			e := w.Entity(entity)
			return w.Org.DeactivateEntity(t.Context(), who, w.Account(within).ID, e.ID, e.Version, reason)
		}
	}
	fine := org.New{Name: "x", CustomerID: "NEW-1", ParentID: "M1"}
	at := func(change func(*org.New)) org.New {
		n := fine
		change(&n)
		return n
	}
	return []attempt{
		{"R10 added by a merchant", m1, "level_too_low", add("M1", fine)},
		{"added by a reader", w.Who("platform.reader"), "missing_permission", add("PLATFORM", fine)},
		{"A09 added beside the partner", partner, "invalid parent:unknown_entity", add("PARTNER", at(func(n *org.New) { n.ParentID = "FAC" }))},
		{"added below what there is not", partner, "invalid parent:unknown_entity", add("PARTNER", at(func(n *org.New) { n.ParentID = "ent_\x00" }))},
		{"added below nothing", partner, "invalid parent:unknown_entity", add("PARTNER", at(func(n *org.New) { n.ParentID = "" }))},
		{"added below the platform", w.Who("platform.owner"), "invalid parent:kind_below", add("PLATFORM", at(func(n *org.New) { n.ParentID = "PLATFORM" }))},
		{"a customer ID that is taken", partner, "invalid customer_id:customer_id_taken", add("PARTNER", at(func(n *org.New) { n.CustomerID = "m2-a" }))},
		{"a customer ID of letters that look alike", partner, "invalid customer_id:customer_id", add("PARTNER", at(func(n *org.New) { n.CustomerID = "М1-А" }))},
		{"a customer ID that leads elsewhere", partner, "invalid customer_id:customer_id", add("PARTNER", at(func(n *org.New) { n.CustomerID = "../M1" }))},
		{"nothing filled in", partner, "invalid name:required customer_id:required", add("PARTNER", at(func(n *org.New) { n.Name, n.CustomerID = "", " " }))},
		{"A09 added beyond one's own part", part, "invalid parent:unknown_entity", add("PARTNER", at(func(n *org.New) { n.ParentID = "M2" }))},
		{"A09 renamed beyond one's own part", part, "not_found", rename("PARTNER", "M2-A", "x", 0)},
		{"A02 an entity of another account renamed", m1, "not_found", rename("M1", "M2-A", "x", 0)},
		{"A09 an entity beside one's own part", w.Who("m1.limited"), "not_found", rename("M1", "M1-B", "x", 0)},
		{"one that is an account", partner, "entity_is_account", rename("PARTNER", "M1", "x", 0)},
		{"by a reader", w.Who("m1.reader"), "missing_permission", rename("M1", "M1-A", "x", 0)},
		{"renamed too late", m1, "stale", rename("M1", "M1-A", "x", 1)},
		{"renamed to nothing", m1, "invalid name:required", rename("M1", "M1-A", " ", 0)},
		{"A15 renamed to a million letters", m1, "invalid name:too_long", rename("M1", "M1-A", strings.Repeat("x", 1_000_000), 0)},
		{"an account deactivated as an entity", partner, "entity_is_account", off("PARTNER", "M1", "x")},
		{"A09 the merchant above one's own part", w.Who("m1.limited"), "not_found", off("M1", "M1", "x")},
		{"deactivated with a reason too long", m1, "invalid reason:too_long", off("M1", "M1-A", strings.Repeat("x", 501))},
		{"an active one activated", m1, "active_already", func(who db.Who) error {
			e := w.Entity("M1-A")
			return w.Org.ActivateEntity(t.Context(), who, w.Account("M1").ID, e.ID, e.Version, "")
		}},
	}
}

// foreignIsUnknown holds that what is out of reach is answered as what there is not.
func foreignIsUnknown(t *testing.T, w *world.World) {
	who, within := w.Who("partner.administrator"), w.Account("PARTNER").ID
	for name, do := range map[string]func(account, entity string) error{
		"A01 edit": func(account, _ string) error {
			_, err := w.Org.EditAccount(t.Context(), who, within, account, 1, org.AccountEdit{Name: text("x")})
			return err
		},
		"A01 deactivate": func(account, _ string) error {
			return w.Org.DeactivateAccount(t.Context(), who, within, account, 1, "x")
		},
		"A01 rename": func(_, entity string) error {
			_, err := w.Org.RenameEntity(t.Context(), who, within, entity, 1, "x")
			return err
		},
		"A01 onboard": func(_, entity string) error {
			_, err := w.Org.Onboard(t.Context(), who, within, org.New{Name: "x", CustomerID: "XX", ParentID: entity})
			return err
		},
	} {
		foreign, unknown := do(w.Account("FAC").ID, w.Entity("FAC").ID), do("acc_00000000000000000000000000", "ent_00000000000000000000000000")
		if diff := cmp.Diff(fault.From(foreign), fault.From(unknown), cmp.AllowUnexported(fault.Error{})); diff != "" || told(foreign) == "done" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
