package portal

import (
	"net/url"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/lang"
	"countersign/internal/roles"
)

// made is what stands in the editor of a role or a policy.
type made struct {
	name, description string
	permits           permitForm
	policies          []string
	template, migrate bool
	acknowledged      []string
	revision, seen    string
	step, after       string
	reshaped          bool // by a button that changes what stands in the form, and sends nothing
}

// The steps that the page of who is affected can take.
const (
	stepSave = "save"
	stepBack = "back"
)

// makerFields are what an editor sends.
func makerFields(offered []access.Permission) []string {
	return append(permitFields(offered), "name", "description", "policies[]", "add[]", "drop[]", "move", "template", "migrate", "dangerous[]", "revision", "seen", "step", "after")
}

// readMade reads an editor. What is ticked in either column of policies is meant,
// whether or not it was moved over before the form was sent.
func readMade(f url.Values, offered []access.Permission) made {
	m := made{name: f.Get("name"), description: f.Get("description"), permits: readPermits(f, offered), template: f.Get("template") == "yes", migrate: f.Get("migrate") == "yes",
		acknowledged: f["dangerous"], revision: f.Get("revision"), seen: f.Get("seen"), step: f.Get("step"), after: f.Get("after")}
	m.policies = slices.Clone(f["policies"])
	if f.Get("move") != "drop" {
		m.policies = append(m.policies, f["add"]...)
	}
	if f.Get("move") != "add" {
		m.policies = slices.DeleteFunc(m.policies, func(id string) bool { return slices.Contains(f["drop"], id) })
	}
	m.reshaped = f.Get("move") != "" || f.Get("all") != "" || f.Get("none") != "" || f.Get("limits") != "" || m.step == stepBack
	return m
}

// typed are all its fields, for the page between the form and its saving.
func (m made) typed() []Typed {
	out := []Typed{{"name", m.name}, {"description", m.description}, {"revision", m.revision}, {"seen", m.seen}}
	for name, on := range map[string]bool{"template": m.template, "migrate": m.migrate} {
		if on {
			out = append(out, Typed{name, "yes"})
		}
	}
	for _, id := range m.policies {
		out = append(out, Typed{"policies", id})
	}
	out = slices.DeleteFunc(out, func(t Typed) bool { return t.Value == "" && t.Name != "name" && t.Name != "description" })
	slices.SortStableFunc(out, func(a, b Typed) int { return strings.Compare(a.Name, b.Name) })
	return append(out, m.permits.typed()...)
}

func (m made) draft(from string) roles.Draft {
	return roles.Draft{Name: m.name, Description: m.description, Permits: m.permits.permits(), Policies: m.policies, Template: m.template, Acknowledged: m.acknowledged, From: from}
}

func (m made) edit(legacy bool) roles.Edit {
	permits := m.permits.permits()
	e := roles.Edit{Name: &m.name, Description: &m.description, Permits: &permits, Policies: &m.policies, Template: &m.template, Migrate: m.migrate, Acknowledged: m.acknowledged}
	if legacy && !m.migrate && len(m.policies) == 0 {
		e.Policies = nil
	}
	return e
}

func (m made) policyEdit() roles.PolicyEdit {
	permits := m.permits.permits()
	return roles.PolicyEdit{Name: &m.name, Description: &m.description, Permits: &permits, Acknowledged: m.acknowledged}
}

// madeOf is the editor of a role as it is.
func madeOf(s *access.Snapshot, r roles.Full, tag lang.Tag) made {
	m := made{name: r.Name, description: r.Description, permits: formOf(s, r.Permits, tag), template: r.Template, revision: version(r.Version)}
	for _, p := range r.Policies {
		m.policies = append(m.policies, p.ID)
	}
	return m
}

// seenRole is what a form of a role was made from.
type seenRole struct {
	Name, About string
	Permits     []roles.Permit
	Policies    []string // names
}

func seenOf(r roles.Full) seenRole {
	s := seenRole{Name: r.Name, About: r.Description, Permits: r.Permits}
	for _, p := range r.Policies {
		s.Policies = append(s.Policies, p.Name)
	}
	return s
}

// changed tells what is different of what a form was made from.
func (s seenRole) changed(snapshot *access.Snapshot, seen string, tag lang.Tag) []Difference {
	var was seenRole
	if !recall(seen, &was) {
		return nil
	}
	return differences([]Difference{
		{"portal.field.name", was.Name, s.Name}, {"portal.field.description", was.About, s.About},
		{"portal.field.permissions", permitWords(snapshot, tag, was.Permits), permitWords(snapshot, tag, s.Permits)},
		{"portal.field.policies", join(was.Policies), join(s.Policies)},
	})
}

// permitWords are permissions as a person reads them in a line.
func permitWords(s *access.Snapshot, tag lang.Tag, list []roles.Permit) string {
	w := words{tag: tag}
	var out []string
	for _, p := range list {
		text := w.permission(p.Permission)
		if l := limitOf(s, p); l.Any() {
			text += " (" + w.limit(l) + ")"
		}
		out = append(out, text)
	}
	return join(out)
}
