package web

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/find"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/profile"
)

// The formats of an export.
const (
	FormatCSV   = "csv"
	FormatLines = "jsonl" // one JSON object a line
)

// LogExport is what to export of the audit log, and for whom.
type LogExport struct {
	Account  org.Account // in which they are: its own names are joined, and those below
	Profiles profile.Profiles
	Query    audit.Query
	Format   string
	Lang     lang.Tag
	Heads    bool // the columns' names are words of that language, not those of the API
}

// line is one entry of an export. Names are those of today; what has none, and
// what is not of this account or below, has its id alone.
type line struct {
	Number    int64          `json:"seq"`
	At        string         `json:"at"`
	Action    string         `json:"action"`
	What      string         `json:"what"`
	Outcome   string         `json:"outcome"`
	Reason    string         `json:"reason,omitempty"`
	ActorKind string         `json:"actor_kind"`
	ActorID   string         `json:"actor_id,omitempty"`
	Actor     string         `json:"actor,omitempty"`
	Kind      string         `json:"target_kind"`
	ID        string         `json:"target_id,omitempty"`
	Target    string         `json:"target,omitempty"`
	Account   string         `json:"account,omitempty"`
	Entity    string         `json:"entity,omitempty"`
	IP        string         `json:"ip,omitempty"`
	UserAgent string         `json:"user_agent,omitempty"`
	RequestID string         `json:"request_id,omitempty"`
	Repeats   int64          `json:"repeats"`
	Changes   []audit.Change `json:"changes"`
	Erased    bool           `json:"erased,omitempty"`

	told []find.Difference // Changes in words
}

// lineColumns are the names of a line's cells, in order.
var lineColumns = []string{"seq", "at", "action", "what", "outcome", "reason", "actor_kind", "actor_id", "actor", "target_kind", "target_id", "target",
	"account", "entity", "ip", "user_agent", "request_id", "repeats", "changes"}

// ExportLog sends what a query finds as a file, however much it is. It is
// recorded first; whether it is permitted, and how far, is asked for each page.
func (e *Edge) ExportLog(w http.ResponseWriter, r *http.Request, v *Visit, x LogExport) error {
	send := lines
	if x.Format == FormatCSV {
		send = table
	}
	entry := audit.Entry{AccountID: x.Account.ID, Kind: "account", ID: x.Account.ID, Changes: []audit.Change{{Field: "filter", After: filterOf(x.Query)}, {Field: "format", After: x.Format}}}
	var names map[string]find.Named
	var out sender
	begin := func() (err error) {
		if out == nil {
			out, err = send(w, fileName("activity", x.Account, e.DB.Now(), x.Format), x)
		}
		return err
	}
	err := e.Audit.Export(r.Context(), v.Who, entry, x.Query, func() ([]access.Reach, error) {
		return e.reach(v, x.Account, "audit:export")
	}, func(tx *db.Tx, list []audit.Found) (err error) {
		names, err = find.Names(tx, x.Profiles, x.Lang, x.Account.Path, list)
		return err
	}, func(list []audit.Found) error {
		if err := begin(); err != nil {
			return err
		}
		for _, f := range list {
			if err := out(x.line(f, names)); err != nil {
				return err
			}
		}
		return out(line{})
	})
	if err != nil {
		return err
	}
	if err := begin(); err != nil { // the head alone, where nothing was found
		return err
	}
	return out(line{})
}

// reach is how far whoever looks holds a permission now, in the account in which
// they are.
func (e *Edge) reach(v *Visit, a org.Account, permission string) ([]access.Reach, error) {
	s, q := e.Live.Load(), org.Asks(v.Who, e.DB.Now(), a.ID)
	q.Permission = access.MustParse(permission)
	if d := access.May(s, q); !d.Allowed {
		return nil, org.Refusal(s, q, d)
	}
	return access.Scope(s, q), nil
}

// filterOf is a query as the log keeps it: ids, and nothing that was typed.
func filterOf(q audit.Query) string {
	values := url.Values{}
	for name, value := range map[string]string{"actor": q.ActorID, "target": q.Target, "person": q.Person} {
		if value != "" {
			values.Set(name, strings.Join(find.IDs(value), " "))
		}
	}
	for name, value := range map[string]string{"action": q.Action, "actions": strings.Join(q.Actions, " "), "outcome": q.Outcome, "ip": q.IP} {
		if value != "" {
			values.Set(name, value[:min(len(value), 500)])
		}
	}
	for name, at := range map[string]time.Time{"from": q.From, "until": q.Until} {
		if !at.IsZero() {
			values.Set(name, at.UTC().Format(time.RFC3339))
		}
	}
	if q.RequestID != "" {
		values.Set("request_id", q.RequestID[:min(len(q.RequestID), 100)])
	}
	return values.Encode()
}

// sender writes a line; an empty one makes it send what it holds back.
type sender func(line) error

func lines(w http.ResponseWriter, name string, _ LogExport) (sender, error) {
	encoder := json.NewEncoder(Download(w, name, "application/x-ndjson"))
	encoder.SetEscapeHTML(false)
	return func(l line) error {
		if l.Number == 0 {
			return nil
		}
		return encoder.Encode(l)
	}, nil
}

func table(w http.ResponseWriter, name string, x LogExport) (sender, error) {
	table, err := NewCSV(w, name)
	if err != nil {
		return nil, err
	}
	table.Row(heads(lineColumns, "export.log.", x.Heads, x.Lang)...)
	return func(l line) error {
		if l.Number == 0 {
			return table.Flush()
		}
		return table.Row(l.cells()...)
	}, nil
}

func heads(columns []string, prefix string, words bool, tag lang.Tag) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		if out[i] = c; words {
			out[i] = lang.T(tag, prefix+c)
		}
	}
	return out
}

func (x LogExport) line(f audit.Found, names map[string]find.Named) line {
	words := find.Words{Lang: x.Lang, Names: names}
	l := line{Number: f.Seq, At: f.At.Format(exactTime), Action: f.Action, What: words.What(f), Outcome: f.Outcome, Reason: f.Reason,
		ActorKind: f.ActorKind, ActorID: f.ActorID, Actor: names[f.ActorID].Name, Kind: f.Kind, ID: f.ID, Target: names[f.ID].Name,
		Account: names[f.AccountID].CustomerID, Entity: names[f.EntityID].CustomerID, IP: f.IP, UserAgent: f.UserAgent, RequestID: f.RequestID,
		Repeats: f.Repeats, Changes: f.Changes, Erased: f.Erased}
	if l.Changes == nil {
		l.Changes = []audit.Change{}
	}
	if x.Heads {
		l.Outcome, l.Reason, l.Actor = lang.T(x.Lang, "value.outcome."+find.Outcome(f)), words.Reason(f), words.Actor(f)
	}
	l.told = words.Changes(f)
	return l
}

const exactTime = "2006-01-02T15:04:05.000000Z07:00"

// cells are the line for a table: in the order of lineColumns.
func (l line) cells() []string {
	var changes []string
	for _, c := range l.told {
		text := c.Before + " → " + c.After
		if c.List {
			text = ""
			for _, x := range c.Added {
				text += " + " + x
			}
			for _, x := range c.Removed {
				text += " − " + x
			}
		}
		changes = append(changes, c.Label+": "+strings.TrimSpace(text))
	}
	return []string{strconv.FormatInt(l.Number, 10), l.At, l.Action, l.What, l.Outcome, l.Reason, l.ActorKind, l.ActorID, l.Actor, l.Kind, l.ID, l.Target,
		l.Account, l.Entity, l.IP, l.UserAgent, l.RequestID, strconv.FormatInt(l.Repeats, 10), strings.Join(changes, " | ")}
}

// accountColumns are the columns of ExportAccounts.
var accountColumns = []string{"customer_id", "name", "alias", "kind", "parent", "environment", "state", "opened", "users", "created"}

// AccountExport is what to export of the list of accounts, and for whom.
type AccountExport struct {
	Account org.Account // in which they are
	Query   org.AccountQuery
	Lang    lang.Tag
	Heads   bool // as in LogExport; the values are words then too
}

// ExportAccounts sends a list of accounts as a table, as ExportLog does.
func (e *Edge) ExportAccounts(w http.ResponseWriter, r *http.Request, v *Visit, x AccountExport) error {
	err := e.DB.Update(r.Context(), v.Who, func(tx *db.Tx) error {
		return audit.Record(tx, audit.Entry{Action: audit.AccountsExported, AccountID: x.Account.ID, Kind: "account", ID: x.Account.ID,
			Changes: []audit.Change{{Field: "filter", After: x.filter()}, {Field: "format", After: FormatCSV}}})
	})
	if err != nil {
		return err
	}
	var table *CSV
	x.Query.Limit = 200
	for {
		if x.Query.Reach, err = e.reach(v, x.Account, "accounts:view"); err != nil {
			return err
		}
		var page org.AccountPage
		err = e.DB.View(r.Context(), func(tx *db.Tx) (err error) {
			page, err = org.Accounts(tx, x.Query)
			return err
		})
		if err != nil {
			return err
		}
		if table == nil {
			if table, err = NewCSV(w, fileName("accounts", x.Account, e.DB.Now(), FormatCSV)); err != nil {
				return err
			}
			table.Row(heads(accountColumns, "export.accounts.", x.Heads, x.Lang)...)
		}
		for _, a := range page.Rows {
			table.Row(x.cells(a)...)
		}
		if err := table.Flush(); err != nil || page.Next == "" {
			return err
		}
		x.Query.After = page.Next
	}
}

// filter is the query as the log keeps it.
func (x AccountExport) filter() string {
	values := url.Values{}
	q := x.Query
	for name, value := range map[string]string{"search": q.Search, "kind": q.Kind, "environment": q.Environment, "opened": q.Opened, "state": q.State, "parent": q.Parent} {
		if value != "" {
			values.Set(name, value)
		}
	}
	return values.Encode()
}

// cells are an account's, in the order of accountColumns.
func (x AccountExport) cells(a org.Listed) []string {
	word := func(prefix, value string) string {
		if !x.Heads {
			return value
		}
		return lang.T(x.Lang, prefix+value)
	}
	state, opened := org.IsActive, org.Waiting
	if !a.Active || a.OffAbove {
		state = org.IsInactive
	}
	if a.Open {
		opened = org.IsOpen
	}
	return []string{a.CustomerID, a.Name, a.Alias, word("value.kind.", a.Kind.String()), a.Parent, word("value.environment.", a.Environment), word("value.state.", state),
		word("value.opened.", opened), strconv.FormatInt(a.Users, 10), time.UnixMicro(a.CreatedAt).UTC().Format(time.RFC3339)}
}

// fileName is what a browser keeps a download as.
func fileName(what string, a org.Account, now int64, ending string) string {
	return what + "-" + a.CustomerID + "-" + time.UnixMicro(now).UTC().Format("20060102-1504") + "." + ending
}
