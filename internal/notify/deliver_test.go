package notify_test

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/config"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/notify"
	"countersign/internal/test/smtpd"
	"countersign/internal/test/testdb"
)

func smtpOptions(t *testing.T, address string) config.SMTP {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return config.SMTP{SMTPHost: host, SMTPPort: number, SMTPTLS: config.TLSNone, SMTPTimeout: 20 * time.Second}
}

func smtpSender(t *testing.T, address string) *notify.SMTP {
	t.Helper()
	s, err := notify.NewSMTP(smtpOptions(t, address), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDelivery(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		server := smtpd.Start(t)
		n, log := notifier(t, d, smtpSender(t, server.Addr))
		m := message("invitation", lang.French, map[string]string{"expires": time.Now().Add(time.Hour).Format(time.RFC3339)})
		queue(t, d, m, m, m, m, m, m)
		drain(t, n)
		got := server.Messages()
		ids := map[string]bool{}
		for _, one := range got {
			if diff := cmp.Diff([]string{"no-reply@desk.example.com", "ada@example.org"}, append([]string{one.From}, one.To...)); diff != "" {
				t.Error(diff)
			}
			ids[read(t, one.Data).header.Get("Message-Id")] = true
		}
		if len(got) != 6 || len(ids) != 6 {
			t.Errorf("%d mails with %d Message-IDs, want 6", len(got), len(ids))
		}
		for _, f := range fates(t, d) {
			if f.State != "sent" || !f.Erased || f.Attempts != 1 || !ids["<"+f.ID+"@desk.example.com>"] {
				t.Errorf("%+v", f)
			}
		}
		drain(t, n)
		if len(server.Messages()) != 6 {
			t.Error("sent again")
		}
		silent(t, log.String())
	})
}

// silent holds the rule of the package comment.
func silent(t *testing.T, text string) {
	t.Helper()
	for _, secret := range []string{token, "ada@example.org", "Ada", "Léa", "/activate", "example.org"} {
		if strings.Contains(text, secret) {
			t.Errorf("%q stands in:\n%s", secret, text)
		}
	}
}

func TestAtLeastOnce(t *testing.T) {
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect)+" the node dies between sending and noting it", func(t *testing.T) {
			server := smtpd.Start(t)
			clock := testdb.NewClock(start)
			o := testdb.Options{Clock: clock, Box: testdb.Box(t), Address: testdb.Address(t, dialect)}
			dying := testdb.Open(t, dialect, o)
			queue(t, dying, message("invitation", lang.English, nil))
			real := smtpSender(t, server.Addr)
			n, _ := notifier(t, dying, sendFunc(func(ctx context.Context, m notify.Mail) error {
				defer dying.Close()
				return real.Send(ctx, m)
			}))
			if err := n.Drain(t.Context()); err == nil {
				t.Fatal("a lost database was not noticed")
			}

			d := testdb.Open(t, dialect, o)
			n, _ = notifier(t, d, real)
			drain(t, n)
			if len(server.Messages()) != 1 {
				t.Fatal("sent again while the lease of the other node runs")
			}
			clock.Advance(3 * time.Minute)
			drain(t, n)
			got := server.Messages()
			if len(got) != 2 {
				t.Fatalf("%d mails, want 2", len(got))
			}
			first, second := read(t, got[0].Data), read(t, got[1].Data)
			if id := first.header.Get("Message-Id"); id == "" || id != second.header.Get("Message-Id") {
				t.Errorf("Message-ID %q, then %q", id, second.header.Get("Message-Id"))
			}
			if first.text != second.text || only(t, d).State != "sent" {
				t.Error("another mail")
			}
		})
	}
}

func TestRetry(t *testing.T) {
	for _, c := range []struct {
		name      string
		behaviour smtpd.Behaviour
		problem   string
	}{
		{"refused for now", smtpd.RefuseForNow, "451"},
		{"the connection breaks after the content", smtpd.Vanish, "no answer"},
	} {
		t.Run(c.name+", then taken", func(t *testing.T) {
			server := smtpd.Start(t)
			server.Behave(c.behaviour)
			clock := testdb.NewClock(start)
			d := testdb.Open(t, testdb.SQLite, testdb.Options{Clock: clock})
			n, log := notifier(t, d, smtpSender(t, server.Addr))
			queue(t, d, message("invitation", lang.English, nil))
			drain(t, n)
			f := only(t, d)
			if f.State != "queued" || f.Erased || f.NextAt != start.Add(10*time.Second).UnixMicro() || !strings.Contains(f.Problem, c.problem) {
				t.Errorf("%+v", f)
			}
			silent(t, f.Problem+log.String())

			server.Behave(smtpd.Accept)
			clock.Advance(9 * time.Second)
			drain(t, n)
			if len(server.Messages()) != 0 {
				t.Fatal("too early")
			}
			clock.Advance(time.Second)
			drain(t, n)
			if f := only(t, d); f.State != "sent" || f.Attempts != 2 || len(server.Messages()) != 1 {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestRefusedForGood(t *testing.T) {
	server := smtpd.Start(t)
	server.Behave(smtpd.Refuse)
	d := testdb.Open(t, testdb.SQLite, testdb.Options{Clock: testdb.NewClock(start)})
	n, log := notifier(t, d, smtpSender(t, server.Addr))
	queue(t, d, message("invitation", lang.English, nil))
	drain(t, n)
	if f := only(t, d); f.State != "refused" || !f.Erased || !strings.HasPrefix(f.Reason, "5") || !strings.Contains(f.Problem, "550") {
		t.Errorf("%+v", f)
	}
	silent(t, only(t, d).Problem+log.String())
}

func TestGivenUpAtOnce(t *testing.T) {
	for _, c := range []struct {
		name    string
		message db.Message
		problem string
		reason  string
	}{
		{"unknown kind", message("deactivated", lang.English, nil), `"deactivated"`, notify.CodeLetter},
		{"no token", message("invitation", lang.English, map[string]string{"token": ""}), `"token"`, notify.CodeLetter},
		{"no account", message("factor_reset", lang.English, map[string]string{"account": ""}), `"account"`, notify.CodeLetter},
		{"expiry that cannot be read", message("invitation", lang.English, map[string]string{"expires": "tomorrow"}), `"expires"`, notify.CodeLetter},
		{"link expired this moment", message("invitation", lang.English, map[string]string{"expires": start.Format(time.RFC3339)}), "expired", notify.CodeExpired},
		{"linked, expired", message("invitation_linked", lang.English, map[string]string{"expires": "2026-01-01T00:00:00Z"}), "expired", notify.CodeExpired},
	} {
		t.Run(c.name, func(t *testing.T) {
			eml, f := spooled(t, c.message)
			if eml != "" || f.State != "failed" || !f.Erased || f.Reason != c.reason || !strings.Contains(f.Problem, c.problem) {
				t.Errorf("%+v\n%s", f, eml)
			}
			silent(t, f.Problem)
		})
	}
}

func TestExpiresWhileItWaits(t *testing.T) {
	clock := testdb.NewClock(start)
	d := testdb.Open(t, testdb.SQLite, testdb.Options{Clock: clock})
	calls := 0
	n, _ := notifier(t, d, sendFunc(func(context.Context, notify.Mail) error { calls++; return errors.New("not now") }))
	queue(t, d, message("invitation", lang.English, map[string]string{"expires": start.Add(time.Minute).Format(time.RFC3339)}))
	drain(t, n)
	clock.Advance(2 * time.Minute)
	drain(t, n)
	if f := only(t, d); f.State != "failed" || !strings.Contains(f.Problem, "expired") || calls != 1 {
		t.Errorf("%+v, %d calls", f, calls)
	}
}

func TestGivesUpAfterADay(t *testing.T) {
	clock := testdb.NewClock(start)
	d := testdb.Open(t, testdb.SQLite, testdb.Options{Clock: clock})
	n, _ := notifier(t, d, sendFunc(func(context.Context, notify.Mail) error { return errors.New("not now") }))
	queue(t, d, message("password_changed", lang.English, nil))
	var waits []time.Duration
	for {
		drain(t, n)
		f := only(t, d)
		if f.State != "queued" {
			if f.State != "failed" || !f.Erased || f.Problem != "not now" || f.Reason != notify.CodeNoServer {
				t.Errorf("%+v", f)
			}
			break
		}
		wait := time.Duration(f.NextAt-clock.Now().UnixMicro()) * time.Microsecond
		if wait <= 0 {
			t.Fatalf("due again at once: %+v", f)
		}
		waits = append(waits, wait)
		clock.Advance(wait)
	}
	want := []time.Duration{10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 8 * time.Hour}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Error(diff)
	}
}

// A mail that ends the program each time it is tried must not do so for ever.
func TestGivesUpOnWhatIsNeverFinished(t *testing.T) {
	clock := testdb.NewClock(start)
	d := testdb.Open(t, testdb.SQLite, testdb.Options{Clock: clock})
	queue(t, d, message("password_changed", lang.English, nil))
	for range 9 {
		if got, err := d.Lease(t.Context(), 1, time.Minute); err != nil || len(got) != 1 {
			t.Fatal(got, err)
		}
		clock.Advance(2 * time.Minute)
	}
	calls := 0
	n, _ := notifier(t, d, sendFunc(func(context.Context, notify.Mail) error { calls++; return nil }))
	drain(t, n)
	if f := only(t, d); f.State != "failed" || calls != 0 {
		t.Errorf("%+v, %d calls", f, calls)
	}
}

func TestEightNodesSendEachOnce(t *testing.T) {
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			o := testdb.Options{Clock: testdb.NewClock(start), Box: testdb.Box(t), Address: testdb.Address(t, dialect)}
			d := testdb.Open(t, dialect, o)
			const messages = 50
			for range messages {
				queue(t, d, message("invitation", lang.English, nil))
			}
			folder := t.TempDir()
			s, err := notify.NewSpool(folder)
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			sent := map[string]int{}
			counting := sendFunc(func(ctx context.Context, m notify.Mail) error {
				mu.Lock()
				sent[m.ID]++
				mu.Unlock()
				return s.Send(ctx, m)
			})
			var nodes sync.WaitGroup
			for range 8 {
				n, _ := notifier(t, testdb.Open(t, dialect, o), counting)
				nodes.Go(func() {
					if err := n.Drain(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			nodes.Wait()
			if len(sent) != messages || len(emls(t, folder)) != messages {
				t.Errorf("%d messages and %d files of %d", len(sent), len(emls(t, folder)), messages)
			}
			for id, times := range sent {
				if times != 1 {
					t.Errorf("%s sent %d times", id, times)
				}
			}
			if slices.ContainsFunc(fates(t, d), func(f fate) bool { return f.State != "sent" }) {
				t.Errorf("%+v", fates(t, d))
			}
		})
	}
}

func TestRun(t *testing.T) {
	t.Run("wakes when it is told", func(t *testing.T) {
		server := smtpd.Start(t)
		d := testdb.Open(t, testdb.SQLite, testdb.Options{Clock: testdb.NewClock(start)})
		n, _ := notifier(t, d, smtpSender(t, server.Addr))
		n.Poll(24 * time.Hour)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { n.Run(ctx); close(ended) }()
		for i := range 5 {
			queue(t, d, message("invitation", lang.English, nil))
			n.Wake()
			n.Wake() // more than once does no harm
			server.Wait(t, i+1)
		}
		stop()
		<-ended
	})
	t.Run("looks by itself", func(t *testing.T) {
		server := smtpd.Start(t)
		d := testdb.Open(t, testdb.SQLite, testdb.Options{Clock: testdb.NewClock(start)})
		n, _ := notifier(t, d, smtpSender(t, server.Addr))
		n.Poll(time.Millisecond)
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { n.Run(ctx); close(ended) }()
		for i := range 3 {
			queue(t, d, message("invitation", lang.English, nil))
			server.Wait(t, i+1)
		}
		stop()
		<-ended
	})
	t.Run("finishes what is under way", func(t *testing.T) {
		d := testdb.Open(t, testdb.SQLite, testdb.Options{Clock: testdb.NewClock(start)})
		sending, goOn := make(chan struct{}), make(chan struct{})
		n, _ := notifier(t, d, sendFunc(func(ctx context.Context, m notify.Mail) error {
			close(sending)
			<-goOn
			return ctx.Err()
		}))
		queue(t, d, message("invitation", lang.English, nil))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan struct{})
		go func() { n.Run(ctx); close(ended) }()
		<-sending
		queue(t, d, message("factor_reset", lang.English, nil)) // no transaction is open while a mail is sent
		stop()
		select {
		case <-ended:
			t.Error("ended with a mail under way")
		default:
		}
		close(goOn)
		<-ended
		states := map[string]int{}
		for _, f := range fates(t, d) {
			states[f.State]++
		}
		if diff := cmp.Diff(map[string]int{"sent": 1, "queued": 1}, states); diff != "" {
			t.Error(diff)
		}
	})
}

func TestNew(t *testing.T) {
	d := testdb.Open(t, testdb.SQLite, testdb.Options{})
	for _, bad := range []string{"", "desk.example.com", "https://desk.example.com/", "https://desk.example.com/x", "https://desk.example.com?x"} {
		if _, err := notify.New(d, nil, bad, sender, nil); err == nil {
			t.Errorf("%q passes as a public URL", bad)
		}
	}
	bad := sender
	bad.Address = "no-reply@x\r\nBcc: y@z"
	if _, err := notify.New(d, nil, origin, bad, nil); err == nil {
		t.Error("a sender with a header behind it passes")
	}
	folder := filepath.Join(t.TempDir(), "mails")
	if s, err := notify.NewSender(config.Mail{MailDir: folder}); err != nil {
		t.Error(s, err)
	}
	for _, url := range []string{"http://127.0.0.1:8080", "http://[::1]:8080", "https://desk.example.com"} {
		from, err := config.Mail{}.From(url)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := notify.New(d, nil, url, from, nil); err != nil {
			t.Errorf("the default sender of %s: %v", url, err)
		}
	}
}
