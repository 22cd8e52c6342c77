package api_test

import "testing"

func TestSmoke(t *testing.T) {
	h := one(t)
	c := h.as("m1.owner")
	for _, p := range []string{"/api/v1/session", "/api/v1/me", "/api/v1/me/sessions", "/api/v1/accounts/M1", "/api/v1/accounts/M1/users", "/api/v1/accounts/M1/users/" + h.User("m1.reader"),
		"/api/v1/accounts/M1/users/" + h.User("m1.reader") + "/access", "/api/v1/accounts/M1/users/" + h.User("m1.reader") + "/activity", "/api/v1/accounts/M1/roles", "/api/v1/accounts/M1/entities", "/api/v1/accounts/M1/locations", "/api/v1/accounts/M1/audit", "/api/v1/accounts/M1/service-tokens", "/api/v1/permissions", "/api/openapi.json", "/.well-known/authzen-configuration"} {
		a := c.get(p)
		t.Logf("%d %s %.700s", a.status, a.what, a.body)
	}
	s, _ := h.service("M1")
	a := s.post("/access/v1/evaluation", map[string]any{"subject": map[string]any{"type": "user", "id": h.User("m1.reader")}, "action": map[string]any{"name": "view"}, "resource": map[string]any{"type": "transactions", "id": "1", "properties": map[string]any{"entity": "M1"}}})
	t.Logf("%d %s", a.status, a.body)
}
