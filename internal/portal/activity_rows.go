package portal

import (
	"net/http"
	"strconv"
	"strings"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/find"
	"countersign/internal/resource"
	"countersign/internal/web"
)

// logPage is one page of a search with the names joined.
type logPage struct {
	rows    []ActivityRow
	pager   Pager
	reached Moment
}

// logPage reads a page of entries that begins at the address's cursor. look is
// audit.Look or audit.Turn.
func (p *Portal) logPage(r *http.Request, i inside, v *web.Visit, permission string, q audit.Query, about string, look func(*db.Tx, audit.Query) (audit.Page, error)) (out logPage, err error) {
	cursor, err := p.listCursor(i, v, about, r.URL.Query().Get("cursor"))
	if err != nil {
		return out, err
	}
	way, number, _ := strings.Cut(cursor, " ")
	if cursor != "" {
		seq, err := strconv.ParseInt(number, 10, 64)
		if err != nil {
			return out, fault.New(fault.Malformed, "cursor").Because(err)
		}
		if q.Before = seq; way == "after" {
			q.Before, q.After = 0, seq
		}
	}
	if q.Limit == 0 {
		q.Limit = activityRows
	}
	q.Reach = access.Scope(i.snapshot, i.asks(permission))
	var page audit.Page
	err = p.reading(r, func(tx *db.Tx) error {
		if page, err = look(tx, q); err != nil {
			return err
		}
		out.rows, err = p.logRows(tx, i, v, page.Entries)
		return err
	})
	if err != nil {
		return out, err
	}
	out.reached = page.Reached
	from := func(way string, seq int64) string {
		if seq == 0 {
			return ""
		}
		return way + " " + strconv.FormatInt(seq, 10)
	}
	out.pager, err = p.listPager(i, v, about, from("after", page.Newer), from("before", page.Older))
	return out, err
}

// entryPage is logPage for what is found without looking far: one person's entries.
func (p *Portal) entryPage(r *http.Request, i inside, v *web.Visit, permission string, q audit.Query, about string) ([]ActivityRow, Pager, error) {
	page, err := p.logPage(r, i, v, permission, q, about, audit.Turn)
	return page.rows, page.pager, err
}

// entries reads entries within the viewer's reach and joins the names.
func (p *Portal) entries(tx *db.Tx, i inside, v *web.Visit, permission string, q audit.Query) ([]ActivityRow, error) {
	q.Reach = access.Scope(i.snapshot, i.asks(permission))
	found, err := audit.Search(tx, q)
	if err != nil {
		return nil, err
	}
	return p.logRows(tx, i, v, found)
}

// logRows joins names and addresses to entries, which hold ids.
func (p *Portal) logRows(tx *db.Tx, i inside, v *web.Visit, found []audit.Found) ([]ActivityRow, error) {
	names, err := find.Names(tx, p.Profiles, v.Lang, i.account.Path, found)
	if err != nil {
		return nil, err
	}
	n := naming{Words: find.Words{Lang: v.Lang, Zone: i.page.Zone, Names: names}, i: i, open: map[string]bool{}}
	var rows []ActivityRow
	for _, f := range found {
		rows = append(rows, n.row(f))
	}
	return rows, nil
}

// naming makes rows of entries.
type naming struct {
	find.Words
	i    inside
	open map[string]bool // what the viewer may open in which account, once it was asked
}

func (n naming) row(f audit.Found) ActivityRow {
	row := ActivityRow{Number: f.Seq, At: f.At, Text: n.What(f), From: f.IP, Outcome: Outcome(find.Outcome(f)),
		Reason: n.Reason(f), Erased: f.Erased, Times: int(f.Repeats), Actor: n.Actor(f), On: n.Target(f), OnHref: n.href(f.Kind, f.ID, f.AccountID)}
	if f.ActorKind == db.User {
		row.ActorHref = n.href("user", f.ActorID, f.ActorAccount)
	}
	if f.Kind == "user" && f.ID == f.ActorID {
		row.On, row.OnHref = "", ""
	}
	if f.AccountID != n.i.account.ID {
		row.Where = n.Names[f.AccountID].Name
	}
	if n.i.may("audit:view") {
		row.Href = n.i.page.To().ActivityEntry(strconv.FormatInt(f.Seq, 10))
	}
	for _, d := range n.Changes(f) {
		row.Changes = append(row.Changes, Change{Label: d.Label, Before: d.Before, After: d.After, List: d.List, Added: d.Added, Removed: d.Removed})
	}
	return row
}

// href is the page of what an entry is about, where the viewer may open it.
func (n naming) href(kind, id, accountID string) string {
	switch kind {
	case "resource_type", "user_property", "resource":
		return n.registeredHref(kind, id, accountID)
	}
	named := n.Names[id]
	if named.Name == "" || named.Gone {
		return ""
	}
	in := InAccount(n.Names[accountID].CustomerID)
	at := n.i.page.To()
	switch kind {
	case "user":
		if n.may(accountID, "users:view") {
			return in.User(id)
		}
	case "account":
		if n.may(n.i.account.ID, "accounts:view") {
			return at.OneAccount(id)
		}
	case "entity":
		if n.may(n.i.account.ID, "entities:view_details") {
			return at.Entity(id)
		}
	case "role":
		if n.may(accountID, "roles:view") {
			return InAccount(named.CustomerID).Role(id)
		}
	case "policy":
		if n.may(accountID, "policies:view") {
			return InAccount(named.CustomerID).Policy(id)
		}
	case "service_token":
		if n.may(accountID, "service_tokens:view") {
			return in.ServiceTokens()
		}
	}
	return ""
}

// registeredHref is the page of what is called by its own name: a resource type, a
// property of users, or a record. One that was removed since is not there.
func (n naming) registeredHref(kind, id, accountID string) string {
	if kind == "resource" {
		typeName, record, _ := strings.Cut(id, "/")
		if customerID := n.Names[accountID].CustomerID; customerID != "" && n.may(accountID, resource.ViewPermission) {
			return InAccount(customerID).Record(typeName, record)
		}
		return ""
	}
	if n.i.account.Kind != access.Platform || !n.i.may(viewTypes) {
		return ""
	}
	if kind == "user_property" {
		return n.i.page.To().UserProperties()
	}
	return n.i.page.To().ResourceType(id)
}

// may tells whether the viewer holds a permission in an account of the log.
func (n naming) may(accountID, permission string) bool {
	key := accountID + " " + permission
	if known, ok := n.open[key]; ok {
		return known
	}
	q := n.i.asks(permission)
	q.Within = accountID
	n.open[key] = accountID != "" && access.May(n.i.snapshot, q).Allowed
	return n.open[key]
}
