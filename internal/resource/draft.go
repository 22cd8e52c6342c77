package resource

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/fault"
	"countersign/internal/lang"
)

// Draft is a type as it is to be registered.
type Draft struct {
	Name       string // of small letters, digits and _, at most 40; it stands in permissions
	Title      string
	From       access.EntityFrom
	Located    bool
	Actions    []Action
	Properties []Property
}

// Action is what can be done, with its words.
type Action struct {
	Name, Title               string
	NeedsTwoFactor, Dangerous bool
}

// Property is what a restriction can read, with its words.
type Property struct {
	Part    access.Part
	Name    string
	Title   string
	Kind    access.ValueKind
	Vouched access.Voucher

	SubjectType string // of a user's, "" is none: access.Property
}

// Edit is what is to be different of a type; nil leaves a part as it is. Actions
// and Properties are the whole of them.
type Edit struct {
	Title      *string
	Actions    *[]Action
	Properties *[]Property
}

// What a type holds at most.
const (
	PartsMost = 20 // actions, and properties
	titleMax  = 60 // code points
)

var (
	typeName = regexp.MustCompile(`^[a-z][a-z0-9_]{1,39}$`)
	partName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,39}$`) // GET is one, and ownerID
)

// Draft is the type as it would be registered anew: what a form begins with.
func (t Type) Draft() Draft {
	d := Draft{Name: t.Name, Title: t.Title, From: t.From, Located: t.Located}
	for _, a := range t.Actions {
		d.Actions = append(d.Actions, Action{a.Name, t.Titles[a.Name], a.NeedsTwoFactor, a.Dangerous})
	}
	for _, p := range t.Properties {
		d.Properties = append(d.Properties, Property{p.Part, p.Name, t.Titles[p.Part.String()+"."+p.Name], p.Kind, p.Vouched, ""})
	}
	return d
}

// check cleans a draft and notes what is wrong with it by itself.
func (d *Draft) check(f *fault.Fields) {
	switch {
	case d.Name == "":
		f.Add("name", "required")
	case !typeName.MatchString(d.Name):
		f.Add("name", "resource_type_name")
	case access.BuiltIn(d.Name):
		f.Add("name", "type_built_in", "name", d.Name)
	}
	title(f, "title", &d.Title)
	if d.From.String() == "" {
		f.Add("entity_from", "one_of_those")
	}
	d.checkActions(f)
	d.checkProperties(f)
}

func (d *Draft) checkActions(f *fault.Fields) {
	switch {
	case len(d.Actions) == 0:
		f.Add("actions", "choose_type_action")
	case len(d.Actions) > PartsMost:
		f.Add("actions", "too_many", "max", PartsMost)
		return
	}
	seen := map[string]bool{}
	for i := range d.Actions {
		a, at := &d.Actions[i], fmt.Sprintf("actions[%d]", i)
		switch {
		case !partName.MatchString(a.Name):
			f.Add(at+".name", "part_name")
		case seen[strings.ToLower(a.Name)]:
			f.Add(at+".name", "part_twice", "name", a.Name)
		}
		seen[strings.ToLower(a.Name)] = true
		title(f, at+".title", &a.Title)
	}
}

func (d *Draft) checkProperties(f *fault.Fields) {
	if len(d.Properties) > PartsMost {
		f.Add("properties", "too_many", "max", PartsMost)
		return
	}
	seen := map[string]bool{}
	for i := range d.Properties {
		p, at := &d.Properties[i], fmt.Sprintf("properties[%d]", i)
		if p.Part != access.OfResource && p.Part != access.OfAction {
			f.Add(at+".of", "one_of_those")
		}
		p.check(f, at+".")
		key := p.Part.String() + "." + strings.ToLower(p.Name)
		if seen[key] {
			f.Add(at+".name", "part_twice", "name", p.Name)
		}
		seen[key] = true
		if p.Part == access.OfAction && p.Vouched == access.ByStore { // nothing is stored of an action
			f.Add(at+".vouched", "vouched_action")
		}
	}
}

// check cleans a property; before is what its fields' names begin with.
func (p *Property) check(f *fault.Fields, before string) {
	switch {
	case !partName.MatchString(p.Name):
		f.Add(before+"name", "part_name")
	case p.Part != access.OfResource:
	case p.Name == "entity" || p.Name == "location":
		f.Add(before+"name", "property_reserved", "name", p.Name)
	case !slices.Contains(written(p.Name), p.Kind) && p.Kind.String() != "":
		f.Add(before+"kind", "property_written", "name", p.Name)
	}
	if p.SubjectType != "" && p.Kind != access.Text {
		f.Add(before+"subject_type", "subject_type_text")
	} else if p.SubjectType != "" && !partName.MatchString(p.SubjectType) {
		f.Add(before+"subject_type", "part_name")
	}
	title(f, before+"title", &p.Title)
	if p.Kind.String() == "" {
		f.Add(before+"kind", "one_of_those")
	}
	if p.Vouched.String() == "" {
		f.Add(before+"vouched", "one_of_those")
	}
}

// written are the kinds that values of a resource's property of this name can be
// of: questions about built-in types have some of these names, and it is not known
// which type a question is about while they are read.
func written(name string) []access.ValueKind {
	switch name {
	case "owner":
		return []access.ValueKind{access.Text, access.UserID}
	case "state", "currency":
		return []access.ValueKind{access.Text}
	case "amount":
		return []access.ValueKind{access.Number}
	}
	return []access.ValueKind{access.Text, access.Number, access.YesNo, access.UserID}
}

func title(f *fault.Fields, field string, text *string) {
	clean, problem := lang.Line(*text, titleMax)
	if problem != "" {
		f.Add(field, problem, "max", titleMax)
	}
	*text = clean
}

// of finds the property of a part by its name; -1 when there is none.
func of(list []Property, part access.Part, name string) int {
	return slices.IndexFunc(list, func(p Property) bool { return p.Part == part && p.Name == name })
}

// kept notes what an edit would make of a property that there is already: kind
// and voucher stay, for roles rely on them.
func (d *Draft) kept(f *fault.Fields, before Draft) {
	for i, p := range d.Properties {
		at := of(before.Properties, p.Part, p.Name)
		if at < 0 {
			continue
		}
		if was := before.Properties[at]; p.Kind != was.Kind {
			f.Add(fmt.Sprintf("properties[%d].kind", i), "property_kind_stays", "name", p.Name)
		} else if p.Vouched != was.Vouched {
			f.Add(fmt.Sprintf("properties[%d].vouched", i), "property_voucher_stays", "name", p.Name)
		}
	}
}

// gone lists what an edit takes away, by name.
func (d *Draft) gone(before Draft) (actions []string, properties []Property) {
	for _, a := range before.Actions {
		if !slices.ContainsFunc(d.Actions, func(x Action) bool { return x.Name == a.Name }) {
			actions = append(actions, a.Name)
		}
	}
	for _, p := range before.Properties {
		if of(d.Properties, p.Part, p.Name) < 0 {
			properties = append(properties, p)
		}
	}
	return actions, properties
}

// actionsText and propertiesText are lists in an audit entry.
func actionsText(list []Action) string {
	var out []string
	for _, a := range list {
		text := a.Name + " “" + a.Title + "”"
		if a.NeedsTwoFactor {
			text += " needs_2fa"
		}
		if a.Dangerous {
			text += " dangerous"
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

func propertiesText(list []Property) string {
	var out []string
	for _, p := range list {
		out = append(out, fmt.Sprintf("%s.%s “%s” %s by %s", p.Part, p.Name, p.Title, p.Kind, p.Vouched))
	}
	return strings.Join(out, "; ")
}
