package portal

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/resource"
	"countersign/internal/web"
)

// recordForm is what stands in the form of a record.
type recordForm struct {
	id, entity, location, revision string
	values                         map[string]string
}

// recordFields are what the form of a type's records sends.
func (k keeping) recordFields() []string {
	fields := []string{"id", "entity", "location", "revision"}
	for _, p := range k.typ.Properties {
		if p.Part == access.OfResource {
			fields = append(fields, propertiesField+p.Name)
		}
	}
	return fields
}

func readRecordForm(f url.Values) recordForm {
	return recordForm{id: f.Get("id"), entity: f.Get("entity"), location: f.Get("location"), revision: f.Get("revision"), values: readValues(f)}
}

// readValues are the values in a form, by the names of their properties.
func readValues(f url.Values) map[string]string {
	out := map[string]string{}
	for name := range f {
		if property, ok := strings.CutPrefix(name, propertiesField); ok {
			out[property] = f.Get(name)
		}
	}
	return out
}

// given are values as use cases take them.
func given(values map[string]string, kinds map[string]access.ValueKind) map[string]resource.Given {
	out := map[string]resource.Given{}
	for name, text := range values {
		out[name] = resource.Given{Text: readValue(kinds[name], text)}
	}
	return out
}

func (k keeping) putting(f recordForm) resource.Putting {
	kinds := map[string]access.ValueKind{}
	for _, p := range k.typ.Properties {
		kinds[p.Name] = p.Kind
	}
	return resource.Putting{ID: f.id, Entity: strings.TrimSpace(f.entity), Location: f.location, Values: given(f.values, kinds)}
}

// formView is the page of a form of a record.
func (p *Portal) recordFormView(r *http.Request, k keeping, f recordForm, editing bool) (RecordFormView, error) {
	view := RecordFormView{Page: k.page, Type: typeRow(k.typ), Editing: editing, ID: f.id, Entity: f.entity, Location: f.location, Revision: f.revision}
	for _, x := range k.typ.Properties {
		if x.Part == access.OfResource {
			view.Values = append(view.Values, PropertyValue{TypeProperty: typeProperty(x, k.typ.Titles["resource."+x.Name]), Value: f.values[x.Name]})
		}
	}
	err := p.reading(r, func(tx *db.Tx) error {
		list, err := org.EntitiesWithin(tx, access.Scope(k.snapshot, k.asks(resource.StorePermission)), "", pickerMost)
		for _, e := range list {
			view.Entities = append(view.Entities, Option{Value: e.CustomerID, Label: e.Name})
		}
		if err != nil || !k.typ.Located {
			return err
		}
		places, err := k.places(tx)
		for _, l := range places {
			view.Locations = append(view.Locations, Option{Value: l.ID, Label: l.Name})
		}
		return err
	})
	return view, err
}

// enterStoring opens a form about records of a type, of which something can be stored.
func (p *Portal) enterStoring(w http.ResponseWriter, r *http.Request, v *web.Visit) (keeping, error) {
	k, err := p.enterRecords(w, r, v, resource.StorePermission)
	if err == nil && k.typ.Retired {
		err = p.refusing(r, v, k.inside, "resource_type", k.typ.Name, fault.New(fault.Conflict, "type_retired"))
	}
	return k, err
}

// newRecord is the form that stores one.
func (p *Portal) newRecord(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	k, err := p.enterStoring(w, r, v)
	if err != nil {
		return err
	}
	return p.showRecordForm(w, r, v, k, recordForm{entity: k.account.CustomerID}, false)
}

func (p *Portal) showRecordForm(w http.ResponseWriter, r *http.Request, v *web.Visit, k keeping, f recordForm, editing bool) error {
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		id := f.id
		if f = readRecordForm(typed); editing {
			f.id = id
		}
	}
	view, err := p.recordFormView(r, k, f, editing)
	if err != nil {
		return err
	}
	view.Kept = typed != nil
	return p.show(w, view)
}

func (p *Portal) doNewRecord(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	k, err := p.enterStoring(w, r, v)
	if err != nil {
		return err
	}
	values, err := web.Form(r, k.recordFields()...)
	if err != nil {
		return err
	}
	f := readRecordForm(values)
	f.id = strings.TrimSpace(f.id)
	if _, err := p.Resources.Put(r.Context(), v.Who, k.account.ID, k.typ.Name, resource.Anew, k.putting(f)); err != nil {
		return p.againRecord(w, r, k, f, false, taken(err))
	}
	p.flash(w, v, Done, "record_stored", "name", f.id)
	return to(w, r, k.page.To().Record(k.typ.Name, f.id))
}

// taken says of an id that is in use that it is: in a form it is a field like others.
func taken(err error) error {
	if fault.CodeOf(err) == "resource_there" {
		return fault.In("id", "id_taken")
	}
	return err
}

func (p *Portal) againRecord(w http.ResponseWriter, r *http.Request, k keeping, f recordForm, editing bool, err error) error {
	view, problem := p.recordFormView(r, k, f, editing)
	if problem != nil {
		return problem
	}
	return p.again(w, k.titled(err), func(form Form) View { view.Form = form; return view })
}

// titled calls what is wrong with values by their titles.
func (k keeping) titled(err error) error {
	f := *fault.From(err)
	f.Fields = slices.Clone(f.Fields)
	for n := range f.Fields {
		if name, ok := strings.CutPrefix(f.Fields[n].Name, propertiesField); ok && k.typ.Titles["resource."+name] != "" {
			args := fault.Args{"label": k.typ.Titles["resource."+name]}
			maps.Copy(args, f.Fields[n].Args)
			f.Fields[n].Args = args
		}
	}
	return &f
}

// recordFormOf is the form of a record as it is.
func (p *Portal) recordFormOf(r *http.Request, k keeping, s resource.Stored) (recordForm, error) {
	f := recordForm{id: s.ID, entity: s.EntityID, location: s.LocationID, revision: version(s.Version), values: map[string]string{}}
	for _, x := range s.Values {
		f.values[x.Name] = x.Text
	}
	err := p.reading(r, func(tx *db.Tx) error {
		list, err := org.EntitiesIn(tx, k.account, []string{s.EntityID})
		if len(list) == 1 {
			f.entity = list[0].CustomerID
		}
		return err
	})
	return f, err
}

// enterEditing opens the form of a record that there is.
func (p *Portal) enterEditing(w http.ResponseWriter, r *http.Request, v *web.Visit) (k keeping, s resource.Stored, err error) {
	if k, err = p.enterStoring(w, r, v); err == nil {
		s, err = p.oneRecord(r, v, k)
	}
	return k, s, err
}

// editRecord is the form that changes one.
func (p *Portal) editRecord(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	k, s, err := p.enterEditing(w, r, v)
	if err != nil {
		return err
	}
	f, err := p.recordFormOf(r, k, s)
	if err != nil {
		return err
	}
	return p.showRecordForm(w, r, v, k, f, true)
}

func (p *Portal) doEditRecord(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	k, s, err := p.enterEditing(w, r, v)
	if err != nil {
		return err
	}
	values, err := web.Form(r, k.recordFields()...)
	if err != nil {
		return err
	}
	f := readRecordForm(values)
	f.id = s.ID
	if _, err := p.Resources.Put(r.Context(), v.Who, k.account.ID, k.typ.Name, revision(f.revision), k.putting(f)); err != nil {
		return p.againRecord(w, r, k, f, true, err)
	}
	p.flash(w, v, Done, "record_saved", "name", s.ID)
	return to(w, r, k.page.To().Record(k.typ.Name, s.ID))
}

func (p *Portal) recordRemoval(w http.ResponseWriter, r *http.Request, v *web.Visit) (keeping, resource.Stored, ConfirmView, error) {
	k, err := p.enterRecords(w, r, v, resource.StorePermission)
	if err != nil {
		return k, resource.Stored{}, ConfirmView{}, err
	}
	s, err := p.oneRecord(r, v, k)
	at := k.page.To()
	return k, s, ConfirmView{Page: k.page, Act: RemoveRecordAct, Subject: s.ID, Identifier: k.typ.Title, Action: at.RemoveRecord(k.typ.Name, s.ID), Back: at.Record(k.typ.Name, s.ID), Revision: version(s.Version)}, err
}

// removeRecord is the page before a record is removed.
func (p *Portal) removeRecord(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	_, _, view, err := p.recordRemoval(w, r, v)
	if err != nil {
		return err
	}
	if err := p.typedConfirm(r, v, &view); err != nil {
		return err
	}
	return p.show(w, view)
}

func (p *Portal) doRemoveRecord(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	f, err := web.Form(r, "revision")
	if err != nil {
		return err
	}
	k, s, view, err := p.recordRemoval(w, r, v)
	if err != nil {
		return err
	}
	if err := p.Resources.Remove(r.Context(), v.Who, k.account.ID, k.typ.Name, s.ID, revision(f.Get("revision"))); err != nil {
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	p.flash(w, v, Done, "record_removed", "name", s.ID)
	return to(w, r, k.page.To().Records(k.typ.Name, RecordsFilter{}))
}
