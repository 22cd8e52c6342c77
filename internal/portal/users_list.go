package portal

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/profile"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) userListRoutes() []web.Route {
	const users = "/a/{customer}/users"
	routes := []web.Route{
		{Pattern: "GET " + users, Handle: p.users},
		{Pattern: "GET " + users + "/export", Handle: p.exportUsers},
		{Pattern: "POST " + users + "/columns", Handle: p.chooseColumns},
		{Pattern: "POST " + users + "/bulk", Handle: p.many},
	}
	for _, act := range bulkActs() {
		at := users + "/bulk/" + string(act)
		routes = append(routes, web.Route{Pattern: "GET " + at, Handle: p.manyKept(act)}, web.Route{Pattern: "POST " + at, Handle: p.doMany(act), Form: itself})
	}
	return routes
}

// usersFields are what the list's address may hold.
var usersFields = []string{"q", "status", "role", "entity", "sort", "order", "columns", "cursor"}

// columnsPreference is the name under which somebody's columns are kept.
const columnsPreference = "users.columns"

// users is the list (U1).
func (p *Portal) users(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionUsers, "users:view")
	if err != nil {
		return err
	}
	q, err := web.Query(r, usersFields...)
	if err != nil {
		return err
	}
	view := UsersView{Page: i.page, Filter: ReadUsersFilter(q), MayInvite: i.may("users:create")}
	for _, act := range bulkActs() {
		if i.may(actPermissions[act]) {
			view.MayAct = append(view.MayAct, act)
		}
	}
	about := "users " + view.Filter.narrowed().Encode()
	list := view.Filter.query()
	if list.After, err = p.listCursor(i, v, about, view.Filter.Cursor); err != nil {
		return err
	}
	var page people.Page
	err = p.reading(r, func(tx *db.Tx) (err error) { page, err = p.fillUsers(tx, i, v, list, &view); return err })
	if err != nil {
		return err
	}
	if view.Pager, err = p.listPager(i, v, about, page.Previous, page.Next); err != nil {
		return err
	}
	return p.show(w, view)
}

// fillUsers reads what the list shows.
func (p *Portal) fillUsers(tx *db.Tx, i inside, v *web.Visit, list people.Query, view *UsersView) (page people.Page, err error) {
	names, err := p.listNames(tx, i.account, v.Lang)
	if err != nil {
		return page, err
	}
	view.Roles = names.options
	if view.Columns = ReadColumns(view.Filter.Columns); view.Columns == nil {
		prefers, err := people.Preference(tx, v.Who.ID, columnsPreference)
		if err != nil {
			return page, err
		}
		view.Columns = ReadColumns(prefers)
	}
	if list.EntityID, err = p.askedEntity(tx, i, view); err != nil {
		return page, err
	}
	page, err = p.People.List(tx, i.account, list)
	if unreadable(err) { // a filter that names what is not there finds nobody
		page, err = people.Page{}, nil
	}
	if err != nil {
		return page, err
	}
	view.Total = Count(page.Total)
	if err := names.of(tx, i.account, page.Rows); err != nil {
		return page, err
	}
	lost, err := lostInvitations(tx, i.account.ID, page.Rows)
	for _, row := range page.Rows {
		line := userRow(row, names, v.Who.ID)
		line.MailLost = lost[line.ID]
		view.Rows = append(view.Rows, line)
	}
	return page, err
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

// suggested is how many entities a list's filter suggests.
const suggested = 20

// noEntity is the id of none: nobody is found by it.
const noEntity = "?"

// askedEntity finds the entity that the filter means, by id, customer ID or a part
// of the name that no other has, and offers what could be meant: of those alone
// that the viewer may see.
func (p *Portal) askedEntity(tx *db.Tx, i inside, view *UsersView) (id string, err error) {
	typed, reach := view.Filter.Entity, access.Scope(i.snapshot, i.asks("entities:view"))
	offered, err := org.EntitiesWithin(tx, reach, "", suggested+1)
	if err != nil {
		return "", err
	}
	if typed != "" {
		found, exact, err := entitiesMeant(tx, reach, typed)
		if err != nil {
			return "", err
		}
		if !exact {
			view.Unclear, offered = len(found) > 1, found
		}
		if len(found) == 1 {
			view.Entity, id = found[0].Name, found[0].ID
		} else {
			id = noEntity
		}
	}
	if len(offered) > suggested && !view.Unclear {
		return id, nil // too many to be of use
	}
	for _, e := range offered[:min(len(offered), suggested)] {
		view.Entities = append(view.Entities, Option{Value: e.CustomerID, Label: e.Name})
	}
	return id, nil
}

// entitiesMeant are those within a reach whose id or customer ID was typed, which
// is exact, or else the first few in whose names that occurs.
func entitiesMeant(tx *db.Tx, reach []access.Reach, typed string) (found []org.Entity, exact bool, err error) {
	if n, is, err := org.NodeTyped(tx, reach, typed); err != nil || is {
		return []org.Entity{n.Entity}, is, err
	}
	page, err := org.SearchTree(tx, reach, typed, "", suggested+1)
	if unreadable(err) { // what is no text is no entity's name
		err = nil
	}
	for _, n := range page.Nodes {
		found = append(found, n.Entity)
	}
	return found, false, err
}

// narrowed is what a cursor of the list belongs to: who is in it, and in which
// order. Other columns leave it where it is.
func (f UsersFilter) narrowed() url.Values {
	f.Columns = ""
	return f.first().Values()
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

// listNames are the names of the roles and entities that a list of users shows.
type listNames struct {
	profile  *profile.Profile
	lang     lang.Tag
	options  []Option          // all roles
	roles    map[string]string // by id
	entities map[string]string // by customer ID: those of the rows
}

func (p *Portal) listNames(tx *db.Tx, a org.Account, tag lang.Tag) (listNames, error) {
	pr, _ := p.Profiles.Get(a.Profile)
	list, err := roles.List(tx, a.ID, pr)
	n := listNames{profile: pr, lang: tag, roles: map[string]string{}, entities: map[string]string{}}
	for _, r := range list {
		n.options = append(n.options, Option{Value: r.ID, Label: r.Title(tag)})
		n.roles[r.ID] = r.Title(tag)
	}
	return n, err
}

// of reads the names of the entities of some rows, and of the copies of templates
// that these people have.
func (n listNames) of(tx *db.Tx, a org.Account, rows []people.Row) error {
	var ids, copied []string
	for _, row := range rows {
		if slices.ContainsFunc(row.Roles, func(id string) bool { return n.roles[id] == "" }) {
			copied = append(copied, row.Member.ID)
		}
		for _, id := range row.Entities {
			if _, known := n.entities[id]; !known {
				n.entities[id] = id
				ids = append(ids, id)
			}
		}
	}
	list, err := org.EntitiesIn(tx, a, ids)
	for _, e := range list {
		n.entities[e.CustomerID] = e.Name
	}
	if err != nil || len(copied) == 0 {
		return err
	}
	copies, err := roles.Copies(tx, a.ID, n.profile, copied...)
	for _, r := range copies {
		n.roles[r.ID] = r.Title(n.lang)
	}
	return err
}

func namesOf(ids []string, names map[string]string) []string {
	var out []string
	for _, id := range ids {
		if name, ok := names[id]; ok {
			out = append(out, name)
		}
	}
	return out
}

func userRow(row people.Row, names listNames, me string) UserRow {
	return UserRow{ID: row.ID(), Name: row.Name(), Identifier: identifier(row.Email, row.Username), Email: row.Email, Phone: row.Phone, Language: string(row.Lang),
		Roles: namesOf(row.Roles, names.roles), Entities: namesOf(row.Entities, names.entities), AllEntities: row.AllEntities, Status: Status(row.Status),
		Factor: factorOf(row), LastSignIn: moment(row.LastSignInAt), Created: moment(row.CreatedAt), Self: row.ID() == me}
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

// chooseColumns keeps the columns that somebody wants, and goes back to the list.
func (p *Portal) chooseColumns(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionUsers, "users:view")
	if err != nil {
		return err
	}
	f, err := web.Form(r, "columns[]", "usual", "back")
	if err != nil {
		return err
	}
	columns := columnsText(ReadColumns(strings.Join(f["columns"], columnsSeparator)))
	if f.Get("usual") != "" {
		columns = ""
	}
	if err := p.People.Prefer(r.Context(), v.Who, columnsPreference, columns); err != nil {
		return err
	}
	list := i.listAt(f.Get("back"))
	list.Columns = ""
	return to(w, r, i.page.To().Users(list))
}

// listAt is the account's list as one of its addresses narrows it; any other
// address is the whole list.
func (i inside) listAt(address string) UsersFilter {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "" || u.Host != "" || u.Path != i.page.To().UserSearch() {
		return UsersFilter{}
	}
	return ReadUsersFilter(u.Query())
}
