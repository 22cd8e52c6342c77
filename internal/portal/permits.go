package portal

import (
	"net/url"
	"slices"
	"strconv"
	"strings"

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
		switch info := p.Info(); {
		case info.Registered:
			fields = append(fields, clauseFields(p.String())...)
		case info.Located:
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
		if p.Info().Registered {
			l = LimitFields{Clauses: readClauses(f, name)}
		}
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
// its restriction cannot be read or its type is retired, is not ticked: sent as the
// form shows it, it would give everything.
func formOf(s *access.Snapshot, list []roles.Permit, tag lang.Tag) permitForm {
	form := permitForm{limits: map[string]LimitFields{}}
	for _, p := range list {
		if limitOf(s, p).Nothing() {
			continue
		}
		form.chosen = append(form.chosen, p.Permission)
		if p.Restricted() {
			form.limits[p.Permission] = LimitFields{p.OwnOnly, roles.AmountText(tag, p.MaxAmount, p.Currency), p.Currency, strings.Join(p.States, ", "), clauseRows(tag, p)}
		}
	}
	return form
}

// nothing are those of a list that give nothing, which an editor leaves out.
func nothing(s *access.Snapshot, list []roles.Permit) (out []RoleSource) {
	for _, p := range list {
		if l := limitOf(s, p); l.Nothing() {
			l.Permission = p.Permission
			out = append(out, RoleSource{Limit: l})
		}
	}
	return out
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
		typeName, _, _ := strings.Cut(name, ":")
		for _, row := range l.Clauses {
			if row.Any() {
				p.Clauses = append(p.Clauses, row.clause(typeName))
			}
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
		out = append(out, typedClauses(name, l.Clauses)...)
	}
	slices.SortFunc(out, func(a, b Typed) int { return strings.Compare(a.Name+a.Value, b.Name+b.Value) })
	return out
}

// picker offers permissions with what was chosen.
func (f permitForm) picker(s *access.Snapshot, offered []access.Permission, withheld func(access.Permission) bool) PermitPicker {
	return PickPermits(s, offered, f.chosen, f.limits, withheld)
}

// PickPermits offers permissions, by section, with what was chosen and how it is
// restricted. withheld tells of those that the viewer could not give; s knows the
// properties of registered types.
func PickPermits(s *access.Snapshot, offered []access.Permission, chosen []string, limits map[string]LimitFields, withheld func(access.Permission) bool) PermitPicker {
	var out PermitPicker
	for _, one := range access.SectionsOf(offered) {
		section := PermitSection{Section: one.Key, Elsewhere: true, Properties: propertiesOf(s, one.Key)}
		for _, p := range offered {
			info := p.Info()
			if info.Section != one.Key {
				continue
			}
			name := p.String()
			section.Elsewhere = section.Elsewhere && !info.Built
			section.Choices = append(section.Choices, PermitChoice{Permission: name, Chosen: slices.Contains(chosen, name), Dangerous: info.Dangerous, NeedsTwo: info.NeedsTwoFactor, Page: info.Resource == "page",
				Withheld: withheld(p), Registered: info.Registered, Limited: info.Located && !info.Registered || section.Properties.Any(), Limit: limits[name].open(info.Registered)})
		}
		if len(section.Choices) == 0 {
			continue
		}
		if n := len(out.Groups); n == 0 || out.Groups[n-1].Group != one.Group {
			out.Groups = append(out.Groups, PermitGroup{Group: one.Group})
		}
		last := &out.Groups[len(out.Groups)-1]
		last.Sections = append(last.Sections, section)
	}
	return out
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
	digits := roles.MinorDigits(code)
	if at >= 0 && (part == "" || whole == "") || len(part) > digits || len(whole) > 15 {
		return -1
	}
	n, err := strconv.ParseUint(whole+part+strings.Repeat("0", digits-len(part)), 10, 63)
	if err != nil || n == 0 {
		return -1
	}
	return int64(n)
}

// limitOf is a restriction as it is told.
func limitOf(s *access.Snapshot, p roles.Permit) Limit {
	known, ok := access.Parse(p.Permission)
	switch {
	case ok && known.Info().Registered && !s.Known().Has(known):
		return Limit{Retired: true}
	case ok && !roles.Readable(s, p):
		return Limit{Broken: true}
	}
	return Limit{p.OwnOnly, p.MaxAmount, p.Currency, p.States, p.Permission, p.Clauses, false, false}
}

// limit is a restriction in words.
func (w words) limit(l Limit) string {
	switch {
	case l.Broken:
		return w.t("limit.broken")
	case l.Retired:
		return w.t("limit.retired")
	}
	return roles.Permit{Permission: l.Permission, OwnOnly: l.Own, MaxAmount: l.Most, Currency: l.Currency, States: l.States, Clauses: l.Clauses}.Words(w.tag)
}
