package resource

import (
	"fmt"
	"maps"
	"slices"

	"countersign/internal/access"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/roles"
)

func atIndex(i int) string { return fmt.Sprintf("resources[%d].", i) }

// idMax is how long an id may be, in bytes: as long as one in an address.
const idMax = 200

// GoodID tells whether something can be stored under an id: text that shows, in
// the one form in which it is compared, without spaces around it.
func GoodID(id string) bool {
	clean, problem := lang.Line(id, idMax)
	return problem == "" && clean == id && len(id) <= idMax
}

// check brings what is to be stored into the form in which it is, and notes all
// that is wrong with each; before says what its fields' names begin with.
func (k *keeping) check(f *fault.Fields, in []Putting, before func(i int) string) ([]Stored, error) {
	entities, locations, err := k.places(in)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	out := make([]Stored, len(in))
	for i, p := range in {
		at := before(i)
		s := Stored{Resource: access.Resource{AccountID: k.sight.Account.ID, Type: k.typ.Name, ID: p.ID}}
		switch {
		case !GoodID(p.ID):
			f.Add(at+"id", "resource_id", "max", idMax)
		case seen[p.ID]:
			f.Add(at+"id", "id_twice")
		}
		seen[p.ID] = true
		entity := k.entity(f, at, p, entities)
		s.EntityID = entity.ID
		s.LocationID = k.location(f, at, p, entity, locations)
		s.Values = k.values(f, at, p)
		out[i] = s
	}
	return out, nil
}

// place is a location with the path of its entity.
type place struct{ id, path string }

// places finds the entities and locations that are named, of the account and below.
func (k *keeping) places(in []Putting) (map[string]org.Entity, map[string]place, error) {
	names, ids := map[string]bool{}, map[string]bool{}
	for _, p := range in {
		names[p.Entity], ids[p.Location] = true, true
	}
	delete(names, "")
	delete(ids, "")
	names[k.sight.Account.EntityID] = true
	list, err := entitiesNamed(k.tx, k.sight.Account, slices.Sorted(maps.Keys(names)))
	if err != nil {
		return nil, nil, err
	}
	entities := map[string]org.Entity{}
	for _, e := range list {
		entities[e.ID], entities[e.CustomerID] = e, e
	}
	locations, err := placesNamed(k.tx, k.sight.Account, slices.Sorted(maps.Keys(ids)))
	return entities, locations, err
}

// entity is whose the resource is. What does not exist and what whoever stores does
// not hold are told alike.
func (k *keeping) entity(f *fault.Fields, at string, p Putting, known map[string]org.Entity) org.Entity {
	own := k.sight.Account.EntityID
	if p.Entity == "" && k.typ.From == access.FromAccount {
		p.Entity = own
	}
	e, found := known[p.Entity]
	switch {
	case p.Entity == "":
		f.Add(at+"entity", "required")
	case !found || !k.sight.holds(e):
		f.Add(at+"entity", "unknown_entity")
	case k.typ.From == access.FromAccount && e.ID != own:
		f.Add(at+"entity", "entity_own")
	}
	return e
}

// location is where the resource is: a place at its entity's line.
func (k *keeping) location(f *fault.Fields, at string, p Putting, e org.Entity, known map[string]place) string {
	l, found := known[p.Location]
	switch {
	case p.Location != "" && (!found || e.ID == "" || !inLine(l.path, e.Path)),
		k.sight.limited && p.Location != "" && !slices.Contains(k.sight.places, p.Location):
		f.Add(at+"location", "unknown_place")
	case k.sight.limited && p.Location == "" && k.typ.Located:
		f.Add(at+"location", "required")
	}
	return p.Location
}

func inLine(a, b string) bool { return org.AtOrBelow(a, b) || org.AtOrBelow(b, a) }

// values are those of registered properties of resources; an empty text is none.
func (k *keeping) values(f *fault.Fields, at string, p Putting) (out []access.Value) {
	for _, name := range slices.Sorted(maps.Keys(p.Values)) {
		i := slices.IndexFunc(k.typ.Properties, func(x access.Property) bool { return x.Part == access.OfResource && x.Name == name })
		if i < 0 {
			f.Add(at+"properties."+shown(name), "property_unknown")
			continue
		}
		text, code := Fit(k.typ.Properties[i].Kind, p.Values[name])
		if code != "" {
			f.Add(at+"properties."+name, code)
		} else if text != "" {
			out = append(out, access.Value{Name: name, Text: text})
		}
	}
	return out
}

// Fit is a value in the one form in which it is stored and compared, "" where a
// person typed nothing; code says what it should have been.
func Fit(kind access.ValueKind, v Given) (text, code string) {
	text = v.Text
	if v.Kind == 0 {
		if text, code = lang.Line(v.Text, 1000); code == "required" {
			return "", ""
		}
	}
	as := v.Kind == 0 || v.Kind == kind || v.Kind == access.Text && kind == access.UserID
	if as && code == "" && roles.ValueFits(kind, text) {
		return text, ""
	}
	return "", "value_" + kind.String()
}

// shown is a name that somebody sent, fit for a sentence.
func shown(name string) string {
	clean, problem := lang.Line(name, 40)
	if problem != "" {
		return "?"
	}
	return clean
}

// beside puts each resource beside what is stored under its id, and leaves out what
// says the same. One that whoever stores does not see is taken.
func (k *keeping) beside(f *fault.Fields, list []Stored) ([]pair, error) {
	var ids []string
	for _, s := range list {
		ids = append(ids, s.ID)
	}
	there, err := storedByID(k.tx, k.sight.Account.ID, k.typ.Name, ids)
	if err != nil {
		return nil, err
	}
	var out []pair
	for i, s := range list {
		before, found := there[s.ID]
		switch {
		case found && !k.sees(before):
			f.Add(atIndex(i)+"id", "id_taken")
			continue
		case found && same(before, s):
			continue
		}
		s.Version = before.Version + 1
		out = append(out, pair{before, s})
	}
	return out, nil
}
