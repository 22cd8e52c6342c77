package signin

// Restless has the other process started again at once.
func (a *Apart) Restless() { a.rest, a.again = 0, a.again.Add(-restartAfter) }

// PID is the other process's.
func (a *Apart) PID() int { return a.other.pid }
