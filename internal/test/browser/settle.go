package browser

import (
	"context"
	"time"

	"github.com/chromedp/chromedp"
)

// settle waits until the page is at rest: two frames drawn, nothing loading, no request under way, and again nothing
// after two more frames. What a click sets going, a form's submission say, starts within the first two.
func (b *Browser) settle() {
	b.t.Helper()
	late := time.Now().Add(patience)
	for rests := 0; rests < 2; {
		b.frame()
		what := b.watch.waitingFor()
		if what == "" {
			rests++
			continue
		}
		rests = 0
		if time.Now().After(late) {
			b.t.Fatalf("the page does not come to rest: it waits for %s\n%s", what, b.scene())
		}
	}
}

// frame waits until the page has drawn two frames. A page that is replaced meanwhile has drawn its last, which is fine.
func (b *Browser) frame() {
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	_ = chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](
		`new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(drawn))))`,
		chromedp.EvalAwaitPromise))
}
