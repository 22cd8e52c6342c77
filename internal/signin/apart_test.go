package signin_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"countersign/internal/signin"
)

// The test's own program stands in for the product's as the process that hashes.
func init() {
	switch os.Getenv("HASH_APART") {
	case "":
		return
	case "stall":
		time.Sleep(time.Hour)
	case "lie": // nothing of it can be read, and it does not end by itself
		os.Stdout.WriteString("nonsense")
		time.Sleep(time.Hour)
	default:
		if err := signin.HashFor(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	}
	os.Exit(0)
}

func beside(t *testing.T, what string) (*signin.Apart, *bytes.Buffer) {
	var log bytes.Buffer
	a := signin.NewApart(func() *exec.Cmd {
		c := exec.Command(os.Args[0])
		if what == "missing" {
			c = exec.Command(filepath.Join(t.TempDir(), "missing"))
		}
		c.Env = []string{"HASH_APART=" + what}
		return c
	}, 8, slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(a.Close)
	return a, &log
}

func TestApart(t *testing.T) {
	here := signin.NewPasswords(cheap, 8, 100, rand.Reader)
	with := func(a *signin.Apart) *signin.Passwords {
		p := signin.NewPasswords(cheap, 8, 100, rand.Reader)
		p.HashIn(a)
		return p
	}
	// agrees has a password hashed in one way and compared in the other.
	agrees := func(t *testing.T, hashes, compares *signin.Passwords, password string) {
		t.Helper()
		stored, err := hashes.Hash(t.Context(), password)
		if err != nil {
			t.Error(err)
			return
		}
		for typed, want := range map[string]bool{password: true, password + " ": false} {
			if ok, rehash, err := compares.Verify(t.Context(), stored, typed); ok != want || rehash || err != nil {
				t.Errorf("%q for %q: %t, %t, %v", typed, password, ok, rehash, err)
			}
		}
	}
	t.Run("both processes find the same", func(t *testing.T) {
		a, log := beside(t, "yes")
		agrees(t, with(a), here, goodPassword)
		agrees(t, here, with(a), strings.Repeat("é", 999))
		if log.Len() > 0 {
			t.Error(log)
		}
	})
	t.Run("each of many at once gets its own answer", func(t *testing.T) {
		a, _ := beside(t, "yes")
		p := with(a)
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() { agrees(t, p, p, fmt.Sprintf("a harbour at %d", i)) })
		}
		all.Wait()
	})
	t.Run("a process that is killed costs nobody their sign-in, and is there again", func(t *testing.T) {
		a, log := beside(t, "yes")
		a.Restless()
		p, before := with(a), a.PID()
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() { agrees(t, p, p, fmt.Sprintf("a harbour at %d", i)) })
			if i == 20 {
				all.Go(func() { syscall.Kill(before, syscall.SIGKILL) })
			}
		}
		all.Wait()
		agrees(t, p, here, goodPassword)
		if after := a.PID(); after == before || !strings.Contains(log.String(), "has ended") {
			t.Errorf("%d after %d: %s", after, before, log)
		}
	})
	t.Run("attack: one that is missing is done without", func(t *testing.T) {
		a, log := beside(t, "missing")
		agrees(t, with(a), here, goodPassword)
		if !strings.Contains(log.String(), "cannot be started") {
			t.Error(log)
		}
	})
	t.Run("attack: one that lies is done without, and ended", func(t *testing.T) {
		a, log := beside(t, "lie")
		agrees(t, with(a), here, goodPassword)
		a.Ended()
		agrees(t, with(a), here, goodPassword)
		if !strings.Contains(log.String(), "has ended") {
			t.Error(log)
		}
	})
	t.Run("one that does not answer soon is not waited for, and gets no more to do", func(t *testing.T) {
		a, _ := beside(t, "stall")
		a.Impatient(2)
		var all sync.WaitGroup
		for i := range 10 {
			all.Go(func() { agrees(t, with(a), here, fmt.Sprintf("a harbour at %d", i)) })
		}
		all.Wait()
		if n := a.Waiting(); n != 2 {
			t.Errorf("it was asked for %d at once", n)
		}
	})
	t.Run("attack: more than a pipe holds is asked of one that does not read", func(t *testing.T) {
		a, _ := beside(t, "stall")
		a.Impatient(8)
		var all sync.WaitGroup
		for range 10 {
			all.Go(func() { agrees(t, with(a), here, strings.Repeat("\ufdfa", 999)) }) // 33 kB in the form that is hashed
		}
		all.Wait()
		if n := a.Waiting(); n != 8 {
			t.Errorf("it was asked for %d at once", n)
		}
	})
	for _, what := range []string{"yes", "stall"} {
		t.Run("it ends with whoever started it: "+what, func(t *testing.T) {
			a, _ := beside(t, what)
			pid := a.PID()
			a.Close()
			if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
				t.Errorf("signal to it: %v", err)
			}
			agrees(t, with(a), here, goodPassword)
		})
	}
	t.Run("all of it gives way to others", func(t *testing.T) {
		if runtime.GOOS != "linux" {
			t.Skip("read from /proc")
		}
		a, _ := beside(t, "yes")
		agrees(t, with(a), here, goodPassword)
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", a.PID()))
		if err != nil || len(threads) < 2 {
			t.Fatal(threads, err)
		}
		for _, thread := range threads {
			stat, err := os.ReadFile(thread)
			_, rest, _ := strings.Cut(string(stat), ") ")
			if fields := strings.Fields(rest); err == nil && (fields[16] != "10" || fields[38] != "5") { // proc(5): nice is the 19th field, policy the 41st
				t.Errorf("%s has priority %s and policy %s", thread, fields[16], fields[38])
			}
		}
	})
}
