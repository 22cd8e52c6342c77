package people_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/people"
	"countersign/internal/seal"
)

// TestEditAtOnce: of many who saw the same version one changes it (E15).
func TestEditAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who, id, version := h.Who("m1.administrator"), h.User("m1.reader"), h.Version("m1.reader")
		var won, stale atomic.Int64
		var group sync.WaitGroup
		for i := range 20 {
			group.Go(func() {
				var err error
				switch i % 4 {
				case 0:
					err = h.People.Edit(t.Context(), who, who.AccountID, id, version, people.Edits{Phone: text(fmt.Sprint(i))})
				case 1:
					err = h.People.ChangeAccess(t.Context(), who, who.AccountID, id, version, h.access("M1", "support"))
				case 2:
					_, err = h.People.ChangeEmail(t.Context(), who, who.AccountID, id, version, fmt.Sprintf("n%d@example.net", i))
				default:
					err = h.People.Deactivate(t.Context(), who, who.AccountID, id, version, "")
				}
				switch told(err) {
				case "done":
					won.Add(1)
				case "stale":
					stale.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 || stale.Load() != 19 {
			t.Errorf("E15: %d won, %d were told that it is stale", won.Load(), stale.Load())
		}
		if v := h.Version("m1.reader"); v != version+1 {
			t.Errorf("E15: version %d after %d", v, version)
		}
	})
}

func TestDeleteAdministrators(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.demote()
		who := h.Who("m1.administrator")
		t.Run("U14 U10 the first administrator stays", func(t *testing.T) {
			h.refused(t, "first_administrator", audit.UserDeleted, who, func() error { return h.delete(who, "m1.owner") })
		})
		h.Set("M1", "first_administrator_protected", "false")
		until := h.clock.Now().Add(time.Hour).UnixMicro()
		takers := append(h.administrators(t, 3, until), h.administrators(t, 2, 0)...)
		takers = append(takers, "m1.owner", "m1.administrator")
		counting := takers[3:]
		seen := map[string]int64{}
		for _, label := range takers {
			seen[label] = h.Version(label)
		}
		var mu sync.Mutex
		answers := map[string]int{}
		var group sync.WaitGroup
		for i := range 60 {
			taker, target := h.Who(takers[i%len(takers)]), counting[i%len(counting)]
			group.Go(func() {
				code := told(h.People.Delete(context.WithoutCancel(t.Context()), taker, taker.AccountID, h.User(target), seen[target]))
				mu.Lock()
				defer mu.Unlock()
				answers[code]++
			})
		}
		group.Wait()
		if left := h.countAdministrators(t); left < 1 {
			t.Fatalf("U14: %d active administrators are left", left)
		}
		for _, label := range counting { // whoever is left is taken one by one: the last stays
			if h.found(t, h.User(label)) == nil {
				answers[told(h.delete(h.Who(takers[0]), label))]++
			}
		}
		if left := h.countAdministrators(t); left != 1 {
			t.Errorf("U14: %d active administrators are left at the end", left)
		}
		if answers["last_administrator"] == 0 || answers["done"] == 0 {
			t.Errorf("U14: nobody was told last_administrator, or nothing was done: %v", answers)
		}
		for code := range answers {
			if !slices.Contains([]string{"done", "last_administrator", "own_access", "not_found", "stale"}, code) {
				t.Errorf("U14: somebody was told %q", code)
			}
		}
	})
}

// TestConfirmAtOnce: a link is spent once.
func TestConfirmAtOnce(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		if _, err := h.readdress("m1.administrator", "m1.operations", "raced@example.net"); err != nil {
			t.Fatal(told(err))
		}
		token := seal.Secret(h.letters()["email_confirm raced@example.net"].Data["token"])
		var won, lost atomic.Int64
		var group sync.WaitGroup
		for range 20 {
			group.Go(func() {
				switch _, err := h.confirm(token); told(err) {
				case "done":
					won.Add(1)
				case "link_used":
					lost.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		group.Wait()
		if won.Load() != 1 || lost.Load() != 19 {
			t.Errorf("U7: %d won, %d lost", won.Load(), lost.Load())
		}
	})
}
