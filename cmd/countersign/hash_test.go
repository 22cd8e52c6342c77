package main

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"countersign/internal/test/server"
)

// TestHashesApart shows that passwords are hashed in a process of its own, which knows nothing and ends with the server.
func TestHashesApart(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("processes are found in /proc")
	}
	s := server.Start(t, server.Options{})
	in := s.Client()
	in.Activate(s.Link, "a quiet harbour at noon")

	pid := childOf(t, s.PID())
	arguments := ofProcess(t, pid, "cmdline")
	if environment := ofProcess(t, pid, "environ"); environment != "" || !strings.HasSuffix(arguments, "\x00hash\x00") || strings.Count(arguments, "\x00") != 2 {
		t.Errorf("it is told %q and %q", arguments, environment)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "whoever signs in meanwhile is checked all the same", func() bool {
		s.Client().Post("/signin", "identifier", server.Administrator, "password", "a quiet harbour at noon", "next", "")
		return strings.Contains(s.Log(), "the process that hashes passwords has ended")
	})
	if a := s.Client().Post("/signin", "identifier", server.Administrator, "password", "a quiet harbour at noon", "next", ""); a.StatusCode != 303 || !strings.HasPrefix(a.Location(), "/signin/") {
		t.Errorf("answered %d, to %s", a.StatusCode, a.Location())
	}
	s.Kill()
	s.Serve()
	in.Get("/signin")
	pid = childOf(t, s.PID())
	s.Kill()
	eventually(t, "it ends with a server that is killed", func() bool { return syscall.Kill(pid, 0) == syscall.ESRCH || ofProcess(t, pid, "cmdline") == "" })
	s.Serve()
}

// childOf is the process that another started.
func childOf(t *testing.T, parent int) (pid int) {
	t.Helper()
	all, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range all {
		stat, err := os.ReadFile(file)
		if _, rest, found := strings.Cut(string(stat), ") "); err == nil && found {
			if of := 0; scans(rest, &of) && of == parent {
				fmt.Sscan(filepath.Base(filepath.Dir(file)), &pid)
				return pid
			}
		}
	}
	t.Fatal("no other process hashes")
	return 0
}

func scans(rest string, parent *int) bool {
	var state string
	n, _ := fmt.Sscan(rest, &state, parent)
	return n == 2
}

func ofProcess(t *testing.T, pid int, what string) string {
	t.Helper()
	text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, what)) // nothing of one that has ended
	return string(text)
}
