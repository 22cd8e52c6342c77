package portal

import (
	"net/http"
	"slices"
	"strings"

	"countersign/internal/access"
	"countersign/internal/db"
	"countersign/internal/lang"
	"countersign/internal/roles"
	"countersign/internal/web"
)

func (p *Portal) matrixRoutes() []web.Route {
	return []web.Route{
		{Pattern: "GET /a/{customer}/matrix", Handle: p.matrix},
		{Pattern: "GET /a/{customer}/matrix/export", Handle: p.exportMatrix},
	}
}

var matrixFields = []string{"q", "role[]", "differ", "page"}

// matrix shows all roles across and all permissions down (R7).
func (p *Portal) matrix(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionMatrix, "page:matrix")
	if err != nil {
		return err
	}
	q, err := web.Query(r, matrixFields...)
	if err != nil {
		return err
	}
	var list []roles.Role
	err = p.reading(r, func(tx *db.Tx) (err error) {
		list, err = roles.Matrix(tx, i.account.ID, p.profile(i))
		return err
	})
	if err != nil {
		return err
	}
	return p.show(w, matrixOf(i, list, ReadMatrixFilter(q), v.Lang, matrixColumns))
}

// among leaves out chosen roles that are not in a list.
func (f MatrixFilter) among(list []roles.Role) MatrixFilter {
	f.Roles = slices.DeleteFunc(slices.Clone(f.Roles), func(id string) bool {
		return !slices.ContainsFunc(list, func(r roles.Role) bool { return r.ID == id })
	})
	return f
}

// asked is the filter as the use cases know it.
func (f MatrixFilter) asked() roles.MatrixFilter {
	return roles.MatrixFilter{Roles: f.Roles, Search: f.Query, Differ: f.Differ}
}

// matrixOf is the table as a filter leaves it, up to so many roles at once.
func matrixOf(i inside, list []roles.Role, f MatrixFilter, tag lang.Tag, columns int) MatrixView {
	view := MatrixView{Page: i.page, Filter: f.among(list), MayRoles: i.may("roles:view")}
	for _, r := range list {
		view.Options = append(view.Options, Option{Value: r.ID, Label: r.Title(tag)})
	}
	if chosen, err := view.Filter.asked().Chosen(list); err == nil { // all of them are there
		list = chosen
	}
	view.Total = len(list)
	view.Filter.Page = min(view.Filter.Page, max((len(list)+columns-1)/columns, 1))
	from := (view.Filter.Page - 1) * columns
	view.First, list = from+1, list[from:min(from+columns, len(list))]
	for _, r := range list {
		view.Roles = append(view.Roles, MatrixRole{ID: r.ID, Name: r.Title(tag), Predefined: !r.Custom()})
	}
	for _, line := range view.Filter.asked().Lines(i.snapshot, tag, list) {
		info := line.Permission.Info()
		if n := len(view.Sections); n == 0 || view.Sections[n-1].Section != info.Section {
			view.Sections = append(view.Sections, MatrixSection{Section: info.Section, Elsewhere: elsewhere(i.snapshot, info.Section)})
		}
		row := MatrixRow{Permission: line.Permission.String(), Dangerous: info.Dangerous, Limits: line.Limits}
		for _, g := range line.Given {
			row.Cells = append(row.Cells, g.Mark())
		}
		section := &view.Sections[len(view.Sections)-1]
		section.Rows = append(section.Rows, row)
	}
	return view
}

// elsewhere tells whether nothing of a section is built into this portal.
func elsewhere(s *access.Snapshot, section string) bool {
	for p := range s.Known().All() {
		if info := p.Info(); info.Section == section && info.Built {
			return false
		}
	}
	return true
}

// exportMatrix is the table as a file, with all roles unless some are chosen.
func (p *Portal) exportMatrix(w http.ResponseWriter, r *http.Request, v *web.Visit) error {
	i, err := p.enter(w, r, v, SectionMatrix, "page:matrix")
	if err != nil {
		return err
	}
	q, err := web.Query(r, matrixFields...)
	if err != nil {
		return err
	}
	f := ReadMatrixFilter(q)
	if err := understood(q, f.Values()); err != nil {
		return err
	}
	list, err := p.Roles.TakeMatrix(r.Context(), v.Who, i.account.ID, p.profile(i), f.asked())
	if err != nil {
		return err
	}
	return web.SendTable(w, "matrix-"+strings.ToLower(i.account.CustomerID)+".csv", f.asked().File(i.snapshot, v.Lang, list))
}
