package portal

import (
	"net/http"
	"slices"
	"strconv"

	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) meRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET " + MePath, Handle: p.me},
		{Pattern: "POST " + MePath, Handle: p.doDetails},
		{Pattern: "GET " + MyEmailPath, Handle: p.myEmail},
		{Pattern: "POST " + MyEmailPath, Handle: p.doMyEmail},
		{Pattern: "POST " + MyEmailDropPath, Handle: p.doDropMyEmail},
		{Pattern: "POST " + MyPasswordPath, Handle: p.doPassword},
		{Pattern: "GET " + MyAuthenticator, Handle: p.authenticator},
		{Pattern: "POST " + MyAuthenticator, Handle: p.doAuthenticator},
		{Pattern: "POST " + MyNewAuthenticator, Handle: p.doNewAuthenticator},
	}
}

// me is Your account (Y1).
func (p *Portal) me(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	view, err := p.meView(w, r, v)
	if err != nil {
		return err
	}
	return p.show(w, view)
}

func (p *Portal) meView(w http.ResponseWriter, r *http.Request, v *web.Visit) (MeView, error) {
	s := v.Session
	view := MeView{Page: p.frame(w, r, v), FirstName: s.FirstName, LastName: s.LastName, Email: s.Email, TimeZone: s.TimeZone, AskCode: !s.Fresh || !s.SecondFactor}
	err := p.reading(r, func(tx *db.Tx) error {
		security, err := p.Door.Security(tx, s.UserID)
		if err != nil {
			return err
		}
		me, _, err := people.PersonByID(tx, s.UserID)
		if err != nil {
			return err
		}
		view.Revision, view.Phone = strconv.FormatInt(me.DetailsVersion, 10), me.Phone
		if view.OwnEmail, view.NewEmail, err = p.ownEmail(tx, s.UserID); err != nil {
			return err
		}
		view.PasswordAt, view.FactorSince = moment(security.PasswordSince), moment(security.FactorSince)
		view.Factor = FactorOff
		if security.FactorSince != 0 {
			view.Factor = FactorOn
		}
		view.AskCode = view.AskCode && view.Factor == FactorOn
		return p.myPlaces(tx, v, &view)
	})
	view.TimeZones = timeZones()
	if !slices.Contains(view.TimeZones, view.TimeZone) {
		view.TimeZones = append(view.TimeZones, view.TimeZone)
	}
	return view, err
}

// myPlaces lists the accounts that the viewer is active in, and frames the page
// in the one that the session is in.
func (p *Portal) myPlaces(tx *db.Tx, v *web.Visit, view *MeView) error {
	list, err := people.Memberships(tx, v.Who.ID)
	if err != nil {
		return err
	}
	for _, m := range list {
		if !m.Active() {
			continue
		}
		a, _, err := org.AccountByID(tx, m.AccountID)
		if err != nil {
			return err
		}
		settings, err := org.Settings(tx, p.Profiles, a.ID)
		if err != nil {
			return err
		}
		view.MinLength = max(view.MinLength, settings.PasswordLength)
		c, err := p.choices(tx, a, v.Lang)
		if err != nil {
			return err
		}
		given, err := roles.Of(tx, a.ID, m.ID)
		if err != nil {
			return err
		}
		place := MyPlace{Account: accountRef(a)}
		for _, g := range given[m.ID] {
			place.Roles = append(place.Roles, c.roleNames([]string{g.RoleID})...)
		}
		view.Places = append(view.Places, place)
		if a.ID == v.Session.AccountID {
			i := inside{account: a, snapshot: p.Live.Load(), q: org.Question(tx, v.Who, a.ID)}
			i.held = i.everHeld()
			ref := accountRef(a)
			ref.Current = true
			view.Account, view.Menu = &ref, BuildMenu(InAccount(a.CustomerID), SectionNone, i.may)
		}
	}
	return nil
}

func (p *Portal) doDetails(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "first_name", "last_name", "phone", "language", "time_zone", "revision")
	if err != nil {
		return err
	}
	phone := f.Get("phone")
	in := people.Details{FirstName: f.Get("first_name"), LastName: f.Get("last_name"), Phone: &phone, Language: f.Get("language"), TimeZone: f.Get("time_zone")}
	if err := p.People.SetDetails(r.Context(), v.Who, revision(f.Get("revision")), in); err != nil {
		return p.meAgain(w, r, v, err, func(m *MeView, form Form) {
			m.Details, m.FirstName, m.LastName, m.Phone, m.TimeZone = form, in.FirstName, in.LastName, phone, in.TimeZone
			m.Revision = f.Get("revision") // what was seen stays what was seen
		})
	}
	web.SetCookie(w, web.LangCookie, in.Language, false)
	p.flash(w, v, Done, "details_saved")
	return to(w, r, MePath)
}

func (p *Portal) doPassword(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "current", "password", "code", "username")
	if err != nil {
		return err
	}
	if err := p.Door.ChangePassword(r.Context(), v.Who, f.Get("current"), f.Get("code"), f.Get("password")); err != nil {
		return p.meAgain(w, r, v, err, func(m *MeView, form Form) { m.Password = form })
	}
	p.flash(w, v, Done, "password_changed")
	return to(w, r, MePath)
}

func (p *Portal) meAgain(w http.ResponseWriter, r *http.Request, v *web.Visit, err error, with func(*MeView, Form)) error {
	view, problem := p.meView(w, r, v)
	if problem != nil {
		return problem
	}
	return p.again(w, err, func(form Form) View { with(&view, form); return view })
}

// authenticator asks who it is before an app is set up or replaced (A6).
func (p *Portal) authenticator(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	return p.showProve(w, r, v, Form{}, http.StatusOK)
}

func (p *Portal) showProve(w http.ResponseWriter, r *http.Request, v *web.Visit, form Form, status int) error {
	m, err := p.meView(w, r, v)
	if err != nil {
		return err
	}
	return p.showAs(w, status, ProveView{Page: m.Page, Form: form, AskCode: m.Factor == FactorOn})
}

// doAuthenticator takes the password and the present app's code, and shows the new key.
func (p *Portal) doAuthenticator(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "password", "code", "username")
	if err != nil {
		return err
	}
	step, err := p.Door.StartReplace(r.Context(), v.Who, f.Get("password"), f.Get("code"))
	if err != nil {
		return p.meProveAgain(w, r, v, err)
	}
	web.SetCookie(w, web.ChallengeCookie, step.Challenge.Reveal(), true)
	s, err := p.Door.Setup(r.Context(), v.Who, step.Challenge)
	if err != nil {
		return err
	}
	return p.showNewKey(w, r, v, Form{}, http.StatusOK, s.QRPNG, s.Key.Reveal())
}

func (p *Portal) meProveAgain(w http.ResponseWriter, r *http.Request, v *web.Visit, err error) error {
	refused := fault.From(err)
	if refused.Kind == fault.Invalid || refused.Code == "busy" {
		return p.showProve(w, r, v, Form{Refusal: refused}, refused.Kind.Status())
	}
	return err
}

func (p *Portal) showNewKey(w http.ResponseWriter, r *http.Request, v *web.Visit, form Form, status int, qr []byte, key string) error {
	m, err := p.meView(w, r, v)
	if err != nil {
		return err
	}
	return p.showAs(w, status, SetupView{Page: m.Page, Form: form, QR: qr, Key: key, Replacing: true, Action: MyNewAuthenticator})
}

// doNewAuthenticator takes the new app's first code.
func (p *Portal) doNewAuthenticator(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "code", "next")
	if err != nil {
		return err
	}
	err = p.Door.FinishReplace(r.Context(), v.Who, challengeOf(r), f.Get("code"))
	switch refused := fault.From(err); {
	case err == nil:
		web.DropCookie(w, web.ChallengeCookie)
		p.flash(w, v, Done, "factor_set")
		return to(w, r, MePath)
	case refused.Code == "challenge_ended":
		return p.showProve(w, r, v, Form{Refusal: refused}, refused.Kind.Status())
	case refused.Kind == fault.Invalid || refused.Code == "wrong_code":
		s, problem := p.Door.Setup(r.Context(), v.Who, challengeOf(r))
		if problem != nil {
			return problem
		}
		return p.showNewKey(w, r, v, Form{Refusal: refused}, refused.Kind.Status(), s.QRPNG, s.Key.Reveal())
	}
	return err
}

// timeZones are the zones that Your account offers: one for each offset and
// habit that people in back offices live by. Any other IANA name that somebody
// has stays on offer to them.
func timeZones() []string {
	return []string{"UTC", "Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg", "Africa/Lagos", "Africa/Nairobi", "America/Anchorage", "America/Argentina/Buenos_Aires",
		"America/Bogota", "America/Chicago", "America/Denver", "America/Halifax", "America/Lima", "America/Los_Angeles", "America/Mexico_City", "America/Montreal", "America/New_York",
		"America/Phoenix", "America/Santiago", "America/Sao_Paulo", "America/St_Johns", "America/Toronto", "Asia/Bangkok", "Asia/Dhaka", "Asia/Dubai", "Asia/Hong_Kong", "Asia/Jakarta",
		"Asia/Jerusalem", "Asia/Karachi", "Asia/Kathmandu", "Asia/Kolkata", "Asia/Manila", "Asia/Riyadh", "Asia/Seoul", "Asia/Shanghai", "Asia/Singapore", "Asia/Taipei", "Asia/Tashkent",
		"Asia/Tehran", "Asia/Tokyo", "Atlantic/Azores", "Atlantic/Reykjavik", "Australia/Adelaide", "Australia/Brisbane", "Australia/Darwin", "Australia/Perth", "Australia/Sydney",
		"Europe/Amsterdam", "Europe/Athens", "Europe/Berlin", "Europe/Brussels", "Europe/Bucharest", "Europe/Copenhagen", "Europe/Dublin", "Europe/Helsinki", "Europe/Istanbul",
		"Europe/Kyiv", "Europe/Lisbon", "Europe/London", "Europe/Luxembourg", "Europe/Madrid", "Europe/Malta", "Europe/Oslo", "Europe/Paris", "Europe/Prague", "Europe/Riga", "Europe/Rome",
		"Europe/Sofia", "Europe/Stockholm", "Europe/Tallinn", "Europe/Vienna", "Europe/Vilnius", "Europe/Warsaw", "Europe/Zurich", "Pacific/Auckland", "Pacific/Honolulu"}
}
