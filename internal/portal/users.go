package portal

import (
	"net/http"
	"slices"

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
		{Pattern: "POST " + users, Handle: p.doInvite, Form: under("new")},
		{Pattern: "GET " + users + "/{user}", Handle: p.user},
		{Pattern: "GET " + users + "/{user}/access", Handle: p.userAccess},
		{Pattern: "GET " + users + "/{user}/security", Handle: p.userSecurity},
		{Pattern: "GET " + users + "/{user}/activity", Handle: p.userActivity},
		{Pattern: "GET " + users + "/{user}/edit", Handle: p.editAccess},
		{Pattern: "POST " + users + "/{user}/edit", Handle: p.doEditAccess, Form: itself},
		{Pattern: "GET " + users + "/{user}/details", Handle: p.editDetails},
		{Pattern: "POST " + users + "/{user}/details", Handle: p.doEditDetails, Form: itself},
		{Pattern: "GET " + users + "/{user}/email", Handle: p.changeEmail},
		{Pattern: "POST " + users + "/{user}/email", Handle: p.doChangeEmail, Form: itself},
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
	var lost map[string]bool
	err = p.reading(r, func(tx *db.Tx) error {
		if names, err = p.choices(tx, i.account, v.Lang); err != nil {
			return err
		}
		if page, err = p.People.List(tx, i.account, list); err != nil {
			return err
		}
		lost, err = lostInvitations(tx, i.account.ID, page.Rows)
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
		line := userRow(row, names, v.Who.ID)
		line.MailLost = lost[line.ID]
		view.Rows = append(view.Rows, line)
	}
	view.Pager = Pager{Previous: page.Previous, Next: page.Next}
	return p.show(w, view)
}

// lostInvitations tells of which of these users the invitation never arrived.
func lostInvitations(tx *db.Tx, accountID string, rows []people.Row) (map[string]bool, error) {
	var waiting []string
	for _, row := range rows {
		if row.ActivatedAt == 0 && row.DeactivatedAt == 0 {
			waiting = append(waiting, row.ID())
		}
	}
	mails, err := people.InvitationMails(tx, accountID, waiting)
	lost := map[string]bool{}
	for id, m := range mails {
		lost[id] = m.Lost()
	}
	return lost, err
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
