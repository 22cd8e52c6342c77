package resource_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/resource"
)

func (h house) stores(t *testing.T) {
	own := named("desks")
	own.From, own.Located = access.FromAccount, true
	h.register(t, own)
	t.Run("K2 one is stored, changed and removed", func(t *testing.T) { h.storesOne(t) })
	t.Run("K2 several at once", func(t *testing.T) { h.atOnce(t) })
	t.Run("K2 many are stored, all or none", func(t *testing.T) { h.storesMany(t) })
	t.Run("K2 entity scope says what is seen and stored", func(t *testing.T) { h.withinScope(t) })
	t.Run("K2 locations say what is seen and stored", func(t *testing.T) { h.withinPlaces(t) })
	t.Run("K2 a token for resources stores for its account and below", func(t *testing.T) { h.byToken(t) })
	if h.DB.IsSQLite() { // rules that no database has a part in
		t.Run("K2 what cannot be stored", func(t *testing.T) { h.unstorable(t) })
	}
	t.Run("K2 E17 killed in the middle of many nothing of them stands", func(t *testing.T) { h.killed(t) })
	t.Run("K2 ids are any text that shows", func(t *testing.T) { h.oddIDs(t) })
}

// one reads what M1 has stored under an id, as its owner.
func (h house) one(t *testing.T, typ, id string) (s resource.Stored, found bool) {
	t.Helper()
	who := h.Who("m1.owner")
	h.View(func(tx *db.Tx) error {
		sight, err := h.Resources.SeeAs(tx, who, who.AccountID, resource.ViewPermission)
		if err == nil {
			s, found, err = resource.One(tx, sight, typ, id)
		}
		return err
	})
	return s, found
}

func (h house) storesOne(t *testing.T) {
	who, m1 := h.Who("m1.owner"), h.Account("M1")
	put := func(version int64, in resource.Putting) (int64, error) {
		return h.Resources.Put(t.Context(), who, m1.ID, "orders", version, in)
	}
	now, err := put(resource.Anew, resource.Putting{ID: "1", Entity: "M1-A", Values: typed("status", " open ", "price", "120", "express", "true", "owner", who.ID)})
	if err != nil || now != 1 {
		t.Fatal(now, told(err), err)
	}
	values := func(price string) []access.Value {
		return []access.Value{{Name: "express", Text: "true"}, {Name: "owner", Text: who.ID}, {Name: "price", Text: price}, {Name: "status", Text: "open"}}
	}
	want := access.Resource{AccountID: m1.ID, Type: "orders", ID: "1", EntityID: h.Entity("M1-A").ID, Values: values("120")}
	got, _ := h.one(t, "orders", "1")
	if diff := cmp.Diff(want, got.Resource); diff != "" || got.Version != 1 || got.ChangedAt != h.DB.Now() {
		t.Error(diff, got.Version)
	}
	if _, err := h.Live.At(t.Context(), h.revision()); err != nil {
		t.Fatal(err)
	}
	if live, _ := h.Live.Load().Resource(access.ResourceKey{AccountID: m1.ID, Type: "orders", ID: "1"}); !cmp.Equal(want, live) {
		t.Error("decisions read", live)
	}
	last := h.Last()
	if last.Action != audit.ResourceStored || last.AccountID != m1.ID || last.EntityID != want.EntityID || last.Kind != "resource" || last.ID != "orders/1" {
		t.Errorf("%+v", last)
	}
	if now, err = put(1, resource.Putting{ID: "1", Entity: "M1-A", Values: typed("status", "open", "price", "121", "express", "true", "owner", who.ID)}); err != nil || now != 2 {
		t.Fatal(now, told(err))
	}
	if diff := cmp.Diff([]audit.Change{{Field: "properties", Before: "price = 120", After: "price = 121"}}, h.Last().Changes); diff != "" || h.Last().Action != audit.ResourceChanged {
		t.Error(diff)
	}
	t.Run("no value looks like two in the log", func(t *testing.T) {
		got := resource.Difference(map[string]string{"status": "open"}, map[string]string{"status": `open; owner = "x"`, "price": "1"})
		if want := (audit.Change{Field: "properties", Before: "status = open", After: `price = 1; status = "open; owner = \"x\""`}); got != want {
			t.Errorf("%+v", got)
		}
	})
	entries := len(h.Entries())
	if now, err = put(2, resource.Putting{ID: "1", Entity: "M1-A", Values: typed("status", "open", "price", "121", "express", "true", "owner", who.ID, "nothing", "")}); told(err) != "invalid properties.nothing:property_unknown" {
		t.Error(now, told(err))
	}
	if now, err = put(2, resource.Putting{ID: "1", Entity: "M1-A", Values: typed("status", "open", "price", "121", "express", "true", "owner", who.ID)}); err != nil || now != 2 || len(h.Entries()) != entries+1 {
		t.Error("what is no change is one", now, told(err))
	}
	h.refused(t, "stale", audit.ResourceChanged, who, func() error { _, err := put(1, resource.Putting{ID: "1", Entity: "M1"}); return err })
	h.refused(t, "resource_there id:id_taken", audit.ResourceStored, who, func() error { _, err := put(resource.Anew, resource.Putting{ID: "1", Entity: "M1"}); return err })
	h.refused(t, "not_found", audit.ResourceChanged, who, func() error { _, err := put(1, resource.Putting{ID: "none", Entity: "M1"}); return err })
	h.refused(t, "stale", audit.ResourceRemoved, who, func() error { return h.Resources.Remove(t.Context(), who, m1.ID, "orders", "1", 1) })
	must(t, h.Resources.Remove(t.Context(), who, m1.ID, "orders", "1", 2))
	if _, found := h.one(t, "orders", "1"); found || h.Last().Action != audit.ResourceRemoved {
		t.Error("it is still there")
	}
	h.refused(t, "not_found", audit.ResourceRemoved, who, func() error { return h.Resources.Remove(t.Context(), who, m1.ID, "orders", "1", 2) })
}

func (h house) revision() (n int64) {
	h.View(func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&n}, `SELECT revision FROM ledger WHERE id = 1`)
		return err
	})
	return n
}

func (h house) atOnce(t *testing.T) {
	who, m1 := h.Who("m1.owner"), h.Account("M1").ID
	put := func(version int64) func(i int) error {
		return func(i int) error {
			_, err := h.Resources.Put(t.Context(), who, m1, "orders", version, resource.Putting{ID: "race", Entity: "M1", Values: typed("price", fmt.Sprint(version*10+int64(i)))})
			return err
		}
	}
	together(t, 6, map[string]int{"done": 1, "resource_there id:id_taken": 5}, put(resource.Anew))
	together(t, 6, map[string]int{"done": 1, "stale": 5}, put(1))
	together(t, 4, map[string]int{"done": 1, "not_found": 3}, func(int) error { return h.Resources.Remove(t.Context(), who, m1, "orders", "race", 2) })
}

func numbered(n int, entity string) (out []resource.Putting) {
	for i := range n {
		out = append(out, resource.Putting{ID: fmt.Sprintf("many %04d", i), Entity: entity, Values: typed("price", fmt.Sprint(i))})
	}
	return out
}

func (h house) storesMany(t *testing.T) {
	who, m1 := h.Who("m1.owner"), h.Account("M1").ID
	many := func(ctx context.Context, in []resource.Putting) error {
		_, _, err := h.Resources.PutMany(ctx, who, m1, "orders", in)
		return err
	}
	t.Run("E17 stopped in the middle nothing of it stands", func(t *testing.T) {
		for _, after := range []int64{20, 200} {
			before := h.State()
			ctx := &ending{Context: t.Context()}
			ctx.left.Store(after)
			if err := many(ctx, numbered(300, "M1")); !errors.Is(err, context.Canceled) {
				t.Fatal("it was not stopped", told(err))
			}
			if diff := cmp.Diff(before, h.State()); diff != "" {
				t.Error(diff)
			}
		}
	})
	began := time.Now()
	added, changed, err := h.Resources.PutMany(t.Context(), who, m1, "orders", numbered(resource.PutMost, "M1"))
	if err != nil || added != resource.PutMost || changed != 0 {
		t.Fatal(added, changed, told(err), err)
	}
	t.Logf("1,000 were stored in %v", time.Since(began))
	list := numbered(resource.PutMost, "M1")
	list[3].Entity, list[4].Values, list = "M1-B", typed("price", "5"), append(list[:20], resource.Putting{ID: "many x", Entity: "M1"})
	entries := h.Entries()[0].Seq
	if added, changed, err = h.Resources.PutMany(t.Context(), who, m1, "orders", list); err != nil || added != 1 || changed != 2 || h.Last().Seq != entries+3 {
		t.Error(added, changed, told(err), h.Last().Seq-entries)
	}
	if s, _ := h.one(t, "orders", "many 0003"); s.Version != 2 || s.EntityID != h.Entity("M1-B").ID {
		t.Error(s)
	}
	ids, err := h.all(t, "m1.owner", "M1", resource.Query{Type: "orders"})
	ids = slices.DeleteFunc(ids, func(id string) bool { return !strings.HasPrefix(id, "many ") })
	if err != nil || len(ids) != resource.PutMost+1 || !slices.IsSorted(ids) {
		t.Error(len(ids), told(err))
	}
	bad := numbered(6, "M1")
	bad[1].ID, bad[2].ID, bad[3].Entity, bad[4].Values = "", bad[0].ID, "M2", typed("price", "1.5", "express", "yes")
	for want, in := range map[string][]resource.Putting{
		"invalid resources:required": nil,
		"invalid resources:too_many": numbered(resource.PutMost+1, "M1"),
		"invalid resources[1].id:resource_id resources[2].id:id_twice resources[3].entity:unknown_entity resources[4].properties.express:value_boolean resources[4].properties.price:value_number": bad,
	} {
		h.refused(t, want, audit.ResourceStored, who, func() error { return many(t.Context(), in) })
	}
}

// ending is a context that ends after it was asked so often.
type ending struct {
	context.Context
	left atomic.Int64
}

func (e *ending) Err() error {
	if e.left.Add(-1) < 0 {
		return context.Canceled
	}
	return e.Context.Err()
}

func (h house) withinScope(t *testing.T) {
	limited, m1 := h.Who("m1.limited"), h.Account("M1")
	put := func(who db.Who, account, id, entity string, version int64) error {
		_, err := h.Resources.Put(t.Context(), who, account, "orders", version, resource.Putting{ID: id, Entity: entity})
		return err
	}
	must(t, put(limited, m1.ID, "of A", "M1-A", 0))
	must(t, put(limited, m1.ID, "of A-1", h.Entity("M1-A-1").ID, 0))
	must(t, put(h.Who("m1.owner"), m1.ID, "of B", "M1-B", 0))
	if ids, err := h.all(t, "m1.limited", "M1", resource.Query{Type: "orders"}); err != nil || !slices.Equal(ids, []string{"of A", "of A-1"}) {
		t.Error("they see", ids, told(err))
	}
	if ids, err := h.all(t, "m1.owner", "M1", resource.Query{Type: "orders", Entity: "M1-A-1"}); err != nil || !slices.Equal(ids, []string{"of A-1"}) {
		t.Error("at one entity there are", ids, told(err))
	}
	for _, c := range []struct{ who, entity, want string }{
		{"m1.owner", "M2", "invalid entity:unknown_entity"}, {"m1.owner", "none", "invalid entity:unknown_entity"}, {"m1.limited", "M1-B", "invalid entity:unknown_entity"},
	} {
		if _, err := h.all(t, c.who, "M1", resource.Query{Type: "orders", Entity: c.entity}); told(err) != c.want {
			t.Error(c, told(err))
		}
	}
	for who, want := range map[string]string{"m1.operations": "missing_permission", "m2.owner": "not_found", "partner.administrator": "done", "m1.auditor": "done"} {
		if _, err := h.all(t, who, "M1", resource.Query{Type: "orders"}); told(err) != want {
			t.Errorf("%s reads: %s, want %s", who, told(err), want)
		}
	}
	for _, c := range []struct {
		name, who, id, entity string
		version               int64
		want                  string
	}{
		{"A09 an entity beside one's own", "m1.limited", "new", "M1-B", 0, "invalid entity:unknown_entity"},
		{"A09 the account above one's own", "m1.limited", "new", "M1", 0, "invalid entity:unknown_entity"},
		{"A01 one that one does not see", "m1.limited", "of B", "M1-A", 1, "not_found"},
		{"an id under which something is that one does not see", "m1.limited", "of B", "M1-A", 0, "invalid id:id_taken"},
		{"to where one holds nothing", "m1.limited", "of A", "M1-B", 1, "invalid entity:unknown_entity"},
		{"A01 another account's entity", "m1.owner", "new", "M2-A", 0, "invalid entity:unknown_entity"},
		{"an entity above the account", "m1.owner", "new", "PARTNER", 0, "invalid entity:unknown_entity"},
		{"no entity", "m1.owner", "new", "", 0, "invalid entity:required"},
		{"an auditor", "m1.auditor", "new", "M1", 0, "missing_permission"},
		{"A01 somebody of another account", "m2.owner", "new", "M1", 0, "not_found"},
		{"I7 an operator of a live account", "partner.administrator", "new", "M1", 0, "live_account"},
	} {
		t.Run(c.name, func(t *testing.T) {
			action := audit.ResourceStored
			if c.version > 0 {
				action = audit.ResourceChanged
			}
			h.refused(t, c.want, action, h.Who(c.who), func() error { return put(h.Who(c.who), m1.ID, c.id, c.entity, c.version) })
		})
	}
	h.refused(t, "not_found", audit.ResourceRemoved, limited, func() error { return h.Resources.Remove(t.Context(), limited, m1.ID, "orders", "of B", 1) })
	h.refused(t, "invalid resources[0].id:id_taken", audit.ResourceStored, limited, func() error {
		_, _, err := h.Resources.PutMany(t.Context(), limited, m1.ID, "orders", []resource.Putting{{ID: "of B", Entity: "M1-A"}})
		return err
	})
	h.View(func(tx *db.Tx) error {
		sight, err := h.Resources.SeeAs(tx, limited, m1.ID, resource.ViewPermission)
		if err != nil {
			return err
		}
		if _, found, err := resource.One(tx, sight, "orders", "of B"); found || err != nil {
			t.Error("they see one that is not theirs", err)
		}
		_, found, err := resource.One(tx, sight, "orders", "of A")
		if !found {
			t.Error("they do not see theirs")
		}
		return err
	})
}

func (h house) withinPlaces(t *testing.T) {
	who, m1 := h.Who("m1.administrator"), h.Account("M1")
	shops := map[string]string{}
	h.View(func(tx *db.Tx) error {
		for _, customerID := range []string{"M1", "M2"} {
			list, err := org.Locations(tx, h.Account(customerID).ID)
			if err != nil {
				return err
			}
			for _, l := range list {
				shops[l.Name] = l.ID
			}
		}
		return nil
	})
	put := func(typ, id, entity, location string) error {
		_, err := h.Resources.Put(t.Context(), who, m1.ID, typ, resource.Anew, resource.Putting{ID: id, Entity: entity, Location: location})
		return err
	}
	must(t, put("orders", "at A", "M1-A", shops["M1-A shop"]))
	must(t, put("orders", "at B", "M1-B", shops["M1-B shop"]))
	must(t, put("orders", "below A", "M1-A-1", shops["M1-A shop"]))
	must(t, put("desks", "desk at A", "", shops["M1-A shop"]))
	must(t, put("desks", "desk", "", ""))
	for _, c := range [][4]string{
		{"orders", "M1-A", shops["M1-B shop"], "invalid location:unknown_place"}, {"orders", "M1-A", "loc_none", "invalid location:unknown_place"},
		{"orders", "M1", shops["M2-A shop"], "invalid location:unknown_place"}, {"desks", "M1-A", "", "invalid entity:entity_own"},
	} {
		h.refused(t, c[3], audit.ResourceStored, who, func() error { return put(c[0], "x", c[1], c[2]) })
	}
	h.Do(func(tx *db.Tx) error { // the administrator is limited to the shop of A
		if _, err := tx.Exec(`UPDATE memberships SET all_locations = FALSE WHERE account_id = $1 AND user_id = $2`, m1.ID, who.ID); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO membership_locations (account_id, membership_id, location_id) SELECT account_id, id, $1 FROM memberships WHERE account_id = $2 AND user_id = $3`, shops["M1-A shop"], m1.ID, who.ID)
		tx.ChangedUser(who.ID)
		return err
	})
	seen := func(typ string) []string {
		ids, err := h.all(t, "m1.administrator", "M1", resource.Query{Type: typ})
		must(t, err)
		return slices.DeleteFunc(ids, func(id string) bool {
			return !strings.Contains(id, "A") && !strings.Contains(id, "B") && typ == "orders"
		})
	}
	if got := seen("orders"); !slices.Equal(got, []string{"at A", "below A", "of A", "of A-1", "of B"}) {
		t.Error("R11 limited, they see", got)
	}
	if got := seen("desks"); !slices.Equal(got, []string{"desk at A"}) {
		t.Error("R11 limited, they see", got)
	}
	for _, c := range [][4]string{
		{"orders", "M1-B", shops["M1-B shop"], "invalid location:unknown_place"}, {"desks", "", "", "invalid location:required"},
	} {
		h.refused(t, c[3], audit.ResourceStored, who, func() error { return put(c[0], "y", c[1], c[2]) })
	}
	h.refused(t, "not_found", audit.ResourceRemoved, who, func() error { return h.Resources.Remove(t.Context(), who, m1.ID, "orders", "at B", 1) })
}

// token makes a service token and gives what acts with it.
func (h house) token(t *testing.T, customerID, kind, name string) db.Who {
	t.Helper()
	who := h.Who(strings.ToLower(customerID) + ".owner")
	made, _, err := h.Org.CreateToken(t.Context(), who, who.AccountID, kind, name, time.Time{})
	must(t, err)
	return db.Who{Kind: db.Service, ID: made.ID, AccountID: made.AccountID, Lang: who.Lang}
}

func (h house) byToken(t *testing.T) {
	m1, own, above := h.Account("M1").ID, h.token(t, "M1", org.Resources, "orders"), h.token(t, "PARTNER", org.Resources, "all orders")
	put := func(who db.Who, id, entity string) error {
		_, err := h.Resources.Put(t.Context(), who, m1, "orders", resource.Anew, resource.Putting{ID: id, Entity: entity})
		return err
	}
	must(t, put(own, "by token", "M1-B"))
	if last := h.Last(); last.ActorKind != db.Service || last.ActorID != own.ID {
		t.Errorf("%+v", last)
	}
	must(t, put(above, "from above", "M1"))
	must(t, h.Resources.Remove(t.Context(), own, m1, "orders", "from above", 1))
	if _, _, err := h.Resources.PutMany(t.Context(), own, m1, "orders", numbered(3, "M1")); err != nil {
		t.Error(told(err))
	}
	decisions, other, ended := h.token(t, "M1", org.Decisions, "asks"), h.token(t, "M2", org.Resources, "orders of M2"), h.token(t, "M1", org.Resources, "ended")
	owner := h.Who("m1.owner")
	must(t, h.Org.RevokeToken(t.Context(), owner, m1, ended.ID))
	disguised := other
	disguised.AccountID = m1
	for name, c := range map[string]struct {
		who  db.Who
		want string
	}{
		"A14 another account's": {other, "not_found"}, "another account's that says it is ours": {disguised, "token_refused"}, "one that asks for decisions": {decisions, "token_refused"},
		"a revoked one": {ended, "token_refused"}, "one that there is not": {db.Who{Kind: db.Service, ID: "tok_none", AccountID: m1}, "token_refused"},
	} {
		t.Run(name, func(t *testing.T) {
			h.refused(t, c.want, audit.ResourceStored, c.who, func() error { return put(c.who, "no", "M1") })
			if err := h.DB.View(t.Context(), func(tx *db.Tx) error {
				_, err := h.Resources.SeeAs(tx, c.who, m1, resource.ViewPermission)
				return err
			}); told(err) != c.want {
				t.Error("it reads:", told(err))
			}
		})
	}
	h.refused(t, "invalid entity:unknown_entity", audit.ResourceStored, above, func() error { return put(above, "no", "M2") })
	h.refused(t, "not_found", audit.ResourceStored, own, func() error {
		_, err := h.Resources.Put(t.Context(), own, h.Account("PARTNER").ID, "orders", resource.Anew, resource.Putting{ID: "no", Entity: "M1"})
		return err
	})
	t.Run("it does nothing else", func(t *testing.T) {
		if _, err := h.Resources.RetireUserProperty(t.Context(), own, "x", 1); told(err) != "sign_in_first" {
			t.Error(told(err))
		}
		if err := h.People.SetProperties(t.Context(), own, m1, h.User("m1.reader"), 1, nil); told(err) != "sign_in_first" {
			t.Error(told(err))
		}
	})
	partner := h.Who("partner.administrator")
	must(t, h.Org.DeactivateAccount(t.Context(), partner, partner.AccountID, h.Account("M2").ID, h.Account("M2").Version, "gone"))
	h.refused(t, "account_inactive", audit.ResourceStored, other, func() error {
		_, err := h.Resources.Put(t.Context(), other, h.Account("M2").ID, "orders", resource.Anew, resource.Putting{ID: "no", Entity: "M2"})
		return err
	})
	h.clock.Advance(time.Minute)
}

func (h house) unstorable(t *testing.T) {
	who := h.Who("m1.owner")
	put := func(in resource.Putting) error {
		_, err := h.Resources.Put(t.Context(), who, who.AccountID, "orders", resource.Anew, in)
		return err
	}
	for name, c := range map[string]struct {
		values map[string]resource.Given
		want   string
	}{
		"a number that is none":            {typed("price", "12a"), "price:value_number"},
		"a number with a plus sign":        {typed("price", "+12"), "price:value_number"},
		"a number with a zero before it":   {typed("price", "012"), "price:value_number"},
		"a number that is too large":       {typed("price", "9223372036854775808"), "price:value_number"},
		"yes for true":                     {typed("express", "yes"), "express:value_boolean"},
		"a text of 201 letters":            {typed("status", strings.Repeat("x", 201)), "status:value_text"},
		"a text that turns the writing":    {typed("status", "a\u202eb"), "status:value_text"},
		"a text with NUL":                  {typed("status", "a\x00b"), "status:value_text"},
		"bytes that are no text":           {typed("status", "a\xffb"), "status:value_text"},
		"a number where text is":           {map[string]resource.Given{"status": {Kind: access.Number, Text: "12"}}, "status:value_text"},
		"text where a number is":           {map[string]resource.Given{"price": {Kind: access.Text, Text: "12"}}, "price:value_number"},
		"true where a user is":             {map[string]resource.Given{"owner": {Kind: access.YesNo, Text: "true"}}, "owner:value_user"},
		"something that is no value":       {map[string]resource.Given{"status": {Kind: 99}}, "status:value_text"},
		"a property of the action":         {typed("count", "1"), "count:property_unknown"},
		"a property that there is none of": {typed("colour", "red"), "colour:property_unknown"},
		"a name that is no text":           {typed("a\x00", "red"), "?:property_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			h.refused(t, "invalid properties."+c.want, audit.ResourceStored, who, func() error { return put(resource.Putting{ID: "no", Entity: "M1", Values: c.values}) })
		})
	}
	for _, typ := range []string{"nothing", "transactions", "or\x00ders", ""} {
		h.refused(t, "not_found", audit.ResourceStored, who, func() error {
			_, err := h.Resources.Put(t.Context(), who, who.AccountID, typ, resource.Anew, resource.Putting{ID: "no", Entity: "M1"})
			return err
		})
	}
	for _, id := range []string{"", " ", " a", "a ", "a\nb", "a\tb", "a\x00", "\u202ea", "e\u0301", "\u200b", "a\xff", "\ufffd", strings.Repeat("a", 201), strings.Repeat("é", 101)} {
		h.refused(t, "invalid id:resource_id", audit.ResourceStored, who, func() error { return put(resource.Putting{ID: id, Entity: "M1"}) })
	}
}

func (h house) oddIDs(t *testing.T) {
	ids := []string{"a b", "a/b", "../..", "%2e%2f", "日本 17", "Ünï", "a;b", "'\"<&>", "\\", ".", "*", "|", "🧾", strings.Repeat("a", 200), strings.Repeat("é", 100)}
	for _, id := range ids {
		h.put(t, "orders", resource.Putting{ID: id, Entity: "M1", Values: typed("status", "open")})
		s, found := h.one(t, "orders", id)
		if !found || s.ID != id {
			t.Errorf("%q is stored as %q", id, s.ID)
		}
		if _, err := h.Live.At(t.Context(), h.revision()); err != nil {
			t.Fatal(err)
		}
		if x, found := h.Live.Load().Resource(access.ResourceKey{AccountID: h.Account("M1").ID, Type: "orders", ID: id}); !found || x.ID != id {
			t.Errorf("decisions do not know %q", id)
		}
		must(t, h.Resources.Remove(t.Context(), h.Who("m1.owner"), h.Account("M1").ID, "orders", id, 1))
		last := h.Last()
		whole := last.ID == "orders/"+id || slices.Contains(last.Changes, audit.Change{Field: "id", Before: id})
		if !whole {
			t.Errorf("the log does not say which: %+v", last)
		}
	}
}
