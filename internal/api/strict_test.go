package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"countersign/internal/db"
)

// TestStrictBodies sends every body of the document with each thing wrong that
// can be: it is refused in the right way, the field is named, nothing was done.
func TestStrictBodies(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		d := h.document()
		owner := h.as("m1.owner")
		operator := h.as("platform.owner")
		role, policy := h.customRole("m1.owner", "Odd"), h.policyOf("m1.owner", "Odd")
		h.registered("m1.owner", "M1")
		before := h.rows()
		for path, methods := range d.Paths {
			for method, o := range methods {
				s, reads := d.body(o)
				if !reads || strings.HasPrefix(path, "/access/") {
					continue
				}
				by, account := owner, "M1"
				if o.Permission == "accounts:create" || o.Permission == "resource_types:manage" {
					by, account = operator, "PLATFORM"
				}
				at := strings.NewReplacer("{customerID}", account, "roles/{id}", "roles/"+role, "policies/{id}", "policies/"+policy, "{type}/{id}", "orders/1", "{type}", "orders", "user-properties/{name}", "user-properties/department", "{name}", "orders", "{role}", h.Role("M1", "read_only"), "{id}", h.User("m1.reader")).Replace(path)
				x := attempt{h: h, by: by.with("If-Match", `"2"`), method: strings.ToUpper(method), path: at, body: h.example(d, s), schema: s}
				t.Run(x.method+" "+path, func(t *testing.T) {
					x.t = t
					x.whole()
					for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
						x.field(name)
					}
				})
			}
		}
		if after := h.rows(); after != before {
			t.Errorf("something was half done: %s, then %s", before, after)
		}
	})
}

// rows counts what writes would add or change.
func (h *house) rows() (counts string) {
	h.View(func(tx *db.Tx) error {
		for _, q := range []string{"FROM users", "FROM memberships", "FROM memberships WHERE deactivated_at IS NOT NULL", "FROM accounts", "FROM roles", "FROM policies", "FROM policy_permissions", "FROM role_policies", "FROM entities", "FROM service_tokens",
			"FROM resource_types", "FROM user_properties", "FROM membership_properties", "FROM resources",
			"FROM invitations", "FROM assignments", "FROM sessions", "FROM factors", "FROM outbox", "FROM audit_entries WHERE outcome = 'done' AND action NOT LIKE 'audit.%'"} {
			var n int
			if _, err := db.One(tx, []any{&n}, `SELECT COUNT(*) `+q); err != nil {
				return err
			}
			counts += fmt.Sprintf("%s %d; ", q, n)
		}
		return nil
	})
	return counts
}

type attempt struct {
	h      *house
	t      *testing.T
	by     caller
	method string
	path   string
	body   map[string]any
	schema schema
}

func (x attempt) send(body string) answer { x.t.Helper(); return x.by.do(x.method, x.path, body) }

func (x attempt) whole() {
	good := text(x.t, x.body)
	for _, c := range []struct{ name, body, code string }{
		{"nothing", " ", "body_missing"},
		{"a list", "[]", "json_object"},
		{"null", "null", "json_object"},
		{"cut off", good[:len(good)-1], "json_malformed"},
		{"something behind", good + "{}", "json_trailing"},
		{"a comma too many", strings.TrimSuffix(good, "}") + ",}", "json_malformed"},
		{"10,000 deep", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "json_deep"},
		{"10,000 deep in a field", `{"x":` + strings.Repeat(`{"a":`, 10_000) + "1" + strings.Repeat("}", 10_001), "json_deep"},
		{"bytes that are no text", `{"` + "\xff" + `":1}`, "json_text"},
		{"an unknown field", strings.TrimSuffix(good, "}") + `,"is_owner":true}`, "unknown_field"},
		{"another id", strings.TrimSuffix(good, "}") + `,"id":"usr_x"}`, "unknown_field"},
		{"a twin", `{"x":1,"x":2}`, "field_twice"},
	} {
		if len(x.body) == 1 && c.name == "a comma too many" && good == "{}" {
			continue
		}
		x.send(c.body).refused(http.StatusBadRequest, c.code)
	}
	x.send(`{"x":"`+strings.Repeat("a", 10<<20)+`"}`).refused(http.StatusRequestEntityTooLarge, "too_large")
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "application/xml", "nonsense/"} {
		x.by.with("Content-Type", kind).do(x.method, x.path, good).refused(http.StatusUnsupportedMediaType, "content_type")
	}
	x.by.with("Content-Encoding", "gzip").do(x.method, x.path, good).refused(http.StatusUnsupportedMediaType, "content_type")
}

func (x attempt) field(name string) {
	s := x.schema.Properties[name]
	required := slices.Contains(x.schema.Required, name)
	code := map[bool]string{true: "required"}
	want := map[any]string{"string": "want_text", "boolean": "want_yes_no", "array": "want_texts", "object": "want_object"}[s.Type]
	if s.Format == "date-time" {
		want = "time"
	}
	objects := s.Items != nil && s.Items.Ref != ""
	if objects {
		want = "want_objects"
	}
	code[false] = want
	if required {
		x.named(name, without(x.body, name), "required")
	}
	x.named(name, x.with(name, nil), code[required])
	wrong := []any{12, true, map[string]any{"a": "b"}, []any{"a", 1}, []any{[]any{"a"}}, "true"}
	for _, v := range wrong {
		kind := fmt.Sprintf("%T", v)
		fits := map[any]bool{"string": kind == "string" && want != "time", "boolean": v == true, "object": strings.HasPrefix(kind, "map")}[s.Type]
		if !fits {
			x.named(name, x.with(name, v), want)
		}
	}
	upper := without(x.body, name)
	upper[strings.ToUpper(name)] = x.body[name]
	x.send(text(x.t, upper)).refused(http.StatusBadRequest, "unknown_field")
	twice := text(x.t, x.body)
	value := fmt.Sprintf(`%q:%s`, name, text(x.t, x.body[name]))
	x.send(strings.TrimSuffix(twice, "}")+","+value+"}").refused(http.StatusBadRequest, "field_twice")
	if s.Type == "boolean" || s.Type == "object" || want == "time" || objects {
		return
	}
	odd := func(json string) string {
		if s.Type == "array" {
			json = "[" + json + "]"
		}
		return strings.Replace(text(x.t, x.with(name, "ODD")), `"ODD"`, json, 1)
	}
	x.send(odd(`"\ud800"`)).refused(http.StatusBadRequest, "json_malformed")
	x.send(odd(`"`+"\xc3\x28"+`"`)).refused(http.StatusBadRequest, "json_text")
	if secret := slices.Contains([]string{"password", "current"}, name); !secret {
		x.named(name, odd(`"a\u0000b"`), "not_text")
	} else if a := x.send(odd(`"a\u0000b"`)); a.status < 400 || a.status >= 500 {
		x.t.Errorf("%s with NUL: %d %s", name, a.status, a.body)
	}
	long := odd(`"` + strings.Repeat("x", 5000) + `"`)
	if s.MaxLength != nil {
		x.named(name, long, "too_long")
		return
	}
	if a := x.send(long); a.status != http.StatusUnprocessableEntity || field(a.problem(), name) == "" { // no such thing
		x.t.Errorf("%s of 5,000 letters: %d %s", name, a.status, a.body)
	}
}

func (x attempt) with(name string, v any) map[string]any {
	out := maps.Clone(x.body)
	out[name] = v
	return out
}

// named wants the field named with a code, whether the body is a text or not.
func (x attempt) named(name string, body any, code string) {
	x.t.Helper()
	sent, ok := body.(string)
	if !ok {
		sent = text(x.t, body)
	}
	status, problem := http.StatusUnprocessableEntity, "invalid"
	if strings.HasPrefix(code, "want_") {
		status, problem = http.StatusBadRequest, "malformed_fields"
	}
	p := x.send(sent).refused(status, problem)
	if got := field(p, name); got != code || len(p.Errors) != 1 {
		x.t.Errorf("%s: %.200s\nis answered %q, want %q: %v", name, sent, got, code, p.Errors)
	}
	for _, e := range p.Errors {
		if e.Detail == "" || strings.HasPrefix(e.Detail, "[") {
			x.t.Errorf("%s: no words for %s", name, e.Code)
		}
	}
}
