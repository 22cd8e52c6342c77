package people

import (
	"database/sql"
	"fmt"
	"strings"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
)

const personColumns = `u.id, u.first_name, u.last_name, COALESCE(u.email, ''), COALESCE(u.username, ''), u.phone, u.language, u.time_zone, u.theme,
	u.epoch, u.password_hash IS NOT NULL, COALESCE(u.inactive_locked_at, 0), COALESCE(u.last_sign_in_at, 0), u.version`

func (p *Person) dest() []any {
	return []any{&p.ID, &p.FirstName, &p.LastName, &p.Email, &p.Username, &p.Phone, &p.Lang, &p.TimeZone, &p.Theme,
		&p.Epoch, &p.HasPassword, &p.InactiveLockedAt, &p.LastSignInAt, &p.DetailsVersion}
}

// PersonByID reads a person.
func PersonByID(tx *db.Tx, userID string) (Person, bool, error) {
	var p Person
	if !lang.Storable(userID) {
		return p, false, nil
	}
	found, err := db.One(tx, p.dest(), `SELECT `+personColumns+` FROM users u WHERE u.id = $1`, userID)
	return p, found, err
}

// PersonByIdentifier reads the person who signs in with an e-mail address or a username.
func PersonByIdentifier(tx *db.Tx, identifier string) (Person, bool, error) {
	var p Person
	if key, ok := EmailKey(identifier); ok {
		found, err := db.One(tx, p.dest(), `SELECT `+personColumns+` FROM users u WHERE u.email_key = $1`, key)
		return p, found, err
	}
	key, problem := lang.Line(identifier, nameMax)
	if problem != "" {
		return p, false, nil
	}
	found, err := db.One(tx, p.dest(), `SELECT `+personColumns+` FROM users u WHERE u.username_key = $1`, lang.Skeleton(key))
	return p, found, err
}

// Names reads the names of people by id, for pages that hold ids. Whoever is
// missing from the answer is gone.
func Names(tx *db.Tx, ids []string) (map[string]string, error) { return names(tx, ids, "") }

// NamesBeside is Names for the pages of one account: of those who are in it, in
// one above it or in one below. Somebody of another account who tried something
// here stays nameless, as their account would be, and somebody who has not come
// in yet is called what was typed when they were invited.
func NamesBeside(tx *db.Tx, path string, ids []string) (map[string]string, error) {
	return names(tx, ids, path)
}

func names(tx *db.Tx, ids []string, beside string) (map[string]string, error) {
	out := map[string]string{}
	var marks []string
	var args []any
	for _, id := range ids {
		if strings.HasPrefix(id, "usr_") && lang.Storable(id) {
			args = append(args, id)
			marks = append(marks, fmt.Sprintf("$%d", len(args)))
		}
	}
	if len(args) == 0 {
		return out, nil
	}
	from := `id, first_name, last_name, COALESCE(email, username, '') FROM users WHERE id IN (` + strings.Join(marks, ", ") + `)`
	if beside != "" {
		args = append(args, beside)
		at := fmt.Sprintf("CAST($%d AS TEXT)", len(args))
		from = `u.id, ` + seen("first_name") + `, ` + seen("last_name") + `, ` + seenEmail + ` FROM users u JOIN memberships m ON m.user_id = u.id
			JOIN accounts a ON a.id = m.account_id JOIN entities e ON e.id = a.entity_id
			WHERE u.id IN (` + strings.Join(marks, ", ") + `) AND ` + besidePath(at) + `
			ORDER BY m.activated_at IS NOT NULL, e.path = ` + at
	}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var id string
		var p Person
		err = r.Scan(&id, &p.FirstName, &p.LastName, &p.Email)
		out[id] = p.Name() // the last row of a person counts
		return
	}, `SELECT `+from, args...)
	return out, err
}

// newPerson adds a person who has no password yet.
func newPerson(tx *db.Tx, p Person, emailKey string) (Person, error) {
	id, err := tx.ID("usr")
	if err != nil {
		return p, err
	}
	p.ID, p.Epoch, p.TimeZone, p.Theme = id, 1, "UTC", "auto"
	_, err = tx.Exec(`INSERT INTO users (id, first_name, last_name, sort_key, search_key, email, email_key, phone, language, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
		p.ID, p.FirstName, p.LastName, SortKey(p), SearchKey(p), p.Email, emailKey, p.Phone, string(p.Lang), tx.Now)
	if db.Violates(err, "users.email_key") {
		return p, fault.In("email", "email_in_use")
	}
	if err != nil {
		return p, fmt.Errorf("add person: %w", err)
	}
	return p, nil
}

// SortKey orders people by last name, then first; accents do not count.
func SortKey(p Person) string { return lang.Bare(lang.Fold(p.LastName + " " + p.FirstName)) }

// SearchKey holds what a search for a person looks through: as it is written,
// and without accents, for those who type none.
func SearchKey(p Person) string {
	written := lang.Fold(p.FirstName + " " + p.LastName + " " + p.Email + " " + p.Username)
	if bare := lang.Bare(written); bare != written {
		return written + " " + bare
	}
	return written
}

// Member is a person in one account.
type Member struct {
	AccountID, ID, UserID string
	ActivatedAt           int64 // µs; 0 is not yet
	DeactivatedAt         int64 // µs; 0 is not
	DeactivatedBy         string
	DeactivationReason    string
	FirstAdministrator    bool
	Owner                 bool
	TwoFactorRequired     bool
	TwoFactorActions      string // which set-ups, where it is required; see ActionsOf
	AllLocations          bool
	ParentID              string // the membership of who is above them (U18); "" is nobody
	Version               int64
	CreatedAt             int64
	CreatedBy             string
}

// Active tells whether the member may act in the account.
func (m Member) Active() bool { return m.ActivatedAt != 0 && m.DeactivatedAt == 0 }

const memberColumns = `m.account_id, m.id, m.user_id, COALESCE(m.activated_at, 0), COALESCE(m.deactivated_at, 0), COALESCE(m.deactivated_by, ''), m.deactivation_reason,
	m.first_administrator, m.owner, m.two_factor_required, m.two_factor_actions, m.all_locations, COALESCE(m.parent_id, ''), m.version, m.created_at, m.created_by FROM memberships m`

func (m *Member) dest() []any {
	return []any{&m.AccountID, &m.ID, &m.UserID, &m.ActivatedAt, &m.DeactivatedAt, &m.DeactivatedBy, &m.DeactivationReason,
		&m.FirstAdministrator, &m.Owner, &m.TwoFactorRequired, &m.TwoFactorActions, &m.AllLocations, &m.ParentID, &m.Version, &m.CreatedAt, &m.CreatedBy}
}

// Memberships reads what accounts a person is in, the oldest first.
func Memberships(tx *db.Tx, userID string) ([]Member, error) {
	return db.All(tx, func(r *sql.Rows) (m Member, err error) { return m, r.Scan(m.dest()...) },
		`SELECT `+memberColumns+` WHERE m.user_id = $1 ORDER BY m.created_at, m.id`, userID)
}

// MemberOf reads a person's membership of an account.
func MemberOf(tx *db.Tx, accountID, userID string) (Member, bool, error) {
	var m Member
	if !lang.Storable(accountID + userID) {
		return m, false, nil
	}
	found, err := db.One(tx, m.dest(), `SELECT `+memberColumns+` WHERE m.account_id = $1 AND m.user_id = $2`, accountID, userID)
	return m, found, err
}

// member reads whom a use case acts on; whoever is not of this account does not exist.
func member(tx *db.Tx, accountID, userID string) (Member, error) {
	m, found, err := MemberOf(tx, accountID, userID)
	if err == nil && !found {
		err = fault.None("user")
	}
	return m, err
}

// touch raises a member's version and refuses when it is no longer the one that
// was seen.
func touch(tx *db.Tx, m Member, version int64) error {
	if version != m.Version {
		return fault.New(fault.Stale, "stale")
	}
	_, err := tx.Exec(`UPDATE memberships SET version = version + 1 WHERE account_id = $1 AND id = $2`, m.AccountID, m.ID)
	return err
}

// newMember adds a person to an account, not yet active. typed is how whoever
// invites them calls them: what the account sees until they come in.
func newMember(tx *db.Tx, m Member, typed Person) (Member, error) {
	id, err := tx.ID("mem")
	if err != nil {
		return m, err
	}
	m.ID, m.Version, m.CreatedAt, m.CreatedBy = id, 1, tx.Now, tx.Who.ID
	emailKey, _ := EmailKey(typed.Email)
	_, err = tx.Exec(`INSERT INTO memberships (account_id, id, user_id, first_administrator, owner, two_factor_required, two_factor_actions, all_locations, parent_id,
			created_at, created_by, first_name, last_name, email, email_key, phone, language, sort_key, search_key)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, NULLIF($9, ''), $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
		m.AccountID, m.ID, m.UserID, m.FirstAdministrator, m.Owner, m.TwoFactorRequired, m.TwoFactorActions, m.AllLocations, m.ParentID, tx.Now, m.CreatedBy,
		typed.FirstName, typed.LastName, typed.Email, emailKey, typed.Phone, string(typed.Lang), SortKey(typed), SearchKey(typed))
	if db.Violates(err, "memberships.user_id") {
		return m, fault.In("email", "already_member")
	}
	if err != nil {
		return m, fmt.Errorf("add member: %w", err)
	}
	return m, nil
}
