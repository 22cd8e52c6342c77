package signin_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"testing"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/signin"
)

// TestAttackStorm: what is turned away, or goes away by itself, leaves nothing behind.
func TestAttackStorm(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rows := func() int64 { return w.number(`SELECT count(*) FROM signin_attempts`) }
		t.Run("a full queue writes nothing, however many names are tried", func(t *testing.T) {
			busy := signin.NewPasswords(signin.Cost{MemoryKiB: 8 * 1024, Passes: 2, Lanes: 1}, 1, 1, rand.Reader)
			w.passwords, busy = busy, w.passwords
			defer func() { w.passwords = busy }()
			door := w.openDoor()
			before, entries := rows(), w.number(`SELECT count(*) FROM audit_entries`)
			var group sync.WaitGroup
			var mu sync.Mutex
			answers := map[string]int64{}
			for i := range 60 {
				group.Go(func() {
					_, err := door.Start(context.WithoutCancel(t.Context()), db.Who{Kind: db.Nobody}, fmt.Sprintf("stranger%d@nowhere.example", i), "some password or other")
					mu.Lock()
					defer mu.Unlock()
					answers[fault.CodeOf(err)]++
				})
			}
			group.Wait()
			if answers["busy"] == 0 || answers["busy"]+answers["wrong_credentials"] != 60 {
				t.Fatalf("answers: %v", answers)
			}
			if n := rows() - before; n != answers["wrong_credentials"] {
				t.Errorf("%d rows for %d attempts that were looked at", n, answers["wrong_credentials"])
			}
			if n := w.number(`SELECT count(*) FROM audit_entries`) - entries; n != answers["wrong_credentials"] {
				t.Errorf("%d entries for %d attempts that were looked at", n, answers["wrong_credentials"])
			}
		})
		t.Run("hanging up while waiting leaves no row", func(t *testing.T) {
			slow := signin.NewPasswords(signin.Cost{MemoryKiB: 64 * 1024, Passes: 3, Lanes: 1}, 1, 50, rand.Reader)
			w.passwords, slow = slow, w.passwords
			defer func() { w.passwords = slow }()
			door, working := w.openDoor(), w.passwords
			before := rows()
			var first, others sync.WaitGroup
			first.Go(func() { _, _ = working.Hash(context.WithoutCancel(t.Context()), "keeps the only worker") })
			ctx, hangUp := context.WithCancel(t.Context())
			for i := range 20 {
				others.Go(func() {
					_, _ = door.Start(ctx, db.Who{Kind: db.Nobody}, fmt.Sprintf("gone%d@nowhere.example", i), "some password or other")
				})
			}
			for rows() == before && working.Load().Hashing == 1 {
			}
			hangUp()
			others.Wait()
			first.Wait()
			looked := working.Load().Wasted
			if n := rows() - before; n != looked {
				t.Errorf("%d rows, %d attempts were looked at", n, looked)
			}
		})
	})
}
