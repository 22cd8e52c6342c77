package signin

import (
	"context"
	"fmt"
	"slices"
	"time"

	"countersign/internal/db"
	"countersign/internal/roles"
)

// longAway lists, after a user id, people who may have been away for as many days
// as any account allows, or nearly so. Whoever is locked already is not among them.
func longAway(tx *db.Tx, days int, after string) ([]string, error) {
	before := tx.Now - micros(time.Duration(days)*24*time.Hour-warnAhead)
	ids, err := db.Column(tx, `SELECT u.id FROM users u WHERE u.id > $1 AND u.inactive_locked_at IS NULL AND u.left_at IS NULL
			AND COALESCE(u.last_sign_in_at, 0) <= $2 AND COALESCE(u.awake_since, 0) <= $2
			AND EXISTS (SELECT 1 FROM memberships m WHERE m.user_id = u.id AND m.activated_at IS NOT NULL AND m.deactivated_at IS NULL)
		ORDER BY u.id LIMIT $3`, after, before, idlePage)
	if err != nil {
		return nil, fmt.Errorf("list people who were away: %w", err)
	}
	return ids, nil
}

// fewestDays is the least inactivity_days that any account has. It reads the
// settings of one account for each value that there is.
func fewestDays(tx *db.Tx, settings SettingsOf) (days int, err error) {
	some, err := db.Column(tx, `SELECT MIN(a.id) FROM accounts a LEFT JOIN account_settings s ON s.account_id = a.id AND s.name = 'inactivity_days' GROUP BY a.profile, s.value`)
	if err != nil {
		return 0, err
	}
	for _, id := range some {
		s, err := settings(tx, id)
		if err != nil {
			return 0, err
		}
		if days == 0 || s.InactivityDays < days {
			days = s.InactivityDays
		}
	}
	return days, nil
}

// administrators are an account's, and those of them whom no lock for inactivity
// keeps out.
func administrators(tx *db.Tx, accountID string) (all, awake []string, err error) {
	if all, err = roles.Administrators(tx, accountID); err != nil {
		return nil, nil, err
	}
	awake, err = db.Column(tx, `SELECT id FROM users WHERE inactive_locked_at IS NULL AND id IN (SELECT each.value FROM `+db.Each(tx, "$1")+`)`, db.List(all))
	if err != nil {
		return nil, nil, fmt.Errorf("list administrators who are awake: %w", err)
	}
	return all, awake, nil
}

// job is something that one node does at a time.
type job struct{ name, holder string }

// takeJob takes a job for a while; false: another node has it, or has done it.
func (d *Door) takeJob(ctx context.Context, name string, lease time.Duration) (j job, mine bool, err error) {
	err = d.db.Keep(ctx, func(tx *db.Tx) error {
		holder, err := tx.ID("job")
		if err != nil {
			return err
		}
		n, err := tx.Exec(`INSERT INTO leases (name, holder, until) VALUES ($1, $2, $3)
			ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until WHERE leases.until <= $4`, name, holder, tx.Now+micros(lease), tx.Now)
		if err != nil {
			return fmt.Errorf("take job: %w", err)
		}
		j, mine = job{name, holder}, n == 1
		return nil
	})
	return j, mine, err
}

// keepJob keeps a job for a while longer, also to say that it is done for so long.
func (d *Door) keepJob(ctx context.Context, j job, lease time.Duration) error {
	return d.db.Keep(ctx, func(tx *db.Tx) error {
		n, err := tx.Exec(`UPDATE leases SET until = $1 WHERE name = $2 AND holder = $3`, tx.Now+micros(lease), j.name, j.holder)
		if err == nil && n == 0 {
			err = fmt.Errorf("job %s: another node has it", j.name)
		}
		return err
	})
}

// lostAdministrator is the one of an account's administrators who became one
// first, when all of them are locked for inactivity; "" when not.
func lostAdministrator(tx *db.Tx, accountID string) (string, error) {
	all, awake, err := administrators(tx, accountID)
	if err != nil || len(awake) > 0 {
		return "", err
	}
	list, err := db.Column(tx, `SELECT user_id FROM memberships WHERE account_id = $1 ORDER BY created_at, id`, accountID)
	i := slices.IndexFunc(list, func(id string) bool { return slices.Contains(all, id) })
	if err != nil || i < 0 {
		return "", err
	}
	return list[i], nil
}
