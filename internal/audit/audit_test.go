package audit_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func each(t *testing.T, test func(t *testing.T, w *world.World, clock *testdb.Clock)) {
	t.Helper()
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			clock := testdb.NewClock(start)
			test(t, world.New(t, testdb.Open(t, dialect, testdb.Options{Clock: clock})), clock)
		})
	}
}

func TestRecord(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, _ *testdb.Clock) {
		who := db.Who{Kind: db.User, ID: w.User("m1.owner"), AccountID: "acc_1", IP: netip.MustParseAddr("2001:db8::1"), UserAgent: "a", RequestID: "r"}
		m1 := w.Account("M1")
		record := func(t *testing.T, who db.Who, e audit.Entry) audit.Found {
			t.Helper()
			if err := w.DB.Update(t.Context(), who, func(tx *db.Tx) error { return audit.Record(tx, e) }); err != nil {
				t.Fatal(err)
			}
			return w.Last()
		}
		e := audit.Entry{Action: audit.ProfileChanged, AccountID: m1.ID, Kind: "user", ID: "usr_x", Reason: "why", PersonID: w.User("m1.reader"), Changes: []audit.Change{
			{Field: "language", Before: "en", After: "fr"}, {Field: "same", Before: "a", After: "a"},
			{Field: "email", Before: "old-secret@example.com", After: "new-secret@example.com", Personal: true},
		}}
		t.Run("L1 who, from where, on what, before and after", func(t *testing.T) {
			got := record(t, who, e)
			want := audit.Found{Seq: got.Seq, At: start, ActorKind: db.User, ActorID: who.ID, ActorAccount: "acc_1", AccountID: m1.ID, EntityID: m1.EntityID,
				Action: audit.ProfileChanged, Outcome: audit.Done, Reason: "why", Kind: "user", ID: "usr_x", IP: "2001:db8::1", UserAgent: "a", RequestID: "r", Repeats: 1,
				PersonID: e.PersonID, Changes: []audit.Change{{Field: "language", Before: "en", After: "fr"}, {Field: "email", Before: "old-secret@example.com", After: "new-secret@example.com"}}}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("personal details are sealed, the same ones never alike", func(t *testing.T) {
			record(t, who, e)
			var rows, seals []string
			for _, r := range w.Raw("audit_entries") {
				if strings.Contains(r, "-secret@") {
					t.Errorf("a row holds the address: %s", r)
				}
				if strings.Contains(r, "target_id=usr_x ") {
					rows = append(rows, r)
					_, sealed, _ := strings.Cut(r, " personal=")
					seals = append(seals, sealed)
				}
			}
			if len(rows) != 2 || seals[0] == seals[1] || len(seals[0]) < 100 {
				t.Errorf("%d rows with personal details", len(rows))
			}
		})
		t.Run("an erased key erases the person, and nothing else", func(t *testing.T) {
			w.Do(func(tx *db.Tx) error {
				_, err := tx.Exec(`DELETE FROM person_keys WHERE user_id = $1`, e.PersonID)
				return err
			})
			for _, f := range w.Entries() {
				if f.ID != "usr_x" {
					continue
				}
				if !f.Erased || cmp.Diff([]audit.Change{{Field: "language", Before: "en", After: "fr"}}, f.Changes) != "" {
					t.Errorf("%+v", f)
				}
			}
		})
		t.Run("odd text from outside is kept as far as it is text", func(t *testing.T) {
			odd := who
			odd.UserAgent, odd.RequestID = "curl\x00\xff"+strings.Repeat("x", 1000), strings.Repeat("r", 1<<20)
			got := record(t, odd, audit.Entry{Action: audit.PageRefused, AccountID: "acc_\x00\xff", Kind: "page", ID: strings.Repeat("é\x00", 1<<20), Reason: "\xff", Changes: []audit.Change{{Field: "f", After: "a\x00\xffb"}}})
			want := []string{"curl\ufffd\ufffd" + strings.Repeat("x", 294), strings.Repeat("r", 100), strings.Repeat("é\ufffd", 50), "\ufffd", "acc_\ufffd\ufffd", "a\x00\ufffdb"}
			if diff := cmp.Diff(want, []string{got.UserAgent, got.RequestID, got.ID, got.Reason, got.AccountID, got.Changes[0].After}); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("nothing is recorded of what is not committed, and seq has no gaps", func(t *testing.T) {
			before := w.Last().Seq
			boom := errors.New("boom")
			err := w.DB.Update(t.Context(), who, func(tx *db.Tx) error {
				if err := audit.Record(tx, e); err != nil {
					return err
				}
				return boom
			})
			if !errors.Is(err, boom) || w.Last().Seq != before {
				t.Errorf("%v, seq %d after %d", err, w.Last().Seq, before)
			}
			for i, f := range slices.Backward(w.Entries()) {
				if f.Seq != before-int64(i) {
					t.Fatalf("entry %d has seq %d", i, f.Seq)
				}
			}
		})
	})
}

func TestRefuse(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, clock *testdb.Clock) {
		who := w.Who("m1.reader")
		e := audit.Entry{Action: audit.UserInvited, AccountID: who.AccountID, Kind: "account", ID: who.AccountID}
		refuse := func(who db.Who, e audit.Entry, err error) {
			if got := w.Log.Refuse(t.Context(), who, e, err); got != err {
				t.Errorf("gives back %v", got)
			}
		}
		since := func(seq int64) (out [][]any) {
			for _, f := range w.Entries() {
				if f.Seq > seq {
					out = append(out, []any{f.Reason, f.Repeats, f.ActorID})
				}
			}
			return out
		}
		missing := fault.Missing("users:create")
		seq := w.Last().Seq
		t.Run("L1 a refused attempt is kept at once, with its reason", func(t *testing.T) {
			refuse(who, e, missing)
			last := w.Last()
			if diff := cmp.Diff([]any{audit.Refused, "missing_permission users:create", int64(1), start}, []any{last.Outcome, last.Reason, last.Repeats, last.At}); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("the same again within a minute is counted", func(t *testing.T) {
			for range 41 {
				refuse(who, e, missing)
			}
			w.Log.Flush(t.Context())
			clock.Advance(time.Minute - time.Microsecond)
			refuse(who, e, missing)
			w.Log.Flush(t.Context())
			if diff := cmp.Diff([][]any{{"missing_permission users:create", int64(1), who.ID}}, since(seq)); diff != "" {
				t.Error(diff)
			}
			clock.Advance(time.Microsecond)
			w.Log.Flush(t.Context())
			if diff := cmp.Diff([][]any{{"missing_permission users:create", int64(42), who.ID}, {"missing_permission users:create", int64(1), who.ID}}, since(seq)); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("what differs is kept apart", func(t *testing.T) {
			seq := w.Last().Seq
			elsewhere := who
			elsewhere.IP = netip.MustParseAddr("192.0.2.99")
			other := e
			other.ID = "usr_other"
			refuse(who, e, missing)
			refuse(elsewhere, e, missing)
			refuse(w.Who("m1.auditor"), e, missing)
			refuse(who, other, missing)
			refuse(who, e, fault.New(fault.Conflict, "stale"))
			if got := since(seq); len(got) != 5 {
				t.Errorf("%d entries: %v", len(got), got)
			}
		})
		t.Run("what is not the caller's doing is not recorded", func(t *testing.T) {
			seq := w.Last().Seq
			clock.Advance(time.Hour)
			refuse(who, e, errors.New("broken"))
			refuse(who, e, fault.New(fault.Busy, "busy"))
			refuse(who, e, nil)
			if got := since(seq); len(got) != 0 {
				t.Errorf("%v", got)
			}
		})
		t.Run("an id of ten megabytes is cut, and counted as what it was cut to", func(t *testing.T) {
			big := e
			big.ID = strings.Repeat("x", 10<<20)
			seq := w.Last().Seq
			refuse(who, big, missing)
			big.ID += "y"
			refuse(who, big, missing)
			if got := since(seq); len(got) != 1 || len(w.Last().ID) != 100 {
				t.Errorf("%d entries, an id of %d", len(got), len(w.Last().ID))
			}
		})
		t.Run("a cancelled request is recorded all the same", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			seq := w.Last().Seq
			clock.Advance(time.Hour)
			w.Log.Refuse(ctx, who, e, missing)
			if got := since(seq); len(got) != 2 { // this one, and the counted ones from above
				t.Errorf("%v", got)
			}
		})
		t.Run("a hundred at once are one, and Close writes the rest", func(t *testing.T) {
			clock.Advance(time.Hour)
			w.Log.Flush(t.Context())
			seq := w.Last().Seq
			var group sync.WaitGroup
			for range 100 {
				group.Go(func() { w.Log.Refuse(context.WithoutCancel(t.Context()), who, e, missing) })
			}
			group.Wait()
			w.Log.Close(t.Context())
			if diff := cmp.Diff([][]any{{"missing_permission users:create", int64(99), who.ID}, {"missing_permission users:create", int64(1), who.ID}}, since(seq)); diff != "" {
				t.Error(diff)
			}
		})
	})
}

func TestRefuseTellsOfLoss(t *testing.T) {
	var out bytes.Buffer
	d := testdb.Open(t, testdb.SQLite, testdb.Options{})
	log := audit.New(d, slog.New(slog.NewTextHandler(&out, nil)))
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	log.Refuse(t.Context(), db.Who{}, audit.Entry{Action: audit.PageRefused}, fault.Missing("users:create"))
	if !strings.Contains(out.String(), "audit entry lost") {
		t.Errorf("the log says %q", out.String())
	}
}

func TestSearch(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, clock *testdb.Clock) {
		who := w.Who("m1.owner")
		clock.Advance(time.Hour)
		if err := w.People.Deactivate(t.Context(), who, who.AccountID, w.User("m1.reader"), w.Version("m1.reader"), ""); err != nil {
			t.Fatal(err)
		}
		search := func(q audit.Query) (out []audit.Found) {
			w.View(func(tx *db.Tx) (err error) {
				out, err = audit.Search(tx, q)
				return err
			})
			return out
		}
		over := func(entity string) []access.Reach {
			return []access.Reach{{Paths: []string{w.Entity(entity).Path}, AllLocations: true}}
		}
		t.Run("L1 only what lies within reach", func(t *testing.T) {
			for _, f := range search(audit.Query{Reach: over("M2"), Limit: 1000}) {
				if f.AccountID != w.Account("M2").ID {
					t.Errorf("M2's log holds %+v", f)
				}
			}
			if got := search(audit.Query{Limit: 1000}); got != nil {
				t.Errorf("no reach finds %d", len(got))
			}
			if got := search(audit.Query{Reach: []access.Reach{{}}, Limit: 1000}); got != nil {
				t.Errorf("an empty reach finds %d", len(got))
			}
			both := []access.Reach{{Paths: []string{w.Entity("M1").Path, w.Entity("M3").Path}}}
			if a, b, c := len(search(audit.Query{Reach: both, Limit: 1000})), len(search(audit.Query{Reach: over("M1"), Limit: 1000})), len(search(audit.Query{Reach: over("M3"), Limit: 1000})); a != b+c || b == 0 || c == 0 {
				t.Errorf("%d, %d, %d", a, b, c)
			}
		})
		m1 := over("M1")
		for name, c := range map[string]struct {
			q    audit.Query
			fits func(audit.Found) bool
		}{
			"actor":   {audit.Query{ActorID: who.ID}, func(f audit.Found) bool { return f.ActorID == who.ID }},
			"target":  {audit.Query{Target: w.User("m1.reader")}, func(f audit.Found) bool { return f.ID == w.User("m1.reader") }},
			"person":  {audit.Query{Person: w.User("m1.access")}, func(f audit.Found) bool { return f.ID == w.User("m1.access") || f.ActorID == w.User("m1.access") }},
			"action":  {audit.Query{Action: audit.UserInvited}, func(f audit.Found) bool { return f.Action == audit.UserInvited }},
			"actions": {audit.Query{Action: "user."}, func(f audit.Found) bool { return strings.HasPrefix(f.Action, "user.") }},
			"outcome": {audit.Query{Outcome: audit.Done}, func(f audit.Found) bool { return f.Outcome == audit.Done }},
			"from":    {audit.Query{From: start.Add(time.Hour)}, func(f audit.Found) bool { return !f.At.Before(start.Add(time.Hour)) }},
			"until":   {audit.Query{Until: start.Add(time.Hour)}, func(f audit.Found) bool { return f.At.Before(start.Add(time.Hour)) }},
			"all":     {audit.Query{Outcome: audit.Done, ActorID: who.ID, Action: audit.UserDeactivated, From: start.Add(time.Hour)}, func(f audit.Found) bool { return f.At.Equal(start.Add(time.Hour)) }},
		} {
			t.Run("L1 by "+name, func(t *testing.T) {
				var want, got []int64
				for _, f := range search(audit.Query{Reach: m1, Limit: 1000}) {
					if c.fits(f) {
						want = append(want, f.Seq)
					}
				}
				c.q.Reach, c.q.Limit = m1, 7 // page by page
				for {
					page := search(c.q)
					for _, f := range page {
						got = append(got, f.Seq)
					}
					if len(page) < 7 {
						break
					}
					c.q.Before = page[6].Seq
				}
				if diff := cmp.Diff(want, got); diff != "" || len(want) == 0 {
					t.Errorf("%d expected: %s", len(want), diff)
				}
			})
		}
		t.Run("what is no text finds nothing", func(t *testing.T) {
			for _, q := range []audit.Query{{ActorID: "\x00"}, {Target: "\xff"}, {Person: "\x00"}, {Action: "user.\x00."}, {Outcome: "\xff"}} {
				q.Reach, q.Limit = m1, 1000
				if got := search(q); got != nil {
					t.Errorf("%+v finds %d", q, len(got))
				}
			}
		})
	})
}

func TestActionsHaveWords(t *testing.T) {
	seen := map[string]bool{}
	for _, a := range audit.Actions {
		if seen[a] {
			t.Errorf("%s stands there twice", a)
		}
		seen[a] = true
		for _, tag := range lang.All() {
			if strings.HasPrefix(lang.T(tag, "action."+a), "[") {
				t.Errorf("%s has no words in %s", a, tag)
			}
		}
	}
}
