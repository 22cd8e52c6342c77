package portal

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
	Warning     string // what it is given with; "" for none
}

// RolesView lists the roles: the ones in use most first, then all.
type RolesView struct {
	Page
	Popular []RoleRow // at most four, those with users
	All     []RoleRow
}

func (RolesView) name() string { return "roles" }

// RoleLine is one permission of a role.
type RoleLine struct {
	Permission string
	Policy     string
	Dangerous  bool
	NeedsTwo   bool
}

// RoleSection is what a role may do in one section.
type RoleSection struct {
	Section   string
	Elsewhere bool // used in connected services
	Lines     []RoleLine
}

// RoleView is one role's page.
type RoleView struct {
	Page
	Role          RoleRow
	Sections      []RoleSection
	MayGrant      []string // names of the roles its holders may give
	MayGrantAll   bool
	MayViewUsers  bool
	Administrator bool     // the account cannot lose its last active holder
	Needs         []string // names of the roles without which it is not given
}

func (RoleView) name() string { return "role" }

// UsersHref is the list of users who have the role.
func (v RoleView) UsersHref() string { return v.To().Users(UsersFilter{Role: v.Role.ID}) }
