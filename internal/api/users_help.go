package api

import (
	"net/http"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/signin"
)

func (a *API) helpRoutes() {
	const group = "Users: signing in"
	const none = http.StatusNoContent
	const alone = " Of people of this account alone."
	operation(a, Operation{Method: http.MethodPost, Path: userPath + "/password/reset", Permission: "users:reset_password"},
		about{id: "send-reset-link", tag: group, summary: "Mail a user a link to choose another password", status: none,
			text: "It changes no status, and works for whoever is locked: the link opens that. Operators send it to an account's last administrator who is locked for inactivity."}, a.sendReset)
	operation(a, Operation{Method: http.MethodPost, Path: userPath + "/password/renewal", Permission: "users:reset_password"},
		about{id: "require-password", tag: group, summary: "Ask a user for another password at the next sign-in", text: "Their sessions end." + alone, status: none}, a.requirePassword)
	operation(a, Operation{Method: http.MethodDelete, Path: userPath + "/lock", Permission: "users:unlock"},
		about{id: "unlock-user", tag: group, summary: "End a lock after wrong attempts before its time", text: "A lock for inactivity is opened by a reset link." + alone}, a.unlock)
	operation(a, Operation{Method: http.MethodGet, Path: userPath + "/sessions", Permission: "users:end_sessions"},
		about{id: "list-sessions", tag: group, summary: "Where a user is signed in", text: alone[1:]}, a.listSessions)
	operation(a, Operation{Method: http.MethodDelete, Path: userPath + "/sessions", Permission: "users:end_sessions"},
		about{id: "end-sessions", tag: group, summary: "Sign a user out everywhere", text: "What they have half finished ends too." + alone}, a.endSessions)
	operation(a, Operation{Method: http.MethodDelete, Path: userPath + "/sessions/{session}", Permission: "users:end_sessions"},
		about{id: "end-user-session", tag: group, summary: "Sign a user out of one session", text: alone[1:], status: none}, a.endUserSession)
}

func (a *API) sendReset(c *call, in *reasonIn) (*changed, error) {
	return a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.Help.SendReset(c.ctx, c.v.Who, accountID, in.ID, version, in.Body.Reason)
	})
}

func (a *API) requirePassword(c *call, in *reasonIn) (*changed, error) {
	return a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.Help.RequirePassword(c.ctx, c.v.Who, accountID, in.ID, version, in.Body.Reason)
	})
}

// Unlocked is a lock that ended.
type Unlocked struct {
	Attempts int `json:"attempts" doc:"Wrong ones, which are forgotten now."`
}

type unlockedOut struct {
	ETag string `header:"ETag"`
	Body Unlocked
}

func (a *API) unlock(c *call, in *resetIn) (*unlockedOut, error) {
	out := &unlockedOut{}
	now, err := a.change(c, in.OneUser, func(accountID string, version int64) (err error) {
		out.Body.Attempts, err = a.Help.Unlock(c.ctx, c.v.Who, accountID, in.ID, version, in.Reason)
		return err
	})
	if err != nil {
		return nil, err
	}
	out.ETag = now.ETag
	return out, nil
}

// OpenSession is a device on which a user is signed in.
type OpenSession struct {
	Ref          string `json:"session" example:"ses_355c06m61fbe6bnepsk8mvrwym"`
	SecondFactor bool   `json:"second_factor"`
	CreatedAt    moment `json:"created_at"`
	SeenAt       moment `json:"seen_at"`
	ExpiresAt    moment `json:"expires_at"`
	Whence
}

// Whence is from where somebody came.
type Whence struct {
	IP      string `json:"ip"`
	Browser string `json:"browser,omitempty" doc:"As it says itself; left out when it is none that is known." example:"Firefox"`
	System  string `json:"system,omitempty" doc:"Likewise." example:"Windows"`
	Mobile  bool   `json:"mobile,omitzero"`
	Place   string `json:"place,omitempty" doc:"Where the network address is, in the caller's language, if the server has a file that tells." example:"Lyon, France"`
	Near    bool   `json:"near,omitzero" doc:"The address is of this network."`
}

func (a *API) whence(c *call, d signin.Device, ip string) Whence {
	place := a.Places.Of(ip, c.v.Lang)
	return Whence{ip, d.Browser, d.System, d.Mobile, place.Name, place.Near}
}

func (a *API) openSession(c *call, s signin.Session) OpenSession {
	return OpenSession{s.Ref, s.SecondFactor, moment(s.CreatedAt), moment(s.SeenAt), moment(s.ExpiresAt), a.whence(c, s.Device(), s.IP)}
}

func (a *API) listSessions(c *call, in *OneUser) (*listed[OpenSession], error) {
	_, r, err := a.row(c, *in, "users:end_sessions")
	if err != nil {
		return nil, err
	}
	if r.AccountsOfPerson > 1 {
		return nil, fault.New(fault.Conflict, "sign_in_of_several_accounts")
	}
	out := &listed[OpenSession]{}
	err = a.view(c, func(tx *db.Tx) error {
		list, err := a.Edge.Door.OpenSessions(tx, r.ID())
		for _, s := range list {
			out.Body.Items = append(out.Body.Items, a.openSession(c, s))
		}
		return err
	})
	return out, err
}

// SessionsEnded are sessions that ended.
type SessionsEnded struct {
	Sessions int `json:"sessions" doc:"How many there were."`
}

type sessionsEndedOut struct {
	ETag string `header:"ETag"`
	Body SessionsEnded
}

func (a *API) endSessions(c *call, in *resetIn) (*sessionsEndedOut, error) {
	out := &sessionsEndedOut{}
	now, err := a.change(c, in.OneUser, func(accountID string, version int64) (err error) {
		out.Body.Sessions, err = a.Help.EndSessions(c.ctx, c.v.Who, accountID, in.ID, version, in.Reason)
		return err
	})
	if err != nil {
		return nil, err
	}
	out.ETag = now.ETag
	return out, nil
}

type endUserSessionIn struct {
	OneUser
	Matching
	Session string `path:"session" example:"ses_355c06m61fbe6bnepsk8mvrwym"`
}

func (a *API) endUserSession(c *call, in *endUserSessionIn) (*changed, error) {
	return a.change(c, in.OneUser, func(accountID string, version int64) error {
		return a.Help.EndSession(c.ctx, c.v.Who, accountID, in.ID, version, in.Session)
	})
}
