package world

import (
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/fault"
)

// Told is what came of something, as a table holds it: "done", or the refusal as
// "code field:code field:code".
func Told(err error) string {
	f := fault.From(err)
	switch {
	case err == nil:
		return "done"
	case f.Kind == fault.Internal:
		return "internal: " + err.Error()
	}
	out := f.Code
	for _, x := range f.Fields {
		out += " " + x.Name + ":" + x.Code
	}
	return out
}

// Together does something several times at once and holds how often what was told.
func Together(t *testing.T, n int, want map[string]int, do func(i int) error) {
	t.Helper()
	var all sync.WaitGroup
	var mu sync.Mutex
	got := map[string]int{}
	for i := range n {
		all.Go(func() {
			word := Told(do(i))
			mu.Lock()
			defer mu.Unlock()
			got[word]++
		})
	}
	all.Wait()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
