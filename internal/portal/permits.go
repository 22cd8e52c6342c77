package portal

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/currency"

	"countersign/internal/access"
	"countersign/internal/lang"
	"countersign/internal/roles"
)

// permitForm is what stands in a picker of permissions: by name, as it was typed.
type permitForm struct {
	chosen []string
	limits map[string]LimitFields
}

// The beginnings of the fields of a restriction; the rest is the permission.
const (
	mostField     = "most."
	currencyField = "currency."
	statesField   = "states."
)

// permitFields are those of a picker.
func permitFields(offered []access.Permission) []string {
	fields := []string{"permissions[]", "own[]", "all", "none", "limits"}
	for _, p := range offered {
		if p.Info().Located {
			fields = append(fields, mostField+p.String(), currencyField+p.String(), statesField+p.String())
		}
	}
	return fields
}

// readPermits reads a picker. The buttons all and none choose a section, or leave it.
func readPermits(f url.Values, offered []access.Permission) permitForm {
	form := permitForm{chosen: slices.Clone(f["permissions"]), limits: map[string]LimitFields{}}
	for _, p := range offered {
		name := p.String()
		l := LimitFields{Own: slices.Contains(f["own"], name), Most: f.Get(mostField + name), Currency: f.Get(currencyField + name), States: f.Get(statesField + name)}
		if l.Any() {
			form.limits[name] = l
		}
		has := slices.Contains(form.chosen, name)
		switch section := p.Info().Section; {
		case f.Get("all") == section && !has:
			form.chosen = append(form.chosen, name)
		case f.Get("none") == section && has:
			form.chosen = slices.DeleteFunc(form.chosen, func(s string) bool { return s == name })
		}
	}
	return form
}

// formOf is the picker of what a role or a policy holds. What gives nothing, because
// its restriction cannot be read, is not ticked: sent as the form shows it, it would
// give everything.
func formOf(list []roles.Permit, tag lang.Tag) permitForm {
	form := permitForm{limits: map[string]LimitFields{}}
	for _, p := range list {
		if limitOf(p).Broken {
			continue
		}
		form.chosen = append(form.chosen, p.Permission)
		if p.Restricted() {
			form.limits[p.Permission] = LimitFields{p.OwnOnly, amountText(tag, p.MaxAmount, p.Currency), p.Currency, strings.Join(p.States, ", ")}
		}
	}
	return form
}

// permits are what was chosen, as use cases take it.
func (f permitForm) permits() []roles.Permit {
	out := []roles.Permit{}
	for _, name := range f.chosen {
		l := f.limits[name]
		p := roles.Permit{Permission: name, OwnOnly: l.Own, Currency: strings.ToUpper(strings.TrimSpace(l.Currency)),
			States: strings.FieldsFunc(strings.ToLower(l.States), func(r rune) bool { return r == ',' || r == ';' || r == ' ' || r == '\u00a0' })}
		if most := strings.TrimSpace(l.Most); most != "" {
			p.MaxAmount = amount(most, p.Currency)
		}
		out = append(out, p)
	}
	return out
}

// typed are its fields, to be sent once more.
func (f permitForm) typed() (out []Typed) {
	for _, name := range f.chosen {
		out = append(out, Typed{"permissions", name})
		l, ok := f.limits[name]
		if !ok {
			continue
		}
		if l.Own {
			out = append(out, Typed{"own", name})
		}
		for field, value := range map[string]string{mostField: l.Most, currencyField: l.Currency, statesField: l.States} {
			if value != "" {
				out = append(out, Typed{field + name, value})
			}
		}
	}
	slices.SortFunc(out, func(a, b Typed) int { return strings.Compare(a.Name+a.Value, b.Name+b.Value) })
	return out
}

// picker offers permissions with what was chosen.
func (f permitForm) picker(offered []access.Permission, withheld func(access.Permission) bool) PermitPicker {
	return PickPermits(offered, f.chosen, f.limits, withheld)
}

// PickPermits offers permissions, by section, with what was chosen and how it is
// restricted. withheld tells of those that the viewer could not give.
func PickPermits(offered []access.Permission, chosen []string, limits map[string]LimitFields, withheld func(access.Permission) bool) PermitPicker {
	var out PermitPicker
	for _, s := range access.Sections() {
		section := PermitSection{Section: s.Key, Elsewhere: true}
		for _, p := range offered {
			info := p.Info()
			if info.Section != s.Key {
				continue
			}
			name := p.String()
			section.Elsewhere = section.Elsewhere && !info.Built
			section.Choices = append(section.Choices, PermitChoice{Permission: name, Chosen: slices.Contains(chosen, name), Dangerous: info.Dangerous, NeedsTwo: info.NeedsTwoFactor,
				Page: info.Resource == "page", Withheld: withheld(p), Limited: info.Located, Limit: limits[name]})
		}
		if len(section.Choices) == 0 {
			continue
		}
		if n := len(out.Groups); n == 0 || out.Groups[n-1].Group != s.Group {
			out.Groups = append(out.Groups, PermitGroup{Group: s.Group})
		}
		last := &out.Groups[len(out.Groups)-1]
		last.Sections = append(last.Sections, section)
	}
	return out
}

// minorDigits is how many digits of a currency stand behind the point (ISO 4217).
func minorDigits(code string) int {
	unit, err := currency.ParseISO(code)
	if err != nil {
		return 2
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale
}

// amount reads an amount of money as people type it, with a point or a comma, and
// gives its minor units; -1 for what is none.
func amount(text, code string) int64 {
	text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "'", "", "’", "").Replace(text)
	at := strings.LastIndexAny(text, ".,")
	whole, part := text, ""
	if at >= 0 {
		whole, part = text[:at], text[at+1:]
	}
	digits := minorDigits(code)
	if at >= 0 && (part == "" || whole == "") || len(part) > digits || len(whole) > 15 {
		return -1
	}
	n, err := strconv.ParseUint(whole+part+strings.Repeat("0", digits-len(part)), 10, 63)
	if err != nil || n == 0 {
		return -1
	}
	return int64(n)
}

// amountText is an amount as somebody would type it; "" for none.
func amountText(tag lang.Tag, minor int64, code string) string {
	if minor <= 0 {
		return ""
	}
	digits := minorDigits(code)
	text := strconv.FormatInt(minor, 10)
	if digits == 0 {
		return text
	}
	for len(text) <= digits {
		text = "0" + text
	}
	whole, part := text[:len(text)-digits], text[len(text)-digits:]
	if strings.Trim(part, "0") == "" {
		return whole
	}
	if tag == lang.French {
		return whole + "," + part
	}
	return whole + "." + part
}

// limitOf is a restriction as it is told.
func limitOf(p roles.Permit) Limit {
	if p.MaxAmount < 0 {
		return Limit{Broken: true}
	}
	return Limit{Own: p.OwnOnly, Most: p.MaxAmount, Currency: p.Currency, States: p.States}
}

// limit is a restriction in words.
func (w words) limit(l Limit) string {
	if l.Broken {
		return w.t("portal.limit.broken")
	}
	var parts []string
	if l.Own {
		parts = append(parts, w.t("portal.limit.own"))
	}
	switch {
	case l.Most > 0:
		parts = append(parts, w.t("portal.limit.most", "amount", amountText(w.tag, l.Most, l.Currency), "currency", l.Currency))
	case l.Currency != "":
		parts = append(parts, w.t("portal.limit.currency", "currency", l.Currency))
	}
	if len(l.States) > 0 {
		parts = append(parts, w.t("portal.limit.states", "states", strings.Join(l.States, ", ")))
	}
	return strings.Join(parts, " · ")
}
