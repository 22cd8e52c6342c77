package portal

import (
	"net/http"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/people"
	"countersign/internal/resource"
	"countersign/internal/roles"
	"countersign/internal/web"
)

// mayValues tells whether the viewer may change the values of a user's properties.
func (u user) mayValues() bool { return u.head.MayEditDetails }

// valuesOf are the registered properties of users that are in use, with what a
// user has of each.
func (p *Portal) valuesOf(tx *db.Tx, i inside, v *web.Visit, u user) ([]PropertyValue, error) {
	list, err := resource.UserProperties(tx)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	values, err := people.Properties(tx, i.account.ID, u.row.Member.ID)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, x := range list {
		if x.Kind == access.UserID {
			ids = append(ids, values[x.Name])
		}
	}
	names, err := people.NamesBeside(tx, i.account.Path, ids)
	var out []PropertyValue
	for _, x := range list {
		if x.RetiredAt == 0 {
			out = append(out, i.value(v.Lang, typeProperty(x.Property, x.Title), values[x.Name], names))
		}
	}
	return out, err
}

// enterValues opens the form about the values of a user's properties.
func (p *Portal) enterValues(w http.ResponseWriter, r *http.Request, v *web.Visit) (i inside, u user, view UserValuesView, err error) {
	if i, u, err = p.enterUser(w, r, v, "users:edit"); err != nil {
		return i, u, view, err
	}
	if err = u.mayEdit(u.mayValues()); err != nil {
		return i, u, view, p.refused(r, v, i, u, err)
	}
	view = UserValuesView{Page: i.page, User: u.head, Revision: u.revision()}
	err = p.reading(r, func(tx *db.Tx) error {
		view.Values, err = p.valuesOf(tx, i, v, u)
		return err
	})
	if err == nil && len(view.Values) == 0 {
		err = fault.None("page")
	}
	view.Seen = remember(view.values())
	return i, u, view, err
}

func (v UserValuesView) values() map[string]string {
	out := map[string]string{}
	for _, x := range v.Values {
		out[x.Name] = x.Value
	}
	return out
}

// fill puts what was typed into the fields.
func (v *UserValuesView) fill(values map[string]string) {
	for n := range v.Values {
		v.Values[n].Value = values[v.Values[n].Name]
	}
}

// userValues is the form that changes them (K2).
func (p *Portal) userValues(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	_, _, view, err := p.enterValues(w, r, v)
	if err != nil {
		return err
	}
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		view.fill(readValues(typed))
		view.Kept, view.Revision, view.Seen = true, typed.Get("revision"), typed.Get("seen")
	}
	return p.show(w, view)
}

func (p *Portal) doUserValues(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, view, err := p.enterValues(w, r, v)
	if err != nil {
		return err
	}
	fields, kinds := []string{"revision", "seen"}, map[string]access.ValueKind{}
	for _, x := range view.Values {
		fields, kinds[x.Name] = append(fields, x.Field()), access.ParseValueKind(x.Kind)
	}
	f, err := web.Form(r, fields...)
	if err != nil {
		return err
	}
	values := readValues(f)
	err = p.People.SetProperties(r.Context(), v.Who, i.account.ID, u.row.ID(), revision(f.Get("revision")), given(values, kinds))
	if err == nil {
		p.flash(w, v, Done, "values_saved", "name", u.row.Name())
		return to(w, r, i.page.To().User(u.row.ID()))
	}
	if fault.CodeOf(err) == "stale" {
		var was map[string]string
		if recall(f.Get("seen"), &was) {
			view.Changed = view.changed(v, was)
		}
	} else {
		view.Revision, view.Seen = f.Get("revision"), f.Get("seen") // what was seen stays what was seen
	}
	view.fill(values)
	return p.again(w, err, func(form Form) View { view.Form = form; return view })
}

// changed tells what is different of what a form was made from.
func (v UserValuesView) changed(visit *web.Visit, was map[string]string) []Difference {
	var list []Difference
	for _, x := range v.Values {
		words := func(text string) string { return roles.ValueWords(visit.Lang, access.ParseValueKind(x.Kind), text) }
		list = append(list, Difference{roles.PropertyKey("", access.OfUser, x.Name), words(was[x.Name]), words(x.Value)})
	}
	return differences(list)
}
