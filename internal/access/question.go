package access

import "net/netip"

// Question is one thing to decide. What a question leaves out is unknown, and
// what a rule needs and does not know, denies.
type Question struct {
	User       string // id
	Permission Permission
	Within     string // id of the account that bounds the question: what is not its own or below does not exist; "" is unbounded
	Entity     string // the resource's entity: id, or customer ID
	Location   string // the resource's location: id
	Now        int64  // microseconds UTC

	IP           netip.Addr // the person's address
	SecondFactor bool       // the session has one
	Fresh        bool       // the session's sign-in is fresh

	Owner, State, Currency string // of the resource; Owner is a user's id
	Amount                 int64  // minor units of Currency
	HasAmount              bool   // Amount is known

	Resource string  // the id, of a registered type's; others are not looked at
	Claims   []Claim // properties that the caller says, of registered types and users
}

// Decision is the answer. An allow names the grant; a deny has Reasons.
type Decision struct {
	Allowed  bool
	Revision int64 // of the snapshot that answered
	Reasons  Reasons

	Account, Role, Policy string // ids: whose role, given in that account, and which of its policies
}

// Codes lists the reasons of a deny.
func (d Decision) Codes() []string { return d.Reasons.Codes() }
