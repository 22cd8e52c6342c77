package find_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/find"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/seal"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

func each(t *testing.T, test func(t *testing.T, w *world.World)) {
	testdb.Each(t, func(t *testing.T, d *db.DB) { test(t, world.New(t, d)) })
}

// looking is somebody who looks from inside their account.
func looking(w *world.World, label string) find.Asking {
	who := w.Who(label)
	account, _, _ := strings.Cut(label, ".")
	return find.Asking{Account: w.Account(strings.ToUpper(account)), Snapshot: w.Live.Load(), Question: org.Asks(who, w.DB.Now(), who.AccountID), Lang: lang.English}
}

// join adds somebody with a role over all of their account.
func join(t *testing.T, w *world.World, label, role string) {
	t.Helper()
	account := strings.ToUpper(label[:strings.Index(label, ".")])
	id, err := w.People.Invite(t.Context(), w.Who(strings.ToLower(account)+".owner"), w.Account(account).ID, people.Invitee{FirstName: "Nina", LastName: "New", Email: label + "@example.com", Language: "en",
		Access: people.Access{Roles: []string{w.Role(account, role)}, AllEntities: true, Acknowledged: true}})
	if err != nil {
		t.Fatal(err)
	}
	w.Add(label, id)
	if err := w.Follow(seal.Secret(w.Messages()[0].Data["token"]), w.Who(label)); err != nil {
		t.Fatal(err)
	}
}

func told(h find.Hit) string {
	out := string(h.Kind) + " " + h.Name + " in " + h.CustomerID
	if h.Exact {
		out += " exactly"
	}
	return out
}

func TestFind(t *testing.T) {
	each(t, func(t *testing.T, w *world.World) {
		join(t, w, "m1.disputes", "disputes")
		finder := find.Finder{People: w.People, Profiles: w.Profiles}
		all := func(label, text string, limit int) (out []string, r find.Result) {
			t.Helper()
			w.View(func(tx *db.Tx) (err error) {
				r, err = finder.Find(tx, looking(w, label), text, limit)
				return err
			})
			for _, h := range r.Hits {
				out = append(out, told(h))
			}
			return out, r
		}
		for _, c := range []struct {
			name, label, text string
			want              []string
		}{
			{"an operator, an account by its customer ID", "platform.owner", "m1", []string{"account Account M1 in PLATFORM exactly", "entity Entity M1-A in PLATFORM", "entity Entity M1-A-1 in PLATFORM", "entity Entity M1-B in PLATFORM"}},
			{"by its id", "platform.owner", w.Account("M2").ID, []string{"account Account M2 in PLATFORM exactly"}},
			{"by its entity's id", "platform.owner", w.Entity("M2").ID, []string{"account Account M2 in PLATFORM exactly"}},
			{"a merchant's own entity", "m1.owner", "M1-B", []string{"entity Entity M1-B in M1 exactly"}},
			{"a role, in words", "m1.owner", "operations", []string{"user Operations M1 in M1", "role Operations in M1"}},
			{"a person by id", "m1.owner", w.User("m1.reader"), []string{"user Reader M1 in M1 exactly"}},
			{"a person by address, of an account below", "partner.owner", "M3.READER@example.com", []string{"user Reader M3 in M3 exactly"}},
			{"a person of two accounts, by address, from above", "partner.owner", "both@example.com", []string{"user Both M1 in M1 exactly", "user Both M1 in M2 exactly"}},
			{"the same, from inside one of them", "m1.owner", "both@example.com", []string{"user Both M1 in M1 exactly"}},
			{"nothing", "m1.owner", " ", nil},
			{"A07 another merchant's person, by address", "m1.owner", "m2.reader@example.com", nil},
			{"A07 by id", "m1.owner", w.User("m2.reader"), nil},
			{"A07 another's entity by id", "m1.owner", w.Entity("M2-A").ID, nil},
			{"A09 the account above", "partner.owner", "FAC", nil},
			{"A09 an entity beside one's own part", "m1.limited", "M1-B", nil},
			{"somebody without the right to see users", "m1.operations", "m1.reader@example.com", nil},
			{"somebody without the right to see entities", "m1.disputes", "m1", nil},
		} {
			t.Run(c.name, func(t *testing.T) {
				got, _ := all(c.label, c.text, 10)
				if diff := cmp.Diff(c.want, got); diff != "" {
					t.Error(diff)
				}
			})
		}
		t.Run("one is meant when one alone is exact", func(t *testing.T) {
			for text, want := range map[string]string{"m1": "account Account M1 in PLATFORM exactly", "both@example.com": "", "m": "", "nosuch": ""} {
				_, r := all("platform.owner", text, 10)
				if h, ok := r.One(); ok != (want != "") || ok && told(h) != want {
					t.Errorf("%q: %v %s", text, ok, told(h))
				}
			}
		})
		t.Run("more are told of", func(t *testing.T) {
			_, r := all("m1.owner", "m1", 2)
			if len(r.Of(find.User)) != 2 || !r.More[find.User] || len(r.Of(find.Entity)) < 2 || !r.More[find.Entity] || r.More[find.Role] {
				t.Errorf("%v", r)
			}
		})
		t.Run("A07 an invited person is not found by the address that they have elsewhere since", func(t *testing.T) {
			_, err := w.People.Invite(t.Context(), w.Who("m1.owner"), w.Account("M1").ID, people.Invitee{FirstName: "Typed", Email: "m2.reader@example.com", Language: "en",
				Access: people.Access{Roles: []string{w.Role("M1", "read_only")}, AllEntities: true, Acknowledged: true}})
			if err != nil {
				t.Fatal(err)
			}
			w.Messages()
			if _, err := w.People.ChangeEmail(t.Context(), w.Who("m2.owner"), w.Account("M2").ID, w.User("m2.reader"), w.Version("m2.reader"), "newer@example.net"); err != nil {
				t.Fatal(err)
			}
			for _, m := range w.Messages() {
				if token := m.Data["token"]; token != "" {
					if _, err := w.People.ConfirmEmail(t.Context(), db.Who{Kind: db.Nobody}, seal.Secret(token)); err != nil {
						t.Fatal(err)
					}
				}
			}
			for text, want := range map[string][]string{
				"newer@example.net":     nil,
				"m2.reader@example.com": {"user Typed in M1 exactly"},
			} {
				if got, _ := all("m1.owner", text, 10); cmp.Diff(want, got) != "" {
					t.Errorf("%s: %v", text, got)
				}
			}
			if got, _ := all("partner.owner", "newer@example.net", 10); cmp.Diff([]string{"user Reader M2 in M2 exactly"}, got) != "" {
				t.Errorf("from above: %v", got)
			}
		})
		t.Run("A15 what is no text, or too long", func(t *testing.T) {
			w.View(func(tx *db.Tx) error {
				for _, text := range []string{"\x00", "\xff", strings.Repeat("x", 201), strings.Repeat("x", 1_000_000)} {
					if _, err := finder.Find(tx, looking(w, "m1.owner"), text, 10); fault.CodeOf(err) != "invalid" {
						t.Errorf("%.10q: %v", text, err)
					}
				}
				return nil
			})
		})
	})
}

// TestNames holds that a log's ids get the names that its reader may know.
func TestNames(t *testing.T) {
	each(t, func(t *testing.T, w *world.World) {
		name := func(account, id string) (n find.Named) {
			t.Helper()
			w.View(func(tx *db.Tx) error {
				names, err := find.Names(tx, w.Profiles, lang.French, w.Account(account).Path, []audit.Found{{ActorID: id}, {Changes: []audit.Change{{After: "x " + id + " y"}}}})
				n = names[id]
				return err
			})
			return n
		}
		token, _, err := w.Org.CreateToken(t.Context(), w.Who("m2.owner"), w.Account("M2").ID, org.Decisions, "Till", time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		var location string
		w.View(func(tx *db.Tx) error {
			list, err := org.Locations(tx, w.Account("M2").ID)
			location = list[0].ID
			return err
		})
		for _, c := range []struct{ what, id, want, beside string }{
			{"a person", w.User("m2.reader"), "Reader M2", ""},
			{"an operator, as those below know them", w.User("platform.owner"), "Olga Platform", "Olga Platform"},
			{"an account", w.Account("M2").ID, "Account M2 M2", ""},
			{"an entity", w.Entity("M2-A").ID, "Entity M2-A M2-A", ""},
			{"a role, in words", w.Role("M2", "auditor"), "Auditeur M2", ""},
			{"a token", token.ID, "Till M2", ""},
			{"a place", location, "M2-A shop M2-A", ""},
			{"what there is not", "usr_00000000000000000000000000", "", ""},
		} {
			t.Run(c.what, func(t *testing.T) {
				for account, want := range map[string]string{"M2": c.want, "PLATFORM": c.want, "M1": c.beside} {
					n := name(account, c.id)
					if got := strings.TrimSpace(n.Name + " " + n.CustomerID); got != want {
						t.Errorf("A07 in %s it is %q, want %q", account, got, want)
					}
				}
			})
		}
		t.Run("L1 somebody who was deleted is named, and said to be", func(t *testing.T) {
			join(t, w, "m2.disputes", "disputes")
			id := w.User("m2.disputes")
			if err := w.People.Delete(t.Context(), w.Who("m2.owner"), w.Account("M2").ID, id, w.Version("m2.disputes")); err != nil {
				t.Fatal(err)
			}
			for account, want := range map[string]find.Named{"M2": {Name: "Nina New (supprimé)", Gone: true}, "PLATFORM": {Name: "Nina New (supprimé)", Gone: true}, "M1": {}} {
				if got := name(account, id); got != want {
					t.Errorf("A07 in %s it is %+v, want %+v", account, got, want)
				}
			}
		})
		t.Run("a thousand at once", func(t *testing.T) {
			var list []audit.Found
			for i := range 1200 {
				list = append(list, audit.Found{ID: fmt.Sprintf("ent_%026d", i)})
			}
			list = append(list, audit.Found{ID: w.Entity("M2-A").ID})
			w.View(func(tx *db.Tx) error {
				names, err := find.Names(tx, w.Profiles, lang.English, w.Account("M2").Path, list)
				if len(names) != 1 {
					t.Errorf("%v", names)
				}
				return err
			})
		})
	})
}

func TestWords(t *testing.T) {
	zurich, err := time.LoadLocation("Europe/Zurich")
	if err != nil {
		t.Fatal(err)
	}
	const rol, ent, other, usr = "rol_00000000000000000000000001", "ent_00000000000000000000000001", "ent_00000000000000000000000002", "usr_00000000000000000000000001"
	w := find.Words{Lang: lang.English, Zone: zurich, Names: map[string]find.Named{rol: {Name: "Support"}, ent: {Name: "Quay"}, usr: {Name: "Ada"}}}
	at := fmt.Sprint(time.Date(2026, 3, 4, 14, 5, 0, 0, time.UTC).UnixMicro())
	for _, c := range []struct {
		name   string
		change audit.Change
		want   find.Difference
	}{
		{"L1 roles are a list, with names", audit.Change{Field: "roles", Before: rol + " over all entities", After: rol + " over " + ent + " " + other},
			find.Difference{Label: "Roles", List: true, Added: []string{"Support (Quay, " + other + ")"}, Removed: []string{"Support (all entities)"}}},
		{"L1 what stays in a list is not told", audit.Change{Field: "roles", Before: rol + " over " + ent, After: rol + " over " + ent + "; " + rol + " over all entities until " + at},
			find.Difference{Label: "Roles", List: true, Added: []string{"Support (all entities) until 4 Mar 2026, 15:05"}}},
		{"L1 a word of ours", audit.Change{Field: "environment", Before: "test", After: "live"}, find.Difference{Label: "Environment", Before: "Test", After: "Live"}},
		{"L1 a time, where the reader is", audit.Change{Field: "expires_at", After: at}, find.Difference{Label: "expires_at", After: "4 Mar 2026, 15:05"}},
		{"L1 an id within a text", audit.Change{Field: "name", Before: "of " + usr, After: other}, find.Difference{Label: "Name", Before: "of Ada", After: other}},
		{"a value that is none of ours", audit.Change{Field: "environment", After: "moon"}, find.Difference{Label: "Environment", After: "moon"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff([]find.Difference{c.want}, w.Changes(audit.Found{Changes: []audit.Change{c.change}})); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("L1 who, what, to whom, how it ended and why", func(t *testing.T) {
		for _, c := range []struct {
			f    audit.Found
			want []string
		}{
			{audit.Found{Action: audit.UserInvited, Outcome: audit.Done, ActorKind: db.User, ActorID: usr, Kind: "entity", ID: ent, Reason: "asked for"}, []string{"Ada", "Invited a user", "Quay", "done", "asked for"}},
			{audit.Found{Action: audit.UserInvited, Outcome: audit.Refused, ActorKind: db.User, ActorID: "usr_x", Reason: "missing_permission users:create"},
				[]string{"Somebody who is not in this account", "Refused attempt: Invited a user", "", "refused", "Permission missing: Invite users (users:create)"}},
			{audit.Found{Action: audit.SignInFailed, Outcome: audit.Refused, ActorKind: db.Nobody, Kind: "user", ID: usr}, []string{"Somebody not signed in", "Tried to sign in", "Ada", "failed", ""}},
			{audit.Found{Action: "made.up", Outcome: audit.Done, ActorKind: "made up", Kind: "page", ID: "activity"}, []string{"made up", "made.up", "activity", "done", ""}},
		} {
			if diff := cmp.Diff(c.want, []string{w.Actor(c.f), w.What(c.f), w.Target(c.f), find.Outcome(c.f), w.Reason(c.f)}); diff != "" {
				t.Error(diff)
			}
		}
	})
}

func TestIDs(t *testing.T) {
	const id = "usr_00000000000000000000000001"
	for text, want := range map[string]bool{id: true, id + " ": false, "x" + id: false, "USR_00000000000000000000000001": false, "usr_1": false, "": false, id + id: false} {
		if find.IsID(text) != want {
			t.Errorf("%q: %v", text, !want)
		}
	}
}
