package api

import (
	"cmp"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/web"
)

const auditPath = accountPath + "/audit"

func (a *API) logRoutes() {
	const group = "Audit log"
	operation(a, Operation{Method: http.MethodGet, Path: auditPath, Permission: "audit:view"},
		about{id: "search-audit", tag: group, summary: "Search the audit log, the newest first", text: "Reading it is itself recorded. " + unfinished}, a.searchLog)
	operation(a, Operation{Method: http.MethodGet, Path: auditPath + "/{seq}", Permission: "audit:view"},
		about{id: "get-audit-entry", tag: group, summary: "One entry of the audit log"}, a.getEntry)
	operation(a, Operation{Method: http.MethodGet, Path: accountPath + "/exports/audit", Permission: "audit:export"},
		about{id: "export-audit", tag: group, summary: "All that a search finds, as a file", text: "The export is recorded, with its filter, before it begins. One that breaks off is not complete.",
			kinds: []string{"application/x-ndjson", "text/csv"}}, a.exportLog)
}

// unfinished says why a page may be short of entries.
const unfinished = "Where few of many entries match, a page may hold fewer than its limit, or none, and still have a next_cursor: the search goes on from there."

// Entry is one entry of the audit log. It holds ids, not names.
type Entry struct {
	Seq       int64    `json:"seq" doc:"Without gaps, over the whole platform."`
	At        moment   `json:"at"`
	Action    string   `json:"action" example:"user.invited"`
	Outcome   string   `json:"outcome" enum:"done,refused"`
	Reason    string   `json:"reason,omitempty" doc:"What the actor gave, or the refusal's code."`
	Actor     Party    `json:"actor"`
	Target    Party    `json:"target"`
	AccountID string   `json:"account_id,omitempty"`
	EntityID  string   `json:"entity_id,omitempty"`
	IP        string   `json:"ip,omitempty"`
	UserAgent string   `json:"user_agent,omitempty"`
	RequestID string   `json:"request_id,omitempty"`
	Repeats   int64    `json:"repeats" doc:"How often within a minute."`
	Changes   []Change `json:"changes" nullable:"false"`
	Erased    bool     `json:"erased,omitzero" doc:"It held personal details that were erased."`
}

// Party is who did something, or what it was done to.
type Party struct {
	Kind string `json:"kind" example:"user"`
	ID   string `json:"id,omitempty"`
}

// Change is one field before and after.
type Change struct {
	Field  string `json:"field"`
	Before string `json:"before,omitempty"`
	After  string `json:"after,omitempty"`
}

func entryOf(f audit.Found) Entry {
	e := Entry{Seq: f.Seq, At: moment(f.At.UnixMicro()), Action: f.Action, Outcome: f.Outcome, Reason: f.Reason, Actor: Party{f.ActorKind, f.ActorID},
		Target: Party{f.Kind, f.ID}, AccountID: f.AccountID, EntityID: f.EntityID, IP: f.IP, UserAgent: f.UserAgent, RequestID: f.RequestID,
		Repeats: f.Repeats, Erased: f.Erased}
	for _, c := range f.Changes {
		e.Changes = append(e.Changes, Change{c.Field, c.Before, c.After})
	}
	return e
}

// Filters narrow the log. Times and addresses are read here, so that their refusal has our words.
type Filters struct {
	Action    string `query:"action" maxLength:"100" doc:"One action, or all that begin so: user." example:"user.invited"`
	Group     string `query:"group" enum:"people,signin,accounts,services,operation" doc:"All actions of a group."`
	Outcome   string `query:"outcome" enum:"done,refused"`
	From      string `query:"from" format:"date-time" doc:"From this time on."`
	Until     string `query:"until" format:"date-time" doc:"Before this time."`
	IP        string `query:"ip" maxLength:"50" doc:"Network address it came from."`
	RequestID string `query:"request_id" maxLength:"100" doc:"Of the request that it was part of."`
}

// query checks the filters and makes them one about what the caller may see.
func (f Filters) query(in inside, q audit.Query) (audit.Query, error) {
	var wrong fault.Fields
	if oneOf("outcome", f.Outcome, audit.Done, audit.Refused) != nil {
		wrong.Add("outcome", "one_of_those")
	}
	if q.Actions = audit.Group(f.Group); f.Group != "" && q.Actions == nil {
		wrong.Add("group", "one_of_those")
	}
	for name, text := range map[string]string{"from": f.From, "until": f.Until} {
		if _, err := readTime(text); text != "" && err != nil {
			wrong.Add(name, "time")
		}
	}
	if f.IP != "" {
		ip, err := netip.ParseAddr(f.IP)
		if err != nil {
			wrong.Add("ip", "ip_address")
		}
		q.IP = ip.Unmap().String()
	}
	q.Reach = access.Scope(in.snapshot, in.q)
	q.Action, q.Outcome, q.RequestID, q.From, q.Until = f.Action, f.Outcome, f.RequestID, timeOf(f.From), timeOf(f.Until)
	return q, wrong.Err()
}

// Parties narrow the log to people and things.
type Parties struct {
	Actor  string `query:"actor" maxLength:"100" doc:"Id of who did it."`
	Target string `query:"target" maxLength:"100" doc:"Id of what it was done to."`
	Person string `query:"person" maxLength:"100" doc:"Id of who did it or to whom it was done."`
}

type searchLogIn struct {
	InAccount
	Paging
	Filters
	Parties
}

func (a *API) searchLog(c *call, in *searchLogIn) (*listed[Entry], error) {
	account, err := a.enter(c, in.CustomerID, "audit:view")
	if err != nil {
		return nil, err
	}
	return a.search(c, account, in.Paging, in.Filters, audit.Query{ActorID: in.Actor, Target: in.Target, Person: in.Person})
}

type activityIn struct {
	OneUser
	Paging
	Filters
}

func (a *API) listActivity(c *call, in *activityIn) (*listed[Entry], error) {
	account, r, err := a.row(c, in.OneUser, "users:view_activity")
	if err != nil {
		return nil, err
	}
	return a.search(c, account, in.Paging, in.Filters, audit.Query{Person: r.ID()})
}

// search reads a page of the log as far as the caller's permission reaches, and
// records that it was read.
func (a *API) search(c *call, account inside, p Paging, f Filters, q audit.Query) (*listed[Entry], error) {
	after, limit, err := p.open(a, c)
	if err != nil {
		return nil, err
	}
	if q, err = f.query(account, q); err != nil {
		return nil, err
	}
	if q.Before, err = strconv.ParseInt("0"+after, 10, 64); err != nil {
		return nil, fault.New(fault.Malformed, "cursor")
	}
	q.Limit = limit
	var page audit.Page
	err = a.view(c, func(tx *db.Tx) (err error) {
		page, err = audit.Look(tx, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	a.noteReading(c, account)
	out := &listed[Entry]{}
	for _, e := range page.Entries {
		out.Body.Items = append(out.Body.Items, entryOf(e))
	}
	if page.Older != 0 {
		out.Body.NextCursor, err = a.cursor(c, strconv.FormatInt(page.Older, 10))
	}
	return out, err
}

func (a *API) noteReading(c *call, account inside) {
	a.Edge.Audit.Note(c.ctx, c.v.Who, audit.Entry{Action: audit.AuditSearched, AccountID: account.ID, Kind: "account", ID: account.ID})
}

type oneEntryIn struct {
	InAccount
	Seq string `path:"seq" doc:"The entry's number." example:"90412"`
}

type entryOut struct{ Body Entry }

func (a *API) getEntry(c *call, in *oneEntryIn) (*entryOut, error) {
	account, err := a.enter(c, in.CustomerID, "audit:view")
	if err != nil {
		return nil, err
	}
	var e audit.Found
	found := false
	err = a.view(c, func(tx *db.Tx) (err error) {
		e, found, err = audit.One(tx, access.Scope(account.snapshot, account.q), in.Seq)
		return err
	})
	if err == nil && !found {
		err = a.none(c, account.ID, "audit_entry", in.Seq, "audit_entry")
	}
	if err != nil {
		return nil, err
	}
	a.noteReading(c, account)
	return &entryOut{entryOf(e)}, nil
}

type exportLogIn struct {
	InAccount
	Format string `query:"format" enum:"jsonl,csv" default:"jsonl" doc:"JSON objects, one a line, or a table for spreadsheets."`
	Filters
	Parties
}

func (a *API) exportLog(c *call, in *exportLogIn) (*struct{}, error) {
	account, err := a.enter(c, in.CustomerID, "audit:export")
	if err != nil {
		return nil, err
	}
	if err := oneOf("format", in.Format, web.FormatCSV, web.FormatLines); err != nil {
		return nil, err
	}
	q, err := in.query(account, audit.Query{ActorID: in.Actor, Target: in.Target, Person: in.Person})
	if err != nil {
		return nil, err
	}
	return c.sends(a.Edge.ExportLog(c.w, c.r, c.v, web.LogExport{Account: account.Account, Profiles: a.Profiles, Query: q,
		Format: cmp.Or(in.Format, web.FormatLines), Lang: c.v.Lang}))
}

func timeOf(text string) time.Time {
	t, err := readTime(text)
	if err != nil {
		return time.Time{}
	}
	return t
}
