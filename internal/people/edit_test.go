//go:build !race

package people_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
)

func TestEdit(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		t.Run("U7 names, phone and language of somebody of this account alone", func(t *testing.T) {
			h.session("m1.reader")
			err := h.edit(t, "m1.administrator", "m1.reader", people.Edits{FirstName: text(" Rita "), LastName: text("Ōé"), Phone: text("+44 2"), Language: text("fr")})
			if err != nil {
				t.Fatal(err)
			}
			r := h.Row("m1.reader")
			if diff := cmp.Diff([]string{"Rita", "Ōé", "+44 2", "fr", "Rita Ōé"}, []string{r.FirstName, r.LastName, r.Phone, string(r.Lang), r.Name()}); diff != "" {
				t.Error(diff)
			}
			want := []string{"language: en → fr", "first_name: Reader → Rita", "last_name: M1 → Ōé", "phone:  → +44 2"}
			if diff := cmp.Diff(want, h.changed()); diff != "" || h.Last().Action != audit.UserEdited || h.Last().ID != h.User("m1.reader") {
				t.Errorf("%s: %s", h.Last().Action, diff)
			}
			for _, raw := range h.rowsOf("audit_entries", h.User("m1.reader")) {
				if strings.Contains(raw, "Rita") || strings.Contains(raw, "+44 2") {
					t.Errorf("an entry's row holds them: %s", raw)
				}
			}
			if s, _ := h.open("m1.reader"); s != 1 {
				t.Error("a change of name ended their session")
			}
			h.View(func(tx *db.Tx) error {
				for _, search := range []string{"rita", "oe", "Ōé"} {
					page, err := h.People.List(tx, h.Account("M1"), people.Query{Search: search})
					if err != nil || len(page.Rows) != 1 {
						t.Errorf("%q finds %d: %v", search, len(page.Rows), err)
					}
				}
				return nil
			})
		})
		t.Run("U7 only what is said changes", func(t *testing.T) {
			if err := h.edit(t, "m1.administrator", "m1.reader", people.Edits{Phone: text("")}); err != nil {
				t.Fatal(err)
			}
			r := h.Row("m1.reader")
			if diff := cmp.Diff([]string{"Rita", "Ōé", "", "fr"}, []string{r.FirstName, r.LastName, r.Phone, string(r.Lang)}); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("F1 U7 what is asked of their second factor", func(t *testing.T) {
			h.Set("M1", "two_factor", "by_user")
			defer h.Set("M1", "two_factor", "required")
			for _, c := range []struct {
				in   people.TwoFactor
				want string
			}{
				{people.TwoFactor{Required: yes(false)}, "false any"},
				{people.TwoFactor{Actions: "webauthn"}, "false webauthn"},
				{people.TwoFactor{Required: yes(true), Actions: "both"}, "true both"},
			} {
				if err := h.edit(t, "m1.administrator", "m1.reader", people.Edits{TwoFactor: c.in}); err != nil {
					t.Fatal(err)
				}
				if r := h.Row("m1.reader"); fmt.Sprint(r.TwoFactorRequired, " ", r.TwoFactorActions) != c.want {
					t.Errorf("%v %s, want %s", r.TwoFactorRequired, r.TwoFactorActions, c.want)
				}
			}
			h.refused(t, "invalid two_factor_actions:two_factor_actions", audit.UserEdited, h.Who("m1.administrator"), func() error {
				return h.edit(t, "m1.administrator", "m1.reader", people.Edits{TwoFactor: people.TwoFactor{Actions: "pigeon"}})
			})
		})
		t.Run("B19 F1 nobody is let off what the account requires of everybody", func(t *testing.T) {
			h.refused(t, "invalid two_factor_required:two_factor_for_all", audit.UserEdited, h.Who("m1.administrator"), func() error {
				return h.edit(t, "m1.administrator", "m1.reader", people.Edits{TwoFactor: people.TwoFactor{Required: yes(false)}})
			})
		})
		t.Run("F1 what is asked of second factors takes the permission for that", func(t *testing.T) {
			h.custom(t, "m1.operations", "users:edit", "users:assign_roles", "payments:view", "home:view", "disputes:view", "balances:view", "settlements:view", "reports:view", "entities:view", "analytics:view", "transactions:search", "transactions:view")
			h.refused(t, "missing_permission", audit.UserEdited, h.Who("m1.operations"), func() error {
				return h.edit(t, "m1.operations", "m1.reader", people.Edits{TwoFactor: people.TwoFactor{Actions: "totp"}})
			})
			if err := h.edit(t, "m1.operations", "m1.reader", people.Edits{Phone: text("+44 3"), TwoFactor: people.TwoFactor{Actions: "both"}}); err != nil { // which it is
				t.Error(told(err))
			}
		})
		t.Run("U7 A4 from where they may act", func(t *testing.T) {
			h.everywhere(t, true)
			if err := h.edit(t, "m1.administrator", "m1.reader", people.Edits{AllowedIPs: &[]string{"198.51.100.0/24"}}); err != nil {
				t.Fatal(err)
			}
			h.everywhere(t, false)
			if diff := cmp.Diff([]string{"allowed_ips:  → 198.51.100.0/24"}, h.changed()); diff != "" {
				t.Error(diff)
			}
			if err := h.edit(t, "m1.administrator", "m1.reader", people.Edits{AllowedIPs: &[]string{}}); err != nil {
				t.Fatal(err)
			}
			h.everywhere(t, true)
		})
		t.Run("U7 what must be said stays said", func(t *testing.T) {
			for want, in := range map[string]people.Edits{
				"invalid first_name:required":  {FirstName: text(" ")},
				"invalid first_name:not_text":  {FirstName: text("a\x00")},
				"invalid last_name:too_long":   {LastName: text(strings.Repeat("x", 101))},
				"invalid phone:too_long":       {Phone: text(strings.Repeat("1", 33))},
				"invalid language:language":    {Language: text("xx")},
				"invalid allowed_ips:ip_range": {AllowedIPs: &[]string{"nowhere"}},
			} {
				h.refused(t, want, audit.UserEdited, h.Who("m1.administrator"), func() error { return h.edit(t, "m1.administrator", "m1.reader", in) })
			}
		})
		t.Run("U14 the first administrator is edited by nobody else", func(t *testing.T) {
			h.demote()
			h.refused(t, "first_administrator", audit.UserEdited, h.Who("m1.administrator"), func() error {
				return h.edit(t, "m1.administrator", "m1.owner", people.Edits{Phone: text("+44 9")})
			})
		})
	})
}

// TestEditOfSeveral: what is a person's own, in whatever account (attacks.md, A06).
func TestEditOfSeveral(t *testing.T) {
	one(t, func(t *testing.T, h house) {
		administrator := h.Who("m1.administrator")
		t.Run("A06 U7 names, phone and language of somebody of several accounts are theirs", func(t *testing.T) {
			for name, in := range map[string]people.Edits{"first": {FirstName: text("X")}, "last": {LastName: text("X")}, "phone": {Phone: text("1")}, "language": {Language: text("fr")}} {
				t.Run(name, func(t *testing.T) {
					h.refused(t, "details_of_several_accounts", audit.UserEdited, administrator, func() error { return h.edit(t, "m1.administrator", "m1.both", in) })
				})
			}
		})
		t.Run("U7 what the account asks of them is its own", func(t *testing.T) {
			other := h.Row("m2.both")
			in := people.Edits{FirstName: text("Both"), TwoFactor: people.TwoFactor{Actions: "totp"}, AllowedIPs: &[]string{"192.0.2.0/24"}} // the name is the one they have
			if err := h.edit(t, "m1.administrator", "m1.both", in); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(other, h.Row("m2.both"), cmpopts.IgnoreUnexported(people.Row{})); diff != "" {
				t.Errorf("the other account: %s", diff)
			}
			if r := h.Row("m1.both"); r.TwoFactorActions != "totp" || len(h.networks(t, "m1.both")) != 1 {
				t.Errorf("%+v", r.Member)
			}
		})
		t.Run("U7 E15 what they change themselves raises what every account has seen of them", func(t *testing.T) {
			seen := map[string]int64{"m1.both": h.Version("m1.both"), "m2.both": h.Version("m2.both")}
			who := h.Who("m1.both")
			version := h.Row("m1.both").DetailsVersion
			if err := h.People.SetDetails(t.Context(), who, version, people.Details{FirstName: "Beth", Phone: text("+44 7"), Language: "en", TimeZone: "UTC"}); err != nil {
				t.Fatal(err)
			}
			for label, before := range seen {
				if r := h.Row(label); r.Version != before+1 || r.FirstName != "Beth" || r.Phone != "+44 7" {
					t.Errorf("%s: version %d after %d, %s %s", label, r.Version, before, r.FirstName, r.Phone)
				}
			}
			if err := h.People.SetDetails(t.Context(), who, version+1, people.Details{FirstName: "Beth", Language: "en", TimeZone: "UTC"}); err != nil || h.Row("m1.both").Phone != "+44 7" {
				t.Errorf("a phone that was not said: %v, %q", err, h.Row("m1.both").Phone)
			}
		})
	})
}

// TestCorrect: what was typed of somebody who has not come in yet can be corrected.
func TestCorrect(t *testing.T) {
	one(t, func(t *testing.T, h house) {
		correct := people.Edits{FirstName: text("Anna"), LastName: text("Ng"), Phone: text("+44 5"), Language: text("fr")}
		t.Run("U7 of a new person, who is called so when they come in", func(t *testing.T) {
			link := h.Link("m1.invited")
			if err := h.edit(t, "m1.administrator", "m1.invited", correct); err != nil {
				t.Fatal(err)
			}
			if r := h.Row("m1.invited"); r.Name() != "Anna Ng" || r.Status != people.Invited {
				t.Errorf("%s, %s", r.Name(), r.Status)
			}
			if err := h.Follow(link, h.Who("m1.invited")); err != nil {
				t.Fatal(err)
			}
			r := h.Row("m1.invited")
			if diff := cmp.Diff([]string{"Anna Ng", "+44 5", "fr"}, []string{r.Name(), r.Phone, string(r.Lang)}); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("A06 U7 of somebody who is in another account, and stays who they are there", func(t *testing.T) {
			if err := h.create(t, "m1.elsewhere", func(in *people.Invitee) { in.Email = "m2.reader@example.com" }); err != nil {
				t.Fatal(err)
			}
			link, person := h.newest(), h.rowsOf("users", h.User("m2.reader"))
			if err := h.edit(t, "m1.administrator", "m1.elsewhere", correct); err != nil {
				t.Fatal(err)
			}
			if got := h.Row("m1.elsewhere").Name(); got != "Anna Ng" {
				t.Errorf("seen as %s", got)
			}
			if diff := cmp.Diff(person, h.rowsOf("users", h.User("m2.reader"))); diff != "" {
				t.Error(diff)
			}
			if err := h.Follow(link, h.Who("m1.elsewhere")); err != nil {
				t.Fatal(err)
			}
			if got := h.Row("m1.elsewhere").Name(); got != "Reader M2" {
				t.Errorf("came in as %s", got)
			}
		})
		t.Run("U7 of two accounts that wait, the one that made the person names them", func(t *testing.T) {
			if err := h.create(t, "m1.waits", func(in *people.Invitee) { in.FirstName = "One" }); err != nil {
				t.Fatal(err)
			}
			link := h.newest()
			h.clock.Advance(time.Second)
			two := h.Who("m2.administrator")
			in := h.invitee("read_only")
			in.FirstName, in.Email, in.Access = "Two", "m1.waits@example.org", h.access("M2", "read_only")
			id, err := h.People.Invite(t.Context(), two, two.AccountID, in)
			if err != nil {
				t.Fatal(err)
			}
			h.Add("m2.waits", id)
			for label, name := range map[string]string{"m1.waits": "Uno", "m2.waits": "Dos"} {
				if err := h.edit(t, label[:3]+"administrator", label, people.Edits{FirstName: text(name)}); err != nil {
					t.Fatal(err)
				}
				if got := h.Row(label).FirstName; got != name {
					t.Errorf("%s is seen as %s", label, got)
				}
			}
			if err := h.Follow(link, h.Who("m1.waits")); err != nil {
				t.Fatal(err)
			}
			if got := h.Row("m1.waits").FirstName; got != "Uno" {
				t.Errorf("came in as %s", got)
			}
		})
	})
}

// TestNetworks reads lists of addresses as people type them, and games with them.
func TestNetworks(t *testing.T) {
	one(t, func(t *testing.T, h house) {
		many := make([]string, 101)
		for i := range many {
			many[i] = fmt.Sprintf("192.0.2.%d", i)
		}
		same := make([]string, 900)
		for i := range same {
			same[i] = "192.0.2.7"
		}
		for _, c := range []struct {
			name  string
			lines []string
			want  string
		}{
			{"one address", []string{"203.0.113.7"}, "203.0.113.7"},
			{"in order, each once", []string{"2001:db8::/32", "203.0.113.7", " 203.0.113.7/32 ", "198.51.100.0/24", ""}, "198.51.100.0/24 203.0.113.7 2001:db8::/32"},
			{"host bits are taken off", []string{"127.0.0.1/8", "2001:db8::1/64"}, "127.0.0.0/8 2001:db8::/64"},
			{"IPv6 in another writing", []string{"2001:0DB8:0:0::00:1"}, "2001:db8::1"},
			{"IPv4 written as IPv6", []string{"::ffff:203.0.113.7", "::ffff:c633:6400/120"}, "198.51.100.0/24 203.0.113.7"},
			{"a hundred", many[:100], "100 of them"},
			{"one nine hundred times", same, "192.0.2.7"},

			{"all of IPv4", []string{"0.0.0.0/0"}, "ip_range_wide 1"},
			{"all of IPv4, in halves", []string{"0.0.0.0/1", "128.0.0.0/1"}, "ip_range_wide 1"},
			{"all of IPv4, in 128 parts", []string{"192.0.2.7", "2.0.0.0/7"}, "ip_range_wide 2"},
			{"all of IPv4 within IPv6", []string{"::ffff:0:0/96"}, "ip_range_wide 1"},
			{"more than all of IPv4 within IPv6", []string{"::ffff:0:0/95"}, "ip_range 1"},
			{"half of IPv4 within IPv6", []string{"::ffff:128.0.0.0/97"}, "ip_range_wide 1"},
			{"all of IPv6", []string{"::/0"}, "ip_range_wide 1"},
			{"all that is given out of IPv6", []string{"2000::/3"}, "ip_range_wide 1"},
			{"a hundred and one", many, "too_many"},
			{"words", []string{"192.0.2.7", "", "localhost"}, "ip_range 3"},
			{"a zone", []string{"fe80::1%eth0"}, "ip_range 1"},
			{"a zone in a range", []string{"fe80::1%eth0/64"}, "ip_range 1"},
			{"two on a line", []string{"192.0.2.7, 192.0.2.8"}, "ip_range 1"},
			{"leading zeros", []string{"192.000.002.007"}, "ip_range 1"},
			{"one number", []string{"3221225991"}, "ip_range 1"},
			{"hexadecimal", []string{"0xC0.0x00.0x02.0x07"}, "ip_range 1"},
			{"three numbers", []string{"192.0.2"}, "ip_range 1"},
			{"a length that is none", []string{"192.0.2.0/33"}, "ip_range 1"},
			{"a negative length", []string{"192.0.2.0/-1"}, "ip_range 1"},
			{"a mask", []string{"192.0.2.0/255.255.255.0"}, "ip_range 1"},
			{"two lengths", []string{"192.0.2.0/24/24"}, "ip_range 1"},
			{"a port", []string{"192.0.2.7:443"}, "ip_range 1"},
			{"brackets", []string{"[2001:db8::1]"}, "ip_range 1"},
			{"full-width figures", []string{"１９２.0.2.7"}, "ip_range 1"},
			{"a megabyte", []string{strings.Repeat("1", 1<<20)}, "ip_range 1"},
			{"no text", []string{"192.0.2.7\x00"}, "ip_range 1"},
		} {
			t.Run("A4 "+c.name, func(t *testing.T) {
				err := h.edit(t, "m1.administrator", "m1.reader", people.Edits{AllowedIPs: &c.lines})
				got := strings.Join(h.networks(t, "m1.reader"), " ")
				if n := strings.Count(got, " ") + 1; n > 50 {
					got = fmt.Sprint(n, " of them")
				}
				if f := faultField(err, "allowed_ips"); f != nil {
					got = f.Code
					if line, ok := f.Args["line"]; ok {
						got += fmt.Sprint(" ", line)
					}
				}
				if got != c.want {
					t.Errorf("%q, want %q (%v)", got, c.want, err)
				}
			})
		}
	})
}
