// Package browser lets tests use a page as a person does, in a real Chromium.
//
//	page := browser.New(t)                 // a browser with no cookies; a second New is another person's browser
//	page.Goto(server.URL + "/sign-in")
//	page.Fill("E-mail", "ann@example.com") // by label, or by name
//	page.Click("Continue")                 // by what the button or link says
//	page.Sees("Check your phone")
//	page.Axe()                             // WCAG 2.2 AA, by axe-core
//
// One Chromium serves all tests of a process; each New is a context of its own, which costs milliseconds. Every helper
// waits for what it needs, and Goto, Click and Press come back when the page has settled: loaded, with no request under
// way. Nothing but this machine can be reached.
//
// Its one rule: a page that complains fails its test. Errors on the console, uncaught exceptions, files that do not
// load and violations of the content security policy are all collected; Expect names those that are meant.
package browser

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"countersign/internal/test/machine"
)

// patience is how long a helper waits for what it needs before it gives up: long, for a busy machine.
const patience = 30 * time.Second

// Browser is one person's browser with one page open. It belongs to the test that made it, and is not for its subtests:
// what goes wrong ends the test that made it.
type Browser struct {
	t     testing.TB
	ctx   context.Context
	watch *watch
}

// New opens an empty page in a browser without cookies. When the test ends the browser is closed, and the test fails if
// the page has complained. A failed test leaves a picture of the page in build/test/pages.
func New(t testing.TB) *Browser {
	t.Helper()
	if Program() == "" {
		machine.Missing(t, "Chromium is not installed: install the package chromium")
	}
	chromium, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	ctx, closePage := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	b := &Browser{t: t, ctx: ctx, watch: newWatch()}
	t.Cleanup(closePage)
	if err := chromedp.Listen(ctx, b.watch.see); err != nil {
		t.Fatalf("open a page: %v", err)
	}
	t.Cleanup(b.verdict)
	b.SetViewport(1280, 900)
	return b
}

// Expect declares a complaint that is meant: any that contains the text no longer fails the test, and the test fails if
// none comes.
func (b *Browser) Expect(text string) { b.watch.expect(text) }

// Problems returns the complaints so far that were not expected.
func (b *Browser) Problems() []string {
	unexpected, _ := b.watch.problems()
	return unexpected
}

func (b *Browser) verdict() {
	unexpected, absent := b.watch.problems()
	for _, complaint := range unexpected {
		b.t.Errorf("the page complains: %s", complaint)
	}
	for _, text := range absent {
		b.t.Errorf("the page never complained of %q", text)
	}
	if b.t.Failed() {
		b.keepPicture()
	}
}

// keepPicture is a convenience: what goes wrong with it is only mentioned.
func (b *Browser) keepPicture() {
	name := strings.NewReplacer("/", "_", " ", "_").Replace(b.t.Name())
	path := filepath.Join(machine.Root(b.t), "build", "test", "pages", name+".png")
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = writeFile(path, picture)
	}
	if err != nil {
		b.t.Logf("no picture of the page: %v", err)
		return
	}
	b.t.Logf("the page when the test ended: %s", path)
}

// SetViewport sets the size of the page in CSS pixels; under 600 wide it is a phone, with touch.
func (b *Browser) SetViewport(width, height int) {
	b.t.Helper()
	var options []chromedp.EmulateViewportOption
	if width < 600 {
		options = append(options, chromedp.EmulateMobile, chromedp.EmulateTouch, chromedp.EmulatePortrait)
	}
	b.do("set the viewport", chromedp.EmulateViewport(int64(width), int64(height), options...))
}

// EmulateMedia sets what the person prefers, as in EmulateMedia("prefers-color-scheme", "dark"); it replaces what was
// set before, and without arguments returns to the defaults.
func (b *Browser) EmulateMedia(featureAndValue ...string) {
	b.t.Helper()
	if len(featureAndValue)%2 != 0 {
		b.t.Fatal("EmulateMedia takes pairs of feature and value")
	}
	features := []*emulation.MediaFeature{}
	for i := 0; i < len(featureAndValue); i += 2 {
		features = append(features, &emulation.MediaFeature{Name: featureAndValue[i], Value: featureAndValue[i+1]})
	}
	call(b, fmt.Sprintf("emulate %v", featureAndValue), emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: features})
}

// OnEveryPage runs a script before those of every page that is opened from now on.
func (b *Browser) OnEveryPage(script string) {
	b.t.Helper()
	if _, err := chromedp.Call(b.ctx, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: script}); err != nil {
		b.t.Fatalf("run a script on every page: %v", err)
	}
}

// Screenshot writes the whole page as a PNG, at the given width in pixels, light or dark. The viewport stays so.
func (b *Browser) Screenshot(path string, width int, dark bool) {
	b.t.Helper()
	height, scheme := 900, "light"
	if width < 600 {
		height = 844
	}
	if dark {
		scheme = "dark"
	}
	b.SetViewport(width, height)
	b.EmulateMedia("prefers-color-scheme", scheme, "prefers-reduced-motion", "reduce")
	b.settle()
	picture := run(b, "take a screenshot", chromedp.FullScreenshot(100))
	if err := writeFile(path, picture); err != nil {
		b.t.Fatal(err)
	}
}

func writeFile(path string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, 0o644)
}

// do runs actions with patience, and fails the test with what was tried and what the page shows.
func (b *Browser) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		b.t.Fatalf("%s: %v\n%s", what, err, b.scene())
	}
}

func run[T any](b *Browser, what string, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", what, err, b.scene())
	}
	return value
}

// call sends a command of the protocol that has no action of its own.
func call[P, R any](b *Browser, what string, command cdp.Command[P, R], params P) R {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	answer, err := chromedp.Call(ctx, command, params)
	if err != nil {
		b.t.Fatalf("%s: %v\n%s", what, err, b.scene())
	}
	return answer
}

// scene describes the page to somebody who reads a failure.
func (b *Browser) scene() string {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`location.href + "\n" + (document.body ? document.body.innerText : "")`))
	if err != nil {
		return fmt.Sprintf("(the page cannot be read: %v)", err)
	}
	const enough = 2000
	if len(text) > enough {
		text = text[:enough] + " …"
	}
	return "The page is " + text
}
