package roles

import (
	"context"
	"slices"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/profile"
)

// Given is how a role gives a permission.
type Given uint8

// The ways.
const (
	NotGiven Given = iota
	GivenForSome
	GivenForAll
)

// Gives answers whether whoever has the role has a permission, with what comes along.
func (r Role) Gives() func(access.Permission) Given {
	all, whole := access.Closed(r.Permissions), access.Closed(r.Permissions.Minus(r.Restricted))
	return func(p access.Permission) Given {
		switch {
		case !all.Has(p):
			return NotGiven
		case whole.Has(p), p.Info().Resource == "page":
			return GivenForAll
		}
		return GivenForSome
	}
}

// Matrix lists the roles that stand in the matrix of an account (R7): all but those
// that are given to nobody any more.
func Matrix(tx *db.Tx, accountID string, p *profile.Profile) ([]Role, error) {
	list, err := List(tx, accountID, p)
	return slices.DeleteFunc(list, func(r Role) bool { return r.Deprecated }), err
}

// TakeMatrix gives the roles for a file of the matrix, and records that it was taken out.
func (r *Roles) TakeMatrix(ctx context.Context, who db.Who, accountID string, p *profile.Profile) (list []Role, err error) {
	e := audit.Entry{Action: audit.MatrixExported, AccountID: accountID, Kind: "account", ID: accountID}
	err = r.refusing(ctx, who, e, func(tx *db.Tx) error {
		if err := r.guard.May(tx, who, accountID, access.MustParse("page:matrix")); err != nil {
			return err
		}
		if list, err = Matrix(tx, accountID, p); err != nil {
			return err
		}
		return audit.Record(tx, e)
	})
	return list, err
}
