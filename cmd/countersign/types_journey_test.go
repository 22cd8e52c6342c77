package main

import (
	"slices"

	"countersign/internal/test/browser"
)

// registers: Olga registers what the platform's own service asks about, and a property of users.
func (j rolesJourney) registers(b *browser.Browser) {
	j.t.Helper()
	b.Click("Resource types")
	b.Sees("No resource types yet")
	b.ClickIn(".cs-actions", "Register resource type")
	b.Fill("title", "Terminal orders")
	b.Fill("name", "terminal_orders")
	b.Tick("The asking account’s own", true)
	for n, title := range []string{"See orders", "Place orders", "Cancel orders", "Approve orders"} {
		if n == 3 {
			b.Click("More actions")
		}
		at := "actions[" + string(rune('0'+n)) + "]"
		b.Fill(at+".name", []string{"view", "place", "cancel", "approve"}[n])
		b.Fill(at+".title", title)
	}
	b.ClickOn(`[name="actions[3].dangerous"]`)
	b.Fill("properties[0].name", "requester")
	b.Fill("properties[0].title", "Requester")
	b.Choose("properties[0].kind", "User")
	b.Fill("properties[1].name", "pieces")
	b.Fill("properties[1].title", "Pieces")
	b.Choose("properties[1].kind", "Number")
	b.Axe()
	b.ClickIn(".cs-buttons-foot", "Register resource type")
	b.Sees("Terminal orders is registered.")
	b.Sees("terminal_orders:approve")
	b.Axe()
	b.Click("Resource types")
	b.Click("Properties of users")
	b.Fill("title", "Department")
	b.Fill("name", "department")
	b.Click("Register property")
	b.Sees("Department is registered.")
}

// restricts: Maud puts the platform's permission into the role, with conditions, and reads in Camille's access what
// that comes to.
func (j rolesJourney) restricts(b *browser.Browser) {
	j.t.Helper()
	const approve = "terminal_orders:approve"
	b.Click("Roles")
	b.Click("Night shift")
	b.Click("Edit role")
	b.Fill("Find a permission", "approve orders")
	b.Tick("Approve orders", true)
	const row = `.cs-permit:has([value="` + approve + `"]) `
	b.ClickOn(row + ".cs-limit summary")
	b.Choose("property.0."+approve, "Requester")
	offered := browser.Eval[[]string](b, `[...document.querySelector('[name="compare.0.`+approve+`"]').options].filter(o => !o.disabled).map(o => o.value)`)
	if !slices.Equal(offered, []string{"", "one_of", "own"}) {
		j.t.Errorf("a user can be compared by %q", offered)
	}
	b.Choose("compare.0."+approve, "is the person themselves")
	if browser.Eval[bool](b, `document.querySelector('[name="value.0.`+approve+`"]').checkVisibility()`) {
		j.t.Error("a value is asked for that is not read")
	}
	for range 2 {
		b.ClickOn(row + "[data-grow-button]")
	}
	if browser.Eval[bool](b, `document.querySelector('`+row+`[data-grow-button]').checkVisibility()`) {
		j.t.Error("more than five conditions are offered")
	}
	b.Choose("property.4."+approve, "Pieces")
	b.Choose("compare.4."+approve, "is at most")
	b.Fill("value.4."+approve, "500")
	b.SetViewport(1280, 4000) // without scrolling: what the head covers half is no small target
	b.Axe()
	b.SetViewport(1280, 900)
	b.Click("See who is affected")
	const words = "only where Requester is the person themselves · only where Pieces is at most 500"
	b.Sees(words)
	b.Tick("I mean to give: Terminal orders – Approve orders", true)
	b.Axe()
	b.Click("Save role")
	b.Sees("The role Night shift is saved")
	b.Sees(words)
	b.Click("Users")
	b.Click("Camille Brûlé")
	b.ClickIn(".cs-tabs", "Access")
	b.ClickOn(".cs-fold:last-of-type summary")
	b.Sees(words)
	b.Axe()
}
