package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"countersign/internal/test/browser"
	"countersign/internal/test/server"
)

// TestRolesJourney is the work with roles in a real browser, as the people of it see it: Maud makes a policy and a role
// of two sections and that policy, sees who is affected, and gives it to Camille, who can do that and nothing else; when
// the policy changes, so does what Camille may do. Then the platform registers a resource type of its own, and the role
// gets its permission with conditions.
func TestRolesJourney(t *testing.T) {
	s := server.Start(t, server.Options{})
	j := rolesJourney{journey{t: t, s: s, letter: s.Mail}}
	t.Run("R2 R3 R6 R13 R19 K2 from a policy to what a colleague may do, and why", func(t *testing.T) {
		j.t = t
		j.run()
	})
}

type rolesJourney struct{ journey }

func (j rolesJourney) run() {
	olga := browser.New(j.t)
	j.comeIn(olga, j.s.Link, olgasPassword, english)
	j.board(olga, "Harbour Goods", "HARBOUR", "Maud", "Hart", maud)
	b := browser.New(j.t)
	j.comeIn(b, j.letter(maud, 1).Link(j.t), maudsPassword, english)
	token := j.makeToken(b)
	j.makePolicy(b)
	j.makeRole(b)
	j.editRole(b, "Nobody has it, so nobody gains or loses anything.")
	userID := j.give(b)
	cb := browser.New(j.t)
	j.works(cb)
	c := j.s.Client()
	j.may(c, token, userID, 4000, map[string]bool{"transactions:search": true, "disputes:accept": true, "payments:capture": true, "transactions:export": false, "payments:void": false, "users:view": false})
	j.may(c, token, userID, 6000, map[string]bool{"payments:capture": false})
	j.editPolicy(b)
	j.may(c, token, userID, 6000, map[string]bool{"payments:capture": true, "payments:void": false})
	j.compares(b)
	j.explains(b)
	j.registers(olga)
	j.restricts(b)
}

// makePolicy: a permission up to an amount, found by its name.
func (j rolesJourney) makePolicy(b *browser.Browser) {
	j.t.Helper()
	b.Click("Policies")
	b.Sees("No policies yet")
	b.Click("New policy")
	b.Fill("Name", "Captures")
	b.Fill("Find a permission", "captur")
	if shown := browser.Eval[[]string](b, `[...document.querySelectorAll(".cs-permit")].filter(e => e.checkVisibility()).map(e => e.querySelector("input").value)`); !slices.Equal(shown, []string{"payments:capture"}) {
		j.t.Errorf("“captur” finds %q", shown)
	}
	b.Tick("Capture payments", true)
	b.ClickOn(".cs-permit:has(:checked) .cs-limit summary")
	b.Fill("most.payments:capture", "50.00")
	b.Fill("currency.payments:capture", "eur")
	b.Axe()
	b.Click("Create policy")
	b.Sees("The policy Captures is created.")
	b.Sees("up to 50 EUR")
	b.Axe()
}

// makeRole: of two sections and the policy, which is moved over by keyboard.
func (j rolesJourney) makeRole(b *browser.Browser) {
	j.t.Helper()
	b.Click("Roles")
	b.Click("New role")
	b.Fill("Name", "Night shift")
	b.Expect("status of 422")
	b.Press("\r") // sends the form, and presses none of the buttons that stand before the last
	b.Sees("Choose at least one permission.")
	if got := b.Value("Name"); got != "Night shift" {
		j.t.Errorf("the name that was typed is %q", got)
	}
	browser.Eval[bool](b, `document.querySelector('[data-pick-list="add"] [type=checkbox]').focus(), true`)
	b.Press(" ")
	browser.Eval[bool](b, `document.querySelector('button[name="move"][value="add"]').focus(), true`)
	b.Press("\r")
	if chosen := b.TextOf(`[data-pick-list="drop"]`); !strings.Contains(chosen, "Captures") {
		j.t.Errorf("chosen are %q", chosen)
	}
	b.Fill("Find a permission", "disputes")
	b.Click("Select all – Disputes")
	b.Fill("Find a permission", "")
	b.Fill("Find a permission", "transactions:search")
	b.Tick("Find transactions", true)
	b.Axe()
	b.Click("Create role")
	b.Sees("The role Night shift is created.")
	b.Sees("By the policy Captures")
	b.SeesNot("Void payments")
	b.Axe()
}

func (j rolesJourney) editRole(b *browser.Browser, says string) {
	j.t.Helper()
	b.Click("Edit role")
	b.Fill("Description", "Disputes at night")
	b.Click("See who is affected")
	b.Sees(says)
	b.Axe()
	b.Click("Back to the form")
	if got := b.Value("Description"); got != "Disputes at night" {
		j.t.Errorf("back in the form the description is %q", got)
	}
	b.Click("See who is affected")
	b.Click("Save role")
	b.Sees("The role Night shift is saved")
	b.Sees("Disputes at night")
}

// give invites Camille with the new role, which is there at once.
func (j rolesJourney) give(b *browser.Browser) (userID string) {
	j.t.Helper()
	b.Click("Users")
	b.Click("Invite user")
	b.Fill("First name", "Camille")
	b.Fill("Last name", "Brûlé")
	b.Fill("email", camille)
	b.Choose("language", "Français")
	b.Tick("Night shift", true)
	b.Tick("All entities of this account", true)
	b.Click("Send invitation")
	b.Sees("Invitation sent to " + camille)
	address := b.URL()
	return address[strings.LastIndex(address, "/")+1:]
}

// works: Camille comes in, and her menu has nothing of access.
func (j rolesJourney) works(b *browser.Browser) {
	j.t.Helper()
	j.comeIn(b, j.letter(camille, 1).Link(j.t), camillesPassword, french)
	for _, place := range []string{"Utilisateurs", "Rôles", "Politiques", "Matrice"} {
		if menu := b.TextOf("#menu"); strings.Contains(menu, place) {
			j.t.Errorf("her menu has %s: %s", place, menu)
		}
	}
	b.Expect("status of 403")
	b.Goto(j.s.URL + "/a/HARBOUR/roles/new")
	b.Sees("roles:manage")
}

// may holds what the decision API answers about Camille and so much money.
func (j rolesJourney) may(c *server.Client, token, userID string, minor int, want map[string]bool) {
	j.t.Helper()
	for permission, allowed := range want {
		resource, action, _ := strings.Cut(permission, ":")
		var d decision
		c.JSON(http.MethodPost, "/access/v1/evaluation", map[string]any{
			"subject": map[string]any{"type": "user", "id": userID}, "action": map[string]any{"name": action},
			"resource": map[string]any{"type": resource, "id": "1", "properties": map[string]any{"entity": "HARBOUR", "amount": minor, "currency": "EUR"}},
		}, "Authorization", "Bearer "+token).Decode(j.t, &d)
		if d.Decision != allowed {
			j.t.Errorf("%s of %d: %+v", permission, minor, d)
		}
	}
}

// editPolicy raises the amount: the page says that it is Camille who gains.
func (j rolesJourney) editPolicy(b *browser.Browser) {
	j.t.Helper()
	b.Click("Policies")
	b.Click("Captures")
	b.Sees("Night shift")
	b.Click("Edit policy")
	b.Fill("most.payments:capture", "100")
	b.Click("See who is affected")
	b.Sees("1 gains it")
	b.Sees("Camille Brûlé")
	b.Axe()
	b.Click("Save policy")
	b.Sees("The policy Captures is saved")
	b.Sees("up to 100 EUR")
	b.Click("More actions")
	b.Click("Delete policy")
	b.Sees("It cannot be deleted while a role has it.")
	b.Axe()
	b.Click("Night shift")
	b.Sees("Camille Brûlé")
}

// compares: the matrix of two roles, only where they differ.
func (j rolesJourney) compares(b *browser.Browser) {
	j.t.Helper()
	b.Click("Matrix")
	b.Sees("Roles and permissions")
	b.Axe()
	b.Choose("Role 1", "Night shift")
	b.Choose("Role 2", "Disputes")
	b.Tick("Only where they differ", true)
	b.Click("Apply")
	b.Sees("Capture payments")
	if heads := browser.Eval[[]string](b, `[...document.querySelectorAll(".cs-matrix thead th")].map(e => e.innerText.trim())`); !slices.Equal(heads, []string{"Permission", "Disputes", "Night shift"}) {
		j.t.Errorf("the columns are %q", heads)
	}
	if marks := browser.Eval[[]string](b, `[...document.querySelectorAll(".cs-matrix tbody th code")].filter(e => e.innerText === "payments:capture").map(e => e.closest("tr").innerText.replace(/\s+/g, " "))`); len(marks) != 1 || !strings.HasSuffix(marks[0], "– ◐") {
		j.t.Errorf("the line says %q", marks)
	}
}

// explains: why Camille may capture payments, why she may not void them, and what changes when she is given a role that may.
func (j rolesJourney) explains(b *browser.Browser) {
	j.t.Helper()
	b.Click("Users")
	b.Click("Camille Brûlé")
	b.Click("View access in detail")
	b.ClickOn(`details:has(a[href*="payments%3Acapture"]) > summary`)
	b.ClickOn(`a[href*="payments%3Acapture"]`)
	b.Sees("may not capture payments")
	b.Sees("The amount is over the limit, or not given.")
	b.Axe()
	b.Click("Ask something else")
	b.Click("More details")
	b.Fill("Amount of the record", "99")
	b.Fill("Currency", "EUR")
	b.Click("Explain")
	b.Sees("may capture payments")
	b.Sees("policy \u2068Captures\u2069, given over")
	b.Axe()
	b.Click("Ask something else")
	b.Fill("Find a permission", "void")
	b.ClickOn(`li[data-words*="payments:void"] label`)
	b.Click("Explain")
	b.Sees("may not void payments")
	b.Sees("None of the roles given has this permission.")
	b.Sees("the role \u2068Operations\u2069 over")
	b.ClickOn(`.cs-ways a.btn`)
	b.Tick("Operations", true)
	b.Click("See what changes")
	b.Sees("What changes for Camille Brûlé")
	b.Sees("Void payments")
	b.Axe()
	b.Click("Save access")
	b.Sees("Operations")
}
