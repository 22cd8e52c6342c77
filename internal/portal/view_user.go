package portal

import "slices"

// Act is something done to a user, with a page that confirms it first; it is
// also the last part of that page's address.
type Act string

// The acts; those on tokens, accounts and entities are confirmed by the same page.
const (
	Deactivate           Act = "deactivation"
	Activate             Act = "activation"
	Delete               Act = "deletion"
	ResendInvitation     Act = "invitation"
	DeactivateInvitation Act = "invitation-deactivation"
	SetUpSecondFactor    Act = "second-factor-renewal"
	DropEmailChange      Act = "email-withdrawal"
	ResetSecondFactor    Act = "second-factor-reset"
	SendResetLink        Act = "password-reset"
	RequirePassword      Act = "password-renewal"
	UnlockSignIn         Act = "unlocking"
	SignOutEverywhere    Act = "sign-out"
	RevokeToken          Act = "revocation"
	DeactivateAccount    Act = "account-deactivation"
	ActivateAccount      Act = "account-activation"
	DeactivateEntity     Act = "entity-deactivation"
	ActivateEntity       Act = "entity-activation"
	RetireType           Act = "type-retirement"
	ReinstateType        Act = "type-reinstatement"
	RetireProperty       Act = "property-retirement"
	ReinstateProperty    Act = "property-reinstatement"
	RemoveRecordAct      Act = "record-removal"
)

// UserHead is who a user's page is about, the same on each of its tabs.
type UserHead struct {
	ID                 string
	Name               string
	Identifier         string
	Status             Status
	Since              Moment // of the status
	Until              Moment // when a lock opens by itself; zero when it does not, or it is not known
	By                 string // who brought the status about; "" when it came by itself
	Why                string // the reason given; may be empty
	Self               bool   // the viewer: their own access is not theirs to change
	FirstAdministrator bool
	MayChangeAccess    bool
	MayEditDetails     bool
	MayChangeEmail     bool
	MayAct             []Act // those the viewer may do now
	DeletionOff        bool  // the viewer could delete them, if the account's settings let anybody
	MaySeeActivity     bool

	InvitationLost *MailRow      // the invitation never arrived; nil when it did, or is under way
	NewEmail       *PendingEmail // an address that waits to be confirmed; nil for none
}

// More tells whether the menu of further actions has anything.
func (h UserHead) More() bool {
	inMenu := []Act{SendResetLink, RequirePassword, SignOutEverywhere, SetUpSecondFactor, ResetSecondFactor, DeactivateInvitation, Deactivate, Delete}
	return h.MayChangeEmail || h.DeletionOff || slices.ContainsFunc(inMenu, h.May)
}

// PendingEmail is a change of address that is not confirmed yet.
type PendingEmail struct {
	Email string
	Until Moment
	By    string // who began it; may be empty
}

// MailRow is what became of a message.
type MailRow struct {
	Kind  string // "portal.mail.kind.KIND"
	State string // "portal.mail.state.STATE": queued, sent, refused, bounced, failed
	Cause string // "portal.mail.cause.CAUSE"; "" when there is nothing to tell
	Code  string // of the mail server: "5.1.1"; may be empty
	At    Moment // when it was queued
	Done  Moment // since when it is so; zero while it is queued
	Next  Moment // when it is tried again, while it is queued
	Tries int
}

// Lost tells that it will not arrive.
func (m MailRow) Lost() bool {
	return m.State == "refused" || m.State == "bounced" || m.State == "failed"
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
	Deprecated  bool   // given to nobody any more, and allows nothing
	Copy        bool   // their own copy of a template
	AdjustHref  string // where what it gives is adjusted for them; "" where it cannot
}

// UserOverview is the first tab.
type UserOverview struct {
	Page
	User              UserHead
	Email             string
	Phone             string
	Language          string // its code
	Created           Moment
	CreatedBy         string
	LastSignIn        Moment
	Factor            Factor
	FactorRequired    bool
	FactorActions     string   // "portal.action.ACTION", where it is required
	Networks          []string // from where they may act; empty is from anywhere
	Values            []PropertyValue
	MayValues         bool     // the viewer may change these
	InvitationExpires Moment   // when Status is Invited or InvitationExpired
	LastMail          *MailRow // nil when none was sent
	Grants            []Grant
	Activity          []ActivityRow // the last few; empty when not permitted
}

func (UserOverview) name() string { return "user_overview" }

// Tabs are the tabs the viewer may open.
func (v UserOverview) Tabs() []UserTab { return tabs(v.Page, v.User, "overview") }

// AccessSource is where a permission comes from.
type AccessSource struct {
	Role        string
	Policy      string   // "" when the role's own
	Limits      []string // restrictions to some records in words, any of which is enough; none is all of them
	Where       string   // one of the entities: id
	Entities    []string
	AllEntities bool
	From        Moment // zero: since it was given
	Until       Moment
}

// AccessLine is one permission somebody has.
type AccessLine struct {
	Permission string // "transactions:export"
	Sources    []AccessSource
	Dangerous  bool
	NeedsTwo   bool   // needs two-factor
	Lost       bool   // not held at the moment, because two-factor is not set up
	WhyHref    string // the whole chain; "" without a source
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
	NotYet   string   // "portal.user.notyet.WHY": why none of it holds at the moment; "" when it does
	Networks []string // from where alone it holds; empty is from anywhere
}

func (UserAccess) name() string { return "user_access" }

// NothingAsked is the question that is still to be asked.
func (v UserAccess) NothingAsked() ExplainFilter { return ExplainFilter{} }

// OpenExplain is the key of the words that lead to it.
func (v UserAccess) OpenExplain() string {
	if v.User.Self {
		return "portal.explain.open.self"
	}
	return "portal.explain.open"
}

// Tabs are the tabs the viewer may open.
func (v UserAccess) Tabs() []UserTab { return tabs(v.Page, v.User, "access") }

// UserSecurity is the tab about signing in.
type UserSecurity struct {
	Page
	User            UserHead
	Factor          Factor
	FactorSince     Moment
	FactorRequired  bool
	FactorActions   string // "portal.action.ACTION", where it is required
	Networks        []string
	Locked          bool   // after wrong attempts
	LockedUntil     Moment // when that opens by itself; zero: it does not
	InactiveSince   Moment // locked because it was not used; zero: it is not
	Mails           []MailRow
	MailsOurs       bool   // only those that this account caused are shown
	PasswordSince   Moment // zero: none chosen yet
	LastSignIn      Moment
	LastAddress     string // where from
	AskedSince      Moment // another password is asked for at the next sign-in; zero: it is not
	OpenSessions    int
	MaySeeSessions  bool // which they are, for whoever may end them
	Sessions        []SessionRow
	MoreSessions    int // that are not shown
	Revision        string
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
	Attempts    int // wrong ones, of a lock that ends
	CutAccounts int // that are cut off with an account, itself among them
	CutUsers    int // the users of those
	Named       int // roles and policies that name what is retired
	Revision    string
}

func (ConfirmView) name() string { return "confirm" }

// Dangerous acts have the red button.
func (v ConfirmView) Dangerous() bool {
	switch v.Act {
	case Activate, ResendInvitation, SetUpSecondFactor, SendResetLink, UnlockSignIn, ActivateAccount, ActivateEntity, ReinstateType, ReinstateProperty:
		return false
	}
	return true
}
