package access

import "net/netip"

// Kind is the level of an entity. A lower number is a higher level; zero is none.
type Kind uint8

// The levels, highest first.
const (
	Platform Kind = iota + 1
	Facilitator
	Partner
	Merchant
	LegalEntity
)

var kinds = [...]string{"", "platform", "facilitator", "partner", "merchant", "legal_entity"}

// String is the level's word in storage and API.
func (k Kind) String() string {
	if int(k) < len(kinds) {
		return kinds[k]
	}
	return ""
}

// ParseKind reads the word; false when there is no such level.
func ParseKind(word string) (Kind, bool) {
	for k := Platform; k <= LegalEntity; k++ {
		if kinds[k] == word {
			return k, true
		}
	}
	return 0, false
}

// World is the data that decisions read, as it stands in the database. A
// reference to something that is not in it grants nothing; two things with one
// id, or a tree that is none, make Build fail.
type World struct {
	Revision  int64
	Accounts  []Account
	Entities  []Entity
	Locations []Location
	Roles     []Role
	Users     []User

	Types          []Type     // a platform's own, of which the catalogue's names are none
	UserProperties []Property // of users, for conditions on what is of those types
	Resources      []Resource // of those types
}

// Account is an entity that has people, roles and settings of its own.
type Account struct {
	ID, EntityID string
	Live         bool // its environment is live, not test
}

// PathPart is the width of one part of an entity's path.
const PathPart = 6

// Entity is a node of the business tree. Path is its materialised path: one
// part of PathPart characters for each level from the root down to itself, so
// that "this and all below" is all paths with this prefix.
//
// An entity belongs to the nearest account at or above it; AccountID, when
// given, must say the same. When an account's entity, or one above it, is not
// active, that account's people lose what they hold through it; people of
// accounts above keep theirs, or nobody could activate it again.
type Entity struct {
	ID, ParentID, AccountID, CustomerID, Path string
	Kind                                      Kind
	Active                                    bool
}

// Location is a place of business of an entity.
type Location struct{ ID, EntityID string }

// Role is a named set of policies, of one account. Key is the profile's key of
// a predefined role, "" for a custom one.
type Role struct {
	ID, AccountID, Key string
	Deprecated         bool
	Policies           []Policy
	MayGrant           []string // keys of the predefined roles that whoever holds this one may give
}

// Policy is a named set of permissions. A legacy role's own permissions come as a policy without id.
type Policy struct {
	ID          string
	Permissions []Grant
}

// Grant is a permission in a policy, perhaps restricted.
type Grant struct {
	Permission Permission
	Condition  Condition
}

// Condition restricts a grant to some resources; the zero value to none. What
// the question does not tell does not hold.
type Condition struct {
	OwnOnly   bool     // the resource's owner is the user
	MaxAmount int64    // minor units of Currency, inclusive; 0 is no limit; useless without Currency
	Currency  string   // ISO 4217; "" is any
	States    []string // nil is any
	Clauses   []Clause // on the properties of a registered type; all must hold
}

// User is a person. Active is false while an inactivity lock holds.
type User struct {
	ID          string
	Active      bool
	Memberships []Membership
}

// Membership is a user in an account. Cut: a deactivated parent cuts it off.
type Membership struct {
	ID, AccountID string
	Active, Cut   bool
	AllLocations  bool
	Locations     []string
	Allow         []netip.Prefix // empty: from anywhere
	Values        []Value        // of the registered properties of users
	Assignments   []Assignment
}

// Assignment is a role over entities, each with all below it. AllEntities is
// the account's entity and all below; what lies outside the account counts for nothing.
// It holds from From on and ends before Until (microseconds UTC, 0 is open).
type Assignment struct {
	ID, RoleID  string
	AllEntities bool
	Entities    []string
	From, Until int64
}
