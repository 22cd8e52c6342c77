package afterwards_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"countersign/internal/test/afterwards"
)

// TestRemove starts this test program again as a child, which promises to remove a folder, and kills it.
func TestRemove(t *testing.T) {
	if folder := os.Getenv("AFTERWARDS_FOLDER"); folder != "" {
		promise(t, folder)
		return
	}
	folder := filepath.Join(t.TempDir(), "world")
	if err := os.MkdirAll(filepath.Join(folder, "below"), 0o755); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestRemove$")
	child.Env = append(os.Environ(), "AFTERWARDS_FOLDER="+folder)
	said, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(said).ReadString('\n'); line != "promised\n" {
		t.Fatalf("the child said %q, %v", line, err)
	}
	if _, err := os.Stat(folder); err != nil {
		t.Fatalf("gone while the process lives: %v", err)
	}
	if err := child.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	child.Wait()
	for late := time.Now().Add(30 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(folder); os.IsNotExist(err) {
			return
		}
		if time.Now().After(late) {
			t.Fatal("the folder is still there")
		}
	}
}

func promise(t *testing.T, folder string) {
	if err := afterwards.Remove(os.Getpid(), folder); err != nil {
		t.Fatal(err)
	}
	fmt.Println("promised")
	<-t.Context().Done() // until it is killed
}
