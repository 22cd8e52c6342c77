package api

import (
	"net/http"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/seal"
	"countersign/internal/signin"
	"countersign/internal/web"
)

const sessionPath = "/api/v1/session"

// Step is what comes next on the way in.
type Step struct {
	Next      string   `json:"next" enum:"code,password,setup,codes,change,done" doc:"code: show a second factor; password: after a passkey, the password as well; setup: set a second factor up; codes: see the recovery codes and say that they are kept; change: choose another password; done: signed in, the session is in the cookie."`
	Challenge string   `json:"challenge,omitempty" doc:"Opens the next step, for some minutes; send it in a body, never in an address."`
	Methods   []string `json:"methods,omitempty" doc:"For code: what the person can show (totp, webauthn, recovery_code), what they used last first."`
}

type stepOut struct{ Body Step }

// challengeBody is a step that only has to be opened.
type challengeBody struct {
	Challenge string `json:"challenge" maxLength:"100" doc:"From the step before."`
}

// Asked is what a browser needs to show a second factor.
type Asked struct {
	Methods []string `json:"methods" nullable:"false" doc:"What the person can show, what they used last first."`
	Options object   `json:"options,omitempty" doc:"For navigator.credentials.get (PublicKeyCredentialRequestOptionsJSON), where there is a key. Each time another challenge, good for ten minutes and once."`
}

type askedOut struct{ Body Asked }

func askedOf(q signin.Question, err error) (*askedOut, error) {
	if err != nil {
		return nil, err
	}
	return &askedOut{Asked{q.Kinds, object(q.Key)}}, nil
}

// Options are what a browser needs to make or use a key.
type Options struct {
	Options object `json:"options" doc:"For navigator.credentials (PublicKeyCredentialCreationOptionsJSON or …RequestOptionsJSON). Each time another challenge, good for ten minutes and once."`
}

type optionsOut struct{ Body Options }

func optionsOf(o signin.KeyOptions, err error) (*optionsOut, error) {
	if err != nil {
		return nil, err
	}
	if o == nil {
		return nil, fault.None("page") // browsers refuse WebAuthn at this address
	}
	return &optionsOut{Options{object(o)}}, nil
}

// Setup is what a second factor is set up from.
type Setup struct {
	Methods []string `json:"methods" nullable:"false" doc:"Of which one is set up now: totp, webauthn."`
	Left    int      `json:"left" doc:"Set-ups that are left, this one counted."`
	Again   bool     `json:"again,omitzero" doc:"An administrator asked for it; what is there is replaced."`
	Key     string   `json:"key,omitempty" doc:"To type into an authenticator app (base32)."`
	URI     string   `json:"uri,omitempty" doc:"The same as an otpauth address."`
	QRPNG   []byte   `json:"qr_png,omitempty" doc:"The same as a picture, PNG in base64."`
	Options object   `json:"options,omitempty" doc:"For navigator.credentials.create (PublicKeyCredentialCreationOptionsJSON). Each time another challenge, good for ten minutes and once."`
}

type setupOut struct{ Body Setup }

// RecoveryCodes are shown once.
type RecoveryCodes struct {
	Codes []string `json:"codes" nullable:"false" doc:"Each works once, instead of any other second factor."`
}

type recoveryOut struct{ Body RecoveryCodes }

func recoveryOf(codes []seal.Secret, err error) (*recoveryOut, error) {
	if err != nil {
		return nil, err
	}
	out := &recoveryOut{}
	for _, c := range codes {
		out.Body.Codes = append(out.Body.Codes, c.Reveal())
	}
	return out, nil
}

func (a *API) sessionRoutes() {
	const group = "Session"
	step := func(path, id, summary, text string) (Operation, about) {
		return Operation{Method: http.MethodPost, Path: sessionPath + path, Needs: web.Anybody}, about{id: id, tag: group, summary: summary, text: text}
	}
	o, d := step("", "sign-in", "Sign in with name and password", "")
	operation(a, o, d, a.signIn)
	o, d = step("/passkey/options", "passkey-options", "Ask the browser for a passkey", "Writes nothing. 404 where browsers refuse WebAuthn: the public URL is a bare address.")
	operation(a, o, d, a.passkeyOptions)
	o, d = step("/passkey", "sign-in-passkey", "Sign in with a passkey", "Instead of name and password, where every account of the person allows it.")
	operation(a, o, d, a.signInPasskey)
	o, d = step("/password", "sign-in-password", "Go on with the password after a passkey", "Asked of whoever holds an administrator's role anywhere.")
	operation(a, o, d, a.signInPassword)
	o, d = step("/code/options", "sign-in-code-options", "See what can be shown as second factor", "Spends nothing.")
	operation(a, o, d, a.signInAsk)
	o, d = step("/code", "sign-in-code", "Go on with a second factor", "One of code, recovery_code and credential.")
	operation(a, o, d, a.signInCode)
	o, d = step("/setup", "sign-in-setup", "See what to set a second factor up with", "Spends nothing; the app's key is the same as often as it is asked for.")
	operation(a, o, d, a.signInSetup)
	o, d = step("/setup/code", "sign-in-setup-code", "Finish the set-up with the app's first code", "")
	operation(a, o, d, a.signInSetupCode)
	o, d = step("/setup/key", "sign-in-setup-key", "Finish the set-up with a key", "")
	operation(a, o, d, a.signInSetupKey)
	o, d = step("/codes", "sign-in-codes", "See the recovery codes that were made with the set-up", "Spends nothing.")
	operation(a, o, d, a.signInCodes)
	o, d = step("/codes/kept", "sign-in-codes-kept", "Go on after the recovery codes", "They are shown nowhere any more.")
	operation(a, o, d, a.signInKept)
	o, d = step("/change/lookup", "sign-in-renewal", "See why another password is asked for, and what it must be", "Spends nothing.")
	operation(a, o, d, a.signInRenewal)
	o, d = step("/change", "sign-in-change", "Go on with another password", "All other sessions end.")
	operation(a, o, d, a.signInChange)
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

func (a *API) passkeyOptions(_ *call, _ *struct{}) (*optionsOut, error) {
	return optionsOf(a.Edge.Door.PasskeyOptions())
}

type passkeyIn struct {
	Body struct {
		Credential object `json:"credential" doc:"What navigator.credentials.get answered (AuthenticationResponseJSON)."`
	} `nameHint:"Passkey"`
}

func (a *API) signInPasskey(c *call, in *passkeyIn) (*stepOut, error) {
	step, err := a.Edge.Door.Passkey(c.ctx, c.v.Who, string(in.Body.Credential))
	return a.onward(c, step, err)
}

type passwordIn struct {
	Body struct {
		Challenge string `json:"challenge" maxLength:"100" doc:"From the step before."`
		Password  string `json:"password" maxLength:"1000" text:"any"`
	} `nameHint:"ChallengePassword"`
}

func (a *API) signInPassword(c *call, in *passwordIn) (*stepOut, error) {
	step, err := a.Edge.Door.Password(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge), in.Body.Password)
	return a.onward(c, step, err)
}

type challengeIn struct {
	Body challengeBody `nameHint:"Challenge"`
}

func (a *API) signInAsk(c *call, in *challengeIn) (*askedOut, error) {
	return askedOf(a.Edge.Door.Ask(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge)))
}

type codeIn struct {
	Body struct {
		Challenge    string `json:"challenge" maxLength:"100" doc:"From the step before."`
		Code         string `json:"code,omitempty" maxLength:"100" doc:"Six digits of the authenticator app." example:"123456"`
		RecoveryCode string `json:"recovery_code,omitempty" maxLength:"200" doc:"One of the recovery codes." example:"k7m2-9qxd-4hpz"`
		Credential   object `json:"credential,omitempty" doc:"What navigator.credentials.get answered to the options (AuthenticationResponseJSON)."`
	} `nameHint:"ChallengeProof"`
}

func (a *API) signInCode(c *call, in *codeIn) (*stepOut, error) {
	step, err := a.Edge.Door.Prove(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge),
		signin.Proof{Code: in.Body.Code, RecoveryCode: in.Body.RecoveryCode, Credential: string(in.Body.Credential)})
	return a.onward(c, step, err)
}

func (a *API) signInSetup(c *call, in *challengeIn) (*setupOut, error) {
	s, err := a.Edge.Door.Setup(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge))
	if err != nil {
		return nil, err
	}
	return &setupOut{Setup{s.Kinds, s.Left, s.Again, s.App.Key.Reveal(), s.App.URI.Reveal(), s.App.QRPNG, object(s.Key)}}, nil
}

type setupCodeIn struct {
	Body struct {
		Challenge string `json:"challenge" maxLength:"100" doc:"From the step before."`
		Code      string `json:"code" maxLength:"100" doc:"Six digits of the authenticator app." example:"123456"`
		Name      string `json:"name,omitempty" maxLength:"60" doc:"What the person calls it." example:"Work phone"`
	} `nameHint:"SetupCode"`
}

func (a *API) signInSetupCode(c *call, in *setupCodeIn) (*stepOut, error) {
	step, err := a.Edge.Door.FinishApp(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge), in.Body.Code, in.Body.Name)
	return a.onward(c, step, err)
}

type setupKeyIn struct {
	Body struct {
		Challenge  string `json:"challenge" maxLength:"100" doc:"From the step before."`
		Credential object `json:"credential" doc:"What navigator.credentials.create answered (RegistrationResponseJSON)."`
		Name       string `json:"name,omitempty" maxLength:"60" doc:"What the person calls it." example:"Blue key"`
	} `nameHint:"SetupKey"`
}

func (a *API) signInSetupKey(c *call, in *setupKeyIn) (*stepOut, error) {
	step, err := a.Edge.Door.FinishKey(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge), string(in.Body.Credential), in.Body.Name)
	return a.onward(c, step, err)
}

func (a *API) signInCodes(c *call, in *challengeIn) (*recoveryOut, error) {
	return recoveryOf(a.Edge.Door.RecoveryCodes(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge)))
}

func (a *API) signInKept(c *call, in *challengeIn) (*stepOut, error) {
	step, err := a.Edge.Door.Kept(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge))
	return a.onward(c, step, err)
}

// Renewal is what is asked of somebody who is to choose another password.
type Renewal struct {
	Why        string `json:"why" enum:"asked,expired" doc:"asked: an administrator asks for it; expired: it is too old."`
	Identifier string `json:"identifier" doc:"Under which the person signs in."`
	MinLength  int    `json:"min_length"`
}

type renewalOut struct{ Body Renewal }

func (a *API) signInRenewal(c *call, in *challengeIn) (*renewalOut, error) {
	r, err := a.Edge.Door.AskRenewal(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge))
	if err != nil {
		return nil, err
	}
	return &renewalOut{Renewal{r.Why, r.Identifier, r.MinLength}}, nil
}

func (a *API) signInChange(c *call, in *passwordIn) (*stepOut, error) {
	step, err := a.Edge.Door.Renew(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge), in.Body.Password)
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
	return &stepOut{Step{step.Next, step.Challenge.Reveal(), step.Kinds}}, nil
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
