package demo

import (
	"fmt"
	"strings"

	"countersign/internal/lang"
	"countersign/internal/people"
)

// crowdAccount is an account of the crowd.
type crowdAccount struct {
	number, size int
	days         int // since it was opened
	name, domain string
	id, owner    string            // owner: the user id of its first administrator
	roles        map[string]string // ids by key
	entities     []string          // ids of its legal entities
	next         int64             // the number of the next person
	locals       map[string]int    // addresses that are taken, and how often
}

// crowdPerson is one of the crowd.
type crowdPerson struct {
	people.Person
	emailKey                string
	sort, search            string
	passwordAt, inactive    int64 // µs; 0 is not
	invited, came, lastSeen float64
}

// What became of somebody, in shares of a thousand, one after another.
var crowdFates = []struct {
	until int
	fate  crowdFate
}{{15, isInvited}, {35, isExpired}, {40, isUninvited}, {90, isDeactivated}, {97, isShutOut}, {127, isInactive}, {129, isLocked}, {160, hasOldPassword}, {1000, isActive}}

type crowdFate uint8

const (
	isActive crowdFate = iota
	isInvited
	isExpired
	isUninvited
	isDeactivated
	isShutOut // deactivated before they ever came in
	isInactive
	isLocked
	hasOldPassword
)

// fate draws what became of somebody who was to come to an account.
func (c *crowd) fate(a *crowdAccount, i int) crowdFate {
	n := c.random.IntN(1000)
	if i < a.administrators() {
		return isActive
	}
	for _, f := range crowdFates {
		if n >= f.until {
			continue
		}
		if (f.fate == isInactive || f.fate == hasOldPassword) && a.days < 100 || f.fate == hasOldPassword && !a.passwordsEnd() || a.days < 5 {
			return isActive
		}
		return f.fate
	}
	return isActive
}

// administrators is how many of an account's first people have the run of it.
func (a *crowdAccount) administrators() int { return 1 + min(a.size/150, 12) }

// passwordsEnd tells whether the account lets passwords end.
func (a *crowdAccount) passwordsEnd() bool { return a.number%5 == 0 }

// born draws a person of an account.
func (c *crowd) born(a *crowdAccount) (*crowdPerson, error) {
	given, family := c.pools[c.random.IntN(len(c.pools))].draw(c.random)
	p := &crowdPerson{Person: people.Person{FirstName: given[0], LastName: family[0], Phone: c.phone(), TimeZone: zones[c.random.IntN(len(zones))], Lang: lang.English}}
	if c.random.IntN(7) == 0 {
		p.Lang = lang.French
	}
	id, err := c.id("usr")
	if err != nil {
		return nil, err
	}
	p.ID, p.Email = id, a.address(given[1], family[1])
	p.emailKey = p.Email // small letters of ASCII
	p.sort, p.search = people.SortKey(p.Person), people.SearchKey(p.Person)
	return p, nil
}

var zones = []string{"UTC", "Europe/London", "Europe/London", "Europe/Paris", "Europe/Paris", "Europe/Berlin", "Europe/Zurich", "Europe/Lisbon", "Europe/Warsaw", "Africa/Lagos", "Asia/Tokyo", "Asia/Kolkata"}

// address makes an address that nobody else of the account has, in its way of writing them.
func (a *crowdAccount) address(given, family string) string {
	local := given + "." + family
	switch a.number % 4 {
	case 1:
		local = given[:1] + "." + family
	case 2:
		local = given + "_" + family
	case 3:
		local = family + given[:1]
	}
	a.locals[local]++
	if n := a.locals[local]; n > 1 {
		local += fmt.Sprint(n)
	}
	return local + "@" + a.domain
}

// phone draws a number that is nobody's: of those that are kept for fiction.
func (c *crowd) phone() string {
	n := c.random.IntN(1000)
	switch c.random.IntN(5) {
	case 0:
		return fmt.Sprintf("+44 1632 960%03d", n)
	case 1:
		return fmt.Sprintf("+1 202 555 01%02d", n%100)
	case 2:
		return fmt.Sprintf("+33 1 99 00 %02d %02d", n/10, n%100)
	}
	return ""
}

// lives fills in the times of a person's life, as what became of them asks.
func (c *crowd) lives(a *crowdAccount, p *crowdPerson, fate crowdFate) {
	part := c.random.Float64
	most := float64(a.days) - 1
	p.invited = max(most*part(), 0.1)
	switch fate {
	case isInvited:
		p.invited = 0.05 + 2.9*part()
		return
	case isExpired, isUninvited, isShutOut:
		p.invited = 3.2 + (most-3.2)*part()
		return
	case isInactive, hasOldPassword:
		p.invited = 95 + (most-95)*part()
	}
	p.came = p.invited * (1 - min(2/p.invited, 0.9)*part()) // within two days
	p.lastSeen = min(p.came, 60*part()*part()*part())
	set := p.came
	if a.passwordsEnd() {
		set = min(set, 88*part())
	}
	switch fate {
	case isInactive:
		p.lastSeen = 91 + (p.came-91)*part()
		p.inactive = c.before(p.lastSeen - 90)
		set = max(set, p.lastSeen)
	case hasOldPassword:
		set = max(91, p.came*part())
		p.lastSeen = min(p.came, max(p.lastSeen, 0.5))
	}
	p.passwordAt, p.LastSignInAt = c.before(min(set, p.came)), c.before(p.lastSeen)
}

// rolesOf draws the roles of somebody: most have one.
func (c *crowd) rolesOf(a *crowdAccount, i int) []string {
	if i < a.administrators() {
		if i == 0 && a.number > 0 {
			return []string{"owner"}
		}
		return []string{"administrator"}
	}
	shares := strings.Fields("read_only:28 support:26 operations:12 finance:9 disputes:7 risk:4 developer:4 auditor:3 first_approver:3 second_approver:3 access_administrator:1")
	draw := func() string {
		n := c.random.IntN(100)
		for _, s := range shares {
			key, share, _ := strings.Cut(s, ":")
			var of int
			fmt.Sscan(share, &of)
			if n -= of; n < 0 && a.roles[key] != "" {
				return key
			}
		}
		return "read_only"
	}
	first := draw()
	if second := draw(); c.random.IntN(9) == 0 && second != first {
		return []string{first, second}
	}
	return []string{first}
}

// join puts the i-th person of an account into the batch; now and then, somebody
// of the account before as well.
func (c *crowd) join(a *crowdAccount, i int) error {
	p, err := c.born(a)
	if err != nil {
		return err
	}
	fate := c.fate(a, i)
	c.lives(a, p, fate)
	c.batch.person(c, p, fate)
	if i == 0 && a.number > 0 {
		a.owner = p.ID
	}
	if err := c.batch.member(c, a, p, fate, i); err != nil {
		return err
	}
	if i == 0 && len(c.recent) > 0 {
		for n := range (a.size + 24) / 50 { // one of fifty
			if n >= len(c.recent) {
				break
			}
			if err := c.batch.member(c, a, c.recent[n], isActive, a.administrators()); err != nil {
				return err
			}
		}
		c.recent = nil
	}
	if fate == isActive && len(c.recent) < 40 && i >= a.administrators() && c.random.IntN(3) == 0 {
		c.recent = append(c.recent, p)
	}
	return nil
}

// reasons are why people were deactivated.
var reasons = []string{"Left the company", "Contract ended", "On parental leave", "Changed to another team", "Asked by the works council", ""}

func micros(at int64) any {
	if at == 0 {
		return nil
	}
	return at
}
