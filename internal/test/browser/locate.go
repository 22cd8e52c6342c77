package browser

import "fmt"

// locate is an expression that finds what a person means by a word: a "field" by its label or name, or a "button" (or
// link, tab, menu item) by what it says. It gives null while there is none, so that a query waits.
func locate(kind, word string) string { return locateIn("body", kind, word) }

func locateIn(selector, kind, word string) string {
	return fmt.Sprintf("(%s)(%s, %s, %s)", finder, quote(selector), quote(kind), quote(word))
}

// An open dialog is looked at first and alone, as it covers the rest.
const finder = `(selector, kind, word) => {
	const plain = text => (text || "").replace(/\s+/g, " ").trim();
	const seen = e => e.checkVisibility({visibilityProperty: true, opacityProperty: false});
	let root = document.querySelector(selector);
	if (!root) return null;
	if (selector === "body") root = document.querySelector("dialog[open]") || root;
	const want = plain(word);
	const byId = ids => plain((ids || "").split(/\s+/).map(id => document.getElementById(id)?.innerText || "").join(" "));
	if (kind === "button") {
		const all = [...root.querySelectorAll("button, a[href], summary, [role=button], [role=tab], [role=menuitem], [role=link], input[type=submit], input[type=button]")].filter(seen);
		const name = e => plain(e.getAttribute("aria-label")) || byId(e.getAttribute("aria-labelledby")) || plain(e.innerText) || plain(e.value) || plain(e.title);
		return all.find(e => name(e) === want) || all.find(e => plain(e.innerText) === want) || null;
	}
	const fields = [...root.querySelectorAll("input:not([type=hidden]), select, textarea, [contenteditable=true]")];
	// A required field's label may end in a mark that says so.
	const bare = text => plain(text).replace(/\s*(\*|\(required\)|\(obligatoire\))$/i, "");
	const labels = e => [
		...[...(e.labels || [])].map(l => bare(l.innerText)),
		...[...(e.labels || [])].map(l => bare([...l.childNodes].filter(n => n.nodeType === 3).map(n => n.data).join(" "))),
		bare(e.getAttribute("aria-label")), bare(byId(e.getAttribute("aria-labelledby"))),
	];
	return fields.find(e => labels(e).includes(want)) || fields.find(e => e.name === word) || fields.find(e => bare(e.placeholder) === want) || null;
}`
