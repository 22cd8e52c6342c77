package access

import "slices"

// Permission is one entry of the catalogue. The numbers mean nothing outside
// this process and change between releases: store String(). Zero is none.
type Permission uint16

// Info is what the catalogue says of a permission.
type Info struct {
	Resource, Action string
	Section          string // where the portal shows it; a key of Sections
	Ungrantable      bool   // never in a custom role
	NeedsTwoFactor   bool   // lost while the session has no second factor
	Dangerous        bool   // acknowledged when given
	StepUp           bool   // the sign-in must be fresh
	DirectPayment    bool   // never through a higher level
	Located          bool   // its resource has a location, so a location-restricted membership must name one of its own
	OwnAccount       bool   // in a live account, for that account's own people only
	MinLevel         Kind   // the lowest level whose people may hold it; 0 is any
	Built            bool   // the portal has a page for it; others are used in connected services
	Registered       bool   // of a platform's own resource type (Type), which is its Section
}

// Section is one area of the portal.
type Section struct {
	Key   string // "transactions"; its name is lang's "section.KEY"
	Group string // of the side menu: home, work, people, account, platform
	Page  bool   // it has a page, hence a permission page:KEY
}

type pair struct{ resource, action string }

// Lookup finds a permission by its halves; false when there is none. One of a
// registered type that this process has met is found, also when it is retired:
// Snapshot.Known says which exist.
func Lookup(resource, action string) (Permission, bool) {
	p, ok := catalogue.byName[pair{resource, action}]
	if !ok {
		p, ok = added.now.Load().byName[pair{resource, action}]
	}
	return p, ok
}

// Parse reads "resource:action"; false when there is no such permission.
func Parse(name string) (Permission, bool) {
	for i := range len(name) {
		if name[i] == ':' {
			return Lookup(name[:i], name[i+1:])
		}
	}
	return 0, false
}

// MustParse is Parse for names written in the program; it panics on a name that does not exist.
func MustParse(name string) Permission {
	p, ok := Parse(name)
	if !ok {
		panic("access: no permission " + name)
	}
	return p
}

// String is "resource:action", and "" for none.
func (p Permission) String() string {
	if !p.known() {
		return ""
	}
	if own := int(p) - len(catalogue.infos); own >= 0 {
		return added.now.Load().names[own]
	}
	return catalogue.names[p]
}

// Info is what the catalogue says; the zero Info for none.
func (p Permission) Info() Info {
	if !p.known() {
		return Info{}
	}
	if own := int(p) - len(catalogue.infos); own >= 0 {
		return added.now.Load().infos[own]
	}
	return catalogue.infos[p]
}

// Permissions lists the catalogue in its order: by section, pages last. Those of
// registered types are Snapshot.Registered.
func Permissions() []Permission {
	all := make([]Permission, 0, len(catalogue.infos)-1)
	for p := 1; p < len(catalogue.infos); p++ {
		all = append(all, Permission(p))
	}
	return all
}

// Everything is the set of the whole catalogue.
func Everything() Set { return catalogue.everything }

// Sections lists the sections in the order of the side menu.
func Sections() []Section { return slices.Clone(sections) }

// RegisteredGroup is where the sections of registered types stand, after those of the side menu.
const RegisteredGroup = "registered"

// SectionsOf lists the sections of permissions: all those of the side menu, and
// the registered types that are among them.
func SectionsOf(list []Permission) []Section {
	out := Sections()
	for _, p := range list {
		section := Section{Key: p.Info().Section, Group: RegisteredGroup}
		if p.Info().Registered && !slices.Contains(out, section) {
			out = append(out, section)
		}
	}
	return out
}

// Closed adds what the permissions of a set bring along: a section's page, and
// transactions:search with transactions:search_full. Decisions always read
// roles closed; what is stored and edited need not be.
func Closed(s Set) Set {
	closed := s
	for p := range s.All() {
		closed = closed.Union(brings(p))
	}
	return closed
}

// brings is what a permission brings along; those of registered types nothing.
func brings(p Permission) Set {
	if int(p) < len(catalogue.brings) {
		return catalogue.brings[p]
	}
	return Set{}
}

func (p Permission) known() bool {
	return p > 0 && (int(p) < len(catalogue.infos) || int(p) < added.now.Load().count())
}
