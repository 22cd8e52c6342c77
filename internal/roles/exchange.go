package roles

import (
	"maps"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/profile"
)

// Exchange is what somebody gains and what they lose when what they are assigned
// is replaced, in the catalogue's order. Roles that are over do not count, those
// that are to come do, as in Effect.
type Exchange struct{ Gains, Loses []Moved }

// EntityIDs are those that it names.
func (x Exchange) EntityIDs() []string {
	var ids []string
	for _, m := range slices.Concat(x.Gains, x.Loses) {
		ids = append(append(ids, m.Entities...), m.Save...)
	}
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}

// Moved is a permission that is gained or lost over some entities, each with all
// below it as far as nothing else is said of what is below: that it is Save, where
// nothing changes or only some records are concerned, or again one of Entities.
type Moved struct {
	Permission  access.Permission
	Some        bool     // for some records only
	AllEntities bool     // all of the account
	Entities    []string // ids
	Save        []string // ids
}

// Exchanged tells what replacing the assignments before by those after does to a
// user of an account, by what its roles and their own copies give of what there is
// to hold (access.Snapshot.Known).
func Exchanged(tx *db.Tx, s *access.Snapshot, a org.Account, p *profile.Profile, membershipID string, before, after []Assignment) (out Exchange, err error) {
	known, err := allRights(tx, a.ID, p)
	if err != nil {
		return out, err
	}
	copies, err := copiesHeld(tx, a.ID, []holder{{membershipID: membershipID}})
	if err != nil {
		return out, err
	}
	maps.Copy(known, copies)
	var ids []string
	for _, x := range slices.Concat(before, after) {
		ids = append(ids, x.Entities...)
	}
	entities, err := org.EntitiesIn(tx, a, slices.Compact(slices.Sorted(slices.Values(ids))))
	if err != nil {
		return out, err
	}
	paths := map[string]string{a.EntityID: a.Path}
	for _, e := range entities {
		paths[e.ID] = e.Path
	}
	was, is := piecesOf(before, known, paths, a, tx.Now), piecesOf(after, known, paths, a, tx.Now)
	return Exchange{was.moved(is, a, s.Known()), is.moved(was, a, s.Known())}, nil
}

// piece is what one assignment gives over one of its entities.
type piece struct {
	entityID, path string
	rights         rights
}

type pieces []piece

func piecesOf(list []Assignment, known map[string]rights, paths map[string]string, a org.Account, now int64) (out pieces) {
	for _, x := range list {
		if x.Until != 0 && x.Until <= now {
			continue
		}
		over := x.Entities
		if x.AllEntities {
			over = []string{a.EntityID}
		}
		for _, id := range over {
			if path, found := paths[id]; found {
				out = append(out, piece{id, path, known[x.RoleID]})
			}
		}
	}
	return out
}

// given is every permission that any of them gives.
func (l pieces) given() (set access.Set) {
	for _, x := range l {
		set = set.Union(x.rights.all())
	}
	return set
}

// over is what they give together over all of a path.
func (l pieces) over(path string) rights {
	out := rights{}
	for _, x := range l {
		if strings.HasPrefix(path, x.path) {
			out.with(x.rights)
		}
	}
	return out
}

// moved is what comes with others that these do not give; what nobody of the
// account's level can use (R10) is nothing.
func (l pieces) moved(with pieces, a org.Account, known access.Set) (out []Moved) {
	places := slices.Concat(l, with)
	given := places.given().And(known)
	slices.SortFunc(places, func(x, y piece) int { return strings.Compare(x.path, y.path) })
	places = slices.CompactFunc(places, func(x, y piece) bool { return x.path == y.path })
	for p := range given.All() { // in the catalogue's order, what is registered last
		if level := p.Info().MinLevel; level == 0 || a.Kind <= level {
			out = append(out, l.movedOf(p, with, places, a)...)
		}
	}
	return out
}

// How much of a permission comes over an entity.
const (
	none = iota
	some // for some records
	all
)

// movedOf is what comes of one permission: the places in the order of the tree at
// which how much of it comes is other than right above.
func (l pieces) movedOf(p access.Permission, with, places pieces, a org.Account) (out []Moved) {
	comes := make([]int, len(places))
	by := [...]Moved{some: {Permission: p, Some: true}, all: {Permission: p}}
	for i, x := range places {
		comes[i] = coming(l.over(x.path)[p], with.over(x.path)[p])
		above := none
		for j := i - 1; j >= 0; j-- {
			if strings.HasPrefix(x.path, places[j].path) {
				above = comes[j]
				break
			}
		}
		if comes[i] == above {
			continue
		}
		if m := &by[comes[i]]; comes[i] != none && x.entityID == a.EntityID {
			m.AllEntities = true
		} else if comes[i] != none {
			m.Entities = append(m.Entities, x.entityID)
		}
		if above != none {
			by[above].Save = append(by[above].Save, x.entityID)
		}
	}
	for _, m := range []Moved{by[all], by[some]} {
		if m.AllEntities || len(m.Entities) > 0 {
			out = append(out, m)
		}
	}
	return out
}

// coming tells how much more than had the conditions of has give.
func coming(had, has []access.Condition) int {
	switch {
	case enough(had, has):
		return none
	case len(had) == 0 && enough(has, []access.Condition{{}}):
		return all
	}
	return some
}
