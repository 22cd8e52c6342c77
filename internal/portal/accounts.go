package portal

import (
	"net/http"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/people"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) accountRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /a/{customer}/accounts", Handle: p.accounts},
		{Pattern: "GET /a/{customer}/accounts/new", Handle: p.newAccount},
		{Pattern: "POST /a/{customer}/accounts", Handle: p.doNewAccount},
		{Pattern: "GET /a/{customer}/accounts/{account}", Handle: p.account},
	}
}

const accountRows = 50

// accounts is the operators' list.
func (p *Portal) accounts(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionAccounts, "accounts:view")
	if err != nil {
		return err
	}
	q, err := web.Query(r, "q", "cursor")
	if err != nil {
		return err
	}
	view := AccountsView{Page: i.page, Filter: ReadAccountsFilter(q), MayCreate: i.may("accounts:create")}
	about := "accounts " + i.account.ID + " " + view.Filter.Query
	search := org.AccountQuery{Reach: access.Scope(i.snapshot, i.asks("accounts:view")), Search: view.Filter.Query, Limit: accountRows + 1}
	if search.After, err = web.After(p.DB, v.Who, about, view.Filter.Cursor); err != nil {
		return err
	}
	err = p.reading(r, func(tx *db.Tx) error {
		list, err := org.Accounts(tx, search)
		if err != nil {
			return err
		}
		if len(list) > accountRows {
			list = list[:accountRows]
			if view.Pager.Next, err = web.Cursor(p.DB, v.Who, about, list[accountRows-1].CustomerID); err != nil {
				return err
			}
		}
		if view.Rows, err = accountRowsOf(tx, list); err != nil {
			return err
		}
		total, err := org.CountAccounts(tx, search)
		view.Total = int(total)
		return err
	})
	if err != nil {
		return err
	}
	return p.show(w, view)
}

func accountRowsOf(tx *db.Tx, list []org.Account) ([]AccountRow, error) {
	var rows []AccountRow
	for _, a := range list {
		row := AccountRow{ID: a.ID, CustomerID: a.CustomerID, Name: a.Name, Alias: a.Alias, Kind: a.Kind.String(), Environment: Environment(a.Environment), Open: a.Open, Created: moment(a.CreatedAt)}
		if a.ParentID != "" {
			parent, _, err := org.EntityByID(tx, a.ParentID)
			if err != nil {
				return nil, err
			}
			row.Parent = parent.Name
		}
		n, err := people.CountMembers(tx, a.ID)
		if err != nil {
			return nil, err
		}
		row.Users = int(n)
		rows = append(rows, row)
	}
	return rows, nil
}

// account is one account's page, for operators.
func (p *Portal) account(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionAccounts, "accounts:view")
	if err != nil {
		return err
	}
	view := AccountView{Page: i.page}
	err = p.reading(r, func(tx *db.Tx) error {
		a, found, err := org.AccountByID(tx, r.PathValue("account"))
		if err != nil {
			return err
		}
		q := i.asks("accounts:view")
		q.Entity = a.EntityID
		if !found || !access.Decide(i.snapshot, q).Allowed {
			return fault.None("account")
		}
		rows, err := accountRowsOf(tx, []org.Account{a})
		if err != nil {
			return err
		}
		view.One, view.Profile = rows[0], a.Profile
		if view.Below, err = below(tx, a); err != nil {
			return err
		}
		if !access.Held(i.snapshot, org.Question(tx, v.Who, a.ID)).Empty() {
			view.OpenHref = InAccount(a.CustomerID).Home()
		}
		view.Administrators, err = p.administrators(tx, a)
		return err
	})
	if fault.CodeOf(err) == "not_found" {
		err = p.none(r, v, i.account.ID, "account", r.PathValue("account"), "account")
	}
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// below lists the entities directly below an account, accounts among them.
func below(tx *db.Tx, a org.Account) ([]AccountRow, error) {
	list, err := org.Entities(tx, a, entitiesShown)
	if err != nil {
		return nil, err
	}
	var rows []AccountRow
	for _, e := range list {
		switch {
		case e.ParentID != a.EntityID:
		case e.AccountID == a.ID: // not an account: it has a name and a kind only
			rows = append(rows, AccountRow{CustomerID: e.CustomerID, Name: e.Name, Kind: e.Kind.String()})
		default:
			child, _, err := org.AccountByID(tx, e.AccountID)
			if err != nil {
				return nil, err
			}
			row, err := accountRowsOf(tx, []org.Account{child})
			if err != nil {
				return nil, err
			}
			rows = append(rows, row...)
		}
	}
	return rows, nil
}

func (p *Portal) administrators(tx *db.Tx, a org.Account) ([]AccountAdmin, error) {
	pr, _ := p.Profiles.Get(a.Profile)
	var out []AccountAdmin
	for _, role := range pr.Roles {
		if !role.Administrator {
			continue
		}
		id, err := roles.IDByKey(tx, a.ID, role.Key)
		if err != nil {
			return nil, err
		}
		page, err := p.People.List(tx, a, people.Query{RoleID: id, Limit: 20})
		if err != nil {
			return nil, err
		}
		for _, row := range page.Rows {
			out = append(out, AccountAdmin{Name: row.Name(), Identifier: identifier(row.Email, row.Username), Status: Status(row.Status), First: row.FirstAdministrator})
		}
	}
	return out, nil
}

func (p *Portal) newAccount(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionAccounts, "accounts:create")
	if err != nil {
		return err
	}
	view := NewAccountView{Page: i.page, Kind: "merchant", Environment: Live, Language: string(v.Lang), Parent: i.account.EntityID}
	if err := p.accountForm(r, i, &view); err != nil {
		return err
	}
	return p.show(w, view)
}

// accountForm offers what an account may be and where it may stand.
func (p *Portal) accountForm(r *http.Request, i inside, view *NewAccountView) error {
	view.Kinds = []string{access.Merchant.String(), access.Partner.String(), access.Facilitator.String()}
	return p.reading(r, func(tx *db.Tx) error {
		list, err := org.Entities(tx, i.account, entitiesShown)
		for _, e := range list {
			if e.Kind <= access.Partner {
				view.Parents = append(view.Parents, Option{Value: e.ID, Label: e.Name + " (" + e.CustomerID + ")", Selected: e.ID == view.Parent})
			}
		}
		return err
	})
}

func (p *Portal) doNewAccount(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionAccounts, "accounts:create")
	if err != nil {
		return err
	}
	f, err := web.Form(r, "name", "customer_id", "kind", "parent", "environment", "first_name", "last_name", "email", "language")
	if err != nil {
		return err
	}
	kind, _ := access.ParseKind(f.Get("kind"))
	in := people.Boarding{
		Account: org.New{Kind: kind, ParentID: f.Get("parent"), Name: f.Get("name"), CustomerID: f.Get("customer_id"), Environment: f.Get("environment")},
		First:   people.Invitee{FirstName: f.Get("first_name"), LastName: f.Get("last_name"), Email: f.Get("email"), Language: f.Get("language")},
	}
	a, _, err := p.People.Board(r.Context(), v.Who, i.account.ID, in)
	if err != nil {
		view := NewAccountView{Page: i.page, Name: f.Get("name"), CustomerID: f.Get("customer_id"), Kind: f.Get("kind"), Parent: f.Get("parent"),
			Environment: Environment(f.Get("environment")), FirstName: f.Get("first_name"), LastName: f.Get("last_name"), Email: f.Get("email"), Language: f.Get("language")}
		if problem := p.accountForm(r, i, &view); problem != nil {
			return problem
		}
		return p.again(w, err, func(form Form) View { view.Form = form; return view })
	}
	p.flash(w, v, Done, "account_created", "name", a.Name, "email", in.First.Email)
	return to(w, r, i.page.To().OneAccount(a.ID))
}
