package notify_test

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/notify"
	"countersign/internal/test/testdb"
)

// spooled sends a message into a folder and gives the file's content, or what became of it instead.
func spooled(t *testing.T, m db.Message) (eml string, f fate) {
	t.Helper()
	folder := t.TempDir()
	s, err := notify.NewSpool(folder)
	if err != nil {
		t.Fatal(err)
	}
	d := testdb.Open(t, testdb.SQLite, testdb.Options{Clock: testdb.NewClock(start)})
	queue(t, d, m)
	n, _ := notifier(t, d, s)
	drain(t, n)
	for _, file := range emls(t, folder) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		eml += string(text)
	}
	return eml, only(t, d)
}

func emls(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.eml"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// headers are all that a mail of ours has, sorted.
var headers = []string{"Auto-Submitted", "Content-Language", "Content-Type", "Date", "From", "Message-Id", "Mime-Version", "Subject", "To"}

func TestHostileNames(t *testing.T) {
	long := strings.Repeat("é", 5000)
	for _, c := range []struct{ name, typed, shown string }{
		{"plain", "Ada Lovelace", "Ada Lovelace"},
		{"quotes and brackets", `Ada "The <Countess>" \ O'B, x@y.example`, `Ada "The <Countess>" \ O'B, x@y.example`},
		{"a header behind CR LF", "Ada\r\nBcc: eve@example.net\r\n\r\nHello", "Ada Bcc: eve@example.net Hello"},
		{"a header behind LF", "Ada\nBcc: eve@example.net", "Ada Bcc: eve@example.net"},
		{"a header behind other line ends", "Ada\u2028Bcc: a\u0085Cc: b\vX: c\x00d", "Ada Bcc: a Cc: b X: c d"},
		{"an encoded word", "=?utf-8?q?Ada=0D=0ABcc:_eve?=", "= ?utf-8?q?Ada=0D=0ABcc:_eve?="},
		{"another address", "ada@example.org>, <eve@example.net", "ada@example.org>, <eve@example.net"},
		{"overrides that turn the text", "Ada\u202egnp.exe\u202c \u2066x\u2069\u200f", "Adagnp.exe x"},
		{"right to left", "עדה לאבלייס", "\u2068עדה לאבלייס\u2069"},
		{"emoji", "Ada 👩🏽\u200d🚀", "Ada 👩🏽\u200d🚀"},
		{"an address to click", "Win at https://evil.example/x", "Win at https: evil.example/x"},
		{"markup", `<script>alert(1)</script><a href="x">`, `<script>alert(1)</script><a href="x">`},
		{"template", `{{.Link}} {inviter} {account}`, `{{.Link}} {inviter} {account}`},
		{"not UTF-8", "Ada\xff\xfe", "Ada\ufffd\ufffd"},
		{"very long", long, long[:240] + "…"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := message("invitation", lang.English, map[string]string{"account": c.typed, "inviter": c.typed})
			m.Name = c.typed
			eml, f := spooled(t, m)
			if f.State != "sent" {
				t.Fatalf("%+v", f)
			}
			for i, line := range strings.Split(eml, "\r\n") {
				if strings.ContainsAny(line, "\r\n\x00") || len(line) > 998 {
					t.Fatalf("line %d breaks RFC 5322, 2.1.1: %.80q", i, line)
				}
			}
			got := read(t, eml)
			if diff := cmp.Diff(headers, got.names); diff != "" {
				t.Errorf("headers: %s", diff)
			}
			if strings.TrimSpace(got.to.Name) != strings.Trim(c.shown, "\u2068\u2069") || got.to.Address != "ada@example.org" {
				t.Errorf("To is %q <%s>, want %q", got.to.Name, got.to.Address, c.shown)
			}
			if want := c.shown + " invites you to " + c.shown; got.subject != want {
				t.Errorf("subject %q\nwant    %q", got.subject, want)
			}
			if !strings.Contains(got.text, "Hello "+c.shown+",\n") || !strings.Contains(got.text, "Account: "+c.shown+" (") {
				t.Errorf("%s", got.text)
			}
			if diff := cmp.Diff(wordsOfText(got.text), wordsOfHTML(t, got.html)); diff != "" {
				t.Errorf("text and HTML differ: %s", diff)
			}
			if links := addresses(got.text); len(links) != 1 || links[0] != origin+"/activate/"+token {
				t.Errorf("addresses to click: %v", links)
			}
		})
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ name, typed, sent string }{ // sent "": given up
		{"plain", "ada+x@example.org", "ada+x@example.org"},
		{"a domain in letters of its own", "ada@bücher.example", "ada@xn--bcher-kva.example"},
		{"a local part in letters of its own", "zoë@example.org", "zoë@example.org"},
		{"none", "", ""},
		{"no domain", "ada", ""},
		{"two", "ada@example.org, eve@example.net", ""},
		{"two at signs", "ada@eve@example.net", ""},
		{"a name", "Ada <ada@example.org>", ""},
		{"a header", "ada@example.org\r\nBcc: eve@example.net", ""},
		{"an SMTP command", "ada@example.org>\r\nRCPT TO:<eve@example.net", ""},
		{"an end of line", "ada@example.org\n", ""},
		{"a space", "ada @example.org", ""},
		{"quoted", `"ada lovelace"@example.org`, ""},
		{"a comment", "ada(x)@example.org", ""},
		{"a domain that is none", "ada@-.example", ""},
		{"NUL", "ada\x00@example.org", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := message("invitation", lang.English, nil)
			m.To = c.typed
			eml, f := spooled(t, m)
			if c.sent == "" {
				if eml != "" || f.State != "failed" || !f.Erased || !strings.Contains(f.Problem, "address") {
					t.Errorf("%+v\n%s", f, eml)
				}
				return
			}
			if f.State != "sent" {
				t.Fatalf("%+v", f)
			}
			if got := read(t, eml); got.to.Address != c.sent {
				t.Errorf("sent to %s", got.to.Address)
			}
		})
	}
}

func TestSpool(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "mails")
	s, err := notify.NewSpool(folder)
	if err != nil {
		t.Fatal(err)
	}
	clock := testdb.NewClock(start)
	d := testdb.Open(t, testdb.SQLite, testdb.Options{Clock: clock})
	n, _ := notifier(t, d, s)
	for _, kind := range []string{"invitation", "factor_reset", "password_changed"} {
		queue(t, d, message(kind, lang.French, nil))
		drain(t, n)
		clock.Advance(1e9)
	}
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	name := regexp.MustCompile(`^(2026\d{4}T\d{6}\.\d{6}Z)-msg_[0-9a-z]{26}\.eml$`)
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s is open to others: %s", e.Name(), info.Mode())
		}
		if parts := name.FindStringSubmatch(e.Name()); parts != nil {
			got = append(got, parts[1])
		} else {
			t.Errorf("left behind or misnamed: %s", e.Name())
		}
	}
	if diff := cmp.Diff([]string{"20260304T150405.000000Z", "20260304T150406.000000Z", "20260304T150407.000000Z"}, got); diff != "" {
		t.Error(diff)
	}
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Error("the folder is open to others", err)
	}
	text, err := os.ReadFile(emls(t, folder)[0])
	if err != nil {
		t.Fatal(err)
	}
	m := read(t, string(text))
	if m.header.Get("Auto-Submitted") != "auto-generated" || m.header.Get("Content-Language") != "fr" || m.header.Get("Date") != "Wed, 04 Mar 2026 15:04:05 +0000" ||
		m.header.Get("From") != `"Countersign" <no-reply@desk.example.com>` {
		t.Error(m.header)
	}
}

type parsed struct {
	header     mail.Header
	names      []string
	to         mail.Address
	subject    string
	text, html string
}

// read takes a mail apart as a mail program does.
func read(t *testing.T, eml string) parsed {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(eml))
	if err != nil {
		t.Fatal(err)
	}
	p := parsed{header: m.Header}
	for name, values := range m.Header {
		p.names = append(p.names, name)
		if len(values) != 1 {
			t.Errorf("%s stands there %d times", name, len(values))
		}
	}
	slices.Sort(p.names)
	to, err := m.Header.AddressList("To")
	if err != nil || len(to) != 1 {
		t.Fatalf("To: %v, %v", to, err)
	}
	p.to = *to[0]
	if p.subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	kind, parameters, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatal(kind, err)
	}
	parts := multipart.NewReader(m.Body, parameters["boundary"])
	for _, want := range []struct {
		kind string
		into *string
	}{{"text/plain", &p.text}, {"text/html", &p.html}} {
		part, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if got := part.Header.Get("Content-Type"); got != want.kind+"; charset=UTF-8" {
			t.Errorf("part is %s, want %s", got, want.kind)
		}
		content, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		*want.into = strings.ReplaceAll(string(content), "\r\n", "\n")
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Error(fmt.Sprint("more than two parts: ", err))
	}
	return p
}
