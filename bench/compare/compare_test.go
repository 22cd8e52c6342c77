package compare

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
)

// TestEqual asks everybody about a small world, and compares each answer with the rules'.
func TestEqual(t *testing.T) {
	for _, p := range Peers() {
		t.Run(p.Names[0], func(t *testing.T) {
			if err := p.Check(1_000); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestQuestions holds that the questions show something: half are allowed, and
// each reason for a deny occurs that a question about a whole world can meet.
func TestQuestions(t *testing.T) {
	w, err := makeWorld(1_000)
	if err != nil {
		t.Fatal(err)
	}
	s, err := access.Build(w)
	if err != nil {
		t.Fatal(err)
	}
	a := newAsker(w)
	plain, seven := a.plainly(checked), a.fully(checked)
	for name, list := range map[string][]Question{"plain": plain, "seven": seven} {
		allowed := 0
		for i := range list {
			if list[i].allowed {
				allowed++
			}
		}
		if 2*allowed != len(list) {
			t.Errorf("%s: %d of %d are allowed", name, allowed, len(list))
		}
	}
	if got := reasons(s, plain); got != access.NoGrant|access.OutOfScope {
		t.Errorf("rule 2 alone: %v", got.Codes())
	}
	want := access.InactiveUser | access.InactiveMembership | access.InactiveAccount | access.Cut | access.NoGrant | access.OutOfScope | access.NotYet | access.Expired |
		access.LocationMissing | access.LocationForeign | access.UnknownLocation | access.MinLevel | access.DirectPayment | access.OwnAccount |
		access.NeedsTwoFactor | access.NotFresh | access.IPDenied | access.IPUnknown |
		access.ConditionOwn | access.ConditionAmount | access.ConditionCurrency | access.ConditionState
	if got := reasons(s, seven); got != want {
		t.Errorf("all seven rules: missing %v, unexpected %v", (want &^ got).Codes(), (got &^ want).Codes())
	}
}

func reasons(s *access.Snapshot, list []Question) (out access.Reasons) {
	for i := range list {
		out |= access.Decide(s, list[i].access("", list[i].permission)).Reasons
	}
	return out
}

// TestSameWorld holds that a number of users names one world.
func TestSameWorld(t *testing.T) {
	one, err := makeWorld(smallest)
	if err != nil {
		t.Fatal(err)
	}
	other, err := makeWorld(smallest)
	if err != nil {
		t.Fatal(err)
	}
	compare := cmp.Comparer(func(a, b access.User) bool {
		return cmp.Equal(a.Memberships[0].Assignments, b.Memberships[0].Assignments) && a.ID == b.ID
	})
	if d := cmp.Diff(one, other, compare); d != "" {
		t.Error(d)
	}
}

// TestWrongAnswer holds that whoever answers wrongly is not timed, and that a
// wrong answer while the clock runs is found as well.
func TestWrongAnswer(t *testing.T) {
	w, err := makeWorld(smallest)
	if err != nil {
		t.Fatal(err)
	}
	list := newAsker(w).plainly(checked)
	yes := contestant{row: row{name: "yes to all"}, list: list, ask: func(*Question) bool { return true }}
	if err := yes.right(checked); err == nil {
		t.Error("yes to all passes for right")
	}
	m := measuring{rounds: 1, turn: time.Millisecond}
	if err := m.ask([]*contestant{&yes}); err == nil || !strings.Contains(err.Error(), "yes to all") {
		t.Errorf("while the clock runs: %v", err)
	}
}

// TestTable runs the whole command, shortly.
func TestTable(t *testing.T) {
	var out bytes.Buffer
	m := measuring{peers: Peers(), rounds: 1, turn: time.Millisecond, questions: checked}
	if err := m.run(&out, io.Discard, "1000"); err != nil {
		t.Fatal(err)
	}
	for _, p := range Peers() {
		for _, name := range p.Names {
			if !strings.Contains(out.String(), "\n| "+name) {
				t.Errorf("no row for %s in\n%s", name, out.String())
			}
		}
	}
}
