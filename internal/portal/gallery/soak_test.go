//go:build soak

package gallery_test

import "testing"

// TestSoakEveryState opens every state at every width.
func TestSoakEveryState(t *testing.T) {
	everything = true
	TestInBrowser(t)
}
