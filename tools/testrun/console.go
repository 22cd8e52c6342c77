package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"countersign/tools/internal/testlog"
)

// console shows a run while it goes: the output of what fails, as soon as it has failed, and a line per package.
type console struct {
	to   io.Writer
	said map[testlog.Test][]string
}

func (c *console) show(e testlog.Event) {
	test := testlog.Test{Package: e.Package, Name: e.Test}
	switch {
	case e.Action == "build-output", e.Action == "output" && e.Package == "":
		fmt.Fprint(c.to, e.Output)
	case e.Action == "output":
		if !noise(e.Output) {
			c.said[test] = append(c.said[test], e.Output)
		}
	case e.Action == "fail" && e.Test != "":
		fmt.Fprintf(c.to, "--- FAIL %s\n%s", test, strings.Join(c.said[test], ""))
		delete(c.said, test)
	case (e.Action == "pass" || e.Action == "skip") && e.Test != "":
		delete(c.said, test)
	case e.Action == "pass":
		c.line("ok", e)
		c.forget(e.Package)
	case e.Action == "fail":
		// What a test said before the process ended badly is told by nobody else.
		for other, lines := range c.said {
			if other.Package == e.Package {
				fmt.Fprint(c.to, strings.Join(lines, ""))
			}
		}
		c.line("FAIL", e)
		c.forget(e.Package)
	}
}

func (c *console) line(word string, e testlog.Event) {
	elapsed := time.Duration(e.Elapsed * float64(time.Second))
	fmt.Fprintf(c.to, "%-4s  %6s  %s\n", word, elapsed.Round(100*time.Millisecond), testlog.Test{Package: e.Package})
}

func (c *console) forget(name string) {
	for test := range c.said {
		if test.Package == name {
			delete(c.said, test)
		}
	}
}

// noise is what go test says about every test, and what the line per package repeats.
func noise(output string) bool {
	text := strings.TrimSpace(output)
	for _, prefix := range []string{"=== ", "--- PASS", "--- FAIL", "PASS", "FAIL\t", "ok  \t"} {
		if strings.HasPrefix(text, prefix) {
			return true
		}
	}
	return text == "FAIL"
}

// report writes the end of a run and returns its last line.
func report(to io.Writer, count *testlog.Count, broken string, took time.Duration) string {
	if skipped := count.Named("skip"); len(skipped) > 0 {
		fmt.Fprintln(to, "\nSkipped:")
		for _, test := range skipped {
			fmt.Fprintln(to, " ", test)
		}
	}
	if failed := count.Named("fail"); len(failed) > 0 {
		fmt.Fprintln(to, "\nFailed:")
		for _, test := range failed {
			fmt.Fprintln(to, " ", test)
		}
	}
	fmt.Fprintln(to, "\nSlowest packages:")
	for _, p := range count.Slowest(5) {
		fmt.Fprintf(to, "  %6s  %s\n", p.Time.Round(100*time.Millisecond), testlog.Test{Package: p.Package})
	}
	fmt.Fprintf(to, "\n%s in all\n", took.Round(time.Second))
	if broken != "" {
		fmt.Fprintf(to, "Failed before the tests: %s\n", broken)
	}
	passed, failed, skipped := count.Totals()
	summary := fmt.Sprintf("%d passed, %d failed, %d skipped", passed, failed, skipped)
	fmt.Fprintln(to, summary)
	return summary
}
