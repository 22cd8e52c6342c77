package portal

// Act is something done to a user, with a page that confirms it first; it is
// also the last part of that page's address.
type Act string

// The acts; those on tokens, accounts and entities are confirmed by the same page.
const (
	Deactivate           Act = "deactivation"
	Activate             Act = "activation"
	ResendInvitation     Act = "invitation"
	DeactivateInvitation Act = "invitation-deactivation"
	ResetSecondFactor    Act = "second-factor-reset"
	RevokeToken          Act = "revocation"
	DeactivateAccount    Act = "account-deactivation"
	ActivateAccount      Act = "account-activation"
	DeactivateEntity     Act = "entity-deactivation"
	ActivateEntity       Act = "entity-activation"
)

// UserHead is who a user's page is about, the same on each of its tabs.
type UserHead struct {
	ID                 string
	Name               string
	Identifier         string
	Status             Status
	Since              Moment // of the status
	By                 string // who brought the status about; "" when it came by itself
	Why                string // the reason given; may be empty
	Self               bool   // the viewer: their own access is not theirs to change
	FirstAdministrator bool
	MayChangeAccess    bool
	MayAct             []Act // those the viewer may do now
	MaySeeActivity     bool
}

// May tells whether the viewer may do it now.
func (h UserHead) May(act Act) bool {
	for _, a := range h.MayAct {
		if a == act {
			return true
		}
	}
	return false
}

// UserTab is a tab of a user's page.
type UserTab struct {
	Label  string // "portal.tab.LABEL"
	Href   string
	Active bool
}

func tabs(p Page, h UserHead, active string) []UserTab {
	names := []string{"overview", "access", "security"}
	if h.MaySeeActivity {
		names = append(names, "activity")
	}
	out := make([]UserTab, len(names))
	for i, n := range names {
		out[i] = UserTab{Label: n, Href: p.To().UserTab(h.ID, n), Active: n == active}
	}
	return out
}

// Grant is one role over some entities, as a person reads it.
type Grant struct {
	Role        string
	RoleID      string
	Entities    []string
	AllEntities bool
	Until       Moment // zero: without end
	Dangerous   bool
}

// UserOverview is the first tab.
type UserOverview struct {
	Page
	User              UserHead
	Email             string
	Language          string // its code
	Created           Moment
	CreatedBy         string
	LastSignIn        Moment
	Factor            Factor
	InvitationExpires Moment // when Status is Invited or InvitationExpired
	Grants            []Grant
	Activity          []ActivityRow // the last few; empty when not permitted
}

func (UserOverview) name() string { return "user_overview" }

// Tabs are the tabs the viewer may open.
func (v UserOverview) Tabs() []UserTab { return tabs(v.Page, v.User, "overview") }

// AccessSource is where a permission comes from.
type AccessSource struct {
	Role        string
	Policy      string // "" when the role's own
	Entities    []string
	AllEntities bool
	Until       Moment
}

// AccessLine is one permission somebody has.
type AccessLine struct {
	Permission string // "transactions:export"
	Sources    []AccessSource
	Dangerous  bool
	NeedsTwo   bool // needs two-factor
	Lost       bool // not held at the moment, because two-factor is not set up
}

// AccessSection is what somebody may do in one section.
type AccessSection struct {
	Section   string // the permissions' resource: "transactions"
	Href      string // the section's page; "" when there is none
	Elsewhere bool   // used in connected services
	Lines     []AccessLine
}

// UserAccess is the tab that explains what a user may do, and why.
type UserAccess struct {
	Page
	User     UserHead
	Grants   []Grant
	Sections []AccessSection
}

func (UserAccess) name() string { return "user_access" }

// Tabs are the tabs the viewer may open.
func (v UserAccess) Tabs() []UserTab { return tabs(v.Page, v.User, "access") }

// UserSecurity is the tab about signing in.
type UserSecurity struct {
	Page
	User            UserHead
	Factor          Factor
	FactorSince     Moment
	FactorRequired  bool
	PasswordSince   Moment // zero: none chosen yet
	LastSignIn      Moment
	LastAddress     string // where from
	OpenSessions    int
	FailedAttempts  int
	AttemptsAllowed int
	Shared          bool // they are in other accounts too: how they sign in is not this one's to know
}

func (UserSecurity) name() string { return "user_security" }

// Tabs are the tabs the viewer may open.
func (v UserSecurity) Tabs() []UserTab { return tabs(v.Page, v.User, "security") }

// UserActivity is the tab with what a user did.
type UserActivity struct {
	Page
	User  UserHead
	Rows  []ActivityRow
	Pager Pager // whole addresses are made from the cursors
}

func (UserActivity) name() string { return "user_activity" }

// Tabs are the tabs the viewer may open.
func (v UserActivity) Tabs() []UserTab { return tabs(v.Page, v.User, "activity") }

// PreviousPage is the address of the page before, or "".
func (v UserActivity) PreviousPage() string { return v.turn(v.Pager.Previous) }

// NextPage is the address of the page after, or "".
func (v UserActivity) NextPage() string { return v.turn(v.Pager.Next) }

func (v UserActivity) turn(cursor string) string {
	if cursor == "" {
		return ""
	}
	return with(v.To().UserTab(v.User.ID, "activity"), pairs("cursor", cursor))
}

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
}

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
// OneRole), entities (several), all_entities, acknowledge.
type AccessPicker struct {
	Roles          []RoleChoice
	OneRole        bool
	Entities       []EntityChoice
	MayAllEntities bool
	AllEntities    bool
	Acknowledged   bool
}

// Danger tells whether any role on offer must be acknowledged.
func (p AccessPicker) Danger() bool {
	for _, r := range p.Roles {
		if len(r.Dangerous) > 0 {
			return true
		}
	}
	return false
}

// InviteView invites somebody. Fields: first_name, last_name, email, language
// and those of AccessPicker.
type InviteView struct {
	Page
	Form
	AccessPicker
	FirstName     string
	LastName      string
	Email         string
	Language      string
	LastRequired  bool
	LifetimeHours int // of the invitation
}

func (InviteView) name() string { return "invite" }

// EditAccessView changes a user's roles and entities. Fields: those of
// AccessPicker, and revision, which refuses what is stale.
type EditAccessView struct {
	Page
	Form
	AccessPicker
	User     UserHead
	Revision string
}

func (EditAccessView) name() string { return "edit_access" }

// ConfirmView says what will happen before it does. Fields: reason, name, revision.
type ConfirmView struct {
	Page
	Form
	Act         Act
	Subject     string // the name of the person or token
	Identifier  string // e-mail or the like; may be empty
	Action      string // where the form is sent
	Back        string // the way out
	AskReason   bool
	NeedReason  bool
	Reason      string // as typed
	TypeName    bool   // the subject's name must be typed
	Typed       string
	Sessions    int // open ones that end
	ExpiryHours int // of a resent invitation
	CutAccounts int // that are cut off with an account, itself among them
	CutUsers    int // the users of those
	Revision    string
}

func (ConfirmView) name() string { return "confirm" }

// Dangerous acts have the red button.
func (v ConfirmView) Dangerous() bool {
	switch v.Act {
	case Activate, ResendInvitation, ActivateAccount, ActivateEntity:
		return false
	}
	return true
}
