package people_test

import (
	"context"
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
	"countersign/internal/seal"
)

func (h house) delete(who db.Who, label string) error {
	return h.People.Delete(context.WithoutCancel(h.t.Context()), who, who.AccountID, h.User(label), h.Version(label))
}

// holding are the tables in which a row names a user or their membership.
func (h house) holding(ids ...string) (tables []string) {
	for table, rows := range h.State() {
		for _, row := range rows {
			if slices.ContainsFunc(ids, func(id string) bool { return strings.Contains(row, id) }) && !slices.Contains(tables, table) {
				tables = append(tables, table)
			}
		}
	}
	slices.Sort(tables)
	return tables
}

// found looks for a user of M1; a deleted one is none.
func (h house) found(t *testing.T, userID string) error {
	t.Helper()
	return h.DB.View(t.Context(), func(tx *db.Tx) error {
		_, err := h.People.Get(tx, h.Account("M1"), userID)
		return err
	})
}

// names are what deleted people are called on the pages of an account.
func (h house) names(t *testing.T, account string, ids ...string) (names map[string]string) {
	t.Helper()
	path := h.Account(account).Path
	h.View(func(tx *db.Tx) (err error) {
		names, err = people.DeletedNames(tx, path, ids)
		return err
	})
	return names
}

// everything gives somebody of M1 something in every table that hangs on them.
func (h house) everything(label string) {
	id, a, m := h.User(label), h.Account("M1").ID, h.Row(label).Member.ID
	h.factor(label)
	h.session(label)
	h.Do(func(tx *db.Tx) error {
		for _, q := range []string{
			`INSERT INTO membership_ips (account_id, membership_id, network) VALUES ('` + a + `', '` + m + `', '192.0.2.0/24')`,
			`INSERT INTO membership_locations (account_id, membership_id, location_id) SELECT '` + a + `', '` + m + `', id FROM locations WHERE account_id = '` + a + `'`,
			`INSERT INTO password_history (user_id, set_at, hash) VALUES ('` + id + `', 1, 'old')`,
			`INSERT INTO recovery_codes (user_id, number, salt, hash, created_at) VALUES ('` + id + `', 1, 's', 'h', 1)`,
			`INSERT INTO reset_links (id, user_id, account_id, token_hash, by_administrator, created_at, created_by, expires_at) VALUES ('rst', '` + id + `', '` + a + `', 't', TRUE, 1, 'x', 2)`,
			`INSERT INTO drafts (hash, user_id, sealed, created_at, expires_at) VALUES ('d', '` + id + `', 's', 1, 2)`,
			`INSERT INTO preferences (user_id, name, value) VALUES ('` + id + `', 'n', 'v')`,
			`INSERT INTO signin_attempts (user_id, failed, updated_at) VALUES ('` + id + `', 3, 1)`,
		} {
			if _, err := tx.Exec(q); err != nil {
				return err
			}
		}
		tx.ChangedUser(id)
		return nil
	})
	if _, err := h.People.ChangeEmail(h.t.Context(), h.Who("m1.administrator"), a, id, h.Version(label), "pending@example.net"); err != nil {
		h.t.Fatal(err)
	}
	h.Messages()
}

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
			want := map[string]string{"first_name": "Reader", "last_name": "M1", "email": "m1.reader@example.com", "roles": h.Role("M1", "read_only") + " over all entities"}
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
			if diff := cmp.Diff(other, now, cmp.AllowUnexported(people.Row{})); diff != "" {
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

// rowsOf are the rows of a table about somebody, as text.
func (h house) rowsOf(table, id string) (rows []string) {
	for _, r := range h.Raw(table) {
		if strings.Contains(r, id) {
			rows = append(rows, r)
		}
	}
	return rows
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

func TestDeleteAdministrators(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.demote()
		who := h.Who("m1.administrator")
		t.Run("U14 U10 the first administrator stays", func(t *testing.T) {
			h.refused(t, "first_administrator", audit.UserDeleted, who, func() error { return h.delete(who, "m1.owner") })
		})
		h.Set("M1", "first_administrator_protected", "false")
		until := h.clock.Now().Add(time.Hour).UnixMicro()
		takers := append(h.administrators(t, 3, until), h.administrators(t, 2, 0)...)
		takers = append(takers, "m1.owner", "m1.administrator")
		counting := takers[3:]
		seen := map[string]int64{}
		for _, label := range takers {
			seen[label] = h.Version(label)
		}
		var mu sync.Mutex
		answers := map[string]int{}
		var group sync.WaitGroup
		for i := range 60 {
			taker, target := h.Who(takers[i%len(takers)]), counting[i%len(counting)]
			group.Go(func() {
				code := told(h.People.Delete(context.WithoutCancel(t.Context()), taker, taker.AccountID, h.User(target), seen[target]))
				mu.Lock()
				defer mu.Unlock()
				answers[code]++
			})
		}
		group.Wait()
		if left := h.countAdministrators(t); left < 1 {
			t.Fatalf("U14: %d active administrators are left", left)
		}
		for _, label := range counting { // whoever is left is taken one by one: the last stays
			if h.found(t, h.User(label)) == nil {
				answers[told(h.delete(h.Who(takers[0]), label))]++
			}
		}
		if left := h.countAdministrators(t); left != 1 {
			t.Errorf("U14: %d active administrators are left at the end", left)
		}
		if answers["last_administrator"] == 0 || answers["done"] == 0 {
			t.Errorf("U14: nobody was told last_administrator, or nothing was done: %v", answers)
		}
		for code := range answers {
			if !slices.Contains([]string{"done", "last_administrator", "own_access", "not_found", "stale"}, code) {
				t.Errorf("U14: somebody was told %q", code)
			}
		}
	})
}
