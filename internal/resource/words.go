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
			say(roles.PropertyKey(t.Name, p.Part, p.Name), t.Titles[p.Part.String()+"."+p.Name], p.Name)
		}
	}
	for _, p := range users {
		say(roles.PropertyKey("", access.OfUser, p.Name), p.Title, p.Name)
	}
	return out
}
