//go:build unix

package signin

import (
	"os/exec"
	"syscall"
)

// niceness is how far the process that hashes stands back where idle cannot be had:
// a tenth of what others of this machine get who want the processor at the same time.
const niceness = 10

// startLower starts a command that runs after others, with all its threads, and
// apart from the terminal's signals: it ends when it has nothing more to read.
func startLower(c *exec.Cmd) error {
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := c.Start(); err != nil {
		return err
	}
	_ = syscall.Setpriority(syscall.PRIO_PGRP, c.Process.Pid, niceness) // where that is not allowed, it is as important as the rest
	idle(c.Process.Pid)
	return nil
}
