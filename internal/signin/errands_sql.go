package signin

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"

	"countersign/internal/db"
)

// leaseErrands takes some of what is left to do; whoever does not finish one in
// time leaves it to another.
func (d *Door) leaseErrands(ctx context.Context) (list []errand, err error) {
	type row struct {
		id     string
		sealed []byte
		at     int64
	}
	err = d.db.Keep(ctx, func(tx *db.Tx) error {
		list = nil
		rows, err := db.All(tx, func(r *sql.Rows) (x row, err error) { return x, r.Scan(&x.id, &x.sealed, &x.at) },
			`UPDATE signin_errands SET leased_until = $1 WHERE leased_until <= $2
				AND id IN (SELECT id FROM signin_errands WHERE leased_until <= $2 ORDER BY created_at, id LIMIT $3)
			RETURNING id, sealed, created_at`, tx.Now+micros(errandLease), tx.Now, errandsAtOnce)
		if err != nil {
			return fmt.Errorf("lease errands: %w", err)
		}
		for _, x := range rows {
			e := errand{}
			if plain, err := tx.Box().Open(errandPurpose, x.sealed); err == nil {
				_ = json.Unmarshal(plain, &e) // what cannot be read has no kind
			}
			e.id, e.at = x.id, x.at
			list = append(list, e)
		}
		return nil
	})
	return list, err
}

// errTaken says that another node has done an errand.
var errTaken = errors.New("signin: the errand is done already")

// take uses an errand up: of any number of nodes one does it, the others get errTaken.
func take(tx *db.Tx, e errand) error {
	n, err := tx.Exec(`DELETE FROM signin_errands WHERE id = $1`, e.id)
	if err != nil {
		return fmt.Errorf("take errand: %w", err)
	}
	if n == 0 {
		return errTaken
	}
	return nil
}

// taken is nil when another node was quicker, and err otherwise.
func taken(err error) error {
	if errors.Is(err, errTaken) {
		return nil
	}
	return err
}
