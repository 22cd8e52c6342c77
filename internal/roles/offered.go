package roles

import (
	"countersign/internal/access"
	"countersign/internal/profile"
)

// Offered are the permissions that custom roles of an account of a level may hold,
// in the catalogue's order, those of registered types last: what an editor offers.
func Offered(s *access.Snapshot, level access.Kind, p *profile.Profile) []access.Permission {
	l := limits{level: level, ungrantable: p.Ungrantable, snapshot: s}
	var out []access.Permission
	for permission := range s.Known().All() {
		if l.holds(permission) == "" {
			out = append(out, permission)
		}
	}
	return out
}

// Dangerous are the permissions of a draft that must be acknowledged when a role
// is made of it (R9): of its own and of these policies.
func (d Draft) Dangerous(policies []Policy) []string {
	list := grants(d.Permits)
	for _, p := range policies {
		list = append(list, grants(p.Permits)...)
	}
	return names(dangerous(rightsOf(list).all()))
}
