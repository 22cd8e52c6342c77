package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/config"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/resource"
	"countersign/internal/roles"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/snapshot"
)

// rooms are the parts of the program, put together over one database.
type rooms struct {
	log       *slog.Logger
	now       func() time.Time
	db        *db.DB
	profiles  profile.Profiles
	live      *access.Live
	audit     *audit.Log
	keeper    *snapshot.Keeper
	org       *org.Org
	roles     *roles.Roles
	resources *resource.Resources
	people    *people.People
	passwords *signin.Passwords
	door      *signin.Door
	help      *signin.Help
}

// siteName is what authenticator apps and browsers show beside the person's name.
const siteName = "Countersign"

// hashing says how passwords are checked.
type hashing struct {
	cost           signin.Cost
	workers, queue int
}

// wire opens and migrates the database and puts the rooms over it. origin is
// the public URL's, to which security keys are bound.
func wire(ctx context.Context, log *slog.Logger, address, origin string, box *seal.Box, now func() time.Time, h hashing) (*rooms, error) {
	profiles, err := profile.Load()
	if err != nil {
		return nil, fmt.Errorf("profiles: %w", err)
	}
	d, err := db.Open(ctx, db.Options{URL: address, Now: now, Random: rand.Reader, Box: box, Log: log})
	if err != nil {
		return nil, err
	}
	if err := d.Migrate(ctx); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	if h.workers == 0 { // one processor stays free for people who are in, also in a storm of sign-ins
		h.workers = max(runtime.GOMAXPROCS(0)-1, 1)
	}
	r := &rooms{log: log, now: now, db: d, profiles: profiles, live: &access.Live{}, audit: audit.New(d, log)}
	r.keeper = snapshot.New(d, profiles, r.live, snapshot.Options{Log: log})
	r.org = org.NewOrg(d, r.live, profiles, r.audit)
	r.roles = roles.New(d, r.live, profiles, r.audit, people.RelistAccess)
	r.resources = resource.New(d, r.live, profiles, r.audit)
	r.people = people.New(d, r.live, profiles, r.audit)
	r.passwords = signin.NewPasswords(h.cost, h.workers, h.queue, rand.Reader)
	settings := func(tx *db.Tx, accountID string) (profile.Settings, error) {
		return org.Settings(tx, profiles, accountID)
	}
	r.door = signin.New(d, r.audit, r.passwords, settings, signin.Site{Name: siteName, Origin: origin})
	r.help = signin.NewHelp(r.door, r.people)
	if err := r.keeper.Refresh(ctx, 0); err != nil {
		return nil, errors.Join(fmt.Errorf("load access: %w", err), d.Close())
	}
	return r, nil
}

// close writes what is still being counted and closes the database.
func (r *rooms) close(ctx context.Context) error {
	r.audit.Close(ctx)
	return r.db.Close()
}

// box opens the key ring. With create it makes the key file when there is none.
func box(c config.Common, create bool) (*seal.Box, error) {
	if create && c.Key == "" {
		if err := makeKeyFile(c.KeyFile); err != nil {
			return nil, err
		}
	}
	return c.Box()
}

// makeKeyFile makes a key file that only its owner can read, unless there is one.
func makeKeyFile(name string) error {
	if _, err := os.Stat(name); err == nil {
		return nil
	}
	line, err := seal.NewKey(rand.Reader)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Clean(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("make the key file: %w", err)
	}
	_, err = f.WriteString("# Countersign's keys: whoever has this file and the database can read what is sealed there. Keep a copy apart from both.\n" + line)
	return errors.Join(err, f.Sync(), f.Close())
}
