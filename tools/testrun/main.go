// Command testrun runs the project's tests and says what came of them.
//
//	go run ./tools/testrun [-out build/test] [-broken lint]
//
// The rooms in which goroutines meet run with the race detector, the rest without. The events of go test -json go to
// build/test/*.json, from which tools/features reads; the console shows a line per package and the output of what
// failed. The last line is the result: "N passed, N failed, N skipped", tests without subtests counted.
//
// Its one rule: it exits with zero only when everything passed, that which -broken names included.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"countersign/tools/internal/testlog"
)

// raced are the rooms under the race detector; the others share no memory between goroutines worth the fourfold time.
var raced = []string{"access", "db", "desk", "people", "signin", "snapshot"}

func main() {
	out := flag.String("out", filepath.Join("build", "test"), "folder for the events")
	broken := flag.String("broken", "", "what failed before the tests, such as lint")
	flag.Parse()
	passed, err := run(*out, *broken)
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
	}
	if err != nil || !passed {
		os.Exit(1)
	}
}

func run(out, broken string) (bool, error) {
	race, rest, err := packages()
	if err != nil {
		return false, err
	}
	if err := os.RemoveAll(out); err != nil {
		return false, err
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return false, err
	}
	began := time.Now()
	var count testlog.Count
	raceOK, err := group(filepath.Join(out, "race.json"), &count, race, "-race")
	if err != nil {
		return false, err
	}
	restOK, err := group(filepath.Join(out, "rest.json"), &count, rest)
	if err != nil {
		return false, err
	}
	names, tests, err := without(race)
	if err != nil {
		return false, err
	}
	withoutOK, err := group(filepath.Join(out, "without.json"), &count, names, "-run", "^("+strings.Join(tests, "|")+")$")
	if err != nil {
		return false, err
	}
	summary := report(os.Stdout, &count, broken, time.Since(began))
	if err := os.WriteFile(filepath.Join(out, "summary.txt"), []byte(summary+"\n"), 0o644); err != nil {
		return false, err
	}
	_, failed, _ := count.Totals()
	return raceOK && restOK && withoutOK && failed == 0 && broken == "", nil
}

// packages lists those of the module that have tests, in two groups.
func packages() (race, rest []string, err error) {
	list := exec.Command("go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}", "./...")
	list.Stderr = os.Stderr
	output, err := list.Output()
	if err != nil {
		return nil, nil, fmt.Errorf("list packages: %w", err)
	}
	for name := range strings.FieldsSeq(string(output)) {
		if isIn(raced, name) {
			race = append(race, name)
		} else {
			rest = append(rest, name)
		}
	}
	return race, rest, nil
}

var testFunc = regexp.MustCompile(`(?m)^func (Test\w+)\(`)

// unraced names the tests of a raced room that the race detector does not see:
// those without goroutines, too long for it, in files with the build constraint !race.
func unraced(name string) (tests []string, err error) {
	files := func(flags ...string) ([]string, error) {
		list := exec.Command("go", slices.Concat([]string{"list"}, flags, []string{"-f", `{{$d := .Dir}}{{range .TestGoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}{{range .XTestGoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}`, name})...)
		list.Stderr = os.Stderr
		out, err := list.Output()
		return strings.Fields(string(out)), err
	}
	seen, err := files("-race")
	if err != nil {
		return nil, fmt.Errorf("list the files of %s: %w", name, err)
	}
	all, err := files()
	if err != nil {
		return nil, fmt.Errorf("list the files of %s: %w", name, err)
	}
	for _, file := range all {
		if slices.Contains(seen, file) {
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		for _, match := range testFunc.FindAllSubmatch(source, -1) {
			tests = append(tests, string(match[1]))
		}
	}
	return tests, nil
}

// without are the raced rooms that have such tests, and these.
func without(race []string) (names, tests []string, err error) {
	for _, name := range race {
		list, err := unraced(name)
		if err != nil {
			return nil, nil, err
		}
		if len(list) > 0 {
			names, tests = append(names, name), append(tests, list...)
		}
	}
	return names, tests, nil
}

func isIn(rooms []string, name string) bool {
	_, room, found := strings.Cut(name, "/internal/")
	return found && slices.Contains(rooms, room)
}

// group runs one go test and keeps its events in a file; false when it exits with anything but zero.
func group(file string, count *testlog.Count, names []string, flags ...string) (bool, error) {
	if len(names) == 0 {
		return true, nil
	}
	// -vet=off: make lint has looked already. -count=1: the databases and the browser are not part of the cache's key.
	arguments := slices.Concat([]string{"test", "-json", "-vet=off", "-count=1", "-p", "2", "-timeout", "12m"}, flags, names)
	command := exec.Command("go", arguments...)
	pipe, err := command.StdoutPipe()
	if err != nil {
		return false, err
	}
	command.Stderr = os.Stderr
	keep, err := os.Create(file)
	if err != nil {
		return false, err
	}
	defer keep.Close()
	if err := command.Start(); err != nil {
		return false, err
	}
	screen := console{to: os.Stdout, said: map[testlog.Test][]string{}}
	err = testlog.Read(io.TeeReader(pipe, keep), func(e testlog.Event) {
		count.Add(e)
		screen.show(e)
	})
	status := command.Wait()
	var exit *exec.ExitError
	if status != nil && !errors.As(status, &exit) {
		return false, status
	}
	return status == nil, errors.Join(err, keep.Close())
}
