package main

import "countersign/internal/access"

// asked answers one question. An error is a deny, which the count of right answers then shows.
type asked func(q *question) bool

// peer is somebody who can be asked, perhaps in more than one way.
type peer struct {
	names []string // a row of the table each, one for each function that build gives
	upTo  int      // users of the largest world that it is asked about; 0 is any
	seven bool     // it is asked about all seven rules as well; others about the second alone
	build func(w access.World) ([]asked, error)
}

// peers lists them in the order of the table. The floor comes first: the others are measured by it.
func peers() []peer {
	return []peer{
		{names: []string{"the floor: open addressing, interval, bit"}, build: newFloor},
		{names: []string{"the same through a Go map"}, build: newMapFloor},
		{names: []string{"Countersign, `Decide`", "Countersign, permission by name too"}, seven: true, build: newOurs},
		{names: []string{"cedar-go, each user's policies picked"}, upTo: 100_000, build: newCedarPicked},
		{names: []string{"cedar-go, one policy set"}, build: newCedarSet},
		{names: []string{"OPA, prepared query"}, build: newOPA},
		{names: []string{"Casbin, roles with domains"}, upTo: 100_000, build: newCasbin},
	}
}
