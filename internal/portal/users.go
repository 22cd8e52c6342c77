package portal

import (
	"net/http"
	"slices"
	"strconv"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) userRoutes() []web.Route {
	const users = "/a/{customer}/users"
	routes := []web.Route{
		{Pattern: "GET " + users, Handle: p.users},
		{Pattern: "GET " + users + "/new", Handle: p.invite},
		{Pattern: "POST " + users, Handle: p.doInvite},
		{Pattern: "GET " + users + "/{user}", Handle: p.user},
		{Pattern: "GET " + users + "/{user}/access", Handle: p.userAccess},
		{Pattern: "GET " + users + "/{user}/security", Handle: p.userSecurity},
		{Pattern: "GET " + users + "/{user}/activity", Handle: p.userActivity},
		{Pattern: "GET " + users + "/{user}/edit", Handle: p.editAccess},
		{Pattern: "POST " + users + "/{user}/edit", Handle: p.doEditAccess},
	}
	for _, act := range userActs {
		routes = append(routes,
			web.Route{Pattern: "GET " + users + "/{user}/" + string(act), Handle: p.confirm(act)},
			web.Route{Pattern: "POST " + users + "/{user}/" + string(act), Handle: p.act(act), Form: itself})
	}
	return routes
}

// users is the list (U1).
func (p *Portal) users(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionUsers, "users:view")
	if err != nil {
		return err
	}
	q, err := web.Query(r, "q", "status", "role", "entity", "sort", "order", "cursor")
	if err != nil {
		return err
	}
	view := UsersView{Page: i.page, Filter: ReadUsersFilter(q), MayInvite: i.may("users:create")}
	list := view.Filter.query()
	list.After = view.Filter.Cursor
	var page people.Page
	var names choices
	err = p.reading(r, func(tx *db.Tx) error {
		if names, err = p.choices(tx, i.account, v.Lang); err != nil {
			return err
		}
		page, err = p.People.List(tx, i.account, list)
		return err
	})
	if fault.From(err) != nil && fault.From(err).Kind == fault.Invalid { // a filter that names what is not there finds nobody
		page, err = people.Page{}, nil
	}
	if err != nil {
		return err
	}
	view.Total, view.Roles, view.Entities = int(page.Total), names.roleOptions, names.entityOptions
	for _, row := range page.Rows {
		view.Rows = append(view.Rows, userRow(row, names, v.Who.ID))
	}
	view.Pager = Pager{Previous: page.Previous, Next: page.Next}
	return p.show(w, view)
}

func (f UsersFilter) query() people.Query {
	q := people.Query{Search: f.Query, Status: people.Status(f.Status), RoleID: f.Role, EntityID: f.Entity, Sort: f.Sort}
	if q.Sort == "" {
		q.Sort = "name"
	}
	if f.Descending {
		q.Sort = "-" + q.Sort
	}
	return q
}

func userRow(row people.Row, names choices, me string) UserRow {
	return UserRow{ID: row.ID(), Name: row.Name(), Identifier: identifier(row.Email, row.Username), Roles: names.roleNames(row.Roles),
		Entities: names.entityNames(row.Entities), AllEntities: row.AllEntities, Status: Status(row.Status), Factor: factorOf(row),
		LastSignIn: moment(row.LastSignInAt), Self: row.ID() == me}
}

func factorOf(row people.Row) Factor {
	switch {
	case row.Factors > 0:
		return FactorOn
	case row.TwoFactorRequired:
		return FactorPending
	}
	return FactorOff
}

// choices are the roles and entities of an account, for names and pickers.
type choices struct {
	roles         []roles.Role
	entities      []org.Entity
	lang          lang.Tag
	roleOptions   []Option
	entityOptions []Option
}

// entitiesShown is how many entities a picker holds; a later release searches them.
const entitiesShown = 500

func (p *Portal) choices(tx *db.Tx, a org.Account, tag lang.Tag) (choices, error) {
	pr, _ := p.Profiles.Get(a.Profile)
	c := choices{lang: tag}
	var err error
	if c.roles, err = roles.List(tx, a.ID, pr); err != nil {
		return c, err
	}
	if c.entities, err = org.Entities(tx, a, entitiesShown); err != nil {
		return c, err
	}
	for _, r := range c.roles {
		c.roleOptions = append(c.roleOptions, Option{Value: r.ID, Label: r.Title(tag)})
	}
	for _, e := range c.entities {
		c.entityOptions = append(c.entityOptions, Option{Value: e.ID, Label: e.Name})
	}
	return c, nil
}

func (c choices) role(id string) (roles.Role, bool) {
	i := slices.IndexFunc(c.roles, func(r roles.Role) bool { return r.ID == id })
	if i < 0 {
		return roles.Role{}, false
	}
	return c.roles[i], true
}

func (c choices) roleNames(ids []string) []string {
	var out []string
	for _, id := range ids {
		if r, ok := c.role(id); ok {
			out = append(out, r.Title(c.lang))
		}
	}
	return out
}

// entityNames gives names for ids or customer IDs.
func (c choices) entityNames(ids []string) []string {
	var out []string
	for _, id := range ids {
		name := id
		for _, e := range c.entities {
			if e.ID == id || e.CustomerID == id {
				name = e.Name
			}
		}
		out = append(out, name)
	}
	return out
}

// picker offers the roles and entities that the viewer may give.
func (c choices) picker(i inside, oneRole bool, chosen people.Access) AccessPicker {
	p := AccessPicker{OneRole: oneRole, AllEntities: chosen.AllEntities, Acknowledged: chosen.Acknowledged}
	q := i.asks("users:assign_roles")
	p.MayAllEntities = access.Covers(i.snapshot, q, true, nil)
	var over []string
	for _, e := range c.entities {
		if !access.Covers(i.snapshot, q, false, []string{e.ID}) {
			continue
		}
		over = append(over, e.ID)
		p.Entities = append(p.Entities, EntityChoice{ID: e.ID, Name: e.Name, CustomerID: e.CustomerID, Kind: e.Kind.String(),
			Depth: (len(e.Path) - len(i.account.Path)) / access.PathPart, Selected: slices.Contains(chosen.Entities, e.ID) || slices.Contains(chosen.Entities, e.CustomerID)})
	}
	for _, r := range c.safestFirst(chosen.Roles) {
		if r.Deprecated || !givable(i, q, r.ID, p.MayAllEntities, over) {
			continue
		}
		choice := RoleChoice{ID: r.ID, Name: r.Title(c.lang), Description: r.About(c.lang), Permissions: r.Permissions.Len(),
			Selected: slices.Contains(chosen.Roles, r.ID), Sections: roleSections(r)}
		for _, d := range r.Dangerous() {
			choice.Dangerous = append(choice.Dangerous, d.String())
		}
		p.Roles = append(p.Roles, choice)
	}
	return p
}

// safestFirst orders roles for a picker: those that are chosen, then those
// without dangers, then the others.
func (c choices) safestFirst(chosen []string) []roles.Role {
	rank := func(r roles.Role) int {
		switch {
		case slices.Contains(chosen, r.ID):
			return 0
		case len(r.Dangerous()) == 0:
			return 1
		}
		return 2
	}
	out := slices.Clone(c.roles)
	slices.SortStableFunc(out, func(a, b roles.Role) int { return rank(a) - rank(b) })
	return out
}

// givable tells whether a role could be given over anything at all.
func givable(i inside, q access.Question, roleID string, all bool, over []string) bool {
	if all && access.CanGrant(i.snapshot, q, roleID, true, nil) == "" {
		return true
	}
	return slices.ContainsFunc(over, func(e string) bool { return access.CanGrant(i.snapshot, q, roleID, false, []string{e}) == "" })
}

var accessFields = []string{"roles[]", "entities[]", "all_entities", "acknowledge"}

func readAccess(f map[string][]string) people.Access {
	return people.Access{Roles: f["roles"], Entities: f["entities"], AllEntities: slices.Contains(f["all_entities"], "yes"), Acknowledged: slices.Contains(f["acknowledge"], "yes")}
}

// invite is the form (U2).
func (p *Portal) invite(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionUsers, "users:create")
	if err != nil {
		return err
	}
	view, err := p.inviteForm(r, v, i, people.Invitee{Language: string(v.Lang)})
	if err != nil {
		return err
	}
	return p.show(w, view)
}

func (p *Portal) inviteForm(r *http.Request, v *web.Visit, i inside, in people.Invitee) (InviteView, error) {
	view := InviteView{Page: i.page, FirstName: in.FirstName, LastName: in.LastName, Email: in.Email, Language: in.Language}
	err := p.reading(r, func(tx *db.Tx) error {
		c, err := p.choices(tx, i.account, v.Lang)
		if err != nil {
			return err
		}
		s, err := org.Settings(tx, p.Profiles, i.account.ID)
		if err != nil {
			return err
		}
		view.AccessPicker = c.picker(i, s.RolesPerUser == "one", in.Access)
		view.LastRequired = slices.Contains(s.Mandatory, "last_name")
		view.LifetimeHours = int(s.InvitationLifetime.Hours())
		return nil
	})
	return view, err
}

func (p *Portal) doInvite(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionUsers, "users:create")
	if err != nil {
		return err
	}
	f, err := web.Form(r, append([]string{"first_name", "last_name", "email", "language"}, accessFields...)...)
	if err != nil {
		return err
	}
	in := people.Invitee{FirstName: f.Get("first_name"), LastName: f.Get("last_name"), Email: f.Get("email"), Language: f.Get("language"), Access: readAccess(f)}
	id, err := p.People.Invite(r.Context(), v.Who, i.account.ID, in)
	if err != nil {
		view, problem := p.inviteForm(r, v, i, in)
		if problem != nil {
			return problem
		}
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	p.flash(w, v, Done, "invited", "email", in.Email)
	return to(w, r, i.page.To().User(id))
}

func (p *Portal) editAccess(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:assign_roles")
	if err != nil {
		return err
	}
	if err := p.mayEdit(r, v, i, u); err != nil {
		return p.refused(r, v, i, u, err)
	}
	chosen := people.Access{Roles: u.row.Roles, AllEntities: u.row.AllEntities, Entities: u.row.Entities}
	return p.show(w, u.edit(i, chosen, strconv.FormatInt(u.row.Member.Version, 10)))
}

// mayEdit refuses the form to whoever could not send it.
func (p *Portal) mayEdit(r *http.Request, v *web.Visit, i inside, u user) error {
	if u.head.MayChangeAccess {
		return nil
	}
	if u.head.Self {
		return fault.New(fault.Forbidden, "own_access")
	}
	if u.head.FirstAdministrator {
		return fault.New(fault.Forbidden, "first_administrator")
	}
	return fault.New(fault.Forbidden, "person_above_you")
}

func (u user) edit(i inside, chosen people.Access, revision string) EditAccessView {
	return EditAccessView{Page: i.page, User: u.head, Revision: revision, AccessPicker: u.choices.picker(i, u.settings.RolesPerUser == "one", chosen)}
}

func (p *Portal) doEditAccess(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:assign_roles")
	if err != nil {
		return err
	}
	f, err := web.Form(r, append([]string{"revision"}, accessFields...)...)
	if err != nil {
		return err
	}
	chosen := readAccess(f)
	err = p.People.ChangeAccess(r.Context(), v.Who, i.account.ID, u.row.ID(), revision(f.Get("revision")), chosen)
	if err != nil {
		return p.again(w, err, func(form Form) View {
			view := u.edit(i, chosen, f.Get("revision"))
			view.Form = form
			return view
		})
	}
	p.flash(w, v, Done, "access_changed", "name", u.row.Name())
	return to(w, r, i.page.To().UserTab(u.row.ID(), "access"))
}

// revision reads the version that a form was made from; what is none matches none.
func revision(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return n
}
