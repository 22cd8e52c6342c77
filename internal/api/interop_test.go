package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// scenario is one of docs/interop: what is set up, each part as the API takes it,
// and what is asked and answered.
type scenario struct {
	UserProperties []json.RawMessage `json:"user_properties"`
	ResourceTypes  []json.RawMessage `json:"resource_types"`
	Roles          []json.RawMessage `json:"roles"`
	People         []struct {
		Properties part     `json:"properties"`
		Roles      []string `json:"roles"`
	} `json:"people"`
	Resources   map[string][]json.RawMessage `json:"resources"`
	Evaluations []struct {
		Request  json.RawMessage `json:"request"`
		Decision bool            `json:"decision"`
	} `json:"evaluations"`
	Batches []struct {
		Request   json.RawMessage `json:"request"`
		Decisions []bool          `json:"decisions"`
	} `json:"batches"`
	Searches []struct {
		Path    string          `json:"path"`
		Request json.RawMessage `json:"request"`
		IDs     []string        `json:"ids"`
	} `json:"searches"`
}

// TestInterop sets up the working group's scenarios by the API alone, as docs/interop.md
// tells, and asks what is asked there.
func TestInterop(t *testing.T) {
	files, err := filepath.Glob("../../docs/interop/*.json")
	if err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run("K1 K2 "+strings.TrimSuffix(filepath.Base(file), ".json"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var s scenario
			if err := json.Unmarshal(text, &s); err != nil {
				t.Fatal(err)
			}
			h := one(t)
			s.setUp(h)
			s.ask(t, h)
		})
	}
}

// stands are the people of the world who are those of a scenario.
var stands = []string{"m1.reader", "m1.reader_a", "m1.reader_b", "m1.operations", "m1.auditor", "m1.both"}

func (s scenario) setUp(h *house) {
	h.t.Helper()
	platform, administrator := h.as("platform.owner"), h.as("m1.owner")
	for _, p := range s.UserProperties {
		platform.post("/api/v1/user-properties", p).is(http.StatusCreated)
	}
	for _, x := range s.ResourceTypes {
		platform.post("/api/v1/resource-types", x).is(http.StatusCreated)
	}
	roles := map[string]string{}
	for _, x := range s.Roles {
		var r, made part
		h.must(json.Unmarshal(x, &r))
		h.must(json.Unmarshal([]byte(administrator.post("/api/v1/accounts/M1/roles", x).is(http.StatusCreated).body), &made))
		roles[r["name"].(string)] = made["id"].(string)
	}
	for i, p := range s.People {
		var ids []string
		for _, name := range p.Roles {
			ids = append(ids, roles[name])
		}
		administrator.change(http.MethodPut, stands[i], "/access", part{"roles": ids, "all_entities": true}).is(http.StatusNoContent)
		administrator.change(http.MethodPut, stands[i], "/properties", part{"properties": p.Properties}).is(http.StatusNoContent)
	}
	for name, list := range s.Resources {
		for i, x := range list { // all are of the account's own entity
			list[i] = json.RawMessage(`{"entity":"M1",` + string(x[1:]))
		}
		administrator.post("/api/v1/accounts/M1/resources/"+name, part{"resources": list}).is(http.StatusOK)
	}
}

func (s scenario) ask(t *testing.T, h *house) {
	service, _ := h.service("M1")
	var all []json.RawMessage
	for _, e := range s.Evaluations {
		var got struct{ Decision bool }
		a := service.post("/access/v1/evaluation", e.Request).is(http.StatusOK)
		h.must(json.Unmarshal([]byte(a.body), &got))
		if got.Decision != e.Decision {
			t.Errorf("%s: %s", e.Request, a.body)
		}
		all = append(all, e.Request)
	}
	if len(all) > 0 {
		var got struct{ Evaluations []struct{ Decision bool } }
		h.must(json.Unmarshal([]byte(service.post("/access/v1/evaluations", part{"evaluations": all}).is(http.StatusOK).body), &got))
		for i, e := range s.Evaluations {
			if len(got.Evaluations) != len(all) || got.Evaluations[i].Decision != e.Decision {
				t.Fatalf("among all, %s is answered otherwise: %+v", e.Request, got)
			}
		}
	}
	for _, x := range s.Batches {
		var got struct{ Evaluations []struct{ Decision bool } }
		a := service.post("/access/v1/evaluations", x.Request).is(http.StatusOK)
		h.must(json.Unmarshal([]byte(a.body), &got))
		var decisions []bool
		for _, e := range got.Evaluations {
			decisions = append(decisions, e.Decision)
		}
		if !slices.Equal(decisions, x.Decisions) {
			t.Errorf("%s: %s", x.Request, a.body)
		}
	}
	for _, x := range s.Searches {
		var got struct{ Results []struct{ ID, Name string } }
		a := service.post("/access/v1/search/"+x.Path, x.Request).is(http.StatusOK)
		h.must(json.Unmarshal([]byte(a.body), &got))
		ids := []string{}
		for _, r := range got.Results {
			ids = append(ids, r.ID+r.Name)
		}
		slices.Sort(ids)
		if !slices.Equal(ids, x.IDs) {
			t.Errorf("%s %s finds %v, not %v", x.Path, x.Request, ids, x.IDs)
		}
	}
}

// TestSubjectNamedLikeAnother: whoever goes by the id of somebody else is not taken for them.
func TestSubjectNamedLikeAnother(t *testing.T) {
	h := one(t)
	text, err := os.ReadFile("../../docs/interop/records.json")
	h.must(err)
	var s scenario
	h.must(json.Unmarshal(text, &s))
	s.setUp(h)
	owner := h.User("m1.owner")
	h.as("m1.owner").change(http.MethodPut, "m1.reader", "/properties", part{"properties": part{"login": owner}}).is(http.StatusNoContent)
	service, _ := h.service("M1")
	ask := func(id string) string {
		return service.post("/access/v1/evaluation", part{"subject": part{"type": "user", "id": id}, "action": part{"name": "view"}, "resource": part{"type": "record", "id": "107"}}).is(http.StatusOK).body
	}
	t.Run("K2 attack: an id of ours is nobody's other name", func(t *testing.T) {
		if a := ask(owner); !strings.HasPrefix(a, `{"decision":false`) {
			t.Errorf("the owner is answered as who goes by their id: %s", a)
		}
		if a := ask(h.User("m1.reader")); !strings.HasPrefix(a, `{"decision":true`) {
			t.Errorf("they themselves are answered %s", a)
		}
	})
}
