package people

import (
	"database/sql"
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
)

// Status is what a member is at a moment: one at a time, derived, never stored
// (features.md, U8).
type Status string

// The statuses, in the order in which they go before one another.
const (
	Deactivated           Status = "deactivated"
	DeactivatedInvitation Status = "invitation_deactivated"
	ExpiredInvitation     Status = "invitation_expired"
	Invited               Status = "invited"
	LockedAttempts        Status = "locked_attempts"
	LockedInactivity      Status = "locked_inactivity"
	PasswordExpired       Status = "password_expired"
	Active                Status = "active"
)

// Locked stands for every kind of lock in a Query.
const Locked Status = "locked"

// Statuses lists them in that order.
func Statuses() []Status {
	return []Status{Deactivated, DeactivatedInvitation, ExpiredInvitation, Invited, LockedAttempts, LockedInactivity, PasswordExpired, Active}
}

// statusSQL derives the status. $1 is the time, $2 the password's life in
// microseconds (0: it has no end), $3 how long a set-up may stay half finished.
// A link whose password was chosen counts as open until that time is over.
const statusSQL = `CASE
	WHEN m.deactivated_at IS NOT NULL THEN 'deactivated'
	WHEN m.activated_at IS NULL AND i.deactivated_at IS NOT NULL THEN 'invitation_deactivated'
	WHEN m.activated_at IS NULL AND (i.id IS NULL OR i.used_at IS NULL AND i.expires_at <= $1 OR i.used_at + $3 <= $1) THEN 'invitation_expired'
	WHEN m.activated_at IS NULL THEN 'invited'
	WHEN s.locked_until > $1 THEN 'locked_attempts'
	WHEN u.inactive_locked_at IS NOT NULL THEN 'locked_inactivity'
	WHEN CAST($2 AS BIGINT) > 0 AND u.password_set_at + CAST($2 AS BIGINT) <= $1 THEN 'password_expired'
	ELSE 'active' END`

// rowColumns are personColumns as the account may see them: until somebody comes
// in, what was typed when they were invited, and nothing of their life elsewhere.
var rowColumns = strings.NewReplacer("u.first_name", seen("first_name"), "u.last_name", seen("last_name"), "u.phone", seen("phone"), "u.language", seen("language"),
	"COALESCE(u.email, '')", seenEmail, "COALESCE(u.last_sign_in_at, 0)", lastSignIn).Replace(personColumns)

const lastSignIn = `CASE WHEN m.activated_at IS NULL THEN 0 ELSE COALESCE(u.last_sign_in_at, 0) END`

// seenEmail is the address as it was typed until somebody comes in: how they
// write it themselves would tell that they were known before.
const seenEmail = `CASE WHEN m.activated_at IS NULL AND m.email <> '' THEN m.email ELSE COALESCE(u.email, '') END`

// seen is a column that membership and person both have.
func seen(column string) string {
	return "CASE WHEN m.activated_at IS NULL THEN m." + column + " ELSE u." + column + " END"
}

const listFrom = ` FROM memberships m JOIN users u ON u.id = m.user_id
	LEFT JOIN invitations i ON i.account_id = m.account_id AND i.membership_id = m.id AND i.replaced_at IS NULL
	LEFT JOIN signin_attempts s ON s.user_id = u.id`

// Row is a member as lists and their own page show them.
type Row struct {
	Person
	Member
	Status           Status
	Since            int64 // µs: since when that is so, where it is known
	InvitedUntil     int64 // µs: when the open link ends, or the time to finish once it was used
	Factors          int   // second factors that are set up
	Roles            []string
	AllEntities      bool
	Entities         []string // customer IDs, of all roles together
	AccountsOfPerson int      // those that they came into, this one counted
	InvitationSentBy string
	InvitationSentAt int64
	sort             string // its key in the list's order
}

// ID is the user's id; a membership's own id is never shown.
func (r Row) ID() string { return r.Person.ID }

// Sorts are the orders that a list can have.
var Sorts = []string{"name", "-name", "email", "-email", "status", "-status", "last_sign_in", "-last_sign_in"}

// Query narrows, orders and pages the users of one account.
type Query struct {
	Search   string // any part of name, address or username
	Status   Status
	RoleID   string
	EntityID string // id or customer ID; who has an entity at or above it
	Sort     string // one of Sorts; "" is name
	After    string // Next or Previous of another page
	Limit    int    // 1 to 200; 0 is 50
}

// Page is one page of a list.
type Page struct {
	Rows     []Row
	Next     string // "" on the last page
	Previous string // "" on the first
	Total    int64  // of all that match; -1 when it was not counted
}

// List reads a page of an account's users, whoever created them (U1). The caller
// has asked whether they may be seen.
func (p *People) List(tx *db.Tx, a org.Account, q Query) (Page, error) {
	settings, err := org.Settings(tx, p.profiles, a.ID)
	if err != nil {
		return Page{}, err
	}
	if q.Sort == "" {
		q.Sort = "name"
	}
	if !slices.Contains(Sorts, q.Sort) {
		return Page{}, fault.In("sort", "sort")
	}
	if q.Status != "" && q.Status != Locked && !slices.Contains(Statuses(), q.Status) {
		return Page{}, fault.In("status", "status")
	}
	if q.Search, err = cleanSearch(q.Search); err != nil {
		return Page{}, err
	}
	l := newListing(tx.Now, settings.PasswordDays)
	if err := l.narrow(tx, a, q); err != nil {
		return Page{}, err
	}
	var out Page
	if _, err := db.One(tx, []any{&out.Total}, `SELECT COUNT(*)`+listFrom+` WHERE `+l.where()+l.unused(), l.args...); err != nil {
		return Page{}, fmt.Errorf("count users: %w", err)
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	limit := min(q.Limit, 200)
	order, err := l.page(tx, a, q)
	if err != nil {
		return Page{}, err
	}
	rows, err := l.read(tx, sortColumns[strings.TrimPrefix(q.Sort, "-")], order+` LIMIT `+strconv.Itoa(limit+1))
	if err != nil {
		return Page{}, err
	}
	more := len(rows) > limit
	rows = rows[:min(len(rows), limit)]
	if l.back {
		slices.Reverse(rows)
	}
	if len(rows) > 0 && (more || l.back) {
		if out.Next, err = makeCursor(tx, a, q, forwards, rows[len(rows)-1]); err != nil {
			return Page{}, err
		}
	}
	if len(rows) > 0 && q.After != "" && (more || !l.back) {
		if out.Previous, err = makeCursor(tx, a, q, backwards, rows[0]); err != nil {
			return Page{}, err
		}
	}
	out.Rows = rows
	return out, addAccess(tx, a.ID, out.Rows)
}

// searchMax bounds what is searched for, in code points.
const searchMax = 200

// cleanSearch bounds a search and folds it as the keys are folded.
func cleanSearch(search string) (string, error) {
	clean, problem := lang.Line(search, searchMax)
	if problem != "" && problem != "required" {
		return "", fault.In("search", problem, "max", searchMax)
	}
	return lang.Fold(clean), nil
}

// Get reads one user of an account.
func (p *People) Get(tx *db.Tx, a org.Account, userID string) (Row, error) {
	settings, err := org.Settings(tx, p.profiles, a.ID)
	if err != nil {
		return Row{}, err
	}
	l := newListing(tx.Now, settings.PasswordDays)
	l.add("m.account_id = " + l.arg(a.ID))
	l.add("m.user_id = " + l.arg(userID))
	if !lang.Storable(userID) {
		return Row{}, fault.None("user")
	}
	rows, err := l.read(tx, "''", "")
	if err != nil {
		return Row{}, err
	}
	if len(rows) == 0 {
		return Row{}, fault.None("user")
	}
	return rows[0], addAccess(tx, a.ID, rows)
}

// Counts tells how many users of an account have each status.
func (p *People) Counts(tx *db.Tx, a org.Account) (map[Status]int64, error) {
	settings, err := org.Settings(tx, p.profiles, a.ID)
	if err != nil {
		return nil, err
	}
	l := newListing(tx.Now, settings.PasswordDays)
	l.add("m.account_id = " + l.arg(a.ID))
	out := map[Status]int64{}
	_, err = db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var s Status
		var n int64
		err = r.Scan(&s, &n)
		out[s] = n
		return
	}, `SELECT `+statusSQL+` AS status, COUNT(*)`+listFrom+` WHERE `+l.where()+` GROUP BY 1`, l.args...)
	return out, err
}

// listing collects the conditions of a list; its first three arguments are statusSQL's.
type listing struct {
	args  []any
	parts []string
	back  bool // towards the first page
}

func newListing(now int64, passwordDays int) *listing {
	return &listing{args: []any{now, int64(passwordDays) * 24 * 3600 * 1e6, FinishWithin.Microseconds()}}
}

func (l *listing) arg(v any) string {
	l.args = append(l.args, v)
	return "$" + strconv.Itoa(len(l.args))
}

func (l *listing) add(condition string) { l.parts = append(l.parts, condition) }

func (l *listing) where() string { return strings.Join(l.parts, " AND ") }

// unused mentions statusSQL's arguments for a query that has no status in it:
// PostgreSQL refuses arguments that it cannot type.
func (l *listing) unused() string {
	return ` AND CAST($1 AS BIGINT) IS NOT NULL AND CAST($2 AS BIGINT) IS NOT NULL AND CAST($3 AS BIGINT) IS NOT NULL`
}

func (l *listing) narrow(tx *db.Tx, a org.Account, q Query) error {
	l.add("m.account_id = " + l.arg(a.ID))
	for word := range strings.FieldsSeq(q.Search) {
		l.add(seen("search_key") + " LIKE " + l.arg("%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(word)+"%") + ` ESCAPE '\'`)
	}
	switch q.Status {
	case "":
	case Locked:
		l.add(statusSQL + " IN ('locked_attempts', 'locked_inactivity')")
	default:
		l.add(statusSQL + " = " + l.arg(string(q.Status)))
	}
	if !lang.Storable(q.RoleID) {
		return fault.In("role", "unknown_role")
	}
	if q.RoleID != "" {
		l.add("EXISTS (SELECT 1 FROM assignments x WHERE x.account_id = m.account_id AND x.membership_id = m.id AND x.role_id = " + l.arg(q.RoleID) + ")")
	}
	if q.EntityID == "" {
		return nil
	}
	found, err := org.EntitiesIn(tx, a, []string{q.EntityID})
	if err != nil {
		return err
	}
	if len(found) != 1 {
		return fault.In("entity", "unknown_entity")
	}
	l.add(`EXISTS (SELECT 1 FROM assignments x WHERE x.account_id = m.account_id AND x.membership_id = m.id AND (x.all_entities OR EXISTS (
		SELECT 1 FROM assignment_entities y JOIN entities e ON e.id = y.entity_id
		WHERE y.account_id = x.account_id AND y.assignment_id = x.id AND substr(CAST(` + l.arg(found[0].Path) + ` AS TEXT), 1, length(e.path)) = e.path)))`)
	return nil
}

var sortColumns = map[string]string{"name": seen("sort_key"), "email": "COALESCE(u.email_key, '')", "status": "(" + statusSQL + ")", "last_sign_in": lastSignIn}

// A cursor is where a page ended, sealed: it holds a name or an address and
// stands in addresses of pages. It belongs to the account and the query it was made for.
func cursorPurpose(a org.Account, q Query) string {
	return strings.Join([]string{"cursor of users", a.ID, q.Search, string(q.Status), q.RoleID, q.EntityID, q.Sort}, "\x00")
}

// The ways that a cursor leads.
const forwards, backwards = "next", "previous"

func makeCursor(tx *db.Tx, a org.Account, q Query, way string, last Row) (string, error) {
	sealed, err := tx.Seal(cursorPurpose(a, q), []byte(way+"\x1f"+last.Member.ID+"\x1f"+last.sort))
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

func openCursor(tx *db.Tx, a org.Account, q Query) (way, value, id string, ok bool) {
	sealed, err := base64.RawURLEncoding.DecodeString(q.After)
	if err != nil {
		return "", "", "", false
	}
	plain, err := tx.Box().Open(cursorPurpose(a, q), sealed)
	if err != nil {
		return "", "", "", false
	}
	way, rest, _ := strings.Cut(string(plain), "\x1f")
	id, value, ok = strings.Cut(rest, "\x1f")
	return way, value, id, ok
}

// page adds the key of the page before and gives the order.
func (l *listing) page(tx *db.Tx, a org.Account, q Query) (string, error) {
	name, down := strings.CutPrefix(q.Sort, "-")
	var way, value, id string
	ok := true
	if q.After != "" {
		way, value, id, ok = openCursor(tx, a, q)
		l.back = way == backwards
	}
	column, direction, than := sortColumns[name], "", ">"
	if down != l.back {
		direction, than = " DESC", "<"
	}
	if q.After != "" {
		var key any = value
		if name == "last_sign_in" {
			n, err := strconv.ParseInt(value, 10, 64)
			if err != nil {
				ok = false
			}
			key = n
		}
		if !ok {
			return "", fault.New(fault.Malformed, "cursor")
		}
		k := l.arg(key)
		l.add("(" + column + " " + than + " " + k + " OR " + column + " = " + k + " AND m.id " + than + " " + l.arg(id) + ")")
	}
	return " ORDER BY " + column + direction + ", m.id" + direction, nil
}

// read reads the rows, each with the text of its key in the order.
func (l *listing) read(tx *db.Tx, key, tail string) ([]Row, error) {
	rows, err := db.All(tx, scanRow, `SELECT `+rowColumns+`, `+strings.TrimSuffix(memberColumns, " FROM memberships m")+`,
			`+statusSQL+` AS status, COALESCE(i.used_at + $3, i.expires_at, 0), COALESCE(i.created_at, 0), COALESCE(i.created_by, ''),
			(SELECT COUNT(*) FROM factors f WHERE f.user_id = u.id AND m.activated_at IS NOT NULL),
			(SELECT COUNT(*) FROM memberships o WHERE o.user_id = u.id AND (o.id = m.id OR m.activated_at IS NOT NULL AND o.activated_at IS NOT NULL)), CAST(`+key+` AS TEXT)`+
		listFrom+` WHERE `+l.where()+tail, l.args...)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return rows, nil
}

func scanRow(r *sql.Rows) (x Row, err error) {
	dest := append(x.Person.dest(), x.Member.dest()...)
	err = r.Scan(append(dest, &x.Status, &x.InvitedUntil, &x.InvitationSentAt, &x.InvitationSentBy, &x.Factors, &x.AccountsOfPerson, &x.sort)...)
	switch x.Status {
	case Deactivated:
		x.Since = x.DeactivatedAt
	case Active:
		x.Since = x.ActivatedAt
	case Invited:
		x.Since = x.InvitationSentAt
	case ExpiredInvitation:
		x.Since = x.InvitedUntil
	}
	return x, err
}

// addAccess fills in roles and entities of a page of rows.
func addAccess(tx *db.Tx, accountID string, rows []Row) error {
	if len(rows) == 0 {
		return nil
	}
	args := []any{accountID}
	var marks []string
	at := map[string]*Row{}
	for i := range rows {
		args = append(args, rows[i].Member.ID)
		marks = append(marks, "$"+strconv.Itoa(len(args)))
		at[rows[i].Member.ID] = &rows[i]
	}
	in := strings.Join(marks, ", ")
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var member, role string
		var all bool
		if err = r.Scan(&member, &role, &all); err == nil {
			row := at[member]
			row.Roles = append(row.Roles, role)
			row.AllEntities = row.AllEntities || all
		}
		return
	}, `SELECT membership_id, role_id, all_entities FROM assignments WHERE account_id = $1 AND membership_id IN (`+in+`) ORDER BY created_at, id`, args...)
	if err != nil {
		return fmt.Errorf("read roles of a list: %w", err)
	}
	_, err = db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var member, entity string
		if err = r.Scan(&member, &entity); err == nil {
			at[member].Entities = append(at[member].Entities, entity)
		}
		return
	}, `SELECT DISTINCT x.membership_id, e.customer_id FROM assignments x
		JOIN assignment_entities y ON y.account_id = x.account_id AND y.assignment_id = x.id JOIN entities e ON e.id = y.entity_id
		WHERE x.account_id = $1 AND x.membership_id IN (`+in+`) ORDER BY e.customer_id`, args...)
	if err != nil {
		return fmt.Errorf("read entities of a list: %w", err)
	}
	return nil
}

// CountMembers tells how many users an account has, whatever their status.
func CountMembers(tx *db.Tx, accountID string) (n int64, err error) {
	_, err = db.One(tx, []any{&n}, `SELECT COUNT(*) FROM memberships WHERE account_id = $1`, accountID)
	return n, err
}
