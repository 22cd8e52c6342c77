package access

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Type is a resource type of a platform's own services, registered beside those
// of the catalogue. Its actions are permissions (NAME:ACTION) that custom roles
// may hold; its properties are what conditions read (Clause).
type Type struct {
	Name       string
	From       EntityFrom
	Located    bool // its resources have a location, so a location-restricted membership must name one of its own
	Retired    bool // nobody may do anything to it any more
	Actions    []Action
	Properties []Property // of the resource and of its actions
}

// Action is what can be done to a registered type.
type Action struct {
	Name           string
	NeedsTwoFactor bool
	Dangerous      bool
}

// Property is what a condition can read. Those of users are registered for
// themselves (World.UserProperties).
type Property struct {
	Part    Part
	Name    string
	Kind    ValueKind
	Vouched Voucher

	// SubjectType, of a user's, is the subject type under which services name the
	// members of their own account by what is stored of it; "" is none.
	SubjectType string
}

// EntityFrom says who tells whose a resource is.
type EntityFrom uint8

// Where a resource's entity comes from. What is stored is never overruled by what
// a caller says.
const (
	FromStore   EntityFrom = iota + 1 // it is stored; another is unknown
	FromCaller                        // the question names it
	FromAccount                       // it is the asking account's own
)

// Part is what a property is of.
type Part uint8

// The parts of a question that have properties.
const (
	OfResource Part = iota + 1
	OfAction
	OfUser
)

// ValueKind is what a property's values are.
type ValueKind uint8

// The kinds of values. A user is an id of one.
const (
	Text ValueKind = iota + 1
	Number
	YesNo
	UserID
)

// Voucher is whose word counts for a property.
type Voucher uint8

// Who vouches. What the store vouches for, a caller cannot claim; what the caller
// vouches for stands in the question, else in the store.
const (
	ByStore Voucher = iota + 1
	ByCaller
)

var (
	entityFroms = []string{"", "store", "caller", "account"}
	parts       = []string{"", "resource", "action", "user"}
	valueKinds  = []string{"", "text", "number", "boolean", "user"}
	vouchers    = []string{"", "store", "caller"}
)

// String is the word in storage and API.
func (f EntityFrom) String() string { return word(entityFroms, f) }

// String is the word in storage and API.
func (p Part) String() string { return word(parts, p) }

// String is the word in storage and API.
func (k ValueKind) String() string { return word(valueKinds, k) }

// String is the word in storage and API.
func (v Voucher) String() string { return word(vouchers, v) }

// ParseEntityFrom reads the word; 0 when there is no such one.
func ParseEntityFrom(text string) EntityFrom { return parseWord[EntityFrom](entityFroms, text) }

// ParsePart reads the word; 0 when there is no such one.
func ParsePart(text string) Part { return parseWord[Part](parts, text) }

// ParseValueKind reads the word; 0 when there is no such one.
func ParseValueKind(text string) ValueKind { return parseWord[ValueKind](valueKinds, text) }

// ParseVoucher reads the word; 0 when there is no such one.
func ParseVoucher(text string) Voucher { return parseWord[Voucher](vouchers, text) }

func word[T ~uint8](words []string, n T) string {
	if int(n) < len(words) {
		return words[n]
	}
	return ""
}

func parseWord[T ~uint8](words []string, text string) T { return T(max(slices.Index(words, text), 0)) }

// RegisteredMost is how many actions of registered types there may be, retired
// ones included, so that every permission of a process has a number in a Set.
const RegisteredMost = 250

// added are the permissions of registered types that this process has met. They
// keep their numbers while it runs; which of them exist, each Snapshot says.
var added struct {
	sync.Mutex
	now atomic.Pointer[addedPermissions]
}

type addedPermissions struct {
	infos  []Info // by number, less those of the catalogue
	names  []string
	byName map[pair]Permission
	kinds  map[propertyName]ValueKind
}

// propertyName names a registered property; of one of users typ is "".
type propertyName struct {
	typ  string
	part Part
	name string
}

func init() {
	added.now.Store(&addedPermissions{byName: map[pair]Permission{}, kinds: map[propertyName]ValueKind{}})
}

// count is how many permissions have a number, none included.
func (a *addedPermissions) count() int { return len(catalogue.infos) + len(a.infos) }

// Meet gives the permissions of registered types their numbers, so that Parse knows
// them, and takes note of what properties are (KindOf): before roles are read that
// may hold them. What Begin and With are given they meet themselves. False when there
// are too many permissions: the last of them are unknown then.
func Meet(types []Type, users []Property) bool {
	added.Lock()
	defer added.Unlock()
	old := added.now.Load()
	next := &addedPermissions{infos: slices.Clone(old.infos), names: slices.Clone(old.names), byName: maps.Clone(old.byName), kinds: maps.Clone(old.kinds)}
	for _, p := range users {
		next.kinds[propertyName{"", OfUser, p.Name}] = p.Kind
	}
	fits := true
	for _, t := range types {
		for _, p := range t.Properties {
			next.kinds[propertyName{t.Name, p.Part, p.Name}] = p.Kind
		}
		for _, a := range t.Actions {
			info := Info{Resource: t.Name, Action: a.Name, Section: t.Name, NeedsTwoFactor: a.NeedsTwoFactor, Dangerous: a.Dangerous, Located: t.Located, Registered: true}
			if p, ok := next.byName[pair{t.Name, a.Name}]; ok {
				next.infos[int(p)-len(catalogue.infos)] = info
				continue
			}
			if next.count() == setWords*64 {
				fits = false
				continue
			}
			next.byName[pair{t.Name, a.Name}] = Permission(next.count())
			next.infos, next.names = append(next.infos, info), append(next.names, t.Name+":"+a.Name)
		}
	}
	added.now.Store(next)
	return fits
}

// KindOf is what the values of a registered property are, as this process has met it,
// of a retired type too; the type of one of users is not read. 0 when it met none.
func KindOf(typeName string, part Part, name string) ValueKind {
	if part == OfUser {
		typeName = ""
	}
	return added.now.Load().kinds[propertyName{typeName, part, name}]
}

// permissions is what exists in a snapshot: the catalogue and the registered types.
type permissions struct {
	types      []Type // those that are not retired, by name
	users      []Property
	known      Set
	registered Set // those of registered types
	twoFactor  Set // of these, those that need a second factor
	located    Set // of these, those whose resource has a location
	of         [setWords * 64]permission
}

type permission struct {
	flags flag
	level Kind
	typ   *Type // nil for the catalogue's
}

// BuiltIn tells whether the catalogue has a resource type of this name: then
// none can be registered as that.
func BuiltIn(name string) bool {
	return slices.ContainsFunc(catalogue.infos[1:], func(i Info) bool { return i.Resource == name }) ||
		slices.ContainsFunc(sections, func(s Section) bool { return s.Key == name })
}

func makePermissions(types []Type, users []Property) *permissions {
	Meet(types, users) // what does not fit is unknown
	out := &permissions{users: slices.Clone(users), known: catalogue.everything}
	for p := range catalogue.infos {
		out.of[p] = permission{catalogue.flags[p], catalogue.levels[p], nil}
	}
	for _, t := range types {
		if !t.Retired && !BuiltIn(t.Name) {
			t.Actions, t.Properties = slices.Clone(t.Actions), slices.Clone(t.Properties)
			out.types = append(out.types, t)
		}
	}
	slices.SortFunc(out.types, func(a, b Type) int { return strings.Compare(a.Name, b.Name) })
	for i := range out.types {
		t := &out.types[i]
		for _, a := range t.Actions {
			if p, ok := Lookup(t.Name, a.Name); ok {
				out.register(p, t, &a)
			}
		}
	}
	return out
}

func (p *permissions) register(n Permission, t *Type, a *Action) {
	var f flag
	p.known, p.registered = p.known.With(n), p.registered.With(n)
	if a.NeedsTwoFactor {
		f |= needs2FA
		p.twoFactor = p.twoFactor.With(n)
	}
	if t.Located {
		f |= located
		p.located = p.located.With(n)
	}
	p.of[n] = permission{flags: f, typ: t}
}

// level is what people of a level may hold at all.
func (p *permissions) level(k Kind) Set { return catalogue.level[k].Union(p.registered) }

// flagged are the permissions with a flag.
func (p *permissions) flagged(f flag) Set {
	switch f {
	case needs2FA:
		return catalogue.flagged[f].Union(p.twoFactor)
	case located:
		return catalogue.flagged[f].Union(p.located)
	}
	return catalogue.flagged[f]
}

// property finds what is registered of a type or, of a user, for all types.
func (p *permissions) property(t *Type, part Part, name string) *Property {
	list := p.users
	if part != OfUser {
		if t == nil {
			return nil
		}
		list = t.Properties
	}
	for i := range list {
		if list[i].Part == part && list[i].Name == name {
			return &list[i]
		}
	}
	return nil
}

// Types lists the registered types that are not retired, by name. They are not to be changed.
func (s *Snapshot) Types() []Type {
	if s == nil {
		return nil
	}
	return s.permissions.types
}

// Type finds a registered type that is not retired.
func (s *Snapshot) Type(name string) (Type, bool) {
	i, found := slices.BinarySearchFunc(s.Types(), name, func(t Type, name string) int { return strings.Compare(t.Name, name) })
	if !found {
		return Type{}, false
	}
	return s.permissions.types[i], true
}

// Property finds a registered property of a type that is not retired, of its
// action, or of users; the type of one of users is not read.
func (s *Snapshot) Property(typeName string, part Part, name string) (Property, bool) {
	if s == nil {
		return Property{}, false
	}
	t, _ := s.Type(typeName)
	if p := s.permissions.property(&t, part, name); p != nil {
		return *p, true
	}
	return Property{}, false
}

// UserProperties lists the registered properties of users. They are not to be changed.
func (s *Snapshot) UserProperties() []Property {
	if s == nil {
		return nil
	}
	return s.permissions.users
}

// Known are all permissions that exist: the catalogue's and those of registered types.
func (s *Snapshot) Known() Set {
	if s == nil {
		return catalogue.everything
	}
	return s.permissions.known
}

// Registered are the permissions of registered types.
func (s *Snapshot) Registered() Set {
	if s == nil {
		return Set{}
	}
	return s.permissions.registered
}
