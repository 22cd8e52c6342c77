package portal

import (
	"cmp"
	"net/http"
	"slices"

	"countersign/internal/fault"
	"countersign/internal/signin"
	"countersign/internal/web"
)

// The steps between password and session: a second factor, the set-up of one,
// recovery codes; and a passkey instead of the password.

// startOver goes back to the sign-in page and says why.
func (p *Portal) startOver(w http.ResponseWriter, r *http.Request, v *web.Visit, err error, onward string) error {
	web.DropCookie(w, web.ChallengeCookie)
	return p.signInAgain(w, r, v, err, "", onward)
}

// onStep is what a step's page makes of a refusal: over again when its challenge
// is over, else the page once more.
func (p *Portal) onStep(w http.ResponseWriter, r *http.Request, v *web.Visit, err error, onward string, again func(Form, int) error) error {
	switch refused := fault.From(err); {
	case refused.Code == "challenge_ended":
		return p.startOver(w, r, v, err, onward)
	case refused.Kind == fault.Unauthenticated || refused.Kind == fault.Invalid || refused.Code == "busy":
		return again(Form{Refusal: refused}, refused.Kind.Status())
	}
	return err
}

// chosen is the way that was asked for, or the one that was used last.
func chosen(with string, kinds []string) string {
	if slices.Contains(kinds, with) || len(kinds) == 0 {
		return with
	}
	return kinds[0]
}

func (p *Portal) code(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	q, err := web.Query(r, "next", "with")
	if err != nil {
		return err
	}
	onward := next(q.Get("next"))
	if challengeOf(r) == "" {
		return to(w, r, with(SignInPath, pairs("next", onward)))
	}
	return p.showCode(w, r, v, Form{}, http.StatusOK, q.Get("with"), onward)
}

func (p *Portal) showCode(w http.ResponseWriter, r *http.Request, v *web.Visit, form Form, status int, way, onward string) error {
	q, err := p.Door.Ask(r.Context(), v.Who, challengeOf(r))
	if fault.CodeOf(err) == "challenge_ended" {
		return p.startOver(w, r, v, err, onward)
	}
	if err != nil {
		return err
	}
	return p.showAs(w, status, CodeView{Page: p.frame(w, r, v), Form: form, Identifier: q.Identifier,
		Ways: Ways{Kind: chosen(way, q.Kinds), Kinds: q.Kinds, Key: string(q.Key), At: CodePath, Next: onward}})
}

// proofFields are the inputs in which a second factor is shown.
var proofFields = []string{"with", "code", "recovery_code", "credential"}

// proofOf is what was shown in the way that was chosen.
func proofOf(get func(string) string) signin.Proof {
	switch get("with") {
	case signin.KindKey:
		if get("credential") == "" {
			return signin.Proof{Credential: "{}"} // sent without script: no answer of a browser's
		}
		return signin.Proof{Credential: get("credential")}
	case signin.KindRecovery:
		if get("recovery_code") == "" {
			return signin.Proof{RecoveryCode: " "}
		}
		return signin.Proof{RecoveryCode: get("recovery_code")}
	}
	return signin.Proof{Code: get("code")}
}

func (p *Portal) doCode(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, append(proofFields, "next")...)
	if err != nil {
		return err
	}
	onward := next(f.Get("next"))
	step, err := p.Door.Prove(r.Context(), v.Who, challengeOf(r), proofOf(f.Get))
	if err != nil {
		return p.onStep(w, r, v, err, onward, func(form Form, status int) error {
			return p.showCode(w, r, v, form, status, cmp.Or(f.Get("with"), signin.KindApp), onward)
		})
	}
	return p.onward(w, r, v, step, onward)
}

// doPasskey takes a passkey instead of name and password.
func (p *Portal) doPasskey(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "credential", "next")
	if err != nil {
		return err
	}
	onward := next(f.Get("next"))
	step, err := p.Door.Passkey(r.Context(), v.Who, f.Get("credential"))
	if err != nil {
		return p.signInAgain(w, r, v, err, "", onward)
	}
	return p.onward(w, r, v, step, onward)
}

// afterPasskey asks administrators for their password as well.
func (p *Portal) afterPasskey(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	q, err := web.Query(r, "next")
	if err != nil {
		return err
	}
	onward := next(q.Get("next"))
	if challengeOf(r) == "" {
		return to(w, r, with(SignInPath, pairs("next", onward)))
	}
	if err := p.Door.Opens(r.Context(), v.Who, challengeOf(r), signin.NextPassword); err != nil {
		return p.onStep(w, r, v, err, onward, func(Form, int) error { return err })
	}
	return p.show(w, PasswordView{Page: p.frame(w, r, v), Next: onward})
}

func (p *Portal) doAfterPasskey(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "password", "next")
	if err != nil {
		return err
	}
	onward := next(f.Get("next"))
	step, err := p.Door.Password(r.Context(), v.Who, challengeOf(r), f.Get("password"))
	if err != nil {
		return p.onStep(w, r, v, err, onward, func(form Form, status int) error {
			return p.showAs(w, status, PasswordView{Page: p.frame(w, r, v), Form: form, Next: onward})
		})
	}
	return p.onward(w, r, v, step, onward)
}

func (p *Portal) setup(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	q, err := web.Query(r, "next")
	if err != nil {
		return err
	}
	return p.showSetup(w, r, v, Form{}, http.StatusOK, next(q.Get("next")))
}

func (p *Portal) showSetup(w http.ResponseWriter, r *http.Request, v *web.Visit, form Form, status int, onward string) error {
	s, err := p.Door.Setup(r.Context(), v.Who, challengeOf(r))
	if fault.CodeOf(err) == "challenge_ended" {
		return p.startOver(w, r, v, err, onward)
	}
	if err != nil {
		return err
	}
	return p.showAs(w, status, SetupView{Page: p.frame(w, r, v), Form: form, AppSteps: AppSteps{s.App.QRPNG, s.App.Key.Reveal()},
		HasApp: slices.Contains(s.Kinds, signin.KindApp), HasKey: slices.Contains(s.Kinds, signin.KindKey), KeyOptions: string(s.Key),
		Left: s.Left, Again: s.Again, Next: onward})
}

func (p *Portal) doSetup(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "code", "next")
	if err != nil {
		return err
	}
	step, err := p.Door.FinishApp(r.Context(), v.Who, challengeOf(r), f.Get("code"), "")
	return p.afterSetup(w, r, v, step, err, next(f.Get("next")))
}

func (p *Portal) doSetupKey(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "credential", "next")
	if err != nil {
		return err
	}
	step, err := p.Door.FinishKey(r.Context(), v.Who, challengeOf(r), f.Get("credential"), "")
	return p.afterSetup(w, r, v, step, err, next(f.Get("next")))
}

func (p *Portal) afterSetup(w http.ResponseWriter, r *http.Request, v *web.Visit, step signin.Step, err error, onward string) error {
	if err != nil {
		return p.onStep(w, r, v, err, onward, func(form Form, status int) error { return p.showSetup(w, r, v, form, status, onward) })
	}
	return p.welcome(w, r, v, step, onward)
}

// welcome goes on, and greets whoever is in now.
func (p *Portal) welcome(w http.ResponseWriter, r *http.Request, v *web.Visit, step signin.Step, onward string) error {
	if step.Next == signin.NextDone {
		v.Who.ID = step.UserID
		p.flash(w, v, Done, "already_in")
	}
	return p.onward(w, r, v, step, onward)
}

// codes shows the recovery codes that were made with the set-up.
func (p *Portal) codes(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	q, err := web.Query(r, "next")
	if err != nil {
		return err
	}
	onward := next(q.Get("next"))
	codes, err := p.Door.RecoveryCodes(r.Context(), v.Who, challengeOf(r))
	if err != nil {
		return p.onStep(w, r, v, err, onward, func(Form, int) error { return err })
	}
	return p.show(w, CodesView{Page: p.frame(w, r, v), Codes: reveal(codes), Action: CodesPath, Next: onward})
}

func (p *Portal) doCodes(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "next")
	if err != nil {
		return err
	}
	onward := next(f.Get("next"))
	step, err := p.Door.Kept(r.Context(), v.Who, challengeOf(r))
	if err != nil {
		return p.onStep(w, r, v, err, onward, func(Form, int) error { return err })
	}
	return p.welcome(w, r, v, step, onward)
}
