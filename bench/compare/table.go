package compare

import (
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"time"
)

func heading() string {
	return fmt.Sprintf(`# Countersign beside its peers

%s, %d processors, one of them asking; processor time. The same questions for all of a world, half of them allowed; every answer is checked.

`, runtime.Version(), runtime.NumCPU())
}

func (r result) print(w io.Writer) {
	fmt.Fprintf(w, "## %s users, %s entities, %s accounts with %s roles\n\n", grouped(r.users), grouped(r.entities), grouped(r.accounts), grouped(r.roles))
	cells := [][]string{{"who", "rules", "ns a check", "× the floor", "allocations", "bytes a user", "built in"}}
	for _, x := range r.rows {
		cells = append(cells, []string{x.name, x.about, short(x.ns), short(x.ratio), fmt.Sprintf("%.0f", x.allocs), grouped(int(x.bytes)), brief(x.built)})
	}
	for _, name := range r.left {
		cells = append(cells, []string{name, "not asked", "", "", "", "", ""})
	}
	grid(w, cells)
	s := r.snapshot
	fmt.Fprintf(w, "\nOur snapshot: built in %s; %s bytes a user in all, %s of them for the user, the rest for entities, accounts and roles; one user changed in %s.\n\n",
		brief(s.build), grouped(int(s.whole/float64(r.users))), grouped(int(s.per)), brief(s.change))
}

// grid prints cells as Markdown that is also straight to the eye: the first column left, the others right.
func grid(w io.Writer, cells [][]string) {
	widths := make([]int, len(cells[0]))
	for _, line := range cells {
		for i, c := range line {
			widths[i] = max(widths[i], len([]rune(c)))
		}
	}
	for n, line := range cells {
		for i, c := range line {
			pad := strings.Repeat(" ", widths[i]-len([]rune(c)))
			if i == 0 {
				fmt.Fprint(w, "| "+c+pad)
			} else {
				fmt.Fprint(w, " | "+pad+c)
			}
		}
		fmt.Fprintln(w, " |")
		if n > 0 {
			continue
		}
		fmt.Fprint(w, "| "+strings.Repeat("-", widths[0]))
		for _, width := range widths[1:] {
			fmt.Fprint(w, " | "+strings.Repeat("-", width-1)+":")
		}
		fmt.Fprintln(w, " |")
	}
}

// short gives small numbers a digit behind the point.
func short(v float64) string {
	if v < 10 {
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return grouped(int(v + 0.5))
}

// brief is a time in two or three digits.
func brief(d time.Duration) string {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit).String()
}

// grouped writes 1000000 as 1,000,000.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
