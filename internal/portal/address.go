package portal

import (
	"net/url"
	"strings"
)

// Addresses outside an account.
const (
	SignInPath        = "/signin"
	PasskeyPath       = "/signin/passkey"
	CodePath          = "/signin/code"
	AfterPasskeyPath  = "/signin/password"
	SetupPath         = "/signin/setup"
	SetupKeyPath      = "/signin/setup/key"
	CodesPath         = "/signin/codes"
	RenewPath         = "/signin/change"
	ForgottenPath     = "/forgotten"
	ResetPath         = "/reset"
	ResetDonePath     = "/reset/done"
	SignOutPath       = "/signout"
	StayPath          = "/session/stay"
	DraftPath         = "/session/draft"
	ActivatePath      = "/activate"
	EmailLinkPath     = "/email"
	MePath            = "/me"
	MyEmailPath       = "/me/email"
	MyEmailDropPath   = "/me/email/withdrawal"
	MyPasswordPath    = "/me/password"
	MySessionsPath    = "/me/sessions"
	EndMyOthersPath   = "/me/sessions/sign-out"
	ConfirmPath       = "/me/confirm"
	MyFactorsPath     = "/me/factors"
	MyNewAppPath      = "/me/factors/app"
	MyNewKeyPath      = "/me/factors/key"
	MyCodesPath       = "/me/recovery-codes"
	LanguagePath      = "/language"
	ThemePath         = "/theme"
	HelpPath          = "/help"
	AssetsPath        = "/assets/"
	FrontDoorPath     = "/"
	accountPathPrefix = "/a/"
)

// MyFactor is the page of one of one's own second factors.
func MyFactor(id string) string { return MyFactorsPath + "/" + url.PathEscape(id) }

// RemoveMyFactor confirms that one of one's own second factors goes, and does it
// when posted to.
func RemoveMyFactor(id string) string { return MyFactor(id) + "/removal" }

// EndMySession signs out of one of one's own sessions when posted to.
func EndMySession(ref string) string { return MySessionsPath + "/" + url.PathEscape(ref) + "/sign-out" }

// Addresses makes the addresses of one account. The zero value leads to the front door.
type Addresses struct{ customerID string }

// InAccount gives the addresses of the account with that customer ID.
func InAccount(customerID string) Addresses { return Addresses{customerID} }

func (a Addresses) at(parts ...string) string {
	if a.customerID == "" {
		return FrontDoorPath
	}
	var b strings.Builder
	b.WriteString(accountPathPrefix + url.PathEscape(a.customerID))
	for _, p := range parts {
		b.WriteString("/" + url.PathEscape(p))
	}
	return b.String()
}

func with(path string, values url.Values) string {
	if q := values.Encode(); q != "" {
		return path + "?" + q
	}
	return path
}

// Home is the account's first page.
func (a Addresses) Home() string { return strings.TrimSuffix(a.at(), "/") + "/" }

// Users is the list of users, narrowed by a filter.
func (a Addresses) Users(f UsersFilter) string { return with(a.at("users"), f.Values()) }

// ExportUsers is the file of all users that a filter leaves.
func (a Addresses) ExportUsers(f UsersFilter) string {
	return with(a.at("users", "export"), f.Values())
}

// UserColumns is where the choice of the list's columns is sent.
func (a Addresses) UserColumns() string { return a.at("users", "columns") }

// ManyUsers is where the ticked users of the list are sent, and the page that asks
// whether to go on.
func (a Addresses) ManyUsers() string { return a.at("users", "bulk") }

// ActOnMany is where an act on many users is confirmed.
func (a Addresses) ActOnMany(act Act) string { return a.at("users", "bulk", string(act)) }

// Search is where the top bar's search goes, with ?q=.
func (a Addresses) Search() string { return a.at("search") }

// UserSearch is where the search of the list of users goes: the list with ?q=.
func (a Addresses) UserSearch() string { return a.at("users") }

// NewUser is the form that invites somebody.
func (a Addresses) NewUser() string { return a.at("users", "new") }

// User is one user's page.
func (a Addresses) User(id string) string { return a.at("users", id) }

// UserTab is a tab of it: access, security or activity.
func (a Addresses) UserTab(id, tab string) string {
	if tab == "" || tab == "overview" {
		return a.User(id)
	}
	return a.at("users", id, tab)
}

// Explain asks why a user may do something, or may not.
func (a Addresses) Explain(id string, f ExplainFilter) string {
	return with(a.at("users", id, "explanation"), f.Values())
}

// EditUser is the form that changes a user's access.
func (a Addresses) EditUser(id string) string { return a.at("users", id, "edit") }

// EditDetails is the form that changes what the account keeps of a user.
func (a Addresses) EditDetails(id string) string { return a.at("users", id, "details") }

// ChangeEmail is the form that gives a user another address.
func (a Addresses) ChangeEmail(id string) string { return a.at("users", id, "email") }

// UserAct is the page that confirms an act on a user, and does it when posted to.
func (a Addresses) UserAct(id string, act Act) string { return a.at("users", id, string(act)) }

// EndUserSession signs a user out of one session when posted to.
func (a Addresses) EndUserSession(id, ref string) string {
	return a.at("users", id, "sessions", ref, "sign-out")
}

// Roles is the list of roles.
func (a Addresses) Roles() string { return a.at("roles") }

// Role is one role's page.
func (a Addresses) Role(id string) string { return a.at("roles", id) }

// RolesAll is the list of every role, or of those that a search finds.
func (a Addresses) RolesAll(query string) string {
	return with(a.Roles(), pairs("all", "yes", "q", query))
}

// NewRole is the form that makes one.
func (a Addresses) NewRole() string { return a.at("roles", "new") }

// EditRole is the form that changes one.
func (a Addresses) EditRole(id string) string { return a.at("roles", id, "edit") }

// CloneRole is the form that makes a clone of one.
func (a Addresses) CloneRole(id string) string { return a.at("roles", id, "clone") }

// DeleteRole says who is affected when a role goes, and deletes it when posted to.
func (a Addresses) DeleteRole(id string) string { return a.at("roles", id, "deletion") }

// Policies is the list of permission policies.
func (a Addresses) Policies() string { return a.at("policies") }

// NewPolicy is the form that makes one.
func (a Addresses) NewPolicy() string { return a.at("policies", "new") }

// Policy is one policy's page.
func (a Addresses) Policy(id string) string { return a.at("policies", id) }

// EditPolicy is the form that changes one.
func (a Addresses) EditPolicy(id string) string { return a.at("policies", id, "edit") }

// DeletePolicy confirms that a policy goes, and deletes it when posted to.
func (a Addresses) DeletePolicy(id string) string { return a.at("policies", id, "deletion") }

// Matrix is the table of roles and permissions.
func (a Addresses) Matrix(f MatrixFilter) string { return with(a.at("matrix"), f.Values()) }

// MatrixExport is that table as a file, with the roles that are chosen.
func (a Addresses) MatrixExport(f MatrixFilter) string {
	f.Page = 1
	return with(a.at("matrix", "export"), f.Values())
}

// Toxic is the report on combinations that nobody should hold.
func (a Addresses) Toxic() string { return a.at("toxic-combinations") }

// ToxicPeople lists who has one.
func (a Addresses) ToxicPeople(key, cursor string) string {
	return with(a.at("toxic-combinations", key), pairs("cursor", cursor))
}

// AdjustRole adjusts what a user has by a template.
func (a Addresses) AdjustRole(userID, roleID string) string {
	return a.at("users", userID, "roles", roleID)
}

// Activity is the audit log, narrowed by a filter.
func (a Addresses) Activity(f ActivityFilter) string { return with(a.at("activity"), f.Values()) }

// ActivityEntry is one entry's own page.
func (a Addresses) ActivityEntry(number string) string { return a.at("activity", number) }

// ActivityExport is the audit log as a file, narrowed by a filter.
func (a Addresses) ActivityExport(f ActivityFilter, format string) string {
	values := f.first().Values()
	values.Set("format", format)
	return with(a.at("activity", "export"), values)
}

// Accounts is the operators' list of accounts.
func (a Addresses) Accounts(f AccountsFilter) string { return with(a.at("accounts"), f.Values()) }

// AccountSearch is where the search of the list of accounts goes: the list with ?q=.
func (a Addresses) AccountSearch() string { return a.at("accounts") }

// NewAccount is the form that opens an account.
func (a Addresses) NewAccount() string { return a.at("accounts", "new") }

// OneAccount is an account's page.
func (a Addresses) OneAccount(id string) string { return a.at("accounts", id) }

// AccountsExport is that list as a file.
func (a Addresses) AccountsExport(f AccountsFilter) string {
	return with(a.at("accounts", "export"), f.first().Values())
}

// OneAccountBelow is a page of what is below an account, on its page.
func (a Addresses) OneAccountBelow(id, cursor string) string {
	return with(a.OneAccount(id), pairs("cursor", cursor)) + "#below"
}

// EditAccount is the form that changes an account's names.
func (a Addresses) EditAccount(id string) string { return a.at("accounts", id, "edit") }

// AccountAct is the page that confirms that an account is deactivated or
// activated, and does it when posted to.
func (a Addresses) AccountAct(id string, act Act) string {
	return a.at("accounts", id, strings.TrimPrefix(string(act), "account-"))
}

// Tree is the tree of entities.
func (a Addresses) Tree(f TreeFilter) string { return with(a.at("entities"), f.Values()) }

// NewEntity is the form that adds an entity, below one of them.
func (a Addresses) NewEntity(parent string) string {
	return with(a.at("entities", "new"), pairs("parent", parent))
}

// Entity is one entity's page.
func (a Addresses) Entity(id string) string { return a.at("entities", id) }

// EntityBelow is a page of what is below an entity, on its page.
func (a Addresses) EntityBelow(id, cursor string) string {
	return with(a.Entity(id), pairs("cursor", cursor)) + "#below"
}

// EditEntity is the form that renames an entity.
func (a Addresses) EditEntity(id string) string { return a.at("entities", id, "edit") }

// EntityAct is the page that confirms that an entity is deactivated or
// activated, and does it when posted to.
func (a Addresses) EntityAct(id string, act Act) string {
	return a.at("entities", id, strings.TrimPrefix(string(act), "entity-"))
}

// Settings is the account's own settings.
func (a Addresses) Settings() string { return a.at("settings") }

// ServiceTokens is the list of service tokens.
func (a Addresses) ServiceTokens() string { return a.at("service-tokens") }

// NewServiceToken is the form that makes one.
func (a Addresses) NewServiceToken() string { return a.at("service-tokens", "new") }

// RevokeServiceToken confirms that a token dies, and does it when posted to.
func (a Addresses) RevokeServiceToken(id string) string {
	return a.at("service-tokens", id, "revocation")
}

// ResourceTypes is the list of registered resource types, narrowed by a filter.
func (a Addresses) ResourceTypes(f TypesFilter) string {
	return with(a.at("resource-types"), f.Values())
}

// NewResourceType is the form that registers one.
func (a Addresses) NewResourceType() string { return a.at("resource-types", "new") }

// ResourceType is one type's page.
func (a Addresses) ResourceType(name string) string { return a.at("resource-types", name) }

// EditResourceType is the form that changes one.
func (a Addresses) EditResourceType(name string) string { return a.at("resource-types", name, "edit") }

// TypeAct is the page that confirms that a type is retired or reinstated, and does
// it when posted to.
func (a Addresses) TypeAct(name string, act Act) string {
	return a.at("resource-types", name, strings.TrimPrefix(string(act), "type-"))
}

// UserProperties is the list of registered properties of users, with the form for one.
func (a Addresses) UserProperties() string { return a.at("user-properties") }

// EditUserProperty is the form that changes the title of one.
func (a Addresses) EditUserProperty(name string) string { return a.at("user-properties", name, "edit") }

// UserPropertyAct is the page that confirms that one is retired or reinstated, and
// does it when posted to.
func (a Addresses) UserPropertyAct(name string, act Act) string {
	return a.at("user-properties", name, strings.TrimPrefix(string(act), "property-"))
}

// RecordTypes is the list of types of which the account can store records.
func (a Addresses) RecordTypes() string { return a.at("records") }

// Records is the list of what the account has stored of a type.
func (a Addresses) Records(typeName string, f RecordsFilter) string {
	return with(a.at("records", typeName), f.Values())
}

// NewRecord is the form that stores one.
func (a Addresses) NewRecord(typeName string) string { return a.at("records", typeName, "new") }

// Record is one stored record's page.
func (a Addresses) Record(typeName, id string) string {
	return a.at("records", typeName, "record", recordPart(id))
}

// EditRecord is the form that changes one.
func (a Addresses) EditRecord(typeName, id string) string {
	return a.at("records", typeName, "record", recordPart(id), "edit")
}

// RemoveRecord is the page that confirms that one is removed, and does it when posted to.
func (a Addresses) RemoveRecord(typeName, id string) string {
	return a.at("records", typeName, "record", recordPart(id), "removal")
}

// recordPart is a record's id in an address. Browsers take dots alone for a folder,
// also when they are escaped, so such an id has a mark before it.
func recordPart(id string) string {
	if id == "." || id == ".." || strings.HasPrefix(id, recordMark) {
		return recordMark + id
	}
	return id
}

// recordID reads it.
func recordID(part string) string { return strings.TrimPrefix(part, recordMark) }

const recordMark = "~"

// UserValues is the form that changes the values of a user's registered properties.
func (a Addresses) UserValues(id string) string { return a.at("users", id, "properties") }

// NoTypes is the filter of a whole list of types.
func (Addresses) NoTypes() TypesFilter { return TypesFilter{} }

// NoRecords is the filter of a whole list of records.
func (Addresses) NoRecords() RecordsFilter { return RecordsFilter{} }
