// Package notify takes queued messages from the outbox, writes them as mails in
// English or French, and sends them, after the commit that caused them.
//
// The way of a message:
//
//	queued → leased by one node → rendered (letter.go, templates/) → given to the Sender
//	  sent          the mail server, or the folder, has it
//	  later         it did not work this time: again after 10 s, 1 min, 5 min … for about a day
//	  refused       the server will never take it: its status is kept, as a code
//	  given up      the link in it has expired, nothing can be made of it, or the day is over; the
//	                reason is kept
//	  bounced       it was sent and came back (bounces.go)
//
// What comes back is read by Bounces (bounces.go, report.go).
//
// There are two Senders: SMTP, and Spool, a folder with one .eml file a mail.
// Several nodes may run a Notifier on one database; the lease gives each message
// to one of them. A node that dies between sending and noting it leaves a
// message that another sends again: at least once, and with the same
// Message-ID, by which mail programs recognise it.
//
// Links begin with the public URL of the configuration, never with anything of
// a request. The one rule: what a mail holds goes to its recipient alone; the
// log and the reasons that are kept name the message and the person by id, and
// never an address, a token or what a mail server said about them.
package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/mail"
	"net/url"
	"strings"
	"sync"
	"time"

	"countersign/internal/db"
	"countersign/internal/lang"
)

// Mail is one message, ready to be sent.
type Mail struct {
	ID       string // of the outbox; the same each time the message is sent
	From, To mail.Address
	Date     time.Time
	Lang     lang.Tag
	Subject  string
	Text     string // says the same as HTML
	HTML     string
}

// MessageID is the header's value without its angle brackets (RFC 5322, 3.6.4).
func (m Mail) MessageID() string { return m.ID + "@" + m.host() }

// host is that of the sender's address.
func (m Mail) host() string {
	_, host, _ := strings.Cut(m.From.Address, "@")
	return host
}

// Sender takes a mail on its way. When it returns nil, somebody else answers for
// the mail; a *Refused says that this mail will never be taken; any other error
// says that it may be later. It returns soon after ctx ends, and its errors hold
// neither addresses nor content. It is called by several goroutines at once.
type Sender interface {
	Send(ctx context.Context, m Mail) error
}

// Refused is the error of a mail that will never be taken: by the mail server,
// whose status is the code then, or because nothing can be sent, for one of these
// reasons.
type Refused struct {
	Code   string
	Reason string
	Server bool // the mail server's word
}

func (r *Refused) Error() string { return r.Reason }

// The codes of a mail that was given up, beside a mail server's status.
const (
	CodeExpired    = "expired"    // the link in it ran out before it could be sent
	CodeAddress    = "address"    // the recipient's address is none
	CodeLetter     = "letter"     // no letter can be made of the message
	CodeNoServer   = "no_server"  // no mail server could be reached
	CodeDropped    = "dropped"    // what it told was no longer so (package db)
	CodeUnreadable = "unreadable" // the key that opens the message is not there (package db)
)

// later is the error of a mail that may be taken at another time.
type later struct{ code, text string }

func (l *later) Error() string { return l.text }

// codeOf is what is kept of an error as the reason.
func codeOf(err error) string {
	if r, ok := errors.AsType[*Refused](err); ok {
		return r.Code
	}
	if l, ok := errors.AsType[*later](err); ok {
		return l.code
	}
	return CodeNoServer
}

// Notifier sends what is queued. Make one with New.
type Notifier struct {
	db     *db.DB
	sender Sender
	origin string
	from   mail.Address
	log    *slog.Logger
	wake   chan struct{}
	poll   time.Duration
}

// New makes a Notifier. origin is the public URL without a slash at its end,
// from the sender of every mail.
func New(d *db.DB, sender Sender, origin string, from mail.Address, log *slog.Logger) (*Notifier, error) {
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Path != "" || u.RawQuery != "" {
		return nil, fmt.Errorf("notify: the public URL %q is not scheme and host alone", origin)
	}
	if !oneAddress(from.Address) {
		return nil, fmt.Errorf("notify: the sender %q is not an address", from.Address)
	}
	return &Notifier{db: d, sender: sender, origin: origin, from: from, log: log, wake: make(chan struct{}, 1), poll: poll}, nil
}

// Wake makes Run look at once: it is for db.OnQueued, and never waits. Messages of
// other nodes are found by the clock.
func (n *Notifier) Wake() {
	select {
	case n.wake <- struct{}{}:
	default: // it is about to look anyway
	}
}

const (
	poll     = 3 * time.Second
	together = 4                // mails under way at the same time
	sending  = 60 * time.Second // what one mail may take at most
	lease    = 2 * time.Minute  // longer than sending, so that no other node takes it meanwhile
	noting   = 10 * time.Second // what the database may take to note what became of a mail
)

// Run sends what is due until ctx ends, and then finishes what is under way.
func (n *Notifier) Run(ctx context.Context) {
	clock := time.NewTicker(n.poll)
	defer clock.Stop()
	for {
		if err := n.Drain(ctx); err != nil && ctx.Err() == nil {
			n.log.ErrorContext(ctx, "outbox", "error", err) // the database; its errors hold no message
		}
		select {
		case <-ctx.Done():
			return
		case <-n.wake:
		case <-clock.C:
		}
	}
}

// Drain sends all that is due now, each message once. It returns when nothing
// more is due here (other nodes may still be sending theirs), or when ctx ends
// and what was under way is finished.
func (n *Notifier) Drain(ctx context.Context) error {
	for ctx.Err() == nil {
		queued, err := n.db.Lease(ctx, together, lease)
		if err != nil {
			return err
		}
		if len(queued) == 0 {
			return nil
		}
		errs := make([]error, len(queued))
		var underWay sync.WaitGroup
		for i, q := range queued {
			underWay.Go(func() { errs[i] = n.deliver(context.WithoutCancel(ctx), q) })
		}
		underWay.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// deliver sends one message and notes what became of it. Its error is the
// database's: the lease runs out then and the message is sent again.
func (n *Notifier) deliver(ctx context.Context, q db.Queued) error {
	log := n.log.With("message", q.ID, "kind", q.Kind, "user", q.UserID, "attempt", q.Attempts)
	err := n.send(ctx, q)
	ctx, cancel := context.WithTimeout(ctx, noting)
	defer cancel()
	if err == nil {
		log.InfoContext(ctx, "mail sent")
		return n.db.Sent(ctx, q.ID)
	}
	why := db.Failure{Reason: codeOf(err), Problem: err.Error()}
	wait, again := next(q.Attempts)
	switch refused, ok := errors.AsType[*Refused](err); {
	case ok && refused.Server:
		log.WarnContext(ctx, "mail refused", "problem", err)
		return n.db.Refused(ctx, q.ID, why)
	case ok || !again:
		log.WarnContext(ctx, "mail given up", "problem", err)
		return n.db.GiveUp(ctx, q.ID, why)
	}
	log.WarnContext(ctx, "mail not sent yet", "problem", err, "again_in", wait)
	return n.db.Retry(ctx, q.ID, wait, why)
}

func (n *Notifier) send(ctx context.Context, q db.Queued) error {
	if _, again := next(q.Attempts - 1); !again {
		return &Refused{Code: CodeLetter, Reason: "no attempt was ever finished"} // it brought the program down each time
	}
	m, err := render(q, n.origin, n.from, time.UnixMicro(n.db.Now()).UTC())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, sending)
	defer cancel()
	return n.sender.Send(ctx, m)
}

var waits = [...]time.Duration{
	10 * time.Second, time.Minute, 5 * time.Minute, 30 * time.Minute, 2 * time.Hour, 4 * time.Hour, 8 * time.Hour, 8 * time.Hour,
}

// next tells how long to wait after an attempt that did not work, and whether
// to try again at all: after about a day it is over.
func next(attempt int) (time.Duration, bool) {
	if attempt > len(waits) {
		return 0, false
	}
	return waits[max(attempt-1, 0)], true
}
