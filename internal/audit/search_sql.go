package audit

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
)

// Query says which entries to find. Empty fields do not narrow.
type Query struct {
	Reach   []access.Reach // from access.Scope: which part of the tree; none finds nothing
	ActorID string
	Target  string // the target's id
	Person  string // the actor's or the target's id
	Action  string // "user.invited", or "user." for all that begin so
	Outcome string // Done or Refused
	From    time.Time
	Until   time.Time // not itself included
	Before  int64     // seq; 0 starts at the newest
	Limit   int       // 1 to 1,000
}

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

// Search finds entries, the newest first. The next page starts Before the last seq.
func Search(tx *db.Tx, q Query) ([]Found, error) {
	where, args := q.where()
	if where == "" {
		return nil, nil
	}
	limit := min(max(q.Limit, 1), 1000)
	args = append(args, limit)
	found, err := db.All(tx, scanFound, `SELECT a.seq, a.at, a.actor_kind, a.actor_id, a.actor_account, a.account_id, a.entity_id,
			a.action, a.outcome, a.reason, a.target_kind, a.target_id, a.ip, a.user_agent, a.request_id, a.repeats, a.changes, a.person_id, a.personal
		FROM audit_entries a JOIN entities e ON e.id = a.entity_id
		WHERE `+where+fmt.Sprintf(` ORDER BY a.seq DESC LIMIT $%d`, len(args)), args...)
	if err != nil {
		return nil, fmt.Errorf("search the audit log: %w", err)
	}
	out := make([]Found, len(found))
	for i, f := range found {
		if f.personal != nil {
			details, err := openPersonal(tx, f.PersonID, f.personal)
			if err != nil {
				return nil, fmt.Errorf("entry %d: %w", f.Seq, err)
			}
			f.Changes = append(f.Changes, details...)
			f.Erased = details == nil
		}
		out[i] = f.Found
	}
	return out, nil
}

func (q Query) where() (string, []any) {
	within, args := db.Within(q.Reach, nil)
	if within == "" {
		return "", nil
	}
	parts := []string{within}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("$%d", len(args))
	}
	if !lang.Storable(q.ActorID + q.Target + q.Person + q.Action + q.Outcome) {
		return "", nil
	}
	for column, value := range map[string]string{"a.actor_id": q.ActorID, "a.target_id": q.Target, "a.outcome": q.Outcome} {
		if value != "" {
			parts = append(parts, column+" = "+arg(value))
		}
	}
	if q.Person != "" {
		p := arg(q.Person)
		parts = append(parts, "(a.actor_id = "+p+" OR a.target_id = "+p+")")
	}
	if strings.HasSuffix(q.Action, ".") {
		parts = append(parts, "a.action >= "+arg(q.Action), "a.action < "+arg(q.Action+"~"))
	} else if q.Action != "" {
		parts = append(parts, "a.action = "+arg(q.Action))
	}
	if !q.From.IsZero() {
		parts = append(parts, "a.at >= "+arg(q.From.UnixMicro()))
	}
	if !q.Until.IsZero() {
		parts = append(parts, "a.at < "+arg(q.Until.UnixMicro()))
	}
	if q.Before > 0 {
		parts = append(parts, "a.seq < "+arg(q.Before))
	}
	return strings.Join(parts, " AND "), args
}

type stored struct {
	Found
	personal []byte
}

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

// Details are the personal details that the newest entry of one of these actions
// about a person holds in an account's log; none when there is no such entry, or
// when that person's key was erased.
func Details(tx *db.Tx, accountID, userID string, actions ...string) ([]Change, error) {
	args := []any{accountID, userID}
	var marks []string
	for _, action := range actions {
		args = append(args, action)
		marks = append(marks, fmt.Sprintf("$%d", len(args)))
	}
	var sealed []byte
	found, err := db.One(tx, []any{&sealed}, `SELECT personal FROM audit_entries WHERE account_id = $1 AND target_id = $2 AND person_id = $2
		AND outcome = 'done' AND action IN (`+strings.Join(marks, ", ")+`) ORDER BY seq DESC LIMIT 1`, args...)
	if err != nil || !found || sealed == nil {
		return nil, err
	}
	return openPersonal(tx, userID, sealed)
}
