package org_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

// BenchmarkAccounts measures what an operator of ten thousand merchants waits for:
// a page of fifty accounts in every order and by every filter, and the tree.
func BenchmarkAccounts(b *testing.B) {
	testdb.Bench(b, func(b *testing.B, d *db.DB) {
		w := world.Empty(b, d)
		tops := fillAccounts(b, w)
		benchAccounts(b, d, tops)
	})
}

var benchNames = []string{"Alpine Outfitters", "Bäckerei am Markt", "Café de la Gare", "Dockside Books", "Éclair & Fils", "Fjord Bikes", "Gelateria Nonna", "Harbour Goods", "Île Verte", "Juniper Kitchen"}

// fillAccounts makes ten facilitators of ten partners with a hundred merchants
// each, and gives the path of the platform and of a partner.
func fillAccounts(b *testing.B, w *world.World) (paths [2]string) {
	b.Helper()
	err := w.DB.Update(b.Context(), db.Who{Kind: db.System, ID: "bench"}, func(tx *db.Tx) error {
		platform, err := org.CreateAccount(tx, org.New{Kind: access.Platform, Name: "Platform", CustomerID: "PLATFORM", Environment: org.Live, Profile: "standard"}, w.Profiles)
		paths[0] = platform.Path
		n := 0
		var grow func(above org.Account, kind access.Kind, width int)
		grow = func(above org.Account, kind access.Kind, width int) {
			for i := 0; i < width && err == nil; i++ {
				n++
				var a org.Account
				a, err = org.CreateAccount(tx, org.New{Kind: kind, ParentID: above.EntityID, CustomerID: fmt.Sprintf("C-%05d", n), Name: fmt.Sprintf("%s %d", benchNames[n%10], n),
					Alias: fmt.Sprint("alias ", n%977), Environment: []string{org.Live, org.Test}[n%2], Profile: "standard"}, w.Profiles)
				if err == nil && kind == access.Merchant {
					_, err = org.CreateEntity(tx, org.New{Kind: access.LegalEntity, ParentID: a.EntityID, CustomerID: a.CustomerID + "-1", Name: a.Name})
					continue
				}
				if paths[1] == "" && kind == access.Partner {
					paths[1] = a.Path
				}
				grow(a, kind+1, map[access.Kind]int{access.Facilitator: 10, access.Partner: 100}[kind])
			}
		}
		grow(platform, access.Facilitator, 10)
		for _, text := range []string{`UPDATE accounts SET users = length(alias) * 7 % 1000`, `UPDATE entities SET active = FALSE WHERE customer_id IN ('C-00002', 'C-00103', 'C-01014')`, `ANALYZE`} {
			if err == nil {
				_, err = tx.Exec(text)
			}
		}
		if err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Action: audit.DemoFilled, Kind: "test"})
	})
	if err != nil {
		b.Fatal(err)
	}
	return paths
}

func benchAccounts(b *testing.B, d *db.DB, paths [2]string) {
	over := func(path string) []access.Reach { return []access.Reach{{Paths: []string{path}, AllLocations: true}} }
	all, partner := over(paths[0]), over(paths[1])
	for _, c := range []struct {
		name string
		q    org.AccountQuery
		deep int // pages to turn first
	}{
		{"by customer ID", org.AccountQuery{Reach: all}, 0},
		{"by customer ID, deep", org.AccountQuery{Reach: all}, 100},
		{"by name", org.AccountQuery{Reach: all, Sort: "name"}, 0},
		{"by name, deep", org.AccountQuery{Reach: all, Sort: "-name"}, 100},
		{"by date", org.AccountQuery{Reach: all, Sort: "-created"}, 0},
		{"by users", org.AccountQuery{Reach: all, Sort: "-users"}, 0},
		{"by users, deep", org.AccountQuery{Reach: all, Sort: "-users"}, 100},
		{"search, many match", org.AccountQuery{Reach: all, Search: "cafe gare"}, 0},
		{"search, one matches", org.AccountQuery{Reach: all, Search: "harbour 4317"}, 0},
		{"search, none matches, by users", org.AccountQuery{Reach: all, Search: "zzz", Sort: "users"}, 0},
		{"partners", org.AccountQuery{Reach: all, Kind: "partner", Sort: "name"}, 0},
		{"test accounts that wait", org.AccountQuery{Reach: all, Environment: org.Test, Opened: org.Waiting}, 0},
		{"active ones", org.AccountQuery{Reach: all, State: org.IsActive, Sort: "-created"}, 0},
		{"inactive ones", org.AccountQuery{Reach: all, State: org.IsInactive}, 0},
		{"a partner's", org.AccountQuery{Reach: partner}, 0},
		{"a partner's, search", org.AccountQuery{Reach: partner, Search: "gare", Sort: "-users"}, 0},
	} {
		measure(b, d, c.name, func(tx *db.Tx) error {
			for range c.deep {
				page, err := org.Accounts(tx, c.q)
				if err != nil {
					return err
				}
				c.q.After = page.Next
			}
			c.deep = 0
			_, err := org.Accounts(tx, c.q)
			return err
		})
	}
	var top, merchant org.Entity
	_ = d.View(b.Context(), func(tx *db.Tx) error {
		list, err := org.SearchTree(tx, partner, "C-0", "", 2)
		top, merchant = list.Nodes[0].Entity, list.Nodes[1].Entity
		return err
	})
	measure(b, d, "tree, a branch", func(tx *db.Tx) error { _, err := org.Children(tx, all, top.ID, "", 50); return err })
	measure(b, d, "tree, search", func(tx *db.Tx) error { _, err := org.SearchTree(tx, all, "nonna 98", "", 50); return err })
	measure(b, d, "tree, search, none", func(tx *db.Tx) error { _, err := org.SearchTree(tx, all, "zzz", "", 50); return err })
	measure(b, d, "tree, a line", func(tx *db.Tx) error { _, err := org.Line(tx, all, merchant.Path); return err })
}

func measure(b *testing.B, d *db.DB, name string, f func(tx *db.Tx) error) {
	b.Run(name, func(b *testing.B) {
		if err := d.View(b.Context(), f); err != nil {
			b.Fatal(err)
		}
		var took []time.Duration
		for b.Loop() {
			start := time.Now()
			if err := d.View(b.Context(), f); err != nil {
				b.Fatal(err)
			}
			took = append(took, time.Since(start))
		}
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
	})
}
