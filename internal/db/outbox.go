package db

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"countersign/internal/lang"
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
	_, err = tx.Exec(`INSERT INTO outbox (id, kind, account_id, user_id, sealed, state, created_at, next_at)
		VALUES ($1, $2, $3, $4, $5, 'queued', $6, $6)`, id, m.Kind, m.AccountID, m.UserID, sealed, tx.Now)
	if err != nil {
		return fmt.Errorf("queue message: %w", err)
	}
	return nil
}

// Lease takes up to limit due messages for one sender, who has the given time to
// say Sent, Retry or GiveUp; after that another sender gets them again.
func (d *DB) Lease(ctx context.Context, limit int, lease time.Duration) ([]Queued, error) {
	var out []Queued
	err := d.Keep(ctx, func(tx *Tx) error {
		var err error
		out, err = All(tx, func(r *sql.Rows) (q Queued, err error) {
			var sealed []byte
			var created int64
			if err := r.Scan(&q.ID, &q.Attempts, &created, &sealed); err != nil {
				return q, err
			}
			q.Created = time.UnixMicro(created).UTC()
			plain, err := d.box.Open(outboxPurpose, sealed)
			if err != nil {
				return q, fmt.Errorf("message %s: %w", q.ID, err)
			}
			return q, json.Unmarshal(plain, &q.Message)
		}, `UPDATE outbox SET leased_until = $1, attempts = attempts + 1
			WHERE state = 'queued' AND next_at <= $2 AND leased_until <= $2
			AND id IN (SELECT id FROM outbox WHERE state = 'queued' AND next_at <= $2 AND leased_until <= $2 ORDER BY next_at, id LIMIT $3)
			RETURNING id, attempts, created_at, sealed`, tx.Now+lease.Microseconds(), tx.Now, limit)
		return err
	})
	return out, err
}

// Sent erases what a delivered message held and keeps that it was sent.
func (d *DB) Sent(ctx context.Context, id string) error {
	return d.settle(ctx, `UPDATE outbox SET state = 'sent', sealed = NULL, done_at = $2, leased_until = 0 WHERE id = $1`, id)
}

// GiveUp erases what a message held and keeps why it was not sent.
func (d *DB) GiveUp(ctx context.Context, id, problem string) error {
	return d.settle(ctx, `UPDATE outbox SET state = 'failed', sealed = NULL, done_at = $2, leased_until = 0, problem = $3 WHERE id = $1`, id, problem)
}

// Retry puts a message back until a later time.
func (d *DB) Retry(ctx context.Context, id string, wait time.Duration, problem string) error {
	return d.Keep(ctx, func(tx *Tx) error {
		_, err := tx.Exec(`UPDATE outbox SET next_at = $2, leased_until = 0, problem = $3 WHERE id = $1 AND state = 'queued'`,
			id, tx.Now+wait.Microseconds(), problem)
		return err
	})
}

func (d *DB) settle(ctx context.Context, query, id string, more ...any) error {
	return d.Keep(ctx, func(tx *Tx) error {
		_, err := tx.Exec(query+` AND state = 'queued'`, append([]any{id, tx.Now}, more...)...)
		return err
	})
}
