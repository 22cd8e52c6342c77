package testlog_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/tools/internal/testlog"
)

func TestTotals(t *testing.T) {
	for name, test := range map[string]struct{ events, want string }{
		"nothing":                     {``, "0 0 0"},
		"one passes":                  {`run A · pass A · pass`, "1 0 0"},
		"subtests count, parents not": {`run A · run A/x · run A/y · pass A/x · skip A/y · pass A · pass`, "1 0 1"},
		"a parent that only inherits": {`run A · run A/x · fail A/x · fail A · fail`, "0 1 0"},
		"a parent that fails itself":  {`run A · run A/x · pass A/x · fail A · fail`, "1 1 0"},
		"never ended":                 {`run A · run A/x · fail`, "0 1 0"},
		"package fails by itself":     {`run A · pass A · fail`, "1 1 0"},
		"package without an end":      {`start`, "0 1 0"},
		"package without tests":       {`start · skip`, "0 0 0"},
		"does not build":              {`build-fail`, "0 1 0"},
		"a line that is no event":     {`run A · ! · pass A · pass`, "1 0 0"},
	} {
		t.Run(name, func(t *testing.T) {
			var count testlog.Count
			if err := testlog.Read(strings.NewReader(events(test.events)), count.Add); err != nil {
				t.Fatal(err)
			}
			passed, failed, skipped := count.Totals()
			if diff := cmp.Diff(test.want, fmt.Sprint(passed, failed, skipped)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// events writes the short form above as go test -json does.
func events(short string) string {
	var lines strings.Builder
	for step := range strings.SplitSeq(short, " · ") {
		action, test, _ := strings.Cut(step, " ")
		switch action {
		case "":
		case "!":
			lines.WriteString("panic: not JSON\n")
		case "build-fail":
			lines.WriteString(`{"ImportPath":"m/p","Action":"build-fail"}` + "\n")
		default:
			fmt.Fprintf(&lines, `{"Action":%q,"Package":"m/p","Test":%q}`+"\n", action, test)
		}
	}
	return lines.String()
}
