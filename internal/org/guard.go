package org

import (
	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
)

// Guard asks for decisions on behalf of a use case. Inside an update it decides
// by the snapshot of that update's own revision, which no other writer can move.
type Guard struct{ Live *access.Live }

// Snapshot is the snapshot to decide by.
func (g Guard) Snapshot(tx *db.Tx) (*access.Snapshot, error) {
	return g.Live.At(tx.Context(), tx.Revision())
}

// Question is who's question in an account, still without a permission.
func Question(tx *db.Tx, who db.Who, accountID string) access.Question {
	return Asks(who, tx.Now, accountID)
}

// Asks is a question at a time (µs) outside a transaction.
func Asks(who db.Who, now int64, accountID string) access.Question {
	q := access.Question{Within: accountID, Now: now, IP: who.IP, SecondFactor: who.SecondFactor, Fresh: who.Fresh}
	if who.Kind == db.User {
		q.User = who.ID
	}
	return q
}

// May refuses unless who holds the permission somewhere in the account.
func (g Guard) May(tx *db.Tx, who db.Who, accountID string, p access.Permission) error {
	s, err := g.Snapshot(tx)
	if err != nil {
		return err
	}
	q := Question(tx, who, accountID)
	q.Permission = p
	if d := access.May(s, q); !d.Allowed {
		return Refusal(s, q, d)
	}
	return nil
}

// On refuses unless who holds the permission over the entity.
func (g Guard) On(tx *db.Tx, who db.Who, accountID, entityID string, p access.Permission) error {
	s, err := g.Snapshot(tx)
	if err != nil {
		return err
	}
	q := Question(tx, who, accountID)
	q.Permission, q.Entity = p, entityID
	if d := access.Decide(s, q); !d.Allowed {
		return Refusal(s, q, d)
	}
	return nil
}

// Outside tells whether an account is none to who asks: they have nothing in it,
// now or with all their factors.
func Outside(s *access.Snapshot, q access.Question) bool {
	q.Permission = access.MustParse("home:view")
	d := access.May(s, q)
	return !d.Allowed && fault.From(Refusal(s, q, d)).Kind == fault.NotFound
}

// out are the reasons for which somebody has nothing left in an account.
const out = access.InactiveUser | access.InactiveMembership | access.InactiveAccount | access.Cut

// Refusal is what a deny is answered with: to somebody who holds nothing at all
// in the account, that there is no such account; to others, what is missing.
func Refusal(s *access.Snapshot, q access.Question, d access.Decision) error {
	if q.User == "" {
		return fault.New(fault.Unauthenticated, "sign_in_first")
	}
	name := q.Permission.String()
	refuse := func(code string) error {
		e := fault.New(fault.Forbidden, code, "permission", name)
		e.Permission = name
		return e
	}
	// An address that is not allowed stops everything that they hold, so it is told before that is looked at.
	if d.Reasons&(access.IPDenied|access.IPUnknown) != 0 && d.Reasons&out == 0 {
		return refuse("address_not_allowed")
	}
	q.Entity = ""
	probe := q
	probe.SecondFactor, probe.Fresh = true, true // whether they have anything here, not whether they may use it now
	if access.Held(s, probe).Empty() {
		return fault.None("account")
	}
	switch r := d.Reasons; {
	case r&access.OwnAccount != 0:
		return refuse("live_account")
	case r&access.NeedsTwoFactor != 0:
		return refuse("needs_two_factor")
	case r&access.NotFresh != 0:
		return refuse("needs_fresh")
	case r&access.MinLevel != 0:
		return refuse("level_too_low")
	}
	return fault.Missing(name)
}
