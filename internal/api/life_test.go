package api_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/api"
	"countersign/internal/db"
)

// change sends a change to a user of M1 under the version they have now.
func (c caller) change(method, label, more string, body any) answer {
	c.h.t.Helper()
	at := c.h.at(label)
	return c.with("If-Match", fmt.Sprintf(`"%d"`, c.h.Version(label))).do(method, at+more, body)
}

// tokens are those of the mails that wait, by kind.
func (h *house) tokens() map[string]string {
	out := map[string]string{}
	for _, m := range h.Messages() {
		out[m.Kind] = m.Data["token"]
	}
	return out
}

func TestLife(t *testing.T) {
	h := one(t)
	owner := h.as("m1.owner")
	t.Run("U2 created with all that can be said", func(t *testing.T) {
		a := owner.post("/api/v1/accounts/M1/users", map[string]any{"first_name": "Zoë", "last_name": "Ng", "email": "Zoe@example.com", "phone": "+41 1", "language": "fr", "roles": []string{h.Role("M1", "support")},
			"entities": []string{"M1-A"}, "two_factor_required": true, "two_factor_actions": "both", "allowed_ips": []string{"203.0.113.9/24", "2001:db8::1"}}).is(http.StatusCreated)
		var u api.UserDetails
		owner.get(a.header.Get("Location")).is(http.StatusOK).into(&u)
		h.Add("m1.zoe", u.ID)
		want := []any{"Zoë", "Ng", "Zoe@example.com", "+41 1", "fr", true, "both", []string{"203.0.113.0/24", "2001:db8::1"}, []string{"M1-A"}, "invited"}
		if diff := cmp.Diff(want, []any{u.FirstName, u.LastName, u.Email, u.Phone, u.Language, u.TwoFactorRequired, u.TwoFactorActions, u.AllowedIPs, u.Entities, u.Status}); diff != "" {
			t.Error(diff)
		}
		if u.InvitationMail == nil || u.InvitationMail.Kind != "invitation" || u.InvitationMail.State != "queued" {
			t.Errorf("the invitation: %+v", u.InvitationMail)
		}
	})
	t.Run("U2 what is mandatory is the account's settings' to say", func(t *testing.T) {
		h.Set("M1", "mandatory", "phone,role")
		defer h.Set("M1", "mandatory", "first_name,email,role,entities")
		p := owner.post("/api/v1/accounts/M1/users", map[string]any{"email": "less@example.com", "roles": []string{h.Role("M1", "support")}, "all_entities": true}).refused(http.StatusUnprocessableEntity, "invalid")
		if field(p, "phone") != "required" || len(p.Errors) != 1 {
			t.Errorf("%+v", p.Errors)
		}
	})
	t.Run("U7 only what is sent changes", func(t *testing.T) {
		before := owner.get(h.at("m1.reader")).object()
		changed := owner.change(http.MethodPatch, "m1.reader", "", map[string]any{"phone": "+44 7", "allowed_ips": []string{"192.0.2.0/24"}, "two_factor_actions": "totp"}).is(http.StatusNoContent)
		now := owner.get(h.at("m1.reader"))
		want := maps.Clone(before)
		want["phone"], want["allowed_ips"], want["two_factor_actions"], want["version"] = "+44 7", []any{"192.0.2.0/24"}, "totp", before["version"].(float64)+1
		if diff := cmp.Diff(want, now.object()); diff != "" || etag(changed) != etag(now) {
			t.Errorf("ETag %s, then %s: %s", etag(changed), etag(now), diff)
		}
		owner.change(http.MethodPatch, "m1.reader", "", map[string]any{"allowed_ips": []string{}}).is(http.StatusNoContent)
		if got := owner.get(h.at("m1.reader")).object()["allowed_ips"]; len(got.([]any)) != 0 {
			t.Errorf("allowed from %v", got)
		}
	})
	t.Run("B13 U7 what is not to be written is refused", func(t *testing.T) {
		before := h.Row("m1.reader")
		for name, v := range map[string]any{"status": "active", "roles": []string{h.Role("M1", "owner")}, "all_entities": true, "email": "x@example.net", "id": "usr_x", "version": 9, "owner": true, "first_administrator": true,
			"last_sign_in_at": "2026-01-01T00:00:00Z", "second_factors": 3, "all_locations": true, "parent_id": "mem_x", "created_by": "usr_x", "Phone": "1", "password": "x"} {
			owner.change(http.MethodPatch, "m1.reader", "", map[string]any{name: v}).refused(http.StatusBadRequest, "unknown_field")
		}
		for _, body := range []string{`{"phone":null}`, `{"phone":["1"]}`, `{"two_factor_required":"true"}`, `{"allowed_ips":"192.0.2.1"}`} { // B15
			owner.change(http.MethodPatch, "m1.reader", "", body).refused(http.StatusBadRequest, "malformed_fields")
		}
		owner.change(http.MethodPatch, "m1.reader", "", `{"phone":"1","phone":"2"}`).refused(http.StatusBadRequest, "field_twice")
		owner.change(http.MethodPatch, "m1.reader", "?phone=1", map[string]any{}).refused(http.StatusBadRequest, "unknown_field")
		if p := owner.change(http.MethodPatch, "m1.reader", "", map[string]any{"two_factor_actions": ""}).refused(http.StatusUnprocessableEntity, "invalid"); field(p, "two_factor_actions") == "" {
			t.Errorf("%+v", p.Errors)
		}
		if diff := cmp.Diff(before.Member, h.Row("m1.reader").Member); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("E15 K4 a write says which version it saw", func(t *testing.T) {
		for _, write := range []struct{ method, more string }{{http.MethodPatch, ""}, {http.MethodDelete, ""}, {http.MethodPut, "/email"}, {http.MethodDelete, "/email"}} {
			body := map[string]any{"PATCH": map[string]any{"phone": "2"}, "PUT": map[string]any{"email": "n@example.net"}}[write.method]
			owner.do(write.method, h.at("m1.auditor")+write.more, body).refused(http.StatusPreconditionRequired, "precondition")
			owner.with("If-Match", `"77"`).do(write.method, h.at("m1.auditor")+write.more, body).refused(http.StatusPreconditionFailed, "stale")
			owner.with("If-Match", `*`).do(write.method, h.at("m1.auditor")+write.more, body).refused(http.StatusBadRequest, "if_match")
		}
	})
	t.Run("U7 an address changes when it is confirmed", func(t *testing.T) {
		asked := owner.change(http.MethodPut, "m1.reader", "/email", map[string]any{"email": "rita@example.net"}).is(http.StatusOK)
		var out api.Readdressed
		if asked.into(&out); out.ID != h.User("m1.reader") || out.ExpiresAt == 0 {
			t.Errorf("%+v", out)
		}
		var u api.UserDetails
		if owner.get(h.at("m1.reader")).into(&u); u.Email != "m1.reader@example.com" || u.EmailChange == nil || u.EmailChange.Email != "rita@example.net" || u.EmailChange.CreatedBy != h.User("m1.owner") {
			t.Errorf("%+v", u)
		}
		token := h.tokens()["email_confirm"]
		for range 2 {
			if l := h.nobody().post("/api/v1/email-change/lookup", map[string]any{"token": token}).is(http.StatusOK).object(); l["email"] != "rita@example.net" || l["problem"] != nil {
				t.Errorf("%v", l)
			}
		}
		if done := h.nobody().post("/api/v1/email-change", map[string]any{"token": token}).is(http.StatusOK).object(); done["done"] != true {
			t.Errorf("%v", done)
		}
		h.nobody().post("/api/v1/email-change", map[string]any{"token": token}).refused(http.StatusGone, "link_used")
		if l := h.nobody().post("/api/v1/email-change/lookup", map[string]any{"token": token}).is(http.StatusOK).object(); l["problem"] != "link_used" || l["email"] != nil {
			t.Errorf("%v", l)
		}
		var now api.UserDetails
		if owner.get(h.at("m1.reader")).into(&now); now.Email != "rita@example.net" || now.EmailChange != nil || now.Version == u.Version {
			t.Errorf("%+v", now)
		}
	})
	t.Run("U7 a change of address is dropped", func(t *testing.T) {
		owner.change(http.MethodPut, "m1.reader", "/email", map[string]any{"email": "again@example.net"}).is(http.StatusOK)
		token := h.tokens()["email_confirm"]
		owner.change(http.MethodDelete, "m1.reader", "/email", nil).is(http.StatusNoContent)
		owner.change(http.MethodDelete, "m1.reader", "/email", nil).refused(http.StatusConflict, "no_email_change")
		h.nobody().post("/api/v1/email-change", map[string]any{"token": token}).refused(http.StatusGone, "link_dropped")
	})
	t.Run("U7 an invitation that went astray is another user's", func(t *testing.T) {
		a := owner.change(http.MethodPut, "m1.invited", "/email", map[string]any{"email": "right@example.net"}).is(http.StatusOK)
		var out api.Readdressed
		if a.into(&out); out.ID == h.User("m1.invited") || out.ExpiresAt != 0 {
			t.Errorf("%+v", out)
		}
		now := owner.get(a.header.Get("Location")).is(http.StatusOK)
		if now.object()["email"] != "right@example.net" || now.object()["id"] != out.ID || etag(now) != etag(a) {
			t.Errorf("ETag %s: %s", etag(a), now.body)
		}
		owner.get(h.at("m1.invited")).refused(http.StatusNotFound, "not_found")
	})
	t.Run("the mails to a user, and what became of them", func(t *testing.T) {
		id := h.User("m1.zoe")
		h.Do(func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE outbox SET state = 'bounced', reason = '5.1.1' WHERE user_id = $1`, id)
			return err
		})
		var list struct{ Items []api.Message }
		owner.get(h.at("m1.zoe") + "/messages").is(http.StatusOK).into(&list)
		if len(list.Items) != 1 || list.Items[0].State != "bounced" || list.Items[0].Reason != "5.1.1" || list.Items[0].Cause != "mailbox" {
			t.Errorf("%+v", list.Items)
		}
		if m := owner.get(h.at("m1.zoe")).object()["invitation_mail"].(map[string]any); m["state"] != "bounced" {
			t.Errorf("%v", m)
		}
	})
	t.Run("A06 of somebody of several accounts: the mails that this account caused", func(t *testing.T) {
		for account, want := range map[string]int{"M1": 1, "M2": 1} {
			who := h.as(strings.ToLower(account) + ".owner")
			var list struct{ Items []api.Message }
			who.get("/api/v1/accounts/" + account + "/users/" + h.User("m1.both") + "/messages").is(http.StatusOK).into(&list)
			if len(list.Items) != want {
				t.Errorf("%s sees %d", account, len(list.Items))
			}
		}
	})
	t.Run("U10 deleted: gone at every door, and the address is free", func(t *testing.T) {
		h.session(t, "m1.operations")
		at := h.at("m1.operations")
		c := h.as("m1.operations")
		owner.change(http.MethodDelete, "m1.operations", "", nil).is(http.StatusNoContent)
		c.get("/api/v1/session").refused(http.StatusUnauthorized, "session_ended")
		gone, never := owner.get(at), owner.get("/api/v1/accounts/M1/users/usr_00000000000000000000000000")
		if same(gone) != same(never) || gone.status != http.StatusNotFound {
			t.Errorf("%s\n%s", gone.body, never.body)
		}
		owner.with("If-Match", `"1"`).do(http.MethodDelete, at, nil).refused(http.StatusNotFound, "not_found")
		var rows []string
		owner.get("/api/v1/accounts/M1/users?limit=200").each("items", &rows)
		if slices.ContainsFunc(rows, func(r string) bool { return strings.Contains(r, h.User("m1.operations")) }) {
			t.Error("still in the list")
		}
		a := owner.post("/api/v1/accounts/M1/users", map[string]any{"first_name": "Next", "email": "m1.operations@example.com", "roles": []string{h.Role("M1", "support")}, "all_entities": true}).is(http.StatusCreated)
		if a.object()["id"] == h.User("m1.operations") {
			t.Error("T-8.2.1 the id is used again")
		}
	})
	t.Run("U10 switched off", func(t *testing.T) {
		h.Set("M1", "deletion", "false")
		owner.change(http.MethodDelete, "m1.auditor", "", nil).refused(http.StatusConflict, "deletion_off")
		h.Set("M1", "deletion", "true")
	})
}

// session waits until somebody is signed in: for a test that ends their session.
func (h *house) session(t *testing.T, label string) {
	t.Helper()
	h.as(label).get("/api/v1/session").is(http.StatusOK)
}

// TestLifeAttacks tries what nobody may do to people, over HTTP.
func TestLifeAttacks(t *testing.T) {
	h := one(t)
	writes := []struct {
		method, more string
		body         any
	}{
		{http.MethodPatch, "", map[string]any{"first_name": "Eve", "phone": "1"}},
		{http.MethodPatch, "", map[string]any{"two_factor_actions": "totp"}},
		{http.MethodPatch, "", map[string]any{"allowed_ips": []string{"203.0.113.7"}}},
		{http.MethodPut, "/email", map[string]any{"email": "eve@example.net"}},
		{http.MethodDelete, "/email", nil},
		{http.MethodDelete, "", nil},
	}
	for _, c := range []struct {
		name, who, whom, want string
		status                int
		only                  string // "" is every write
	}{
		{"B01 one's own membership", "m1.administrator", "m1.administrator", "own_access", http.StatusForbidden, ""},
		{"B01 one's own membership, as the owner", "m1.owner", "m1.owner", "own_access", http.StatusForbidden, ""},
		{"B07 a reader writes", "m1.reader", "m1.reader_a", "missing_permission", http.StatusForbidden, ""},
		{"B07 an auditor writes", "m1.auditor", "m1.reader_a", "missing_permission", http.StatusForbidden, ""},
		{"B09 somebody above", "m1.access", "m1.administrator", "person_above_you", http.StatusForbidden, ""},
		{"B06 somebody who reaches further", "m1.limited", "m1.reader", "person_above_you", http.StatusForbidden, ""},
		{"I7 an operator in a live account", "platform.owner", "m1.reader", "live_account", http.StatusForbidden, ""},
		{"A06 the details of somebody of several accounts", "m1.administrator", "m1.both", "details_of_several_accounts", http.StatusConflict, "PATCH 0"},
		{"A06 the address of somebody of several accounts", "m1.administrator", "m1.both", "details_of_several_accounts", http.StatusConflict, "PUT 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			who := h.as(c.who)
			before := h.rows()
			for i, w := range writes {
				if c.only != "" && c.only != fmt.Sprintf("%s %d", w.method, i) {
					continue
				}
				who.change(w.method, c.whom, w.more, w.body).refused(c.status, c.want)
			}
			if after := h.rows(); after != before {
				t.Errorf("something was done: %s, then %s", before, after)
			}
		})
	}
	t.Run("A02 A01 another account's user is answered as nobody", func(t *testing.T) {
		owner := h.as("m1.owner")
		for _, w := range writes {
			ask := func(id string) string {
				return same(owner.with("If-Match", `"2"`).do(w.method, "/api/v1/accounts/M1/users/"+id+w.more, w.body))
			}
			if theirs, nobody := ask(h.User("m2.reader")), ask("usr_00000000000000000000000000"); theirs != nobody {
				t.Errorf("%s%s:\n%s\n%s", w.method, w.more, theirs, nobody)
			}
		}
		if theirs, nobody := same(owner.get("/api/v1/accounts/M1/users/"+h.User("m2.reader")+"/messages")), same(owner.get("/api/v1/accounts/M1/users/usr_00000000000000000000000000/messages")); theirs != nobody {
			t.Errorf("messages:\n%s\n%s", theirs, nobody)
		}
	})
	t.Run("A07 correcting an address tells nothing of whom another account knows", func(t *testing.T) {
		owner := h.as("m1.owner")
		shown := func(first, second string) string {
			var made struct{ ID string }
			owner.post("/api/v1/accounts/M1/users", map[string]any{"first_name": "Typed", "email": first, "roles": []string{h.Role("M1", "support")}, "all_entities": true}).is(http.StatusCreated).into(&made)
			at := "/api/v1/accounts/M1/users/" + made.ID
			old := owner.get(at)
			edited := owner.with("If-Match", etag(old)).do(http.MethodPatch, at, map[string]any{"last_name": "Corrected"})
			moved := owner.with("If-Match", etag(edited)).do(http.MethodPut, at+"/email", map[string]any{"email": second}).is(http.StatusOK)
			now := owner.get(moved.header.Get("Location")).is(http.StatusOK)
			gone := owner.get(at)
			text := old.body + edited.body + moved.body + now.body + same(gone) + etag(edited) + etag(moved)
			text = strings.NewReplacer(made.ID, "ID", moved.object()["id"].(string), "NEW", first, "FIRST", second, "SECOND").Replace(text)
			return moments.ReplaceAllString(text, "TIME")
		}
		nobody := shown("one.nobody@example.com", "two.nobody@example.com")
		for _, known := range [][2]string{{"M2.Auditor@example.com", "three.nobody@example.com"}, {"four.nobody@example.com", "M2.Operations@example.com"}} {
			if got := shown(known[0], known[1]); got != nobody {
				t.Errorf("tells them apart:\n%s", cmp.Diff(nobody, got))
			}
		}
	})
	t.Run("a link for one thing opens no other", func(t *testing.T) {
		owner := h.as("m1.owner")
		owner.change(http.MethodPut, "m1.auditor", "/email", map[string]any{"email": "aud@example.net"}).is(http.StatusOK)
		token := h.tokens()["email_confirm"]
		h.nobody().post("/api/v1/activation", map[string]any{"token": token, "password": password}).refused(http.StatusGone, "link_unknown")
		h.nobody().post("/api/v1/email-change", map[string]any{"token": h.Link("m1.invited").Reveal()}).refused(http.StatusGone, "link_unknown")
		for _, used := range []string{"", strings.Repeat("A", 43), token + "A", token[:42]} {
			if a := h.nobody().post("/api/v1/email-change", map[string]any{"token": used}); a.status != http.StatusGone {
				t.Errorf("%q: %d %s", used, a.status, a.body)
			}
		}
	})
	t.Run("A6 U7 one's own address: several accounts, and a fresh session", func(t *testing.T) {
		h.as("m1.reader").do(http.MethodPut, "/api/v1/me/email", map[string]any{"email": "r@example.net"}).refused(http.StatusConflict, "email_by_administrator")
		both := h.as("m1.both")
		h.stale("m1.both")
		both.do(http.MethodPut, "/api/v1/me/email", map[string]any{"email": "b@example.net"}).refused(http.StatusForbidden, "needs_fresh")
		h.fresh("m1.both")
		both.do(http.MethodPut, "/api/v1/me/email", map[string]any{"email": "b@example.net"}).is(http.StatusNoContent)
		if c := both.get("/api/v1/me").object()["email_change"].(map[string]any); c["email"] != "b@example.net" {
			t.Errorf("%v", c)
		}
		for _, account := range []string{"m1", "m2"} { // their own affair
			at := "/api/v1/accounts/" + strings.ToUpper(account) + "/users/" + h.User("m1.both")
			if a := h.as(account + ".owner").get(at).is(http.StatusOK); strings.Contains(a.body, "b@example.net") {
				t.Errorf("%s sees it: %s", account, a.body)
			}
		}
		tokens := h.tokens()
		if a := h.nobody().post("/api/v1/email-change", map[string]any{"token": tokens["email_confirm"]}).is(http.StatusOK); a.object()["done"] != false {
			t.Error(a.body)
		}
		both.get("/api/v1/session").is(http.StatusOK)
		if a := h.nobody().post("/api/v1/email-change", map[string]any{"token": tokens["email_confirm_old"]}).is(http.StatusOK); a.object()["done"] != true {
			t.Error(a.body)
		}
		both.get("/api/v1/session").refused(http.StatusUnauthorized, "session_ended")
	})
}

// stale makes somebody's sessions old, and fresh new ones of them.
func (h *house) stale(label string) { h.freshAt(label, h.DB.Now()-time.Hour.Microseconds()) }
func (h *house) fresh(label string) { h.freshAt(label, h.DB.Now()) }

func (h *house) freshAt(label string, at int64) {
	h.Do(func(tx *db.Tx) error {
		_, err := tx.Exec(`UPDATE sessions SET fresh_at = $1 WHERE user_id = $2`, at, h.User(label))
		return err
	})
}
