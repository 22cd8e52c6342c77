package demo

import (
	"strings"
	"testing"

	"countersign/internal/lang"
	"countersign/internal/people"
)

func TestNames(t *testing.T) {
	for _, c := range crowdCultures {
		for _, word := range strings.Fields(c.given + " " + c.family) {
			name, ascii, given := strings.Cut(word, "/")
			if !given {
				ascii = strings.ToLower(name)
			}
			if _, problem := lang.Line(name, 100); problem != "" {
				t.Errorf("%s: %s", name, problem)
			}
			if strings.Trim(ascii, "abcdefghijklmnopqrstuvwxyz") != "" {
				t.Errorf("%s: no spelling for an address, %q", name, ascii)
			}
			if _, ok := people.EmailKey(ascii + "@larkmoor.example"); !ok {
				t.Errorf("%s: %q makes no address", name, ascii)
			}
		}
	}
}
