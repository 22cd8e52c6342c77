package demo

import (
	"fmt"
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

// day is an hour of a day so many days ago.
func (f *filling) day(ago int, hour float64) time.Time {
	midnight := time.Date(f.now.Year(), f.now.Month(), f.now.Day()-ago, 0, 0, 0, 0, time.UTC)
	return midnight.Add(time.Duration(hour * float64(time.Hour)))
}

// working is some moment of working hours so many days ago.
func (f *filling) working(ago int) time.Time {
	return f.day(ago, 8).Add(time.Duration(f.random.IntN(9*3600)) * time.Second)
}

// ago is a moment of the last hours.
func (f *filling) ago(minutes int) time.Time {
	return f.now.Add(-time.Duration(minutes) * time.Minute)
}

// tell writes the whole story: every company's and person's own, then what
// happened between them.
func (f *filling) tell() {
	for _, c := range cast() {
		f.tellOf(c)
	}
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
		f.visits(p)
	}
}

// joins is how somebody came in, or did not.
func (f *filling) joins(p *player) {
	if p.fate == lastGuest {
		return
	}
	owner := p.company.players[0]
	invited := f.working(p.days)
	f.on(invited, func() error { return f.invite(owner, p) })
	switch {
	case p.again > 0:
		resent := f.working(p.again)
		f.on(resent, func() error { return f.resend(owner, p) })
		f.on(resent.Add(2*time.Hour), func() error { return f.activate(p) })
	case p.fate == settles:
		f.on(invited.Add(time.Duration(1+f.random.IntN(5))*time.Hour), func() error { return f.activate(p) })
	case p.fate == unwanted:
		f.on(f.working(p.days-1), func() error { return f.uninvite(owner, p) })
	}
}

// visits are the days of the last weeks on which somebody was in the portal.
func (f *filling) visits(p *player) {
	if p.fate != settles || p.as != "" {
		return
	}
	from, until := 28, max(p.until, 0)+1
	if p.days > 0 {
		from = min(from, p.days-1)
	}
	if p.again > 0 {
		from = p.again - 1
	}
	from = min(from, p.company.days-1)
	until = min(until, from)
	for ago := f.came(p) - 30; ago > max(from, until); ago -= 60 { // whoever stays away for ninety days is locked
		f.on(f.working(ago), func() error { return f.visit(p.key, 3*time.Minute, nil) })
	}
	for range 2 + f.random.IntN(3) {
		stay := time.Duration(2+f.random.IntN(9)) * time.Minute
		f.on(f.working(until+f.random.IntN(from-until+1)), func() error {
			return f.visit(p.key, stay, nil)
		})
	}
}

// came is how many days ago somebody came in.
func (f *filling) came(p *player) int {
	switch {
	case p.again > 0:
		return p.again
	case p.days > 0:
		return min(p.days, p.company.days)
	}
	return p.company.days
}

// weeksAgo is what was changed in the last weeks.
func (f *filling) weeksAgo() {
	f.on(f.day(25, 18), func() error { return f.makeToken("northwind.owner", "Old till bridge") })
	f.on(f.day(24, 18), func() error { return f.makeToken("northwind.owner", "Web shop back office") })
	f.on(f.day(20, 18), func() error {
		return f.deactivate("partner.owner", "partner.finance", "Left the company at the end of the month")
	})
	f.on(f.day(11, 18), func() error {
		return f.visit("northwind.auditor", 3*time.Minute, f.guessing("northwind.auditor", 1))
	})
	f.on(f.day(8, 18), func() error {
		return f.deactivate("northwind.administrator", "northwind.developer", "Contract ended; keys handed over to operations")
	})
	f.on(f.day(7, 18), func() error {
		return f.change("northwind.access", "northwind.disputes", []string{"400311", "400312"}, "disputes")
	})
	f.on(f.day(3, 18), func() error { return f.revokeToken("northwind.owner", "Old till bridge") })
	f.on(f.day(2, 18), func() error { return f.makeToken("brambleholt.owner", "Bench tests") })
	f.on(f.day(1, 18), func() error { return f.loseFactor("petrichor.owner", "petrichor.support", "Phone lost on the train") })
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
