package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/tools/internal/testlog"
)

func TestIsRaced(t *testing.T) {
	for name, want := range map[string]bool{
		"countersign/internal/db":           true,
		"countersign/internal/snapshot":     true,
		"countersign/internal/portal":       false,
		"countersign/internal/test/testdb":  false,
		"countersign/tools/testrun":         false,
		"countersign/internal/db/something": false,
	} {
		if got := isIn(raced, name); got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestUnraced(t *testing.T) {
	for name, test := range map[string]string{"countersign/internal/snapshot": "TestStepsMakeTheWhole", "countersign/internal/people": "TestListProperty"} {
		got, err := unraced(name)
		if err != nil || !slices.Contains(got, test) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	if got, err := unraced("countersign/internal/seal"); err != nil || len(got) != 0 {
		t.Errorf("%v %v", got, err)
	}
	names, tests, err := without([]string{"countersign/internal/snapshot", "countersign/internal/seal"})
	if err != nil || !slices.Equal(names, []string{"countersign/internal/snapshot"}) || len(tests) == 0 {
		t.Errorf("%v %v %v", names, tests, err)
	}
}

func TestConsole(t *testing.T) {
	said := testlog.Event{Action: "output", Package: "m/internal/p", Test: "TestA", Output: "    a_test.go:3: wrong\n"}
	for name, test := range map[string]struct {
		events []testlog.Event
		want   string
	}{
		"a failure is told in full": {
			[]testlog.Event{said, {Action: "fail", Package: "m/internal/p", Test: "TestA"}, {Action: "fail", Package: "m/internal/p", Elapsed: 1.24}},
			"--- FAIL p TestA\n    a_test.go:3: wrong\nFAIL    1.2s  p\n",
		},
		"a success is told in a line": {
			[]testlog.Event{said, {Action: "pass", Package: "m/internal/p", Test: "TestA"}, {Action: "pass", Package: "m/internal/p"}},
			"ok        0s  p\n",
		},
		"a process that ends badly tells what its tests said": {
			[]testlog.Event{said, {Action: "fail", Package: "m/internal/p"}},
			"    a_test.go:3: wrong\nFAIL      0s  p\n",
		},
		"what the compiler says": {
			[]testlog.Event{{Action: "build-output", ImportPath: "m/internal/p", Output: "a.go:1: no\n"}},
			"a.go:1: no\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			screen := console{to: &got, said: map[testlog.Test][]string{}}
			for _, e := range test.events {
				screen.show(e)
			}
			if diff := cmp.Diff(test.want, got.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReportEndsWithTheResult(t *testing.T) {
	var count testlog.Count
	count.Add(testlog.Event{Action: "pass", Package: "m/p", Test: "TestA"})
	count.Add(testlog.Event{Action: "skip", Package: "m/p", Test: "TestB"})
	var got strings.Builder
	if last := report(&got, &count, "lint", time.Second); !strings.HasSuffix(got.String(), "\nFailed before the tests: lint\n"+last+"\n") || last != "1 passed, 0 failed, 1 skipped" {
		t.Error(got.String())
	}
}
