package portal

import (
	"net/http"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/fault"
	"countersign/internal/org"
	"countersign/internal/web"
)

func (p *Portal) treeRoutes() []web.Route {
	return []web.Route{{Pattern: "GET /a/{customer}/entities", Handle: p.tree}}
}

// branchRows is how many branches of one entity a page shows.
const branchRows = 50

// tree is the tree of entities, as far as the viewer may see it.
func (p *Portal) tree(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionEntities, "entities:view")
	if err != nil {
		return err
	}
	values, err := web.Query(r, "q", "at", "cursor")
	if err != nil {
		return err
	}
	view := TreeView{Page: i.page, Filter: ReadTreeFilter(values)}
	if view.MayAdd = i.may("entities:onboard"); view.MayAdd {
		view.AddHref = i.page.To().NewEntity(view.Filter.At)
	}
	g := &growing{Portal: p, i: i, v: v, filter: view.Filter, reach: access.Scope(i.snapshot, i.asks("entities:view")), users: access.Scope(i.snapshot, i.asks("users:view"))}
	err = p.reading(r, func(tx *db.Tx) (err error) {
		g.tx = tx
		if strings.TrimSpace(view.Filter.Query) != "" {
			view.Tops, view.Pager, err = g.found()
			return err
		}
		view.Tops, view.Pager, view.Whole, err = g.opened()
		return err
	})
	if fault.CodeOf(err) == "not_found" {
		err = p.none(r, v, i.account.ID, "entity", cut(view.Filter.At), "entity")
	}
	if unreadable(err) { // what is no text is no entity's name
		err = nil
	}
	if err != nil {
		return err
	}
	return p.show(w, view)
}

// growing is a tree that is being read for a page.
type growing struct {
	*Portal
	tx     *db.Tx
	i      inside
	v      *web.Visit
	filter TreeFilter
	reach  []access.Reach // where entities may be seen
	users  []access.Reach // and where users may, so that they are counted
}

// cursor opens the cursor of the page's one list.
func (g *growing) cursor(about string) (string, error) {
	return g.listCursor(g.i, g.v, about, g.filter.Cursor)
}

// pager seals the cursors of the neighbouring pages.
func (g *growing) pager(about string, page org.NodePage) (Pager, error) {
	return g.listPager(g.i, g.v, about, page.Previous, page.Next)
}

// opened is the line down to one entity with a page of what is below it; without
// one, where the viewer's view begins. whole tells that nothing else begins there.
func (g *growing) opened() (tops []Branch, pager Pager, whole bool, err error) {
	at, found, err := g.at()
	if err != nil {
		return nil, pager, false, err
	}
	if !found {
		tops, pager, err = g.tops()
		return tops, pager, true, err
	}
	line, err := org.Line(g.tx, g.reach, at.Path)
	if err != nil {
		return nil, pager, false, err
	}
	about := "branches " + at.ID
	after, err := g.cursor(about)
	if err != nil {
		return nil, pager, false, err
	}
	page, err := org.Children(g.tx, g.reach, at.ID, after, branchRows)
	if err != nil {
		return nil, pager, false, err
	}
	turn, err := g.pager(about, page)
	if err != nil {
		return nil, pager, false, err
	}
	off := false
	var state []bool
	for _, n := range line {
		off = off || !n.Active
		state = append(state, off)
	}
	var branch Branch
	for k := len(line) - 1; k >= 0; k-- {
		b := g.branch(line[k], k > 0 && state[k-1])
		b.Open, b.Current = true, k == len(line)-1
		if up := g.i.page.To().Tree(TreeFilter{}); k > 0 {
			b.OpenHref = g.i.page.To().Tree(TreeFilter{At: line[k-1].CustomerID})
		} else {
			b.OpenHref = up
		}
		if b.Current {
			for _, n := range page.Nodes {
				b.Branches = append(b.Branches, g.branch(n, state[k]))
			}
			b.Previous, b.Next = g.page(at, turn.Previous), g.page(at, turn.Next)
		} else {
			b.Branches = []Branch{branch}
		}
		branch = b
	}
	more := false
	if g.filter.At != "" { // else the view begins here alone, see at
		_, more, err = g.begins()
	}
	return []Branch{branch}, pager, !more, err
}

// page is the address of a page of an entity's branches; "" for none.
func (g *growing) page(at org.Node, cursor string) string {
	if cursor == "" {
		return ""
	}
	return g.i.page.To().Tree(TreeFilter{At: at.CustomerID, Cursor: cursor})
}

// at is the entity that is open: the one that the address names, else the one at
// which the viewer's view begins, when there is one alone.
func (g *growing) at() (org.Node, bool, error) {
	if g.filter.At != "" {
		n, found, err := org.NodeWithin(g.tx, g.reach, g.filter.At)
		if err == nil && !found {
			err = fault.None("entity")
		}
		return n, found, err
	}
	top, more, err := g.begins()
	return top, top.ID != "" && !more, err
}

// begins is the first entity at which the viewer's view begins; more tells that
// it begins at others too.
func (g *growing) begins() (org.Node, bool, error) {
	page, err := org.Tops(g.tx, g.reach, "", 2)
	if err != nil || len(page.Nodes) == 0 {
		return org.Node{}, false, err
	}
	return page.Nodes[0], len(page.Nodes) > 1, nil
}

// tops is a page of the entities at which the viewer's view begins.
func (g *growing) tops() (list []Branch, pager Pager, err error) {
	after, err := g.cursor("tops")
	if err != nil {
		return nil, pager, err
	}
	page, err := org.Tops(g.tx, g.reach, after, branchRows)
	if err != nil {
		return nil, pager, err
	}
	for _, n := range page.Nodes {
		list = append(list, g.branch(n, false))
	}
	pager, err = g.pager("tops", page)
	return list, pager, err
}

// found is what a search finds, each with the entities above it.
func (g *growing) found() (tops []Branch, pager Pager, err error) {
	about := "search " + g.filter.Query
	after, err := g.cursor(about)
	if err != nil {
		return nil, pager, err
	}
	page, err := org.SearchTree(g.tx, g.reach, g.filter.Query, after, branchRows)
	if err != nil || len(page.Nodes) == 0 {
		return nil, pager, err
	}
	var paths []string
	matches := map[string]bool{}
	for _, n := range page.Nodes {
		paths, matches[n.ID] = append(paths, n.Path), true
	}
	line, err := org.Line(g.tx, g.reach, paths...)
	if err != nil {
		return nil, pager, err
	}
	tops = g.grow(line, matches, "", false)
	pager, err = g.pager(about, page)
	return tops, pager, err
}

// grow puts entities, in the order of the tree, below each other: those that
// begin with a path, and belong to none of those between.
func (g *growing) grow(line []org.Node, matches map[string]bool, above string, off bool) (list []Branch) {
	for k := 0; k < len(line); {
		n := line[k]
		end := k + 1
		for end < len(line) && strings.HasPrefix(line[end].Path, n.Path) {
			end++
		}
		b := g.branch(n, off)
		b.Match = matches[n.ID]
		b.Branches = g.grow(line[k+1:end], matches, n.Path, off || !n.Active)
		b.Open = len(b.Branches) > 0
		list, k = append(list, b), end
	}
	slices.SortStableFunc(list, func(a, b Branch) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// branch is an entity in the tree. off tells that one above it is not active.
func (g *growing) branch(n org.Node, off bool) Branch {
	b := Branch{NodeRow: g.row(g.i, n, off, g.users)}
	at := g.i.page.To()
	if n.Below {
		b.OpenHref = at.Tree(TreeFilter{At: n.CustomerID})
	}
	if n.Kind >= access.Merchant && n.Active && !off && g.i.may("entities:onboard") && g.i.over("entities:onboard", n.ID) {
		b.AddHref = at.NewEntity(n.CustomerID)
	}
	return b
}

// row is an entity as a list shows it; its users are counted for whoever may see them.
func (p *Portal) row(i inside, n org.Node, off bool, users []access.Reach) NodeRow {
	at := i.page.To()
	row := NodeRow{ID: n.ID, CustomerID: n.CustomerID, Name: n.Name, Kind: n.Kind.String(), State: StateActive, Users: -1, Below: n.Below}
	switch {
	case !n.Active:
		row.State = StateInactive
	case off:
		row.State = StateAbove
	}
	if n.IsAccount() && within(users, n.Path) {
		row.Users = int(n.Users)
	}
	switch {
	case n.IsAccount() && i.may("accounts:view") && i.over("accounts:view", n.ID):
		row.Href = at.OneAccount(n.AccountID)
	case i.may("entities:view_details") && i.over("entities:view_details", n.ID):
		row.Href = at.Entity(n.ID)
	}
	return row
}

// below is a page of what stands directly below an entity, for its page. off tells
// that the entity, or one above it, is not active.
func (p *Portal) below(tx *db.Tx, i inside, v *web.Visit, permission, entityID string, off bool, cursor string) (rows []NodeRow, pager Pager, err error) {
	about := "below " + entityID
	after, err := p.listCursor(i, v, about, cursor)
	if err != nil {
		return nil, pager, err
	}
	page, err := org.Children(tx, access.Scope(i.snapshot, i.asks(permission)), entityID, after, branchRows)
	if err != nil {
		return nil, pager, err
	}
	users := access.Scope(i.snapshot, i.asks("users:view"))
	for _, n := range page.Nodes {
		rows = append(rows, p.row(i, n, off, users))
	}
	pager, err = p.listPager(i, v, about, page.Previous, page.Next)
	return rows, pager, err
}

// line is the way down to an entity, as far as the viewer sees it.
func (p *Portal) line(tx *db.Tx, i inside, path string) (steps []Step, err error) {
	reach := append(access.Scope(i.snapshot, i.asks("entities:view")), access.Scope(i.snapshot, i.asks("accounts:view"))...)
	list, err := org.Line(tx, reach, path)
	for _, n := range list {
		s := Step{Name: n.Name}
		if n.Path != path {
			s.Href = p.row(i, n, false, nil).Href
		}
		steps = append(steps, s)
	}
	return steps, err
}

// within tells whether an entity lies within a reach.
func within(reach []access.Reach, path string) bool {
	return slices.ContainsFunc(reach, func(r access.Reach) bool {
		return slices.ContainsFunc(r.Paths, func(top string) bool {
			from, until := org.Below(top)
			return path >= from && path < until
		})
	})
}
