package people

import (
	"context"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
)

// exportRows is how many users are read at once for an export.
const exportRows = 500

// Export gives all users whom a query means, in its order, some hundred at a time,
// and records beforehand that they are taken out and how they were narrowed (of a
// search only that there was one: it may hold a name). Whoever changes meanwhile
// is in it or not. The caller has asked whether they may be seen.
func (p *People) Export(ctx context.Context, who db.Who, a org.Account, q Query, some func([]Row) error) error {
	q.After = ""
	if err := p.db.View(ctx, func(tx *db.Tx) error {
		l, err := p.look(tx, a, q)
		if err == nil {
			l.done()
		}
		return err
	}); err != nil {
		return err
	}
	e := audit.Entry{Action: audit.UsersExported, AccountID: a.ID, Kind: "account", ID: a.ID, Changes: q.narrowedBy()}
	if err := p.db.Update(ctx, who, func(tx *db.Tx) error { return audit.Record(tx, e) }); err != nil {
		return err
	}
	for {
		var page Page
		err := p.db.View(ctx, func(tx *db.Tx) (err error) {
			page, err = p.page(tx, a, q, exportRows)
			return err
		})
		if err == nil && len(page.Rows) > 0 {
			err = some(page.Rows)
		}
		if q.After = page.Next; err != nil || page.Next == "" {
			return err
		}
	}
}

// narrowedBy is a query in the log.
func (q Query) narrowedBy() []audit.Change {
	search := ""
	if q.Search != "" {
		search = "true"
	}
	return []audit.Change{{Field: "filter_search", After: search}, {Field: "filter_status", After: string(q.Status)}, {Field: "filter_role", After: q.RoleID}, {Field: "filter_entity", After: q.EntityID}}
}
