package notify_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"net/mail"
	"sync"
	"testing"
	"time"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/notify"
	"countersign/internal/test/testdb"
)

const origin = "https://desk.example.com"

var (
	start  = time.Date(2026, 3, 4, 15, 4, 5, 0, time.UTC)
	sender = mail.Address{Name: "Countersign", Address: "no-reply@desk.example.com"}
)

// token is a link's secret as seal.NewToken makes them; it must stand in the mail and nowhere else.
const token = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJA"

// message is a whole message of a kind; more replaces data, and "" takes it away.
func message(kind string, tag lang.Tag, more map[string]string) db.Message {
	m := db.Message{Kind: kind, AccountID: "acc_1", UserID: "usr_ada", To: "ada@example.org", Name: "Ada Lovelace", Lang: tag, Data: map[string]string{
		"token": token, "account": "Chez Léa & Fils", "customer_id": "200117", "inviter": "Grace O'Hopper", "by": "Grace O'Hopper",
		"expires": "2026-03-07T16:04:05+01:00", "until": "2026-03-04T15:34:05Z", "ip": "2001:db8::7", "address": "ada.lovelace@example.net",
	}}
	if kind == "invitation" {
		m.Data["roles"] = "Read only, Disputes"
	}
	switch kind {
	case "factor_changed":
		m.Data["change"], m.Data["factor"], m.Data["factor_name"] = "added", "webauthn", "Blue key"
	case "session_ended":
		m.Data["device"] = "Firefox, Windows"
	case "recovery_code_used":
		m.Data["left"] = "9"
	}
	maps.Copy(m.Data, more)
	return m
}

// queue commits messages the way a use case does.
func queue(t *testing.T, d *db.DB, messages ...db.Message) {
	t.Helper()
	err := d.Update(t.Context(), db.Who{Kind: db.System, ID: "test"}, func(tx *db.Tx) error {
		for _, m := range messages {
			if err := tx.Queue(m); err != nil {
				return err
			}
		}
		return audit.Record(tx, audit.Entry{Action: audit.UserInvited, AccountID: "acc_1", EntityID: "ent_1", Kind: "user", ID: "usr_ada"})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// fate is what the outbox knows of a message.
type fate struct {
	ID, State, Reason, Problem string
	Attempts, NextAt           int64
	Erased                     bool
}

func fates(t *testing.T, d *db.DB) []fate {
	t.Helper()
	var out []fate
	err := d.View(context.WithoutCancel(t.Context()), func(tx *db.Tx) error {
		ids, err := db.Column(tx, `SELECT id FROM outbox ORDER BY id`)
		for _, id := range ids {
			f := fate{ID: id}
			if _, err := db.One(tx, []any{&f.State, &f.Reason, &f.Problem, &f.Attempts, &f.NextAt, &f.Erased},
				`SELECT state, reason, problem, attempts, next_at, sealed IS NULL FROM outbox WHERE id = $1`, id); err != nil {
				return err
			}
			out = append(out, f)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func only(t *testing.T, d *db.DB) fate {
	t.Helper()
	all := fates(t, d)
	if len(all) != 1 {
		t.Fatalf("%d messages, want one", len(all))
	}
	return all[0]
}

func notifier(t *testing.T, d *db.DB, s notify.Sender) (*notify.Notifier, *logged) {
	t.Helper()
	log := &logged{}
	n, err := notify.New(d, s, origin, sender, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	return n, log
}

func drain(t *testing.T, n *notify.Notifier) {
	t.Helper()
	if err := n.Drain(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// logged is a log that can be read while it is written.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// sendFunc is a Sender made of a function.
type sendFunc func(context.Context, notify.Mail) error

func (f sendFunc) Send(ctx context.Context, m notify.Mail) error { return f(ctx, m) }

// rendered gives the mail that a message becomes.
func rendered(t *testing.T, m db.Message) notify.Mail {
	t.Helper()
	d := testdb.Open(t, testdb.SQLite, testdb.Options{Clock: testdb.NewClock(start)})
	queue(t, d, m)
	var got notify.Mail
	n, log := notifier(t, d, sendFunc(func(_ context.Context, m notify.Mail) error { got = m; return nil }))
	drain(t, n)
	if f := only(t, d); f.State != "sent" || !f.Erased {
		t.Fatalf("not sent: %+v\n%s", f, log)
	}
	return got
}
