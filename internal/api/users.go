package api

import (
	"net/http"
	"slices"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/roles"
)

const (
	accountPath = "/api/v1/accounts/{customerID}"
	usersPath   = accountPath + "/users"
	userPath    = usersPath + "/{id}"
)

func (a *API) userRoutes() {
	const group = "Users"
	operation(a, Operation{Method: http.MethodGet, Path: usersPath, Permission: "users:view"},
		about{id: "list-users", tag: group, summary: "The account's users"}, a.listUsers)
	operation(a, Operation{Method: http.MethodPost, Path: usersPath, Permission: "users:create"},
		about{id: "invite-user", tag: group, summary: "Invite a user", text: "Needs users:assign_roles too.", status: http.StatusCreated}, a.inviteUser)
	operation(a, Operation{Method: http.MethodGet, Path: userPath, Permission: "users:view"},
		about{id: "get-user", tag: group, summary: "One user"}, a.getUser)
	operation(a, Operation{Method: http.MethodGet, Path: userPath + "/access", Permission: "users:view"},
		about{id: "get-access", tag: group, summary: "What a user may do, and through which role"}, a.getAccess)
	operation(a, Operation{Method: http.MethodGet, Path: userPath + "/messages", Permission: "users:view"},
		about{id: "list-messages", tag: group, summary: "What became of the last mails to a user", text: "Those that this account caused."}, a.listMessages)
	operation(a, Operation{Method: http.MethodGet, Path: userPath + "/activity", Permission: "users:view_activity"},
		about{id: "list-activity", tag: group, summary: "What a user did and what was done to them"}, a.listActivity)
}

// User is a person in an account.
type User struct {
	ID                 string   `json:"id" example:"usr_355c06m61fbe6bnepsk8mvrwym"`
	FirstName          string   `json:"first_name"`
	LastName           string   `json:"last_name"`
	Email              string   `json:"email,omitempty"`
	Username           string   `json:"username,omitempty"`
	Phone              string   `json:"phone,omitempty"`
	Language           string   `json:"language" enum:"en,fr"`
	Status             string   `json:"status" enum:"deactivated,invitation_deactivated,invitation_expired,invited,locked_attempts,locked_inactivity,password_expired,active"`
	StatusSince        moment   `json:"status_since,omitzero"`
	InvitedUntil       moment   `json:"invited_until,omitzero" doc:"When the open link ends."`
	LastSignInAt       moment   `json:"last_sign_in_at,omitzero"`
	TwoFactorRequired  bool     `json:"two_factor_required"`
	TwoFactorActions   string   `json:"two_factor_actions" enum:"any,totp,webauthn,either,both" doc:"What must be set up, where a second factor is required."`
	SecondFactors      int      `json:"second_factors" doc:"How many are set up."`
	FirstAdministrator bool     `json:"first_administrator"`
	Owner              bool     `json:"owner"`
	Roles              []string `json:"roles" nullable:"false" doc:"Role ids."`
	AllEntities        bool     `json:"all_entities"`
	Entities           []string `json:"entities" nullable:"false" doc:"Customer IDs, of all roles together."`
	AllLocations       bool     `json:"all_locations"`
	CreatedAt          moment   `json:"created_at"`
	Version            int64    `json:"version" doc:"Its ETag without the quotes."`
}

func userOf(r people.Row) User {
	if r.Status != people.Invited {
		r.InvitedUntil = 0
	}
	return User{ID: r.ID(), FirstName: r.FirstName, LastName: r.LastName, Email: r.Email, Username: r.Username, Phone: r.Phone, Language: string(r.Lang),
		Status: string(r.Status), StatusSince: moment(r.Since), InvitedUntil: moment(r.InvitedUntil), LastSignInAt: moment(r.LastSignInAt),
		TwoFactorRequired: r.TwoFactorRequired, TwoFactorActions: r.TwoFactorActions, SecondFactors: r.Factors, FirstAdministrator: r.FirstAdministrator, Owner: r.Owner,
		Roles: r.Roles, AllEntities: r.AllEntities, Entities: r.Entities, AllLocations: r.AllLocations, CreatedAt: moment(r.CreatedAt), Version: r.Version}
}

// UserFilters narrow and order the users of an account.
type UserFilters struct {
	Search string `query:"search" maxLength:"100" doc:"Any part of name, address or username."`
	Status string `query:"status" enum:"deactivated,invitation_deactivated,invitation_expired,invited,locked,locked_attempts,locked_inactivity,password_expired,active"`
	Role   string `query:"role" doc:"Role id."`
	Entity string `query:"entity" doc:"Id or customer ID; finds who has it or one above it."`
	Sort   string `query:"sort" enum:"name,-name,email,-email,status,-status,last_sign_in,-last_sign_in"`
}

// query is what the filters mean; an entity that the caller may not see is none.
func (f UserFilters) query(a *API, c *call, in inside) (people.Query, error) {
	q := people.Query{Search: f.Search, Status: people.Status(f.Status), RoleID: f.Role, Sort: f.Sort}
	if f.Entity == "" {
		return q, nil
	}
	in.q.Permission = access.MustParse("entities:view")
	return q, a.view(c, func(tx *db.Tx) error {
		n, found, err := org.NodeWithin(tx, access.Scope(in.snapshot, in.q), f.Entity)
		if err == nil && !found {
			err = fault.In("entity", "unknown_entity")
		}
		q.EntityID = n.ID
		return err
	})
}

type listUsersIn struct {
	InAccount
	Paging
	UserFilters
}

func (a *API) listUsers(c *call, in *listUsersIn) (*listed[User], error) {
	account, err := a.enter(c, in.CustomerID, "users:view")
	if err != nil {
		return nil, err
	}
	after, limit, err := in.open(a, c)
	if err != nil {
		return nil, err
	}
	q, err := in.query(a, c, account)
	if err != nil {
		return nil, err
	}
	q.After, q.Limit = after, limit
	var page people.Page
	err = a.view(c, func(tx *db.Tx) (err error) {
		page, err = a.People.List(tx, account.Account, q)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &listed[User]{}
	for _, r := range page.Rows {
		out.Body.Items = append(out.Body.Items, userOf(r))
	}
	if n := page.Total.N; page.Total.More {
		out.Body.TotalAtLeast = &n
	} else {
		out.Body.Total = &n
	}
	out.Body.NextCursor, err = a.cursor(c, page.Next)
	return out, err
}

type OneUser struct {
	InAccount
	ID string `path:"id" doc:"The user's id." example:"usr_355c06m61fbe6bnepsk8mvrwym"`
}

// UserDetails is a user as they are read alone.
type UserDetails struct {
	User
	AllowedIPs     []string      `json:"allowed_ips" nullable:"false" doc:"Addresses and ranges from which they may act; none is from anywhere."`
	EmailChange    *PendingEmail `json:"email_change,omitempty" doc:"An address that waits to be confirmed."`
	InvitationMail *Message      `json:"invitation_mail,omitempty" doc:"What became of the newest invitation, of somebody who has not come in."`
}

// PendingEmail is a change of address that is not confirmed yet.
type PendingEmail struct {
	Email     string `json:"email"`
	CreatedAt moment `json:"created_at"`
	CreatedBy string `json:"created_by" doc:"User id."`
	ExpiresAt moment `json:"expires_at"`
}

func pendingOf(c people.EmailChange) *PendingEmail {
	if c.ID == "" {
		return nil
	}
	return &PendingEmail{c.Email, moment(c.CreatedAt), c.CreatedBy, moment(c.ExpiresAt)}
}

type userOut struct {
	ETag string `header:"ETag"`
	Body UserDetails
}

// row reads one user of an account for whoever holds the permission.
func (a *API) row(c *call, in OneUser, permission string) (account inside, r people.Row, err error) {
	if account, err = a.enter(c, in.CustomerID, permission); err != nil {
		return account, r, err
	}
	err = a.view(c, func(tx *db.Tx) (err error) {
		r, err = a.People.Get(tx, account.Account, in.ID)
		return err
	})
	if fault.CodeOf(err) == "not_found" {
		err = a.none(c, account.ID, "user", in.ID, "user")
	}
	return account, r, err
}

func (a *API) getUser(c *call, in *OneUser) (*userOut, error) {
	account, r, err := a.row(c, *in, "users:view")
	if err != nil {
		return nil, err
	}
	out := UserDetails{User: userOf(r)}
	err = a.view(c, func(tx *db.Tx) error {
		networks, err := people.Networks(tx, account.ID, r.Member.ID)
		if err != nil {
			return err
		}
		for _, n := range networks {
			out.AllowedIPs = append(out.AllowedIPs, people.NetworkText(n))
		}
		pending, err := people.OpenEmailChange(tx, account.ID, r.ID())
		if err != nil || r.ActivatedAt != 0 {
			out.EmailChange = pendingOf(pending)
			return err
		}
		mails, err := people.InvitationMails(tx, account.ID, []string{r.ID()})
		if m, found := mails[r.ID()]; found {
			sent := messageOf(m)
			out.InvitationMail = &sent
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return &userOut{tag(r.Version), out}, nil
}

// Message is what became of a mail. What it said is not kept; its id, by which a
// notification that it came back would name it, is nobody's here to know.
type Message struct {
	Kind     string `json:"kind" example:"invitation"`
	State    string `json:"state" enum:"queued,sent,refused,bounced,failed"`
	Reason   string `json:"reason,omitempty" doc:"Why it did not arrive: the mail server's status, or a word." example:"5.1.1"`
	Cause    string `json:"cause,omitempty" doc:"The sort of reason." enum:"mailbox,domain,full,disabled,policy,unreachable,other,expired,address,letter,no_server,unreadable"`
	QueuedAt moment `json:"queued_at"`
	Since    moment `json:"since,omitzero" doc:"Since when the state is so; left out while it is queued."`
	NextAt   moment `json:"next_at,omitzero" doc:"When it is tried again, while it is queued."`
	Attempts int    `json:"attempts"`
}

func messageOf(m people.Mail) Message {
	out := Message{Kind: m.Kind, State: m.State, Reason: m.Reason, Cause: m.Cause(), QueuedAt: moment(m.At), Since: moment(m.DoneAt), Attempts: m.Attempts}
	if m.State == "queued" {
		out.NextAt = moment(m.NextAt)
	}
	return out
}

// messagesShown is how many messages are listed: the last ones.
const messagesShown = 50

func (a *API) listMessages(c *call, in *OneUser) (*listed[Message], error) {
	account, r, err := a.row(c, *in, "users:view")
	if err != nil {
		return nil, err
	}
	out := &listed[Message]{}
	err = a.view(c, func(tx *db.Tx) error {
		list, err := people.Mails(tx, account.Account, r, messagesShown)
		for _, m := range list {
			out.Body.Items = append(out.Body.Items, messageOf(m))
		}
		return err
	})
	return out, err
}

// Access is what a user may do in an account.
type Access struct {
	Assignments []Assignment `json:"assignments" nullable:"false"`
	Permissions []Permitted  `json:"permissions" nullable:"false" doc:"In the order of the catalogue; those of registered resource types last."`
}

// Assignment is a role over entities, each with all below it.
type Assignment struct {
	Role        string   `json:"role" doc:"Role id."`
	RoleName    string   `json:"role_name"`
	CopyOf      string   `json:"copy_of,omitempty" doc:"Where the role is this user's copy of a template: that role's id."`
	AllEntities bool     `json:"all_entities"`
	Entities    []string `json:"entities" nullable:"false" doc:"Entity ids."`
	From        moment   `json:"from,omitzero"`
	Until       moment   `json:"until,omitzero"`
}

// Permitted is a permission with the roles that give it.
type Permitted struct {
	Permission string   `json:"permission" example:"transactions:export"`
	Section    string   `json:"section"`
	Roles      []string `json:"roles" nullable:"false" doc:"Role ids; each over the entities of its assignment."`
}

type accessOut struct {
	ETag string `header:"ETag"`
	Body Access
}

func (a *API) getAccess(c *call, in *OneUser) (*accessOut, error) {
	account, r, err := a.row(c, *in, "users:view")
	if err != nil {
		return nil, err
	}
	var list []roles.Assignment
	var known []roles.Role
	err = a.view(c, func(tx *db.Tx) error {
		all, err := roles.Of(tx, account.ID, r.Member.ID)
		if err != nil {
			return err
		}
		list = all[r.Member.ID]
		if known, err = a.roles(tx, account.Account); err != nil {
			return err
		}
		p, _ := a.Profiles.Get(account.Profile)
		copies, err := roles.Copies(tx, account.ID, p, r.Member.ID)
		known = append(known, copies...)
		return err
	})
	if err != nil {
		return nil, err
	}
	out := &accessOut{ETag: tag(r.Version)}
	given := map[access.Permission][]string{}
	for _, x := range list {
		i := slices.IndexFunc(known, func(r roles.Role) bool { return r.ID == x.RoleID })
		if i < 0 {
			continue
		}
		out.Body.Assignments = append(out.Body.Assignments, Assignment{x.RoleID, known[i].Title(c.v.Lang), known[i].CopyOf, x.AllEntities, x.Entities, moment(x.From), moment(x.Until)})
		for p := range access.Closed(known[i].Permissions).All() {
			given[p] = append(given[p], x.RoleID)
		}
	}
	for p := range account.snapshot.Known().All() {
		if given[p] != nil {
			out.Body.Permissions = append(out.Body.Permissions, Permitted{p.String(), p.Info().Section, given[p]})
		}
	}
	return out, nil
}

func (a *API) roles(tx *db.Tx, account org.Account) ([]roles.Role, error) {
	p, ok := a.Profiles.Get(account.Profile)
	if !ok {
		return nil, fault.In("profile", "unknown_profile")
	}
	return roles.List(tx, account.ID, p)
}
