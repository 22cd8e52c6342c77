package server

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"countersign/internal/test/afterwards"
	"countersign/internal/test/machine"
)

// Program builds countersign with the test clock, once a process, and gives its path.
func Program(t testing.TB) string {
	t.Helper()
	path, err := build(machine.Root(t))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var built struct {
	sync.Mutex
	path string
	err  error
}

func build(root string) (string, error) {
	built.Lock()
	defer built.Unlock()
	if built.path != "" || built.err != nil {
		return built.path, built.err
	}
	built.path, built.err = compile(root)
	return built.path, built.err
}

func compile(root string) (string, error) {
	folder, err := os.MkdirTemp("", "under-test-")
	if err != nil {
		return "", err
	}
	if err := afterwards.Remove(os.Getpid(), folder); err != nil {
		return "", err
	}
	path := filepath.Join(folder, "program")
	command := exec.Command("go", "build", "-tags", "testclock", "-o", path, "./cmd/countersign")
	command.Dir = root
	if output, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build countersign: %w\n%s", err, output)
	}
	return path, nil
}

// freePort finds a loopback port below those that the system gives to outgoing
// connections, so that none of them takes it before the server does.
func freePort(t testing.TB) int {
	t.Helper()
	for range 100 {
		port := 20000 + rand.IntN(12000)
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			continue
		}
		l.Close()
		return port
	}
	t.Fatal("no free port on loopback")
	return 0
}
