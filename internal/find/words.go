package find

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/roles"
)

// Words tell entries of the audit log in a language. The zero Zone is UTC.
type Words struct {
	Lang  lang.Tag
	Zone  *time.Location
	Names map[string]Named
}

// What is what was done, or tried.
func (w Words) What(f audit.Found) string {
	what := w.known("action."+f.Action, f.Action)
	if f.Outcome == audit.Refused && !f.Attempt() {
		return lang.T(w.Lang, "action.tried", "what", what)
	}
	return what
}

// Outcome is how it ended: "done", "refused", or "failed" for a sign-in.
func Outcome(f audit.Found) string {
	if f.Action == audit.SignInFailed {
		return "failed"
	}
	return f.Outcome
}

// Reason is what was given with it, or the sentence of why it was refused.
func (w Words) Reason(f audit.Found) string {
	if f.Outcome != audit.Refused {
		return f.Reason
	}
	code, permission, _ := strings.Cut(f.Reason, " ")
	for _, key := range []string{"cause." + code, "error." + code} {
		if lang.Has(key) {
			return lang.T(w.Lang, key, "permission", lang.PermissionNamed(w.Lang, permission), "role", "", "max", "", "name", "", "what", "", "detail", "")
		}
	}
	return f.Reason
}

// Actor is who did it.
func (w Words) Actor(f audit.Found) string {
	if name := w.Names[f.ActorID].Name; name != "" {
		return name
	}
	if f.ActorKind == db.System && f.ActorID != "" {
		return w.known("actor.system."+f.ActorID, lang.T(w.Lang, "actor.system"))
	}
	return w.known("actor."+f.ActorKind, f.ActorKind)
}

// Target is whom or what it was done to; "" where that has no name for whoever reads.
func (w Words) Target(f audit.Found) string {
	switch f.Kind {
	case "page", "resource_type", "user_property", "resource": // what the address, the platform or a service calls it
		return f.ID
	}
	return w.Names[f.ID].Name
}

// Difference is one field before and after.
type Difference struct {
	Label          string
	Before, After  string   // "" for nothing
	Added, Removed []string // of a list, instead of those
	List           bool
}

// Changes are what was different afterwards.
func (w Words) Changes(f audit.Found) (out []Difference) {
	for _, c := range f.Changes {
		d := Difference{Label: w.known("change."+c.Field, c.Field)}
		if mark, isList := lists[c.Field]; isList {
			before, after := cut(c.Before, mark), cut(c.After, mark)
			d.List = true
			d.Added, d.Removed = w.items(c.Field, after, before), w.items(c.Field, before, after)
		} else {
			d.Before, d.After = w.value(c.Field, c.Before), w.value(c.Field, c.After)
		}
		out = append(out, d)
	}
	return out
}

// lists are the fields that hold several things, with what stands between them.
var lists = map[string]string{"roles": "; ", "entities": " ", "locations": " ", "allowed_ips": " ", "permissions": "; ", "policies": " "}

func cut(text, mark string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, mark)
}

// items are those of a list that the other has not.
func (w Words) items(field string, list, other []string) (out []string) {
	for _, one := range list {
		if !slices.Contains(other, one) {
			out = append(out, w.value(field, one))
		}
	}
	return out
}

// value makes ids, times and words of ours in a change readable.
func (w Words) value(field, text string) string {
	switch {
	case text == "":
		return ""
	case field == "roles":
		return w.assigned(text)
	case field == "permissions":
		return w.permit(text)
	case strings.HasSuffix(field, "_at") || strings.HasSuffix(field, "_until"):
		return w.moment(text)
	case field == "profile":
		return w.known("profile."+text, text)
	}
	return w.known("value."+field+"."+text, Replace(text, w.Names))
}

// permit reads one line of roles.Permit: a permission, perhaps with its restriction.
func (w Words) permit(text string) string {
	name, limit, limited := strings.Cut(text, " (")
	title := lang.Permission(w.Lang, name)
	if !limited {
		return title
	}
	if p, ok := roles.ReadText(text); ok {
		return title + " (" + p.Words(w.Lang) + ")"
	}
	return title + " (" + limit
}

// assigned reads one line of roles.Text: "rol_… over ent_… ent_… until 1775…".
func (w Words) assigned(text string) string {
	text, until, ends := strings.Cut(text, " until ")
	role, over, _ := strings.Cut(text, " over ")
	if over == "all entities" {
		over = lang.T(w.Lang, "value.all_entities")
	} else {
		var names []string
		for _, id := range strings.Fields(over) {
			names = append(names, Replace(id, w.Names))
		}
		over = strings.Join(names, ", ")
	}
	out := fmt.Sprintf("%s (%s)", Replace(role, w.Names), over)
	if ends {
		out += " " + lang.T(w.Lang, "value.until", "time", w.moment(until))
	}
	return out
}

// moment reads microseconds.
func (w Words) moment(text string) string {
	micros, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return text
	}
	zone := w.Zone
	if zone == nil {
		zone = time.UTC
	}
	return lang.DateTime(w.Lang, time.UnixMicro(micros).In(zone))
}

func (w Words) known(key, otherwise string) string { return lang.Known(w.Lang, key, otherwise) }
