package portal

import (
	"net/http"
	"slices"
	"strconv"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/web"
)

// picker offers the roles and entities that the viewer may give.
func (c choices) picker(i inside, oneRole bool, chosen people.Access) AccessPicker {
	p := AccessPicker{OneRole: oneRole, AllEntities: chosen.AllEntities, Acknowledged: chosen.Acknowledged}
	q := i.asks("users:assign_roles")
	p.MayAllEntities = access.Covers(i.snapshot, q, true, nil)
	var over []string
	for _, e := range c.entities {
		if !access.Covers(i.snapshot, q, false, []string{e.ID}) {
			continue
		}
		over = append(over, e.ID)
		p.Entities = append(p.Entities, EntityChoice{ID: e.ID, Name: e.Name, CustomerID: e.CustomerID, Kind: e.Kind.String(),
			Depth: (len(e.Path) - len(i.account.Path)) / access.PathPart, Selected: slices.Contains(chosen.Entities, e.ID) || slices.Contains(chosen.Entities, e.CustomerID)})
	}
	for _, r := range c.safestFirst(chosen.Roles) {
		if r.Deprecated || !givable(i, q, r.ID, p.MayAllEntities, over) {
			continue
		}
		choice := RoleChoice{ID: r.ID, Name: r.Title(c.lang), Description: r.About(c.lang), Permissions: r.Permissions.Len(),
			Selected: slices.Contains(chosen.Roles, r.ID), Sections: roleSections(r)}
		for _, d := range r.Dangerous() {
			choice.Dangerous = append(choice.Dangerous, d.String())
		}
		p.Roles = append(p.Roles, choice)
	}
	return p
}

// safestFirst orders roles for a picker: those that are chosen, then those
// without dangers, then the others.
func (c choices) safestFirst(chosen []string) []roles.Role {
	rank := func(r roles.Role) int {
		switch {
		case slices.Contains(chosen, r.ID):
			return 0
		case len(r.Dangerous()) == 0:
			return 1
		}
		return 2
	}
	out := slices.Clone(c.roles)
	slices.SortStableFunc(out, func(a, b roles.Role) int { return rank(a) - rank(b) })
	return out
}

// givable tells whether a role could be given over anything at all.
func givable(i inside, q access.Question, roleID string, all bool, over []string) bool {
	if all && access.CanGrant(i.snapshot, q, roleID, true, nil) == "" {
		return true
	}
	return slices.ContainsFunc(over, func(e string) bool { return access.CanGrant(i.snapshot, q, roleID, false, []string{e}) == "" })
}

var accessFields = []string{"roles[]", "entities[]", "all_entities", "acknowledge"}

func readAccess(f map[string][]string) people.Access {
	return people.Access{Roles: f["roles"], Entities: f["entities"], AllEntities: slices.Contains(f["all_entities"], "yes"), Acknowledged: slices.Contains(f["acknowledge"], "yes")}
}

// invite is the form (U2).
func (p *Portal) invite(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionUsers, "users:create")
	if err != nil {
		return err
	}
	view, err := p.inviteForm(r, v, i, people.Invitee{Language: string(v.Lang)})
	if err != nil {
		return err
	}
	return p.show(w, view)
}

func (p *Portal) inviteForm(r *http.Request, v *web.Visit, i inside, in people.Invitee) (InviteView, error) {
	view := InviteView{Page: i.page, FirstName: in.FirstName, LastName: in.LastName, Email: in.Email, Language: in.Language}
	err := p.reading(r, func(tx *db.Tx) error {
		c, err := p.choices(tx, i.account, v.Lang)
		if err != nil {
			return err
		}
		s, err := org.Settings(tx, p.Profiles, i.account.ID)
		if err != nil {
			return err
		}
		view.AccessPicker = c.picker(i, s.RolesPerUser == "one", in.Access)
		view.LastRequired = slices.Contains(s.Mandatory, "last_name")
		view.LifetimeHours = int(s.InvitationLifetime.Hours())
		return nil
	})
	return view, err
}

func (p *Portal) doInvite(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionUsers, "users:create")
	if err != nil {
		return err
	}
	f, err := web.Form(r, append([]string{"first_name", "last_name", "email", "language"}, accessFields...)...)
	if err != nil {
		return err
	}
	in := people.Invitee{FirstName: f.Get("first_name"), LastName: f.Get("last_name"), Email: f.Get("email"), Language: f.Get("language"), Access: readAccess(f)}
	id, err := p.People.Invite(r.Context(), v.Who, i.account.ID, in)
	if err != nil {
		view, problem := p.inviteForm(r, v, i, in)
		if problem != nil {
			return problem
		}
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	p.flash(w, v, Done, "invited", "email", in.Email)
	return to(w, r, i.page.To().User(id))
}

func (p *Portal) editAccess(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:assign_roles")
	if err != nil {
		return err
	}
	if err := p.mayEdit(r, v, i, u); err != nil {
		return p.refused(r, v, i, u, err)
	}
	chosen := people.Access{Roles: u.row.Roles, AllEntities: u.row.AllEntities, Entities: u.row.Entities}
	return p.show(w, u.edit(i, chosen, strconv.FormatInt(u.row.Member.Version, 10)))
}

// mayEdit refuses the form to whoever could not send it.
func (p *Portal) mayEdit(r *http.Request, v *web.Visit, i inside, u user) error {
	if u.head.MayChangeAccess {
		return nil
	}
	if u.head.Self {
		return fault.New(fault.Forbidden, "own_access")
	}
	if u.head.FirstAdministrator {
		return fault.New(fault.Forbidden, "first_administrator")
	}
	return fault.New(fault.Forbidden, "person_above_you")
}

func (u user) edit(i inside, chosen people.Access, revision string) EditAccessView {
	return EditAccessView{Page: i.page, User: u.head, Revision: revision, AccessPicker: u.choices.picker(i, u.settings.RolesPerUser == "one", chosen)}
}

func (p *Portal) doEditAccess(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, u, err := p.enterUser(w, r, v, "users:assign_roles")
	if err != nil {
		return err
	}
	f, err := web.Form(r, append([]string{"revision"}, accessFields...)...)
	if err != nil {
		return err
	}
	chosen := readAccess(f)
	err = p.People.ChangeAccess(r.Context(), v.Who, i.account.ID, u.row.ID(), revision(f.Get("revision")), chosen)
	if err != nil {
		return p.again(w, err, func(form Form) View {
			view := u.edit(i, chosen, f.Get("revision"))
			view.Form = form
			return view
		})
	}
	p.flash(w, v, Done, "access_changed", "name", u.row.Name())
	return to(w, r, i.page.To().UserTab(u.row.ID(), "access"))
}

// revision reads the version that a form was made from; what is none matches none.
func revision(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return -1
	}
	return n
}
