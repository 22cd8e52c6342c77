package notify_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/notify"
	"countersign/internal/test/testdb"
)

// returns is a Maildir that is watched, and a message that was sent.
type returns struct {
	t      *testing.T
	d      *db.DB
	folder string
	id     string
	log    *logged
	look   func() error
}

func newReturns(t *testing.T, d *db.DB) *returns {
	t.Helper()
	r := &returns{t: t, d: d, folder: filepath.Join(t.TempDir(), "bounces"), log: &logged{}}
	b, err := notify.NewBounces(d, r.folder, sender, slog.New(slog.NewTextHandler(r.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	r.look = func() error { return b.Look(t.Context()) }
	return r
}

// send sends a message, so that it can come back.
func (r *returns) send() *returns {
	r.t.Helper()
	queue(r.t, r.d, message("invitation", lang.English, nil))
	got, err := r.d.Lease(r.t.Context(), 1, 1)
	if err != nil || len(got) != 1 {
		r.t.Fatal(got, err)
	}
	r.id = got[0].ID
	if err := r.d.Sent(r.t.Context(), r.id); err != nil {
		r.t.Fatal(err)
	}
	return r
}

// deliver puts a mail into the folder as a mail server does, MESSAGE in it being the message's id.
func (r *returns) deliver(name, text string) {
	r.t.Helper()
	text = strings.ReplaceAll(text, "MESSAGE", r.id)
	if err := os.WriteFile(filepath.Join(r.folder, "new", name), []byte(text), 0o600); err != nil {
		r.t.Fatal(err)
	}
}

// became looks, and tells what is known of the message.
func (r *returns) became() string {
	r.t.Helper()
	if err := r.look(); err != nil {
		r.t.Fatal(err)
	}
	for _, f := range fates(r.t, r.d) {
		if f.ID == r.id {
			return strings.TrimSpace(f.State + " " + f.Reason)
		}
	}
	return "gone"
}

// files are the files of the folder, by where they are.
func (r *returns) files() (out []string) {
	for _, sub := range []string{"new", "cur", "aside"} {
		list, err := os.ReadDir(filepath.Join(r.folder, sub))
		if err != nil {
			r.t.Fatal(err)
		}
		for _, f := range list {
			out = append(out, sub+"/"+f.Name())
		}
	}
	return out
}

func TestBounces(t *testing.T) {
	sample := func(name string) string {
		text, err := os.ReadFile(filepath.Join("testdata", "bounces", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	postfix := sample("postfix.eml")
	another := "msg_" + strings.Repeat("0", 26)
	for _, c := range []struct{ name, text, want, at string }{
		{"Postfix, with the whole mail", postfix, "bounced 5.1.1", "cur"},
		{"Exim, with the head of the mail", strings.ReplaceAll(sample("exim.eml"), "\n", "\r\n"), "bounced 5.2.2", "cur"},
		{"Exchange, encoded and by its answer alone", sample("exchange.eml"), "bounced 5.7.1", "cur"},
		{"the status as the whole mail", sample("alone.eml"), "bounced 4.4.7", "cur"},
		{"no status that is one", sample("no-status.eml"), "bounced 5.0.0", "cur"},
		{"delayed, which is nothing yet", sample("delayed.eml"), "sent", "cur"},
		{"relayed", strings.Replace(postfix, "Action: failed", "Action: relayed", 1), "sent", "cur"},
		{"about a message that never was", strings.ReplaceAll(postfix, "MESSAGE", another), "sent", "cur"},

		{"of another host", strings.Replace(postfix, "MESSAGE@desk.example.com", "MESSAGE@desk.example.com.evil.example", 1), "sent", "aside"},
		{"about another's message that answers ours", strings.Replace(sample("exim.eml"), "Message-ID: <MESSAGE@DESK.example.com>", "Message-ID: <x@example.net>", 1), "sent", "aside"},
		{"about two messages of ours", strings.Replace(postfix, "Content-Type: message/rfc822\n", "Content-Type: text/rfc822-headers\n\nMessage-ID: <"+another+"@desk.example.com>\n\n--4XyZ12.1772636649/mx.example.com\nContent-Type: message/rfc822\n", 1), "sent", "aside"},
		{"an ordinary answer", "From: ada@example.org\nIn-Reply-To: <MESSAGE@desk.example.com>\nSubject: thanks\n\nAction: failed\nStatus: 5.1.1\n", "sent", "aside"},
		{"an absence notice", "From: ada@example.org\nAuto-Submitted: auto-replied\nReferences: <MESSAGE@desk.example.com>\nContent-Type: text/plain\n\nI am away.\n", "sent", "aside"},
		{"the status as plain text", strings.Replace(postfix, "Content-Type: message/delivery-status", "Content-Type: text/plain", 1), "sent", "aside"},
		{"an id in the words only", "From: x@example.net\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; MESSAGE@desk.example.com\nAction: failed\nStatus: 5.1.1\n", "sent", "aside"},
		{"no action", strings.Replace(postfix, "Action: failed", "Action:", 1), "sent", "aside"},
		{"nothing", "", "sent", "aside"},
		{"no mail", "\x00\xff\xfe\x01", "sent", "aside"},
		{"a head without an end", strings.Repeat("A", 100_000), "sent", "aside"},
		{"a boundary that is none", "Content-Type: multipart/report; boundary=\"\"\n\n----\n", "sent", "aside"},
		{"parts in parts in parts", nested(40), "sent", "aside"},
		{"ten thousand parts before it", "Content-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\nContent-Type: text/plain\n\nx\n", 10_000) + "--b\n" + sample("alone.eml"), "sent", "aside"},
		{"ten thousand recipients before it", "References: <MESSAGE@desk.example.com>\nContent-Type: message/delivery-status\n\n" + strings.Repeat("Final-Recipient: rfc822; x\n\n", 10_000) + "Action: failed\nStatus: 5.1.1\n", "sent", "aside"},
		{"thirty megabytes of a returned mail", postfix + strings.Repeat("0123456789abcdef\n", 30<<16), "bounced 5.1.1", "cur"},
		{"thirty megabytes before it", "From: x@example.net\nX-Long: " + strings.Repeat("0123456789abcdef", 30<<16) + "\n" + postfix, "sent", "aside"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := testdb.Open(t, testdb.SQLite, testdb.Options{Clock: testdb.NewClock(start)})
			r := newReturns(t, d).send()
			r.deliver("1772636649.M1P2.mx", c.text)
			if got := r.became(); got != c.want {
				t.Errorf("the message is %q, want %q", got, c.want)
			}
			want := map[string]string{"cur": "cur/1772636649.M1P2.mx:2,S", "aside": "aside/1772636649.M1P2.mx"}[c.at]
			if diff := cmp.Diff([]string{want}, r.files()); diff != "" {
				t.Error(diff)
			}
			for _, secret := range []string{"ada@", "Recipient address", "script"} {
				if strings.Contains(r.log.String(), secret) {
					t.Errorf("%q stands in the log:\n%s", secret, r.log)
				}
			}
		})
	}
}

// nested is a status within many parts.
func nested(depth int) string {
	var b strings.Builder
	b.WriteString("References: <MESSAGE@desk.example.com>\n")
	for i := range depth {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	b.WriteString("Content-Type: message/delivery-status\n\nAction: failed\nStatus: 5.1.1\n\n")
	return b.String()
}

// TestBouncesMark: a notification marks the one message that it names, once it was sent, on both databases.
func TestBouncesMark(t *testing.T) {
	postfix, err := os.ReadFile("testdata/bounces/postfix.eml")
	if err != nil {
		t.Fatal(err)
	}
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		r := newReturns(t, d).send()
		first := r.id
		r.send()
		r.deliver("a", string(postfix))
		r.deliver("b", string(postfix))
		if got := r.became(); got != "bounced 5.1.1" {
			t.Error(got)
		}
		r.id = first
		if got := r.became(); got != "sent" {
			t.Errorf("another message is %q", got)
		}
		queue(t, d, message("invitation", lang.English, nil))
		for _, f := range fates(t, d) {
			if f.State == "queued" {
				r.id = f.ID
			}
		}
		r.deliver("c", string(postfix))
		if got := r.became(); got != "queued" {
			t.Errorf("a message that waits is %q", got)
		}
	})
}

// TestBouncesFolder: what is no file is left alone, and what is there is never written over.
func TestBouncesFolder(t *testing.T) {
	postfix, err := os.ReadFile("testdata/bounces/postfix.eml")
	if err != nil {
		t.Fatal(err)
	}
	r := newReturns(t, testdb.Open(t, testdb.SQLite, testdb.Options{Clock: testdb.NewClock(start)})).send()
	secret := filepath.Join(t.TempDir(), "secret")
	in := func(name string) string { return filepath.Join(r.folder, "new", name) }
	for _, err := range []error{os.WriteFile(secret, postfix, 0o600), os.Symlink(secret, in("link")), syscall.Mkfifo(in("pipe"), 0o600), os.Mkdir(in("folder"), 0o700),
		os.WriteFile(filepath.Join(r.folder, "aside", "odd"), []byte("kept"), 0o600)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	r.deliver("odd", "nothing of ours")
	r.deliver(".hidden", string(postfix))
	r.deliver("flagged:2,", string(postfix))
	if got := r.became(); got != "bounced 5.1.1" {
		t.Error(got)
	}
	want := []string{"new/.hidden", "new/folder", "new/link", "new/pipe", "cur/flagged:2,S", "aside/odd", "aside/odd.2"}
	got := r.files()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if text, err := os.ReadFile(filepath.Join(r.folder, "aside", "odd")); err != nil || string(text) != "kept" {
		t.Errorf("%q, %v", text, err)
	}
	for _, sub := range []string{"", "new", "cur", "aside"} {
		info, err := os.Stat(filepath.Join(r.folder, sub))
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", sub, info.Mode(), err)
		}
	}
	t.Run("two nodes look at once", func(t *testing.T) {
		for i := range 50 {
			r.deliver(fmt.Sprintf("n%02d", i), "nothing of ours")
		}
		var both sync.WaitGroup
		for range 4 {
			both.Go(func() {
				if err := r.look(); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		if n := len(r.files()); n != len(want)+50 {
			t.Errorf("%d files", n)
		}
	})
	t.Run("a folder that is gone is told", func(t *testing.T) {
		if err := os.RemoveAll(r.folder); err != nil {
			t.Fatal(err)
		}
		if err := r.look(); !os.IsNotExist(err) {
			t.Error(err)
		}
	})
}
