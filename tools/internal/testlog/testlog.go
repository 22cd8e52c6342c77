// Package testlog reads what go test -json writes and counts it.
//
// Its one rule: nothing that failed is lost. A test that began and never ended, a package that did not build and one
// that ended badly without a failing test each count as one failure.
package testlog

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// Event is one line of go test -json (see go doc test2json), or one about a build.
type Event struct {
	Action      string
	Package     string
	ImportPath  string // of build events
	Test        string
	Output      string
	Elapsed     float64 // seconds
	FailedBuild string
}

// Read calls each for every event, in order. Lines that are no JSON, which a panicking test can cause, become output.
func Read(from io.Reader, each func(Event)) error {
	reader := bufio.NewReader(from)
	for {
		line, err := reader.ReadString('\n')
		if line != "" {
			var event Event
			if json.Unmarshal([]byte(line), &event) != nil {
				event = Event{Action: "output", Output: line}
			}
			each(event)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read test events: %w", err)
		}
	}
}

// Test names a test of a package; Name is empty for what befell the package as a whole.
type Test struct{ Package, Name string }

// String is the name as people and features.md know it: the package without the module, and the test.
func (t Test) String() string {
	_, short, found := strings.Cut(t.Package, "/")
	if !found {
		short = t.Package
	}
	return strings.TrimSpace(strings.TrimPrefix(short, "internal/") + " " + t.Name)
}

// Outcome is pass, fail, skip, or run for a test that has not ended.
type Outcome string

// Count gathers events. Its zero value is ready.
type Count struct {
	outcomes map[Test]Outcome
	packages map[string]Outcome
	elapsed  map[string]time.Duration
}

// Add takes one event in.
func (c *Count) Add(e Event) {
	if c.outcomes == nil {
		c.outcomes, c.packages, c.elapsed = map[Test]Outcome{}, map[string]Outcome{}, map[string]time.Duration{}
	}
	switch e.Action {
	case "start":
		c.packages[e.Package] = "run"
	case "run", "pass", "fail", "skip":
		if e.Test != "" {
			c.outcomes[Test{e.Package, e.Test}] = Outcome(e.Action)
		} else if e.Package != "" {
			c.packages[e.Package] = Outcome(e.Action)
			c.elapsed[e.Package] = time.Duration(e.Elapsed * float64(time.Second))
		}
	case "build-fail":
		c.outcomes[Test{Package: e.ImportPath}] = "fail"
	}
}

// Leaves are the tests without subtests, and the parents that failed by themselves, each with pass, fail or skip.
func (c *Count) Leaves() map[Test]Outcome {
	leaves := maps.Clone(c.outcomes)
	if leaves == nil {
		leaves = map[Test]Outcome{}
	}
	failedBelow, below := map[Test]bool{}, map[Test]bool{}
	broken := map[string]bool{}
	for test, outcome := range c.outcomes {
		bad := outcome == "fail" || outcome == "run"
		broken[test.Package] = broken[test.Package] || bad
		for name := test.Name; ; {
			i := strings.LastIndexByte(name, '/')
			if i < 0 {
				break
			}
			name = name[:i]
			parent := Test{test.Package, name}
			below[parent] = true
			failedBelow[parent] = failedBelow[parent] || bad
		}
	}
	for test, outcome := range c.outcomes {
		if outcome == "run" {
			leaves[test] = "fail"
		}
		if below[test] && (outcome == "pass" || outcome == "skip" || failedBelow[test]) {
			delete(leaves, test)
		}
	}
	for name, outcome := range c.packages {
		if (outcome == "fail" || outcome == "run") && !broken[name] {
			leaves[Test{Package: name}] = "fail"
		}
	}
	return leaves
}

// Totals counts the leaves.
func (c *Count) Totals() (passed, failed, skipped int) {
	for _, outcome := range c.Leaves() {
		switch outcome {
		case "pass":
			passed++
		case "fail":
			failed++
		case "skip":
			skipped++
		}
	}
	return passed, failed, skipped
}

// Named returns the leaves with the outcome, sorted by name.
func (c *Count) Named(outcome Outcome) []Test {
	var tests []Test
	for test, o := range c.Leaves() {
		if o == outcome {
			tests = append(tests, test)
		}
	}
	slices.SortFunc(tests, func(a, b Test) int { return strings.Compare(a.String(), b.String()) })
	return tests
}

// Took is what a package needed, in wall time.
type Took struct {
	Package string
	Time    time.Duration
}

// Slowest returns the packages that needed most, at most n.
func (c *Count) Slowest(n int) []Took {
	var all []Took
	for name, d := range c.elapsed {
		all = append(all, Took{name, d})
	}
	slices.SortFunc(all, func(a, b Took) int { return int(b.Time - a.Time) })
	return all[:min(n, len(all))]
}
