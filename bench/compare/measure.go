package compare

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"countersign/internal/access"
)

// So many questions everybody answers before the clock runs, and whoever is slow.
const (
	checked     = 4_096
	checkedSlow = 1_024
)

// measuring is who is asked, how long and how often.
type measuring struct {
	peers     []Peer
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
	about  string // which rules it was asked about
	ns     float64
	ratio  float64 // the median of the rounds' ratios to the floor
	allocs float64
	bytes  float64 // memory a user
	built  time.Duration
}

// contestant is a peer that has been built and checked, with its place in the questions.
type contestant struct {
	row
	ask   Asked
	list  []Question
	at    int
	turns []float64 // ns of processor time a check, by round
	made  uint64    // allocations, in all turns
	done  int       // checks, in all turns
	step  int       // checks in a turn
	slow  bool
}

// world measures everybody on a world of n users.
func (m measuring) world(n int, progress io.Writer) (r result, err error) {
	begun := time.Now()
	say := func(format string, args ...any) {
		fmt.Fprintf(progress, "%6.1f s  %s users: %s\n", time.Since(begun).Seconds(), grouped(n), fmt.Sprintf(format, args...))
	}
	say("building our snapshot, drawing questions")
	r, plain, seven, err := m.begin(n)
	if err != nil {
		return r, err
	}
	used := inUse()
	var all []*contestant
	for _, p := range m.peers {
		if p.UpTo > 0 && n > p.UpTo {
			r.left = append(r.left, p.Names...)
			continue
		}
		say("building %s", p.Names[0])
		if p.Stop != nil {
			defer func() { err = errors.Join(err, p.Stop()) }()
		}
		some, now, err := p.contestants(n, used, plain, seven)
		if err != nil {
			return r, fmt.Errorf("%s: %w", p.Names[0], err)
		}
		all, used = append(all, some...), now
	}
	say("asking, %d rounds", m.rounds)
	if err := m.ask(all); err != nil {
		return r, err
	}
	for _, c := range all {
		r.rows = append(r.rows, c.finish(all[0]))
	}
	return r, nil
}

// begin is what a world gives before anybody else is asked, and the questions.
func (m measuring) begin(n int) (r result, plain, seven []Question, err error) {
	if r.snapshot, err = snapshot(n); err != nil {
		return r, nil, nil, err
	}
	w, err := makeWorld(n)
	if err != nil {
		return r, nil, nil, err
	}
	r.users, r.entities, r.accounts, r.roles = n, len(w.Entities), len(w.Accounts), len(w.Roles)
	a := newAsker(w)
	return r, a.plainly(m.questions), a.fully(m.questions), nil
}

// Check asks a peer about a world of so many users, and tells of an answer that is not the rules'.
func (p Peer) Check(users int) (err error) {
	w, err := makeWorld(users)
	if err != nil {
		return err
	}
	if p.Stop != nil {
		defer func() { err = errors.Join(err, p.Stop()) }()
	}
	a := newAsker(w)
	_, _, err = p.contestants(users, 0, a.plainly(checked), a.fully(checked))
	return err
}

// contestants builds a peer from a world of its own, so that what it keeps of it
// counts as its memory, and checks its first answers. Whoever knows all seven rules comes once more, to be asked about them.
// used is the memory in use before and, as the second result, after.
func (p Peer) contestants(n int, used float64, plain, seven []Question) ([]*contestant, float64, error) {
	w, err := makeWorld(n)
	if err != nil {
		return nil, 0, err
	}
	users := len(w.Users)
	begun := worked()
	ways, err := p.Build(w)
	if err != nil {
		return nil, 0, err
	}
	built := worked() - begun
	w = access.World{}
	after := inUse()
	bytes := (after - used) / float64(users)
	var out []*contestant
	for i, ask := range ways {
		out = append(out, &contestant{row: row{name: p.Names[i], about: "2", built: built, bytes: bytes}, ask: ask, list: plain, slow: p.Slow})
	}
	if p.Seven {
		again := *out[0]
		again.about, again.list = "all seven", seven
		out = append(out, &again)
	}
	for _, c := range out {
		if err := c.right(p.checked()); err != nil {
			return nil, 0, fmt.Errorf("%s, rules %s: %w", c.name, c.about, err)
		}
	}
	return out, after, nil
}

func (p Peer) checked() int {
	if p.Slow {
		return checkedSlow
	}
	return checked
}

// inUse is the memory in use.
func inUse() float64 {
	var s runtime.MemStats
	for range 3 { // what one collection frees, another has found to be unused; in a large world that is too little to matter
		runtime.GC()
		if runtime.ReadMemStats(&s); s.HeapAlloc > 1<<28 {
			break
		}
	}
	return float64(s.HeapAlloc)
}

// right checks the first answers against the rules, and names one that is wrong.
func (c *contestant) right(n int) error {
	for i := range c.list[:n] {
		if q := &c.list[i]; c.ask(q) != q.allowed {
			return fmt.Errorf("the rules say %v to %s %s on %s %+v", q.allowed, q.User, q.Action, q.Entity, q.facts)
		}
	}
	return nil
}

// ask gives everybody their turn in every round. Each begins elsewhere in the
// questions, or the second would find in the processor's caches what the first
// had fetched. The garbage collector waits meanwhile, in favour of those who
// make garbage: its work would fall into somebody else's turn.
func (m measuring) ask(all []*contestant) error {
	for i, c := range all {
		c.at = i * len(c.list) / len(all)
		c.calibrate(m.turn)
	}
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	for range m.rounds {
		for _, c := range all {
			if err := c.turn(); err != nil {
				return err
			}
		}
	}
	return nil
}

// worked is the processor time that this process has spent: what others do on
// the same machine meanwhile does not count.
func worked() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // it cannot fail with these arguments
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// calibrate finds how many checks fill a turn.
func (c *contestant) calibrate(turn time.Duration) {
	for c.step = 16; ; c.step *= 2 {
		begun := worked()
		c.checks()
		if spent := worked() - begun; spent > turn/4 {
			c.step = max(16, int(float64(c.step)*float64(turn)/float64(spent)))
			return
		}
	}
}

func (c *contestant) turn() error {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	begun := worked()
	right := c.checks()
	if c.slow {
		rest()
	}
	spent := worked() - begun
	runtime.ReadMemStats(&after)
	if right != c.step {
		return fmt.Errorf("%s: %d of %d answers were wrong while the clock ran", c.name, c.step-right, c.step)
	}
	c.turns = append(c.turns, float64(spent.Nanoseconds())/float64(c.step))
	c.made, c.done = c.made+after.Mallocs-before.Mallocs, c.done+c.step
	return nil
}

// rest waits until the process has come to rest. What a service still does
// after its answers is its own work, and would fall into the next one's turn.
func rest() {
	const moment = 2 * time.Millisecond
	for range 100 {
		begun := worked()
		time.Sleep(moment)
		if worked()-begun < moment/20 {
			return
		}
	}
}

// checks asks the next questions and counts the right answers.
func (c *contestant) checks() (right int) {
	at := c.at
	for range c.step {
		q := &c.list[at]
		if c.ask(q) == q.allowed {
			right++
		}
		if at++; at == len(c.list) {
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

func median(list []float64) float64 {
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
func snapshot(n int) (r snapshotResult, err error) {
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
	begun := worked()
	s, err := access.Build(w)
	if err != nil {
		return r, err
	}
	r.build = worked() - begun
	if r.change, err = oneChange(s, w.Users); err != nil {
		return r, err
	}
	w = access.World{}
	r.whole = inUse() - empty
	r.per = (r.whole - r.roles) / float64(n)
	runtime.KeepAlive(s)
	return r, nil
}

// oneChange is the time in which one user of the snapshot is replaced, the mean of many.
func oneChange(s *access.Snapshot, users []access.User) (time.Duration, error) {
	const times = 2_000
	begun := worked()
	for i := range times {
		u := i * 7919 % len(users)
		next, err := s.WithUsers(s.Revision()+1, users[u:u+1], nil)
		if err != nil {
			return 0, err
		}
		s = next
	}
	return (worked() - begun) / times, nil
}
