package portal

import (
	"slices"

	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) userRoutes() []web.Route {
	const users = "/a/{customer}/users"
	routes := []web.Route{
		{Pattern: "GET " + users + "/new", Handle: p.invite},
		{Pattern: "POST " + users, Handle: p.doInvite, Form: under("new")},
		{Pattern: "GET " + users + "/{user}", Handle: p.user},
		{Pattern: "GET " + users + "/{user}/access", Handle: p.userAccess},
		{Pattern: "GET " + users + "/{user}/security", Handle: p.userSecurity},
		{Pattern: "GET " + users + "/{user}/activity", Handle: p.userActivity},
		{Pattern: "GET " + users + "/{user}/explanation", Handle: p.explain},
		{Pattern: "GET " + users + "/{user}/edit", Handle: p.editAccess},
		{Pattern: "POST " + users + "/{user}/edit", Handle: p.doEditAccess, Form: itself},
		{Pattern: "GET " + users + "/{user}/details", Handle: p.editDetails},
		{Pattern: "POST " + users + "/{user}/details", Handle: p.doEditDetails, Form: itself},
		{Pattern: "GET " + users + "/{user}/properties", Handle: p.userValues},
		{Pattern: "POST " + users + "/{user}/properties", Handle: p.doUserValues, Form: itself},
		{Pattern: "GET " + users + "/{user}/email", Handle: p.changeEmail},
		{Pattern: "POST " + users + "/{user}/email", Handle: p.doChangeEmail, Form: itself},
		{Pattern: "POST " + users + "/{user}/sessions/{session}/sign-out", Handle: p.doEndUserSession},
	}
	for _, act := range userActs {
		routes = append(routes,
			web.Route{Pattern: "GET " + users + "/{user}/" + string(act), Handle: p.confirm(act)},
			web.Route{Pattern: "POST " + users + "/{user}/" + string(act), Handle: p.act(act), Form: itself})
	}
	return routes
}

// choices are the roles of an account, for names and pickers, and the names of
// those of its entities that were included.
type choices struct {
	roles    []roles.Role
	entities []org.Entity
	lang     lang.Tag
}

// choices reads them; of members, also the copies of templates that are theirs.
func (p *Portal) choices(tx *db.Tx, a org.Account, tag lang.Tag, memberIDs ...string) (choices, error) {
	pr, _ := p.Profiles.Get(a.Profile)
	list, err := roles.List(tx, a.ID, pr)
	if err != nil || len(memberIDs) == 0 {
		return choices{roles: list, lang: tag}, err
	}
	copies, err := roles.Copies(tx, a.ID, pr, memberIDs...)
	return choices{roles: append(list, copies...), lang: tag}, err
}

// include reads the names of some entities, by id or customer ID.
func (c *choices) include(tx *db.Tx, a org.Account, ids []string) error {
	list, err := org.EntitiesIn(tx, a, ids)
	c.entities = append(c.entities, list...)
	return err
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
