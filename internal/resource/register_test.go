package resource_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/resource"
	"countersign/internal/roles"
	"countersign/internal/seal"
)

// TestResources shares one world for all: it is most of what they cost.
func TestResources(t *testing.T) {
	each(t, func(t *testing.T, h house) {
		platform := h.Who("platform.administrator")
		t.Run("K2 a type is registered, recorded, and can be given at once", func(t *testing.T) {
			if err := h.Resources.Register(t.Context(), platform, orders()); err != nil {
				t.Fatal(told(err), err)
			}
			got := h.typ(t, "orders")
			if diff := cmp.Diff(orders(), got.Draft()); diff != "" || got.Version != 1 || got.CreatedAt != h.DB.Now() {
				t.Error(got, diff)
			}
			last := h.Last()
			if last.Action != audit.TypeRegistered || last.AccountID != platform.AccountID || last.Kind != "resource_type" || last.ID != "orders" || len(last.Changes) != 5 {
				t.Errorf("%+v", last)
			}
			h.role(t, "Orders", "m1.operations", roles.Permit{Permission: "orders:view"})
			h.put(t, "orders", resource.Putting{ID: "first", Entity: "M1"})
			if !h.ask("m1.operations", "orders:view", "first").Allowed || h.ask("m1.operations", "orders:cancel", "first").Allowed || h.ask("m1.reader", "orders:view", "first").Allowed {
				t.Error("decisions do not follow")
			}
		})
		if h.DB.IsSQLite() { // rules that no database has a part in
			t.Run("K2 what cannot be registered", func(t *testing.T) { h.unregistrable(t) })
		}
		t.Run("K2 of several at once with one name one is registered", func(t *testing.T) {
			together(t, 8, map[string]int{"done": 1, "invalid name:name_taken": 7}, func(int) error {
				return h.Resources.Register(t.Context(), platform, named("twice"))
			})
		})
		t.Run("K2 a type is changed", func(t *testing.T) { h.changes(t) })
		t.Run("K2 retired, nobody may do anything to it, and reinstated they may again", func(t *testing.T) { h.retires(t) })
		t.Run("K2 properties of users are registered, renamed and retired", func(t *testing.T) { h.userProperties(t) })
		t.Run("K2 what accounts store", func(t *testing.T) { h.stores(t) })
		t.Run("K2 all types together have no more actions than decisions have place for", func(t *testing.T) { h.fills(t) })
	})
}

// unregistrable tries what must not be.
func (h house) unregistrable(t *testing.T) {
	with := func(f func(*resource.Draft)) resource.Draft {
		d := named("another")
		f(&d)
		return d
	}
	property := func(p resource.Property) resource.Draft {
		return with(func(d *resource.Draft) { d.Properties = []resource.Property{p} })
	}
	good := resource.Property{Part: access.OfResource, Name: "x", Title: "X", Kind: access.Text, Vouched: access.ByStore}
	bad := func(f func(*resource.Property)) resource.Draft {
		p := good
		f(&p)
		return property(p)
	}
	owner := h.Who("platform.owner")
	id, err := h.People.Invite(t.Context(), owner, owner.AccountID, people.Invitee{FirstName: "Part", LastName: "Only", Email: "part@example.com", Language: "en",
		Access: people.Access{Roles: []string{h.Role("PLATFORM", "administrator")}, Entities: []string{"FAC"}, Acknowledged: true}})
	must(t, err)
	h.Add("platform.part", id)
	for _, m := range h.Messages() {
		if m.UserID == id {
			must(t, h.Follow(seal.Secret(m.Data["token"]), h.Who("platform.part")))
		}
	}
	weak := h.Who("platform.owner")
	weak.SecondFactor = false
	own := h.Who("platform.owner")
	for _, c := range []struct {
		name string
		who  db.Who
		in   resource.Draft
		want string
	}{
		{"B01 somebody of an account", h.Who("m1.owner"), named("another"), "not_found"},
		{"B01 an owner between", h.Who("partner.owner"), named("another"), "not_found"},
		{"B01 a lower role of the platform", h.Who("platform.reader"), named("another"), "missing_permission"},
		{"B06 an administrator of a part of the platform", h.Who("platform.part"), named("another"), "types_not_whole"},
		{"without a second factor", weak, named("another"), "needs_two_factor"},
		{"nobody", db.Who{Kind: db.Nobody}, named("another"), "sign_in_first"},
		{"a service", db.Who{Kind: db.Service, ID: "tok_x", AccountID: own.AccountID}, named("another"), "sign_in_first"},
		{"a name that is taken", own, named("orders"), "invalid name:name_taken"},
		{"a resource of the product's own", own, named("transactions"), "invalid name:type_built_in"},
		{"a section of the product's own", own, named("approve"), "invalid name:type_built_in"},
		{"the resource of pages", own, named("page"), "invalid name:type_built_in"},
		{"this very resource", own, named("resource_types"), "invalid name:type_built_in"},
		{"no name", own, named(""), "invalid name:required"},
		{"a capital", own, named("Transactions"), "invalid name:resource_type_name"},
		{"a look-alike", own, named("trаnsactions"), "invalid name:resource_type_name"},
		{"a name with a colon", own, named("orders:view"), "invalid name:resource_type_name"},
		{"a name with a line behind", own, named("another\n"), "invalid name:resource_type_name"},
		{"a name of 41 letters", own, named("a1234567890123456789012345678901234567890"), "invalid name:resource_type_name"},
		{"no title", own, with(func(d *resource.Draft) { d.Title = " " }), "invalid title:required"},
		{"a title that turns the writing", own, with(func(d *resource.Draft) { d.Title = "a\u202eb" }), "invalid title:not_text"},
		{"nothing about entities", own, with(func(d *resource.Draft) { d.From = 0 }), "invalid entity_from:one_of_those"},
		{"no action", own, with(func(d *resource.Draft) { d.Actions = nil }), "invalid actions:choose_type_action"},
		{"21 actions", own, with(func(d *resource.Draft) { d.Actions = make([]resource.Action, 21) }), "invalid actions:too_many"},
		{"an action twice", own, with(func(d *resource.Draft) { d.Actions[1].Name = "view" }), "invalid actions[1].name:part_twice"},
		{"an action that is no name", own, with(func(d *resource.Draft) { d.Actions[0].Name = "*" }), "invalid actions[0].name:part_name"},
		{"an action without title", own, with(func(d *resource.Draft) { d.Actions[1].Title = "" }), "invalid actions[1].title:required"},
		{"21 properties", own, with(func(d *resource.Draft) { d.Properties = make([]resource.Property, 21) }), "invalid properties:too_many"},
		{"a property of users", own, bad(func(p *resource.Property) { p.Part = access.OfUser }), "invalid properties[0].of:one_of_those"},
		{"a property of no kind", own, bad(func(p *resource.Property) { p.Kind = 0 }), "invalid properties[0].kind:one_of_those"},
		{"a property that nobody vouches for", own, bad(func(p *resource.Property) { p.Vouched = 9 }), "invalid properties[0].vouched:one_of_those"},
		{"a stored property of an action", own, bad(func(p *resource.Property) { p.Part = access.OfAction }), "invalid properties[0].vouched:vouched_action"},
		{"a property twice", own, with(func(d *resource.Draft) { d.Properties = []resource.Property{good, good} }), "invalid properties[1].name:part_twice"},
		{"several things at once", own, resource.Draft{Name: "Ä", From: 7}, "invalid name:resource_type_name title:required entity_from:one_of_those actions:choose_type_action"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h.refused(t, c.want, audit.TypeRegistered, c.who, func() error { return h.Resources.Register(t.Context(), c.who, c.in) })
			if log := h.Last().AccountID; c.want == "not_found" && log != c.who.AccountID || c.want == "missing_permission" && log != own.AccountID {
				t.Errorf("it stands in the log of %s", log)
			}
		})
	}
	two := resource.Draft{Name: "orders_of_resource", Title: "Two parts", From: access.FromStore, Actions: orders().Actions,
		Properties: []resource.Property{good, {Part: access.OfAction, Name: "x", Title: "X", Kind: access.Number, Vouched: access.ByCaller}}}
	h.register(t, two) // one name, of two parts
	now, err := h.Resources.Change(t.Context(), own, two.Name, 1, resource.Edit{Properties: &[]resource.Property{}})
	if err != nil || now != 2 {
		t.Error("what nobody names cannot be taken away:", told(err))
	}
}

func (h house) changes(t *testing.T) {
	who := h.Who("platform.owner")
	change := func(version int64, in resource.Edit) error {
		_, err := h.Resources.Change(t.Context(), who, "orders", version, in)
		return err
	}
	actions, properties := orders().Actions, orders().Properties
	h.role(t, "Own orders", "m1.operations", roles.Permit{Permission: "orders:view", Clauses: []access.Clause{
		{Part: access.OfResource, Name: "owner", Op: access.Own}, {Part: access.OfAction, Name: "count", Op: access.AtMost, Most: 5}}})
	h.put(t, "orders", resource.Putting{ID: "second", Entity: "M1", Values: typed("status", "open", "owner", h.User("m1.operations"))})

	more := append(orders().Actions, resource.Action{Name: "close", Title: "Close", NeedsTwoFactor: true})
	more[0].NeedsTwoFactor, more[0].Title = true, "Look at"
	renamed := orders().Properties
	renamed[0].Title = "Keeper"
	now, err := h.Resources.Change(t.Context(), who, "orders", 1, resource.Edit{Title: text("Orders"), Actions: &more, Properties: &renamed})
	if err != nil || now != 2 {
		t.Fatal(now, told(err))
	}
	want := orders()
	want.Title, want.Actions, want.Properties = "Orders", more, renamed
	if diff := cmp.Diff(want, h.typ(t, "orders").Draft()); diff != "" || h.Last().Action != audit.TypeChanged || len(h.Last().Changes) != 3 {
		t.Error(diff, h.Last())
	}
	if _, ok := access.Parse("orders:close"); !ok || h.ask("m1.operations", "orders:view", "second", access.Claim{Part: access.OfAction, Name: "count", Kind: access.Number, Text: "5"}).Reasons != 0 {
		t.Error("what roles name does not go on as it was")
	}
	entries := len(h.Entries())
	if now, err := h.Resources.Change(t.Context(), who, "orders", 2, resource.Edit{Title: text(" Orders ")}); err != nil || now != 2 || len(h.Entries()) != entries {
		t.Error("what is no change is one", now, err)
	}

	other := func(f func([]resource.Property) []resource.Property) resource.Edit {
		list := f(append([]resource.Property(nil), renamed...))
		return resource.Edit{Properties: &list}
	}
	without := func(i int) resource.Edit {
		return other(func(list []resource.Property) []resource.Property { return append(list[:i], list[i+1:]...) })
	}
	for _, c := range []struct {
		name    string
		version int64
		in      resource.Edit
		want    string
	}{
		{"a version that somebody else changed", 1, resource.Edit{Title: text("x")}, "stale"},
		{"another kind of a property that a role names", 2, other(func(l []resource.Property) []resource.Property { l[0].Kind = access.Text; return l }), "invalid properties[0].kind:property_kind_stays"},
		{"E11 the caller in the place of the store", 2, other(func(l []resource.Property) []resource.Property { l[0].Vouched = access.ByCaller; return l }), "invalid properties[0].vouched:property_voucher_stays"},
		{"an action that a role names", 2, resource.Edit{Actions: &[]resource.Action{more[1]}}, "invalid actions:action_named"},
		{"a property that a restriction asks for", 2, without(0), "invalid properties:property_named"},
		{"a property of the action that a restriction asks for", 2, without(4), "invalid properties:property_named"},
		{"a property with stored values", 2, without(1), "invalid properties:property_stored"},
		{"no action left", 2, resource.Edit{Actions: &[]resource.Action{}}, "invalid actions:choose_type_action actions:action_named"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h.refused(t, c.want, audit.TypeChanged, who, func() error { return change(c.version, c.in) })
		})
	}
	h.refused(t, "not_found", audit.TypeChanged, who, func() error {
		_, err := h.Resources.Change(t.Context(), who, "nothing", 1, resource.Edit{})
		return err
	})
	t.Run("what nobody names or has stored goes", func(t *testing.T) {
		gone := resource.Edit{Actions: &[]resource.Action{more[0], more[1]}, Properties: &[]resource.Property{renamed[0], renamed[1], renamed[2], renamed[4]}}
		if err := change(2, gone); err != nil {
			t.Fatal(told(err), err)
		}
		gone = resource.Edit{Actions: &actions, Properties: &properties}
		if err := change(3, gone); err != nil {
			t.Fatal(told(err), err)
		}
	})
	t.Run("of several at once one is done", func(t *testing.T) {
		version := h.typ(t, "orders").Version
		together(t, 6, map[string]int{"done": 1, "stale": 5}, func(i int) error {
			return change(version, resource.Edit{Title: text(fmt.Sprint("Orders ", i))})
		})
	})
}

func (h house) retires(t *testing.T) {
	who, version := h.Who("platform.owner"), h.typ(t, "orders").Version
	one := access.Claim{Part: access.OfAction, Name: "count", Kind: access.Number, Text: "1"}
	if !h.ask("m1.operations", "orders:view", "second", one).Allowed {
		t.Fatal("they may not to begin with")
	}
	turn := func(what string, f func() (int64, error)) {
		t.Helper()
		if now, err := f(); err != nil || now != version+1 || h.Last().Action != what {
			t.Fatal(now, told(err), h.Last().Action)
		}
		version++
	}
	turn(audit.TypeRetired, func() (int64, error) { return h.Resources.Retire(t.Context(), who, "orders", version) })
	if h.ask("m1.operations", "orders:view", "second", one).Allowed {
		t.Error("they may although it is retired")
	}
	m1 := h.Who("m1.administrator")
	h.refused(t, "invalid permissions:unknown_permission", audit.RoleCreated, m1, func() error {
		_, err := h.Roles.Create(t.Context(), m1, m1.AccountID, roles.Draft{Name: "Late", Permits: []roles.Permit{{Permission: "orders:view"}}})
		return err
	})
	owner := h.Who("m1.owner")
	h.refused(t, "type_retired", audit.ResourceStored, owner, func() error {
		_, err := h.Resources.Put(t.Context(), owner, owner.AccountID, "orders", resource.Anew, resource.Putting{ID: "9", Entity: "M1"})
		return err
	})
	h.refused(t, "type_retired", audit.ResourceStored, owner, func() error {
		_, _, err := h.Resources.PutMany(t.Context(), owner, owner.AccountID, "orders", []resource.Putting{{ID: "9", Entity: "M1"}})
		return err
	})
	h.refused(t, "already_retired", audit.TypeRetired, who, func() error {
		_, err := h.Resources.Retire(t.Context(), who, "orders", version)
		return err
	})
	h.refused(t, "stale", audit.TypeReinstated, who, func() error {
		_, err := h.Resources.Reinstate(t.Context(), who, "orders", version-1)
		return err
	})
	turn(audit.TypeReinstated, func() (int64, error) { return h.Resources.Reinstate(t.Context(), who, "orders", version) })
	if !h.ask("m1.operations", "orders:view", "second", one).Allowed {
		t.Error("they may not, although it is reinstated")
	}
	h.refused(t, "not_retired", audit.TypeReinstated, who, func() error {
		_, err := h.Resources.Reinstate(t.Context(), who, "orders", version)
		return err
	})
	reader := h.Who("platform.reader")
	h.refused(t, "missing_permission", audit.TypeRetired, reader, func() error {
		_, err := h.Resources.Retire(t.Context(), reader, "orders", version)
		return err
	})
}

func (h house) userProperties(t *testing.T) {
	who := h.Who("platform.owner")
	clearance := resource.Property{Name: "clearance", Title: "Clearance", Kind: access.Number, Vouched: access.ByStore}
	must(t, h.Resources.RegisterUserProperty(t.Context(), who, clearance))
	if last := h.Last(); last.Action != audit.UserPropertyRegistered || last.ID != "clearance" || len(last.Changes) != 3 {
		t.Errorf("%+v", last)
	}
	now, err := h.Resources.ChangeUserProperty(t.Context(), who, "clearance", 1, "Level of clearance")
	if err != nil || now != 2 || h.Last().Action != audit.UserPropertyChanged {
		t.Error(now, told(err))
	}
	for name, in := range map[string]resource.Property{
		"invalid name:name_taken": clearance,
		"invalid name:part_name":  {Name: "1st", Title: "x", Kind: access.Text, Vouched: access.ByStore},
		"invalid title:required kind:one_of_those vouched:one_of_those": {Name: "x"},
	} {
		h.refused(t, name, audit.UserPropertyRegistered, who, func() error { return h.Resources.RegisterUserProperty(t.Context(), who, in) })
	}
	stranger := h.Who("m1.owner")
	h.refused(t, "not_found", audit.UserPropertyRegistered, stranger, func() error {
		return h.Resources.RegisterUserProperty(t.Context(), stranger, resource.Property{Name: "mine", Title: "x", Kind: access.Text, Vouched: access.ByStore})
	})
	h.refused(t, "not_found", audit.UserPropertyRetired, stranger, func() error {
		_, err := h.Resources.RetireUserProperty(t.Context(), stranger, "clearance", 2)
		return err
	})
	h.refused(t, "stale", audit.UserPropertyChanged, who, func() error {
		_, err := h.Resources.ChangeUserProperty(t.Context(), who, "clearance", 1, "x")
		return err
	})
	together(t, 6, map[string]int{"done": 1, "invalid name:name_taken": 5}, func(int) error {
		return h.Resources.RegisterUserProperty(t.Context(), who, resource.Property{Name: "department", Title: "Department", Kind: access.Text, Vouched: access.ByStore})
	})
	if now, err := h.Resources.RetireUserProperty(t.Context(), who, "clearance", 2); err != nil || now != 3 || len(h.Live.Load().UserProperties()) != 1 {
		t.Error(now, told(err))
	}
	if now, err := h.Resources.ReinstateUserProperty(t.Context(), who, "clearance", 3); err != nil || now != 4 || len(h.Live.Load().UserProperties()) != 2 {
		t.Error(now, told(err))
	}
}

func (h house) fills(t *testing.T) {
	platform := h.Who("platform.administrator")
	many := func(i int) resource.Draft {
		d := resource.Draft{Name: fmt.Sprintf("many_%d", i), Title: "Many", From: access.FromAccount}
		for n := range 20 {
			d.Actions = append(d.Actions, resource.Action{Name: fmt.Sprintf("do_%d", n), Title: "Do"})
		}
		return d
	}
	i := 0
	for ; i < 12; i++ {
		h.register(t, many(i)) // 240, beside the two of each of the two others
	}
	h.refused(t, "invalid actions:too_many_registered", audit.TypeRegistered, platform, func() error {
		return h.Resources.Register(t.Context(), platform, many(i))
	})
	list := append(orders().Actions, many(0).Actions[:7]...)
	h.refused(t, "invalid actions:too_many_registered", audit.TypeChanged, platform, func() error {
		_, err := h.Resources.Change(t.Context(), platform, "orders", h.typ(t, "orders").Version, resource.Edit{Actions: &list})
		return err
	})
}
