package portal

import (
	"net/url"
	"slices"

	"countersign/internal/access"
	"countersign/internal/roles"
)

// RoleRow is one line of the list of roles.
type RoleRow struct {
	ID          string
	Name        string
	Description string
	Users       int
	Permissions int
	Dangerous   bool
	NeedsTwo    bool // some permission needs two-factor
	Predefined  bool
	Deprecated  bool   // given to nobody any more, and allows nothing
	Legacy      bool   // from before policies
	Template    bool   // whoever is given it gets a copy
	Copy        bool   // somebody's copy of a template
	Warning     string // what it is given with; "" for none
}

// RolesView lists the roles: the ones in use most first, and all of them where
// they are asked for.
type RolesView struct {
	Page
	Query   string // as typed
	Popular []RoleRow
	All     []RoleRow // empty while only the popular ones are shown
	Total   int       // roles there are
	MayMake bool
	Toxic   bool // the page of toxic combinations may be opened
}

func (RolesView) name() string { return "roles" }

// Everything tells whether all roles are listed.
func (v RolesView) Everything() bool { return len(v.Popular) == 0 && v.Query == "" }

// Limit is a restriction of a permission to some records, as it is told. The zero
// value is none.
type Limit struct {
	Own      bool
	Most     int64  // minor units of Currency; 0 is no limit
	Currency string // "" is any
	States   []string

	Permission string          // whose type the clauses are on
	Clauses    []access.Clause // of a registered permission

	Broken  bool // cannot be read: it gives nothing
	Retired bool // the type is: it gives nothing
}

// Any tells whether there is one.
func (l Limit) Any() bool {
	return l.Own || l.Most != 0 || l.Currency != "" || len(l.States) > 0 || len(l.Clauses) > 0 || l.Broken || l.Retired
}

// Nothing tells whether nothing is given with it.
func (l Limit) Nothing() bool { return l.Broken || l.Retired }

// RoleSource is where a permission of a role comes from.
type RoleSource struct {
	Own    bool   // the role holds it itself
	Policy string // name of a shared one; "" for none
	Href   string // of the policy's page; "" where it may not be opened
	Limit  Limit
}

// RoleLine is one permission of a role or a policy.
type RoleLine struct {
	Permission string
	Sources    []RoleSource
	Dangerous  bool
	NeedsTwo   bool
}

// Plain tells whether there is nothing to say of where it comes from.
func (l RoleLine) Plain() bool {
	for _, s := range l.Sources {
		if s.Policy != "" || s.Limit.Any() {
			return false
		}
	}
	return true
}

// RoleSection is what a role may do in one section.
type RoleSection struct {
	Section   string
	Elsewhere bool // used in connected services
	Retired   bool // a registered type that is out of use: it gives nothing
	Lines     []RoleLine
}

// RoleView is one role's page.
type RoleView struct {
	Page
	Role          RoleRow
	Sections      []RoleSection
	Policies      []Option // shared ones that it has: address and name; without one, it may not be opened
	MayGrant      []string // names of the roles its holders may give
	MayGrantAll   bool
	MayViewUsers  bool
	Administrator bool     // the account cannot lose its last active holder
	Needs         []string // names of the roles without which it is not given
	Holders       []PersonLink
	Owner         *PersonLink // of a personal copy: whose it is
	Template      *PersonLink // of a personal copy: what it is a copy of
	MayEdit       bool
	MayClone      bool
	MayDelete     bool
}

func (RoleView) name() string { return "role" }

// UsersHref is the list of users who have the role.
func (v RoleView) UsersHref() string { return v.To().Users(UsersFilter{Role: v.Role.ID}) }

// MoreHolders tells whether more have it than are named.
func (v RoleView) MoreHolders() bool { return v.Role.Users > len(v.Holders) }

// PersonLink is somebody, or something, with its page; "" where that may not be opened.
type PersonLink struct {
	Name, Detail, Href string
}

// PermitChoice is one permission in an editor.
type PermitChoice struct {
	Permission string
	Chosen     bool
	Dangerous  bool
	NeedsTwo   bool
	Page       bool // opens the section without its data
	Withheld   bool // the viewer does not hold it over the whole account
	Registered bool // of a platform's own type: its conditions are on that type's properties
	Limited    bool // can be restricted to some records
	Limit      LimitFields
	Told       Limit // where it is not edited
}

// ShowLimit tells whether the fields of a restriction are there: with script they
// come when it is ticked.
func (c PermitChoice) ShowLimit() bool { return c.Limited && (c.Chosen || c.Limit.Any()) }

// LimitFields are a restriction as it is typed.
type LimitFields struct {
	Own                    bool
	Most, Currency, States string
	Clauses                []ClauseFields // of a registered permission, which has none of the others
}

// Any tells whether anything was typed.
func (l LimitFields) Any() bool {
	return l.Own || l.Most != "" || l.Currency != "" || l.States != "" || slices.ContainsFunc(l.Clauses, ClauseFields.Any)
}

// More tells whether there can be more conditions than there are rows for.
func (l LimitFields) More() bool { return len(l.Clauses) < roles.ClausesMost }

// ClauseFields are one condition on a registered type as it is typed.
type ClauseFields struct {
	Property string // "resource.owner"
	Compare  string // "one_of", "at_most", "own", or "same_as." and a property of the person
	Value    string // of the first two
	Problem  string // "portal.clause.PROBLEM"
}

// Any tells whether anything was typed.
func (c ClauseFields) Any() bool { return c.Property != "" || c.Compare != "" || c.Value != "" }

// PropertyChoice is a registered property that a condition can read.
type PropertyChoice struct {
	Type string // "" of one of the person
	Part, Name,
	Kind string
}

// Value is how a form calls it.
func (p PropertyChoice) Value() string { return p.Part + "." + p.Name }

// PropertyPick are the properties that the conditions of a type can read: its own
// and its actions', and those of the person.
type PropertyPick struct{ Own, Users []PropertyChoice }

// Any tells whether there are any.
func (p PropertyPick) Any() bool { return len(p.Own)+len(p.Users) > 0 }

// PermitSection is a section of the editor.
type PermitSection struct {
	Section    string
	Elsewhere  bool
	Properties PropertyPick // of a registered type
	Choices    []PermitChoice
}

// Blank are the fields of a restriction that a script fills in.
func (PermitSection) Blank() LimitFields { return LimitFields{}.open(true) }

// Chosen counts what is chosen of the section.
func (s PermitSection) Chosen() (n int) {
	for _, c := range s.Choices {
		if c.Chosen {
			n++
		}
	}
	return n
}

// PermitGroup is the sections of a group of the side menu.
type PermitGroup struct {
	Group    string
	Sections []PermitSection
}

// PermitPicker chooses permissions by section and by page. Fields: permissions
// (several), own (several: those for the person's own records), most.PERMISSION,
// currency.PERMISSION, states.PERMISSION, of registered types instead property.N.PERMISSION,
// compare.N.PERMISSION and value.N.PERMISSION, and the buttons all and none, which show
// the form again with all or none of a section, and limits, which shows it with the
// restrictions of what is chosen.
type PermitPicker struct{ Groups []PermitGroup }

// choice finds a permission.
func (p PermitPicker) choice(permission string) *PermitChoice {
	for _, g := range p.Groups {
		for _, s := range g.Sections {
			for n := range s.Choices {
				if s.Choices[n].Permission == permission {
					return &s.Choices[n]
				}
			}
		}
	}
	return nil
}

// Chosen counts what is chosen.
func (p PermitPicker) Chosen() (n int) {
	for _, g := range p.Groups {
		for _, s := range g.Sections {
			n += s.Chosen()
		}
	}
	return n
}

// PolicyChoice is a shared policy that a role can have.
type PolicyChoice struct {
	ID, Name, Description string
	Words                 string
	Permissions           int
	Dangerous             bool
}

// PolicyPick chooses policies in two columns. Fields: policies (several, those that
// are chosen), add and drop (several, ticked in either column), and the button move.
type PolicyPick struct {
	Available, Chosen []PolicyChoice
}

// Any tells whether the account has policies.
func (p PolicyPick) Any() bool { return len(p.Available)+len(p.Chosen) > 0 }

// The editors there are: the words of each are "portal.maker.MAKING".
const (
	MakingRole   = "role_new"
	EditingRole  = "role_edit"
	CloningRole  = "role_clone"
	MakingPolicy = "policy_new"
	EditPolicy   = "policy_edit"
)

// MakerView is the editor of a role or a policy. Fields: name, description, those of
// PermitPicker, of a role also those of PolicyPick, template and migrate; revision
// and seen as in EditAccessView.
type MakerView struct {
	Page
	Form
	Making      string
	Subject     string // the name of what is edited or cloned
	Action      string
	Back        string
	Name        string
	Description string
	Permits     PermitPicker
	Policies    PolicyPick
	Template    bool
	Legacy      bool // from before policies: it can be migrated
	MustMigrate bool // before anything else of it changes
	Migrate     bool
	LeftOut     []string     // permissions of the role that a clone cannot hold
	Nothing     []RoleSource // what it holds that gives nothing: saving takes it out
	Revision    string
	Seen        string
	Changed     []Difference
}

func (MakerView) name() string { return "maker" }

// NoLimit are the fields of a restriction that a script fills in.
func (MakerView) NoLimit() LimitFields { return LimitFields{} }

// Role tells whether it is a role and not a policy.
func (v MakerView) Role() bool { return v.Making != MakingPolicy && v.Making != EditPolicy }

// Previews tells whether the next page says who is affected: nobody has what is new.
func (v MakerView) Previews() bool { return v.Making == EditingRole || v.Making == EditPolicy }

// ShiftRow is how many gain a permission and how many lose it.
type ShiftRow struct {
	Permission string
	Gain, Lose int64
	Dangerous  bool
	Limit      Limit // with which it is given from then on
}

// AffectedRow is somebody whose access changes.
type AffectedRow struct {
	PersonLink
	Gains, Loses []string
	Falls        bool
}

// DangerChoice is a dangerous permission to acknowledge.
type DangerChoice struct {
	Permission   string
	Acknowledged bool
}

// ToxicNote is a combination that nobody should hold.
type ToxicNote struct{ Name, Reason string }

// The pages that say who is affected: the words of each are "portal.effect.EFFECT".
const (
	OfRole      = "role"
	OfPolicy    = "policy"
	OfRemoval   = "removal"
	OfNewRole   = "role_new"
	OfNewPolicy = "policy_new"
)

// Typed is a hidden field.
type Typed struct{ Name, Value string }

// EffectView says who gains and who loses what before it is done (R6). Fields: all
// that was typed before, dangerous (several, acknowledged), step, after; of a removal name.
type EffectView struct {
	Page
	Form
	Effect    string
	Subject   string
	Action    string
	Back      string
	Typed     []Typed
	Holders   int64
	Gain      int64
	Lose      int64
	Fall      int64
	More      bool // so many have it that not all were looked at
	Shifts    []ShiftRow
	People    []AffectedRow
	After     string // where this page of them begins; "" for the first
	Next      string // where the next one does; "" for none
	Roles     []PersonLink
	Dangerous []DangerChoice
	Blocked   []ToxicNote
	Flagged   []ToxicNote
	OwnRole   bool
	Fallback  string // the name of the fallback role, of a removal
	Name      string // as typed to confirm
	Revision  string
}

func (EffectView) name() string { return "effect" }

// Possible tells whether it would be done.
func (v EffectView) Possible() bool { return len(v.Blocked) == 0 && !v.OwnRole }

// Unchanged tells whether nobody gains or loses anything.
func (v EffectView) Unchanged() bool { return v.Gain == 0 && v.Lose == 0 && v.Fall == 0 }

// Removal tells whether a role goes.
func (v EffectView) Removal() bool { return v.Effect == OfRemoval }

// New tells whether it is something that nobody has yet.
func (v EffectView) New() bool { return v.Effect == OfNewRole || v.Effect == OfNewPolicy }

// NextHref is the next page of people, where nothing is sent.
func (v EffectView) NextHref() string { return with(v.Action, url.Values{"after": {v.Next}}) }

// PolicyRow is one line of the list of policies.
type PolicyRow struct {
	ID, Name, Description string
	Permissions, Roles    int
	Dangerous             bool
}

// PoliciesView lists the shared policies.
type PoliciesView struct {
	Page
	Query   string
	Rows    []PolicyRow
	Total   int
	MayMake bool
}

func (PoliciesView) name() string { return "policies" }

// PolicyView is one policy's page.
type PolicyView struct {
	Page
	Policy   PolicyRow
	Sections []RoleSection
	Roles    []PersonLink
	MayEdit  bool
}

func (PolicyView) name() string { return "policy" }

// PolicyDropView deletes a policy, or says which roles have it. Fields: name, revision.
type PolicyDropView struct {
	Page
	Form
	Policy   PolicyRow
	Roles    []PersonLink
	Typed    string
	Revision string
}

func (PolicyDropView) name() string { return "policy_drop" }

// AdjustColumn is what a template is adjusted by, for one resource.
type AdjustColumn struct {
	Deed    string // view, edit, create, delete
	Choices []PermitChoice
}

// AdjustRow is one resource.
type AdjustRow struct {
	Section string
	Columns []AdjustColumn
}

// AdjustView adjusts somebody's copy of a template (R18). Fields: permissions
// (several), dangerous (several, acknowledged), revision.
type AdjustView struct {
	Page
	Form
	User     UserHead
	Role     string
	RoleID   string
	Scope    Grant
	First    bool // their copy is made now
	Rows     []AdjustRow
	Dangers  []DangerChoice // to acknowledge
	Revision string
}

func (AdjustView) name() string { return "adjust" }

// Deeds are the heads of the columns.
func (AdjustView) Deeds() []string { return deeds() }
