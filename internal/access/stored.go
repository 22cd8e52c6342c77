package access

import (
	"hash/maphash"
	"maps"
	"slices"
	"sort"
	"sync"
)

// Resource is one of a registered type that an account has stored: whose it is,
// and the values of its properties.
type Resource struct {
	AccountID, Type, ID string // the account that stored it, whose tokens see it
	EntityID            string // of the account or below
	LocationID          string // "" when it has none
	Values              []Value
}

// ResourceKey names a stored resource.
type ResourceKey struct{ AccountID, Type, ID string }

func (r *Resource) key() ResourceKey { return ResourceKey{r.AccountID, r.Type, r.ID} }

// memberName is a value that is stored of members of an account.
type memberName struct{ account, property, text string }

// memberValues are the stored properties of a user as a member of an account.
type memberValues struct {
	account string
	values  []Value
}

// stored is what registered types are decided by beside roles. It never changes;
// versions share what did not.
type stored struct {
	resources shelves[ResourceKey, *Resource]
	members   shelves[string, []memberValues] // by user id
	named     shelves[memberName, []string]   // ids of users by what is stored of them

	sorted *sync.Map // ResourceKey without ID → []string, ids in order
}

func makeStored(resources []Resource) *stored {
	s := &stored{sorted: new(sync.Map)}
	edits := make(map[ResourceKey]*Resource, len(resources))
	for i := range resources {
		r := resources[i]
		r.Values = slices.Clone(r.Values)
		edits[r.key()] = &r
	}
	s.resources = s.resources.with(edits, nil)
	return s
}

// valuesOf are the stored properties of somebody as a member of an account.
func (s *Snapshot) valuesOf(who person, account int32) []Value {
	if len(s.stored.members) == 0 || account < 0 {
		return nil
	}
	name := s.accountNames.at(account)
	for _, m := range s.stored.members.get(string(who.id())) {
		if m.account == name {
			return m.values
		}
	}
	return nil
}

// valuesIn are those of a user that are to be kept.
func (u *User) valuesIn() (out []memberValues) {
	for i := range u.Memberships {
		if m := &u.Memberships[i]; len(m.Values) > 0 {
			out = append(out, memberValues{m.AccountID, slices.Clone(m.Values)})
		}
	}
	return out
}

// changed is what is stored after changes.
func (s *stored) changed(c *Changes) *stored {
	next := *s
	if len(c.Resources)+len(c.GoneResources) > 0 {
		edits := make(map[ResourceKey]*Resource, len(c.Resources))
		for i := range c.Resources {
			r := c.Resources[i]
			r.Values = slices.Clone(r.Values)
			edits[r.key()] = &r
		}
		next.resources = s.resources.with(edits, c.GoneResources)
		next.sorted = s.resorted(edits, c.GoneResources)
	}
	edits, gone := map[string][]memberValues{}, []string(nil)
	for i := range c.Users {
		if values := c.Users[i].valuesIn(); values != nil {
			edits[c.Users[i].ID] = values
		} else if len(s.members) > 0 {
			gone = append(gone, c.Users[i].ID)
		}
	}
	if len(s.members) > 0 {
		gone = append(gone, c.GoneUsers...)
	}
	if len(edits)+len(gone) > 0 {
		next.setMembers(edits, gone)
	}
	return &next
}

// setMembers puts what is stored of some users in place of what was.
func (s *stored) setMembers(edits map[string][]memberValues, gone []string) {
	names := map[memberName][]string{}
	list := func(n memberName) []string {
		if _, met := names[n]; !met {
			names[n] = slices.Clone(s.named.get(n))
		}
		return names[n]
	}
	drop := func(user string) {
		for n := range namesOf(s.members.get(user)) {
			names[n] = slices.DeleteFunc(list(n), func(id string) bool { return id == user })
		}
	}
	for _, user := range gone {
		drop(user)
	}
	for user, values := range edits {
		drop(user)
		for n := range namesOf(values) {
			names[n] = append(list(n), user)
		}
	}
	var empty []memberName
	for n, users := range names {
		if len(users) == 0 {
			empty = append(empty, n)
			delete(names, n)
		}
	}
	s.members, s.named = s.members.with(edits, gone), s.named.with(names, empty)
}

func namesOf(list []memberValues) func(yield func(memberName) bool) {
	return func(yield func(memberName) bool) {
		for _, m := range list {
			for _, v := range m.values {
				if !yield(memberName{m.account, v.Name, v.Text}) {
					return
				}
			}
		}
	}
}

// Subject finds the member of an account who goes by an id under a registered
// subject type (Property.SubjectType): their user id. False when nobody does, or
// more than one: then nobody is meant.
func (s *Snapshot) Subject(accountID, subjectType, id string) (userID string, found bool) {
	p := s.subjectProperty(subjectType)
	if p == nil || id == "" {
		return "", false
	}
	users := s.stored.named.get(memberName{accountID, p.Name, id})
	if len(users) != 1 {
		return "", false
	}
	return users[0], true
}

// SubjectID is the other way round: by which id a member goes under a subject type.
func (s *Snapshot) SubjectID(accountID, subjectType, userID string) (id string, found bool) {
	p := s.subjectProperty(subjectType)
	if p == nil {
		return "", false
	}
	for _, m := range s.stored.members.get(userID) {
		for _, v := range m.values {
			if m.account == accountID && v.Name == p.Name {
				_, found = s.Subject(accountID, subjectType, v.Text)
				return v.Text, found
			}
		}
	}
	return "", false
}

func (s *Snapshot) subjectProperty(subjectType string) *Property {
	for i := range s.UserProperties() {
		if p := &s.permissions.users[i]; subjectType != "" && p.SubjectType == subjectType {
			return p
		}
	}
	return nil
}

// resorted are the lists of ids that were made, as they are after changes: a search
// that follows one does not go through everything stored.
func (s *stored) resorted(came map[ResourceKey]*Resource, gone []ResourceKey) *sync.Map {
	out := new(sync.Map)
	added, removed := map[ResourceKey][]string{}, map[ResourceKey][]string{}
	for key := range came {
		of := ResourceKey{AccountID: key.AccountID, Type: key.Type}
		added[of] = append(added[of], key.ID)
	}
	for _, key := range gone {
		if _, back := came[key]; !back {
			of := ResourceKey{AccountID: key.AccountID, Type: key.Type}
			removed[of] = append(removed[of], key.ID)
		}
	}
	for of, list := range s.sorted.Range {
		of := of.(ResourceKey)
		out.Store(of, merged(list.([]string), added[of], removed[of]))
	}
	return out
}

// merged is a sorted list with some added, as far as they are not in it, and some removed.
func merged(list, added, removed []string) []string {
	in := func(id string) bool { _, found := slices.BinarySearch(list, id); return found }
	added = slices.DeleteFunc(added, in)
	if removed = slices.DeleteFunc(removed, func(id string) bool { return !in(id) }); len(added)+len(removed) == 0 {
		return list
	}
	slices.Sort(added)
	slices.Sort(removed)
	removed = slices.Compact(removed)
	out := make([]string, 0, len(list)+len(added))
	for _, id := range list {
		for len(added) > 0 && added[0] < id {
			out, added = append(out, added[0]), added[1:]
		}
		if len(removed) > 0 && removed[0] == id {
			removed = removed[1:]
			continue
		}
		out = append(out, id)
	}
	return append(out, added...)
}

// ids are those of a type that an account has stored, in order.
func (s *stored) ids(accountID, typ string) []string {
	key := ResourceKey{AccountID: accountID, Type: typ}
	if list, ok := s.sorted.Load(key); ok {
		return list.([]string)
	}
	var list []string
	for k := range s.resources.all() {
		if k.AccountID == accountID && k.Type == typ {
			list = append(list, k.ID)
		}
	}
	slices.Sort(list)
	s.sorted.Store(key, list)
	return list
}

// Resources lists the stored resources of the account q.Within, of the registered
// type of q.Permission, to which the user may do it: exactly those for which
// Decide allows with what else q says. Pages are as in Subjects.
//
// It asks of each of the type that the account has stored; the first search after a
// start sorts them.
func Resources(s *Snapshot, q Question, after string, limit int) Page {
	if s == nil || limit < 1 || int(q.Permission) >= len(s.permissions.of) {
		return Page{}
	}
	t := s.permissions.of[q.Permission].typ
	if t == nil {
		return Page{}
	}
	var out Page
	list := s.stored.ids(q.Within, t.Name)
	for _, id := range list[sort.Search(len(list), func(i int) bool { return list[i] > after }):] {
		if q.Resource = id; !Decide(s, q).Allowed {
			continue
		}
		if len(out.IDs) == limit {
			out.Next = out.IDs[limit-1]
			break
		}
		out.IDs = append(out.IDs, id)
	}
	return out
}

// Resource finds a stored resource. It is not to be changed.
func (s *Snapshot) Resource(key ResourceKey) (Resource, bool) {
	if s == nil {
		return Resource{}, false
	}
	if r := s.stored.resources.get(key); r != nil {
		return *r, true
	}
	return Resource{}, false
}

// shelves are a map of which a change copies one shelf, not the whole. The zero
// value is empty.
type shelves[K comparable, V any] []map[K]V

const shelfCount = 1024

var shelfSeed = maphash.MakeSeed()

func shelf[K comparable](key K) int { return int(maphash.Comparable(shelfSeed, key) % shelfCount) }

func (s shelves[K, V]) get(key K) (none V) {
	if len(s) == 0 {
		return none
	}
	return s[shelf(key)][key]
}

func (s shelves[K, V]) with(edits map[K]V, gone []K) shelves[K, V] {
	next := make(shelves[K, V], shelfCount)
	copy(next, s)
	touched := map[int]bool{}
	at := func(key K) map[K]V {
		n := shelf(key)
		if !touched[n] {
			touched[n] = true
			if next[n] = maps.Clone(next[n]); next[n] == nil {
				next[n] = map[K]V{}
			}
		}
		return next[n]
	}
	for _, key := range gone {
		delete(at(key), key)
	}
	for key, v := range edits {
		at(key)[key] = v
	}
	return next
}

func (s shelves[K, V]) all() func(yield func(K, V) bool) {
	return func(yield func(K, V) bool) {
		for _, m := range s {
			for k, v := range m {
				if !yield(k, v) {
					return
				}
			}
		}
	}
}
