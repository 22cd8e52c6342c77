package people_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	randv2 "math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/demo"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/signin"
	"countersign/internal/snapshot"
	"countersign/internal/test/testdb"
)

// million is a database with a million people, and all that lists need.
type million struct {
	d        *db.DB
	people   *people.People
	profile  *profile.Profile
	accounts []org.Account
	r        *randv2.Rand
}

// keptIn is a folder in which the SQLite files of a million people are kept from
// one run to the next; without it they are made each time, which takes minutes.
const keptIn = "COUNTERSIGN_BENCH_DATA"

// keptPostgres is the address of a PostgreSQL database that keeps them, with one
// %d in it for how many accounts they are in; it exists, and may be empty.
const keptPostgres = "COUNTERSIGN_BENCH_POSTGRES"

// openMillion makes a million people in so many accounts.
func openMillion(b *testing.B, dialect testdb.Dialect, accounts int) *million {
	b.Helper()
	folder, server := os.Getenv(keptIn), os.Getenv(keptPostgres)
	var address string
	switch {
	case folder != "" && dialect == testdb.SQLite:
		address = filepath.Join(folder, fmt.Sprintf("million-%d.db", accounts))
	case server != "" && dialect == testdb.Postgres:
		address = fmt.Sprintf(server, accounts)
	default:
		address = testdb.Address(b, dialect)
	}
	clock := demo.NewClock(time.Now)
	d, err := db.Open(b.Context(), db.Options{URL: address, Now: clock.Now, Random: rand.Reader, Box: testdb.Box(b)})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { d.Close() })
	m := &million{d: d, r: randv2.New(randv2.NewPCG(1, 1))}
	profiles, err := profile.Load()
	if err != nil {
		b.Fatal(err)
	}
	m.profile, _ = profiles.Get(profile.Standard)
	live, log := &access.Live{}, audit.New(d, slog.New(slog.DiscardHandler))
	m.people = people.New(d, live, profiles, log)
	if d.Ready(b.Context()) != nil {
		m.make(b, clock, profiles, live, log, accounts)
	}
	m.view(b, func(tx *db.Tx) error {
		ids, err := db.Column(tx, `SELECT a.id FROM accounts a JOIN entities e ON e.id = a.entity_id WHERE length(e.customer_id) = 7 ORDER BY e.customer_id`)
		for _, id := range ids {
			a, _, err := org.AccountByID(tx, id)
			if err != nil {
				return err
			}
			m.accounts = append(m.accounts, a)
		}
		return err
	})
	return m
}

func (m *million) make(b *testing.B, clock *demo.Clock, profiles profile.Profiles, live *access.Live, log *audit.Log, accounts int) {
	if err := m.d.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	keeper := snapshot.New(m.d, profiles, live, snapshot.Options{})
	if err := keeper.Refresh(b.Context(), 0); err != nil {
		b.Fatal(err)
	}
	begun := time.Now()
	_, err := demo.Fill(b.Context(), demo.Deps{DB: m.d, Clock: clock, Live: live, Profiles: profiles, Audit: log, People: m.people, Org: org.NewOrg(m.d, live, profiles, log),
		Passwords: signin.NewPasswords(signin.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, 1, 4, rand.Reader)}, demo.Options{Seed: 1, Users: 1_000_000, Accounts: accounts})
	if err != nil {
		b.Fatal(err)
	}
	b.Logf("a million people in %d accounts were made in %s", accounts, time.Since(begun).Round(time.Second))
}

func (m *million) view(b *testing.B, f func(tx *db.Tx) error) {
	b.Helper()
	if err := m.d.View(context.WithoutCancel(b.Context()), f); err != nil {
		b.Fatal(err)
	}
}

// one is some account, and somebody of it: whom a case then looks for.
func (m *million) one(b *testing.B) (a org.Account, row people.Row) {
	a = m.accounts[m.r.IntN(len(m.accounts))]
	m.view(b, func(tx *db.Tx) error {
		var next int64
		var id string
		if _, err := db.One(tx, []any{&next}, `SELECT next_member FROM accounts WHERE id = $1`, a.ID); err != nil {
			return err
		}
		_, err := db.One(tx, []any{&id}, `SELECT user_id FROM memberships WHERE account_id = $1 AND number >= $2 ORDER BY number LIMIT 1`, a.ID, m.r.Int64N(next))
		if err != nil {
			return err
		}
		row, err = m.people.Get(tx, a, id)
		return err
	})
	return a, row
}

// part is so many letters in a row of a text, or all that it has.
func (m *million) part(text string, n int) string {
	letters := []rune(text)
	if len(letters) <= n {
		return text
	}
	at := m.r.IntN(len(letters) - n + 1)
	return strings.TrimSpace(string(letters[at : at+n]))
}

// listCase is a way to ask for a list, for somebody.
type listCase struct {
	name string
	ask  func(m *million, row people.Row) people.Query
}

func listCases() []listCase {
	var all []listCase
	add := func(name string, ask func(m *million, row people.Row) people.Query) {
		all = append(all, listCase{name, ask})
	}
	statuses := append(people.Statuses(), people.Locked)
	for _, sort := range people.Sorts {
		add("first page by "+sort, func(*million, people.Row) people.Query { return people.Query{Sort: sort} })
		add("deep page by "+sort, func(*million, people.Row) people.Query { return people.Query{Sort: sort, After: "deep"} })
		add("role and status by "+sort, func(m *million, row people.Row) people.Query {
			return people.Query{Sort: sort, RoleID: row.Roles[0], Status: statuses[m.r.IntN(len(statuses))]}
		})
		add("search of 4 by "+sort, func(m *million, row people.Row) people.Query {
			return people.Query{Sort: sort, Search: m.part(row.LastName, 4)}
		})
	}
	for n := range 7 {
		add(fmt.Sprintf("search of %d", n+1), func(m *million, row people.Row) people.Query { return people.Query{Search: m.part(row.Name(), n+1)} })
	}
	add("search of a whole name", func(_ *million, row people.Row) people.Query { return people.Query{Search: row.Name()} })
	add("search of an address", func(_ *million, row people.Row) people.Query { return people.Query{Search: row.Email} })
	add("search of what everybody has", func(_ *million, row people.Row) people.Query {
		return people.Query{Search: row.Email[strings.Index(row.Email, "@"):]}
	})
	add("search of what nobody has", func(m *million, _ people.Row) people.Query {
		return people.Query{Search: []string{"zqx", "qqq", "w#w", "xyzzyx", "漢字"}[m.r.IntN(5)]}
	})
	for _, s := range statuses {
		add("status "+string(s), func(*million, people.Row) people.Query { return people.Query{Status: s} })
	}
	add("role", func(_ *million, row people.Row) people.Query { return people.Query{RoleID: row.Roles[0]} })
	add("entity", func(_ *million, row people.Row) people.Query { return people.Query{EntityID: entityOf(row)} })
	add("entity and status", func(m *million, row people.Row) people.Query {
		return people.Query{EntityID: entityOf(row), Status: statuses[m.r.IntN(len(statuses))]}
	})
	add("search, role and status", func(m *million, row people.Row) people.Query {
		return people.Query{Search: m.part(row.LastName, 3), RoleID: row.Roles[0], Status: row.Status}
	})
	add("search, entity, role and status", func(m *million, row people.Row) people.Query {
		return people.Query{Search: m.part(row.FirstName, 2), EntityID: entityOf(row), RoleID: row.Roles[0], Status: row.Status}
	})
	return all
}

func entityOf(row people.Row) string {
	if len(row.Entities) > 0 {
		return row.Entities[0]
	}
	return ""
}

// deep makes a query go on from somebody in the middle of the list.
func (m *million) deep(tx *db.Tx, a org.Account, q *people.Query, row people.Row) (err error) {
	if q.After == "" {
		return nil
	}
	q.After = ""
	key, number := "", int64(0)
	column := map[string]string{"name": "sort_key", "email": "email_key", "status": "sort_key", "last_sign_in": "CAST(last_sign_in_at AS TEXT)"}[strings.TrimPrefix(q.Sort, "-")]
	if _, err = db.One(tx, []any{&key, &number}, `SELECT `+column+`, number FROM memberships WHERE account_id = $1 AND user_id = $2`, a.ID, row.ID()); err != nil {
		return err
	}
	var s people.Status
	if strings.HasSuffix(q.Sort, "status") {
		s = row.Status
	}
	q.After, err = m.people.Place(tx, a, *q, key, number, s)
	return err
}

// BenchmarkList is a page of fifty users with its count, of a million people in
// one account and in ten thousand, each time for another account or somebody
// else of it. The metric is the median of the time between asking and having it.
func BenchmarkList(b *testing.B) {
	for _, dialect := range testdb.Dialects() {
		for _, accounts := range []int{1, 10_000} {
			b.Run(fmt.Sprintf("%s/accounts=%d", dialect, accounts), func(b *testing.B) {
				m := openMillion(b, dialect, accounts)
				for _, c := range listCases() {
					b.Run(strings.ReplaceAll(c.name, " ", "_"), func(b *testing.B) {
						m.median(b, func(tx *db.Tx, a org.Account, row people.Row) (func() error, error) {
							q := c.ask(m, row)
							err := m.deep(tx, a, &q, row)
							return func() error {
								_, err := m.people.List(tx, a, q)
								return err
							}, err
						})
					})
				}
				for name, f := range m.others() {
					b.Run(name, func(b *testing.B) {
						m.median(b, func(tx *db.Tx, a org.Account, row people.Row) (func() error, error) {
							return func() error { return f(tx, a, row) }, nil
						})
					})
				}
			})
		}
	}
}

// others are what else pages of people ask for.
func (m *million) others() map[string]func(tx *db.Tx, a org.Account, row people.Row) error {
	return map[string]func(tx *db.Tx, a org.Account, row people.Row) error{
		"Get": func(tx *db.Tx, a org.Account, row people.Row) error {
			_, err := m.people.Get(tx, a, row.ID())
			return err
		},
		"Counts": func(tx *db.Tx, a org.Account, _ people.Row) error {
			_, err := m.people.Counts(tx, a)
			return err
		},
		"roles": func(tx *db.Tx, a org.Account, _ people.Row) error {
			_, err := roles.List(tx, a.ID, m.profile)
			return err
		},
		"Administrators": func(tx *db.Tx, a org.Account, _ people.Row) error {
			_, err := people.Administrators(tx, a.ID, 5)
			return err
		},
	}
}

// median measures what prepare makes ready, in a view of its own each time.
func (m *million) median(b *testing.B, prepare func(tx *db.Tx, a org.Account, row people.Row) (func() error, error)) {
	var took []time.Duration
	for b.Loop() {
		b.StopTimer()
		a, row := m.one(b)
		m.view(b, func(tx *db.Tx) error {
			do, err := prepare(tx, a, row)
			if err != nil {
				return err
			}
			b.StartTimer()
			begun := time.Now()
			err = do()
			took = append(took, time.Since(begun))
			return err
		})
	}
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "ms/median")
	b.ReportMetric(float64(took[len(took)*19/20].Microseconds())/1000, "ms/p95")
}
