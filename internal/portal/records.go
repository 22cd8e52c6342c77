package portal

import (
	"net/http"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/resource"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) recordRoutes() []web.Route {
	const at = "/a/{customer}/records"
	const typ = at + "/{type}"
	const one = typ + "/record/{record}"
	return []web.Route{
		{Pattern: "GET " + at, Handle: p.recordTypes},
		{Pattern: "GET " + typ, Handle: p.records},
		{Pattern: "GET " + typ + "/new", Handle: p.newRecord},
		{Pattern: "POST " + typ, Handle: p.doNewRecord, Form: under("new")},
		{Pattern: "GET " + one, Handle: p.record},
		{Pattern: "GET " + one + "/edit", Handle: p.editRecord},
		{Pattern: "POST " + one + "/edit", Handle: p.doEditRecord, Form: itself},
		{Pattern: "GET " + one + "/removal", Handle: p.removeRecord},
		{Pattern: "POST " + one + "/removal", Handle: p.doRemoveRecord, Form: itself},
	}
}

// propertiesField begins the fields of values; the property's name follows.
const propertiesField = "properties."

// recordRows is how many records a page of the list shows.
const recordRows = 50

// keeping is a page about what the account has stored of a type.
type keeping struct {
	inside
	typ   resource.Type
	sight resource.Sight
}

// enterRecords opens a page about the type of the address.
func (p *Portal) enterRecords(w http.ResponseWriter, r *http.Request, v *web.Visit, permission string) (k keeping, err error) {
	if k.inside, err = p.enter(w, r, v, SectionRecords, permission); err != nil {
		return k, err
	}
	if k.typ, err = p.typeOf(r, v, k.inside); err != nil {
		return k, err
	}
	err = p.reading(r, func(tx *db.Tx) (err error) {
		k.sight, err = resource.See(tx, k.snapshot, k.q, k.account, permission)
		return err
	})
	return k, err
}

// recordTypes lists the types that records can be of, or are of.
func (p *Portal) recordTypes(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionRecords, resource.ViewPermission)
	if err != nil {
		return err
	}
	view := RecordsView{Page: i.page}
	err = p.reading(r, func(tx *db.Tx) error {
		list, err := resource.Types(tx)
		if err != nil {
			return err
		}
		sight, err := resource.See(tx, i.snapshot, i.q, i.account, resource.ViewPermission)
		for _, t := range list {
			var some []resource.Stored
			if t.Retired && err == nil {
				some, err = resource.List(tx, sight, resource.Query{Type: t.Name}, "", 1)
			}
			if !t.Retired || len(some) > 0 {
				view.Types = append(view.Types, typeRow(t))
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// records lists what the account has stored of a type (K2).
func (p *Portal) records(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	k, err := p.enterRecords(w, r, v, resource.ViewPermission)
	if err != nil {
		return err
	}
	q, err := web.Query(r, "id", "entity", "cursor")
	if err != nil {
		return err
	}
	view := RecordsView{Page: k.page, Type: typeRow(k.typ), Filter: ReadRecordsFilter(q), MayStore: k.may(resource.StorePermission)}
	narrow := view.Filter
	narrow.Cursor = ""
	about := "records " + k.typ.Name + " " + narrow.Values().Encode()
	after, err := p.listCursor(k.inside, v, about, view.Filter.Cursor)
	if err != nil {
		return err
	}
	next := ""
	err = p.reading(r, func(tx *db.Tx) error {
		list, err := k.find(tx, view.Filter, after)
		if view.Unknown = unreadable(err); view.Unknown {
			return nil
		}
		if err == nil && len(list) > recordRows {
			list, next = list[:recordRows], list[recordRows-1].ID
		}
		if err == nil {
			view.Rows, err = k.rows(tx, v.Lang, list)
		}
		return err
	})
	if err == nil {
		view.Pager, err = p.listPager(k.inside, v, about, "", next)
	}
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// find reads the records that a filter means, one more than a page shows.
func (k keeping) find(tx *db.Tx, f RecordsFilter, after string) ([]resource.Stored, error) {
	id, entity := strings.TrimSpace(f.ID), strings.TrimSpace(f.Entity)
	if id == "" {
		return resource.List(tx, k.sight, resource.Query{Type: k.typ.Name, Entity: entity}, after, recordRows+1)
	}
	one, found, err := resource.One(tx, k.sight, k.typ.Name, id)
	if err != nil || !found {
		return nil, err
	}
	if entity != "" {
		list, err := org.EntitiesIn(tx, k.account, []string{entity, one.EntityID})
		top := slices.IndexFunc(list, func(e org.Entity) bool { return e.CustomerID == entity || e.ID == entity })
		if err == nil && top < 0 {
			err = fault.In("entity", "unknown_entity")
		}
		if err != nil || !slices.ContainsFunc(list, func(e org.Entity) bool { return e.ID == one.EntityID && org.AtOrBelow(list[top].Path, e.Path) }) {
			return nil, err
		}
	}
	return []resource.Stored{one}, nil
}

// rows puts names to records.
func (k keeping) rows(tx *db.Tx, tag lang.Tag, list []resource.Stored) ([]RecordRow, error) {
	var entities, people []string
	for _, s := range list {
		entities = append(entities, s.EntityID)
		people = append(people, k.people(s.Values)...)
	}
	names, err := k.names(tx, entities, people)
	if err != nil {
		return nil, err
	}
	var out []RecordRow
	for _, s := range list {
		out = append(out, RecordRow{ID: s.ID, Entity: names.entity(s.EntityID), Location: names.location(s.LocationID), Values: k.values(tag, s.Values, names, false), Changed: moment(s.ChangedAt)})
	}
	return out, nil
}

// people are the users that values name.
func (k keeping) people(values []access.Value) (out []string) {
	for _, v := range values {
		if slices.ContainsFunc(k.typ.Properties, func(p access.Property) bool { return p.Kind == access.UserID && p.Name == v.Name }) {
			out = append(out, v.Text)
		}
	}
	return out
}

// recordNames are the names of what records hold.
type recordNames struct {
	entities  []org.Entity
	locations []org.Location
	people    map[string]string
}

func (k keeping) names(tx *db.Tx, entities, users []string) (n recordNames, err error) {
	slices.Sort(entities)
	if n.entities, err = org.EntitiesIn(tx, k.account, slices.Compact(entities)); err != nil {
		return n, err
	}
	if n.people, err = people.NamesBeside(tx, k.account.Path, users); err != nil {
		return n, err
	}
	n.locations, err = k.places(tx)
	return n, err
}

// placesMost is how many locations a form offers, and a list knows the names of.
const placesMost = 500

// places are the locations that what the account stores may be at.
func (k keeping) places(tx *db.Tx) ([]org.Location, error) {
	return org.LocationsWithin(tx, []access.Reach{{Paths: []string{k.account.Path}, AllLocations: true}}, "", placesMost)
}

func (n recordNames) entity(id string) string {
	for _, e := range n.entities {
		if e.ID == id {
			return e.Name
		}
	}
	return id
}

func (n recordNames) location(id string) string {
	for _, l := range n.locations {
		if l.ID == id {
			return l.Name
		}
	}
	return id
}

// values are what is registered of records, with what one has of it; all has also
// what it has nothing of.
func (k keeping) values(tag lang.Tag, list []access.Value, names recordNames, all bool) (out []PropertyValue) {
	for _, p := range k.typ.Properties {
		if p.Part != access.OfResource {
			continue
		}
		text := ""
		for _, v := range list {
			if v.Name == p.Name {
				text = v.Text
			}
		}
		if text != "" || all {
			out = append(out, k.inside.value(tag, typeProperty(p, k.typ.Titles["resource."+p.Name]), text, names.people))
		}
	}
	return out
}

// value is a property with a value as a person reads it.
func (i inside) value(tag lang.Tag, p TypeProperty, text string, names map[string]string) PropertyValue {
	out := PropertyValue{TypeProperty: p, Value: text}
	if text == "" {
		return out
	}
	kind := access.ParseValueKind(p.Kind)
	if out.Words = roles.ValueWords(tag, kind, text); kind == access.UserID {
		link := i.personLink(text, names)
		if out.Words = link.Name; names[text] != "" {
			out.Href = link.Href
		}
	}
	return out
}

// oneRecord reads the record of the address, as far as the viewer sees it.
func (p *Portal) oneRecord(r *http.Request, v *web.Visit, k keeping) (s resource.Stored, err error) {
	found := false
	err = p.reading(r, func(tx *db.Tx) (err error) {
		s, found, err = resource.One(tx, k.sight, k.typ.Name, recordID(r.PathValue("record")))
		return err
	})
	if err == nil && !found {
		err = p.none(r, v, k.account.ID, "resource", cut(k.typ.Name+"/"+recordID(r.PathValue("record"))), "resource")
	}
	return s, err
}

// record is one record's page.
func (p *Portal) record(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	k, err := p.enterRecords(w, r, v, resource.ViewPermission)
	if err != nil {
		return err
	}
	s, err := p.oneRecord(r, v, k)
	if err != nil {
		return err
	}
	view := RecordView{Page: k.page, Type: typeRow(k.typ), MayStore: k.may(resource.StorePermission) && k.over(resource.StorePermission, s.EntityID)}
	err = p.reading(r, func(tx *db.Tx) error {
		names, err := k.names(tx, []string{s.EntityID}, k.people(s.Values))
		view.Record = RecordRow{ID: s.ID, Entity: names.entity(s.EntityID), Location: names.location(s.LocationID), Values: k.values(v.Lang, s.Values, names, true), Changed: moment(s.ChangedAt)}
		return err
	})
	if err != nil {
		return err
	}
	view.Entity = PersonLink{Name: view.Record.Entity}
	if k.may("entities:view_details") && k.over("entities:view_details", s.EntityID) {
		view.Entity.Href = k.page.To().Entity(s.EntityID)
	}
	return p.show(w, view)
}
