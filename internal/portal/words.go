package portal

import (
	"encoding/base64"
	"fmt"
	"html/template"
	"strconv"
	"strings"
	"time"

	"countersign/internal/access"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/roles"
)

// words are what templates may call, in one language.
type words struct {
	tag    lang.Tag
	assets *Assets
}

func (w words) funcs() template.FuncMap {
	return template.FuncMap{
		"t": w.t, "number": w.number, "date": w.date, "datetime": w.dateTime, "join": w.join,
		"permission": w.permission, "permissionhelp": w.permissionHelp, "inc": inc, "section": w.section, "deed": w.deed, "property": w.property, "sentence": w.sentence,
		"flash": w.flash, "limit": w.limit, "input": w.input, "problem": w.problem, "problems": w.problems,
		"asset": w.asset, "icon": icon, "png": png, "groups": groups, "lines": lines, "address": address, "dict": dict, "indent": indent, "lower": strings.ToLower,
	}
}

func (w words) t(key string, args ...any) string { return lang.T(w.tag, key, args...) }

func (w words) flash(f *Flash) string { return w.t("portal.flash."+f.Code, f.Args...) }

func (w words) asset(name string) (string, error) {
	if p := w.assets.Path(name); p != "" {
		return p, nil
	}
	for _, missing := range w.assets.Missing() {
		if missing == name {
			return AssetsPath + name, nil // not built in: the page is plain, and works
		}
	}
	return "", fmt.Errorf("no asset %q", name)
}

func (w words) number(n any) string {
	switch v := n.(type) {
	case int:
		return lang.Number(w.tag, int64(v))
	case int64:
		return lang.Number(w.tag, v)
	case Count:
		return w.amount(v)
	}
	return fmt.Sprint(n)
}

// amount is a count as people say it: 1,220, or, where not all were counted, the
// round number below: 10,000+.
func (w words) amount(c Count) string {
	if !c.More {
		return lang.Number(w.tag, c.N)
	}
	round := int64(1)
	for c.N >= 10*round {
		round *= 10
	}
	return w.t("portal.at_least", "count", c.N/round*round)
}

// dateTime is a minute in the viewer's zone, with the exact UTC for programs and on hover.
func (w words) dateTime(v View, t time.Time) template.HTML { return w.moment(v, t, lang.DateTime) }

func (w words) date(v View, t time.Time) template.HTML { return w.moment(v, t, lang.Date) }

func (w words) moment(v View, t time.Time, show func(lang.Tag, time.Time) string) template.HTML {
	zone := v.frame().Zone
	if zone == nil {
		zone = time.UTC
	}
	utc := t.UTC()
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s UTC">%s</time>`,
		utc.Format("2006-01-02T15:04:05.000000Z"), utc.Format("2006-01-02 15:04:05"),
		template.HTMLEscapeString(show(w.tag, t.In(zone)))))
}

// join writes a list as people say it: "a, b and c". Each part keeps its own
// direction of writing (Unicode isolates), so that names of several scripts stay
// in order.
func (w words) join(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	parts := make([]string, len(list))
	for i, part := range list {
		parts[i] = "\u2068" + part + "\u2069"
	}
	last := len(parts) - 1
	return strings.Join(parts[:last], ", ") + w.t("portal.and") + parts[last]
}

// permission is what a permission lets one do, or its name where it has no words.
func (w words) permission(name string) string {
	return lang.Permission(w.tag, name)
}

// deed is what a permission lets one do, under its section's heading: one of a
// registered type need not name that again.
func (w words) deed(name string) string { return w.known("deed."+name, w.permission(name)) }

// property is the title of a registered property; the type of one of users is not read.
func (w words) property(typeName, part, name string) string {
	return roles.PropertyTitle(w.tag, typeName, access.ParsePart(part), name)
}

// permissionHelp says in a sentence what a permission lets one do.
func (w words) permissionHelp(name string) string { return w.known("permission."+name+".help", "") }

// inc counts from one.
func inc(n int) int { return n + 1 }

func (w words) section(key string) string { return lang.Section(w.tag, key) }

func (w words) known(key, otherwise string) string { return lang.Known(w.tag, key, otherwise) }

func (w words) sentence(e *fault.Error) string { return lang.Sentence(w.tag, e) }

// Problem is one wrong field: where it is, how it is called, what is wrong.
type Problem struct {
	Anchor          template.URL // of this page, whatever stands in the field's name
	Label, Sentence string
}

func (w words) problem(f Form, name string) string {
	if f.Refusal == nil {
		return ""
	}
	for _, field := range f.Refusal.Fields {
		if field.Name == name {
			return lang.FieldSentence(w.tag, field)
		}
	}
	return ""
}

func (w words) problems(f Form) []Problem {
	if f.Refusal == nil {
		return nil
	}
	out := make([]Problem, len(f.Refusal.Fields))
	for i, field := range f.Refusal.Fields {
		out[i] = Problem{template.URL("#f-" + field.Name), w.label(field), lang.FieldSentence(w.tag, field)}
	}
	return out
}

// label is what a field is called: a condition by its permission, a row by its
// place, a registered property by its title.
func (w words) label(field fault.Field) string {
	if typ, ok := field.Args["type"].(string); ok && strings.HasPrefix(field.Name, saidOf) {
		return w.property(typ, fmt.Sprint(field.Args["of"]), fmt.Sprint(field.Args["name"]))
	}
	if permission, ok := field.Args["permission"].(string); ok && field.Args["clause"] != nil {
		return w.permission(permission)
	}
	if label, ok := field.Args["label"].(string); ok {
		return label
	}
	if list, rest, ok := strings.Cut(field.Name, "["); ok {
		number, _, _ := strings.Cut(rest, "]")
		if n, err := strconv.Atoi(number); err == nil && lang.Has("portal.row."+list) {
			return w.t("portal.row."+list, "number", n+1)
		}
	}
	name := strings.TrimPrefix(field.Name, propertiesField)
	return w.known("portal.field."+field.Name, w.known("portal.chip."+field.Name, w.known(roles.PropertyKey("", access.OfUser, name), name)))
}

// Input is one field of a form as the template "input" draws it.
type Input struct {
	ID, Name, Label, Help, Problem, Type, Value string
	Autocomplete, Inputmode                     string
	Required, Focus                             bool
	Max                                         int
}

// Described lists the elements that explain the field.
func (i Input) Described() string {
	var ids []string
	if i.Help != "" {
		ids = append(ids, i.ID+"-help")
	}
	if i.Problem != "" {
		ids = append(ids, i.ID+"-problem")
	}
	return strings.Join(ids, " ")
}

// input describes a field: its label is the message "portal.field.NAME", its help
// "portal.field.NAME.help" where there is one. Options come in pairs.
func (w words) input(f Form, name, value string, options ...any) (Input, error) {
	in := Input{ID: "f-" + name, Name: name, Value: value, Type: "text", Max: 254, Problem: w.problem(f, name)}
	label := "portal.field." + name
	var args []any
	for i := 0; i+1 < len(options); i += 2 {
		switch v := options[i+1]; options[i] {
		case "type":
			in.Type = v.(string)
		case "autocomplete":
			in.Autocomplete = v.(string)
		case "inputmode":
			in.Inputmode = v.(string)
		case "required":
			in.Required = v.(bool)
		case "focus":
			in.Focus = v.(bool)
		case "max":
			in.Max = v.(int)
		case "label":
			label = v.(string)
		case "args":
			args = []any{"count", v}
		default:
			return in, fmt.Errorf("input %s: unknown option %v", name, options[i])
		}
	}
	in.Label = w.t(label)
	if help := label + ".help"; lang.Has(help) {
		in.Help = w.t(help, args...)
	}
	return in, nil
}

func png(image []byte) template.URL {
	return template.URL("data:image/png;base64," + base64.StdEncoding.EncodeToString(image))
}

// address is an e-mail address that breaks, where it must, before its host.
func address(s string) template.HTML {
	return template.HTML(strings.Replace(template.HTMLEscapeString(s), "@", "<wbr>@", 1))
}

// groups cuts a key into fours, as people read it aloud.
func groups(key string) []string {
	var out []string
	for len(key) > 4 {
		out = append(out, key[:4])
		key = key[4:]
	}
	return append(out, key)
}

// lines puts each on a line of its own, for whoever copies all of them.
func lines(list []string) string { return strings.Join(list, "\n") }

// indent is how deep a place in the tree is drawn, 0 to 4.
func indent(depth int) int { return min(max(depth, 0), 4) }

func dict(kv ...any) (map[string]any, error) {
	m := make(map[string]any, len(kv)/2)
	for i := 0; i+1 < len(kv); i += 2 {
		key, ok := kv[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", kv[i])
		}
		m[key] = kv[i+1]
	}
	return m, nil
}
