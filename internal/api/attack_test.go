package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/seal"
)

// entries are those of the log with an action and an outcome, the newest first.
func (h *house) entries(customerID, action, outcome string) []audit.Found {
	h.t.Helper()
	who := h.Who("platform.owner")
	var list []audit.Found
	h.View(func(tx *db.Tx) (err error) {
		list, err = audit.Search(tx, audit.Query{Reach: h.reach(who), Action: action, Outcome: outcome, Limit: 1000})
		return err
	})
	var out []audit.Found
	for _, e := range list {
		if e.AccountID == h.Account(customerID).ID {
			out = append(out, e)
		}
	}
	return out
}

func (h *house) reach(who db.Who) []access.Reach {
	q := org.Asks(who, h.DB.Now(), who.AccountID)
	q.Permission = access.MustParse("audit:view")
	return access.Scope(h.Live.Load(), q)
}

var moments = regexp.MustCompile(`\d{4}-\d\d-\d\dT[^"]*`)

func TestAttack(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		owner, two := h.as("m1.owner"), h.as("m2.owner")
		t.Run("A01 asking for another's account is recorded as asking for none, in the asker's own log", func(t *testing.T) {
			body := map[string]any{"first_name": "Eve", "email": "eve@example.com", "roles": []string{h.Role("M3", "support")}, "all_entities": true}
			for _, account := range []string{"M3", "NO-SUCH"} {
				two.get("/api/v1/accounts/"+account+"/users").refused(http.StatusNotFound, "not_found")
				two.post("/api/v1/accounts/"+account+"/users", body).refused(http.StatusNotFound, "not_found")
			}
			seen := map[string]int{}
			for _, e := range h.entries("M2", audit.PageRefused, audit.Refused) {
				seen[e.ID]++
				if e.ActorID != h.User("m2.owner") || e.Kind != "page" || e.Reason != "not_found" {
					t.Errorf("%+v", e)
				}
			}
			if seen["/api/v1/accounts/M3/users"] != 1 || seen["/api/v1/accounts/NO-SUCH/users"] != 1 {
				t.Errorf("recorded: %v", seen)
			}
			if list := h.entries("M3", "", audit.Refused); len(list) != 0 {
				t.Errorf("the other account reads of it: %+v", list)
			}
		})
		t.Run("A02 asking for another's user is recorded as asking for nobody", func(t *testing.T) {
			for _, id := range []string{h.User("m2.reader"), "usr_355c06m61fbe6bnepsk8mvrwym"} {
				before := len(h.entries("M1", audit.PageRefused, audit.Refused))
				owner.get("/api/v1/accounts/M1/users/"+id).refused(http.StatusNotFound, "not_found")
				owner.get("/api/v1/accounts/M1/users/"+id+"/access").refused(http.StatusNotFound, "not_found")
				if n := len(h.entries("M1", audit.PageRefused, audit.Refused)); n != before+1 {
					t.Errorf("%d entries more", n-before)
				}
			}
		})
		t.Run("A07 an invitation tells nothing of whom another account knows", func(t *testing.T) {
			h.as("m2.auditor") // has signed in, with a second factor
			h.must(h.People.SetDetails(t.Context(), h.Who("m2.auditor"), 1, people.Details{FirstName: "Zenobia", LastName: "Quill", Language: "fr", TimeZone: "Europe/Paris"}))
			h.Do(func(tx *db.Tx) error {
				_, err := tx.Exec(`UPDATE users SET phone = '+41 44 555 01 99' WHERE id = $1`, h.User("m2.auditor"))
				return err
			})
			shown := func(email string) string {
				var made struct{ ID string }
				owner.post("/api/v1/accounts/M1/users", map[string]any{"first_name": "Typed", "last_name": "Here", "email": email,
					"roles": []string{h.Role("M1", "support")}, "all_entities": true}).is(http.StatusCreated).into(&made)
				at := "/api/v1/accounts/M1/users/" + made.ID
				a := owner.get(at).is(http.StatusOK)
				reset := owner.with("If-Match", etag(a)).do(http.MethodDelete, at+"/second-factor", nil)
				var list struct{ Items []map[string]any }
				for _, q := range []string{"?search=Zenobia", "?search=quill", "?search=Typed", "?sort=-last_sign_in", "?sort=name"} {
					owner.get("/api/v1/accounts/M1/users" + q).is(http.StatusOK).into(&list)
					found := false
					for _, u := range list.Items {
						found = found || u["id"] == made.ID
					}
					a.body += fmt.Sprint(q, " ", found || strings.HasPrefix(q, "?sort"))
				}
				text := strings.NewReplacer(made.ID, "ID", email, "EMAIL").Replace(a.body + same(reset) + fmt.Sprint(reset.status))
				return moments.ReplaceAllString(text, "TIME")
			}
			theirs, nobody := shown("m2.auditor@example.com"), shown("x2.nobody@example.com")
			if theirs != nobody {
				t.Errorf("tells them apart:\n%s\n%s", theirs, nobody)
			}
			h.View(func(tx *db.Tx) error {
				names, err := people.NamesBeside(tx, h.Account("M1").Path, []string{h.User("m2.auditor"), h.User("m2.reader"), h.User("m1.reader")})
				if names[h.User("m2.auditor")] != "Typed Here" || names[h.User("m2.reader")] != "" || names[h.User("m1.reader")] == "" {
					t.Errorf("names are %v", names)
				}
				return err
			})
			for _, m := range h.Messages() {
				if m.UserID == h.User("m2.auditor") && m.Data["token"] != "" {
					h.must(h.Follow(seal.Secret(m.Data["token"]), h.Who("m2.auditor")))
				}
			}
			if a := owner.get("/api/v1/accounts/M1/users/" + h.User("m2.auditor")); !strings.Contains(a.body, `"Zenobia"`) {
				t.Errorf("once they came they are not themselves: %s", a.body)
			}
		})
		t.Run("A08 odd pages and another's cursor", func(t *testing.T) {
			for _, q := range []string{"limit=-1", "limit=0", "limit=1e18", "limit=201", "limit=99999999999999999999", "limit=1&limit=2", "offset=1", "cursor=x", "cursor=%00"} {
				owner.get("/api/v1/accounts/M1/users?" + q).is(http.StatusBadRequest).problem()
			}
			next, _ := two.get("/api/v1/accounts/M2/users?limit=1").is(http.StatusOK).object()["next_cursor"].(string)
			if next == "" {
				t.Fatal("no cursor")
			}
			owner.get("/api/v1/accounts/M1/users?limit=1&cursor="+next).refused(http.StatusBadRequest, "cursor")
		})
		t.Run("B15 a yes that is a text, a text that is a list", func(t *testing.T) {
			good := map[string]any{"first_name": "Ada", "email": "b15@example.com", "roles": []string{h.Role("M1", "support")}, "all_entities": true}
			for name, wrong := range map[string]any{"all_entities": "true", "email": []string{"b15@example.com"}, "roles": h.Role("M1", "support"), "first_name": 7} {
				body := map[string]any{}
				for k, v := range good {
					body[k] = v
				}
				body[name] = wrong
				p := owner.post("/api/v1/accounts/M1/users", body).is(http.StatusBadRequest).problem()
				if field(p, name) == "" {
					t.Errorf("%s is not named: %+v", name, p)
				}
			}
		})
	})
}

// TestAttackRaces are attacks by many requests at the same moment.
func TestAttackRaces(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		t.Run("B10 U14 a hundred requests by two administrators who remove each other and the rest", func(t *testing.T) {
			// Without the protection of the first administrator nothing but the count is left to hold.
			h.Set("M1", "first_administrator_protected", "false")
			owner := h.as("m1.owner")
			for i := range 3 {
				label := fmt.Sprintf("m1.admin%d", i)
				var made struct{ ID string }
				owner.post("/api/v1/accounts/M1/users", map[string]any{"first_name": "Admin", "email": label + "@example.com",
					"roles": []string{h.Role("M1", "owner")}, "all_entities": true, "acknowledged": true}).is(http.StatusCreated).into(&made)
				h.Add(label, made.ID)
				for _, m := range h.Messages() {
					if m.UserID == made.ID {
						h.must(h.Follow(seal.Secret(m.Data["token"]), h.Who(label)))
					}
				}
			}
			labels := []string{"m1.owner", "m1.administrator", "m1.admin0", "m1.admin1", "m1.admin2"}
			callers := map[string]caller{}
			for _, l := range labels {
				callers[l] = h.as(l)
			}
			reader, _ := json.Marshal(map[string]any{"roles": []string{h.Role("M1", "read_only")}, "all_entities": true})
			var wait sync.WaitGroup
			var mu sync.Mutex
			answers := map[int]int{}
			versions := map[string]string{}
			for _, l := range labels {
				versions[l] = fmt.Sprintf("%q", fmt.Sprint(h.Version(l)))
			}
			for i := range 100 {
				by, on := labels[i%5], labels[(i/5+i+1)%5]
				wait.Go(func() {
					at := "/api/v1/accounts/M1/users/" + h.User(on)
					c := callers[by].with("If-Match", versions[on])
					var a answer
					if i%2 == 0 {
						a = c.do(http.MethodPost, at+"/deactivation", `{}`)
					} else {
						a = c.do(http.MethodPut, at+"/access", string(reader))
					}
					mu.Lock()
					answers[a.status]++
					mu.Unlock()
				})
			}
			wait.Wait()
			var admins int64
			h.View(func(tx *db.Tx) error {
				_, err := db.One(tx, []any{&admins}, `SELECT COUNT(DISTINCT m.id) FROM memberships m JOIN assignments s ON s.membership_id = m.id JOIN roles r ON r.id = s.role_id
					WHERE m.account_id = $1 AND r.administrator AND s.all_entities AND m.activated_at IS NOT NULL AND m.deactivated_at IS NULL`, h.Account("M1").ID)
				return err
			})
			if admins < 1 || answers[http.StatusNoContent] == 0 {
				t.Errorf("%d administrators are left; answers %v", admins, answers)
			}
			for status := range answers {
				if status >= 500 {
					t.Errorf("answers %v", answers)
				}
			}
		})
		t.Run("E15 fifty write by one version: one does", func(t *testing.T) {
			owner := h.as("m2.owner")
			at := "/api/v1/accounts/M2/users/" + h.User("m2.reader")
			version := etag(owner.get(at).is(http.StatusOK))
			body := map[string]any{"roles": []string{h.Role("M2", "support")}, "all_entities": true}
			var wait sync.WaitGroup
			var mu sync.Mutex
			answers := map[int]int{}
			for range 50 {
				wait.Go(func() {
					a := owner.with("If-Match", version).do(http.MethodPut, at+"/access", body)
					mu.Lock()
					answers[a.status]++
					mu.Unlock()
				})
			}
			wait.Wait()
			if answers[http.StatusNoContent] != 1 || answers[http.StatusPreconditionFailed] != 49 {
				t.Errorf("answers %v", answers)
			}
		})
	})
}
