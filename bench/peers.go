package main

import "countersign/internal/access"

// asked answers one question. An error is a deny, which the count of right answers then shows.
type asked func(q *question) bool

// peer is somebody who can be asked.
type peer struct {
	name  string
	upTo  int  // users of the largest world that it is asked about; 0 is any
	seven bool // it is asked about all seven rules; others about the first two alone
	build func(w access.World) (asked, error)
}

// peers lists them in the order of the table. The floor comes first: the others are measured by it.
func peers() []peer {
	return []peer{
		{name: "the floor: open addressing, interval, bit", build: newFloor},
		{name: "the same through a Go map", build: newMapFloor},
		{name: "Countersign, `Decide`", seven: true, build: newOurs},
		{name: "Countersign, permission by name too", seven: true, build: newOursByName},
		{name: "cedar-go, each user's policies picked", upTo: 100_000, build: newCedarPicked},
		{name: "cedar-go, one policy set", build: newCedarSet},
		{name: "OPA, prepared query", build: newOPA},
		{name: "Casbin, roles with domains", build: newCasbin},
	}
}
