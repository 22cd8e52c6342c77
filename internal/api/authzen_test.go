package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pquerna/otp/totp"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/test/testdb"
)

const evaluation, evaluations = "/access/v1/evaluation", "/access/v1/evaluations"

type part = map[string]any

// question is an evaluation request about an entity.
func question(user, resource, action, entity string) part {
	return part{"subject": part{"type": "user", "id": user}, "action": part{"name": action}, "resource": part{"type": resource, "id": "1", "properties": part{"entity": entity}}}
}

// decided is an answer of evaluation.
type decided struct {
	Decision bool
	Context  struct {
		Revision   int64
		Grant      struct{ Account, Role, Policy string }
		Reason     []string
		ReasonUser map[string]string `json:"reason_user"`
		Stale      bool
		Error      *struct {
			Status  int
			Message string
		}
	}
}

// allowed ends the test unless the answer is that decision, with all of these reasons.
func allowed(t *testing.T, a answer, want bool, reasons ...string) decided {
	t.Helper()
	var d decided
	a.is(http.StatusOK).into(&d)
	named := d.Context.Grant.Account != "" && d.Context.Grant.Role != "" && d.Context.Grant.Policy != ""
	if d.Decision != want || !want && len(d.Context.Reason) == 0 || named != want {
		t.Fatalf("%s", a.body)
	}
	for _, r := range reasons {
		if !slices.Contains(d.Context.Reason, r) {
			t.Fatalf("no %s in %s", r, a.body)
		}
	}
	return d
}

func codeAt(t *testing.T, key string, at time.Time) string {
	code, err := totp.GenerateCode(key, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestEvaluation(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		service, _ := h.service("M1")
		reader, readerA := h.User("m1.reader"), h.User("m1.reader_a")
		for _, c := range []struct {
			name    string
			ask     part
			allow   bool
			reasons []string
		}{
			{"K1 allowed", question(reader, "transactions", "view", "M1"), true, nil},
			{"K1 by entity id", question(reader, "transactions", "view", h.Entity("M1-A").ID), true, nil},
			{"over one entity and below", question(readerA, "transactions", "view", "M1-A-1"), true, nil},
			{"not beside it", question(readerA, "transactions", "view", "M1-B"), false, []string{"out_of_scope"}},
			{"no role has it", question(reader, "transactions", "export", "M1"), false, []string{"no_grant"}},
			{"no such user", question("usr_none", "transactions", "view", "M1"), false, []string{"unknown_user"}},
			{"another subject type", part{"subject": part{"type": "robot", "id": reader}, "action": part{"name": "view"}, "resource": part{"type": "transactions", "id": "1", "properties": part{"entity": "M1"}}}, false, []string{"unknown_user"}},
			{"no such permission", question(reader, "transactions", "eat", "M1"), false, []string{"unknown_permission"}},
			{"no entity", part{"subject": part{"type": "user", "id": reader}, "action": part{"name": "view"}, "resource": part{"type": "transactions", "id": "1"}}, false, []string{"no_entity"}},
			{"an empty entity", question(reader, "transactions", "view", ""), false, []string{"no_entity"}},
			{"no such entity", question(reader, "transactions", "view", "NO-SUCH"), false, []string{"unknown_entity"}},
			{"A14 an entity outside the token's account", question(reader, "transactions", "view", "M2"), false, []string{"unknown_entity"}},
			{"A14 a person of another account", question(h.User("m2.reader"), "transactions", "view", "M1"), false, []string{"unknown_user"}},
			{"deactivated", question(h.User("m1.deactivated"), "transactions", "view", "M1"), false, []string{"inactive_membership"}},
			{"invited only", question(h.User("m1.invited"), "transactions", "view", "M1"), false, []string{"inactive_membership"}},
			{"without a session no second factor", question(h.User("m1.owner"), "users", "create", "M1"), false, []string{"needs_2fa"}},
			{"NUL", question(reader+"\x00", "transactions", "view", "M1"), false, []string{"unknown_user"}},
		} {
			t.Run(c.name, func(t *testing.T) {
				d := allowed(t, service.post(evaluation, c.ask), c.allow, c.reasons...)
				if d.Context.Revision != h.Live.Load().Revision() || d.Context.Stale {
					t.Errorf("%+v", d)
				}
				if !c.allow && (len(d.Context.ReasonUser) != 1 || d.Context.ReasonUser["en"] == "" || strings.Contains(d.Context.ReasonUser["en"], "[")) {
					t.Errorf("sentences %v", d.Context.ReasonUser)
				}
			})
		}
		t.Run("A14 outside reads as nothing there", func(t *testing.T) {
			a, b := service.post(evaluation, question(reader, "transactions", "view", "M2")), service.post(evaluation, question(reader, "transactions", "view", "NO-SUCH"))
			if a.body != b.body {
				t.Errorf("%s\n%s", a.body, b.body)
			}
			a, b = service.post(evaluation, question(h.User("m2.reader"), "transactions", "view", "M1")), service.post(evaluation, question("usr_none", "transactions", "view", "M1"))
			if a.body != b.body {
				t.Errorf("%s\n%s", a.body, b.body)
			}
		})
		t.Run("sentences in the asked language", func(t *testing.T) {
			d := allowed(t, service.with("Accept-Language", "fr").post(evaluation, question(reader, "transactions", "export", "M1")), false)
			if s := d.Context.ReasonUser["fr"]; !strings.Contains(s, "transactions:export") {
				t.Errorf("%v", d.Context.ReasonUser)
			}
		})
		t.Run("E11 what a caller says of a person is not believed", func(t *testing.T) {
			ask := question(reader, "transactions", "export", "M1")
			ask["subject"] = part{"type": "user", "id": reader, "role": "owner", "properties": part{"role": "owner", "roles": []string{"owner"}, "is_owner": true}}
			ask["context"] = part{"time": "1985-10-26T01:22:00-07:00", "second_factor": true, "role": "owner"}
			allowed(t, service.post(evaluation, ask), false, "no_grant")
		})
		t.Run("the session gives the second factor, to its own person", func(t *testing.T) {
			ref := h.as("m1.owner").get("/api/v1/session").object()["session"].(string)
			foreign := h.as("m1.reader").get("/api/v1/session").object()["session"].(string)
			ask := question(h.User("m1.owner"), "users", "create", "M1")
			for session, want := range map[string]bool{ref: true, foreign: false, "ses_none": false, "": false, "a\x00b": false, strings.Repeat("x", 1000): false} {
				ask["context"] = part{"session": session}
				allowed(t, service.post(evaluation, ask), want)
			}
			owner := h.as("m1.owner")
			owner.do(http.MethodDelete, "/api/v1/session", nil).is(http.StatusNoContent)
			delete(h.sessions, "m1.owner")
			ask["context"] = part{"session": ref}
			allowed(t, service.post(evaluation, ask), false, "needs_2fa")
		})
	})
}

func TestE09NoAnswerIsOlderThanTheChange(t *testing.T) {
	h := one(t)
	service, _ := h.service("M1")
	owner := h.as("m1.owner")
	ask := question(h.User("m1.reader"), "transactions", "view", "M1")
	batch := part{"evaluations": []part{ask, ask}}
	for range 20 {
		allowed(t, service.post(evaluation, ask), true)
		at := h.at("m1.reader")
		owner.with("If-Match", etag(owner.get(at))).post(at+"/deactivation", nil).is(http.StatusNoContent)
		allowed(t, service.post(evaluation, ask), false, "inactive_membership")
		if got := decisions(t, service.post(evaluations, batch)); !cmp.Equal(got, []bool{false, false}) {
			t.Fatalf("the batch says %v", got)
		}
		owner.with("If-Match", etag(owner.get(at))).do(http.MethodDelete, at+"/deactivation", nil).is(http.StatusNoContent)
	}
}

func decisions(t *testing.T, a answer) (list []bool) {
	t.Helper()
	var got struct{ Evaluations []decided }
	a.is(http.StatusOK).into(&got)
	for _, d := range got.Evaluations {
		list = append(list, d.Decision)
	}
	return list
}

func TestEvaluations(t *testing.T) {
	h := one(t)
	service, _ := h.service("M1")
	subject := part{"type": "user", "id": h.User("m1.reader_a")}
	about := func(entity string) part {
		return part{"type": "transactions", "id": "1", "properties": part{"entity": entity}}
	}
	yes, no := part{"resource": about("M1-A")}, part{"resource": about("M1-B")}
	all := func(semantic string, items ...part) part {
		p := part{"subject": subject, "action": part{"name": "view"}, "evaluations": items}
		if semantic != "" {
			p["options"] = part{"evaluations_semantic": semantic, "another_option": []any{1}}
		}
		return p
	}
	for _, c := range []struct {
		name string
		ask  part
		want []bool
	}{
		{"K1 all, by default", all("", yes, no, yes), []bool{true, false, true}},
		{"K1 execute_all", all("execute_all", no, yes, no), []bool{false, true, false}},
		{"K1 deny_on_first_deny", all("deny_on_first_deny", yes, no, yes), []bool{true, false}},
		{"K1 permit_on_first_permit", all("permit_on_first_permit", no, yes, no), []bool{false, true}},
		{"an evaluation's own part goes before the default", all("", yes, part{"action": part{"name": "eat"}, "resource": about("M1-A")}, part{"subject": part{"type": "user", "id": h.User("m1.reader_b")}, "resource": about("M1-B")}), []bool{true, false, true}},
		{"without defaults", part{"evaluations": []part{question(h.User("m1.reader"), "transactions", "view", "M1")}}, []bool{true}},
		{"one that lacks a part is a deny of its own", all("", yes, part{}, yes), []bool{true, false, true}},
		{"and stops at the first deny", all("deny_on_first_deny", yes, part{}, yes), []bool{true, false}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, decisions(t, service.post(evaluations, c.ask))); diff != "" {
				t.Error(diff)
			}
		})
	}
	t.Run("defaults may follow", func(t *testing.T) {
		text := `{"evaluations":[` + text(t, yes) + `],"action":{"name":"view"},"subject":` + text(t, subject) + `}`
		if got := decisions(t, service.do(http.MethodPost, evaluations, text)); !cmp.Equal(got, []bool{true}) {
			t.Error(got)
		}
	})
	t.Run("without evaluations it is a single one", func(t *testing.T) {
		ask := question(h.User("m1.reader"), "transactions", "view", "M1")
		allowed(t, service.post(evaluations, ask), true)
		ask["evaluations"] = []part{}
		allowed(t, service.post(evaluations, ask), true)
	})
	t.Run("the error of one says what it lacks", func(t *testing.T) {
		var got struct{ Evaluations []decided }
		service.post(evaluations, all("", part{})).into(&got)
		if e := got.Evaluations[0].Context.Error; e == nil || e.Status != 400 || !strings.Contains(e.Message, "resource") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("a thousand, and not one more", func(t *testing.T) {
		items := slices.Repeat([]part{yes}, 1000)
		if got := decisions(t, service.post(evaluations, all("", items...))); len(got) != 1000 || slices.Contains(got, false) {
			t.Errorf("%d answers", len(got))
		}
		plain(t, service.post(evaluations, all("", append(items, yes)...)), http.StatusBadRequest)
	})
	t.Run("semantics that are none", func(t *testing.T) {
		for _, bad := range []any{"all", "", 1, nil, "EXECUTE_ALL"} {
			ask := all("", yes)
			ask["options"] = part{"evaluations_semantic": bad}
			plain(t, service.post(evaluations, ask), http.StatusBadRequest)
		}
	})
	t.Run("lists that are none", func(t *testing.T) {
		for _, bad := range []string{`{"evaluations":{}}`, `{"evaluations":"x"}`, `{"evaluations":[1]}`, `{"evaluations":[null]}`, `{"evaluations":[{}`, `{"options":[]}`} {
			plain(t, service.do(http.MethodPost, evaluations, bad), http.StatusBadRequest)
		}
	})
}

// plain ends the test unless the answer is a plain text and nothing else.
func plain(t *testing.T, a answer, status int) {
	t.Helper()
	a.is(status)
	if ct := a.header.Get("Content-Type"); ct != "text/plain; charset=utf-8" || len(a.body) < 10 || json.Valid([]byte(a.body)) || strings.Contains(a.body, "[error") {
		t.Errorf("%s: %s %q", a.what, ct, a.body)
	}
}

func TestMalformedEvaluations(t *testing.T) {
	h := one(t)
	service, _ := h.service("M1")
	good := question(h.User("m1.owner"), "transactions", "view", "M1")
	good["context"] = part{"ip": "192.0.2.7", "session": "ses_x"}
	good["resource"].(part)["properties"] = part{"entity": "M1", "location": "loc_x", "amount": 1, "currency": "CHF", "owner": "usr_x", "state": "open"}
	sound := text(t, good)
	cases := []string{"", "[]", "null", "1", "{", sound[:len(sound)-1], sound + "{}", sound + "x", strings.Replace(sound, "{", `{"subject":{"type":"user","id":"x"},`, 1),
		strings.Replace(sound, `"type":"user"`, `"type":"user","type":"user"`, 1), strings.Replace(sound, "ses_x", `\ud800`, 1), strings.Replace(sound, "ses_x", "\xff", 1),
		strings.TrimSuffix(sound, "}") + `,"x":{"a":1,"a":2}}`, strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000),
		strings.TrimSuffix(sound, "}") + `,"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}", strings.TrimSuffix(sound, "}") + `,"x":` + "\"\x01\"}"}
	replace := func(path string, v any) {
		var m part
		if err := json.Unmarshal([]byte(sound), &m); err != nil {
			t.Fatal(err)
		}
		at, keys := m, strings.Split(path, ".")
		for _, k := range keys[:len(keys)-1] {
			at = at[k].(part)
		}
		if at[keys[len(keys)-1]] = v; v == "missing" {
			delete(at, keys[len(keys)-1])
		}
		cases = append(cases, text(t, m))
	}
	for _, p := range []string{"subject", "action", "resource", "subject.type", "subject.id", "action.name", "resource.type", "resource.id"} {
		replace(p, "missing")
	}
	for _, p := range []string{"subject", "action", "resource", "context", "resource.properties"} {
		for _, v := range []any{1, nil, []any{}, "x", true} {
			replace(p, v)
		}
	}
	for _, p := range []string{"subject.type", "subject.id", "action.name", "resource.type", "resource.id", "resource.properties.entity", "resource.properties.location", "resource.properties.owner",
		"resource.properties.state", "resource.properties.currency", "context.ip", "context.session"} {
		for _, v := range []any{1, nil, []any{"x"}, part{"x": 1}, true} {
			replace(p, v)
		}
	}
	for _, v := range []any{1.5, "1", nil, true, 1e19, json.RawMessage("1e3"), json.RawMessage("1.0"), json.RawMessage("9223372036854775808")} {
		replace("resource.properties.amount", v)
	}
	for _, v := range []any{"x", "192.0.2.0/24", "", "192.0.2.7:80", "1"} {
		replace("context.ip", v)
	}
	allowed(t, service.do(http.MethodPost, evaluation, strings.Replace(sound, `"location":"loc_x",`, "", 1)), true)
	for i, body := range cases {
		t.Run(fmt.Sprintf("%03d %.60q", i, body), func(t *testing.T) { plain(t, service.do(http.MethodPost, evaluation, body), http.StatusBadRequest) })
	}
	if len(cases) < 100 {
		t.Errorf("only %d cases", len(cases))
	}
	t.Run("too large", func(t *testing.T) {
		plain(t, service.do(http.MethodPost, evaluation, `{"x":"`+strings.Repeat("a", 300<<10)+`"}`), http.StatusRequestEntityTooLarge)
		plain(t, service.do(http.MethodPost, evaluations, `{"x":"`+strings.Repeat("a", 10<<20)+`"}`), http.StatusRequestEntityTooLarge)
	})
	t.Run("other types", func(t *testing.T) {
		plain(t, service.with("Content-Type", "text/plain").do(http.MethodPost, evaluation, sound), http.StatusUnsupportedMediaType)
		service.with("Content-Type", "application/json; charset=utf-8").do(http.MethodPost, evaluation, sound).is(http.StatusOK)
	})
}

func TestServiceTokens(t *testing.T) {
	clock := testdb.NewClock(time.Now())
	h := build(t, testdb.Open(t, testdb.SQLite, testdb.Options{Clock: clock}))
	owner := h.as("m1.owner")
	ask := question(h.User("m1.reader"), "transactions", "view", "M1")
	made := owner.post("/api/v1/accounts/M1/service-tokens", map[string]any{"name": "gateway", "expires_at": clock.Now().Add(time.Hour).UTC().Format(time.RFC3339)}).is(http.StatusCreated).object()
	service := h.nobody()
	service.bearer = made["token"].(string)
	refused := func(c caller, challenge string) {
		t.Helper()
		a := c.post(evaluation, ask)
		plain(t, a, http.StatusUnauthorized)
		if got := a.header.Get("WWW-Authenticate"); got != challenge {
			t.Errorf("%s", got)
		}
	}
	const plainly, invalid = `Bearer realm="countersign"`, `Bearer realm="countersign", error="invalid_token"`
	allowed(t, service.post(evaluation, ask), true)
	refused(h.nobody(), plainly)
	refused(owner, plainly) // a person's session is none
	for _, bad := range []string{"Bearer", "Bearer ", "Bearer x", "Basic " + service.bearer, service.bearer, "Bearer  " + service.bearer, "Bearer " + service.bearer + " ", "Bearer " + service.bearer[1:], "Bearer " + strings.Repeat("x", 5000)} {
		a := h.nobody().with("Authorization", bad).post(evaluation, ask)
		if bad == "Bearer "+service.bearer+" " {
			continue // HTTP itself takes the blank away
		}
		plain(t, a, http.StatusUnauthorized)
	}
	refused(service.with("Authorization", "Bearer x").without(), invalid)
	t.Run("it is shown once, and its use is told", func(t *testing.T) {
		h.api.Close()
		a := owner.get("/api/v1/accounts/M1/service-tokens").is(http.StatusOK)
		if strings.Contains(a.body, service.bearer) || !strings.Contains(a.body, `"last_used_at"`) {
			t.Error(a.body)
		}
	})
	t.Run("refused ones are recorded without the token", func(t *testing.T) {
		h.Log.Close(t.Context())
		h.View(func(tx *db.Tx) error {
			var n int
			_, err := db.One(tx, []any{&n}, `SELECT COUNT(*) FROM audit_entries WHERE action = $1 AND outcome = 'refused'`, audit.TokenRefused)
			if n == 0 {
				t.Error("no entry")
			}
			var leaked int
			if _, err := db.One(tx, []any{&leaked}, `SELECT COUNT(*) FROM audit_entries WHERE reason LIKE $1 OR target_id LIKE $1 OR changes LIKE $1`, "%"+service.bearer+"%"); err != nil || leaked > 0 {
				t.Errorf("the token stands in the log %d times: %v", leaked, err)
			}
			return err
		})
	})
	clock.Advance(time.Hour)
	refused(service, invalid)
	owner = h.nobody()
	_, fresh, err := h.Org.CreateToken(t.Context(), h.Who("m1.owner"), h.Account("M1").ID, org.Decisions, "second", time.Time{})
	h.must(err)
	second := h.bearer(fresh)
	allowed(t, second.post(evaluation, ask), true)
	var tokens []org.Token
	h.View(func(tx *db.Tx) (err error) { tokens, err = org.Tokens(tx, h.Account("M1").ID); return err })
	for _, x := range tokens {
		if x.Name == "second" {
			h.must(h.Org.RevokeToken(t.Context(), h.Who("m1.owner"), h.Account("M1").ID, x.ID))
		}
	}
	refused(second, invalid)
}

// without is the caller without the token it would send itself.
func (c caller) without() caller {
	c.bearer = ""
	return c
}

func TestRequestIdentification(t *testing.T) {
	h := one(t)
	service, _ := h.service("M1")
	const id = "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"
	for _, a := range []answer{
		service.with("X-Request-ID", id).post(evaluation, question("x", "transactions", "view", "M1")),
		service.with("X-Request-ID", id).post(evaluations, part{"evaluations": []part{question("x", "transactions", "view", "M1")}}),
		service.with("X-Request-ID", id).post(evaluation, part{}),
		h.nobody().with("X-Request-ID", id).post(evaluation, part{}),
		service.with("X-Request-ID", id).get(evaluation),
	} {
		if got := a.header.Get("X-Request-ID"); got != id {
			t.Errorf("%d: %q", a.status, got)
		}
	}
	a := service.get(evaluation)
	plain(t, a, http.StatusMethodNotAllowed)
	if a.header.Get("Allow") != "POST" {
		t.Errorf("Allow: %q", a.header.Get("Allow"))
	}
	plain(t, service.post("/access/v1/search/subject", part{}), http.StatusNotFound)
}

func TestMetadata(t *testing.T) {
	h := one(t)
	a := h.nobody().get("/.well-known/authzen-configuration").is(http.StatusOK)
	at := h.server.URL
	want := part{"policy_decision_point": at, "access_evaluation_endpoint": at + evaluation, "access_evaluations_endpoint": at + evaluations}
	if diff := cmp.Diff(want, a.object()); diff != "" || a.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %s", a.header.Get("Content-Type"), diff)
	}
}

func TestWithoutASnapshotEverythingIsDenied(t *testing.T) {
	h := one(t)
	service, _ := h.service("M1")
	h.Live.Store(nil)
	d := allowed(t, service.post(evaluation, question(h.User("m1.reader"), "transactions", "view", "M1")), false, "no_snapshot")
	if !d.Context.Stale {
		t.Error("not marked stale")
	}
}

func TestWithoutTheDatabaseAnswersAreMarkedStale(t *testing.T) {
	h := one(t)
	service, _ := h.service("M1")
	owner := h.as("m1.owner")
	ask := question(h.User("m1.reader"), "transactions", "view", "M1")
	allowed(t, service.post(evaluation, ask), true)
	session := owner.get("/api/v1/session").object()["session"]
	h.api.Close()
	h.must(h.DB.Close())
	go h.Keeper.Run(t.Context())
	for !h.Keeper.Stale() {
		time.Sleep(time.Millisecond)
	}
	if d := allowed(t, service.post(evaluation, ask), true); !d.Context.Stale {
		t.Errorf("%+v", d)
	}
	ask = question(h.User("m1.owner"), "users", "create", "M1")
	ask["context"] = part{"session": session} // cannot be looked up: no second factor
	allowed(t, service.post(evaluation, ask), false, "needs_2fa")
	owner.get("/api/v1/session").refused(http.StatusServiceUnavailable, "database_away")
}
