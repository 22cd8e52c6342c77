package resource

import (
	"countersign/internal/access"
	"countersign/internal/roles"
)

// Words are what the titles of registered types and of the properties of users
// say, by the keys of lang:
//
//	section.TYPE               the type
//	deed.TYPE:ACTION           an action, beside its type
//	permission.TYPE:ACTION     the same where it stands alone
//	property.TYPE.PART.NAME    a property, and property.user.NAME one of users
//	KEY-OF-A-PROPERTY.kind     what its values are
func Words(types []Type, users []UserProperty) map[string]string {
	out := map[string]string{}
	say := func(key, title, otherwise string) string {
		if title == "" {
			title = otherwise
		}
		out[key] = title
		return title
	}
	for _, t := range types {
		title := say("section."+t.Name, t.Title, t.Name)
		for _, a := range t.Actions {
			name := t.Name + ":" + a.Name
			out["permission."+name] = title + " – " + say("deed."+name, t.Titles[a.Name], a.Name)
		}
		for _, p := range t.Properties {
			key := roles.PropertyKey(t.Name, p.Part, p.Name)
			say(key, t.Titles[p.Part.String()+"."+p.Name], p.Name)
			out[key+".kind"] = p.Kind.String()
		}
	}
	for _, p := range users {
		key := roles.PropertyKey("", access.OfUser, p.Name)
		say(key, p.Title, p.Name)
		out[key+".kind"] = p.Kind.String()
	}
	return out
}
