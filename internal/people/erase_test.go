//go:build !race

package people_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/db"
)

func TestErase(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who, id := h.Who("m1.administrator"), h.User("m1.reader")
		h.everything("m1.reader")
		h.Set("M1", "retention_days", "30")
		h.Set("M2", "retention_days", "40")
		both := h.User("m1.both")
		for _, err := range []error{h.delete(who, "m1.reader"), h.delete(who, "m1.both"), h.delete(h.Who("m2.administrator"), "m2.both")} {
			if err != nil {
				t.Fatal(err)
			}
		}
		sweep := func(t *testing.T) {
			t.Helper()
			if err := h.People.Sweep(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		details := func(t *testing.T, userID string) (erased, told int) {
			t.Helper()
			for _, e := range h.Entries() {
				if e.PersonID == userID && e.Erased {
					erased++
				} else if e.PersonID == userID {
					told++
				}
			}
			return erased, told
		}
		t.Run("U10 kept until the time of the settings", func(t *testing.T) {
			h.clock.Advance(30*24*time.Hour - time.Microsecond)
			before := h.State()
			sweep(t)
			if diff := cmp.Diff(before, h.State()); diff != "" {
				t.Error(diff)
			}
			if erased, known := details(t, id); erased != 0 || known < 3 {
				t.Errorf("%d entries are erased, %d can be read", erased, known)
			}
		})
		t.Run("U10 then nothing personal is left, and the log shows it as erased", func(t *testing.T) {
			entries := len(h.Raw("audit_entries"))
			hashes := h.rowsOf("audit_entries", "person_id="+id+" ")
			h.clock.Advance(time.Microsecond)
			var nodes sync.WaitGroup
			for range 4 { // as many nodes: one of them does it
				nodes.Go(func() {
					if err := h.People.Sweep(context.WithoutCancel(t.Context())); err != nil {
						t.Error(err)
					}
				})
			}
			nodes.Wait()
			if diff := cmp.Diff([]string{"access_changes", "deleted_users", "outbox", "users"}, h.holding(id)); diff != "" {
				t.Error(diff)
			}
			for table, rows := range h.State() {
				for _, r := range rows {
					if strings.Contains(r, id) && (strings.Contains(r, "Reader") || strings.Contains(r, "example.")) {
						t.Errorf("%s: %s", table, r)
					}
				}
			}
			if erased, known := details(t, id); erased < 3 || known != 0 {
				t.Errorf("%d entries are erased, %d can be read", erased, known)
			}
			if diff := cmp.Diff(hashes, h.rowsOf("audit_entries", "person_id="+id+" ")); diff != "" || len(hashes) < 3 {
				t.Errorf("what the log proves has changed: %s", diff)
			}
			last := h.Last()
			if len(h.Raw("audit_entries")) != entries+1 || last.Action != audit.UserErased || last.ID != id || last.AccountID != who.AccountID || last.ActorKind != db.System {
				t.Errorf("%d entries more; the last is %+v", len(h.Raw("audit_entries"))-entries, last)
			}
			if diff := cmp.Diff(map[string]string{}, h.names(t, "M1", id)); diff != "" {
				t.Errorf("still called: %s", diff)
			}
		})
		t.Run("U10 of several accounts, the longest counts, and each is told", func(t *testing.T) {
			if erased, _ := details(t, both); erased != 0 {
				t.Fatal("erased too early")
			}
			h.clock.Advance(10 * 24 * time.Hour)
			sweep(t)
			if _, known := details(t, both); known != 0 {
				t.Errorf("%d entries can be read", known)
			}
			told := map[string]bool{}
			for _, e := range h.Entries() {
				if e.Action == audit.UserErased && e.ID == both {
					told[e.AccountID] = true
				}
			}
			if !told[h.Account("M1").ID] || !told[h.Account("M2").ID] || len(told) != 2 {
				t.Errorf("told: %v", told)
			}
		})
	})
}
