package api

import (
	"context"
	"sync"
	"time"

	"countersign/internal/db"
	"countersign/internal/org"
)

// tokensSeen writes down that a service token is in use, at most once a minute
// for each, beside the requests. The zero value is ready.
type tokensSeen struct {
	mu      sync.Mutex
	last    map[string]int64 // µs, by token id
	writing sync.WaitGroup
}

func (s *tokensSeen) note(d *db.DB, tokenID string, now int64) {
	s.mu.Lock()
	at, known := s.last[tokenID]
	due := !known || now-at >= time.Minute.Microseconds() || now < at
	if due {
		if s.last == nil {
			s.last = map[string]int64{}
		}
		s.last[tokenID] = now
		s.writing.Add(1)
	}
	s.mu.Unlock()
	if !due {
		return
	}
	go func() {
		defer s.writing.Done()
		ctx, stop := context.WithTimeout(context.Background(), 5*time.Second)
		defer stop()
		// Lost without the database: it is written with the token's next use a minute on.
		_ = d.Keep(ctx, func(tx *db.Tx) error { return org.TokenSeen(tx, tokenID) })
	}()
}

func (s *tokensSeen) wait() { s.writing.Wait() }
