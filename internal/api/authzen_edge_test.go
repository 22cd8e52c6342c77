package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var searches = []string{"/access/v1/search/subject", "/access/v1/search/resource", "/access/v1/search/action"}

// decisionAddresses are all that a service token asks at.
var decisionAddresses = append([]string{evaluation, evaluations}, searches...)

// TestRequestIdentification holds that an answer has the name that its caller
// gave the request, whatever the answer is.
func TestRequestIdentification(t *testing.T) {
	h := one(t)
	service, _ := h.service("M1")
	ask := question("x", "transactions", "view", "M1")
	for name, id := range map[string]string{
		"a UUID": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "one letter": "x", "blanks and signs": `a "b" <c> {d}; e=%0d%0aSet-Cookie: f`,
		"another alphabet": "запрос-№1-数", "bytes that are no UTF-8": "\xff\xfe", "as long as may be": strings.Repeat("x", 1024), "one of ours": "req_0123456789abcdefghjkmnpqrs",
	} {
		t.Run("K1 "+name, func(t *testing.T) {
			named := service.with("X-Request-ID", id)
			for _, a := range []answer{
				named.post(evaluation, ask), named.post(evaluations, part{"evaluations": []part{ask}}), named.post(searches[0], ask), named.post(searches[1], ask), named.post(searches[2], ask),
				named.post(evaluation, part{}), named.post(searches[1], "{"), h.nobody().with("X-Request-ID", id).post(evaluation, ask), named.get(evaluation), named.post("/access/v1/none", ask),
				named.with("Sec-Fetch-Site", "cross-site").post(evaluation, ask), h.nobody().with("X-Request-ID", id).get("/.well-known/authzen-configuration"),
			} {
				if got := a.header.Values("X-Request-ID"); !cmp.Equal(got, []string{id}) {
					t.Errorf("%s %d: %q", a.what, a.status, got)
				}
			}
		})
	}
	t.Run("without one it is ours", func(t *testing.T) {
		for _, a := range []answer{service.post(evaluation, ask), service.with("X-Request-ID", "").post(evaluation, ask)} {
			if got := a.is(http.StatusOK).header.Get("X-Request-ID"); !strings.HasPrefix(got, "req_") {
				t.Errorf("%q", got)
			}
		}
	})
	t.Run("what cannot be given back is refused, under a name of ours", func(t *testing.T) {
		for name, c := range map[string]caller{
			"too long": service.with("X-Request-ID", strings.Repeat("x", 1025)), "huge": service.with("X-Request-ID", strings.Repeat("x", 50<<10)),
			"two of them": service.with("X-Request-ID", "a").with("X-Request-ID", "b"), "a tab": service.with("X-Request-ID", "a\tb"),
		} {
			a := c.post(evaluation, ask)
			if plain(t, a, http.StatusBadRequest); !strings.HasPrefix(a.header.Get("X-Request-ID"), "req_") || strings.Contains(a.body, "xxx") {
				t.Errorf("%s: %q %q", name, a.header.Values("X-Request-ID"), a.body)
			}
		}
	})
	t.Run("the JSON API names its requests itself", func(t *testing.T) {
		a := h.nobody().with("X-Request-ID", "mine").get("/api/v1/session")
		if p := a.refused(http.StatusUnauthorized, "sign_in_first"); !strings.HasPrefix(p.RequestID, "req_") {
			t.Error(p.RequestID)
		}
	})
}

// TestWrongMethods: the addresses take POST, and say so.
func TestWrongMethods(t *testing.T) {
	h := one(t)
	service, _ := h.service("M1")
	for _, path := range decisionAddresses {
		for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete, http.MethodOptions, "ODD"} {
			a := service.do(method, path, nil)
			if plain(t, a, http.StatusMethodNotAllowed); a.header.Get("Allow") != "POST" {
				t.Errorf("%s: Allow: %q", a.what, a.header.Get("Allow"))
			}
		}
	}
	for _, path := range []string{"/access/v1/search", "/access/v1/search/", "/access/v1/search/subjects", "/access/v1/evaluation/", "/access/v2/evaluation", "/access/v1/Evaluation"} {
		plain(t, service.post(path, part{}), http.StatusNotFound)
	}
	a := h.nobody().post("/.well-known/authzen-configuration", part{})
	if plain(t, a, http.StatusMethodNotAllowed); a.header.Get("Allow") != "GET, HEAD" {
		t.Errorf("Allow: %q", a.header.Get("Allow"))
	}
}

func TestMetadata(t *testing.T) {
	h := one(t)
	t.Run("K1 it lists what there is, and nothing that is not", func(t *testing.T) {
		a := h.nobody().get("/.well-known/authzen-configuration").is(http.StatusOK)
		at := h.origin
		want := part{"policy_decision_point": at, "access_evaluation_endpoint": at + evaluation, "access_evaluations_endpoint": at + evaluations,
			"search_subject_endpoint": at + searches[0], "search_resource_endpoint": at + searches[1], "search_action_endpoint": at + searches[2]}
		if diff := cmp.Diff(want, a.object()); diff != "" || a.header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s", a.header.Get("Content-Type"), diff)
		}
		if got := a.header.Get("Cache-Control"); got != "public, max-age=300" {
			t.Errorf("Cache-Control: %q", got)
		}
	})
	t.Run("K1 by configuration, not by what the request says", func(t *testing.T) {
		a := h.nobody().with("X-Forwarded-Host", "evil.example").with("Forwarded", "host=evil.example").get("/.well-known/authzen-configuration")
		if strings.Contains(a.body, "evil") {
			t.Error(a.body)
		}
	})
}
