package resource_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/resource"
	"countersign/internal/seal"
	"countersign/internal/snapshot"
)

// The child process is this test binary, told by its environment to be one.
const (
	childAddress = "COUNTERSIGN_TEST_CHILD_DATABASE"
	childToken   = "COUNTERSIGN_TEST_CHILD_TOKEN"
	childAccount = "COUNTERSIGN_TEST_CHILD_ACCOUNT"
)

func TestMain(m *testing.M) {
	if address := os.Getenv(childAddress); address != "" {
		if err := child(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child stores a thousand, says so, begins to store another thousand, and stops in the
// middle of that until it is killed.
func child(address string) error {
	ctx := context.Background()
	line, err := seal.NewKey(rand.Reader)
	if err != nil {
		return err
	}
	box, err := seal.Parse(line)
	if err != nil {
		return err
	}
	d, err := db.Open(ctx, db.Options{URL: address, Now: time.Now, Random: rand.Reader, Box: box})
	if err != nil {
		return err
	}
	profiles, err := profile.Load()
	if err != nil {
		return err
	}
	live := &access.Live{}
	if err := snapshot.New(d, profiles, live, snapshot.Options{}).Refresh(ctx, 0); err != nil {
		return err
	}
	resources := resource.New(d, live, profiles, audit.New(d, slog.New(slog.DiscardHandler)))
	who := db.Who{Kind: db.Service, ID: os.Getenv(childToken), AccountID: os.Getenv(childAccount)}
	list := numbered(resource.PutMost, "M1")
	for i := range list {
		list[i].ID = "first " + list[i].ID
	}
	if _, _, err := resources.PutMany(ctx, who, who.AccountID, "orders", list); err != nil {
		return err
	}
	fmt.Println("stored")
	for i := range list {
		list[i].ID = "second " + list[i].ID
	}
	stuck := &stopping{Context: ctx}
	stuck.left.Store(500)
	_, _, err = resources.PutMany(stuck, who, who.AccountID, "orders", list)
	return fmt.Errorf("it went through: %w", err)
}

// stopping is a context that says so and waits for ever when it was asked often enough.
type stopping struct {
	context.Context
	left atomic.Int64
}

func (s *stopping) Err() error {
	if s.left.Add(-1) == 0 {
		fmt.Println("in the middle")
		select {}
	}
	return s.Context.Err()
}

// killed has another process store, and kills it in the middle.
func (h house) killed(t *testing.T) {
	who := h.token(t, "M1", org.Resources, "to be killed")
	command := exec.Command(os.Args[0])
	command.Env = append(os.Environ(), childAddress+"="+h.address, childToken+"="+who.ID, childAccount+"="+who.AccountID)
	var said strings.Builder
	command.Stderr = &said
	out, err := command.StdoutPipe()
	must(t, err)
	must(t, command.Start())
	var lines []string
	for s := bufio.NewScanner(out); len(lines) < 2 && s.Scan(); {
		lines = append(lines, s.Text())
	}
	command.Process.Kill()
	command.Wait()
	if strings.Join(lines, " ") != "stored in the middle" {
		t.Fatal(lines, said.String())
	}
	ids, err := h.all(t, "m1.owner", "M1", resource.Query{Type: "orders"})
	stands := map[string]int{}
	for _, id := range ids {
		stands[strings.Fields(id)[0]]++
	}
	if err != nil || stands["first"] != resource.PutMost+1 || stands["second"] != 1 {
		t.Errorf("%v stand: %s", stands, told(err))
	}
	h.put(t, "orders", resource.Putting{ID: "afterwards", Entity: "M1"})
}
