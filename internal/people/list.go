package people

import (
	"cmp"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
)

// Sorts are the orders that a list can have. Whoever is alike in one stands in
// the order in which they came to the account, but for status: there by name.
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
	Total    Count  // of all that match
}

// Count is how many there are: exactly, or more than could be counted at once.
type Count struct {
	N    int64
	More bool // N or more
}

// List reads a page of an account's users, whoever created them (U1). The caller
// has asked whether they may be seen.
func (p *People) List(tx *db.Tx, a org.Account, q Query) (Page, error) { return p.page(tx, a, q, 0) }

// page reads a page of as many rows as the query asks for, and counts all; or of
// so many, and does not.
func (p *People) page(tx *db.Tx, a org.Account, q Query, limit int) (Page, error) {
	l, err := p.look(tx, a, q)
	if err != nil {
		return Page{}, err
	}
	uncounted := limit > 0
	if !uncounted {
		limit = l.q.Limit
	}
	out, err := l.page(limit)
	if err == nil && !uncounted {
		out.Total, err = l.count()
	}
	if err != nil {
		return Page{}, err
	}
	return out, addAccess(tx, a.ID, out.Rows)
}

// page reads the rows of a page and how to go on from it.
func (l *looking) page(limit int) (out Page, err error) {
	from, err := l.from()
	if err != nil {
		return out, err
	}
	rows, err := l.ordered(from, limit+1)
	if err != nil {
		return out, err
	}
	out.Rows = rows[:min(len(rows), limit)]
	more := len(rows) > limit
	if l.back {
		slices.Reverse(out.Rows)
	}
	n := len(out.Rows)
	if n > 0 && (more || l.back) {
		if out.Next, err = l.cursor(forwards, out.Rows[n-1]); err != nil {
			return out, err
		}
	}
	if n > 0 && from != nil && (more || !l.back) {
		out.Previous, err = l.cursor(backwards, out.Rows[0])
	}
	return out, err
}

// Some reads those of some users who are in an account, in the order of the list.
func (p *People) Some(tx *db.Tx, a org.Account, userIDs []string) ([]Row, error) {
	settings, err := org.Settings(tx, p.profiles, a.ID)
	if err != nil {
		return nil, err
	}
	c := newConditions(tx.Now, settings.PasswordDays, a.ID)
	storable := slices.DeleteFunc(slices.Clone(userIDs), func(id string) bool { return !lang.Storable(id) })
	c.add("m.user_id IN (SELECT each.value FROM " + db.Each(tx, c.arg(db.List(storable))) + ")")
	rows, err := c.read(tx)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(rows, func(x, y Row) int {
		return cmp.Or(strings.Compare(SortKey(x.Person), SortKey(y.Person)), cmp.Compare(x.place.number, y.place.number))
	})
	return rows, addAccess(tx, a.ID, rows)
}

// Get reads one user of an account.
func (p *People) Get(tx *db.Tx, a org.Account, userID string) (Row, error) {
	if !lang.Storable(userID) {
		return Row{}, fault.None("user")
	}
	settings, err := org.Settings(tx, p.profiles, a.ID)
	if err != nil {
		return Row{}, err
	}
	c := newConditions(tx.Now, settings.PasswordDays, a.ID)
	c.add("m.user_id = " + c.arg(userID))
	rows, err := c.read(tx)
	if err != nil {
		return Row{}, err
	}
	if len(rows) == 0 {
		return Row{}, fault.None("user")
	}
	return rows[0], addAccess(tx, a.ID, rows)
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

// clean refuses what nobody can ask for and fills in what was left out.
func (q *Query) clean() (err error) {
	if q.Sort == "" {
		q.Sort = "name"
	}
	if !slices.Contains(Sorts, q.Sort) {
		return fault.In("sort", "sort")
	}
	if q.Status != "" && q.Status != Locked && !slices.Contains(Statuses(), q.Status) {
		return fault.In("status", "status")
	}
	if q.Search, err = cleanSearch(q.Search); err != nil {
		return err
	}
	if !lang.Storable(q.RoleID) {
		return fault.In("role", "unknown_role")
	}
	if q.Limit <= 0 {
		q.Limit = 50
	}
	q.Limit = min(q.Limit, 200)
	return nil
}

// position is a row's place in the order of a list.
type position struct {
	status Status // in the order of status
	key    string // what the order is by
	number int64
}

// The ways that a cursor leads.
const forwards, backwards = "next", "previous"

// A cursor is where a page ended, sealed: it holds a name or an address and
// stands in addresses of pages. It belongs to the account and the query it was made for.
func (l *looking) cursorPurpose() string {
	return strings.Join([]string{"cursor of users", l.account.ID, l.q.Search, string(l.q.Status), l.q.RoleID, l.q.EntityID, l.q.Sort}, "\x00")
}

func (l *looking) cursor(way string, at Row) (string, error) {
	parts := []string{way, string(at.place.status), strconv.FormatInt(at.place.number, 10), at.place.key}
	sealed, err := l.tx.Seal(l.cursorPurpose(), []byte(strings.Join(parts, "\x1f")))
	return base64.RawURLEncoding.EncodeToString(sealed), err
}

// from opens the query's cursor: the position after which the page begins, nil
// for the first. It turns the list round for a page before.
func (l *looking) from() (*position, error) {
	if l.q.After == "" {
		return nil, nil
	}
	bad := fault.New(fault.Malformed, "cursor")
	sealed, err := base64.RawURLEncoding.DecodeString(l.q.After)
	if err != nil {
		return nil, bad
	}
	plain, err := l.tx.Box().Open(l.cursorPurpose(), sealed)
	if err != nil {
		return nil, bad
	}
	parts := strings.SplitN(string(plain), "\x1f", 4)
	if len(parts) != 4 {
		return nil, bad
	}
	number, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil {
		return nil, bad
	}
	l.back = parts[0] == backwards
	return &position{Status(parts[1]), parts[3], number}, nil
}
