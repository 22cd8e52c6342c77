package api_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/api"
	"countersign/internal/audit"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/web"
)

// asked is an address below an account, with a query in pairs.
func asked(customerID, what string, pairs ...string) string {
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return "/api/v1/accounts/" + customerID + "/" + what + "?" + q.Encode()
}

// column is one field of each item of a list.
func (a answer) column(name string) (out []string) {
	a.t.Helper()
	for _, x := range a.is(http.StatusOK).object()["items"].([]any) {
		out = append(out, fmt.Sprint(x.(map[string]any)[name]))
	}
	return out
}

func TestOperators(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		platform, partner := h.as("platform.owner"), h.as("partner.owner")
		t.Run("K4 the list, narrowed and in order", func(t *testing.T) {
			for query, want := range map[string]string{
				"":                                "FAC M1 M2 M3 PARTNER PLATFORM",
				"sort=-customer_id&kind=merchant": "M3 M2 M1",
				"search=ccount+m":                 "M1 M2 M3",
				"environment=test":                "M3",
				"opened=waiting":                  "",
				"state=inactive":                  "",
				"parent=FAC":                      "PARTNER",
				"search=%25":                      "",
				"sort=-users&kind=merchant&environment=live": "M1 M2",
			} {
				a := platform.get("/api/v1/accounts/PLATFORM/accounts?" + query)
				got := a.column("customer_id")
				if strings.HasPrefix(query, "sort=-users") {
					slices.Sort(got) // as many in each
				}
				if strings.Join(got, " ") != want || int(a.object()["total"].(float64)) != len(got) {
					t.Errorf("%s: %v, total %v", query, got, a.object()["total"])
				}
			}
		})
		t.Run("A07 A09 a partner sees what is below it, and nothing of its names is told otherwise", func(t *testing.T) {
			a := partner.get("/api/v1/accounts/PARTNER/accounts")
			if got := strings.Join(a.column("customer_id"), " "); got != "M1 M2 M3 PARTNER" || a.object()["total"] != 4.0 {
				t.Errorf("%s of %v", got, a.object()["total"])
			}
			for _, query := range []string{"search=FAC", "search=Account+FAC", "search=PLATFORM", "kind=facilitator"} {
				if a := partner.get("/api/v1/accounts/PARTNER/accounts?" + query).is(http.StatusOK); a.object()["total"] != 0.0 {
					t.Errorf("%s: %s", query, a.body)
				}
			}
			own := partner.get("/api/v1/accounts/PARTNER/accounts/" + h.Account("PARTNER").ID).is(http.StatusOK)
			if own.object()["parent_id"] != nil {
				t.Errorf("the partner is told what it belongs to: %s", own.body)
			}
			theirs := partner.get("/api/v1/accounts/PARTNER/accounts?parent="+h.Entity("FAC").ID).refused(http.StatusUnprocessableEntity, "invalid")
			none := partner.get("/api/v1/accounts/PARTNER/accounts?parent=ent_355c06m61fbe6bnepsk8mvrwym").refused(http.StatusUnprocessableEntity, "invalid")
			if diff := cmp.Diff(theirs.Errors, none.Errors); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("K4 names are changed, what is left out stays", func(t *testing.T) {
			at := "/api/v1/accounts/PARTNER/accounts/" + h.Account("M1").ID
			seen := partner.get(at).is(http.StatusOK)
			changed := partner.with("If-Match", etag(seen)).do(http.MethodPatch, at, map[string]any{"alias": "Uno"}).is(http.StatusNoContent)
			var got api.ManagedAccount
			if now := partner.get(at).into(&got); etag(now) != etag(changed) || got.Alias != "Uno" || got.Name != "Account M1" || got.ParentID != h.Entity("PARTNER").ID {
				t.Errorf("%+v with %s after %s", got, etag(now), etag(changed))
			}
			partner.with("If-Match", etag(seen)).do(http.MethodPatch, at, map[string]any{"name": "late"}).refused(http.StatusPreconditionFailed, "stale")
			partner.do(http.MethodPatch, at, map[string]any{"name": "x"}).refused(http.StatusPreconditionRequired, "precondition")
			for _, fixed := range []string{"customer_id", "environment", "kind", "profile", "parent_id", "active", "users"} {
				partner.with("If-Match", etag(changed)).do(http.MethodPatch, at, map[string]any{fixed: "test"}).refused(http.StatusBadRequest, "unknown_field")
			}
		})
		t.Run("E15 of two who rename the same one is told", func(t *testing.T) {
			at := "/api/v1/accounts/PARTNER/accounts/" + h.Account("M2").ID
			for range 5 {
				version := etag(partner.get(at))
				var wg sync.WaitGroup
				status := make([]int, 2)
				for i, c := range []caller{partner, h.as("partner.administrator")} {
					wg.Go(func() {
						status[i] = c.with("If-Match", version).do(http.MethodPatch, at, map[string]any{"name": fmt.Sprint(version, i)}).status
					})
				}
				wg.Wait()
				if status[0]+status[1] != http.StatusNoContent+http.StatusPreconditionFailed {
					t.Fatal(status)
				}
			}
		})
		t.Run("A11 deactivated, its people's very next request is refused, and they come back", func(t *testing.T) {
			at, inside := "/api/v1/accounts/PARTNER/accounts/"+h.Account("M3").ID, h.as("m3.owner")
			inside.get("/api/v1/accounts/M3/users").is(http.StatusOK)
			version := etag(partner.get(at))
			partner.with("If-Match", version).post(at+"/deactivation", map[string]any{"reason": ""}).refused(http.StatusUnprocessableEntity, "invalid")
			version = etag(partner.with("If-Match", version).post(at+"/deactivation", map[string]any{"reason": "ended"}).is(http.StatusNoContent))
			inside.get("/api/v1/accounts/M3/users").is(http.StatusNotFound)
			var got api.ManagedAccount
			if partner.get(at).into(&got); got.Active || got.Reason != "ended" || got.DeactivatedBy != h.User("partner.owner") {
				t.Errorf("%+v", got)
			}
			if a := partner.get(asked("PARTNER", "accounts", "state", "inactive")); strings.Join(a.column("customer_id"), "") != "M3" {
				t.Errorf("the list of inactive ones: %s", a.body)
			}
			partner.with("If-Match", version).do(http.MethodDelete, at+"/deactivation?reason=again", nil).is(http.StatusNoContent)
			inside.get("/api/v1/accounts/M3/users").is(http.StatusOK)
			own := "/api/v1/accounts/PARTNER/accounts/" + h.Account("PARTNER").ID + "/deactivation"
			partner.with("If-Match", `"1"`).post(own, map[string]any{"reason": "x"}).refused(http.StatusConflict, "account_from_inside")
		})
		t.Run("M4 the alias is set by the account's own administrator", func(t *testing.T) {
			owner := h.as("m1.owner")
			version := etag(owner.get("/api/v1/accounts/M1"))
			owner.with("If-Match", version).do(http.MethodPatch, "/api/v1/accounts/M1", map[string]any{"alias": "Nº 1"}).is(http.StatusNoContent)
			if owner.get("/api/v1/accounts/M1").object()["alias"] != "Nº 1" {
				t.Error("it is not there")
			}
			owner.with("If-Match", version).do(http.MethodPatch, "/api/v1/accounts/M1", map[string]any{"alias": "late"}).refused(http.StatusPreconditionFailed, "stale")
			platform.with("If-Match", `"1"`).do(http.MethodPatch, "/api/v1/accounts/M1", map[string]any{"alias": "x"}).is(http.StatusForbidden)
			if s := owner.get("/api/v1/accounts/M1/settings").column("key"); len(s) < 20 {
				t.Errorf("%d settings", len(s))
			}
		})
		t.Run("a customer ID is made of plain letters", func(t *testing.T) {
			for _, id := range []string{"М1", "M１", "m1\u200b", "M1\u0301", "-M1", "M", strings.Repeat("M", 33), "M1/..", "M1%00"} {
				p := partner.post("/api/v1/accounts/PARTNER/entities", map[string]any{"name": "x", "customer_id": id, "parent": "M1"})
				if p.status != http.StatusUnprocessableEntity || field(p.problem(), "customer_id") == "" {
					t.Errorf("%q: %d", id, p.status)
				}
			}
		})
	})
}

func TestTree(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		partner, owner := h.as("partner.owner"), h.as("m1.owner")
		t.Run("D15 an entity is added, read, renamed and deactivated", func(t *testing.T) {
			made := partner.post("/api/v1/accounts/PARTNER/entities", map[string]any{"name": "Quay", "customer_id": "m1-c", "parent": "M1"}).is(http.StatusCreated)
			at := made.header.Get("Location")
			var e api.EntityDetails
			seen := partner.get(at).is(http.StatusOK).into(&e)
			if e.CustomerID != "M1-C" || e.ParentID != h.Entity("M1").ID || !e.Active || e.CreatedBy != h.User("partner.owner") || e.HasChildren {
				t.Errorf("%+v", e)
			}
			mine := strings.Replace(at, "PARTNER", "M1", 1)
			version := etag(owner.with("If-Match", etag(seen)).do(http.MethodPatch, mine, map[string]any{"name": "Pier"}).is(http.StatusNoContent))
			partner.with("If-Match", etag(seen)).do(http.MethodPatch, at, map[string]any{"name": "late"}).refused(http.StatusPreconditionFailed, "stale")
			version = etag(owner.with("If-Match", version).post(mine+"/deactivation", map[string]any{"reason": "closed"}).is(http.StatusNoContent))
			if owner.get(mine).into(&e); e.Name != "Pier" || e.Active || e.Reason != "closed" {
				t.Errorf("%+v", e)
			}
			partner.post("/api/v1/accounts/PARTNER/entities", map[string]any{"name": "x", "customer_id": "m1-c-1", "parent": "M1-C"}).refused(http.StatusUnprocessableEntity, "invalid")
			owner.with("If-Match", version).do(http.MethodDelete, mine+"/deactivation", nil).is(http.StatusNoContent)
			owner.post("/api/v1/accounts/M1/entities", map[string]any{"name": "x", "customer_id": "m1-d", "parent": "M1"}).refused(http.StatusForbidden, "level_too_low")
		})
		t.Run("D15 children and a search, as far as one sees", func(t *testing.T) {
			children := "/api/v1/accounts/M1/entities/" + h.Entity("M1").ID + "/children"
			if got := strings.Join(owner.get(children).column("customer_id"), " "); got != "M1-A M1-B M1-C" {
				t.Errorf("below M1: %s", got)
			}
			for label, want := range map[string]string{"m1.owner": "M1-A M1-A-1", "m1.reader_a": "M1-A M1-A-1", "m1.reader_b": ""} {
				if got := strings.Join(h.as(label).get("/api/v1/accounts/M1/entities?search=m1-a").column("customer_id"), " "); got != want {
					t.Errorf("%s finds %s", label, got)
				}
			}
			h.as("m1.reader_a").get(children).refused(http.StatusNotFound, "not_found")
		})
		t.Run("A09 what is above and beside is none", func(t *testing.T) {
			limited := h.as("m1.limited")
			for _, id := range []string{h.Entity("M1").ID, h.Entity("M1-B").ID, h.Entity("PARTNER").ID, h.Entity("M2-A").ID} {
				limited.get("/api/v1/accounts/M1/entities/"+id).refused(http.StatusNotFound, "not_found")
				limited.with("If-Match", `"1"`).do(http.MethodPatch, "/api/v1/accounts/M1/entities/"+id, map[string]any{"name": "x"}).refused(http.StatusNotFound, "not_found")
			}
		})
	})
}

func TestLog(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		owner, partner := h.as("m1.owner"), h.as("partner.owner")
		t.Run("L1 by person, group, address, request and time", func(t *testing.T) {
			all := owner.get(asked("M1", "audit", "limit", "200"))
			first := all.object()["items"].([]any)[0].(map[string]any)
			count := func(pairs ...string) int {
				return len(owner.get(asked("M1", "audit", append(pairs, "limit", "200")...)).column("seq"))
			}
			if n := count("person", h.User("m1.auditor"), "group", "people"); n < 2 {
				t.Errorf("%d of the auditor", n)
			}
			if a, b := count("group", "signin"), count("action", "session.started"); b == 0 || a < b {
				t.Errorf("%d about signing in, %d signed in", a, b)
			}
			if n := count("request_id", "req_m1.owner"); n == 0 {
				t.Error("none of a request")
			}
			if n := count("request_id", "req_m2.owner"); n != 0 {
				t.Errorf("A07 %d of another account's request", n)
			}
			if a, b := count("ip", "192.0.2.7"), count("ip", "::ffff:192.0.2.7"); a == 0 || a != b {
				t.Errorf("%d and %d of one address", a, b)
			}
			if n := count("until", first["at"].(string)); n >= len(all.column("seq"))+1 || count("from", "2999-01-01T00:00:00Z") != 0 {
				t.Errorf("%d until the first", n)
			}
		})
		t.Run("L1 one entry", func(t *testing.T) {
			item := owner.get(asked("M1", "audit", "limit", "1")).object()["items"].([]any)[0].(map[string]any)
			at := "/api/v1/accounts/M1/audit/" + strconv.FormatFloat(item["seq"].(float64), 'f', 0, 64)
			if diff := cmp.Diff(item, owner.get(at).is(http.StatusOK).object()); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("A07 people and things of another account are not in it, whatever is asked", func(t *testing.T) {
			for _, pairs := range [][]string{{"person", h.User("m2.auditor")}, {"actor", h.User("m2.owner")}, {"target", h.Entity("M2-A").ID}, {"target", h.Account("M2").ID}, {"target", h.User("m2.reader")}, {"person", "usr_none"}} {
				if a := owner.get(asked("M1", "audit", pairs...)); len(a.column("seq")) != 0 {
					t.Errorf("%v: %.300s", pairs, a.body)
				}
				if a := owner.get(asked("M1", "exports/audit", pairs...)).is(http.StatusOK); a.body != "" {
					t.Errorf("exported for %v: %.300s", pairs, a.body)
				}
			}
		})
		t.Run("L1 the export holds what the search finds, and is recorded with its filter", func(t *testing.T) {
			seqs := owner.get(asked("M1", "audit", "limit", "200", "group", "people")).column("seq")
			a := owner.get(asked("M1", "exports/audit", "group", "people")).is(http.StatusOK)
			var got []string
			for _, line := range strings.Split(strings.TrimSpace(a.body), "\n") {
				var l map[string]any
				if err := json.Unmarshal([]byte(line), &l); err != nil {
					t.Fatalf("%v: %s", err, line)
				}
				got = append(got, fmt.Sprint(l["seq"]))
			}
			if diff := cmp.Diff(seqs, got); diff != "" || len(seqs) < 20 {
				t.Error(len(seqs), diff)
			}
			last := h.Last()
			if last.Action != audit.AuditExported || last.AccountID != h.Account("M1").ID || last.ActorID != h.User("m1.owner") || !strings.Contains(last.Changes[0].After, "user.invited") {
				t.Errorf("%+v", last)
			}
			table := owner.get(asked("M1", "exports/audit", "group", "people", "format", "csv")).is(http.StatusOK)
			rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(table.body, "\ufeff"))).ReadAll()
			if err != nil || len(rows) != len(seqs)+1 || !strings.HasPrefix(table.header.Get("Content-Disposition"), `attachment; filename="activity-M1-`) {
				t.Errorf("%d rows, %v, %s", len(rows), err, table.header.Get("Content-Disposition"))
			}
			h.as("m1.reader").get(asked("M1", "exports/audit")).refused(http.StatusForbidden, "missing_permission")
			owner.get(asked("M1", "exports/audit", "cursor", "x")).refused(http.StatusBadRequest, "unknown_field")
		})
		t.Run("the list of accounts as a table, safe for spreadsheets", func(t *testing.T) {
			m1 := h.Account("M1")
			if _, err := h.Org.EditAccount(t.Context(), h.Who("partner.owner"), h.Account("PARTNER").ID, m1.ID, m1.Version, org.AccountEdit{Name: new(`=HYPERLINK("http://evil.example","x")`)}); err != nil {
				t.Fatal(err)
			}
			a := partner.get(asked("PARTNER", "exports/accounts", "kind", "merchant", "sort", "-customer_id")).is(http.StatusOK)
			rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
			if err != nil || len(rows) != 4 || rows[1][0] != "M3" || rows[3][1] != `'=HYPERLINK("http://evil.example","x")` || rows[3][3] != "merchant" {
				t.Errorf("%v %v", rows, err)
			}
			if last := h.Last(); last.Action != audit.AccountsExported || last.Changes[0].After != "kind=merchant" {
				t.Errorf("%+v", last)
			}
		})
		t.Run("L1 U9 an export asks itself whether it is permitted, for each page", func(t *testing.T) {
			v := &web.Visit{Who: h.Who("m1.reader")}
			for name, export := range map[string]func(http.ResponseWriter, *http.Request) error{
				"audit:export": func(w http.ResponseWriter, r *http.Request) error {
					return h.api.Edge.ExportLog(w, r, v, web.LogExport{Account: h.Account("M1"), Profiles: h.Profiles, Format: web.FormatLines})
				},
				"accounts:view": func(w http.ResponseWriter, r *http.Request) error {
					return h.api.Edge.ExportAccounts(w, r, v, web.AccountExport{Account: h.Account("M1")})
				},
			} {
				w := httptest.NewRecorder()
				err := export(w, httptest.NewRequest(http.MethodGet, "/", nil))
				if f := fault.From(err); f == nil || f.Permission != name || w.Body.Len() > 0 {
					t.Errorf("%s: %v, %d bytes", name, err, w.Body.Len())
				}
			}
		})
	})
}

func TestSearch(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		type hit struct{ Type, Name, Account string }
		find := func(label, account, q string) (out []hit, exact int) {
			t.Helper()
			var got struct{ Items []api.Hit }
			h.as(label).get(asked(account, "search", "q", q)).is(http.StatusOK).into(&got)
			for _, x := range got.Items {
				out = append(out, hit{x.Type, x.Name, x.CustomerID})
				if x.Exact {
					exact++
				}
			}
			return out, exact
		}
		t.Run("K4 everything that one may see, by a part of its name", func(t *testing.T) {
			got, exact := find("m1.owner", "M1", "m1-a")
			if want := []hit{{"entity", "Entity M1-A", "M1"}, {"entity", "Entity M1-A-1", "M1"}}; cmp.Diff(want, got) != "" || exact != 1 {
				t.Error(exact, cmp.Diff(want, got))
			}
			if got, _ := find("m1.owner", "M1", "auditor"); !slices.Contains(got, hit{"user", "Auditor M1", "M1"}) || !slices.Contains(got, hit{"role", "Auditor", "M1"}) {
				t.Error(got)
			}
		})
		t.Run("A07 nothing beyond it", func(t *testing.T) {
			for label, words := range map[string][]string{
				"m1.owner":       {"M2", "m2.reader@example.com", h.User("m2.reader"), h.Account("M2").ID, h.Entity("M2-A").ID, "PARTNER", "platform.owner@example.com"},
				"m1.reader_a":    {"M1-B", h.Entity("M1-B").ID},
				"partner.owner":  {"FAC", h.Account("FAC").ID, "fac.owner@example.com", "PLATFORM"},
				"m1.operations":  {"m1.reader@example.com", h.User("m1.reader")},
				"platform.owner": {"nosuch", "\u202e", "%", "_", `\`},
			} {
				account, _, _ := strings.Cut(label, ".")
				for _, q := range words {
					if got, _ := find(label, strings.ToUpper(account), q); len(got) != 0 {
						t.Errorf("%s finds %v for %q", label, got, q)
					}
				}
			}
		})
		t.Run("a whole address finds somebody in the accounts below", func(t *testing.T) {
			got, exact := find("platform.owner", "PLATFORM", "M2.Reader@Example.com")
			if want := []hit{{"user", "Reader M2", "M2"}}; cmp.Diff(want, got) != "" || exact != 1 {
				t.Error(exact, cmp.Diff(want, got))
			}
			if got, exact := find("platform.owner", "PLATFORM", "both@example.com"); len(got) != 2 || exact != 2 {
				t.Error("somebody of two accounts:", exact, got)
			}
		})
		t.Run("A15 a million letters, and no text", func(t *testing.T) {
			h.as("m1.owner").get(asked("M1", "search", "q", strings.Repeat("x", 201))).refused(http.StatusUnprocessableEntity, "invalid")
			if a := h.as("m1.owner").get(asked("M1", "search", "q", strings.Repeat("x", 1_000_000))); a.status < 400 || a.status >= 500 {
				t.Errorf("%d", a.status)
			}
			h.as("m1.owner").get("/api/v1/accounts/M1/search?q=%00").refused(http.StatusBadRequest, "not_text")
		})
	})
}
