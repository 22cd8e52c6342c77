//go:build !race

package people_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/seal"
)

func TestChangeEmail(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		var token seal.Secret
		h.session("m1.reader")
		h.Do(func(tx *db.Tx) error {
			_, err := tx.Exec(`INSERT INTO reset_links (id, user_id, account_id, token_hash, by_administrator, created_at, created_by, expires_at) VALUES ('rst', $1, '', 't', TRUE, 1, 'x', 2)`, h.User("m1.reader"))
			return err
		})
		t.Run("U7 a link goes to the new address, and a notice to the old one", func(t *testing.T) {
			out, err := h.readdress("m1.administrator", "m1.reader", "Rita@Example.NET")
			if err != nil || out.UserID != h.User("m1.reader") || out.Until != start.Add(72*time.Hour).UnixMicro() {
				t.Fatalf("%+v, %v", out, err)
			}
			letters := h.letters()
			if diff := cmp.Diff([]string{"email_confirm Rita@Example.NET", "email_notice m1.reader@example.com"}, slices.Sorted(maps.Keys(letters))); diff != "" {
				t.Fatal(diff)
			}
			to, notice := letters["email_confirm Rita@Example.NET"], letters["email_notice m1.reader@example.com"]
			token = seal.Secret(to.Data["token"])
			delete(to.Data, "token")
			want := map[string]string{"account": "Account M1", "customer_id": "M1", "by": "Administrator M1", "address": "Rita@Example.NET", "ip": "192.0.2.7"}
			if diff := cmp.Diff(want, notice.Data); diff != "" {
				t.Errorf("the notice: %s", diff)
			}
			want["expires"] = start.Add(72 * time.Hour).Format(time.RFC3339)
			if diff := cmp.Diff(want, to.Data); diff != "" {
				t.Errorf("the link's mail: %s", diff)
			}
			for table, rows := range h.State() {
				if slices.ContainsFunc(rows, func(r string) bool { return strings.Contains(r, token.Reveal()) }) {
					t.Errorf("%s holds the link's token", table)
				}
			}
			if diff := cmp.Diff([]string{"email: m1.reader@example.com → Rita@Example.NET"}, h.changed()); diff != "" || h.Last().Action != audit.EmailChangeStarted || h.Last().ActorID != h.User("m1.administrator") {
				t.Errorf("%+v %s", h.Last(), diff)
			}
		})
		t.Run("U7 until it is confirmed nothing changes, and the change is shown", func(t *testing.T) {
			for range 3 { // opening spends nothing
				l := h.emailLink(token)
				if diff := cmp.Diff(people.EmailLink{Lang: "en", Address: "Rita@Example.NET", Account: "Account M1", ExpiresAt: start.Add(72 * time.Hour).UnixMicro()}, l); diff != "" {
					t.Error(diff)
				}
			}
			if r := h.Row("m1.reader"); r.Email != "m1.reader@example.com" {
				t.Errorf("the address is %s", r.Email)
			}
			if s, _ := h.open("m1.reader"); s != 1 {
				t.Error("their session ended")
			}
			h.View(func(tx *db.Tx) error {
				c, err := people.OpenEmailChange(tx, h.Account("M1").ID, h.User("m1.reader"))
				if c.Email != "Rita@Example.NET" || c.CreatedBy != h.User("m1.administrator") {
					t.Errorf("%+v", c)
				}
				if c, _ := people.OpenEmailChange(tx, h.Account("M2").ID, h.User("m1.reader")); c.ID != "" {
					t.Error("another account sees it")
				}
				return err
			})
		})
		t.Run("U7 confirmed: the address changes and sessions end", func(t *testing.T) {
			seen := h.Version("m1.reader")
			out, err := h.confirm(token)
			if err != nil || !out.Done || out.Address != "Rita@Example.NET" {
				t.Fatalf("%+v, %v", out, err)
			}
			r := h.Row("m1.reader")
			if r.Email != "Rita@Example.NET" || r.Version != seen+1 || r.Epoch != 2 {
				t.Errorf("%s, version %d after %d, epoch %d", r.Email, r.Version, seen, r.Epoch)
			}
			if s, c := h.open("m1.reader"); s+c != 0 {
				t.Errorf("%d sessions and %d half-finished sign-ins", s, c)
			}
			for _, row := range h.Raw("reset_links") {
				if strings.Contains(row, "ended_at=<nil>") {
					t.Error("a reset link that went to the old address still works")
				}
			}
			if diff := cmp.Diff([]string{"email_changed m1.reader@example.com"}, slices.Sorted(maps.Keys(h.letters()))); diff != "" {
				t.Error(diff)
			}
			last := h.Last()
			if diff := cmp.Diff([]string{"email: m1.reader@example.com → Rita@Example.NET"}, h.changed()); diff != "" || last.Action != audit.EmailChanged || last.ActorID != h.User("m1.reader") {
				t.Errorf("%+v %s", last, diff)
			}
			h.View(func(tx *db.Tx) error {
				p, found, err := people.PersonByIdentifier(tx, "rita@example.net")
				if !found || p.ID != h.User("m1.reader") {
					t.Error("they do not sign in with the new address")
				}
				if _, found, _ := people.PersonByIdentifier(tx, "m1.reader@example.com"); found {
					t.Error("they sign in with the old address")
				}
				return err
			})
			for _, row := range h.Raw("email_changes") {
				if strings.Contains(row, "xample") {
					t.Errorf("the change keeps an address: %s", row)
				}
			}
		})
		t.Run("U7 the link works once", func(t *testing.T) {
			_, err := h.confirm(token)
			if told(err) != "link_used" || h.emailLink(token).Problem != "link_used" || h.Last().Outcome != audit.Refused || h.Last().Kind != "email_change" {
				t.Errorf("%v, %+v", err, h.Last())
			}
		})
		t.Run("U7 the old address is free again", func(t *testing.T) {
			if err := h.create(t, "m1.next", func(in *people.Invitee) { in.Email = "m1.reader@example.com" }); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestChangeEmailRefused(t *testing.T) {
	one(t, func(t *testing.T, h house) {
		who := h.Who("m1.administrator")
		for name, c := range map[string]struct{ label, address, want string }{
			"the same address":                      {"m1.reader", "M1.Reader@example.com", "invalid email:same_address"},
			"no address":                            {"m1.reader", "", "invalid email:required"},
			"what is none":                          {"m1.reader", "reader", "invalid email:email"},
			"a header in it":                        {"m1.reader", "a@example.com\r\nBcc: b@example.com", "invalid email:not_text"},
			"taken in this account":                 {"m1.reader", "m1.auditor@example.com", "invalid email:email_in_use"},
			"taken, with letters that are the same": {"m1.reader", "ｍ1.auditor@example.com", "invalid email:email_in_use"},
			"somebody deactivated":                  {"m1.deactivated", "d@example.net", "deactivated_user"},
			"A06 somebody of several accounts":      {"m1.both", "b@example.net", "details_of_several_accounts"},
		} {
			t.Run("U7 "+name, func(t *testing.T) {
				h.refused(t, c.want, audit.EmailChangeStarted, who, func() error {
					_, err := h.readdress("m1.administrator", c.label, c.address)
					return err
				})
				h.Messages()
			})
		}
		t.Run("A07 U7 one that is taken in another account is as good as any, until its link is opened there", func(t *testing.T) {
			kinds := func(address string) (out []string, token seal.Secret) {
				if _, err := h.readdress("m1.administrator", "m1.reader", address); err != nil {
					t.Fatal(told(err))
				}
				letters := h.letters()
				for letter := range letters {
					out = append(out, strings.TrimSuffix(letter, address))
				}
				slices.Sort(out)
				return out, seal.Secret(letters["email_confirm "+address].Data["token"])
			}
			free, _ := kinds("nobody@example.net")
			taken, token := kinds("ｍ2.Reader@example.com")
			if diff := cmp.Diff(free, taken); diff != "" {
				t.Error(diff)
			}
			if l := h.emailLink(token); l.Problem != "link_taken" || l.Address+l.Account != "" {
				t.Errorf("the page says %+v", l)
			}
			if _, err := h.confirm(token); told(err) != "link_taken" || h.Row("m1.reader").Email != "m1.reader@example.com" {
				t.Error(told(err))
			}
		})
		t.Run("U4 U7 where invitations to it are refused, it is", func(t *testing.T) {
			h.Set("M1", "email_in_use", "refuse")
			h.refused(t, "invalid email:email_in_use", audit.EmailChangeStarted, who, func() error {
				_, err := h.readdress("m1.administrator", "m1.reader", "m2.reader@example.com")
				return err
			})
			h.Set("M1", "email_in_use", "link")
		})
		t.Run("U7 look-alike letters are another address, as they are elsewhere", func(t *testing.T) {
			if _, err := h.readdress("m1.administrator", "m1.auditor", "m2.reаder@example.com"); err != nil { // a Cyrillic a
				t.Error(told(err))
			}
		})
		t.Run("U14 the first administrator's is theirs alone", func(t *testing.T) {
			h.demote()
			h.refused(t, "first_administrator", audit.EmailChangeStarted, who, func() error {
				_, err := h.readdress("m1.administrator", "m1.owner", "o@example.net")
				return err
			})
		})
	})
}

// TestEmailLink: what kills a link.
func TestEmailLink(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ask := func(t *testing.T, label, address string) seal.Secret {
			t.Helper()
			if _, err := h.readdress("m1.administrator", label, address); err != nil {
				t.Fatal(told(err))
			}
			return seal.Secret(h.letters()["email_confirm "+address].Data["token"])
		}
		dead := func(t *testing.T, token seal.Secret, want string) {
			t.Helper()
			before := h.State()
			if _, err := h.confirm(token); told(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
			if got := h.emailLink(token); got.Problem != want || got.Address+got.Account != "" {
				t.Errorf("the page says %+v, want %s", got, want)
			}
			if diff := cmp.Diff(before, h.State()); diff != "" {
				t.Error(diff)
			}
		}
		t.Run("U7 within 72 hours, to the microsecond", func(t *testing.T) {
			token := ask(t, "m1.reader", "late@example.net")
			h.clock.Advance(72*time.Hour - time.Microsecond)
			if l := h.emailLink(token); l.Problem != "" {
				t.Error(l.Problem)
			}
			h.clock.Advance(time.Microsecond)
			dead(t, token, "link_expired")
			if err := h.People.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
			if last := h.Last(); last.Action != audit.EmailChangeDropped || last.ActorKind != db.System || last.ID != h.User("m1.reader") {
				t.Errorf("%+v", last)
			}
			dead(t, token, "link_expired")
			entries := len(h.Raw("audit_entries"))
			if err := h.People.Sweep(t.Context()); err != nil || len(h.Raw("audit_entries")) != entries {
				t.Errorf("swept twice: %v", err)
			}
		})
		t.Run("U7 a newer one kills it", func(t *testing.T) {
			first := ask(t, "m1.reader", "first@example.net")
			second := ask(t, "m1.reader", "second@example.net")
			dead(t, first, "link_dropped")
			if _, err := h.confirm(second); err != nil {
				t.Error(told(err))
			}
			dead(t, first, "link_dropped")
		})
		t.Run("U7 the administrator drops it", func(t *testing.T) {
			token := ask(t, "m1.reader", "dropped@example.net")
			who := h.Who("m1.administrator")
			drop := func() error {
				return h.People.DropEmailChange(t.Context(), who, who.AccountID, h.User("m1.reader"), h.Version("m1.reader"))
			}
			if err := drop(); err != nil || h.Last().Action != audit.EmailChangeDropped {
				t.Fatal(err)
			}
			dead(t, token, "link_dropped")
			h.refused(t, "no_email_change", audit.EmailChangeDropped, who, drop)
		})
		t.Run("U7 deactivated meanwhile", func(t *testing.T) {
			token := ask(t, "m1.reader_a", "off@example.net")
			who := h.Who("m1.administrator")
			if err := h.People.Deactivate(t.Context(), who, who.AccountID, h.User("m1.reader_a"), h.Version("m1.reader_a"), ""); err != nil {
				t.Fatal(err)
			}
			dead(t, token, "link_dropped")
			if err := h.People.Reactivate(t.Context(), who, who.AccountID, h.User("m1.reader_a"), h.Version("m1.reader_a")); err != nil {
				t.Fatal(err)
			}
			dead(t, token, "link_dropped")
		})
		t.Run("A06 U7 in another account meanwhile", func(t *testing.T) {
			token := ask(t, "m1.reader_b", "taken.over@example.net")
			two := h.Who("m2.administrator")
			in := h.invitee("read_only")
			in.Email, in.Access = "m1.reader_b@example.com", h.access("M2", "read_only")
			id, err := h.People.Invite(t.Context(), two, two.AccountID, in)
			if err != nil {
				t.Fatal(err)
			}
			if l := h.emailLink(token); l.Problem != "" {
				t.Errorf("an invitation alone stops it: %s", l.Problem)
			}
			h.Add("m2.reader_b_of_m1", id)
			if err := h.Follow(h.newest(), h.Who("m2.reader_b_of_m1")); err != nil {
				t.Fatal(err)
			}
			dead(t, token, "link_dropped")
		})
		t.Run("U7 somebody else was quicker with the address", func(t *testing.T) {
			token := ask(t, "m1.auditor", "wanted@example.net")
			if err := h.create(t, "m1.quicker", func(in *people.Invitee) { in.Email = "Wanted@example.net" }); err != nil {
				t.Fatal(err)
			}
			if _, err := h.confirm(token); told(err) != "link_taken" {
				t.Error(told(err))
			}
			if got := h.Row("m1.auditor").Email; got != "m1.auditor@example.com" {
				t.Error(got)
			}
		})
		t.Run("an unknown one", func(t *testing.T) {
			for _, token := range []seal.Secret{"", "x", seal.Secret(strings.Repeat("A", 43)), "\x00\xff", h.Link("m1.reader")} {
				dead(t, token, "link_unknown")
			}
		})
	})
}

// TestOwnEmail: whoever no administrator may change the address of does it, at both addresses.
func TestOwnEmail(t *testing.T) {
	one(t, func(t *testing.T, h house) {
		own := func(label, address string) error {
			return h.People.ChangeOwnEmail(t.Context(), h.Who(label), address)
		}
		t.Run("U7 everybody else asks an administrator", func(t *testing.T) {
			for _, label := range []string{"m1.reader", "m1.administrator", "m1.access"} {
				h.refused(t, "email_by_administrator", audit.EmailChangeStarted, h.Who(label), func() error { return own(label, "mine@example.net") })
			}
		})
		t.Run("A6 U7 after a fresh authentication", func(t *testing.T) {
			who := h.Who("m1.both")
			who.Fresh = false
			h.refused(t, "needs_fresh", audit.EmailChangeStarted, who, func() error { return h.People.ChangeOwnEmail(t.Context(), who, "mine@example.net") })
		})
		t.Run("U7 refused as at every door", func(t *testing.T) {
			for address, want := range map[string]string{"both@example.com": "invalid email:same_address", "x": "invalid email:email"} {
				h.refused(t, want, audit.EmailChangeStarted, h.Who("m1.both"), func() error { return own("m1.both", address) })
			}
		})
		t.Run("A07 U7 that it is somebody else's they learn neither now nor at the old address", func(t *testing.T) {
			if err := own("m1.both", "m2.reader@example.com"); err != nil {
				t.Fatal(told(err))
			}
			letters := h.letters()
			old, now := seal.Secret(letters["email_confirm_old both@example.com"].Data["token"]), seal.Secret(letters["email_confirm m2.reader@example.com"].Data["token"])
			if l := h.emailLink(old); l.Problem != "" {
				t.Error(l.Problem)
			}
			if out, err := h.confirm(old); err != nil || out.Done {
				t.Errorf("%+v, %v", out, err)
			}
			if _, err := h.confirm(now); told(err) != "link_taken" || h.Row("m1.both").Email != "both@example.com" {
				t.Error(told(err))
			}
		})
		for _, order := range [][2]string{{"new", "old"}, {"old", "new"}} {
			t.Run("U7 of several accounts: confirmed at the "+order[0]+" address, then at the "+order[1], func(t *testing.T) {
				from, address := h.Row("m1.both").Email, order[0]+".first@example.net"
				h.session("m1.both")
				if err := own("m1.both", address); err != nil {
					t.Fatal(told(err))
				}
				letters := h.letters()
				tokens := map[string]seal.Secret{"new": seal.Secret(letters["email_confirm "+address].Data["token"]), "old": seal.Secret(letters["email_confirm_old "+from].Data["token"])}
				if tokens["new"] == "" || tokens["old"] == "" || tokens["new"] == tokens["old"] {
					t.Fatalf("%v", letters)
				}
				if l := h.emailLink(tokens["old"]); !l.Old || !l.Both || l.Address != address {
					t.Errorf("%+v", l)
				}
				for _, account := range []string{"M1", "M2"} { // the person's own affair
					h.View(func(tx *db.Tx) error {
						c, err := people.OpenEmailChange(tx, h.Account(account).ID, h.User("m1.both"))
						if c.ID != "" {
							t.Errorf("%s sees it", account)
						}
						return err
					})
				}
				out, err := h.confirm(tokens[order[0]])
				if err != nil || out.Done || h.Row("m1.both").Email != from {
					t.Fatalf("after one: %+v, %v, %s", out, err, h.Row("m1.both").Email)
				}
				if _, err := h.confirm(tokens[order[0]]); told(err) != "link_used" {
					t.Error(told(err))
				}
				out, err = h.confirm(tokens[order[1]])
				if err != nil || !out.Done || h.Row("m1.both").Email != address || h.Row("m2.both").Email != address {
					t.Errorf("after both: %+v, %v, %s", out, err, h.Row("m1.both").Email)
				}
				if s, _ := h.open("m1.both"); s != 0 {
					t.Errorf("%d sessions", s)
				}
				if _, told := h.letters()["email_changed "+from]; !told {
					t.Error("the old address is not told")
				}
			})
		}
		t.Run("U7 dropped by the person, and by nobody else", func(t *testing.T) {
			if err := own("m1.both", "again@example.net"); err != nil {
				t.Fatal(told(err))
			}
			who := h.Who("m1.administrator")
			h.refused(t, "no_email_change", audit.EmailChangeDropped, who, func() error {
				return h.People.DropEmailChange(t.Context(), who, who.AccountID, h.User("m1.both"), h.Version("m1.both"))
			})
			if err := h.People.DropOwnEmailChange(t.Context(), h.Who("m2.both")); err != nil {
				t.Error(told(err))
			}
			h.refused(t, "no_email_change", audit.EmailChangeDropped, h.Who("m1.both"), func() error { return h.People.DropOwnEmailChange(t.Context(), h.Who("m1.both")) })
		})
		t.Run("A05 A15 U7 an account that they were deleted from meanwhile learns nothing of it", func(t *testing.T) {
			from := h.Row("m1.both").Email
			if err := own("m1.both", "after.all@example.net"); err != nil {
				t.Fatal(told(err))
			}
			letters := h.letters()
			if err := h.delete(h.Who("m1.administrator"), "m1.both"); err != nil {
				t.Fatal(told(err))
			}
			deleted := h.Last().Seq
			for _, letter := range []string{"email_confirm after.all@example.net", "email_confirm_old " + from} {
				if l := h.emailLink(seal.Secret(letters[letter].Data["token"])); l.Account != h.Account("M2").Name {
					t.Errorf("the page names %q", l.Account)
				}
				if _, err := h.confirm(seal.Secret(letters[letter].Data["token"])); err != nil {
					t.Fatal(told(err))
				}
			}
			if h.Row("m2.both").Email != "after.all@example.net" {
				t.Error("it has not changed")
			}
			if m := h.letters()["email_changed "+from]; m.AccountID != h.Account("M2").ID || m.Data["account"] != h.Account("M2").Name {
				t.Errorf("the old address is told by %s", m.Data["account"])
			}
			h.View(func(tx *db.Tx) error {
				list, err := db.Column(tx, `SELECT action FROM audit_entries WHERE seq > $1 AND account_id = $2`, deleted, h.Account("M1").ID)
				if len(list) > 0 {
					t.Errorf("its log has %v", list)
				}
				return err
			})
		})
		t.Run("U14 U7 the first administrator, whom no other may change", func(t *testing.T) {
			if err := own("m1.owner", "owner@example.net"); err != nil {
				t.Fatal(told(err))
			}
			h.Set("M1", "first_administrator_protected", "false")
			h.refused(t, "email_by_administrator", audit.EmailChangeStarted, h.Who("m1.owner"), func() error { return own("m1.owner", "owner2@example.net") })
		})
	})
}
