package resource_test

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
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/resource"
	"countersign/internal/roles"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

// house is the world of one test, with its clock.
type house struct {
	*world.World
	clock   *testdb.Clock
	address string // of its database
}

func each(t *testing.T, f func(t *testing.T, h house)) {
	t.Helper()
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			clock := testdb.NewClock(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC))
			address := testdb.Address(t, dialect)
			f(t, house{world.New(t, testdb.Open(t, dialect, testdb.Options{Address: address, Clock: clock})), clock, address})
		})
	}
}

var told = world.Told

// must ends the test unless something was done.
func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s (%v)", told(err), err)
	}
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
	e := fault.From(err)
	for _, tag := range lang.All() {
		text := lang.Sentence(tag, e)
		for _, f := range e.Fields {
			text += " " + lang.FieldSentence(tag, f)
		}
		if strings.ContainsAny(text, "[{") {
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

var together = world.Together

// orders is a type of a platform's own.
func orders() resource.Draft {
	return resource.Draft{Name: "orders", Title: "Terminal orders", From: access.FromStore,
		Actions: []resource.Action{{Name: "view", Title: "See"}, {Name: "cancel", Title: "Cancel", Dangerous: true}},
		Properties: []resource.Property{
			{Part: access.OfResource, Name: "owner", Title: "Owner", Kind: access.UserID, Vouched: access.ByStore},
			{Part: access.OfResource, Name: "status", Title: "Status", Kind: access.Text, Vouched: access.ByStore},
			{Part: access.OfResource, Name: "price", Title: "Price", Kind: access.Number, Vouched: access.ByCaller},
			{Part: access.OfResource, Name: "express", Title: "Express", Kind: access.YesNo, Vouched: access.ByStore},
			{Part: access.OfAction, Name: "count", Title: "Count", Kind: access.Number, Vouched: access.ByCaller},
		}}
}

func named(name string) resource.Draft {
	d := orders()
	d.Name = name
	return d
}

// register registers a type as the platform's owner.
func (h house) register(t *testing.T, d resource.Draft) {
	t.Helper()
	must(t, h.Resources.Register(t.Context(), h.Who("platform.owner"), d))
}

// typ is a type as it is now.
func (h house) typ(t *testing.T, name string) (x resource.Type) {
	t.Helper()
	h.View(func(tx *db.Tx) (err error) {
		var found bool
		if x, found, err = resource.TypeByName(tx, name); err == nil && !found {
			t.Fatalf("no type %s", name)
		}
		return err
	})
	return x
}

func typed(pairs ...string) map[string]resource.Given {
	out := map[string]resource.Given{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = resource.Given{Text: pairs[i+1]}
	}
	return out
}

// put stores something new as the owner of M1.
func (h house) put(t *testing.T, typ string, in resource.Putting) {
	t.Helper()
	who := h.Who("m1.owner")
	_, err := h.Resources.Put(t.Context(), who, who.AccountID, typ, resource.Anew, in)
	must(t, err)
}

// role makes a role in M1, gives it to somebody there over all of it, and returns its id.
func (h house) role(t *testing.T, name, whom string, permits ...roles.Permit) string {
	t.Helper()
	who := h.Who("m1.administrator")
	var known []string
	for _, p := range permits {
		known = append(known, p.Permission)
	}
	id, err := h.Roles.Create(t.Context(), who, who.AccountID, roles.Draft{Name: name, Permits: permits, Acknowledged: known})
	must(t, err)
	owner := h.Who("m1.owner")
	must(t, h.People.ChangeAccess(t.Context(), owner, owner.AccountID, h.User(whom), h.Version(whom), people.Access{Roles: []string{id}, AllEntities: true, Acknowledged: true}))
	return id
}

// ask decides as a service of M1 would ask.
func (h house) ask(whom, permission, id string, claims ...access.Claim) access.Decision {
	who := h.Who(whom)
	q := org.Asks(who, h.DB.Now(), who.AccountID)
	q.Permission, q.Resource, q.Claims = access.MustParse(permission), id, claims
	return access.Decide(h.Live.Load(), q)
}

// all is everything that a sight shows of a type, page by page.
func (h house) all(t *testing.T, whom, customerID string, q resource.Query) (ids []string, err error) {
	t.Helper()
	a := h.Account(customerID)
	err = h.DB.View(t.Context(), func(tx *db.Tx) error {
		sight, err := h.Resources.SeeAs(tx, h.Who(whom), a.ID, resource.ViewPermission)
		if err != nil {
			return err
		}
		for after := ""; ; {
			list, err := resource.List(tx, sight, q, after, 2)
			if err != nil || len(list) == 0 {
				return err
			}
			for _, s := range list {
				ids = append(ids, s.ID)
			}
			after = ids[len(ids)-1]
		}
	})
	return ids, err
}

func text(s string) *string { return &s }
