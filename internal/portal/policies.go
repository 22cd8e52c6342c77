package portal

import (
	"net/http"
	"strings"

	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) policyRoutes() []web.Route {
	const at = "/a/{customer}/policies"
	return []web.Route{
		{Pattern: "GET " + at, Handle: p.policies},
		{Pattern: "GET " + at + "/new", Handle: p.newPolicy},
		{Pattern: "POST " + at, Handle: p.doNewPolicy, Form: under("new")},
		{Pattern: "GET " + at + "/{policy}", Handle: p.policy},
		{Pattern: "GET " + at + "/{policy}/edit", Handle: p.editPolicy},
		{Pattern: "POST " + at + "/{policy}/edit", Handle: p.doEditPolicy, Form: itself},
		{Pattern: "GET " + at + "/{policy}/deletion", Handle: p.dropPolicy},
		{Pattern: "POST " + at + "/{policy}/deletion", Handle: p.doDropPolicy, Form: itself},
	}
}

// policies lists them (R3).
func (p *Portal) policies(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionPolicies, "policies:view")
	if err != nil {
		return err
	}
	q, err := web.Query(r, "q")
	if err != nil {
		return err
	}
	view := PoliciesView{Page: i.page, Query: strings.TrimSpace(q.Get("q")), MayMake: i.whole(managePolicies)}
	err = p.reading(r, func(tx *db.Tx) error {
		list, err := roles.Policies(tx, i.account.ID)
		view.Total = len(list)
		for _, one := range list {
			if view.Query == "" || lang.Matches(one.Name+" "+one.Description, view.Query) {
				view.Rows = append(view.Rows, policyRow(one))
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.show(w, view)
}

func policyRow(p roles.Policy) PolicyRow {
	row := PolicyRow{ID: p.ID, Name: p.Name, Description: p.Description, Permissions: len(p.Permits), Roles: len(p.Roles)}
	for one := range p.Permissions().All() {
		row.Dangerous = row.Dangerous || one.Info().Dangerous
	}
	return row
}

// onePolicy reads the policy of the address, and the names of the roles that have it.
func (p *Portal) onePolicy(r *http.Request, v *web.Visit, i inside) (policy roles.Policy, has []PersonLink, err error) {
	var found bool
	err = p.reading(r, func(tx *db.Tx) error {
		policy, found, err = roles.PolicyByID(tx, i.account.ID, r.PathValue("policy"))
		if err != nil || !found {
			return err
		}
		list, err := roles.List(tx, i.account.ID, p.profile(i))
		has = i.roleLinks(policy.Roles, titlesOf(list, v.Lang))
		return err
	})
	if err == nil && !found {
		err = p.none(r, v, i.account.ID, "policy", r.PathValue("policy"), "policy")
	}
	return policy, has, err
}

func (p *Portal) policy(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionPolicies, "policies:view")
	if err != nil {
		return err
	}
	one, has, err := p.onePolicy(r, v, i)
	if err != nil {
		return err
	}
	sources := map[string][]RoleSource{}
	for _, permit := range one.Permits {
		sources[permit.Permission] = append(sources[permit.Permission], RoleSource{Limit: limitOf(i.snapshot, permit)})
	}
	return p.show(w, PolicyView{Page: i.page, Policy: policyRow(one), Sections: sectionsOf(i.snapshot, one.Permissions(), sources), Roles: has, MayEdit: i.whole(managePolicies)})
}

func (p *Portal) policyMaker(v *web.Visit, i inside, making string, one roles.Policy, m made) MakerView {
	view, at := p.maker(i, v, making, m), i.page.To()
	view.Subject = one.Name
	view.Action, view.Back = at.Policies(), at.Policies()
	if making == EditPolicy {
		view.Action, view.Back = at.EditPolicy(one.ID), at.Policy(one.ID)
		view.Nothing = nothing(i.snapshot, one.Permits)
	}
	return view
}

func (p *Portal) newPolicy(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enterWhole(w, r, v, SectionPolicies, managePolicies)
	if err != nil {
		return err
	}
	return p.showMaker(w, r, v, i, made{}, func(m made) (MakerView, error) {
		return p.policyMaker(v, i, MakingPolicy, roles.Policy{}, m), nil
	})
}

func (p *Portal) doNewPolicy(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enterWhole(w, r, v, SectionPolicies, managePolicies)
	if err != nil {
		return err
	}
	f, err := web.Form(r, makerFields(p.offered(i))...)
	if err != nil {
		return err
	}
	m := readMade(f, p.offered(i))
	var id string
	if !m.reshaped {
		id, err = p.Roles.CreatePolicy(r.Context(), v.Who, i.account.ID, roles.PolicyDraft{Name: m.name, Description: m.description, Permits: m.permits.permits(), Acknowledged: m.acknowledged})
	}
	if id != "" && err == nil {
		p.flash(w, v, Done, "policy_made", "name", strings.TrimSpace(m.name))
		return to(w, r, i.page.To().Policy(id))
	}
	view := p.policyMaker(v, i, MakingPolicy, roles.Policy{}, m)
	if !unacknowledged(err) {
		return p.remake(w, err, view)
	}
	return p.asked(w, err, m, EffectView{Page: i.page, Effect: OfNewPolicy, Subject: m.name, Action: view.Action, Back: view.Back, Typed: m.typed(),
		Dangerous: dangers(m.draft("").Dangerous(nil), m.acknowledged)})
}

// seenPolicy is what a form of a policy was made from.
func seenPolicy(p roles.Policy) seenRole {
	return seenRole{Name: p.Name, About: p.Description, Permits: p.Permits}
}

func (p *Portal) editPolicy(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enterWhole(w, r, v, SectionPolicies, managePolicies)
	if err != nil {
		return err
	}
	one, _, err := p.onePolicy(r, v, i)
	if err != nil {
		return err
	}
	m := made{name: one.Name, description: one.Description, permits: formOf(i.snapshot, one.Permits, v.Lang), revision: version(one.Version), seen: remember(seenPolicy(one))}
	return p.showMaker(w, r, v, i, m, func(m made) (MakerView, error) {
		return p.policyMaker(v, i, EditPolicy, one, m), nil
	})
}

// doEditPolicy shows who is affected, and saves when that page says so (R3, R6).
func (p *Portal) doEditPolicy(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enterWhole(w, r, v, SectionPolicies, managePolicies)
	if err != nil {
		return err
	}
	one, _, err := p.onePolicy(r, v, i)
	if err != nil {
		return err
	}
	f, err := web.Form(r, makerFields(p.offered(i))...)
	if err != nil {
		return err
	}
	m := readMade(f, p.offered(i))
	e := editing{portal: p, w: w, r: r, v: v, i: i, m: m,
		preview: func() (roles.Effect, error) {
			return p.Roles.PreviewPolicy(r.Context(), v.Who, i.account.ID, one.ID, m.policyEdit(), m.after, affectedShown)
		},
		save: func() error {
			_, err := p.Roles.EditPolicy(r.Context(), v.Who, i.account.ID, one.ID, revision(m.revision), m.policyEdit())
			return err
		},
		form: func(stale bool) (MakerView, error) {
			form := m
			if stale {
				form.revision, form.seen = version(one.Version), remember(seenPolicy(one))
			}
			view := p.policyMaker(v, i, EditPolicy, one, form)
			if stale {
				view.Changed = seenPolicy(one).changed(i.snapshot, m.seen, v.Lang)
			}
			return view, nil
		},
		page:  EffectView{Page: i.page, Effect: OfPolicy, Subject: one.Name, Action: i.page.To().EditPolicy(one.ID), Back: i.page.To().Policy(one.ID)},
		saved: "policy_saved",
	}
	return e.run()
}

func (p *Portal) droppingPolicy(w http.ResponseWriter, r *http.Request, v *web.Visit) (inside, PolicyDropView, error) {
	i, err := p.enterWhole(w, r, v, SectionPolicies, managePolicies)
	if err != nil {
		return i, PolicyDropView{}, err
	}
	one, has, err := p.onePolicy(r, v, i)
	return i, PolicyDropView{Page: i.page, Policy: policyRow(one), Roles: has, Revision: version(one.Version)}, err
}

func (p *Portal) dropPolicy(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	_, view, err := p.droppingPolicy(w, r, v)
	if err != nil {
		return err
	}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		view.Kept, view.Typed, view.Revision = true, typed.Get("name"), typed.Get("revision")
	}
	return p.show(w, view)
}

func (p *Portal) doDropPolicy(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, view, err := p.droppingPolicy(w, r, v)
	if err != nil {
		return err
	}
	f, err := web.Form(r, "name", "revision")
	if err != nil {
		return err
	}
	if err = typedName(f.Get("name"), view.Policy.Name); err == nil {
		err = p.Roles.DeletePolicy(r.Context(), v.Who, i.account.ID, view.Policy.ID, revision(f.Get("revision")))
	}
	if err != nil {
		view.Typed = f.Get("name")
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	p.flash(w, v, Done, "policy_deleted", "name", view.Policy.Name)
	return to(w, r, i.page.To().Policies())
}
