package org_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

// TestBranches compares what the tree is read by with the tree as it is counted by hand.
func TestBranches(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, clock *testdb.Clock) {
		f := grow(t, w, clock, 60)
		t.Run("D15 what is directly below, by name, page by page", f.children)
		t.Run("D15 a search, in the order of the tree", f.searches)
		t.Run("D15 where a reach begins", f.tops)
		t.Run("D15 the line above, as far as it may be seen", f.lines)
		t.Run("A07 one entity, by what it is called", f.nodes)
		t.Run("what an account holds is counted", f.counts)
		t.Run("A08 a cursor by hand", func(t *testing.T) {
			w.View(func(tx *db.Tx) error {
				reach := []access.Reach{{Paths: []string{f.tree[0].Path}}}
				for _, after := range []string{"x", "next", "next\x1fx", "previous", "\x00", "next\x1f\xff\x1fx"} {
					if _, err := org.Children(tx, reach, f.tree[0].ID, after, 3); told(err) != "cursor" {
						t.Errorf("%q: %v", after, err)
					}
				}
				return nil
			})
		})
	})
}

// ids are customer IDs.
func ids(nodes []org.Node) (list []string) {
	for _, n := range nodes {
		list = append(list, n.CustomerID)
	}
	return list
}

// pages reads a list there and back with pages of three.
func (f *forest) pages(t *testing.T, read func(tx *db.Tx, after string) (org.NodePage, error)) (all []org.Node) {
	t.Helper()
	err := f.d.View(t.Context(), func(tx *db.Tx) error {
		page, err := read(tx, "")
		if page.Previous != "" {
			t.Error("there is a page before the first")
		}
		for err == nil {
			all = append(all, page.Nodes...)
			if page.Next == "" {
				break
			}
			page, err = read(tx, page.Next)
		}
		back := slices.Clone(page.Nodes)
		for err == nil && page.Previous != "" {
			page, err = read(tx, page.Previous)
			back = append(slices.Clone(page.Nodes), back...)
		}
		if diff := gocmp.Diff(ids(all), ids(back)); diff != "" {
			t.Errorf("there and back are different: %s", diff)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func (f *forest) users(e org.Entity) (n int64) {
	for _, a := range f.all {
		if a.EntityID == e.ID {
			n = a.Users
		}
	}
	return n
}

// node is what a node should be, by hand.
func (f *forest) node(e org.Entity) org.Node {
	return org.Node{Entity: e, Users: f.users(e), Below: slices.ContainsFunc(f.tree, func(c org.Entity) bool { return c.ParentID == e.ID })}
}

// some are two or three places that somebody may see.
func (f *forest) some() (reach []access.Reach) {
	for range 2 {
		reach = append(reach, access.Reach{Paths: []string{one(f.rng, f.tree).Path}, AllLocations: true})
	}
	return append(reach, access.Reach{Paths: []string{f.tree[1].Path}, AllLocations: true})
}

// alias is an account's alias.
func (f *forest) alias(e org.Entity) string {
	for _, a := range f.all {
		if a.EntityID == e.ID {
			return a.Alias
		}
	}
	return ""
}

func (f *forest) children(t *testing.T) {
	for _, parent := range f.tree {
		reach := f.some()
		var want []org.Node
		for _, e := range f.tree {
			if e.ParentID == parent.ID && inReach(reach, e.Path) {
				want = append(want, f.node(e))
			}
		}
		key := func(n org.Node) string { return lang.Bare(lang.Fold(n.Name + " " + n.CustomerID)) }
		slices.SortFunc(want, func(a, b org.Node) int { return cmp.Compare(key(a), key(b)) })
		got := f.pages(t, func(tx *db.Tx, after string) (org.NodePage, error) {
			return org.Children(tx, reach, parent.ID, after, 3)
		})
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("below %s: %s", parent.CustomerID, diff)
		}
	}
}

func (f *forest) searches(t *testing.T) {
	for _, search := range []string{"cafe", "CAFÉ", "x-0", "%", "_", "nothing like it", "zoe 1", "m1-a"} {
		reach := f.some()
		var want []string
		for _, e := range f.tree {
			if inReach(reach, e.Path) && contains(e.Name+" "+e.CustomerID+" "+f.alias(e), search) {
				want = append(want, e.CustomerID)
			}
		}
		got := f.pages(t, func(tx *db.Tx, after string) (org.NodePage, error) {
			return org.SearchTree(tx, reach, search, after, 3)
		})
		if diff := gocmp.Diff(want, ids(got)); diff != "" {
			t.Errorf("%q: %s", search, diff)
		}
	}
	err := f.d.View(t.Context(), func(tx *db.Tx) error {
		for _, search := range []string{strings.Repeat("x", 1_000_000), "\x00", "\xff"} {
			if page, err := org.SearchTree(tx, f.some(), search, "", 3); told(err) != "invalid search:too_long" || page.Nodes != nil {
				t.Errorf("A15 %.10q: %v", search, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func (f *forest) tops(t *testing.T) {
	reach := []access.Reach{{Paths: []string{f.tree[5].Path, f.tree[9].Path}}, {Paths: []string{f.tree[12].Path}}}
	got := f.pages(t, func(tx *db.Tx, after string) (org.NodePage, error) { return org.Tops(tx, reach, after, 1) })
	want := []string{f.tree[5].CustomerID, f.tree[9].CustomerID, f.tree[12].CustomerID}
	if diff := gocmp.Diff(want, ids(got), sorted); diff != "" {
		t.Error(diff)
	}
	if got := f.pages(t, func(tx *db.Tx, after string) (org.NodePage, error) { return org.Tops(tx, nil, after, 1) }); got != nil {
		t.Errorf("without a reach: %v", ids(got))
	}
}

var sorted = gocmp.Transformer("sorted", func(list []string) []string { return slices.Sorted(slices.Values(list)) })

func (f *forest) lines(t *testing.T) {
	for range 30 {
		reach, below := f.some(), []string{one(f.rng, f.tree).Path, one(f.rng, f.tree).Path}
		var want []org.Node
		for _, e := range f.tree {
			if inReach(reach, e.Path) && (strings.HasPrefix(below[0], e.Path) || strings.HasPrefix(below[1], e.Path)) {
				want = append(want, f.node(e))
			}
		}
		err := f.d.View(t.Context(), func(tx *db.Tx) error {
			got, err := org.Line(tx, reach, below...)
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

func (f *forest) nodes(t *testing.T) {
	err := f.d.View(t.Context(), func(tx *db.Tx) error {
		for _, e := range f.tree {
			reach := f.some()
			for _, id := range []string{e.ID, e.CustomerID} {
				n, found, err := org.NodeWithin(tx, reach, id)
				if err != nil || found != inReach(reach, e.Path) {
					return fmt.Errorf("%s: %v %w", id, found, err)
				}
				if diff := gocmp.Diff(f.node(e), n); found && diff != "" || !found && n.ID != "" {
					t.Error(diff)
				}
			}
		}
		for _, id := range []string{"", "\x00", "\xff", "nosuch", f.all[0].ID} {
			if n, found, err := org.NodeWithin(tx, f.some(), id); found || err != nil {
				t.Errorf("%q: %v %v", id, n, err)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func (f *forest) counts(t *testing.T) {
	err := f.d.View(t.Context(), func(tx *db.Tx) error {
		for _, a := range f.all {
			var accounts, users, entities int64
			for _, b := range f.all {
				if strings.HasPrefix(b.Path, a.Path) {
					accounts, users = accounts+1, users+b.Users
				}
			}
			for _, e := range f.tree {
				if e.Path != a.Path && strings.HasPrefix(e.Path, a.Path) {
					entities++
				}
			}
			gotA, gotU, err := org.Together(tx, a)
			if err != nil {
				return err
			}
			gotE, err := org.CountEntities(tx, a.Path)
			if diff := gocmp.Diff([]int64{accounts, users, entities}, []int64{gotA, gotU, gotE}); diff != "" || err != nil {
				t.Errorf("%s: %v %s", a.CustomerID, err, diff)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestUsersAreCounted holds the number of an account's users to its people, whatever becomes of them.
func TestUsersAreCounted(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, _ *testdb.Clock) {
		check := func(when string) {
			t.Helper()
			w.View(func(tx *db.Tx) error {
				wrong, err := db.Column(tx, `SELECT a.id FROM accounts a WHERE a.users <> (SELECT COUNT(*) FROM memberships m WHERE m.account_id = a.id)`)
				if len(wrong) > 0 {
					t.Errorf("%s: %v", when, wrong)
				}
				return err
			})
		}
		check("at first")
		if n := w.Account("M1").Users; n < 10 {
			t.Errorf("M1 has %d users", n)
		}
		w.Do(func(tx *db.Tx) error {
			const their = `(SELECT id FROM memberships WHERE account_id = $1 AND user_id = $2)`
			return people.Relist(tx, w.User("m1.invited"), func() error {
				if err := roles.Replace(tx, w.Account("M1").ID, w.Row("m1.invited").Member.ID, nil); err != nil {
					return err
				}
				for _, what := range []string{`invitations WHERE membership_id = ` + their, `memberships WHERE account_id = $1 AND user_id = $2`} {
					if _, err := tx.Exec(`DELETE FROM `+what, w.Account("M1").ID, w.User("m1.invited")); err != nil {
						return err
					}
				}
				return nil
			})
		})
		check("when one was deleted")
	})
}
