package people

import (
	"countersign/internal/db"
	"countersign/internal/org"
)

// candidates are the users of an account who may match a query: all who do, and,
// unless exact, some who do not.
type candidates struct {
	*numbers      // nil: everybody
	exact    bool // all of them match; else some may not have a word of the search

	places   []position // once they were gathered
	gathered bool
}

// narrow keeps those who are in a set too.
func (c *candidates) narrow(to *numbers) {
	if c.numbers == nil {
		c.numbers = to
	} else {
		c.numbers = c.and(to)
	}
}

// whole finds the candidates of the query.
func (l *looking) whole() (*candidates, error) {
	if l.all != nil {
		return l.all, nil
	}
	c, err := l.find(l.q.Status)
	l.all = c
	return c, err
}

// find finds the candidates of the query with another status; "" is any.
func (l *looking) find(s Status) (*candidates, error) {
	if len(l.words) == 0 && l.q.RoleID == "" && l.reach == nil && s == "" {
		return &candidates{exact: true}, nil
	}
	c := &candidates{numbers: &numbers{}, exact: true}
	if l.findable > 0 {
		any, err := l.anyStatus()
		if err != nil {
			return nil, err
		}
		*c = *any
		if s != "" {
			if err := l.byStatus(c, s); err != nil {
				return nil, err
			}
		}
	}
	return c, l.others(c, s)
}

// anyStatus finds the candidates of the query whatever their status, of those
// who stand in found_by.
func (l *looking) anyStatus() (*candidates, error) {
	if l.any != nil {
		return l.any, nil
	}
	c := &candidates{exact: true}
	if l.q.RoleID != "" {
		set, err := l.term(roleTerm + l.q.RoleID)
		if err != nil {
			return nil, err
		}
		c.narrow(set)
	}
	if l.reach != nil {
		set, err := l.reached()
		if err != nil {
			return nil, err
		}
		c.narrow(set)
	}
	l.any = c
	return c, l.byWords(c)
}

// term reads whom a term stands for, once.
func (l *looking) term(name string) (*numbers, error) {
	if s := l.terms[name]; s != nil {
		return s, nil
	}
	s, err := term(l.tx, l.account.ID, name)
	l.terms[name] = s
	return s, err
}

// reached are those who have the entity asked for, or one above it.
func (l *looking) reached() (*numbers, error) {
	set, err := l.term(everywhere)
	for _, id := range l.reach {
		if err != nil {
			return nil, err
		}
		var own *numbers
		if own, err = l.term(entityTerm + id); err == nil {
			set = set.or(own)
		}
	}
	return set, err
}

// enough is how few candidates make reading more terms a waste.
const enough = 200

// byWords narrows to whoever has the terms of every word of the search.
func (l *looking) byWords(c *candidates) error {
	c.exact = l.exactly()
	for _, word := range l.words {
		for _, name := range wordTerms(word) {
			if c.numbers != nil && c.count() <= enough {
				c.exact = false
				return nil
			}
			set, err := l.term(name)
			if err != nil {
				return err
			}
			before := c.numbers
			c.narrow(set)
			if before != nil && c.count() > before.count()*9/10 && !c.exact {
				break // everybody else here has the rest of the word as well, or nearly
			}
		}
	}
	return nil
}

// fewRows is how many rows tell the statuses of their users sooner than codes of
// everybody do.
const fewRows = 600

// byStatus narrows the candidates of any status to whoever has one. Of a few the
// rows say it sooner than what is written down of everybody: they are read once.
func (l *looking) byStatus(c *candidates, s Status) error {
	if c.numbers != nil && c.count() <= min(fewRows, l.bounds.gather) {
		if l.few == nil {
			var err error
			if l.few, err = l.statusesOf(c.from(0)); err != nil {
				return err
			}
		}
		c.narrow(having(l.few, s))
		return nil
	}
	switch s {
	case Deactivated:
		set, err := l.term(shut)
		c.narrow(set)
		return err
	case DeactivatedInvitation, Invited, ExpiredInvitation:
		return l.byLink(c, s)
	}
	in, err := l.term(came)
	if err != nil {
		return err
	}
	attempts, err := l.lockedNow()
	if err != nil {
		return err
	}
	asleep, err := l.term(idle)
	if err != nil {
		return err
	}
	switch s {
	case LockedAttempts:
		c.narrow(in.and(attempts))
	case LockedInactivity:
		c.narrow(in.and(asleep).without(attempts))
	case Locked:
		c.narrow(in.and(attempts.or(asleep)))
	default:
		c.narrow(in.without(attempts).without(asleep))
		return l.byPassword(c, s)
	}
	return nil
}

// byLink narrows to those who wait to come in, with a link of one kind.
func (l *looking) byLink(c *candidates, s Status) error {
	if l.waiting == nil {
		list, err := links(l.tx, l.account.ID)
		if err != nil {
			return err
		}
		l.waiting = list
	}
	set, unsure, now := &numbers{}, &numbers{}, linkTime(l.tx.Now)
	for _, x := range l.waiting {
		kind := Invited
		switch {
		case x.code == noLink:
			kind = DeactivatedInvitation
		case x.code == now:
			unsure.add(x.number)
			continue
		case x.code < now:
			kind = ExpiredInvitation
		}
		if kind == s {
			set.add(x.number)
		}
	}
	return l.narrowTo(c, set, unsure, s)
}

// byPassword narrows those who are in and not locked to those whose password is
// over, or is not. Somebody without a password has none that is over.
func (l *looking) byPassword(c *candidates, s Status) error {
	over := &numbers{}
	if l.days != 0 {
		var err error
		if over, err = l.withOldPassword(); err != nil {
			return err
		}
	}
	if s == Active {
		c.numbers = c.without(over)
	} else {
		c.narrow(over)
	}
	return nil
}

// narrowTo narrows to a set, and those of whom codes cannot tell whether they
// belong to it and whose rows say that they do.
func (l *looking) narrowTo(c *candidates, set, unsure *numbers, s Status) error {
	if c.numbers != nil {
		unsure = unsure.and(c.numbers)
	}
	list, err := l.statusesOf(unsure.from(0))
	c.narrow(set.or(having(list, s)))
	return err
}

// others adds those of the users who do not stand in found_by, and match.
func (l *looking) others(c *candidates, s Status) error {
	if !l.restRead {
		var err error
		if l.rest, err = l.lookThrough(); err != nil {
			return err
		}
		l.restRead = true
	}
	c.numbers = c.or(having(l.rest, s)) // a set of its own: what terms stand for is shared
	return nil
}

// withStatus is somebody's number and status, as the rows say.
type withStatus struct {
	number int64
	status Status // "" where nothing asks for it
}

// having are those who have a status.
func having(list []withStatus, s Status) *numbers {
	set := &numbers{}
	for _, x := range list {
		if s.takes(x.status) {
			set.add(x.number)
		}
	}
	return set
}

// Counts tells how many users of an account have each status.
func (p *People) Counts(tx *db.Tx, a org.Account) (map[Status]int64, error) {
	l, err := p.look(tx, a, Query{Sort: "status"})
	if err != nil {
		return nil, err
	}
	out := map[Status]int64{}
	for _, s := range Statuses() {
		c, err := l.find(s)
		if err != nil {
			return nil, err
		}
		out[s] = c.numbers.count()
	}
	return out, nil
}
