// Package access decides: who may do what, on whose data, from where.
//
// It owns the catalogue of permissions (catalogue.go), the compiled Snapshot of
// users, roles and the entity tree (world.go is what goes in, Build makes it,
// With makes the next one from what changed), and the questions one can ask of it:
//
//	Decide     may this user do this to this one resource?
//	Scope      which resources may they do it to? (for the SQL WHERE of a list)
//	May, Held  may they do it anywhere in the account? (for menus and pages)
//	Explain    why, or why not: every path with its outcome
//	Advise     what would make a deny an allow (advice.go)
//	Subjects, Entities, Actions   who may do this here; on which entities may
//	           this user do it; what may this user do here (a page at a time)
//	Resources  which stored resources of a registered type may this user do it to
//	Covers     do they hold it over all of these entities?
//	CanGrant   may they give this role? CanManage: may they act on this person?
//
// Beside the catalogue stand the resource types that a platform registers
// (registered.go), what is stored of them and of users (stored.go), and what
// restrictions ask of their properties (clause.go).
//
// Live holds the current Snapshot for the rooms that ask.
//
// In memory everything stands under numbers in a few large blocks: the tree
// (tree.go), the roles (roles.go) and each person as one run of bytes (record.go)
// in one of about a thousand shards (users.go).
//
// Everything here is a pure function of its arguments: no SQL, no HTTP, no
// clock. A Snapshot never changes once made; any number may read it at once.
//
// The one rule: anything unknown or broken is a deny, and so is a nil Snapshot.
package access
