package demo_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"log/slog"
	"testing"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/demo"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/signin"
	"countersign/internal/snapshot"
	"countersign/internal/test/testdb"
)

// house is a filled database with the rooms over it.
type house struct {
	demo.Deps
	world demo.World
	log   *bytes.Buffer
	door  *signin.Door
}

// build puts the rooms over an empty database whose present is at.
func build(t *testing.T, dialect testdb.Dialect, at time.Time) *house {
	t.Helper()
	h := &house{log: &bytes.Buffer{}}
	h.Clock = demo.NewClock(testdb.NewClock(at).Now)
	profiles, err := profile.Load()
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(h.log, &slog.HandlerOptions{Level: slog.LevelWarn}))
	d, err := db.Open(t.Context(), db.Options{URL: testdb.Address(t, dialect), Now: h.Clock.Now, Random: rand.Reader, Box: testdb.Box(t), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	if err := d.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	h.DB, h.Profiles, h.Live, h.Audit = d, profiles, &access.Live{}, audit.New(d, log)
	keeper := snapshot.New(d, profiles, h.Live, snapshot.Options{Log: log})
	if err := keeper.Refresh(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	h.People, h.Org = people.New(d, h.Live, profiles, h.Audit), org.NewOrg(d, h.Live, profiles, h.Audit)
	h.Passwords = signin.NewPasswords(signin.Cost{MemoryKiB: 64, Passes: 1, Lanes: 1}, 1, 4, rand.Reader)
	h.door = signin.New(d, h.Audit, h.Passwords, func(tx *db.Tx, accountID string) (profile.Settings, error) {
		return org.Settings(tx, profiles, accountID)
	}, signin.Site{Name: "test"})
	return h
}

// present is a moment just after midnight: the story's hours must not run into the future.
var present = time.Date(2026, 3, 4, 0, 0, 7, 0, time.UTC)

func filled(t *testing.T, dialect testdb.Dialect, at time.Time, o demo.Options) *house {
	t.Helper()
	h := build(t, dialect, at)
	var err error
	if h.world, err = demo.Fill(t.Context(), h.Deps, o); err != nil {
		t.Fatal(err)
	}
	if h.log.Len() > 0 {
		t.Errorf("something was logged: %s", h.log)
	}
	return h
}

func (h *house) view(t *testing.T, f func(tx *db.Tx) error) {
	t.Helper()
	if err := h.DB.View(context.WithoutCancel(t.Context()), f); err != nil {
		t.Fatal(err)
	}
}

func (h *house) count(t *testing.T, query string, args ...any) (n int) {
	t.Helper()
	h.view(t, func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&n}, query, args...)
		return err
	})
	return n
}

func (h *house) accounts(t *testing.T) (list []org.Account) {
	t.Helper()
	h.view(t, func(tx *db.Tx) error {
		ids, err := db.Column(tx, `SELECT a.id FROM accounts a JOIN entities e ON e.id = a.entity_id ORDER BY e.customer_id`)
		for _, id := range ids {
			a, _, err := org.AccountByID(tx, id)
			if err != nil {
				return err
			}
			list = append(list, a)
		}
		return err
	})
	return list
}
