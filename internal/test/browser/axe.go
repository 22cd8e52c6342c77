package browser

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/chromedp"

	"countersign/internal/test/machine"
)

// violation is what axe-core reports: a rule, and the elements that break it.
type violation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML, FailureSummary string }
}

// Axe fails the test with what axe-core finds on the page against WCAG 2.0, 2.1 and 2.2, levels A and AA.
func (b *Browser) Axe() {
	b.t.Helper()
	for _, v := range b.violations() {
		var where strings.Builder
		for _, node := range v.Nodes {
			where.WriteString("\n  " + node.HTML + "\n    " + strings.ReplaceAll(node.FailureSummary, "\n", "\n    "))
		}
		b.t.Errorf("axe: %s (%s, %s) at %s%s", v.Help, v.ID, v.Impact, b.URL(), where.String())
	}
}

func (b *Browser) violations() []violation {
	b.t.Helper()
	if run(b, "look for axe", chromedp.Evaluate[bool](`typeof axe === "undefined"`)) {
		// Evaluated by the browser itself, so that the page's content security policy stays as it is.
		script, err := os.ReadFile(filepath.Join(machine.Root(b.t), "node_modules", "axe-core", "axe.min.js"))
		if err != nil {
			b.t.Fatalf("axe-core is not there, run make assets first: %v", err)
		}
		b.do("load axe", chromedp.Evaluate[chromedp.Void](string(script)))
	}
	return run(b, "run axe", chromedp.Evaluate[[]violation](`
		axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"]})
			.then(found => found.violations.map(v => ({
				ID: v.id, Impact: v.impact, Help: v.help,
				Nodes: v.nodes.map(n => ({HTML: n.html, FailureSummary: n.failureSummary})),
			})))`, chromedp.EvalAwaitPromise))
}
