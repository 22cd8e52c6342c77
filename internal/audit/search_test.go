package audit_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
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

// scatter writes entries of every kind at times that do not always grow, and
// gives the whole log, the newest first.
func scatter(t *testing.T, w *world.World, clock *testdb.Clock, random *rand.Rand, n int) []audit.Found {
	t.Helper()
	pick := func(list ...string) string { return list[random.IntN(len(list))] }
	people := []string{"m1.owner", "m1.reader", "m2.owner", "m3.owner", "platform.owner", "partner.owner"}
	places := []string{"M1", "M1-A", "M2", "M3", "M3-B", "PARTNER", "FAC", "PLATFORM"}
	for range n {
		clock.Set(clock.Now().Add(time.Duration(random.IntN(50)-10) * time.Minute))
		e := w.Entity(pick(places...))
		entry := audit.Entry{Action: pick(audit.UserInvited, audit.SignedIn, audit.FactorReset, audit.EntityCreated), AccountID: e.AccountID, EntityID: e.ID, Kind: "user", ID: w.User(pick(people...))}
		who := w.Who(pick(people...))
		who.RequestID = fmt.Sprintf("req_%d", random.IntN(5))
		if random.IntN(3) == 0 {
			w.Log.Refuse(t.Context(), who, entry, fault.Missing("users:create"))
			continue
		}
		if err := w.DB.Update(t.Context(), who, func(tx *db.Tx) error { return audit.Record(tx, entry) }); err != nil {
			t.Fatal(err)
		}
	}
	w.Log.Close(t.Context())
	var all []audit.Found
	w.View(func(tx *db.Tx) (err error) {
		all, err = audit.Search(tx, audit.Query{Reach: []access.Reach{{Paths: []string{w.Entity("PLATFORM").Path}}}, Limit: 1000})
		return err
	})
	return all
}

// TestLook compares what is found by every kind of index, in both directions,
// with what going through the whole log finds.
func TestLook(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, clock *testdb.Clock) {
		random := rand.New(rand.NewPCG(7, 11))
		all := scatter(t, w, clock, random, 150)
		paths := map[string]string{}
		w.View(func(tx *db.Tx) error {
			_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
				var id, path string
				err = r.Scan(&id, &path)
				paths[id] = path
				return
			}, `SELECT id, path FROM entities`)
			return err
		})
		any := func(share int) bool { return random.IntN(share) == 0 }
		sample := func() audit.Found { return all[random.IntN(len(all))] }
		for i := range 150 {
			q := audit.Query{Limit: 1 + random.IntN(40)}
			var within []string
			for _, name := range []string{"PLATFORM", "PARTNER", "M1", "M1-A", "M3"} {
				if any(3) {
					within = append(within, w.Entity(name).Path)
				}
			}
			if len(within) == 0 {
				within = []string{w.Entity("FAC").Path}
			}
			q.Reach = []access.Reach{{Paths: within, AllLocations: true}}
			for _, set := range []func(audit.Found){
				func(f audit.Found) { q.ActorID = f.ActorID }, func(f audit.Found) { q.Target = f.ID }, func(f audit.Found) { q.Person = f.ID },
				func(f audit.Found) { q.Action = f.Action }, func(audit.Found) { q.Action = "user." }, func(f audit.Found) { q.Actions = audit.Group(audit.GroupOf(f.Action)) },
				func(f audit.Found) { q.Outcome = f.Outcome }, func(f audit.Found) { q.IP = f.IP }, func(f audit.Found) { q.RequestID = f.RequestID },
				func(f audit.Found) { q.From = f.At }, func(f audit.Found) { q.Until = f.At },
			} {
				if any(6) {
					set(sample())
				}
			}
			fits := func(f audit.Found) bool {
				in := func(path string) bool { return strings.HasPrefix(paths[f.EntityID], path) }
				return slices.ContainsFunc(within, in) && (q.ActorID == "" || q.ActorID == f.ActorID) && (q.Target == "" || q.Target == f.ID) &&
					(q.Person == "" || q.Person == f.ActorID || q.Person == f.ID) && (q.Action == "" || q.Action == f.Action || strings.HasSuffix(q.Action, ".") && strings.HasPrefix(f.Action, q.Action)) &&
					(q.Actions == nil || slices.Contains(q.Actions, f.Action)) && (q.Outcome == "" || q.Outcome == f.Outcome) && (q.IP == "" || q.IP == f.IP) &&
					(q.RequestID == "" || q.RequestID == f.RequestID) && (q.From.IsZero() || !f.At.Before(q.From)) && (q.Until.IsZero() || f.At.Before(q.Until))
			}
			t.Run(fmt.Sprintf("L1 search %d", i), func(t *testing.T) { walk(t, w, q, all, fits) })
		}
	})
}

// walk goes to the last page and back, and wants each entry that fits once.
func walk(t *testing.T, w *world.World, q audit.Query, all []audit.Found, fits func(audit.Found) bool) {
	t.Helper()
	var want []int64
	for _, f := range all {
		if fits(f) {
			want = append(want, f.Seq)
		}
	}
	look := func(q audit.Query) (p audit.Page) {
		w.View(func(tx *db.Tx) (err error) {
			p, err = audit.Look(tx, q)
			return err
		})
		return p
	}
	var there, back []int64
	var pages [][]int64
	p := look(q)
	for {
		var page []int64
		for _, f := range p.Entries {
			page = append(page, f.Seq)
		}
		pages, there = append(pages, page), append(there, page...)
		if !p.Reached.IsZero() || len(pages) == 1 && p.Newer != 0 {
			t.Fatalf("%+v: a page says %v, newer %d", q, p.Reached, p.Newer)
		}
		if p.Older == 0 || len(pages) > 1000 {
			break
		}
		q.Before = p.Older
		p = look(q)
	}
	if diff := cmp.Diff(want, there); diff != "" {
		t.Fatalf("%+v: %s", q, diff)
	}
	for i := len(pages) - 1; i > 0; i-- {
		q.After = p.Newer
		if p = look(q); p.Older == 0 {
			t.Fatalf("%+v: a page before has none after", q)
		}
		back = back[:0]
		for _, f := range p.Entries {
			back = append(back, f.Seq)
		}
		if diff := cmp.Diff(pages[i-1], back); diff != "" {
			t.Fatalf("%+v: page %d read backwards: %s", q, i-1, diff)
		}
	}
	if p.Newer != 0 {
		t.Errorf("%+v: the first page has one before", q)
	}
}

// TestLookStops holds that a search that finds few of many comes back, says how
// far it looked, and goes on from there to the end.
func TestLookStops(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, clock *testdb.Clock) {
		e := w.Entity("M1")
		w.Do(func(tx *db.Tx) error { // two thirds of them busy with one thing, a third with another
			_, err := tx.Exec(`INSERT INTO audit_entries (seq, at, actor_kind, actor_id, actor_account, account_id, entity_id, action, outcome, reason,
					target_kind, target_id, ip, user_agent, request_id, repeats, changes, person_id)
				WITH RECURSIVE n (i) AS (SELECT 100000 UNION ALL SELECT i + 1 FROM n WHERE i < 160000)
				SELECT i, CAST($1 AS BIGINT) + i, 'user', CASE WHEN i % 3 = 0 THEN 'usr_other' ELSE 'usr_busy' END, '', $2, $3,
					CASE WHEN i % 3 = 0 OR i = 100001 THEN 'session.ended' ELSE 'session.started' END, 'done', '', 'session', '', '', '', '', 1, '[]', '' FROM n`,
				start.UnixMicro(), e.AccountID, e.ID)
			return err
		})
		reach := []access.Reach{{Paths: []string{e.Path}}}
		look := func(q audit.Query) (p audit.Page) {
			w.View(func(tx *db.Tx) (err error) {
				p, err = audit.Look(tx, q)
				return err
			})
			return p
		}
		t.Run("many that match are a page at once", func(t *testing.T) {
			p := look(audit.Query{Reach: reach, ActorID: "usr_busy", Outcome: audit.Done, Limit: 50})
			if len(p.Entries) != 50 || p.Older != p.Entries[49].Seq || p.Newer != 0 || !p.Reached.IsZero() {
				t.Errorf("%d entries, older %d, newer %d, reached %s", len(p.Entries), p.Older, p.Newer, p.Reached)
			}
		})
		q := audit.Query{Reach: reach, ActorID: "usr_busy", Action: audit.SignedOut, Limit: 50}
		t.Run("the one of many, in steps", func(t *testing.T) {
			p := look(q)
			if len(p.Entries) != 0 || p.Older == 0 || p.Reached.Sub(start) < 100*time.Millisecond {
				t.Fatalf("%d entries, older %d, reached %s", len(p.Entries), p.Older, p.Reached)
			}
			far := p.Reached
			for steps := 0; p.Older != 0 && steps < 10; steps++ {
				before := p.Older
				q.Before = before
				if p = look(q); p.Older >= before || p.Newer != before-1 && len(p.Entries) == 0 || p.Reached.After(far) {
					t.Fatalf("from %d: older %d, newer %d, reached %s", before, p.Older, p.Newer, p.Reached)
				}
			}
			if len(p.Entries) != 1 || p.Entries[0].Seq != 100001 || !p.Reached.IsZero() {
				t.Errorf("at last %d entries, reached %s", len(p.Entries), p.Reached)
			}
		})
		t.Run("Search goes on by itself", func(t *testing.T) {
			w.View(func(tx *db.Tx) error {
				list, err := audit.Search(tx, audit.Query{Reach: reach, ActorID: "usr_busy", Action: audit.SignedOut, Limit: 50})
				if len(list) != 1 || list[0].Seq != 100001 {
					t.Errorf("%d entries", len(list))
				}
				return err
			})
		})
	})
}

// TestExport gives all that a filter finds, and is recorded before it begins.
func TestExport(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, clock *testdb.Clock) {
		all := scatter(t, w, clock, rand.New(rand.NewPCG(3, 5)), 30)
		who, m1 := w.Who("m1.auditor"), w.Account("M1")
		e := audit.Entry{AccountID: m1.ID, Kind: "account", ID: m1.ID, Changes: []audit.Change{{Field: "filter", After: "outcome=done"}}}
		q := audit.Query{Outcome: audit.Done}
		reach := func() ([]access.Reach, error) { return []access.Reach{{Paths: []string{m1.Path}}}, nil }
		var want, got []int64
		for _, f := range all {
			if f.AccountID == m1.ID && f.Outcome == audit.Done {
				want = append(want, f.Seq)
			}
		}
		t.Run("L1 all of it, and the export itself first", func(t *testing.T) {
			joined := 0
			err := w.Log.Export(t.Context(), who, e, q, reach, func(_ *db.Tx, list []audit.Found) error {
				joined += len(list)
				return nil
			}, func(list []audit.Found) error {
				for _, f := range list {
					got = append(got, f.Seq)
				}
				return nil
			})
			if err != nil || len(got) == 0 || joined != len(got) {
				t.Fatalf("%v, %d joined of %d", err, joined, len(got))
			}
			if diff := cmp.Diff(want, got[1:]); diff != "" {
				t.Error(diff)
			}
			last := w.Last()
			if last.Seq != got[0] || last.Action != audit.AuditExported || last.ActorID != who.ID || last.AccountID != m1.ID || last.Changes[0].After != "outcome=done" {
				t.Errorf("recorded as %+v", last)
			}
		})
		t.Run("nothing is read when it cannot be recorded", func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			err := w.Log.Export(ctx, who, e, q, reach, func(*db.Tx, []audit.Found) error { t.Error("read"); return nil }, func([]audit.Found) error { t.Error("written"); return nil })
			if err == nil {
				t.Error("no error")
			}
		})
		t.Run("a reader who goes away ends it", func(t *testing.T) {
			gone := errors.New("gone")
			err := w.Log.Export(t.Context(), who, e, q, reach, func(*db.Tx, []audit.Found) error { return nil }, func([]audit.Found) error { return gone })
			if !errors.Is(err, gone) {
				t.Errorf("%v", err)
			}
		})
		t.Run("L1 U9 whoever may not any more gets no more of it", func(t *testing.T) {
			w.Do(func(tx *db.Tx) error {
				for range 600 {
					if err := audit.Record(tx, audit.Entry{Action: audit.UserInvited, AccountID: m1.ID, Kind: "user", ID: who.ID}); err != nil {
						return err
					}
				}
				return nil
			})
			pages, shut := 0, errors.New("shut out")
			asked := func() ([]access.Reach, error) {
				if pages > 0 {
					return nil, shut
				}
				return reach()
			}
			err := w.Log.Export(t.Context(), who, e, q, asked, func(*db.Tx, []audit.Found) error { return nil }, func([]audit.Found) error { pages++; return nil })
			if !errors.Is(err, shut) || pages != 1 {
				t.Errorf("%v after %d pages", err, pages)
			}
		})
	})
}

func TestGroups(t *testing.T) {
	count := 0
	for _, g := range audit.Groups() {
		if list := audit.Group(g); len(list) == 0 {
			t.Errorf("%s holds nothing", g)
		} else {
			count += len(list)
		}
		for _, tag := range lang.All() {
			if !lang.Has("action.group." + g) {
				t.Errorf("%s has no words in %s", g, tag)
			}
		}
	}
	if count != len(audit.Actions) {
		t.Errorf("the groups hold %d actions of %d", count, len(audit.Actions))
	}
	if audit.Group("nonsense") != nil {
		t.Error("a group that there is not holds something")
	}
}
