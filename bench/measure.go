package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"countersign/internal/access"
)

// checked is how many questions everybody is asked before the clock runs, and
// whoever knows all seven rules about these.
const checked = 4_096

// measuring is how long and how often.
type measuring struct {
	rounds    int
	turn      time.Duration
	questions int // asked in their order, round and round
}

// result is what a world gave.
type result struct {
	users, entities, accounts, roles int
	rows                             []row
	left                             []string // who was not asked: the world is too large for them
	snapshot                         snapshotResult
}

type row struct {
	name   string
	seven  bool
	ns     float64
	ratio  float64 // the median of the rounds' ratios to the floor
	allocs float64
	bytes  float64 // memory a user
	built  time.Duration
}

// contestant is a peer that has been built and checked, with its place in the questions.
type contestant struct {
	row
	ask   asked
	at    int
	turns []float64 // ns a check, by round
	made  uint64    // allocations, in all turns
	done  int       // checks, in all turns
	step  int       // checks in a turn
}

// world measures everybody on a world of n users.
func (m measuring) world(n int, progress io.Writer) (result, error) {
	begun := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(progress, "%6.1f s  %s users: %s\n", time.Since(begun).Seconds(), grouped(n), fmt.Sprintf(format, args...))
	}
	say("drawing questions")
	w, err := makeWorld(n)
	if err != nil {
		return result{}, err
	}
	r := result{users: n, entities: len(w.Entities), accounts: len(w.Accounts), roles: len(w.Roles)}
	a := newAsker(w)
	plain, seven := a.plainly(m.questions), a.fully(checked)
	w, a = access.World{}, nil
	if r.snapshot, err = m.snapshot(n); err != nil {
		return result{}, err
	}
	var all []*contestant
	for _, p := range peers() {
		if p.upTo > 0 && n > p.upTo {
			r.left = append(r.left, p.names...)
			continue
		}
		say("building %s", p.names[0])
		some, err := p.contestants(n)
		if err != nil {
			return result{}, fmt.Errorf("%s: %w", p.names[0], err)
		}
		for _, c := range some {
			if err := c.right(plain[:checked], seven); err != nil {
				return result{}, fmt.Errorf("%s: %w", c.name, err)
			}
		}
		all = append(all, some...)
	}
	say("asking, %d rounds", m.rounds)
	if err := m.ask(all, plain); err != nil {
		return result{}, err
	}
	for _, c := range all {
		r.rows = append(r.rows, c.finish(all[0]))
	}
	return r, nil
}

// contestants builds a peer from a world of its own, so that what it keeps of it counts as its memory.
func (p peer) contestants(n int) ([]*contestant, error) {
	before := inUse()
	w, err := makeWorld(n)
	if err != nil {
		return nil, err
	}
	users := len(w.Users)
	begun := time.Now()
	ways, err := p.build(w)
	if err != nil {
		return nil, err
	}
	built := time.Since(begun)
	w = access.World{}
	bytes := (inUse() - before) / float64(users)
	var out []*contestant
	for i, ask := range ways {
		out = append(out, &contestant{row: row{name: p.names[i], seven: p.seven, built: built, bytes: bytes}, ask: ask})
	}
	return out, nil
}

// inUse is the memory in use.
func inUse() float64 {
	runtime.GC()
	runtime.GC() // what the first one only found to be unused
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return float64(s.HeapAlloc)
}

// right checks answers against the rules, and names the first that is wrong.
func (c *contestant) right(plain, seven []question) error {
	lists := [][]question{plain}
	if c.seven {
		lists = append(lists, seven)
	}
	for _, list := range lists {
		for i := range list {
			if q := &list[i]; c.ask(q) != q.allowed {
				return fmt.Errorf("the rules say %v to %s %s on %s %+v", q.allowed, q.user, q.action, q.entity, q.facts)
			}
		}
	}
	return nil
}

// ask gives everybody their turn in every round. The garbage collector waits
// meanwhile, in favour of those who make garbage: its work would fall into somebody else's turn.
func (m measuring) ask(all []*contestant, list []question) error {
	for _, c := range all {
		c.calibrate(list, m.turn)
	}
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range m.rounds {
		for _, c := range all {
			if err := c.turn(list); err != nil {
				return err
			}
		}
	}
	return nil
}

// calibrate finds how many checks fill a turn.
func (c *contestant) calibrate(list []question, turn time.Duration) {
	for c.step = 16; ; c.step *= 2 {
		begun := time.Now()
		c.checks(list)
		if spent := time.Since(begun); spent > turn/4 {
			c.step = max(16, int(float64(c.step)*float64(turn)/float64(spent)))
			return
		}
	}
}

func (c *contestant) turn(list []question) error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := time.Now()
	right := c.checks(list)
	spent := time.Since(begun)
	runtime.ReadMemStats(&after)
	if right != c.step {
		return fmt.Errorf("%s: %d of %d answers were wrong while the clock ran", c.name, c.step-right, c.step)
	}
	c.turns = append(c.turns, float64(spent.Nanoseconds())/float64(c.step))
	c.made, c.done = c.made+after.Mallocs-before.Mallocs, c.done+c.step
	return nil
}

// checks asks the next questions and counts the right answers.
func (c *contestant) checks(list []question) (right int) {
	at := c.at
	for range c.step {
		q := &list[at]
		if c.ask(q) == q.allowed {
			right++
		}
		if at++; at == len(list) {
			at = 0
		}
	}
	c.at = at
	return right
}

func (c *contestant) finish(floor *contestant) row {
	ratios := make([]float64, len(c.turns))
	for i := range ratios {
		ratios[i] = c.turns[i] / floor.turns[i]
	}
	c.ns, c.ratio, c.allocs = median(c.turns), median(ratios), float64(c.made)/float64(c.done)
	return c.row
}

func median[T float64 | time.Duration](list []T) T {
	list = slices.Sorted(slices.Values(list))
	return list[len(list)/2]
}

// snapshotResult is what our snapshot of a world costs.
type snapshotResult struct {
	build             time.Duration
	whole, roles, per float64 // bytes: all of it, without the users, and a user alone
	change            time.Duration
}

// snapshot measures building, memory, and one user's change.
func (m measuring) snapshot(n int) (r snapshotResult, err error) {
	empty := inUse()
	w, err := makeWorld(n)
	if err != nil {
		return r, err
	}
	bare := w
	bare.Users = nil
	frame, err := access.Build(bare)
	if err != nil {
		return r, err
	}
	w, bare = access.World{}, access.World{}
	r.roles = inUse() - empty
	runtime.KeepAlive(frame)
	frame = nil
	if w, err = makeWorld(n); err != nil {
		return r, err
	}
	begun := time.Now()
	s, err := access.Build(w)
	if err != nil {
		return r, err
	}
	r.build = time.Since(begun)
	if r.change, err = oneChange(s, w.Users); err != nil {
		return r, err
	}
	w = access.World{}
	r.whole = inUse() - empty
	r.per = (r.whole - r.roles) / float64(n)
	runtime.KeepAlive(s)
	return r, nil
}

// oneChange is the median time in which one user of the snapshot is replaced.
func oneChange(s *access.Snapshot, users []access.User) (time.Duration, error) {
	var spent []time.Duration
	for i := range 1_001 {
		u := i * 7919 % len(users)
		begun := time.Now()
		next, err := s.WithUsers(s.Revision()+1, users[u:u+1], nil)
		spent = append(spent, time.Since(begun))
		if err != nil {
			return 0, err
		}
		s = next
	}
	return median(spent), nil
}
