//go:build !race

package people_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/profile"
)

func TestCreate(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		t.Run("U2 with all that can be said of them", func(t *testing.T) {
			err := h.create(t, "m1.whole", func(in *people.Invitee) {
				in.TwoFactor = people.TwoFactor{Required: yes(true), Actions: "both"}
				in.AllowedIPs = []string{"203.0.113.7/24", " ", "2001:DB8::1", "203.0.113.0/24"}
				in.Access = h.access("M1", "support", "M1-A", "M1-B")
			})
			if err != nil {
				t.Fatal(err)
			}
			r := h.Row("m1.whole")
			got := []any{r.FirstName, r.LastName, r.Email, r.Phone, string(r.Lang), r.TwoFactorRequired, r.TwoFactorActions, r.Entities, r.Roles, r.Status}
			want := []any{"Ada", "Lovelace", "m1.whole@example.org", "+44 1", "fr", true, "both", []string{"M1-A", "M1-B"}, []string{h.Role("M1", "support")}, people.Invited}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"203.0.113.0/24", "2001:db8::1"}, h.networks(t, "m1.whole")); diff != "" {
				t.Error(diff)
			}
			said := map[string]string{}
			for _, c := range h.Last().Changes {
				said[c.Field] = c.After
			}
			if said["allowed_ips"] != "203.0.113.0/24, 2001:db8::1" || said["two_factor_required"] != "true" || said["two_factor_actions"] != "both" {
				t.Errorf("the entry tells %v", said)
			}
		})
		t.Run("A4 U2 allowed addresses count from the first decision on", func(t *testing.T) {
			if err := h.Follow(h.newest(), h.Who("m1.whole")); err != nil {
				t.Fatal(err)
			}
			for ip, want := range map[string]bool{"203.0.113.250": true, "203.0.114.1": false, "2001:db8::1": true, "2001:db8::2": false, "::ffff:203.0.113.1": true} {
				q := access.Question{User: h.User("m1.whole"), Within: h.Account("M1").ID, Now: h.DB.Now(), Permission: access.MustParse("payments:view"), Entity: h.Entity("M1-A").ID, IP: netip.MustParseAddr(ip)}
				if d := access.Decide(h.Live.Load(), q); d.Allowed != want {
					t.Errorf("from %s: %v", ip, d.Codes())
				}
			}
		})
		t.Run("U2 until they come in, the account sees the address as it was typed", func(t *testing.T) {
			for i, known := range []string{"m2.reader@example.com", "nobody.here@example.com"} {
				label := fmt.Sprintf("m1.typed%d", i)
				if err := h.create(t, label, func(in *people.Invitee) { in.Email = strings.ToUpper(known) }); err != nil {
					t.Fatal(err)
				}
				if got := h.Row(label).Email; got != strings.ToUpper(known) {
					t.Errorf("%s is seen as %s", known, got)
				}
			}
		})
	})
}

// TestMandatory: what must be said follows the account's settings.
func TestMandatory(t *testing.T) {
	one(t, func(t *testing.T, h house) {
		only := func(keep ...string) func(*people.Invitee) {
			return func(in *people.Invitee) {
				for name, field := range map[string]*string{"first_name": &in.FirstName, "last_name": &in.LastName, "phone": &in.Phone} {
					if !strings.Contains(strings.Join(keep, " "), name) {
						*field = ""
					}
				}
				if !strings.Contains(strings.Join(keep, " "), "role") {
					in.Roles = nil
				}
			}
		}
		for i, c := range []struct {
			name     string
			settings map[string]string
			change   func(*people.Invitee)
			want     string
		}{
			{"the first name", nil, only("role"), "invalid first_name:required"},
			{"nothing of the name where nothing is asked", map[string]string{"mandatory": "email,role"}, only("role"), "done"},
			{"the last name", map[string]string{"mandatory": "first_name,last_name,role"}, only("first_name", "role"), "invalid last_name:required"},
			{"the phone", map[string]string{"mandatory": "phone,role"}, only("role"), "invalid phone:required"},
			{"the address always", map[string]string{"mandatory": "role"}, func(in *people.Invitee) { in.Email = "" }, "invalid email:required"},
			{"a role", map[string]string{"mandatory": "role"}, only(), "invalid roles:choose_role"},
			{"no role where none is asked", map[string]string{"mandatory": "email"}, only("first_name"), "done"},

			{"entities", nil, func(in *people.Invitee) { in.AllEntities = false }, "invalid entities:choose_entities"},
			{"none chosen is all, where all may be", map[string]string{"assignment_scope": "all_allowed", "mandatory": "role"}, func(in *people.Invitee) { in.AllEntities = false }, "done"},
			{"unless they are asked for", map[string]string{"assignment_scope": "all_allowed", "mandatory": "role,entities"}, func(in *people.Invitee) { in.AllEntities = false }, "invalid entities:choose_entities"},
			{"all, where there is no choice", map[string]string{"assignment_scope": "all"}, func(in *people.Invitee) { in.AllEntities = false }, "done"},
			{"some, where there is no choice", map[string]string{"assignment_scope": "all"}, func(in *people.Invitee) { in.AllEntities, in.Entities = false, []string{"M1-A"} }, "invalid entities:all_entities_only"},

			{"F1 required of everybody, nothing said", nil, func(*people.Invitee) {}, "done required any"},
			{"F1 required of everybody, and nobody is let off", nil, func(in *people.Invitee) { in.TwoFactor.Required = yes(false) }, "invalid two_factor_required:two_factor_for_all"},
			{"F1 optional, nothing said", map[string]string{"two_factor": "optional"}, func(*people.Invitee) {}, "done free any"},
			{"F1 optional, said", map[string]string{"two_factor": "optional"}, func(in *people.Invitee) {
				in.TwoFactor = people.TwoFactor{Required: yes(true), Actions: "totp"}
			}, "done required totp"},
			{"F1 by user, nothing said", map[string]string{"two_factor": "by_user"}, func(*people.Invitee) {}, "invalid two_factor_required:choose_two_factor"},
			{"F1 by user, no", map[string]string{"two_factor": "by_user"}, func(in *people.Invitee) { in.TwoFactor.Required = yes(false) }, "done free any"},
			{"F1 by user and both fields mandatory", map[string]string{"two_factor": "by_user", "mandatory": "two_factor,role"}, func(in *people.Invitee) { in.TwoFactor.Required = yes(true) }, "invalid two_factor_actions:choose_actions"},
			{"F1 both said", map[string]string{"two_factor": "by_user", "mandatory": "two_factor,role"}, func(in *people.Invitee) {
				in.TwoFactor = people.TwoFactor{Required: yes(true), Actions: "either"}
			}, "done required either"},
			{"F1 a set-up that the account does not allow", map[string]string{"two_factor_methods": "totp"}, func(in *people.Invitee) { in.TwoFactor.Actions = "both" }, "invalid two_factor_actions:two_factor_actions"},
			{"F1 a set-up that there is not", nil, func(in *people.Invitee) { in.TwoFactor.Actions = "pigeon" }, "invalid two_factor_actions:two_factor_actions"},
			{"A4 addresses where the account has none", map[string]string{"ip_rules": "account_allow"}, func(in *people.Invitee) { in.AllowedIPs = []string{"", "192.0.2.7"} }, "invalid allowed_ips:ips_not_used"},
			{"A4 an empty list of addresses there", map[string]string{"ip_rules": "account_allow"}, func(in *people.Invitee) { in.AllowedIPs = []string{"", " "} }, "done"},
		} {
			t.Run("U2 "+c.name, func(t *testing.T) {
				for key, value := range c.settings {
					h.Set("M1", key, value)
				}
				defer h.Do(func(tx *db.Tx) error {
					_, err := tx.Exec(`DELETE FROM account_settings WHERE account_id = $1`, h.Account("M1").ID)
					return err
				})
				label := fmt.Sprintf("m1.mandatory%d", i)
				if !strings.HasPrefix(c.want, "done") {
					h.refused(t, c.want, audit.UserInvited, h.Who("m1.administrator"), func() error { return h.create(t, label, c.change) })
					return
				}
				if err := h.create(t, label, c.change); err != nil {
					t.Fatal(told(err))
				}
				r := h.Row(label)
				got := "done free "
				if r.TwoFactorRequired {
					got = "done required "
				}
				if got += r.TwoFactorActions; c.want != "done" && got != c.want {
					t.Errorf("%s, want %s", got, c.want)
				}
				if len(r.Roles) > 0 && !r.AllEntities {
					t.Errorf("over %v, not all entities", r.Entities)
				}
				if r.Name() == "" {
					t.Error("called nothing at all")
				}
			})
		}
		t.Run("B06 none chosen is all only for whoever may give all", func(t *testing.T) {
			h.Set("M1", "assignment_scope", "all_allowed")
			h.Set("M1", "mandatory", "role")
			who := h.Who("m1.limited")
			in := h.invitee("read_only")
			in.AllEntities = false
			h.refused(t, "entities_not_held entities:entities_not_held", audit.UserInvited, who, func() error {
				_, err := h.People.Invite(t.Context(), who, who.AccountID, in)
				return err
			})
		})
	})
}

// TestActionsOf: what can be asked for is what the account's methods allow.
func TestActionsOf(t *testing.T) {
	for methods, want := range map[string]string{
		"totp,webauthn,passkey": "any totp webauthn either both", "totp,passkey": "any totp webauthn either both", "totp": "any totp", "webauthn": "any webauthn", "sms": "any", "": "any",
	} {
		got := strings.Join(people.ActionsOf(profile.Settings{TwoFactorMethods: strings.Split(methods, ",")}), " ")
		if got != want {
			t.Errorf("F1 %s: %s, want %s", methods, got, want)
		}
	}
}
