package snapshot

import (
	"context"
	"fmt"

	"countersign/internal/db"
)

// Sweep clears away what changed more than Options.Changes revisions ago. It is
// called now and then, on any number of nodes; nothing depends on it: a node that
// is further behind loads everything.
func (k *Keeper) Sweep(ctx context.Context) error {
	now := k.live.Load()
	if now == nil || now.Revision() <= k.o.Changes {
		return nil
	}
	return k.db.Keep(ctx, func(tx *db.Tx) error {
		if _, err := tx.Exec(`DELETE FROM access_changes WHERE revision <= $1`, now.Revision()-k.o.Changes); err != nil {
			return fmt.Errorf("sweep access changes: %w", err)
		}
		return nil
	})
}
