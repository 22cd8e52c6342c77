package people_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/seal"
)

func TestInvite(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who := h.Who("m1.administrator")
		id, err := h.People.Invite(t.Context(), who, h.Account("M1").ID, h.invitee("read_only", "M1-A"))
		if err != nil {
			t.Fatal(err)
		}
		h.Add("m1.ada", id)
		var token string
		t.Run("I1 a new user gets a mail with a link", func(t *testing.T) {
			list := h.Messages()
			if len(list) != 1 {
				t.Fatalf("%d messages", len(list))
			}
			m := list[0].Message
			token = m.Data["token"]
			delete(m.Data, "token")
			want := db.Message{Kind: "invitation", AccountID: who.AccountID, UserID: id, To: "ada@example.com", Name: "Ada Lovelace", Lang: lang.French,
				Data: map[string]string{"account": "Account M1", "customer_id": "M1", "inviter": "Administrator M1", "expires": start.Add(72 * time.Hour).Format(time.RFC3339)}}
			if diff := cmp.Diff(want, m); diff != "" {
				t.Error(diff)
			}
			if len(token) != 43 {
				t.Errorf("the link's token has %d characters", len(token))
			}
		})
		t.Run("the entry tells who did what, with the person's details sealed", func(t *testing.T) { h.toldOfAda(t, who, id) })
		t.Run("I1 the link's token is nowhere in the database", func(t *testing.T) {
			for table, rows := range h.State() {
				for _, r := range rows {
					if strings.Contains(r, token) {
						t.Errorf("%s holds it", table)
					}
				}
			}
		})
		t.Run("U8 the invited person may do nothing yet", func(t *testing.T) {
			r := h.Row("m1.ada")
			got := []any{r.Status, r.Since, r.InvitedUntil, r.InvitationSentBy, r.AllEntities, r.Entities, r.Roles, r.TwoFactorRequired, r.AccountsOfPerson}
			want := []any{people.Invited, start.UnixMicro(), start.Add(72 * time.Hour).UnixMicro(), who.ID, false, []string{"M1-A"}, []string{h.Role("M1", "read_only")}, true, 1}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
			if h.Decide("m1.ada", "payments:view", "M1-A").Allowed {
				t.Error("allowed before activation")
			}
		})
		t.Run("I1 opening the link spends nothing, saving the password activates", func(t *testing.T) {
			hash := seal.HashToken(people.LinkPurpose, token)
			for range 3 {
				h.View(func(tx *db.Tx) error {
					i, found, err := people.InvitationByHash(tx, hash)
					if !found || i.Problem(tx.Now) != "" {
						t.Errorf("found %v with %q", found, i.Problem(tx.Now))
					}
					return err
				})
			}
			if err := h.Follow(seal.Secret(token), h.Who("m1.ada")); err != nil {
				t.Fatal(err)
			}
			if r := h.Row("m1.ada"); r.Status != people.Active || r.ActivatedAt != start.UnixMicro() {
				t.Errorf("%s", r.Status)
			}
			if h.Last().Action != audit.UserActivated {
				t.Errorf("the last entry is %s", h.Last().Action)
			}
			for entity, want := range map[string]bool{"M1-A": true, "M1-A-1": true, "M1-B": false, "M1": false, "M2-A": false} {
				if got := h.Decide("m1.ada", "payments:view", entity); got.Allowed != want {
					t.Errorf("%s: %v", entity, got.Codes())
				}
			}
		})
		t.Run("I2 the link works once", func(t *testing.T) {
			if got := told(h.Follow(seal.Secret(token), h.Who("m1.ada"))); got != "link_used" {
				t.Error(got)
			}
		})
	})
}

// toldOfAda checks the entry of an invitation, and that its raw row hides her.
func (h house) toldOfAda(t *testing.T, who db.Who, id string) {
	last := h.Last()
	got := []string{last.Action, last.Outcome, last.ActorKind, last.ActorID, last.AccountID, last.Kind, last.ID, last.IP, last.UserAgent, last.RequestID}
	want := []string{audit.UserInvited, audit.Done, db.User, who.ID, who.AccountID, "user", id, "192.0.2.7", "world", who.RequestID}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	after := map[string]string{}
	for _, c := range last.Changes {
		after[c.Field] = c.After
	}
	wantChanges := map[string]string{"roles": h.Role("M1", "read_only") + " over " + h.Entity("M1-A").ID, "all_locations": "true", "two_factor_required": "true", "two_factor_actions": "any",
		"first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "phone": "+44 1"}
	if diff := cmp.Diff(wantChanges, after); diff != "" {
		t.Error(diff)
	}
	for _, r := range h.Raw("audit_entries") {
		for _, secret := range []string{"Ada", "Lovelace", "ada@", "+44 1"} {
			if strings.Contains(r, secret) {
				t.Errorf("an entry's row holds %q: %s", secret, r)
			}
		}
	}
	for _, r := range h.Raw("outbox") {
		if strings.Contains(r, "ada@") || strings.Contains(r, "Lovelace") {
			t.Errorf("the outbox holds her: %s", r)
		}
	}
}

func TestLink(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		ctx, a := t.Context(), h.Account("M1").ID
		invite := func(t *testing.T, label string) {
			in := h.invitee("read_only")
			in.Email = label + "@example.org"
			id, err := h.People.Invite(ctx, h.Who("m1.administrator"), a, in)
			if err != nil {
				t.Fatal(err)
			}
			h.Add(label, id)
		}
		link := func() seal.Secret { return seal.Secret(h.Messages()[0].Data["token"]) }
		resend := func(t *testing.T, label string) seal.Secret {
			if err := h.People.Resend(ctx, h.Who("m1.access"), a, h.User(label), h.Version(label)); err != nil {
				t.Fatal(err)
			}
			return link()
		}
		follow := func(l seal.Secret, label string) string { return told(h.Follow(l, h.Who(label))) }
		status := func(t *testing.T, label string, want people.Status) {
			t.Helper()
			if got := h.Row(label).Status; got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}

		t.Run("I2 twenty at once spend it once", func(t *testing.T) {
			invite(t, "m1.raced")
			l := link()
			var won, lost atomic.Int64
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() {
					switch got := follow(l, "m1.raced"); got {
					case "done":
						won.Add(1)
					case "link_used":
						lost.Add(1)
					default:
						t.Errorf("answered %q", got)
					}
				})
			}
			group.Wait()
			if won.Load() != 1 || lost.Load() != 19 {
				t.Errorf("%d won, %d lost", won.Load(), lost.Load())
			}
		})
		t.Run("I2 twenty that all saw it unused spend it once", func(t *testing.T) {
			invite(t, "m1.seen")
			l := link()
			var seen people.Invitation
			h.View(func(tx *db.Tx) (err error) {
				seen, _, err = people.InvitationByHash(tx, seal.HashToken(people.LinkPurpose, l.Reveal()))
				return err
			})
			var won atomic.Int64
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() {
					err := h.DB.Update(context.WithoutCancel(ctx), h.Who("m1.seen"), func(tx *db.Tx) error {
						if err := people.Spend(tx, seen); err != nil {
							return err
						}
						return audit.Record(tx, audit.Entry{Action: audit.PasswordSet, AccountID: a, Kind: "user", ID: seen.UserID})
					})
					if err == nil {
						won.Add(1)
					} else if told(err) != "link_used" {
						t.Error(err)
					}
				})
			}
			group.Wait()
			if won.Load() != 1 {
				t.Errorf("%d won", won.Load())
			}
		})
		t.Run("I2 it expires after 72 hours, to the microsecond", func(t *testing.T) {
			invite(t, "m1.late")
			l, sent := link(), h.clock.Now()
			h.clock.Set(sent.Add(72*time.Hour - time.Microsecond))
			status(t, "m1.late", people.Invited)
			h.clock.Advance(time.Microsecond)
			status(t, "m1.late", people.ExpiredInvitation)
			if got := follow(l, "m1.late"); got != "link_expired" {
				t.Error(got)
			}
			if r := h.Row("m1.late"); r.Since != sent.Add(72*time.Hour).UnixMicro() {
				t.Errorf("expired since %d", r.Since)
			}
			if got := follow(resend(t, "m1.late"), "m1.late"); got != "done" {
				t.Error(got)
			}
		})
		t.Run("I2 the account sets how long it lives", func(t *testing.T) {
			h.Set("M1", "invitation_lifetime", "168h")
			defer h.Set("M1", "invitation_lifetime", "72h")
			invite(t, "m1.week")
			l := link()
			h.clock.Advance(168*time.Hour - time.Microsecond)
			status(t, "m1.week", people.Invited)
			h.clock.Advance(time.Microsecond)
			status(t, "m1.week", people.ExpiredInvitation)
			if got := follow(l, "m1.week"); got != "link_expired" {
				t.Error(got)
			}
		})
		t.Run("I3 resend by somebody else kills the earlier link", func(t *testing.T) {
			invite(t, "m1.twice")
			first := link()
			h.session("m1.twice") // stands for a set-up that is half finished
			second := resend(t, "m1.twice")
			last := h.Last()
			if diff := cmp.Diff([]string{audit.InvitationResent, audit.Done, h.User("m1.access"), h.User("m1.twice")}, []string{last.Action, last.Outcome, last.ActorID, last.ID}); diff != "" {
				t.Error(diff)
			}
			if got := follow(first, "m1.twice"); got != "link_replaced" {
				t.Errorf("the earlier link: %s", got)
			}
			if _, half := h.open("m1.twice"); half != 0 {
				t.Error("what the earlier link began can still be finished")
			}
			if got := follow(second, "m1.twice"); got != "done" {
				t.Errorf("the new link: %s", got)
			}
			h.refused(t, "already_active", audit.InvitationResent, h.Who("m1.access"), func() error {
				return h.People.Resend(ctx, h.Who("m1.access"), a, h.User("m1.twice"), h.Version("m1.twice"))
			})
		})
		t.Run("I4 deactivated, the link is dead until it is resent", func(t *testing.T) {
			invite(t, "m1.dead")
			l := link()
			h.session("m1.dead")
			who := h.Who("m1.access")
			if err := h.People.DeactivateInvitation(ctx, who, a, h.User("m1.dead"), h.Version("m1.dead")); err != nil {
				t.Fatal(err)
			}
			if h.Last().Action != audit.InvitationDeactivated || h.Last().ID != h.User("m1.dead") {
				t.Errorf("%+v", h.Last())
			}
			status(t, "m1.dead", people.DeactivatedInvitation)
			if _, half := h.open("m1.dead"); half != 0 {
				t.Error("what the link began can still be finished")
			}
			if got := follow(l, "m1.dead"); got != "link_deactivated" {
				t.Error(got)
			}
			h.refused(t, "no_open_invitation", audit.InvitationDeactivated, who, func() error {
				return h.People.DeactivateInvitation(ctx, who, a, h.User("m1.dead"), h.Version("m1.dead"))
			})
			l = resend(t, "m1.dead")
			status(t, "m1.dead", people.Invited)
			if got := follow(l, "m1.dead"); got != "done" {
				t.Error(got)
			}
			h.refused(t, "no_open_invitation", audit.InvitationDeactivated, who, func() error {
				return h.People.DeactivateInvitation(ctx, who, a, h.User("m1.dead"), h.Version("m1.dead"))
			})
		})
		t.Run("I4 a user deactivated while invited needs a new link after activation", func(t *testing.T) {
			invite(t, "m1.shut")
			l := link()
			owner := h.Who("m1.owner")
			if err := h.People.Deactivate(ctx, owner, a, h.User("m1.shut"), h.Version("m1.shut"), ""); err != nil {
				t.Fatal(err)
			}
			if got := follow(l, "m1.shut"); got != "link_deactivated" {
				t.Error(got)
			}
			h.refused(t, "deactivated_user", audit.InvitationResent, owner, func() error {
				return h.People.Resend(ctx, owner, a, h.User("m1.shut"), h.Version("m1.shut"))
			})
			if err := h.People.Reactivate(ctx, owner, a, h.User("m1.shut"), h.Version("m1.shut")); err != nil {
				t.Fatal(err)
			}
			status(t, "m1.shut", people.DeactivatedInvitation)
			if got := follow(l, "m1.shut"); got != "link_deactivated" {
				t.Error(got)
			}
		})
	})
}

func TestEmail(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		who, a := h.Who("m1.administrator"), h.Account("M1").ID
		t.Run("U4 one user per address, however it is written", func(t *testing.T) {
			in := h.invitee("read_only")
			in.Email = "jürgen.o'neil+desk@Bücher.example"
			id, err := h.People.Invite(t.Context(), who, a, in)
			if err != nil {
				t.Fatal(err)
			}
			for _, same := range []string{"JÜRGEN.O'Neil+Desk@bücher.example", "ju\u0308rgen.o'neil+desk@xn--bcher-kva.example", " jürgen.o'neil+desk@BÜCHER.EXAMPLE ", "ｊürgen.o'neil+desk@bücher.example"} {
				in.Email = same
				if _, err := h.People.Invite(t.Context(), who, a, in); told(err) != "invalid email:already_member" {
					t.Errorf("%q: %v", same, err)
				}
				h.View(func(tx *db.Tx) error {
					p, found, err := people.PersonByIdentifier(tx, same)
					if !found || p.ID != id {
						t.Errorf("%q finds %q", same, p.ID)
					}
					return err
				})
			}
			for _, other := range []string{"jürgen.o'neil@bücher.example", "jurgen.o'neil+desk@bücher.example"} {
				in.Email = other
				if _, err := h.People.Invite(t.Context(), who, a, in); err != nil {
					t.Errorf("%q: %v", other, err)
				}
			}
		})
		h.Messages()
		t.Run("U4 another account's user is linked, and keeps their name", func(t *testing.T) {
			in := h.invitee("support", "M1-B")
			in.Email = "m2.reader@example.com"
			id, err := h.People.Invite(t.Context(), who, a, in)
			if err != nil {
				t.Fatal(err)
			}
			h.Add("m1.linked", id)
			if id != h.User("m2.reader") {
				t.Errorf("%s is not %s", id, h.User("m2.reader"))
			}
			r := h.Row("m1.linked")
			if r.Name() != "Ada Lovelace" || r.Status != people.Invited {
				t.Errorf("%s is %s", r.Name(), r.Status)
			}
			if n := h.Row("m2.reader").AccountsOfPerson; n != 1 {
				t.Errorf("the other account sees %d accounts before the person came", n)
			}
			m := h.Messages()[0]
			if m.Kind != "invitation_linked" || m.Name != "Reader M2" {
				t.Errorf("%s to %s", m.Kind, m.Name)
			}
			for _, c := range h.Last().Changes {
				if c.Field == "first_name" && c.After != "Ada" || c.Field == "last_name" && c.After != "Lovelace" {
					t.Errorf("the entry tells %+v", c)
				}
			}
			if err := h.Follow(seal.Secret(m.Data["token"]), h.Who("m1.linked")); err != nil {
				t.Fatal(err)
			}
			if name := h.Row("m1.linked").Name(); name != "Reader M2" {
				t.Errorf("they came in as %s", name)
			}
			if n := h.Row("m2.reader").AccountsOfPerson; n != 2 {
				t.Errorf("%d accounts", n)
			}
			for entity, want := range map[string]bool{"M1-B": true, "M1-A": false} {
				if got := h.Decide("m1.linked", "payments:view", entity); got.Allowed != want {
					t.Errorf("%s: %v", entity, got.Codes())
				}
			}
			if !h.Decide("m2.reader", "payments:view", "M2-A").Allowed {
				t.Error("lost what they had")
			}
		})
		t.Run("U4 twenty at once make one user", func(t *testing.T) {
			in := h.invitee("read_only")
			in.Email = "raced@example.com"
			var won atomic.Int64
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() {
					switch _, err := h.People.Invite(context.WithoutCancel(t.Context()), who, a, in); told(err) {
					case "done":
						won.Add(1)
					case "invalid email:already_member":
					default:
						t.Error(err)
					}
				})
			}
			group.Wait()
			if won.Load() != 1 {
				t.Errorf("%d won", won.Load())
			}
		})
	})
}

func TestSecretsDoNotPrint(t *testing.T) {
	var b bytes.Buffer
	fmt.Fprint(&b, seal.Secret("abc"))
	p := people.Person{ID: "usr_1", FirstName: "Ada", Email: "ada@example.com"}
	if got := p.LogValue().String() + b.String(); strings.Contains(got, "Ada") || strings.Contains(got, "abc") {
		t.Error(got)
	}
}

// TestMails: what an account is told of mails to its users is what it sent itself.
func TestMails(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		told := func(account, label string) (kinds []string) {
			t.Helper()
			h.View(func(tx *db.Tx) error {
				list, err := people.Mails(tx, h.Account(account), h.Row(label), 10)
				for _, m := range list {
					kinds = append(kinds, m.Kind)
				}
				return err
			})
			return kinds
		}
		before := told("M1", "m1.reader")
		if len(before) == 0 {
			t.Fatal("none of the mails that there were")
		}
		t.Run("A07 that another account wants somebody who works here alone is not told here", func(t *testing.T) {
			two := h.Who("m2.administrator")
			in := h.invitee("read_only")
			in.Email, in.Access = "m1.reader@example.com", h.access("M2", "read_only")
			id, err := h.People.Invite(t.Context(), two, two.AccountID, in)
			if err != nil {
				t.Fatal(err)
			}
			h.Messages()
			h.Add("m2.reader_of_m1", id)
			if diff := cmp.Diff(before, told("M1", "m1.reader")); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([]string{"invitation"}, told("M2", "m2.reader_of_m1")); diff != "" {
				t.Error(diff)
			}
		})
	})
}
