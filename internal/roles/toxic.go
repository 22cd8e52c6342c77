package roles

import (
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/profile"
)

// What counts towards a toxic combination (R12) is what all roles of a person in
// the account give, whatever the entities and the restrictions, now or at a later
// time. An administrator's role holds everything by its nature and does not count:
// there the account knows its few names, and each giving is acknowledged.

// Arising are the combinations that somebody with the roles after would have and
// with those before has not: which of them the account blocks, and which it flags.
func Arising(combinations []profile.Combination, s profile.Settings, before, after []Role) (blocked, flagged []profile.Combination) {
	had, has := counting(before), counting(after)
	for i := range combinations {
		c := &combinations[i]
		if !c.In(has) || c.In(had) {
			continue
		}
		switch s.Toxic(c) {
		case profile.Blocked:
			blocked = append(blocked, *c)
		case profile.Flagged:
			flagged = append(flagged, *c)
		}
	}
	return blocked, flagged
}

func counting(list []Role) access.Set {
	var set access.Set
	for _, r := range list {
		if !r.Administrator {
			set = set.Union(access.Closed(r.Permissions))
		}
	}
	return set
}

// Keys of combinations, as the log has them.
func Keys(list []profile.Combination) string {
	var keys []string
	for _, c := range list {
		keys = append(keys, c.Key)
	}
	return strings.Join(keys, " ")
}

// toxicCount bounds how many people are counted for a sentence.
const toxicCount = 1000

// toxic notes combinations that a change would newly give, in a role by itself or
// to people who have it beside others, where the account blocks them; flagged
// names those that it lets through.
func (m *managing) toxic(f *fault.Fields, c change) (flagged string, err error) {
	var let []profile.Combination
	for i := range m.combinations {
		t := &m.combinations[i]
		mode := m.settings.Toxic(t)
		if mode == profile.Off || !c.touches(t) {
			continue
		}
		alone := slices.ContainsFunc(c.roles(), func(id string) bool { return t.In(c.after[id].all()) && !t.In(c.before[id].all()) })
		n := int64(0)
		if !alone || mode == profile.Flagged {
			if n, err = newlyToxic(m.tx, m.account.ID, m.profile, t, c); err != nil {
				return "", err
			}
		}
		switch {
		case mode == profile.Flagged && (alone || n > 0):
			let = append(let, *t)
		case alone:
			f.Add("permissions", "toxic_role", "combination", t.Name(string(m.who.Lang)), "reason", t.Reason(string(m.who.Lang)))
		case n > 0:
			f.Add("permissions", "toxic_people", "combination", t.Name(string(m.who.Lang)), "count", n)
		}
	}
	return Keys(let), nil
}

// touches tells whether a change gives any permission of a combination that it did not before.
func (c change) touches(t *profile.Combination) bool {
	both := t.Left.Union(t.Right)
	for id, after := range c.after {
		if !after.all().Minus(c.before[id].all()).And(both).Empty() {
			return true
		}
	}
	return false
}

// sides are the roles of an account that give something of either side of a
// combination, by id.
type sides struct{ left, right []string }

func (s *sides) put(roleID string, held access.Set, t *profile.Combination) {
	if !held.And(t.Left).Empty() {
		s.left = append(s.left, roleID)
	}
	if !held.And(t.Right).Empty() {
		s.right = append(s.right, roleID)
	}
}

func (s *sides) without(ids []string) sides {
	gone := func(id string) bool { return slices.Contains(ids, id) }
	return sides{slices.DeleteFunc(slices.Clone(s.left), gone), slices.DeleteFunc(slices.Clone(s.right), gone)}
}

// sidesOf finds the roles of an account on either side, as they are now.
func sidesOf(tx *db.Tx, accountID string, p *profile.Profile, t *profile.Combination) (s sides, err error) {
	rows, err := predefinedRows(tx, accountID)
	if err != nil {
		return s, err
	}
	for _, pr := range p.Roles {
		if id := rows[pr.Key]; id != "" && !pr.Administrator {
			s.put(id, access.Closed(pr.Permissions), t)
		}
	}
	custom, err := customHolding(tx, accountID, t.Left.Union(t.Right))
	if err != nil {
		return s, err
	}
	for id, held := range custom {
		s.put(id, held, t)
	}
	slices.Sort(s.left)
	slices.Sort(s.right)
	return s, nil
}

// newlyToxic counts who would have a combination after a change and has it not
// before, up to toxicCount: among those who have a role that changes.
func newlyToxic(tx *db.Tx, accountID string, p *profile.Profile, t *profile.Combination, c change) (int64, error) {
	before, err := sidesOf(tx, accountID, p, t)
	if err != nil {
		return 0, err
	}
	after := before.without(c.roles())
	for _, id := range c.roles() {
		after.put(id, c.after[id].all(), t)
	}
	return countNewly(tx, accountID, c.roles(), before, after)
}

// Toxic is a combination in an account, and who has it.
type Toxic struct {
	profile.Combination
	Mode  string // blocked, flagged, off
	Count int64  // people who have it, administrators apart
	More  bool   // there are more than could be counted at once
}

// ToxicNow reports on each combination how many have it today (R12): it goes from
// the roles of the side with fewer holders to those who have them.
func ToxicNow(tx *db.Tx, accountID string, profiles profile.Profiles, p *profile.Profile, s profile.Settings) ([]Toxic, error) {
	var out []Toxic
	combinations := profiles.Combinations()
	for i := range combinations {
		t := Toxic{Combination: combinations[i], Mode: s.Toxic(&combinations[i])}
		if t.Mode != profile.Off {
			at, err := sidesOf(tx, accountID, p, &t.Combination)
			if err != nil {
				return nil, err
			}
			if t.Count, err = countToxic(tx, accountID, at, reportCount+1); err != nil {
				return nil, err
			}
			if t.More = t.Count > reportCount; t.More {
				t.Count = reportCount
			}
		}
		out = append(out, t)
	}
	return out, nil
}

// reportCount bounds how many of a combination are counted one by one.
const reportCount = 10_000

// Holder is somebody who has a combination, with the roles through which.
type Holder struct {
	MembershipID, UserID string
	Left, Right          []string // role ids
}

// ToxicHolders lists up to limit of those who have a combination, by membership
// id after a position ("" for the beginning); fault.None when there is no such key.
func ToxicHolders(tx *db.Tx, accountID string, profiles profile.Profiles, p *profile.Profile, key, after string, limit int) ([]Holder, error) {
	combinations := profiles.Combinations()
	i := slices.IndexFunc(combinations, func(c profile.Combination) bool { return c.Key == key })
	if i < 0 {
		return nil, fault.None("combination")
	}
	at, err := sidesOf(tx, accountID, p, &combinations[i])
	if err != nil {
		return nil, err
	}
	list, err := listToxic(tx, accountID, at, after, limit)
	if err != nil {
		return nil, err
	}
	return list, addSides(tx, accountID, list, at)
}
