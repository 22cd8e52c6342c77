package people_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// house is the world with a clock to set.
type house struct {
	*world.World
	clock *testdb.Clock
	t     *testing.T
}

// each runs a test in the world on each database.
func each(t *testing.T, test func(t *testing.T, h house)) {
	t.Helper()
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			clock := testdb.NewClock(start)
			test(t, house{world.New(t, testdb.Open(t, dialect, testdb.Options{Clock: clock})), clock, t})
		})
	}
}

// one runs a test in the world on SQLite alone: for rules that no database has a part in.
func one(t *testing.T, test func(t *testing.T, h house)) {
	t.Helper()
	clock := testdb.NewClock(start)
	test(t, house{world.New(t, testdb.Open(t, testdb.SQLite, testdb.Options{Clock: clock})), clock, t})
}

// refused runs what must be refused: with this code (and, for an invalid field,
// "invalid field:code"), with nothing done, and with an entry that tells of it.
func (h house) refused(t *testing.T, want, action string, who db.Who, f func() error) {
	t.Helper()
	h.clock.Advance(2 * time.Minute) // or the entry would be merged with an earlier one
	before := h.State()
	err := f()
	if got := told(err); got != want {
		t.Fatalf("answered %q, want %q (%v)", got, want, err)
	}
	if diff := cmp.Diff(before, h.State()); diff != "" {
		t.Errorf("something was done all the same:\n%s", diff)
	}
	code, _, _ := strings.Cut(want, " ")
	last := h.Last()
	got := []string{last.Outcome, last.Action, last.ActorID, strings.Fields(last.Reason)[0]}
	if diff := cmp.Diff([]string{audit.Refused, action, who.ID, code}, got); diff != "" {
		t.Errorf("the entry: %s", diff)
	}
	if !last.At.Equal(h.clock.Now()) {
		t.Errorf("no entry of this attempt; the last is %+v", last)
	}
}

var told = world.Told

// sentence is what a person reads.
func sentence(err error) string { return lang.Sentence(lang.English, fault.From(err)) }

func (h house) invitee(role string, entities ...string) people.Invitee {
	return people.Invitee{FirstName: "Ada", LastName: "Lovelace", Email: "ada@example.com", Phone: "+44 1", Language: "fr",
		Access: h.access("M1", role, entities...)}
}

// access is a role over these entities, or over all.
func (h house) access(account, role string, entities ...string) people.Access {
	return people.Access{Roles: []string{h.Role(account, role)}, AllEntities: len(entities) == 0, Entities: entities, Acknowledged: true}
}

// act is one thing that is done to a person.
type act struct {
	name, action string
	do           func(ctx context.Context, who db.Who, accountID, userID string, version int64) error
}

// acts are all the use cases that act on a member of M1; roleID is what ChangeAccess gives.
func (h house) acts(roleID string) []act {
	p := h.People
	return []act{
		{"Deactivate", audit.UserDeactivated, func(ctx context.Context, who db.Who, a, u string, v int64) error {
			return p.Deactivate(ctx, who, a, u, v, "")
		}},
		{"Reactivate", audit.UserReactivated, p.Reactivate},
		{"ChangeAccess", audit.UserAccessChanged, func(ctx context.Context, who db.Who, a, u string, v int64) error {
			return p.ChangeAccess(ctx, who, a, u, v, people.Access{Roles: []string{roleID}, AllEntities: true})
		}},
		{"ResetFactor", audit.FactorReset, func(ctx context.Context, who db.Who, a, u string, v int64) error {
			return p.ResetFactor(ctx, who, a, u, v, "")
		}},
		{"SetUpAgain", audit.FactorAgain, func(ctx context.Context, who db.Who, a, u string, v int64) error {
			return p.SetUpAgain(ctx, who, a, u, v, "")
		}},
		{"Edit", audit.UserEdited, func(ctx context.Context, who db.Who, a, u string, v int64) error {
			return p.Edit(ctx, who, a, u, v, people.Edits{AllowedIPs: &[]string{"203.0.113.7"}})
		}},
		{"ChangeEmail", audit.EmailChangeStarted, func(ctx context.Context, who db.Who, a, u string, v int64) error {
			_, err := p.ChangeEmail(ctx, who, a, u, v, "another@example.net")
			return err
		}},
		{"DropEmailChange", audit.EmailChangeDropped, p.DropEmailChange},
		{"Delete", audit.UserDeleted, p.Delete},
		{"Resend", audit.InvitationResent, p.Resend},
		{"DeactivateInvitation", audit.InvitationDeactivated, p.DeactivateInvitation},
	}
}

// session gives somebody an open session and a half-finished sign-in in an account.
func (h house) session(label string) {
	who := h.Who(label)
	h.Do(func(tx *db.Tx) error {
		_, hash, err := tx.Token("session")
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO sessions (hash, ref, user_id, account_id, user_epoch, created_at, expires_at, fresh_at, ip, user_agent)
			VALUES ($1, $2, $3, $4, 1, $5, $6, $5, '', '')`, hash, fmt.Sprintf("%x", []byte(hash)), who.ID, who.AccountID, tx.Now, tx.Now+1e12)
		if err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO challenges (hash, user_id, account_id, step, user_epoch, ip, created_at, expires_at)
			VALUES ($1, $2, $3, 'activate', 1, '', $4, $5)`, hash, who.ID, who.AccountID, tx.Now, tx.Now+1e12)
		return err
	})
}

// open counts somebody's sessions and half-finished sign-ins.
func (h house) open(label string) (sessions, challenges int) {
	id := "user_id=" + h.User(label) + " "
	for _, r := range h.Raw("sessions") {
		if strings.Contains(r, id) {
			sessions++
		}
	}
	for _, r := range h.Raw("challenges") {
		if strings.Contains(r, id) {
			challenges++
		}
	}
	return sessions, challenges
}

// factor gives somebody a second factor.
func (h house) factor(label string) {
	id := h.User(label)
	h.Do(func(tx *db.Tx) error {
		_, err := tx.Exec(`INSERT INTO factors (id, user_id, kind, sealed, created_at) VALUES ($1, $2, 'totp', $3, $4)`, "fac_"+label, id, []byte("sealed"), tx.Now)
		return err
	})
}

// boarding is a new account with Frida to run it.
func boarding(kind access.Kind, parent, customerID string) people.Boarding {
	return people.Boarding{
		Account: org.New{Kind: kind, ParentID: parent, Name: "New shop", CustomerID: customerID, Environment: org.Live},
		First:   people.Invitee{FirstName: "Frida", LastName: "First", Email: "frida@example.com", Language: "fr"},
	}
}

// faultField is what is wrong with a field; nil when nothing is.
func faultField(err error, name string) *fault.Field {
	f := fault.From(err)
	if f == nil {
		return nil
	}
	for i := range f.Fields {
		if f.Fields[i].Name == name {
			return &f.Fields[i]
		}
	}
	return nil
}
