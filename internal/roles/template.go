package roles

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/profile"
)

// A template (R18) is given as a copy that is one membership's own: it can be
// adjusted for that person, and what becomes of the template later does not reach
// them. A custom template is copied when it is given. A predefined one is nobody's
// to change, so its holders share its row until somebody adjusts it for one of them.

// personal puts fresh copies in the place of custom templates.
func personal(tx *db.Tx, accountID, membershipID string, list []Assignment) ([]Assignment, error) {
	out := slices.Clone(list)
	for i := range out {
		if c := out[i].carried; c != nil {
			var err error
			if out[i].RoleID, err = copied(tx, membershipID, *c, c.Permits); err != nil {
				return nil, err
			}
			continue
		}
		var is bool
		found, err := db.One(tx, []any{&is}, `SELECT template FROM roles WHERE account_id = $1 AND id = $2 AND predefined IS NULL AND membership_id IS NULL`, accountID, out[i].RoleID)
		if err != nil {
			return nil, fmt.Errorf("look for a template: %w", err)
		}
		if !found || !is {
			continue
		}
		template, _, err := RoleByID(tx, accountID, out[i].RoleID, nil)
		if err != nil {
			return nil, err
		}
		permits := template.Permits
		for _, p := range template.Policies {
			permits = append(permits, p.Permits...)
		}
		if out[i].RoleID, err = copied(tx, membershipID, template, permits); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Carry readies what somebody is assigned to be given to the user who takes their
// place, when they are gone: copies of templates go along with what is in them.
func Carry(tx *db.Tx, accountID string, list []Assignment) ([]Assignment, error) {
	out := slices.Clone(list)
	for i := range out {
		r, found, err := RoleByID(tx, accountID, out[i].RoleID, &profile.Profile{})
		if err != nil {
			return nil, err
		}
		if found && r.MembershipID != "" {
			out[i].carried = &r
		}
	}
	return out, nil
}

// copied makes somebody's copy of a role, or of another's copy of it, with these permissions.
func copied(tx *db.Tx, membershipID string, from Full, permits []Permit) (string, error) {
	id, err := tx.ID("rol")
	if err != nil {
		return "", err
	}
	_, err = tx.Exec(`INSERT INTO roles (account_id, id, name, name_key, description, membership_id, copy_of, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		from.AccountID, id, from.Name, ownKey(id), from.Description, membershipID, cmp.Or(from.CopyOf, from.ID), tx.Now)
	if err != nil {
		return "", fmt.Errorf("copy template: %w", err)
	}
	copy := Full{Role: Role{AccountID: from.AccountID, ID: id, Name: from.Name}, Permits: once(permits)}
	m := managing{tx: tx}
	changed(tx, id)
	return id, m.saveOwn(nil, &copy)
}

// once leaves out what stands twice; a template says it with one restriction only.
func once(list []Permit) []Permit {
	seen := map[string]bool{}
	return slices.DeleteFunc(slices.Clone(list), func(p Permit) bool {
		twice := seen[p.Permission]
		seen[p.Permission] = true
		return twice
	})
}

// dropCopies deletes the copies that somebody no longer has.
func dropCopies(tx *db.Tx, accountID, membershipID string) error {
	ids, err := db.Column(tx, `SELECT r.id FROM roles r WHERE r.account_id = $1 AND r.membership_id = $2
		AND NOT EXISTS (SELECT 1 FROM assignments x WHERE x.account_id = r.account_id AND x.role_id = r.id)`, accountID, membershipID)
	if err != nil {
		return fmt.Errorf("look for copies: %w", err)
	}
	for _, id := range ids {
		if err := dropRole(tx, accountID, id); err != nil {
			return err
		}
		changed(tx, id)
	}
	return nil
}

// Copies reads the personal copies that people of an account have: they stand
// beside List on the pages of these people.
func Copies(tx *db.Tx, accountID string, p *profile.Profile, membershipIDs ...string) ([]Role, error) {
	list, err := db.All(tx, scanRole, `SELECT `+roleFields+` FROM `+db.Each(tx, "$2")+` CROSS JOIN roles r
		WHERE r.account_id = $1 AND r.membership_id = each.value ORDER BY r.id`, accountID, db.List(membershipIDs))
	if err != nil || len(list) == 0 {
		return nil, err
	}
	held, err := customRights(tx, accountID, `r.membership_id IN (SELECT each.value FROM `+db.Each(tx, "$2")+`)`, db.List(membershipIDs))
	if err != nil {
		return nil, err
	}
	rows, err := predefinedRows(tx, accountID)
	if err != nil {
		return nil, err
	}
	keys := map[string]string{}
	for key, id := range rows {
		keys[id] = key
	}
	for i := range list {
		list[i].fill(p, held)
		if pr, ok := p.Role(keys[list[i].CopyOf]); ok { // it is called what its template is, in every language
			list[i].words = map[lang.Tag]words{}
			for _, tag := range lang.All() {
				list[i].words[tag] = words{name: pr.Name(string(tag)), description: pr.Description(string(tag))}
			}
		}
	}
	return list, nil
}

// Adjustable tells whether what somebody has of a role can be adjusted for them: a
// copy, or a predefined template that no administrator's role is.
func Adjustable(r Role) bool {
	return r.CopyOf != "" || r.Key != "" && r.Template && !r.Administrator && !r.Deprecated
}

// Adjusting is what somebody's copy of a template is to give from now on.
type Adjusting struct {
	Permits      []Permit
	Acknowledged []string // dangerous permissions that are known to be given
}

// Adjusted checks an adjustment of what somebody has by a role, and gives what it
// changes; the caller has checked that they may act on that person, and asks
// whether they hold what the copy gains, over the assignment's entities.
func Adjusted(tx *db.Tx, s *access.Snapshot, tag lang.Tag, r Full, level access.Kind, p *profile.Profile, in Adjusting, f *fault.Fields) (permits []Permit, gives access.Set) {
	l := limits{level: level, ungrantable: p.Ungrantable, snapshot: s}
	permits = l.checkPermits(f, in.Permits)
	if !f.Any() && len(permits) == 0 {
		f.Add("permissions", "choose_permission")
	}
	after := rightsOf(grants(permits))
	c := change{before: map[string]rights{r.ID: r.rights()}, after: map[string]rights{r.ID: after}}
	c.acknowledged(f, in.Acknowledged, tag)
	return permits, after.all()
}

// Adjust saves an adjustment: in the person's copy, which is made when they have
// the template itself. It gives the id of the copy and what the log says.
func Adjust(tx *db.Tx, membershipID string, r Full, permits []Permit) (id string, changes []audit.Change, err error) {
	had := r.Permits
	if r.Key != "" {
		for _, name := range names(r.Permissions) {
			had = append(had, Permit{Permission: name})
		}
		if id, err = copied(tx, membershipID, r, permits); err != nil {
			return "", nil, err
		}
		for _, q := range []struct {
			text string
			args []any
		}{
			{`UPDATE assignments SET role_id = $1 WHERE account_id = $2 AND membership_id = $3 AND role_id = $4`, []any{id, r.AccountID, membershipID, r.ID}},
			{`UPDATE roles SET holders = holders - 1 WHERE account_id = $1 AND id = $2`, []any{r.AccountID, r.ID}},
			{`UPDATE roles SET holders = holders + 1 WHERE account_id = $1 AND id = $2`, []any{r.AccountID, id}},
		} {
			if _, err := tx.Exec(q.text, q.args...); err != nil {
				return "", nil, fmt.Errorf("adjust a role: %w", err)
			}
		}
		return id, permitDifferences(had, permits), nil
	}
	m := managing{tx: tx}
	next := r
	next.Permits = permits
	if err := m.saveOwn(r.Permits, &next); err != nil {
		return "", nil, err
	}
	if _, err := tx.Exec(`UPDATE roles SET version = version + 1 WHERE account_id = $1 AND id = $2`, r.AccountID, r.ID); err != nil {
		return "", nil, fmt.Errorf("adjust a role: %w", err)
	}
	changed(tx, r.ID)
	return r.ID, permitDifferences(had, permits), nil
}

// The four things that a template is adjusted by, for each resource (R18).
const (
	Viewing  = "view"
	Editing  = "edit"
	Creating = "create"
	Deleting = "delete"
)

// Deed says which of the four a permission is, for the table of an adjustment:
// what only looks is viewing, what begins something is creating, what ends it is
// deleting, and all else is editing.
func Deed(p access.Permission) string {
	action := p.Info().Action
	switch {
	case p.Info().Resource == "page", strings.HasPrefix(action, "view"), slices.Contains([]string{"search", "search_full", "history", "export", "download", "download_files"}, action):
		return Viewing
	case slices.Contains([]string{"create", "add", "generate", "onboard", "submit_evidence"}, action):
		return Creating
	case slices.Contains([]string{"delete", "revoke", "void", "anonymise", "end_sessions"}, action):
		return Deleting
	}
	return Editing
}
