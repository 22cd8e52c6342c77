package notify

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
)

// Spool writes each mail to a file in a folder instead of sending it. The names
// sort by time; a file is there whole or not at all. Make one with NewSpool.
type Spool struct{ folder string }

// NewSpool makes the folder, open to its owner alone, when there is none.
func NewSpool(folder string) (*Spool, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the mail folder: %w", err)
	}
	return &Spool{folder}, nil
}

// Send writes the mail to TIME-ID.eml, mode 0600. It returns when the file is on the disk.
func (s *Spool) Send(_ context.Context, m Mail) error {
	msg, err := compose(m)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(s.folder, ".unfinished-*")
	if err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	defer os.Remove(f.Name()) // after the renaming there is none
	defer f.Close()
	if _, err := msg.WriteTo(f); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	name := m.Date.UTC().Format("20060102T150405.000000Z") + "-" + m.ID + ".eml"
	if err := os.Rename(f.Name(), filepath.Join(s.folder, name)); err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	return syncFolder(s.folder)
}

// syncFolder makes a renaming last through a loss of power.
func syncFolder(folder string) error {
	d, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	defer d.Close()
	return d.Sync()
}
