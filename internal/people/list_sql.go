package people

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/db"
)

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
	place            position // in the list that it was read for
}

// ID is the user's id; a membership's own id is never shown.
func (r Row) ID() string { return r.Person.ID }

// conditions collects the WHERE of a query over the users of an account, m.
type conditions struct {
	args  []any
	parts []string
}

// newConditions begins with the arguments of statusSQL.
func newConditions(now int64, days int, accountID string) *conditions {
	c := &conditions{args: []any{now, passwordLife(days)}}
	c.add("m.account_id = " + c.arg(accountID))
	return c
}

// plainConditions begins without them: PostgreSQL refuses arguments that a query does not use.
func plainConditions(accountID string) *conditions {
	c := &conditions{}
	c.add("m.account_id = " + c.arg(accountID))
	return c
}

func passwordLife(days int) int64 { return int64(days) * 24 * 3600 * 1e6 }

func (c *conditions) arg(v any) string {
	c.args = append(c.args, v)
	return "$" + strconv.Itoa(len(c.args))
}

func (c *conditions) add(condition string) { c.parts = append(c.parts, condition) }

func (c *conditions) where() string { return " WHERE " + strings.Join(c.parts, " AND ") }

// among narrows to some numbers.
func (c *conditions) among(tx *db.Tx, list []int64) {
	c.add("m.number IN (SELECT CAST(each.value AS BIGINT) FROM " + db.Each(tx, c.arg(db.List(list))) + ")")
}

// words narrows to those in whom all words of the search occur. The pattern is put
// together there: of one that is an argument, SQLite would plan anew each time.
func (c *conditions) words(words []string) {
	for _, word := range words {
		c.add("m.search_key LIKE '%' || " + c.arg(db.Literal(word)) + ` || '%' ESCAPE '\'`)
	}
}

// query narrows to those whom the query means, whatever their status.
func (c *conditions) query(l *looking) {
	c.words(l.words)
	if l.q.RoleID != "" {
		c.add("EXISTS (SELECT 1 FROM assignments x WHERE x.account_id = m.account_id AND x.membership_id = m.id AND x.role_id = " + c.arg(l.q.RoleID) + ")")
	}
	if l.reach == nil {
		return
	}
	var marks []string
	for _, id := range l.reach {
		marks = append(marks, c.arg(id))
	}
	c.add(`EXISTS (SELECT 1 FROM assignments x WHERE x.account_id = m.account_id AND x.membership_id = m.id AND (x.all_entities OR EXISTS (
		SELECT 1 FROM assignment_entities y WHERE y.account_id = x.account_id AND y.assignment_id = x.id AND y.entity_id IN (` + strings.Join(marks, ", ") + `))))`)
}

// status narrows to those with a status; newConditions began it.
func (c *conditions) status(s Status) {
	switch s {
	case "":
	case Locked:
		c.add(statusSQL + " IN ('locked_attempts', 'locked_inactivity')")
	default:
		c.add(statusSQL + " = " + c.arg(string(s)))
	}
}

// read reads the rows.
func (c *conditions) read(tx *db.Tx) ([]Row, error) {
	rows, err := db.All(tx, scanRow, `SELECT COALESCE(m.number, -1), `+rowColumns+`, `+strings.TrimSuffix(memberColumns, " FROM memberships m")+`,
			`+statusSQL+` AS status, `+linkEnds+`, COALESCE(i.created_at, 0), COALESCE(i.created_by, ''),
			(SELECT COUNT(*) FROM factors f WHERE f.user_id = u.id AND m.activated_at IS NOT NULL),
			(SELECT COUNT(*) FROM memberships o WHERE o.user_id = u.id AND (o.id = m.id OR m.activated_at IS NOT NULL AND o.activated_at IS NOT NULL))`+
		statusFrom+c.where(), c.args...)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return rows, nil
}

func scanRow(r *sql.Rows) (x Row, err error) {
	dest := append(append([]any{&x.place.number}, x.Person.dest()...), x.Member.dest()...)
	err = r.Scan(append(dest, &x.Status, &x.InvitedUntil, &x.InvitationSentAt, &x.InvitationSentBy, &x.Factors, &x.AccountsOfPerson)...)
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

// read reads the rows of some places, in their order: those whom the query, with
// this status, means.
func (l *looking) read(places []position, s Status) ([]Row, error) {
	list := make([]int64, len(places))
	for i, p := range places {
		list[i] = p.number
	}
	c := newConditions(l.tx.Now, l.days, l.account.ID)
	c.among(l.tx, list)
	c.query(l)
	c.status(s)
	rows, err := c.read(l.tx)
	if err != nil {
		return nil, err
	}
	at := map[int64]Row{}
	for _, r := range rows {
		at[r.place.number] = r
	}
	out := rows[:0]
	for _, p := range places {
		r, ok := at[p.number]
		if !ok {
			continue
		}
		r.place = p
		if name, _ := l.order(); name == "status" {
			r.place.status = s
		}
		out = append(out, r)
	}
	return out, nil
}

// orderColumns are what the orders are by; each has an index with the number after it.
var orderColumns = map[string]string{"name": "m.sort_key", "email": "m.email_key", "status": "m.sort_key", "last_sign_in": "m.last_sign_in_at"}

func scanPlace(r *sql.Rows) (p position, err error) { return p, r.Scan(&p.number, &p.key) }

// places reads the next so many places of the account's list in its order.
func (l *looking) places(from *position, limit int) ([]position, error) {
	name, down := l.order()
	column, direction, than := orderColumns[name], "", ">"
	if down {
		direction, than = " DESC", "<"
	}
	c := plainConditions(l.account.ID)
	c.add("m.number IS NOT NULL")
	if from != nil {
		var key any = from.key
		if name == "last_sign_in" {
			n, err := strconv.ParseInt(from.key, 10, 64)
			if err != nil {
				return nil, fmt.Errorf("place in a list: %w", err)
			}
			key = n
		}
		c.add("(" + column + ", m.number) " + than + " (" + c.arg(key) + ", " + c.arg(from.number) + ")")
	}
	out, err := db.All(l.tx, scanPlace, `SELECT m.number, `+column+` FROM memberships m`+c.where()+
		` ORDER BY `+column+direction+`, m.number`+direction+` LIMIT `+c.arg(limit), c.args...)
	if err != nil {
		return nil, fmt.Errorf("go along a list: %w", err)
	}
	return out, nil
}

// proposed is the conditions of candidates: all that is not known of them yet.
func (l *looking) proposed(c *candidates, list []int64) *conditions {
	q := plainConditions(l.account.ID)
	q.among(l.tx, list)
	if !c.exact {
		q.words(l.words)
	}
	return q
}

// gather reads the places of all candidates.
func (l *looking) gather(c *candidates) (err error) {
	if c.gathered {
		return nil
	}
	c.places, err = l.keysOf(c, c.first(int(l.bounds.gather)))
	c.gathered = err == nil
	return err
}

// keysOf reads the places of some candidates, in no order.
func (l *looking) keysOf(c *candidates, list []int64) ([]position, error) {
	if len(list) == 0 {
		return nil, nil
	}
	name, _ := l.order()
	q := l.proposed(c, list)
	out, err := db.All(l.tx, scanPlace, `SELECT m.number, `+orderColumns[name]+` FROM memberships m`+q.where(), q.args...)
	if err != nil {
		return nil, fmt.Errorf("gather users: %w", err)
	}
	return out, nil
}

// hold gives those of some places that are proposed for a reason that the columns
// of memberships do not contradict.
func (l *looking) hold(c *candidates, places []position) ([]position, error) {
	if c.numbers == nil || c.exact || len(places) == 0 {
		return places, nil
	}
	list := make([]int64, len(places))
	for i, p := range places {
		list[i] = p.number
	}
	q := l.proposed(c, list)
	held, err := db.All(l.tx, scanNumber, `SELECT m.number FROM memberships m`+q.where(), q.args...)
	if err != nil {
		return nil, fmt.Errorf("look at users: %w", err)
	}
	set := map[int64]bool{}
	for _, n := range held {
		set[n] = true
	}
	return slices.DeleteFunc(places, func(p position) bool { return !set[p.number] }), nil
}

// matching counts those of some candidates who match.
func (l *looking) matching(c *candidates, list []int64) (n int64, err error) {
	q := l.proposed(c, list)
	if _, err = db.One(l.tx, []any{&n}, `SELECT COUNT(*) FROM memberships m`+q.where(), q.args...); err != nil {
		return 0, fmt.Errorf("count users: %w", err)
	}
	return n, nil
}

// statusesOf reads the statuses of some users.
func (l *looking) statusesOf(list []int64) ([]withStatus, error) {
	if len(list) == 0 {
		return nil, nil
	}
	c := newConditions(l.tx.Now, l.days, l.account.ID)
	c.among(l.tx, list)
	out, err := db.All(l.tx, scanStatus, `SELECT m.number, `+statusSQL+statusFrom+c.where(), c.args...)
	if err != nil {
		return nil, fmt.Errorf("look at users: %w", err)
	}
	return out, nil
}

// lookThrough finds whom the query means, of those who do not stand in found_by.
func (l *looking) lookThrough() ([]withStatus, error) {
	from, status := " FROM memberships m", "''"
	c := plainConditions(l.account.ID)
	if name, _ := l.order(); name == "status" || l.q.Status != "" {
		c, from, status = newConditions(l.tx.Now, l.days, l.account.ID), statusFrom, statusSQL
	}
	c.add("m.number >= " + c.arg(l.findable))
	c.query(l)
	out, err := db.All(l.tx, scanStatus, `SELECT m.number, `+status+from+c.where(), c.args...)
	if err != nil {
		return nil, fmt.Errorf("look through users: %w", err)
	}
	return out, nil
}

// lockedNow are those whose wrong attempts lock them at this moment.
func (l *looking) lockedNow() (*numbers, error) {
	if l.locked != nil {
		return l.locked, nil
	}
	list, err := db.All(l.tx, scanNumber, `SELECT m.number FROM signin_attempts s CROSS JOIN memberships m
		WHERE s.locked_until > $2 AND m.user_id = s.user_id AND m.account_id = $1 AND m.number < $3`, l.account.ID, l.tx.Now, l.findable)
	if err != nil {
		return nil, fmt.Errorf("read who is locked: %w", err)
	}
	l.locked = setOf(list)
	return l.locked, nil
}

// addAccess fills in roles and entities of a page of rows.
func addAccess(tx *db.Tx, accountID string, rows []Row) error {
	at := map[string]*Row{}
	var ids []string
	for i := range rows {
		ids = append(ids, rows[i].Member.ID)
		at[rows[i].Member.ID] = &rows[i]
	}
	if len(ids) == 0 {
		return nil
	}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var member, role, entity string
		var all bool
		if err = r.Scan(&member, &role, &all, &entity); err != nil {
			return
		}
		row := at[member]
		row.AllEntities = row.AllEntities || all
		if !slices.Contains(row.Roles, role) {
			row.Roles = append(row.Roles, role)
		}
		if entity != "" && !slices.Contains(row.Entities, entity) {
			row.Entities = append(row.Entities, entity)
		}
		return
	}, `SELECT x.membership_id, x.role_id, x.all_entities, COALESCE(e.customer_id, '') FROM `+db.Each(tx, "$2")+` CROSS JOIN assignments x
		LEFT JOIN assignment_entities y ON y.account_id = x.account_id AND y.assignment_id = x.id LEFT JOIN entities e ON e.id = y.entity_id
		WHERE x.account_id = $1 AND x.membership_id = each.value ORDER BY x.created_at, x.id`, accountID, db.List(ids))
	if err != nil {
		return fmt.Errorf("read access of a list: %w", err)
	}
	for i := range rows {
		slices.Sort(rows[i].Entities)
	}
	return nil
}

func scanStatus(r *sql.Rows) (x withStatus, err error) { return x, r.Scan(&x.number, &x.status) }

func scanNumber(r *sql.Rows) (n int64, err error) { return n, r.Scan(&n) }
