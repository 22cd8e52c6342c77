package main

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/test/server"
)

// TestRolePages leads Maud through the pages of her roles and policies, without script.
func TestRolePages(t *testing.T) {
	d := &roleDesk{office: &office{field: &field{house: newHouse(t), ids: map[string]string{}}}}
	d.found()
	d.board("MINE", "Harbour Goods", "Maud")
	d.board("THEIRS", "Other Shop", "Thea")
	d.maud = d.people["mine.owner"].browser
	d.maud.Get("/me")
	d.join("mine.nora", "MINE", "support", "Nora")
	d.join("mine.omar", "MINE", "auditor", "Omar")
	d.join("mine.admin", "MINE", "administrator", "Ada")
	d.people["mine.admin"].browser.Get("/me")
	t.Run("list", d.lists)
	t.Run("making", d.makes)
	t.Run("cloning", d.clones)
	t.Run("editing", d.edits)
	t.Run("removing", d.removes)
	t.Run("policies", d.policies)
	t.Run("legacy", d.legacy)
	t.Run("templates", d.templates)
	t.Run("matrix", d.matrix)
	t.Run("toxic", d.toxic)
	t.Run("menu", d.menus)
	t.Run("explaining", d.explains)
	t.Run("foreseeing", d.foresees)
}

type roleDesk struct{ *office }

const rolesAt, policiesAt = "/a/MINE/roles", "/a/MINE/policies"

// form is what stands in an editor: pairs of name and value.
func sentForm(pairs ...string) url.Values {
	v := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	return v
}

func (d *roleDesk) send(c *server.Client, path string, v url.Values) server.Answer {
	return c.PostBody(path, "application/x-www-form-urlencoded", v.Encode())
}

// made sends a form that makes something, and gives its id.
func (d *roleDesk) made(t *testing.T, path string, v url.Values) string {
	t.Helper()
	a := d.send(d.maud, path, v)
	if a.StatusCode != http.StatusSeeOther || !strings.HasPrefix(a.Location(), path+"/") {
		t.Fatalf("%s answers %d: %.600s", path, a.StatusCode, a.Plain())
	}
	return strings.TrimPrefix(a.Location(), path+"/")
}

// roleNamed makes a role of some permissions.
func (d *roleDesk) roleNamed(t *testing.T, name string, permissions ...string) string {
	t.Helper()
	v := sentForm("name", name)
	v["permissions"] = permissions
	return d.made(t, rolesAt, v)
}

// give makes roles the whole of what somebody has.
func (d *roleDesk) give(t *testing.T, label string, ids ...string) {
	t.Helper()
	d.must(d.rooms.people.ChangeAccess(t.Context(), d.who("mine.owner", "MINE"), d.account("MINE").ID, d.people[label].userID, d.version(label), people.Access{Roles: ids, AllEntities: true, Acknowledged: true}))
}

// held is what somebody holds in the account now.
func (d *roleDesk) held(t *testing.T, label string) access.Set {
	t.Helper()
	return access.Held(d.rooms.live.Load(), access.Question{User: d.people[label].userID, Within: d.account("MINE").ID, Now: d.rooms.db.Now(), SecondFactor: true, Fresh: true})
}

func may(set access.Set, permission string) bool { return set.Has(access.MustParse(permission)) }

// sees fails when a page is not answered so, or a text is not on it.
func sees(t *testing.T, a server.Answer, status int, texts ...string) {
	t.Helper()
	plain := a.Plain()
	if a.StatusCode != status {
		t.Errorf("answered %d, wanted %d: %.500s", a.StatusCode, status, plain)
	}
	for _, text := range texts {
		if !strings.Contains(plain, text) {
			t.Errorf("%q cannot be read: %.1500s", text, plain)
		}
	}
	if missing := regexp.MustCompile(`\[(portal|error|field|permission)\.[^\]]*\]`).FindString(a.Text); missing != "" {
		t.Errorf("no words for %s", missing)
	}
}

func (d *roleDesk) lists(t *testing.T) {
	t.Run("R19 popular roles first, all of them behind a link, a new one at once", func(t *testing.T) {
		a := d.maud.Get(rolesAt)
		sees(t, a, http.StatusOK, "Most used", "Owner", "View all roles (13)")
		if n := strings.Count(a.Text, `class="cs-tile"`); n != 4 {
			t.Errorf("%d roles are popular, and four are held", n)
		}
		id := d.roleNamed(t, "Morning desk", "transactions:search")
		all := d.maud.Get(rolesAt + "?all=yes")
		sees(t, all, http.StatusOK, "Second approver", "Morning desk", "Predefined", "Custom")
		if strings.Count(all.Text, "cs-row-link") != 14 {
			t.Errorf("%d roles are listed", strings.Count(all.Text, "cs-row-link"))
		}
		sees(t, d.maud.Get(rolesAt+"?q=morn"), http.StatusOK, "1 role found", "Morning desk")
		sees(t, d.maud.Get(rolesAt+"?q=nothing-like-it"), http.StatusOK, "No role matches")
		page := d.maud.Get(rolesAt + "/" + id)
		sees(t, page, http.StatusOK, "Morning desk", "Find transactions", "Nobody has this role", "Edit role", "Clone role", "Delete role")
	})
	t.Run("R19 a role's page names who has it", func(t *testing.T) {
		sees(t, d.maud.Get(rolesAt+"/"+d.role("MINE", "support")), http.StatusOK, "Nora Test")
	})
	t.Run("R5 a predefined role is cloned only, and the page says why", func(t *testing.T) {
		at := rolesAt + "/" + d.role("MINE", "administrator")
		page := d.maud.Get(at)
		sees(t, page, http.StatusOK, "it cannot be edited", "Clone it to make a role of your own")
		if strings.Contains(page.Text, at+"/edit") || strings.Contains(page.Text, at+"/deletion") {
			t.Error("it offers to edit or delete it")
		}
		for _, path := range []string{"/edit", "/deletion"} {
			sees(t, d.maud.Get(at+path), http.StatusConflict, "predefined role")
			sees(t, d.send(d.maud, at+path, sentForm("name", "x", "revision", "1")), http.StatusConflict, "predefined role")
		}
	})
}

func (d *roleDesk) makes(t *testing.T) {
	before := d.counts()
	t.Run("R2 without script a button ticks a section, and nothing is saved", func(t *testing.T) {
		a := d.send(d.maud, rolesAt, sentForm("name", "Evening", "description", "Typed", "permissions", "users:view", "all", "disputes"))
		sees(t, a, http.StatusOK)
		shown := fields(a.Text)
		if !slices.Contains(shown["name"], "Evening") || !slices.Contains(shown["description"], "Typed") {
			t.Errorf("what was typed is %q %q", shown["name"], shown["description"])
		}
		if got := ticked(a.Text); !slices.Equal(got, []string{"disputes:accept", "disputes:submit_evidence", "disputes:view", "page:disputes", "users:view"}) {
			t.Errorf("ticked are %q", got)
		}
		v := sentForm("name", "Evening", "none", "disputes")
		v["permissions"] = ticked(a.Text)
		if got := ticked(d.send(d.maud, rolesAt, v).Text); !slices.Equal(got, []string{"users:view"}) {
			t.Errorf("after the other button ticked are %q", got)
		}
		limits := d.send(d.maud, rolesAt, sentForm("name", "Evening", "permissions", "payments:refund", "limits", "yes"))
		if !strings.Contains(limits.Text, `name="most.payments:refund"`) || strings.Contains(limits.Text, `name="most.payments:void"`) {
			t.Error("the restrictions of what is chosen are not there, or those of something else are")
		}
		d.unchanged(t, before)
	})
	t.Run("R2 without a permission, with a taken name or that of a predefined role, it is refused beside the field", func(t *testing.T) {
		for what, v := range map[string]url.Values{
			"Choose at least one permission":       sentForm("name", "Evening"),
			"looks like, the name of a predefined": sentForm("name", "Administrator ", "permissions", "users:view"),
			"There is no permission nonsense:view": sentForm("name", "Evening", "permissions", "nonsense:view"),
			"roles:manage is kept to predefined":   sentForm("name", "Evening", "permissions", "roles:manage"),
			"There is no such policy":              sentForm("name", "Evening", "permissions", "users:view", "policies", "pol_none"),
			"is an amount greater than zero":       sentForm("name", "Evening", "permissions", "payments:refund", "most.payments:refund", "lots", "currency.payments:refund", "EUR"),
			"Choose the currency of the amount":    sentForm("name", "Evening", "permissions", "payments:refund", "most.payments:refund", "5"),
		} {
			sees(t, d.send(d.maud, rolesAt, v), http.StatusUnprocessableEntity, what)
		}
		d.unchanged(t, before)
	})
	t.Run("R9 what is dangerous is acknowledged by name before it is saved", func(t *testing.T) {
		v := sentForm("name", "Forcing", "permissions", "investigate:force_any", "permissions", "users:view")
		a := d.send(d.maud, rolesAt, v)
		sees(t, a, http.StatusOK, "Forcing holds dangerous permissions", "I mean to give: Force any transaction", "money that never came")
		v.Set("step", "save")
		sees(t, d.send(d.maud, rolesAt, v), http.StatusUnprocessableEntity, "Say that you mean to give", "investigate:force_any")
		v.Set("step", "back")
		if got := ticked(d.send(d.maud, rolesAt, v).Text); len(got) != 2 {
			t.Errorf("back in the form ticked are %q", got)
		}
		d.unchanged(t, before)
		v.Set("step", "save")
		v.Set("dangerous", "investigate:force_any")
		sees(t, d.maud.Get(rolesAt+"/"+d.made(t, rolesAt, v)), http.StatusOK, "The role Forcing is created.")
	})
}

// ticked are the permissions that are ticked on a page.
func ticked(text string) (out []string) {
	for _, m := range regexp.MustCompile(`name="permissions" value="([^"]*)" id="[^"]*" checked`).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	slices.Sort(out)
	return out
}

func (d *roleDesk) clones(t *testing.T) {
	t.Run("R5 a clone begins as the other, save what no custom role may hold", func(t *testing.T) {
		at := rolesAt + "/" + d.role("MINE", "access_administrator") + "/clone"
		a := d.maud.Get(at)
		sees(t, a, http.StatusOK, "Clone Access administrator")
		all := ticked(a.Text)
		if !slices.Contains(all, "users:create") || slices.Contains(all, "roles:manage") {
			t.Errorf("ticked are %q", all)
		}
		v := sentForm("name", "Deputy", "permissions", "users:view", "permissions", "users:create")
		reply := d.send(d.maud, at, v)
		if reply.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %.400s", reply.StatusCode, reply.Plain())
		}
		sees(t, d.maud.Get(reply.Location()), http.StatusOK, "The role Deputy is created.", "Invite users")
		sees(t, d.maud.Get(rolesAt+"/"+d.role("MINE", "owner")+"/clone"), http.StatusOK, "the clone begins without them", "roles:manage")
	})
}

func (d *roleDesk) edits(t *testing.T) {
	id := d.roleNamed(t, "Night desk", "transactions:search", "disputes:view")
	d.give(t, "mine.nora", id)
	at := rolesAt + "/" + id + "/edit"
	v := sentForm("name", "Night desk", "revision", "1", "permissions", "transactions:search", "permissions", "transactions:view")
	t.Run("R6 who gains and who loses what stands there before it is saved", func(t *testing.T) {
		before := d.counts()
		a := d.send(d.maud, at, v)
		sees(t, a, http.StatusOK, "Who is affected by the change of Night desk", "Nora Test", "1 gains it", "1 loses it", "Open transactions", "See disputes")
		d.unchanged(t, before)
		if held := d.held(t, "mine.nora"); !may(held, "disputes:view") || may(held, "transactions:view") {
			t.Error("it was done already")
		}
		v.Set("step", "save")
		if got := d.send(d.maud, at, v); got.Location() != rolesAt+"/"+id {
			t.Fatalf("%d %.400s", got.StatusCode, got.Plain())
		}
		if held := d.held(t, "mine.nora"); may(held, "disputes:view") || !may(held, "transactions:view") {
			t.Error("the change did not reach her")
		}
	})
	t.Run("R6 somebody else changed it: what was typed stays, and what is different is told", func(t *testing.T) {
		stale := d.send(d.maud, at, sentForm("name", "Mine", "revision", "1", "seen", seenOf(d.maud.Get(at).Text), "permissions", "users:view", "step", "save"))
		sees(t, stale, http.StatusPreconditionFailed)
		if shown := fields(stale.Text); !slices.Contains(shown["name"], "Mine") || !slices.Contains(shown["revision"], "2") {
			t.Errorf("the form holds %q", shown["name"])
		}
	})
	t.Run("R6 the next people come by a button that keeps what was typed", func(t *testing.T) {
		for n := range 23 {
			email := fmt.Sprintf("crowd%d@example.com", n)
			_, err := d.rooms.people.Invite(t.Context(), d.who("mine.owner", "MINE"), d.account("MINE").ID, people.Invitee{FirstName: fmt.Sprintf("Crowd%02d", n), LastName: "Test", Email: email, Language: "en",
				Access: people.Access{Roles: []string{id}, AllEntities: true}})
			d.must(err)
		}
		first := d.send(d.maud, at, sentForm("name", "Night desk", "revision", "2", "permissions", "payments:view"))
		sees(t, first, http.StatusOK, "24 users")
		next := regexp.MustCompile(`name="after" value="([^"]+)"`).FindStringSubmatch(first.Text)
		if next == nil {
			t.Fatal("there is no next page")
		}
		second := d.send(d.maud, at, sentForm("name", "Night desk", "revision", "2", "permissions", "payments:view", "after", next[1]))
		sees(t, second, http.StatusOK)
		if a, b := strings.Count(first.Plain(), "Test"), strings.Count(second.Plain(), "Test"); strings.Contains(second.Text, `name="after"`) || a < 20 || b < 4 {
			t.Errorf("%d and %d people", a, b)
		}
	})
	t.Run("B04 nobody gives themselves more by their own role", func(t *testing.T) {
		own := d.roleNamed(t, "Own desk", "payments:view")
		d.give(t, "mine.admin", d.role("MINE", "administrator"), own)
		c := d.people["mine.admin"].browser
		a := d.send(c, rolesAt+"/"+own+"/edit", sentForm("name", "Own desk", "revision", "1", "permissions", "payments:view", "permissions", "payments:void"))
		sees(t, a, http.StatusOK, "You have this role yourself")
		if strings.Contains(a.Text, `value="save"`) {
			t.Error("it offers to save")
		}
		sees(t, d.send(c, rolesAt+"/"+own+"/edit", sentForm("name", "Own desk", "revision", "1", "permissions", "payments:view", "permissions", "payments:void", "step", "save")), http.StatusForbidden, "You have this role yourself")
	})
}

// seenOf is what a form remembers of what it was made from.
func seenOf(text string) string { return strings.Join(fields(text)["seen"], "") }

func (d *roleDesk) removes(t *testing.T) {
	id := d.roleNamed(t, "Short lived", "payments:view")
	d.give(t, "mine.nora", id)
	at := rolesAt + "/" + id + "/deletion"
	t.Run("R6 a removal names whom it leaves with the fallback role, and asks for the name", func(t *testing.T) {
		sees(t, d.maud.Get(at), http.StatusOK, "Delete Short lived", "Nora Test", "Is left with Read only", "Fallback role Read only")
		sees(t, d.send(d.maud, at, sentForm("name", "Short", "revision", "1")), http.StatusUnprocessableEntity, "Short lived")
		sees(t, d.send(d.maud, at, sentForm("name", "Short lived", "revision", "9")), http.StatusPreconditionFailed)
		a := d.send(d.maud, at, sentForm("name", "Short lived", "revision", "1"))
		if a.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %.400s", a.StatusCode, a.Plain())
		}
		sees(t, d.maud.Get(a.Location()), http.StatusOK, "The role Short lived is deleted. 1 user now has the fallback role.")
		sees(t, d.maud.Get("/a/MINE/users/"+d.people["mine.nora"].userID), http.StatusOK, "Read only")
		sees(t, d.maud.Get(rolesAt+"/"+id), http.StatusNotFound)
	})
}

func (d *roleDesk) policies(t *testing.T) {
	sees(t, d.maud.Get(policiesAt), http.StatusOK, "No policies yet")
	var id, role string
	t.Run("R3 a policy holds permissions with restrictions, which come back as they were typed", func(t *testing.T) {
		id = d.made(t, policiesAt, sentForm("name", "Small captures", "permissions", "payments:capture", "own", "payments:capture", "most.payments:capture", "1 250,50", "currency.payments:capture", "chf", "states.payments:capture", "authorised, partly_captured"))
		sees(t, d.maud.Get(policiesAt+"/"+id), http.StatusOK, "only their own records · up to 1250.50 CHF · only in the states authorised, partly_captured", "No role has it yet")
		shown := fields(d.maud.Get(policiesAt + "/" + id + "/edit").Text)
		if !slices.Contains(shown["most.payments:capture"], "1250.50") || !slices.Contains(shown["currency.payments:capture"], "CHF") {
			t.Errorf("%q %q", shown["most.payments:capture"], shown["currency.payments:capture"])
		}
	})
	t.Run("R3 a role takes it by the two columns, ticked or moved", func(t *testing.T) {
		a := d.send(d.maud, rolesAt, sentForm("name", "Till", "add", id, "move", "add"))
		if got := enabled(a.Text); !slices.Equal(got, []string{id}) {
			t.Errorf("chosen are %q", got)
		}
		if got := enabled(d.send(d.maud, rolesAt, sentForm("name", "Till", "policies", id, "drop", id, "move", "drop")).Text); len(got) != 0 {
			t.Errorf("after taking it off chosen are %q", got)
		}
		role = d.made(t, rolesAt, sentForm("name", "Till", "add", id))
		sees(t, d.maud.Get(rolesAt+"/"+role), http.StatusOK, "By the policy Small captures", "up to 1250.50 CHF")
	})
	t.Run("R3 a change reaches everyone who has it, and the page says who", func(t *testing.T) {
		d.give(t, "mine.nora", role)
		v := sentForm("name", "Small captures", "revision", "1", "permissions", "payments:capture", "permissions", "payments:void")
		sees(t, d.send(d.maud, policiesAt+"/"+id+"/edit", v), http.StatusOK, "Roles with this policy Till", "Nora Test", "Void payments")
		v.Set("step", "save")
		if a := d.send(d.maud, policiesAt+"/"+id+"/edit", v); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("%d %.400s", a.StatusCode, a.Plain())
		}
		if !may(d.held(t, "mine.nora"), "payments:void") {
			t.Error("it did not reach her")
		}
	})
	t.Run("R3 L1 it is found by its name, and the log tells its changes in words", func(t *testing.T) {
		sees(t, d.maud.Get("/a/MINE/search?q=small+capt"), http.StatusOK, "Policies", "Small captures")
		d.people["mine.nora"].browser.Get("/me")
		if a := d.people["mine.nora"].browser.Get("/a/MINE/search?q=small+capt"); strings.Contains(a.Plain(), "Small captures") {
			t.Error("somebody who may not see policies finds it")
		}
		log := d.maud.Get("/a/MINE/activity?about=" + id)
		sees(t, log, http.StatusOK, "Changed a permission policy", "+ Void payments", "Small captures")
		if !strings.Contains(log.Text, policiesAt+"/"+id) {
			t.Error("there is no link to it")
		}
	})
	t.Run("R3 one in use is not deleted, and its roles are named with links", func(t *testing.T) {
		a := d.maud.Get(policiesAt + "/" + id + "/deletion")
		sees(t, a, http.StatusOK, "cannot be deleted while a role has it", "Till")
		if !strings.Contains(a.Text, rolesAt+"/"+role) || strings.Contains(a.Text, `method="post" class="cs-form"`) {
			t.Error("there is no link to the role, or a form")
		}
		sees(t, d.send(d.maud, policiesAt+"/"+id+"/deletion", sentForm("name", "Small captures", "revision", "2")), http.StatusConflict, "Till")
		free := d.made(t, policiesAt, sentForm("name", "Free", "permissions", "payments:view"))
		if a := d.send(d.maud, policiesAt+"/"+free+"/deletion", sentForm("name", "Free", "revision", "1")); a.Location() != policiesAt {
			t.Errorf("%d %.400s", a.StatusCode, a.Plain())
		}
	})
	t.Run("R3 B22 the 101st policy is refused with the limit in the sentence", func(t *testing.T) {
		who := d.who("mine.owner", "MINE")
		for n := range 99 {
			_, err := d.rooms.roles.CreatePolicy(t.Context(), who, who.AccountID, roles.PolicyDraft{Name: fmt.Sprintf("Policy %d", n), Permits: []roles.Permit{{Permission: "payments:view"}}})
			d.must(err)
		}
		sees(t, d.send(d.maud, policiesAt, sentForm("name", "One more", "permissions", "payments:view")), http.StatusConflict, "at most 100 policies")
		v := sentForm("name", "All of them", "permissions", "payments:view")
		d.view(func(tx *db.Tx) error {
			list, err := roles.Policies(tx, who.AccountID)
			for _, p := range list {
				v.Add("policies", p.ID)
			}
			return err
		})
		sees(t, d.send(d.maud, rolesAt, v), http.StatusUnprocessableEntity, "at most 100 policies, its own among them")
		sees(t, d.maud.Get(policiesAt+"?q=policy+98"), http.StatusOK, "1 policy found")
	})
}

// enabled are the policies that a form holds as chosen.
func enabled(text string) (out []string) {
	for _, m := range regexp.MustCompile(`name="policies" value="([^"]*)">`).FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

func (d *roleDesk) legacy(t *testing.T) {
	const id = "rol_legacy0000000000000000"
	a := d.account("MINE").ID
	d.do(func(tx *db.Tx) error {
		tx.ChangedAccess()
		if _, err := tx.Exec(`INSERT INTO roles (account_id, id, name, name_key, legacy, created_at) VALUES ($1, $2, 'Back office', $3, TRUE, $4)`, a, id, lang.Skeleton("Back office"), tx.Now); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO role_permissions (account_id, role_id, permission, condition) VALUES ($1, $2, 'payments:view', '')`, a, id)
		return err
	})
	at := rolesAt + "/" + id
	t.Run("R4 a legacy role is marked, and migrated by a box in its form", func(t *testing.T) {
		sees(t, d.maud.Get(at), http.StatusOK, "From before policies")
		sees(t, d.maud.Get(at+"/edit"), http.StatusOK, "Migrate this role to policies")
		v := sentForm("name", "Back office", "revision", "1", "permissions", "payments:view", "step", "save")
		if got := d.send(d.maud, at+"/edit", v); got.StatusCode != http.StatusSeeOther {
			t.Fatalf("edited as it is: %d %.400s", got.StatusCode, got.Plain())
		}
		sees(t, d.maud.Get(at), http.StatusOK, "From before policies")
		v.Set("revision", "2")
		v.Set("migrate", "yes")
		if got := d.send(d.maud, at+"/edit", v); got.StatusCode != http.StatusSeeOther {
			t.Fatalf("migrated: %d %.400s", got.StatusCode, got.Plain())
		}
		if page := d.maud.Get(at); strings.Contains(page.Plain(), "From before policies") || !strings.Contains(page.Plain(), "See payments") {
			t.Errorf("after it: %.600s", page.Plain())
		}
	})
}

func (d *roleDesk) templates(t *testing.T) {
	nora := "/a/MINE/users/" + d.people["mine.nora"].userID
	template := d.made(t, rolesAt, sentForm("name", "Shop helper", "template", "yes", "permissions", "payments:view", "permissions", "disputes:view"))
	d.give(t, "mine.nora", template)
	page := d.maud.Get(nora + "/access")
	link := regexp.MustCompile(`href="(` + nora + `/roles/[^"]+)"`).FindStringSubmatch(page.Text)
	t.Run("R18 the copy is marked, and its page says whose it is", func(t *testing.T) {
		sees(t, page, http.StatusOK, "Shop helper", "Personal copy", "Adjust for this user")
		if link == nil {
			t.Fatal("there is no link to adjust it")
		}
		sees(t, d.maud.Get(rolesAt+"/"+strings.TrimPrefix(link[1], nora+"/roles/")), http.StatusOK, "Personal copy", "Nora Test", "copy of Shop helper")
	})
	t.Run("R18 it is adjusted for one user, and the template stays", func(t *testing.T) {
		a := d.maud.Get(link[1])
		sees(t, a, http.StatusOK, "Adjust Shop helper for Nora Test", "View", "Edit", "Create", "Delete")
		if got := ticked(a.Text); !slices.Equal(got, []string{"disputes:view", "payments:view"}) {
			t.Errorf("ticked are %q", got)
		}
		revision := strings.Join(fields(a.Text)["revision"], "")
		sees(t, d.send(d.maud, link[1], sentForm("revision", revision)), http.StatusUnprocessableEntity, "Choose at least one permission")
		asked := d.send(d.maud, link[1], sentForm("revision", revision, "permissions", "payments:view", "permissions", "keys:manage"))
		sees(t, asked, http.StatusUnprocessableEntity, "I mean to give: Manage keys")
		done := d.send(d.maud, link[1], sentForm("revision", revision, "permissions", "payments:view", "permissions", "payments:capture"))
		if done.Location() != nora+"/access" {
			t.Fatalf("%d %.400s", done.StatusCode, done.Plain())
		}
		if held := d.held(t, "mine.nora"); !may(held, "payments:capture") || may(held, "disputes:view") {
			t.Error("what she may do is another")
		}
		sees(t, d.maud.Get(rolesAt+"/"+template), http.StatusOK, "See disputes", "A template")
		sees(t, d.send(d.maud, link[1], sentForm("revision", "1", "permissions", "payments:view")), http.StatusPreconditionFailed)
	})
	t.Run("R18 U23 never above what the giver holds", func(t *testing.T) {
		d.join("mine.giver", "MINE", "access_administrator", "Gil")
		c := d.people["mine.giver"].browser
		c.Get("/me")
		deputy := d.made(t, rolesAt, sentForm("name", "User helper", "template", "yes", "permissions", "users:view"))
		d.join("mine.lone", "MINE", "read_only", "Lone")
		d.give(t, "mine.lone", deputy)
		lone := "/a/MINE/users/" + d.people["mine.lone"].userID
		found := regexp.MustCompile(`href="(` + lone + `/roles/[^"]+)"`).FindStringSubmatch(c.Get(lone + "/access").Text)
		if found == nil {
			t.Fatal("the access administrator cannot adjust it")
		}
		a := c.Get(found[1])
		sees(t, a, http.StatusOK)
		if strings.Contains(a.Text, `value="payments:capture"`) {
			t.Error("it offers what they do not hold")
		}
		revision := strings.Join(fields(a.Text)["revision"], "")
		sees(t, d.send(c, found[1], sentForm("revision", revision, "permissions", "payments:capture")), http.StatusForbidden, "payments:capture")
	})
	t.Run("R18 whoever has no template has nothing to adjust", func(t *testing.T) {
		omar := "/a/MINE/users/" + d.people["mine.omar"].userID
		sees(t, d.maud.Get(omar+"/roles/"+d.role("MINE", "auditor")), http.StatusConflict, "given as a copy")
		sees(t, d.maud.Get(omar+"/roles/"+template), http.StatusNotFound)
	})
}

func (d *roleDesk) matrix(t *testing.T) {
	d.roleNamed(t, "=Formula", "payments:view")
	d.made(t, rolesAt, sentForm("name", "Bounded", "permissions", "payments:capture", "most.payments:capture", "5", "currency.payments:capture", "EUR"))
	t.Run("R7 all roles across and all permissions down", func(t *testing.T) {
		a := d.maud.Get("/a/MINE/matrix")
		sees(t, a, http.StatusOK, "Owner", "Second approver", "Bounded", "=Formula", "Capture payments")
		if n := strings.Count(a.Text, `<th scope="row">`); n != len(access.Permissions()) {
			t.Errorf("%d lines for %d permissions", n, len(access.Permissions()))
		}
	})
	t.Run("R7 narrowed by a text and to where two roles differ", func(t *testing.T) {
		q := url.Values{"q": {"payments"}, "role": {d.role("MINE", "owner"), d.role("MINE", "read_only")}}
		all := d.maud.Get("/a/MINE/matrix?" + q.Encode())
		sees(t, all, http.StatusOK, "See payments", "Capture payments")
		if strings.Contains(all.Text, "<code>home:view</code>") || strings.Count(all.Text, `<th scope="col">`) != 3 {
			t.Error("it holds what was not asked for")
		}
		q.Set("differ", "yes")
		differ := d.maud.Get("/a/MINE/matrix?" + q.Encode())
		sees(t, differ, http.StatusOK, "Capture payments")
		if strings.Contains(differ.Text, "<code>payments:view</code>") {
			t.Error("it holds what both have")
		}
		sees(t, d.maud.Get("/a/MINE/matrix?q=nothing-like-it"), http.StatusOK, "Nothing to show")
	})
	t.Run("R7 as a file that runs no formula, and is recorded", func(t *testing.T) {
		a := d.maud.Get("/a/MINE/matrix/export?q=payments")
		rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.Text, "\ufeff"))).ReadAll()
		if err != nil || a.StatusCode != http.StatusOK || len(rows) < 5 {
			t.Fatalf("%d %v %d", a.StatusCode, err, len(rows))
		}
		formula, bounded := slices.Index(rows[0], "'=Formula"), slices.Index(rows[0], "Bounded")
		if formula < 0 || bounded < 0 || rows[0][0] != "Section" {
			t.Fatalf("the heads are %q", rows[0])
		}
		for _, row := range rows[1:] {
			switch row[2] {
			case "payments:view":
				if row[formula] != "Yes" || row[bounded] != "No" {
					t.Errorf("%q", row)
				}
			case "payments:capture":
				if row[formula] != "No" || row[bounded] != "For some records" {
					t.Errorf("%q", row)
				}
			}
		}
		narrow := "/a/MINE/matrix/export?role=&role=" + d.role("MINE", "owner")
		if a := d.maud.Get(narrow); a.StatusCode != http.StatusOK || strings.Contains(a.Text, "Auditor") {
			t.Errorf("the file of one role: %d %.200s", a.StatusCode, a.Text)
		}
		for _, odd := range []string{narrow + "&role=rol_none", "/a/MINE/matrix/export?role=rol_none", "/a/MINE/matrix/export?differ=maybe"} {
			if a := d.maud.Get(odd); a.StatusCode != http.StatusUnprocessableEntity || a.Header.Get("Content-Disposition") != "" {
				t.Errorf("%s is answered %d: a file that is not narrowed as was asked", odd, a.StatusCode)
			}
		}
		log := d.maud.Get("/a/MINE/activity/export?format=csv&kind=roles.exported").Text
		if n := strings.Count(log, `"roles.exported","Exported the matrix of roles and permissions","Done"`); n != 2 || strings.Contains(log, "rol_none") {
			t.Errorf("two files are recorded %d times: %s", n, log)
		}
	})
}

func (d *roleDesk) toxic(t *testing.T) {
	const at = "/a/MINE/toxic-combinations"
	t.Run("R12 what would bring a combination about is blocked, and the page says why", func(t *testing.T) {
		sees(t, d.maud.Get(at), http.StatusOK, "Toxic combinations", "Give the first and the second approval", "Nobody holds any of these combinations today", "Blocked")
		id := d.roleNamed(t, "First eyes", "approvals:view", "approvals:approve_first")
		v := sentForm("name", "First eyes", "revision", "1", "permissions", "approvals:approve_first", "permissions", "approvals:approve_second")
		a := d.send(d.maud, rolesAt+"/"+id+"/edit", v)
		sees(t, a, http.StatusOK, "This account blocks", "The second pair of eyes would be the first one’s.")
		if strings.Contains(a.Text, `value="save"`) {
			t.Error("it offers to save")
		}
		v.Set("step", "save")
		sees(t, d.send(d.maud, rolesAt+"/"+id+"/edit", v), http.StatusUnprocessableEntity, "Nobody should hold this together")
	})
	t.Run("R12 where it is flagged, the report says who has it and by which roles", func(t *testing.T) {
		d.set("toxic_combinations", "flagged")
		id := d.roleNamed(t, "Both eyes", "approvals:approve_first", "approvals:approve_second")
		d.give(t, "mine.nora", id)
		sees(t, d.maud.Get(at), http.StatusOK, "1 combination is held by somebody today", "Users who have it today: 1", "Allowed and reported")
		people := d.maud.Get(at + "/both_approvals")
		sees(t, people, http.StatusOK, "Nora Test", "Both eyes")
		if !strings.Contains(people.Text, "/a/MINE/users/"+d.people["mine.nora"].userID) || !strings.Contains(people.Text, rolesAt+"/"+id) {
			t.Error("there are no links")
		}
		sees(t, d.maud.Get(at+"/nonsense"), http.StatusNotFound)
	})
}

// menus holds that the menu, the pages and the API open to the same people.
func (d *roleDesk) menus(t *testing.T) {
	d.people["mine.omar"].browser.Get("/me")
	for _, x := range []struct {
		label string
		sees  bool
	}{{"mine.owner", true}, {"mine.omar", true}, {"mine.nora", false}} {
		t.Run("R19 of "+x.label, func(t *testing.T) {
			c := d.people[x.label].browser
			c.Get("/me")
			menu, _, _ := strings.Cut(c.Get("/a/MINE/").Text, "</nav>")
			for path, api := range map[string]string{"policies": "policies", "roles": "roles", "matrix": "roles"} {
				status := map[bool]int{true: http.StatusOK, false: http.StatusForbidden}[x.sees]
				if strings.Contains(menu, `href="/a/MINE/`+path+`"`) != x.sees {
					t.Errorf("the menu has %s: %v", path, !x.sees)
				}
				if a := c.Get("/a/MINE/" + path); a.StatusCode != status {
					t.Errorf("%s is answered %d", path, a.StatusCode)
				}
				if a := c.JSON(http.MethodGet, "/api/v1/accounts/MINE/"+api, nil); a.StatusCode != status {
					t.Errorf("the API's %s are answered %d", api, a.StatusCode)
				}
			}
		})
	}
}
