// Command bench asks Countersign and the peers that are Go libraries the same
// questions; package compare is how. It is a module of its own so that the
// peers' dependencies stay out of the product.
package main

import "countersign/bench/compare"

func main() { compare.Main("1000,100000,1000000", compare.Peers()) }
