// Package snapshot builds the access snapshot from the database and keeps it current.
//
// A Keeper loads everything once, then follows the revision: each update that
// changes what a decision reads leaves rows in access_changes, and the Keeper
// reloads only what they name: users, roles, accounts, entities, locations, the
// service tokens, or, when it cannot be told, everything. It refreshes before an update on
// this node returns (db.OnRevised), when a use case asks for a revision
// (access.Live.At), and by looking every Interval, which is how it learns of
// other nodes' changes; the published bound is one second.
//
// A node that has lost the database, or can no longer load what changed, goes on
// answering for Grace, marks its answers stale, then denies (Live holds nil).
//
// The one rule: a snapshot is swapped whole; no answer mixes two revisions.
package snapshot

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/profile"
)

// Options of a Keeper. The zero values are the defaults named.
type Options struct {
	Interval time.Duration // between looks at the revision; 250 ms
	Grace    time.Duration // how long to answer without the database; 30 s; negative for not at all
	Changes  int64         // how many revisions back it is kept what they changed; 10,000
	Log      *slog.Logger
}

// Keeper keeps an access.Live and the service tokens current.
type Keeper struct {
	db       *db.DB
	profiles profile.Profiles
	live     *access.Live
	o        Options

	mu     sync.Mutex // one refresh at a time
	tokens atomic.Pointer[map[string]Token]
	seen   atomic.Int64 // µs, when the snapshot was last known to be current
	stale  atomic.Bool
}

// New makes a Keeper that fills live. Call Refresh or Run next.
func New(d *db.DB, profiles profile.Profiles, live *access.Live, o Options) *Keeper {
	if o.Interval == 0 {
		o.Interval = 250 * time.Millisecond
	}
	if o.Grace == 0 {
		o.Grace = 30 * time.Second
	}
	if o.Changes == 0 {
		o.Changes = 10_000
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	k := &Keeper{db: d, profiles: profiles, live: live, o: o}
	none := map[string]Token{}
	k.tokens.Store(&none)
	live.Refresh = k.Refresh
	d.OnRevised(func(ctx context.Context, revision int64) {
		if err := k.Refresh(ctx, revision); err != nil {
			o.Log.Error("access snapshot is behind", "revision", revision, "error", err)
		}
	})
	return k
}

// Refresh brings the snapshot to at least a revision; 0 asks for whatever is newest.
func (k *Keeper) Refresh(ctx context.Context, revision int64) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.live.Load()
	if now != nil && revision > 0 && now.Revision() >= revision {
		return nil // another caller was quicker
	}
	ctx, cancel := context.WithTimeout(ctx, loadWithin)
	defer cancel()
	var at int64
	err := k.db.View(ctx, func(tx *db.Tx) error {
		at = tx.Now
		newest, err := revisionOf(tx)
		if err != nil {
			return err
		}
		if now != nil && now.Revision() == newest {
			return nil
		}
		// A revision that went back is another history, of a restored copy or a
		// standby that had not heard of everything: nothing known of it holds.
		if now != nil && now.Revision() < newest {
			changes, complete, err := changesSince(tx, now.Revision(), newest)
			if err != nil {
				return err
			}
			if complete && changes.stepwise() {
				if done, err := k.step(tx, now, newest, changes); done || err != nil {
					return err
				}
			}
		}
		return k.rebuild(tx, newest)
	})
	if err == nil {
		k.answered(at)
	}
	return err
}

// rebuild loads everything.
func (k *Keeper) rebuild(tx *db.Tx, revision int64) error {
	w, err := loadWorld(tx, k.profiles)
	if err != nil {
		return fmt.Errorf("load access data: %w", err)
	}
	w.Revision = revision
	var people int
	if _, err := db.One(tx, []any{&people}, `SELECT COALESCE(SUM(users), 0) FROM accounts`); err != nil {
		return fmt.Errorf("load access data: %w", err)
	}
	b, err := access.Begin(w, people)
	if err != nil {
		return fmt.Errorf("build access snapshot: %w", err)
	}
	if err := loadUsers(tx, all, b.Add); err != nil {
		return fmt.Errorf("load users: %w", err)
	}
	s, err := b.Done()
	if err != nil {
		return fmt.Errorf("build access snapshot: %w", err)
	}
	if err := k.loadTokens(tx); err != nil {
		return err
	}
	k.live.Store(s)
	return nil
}

// step reloads what changed; false when only everything will do.
func (k *Keeper) step(tx *db.Tx, now *access.Snapshot, revision int64, c changes) (bool, error) {
	changed, whole, err := reload(tx, k.profiles, now, c)
	if err != nil || !whole {
		return false, wrapped("load what changed", err)
	}
	changed.Revision = revision
	s, err := now.With(changed)
	if err != nil {
		return false, fmt.Errorf("change access snapshot: %w", err)
	}
	if c["tokens"] != nil {
		if err := k.loadTokens(tx); err != nil {
			return false, err
		}
	}
	k.live.Store(s)
	return true, nil
}

func wrapped(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// Run keeps the snapshot current until ctx ends.
func (k *Keeper) Run(ctx context.Context) {
	tick := time.NewTicker(k.o.Interval)
	defer tick.Stop()
	for {
		k.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// The database counts as away when it takes longer than this: a network that
// swallows everything gives no error of its own.
const (
	lookWithin = 2 * time.Second
	loadWithin = 2 * time.Minute // a million users load in a fraction of it
)

func (k *Keeper) look(ctx context.Context) {
	revision, err := k.revision(ctx)
	if err == nil {
		if s := k.live.Load(); s == nil || s.Revision() != revision {
			err = k.Refresh(ctx, 0)
		} else {
			k.answered(k.db.Now())
		}
	}
	if err == nil || ctx.Err() != nil {
		return
	}
	away := time.Duration(k.db.Now()-k.seen.Load()) * time.Microsecond
	k.stale.Store(true)
	if away > k.o.Grace && k.live.Load() != nil {
		k.o.Log.Error("access snapshot dropped: the database is away", "for", away, "error", err)
		k.live.Store(nil)
	}
}

func (k *Keeper) revision(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	return k.db.Revision(ctx)
}

func (k *Keeper) answered(now int64) {
	k.seen.Store(now)
	k.stale.Store(false)
}

// Stale tells that the database did not answer the last look: answers may be old.
func (k *Keeper) Stale() bool { return k.stale.Load() }
