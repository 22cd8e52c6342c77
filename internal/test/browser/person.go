package browser

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/input"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Goto opens an address and waits until the page has settled. An answer of 4xx or 5xx is a page like any other, but the
// browser complains of it on the console: Expect "status of 403" where it is meant.
func (b *Browser) Goto(address string) {
	b.t.Helper()
	b.do("open "+address, chromedp.Navigate(address))
	b.settle()
}

// Back is the browser's back button; it waits until the address has changed, as going back within one document loads
// nothing.
func (b *Browser) Back() {
	b.t.Helper()
	from, late := b.URL(), time.Now().Add(patience)
	b.do("go back", chromedp.Evaluate[chromedp.Void](`history.back()`))
	for b.frame(); b.URL() == from; b.frame() {
		if time.Now().After(late) {
			b.t.Fatalf("the back button leads nowhere\n%s", b.scene())
		}
	}
	b.settle()
}

// Reload loads the page again.
func (b *Browser) Reload() {
	b.t.Helper()
	b.do("reload", chromedp.Reload())
	b.settle()
}

// Fill replaces what stands in the field with this label, or else this name.
func (b *Browser) Fill(field, value string) {
	b.t.Helper()
	element := chromedp.JSPath(locate("field", field))
	b.do("fill in "+field, chromedp.ScrollIntoView(element), chromedp.Focus(element),
		chromedp.Func(func(ctx context.Context, t *chromedp.Target) error {
			_, err := chromedp.Evaluate[chromedp.Void](`document.activeElement.select && document.activeElement.select()`)(ctx, t)
			return err
		}))
	if value == "" {
		b.do("empty "+field, chromedp.KeyEvent("\b"))
		return
	}
	call(b, "fill in "+field, input.InsertText, input.InsertTextParams{Text: value})
}

// Value is what stands in the field with this label or name; "true" or "false" for a box to tick.
func (b *Browser) Value(field string) string {
	b.t.Helper()
	b.do("find "+field, chromedp.WaitReady(chromedp.JSPath(locate("field", field))))
	return run(b, "read "+field, chromedp.Evaluate[string](
		`(e => e.type === "checkbox" || e.type === "radio" ? String(e.checked) : e.value)(`+locate("field", field)+`)`))
}

// Choose picks the option that reads so in the drop-down with this label or name.
func (b *Browser) Choose(field, option string) {
	b.t.Helper()
	b.do("find "+field, chromedp.WaitReady(chromedp.JSPath(locate("field", field))))
	found := run(b, "choose "+option, chromedp.Evaluate[bool](`((e, text) => {
		const option = [...e.options].find(o => o.label.trim() === text || o.value === text);
		if (!option) return false;
		if (e.multiple) option.selected = true; else e.value = option.value;
		e.dispatchEvent(new Event("input", {bubbles: true}));
		e.dispatchEvent(new Event("change", {bubbles: true}));
		return true;
	})(`+locate("field", field)+`, `+quote(option)+`)`))
	if !found {
		b.t.Fatalf("%s has no option %q\n%s", field, option, b.scene())
	}
	b.settle()
}

// Tick sets the box or radio button with this label or name.
func (b *Browser) Tick(field string, on bool) {
	b.t.Helper()
	if b.Value(field) != fmt.Sprint(on) {
		element := chromedp.JSPath(locate("field", field))
		b.do("tick "+field, chromedp.ScrollIntoView(element), chromedp.Click(element))
		b.settle()
	}
}

// Click clicks the visible button, link or tab that reads so (its accessible name), the first if there are several, and
// waits until the page has settled.
func (b *Browser) Click(text string) {
	b.t.Helper()
	b.click("click "+text, locate("button", text))
}

// ClickIn is Click within the first element that the CSS selector finds, such as one row of a table or a dialog.
func (b *Browser) ClickIn(selector, text string) {
	b.t.Helper()
	b.click("click "+text+" in "+selector, locateIn(selector, "button", text))
}

// ClickOn clicks the first element that the CSS selector finds.
func (b *Browser) ClickOn(selector string) {
	b.t.Helper()
	b.click("click on "+selector, "document.querySelector("+quote(selector)+")")
}

func (b *Browser) click(what, path string) {
	b.t.Helper()
	element := chromedp.JSPath(path)
	b.do(what, chromedp.ScrollIntoView(element, chromedp.NodeVisible), chromedp.Click(element, chromedp.NodeVisible))
	b.settle()
}

// Press presses keys where the focus is: text, or a constant of chromedp's package kb such as kb.Enter and kb.Tab.
func (b *Browser) Press(keys string) {
	b.t.Helper()
	b.do("press keys", chromedp.KeyEvent(keys))
	b.settle()
}

// Text is what can be read on the page.
func (b *Browser) Text() string {
	b.t.Helper()
	return b.TextOf("body")
}

// TextOf is what can be read in the first element that the CSS selector finds; it waits for the element.
func (b *Browser) TextOf(selector string) string {
	b.t.Helper()
	return run(b, "read "+selector, chromedp.Text(chromedp.CSS(selector), chromedp.NodeReady))
}

// Has says whether the CSS selector finds anything now.
func (b *Browser) Has(selector string) bool {
	b.t.Helper()
	return run(b, "look for "+selector, chromedp.Evaluate[bool](`document.querySelector(`+quote(selector)+`) !== null`))
}

// Sees waits until the text can be read on the page, and fails the test if it never can. Case and white space as CSS
// shows them do not matter.
func (b *Browser) Sees(text string) {
	b.t.Helper()
	late := time.Now().Add(patience)
	for !b.reads(text) {
		if time.Now().After(late) {
			b.t.Fatalf("%q cannot be read\n%s", text, b.scene())
		}
		b.frame()
	}
}

// SeesNot fails the test if the text can be read on the page, which has settled.
func (b *Browser) SeesNot(text string) {
	b.t.Helper()
	b.settle()
	if strings.Contains(plain(b.Text()), plain(text)) {
		b.t.Fatalf("%q can be read\n%s", text, b.scene())
	}
}

// reads is false also while the page is being replaced by another by itself.
func (b *Browser) reads(text string) bool {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	shown, err := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body ? document.body.innerText : ""`))
	return err == nil && strings.Contains(plain(shown), plain(text))
}

func plain(text string) string { return strings.ToLower(strings.Join(strings.Fields(text), " ")) }

// URL is the page's address.
func (b *Browser) URL() string {
	b.t.Helper()
	return run(b, "read the address", chromedp.Location())
}

// Eval evaluates an expression on the page, outside its content security policy, and decodes the result. It waits for a
// promise.
func Eval[T any](b *Browser, expression string) T {
	b.t.Helper()
	return run(b, "evaluate "+expression, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

func quote(text string) string {
	quoted, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string always encodes
	}
	return string(quoted)
}

// Cookie is the value of a cookie that the page's address gets; "" when it has none. Scripts may not be able to see it.
func (b *Browser) Cookie(name string) string {
	b.t.Helper()
	for _, c := range call(b, "read the cookies", network.GetCookies, network.GetCookiesParams{}).Cookies {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}
