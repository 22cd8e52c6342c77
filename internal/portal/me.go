package portal

import (
	"net/http"
	"slices"
	"strconv"

	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) meRoutes() []web.Route {
	return append([]web.Route{
		{Pattern: "GET " + MePath, Handle: p.me},
		{Pattern: "POST " + MePath, Handle: p.doDetails, Form: itself},
		{Pattern: "GET " + MyEmailPath, Handle: p.myEmail},
		{Pattern: "POST " + MyEmailPath, Handle: p.doMyEmail, Form: itself},
		{Pattern: "POST " + MyEmailDropPath, Handle: p.doDropMyEmail},
		{Pattern: "GET " + MyPasswordPath, Handle: p.myPassword},
		{Pattern: "POST " + MyPasswordPath, Handle: p.doPassword},
	}, append(p.mySessionRoutes(), p.myFactorRoutes()...)...)
}

// me is Your account (Y1).
func (p *Portal) me(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	view, err := p.meView(w, r, v)
	if err != nil {
		return err
	}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		view.Details.Kept = true
		view.FirstName, view.LastName, view.Phone = typed.Get("first_name"), typed.Get("last_name"), typed.Get("phone")
		view.Language, view.TimeZone, view.Revision = typed.Get("language"), typed.Get("time_zone"), typed.Get("revision")
	}
	return p.show(w, view)
}

func (p *Portal) meView(w http.ResponseWriter, r *http.Request, v *web.Visit) (MeView, error) {
	s := v.Session
	view := MeView{Page: p.frame(w, r, v), FirstName: s.FirstName, LastName: s.LastName, Email: s.Email, Language: string(s.Lang), TimeZone: s.TimeZone}
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
		view.PasswordAt = moment(security.PasswordSince)
		mine, err := p.Door.Factors(tx, v.Who)
		if err != nil {
			return err
		}
		view.Ways = myWays(mine)
		view.Sessions, view.MoreSessions = p.sessionRows(v.Lang, security.Sessions, s.Ref, EndMySession)
		if view.History, err = p.myHistory(tx, v); err != nil {
			return err
		}
		if view.Account, view.Menu, err = p.myFrame(tx, v); err != nil {
			return err
		}
		view.Places, err = p.myPlaces(tx, v)
		return err
	})
	view.TimeZones = timeZones()
	if !slices.Contains(view.TimeZones, view.TimeZone) {
		view.TimeZones = append(view.TimeZones, view.TimeZone)
	}
	return view, err
}

// myFrame is the account that the session is in, around a page of Your account:
// for whoever is active there.
func (p *Portal) myFrame(tx *db.Tx, v *web.Visit) (*AccountRef, []MenuGroup, error) {
	m, found, err := people.MemberOf(tx, v.Session.AccountID, v.Who.ID)
	if err != nil || !found || !m.Active() {
		return nil, nil, err
	}
	a, _, err := org.AccountByID(tx, m.AccountID)
	i := inside{account: a, snapshot: p.Live.Load(), q: org.Question(tx, v.Who, a.ID)}
	i.held = i.everHeld()
	ref := accountRef(a)
	ref.Current = true
	return &ref, BuildMenu(InAccount(a.CustomerID), SectionNone, i.may), err
}

// myPlaces lists the accounts that the viewer is active in.
func (p *Portal) myPlaces(tx *db.Tx, v *web.Visit) (places []MyPlace, err error) {
	list, err := people.Memberships(tx, v.Who.ID)
	if err != nil {
		return nil, err
	}
	for _, m := range list {
		if !m.Active() {
			continue
		}
		a, _, err := org.AccountByID(tx, m.AccountID)
		if err != nil {
			return nil, err
		}
		c, err := p.choices(tx, a, v.Lang, m.ID)
		if err != nil {
			return nil, err
		}
		given, err := roles.Of(tx, a.ID, m.ID)
		if err != nil {
			return nil, err
		}
		place := MyPlace{Account: accountRef(a), WhyHref: InAccount(a.CustomerID).Explain(v.Who.ID, ExplainFilter{})}
		for _, g := range given[m.ID] {
			place.Roles = append(place.Roles, c.roleNames([]string{g.RoleID})...)
		}
		places = append(places, place)
	}
	return places, nil
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
			m.Details, m.FirstName, m.LastName, m.Phone, m.Language, m.TimeZone = form, in.FirstName, in.LastName, phone, in.Language, in.TimeZone
			m.Revision = f.Get("revision") // what was seen stays what was seen
		})
	}
	web.SetCookie(w, web.LangCookie, in.Language, false)
	p.flash(w, v, Done, "details_saved")
	return to(w, r, MePath)
}

func (p *Portal) meAgain(w http.ResponseWriter, r *http.Request, v *web.Visit, err error, with func(*MeView, Form)) error {
	view, problem := p.meView(w, r, v)
	if problem != nil {
		return problem
	}
	return p.again(w, err, func(form Form) View { with(&view, form); return view })
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
