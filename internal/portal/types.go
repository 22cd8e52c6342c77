package portal

import (
	"net/http"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/resource"
	"countersign/internal/roles"
	"countersign/internal/web"
)

const (
	viewTypes   = "resource_types:view"
	manageTypes = "resource_types:manage"
)

func (p *Portal) typeRoutes() []web.Route {
	const at = "/a/{customer}/resource-types"
	const one = at + "/{type}"
	return []web.Route{
		{Pattern: "GET " + at, Handle: p.types},
		{Pattern: "GET " + at + "/new", Handle: p.newType},
		{Pattern: "POST " + at, Handle: p.doNewType, Form: under("new")},
		{Pattern: "GET " + one, Handle: p.oneType},
		{Pattern: "GET " + one + "/edit", Handle: p.editType},
		{Pattern: "POST " + one + "/edit", Handle: p.doEditType, Form: itself},
		{Pattern: "GET " + one + "/retirement", Handle: p.confirmType(RetireType)},
		{Pattern: "POST " + one + "/retirement", Handle: p.turnType(RetireType), Form: itself},
		{Pattern: "GET " + one + "/reinstatement", Handle: p.confirmType(ReinstateType)},
		{Pattern: "POST " + one + "/reinstatement", Handle: p.turnType(ReinstateType), Form: itself},
	}
}

// enterTypes opens the pages of resource types, which are the platform's: in other
// accounts nobody may.
func (p *Portal) enterTypes(w http.ResponseWriter, r *http.Request, v *web.Visit, permission string) (inside, error) {
	i, err := p.enter(w, r, v, SectionTypes, permission)
	switch {
	case err != nil:
	case i.account.Kind != access.Platform:
		err = p.refusedPage(r, v, i, fault.Missing(permission))
	case permission == manageTypes && !i.whole(manageTypes):
		err = p.refusedPage(r, v, i, fault.New(fault.Forbidden, "types_not_whole"))
	}
	return i, err
}

// types lists them (K2).
func (p *Portal) types(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enterTypes(w, r, v, viewTypes)
	if err != nil {
		return err
	}
	q, err := web.Query(r, "q", "state")
	if err != nil {
		return err
	}
	view := TypesView{Page: i.page, Filter: ReadTypesFilter(q), MayManage: i.whole(manageTypes)}
	err = p.reading(r, func(tx *db.Tx) error {
		list, err := resource.Types(tx)
		view.Total = len(list)
		for _, t := range list {
			if view.Filter.takes(t) {
				view.Rows = append(view.Rows, typeRow(t))
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.show(w, view)
}

func (f TypesFilter) takes(t resource.Type) bool {
	q := strings.TrimSpace(f.Query)
	return (f.State == "" || t.Retired == (f.State == "retired")) && (q == "" || lang.Matches(t.Title+" "+t.Name, q))
}

func typeRow(t resource.Type) TypeRow {
	return TypeRow{Name: t.Name, Title: t.Title, From: t.From.String(), Located: t.Located, Actions: len(t.Actions), Properties: len(t.Properties), Created: moment(t.CreatedAt), Retired: moment(t.RetiredAt)}
}

// typeOf reads the type of the address.
func (p *Portal) typeOf(r *http.Request, v *web.Visit, i inside) (t resource.Type, err error) {
	found := false
	err = p.reading(r, func(tx *db.Tx) (err error) {
		t, found, err = resource.TypeByName(tx, r.PathValue("type"))
		return err
	})
	if err == nil && !found {
		err = p.none(r, v, i.account.ID, "resource_type", cut(r.PathValue("type")), "resource_type")
	}
	return t, err
}

// enterType opens a page about the type of the address.
func (p *Portal) enterType(w http.ResponseWriter, r *http.Request, v *web.Visit, permission string) (i inside, t resource.Type, err error) {
	if i, err = p.enterTypes(w, r, v, permission); err == nil {
		t, err = p.typeOf(r, v, i)
	}
	return i, t, err
}

// storedShown is how many accounts a type's page names.
const storedShown = 10

// oneType is one type's page.
func (p *Portal) oneType(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, t, err := p.enterType(w, r, v, viewTypes)
	if err != nil {
		return err
	}
	view := TypeView{Page: i.page, Type: typeRow(t), MayManage: i.whole(manageTypes)}
	err = p.reading(r, func(tx *db.Tx) error {
		named, err := roles.NamedOf(tx, t.Name)
		if err != nil {
			return err
		}
		view.parts(t, named)
		return p.storedBy(tx, i, t, &view)
	})
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// parts are what a type is made of, with how many roles and policies name each.
func (view *TypeView) parts(t resource.Type, named roles.Named) {
	for _, a := range t.Actions {
		view.Actions = append(view.Actions, TypeAction{a.Name, t.Titles[a.Name], a.NeedsTwoFactor, a.Dangerous, named.Actions[a.Name]})
	}
	for _, x := range t.Properties {
		one := typeProperty(x, t.Titles[x.Part.String()+"."+x.Name])
		one.Named = named.Properties[x.Part.String()+"."+x.Name]
		view.Properties = append(view.Properties, one)
	}
}

func typeProperty(p access.Property, title string) TypeProperty {
	return TypeProperty{Part: p.Part.String(), Name: p.Name, Title: title, Kind: p.Kind.String(), Vouched: p.Vouched.String()}
}

// storedBy tells which accounts have stored most of a type, as far as the viewer sees.
func (p *Portal) storedBy(tx *db.Tx, i inside, t resource.Type, view *TypeView) error {
	sight, err := resource.See(tx, i.snapshot, i.q, i.account, resource.ViewPermission)
	if err != nil {
		return err
	}
	list, err := resource.Counts(tx, sight, t.Name, storedShown+1)
	if view.MoreStored = len(list) > storedShown; view.MoreStored {
		list = list[:storedShown]
	}
	for _, c := range list {
		q := i.asks(resource.ViewPermission)
		q.Within = c.AccountID
		one := StoredBy{PersonLink{Name: c.Name, Detail: c.CustomerID}, int(c.Stored)}
		if access.May(i.snapshot, q).Allowed {
			one.Href = InAccount(c.CustomerID).Records(t.Name, RecordsFilter{})
		}
		view.Stored = append(view.Stored, one)
	}
	return err
}

// namedBy is how many roles and policies name any action of a type.
func (p *Portal) namedBy(r *http.Request, t resource.Type) (n int, err error) {
	err = p.reading(r, func(tx *db.Tx) error {
		named, err := roles.NamedOf(tx, t.Name)
		for _, a := range named.Actions {
			n = max(n, a)
		}
		return err
	})
	return n, err
}

func (p *Portal) typeConfirm(w http.ResponseWriter, r *http.Request, v *web.Visit, act Act) (inside, resource.Type, ConfirmView, error) {
	i, t, err := p.enterType(w, r, v, manageTypes)
	if err != nil {
		return i, t, ConfirmView{}, err
	}
	at := i.page.To()
	view := ConfirmView{Page: i.page, Act: act, Subject: t.Title, Identifier: t.Name, Action: at.TypeAct(t.Name, act), Back: at.ResourceType(t.Name), Revision: version(t.Version)}
	switch {
	case act == RetireType && t.Retired:
		err = p.refusing(r, v, i, "resource_type", t.Name, fault.New(fault.Conflict, "already_retired"))
	case act == ReinstateType && !t.Retired:
		err = p.refusing(r, v, i, "resource_type", t.Name, fault.New(fault.Conflict, "not_retired"))
	default:
		view.Named, err = p.namedBy(r, t)
	}
	return i, t, view, err
}

// confirmType is the page before a type is retired or reinstated.
func (p *Portal) confirmType(act Act) web.Handle {
	return func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		_, _, view, err := p.typeConfirm(w, r, v, act)
		if err != nil {
			return err
		}
		if err := p.typedConfirm(r, v, &view); err != nil {
			return err
		}
		return p.show(w, view)
	}
}

// turnType does what was confirmed.
func (p *Portal) turnType(act Act) web.Handle {
	return func(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
		f, err := web.Form(r, "revision")
		if err != nil {
			return err
		}
		i, t, view, err := p.typeConfirm(w, r, v, act)
		if err != nil {
			return err
		}
		do, flash := p.Resources.Retire, "type_retired"
		if act == ReinstateType {
			do, flash = p.Resources.Reinstate, "type_reinstated"
		}
		if _, err := do(r.Context(), v.Who, t.Name, revision(f.Get("revision"))); err != nil {
			return p.again(w, err, func(form Form) View { view.Form = form; return view })
		}
		p.flash(w, v, Done, flash, "name", t.Title)
		return to(w, r, i.page.To().ResourceType(t.Name))
	}
}
