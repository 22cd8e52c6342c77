package portal

// HomeView greets and shows what the viewer may do here. Cards without
// permission are nil and left out.
type HomeView struct {
	Page
	People        *PeopleCounts
	Invitations   []InvitationRow // pending ones, the oldest first; shown when People is
	Activity      []ActivityRow   // the last few; empty when not permitted
	Sections      []AccessSection // what the viewer may do in the portal
	Elsewhere     []AccessSection // granted, and used in connected services: their section is not built
	NoFactor      bool            // permissions that need two-factor are lost until it is set up
	LostWithout2F []string        // which ones: permission names
}

func (HomeView) name() string { return "home" }

// PeopleCounts are the account's users by status; together they are all of them.
type PeopleCounts struct {
	Active          int
	Invited         int
	Expired         int
	InvitationOff   int // their invitation was deactivated
	Locked          int
	PasswordExpired int
	Deactivated     int
}

// InvitationRow is an invitation that waits.
type InvitationRow struct {
	UserID     string
	Name       string
	Identifier string
	Status     Status
	Expires    Moment
}

// StatusHref is the list of users with that status.
func (v HomeView) StatusHref(status string) string { return v.To().Users(UsersFilter{Status: status}) }

// ActivityHref is the audit log.
func (v HomeView) ActivityHref() string { return v.To().Activity(ActivityFilter{}) }
