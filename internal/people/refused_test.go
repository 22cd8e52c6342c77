//go:build !race

// One goroutine, many rows: the race detector sees nothing here and takes eleven times as long.

package people_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/people"
)

func TestInviteRefused(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		type change = func(*people.Invitee)
		good := func(*people.Invitee) {}
		foreignRole := h.Role("M2", "read_only")
		many := make([]string, 201)
		for i := range many {
			many[i] = fmt.Sprint("M1-", i)
		}
		roles := func(ids ...string) change { return func(in *people.Invitee) { in.Roles = ids } }
		entities := func(ids ...string) change {
			return func(in *people.Invitee) { in.AllEntities, in.Entities = false, ids }
		}
		email := func(s string) change { return func(in *people.Invitee) { in.Email = s } }
		without := func(who db.Who) db.Who { who.SecondFactor = false; return who }
		administrator := h.Who("m1.administrator")
		for _, c := range []struct {
			name    string
			who     db.Who
			account string // "" is M1's
			change  change
			want    string
		}{
			{"U23 a reader", h.Who("m1.reader"), "", good, "missing_permission"},
			{"U23 an auditor", h.Who("m1.auditor"), "", good, "missing_permission"},
			{"U23 without a second factor", without(administrator), "", good, "needs_two_factor"},
			{"somebody invited", h.Who("m1.invited"), "", good, "not_found"},
			{"somebody deactivated", h.Who("m1.deactivated"), "", good, "not_found"},
			{"another account's administrator", h.Who("m2.administrator"), "", good, "not_found"},
			{"an unknown account", administrator, "acc_nosuch", good, "not_found"},
			{"an account that is no text", administrator, "acc_\x00\xff", good, "not_found"},
			{"a service token", db.Who{Kind: db.Service, ID: "tok_1"}, "", good, "sign_in_first"},
			{"nobody", db.Who{}, "", good, "sign_in_first"},
			{"I7 an operator in a live account", h.Who("platform.administrator"), "", good, "live_account"},

			{"no first name", administrator, "", func(in *people.Invitee) { in.FirstName = " " }, "invalid first_name:required"},
			{"a name of ten megabytes", administrator, "", func(in *people.Invitee) { in.FirstName = strings.Repeat("a", 10<<20) }, "invalid first_name:too_long"},
			{"a last name with NUL", administrator, "", func(in *people.Invitee) { in.LastName = "a\x00b" }, "invalid last_name:not_text"},
			{"a name that turns the writing", administrator, "", func(in *people.Invitee) { in.FirstName = "a\u202eb" }, "invalid first_name:not_text"},
			{"a name that is no UTF-8", administrator, "", func(in *people.Invitee) { in.FirstName = "a\xff" }, "invalid first_name:not_text"},
			{"no address", administrator, "", email(""), "invalid email:required"},
			{"a header in the address", administrator, "", email("a@example.com\r\nBcc: b@example.com"), "invalid email:not_text"},
			{"two addresses", administrator, "", email("a@example.com,b@example.com"), "invalid email:email"},
			{"a name in the address", administrator, "", email("Ada <a@example.com>"), "invalid email:email"},
			{"an address without a dot", administrator, "", email("a@localhost"), "invalid email:email"},
			{"an address with a dot at its end", administrator, "", email("a@example.com."), "invalid email:email"},
			{"an address with something that does not show", administrator, "", email("a\u200bb@example.com"), "invalid email:email"},
			{"an address too long", administrator, "", email(strings.Repeat("a", 250) + "@example.com"), "invalid email:too_long"},
			{"a telephone too long", administrator, "", func(in *people.Invitee) { in.Phone = strings.Repeat("1", 33) }, "invalid phone:too_long"},
			{"an unknown language", administrator, "", func(in *people.Invitee) { in.Language = "xx" }, "invalid language:language"},
			{"no role", administrator, "", roles(), "invalid roles:choose_role"},
			{"an unknown role", administrator, "", roles("rol_nosuch"), "invalid roles:unknown_role"},
			{"another account's role", administrator, "", roles(foreignRole), "invalid roles:unknown_role"},
			{"a role that is no text", administrator, "", roles("rol_\x00"), "invalid roles:unknown_role"},
			{"too many roles", administrator, "", roles(many...), "invalid roles:too_many"},
			{"a dangerous role without a tick", administrator, "", func(in *people.Invitee) {
				in.Roles, in.Acknowledged = []string{h.Role("M1", "administrator")}, false
			}, "invalid acknowledged:acknowledge"},
			{"no entities", administrator, "", entities(), "invalid entities:choose_entities"},
			{"all and some", administrator, "", func(in *people.Invitee) { in.Entities = []string{"M1-A"} }, "invalid entities:all_or_some"},
			{"an unknown entity", administrator, "", entities("M1-A", "ent_nosuch"), "invalid entities:unknown_entity"},
			{"another account's entity", administrator, "", entities("M1-A", "M2-A"), "invalid entities:unknown_entity"},
			{"another account's entity by id", administrator, "", entities(h.Entity("M2-A").ID), "invalid entities:unknown_entity"},
			{"the entity above", administrator, "", entities("PARTNER"), "invalid entities:unknown_entity"},
			{"an entity that is no text", administrator, "", entities("\x00", "\xff"), "invalid entities:unknown_entity"},
			{"too many entities", administrator, "", entities(many...), "invalid entities:too_many"},
			{"all that is wrong at once", administrator, "", func(in *people.Invitee) {
				in.FirstName, in.Email, in.Roles, in.AllEntities = "", "", nil, false
			}, "invalid first_name:required email:required roles:choose_role entities:choose_entities"},
			{"U4 somebody of this account", administrator, "", email("M1.Reader@EXAMPLE.com"), "invalid email:already_member"},
		} {
			t.Run(c.name, func(t *testing.T) {
				if c.account == "" {
					c.account = h.Account("M1").ID
				}
				in := h.invitee("read_only")
				c.change(&in)
				h.refused(t, c.want, audit.UserInvited, c.who, func() error {
					_, err := h.People.Invite(t.Context(), c.who, c.account, in)
					return err
				})
			})
		}
		t.Run("one role where the account says one", func(t *testing.T) {
			h.Set("M1", "roles_per_user", "one")
			in := h.invitee("read_only")
			in.Roles = append(in.Roles, h.Role("M1", "support"))
			h.refused(t, "invalid roles:one_role", audit.UserInvited, administrator, func() error {
				_, err := h.People.Invite(t.Context(), administrator, administrator.AccountID, in)
				return err
			})
		})
		t.Run("U4 another account's user where the account says refuse", func(t *testing.T) {
			h.Set("M1", "email_in_use", "refuse")
			in := h.invitee("read_only")
			in.Roles, in.Email = in.Roles[:1], "m2.reader@example.com"
			h.refused(t, "invalid email:email_in_use", audit.UserInvited, administrator, func() error {
				_, err := h.People.Invite(t.Context(), administrator, administrator.AccountID, in)
				return err
			})
		})
	})
}

// TestForeignIsUnknown shows that what belongs to another account is answered
// letter for letter as what does not exist.
func TestForeignIsUnknown(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who, a := h.Who("m1.administrator"), h.Account("M1").ID
		same := func(t *testing.T, try func(id string) error, foreign, unknown string) {
			t.Helper()
			one, other := try(foreign), try(unknown)
			if one == nil || told(one) != told(other) || sentence(one) != sentence(other) {
				t.Errorf("foreign: %v (%s); unknown: %v (%s)", one, sentence(one), other, sentence(other))
			}
			if diff := cmp.Diff(fault.From(one), fault.From(other), cmp.AllowUnexported(fault.Error{})); diff != "" {
				t.Error(diff)
			}
		}
		for _, x := range h.acts(h.Role("M1", "read_only")) {
			t.Run(x.name, func(t *testing.T) {
				for _, version := range []int64{1, 7} {
					same(t, func(id string) error { return x.do(t.Context(), who, a, id, version) }, h.User("m2.reader"), "usr_00000000000000000000000000")
					same(t, func(id string) error { return x.do(t.Context(), who, id, h.User("m1.reader"), version) }, h.Account("M2").ID, "acc_00000000000000000000000000")
					same(t, func(id string) error { return x.do(t.Context(), db.Who{}, id, h.User("m1.reader"), version) }, h.Account("M2").ID, "acc_00000000000000000000000000")
				}
				if got := told(x.do(t.Context(), who, a, "usr_\x00\xff", 1)); got != "not_found" {
					t.Errorf("an id that is no text: %s", got)
				}
			})
		}
		change := func(in people.Access) error {
			return h.People.ChangeAccess(t.Context(), who, a, h.User("m1.reader"), h.Version("m1.reader"), in)
		}
		t.Run("roles", func(t *testing.T) {
			same(t, func(id string) error { return change(people.Access{Roles: []string{id}, AllEntities: true}) }, h.Role("M2", "support"), "rol_00000000000000000000000000")
		})
		t.Run("entities", func(t *testing.T) {
			try := func(id string) error {
				return change(people.Access{Roles: []string{h.Role("M1", "support")}, Entities: []string{id}})
			}
			same(t, try, h.Entity("M2-A").ID, "ent_00000000000000000000000000")
			same(t, try, "M2-A", "M9-A")
		})
		t.Run("reading", func(t *testing.T) {
			get := func(id string) (err error) {
				return h.DB.View(t.Context(), func(tx *db.Tx) error {
					_, err := h.People.Get(tx, h.Account("M1"), id)
					return err
				})
			}
			same(t, get, h.User("m2.reader"), "usr_00000000000000000000000000")
			same(t, get, h.User("m2.reader"), "usr_\x00\xff")
		})
	})
}
