//go:build soak

package db_test

import (
	"fmt"
	mathrand "math/rand/v2"
	"testing"
	"time"

	"countersign/internal/test/postgres"
	"countersign/internal/test/testdb"
)

// TestKillNineOfTheServer kills PostgreSQL's first process with SIGKILL under a
// writer. What was acknowledged is there when the server has recovered.
func TestKillNineOfTheServer(t *testing.T) {
	server := postgres.Own(t)
	d := testdb.Open(t, testdb.Postgres, testdb.Options{Address: server.Address})
	for round := range 10 {
		name := fmt.Sprint("round", round)
		w := startWriter(t, "endless", server.Address, name)
		if !w.next() {
			t.Fatalf("the writer never wrote: %v: %s", w.command.Wait(), &w.said)
		}
		killed := make(chan struct{})
		time.AfterFunc(time.Duration(mathrand.Int64N(int64(300*time.Millisecond))), func() {
			defer close(killed)
			server.Kill(t)
		})
		for w.next() {
		}
		<-killed
		if err := w.command.Wait(); err == nil {
			t.Error("the writer did not notice")
		}
		server.Start(t)
		wantWhole(t, d, w.acked, name)
		t.Logf("%s: %d acknowledged", name, len(w.acked))
	}
}
