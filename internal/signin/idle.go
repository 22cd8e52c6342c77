package signin

import (
	"context"
	"slices"
	"time"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
)

// Whoever has not signed in for inactivity_days is locked (features.md, A2; PCI DSS
// 8.2.6): the fewest of the accounts in which they are active, counted from their
// last sign-in, from when they became active, or from when an administrator let
// them in again, whichever is latest. What a service token does is no sign-in.
//
// They are warned a week before where that makes sense. An account's last
// administrator is locked as everybody else is, but never without that week.

const (
	warnAhead  = 7 * 24 * time.Hour
	warnLeast  = 14 // inactivity_days from which on people are warned: else they were all the time
	idleEvery  = 24 * time.Hour
	idleLease  = 10 * time.Minute
	idlePage   = 500
	idleAtOnce = 50 // people in one update
)

// rest is how long somebody has been away, as far as it counts.
type rest struct {
	awakeSince, warnedAt int64 // µs; 0: never

	since int64  // µs: from when on it counts
	days  int    // that they may be away; 0: no account counts
	over  bool   // they have been away too long
	last  string // the account whose last administrator they are; found out only once it is over
}

// end is when they will have been away too long.
func (r rest) end() int64 { return r.since + micros(time.Duration(r.days)*24*time.Hour) }

// warned tells that they were told a week ago, in this absence.
func (r rest) warned(now int64) bool {
	return r.warnedAt >= r.since && r.warnedAt != 0 && now >= r.warnedAt+micros(warnAhead)
}

// warnDue tells that it is time to warn them: a week before, or, of an account's
// last administrator who was not warned, now.
func (r rest) warnDue(now int64) bool {
	switch {
	case r.days == 0 || r.warnedAt >= r.since && r.warnedAt != 0:
		return false
	case now >= r.end():
		return true
	}
	return r.days >= warnLeast && now >= r.end()-micros(warnAhead)
}

// lockedAt is when they are locked, if they are warned now.
func (r rest) lockedAt(now int64) int64 {
	if now >= r.end() {
		return now + micros(warnAhead)
	}
	return r.end()
}

// findRest finds out how long a candidate has been away.
func (c *candidate) findRest(tx *db.Tx) error {
	r := &c.rest
	r.since = max(c.LastSignInAt, r.awakeSince)
	for _, m := range c.members {
		if !m.Active() {
			continue
		}
		r.since = max(r.since, m.ActivatedAt)
		if r.days == 0 || m.InactivityDays < r.days {
			r.days = m.InactivityDays
		}
	}
	if r.days == 0 || tx.Now < r.end() || c.InactiveLockedAt != 0 {
		return nil
	}
	var err error
	r.last, err = c.lastAdministrator(tx)
	r.over = r.last == "" || r.warned(tx.Now)
	return err
}

// lastAdministrator is an account of which the candidate is the last administrator
// who is not locked for inactivity; "" when there is none.
func (c candidate) lastAdministrator(tx *db.Tx) (string, error) {
	for _, m := range c.members {
		if !m.Active() {
			continue
		}
		_, awake, err := administrators(tx, m.AccountID)
		if err != nil {
			return "", err
		}
		if len(awake) == 1 && awake[0] == c.ID {
			return m.AccountID, nil
		}
	}
	return "", nil
}

// LockInactive locks whoever has been away too long, and warns those who soon will
// have been, once a day on one node. It may be called as often as one likes.
func (d *Door) LockInactive(ctx context.Context) error {
	job, mine, err := d.takeJob(ctx, "inactivity", idleLease)
	if err != nil || !mine {
		return err
	}
	var days int // the fewest of all accounts
	err = d.db.View(ctx, func(tx *db.Tx) (err error) {
		days, err = fewestDays(tx, d.settings)
		return err
	})
	if err != nil {
		return err
	}
	for after := ""; ; {
		ids, due, err := d.idle(ctx, days, after)
		if err != nil {
			return err
		}
		for some := range slices.Chunk(due, idleAtOnce) {
			if err := d.lockOrWarn(ctx, some); err != nil {
				return err
			}
		}
		if len(ids) < idlePage {
			return d.keepJob(ctx, job, idleEvery)
		}
		if after = ids[len(ids)-1]; d.keepJob(ctx, job, idleLease) != nil {
			return nil // another node has gone on with it
		}
	}
}

// idle looks at a page of people who were away, and finds those who are to be locked or warned.
func (d *Door) idle(ctx context.Context, days int, after string) (ids, due []string, err error) {
	err = d.db.View(ctx, func(tx *db.Tx) (err error) {
		due = nil
		if ids, err = longAway(tx, days, after); err != nil {
			return err
		}
		for _, id := range ids {
			c, found, err := d.candidateByID(tx, id)
			if err != nil {
				return err
			}
			if found && (c.rest.over || c.rest.warnDue(tx.Now)) {
				due = append(due, id)
			}
		}
		return nil
	})
	return ids, due, err
}

func (d *Door) lockOrWarn(ctx context.Context, ids []string) error {
	return d.db.Update(ctx, db.Who{Kind: db.System, ID: "inactivity"}, func(tx *db.Tx) error {
		for _, id := range ids {
			c, found, err := d.candidateByID(tx, id)
			switch {
			case err != nil:
				return err
			case !found || !c.active() || c.InactiveLockedAt != 0:
			case c.rest.over:
				err = c.lock(tx)
			case c.rest.warnDue(tx.Now):
				err = c.warn(tx)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// lock locks them, and says so in each account in which they are.
func (c candidate) lock(tx *db.Tx) error {
	err := people.Relist(tx, c.ID, func() error {
		_, err := tx.Exec(`UPDATE users SET inactive_locked_at = $1 WHERE id = $2`, tx.Now, c.ID)
		return err
	})
	if err != nil {
		return err
	}
	tx.ChangedUser(c.ID)
	for _, m := range c.members {
		if !m.Active() {
			continue
		}
		e := audit.Entry{Action: audit.UserInactive, AccountID: m.AccountID, Kind: "user", ID: c.ID}
		if m.AccountID == c.rest.last {
			e.Reason = "last_administrator"
		}
		if err := audit.Record(tx, e); err != nil {
			return err
		}
	}
	return nil
}

// warn tells them that they will be locked, and what follows from it when nobody
// else could let them in again.
func (c candidate) warn(tx *db.Tx) error {
	if _, err := tx.Exec(`UPDATE users SET inactivity_warned_at = $1 WHERE id = $2`, tx.Now, c.ID); err != nil {
		return err
	}
	last, err := c.lastAdministrator(tx)
	if err != nil {
		return err
	}
	kind, in := "inactivity_warning", c.account()
	if last != "" {
		kind, in = "inactivity_warning_last", last
	}
	a, _, err := org.AccountByID(tx, in)
	if err != nil {
		return err
	}
	if err := tell(tx, c, kind, "account", a.Name, "customer_id", a.CustomerID, "until", rfc3339(c.rest.lockedAt(tx.Now))); err != nil {
		return err
	}
	return audit.Record(tx, audit.Entry{Action: audit.InactivityWarned, AccountID: in, Kind: "user", ID: c.ID})
}

// wake opens a lock for inactivity, and has what comes count from now on.
func wake(tx *db.Tx, c candidate) error {
	if c.awake() {
		return nil
	}
	err := people.Relist(tx, c.ID, func() error {
		_, err := tx.Exec(`UPDATE users SET inactive_locked_at = NULL, awake_since = $1 WHERE id = $2`, tx.Now, c.ID)
		return err
	})
	if err != nil {
		return err
	}
	tx.ChangedUser(c.ID)
	return audit.Record(tx, audit.Entry{Action: audit.UserAwake, AccountID: c.account(), Kind: "user", ID: c.ID})
}

// lost tells whether an account has no administrator left who is not locked for
// inactivity, and the member is one of those who are.
func (d *Door) lost(tx *db.Tx, m people.Member) (bool, error) {
	all, awake, err := administrators(tx, m.AccountID)
	return len(awake) == 0 && slices.Contains(all, m.UserID), err
}
