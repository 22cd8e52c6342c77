package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWithoutSourceMap(t *testing.T) {
	for name, test := range map[string]struct{ content, want string }{
		"stylesheet":     {"a{b:c}\n/*# sourceMappingURL=a.css.map */", "a{b:c}\n"},
		"script":         {"f();\n//# sourceMappingURL=a.js.map\n", "f();\n"},
		"has none":       {"f();", "f();\n"},
		"other comments": {"/* kept */f();", "/* kept */f();\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, string(withoutSourceMap([]byte(test.content)))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	for name, test := range map[string]struct {
		content string
		wantErr string
	}{
		"fine":           {`a{background:url("data:image/svg+xml,%3csvg")}`, ""},
		"import":         {`@import "more.css";`, "fetches"},
		"quoted address": {`a{background:url('fonts/inter.woff2')}`, "fetches"},
		"bare address":   {`a{background:url(https://example.com/a.png)}`, "fetches"},
		"starts like it": {`a{background:url(docs/a.png)}`, "fetches"},
		"too large":      {"/*" + noise(4000) + "*/", "more than 2000"},
	} {
		t.Run(name, func(t *testing.T) {
			err := check([]byte(test.content), 2000)
			switch {
			case test.wantErr == "" && err != nil:
				t.Error(err)
			case test.wantErr != "" && (err == nil || !strings.Contains(err.Error(), test.wantErr)):
				t.Errorf("got %v, want %q", err, test.wantErr)
			}
		})
	}
}

// noise is text that hardly compresses, the same each time.
func noise(n int) string {
	var text strings.Builder
	for state := uint32(1); text.Len() < n; {
		state = state*1664525 + 1013904223
		text.WriteByte('0' + byte(state>>24)%75)
	}
	return text.String()
}

func TestCopyAll(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	for name, content := range map[string]string{
		"@tabler/core/dist/css/tabler.min.css":                 "a{b:c}/*# sourceMappingURL=x */",
		"htmx.org/dist/htmx.min.js":                            "f()",
		"htmx.org/LICENSE":                                     "Zero-Clause BSD",
		"@simplewebauthn/browser/dist/bundle/index.umd.min.js": "g()",
		"@simplewebauthn/browser/LICENSE.md":                   "MIT",
	} {
		path := filepath.Join(from, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := copyAll(from, to); err != nil {
		t.Fatal(err)
	}
	var got []string
	entries, err := os.ReadDir(to)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	want := []string{"htmx.min.js", "htmx.min.js.LICENSE.txt", "simplewebauthn.min.js", "simplewebauthn.min.js.LICENSE.txt", "tabler.min.css", "tabler.min.css.LICENSE.txt"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
