// Package resource holds the resource types of a platform's own services: what
// can be done to them, which properties restrictions may read and who vouches for
// each, and what accounts have stored of them.
//
// A type is registered by the platform for the whole installation, and retired
// rather than removed, because roles name its actions. What is stored of it is an
// account's own: that account's service tokens ask about it, and nobody else's.
//
// The one rule: what the store vouches for no caller can say.
package resource

import "countersign/internal/access"

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
