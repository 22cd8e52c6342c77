package profile

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/internal/access"
	"countersign/internal/fault"
)

// Settings are what an account may set for itself; a profile gives the values
// it starts with. Words are keys of lang's "setting.KEY.WORD".
type Settings struct {
	RolesPerUser                string // one, many
	SignInName                  string // email, username, email_or_generated
	UserTypes                   string // verified, both
	Mandatory                   []string
	DefaultRole                 string // a role's key; "" is none
	FallbackRole                string
	UserList                    string // all, own_entities
	EmailInUse                  string // link, refuse
	InvitationLifetime          time.Duration
	Deletion                    bool
	RetentionDays               int // from somebody's last deletion until what is left of them is erased
	FirstAdministratorProtected bool
	ParentDeactivation          string // none, warn, cascade
	AssignmentScope             string // entities_required, all_allowed, all
	LocationRestriction         bool
	TwoFactor                   string // required, optional, by_user
	TwoFactorMethods            []string
	TwoFactorSMS                string // everyone, merchants: in which accounts text messages are a method, where they are
	TwoFactorAfterReset         string // set_up, reduced
	LockAttempts                int
	LockMinutes                 int // 0: until an administrator opens it
	InactivityDays              int
	PasswordLength              int // with a second factor
	PasswordLengthAlone         int // without one
	PasswordClasses             int // 0: none asked
	PasswordDays                int // 0: never expires
	PasswordHistory             int
	IPRules                     []string
	SessionIdle                 time.Duration
	SessionAbsolute             time.Duration
	SamePersonTwice             bool   // may give both approvals
	ToxicCombinations           string // blocked, flagged, off: what combinations are that no list below names; see Toxic
	ToxicBlocked                []string
	ToxicFlagged                []string
	ToxicOff                    []string
	LegacyRoles                 string // editable, migrate_first
	ApprovalReasons             []string
	ApprovalExpiry              time.Duration // 0: never
	Environment                 string        // live, test
	ComplianceFloor             string        // none, pci, nist
}

// Type says how a setting is written and which control a form shows.
type Type string

// The types. All are written as text: a list with commas, a duration like "72h".
const (
	Choice   Type = "choice"
	List     Type = "list"
	Switch   Type = "switch" // true, false
	Number   Type = "number"
	Duration Type = "duration"
	RoleKey  Type = "role"
)

// Definition describes a setting. Its name is lang's "setting.KEY", its line of
// help "setting.KEY.help", an option's name "setting.KEY.OPTION".
type Definition struct {
	Key      string
	Type     Type
	Options  []string // for Choice and List
	Min, Max int      // for Number, inclusive; for Duration in minutes
	OrZero   bool     // 0 is allowed beside Min to Max

	field func(*Settings) any // pointer to the field
}

// definitions in the order in which forms show them. Bounds are those of PCI
// DSS v4.0.1 where it has one: 8.2.6 (90 days), 8.2.8 (15 minutes idle), 8.3.4
// (10 attempts, 30 minutes).
var definitions = []Definition{
	choice("roles_per_user", func(s *Settings) any { return &s.RolesPerUser }, "one", "many"),
	choice("sign_in_name", func(s *Settings) any { return &s.SignInName }, "email", "username", "email_or_generated"),
	choice("user_types", func(s *Settings) any { return &s.UserTypes }, "verified", "both"),
	list("mandatory", func(s *Settings) any { return &s.Mandatory }, "first_name", "last_name", "username", "email", "phone", "role", "entities", "two_factor"),
	{Key: "default_role", Type: RoleKey, OrZero: true, field: func(s *Settings) any { return &s.DefaultRole }},
	{Key: "fallback_role", Type: RoleKey, field: func(s *Settings) any { return &s.FallbackRole }},
	choice("user_list", func(s *Settings) any { return &s.UserList }, "all", "own_entities"),
	choice("email_in_use", func(s *Settings) any { return &s.EmailInUse }, "link", "refuse"),
	duration("invitation_lifetime", func(s *Settings) any { return &s.InvitationLifetime }, 60, 30*24*60, false),
	onOff("deletion", func(s *Settings) any { return &s.Deletion }),
	number("retention_days", func(s *Settings) any { return &s.RetentionDays }, 30, 3650, false),
	onOff("first_administrator_protected", func(s *Settings) any { return &s.FirstAdministratorProtected }),
	choice("parent_deactivation", func(s *Settings) any { return &s.ParentDeactivation }, "none", "warn", "cascade"),
	choice("assignment_scope", func(s *Settings) any { return &s.AssignmentScope }, "entities_required", "all_allowed", "all"),
	onOff("location_restriction", func(s *Settings) any { return &s.LocationRestriction }),
	choice("two_factor", func(s *Settings) any { return &s.TwoFactor }, "required", "optional", "by_user"),
	list("two_factor_methods", func(s *Settings) any { return &s.TwoFactorMethods }, "totp", "webauthn", "passkey", "sms"),
	choice("two_factor_sms", func(s *Settings) any { return &s.TwoFactorSMS }, "everyone", "merchants"),
	choice("two_factor_after_reset", func(s *Settings) any { return &s.TwoFactorAfterReset }, "set_up", "reduced"),
	number("lock_attempts", func(s *Settings) any { return &s.LockAttempts }, 1, 10, false),
	number("lock_minutes", func(s *Settings) any { return &s.LockMinutes }, 30, 24*60, true),
	number("inactivity_days", func(s *Settings) any { return &s.InactivityDays }, 1, 90, false),
	number("password_length", func(s *Settings) any { return &s.PasswordLength }, 8, 64, false),
	number("password_length_alone", func(s *Settings) any { return &s.PasswordLengthAlone }, 8, 64, false),
	number("password_classes", func(s *Settings) any { return &s.PasswordClasses }, 2, 4, true),
	number("password_days", func(s *Settings) any { return &s.PasswordDays }, 1, 365, true),
	number("password_history", func(s *Settings) any { return &s.PasswordHistory }, 4, 24, false),
	list("ip_rules", func(s *Settings) any { return &s.IPRules }, "user_allow", "user_block", "account_allow", "account_block"),
	duration("session_idle", func(s *Settings) any { return &s.SessionIdle }, 1, 15, false),
	duration("session_absolute", func(s *Settings) any { return &s.SessionAbsolute }, 15, 24*60, false),
	onOff("same_person_twice", func(s *Settings) any { return &s.SamePersonTwice }),
	choice("toxic_combinations", func(s *Settings) any { return &s.ToxicCombinations }, Blocked, Flagged, Off),
	list("toxic_blocked", func(s *Settings) any { return &s.ToxicBlocked }, toxicKeys...),
	list("toxic_flagged", func(s *Settings) any { return &s.ToxicFlagged }, toxicKeys...),
	list("toxic_off", func(s *Settings) any { return &s.ToxicOff }, toxicKeys...),
	choice("legacy_roles", func(s *Settings) any { return &s.LegacyRoles }, "editable", "migrate_first"),
	list("approval_reasons", func(s *Settings) any { return &s.ApprovalReasons }, "approve", "deny", "hold", "unhold", "delay"),
	duration("approval_expiry", func(s *Settings) any { return &s.ApprovalExpiry }, 60, 90*24*60, true),
	choice("environment", func(s *Settings) any { return &s.Environment }, "live", "test"),
	choice("compliance_floor", func(s *Settings) any { return &s.ComplianceFloor }, "none", "pci", "nist"),
}

func choice(key string, field func(*Settings) any, options ...string) Definition {
	return Definition{Key: key, Type: Choice, Options: options, field: field}
}

func list(key string, field func(*Settings) any, options ...string) Definition {
	return Definition{Key: key, Type: List, Options: options, field: field}
}

func onOff(key string, field func(*Settings) any) Definition {
	return Definition{Key: key, Type: Switch, field: field}
}

func number(key string, field func(*Settings) any, least, most int, orZero bool) Definition {
	return Definition{Key: key, Type: Number, Min: least, Max: most, OrZero: orZero, field: field}
}

func duration(key string, field func(*Settings) any, least, most int, orZero bool) Definition {
	return Definition{Key: key, Type: Duration, Min: least, Max: most, OrZero: orZero, field: field}
}

// At is what the settings mean in an account of that level: text messages are no
// method above a merchant's where they are for merchants only.
func (s Settings) At(kind access.Kind) Settings {
	if s.TwoFactorSMS == "merchants" && kind < access.Merchant {
		s.TwoFactorMethods = slices.DeleteFunc(slices.Clone(s.TwoFactorMethods), func(m string) bool { return m == "sms" })
	}
	return s
}

// Definitions lists the settings there are.
func Definitions() []Definition { return slices.Clone(definitions) }

// Value is a setting as text; "" when there is no such setting.
func (s Settings) Value(key string) string {
	i := slices.IndexFunc(definitions, func(d Definition) bool { return d.Key == key })
	if i < 0 {
		return ""
	}
	switch v := definitions[i].field(&s).(type) {
	case *string:
		return *v
	case *[]string:
		return strings.Join(*v, ",")
	case *bool:
		return strconv.FormatBool(*v)
	case *int:
		return strconv.Itoa(*v)
	case *time.Duration:
		return shortDuration(*v)
	}
	return ""
}

// shortDuration writes whole hours and minutes without the zeros that Duration.String adds.
func shortDuration(d time.Duration) string {
	if d%time.Hour == 0 {
		return fmt.Sprintf("%dh", d/time.Hour)
	}
	return fmt.Sprintf("%dm", d/time.Minute)
}

// With is the settings with an account's own values put in, by key. It refuses,
// naming each wrong field, what is unknown or out of bounds. That a role exists
// in the account is the caller's to check.
func (s Settings) With(overrides map[string]string) (Settings, error) {
	var wrong fault.Fields
	for _, key := range slices.Sorted(maps.Keys(overrides)) {
		i := slices.IndexFunc(definitions, func(d Definition) bool { return d.Key == key })
		if i < 0 {
			wrong.Add(key, "setting_unknown")
			continue
		}
		definitions[i].set(&s, overrides[key], &wrong)
	}
	if err := wrong.Err(); err != nil {
		return Settings{}, err
	}
	return s, nil
}

func (d *Definition) set(s *Settings, text string, wrong *fault.Fields) {
	switch v := d.field(s).(type) {
	case *string:
		switch {
		case d.Type == Choice && !slices.Contains(d.Options, text):
			wrong.Add(d.Key, "setting_choice", "options", strings.Join(d.Options, ", "))
			return
		case text == "" && !d.OrZero:
			wrong.Add(d.Key, "required")
			return
		}
		*v = text
	case *[]string:
		d.setList(v, text, wrong)
	case *bool:
		if text != "true" && text != "false" {
			wrong.Add(d.Key, "setting_choice", "options", "true, false")
			return
		}
		*v = text == "true"
	case *int:
		n, err := strconv.Atoi(text)
		if err != nil || !d.within(n) {
			wrong.Add(d.Key, d.orZero("setting_number"), "min", d.Min, "max", d.Max)
			return
		}
		*v = n
	case *time.Duration:
		t, err := time.ParseDuration(text)
		if err != nil || t%time.Minute != 0 || !d.within(int(t/time.Minute)) {
			wrong.Add(d.Key, d.orZero("setting_duration"), "min", minutes(d.Min), "max", minutes(d.Max))
			return
		}
		*v = t
	}
}

// orZero is the code whose sentence mentions that 0 is allowed too.
func (d *Definition) orZero(code string) string {
	if d.OrZero {
		return code + "_or_zero"
	}
	return code
}

func minutes(n int) string { return shortDuration(time.Duration(n) * time.Minute) }

func (d *Definition) within(n int) bool { return n >= d.Min && n <= d.Max || n == 0 && d.OrZero }

func (d *Definition) setList(v *[]string, text string, wrong *fault.Fields) {
	var chosen []string
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimSpace(word)
		if word == "" && text == "" {
			break
		}
		if !slices.Contains(d.Options, word) || slices.Contains(chosen, word) {
			wrong.Add(d.Key, "setting_choice", "options", strings.Join(d.Options, ", "))
			return
		}
		chosen = append(chosen, word)
	}
	*v = chosen
}

// readSettings reads a profile's settings: all of them, each once.
func readSettings(m map[string]any, wrong *problems) Settings {
	values := map[string]string{}
	for key, v := range m {
		if list, ok := v.([]any); ok {
			chosen, ok := words(list)
			if !ok {
				wrong.add("setting %s: a list is of words", key)
			}
			values[key] = strings.Join(chosen, ",")
			continue
		}
		values[key] = fmt.Sprint(v)
	}
	for _, d := range definitions {
		if _, ok := values[d.Key]; !ok {
			wrong.add("setting %s is missing", d.Key)
		}
	}
	s, err := Settings{}.With(values)
	if err != nil {
		for _, f := range fault.From(err).Fields {
			wrong.add("setting %s: %s %v", f.Name, f.Code, f.Args)
		}
	}
	return s
}
