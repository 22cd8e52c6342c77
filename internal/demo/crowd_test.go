package demo_test

import (
	"context"
	"database/sql"
	"encoding/base32"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/demo"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/signin"
	"countersign/internal/snapshot"
	"countersign/internal/test/testdb"
	"countersign/internal/test/world"
)

// crowded is a database with a crowd beside the story.
func crowded(t *testing.T, dialect testdb.Dialect, o demo.Options) *house {
	t.Helper()
	h := build(t, dialect, present)
	made := 0
	o.Progress = func(n, of int) { made = n }
	var err error
	if h.world, err = demo.Fill(t.Context(), h.Deps, o); err != nil {
		t.Fatal(err)
	}
	if made != o.Users || h.log.Len() > 0 {
		t.Errorf("told of %d people; logged: %s", made, h.log)
	}
	return h
}

// TestCrowd makes a small crowd and looks at it as the program does.
func TestCrowd(t *testing.T) {
	for _, dialect := range testdb.Dialects() {
		t.Run(string(dialect), func(t *testing.T) {
			h := crowded(t, dialect, demo.Options{Small: true, Seed: 5, Users: 3000, Accounts: 7})
			t.Run("all that repeats something is right", h.listsRight)
			t.Run("so many people and accounts as were asked for", h.crowdSize)
			t.Run("U8 every status, in believable shares", h.crowdStatuses)
			t.Run("administrators are counted and accounts are open", h.crowdAdministrators)
			t.Run("what they may do is what the snapshot says", h.crowdRights)
			t.Run("the log is whole", h.crowdLog)
			t.Run("somebody without a second factor signs in and sets one up", h.crowdSetsUp)
			t.Run("somebody with one signs in", h.crowdSignsIn)
			t.Run("the owner of the first account signs in, as printed", func(t *testing.T) {
				l, ok := h.world.Login("crowd.owner")
				if !ok || l.CustomerID != "1000001" {
					t.Fatalf("%+v", l)
				}
				h.holds(t, l)
			})
		})
	}
}

func (h *house) listsRight(t *testing.T) {
	h.view(t, func(tx *db.Tx) error {
		wrong, err := world.WrongLists(tx)
		for _, w := range wrong[:min(len(wrong), 5)] {
			t.Error(w)
		}
		return err
	})
}

func (h *house) crowdSize(t *testing.T) {
	if n := h.count(t, `SELECT COUNT(*) FROM users`); n < 3001 || h.world.Persons != n {
		t.Errorf("%d people, told of %d", n, h.world.Persons)
	}
	if n := h.count(t, `SELECT COUNT(*) FROM accounts`); n != 16+7 || h.world.Accounts != n {
		t.Errorf("%d accounts, told of %d", n, h.world.Accounts)
	}
	if n := h.count(t, `SELECT COUNT(*) FROM (SELECT user_id FROM memberships GROUP BY user_id HAVING COUNT(*) > 1) x`); n < 20 || n > 200 {
		t.Errorf("%d people are in several accounts", n)
	}
	if n := h.count(t, `SELECT COUNT(*) FROM accounts WHERE findable > 0`); n == 0 {
		t.Error("no account is big enough to have an index of its people")
	}
	if n := h.count(t, `SELECT COUNT(*) FROM person_keys p JOIN users u ON u.id = p.user_id JOIN memberships m ON m.user_id = u.id JOIN accounts a ON a.id = m.account_id
		JOIN entities e ON e.id = a.entity_id WHERE e.customer_id > '1000001' AND length(e.customer_id) = 7`); n != 0 {
		t.Errorf("%d keys were made before they are needed", n)
	}
	for column, least := range map[string]int{"first_name || last_name": 1500, "email_key": 3000} {
		if n := h.count(t, `SELECT COUNT(DISTINCT `+column+`) FROM users`); n < least {
			t.Errorf("%d different %s", n, column)
		}
	}
	h.view(t, func(tx *db.Tx) error {
		list, err := db.All(tx, func(r *sql.Rows) (p [2]string, err error) { return p, r.Scan(&p[0], &p[1]) }, `SELECT email, email_key FROM users`)
		for _, p := range list {
			if key, ok := people.EmailKey(p[0]); !ok || key != p[1] {
				t.Fatalf("the key of %q is %q, not %q", p[0], p[1], key)
			}
		}
		return err
	})
}

// crowdStatuses adds up the statuses of all accounts, which people.Counts derives.
func (h *house) crowdStatuses(t *testing.T) {
	share := map[people.Status]float64{}
	for _, a := range h.crowdAccounts(t) {
		h.view(t, func(tx *db.Tx) error {
			counts, err := h.People.Counts(tx, a)
			for s, n := range counts {
				share[s] += float64(n) / 30 // of a hundred
			}
			return err
		})
	}
	for s, want := range map[people.Status][2]float64{people.Active: {80, 93}, people.Invited: {0.8, 2.5}, people.ExpiredInvitation: {1, 3}, people.DeactivatedInvitation: {0.1, 1.2},
		people.Deactivated: {4, 8}, people.LockedInactivity: {0.5, 4}, people.LockedAttempts: {0.03, 0.6}, people.PasswordExpired: {0.2, 3}} {
		if share[s] < want[0] || share[s] > want[1] {
			t.Errorf("%.2f %% are %s", share[s], s)
		}
	}
}

func (h *house) crowdAccounts(t *testing.T) []org.Account {
	return slices.DeleteFunc(h.accounts(t), func(a org.Account) bool { return len(a.CustomerID) != 7 })
}

func (h *house) crowdAdministrators(t *testing.T) {
	for _, a := range h.crowdAccounts(t) {
		counted := h.count(t, `SELECT admins FROM accounts WHERE id = $1`, a.ID)
		real := h.count(t, `SELECT COUNT(DISTINCT m.id) FROM memberships m JOIN assignments s ON s.account_id = m.account_id AND s.membership_id = m.id
			JOIN roles r ON r.account_id = s.account_id AND r.id = s.role_id
			WHERE m.account_id = $1 AND r.predefined IN ('owner', 'administrator') AND m.activated_at IS NOT NULL AND m.deactivated_at IS NULL`, a.ID)
		first := h.count(t, `SELECT COUNT(*) FROM memberships WHERE account_id = $1 AND first_administrator AND owner AND activated_at IS NOT NULL`, a.ID)
		if counted != real || counted == 0 || !a.Open || first != 1 {
			t.Errorf("%s counts %d administrators and has %d, %d of them first; open: %v", a.CustomerID, counted, real, first, a.Open)
		}
	}
}

// crowdRights builds a snapshot anew and asks it about everybody of an account.
func (h *house) crowdRights(t *testing.T) {
	live := &access.Live{}
	if err := snapshot.New(h.DB, h.Profiles, live, snapshot.Options{}).Refresh(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	a := h.crowdAccounts(t)[1]
	h.view(t, func(tx *db.Tx) error {
		for q := (people.Query{Limit: 200}); ; {
			page, err := h.People.List(tx, a, q)
			if err != nil {
				return err
			}
			for _, row := range page.Rows {
				in := row.ActivatedAt != 0 && row.DeactivatedAt == 0 && row.InactiveLockedAt == 0
				q := access.Question{User: row.ID(), Within: a.ID, Now: tx.Now, SecondFactor: true, Fresh: true}
				held := access.Held(live.Load(), q)
				if len(row.Roles) == 0 || held.Empty() == in || held != access.Held(h.Live.Load(), q) {
					t.Errorf("%s is %s with %v and holds %d permissions", row.Name(), row.Status, row.Roles, held.Len())
				}
			}
			if q.After = page.Next; q.After == "" {
				return nil
			}
		}
	})
}

func (h *house) crowdLog(t *testing.T) {
	if n := h.count(t, `SELECT MAX(seq) - COUNT(*) FROM audit_entries`); n != 0 {
		t.Errorf("%d numbers are missing from the log", n)
	}
	if n := h.count(t, `SELECT COUNT(*) FROM audit_entries a JOIN audit_entries b ON b.seq = a.seq + 1 WHERE b.at < a.at`); n != 0 {
		t.Errorf("the time went back %d times", n)
	}
	if n := h.count(t, `SELECT COUNT(*) FROM audit_entries WHERE at > $1`, present.UnixMicro()); n != 0 {
		t.Errorf("%d entries are of the future", n)
	}
	for _, action := range []string{audit.AccountCreated, audit.AccountOpened} {
		if n := h.count(t, `SELECT COUNT(*) FROM accounts WHERE id NOT IN (SELECT target_id FROM audit_entries WHERE action = $1)`, action); n != 0 {
			t.Errorf("%d accounts have no entry %s", n, action)
		}
	}
	for column, table := range map[string]string{"created_at": "users", "activated_at": "memberships", "used_at": "invitations", "set_at": "password_history", "last_sign_in_at": "users", "deactivated_at": "memberships"} {
		if n := h.count(t, `SELECT COUNT(*) FROM `+table+` WHERE `+column+` > $1`, present.UnixMicro()); n != 0 {
			t.Errorf("%d %s of %s are of the future", n, column, table)
		}
	}
	if n := h.count(t, `SELECT COUNT(*) FROM memberships m JOIN accounts a ON a.id = m.account_id WHERE m.created_at < a.created_at`); n != 0 {
		t.Errorf("%d people were in an account before it was there", n)
	}
}

// one is the address of somebody of the crowd who is active, with or without a second factor.
func (h *house) one(t *testing.T, factors int) (email, id string) {
	t.Helper()
	h.view(t, func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&email, &id}, `SELECT u.email, u.id FROM users u JOIN memberships m ON m.user_id = u.id JOIN accounts a ON a.id = m.account_id JOIN entities e ON e.id = a.entity_id
			WHERE length(e.customer_id) = 7 AND m.activated_at IS NOT NULL AND m.deactivated_at IS NULL AND u.inactive_locked_at IS NULL AND u.id NOT IN (SELECT user_id FROM signin_attempts)
			AND NOT m.first_administrator AND (SELECT COUNT(*) FROM factors f WHERE f.user_id = u.id) = $1 ORDER BY u.id LIMIT 1`, factors)
		return err
	})
	return email, id
}

func (h *house) crowdSetsUp(t *testing.T) {
	email, id := h.one(t, 0)
	ctx := context.WithoutCancel(t.Context())
	step, err := h.door.Start(ctx, db.Who{}, email, demo.Password)
	if err != nil || step.Next != signin.NextSetup {
		t.Fatalf("%+v, %v", step, err)
	}
	view, err := h.door.Setup(ctx, db.Who{}, step.Challenge)
	if err != nil {
		t.Fatal(err)
	}
	code, err := demo.Code(view.App.Key.Reveal(), h.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if step, err = h.door.FinishApp(ctx, db.Who{}, step.Challenge, code, ""); err != nil || step.UserID != id || step.Next != signin.NextCodes {
		t.Errorf("%+v, %v", step, err)
	}
	h.listsRight(t)
}

func (h *house) crowdSignsIn(t *testing.T) {
	email, id := h.one(t, 1)
	ctx := context.WithoutCancel(t.Context())
	step, err := h.door.Start(ctx, db.Who{}, email, demo.Password)
	if err != nil || step.Next != signin.NextCode {
		t.Fatalf("%+v, %v", step, err)
	}
	var sealed []byte
	h.view(t, func(tx *db.Tx) error {
		_, err := db.One(tx, []any{&sealed}, `SELECT sealed FROM factors WHERE user_id = $1`, id)
		return err
	})
	seed, err := h.DB.Box().Open("factor", sealed)
	if err != nil {
		t.Fatal(err)
	}
	code, err := demo.Code(base32Key.EncodeToString(seed), h.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if step, err = h.door.Prove(ctx, db.Who{}, step.Challenge, signin.Proof{Code: code}); err != nil || step.UserID != id || step.Session == "" {
		t.Errorf("%+v, %v", step, err)
	}
}

// crowdTold is all of the crowd that must not depend on chance.
func (h *house) crowdTold(t *testing.T) (out []string) {
	t.Helper()
	h.view(t, func(tx *db.Tx) (err error) {
		out, err = db.Column(tx, `SELECT e.customer_id || ' ' || e.name || ' ' || m.number || ' ' || u.first_name || ' ' || u.last_name || ' ' || u.email || ' ' || u.phone || ' ' || u.language || ' ' || u.time_zone || ' ' || COALESCE(m.activated_at, 0)
				|| ' ' || COALESCE(m.deactivated_at, 0) || ' ' || m.last_sign_in_at || ' ' || COALESCE(u.inactive_locked_at, 0) || ' ' || COALESCE(u.password_set_at, 0) || ' ' || (SELECT COUNT(*) FROM assignments x WHERE x.membership_id = m.id)
			FROM memberships m JOIN users u ON u.id = m.user_id JOIN accounts a ON a.id = m.account_id JOIN entities e ON e.id = a.entity_id WHERE length(e.customer_id) = 7 ORDER BY e.customer_id, m.number`)
		return err
	})
	return out
}

func TestSameSeedSameCrowd(t *testing.T) {
	o := demo.Options{Small: true, Seed: 3, Users: 150, Accounts: 4}
	one, two := crowded(t, testdb.SQLite, o).crowdTold(t), crowded(t, testdb.Postgres, o).crowdTold(t)
	o.Seed = 4
	other := crowded(t, testdb.SQLite, o).crowdTold(t)
	if diff := cmp.Diff(one, two); diff != "" {
		t.Error(diff)
	}
	if len(one) < 150 || slices.Equal(one, other) {
		t.Errorf("%d lines; another seed made the same crowd: %v", len(one), slices.Equal(one, other))
	}
}

func TestCrowdRefused(t *testing.T) {
	for name, o := range map[string]demo.Options{"users": {Users: 1_000_001}, "accounts": {Users: 100_000, Accounts: 10_001}, "more accounts than users": {Users: 3, Accounts: 4}, "accounts of nobody": {Accounts: 4}, "negative": {Users: -1}} {
		t.Run(name, func(t *testing.T) {
			h := build(t, testdb.SQLite, present)
			_, err := demo.Fill(t.Context(), h.Deps, o)
			if f := fault.From(err); f.Kind != fault.Invalid || h.count(t, `SELECT COUNT(*) FROM instance`) != 0 {
				t.Errorf("%v, and the database is %d times a demo", err, h.count(t, `SELECT COUNT(*) FROM instance`))
			}
		})
	}
	for users, accounts := range map[int]int{1: 1, 99: 1, 250: 2} {
		h := crowded(t, testdb.SQLite, demo.Options{Small: true, Seed: 1, Users: users})
		if n := len(h.crowdAccounts(t)); n != accounts {
			t.Errorf("%d people are in %d accounts", users, n)
		}
	}
}

var base32Key = base32.StdEncoding.WithPadding(base32.NoPadding)
