// Package resource holds the resource types of a platform's own services: what
// can be done to them, which properties restrictions may read and who vouches for
// each, and what accounts have stored of them.
//
// A type is registered by the platform for the whole installation, and retired
// rather than removed, because roles name its actions. What is stored of it is an
// account's own: that account's service tokens ask about it, and nobody else's.
//
//	register.go, draft.go   types, and what is wrong with one
//	property.go             properties of users
//	store.go, check.go      what accounts store, and what is wrong with it
//	guard.go                who may
//	*_sql.go                what is read and written
//
// What the values of somebody's properties are, package people keeps.
//
// The one rule: what the store vouches for no caller can say. So who vouches for a
// property, and what kind of value it has, never changes while there is one.
package resource

import (
	"context"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/profile"
)

// Type is a registered type with its words and its state.
type Type struct {
	access.Type
	Title     string
	Titles    map[string]string // of actions by NAME, of properties by PART.NAME
	CreatedAt int64             // µs
	RetiredAt int64             // µs; 0 is not
	Version   int64
}

// UserProperty is a registered property of users with its words and its state.
type UserProperty struct {
	access.Property
	Title     string
	CreatedAt int64 // µs
	RetiredAt int64 // µs; 0 is not
	Version   int64
}

// Stored is a resource as an account has stored it.
type Stored struct {
	access.Resource
	ChangedAt int64 // µs
	Version   int64

	path, owner string // its entity's, and the account that this belongs to
}

// Resources are the use cases. Make them with New.
type Resources struct {
	db       *db.DB
	guard    org.Guard
	profiles profile.Profiles
	audit    *audit.Log
}

// New makes the use cases over a database; live answers what they ask.
func New(d *db.DB, live *access.Live, profiles profile.Profiles, log *audit.Log) *Resources {
	return &Resources{db: d, guard: org.Guard{Live: live}, profiles: profiles, audit: log}
}

// refusing runs an update and records it when it was refused. e says what was
// tried; f may add to it.
func (r *Resources) refusing(ctx context.Context, who db.Who, e *audit.Entry, f func(*db.Tx) error) error {
	if err := r.db.Update(ctx, who, f); err != nil {
		return r.audit.Refuse(ctx, who, *e, err)
	}
	return nil
}

// KindOf is what the values of a property of the type's resources are; 0 where
// there is none of that name.
func (t Type) KindOf(name string) access.ValueKind {
	for _, p := range t.Properties {
		if p.Part == access.OfResource && p.Name == name {
			return p.Kind
		}
	}
	return 0
}
