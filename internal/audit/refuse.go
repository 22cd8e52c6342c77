package audit

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"time"

	"countersign/internal/db"
	"countersign/internal/fault"
)

// Log records refusals and readings, which have no update of their own. Make
// one with New; Close it to write what is still being counted.
type Log struct {
	db  *db.DB
	log *slog.Logger

	mu        sync.Mutex
	counted   map[repeat]*counting
	strangers int       // entries of strangers in their minute
	from      time.Time // when their minute began
}

// repeat is what makes two refusals the same.
type repeat struct {
	actorKind, actorID, ip           string
	action, account, kind, id, cause string
}

type counting struct {
	until   time.Time
	repeats int64
	who     db.Who
	entry   Entry
	outcome string
}

const (
	mergeFor = time.Minute
	mergeMax = 10_000 // beyond it the oldest minute is written out early

	// strangersMost is how many different entries of people who are not signed in
	// are written at once in a minute; the rest wait for the minute's end, and
	// those that belong to no account are then one for each cause. Whoever makes
	// up names must not be able to fill the disk.
	strangersMost = 100
)

// New makes the log over a database.
func New(d *db.DB, log *slog.Logger) *Log {
	return &Log{db: d, log: log, counted: map[repeat]*counting{}}
}

// Refuse records that err refused what e tells, and returns err. The first time
// it is written at once; the same again within a minute is counted, and the
// count written when the minute is over, and so are those of too many strangers
// at once. Errors that are not the caller's doing (internal, busy) are not
// refusals and are not recorded.
func (l *Log) Refuse(ctx context.Context, who db.Who, e Entry, err error) error {
	f := fault.From(err)
	if f == nil || f.Kind == fault.Internal || f.Kind == fault.Busy {
		return err
	}
	if e.Reason = f.Code; f.Permission != "" {
		e.Reason += " " + f.Permission
	}
	l.note(ctx, who, e, Refused)
	return err
}

// Note records that something was read whose reading is an event itself (PCI
// DSS 10.2.1.3), with the same merging as Refuse.
func (l *Log) Note(ctx context.Context, who db.Who, e Entry) { l.note(ctx, who, e, Done) }

func (l *Log) note(ctx context.Context, who db.Who, e Entry, outcome string) {
	e.AccountID, e.ID = cut(e.AccountID, idMax), cut(e.ID, idMax)
	who.UserAgent = strings.Clone(cut(who.UserAgent, agentMax)) // it may be kept for a minute: not all that was sent with it
	now := time.UnixMicro(l.db.Now())
	l.mu.Lock()
	k := repeatOf(who, e)
	if l.again(k, now) {
		l.mu.Unlock()
		return
	}
	if (who.Kind == db.Nobody || who.Kind == "") && l.crowd(now) {
		l.countStranger(who, e, outcome, now)
		l.mu.Unlock()
		return
	}
	due := l.takeDue(now)
	l.counted[k] = &counting{until: now.Add(mergeFor), who: who, entry: e, outcome: outcome}
	l.mu.Unlock()
	l.write(ctx, append(due, counting{who: who, entry: e, outcome: outcome, repeats: 1}))
}

func repeatOf(who db.Who, e Entry) repeat {
	return repeat{who.Kind, who.ID, who.IP.String(), e.Action, e.AccountID, e.Kind, e.ID, e.Reason}
}

// again counts what was written within the last minute. Called under mu.
func (l *Log) again(k repeat, now time.Time) bool {
	c := l.counted[k]
	if c == nil || !now.Before(c.until) {
		return false
	}
	c.repeats++
	return true
}

// crowd counts an entry of a stranger and tells whether this minute's are used
// up. Called under mu.
func (l *Log) crowd(now time.Time) bool {
	if now.Sub(l.from) >= mergeFor || now.Before(l.from) {
		l.from, l.strangers = now, 0
	}
	l.strangers++
	return l.strangers > strangersMost
}

// countStranger counts what is written later, with the others of its minute.
// What belongs to no account (a name that nobody has, a link that never was)
// loses its name and address. Nothing is written here and now for either, so
// that the time of an answer does not tell them apart. Called under mu.
func (l *Log) countStranger(who db.Who, e Entry, outcome string, now time.Time) {
	if e.AccountID == "" {
		who, e = db.Who{Kind: db.Nobody}, Entry{Action: e.Action, Kind: e.Kind, Reason: e.Reason}
	}
	if k := repeatOf(who, e); !l.again(k, now) {
		l.counted[k] = &counting{until: now.Add(mergeFor), repeats: 1, who: who, entry: e, outcome: outcome}
	}
}

// takeDue removes what has been counted for a minute and returns what repeated. Called under mu.
func (l *Log) takeDue(now time.Time) []counting {
	var due []counting
	for k, c := range l.counted {
		if now.Before(c.until) && len(l.counted) < mergeMax {
			continue
		}
		if c.repeats > 0 {
			due = append(due, *c)
		}
		delete(l.counted, k)
	}
	return due
}

func (l *Log) write(ctx context.Context, entries []counting) {
	ctx = context.WithoutCancel(ctx)
	for _, c := range entries {
		err := l.db.Update(ctx, c.who, func(tx *db.Tx) error { return record(tx, c.entry, c.outcome, c.repeats) })
		if err != nil {
			l.log.Error("audit entry lost", "action", c.entry.Action, "outcome", c.outcome, "error", err)
		}
	}
}

// Flush writes what has been counted for a minute. The server calls it now and then.
func (l *Log) Flush(ctx context.Context) {
	l.mu.Lock()
	due := l.takeDue(time.UnixMicro(l.db.Now()))
	l.mu.Unlock()
	l.write(ctx, due)
}

// Close writes everything that is still being counted.
func (l *Log) Close(ctx context.Context) {
	l.mu.Lock()
	due := l.takeDue(time.UnixMicro(1 << 62))
	l.mu.Unlock()
	l.write(ctx, due)
}
