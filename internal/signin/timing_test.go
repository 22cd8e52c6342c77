//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package signin_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/signin"
)

// TestAttackTiming compares what a refused sign-in costs for a name that nobody
// has with what it costs for people in several states: the same reading
// and the same hashing. It counts and does not time; -v shows the times.
func TestAttackTiming(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		a := w.account()
		invited := w.invited(a, "invited@shop.example")
		gone := w.invited(a, "gone@shop.example")
		w.exec(`UPDATE memberships SET deactivated_at = 1, deactivated_by = 'x' WHERE user_id = $1`, gone.id)
		known, away, half := w.activated(a, "known@shop.example"), w.activated(a, "away@shop.example"), w.activated(a, "asked@shop.example")
		w.exec(`UPDATE users SET inactive_locked_at = 1 WHERE id = $1`, away.id)
		w.exec(`UPDATE users SET change_password_since = 1 WHERE id = $1`, half.id)
		shut := w.activated(a, "shut@shop.example")
		w.exec(`INSERT INTO signin_attempts (user_id, failed, locked_until, updated_at) VALUES ($1, 6, $2, 1)`, shut.id, int64(1)<<60)
		const tries = 40
		var reads int
		door := signin.New(w.db, w.log, w.passwords, func(tx *db.Tx, accountID string) (profile.Settings, error) {
			reads++
			return org.Settings(tx, w.profiles, accountID)
		}, site)
		for name, identifier := range map[string]func(int) string{
			"nobody":          func(i int) string { return fmt.Sprintf("nobody%d@shop.example", i) },
			"no mail address": func(i int) string { return fmt.Sprintf("nobody %d", i) },
			"invited":         func(int) string { return invited.email },
			"gone":            func(int) string { return gone.email },
			"known":           func(int) string { return known.email },
			"inactive":        func(int) string { return away.email },
			"asked":           func(int) string { return half.email },
			"locked":          func(int) string { return shut.email },
		} {
			hashed := w.passwords.Load()
			reads = 0
			var took []time.Duration
			for i := range tries {
				w.clock.Advance(time.Hour) // no lock, no merging of entries
				begun := time.Now()
				if _, err := door.Start(t.Context(), db.Who{Kind: db.Nobody}, identifier(i), "some wrong password"); err == nil {
					t.Fatal("came in")
				}
				took = append(took, time.Since(begun))
			}
			slices.Sort(took)
			t.Logf("%s: median %v", name, took[tries/2])
			now := w.passwords.Load()
			if n := now.Checked + now.Wasted - hashed.Checked - hashed.Wasted; n != tries {
				t.Errorf("%s: %d hashes for %d tries", name, n, tries)
			}
			if reads != tries {
				t.Errorf("%s: settings read %d times for %d tries", name, reads, tries)
			}
		}
	})
}
