package signin

import "time"

// Restless has the other process started again at once.
func (a *Apart) Restless() { a.rest, a.again = 0, a.again.Add(-restartAfter) }

// Impatient has no answer waited for, and no more than so many asked for at once.
func (a *Apart) Impatient(most int) { a.most, a.patience = most, time.Millisecond }

// Waiting is how many answers are still to come.
func (a *Apart) Waiting() int {
	a.other.mu.Lock()
	defer a.other.mu.Unlock()
	return len(a.other.waiting)
}

// Ended waits until the other process has ended.
func (a *Apart) Ended() { <-a.other.gone }

// PID is the other process's.
func (a *Apart) PID() int { return a.other.self.Pid }
