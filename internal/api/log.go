package api

import (
	"net/http"
	"strconv"
	"time"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
)

func (a *API) logRoutes() {
	operation(a, Operation{Method: http.MethodGet, Path: accountPath + "/audit", Permission: "audit:view"},
		about{id: "search-audit", tag: "Audit log", summary: "Search the audit log, the newest first", text: "Reading it is itself recorded."}, a.searchLog)
}

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

// Filters narrow the log. Times are read here, so that their refusal has our words.
type Filters struct {
	Action  string `query:"action" maxLength:"100" doc:"One action, or all that begin so: user." example:"user.invited"`
	Outcome string `query:"outcome" enum:"done,refused"`
	From    string `query:"from" format:"date-time" doc:"From this time on."`
	Until   string `query:"until" format:"date-time" doc:"Before this time."`
}

type searchLogIn struct {
	InAccount
	Paging
	Filters
	Actor  string `query:"actor" maxLength:"100" doc:"Id of who did it."`
	Target string `query:"target" maxLength:"100" doc:"Id of what it was done to."`
	Person string `query:"person" maxLength:"100" doc:"Id of who did it or to whom it was done."`
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
	var wrong fault.Fields
	if err := oneOf("outcome", f.Outcome, audit.Done, audit.Refused); err != nil {
		wrong.Add("outcome", "one_of_those")
	}
	for name, text := range map[string]string{"from": f.From, "until": f.Until} {
		if _, err := readTime(text); text != "" && err != nil {
			wrong.Add(name, "time")
		}
	}
	if err := wrong.Err(); err != nil {
		return nil, err
	}
	q.Reach = access.Scope(account.snapshot, account.q)
	q.Action, q.Outcome, q.From, q.Until, q.Limit = f.Action, f.Outcome, timeOf(f.From), timeOf(f.Until), limit+1
	if q.Before, err = strconv.ParseInt("0"+after, 10, 64); err != nil {
		return nil, fault.New(fault.Malformed, "cursor")
	}
	var list []audit.Found
	err = a.view(c, func(tx *db.Tx) (err error) {
		list, err = audit.Search(tx, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	a.Edge.Audit.Note(c.ctx, c.v.Who, audit.Entry{Action: audit.AuditSearched, AccountID: account.ID, Kind: "account", ID: account.ID})
	return page(a, c, list, limit, entryOf, func(f audit.Found) string { return strconv.FormatInt(f.Seq, 10) })
}

func timeOf(text string) time.Time {
	t, err := readTime(text)
	if err != nil {
		return time.Time{}
	}
	return t
}
