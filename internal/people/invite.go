package people

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/lang"
	"countersign/internal/org"
	"countersign/internal/profile"
	"countersign/internal/roles"
)

// Access is what somebody is to be able to do in an account: roles over a scope.
type Access struct {
	Roles        []string // role ids
	AllEntities  bool
	Entities     []string // ids or customer IDs, of the account or below
	Acknowledged bool     // the dangers of dangerous roles were read (features.md, R9)
}

// Invitee is a colleague to invite.
type Invitee struct {
	FirstName, LastName, Email, Phone, Language string

	TwoFactor  TwoFactor
	AllowedIPs []string // addresses and ranges from which they may act; none is from anywhere
	Access
}

// joining is somebody who is about to be added to an account, checked.
type joining struct {
	person   Person
	key      string // of the address
	list     []roles.Assignment
	networks []netip.Prefix
	flagged  string // toxic combinations that come with the roles
	like     Member // what is asked of their second factor, and what sets a first administrator apart
}

// Invite adds a person to an account and mails them a link. It returns the
// user's id. An address that is known already, in another account, joins that
// person to this account or is refused, as the account's settings say; the
// person's own name stays theirs, and until they accept, the account sees of
// them what was typed and nothing else: it must not learn from an invitation
// whom another account knows.
func (p *People) Invite(ctx context.Context, who db.Who, accountID string, in Invitee) (userID string, err error) {
	e := audit.Entry{Action: audit.UserInvited, AccountID: accountID, Kind: "account", ID: accountID}
	err = p.refusing(ctx, who, e, func(tx *db.Tx) error {
		a, settings, err := p.account(tx, who, accountID, "users:create")
		if err != nil {
			return err
		}
		j, err := p.checkInvitee(tx, who, a, settings, in)
		if err != nil {
			return err
		}
		m, person, err := p.admit(tx, a, settings, j)
		if err != nil {
			return err
		}
		userID = m.UserID
		return p.invite(tx, a, m, person, settings.InvitationLifetime)
	})
	return userID, err
}

func (p *People) checkInvitee(tx *db.Tx, who db.Who, a org.Account, settings profile.Settings, in Invitee) (j joining, err error) {
	var f fault.Fields
	j.person, j.key = in.person(&f, MandatoryOf(settings))
	j.like.TwoFactorRequired, j.like.TwoFactorActions = in.TwoFactor.check(&f, settings)
	j.networks = networksField(&f, settings, in.AllowedIPs)
	chosen, err := p.checkAccess(tx, who, a, settings, in.Access, Member{}, nil, &f)
	j.list, j.flagged = chosen.list, chosen.toxic(&f, who)
	if err == nil {
		err = f.Err()
	}
	if err == nil {
		err = p.mayGive(tx, who, a, "users:create", j.list)
	}
	return j, err
}

// choice is what was chosen for somebody to be able to do, checked.
type choice struct {
	list    []roles.Assignment // what is given
	kept    []roles.Assignment // of what they had: what stays as it is
	serious []string           // ids of the roles among them whose dangers must be acknowledged

	blocked, flagged []profile.Combination // toxic combinations that come with it, and that the account blocks or lets through
}

// all is what they have then.
func (c choice) all() []roles.Assignment { return slices.Concat(c.list, c.kept) }

// toxic notes the combinations that the account blocks, and names those that it lets through.
func (c choice) toxic(f *fault.Fields, who db.Who) (flagged string) {
	noteToxic(c.blocked, "roles", f, who)
	return roles.Keys(c.flagged)
}

// checkAccess turns what was chosen into assignments and notes what is wrong
// with it. What lies outside the account is answered as what does not exist.
// m is whom it is for, with what they have; the zero Member for somebody new. A
// deprecated role is given to nobody any more, and whoever has one keeps it until
// it is taken from them.
func (p *People) checkAccess(tx *db.Tx, who db.Who, a org.Account, settings profile.Settings, in Access, m Member, held []roles.Assignment, f *fault.Fields) (out choice, err error) {
	pr, _ := p.profiles.Get(a.Profile)
	known, err := p.known(tx, a, pr, m)
	if err != nil {
		return out, err
	}
	chosen := slices.Compact(slices.Sorted(slices.Values(in.Roles)))
	switch {
	case len(chosen) == 0 && MandatoryOf(settings).Role:
		f.Add("roles", "choose_role")
	case len(chosen) > roleMost:
		f.Add("roles", "too_many", "max", roleMost)
		return out, nil
	case len(chosen) > 1 && settings.RolesPerUser == "one":
		f.Add("roles", "one_role")
	}
	in, entities, err := checkEntities(tx, a, settings, in, f)
	if err != nil {
		return out, err
	}
	for _, id := range chosen {
		i := slices.IndexFunc(known, func(r roles.Role) bool { return r.ID == id })
		before := slices.IndexFunc(held, func(x roles.Assignment) bool { return x.RoleID == id })
		switch {
		case i < 0:
			f.Add("roles", "unknown_role")
		case known[i].Deprecated && before >= 0:
			out.kept = append(out.kept, held[before])
		case known[i].Deprecated:
			f.Add("roles", "deprecated_role", "role", known[i].Title(who.Lang))
		case known[i].Acknowledged() && !in.Acknowledged:
			f.Add("acknowledged", "acknowledge", "role", known[i].Title(who.Lang))
		default:
			out.list = append(out.list, roles.Assignment{RoleID: id, AllEntities: in.AllEntities, Entities: entities})
			if known[i].Acknowledged() {
				out.serious = append(out.serious, id)
			}
		}
		if i >= 0 {
			checkNeeds(known[i], known, chosen, who.Lang, f)
		}
	}
	out.blocked, out.flagged = roles.Arising(p.profiles.Combinations(), settings, rolesOf(tx, known, held), rolesOf(tx, known, out.all()))
	return out, nil
}

// known are the roles that somebody may have: the account's, and copies that are theirs.
func (p *People) known(tx *db.Tx, a org.Account, pr *profile.Profile, m Member) ([]roles.Role, error) {
	known, err := roles.List(tx, a.ID, pr)
	if err != nil || m.ID == "" {
		return known, err
	}
	copies, err := roles.Copies(tx, a.ID, pr, m.ID)
	return append(known, copies...), err
}

// rolesOf are the roles of assignments that are not over.
func rolesOf(tx *db.Tx, known []roles.Role, list []roles.Assignment) (out []roles.Role) {
	for _, x := range list {
		i := slices.IndexFunc(known, func(r roles.Role) bool { return r.ID == x.RoleID })
		if i >= 0 && (x.Until == 0 || x.Until > tx.Now) {
			out = append(out, known[i])
		}
	}
	return out
}

// toxic notes combinations that somebody would newly have and the account blocks
// (R12), and names those that it lets through.
func (p *People) toxic(s profile.Settings, before, after []roles.Role, field string, f *fault.Fields, who db.Who) (flagged string) {
	blocked, let := roles.Arising(p.profiles.Combinations(), s, before, after)
	noteToxic(blocked, field, f, who)
	return roles.Keys(let)
}

func noteToxic(blocked []profile.Combination, field string, f *fault.Fields, who db.Who) {
	for i := range blocked {
		f.Add(field, "toxic_combination", "combination", blocked[i].Name(string(who.Lang)), "reason", blocked[i].Reason(string(who.Lang)))
	}
}

// checkNeeds notes when a role is chosen without one that it is not given without.
func checkNeeds(r roles.Role, known []roles.Role, chosen []string, tag lang.Tag, f *fault.Fields) {
	for _, o := range known {
		if o.Key != "" && slices.Contains(r.Needs, o.Key) && !slices.Contains(chosen, o.ID) {
			f.Add("roles", "role_needs", "role", r.Title(tag), "other", o.Title(tag))
		}
	}
}

// checkEntities turns what was chosen into entity ids, or into all of them where
// the account's settings say so (assignment_scope).
func checkEntities(tx *db.Tx, a org.Account, settings profile.Settings, in Access, f *fault.Fields) (Access, []string, error) {
	switch {
	case in.AllEntities && len(in.Entities) > 0:
		f.Add("entities", "all_or_some")
		return in, nil, nil
	case settings.AssignmentScope == "all" && len(in.Entities) > 0:
		f.Add("entities", "all_entities_only")
		return in, nil, nil
	case in.AllEntities:
		return in, nil, nil
	case len(in.Entities) == 0 && !MandatoryOf(settings).Entities: // none chosen is all of them, and given as such
		in.AllEntities = true
		return in, nil, nil
	case len(in.Entities) == 0:
		f.Add("entities", "choose_entities")
		return in, nil, nil
	case len(in.Entities) > entityMost:
		f.Add("entities", "too_many", "max", entityMost)
		return in, nil, nil
	}
	found, err := org.EntitiesIn(tx, a, in.Entities)
	if err != nil {
		return in, nil, err
	}
	var ids []string
	for _, asked := range in.Entities {
		i := slices.IndexFunc(found, func(e org.Entity) bool { return e.ID == asked || e.CustomerID == asked })
		if i < 0 {
			f.Add("entities", "unknown_entity")
			return in, nil, nil
		}
		ids = append(ids, found[i].ID)
	}
	slices.Sort(ids)
	return in, slices.Compact(ids), nil
}

// mayGive refuses unless who holds the permission over all that is given, and
// may give each role there (U23).
func (p *People) mayGive(tx *db.Tx, who db.Who, a org.Account, permission string, list []roles.Assignment) error {
	if err := p.guard.May(tx, who, a.ID, access.MustParse("users:assign_roles")); err != nil {
		return err
	}
	s, err := p.guard.Snapshot(tx)
	if err != nil {
		return err
	}
	q := org.Question(tx, who, a.ID)
	for _, x := range list {
		q.Permission = access.MustParse(permission)
		if !access.Covers(s, q, x.AllEntities, x.Entities) {
			return ceiling("entities", "entities_not_held")
		}
		switch code := access.CanGrant(s, q, x.RoleID, x.AllEntities, x.Entities); code {
		case "":
		case access.RefusedUnknownRole, access.RefusedUnknownEntity:
			return fault.None("role")
		default:
			return ceiling("roles", "role_not_yours_to_give")
		}
	}
	return nil
}

// ceiling refuses what is above the giver, and says in which field it stands.
func ceiling(field, code string) *fault.Error {
	e := fault.New(fault.Forbidden, code)
	e.Fields = []fault.Field{{Name: field, Code: code}}
	return e
}

// mayManage refuses to act on oneself, on somebody whose roles who could not
// give, and on somebody who reaches further than who holds the permission for it.
func (p *People) mayManage(tx *db.Tx, who db.Who, a org.Account, permission string, m Member) error {
	s, err := p.guard.Snapshot(tx)
	if err != nil {
		return err
	}
	q := org.Question(tx, who, a.ID)
	switch code := access.CanManage(s, q, m.UserID); code {
	case "":
	case access.RefusedOwnAccess:
		return fault.New(fault.Forbidden, "own_access")
	default:
		return fault.New(fault.Forbidden, "person_above_you")
	}
	held, err := roles.Of(tx, a.ID, m.ID)
	if err != nil {
		return err
	}
	q.Permission = access.MustParse(permission)
	for _, x := range held[m.ID] {
		if (x.Until == 0 || x.Until > tx.Now) && !access.Covers(s, q, x.AllEntities, x.Entities) {
			return fault.New(fault.Forbidden, "person_above_you")
		}
	}
	return nil
}

// admit adds the person and their membership, and assigns; the caller sends the
// link. An address that is known already joins that person, unless the settings
// refuse.
func (p *People) admit(tx *db.Tx, a org.Account, settings profile.Settings, j joining) (Member, Person, error) {
	m, person := j.like, j.person
	known, found, err := PersonByIdentifier(tx, j.key)
	switch {
	case err != nil:
		return m, person, err
	case !found:
		if person, err = newPerson(tx, person, j.key); err != nil {
			return m, person, err
		}
	default:
		if _, already, err := MemberOf(tx, a.ID, known.ID); err != nil {
			return m, person, err
		} else if already {
			return m, person, fault.In("email", "already_member")
		}
		if settings.EmailInUse == "refuse" {
			return m, person, fault.In("email", "email_in_use")
		}
		person = known
	}
	m.AccountID, m.UserID, m.AllLocations = a.ID, person.ID, true
	err = Relist(tx, person.ID, func() (err error) {
		if m, err = newMember(tx, m, j.person); err != nil {
			return err
		}
		if err := roles.Replace(tx, a.ID, m.ID, j.list); err != nil {
			return err
		}
		return setNetworks(tx, m, j.networks)
	})
	if err != nil {
		return m, person, err
	}
	tx.ChangedUser(person.ID)
	err = audit.Record(tx, audit.Entry{Action: audit.UserInvited, AccountID: a.ID, Kind: "user", ID: person.ID, PersonID: person.ID, Changes: j.changes(m)})
	if err != nil {
		return m, person, fmt.Errorf("invite: %w", err)
	}
	return m, person, nil
}

// changes tell the log what somebody was added with.
func (j joining) changes(m Member) []audit.Change {
	return []audit.Change{{Field: "roles", After: roles.Text(j.list)}, {Field: "toxic_combinations", After: j.flagged}, {Field: "all_locations", After: strconv.FormatBool(m.AllLocations)},
		{Field: "two_factor_required", After: strconv.FormatBool(m.TwoFactorRequired)}, {Field: "two_factor_actions", After: m.TwoFactorActions},
		{Field: "allowed_ips", After: networkTexts(j.networks)},
		{Field: "first_name", After: j.person.FirstName, Personal: true}, {Field: "last_name", After: j.person.LastName, Personal: true},
		{Field: "email", After: j.person.Email, Personal: true}, {Field: "phone", After: j.person.Phone, Personal: true}}
}
