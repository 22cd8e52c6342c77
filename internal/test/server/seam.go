package server

import (
	"crypto/rand"
	"os"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/seal"
)

// open opens the program's database beside it, with its key.
func (s *Server) open() *db.DB {
	s.t.Helper()
	text, err := os.ReadFile(s.KeyFile)
	if err != nil {
		s.t.Fatal(err)
	}
	box, err := seal.Parse(string(text))
	if err != nil {
		s.t.Fatal(err)
	}
	d, err := db.Open(s.t.Context(), db.Options{URL: s.Database, Now: s.Now, Random: rand.Reader, Box: box})
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// Entries is the whole audit log, the newest first.
func (s *Server) Entries() (out []audit.Found) {
	s.t.Helper()
	s.view(func(tx *db.Tx) error {
		p, _, err := org.Platform(tx)
		if err != nil {
			return err
		}
		out, err = audit.Search(tx, audit.Query{Reach: []access.Reach{{Paths: []string{p.Path}, AllLocations: true}}, Limit: 1000})
		return err
	})
	return out
}

func (s *Server) view(f func(*db.Tx) error) {
	s.t.Helper()
	d := s.open()
	defer d.Close()
	if err := d.View(s.t.Context(), f); err != nil {
		s.t.Fatal(err)
	}
}

// LockInactive locks everybody for inactivity, as the daily job does with people who were away for long.
func (s *Server) LockInactive() {
	s.t.Helper()
	d := s.open()
	defer d.Close()
	err := d.Update(s.t.Context(), db.Who{Kind: db.System, ID: "test"}, func(tx *db.Tx) error {
		if _, err := tx.Exec(`UPDATE users SET inactive_locked_at = $1`, tx.Now); err != nil {
			return err
		}
		tx.ChangedAccess()
		return audit.Record(tx, audit.Entry{Action: audit.UserInactive, Kind: "user"})
	})
	if err != nil {
		s.t.Fatal(err)
	}
}
