//go:build unix && !linux

package signin

// idle is what these systems have no word for.
func idle(int) {}
