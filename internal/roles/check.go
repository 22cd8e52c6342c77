package roles

import (
	"context"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/profile"
)

// Lists keeps what lists of users are found by, while what people of an account
// may do there is changed: people.RelistAccess.
type Lists func(tx *db.Tx, accountID string, memberIDs []string, change func() error) error

// Roles are the use cases that change roles and policies. Make them with New.
type Roles struct {
	db       *db.DB
	guard    org.Guard
	profiles profile.Profiles
	audit    *audit.Log
	relist   Lists
}

// New makes the use cases over a database; live answers what they ask, and relist
// keeps the lists of people whose access they change.
func New(d *db.DB, live *access.Live, profiles profile.Profiles, log *audit.Log, relist Lists) *Roles {
	return &Roles{db: d, guard: org.Guard{Live: live}, profiles: profiles, audit: log, relist: relist}
}

const (
	manageRoles    = "roles:manage"
	managePolicies = "policies:manage"
)

// refusing runs an update and records it when it was refused. e says what was tried.
func (r *Roles) refusing(ctx context.Context, who db.Who, e audit.Entry, f func(*db.Tx) error) error {
	if err := r.db.Update(ctx, who, f); err != nil {
		return r.audit.Refuse(ctx, who, e, err)
	}
	return nil
}

// managing is somebody who changes roles or policies of an account.
type managing struct {
	tx           *db.Tx
	who          db.Who
	account      org.Account
	profile      *profile.Profile
	settings     profile.Settings
	combinations []profile.Combination
	snapshot     *access.Snapshot
	question     access.Question
}

// manage refuses whoever does not hold the permission over the whole account:
// what a role holds is the same over all of it, so somebody who administers a
// part changes none.
func (r *Roles) manage(tx *db.Tx, who db.Who, accountID, permission string) (m managing, err error) {
	p := access.MustParse(permission)
	if err = r.guard.May(tx, who, accountID, p); err != nil {
		return m, err
	}
	m = managing{tx: tx, who: who, combinations: r.profiles.Combinations(), question: org.Question(tx, who, accountID)}
	if m.snapshot, err = r.guard.Snapshot(tx); err != nil {
		return m, err
	}
	if !m.covers(p) {
		return m, fault.New(fault.Forbidden, "roles_not_whole")
	}
	var found bool
	if m.account, found, err = org.AccountByID(tx, accountID); err == nil && !found {
		err = fault.None("account")
	}
	if err != nil {
		return m, err
	}
	if m.profile, found = r.profiles.Get(m.account.Profile); !found {
		return m, fault.In("profile", "unknown_profile")
	}
	m.settings, err = org.Settings(tx, r.profiles, accountID)
	return m, err
}

// covers tells whether who holds a permission over the whole account.
func (m *managing) covers(p access.Permission) bool {
	q := m.question
	q.Permission = p
	return access.Covers(m.snapshot, q, true, nil)
}

func (m *managing) limits() limits {
	return limits{level: m.account.Kind, ungrantable: m.profile.Ungrantable, snapshot: m.snapshot}
}

// ceiling refuses to deal with what holds more than who does themselves over the
// whole account (U23). What nobody there can hold is passed over.
func (m *managing) ceiling(set access.Set) error {
	for p := range set.All() {
		if m.limits().holds(p) == "" && !m.covers(p) {
			e := fault.New(fault.Forbidden, "permission_not_yours_to_give", "permission", p.String())
			e.Fields = []fault.Field{{Name: "permissions", Code: e.Code, Args: e.Args}}
			return e
		}
	}
	return nil
}

// asIs is in the place of a version where no matter which is meant.
const asIs = -1

// role finds a role that is to be changed: one of the account's own.
func (m *managing) role(roleID string, version int64) (Full, error) {
	r, found, err := RoleByID(m.tx, m.account.ID, roleID, m.profile)
	switch {
	case err != nil:
		return r, err
	case !found || r.MembershipID != "": // a personal copy is changed with its person
		return r, fault.None("role")
	case !r.Custom():
		return r, fault.New(fault.Conflict, "predefined_role", "role", r.Title(m.who.Lang))
	}
	return r, fresh(r.Version, version)
}

// fresh refuses when somebody changed what was seen.
func fresh(now, seen int64) error {
	if seen == asIs {
		return nil
	}
	return org.Fresh(now, seen)
}

// name cleans a name and notes when it is taken: by another of the table's rows
// in the account under look-alikes (lang.Skeleton), or for a role by a predefined
// one of the profile in any language.
func (m *managing) name(f *fault.Fields, table, name, id string) (clean, key string, err error) {
	clean, problem := lang.Line(name, nameMax)
	if problem != "" {
		f.Add("name", problem, "max", nameMax)
		return clean, "", nil
	}
	key = lang.Skeleton(clean)
	if key == "" {
		f.Add("name", "required")
		return clean, key, nil
	}
	if table == "roles" && m.reserved(key) {
		f.Add("name", "name_reserved", "name", clean)
		return clean, key, nil
	}
	other, err := db.Column(m.tx, `SELECT id FROM `+table+` WHERE account_id = $1 AND name_key = $2 AND id <> $3`, m.account.ID, key, id)
	if len(other) > 0 {
		f.Add("name", "name_taken")
	}
	return clean, key, err
}

// reserved tells whether a predefined role looks like it is called so.
func (m *managing) reserved(key string) bool {
	return slices.ContainsFunc(m.profile.Roles, func(r profile.Role) bool {
		return slices.ContainsFunc(lang.All(), func(tag lang.Tag) bool { return lang.Skeleton(r.Name(string(tag))) == key })
	})
}

// about cleans a description, which may be empty.
func about(f *fault.Fields, text string) string {
	clean, problem := lang.Line(text, aboutMax)
	if problem != "" && problem != "required" {
		f.Add("description", problem, "max", aboutMax)
	}
	return clean
}

// policies finds the shared policies that a role is to have, and notes what is
// wrong with the choice. own tells whether the role has one of its own as well.
func (m *managing) policies(f *fault.Fields, ids []string, own bool) ([]Policy, error) {
	most := policiesMost
	if own {
		most--
	}
	chosen := slices.Compact(slices.Sorted(slices.Values(ids)))
	if len(chosen) > most {
		f.Add("policies", "too_many_policies", "max", policiesMost)
		return nil, nil
	}
	var out []Policy
	for _, id := range chosen {
		p, found, err := PolicyByID(m.tx, m.account.ID, id)
		if err != nil {
			return nil, err
		}
		if !found {
			f.Add("policies", "unknown_policy")
			return nil, nil
		}
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Policy) int { return strings.Compare(a.Name, b.Name) })
	return out, nil
}

// change is what is about to happen to what roles give: before and after, by role.
// A role that begins has nothing before, one that is removed nothing after.
type change struct {
	before, after map[string]rights
	unused        string // the id of a policy that no role has, which stands for a role with it alone
	removed       string // a role's id
	fallback      string // the role's id that people get who would be left with none
	fallbackGives rights
	nothing       []string // ids of roles that give nothing, as good as none
}

// roles lists the ids of those that change.
func (c change) roles() []string {
	var ids []string
	for id := range c.before {
		ids = append(ids, id)
	}
	for id := range c.after {
		if c.before[id] == nil {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// gained is what any of the roles gives afterwards and did not before.
func (c change) gained() access.Set {
	var set access.Set
	for id, after := range c.after {
		set = set.Union(after.beyond(c.before[id]))
	}
	return set
}

// held is what any of the roles gives, before or after.
func (c change) held() access.Set {
	var set access.Set
	for _, id := range c.roles() {
		set = set.Union(c.before[id].all()).Union(c.after[id].all())
	}
	return set
}

// Acknowledge refuses names of permissions that there are none of.
func Acknowledge(said []string) error {
	for _, name := range said {
		if _, ok := access.Parse(name); !ok {
			return fault.In("acknowledged", "unknown_permission", "permission", shown(name))
		}
	}
	return nil
}

// acknowledged notes dangerous permissions that roles would gain and nobody said
// that they know (R9): each is named.
func (c change) acknowledged(f *fault.Fields, said []string, tag lang.Tag) {
	var missing []string
	for p := range dangerous(c.gained()).All() {
		if !slices.Contains(said, p.String()) {
			missing = append(missing, lang.PermissionNamed(tag, p.String()))
		}
	}
	if len(missing) > 0 {
		f.Add("acknowledged", "acknowledge_permissions", "permissions", strings.Join(missing, ", "))
	}
}

// allow refuses a change that goes beyond whoever makes it: the right over all
// the roles that it touches, before and after (B04), and never more for oneself.
func (m *managing) allow(c change) error {
	if err := m.ceiling(c.held()); err != nil {
		return err
	}
	for id, after := range c.after {
		if after.beyond(c.before[id]).Empty() {
			continue
		}
		has, err := m.has(id)
		if err != nil {
			return err
		}
		if has {
			return fault.New(fault.Forbidden, "own_role")
		}
	}
	return nil
}

// has tells whether who has a role of the account, now or at another time.
func (m *managing) has(roleID string) (bool, error) {
	var n int64
	_, err := db.One(m.tx, []any{&n}, `SELECT COUNT(*) FROM memberships m JOIN assignments x ON x.account_id = m.account_id AND x.membership_id = m.id
		WHERE m.account_id = $1 AND m.user_id = $2 AND x.role_id = $3`, m.account.ID, m.who.ID, roleID)
	return n > 0, err
}

// changed says that decisions read other roles from now on: the one place that does.
func changed(tx *db.Tx, roleIDs ...string) {
	for _, id := range roleIDs {
		tx.ChangedRole(id)
	}
}
