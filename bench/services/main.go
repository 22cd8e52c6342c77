// Command services asks those who are services of their own, OpenFGA and
// SpiceDB, the same questions as the peers that are libraries: within this
// process, and in one table with them.
//
// It is a module of its own, because both bring some hundreds of modules along.
// openfga.go and spicedb.go are who is asked, told.go what they are told of a world.
package main

import "countersign/bench/compare"

func main() { compare.Main("100,1000,100000", append(compare.Peers(), services()...)) }

// services are asked about worlds as large as they can be. The stores in memory
// of both go through all that was granted for each look-up, and OpenFGA's for
// each grant that is written too; only SQLite has an index to go by.
func services() []compare.Peer {
	return []compare.Peer{
		openFGA("OpenFGA, in memory, roles as relations", 10_000, openFGAMemory, rolesAsRelations),
		openFGA("OpenFGA, in memory, roles as data", 1_000, openFGAMemory, rolesAsData),
		openFGA("OpenFGA, SQLite, roles as relations", 100_000, openFGASQLite, rolesAsRelations),
		spiceDB(),
	}
}
