package people

import (
	"slices"

	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/profile"
)

// Mandatory is what must be said of a user of an account: for the marks of the
// forms and for the rule alike.
type Mandatory struct {
	FirstName, LastName, Phone, Role, Entities bool

	TwoFactor bool // whether a second factor is required must be said
	Actions   bool // and, where it is, which set-ups are
}

// MandatoryOf is what an account's settings make mandatory (features.md, U2).
// The e-mail address always is: people sign in with it. Whether a second factor
// is required need not be said where it is required of everybody.
func MandatoryOf(s profile.Settings) Mandatory {
	asks := func(field string) bool { return slices.Contains(s.Mandatory, field) }
	return Mandatory{
		FirstName: asks("first_name"), LastName: asks("last_name"), Phone: asks("phone"), Role: asks("role"),
		Entities:  s.AssignmentScope == "entities_required" || s.AssignmentScope != "all" && asks("entities"),
		TwoFactor: s.TwoFactor == "by_user" || s.TwoFactor != "required" && asks("two_factor"),
		Actions:   asks("two_factor"),
	}
}

// names cleans a person's name and notes what is wrong with it.
func (m Mandatory) names(f *fault.Fields, first, last *string) {
	*first = optional(f, "first_name", *first, nameMax, m.FirstName)
	*last = optional(f, "last_name", *last, nameMax, m.LastName)
}

// optional cleans a line that may be empty, unless it is mandatory.
func optional(f *fault.Fields, field, typed string, most int, mandatory bool) string {
	clean, problem := lang.Line(typed, most)
	if problem != "" && (mandatory || problem != "required") {
		f.Add(field, problem, "max", most)
	}
	return clean
}

// person cleans what was typed and notes what is wrong with it.
func (in Invitee) person(f *fault.Fields, m Mandatory) (Person, string) {
	m.names(f, &in.FirstName, &in.LastName)
	email, key := emailField(f, in.Email)
	p := Person{FirstName: in.FirstName, LastName: in.LastName, Email: email}
	p.Phone = optional(f, "phone", in.Phone, phoneMax, m.Phone)
	p.Lang = languageField(f, in.Language)
	return p, key
}

// TwoFactor is what an account asks of a member's second factor (features.md, F1).
type TwoFactor struct {
	Required *bool  // nil: not said
	Actions  string // which set-ups, where it is required: one of ActionsOf; "" is not said
}

// The set-ups that can be asked for: any of the account's methods, one certain
// method, one of both as the person chooses, or both.
const (
	AnyAction    = "any"
	AppAction    = "totp"
	KeyAction    = "webauthn"
	EitherAction = "either"
	BothActions  = "both"
)

// ActionsOf lists the set-ups that an account's methods allow to ask for.
func ActionsOf(s profile.Settings) []string {
	app := slices.Contains(s.TwoFactorMethods, "totp")
	key := slices.Contains(s.TwoFactorMethods, "webauthn") || slices.Contains(s.TwoFactorMethods, "passkey")
	list := []string{AnyAction}
	if app {
		list = append(list, AppAction)
	}
	if key {
		list = append(list, KeyAction)
	}
	if app && key {
		list = append(list, EitherAction, BothActions)
	}
	return list
}

// check gives what is asked of a new member and notes what is wrong with it.
func (t TwoFactor) check(f *fault.Fields, s profile.Settings) (required bool, actions string) {
	must := MandatoryOf(s)
	required, actions = s.TwoFactor == "required", AnyAction
	switch {
	case t.Required != nil:
		required = t.required(f, s)
	case must.TwoFactor:
		f.Add("two_factor_required", "choose_two_factor")
	}
	switch {
	case t.Actions != "":
		actions = t.actions(f, s)
	case required && must.Actions:
		f.Add("two_factor_actions", "choose_actions")
	}
	return required, actions
}

// required is what was said; what the account requires of everybody nobody is let off.
func (t TwoFactor) required(f *fault.Fields, s profile.Settings) bool {
	if !*t.Required && s.TwoFactor == "required" {
		f.Add("two_factor_required", "two_factor_for_all")
	}
	return *t.Required
}

func (t TwoFactor) actions(f *fault.Fields, s profile.Settings) string {
	if !slices.Contains(ActionsOf(s), t.Actions) {
		f.Add("two_factor_actions", "two_factor_actions")
	}
	return t.Actions
}
