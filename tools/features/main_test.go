package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/tools/internal/testlog"
)

func TestSpeakingFor(t *testing.T) {
	for name, want := range map[string]bool{
		"TestInvite/I3_resend_kills_the_earlier_link": true,
		"TestInvite/I3":                   true,
		"TestInvite/I3,_I4_links":         true,
		"TestInvite/I3_resend/postgres":   true,
		"TestInvite/resend_after_I3":      true,
		"TestInvite/I30_something_else":   false,
		"TestInvite/AI3":                  false,
		"TestI3Resend":                    false,
		"TestInvite/resend":               false,
		"TestInvite/(I3)_in_brackets":     true,
		"TestInvite/i3_in_small_letters":  false,
		"TestInvite/U1-I3_joined_by_dash": true,
	} {
		if got := len(speakingFor("I3", []testlog.Test{{Package: "m/p", Name: name}})) > 0; got != want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestRun(t *testing.T) {
	folder := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	list := write("features.txt", "# Invitations\nI1 Invite\nI2 Expire\nI3 Resend\nI4 Withdraw\n")
	write("rest.json", `{"Action":"pass","Package":"countersign/internal/people","Test":"TestInvite/I1_sent"}
{"Action":"fail","Package":"countersign/internal/people","Test":"TestInvite/I2_late"}
{"Action":"skip","Package":"countersign/internal/people","Test":"TestInvite/I3_again"}
`)
	var got strings.Builder
	if err := run(&got, list, folder); err != nil {
		t.Fatal(err)
	}
	want := `I1   Invite
       people TestInvite/I1_sent

No passing test:
I2   Expire
I3   Resend
I4   Withdraw

1 of 4 behaviours have a passing test
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}

	t.Run("no run yet", func(t *testing.T) {
		if err := run(&got, list, t.TempDir()); err == nil || !strings.Contains(err.Error(), "make test") {
			t.Error(err)
		}
	})
	for name, content := range map[string]string{"an id twice": "I1 a\nI1 b\n", "no title": "I1\n", "no id": "invite\n"} {
		t.Run(name, func(t *testing.T) {
			if err := run(&got, write("bad.txt", content), folder); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func TestListOfTheProject(t *testing.T) {
	features, err := readList(filepath.Join("..", "..", "docs", "features.txt"))
	if err != nil {
		t.Fatal(err)
	}
	if len(features) < 100 {
		t.Errorf("only %d behaviours are listed", len(features))
	}
}
