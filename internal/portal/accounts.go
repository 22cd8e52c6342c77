package portal

import (
	"net/http"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/org"
	"countersign/internal/web"
)

func (p *Portal) accountRoutes() []web.Route {
	const accounts = "/a/{customer}/accounts"
	const one = accounts + "/{account}"
	routes := []web.Route{
		{Pattern: "GET " + accounts, Handle: p.accounts},
		{Pattern: "GET " + accounts + "/export", Handle: p.exportAccounts},
		{Pattern: "GET " + accounts + "/new", Handle: p.newAccount},
		{Pattern: "POST " + accounts, Handle: p.doNewAccount, Form: under("new")},
		{Pattern: "GET " + one, Handle: p.account},
		{Pattern: "GET " + one + "/edit", Handle: p.editAccount},
		{Pattern: "POST " + one + "/edit", Handle: p.doEditAccount, Form: itself},
	}
	for path, act := range map[string]Act{"/deactivation": DeactivateAccount, "/activation": ActivateAccount} {
		routes = append(routes, web.Route{Pattern: "GET " + one + path, Handle: p.confirmAccount(act)},
			web.Route{Pattern: "POST " + one + path, Handle: p.actOnAccount(act), Form: itself})
	}
	return routes
}

const accountRows = 50

var accountFields = []string{"q", "kind", "environment", "opened", "state", "parent", "sort", "order", "cursor"}

// accounts is the operators' list.
func (p *Portal) accounts(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionAccounts, "accounts:view")
	if err != nil {
		return err
	}
	values, err := web.Query(r, accountFields...)
	if err != nil {
		return err
	}
	view := AccountsView{Page: i.page, Filter: ReadAccountsFilter(values), MayCreate: i.may("accounts:create")}
	about := "accounts " + view.Filter.first().Values().Encode()
	after, err := p.listCursor(i, v, about, view.Filter.Cursor)
	if err != nil {
		return err
	}
	var page org.AccountPage
	err = p.reading(r, func(tx *db.Tx) error {
		q, err := p.accountQuery(tx, i, &view)
		if err != nil || view.Meant != nil {
			return err
		}
		q.After, q.Limit = after, accountRows
		page, err = org.Accounts(tx, q)
		return err
	})
	if unreadable(err) { // what is no text is nobody's name
		page, err = org.AccountPage{}, nil
	}
	if err != nil {
		return err
	}
	for _, a := range page.Rows {
		view.Rows = append(view.Rows, accountRow(a))
	}
	view.Total = int(page.Total)
	if view.Pager, err = p.listPager(i, v, about, page.Previous, page.Next); err != nil {
		return err
	}
	return p.show(w, view)
}

// accountQuery turns the view's filter into a query, and notes in the view what
// its parent stands for, or may stand for.
func (p *Portal) accountQuery(tx *db.Tx, i inside, view *AccountsView) (org.AccountQuery, error) {
	f := view.Filter
	q := org.AccountQuery{Reach: access.Scope(i.snapshot, i.asks("accounts:view")), Search: f.Query, Kind: f.Kind, Environment: f.Environment, Opened: f.Opened, State: f.State, Sort: f.Sort}
	if q.Sort == "" {
		q.Sort = "customer_id"
	}
	if f.Descending {
		q.Sort = "-" + q.Sort
	}
	typed := strings.TrimSpace(f.Parent)
	if typed == "" {
		return q, nil
	}
	parent, found, err := org.NodeTyped(tx, q.Reach, typed)
	if err != nil {
		return q, err
	}
	if !found {
		list, _, err := org.SearchAbove(tx, q.Reach, typed, access.Platform, access.Partner, false, parentsMost)
		if err != nil {
			return q, err
		}
		if len(list) != 1 {
			view.Meant = []Option{}
			for _, n := range list {
				view.Meant = append(view.Meant, Option{Value: n.CustomerID, Label: n.Name + " (" + n.CustomerID + ")"})
			}
			return q, nil
		}
		parent = list[0]
	}
	q.Parent, view.Parent = parent.ID, parent.Name
	return q, nil
}

// parentsMost is how many are offered of those that something could stand below.
const parentsMost = 20

func accountRow(a org.Listed) AccountRow {
	row := AccountRow{ID: a.ID, CustomerID: a.CustomerID, Name: a.Name, Alias: a.Alias, Kind: a.Kind.String(), Parent: a.Parent, Environment: Environment(a.Environment),
		Open: a.Open, State: StateActive, Users: int(a.Users), Created: moment(a.CreatedAt)}
	switch {
	case !a.Active:
		row.State = StateInactive
	case a.OffAbove:
		row.State = StateAbove
	}
	return row
}

// exportAccounts sends the list as a file.
func (p *Portal) exportAccounts(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionAccounts, "accounts:view")
	if err != nil {
		return err
	}
	values, err := web.Query(r, accountFields...)
	if err != nil {
		return err
	}
	view := AccountsView{Page: i.page, Filter: ReadAccountsFilter(values)}
	if err := understood(values, view.Filter.Values()); err != nil {
		return err
	}
	var q org.AccountQuery
	err = p.reading(r, func(tx *db.Tx) error {
		if q, err = p.accountQuery(tx, i, &view); err == nil && view.Meant == nil {
			_, err = org.Accounts(tx, q) // what cannot be searched for is told before anything is sent
		}
		return err
	})
	if err != nil {
		return err
	}
	if view.Meant != nil {
		return to(w, r, i.page.To().Accounts(view.Filter)) // where one can be chosen
	}
	return p.Edge.ExportAccounts(w, r, v, web.AccountExport{Account: i.account, Query: q, Lang: v.Lang, Heads: true})
}
