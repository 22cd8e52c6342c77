package db_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/test/testdb"
)

// eachClock is testdb.Each with a clock to move.
func eachClock(t *testing.T, test func(t *testing.T, d *db.DB, clock *testdb.Clock)) {
	t.Helper()
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			clock := testdb.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
			test(t, testdb.Open(t, dialect, testdb.Options{Clock: clock}), clock)
		})
	}
}

func queue(t *testing.T, d *db.DB, messages ...db.Message) {
	t.Helper()
	err := d.Update(t.Context(), somebody, func(tx *db.Tx) error {
		for _, m := range messages {
			if err := tx.Queue(m); err != nil {
				return err
			}
		}
		return note(tx, "queue")
	})
	if err != nil {
		t.Fatal(err)
	}
}

func lease(t *testing.T, d *db.DB, limit int) []db.Queued {
	t.Helper()
	got, err := d.Lease(t.Context(), limit, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestOutboxKeepsTheMessage(t *testing.T) {
	eachClock(t, func(t *testing.T, d *db.DB, clock *testdb.Clock) {
		want := db.Message{Kind: "invitation", AccountID: "acc_1", UserID: "usr_1", To: "someone@example.com", Name: "Zoë 🦊", Lang: lang.French, Data: map[string]string{"token": "secret"}}
		queue(t, d, want)
		got := lease(t, d, 10)
		if len(got) != 1 {
			t.Fatalf("%d messages", len(got))
		}
		if diff := cmp.Diff(db.Queued{ID: got[0].ID, Attempts: 1, Created: clock.Now(), Message: want}, got[0]); diff != "" {
			t.Error(diff)
		}
		var sealed []byte
		read(t, d, []any{&sealed}, `SELECT sealed FROM outbox`)
		for _, secret := range []string{"secret", "someone@example.com", "Zoë"} {
			if string(sealed) == "" || contains(sealed, secret) {
				t.Errorf("%q stands open in the database", secret)
			}
		}
	})
}

// Whoever sends looks when something was queued, and only then: most requests queue nothing.
func TestWhoSendsHearsOfWhatIsQueued(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		heard := 0
		d.OnQueued(func() {
			heard++
			if got := lease(t, d, 10); len(got) == 0 {
				t.Error("told before it was committed")
			}
		})
		if err := d.Update(t.Context(), somebody, func(tx *db.Tx) error { tx.ChangedUser("usr_1"); return note(tx, "other") }); err != nil || heard != 0 {
			t.Errorf("%v; told %d times of nothing", err, heard)
		}
		stop := errors.New("stop")
		err := d.Update(t.Context(), somebody, func(tx *db.Tx) error {
			if err := tx.Queue(db.Message{Kind: "test"}); err != nil {
				return err
			}
			return stop
		})
		if !errors.Is(err, stop) || heard != 0 {
			t.Errorf("%v; told %d times of what was not committed", err, heard)
		}
		queue(t, d, db.Message{Kind: "test"}, db.Message{Kind: "test"})
		if heard != 1 {
			t.Errorf("told %d times", heard)
		}
	})
}

func contains(b []byte, s string) bool {
	for i := range b {
		if len(b)-i >= len(s) && string(b[i:i+len(s)]) == s {
			return true
		}
	}
	return false
}

func TestOutboxLeasesOnce(t *testing.T) {
	const senders, messages = 8, 60
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		var all []db.Message
		for i := range messages {
			all = append(all, db.Message{Kind: "test", UserID: fmt.Sprint(i)})
		}
		queue(t, d, all...)
		var mu sync.Mutex
		seen := map[string]int{}
		var group sync.WaitGroup
		for range senders {
			group.Go(func() {
				for {
					got, err := d.Lease(t.Context(), 5, time.Hour)
					if err != nil {
						t.Error(err)
						return
					}
					mu.Lock()
					for _, q := range got {
						seen[q.UserID]++
					}
					enough := len(seen) == messages
					mu.Unlock()
					if enough {
						return
					}
				}
			})
		}
		group.Wait()
		for user, n := range seen {
			if n != 1 {
				t.Errorf("message %s was leased %d times", user, n)
			}
		}
		if again := lease(t, d, messages); len(again) != 0 {
			t.Errorf("%d were given again while leased", len(again))
		}
	})
}

func TestOutboxGivesAgain(t *testing.T) {
	eachClock(t, func(t *testing.T, d *db.DB, clock *testdb.Clock) {
		queue(t, d, db.Message{Kind: "test", UserID: "1"})
		first := lease(t, d, 10)
		clock.Advance(time.Minute - time.Microsecond)
		if got := lease(t, d, 10); len(got) != 0 {
			t.Error("given again before the lease ran out")
		}
		clock.Advance(time.Microsecond)
		second := lease(t, d, 10)
		if len(second) != 1 || second[0].ID != first[0].ID || second[0].Attempts != 2 {
			t.Fatalf("after the lease ran out: %+v", second)
		}
		if err := d.Retry(t.Context(), second[0].ID, time.Hour, db.Failure{Reason: "no_server", Problem: "the server is away"}); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Hour - time.Microsecond)
		if got := lease(t, d, 10); len(got) != 0 {
			t.Error("given again before its time")
		}
		clock.Advance(time.Microsecond)
		if got := lease(t, d, 10); len(got) != 1 || got[0].Attempts != 3 {
			t.Errorf("at its time: %+v", got)
		}
	})
}

func TestOutboxAfterACrash(t *testing.T) {
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			clock := testdb.NewClock(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
			o := testdb.Options{Address: testdb.Address(t, dialect), Clock: clock, Box: testdb.Box(t)}
			d := testdb.Open(t, dialect, o)
			queue(t, d, db.Message{Kind: "test", UserID: "1"})
			first := lease(t, d, 10)
			if err := d.Close(); err != nil { // between Lease and Sent
				t.Fatal(err)
			}
			d = testdb.Open(t, dialect, o)
			clock.Advance(time.Minute)
			again := lease(t, d, 10)
			if len(again) != 1 || again[0].ID != first[0].ID {
				t.Fatalf("lost: %+v", again)
			}
			if err := d.Sent(t.Context(), again[0].ID); err != nil {
				t.Fatal(err)
			}
			clock.Advance(time.Hour)
			if got := lease(t, d, 10); len(got) != 0 {
				t.Error("sent, and given again")
			}
		})
	}
}

func TestOutboxErases(t *testing.T) {
	type row struct {
		State, Reason, Problem string
		Erased                 bool
		Done                   int64
	}
	why, late := db.Failure{Reason: "5.1.1", Problem: "no such mailbox"}, db.Failure{Reason: "550", Problem: "late"}
	eachClock(t, func(t *testing.T, d *db.DB, clock *testdb.Clock) {
		for _, c := range []struct {
			name string
			do   func(id string) error
			want row
		}{
			{"Sent", func(id string) error { return d.Sent(t.Context(), id) }, row{"sent", "", "", true, d.Now()}},
			{"GiveUp", func(id string) error { return d.GiveUp(t.Context(), id, why) }, row{"failed", "5.1.1", "no such mailbox", true, d.Now()}},
			{"Refused", func(id string) error { return d.Refused(t.Context(), id, why) }, row{"refused", "5.1.1", "no such mailbox", true, d.Now()}},
		} {
			queue(t, d, db.Message{Kind: "test", UserID: c.name})
			id := lease(t, d, 1)[0].ID
			if err := c.do(id); err != nil {
				t.Fatal(err)
			}
			// What comes too late changes nothing.
			if err := errors.Join(d.Retry(t.Context(), id, 0, late), d.Sent(t.Context(), id), d.GiveUp(t.Context(), id, late), d.Refused(t.Context(), id, late)); err != nil {
				t.Fatal(err)
			}
			var got row
			read(t, d, []any{&got.State, &got.Reason, &got.Problem, &got.Erased, &got.Done}, `SELECT state, reason, problem, sealed IS NULL, done_at FROM outbox WHERE id = $1`, id)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("%s: -want +got:\n%s", c.name, diff)
			}
		}
	})
}

// TestOutboxBounces: what came back marks a message that was sent, and nothing else.
func TestOutboxBounces(t *testing.T) {
	eachClock(t, func(t *testing.T, d *db.DB, clock *testdb.Clock) {
		queue(t, d, db.Message{Kind: "test", UserID: "waits"}, db.Message{Kind: "test", UserID: "sent"}, db.Message{Kind: "test", UserID: "refused"})
		ids := map[string]string{}
		for _, q := range lease(t, d, 10) {
			ids[q.UserID] = q.ID
		}
		if err := errors.Join(d.Sent(t.Context(), ids["sent"]), d.Refused(t.Context(), ids["refused"], db.Failure{Reason: "5.7.1"})); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Hour)
		for _, c := range []struct {
			id   string
			want bool
		}{{ids["waits"], false}, {ids["sent"], true}, {ids["sent"], false}, {ids["refused"], false}, {"msg_none", false}, {"", false}} {
			if got, err := d.Bounced(t.Context(), c.id, "5.1.1"); err != nil || got != c.want {
				t.Errorf("%q: %t, %v", c.id, got, err)
			}
		}
		var all string
		for _, user := range []string{"waits", "sent", "refused"} {
			var state, reason string
			var done int64
			read(t, d, []any{&state, &reason, &done}, `SELECT state, reason, COALESCE(done_at, 0) FROM outbox WHERE user_id = $1`, user)
			all += fmt.Sprintln(state, reason, done == d.Now())
		}
		if diff := cmp.Diff("queued  false\nbounced 5.1.1 true\nrefused 5.7.1 false\n", all); diff != "" {
			t.Error(diff)
		}
	})
}

// TestOutboxUnqueues: what is no longer so is not sent, and nothing else is given up.
func TestOutboxUnqueues(t *testing.T) {
	eachClock(t, func(t *testing.T, d *db.DB, _ *testdb.Clock) {
		queue(t, d, db.Message{Kind: "sent", AccountID: "a", UserID: "u"})
		if err := d.Sent(t.Context(), lease(t, d, 1)[0].ID); err != nil {
			t.Fatal(err)
		}
		for _, m := range []db.Message{{Kind: "k", AccountID: "a", UserID: "u"}, {Kind: "other", AccountID: "a", UserID: "u"}, {Kind: "k", AccountID: "b", UserID: "u"}, {Kind: "k", AccountID: "a", UserID: "v"}} {
			queue(t, d, m)
		}
		err := d.Keep(t.Context(), func(tx *db.Tx) error { return errors.Join(tx.Unqueue("a", "u", "k"), tx.Unqueue("a", "u", "sent")) })
		if err != nil {
			t.Fatal(err)
		}
		var left []string
		for _, q := range lease(t, d, 10) {
			left = append(left, q.Kind+q.AccountID+q.UserID)
		}
		slices.Sort(left)
		if diff := cmp.Diff([]string{"kav", "kbu", "otherau"}, left); diff != "" {
			t.Error(diff)
		}
		var state, reason string
		var erased bool
		read(t, d, []any{&state, &reason, &erased}, `SELECT state, reason, sealed IS NULL FROM outbox WHERE kind = 'k' AND account_id = 'a' AND user_id = 'u'`)
		if state != "failed" || reason != "dropped" || !erased {
			t.Errorf("%s %s %t", state, reason, erased)
		}
	})
}

func TestOutboxUnreadableMessageDoesNotBlock(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		queue(t, d, db.Message{Kind: "test", UserID: "before"}, db.Message{Kind: "test", UserID: "broken"}, db.Message{Kind: "test", UserID: "after"})
		err := d.Keep(t.Context(), func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE outbox SET sealed = $1 WHERE user_id = 'broken'`, []byte("from another ring"))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]bool{}
		for _, q := range lease(t, d, 10) {
			got[q.UserID] = true
		}
		if diff := cmp.Diff(map[string]bool{"before": true, "after": true}, got); diff != "" {
			t.Error(diff)
		}
		var state, reason, problem string
		var kept bool
		read(t, d, []any{&state, &reason, &problem, &kept}, `SELECT state, reason, problem, sealed IS NOT NULL FROM outbox WHERE user_id = 'broken'`)
		if state != "failed" || reason != "unreadable" || problem == "" || !kept {
			t.Errorf("the unreadable one: state %q, reason %q, problem %q, its bytes kept: %t", state, reason, problem, kept)
		}
	})
}
