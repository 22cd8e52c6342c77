package signin

import (
	"cmp"
	"database/sql"
	"fmt"
	"slices"

	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
)

// candidate is all that is known of whoever wants to come in. The zero value,
// with a key, is somebody whom nobody knows.
type candidate struct {
	people.Person
	known    bool
	key      string  // under which their attempts are counted
	hash     string  // of the password; "" is none
	members  []place // in which they are not deactivated
	factors  []Factor
	recovery int    // codes that are left
	again    int64  // µs: since when they are to set up their second factor anew; 0: not
	password secret // about the password
	rest     rest   // how long they have been away
	limits   limits
}

// secret is what is known of a password beside its hash.
type secret struct {
	since int64 // µs: when it was chosen
	asked int64 // µs: since when another is asked for; 0: not
}

// candidateNamed reads the candidate with an e-mail address or user name.
func (d *Door) candidateNamed(tx *db.Tx, identifier string) (candidate, error) {
	p, found, err := people.PersonByIdentifier(tx, identifier)
	if err != nil {
		return candidate{}, err
	}
	c, err := d.candidate(tx, p) // for a stranger the same reading: it finds nothing
	if !found {
		c = candidate{key: d.nameKey(identifier), limits: limitsOf(nil)}
	}
	return c, err
}

// candidateByID reads the candidate with that id; false when there is none.
func (d *Door) candidateByID(tx *db.Tx, userID string) (candidate, bool, error) {
	p, found, err := people.PersonByID(tx, userID)
	if err != nil || !found {
		return candidate{}, false, err
	}
	c, err := d.candidate(tx, p)
	return c, true, err
}

func (d *Door) candidate(tx *db.Tx, p people.Person) (candidate, error) {
	c := candidate{Person: p, known: true, key: p.ID}
	if err := c.readSecrets(tx); err != nil {
		return c, err
	}
	all, err := people.Memberships(tx, p.ID)
	if err != nil {
		return c, err
	}
	for _, m := range all {
		if m.DeactivatedAt != 0 {
			continue
		}
		s, err := d.settings(tx, m.AccountID)
		if err != nil {
			return c, err
		}
		c.members = append(c.members, place{m, s})
	}
	c.limits = limitsOf(c.places(""))
	if len(c.members) == 0 {
		return c, d.readForNobody(tx)
	}
	return c, c.findRest(tx)
}

// readForNobody reads the settings that somebody with a membership would have
// had read, so that the time of an answer does not tell who exists.
func (d *Door) readForNobody(tx *db.Tx) error {
	id, known := d.platform.Load().(string)
	if !known {
		a, found, err := org.Platform(tx)
		if err != nil || !found {
			return err
		}
		id = a.ID
		d.platform.Store(id)
	}
	_, err := d.settings(tx, id)
	return err
}

// readSecrets reads the password's hash, the factors and how many recovery codes
// are left, in one go.
func (c *candidate) readSecrets(tx *db.Tx) error {
	all, err := db.All(tx, func(r *sql.Rows) (f Factor, err error) {
		return f, r.Scan(append([]any{&c.hash, &c.password.since, &c.password.asked, &c.rest.awakeSince, &c.rest.warnedAt, &c.again, &c.recovery}, f.dest()...)...)
	}, `SELECT COALESCE(u.password_hash, ''), COALESCE(u.password_set_at, 0), COALESCE(u.change_password_since, 0), COALESCE(u.awake_since, 0), COALESCE(u.inactivity_warned_at, 0),
			COALESCE(u.set_up_again_since, 0), (SELECT COUNT(*) FROM recovery_codes r WHERE r.user_id = u.id AND r.used_at IS NULL), `+factorColumns+`
		FROM users u LEFT JOIN factors f ON f.user_id = u.id AND f.kind IN ('totp', 'webauthn') WHERE u.id = $1 ORDER BY f.created_at, f.id`, c.ID)
	if err != nil {
		return fmt.Errorf("read password and factors: %w", err)
	}
	c.factors = slices.DeleteFunc(all, func(f Factor) bool { return f.ID == "" })
	return nil
}

// account is where a sign-in begins and where its entries belong: the first
// account in which the person is active, else the first that waits.
func (c candidate) account() string {
	for _, m := range c.members {
		if m.Active() {
			return m.AccountID
		}
	}
	if len(c.members) > 0 {
		return c.members[0].AccountID
	}
	return ""
}

// awake tells that no lock by inactivity holds, nor is due.
func (c candidate) awake() bool { return c.InactiveLockedAt == 0 && !c.rest.over }

func (c candidate) active() bool {
	for _, m := range c.members {
		if m.Active() {
			return true
		}
	}
	return false
}

// note writes the sign-in down, in the update that ends it, if the candidate
// still is who they were when it was looked at: of the same epoch (so with the
// same password and factors), awake, and active somewhere.
func (c candidate) note(tx *db.Tx) error {
	if !c.awake() {
		return challengeEnded()
	}
	n, err := tx.Exec(`UPDATE users SET last_sign_in_at = $1 WHERE id = $2 AND epoch = $3 AND inactive_locked_at IS NULL AND EXISTS
		(SELECT 1 FROM memberships m WHERE m.user_id = users.id AND m.activated_at IS NOT NULL AND m.deactivated_at IS NULL)`, tx.Now, c.ID, c.Epoch)
	if err != nil {
		return fmt.Errorf("note sign-in: %w", err)
	}
	if n == 0 {
		return challengeEnded()
	}
	return people.SignedIn(tx, c.ID, func(accountID string) int {
		for _, p := range c.places("") {
			if p.AccountID == accountID {
				return p.PasswordDays
			}
		}
		return 0
	})
}

// started tells whether the person ever finished an activation: until then the
// password is not theirs to confirm, a link sets it.
func started(tx *db.Tx, userID string) (bool, error) {
	var one int
	return db.One(tx, []any{&one}, `SELECT 1 FROM memberships WHERE user_id = $1 AND activated_at IS NOT NULL LIMIT 1`, userID)
}

// blocked is why this candidate's password is not even looked at; "" when it is.
func (c candidate) blocked() string {
	switch {
	case !c.known:
		return causeUnknown
	case c.hash == "":
		return causeNoPassword
	case len(c.members) == 0:
		return causeDeactivated
	case !c.awake():
		return causeInactive
	}
	return ""
}

// kinds are what the person can show beside a password, what they used last
// first; recovery codes stand last, they are for when all else is lost.
func (c candidate) kinds() (kinds []string) {
	recent := slices.SortedStableFunc(slices.Values(c.factors), func(a, b Factor) int { return cmp.Compare(b.LastUsedAt, a.LastUsedAt) })
	for _, f := range recent {
		if !slices.Contains(kinds, f.Kind) {
			kinds = append(kinds, f.Kind)
		}
	}
	if c.recovery > 0 {
		kinds = append(kinds, KindRecovery)
	}
	return kinds
}

// own are the words that do not belong in this person's password.
func (c candidate) own() []string {
	return []string{c.FirstName, c.LastName, c.Email, c.Username}
}

// who acts once it is clear that they are this candidate.
func (c candidate) who(who db.Who) db.Who { return as(who, c.ID, c.account()) }

// acting is who acts: in a session the person of it already, else this candidate.
func (c candidate) acting(who db.Who) db.Who {
	if who.Kind == db.User {
		return who
	}
	return c.who(who)
}

// target is whom an entry is about: the person, or the keyed hash of a name.
func (c candidate) target() string {
	if c.known {
		return c.ID
	}
	return c.key
}
