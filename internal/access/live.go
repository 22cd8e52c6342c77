package access

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Live is the snapshot that this node answers from. The zero value has none
// and so denies everything.
type Live struct {
	// Refresh brings the snapshot to at least this revision by calling Store.
	// It is set once, before Live is shared. Without it At does not wait.
	Refresh func(ctx context.Context, revision int64) error

	now atomic.Pointer[Snapshot]
}

// Load is the current snapshot; nil when there is none.
func (l *Live) Load() *Snapshot { return l.now.Load() }

// Store puts a snapshot in place; nil makes every answer a deny.
func (l *Live) Store(s *Snapshot) { l.now.Store(s) }

// At is a snapshot that knows of the revision: the current one, refreshed when
// it is older. A snapshot that stays older is an error, never an answer.
func (l *Live) At(ctx context.Context, revision int64) (*Snapshot, error) {
	if s := l.Load(); s != nil && s.revision >= revision {
		return s, nil
	}
	if l.Refresh != nil {
		if err := l.Refresh(ctx, revision); err != nil {
			return nil, fmt.Errorf("refresh access to revision %d: %w", revision, err)
		}
	}
	s := l.Load()
	if s == nil || s.revision < revision {
		return nil, fmt.Errorf("access: revision %d is not here yet (have %d)", revision, s.Revision())
	}
	return s, nil
}
