package people

import "fmt"

// Status is what a member is at a moment: one at a time, derived, never stored
// (features.md, U8).
type Status string

// The statuses, in the order in which they go before one another.
const (
	Deactivated           Status = "deactivated"
	DeactivatedInvitation Status = "invitation_deactivated"
	ExpiredInvitation     Status = "invitation_expired"
	Invited               Status = "invited"
	LockedAttempts        Status = "locked_attempts"
	LockedInactivity      Status = "locked_inactivity"
	PasswordExpired       Status = "password_expired"
	Active                Status = "active"
)

// Locked stands for every kind of lock in a Query.
const Locked Status = "locked"

// takes tells whether a Query for a status means those who have another: "" is
// for all of them.
func (s Status) takes(other Status) bool {
	return s == "" || s == other || s == Locked && (other == LockedAttempts || other == LockedInactivity)
}

// Statuses lists them in that order.
func Statuses() []Status {
	return []Status{Deactivated, DeactivatedInvitation, ExpiredInvitation, Invited, LockedAttempts, LockedInactivity, PasswordExpired, Active}
}

// statusSQL derives the status, over statusFrom. $1 is the time, $2 the
// password's life in microseconds (0: it has no end). A link whose password was
// chosen counts as open until the time to finish the set-up is over.
var statusSQL = fmt.Sprintf(`CASE
	WHEN m.deactivated_at IS NOT NULL THEN 'deactivated'
	WHEN m.activated_at IS NULL AND i.deactivated_at IS NOT NULL THEN 'invitation_deactivated'
	WHEN m.activated_at IS NULL AND (i.id IS NULL OR i.used_at IS NULL AND i.expires_at <= $1 OR i.used_at + %d <= $1) THEN 'invitation_expired'
	WHEN m.activated_at IS NULL THEN 'invited'
	WHEN s.locked_until > $1 THEN 'locked_attempts'
	WHEN u.inactive_locked_at IS NOT NULL THEN 'locked_inactivity'
	WHEN CAST($2 AS BIGINT) > 0 AND u.password_set_at + CAST($2 AS BIGINT) <= $1 THEN 'password_expired'
	ELSE 'active' END`, FinishWithin.Microseconds())

const statusFrom = ` FROM memberships m JOIN users u ON u.id = m.user_id
	LEFT JOIN invitations i ON i.account_id = m.account_id AND i.membership_id = m.id AND i.replaced_at IS NULL
	LEFT JOIN signin_attempts s ON s.user_id = u.id`

// linkEnds is when the open link of somebody who has not come in ends, or the time
// to finish the set-up once it was used; 0 when there is none.
var linkEnds = fmt.Sprintf(`COALESCE(i.used_at + %d, i.expires_at, 0)`, FinishWithin.Microseconds())
