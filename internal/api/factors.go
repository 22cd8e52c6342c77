package api

import (
	"net/http"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/seal"
	"countersign/internal/signin"
)

const (
	factorsPath = mePath + "/factors"
	factorPath  = factorsPath + "/{id}"
)

func (a *API) factorRoutes() {
	const group = "Your second factors"
	const none = http.StatusNoContent
	const fresh = "Needs fresh authentication (confirm-me)."
	const changes = fresh + " All other sessions end, and you are told by mail."
	operation(a, Operation{Method: http.MethodGet, Path: factorsPath},
		about{id: "list-my-factors", tag: group, summary: "Your second factors, and what you may add"}, a.myFactors)
	operation(a, Operation{Method: http.MethodGet, Path: factorPath},
		about{id: "get-my-factor", tag: group, summary: "One of your second factors"}, a.myFactor)
	operation(a, Operation{Method: http.MethodPost, Path: mePath + "/apps"},
		about{id: "start-app", tag: group, summary: "Begin to add an authenticator app", text: fresh}, a.startApp)
	operation(a, Operation{Method: http.MethodPost, Path: mePath + "/apps/code"},
		about{id: "add-app", tag: group, summary: "Add it, with its first code", text: changes, status: none}, a.addApp)
	operation(a, Operation{Method: http.MethodPost, Path: mePath + "/keys/options"},
		about{id: "start-key", tag: group, summary: "Begin to add a key", text: fresh}, a.startKey)
	operation(a, Operation{Method: http.MethodPost, Path: mePath + "/keys"},
		about{id: "add-key", tag: group, summary: "Add the key that the browser made", text: changes, status: none}, a.addKey)
	operation(a, Operation{Method: http.MethodPatch, Path: factorPath},
		about{id: "rename-my-factor", tag: group, summary: "Call one of your second factors something else", text: fresh, status: none}, a.renameFactor)
	operation(a, Operation{Method: http.MethodDelete, Path: factorPath},
		about{id: "remove-my-factor", tag: group, summary: "Remove one of your second factors", text: changes + " The last stays while an account asks for one.", status: none}, a.removeFactor)
	operation(a, Operation{Method: http.MethodPost, Path: mePath + "/recovery-codes"},
		about{id: "make-recovery-codes", tag: group, summary: "Make recovery codes, which are shown this once", text: changes + " The earlier ones stop working."}, a.makeRecoveryCodes)
}

// OwnFactor is a second factor of the person who asks.
type OwnFactor struct {
	ID         string `json:"id" example:"fac_355c06m61fbe6bnepsk8mvrwym"`
	Kind       string `json:"kind" enum:"totp,webauthn"`
	Name       string `json:"name" doc:"As the person calls it; may be empty."`
	Passkey    bool   `json:"passkey" doc:"It can sign in without the password."`
	Needed     bool   `json:"needed" doc:"It stays until there is another: an account asks for it."`
	CreatedAt  moment `json:"created_at"`
	LastUsedAt moment `json:"last_used_at,omitzero"`
	Version    int64  `json:"version" doc:"Its ETag without the quotes."`
}

func ownFactorOf(f signin.OwnFactor) OwnFactor {
	return OwnFactor{f.ID, f.Kind, f.Name, f.Passkey, f.Needed, moment(f.CreatedAt), moment(f.LastUsedAt), f.Version}
}

// OwnFactors are all of them.
type OwnFactors struct {
	Items           []OwnFactor `json:"items" nullable:"false" doc:"The oldest first."`
	May             []string    `json:"may_add" nullable:"false" doc:"The kinds that can be added: totp, webauthn."`
	RecoveryCodes   int         `json:"recovery_codes" doc:"How many are left."`
	RecoveryCodesAt moment      `json:"recovery_codes_made_at,omitzero"`
	SetUpAgain      bool        `json:"set_up_again" doc:"An administrator asks for a new set-up at the next sign-in."`
}

type ownFactorsOut struct{ Body OwnFactors }

func (a *API) mine(c *call) (m signin.Mine, err error) {
	err = a.view(c, func(tx *db.Tx) (err error) {
		m, err = a.Edge.Door.Factors(tx, c.v.Who)
		return err
	})
	return m, err
}

func (a *API) myFactors(c *call, _ *struct{}) (*ownFactorsOut, error) {
	m, err := a.mine(c)
	if err != nil {
		return nil, err
	}
	out := OwnFactors{Items: []OwnFactor{}, May: m.May, RecoveryCodes: m.RecoveryCodes, RecoveryCodesAt: moment(m.RecoverySince), SetUpAgain: m.SetUpAgain}
	for _, f := range m.Factors {
		out.Items = append(out.Items, ownFactorOf(f))
	}
	return &ownFactorsOut{out}, nil
}

// OneFactor names a second factor of the person who asks.
type OneFactor struct {
	ID string `path:"id" example:"fac_355c06m61fbe6bnepsk8mvrwym"`
}

type ownFactorOut struct {
	ETag string `header:"ETag"`
	Body OwnFactor
}

func (a *API) myFactor(c *call, in *OneFactor) (*ownFactorOut, error) {
	m, err := a.mine(c)
	if err != nil {
		return nil, err
	}
	for _, f := range m.Factors {
		if f.ID == in.ID {
			return &ownFactorOut{tag(f.Version), ownFactorOf(f)}, nil
		}
	}
	return nil, fault.None("factor")
}

// NewApp is what an authenticator app is added from.
type NewApp struct {
	Challenge string `json:"challenge" doc:"To finish with, within thirty minutes."`
	Key       string `json:"key" doc:"To type into the app (base32)."`
	URI       string `json:"uri" doc:"The same as an otpauth address."`
	QRPNG     []byte `json:"qr_png" doc:"The same as a picture, PNG in base64."`
}

type newAppOut struct{ Body NewApp }

func (a *API) startApp(c *call, _ *struct{}) (*newAppOut, error) {
	app, token, err := a.Edge.Door.NewApp(c.ctx, c.v.Who, "")
	if err != nil {
		return nil, err
	}
	return &newAppOut{NewApp{token.Reveal(), app.Key.Reveal(), app.URI.Reveal(), app.QRPNG}}, nil
}

func (a *API) addApp(c *call, in *setupCodeIn) (*struct{}, error) {
	return nothing(a.Edge.Door.AddApp(c.ctx, c.v.Who, seal.Secret(in.Body.Challenge), in.Body.Code, in.Body.Name))
}

func (a *API) startKey(c *call, _ *struct{}) (*optionsOut, error) {
	return optionsOf(a.Edge.Door.NewKey(c.ctx, c.v.Who))
}

type addKeyIn struct {
	Body struct {
		Credential object `json:"credential" doc:"What navigator.credentials.create answered (RegistrationResponseJSON)."`
		Name       string `json:"name,omitempty" maxLength:"60" doc:"What the person calls it." example:"Blue key"`
	} `nameHint:"NewKey"`
}

func (a *API) addKey(c *call, in *addKeyIn) (*struct{}, error) {
	return nothing(a.Edge.Door.AddKey(c.ctx, c.v.Who, string(in.Body.Credential), in.Body.Name))
}

type renameIn struct {
	OneFactor
	Matching
	Body struct {
		Name string `json:"name" maxLength:"60" doc:"May be empty." example:"Blue key"`
	} `nameHint:"FactorName"`
}

func (a *API) renameFactor(c *call, in *renameIn) (*changed, error) {
	version, err := c.version()
	if err != nil {
		return nil, err
	}
	return &changed{tag(version + 1)}, a.Edge.Door.RenameFactor(c.ctx, c.v.Who, in.ID, version, in.Body.Name)
}

type removeFactorIn struct {
	OneFactor
	Matching
}

func (a *API) removeFactor(c *call, in *removeFactorIn) (*struct{}, error) {
	version, err := c.version()
	if err != nil {
		return nil, err
	}
	return nothing(a.Edge.Door.RemoveFactor(c.ctx, c.v.Who, in.ID, version))
}

func (a *API) makeRecoveryCodes(c *call, _ *struct{}) (*recoveryOut, error) {
	return recoveryOf(a.Edge.Door.MakeRecoveryCodes(c.ctx, c.v.Who))
}
