//go:build !race

// One goroutine, many rows: the race detector sees nothing here.

package people_test

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
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

// somebody is a user of MX as a test that knows nothing of SQL keeps them.
type somebody struct {
	person      people.Person
	typed       people.Person // how whoever invited them calls them
	member      people.Member
	link        link
	lockedUntil int64
	passwordAt  int64
	roles       []string
	all         bool
	entities    []string // customer IDs
	gone        bool
}

type link struct{ until, used int64 } // until: -1 deactivated, 0 none

// seen is what the account sees of them.
func (s *somebody) seen() people.Person {
	if s.member.ActivatedAt == 0 {
		t := s.typed
		t.LastSignInAt = 0
		return t
	}
	return s.person
}

func (s *somebody) status(now, life int64) people.Status {
	switch {
	case s.member.DeactivatedAt != 0:
		return people.Deactivated
	case s.member.ActivatedAt == 0 && s.link.until < 0:
		return people.DeactivatedInvitation
	case s.member.ActivatedAt == 0 && (s.link.until == 0 || s.link.used == 0 && s.link.until <= now || s.link.used != 0 && s.link.used+people.FinishWithin.Microseconds() <= now):
		return people.ExpiredInvitation
	case s.member.ActivatedAt == 0:
		return people.Invited
	case s.lockedUntil > now:
		return people.LockedAttempts
	case s.person.InactiveLockedAt != 0:
		return people.LockedInactivity
	case life > 0 && s.passwordAt != 0 && s.passwordAt+life <= now:
		return people.PasswordExpired
	}
	return people.Active
}

// crowded is MX with random people, kept twice: in the database and here.
type crowded struct {
	house
	r      *rand.Rand
	a      org.Account
	life   int64
	people []*somebody // in the order in which they came
	roles  []string
}

var (
	someNames  = strings.Fields("Ada Élodie Ødegård 佐藤 健太 Müller van_der_Berg O'Hara Ní ß İpek Łukasz Ananya Иван X Q")
	someAreas  = []string{"MX", "MX-A", "MX-A-1", "MX-B"}
	tree       = map[string][]string{"MX": {"MX"}, "MX-A": {"MX", "MX-A"}, "MX-A-1": {"MX", "MX-A", "MX-A-1"}, "MX-B": {"MX", "MX-B"}}
	someSearch = strings.Fields("a d é e o 佐 佐藤 藤 ada elodie élo ode gård gard mül mul % _ @ example exa xyz zz q x' '' o'h ann van_d ß ss иван (")
)

func (c *crowded) name() string {
	return strings.ReplaceAll(someNames[c.r.IntN(len(someNames))], "_", " ")
}

func (c *crowded) one(n int) bool { return c.r.IntN(n) == 0 }

// join adds somebody in a random state, to MX and perhaps to M2.
func (c *crowded) join(tx *db.Tx) error {
	n := len(c.people)
	s := &somebody{person: people.Person{ID: fmt.Sprintf("usr_%04d", n), FirstName: c.name(), LastName: c.name(), Email: fmt.Sprintf("%c%d@exämple.org", 'a'+c.r.IntN(26), n)}}
	s.typed = s.person
	s.typed.FirstName = c.name()
	if c.one(3) { // they were known, and write their address otherwise, or have another by now
		s.typed.Email = fmt.Sprintf("%cÓld%d@exämple.org", 'a'+c.r.IntN(26), n)
	}
	s.member = people.Member{AccountID: c.a.ID, ID: fmt.Sprintf("mem_%04d", c.r.IntN(1000)*10000+n), UserID: s.person.ID}
	key, _ := people.EmailKey(s.person.Email)
	s.state(tx, c)
	_, err := tx.Exec(`INSERT INTO users (id, first_name, last_name, sort_key, search_key, email, email_key, last_sign_in_at, password_set_at, inactive_locked_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)`,
		s.person.ID, s.person.FirstName, s.person.LastName, people.SortKey(s.person), people.SearchKey(s.person), s.person.Email, key, null(s.person.LastSignInAt), null(s.passwordAt), null(s.person.InactiveLockedAt))
	if err != nil {
		return err
	}
	c.people = append(c.people, s)
	return people.Relist(tx, s.person.ID, func() error {
		if c.one(4) { // what they do there is nobody's business here
			if err := c.insert(tx, c.Account("M2").ID, "mem_2_"+s.person.ID, s); err != nil {
				return err
			}
		}
		if err := c.insert(tx, c.a.ID, s.member.ID, s); err != nil {
			return err
		}
		return c.give(tx, s)
	})
}

func (s *somebody) state(tx *db.Tx, c *crowded) {
	now, came := tx.Now, s.member.ActivatedAt != 0 // whoever came in does not go back to an invitation
	s.member.ActivatedAt, s.member.DeactivatedAt, s.person.InactiveLockedAt, s.person.LastSignInAt, s.passwordAt, s.lockedUntil, s.link = 0, 0, 0, 0, 0, 0, link{}
	day := (24 * time.Hour).Microseconds()
	if came || !c.one(3) {
		s.member.ActivatedAt = now - day
		s.passwordAt = now - c.r.Int64N(100)*day
		if c.one(5) {
			s.passwordAt = 0
		}
		s.person.LastSignInAt = now - c.r.Int64N(20)*day/7
		if c.one(5) {
			s.person.InactiveLockedAt = now
		}
		if c.one(5) {
			s.lockedUntil = now + c.r.Int64N(3)*day - day
		}
	}
	switch c.r.IntN(5) {
	case 0:
		s.link = link{until: -1}
	case 1:
		s.link = link{until: now + c.r.Int64N(20)*day/10 - day}
	case 2:
		s.link = link{until: now, used: now - c.r.Int64N(60)*60_000_000}
	case 3:
		s.link = link{until: now - 1 - c.r.Int64N(2)}
	}
	if c.one(6) {
		s.member.DeactivatedAt = now
	}
}

func null(n int64) any {
	if n == 0 {
		return nil
	}
	return n
}

// insert adds the rows of a membership.
func (c *crowded) insert(tx *db.Tx, accountID, id string, s *somebody) error {
	key, _ := people.EmailKey(s.typed.Email)
	_, err := tx.Exec(`INSERT INTO memberships (account_id, id, user_id, first_name, last_name, email, email_key, sort_key, search_key, all_locations, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, TRUE, 1, 'test')`,
		accountID, id, s.person.ID, s.typed.FirstName, s.typed.LastName, s.typed.Email, key, people.SortKey(s.typed), people.SearchKey(s.typed))
	if err != nil {
		return err
	}
	return c.write(tx, accountID, id, s)
}

// write brings the rows of somebody to what they are here.
func (c *crowded) write(tx *db.Tx, accountID, id string, s *somebody) error {
	until := s.link.until
	if until < 0 {
		until = tx.Now
	}
	for _, q := range []struct {
		query string
		args  []any
	}{
		{`UPDATE users SET first_name = $1, sort_key = $2, search_key = $3, last_sign_in_at = $4, password_set_at = $5, inactive_locked_at = $6 WHERE id = $7`,
			[]any{s.person.FirstName, people.SortKey(s.person), people.SearchKey(s.person), null(s.person.LastSignInAt), null(s.passwordAt), null(s.person.InactiveLockedAt), s.person.ID}},
		{`UPDATE memberships SET activated_at = $1, deactivated_at = $2 WHERE account_id = $3 AND id = $4`, []any{null(s.member.ActivatedAt), null(s.member.DeactivatedAt), accountID, id}},
		{`DELETE FROM invitations WHERE account_id = $1 AND membership_id = $2`, []any{accountID, id}},
		{`DELETE FROM signin_attempts WHERE user_id = $1`, []any{s.person.ID}},
		{`INSERT INTO signin_attempts (user_id, failed, locked_until, updated_at) VALUES ($1, 1, $2, 1)`, []any{s.person.ID, null(s.lockedUntil)}},
	} {
		if _, err := tx.Exec(q.query, q.args...); err != nil {
			return err
		}
	}
	if s.link.until == 0 {
		return nil
	}
	var off any
	if s.link.until < 0 {
		off = tx.Now
	}
	_, err := tx.Exec(`INSERT INTO invitations (account_id, id, membership_id, token_hash, created_at, created_by, expires_at, used_at, deactivated_at) VALUES ($1, $2, $3, $4, 1, 'test', $5, $6, $7)`,
		accountID, "inv_"+id, id, []byte(id), until, null(s.link.used), off)
	return err
}

// give gives somebody random roles over random entities.
func (c *crowded) give(tx *db.Tx, s *somebody) error {
	s.roles, s.all, s.entities = nil, false, nil
	var list []roles.Assignment
	for _, role := range c.roles {
		if !c.one(3) {
			continue
		}
		x := roles.Assignment{RoleID: role, AllEntities: c.one(3)}
		if x.AllEntities {
			s.all = true
		} else if area := someAreas[c.r.IntN(len(someAreas))]; !c.one(4) {
			x.Entities = []string{c.Entity(area).ID}
			s.entities = append(s.entities, area)
		}
		list, s.roles = append(list, x), append(s.roles, role)
	}
	return roles.Replace(tx, c.a.ID, s.member.ID, list)
}

// changes does something to somebody, and may index who came since.
func (c *crowded) changes(t *testing.T, spare map[string]bool) {
	s := c.people[1+c.r.IntN(len(c.people)-1)]
	if spare[s.person.ID] || s.gone {
		return
	}
	c.Do(func(tx *db.Tx) error {
		switch c.r.IntN(9) {
		case 0:
			return c.join(tx)
		case 1:
			return people.Index(tx, c.a.ID, false)
		case 2:
			if s.member.ActivatedAt == 0 {
				return nil
			}
			s.person.LastSignInAt = tx.Now
			if _, err := tx.Exec(`UPDATE users SET last_sign_in_at = $1 WHERE id = $2`, tx.Now, s.person.ID); err != nil {
				return err
			}
			return people.SignedIn(tx, s.person.ID, func(string) int { return 30 })
		case 3:
			return people.Age(tx, c.a.ID, 1+c.r.IntN(60), c.r.IntN(4)) // 30 is what the settings say
		}
		return people.Relist(tx, s.person.ID, func() error {
			switch {
			case c.one(8):
				s.gone = true
				return c.remove(tx, s)
			case c.one(3):
				return c.give(tx, s)
			case c.one(2):
				s.person.FirstName = c.name()
			default:
				s.state(tx, c)
			}
			return c.write(tx, c.a.ID, s.member.ID, s)
		})
	})
}

func (c *crowded) remove(tx *db.Tx, s *somebody) error {
	if err := roles.Replace(tx, c.a.ID, s.member.ID, nil); err != nil {
		return err
	}
	for _, q := range []string{`DELETE FROM invitations WHERE account_id = $1 AND membership_id = $2`, `DELETE FROM memberships WHERE account_id = $1 AND id = $2`} {
		if _, err := tx.Exec(q, c.a.ID, s.member.ID); err != nil {
			return err
		}
	}
	return nil
}

// query is a random one.
func (c *crowded) query() people.Query {
	q := people.Query{Sort: people.Sorts[c.r.IntN(len(people.Sorts))], Limit: 1 + c.r.IntN(12)}
	for c.one(2) && len(q.Search) < 20 {
		q.Search += " " + someSearch[c.r.IntN(len(someSearch))]
	}
	if c.one(2) {
		q.Status = append(people.Statuses(), people.Locked)[c.r.IntN(9)]
	}
	if c.one(3) {
		q.RoleID = c.roles[c.r.IntN(len(c.roles))]
	}
	if c.one(3) {
		q.EntityID = someAreas[c.r.IntN(len(someAreas))]
	}
	return q
}

// means tells whether a query means somebody.
func (c *crowded) means(q people.Query, s *somebody, now int64) bool {
	if s.gone {
		return false
	}
	text := people.SearchKey(s.seen())
	for _, word := range strings.Fields(lang.Fold(q.Search)) {
		if !strings.Contains(text, word) {
			return false
		}
	}
	status := s.status(now, c.life)
	if q.Status == people.Locked && status != people.LockedAttempts && status != people.LockedInactivity || q.Status != "" && q.Status != people.Locked && q.Status != status {
		return false
	}
	if q.RoleID != "" && !slices.Contains(s.roles, q.RoleID) {
		return false
	}
	return q.EntityID == "" || s.all || slices.ContainsFunc(s.entities, func(e string) bool { return slices.Contains(tree[q.EntityID], e) })
}

// expected is what a list of the query holds, whole and in order.
func (c *crowded) expected(q people.Query, now int64) []*somebody {
	var out []*somebody
	for _, s := range c.people {
		if c.means(q, s, now) {
			out = append(out, s)
		}
	}
	name, down := strings.CutPrefix(q.Sort, "-")
	slices.SortStableFunc(out, func(a, b *somebody) int {
		n := 0
		switch name {
		case "email":
			x, _ := people.EmailKey(a.seen().Email)
			y, _ := people.EmailKey(b.seen().Email)
			n = cmp.Compare(x, y)
		case "last_sign_in":
			n = cmp.Compare(a.seen().LastSignInAt, b.seen().LastSignInAt)
		case "status":
			n = cmp.Compare(a.status(now, c.life), b.status(now, c.life))
		}
		if n == 0 && (name == "name" || name == "status") {
			n = cmp.Compare(people.SortKey(a.seen()), people.SortKey(b.seen()))
		}
		return n
	})
	if down { // those who are alike too: the list is the same read from its end
		slices.Reverse(out)
	}
	return out
}

// TestListProperty compares lists of random people, found in every way that there
// is, with what a plain look at each of them finds.
func TestListProperty(t *testing.T) {
	for _, dialect := range testdb.Dialects() {
		for seed := range uint64(3) {
			t.Run(fmt.Sprintf("U1 %s %d", dialect, seed), func(t *testing.T) {
				clock := testdb.NewClock(start)
				c := crowded{house: house{world.New(t, testdb.Open(t, dialect, testdb.Options{Clock: clock})), clock, t}, r: rand.New(rand.NewPCG(seed, 7))}
				c.settle(t)
				for range 30 {
					c.People.Bound([]int64{0, 5, 1000}[c.r.IntN(3)], []int{0, 70, 1000}[c.r.IntN(3)], 1+c.r.IntN(20))
					c.clock.Advance(time.Duration(c.r.IntN(3600)) * time.Second)
					for range 6 {
						c.changes(t, nil)
					}
					for range 3 {
						c.walk(t, c.query())
					}
					c.counts(t)
				}
				c.moving(t)
			})
		}
	}
}

// settle makes the account MX and its people, the first of whom nobody touches.
func (c *crowded) settle(t *testing.T) {
	a, first, err := c.People.Board(t.Context(), c.Who("platform.owner"), c.Account("PLATFORM").ID, boarding(access.Merchant, "PARTNER", "MX"))
	if err != nil {
		t.Fatal(err)
	}
	c.a, c.life = a, 30*(24*time.Hour).Microseconds()
	c.Set("MX", "password_days", "30")
	for _, key := range []string{"support", "read_only", "auditor", "operations"} {
		c.roles = append(c.roles, c.Role("MX", key))
	}
	c.View(func(tx *db.Tx) error {
		row, err := c.People.Get(tx, a, first)
		c.people = []*somebody{{person: row.Person, typed: row.Person, member: row.Member, link: link{until: row.InvitedUntil}, roles: row.Roles, all: true}}
		return err
	})
	c.Do(func(tx *db.Tx) error {
		above := map[string]string{"MX": a.EntityID}
		for _, e := range [][2]string{{"MX-A", "MX"}, {"MX-A-1", "MX-A"}, {"MX-B", "MX"}} {
			made, err := org.CreateEntity(tx, org.New{Kind: access.LegalEntity, ParentID: above[e[1]], Name: e[0], CustomerID: e[0]})
			if err != nil {
				return err
			}
			above[e[0]] = made.ID
		}
		return nil
	})
	c.Do(func(tx *db.Tx) error {
		for range 80 {
			if err := c.join(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

func ids(list []*somebody) (out []string) {
	for _, s := range list {
		out = append(out, s.person.ID)
	}
	return out
}

// walk reads a list page by page to its end and back, and compares.
func (c *crowded) walk(t *testing.T, q people.Query) {
	t.Helper()
	c.View(func(tx *db.Tx) error {
		want := c.expected(q, tx.Now)
		var got, back []string
		for {
			page, err := c.People.List(tx, c.a, q)
			if err != nil {
				return err
			}
			for _, r := range page.Rows {
				got = append(got, r.ID())
			}
			if n := page.Total; n.N > int64(len(want)) || !n.More && n.N != int64(len(want)) {
				t.Errorf("%+v: total %v of %d", q, n, len(want))
			}
			if page.Next == "" {
				q.After = page.Previous
				break
			}
			q.After = page.Next
		}
		for q.After != "" {
			page, err := c.People.List(tx, c.a, q)
			if err != nil {
				return err
			}
			for _, r := range slices.Backward(page.Rows) {
				back = append(back, r.ID())
			}
			q.After = page.Previous
		}
		if diff := gocmp.Diff(ids(want), got); diff != "" {
			t.Fatalf("%+v: %s", q, diff)
		}
		slices.Reverse(back)
		if !slices.Equal(got[:len(back)], back) || len(got)-len(back) > q.Limit {
			t.Fatalf("%+v back: %v, not %v", q, back, got)
		}
		return nil
	})
}

func (c *crowded) counts(t *testing.T) {
	t.Helper()
	c.View(func(tx *db.Tx) error {
		got, err := c.People.Counts(tx, c.a)
		for _, s := range people.Statuses() {
			n := int64(len(c.expected(people.Query{Status: s}, tx.Now)))
			if got[s] != n {
				t.Errorf("%s: %d of %d", s, got[s], n)
			}
		}
		return err
	})
}

// moving turns pages while people change. Whoever does not is seen exactly once,
// and whoever is seen is meant at that moment.
func (c *crowded) moving(t *testing.T) {
	t.Helper()
	for range 6 {
		q := c.query()
		var still []string
		spare, seen := map[string]bool{}, map[string]int{}
		c.View(func(tx *db.Tx) error {
			for i, s := range c.expected(q, tx.Now) {
				if i%2 == 0 {
					still, spare[s.person.ID] = append(still, s.person.ID), true
				}
			}
			return nil
		})
		for {
			var page people.Page
			c.View(func(tx *db.Tx) (err error) {
				page, err = c.People.List(tx, c.a, q)
				for _, r := range page.Rows {
					seen[r.ID()]++
					i := slices.IndexFunc(c.people, func(s *somebody) bool { return s.person.ID == r.ID() })
					if !c.means(q, c.people[i], tx.Now) {
						t.Errorf("%+v: %s is not meant", q, r.ID())
					}
				}
				return err
			})
			if q.After = page.Next; page.Next == "" {
				break
			}
			for range 3 {
				c.changes(t, spare)
			}
		}
		for _, id := range still {
			if seen[id] != 1 {
				t.Errorf("%+v: %s was seen %d times", q, id, seen[id])
			}
		}
	}
}
