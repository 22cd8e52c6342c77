package signin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"countersign/internal/db"
	"countersign/internal/lang"
)

// What depends on who somebody is and would be seen in the time of an answer is
// not done while they wait: the request writes one sealed row, whoever it names,
// and Work does the rest, on whichever node is quickest.

const (
	errandPurpose = "errand"
	errandLease   = time.Minute
	errandPoll    = 3 * time.Second
	errandsAtOnce = 50
	errandsMost   = 10_000 // that wait; beyond it no more are taken
)

// The kinds of errand.
const (
	errandForgotten = "forgotten" // somebody asked for a link to choose another password
	errandLocked    = "locked"    // a sign-in was locked
)

// errand is one thing to do. Ask is whatever was typed.
type errand struct {
	Kind   string     `json:"kind"`
	Ask    Forgotten  `json:"ask,omitzero"`
	UserID string     `json:"user,omitempty"` // whose sign-in was locked; "" is a name that nobody has
	Until  int64      `json:"until,omitempty"`
	IP     netip.Addr `json:"ip"`
	Agent  string     `json:"agent,omitempty"`
	Req    string     `json:"request,omitempty"`
	Lang   lang.Tag   `json:"lang,omitempty"`

	id string
	at int64 // µs
}

// who asked for it: nobody, from where they did.
func (e errand) who() db.Who {
	return db.Who{Kind: db.Nobody, IP: e.IP, UserAgent: e.Agent, RequestID: e.Req, Lang: e.Lang}
}

// leave keeps an errand for later; it is for a transaction of bookkeeping.
func leave(tx *db.Tx, who db.Who, e errand) error {
	e.IP, e.Agent, e.Req, e.Lang = who.IP, cutAgent(who.UserAgent), who.RequestID, who.Lang
	plain, err := json.Marshal(e)
	if err != nil {
		return err
	}
	sealed, err := tx.Seal(errandPurpose, plain)
	if err != nil {
		return err
	}
	id, err := tx.ID("ern")
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`INSERT INTO signin_errands (id, sealed, created_at) VALUES ($1, $2, $3)`, id, sealed, tx.Now); err != nil {
		return fmt.Errorf("leave errand: %w", err)
	}
	return nil
}

// crowded tells whether too many errands wait already.
func crowded(tx *db.Tx) (bool, error) {
	var n int64
	_, err := db.One(tx, []any{&n}, `SELECT COUNT(*) FROM (SELECT 1 FROM signin_errands LIMIT $1) AS waiting`, errandsMost)
	return n >= errandsMost, err
}

// Work does what was left to do, until ctx ends. did is called when something was
// done, which may have queued a message; failed is told what the database said.
func (d *Door) Work(ctx context.Context, did func(), failed func(error)) {
	clock := time.NewTicker(errandPoll)
	defer clock.Stop()
	for {
		n, err := d.Errands(ctx)
		if err != nil && ctx.Err() == nil {
			failed(err)
		}
		if n > 0 {
			did()
		}
		select {
		case <-ctx.Done():
			return
		case <-d.left:
		case <-clock.C:
		}
	}
}

// stir makes Work look at once; it never waits.
func (d *Door) stir() {
	select {
	case d.left <- struct{}{}:
	default: // it is about to look anyway
	}
}

// Errands does all that is left to do now, and tells how many that were.
func (d *Door) Errands(ctx context.Context) (done int, err error) {
	var failed error
	for ctx.Err() == nil {
		list, err := d.leaseErrands(ctx)
		if err != nil || len(list) == 0 {
			return done, errors.Join(failed, err)
		}
		for _, e := range list {
			if err := d.run(ctx, e); err != nil { // it is tried again when its lease is over; the others do not wait for it
				failed = errors.Join(failed, fmt.Errorf("errand %s: %w", e.id, err))
				continue
			}
			done++
		}
	}
	return done, errors.Join(failed, ctx.Err())
}

func (d *Door) run(ctx context.Context, e errand) error {
	switch e.Kind {
	case errandForgotten:
		return d.remind(ctx, e)
	case errandLocked:
		return d.tellLocked(ctx, e)
	}
	return d.forget(ctx, e) // sealed by a key that is gone, or of another release
}

// forget drops an errand of which nothing comes.
func (d *Door) forget(ctx context.Context, e errand) error {
	return taken(d.db.Keep(ctx, func(tx *db.Tx) error { return take(tx, e) }))
}
