package people

import (
	"countersign/internal/db"
	"countersign/internal/org"
)

// Bound sets where one way of answering a list gives place to another.
func (p *People) Bound(gather int64, walk, sample int) {
	p.bounds = bounds{gather: gather, walk: walk, sample: sample}
}

// Place is a cursor of a list that leads on from a place in the middle of it.
func (p *People) Place(tx *db.Tx, a org.Account, q Query, key string, number int64, s Status) (string, error) {
	l, err := p.look(tx, a, q)
	if err != nil {
		return "", err
	}
	return l.cursor(forwards, Row{place: position{s, key, number}})
}
