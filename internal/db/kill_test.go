package db_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"countersign/internal/db"
	"countersign/internal/seal"
	"countersign/internal/test/testdb"
)

// The child process is this test binary, told by its environment to be one.
const (
	childWork    = "COUNTERSIGN_TEST_CHILD"
	childAddress = "COUNTERSIGN_TEST_CHILD_DATABASE"
	childName    = "COUNTERSIGN_TEST_CHILD_NAME"
)

func TestMain(m *testing.M) {
	if work := os.Getenv(childWork); work != "" {
		if err := child(work); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// child writes from four goroutines as fast as it can and prints the name of
// each write when, and only when, Update has returned: "endless" until it is
// killed, "N" so many from each.
func child(work string) error {
	line, err := seal.NewKey(rand.Reader)
	if err != nil {
		return err
	}
	box, err := seal.Parse(line)
	if err != nil {
		return err
	}
	d, err := db.Open(context.Background(), db.Options{URL: os.Getenv(childAddress), Now: time.Now, Random: rand.Reader, Box: box})
	if err != nil {
		return err
	}
	defer d.Close()
	limit, err := strconv.Atoi(work)
	if err != nil && work != "endless" {
		return err
	}
	var all sync.WaitGroup
	failed := make(chan error, 4)
	for w := range 4 {
		all.Go(func() {
			for i := 0; limit == 0 || i < limit; i++ {
				name := fmt.Sprintf("%s-%d-%d", os.Getenv(childName), w, i)
				err := d.Update(context.Background(), somebody, func(tx *db.Tx) error {
					tx.ChangedUser(name)
					return writeWhole(tx, name, true)
				})
				if err != nil {
					failed <- err
					return
				}
				os.Stdout.WriteString(name + "\n") // one write: it is whole, or not there
			}
		})
	}
	all.Wait()
	close(failed)
	return <-failed
}

type writer struct {
	command *exec.Cmd
	lines   *bufio.Scanner
	said    strings.Builder
	acked   []string
}

func startWriter(t *testing.T, work, address, name string) *writer {
	t.Helper()
	w := &writer{command: exec.Command(os.Args[0])}
	w.command.Env = append(os.Environ(), childWork+"="+work, childAddress+"="+address, childName+"="+name)
	w.command.Stderr = &w.said
	out, err := w.command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.command.Start(); err != nil {
		t.Fatal(err)
	}
	w.lines = bufio.NewScanner(out)
	return w
}

// next waits for the next acknowledged write and tells whether there was one.
func (w *writer) next() bool {
	if !w.lines.Scan() {
		return false
	}
	w.acked = append(w.acked, w.lines.Text())
	return true
}

// rounds is how often a writer is killed on each database.
func rounds() int {
	if testing.Short() {
		return 10
	}
	return 100
}

// TestKillNine kills a writing process with SIGKILL, at a random moment after
// its first acknowledged write, a hundred times on the same database.
//
// It shows that nothing acknowledged is lost and nothing is half done when a
// process dies. What a machine that loses its power leaves is up to fsync
// (synchronous=FULL, PostgreSQL's fsync=on), which no test of this kind can show.
func TestKillNine(t *testing.T) {
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			address := testdb.Address(t, dialect)
			d := testdb.Open(t, dialect, testdb.Options{Address: address})
			total := 0
			for round := range rounds() {
				w := startWriter(t, "endless", address, fmt.Sprint("round", round))
				if !w.next() {
					t.Fatalf("the writer never wrote: %v: %s", w.command.Wait(), &w.said)
				}
				delay := time.Duration(mathrand.Int64N(int64(80 * time.Millisecond)))
				kill := time.AfterFunc(delay, func() { w.command.Process.Kill() })
				for w.next() {
				}
				kill.Stop()
				if err := w.command.Wait(); err == nil || w.command.ProcessState.ExitCode() != -1 {
					t.Fatalf("the writer was not killed: %v: %s", err, &w.said)
				}
				total += len(w.acked)
				wantWhole(t, d, w.acked, fmt.Sprint("round", round))
				if t.Failed() {
					return
				}
			}
			t.Logf("%d acknowledged writes, %d made", total, number(t, d, `SELECT seq FROM ledger`))
		})
	}
}

// wantWhole checks that every acknowledged write of a round is there, that every
// write is there whole, and that the numbers have no gap.
func wantWhole(t *testing.T, d *db.DB, acked []string, round string) {
	t.Helper()
	err := d.View(t.Context(), func(tx *db.Tx) error {
		names, err := db.Column(tx, `SELECT target_id FROM audit_entries WHERE target_id >= $1 AND target_id < $2`, round+"-", round+".")
		if err != nil {
			return err
		}
		there := map[string]bool{}
		for _, n := range names {
			there[n] = true
		}
		for _, n := range acked {
			if !there[n] {
				t.Errorf("the acknowledged write %s is lost", n)
			}
		}
		var things, entries, messages, changes, last, seq, revision, odd int64
		_, err = db.One(tx, []any{&things, &entries, &messages, &changes, &last, &seq, &revision, &odd}, `SELECT
			(SELECT count(*) FROM instance), (SELECT count(*) FROM audit_entries), (SELECT count(*) FROM outbox), (SELECT count(*) FROM access_changes),
			(SELECT COALESCE(max(seq), 0) FROM audit_entries), ledger.seq, ledger.revision,
			(SELECT count(*) FROM instance LEFT JOIN audit_entries ON target_id = name LEFT JOIN outbox ON user_id = name LEFT JOIN access_changes ON access_changes.id = name
				WHERE audit_entries.seq IS NULL OR outbox.id IS NULL OR access_changes.id IS NULL OR access_changes.revision <> audit_entries.seq + 1)
			FROM ledger`)
		if things != entries || things != messages || things != changes || things != last || things != seq || things != revision-1 || odd != 0 {
			t.Errorf("%d rows, %d entries (the last is %d), %d messages, %d changes; the ledger: %d, revision %d; %d are not whole",
				things, entries, last, messages, changes, seq, revision, odd)
		}
		if err != nil || !d.IsSQLite() {
			return err
		}
		var verdict string
		if _, err := db.One(tx, []any{&verdict}, `SELECT integrity_check FROM pragma_integrity_check`); err != nil || verdict != "ok" {
			t.Errorf("integrity_check: %s, %v", verdict, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestTwoProcesses: a command such as init runs while the server serves the same file.
func TestTwoProcesses(t *testing.T) {
	const each = 100
	testdb.EachAddress(t, func(t *testing.T, address string) {
		dialect := testdb.SQLite
		if strings.HasPrefix(address, "postgres") {
			dialect = testdb.Postgres
		}
		d := testdb.Open(t, dialect, testdb.Options{Address: address})
		writers := []*writer{startWriter(t, strconv.Itoa(each), address, "one"), startWriter(t, strconv.Itoa(each), address, "two")}
		for i := range each {
			name := fmt.Sprint("own-", i)
			err := d.Update(t.Context(), somebody, func(tx *db.Tx) error { tx.ChangedUser(name); return writeWhole(tx, name, true) })
			if err != nil {
				t.Error(err)
			}
		}
		for _, w := range writers {
			for w.next() {
			}
			if err := w.command.Wait(); err != nil {
				t.Errorf("%v: %s", err, &w.said)
			}
		}
		wantWhole(t, d, writers[0].acked, "one")
		wantWhole(t, d, writers[1].acked, "two")
		if n := number(t, d, `SELECT seq FROM ledger`); n != 9*each {
			t.Errorf("%d writes, want %d", n, 9*each)
		}
	})
}
