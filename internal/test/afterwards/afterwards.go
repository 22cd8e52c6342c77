// Package afterwards cleans up behind a test process, however that process ends: normally, by a panic, by a time limit
// or by kill -9.
//
// Its one rule: what outlives a single test (a database server, a browser) leaves nothing behind. A small shell holds
// one end of a pipe; the kernel closes the other end when the test process is gone, and only then the shell acts.
package afterwards

import (
	"fmt"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
)

// The process is given five seconds to end by itself before it is killed; the wait is bounded because an orphan that
// nobody reaps keeps its number. The folder is removed more than once because children of a killed browser may still
// write into it.
const script = `
read -r _
tries=0
while kill -0 "$1" 2>/dev/null && [ $tries -lt 100 ]; do
	[ $tries -eq 60 ] && kill -9 "$1" 2>/dev/null
	tries=$((tries+1)); sleep 0.05
done
for _ in 1 2 3 4 5; do rm -rf "$2" && break; sleep 0.2; done
`

// Remove promises that folder is gone soon after this process has ended and process pid with it. It does not end the
// process itself: start it with a parent-death signal or a pipe of its own.
func Remove(pid int, folder string) error {
	shell := exec.Command("sh", "-c", script, "sh", strconv.Itoa(pid), folder)
	pipe, err := shell.StdinPipe()
	if err != nil {
		return fmt.Errorf("open the pipe of the cleaner: %w", err)
	}
	// A group of its own: an interrupt typed at the terminal must not end the cleaner before its work.
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := shell.Start(); err != nil {
		return fmt.Errorf("start the cleaner: %w", err)
	}
	held.Lock()
	defer held.Unlock()
	held.open = append(held.open, pipe)
	return nil
}

// held keeps the pipes reachable: a collected pipe is a closed one, and the cleaner would act too early.
var held struct {
	sync.Mutex
	open []interface{ Close() error }
}
