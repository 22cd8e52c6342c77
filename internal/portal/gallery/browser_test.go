package gallery_test

import (
	"maps"
	"net/http/httptest"
	"reflect"
	"slices"
	"testing"

	"countersign/internal/lang"
	"countersign/internal/portal"
	"countersign/internal/portal/gallery"
	"countersign/internal/test/browser"
)

func served(t *testing.T) string {
	t.Helper()
	handler, err := gallery.Handler()
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL + "/p/"
}

// TestInBrowser/K7 opens the first state of each kind of page at desktop and phone
// width, half of them light and half dark at each, and each further state at one of
// them in turn, so that every part is seen in all of them; make soak opens all at
// both. axe-core reads each. The browser itself fails the test for whatever the
// content security policy stops.
func TestInBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes a minute")
	}
	address := served(t)
	kinds := map[string][]visitedSample{}
	for i, s := range gallery.Samples(portal.Page{}, gallery.Plain()) {
		kind := reflect.TypeOf(s.View).Name()
		kinds[kind] = append(kinds[kind], visitedSample{address + s.Name, i, len(kinds[kind])})
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		t.Run("K7 "+kind, func(t *testing.T) {
			b := browser.New(t)
			for _, s := range kinds[kind] {
				s.look(t, b)
				if b.Has(".cs-card-table") {
					s.tables(t, b)
				}
			}
		})
	}
}

// everything opens every state at every width, which takes minutes: in make soak.
var everything = false

// visitedSample is a page of the gallery: the nth of all, and of its kind.
type visitedSample struct {
	address   string
	n, ofKind int
}

func (s visitedSample) look(t *testing.T, b *browser.Browser) {
	t.Helper()
	visits := []visit{{1280, "?lang=en&theme=light"}, {390, "?lang=fr&theme=dark&names=hostile"}}
	if s.n%2 == 1 {
		visits = []visit{{1280, "?lang=fr&theme=dark"}, {390, "?lang=en&theme=light&names=hostile"}}
	}
	for i, v := range visits {
		if s.ofKind != 0 && s.ofKind/2%2 != i && !everything {
			continue
		}
		b.SetViewport(v.width, 900)
		b.Goto(s.address + v.query)
		b.Axe()
		if wide := browser.Eval[int](b, "document.documentElement.scrollWidth"); wide > v.width {
			t.Errorf("%d px wide on a screen of %d: %s%s: %v", wide, v.width, s.address, v.query, browser.Eval[[]string](b, overflowing))
		}
		if small := browser.Eval[[]string](b, smallTargets); len(small) > 0 {
			t.Errorf("targets below 24 px at %d: %s%s: %v", v.width, s.address, v.query, small)
		}
	}
}

// tables measures tables in their cards at widths between, in one language or,
// for the first of a kind, in each.
func (s visitedSample) tables(t *testing.T, b *browser.Browser) {
	t.Helper()
	for i, tag := range lang.All() {
		if s.ofKind != 0 && s.ofKind%len(lang.All()) != i && !everything {
			continue
		}
		b.Goto(s.address + "?lang=" + string(tag))
		for _, width := range []int{768, 1024, 1280} {
			b.SetViewport(width, 900)
			out := browser.Eval[[]string](b, outgrown)
			if browser.Eval[bool](b, "document.documentElement.scrollWidth > innerWidth") || len(out) > 0 {
				t.Errorf("a table is wider than its card at %d in %s: %s: %v", width, tag, s.address, out)
			}
			if out := browser.Eval[[]string](b, cutUp); len(out) > 0 {
				t.Errorf("cut up at %d in %s: %s: %v", width, tag, s.address, out)
			}
		}
	}
}

type visit struct {
	width int
	query string
}

const overflowing = `[...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 4).map(e => e.tagName + "." + e.className)`

// A table that can be scrolled in its card may be wider than that.
const outgrown = `[...document.querySelectorAll(".cs-card-table")].filter(c => getComputedStyle(c).overflowX === "visible" && c.scrollWidth > c.clientWidth + 1).map(c => c.scrollWidth + " px in " + c.clientWidth)`

// What stands in one line or is misread: addresses of the old kind.
const cutUp = `[...document.querySelectorAll("td.cs-address")].filter(e => /^[\d.]+$/.test(e.innerText.trim())).filter(e => { const r = document.createRange(); r.selectNodeContents(e); return new Set([...r.getClientRects()].map(c => c.top)).size > 1 }).map(e => e.innerText)`

// Targets are measured but for links within a sentence, which WCAG 2.5.8 leaves out.
const smallTargets = `[...document.querySelectorAll("button, summary, select, input:not([type=hidden]):not(.visually-hidden):not(.form-check-input), a.btn, a.cs-item, a.cs-chip, a.cs-pop-item, a.cs-back, .cs-tabs a, a.cs-sort")]
	.filter(e => e.checkVisibility({visibilityProperty: true})).filter(e => { const r = e.getBoundingClientRect(); return r.height < 23.5 || r.width < 23.5 })
	.map(e => e.tagName + "." + e.className + " " + Math.round(e.getBoundingClientRect().width) + "x" + Math.round(e.getBoundingClientRect().height))`

// TestByHand uses what the script adds, and what works without it.
func TestByHand(t *testing.T) {
	if testing.Short() {
		t.Skip("a browser takes a while")
	}
	address := served(t)
	t.Run("K7 the menu on a phone opens and closes", func(t *testing.T) {
		b := browser.New(t)
		b.SetViewport(390, 844)
		b.Goto(address + "users")
		if browser.Eval[bool](b, `document.querySelector("#menu").checkVisibility()`) {
			t.Error("the menu is open from the start")
		}
		b.ClickOn(".cs-menubutton")
		b.Sees("Service tokens")
		b.Axe()
		if browser.Eval[bool](b, `document.querySelector("#menu").hidePopover(), document.querySelector("#menu").checkVisibility()`) {
			t.Error("the menu does not close")
		}
	})
	t.Run("K7 where there is no menu, nothing opens one", func(t *testing.T) {
		b := browser.New(t)
		b.SetViewport(390, 844)
		b.Goto(address + "error-404-nowhere")
		if b.Has(".cs-menubutton") || b.Has("#menu") {
			t.Error("there is a button for an empty menu")
		}
	})
	t.Run("K7 slash goes to the search", func(t *testing.T) {
		b := browser.New(t)
		b.Goto(address + "home")
		b.Press("/")
		if id := browser.Eval[string](b, "document.activeElement.id"); id != "search" {
			t.Errorf("the focus is on %q", id)
		}
	})
	t.Run("R9 a dangerous role asks to be acknowledged", func(t *testing.T) {
		b := browser.New(t)
		b.Goto(address + "invite")
		b.Sees("You are giving a dangerous role")
		b.Tick("Administrator", false)
		b.SeesNot("You are giving a dangerous role")
		b.Axe()
	})
	t.Run("K7 Enter saves a form with a search in it, and finds in the search alone", func(t *testing.T) {
		b := browser.New(t)
		b.EmulateMedia("prefers-reduced-motion", "reduce") // else what is clicked still scrolls
		b.Goto(address + "invite-many")
		b.Fill("First name", "Ada") // without which the browser sends nothing
		b.Fill("email", "a@b.example")
		browser.Eval[int](b, `(addEventListener("submit", e => { if (!e.defaultPrevented) window.sent = e.submitter.name || "save"; e.preventDefault() }), 0)`)
		for field, want := range map[string]string{"f-first_name": "save", "f-find_entities": "find", "find-roles": "nothing"} {
			browser.Eval[int](b, `(window.sent = "nothing", document.getElementById("`+field+`").focus(), 0)`)
			b.Press("\r")
			if got := browser.Eval[string](b, "window.sent"); got != want {
				t.Errorf("Enter in %s: %q, wanted %q", field, got, want)
			}
		}
		b.ClickOn("[data-find-button]")
		if got := browser.Eval[string](b, "window.sent"); got != "find" {
			t.Errorf("the button: %q", got)
		}
	})
	t.Run("K7 name menu and more actions", func(t *testing.T) {
		b := browser.New(t)
		b.Goto(address + "user")
		b.ClickOn(".cs-me")
		b.Sees("Sign out")
		b.Axe()
		b.ClickOn(".cs-me")
		b.Click("More actions")
		b.Sees("Deactivate user")
		b.Axe()
	})
	t.Run("K7 a refusal takes the focus", func(t *testing.T) {
		b := browser.New(t)
		b.Goto(address + "invite-wrong")
		if !browser.Eval[bool](b, `document.activeElement.matches("[data-summary]")`) {
			t.Error("the focus is not on the summary")
		}
	})
	t.Run("K7 a password can be shown", func(t *testing.T) {
		b := browser.New(t)
		b.Goto(address + "signin")
		b.Fill("Password", "correct horse")
		b.Click("Show")
		if kind := browser.Eval[string](b, `document.querySelector("[name=password]").type`); kind != "text" {
			t.Errorf("the password's type is %q", kind)
		}
	})
}
