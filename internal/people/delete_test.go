//go:build !race

package people_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/seal"
)

func TestDelete(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who := h.Who("m1.administrator")
		id, member := h.User("m1.reader"), h.Row("m1.reader").Member.ID
		h.everything("m1.reader")
		before := h.Live.Load().Revision()
		t.Run("U10 gone from the account, with all that hangs on them", func(t *testing.T) {
			if err := h.delete(who, "m1.reader"); err != nil {
				t.Fatal(err)
			}
			if got := told(h.found(t, id)); got != "not_found" {
				t.Errorf("reading them: %s", got)
			}
			h.View(func(tx *db.Tx) error {
				page, err := h.People.List(tx, h.Account("M1"), people.Query{Limit: 200})
				if slices.ContainsFunc(page.Rows, func(r people.Row) bool { return r.ID() == id }) {
					t.Error("still in the list")
				}
				return err
			})
			// What is left: the tombstone, who they were (until they are erased), and what was queued and sent.
			want := []string{"access_changes", "deleted_users", "email_changes", "outbox", "password_history", "person_keys", "users"}
			if diff := cmp.Diff(want, h.holding(id, member)); diff != "" {
				t.Error(diff)
			}
			for _, r := range h.Raw("email_changes") {
				if strings.Contains(r, "pending@") || strings.Contains(r, "dropped_at=<nil>") {
					t.Errorf("an address is still about to change: %s", r)
				}
			}
		})
		t.Run("U10 every decision is deny at once", func(t *testing.T) {
			q := access.Question{Within: h.Account("M1").ID, User: id, Now: h.DB.Now(), Permission: access.MustParse("payments:view"), Entity: h.Entity("M1-A").ID}
			if d := access.Decide(h.Live.Load(), q); d.Allowed || d.Reasons&access.UnknownUser == 0 || d.Revision != before+1 {
				t.Errorf("%v at %d after %d", d.Codes(), d.Revision, before)
			}
		})
		t.Run("U10 the entry tells who was deleted by whom", func(t *testing.T) {
			last := h.Last()
			changes := map[string]string{}
			for _, c := range last.Changes {
				changes[c.Field] = c.Before
			}
			want := map[string]string{"first_name": "Reader", "last_name": "M1", "email": "m1.reader@example.com", "roles": h.Role("M1", "read_only") + " over all entities", "properties": "department = Sales"}
			if diff := cmp.Diff(want, changes); diff != "" || last.Action != audit.UserDeleted || last.ActorID != who.ID || last.ID != id {
				t.Errorf("%+v: %s", last, diff)
			}
		})
		t.Run("U10 nothing is left to sign in with", func(t *testing.T) {
			for _, identifier := range []string{"m1.reader@example.com", id, strings.ToUpper(id), "usr_", ""} {
				h.View(func(tx *db.Tx) error {
					p, found, err := people.PersonByIdentifier(tx, identifier)
					if found {
						t.Errorf("%q finds %s", identifier, p.ID)
					}
					return err
				})
			}
		})
		t.Run("T-8.2.1 U10 the same address is another user, and old entries name the old one", func(t *testing.T) {
			in := h.invitee("read_only")
			in.FirstName, in.Email = "Rita", "m1.reader@example.com"
			again, err := h.People.Invite(t.Context(), who, who.AccountID, in)
			if err != nil || again == id {
				t.Fatalf("%s, %v", again, err)
			}
			if diff := cmp.Diff(map[string]string{id: "Reader M1"}, h.names(t, "M1", id, again, "usr_none", "\x00")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(map[string]string{id: "Reader M1"}, h.names(t, "PLATFORM", id)); diff != "" {
				t.Errorf("seen from above: %s", diff)
			}
			if diff := cmp.Diff(map[string]string{}, h.names(t, "M2", id)); diff != "" {
				t.Errorf("seen from beside: %s", diff)
			}
		})
		t.Run("U10 somebody who never came in", func(t *testing.T) {
			link := h.Link("m1.invited")
			if err := h.delete(who, "m1.invited"); err != nil {
				t.Fatal(err)
			}
			h.View(func(tx *db.Tx) error {
				_, found, err := people.InvitationByHash(tx, seal.HashToken(people.LinkPurpose, link.Reveal()))
				if found {
					t.Error("their link is still known")
				}
				return err
			})
		})
		t.Run("U10 the account may have switched it off", func(t *testing.T) {
			h.Set("M1", "deletion", "false")
			defer h.Set("M1", "deletion", "true")
			h.refused(t, "deletion_off", audit.UserDeleted, who, func() error { return h.delete(who, "m1.auditor") })
		})
		t.Run("U10 a second time there is nobody", func(t *testing.T) {
			h.refused(t, "not_found", audit.UserDeleted, who, func() error {
				return h.People.Delete(t.Context(), who, who.AccountID, id, 1)
			})
		})
	})
}

// TestDeleteOfSeveral: a person of several accounts goes from one (attacks.md, A05).
func TestDeleteOfSeveral(t *testing.T) {
	one(t, func(t *testing.T, h house) {
		who := h.Who("m1.administrator")
		h.factor("m1.both")
		h.session("m1.both")
		h.session("m2.both")
		other := h.Row("m2.both")
		t.Run("A05 U10 their other account is untouched, and they stay signed in there", func(t *testing.T) {
			person := h.rowsOf("users", h.User("m1.both"))
			if err := h.delete(who, "m1.both"); err != nil {
				t.Fatal(err)
			}
			now := h.Row("m2.both")
			now.AccountsOfPerson = other.AccountsOfPerson // which is one less, and all that may differ
			if diff := cmp.Diff(other, now, cmpopts.IgnoreUnexported(people.Row{})); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(person, h.rowsOf("users", h.User("m2.both"))); diff != "" {
				t.Errorf("the person: %s", diff)
			}
			if !h.Decide("m2.both", "payments:view", "M2-A").Allowed || h.Decide("m2.both", "payments:view", "M1-A").Allowed {
				t.Error("not what they have in the other account alone")
			}
			var accounts []string
			h.View(func(tx *db.Tx) (err error) {
				accounts, err = db.Column(tx, `SELECT account_id FROM sessions WHERE user_id = $1 ORDER BY created_at`, h.User("m2.both"))
				return err
			})
			if diff := cmp.Diff([]string{h.Account("M2").ID, h.Account("M2").ID}, accounts); diff != "" {
				t.Errorf("their sessions: %s", diff)
			}
		})
		t.Run("U10 invited again, they are the same person", func(t *testing.T) {
			in := h.invitee("read_only")
			in.Email = "both@example.com"
			id, err := h.People.Invite(t.Context(), who, who.AccountID, in)
			if err != nil || id != h.User("m2.both") {
				t.Errorf("%s, %v", id, err)
			}
			if name := h.Row("m1.both").Name(); name != "Ada Lovelace" {
				t.Errorf("seen as %s before they come in", name)
			}
		})
		t.Run("U10 out of the last account, all of it ends", func(t *testing.T) {
			if err := h.delete(who, "m1.both"); err != nil {
				t.Fatal(err)
			}
			if err := h.delete(h.Who("m2.administrator"), "m2.both"); err != nil {
				t.Fatal(err)
			}
			if s, c := h.open("m2.both"); s+c != 0 {
				t.Errorf("%d sessions and %d half-finished sign-ins", s, c)
			}
			want := map[string]string{h.User("m2.both"): "Ada Lovelace"} // as this account called them last
			if diff := cmp.Diff(want, h.names(t, "M1", h.User("m2.both"))); diff != "" {
				t.Error(diff)
			}
			want[h.User("m2.both")] = "Both M1" // as they called themselves
			if diff := cmp.Diff(want, h.names(t, "M2", h.User("m2.both"))); diff != "" {
				t.Error(diff)
			}
		})
	})
}

// TestDeleteParent: whoever stood below a deleted user stands below the account's first.
func TestDeleteParent(t *testing.T) {
	one(t, func(t *testing.T, h house) {
		h.demote()
		h.Set("M1", "first_administrator_protected", "false")
		above := func(child, parent string) {
			c, p := h.Row(child).Member.ID, h.Row(parent).Member.ID
			h.Do(func(tx *db.Tx) error {
				_, err := tx.Exec(`UPDATE memberships SET parent_id = $1 WHERE id = $2`, p, c)
				return err
			})
		}
		above("m1.reader", "m1.operations")
		above("m1.owner", "m1.operations") // the first user has nobody above them afterwards
		who := h.Who("m1.administrator")
		if err := h.delete(who, "m1.operations"); err != nil {
			t.Fatal(err)
		}
		if got, want := h.Row("m1.reader").ParentID, h.Row("m1.owner").Member.ID; got != want {
			t.Errorf("U10 the child is below %q, want %q", got, want)
		}
		if got := h.Row("m1.owner").ParentID; got != "" {
			t.Errorf("U10 the first user is below %q", got)
		}
		above("m1.reader_a", "m1.owner")
		if err := h.delete(who, "m1.owner"); err != nil {
			t.Fatal(err)
		}
		if got := h.Row("m1.reader").ParentID + h.Row("m1.reader_a").ParentID; got != "" {
			t.Errorf("U10 below %q, where there is no first user any more", got)
		}
	})
}
