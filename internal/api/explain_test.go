package api_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"countersign/internal/access"
	"countersign/internal/api"
	"countersign/internal/audit"
	"countersign/internal/people"
	"countersign/internal/roles"
)

func TestExplanation(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		owner := h.as("m1.owner")
		at := func(label string, pairs ...string) string {
			q := url.Values{}
			for i := 0; i+1 < len(pairs); i += 2 {
				q.Set(pairs[i], pairs[i+1])
			}
			return "/api/v1/accounts/M1/users/" + h.User(label) + "/explanation?" + q.Encode()
		}
		t.Run("R13 K4 why somebody may, in words and as data", func(t *testing.T) {
			var x api.Explanation
			owner.get(at("m1.operations", "permission", "transactions:export", "entity", "M1-A", "second_factor", "true", "amount", "4200", "currency", "EUR")).is(http.StatusOK).into(&x)
			if !x.Allowed || x.Asked.Entity.CustomerID != "M1-A" || *x.Asked.Amount != 4200 || len(x.Memberships) != 1 || !x.Memberships[0].Assignments[0].Policies[0].Allows || len(x.Ways) != 0 {
				t.Errorf("%+v", x)
			}
			if !strings.Contains(x.Answer, "may export transactions for") || !strings.Contains(x.Answer, "the role \u2068Operations\u2069") {
				t.Error(x.Answer)
			}
		})
		t.Run("R13 why somebody may not, and what would change it", func(t *testing.T) {
			var x api.Explanation
			french := owner.with("Accept-Language", "fr")
			french.get(at("m1.reader_a", "permission", "payments:refund", "entity", "M1-B", "second_factor", "false")).is(http.StatusOK).into(&x)
			if x.Allowed || len(x.Ways) == 0 || x.Ways[0].Steps[0].Do != "give_role" || x.Ways[0].Steps[0].Role.Name == "" || x.Ways[0].Steps[1].Do != "second_factor" {
				t.Errorf("%+v", x)
			}
			for _, s := range append([]string{x.Answer, x.Ways[0].Steps[0].Sentence}, x.Sentences...) {
				if s == "" || strings.Contains(s, "[") {
					t.Errorf("%q", s)
				}
			}
		})
		t.Run("R13 K2 E11 what a service would say is part of the question, and of what is stored it says nothing", func(t *testing.T) {
			h.registered("m1.owner", "M1")
			who := h.Who("m1.owner")
			role, err := h.Roles.Create(t.Context(), who, who.AccountID, roles.Draft{Name: "Order desk", Permits: []roles.Permit{{Permission: "orders:view", Clauses: []access.Clause{
				{Part: access.OfResource, Name: "price", Op: access.AtMost, Most: 100}, {Part: access.OfAction, Name: "count", Op: access.AtMost, Most: 2}}}}})
			h.must(err)
			id := h.User("m1.reader_b")
			h.must(h.People.ChangeAccess(t.Context(), who, who.AccountID, id, h.Version("m1.reader_b"), people.Access{Roles: []string{role}, AllEntities: true}))
			why := "/api/v1/accounts/M1/users/" + id + "/explanation?permission=orders:view&entity=M1&resource=1"
			for said, allowed := range map[string]bool{"": false, "&said=resource.price%3D100&said=action.count%3D2": true, "&said=resource.price%3D100": false, "&said=resource.price%3D101&said=action.count%3D2": false} {
				var x api.Explanation
				owner.get(why + said).is(http.StatusOK).into(&x)
				if said == "" && (len(x.Ways) != 1 || len(x.Ways[0].Steps) != 2 || x.Ways[0].Steps[0].Clause.Property != "price" || x.Ways[0].Steps[0].Value != "100" || x.Ways[0].Steps[1].Sentence != "Do it so that Count is at most 2") {
					t.Errorf("advised is %+v", x.Ways)
				}
				if x.Allowed != allowed || len(x.Asked.Said) != strings.Count(said, "said=") {
					t.Errorf("%q: %v %+v", said, x.Allowed, x.Asked.Said)
				}
			}
			for said, wrong := range map[string]string{"resource.price": "", "resource.price=": "", "resource.price=1e3": "said.resource.price", "resource.status=open": "said", "resource.nothing=1": "said", "price=1": "said", "=": "said", "user.department=x": "said",
				"resource.price=1&said=resource.price=2": "said.resource.price"} {
				q := why + "&said=" + strings.ReplaceAll(strings.ReplaceAll(said, "=", "%3D"), "&said%3D", "&said=")
				switch {
				case wrong == "":
					owner.get(q).is(http.StatusOK)
				default:
					if p := owner.get(q).refused(http.StatusUnprocessableEntity, "invalid"); field(p, wrong) == "" {
						t.Errorf("%q: %+v", said, p)
					}
				}
			}
			if p := owner.get(why+strings.Repeat("&said=x%3D1", 101)).refused(http.StatusUnprocessableEntity, "invalid"); len(p.Errors) != 1 {
				t.Errorf("of too many: %d problems", len(p.Errors))
			}
			if p := owner.get("/api/v1/accounts/M1/users/"+id+"/explanation?permission=home:view&entity=M1&said=resource.price%3D1").refused(http.StatusUnprocessableEntity, "invalid"); field(p, "said") == "" {
				t.Errorf("of a permission that nobody registered: %+v", p)
			}
		})
		t.Run("R13 everybody may ask about themselves, and about nobody else", func(t *testing.T) {
			c := h.as("m1.operations")
			var x api.Explanation
			c.get(at("m1.operations", "permission", "users:create", "entity", "M1")).is(http.StatusOK).into(&x)
			if x.Allowed || len(x.Ask) == 0 || !strings.HasPrefix(x.Answer, "You may not") {
				t.Errorf("%+v", x)
			}
			c.get(at("m1.reader_a", "permission", "users:create", "entity", "M1")).refused(http.StatusForbidden, "missing_permission")
		})
		t.Run("R13 B15 what is odd is refused by its name", func(t *testing.T) {
			for query, want := range map[string]string{
				"permission=nothing:at_all&entity=M1":                                        "permission",
				"permission=payments:refund&entity=NONE":                                     "entity",
				"permission=payments:refund&entity=" + strings.Repeat("%F0%9F%92%A9", 500):   "entity",
				"permission=payments:refund&entity=M1&amount=-1":                             "amount",
				"permission=payments:refund&entity=M1&amount=99999999999999999999":           "amount",
				"permission=payments:refund&entity=M1&second_factor=maybe":                   "second_factor",
				"permission=payments:refund&entity=M1&ip=here":                               "ip",
				"permission=payments:refund&entity=M1&owner=%E2%80%AEx":                      "owner",
				"permission=payments:refund&entity=M1&location=loc_355c06m61fbe6bnepsk8mvrw": "location",
			} {
				a := owner.get("/api/v1/accounts/M1/users/"+h.User("m1.reader")+"/explanation?"+query).refused(http.StatusUnprocessableEntity, "invalid")
				if field(a, want) == "" {
					t.Errorf("%s: %+v", query, a)
				}
			}
			for _, query := range []string{"permission=a&permission=b&entity=M1", "permission=payments:refund&entity=M1&admin=true", "permission=%ff&entity=M1", "permission=a%00&entity=M1"} {
				if a := owner.get("/api/v1/accounts/M1/users/" + h.User("m1.reader") + "/explanation?" + query); a.status != http.StatusBadRequest {
					t.Errorf("%s: %d", query, a.status)
				}
			}
		})
		t.Run("R13 A01 A02 another account's ids are as good as none", func(t *testing.T) {
			same := func(a, b string) {
				t.Helper()
				if x, y := strip(owner.get(a).body), strip(owner.get(b).body); x != y {
					t.Errorf("%s\n%s", x, y)
				}
			}
			ask := "/explanation?permission=payments:refund&entity="
			users := "/api/v1/accounts/M1/users/"
			same(users+h.User("m2.reader")+ask+"M1", users+"usr_355c06m61fbe6bnepsk8mvrwym"+ask+"M1")
			same(users+h.User("m1.reader")+ask+h.Entity("M2-A").ID, users+h.User("m1.reader")+ask+"ent_355c06m61fbe6bnepsk8mvrwym")
			owner.get("/api/v1/accounts/M2/users/"+h.User("m2.reader")+ask+"M2").refused(http.StatusNotFound, "not_found")
			if n := len(h.entries("M2", audit.PageRefused, audit.Refused)); n != 0 {
				t.Errorf("the other account reads of it %d times", n)
			}
		})
		t.Run("R13 K4 a dry run of a change of access, and of an invitation", func(t *testing.T) {
			user := "/api/v1/accounts/M1/users/" + h.User("m1.reader_a")
			before := h.State()
			var e api.AccessEffect
			a := owner.post(user+"/access/preview", map[string]any{"roles": []string{h.Role("M1", "support")}, "entities": []string{"M1-B"}}).is(http.StatusOK)
			a.into(&e)
			if etag(a) == "" || len(e.Gains) == 0 || len(e.Loses) == 0 || e.Gains[0].Entities[0].CustomerID != "M1-B" || e.Loses[0].Entities[0].CustomerID != "M1-A" {
				t.Errorf("%+v", e)
			}
			owner.post("/api/v1/accounts/M1/users/preview", map[string]any{"roles": []string{h.Role("M1", "administrator")}, "all_entities": true}).is(http.StatusOK).into(&e)
			if len(e.Acknowledge) != 1 || len(e.Loses) != 0 || !e.Gains[0].AllEntities {
				t.Errorf("%+v", e)
			}
			if len(before) == 0 || len(h.State()) != len(before) {
				t.Error("something was done")
			}
			owner.post(user+"/access/preview", map[string]any{"roles": []string{h.Role("M2", "support")}, "all_entities": true}).refused(http.StatusUnprocessableEntity, "invalid")
			h.as("m1.auditor").post(user+"/access/preview", map[string]any{"roles": []string{}, "all_entities": true}).refused(http.StatusForbidden, "missing_permission")
		})
	})
}

// strip takes out what is different in every answer.
func strip(body string) string {
	at := strings.Index(body, `"request_id":"`)
	if at < 0 {
		return body
	}
	return body[:at] + body[at+len(`"request_id":"req_aywxvxwgswm6c9mjhvhv9dgkwm`):]
}
