//go:build !race

// One goroutine, many rows: the race detector sees nothing here and takes eleven times as long.

package people_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/seal"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

func TestBoard(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who, platform := h.Who("platform.administrator"), h.Account("PLATFORM").ID
		a, id, err := h.People.Board(t.Context(), who, platform, boarding(access.Merchant, "PARTNER", " new-1 "))
		if err != nil {
			t.Fatal(err)
		}
		h.Add("new-1.owner", id)
		t.Run("the account is shut until its first administrator came", func(t *testing.T) {
			got := h.Account("NEW-1")
			if diff := cmp.Diff(a, got); diff != "" {
				t.Error(diff)
			}
			want := []any{access.Merchant, h.Entity("PARTNER").ID, "New shop", "standard", org.Live, false, true}
			if diff := cmp.Diff(want, []any{got.Kind, got.ParentID, got.Name, got.Profile, got.Environment, got.Open, got.Active}); diff != "" {
				t.Error(diff)
			}
			if !strings.HasPrefix(got.Path, h.Entity("PARTNER").Path) {
				t.Errorf("path %s", got.Path)
			}
			r := h.Row("new-1.owner")
			if diff := cmp.Diff([]any{people.Invited, true, true, true, []string{h.Role("NEW-1", "owner")}}, []any{r.Status, r.FirstAdministrator, r.Owner, r.AllEntities, r.Roles}); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("both entries and the mail", func(t *testing.T) {
			var actions []string
			for _, e := range h.Entries()[:2] {
				actions = append(actions, e.Action+" by "+e.ActorID+" in "+e.AccountID+" on "+e.ID)
			}
			want := []string{audit.UserInvited + " by " + who.ID + " in " + a.ID + " on " + id, audit.AccountCreated + " by " + who.ID + " in " + a.ID + " on " + a.ID}
			if diff := cmp.Diff(want, actions); diff != "" {
				t.Error(diff)
			}
			list := h.Messages()
			if len(list) != 1 || list[0].To != "frida@example.com" || list[0].Lang != "fr" || list[0].Data["account"] != "New shop" {
				t.Fatalf("%+v", list)
			}
			if err := h.Follow(seal.Secret(list[0].Data["token"]), h.Who("new-1.owner")); err != nil {
				t.Fatal(err)
			}
		})
		t.Run("then it is open", func(t *testing.T) {
			if !h.Account("NEW-1").Open {
				t.Error("shut")
			}
			entries := h.Entries()
			if entries[0].Action != audit.UserActivated || entries[1].Action != audit.AccountOpened || entries[1].AccountID != a.ID {
				t.Errorf("%s, %s", entries[1].Action, entries[0].Action)
			}
			if !h.Decide("new-1.owner", "users:create", "NEW-1").Allowed {
				t.Error("the first administrator may not invite")
			}
		})
	})
}

func TestBoardKinds(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who, platform := h.Who("platform.owner"), h.Account("PLATFORM").ID
		may := map[access.Kind][]string{
			access.Facilitator: {"PLATFORM"},
			access.Partner:     {"PLATFORM", "FAC", "PARTNER"},
			access.Merchant:    {"PLATFORM", "FAC", "PARTNER"},
		}
		for kind := access.Platform; kind <= access.LegalEntity; kind++ {
			for _, parent := range []string{"PLATFORM", "FAC", "PARTNER", "M1", "M1-A"} {
				t.Run(kind.String()+" below "+parent, func(t *testing.T) {
					try := func() error {
						_, _, err := h.People.Board(t.Context(), who, platform, boarding(kind, parent, "K"+string('A'+rune(kind))+"-"+parent))
						return err
					}
					switch {
					case kind == access.Platform || kind == access.LegalEntity:
						h.refused(t, "invalid kind:account_kind", audit.AccountCreated, who, try)
					case !slices.Contains(may[kind], parent):
						h.refused(t, "invalid parent:kind_below", audit.AccountCreated, who, try)
					default:
						if err := try(); err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
	})
}

func TestBoardRefused(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		for _, c := range []struct {
			name, who, account string
			change             func(*people.Boarding)
			want               string
		}{
			{"a merchant's owner", "m1.owner", "M1", nil, "level_too_low"},
			{"a partner's owner", "partner.owner", "PARTNER", nil, "level_too_low"},
			{"a facilitator's owner", "fac.owner", "FAC", nil, "level_too_low"},
			{"a platform's reader", "platform.reader", "PLATFORM", nil, "missing_permission"},
			{"a merchant's owner from the platform", "m1.owner", "PLATFORM", nil, "not_found"},
			{"the customer ID is taken", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.Account.CustomerID = "M1" }, "invalid customer_id:customer_id_taken"},
			{"in other case", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.Account.CustomerID = " m1-a " }, "invalid customer_id:customer_id_taken"},
			{"a customer ID that looks like another", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.Account.CustomerID = "М1" }, "invalid customer_id:customer_id"},
			{"a customer ID with a path in it", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.Account.CustomerID = "A/../B" }, "invalid customer_id:customer_id"},
			{"a customer ID with a line end", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.Account.CustomerID = "AB\nC" }, "invalid customer_id:customer_id"},
			{"no customer ID", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.Account.CustomerID = "" }, "invalid customer_id:required"},
			{"no name", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.Account.Name = "\u200b" }, "invalid name:required"},
			{"a name with NUL", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.Account.Name = "a\x00" }, "invalid name:not_text"},
			{"an alias too long", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.Account.Alias = strings.Repeat("a", 101) }, "invalid alias:too_long"},
			{"an unknown environment", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.Account.Environment = "staging" }, "invalid environment:environment"},
			{"an unknown profile", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.Account.Profile = "nosuch" }, "invalid profile:unknown_profile"},
			{"an unknown parent", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.Account.ParentID = "ent_nosuch" }, "invalid parent:unknown_entity"},
			{"a parent that is no text", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.Account.ParentID = "\x00\xff" }, "invalid parent:unknown_entity"},
			{"nobody to run it", "platform.owner", "PLATFORM", func(b *people.Boarding) { b.First = people.Invitee{} }, "invalid first_name:required email:required"},
		} {
			t.Run(c.name, func(t *testing.T) {
				b := boarding(access.Merchant, "PARTNER", "NEW-1")
				if c.account != "PLATFORM" {
					b.Account.ParentID = ""
				}
				if c.change != nil {
					c.change(&b)
				}
				who := h.Who(c.who)
				h.refused(t, c.want, audit.AccountCreated, who, func() error {
					_, _, err := h.People.Board(t.Context(), who, h.Account(c.account).ID, b)
					return err
				})
			})
		}
	})
}

func TestInitialise(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		w := world.Empty(t, d)
		f := people.Founding{Name: "Platform", CustomerID: "PLATFORM", Environment: org.Test, FirstName: "Olga", Email: "olga@example.com"}
		try := func(again bool) (seal.Secret, string) {
			f.Again = again
			before := w.State()
			token, err := w.People.Initialise(t.Context(), f)
			if err != nil && cmp.Diff(before, w.State()) != "" {
				t.Error("something was done")
			}
			return token, told(err)
		}
		if _, got := try(true); got != "not_initialised" {
			t.Error(got)
		}
		f.Email = "no address"
		if _, got := try(false); got != "invalid email:email" {
			t.Error(got)
		}
		f.Email = "olga@example.com"
		first, got := try(false)
		if got != "done" {
			t.Fatal(got)
		}
		if _, got := try(false); got != "initialised" {
			t.Error(got)
		}
		second, got := try(true)
		if got != "done" {
			t.Fatal(got)
		}
		var p people.Person
		w.View(func(tx *db.Tx) (err error) {
			p, _, err = people.PersonByIdentifier(tx, "olga@example.com")
			return err
		})
		w.Add("platform.owner", p.ID)
		if got := told(w.Follow(first, w.Who("platform.owner"))); got != "link_replaced" {
			t.Errorf("the first link: %s", got)
		}
		if got := told(w.Follow(second, w.Who("platform.owner"))); got != "done" {
			t.Errorf("the second link: %s", got)
		}
		if _, got := try(true); got != "administrator_active" {
			t.Error(got)
		}
		if len(w.Messages()) != 0 {
			t.Error("something was mailed")
		}
	})
}
