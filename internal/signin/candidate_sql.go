package signin

import (
	"fmt"

	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/profile"
)

// candidate is all that is known of whoever wants to come in. The zero value,
// with a key, is somebody whom nobody knows.
type candidate struct {
	people.Person
	known     bool
	key       string // under which their attempts are counted
	hash      string // of the password; "" is none
	passSetAt int64
	members   []people.Member    // not deactivated
	settings  []profile.Settings // of those, in the same order
	factors   []Factor
	limits    limits
}

// candidateNamed reads the candidate with an e-mail address or user name.
func (d *Door) candidateNamed(tx *db.Tx, identifier string) (candidate, error) {
	p, found, err := people.PersonByIdentifier(tx, identifier)
	if err != nil {
		return candidate{}, err
	}
	if !found {
		return candidate{key: d.nameKey(identifier), limits: limitsOf(nil)}, nil
	}
	return d.candidate(tx, p)
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
	_, err := db.One(tx, []any{&c.hash, &c.passSetAt}, `SELECT COALESCE(password_hash, ''), COALESCE(password_set_at, 0) FROM users WHERE id = $1`, p.ID)
	if err != nil {
		return c, fmt.Errorf("read password: %w", err)
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
		c.members, c.settings = append(c.members, m), append(c.settings, s)
	}
	c.limits = limitsOf(c.settings)
	c.factors, err = factorsOf(tx, p.ID)
	return c, err
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

// awake tells that no lock by inactivity holds.
func (c candidate) awake() bool { return c.InactiveLockedAt == 0 }

func (c candidate) active() bool {
	for _, m := range c.members {
		if m.Active() {
			return true
		}
	}
	return false
}

// started tells whether the person ever finished an activation: until then the
// password is not theirs to confirm, a link sets it.
func started(tx *db.Tx, userID string) (bool, error) {
	var one int
	return db.One(tx, []any{&one}, `SELECT 1 FROM memberships WHERE user_id = $1 AND activated_at IS NOT NULL LIMIT 1`, userID)
}

// mustHaveFactor tells whether an active membership asks for a second factor.
func (c candidate) mustHaveFactor() bool {
	for i, m := range c.members {
		if m.Active() && factorRequired(m, c.settings[i]) {
			return true
		}
	}
	return false
}

func factorRequired(m people.Member, s profile.Settings) bool {
	return s.TwoFactor == "required" || m.TwoFactorRequired
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
	case c.InactiveLockedAt != 0:
		return causeInactive
	}
	return ""
}

// own are the words that do not belong in this person's password.
func (c candidate) own() []string {
	return []string{c.FirstName, c.LastName, c.Email, c.Username}
}

// who acts once it is clear that they are this candidate.
func (c candidate) who(who db.Who) db.Who { return as(who, c.ID, c.account()) }

// target is whom an entry is about: the person, or the keyed hash of a name.
func (c candidate) target() string {
	if c.known {
		return c.ID
	}
	return c.key
}
