package portal

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/web"
)

func (p *Portal) settingsRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /a/{customer}/settings", Handle: p.settings},
		{Pattern: "POST /a/{customer}/settings", Handle: p.doSettings, Form: itself},
	}
}

// settings shows what the account is and what it has set.
func (p *Portal) settings(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionSettings, "account:view")
	if err != nil {
		return err
	}
	view, err := p.settingsView(r, v, i)
	if err != nil {
		return err
	}
	view.Alias, view.Revision = i.account.Alias, strconv.FormatInt(i.account.Version, 10)
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil && view.MayAlias {
		view.Kept, view.Alias, view.Revision = true, typed.Get("alias"), typed.Get("revision")
	}
	return p.show(w, view)
}

func (p *Portal) settingsView(r *http.Request, v *web.Visit, i inside) (SettingsView, error) {
	view := SettingsView{Page: i.page, One: accountRow(org.Listed{Account: i.account}), Profile: i.account.Profile, MayAlias: i.may("account:manage_alias"),
		OperatorMay: i.account.Environment == org.Test}
	if i.may("entities:view") {
		view.EntityHref = i.page.To().Tree(TreeFilter{})
	}
	var s profile.Settings
	err := p.reading(r, func(tx *db.Tx) (err error) {
		s, err = org.Settings(tx, p.Profiles, i.account.ID)
		return err
	})
	if err != nil {
		return view, err
	}
	pr, _ := p.Profiles.Get(i.account.Profile)
	for _, d := range profile.Definitions() {
		view.Settings = append(view.Settings, SettingRow{Key: d.Key, Name: lang.T(v.Lang, "setting."+d.Key), Help: lang.T(v.Lang, "setting."+d.Key+".help"), Value: settingWords(v.Lang, d, s.Value(d.Key), pr)})
	}
	return view, nil
}

// settingWords is a setting's value as a person reads it.
func settingWords(tag lang.Tag, d profile.Definition, value string, pr *profile.Profile) string {
	switch d.Type {
	case profile.Choice:
		return lang.T(tag, "setting."+d.Key+"."+value)
	case profile.List:
		if value == "" {
			return lang.T(tag, "portal.none")
		}
		var out []string
		for _, one := range strings.Split(value, ",") {
			out = append(out, lang.T(tag, "setting."+d.Key+"."+one))
		}
		return strings.Join(out, ", ")
	case profile.Switch:
		if value == "true" {
			return lang.T(tag, "portal.yes")
		}
		return lang.T(tag, "portal.no")
	case profile.Number:
		return amountWords(tag, d.Key, value)
	case profile.Duration:
		if long, err := time.ParseDuration(value); err == nil && long == 0 {
			return amountWords(tag, d.Key, "0")
		}
		return durationWords(tag, value)
	case profile.RoleKey:
		if role, ok := pr.Role(value); ok {
			return role.Name(string(tag))
		}
		return lang.T(tag, "portal.none")
	}
	return value
}

// amountWords is a number with what it counts, which its key ends with; zero has
// words of its own where it is no amount.
func amountWords(tag lang.Tag, key, value string) string {
	n, _ := strconv.ParseInt(value, 10, 64)
	switch zero := "setting." + key + ".zero"; {
	case n == 0 && lang.Has(zero):
		return lang.T(tag, zero)
	case strings.HasSuffix(key, "_days"):
		return lang.T(tag, "portal.duration.days", "count", int(n))
	case strings.HasSuffix(key, "_minutes"):
		return lang.T(tag, "portal.duration.minutes", "count", int(n))
	}
	return lang.Number(tag, n)
}

func durationWords(tag lang.Tag, value string) string {
	d, err := time.ParseDuration(value)
	switch {
	case err != nil:
		return value
	case d > 0 && d%(24*time.Hour) == 0:
		return lang.T(tag, "portal.duration.days", "count", int(d/(24*time.Hour)))
	case d%time.Hour == 0:
		return lang.T(tag, "portal.duration.hours", "count", int(d/time.Hour))
	}
	return lang.T(tag, "portal.duration.minutes", "count", int(d/time.Minute))
}

// doSettings saves the alias (M4).
func (p *Portal) doSettings(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "alias", "revision")
	if err != nil {
		return err
	}
	i, err := p.enter(w, r, v, SectionSettings, "account:manage_alias")
	if err != nil {
		return err
	}
	if _, err := p.Org.SetAlias(r.Context(), v.Who, i.account.ID, revision(f.Get("revision")), f.Get("alias")); err != nil {
		view, problem := p.settingsView(r, v, i)
		if problem != nil {
			return problem
		}
		view.Alias, view.Revision = f.Get("alias"), f.Get("revision")
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	p.flash(w, v, Done, "alias_saved")
	return to(w, r, i.page.To().Settings())
}
