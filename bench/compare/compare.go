// Package compare puts Countersign and its peers side by side on the same questions.
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
package compare

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// Main is a command that asks the peers. users is how many the worlds have
// unless the command line says otherwise, separated by commas. The first of the
// peers is who the others are measured by.
func Main(users string, peers []Peer) {
	m := measuring{peers: peers}
	sizes := flag.String("users", users, "how many users the worlds have, separated by commas")
	flag.IntVar(&m.rounds, "rounds", 31, "how often each peer has its turn; medians are shown")
	flag.DurationVar(&m.turn, "turn", 20*time.Millisecond, "how long a turn is")
	flag.IntVar(&m.questions, "questions", 1<<17, "how many different questions: so many are more than a processor's caches hold")
	flag.Parse()
	if err := m.run(os.Stdout, os.Stderr, *sizes); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func (m measuring) run(out, progress io.Writer, sizes string) error {
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
