package api_test

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/api"
	"countersign/internal/audit"
)

// file reads a file for spreadsheets.
func (a answer) file() [][]string {
	a.t.Helper()
	text, marked := strings.CutPrefix(a.body, "\uFEFF")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || !marked {
		a.t.Fatalf("%s: %v, marked %v\n%.300s", a.what, err, marked, a.body)
	}
	return rows
}

func TestExport(t *testing.T) {
	h := one(t)
	owner := h.as("m1.owner")
	const at = "/api/v1/accounts/M1/users/export"
	t.Run("U1 the list as a file, whole and in its order", func(t *testing.T) {
		var list struct{ Items []api.User }
		owner.get("/api/v1/accounts/M1/users?limit=200&sort=-email").is(http.StatusOK).into(&list)
		a := owner.get(at + "?sort=-email").is(http.StatusOK)
		rows := a.file()
		if len(rows) != len(list.Items)+1 || len(rows) < 10 {
			t.Fatalf("%d lines of %d users", len(rows), len(list.Items))
		}
		for i, u := range list.Items {
			if rows[i+1][0] != u.ID || rows[i+1][3] != u.Email {
				t.Errorf("line %d is %q, not %s", i+1, rows[i+1], u.ID)
			}
		}
		if e := h.entries("M1", audit.UsersExported, audit.Done); len(e) != 1 || e[0].ActorID != h.User("m1.owner") {
			t.Errorf("L1 the log: %+v", e)
		}
		if a.header.Get("Content-Disposition") != `attachment; filename="users-m1.csv"` || a.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%v", a.header)
		}
	})
	t.Run("U1 the columns that are asked for, of those who match", func(t *testing.T) {
		got := owner.get(at + "?columns=status,email,all_entities&search=m1.auditor").is(http.StatusOK).file()
		if diff := cmp.Diff([][]string{{"status", "email", "all_entities"}, {"active", "m1.auditor@example.com", "true"}}, got); diff != "" {
			t.Error(diff)
		}
		if got := owner.get(at + "?columns=id&search=nobody-at-all").is(http.StatusOK).file(); len(got) != 1 {
			t.Errorf("%q", got)
		}
	})
	t.Run("U1 a name that would be a formula is text", func(t *testing.T) {
		for i, name := range []string{`=HYPERLINK("http://evil.example")`, "+1", "-1", "@SUM(A1)", "＝1+1"} {
			owner.post("/api/v1/accounts/M1/users", map[string]any{"first_name": name, "email": fmt.Sprintf("f%d@formula.example", i), "roles": []string{h.Role("M1", "support")}, "all_entities": true}).is(http.StatusCreated)
		}
		rows := owner.get(at + "?columns=first_name&search=formula.example").is(http.StatusOK).file()
		if len(rows) != 6 {
			t.Fatalf("%q", rows)
		}
		for _, row := range rows[1:] {
			if !strings.HasPrefix(row[0], "'") {
				t.Errorf("%q is a formula", row[0])
			}
		}
	})
	t.Run("U1 what cannot be asked for", func(t *testing.T) {
		for query, want := range map[string]string{"columns=password_hash": "columns", "columns=email,email": "columns", "columns=email,": "columns", "sort=password": "sort", "status=x": "status", "entity=M2-A": "entity"} {
			if p := owner.get(at+"?"+query).refused(http.StatusUnprocessableEntity, "invalid"); field(p, want) == "" {
				t.Errorf("%s: %+v", query, p)
			}
		}
		owner.get(at+"?cursor=x").refused(http.StatusBadRequest, "unknown_field")
	})
	t.Run("A01 B07 another account's, and without the permission", func(t *testing.T) {
		owner.get("/api/v1/accounts/M2/users/export").refused(http.StatusNotFound, "not_found")
		h.as("m1.reader").get(at).refused(http.StatusForbidden, "missing_permission")
	})
}

func TestMany(t *testing.T) {
	h := one(t)
	owner := h.as("m1.owner")
	seen := func(label string) string { return fmt.Sprintf("%s.%d", h.User(label), h.Version(label)) }
	outcomes := func(a answer) (out []string) {
		var o api.Outcomes
		a.is(http.StatusOK).into(&o)
		for _, x := range o.Items {
			if x.Done != (x.Problem == "") || x.Done != (x.Detail == "") {
				t.Errorf("%+v", x)
			}
			out = append(out, x.ID+" "+x.Problem)
		}
		return out
	}
	const at = "/api/v1/accounts/M1/users/bulk/"
	t.Run("U21 B02 each is done, or refused and why", func(t *testing.T) {
		got := outcomes(owner.post(at+"deactivation", map[string]any{"users": []string{seen("m1.owner"), seen("m2.reader"), seen("m1.auditor"), h.User("m1.operations") + ".99", seen("m1.reader")}, "reason": "left"}))
		want := []string{h.User("m1.owner") + " own_access", h.User("m2.reader") + " not_found", h.User("m1.auditor") + " ", h.User("m1.operations") + " stale", h.User("m1.reader") + " "}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if h.Row("m1.auditor").DeactivationReason != "left" || !h.Row("m2.reader").Active() || !h.Row("m1.operations").Active() {
			t.Error("not as it says")
		}
	})
	t.Run("U21 activated again, and invitations sent", func(t *testing.T) {
		if got := outcomes(owner.post(at+"activation", map[string]any{"users": []string{seen("m1.auditor"), seen("m1.operations")}})); got[0] != h.User("m1.auditor")+" " || got[1] != h.User("m1.operations")+" not_deactivated" {
			t.Errorf("%q", got)
		}
		if got := outcomes(owner.post(at+"invitation", map[string]any{"users": []string{seen("m1.invited"), seen("m1.auditor")}})); got[0] != h.User("m1.invited")+" " || got[1] != h.User("m1.auditor")+" already_active" {
			t.Errorf("%q", got)
		}
		if h.tokens()["invitation"] == "" {
			t.Error("no mail")
		}
	})
	t.Run("U21 what cannot be meant", func(t *testing.T) {
		id := h.User("m1.auditor")
		many := make([]string, 201)
		for i := range many {
			many[i] = fmt.Sprintf("usr_%d.1", i)
		}
		for _, users := range [][]string{{}, {id}, {id + ".0"}, {id + ".x"}, {".1"}, {id + ".1", id + ".1"}, {id + ".1", id + ".2"}, many} {
			if p := owner.post(at+"deactivation", map[string]any{"users": users}).refused(http.StatusUnprocessableEntity, "invalid"); field(p, "users") == "" {
				t.Errorf("%.80q: %+v", users, p)
			}
		}
		if !h.Row("m1.auditor").Active() {
			t.Error("done all the same")
		}
	})
	t.Run("B07 A01 by whoever may not", func(t *testing.T) {
		body := map[string]any{"users": []string{seen("m1.auditor")}}
		h.as("m1.operations").post(at+"deactivation", body).refused(http.StatusForbidden, "missing_permission")
		h.as("m2.owner").post(at+"deactivation", body).refused(http.StatusNotFound, "not_found")
	})
}
