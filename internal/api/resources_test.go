package api_test

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/org"
	"countersign/internal/resource"
	"countersign/internal/web"
)

// orders is a type of a platform's own, as most tests use it.
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

// registered registers orders and a property of users, and has somebody store order 1
// in their account, in its second version.
func (h *house) registered(label, customerID string) {
	h.t.Helper()
	ctx, platform := h.t.Context(), h.Who("platform.owner")
	h.must(h.Resources.Register(ctx, platform, orders()))
	h.must(h.Resources.RegisterUserProperty(ctx, platform, resource.Property{Name: "department", Title: "Department", Kind: access.Text, Vouched: access.ByStore}))
	for version := range int64(2) {
		status := []string{"new", "open"}[version]
		_, err := h.Resources.Put(ctx, h.Who(label), h.Account(customerID).ID, "orders", version, resource.Putting{ID: "1", Entity: customerID, Values: map[string]resource.Given{"status": {Text: status}}})
		h.must(err)
	}
}

// keeper is a program with a fresh service token of kind resources.
func (h *house) keeper(customerID string) caller {
	h.t.Helper()
	_, secret, err := h.Org.CreateToken(h.t.Context(), h.Who(strings.ToLower(customerID)+".owner"), h.Account(customerID).ID, org.Resources, "keeper "+rand.Text(), time.Time{})
	h.must(err)
	return h.bearer(secret)
}

func TestResourceTypes(t *testing.T) {
	h := one(t)
	h.registered("m1.owner", "M1")
	platform, owner := h.as("platform.owner"), h.as("m1.owner")
	match := func(c caller, version int) caller { return c.with("If-Match", fmt.Sprintf("%q", fmt.Sprint(version))) }
	t.Run("K2 a type is registered, read, changed, retired and reinstated", func(t *testing.T) {
		body := map[string]any{"name": "todos", "title": "To-dos", "entity_from": "account", "located": true,
			"actions":    []any{map[string]any{"name": "read", "title": "Read"}, map[string]any{"name": "drop", "title": "Drop", "needs_two_factor": true, "dangerous": true}},
			"properties": []any{map[string]any{"of": "resource", "name": "owner", "title": "Owner", "kind": "user", "vouched": "store"}}}
		a := platform.post("/api/v1/resource-types", body).is(http.StatusCreated)
		at := a.header.Get("Location")
		if at != "/api/v1/resource-types/todos" || a.object()["name"] != "todos" {
			t.Error(at, a.body)
		}
		got := platform.get(at).is(http.StatusOK)
		x := got.object()
		for name, want := range body {
			if diff := cmp.Diff(want, x[name]); diff != "" {
				t.Errorf("%s: %s", name, diff)
			}
		}
		if etag(got) != `"1"` || x["retired"] != false || x["retired_at"] != nil {
			t.Error(etag(got), got.body)
		}
		if p := platform.post("/api/v1/resource-types", body).refused(http.StatusUnprocessableEntity, "invalid"); field(p, "name") != "name_taken" {
			t.Error(p.Errors)
		}
		platform.do(http.MethodPatch, at, map[string]any{"title": "x"}).refused(http.StatusPreconditionRequired, "precondition")
		match(platform, 9).do(http.MethodPatch, at, map[string]any{"title": "x"}).refused(http.StatusPreconditionFailed, "stale")
		changed := match(platform, 1).do(http.MethodPatch, at, map[string]any{"title": "Tasks", "properties": []any{}}).is(http.StatusNoContent)
		if x := platform.get(at).object(); etag(changed) != `"2"` || x["title"] != "Tasks" || len(x["properties"].([]any)) != 0 || len(x["actions"].([]any)) != 2 {
			t.Error(etag(changed), x)
		}
		p := match(platform, 2).do(http.MethodPatch, at, map[string]any{"actions": []any{map[string]any{"name": "1st", "title": ""}}}).refused(http.StatusUnprocessableEntity, "invalid")
		if field(p, "actions[0].name") != "part_name" || field(p, "actions[0].title") != "required" {
			t.Error(p.Errors)
		}
		match(platform, 2).post(at+"/retirement", nil).is(http.StatusNoContent)
		match(platform, 3).post(at+"/retirement", nil).refused(http.StatusConflict, "already_retired")
		if x := platform.get(at).object(); x["retired"] != true || x["retired_at"] == nil {
			t.Error(x)
		}
		usable := func() string { return owner.get("/api/v1/accounts/M1/resource-types").is(http.StatusOK).body }
		if strings.Contains(usable(), "todos") || !strings.Contains(platform.get("/api/v1/resource-types").body, "todos") {
			t.Error("retired, it can still be used:", usable())
		}
		match(platform, 3).do(http.MethodDelete, at+"/retirement", nil).is(http.StatusNoContent)
		if !strings.Contains(usable(), "todos") {
			t.Error("reinstated, it cannot be used:", usable())
		}
		if x := platform.get("/api/v1/resource-types?limit=1").object(); len(x["items"].([]any)) != 1 || x["next_cursor"] == nil {
			t.Error("no pages:", x)
		}
	})
	t.Run("K2 properties of users likewise", func(t *testing.T) {
		a := platform.post("/api/v1/user-properties", map[string]any{"name": "level", "title": "Level", "kind": "number", "vouched": "store"}).is(http.StatusCreated)
		at := a.header.Get("Location")
		match(platform, 1).do(http.MethodPatch, at, map[string]any{"title": "Clearance"}).is(http.StatusNoContent)
		if x := platform.get(at).is(http.StatusOK).object(); x["title"] != "Clearance" || x["version"] != 2.0 {
			t.Error(x)
		}
		match(platform, 2).post(at+"/retirement", nil).is(http.StatusNoContent)
		if body := owner.get("/api/v1/accounts/M1/user-properties").is(http.StatusOK).body; strings.Contains(body, "level") || !strings.Contains(body, "department") {
			t.Error(body)
		}
		match(platform, 3).do(http.MethodDelete, at+"/retirement", nil).is(http.StatusNoContent)
		platform.get("/api/v1/user-properties/none").refused(http.StatusNotFound, "not_found")
	})
	t.Run("K2 permissions name what is registered, for those who see roles", func(t *testing.T) {
		var list struct {
			Items []struct {
				Permission, Name, Section        string
				Dangerous, Registered, Grantable bool
			}
		}
		owner.get("/api/v1/permissions").is(http.StatusOK).into(&list)
		last := list.Items[len(list.Items)-1]
		found := false
		for _, x := range list.Items {
			found = found || x.Permission == "orders:cancel" && x.Name == "Terminal orders – Cancel" && x.Section == "orders" && x.Dangerous && x.Registered && x.Grantable
		}
		if !found {
			t.Errorf("%+v", last)
		}
		if body := h.as("m1.operations").get("/api/v1/permissions").is(http.StatusOK).body; strings.Contains(body, "orders:") {
			t.Error("whoever sees no roles reads of it")
		}
	})
	t.Run("K2 a role restricted by clauses is made, read and shown", func(t *testing.T) {
		clauses := []any{map[string]any{"of": "resource", "property": "owner", "op": "own"}, map[string]any{"of": "resource", "property": "price", "op": "at_most", "most": 0.0},
			map[string]any{"of": "resource", "property": "status", "op": "one_of", "values": []any{"open", "new"}}, map[string]any{"of": "resource", "property": "status", "op": "same_as", "other": "department"}}
		role := owner.post("/api/v1/accounts/M1/roles", map[string]any{"name": "Orders", "permissions": []any{map[string]any{"permission": "orders:view", "clauses": clauses}}}).is(http.StatusCreated).object()["id"].(string)
		own := owner.get("/api/v1/accounts/M1/roles/" + role).is(http.StatusOK).object()["own_permissions"].([]any)
		clauses[2].(map[string]any)["values"] = []any{"new", "open"}
		if diff := cmp.Diff([]any{map[string]any{"permission": "orders:view", "clauses": clauses}}, own); diff != "" {
			t.Error(diff)
		}
		give := map[string]any{"roles": []string{role}, "all_entities": true}
		user := "/api/v1/accounts/M1/users/" + h.User("m1.reader")
		owner.with("If-Match", etag(owner.get(user))).do(http.MethodPut, user+"/access", give).is(http.StatusNoContent)
		if body := owner.get(user + "/access").is(http.StatusOK).body; !strings.Contains(body, `"permission":"orders:view"`) {
			t.Error("their access leaves it out:", body)
		}
		for _, c := range []struct {
			permission string
			clause     map[string]any
			code       string
		}{
			{"orders:view", map[string]any{"of": "resource", "property": "colour", "op": "own"}, "restriction_property"},
			{"orders:view", map[string]any{"of": "moon", "property": "status", "op": "own"}, "restriction_property"},
			{"orders:view", map[string]any{"of": "resource", "property": "status", "op": "like"}, "restriction_property"},
			{"orders:view", map[string]any{"of": "resource", "property": "status", "op": "at_most", "most": 5}, "restriction_number"},
			{"orders:view", map[string]any{"of": "resource", "property": "price", "op": "at_most", "most": -5}, "restriction_most"},
			{"orders:view", map[string]any{"of": "resource", "property": "price", "op": "one_of", "values": []string{"ten"}}, "restriction_values"},
			{"orders:view", map[string]any{"of": "resource", "property": "status", "op": "own"}, "restriction_user"},
			{"orders:view", map[string]any{"of": "resource", "property": "price", "op": "same_as", "other": "department"}, "restriction_same"},
			{"payments:view", map[string]any{"of": "resource", "property": "status", "op": "own"}, "restriction_not_here"},
		} {
			p := owner.post("/api/v1/accounts/M1/policies", map[string]any{"name": "Odd", "permissions": []any{map[string]any{"permission": c.permission, "clauses": []any{c.clause}}}}).refused(http.StatusUnprocessableEntity, "invalid")
			if field(p, "permissions") != c.code {
				t.Errorf("%v: %v, want %s", c.clause, p.Errors, c.code)
			}
		}
		for body, name := range map[string]string{
			`[{"of":"resource","property":"price","op":"at_most","most":"5"}]`: "permissions[0].clauses[0].most",
			`[{"of":"resource","property":"price","op":"at_most","most":1.5}]`: "permissions[0].clauses[0].most",
			`["own"]`: "permissions[0].clauses", `[{"of":["resource"],"property":"x","op":"own"}]`: "permissions[0].clauses[0].of",
		} {
			p := owner.post("/api/v1/accounts/M1/policies", `{"name":"Odd","permissions":[{"permission":"orders:view","clauses":`+body+`}]}`).refused(http.StatusBadRequest, "malformed_fields")
			if field(p, name) == "" {
				t.Errorf("%s: %v", body, p.Errors)
			}
		}
		p := owner.post("/api/v1/accounts/M1/roles", map[string]any{"name": "Cancels", "permissions": []any{map[string]any{"permission": "orders:cancel"}}}).refused(http.StatusUnprocessableEntity, "invalid")
		if field(p, "acknowledged") != "acknowledge_permissions" || !strings.Contains(p.Errors[0].Detail, "orders:cancel") || strings.Contains(p.Errors[0].Detail, "[") {
			t.Error(p.Errors)
		}
	})
	t.Run("A01 others are told that there is no such thing, and lower roles what is missing", func(t *testing.T) {
		body := map[string]any{"name": "mine", "title": "Mine", "entity_from": "store", "actions": []any{map[string]any{"name": "a", "title": "A"}}}
		for _, c := range []caller{owner, h.as("partner.owner")} {
			c.post("/api/v1/resource-types", body).refused(http.StatusNotFound, "not_found")
			a, b := c.get("/api/v1/resource-types/orders").is(http.StatusNotFound), c.get("/api/v1/resource-types/none").is(http.StatusNotFound)
			if strings.ReplaceAll(a.body, a.header.Get("X-Request-ID"), "") != strings.ReplaceAll(b.body, b.header.Get("X-Request-ID"), "") {
				t.Error(a.body, b.body)
			}
		}
		if p := h.as("platform.reader").post("/api/v1/resource-types", body).refused(http.StatusForbidden, "missing_permission"); p.Permission != "resource_types:manage" {
			t.Error(p)
		}
	})
}

func TestStoredResources(t *testing.T) {
	h := one(t)
	h.registered("m1.owner", "M1")
	owner, keeper := h.as("m1.owner"), h.keeper("M1")
	const orders = "/api/v1/accounts/M1/resources/orders"
	entity := h.Entity("M1-A").ID
	t.Run("K2 a person and a service store, read and remove", func(t *testing.T) {
		for name, c := range map[string]caller{"person": owner, "service": keeper} {
			at := orders + "/of%20" + name
			body := map[string]any{"entity": "M1-A", "properties": map[string]any{"status": "open", "price": 12, "express": true, "owner": nil}}
			a := c.do(http.MethodPut, at, body).is(http.StatusCreated)
			if etag(a) != `"1"` || a.header.Get("Location") != at || a.body != "" {
				t.Error(a.header, a.body)
			}
			got := c.get(at).is(http.StatusOK)
			x := got.object()
			delete(x, "changed_at")
			if diff := cmp.Diff(map[string]any{"id": "of " + name, "entity": entity, "properties": map[string]any{"status": "open", "price": 12.0, "express": true}, "version": 1.0}, x); diff != "" || etag(got) != `"1"` {
				t.Error(diff)
			}
			p := c.do(http.MethodPut, at, body).refused(http.StatusPreconditionRequired, "resource_there")
			if field(p, "id") != "id_taken" {
				t.Error(p.Errors)
			}
			body["properties"].(map[string]any)["price"] = 13
			if a = c.with("If-Match", `"1"`).do(http.MethodPut, at, body).is(http.StatusNoContent); etag(a) != `"2"` || a.header.Get("Location") != "" {
				t.Error(a.header)
			}
			c.with("If-Match", `"1"`).do(http.MethodPut, at, body).refused(http.StatusPreconditionFailed, "stale")
			c.with("If-Match", `"1"`).do(http.MethodPut, at+"x", body).refused(http.StatusNotFound, "not_found")
			c.do(http.MethodDelete, at, nil).refused(http.StatusPreconditionRequired, "precondition")
			c.with("If-Match", `"1"`).do(http.MethodDelete, at, nil).refused(http.StatusPreconditionFailed, "stale")
			c.with("If-Match", `"2"`).do(http.MethodDelete, at, nil).is(http.StatusNoContent)
			c.get(at).refused(http.StatusNotFound, "not_found")
		}
	})
	t.Run("K2 many at once, all or none, in pages", func(t *testing.T) {
		item := func(id, entity string) map[string]any { return map[string]any{"id": id, "entity": entity} }
		a := keeper.post(orders, map[string]any{"resources": []any{item("a", "M1-A"), item("b", "M1-B"), item("c/d e", "M1")}}).is(http.StatusOK)
		if diff := cmp.Diff(map[string]any{"added": 3.0, "changed": 0.0}, a.object()); diff != "" {
			t.Error(diff)
		}
		if diff := cmp.Diff(map[string]any{"added": 0.0, "changed": 1.0}, keeper.post(orders, map[string]any{"resources": []any{item("a", "M1-A"), item("b", "M1-A")}}).object()); diff != "" {
			t.Error(diff)
		}
		p := keeper.post(orders, map[string]any{"resources": []any{item("n", "M1-A"), item("a ", "M2"), map[string]any{"id": "n", "entity": "M1", "properties": map[string]any{"price": "1", "status": []any{}}}}}).refused(http.StatusUnprocessableEntity, "invalid")
		for name, want := range map[string]string{"resources[1].id": "resource_id", "resources[1].entity": "unknown_entity", "resources[2].id": "id_twice", "resources[2].properties.price": "value_number", "resources[2].properties.status": "value_text"} {
			if field(p, name) != want {
				t.Errorf("%s: %v", name, p.Errors)
			}
		}
		keeper.get(orders+"/n").refused(http.StatusNotFound, "not_found")
		var ids []any
		for next, pages := "", 0; ; pages++ {
			x := keeper.get(orders + "?limit=2" + next).is(http.StatusOK).object()
			for _, i := range x["items"].([]any) {
				ids = append(ids, i.(map[string]any)["id"])
			}
			if x["next_cursor"] == nil || pages > 5 {
				break
			}
			next = "&cursor=" + x["next_cursor"].(string)
		}
		if diff := cmp.Diff([]any{"1", "a", "b", "c/d e"}, ids); diff != "" {
			t.Error(diff)
		}
		if x := owner.get(orders + "?entity=M1-A").is(http.StatusOK).object(); len(x["items"].([]any)) != 2 {
			t.Error(x)
		}
		if p := owner.get(orders+"?entity=M2").refused(http.StatusUnprocessableEntity, "invalid"); field(p, "entity") != "unknown_entity" {
			t.Error(p.Errors)
		}
		keeper.get(orders + "?colour=red").is(http.StatusBadRequest)
		keeper.get(orders + "/c%2Fd%20e").is(http.StatusOK)
	})
	t.Run("K2 odd ids in the address", func(t *testing.T) {
		for _, id := range []string{"..", ".", "a/../b", "日本", "%", "a+b", "?x=1", "#", "a;jsessionid=1", strings.Repeat("b", 200), strings.Repeat("é", 100)} {
			at := orders + "/" + strings.ReplaceAll(url.PathEscape(id), ".", "%2E")
			keeper.do(http.MethodPut, at, map[string]any{"entity": "M1"}).is(http.StatusCreated)
			if x := keeper.get(at).is(http.StatusOK).object(); x["id"] != id {
				t.Errorf("%q is stored as %q", id, x["id"])
			}
			keeper.with("If-Match", `"1"`).do(http.MethodDelete, at, nil).is(http.StatusNoContent)
		}
		for _, at := range []string{"/%00", "/a%0Ab", "/%20a", "/" + strings.Repeat("a", 201), "/%FF", "/%E2%80%AEa"} {
			if a := keeper.do(http.MethodPut, orders+at, map[string]any{"entity": "M1"}); a.status != http.StatusNotFound && a.status != http.StatusUnprocessableEntity {
				t.Errorf("%s: %d %s", at, a.status, a.body)
			}
		}
	})
	t.Run("A14 another account's token, and one that asks for decisions", func(t *testing.T) {
		other := h.keeper("M2")
		a := other.get(orders).refused(http.StatusNotFound, "not_found")
		if last := h.Last(); last.AccountID != h.Account("M2").ID || last.Action != audit.PageRefused {
			t.Errorf("the other account's log tells of it: %+v", last)
		}
		if b := other.get("/api/v1/accounts/NOWHERE/resources/orders").refused(http.StatusNotFound, "not_found"); a.Detail != b.Detail {
			t.Error(a, b)
		}
		other.do(http.MethodPut, orders+"/x", map[string]any{"entity": "M1"}).refused(http.StatusNotFound, "not_found")
		other.with("If-Match", `"1"`).do(http.MethodDelete, orders+"/a", nil).refused(http.StatusNotFound, "not_found")
		asks, _ := h.service("M1")
		asks.get(orders).refused(http.StatusForbidden, "token_kind")
		asks.do(http.MethodPut, orders+"/x", map[string]any{"entity": "M1"}).refused(http.StatusForbidden, "token_kind")
		h.keeper("PARTNER").get(orders + "/a").is(http.StatusOK) // of an account above
		both := asks
		both.cookie = owner.cookie
		both.get(orders).refused(http.StatusForbidden, "token_kind") // the session does not stand in for it
		h.nobody().get(orders).refused(http.StatusUnauthorized, "sign_in_first")
		h.nobody().with("Authorization", "Basic eDp5").get(orders).refused(http.StatusUnauthorized, "token_refused")
	})
	t.Run("K2 a token for resources opens nothing else", func(t *testing.T) {
		for _, o := range h.api.Operations() {
			if o.Needs == web.Anybody || o.Needs == web.Either {
				continue
			}
			path := strings.NewReplacer("{customerID}", "M1", "{id}", h.User("m1.reader"), "{name}", "orders", "{role}", "x", "{key}", "x", "{seq}", "1", "{session}", "x").Replace(o.Path)
			want := http.StatusUnauthorized
			if strings.HasPrefix(path, "/access/") { // a good token, of another kind
				want = http.StatusForbidden
			}
			if a := keeper.with("If-Match", `"1"`).do(o.Method, path, map[string]any{}); a.status != want {
				t.Errorf("%s %s: %d %.200s", o.Method, path, a.status, a.body)
			}
		}
	})
	t.Run("K2 properties of a user are read and replaced", func(t *testing.T) {
		at := "/api/v1/accounts/M1/users/" + h.User("m1.reader") + "/properties"
		a := owner.get(at).is(http.StatusOK)
		owner.do(http.MethodPut, at, map[string]any{"properties": map[string]any{}}).refused(http.StatusPreconditionRequired, "precondition")
		owner.with("If-Match", etag(a)).do(http.MethodPut, at, map[string]any{"properties": map[string]any{"department": "Sales"}}).is(http.StatusNoContent)
		b := owner.get(at).is(http.StatusOK)
		if diff := cmp.Diff(map[string]any{"properties": map[string]any{"department": "Sales"}}, b.object()); diff != "" || etag(a) == etag(b) {
			t.Error(diff)
		}
		p := owner.with("If-Match", etag(b)).do(http.MethodPut, at, map[string]any{"properties": map[string]any{"department": 5}}).refused(http.StatusUnprocessableEntity, "invalid")
		if field(p, "properties.department") != "value_text" {
			t.Error(p.Errors)
		}
		mine := "/api/v1/accounts/M1/users/" + h.User("m1.owner") + "/properties"
		owner.with("If-Match", etag(owner.get(mine))).do(http.MethodPut, mine, map[string]any{"properties": map[string]any{"department": "Sales"}}).refused(http.StatusForbidden, "own_access")
	})
	t.Run("K2 a token's kind is chosen when it is made, and shown", func(t *testing.T) {
		tokens := "/api/v1/accounts/M1/service-tokens"
		made := owner.post(tokens, map[string]any{"name": "Order service", "kind": "resources"}).is(http.StatusCreated).object()
		if made["kind"] != "resources" || owner.post(tokens, map[string]any{"name": "Gateway"}).is(http.StatusCreated).object()["kind"] != "decisions" {
			t.Error(made)
		}
		if p := owner.post(tokens, map[string]any{"name": "x", "kind": "everything"}).refused(http.StatusUnprocessableEntity, "invalid"); field(p, "kind") != "token_kind" {
			t.Error(p.Errors)
		}
		c := h.nobody()
		c.bearer = made["token"].(string)
		c.get(orders).is(http.StatusOK)
		c.post("/access/v1/evaluation", `{"subject":{"type":"user","id":"x"},"action":{"name":"view"},"resource":{"type":"orders","id":"1"}}`).is(http.StatusForbidden)
		owner.do(http.MethodDelete, tokens+"/"+made["id"].(string), nil).is(http.StatusNoContent)
		c.get(orders).refused(http.StatusUnauthorized, "token_refused")
	})
}
