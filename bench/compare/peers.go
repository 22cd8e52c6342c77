package compare

import "countersign/internal/access"

// Asked answers one question. An error is a deny, which the count of right answers then shows.
type Asked func(q *Question) bool

// Peer is somebody who can be asked, perhaps in more than one way.
type Peer struct {
	Names []string // a row of the table each, one for each function that Build gives
	UpTo  int      // users of the largest world that it is asked about; 0 is any
	Slow  bool     // a service, whose checks take thousands of times ours: fewer are made before the clock runs, and it comes to rest after its turn
	Seven bool     // it is asked about all seven rules as well; others about the second alone
	Build func(w access.World) ([]Asked, error)
	Stop  func() error // ends what Build began, when the world has been measured; nil where nothing runs on
}

// Peers lists them in the order of the table. The floor comes first: the others are measured by it.
func Peers() []Peer {
	return []Peer{
		{Names: []string{"the floor: open addressing, interval, bit"}, Build: newFloor},
		{Names: []string{"the same through a Go map"}, Build: newMapFloor},
		{Names: []string{"Countersign, `Decide`", "Countersign, permission by name too"}, Seven: true, Build: newOurs},
		{Names: []string{"cedar-go, each user's policies picked"}, UpTo: 100_000, Build: newCedarPicked},
		{Names: []string{"cedar-go, one policy set"}, Build: newCedarSet},
		{Names: []string{"OPA, prepared query"}, Build: newOPA},
		{Names: []string{"Casbin, roles with domains"}, UpTo: 100_000, Build: newCasbin},
	}
}
