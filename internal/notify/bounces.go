package notify

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"countersign/internal/db"
)

// Bounces looks at what comes back to the envelope sender: a Maildir into which
// the operator's mail server delivers it. A delivery status notification (RFC
// 3464) that says that a message of ours failed marks that message with its
// status, and is seen (new/ to cur/). Everything else is moved aside (new/ to
// aside/) for people to look at. Make one with NewBounces.
//
// Nothing in there is trusted. Anybody can send a notification; one that names a
// message by its id, which only its recipient and the servers on the way have
// seen, can mark that message and do nothing else. No text of it is kept.
type Bounces struct {
	db     *db.DB
	folder string
	host   string // after the @ of our Message-IDs
	log    *slog.Logger
}

// NewBounces makes the folder, as a Maildir open to its owner alone, where it is
// not there. from is the sender of our mails.
func NewBounces(d *db.DB, folder string, from mail.Address, log *slog.Logger) (*Bounces, error) {
	for _, sub := range []string{"tmp", "new", "cur", "aside"} {
		if err := os.MkdirAll(filepath.Join(folder, sub), 0o700); err != nil {
			return nil, fmt.Errorf("make the folder of bounces: %w", err)
		}
	}
	return &Bounces{db: d, folder: folder, host: Mail{From: from}.host(), log: log}, nil
}

const (
	lookEvery  = 10 * time.Second
	bounceMost = 1 << 20 // octets of one that are read: a notification says early what it is about
	bounceFew  = 1000    // in one look; the others wait for the next
)

// Run looks every few seconds until ctx ends.
func (b *Bounces) Run(ctx context.Context) {
	clock := time.NewTicker(lookEvery)
	defer clock.Stop()
	for {
		if err := b.Look(ctx); err != nil && ctx.Err() == nil {
			b.log.ErrorContext(ctx, "bounces", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-clock.C:
		}
	}
}

// Look reads what is new. What cannot be read stays where it is and hides
// nothing of the others; the error tells of it.
func (b *Bounces) Look(ctx context.Context) error {
	entries, err := os.ReadDir(filepath.Join(b.folder, "new"))
	if err != nil {
		return err
	}
	var wrong []error
	for i, e := range entries {
		if i == bounceFew || ctx.Err() != nil {
			break
		}
		if err := b.take(ctx, e); err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

// take reads one file and puts it where it belongs. Whoever else looks into the
// folder (another node) may be quicker.
func (b *Bounces) take(ctx context.Context, e fs.DirEntry) error {
	if strings.HasPrefix(e.Name(), ".") || !e.Type().IsRegular() {
		return nil
	}
	r, err := b.read(filepath.Join(b.folder, "new", e.Name()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if r.id == "" {
		b.log.InfoContext(ctx, "bounce not understood, moved aside")
		return b.move(e.Name(), "aside", "")
	}
	if r.failed {
		marked, err := b.db.Bounced(ctx, r.id, r.status)
		if err != nil {
			return err
		}
		b.log.InfoContext(ctx, "mail bounced", "message", r.id, "status", r.status, "known", marked)
	}
	return b.move(e.Name(), "cur", ":2,S")
}

// read reads one file without following links or waiting for one that is no file.
func (b *Bounces) read(name string) (report, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return report{}, err
	}
	defer f.Close()
	return readReport(io.LimitReader(f, bounceMost), b.host), nil
}

// move puts a file of new/ elsewhere, over nothing that is there.
func (b *Bounces) move(name, to, flags string) error {
	base, _, _ := strings.Cut(name, ":")
	target := filepath.Join(b.folder, to, base+flags)
	for n := 2; ; n++ {
		if _, err := os.Lstat(target); errors.Is(err, fs.ErrNotExist) {
			break
		}
		target = filepath.Join(b.folder, to, fmt.Sprintf("%s.%d%s", base, n, flags))
	}
	err := os.Rename(filepath.Join(b.folder, "new", name), target)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
