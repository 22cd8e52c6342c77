package portal

import (
	"net/http"

	"countersign/internal/db"
	"countersign/internal/find"
	"countersign/internal/lang"
	"countersign/internal/profile"
	"countersign/internal/web"
)

func (p *Portal) searchRoutes() []web.Route {
	return []web.Route{{Pattern: "GET /a/{customer}/search", Handle: p.search}}
}

// searchHits is how many of each kind a search shows.
const searchHits = 10

// search looks for a text in everything that the viewer may see, pages and
// settings among it. What is meant beyond doubt (an id, a customer ID, a whole
// address) is opened at once.
func (p *Portal) search(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionNone, "")
	if err != nil {
		return err
	}
	values, err := web.Query(r, "q")
	if err != nil {
		return err
	}
	view := SearchView{Page: i.page, Query: values.Get("q")}
	var found find.Result
	err = p.reading(r, func(tx *db.Tx) (err error) {
		found, err = p.finder().Find(tx, i.asking(v.Lang), view.Query, searchHits)
		return err
	})
	if unreadable(err) {
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	if err != nil {
		return err
	}
	if one, ok := found.One(); ok {
		if href := i.hitHref(one); href != "" {
			return to(w, r, href)
		}
	}
	view.Groups = i.searchGroups(found, view.Query, v.Lang)
	return p.show(w, view)
}

func (i inside) searchGroups(found find.Result, query string, tag lang.Tag) (groups []SearchGroup) {
	at := i.page.To()
	more := map[find.Kind]string{find.User: at.Users(UsersFilter{Query: query}), find.Account: at.Accounts(AccountsFilter{Query: query}),
		find.Entity: at.Tree(TreeFilter{Query: query}), find.Role: at.RolesAll(query), find.Policy: at.Policies()}
	icons := map[find.Kind]string{find.User: "user", find.Account: "building", find.Entity: "tree", find.Role: "roles", find.Policy: "policies"}
	for _, kind := range find.Kinds() {
		g := SearchGroup{Label: string(kind), Icon: icons[kind]}
		for _, h := range found.Of(kind) {
			hit := SearchHit{Name: h.Name, Detail: h.Detail, Kind: h.Level, Href: i.hitHref(h)}
			if h.CustomerID != i.account.CustomerID {
				hit.Where = h.CustomerID
			}
			g.Hits = append(g.Hits, hit)
		}
		if found.More[kind] {
			g.MoreHref = more[kind]
		}
		if len(g.Hits) > 0 {
			groups = append(groups, g)
		}
	}
	for _, g := range []SearchGroup{{Label: "page", Icon: "page", Hits: i.pagesLike(query, tag)}, {Label: "setting", Icon: "settings", Hits: i.settingsLike(query, tag)}} {
		if len(g.Hits) > 0 {
			groups = append(groups, g)
		}
	}
	return groups
}

// hitHref is the page of what was found.
func (i inside) hitHref(h find.Hit) string {
	at := i.page.To()
	switch h.Kind {
	case find.User:
		return InAccount(h.CustomerID).User(h.ID)
	case find.Account:
		return at.OneAccount(h.ID)
	case find.Entity:
		if i.may("entities:view_details") && i.over("entities:view_details", h.ID) {
			return at.Entity(h.ID)
		}
		return at.Tree(TreeFilter{At: h.Detail})
	}
	if h.Kind == find.Policy {
		return at.Policy(h.ID)
	}
	return at.Role(h.ID)
}

// pagesLike are the pages of the viewer's menu, and their own, by their words.
func (i inside) pagesLike(query string, tag lang.Tag) (hits []SearchHit) {
	add := func(name, detail, href string) {
		if lang.Matches(name+" "+detail, query) {
			hits = append(hits, SearchHit{Name: name, Detail: detail, Href: href})
		}
	}
	for _, g := range i.page.Menu {
		for _, item := range g.Items {
			add(lang.T(tag, "portal.menu."+item.Label), lang.T(tag, "portal.menu."+item.Label+".help"), item.Href)
		}
	}
	at := i.page.To()
	if i.may("users:create") {
		add(lang.T(tag, "portal.invite.title"), "", at.NewUser())
	}
	if i.may("accounts:create") {
		add(lang.T(tag, "portal.newaccount.title"), "", at.NewAccount())
	}
	if i.may("entities:onboard") {
		add(lang.T(tag, "portal.newentity.title"), "", at.NewEntity(""))
	}
	if i.may("roles:view") {
		add(lang.T(tag, "portal.toxic.title"), lang.T(tag, "portal.toxic.link"), at.Toxic())
	}
	if i.may(manageRoles) {
		add(lang.T(tag, "portal.maker.role_new.title"), "", at.NewRole())
	}
	if i.may(managePolicies) {
		add(lang.T(tag, "portal.maker.policy_new.title"), "", at.NewPolicy())
	}
	if i.may("service_tokens:create") {
		add(lang.T(tag, "portal.newtoken.title"), "", at.NewServiceToken())
	}
	add(lang.T(tag, "portal.me.title"), lang.T(tag, "portal.me.help"), MePath)
	add(lang.T(tag, "portal.help"), "", HelpPath)
	return hits
}

// settingsLike are the account's settings by their words.
func (i inside) settingsLike(query string, tag lang.Tag) (hits []SearchHit) {
	if !i.may("account:view") {
		return nil
	}
	for _, d := range profile.Definitions() {
		name, help := lang.T(tag, "setting."+d.Key), lang.T(tag, "setting."+d.Key+".help")
		if lang.Matches(name+" "+help, query) && len(hits) < searchHits {
			hits = append(hits, SearchHit{Name: name, Detail: help, Href: i.page.To().Settings() + "#" + d.Key})
		}
	}
	return hits
}
