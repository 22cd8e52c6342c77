//go:build !unix

package signin

import "os/exec"

// startLower starts a command; these systems are not asked to run it later than others.
func startLower(c *exec.Cmd) error { return c.Start() }
