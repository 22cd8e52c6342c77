package people

import (
	"slices"

	"countersign/internal/access"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/roles"
)

// giving is what the asker may give to the user in one account.
type giving struct {
	account  org.Account
	settings profile.Settings
	known    []roles.Role // that the user may have
	held     []roles.Assignment
	may      bool // the asker may change their access there at all
	question access.Question
}

// in reads an account when it is first asked about.
func (x *explaining) in(accountID string) *giving {
	if g := x.at[accountID]; g != nil {
		return g
	}
	g := &giving{question: org.Question(x.tx, x.who, accountID)}
	x.at[accountID] = g
	m, found, err := MemberOf(x.tx, accountID, x.out.User.ID())
	if err == nil && found {
		err = x.read(g, m)
	}
	if err != nil {
		x.err = err
	}
	return g
}

func (x *explaining) read(g *giving, m Member) (err error) {
	if g.account, _, err = org.AccountByID(x.tx, m.AccountID); err != nil {
		return err
	}
	if g.settings, err = org.Settings(x.tx, x.people.profiles, m.AccountID); err != nil {
		return err
	}
	pr, _ := x.people.profiles.Get(g.account.Profile)
	if g.known, err = x.people.known(x.tx, g.account, pr, m); err != nil {
		return err
	}
	held, err := roles.Of(x.tx, m.AccountID, m.ID)
	if err != nil {
		return err
	}
	g.held = held[m.ID]
	q := g.question
	q.Permission = access.MustParse("users:assign_roles")
	g.may = access.May(x.snapshot, q).Allowed && access.CanManage(x.snapshot, q, m.UserID) == "" && m.protected(g.settings) == nil
	return nil
}

// gives tells whether the asker may give the user a role over an entity, by the
// rules of ChangeAccess.
func (x *explaining) gives(accountID, roleID, entityID string) bool {
	g := x.in(accountID)
	i := slices.IndexFunc(g.known, func(r roles.Role) bool { return r.ID == roleID })
	if !g.may || i < 0 || g.known[i].Deprecated || !g.fits(g.known[i]) {
		return false
	}
	all := g.settings.AssignmentScope == "all"
	var over []string
	if !all {
		over = []string{entityID}
	}
	q := g.question
	q.Permission = access.MustParse("users:assign_roles")
	if !access.Covers(x.snapshot, q, all, over) || access.CanGrant(x.snapshot, q, roleID, all, over) != "" {
		return false
	}
	before := rolesOf(x.tx, g.known, g.held)
	blocked, _ := roles.Arising(x.people.profiles.Combinations(), g.settings, before, append(slices.Clone(before), g.known[i]))
	return len(blocked) == 0
}

// modest leaves out administrators' roles where another would do: they hold
// everything, which nobody needs for one thing.
func (x *explaining) modest(ways []access.Way) []access.Way {
	giving := func(w access.Way) (is, administrator bool) {
		step := w.Steps[0]
		known := x.in(w.Account).known
		i := slices.IndexFunc(known, func(r roles.Role) bool { return r.ID == step.Role })
		is = step.Do == access.GiveRole
		return is, is && i >= 0 && known[i].Administrator
	}
	if !slices.ContainsFunc(ways, func(w access.Way) bool { is, administrator := giving(w); return is && !administrator }) {
		return ways
	}
	return slices.DeleteFunc(ways, func(w access.Way) bool { _, administrator := giving(w); return administrator })
}

// fits tells whether the roles without which a role is not given are there.
func (g *giving) fits(r roles.Role) bool {
	return !slices.ContainsFunc(g.known, func(o roles.Role) bool {
		return o.Key != "" && slices.Contains(r.Needs, o.Key) && !slices.ContainsFunc(g.held, func(a roles.Assignment) bool { return a.RoleID == o.ID })
	})
}

// name reads the names of all that the answer names.
func (x *explaining) name() error {
	out := &x.out
	out.Places, out.Entities = map[string]Place{}, map[string]org.Entity{out.Entity.ID: out.Entity}
	if out.Shops == nil {
		out.Shops = map[string]org.Location{}
	}
	for _, m := range out.Memberships {
		if err := x.namePlace(m); err != nil {
			return err
		}
	}
	for _, w := range out.Ways {
		for _, s := range w.Steps {
			if s.Location == "" {
				continue
			}
			l, _, err := org.LocationByID(x.tx, s.Location)
			if err != nil {
				return err
			}
			out.Shops[l.ID] = l
		}
	}
	out.MayGive = x.in(out.Account.ID).may
	if out.MayGive || out.Decision.Allowed {
		return nil
	}
	names, err := Administrators(x.tx, out.Account.ID, 5)
	out.Ask = names
	return err
}

func (x *explaining) namePlace(m access.MembershipStep) error {
	g := x.in(m.Account)
	p := Place{Account: g.account, Roles: map[string]roles.Role{}, Policies: map[string]string{}}
	for _, r := range g.known {
		p.Roles[r.ID] = r
	}
	shared, err := roles.Policies(x.tx, m.Account)
	if err != nil {
		return err
	}
	for _, policy := range shared {
		p.Policies[policy.ID] = policy.Name
	}
	x.out.Places[m.Account] = p
	var ids []string
	for _, a := range m.Assignments {
		for _, s := range a.Over {
			ids = append(ids, s.Entity)
		}
	}
	list, err := org.EntitiesIn(x.tx, g.account, slices.Compact(slices.Sorted(slices.Values(ids))))
	for _, e := range list {
		x.out.Entities[e.ID] = e
	}
	return err
}
