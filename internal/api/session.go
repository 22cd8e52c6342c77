package api

import (
	"net/http"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/web"
)

const sessionPath = "/api/v1/session"

// Step is what comes next on the way in.
type Step struct {
	Next      string `json:"next" enum:"code,setup,done" doc:"code: send the authenticator app's code; setup: set an app up; done: signed in, the session is in the cookie."`
	Challenge string `json:"challenge,omitempty" doc:"Opens the next step, for some minutes; send it in a body, never in an address."`
}

type stepOut struct{ Body Step }

// challengeBody is a step that only has to be opened.
type challengeBody struct {
	Challenge string `json:"challenge" maxLength:"100" doc:"From the step before."`
}

// codeBody is a step that takes a code.
type codeBody struct {
	Challenge string `json:"challenge" maxLength:"100" doc:"From the step before."`
	Code      string `json:"code" maxLength:"20" doc:"Six digits of the authenticator app." example:"123456"`
}

// Setup is what an authenticator app is set up from.
type Setup struct {
	Key   string `json:"key" doc:"To type into the app (base32)."`
	URI   string `json:"uri" doc:"The same as an otpauth address."`
	QRPNG []byte `json:"qr_png" doc:"The same as a picture, PNG in base64."`
}

type setupOut struct{ Body Setup }

func (a *API) sessionRoutes() {
	const group = "Session"
	operation(a, Operation{Method: http.MethodPost, Path: sessionPath, Needs: web.Anybody},
		about{id: "sign-in", tag: group, summary: "Sign in with name and password"}, a.signIn)
	operation(a, Operation{Method: http.MethodPost, Path: sessionPath + "/code", Needs: web.Anybody},
		about{id: "sign-in-code", tag: group, summary: "Go on with the authenticator app's code"}, a.signInCode)
	operation(a, Operation{Method: http.MethodPost, Path: sessionPath + "/setup", Needs: web.Anybody},
		about{id: "sign-in-setup", tag: group, summary: "See the key to set an authenticator app up with", text: "Spends nothing; the key is the same as often as it is asked for."}, a.signInSetup)
	operation(a, Operation{Method: http.MethodPost, Path: sessionPath + "/setup/code", Needs: web.Anybody},
		about{id: "sign-in-setup-code", tag: group, summary: "Finish the set-up with the app's first code"}, a.signInSetupCode)
	operation(a, Operation{Method: http.MethodGet, Path: sessionPath},
		about{id: "who-am-i", tag: group, summary: "Who is signed in, and what they may do where"}, a.whoAmI)
	operation(a, Operation{Method: http.MethodDelete, Path: sessionPath, Needs: web.Anybody},
		about{id: "sign-out", tag: group, summary: "Sign out", status: http.StatusNoContent}, a.signOut)
}

type signInIn struct {
	Body struct {
		Identifier string `json:"identifier" maxLength:"320" doc:"E-mail address or username." example:"ada@example.com"`
		Password   string `json:"password" maxLength:"1000" text:"any"`
	} `nameHint:"SignIn"`
}

func (a *API) signIn(c *call, in *signInIn) (*stepOut, error) {
	step, err := a.Edge.Door.Start(c.ctx, c.v.Who, in.Body.Identifier, in.Body.Password)
	return a.onward(c, step, err)
}

type challengeIn struct {
	Body challengeBody `nameHint:"Challenge"`
}

type codeIn struct {
	Body codeBody `nameHint:"ChallengeCode"`
}

func (a *API) signInCode(c *call, in *codeIn) (*stepOut, error) {
	step, err := a.Edge.Door.Code(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge), in.Body.Code)
	return a.onward(c, step, err)
}

func (a *API) signInSetup(c *call, in *challengeIn) (*setupOut, error) {
	s, err := a.Edge.Door.Setup(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge))
	return setupOf(s, err)
}

func setupOf(s signin.SetupView, err error) (*setupOut, error) {
	if err != nil {
		return nil, err
	}
	return &setupOut{Setup{s.Key.Reveal(), s.URI.Reveal(), s.QRPNG}}, nil
}

func (a *API) signInSetupCode(c *call, in *codeIn) (*stepOut, error) {
	step, err := a.Edge.Door.FinishSetup(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge), in.Body.Code)
	return a.onward(c, step, err)
}

// onward answers a step; the last one sets the cookie.
func (a *API) onward(c *call, step signin.Step, err error) (*stepOut, error) {
	if err != nil {
		return nil, err
	}
	if step.Next == signin.NextDone {
		if err := a.Edge.StartSession(c.w, c.r, c.v, step.Session); err != nil {
			return nil, err
		}
	}
	return &stepOut{Step{step.Next, step.Challenge.Reveal()}}, nil
}

// Session is who is signed in.
type Session struct {
	Ref          string       `json:"session" doc:"Reference to give to services, for context.session of a decision; it opens nothing." example:"ses_355c06m61fbe6bnepsk8mvrwym"`
	UserID       string       `json:"user_id"`
	Name         string       `json:"name"`
	Language     string       `json:"language" enum:"en,fr"`
	SecondFactor bool         `json:"second_factor" doc:"The session has passed a second factor."`
	Fresh        bool         `json:"fresh" doc:"All factors were given in the last five minutes."`
	CreatedAt    moment       `json:"created_at"`
	IdleAt       moment       `json:"idle_at" doc:"When it ends if nothing more comes."`
	ExpiresAt    moment       `json:"expires_at" doc:"When it ends in any case."`
	Accounts     []Membership `json:"accounts" nullable:"false" doc:"Where the person is active, the oldest first."`
}

// Membership is an account with what the caller may do in it now.
type Membership struct {
	CustomerID  string   `json:"customer_id" example:"SHOP-42"`
	Name        string   `json:"name"`
	Alias       string   `json:"alias,omitempty"`
	Permissions []string `json:"permissions" nullable:"false" doc:"Held over something in the account, as the session now stands."`
}

type sessionOut struct{ Body Session }

func (a *API) whoAmI(c *call, _ *struct{}) (*sessionOut, error) {
	s := c.v.Session
	out := Session{Ref: s.Ref, UserID: s.UserID, Name: s.Name(), Language: string(s.Lang), SecondFactor: s.SecondFactor, Fresh: s.Fresh,
		CreatedAt: moment(s.CreatedAt), IdleAt: moment(s.IdleAt), ExpiresAt: moment(s.ExpiresAt)}
	err := a.view(c, func(tx *db.Tx) error {
		list, err := people.Memberships(tx, s.UserID)
		if err != nil {
			return err
		}
		out.Accounts = nil
		for _, m := range list {
			if !m.Active() {
				continue
			}
			account, found, err := org.AccountByID(tx, m.AccountID)
			if err != nil || !found {
				return err
			}
			held := access.Held(a.Edge.Live.Load(), org.Question(tx, c.v.Who, account.ID))
			out.Accounts = append(out.Accounts, Membership{account.CustomerID, account.Name, account.Alias, names(held)})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sessionOut{out}, nil
}

func names(set access.Set) []string {
	list := []string{}
	for p := range set.All() {
		list = append(list, p.String())
	}
	return list
}

func (a *API) signOut(c *call, _ *struct{}) (*struct{}, error) {
	if err := a.Edge.Door.SignOut(c.ctx, c.v.Who, seal.Secret(web.Cookie(c.r, web.SessionCookie))); err != nil {
		return nil, err
	}
	web.DropCookie(c.w, web.SessionCookie)
	c.w.Header().Set("Clear-Site-Data", `"cache", "storage"`)
	return &struct{}{}, nil
}
