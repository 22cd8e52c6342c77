package audit

import (
	"context"

	"countersign/internal/access"
	"countersign/internal/db"
)

// exportPage is how many entries an export holds in memory.
const exportPage = 500

// Export goes through all that a query finds, the newest first. It is recorded
// before anything is read (PCI DSS 10.2.1.3); e says of which account, and with
// what filter. reach is asked anew for each page and takes the place of the
// query's: a slow reader takes hours, and may not be allowed to for so long. join
// gets each page within the transaction that read it, for the names of what its ids
// stand for, and write after that has ended: no transaction waits for a reader.
func (l *Log) Export(ctx context.Context, who db.Who, e Entry, q Query, reach func() ([]access.Reach, error), join func(*db.Tx, []Found) error, write func([]Found) error) error {
	e.Action = AuditExported
	if err := l.db.Update(ctx, who, func(tx *db.Tx) error { return Record(tx, e) }); err != nil {
		return err
	}
	q.Limit, q.After = exportPage, 0
	for {
		var err error
		if q.Reach, err = reach(); err != nil {
			return err
		}
		var page []Found
		err = l.db.View(ctx, func(tx *db.Tx) (err error) {
			if page, err = Search(tx, q); err != nil {
				return err
			}
			return join(tx, page)
		})
		if err != nil || len(page) == 0 {
			return err
		}
		if err := write(page); err != nil {
			return err
		}
		if q.Before = page[len(page)-1].Seq; len(page) < exportPage {
			return nil
		}
	}
}
