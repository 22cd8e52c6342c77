package main

import (
	"strings"
	"testing"
	"time"

	"countersign/internal/test/browser"
	"countersign/internal/test/server"
)

// TestFollow is what pages do without a new page: lists follow their filters, branches open in their place. And what
// becomes of it when the answer is late, or is none.
func TestFollow(t *testing.T) {
	h := newHouse(t)
	h.found()
	h.board("MINE", "Mine", "Maud")
	h.entity(h.account("MINE").EntityID, "QUAY-1", "Quay One")
	h.join("mine.nora", "MINE", "support", "Nora")
	h.join("mine.omar", "MINE", "auditor", "Omar")
	f := follower{house: h, b: browser.New(t)}
	f.b.OnEveryPage(heldFetch)
	f.b.Goto(h.url + "/signin")
	f.signIn()
	f.b.Sees("Welcome")
	t.Run("U1 the list follows while one types, and says so", f.follows)
	t.Run("U1 Back shows the page that its address names", f.back)
	t.Run("U1 a newer question replaces an older one", f.newer)
	t.Run("U1 what is no answer is opened as a page", f.noAnswer)
	t.Run("K7 a branch opens and closes in its place", f.branch)
	t.Run("A5 a session that ended while one types leads to sign-in, and back to what was asked", f.ended)
}

// heldFetch lets a test answer in the browser's place: an address with "q=held" waits until window.release is called, one
// with "q=broken" is answered with 503, one with "q=bare" by a page without a list, and one with "q=away" not at all. No
// redirect may be followed: it would lead to a page that nobody sees.
const heldFetch = `{
	const real = window.fetch, held = new Promise(release => { window.release = release; });
	window.asked = [];
	window.fetch = async (address, how) => {
		window.asked.push(address);
		if (how?.method !== "GET") return real(address, how);
		if (how.redirect !== "manual") throw new Error("it follows redirects");
		if (address.includes("q=broken")) return new Response('<div id="results">No user matches</div>', {status: 503});
		if (address.includes("q=bare")) return new Response("<p>Something else</p>");
		if (address.includes("q=away")) throw new TypeError("the network is away");
		if (!address.includes("q=held")) return real(address, how);
		await held;
		const answer = await real(address.replace("q=held", "q=omar")).then(a => a.text());
		window.late = true;
		return new Response(answer);
	};
}`

// follower is Maud in a browser with script.
type follower struct {
	*house
	b *browser.Browser
}

func (f follower) signIn() {
	p := f.people["mine.owner"]
	f.clock.Advance(time.Minute) // a code works once
	f.b.Fill("E-mail or username", p.email)
	f.b.Fill("Password", housePassword)
	f.b.Click("Continue")
	f.b.Fill("Six-digit code", server.Code(f.t, p.key, f.clock.Now()))
	f.b.Click("Sign in")
}

// list opens the list of users; what it shows afterwards came without a new page as long as it is the same.
func (f follower) list() {
	f.b.Goto(f.url + listPath)
	f.mark()
}

func (f follower) mark()      { browser.Eval[int](f.b, `window.marked = 1`) }
func (f follower) same() bool { return browser.Eval[bool](f.b, `window.marked === 1`) }

// looksFor types into the search of the list, not of the top bar.
func (f follower) looksFor(words string) { f.b.Fill(searchUsers, words) }

const searchUsers = "Search by name or e-mail"

// shows waits until the list shows one of Nora and Omar alone, at the address of having been looked for.
func (f follower) shows(t *testing.T, who, not, query string) {
	t.Helper()
	f.b.Sees("Search " + strings.TrimPrefix(query, "?q=") + " – remove this filter")
	f.b.SeesNot("Apply") // the button is for whoever has no script
	f.b.Sees(who + " Test")
	f.b.SeesNot(not + " Test")
	if got := f.b.URL(); got != f.url+listPath+query {
		t.Errorf("it stands at %s", got)
	}
}

func (f follower) follows(t *testing.T) {
	f.list()
	f.looksFor("nora")
	f.shows(t, "Nora", "Omar", "?q=nora")
	if !f.same() {
		t.Error("it is a new page")
	}
	if at := browser.Eval[string](f.b, `document.activeElement.id + " " + document.activeElement.selectionStart + " " + history.length`); !strings.HasPrefix(at, "q 4 ") {
		t.Errorf("the focus and the caret are at %q", at)
	}
	if got := f.b.TextOf("h1 .cs-count"); got != "1" {
		t.Errorf("the heading counts %q", got)
	}
	if got := f.b.TextOf(`#results > [role="status"]`); !strings.Contains(got, "1 user") {
		t.Errorf("it is said to be %q", got)
	}
	f.b.ClickOn("[data-all] input")
	if n := browser.Eval[int](f.b, `document.querySelectorAll("[data-all] input").length * document.querySelectorAll("[name=users]:checked").length`); n != 1 {
		t.Errorf("%d are ticked", n)
	}
	if got := f.b.TextOf("[data-count]"); !strings.Contains(got, "1") {
		t.Errorf("the ticks count %q", got)
	}
	f.b.Axe()
	browser.Eval[int](f.b, `(window.asked = []).length`)
	f.looksFor("omar")
	f.b.Press("\r")
	f.shows(t, "Omar", "Nora", "?q=omar")
	if asked := browser.Eval[[]string](f.b, `window.asked`); len(asked) != 1 || !f.same() {
		t.Errorf("Enter asked %q", asked)
	}
	f.looksFor("")
	f.b.Sees("Nora Test")
	if got := f.b.URL(); got != f.url+listPath {
		t.Errorf("without filters it stands at %s", got)
	}
}

func (f follower) back(t *testing.T) {
	f.list()
	f.looksFor("nora")
	f.shows(t, "Nora", "Omar", "?q=nora")
	f.b.Click("Nora Test")
	f.b.Sees("More actions")
	f.b.Back()
	f.shows(t, "Nora", "Omar", "?q=nora")
	if got := f.b.Value(searchUsers); got != "nora" {
		t.Errorf("the search holds %q", got)
	}
	// Within one page: the link that leads past the menu makes a step of its own, on which the list follows again.
	f.looksFor("omar")
	f.shows(t, "Omar", "Nora", "?q=omar")
	browser.Eval[int](f.b, `(location.hash = "main").length`)
	f.looksFor("nora")
	f.shows(t, "Nora", "Omar", "?q=nora")
	f.b.Back()
	f.shows(t, "Omar", "Nora", "?q=omar")
	if got := f.b.Value(searchUsers); got != "omar" {
		t.Errorf("the search holds %q", got)
	}
}

func (f follower) newer(t *testing.T) {
	f.list()
	f.looksFor("held")
	eventually(t, "the first is asked", func() bool { return browser.Eval[bool](f.b, `window.asked.length === 1`) })
	f.looksFor("nora")
	f.shows(t, "Nora", "Omar", "?q=nora")
	browser.Eval[int](f.b, `(window.release(), 0)`)
	eventually(t, "the first is answered", func() bool { return browser.Eval[bool](f.b, `window.late === true`) })
	f.shows(t, "Nora", "Omar", "?q=nora")
}

func (f follower) noAnswer(t *testing.T) {
	f.list()
	for _, words := range []string{"broken", "bare"} {
		f.mark()
		f.looksFor(words)
		f.b.Sees("Search " + words + " – remove this filter")
		f.b.Sees("No user matches")
		if f.same() || f.b.URL() != f.url+listPath+"?q="+words {
			t.Errorf("after %q it is the same page at %s", words, f.b.URL())
		}
	}
	f.b.Expect("the network is away")
	f.mark()
	f.looksFor("away")
	f.b.Sees("Search away – remove this filter")
	f.b.Sees("No user matches")
	if f.same() || f.b.URL() != f.url+listPath+"?q=away" {
		t.Errorf("without an answer it is the same page at %s", f.b.URL())
	}
}

func (f follower) branch(t *testing.T) {
	f.b.Goto(f.url + "/a/MINE/entities?q=mine")
	f.mark()
	const toggle, left = `[data-branch]`, `(e => [e.ariaExpanded, e.ariaBusy].join())(document.querySelector("[data-branch]"))`
	f.b.SeesNot("Quay One")
	if !browser.Eval[bool](f.b, `(e => {
		let left; // to the browser, which opens it in another tab
		addEventListener("click", event => { left = !event.defaultPrevented; event.preventDefault(); }, {once: true});
		e.dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, ctrlKey: true}));
		return left;
	})(document.querySelector("[data-branch]"))`) {
		t.Error("a click with a modifier is taken from the browser")
	}
	for _, step := range []struct {
		open  bool
		state string
	}{{true, "true,"}, {false, "false,"}, {true, "true,"}} {
		f.b.ClickOn(toggle)
		if step.open {
			f.b.Sees("Quay One")
		} else {
			f.b.SeesNot("Quay One")
		}
		if got := browser.Eval[string](f.b, left); got != step.state {
			t.Errorf("expanded and busy are %q, want %q", got, step.state)
		}
	}
	if asked := browser.Eval[[]string](f.b, `window.asked`); len(asked) != 1 || !f.same() || f.b.URL() != f.url+"/a/MINE/entities?q=mine" {
		t.Errorf("it asked %q and stands at %s", asked, f.b.URL())
	}
}

func (f follower) ended(t *testing.T) {
	f.list()
	f.clock.Advance(16 * time.Minute)
	f.looksFor("omar")
	f.b.Sees("E-mail or username")
	f.signIn()
	f.shows(t, "Omar", "Nora", "?q=omar")
}
