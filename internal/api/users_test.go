package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/api"
	"countersign/internal/test/testdb"
	"countersign/internal/web"
)

func (h *house) at(label string) string { return "/api/v1/accounts/M1/users/" + h.User(label) }

func TestChanges(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		owner, reader := h.as("m1.owner"), h.as("m1.reader")
		service, _ := h.service("M1")
		ask := question(h.User("m1.reader"), "transactions", "view", "M1")
		t.Run("U9 deactivated: the very next request is refused, and the decision is deny", func(t *testing.T) {
			reader.get("/api/v1/session").is(http.StatusOK)
			allowed(t, service.post("/access/v1/evaluation", ask), true)
			seen := owner.get(h.at("m1.reader")).is(http.StatusOK)
			changed := owner.with("If-Match", etag(seen)).post(h.at("m1.reader")+"/deactivation", map[string]any{"reason": "left"}).is(http.StatusNoContent)
			reader.get("/api/v1/session").refused(http.StatusUnauthorized, "session_ended")
			allowed(t, service.post("/access/v1/evaluation", ask), false, "inactive_membership")
			now := owner.get(h.at("m1.reader"))
			if now.object()["status"] != "deactivated" || etag(now) != etag(changed) {
				t.Errorf("%s, ETag %s after %s", now.body, etag(now), etag(changed))
			}
			owner.with("If-Match", etag(now)).do(http.MethodDelete, h.at("m1.reader")+"/deactivation", nil).is(http.StatusNoContent)
			allowed(t, service.post("/access/v1/evaluation", ask), true)
			reader.get("/api/v1/session").is(http.StatusUnauthorized)
		})
		t.Run("K4 a write says which version it saw", func(t *testing.T) {
			at := h.at("m1.auditor") + "/deactivation"
			version := etag(owner.get(h.at("m1.auditor")))
			owner.post(at, nil).refused(http.StatusPreconditionRequired, "precondition")
			for _, bad := range []string{"*", "W/" + version, version + ", \"9\"", "2", `"2`, ""} {
				owner.with("If-Match", bad).post(at, nil).refused(http.StatusBadRequest, "if_match")
			}
			owner.with("If-Match", version).with("If-Match", version).post(at, nil).refused(http.StatusBadRequest, "if_match")
			for _, stale := range []string{`"1"`, `"99"`, `"x"`, `"02"`, `"-2"`, `"99999999999999999999"`} {
				owner.with("If-Match", stale).post(at, nil).refused(http.StatusPreconditionFailed, "stale")
			}
			if s := owner.get(h.at("m1.auditor")).object()["status"]; s != "active" {
				t.Errorf("is %s", s)
			}
		})
		t.Run("E15 of two who change the same one is told", func(t *testing.T) {
			administrator := h.as("m1.administrator")
			for round := range 10 {
				version := etag(owner.get(h.at("m1.auditor")))
				roles := []string{h.Role("M1", "auditor"), h.Role("M1", "read_only")}
				var wg sync.WaitGroup
				status := make([]int, 2)
				for i, c := range []caller{owner, administrator} {
					wg.Go(func() {
						status[i] = c.with("If-Match", version).do(http.MethodPut, h.at("m1.auditor")+"/access", map[string]any{"roles": roles[i : i+1], "all_entities": true}).status
					})
				}
				wg.Wait()
				if status[0]+status[1] != http.StatusNoContent+http.StatusPreconditionFailed {
					t.Fatalf("round %d: %v", round, status)
				}
				won := roles[0]
				if status[1] == http.StatusNoContent {
					won = roles[1]
				}
				var got api.Access
				owner.get(h.at("m1.auditor") + "/access").into(&got)
				if len(got.Assignments) != 1 || got.Assignments[0].Role != won || !got.Assignments[0].AllEntities {
					t.Fatalf("round %d: %+v, want %s", round, got.Assignments, won)
				}
			}
		})
		t.Run("an invitation is sent again, stopped and revived", func(t *testing.T) {
			at := h.at("m1.invited")
			version := etag(owner.get(at))
			version = etag(owner.with("If-Match", version).post(at+"/invitation", nil).is(http.StatusNoContent))
			version = etag(owner.with("If-Match", version).do(http.MethodDelete, at+"/invitation", nil).is(http.StatusNoContent))
			if s := owner.get(at).object()["status"]; s != "invitation_deactivated" {
				t.Errorf("is %s", s)
			}
			owner.with("If-Match", version).post(at+"/invitation", nil).is(http.StatusNoContent)
		})
		t.Run("U13 a second factor is reset", func(t *testing.T) {
			lost := h.as("m1.operations")
			version := etag(owner.get(h.at("m1.operations")))
			owner.with("If-Match", version).do(http.MethodDelete, h.at("m1.operations")+"/second-factor?reason=lost", nil).is(http.StatusNoContent)
			lost.get("/api/v1/session").is(http.StatusUnauthorized)
		})
		t.Run("nobody acts on themselves", func(t *testing.T) {
			version := etag(owner.get(h.at("m1.owner")))
			owner.with("If-Match", version).post(h.at("m1.owner")+"/deactivation", nil).refused(http.StatusForbidden, "own_access")
		})
	})
}

func TestInviting(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		owner := h.as("m1.owner")
		colleague := map[string]any{"first_name": "Zoë", "last_name": "Ng", "email": "zoe@example.com", "roles": []string{h.Role("M1", "read_only")}, "entities": []string{"M1-A"}, "language": "fr"}
		a := owner.post("/api/v1/accounts/M1/users", colleague).is(http.StatusCreated)
		var u api.User
		owner.get(a.header.Get("Location")).is(http.StatusOK).into(&u)
		if u.ID != a.object()["id"] || u.FirstName != "Zoë" || u.Status != "invited" || u.Language != "fr" || u.AllEntities || len(u.Entities) != 1 || u.Entities[0] != "M1-A" {
			t.Errorf("%+v", u)
		}
		if p := owner.post("/api/v1/accounts/M1/users", colleague).refused(http.StatusUnprocessableEntity, "invalid"); field(p, "email") != "already_member" {
			t.Errorf("%v", p.Errors)
		}
		t.Run("B13 what a body does not have is not set", func(t *testing.T) {
			for name, v := range map[string]any{"is_owner": true, "status": "active", "mfa_required": false, "created_by": "usr_x", "id": "usr_x", "first_administrator": true, "version": 9, "Email": "x@example.com"} {
				body := map[string]any{name: v}
				for k, v := range colleague {
					body[k] = v
				}
				body["email"] = name + "@example.com"
				owner.post("/api/v1/accounts/M1/users", body).refused(http.StatusBadRequest, "unknown_field")
			}
		})
		t.Run("what one does not hold one does not give", func(t *testing.T) {
			limited := h.as("m1.limited")
			body := map[string]any{"first_name": "A", "email": "above@example.com", "roles": []string{h.Role("M1", "read_only")}, "all_entities": true}
			p := limited.post("/api/v1/accounts/M1/users", body)
			if p.status != http.StatusForbidden {
				t.Errorf("%d %s", p.status, p.body)
			}
		})
		t.Run("an operator creates an account with its first administrator", func(t *testing.T) {
			operator := h.as("platform.owner")
			a := operator.post("/api/v1/accounts/PLATFORM/accounts", map[string]any{"name": "Corner", "customer_id": "corner-1", "kind": "merchant", "parent": "PARTNER", "environment": "live",
				"first_name": "Ada", "email": "ada@corner.example"}).is(http.StatusCreated)
			var account api.Account
			operator.get(a.header.Get("Location")).is(http.StatusOK).into(&account)
			if account.CustomerID != "CORNER-1" || account.Open || account.Kind != "merchant" {
				t.Errorf("%+v", account)
			}
			var rows []string
			operator.get("/api/v1/accounts/PLATFORM/accounts?search=corner").is(http.StatusOK).each("items", &rows)
			if len(rows) != 1 {
				t.Errorf("%v", rows)
			}
		})
	})
}

// TestWayIn goes the whole way as a program: link, password, app, session.
func TestWayIn(t *testing.T) {
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			clock := testdb.NewClock(time.Now())
			h := build(t, testdb.Open(t, dialect, testdb.Options{Clock: clock}))
			wayIn(t, h, clock)
		})
	}
}

func wayIn(t *testing.T, h *house, clock *testdb.Clock) {
	c := h.nobody()
	link := h.Link("m1.invited").Reveal()
	for range 2 { // looking spends nothing
		if a := c.post("/api/v1/activation/lookup", map[string]any{"token": link}).is(http.StatusOK).object(); a["identifier"] != "m1.invited@example.com" || a["problem"] != nil {
			t.Fatalf("%v", a)
		}
	}
	if p := c.post("/api/v1/activation", map[string]any{"token": link, "password": "short"}).refused(http.StatusUnprocessableEntity, "invalid"); field(p, "password") == "" {
		t.Errorf("%v", p.Errors)
	}
	var step api.Step
	c.post("/api/v1/activation", map[string]any{"token": link, "password": password}).is(http.StatusOK).into(&step)
	if step.Next != "setup" || step.Challenge == "" {
		t.Fatalf("%+v", step)
	}
	c.post("/api/v1/activation", map[string]any{"token": link, "password": password}).refused(http.StatusGone, "link_used")
	var setup api.Setup
	c.post("/api/v1/session/setup", map[string]any{"challenge": step.Challenge}).is(http.StatusOK).into(&setup)
	c.post("/api/v1/session/setup/code", map[string]any{"challenge": step.Challenge, "code": "abc"}).is(http.StatusUnprocessableEntity)
	if strings.Join(setup.Methods, " ") != "totp webauthn" || setup.Left != 1 || setup.Again {
		t.Errorf("%+v", setup)
	}
	c.post("/api/v1/session/setup/code", map[string]any{"challenge": step.Challenge, "code": codeOf(t, setup.Key)}).is(http.StatusOK).into(&step)
	if step.Next != "codes" {
		t.Fatalf("%+v", step)
	}
	var codes api.RecoveryCodes
	c.post("/api/v1/session/codes", map[string]any{"challenge": step.Challenge}).is(http.StatusOK).into(&codes)
	if len(codes.Codes) != 10 {
		t.Errorf("%q", codes.Codes)
	}
	a := c.post("/api/v1/session/codes/kept", map[string]any{"challenge": step.Challenge}).is(http.StatusOK)
	signedIn(t, h, a, "m1.invited")
	c.post("/api/v1/session/codes", map[string]any{"challenge": step.Challenge}).refused(http.StatusUnauthorized, "challenge_ended")

	clock.Advance(2 * time.Minute)
	c.post("/api/v1/session", map[string]any{"identifier": "m1.invited@example.com", "password": "wrong"}).refused(http.StatusUnauthorized, "wrong_credentials")
	c.post("/api/v1/session", map[string]any{"identifier": "nobody@example.com", "password": "wrong"}).refused(http.StatusUnauthorized, "wrong_credentials")
	c.post("/api/v1/session", map[string]any{"identifier": "m1.invited@example.com", "password": password}).is(http.StatusOK).into(&step)
	if step.Next != "code" || strings.Join(step.Methods, " ") != "totp recovery_code" {
		t.Fatalf("%+v", step)
	}
	half := h.nobody()
	half.cookie = step.Challenge
	half.get("/api/v1/session").is(http.StatusUnauthorized) // a challenge is no session
	body := map[string]any{"challenge": step.Challenge, "code": codeAt(t, setup.Key, clock.Now())}
	in := signedIn(t, h, c.post("/api/v1/session/code", body).is(http.StatusOK), "m1.invited")
	c.post("/api/v1/session/code", body).is(http.StatusUnauthorized)

	var sessions []string
	in.get("/api/v1/me/sessions").is(http.StatusOK).each("items", &sessions)
	if len(sessions) != 2 {
		t.Errorf("%v", sessions)
	}
	in.do(http.MethodDelete, "/api/v1/me/sessions", nil).is(http.StatusNoContent)
	in.do(http.MethodDelete, "/api/v1/me/sessions/ses_none", nil).refused(http.StatusNotFound, "not_found")
	details := map[string]any{"first_name": "Inès", "last_name": "", "language": "fr", "time_zone": "Europe/Zurich"}
	seen := etag(in.get("/api/v1/me"))
	in.do(http.MethodPut, "/api/v1/me", details).refused(http.StatusPreconditionRequired, "precondition")
	in.with("If-Match", seen).do(http.MethodPut, "/api/v1/me", details).is(http.StatusNoContent)
	in.with("If-Match", seen).do(http.MethodPut, "/api/v1/me", map[string]any{"first_name": "Late", "last_name": "", "language": "en", "time_zone": "UTC"}).refused(http.StatusPreconditionFailed, "stale")
	if me := in.get("/api/v1/me").object(); me["first_name"] != "Inès" || me["language"] != "fr" {
		t.Errorf("%v", me)
	}
	another := "another long passphrase 9"
	in.post("/api/v1/me/password", map[string]any{"password": another}).is(http.StatusNoContent)
	in.post("/api/v1/me/confirmation", map[string]any{"password": password, "code": "000000"}).is(http.StatusUnprocessableEntity)
	clock.Advance(2 * time.Minute)
	in.post("/api/v1/me/confirmation", map[string]any{"password": another, "code": codeAt(t, setup.Key, clock.Now())}).is(http.StatusNoContent)
	a = in.do(http.MethodDelete, "/api/v1/session", nil).is(http.StatusNoContent)
	if a.header.Get("Clear-Site-Data") == "" {
		t.Error("nothing is cleared")
	}
	in.get("/api/v1/me").refused(http.StatusUnauthorized, "session_ended")
}

func signedIn(t *testing.T, h *house, a answer, label string) caller {
	t.Helper()
	for _, cookie := range (&http.Response{Header: a.header}).Cookies() {
		if cookie.Name != web.SessionCookie {
			continue
		}
		if !cookie.Secure || !cookie.HttpOnly || cookie.Path != "/" || cookie.Domain != "" {
			t.Errorf("cookie %v", cookie)
		}
		c := h.nobody()
		c.cookie = cookie.Value
		if me := c.get("/api/v1/session").is(http.StatusOK).object(); me["user_id"] != h.User(label) || me["second_factor"] != true {
			t.Errorf("%v", me)
		}
		return c
	}
	t.Fatalf("no session in %v", fmt.Sprint(a.header))
	return caller{}
}
