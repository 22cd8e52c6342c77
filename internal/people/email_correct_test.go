//go:build !race

package people_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/seal"
)

// TestCorrectEmail: an invitation that went astray goes to the right address, as another user's.
func TestCorrectEmail(t *testing.T) {
	one(t, func(t *testing.T, h house) {
		who := h.Who("m1.administrator")
		for i, typed := range []string{"nobody.knows@example.net", "m2.reader@example.com"} { // whom another account knows is answered as nobody
			label := []string{"m1.stray0", "m1.stray1"}[i]
			t.Run("U7 "+typed, func(t *testing.T) {
				err := h.create(t, label, func(in *people.Invitee) {
					in.Email, in.AllowedIPs, in.TwoFactor.Actions = typed, []string{"192.0.2.0/24"}, "either"
					in.Access = h.access("M1", "support", "M1-A")
				})
				if err != nil {
					t.Fatal(err)
				}
				old, before := h.newest(), h.Row(label)
				elsewhere := h.rowsOf("users", h.User("m2.reader"))
				out, err := h.readdress("m1.administrator", label, label+"@example.net")
				if err != nil || out.UserID == before.ID() || out.Until != 0 {
					t.Fatalf("%+v, %v", out, err)
				}
				if got := told(h.found(t, before.ID())); got != "not_found" {
					t.Errorf("the one before: %s", got)
				}
				h.Add(label+".right", out.UserID)
				link := h.newest()
				now := h.Row(label + ".right")
				got := []any{now.Name(), now.Phone, now.Lang, now.Email, now.Status, now.TwoFactorRequired, now.TwoFactorActions, now.Roles, now.Entities, h.networks(t, label+".right")}
				want := []any{before.Name(), before.Phone, before.Lang, label + "@example.net", people.Invited, true, "either", before.Roles, before.Entities, []string{"192.0.2.0/24"}}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Error(diff)
				}
				h.View(func(tx *db.Tx) error {
					_, found, err := people.InvitationByHash(tx, seal.HashToken(people.LinkPurpose, old.Reveal()))
					if found {
						t.Error("the earlier link is still known")
					}
					return err
				})
				if err := h.Follow(link, h.Who(label+".right")); err != nil {
					t.Error(err)
				}
				if diff := cmp.Diff(elsewhere, h.rowsOf("users", h.User("m2.reader"))); diff != "" {
					t.Errorf("the other account's user: %s", diff)
				}
				var entry audit.Found
				for _, e := range h.Entries() {
					if e.Action == audit.EmailCorrected && e.ID == before.ID() {
						entry = e
					}
				}
				if !slices.Contains(entry.Changes, audit.Change{Field: "user", Before: before.ID(), After: out.UserID}) || entry.ActorID != who.ID {
					t.Errorf("%+v", entry)
				}
				if diff := cmp.Diff(map[string]string{before.ID(): "Ada Lovelace"}, h.names(t, "M1", before.ID())); diff != "" {
					t.Error(diff)
				}
			})
		}
		t.Run("U7 what is queued to the wrong address still is not sent", func(t *testing.T) {
			if err := h.create(t, "m1.typo", func(in *people.Invitee) { in.Email = "typo@example.net" }); err != nil {
				t.Fatal(err)
			}
			if _, err := h.readdress("m1.administrator", "m1.typo", "right@example.net"); err != nil {
				t.Fatal(err)
			}
			var to []string
			for _, m := range h.Messages() {
				to = append(to, m.To)
			}
			if diff := cmp.Diff([]string{"right@example.net"}, to); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("U7 refused, and the invitation stands", func(t *testing.T) {
			for address, want := range map[string]string{"M1.Invited@example.com": "invalid email:same_address", "m1.reader@example.com": "invalid email:already_member", "x": "invalid email:email"} {
				h.refused(t, want, audit.EmailChangeStarted, who, func() error {
					_, err := h.readdress("m1.administrator", "m1.invited", address)
					return err
				})
			}
			h.Set("M1", "email_in_use", "refuse")
			h.refused(t, "invalid email:email_in_use", audit.EmailChangeStarted, who, func() error {
				_, err := h.readdress("m1.administrator", "m1.invited", "m2.reader@example.com")
				return err
			})
		})
		t.Run("I7 an operator, of the first administrator of an account that was never opened", func(t *testing.T) {
			operator := h.Who("platform.owner")
			for _, environment := range []string{"live", "test"} {
				in := boarding(4, "PARTNER", "NEW-"+environment)
				in.Account.Environment, in.First.Email = environment, environment+".typo@example.com"
				_, id, err := h.People.Board(t.Context(), operator, operator.AccountID, in)
				if err != nil {
					t.Fatal(told(err))
				}
				a := h.Account(strings.ToUpper("NEW-" + environment))
				h.refused(t, map[string]string{"live": "not_found", "test": "not_found"}[environment], audit.EmailChangeStarted, h.Who("m1.owner"), func() error {
					_, err := h.People.ChangeEmail(t.Context(), h.Who("m1.owner"), a.ID, id, 1, "right@example.com")
					return err
				})
				out, err := h.People.ChangeEmail(t.Context(), operator, a.ID, id, 1, environment+".right@example.com")
				if err != nil {
					t.Fatal(environment, told(err))
				}
				h.View(func(tx *db.Tx) error {
					m, found, err := people.MemberOf(tx, a.ID, out.UserID)
					if !found || !m.FirstAdministrator || !m.Owner || !m.TwoFactorRequired {
						t.Errorf("%+v", m)
					}
					return err
				})
				label := strings.ToLower(a.CustomerID) + ".first"
				h.Add(label, out.UserID)
				if err := h.Follow(h.newest(), h.Who(label)); err != nil {
					t.Error(err)
				}
				if !h.Account(a.CustomerID).Open {
					t.Error("the account does not open")
				}
			}
		})
	})
}
