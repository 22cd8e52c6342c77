package portal

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/web"
)

// explain is the page that says why somebody may do something, or may not (R13).
// Whoever asks about themselves needs no permission for it.
func (p *Portal) explain(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	id := r.PathValue("user")
	self, permission, section := id == v.Who.ID, "users:view", SectionUsers
	if self {
		permission = ""
	}
	i, err := p.enter(w, r, v, section, permission)
	if err != nil {
		return err
	}
	q, err := web.Query(r, append(saidFields(i.snapshot), explainFields...)...)
	if err != nil {
		return err
	}
	view := ExplainView{Page: i.page, UserID: id, Self: self, Filter: ReadExplain(q), Back: i.page.To().Home()}
	if i.may("users:view") {
		view.Back = i.page.To().UserTab(id, "access")
	}
	asked := view.Filter.asked()
	if err := p.reading(r, func(tx *db.Tx) error { return p.explainForm(tx, i, &view, &asked) }); err != nil {
		if fault.CodeOf(err) == "not_found" {
			err = p.none(r, v, i.account.ID, "user", id, "user")
		}
		return err
	}
	if asked.Permission == "" || view.Unclear {
		return p.show(w, view)
	}
	x, err := p.People.Explain(r.Context(), v.Who, i.account.ID, id, asked)
	if err != nil {
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	view.Answer = p.answered(i, people.Telling{Explained: x, Lang: v.Lang, Zone: view.Zone})
	return p.show(w, view)
}

// asked is the question as the use case takes it.
func (f ExplainFilter) asked() people.Asked {
	out := people.Asked{Permission: strings.TrimSpace(f.Permission), Entity: strings.TrimSpace(f.Entity), Resource: strings.TrimSpace(f.Resource), Location: f.Location, State: strings.TrimSpace(f.State),
		Currency: strings.ToUpper(strings.TrimSpace(f.Currency)), IP: strings.TrimSpace(f.IP)}
	if text := strings.TrimSpace(f.Amount); text != "" {
		out.Amount, out.HasAmount = amount(text, out.Currency), true
	}
	if f.Owner != "" {
		out.Owner = f.Owner
	}
	if f.Factor != "" {
		with := f.Factor == "yes"
		out.SecondFactor = &with
	}
	if f.Fresh != "" {
		out.Fresh = new(bool)
	}
	return out
}

// saidOn are the fields in which it can be said what a service that asks about a
// type would say: of the properties that it vouches for.
func saidOn(s *access.Snapshot, t access.Type) (out []SaidField) {
	for _, p := range slices.Concat(t.Properties, s.UserProperties()) {
		if p.Vouched == access.ByCaller {
			out = append(out, SaidField{Field: saidOf + p.Part.String() + "." + p.Name, Type: t.Name, Part: p.Part.String(), Name: p.Name, Kind: p.Kind.String()})
		}
	}
	return out
}

// saidFields are the names of those fields, of all types.
func saidFields(s *access.Snapshot) (out []string) {
	for _, t := range s.Types() {
		for _, x := range saidOn(s, t) {
			out = append(out, x.Field)
		}
	}
	return out
}

// explainSaid offers those of the type that is asked about, with what was said.
// What was said of another type's is left out.
func explainSaid(s *access.Snapshot, about access.Permission, f ExplainFilter, asked *people.Asked) []SaidField {
	t, found := s.Type(about.Info().Resource)
	if !found {
		return nil
	}
	out := saidOn(s, t)
	for n := range out {
		if out[n].Value = f.Said[out[n].Field]; out[n].Value != "" {
			asked.Said = append(asked.Said, people.Said{Name: strings.TrimPrefix(out[n].Field, saidOf), Value: out[n].Value})
		}
	}
	return out
}

// explainForm fills the form, and finds the entity that was meant.
func (p *Portal) explainForm(tx *db.Tx, i inside, view *ExplainView, asked *people.Asked) error {
	row, err := p.People.Get(tx, i.account, view.UserID)
	if err != nil {
		return err
	}
	view.Name = row.Name()
	if asked.Owner == "self" {
		asked.Owner = view.UserID
	}
	about, _ := access.Parse(asked.Permission)
	reach := people.Explainable(i.snapshot, i.q, view.Self, about)
	view.Types = len(i.snapshot.Types()) > 0
	view.Said = explainSaid(i.snapshot, about, view.Filter, asked)
	for permission := range i.snapshot.Known().All() {
		info := permission.Info()
		if info.MinLevel == 0 || i.account.Kind <= info.MinLevel {
			view.Permissions = append(view.Permissions, PermissionChoice{permission.String(), info.Section, info.Resource == "page"})
		}
	}
	if err := p.explainWhere(tx, i, reach, view, asked); err != nil {
		return err
	}
	shops, err := org.LocationsWithin(tx, reach, "", pickerMost)
	for _, l := range shops {
		view.Locations = append(view.Locations, Option{Value: l.ID, Label: l.Name, Selected: l.ID == asked.Location})
	}
	slices.SortStableFunc(view.Locations, func(a, b Option) int { return cmp.Compare(a.Label, b.Label) })
	return err
}

// explainWhere finds the entity by id, customer ID or a part of the name that no
// other has, and suggests others.
func (p *Portal) explainWhere(tx *db.Tx, i inside, reach []access.Reach, view *ExplainView, asked *people.Asked) error {
	if asked.Entity == "" {
		asked.Entity, view.Filter.Entity = i.account.CustomerID, i.account.CustomerID
	}
	offered, err := org.EntitiesWithin(tx, reach, "", suggested)
	if err != nil {
		return err
	}
	found, exact, err := entitiesMeant(tx, reach, asked.Entity)
	if err != nil {
		return err
	}
	switch {
	case len(found) == 1:
		asked.Entity, view.Filter.Entity = found[0].ID, found[0].CustomerID
	case len(found) > 1 && !exact:
		view.Unclear, offered = true, found[:min(len(found), suggested)]
	}
	for _, e := range offered {
		view.Entities = append(view.Entities, Option{Value: e.CustomerID, Label: e.Name})
	}
	return nil
}

// answered puts an explanation on the page, with links as far as the viewer may follow them.
func (p *Portal) answered(i inside, t people.Telling) *ExplainAnswer {
	out := &ExplainAnswer{Allowed: t.Decision.Allowed, Sentence: t.Answer(), Elsewhere: t.Elsewhere, Permission: t.Question.Permission.String(), Ask: t.Ask,
		Entity: PersonLink{Name: t.Entity.Name}, Asked: t.Asked(), Checks: checkRows(t, t.UserChecks())}
	if i.may("entities:view") {
		out.Entity.Href = i.page.To().Entity(t.Entity.ID)
	}
	if !out.Allowed {
		out.Why = t.Why()
	}
	for _, m := range t.Memberships {
		out.Places = append(out.Places, placePath(i, t, m))
	}
	for _, w := range t.Ways {
		var way ExplainWay
		for _, s := range w.Steps {
			way.Steps = append(way.Steps, ExplainStep{t.Step(s), stepHref(i, t, s)})
		}
		out.Ways = append(out.Ways, way)
	}
	return out
}

func checkRows(t people.Telling, list []people.Check) (out []CheckRow) {
	for _, c := range list {
		out = append(out, CheckRow{State: c.State, Text: t.Check(c)})
	}
	return out
}

func placePath(i inside, t people.Telling, m access.MembershipStep) PlacePath {
	a := t.Places[m.Account].Account
	out := PlacePath{Account: cmp.Or(a.Alias, a.Name), Checks: checkRows(t, t.MembershipChecks(m))}
	for _, s := range m.Assignments {
		out.Roles = append(out.Roles, rolePath(i, t, m, s))
	}
	slices.SortStableFunc(out.Roles, func(x, y RolePath) int { return cmp.Compare(x.rank(), y.rank()) })
	return out
}

// rank puts what allows first and what has not the permission last.
func (r RolePath) rank() int {
	switch {
	case r.Allows:
		return 0
	case r.Has:
		return 1
	}
	return 2
}

func rolePath(i inside, t people.Telling, m access.MembershipStep, s access.AssignmentStep) RolePath {
	account := m.Account
	out := RolePath{Role: PersonLink{Name: t.Role(account, s.Role)}, From: moment(s.From), Until: moment(s.Until), Checks: checkRows(t, t.AssignmentChecks(m, s)), Has: s.Has}
	here := account == i.account.ID
	if here && i.may("roles:view") {
		out.Role.Href = i.page.To().Role(s.Role)
	}
	for _, o := range s.Over {
		if o.Entity != "" {
			out.Over = append(out.Over, OverRow{t.Entities[o.Entity].Name, o.Reaches, o.Entity == t.Entity.ID})
		}
	}
	for _, policy := range s.Policies {
		path := PolicyPath{Policy: PersonLink{Name: t.Places[account].Policies[policy.ID]}, Allows: policy.Allowed}
		if path.Policy.Name != "" && here && i.may("policies:view") {
			path.Policy.Href = i.page.To().Policy(policy.ID)
		}
		for _, g := range policy.Grants {
			parts := conditionRows(t, g)
			path.Free = path.Free || len(parts) == 0
			path.Restrictions = append(path.Restrictions, parts)
		}
		out.Allows = out.Allows || policy.Allowed
		out.Policies = append(out.Policies, path)
	}
	return out
}

// conditionRows tell each part of a restriction, with what was asked about.
func conditionRows(t people.Telling, g access.GrantStep) (out []CheckRow) {
	for _, c := range people.ConditionChecks(g) {
		row := CheckRow{State: c.State, Text: t.Check(c.Check)}
		row.Bound, row.Asked = t.Compared(c)
		out = append(out, row)
	}
	return out
}

// stepHref is the page on which the viewer does a step; "" when there is none for them.
func stepHref(i inside, t people.Telling, s access.Step) string {
	at, user := i.page.To(), t.User
	managed := func(permission string) bool {
		return i.may(permission) && access.CanManage(i.snapshot, i.q, user.ID()) == ""
	}
	switch s.Do {
	case access.SecondFactor:
		if t.Self {
			return MePath
		}
	case access.FreshSignIn:
		if t.Self {
			return ConfirmPath
		}
	case access.UnlockUser:
		if managed("users:reset_password") {
			return at.UserAct(user.ID(), SendResetLink)
		}
	}
	if s.Account != i.account.ID {
		return ""
	}
	switch {
	case s.Do == access.MeetClause && s.Clause.Part == access.OfUser && s.Vouched == access.ByStore && managed("users:edit"):
		return at.UserValues(user.ID())
	case s.Do == access.GiveRole && t.MayGive:
		return at.EditUser(user.ID())
	case s.Do == access.AllowedAddress && managed("users:edit"):
		return at.EditDetails(user.ID())
	case s.Do == access.ActivateMembership && user.DeactivatedAt != 0 && managed("users:deactivate"):
		return at.UserAct(user.ID(), Activate)
	case s.Do == access.ActivateMembership && user.DeactivatedAt == 0 && managed("users:create"):
		return at.UserAct(user.ID(), ResendInvitation)
	}
	return ""
}
