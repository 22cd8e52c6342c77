package notify_test

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"countersign/internal/lang"
	"countersign/internal/notify"
)

var update = flag.Bool("update", false, "write the golden mails anew")

func TestMails(t *testing.T) {
	for _, kind := range notify.Kinds() {
		for _, tag := range lang.All() {
			t.Run(kind+" "+string(tag), func(t *testing.T) {
				m := rendered(t, message(kind, tag, nil))
				golden(t, kind+"."+string(tag)+".txt", "Subject: "+m.Subject+"\n\n"+m.Text)
				golden(t, kind+"."+string(tag)+".html", m.HTML)
				if diff := cmp.Diff(wordsOfText(m.Text), wordsOfHTML(t, m.HTML)); diff != "" {
					t.Errorf("text and HTML differ:\n%s", diff)
				}
				if m.Lang != tag || !m.Date.Equal(start) || m.To.String() != `"Ada Lovelace" <ada@example.org>` {
					t.Errorf("%s, %s, %s", m.Lang, m.Date, m.To.String())
				}
				for _, broken := range []string{"[mail", "{", "}", "<no value>", "ZgotmplZ"} {
					if strings.Contains(m.Subject+m.Text, broken) {
						t.Errorf("%q in the mail:\n%s", broken, m.Text)
					}
				}
				if got := addresses(m.Text); len(got) != 1 || !strings.HasPrefix(got[0], origin+"/") {
					t.Errorf("addresses in the mail: %v; want one, of the public URL", got)
				}
			})
		}
	}
}

func TestInvitationLink(t *testing.T) {
	for _, kind := range []string{"invitation", "invitation_linked"} {
		m := rendered(t, message(kind, lang.English, nil))
		if want := origin + "/activate/" + token; !strings.Contains(m.Text, "\n"+want+"\n") || !strings.Contains(m.HTML, `href="`+want+`"`) {
			t.Errorf("%s: no %s in\n%s", kind, want, m.Text)
		}
		if !strings.Contains(m.Text, "7 Mar 2026, 15:04 UTC") {
			t.Errorf("%s: the expiry is not said in UTC:\n%s", kind, m.Text)
		}
	}
}

func TestWithoutNames(t *testing.T) {
	m := message("invitation", lang.English, map[string]string{"inviter": "", "customer_id": "", "roles": ""})
	m.Name = ""
	m.Lang = "xx" // from a release that had more languages
	got := rendered(t, m)
	for _, want := range []string{"Hello,\n", "An administrator of Chez Léa & Fils has given you access", "Account: Chez Léa & Fils\n"} {
		if !strings.Contains(got.Text, want) {
			t.Errorf("no %q in\n%s", want, got.Text)
		}
	}
	if got.To.String() != "<ada@example.org>" {
		t.Error(got.To.String())
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (go test -update writes it anew):\n%s", file, diff)
	}
}

var (
	stepNumber = regexp.MustCompile(`(?m)^\d\. `)
	address    = regexp.MustCompile(`https?://\S+`)
)

func addresses(text string) []string { return address.FindAllString(text, -1) }

func wordsOfText(text string) []string {
	return strings.Fields(strings.Replace(stepNumber.ReplaceAllString(text, ""), "\n-- \n", "\n", 1))
}

func wordsOfHTML(t *testing.T, text string) []string {
	t.Helper()
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	var walk func(*html.Node)
	walk = func(n *html.Node) {
		switch {
		case n.Type == html.ElementNode && n.Data == "head":
			return
		case n.Type == html.TextNode:
			b.WriteString(n.Data + " ")
		}
		for c := range n.ChildNodes() {
			walk(c)
		}
	}
	walk(root)
	return strings.Fields(b.String())
}
