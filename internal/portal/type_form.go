package portal

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"countersign/internal/access"
	"countersign/internal/fault"
	"countersign/internal/resource"
	"countersign/internal/web"
)

// typePartsOpen is how many rows a form shows at least, for actions and for properties.
const typePartsOpen = 3

// typeFields are what the form of a type sends.
func typeFields() []string {
	fields := []string{"name", "title", "entity_from", "located", "rows", "revision", "seen"}
	for n := range resource.PartsMost {
		for _, part := range []string{"name", "title", "needs_2fa", "dangerous", "drop"} {
			fields = append(fields, fmt.Sprintf("actions[%d].%s", n, part))
		}
		for _, part := range []string{"of", "name", "title", "kind", "vouched", "drop"} {
			fields = append(fields, fmt.Sprintf("properties[%d].%s", n, part))
		}
	}
	return fields
}

// typeForm is what stands in the form of a type. before is the type as it is; of a
// new one it has no name.
type typeForm struct {
	before               resource.Type
	name, title, from    string
	located              bool
	actions              []ActionFields
	properties           []PropertyFields
	revision, seen       string
	reshaped             string // by the button that asks for more rows of these
	actionAt, propertyAt []int  // the rows of what is sent, in order
}

func readTypeForm(f url.Values, before resource.Type) typeForm {
	out := typeForm{before: before, name: f.Get("name"), title: f.Get("title"), from: f.Get("entity_from"), located: f.Get("located") == "yes", revision: f.Get("revision"), seen: f.Get("seen"), reshaped: f.Get("rows")}
	for n := range resource.PartsMost {
		at := func(list, part string) string { return f.Get(fmt.Sprintf("%s[%d].%s", list, n, part)) }
		a := ActionFields{Name: at("actions", "name"), Title: at("actions", "title"), NeedsTwo: at("actions", "needs_2fa") == "yes", Dangerous: at("actions", "dangerous") == "yes", Drop: at("actions", "drop") == "yes"}
		a.Kept = slices.ContainsFunc(before.Actions, func(x access.Action) bool { return x.Name == a.Name })
		x := PropertyFields{Part: at("properties", "of"), Name: at("properties", "name"), Title: at("properties", "title"), Kind: at("properties", "kind"), Vouched: at("properties", "vouched"), Drop: at("properties", "drop") == "yes"}
		x.Kept = slices.ContainsFunc(before.Properties, func(y access.Property) bool { return y.Name == x.Name && y.Part.String() == x.Part })
		out.actions, out.properties = append(out.actions, a), append(out.properties, x)
	}
	return out
}

// typeFormOf is the form of a type as it is.
func typeFormOf(t resource.Type) typeForm {
	out := typeForm{before: t, name: t.Name, title: t.Title, from: t.From.String(), located: t.Located, revision: version(t.Version), seen: remember(seenType(t))}
	for _, a := range t.Actions {
		out.actions = append(out.actions, ActionFields{Name: a.Name, Title: t.Titles[a.Name], NeedsTwo: a.NeedsTwoFactor, Dangerous: a.Dangerous, Kept: true})
	}
	for _, x := range t.Properties {
		out.properties = append(out.properties, PropertyFields{Part: x.Part.String(), Name: x.Name, Title: t.Titles[x.Part.String()+"."+x.Name], Kind: x.Kind.String(), Vouched: x.Vouched.String(), Kept: true})
	}
	return out
}

// seenType is what a form of a type is made from: its title, actions and properties in a line.
func seenType(t resource.Type) []string {
	var actions, properties []string
	for _, a := range t.Draft().Actions {
		text := a.Title + " (" + a.Name + ")"
		if a.NeedsTwoFactor {
			text += " 2FA"
		}
		if a.Dangerous {
			text += " !"
		}
		actions = append(actions, text)
	}
	for _, x := range t.Draft().Properties {
		properties = append(properties, x.Title+" ("+x.Name+")")
	}
	return []string{t.Title, join(actions), join(properties)}
}

// draft is the form as the use case takes it: rows in which nothing stands, and what
// is ticked to go, are left out.
func (f *typeForm) draft() resource.Draft {
	d := resource.Draft{Name: strings.TrimSpace(f.name), Title: f.title, From: access.ParseEntityFrom(f.from), Located: f.located}
	f.actionAt, f.propertyAt = nil, nil
	for n, a := range f.actions {
		if a.Any() && !a.Drop {
			d.Actions, f.actionAt = append(d.Actions, resource.Action{Name: strings.TrimSpace(a.Name), Title: a.Title, NeedsTwoFactor: a.NeedsTwo, Dangerous: a.Dangerous}), append(f.actionAt, n)
		}
	}
	for n, x := range f.properties {
		if x.Any() && !x.Drop {
			d.Properties = append(d.Properties, resource.Property{Part: access.ParsePart(x.Part), Name: strings.TrimSpace(x.Name), Title: x.Title, Kind: access.ParseValueKind(x.Kind), Vouched: access.ParseVoucher(x.Vouched)})
			f.propertyAt = append(f.propertyAt, n)
		}
	}
	return d
}

// placed calls what is wrong by the rows in which it stands.
func (f *typeForm) placed(err error) error {
	if err == nil {
		return nil
	}
	out := *fault.From(err)
	out.Fields = slices.Clone(out.Fields)
	for n := range out.Fields {
		list, part, found := strings.Cut(out.Fields[n].Name, "].")
		list, number, _ := strings.Cut(list, "[")
		at, err := strconv.Atoi(number)
		rows := map[string][]int{"actions": f.actionAt, "properties": f.propertyAt}[list]
		if found && err == nil && at < len(rows) {
			out.Fields[n].Name = fmt.Sprintf("%s[%d].%s", list, rows[at], part)
		}
	}
	return &out
}

// open cuts rows off behind the last that is filled in, and leaves some to fill in.
func open[T interface{ Any() bool }](rows []T, more bool) []T {
	n := 0
	for at, row := range rows {
		if row.Any() {
			n = at + 1
		}
	}
	want := max(n+1, typePartsOpen)
	if more {
		want = n + typePartsOpen
	}
	out := make([]T, min(want, resource.PartsMost))
	copy(out, rows)
	return out
}

func (f *typeForm) view(i inside) TypeFormView {
	v := TypeFormView{Page: i.page, Editing: f.before.Name != "", Name: f.name, Title: f.title, From: f.from, Located: f.located, Revision: f.revision, Seen: f.seen,
		Actions: open(f.actions, f.reshaped == "actions"), Properties: open(f.properties, f.reshaped == "properties")}
	if v.Editing {
		v.Name, v.From, v.Located = f.before.Name, f.before.From.String(), f.before.Located
	}
	return v
}

// newType is the form that registers one.
func (p *Portal) newType(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enterTypes(w, r, v, manageTypes)
	if err != nil {
		return err
	}
	return p.showTypeForm(w, r, v, i, typeForm{from: access.FromStore.String()})
}

// showTypeForm shows it; what stood in it when the session ran out stands in it again.
func (p *Portal) showTypeForm(w http.ResponseWriter, r *http.Request, v *web.Visit, i inside, f typeForm) error {
	typed, err := p.typed(r, v)
	if err != nil {
		return err
	}
	if typed != nil {
		f = readTypeForm(typed, f.before)
	}
	view := f.view(i)
	view.Kept = typed != nil
	return p.show(w, view)
}

func (p *Portal) doNewType(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enterTypes(w, r, v, manageTypes)
	if err != nil {
		return err
	}
	values, err := web.Form(r, typeFields()...)
	if err != nil {
		return err
	}
	f := readTypeForm(values, resource.Type{})
	if f.reshaped != "" {
		return p.show(w, f.view(i))
	}
	d := f.draft()
	if err := p.Resources.Register(r.Context(), v.Who, d); err != nil {
		return p.againType(w, i, f, err)
	}
	p.flash(w, v, Done, "type_registered", "name", strings.TrimSpace(d.Title))
	return to(w, r, i.page.To().ResourceType(d.Name))
}

func (p *Portal) againType(w http.ResponseWriter, i inside, f typeForm, err error) error {
	var changed []Difference
	if fault.CodeOf(err) == "stale" {
		var was []string
		if now := seenType(f.before); recall(f.seen, &was) && len(was) == len(now) {
			changed = differences([]Difference{{"portal.field.type_title", was[0], now[0]}, {"portal.types.actions", was[1], now[1]}, {"portal.types.properties", was[2], now[2]}})
		}
		f.revision, f.seen = version(f.before.Version), remember(seenType(f.before))
	}
	return p.again(w, f.placed(err), func(form Form) View {
		view := f.view(i)
		view.Form, view.Changed = form, changed
		return view
	})
}

// editType is the form that changes one.
func (p *Portal) editType(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, t, err := p.enterType(w, r, v, manageTypes)
	if err != nil {
		return err
	}
	return p.showTypeForm(w, r, v, i, typeFormOf(t))
}

func (p *Portal) doEditType(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, t, err := p.enterType(w, r, v, manageTypes)
	if err != nil {
		return err
	}
	values, err := web.Form(r, typeFields()...)
	if err != nil {
		return err
	}
	f := readTypeForm(values, t)
	if f.reshaped != "" {
		return p.show(w, f.view(i))
	}
	d := f.draft()
	_, err = p.Resources.Change(r.Context(), v.Who, t.Name, revision(f.revision), resource.Edit{Title: &d.Title, Actions: &d.Actions, Properties: &d.Properties})
	if err != nil {
		return p.againType(w, i, f, err)
	}
	p.flash(w, v, Done, "type_saved", "name", strings.TrimSpace(d.Title))
	return to(w, r, i.page.To().ResourceType(t.Name))
}
