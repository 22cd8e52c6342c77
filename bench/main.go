// Command bench puts Countersign and its peers side by side on the same questions.
//
//	world.go      the worlds that are asked about, and what peers are told of them
//	questions.go  what is asked
//	rules.go      the right answers, written straight from the seven rules
//	peers.go      who is asked; floor.go, ours.go, casbin.go, cedar.go, opa.go
//	measure.go    builds them, checks their answers, asks them in turn
//	table.go      what is printed
//
// Its one rule: nobody is timed whose answers are not right, and a wrong answer
// among those that are timed fails the run.
//
// It is a module of its own so that the peers' dependencies stay out of the product.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

func main() {
	sizes := flag.String("users", "1000,100000,1000000", "how many users the worlds have, separated by commas")
	var m measuring
	flag.IntVar(&m.rounds, "rounds", 31, "how often each peer has its turn; medians are shown")
	flag.DurationVar(&m.turn, "turn", 20*time.Millisecond, "how long a turn is")
	flag.IntVar(&m.questions, "questions", 1<<17, "how many different questions: so many are more than a processor's caches hold")
	flag.Parse()
	if err := run(os.Stdout, os.Stderr, *sizes, m); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(out, progress io.Writer, sizes string, m measuring) error {
	fmt.Fprint(out, heading())
	for size := range strings.SplitSeq(sizes, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(size))
		if err != nil || n < smallest || m.rounds < 1 || m.questions < checked {
			return fmt.Errorf("at least %d users (here: %q), one round and %d questions, please", smallest, size, checked)
		}
		r, err := m.world(n, progress)
		if err != nil {
			return fmt.Errorf("%s users: %w", grouped(n), err)
		}
		r.print(out)
	}
	return nil
}
