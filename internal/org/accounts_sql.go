package org

import (
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
)

// AccountQuery narrows, sorts and pages a list of accounts. Empty fields do not narrow.
type AccountQuery struct {
	Reach       []access.Reach // from access.Scope; none finds nothing
	Search      string         // words, each of them any part of name, alias or customer ID
	Kind        string
	Environment string
	Opened      string // IsOpen or Waiting
	State       string // IsActive or IsInactive, also because an account above is
	Parent      string // the id of the entity directly above
	Sort        string // one of AccountSorts; "" is by customer ID
	After       string // Next or Previous of another page
	Limit       int    // 1 to 200; 0 is 50
}

// What AccountQuery tells accounts apart by.
const (
	IsOpen     = "open"    // its first administrator has been active
	Waiting    = "waiting" // for its first administrator
	IsActive   = "active"
	IsInactive = "inactive"
)

// AccountSorts are the orders of a list of accounts; with a minus they go down.
var AccountSorts = []string{"customer_id", "-customer_id", "name", "-name", "created", "-created", "users", "-users"}

// Listed is an account as a list shows it.
type Listed struct {
	Account
	Parent   string // the name of the entity above; "" when that is out of reach
	OffAbove bool   // an account above is not active, so nobody holds anything here
}

// AccountPage is one page of a list.
type AccountPage struct {
	Rows     []Listed
	Next     string // "" on the last page
	Previous string // "" on the first
	Total    int64  // of all that match
}

// isAccount marks the entities that are accounts: the partial indexes are about them.
const isAccount = `e.kind <> 'legal_entity'`

// offAbove tells of an account whether one above it is not active: a merchant has
// no account below.
const offAbove = `EXISTS (SELECT 1 FROM entities o WHERE NOT o.active AND o.kind IN ('facilitator', 'partner') AND o.path < e.path AND e.path < o.path || '~')`

// accountOrders are the columns of the orders, and what tells equals apart.
var accountOrders = map[string][2]string{"customer_id": {"e.customer_id", "e.id"}, "name": {"e.search_key", "e.id"},
	"created": {"e.created_at", "e.id"}, "users": {"a.users", "a.id"}}

// fewAccounts is how many are sorted rather than read in order: to find a few of
// many by an index on the order takes longer than to sort them.
const fewAccounts = 1000

// paging is where the page stands, when so many match.
func (q AccountQuery) paging(total int64) paging {
	name, down := strings.CutPrefix(q.Sort, "-")
	p := paging{column: accountOrders[name][0], tie: accountOrders[name][1], number: name == "created" || name == "users", down: down, after: q.After, limit: q.Limit}
	if few := total <= fewAccounts; few && p.number {
		p.column += " + 0" // so that no index is used for the order
	} else if few {
		p.column += " || ''"
	}
	return p
}

// Accounts lists accounts within a reach.
func Accounts(tx *db.Tx, q AccountQuery) (AccountPage, error) {
	var out AccountPage
	if q.Sort == "" {
		q.Sort = "customer_id"
	}
	if !slices.Contains(AccountSorts, q.Sort) {
		return out, fault.In("sort", "sort")
	}
	l, err := q.narrow(tx)
	if err != nil || l.empty() {
		return out, err
	}
	if _, err := db.One(tx, []any{&out.Total}, `SELECT COUNT(*) FROM entities e WHERE `+l.where(), l.args...); err != nil {
		return out, fmt.Errorf("count accounts: %w", err)
	}
	if out.Total == 0 && q.After == "" {
		return out, nil
	}
	p, err := l.page(q.paging(out.Total))
	if err != nil {
		return out, err
	}
	off, err := l.offAbove(tx)
	if err != nil {
		return out, err
	}
	rows, err := db.All(tx, scanListed, `SELECT `+accountFields+`, `+off+`, `+p.key+` FROM entities e JOIN accounts a ON a.entity_id = e.id WHERE `+l.where()+p.tail, l.args...)
	if err != nil {
		return out, fmt.Errorf("list accounts: %w", err)
	}
	rows, out.Next, out.Previous = turn(p, rows)
	for _, r := range rows {
		out.Rows = append(out.Rows, r.Listed)
	}
	return out, nameParents(tx, q.Reach, out.Rows)
}

// ListedByID reads one account within a reach.
func ListedByID(tx *db.Tx, reach []access.Reach, id string) (Listed, bool, error) {
	l := &listing{}
	if !lang.Storable(id) || !l.within(reach) {
		return Listed{}, false, nil
	}
	l.add("a.id = " + l.arg(id))
	k, found, err := first(db.All(tx, scanListed, `SELECT `+accountFields+`, `+offAbove+`, '' FROM entities e JOIN accounts a ON a.entity_id = e.id WHERE `+l.where(), l.args...))
	if err != nil || !found {
		return Listed{}, false, err
	}
	one := []Listed{k.Listed}
	err = nameParents(tx, reach, one)
	return one[0], true, err
}

type keyedAccount struct {
	Listed
	at string // its place in the order
}

func (k keyedAccount) place() string { return k.at }

func scanListed(r *sql.Rows) (k keyedAccount, err error) {
	a := &k.Account
	var kind string
	err = r.Scan(append(a.dest(&kind), &k.OffAbove, &k.at)...)
	a.Kind, _ = access.ParseKind(kind)
	return k, err
}

// narrow is the query's conditions; nothing matches when they are empty.
func (q AccountQuery) narrow(tx *db.Tx) (*listing, error) {
	l := &listing{}
	if !lang.Storable(q.Search + q.Kind + q.Environment + q.Parent) {
		return l, fault.In("search", "not_text")
	}
	if utf8.RuneCountInString(q.Search) > searchMax {
		return l, fault.In("search", "too_long", "max", searchMax)
	}
	if !l.within(q.Reach) {
		return l, nil
	}
	l.add(isAccount)
	l.search(q.Search)
	if q.Kind != "" {
		l.add("e.kind = " + l.arg(q.Kind))
	}
	if q.Parent != "" {
		l.add("e.parent_id = " + l.arg(q.Parent))
	}
	if asked := q.ofAccount(l); asked != "" {
		l.add("EXISTS (SELECT 1 FROM accounts o WHERE o.entity_id = e.id AND " + asked + ")")
	}
	if q.State == "" {
		return l, nil
	}
	off, err := l.offAbove(tx)
	switch q.State {
	case IsActive:
		l.add("e.active AND NOT " + off)
	case IsInactive:
		l.add("(NOT e.active OR " + off + ")")
	}
	return l, err
}

// spelledMost is how many accounts a condition names.
const spelledMost = 20

// offAbove is offAbove with the accounts that are not active spelled out, while
// there are few of them, as mostly: no row then has to look.
func (l *listing) offAbove(tx *db.Tx) (string, error) {
	if l.off != "" {
		return l.off, nil
	}
	tops, err := db.Column(tx, `SELECT o.path FROM entities o WHERE NOT o.active AND o.kind IN ('facilitator', 'partner') ORDER BY o.path LIMIT `+strconv.Itoa(spelledMost+1))
	if err != nil {
		return "", err
	}
	if l.off = offAbove; len(tops) > spelledMost {
		return l.off, nil
	}
	parts := []string{"FALSE"}
	for _, top := range tops {
		from, until := Below(top)
		parts = append(parts, "e.path > "+l.arg(from)+" AND e.path < "+l.arg(until))
	}
	l.off = "(" + strings.Join(parts, " OR ") + ")"
	return l.off, nil
}

// ofAccount are the conditions on what the account keeps beside its entity.
func (q AccountQuery) ofAccount(l *listing) string {
	var parts []string
	if q.Environment != "" {
		parts = append(parts, "o.environment = "+l.arg(q.Environment))
	}
	switch q.Opened {
	case IsOpen:
		parts = append(parts, "o.is_open")
	case Waiting:
		parts = append(parts, "NOT o.is_open")
	}
	return strings.Join(parts, " AND ")
}

// nameParents fills in the names of the entities above, as far as they are within reach.
func nameParents(tx *db.Tx, reach []access.Reach, rows []Listed) error {
	l := &listing{}
	if len(rows) == 0 || !l.within(reach) {
		return nil
	}
	var ids []string
	for _, r := range rows {
		ids = append(ids, r.ParentID)
	}
	l.among("e.id", ids)
	names := map[string]string{}
	_, err := db.All(tx, func(r *sql.Rows) (_ struct{}, err error) {
		var id, name string
		err = r.Scan(&id, &name)
		names[id] = name
		return
	}, `SELECT e.id, e.name FROM entities e WHERE `+l.where(), l.args...)
	if err != nil {
		return fmt.Errorf("name parents: %w", err)
	}
	for i := range rows {
		rows[i].Parent = names[rows[i].ParentID]
	}
	return nil
}

// Together counts an account and those below it, and the users of them all.
func Together(tx *db.Tx, a Account) (accounts, users int64, err error) {
	from, until := Below(a.Path)
	_, err = db.One(tx, []any{&accounts, &users}, `SELECT COUNT(*), COALESCE(SUM(a.users), 0) FROM entities e JOIN accounts a ON a.entity_id = e.id
		WHERE e.path >= $1 AND e.path < $2 AND `+isAccount, from, until)
	return accounts, users, err
}

// CountEntities tells how many entities are below one.
func CountEntities(tx *db.Tx, path string) (n int64, err error) {
	from, until := Below(path)
	_, err = db.One(tx, []any{&n}, `SELECT COUNT(*) FROM entities e WHERE e.path > $1 AND e.path < $2`, from, until)
	return n, err
}

// searchMax bounds what is searched for, in code points: no name is longer.
const searchMax = 200

// searchWords bounds how many words a search looks for; the others do not narrow.
const searchWords = 10

// listing collects the conditions of a list of entities e.
type listing struct {
	args  []any
	parts []string
	off   string // offAbove's answer
}

func (l *listing) arg(v any) string {
	l.args = append(l.args, v)
	return "$" + strconv.Itoa(len(l.args))
}

func (l *listing) add(condition string) { l.parts = append(l.parts, condition) }

// among narrows to those with one of some values, at least one, in a column.
func (l *listing) among(column string, values []string) {
	marks := make([]string, len(values))
	for i, v := range values {
		marks[i] = l.arg(v)
	}
	l.add(column + " IN (" + strings.Join(marks, ", ") + ")")
}

func (l *listing) empty() bool { return len(l.parts) == 0 }

func (l *listing) where() string { return strings.Join(l.parts, " AND ") }

// within narrows to a reach, and tells whether that selects anything.
func (l *listing) within(reach []access.Reach) bool {
	condition, args := db.Within(reach, l.args)
	if condition == "" {
		return false
	}
	l.args = args
	l.add(condition)
	return true
}

func (l *listing) search(text string) {
	words := strings.Fields(lang.Fold(text))
	for _, word := range words[:min(len(words), searchWords)] {
		l.add("e.search_key LIKE " + l.arg("%"+db.Literal(word)+"%") + ` ESCAPE '\'`)
	}
}

// paging is where a page stands: by a column and what tells equals apart.
type paging struct {
	column, tie  string
	number, down bool
	after        string
	limit        int

	back      bool // towards the first page
	key, tail string
}

// The ways that a cursor leads.
const forwards, backwards = "next", "previous"

// page adds the place where the page before ended, and the order.
func (l *listing) page(p paging) (paging, error) {
	if p.limit <= 0 {
		p.limit = 50
	}
	p.limit = min(p.limit, 200)
	way, id, value, ok := cutCursor(p.after)
	p.back = way == backwards
	direction, than := "", ">"
	if p.down != p.back {
		direction, than = " DESC", "<"
	}
	if p.after != "" {
		var at any = value
		if p.number {
			n, err := strconv.ParseInt(value, 10, 64)
			ok, at = ok && err == nil, n
		}
		if !ok {
			return p, fault.New(fault.Malformed, "cursor")
		}
		l.add("(" + p.column + ", " + p.tie + ") " + than + " (" + l.arg(at) + ", " + l.arg(id) + ")")
	}
	p.key = p.tie + " || '\x1f' || CAST(" + p.column + " AS TEXT)"
	p.tail = " ORDER BY " + p.column + direction + ", " + p.tie + direction + " LIMIT " + strconv.Itoa(p.limit+1)
	return p, nil
}

func cutCursor(after string) (way, id, value string, ok bool) {
	way, rest, _ := strings.Cut(after, "\x1f")
	id, value, ok = strings.Cut(rest, "\x1f")
	return way, id, value, ok && (way == forwards || way == backwards) && lang.Storable(rest)
}

// turn puts the rows of a page in order and gives the cursors of its neighbours.
func turn[R interface{ place() string }](p paging, rows []R) (page []R, next, previous string) {
	more := len(rows) > p.limit
	rows = rows[:min(len(rows), p.limit)]
	if p.back {
		slices.Reverse(rows)
	}
	if n := len(rows); n > 0 && (more || p.back) {
		next = forwards + "\x1f" + rows[n-1].place()
	}
	if len(rows) > 0 && p.after != "" && (more || !p.back) {
		previous = backwards + "\x1f" + rows[0].place()
	}
	return rows, next, previous
}
