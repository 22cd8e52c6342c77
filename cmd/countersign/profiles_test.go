package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/api"
	"countersign/internal/db"
	"countersign/internal/portal"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/test/server"
)

const profilesPassword = "Plenty of 7 small green apples!" // long and mixed enough for each of them

// TestProfiles opens an account of each profile, and of each level where its roles have levels, and gives every role of it.
func TestProfiles(t *testing.T) {
	h := newHouse(t)
	h.found()
	for _, name := range h.rooms.profiles.Names() {
		p, _ := h.rooms.profiles.Get(name)
		kinds := []access.Kind{access.Merchant}
		if slices.ContainsFunc(p.Roles, func(r profile.Role) bool { return r.Level != 0 }) {
			kinds = []access.Kind{access.Facilitator, access.Partner, access.Merchant}
		}
		for i, kind := range kinds {
			a := &profiled{house: h, t: t, p: p, kind: kind, id: strings.ToUpper(name + "-" + kind.String())}
			t.Run(name+" "+kind.String(), func(t *testing.T) {
				a.t = t
				a.opens(i%2 == 0)
				a.comesIn()
				t.Run("R1 the roles are the profile's, marked where nobody is given them any more", a.lists)
				t.Run("R1 every role is given to somebody", a.gives)
				t.Run("B21 a deprecated role is given to nobody, by form or API", a.refuses)
				t.Run("U2 one role or several, as the profile says", a.oneOrSeveral)
			})
		}
	}
}

// profiled is an account of a profile and its first administrator.
type profiled struct {
	*house
	t     *testing.T
	p     *profile.Profile
	kind  access.Kind
	id    string
	first *server.Client
	user  string // of the first administrator
	roles []api.Role
	n     int // of those who were invited
}

func (a *profiled) api(path string) string { return "/api/v1/accounts/" + a.id + path }

// shown is what the API says of a user, as far as it matters here.
type shown struct {
	Roles              []string
	FirstAdministrator bool      `json:"first_administrator"`
	InvitedUntil       time.Time `json:"invited_until"`
}

// opens creates the account through the form or the API. What the profile makes mandatory of its first administrator is asked.
func (a *profiled) opens(form bool) {
	a.t.Helper()
	platform := a.people["platform.owner"].browser
	email := "first." + strings.ToLower(a.id) + "@example.com"
	fields := map[string]string{"name": "Account " + a.id, "customer_id": a.id, "kind": a.kind.String(), "environment": "live", "profile": a.p.Name, "email": email, "language": "en"}
	send := func() server.Answer {
		if !form {
			return platform.JSON(http.MethodPost, "/api/v1/accounts/PLATFORM/accounts", fields)
		}
		pairs := []string{"parent", a.account("PLATFORM").EntityID}
		for name, value := range fields {
			pairs = append(pairs, name, value)
		}
		return platform.Post("/a/PLATFORM/accounts", pairs...)
	}
	for _, field := range []string{"first_name", "last_name", "phone"} {
		if !slices.Contains(a.p.Settings.Mandatory, field) {
			continue
		}
		if got := send(); got.StatusCode != http.StatusUnprocessableEntity {
			a.t.Errorf("U2 without %s: %d", field, got.StatusCode)
		}
		fields[field] = "Ines"
		if field == "phone" {
			fields[field] = "+41 44 555 01 02"
		}
	}
	want := http.StatusCreated
	if form {
		want = http.StatusSeeOther
	}
	if got := send(); got.StatusCode != want {
		a.t.Fatalf("R1 opening the account: %d %.600s", got.StatusCode, got.Plain())
	}
	a.user = a.userOf(email)
}

// comesIn follows the invitation, and sets up a second factor at once or, where the profile leaves it open, afterwards.
func (a *profiled) comesIn() {
	a.t.Helper()
	a.first = a.client()
	next := a.first.Password(a.url+"/activate/"+a.link(a.user), profilesPassword).Location()
	if required := a.p.Settings.TwoFactor != "optional"; required != (next == "/signin/setup") {
		a.t.Fatalf("F1 two-factor is %s, and the password leads to %q", a.p.Settings.TwoFactor, next)
	} else if required {
		a.first.Setup()
	} else {
		var app struct{ Challenge, Key string }
		a.first.JSON(http.MethodPost, "/api/v1/me/apps", nil).Decode(a.t, &app)
		got := a.first.JSON(http.MethodPost, "/api/v1/me/apps/code", map[string]string{"challenge": app.Challenge, "code": a.first.Code(app.Key)})
		if got.StatusCode != http.StatusNoContent {
			a.t.Fatalf("an authenticator app: %d %s", got.StatusCode, got.Text)
		}
	}
	var list struct{ Items []api.Role }
	a.first.JSON(http.MethodGet, a.api("/roles?limit=100"), nil).Decode(a.t, &list)
	a.roles = list.Items
	var me shown
	a.first.JSON(http.MethodGet, a.api("/users/"+a.user), nil).Decode(a.t, &me)
	if len(me.Roles) != 1 || !me.FirstAdministrator {
		a.t.Fatalf("the first administrator: %+v", me)
	}
	top := a.roles[slices.IndexFunc(a.roles, func(r api.Role) bool { return r.ID == me.Roles[0] })]
	if !top.Administrator || slices.Index(a.keys(), top.Key) != slices.IndexFunc(a.roles, func(r api.Role) bool { return r.Administrator }) {
		a.t.Errorf("R1 the first administrator is %s", top.Key)
	}
}

// keys are those of the profile's roles that the account's level has.
func (a *profiled) keys() (keys []string) {
	for _, r := range a.p.Roles {
		if r.At(a.kind) {
			keys = append(keys, r.Key)
		}
	}
	return keys
}

func (a *profiled) lists(t *testing.T) {
	var keys []string
	for _, r := range a.roles {
		keys = append(keys, r.Key)
		want, _ := a.p.Role(r.Key)
		if want == nil || r.Deprecated != want.Deprecated || r.Template != want.Template || r.Warning != want.Warning("en") || r.Level != want.Level.String() || !slices.Equal(r.Needs, want.Needs) {
			t.Errorf("%+v", r)
		}
		page := a.first.Get("/a/" + a.id + "/roles/" + r.ID)
		if page.StatusCode != http.StatusOK || strings.Contains(page.Text, "No longer given") != r.Deprecated || !strings.Contains(page.Plain(), r.Warning) {
			t.Errorf("the page of %s: %d", r.Key, page.StatusCode)
		}
	}
	if !slices.Equal(keys, a.keys()) {
		t.Errorf("roles %v, want %v", keys, a.keys())
	}
	deprecated := len(slices.DeleteFunc(slices.Clone(a.roles), func(r api.Role) bool { return !r.Deprecated }))
	for _, said := range [][2]string{{"fr", "N’est plus attribué"}, {"en", "No longer given"}} {
		a.first.Post(portal.LanguagePath, "language", said[0], "back", "/")
		if page := a.first.Get("/a/" + a.id + "/roles?all=yes"); strings.Count(page.Text, said[1]) != deprecated {
			t.Errorf("%d of %d marks in %s", strings.Count(page.Text, said[1]), deprecated, said[0])
		}
	}
}

// invites sends an invitation with these roles through the API, and through the form where the API would refuse.
func (a *profiled) invites(roleIDs ...string) server.Answer {
	a.n++
	body := map[string]any{"first_name": "Ada", "last_name": "Test", "phone": "+41 44 555 01 02", "email": a.address(), "roles": roleIDs, "all_entities": true, "acknowledged": true}
	if a.p.Settings.TwoFactor == "by_user" {
		body["two_factor_required"], body["two_factor_actions"] = true, "any"
	}
	return a.first.JSON(http.MethodPost, a.api("/users"), body)
}

func (a *profiled) address() string {
	return strings.ToLower(a.id) + "." + string(rune('a'+a.n/26)) + string(rune('a'+a.n%26)) + "@example.com"
}

func (a *profiled) formInvites(roleIDs ...string) server.Answer {
	a.n++
	pairs := []string{"first_name", "Ada", "last_name", "Test", "phone", "+41 44 555 01 02", "email", a.address(), "language", "en", "all_entities", "yes", "acknowledge", "yes"}
	if a.p.Settings.TwoFactor == "by_user" {
		pairs = append(pairs, "two_factor_required", "yes", "two_factor_actions", "any")
	}
	for _, id := range roleIDs {
		pairs = append(pairs, "roles", id)
	}
	return a.first.Post("/a/"+a.id+"/users", pairs...)
}

func (a *profiled) of(keys ...string) (ids []string) {
	for _, r := range a.roles {
		if slices.Contains(keys, r.Key) {
			ids = append(ids, r.ID)
		}
	}
	return ids
}

func (a *profiled) gives(t *testing.T) {
	form := a.first.Get("/a/" + a.id + "/users/new").Text
	for _, r := range a.roles {
		if strings.Contains(form, r.ID) == r.Deprecated {
			t.Errorf("%s is offered: %v", r.Key, r.Deprecated)
		}
		if r.Deprecated {
			continue
		}
		if len(r.Needs) > 0 {
			if got := a.invites(r.ID); got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.Text, "is given only together with") {
				t.Errorf("%s without %v: %d %s", r.Key, r.Needs, got.StatusCode, got.Text)
			}
		}
		got := a.invites(append(a.of(r.Needs...), r.ID)...)
		if got.StatusCode != http.StatusCreated {
			t.Errorf("%s: %d %s", r.Key, got.StatusCode, got.Text)
			continue
		}
		var made api.Created
		got.Decode(t, &made)
		var user shown
		a.first.JSON(http.MethodGet, a.api("/users/"+made.ID), nil).Decode(t, &user)
		if lasts := user.InvitedUntil.Sub(a.clock.Now()); lasts.Round(time.Minute) != a.p.Settings.InvitationLifetime {
			t.Errorf("I2 the invitation lasts %v, not %v", lasts, a.p.Settings.InvitationLifetime)
		}
	}
}

// refuses tries each deprecated role at every door, and shows that whoever has one keeps it, and gains nothing by it.
func (a *profiled) refuses(t *testing.T) {
	fallback := a.of(a.p.Settings.FallbackRole)[0]
	var made api.Created
	a.invites(fallback).Decode(t, &made)
	access := func(ids ...string) server.Answer {
		etag := a.first.JSON(http.MethodGet, a.api("/users/"+made.ID), nil).Header.Get("ETag")
		return a.first.JSON(http.MethodPut, a.api("/users/"+made.ID+"/access"), map[string]any{"roles": ids, "all_entities": true, "acknowledged": true}, "If-Match", etag)
	}
	edit := func(ids ...string) server.Answer {
		pairs := []string{"step", "save", "all_entities", "yes", "acknowledge", "yes", "revision", strings.Trim(a.first.JSON(http.MethodGet, a.api("/users/"+made.ID), nil).Header.Get("ETag"), `"`)}
		for _, id := range ids {
			pairs = append(pairs, "roles", id)
		}
		return a.first.Post("/a/"+a.id+"/users/"+made.ID+"/edit", pairs...)
	}
	for _, r := range a.roles {
		if !r.Deprecated {
			continue
		}
		for door, got := range map[string]server.Answer{"API": a.invites(r.ID), "form": a.formInvites(r.ID), "API, access": access(r.ID), "API, beside another": access(fallback, r.ID), "form, access": edit(r.ID)} {
			if got.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(got.Plain(), "The role "+r.Name+" is not given any more.") {
				t.Errorf("%s by %s: %d %.300s", r.Key, door, got.StatusCode, got.Plain())
			}
		}
		a.had(made.ID, r.ID)
		page := a.first.Get("/a/" + a.id + "/users/" + made.ID + "/access").Text
		if form := a.first.Get("/a/" + a.id + "/users/" + made.ID + "/edit").Text; !strings.Contains(form, `value="`+r.ID+`"`) || !strings.Contains(form, "No longer given") || !strings.Contains(page, "No longer given") {
			t.Errorf("%s of somebody who has it is not shown as such", r.Key)
		}
		for door, got := range map[string]server.Answer{"API": access(fallback, r.ID), "form": edit(fallback, r.ID)} {
			if got.StatusCode >= http.StatusBadRequest || !slices.Contains(a.has(made.ID), r.ID) {
				t.Errorf("%s is not kept, by %s: %d %.300s", r.Key, door, got.StatusCode, got.Plain())
			}
		}
		if got := access(fallback); got.StatusCode >= http.StatusBadRequest || slices.Contains(a.has(made.ID), r.ID) {
			t.Errorf("%s is not taken: %d %s", r.Key, got.StatusCode, got.Text)
		}
		if got := access(fallback, r.ID); got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("%s comes back: %d", r.Key, got.StatusCode)
		}
	}
}

// had gives somebody a role that nobody is given any more, as if it had been given before.
func (a *profiled) had(userID, roleID string) {
	a.must(a.rooms.db.Update(a.t.Context(), a.who("platform.owner", "PLATFORM"), func(tx *db.Tx) error {
		tx.Seq()
		tx.ChangedUser(userID)
		var member string
		if _, err := db.One(tx, []any{&member}, `SELECT id FROM memberships WHERE account_id = $1 AND user_id = $2`, a.account(a.id).ID, userID); err != nil {
			return err
		}
		list, err := roles.Of(tx, a.account(a.id).ID, member)
		if err != nil {
			return err
		}
		return roles.Replace(tx, a.account(a.id).ID, member, append(list[member], roles.Assignment{RoleID: roleID, AllEntities: true}))
	}))
}

func (a *profiled) has(userID string) []string {
	var user shown
	a.first.JSON(http.MethodGet, a.api("/users/"+userID), nil).Decode(a.t, &user)
	return user.Roles
}

func (a *profiled) oneOrSeveral(t *testing.T) {
	var ids []string
	for _, r := range a.roles {
		if !r.Deprecated && !r.Administrator && len(r.Needs) == 0 && len(ids) < 2 {
			ids = append(ids, r.ID)
		}
	}
	if len(ids) < 2 { // with the administrator's, there are two
		ids = append(ids, a.roles[0].ID)
	}
	one := a.p.Settings.RolesPerUser == "one"
	for door, got := range map[string]server.Answer{"API": a.invites(ids...), "form": a.formInvites(ids...)} {
		if refused := got.StatusCode == http.StatusUnprocessableEntity && strings.Contains(got.Plain(), "has one role"); refused != one || !one && got.StatusCode >= http.StatusBadRequest {
			t.Errorf("two roles by %s: %d %.300s", door, got.StatusCode, got.Plain())
		}
	}
}
