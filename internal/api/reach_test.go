package api_test

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"countersign/internal/web"
)

var requestID = regexp.MustCompile(`"request_id":"[^"]*"`)

// same is an answer without what differs between any two.
func same(a answer) string { return requestID.ReplaceAllString(a.body, "") }

// everywhere calls f with each operation of the JSON API, a request that fits
// it, and the account it is about.
func (h *house) everywhere(f func(o described, method, path string, body any)) {
	d := h.document()
	for path, methods := range d.Paths {
		for method, o := range methods {
			if !strings.HasPrefix(path, "/api/v1/") {
				continue
			}
			var body any
			if s, ok := d.body(o); ok {
				body = h.example(d, s)
			}
			f(o, strings.ToUpper(method), path, body)
		}
	}
}

func (h *house) fill(path, customerID, userID string) string {
	return strings.NewReplacer("{customerID}", customerID, "{type}/{id}", "orders/1", "{type}", "orders", "{name}", "orders", "roles/{id}", "roles/"+h.Role("M1", "auditor"), "accounts/{id}", "accounts/"+h.Account("M1").ID,
		"entities/{id}", "entities/"+h.Entity("M1-B").ID, "{id}", userID, "{session}", "ses_x", "{seq}", "1").Replace(path)
}

// TestWhoMay holds, for each operation, what those are told who may not.
func TestWhoMay(t *testing.T) {
	h := one(t)
	reader, owner2, both := h.as("m1.reader_b"), h.as("m2.owner"), h.as("m1.both")
	service, _ := h.service("M1")
	h.registered("m1.owner", "M1")
	operator := h.as("platform.reader")
	before := h.rows()
	forbidden := 0
	h.everywhere(func(o described, method, path string, body any) {
		at := h.fill(path, "M1", h.User("m1.auditor"))
		match := func(c caller) caller { return c.with("If-Match", `"1"`) }
		if o.Needs == "session" {
			t.Run(method+" "+path+" is for people who are signed in", func(t *testing.T) {
				match(h.nobody()).do(method, at, body).refused(http.StatusUnauthorized, "sign_in_first")
				a := match(service).do(method, at, body)
				a.refused(http.StatusUnauthorized, "sign_in_first")
				if a.header.Get("WWW-Authenticate") == "" {
					t.Error("401 without a challenge (RFC 9110, 15.5.2)")
				}
				stolen := h.nobody()
				stolen.cookie = "made-up"
				match(stolen).do(method, at, body).refused(http.StatusUnauthorized, "session_ended")
			})
		}
		if strings.Contains(path, "{customerID}") {
			t.Run(method+" "+path+" A01 another's account is none", func(t *testing.T) {
				for _, c := range []caller{owner2, both} {
					if c.cookie == both.cookie && method == http.MethodGet {
						continue // is in M1 too, as a reader
					}
					other := "M3"
					theirs := match(c).do(method, h.fill(path, other, h.User("m3.reader")), body)
					none := match(c).do(method, h.fill(path, "NO-SUCH", "usr_none"), body)
					theirs.refused(http.StatusNotFound, "not_found")
					if same(theirs) != same(none) {
						t.Errorf("tells them apart:\n%s\n%s", theirs.body, none.body)
					}
				}
			})
		}
		if o.Permission != "" && o.Permission != "users:view" && o.Permission != "roles:view" && o.Permission != "entities:view" && o.Permission != "locations:view" {
			t.Run(method+" "+path+" names the missing permission", func(t *testing.T) {
				by := reader
				if strings.HasPrefix(o.Permission, "resource_types:") {
					by = operator
				}
				p := match(by).do(method, at, body).refused(http.StatusForbidden, "missing_permission")
				if p.Permission != o.Permission || !strings.Contains(p.Detail, o.Permission) {
					t.Errorf("names %q, want %q: %s", p.Permission, o.Permission, p.Detail)
				}
			})
			forbidden++
		}
	})
	if forbidden < 10 {
		t.Errorf("only %d operations asked for a permission", forbidden)
	}
	if after := h.rows(); after != before {
		t.Errorf("something was done:\n%s\n%s", before, after)
	}
}

// foreign is the id of something of another account, for an operation that takes
// one: with whoever may do it, and the account in which they try.
func (h *house) foreign(path string) (label, customerID, id string) {
	switch {
	case strings.Contains(path, "service-tokens"):
		_, token := h.service("M2")
		return "m1.owner", "M1", token.ID
	case strings.Contains(path, "/resources/"):
		return "m1.owner", "M1", "1" // M2's
	case strings.Contains(path, "/policies/"):
		return "m1.owner", "M1", h.policyOf("m2.owner", "Theirs "+strconv.Itoa(len(h.Entries())))
	case strings.Contains(path, "/roles/"):
		return "m1.owner", "M1", h.Role("M2", "auditor")
	case strings.Contains(path, "/entities/"):
		return "m1.owner", "M1", h.Entity("M2-A").ID
	case strings.Contains(path, "/accounts/{id}"):
		return "partner.owner", "PARTNER", h.Account("FAC").ID
	case strings.Contains(path, "/audit/"):
		for _, e := range h.Entries() {
			if e.AccountID == h.Account("M2").ID {
				id = strconv.FormatInt(e.Seq, 10)
			}
		}
		return "m1.owner", "M1", id
	}
	return "m1.owner", "M1", h.User("m2.reader")
}

func TestA02IdsOfAnotherAccount(t *testing.T) {
	h := one(t)
	h.registered("m2.owner", "M2")
	tried := 0
	h.everywhere(func(_ described, method, path string, body any) {
		if !strings.Contains(path, "{id}") && !strings.Contains(path, "{seq}") {
			return
		}
		tried++
		label, customerID, id := h.foreign(path)
		who := h.as(label).with("If-Match", `"1"`)
		t.Run(method+" "+path+" A02", func(t *testing.T) {
			fill := func(id string) string {
				return strings.NewReplacer("{customerID}", customerID, "{type}", "orders", "{id}", id, "{seq}", id, "{session}", "ses_x", "{role}", "rol_x").Replace(path)
			}
			theirs := who.do(method, fill(id), body)
			theirs.refused(http.StatusNotFound, "not_found")
			for _, none := range []string{"usr_355c06m61fbe6bnepsk8mvrwym", "acc_355c06m61fbe6bnepsk8mvrwym", "999999", "-1", "99999999999999999999", "%00", "%ff", strings.Repeat("x", 5000), "..%2f..%2fM2", "'", "%F0%9F%98%80"} {
				if a := who.do(method, fill(none), body); a.status != http.StatusNotFound || same(a) != same(theirs) {
					t.Errorf("%.20s: %d\n%s\n%s", none, a.status, a.body, theirs.body)
				}
			}
		})
	})
	if tried < 20 {
		t.Errorf("only %d operations take an id", tried)
	}
}

func TestLists(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.service("M1")
		h.service("M1")
		lists := []string{"M1/users?sort=-email", "M1/roles?", "M1/entities?", "M1/entities?search=entity", "M1/locations?", "M1/audit?action=user.", "M1/audit?group=people", "M1/service-tokens?",
			"M1/entities/" + h.Entity("M1").ID + "/children?", "PARTNER/accounts?", "PARTNER/accounts?sort=-users&kind=merchant", "PARTNER/accounts?sort=name&search=account"}
		for _, list := range lists {
			owner, administrator := h.as("m1.owner"), h.as("m1.administrator")
			if strings.HasPrefix(list, "PARTNER") {
				owner, administrator = h.as("partner.owner"), h.as("partner.administrator")
			}
			at := "/api/v1/accounts/" + list
			t.Run(list+" pages hold everything once", func(t *testing.T) {
				var whole, parts []string
				owner.get(at+"&limit=200").is(http.StatusOK).each("items", &whole)
				cursor := ""
				for pages := 0; pages < 100; pages++ {
					a := owner.get(at + "&limit=2&cursor=" + cursor).is(http.StatusOK)
					a.each("items", &parts)
					next, more := a.object()["next_cursor"].(string)
					if !more {
						break
					}
					cursor = next
				}
				if len(whole) < 2 || strings.Join(whole, "\n") != strings.Join(parts, "\n") {
					t.Errorf("%d at once, %d in pages", len(whole), len(parts))
				}
			})
			first := owner.get(at + "&limit=1").is(http.StatusOK).object()["next_cursor"].(string)
			t.Run(list+" A08 a cursor is its caller's and its query's", func(t *testing.T) {
				owner.get(at + "&cursor=" + first).is(http.StatusOK)
				administrator.get(at+"&cursor="+first).refused(http.StatusBadRequest, "cursor")
				for _, bad := range []string{first[:len(first)-2], "x", "%00", "1", "AAAA", strings.Repeat("A", 3000)} {
					if a := owner.get(at + "&cursor=" + bad); a.status != http.StatusBadRequest {
						t.Errorf("%.20q: %d", bad, a.status)
					}
				}
			})
			t.Run(list+" A08 limits", func(t *testing.T) {
				for _, bad := range []string{"-1", "0", "201", "1e18", "x", "1.5", "99999999999999999999"} {
					p := owner.get(at+"&limit="+bad).refused(http.StatusBadRequest, "malformed_fields")
					if field(p, "limit") != "limit" {
						t.Errorf("%s: %v", bad, p.Errors)
					}
				}
				owner.get(at+"&offset=1").refused(http.StatusBadRequest, "unknown_field")
			})
		}
		owner, partner := h.as("m1.owner"), h.as("partner.owner")
		cursor := owner.get("/api/v1/accounts/M1/users?limit=1").object()["next_cursor"].(string)
		owner.get("/api/v1/accounts/M1/users?status=active&cursor="+cursor).refused(http.StatusBadRequest, "cursor")
		owner.get("/api/v1/accounts/M1/audit?cursor="+cursor).refused(http.StatusBadRequest, "cursor")
		owner.get("/api/v1/accounts/M1/entities?cursor="+cursor).refused(http.StatusBadRequest, "cursor")
		deep := partner.get("/api/v1/accounts/PARTNER/accounts?limit=1").object()["next_cursor"].(string)
		partner.get("/api/v1/accounts/PARTNER/accounts?sort=-name&cursor="+deep).refused(http.StatusBadRequest, "cursor")
		partner.get("/api/v1/accounts/PARTNER/accounts?kind=merchant&cursor="+deep).refused(http.StatusBadRequest, "cursor")
		for at, name := range map[string]string{"kind=x": "kind", "environment=x": "environment", "opened=x": "opened", "state=x": "state", "sort=x": "sort", "parent=FAC": "parent", "parent=nosuch": "parent"} {
			if p := partner.get("/api/v1/accounts/PARTNER/accounts?"+at).refused(http.StatusUnprocessableEntity, "invalid"); field(p, name) == "" {
				t.Errorf("%s: %v", at, p.Errors)
			}
		}
		for at, name := range map[string]string{"/audit?group=x": "group", "/audit?ip=1.2.3": "ip", "/exports/audit?format=xml": "format", "/search?q=": "q", "/users?status=x": "status", "/users?sort=x": "sort", "/users?entity=M2": "entity", "/audit?outcome=x": "outcome", "/audit?from=yesterday": "from", "/audit?until=2026-13-01T00:00:00Z": "until"} {
			if p := owner.get("/api/v1/accounts/M1"+at).refused(http.StatusUnprocessableEntity, "invalid"); field(p, name) == "" {
				t.Errorf("%s: %v", at, p.Errors)
			}
		}
	})
}

// each adds each item of a list as text.
func (a answer) each(name string, to *[]string) {
	a.t.Helper()
	for _, x := range a.object()[name].([]any) {
		*to = append(*to, text(a.t, x))
	}
}

func TestOddRequests(t *testing.T) {
	h := one(t)
	reader, owner := h.as("m1.reader_b"), h.as("m1.owner")
	t.Run("B14 no spelling of an address gets round", func(t *testing.T) {
		for _, at := range []string{"/api/v1/accounts/M1/audit/", "/api/v1//accounts/M1/audit", "/api/v1/accounts/M1/./audit", "/api/v1/accounts/M1/%2e%2e/M1/audit", "/api/v1/accounts/M1/AUDIT",
			"/api/v1/accounts/M1/audit;jsessionid=1", "/api/v1/accounts/M1%2faudit", "/api/v1/accounts/M1/%61udit", "/api/v1/accounts/M1/%2561udit", "/API/v1/accounts/M1/audit", "/api/v1/accounts/m1/audit"} {
			if a := reader.get(at); a.status < 300 {
				t.Errorf("%s: %d", at, a.status)
			} else if a.status >= 400 {
				if !strings.HasPrefix(at, "/API") {
					a.problem()
				}
			}
		}
	})
	t.Run("B14 a method is what it says", func(t *testing.T) {
		at := "/api/v1/accounts/M1/users/" + h.User("m1.reader") + "/deactivation"
		for _, name := range []string{"X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"} {
			a := owner.with(name, "POST").with("If-Match", `"2"`).get(at)
			a.refused(http.StatusMethodNotAllowed, "wrong_method")
			if a.header.Get("Allow") != "DELETE, POST" && a.header.Get("Allow") != "POST, DELETE" {
				t.Errorf("Allow: %q", a.header.Get("Allow"))
			}
		}
		owner.get("/api/v1/accounts/M1/users?_method=DELETE").refused(http.StatusBadRequest, "unknown_field")
		for _, method := range []string{"PATCH", "PUT", "OPTIONS", "TRACE", "CONNECTX", "get"} {
			owner.do(method, "/api/v1/accounts/M1/users", nil).refused(http.StatusMethodNotAllowed, "wrong_method")
		}
	})
	t.Run("B15 a parameter comes once", func(t *testing.T) {
		owner.get("/api/v1/accounts/M1/users?status=active&status=invited").refused(http.StatusBadRequest, "field_twice")
		owner.get("/api/v1/accounts/M1/users?search=%00").refused(http.StatusBadRequest, "not_text")
		owner.get("/api/v1/accounts/M1/users?search=%ff").refused(http.StatusBadRequest, "not_text")
		owner.get("/api/v1/accounts/M1/users?a=%zz").refused(http.StatusBadRequest, "query")
	})
	t.Run("HEAD is GET without a body", func(t *testing.T) {
		a := owner.do(http.MethodHead, "/api/v1/accounts/M1/users/"+h.User("m1.reader"), nil).is(http.StatusOK)
		if a.body != "" || etag(a) == "" {
			t.Errorf("%q with ETag %q", a.body, etag(a))
		}
		reader.do(http.MethodHead, "/api/v1/accounts/M1/audit", nil).is(http.StatusForbidden)
	})
	t.Run("what is not there is a problem too", func(t *testing.T) {
		for _, at := range []string{"/api/", "/api/v2/x", "/api/v1/accounts", "/api/v1/nothing"} {
			h.nobody().get(at).refused(http.StatusNotFound, "not_found")
		}
	})
	t.Run("a body where none is read", func(t *testing.T) {
		owner.do(http.MethodDelete, "/api/v1/me/sessions", map[string]any{"all": true}).refused(http.StatusBadRequest, "no_body")
	})
	t.Run("another site's request is not carried out", func(t *testing.T) {
		owner.with("Origin", "https://evil.example").do(http.MethodDelete, "/api/v1/me/sessions", nil).refused(http.StatusForbidden, "cross_origin")
		owner.with("Sec-Fetch-Site", "cross-site").do(http.MethodDelete, "/api/v1/me/sessions", nil).refused(http.StatusForbidden, "cross_origin")
	})
	t.Run("problems speak the caller's language", func(t *testing.T) {
		p := h.nobody().with("Accept-Language", "fr-CH, en;q=0.5").get("/api/v1/me").refused(http.StatusUnauthorized, "sign_in_first")
		if p.Title != "Non connecté" || !strings.Contains(p.Detail, "onnect") {
			t.Errorf("%+v", p)
		}
	})
	t.Run("two cookies of one name are none", func(t *testing.T) {
		c := h.nobody().with("Cookie", web.SessionCookie+"="+owner.cookie+"; "+web.SessionCookie+"=x")
		c.get("/api/v1/me").is(http.StatusUnauthorized)
	})
}
