package api

import (
	"net/http"

	"countersign/internal/db"
	"countersign/internal/people"
	"countersign/internal/signin"
)

const mePath = "/api/v1/me"

func (a *API) meRoutes() {
	const group = "Your account"
	operation(a, Operation{Method: http.MethodGet, Path: mePath},
		about{id: "get-me", tag: group, summary: "Your own details"}, a.me)
	operation(a, Operation{Method: http.MethodPut, Path: mePath},
		about{id: "set-me", tag: group, summary: "Change your names, phone, language and time zone", status: http.StatusNoContent}, a.setMe)
	operation(a, Operation{Method: http.MethodPut, Path: mePath + "/email"},
		about{id: "change-my-email", tag: group, summary: "Begin to change your address", text: "For people of several accounts and for first administrators, in a fresh session; an administrator changes that of all others. Both addresses confirm it.", status: http.StatusNoContent}, a.changeMyEmail)
	operation(a, Operation{Method: http.MethodDelete, Path: mePath + "/email"},
		about{id: "drop-my-email-change", tag: group, summary: "Give up a change of your address", status: http.StatusNoContent}, a.dropMyEmailChange)
	operation(a, Operation{Method: http.MethodPost, Path: mePath + "/confirmation/options"},
		about{id: "confirm-me-options", tag: group, summary: "See what can be shown to confirm who you are"}, a.confirmOptions)
	operation(a, Operation{Method: http.MethodPost, Path: mePath + "/confirmation"},
		about{id: "confirm-me", tag: group, summary: "Prove once more who you are", text: "For five minutes the session is fresh. One of code, recovery_code and credential is asked of whoever has a second factor.", status: http.StatusNoContent}, a.confirm)
	operation(a, Operation{Method: http.MethodPost, Path: mePath + "/password"},
		about{id: "change-password", tag: group, summary: "Change your password", text: "Needs fresh authentication (confirm-me). All other sessions end, and you are told by mail.", status: http.StatusNoContent}, a.changePassword)
	operation(a, Operation{Method: http.MethodGet, Path: mePath + "/sessions"},
		about{id: "list-my-sessions", tag: group, summary: "Where you are signed in"}, a.mySessions)
	operation(a, Operation{Method: http.MethodGet, Path: mePath + "/sign-ins"},
		about{id: "list-my-sign-ins", tag: group, summary: "How and from where you signed in, or somebody tried to", text: "The last fifty, the newest first."}, a.mySignIns)
	operation(a, Operation{Method: http.MethodDelete, Path: mePath + "/sessions"},
		about{id: "end-my-other-sessions", tag: group, summary: "Sign out everywhere else", status: http.StatusNoContent}, a.endOthers)
	operation(a, Operation{Method: http.MethodDelete, Path: mePath + "/sessions/{session}"},
		about{id: "end-my-session", tag: group, summary: "Sign out of one session", status: http.StatusNoContent}, a.endSession)
}

// Me is the person who is signed in.
type Me struct {
	ID        string `json:"id"`
	FirstName string `json:"first_name"`
	LastName  string `json:"last_name"`
	Email     string `json:"email,omitempty"`
	Username  string `json:"username,omitempty"`
	Phone     string `json:"phone,omitempty"`
	Language  string `json:"language" enum:"en,fr"`
	TimeZone  string `json:"time_zone" example:"Europe/Zurich"`
	LastSeen  moment `json:"last_sign_in_at,omitzero"`
	Version   int64  `json:"version" doc:"Of names, phone, language and time zone; the ETag without its quotes."`

	EmailChange *PendingEmail `json:"email_change,omitempty" doc:"An address that waits to be confirmed."`
}

type meOut struct {
	ETag string `header:"ETag"`
	Body Me
}

func (a *API) me(c *call, _ *struct{}) (*meOut, error) {
	var p people.Person
	var pending people.EmailChange
	err := a.view(c, func(tx *db.Tx) (err error) {
		if p, _, err = people.PersonByID(tx, c.v.Who.ID); err != nil {
			return err
		}
		pending, err = people.OpenEmailChange(tx, "", c.v.Who.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &meOut{tag(p.DetailsVersion), Me{p.ID, p.FirstName, p.LastName, p.Email, p.Username, p.Phone, string(p.Lang), p.TimeZone, moment(p.LastSignInAt), p.DetailsVersion, pendingOf(pending)}}, nil
}

type setMeIn struct {
	Matching
	Body struct {
		FirstName string  `json:"first_name" maxLength:"100" example:"Ada"`
		LastName  string  `json:"last_name" maxLength:"100" doc:"May be empty." example:"Lovelace"`
		Phone     *string `json:"phone,omitempty" nullable:"false" maxLength:"32" doc:"Stays as it is when it is not sent." example:"+41 44 555 01 02"`
		Language  string  `json:"language" enum:"en,fr" example:"en"`
		TimeZone  string  `json:"time_zone" maxLength:"100" doc:"IANA name." example:"Europe/Zurich"`
	} `nameHint:"Details"`
}

func (a *API) setMe(c *call, in *setMeIn) (*struct{}, error) {
	version, err := c.version()
	if err != nil {
		return nil, err
	}
	b := in.Body
	return nothing(a.People.SetDetails(c.ctx, c.v.Who, version, people.Details{FirstName: b.FirstName, LastName: b.LastName, Phone: b.Phone, Language: b.Language, TimeZone: b.TimeZone}))
}

type changeMyEmailIn struct {
	Body struct {
		Email string `json:"email" maxLength:"254" example:"ada@example.com"`
	} `nameHint:"OwnEmailChange"`
}

func (a *API) changeMyEmail(c *call, in *changeMyEmailIn) (*struct{}, error) {
	return nothing(a.People.ChangeOwnEmail(c.ctx, c.v.Who, in.Body.Email))
}

func (a *API) dropMyEmailChange(c *call, _ *struct{}) (*struct{}, error) {
	return nothing(a.People.DropOwnEmailChange(c.ctx, c.v.Who))
}

// proofIn is a person who proves who they are.
type proofIn struct {
	Body struct {
		Password     string `json:"password" maxLength:"1000" text:"any"`
		Code         string `json:"code,omitempty" maxLength:"100" doc:"Of the authenticator app." example:"123456"`
		RecoveryCode string `json:"recovery_code,omitempty" maxLength:"200" doc:"One of the recovery codes." example:"k7m2-9qxd-4hpz"`
		Credential   object `json:"credential,omitempty" doc:"What navigator.credentials.get answered to the options (AuthenticationResponseJSON)."`
	} `nameHint:"Proof"`
}

func (a *API) confirmOptions(c *call, _ *struct{}) (*askedOut, error) {
	return askedOf(a.Edge.Door.AskAgain(c.ctx, c.v.Who))
}

func (a *API) confirm(c *call, in *proofIn) (*struct{}, error) {
	return nothing(a.Edge.Door.Confirm(c.ctx, c.v.Who, in.Body.Password,
		signin.Proof{Code: in.Body.Code, RecoveryCode: in.Body.RecoveryCode, Credential: string(in.Body.Credential)}))
}

type changePasswordIn struct {
	Body struct {
		Password string `json:"password" maxLength:"1000" text:"any" doc:"The new one."`
	} `nameHint:"PasswordChange"`
}

func (a *API) changePassword(c *call, in *changePasswordIn) (*struct{}, error) {
	return nothing(a.Edge.Door.ChangePassword(c.ctx, c.v.Who, in.Body.Password))
}

// OwnSession is a device on which the person is signed in.
type OwnSession struct {
	OpenSession
	Current   bool   `json:"current" doc:"The one that asks."`
	UserAgent string `json:"user_agent"`
}

func (a *API) mySessions(c *call, _ *struct{}) (*listed[OwnSession], error) {
	list, err := a.Edge.Door.Sessions(c.ctx, c.v.Who)
	if err != nil {
		return nil, err
	}
	out := &listed[OwnSession]{}
	for _, s := range list {
		out.Body.Items = append(out.Body.Items, OwnSession{a.openSession(c, s), s.Ref == c.v.Session.Ref, s.UserAgent})
	}
	return out, nil
}

// OwnSignIn is one time that the person came in, or somebody tried to as them.
type OwnSignIn struct {
	At      moment   `json:"at"`
	Refused bool     `json:"refused"`
	How     []string `json:"how,omitempty" nullable:"false" doc:"What was shown." example:"[\"password\",\"totp\"]"`
	Reason  string   `json:"reason,omitempty" doc:"Why it was refused." example:"wrong_password"`
	Times   int      `json:"times" doc:"How often, within a minute."`
	Whence
}

func (a *API) mySignIns(c *call, _ *struct{}) (*listed[OwnSignIn], error) {
	out := &listed[OwnSignIn]{}
	err := a.view(c, func(tx *db.Tx) error {
		list, err := signin.History(tx, c.v.Who.ID)
		for _, s := range list {
			out.Body.Items = append(out.Body.Items, OwnSignIn{moment(s.At), s.Refused, s.How, s.Cause, s.Times, a.whence(c, s.Device, s.IP)})
		}
		return err
	})
	return out, err
}

func (a *API) endOthers(c *call, _ *struct{}) (*struct{}, error) {
	return nothing(a.Edge.Door.EndOthers(c.ctx, c.v.Who))
}

type sessionIn struct {
	Session string `path:"session" example:"ses_355c06m61fbe6bnepsk8mvrwym"`
}

func (a *API) endSession(c *call, in *sessionIn) (*struct{}, error) {
	return nothing(a.Edge.Door.EndSession(c.ctx, c.v.Who, in.Session))
}

// nothing is the answer of what has only happened, or not.
func nothing(err error) (*struct{}, error) { return &struct{}{}, err }
