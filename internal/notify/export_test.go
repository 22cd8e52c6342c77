package notify

import "time"

// Poll changes how often Run looks without being woken.
func (n *Notifier) Poll(every time.Duration) { n.poll = every }
