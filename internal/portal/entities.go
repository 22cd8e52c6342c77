package portal

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/web"
)

func (p *Portal) entityRoutes() []web.Route {
	const entities = "/a/{customer}/entities"
	const one = entities + "/{entity}"
	routes := []web.Route{
		{Pattern: "GET " + entities + "/new", Handle: p.newEntity},
		{Pattern: "POST " + entities, Handle: p.doNewEntity, Form: under("new")},
		{Pattern: "GET " + one, Handle: p.entity},
		{Pattern: "GET " + one + "/edit", Handle: p.editEntity},
		{Pattern: "POST " + one + "/edit", Handle: p.doEditEntity, Form: itself},
	}
	for path, act := range map[string]Act{"/deactivation": DeactivateEntity, "/activation": ActivateEntity} {
		routes = append(routes, web.Route{Pattern: "GET " + one + path, Handle: p.confirmEntity(act)},
			web.Route{Pattern: "POST " + one + path, Handle: p.actOnEntity(act), Form: itself})
	}
	return routes
}

// parents offers what something new can stand below: the one that is chosen, or
// else the account itself, and what a search finds.
func (p *Portal) parents(tx *db.Tx, i inside, permission string, highest, lowest access.Kind, chosen, typed string) (ParentPicker, error) {
	out := ParentPicker{Find: typed}
	reach := access.Scope(i.snapshot, i.asks(permission))
	add := func(n org.Node, selected bool) error {
		if slices.ContainsFunc(out.Parents, func(c ParentChoice) bool { return c.ID == n.ID }) {
			return nil
		}
		line, err := org.Line(tx, reach, n.Path)
		c := ParentChoice{ID: n.ID, Name: n.Name, CustomerID: n.CustomerID, Kind: n.Kind.String(), Selected: selected}
		if len(line) > 1 {
			c.Above = line[len(line)-2].Name
		}
		out.Parents = append(out.Parents, c)
		return err
	}
	first, found, err := org.NodeWithin(tx, reach, chosen)
	if err == nil && !found && i.account.Kind >= highest && i.account.Kind <= lowest {
		first, found, err = org.NodeWithin(tx, reach, i.account.EntityID)
	}
	if err != nil {
		return out, err
	}
	if found {
		if err := add(first, true); err != nil {
			return out, err
		}
	}
	if strings.TrimSpace(typed) == "" {
		return out, nil
	}
	list, more, err := org.SearchAbove(tx, reach, typed, highest, lowest, true, parentsMost)
	if unreadable(err) {
		err = nil
	}
	if err != nil {
		return out, err
	}
	out.More, out.Missed = more, len(list) == 0
	for _, n := range list {
		if err := add(n, false); err != nil {
			return out, err
		}
	}
	return out, nil
}

// enterEntity opens the page of an entity, for whoever holds the permission over it.
func (p *Portal) enterEntity(w http.ResponseWriter, r *http.Request, v *web.Visit, permission string) (inside, org.Node, error) {
	i, err := p.enter(w, r, v, SectionEntities, permission)
	if err != nil {
		return i, org.Node{}, err
	}
	var n org.Node
	found := false
	err = p.reading(r, func(tx *db.Tx) (err error) {
		n, found, err = org.NodeWithin(tx, access.Scope(i.snapshot, i.asks("entities:view")), r.PathValue("entity"))
		return err
	})
	if err == nil && (!found || n.ID != r.PathValue("entity")) {
		err = p.none(r, v, i.account.ID, "entity", r.PathValue("entity"), "entity")
	}
	if err == nil && !i.over(permission, n.ID) {
		err = p.refuseOver(r, v, i, "entity", n.ID, permission, n.ID)
	}
	return i, n, err
}

// entity is one entity's page.
func (p *Portal) entity(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, n, err := p.enterEntity(w, r, v, "entities:view_details")
	if err != nil {
		return err
	}
	values, err := web.Query(r, "cursor")
	if err != nil {
		return err
	}
	at := i.page.To()
	view := EntityView{Page: i.page, Created: moment(n.CreatedAt), TreeHref: at.Tree(TreeFilter{At: n.CustomerID})}
	err = p.reading(r, func(tx *db.Tx) error { return p.fillEntity(tx, i, v, n, values.Get("cursor"), &view) })
	if err != nil {
		return err
	}
	if view.MayEdit = !n.IsAccount() && i.over("entities:edit", n.ID); view.MayEdit {
		view.MayAct = []Act{map[bool]Act{true: DeactivateEntity, false: ActivateEntity}[n.Active]}
	}
	if n.Kind >= access.Merchant && view.One.State == StateActive && i.over("entities:onboard", n.ID) {
		view.OnboardHref = at.NewEntity(n.CustomerID)
	}
	if n.IsAccount() && i.may("accounts:view") && i.over("accounts:view", n.ID) {
		view.AccountHref = at.OneAccount(n.AccountID)
	}
	return p.show(w, view)
}

// fillEntity reads what an entity's page shows beside the entity.
func (p *Portal) fillEntity(tx *db.Tx, i inside, v *web.Visit, n org.Node, cursor string, view *EntityView) error {
	reach := access.Scope(i.snapshot, i.asks("entities:view"))
	line, err := org.Line(tx, reach, n.Path)
	if err != nil {
		return err
	}
	off := slices.ContainsFunc(line, func(x org.Node) bool { return !x.Active && x.ID != n.ID })
	view.One = p.row(i, n, off, access.Scope(i.snapshot, i.asks("users:view")))
	if view.Line, err = p.line(tx, i, n.Path); err != nil {
		return err
	}
	names, err := people.NamesBeside(tx, i.account.Path, []string{n.CreatedBy, n.Off.By})
	if err != nil {
		return err
	}
	view.CreatedBy, view.Off = names[n.CreatedBy], Off{At: moment(n.Off.At), By: names[n.Off.By], Why: n.Off.Reason}
	entities, err := org.CountEntities(tx, n.Path)
	if err != nil {
		return err
	}
	view.EntitiesBelow = int(entities)
	view.Rows, view.Pager, err = p.below(tx, i, v, "entities:view", n.ID, off || !n.Active, cursor)
	return err
}

func (p *Portal) newEntity(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionEntities, "entities:onboard")
	if err != nil {
		return err
	}
	values, err := web.Query(r, "parent")
	if err != nil {
		return err
	}
	view, parent := NewEntityView{Page: i.page}, values.Get("parent")
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		view.Kept, view.Name, view.CustomerID, view.Find, parent = true, typed.Get("name"), typed.Get("customer_id"), typed.Get("find_parent"), typed.Get("parent")
	}
	if err := p.entityForm(r, i, parent, &view); err != nil {
		return err
	}
	return p.show(w, view)
}

// entityForm offers where an entity may stand.
func (p *Portal) entityForm(r *http.Request, i inside, parent string, view *NewEntityView) error {
	return p.reading(r, func(tx *db.Tx) (err error) {
		view.ParentPicker, err = p.parents(tx, i, "entities:onboard", access.Facilitator, access.LegalEntity, parent, view.Find)
		return err
	})
}

func (p *Portal) doNewEntity(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionEntities, "entities:onboard")
	if err != nil {
		return err
	}
	f, err := web.Form(r, "name", "customer_id", "parent", "find_parent")
	if err != nil {
		return err
	}
	view := NewEntityView{Page: i.page, Name: f.Get("name"), CustomerID: f.Get("customer_id")}
	view.Find = f.Get("find_parent")
	var e org.Entity
	if view.Find == "" {
		e, err = p.Org.Onboard(r.Context(), v.Who, i.account.ID, org.New{Name: view.Name, CustomerID: view.CustomerID, ParentID: f.Get("parent")})
	}
	if err == nil && view.Find == "" {
		p.flash(w, v, Done, "entity_created", "name", e.Name)
		return to(w, r, i.page.To().Tree(TreeFilter{At: e.CustomerID}))
	}
	if problem := p.entityForm(r, i, f.Get("parent"), &view); problem != nil {
		return problem
	}
	if err == nil {
		return p.show(w, view)
	}
	return p.again(w, err, func(form Form) View { view.Form = form; return view })
}

// enterOwnEntity opens a legal entity that is to be changed; an account is changed as one.
func (p *Portal) enterOwnEntity(w http.ResponseWriter, r *http.Request, v *web.Visit) (inside, org.Node, error) {
	i, n, err := p.enterEntity(w, r, v, "entities:edit")
	if err == nil && n.IsAccount() {
		err = p.refusing(r, v, i, "entity", n.ID, fault.New(fault.Conflict, "entity_is_account"))
	}
	return i, n, err
}

func (p *Portal) editEntity(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, n, err := p.enterOwnEntity(w, r, v)
	if err != nil {
		return err
	}
	view := EditEntityView{Page: i.page, One: p.row(i, n, false, nil), Name: n.Name, Revision: strconv.FormatInt(n.Version, 10)}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		view.Kept, view.Name, view.Revision = true, typed.Get("name"), typed.Get("revision")
	}
	return p.show(w, view)
}

func (p *Portal) doEditEntity(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "name", "revision")
	if err != nil {
		return err
	}
	i, n, err := p.enterOwnEntity(w, r, v)
	if err != nil {
		return err
	}
	if _, err := p.Org.RenameEntity(r.Context(), v.Who, i.account.ID, n.ID, revision(f.Get("revision")), f.Get("name")); err != nil {
		return p.again(w, err, func(form Form) View {
			return EditEntityView{Page: i.page, Form: form, One: p.row(i, n, false, nil), Name: f.Get("name"), Revision: f.Get("revision")}
		})
	}
	p.flash(w, v, Done, "entity_saved", "name", f.Get("name"))
	return to(w, r, i.page.To().Entity(n.ID))
}

// confirmEntity is the page before an entity is deactivated or activated.
func (p *Portal) confirmEntity(act Act) web.Handle {
	return func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		i, n, err := p.enterOwnEntity(w, r, v)
		if err == nil {
			err = p.entitySwitchable(r, v, i, n, act)
		}
		if err != nil {
			return err
		}
		view := entityConfirm(i, n, act)
		if err := p.typedConfirm(r, v, &view); err != nil {
			return err
		}
		return p.show(w, view)
	}
}

func (p *Portal) entitySwitchable(r *http.Request, v *web.Visit, i inside, n org.Node, act Act) error {
	err := switchable(n.Kind, false, n.Active, act == ActivateEntity)
	if err != nil {
		return p.refusing(r, v, i, "entity", n.ID, err)
	}
	return nil
}

func entityConfirm(i inside, n org.Node, act Act) ConfirmView {
	at := i.page.To()
	return ConfirmView{Page: i.page, Act: act, Subject: n.Name, Identifier: n.CustomerID, Action: at.EntityAct(n.ID, act), Back: at.Entity(n.ID),
		AskReason: true, Revision: strconv.FormatInt(n.Version, 10)}
}

// actOnEntity does what was confirmed.
func (p *Portal) actOnEntity(act Act) web.Handle {
	return func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		f, err := web.Form(r, "reason", "name", "revision")
		if err != nil {
			return err
		}
		i, n, err := p.enterOwnEntity(w, r, v)
		if err != nil {
			return err
		}
		do, flash := p.Org.DeactivateEntity, "entity_deactivated"
		if act == ActivateEntity {
			do, flash = p.Org.ActivateEntity, "entity_activated"
		}
		if err := do(r.Context(), v.Who, i.account.ID, n.ID, revision(f.Get("revision")), f.Get("reason")); err != nil {
			return p.again(w, err, func(form Form) View {
				view := entityConfirm(i, n, act)
				view.Form, view.Reason, view.Revision = form, f.Get("reason"), f.Get("revision")
				return view
			})
		}
		p.flash(w, v, Done, flash, "name", n.Name)
		return to(w, r, i.page.To().Entity(n.ID))
	}
}

// refusing records that a page about something was refused.
func (p *Portal) refusing(r *http.Request, v *web.Visit, i inside, kind, id string, err error) error {
	return p.Audit.Refuse(r.Context(), v.Who, audit.Entry{Action: audit.PageRefused, AccountID: i.account.ID, Kind: kind, ID: id}, err)
}
