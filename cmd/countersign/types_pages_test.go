package main

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"countersign/internal/access"
	"countersign/internal/people"
	"countersign/internal/resource"
	"countersign/internal/roles"
	"countersign/internal/test/server"
)

// typeDesk is a platform that registers what its own services ask about, and a
// merchant who uses it.
type typeDesk struct {
	*roleDesk
	platform *server.Client
}

const (
	typesAt   = "/a/PLATFORM/resource-types"
	usersAt   = "/a/PLATFORM/user-properties"
	recordsAt = "/a/MINE/records"
)

// TestTypePages leads the platform and Maud through the pages of resource types, without script.
func TestTypePages(t *testing.T) {
	d := &typeDesk{roleDesk: &roleDesk{office: &office{field: &field{house: newHouse(t), ids: map[string]string{}}}}}
	d.found()
	d.board("MINE", "Harbour Goods", "Maud")
	d.board("THEIRS", "Other Shop", "Thea")
	d.maud, d.platform = d.people["mine.owner"].browser, d.people["platform.owner"].browser
	d.maud.Get("/me")
	d.platform.Get("/me")
	d.join("mine.nora", "MINE", "support", "Nora")
	t.Run("none", d.none)
	t.Run("registering", d.registers)
	t.Run("properties", d.properties)
	t.Run("roles", d.restricts)
	t.Run("records", d.stores)
	t.Run("values", d.values)
	t.Run("said", d.said)
	t.Run("retiring", d.retires)
}

func (d *typeDesk) none(t *testing.T) {
	t.Run("K2 without types there is no place for records, and the platform is told what types are for", func(t *testing.T) {
		if text := d.maud.Get("/a/MINE/").Text; strings.Contains(text, recordsAt) || strings.Contains(text, "/resource-types") {
			t.Error("Maud's menu leads to what there is no use for")
		}
		sees(t, d.maud.Get(recordsAt), http.StatusOK, "No resource types")
		sees(t, d.platform.Get(typesAt), http.StatusOK, "No resource types yet", "Register resource type")
	})
}

// orderForm is the form of a type, as a browser sends it without script.
func orderForm(pairs ...string) url.Values {
	return sentForm(append([]string{"name", "terminal_orders", "title", "Terminal orders", "entity_from", "store",
		"actions[0].name", "view", "actions[0].title", "See orders", "actions[2].name", "approve", "actions[2].title", "Approve orders", "actions[2].dangerous", "yes",
		"properties[0].of", "resource", "properties[0].name", "requester", "properties[0].title", "Requester", "properties[0].kind", "user", "properties[0].vouched", "store",
		"properties[1].of", "resource", "properties[1].name", "status", "properties[1].title", "Status", "properties[1].kind", "text", "properties[1].vouched", "store",
		"properties[2].of", "resource", "properties[2].name", "", "properties[2].title", "", "properties[2].kind", "text", "properties[2].vouched", "store"}, pairs...)...)
}

func (d *typeDesk) registers(t *testing.T) {
	t.Run("K2 more rows are asked for without losing what was typed", func(t *testing.T) {
		a := d.send(d.platform, typesAt, orderForm("rows", "properties"))
		sees(t, a, http.StatusOK)
		for _, want := range []string{`value="Approve orders"`, `name="properties[4].name"`, `name="actions[3].name"`} {
			if !strings.Contains(a.Text, want) {
				t.Errorf("no %s in the form", want)
			}
		}
	})
	t.Run("K2 what is wrong stands at its row, empty rows between them notwithstanding", func(t *testing.T) {
		v := orderForm()
		v.Set("actions[2].name", "Approve!")
		v.Set("properties[1].title", "")
		a := d.send(d.platform, typesAt, v)
		sees(t, a, http.StatusUnprocessableEntity, "Action 3", "Property 2")
		for _, want := range []string{`href="#f-actions[2].name"`, `id="f-actions[2].name-problem"`, `id="f-properties[1].title-problem"`, `value="Approve!"`} {
			if !strings.Contains(a.Text, want) {
				t.Errorf("no %s in the form", want)
			}
		}
	})
	t.Run("K2 a type is registered, and roles of every account can hold its actions at once", func(t *testing.T) {
		if a := d.send(d.platform, typesAt, orderForm()); a.StatusCode != http.StatusSeeOther || a.Location() != typesAt+"/terminal_orders" {
			t.Fatalf("answered %d: %.600s", a.StatusCode, a.Plain())
		}
		if !may(d.rooms.live.Load().Known(), "terminal_orders:approve") {
			t.Error("nobody can be given it")
		}
		sees(t, d.platform.Get(typesAt), http.StatusOK, "Terminal orders", "In use")
		sees(t, d.platform.Get(typesAt+"/terminal_orders"), http.StatusOK, "See orders", "terminal_orders:approve", "Dangerous", "Not used", "Nothing that you may see is stored.")
		sees(t, d.platform.Get(typesAt+"?q=nothing+like+it"), http.StatusOK, "No resource type matches")
		sees(t, d.platform.Get(typesAt+"?state=retired"), http.StatusOK, "No resource type matches")
		a := d.maud.Get(rolesAt + "/new")
		sees(t, a, http.StatusOK, "Services of the platform", "Terminal orders", "Approve orders")
	})
	t.Run("K2 its words change, and whoever saw something else is told", func(t *testing.T) {
		edit := func(revision, seen, title string) server.Answer {
			return d.send(d.platform, typesAt+"/terminal_orders/edit", orderForm("revision", revision, "seen", seen, "actions[5].name", "ship", "actions[5].title", title))
		}
		form := d.platform.Get(typesAt + "/terminal_orders/edit").Text
		seen := between(form, `name="seen" value="`, `"`)
		if a := edit("1", seen, "Ship orders"); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("answered %d: %.600s", a.StatusCode, a.Plain())
		}
		a := edit("1", seen, "Send orders")
		sees(t, a, http.StatusPreconditionFailed, "Ship orders (ship)")
		if !strings.Contains(a.Text, `name="revision" value="2"`) || !strings.Contains(a.Text, `value="Send orders"`) {
			t.Error("what was typed cannot be sent again")
		}
	})
	t.Run("K2 the pages are the platform's", func(t *testing.T) {
		for _, path := range []string{"", "/new", "/terminal_orders", "/terminal_orders/edit", "/terminal_orders/retirement"} {
			sees(t, d.maud.Get("/a/MINE/resource-types"+path), http.StatusForbidden, "resource_types:")
			sees(t, d.platform.Get("/a/MINE/resource-types"+path), http.StatusForbidden)
			if a := d.maud.Get(typesAt + path); a.StatusCode != http.StatusNotFound {
				t.Errorf("%s in the platform's account is answered %d", path, a.StatusCode)
			}
		}
	})
}

func between(text, before, after string) string {
	_, text, _ = strings.Cut(text, before)
	text, _, _ = strings.Cut(text, after)
	return text
}

func (d *typeDesk) properties(t *testing.T) {
	t.Run("K2 a property of users is registered, renamed, and its new name is read at once", func(t *testing.T) {
		a := d.send(d.platform, usersAt, sentForm("name", "a department", "title", "Department", "kind", "text", "vouched", "store"))
		sees(t, a, http.StatusUnprocessableEntity)
		a = d.send(d.platform, usersAt, sentForm("name", "department", "title", "Section", "kind", "text", "vouched", "store"))
		if a.StatusCode != http.StatusSeeOther {
			t.Fatalf("answered %d: %.600s", a.StatusCode, a.Plain())
		}
		a = d.send(d.platform, usersAt, sentForm("name", "badge", "title", "Badge", "kind", "number", "vouched", "store", "subject_type", "badge"))
		sees(t, a, http.StatusUnprocessableEntity, "Only a text can name users.")
		a = d.send(d.platform, usersAt, sentForm("name", "badge", "title", "Badge", "kind", "text", "vouched", "store", "subject_type", "badge"))
		if a.StatusCode != http.StatusSeeOther || !strings.Contains(d.platform.Get(usersAt).Text, "Subject type: <code>badge</code>") {
			t.Errorf("answered %d: %.600s", a.StatusCode, a.Plain())
		}
		a = d.send(d.platform, usersAt+"/department/edit", sentForm("title", "Department", "revision", "1"))
		if a.StatusCode != http.StatusSeeOther {
			t.Fatalf("answered %d: %.600s", a.StatusCode, a.Plain())
		}
		sees(t, d.platform.Get(usersAt), http.StatusOK, "Department", "What is stored here")
		if a := d.people["mine.owner"].browser.Get(rolesAt + "/new"); !strings.Contains(a.Text, "is the same as the person’s Department") {
			t.Error("the editor of roles knows it by another name")
		}
	})
}

func (d *typeDesk) restricts(t *testing.T) {
	d.maud = d.people["mine.owner"].browser
	v := sentForm("name", "Order desk", "permissions", "terminal_orders:view", "permissions", "terminal_orders:approve",
		"property.0.terminal_orders:approve", "resource.requester", "compare.0.terminal_orders:approve", "own",
		"property.2.terminal_orders:approve", "resource.status", "compare.2.terminal_orders:approve", "at_most", "value.2.terminal_orders:approve", "open")
	t.Run("K2 a comparison that its property cannot have is told at its row", func(t *testing.T) {
		a := d.send(d.maud, rolesAt, v)
		sees(t, a, http.StatusUnprocessableEntity, "Only a number can be at most something. Choose another comparison.")
		if !strings.Contains(a.Text, `href="#f-compare.2.terminal_orders:approve"`) || !strings.Contains(a.Text, `value="open"`) {
			t.Error("the summary does not lead to it, or what was typed is lost")
		}
	})
	v.Set("compare.2.terminal_orders:approve", "one_of")
	v.Set("value.2.terminal_orders:approve", `open, "odd, really"`)
	const words = "only where Requester is the person themselves · only where Status is one of odd, really, open"
	var id string
	t.Run("K2 it is told in the same words on the role's page, in the matrix, in effective access and in the log", func(t *testing.T) {
		sees(t, d.send(d.maud, rolesAt, v), http.StatusOK, "Approve orders") // it is dangerous
		v.Set("dangerous", "terminal_orders:approve")
		v.Set("step", "save")
		id = d.made(t, rolesAt, v)
		sees(t, d.maud.Get(rolesAt+"/"+id), http.StatusOK, words)
		if a := d.maud.Get("/a/MINE/matrix?q=terminal_orders"); !strings.Contains(a.Text, `title="`+words+`"`) {
			t.Errorf("the matrix does not say it: %.2000s", a.Plain())
		}
		d.give(t, "mine.nora", id)
		sees(t, d.maud.Get("/a/MINE/users/"+d.people["mine.nora"].userID+"/access"), http.StatusOK, words)
		sees(t, d.maud.Get("/a/MINE/activity"), http.StatusOK, "Terminal orders – Approve orders ("+words+")")
		sees(t, d.platform.Get(typesAt+"/terminal_orders"), http.StatusOK, "1 role or policy")
	})
	t.Run("K2 the form of the role holds it as it was typed, and the affected page counts it", func(t *testing.T) {
		a := d.maud.Get(rolesAt + "/" + id + "/edit")
		if !strings.Contains(a.Text, `value="&#34;odd, really&#34;, open"`) {
			t.Error("the values stand otherwise in the form")
		}
		edit := sentForm("name", "Order desk", "permissions", "terminal_orders:view", "revision", "1")
		a = d.send(d.maud, rolesAt+"/"+id+"/edit", edit)
		sees(t, a, http.StatusOK, "Terminal orders – Approve orders")
		edit = sentForm("name", "Order desk", "permissions", "terminal_orders:view", "permissions", "terminal_orders:approve", "revision", "1")
		a = d.send(d.maud, rolesAt+"/"+id+"/edit", edit)
		sees(t, a, http.StatusOK, "Terminal orders – Approve orders") // wider is a gain
		back := sentForm("name", "Order desk", "permissions", "terminal_orders:view", "revision", "1", "step", "back", "property.0.terminal_orders:view", "resource.status", "compare.0.terminal_orders:view", "own")
		if a = d.send(d.maud, rolesAt+"/"+id+"/edit", back); !strings.Contains(a.Text, `value="own" data-for="user" selected`) {
			t.Error("going back to the form loses a condition")
		}
	})
	d.ids["order desk"] = id
}

func (d *typeDesk) stores(t *testing.T) {
	at, nora := recordsAt+"/terminal_orders", d.people["mine.nora"].userID
	t.Run("K2 a record is stored, found, changed and removed by hand", func(t *testing.T) {
		sees(t, d.maud.Get(recordsAt), http.StatusOK, "Terminal orders")
		sees(t, d.maud.Get(at), http.StatusOK, "Nothing stored yet")
		a := d.send(d.maud, at, sentForm("id", "a/b c", "entity", "THEIRS", "properties.requester", "me"))
		sees(t, a, http.StatusUnprocessableEntity, "Entity")
		for _, dots := range []string{".", "..", "~", "~."} { // no address has these as they are
			a = d.send(d.maud, at, sentForm("id", dots, "entity", "MINE", "properties.status", "odd"))
			if a.StatusCode != http.StatusSeeOther {
				t.Fatalf("%q is answered %d: %.600s", dots, a.StatusCode, a.Plain())
			}
			sees(t, d.maud.Get(a.Location()), http.StatusOK, dots, "odd")
			if a = d.send(d.maud, a.Location()+"/removal", sentForm("revision", "1")); a.StatusCode != http.StatusSeeOther {
				t.Errorf("%q is not removed: %d", dots, a.StatusCode)
			}
		}
		const id = "a/b ç?%"
		one := at + "/record/" + url.PathEscape(id)
		a = d.send(d.maud, at, sentForm("id", id, "entity", "MINE", "properties.requester", nora, "properties.status", "open"))
		if a.StatusCode != http.StatusSeeOther || a.Location() != one {
			t.Fatalf("answered %d, to %q: %.800s", a.StatusCode, a.Location(), a.Plain())
		}
		sees(t, d.maud.Get(one), http.StatusOK, id, "Harbour Goods", "Nora Test", "open")
		sees(t, d.maud.Get(at+"?id="+url.QueryEscape(id)), http.StatusOK, id, "Nora Test")
		sees(t, d.maud.Get(at+"?id="+url.QueryEscape(id)+"&entity=MINE"), http.StatusOK, "Nora Test")
		sees(t, d.maud.Get(at+"?entity=THEIRS"), http.StatusOK, "No such entity")
		sees(t, d.maud.Get(at+"?id=none"), http.StatusOK, "No record matches")
		sees(t, d.send(d.maud, at, sentForm("id", id, "entity", "MINE")), http.StatusUnprocessableEntity, "Something is stored under this id already.")
		a = d.send(d.maud, one+"/edit", sentForm("entity", "MINE", "properties.status", "shut", "revision", "1"))
		if a.StatusCode != http.StatusSeeOther {
			t.Fatalf("answered %d: %.600s", a.StatusCode, a.Plain())
		}
		sees(t, d.maud.Get(one), http.StatusOK, "shut")
		sees(t, d.send(d.maud, one+"/edit", sentForm("entity", "MINE", "properties.status", "lost", "revision", "1")), http.StatusPreconditionFailed)
		sees(t, d.maud.Get(one+"/removal"), http.StatusOK, "Remove "+id+"?", "This cannot be undone")
		sees(t, d.platform.Get(typesAt+"/terminal_orders"), http.StatusOK, "Harbour Goods", "1 record")
		if a = d.send(d.maud, one+"/removal", sentForm("revision", "2")); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("answered %d: %.600s", a.StatusCode, a.Plain())
		}
		sees(t, d.maud.Get(one), http.StatusNotFound)
	})
	t.Run("K2 nobody of another account finds a record, and who may not store sees no form", func(t *testing.T) {
		d.send(d.maud, at, sentForm("id", "42", "entity", "MINE"))
		thea := d.people["theirs.owner"].browser
		sees(t, thea.Get("/a/THEIRS/records/terminal_orders/record/42"), http.StatusNotFound)
		sees(t, thea.Get(at+"/record/42"), http.StatusNotFound)
		d.join("mine.audrey", "MINE", "auditor", "Audrey")
		audrey := d.people["mine.audrey"].browser
		audrey.Get("/me")
		if a := audrey.Get(at + "/record/42"); a.StatusCode != http.StatusOK || strings.Contains(a.Text, "/removal") || strings.Contains(a.Text, "/edit") {
			t.Errorf("the auditor is answered %d", a.StatusCode)
		}
		sees(t, audrey.Get(at+"/record/42/edit"), http.StatusForbidden, "account:manage_settings")
	})
}

func (d *typeDesk) values(t *testing.T) {
	nora := "/a/MINE/users/" + d.people["mine.nora"].userID
	t.Run("K2 a user's properties are set by who may, seen on their page, and never one's own", func(t *testing.T) {
		sees(t, d.maud.Get(nora), http.StatusOK, "Department", "Edit properties")
		form := d.maud.Get(nora + "/properties")
		sees(t, form, http.StatusOK, "Department")
		a := d.send(d.maud, nora+"/properties", sentForm("properties.department", "Field service", "revision", between(form.Text, `name="revision" value="`, `"`), "seen", between(form.Text, `name="seen" value="`, `"`)))
		if a.StatusCode != http.StatusSeeOther {
			t.Fatalf("answered %d: %.600s", a.StatusCode, a.Plain())
		}
		sees(t, d.maud.Get(nora), http.StatusOK, "Field service")
		own := "/a/MINE/users/" + d.people["mine.owner"].userID
		sees(t, d.maud.Get(own+"/properties"), http.StatusForbidden)
		sees(t, d.send(d.maud, own+"/properties", sentForm("properties.department", "All", "revision", "1")), http.StatusForbidden)
	})
}

func (d *typeDesk) retires(t *testing.T) {
	id := d.ids["order desk"]
	d.must(d.rooms.people.ChangeAccess(t.Context(), d.who("mine.owner", "MINE"), d.account("MINE").ID, d.people["mine.nora"].userID, d.version("mine.nora"), people.Access{Roles: []string{id}, AllEntities: true, Acknowledged: true}))
	t.Run("K2 a retired type gives nothing, is told everywhere, and is not widened by saving", func(t *testing.T) {
		sees(t, d.platform.Get(typesAt+"/terminal_orders/retirement"), http.StatusOK, "Retire Terminal orders?", "nobody may do anything", "1 role or policy", "It can be reinstated")
		if a := d.send(d.platform, typesAt+"/terminal_orders/retirement", sentForm("revision", "2")); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("answered %d: %.600s", a.StatusCode, a.Plain())
		}
		sees(t, d.platform.Get(typesAt+"/terminal_orders"), http.StatusOK, "Retired", "Nobody may do anything")
		sees(t, d.maud.Get(rolesAt+"/"+id), http.StatusOK, "Retired", "is of a retired resource type: it gives nothing")
		a := d.maud.Get(rolesAt + "/" + id + "/edit")
		sees(t, a, http.StatusOK, "It also holds what gives nothing to anybody", "Terminal orders – Approve orders")
		if strings.Contains(a.Text, `value="terminal_orders:approve"`) {
			t.Error("the form offers it")
		}
		if held := d.held(t, "mine.nora"); !held.And(access.SetOf(access.MustParse("terminal_orders:view"))).Empty() {
			t.Error("it is still held")
		}
		d.invite("mine.wim", "MINE", "support", "Wim")
		d.give(t, "mine.wim", id)
		if a := d.maud.Get("/a/MINE/users/" + d.people["mine.wim"].userID + "/access"); a.StatusCode != http.StatusOK || strings.Contains(a.Text, "terminal_orders") {
			t.Errorf("somebody who waits will have it: %.600s", a.Plain())
		}
		sees(t, d.maud.Get(recordsAt+"/terminal_orders/new"), http.StatusConflict)
		sees(t, d.platform.Get(typesAt+"/terminal_orders/retirement"), http.StatusConflict)
	})
	t.Run("K2 reinstated, it gives again what roles name", func(t *testing.T) {
		if a := d.send(d.platform, typesAt+"/terminal_orders/reinstatement", sentForm("revision", "3")); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("answered %d: %.600s", a.StatusCode, a.Plain())
		}
		if held := d.held(t, "mine.nora"); !may(held, "terminal_orders:view") {
			t.Error("it is not held again")
		}
	})
	t.Run("K2 a property of users that is retired makes what asks for it broken", func(t *testing.T) {
		v := sentForm("name", "Same desk", "permissions", "terminal_orders:view", "property.0.terminal_orders:view", "user.department", "compare.0.terminal_orders:view", "one_of", "value.0.terminal_orders:view", "Sales")
		same := d.made(t, rolesAt, v)
		sees(t, d.maud.Get(rolesAt+"/"+same), http.StatusOK, "only where the person’s Department is Sales")
		if a := d.send(d.platform, usersAt+"/department/retirement", sentForm("revision", "2")); a.StatusCode != http.StatusSeeOther {
			t.Fatalf("answered %d: %.600s", a.StatusCode, a.Plain())
		}
		sees(t, d.maud.Get(rolesAt+"/"+same), http.StatusOK, "has a restriction that cannot be read: it gives nothing")
	})
}

// said asks why with what the service that asks would say.
func (d *typeDesk) said(t *testing.T) {
	ctx, platform, maud := t.Context(), d.who("platform.owner", "PLATFORM"), d.who("mine.owner", "MINE")
	d.must(d.rooms.resources.Register(ctx, platform, resource.Draft{Name: "parcels", Title: "Parcels", From: access.FromCaller, Actions: []resource.Action{{Name: "send", Title: "Send parcels"}},
		Properties: []resource.Property{{Part: access.OfResource, Name: "pieces", Title: "Pieces", Kind: access.Number, Vouched: access.ByCaller}, {Part: access.OfAction, Name: "express", Title: "Express", Kind: access.YesNo, Vouched: access.ByCaller},
			{Part: access.OfResource, Name: "carrier", Title: "Carrier", Kind: access.Text, Vouched: access.ByStore}}}))
	role, err := d.rooms.roles.Create(ctx, maud, d.account("MINE").ID, roles.Draft{Name: "Parcel desk", Permits: []roles.Permit{{Permission: "parcels:send", Clauses: []access.Clause{
		{Part: access.OfResource, Name: "pieces", Op: access.AtMost, Most: 5}, {Part: access.OfAction, Name: "express", Op: access.OneOf, Values: []string{"false"}}}}}})
	d.must(err)
	d.give(t, "mine.nora", role)
	nora := "/a/MINE/users/" + d.people["mine.nora"].userID + "/explanation?"
	ask := func(pairs ...string) server.Answer {
		return d.maud.Get(nora + sentForm(append([]string{"permission", "parcels:send", "entity", "MINE"}, pairs...)...).Encode())
	}
	t.Run("R13 K2 what is not said is unknown, and the page asks for it", func(t *testing.T) {
		a := ask()
		sees(t, a, http.StatusOK, "may not", "What the service would say", "Pieces", "Express", "asked: not given", "All of this together:", "Choose a record where Pieces is at most 5", "Do it so that Express is no")
		if strings.Contains(a.Text, "said.resource.carrier") {
			t.Error("it asks for what is stored")
		}
	})
	t.Run("R13 K2 what is said is compared, and stays", func(t *testing.T) {
		a := ask("said.resource.pieces", "5", "said.action.express", "false")
		sees(t, a, http.StatusOK, "Nora Test\u2069 may \u201c\u2068Parcels – Send parcels", "Allows it", "asked: \u20685\u2069", "Pieces: 5", "Express: no")
		if !strings.Contains(a.Text, `name="said.resource.pieces" value="5"`) {
			t.Error("what was said is lost")
		}
		sees(t, ask("said.resource.pieces", "6", "said.action.express", "false"), http.StatusOK, "may not", "asked: \u20686\u2069", "Choose a record where Pieces is at most 5")
		sees(t, ask("said.resource.pieces", "5", "said.action.express", "true"), http.StatusOK, "may not", "Do it so that Express is no")
	})
	t.Run("R13 K2 what is wrong stands at its field, and what nobody registered is refused", func(t *testing.T) {
		a := ask("said.resource.pieces", "five", "said.action.express", "perhaps")
		sees(t, a, http.StatusUnprocessableEntity, "Pieces : This must be a whole number", "Express : This must be true or false.")
		if !strings.Contains(a.Text, `value="five"`) || !strings.Contains(a.Text, `href="#f-said.resource.pieces"`) {
			t.Error("what was typed is lost, or the summary does not lead there")
		}
		sees(t, ask("said.resource.carrier", "x"), http.StatusBadRequest)
		sees(t, ask("said.resource.nothing", "x"), http.StatusBadRequest)
		sees(t, d.maud.Get(nora+"permission=home:view&entity=MINE&said.resource.pieces=5"), http.StatusOK, "may not see home")
	})
}
