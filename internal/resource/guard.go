package resource

import (
	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
)

const (
	manageTypes = "resource_types:manage"

	// ViewPermission shows what an account has stored, and StorePermission changes
	// it: both over the resource's entity.
	ViewPermission  = "account:view"
	StorePermission = "account:manage_settings"
)

// platform finds the account that registers types, and refuses whoever does not
// hold resource_types:manage over the whole of it. A refusal stands in the log of
// the platform, or, of somebody who is none of its people, in that of their own account.
func (r *Resources) platform(tx *db.Tx, who db.Who, e *audit.Entry) (org.Account, error) {
	a, found, err := org.Platform(tx)
	if err == nil && !found {
		err = fault.None("account")
	}
	if err != nil {
		return a, err
	}
	p := access.MustParse(manageTypes)
	if err = r.guard.May(tx, who, a.ID, p); err != nil {
		if fault.From(err).Kind == fault.Forbidden {
			e.AccountID = a.ID
		}
		return a, err
	}
	e.AccountID = a.ID
	s, err := r.guard.Snapshot(tx)
	if err != nil {
		return a, err
	}
	q := org.Question(tx, who, a.ID)
	if q.Permission = p; !access.Covers(s, q, true, nil) {
		return a, fault.New(fault.Forbidden, "types_not_whole")
	}
	return a, nil
}

// Sight is what somebody sees, or may change, of what an account has stored.
type Sight struct {
	Account org.Account
	reach   []access.Reach
	limited bool     // to resources at these locations, and those of types without
	places  []string // locations
}

// See is what a person holds a permission over: ViewPermission or StorePermission.
// Without it there is nothing to see. Whoever is limited to locations, in the
// account or in one above it, sees what is stored at these and what has no place.
func See(tx *db.Tx, s *access.Snapshot, q access.Question, a org.Account, permission string) (Sight, error) {
	q.Permission = access.MustParse(permission)
	out := Sight{Account: a, reach: access.Scope(s, q)}
	var err error
	out.limited, out.places, err = placesOf(tx, q.User, a)
	return out, err
}

// SeeAs is what whoever asks sees, a person or a service with a token for
// resources; both are refused as everywhere.
func (r *Resources) SeeAs(tx *db.Tx, who db.Who, accountID, permission string) (Sight, error) {
	a, found, err := org.AccountByID(tx, accountID)
	if err == nil && !found {
		err = fault.None("account")
	}
	if err != nil {
		return Sight{}, err
	}
	if who.Kind == db.Service {
		return Sight{Account: a, reach: []access.Reach{{Paths: []string{a.Path}, AllLocations: true}}}, r.service(tx, who, a)
	}
	if err := r.guard.May(tx, who, accountID, access.MustParse(permission)); err != nil {
		return Sight{}, err
	}
	s, err := r.guard.Snapshot(tx)
	if err != nil {
		return Sight{}, err
	}
	return See(tx, s, org.Question(tx, who, accountID), a, permission)
}

// Reaches tells whether an account is a service's own or below that.
func Reaches(tx *db.Tx, who db.Who, a org.Account) (bool, error) {
	own, found, err := org.AccountByID(tx, who.AccountID)
	return found && org.AtOrBelow(own.Path, a.Path), err
}

// service refuses every token but one for resources, that works, of the account or
// of one above it. What does not reach an account is told that there is none.
func (r *Resources) service(tx *db.Tx, who db.Who, a org.Account) error {
	t, found, err := org.TokenByID(tx, who.AccountID, who.ID)
	if err != nil {
		return err
	}
	if !found || t.Kind != org.Resources || !t.Works(tx.Now) {
		return fault.New(fault.Unauthenticated, "token_refused")
	}
	reaches, err := Reaches(tx, who, a)
	if err == nil && !reaches {
		err = fault.None("account")
	}
	if err != nil {
		return err
	}
	off, err := org.OffAtOrAbove(tx, a.Path)
	if err == nil && off {
		err = fault.New(fault.Conflict, "account_inactive")
	}
	return err
}
