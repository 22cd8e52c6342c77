package people

import (
	"context"

	"countersign/internal/access"
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
	who     db.Who
	account org.Account
	q       Query
	ended   bool
}

// Export begins one, and records that users are taken out and how they were
// narrowed (of a search only that there was one: it may hold a name).
func (p *People) Export(ctx context.Context, who db.Who, a org.Account, q Query) (*Export, error) {
	q.After = ""
	e := &Export{people: p, who: who, account: a, q: q}
	err := p.db.Update(ctx, who, func(tx *db.Tx) error {
		if err := e.may(tx); err != nil {
			return err
		}
		if _, err := p.look(tx, a, q); err != nil {
			return err
		}
		return audit.Record(tx, audit.Entry{Action: audit.UsersExported, AccountID: a.ID, Kind: "account", ID: a.ID, Changes: q.narrowedBy()})
	})
	return e, err
}

// may refuses whoever may not see users.
func (e *Export) may(tx *db.Tx) error {
	return e.people.guard.May(tx, e.who, e.account.ID, access.MustParse("users:view"))
}

// Each gives them to some, until it refuses some, or whoever takes them may see
// them no longer: a slow reader takes hours.
func (e *Export) Each(ctx context.Context, some func([]Row) error) error {
	for !e.ended {
		var page Page
		err := e.people.db.View(ctx, func(tx *db.Tx) (err error) {
			if err = e.may(tx); err != nil {
				return err
			}
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
