package main

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/test/server"
)

func (o *office) deletes(t *testing.T) {
	o.join("mine.gone", "MINE", "read_only", "Gustav")
	o.set("retention_days", "30")
	path, page := o.at("mine.gone", "/deletion"), o.at("mine.gone")
	t.Run("U10 switched off, the button says so and the page does not open", func(t *testing.T) {
		o.set("deletion", "false")
		defer o.set("deletion", "true")
		a := o.maud.Get(page)
		says(t, a, http.StatusOK, "Switched off in this account’s settings")
		if strings.Contains(a.Text, `href="`+path) {
			t.Error("a link leads there")
		}
		says(t, o.maud.Get(path), http.StatusConflict)
		says(t, o.maud.Post(path, "name", "Gustav Test", "revision", strconv.FormatInt(o.version("mine.gone"), 10)), http.StatusConflict)
	})
	t.Run("U10 only the name, typed in full, confirms it", func(t *testing.T) {
		says(t, o.maud.Get(path), http.StatusOK, "1 open session ends at once", "cannot be undone", "To confirm, type Gustav Test")
		for _, typed := range []string{"", "Gustav", "gustav test", "Gustav Tes\u0442"} {
			form := fields(o.maud.Get(path).Text)
			a := o.send(path, form, "name", typed)
			says(t, a, http.StatusUnprocessableEntity, "Type the name exactly")
			keeps(t, a, form)
		}
		says(t, o.maud.Get(page), http.StatusOK, "Gustav Test")
	})
	t.Run("U14 nobody deletes the first administrator, or themselves", func(t *testing.T) {
		o.join("mine.second", "MINE", "administrator", "Second")
		second := o.people["mine.second"]
		for label, c := range map[string]*server.Client{"mine.owner": second.browser, "mine.second": second.browser} {
			if a := c.Get(o.at(label)); strings.Contains(a.Text, "/deletion") {
				t.Errorf("the page of %s offers it", label)
			}
			says(t, c.Get(o.at(label, "/deletion")), http.StatusForbidden)
			says(t, c.Post(o.at(label, "/deletion"), "name", "x", "revision", "1"), http.StatusUnprocessableEntity)
		}
		says(t, second.browser.Post(o.at("mine.owner", "/deletion"), "name", "Maud Owner", "revision", strconv.FormatInt(o.version("mine.owner"), 10)), http.StatusForbidden)
		says(t, second.browser.Post(o.at("mine.second", "/deletion"), "name", "Second Test", "revision", strconv.FormatInt(o.version("mine.second"), 10)), http.StatusForbidden)
	})
	never := o.maud.Get("/a/MINE/users/usr_none")
	t.Run("U10 it is said and the row is gone, and who was signed in is out", func(t *testing.T) {
		a := o.leads(t, o.send(path, fields(o.maud.Get(path).Text), "name", " Gustav Test "), "/a/MINE/users")
		says(t, a, http.StatusOK, "Gustav Test is deleted from this account.")
		saysNot(t, o.maud.Get("/a/MINE/users?q=gone"), "Gustav")
		if a := o.people["mine.gone"].browser.Get("/a/MINE/"); a.StatusCode != http.StatusSeeOther {
			t.Errorf("signed in still: %d", a.StatusCode)
		}
	})
	t.Run("U10 A02 their pages answer as those of somebody who never was", func(t *testing.T) {
		for _, tab := range []string{"", "/access", "/security", "/activity", "/edit", "/details", "/email", "/deletion", "/invitation"} {
			a, b := o.maud.Get(page+tab), o.maud.Get("/a/MINE/users/usr_none"+tab)
			if strings.ReplaceAll(changing.ReplaceAllString(a.Text, "req"), o.people["mine.gone"].userID, "usr_none") != changing.ReplaceAllString(b.Text, "req") || a.StatusCode != never.StatusCode {
				t.Errorf("%s is answered %d in another way", tab, a.StatusCode)
			}
		}
	})
	t.Run("U10 L1 the log still says who it was", func(t *testing.T) {
		says(t, o.maud.Get("/a/MINE/activity"), http.StatusOK, "Deleted a user", "Gustav Test (deleted)")
	})
	t.Run("U10 T-8.2.1 the address is free at once, for somebody new", func(t *testing.T) {
		was := o.people["mine.gone"].userID
		o.invite("mine.gone", "MINE", "read_only", "Greta")
		if o.people["mine.gone"].userID == was {
			t.Error("the id comes again")
		}
		says(t, o.maud.Get(o.at("mine.gone")), http.StatusOK, "Greta Test")
	})
	t.Run("U10 kept for the time of the settings, then erased: the log says that too", func(t *testing.T) {
		o.clock.Advance(31 * 24 * time.Hour)
		o.must(o.rooms.people.Sweep(t.Context()))
		o.maud = o.client()
		o.maud.SignIn("maud@example.com", housePassword, o.people["mine.owner"].key)
		a := o.maud.Get("/a/MINE/activity")
		saysNot(t, a, "Gustav")
		says(t, a, http.StatusOK, "Erased")
	})
}

func (o *office) explains(t *testing.T) {
	o.join("mine.una", "MINE", "access_administrator", "Una")
	a, una := o.account("MINE"), o.people["mine.una"].userID
	at := o.at("mine.una", "/access")
	t.Run("U17 each permission, the role that it comes from, and where it holds", func(t *testing.T) {
		says(t, o.maud.Get(at), http.StatusOK, "users:manage_2fa", "From the role Access administrator", "All entities", "Dangerous")
	})
	t.Run("U17 a policy of one's own roles is named, and until when", func(t *testing.T) {
		o.do(func(tx *db.Tx) error {
			m, _, err := people.MemberOf(tx, a.ID, una)
			for _, text := range []string{
				`INSERT INTO roles (account_id, id, name, name_key, created_at) VALUES ($1, 'rol_night', 'Night desk', 'night desk', 1)`,
				`INSERT INTO policies (account_id, id, name, name_key, created_at) VALUES ($1, 'pol_night', 'After hours', 'after hours', 1)`,
				`INSERT INTO role_policies (account_id, role_id, policy_id) VALUES ($1, 'rol_night', 'pol_night')`,
				`INSERT INTO policy_permissions (account_id, policy_id, permission) VALUES ($1, 'pol_night', 'payments:void')`,
			} {
				if err == nil {
					_, err = tx.Exec(text, a.ID)
				}
			}
			if err == nil {
				_, err = tx.Exec(`INSERT INTO assignments (account_id, id, membership_id, role_id, all_entities, valid_until, created_at, created_by) VALUES ($1, 'asg_night', $2, 'rol_night', TRUE, $3, 1, 'x')`,
					a.ID, m.ID, tx.Now+int64(30*24*time.Hour/time.Microsecond))
			}
			return err
		})
		until := o.clock.Now().Add(30 * 24 * time.Hour).UTC().Format("2 Jan 2006")
		says(t, o.maud.Get(at), http.StatusOK, "payments:void", "From the role Night desk, policy After hours", "until "+until)
	})
	t.Run("U17 A4 and from which addresses", func(t *testing.T) {
		path := o.at("mine.una", "/details")
		o.leads(t, o.send(path, fields(o.maud.Get(path).Text), "allowed_ips", "198.51.100.0/24"), o.at("mine.una"))
		says(t, o.maud.Get(at), http.StatusOK, "from these addresses alone: 198.51.100.0/24", "users:manage_2fa")
	})
	t.Run("U17 what is lost for want of a second factor", func(t *testing.T) {
		saysNot(t, o.maud.Get(at), "Off until two-factor")
		path := o.at("mine.una", "/second-factor-reset")
		o.leads(t, o.send(path, fields(o.maud.Get(path).Text), "reason", "lost"), o.at("mine.una"))
		says(t, o.maud.Get(at), http.StatusOK, "users:manage_2fa", "Off until two-factor authentication is set up.")
	})
	t.Run("U17 of whom nothing holds at the moment", func(t *testing.T) {
		o.invite("mine.later", "MINE", "access_administrator", "Later")
		says(t, o.maud.Get(o.at("mine.later", "/access")), http.StatusOK, "users:manage_2fa", "They have not activated their access yet")
		path := o.at("mine.una", "/deactivation")
		o.leads(t, o.send(path, fields(o.maud.Get(path).Text), "reason", "left"), o.at("mine.una"))
		says(t, o.maud.Get(at), http.StatusOK, "users:manage_2fa", "Deactivated: none of this holds")
	})
}

// many gives the account more entities than a page can show.
func (o *office) many(t *testing.T) {
	above := o.account("MINE")
	ids := map[string]string{}
	o.do(func(tx *db.Tx) error {
		for n := range 520 {
			name := fmt.Sprintf("Quay %03d", n)
			e, err := org.CreateEntity(tx, org.New{Kind: access.LegalEntity, ParentID: above.EntityID, CustomerID: fmt.Sprintf("Q-%03d", n), Name: name})
			if err != nil {
				return err
			}
			ids[name] = e.ID
		}
		return nil
	})
	const list = "/a/MINE/users"
	form := url.Values{"first_name": {"Many"}, "last_name": {"Quays"}, "email": {"many@example.com"}, "phone": {"1"}, "language": {"fr"}, "roles": {o.role("MINE", "support")},
		"entities": {ids["Quay 003"]}, "two_factor_actions": {"totp"}, "allowed_ips": {"192.0.2.1"}}
	t.Run("U2 beyond some hundred, the chosen ones are shown and the others searched", func(t *testing.T) {
		a := o.maud.Get(list + "/new")
		says(t, a, http.StatusOK, "There are too many to show")
		saysNot(t, a, "Quay 000")
	})
	t.Run("U2 Find keeps all that was typed and saves nothing", func(t *testing.T) {
		before := o.counts()
		found := widened(form, "find", "entities", "find_entities", "q-51")
		a := o.send(list, found)
		says(t, a, http.StatusOK, "Quay 003", "Quay 510", "Quay 519", "10 found")
		saysNot(t, a, "Quay 500", "Fill this in")
		keeps(t, a, found)
		o.unchanged(t, before)
		says(t, o.send(list, widened(form, "find", "entities", "find_entities", "no such quay")), http.StatusOK, "Quay 003")
		says(t, o.send(list, widened(form, "find", "entities", "find_entities", "quay")), http.StatusOK, "50 found", "There are more")
	})
	t.Run("U2 what was found and ticked is given", func(t *testing.T) {
		form.Add("entities", ids["Quay 519"])
		says(t, o.leads(t, o.send(list, form, "find_entities", "q-51"), list+"/usr_"), http.StatusOK, "Quay 003", "Quay 519", "Many Quays")
	})
	t.Run("U7 so does the form of access", func(t *testing.T) {
		path := list + "/" + o.userOf("many@example.com") + "/edit"
		form := fields(o.maud.Get(path).Text)
		if len(form["entities"]) != 2 {
			t.Errorf("chosen: %q", form["entities"])
		}
		a := o.send(path, form, "find", "entities", "find_entities", "Q-10")
		says(t, a, http.StatusOK, "Quay 003", "Quay 519", "Quay 100", "10 found")
		keeps(t, a, form)
	})
}

// widened is a form with some fields more.
func widened(form url.Values, pairs ...string) url.Values {
	out := url.Values{}
	for name, list := range form {
		out[name] = list
	}
	for i := 0; i < len(pairs); i += 2 {
		out.Set(pairs[i], pairs[i+1])
	}
	return out
}
