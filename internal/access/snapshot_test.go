package access_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"countersign/internal/access"
)

// TestBuildRefuses: a world in which ids or the tree contradict themselves is not answered from.
func TestBuildRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*access.World)
		want  string
	}{
		"entity twice":                 {func(w *access.World) { w.Entities[1].ID = "shop" }, `entity id "shop"`},
		"customer ID twice":            {func(w *access.World) { w.Entities[1].CustomerID = "C-shop" }, `customer ID "C-shop" twice`},
		"customer ID that is an id":    {func(w *access.World) { w.Entities[1].CustomerID = "shop" }, `"shop"`},
		"entity without id":            {func(w *access.World) { w.Entities[6].ID = "" }, "entity id"},
		"entity without kind":          {func(w *access.World) { w.Entities[6].Kind = 0 }, "lab has no kind"},
		"path of a wrong width":        {func(w *access.World) { w.Entities[6].Path += "1" }, "lab"},
		"path twice":                   {func(w *access.World) { w.Entities[6].Path = w.Entities[3].Path }, "parent"},
		"path under another parent":    {func(w *access.World) { w.Entities[6].ParentID = "fac" }, "lab is not right below"},
		"path that skips a level":      {func(w *access.World) { w.Entities[6].Path += "000001" }, "lab"},
		"no root":                      {func(w *access.World) { w.Entities[0].Path = "" }, "plat"},
		"root with a parent":           {func(w *access.World) { w.Entities[0].ParentID = "lab" }, "plat"},
		"account twice":                {func(w *access.World) { w.Accounts[0].ID = "A-fac" }, `account id "A-fac"`},
		"account of no entity":         {func(w *access.World) { w.Accounts[0].EntityID = "nowhere" }, "A-plat has no entity"},
		"two accounts of one":          {func(w *access.World) { w.Accounts[0].EntityID = "fac" }, "fac is of two accounts"},
		"entity says another account":  {func(w *access.World) { w.Entities[4].AccountID = "A-part" }, "shop_uk says account A-part"},
		"location twice":               {func(w *access.World) { w.Locations[0].ID = "l_fr" }, `location id "l_fr"`},
		"role twice":                   {func(w *access.World) { w.Roles[0].ID = "clerk" }, `role id "clerk"`},
		"user twice":                   {func(w *access.World) { w.Users = []access.User{{ID: "ann"}, {ID: "ann"}} }, `user id "ann" twice`},
		"user without id":              {func(w *access.World) { w.Users = []access.User{{}} }, "no id"},
		"several things, all are told": {func(w *access.World) { w.Entities[6].Kind = 0; w.Accounts[0].EntityID = "x" }, "A-plat has no entity"},
	} {
		t.Run(name, func(t *testing.T) {
			w := smallWorld()
			c.spoil(&w)
			s, err := access.Build(w)
			if err == nil || s != nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestBuildKeepsItsOwn(t *testing.T) {
	w := smallWorld()
	u := person("ann", "A-shop", "clerk")
	u.Memberships[0].Assignments[0].AllEntities, u.Memberships[0].Assignments[0].Entities = false, []string{"shop_uk"}
	w.Users = []access.User{u}
	s := built(t, w)
	w.Users[0].Memberships[0].Assignments[0].Entities[0] = "shop_fr"
	w.Roles[4].Policies[0].Permissions[0].Permission = 0
	if !access.Decide(s, ask("transactions:view", "shop_uk")).Allowed || access.Decide(s, ask("transactions:view", "shop_fr")).Allowed {
		t.Error("changing the world after Build changed the snapshot")
	}
}

func TestWithUsers(t *testing.T) {
	w := smallWorld()
	for i := range 2_000 {
		w.Users = append(w.Users, person(fmt.Sprintf("u%d", i), "A-shop", "seer"))
	}
	first := built(t, w)
	next, err := first.WithUsers(4, []access.User{person("ann", "A-shop", "clerk"), person("u7", "A-shop", "clerk")}, []string{"u8", "none"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		s      *access.Snapshot
		user   string
		allows bool
	}{{first, "ann", false}, {next, "ann", true}, {first, "u7", false}, {next, "u7", true}} {
		q := ask("transactions:view", "shop")
		q.User = c.user
		if d := access.Decide(c.s, q); d.Allowed != c.allows || d.Revision != c.s.Revision() {
			t.Errorf("revision %d, %s: %+v", c.s.Revision(), c.user, d)
		}
	}
	q := ask("home:view", "shop")
	for i := range 2_000 {
		q.User = fmt.Sprintf("u%d", i)
		if !access.Decide(first, q).Allowed || access.Decide(next, q).Allowed != (i != 7 && i != 8) {
			t.Fatalf("u%d: before %v, after %v", i, access.Decide(first, q).Codes(), access.Decide(next, q).Codes())
		}
	}
	if _, err := next.WithUsers(3, nil, nil); err == nil {
		t.Error("the revision went back")
	}
	if _, err := next.WithUsers(5, []access.User{{ID: "x"}, {ID: "x"}}, nil); err == nil {
		t.Error("a user came twice")
	}
	if _, err := (*access.Snapshot)(nil).WithUsers(5, nil, nil); err == nil {
		t.Error("nothing was changed into something")
	}
}

// TestWithUsersGrows: a table that begins empty holds everybody who is added one by one.
func TestWithUsersGrows(t *testing.T) {
	s := built(t, smallWorld())
	const n = 5_000
	for i := range n {
		var err error
		if s, err = s.WithUsers(int64(4+i), []access.User{person(fmt.Sprintf("u%d", i), "A-shop", "seer")}, nil); err != nil {
			t.Fatal(err)
		}
	}
	for i := range n {
		q := ask("home:view", "shop")
		q.User = fmt.Sprintf("u%d", i)
		if !access.Decide(s, q).Allowed {
			t.Fatalf("u%d is lost", i)
		}
	}
}

func TestLive(t *testing.T) {
	var l access.Live
	if l.Load() != nil {
		t.Error("something from nothing")
	}
	if _, err := l.At(t.Context(), 0); err == nil {
		t.Error("an answer without a snapshot")
	}
	old := built(t, smallWorld())
	l.Store(old)
	if s, err := l.At(t.Context(), 3); err != nil || s != old {
		t.Errorf("the current one: %v", err)
	}
	if _, err := l.At(t.Context(), 4); err == nil {
		t.Error("an older snapshot was given")
	}
	gone := errors.New("database is gone")
	l.Refresh = func(context.Context, int64) error { return gone }
	if _, err := l.At(t.Context(), 4); !errors.Is(err, gone) {
		t.Errorf("refresh's error: %v", err)
	}
	l.Refresh = func(_ context.Context, revision int64) error {
		next, err := old.WithUsers(revision, nil, nil)
		l.Store(next)
		return err
	}
	if s, err := l.At(t.Context(), 4); err != nil || s.Revision() != 4 {
		t.Errorf("after refresh: %v %v", s.Revision(), err)
	}
}

// TestReadWhileChanged is for the race detector: many readers, one writer.
func TestReadWhileChanged(t *testing.T) {
	var l access.Live
	w := smallWorld()
	w.Users = []access.User{person("ann", "A-shop", "clerk")}
	l.Store(built(t, w))
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for last := int64(0); ; {
				select {
				case <-done:
					return
				default:
				}
				d := access.Decide(l.Load(), ask("transactions:view", "shop"))
				if !d.Allowed || d.Revision < last {
					t.Errorf("%+v after revision %d", d, last)
					return
				}
				last = d.Revision
			}
		})
	}
	for i := range 500 {
		next, err := l.Load().WithUsers(int64(4+i), []access.User{person("ann", "A-shop", "clerk"), person(fmt.Sprintf("u%d", i), "A-shop", "seer")}, nil)
		if err != nil {
			t.Fatal(err)
		}
		l.Store(next)
	}
	close(done)
	readers.Wait()
}
