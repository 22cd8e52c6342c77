package api_test

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/roles"
)

// customRole makes a role of payments:view in somebody's account, at version 2.
func (h *house) customRole(label, name string) string {
	h.t.Helper()
	who := h.Who(label)
	id, err := h.Roles.Create(h.t.Context(), who, who.AccountID, roles.Draft{Name: name, Permits: []roles.Permit{{Permission: "payments:view"}}})
	h.must(err)
	about := "At version 2."
	_, err = h.Roles.Edit(h.t.Context(), who, who.AccountID, id, 1, roles.Edit{Description: &about})
	h.must(err)
	return id
}

// policyOf makes a policy of payments:view in somebody's account, at version 2.
func (h *house) policyOf(label, name string) string {
	h.t.Helper()
	who := h.Who(label)
	id, err := h.Roles.CreatePolicy(h.t.Context(), who, who.AccountID, roles.PolicyDraft{Name: name, Permits: []roles.Permit{{Permission: "payments:view"}}})
	h.must(err)
	about := "At version 2."
	_, err = h.Roles.EditPolicy(h.t.Context(), who, who.AccountID, id, 1, roles.PolicyEdit{Description: &about})
	h.must(err)
	return id
}

const rolesAt = "/api/v1/accounts/M1/roles"

func TestRoles(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		owner := h.as("m1.owner")
		refund := map[string]any{"permission": "payments:refund", "max_amount": 5000, "currency": "EUR", "states": []string{"successful"}}
		var id, version string
		t.Run("R2 K4 a role is made, read, changed and deleted", func(t *testing.T) {
			a := owner.post(rolesAt, map[string]any{"name": "Night shift", "permissions": []any{refund, map[string]any{"permission": "transactions:search", "own_only": false}}}).is(http.StatusCreated)
			id = a.object()["id"].(string)
			at := rolesAt + "/" + id
			if a.header.Get("Location") != at {
				t.Errorf("Location %q", a.header.Get("Location"))
			}
			a = owner.get(at).is(http.StatusOK)
			version = etag(a)
			if version != `"1"` || !strings.Contains(a.body, `"max_amount":5000`) || !strings.Contains(a.body, `"restricted":["payments:refund"]`) {
				t.Errorf("%s %s", version, a.body)
			}
			owner.do(http.MethodPatch, at, map[string]any{"description": "x"}).refused(http.StatusPreconditionRequired, "precondition")
			a = owner.with("If-Match", version).do(http.MethodPatch, at, map[string]any{"description": "Refunds."}).is(http.StatusNoContent)
			if etag(a) != `"2"` {
				t.Errorf("afterwards it is %s", etag(a))
			}
			owner.with("If-Match", version).do(http.MethodPatch, at, map[string]any{"description": "late"}).refused(http.StatusPreconditionFailed, "stale")
			if list := owner.get(rolesAt + "?limit=200").is(http.StatusOK); !strings.Contains(list.body, id) {
				t.Error("R19 it is not in the list")
			}
			if list := owner.get(rolesAt + "?sort=popular&limit=1").is(http.StatusOK); !strings.Contains(list.body, `"key":"read_only"`) {
				t.Errorf("R19 the most popular: %s", list.body)
			}
		})
		at := rolesAt + "/" + id
		t.Run("R6 a preview names who gains and loses", func(t *testing.T) {
			user := "/api/v1/accounts/M1/users/" + h.User("m1.reader_a")
			owner.with("If-Match", fmt.Sprintf(`"%d"`, h.Version("m1.reader_a"))).do(http.MethodPut, user+"/access", map[string]any{"roles": []string{id}, "entities": []string{"M1-A"}}).is(http.StatusNoContent)
			a := owner.post(at+"/preview", map[string]any{"permissions": []any{map[string]any{"permission": "transactions:view"}}}).is(http.StatusOK)
			for _, want := range []string{`"gain":1`, `"lose":1`, `"holders":1`, h.User("m1.reader_a"), `"name":"Reader_a M1"`, `"gains":["transactions:view"]`} {
				if !strings.Contains(a.body, want) {
					t.Errorf("no %s in %s", want, a.body)
				}
			}
			a = owner.get(at + "/removal").is(http.StatusOK)
			if !strings.Contains(a.body, `"fall_back":1`) || !strings.Contains(a.body, h.Role("M1", "read_only")) {
				t.Error(a.body)
			}
		})
		t.Run("R5 a clone says what it left out", func(t *testing.T) {
			a := owner.post(rolesAt+"/"+h.Role("M1", "access_administrator")+"/clone", map[string]any{"name": "People", "acknowledged": []string{"users:manage_2fa"}}).is(http.StatusCreated)
			if got := fmt.Sprint(a.object()["left_out"]); got != "[]" {
				t.Error(got)
			}
			p := owner.post(rolesAt+"/"+h.Role("M1", "administrator")+"/clone", map[string]any{"name": "Everything"}).refused(http.StatusUnprocessableEntity, "invalid")
			if field(p, "permissions") != "toxic_role" || field(p, "acknowledged") != "acknowledge_permissions" {
				t.Errorf("%+v", p)
			}
		})
		t.Run("R3 a policy is made, used, changed and, when no role has it, deleted", func(t *testing.T) {
			const all = "/api/v1/accounts/M1/policies"
			policy := owner.post(all, map[string]any{"name": "Disputes", "permissions": []any{map[string]any{"permission": "disputes:view"}}}).is(http.StatusCreated).object()["id"].(string)
			owner.with("If-Match", `"2"`).do(http.MethodPatch, at, map[string]any{"policies": []string{policy}}).is(http.StatusNoContent)
			if a := owner.get(all).is(http.StatusOK); !strings.Contains(a.body, id) {
				t.Errorf("the role is not among those that have it: %s", a.body)
			}
			p := owner.with("If-Match", `"1"`).do(http.MethodDelete, all+"/"+policy, nil).refused(http.StatusConflict, "policy_in_use")
			if !strings.Contains(p.Detail, "Night shift") {
				t.Error(p.Detail)
			}
			a := owner.post(all+"/"+policy+"/preview", map[string]any{"permissions": []any{map[string]any{"permission": "disputes:accept"}}}).is(http.StatusOK)
			if !strings.Contains(a.body, `"gains":["disputes:accept"]`) {
				t.Error(a.body)
			}
			a = owner.with("If-Match", `"1"`).do(http.MethodPatch, all+"/"+policy, map[string]any{"permissions": []any{map[string]any{"permission": "disputes:accept"}}}).is(http.StatusNoContent)
			if etag(a) != `"2"` || !strings.Contains(owner.get(all+"/"+policy).is(http.StatusOK).body, "disputes:accept") {
				t.Error("it is as it was")
			}
			version := etag(owner.get(at).is(http.StatusOK))
			owner.with("If-Match", version).do(http.MethodPatch, at, map[string]any{"policies": []string{}}).is(http.StatusNoContent)
			owner.with("If-Match", `"2"`).do(http.MethodDelete, all+"/"+policy, nil).is(http.StatusNoContent)
		})
		t.Run("R12 the toxic combinations, and who has one", func(t *testing.T) {
			const toxic = "/api/v1/accounts/M1/toxic-combinations"
			a := owner.get(toxic).is(http.StatusOK)
			if !strings.Contains(a.body, `"key":"both_approvals"`) || !strings.Contains(a.body, `"mode":"blocked"`) {
				t.Error(a.body)
			}
			user := "/api/v1/accounts/M1/users/" + h.User("m1.reader_b")
			both := map[string]any{"roles": []string{h.Role("M1", "first_approver"), h.Role("M1", "second_approver")}, "all_entities": true}
			p := owner.with("If-Match", fmt.Sprintf(`"%d"`, h.Version("m1.reader_b"))).do(http.MethodPut, user+"/access", both).refused(http.StatusUnprocessableEntity, "invalid")
			if field(p, "roles") != "toxic_combination" {
				t.Errorf("B20 %+v", p)
			}
			invitee := map[string]any{"first_name": "Ada", "email": "ada.both@example.com", "roles": both["roles"], "all_entities": true}
			if p := owner.post("/api/v1/accounts/M1/users", invitee).refused(http.StatusUnprocessableEntity, "invalid"); field(p, "roles") != "toxic_combination" {
				t.Errorf("B20 by invitation: %+v", p)
			}
			h.Set("M1", "toxic_off", "both_approvals")
			owner.with("If-Match", fmt.Sprintf(`"%d"`, h.Version("m1.reader_b"))).do(http.MethodPut, user+"/access", both).is(http.StatusNoContent)
			h.Set("M1", "toxic_off", "")
			a = owner.get(toxic + "/both_approvals/users").is(http.StatusOK)
			if !strings.Contains(a.body, h.User("m1.reader_b")) || !strings.Contains(a.body, `"name":"Reader_b M1"`) {
				t.Error(a.body)
			}
			owner.get(toxic+"/nosuch/users").refused(http.StatusNotFound, "not_found")
		})
		t.Run("R7 the matrix of all roles, of some, and where they differ", func(t *testing.T) {
			bounded := owner.post(rolesAt, map[string]any{"name": "=Bounded", "permissions": []any{refund}}).is(http.StatusCreated).object()["id"].(string)
			const at = "/api/v1/accounts/M1/matrix"
			var all struct {
				Roles       []struct{ ID, Key, Name string }
				Permissions []struct {
					Permission, Title, Section string
					Given, Restrictions        []string
				}
			}
			owner.get(at).is(http.StatusOK).into(&all)
			column := slices.IndexFunc(all.Roles, func(r struct{ ID, Key, Name string }) bool { return r.ID == bounded })
			if column < 0 || len(all.Permissions) != len(access.Permissions()) {
				t.Fatalf("column %d of %d, %d lines", column, len(all.Roles), len(all.Permissions))
			}
			for _, l := range all.Permissions {
				want := map[string]string{"payments:refund": "some", "page:payments": "all"}[l.Permission]
				if got := l.Given[column]; got != cmp.Or(want, "none") || (got == "some") != (l.Restrictions[column] != "") || len(l.Given) != len(all.Roles) {
					t.Errorf("%+v", l)
				}
			}
			two := owner.get(at + "?differ=true&search=payments&role=" + h.Role("M1", "owner") + "," + h.Role("M1", "read_only")).is(http.StatusOK)
			if !strings.Contains(two.body, `"payments:refund"`) || strings.Contains(two.body, `"payments:view"`) || strings.Contains(two.body, `"home:view"`) || strings.Contains(two.body, bounded) {
				t.Errorf("what two differ about: %s", two.body)
			}
			file := owner.get(at + "/export?search=payments&role=" + bounded).is(http.StatusOK)
			if !strings.Contains(file.body, `"'=Bounded"`) || !strings.Contains(file.body, "\"payments:refund\",\"For some records\"\r\n") || strings.Contains(file.body, "Auditor") {
				t.Errorf("the file: %s", file.body)
			}
			taken := h.entries("M1", audit.MatrixExported, "done")
			if len(taken) != 1 || !slices.Equal(taken[0].Changes, []audit.Change{{Field: "filter_search", After: "true"}, {Field: "filter_role", After: bounded}}) {
				t.Errorf("recorded: %+v", taken)
			}
			for _, odd := range []string{"?role=rol_none", "?role=" + bounded + ",", "?role=" + h.Role("M2", "owner"), "?differ=maybe"} {
				for _, door := range []string{at, at + "/export"} {
					owner.get(door+odd).refused(http.StatusUnprocessableEntity, "invalid")
				}
			}
			if n := len(h.entries("M1", audit.MatrixExported, "done")); n != 1 {
				t.Errorf("%d files are recorded after refusals", n)
			}
			h.as("m1.reader").get(at).refused(http.StatusForbidden, "missing_permission")
			h.as("m1.reader").get(at+"/export").refused(http.StatusForbidden, "missing_permission")
			owner.get("/api/v1/accounts/M2/matrix").refused(http.StatusNotFound, "not_found")
		})
		t.Run("R18 a copy of a template is adjusted, and stands in the user's access", func(t *testing.T) {
			template := owner.post(rolesAt, map[string]any{"name": "Desk", "template": true, "permissions": []any{map[string]any{"permission": "payments:view"}}}).is(http.StatusCreated).object()["id"].(string)
			user := "/api/v1/accounts/M1/users/" + h.User("m1.operations")
			owner.with("If-Match", fmt.Sprintf(`"%d"`, h.Version("m1.operations"))).do(http.MethodPut, user+"/access", map[string]any{"roles": []string{template}, "all_entities": true}).is(http.StatusNoContent)
			a := owner.get(user + "/access").is(http.StatusOK)
			mine := a.object()["assignments"].([]any)[0].(map[string]any)
			if mine["role_name"] != "Desk" || mine["role"] == template || mine["copy_of"] != template {
				t.Fatalf("%s", a.body)
			}
			a = owner.with("If-Match", etag(a)).do(http.MethodPut, user+"/access/"+mine["role"].(string), map[string]any{"permissions": []any{map[string]any{"permission": "disputes:view"}}}).is(http.StatusOK)
			if etag(a) != fmt.Sprintf(`"%d"`, h.Version("m1.operations")) || !h.Decide("m1.operations", "disputes:view", "M1").Allowed || h.Decide("m1.operations", "payments:view", "M1").Allowed {
				t.Error("it is not as adjusted")
			}
		})
		t.Run("B12 deleting it says who fell back", func(t *testing.T) {
			a := owner.with("If-Match", etag(owner.get(at))).do(http.MethodDelete, at, nil).is(http.StatusOK)
			if a.body != `{"fell_back":1}` {
				t.Error(a.body)
			}
			owner.get(at).refused(http.StatusNotFound, "not_found")
		})
	})
}

// TestRoleAttacks tries to gain by roles and policies what nobody may, over HTTP.
func TestRoleAttacks(t *testing.T) {
	h := one(t)
	owner, administrator := h.as("m1.owner"), h.as("m1.administrator")
	role, policy := h.customRole("m1.owner", "Ours"), h.policyOf("m1.owner", "Ours")
	theirs, theirPolicy := h.customRole("m2.owner", "Theirs"), h.policyOf("m2.owner", "Theirs")
	match := func(c caller) caller { return c.with("If-Match", `"2"`) }
	permission := func(names ...string) []any {
		var out []any
		for _, name := range names {
			out = append(out, map[string]any{"permission": name})
		}
		return out
	}
	t.Run("B03 what nobody may give, by every door", func(t *testing.T) {
		for _, name := range []string{"roles:manage", "policies:manage", "account:transfer_ownership", "*", "roles:*", "page:accounts", "accounts:create"} {
			for _, c := range []struct{ method, path string }{{"POST", "/roles"}, {"PATCH", "/roles/" + role}, {"POST", "/roles/" + role + "/preview"}, {"POST", "/policies"}, {"PATCH", "/policies/" + policy}, {"POST", "/policies/" + policy + "/preview"}} {
				body := map[string]any{"name": "Gain", "permissions": permission("payments:view", name)}
				p := match(owner).do(c.method, "/api/v1/accounts/M1"+c.path, body).refused(http.StatusUnprocessableEntity, "invalid")
				if code := field(p, "permissions"); !slices.Contains([]string{"permission_ungrantable", "permission_above_level", "unknown_permission"}, code) || !strings.Contains(p.Errors[0].Detail, name) {
					t.Errorf("%s %s with %s: %+v", c.method, c.path, name, p.Errors)
				}
			}
		}
	})
	t.Run("B13 B15 what is not a field, or not of its kind, is refused", func(t *testing.T) {
		for _, c := range []struct{ body, code string }{
			{`{"name":"x","permissions":[{"permission":"home:view"}],"administrator":true}`, "unknown_field"},
			{`{"name":"x","permissions":[{"permission":"home:view"}],"key":"owner"}`, "unknown_field"},
			{`{"name":"x","permissions":[{"permission":"home:view"}],"legacy":true}`, "unknown_field"},
			{`{"name":"x","permissions":[{"permission":"home:view"}],"holders":5,"id":"rol_x"}`, "unknown_field"},
			{`{"name":"x","permissions":[{"permission":"home:view","condition":""}]}`, "unknown_field"},
			{`{"name":"x","permissions":[{"permission":"home:view","permission":"roles:manage"}]}`, "field_twice"},
			{`{"name":"x","name":"y","permissions":[]}`, "field_twice"},
			{`{"name":"x","permissions":["home:view"]}`, "malformed_fields"},
			{`{"name":"x","permissions":{"permission":"home:view"}}`, "malformed_fields"},
			{`{"name":"x","permissions":[{"permission":["home:view"]}]}`, "malformed_fields"},
			{`{"name":"x","permissions":[{"permission":"payments:refund","max_amount":"5","currency":"EUR"}]}`, "malformed_fields"},
			{`{"name":"x","permissions":[{"permission":"payments:refund","max_amount":1e3,"currency":"EUR"}]}`, "malformed_fields"},
			{`{"name":"x","permissions":[{"permission":"payments:refund","max_amount":99999999999999999999,"currency":"EUR"}]}`, "malformed_fields"},
			{`{"name":"x","permissions":[{"permission":"payments:void","own_only":"true"}]}`, "malformed_fields"},
			{`{"name":["x"],"permissions":[]}`, "malformed_fields"},
		} {
			owner.do(http.MethodPost, rolesAt, c.body).refused(http.StatusBadRequest, c.code)
		}
		p := owner.do(http.MethodPost, rolesAt, `{"name":"x","permissions":[{"permission":"home:view"},{"own_only":true}]}`).refused(http.StatusUnprocessableEntity, "invalid")
		if field(p, "permissions[1].permission") != "required" {
			t.Errorf("%+v", p.Errors)
		}
		owner.get(rolesAt+"?sort=popular&sort=x").refused(http.StatusBadRequest, "field_twice")
	})
	t.Run("B22 a policy with ten thousand permissions", func(t *testing.T) {
		p := owner.post("/api/v1/accounts/M1/policies", map[string]any{"name": "Huge", "permissions": permission(make([]string, 10_000)...)})
		if p.status != http.StatusUnprocessableEntity && p.status != http.StatusRequestEntityTooLarge {
			t.Errorf("%d", p.status)
		}
	})
	t.Run("A01 A02 B05 another account's ids are answered as ones that do not exist", func(t *testing.T) {
		for _, c := range []struct{ method, path, body string }{
			{"GET", "/roles/{r}", ""}, {"PATCH", "/roles/{r}", `{"name":"Mine"}`}, {"DELETE", "/roles/{r}", ""}, {"POST", "/roles/{r}/preview", `{"name":"Mine"}`}, {"GET", "/roles/{r}/removal", ""},
			{"POST", "/roles/{r}/clone", `{"name":"Mine"}`}, {"GET", "/policies/{p}", ""}, {"PATCH", "/policies/{p}", `{"name":"Mine"}`}, {"DELETE", "/policies/{p}", ""}, {"POST", "/policies/{p}/preview", `{"name":"Mine"}`},
			{"PUT", "/users/" + h.User("m1.reader") + "/access/{r}", `{"permissions":[{"permission":"home:view"}]}`},
		} {
			var bodies []string
			for _, ids := range [][2]string{{theirs, theirPolicy}, {"rol_00000000000000000000000000", "pol_00000000000000000000000000"}} {
				path := strings.NewReplacer("{r}", ids[0], "{p}", ids[1]).Replace(c.path)
				by := owner.with("If-Match", fmt.Sprintf(`"%d"`, max(2, h.Version("m1.reader"))))
				var body any
				if c.body != "" {
					body = c.body
				}
				a := by.do(c.method, "/api/v1/accounts/M1"+path, body)
				p := a.refused(http.StatusNotFound, "not_found")
				bodies = append(bodies, p.Type+p.Title+p.Detail)
			}
			if bodies[0] != bodies[1] {
				t.Errorf("%s %s tells them apart: %q", c.method, c.path, bodies)
			}
		}
		for _, ids := range []string{theirPolicy, "pol_00000000000000000000000000"} {
			p := match(owner).do(http.MethodPatch, rolesAt+"/"+role, map[string]any{"policies": []string{ids}}).refused(http.StatusUnprocessableEntity, "invalid")
			if field(p, "policies") != "unknown_policy" {
				t.Errorf("%+v", p)
			}
		}
		owner.get("/api/v1/accounts/M2/roles/"+theirs).refused(http.StatusNotFound, "not_found")
	})
	t.Run("B01 B04 an administrator gains nothing by a role or a policy of their own", func(t *testing.T) {
		who := h.Who("m1.administrator")
		user := "/api/v1/accounts/M1/users/" + who.ID
		mine := map[string]any{"roles": []string{h.Role("M1", "administrator"), role}, "all_entities": true, "acknowledged": true}
		administrator.with("If-Match", fmt.Sprintf(`"%d"`, h.Version("m1.administrator"))).do(http.MethodPut, user+"/access", mine).refused(http.StatusForbidden, "own_access")
		owner.with("If-Match", fmt.Sprintf(`"%d"`, h.Version("m1.administrator"))).do(http.MethodPut, user+"/access", mine).is(http.StatusNoContent)
		match(administrator).do(http.MethodPatch, rolesAt+"/"+role, map[string]any{"permissions": permission("payments:view", "kyc:search")}).refused(http.StatusForbidden, "own_role")
		if last := h.Last(); last.Outcome != audit.Refused || last.Action != audit.RoleChanged || last.ID != role {
			t.Errorf("%+v", last)
		}
	})
	t.Run("B02 B07 whom an administrator creates holds no more than they do, and cannot pass it on", func(t *testing.T) {
		limited := h.as("m1.limited") // an administrator of M1-A
		limited.post(rolesAt, map[string]any{"name": "Mine", "permissions": permission("payments:view")}).refused(http.StatusForbidden, "roles_not_whole")
		wide := owner.post(rolesAt, map[string]any{"name": "Wide", "permissions": permission("kyc:search")}).is(http.StatusCreated).object()["id"].(string)
		invitee := map[string]any{"first_name": "B", "email": "b02@example.com", "roles": []string{wide}, "entities": []string{"M1-B"}}
		limited.post("/api/v1/accounts/M1/users", invitee).refused(http.StatusForbidden, "entities_not_held")
		access := h.as("m1.access") // holds no kyc:search
		invitee["entities"] = []string{"M1-A"}
		access.post("/api/v1/accounts/M1/users", invitee).refused(http.StatusForbidden, "role_not_yours_to_give")
		limited.post("/api/v1/accounts/M1/users", invitee).is(http.StatusCreated)
	})
	t.Run("B08 predefined roles stay as they are", func(t *testing.T) {
		for _, key := range []string{"administrator", "owner", "read_only"} {
			at := rolesAt + "/" + h.Role("M1", key)
			version := owner.with("If-Match", etag(owner.get(at).is(http.StatusOK)))
			version.do(http.MethodPatch, at, map[string]any{"permissions": permission("home:view")}).refused(http.StatusConflict, "predefined_role")
			version.do(http.MethodDelete, at, nil).refused(http.StatusConflict, "predefined_role")
		}
		for _, name := range []string{"Administrator ", "Аdministrator", "ADMINISTRATOR", "Administrateur"} {
			p := match(owner).do(http.MethodPatch, rolesAt+"/"+role, map[string]any{"name": name}).refused(http.StatusUnprocessableEntity, "invalid")
			if field(p, "name") != "name_reserved" {
				t.Errorf("%q: %+v", name, p)
			}
		}
	})
	t.Run("R8 nobody but owner and administrators changes roles", func(t *testing.T) {
		for _, label := range []string{"m1.access", "m1.auditor", "m1.reader", "m1.operations"} {
			by := match(h.as(label))
			for _, c := range []struct{ method, path string }{{"POST", "/roles"}, {"PATCH", "/roles/" + role}, {"DELETE", "/roles/" + role}, {"POST", "/roles/" + role + "/clone"}, {"POST", "/policies"}, {"PATCH", "/policies/" + policy}, {"DELETE", "/policies/" + policy}} {
				var body any
				if c.method != "DELETE" {
					body = map[string]any{"name": "x", "permissions": permission("home:view")}
					if strings.HasSuffix(c.path, "clone") {
						body = map[string]any{"name": "x"}
					}
				}
				p := by.do(c.method, "/api/v1/accounts/M1"+c.path, body).refused(http.StatusForbidden, "missing_permission")
				if want := map[bool]string{true: "policies:manage", false: "roles:manage"}[strings.HasPrefix(c.path, "/policies")]; p.Permission != want {
					t.Errorf("%s %s names %s", c.method, c.path, p.Permission)
				}
			}
		}
	})
	t.Run("B18 a session whose role lost a right uses the new ones on its next request", func(t *testing.T) {
		user := "/api/v1/accounts/M1/users/" + h.User("m1.reader")
		seer := owner.post(rolesAt, map[string]any{"name": "Sees roles", "permissions": permission("roles:view", "home:view")}).is(http.StatusCreated).object()["id"].(string)
		owner.with("If-Match", fmt.Sprintf(`"%d"`, h.Version("m1.reader"))).do(http.MethodPut, user+"/access", map[string]any{"roles": []string{seer}, "all_entities": true}).is(http.StatusNoContent)
		reader := h.as("m1.reader")
		reader.get(rolesAt).is(http.StatusOK)
		owner.with("If-Match", `"1"`).do(http.MethodPatch, rolesAt+"/"+seer, map[string]any{"permissions": permission("home:view")}).is(http.StatusNoContent)
		reader.get(rolesAt).refused(http.StatusForbidden, "missing_permission")
	})
}
