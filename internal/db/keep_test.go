//go:build !race

// One goroutine: the race detector sees nothing here and takes many times as long.

package db_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"countersign/internal/db"
	"countersign/internal/test/testdb"
)

// TestBookkeeping holds the list of the tables that change without an entry in
// the log and without who acts. A table joins it here, with its reason.
func TestBookkeeping(t *testing.T) {
	reasons := map[string]string{
		"signin_attempts":  "counts a stranger's wrong guesses; the lock it leads to is recorded by an update",
		"challenges":       "half a sign-in, minutes long and without rights; the sign-in itself is recorded",
		"session_seen":     "when a session was last used: a write for each minute of use",
		"token_seen":       "when a service token was last used",
		"leases":           "which node does a job now; says nothing about anybody",
		"outbox":           "delivery state; what is sent is queued, and recorded, by an update",
		"access_changes":   "erased when every node has long read it; written by updates",
		"preferences":      "which columns somebody likes to see",
		"signin_errands":   "a name that somebody typed, known or not, or a lock to tell of; what comes of it is recorded by an update",
		"askers":           "how many forgotten passwords a network address has asked for in an hour",
		"drafts":           "what somebody typed when their session had run out, for an hour, sealed",
		"spent_ceremonies": "hashes of challenges that were answered once, for minutes; what came of the answer is recorded by an update",
	}
	for _, table := range db.Bookkeeping {
		if reasons[table] == "" {
			t.Errorf("%s has no reason to change without an entry in the log", table)
		}
	}
	if len(reasons) != len(db.Bookkeeping) {
		t.Errorf("reasons for %d tables, %d are listed", len(reasons), len(db.Bookkeeping))
	}
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		for _, table := range db.Bookkeeping {
			number(t, d, `SELECT count(*) FROM `+table) // fails when there is no such table
		}
	})
}

func TestKeepWritesBookkeeping(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		var holder string
		err := d.Keep(t.Context(), func(tx *db.Tx) error {
			for _, c := range []struct {
				query string
				args  []any
			}{
				{`INSERT INTO leases (name, holder, until) VALUES ('job', 'it''s; "me" -- INSERT', $1)`, []any{1}},
				{"insert  into\n\tleases (name, holder, until) values ('job', 'you', $1)\n on conflict (name) do update set until = excluded.until", []any{2}},
				{`UPDATE leases SET until = $2 WHERE name = $1 AND until < $2`, []any{"job", 3}},
				{`DELETE FROM leases WHERE until > $1`, []any{9}},
				{`DELETE FROM session_seen WHERE hash IN (SELECT hash FROM sessions WHERE expires_at < $1)`, []any{9}},
			} {
				if _, err := tx.Exec(c.query, c.args...); err != nil {
					t.Errorf("%s: %v", c.query, err)
				}
			}
			_, err := db.One(tx, []any{&holder}, `UPDATE leases SET until = 4 WHERE until = 3 RETURNING holder`)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff(`it's; "me" -- INSERT`, holder); diff != "" {
			t.Error(diff)
		}
		if seq := number(t, d, `SELECT seq FROM ledger`); seq != 0 {
			t.Error("bookkeeping moved the ledger")
		}
	})
}

func TestKeepRefusesEverythingElse(t *testing.T) {
	const lease = `INSERT INTO leases (name, holder, until) VALUES ('a', 'b', 1)`
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		for _, query := range []string{
			`INSERT INTO instance (name, value) VALUES ('a', 'b')`,
			`insert into INSTANCE (name, value) values ('a', 'b')`,
			`/* leases */ INSERT INTO instance (name, value) VALUES ('a', 'b')`,
			"-- INSERT INTO leases\nINSERT INTO instance (name, value) VALUES ('a', 'b')",
			`INSERT/**/INTO/**/instance (name, value) VALUES ('a', 'b')`,
			`INSERT INTO leases/**/ (name) SELECT 1`,
			`UPDATE  "users" SET epoch = 9`,
			`UpDaTe users SET epoch = 9`,
			`UPDATE main.users SET epoch = 9`,
			`UPDATE ONLY users SET epoch = 9`,
			`UPDATE OR REPLACE users SET epoch = 9`,
			`INSERT OR REPLACE INTO instance (name, value) VALUES ('a', 'b')`,
			`REPLACE INTO instance (name, value) VALUES ('a', 'b')`,
			"UPDATE `users` SET epoch = 9",
			`UPDATE [users] SET epoch = 9`,
			`UPDATE leases2 SET epoch = 9`,
			`UPDATE leases$users SET epoch = 9`,
			`DELETE FROM audit_entries`,
			`TRUNCATE audit_entries`,
			`DROP TABLE audit_entries`,
			lease + `; UPDATE users SET epoch = 9`,
			lease + `;UPDATE users SET epoch = 9`,
			`SELECT 1; UPDATE users SET epoch = 9`,
			`UPDATE leases SET holder = 'a\'; UPDATE users SET epoch = 9 --'`,
			`UPDATE leases SET holder = E'a\'', until = 1; UPDATE users SET epoch = 9 --'`,
			`UPDATE leases SET holder = $$a'$$; UPDATE users SET epoch = 9 --'`,
			`UPDATE leases SET holder = $x$a'$x$; UPDATE users SET epoch = 9 --'`,
			`WITH x AS (SELECT 'a' AS name) INSERT INTO instance (name, value) SELECT name, name FROM x`,
			`WITH x AS (INSERT INTO instance (name, value) VALUES ('a', 'b') RETURNING name) SELECT name FROM x`,
			`WITH x AS (INSERT INTO instance (name, value) VALUES ('a', 'b') RETURNING name) UPDATE leases SET holder = 'a'`,
			`WITH leases AS (SELECT 1) UPDATE users SET epoch = 9`,
			`SELECT * INTO leases FROM users`,
			`COPY users FROM '/tmp/x'`,
			`PRAGMA foreign_keys = 0`,
			`BEGIN`, `COMMIT`, ``,
		} {
			for name, do := range map[string]func(tx *db.Tx) error{
				"Exec":     func(tx *db.Tx) error { _, err := tx.Exec(query); return err },
				"All":      func(tx *db.Tx) error { _, err := db.Column(tx, query); return err },
				"Query":    func(tx *db.Tx) error { return drain(tx, query) },
				"ExecLast": func(tx *db.Tx) error { return tx.ExecLast(query) },
			} {
				var refused error
				d.Keep(t.Context(), func(tx *db.Tx) error { refused = do(tx); return nil })
				if refused == nil {
					t.Errorf("%s ran %s", name, query)
				}
			}
		}
		wantUntouched(t, d)
	})
}

func TestKeepQueuesNothing(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		err := d.Keep(t.Context(), func(tx *db.Tx) error { return tx.Queue(db.Message{Kind: "test"}) })
		if err == nil {
			t.Error("a message was queued without an entry in the log")
		}
	})
}

func TestKeepRollsBack(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		errMine := errors.New("mine")
		err := d.Keep(t.Context(), func(tx *db.Tx) error {
			if _, err := tx.Exec(`INSERT INTO leases (name, holder, until) VALUES ('a', 'b', 1)`); err != nil {
				return err
			}
			return errMine
		})
		if err != errMine {
			t.Errorf("%v, want the function's own error", err)
		}
		if n := number(t, d, `SELECT count(*) FROM leases`); n != 0 {
			t.Error("a lease is left")
		}
	})
}

// TestValues: what is written is read back the same, whichever the database.
func TestValues(t *testing.T) {
	type value struct {
		Bytes  []byte
		IsNull bool
		Length int64
	}
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		for name, c := range map[string]struct {
			in   any
			want value
		}{
			"nil":         {nil, value{nil, true, -1}},
			"nil bytes":   {[]byte(nil), value{nil, true, -1}},
			"empty bytes": {[]byte{}, value{nil, false, 0}}, // SQLite reads them as nil: ask IS NULL
			"all bytes":   {allBytes(), value{allBytes(), false, 256}},
		} {
			err := d.Update(t.Context(), somebody, func(tx *db.Tx) error {
				_, err := tx.Exec(`INSERT INTO outbox (id, kind, account_id, user_id, sealed, state, created_at, next_at) VALUES ($1, '', '', '', $2, 'sent', 0, 0)`, name, c.in)
				return errors.Join(err, note(tx, name))
			})
			if err != nil {
				t.Fatal(err)
			}
			var got value
			read(t, d, []any{&got.Bytes, &got.IsNull, &got.Length}, `SELECT sealed, sealed IS NULL, COALESCE(length(sealed), -1) FROM outbox WHERE id = $1`, name)
			if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%s: -want +got:\n%s", name, diff)
			}
		}
		for _, want := range []int64{0, -1, 1<<53 + 1, 1<<63 - 1, -1 << 63} {
			for _, yes := range []bool{true, false} {
				var n int64
				var b, same bool
				err := d.Update(t.Context(), somebody, func(tx *db.Tx) error {
					_, err := tx.Exec(`INSERT INTO entities (id, account_id, kind, customer_id, name, search_key, path, next_child, active, created_at)
						VALUES ('ent', '', 'merchant', '1', 'Ünïcödé 🦊 ''"\', '', '', $1, $2, 0)`, want, yes)
					if err == nil {
						_, err = db.One(tx, []any{&n, &b, &same}, `SELECT next_child, active, next_child = $1 AND active = $2 AND name = $3 FROM entities`, want, yes, `Ünïcödé 🦊 '"\`)
					}
					return errors.Join(err, errKeepNothing)
				})
				if !errors.Is(err, errKeepNothing) {
					t.Error(err)
				}
				if n != want || b != yes || !same {
					t.Errorf("%d %t came back as %d %t (equal to its parameters: %t)", want, yes, n, b, same)
				}
			}
		}
	})
}

var errKeepNothing = errors.New("roll back")

func allBytes() []byte {
	out := make([]byte, 256)
	for i := range out {
		out[i] = byte(i)
	}
	return out
}

func TestTextSortsByItsBytes(t *testing.T) {
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		names := []string{"b", "a", "Z", "é", "~", "1", "A~", "A", "aa", "a b", "a-b", "_"}
		err := d.Update(t.Context(), somebody, func(tx *db.Tx) error {
			for _, n := range names {
				if _, err := tx.Exec(insertThing, n); err != nil {
					return err
				}
			}
			return note(tx, "names")
		})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		err = d.View(t.Context(), func(tx *db.Tx) (err error) {
			got, err = db.Column(tx, `SELECT name FROM instance ORDER BY name`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(names)
		if diff := cmp.Diff(names, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestViolates(t *testing.T) {
	prepare := []string{
		`INSERT INTO entities (id, account_id, kind, customer_id, name, search_key, path, created_at) VALUES ('ent_1', 'acc_1', 'platform', '1', 'One', '', '1', 0)`,
		`INSERT INTO accounts (id, entity_id, profile, profile_version, environment, created_at) VALUES ('acc_1', 'ent_1', 'standard', 1, 'test', 0)`,
		`INSERT INTO users (id, first_name, sort_key, search_key, email_key, created_at) VALUES ('usr_1', 'A', '', '', 'a@b', 0)`,
		`INSERT INTO memberships (account_id, id, user_id, first_administrator, all_locations, created_at, created_by) VALUES ('acc_1', 'mbr_1', 'usr_1', TRUE, TRUE, 0, '')`,
		`INSERT INTO users (id, first_name, sort_key, search_key, email_key, created_at) VALUES ('usr_2', 'A', '', '', 'b@b', 0)`,
		`INSERT INTO roles (account_id, id, name, name_key, created_at) VALUES ('acc_1', 'rol_1', 'R', 'r', 0)`,
	}
	const member = `INSERT INTO memberships (account_id, id, user_id, first_administrator, all_locations, created_at, created_by) VALUES `
	names := []string{"accounts_keep_an_administrator", "users.email_key", "users.email", "users.id", "memberships.user_id", "memberships.id", "memberships.account_id", "roles.name_key", "roles.name", "instance.name"}
	testdb.Each(t, func(t *testing.T, d *db.DB) {
		for query, want := range map[string]string{
			`UPDATE accounts SET is_open = TRUE WHERE id = 'acc_1'`:                                                 "accounts_keep_an_administrator",
			`UPDATE users SET email_key = 'a@b' WHERE id = 'usr_2'`:                                                 "users.email_key",
			`UPDATE users SET id = 'usr_1' WHERE id = 'usr_2'`:                                                      "users.id",
			member + `('acc_1', 'mbr_2', 'usr_1', FALSE, TRUE, 0, '')`:                                              "memberships.user_id",
			member + `('acc_1', 'mbr_1', 'usr_2', FALSE, TRUE, 0, '')`:                                              "memberships.id",
			member + `('acc_1', 'mbr_2', 'usr_2', TRUE, TRUE, 0, '')`:                                               "memberships.account_id",
			`INSERT INTO roles (account_id, id, name, name_key, created_at) VALUES ('acc_1', 'rol_2', 'R', 'r', 0)`: "roles.name_key",
			`INSERT INTO users (id, first_name, sort_key, search_key, created_at) VALUES ('usr_3', 'A', '', '', 0)`: "", // another CHECK
			`UPDATE memberships SET user_id = 'usr_9' WHERE id = 'mbr_1'`:                                           "", // a foreign key
			`UPDATE nowhere SET user_id = 'usr_9'`:                                                                  "",
		} {
			var got []string
			err := d.Update(t.Context(), somebody, func(tx *db.Tx) error {
				for _, q := range prepare {
					if _, err := tx.Exec(q); err != nil {
						t.Fatal(err)
					}
				}
				_, err := tx.Exec(query)
				return err
			})
			if err == nil {
				t.Fatalf("%s was not refused", query)
			}
			for _, n := range names {
				if db.Violates(err, n) {
					got = append(got, n)
				}
			}
			wants := []string{want}
			if want == "" {
				wants = nil
			}
			if diff := cmp.Diff(wants, got); diff != "" {
				t.Errorf("%s: %v: -want +got:\n%s", query, err, diff)
			}
		}
	})
	if db.Violates(nil, "users.id") || db.Violates(errors.New("UNIQUE constraint failed: users.id"), "users.id") {
		t.Error("what is not from the database violates nothing")
	}
}
