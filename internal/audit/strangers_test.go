package audit_test

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

// TestAttackFillTheLog: whoever makes up names or comes from ever other addresses
// gets some entries a minute, not one for each; no attempt goes uncounted.
func TestAttackFillTheLog(t *testing.T) {
	each(t, func(t *testing.T, w *world.World, clock *testdb.Clock) {
		wrong := fault.New(fault.Unauthenticated, "unknown_name")
		stranger := func(i int) db.Who {
			return db.Who{Kind: db.Nobody, IP: netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), UserAgent: "curl"}
		}
		since := func(seq int64) (entries int, attempts int64, known int64) {
			for _, f := range w.Entries() {
				if f.Seq <= seq || f.Action != audit.SignInFailed {
					continue
				}
				entries, attempts = entries+1, attempts+f.Repeats
				if f.ID == w.User("m1.reader") {
					known += f.Repeats
				}
			}
			return entries, attempts, known
		}
		storm := func(n int) {
			for i := range n {
				w.Log.Refuse(t.Context(), stranger(i), audit.Entry{Action: audit.SignInFailed, Kind: "user", ID: fmt.Sprintf("name:%d", i)}, wrong)
			}
		}
		seq := w.Last().Seq
		storm(1000)
		w.Log.Refuse(t.Context(), stranger(1), audit.Entry{Action: audit.SignInFailed, Kind: "user", ID: w.User("m1.reader"), AccountID: w.Account("M1").ID}, wrong)
		t.Run("a hundred at once, and a person's no sooner than a stranger's", func(t *testing.T) {
			if entries, _, known := since(seq); entries != 100 || known != 0 {
				t.Errorf("%d entries, %d of a person", entries, known)
			}
		})
		t.Run("signed in people are not held up by strangers", func(t *testing.T) {
			before := w.Last().Seq
			w.Log.Refuse(t.Context(), w.Who("m1.reader"), audit.Entry{Action: audit.PageRefused, Kind: "page", ID: "/x"}, fault.Missing("users:create"))
			if w.Last().Seq != before+1 {
				t.Error("their refusal is not written at once")
			}
		})
		t.Run("the rest when the minute is over, each attempt counted, the person's by itself", func(t *testing.T) {
			clock.Advance(time.Minute)
			w.Log.Flush(t.Context())
			if entries, attempts, known := since(seq); entries != 102 || attempts != 1001 || known != 1 {
				t.Errorf("%d entries, %d attempts, %d of the person", entries, attempts, known)
			}
		})
		t.Run("the next minute begins anew", func(t *testing.T) {
			seq := w.Last().Seq
			storm(50)
			if entries, attempts, _ := since(seq); entries != 50 || attempts != 50 {
				t.Errorf("%d entries, %d attempts", entries, attempts)
			}
		})
		t.Run("nothing is lost at the end", func(t *testing.T) {
			seq := w.Last().Seq
			clock.Advance(2 * time.Minute)
			storm(300)
			w.Log.Close(t.Context())
			if _, attempts, _ := since(seq); attempts != 300 {
				t.Errorf("%d attempts of 300", attempts)
			}
		})
	})
}
