package signin

import (
	"context"
	"strings"
	"sync"
	"time"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/seal"
)

const (
	sessionPurpose = "session"
	freshFor       = 5 * time.Minute  // PCI DSS 8.3.3, as standards.md reads it
	markEvery      = 30 * time.Second // how often a session's use is written down
)

// Session is one device on which a person is signed in.
type Session struct {
	Ref       string // what a service may be given; opens nothing
	UserID    string
	AccountID string // in which it began

	SecondFactor bool
	Fresh        bool // all factors were given in the last five minutes

	FirstName, LastName string
	Email, Username     string
	Lang                lang.Tag
	TimeZone, Theme     string

	CreatedAt, SeenAt   int64 // µs
	IdleAt, ExpiresAt   int64 // µs: when it ends if nothing more comes, and in any case
	IP, UserAgent       string
	hash                string
	secondFactor, fresh int64
}

// Name is first and last name as people write it.
func (s Session) Name() string { return strings.TrimSpace(s.FirstName + " " + s.LastName) }

// Who is the person of the session acting, from where who is.
func (s Session) Who(who db.Who) db.Who {
	who = as(who, s.UserID, s.AccountID)
	who.Ref, who.SecondFactor, who.Fresh = s.Ref, s.SecondFactor, s.Fresh
	return who
}

// sessionEnded is the answer to every cookie that opens nothing.
func sessionEnded() error { return fault.New(fault.Unauthenticated, "session_ended") }

// Session finds the session of a cookie's value, on every request, and notes
// that it is used. It refuses with session_ended (401).
func (d *Door) Session(ctx context.Context, cookie seal.Secret) (Session, error) {
	s, err := d.Peek(ctx, cookie)
	if err != nil {
		return s, err
	}
	s.SeenAt, s.IdleAt = d.db.Now(), s.IdleAt+d.db.Now()-s.SeenAt
	if !d.seen.note(s.hash, s.SeenAt) {
		return s, nil
	}
	return s, d.db.Keep(context.WithoutCancel(ctx), func(tx *db.Tx) error { return markSeen(tx, s.hash) })
}

// Peek is Session for a request that is no use of the session: one that a page
// makes by itself does not keep anybody signed in (PCI DSS 8.2.8).
func (d *Door) Peek(ctx context.Context, cookie seal.Secret) (s Session, err error) {
	if cookie == "" {
		return s, sessionEnded()
	}
	err = d.db.View(ctx, func(tx *db.Tx) error {
		s, err = d.sessionBy(tx, `s.hash = $2`, []byte(seal.HashToken(sessionPurpose, cookie.Reveal())))
		return err
	})
	return s, err
}

// ByRef finds a session by its reference, for decisions about somebody who is
// signed in (AuthZEN's context.session). false: there is none that is alive.
func (d *Door) ByRef(tx *db.Tx, ref string) (Session, bool, error) {
	s, err := d.sessionBy(tx, `s.ref = $2`, ref)
	if fault.CodeOf(err) == "session_ended" {
		return Session{}, false, nil
	}
	return s, err == nil, err
}

// sessionBy reads a session that is alive at the time of tx.
func (d *Door) sessionBy(tx *db.Tx, where string, arg any) (Session, error) {
	list, err := d.alive(tx, where, arg)
	if err != nil {
		return Session{}, err
	}
	if len(list) == 0 {
		return Session{}, sessionEnded()
	}
	return list[0], nil
}

// alive reads the sessions that are alive at the time of tx, the newest first.
func (d *Door) alive(tx *db.Tx, where string, arg any) (list []Session, err error) {
	all, err := readSessions(tx, where, arg)
	if err != nil {
		return nil, err
	}
	idle := map[string]int64{} // by account
	for _, s := range all {
		if idle[s.AccountID] == 0 {
			settings, err := d.settings(tx, s.AccountID)
			if err != nil {
				return nil, err
			}
			idle[s.AccountID] = micros(settings.SessionIdle)
		}
		s.SeenAt = max(s.SeenAt, d.seen.at(s.hash))
		s.IdleAt = s.SeenAt + idle[s.AccountID]
		if tx.Now >= s.IdleAt || tx.Now >= s.ExpiresAt {
			continue
		}
		s.SecondFactor = s.secondFactor != 0
		s.Fresh = tx.Now-s.fresh <= micros(freshFor)
		list = append(list, s)
	}
	return list, nil
}

// SignOut ends the session of a cookie's value. A dead one is no mistake.
func (d *Door) SignOut(ctx context.Context, who db.Who, cookie seal.Secret) error {
	s, err := d.Peek(ctx, cookie)
	if err != nil {
		if fault.CodeOf(err) == "session_ended" {
			return nil
		}
		return err
	}
	return d.EndSession(ctx, s.Who(who), s.Ref)
}

// Sessions lists the sessions of the person, the newest first (A5).
func (d *Door) Sessions(ctx context.Context, who db.Who) (list []Session, err error) {
	err = d.db.View(ctx, func(tx *db.Tx) error {
		list, err = d.OpenSessions(tx, who.ID)
		return err
	})
	return list, err
}

// OpenSessions lists somebody's sessions, the newest first. The caller has asked
// whether they may be seen.
func (d *Door) OpenSessions(tx *db.Tx, userID string) ([]Session, error) {
	return d.alive(tx, `s.user_id = $2`, userID)
}

// EndSession ends one of the person's own sessions, by its reference.
func (d *Door) EndSession(ctx context.Context, who db.Who, ref string) error {
	return d.db.Update(ctx, who, func(tx *db.Tx) error {
		n, err := tx.Exec(`DELETE FROM sessions WHERE ref = $1 AND user_id = $2`, ref, who.ID)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.None("session")
		}
		return audit.Record(tx, audit.Entry{Action: audit.SignedOut, AccountID: who.AccountID, Kind: "user", ID: who.ID,
			Changes: []audit.Change{{Field: "session", Before: ref}}})
	})
}

// EndOthers ends all of the person's sessions but the one they act in.
func (d *Door) EndOthers(ctx context.Context, who db.Who) error {
	return d.db.Update(ctx, who, func(tx *db.Tx) error {
		if err := endOthers(tx, who); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Action: audit.SessionsEnded, AccountID: who.AccountID, Kind: "user", ID: who.ID})
	})
}

// seen holds when this process last saw each session, exactly; the database is
// told every half minute, for the other nodes and the next start.
type seen struct {
	mu      sync.Mutex
	last    map[string]int64
	written map[string]int64
}

func (s *seen) at(hash string) int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last[hash]
}

// note keeps the time and tells whether it is due to be written.
func (s *seen) note(hash string, now int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.last == nil {
		s.last, s.written = map[string]int64{}, map[string]int64{}
	}
	s.last[hash] = now
	if at, ok := s.written[hash]; ok && now-at < micros(markEvery) {
		return false
	}
	s.written[hash] = now
	return true
}

// forget drops what was not seen since before.
func (s *seen) forget(before int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash, at := range s.last {
		if at < before {
			delete(s.last, hash)
			delete(s.written, hash)
		}
	}
}
