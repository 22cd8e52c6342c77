package demo

import (
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/seal"
)

// The crowd is up to a million further people, in merchants' accounts of their
// own, for whoever wants to see how lists of that size work. Their accounts are
// opened while the story is played; the people, whom use cases would have written
// one by one, are written in batches at its end, each with one entry in the log
// (crowd_sql.go). Nothing in the program can tell the difference. The first
// account is boarded as all others are, so that somebody can sign in to it.

// The most that there can be, and how many people are written together.
const (
	crowdMost         = 1_000_000
	crowdAccountsMost = 10_000
	crowdBatch        = 20_000
	crowdPasswordDays = 90  // that a password lasts
	crowdLockedMost   = 200 // at one moment: a lock lasts half an hour
)

// crowd is the crowd being made.
type crowd struct {
	*filling
	Options
	who      db.Who
	random   *rand.Rand
	ids      *ascending
	pools    []pool
	hash     string // of everybody's password
	accounts []*crowdAccount
	made     int // people so far
	locked   int // of those
	looked   int // how many there were when the database last looked at its tables
	batch    batch
	recent   []*crowdPerson // who may work in the next account too
}

// checkCrowd refuses what is too much, and fills in how many accounts.
func (o *Options) checkCrowd() error {
	if o.Users == 0 && o.Accounts == 0 {
		return nil
	}
	var f fault.Fields
	if o.Users < 1 || o.Users > crowdMost {
		f.Add("users", "setting_number", "min", 1, "max", crowdMost)
	}
	most := min(crowdAccountsMost, max(o.Users, 1))
	if o.Accounts == 0 {
		o.Accounts = min(max(o.Users/100, 1), crowdAccountsMost)
	}
	if o.Accounts < 1 || o.Accounts > most {
		f.Add("accounts", "setting_number", "min", 1, "max", most)
	}
	return f.Err()
}

// crowdCompany is the account of the crowd's first people.
func crowdCompany() company {
	return company{key: "crowd", id: crowdID(0), name: "Wayfarer Retail Group", domain: "wayfarer.example", kind: access.Merchant, environment: org.Live, zone: "Europe/Oslo", home: nordic, days: founded - 5,
		people: []person{{key: "owner", role: "owner", first: "Solveig", last: "Amundsen", local: "solveig.amundsen", login: true}}}
}

// crowdID is the customer ID of one of the crowd's accounts.
func crowdID(n int) string { return fmt.Sprint(1_000_001 + n) }

// begin plans a crowd and adds to the story how its accounts are opened.
func (f *filling) beginCrowd(o Options) *crowd {
	c := &crowd{filling: f, Options: o, who: db.Who{Kind: db.Operator, ID: "demo"}, random: rand.New(rand.NewPCG(o.Seed, 0x63726f7764)), pools: pools()}
	c.ids = &ascending{random: f.DB.Random(), of: 6*uint64(o.Users) + 60*uint64(o.Accounts)}
	f.tellOf(crowdCompany())
	names := map[string]bool{}
	for n, size := range c.sizes() {
		a := &crowdAccount{number: n, size: size, days: 8 + (founded-14)*(o.Accounts-n)/o.Accounts, locals: map[string]int{}}
		if n > 0 {
			a.name, a.domain = c.company(names)
		}
		c.accounts = append(c.accounts, a)
	}
	together := min(1+o.Accounts/60, 100)
	for from := 1; from < len(c.accounts); from += together {
		some := c.accounts[from:min(from+together, len(c.accounts))]
		for _, a := range some {
			a.days = some[len(some)-1].days
		}
		f.on(f.day(some[len(some)-1].days, 3), func() error { return c.open(some) })
	}
	return c
}

// sizes tells how many people each account gets: a few have many, most have few.
func (c *crowd) sizes() []int {
	weights, sum := make([]float64, c.Accounts), 0.0
	for i := range weights {
		weights[i] = math.Exp(c.random.NormFloat64())
		sum += weights[i]
	}
	sizes, left := make([]int, c.Accounts), c.Users
	for i, w := range weights {
		share := int(math.Round(float64(c.Users) * w / sum))
		sizes[i] = max(1, min(share, left-(c.Accounts-i-1)))
		left -= sizes[i]
	}
	sizes[0] += left
	return sizes
}

// company makes the name of a merchant that has none like it, and its domain.
func (c *crowd) company(taken map[string]bool) (name, domain string) {
	for {
		place, trade := crowdPlaces[c.random.IntN(len(crowdPlaces))], crowdTrades[c.random.IntN(len(crowdTrades))]
		domain = strings.ToLower(place + trade)
		if taken[domain] { // the second of that name is somewhere else
			town := crowdPlaces[c.random.IntN(len(crowdPlaces))]
			place, domain = town+" "+place, strings.ToLower(town+place+trade)
		}
		if !taken[domain] {
			taken[domain] = true
			return place + " " + trade + crowdForms[c.random.IntN(len(crowdForms))], domain + ".example"
		}
	}
}

// play makes the people of the crowd, at the end of the story. hash is of
// everybody's password.
func (c *crowd) play(hash string) error {
	c.Clock.set(c.now)
	c.hash = hash
	if err := c.first(c.accounts[0]); err != nil {
		return err
	}
	var indexes []string
	err := c.DB.Update(c.ctx, c.who, func(tx *db.Tx) (err error) {
		if indexes, err = tx.DropIndexes("memberships"); err != nil {
			return err
		}
		return c.record(tx, 0)
	})
	if err != nil {
		return err
	}
	for _, a := range c.accounts {
		for i := range a.size {
			if err := c.join(a, i); err != nil {
				return fmt.Errorf("account %s: %w", crowdID(a.number), err)
			}
			if c.made++; len(c.batch.users) >= crowdBatch {
				if err := c.write(); err != nil {
					return err
				}
			}
		}
	}
	if err := c.write(); err != nil {
		return err
	}
	return c.DB.Update(c.ctx, c.who, func(tx *db.Tx) error {
		tx.ChangedAccess()
		for _, make := range indexes {
			if _, err := tx.Exec(make); err != nil {
				return err
			}
		}
		if err := tx.Analyze(); err != nil {
			return fmt.Errorf("look at the tables: %w", err)
		}
		return c.record(tx, c.made)
	})
}

// write puts a batch into the database.
func (c *crowd) write() error {
	b := c.batch
	c.batch = batch{}
	if len(b.members) == 0 {
		return nil
	}
	// PostgreSQL finds no good way through tables that it knows as nearly empty.
	look := !c.DB.IsSQLite() && c.made >= 2*c.looked
	if look {
		c.looked = c.made
	}
	err := c.DB.Update(c.ctx, c.who, func(tx *db.Tx) error {
		if err := b.write(tx, look); err != nil {
			return err
		}
		return c.record(tx, len(b.users))
	})
	if err == nil && c.Progress != nil {
		c.Progress(c.made, c.Users)
	}
	return err
}

func (c *crowd) record(tx *db.Tx, users int) error {
	return audit.Record(tx, audit.Entry{Action: audit.DemoFilled, Kind: "instance", ID: "demo", Changes: []audit.Change{{Field: "users", After: fmt.Sprint(users)}}})
}

// first makes the account of the story that the crowd begins in ready for more.
func (c *crowd) first(a *crowdAccount) error {
	s := c.companies[crowdID(0)]
	a.id, a.domain, a.owner = s.accountID, s.domain, s.players[0].userID
	a.locals[s.players[0].local] = 1
	return c.DB.Update(c.ctx, c.who, func(tx *db.Tx) error {
		account, _, err := org.AccountByID(tx, a.id)
		if err != nil {
			return err
		}
		if _, err = db.One(tx, []any{&a.next}, `SELECT next_member FROM accounts WHERE id = $1`, a.id); err != nil {
			return err
		}
		// Here passwords end; the owner has had theirs for a few days only.
		err = people.Relist(tx, a.owner, func() error {
			_, err := tx.Exec(`UPDATE users SET password_set_at = $1 WHERE id = $2`, c.before(9), a.owner)
			return err
		})
		if err != nil {
			return err
		}
		if err := c.furnish(tx, a, account); err != nil {
			return err
		}
		return c.record(tx, 0)
	})
}

// id makes a fresh id.
func (c *crowd) id(prefix string) (string, error) { return seal.ID(c.ids, prefix) }

// ascending gives random ids of which each is greater than the one before, so
// that every row goes to the end of its index, which is many times quicker. Each
// is drawn from the next of as many equal parts of all ids there are.
type ascending struct {
	random io.Reader
	of     uint64 // how many parts
	next   uint64
}

// Read fills in the sixteen bytes of an id.
func (a *ascending) Read(p []byte) (int, error) {
	n, err := io.ReadFull(a.random, p)
	if err != nil {
		return n, err
	}
	width := math.MaxUint64 / a.of
	var within uint64
	for _, b := range p[:8] {
		within = within<<8 | uint64(b)
	}
	at := a.next%a.of*width + within%width
	a.next++
	for i := 7; i >= 0; i-- {
		p[i] = byte(at)
		at >>= 8
	}
	return n, nil
}

// before is a moment so many days, and parts of one, ago.
func (c *crowd) before(days float64) int64 {
	return c.now.Add(-time.Duration(days * 24 * float64(time.Hour))).UnixMicro()
}
