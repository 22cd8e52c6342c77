//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package people_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/resource"
	"countersign/internal/roles"
)

func given(pairs ...string) map[string]resource.Given {
	out := map[string]resource.Given{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]] = resource.Given{Text: pairs[i+1]}
	}
	return out
}

// properties are somebody's, as their account has them.
func (h house) properties(label string) (values map[string]string) {
	r := h.Row(label)
	h.View(func(tx *db.Tx) (err error) {
		values, err = people.Properties(tx, r.AccountID, r.Member.ID)
		return err
	})
	return values
}

// setProperties sets somebody's properties as somebody of their account.
func (h house) setProperties(who, label string, in map[string]resource.Given) error {
	w := h.Who(who)
	return h.People.SetProperties(h.t.Context(), w, w.AccountID, h.User(label), h.Version(label), in)
}

// permits asks about statement s of M1, as its service would, with what it claims.
func (h house) permits(label string, claims ...access.Claim) bool {
	who := h.Who(label)
	q := org.Asks(who, h.DB.Now(), who.AccountID)
	q.Permission, q.Resource, q.Claims = access.MustParse("statements:read"), "s", claims
	return access.Decide(h.Live.Load(), q).Allowed
}

// statements registers a type and properties of users, stores one, and gives m1.operations
// and m2.operations' person a role that is restricted by these.
func (h house) statements(t *testing.T) {
	t.Helper()
	ctx, platform, owner := t.Context(), h.Who("platform.owner"), h.Who("m1.owner")
	fail := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(told(err), err)
		}
	}
	fail(h.Resources.Register(ctx, platform, resource.Draft{Name: "statements", Title: "Statements", From: access.FromStore, Actions: []resource.Action{{Name: "read", Title: "Read"}},
		Properties: []resource.Property{{Part: access.OfResource, Name: "department", Title: "Department", Kind: access.Text, Vouched: access.ByStore}}}))
	for _, p := range []resource.Property{
		{Name: "department", Title: "Department", Kind: access.Text, Vouched: access.ByStore}, {Name: "level", Title: "Level", Kind: access.Number, Vouched: access.ByStore},
		{Name: "shift", Title: "Shift", Kind: access.Text, Vouched: access.ByCaller}, {Name: "manager", Title: "Manager", Kind: access.UserID, Vouched: access.ByStore},
	} {
		fail(h.Resources.RegisterUserProperty(ctx, platform, p))
	}
	_, err := h.Resources.Put(ctx, owner, owner.AccountID, "statements", resource.Anew, resource.Putting{ID: "s", Entity: "M1", Values: given("department", "Sales")})
	fail(err)
	administrator := h.Who("m1.administrator")
	id, err := h.Roles.Create(ctx, administrator, administrator.AccountID, roles.Draft{Name: "Statements", Permits: []roles.Permit{{Permission: "statements:read",
		Clauses: []access.Clause{{Part: access.OfResource, Name: "department", Op: access.SameAs, Other: "department"}, {Part: access.OfUser, Name: "shift", Op: access.OneOf, Values: []string{"day"}}}}}})
	fail(err)
	for _, label := range []string{"m1.operations", "m1.both"} {
		fail(h.People.ChangeAccess(ctx, owner, owner.AccountID, h.User(label), h.Version(label), people.Access{Roles: []string{id}, AllEntities: true}))
	}
}

func TestProperties(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		h.statements(t)
		h.t = t
		t.Run("K2 properties are set, recorded under the person's key, and decided by", func(t *testing.T) {
			if h.permits("m1.operations") {
				t.Fatal("they may to begin with")
			}
			version := h.Version("m1.operations")
			if err := h.setProperties("m1.administrator", "m1.operations", given("department", " Sales ", "level", "3", "shift", "day", "manager", "")); err != nil {
				t.Fatal(told(err), err)
			}
			if diff := cmp.Diff(map[string]string{"department": "Sales", "level": "3", "shift": "day"}, h.properties("m1.operations")); diff != "" || h.Version("m1.operations") != version+1 {
				t.Error(diff)
			}
			last := h.Last()
			want := []audit.Change{{Field: "properties", After: "department = Sales; level = 3; shift = day"}}
			if diff := cmp.Diff(want, last.Changes); diff != "" || last.Action != audit.PropertiesChanged || last.PersonID != h.User("m1.operations") {
				t.Error(diff, last)
			}
			if rows := h.rowsOf("audit_entries", "level = 3"); rows != nil {
				t.Error("what was set can be read without the person's key", rows)
			}
			if !h.permits("m1.operations") {
				t.Error("decisions do not follow")
			}
		})
		t.Run("K2 R13 a change of access tells what it gives of a registered type", func(t *testing.T) { h.foreseesStatements(t) })
		t.Run("E11 what a caller says raises no stored user", func(t *testing.T) { h.callersClaims(t) })
		t.Run("K2 they count in their account alone", func(t *testing.T) {
			if err := h.setProperties("m2.administrator", "m2.both", given("department", "Sales", "shift", "day")); err != nil {
				t.Fatal(told(err))
			}
			if len(h.properties("m1.both")) != 0 || h.permits("m1.both") {
				t.Error("another account's administrator raises them here")
			}
		})
		t.Run("K2 who sets whose, and what", func(t *testing.T) { h.refusedProperties(t) })
		t.Run("K2 what services name users by, one member of an account has alone", func(t *testing.T) {
			badge := resource.Property{Name: "badge", Title: "Badge", Kind: access.Text, Vouched: access.ByStore, SubjectType: "badge"}
			if err := h.Resources.RegisterUserProperty(t.Context(), h.Who("platform.owner"), badge); err != nil {
				t.Fatal(told(err))
			}
			for _, c := range [][2]string{{"m1.administrator", "m1.reader"}, {"m2.administrator", "m2.reader"}} { // each its own
				if err := h.setProperties(c[0], c[1], given("badge", "7")); err != nil {
					t.Fatal(told(err))
				}
			}
			h.refused(t, "invalid properties.badge:property_value_taken", audit.PropertiesChanged, h.Who("m1.administrator"), func() error {
				return h.setProperties("m1.administrator", "m1.reader_a", given("badge", "7"))
			})
			if err := h.setProperties("m1.administrator", "m1.reader", given("badge", "7", "shift", "day")); err != nil {
				t.Error("one's own value is in the way: ", told(err))
			}
			if id, found := h.Live.Load().Subject(h.Account("M1").ID, "badge", "7"); !found || id != h.User("m1.reader") {
				t.Error(id, found)
			}
		})
		t.Run("K2 what is left out is gone, and what is retired stays", func(t *testing.T) {
			if _, err := h.Resources.RetireUserProperty(t.Context(), h.Who("platform.owner"), "level", 1); err != nil {
				t.Fatal(told(err))
			}
			h.refused(t, "invalid properties.level:property_unknown", audit.PropertiesChanged, h.Who("m1.administrator"), func() error {
				return h.setProperties("m1.administrator", "m1.operations", given("level", "9"))
			})
			if err := h.setProperties("m1.administrator", "m1.operations", given("shift", "night")); err != nil {
				t.Fatal(told(err))
			}
			if diff := cmp.Diff(map[string]string{"level": "3", "shift": "night"}, h.properties("m1.operations")); diff != "" || h.permits("m1.operations") {
				t.Error(diff)
			}
		})
		t.Run("K2 an invitation to the right address takes them along, and a deletion takes them away", func(t *testing.T) {
			if err := h.setProperties("m1.administrator", "m1.invited", given("department", "Sales")); err != nil {
				t.Fatal(told(err))
			}
			before := h.Row("m1.invited").Member.ID
			out, err := h.readdress("m1.administrator", "m1.invited", "right@example.net")
			if err != nil {
				t.Fatal(told(err), err)
			}
			h.Add("m1.right", out.UserID)
			if diff := cmp.Diff(map[string]string{"department": "Sales"}, h.properties("m1.right")); diff != "" || h.rowsOf("membership_properties", before) != nil {
				t.Error(diff)
			}
			member := h.Row("m1.right").Member.ID
			if err := h.delete(h.Who("m1.administrator"), "m1.right"); err != nil || h.rowsOf("membership_properties", member) != nil {
				t.Error(told(err))
			}
			if last := h.Last(); last.Changes[len(last.Changes)-1].Before != "department = Sales" {
				t.Errorf("%+v", last.Changes)
			}
		})
	})
}

// callersClaims asks with claims about what the store vouches for, and about what a
// caller may say.
func (h house) callersClaims(t *testing.T) {
	claim := func(part access.Part, name, text string) access.Claim {
		return access.Claim{Part: part, Name: name, Kind: access.Text, Text: text}
	}
	set := func(pairs ...string) {
		t.Helper()
		if err := h.setProperties("m1.administrator", "m1.operations", given(pairs...)); err != nil {
			t.Fatal(told(err))
		}
	}
	for _, c := range []struct {
		name   string
		stored []string
		claims []access.Claim
		want   bool
	}{
		{"the caller says the right department", []string{"department", "Support", "shift", "day"}, []access.Claim{claim(access.OfUser, "department", "Sales")}, false},
		{"of one who has none", []string{"shift", "day"}, []access.Claim{claim(access.OfUser, "department", "Sales")}, false},
		{"the caller says another department of the resource", []string{"department", "Support", "shift", "day"}, []access.Claim{claim(access.OfResource, "department", "Support")}, false},
		{"the caller says a role", []string{"department", "Support", "shift", "day"}, []access.Claim{claim(access.OfUser, "role", "owner")}, false},
		{"the store's word stands against a worse claim", []string{"department", "Sales", "shift", "day"}, []access.Claim{claim(access.OfUser, "department", "Support")}, true},
		{"what the caller vouches for, the caller says", []string{"department", "Sales"}, []access.Claim{claim(access.OfUser, "shift", "day")}, true},
		{"and its word goes before what is stored", []string{"department", "Sales", "shift", "day"}, []access.Claim{claim(access.OfUser, "shift", "night")}, false},
		{"what is stored counts while the caller says nothing", []string{"department", "Sales", "shift", "day"}, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if set(c.stored...); h.permits("m1.operations", c.claims...) != c.want {
				t.Errorf("allowed is %v", !c.want)
			}
		})
	}
	set("department", "Sales", "level", "3", "shift", "day")
}

func (h house) refusedProperties(t *testing.T) {
	sales := given("department", "Sales")
	for _, c := range []struct {
		name, who, whom string
		in              map[string]resource.Given
		want            string
	}{
		{"B01 one's own", "m1.administrator", "m1.administrator", sales, "own_access"},
		{"U14 the first administrator's", "m1.administrator", "m1.owner", sales, "person_above_you"},
		{"B07 of somebody above", "m1.access", "m1.administrator", sales, "person_above_you"},
		{"of somebody who reaches further", "m1.limited", "m1.reader", sales, "person_above_you"},
		{"a lower role", "m1.auditor", "m1.reader", sales, "missing_permission"},
		{"A02 another account's user", "m1.administrator", "m2.reader", sales, "not_found"},
		{"a property that there is none of", "m1.administrator", "m1.reader", given("colour", "red"), "invalid properties.colour:property_unknown"},
		{"a name that is no text", "m1.administrator", "m1.reader", given("a\x00b", "red"), "invalid properties.?:property_unknown"},
		{"a number that is none", "m1.administrator", "m1.reader", given("level", "high"), "invalid properties.level:value_number"},
		{"a very long text", "m1.administrator", "m1.reader", given("department", strings.Repeat("x", 201)), "invalid properties.department:value_text"},
		{"several things at once", "m1.administrator", "m1.reader", given("level", "1.0", "manager", "a\nb", "x", "y"), "invalid properties.level:value_number properties.manager:value_user properties.x:property_unknown"},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := h.Who(c.who)
			h.refused(t, c.want, audit.PropertiesChanged, who, func() error {
				return h.People.SetProperties(t.Context(), who, who.AccountID, h.User(c.whom), h.Version(c.whom), c.in)
			})
		})
	}
	stranger, m1 := h.Who("m2.owner"), h.Account("M1").ID
	h.refused(t, "not_found", audit.PropertiesChanged, stranger, func() error {
		return h.People.SetProperties(t.Context(), stranger, m1, h.User("m1.reader"), h.Version("m1.reader"), sales)
	})
	administrator := h.Who("m1.administrator")
	h.refused(t, "stale", audit.PropertiesChanged, administrator, func() error {
		return h.People.SetProperties(t.Context(), administrator, m1, h.User("m1.reader"), h.Version("m1.reader")-1, sales)
	})
}

// foreseesStatements previews that m1.reader is given the role over statements.
func (h house) foreseesStatements(t *testing.T) {
	owner := h.Who("m1.owner")
	var role string
	h.View(func(tx *db.Tx) error {
		m := h.Row("m1.operations").Member
		held, err := roles.Of(tx, m.AccountID, m.ID)
		for _, a := range held[m.ID] {
			role = a.RoleID
		}
		return err
	})
	gains := func() (out []string) {
		e, err := h.People.PreviewAccess(t.Context(), owner, owner.AccountID, h.User("m1.reader"), people.Access{Roles: []string{role}, AllEntities: true})
		if err != nil {
			t.Fatal(told(err), err)
		}
		for _, m := range e.Gains {
			out = append(out, m.Permission.String())
			if !m.Some || !m.AllEntities {
				t.Errorf("%+v", m)
			}
		}
		return out
	}
	if got := gains(); !slices.Equal(got, []string{"statements:read"}) {
		t.Errorf("it gives %v", got)
	}
	platform := h.Who("platform.owner")
	version, err := h.Resources.Retire(t.Context(), platform, "statements", 1)
	if err != nil {
		t.Fatal(told(err))
	}
	if got := gains(); len(got) != 0 {
		t.Errorf("of a retired type it gives %v", got)
	}
	if _, err := h.Resources.Reinstate(t.Context(), platform, "statements", version); err != nil {
		t.Fatal(told(err))
	}
}
