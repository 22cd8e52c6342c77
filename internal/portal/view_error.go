package portal

import (
	"strconv"

	"countersign/internal/fault"
)

// Codes of refusals that have a page of their own beside that of their kind.
const (
	CodeDatabaseAway = "database_away"
	CodeNotSetUp     = "not_set_up"
	CodeSessionEnded = "session_ended"

	CodeMaintenance      = "maintenance"
	CodeMaintenanceUntil = "maintenance_until"
)

// ErrorView is the page of a refusal: what happened, and what to do now.
type ErrorView struct {
	Page
	Fault   *fault.Error
	Granted []string // for Forbidden: names of people or roles who can give the permission
	Back    string   // a way on; "" is the first page
	Why     string   // where it is explained; "" where that makes no sense
}

func (ErrorView) name() string { return "error" }

// Case is the key of the page's words: "portal.error.CASE.title" and ".help".
func (v ErrorView) Case() string {
	if v.Fault == nil {
		return "500"
	}
	switch v.Fault.Code {
	case CodeDatabaseAway, CodeNotSetUp, CodeSessionEnded:
		return v.Fault.Code
	case CodeMaintenance, CodeMaintenanceUntil:
		return CodeMaintenance
	}
	switch v.Fault.Kind {
	case fault.Malformed, fault.Unauthenticated, fault.Forbidden, fault.NotFound, fault.Conflict, fault.Gone,
		fault.Stale, fault.TooLarge, fault.Invalid, fault.TooMany, fault.Busy:
		return strconv.Itoa(v.Fault.Kind.Status())
	}
	return "500"
}

// Form is the refusal with its fields, for a page that has no form to show them in.
func (v ErrorView) Form() Form { return Form{Refusal: v.Fault} }

// Asking tells whether the page's advice fits: whoever is refused for anything
// but a missing permission has nobody to ask for one.
func (v ErrorView) Asking() bool {
	return v.Fault == nil || v.Fault.Kind != fault.Forbidden || v.Fault.Code == "missing_permission"
}

// Seconds to wait before trying again; 0 when it does not matter.
func (v ErrorView) Seconds() int {
	if v.Fault == nil || v.Case() == CodeMaintenance {
		return 0
	}
	return int(v.Fault.RetryAfter.Seconds())
}

// OnwardHref is where the page's button leads.
func (v ErrorView) OnwardHref() string {
	if v.Back != "" {
		return v.Back
	}
	return v.To().Home()
}

// RetryHref is where trying again leads: this page, or the way back.
func (v ErrorView) RetryHref() string {
	if v.Back != "" {
		return v.Back
	}
	if v.Here != "" {
		return v.Here
	}
	return FrontDoorPath
}

// Again is the word on that button: load again what somebody changed, or try again.
func (v ErrorView) Again() string {
	if v.Case() == "412" {
		return "load"
	}
	return "try"
}
