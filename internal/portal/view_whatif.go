package portal

// Moves are what somebody gains and loses by a change of their access.
type Moves struct {
	Gains, Loses     []MovedSection
	Blocked, Flagged []ToxicNote
}

// Unchanged tells whether nothing is gained or lost.
func (m Moves) Unchanged() bool { return len(m.Gains)+len(m.Loses) == 0 }

// MovedSection is what is gained or lost in one section.
type MovedSection struct {
	Section string
	Count   int
	Groups  []MovedGroup
}

// MovedGroup are permissions that are gained or lost over the same.
type MovedGroup struct {
	Permissions []MovedLine
	AllEntities bool
	Entities    []string
	Save        []string // where something else holds
	Some        bool     // for some records only
}

// MovedLine is one permission.
type MovedLine struct {
	Permission string
	Dangerous  bool
}

// AccessEffectView says what somebody gains and loses before it is saved (R13).
// Fields: all that was typed in EditAccessView, and step.
type AccessEffectView struct {
	Page
	Form
	Moves
	User  UserHead
	Typed []Typed
}

func (AccessEffectView) name() string { return "access_effect" }

// Possible tells whether it would be done.
func (v AccessEffectView) Possible() bool { return len(v.Blocked) == 0 }
