package audit

import "strings"

// Actions are all that an entry can tell; each has its words in package lang
// under "action.NAME".
var Actions = []string{
	AccountCreated, AccountOpened, AccountChanged, AccountDeactivated, AccountReactivated,
	EntityCreated, EntityChanged, EntityDeactivated, EntityReactivated, LocationCreated, PlatformInitialised, DemoFilled,
	UserInvited, UserActivated, UserEdited, UserDeactivated, UserReactivated, UserDeleted, UserErased, UserAccessChanged,
	RoleCreated, RoleChanged, RoleMigrated, RoleDeleted, RoleAdjusted, PolicyCreated, PolicyChanged, PolicyDeleted, MatrixExported,
	EmailCorrected, EmailChangeStarted, EmailConfirmed, EmailChanged, EmailChangeDropped,
	InvitationResent, InvitationDeactivated, UsersExported,
	PasswordSet, PasswordConfirmed, PasswordChanged, ResetAsked, ResetSent, PasswordReset, RenewalAsked, FactorAdded, FactorRenamed, FactorRemoved, FactorReset, FactorAgain,
	RecoveryCodesMade, RecoveryCodesRemoved, RecoveryCodeUsed,
	SignedIn, SignInProved, SessionConfirmed, SignedOut, SignInFailed, SignInLocked, LockTold, SignInUnlocked, SessionsEnded,
	UserInactive, UserAwake, InactivityWarned,
	TokenCreated, TokenRevoked, TokenRefused,
	TypeRegistered, TypeChanged, TypeRetired, TypeReinstated, UserPropertyRegistered, UserPropertyChanged, UserPropertyRetired, UserPropertyReinstated,
	ResourceStored, ResourceChanged, ResourceRemoved, PropertiesChanged,
	AuditSearched, AuditExported, AccountsExported, PageRefused, ProfileChanged, ServerStarted, ServerStopped,
}

// The groups that actions are told apart by in a search; each has its words in
// package lang under "action.group.NAME".
const (
	GroupPeople    = "people"    // users, their access and invitations
	GroupSigningIn = "signin"    // passwords, factors, sessions
	GroupAccounts  = "accounts"  // the tree
	GroupServices  = "services"  // service tokens, resource types and what is stored of them
	GroupOperation = "operation" // the log itself, the server, and all else
)

// Groups lists them in the order in which people read them.
func Groups() []string {
	return []string{GroupPeople, GroupSigningIn, GroupAccounts, GroupServices, GroupOperation}
}

// subjects are what the first halves of actions are about.
var subjects = map[string]string{
	"user": GroupPeople, "users": GroupPeople, "invitation": GroupPeople, "role": GroupPeople, "policy": GroupPeople,
	"password": GroupSigningIn, "factor": GroupSigningIn, "session": GroupSigningIn, "sessions": GroupSigningIn, "signin": GroupSigningIn,
	"recovery": GroupSigningIn, "reset": GroupSigningIn, "email": GroupSigningIn,
	"account": GroupAccounts, "accounts": GroupAccounts, "entity": GroupAccounts, "location": GroupAccounts, "setting": GroupAccounts, "settings": GroupAccounts,
	"service_token": GroupServices, "resource_type": GroupServices, "user_property": GroupServices, "resource": GroupServices,
}

// Group lists the actions of a group; nil when there is no such group.
func Group(name string) (list []string) {
	for _, a := range Actions {
		if GroupOf(a) == name {
			list = append(list, a)
		}
	}
	return list
}

// GroupOf is the group that an action belongs to.
func GroupOf(action string) string {
	subject, _, _ := strings.Cut(action, ".")
	if g := subjects[subject]; g != "" {
		return g
	}
	return GroupOperation
}

// The actions, by their stable names.
const (
	PlatformInitialised    = "platform.initialised"
	DemoFilled             = "platform.demo_filled"
	AccountCreated         = "account.created"
	AccountOpened          = "account.opened"
	AccountChanged         = "account.changed"
	AccountDeactivated     = "account.deactivated"
	AccountReactivated     = "account.reactivated"
	AccountsExported       = "accounts.exported"
	EntityCreated          = "entity.created"
	EntityChanged          = "entity.changed"
	EntityDeactivated      = "entity.deactivated"
	EntityReactivated      = "entity.reactivated"
	LocationCreated        = "location.created"
	UserInvited            = "user.invited"
	UserActivated          = "user.activated"
	UserDeactivated        = "user.deactivated"
	UserReactivated        = "user.reactivated"
	UserEdited             = "user.edited"
	UserDeleted            = "user.deleted"
	UserErased             = "user.erased"
	EmailCorrected         = "user.email_corrected"
	EmailChangeStarted     = "user.email_change_started"
	EmailConfirmed         = "user.email_confirmed"
	EmailChanged           = "user.email_changed"
	EmailChangeDropped     = "user.email_change_dropped"
	UserAccessChanged      = "user.access_changed"
	ProfileChanged         = "user.profile_changed"
	RoleCreated            = "role.created"
	RoleChanged            = "role.changed"
	RoleMigrated           = "role.migrated" // a legacy role's permissions became its own policy
	RoleDeleted            = "role.deleted"
	RoleAdjusted           = "role.adjusted" // somebody's copy of a template
	PolicyCreated          = "policy.created"
	PolicyChanged          = "policy.changed"
	PolicyDeleted          = "policy.deleted"
	MatrixExported         = "roles.exported" // the matrix of roles and permissions, as a file
	UsersExported          = "users.exported"
	InvitationResent       = "invitation.resent"
	InvitationDeactivated  = "invitation.deactivated"
	PasswordSet            = "password.set"
	PasswordConfirmed      = "password.confirmed"
	PasswordChanged        = "password.changed"
	ResetAsked             = "password.reset_asked" // somebody has forgotten it
	ResetSent              = "password.reset_sent"  // by an administrator
	PasswordReset          = "password.reset"
	RenewalAsked           = "password.renewal_asked" // an administrator asks for another one at the next sign-in
	FactorAdded            = "factor.added"
	FactorRenamed          = "factor.renamed"
	FactorRemoved          = "factor.removed"
	FactorReset            = "factor.reset"
	FactorAgain            = "factor.again" // an administrator asks for a new set-up
	RecoveryCodesMade      = "recovery_codes.made"
	RecoveryCodesRemoved   = "recovery_codes.removed"
	RecoveryCodeUsed       = "recovery_code.used"
	SignedIn               = "session.started"
	SignInProved           = "signin.proved" // all was right, and something is still asked before the session
	SessionConfirmed       = "session.confirmed"
	SignedOut              = "session.ended"
	SessionsEnded          = "sessions.ended"
	SignInFailed           = "signin.failed"
	SignInLocked           = "signin.locked"
	LockTold               = "signin.lock_told"
	SignInUnlocked         = "signin.unlocked"
	UserInactive           = "user.locked_inactive"
	UserAwake              = "user.unlocked_inactive"
	InactivityWarned       = "user.inactivity_warned"
	TokenCreated           = "service_token.created"
	TokenRevoked           = "service_token.revoked"
	TokenRefused           = "service_token.refused"
	TypeRegistered         = "resource_type.registered"
	TypeChanged            = "resource_type.changed"
	TypeRetired            = "resource_type.retired"
	TypeReinstated         = "resource_type.reinstated"
	UserPropertyRegistered = "user_property.registered"
	UserPropertyChanged    = "user_property.changed"
	UserPropertyRetired    = "user_property.retired"
	UserPropertyReinstated = "user_property.reinstated"
	ResourceStored         = "resource.stored"
	ResourceChanged        = "resource.changed"
	ResourceRemoved        = "resource.removed"
	PropertiesChanged      = "user.properties_changed" // the values of a member's
	AuditSearched          = "audit.searched"
	AuditExported          = "audit.exported"
	PageRefused            = "request.refused"
	ServerStarted          = "audit.started"
	ServerStopped          = "audit.stopped"
)
