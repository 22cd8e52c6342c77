package demo

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"time"

	"countersign/internal/access"
)

// duty is a role with how many of a hundred people have it.
type duty struct {
	role string
	of   int
}

var (
	merchantDuties = []duty{{"support", 22}, {"read_only", 13}, {"operations", 16}, {"finance", 11}, {"disputes", 9}, {"risk", 6}, {"developer", 6},
		{"first_approver", 4}, {"second_approver", 4}, {"administrator", 4}, {"access_administrator", 2}, {"auditor", 3}}
	operatorDuties = []duty{{"support", 34}, {"risk", 16}, {"operations", 14}, {"auditor", 10}, {"administrator", 9}, {"finance", 9}, {"access_administrator", 4}, {"read_only", 4}}
)

// staffOf draws the people of a company who have no name in the story, and what
// becomes of them.
func (f *filling) staffOf(c company) (out []person) {
	duties := merchantDuties
	if c.kind != access.Merchant {
		duties = operatorDuties
	}
	for i := range c.staff {
		p := person{key: fmt.Sprint("staff-", i+1), role: f.duty(duties), days: f.joined(c)}
		if p.over = f.scope(c); p.role == "administrator" || p.role == "access_administrator" {
			p.over = nil
		}
		p.life, p.fate = f.life(p.days)
		if p.fate == settles && p.days > 4 && p.left == 0 && f.one(40) {
			p.again = p.days - 4 // the first link expired after three days
		}
		out = append(out, p)
	}
	return out
}

func (f *filling) duty(list []duty) string {
	sum := 0
	for _, d := range list {
		sum += d.of
	}
	n := f.random.IntN(sum)
	for _, d := range list {
		if n -= d.of; n < 0 {
			return d.role
		}
	}
	return ""
}

// one is true in one case of so many.
func (f *filling) one(of int) bool { return f.random.IntN(of) == 0 }

// joined draws when somebody was invited: a third with the company itself, the
// others as it grew.
func (f *filling) joined(c company) int {
	most := c.days - 2
	if f.one(3) {
		return max(1, most-f.random.IntN(max(1, most/12)))
	}
	return 1 + f.random.IntN(most)
}

// scope draws where somebody works: everywhere, or with one or two of the
// company's legal entities.
func (f *filling) scope(c company) []string {
	if len(c.units) < 2 || f.random.IntN(5) < 2 {
		return nil
	}
	first := f.random.IntN(len(c.units))
	over := []string{c.units[first].id}
	if second := f.random.IntN(len(c.units)); second != first && f.one(2) {
		over = append(over, c.units[second].id)
	}
	return over
}

// life draws what becomes of somebody who was invited so many days ago.
func (f *filling) life(days int) (l life, fate fate) {
	l.visits = 10 + f.random.IntN(22)
	switch n := f.random.IntN(100); {
	case days <= 2 && n < 50:
		return l, waits
	case n < 4 && days > 4:
		l.mail = []delivery{arrives, arrives, bounces, refused}[f.random.IntN(4)]
		return l, forgets
	case n < 6 && days > 2:
		return l, unwanted
	case n < 8 && days > 6:
		l.mail = corrected
	}
	if days < 12 {
		return l, settles
	}
	some := func(of, after int) int { // a day of the time that somebody has been there
		if days <= after+2 || !f.one(of) {
			return 0
		}
		return 2 + f.random.IntN(days-after-1)
	}
	l.moved, l.lost, l.renamed, l.forgot = some(6, 6), some(18, 6), some(22, 6), some(14, 6)
	if l.left = some(6, 8); l.left > 0 {
		switch until := l.left - 1; {
		case until > 20 && f.one(6):
			l.back = l.left - 10 - f.random.IntN(min(until-10, 36))
		case until > 2 && f.one(3):
			l.gone = 1 + f.random.IntN(until-1)
		}
		for _, day := range []*int{&l.moved, &l.lost, &l.renamed, &l.forgot} { // nothing happens to those who are not there
			if *day <= l.left+1 && *day >= l.back-1 {
				*day = 0
			}
		}
	}
	return l, settles
}

// lives puts what becomes of somebody on the stage.
func (f *filling) lives(p *player) {
	if p.moved > 0 {
		f.changesRole(p)
	}
	if p.lost > 0 {
		f.on(f.working(p.company, p.lost), func() error {
			by := f.manager(p)
			return f.loseFactor(by.key, p.key, p.company.reason(f.random, lostReasons))
		})
	}
	if p.forgot > 0 {
		f.on(f.working(p.company, p.forgot), func() error { return f.forgetsPassword(p) })
	}
	if p.renamed > 0 {
		at := f.working(p.company, p.renamed)
		f.on(at, func() error { return f.readdress(f.manager(p), p) })
		f.on(at.Add(90*time.Minute), func() error { return f.confirmAddress(p) })
	}
	if p.left > 0 {
		f.on(f.working(p.company, p.left), func() error {
			return f.deactivate(f.manager(p).key, p.key, p.company.reason(f.random, leftReasons))
		})
	}
	if p.back > 0 {
		f.on(f.working(p.company, p.back), func() error { return f.reopen(f.manager(p), p) })
	}
	if p.gone > 0 {
		f.on(f.working(p.company, p.gone), func() error { return f.remove(f.manager(p), p) })
	}
}

// changesRole gives somebody another duty, or a second one besides.
func (f *filling) changesRole(p *player) {
	keys := []string{pick(f.random, "support", "operations", "finance", "disputes", "read_only")}
	if keys[0] != p.role && f.one(2) {
		keys = append(keys, p.role)
	}
	f.on(f.working(p.company, p.moved), func() error {
		return f.change(p.company.players[0].key, p.key, p.over, keys...)
	})
}

// manager is who looks after somebody's access: the owner, or now and then an
// access administrator, who may not touch those above them.
func (f *filling) manager(p *player) *player {
	owner := p.company.players[0]
	if p.role == "administrator" || p.role == "access_administrator" || f.one(2) {
		return owner
	}
	for _, m := range p.company.players {
		if m.role == "access_administrator" && m.key == p.company.key+".access" && m.in {
			return m
		}
	}
	return owner
}

// Reasons are written in the language of the company.
var (
	lostReasons = map[string][]string{
		"en": {"Phone stolen", "Phone lost on the train", "New phone, the old one was wiped", "Phone fell into the harbour", "Left the phone in a taxi"},
		"fr": {"Téléphone volé", "Téléphone perdu dans le train", "Nouveau téléphone, l’ancien a été effacé", "Téléphone tombé dans la Saône"},
	}
	leftReasons = map[string][]string{
		"en": {"Left the company", "Left the company at the end of the month", "Contract ended", "Parental leave", "Moved to another team", "Temporary help for the season", "Asked by human resources"},
		"fr": {"A quitté l’entreprise", "Fin de contrat", "Congé parental", "A changé d’équipe", "Renfort de saison", "À la demande des ressources humaines"},
	}
)

func (c *companyOnStage) reason(r *rand.Rand, of map[string][]string) string {
	return pick(r, of[cmp.Or(c.language, "en")]...)
}
