package portal

import (
	"net/http"

	"countersign/internal/access"
	"countersign/internal/audit"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/web"
)

// enterAccount opens the page of an account below, for whoever holds the permission.
func (p *Portal) enterAccount(w http.ResponseWriter, r *http.Request, v *web.Visit, permission string) (inside, org.Listed, error) {
	i, err := p.enter(w, r, v, SectionAccounts, permission)
	if err != nil {
		return i, org.Listed{}, err
	}
	var a org.Listed
	found := false
	err = p.reading(r, func(tx *db.Tx) (err error) {
		a, found, err = org.ListedByID(tx, access.Scope(i.snapshot, i.asks("accounts:view")), r.PathValue("account"))
		return err
	})
	if err == nil && !found {
		err = p.none(r, v, i.account.ID, "account", r.PathValue("account"), "account")
	}
	if err == nil && !i.over(permission, a.EntityID) {
		err = p.refuseOver(r, v, i, "account", a.ID, permission, a.EntityID)
	}
	return i, a, err
}

// over tells whether the viewer holds a permission over an entity.
func (i inside) over(permission, entityID string) bool {
	q := i.asks(permission)
	q.Entity = entityID
	return access.Decide(i.snapshot, q).Allowed
}

// refuseOver refuses what the viewer sees and may not do, and records it.
func (p *Portal) refuseOver(r *http.Request, v *web.Visit, i inside, kind, id, permission, entityID string) error {
	q := i.asks(permission)
	q.Entity = entityID
	return p.refusing(r, v, i, kind, id, org.Refusal(i.snapshot, q, access.Decide(i.snapshot, q)))
}

// account is one account's page, for operators.
func (p *Portal) account(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, a, err := p.enterAccount(w, r, v, "accounts:view")
	if err != nil {
		return err
	}
	values, err := web.Query(r, "cursor")
	if err != nil {
		return err
	}
	view := AccountView{Page: i.page, One: accountRow(a), Profile: a.Profile, MayEdit: i.over("accounts:edit", a.EntityID), MayAct: p.accountActs(i, a)}
	if !access.Held(i.snapshot, org.Asks(v.Who, p.DB.Now(), a.ID)).Empty() {
		at := InAccount(a.CustomerID)
		view.OpenHref = at.Home()
		view.UsersHref = at.Users(UsersFilter{})
	}
	view.MaySeeUsers = i.over("users:view", a.EntityID)
	if a.Kind == access.Merchant && a.Active && i.over("entities:onboard", a.EntityID) {
		view.OnboardHref = i.page.To().NewEntity(a.CustomerID)
	}
	err = p.reading(r, func(tx *db.Tx) error { return p.fillAccount(tx, i, v, a, values.Get("cursor"), &view) })
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// accountActs are what the viewer may do to an account now.
func (p *Portal) accountActs(i inside, a org.Listed) []Act {
	switch {
	case !i.over("accounts:edit", a.EntityID) || a.Kind == access.Platform || a.ID == i.account.ID:
		return nil
	case a.Active:
		return []Act{DeactivateAccount}
	}
	return []Act{ActivateAccount}
}

// fillAccount reads what an account's page shows beside the account.
func (p *Portal) fillAccount(tx *db.Tx, i inside, v *web.Visit, a org.Listed, cursor string, view *AccountView) error {
	names, err := people.NamesBeside(tx, i.account.Path, []string{a.CreatedBy, a.Off.By})
	if err != nil {
		return err
	}
	view.CreatedBy, view.Off = names[a.CreatedBy], Off{At: moment(a.Off.At), By: names[a.Off.By], Why: a.Off.Reason}
	if view.Line, err = p.line(tx, i, a.Path); err != nil {
		return err
	}
	all, _, err := org.Together(tx, a.Account)
	if err != nil {
		return err
	}
	entities, err := org.CountEntities(tx, a.Path)
	if err != nil {
		return err
	}
	view.AccountsBelow, view.EntitiesBelow = int(all)-1, int(entities)
	if view.Below, view.Pager, err = p.below(tx, i, v, "accounts:view", a.EntityID, !a.Active || a.OffAbove, cursor); err != nil {
		return err
	}
	if view.MaySeeUsers {
		if view.Administrators, err = p.administrators(tx, a.Account, view.UsersHref != ""); err != nil {
			return err
		}
	}
	q := i.asks("audit:view")
	q.Within = a.ID
	if access.May(i.snapshot, q).Allowed {
		view.Activity, err = p.latest(tx, i, v, q)
		view.ActivityHref = InAccount(a.CustomerID).Activity(ActivityFilter{})
	}
	return err
}

// administrators are whoever runs an account, with their pages where the viewer
// may open the account.
func (p *Portal) administrators(tx *db.Tx, a org.Account, open bool) ([]AccountAdmin, error) {
	pr, _ := p.Profiles.Get(a.Profile)
	var out []AccountAdmin
	for _, role := range pr.Roles {
		if !role.Administrator {
			continue
		}
		list, err := p.holders(tx, a, role.Key)
		if err != nil {
			return nil, err
		}
		for _, row := range list {
			x := AccountAdmin{Name: row.Name(), Identifier: identifier(row.Email, row.Username), Status: Status(row.Status), First: row.FirstAdministrator}
			if open {
				x.Href = InAccount(a.CustomerID).User(row.ID())
			}
			out = append(out, x)
		}
	}
	return out, nil
}

// holders are the people of an account who have one of its predefined roles, the
// first few.
func (p *Portal) holders(tx *db.Tx, a org.Account, roleKey string) ([]people.Row, error) {
	id, found, err := roles.IDByKey(tx, a.ID, roleKey)
	if err != nil || !found { // without an id it would be everybody
		return nil, err
	}
	page, err := p.People.List(tx, a, people.Query{RoleID: id, Limit: 20})
	return page.Rows, err
}

// latest are the last few entries within what a question reaches.
func (p *Portal) latest(tx *db.Tx, i inside, v *web.Visit, q access.Question) ([]ActivityRow, error) {
	page, err := audit.Look(tx, audit.Query{Reach: access.Scope(i.snapshot, q), Limit: 5})
	if err != nil {
		return nil, err
	}
	return p.logRows(tx, i, v, page.Entries)
}
