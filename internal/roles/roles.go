// Package roles holds roles, permission policies and assignments.
//
// A role is a named set of permission policies. Predefined roles are rows too
// (assignments point at them), but what they may do comes from the account's
// profile, by the role's key; custom roles have their policies in the database.
// An assignment gives a role to a user of the account over a scope: all entities
// of the account, or some, each with all below it, perhaps for a time.
//
//	permit.go, rights.go   a permission with its restriction; what roles give, compared
//	role.go, policy.go     custom roles and shared policies, as they are read
//	edit.go, edit_policy.go, clone.go, remove.go   the use cases that change them
//	check.go               what each of these asks first: names, limits, the ceiling
//	effect.go              who gains and loses what by a change, before it is made
//	template.go            personal copies of templates (R18)
//	toxic.go               combinations that nobody should hold, and who does (R12)
//	*_sql.go               what is read and written
//
// A legacy role holds permissions without a policy (role_permissions) until it is
// migrated; then they are its own policy, like those of every custom role.
//
// The rule that an account never loses its last active administrator lives here
// (Count): the count is written to accounts.admins at every change that could
// lower it, and a CHECK refuses zero, whoever was quicker.
//
// The one rule: nobody is given more than the giver may give. The rooms that
// assign ask access.CanGrant before they call Replace; whoever changes what a role
// holds must hold all of it over the whole account.
package roles

import (
	"fmt"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/profile"
)

// Role is a role of an account.
type Role struct {
	AccountID, ID string
	Key           string // of a predefined role in the profile; "" for a custom one
	Name          string // as stored; Title gives it in a language
	Description   string
	Administrator bool // whoever holds it counts as an administrator of the account
	Deprecated    bool
	Version       int64
	Permissions   access.Set
	MayGrant      []string // keys of the predefined roles its holders may give
	Holders       int64    // people in the account who have it, whatever their status
	Needs         []string // keys of the predefined roles without which it is not given
	Level         access.Kind
	Template      bool       // whoever is given it gets a copy of their own (R18)
	Legacy        bool       // holds its permissions without a policy
	CopyOf        string     // of a personal copy: the template's id
	Restricted    access.Set // those of Permissions that it gives for some records only
	given         rights     // of a custom role, as written
	of            string     // the kind of its account
	words         map[lang.Tag]words
}

// words are what a profile says of a role in a language.
type words struct{ name, description, warning string }

// Custom tells whether the role is the account's own: it can be changed and deleted.
func (r Role) Custom() bool { return r.Key == "" }

// Title is the role's name in a language: the profile's for a predefined role, as typed for a custom one.
func (r Role) Title(tag lang.Tag) string {
	if n := r.words[tag].name; n != "" {
		return n
	}
	return r.Name
}

// About is the role's description in a language.
func (r Role) About(tag lang.Tag) string {
	if d := r.words[tag].description; d != "" {
		return d
	}
	return r.Description
}

// Dangerous lists the role's permissions that must be acknowledged when it is given
// (features.md, R9), without those that nobody in its account can hold.
func (r Role) Dangerous() []access.Permission {
	level, _ := access.ParseKind(r.of)
	var out []access.Permission
	for p := range r.Permissions.All() {
		if info := p.Info(); info.Dangerous && (info.MinLevel == 0 || level <= info.MinLevel) {
			out = append(out, p)
		}
	}
	return out
}

// Warning is what a role is given with beside its dangerous permissions (R9), in a language; "" for none.
func (r Role) Warning(tag lang.Tag) string { return r.words[tag].warning }

// Acknowledged tells whether whoever gives the role must say that they know what it allows (R9).
func (r Role) Acknowledged() bool { return len(r.Dangerous()) > 0 || r.Warning(lang.English) != "" }

// Assignment is a role given over a scope.
type Assignment struct {
	ID          string
	RoleID      string
	AllEntities bool
	Entities    []string // entity ids; empty with AllEntities
	From, Until int64    // µs; 0 is open; From <= now < Until
	carried     *Full    // of somebody's copy of a template that another is to have: what it was
}

// String is the assignment in an audit entry: ids only.
func (a Assignment) String() string {
	scope := "all entities"
	if !a.AllEntities {
		scope = strings.Join(slices.Sorted(slices.Values(a.Entities)), " ")
	}
	if a.Until != 0 {
		scope += fmt.Sprintf(" until %d", a.Until)
	}
	return a.RoleID + " over " + scope
}

// Text is a list of assignments in an audit entry, in a stable order.
func Text(list []Assignment) string {
	var lines []string
	for _, a := range list {
		lines = append(lines, a.String())
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

// Install adds the profile's roles to a new account: those of its level and below,
// because nobody there could ever be given another (R10).
func Install(tx *db.Tx, accountID string, kind access.Kind, p *profile.Profile) error {
	for _, r := range p.Roles {
		if !r.At(kind) {
			continue
		}
		id, err := tx.ID("rol")
		if err != nil {
			return err
		}
		name := r.Name(string(lang.English))
		_, err = tx.Exec(`INSERT INTO roles (account_id, id, name, name_key, description, predefined, administrator, created_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, accountID, id, name, lang.Skeleton(name), r.Description(string(lang.English)), r.Key, r.Administrator, tx.Now)
		if err != nil {
			return fmt.Errorf("install role %s: %w", r.Key, err)
		}
	}
	tx.ChangedRoles(accountID)
	return nil
}

// Replace makes list the whole of what a user of the account is assigned. The
// caller has checked the roles, the entities and the right to give them, and
// records the change. Of a custom template they get a copy (R18); copies that
// they no longer have are deleted.
func Replace(tx *db.Tx, accountID, membershipID string, list []Assignment) error {
	for _, q := range []string{
		`UPDATE roles SET holders = holders - 1 WHERE account_id = $1 AND id IN (SELECT role_id FROM assignments WHERE account_id = $1 AND membership_id = $2)`,
		`DELETE FROM assignment_entities WHERE account_id = $1 AND assignment_id IN (SELECT id FROM assignments WHERE account_id = $1 AND membership_id = $2)`,
		`DELETE FROM assignments WHERE account_id = $1 AND membership_id = $2`,
	} {
		if _, err := tx.Exec(q, accountID, membershipID); err != nil {
			return fmt.Errorf("clear assignments: %w", err)
		}
	}
	list, err := personal(tx, accountID, membershipID, list)
	if err != nil {
		return err
	}
	for _, a := range list {
		if err := assign(tx, accountID, membershipID, a); err != nil {
			return err
		}
	}
	return dropCopies(tx, accountID, membershipID)
}

func assign(tx *db.Tx, accountID, membershipID string, a Assignment) error {
	id, err := tx.ID("asg")
	if err != nil {
		return err
	}
	_, err = tx.Exec(`INSERT INTO assignments (account_id, id, membership_id, role_id, all_entities, valid_from, valid_until, created_at, created_by)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		accountID, id, membershipID, a.RoleID, a.AllEntities, micros(a.From), micros(a.Until), tx.Now, tx.Who.ID)
	if err != nil {
		return fmt.Errorf("assign role: %w", err)
	}
	if _, err := tx.Exec(`UPDATE roles SET holders = holders + 1 WHERE account_id = $1 AND id = $2`, accountID, a.RoleID); err != nil {
		return fmt.Errorf("count holders: %w", err)
	}
	for _, e := range a.Entities {
		_, err := tx.Exec(`INSERT INTO assignment_entities (account_id, assignment_id, entity_id) VALUES ($1, $2, $3)`, accountID, id, e)
		if err != nil {
			return fmt.Errorf("assign entity: %w", err)
		}
	}
	return nil
}

func micros(at int64) any {
	if at == 0 {
		return nil
	}
	return at
}

// fromAdministrators are the active holders of an unexpiring administrator's role
// over all of the account $1, at the time $2. The joins are made in the order in
// which they are written (CROSS JOIN says so to SQLite): from the few roles, not
// through everybody.
const fromAdministrators = ` FROM roles r CROSS JOIN assignments s CROSS JOIN memberships m
	WHERE r.account_id = $1 AND r.administrator AND s.account_id = r.account_id AND s.role_id = r.id
	AND m.account_id = s.account_id AND m.id = s.membership_id AND s.all_entities AND s.valid_until IS NULL AND (s.valid_from IS NULL OR s.valid_from <= $2)
	AND m.activated_at IS NOT NULL AND m.deactivated_at IS NULL`

// Administrators lists, by user id, those whom Count counts.
func Administrators(tx *db.Tx, accountID string) ([]string, error) {
	ids, err := db.Column(tx, `SELECT DISTINCT m.user_id`+fromAdministrators+` ORDER BY m.user_id`, accountID, tx.Now)
	if err != nil {
		return nil, fmt.Errorf("list administrators: %w", err)
	}
	return ids, nil
}

// Count writes how many active administrators the account has. An open account
// that would have none is refused with "last_administrator", and so is the
// update around it.
func Count(tx *db.Tx, accountID string) error {
	_, err := tx.Exec(`UPDATE accounts SET admins = (SELECT COUNT(DISTINCT m.id)`+fromAdministrators+`) WHERE id = $1`, accountID, tx.Now)
	if db.Violates(err, "accounts_keep_an_administrator") {
		return fault.New(fault.Conflict, "last_administrator").Because(err)
	}
	if err != nil {
		return fmt.Errorf("count administrators: %w", err)
	}
	return nil
}
