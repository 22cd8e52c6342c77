package demo

import (
	"sync"
	"time"
)

// Clock is the time of a database that Fill works on: the base's, except while
// Fill tells of the past. Make one with NewClock and open the database on Now.
type Clock struct {
	base func() time.Time

	mu      sync.Mutex
	stopped time.Time // zero: it runs
}

// NewClock makes a clock that shows the base's time.
func NewClock(base func() time.Time) *Clock { return &Clock{base: base} }

// Now is the time shown.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stopped.IsZero() {
		return c.base()
	}
	return c.stopped
}

// set stops the clock at a time.
func (c *Clock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = at
}

// run lets the base show the time again.
func (c *Clock) run() { c.set(time.Time{}) }
