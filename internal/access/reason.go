package access

import "math/bits"

// Reasons is a set of reasons for a deny. The zero value is none.
type Reasons uint32

// The reasons. Their sentences are lang's "reason.CODE".
const (
	NoSnapshot         Reasons = 1 << iota // this node has nothing to decide from
	UnknownUser                            // no such user, or none that has to do with the asking account
	UnknownPermission                      // not in the catalogue
	NoEntity                               // the question names no entity
	UnknownEntity                          // no such entity, or outside the asking account
	UnknownLocation                        // no such location, or not one of this entity
	NoTime                                 // the question has no time
	InactiveUser                           // rule 1
	InactiveMembership                     // rule 1
	InactiveAccount                        // rule 1
	Cut                                    // rule 1: a deactivated parent
	NoGrant                                // rule 2: no role has the permission
	OutOfScope                             // rule 2: only over other entities
	NotYet                                 // rule 2: the assignment has not begun
	Expired                                // rule 2: the assignment has ended
	LocationMissing                        // rule 3: restricted, and the resource's location is not known
	LocationForeign                        // rule 3: restricted to other locations
	MinLevel                               // rule 4
	DirectPayment                          // rule 4
	OwnAccount                             // a live account's people are managed by its own
	NeedsTwoFactor                         // rule 5
	NotFresh                               // rule 5
	IPDenied                               // rule 6
	IPUnknown                              // rule 6
	ConditionOwn                           // rule 7
	ConditionAmount                        // rule 7
	ConditionCurrency                      // rule 7
	ConditionState                         // rule 7
	ConditionProperty                      // rule 7: another property, of a registered type
	UnknownResource                        // of a registered type, and not stored by the asking account
)

var reasonCodes = [...]string{
	"no_snapshot", "unknown_user", "unknown_permission", "no_entity", "unknown_entity", "unknown_location", "no_time",
	"inactive_user", "inactive_membership", "inactive_account", "cut",
	"no_grant", "out_of_scope", "not_yet", "expired", "location_missing", "location_foreign",
	"min_level", "direct_payment", "own_account", "needs_2fa", "not_fresh", "ip_denied", "ip_unknown",
	"condition_own", "condition_amount", "condition_currency", "condition_state", "condition_property", "unknown_resource",
}

// Codes lists the codes, in the order above.
func (r Reasons) Codes() []string {
	if r == 0 {
		return nil
	}
	out := make([]string, 0, bits.OnesCount32(uint32(r)))
	for ; r != 0; r &= r - 1 {
		if i := bits.TrailingZeros32(uint32(r)); i < len(reasonCodes) {
			out = append(out, reasonCodes[i])
		}
	}
	return out
}

// ReasonCodes lists every code there is.
func ReasonCodes() []string { return append([]string(nil), reasonCodes[:]...) }
