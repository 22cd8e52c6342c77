package demo_test

import (
	"database/sql"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
)

// rights compares what the snapshot grants with the rows themselves.
func (h *house) rights(t *testing.T) {
	s := h.Live.Load()
	pr, _ := h.Profiles.Get(profile.Standard)
	holders := 0
	for _, a := range h.accounts(t) {
		h.view(t, func(tx *db.Tx) error {
			list, err := roles.List(tx, a.ID, pr)
			if err != nil {
				return err
			}
			page, err := h.People.List(tx, a, people.Query{Limit: 200})
			for _, row := range page.Rows {
				held := access.Held(s, access.Question{User: row.ID(), Within: a.ID, Now: tx.Now, SecondFactor: true, Fresh: true, IP: h.allowedFrom(t, row.ID())})
				var given access.Set
				for _, r := range list {
					if slices.Contains(row.Roles, r.ID) {
						given = given.Union(access.Closed(r.Permissions))
					}
				}
				out := row.Status != people.Active && row.Status != people.LockedAttempts
				if extra := held.Minus(given); !extra.Empty() || out && !held.Empty() {
					t.Errorf("%s in %s, who is %s, has more than %v: %v", row.Name(), a.Name, row.Status, row.Roles, extra)
				}
				if !out && held.Empty() {
					t.Errorf("%s in %s, who is %s, has nothing", row.Name(), a.Name, row.Status)
				}
				if !held.Empty() {
					holders++
				}
			}
			return err
		})
	}
	if holders < 40 {
		t.Errorf("%d people have rights", holders)
	}
	for key, over := range map[string][]string{
		"northwind.support": {"400312"}, "northwind.auditor": {"400310", "400311", "400312", "400313"}, "northwind.access": nil,
		"partner.administrator": {"300200", "400310", "400311", "400312", "400313", "400320", "400321", "400322", "400330", "400331", "400340", "400341",
			"400350", "400351", "400352", "400353", "400354", "400360", "400361", "400362"},
		"petrichor.owner": {"400320", "400321", "400322"},
	} {
		if diff := cmp.Diff(over, h.seesPayments(t, key)); diff != "" {
			t.Errorf("%s sees payments of other entities: %s", key, diff)
		}
	}
}

// allowedFrom is an address from which somebody may act; the zero one when it does not matter.
func (h *house) allowedFrom(t *testing.T, userID string) (ip netip.Addr) {
	t.Helper()
	h.view(t, func(tx *db.Tx) error {
		ranges, err := db.Column(tx, `SELECT i.network FROM membership_ips i JOIN memberships m ON m.id = i.membership_id AND m.account_id = i.account_id WHERE m.user_id = $1`, userID)
		if len(ranges) > 0 {
			ip = netip.MustParsePrefix(ranges[0]).Addr()
		}
		return err
	})
	return ip
}

// seesPayments lists the entities whose payments a login sees, by the decision itself.
func (h *house) seesPayments(t *testing.T, key string) (over []string) {
	t.Helper()
	l, ok := h.world.Login(key)
	if !ok {
		t.Fatalf("there is no login %s", key)
	}
	h.view(t, func(tx *db.Tx) error {
		ids, err := db.Column(tx, `SELECT customer_id FROM entities ORDER BY customer_id`)
		for _, id := range ids {
			q := access.Question{User: l.UserID, Entity: id, Permission: access.MustParse("payments:view"), Now: tx.Now, SecondFactor: true}
			if access.Decide(h.Live.Load(), q).Allowed {
				over = append(over, id)
			}
		}
		return err
	})
	return over
}

func (h *house) administrators(t *testing.T) {
	h.view(t, func(tx *db.Tx) error {
		type counted struct {
			name         string
			admins, real int
		}
		rows, err := db.All(tx, func(r *sql.Rows) (c counted, err error) { return c, r.Scan(&c.name, &c.admins, &c.real) },
			`SELECT e.name, a.admins, (SELECT COUNT(DISTINCT m.id) FROM memberships m JOIN assignments s ON s.account_id = m.account_id AND s.membership_id = m.id
				JOIN roles r ON r.account_id = s.account_id AND r.id = s.role_id
				WHERE m.account_id = a.id AND r.predefined IN ('owner', 'administrator') AND m.activated_at IS NOT NULL AND m.deactivated_at IS NULL)
			FROM accounts a JOIN entities e ON e.id = a.entity_id`)
		for _, c := range rows {
			if c.admins != c.real || c.admins == 0 {
				t.Errorf("%s counts %d administrators and has %d", c.name, c.admins, c.real)
			}
		}
		if len(rows) != 16 {
			t.Errorf("%d accounts", len(rows))
		}
		return err
	})
}

// entries checks that what there is was recorded, in order, and not in the future.
func (h *house) entries(t *testing.T) {
	missing := map[string]string{
		"account":              `SELECT id FROM accounts WHERE id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'account.created')`,
		"opened account":       `SELECT id FROM accounts WHERE id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'account.opened')`,
		"legal entity":         `SELECT id FROM entities WHERE kind = 'legal_entity' AND id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'entity.created')`,
		"location":             `SELECT id FROM locations WHERE id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'location.created')`,
		"invitation":           `SELECT user_id FROM memberships m WHERE NOT EXISTS (SELECT 1 FROM audit_entries e WHERE e.action = 'user.invited' AND e.target_id = m.user_id AND e.account_id = m.account_id)`,
		"activation":           `SELECT user_id FROM memberships m WHERE activated_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audit_entries e WHERE e.action = 'user.activated' AND e.target_id = m.user_id AND e.account_id = m.account_id)`,
		"deactivation":         `SELECT user_id FROM memberships m WHERE deactivated_at IS NOT NULL AND NOT EXISTS (SELECT 1 FROM audit_entries e WHERE e.action = 'user.deactivated' AND e.target_id = m.user_id AND e.reason = m.deactivation_reason)`,
		"password":             `SELECT id FROM users WHERE password_hash IS NOT NULL AND id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'password.set')`,
		"factor":               `SELECT user_id FROM factors WHERE user_id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'factor.added')`,
		"sign-in":              `SELECT id FROM users WHERE last_sign_in_at IS NOT NULL AND id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'session.started')`,
		"token":                `SELECT id FROM service_tokens WHERE id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'service_token.created')`,
		"revoked token":        `SELECT id FROM service_tokens WHERE revoked_at IS NOT NULL AND id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'service_token.revoked')`,
		"lock":                 `SELECT user_id FROM signin_attempts WHERE locked_until IS NOT NULL AND user_id NOT IN (SELECT target_id FROM audit_entries WHERE action = 'signin.locked')`,
		"someone without mail": `SELECT user_id FROM memberships m WHERE user_id NOT IN (SELECT user_id FROM outbox) AND created_by <> 'init'`,
	}
	h.view(t, func(tx *db.Tx) error {
		for what, query := range missing {
			ids, err := db.Column(tx, query)
			if err != nil || len(ids) > 0 {
				t.Errorf("%s without an entry: %v %v", what, ids, err)
			}
		}
		actions, err := db.Column(tx, `SELECT DISTINCT action || ' ' || outcome FROM audit_entries ORDER BY 1`)
		for _, want := range []string{"invitation.deactivated done", "invitation.resent done", "factor.reset done", "user.access_changed done", "user.access_changed refused",
			"user.deactivated refused", "user.invited refused", "signin.failed refused", "session.ended done", "password.confirmed done"} {
			if !slices.Contains(actions, want) {
				t.Errorf("nothing in the log is %s", want)
			}
		}
		return err
	})
	if n := h.count(t, `SELECT MAX(seq) - COUNT(*) FROM audit_entries`); n != 0 {
		t.Errorf("%d numbers are missing from the log", n)
	}
	if n := h.count(t, `SELECT COUNT(*) FROM audit_entries a JOIN audit_entries b ON b.seq = a.seq + 1 WHERE b.at < a.at`); n != 0 {
		t.Errorf("the time went back %d times", n)
	}
	if n := h.count(t, `SELECT COUNT(*) FROM audit_entries WHERE at > $1`, present.UnixMicro()); n != 0 {
		t.Errorf("%d entries are of the future", n)
	}
}
