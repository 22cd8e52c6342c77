package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/lang"
	"countersign/internal/web"
)

// document is the OpenAPI document as a program reads it.
type document struct {
	OpenAPI    string                          `json:"openapi"`
	Paths      map[string]map[string]described `json:"paths"`
	Components struct {
		Schemas         map[string]schema `json:"schemas"`
		SecuritySchemes map[string]any    `json:"securitySchemes"`
	} `json:"components"`
}

type described struct {
	ID         string                `json:"operationId"`
	Summary    string                `json:"summary"`
	Needs      string                `json:"x-needs"`
	Permission string                `json:"x-permission"`
	Security   []map[string][]string `json:"security"`
	Parameters []struct {
		Name, In string
		Required bool
		Schema   schema
	} `json:"parameters"`
	RequestBody *struct {
		Required bool
		Content  map[string]struct{ Schema schema }
	} `json:"requestBody"`
	Responses map[string]struct {
		Content map[string]struct{ Schema schema }
	} `json:"responses"`
}

type schema struct {
	Ref        string            `json:"$ref"`
	Type       any               `json:"type"`
	Format     string            `json:"format"`
	Enum       []any             `json:"enum"`
	Required   []string          `json:"required"`
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
	Examples   []any             `json:"examples"`
	MaxLength  *int              `json:"maxLength"`
	Additional any               `json:"additionalProperties"`
}

func (h *house) document() document {
	var d document
	h.nobody().get("/api/openapi.json").is(http.StatusOK).into(&d)
	return d
}

func (d document) resolve(s schema) schema {
	if s.Ref == "" {
		return s
	}
	return d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
}

// body is the schema of an operation's body; false when it reads none.
func (d document) body(o described) (schema, bool) {
	if o.RequestBody == nil {
		return schema{}, false
	}
	return d.resolve(o.RequestBody.Content["application/json"].Schema), true
}

func TestDocument(t *testing.T) {
	h := one(t)
	d := h.document()
	if d.OpenAPI != "3.1.0" {
		t.Errorf("openapi is %q", d.OpenAPI)
	}
	t.Run("K4 every operation is in the document, and nothing else", func(t *testing.T) {
		var want, got []string
		for _, o := range h.api.Operations() {
			want = append(want, o.Method+" "+o.Path)
		}
		for path, methods := range d.Paths {
			for method := range methods {
				got = append(got, strings.ToUpper(method)+" "+path)
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("every operation is on the mux, with what it needs", func(t *testing.T) {
		needs := map[web.Needs]string{web.SignedIn: "session", web.Anybody: "nothing", web.Token: "token", web.Either: "session or token"}
		for _, o := range h.api.Operations() {
			path := regexp.MustCompile(`\{\w+\}`).ReplaceAllString(o.Path, "x")
			_, pattern := h.mux.Handler(httptest.NewRequest(o.Method, path, nil))
			if pattern != o.Method+" "+o.Path {
				t.Errorf("%s %s is served by %q", o.Method, o.Path, pattern)
			}
			said := d.Paths[o.Path][strings.ToLower(o.Method)]
			if said.Needs != needs[o.Needs] || said.Permission != o.Permission {
				t.Errorf("%s %s: the document says %q %q", o.Method, o.Path, said.Needs, said.Permission)
			}
			if _, ok := access.Parse(o.Permission); !ok && o.Permission != "" {
				t.Errorf("%s %s asks for %q, which is no permission", o.Method, o.Path, o.Permission)
			}
		}
	})
	t.Run("it holds together", func(t *testing.T) { d.check(t) })
	t.Run("it is served with an ETag", func(t *testing.T) {
		a := h.nobody().get("/api/openapi.json")
		b := h.nobody().with("If-None-Match", etag(a)).get("/api/openapi.json").is(http.StatusNotModified)
		if etag(a) == "" || b.body != "" || etag(b) != etag(a) {
			t.Errorf("ETag %q, then %q with %q", etag(a), etag(b), b.body)
		}
	})
}

// check holds what OpenAPI 3.1 demands of the parts that we use.
func (d document) check(t *testing.T) {
	ids := map[string]bool{}
	for path, methods := range d.Paths {
		for method, o := range methods {
			at := method + " " + path
			if o.ID == "" || ids[o.ID] || o.Summary == "" {
				t.Errorf("%s: operationId %q is empty or twice, or the summary is missing", at, o.ID)
			}
			ids[o.ID] = true
			for _, s := range o.Security {
				for name := range s {
					if d.Components.SecuritySchemes[name] == nil {
						t.Errorf("%s: no security scheme %s", at, name)
					}
				}
			}
			var declared []string
			for _, p := range o.Parameters {
				if p.In == "path" {
					declared = append(declared, "{"+p.Name+"}")
					if !p.Required {
						t.Errorf("%s: %s is not required", at, p.Name)
					}
				}
				d.walk(t, at+" "+p.Name, p.Schema)
			}
			want := regexp.MustCompile(`\{\w+\}`).FindAllString(path, -1)
			if diff := cmp.Diff(want, declared); diff != "" {
				t.Errorf("%s: path parameters: %s", at, diff)
			}
			if len(o.Responses) < 2 {
				t.Errorf("%s: no refusals", at)
			}
			for code, r := range o.Responses {
				for _, c := range r.Content {
					d.walk(t, at+" "+code, c.Schema)
				}
			}
			if s, ok := d.body(o); ok {
				d.walk(t, at+" body", s)
				if o.RequestBody.Required != (len(s.Required) > 0) && !strings.HasPrefix(path, "/access/") {
					t.Errorf("%s: required body is %v", at, o.RequestBody.Required)
				}
			}
		}
	}
	for name, s := range d.Components.Schemas {
		d.walk(t, name, s)
	}
}

func (d document) walk(t *testing.T, at string, s schema) {
	if s.Ref != "" {
		if _, ok := d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]; !ok {
			t.Errorf("%s: %s is not there", at, s.Ref)
		}
		return
	}
	for _, e := range s.Examples {
		if problem := d.fits(s, e); problem != "" {
			t.Errorf("%s: the example %v: %s", at, e, problem)
		}
	}
	for _, r := range s.Required {
		if _, ok := s.Properties[r]; !ok {
			t.Errorf("%s: %s is required and not there", at, r)
		}
	}
	for name, p := range s.Properties {
		d.walk(t, at+"."+name, p)
	}
	if s.Items != nil {
		d.walk(t, at+"[]", *s.Items)
	}
}

// fits tells what is wrong with a value by its schema.
func (d document) fits(s schema, v any) string {
	s = d.resolve(s)
	kind := map[string]string{"string": "string", "bool": "boolean", "float64": "integer", "[]interface {}": "array", "map[string]interface {}": "object"}[fmt.Sprintf("%T", v)]
	if s.Type != kind {
		return fmt.Sprintf("is %s, not %v", kind, s.Type)
	}
	if s.Enum != nil && !slices.Contains(s.Enum, v) {
		return "is not of the enum"
	}
	if text, ok := v.(string); ok {
		if s.MaxLength != nil && len(text) > *s.MaxLength {
			return "is too long"
		}
		if s.Format == "date-time" && !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$`).MatchString(text) {
			return "is no RFC 3339 time"
		}
	}
	if object, ok := v.(map[string]any); ok {
		for _, r := range s.Required {
			if _, there := object[r]; !there {
				return "lacks " + r
			}
		}
		for name, value := range object {
			p, known := s.Properties[name]
			switch {
			case known:
				if problem := d.fits(p, value); problem != "" {
					return name + " " + problem
				}
			case s.Additional == false || s.Additional == nil:
				return "has the unknown " + name
			}
		}
	}
	if list, ok := v.([]any); ok && s.Items != nil {
		for i, x := range list {
			if problem := d.fits(*s.Items, x); problem != "" {
				return fmt.Sprintf("[%d] %s", i, problem)
			}
		}
	}
	return ""
}

// TestAnswersFitTheDocument holds what is answered against its schema.
func TestAnswersFitTheDocument(t *testing.T) {
	h := one(t)
	d := h.document()
	c := h.as("m1.owner")
	operator := h.as("platform.owner")
	h.service("M1")
	h.registered("m1.owner", "M1")
	role, policy := h.customRole("m1.owner", "Odd"), h.policyOf("m1.owner", "Odd")
	for path, methods := range d.Paths {
		o, ok := methods["get"]
		if !ok || strings.HasSuffix(path, "openapi.json") {
			continue
		}
		t.Run(path, func(t *testing.T) {
			by, account := c, "M1"
			if o.Permission == "accounts:view" || o.Permission == "resource_types:view" {
				by, account = operator, "PLATFORM"
			}
			at := strings.NewReplacer("{customerID}", account, "{type}/{id}", "orders/1", "{type}", "orders", "user-properties/{name}", "user-properties/department", "{name}", "orders", "factors/{id}", "factors/"+h.factor("m1.owner"), "roles/{id}/removal", "roles/"+role+"/removal", "roles/{id}", "roles/"+h.Role("M1", "auditor"), "policies/{id}", "policies/"+policy, "{key}", "both_approvals", "users/{id}", "users/"+h.User("m1.reader"),
				"accounts/{id}", "accounts/"+h.Account("M1").ID, "entities/{id}", "entities/"+h.Entity("M1").ID, "{seq}", strconv.FormatInt(h.ofM1(), 10)).Replace(path)
			if strings.HasSuffix(path, "/search") {
				at += "?q=M1"
			}
			a := by.get(at).is(http.StatusOK)
			if files := slices.Sorted(maps.Keys(o.Responses["200"].Content)); files[0] != "application/json" {
				if kind, _, _ := strings.Cut(a.header.Get("Content-Type"), ";"); !slices.Contains(files, kind) {
					t.Errorf("it is %s, not one of %v", kind, files)
				}
				return
			}
			if problem := d.fits(o.Responses["200"].Content["application/json"].Schema, any(a.object())); problem != "" {
				t.Errorf("%s: %.400s", problem, a.body)
			}
			if strings.Contains(a.body, "$schema") {
				t.Error("the answer links to a schema")
			}
		})
	}
}

// ofM1 is the number of an entry in M1's log.
func (h *house) ofM1() (seq int64) {
	for _, e := range h.Entries() {
		if e.AccountID == h.Account("M1").ID {
			seq = e.Seq
		}
	}
	return seq
}

// TestWords holds that whatever a body can be refused with has its words.
func TestWords(t *testing.T) {
	for _, status := range []int{400, 401, 403, 404, 405, 409, 410, 412, 413, 415, 422, 428, 429, 500, 503} {
		if key := fmt.Sprint("problem.", status); !lang.Has(key) {
			t.Errorf("no words for %s", key)
		}
	}
	for _, code := range access.ReasonCodes() {
		if !lang.Has("reason." + code) {
			t.Errorf("no words for the reason %s", code)
		}
	}
}

// example is a body made of the document's examples, with those of this world.
func (h *house) example(d document, s schema) map[string]any {
	ours := map[string]any{"roles": []string{h.Role("M1", "read_only")}, "entities": []string{"M1"}, "parent": "PARTNER",
		"password": "wrong", "current": "wrong", "identifier": "m1.owner@example.com", "challenge": strings.Repeat("c", 43), "token": strings.Repeat("t", 43)}
	body := map[string]any{}
	for name, p := range s.Properties {
		switch {
		case ours[name] != nil:
			body[name] = ours[name]
		case len(p.Examples) > 0:
			body[name] = p.Examples[0]
		case p.Type == "boolean":
			body[name] = false
		default:
			h.t.Fatalf("no example for %s", name)
		}
	}
	return body
}

func text(t testing.TB, v any) string {
	out, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// without is a copy of a body without a field.
func without(body map[string]any, name string) map[string]any {
	out := maps.Clone(body)
	delete(out, name)
	return out
}
