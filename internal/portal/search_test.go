package portal_test

import (
	"testing"

	"countersign/internal/portal"
)

// TestSearchIsForWhoeverMayFind holds that the top bar offers its search only to
// people whose menu leads further than to their first page.
func TestSearchIsForWhoeverMayFind(t *testing.T) {
	for permission, want := range map[string]bool{"users:view": true, "roles:view": true, "entities:view": true, "accounts:view": true, "payments:view": false, "": false} {
		menu := portal.BuildMenu(portal.InAccount("A-1"), portal.SectionHome, func(asked string) bool { return asked == permission })
		if got := (portal.Page{Menu: menu}).MaySearch(); got != want {
			t.Errorf("with %s: %v", permission, got)
		}
	}
}
