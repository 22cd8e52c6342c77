package people

import (
	"context"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
)

// exportRows is how many users are read at once for an export.
const exportRows = 500

// Export is all users whom a query means, in its order, to be read once, some
// hundred at a time. Whoever changes meanwhile is in it or not.
type Export struct {
	people  *People
	account org.Account
	q       Query
	ended   bool
}

// Export begins one, and records that users are taken out and how they were
// narrowed (of a search only that there was one: it may hold a name). The caller
// has asked whether they may be seen.
func (p *People) Export(ctx context.Context, who db.Who, a org.Account, q Query) (*Export, error) {
	q.After = ""
	if err := p.db.View(ctx, func(tx *db.Tx) error {
		l, err := p.look(tx, a, q)
		if err == nil {
			l.done()
		}
		return err
	}); err != nil {
		return nil, err
	}
	e := audit.Entry{Action: audit.UsersExported, AccountID: a.ID, Kind: "account", ID: a.ID, Changes: q.narrowedBy()}
	if err := p.db.Update(ctx, who, func(tx *db.Tx) error { return audit.Record(tx, e) }); err != nil {
		return nil, err
	}
	return &Export{people: p, account: a, q: q}, nil
}

// Each gives them to some, until it refuses some.
func (e *Export) Each(ctx context.Context, some func([]Row) error) error {
	for !e.ended {
		var page Page
		err := e.people.db.View(ctx, func(tx *db.Tx) (err error) {
			page, err = e.people.page(tx, e.account, e.q, exportRows)
			return err
		})
		if err == nil && len(page.Rows) > 0 {
			err = some(page.Rows)
		}
		if err != nil {
			return err
		}
		e.q.After, e.ended = page.Next, page.Next == ""
	}
	return nil
}

// narrowedBy is a query in the log.
func (q Query) narrowedBy() []audit.Change {
	search := ""
	if q.Search != "" {
		search = "true"
	}
	return []audit.Change{{Field: "filter_search", After: search}, {Field: "filter_status", After: string(q.Status)}, {Field: "filter_role", After: q.RoleID}, {Field: "filter_entity", After: q.EntityID}}
}
