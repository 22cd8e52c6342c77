//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package people_test

import (
	"testing"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/people"
	"countersign/internal/seal"
)

func TestAppoint(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ctx, operator := t.Context(), h.Who("platform.administrator")
		a, id, err := h.People.Board(ctx, operator, h.Account("PLATFORM").ID, boarding(access.Merchant, "PARTNER", "LATE"))
		if err != nil {
			t.Fatal(err)
		}
		h.Add("late.owner", id)
		h.Messages()
		t.Run("I3 an operator sends the first administrator of an account that is not open a fresh link", func(t *testing.T) {
			if err := h.People.Resend(ctx, operator, a.ID, id, 1); err != nil {
				t.Fatal(err)
			}
			h.refused(t, "stale", audit.InvitationResent, operator, func() error { return h.People.Resend(ctx, operator, a.ID, id, 1) })
		})
		link := seal.Secret(h.Messages()[0].Data["token"])
		t.Run("I7 and does nothing else there, and who is no operator not even that", func(t *testing.T) {
			for label, code := range map[string]string{"partner.administrator": "live_account", "m1.owner": "not_found"} {
				who := h.Who(label)
				h.refused(t, code, audit.InvitationResent, who, func() error { return h.People.Resend(ctx, who, a.ID, id, 2) })
			}
			h.refused(t, "live_account", audit.InvitationDeactivated, operator, func() error { return h.People.DeactivateInvitation(ctx, operator, a.ID, id, 2) })
			h.refused(t, "live_account", audit.UserDeactivated, operator, func() error { return h.People.Deactivate(ctx, operator, a.ID, id, 2, "") })
		})
		t.Run("I7 nor once the account is open", func(t *testing.T) {
			if err := h.Follow(link, h.Who("late.owner")); err != nil {
				t.Fatal(err)
			}
			h.refused(t, "live_account", audit.InvitationResent, operator, func() error { return h.People.Resend(ctx, operator, a.ID, id, h.Version("late.owner")) })
			in := people.Invitee{FirstName: "Second", Email: "second@example.com", Access: h.access("LATE", "read_only")}
			second, err := h.People.Invite(ctx, h.Who("late.owner"), a.ID, in)
			if err != nil {
				t.Fatal(err)
			}
			h.refused(t, "live_account", audit.InvitationResent, operator, func() error { return h.People.Resend(ctx, operator, a.ID, second, 1) })
		})
	})
}
