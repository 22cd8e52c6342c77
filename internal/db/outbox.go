package db

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"countersign/internal/lang"
	"countersign/internal/seal"
)

// Message is what is queued for a person: the kind, the recipient, the language
// and the data. Package notify renders and sends it after the commit.
type Message struct {
	Kind      string            // "invitation"
	AccountID string            // the account that causes it
	UserID    string            // the person it is for
	To        string            // the address
	Name      string            // the person's name
	Lang      lang.Tag          // in which it is written
	Data      map[string]string // what the text needs; a link's token among it
}

// Queued is a message on its way, leased to one sender.
type Queued struct {
	ID       string
	Attempts int // this one counted
	Created  time.Time
	Message
}

const outboxPurpose = "outbox"

// Queue adds a message to this update: it is sent when, and only when, the
// update commits, at least once.
func (tx *Tx) Queue(m Message) error {
	if tx.mode != update {
		return fmt.Errorf("db: only an update queues messages")
	}
	id, err := tx.ID("msg")
	if err != nil {
		return err
	}
	plain, err := json.Marshal(m)
	if err != nil {
		return err
	}
	sealed, err := tx.Seal(outboxPurpose, plain)
	if err != nil {
		return err
	}
	tx.queued = true
	return tx.ExecLast(`INSERT INTO outbox (id, kind, account_id, user_id, sealed, state, created_at, next_at)
		VALUES ($1, $2, $3, $4, $5, 'queued', $6, $6)`, id, m.Kind, m.AccountID, m.UserID, sealed, tx.Now)
}

// Unqueue gives up what an account has queued of one kind for a person: what it
// tells is no longer so. A message that is being sent at this moment may still go.
func (tx *Tx) Unqueue(accountID, userID, kind string) error {
	_, err := tx.Exec(`UPDATE outbox SET state = 'failed', sealed = NULL, done_at = $1, leased_until = 0, reason = 'dropped'
		WHERE state = 'queued' AND account_id = $2 AND user_id = $3 AND kind = $4`, tx.Now, accountID, userID, kind)
	if err != nil {
		return fmt.Errorf("give up queued messages: %w", err)
	}
	return nil
}

// Lease takes up to limit due messages for one sender, who has the given time to
// say Sent, Retry or GiveUp; after that another sender gets them again. One that
// cannot be read is given up and does not hold up the others; its sealed bytes
// stay, because the wrong key file is a likely cause and can be mended.
func (d *DB) Lease(ctx context.Context, limit int, lease time.Duration) ([]Queued, error) {
	var out []Queued
	err := d.Keep(ctx, func(tx *Tx) error {
		out = nil
		rows, err := All(tx, scanLeased, `UPDATE outbox SET leased_until = $1, attempts = attempts + 1
			WHERE state = 'queued' AND next_at <= $2 AND leased_until <= $2
			AND id IN (SELECT id FROM outbox WHERE state = 'queued' AND next_at <= $2 AND leased_until <= $2 ORDER BY next_at, id LIMIT $3)
			RETURNING id, attempts, created_at, sealed`, tx.Now+lease.Microseconds(), tx.Now, limit)
		if err != nil {
			return fmt.Errorf("lease messages: %w", err)
		}
		for _, r := range rows {
			if err := r.unseal(d.box); err == nil {
				out = append(out, r.Queued)
				continue
			} else if _, err := tx.Exec(`UPDATE outbox SET state = 'failed', leased_until = 0, done_at = $2, problem = $3, reason = 'unreadable' WHERE id = $1`,
				r.ID, tx.Now, err.Error()); err != nil {
				return fmt.Errorf("give up message %s: %w", r.ID, err)
			}
			d.log.Error("queued message given up", "id", r.ID, "problem", "unreadable")
		}
		return nil
	})
	slices.SortFunc(out, func(a, b Queued) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return out, err
}

type leased struct {
	Queued
	sealed []byte
}

func scanLeased(rows *sql.Rows) (r leased, err error) {
	var created int64
	err = rows.Scan(&r.ID, &r.Attempts, &created, &r.sealed)
	r.Created = time.UnixMicro(created).UTC()
	return r, err
}

func (r *leased) unseal(box *seal.Box) error {
	plain, err := box.Open(outboxPurpose, r.sealed)
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, &r.Message)
}

// Sent erases what a delivered message held and keeps that it was sent.
func (d *DB) Sent(ctx context.Context, id string) error {
	return d.done(ctx, `UPDATE outbox SET state = 'sent', sealed = NULL, done_at = $2, leased_until = 0, reason = '' WHERE id = $1`, id)
}

// Failure is why a message was not delivered: a code for whoever asks about it
// (the mail server's status, such as 5.1.1 or 550, or a word of package notify),
// and a sentence for whoever runs the server.
type Failure struct{ Reason, Problem string }

// GiveUp erases what a message held and keeps why it was not sent.
func (d *DB) GiveUp(ctx context.Context, id string, f Failure) error {
	return d.done(ctx, `UPDATE outbox SET state = 'failed', sealed = NULL, done_at = $2, leased_until = 0, reason = $3, problem = $4 WHERE id = $1`, id, f.Reason, f.Problem)
}

// Refused is GiveUp for a message that the mail server refused for good.
func (d *DB) Refused(ctx context.Context, id string, f Failure) error {
	return d.done(ctx, `UPDATE outbox SET state = 'refused', sealed = NULL, done_at = $2, leased_until = 0, reason = $3, problem = $4 WHERE id = $1`, id, f.Reason, f.Problem)
}

// Retry puts a message back until a later time.
func (d *DB) Retry(ctx context.Context, id string, wait time.Duration, f Failure) error {
	return d.Keep(ctx, func(tx *Tx) error {
		_, err := tx.Exec(`UPDATE outbox SET next_at = $2, leased_until = 0, reason = $3, problem = $4 WHERE id = $1 AND state = 'queued'`,
			id, tx.Now+wait.Microseconds(), f.Reason, f.Problem)
		return err
	})
}

// Bounced notes that a message that was sent came back, with the status that was
// given as the reason. It tells whether there was one; nothing else is touched.
func (d *DB) Bounced(ctx context.Context, id, status string) (marked bool, err error) {
	err = d.Keep(ctx, func(tx *Tx) error {
		n, err := tx.Exec(`UPDATE outbox SET state = 'bounced', done_at = $2, reason = $3 WHERE id = $1 AND state = 'sent'`, id, tx.Now, status)
		marked = n > 0
		return err
	})
	return marked, err
}

func (d *DB) done(ctx context.Context, query, id string, more ...any) error {
	return d.Keep(ctx, func(tx *Tx) error {
		_, err := tx.Exec(query+` AND state = 'queued'`, append([]any{id, tx.Now}, more...)...)
		return err
	})
}
