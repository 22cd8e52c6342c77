// Package machine says what this machine offers to tests, and what to do when something is missing.
//
// Its one rule: on a developer's machine a missing PostgreSQL or Chromium skips the tests that need it, with the
// reason; where CI=true it fails them, because a skipped proof is no proof.
package machine

import (
	"os"
	"path/filepath"
	"testing"
)

// Missing ends the test: skipped, or failed where CI=true. The sentence says what is missing and how to get it.
func Missing(t testing.TB, sentence string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(sentence)
	}
	t.Skip(sentence)
}

// Root is the folder of go.mod, found from the package folder in which go test runs a test.
func Root(t testing.TB) string {
	t.Helper()
	folder, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err == nil {
			return folder
		}
		parent := filepath.Dir(folder)
		if parent == folder {
			t.Fatal("no go.mod above the test's folder")
		}
		folder = parent
	}
}
