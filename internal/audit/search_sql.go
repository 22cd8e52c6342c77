package audit

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/internal/access"
	"countersign/internal/db"
)

// Found is an entry as it stands in the log.
type Found struct {
	Seq          int64
	At           time.Time
	ActorKind    string
	ActorID      string
	ActorAccount string
	AccountID    string
	EntityID     string
	Action       string
	Outcome      string
	Reason       string
	Kind, ID     string
	IP           string
	UserAgent    string
	RequestID    string
	Repeats      int64
	Changes      []Change
	PersonID     string
	Erased       bool // it held personal details, and that person's key is gone
}

// Attempt tells whether the entry is of an action that is an attempt itself,
// such as a sign-in that failed: its words say so.
func (f Found) Attempt() bool {
	return f.Action == SignInFailed || f.Action == PageRefused || f.Action == TokenRefused
}

// search is a query under way. It goes through the entries in the order of
// their numbers, by the ways of the filter that leads to the fewest, and checks
// the other filters on each: what it costs does not depend on how long the log
// is, and both databases do the same.
type search struct {
	filters []filter // to check on each entry
	ways    []way    // by which it goes
	up      bool     // towards newer entries
	first   bool     // it begins at the newest
	from    int64    // the number where it began
	at      int64    // how far it is: what lies beyond is still to be looked at
	end     int64    // the last number that can match
	ended   bool     // there is nothing beyond
}

// begin prepares the search; nil when nothing can match.
func (q Query) begin(tx *db.Tx) (*search, error) {
	if !q.storable() {
		return nil, nil
	}
	s := &search{filters: q.particular(), up: q.After > 0, first: q.Before <= 0, from: q.Before}
	if s.up {
		s.from, s.end = q.After, math.MaxInt64
	} else if s.first {
		s.from = math.MaxInt64
	}
	if s.at = s.from; q.Seq > 0 {
		s.up, s.at, s.end = false, q.Seq+1, q.Seq
	}
	if some, err := s.reach(tx, q.Reach); err != nil || !some {
		return nil, err
	}
	s.filters = append(s.filters, q.common()...)
	if some, err := s.times(tx, q); err != nil || !some {
		return nil, err
	}
	return s, s.choose(tx)
}

// fewPlaces is how many entities, or accounts, are looked up one by one.
const fewPlaces = 200

// reach adds the filter of where entries belong, and tells whether that is
// anywhere. A small part of the tree is a list of entities, a larger one of
// accounts; what is larger still is checked on each entry.
func (s *search) reach(tx *db.Tx, reach []access.Reach) (some bool, err error) {
	if slices.ContainsFunc(reach, func(r access.Reach) bool { return r.Accounts == nil && db.Whole(r) }) {
		return true, nil
	}
	within, args := db.Within(reach, nil)
	if within == "" {
		return false, nil
	}
	limit := fmt.Sprintf(" LIMIT %d", fewPlaces+1)
	entities, err := db.Column(tx, `SELECT e.id FROM entities e WHERE `+within+limit, args...)
	if err != nil || len(entities) <= fewPlaces {
		s.filters = append(s.filters, filter{check: anyOf("entity_id", entities), ways: each("entity_id", entities)})
		return len(entities) > 0, err
	}
	f := filter{loose: true, check: func(q *statement) string {
		var within string
		within, q.args = db.Within(reach, q.args)
		return "EXISTS (SELECT 1 FROM entities e WHERE e.id = a.entity_id AND " + within + ")"
	}}
	accounts, err := db.Column(tx, `SELECT DISTINCT e.account_id FROM entities e WHERE `+within+limit, args...)
	if len(accounts) <= fewPlaces {
		f.ways = each("account_id", accounts)
	}
	s.filters = append(s.filters, f)
	return true, err
}

// skew is how far the clocks of nodes may be apart, and one may be set back: by
// so much, times and numbers of entries may be in another order.
const skew = time.Hour

// times turns times into numbers, between which all that matches stands, and
// tells whether there is anything.
func (s *search) times(tx *db.Tx, q Query) (some bool, err error) {
	least, most := int64(0), int64(math.MaxInt64)
	if !q.From.IsZero() {
		if some, err := edge(tx, &least, `MIN`, `>=`, `ASC`, q.From, skew); err != nil || !some {
			return false, err
		}
	}
	if !q.Until.IsZero() {
		if some, err := edge(tx, &most, `MAX`, `<`, `DESC`, q.Until, -skew); err != nil || !some {
			return false, err
		}
	}
	if s.up {
		s.at, s.end = max(s.at, least-1), min(s.end, most)
		return s.at < s.end, nil
	}
	if most < math.MaxInt64 {
		s.at = min(s.at, most+1)
	}
	s.end = max(s.end, least)
	return s.at > s.end, nil
}

// edge finds the first or last number on one side of a time.
func edge(tx *db.Tx, number *int64, extreme, side, order string, at time.Time, skew time.Duration) (some bool, err error) {
	var nearest int64
	some, err = db.One(tx, []any{&nearest}, `SELECT at FROM audit_entries WHERE at `+side+` $1 ORDER BY at `+order+` LIMIT 1`, at.UnixMicro())
	if err != nil || !some {
		return false, err
	}
	from, until := nearest, nearest+skew.Microseconds()
	// seq + 0: no index is to be tried that has nothing but seq.
	return db.One(tx, []any{number}, `SELECT `+extreme+`(seq + 0) FROM audit_entries WHERE at >= $1 AND at <= $2`, min(from, until), max(from, until))
}

// choose takes the filter that leads to the fewest entries as the way to go.
// Filters whose ways are equally long keep their order.
func (s *search) choose(tx *db.Tx) error {
	var open []int // to choose from
	for i, f := range s.filters {
		if f.ways != nil {
			open = append(open, i)
		}
	}
	best, least := -1, firstStep+1
	for _, i := range open {
		n := firstStep
		if len(open) > 1 {
			var err error
			if n, err = s.count(tx, s.filters[i].ways); err != nil {
				return err
			}
		}
		if n < least {
			best, least = i, n
		}
	}
	s.ways = []way{{}}
	if best < 0 {
		return nil
	}
	s.ways = s.filters[best].ways
	if !s.filters[best].loose {
		s.filters = slices.Delete(s.filters, best, best+1)
	}
	return nil
}

// count tells how many entries ways lead to, up to firstStep.
func (s *search) count(tx *db.Tx, ways []way) (n int, err error) {
	var q statement
	var all []string
	for _, w := range ways {
		all = append(all, `SELECT * FROM (`+s.along(&q, w, s.end, firstStep)+`) w`)
	}
	_, err = db.One(tx, []any{&n}, `SELECT COUNT(*) FROM (SELECT * FROM (`+strings.Join(all, ` UNION ALL `)+fmt.Sprintf(`) u LIMIT %d) c`, firstStep), q.args...)
	return n, err
}

// along selects the numbers on a way as far as one, at most limit, in order.
// The way's column and seq are compared together, and the order names both, which
// an index of both serves and no other does.
func (s *search) along(q *statement, w way, until int64, limit int) string {
	value, at, last := "", q.arg(s.at), q.arg(until)
	column, order := "", "a.seq DESC"
	if w.column != "" {
		value, column, order = q.arg(w.value)+", ", "a."+w.column+", ", "a."+w.column+" DESC, a.seq DESC"
	}
	beyond, within := "<", ">="
	if s.up {
		beyond, within, order = ">", "<=", strings.ReplaceAll(order, "DESC", "ASC")
	}
	text := "SELECT a.seq FROM audit_entries a WHERE (" + column + "a.seq) " + beyond + " (" + value + at + ") AND (" + column + "a.seq) " + within + " (" + value + last + ")"
	if w.but != nil {
		text += " AND NOT " + w.but(q)
	}
	switch w.column { // as their indexes say
	case "ip", "request_id":
		text += " AND a." + w.column + " <> ''"
	case "outcome":
		text += " AND a.outcome = 'refused'"
	}
	return text + " ORDER BY " + order + fmt.Sprintf(" LIMIT %d", limit)
}

func (s *search) order() string {
	if s.up {
		return "ASC"
	}
	return "DESC"
}

// step looks at so many entries more, and gives those that match, at most limit.
func (s *search) step(tx *db.Tx, size, limit int) ([]stored, error) {
	until, last, share := s.end, true, limit
	if len(s.filters) > 0 || len(s.ways) > 1 {
		share = max(size/len(s.ways), 1)
		var err error
		if until, last, err = s.stretch(tx, share); err != nil {
			return nil, err
		}
	}
	var q statement
	var all, checks []string
	for _, w := range s.ways {
		all = append(all, `SELECT * FROM (`+s.along(&q, w, until, share)+`) w`)
	}
	for _, f := range s.filters {
		checks = append(checks, ` AND `+f.check(&q))
	}
	// First the numbers, by an index alone, then the entries: a database that
	// joins them in another order would read the whole log.
	list, err := db.All(tx, scanFound, `SELECT `+foundFields+` FROM (SELECT seq FROM (`+strings.Join(all, ` UNION ALL `)+`) u ORDER BY seq `+s.order()+fmt.Sprintf(` LIMIT %d`, share*len(s.ways))+`) c
		CROSS JOIN audit_entries a WHERE a.seq = c.seq`+strings.Join(checks, ``)+` ORDER BY c.seq `+s.order()+fmt.Sprintf(` LIMIT %d`, limit), q.args...)
	if err != nil {
		return nil, err
	}
	if len(list) == limit {
		s.at = list[limit-1].Seq
	} else {
		s.at, s.ended = until, last
	}
	return list, nil
}

// stretch finds the number as far as which each way may be followed when it is
// followed so many entries at most: the nearest of those at which they stop.
func (s *search) stretch(tx *db.Tx, share int) (until int64, last bool, err error) {
	lowest, nearest := "MIN", "MAX"
	if s.up {
		lowest, nearest = "MAX", "MIN"
	}
	var q statement
	var all []string
	for _, w := range s.ways {
		all = append(all, fmt.Sprintf(`SELECT %s(seq) AS seq FROM (%s) w HAVING COUNT(*) = %d`, lowest, s.along(&q, w, s.end, share), share))
	}
	var goOn int
	_, err = db.One(tx, []any{&goOn, &until}, `SELECT COUNT(*), COALESCE(`+nearest+`(seq), 0) FROM (`+strings.Join(all, ` UNION ALL `)+`) t`, q.args...)
	if goOn == 0 {
		return s.end, true, err
	}
	return until, until == s.end, err
}

// One reads the entry with a number, as somebody wrote it, if it is within reach.
func One(tx *db.Tx, reach []access.Reach, number string) (Found, bool, error) {
	seq, err := strconv.ParseInt(number, 10, 64)
	if err != nil || seq < 1 || seq == math.MaxInt64 || strconv.FormatInt(seq, 10) != number {
		return Found{}, false, nil
	}
	list, err := Search(tx, Query{Reach: reach, Seq: seq, Limit: 1})
	if err != nil || len(list) == 0 {
		return Found{}, false, err
	}
	return list[0], true, nil
}

// timeOf is when the entry with a number was written.
func timeOf(tx *db.Tx, seq int64) (time.Time, error) {
	var at int64
	found, err := db.One(tx, []any{&at}, `SELECT at FROM audit_entries WHERE seq = $1`, seq)
	if err != nil || !found {
		return time.Time{}, err
	}
	return time.UnixMicro(at).UTC(), nil
}

type stored struct {
	Found
	personal []byte
}

const foundFields = `a.seq, a.at, a.actor_kind, a.actor_id, a.actor_account, a.account_id, a.entity_id,
	a.action, a.outcome, a.reason, a.target_kind, a.target_id, a.ip, a.user_agent, a.request_id, a.repeats, a.changes, a.person_id, a.personal`

func scanFound(r *sql.Rows) (f stored, err error) {
	var at int64
	var changes string
	err = r.Scan(&f.Seq, &at, &f.ActorKind, &f.ActorID, &f.ActorAccount, &f.AccountID, &f.EntityID,
		&f.Action, &f.Outcome, &f.Reason, &f.Kind, &f.ID, &f.IP, &f.UserAgent, &f.RequestID, &f.Repeats, &changes, &f.PersonID, &f.personal)
	if err != nil {
		return f, err
	}
	f.At = time.UnixMicro(at).UTC()
	return f, json.Unmarshal([]byte(changes), &f.Changes)
}

// opened opens the personal details of entries.
func opened(tx *db.Tx, list []stored) ([]Found, error) {
	var out []Found
	for _, f := range list {
		if f.personal != nil {
			details, err := openPersonal(tx, f.PersonID, f.personal)
			if err != nil {
				return nil, fmt.Errorf("entry %d: %w", f.Seq, err)
			}
			f.Changes = append(f.Changes, details...)
			f.Erased = details == nil
		}
		out = append(out, f.Found)
	}
	return out, nil
}

// Details are the personal details that the newest entry of one of these actions
// about a person holds in an account's log; none when there is no such entry, or
// when that person's key was erased.
func Details(tx *db.Tx, accountID, userID string, actions ...string) ([]Change, error) {
	q := statement{[]any{accountID, userID}}
	var sealed []byte
	found, err := db.One(tx, []any{&sealed}, `SELECT a.personal FROM audit_entries a WHERE a.account_id = $1 AND a.target_id = $2 AND a.person_id = $2
		AND a.outcome = 'done' AND `+anyOf("action", actions)(&q)+` ORDER BY a.seq DESC LIMIT 1`, q.args...)
	if err != nil || !found || sealed == nil {
		return nil, err
	}
	return openPersonal(tx, userID, sealed)
}
