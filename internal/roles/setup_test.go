package roles_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

// house is the world of one test, with its clock.
type house struct {
	*world.World
	clock *testdb.Clock
}

func each(t *testing.T, f func(t *testing.T, h house)) {
	t.Helper()
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			clock := testdb.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
			f(t, house{world.New(t, testdb.Open(t, dialect, testdb.Options{Clock: clock})), clock})
		})
	}
}

// one runs a test on SQLite alone: for rules that no database has a part in.
func one(t *testing.T, f func(t *testing.T, h house)) {
	t.Helper()
	clock := testdb.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
	f(t, house{world.New(t, testdb.Open(t, testdb.SQLite, testdb.Options{Clock: clock})), clock})
}

var told = world.Told

// sentences are what a person reads of a refusal, in a language.
func sentences(tag lang.Tag, err error) string {
	e := fault.From(err)
	out := lang.Sentence(tag, e)
	for _, f := range e.Fields {
		out += " " + lang.FieldSentence(tag, f)
	}
	return out
}

// refused tries something that must change nothing and be recorded.
func (h house) refused(t *testing.T, want, action string, who db.Who, f func() error) {
	t.Helper()
	h.clock.Advance(2 * time.Minute) // or the entry would be merged with an earlier one
	before := h.State()
	err := f()
	if got := told(err); got != want {
		t.Fatalf("answered %q, want %q (%v)", got, want, err)
	}
	for _, tag := range lang.All() {
		if text := sentences(tag, err); strings.ContainsAny(text, "[{") {
			t.Errorf("the sentence has holes: %s", text)
		}
	}
	if diff := cmp.Diff(before, h.State()); diff != "" {
		t.Errorf("something was done all the same:\n%s", diff)
	}
	code, _, _ := strings.Cut(want, " ")
	last := h.Last()
	if last.Outcome != audit.Refused || last.Action != action || last.ActorID != who.ID || strings.Fields(last.Reason)[0] != code {
		t.Errorf("the entry: %+v", last)
	}
}

// permits are permissions without restrictions.
func permits(names ...string) (out []roles.Permit) {
	for _, name := range names {
		out = append(out, roles.Permit{Permission: name})
	}
	return out
}

func draft(name string, names ...string) roles.Draft {
	return roles.Draft{Name: name, Permits: permits(names...)}
}

// create makes a role in M1.
func (h house) create(t *testing.T, in roles.Draft) string {
	t.Helper()
	who := h.Who("m1.administrator")
	id, err := h.Roles.Create(t.Context(), who, who.AccountID, in)
	if err != nil {
		t.Fatalf("create %s: %s (%v)", in.Name, told(err), err)
	}
	return id
}

// policy makes a policy in M1.
func (h house) policy(t *testing.T, name string, names ...string) string {
	t.Helper()
	who := h.Who("m1.administrator")
	id, err := h.Roles.CreatePolicy(t.Context(), who, who.AccountID, roles.PolicyDraft{Name: name, Permits: permits(names...)})
	if err != nil {
		t.Fatalf("create %s: %s (%v)", name, told(err), err)
	}
	return id
}

// full is a role of M1 as it is now.
func (h house) full(t *testing.T, id string) (r roles.Full, found bool) {
	t.Helper()
	a := h.Account("M1")
	p, _ := h.Profiles.Get(a.Profile)
	h.View(func(tx *db.Tx) (err error) {
		r, found, err = roles.RoleByID(tx, a.ID, id, p)
		return err
	})
	return r, found
}

// edit changes a role of M1 as somebody.
func (h house) edit(t *testing.T, who string, id string, in roles.Edit) error {
	t.Helper()
	r, _ := h.full(t, id)
	w := h.Who(who)
	_, err := h.Roles.Edit(t.Context(), w, h.Account("M1").ID, id, r.Version, in)
	return err
}

// give gives somebody of M1 these roles, over all of it or over some entities.
func (h house) give(t *testing.T, whom string, entities []string, ids ...string) error {
	t.Helper()
	who := h.Who("m1.owner")
	return h.People.ChangeAccess(t.Context(), who, who.AccountID, h.User(whom), h.Version(whom),
		people.Access{Roles: ids, AllEntities: len(entities) == 0, Entities: entities, Acknowledged: true})
}

// may asks a decision over an entity of M1.
func (h house) may(whom, permission, entity string) bool {
	return h.Decide(whom, permission, entity).Allowed
}

// ask decides about one record.
func (h house) ask(whom string, q access.Question) bool {
	who := h.Who(whom)
	q.User, q.Within, q.Now, q.IP, q.SecondFactor, q.Fresh = who.ID, who.AccountID, h.DB.Now(), who.IP, true, true
	return access.Decide(h.Live.Load(), q).Allowed
}

func text(s string) *string { return &s }
