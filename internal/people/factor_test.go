//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package people_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
)

// codes gives somebody two recovery codes, of which one was used.
func (h house) codes(label string) {
	id := h.User(label)
	h.Do(func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO recovery_codes (user_id, number, hash, used_at, created_at) VALUES ($1, 1, 'a', NULL, $2), ($1, 2, 'b', $2, $2)`, id, tx.Now)
		return err
	})
}

// recovery tells how many recovery codes somebody has, used or not, and since
// when they are to set up their second factor again.
func (h house) recovery(label string) (codes, again int64) {
	err := h.DB.View(context.Background(), func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&codes, &again}, `SELECT (SELECT COUNT(*) FROM recovery_codes WHERE user_id = u.id), COALESCE(set_up_again_since, 0) FROM users u WHERE id = $1`, h.User(label))
		return err
	})
	if err != nil {
		panic(err)
	}
	return codes, again
}

func TestResetFactor(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ctx, who, a := t.Context(), h.Who("m1.access"), h.Account("M1").ID
		reset := func(label string) error {
			return h.People.ResetFactor(ctx, who, a, h.User(label), h.Version(label), "telephone lost")
		}
		t.Run("U13 the factor is gone and sessions end", func(t *testing.T) {
			h.factor("m1.reader")
			h.codes("m1.reader")
			h.session("m1.reader")
			h.Do(func(tx *db.Tx) error {
				_, err := tx.Exec(`UPDATE users SET set_up_again_since = 1 WHERE id = $1`, h.User("m1.reader"))
				return err
			})
			if h.Row("m1.reader").Factors != 1 {
				t.Fatal("no factor")
			}
			if err := reset("m1.reader"); err != nil {
				t.Fatal(err)
			}
			r := h.Row("m1.reader")
			s, c := h.open("m1.reader")
			if diff := cmp.Diff([]any{0, people.Active, int64(2), 0, 0}, []any{r.Factors, r.Status, r.Epoch, s, c}); diff != "" {
				t.Error(diff)
			}
			if n, again := h.recovery("m1.reader"); n != 0 || again != 0 {
				t.Errorf("%d recovery codes are left; a new set-up is asked for since %d", n, again)
			}
			last := h.Last()
			if diff := cmp.Diff([]string{audit.FactorReset, who.ID, h.User("m1.reader"), "telephone lost"}, []string{last.Action, last.ActorID, last.ID, last.Reason}); diff != "" {
				t.Error(diff)
			}
			list := h.Messages()
			if len(list) != 1 || list[0].Kind != "factor_reset" || list[0].To != "m1.reader@example.com" || list[0].Data["by"] != "Access M1" {
				t.Errorf("%+v", list)
			}
		})
		t.Run("U13 there is none", func(t *testing.T) {
			h.refused(t, "no_second_factor", audit.FactorReset, who, func() error { return reset("m1.reader") })
		})
		t.Run("U13 somebody of two accounts keeps theirs", func(t *testing.T) {
			h.factor("m1.both")
			h.refused(t, "person_of_several_accounts", audit.FactorReset, who, func() error { return reset("m1.both") })
		})
		t.Run("U13 another account's invitation is no hindrance, and no way in", func(t *testing.T) {
			h.factor("m1.reader_a")
			two := h.Who("m2.administrator")
			in := h.invitee("read_only")
			in.Email, in.Access = "m1.reader_a@example.com", h.access("M2", "read_only")
			id, err := h.People.Invite(ctx, two, two.AccountID, in)
			if err != nil {
				t.Fatal(err)
			}
			h.Add("m2.reader_a_of_m1", id)
			h.refused(t, "no_second_factor", audit.FactorReset, two, func() error {
				return h.People.ResetFactor(ctx, two, two.AccountID, id, 1, "")
			})
			h.session("m1.reader_a")
			if err := h.People.DeactivateInvitation(ctx, two, two.AccountID, id, 1); err != nil {
				t.Fatal(err)
			}
			if err := h.People.Deactivate(ctx, two, two.AccountID, id, 2, ""); err != nil {
				t.Fatal(err)
			}
			if s, c := h.open("m1.reader_a"); s != 1 || c != 1 {
				t.Errorf("the other account ended %d sessions and %d sign-ins of this one", 1-s, 1-c)
			}
			if err := reset("m1.reader_a"); err != nil {
				t.Error(err)
			}
		})
	})
}

func TestSetUpAgain(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ctx, who, a := t.Context(), h.Who("m1.access"), h.Account("M1").ID
		again := func(label string) error {
			return h.People.SetUpAgain(ctx, who, a, h.User(label), h.Version(label), "our policy")
		}
		t.Run("U13 it is asked for from now on, and nothing else changes", func(t *testing.T) {
			h.factor("m1.reader")
			h.codes("m1.reader")
			h.session("m1.reader")
			if err := again("m1.reader"); err != nil {
				t.Fatal(err)
			}
			r := h.Row("m1.reader")
			s, c := h.open("m1.reader")
			if diff := cmp.Diff([]any{1, people.Active, int64(1), 1, 1}, []any{r.Factors, r.Status, r.Epoch, s, c}); diff != "" {
				t.Error(diff)
			}
			if n, since := h.recovery("m1.reader"); n != 2 || since != h.clock.Now().UnixMicro() {
				t.Errorf("%d recovery codes, since %d", n, since)
			}
			last := h.Last()
			if diff := cmp.Diff([]string{audit.FactorAgain, who.ID, h.User("m1.reader"), "our policy"}, []string{last.Action, last.ActorID, last.ID, last.Reason}); diff != "" {
				t.Error(diff)
			}
			list := h.Messages()
			if len(list) != 1 || list[0].Kind != "factor_again" || list[0].To != "m1.reader@example.com" || list[0].Data["by"] != "Access M1" {
				t.Errorf("%+v", list)
			}
		})
		t.Run("U13 whoever has none is asked anyway", func(t *testing.T) {
			h.refused(t, "no_second_factor", audit.FactorAgain, who, func() error { return again("m1.reader_a") })
		})
		t.Run("U13 A06 somebody of two accounts is asked by none alone", func(t *testing.T) {
			h.factor("m1.both")
			h.refused(t, "person_of_several_accounts", audit.FactorAgain, who, func() error { return again("m1.both") })
		})
		t.Run("U13 with a reason that is one", func(t *testing.T) {
			h.factor("m1.reader_a")
			h.refused(t, "invalid reason:too_long", audit.FactorAgain, who, func() error {
				return h.People.SetUpAgain(ctx, who, a, h.User("m1.reader_a"), h.Version("m1.reader_a"), strings.Repeat("x", 1001))
			})
		})
	})
}
