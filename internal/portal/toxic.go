package portal

import (
	"net/http"
	"slices"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) toxicRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /a/{customer}/toxic-combinations", Handle: p.toxic},
		{Pattern: "GET /a/{customer}/toxic-combinations/{combination}", Handle: p.toxicPeople},
	}
}

// toxic reports on combinations of permissions that nobody should hold (R12).
func (p *Portal) toxic(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionRoles, "roles:view")
	if err != nil {
		return err
	}
	view := ToxicView{Page: i.page, MaySee: i.may("users:view")}
	if i.may("account:view") {
		view.Setting = i.page.To().Settings() + "#toxic_combinations"
	}
	list, err := p.toxicNow(r, i)
	if err != nil {
		return err
	}
	for _, one := range list {
		view.Rows = append(view.Rows, toxicRow(one, v.Lang))
	}
	slices.SortStableFunc(view.Rows, func(a, b ToxicRow) int { return int(min(b.Count.N, 1) - min(a.Count.N, 1)) })
	return p.show(w, view)
}

func (p *Portal) toxicNow(r *http.Request, i inside) (list []roles.Toxic, err error) {
	err = p.reading(r, func(tx *db.Tx) error {
		s, err := p.settingsOf(tx, i)
		if err != nil {
			return err
		}
		list, err = roles.ToxicNow(tx, i.account.ID, p.Profiles, p.profile(i), s)
		return err
	})
	return list, err
}

func toxicRow(t roles.Toxic, tag lang.Tag) ToxicRow {
	names := func(set access.Set) (out []string) {
		for p := range set.All() {
			out = append(out, p.String())
		}
		return out
	}
	return ToxicRow{Key: t.Key, Name: t.Name(string(tag)), Reason: t.Reason(string(tag)), Left: names(t.Left), Right: names(t.Right), Mode: t.Mode, Count: Count{N: t.Count, More: t.More}}
}

// toxicShown is how many of those who have a combination a page names.
const toxicShown = 50

// toxicPeople lists who has a combination today, and by which roles.
func (p *Portal) toxicPeople(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionRoles, "users:view")
	if err != nil {
		return err
	}
	q, err := web.Query(r, "cursor")
	if err != nil {
		return err
	}
	list, err := p.toxicNow(r, i)
	if err != nil {
		return err
	}
	key := r.PathValue("combination")
	n := slices.IndexFunc(list, func(t roles.Toxic) bool { return t.Key == key })
	if n < 0 {
		return fault.None("combination")
	}
	view := ToxicPeopleView{Page: i.page, Toxic: toxicRow(list[n], v.Lang), Cursor: q.Get("cursor")}
	about := "toxic " + key
	after, err := p.listCursor(i, v, about, view.Cursor)
	if err != nil {
		return err
	}
	next, err := p.fillToxic(r, v, i, after, &view)
	if err == nil {
		view.Pager, err = p.listPager(i, v, about, "", next)
	}
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// fillToxic reads a page of them, and where the next begins.
func (p *Portal) fillToxic(r *http.Request, v *web.Visit, i inside, after string, view *ToxicPeopleView) (next string, err error) {
	err = p.reading(r, func(tx *db.Tx) error {
		holders, err := roles.ToxicHolders(tx, i.account.ID, p.Profiles, p.profile(i), view.Toxic.Key, after, toxicShown+1)
		if err != nil {
			return err
		}
		if len(holders) > toxicShown {
			holders = holders[:toxicShown]
			next = holders[toxicShown-1].MembershipID
		}
		var users, members []string
		for _, h := range holders {
			users, members = append(users, h.UserID), append(members, h.MembershipID)
		}
		names, err := people.NamesBeside(tx, i.account.Path, users)
		if err != nil {
			return err
		}
		list, err := roles.List(tx, i.account.ID, p.profile(i))
		if err != nil {
			return err
		}
		copies, err := roles.Copies(tx, i.account.ID, p.profile(i), members...)
		titles := titlesOf(append(list, copies...), v.Lang)
		for _, h := range holders {
			view.People = append(view.People, ToxicPerson{i.personLink(h.UserID, names), i.roleLinks(h.Left, titles), i.roleLinks(h.Right, titles)})
		}
		return err
	})
	return next, err
}
