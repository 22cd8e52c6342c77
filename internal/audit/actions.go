package audit

// Actions are all that an entry can tell; each has its words in package lang
// under "action.NAME".
var Actions = []string{
	AccountCreated, AccountOpened, EntityCreated, LocationCreated, PlatformInitialised, DemoFilled,
	UserInvited, UserActivated, UserEdited, UserDeactivated, UserReactivated, UserDeleted, UserErased, UserAccessChanged,
	EmailCorrected, EmailChangeStarted, EmailConfirmed, EmailChanged, EmailChangeDropped,
	InvitationResent, InvitationDeactivated, UsersExported,
	PasswordSet, PasswordConfirmed, PasswordChanged, FactorAdded, FactorRenamed, FactorRemoved, FactorReset, FactorAgain,
	RecoveryCodesMade, RecoveryCodesRemoved, RecoveryCodeUsed,
	SignedIn, SignInProved, SessionConfirmed, SignedOut, SignInFailed, SignInLocked, SessionsEnded,
	TokenCreated, TokenRevoked, TokenRefused,
	AuditSearched, PageRefused, ProfileChanged, ServerStarted, ServerStopped,
}

// The actions, by their stable names.
const (
	PlatformInitialised   = "platform.initialised"
	DemoFilled            = "platform.demo_filled"
	AccountCreated        = "account.created"
	AccountOpened         = "account.opened"
	EntityCreated         = "entity.created"
	LocationCreated       = "location.created"
	UserInvited           = "user.invited"
	UserActivated         = "user.activated"
	UserDeactivated       = "user.deactivated"
	UserReactivated       = "user.reactivated"
	UserEdited            = "user.edited"
	UserDeleted           = "user.deleted"
	UserErased            = "user.erased"
	EmailCorrected        = "user.email_corrected"
	EmailChangeStarted    = "user.email_change_started"
	EmailConfirmed        = "user.email_confirmed"
	EmailChanged          = "user.email_changed"
	EmailChangeDropped    = "user.email_change_dropped"
	UserAccessChanged     = "user.access_changed"
	ProfileChanged        = "user.profile_changed"
	UsersExported         = "users.exported"
	InvitationResent      = "invitation.resent"
	InvitationDeactivated = "invitation.deactivated"
	PasswordSet           = "password.set"
	PasswordConfirmed     = "password.confirmed"
	PasswordChanged       = "password.changed"
	FactorAdded           = "factor.added"
	FactorRenamed         = "factor.renamed"
	FactorRemoved         = "factor.removed"
	FactorReset           = "factor.reset"
	FactorAgain           = "factor.again" // an administrator asks for a new set-up
	RecoveryCodesMade     = "recovery_codes.made"
	RecoveryCodesRemoved  = "recovery_codes.removed"
	RecoveryCodeUsed      = "recovery_code.used"
	SignedIn              = "session.started"
	SignInProved          = "signin.proved" // all was right, and something is still asked before the session
	SessionConfirmed      = "session.confirmed"
	SignedOut             = "session.ended"
	SessionsEnded         = "sessions.ended"
	SignInFailed          = "signin.failed"
	SignInLocked          = "signin.locked"
	TokenCreated          = "service_token.created"
	TokenRevoked          = "service_token.revoked"
	TokenRefused          = "service_token.refused"
	AuditSearched         = "audit.searched"
	PageRefused           = "request.refused"
	ServerStarted         = "audit.started"
	ServerStopped         = "audit.stopped"
)
