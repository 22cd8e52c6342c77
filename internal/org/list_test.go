package org_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

// forest is a platform with many accounts, as a list of them is counted by hand.
type forest struct {
	t    *testing.T
	d    *db.DB
	rng  *rand.Rand
	all  []org.Account
	tree []org.Entity // legal entities too
}

var (
	someNames   = []string{"Café de Flore", "Cafe Nero", "Straße 7", "Ünal", "100% Bio", "A_B", `C:\Shop`, "Zoë", "zoe", "Long Island", "Île longue", "日本", "ÉCLAIR", "éclair"}
	someAliases = []string{"", "", "Flore", "l'île", "%", "ZOE"}
)

// grow makes a forest of n accounts under a platform that is there.
func grow(t *testing.T, w *world.World, clock *testdb.Clock, n int) *forest {
	t.Helper()
	f := &forest{t: t, d: w.DB, rng: rand.New(rand.NewPCG(7, 11))}
	above := map[access.Kind][]string{access.Platform: {w.Entity("PLATFORM").ID}}
	w.Do(func(tx *db.Tx) error {
		for i := range n {
			kind, parent := f.place(above)
			a, err := org.CreateAccount(tx, org.New{Kind: kind, ParentID: parent, CustomerID: fmt.Sprintf("%c-%03d", 'A'+rune(f.rng.IntN(5)), i),
				Name: one(f.rng, someNames), Alias: one(f.rng, someAliases), Environment: one(f.rng, []string{org.Live, org.Test}), Profile: "standard"}, w.Profiles)
			if err != nil {
				return err
			}
			above[kind] = append(above[kind], a.EntityID)
			if kind == access.Merchant && f.rng.IntN(3) == 0 {
				if _, err := org.CreateEntity(tx, org.New{Kind: access.LegalEntity, ParentID: a.EntityID, CustomerID: fmt.Sprintf("X-%03d", i), Name: one(f.rng, someNames)}); err != nil {
					return err
				}
			}
			if _, err := tx.Exec(`UPDATE accounts SET is_open = $1, admins = 1, users = $2, created_at = created_at + $3 WHERE id = $4`, f.rng.IntN(2) == 0, f.rng.IntN(4), f.rng.IntN(3), a.ID); err != nil {
				return err
			}
			if _, err := tx.Exec(`UPDATE entities SET created_at = (SELECT created_at FROM accounts WHERE entity_id = $1) WHERE id = $1`, a.EntityID); err != nil {
				return err
			}
		}
		// Only now, since nothing is created below what is not active.
		_, err := tx.Exec(`UPDATE entities SET active = FALSE WHERE customer_id LIKE '%3'`)
		return err
	})
	t.Cleanup(func() { // the world looks, when the test is over, whether what is written down is so
		w.Do(func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE accounts SET users = (SELECT COUNT(*) FROM memberships m WHERE m.account_id = accounts.id)`)
			return err
		})
	})
	clock.Advance(time.Second)
	f.read(w)
	return f
}

// read reads all that there is.
func (f *forest) read(w *world.World) {
	f.all = nil
	w.View(func(tx *db.Tx) error {
		p, _, err := org.Platform(tx)
		if err != nil {
			return err
		}
		if f.tree, err = org.Entities(tx, p, 10_000); err != nil {
			return err
		}
		for _, e := range f.tree {
			if e.IsAccount() {
				a, _, err := org.AccountByID(tx, e.AccountID)
				if err != nil {
					return err
				}
				f.all = append(f.all, a)
			}
		}
		return nil
	})
}

func (f *forest) place(above map[access.Kind][]string) (access.Kind, string) {
	kind := one(f.rng, []access.Kind{access.Facilitator, access.Partner, access.Partner, access.Merchant, access.Merchant, access.Merchant})
	parents := above[access.Platform]
	if kind != access.Facilitator {
		parents = append(append(slices.Clone(parents), above[access.Facilitator]...), above[access.Partner]...)
	}
	return kind, one(f.rng, parents)
}

func one[T any](rng *rand.Rand, list []T) T { return list[rng.IntN(len(list))] }

// off tells whether an entity strictly above a path is not active.
func (f *forest) off(path string) bool {
	return slices.ContainsFunc(f.tree, func(e org.Entity) bool { return !e.Active && e.Path != path && strings.HasPrefix(path, e.Path) })
}

func inReach(reach []access.Reach, path string) bool {
	return slices.ContainsFunc(reach, func(r access.Reach) bool {
		return slices.ContainsFunc(r.Paths, func(p string) bool { return strings.HasPrefix(path, p) })
	})
}

// found is what a list should hold, by hand.
func (f *forest) found(q org.AccountQuery) (ids []string) {
	var list []org.Account
	for _, a := range f.all {
		off := !a.Active || f.off(a.Path)
		switch {
		case !inReach(q.Reach, a.Path), !contains(a.Name+" "+a.CustomerID+" "+a.Alias, q.Search), q.Kind != "" && q.Kind != a.Kind.String(),
			q.Environment != "" && q.Environment != a.Environment, q.Opened == org.IsOpen && !a.Open, q.Opened == org.Waiting && a.Open,
			q.State == org.IsActive && off, q.State == org.IsInactive && !off, q.Parent != "" && q.Parent != a.ParentID:
			continue
		}
		list = append(list, a)
	}
	name, down := strings.CutPrefix(q.Sort, "-")
	slices.SortFunc(list, func(a, b org.Account) int {
		n := map[string]int{"": cmp.Compare(a.CustomerID, b.CustomerID), "customer_id": cmp.Compare(a.CustomerID, b.CustomerID),
			"name":    cmp.Compare(lang.Bare(lang.Fold(a.Name+" "+a.CustomerID)), lang.Bare(lang.Fold(b.Name+" "+b.CustomerID))),
			"created": cmp.Or(cmp.Compare(a.CreatedAt, b.CreatedAt), cmp.Compare(a.EntityID, b.EntityID)),
			"users":   cmp.Or(cmp.Compare(a.Users, b.Users), cmp.Compare(a.ID, b.ID))}[name]
		if down {
			return -n
		}
		return n
	})
	for _, a := range list {
		ids = append(ids, a.CustomerID)
	}
	return ids
}

// contains tells whether every word of a search is in a text, as written or without accents.
func contains(text, search string) bool {
	text = lang.Fold(text)
	for _, word := range strings.Fields(lang.Fold(search)) {
		if !strings.Contains(text, word) && !strings.Contains(lang.Bare(text), word) {
			return false
		}
	}
	return true
}

// TestAccounts compares the list of accounts with one that is made by hand: any
// reach, filter, search, order and size of page, to the last page and back.
func TestAccounts(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, clock *testdb.Clock) {
		f := grow(t, w, clock, 90)
		t.Run("every filter, order and page, there and back", func(t *testing.T) {
			f.compare(t, 200)
		})
		t.Run("a row says where it stands, as far as that may be seen", func(t *testing.T) { f.rows(w) })
		t.Run("every filter and order, where most partners are not active", func(t *testing.T) {
			w.Do(func(tx *db.Tx) error {
				_, err := tx.Exec(`UPDATE entities SET active = FALSE WHERE kind = 'partner' AND customer_id < 'D'`)
				return err
			})
			f.read(w)
			f.compare(t, 50)
		})
		t.Run("what cannot be searched for", func(t *testing.T) {
			over := []access.Reach{{Paths: []string{w.Entity("PLATFORM").Path}}}
			for name, c := range map[string]struct {
				q    org.AccountQuery
				want string
			}{
				"A15 no text":                 {org.AccountQuery{Reach: over, Search: "\x00"}, "invalid search:not_text"},
				"A15 no Unicode":              {org.AccountQuery{Reach: over, Kind: "\xff"}, "invalid search:not_text"},
				"A15 ten megabytes":           {org.AccountQuery{Reach: over, Search: strings.Repeat("m", 10<<20)}, "invalid search:too_long"},
				"an order that there is not":  {org.AccountQuery{Reach: over, Sort: "name; DROP TABLE accounts"}, "invalid sort:sort"},
				"A08 a cursor by hand":        {org.AccountQuery{Reach: over, After: "M2"}, "cursor"},
				"A08 a cursor of another way": {org.AccountQuery{Reach: over, After: "down\x1fx\x1fy"}, "cursor"},
				"A08 a cursor without number": {org.AccountQuery{Reach: over, Sort: "users", After: "next\x1fx\x1fy"}, "cursor"},
				"no reach finds nothing":      {org.AccountQuery{}, "done"},
			} {
				w.View(func(tx *db.Tx) error {
					page, err := org.Accounts(tx, c.q)
					if told(err) != c.want || len(page.Rows) > 0 {
						t.Errorf("%s: %s, %d rows", name, told(err), len(page.Rows))
					}
					return nil
				})
			}
		})
	})
}

// compare makes queries and compares what they find.
func (f *forest) compare(t *testing.T, times int) {
	t.Helper()
	for range times {
		q := f.query()
		if diff := gocmp.Diff(f.found(q), f.walk(q)); diff != "" {
			t.Fatalf("%+v: %s", q, diff)
		}
	}
}

// query is one of those that somebody could make.
func (f *forest) query() org.AccountQuery {
	maybe := func(list ...string) string {
		if f.rng.IntN(4) > 0 {
			return ""
		}
		return one(f.rng, list)
	}
	q := org.AccountQuery{Search: maybe("cafe", "café", "CAFÉ a-0", "%", "_", `\`, "strasse", "zoe", "île", "nothing like it", "eclair", "0 -"), Kind: maybe("platform", "facilitator", "partner", "merchant", "nonsense"),
		Environment: maybe(org.Live, org.Test), Opened: maybe(org.IsOpen, org.Waiting), State: maybe(org.IsActive, org.IsInactive), Parent: maybe(one(f.rng, f.tree).ID, "ent_nosuch"),
		Sort: one(f.rng, append([]string{""}, org.AccountSorts...)), Limit: one(f.rng, []int{1, 3, 7, 50, 200})}
	q.Reach = []access.Reach{{Paths: []string{f.tree[0].Path}, AllLocations: true}}
	if f.rng.IntN(2) == 0 {
		q.Reach = nil
		for range 1 + f.rng.IntN(3) {
			q.Reach = append(q.Reach, access.Reach{Paths: []string{one(f.rng, f.tree).Path}, AllLocations: true})
		}
	}
	return q
}

// walk reads a list to its last page and back to its first, and tells when the
// two ways differ.
func (f *forest) walk(q org.AccountQuery) (ids []string) {
	f.t.Helper()
	var back []string
	err := f.d.View(f.t.Context(), func(tx *db.Tx) error {
		var last org.AccountPage
		for first := true; ; first = false {
			page, err := org.Accounts(tx, q)
			if err != nil {
				return err
			}
			if first == (page.Previous != "") && len(page.Rows) > 0 || len(page.Rows) > q.Limit {
				return fmt.Errorf("a page of %d, and one before: %q", len(page.Rows), page.Previous)
			}
			for _, a := range page.Rows {
				ids = append(ids, a.CustomerID)
			}
			if last = page; page.Next == "" {
				break
			}
			q.After = page.Next
		}
		if int(last.Total) != len(ids) {
			return fmt.Errorf("it says there are %d of %d", last.Total, len(ids))
		}
		for page := last; ; {
			var part []string
			for _, a := range page.Rows {
				part = append(part, a.CustomerID)
			}
			back = append(part, back...)
			if page.Previous == "" {
				return nil
			}
			q.After = page.Previous
			var err error
			if page, err = org.Accounts(tx, q); err != nil {
				return err
			}
			if page.Next == "" {
				return fmt.Errorf("going back, there is no page after %v", part)
			}
		}
	})
	if err != nil {
		f.t.Fatalf("%+v: %v", q, err)
	}
	if diff := gocmp.Diff(ids, back); diff != "" {
		f.t.Fatalf("%+v: there and back are different: %s", q, diff)
	}
	return ids
}

// rows compares every row, within a part of the tree and within all of it.
func (f *forest) rows(w *world.World) {
	names := map[string]string{}
	for _, e := range f.tree {
		names[e.ID] = e.Name
	}
	for _, top := range []string{f.tree[0].Path, w.Entity("PARTNER").Path} {
		reach := []access.Reach{{Paths: []string{top}}}
		w.View(func(tx *db.Tx) error {
			page, err := org.Accounts(tx, org.AccountQuery{Reach: reach, Limit: 200})
			for _, row := range page.Rows {
				i := slices.IndexFunc(f.all, func(a org.Account) bool { return a.ID == row.ID })
				want := org.Listed{Account: f.all[i], OffAbove: f.off(row.Path)}
				if j := slices.IndexFunc(f.tree, func(e org.Entity) bool { return e.ID == row.ParentID }); j >= 0 && inReach(reach, f.tree[j].Path) {
					want.Parent = names[row.ParentID]
				}
				if diff := gocmp.Diff(want, row); diff != "" {
					f.t.Error(diff)
				}
				alone, found, err := org.ListedByID(tx, reach, row.ID)
				if diff := gocmp.Diff(want, alone); diff != "" || !found || err != nil {
					f.t.Error(found, err, diff)
				}
			}
			if _, found, err := org.ListedByID(tx, []access.Reach{{Paths: []string{w.Entity("M2").Path}}}, w.Account("M1").ID); found || err != nil {
				f.t.Error("A07 an account out of reach is read", err)
			}
			return err
		})
	}
}
