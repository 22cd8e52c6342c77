package portal

import "countersign/internal/people"

// RoleChoice is a role that can be given.
type RoleChoice struct {
	ID          string
	Name        string
	Description string
	Permissions int
	Dangerous   []string // names of the dangerous permissions it brings; empty for none
	Selected    bool
	Refused     string // why it cannot be given, in the viewer's words; "" when it can
	Sections    []RoleSection
	Warning     string // what it is given with beside those; "" for none
	Deprecated  bool   // given to nobody any more: somebody has it
	Template    bool   // they get a copy of their own
	Copy        bool   // their own copy of a template
}

// Acknowledged tells whether whoever gives it must say that they know what it allows.
func (r RoleChoice) Acknowledged() bool { return len(r.Dangerous) > 0 || r.Warning != "" }

// EntityChoice is an entity that access can be given over.
type EntityChoice struct {
	ID         string
	Name       string
	CustomerID string
	Kind       string // "merchant"
	Depth      int    // below the account's own entity; at most 4 is drawn
	Selected   bool
}

// AccessPicker chooses roles and entities. Fields: roles (several, or one when
// OneRole), entities (several), all_entities, acknowledge; and where there are
// many entities, find_entities with the button find, which shows the form again
// with what was found and everything that was typed.
type AccessPicker struct {
	Roles          []RoleChoice
	OneRole        bool
	RoleMandatory  bool
	Entities       []EntityChoice // all that can be chosen, or when Many those that are chosen
	Scope          string         // "portal.picker.scope.SCOPE": must they be chosen, does none mean all, or is there no choice
	MayAllEntities bool
	AllEntities    bool
	Acknowledged   bool

	Many  bool           // too many entities to show: they are searched
	Find  string         // what was searched for
	Found []EntityChoice // and found, without those that are chosen
	More  bool           // more were found than are shown
}

// Danger tells whether any role on offer must be acknowledged.
func (p AccessPicker) Danger() bool {
	for _, r := range p.Roles {
		if r.Acknowledged() {
			return true
		}
	}
	return false
}

// FactorFields ask for what is asked of a second factor. Fields:
// two_factor_required (yes, no) and two_factor_actions.
type FactorFields struct {
	ForAll   bool     // the account requires it of everybody: nothing to say
	MustSay  bool     // the first field is mandatory
	Required string   // "yes", "no", or "" while nothing is said
	MustAct  bool     // the second field is mandatory
	Actions  []string // what can be chosen; one alone is no choice
	Action   string
}

// NetworksField asks from where somebody may act. Field: allowed_ips, one a line.
type NetworksField struct {
	Offered bool // the account restricts its users so
	Text    string
}

// Difference is a field that somebody else changed while a form was open.
type Difference struct {
	Label       string // message key
	Before, Now string
}

// InviteView invites somebody. Fields: first_name, last_name, email, phone,
// language, those of FactorFields, NetworksField and AccessPicker, and the button
// foresee, which shows the form again with what they could do.
type InviteView struct {
	Page
	Form
	AccessPicker
	Must          people.Mandatory
	FirstName     string
	LastName      string
	Email         string
	Phone         string
	Language      string
	Factor        FactorFields
	Networks      NetworksField
	LifetimeHours int    // of the invitation
	Moves         *Moves // what they could do, when that was asked; nil else
}

func (InviteView) name() string { return "invite" }

// EditAccessView changes a user's roles and entities. Fields: those of
// AccessPicker, revision, which refuses what is stale, and seen, which remembers
// what was there. AccessEffectView comes before it is saved.
type EditAccessView struct {
	Page
	Form
	AccessPicker
	User     UserHead
	Revision string
	Seen     string
	Changed  []Difference // what somebody else changed meanwhile
}

func (EditAccessView) name() string { return "edit_access" }

// EditDetailsView changes what an account keeps of a user. Fields: first_name,
// last_name, phone and language unless Shared; those of FactorFields when
// MayFactor, and of NetworksField; revision and seen as in EditAccessView.
type EditDetailsView struct {
	Page
	Form
	User      UserHead
	Must      people.Mandatory
	Shared    bool // they are in other accounts too: their details are theirs
	FirstName string
	LastName  string
	Phone     string
	Language  string
	MayFactor bool
	Factor    FactorFields
	Networks  NetworksField
	Revision  string
	Seen      string
	Changed   []Difference
}

func (EditDetailsView) name() string { return "edit_details" }

// ChangeEmailView gives a user another address. Fields: email, revision.
type ChangeEmailView struct {
	Page
	Form
	User     UserHead
	Current  string
	Email    string // as typed
	Waiting  bool   // they have not come in yet: the invitation goes to the new address
	Hours    int    // in which the new address must be confirmed
	Revision string
}

func (ChangeEmailView) name() string { return "change_email" }
