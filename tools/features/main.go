// Command features shows which listed behaviours have a test that passes.
//
//	go run ./tools/features [-list docs/features.txt] [-events build/test]
//
// docs/features.txt has a line per behaviour, its id and a title. A test speaks for a behaviour when its name holds the
// id as a word, as in TestInvite/I3_resend_kills_the_earlier_link. The events are those of the last make test.
//
// Its one rule: only a test that passed in that run counts; a skipped one proves nothing.
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"countersign/tools/internal/testlog"
)

func main() {
	list := flag.String("list", filepath.Join("docs", "features.txt"), "the behaviours")
	events := flag.String("events", filepath.Join("build", "test"), "folder with what go test -json wrote")
	flag.Parse()
	if err := run(os.Stdout, *list, *events); err != nil {
		fmt.Fprintln(os.Stderr, "features:", err)
		os.Exit(1)
	}
}

func run(to io.Writer, list, events string) error {
	features, err := readList(list)
	if err != nil {
		return err
	}
	count, err := readEvents(events)
	if err != nil {
		return err
	}
	show(to, features, count)
	return nil
}

type feature struct{ id, title string }

var listLine = regexp.MustCompile(`^([A-Z]\d+)\s+(\S.*)$`)

// readList reads the behaviours; empty lines and those that begin with # do not count.
func readList(name string) ([]feature, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var features []feature
	seen := map[string]bool{}
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		parts := listLine.FindStringSubmatch(line)
		if parts == nil || seen[parts[1]] {
			return nil, fmt.Errorf("%s:%d: an id that is not there yet and a title expected: %q", name, n, line)
		}
		seen[parts[1]] = true
		features = append(features, feature{parts[1], parts[2]})
	}
	return features, lines.Err()
}

func readEvents(folder string) (*testlog.Count, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("no test has been run yet: run make test first")
	}
	var count testlog.Count
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		err = testlog.Read(file, count.Add)
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return &count, nil
}

// show writes the behaviours that are proven with their tests, then those that are not.
func show(to io.Writer, features []feature, count *testlog.Count) {
	passed, failed := count.Named("pass"), count.Named("fail")
	var missing []feature
	for _, f := range features {
		good, bad := speakingFor(f.id, passed), speakingFor(f.id, failed)
		if len(good) == 0 {
			missing = append(missing, f)
			continue
		}
		fmt.Fprintf(to, "%-4s %s\n", f.id, f.title)
		for _, test := range good {
			fmt.Fprintf(to, "       %s\n", test)
		}
		for _, test := range bad {
			fmt.Fprintf(to, "       FAILED %s\n", test)
		}
	}
	if len(missing) > 0 {
		fmt.Fprintln(to, "\nNo passing test:")
		for _, f := range missing {
			fmt.Fprintf(to, "%-4s %s\n", f.id, f.title)
		}
	}
	fmt.Fprintf(to, "\n%d of %d behaviours have a passing test\n", len(features)-len(missing), len(features))
}

func speakingFor(id string, tests []testlog.Test) []testlog.Test {
	word := regexp.MustCompile(`(^|[^A-Za-z0-9])` + regexp.QuoteMeta(id) + `([^A-Za-z0-9]|$)`)
	var found []testlog.Test
	for _, test := range tests {
		if word.MatchString(test.Name) {
			found = append(found, test)
		}
	}
	return found
}
