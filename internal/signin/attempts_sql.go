package signin

import (
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/profile"
)

// limits are the strictest of the accounts a person is in.
type limits struct {
	attempts int64
	lock     int64 // µs
}

const forever = people.Forever // until an administrator opens it

// limitsOf makes the limits. Without any account those of the standard profile
// hold: nobody sees a difference.
func limitsOf(all []profile.Settings) limits {
	l := limits{attempts: 6, lock: micros(30 * time.Minute)}
	for i, s := range all {
		lock := micros(time.Duration(s.LockMinutes) * time.Minute)
		if s.LockMinutes == 0 {
			lock = forever
		}
		if i == 0 {
			l = limits{int64(s.LockAttempts), lock}
			continue
		}
		l.attempts, l.lock = min(l.attempts, int64(s.LockAttempts)), max(l.lock, lock)
	}
	return l
}

// nameKey stands for a name that nobody has: keyed, so that the database does
// not tell what was typed, which may be a password (PCI DSS 10.2.1.4).
func (d *Door) nameKey(identifier string) string {
	return "name:" + hex.EncodeToString(d.db.Box().Mac("identifier", []byte(lang.Fold(identifier)))[:16])
}

const (
	lockOver   = `(signin_attempts.locked_until IS NOT NULL AND signin_attempts.locked_until <= CAST($2 AS BIGINT))`
	lockUntil  = `CAST($2 AS BIGINT) + CAST($4 AS BIGINT)`
	reserveSQL = `INSERT INTO signin_attempts (user_id, failed, locked_until, updated_at)
		VALUES ($1, 1, CASE WHEN 1 >= CAST($3 AS BIGINT) THEN ` + lockUntil + ` ELSE NULL END, CAST($2 AS BIGINT))
		ON CONFLICT (user_id) DO UPDATE SET
			failed = CASE WHEN ` + lockOver + ` THEN 1 ELSE signin_attempts.failed + 1 END,
			locked_until = CASE WHEN (CASE WHEN ` + lockOver + ` THEN 1 ELSE signin_attempts.failed + 1 END) >= CAST($3 AS BIGINT) THEN ` + lockUntil + ` ELSE NULL END,
			updated_at = CAST($2 AS BIGINT)
		WHERE signin_attempts.locked_until IS NULL OR ` + lockOver
)

// reserve takes one of the attempts that are left, and the last one locks; all
// before anything is compared, so that neither many at once nor a crash gives
// more looks than the limit. False: locked. A lock that has run out is over.
func reserve(tx *db.Tx, key string, l limits) (bool, error) {
	n, err := tx.Exec(reserveSQL, key, tx.Now, l.attempts, l.lock)
	if err != nil {
		return false, fmt.Errorf("reserve attempt: %w", err)
	}
	return n == 1, nil
}

// giveBack returns a reserved attempt that was right, or never looked at. The
// last one takes its row along: whoever hangs up again and again leaves nothing.
func giveBack(tx *db.Tx, key string, l limits) error {
	n, err := tx.Exec(`DELETE FROM signin_attempts WHERE user_id = $1 AND failed <= 1`, key)
	if err == nil && n == 0 {
		_, err = tx.Exec(`UPDATE signin_attempts SET failed = failed - 1, updated_at = $2,
				locked_until = CASE WHEN failed - 1 >= $3 THEN locked_until ELSE NULL END
			WHERE user_id = $1`, key, tx.Now, l.attempts)
	}
	if err != nil {
		return fmt.Errorf("give attempt back: %w", err)
	}
	return nil
}

func (d *Door) giveBack(ctx context.Context, key string, l limits) error {
	return d.db.Keep(context.WithoutCancel(ctx), func(tx *db.Tx) error { return giveBack(tx, key, l) })
}

// Unlock forgets the wrong attempts of a person: the last factor was right, or
// an administrator says so (U12). A lock by inactivity stays.
func Unlock(tx *db.Tx, userID string) error {
	if _, err := tx.Exec(`DELETE FROM signin_attempts WHERE user_id = $1`, userID); err != nil {
		return fmt.Errorf("forget attempts: %w", err)
	}
	return nil
}

// noteLock records that this wrong attempt was the one that locked, and leaves an
// errand to tell the person: once for each lock, whichever of many attempts at once
// it was, and for names that nobody has as for others.
func (d *Door) noteLock(ctx context.Context, who db.Who, c candidate) error {
	var until int64
	err := d.db.View(ctx, func(tx *db.Tx) (err error) {
		_, err = db.One(tx, []any{&until}, `SELECT locked_until FROM signin_attempts WHERE user_id = $1 AND locked_until > $2 AND COALESCE(told_until, 0) <> locked_until`, c.key, tx.Now)
		return err
	})
	if err != nil || until == 0 {
		return err
	}
	first := false
	err = d.db.Keep(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`UPDATE signin_attempts SET told_until = locked_until WHERE user_id = $1 AND locked_until = $2 AND COALESCE(told_until, 0) <> locked_until`, c.key, until)
		if first = n == 1; err != nil || !first {
			return err
		}
		return leave(tx, who, errand{Kind: errandLocked, UserID: c.ID, Until: until})
	})
	if err != nil || !first {
		return err
	}
	d.stir()
	d.log.Note(ctx, who, audit.Entry{Action: audit.SignInLocked, AccountID: c.account(), Kind: "user", ID: c.target()})
	return nil
}

// tellLocked tells a person that their sign-in is locked, if they could sign in
// otherwise.
func (d *Door) tellLocked(ctx context.Context, e errand) error {
	told := false
	who := e.who() // the mail is ours; where the attempts came from is kept with it
	who.Kind, who.ID = db.System, "errands"
	err := d.db.Update(ctx, who, func(tx *db.Tx) error {
		told = false
		c, found, err := d.candidateByID(tx, e.UserID)
		if err != nil || !found || !c.active() || !c.awake() || c.Email == "" {
			return err
		}
		if err := take(tx, e); err != nil {
			return err
		}
		told = true
		kind, data := "signin_locked", []string{"until", rfc3339(e.Until)}
		if people.Endless(e.Until) {
			kind, data = "signin_shut", nil
		}
		if err := tell(tx, c, kind, data...); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Action: audit.LockTold, AccountID: c.account(), Kind: "user", ID: c.ID})
	})
	if err != nil || told {
		return taken(err)
	}
	return d.forget(ctx, e)
}
