package people_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/seal"
)

func yes(b bool) *bool { return &b }

// create has M1's administrator create a user, and gives their label.
func (h house) create(t *testing.T, label string, change func(*people.Invitee)) error {
	t.Helper()
	in := h.invitee("read_only")
	in.Email = label + "@example.org"
	change(&in)
	who := h.Who("m1.administrator")
	id, err := h.People.Invite(t.Context(), who, who.AccountID, in)
	if err == nil {
		h.Add(label, id)
	}
	return err
}

func (h house) networks(t *testing.T, label string) (out []string) {
	t.Helper()
	m := h.Row(label).Member
	h.View(func(tx *db.Tx) error {
		list, err := people.Networks(tx, m.AccountID, m.ID)
		for _, n := range list {
			out = append(out, people.NetworkText(n))
		}
		return err
	})
	return out
}

// newest is the newest link that was mailed.
func (h house) newest() (token seal.Secret) {
	for _, m := range h.Messages() {
		if m.Data["token"] != "" {
			token = seal.Secret(m.Data["token"])
		}
	}
	return token
}

func text(s string) *string { return &s }

func (h house) edit(t *testing.T, who, label string, in people.Edits) error {
	w := h.Who(who)
	return h.People.Edit(t.Context(), w, w.AccountID, h.User(label), h.Version(label), in)
}

// changed are the changes of the last entry, as "field: before → after".
func (h house) changed() (out []string) {
	for _, c := range h.Last().Changes {
		out = append(out, fmt.Sprintf("%s: %s → %s", c.Field, c.Before, c.After))
	}
	return out
}

// everywhere tells whether the reader may act from the world's address.
func (h house) everywhere(t *testing.T, want bool) {
	t.Helper()
	q := access.Question{User: h.User("m1.reader"), Within: h.Account("M1").ID, Now: h.DB.Now(), Permission: access.MustParse("payments:view"), Entity: h.Entity("M1-A").ID, IP: h.Who("m1.reader").IP}
	if d := access.Decide(h.Live.Load(), q); d.Allowed != want {
		t.Errorf("%v", d.Codes())
	}
}

// custom gives somebody of M1 a role of their own with these permissions.
func (h house) custom(t *testing.T, label string, permissions ...string) {
	t.Helper()
	a, m := h.Account("M1").ID, h.Row(label).Member.ID
	h.Do(func(tx *db.Tx) error {
		for _, q := range []string{
			`INSERT INTO roles (account_id, id, name, name_key, created_at) VALUES ($1, 'rol_custom', 'Custom', 'custom', 1)`,
			`INSERT INTO policies (account_id, id, name, name_key, created_at) VALUES ($1, 'pol_custom', 'Custom', 'custom', 1)`,
			`INSERT INTO role_policies (account_id, role_id, policy_id) VALUES ($1, 'rol_custom', 'pol_custom')`,
		} {
			if _, err := tx.Exec(q, a); err != nil {
				return err
			}
		}
		for _, p := range permissions {
			if _, err := tx.Exec(`INSERT INTO policy_permissions (account_id, policy_id, permission) VALUES ($1, 'pol_custom', $2)`, a, p); err != nil {
				return err
			}
		}
		tx.ChangedAccess()
		return people.Relist(tx, h.User(label), func() error {
			return roles.Replace(tx, a, m, []roles.Assignment{{RoleID: "rol_custom", AllEntities: true}})
		})
	})
}

func (h house) readdress(who, label, address string) (people.Readdressed, error) {
	w := h.Who(who)
	return h.People.ChangeEmail(context.WithoutCancel(h.t.Context()), w, w.AccountID, h.User(label), h.Version(label), address)
}

// letters are the messages that wait, by kind and recipient.
func (h house) letters() map[string]db.Message {
	out := map[string]db.Message{}
	for _, m := range h.Messages() {
		out[m.Kind+" "+m.To] = m.Message
	}
	return out
}

func (h house) confirm(token seal.Secret) (people.EmailConfirmed, error) {
	return h.People.ConfirmEmail(context.WithoutCancel(h.t.Context()), db.Who{Kind: db.Nobody}, token)
}

func (h house) emailLink(token seal.Secret) people.EmailLink {
	h.t.Helper()
	l, err := h.People.LookAtEmailLink(h.t.Context(), token)
	if err != nil {
		h.t.Fatal(err)
	}
	return l
}

func (h house) delete(who db.Who, label string) error {
	return h.People.Delete(context.WithoutCancel(h.t.Context()), who, who.AccountID, h.User(label), h.Version(label))
}

// holding are the tables in which a row names a user or their membership.
func (h house) holding(ids ...string) (tables []string) {
	for table, rows := range h.State() {
		for _, row := range rows {
			if slices.ContainsFunc(ids, func(id string) bool { return strings.Contains(row, id) }) && !slices.Contains(tables, table) {
				tables = append(tables, table)
			}
		}
	}
	slices.Sort(tables)
	return tables
}

// found looks for a user of M1; a deleted one is none.
func (h house) found(t *testing.T, userID string) error {
	t.Helper()
	return h.DB.View(t.Context(), func(tx *db.Tx) error {
		_, err := h.People.Get(tx, h.Account("M1"), userID)
		return err
	})
}

// names are what deleted people are called on the pages of an account.
func (h house) names(t *testing.T, account string, ids ...string) (names map[string]string) {
	t.Helper()
	path := h.Account(account).Path
	h.View(func(tx *db.Tx) (err error) {
		names, err = people.DeletedNames(tx, path, ids)
		return err
	})
	return names
}

// everything gives somebody of M1 something in every table that hangs on them.
func (h house) everything(label string) {
	id, a, m := h.User(label), h.Account("M1").ID, h.Row(label).Member.ID
	h.factor(label)
	h.session(label)
	h.Do(func(tx *db.Tx) error {
		for _, q := range []string{
			`INSERT INTO membership_ips (account_id, membership_id, network) VALUES ('` + a + `', '` + m + `', '192.0.2.0/24')`,
			`INSERT INTO membership_locations (account_id, membership_id, location_id) SELECT '` + a + `', '` + m + `', id FROM locations WHERE account_id = '` + a + `'`,
			`INSERT INTO user_properties (name, title, kind, vouched, created_at) VALUES ('department', 'Department', 'text', 'store', 1)`,
			`INSERT INTO membership_properties (account_id, membership_id, name, value) VALUES ('` + a + `', '` + m + `', 'department', 'Sales')`,
			`INSERT INTO password_history (user_id, set_at, hash) VALUES ('` + id + `', 1, 'old')`,
			`INSERT INTO recovery_codes (user_id, number, hash, created_at) VALUES ('` + id + `', 1, 'h', 1)`,
			`INSERT INTO reset_links (id, user_id, account_id, token_hash, by_administrator, created_at, created_by, expires_at) VALUES ('rst', '` + id + `', '` + a + `', 't', TRUE, 1, 'x', 2)`,
			`INSERT INTO drafts (hash, user_id, sealed, created_at, expires_at) VALUES ('d', '` + id + `', 's', 1, 2)`,
			`INSERT INTO preferences (user_id, name, value) VALUES ('` + id + `', 'n', 'v')`,
			`INSERT INTO signin_attempts (user_id, failed, updated_at) VALUES ('` + id + `', 3, 1)`,
		} {
			if _, err := tx.Exec(q); err != nil {
				return err
			}
		}
		tx.ChangedUser(id)
		return nil
	})
	if _, err := h.People.ChangeEmail(h.t.Context(), h.Who("m1.administrator"), a, id, h.Version(label), "pending@example.net"); err != nil {
		h.t.Fatal(err)
	}
	h.Messages()
}

// rowsOf are the rows of a table about somebody, as text.
func (h house) rowsOf(table, id string) (rows []string) {
	for _, r := range h.Raw(table) {
		if strings.Contains(r, id) {
			rows = append(rows, r)
		}
	}
	return rows
}
