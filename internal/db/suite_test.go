package db_test

import (
	"context"
	"net/netip"
	"testing"

	"countersign/internal/db"
)

// somebody is who acts in these tests.
var somebody = db.Who{Kind: db.User, ID: "usr_1", AccountID: "acc_1", IP: netip.MustParseAddr("192.0.2.7"), UserAgent: "test", RequestID: "req_1"}

const (
	insertThing = `INSERT INTO instance (name, value) VALUES ($1, 'written')`
	insertEntry = `INSERT INTO audit_entries (seq, at, actor_kind, actor_id, actor_account, account_id, entity_id, action, outcome, reason,
			target_kind, target_id, ip, user_agent, request_id, repeats, changes, person_id)
		VALUES ($1, $2, $3, $4, $5, 'acc_1', 'ent_1', 'thing.write', 'done', '', 'thing', $6, $7, $8, $9, 1, '[]', '')`
)

// note adds an entry as package audit does, which imports db and cannot be used here.
func note(tx *db.Tx, target string) error {
	return tx.ExecLast(insertEntry, entry(tx.Seq(), tx.Now, tx.Who, target)...)
}

func entry(seq, now int64, w db.Who, target string) []any {
	return []any{seq, now, w.Kind, w.ID, w.AccountID, target, w.IP.String(), w.UserAgent, w.RequestID}
}

// writeWhole is a business row, its entry and, on demand, a message: all of it or none.
func writeWhole(tx *db.Tx, name string, message bool) error {
	if _, err := tx.Exec(insertThing, name); err != nil {
		return err
	}
	if message {
		if err := tx.Queue(db.Message{Kind: "test", AccountID: "acc_1", UserID: name, To: "someone@example.com"}); err != nil {
			return err
		}
	}
	return note(tx, name)
}

// number reads one integer.
func number(t testing.TB, d *db.DB, query string, args ...any) int64 {
	t.Helper()
	var n int64
	err := d.View(context.WithoutCancel(t.Context()), func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&n}, query, args...)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func read(t *testing.T, d *db.DB, dest []any, query string, args ...any) {
	t.Helper()
	err := d.View(context.WithoutCancel(t.Context()), func(tx *db.Tx) error {
		found, err := db.One(tx, dest, query, args...)
		if err == nil && !found {
			t.Errorf("%s: no row", query)
		}
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}
