package demo

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/people"
)

// scene is something that happens.
type scene struct {
	at   time.Time
	play func() error
}

func (f *filling) on(at time.Time, play func() error) {
	f.scenes = append(f.scenes, scene{at, play})
}

// tell writes the whole story: every company's and person's own, then what
// happened between them.
func (f *filling) tell() {
	for _, c := range cast() {
		f.tellOf(c)
	}
	f.through()
	f.orderTerminals()
	f.weeksAgo()
	f.lastHours()
}

// tellOf writes the story of one company and its people.
func (f *filling) tellOf(c company) {
	s := f.enter(c)
	f.on(f.day(c.days, 10), func() error { return f.board(s) })
	f.on(f.day(c.days, 14), func() error { return f.activate(s.players[0]) })
	f.on(f.day(c.days-1, 7), func() error { return f.build(s) })
	for i, p := range s.players {
		if i > 0 {
			f.joins(p)
		}
		f.works(p)
		f.lives(p)
	}
}

// joins is how somebody came in, or did not.
func (f *filling) joins(p *player) {
	if p.fate == lastGuest {
		return
	}
	invited := f.working(p.company, p.days)
	f.on(invited, func() error { return f.invite(f.manager(p), p) })
	comes := invited.Add(time.Duration(20+f.random.IntN(300)) * time.Minute)
	switch {
	case p.again > 0:
		resent := f.working(p.company, p.again)
		f.on(resent, func() error { return f.resend(f.manager(p), p) })
		f.on(resent.Add(2*time.Hour), func() error { return f.activate(p) })
	case p.mail == corrected:
		noticed := f.working(p.company, p.days-1)
		f.on(noticed, func() error { return f.correct(f.manager(p), p) })
		f.on(noticed.Add(2*time.Hour), func() error { return f.activate(p) })
	case p.fate == settles:
		f.on(comes, func() error { return f.activate(p) })
	case p.fate == unwanted:
		f.on(f.working(p.company, p.days-1), func() error { return f.uninvite(f.manager(p), p) })
	}
}

// works are the days on which somebody was in the portal.
func (f *filling) works(p *player) {
	if p.fate != settles || p.as != "" {
		return
	}
	from := cmp.Or(p.again, p.days, p.company.days) - 2
	if p.mail == corrected {
		from--
	}
	until := max(p.until, 0) + 1
	if p.left > 0 && p.back == 0 {
		until = p.left + 1
	}
	if from < until {
		return
	}
	var days []int
	for range max(1, cmp.Or(p.life.visits, 24)*(from-until)/365) {
		days = append(days, f.workday(from, until))
	}
	days = append(days, f.workday(min(from, until+20), until)) // nobody is forgotten in the last weeks
	if p.back > 0 {
		days = append(days, f.workday(p.left+9, p.left+2), f.workday(max(p.back-2, 1), max(p.back-9, 1)))
	}
	for _, day := range f.often(days, from) {
		f.comes(p, day)
	}
}

// often adds to the days of somebody's visits what lies between those that are far
// apart: whoever stays away for ninety days is locked.
func (f *filling) often(days []int, from int) []int {
	slices.Sort(days)
	slices.Reverse(days)
	before := from
	for _, day := range days {
		for ; before-day > 75; before -= 60 {
			days = append(days, f.workday(before-50, before-65))
		}
		before = day
	}
	return days
}

// comes is a working day of somebody: they sign in, and sometimes mistype first.
func (f *filling) comes(p *player, day int) {
	if p.left > 0 && p.back > 0 && day <= p.left+1 && day >= p.back-1 {
		return
	}
	if p.left > 0 && p.back == 0 && day <= p.left {
		return
	}
	stay := time.Duration(2+f.random.IntN(10)) * time.Minute
	mistypes := f.one(25)
	f.on(f.working(p.company, day), func() error {
		if mistypes {
			if err := f.guessing(p.key, 1)(db.Who{}); err != nil {
				return err
			}
		}
		return f.visit(p.key, stay, f.chore(p))
	})
}

// chore is what somebody does for themselves on some of their first days.
func (f *filling) chore(p *player) func(db.Who) error {
	if p.settled {
		return nil
	}
	p.settled = true
	return func(who db.Who) error { return f.ownDetails(who, p) }
}

// through is what the year brought besides.
func (f *filling) through() {
	for _, t := range []struct {
		by, name   string
		from, till int // till 0: still in use
	}{
		{"saltmarsh.owner", "Till sync", 300, 0}, {"kestrel.owner", "Booking engine", 290, 150}, {"kestrel.owner", "Booking engine 2", 152, 0},
		{"pelican.owner", "Ticket machines", 270, 0}, {"ferrow.owner", "Prescription import", 240, 0}, {"tournesol.owner", "Caisse centrale", 200, 90},
		{"tournesol.owner", "Caisse centrale 2026", 92, 0}, {"hexavia.owner", "Application mobile", 160, 0}, {"comptoir.owner", "Portail revendeur", 250, 0},
		{"facilitator.owner", "Onboarding", 340, 0}, {"platform.owner", "Risk engine", 350, 0}, {"platform.owner", "Ledger export", 345, 200},
	} {
		f.on(f.day(t.from, 11), func() error { return f.makeToken(t.by, t.name) })
		if t.till > 0 {
			f.on(f.day(t.till, 11.5), func() error { return f.revokeToken(t.by, t.name) })
		}
	}
	f.on(f.day(110, 15), func() error { return f.from(f.players["northwind.owner"], f.players["northwind.finance"]) })
	f.on(f.day(84, 15), func() error { return f.from(f.players["tournesol.owner"], f.players["tournesol.finance"]) })
	f.on(f.day(231, 10), f.guessingTill("kestrel.approver", f.lockAttempts()))
	f.on(f.day(231, 10.4), func() error { return f.unlock("kestrel.access", "kestrel.approver", "Called from the front desk") })
	f.on(f.day(148, 9), f.guessingTill("tournesol.finance", f.lockAttempts()))
	f.on(f.day(148, 9.3), func() error { return f.unlock("tournesol.access", "tournesol.finance", "Au téléphone, reconnue") })
	f.on(f.day(96, 17), func() error {
		return f.askForPassword("northwind.access", "northwind.operations", "Password seen on a note at the till")
	})
	for week := range founded / 7 {
		f.on(f.day(7*week+1, 2), func() error { return f.door.LockInactive(f.ctx) })
	}
	for _, try := range []struct {
		day      int
		by, whom string
	}{{302, "partner.administrator", "northwind.owner"}, {221, "partner.administrator", "saltmarsh.owner"}, {137, "facilitator.owner", "pelican.owner"}} {
		f.on(f.day(try.day, 16), func() error {
			return f.visit(try.by, 4*time.Minute, func(who db.Who) error {
				return f.refused("live_account", f.shut(who, try.whom, "Asked for by telephone"))
			})
		})
	}
}

// weeksAgo is what was changed in the last weeks.
func (f *filling) weeksAgo() {
	f.on(f.day(25, 18), func() error { return f.makeToken("northwind.owner", "Old till bridge") })
	f.on(f.day(24, 18), func() error { return f.makeToken("northwind.owner", "Web shop back office") })
	f.on(f.day(11, 18), func() error {
		return f.visit("northwind.auditor", 3*time.Minute, f.guessing("northwind.auditor", 1))
	})
	f.on(f.day(7, 18), func() error {
		return f.change("northwind.access", "northwind.disputes", []string{"400311", "400312"}, "disputes")
	})
	f.on(f.day(3, 18), func() error { return f.revokeToken("northwind.owner", "Old till bridge") })
	f.on(f.day(2, 18), func() error { return f.makeToken("brambleholt.owner", "Bench tests") })
	f.on(f.day(1, 18), func() error {
		return f.loseFactor("petrichor.owner", "petrichor.support", "Téléphone perdu dans le train")
	})
}

// lastHours ends with somebody locked out for the next half hour, and with an
// invitation whose mail is still to be sent.
func (f *filling) lastHours() {
	f.on(f.ago(170), func() error {
		return f.visit("partner.administrator", 4*time.Minute, func(who db.Who) error {
			return f.refused("live_account", f.shut(who, "northwind.operations", "Asked for by telephone"))
		})
	})
	f.on(f.ago(130), func() error {
		return f.change("northwind.access", "northwind.operations", []string{"400311", "400313"}, "operations", "read_only")
	})
	f.on(f.ago(95), func() error {
		return f.visit("northwind.support", 6*time.Minute, func(who db.Who) error {
			return f.refused("missing_permission", f.asks(who, f.players["northwind.newest"]))
		})
	})
	f.on(f.ago(60), func() error {
		return f.visit("northwind.access", 5*time.Minute, func(who db.Who) error {
			return f.refused("role_not_yours_to_give", f.give(who, "northwind.auditor", nil, "administrator"))
		})
	})
	f.on(f.ago(40), func() error { return f.visit("platform.owner", 8*time.Minute, nil) })
	f.on(f.ago(25), func() error { return f.visit("northwind.owner", 5*time.Minute, nil) })
	f.on(f.ago(11), func() error { return f.guessing("northwind.disputes", f.lockAttempts())(db.Who{}) })
	f.on(f.ago(4), f.collect)
	f.on(f.ago(3), func() error {
		return f.visit("northwind.access", time.Minute, func(who db.Who) error {
			return f.asks(who, f.players["northwind.newest"])
		})
	})
}

// board creates a company's account with its first administrator.
func (f *filling) board(c *companyOnStage) error {
	first := c.players[0]
	if c.kind == access.Platform {
		return f.initialise(c, first)
	}
	return f.visit("platform.owner", 3*time.Minute, func(who db.Who) error {
		n := c.asNew()
		if c.below != "" {
			n.ParentID = f.companies[c.below].entityID
		}
		a, userID, err := f.People.Board(f.ctx, who, who.AccountID, people.Boarding{Account: n, First: first.invitee()})
		if err != nil {
			return err
		}
		c.accountID, c.entityID, first.userID = a.ID, a.EntityID, userID
		return f.collect()
	})
}

func (f *filling) deactivate(by, whom, reason string) error {
	return f.visit(by, 4*time.Minute, func(who db.Who) error { return f.shut(who, whom, reason) })
}

func (f *filling) change(by, whom string, over []string, roleKeys ...string) error {
	return f.visit(by, 5*time.Minute, func(who db.Who) error { return f.give(who, whom, over, roleKeys...) })
}

// guessingTill is guessing by somebody who is not in.
func (f *filling) guessingTill(whom string, times int) func() error {
	return func() error { return f.guessing(whom, times)(db.Who{}) }
}

// guessing is that many wrong passwords, a minute and a bit between them.
func (f *filling) guessing(whom string, times int) func(db.Who) error {
	return func(db.Who) error {
		p := f.players[whom]
		for i := range times {
			_, err := f.door.Start(f.ctx, p.from, p.email, fmt.Sprintf("otters juggle %d teacups", i+4))
			if err := f.refused("wrong_credentials", err); err != nil {
				return err
			}
			f.pass(61 * time.Second)
		}
		return nil
	}
}
